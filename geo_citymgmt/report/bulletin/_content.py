"""What a bulletin says, from the summary of a report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geo_citymgmt._numbers import Scale, percent
from geo_citymgmt._overlay import Layered
from geo_citymgmt._words import Text
from geo_citymgmt.errors import CityDataError
from geo_citymgmt.figures import period_table
from geo_citymgmt.figures._tables import MARGINS, zone_groups, zone_names
from geo_citymgmt.report._assessment import assessment_views, called_units
from geo_citymgmt.report._page import source_name
from geo_citymgmt.report._page_parts import against_pace, against_start, against_target
from geo_citymgmt.report._summary import Summary, reasons_of
from geo_citymgmt.report._words import Words
from geo_citymgmt.report.bulletin._model import Bulletin, Column, Heading, Paragraph, Part, Table

if TYPE_CHECKING:
    from geo_citymgmt.assessment import Card
    from geo_citymgmt.city import City


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
    names = {str(row.indicator): words.named(row) for row in first.itertuples()}
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
    attained = figures.attained
    rank = None if attained is None else ranks(attained, groups)
    rows: list[tuple[str, ...]] = []
    strong: list[int] = []
    written = np.zeros(len(keys))

    def add(label: str, numbers: Sequence[float], *ranking: str) -> None:
        blank = [] if attained is None else [NOTHING] * 2
        rows.append((label, *_cells(numbers, keys, grid), *(ranking or blank)))

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
            sums = [_sum(grid, members, f, p) for f, p in keys]
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
        not np.isnan(t) and abs(_rounded(t, grid, f) - s) > 1e-9
        for t, s, (f, _) in zip(totals, written, keys, strict=True)
    )
    columns = [
        Column("", headers("district" if city.has_zones else "scope"), 2.0, number=False),
        *_columns(grid, figures, headers, period),
    ]
    if attained is not None:
        group = headers("against_target", name=headers.name("head", figures.ranked))
        columns += [Column(group, headers("attained"), 1.4), Column(group, headers("rank"), 1.0)]
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
            (str(names[s]), *_cells([grid.at("street", str(s), f, p) for f, p in keys], keys, grid))
            for s in members
        ]
        sums = [np.nansum([grid.at("street", str(s), f, p) for s in members]) for f, p in keys]
        rest = [
            grid.at("district", str(code), f, p) - s for (f, p), s in zip(keys, sums, strict=True)
        ]
        rest = [0.0 if abs(r) < 1e-6 else r for r in np.nan_to_num(rest)]
        if any(rest):
            rows.append((headers("no_street"), *_cells(rest, keys, grid)))
        totals = [grid.at("district", str(code), f, p) for f, p in keys]
        rows.append((headers("total_of"), *_cells(totals, keys, grid)))
        title = headers("by_street", district=str(districts[code]), section=section)
        out.append(Table(title, columns, tuple(rows), frozenset({len(rows) - 1})))
    return out


def _columns(grid: Grid, figures: Figures, headers: Words, period: str) -> list[Column]:
    def column(group: str, figure: str) -> Column:
        head, label = headers.name("head", figure), grid.scales[figure].unit
        head = grid.names[figure] if head == figure else head
        text = f"{head}\n（{label}）" if headers.lang == "zh" else f"{head}\n({label})"
        return Column(
            group, text if label else head, 1.9 if grid.scales[figure].divisor > 1 else 1.3
        )

    out = [column(headers(f"this_{period}"), f) for f in figures.flows] if period != "year" else []
    out += [column(headers("cumulative"), f) for f in figures.flows]
    return out + [column(headers("standing"), f) for f in figures.stocks]


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


PERIODS = ("month", "quarter", "half", "year")
_NAMED = 3


def bulletin(results: Summary, *, period: str = "month", stamp: str = "") -> Bulletin:
    """Write the bulletin (通报) of a report: a period and what is cumulative, by district.

    Parameters
    ----------
    results : Summary
        Of :func:`geo_citymgmt.report._summary`; its day ends the period.
    period : {"month", "quarter", "half", "year"}
        Which period stands beside the year's running total.
    stamp : str
        Marking at the head of the first page.

    Returns
    -------
    Bulletin
        Sections the city has no figures for are left out; tables are numbered in order.

    Raises
    ------
    CityDataError
        An unknown period, or data without a date.

    Examples
    --------
    >>> import geo_citymgmt as gcm
    >>> made = bulletin(gcm.report.summary(gcm.sample_city(), "2022-06-30"))
    >>> made.title, made.tables[0].rows[-1][:3]
    ('苏州市城市管理工作情况通报', ('全市合计', '719', '92.13'))
    """
    if period not in PERIODS:
        raise CityDataError(
            Text(
                f"没有时段“{period}”；可用：{'、'.join(PERIODS)}。",
                f"no period {period!r}; there are {', '.join(PERIODS)}.",
            ),
        )
    check_day(results.as_of)
    return _Writer(results, period).bulletin(stamp)


def check_day(day: pd.Timestamp | None) -> None:
    """Raise if there is no day that a bulletin could be of.

    Raises
    ------
    CityDataError
        With what to do.
    """
    if day is None:
        raise CityDataError(
            Text(
                "通报要有截止日期，而数据没有日期。",
                "a bulletin needs a date, and the city's data has none.",
            ),
            remedy=Text(
                "请用 --as-of 指定，或在 city.toml 中写 data_date。",
                "Give as_of (--as-of), or data_date in city.toml.",
            ),
        )


@dataclass(frozen=True)
class _Section:
    key: str
    flows: tuple[str, ...]
    stocks: tuple[str, ...]
    rank: str
    streets: bool
    has_table: bool


def bulletin_settings(city: City) -> Layered:
    """Return ``bulletin.toml`` as it holds for a city: the package's, its profile's, its own."""
    return city.office["bulletin"]


class _Writer:
    """The state of a bulletin under way."""

    def __init__(self, results: Summary, period: str) -> None:
        table = bulletin_settings(results.city).table
        self.results, self.period, self.words = results, period, results.words
        self.say = Words(results.lang, table, unit=results.city.unit)
        self.city = results.city
        assert results.as_of is not None
        self.day: pd.Timestamp = results.as_of
        streets = self.city.has_zones and "street" in self.city.zones_by_level
        self.level = "street" if streets else "district"
        self.left = [str(f) for f in table["leftovers"]["figures"]]
        self.concentrated = [str(f) for f in table["leftovers"]["concentrated"]]
        wanted = {
            f
            for s in table["section"].values()
            for f in (*s.get("flows", ()), *s.get("stocks", ()))
        }
        known = [f for f in (*sorted(wanted), *self.left) if f in results.figures.figures]
        self.periods = period_table(
            results.facts,
            as_of=self.day,
            periods=list(dict.fromkeys((period, "year"))),
            indicators=list(dict.fromkeys(known)),
            level=self.level,
        )
        self.grid: Grid = grid_of(self.periods, results.scales, self.words)
        rows = self.periods[self.periods["level"].eq("city")]
        self.city_rows = rows.set_index(["indicator", "period"])
        first = [key for key in table["layout"]["sections"] if key in table["section"]]
        order = dict.fromkeys([*first, *table["section"]])
        kept = (self._section(key, table["section"][key]) for key in order)
        self.sections = [section for section in kept if section is not None]
        self.order = [str(part) for part in table["layout"]["parts"]]

    def bulletin(self, stamp: str) -> Bulletin:
        say, city = self.say, self.city
        made = {
            "overview": self._overview, "tables": self._tables, "leftovers": self._leftovers,
            "assessment": self._assessment, "notes": self._notes, "streets": self._annex,
        }  # fmt: skip
        parts = [part for name in self.order for part in made[name]()]
        usable = city.ledger[city.ledger["state"] == "ok"]
        return Bulletin(
            title=say("title", city=self.words.named(city)),
            issue=say("issue", period=self._span(), day=self._day()),
            day=self.day,
            signed=self._day(),
            source=say("source", source=source_name(self.results), n=len(usable)),
            stamp=stamp,
            lang=self.results.lang,
            parts=_numbered(parts, say, self._day()),
        )

    def _section(self, key: str, table: Any) -> _Section | None:
        flows, stocks = (
            tuple(f for f in table.get(kind, ()) if self.grid.has(f))
            for kind in ("flows", "stocks")
        )
        rank = str(table.get("rank", ""))
        if not flows + stocks:
            return None
        shown = bool(table.get("table", True))
        return _Section(key, flows, stocks, rank, bool(table.get("streets")) and shown, shown)

    # -- words of days and numbers

    def _day(self) -> str:
        return self.say("day", y=self.day.year, m=self.day.month, d=self.day.day)

    def _span(self) -> str:
        say, day = self.say, self.day
        half = say("half_1" if day.month <= 6 else "half_2")
        text = say(self.period, y=day.year, m=day.month, q=day.quarter, h=half)
        row = self.periods[self.periods["period"].eq(self.period)]
        is_complete = bool(row["complete"].iloc[0]) if len(row) else True
        return text if is_complete else say("to_date", span=text, day=self._day())

    def _reported(self, figure: str, value: float) -> str:
        return self.results.scales[figure].amount(value)

    def _item(self, figure: str, period: str, *, compared: bool) -> str | None:
        row = self.city_rows.loc[(figure, period)]
        if pd.isna(row["value"]):
            return None
        name, value = self.grid.names[figure], self._reported(figure, float(row["value"]))
        flow = row["kind"] == "period"
        if flow and not row["value"]:
            short = self.say.name("head", figure)
            return self.say("nothing_now", name=name if short == figure else short)
        changes = [
            self._change(figure, row[f"{column}change_ratio"], row[earlier], row["value"], word)
            for column, earlier, word in (
                ("", "previous", "previous"),
                ("year_", "year_ago", "year"),
            )
            # Within a year's running total the period before is last year's: told once.
            if period != "year" or word == "year"
        ]
        joined = ("，" if self.results.lang == "zh" else ", ").join(c for c in changes if c)
        item = self.say("item", name=name, value=value)
        phrase = self.say.name("phrase", figure)
        if phrase != figure:
            item = phrase.format(value=value)
        return self.say("item_changed", item=item, change=joined) if compared and joined else item

    def _change(self, figure: str, ratio: float, earlier: float, now: float, word: str) -> str:
        if pd.isna(earlier):
            return ""
        if earlier == now:
            return self.say(f"same_{word}")
        if pd.isna(ratio) or not now:
            return self.say(f"was_{word}", value=self._reported(figure, float(earlier)))
        way = "up" if ratio > 0 else "down"
        return self.say(f"{way}_{word}", share=percent(abs(ratio)))

    def _items(self, figures: Sequence[str], period: str, *, compared: bool = True) -> str:
        items = [self._item(f, period, compared=compared) for f in figures]
        return self.words.listed([i for i in items if i]) if not compared else self._clauses(items)

    def _clauses(self, items: Sequence[str | None]) -> str:
        return ("；" if self.results.lang == "zh" else "; ").join(i for i in items if i)

    # -- parts

    def _overview(self) -> Iterator[Part]:
        say = self.say
        yield Paragraph(say("lead", period=self._span()))
        yield Heading(say("overview"))
        for section in self.sections:
            text = ""
            if self.period != "year" and (items := self._items(section.flows, self.period)):
                text += say("part_period", span=self._span(), items=items)
            if items := self._items(section.flows, "year"):
                text += say("part_cumulative", items=items)
            if items := self._items(section.stocks, self.period, compared=False):
                text += say("part_standing", day=self._day(), items=items)
            text += self._targets(section.key)
            if text:
                yield Paragraph(text.strip(), say.name("name", section.key))

    def _targets(self, key: str) -> str:
        """Say what is held against a target in the domain of a section."""
        layers = {self.results.figures.figures[f].layer for f in self._known(key)}
        rows = self.results.headline
        rows = rows[
            rows["layer"].isin(layers) & rows["attainment"].notna() & rows["target"].notna()
        ]
        items = [self._against(row) for row in rows.itertuples()]
        return self.say("part_targets", items=self._clauses(items)) if items else ""

    def _against(self, row: Any) -> str:
        """Say a figure against its target: an amount, a fall, or a level that is kept."""
        figure = self.results.figures.figures[str(row.Index)]
        scale, say, words = self.results.scales[figure.id], self.say, self.words
        target = scale.amount(row.target)
        name = words.named(row)
        if figure.level:
            value = scale.amount(row.value)
            level = against_target(words, row)
            return say("target_level", name=name, value=value, level=level, target=target)
        pace = ""
        if pd.notna(row.expected_share):
            pace = say("target_pace", pace=against_pace(words, row.attainment, row.expected_share))
        if figure.direction == "down":
            key = "target_left" if row.target else "target_cleared"
            fallen = against_start(words, row)
            return say(key, name=name, target=target, fallen=fallen, pace=pace)
        if not row.value:
            nothing = say.name("nothing", figure.id)
            nothing = say("nothing_done") if nothing == figure.id else nothing
            return say("target_nothing", name=name, target=target, nothing=nothing, pace=pace)
        share = percent(row.attainment)
        return say("target_done", name=name, target=target, share=share, pace=pace)

    def _known(self, key: str) -> list[str]:
        section = next(s for s in self.sections if s.key == key)
        return [*section.flows, *section.stocks]

    def _attained(self, figure: str) -> pd.Series | None:
        """Return attainment by district and in total, where districts have targets."""
        rows = self.results.table
        rows = rows[rows["indicator"].eq(figure) & rows["level"].isin(["city", "district"])]
        rows = rows[rows["row_kind"].isin(["zone", "total"])]
        at = rows["zone_code"].where(rows["level"].eq("district"), "total")
        out = pd.Series(rows["attainment"].to_numpy(dtype=float), index=at.to_numpy(dtype=object))
        return out if out.drop(labels="total", errors="ignore").notna().any() else None

    def _tables(self) -> Iterator[Part]:
        say = self.say
        for section in (s for s in self.sections if s.has_table):
            name = say.name("name", section.key)
            yield Heading(name)
            attained = self._attained(section.rank) if section.rank else None
            if section.rank in self.results.figures.figures and self.results.has_targets:
                figure = self.results.figures.figures[section.rank]
                label = self.words.label(figure)
                if attained is None:
                    yield Paragraph(say("rank_off", figure=label))
                else:
                    groups = self._ranking(section.rank, attained)
                    yield Paragraph(say("rank_lead", figure=label, groups=groups))
            yield district_table(
                self.grid,
                Figures(section.flows, section.stocks, attained, section.rank),
                self.city,
                self.words,
                say,
                period=self.period,
                title=say("by_district" if self.city.has_zones else "whole_table", section=name),
            )

    def _low(self, figure: str) -> set[str]:
        """Districts below what is due: there is no praise for them, wherever they rank."""
        rows = self.results.table
        rows = rows[rows["indicator"].eq(figure) & rows["level"].eq("district")]
        return set(rows.loc[rows["status"].isin(["behind", "overdue"]), "zone_code"])

    def _ranking(self, figure: str, attained: pd.Series) -> str:
        say, groups, low = self.say, zone_groups(self.city.zones), self._low(figure)
        names = self.results.zone_names
        place = ranks(attained, groups)
        clauses = []
        for group, name in self.words.names("group").items():
            ranked = place[groups == group].dropna().sort_values(kind="stable")
            if not (groups == group).any():
                continue
            if ranked.empty:
                some = attained.reindex(groups.index[groups == group]).notna().any()
                clauses.append(say("rank_one" if some else "rank_none", group=name))
                continue

            def listed(codes: pd.Index) -> str:
                return self.words.listed(
                    [say("ranked_share", name=names[c], share=percent(attained[c])) for c in codes]
                )

            few = len(ranked) < 2 * _NAMED
            first = ranked.index[:_NAMED]
            praised = first[[str(code) not in low for code in first]]
            best = listed(ranked.index if few else praised)
            # The last is named last.
            worst = "" if few else listed(ranked.index[-_NAMED + 1 :])
            key = "rank_all" if few else "rank_group" if len(praised) else "rank_low"
            clauses.append(say(key, group=name, n=len(ranked), best=best, worst=worst))
        return self._clauses(clauses)

    def _leftovers(self) -> Iterator[Part]:
        say = self.say
        figures = [f for f in self.left if self.grid.has(f)]
        if not figures:
            return
        yield Heading(say("leftovers"))
        items = self._items(figures, self.period, compared=False)
        yield Paragraph(say("leftover_lead", day=self._day(), items=items))
        names = self.results.zone_names
        text = ""
        for figure in (f for f in self.concentrated if f in figures):
            values = pd.Series(
                {c: self.grid.at("district", str(c), figure, self.period) for c in names.index}
            ).dropna()
            total = self.grid.at("city", "total", figure, self.period)
            if values.sum() <= 0 or len(values) <= _NAMED:
                continue
            top = values.sort_values(ascending=False, kind="stable").head(_NAMED)
            text += say(
                "leftover_where",
                name=self.grid.names[figure],
                places=self.words.listed([str(names[c]) for c in top.index]),
                share=percent(top.sum() / total),
            )
        if text:
            yield Paragraph(text.strip())
        yield district_table(
            self.grid, Figures((), figures), self.city, self.words, say,
            period=self.period,
            title=say("leftover_table" if self.city.has_zones else "leftover_whole"),
        )  # fmt: skip

    def _assessment(self) -> Iterator[Part]:
        """Say who ranks where by the office's own rules, whom to call in, where to look."""
        made, say, words = self.results.assessment, self.say, self.words
        if not made:
            return
        yield Heading(say("assessment"))
        for card in made.cards:
            yield Paragraph(self._ranked(card), card.name.of(words.lang))
        called: dict[str, list[str]] = {}
        for unit, rule, _, _ in called_units(made, self.city, words):
            called.setdefault(unit, []).append(rule)
        if called:
            items = [say("assess_called_unit", name=unit, rules=words.joined(rules))
                     for unit, rules in called.items()]  # fmt: skip
            yield Paragraph(say("assess_called", n=len(called), items=self._clauses(items)))
        for view in assessment_views(made, self.city, words):
            columns = [
                Column("", head, 1.2 if kind != "text" else 2.0 if k else 1.8, kind != "text")
                for k, (head, kind) in enumerate(view.columns)
            ]
            rows = tuple(tuple(row) for row in view.texts())
            yield Table(view.title, tuple(columns), rows, frozenset(), view.note)

    def _ranked(self, card: Card) -> str:
        """Say who reported, and who is last of each group and for how long."""
        say, words, table = self.say, self.words, card.table
        word = card.unit.of(words.lang) or say("street" if card.of == "street" else "district")
        named = {"unit": word, "units": word}
        n, silent = len(table), [card.units[unit].of(words.lang) for unit in card.silent]
        out = say("assess_reported", n=n, **named)
        if silent:
            names = words.listed(silent)
            out = say("assess_silent", n=n, known=n - len(silent), names=names, **named)
        items = []
        for key, group in card.groups.items():
            rows = table[(table["group"] == key) & table["rank"].notna()]
            if len(rows) < 2:
                items.append(
                    say(
                        "rank_one" if len(rows) else "rank_none",
                        group=group.of(words.lang),
                        **named,
                    )
                )
                continue
            ends = {}
            for end, place in (("first", rows["rank"].min()), ("last", rows["rank"].max())):
                there = rows[rows["rank"] == place]
                names = words.listed([card.units[str(unit)].of(words.lang) for unit in there.index])
                ends[end] = say("assess_score", name=names, score=f"{there['score'].iloc[0]:.2f}")
            months = int(rows["months_last"].max())
            ends["last"] += say("assess_months", n=months) if months > 1 else ""
            items.append(
                say("assess_group", group=group.of(words.lang), n=len(rows), **ends, **named)
            )
        return out + say("assess_groups", items=self._clauses(items))

    def _notes(self) -> Iterator[Part]:
        say, results = self.say, self.results
        yield Heading(say("notes"))
        notes = [self._place_note(), say("note_gap")]
        rows = results.headline[results.headline["status"].eq("not_comparable")]
        layers = {
            results.figures.figures[f].layer for s in self.sections for f in (*s.flows, *s.stocks)
        }
        for row in rows[rows["layer"].isin(layers)].itertuples():
            reasons = reasons_of(row, self.words, results.figures)
            name = self.words.named(row)
            notes.append(say("note_incomparable", name=name, reason=self.words.joined(reasons)))
        noted = self.periods[self.periods["level"].eq("city") & self.periods["note_zh"].ne("")]
        for row in noted.drop_duplicates("indicator").itertuples():
            note = self.words.of(row.note_zh, row.note_en)
            notes.append(say("note_undated", name=self.grid.names[str(row.indicator)], note=note))
        rejected = int(np.nansum(self.city.ledger["n_rejected"].to_numpy(dtype=float)))
        if rejected:
            notes.append(say("note_rejected", n=f"{rejected:,}"))
        if self.city.findings["code"].eq("ZONES_PACKAGED").any():
            notes.append(say("note_packaged"))
        if self.level != "street" and self.city.has_zones:
            notes.append(say("note_street_none"))
        for k, note in enumerate(notes, 1):
            yield Paragraph(f"{k}. {note}" if results.lang == "en" else f"{k}．{note}")

    def _place_note(self) -> str:
        say, present = self.say, set(zone_groups(self.city.zones))
        if not self.city.has_zones:
            return say("note_no_zones")
        groups = [name for key, name in self.words.names("group").items() if key in present]
        if len(groups) < 2:
            return say("note_place")
        if say.lang == "en":
            groups = [name[:1].lower() + name[1:] for name in groups]
        listed = say("and_word").join([self.words.listed(groups[:-1]), groups[-1]])
        return say("note_groups", groups=listed)

    def _annex(self) -> Iterator[Part]:
        sections = [s for s in self.sections if s.streets]
        if self.level != "street" or not sections:
            return
        yield Heading(self.say("streets_title"), annex=True)
        for section in sections:
            yield from street_tables(
                self.grid, Figures(section.flows, section.stocks), self.city, self.words, self.say,
                period=self.period, section=self.say.name("name", section.key),
            )  # fmt: skip


_NUMERALS = " 一二三四五六七八九"


def numeral(n: int) -> str:
    """Write a number from 1 to 99 as Chinese headings are numbered.

    Examples
    --------
    >>> [numeral(n) for n in (2, 10, 12, 20, 35)]
    ['二', '十', '十二', '二十', '三十五']
    """
    tens, ones = divmod(n, 10)
    return f"{_NUMERALS[tens] if tens > 1 else ''}{'十' if tens else ''}{_NUMERALS[ones]}".strip()


def _numbered(parts: Sequence[Part], say: Words, day: str) -> list[Part]:
    """Number headings and tables in their order."""
    out: list[Part] = []
    heading = table = 0
    for part in parts:
        if isinstance(part, Table):
            table += 1
            title = say("caption", n=table, title=part.title, day=day)
            out.append(Table(title, part.columns, part.rows, part.strong, part.note))
        elif isinstance(part, Heading) and not part.annex:
            heading += 1
            mark = f"{numeral(heading)}、" if say.lang == "zh" else f"{heading}. "
            out.append(Heading(mark + part.text))
        else:
            out.append(part)
    return out
