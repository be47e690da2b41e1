"""The words of the report, in both languages, from one table."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from typing import Any

from geo_citymgmt.spec import LANGUAGES, check_lang, read_toml

__all__ = ["LANGUAGES", "Words"]


class Words:
    """The report's own texts in one language.

    Parameters
    ----------
    lang : {"zh", "en"}
    table : mapping, optional
        Other words than the report's: kind to key to the pair of texts.

    Raises
    ------
    CityDataError
        The report does not speak the language.

    Examples
    --------
    >>> words = Words("zh")
    >>> words("as_of", date="2022-06-30"), words.name("status", "behind")
    ('截至 2022-06-30', '滞后')
    """

    def __init__(
        self, lang: str = "zh", table: Mapping[str, Mapping[str, Any]] | None = None
    ) -> None:
        self.lang = check_lang(lang)
        self._place = LANGUAGES.index(self.lang)
        self._table = _table() if table is None else table

    def __call__(self, key: str, **values: Any) -> str:
        """Return the text ``key`` with its gaps filled."""
        text: str = self._table["text"][key][self._place]
        return text.format(**values) if values else text

    def name(self, kind: str, key: str) -> str:
        """Return the name of a coded thing, e.g. a status; the code itself where none is known."""
        pair = self._table[kind].get(key)
        return str(key) if pair is None else str(pair[self._place])

    def names(self, kind: str) -> dict[str, str]:
        """Return all names of a kind, in the order of the table."""
        return {key: pair[self._place] for key, pair in self._table[kind].items()}

    def of(self, zh: Any, en: Any) -> str:
        """Choose between two texts of the data; the other where the wanted one is empty."""
        first, second = (zh, en) if self.lang == "zh" else (en, zh)
        return str(first) if isinstance(first, str) and first else str(second or "")

    def counter(self, indicator: str) -> str:
        """Return the measure word of a figure; English has none."""
        return str(self._table["counter"].get(indicator, "个")) if self.lang == "zh" else ""

    def listed(self, parts: list[str]) -> str:
        """Join short items as the language does."""
        return ("、" if self.lang == "zh" else ", ").join(parts)

    def joined(self, parts: list[str]) -> str:
        """Join clauses as the language does."""
        return ("；" if self.lang == "zh" else "; ").join(p for p in parts if p)


@lru_cache(maxsize=1)
def _table() -> Mapping[str, Mapping[str, Any]]:
    return read_toml(resources.files("geo_citymgmt.report") / "words.toml")
