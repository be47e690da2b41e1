"""Tables of a bulletin: this period and cumulative, by group of districts, then by street."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geo_citymgmt.formats import Scale, percent
from geo_citymgmt.report.bulletin.model import Column, Table
from geo_citymgmt.report.scoreboard import MARGINS, zone_groups, zone_names
from geo_citymgmt.report.words import Words

if TYPE_CHECKING:
    from geo_citymgmt.city import City

__all__ = ["NOTHING", "Figures", "Grid", "district_table", "ranks", "street_tables"]

#: Shown where there is no number.
NOTHING = "—"


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
    """

    values: pd.DataFrame
    names: Mapping[str, str]
    scales: Mapping[str, Scale]

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


@dataclass(frozen=True)
class Figures:
    """What a table shows: figures of the period and cumulative, at the date, and to rank by."""

    flows: Sequence[str]
    stocks: Sequence[str]
    attained: pd.Series | None = None
    ranked: str = ""

    def keys(self, period: str) -> list[tuple[str, str]]:
        """Return (figure, period) of each column of numbers."""
        both = [period, "year"] if period != "year" else ["year"]
        return [(f, p) for p in both for f in self.flows] + [(f, period) for f in self.stocks]


def grid_of(table: pd.DataFrame, scales: Mapping[str, Scale], words: Words) -> Grid:
    """Arrange a table of periods by place and figure."""
    at = table["zone_code"].where(table["row_kind"].eq("zone"), table["row_kind"])
    keys = [table["level"], at.rename("place"), table["indicator"], table["period"]]
    sums = table.groupby(keys, sort=False)["value"].sum(min_count=1)
    values = sums.unstack(["indicator", "period"])  # noqa: PD010
    first = table.drop_duplicates("indicator")
    names = {str(row.indicator): words.of(row.name_zh, row.name_en) for row in first.itertuples()}
    return Grid(values, names, scales)


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
    grid: Grid, figures: Figures, city: City, words: Words, heads: Words, *, period: str, title: str
) -> Table:
    """Make the table by district: groups with subtotals, margins, the city's total."""
    names, groups = zone_names(city.zones, words.lang), zone_groups(city.zones)
    keys = figures.keys(period)
    with_rank = figures.attained is not None
    rank = ranks(figures.attained, groups) if figures.attained is not None else None
    rows: list[tuple[str, ...]] = []
    strong: list[int] = []
    shown = np.zeros(len(keys))
    order = [g for g in words.names("group") if g in set(groups)]
    for group in order:
        members = groups.index[groups == group]
        for code in members:
            numbers = [grid.at("district", str(code), f, p) for f, p in keys]
            shown += np.nan_to_num(
                [_rounded(v, grid, f) for v, (f, _) in zip(numbers, keys, strict=True)]
            )
            cells = [str(names[code]), *_cells(numbers, keys, grid)]
            if rank is not None and figures.attained is not None:
                cells += [percent(figures.attained.get(code)) or NOTHING, _rank(rank[code])]
            rows.append(tuple(cells))
        if len(order) > 1:
            strong.append(len(rows))
            sums = [_sum(grid, members, f, p) for f, p in keys]
            label = heads("subtotal", group=words.name("group", group))
            rows.append((label, *_cells(sums, keys, grid), *([NOTHING] * 2 if with_rank else [])))
    for margin in MARGINS[:2] if city.has_zones else ():
        numbers = [grid.at("district", margin, f, p) for f, p in keys]
        if np.nan_to_num(numbers).any():
            shown += np.nan_to_num(
                [_rounded(v, grid, f) for v, (f, _) in zip(numbers, keys, strict=True)]
            )
            rows.append(
                (heads(margin), *_cells(numbers, keys, grid), *([NOTHING] * 2 if with_rank else []))
            )
    strong.append(len(rows))
    totals = [grid.at("city", "total", f, p) for f, p in keys]
    last = [heads("total"), *_cells(totals, keys, grid)]
    if figures.attained is not None:
        last += [percent(figures.attained.get("total")) or NOTHING, NOTHING]
    rows.append(tuple(last))
    off = city.has_zones and any(
        not np.isnan(t) and abs(_rounded(t, grid, f) - s) > 1e-9
        for t, s, (f, _) in zip(totals, shown, keys, strict=True)
    )
    columns = [
        Column("", heads("district" if city.has_zones else "scope"), 2.0, number=False),
        *_columns(grid, figures, heads, period),
    ]
    if with_rank:
        group = heads("against_target", name=heads.name("head", figures.ranked))
        columns += [Column(group, heads("attained"), 1.4), Column(group, heads("rank"), 1.0)]
    return Table(
        title, tuple(columns), tuple(rows), frozenset(strong), heads("rounded") if off else ""
    )


