"""The words of the maps, in both languages, from one table."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any

from geo_citymgmt.spec.toml_file import read_toml


def words_of(part: str) -> dict[str, dict[str, str]]:
    """Return the words of one part of a map, by language and key."""
    table = _words()[part]
    return {lang: {key: entry[lang] for key, entry in table.items()} for lang in ("zh", "en")}


@cache
def _words() -> dict[str, Any]:
    return read_toml(resources.files(__package__) / "words.toml")
