"""The documentation as a site: every public name has its place, and versions agree."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

import geo_citymgmt as gcm

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def listed(page: str) -> list[str]:
    """The entries of the autosummary blocks of a page."""
    blocks = re.findall(r"^\.\. autosummary::\n(?: +:.*\n)*\n((?: +\w+\n)+)", page, re.MULTILINE)
    return " ".join(blocks).split()


def test_every_public_name_stands_in_the_api_once():
    assert sorted(listed(text("docs/api.rst"))) == sorted(gcm.__all__)


def test_every_page_is_reached_from_the_start_page():
    pages = {p.relative_to(ROOT) for p in DOCS.rglob("*") if p.suffix in (".md", ".rst")}
    pages = {p for p in pages if not p.as_posix().startswith(("docs/api/", "docs/_"))}
    wanted = pages | {p.relative_to(ROOT) for p in ROOT.glob("notebooks/*.ipynb")}
    reached, waiting = set(), [DOCS / "index.md"]
    while waiting:
        page = waiting.pop()
        reached.add(page.resolve().relative_to(ROOT))
        body = page.read_text(encoding="utf-8") if page.suffix == ".md" else ""
        trees = re.findall(r"^```\{toctree\}\n(.*?)^```", body, re.MULTILINE | re.DOTALL)
        lines = [line for tree in trees for line in tree.splitlines()]
        for line in (line for line in lines if line and not line.startswith(":")):
            entry = re.sub(r".*<(.*)>$", r"\1", line)
            found = [
                target
                for end in (".md", ".rst", ".ipynb")
                if (target := page.parent / f"{entry}{end}").is_file()
            ]
            assert len(found) == 1, f"{page.name}: {entry}"
            waiting += found
    assert wanted <= reached


def test_the_gallery_has_a_card_for_every_notebook():
    cards = re.findall(r"^:link: \.\./notebooks/(\w+)$", text("docs/gallery.md"), re.MULTILINE)
    assert cards == [path.stem for path in sorted(ROOT.glob("notebooks/*.ipynb"))]


def test_the_citation_is_of_this_version_and_licence():
    yaml = pytest.importorskip("yaml", reason="PyYAML is not installed")
    cited = yaml.safe_load(text("CITATION.cff"))
    assert {"cff-version", "message", "title", "authors"} <= set(cited)
    assert cited["cff-version"] == "1.2.0"
    assert (cited["version"], cited["license"]) == (gcm.__version__, "MIT")
    assert all("name" in author or "family-names" in author for author in cited["authors"])
    page = text("docs/cite.md")
    assert f"Version {gcm.__version__}." in page
    assert f"version = {{{gcm.__version__}}}" in page


def neighbours(name: str) -> list[str]:
    """The names in the See Also of a docstring."""
    doc = inspect.getdoc(getattr(gcm, name)) or ""
    found = re.search(r"^See Also\n-+\n(.*?)(?:\n\n|\Z)", doc, re.MULTILINE | re.DOTALL)
    lines = found[1].splitlines() if found else []
    heads = [line.split(" : ")[0] for line in lines if not line.startswith(" ")]
    return [
        name.strip().removeprefix("geo_citymgmt.") for head in heads for name in head.split(",")
    ]


@pytest.mark.parametrize("name", [n for n in gcm.__all__ if callable(getattr(gcm, n))])
def test_a_docstring_leads_to_neighbours_that_are_public(name):
    if isinstance(getattr(gcm, name), type) and issubclass(getattr(gcm, name), Exception):
        return  # errors are reached from what raises them
    near = neighbours(name)
    assert near, "ends with no See Also"
    assert name not in near
    for neighbour in near:
        first, _, method = neighbour.partition(".")
        assert first in gcm.__all__, neighbour
        assert not method or hasattr(getattr(gcm, first), method), neighbour
