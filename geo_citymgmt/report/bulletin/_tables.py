"""The tables of a bulletin by district and by street, and the numbers they show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geo_citymgmt._languages import Text
from geo_citymgmt._numbers import Scale, percent
from geo_citymgmt.facts._membership import JOINT
from geo_citymgmt.figures import period_table
from geo_citymgmt.figures._tables import MARGINS, together, zone_groups, zone_names
from geo_citymgmt.report._words import Words
from geo_citymgmt.report.bulletin._model import Column, Paragraph, Part, Table
from geo_citymgmt.worktime import KIND

if TYPE_CHECKING:
    from geo_citymgmt.city import City
    from geo_citymgmt.report._summary import Summary


#: Shown where there is no number.
NOTHING = "—"
#: So many are named in a sentence.
_NAMED = 3


@dataclass(frozen=True)
class Grid:
    """The numbers of a bulletin, in the units of their figures, and how they are written.

    Attributes
    ----------
    values : DataFrame
        Indexed by level and place (a code, or outside, unlocated, total), columns (figure, period).
    names : dict
        Figure to its name.
    scales : dict of str to Scale
    numerators, denominators : DataFrame
        Terms of the shares among the values.
    """

    values: pd.DataFrame
    names: Mapping[str, str]
    scales: Mapping[str, Scale]
    numerators: pd.DataFrame
    denominators: pd.DataFrame

    def has(self, figure: str) -> bool:
        """Tell whether the city has a number for the figure."""
        return figure in self.names and bool(
            self.values.xs(figure, axis=1, level=0).notna().any(axis=None)
        )

    def at(self, level: str, place: str, figure: str, period: str) -> float:
        """Return one number, missing where there is none."""
        key = (level, place)
        if key not in self.values.index or (figure, period) not in self.values.columns:
            return float("nan")
        return float(self.values.loc[key, (figure, period)])

    def of_all(self, places: pd.Index, figure: str, period: str) -> float:
        """Return what districts make together."""
        keys = [key for place in places if (key := ("district", str(place))) in self.values.index]
        if (figure, period) not in self.values.columns:
            return float("nan")
        return together(
            *(
                table.loc[keys, (figure, period)].to_numpy(dtype=float)
                for table in (self.values, self.numerators, self.denominators)
            )
        )


@dataclass(frozen=True)
class Figures:
    """What a table shows: figures of the period and cumulative, at the date, and to rank by.

    ``year`` are those that are cumulative, where they are not those of the period; ``by_value``
    tells that the rank is by one of the shares shown.
    """

    flows: Sequence[str]
    stocks: Sequence[str]
    attained: pd.Series | None = None
    ranked: str = ""
    year: Sequence[str] = ()
    by_value: bool = False

    def of(self, period: str, asked: str) -> Sequence[str]:
        """Return the figures of a period in a table of the period that is asked for."""
        return self.flows if period == asked or not self.year else self.year

    def keys(self, period: str) -> list[tuple[str, str]]:
        """Return (figure, period) of each column of numbers."""
        both = [period, "year"] if period != "year" else ["year"]
        flows = [(f, p) for p in both for f in self.of(p, period)]
        return flows + [(f, period) for f in self.stocks]


def grid_of(table: pd.DataFrame, scales: Mapping[str, Scale], words: Words) -> Grid:
    """Arrange a table of periods by place and figure."""
    at = table["zone_code"].where(table["row_kind"].eq("zone"), table["row_kind"])
    keys = [table["level"], at.rename("place"), table["indicator"], table["period"]]
    terms = ["value", "numerator", "denominator"]
    sums = table.groupby(keys, sort=False)[terms].sum(min_count=1)
    values, *shares = (sums[term].unstack(["indicator", "period"]) for term in terms)  # noqa: PD010
    first = table.drop_duplicates("indicator")
    names = {str(row.indicator): words.named(row) for row in first.itertuples()}
    return Grid(values, names, scales, *shares)


def ranks(attained: pd.Series, groups: pd.Series) -> pd.Series:
    """Rank attainment within groups; 1 is best, equals share the lower rank.

    A group with fewer than two districts that have data has no ranks.

    Examples
    --------
    >>> groups = pd.Series({"A": 1, "B": 1, "C": 2})
    >>> ranks(pd.Series({"A": 0.5, "B": 0.7, "C": 0.9}), groups).tolist()
    [2, 1, <NA>]
    """
    known = attained.reindex(groups.index)
    place = known.round(9).groupby(groups).rank(method="min", ascending=False)
    enough = known.groupby(groups).transform("count") > 1
    return place.where(enough).astype("Int64")


def district_table(
    grid: Grid,
    figures: Figures,
    city: City,
    words: Words,
    headers: Words,
    *,
    period: str,
    title: str,
) -> Table:
    """Make the table by district: groups with subtotals, margins, the city's total."""
    names, groups = zone_names(city.zones, words.lang), zone_groups(city.zones)
    keys = figures.keys(period)
    shown = [figure for figure, _ in keys]
    attained = figures.attained
    rank = None if attained is None else ranks(attained, groups)
    rows: list[tuple[str, ...]] = []
    strong: list[int] = []
    written = np.zeros(len(keys))

    def add(label: str, numbers: Sequence[float], *ranking: str) -> None:
        blank = ("",) if attained is None else (NOTHING, NOTHING)
        # A share that is ranked by stands in a column of its own already.
        place = (ranking or blank)[1 if attained is None or figures.by_value else 0 :]
        rows.append((label, *cells(numbers, shown, grid.scales), *place))

    def add_part(label: str, numbers: Sequence[float], *ranking: str) -> None:
        nonlocal written
        rounded = [_rounded(v, grid, f) for v, (f, _) in zip(numbers, keys, strict=True)]
        written += np.nan_to_num(rounded)
        add(label, numbers, *ranking)

    order = [g for g in words.names("group") if g in set(groups)]
    for group in order:
        members = groups.index[groups == group]
        for code in members:
            ranking: tuple[str, ...] = ()
            if attained is not None and rank is not None:
                place = NOTHING if pd.isna(rank[code]) else str(int(rank[code]))
                ranking = (percent(attained.get(code)) or NOTHING, place)
            add_part(
                str(names[code]), [grid.at("district", str(code), f, p) for f, p in keys], *ranking
            )
        if len(order) > 1:
            strong.append(len(rows))
            sums = [grid.of_all(members, f, p) for f, p in keys]
            add(headers("subtotal", group=words.name("group", group)), sums)
    for margin in MARGINS[:2] if city.has_zones else ():
        numbers = [grid.at("district", margin, f, p) for f, p in keys]
        if np.nan_to_num(numbers).any():
            add_part(headers(margin), numbers)
    strong.append(len(rows))
    totals = [grid.at("city", "total", f, p) for f, p in keys]
    ranking = () if attained is None else (percent(attained.get("total")) or NOTHING, NOTHING)
    add(headers("total"), totals, *ranking)
    off = city.has_zones and any(
        grid.scales[f].unit != "%" and not np.isnan(t) and abs(_rounded(t, grid, f) - s) > 1e-9
        for t, s, (f, _) in zip(totals, written, keys, strict=True)
    )
    columns = [
        Column("", headers("district" if city.has_zones else "scope"), 2.0, number=False),
        *_columns(grid, figures, headers, period),
    ]
    if attained is not None:
        name, rank_head = headers.name("head", figures.ranked), headers("rank")
        group = headers("against_target", name=name)
        columns += (
            [Column("", f"{name}\n{rank_head}", 1.3)]
            if figures.by_value
            else [Column(group, headers("attained"), 1.4), Column(group, rank_head, 1.0)]
        )
    return Table(
        title, tuple(columns), tuple(rows), frozenset(strong), headers("rounded") if off else ""
    )


