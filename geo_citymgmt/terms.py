"""What the same thing is called on page, map, workbook, bulletin, sheet and console: one table."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources

from geo_citymgmt.words import Text

__all__ = ["capital", "measure_word", "shared_terms", "term"]

#: Measure word of what has none of its own.
_ANY = "个"


@lru_cache(maxsize=1)
def _table() -> Mapping[str, Mapping[str, str | list[str]]]:
    text = (resources.files("geo_citymgmt") / "terms.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@lru_cache(maxsize=1)
def shared_terms() -> Mapping[str, Mapping[str, Text]]:
    """Return the terms by kind and code, in order: statuses, severities, groups, bases, units.

    Examples
    --------
    >>> list(shared_terms()["severity"])
    ['fatal', 'error', 'warning', 'info']
    """
    pairs = {kind: names for kind, names in _table().items() if kind != "counter"}
    return {kind: {code: Text(*pair) for code, pair in of.items()} for kind, of in pairs.items()}


def term(kind: str, code: str, lang: str) -> str:
    """Return what a code is called, or the code itself where it has no name.

    Examples
    --------
    >>> term("status", "behind", "zh"), term("unit", "公顷", "en")
    ('低于时序进度', '公顷')
    """
    known = shared_terms()[kind].get(code)
    return code if known is None else known.of(lang)


def measure_word(indicator: str, lang: str) -> str:
    """Return the measure word of a figure that is a plain number; English has none.

    Examples
    --------
    >>> measure_word("illegal_open_count", "zh"), measure_word("illegal_open_count", "en")
    ('处', '')
    """
    return str(_table()["counter"].get(indicator, _ANY)) if lang == "zh" else ""


def capital(text: str) -> str:
    """Return a text with a capital at its beginning.

    Examples
    --------
    >>> capital("behind pace"), capital("低于时序进度")
    ('Behind pace', '低于时序进度')
    """
    return text[:1].upper() + text[1:]