def street_tables(
    grid: Grid,
    figures: Figures,
    city: City,
    words: Words,
    heads: Words,
    *,
    period: str,
    section: str,
) -> list[Table]:
    """Make one table a district by street; what lies in no street of the city is in the last."""
    streets = city.zones_at("street")
    names, districts = zone_names(streets, words.lang), zone_names(city.zones, words.lang)
    told = (
        streets["parent_code"] if "parent_code" in streets else streets.index.astype("str").str[:6]
    )
    parent = pd.Series(np.asarray(told, dtype=object), index=streets.index).astype("str")
    keys = figures.keys(period)
    columns = (
        Column("", heads("street"), 2.4, number=False),
        *_columns(grid, figures, heads, period),
    )
    out = []
    for code in districts.index:
        members = parent.index[parent == str(code)]
        if not len(members):
            continue
        rows = [
            (str(names[s]), *_cells([grid.at("street", str(s), f, p) for f, p in keys], keys, grid))
            for s in members
        ]
        sums = [np.nansum([grid.at("street", str(s), f, p) for s in members]) for f, p in keys]
        rest = [
            grid.at("district", str(code), f, p) - s for (f, p), s in zip(keys, sums, strict=True)
        ]
        rest = [0.0 if abs(r) < 1e-6 else r for r in np.nan_to_num(rest)]
        if any(rest):
            rows.append((heads("no_street"), *_cells(rest, keys, grid)))
        whole = [grid.at("district", str(code), f, p) for f, p in keys]
        rows.append((heads("total_of"), *_cells(whole, keys, grid)))
        title = heads("by_street", district=str(districts[code]), section=section)
        out.append(Table(title, columns, tuple(rows), frozenset({len(rows) - 1})))
    return out


def _columns(grid: Grid, figures: Figures, heads: Words, period: str) -> list[Column]:
    def column(group: str, figure: str) -> Column:
        head, label = heads.name("head", figure), grid.scales[figure].unit
        head = grid.names[figure] if head == figure else head
        text = f"{head}\n（{label}）" if heads.lang == "zh" else f"{head}\n({label})"
        return Column(
            group, text if label else head, 1.9 if grid.scales[figure].divisor > 1 else 1.3
        )

    out = [column(heads(f"this_{period}"), f) for f in figures.flows] if period != "year" else []
    out += [column(heads("cumulative"), f) for f in figures.flows]
    return out + [column(heads("standing"), f) for f in figures.stocks]


def _cells(numbers: Sequence[float], keys: Sequence[tuple[str, str]], grid: Grid) -> list[str]:
    return [_shown(v, grid.scales[f]) for v, (f, _) in zip(numbers, keys, strict=True)]


def _shown(value: float, scale: Scale) -> str:
    # Columns say their unit in the head, but for shares.
    return (scale.text(value) or NOTHING) + "%" * (scale.unit == "%" and not np.isnan(value))


def _rounded(value: float, grid: Grid, figure: str) -> float:
    scale = grid.scales[figure]
    return float(np.round(value / scale.divisor, scale.decimals))


def _sum(grid: Grid, members: pd.Index, figure: str, period: str) -> float:
    numbers = np.array([grid.at("district", str(code), figure, period) for code in members])
    return float("nan") if np.isnan(numbers).all() else float(np.nansum(numbers))


def _rank(value: Any) -> str:
    return NOTHING if pd.isna(value) else str(int(value))
