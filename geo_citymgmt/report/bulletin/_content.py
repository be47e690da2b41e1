"""What a bulletin says, from the summary of a report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geo_citymgmt._languages import Text, capital
from geo_citymgmt._numbers import percent
from geo_citymgmt._overlay import Layered
from geo_citymgmt.errors import CityDataError
from geo_citymgmt.figures import period_table
from geo_citymgmt.figures._tables import monthly_need, zone_groups
from geo_citymgmt.report._assessment import View, assessment_views, called_units, card_view
from geo_citymgmt.report._page import source_name
from geo_citymgmt.report._page_parts import against_pace, against_start, against_target
from geo_citymgmt.report._summary import Summary, reasons_of
from geo_citymgmt.report._words import Words
from geo_citymgmt.report.bulletin._model import (
    Bulletin,
    Column,
    Heading,
    Paragraph,
    Part,
    Picture,
    Table,
)
from geo_citymgmt.report.bulletin._tables import (
    By,
    Figures,
    Grid,
    by_parts,
    district_table,
    grid_of,
    ranks,
    street_tables,
)

if TYPE_CHECKING:
    from geo_citymgmt.assessment import Card
    from geo_citymgmt.city import City


PERIODS = ("month", "quarter", "half", "year")
_NAMED = 3
#: Tasks of the next steps, and how many times this month is much.
_STEPS, _MUCH = 5, 1.1


def bulletin(
    results: Summary, *, period: str = "month", stamp: str = "", document: str = ""
) -> Bulletin:
    """Write the bulletin (通报) of a report: a period and what is cumulative, by district.

    Parameters
    ----------
    results : Summary
        Of :func:`geo_citymgmt.report._summary`; its day ends the period.
    period : {"month", "quarter", "half", "year"}
        Which period stands beside the year's running total.
    stamp : str
        Marking at the head of the first page.
    document : str
        One of those that ``bulletin.toml`` names beside it: of digital-city cases, of the
        assessment.

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
    >>> city = gcm.sample_city(layers=["illegal_construction"])
    >>> made = bulletin(gcm.report.summary(city, "2022-06-30"))
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
    return _Writer(results, period, document).bulletin(stamp)


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
    in_period: tuple[str, ...]
    in_year: tuple[str, ...]
    needs: str
    by: tuple[By, ...]


def bulletin_settings(city: City) -> Layered:
    """Return ``bulletin.toml`` as it holds for a city: the package's, its profile's, its own."""
    return city.office["bulletin"]


