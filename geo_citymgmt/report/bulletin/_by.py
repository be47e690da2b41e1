"""What a section says by other things than districts: sources, kinds, responsible units."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from geo_citymgmt._numbers import percent
from geo_citymgmt._words import Text
from geo_citymgmt.facts._membership import JOINT
from geo_citymgmt.figures import period_table
from geo_citymgmt.report._words import Words
from geo_citymgmt.report.bulletin._model import Column, Paragraph, Part, Table
from geo_citymgmt.report.bulletin._tables import cells, column_of
from geo_citymgmt.worktime import KIND

if TYPE_CHECKING:
    from geo_citymgmt.report._summary import Summary

#: So many are named in a sentence.
_NAMED = 3


@dataclass(frozen=True)
class By:
    """What a table is by: fields, its figures, and which of its rows come first."""

    name: Text
    fields: tuple[str, ...]
    figures: tuple[str, ...]
    order: str
    worst: bool = False
    least: float = 0
    first: int | None = None

    @classmethod
    def read(cls, entry: Mapping[str, Any]) -> By:
        """Read an entry of ``bulletin.toml``."""
        options = {key: entry[key] for key in ("worst", "least", "first") if key in entry}
        name = Text(str(entry.get("zh", "")), str(entry.get("en", "")))
        fields, figures = tuple(entry["fields"]), tuple(entry["figures"])
        return cls(name, fields, figures, str(entry["order"]), **options)


def by_parts(results: Summary, by: By, say: Words, period: str) -> Iterator[Part]:
    """Yield a sentence on those that come first, and the table; nothing where no record has any."""
    city, words, scales = results.city, results.words, results.scales
    order = results.figures.figures[by.order]
    if order.layer not in city or not set(by.fields) <= set(city[order.layer].columns):
        return
    table = period_table(
        results.facts, as_of=results.as_of, periods=period, indicators=by.figures,
        by=JOINT.join(by.fields),
    )  # fmt: skip
    table["at"] = table["zone_code"].where(table["row_kind"].eq("unit"), table["row_kind"])
    value, of = (
        table.pivot_table(term, "at", "indicator", sort=False, dropna=False)
        for term in ("value", "denominator")
    )
    rows = value.drop(index="total")
    rows = rows[rows[by.order].gt(0) & ~of.reindex(rows.index).lt(by.least).any(axis=1)]
    if rows.empty:
        return
    best_last = by.worst and order.direction == "up"
    rows = rows.sort_values(by.order, ascending=best_last, kind="stable")
    first, name = rows.head(by.first or len(rows)), by.name.of(words.lang)
    names = {code: _named(results, by, say, str(code)) for code in first.index}
    items = []
    for code, number in first[by.order].head(_NAMED if by.first else None).items():
        share = percent(number / value.loc["total", by.order])
        key = "by_named" if order.unit == "ratio" else "by_share"
        items.append(say(key, name=names[code], value=scales[by.order].amount(number), share=share))
    said = {"by": name, "n": f"{by.least:g}", "figure": words.label(order)}
    key = "by_worst" if by.worst else "by_most" if by.first else "by_items"
    yield Paragraph(say(key, items=words.listed(items), **said).strip())
    figures = [f for f in by.figures if f in value]
    whole = len(first) == len(value) - 1
    # Rows make a sum where all of them are shown.
    names["total"] = say("total_of" if whole else "by_city")
    shown = [(at, value.loc[at, figures]) for at in (*first.index, "total")]
    title = say(f"by_{'last' if by.worst else 'first'}", **{**said, "n": len(first)})
    heads = table.drop_duplicates("indicator").set_index("indicator")
    columns = (
        column_of(say(f"this_{period}") if period != "year" else say("cumulative"), f,
                  words.named(heads.loc[f]), scales[f], say)
        for f in figures
    )  # fmt: skip
    yield Table(
        name if whole else title, (Column("", name, 2.2, number=False), *columns),
        tuple((names[at], *cells(row, figures, scales)) for at, row in shown),
        frozenset({len(shown) - 1}) if whole else frozenset(),
    )  # fmt: skip


def _named(results: Summary, by: By, say: Words, code: str) -> str:
    """Return what a source, a kind or a unit is called."""
    if code == "unnamed":
        return say("by_none")
    if by.fields == KIND:
        return results.city.clock.limits.names().get(tuple(code.split(JOINT)), code)
    spec = results.city.specs[results.figures.figures[by.order].layer]
    entry = spec.fields[by.fields[0]].codes.get(code)
    return code if entry is None else results.words.label(entry)
