"""The words of the report, in both languages, from one table."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from typing import Any

from geo_citymgmt._options import display_lang
from geo_citymgmt.spec import LANGUAGES, read_toml
from geo_citymgmt.terms import capital, measure_word, shared_terms
from geo_citymgmt.words import DISTRICT, Text

__all__ = ["LANGUAGES", "Words"]


class Words:
    """The report's own texts in one language.

    Parameters
    ----------
    lang : {"zh", "en"}, default options.lang
    table : mapping, optional
        Other words than the report's: kind to key to the pair of texts.
    unit : Text
        What a reporting unit of the city is called; it stands where a text has ``{unit}``, in
        English also where it has ``{Unit}``, ``{units}`` or ``{Units}``.

    Raises
    ------
    CityDataError
        The report does not speak the language.

    Examples
    --------
    >>> words = Words("zh")
    >>> words("as_of", date="2022-06-30"), words.name("status", "behind")
    ('截至 2022-06-30', '低于时序进度')
    >>> Words("en", unit=Text("区", "borough"))("scoreboard")
    'Boroughs'
    """

    def __init__(
        self,
        lang: str | None = None,
        table: Mapping[str, Mapping[str, Any]] | None = None,
        *,
        unit: Text = DISTRICT,
    ) -> None:
        self.lang = display_lang(lang)
        self.unit = unit
        self._units = _forms(unit.of(self.lang), self.lang)
        self._place = LANGUAGES.index(self.lang)
        self._table = _table() if table is None else table

    def __call__(self, key: str, **values: Any) -> str:
        """Return the text ``key`` with its gaps filled."""
        text: str = self._table["text"][key][self._place]
        # A unit of measure goes by the same name: what is handed in wins.
        return text.format(**{**self._units, **values})

    def name(self, kind: str, key: str) -> str:
        """Return the name of a coded thing, e.g. a status; the code itself where none is known."""
        pair = self._table[kind].get(key)
        return str(key) if pair is None else self._said(pair)

    def names(self, kind: str) -> dict[str, str]:
        """Return all names of a kind, in the order of the table."""
        return {key: self._said(pair) for key, pair in self._table[kind].items()}

    def _said(self, pair: Any) -> str:
        """Return a text with the word for a unit in it; other gaps are the caller's to fill."""
        text = str(pair[self._place])
        for gap, word in self._units.items():
            text = text.replace(f"{{{gap}}}", word)
        return text

    def of(self, zh: Any, en: Any) -> str:
        """Choose between two texts of the data; the other where the wanted one is empty."""
        first, second = (zh, en) if self.lang == "zh" else (en, zh)
        return str(first) if isinstance(first, str) and first else str(second or "")

    def counter(self, indicator: str) -> str:
        """Return the measure word of a figure; English has none."""
        return measure_word(indicator, self.lang)

    def listed(self, parts: list[str]) -> str:
        """Join short items as the language does."""
        return ("、" if self.lang == "zh" else ", ").join(parts)

    def joined(self, parts: list[str]) -> str:
        """Join clauses as the language does."""
        return ("；" if self.lang == "zh" else "; ").join(p for p in parts if p)


def _forms(unit: str, lang: str) -> dict[str, str]:
    """Return the word for a unit as sentences ask for it; Chinese has one form for all."""
    several = unit if lang == "zh" else _plural(unit)
    return {
        "unit": unit, "Unit": capital(unit),
        "units": several, "Units": capital(several),
    }  # fmt: skip


def _plural(noun: str) -> str:
    if noun.endswith("y") and noun[-2:-1] not in ("a", "e", "o", "u"):
        return f"{noun[:-1]}ies"
    return f"{noun}es" if noun.endswith(("s", "x", "ch", "sh")) else f"{noun}s"


@lru_cache(maxsize=1)
def _table() -> Mapping[str, Mapping[str, Any]]:
    own = read_toml(resources.files("geo_citymgmt.report") / "words.toml")
    return {**shared_terms(), **own}
