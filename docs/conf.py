"""Settings of the documentation: ``make docs`` builds it without a network.

The source folder is that of the repository, so that README, changelog, notebooks and pages keep
their places and a link between two of them is right on a code host and on the site alike::

    sphinx-build -c docs . build/docs
"""

from __future__ import annotations

import re
from pathlib import Path

from sphinx.search import languages
from sphinx.search.en import SearchEnglish

import geo_citymgmt

ROOT = Path(__file__).resolve().parent.parent

project = "geo_citymgmt"
author = "geo_citymgmt contributors"
release = version = geo_citymgmt.__version__
language = "en"
# Typographic apostrophes are as wide as a Chinese character in the fonts of Chinese.
smartquotes = False

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "myst_nb",
    "sphinx_design",
]
root_doc = "docs/index"
include_patterns = [
    "docs/**",
    "notebooks/*.ipynb",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "data/shapefiles/README.md",
]
# Folders named here are not even walked: the environment alone holds thousands of files.
_CODE = ["geo_citymgmt", "tests", "benchmarks", "scripts"]
exclude_patterns = [".*", "**/.*", "build", "dist", "docs/_*", *_CODE]
templates_path = [str(ROOT / "docs" / "_templates")]

# The API pages: one for each public name, the type of an argument as its docstring says it.
autosummary_generate = True
autodoc_typehints = "none"
autodoc_member_order = "groupwise"
numpydoc_show_class_members = False
numpydoc_xref_param_type = False
# Every reference to a name must lead to a page; standard types have none without a network.
nitpicky = True

# A mistake in a notebook is a mistake in the documentation.
nb_execution_mode = "force"
nb_execution_timeout = 300
nb_execution_raise_on_error = True
nb_merge_streams = True
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

html_theme = "pydata_sphinx_theme"
html_title = f"geo_citymgmt {release}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
# index.html of the built folder, which leads to the start page.
html_extra_path = ["_extra"]
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {
    "navigation_with_keys": False,
    "show_prev_next": True,
    "header_links_before_dropdown": 7,
    "navbar_align": "left",
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
}
copyright = author

# External links have a command of their own, which needs a network: make docs-links.
linkcheck_timeout = 20
linkcheck_anchors = False

_CHINESE = re.compile(r"[\u3400-\u9fff]{2,}")


class SearchBothLanguages(SearchEnglish):
    """English words, and each pair in a run of Chinese: 窨井 is found in 城市窨井整治."""

    def split(self, text: str) -> list[str]:
        """Return the words of ``text``; a run of Chinese as a whole and in pairs."""
        words = super().split(text)
        runs = _CHINESE.findall(text)
        return words + runs + [run[i : i + 2] for run in runs for i in range(len(run) - 1)]


languages["en"] = SearchBothLanguages