class _Writer:
    """The state of a bulletin under way."""

    def __init__(self, results: Summary, period: str, document: str = "") -> None:
        table = bulletin_settings(results.city).table
        own = table["document"][document] if document else table["layout"]
        text = {key: own[key] for key in ("title", "lead") if key in own}
        table = {**table, "text": {**table["text"], **text}}
        sections = table["section"]
        if document:
            sections = {key: sections[key] for key in own.get("sections", ()) if key in sections}
        self.document, self.order = document, [str(part) for part in own["parts"]]
        self.held: list[Table] = []
        self.results, self.period, self.words = results, period, results.words
        self.say = Words(results.lang, table, unit=results.city.unit)
        self.city = results.city
        assert results.as_of is not None
        self.day: pd.Timestamp = results.as_of
        self.has_streets = self.city.has_zones and "street" in self.city.zones_by_level
        streets = self.has_streets and "streets" in self.order
        self.level = "street" if streets else "district"
        left = table["leftovers"]["figures"] if "leftovers" in self.order else ()
        self.left = [str(f) for f in left]
        self.concentrated = [str(f) for f in table["leftovers"]["concentrated"]]
        wanted = {
            f
            # One of no section tells of none, but has the period of all.
            for s in (sections or table["section"]).values()
            for kind in ("flows", "stocks", "period", "year")
            for f in s.get(kind, ())
        }
        known = [f for f in (*sorted(wanted), *self.left) if f in results.figures.figures]
        self.spans = list(dict.fromkeys((period, "year")))
        self.periods = period_table(
            results.facts,
            as_of=self.day,
            periods=self.spans,
            indicators=list(dict.fromkeys(known)),
            level=self.level,
        )
        self.grid: Grid = grid_of(self.periods, results.scales, self.words)
        rows = self.periods[self.periods["level"].eq("city")]
        self.city_rows = rows.set_index(["indicator", "period"])
        first = [key for key in table["layout"]["sections"] if key in sections]
        order = dict.fromkeys([*first, *sections])
        kept = (self._section(key, sections[key]) for key in order)
        self.sections = [section for section in kept if section is not None]

    def bulletin(self, stamp: str) -> Bulletin:
        say, city = self.say, self.city
        made = {
            "overview": self._overview, "ranks": self._ranks, "tables": self._tables,
            "leftovers": self._leftovers,
            "assessment": self._assessment, "notes": self._notes, "streets": self._annex,
            "called": self._called, "audit": self._audit, "by": self._by,
            "pictures": self._pictures, "next": self._next,
        }  # fmt: skip
        parts: list[Part] = [Paragraph(say("lead", period=self._span()))]
        parts = [*(parts if self.document else ()), *(p for n in self.order for p in made[n]())]
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
        in_period, in_year = (
            tuple(f for f in table.get(kind, flows) if self.grid.has(f))
            for kind in ("period", "year")
        )
        by = tuple(By.read(entry) for entry in table.get("by", {}).values())
        streets = bool(table.get("streets")) and shown
        needs = str(table.get("needs", ""))
        return _Section(key, flows, stocks, rank, streets, shown, in_period, in_year, needs, by)

    def _told(self, section: _Section) -> str:
        """Return the period of a section: the year so far where there is nothing of another."""
        silent = section.needs and not self.grid.at("city", "total", section.needs, self.period) > 0
        return "year" if silent else self.period

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
        name = self.words.midway(self.grid.names[figure])
        value = self._reported(figure, float(row["value"]))
        flow = row["kind"] == "period"
        if flow and not row["value"]:
            short = self.say.name("head", figure)
            # Of a short heading alone an English sentence does not say what there is none of.
            full = short == figure or self.say.lang == "en"
            return self.say("nothing_now", name=name if full else short)
        changes = [
            self._change(figure, row, f"{column}change", earlier, word)
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
            terms = {term: f"{row[term]:,.0f}" for term in ("numerator", "denominator")}
            item = phrase.format(value=value, **terms)
        return self.say("item_changed", item=item, change=joined) if compared and joined else item

    def _change(self, figure: str, row: Any, change: str, before: str, word: str) -> str:
        ratio, earlier, now = row[f"{change}_ratio"], row[before], row["value"]
        if pd.isna(earlier):
            return ""
        if earlier == now:
            return self.say(f"same_{word}")
        if row["unit"] == "ratio":
            # Shares differ in points.
            points, way = round(100 * row[change], 1), "up" if row[change] > 0 else "down"
            if not points:
                return self.say(f"same_{word}")
            return self.say(f"points_{way}_{word}", n=f"{abs(points):,.1f}")
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
        if not self.document:
            yield Paragraph(say("lead", period=self._span()))
        yield Heading(say("overview"))
        for section in self.sections:
            text, told = "", self._told(section)
            if told != self.period:
                name = say.name("name", section.key)
                text += say("part_silent", span=self._span(), name=name)
            elif told != "year" and (items := self._items(section.flows, told)):
                text += say("part_period", span=self._span(), items=items)
            flows = section.flows if told == "year" else section.in_year
            if items := self._items(flows, "year"):
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
        # The pace that most of them share is said once.
        paces = pd.Series([percent(share) for share in rows["expected_share"].dropna()], dtype=str)
        pace = paces.mode().iloc[0] if paces.nunique() < len(paces) else ""
        said = self.words("share_in", share=pace)
        items = [self._against(row).replace(said, "") for row in rows.itertuples()]
        if not items:
            return ""
        key = "part_targets_paced" if pace else "part_targets"
        return self.say(key, items=self._clauses(items), share=pace)

    def _against(self, row: Any) -> str:
        """Say a figure against its target: an amount, a fall, or a level that is kept."""
        figure = self.results.figures.figures[str(row.Index)]
        scale, say, words = self.results.scales[figure.id], self.say, self.words
        target = scale.amount(row.target)
        name = words.midway(words.named(row))
        if figure.level:
            if not row.target:
                now = scale.amount(row.value) if row.value else say("none_now")
                return say("target_none", name=name, value=now)
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

    def _pictures(self) -> Iterator[Part]:
        """Show the tasks beside their pace, and the districts where a map may be shown."""
        # Here: it brings the library that draws.
        from geo_citymgmt.report.bulletin._pictures import pictures

        return pictures(self.results, self.say)

    def _next(self) -> Iterator[Part]:
        """Say what each month must bring, that overdue cases come first, and who is behind."""
        said = [*self._next_tasks(), *self._next_late(), *self._next_last()]
        if said:
            yield Heading(self.say("next"))
            yield from said

    def _next_tasks(self) -> Iterator[Part]:
        say, results = self.say, self.results
        rows = results.headline
        rows = rows[rows["status"].eq("behind")].sort_values("distance", kind="stable")
        if rows.empty or results.outlook.empty:
            return
        months = period_table(results.facts, as_of=self.day, periods="month",
                              indicators=rows.index.tolist(), level="city")  # fmt: skip
        need = monthly_need(results.outlook, months, results.figures)
        items = []
        for row in rows[rows.index.isin(need.index)].head(_STEPS).itertuples():
            figure, wants = str(row.Index), need.loc[row.Index]
            times = ""
            if pd.notna(wants["times"]) and wants["times"] >= _MUCH:
                brought = self._reported(figure, float(wants["brought"]))
                period = say("next_month", y=self.day.year, m=self.day.month)
                times = say("next_times", period=period, brought=brought,
                            times=f"{wants['times']:,.1f}")  # fmt: skip
            down = results.figures.figures[figure].direction == "down"
            needed = self._reported(figure, float(wants["needed"]))
            name = self.words.midway(self.words.named(row))
            items.append(
                say("next_fall" if down else "next_task", name=name,
                    by=self._by_day(wants["deadline"]), needed=needed, times=times)
            )  # fmt: skip
        if items:
            text = self.words("sentence", text=capital(self._clauses(items)))
            yield Paragraph(text, say("next_tasks"))

    def _by_day(self, day: pd.Timestamp) -> str:
        say, parts = self.say, {"y": day.year, "m": day.month, "d": day.day}
        by = say("next_by_month" if day.is_month_end else "next_by_day", **parts)
        return by if day.year == self.day.year else say("next_by_year", y=day.year, by=by)

    def _next_late(self) -> Iterator[Part]:
        say = self.say
        late = [f for f in self.concentrated if self.grid.has(f)]
        late = [f for f in late if self.grid.at("city", "total", f, "year") > 0]
        if not late:
            return
        text = say("next_late_text")
        places = self._most(late[0])
        if len(places):
            names = [str(self.results.zone_names[code]) for code in places.index]
            text += say("next_late_where", places=self.words.listed(names))
        yield Paragraph(text, say("next_late"))

    def _most(self, figure: str) -> pd.Series:
        """Return the districts that have most of a figure; none where it is not in some of them."""
        values = pd.Series(
            {c: self.grid.at("district", str(c), figure, "year")
             for c in self.results.zone_names.index}, dtype=float,
        ).dropna()  # fmt: skip
        if values.sum() <= 0 or len(values) <= _NAMED:
            return values.iloc[:0]
        return values.sort_values(ascending=False, kind="stable").head(_NAMED)

    def _next_last(self) -> Iterator[Part]:
        """Name who is last of a group and behind what is due, section by section."""
        say, items = self.say, []
        groups, names = zone_groups(self.city.zones), self.results.zone_names
        for section in (s for s in self.sections if s.has_table and s.rank):
            attained, _ = self._ranking_of(section)
            if attained is None:
                continue
            place, low = ranks(attained, groups), self._low(section.rank)
            last = []
            for group in dict.fromkeys(groups):
                ranked = place[groups == group].dropna()
                worst = ranked[ranked == ranked.max()] if len(ranked) > 1 else ranked.iloc[:0]
                last += [str(names[code]) for code in worst.index if str(code) in low]
            if last:
                name = say.name("name", section.key)
                items.append(say("next_last_item", section=name, names=self.words.listed(last)))
        if items:
            yield Paragraph(say("next_last_text", items=self._clauses(items)), say("next_last"))

    def _known(self, key: str) -> list[str]:
        section = next(s for s in self.sections if s.key == key)
        return [*section.flows, *section.stocks]

    def _shares(self, figure: str, period: str) -> pd.Series | None:
        """Return a share by district, the better the higher, where it is one to rank by."""
        known = self.results.figures.figures.get(figure)
        if known is None or known.unit != "ratio" or not self.city.has_zones:
            return None
        codes = [str(code) for code in self.results.zone_names.index]
        out = pd.Series({code: self.grid.at("district", code, figure, period) for code in codes})
        return (1 - out if known.direction == "down" else out) if out.notna().any() else None

    def _attained(self, figure: str) -> pd.Series | None:
        """Return attainment by district and in total, where districts have targets."""
        rows = self.results.table
        rows = rows[rows["indicator"].eq(figure) & rows["level"].isin(["city", "district"])]
        rows = rows[rows["row_kind"].isin(["zone", "total"])]
        at = rows["zone_code"].where(rows["level"].eq("district"), "total")
        out = pd.Series(rows["attainment"].to_numpy(dtype=float), index=at.to_numpy(dtype=object))
        return out if out.drop(labels="total", errors="ignore").notna().any() else None

    def _ranks(self) -> Iterator[Part]:
        said = [
            p for section in self.sections if section.has_table for p in self._ranked_by(section)
        ]
        if said:
            yield Heading(self.say("ranks"))
            yield from said

    def _ranking_of(self, section: _Section) -> tuple[pd.Series | None, bool]:
        """Return what districts of a section rank by, and whether it is a share of theirs."""
        attained = self._attained(section.rank) if section.rank else None
        shares = self._shares(section.rank, self._told(section)) if attained is None else None
        return (attained, False) if shares is None else (shares, True)

    def _ranked_by(self, section: _Section) -> Iterator[Part]:
        say, lead = self.say, self.say.name("name", section.key)
        if section.rank not in self.results.figures.figures:
            return
        label = self.words.midway(self.words.label(self.results.figures.figures[section.rank]))
        attained, by_value = self._ranking_of(section)
        if attained is not None:
            groups = self._ranking(section.rank, attained)
            key = "rank_value" if by_value else "rank_lead"
            yield Paragraph(say(key, figure=label, groups=groups).strip(), lead)
        elif self.results.has_targets:
            yield Paragraph(say("rank_off", figure=label).strip(), lead)

    def _tables(self) -> Iterator[Part]:
        say = self.say
        tables = [*self._district_tables(), *self.held]
        if tables:
            yield Heading(say("tables", n=len(tables)))
            yield from tables

    def _district_tables(self) -> Iterator[Part]:
        say = self.say
        for section in (s for s in self.sections if s.has_table):
            name = say.name("name", section.key)
            attained, by_value = self._ranking_of(section)
            yield district_table(
                self.grid,
                Figures(
                    section.in_period,
                    section.stocks,
                    attained,
                    section.rank,
                    section.in_year,
                    by_value,
                ),
                self.city,
                self.words,
                say,
                period=self._told(section),
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
        items = self._items(figures, "year", compared=False)
        yield Paragraph(say("leftover_lead", day=self._day(), items=items))
        names = self.results.zone_names
        text = ""
        for figure in (f for f in self.concentrated if f in figures):
            total, top = self.grid.at("city", "total", figure, "year"), self._most(figure)
            if top.empty:
                continue
            phrase = self.say.name("phrase", figure)
            name = self.grid.names[figure] if phrase == figure else phrase.format(value="").strip()
            text += say(
                "leftover_where",
                name=capital(name),
                places=self.words.listed([str(names[c]) for c in top.index]),
                share=percent(top.sum() / total),
            )
        if text:
            yield Paragraph(text.strip())
        yield from self._in_place("leftovers", district_table(
            self.grid, Figures((), figures), self.city, self.words, say,
            period="year",
            title=say("leftover_table" if self.city.has_zones else "leftover_whole"),
        ))  # fmt: skip

    def _in_place(self, name: str, table: Table) -> Iterator[Part]:
        """Yield a table of a part, or keep it for those that come together later."""
        if "tables" in self.order[self.order.index(name) :]:
            self.held.append(table)
        else:
            yield table

    def _assessment(self) -> Iterator[Part]:
        """Say who ranks where by the office's own rules, whom to call in, where to look."""
        made, say, words = self.results.assessment, self.say, self.words
        if not made:
            return
        yield Heading(say("assessment"))
        for card in made.cards:
            yield Paragraph(self._ranked(card), card.name.of(words.lang))
            table = _view_table(card_view(made, card, words), words("note"), card)
            yield from self._in_place("assessment", table)
        called: dict[str, list[str]] = {}
        for unit, rule, _, _ in called_units(made, self.city, words):
            called.setdefault(unit, []).append(rule)
        if called:
            items = [say("assess_called_unit", name=unit, rules=words.joined(rules))
                     for unit, rules in called.items()]  # fmt: skip
            yield Paragraph(say("assess_called", n=len(called), items=self._clauses(items)))

    def _called(self) -> Iterator[Part]:
        yield from (_view_table(view) for view in self._views("assess_called"))

    def _audit(self) -> Iterator[Part]:
        for view in self._views("assess_audit"):
            yield Heading(self.say("assess_audit"), annex=True)
            yield _view_table(view)

    def _views(self, key: str) -> list[View]:
        made = self.results.assessment
        views = assessment_views(made, self.city, self.words) if made else []
        return [view for view in views if view.key == key]

    def _by(self) -> Iterator[Part]:
        """Tell a section by other things than districts: sources, kinds, responsible units."""
        for section in self.sections:
            period = self._told(section)
            for by in section.by:
                yield from by_parts(self.results, by, self.say, period)

    def _ranked(self, card: Card) -> str:
        """Say who reported, and who is last of each group and for how long."""
        say, words, table = self.say, self.words, card.table
        word = card.unit.of(words.lang) or (say("street") if card.of == "street" else "")
        named = {"unit": word, "units": word} if word else {}
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
        told = {f for s in self.sections for f in (*s.flows, *s.stocks, *s.in_year)} | {*self.left}
        layers = {
            results.figures.figures[f].layer for s in self.sections for f in (*s.flows, *s.stocks)
        }
        # One note a reason, with all that it is about.
        about: dict[tuple[str, str], list[str]] = {}
        for row in rows[rows["layer"].isin(layers)].itertuples():
            reason = self.words.joined(reasons_of(row, self.words, results.figures))
            about.setdefault(("incomparable", reason), []).append(self.words.named(row))
        noted = self.periods[self.periods["level"].eq("city") & self.periods["note_zh"].ne("")]
        noted = noted[noted["indicator"].isin(told)]
        # That something is not compared for want of earlier records, one note says of all.
        lacks = noted["previous"].isna() | noted["year_ago"].isna()
        few = noted["denominator"] < results.figures.small
        since = (noted["value"].notna() | noted["denominator"].eq(0)) & lacks & ~few
        for row in noted[~since].drop_duplicates("indicator").itertuples():
            note = self.words.of(row.note_zh, row.note_en)
            about.setdefault(("undated", note), []).append(self.grid.names[str(row.indicator)])
        for (kind, note), names in about.items():
            listed = self.words.listed([self.words.midway(name) for name in names])
            notes.append(capital(say(f"note_{kind}", names=listed, note=note)))
        if since.any():
            notes.append(say("note_since"))
        rejected = int(np.nansum(self.city.ledger["n_rejected"].to_numpy(dtype=float)))
        if rejected:
            notes.append(say("note_rejected", n=f"{rejected:,}"))
        if self.city.findings["code"].eq("ZONES_PACKAGED").any():
            notes.append(say("note_packaged"))
        if "streets" in self.order and not self.has_streets and self.city.has_zones:
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
        groups = [self.words.midway(name) for name in groups]
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


def _view_table(view: View, without: str = "", card: Card | None = None) -> Table:
    """Return a table of the assessment; that of a card has a line a group in place of a column.

    What its column of notes would say of the last ones, the text above it says.
    """
    kept = [k for k, (head, _) in enumerate(view.columns) if head != without]
    rows = [tuple(row[k] for k in kept) for row in view.texts()]
    if card is not None and len(card.groups) > 1:
        kept = [kept[0], *kept[2:]]
        blank = ("",) * (len(kept) - 1)
        rows = [
            line
            for group in dict.fromkeys(row[1] for row in rows)
            for line in [(group, *blank), *((r[0], *r[2:]) for r in rows if r[1] == group)]
        ]
    columns = [view.columns[k] for k in kept]
    wide = [1.2 if kind != "text" else 2.0 if k else 1.8 for k, (_, kind) in enumerate(columns)]
    heads = zip(columns, wide, strict=True)
    shown = tuple(Column("", head, width, kind != "text") for (head, kind), width in heads)
    return Table(view.title, shown, tuple(rows), frozenset(), view.note)


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
    """Number headings, tables and pictures in their order."""
    out: list[Part] = []
    heading = table = picture = 0
    for part in parts:
        if isinstance(part, Picture):
            picture += 1
            title = say("picture", n=picture, title=part.title, day=day)
            out.append(replace(part, title=title))
        elif isinstance(part, Table):
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
