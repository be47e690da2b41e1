"""What a bulletin says, from the summary of a report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geo_citymgmt.errors import CityDataError
from geo_citymgmt.formats import percent
from geo_citymgmt.overlay import Layered
from geo_citymgmt.progress import period_table
from geo_citymgmt.report.bulletin.model import Bulletin, Heading, Paragraph, Part, Table
from geo_citymgmt.report.bulletin.tables import (
    Figures,
    Grid,
    district_table,
    grid_of,
    ranks,
    street_tables,
)
from geo_citymgmt.report.page import source_name
from geo_citymgmt.report.page_figures import against_pace, against_start, against_target
from geo_citymgmt.report.scoreboard import zone_groups, zone_names
from geo_citymgmt.report.summary import Summary, reasons_of
from geo_citymgmt.report.words import Words
from geo_citymgmt.spec import laid_over_package
from geo_citymgmt.words import Text

if TYPE_CHECKING:
    from geo_citymgmt.city import City

__all__ = ["PERIODS", "bulletin", "bulletin_settings", "check_day"]

PERIODS = ("month", "quarter", "half", "year")
#: A change beyond fourfold is of a small base: the two numbers say more than the share does.
_MOST_CHANGE = 3.0
_NAMED = 3


def bulletin(told: Summary, *, period: str = "month", stamp: str = "") -> Bulletin:
    """Write the bulletin (通报) of a report: a period and what is cumulative, by district.

    Parameters
    ----------
    told : Summary
        Of :func:`geo_citymgmt.report.summary`; its day ends the period.
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
    ('苏州市城市管理工作情况通报', ('全市合计', '721', '93.00'))
    """
    if period not in PERIODS:
        raise CityDataError(
            Text(
                f"没有时段“{period}”；可用：{'、'.join(PERIODS)}。",
                f"no period {period!r}; there are {', '.join(PERIODS)}.",
            ),
        )
    check_day(told.as_of)
    return _Writer(told, period).bulletin(stamp)


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


def bulletin_settings(city: City) -> Layered:
    """Return ``bulletin.toml`` as it holds for a city: the package's, its profile's, its own."""
    return laid_over_package(
        resources.files("geo_citymgmt.report.bulletin") / "bulletin.toml",
        None if city.profile is None else city.profile.file("bulletin.toml"),
        city.bulletin_file,
    )


class _Writer:
    """The state of a bulletin under way."""

    def __init__(self, told: Summary, period: str) -> None:
        table = bulletin_settings(told.city).table
        self.told, self.period, self.words = told, period, told.words
        self.say = Words(told.lang, table, unit=told.city.unit)
        self.city = told.city
        assert told.as_of is not None
        self.day: pd.Timestamp = told.as_of
        streets = self.city.has_zones and "street" in self.city.zones_by_level
        self.level = "street" if streets else "district"
        self.left = [str(f) for f in table["leftovers"]["figures"]]
        self.concentrated = [str(f) for f in table["leftovers"]["concentrated"]]
        wanted = {f for s in table["section"].values() for f in (*s["flows"], *s["stocks"])}
        known = [f for f in (*sorted(wanted), *self.left) if f in told.figures.figures]
        self.periods = period_table(
            told.facts,
            as_of=self.day,
            periods=list(dict.fromkeys((period, "year"))),
            indicators=list(dict.fromkeys(known)),
            level=self.level,
        )
        self.grid: Grid = grid_of(self.periods, told.scales, self.words)
        rows = self.periods[self.periods["level"].eq("city")]
        self.whole = rows.set_index(["indicator", "period"])
        self.sections = [
            s for s in (self._section(k, v) for k, v in table["section"].items()) if s is not None
        ]

    def bulletin(self, stamp: str) -> Bulletin:
        say, city = self.say, self.city
        parts = [*self._overview(), *self._tables(), *self._leftovers(), *self._notes()]
        parts += self._annex()
        usable = city.ledger[city.ledger["state"] == "ok"]
        return Bulletin(
            title=say("title", city=self.words.of(city.name_zh, city.name_en)),
            issue=say("issue", period=self._span(), day=self._day()),
            day=self.day,
            signed=self._day(),
            source=say("source", source=source_name(self.told), n=len(usable)),
            stamp=stamp,
            lang=self.told.lang,
            parts=_numbered(parts, say, self._day()),
        )

    def _section(self, key: str, table: Any) -> _Section | None:
        flows, stocks = (
            tuple(f for f in table[kind] if self.grid.has(f)) for kind in ("flows", "stocks")
        )
        rank = str(table.get("rank", ""))
        if not flows + stocks:
            return None
        return _Section(key, flows, stocks, rank, bool(table.get("streets")))

    # -- words of days and numbers

    def _day(self) -> str:
        return self.say("day", y=self.day.year, m=self.day.month, d=self.day.day)

    def _span(self) -> str:
        say, day = self.say, self.day
        half = say("half_1" if day.month <= 6 else "half_2")
        text = say(self.period, y=day.year, m=day.month, q=day.quarter, h=half)
        row = self.periods[self.periods["period"].eq(self.period)]
        whole = bool(row["complete"].iloc[0]) if len(row) else True
        return text if whole else say("to_date", span=text, day=self._day())

    def _told(self, figure: str, value: float) -> str:
        return self.told.scales[figure].amount(value)

    def _item(self, figure: str, period: str, *, compared: bool) -> str | None:
        row = self.whole.loc[(figure, period)]
        if pd.isna(row["value"]):
            return None
        name, value = self.grid.names[figure], self._told(figure, float(row["value"]))
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
        joined = ("，" if self.told.lang == "zh" else ", ").join(c for c in changes if c)
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
        if pd.isna(ratio) or abs(ratio) > _MOST_CHANGE or not now:
            return self.say(f"was_{word}", value=self._told(figure, float(earlier)))
        way = "up" if ratio > 0 else "down"
        return self.say(f"{way}_{word}", share=percent(abs(ratio)))

    def _items(self, figures: Sequence[str], period: str, *, compared: bool = True) -> str:
        items = [self._item(f, period, compared=compared) for f in figures]
        return self.words.listed([i for i in items if i]) if not compared else self._clauses(items)

    def _clauses(self, items: Sequence[str | None]) -> str:
        return ("；" if self.told.lang == "zh" else "; ").join(i for i in items if i)

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
        layers = {self.told.figures.figures[f].layer for f in self._known(key)}
        rows = self.told.headline
        rows = rows[
            rows["layer"].isin(layers) & rows["attainment"].notna() & rows["target"].notna()
        ]
        items = [self._against(row) for row in rows.itertuples()]
        return self.say("part_targets", items=self._clauses(items)) if items else ""

    def _against(self, row: Any) -> str:
        """Say a figure against its target: an amount, a fall, or a level that is kept."""
        figure = self.told.figures.figures[str(row.Index)]
        scale, say, words = self.told.scales[figure.id], self.say, self.words
        target = scale.amount(row.target)
        name = words.of(row.name_zh, row.name_en)
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
        rows = self.told.table
        rows = rows[rows["indicator"].eq(figure) & rows["level"].isin(["city", "district"])]
        rows = rows[rows["row_kind"].isin(["zone", "total"])]
        at = rows["zone_code"].where(rows["level"].eq("district"), "total")
        out = pd.Series(rows["attainment"].to_numpy(dtype=float), index=at.to_numpy(dtype=object))
        return out if out.drop(labels="total", errors="ignore").notna().any() else None

    def _tables(self) -> Iterator[Part]:
        say = self.say
        for section in self.sections:
            name = say.name("name", section.key)
            yield Heading(name)
            attained = self._attained(section.rank) if section.rank else None
            if section.rank in self.told.figures.figures and self.told.has_targets:
                figure = self.told.figures.figures[section.rank]
                label = self.words.of(figure.zh, figure.en)
                yield Paragraph(
                    say("rank_off", figure=label)
                    if attained is None
                    else say(
                        "rank_lead", figure=label, groups=self._ranking(section.rank, attained)
                    )
                )
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
        rows = self.told.table
        rows = rows[rows["indicator"].eq(figure) & rows["level"].eq("district")]
        return set(rows.loc[rows["status"].isin(["behind", "overdue"]), "zone_code"])

    def _ranking(self, figure: str, attained: pd.Series) -> str:
        say, groups, low = self.say, zone_groups(self.city.zones), self._low(figure)
        names = zone_names(self.city.zones, self.told.lang)
        place = ranks(attained, groups)
        clauses = []
        for group, name in self.words.names("group").items():
            mine = place[groups == group].dropna().sort_values(kind="stable")
            if not (groups == group).any():
                continue
            if mine.empty:
                some = attained.reindex(groups.index[groups == group]).notna().any()
                clauses.append(say("rank_one" if some else "rank_none", group=name))
                continue

            def listed(codes: pd.Index) -> str:
                return self.words.listed(
                    [say("ranked_share", name=names[c], share=percent(attained[c])) for c in codes]
                )

            few = len(mine) < 2 * _NAMED
            first = mine.index[:_NAMED]
            praised = first[[str(code) not in low for code in first]]
            best = listed(mine.index if few else praised)
            # The last is named last.
            worst = "" if few else listed(mine.index[-_NAMED + 1 :])
            clauses.append(
                say(
                    "rank_all" if few else "rank_group" if len(praised) else "rank_low",
                    group=name,
                    n=len(mine),
                    best=best,
                    worst=worst,
                )
            )
        return self._clauses(clauses)

    def _leftovers(self) -> Iterator[Part]:
        say = self.say
        figures = [f for f in self.left if self.grid.has(f)]
        if not figures:
            return
        yield Heading(say("leftovers"))
        items = self._items(figures, self.period, compared=False)
        yield Paragraph(say("leftover_lead", day=self._day(), items=items))
        names = zone_names(self.city.zones, self.told.lang)
        text = ""
        for figure in (f for f in self.concentrated if f in figures):
            values = pd.Series(
                {c: self.grid.at("district", str(c), figure, self.period) for c in names.index}
            ).dropna()
            whole = self.grid.at("city", "total", figure, self.period)
            if values.sum() <= 0 or len(values) <= _NAMED:
                continue
            top = values.sort_values(ascending=False, kind="stable").head(_NAMED)
            text += say(
                "leftover_where",
                name=self.grid.names[figure],
                places=self.words.listed([str(names[c]) for c in top.index]),
                share=percent(top.sum() / whole),
            )
        if text:
            yield Paragraph(text.strip())
        yield district_table(
            self.grid, Figures((), figures), self.city, self.words, say,
            period=self.period,
            title=say("leftover_table" if self.city.has_zones else "leftover_whole"),
        )  # fmt: skip

    def _notes(self) -> Iterator[Part]:
        say, told = self.say, self.told
        yield Heading(say("notes"))
        notes = [self._place_note(), say("note_gap")]
        rows = told.headline[told.headline["status"].eq("not_comparable")]
        layers = {
            told.figures.figures[f].layer for s in self.sections for f in (*s.flows, *s.stocks)
        }
        for row in rows[rows["layer"].isin(layers)].itertuples():
            reasons = reasons_of(row, self.words, told.figures)
            name = self.words.of(row.name_zh, row.name_en)
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
            yield Paragraph(f"{k}. {note}" if told.lang == "en" else f"{k}．{note}")

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


_NUMERALS = "一二三四五六七八九十"


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
            mark = f"{_NUMERALS[heading]}、" if say.lang == "zh" else f"{heading + 1}. "
            heading += 1
            out.append(Heading(mark + part.text))
        else:
            out.append(part)
    return out