def street_tables(
    grid: Grid,
    figures: Figures,
    city: City,
    words: Words,
    headers: Words,
    *,
    period: str,
    section: str,
) -> list[Table]:
    """Make one table a district by street; what lies in no street of the city is in the last."""
    streets = city.zones_at("street")
    names, districts = zone_names(streets, words.lang), zone_names(city.zones, words.lang)
    results = (
        streets["parent_code"] if "parent_code" in streets else streets.index.astype("str").str[:6]
    )
    parent = pd.Series(np.asarray(results, dtype=object), index=streets.index).astype("str")
    keys = figures.keys(period)
    shown = [figure for figure, _ in keys]
    columns = (
        Column("", headers("street"), 2.4, number=False),
        *_columns(grid, figures, headers, period),
    )
    out = []
    for code in districts.index:
        members = parent.index[parent == str(code)]
        if not len(members):
            continue
        rows = [
            (
                str(names[s]),
                *cells([grid.at("street", str(s), f, p) for f, p in keys], shown, grid.scales),
            )
            for s in members
        ]
        sums = [np.nansum([grid.at("street", str(s), f, p) for s in members]) for f, p in keys]
        whole = [grid.at("district", str(code), f, p) for f, p in keys]
        rest = np.nan_to_num(np.subtract(whole, sums))
        rest[np.abs(rest) < 1e-6] = 0.0
        if rest.any():
            rows.append((headers("no_street"), *cells(rest.tolist(), shown, grid.scales)))
        totals = [grid.at("district", str(code), f, p) for f, p in keys]
        rows.append((headers("total_of"), *cells(totals, shown, grid.scales)))
        title = headers("by_street", district=str(districts[code]), section=section)
        out.append(Table(title, columns, tuple(rows), frozenset({len(rows) - 1})))
    return out


