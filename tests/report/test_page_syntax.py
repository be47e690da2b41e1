"""Scripts and styles of page and maps use nothing Chromium 86 (360, 奇安信) does not know."""

from __future__ import annotations

import re
from importlib import resources

import pytest

FILES = [
    *resources.files("geo_citymgmt.report").iterdir(),
    *(resources.files("geo_citymgmt.maps") / "page").iterdir(),
]
SCRIPTS, STYLES = (
    {file.name: file.read_text(encoding="utf-8") for file in FILES if file.name.endswith(suffix)}
    for suffix in (".js", ".css")
)

#: What came after Chromium 86, as it would be written, and an example of each.
TOO_NEW_SCRIPT = {
    r"\?\?=|\|\|=|&&=": "a ??= 1",
    r"\.at\(": "list.at(-1)",
    r"\bstructuredClone\(": "structuredClone(a)",
    r"\bObject\.hasOwn\(": "Object.hasOwn(a, 'b')",
    r"\.(findLast|findLastIndex|toSorted|toReversed|toSpliced)\(": "a.toSorted()",
    r"\bObject\.groupBy\(": "Object.groupBy(a, f)",
    r"\bstatic\s*\{": "static { }",
    r"#[a-zA-Z_]\w*\s+in\s": "#hidden in a",
    r":has\(|:is\(": "querySelector(':has(a)')",
    r"\bArray\.fromAsync\(": "Array.fromAsync(a)",
    r"/[a-z]*[dv][a-z]*\.(test|exec)\(": "/a/v.test(s)",
    r"\bclass\s+\w+[^{]*\{[^}]*\bstatic\s+\w+\s*=": "class A { static b = 1 }",
    r"^\s*(import|export)\b": "import a from 'b'",
    r"\.scrollend|checkVisibility\(|\.requestSubmit\(": "e.checkVisibility()",
}
TOO_NEW_STYLE = {
    r":has\(|:is\(|:where\(": "a:is(b) {}",
    r"(^|[{;\s])inset:": "inset: 0",
    r"aspect-ratio\s*:": "aspect-ratio: 1",
    r"@(container|layer|property|scope|starting-style|supports\s+selector)": "@container a {}",
    r"\b\d+(dvh|svh|lvh|cqw|cqi)\b": "height: 1dvh",
    # Not accent-color: a box that is ticked in another colour is the same box.
    r"color-mix\(|oklch\(|light-dark\(": "color: color-mix(in srgb, red, blue)",
    r"overflow\s*:\s*clip|scrollbar-gutter|text-wrap\s*:": "overflow: clip",
    r"::details-content|::backdrop\b.*popover": "details::details-content {}",
    r"(^|[{;\s])(translate|rotate|scale)\s*:": "rotate: 1deg",
    r"[{;]\s*&": "a { & b {} }",
    r"(margin|padding|inset)-(block|inline)\s*:": "margin-inline: 0",
    r"content-visibility|field-sizing|interpolate-size": "field-sizing: content",
}


def without_comments(text: str) -> str:
    return re.sub(r"/\*.*?\*/|(?<![:\"'])//[^\n]*", "", text, flags=re.S)


def newer(texts: dict[str, str], pattern: str) -> dict[str, str]:
    """What of a pattern stands in which file."""
    found = {name: re.search(pattern, without_comments(text), re.M) for name, text in texts.items()}
    return {name: each[0] for name, each in found.items() if each}


def test_page_and_maps_have_scripts_and_styles():
    assert {"page.js", "citymap.js", "zones.js"} <= set(SCRIPTS)
    assert {"page.css", "citymap.css"} <= set(STYLES)


@pytest.mark.parametrize("pattern", TOO_NEW_SCRIPT)
def test_no_script_has_anything_newer_than_chromium_86(pattern):
    assert re.search(pattern, TOO_NEW_SCRIPT[pattern], re.M)
    assert newer(SCRIPTS, pattern) == {}


@pytest.mark.parametrize("pattern", TOO_NEW_STYLE)
def test_no_style_has_anything_newer_than_chromium_86(pattern):
    assert re.search(pattern, TOO_NEW_STYLE[pattern], re.M)
    assert newer(STYLES, pattern) == {}
