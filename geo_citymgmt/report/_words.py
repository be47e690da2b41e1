"""The words of the report, in both languages, from one table."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import pandas as pd

from geo_citymgmt._languages import (
    DISTRICT,
    LANGUAGES,
    Text,
    capital,
    measure_word,
    packaged_table,
    shared_terms,
)
from geo_citymgmt._numbers import unit_label
from geo_citymgmt._options import display_lang
from geo_citymgmt.figures._layers import NOT_YET
from geo_citymgmt.indicators import Component, Figure, Figures, load_figures
from geo_citymgmt.spec import Field, LayerSpec

if TYPE_CHECKING:
    from geo_citymgmt.city import City
    from geo_citymgmt.figures._services import Chosen, Service, ServiceCoverage


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
    groups : mapping, optional
        Other names for groups of districts: an office's, of its ``bulletin.toml``.

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
        groups: Mapping[str, Any] | None = None,
    ) -> None:
        self.lang = display_lang(lang)
        self.unit = unit
        self._units = _forms(unit.of(self.lang), self.lang)
        self._place = LANGUAGES.index(self.lang)
        self._table = _table() if table is None else table
        if groups:
            self._table = {**self._table, "group": {**self._table["group"], **groups}}

    def __call__(self, key: str, **values: Any) -> str:
        """Return the text ``key`` with its gaps filled."""
        text: str = self._table["text"][key][self._place]
        # A unit of measure goes by the same name: what is handed in wins.
        return text.format(**{**self._units, **values})

    def name(self, kind: str, key: str) -> str:
        """Return the name of a coded thing, e.g. a status; the code itself where none is known."""
        pair = self._table[kind].get(key)
        return str(key) if pair is None else self._said(pair)

    def midway(self, name: str) -> str:
        """Return a name as it stands within a sentence: in English without its capital.

        Examples
        --------
        >>> words = Words("en")
        >>> words.midway("Cases handled in time"), words.midway("PM2.5 sources")
        ('cases handled in time', 'PM2.5 sources')
        """
        is_word = self.lang == "en" and not name[1:2].isupper()
        return name[:1].lower() + name[1:] if is_word else name

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

    def named(self, thing: Any) -> str:
        """Return the name of a layer, or of the figure in a row of a table."""
        return self.of(thing.name_zh, thing.name_en)

    def label(self, thing: Any) -> str:
        """Return the label of a field, a code or a figure."""
        return self.of(thing.zh, thing.en)

    def unit_of(self, unit: str, indicator: str) -> str:
        """Return the unit of a figure in words, with its measure word where it is counted."""
        return unit_label(unit, self.lang, self.counter(indicator))

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


def layer_label(city: City, key: str, words: Words) -> str:
    """Return the name of a layer; what is about no layer is about the source."""
    if not key:
        return words("source_level")
    spec = city.specs.get(key)
    return key if spec is None else words.named(spec)


def state_label(spec: LayerSpec, state: str, words: Words) -> str:
    """Return the name of a state in the language of ``words``."""
    if state == NOT_YET:
        return words("state_not_yet")
    code = spec.fields[str(spec.state_field)].codes.get(state)
    if code is None:
        return words("state_unknown")
    return words.label(code)


def counted_terms(
    counted: Chosen | ServiceCoverage, service: Service, spec: LayerSpec, words: Words
) -> list[str]:
    """Say which records of a layer were counted: how many, in which states, of which kinds."""
    parts = [words("facilities_counted", n=f"{counted.n_counted:,}")]
    if counted.state_known:
        states = spec.fields[str(spec.state_field)].codes
        codes = [c for s in service.states for c in spec.sets[s]]
        labels = words.listed([words.label(states[c]) for c in codes])
        parts.append(words("only_states", states=labels))
    elif spec.state_field:
        parts.append(words("all_states" if service.states else "every_state"))
    for field_name in counted.kinds_known:
        known = spec.fields[field_name].codes
        kinds = [words.label(known[c]) for c in service.kinds[field_name]]
        parts.append(words("only_kinds", kinds=words.listed(kinds)))
    if counted.n_unlocated:
        parts.append(words("not_located", n=f"{counted.n_unlocated:,}"))
    if service.note.zh:
        parts.append(service.note.of(words.lang))
    return parts


@lru_cache(maxsize=1)
def _table() -> Mapping[str, Mapping[str, Any]]:
    return {**shared_terms(), **packaged_table("geo_citymgmt.report", "words.toml")}


def definitions(
    specs: Mapping[str, LayerSpec],
    lang: str | None = None,
    *,
    figures: Figures | None = None,
    published: pd.DataFrame | None = None,
    unit: Text = DISTRICT,
) -> pd.DataFrame:
    """Return what every figure means, one row each.

    Parameters
    ----------
    specs : mapping of str to LayerSpec
        For the names of layers, fields and codes.
    lang : {"zh", "en"}, default options.lang
        Of the words; names are given in both.
    figures : Figures, optional
        Of a city with figures of its own; the package's without.
    published : DataFrame, optional
        Published figures whose clauses are quoted, with ``id`` and ``quote_zh``; none without.
    unit : Text
        What a reporting unit is called.

    Returns
    -------
    DataFrame
        ``indicator, name_zh, name_en, layer, unit, numerator, denominator, condition, period,
        published_id, target_id, quote_zh, reasons, note``.

    Examples
    --------
    >>> from geo_citymgmt import load_specs
    >>> table = definitions(load_specs()).set_index("indicator")
    >>> table.loc["illegal_safety_demolished_area", "condition"]
    '涉安为是'
    """
    lang = display_lang(lang)
    words = Words(lang, unit=unit)
    figures = figures or load_figures()
    quoted = _quotes(published)
    rows = []
    for figure in figures.figures.values():
        spec = specs.get(figure.layer)
        clauses = [i for i in dict.fromkeys((figure.published, figure.target)) if i]
        quotes = dict.fromkeys(quoted[i] for i in clauses if i in quoted)
        first = figure.value or figure.numerator
        rows.append(
            {
                "indicator": figure.id,
                "name_zh": figure.zh,
                "name_en": figure.en,
                "layer": figure.layer if spec is None else words.named(spec),
                "unit": words.unit_of(figure.unit, figure.id),
                "numerator": _counted(first, spec, words),
                "denominator": _with_condition(figure.denominator, spec, words),
                "condition": _condition(first, spec, words),
                "period": words.name("period", figure.period),
                "published_id": figure.published,
                "target_id": figure.target,
                "quote_zh": "；".join(quotes),
                "reasons": words.joined([words.of(*figures.reasons[r]) for r in figure.reasons]),
                "note": words.joined(
                    [words.of(figure.note_zh, figure.note_en), _shared(figure, words)]
                ),
            }
        )
    return pd.DataFrame(rows)


def _quotes(published: pd.DataFrame | None) -> dict[str, str]:
    """Clause of each published figure that has one."""
    if published is None or published.empty:
        return {}
    known = published.set_index("id")["quote_zh"].dropna()
    return {str(key): str(text) for key, text in known.items()}


def _shared(figure: Figure, words: Words) -> str:
    return words.name("definition", "split") if figure.split == "share" else ""


def _counted(part: Component | None, spec: LayerSpec | None, words: Words) -> str:
    if part is None:
        return words.name("definition", "not_carried")
    text = words.name("kind", part.kind).format(what=_what(part.of, spec, words))
    if part.minus is not None:
        text = words.joined([text, _phrase(words, "minus", what=_what(part.minus, spec, words))])
    if part.times is not None:
        text = words.joined([text, _phrase(words, "times", what=_what(part.times, spec, words))])
    return text


def _what(name: str, spec: LayerSpec | None, words: Words) -> str:
    if name == "count":
        return words.name("definition", "records")
    if spec is not None:
        for known in (spec.amounts.get(name), spec.fields.get(name)):
            if known is not None:
                return words.label(known)
    return name


def _with_condition(part: Component | None, spec: LayerSpec | None, words: Words) -> str:
    if part is None:
        return ""
    return words.joined([_counted(part, spec, words), _condition(part, spec, words)])


def _condition(part: Component | None, spec: LayerSpec | None, words: Words) -> str:
    if part is None or spec is None:
        return ""
    out = []
    if part.state:
        out.append(_phrase(words, "state", what=_states(part.state, spec, words)))
    for name, wanted in part.where.items():
        item = spec.fields[name]
        label = words.label(item)
        if not isinstance(wanted, Mapping):
            out.append(_phrase(words, "equal", field=label, value=_wanted(item, wanted, words)))
        elif "not" in wanted:
            value = _wanted(item, wanted["not"], words)
            out.append(_phrase(words, "unequal", field=label, value=value))
        else:
            out.append(_phrase(words, "filled", field=label))
    if part.dated:
        item = spec.fields[part.dated]
        out.append(_phrase(words, "dated", field=words.label(item)))
    if part.past:
        item = spec.fields[part.past]
        out.append(_phrase(words, "past", field=words.label(item)))
    if part.within_days is not None:
        days = str(part.within_days)
        out.append(_phrase(words, "settled", days=days))
        if part.reaches:
            what = _states((part.reaches,), spec, words)
            out.append(_phrase(words, "reaches", days=days, what=what))
    return words.joined(out)


def _states(names: tuple[str, ...], spec: LayerSpec, words: Words) -> str:
    """Names of sets of states, and of single states by their code."""
    codes = spec.fields[spec.state_field].codes if spec.state_field else {}
    out = []
    for name in names:
        code = codes.get(name) if name not in spec.sets else None
        out.append(words.name("set", name) if code is None else words.label(code))
    return words.listed(out)


def _wanted(item: Field, value: Any, words: Words) -> str:
    if isinstance(value, bool):
        return words.name("definition", "yes" if value else "no")
    if isinstance(value, list):
        return words.listed([_wanted(item, v, words) for v in value])
    code = item.codes.get(str(value))
    return str(value) if code is None else words.label(code)


def _phrase(words: Words, key: str, **values: str) -> str:
    return words.name("definition", key).format(**values)
