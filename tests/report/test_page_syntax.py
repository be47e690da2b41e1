"""Script and style of the page use nothing that Chromium 86 (360, 奇安信) does not know."""

from __future__ import annotations

import re
from importlib import resources

import pytest

SCRIPT, STYLE = (
    (resources.files("geo_citymgmt.report") / name).read_text(encoding="utf-8")
    for name in ("page.js", "page.css")
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
    r"(?<![\w.'\"])#[a-zA-Z_]\w*\s*(\(|=|;)": "#hidden = 1",
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
    r"accent-color\s*:|color-mix\(|oklch\(|light-dark\(": "accent-color: red",
    r"overflow\s*:\s*clip|scrollbar-gutter|text-wrap\s*:": "overflow: clip",
    r"::details-content|::backdrop\b.*popover": "details::details-content {}",
    r"(^|[{;\s])(translate|rotate|scale)\s*:": "rotate: 1deg",
    r"[{;]\s*&": "a { & b {} }",
    r"(margin|padding|inset)-(block|inline)\s*:": "margin-inline: 0",
    r"content-visibility|field-sizing|interpolate-size": "field-sizing: content",
}


def without_comments(text: str) -> str:
    return re.sub(r"/\*.*?\*/|(?<![:\"'])//[^\n]*", "", text, flags=re.S)


@pytest.mark.parametrize("pattern", TOO_NEW_SCRIPT)
def test_the_script_has_nothing_newer_than_chromium_86(pattern):
    assert re.search(pattern, TOO_NEW_SCRIPT[pattern], re.M)
    assert not re.findall(pattern, without_comments(SCRIPT), re.M)


@pytest.mark.parametrize("pattern", TOO_NEW_STYLE)
def test_the_style_has_nothing_newer_than_chromium_86(pattern):
    assert re.search(pattern, TOO_NEW_STYLE[pattern], re.M)
    assert not re.findall(pattern, without_comments(STYLE), re.M)