def column_of(group: str, figure: str, name: str, scale: Scale, headers: Words) -> Column:
    """Return the column of a figure, its unit in the head but for shares."""
    head = headers.name("head", figure)
    head = name if head == figure else head
    text = f"{head}\n（{scale.unit}）" if headers.lang == "zh" else f"{head}\n({scale.unit})"
    return Column(
        group, head if scale.unit in ("", "%") else text, 1.9 if scale.divisor > 1 else 1.3
    )


def _columns(grid: Grid, figures: Figures, headers: Words, period: str) -> list[Column]:
    groups = {period: f"this_{period}", "year": "cumulative"}
    flows = figures.keys(period)[: -len(figures.stocks) or None]
    under = [(headers(groups[p]), f) for f, p in flows]
    under += [(headers("standing"), f) for f in figures.stocks]
    return [column_of(g, f, grid.names[f], grid.scales[f], headers) for g, f in under]


def cells(
    numbers: Sequence[float], figures: Sequence[str], scales: Mapping[str, Scale]
) -> list[str]:
    """Return numbers of figures as they stand in a row."""
    return [_shown(v, scales[f]) for v, f in zip(numbers, figures, strict=True)]


def _shown(value: float, scale: Scale) -> str:
    # Columns say their unit in the head, but for shares.
    return (scale.text(value) or NOTHING) + "%" * (scale.unit == "%" and not np.isnan(value))


def _rounded(value: float, grid: Grid, figure: str) -> float:
    scale = grid.scales[figure]
    return float(np.round(value / scale.divisor, scale.decimals))


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
    said = {"by": name, "n": f"{by.least:g}", "figure": words.midway(words.label(order))}
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
        kind = results.city.clock.limits.names().get(tuple(code.split(JOINT)))
        return code if kind is None else kind.of(results.lang)
    spec = results.city.specs[results.figures.figures[by.order].layer]
    entry = spec.fields[by.fields[0]].codes.get(code)
    return code if entry is None else results.words.label(entry)
