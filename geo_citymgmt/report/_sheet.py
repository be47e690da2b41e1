"""One sheet of paper for a district, and a map of the city: what they say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from geo_citymgmt._gate import Gate
from geo_citymgmt._languages import Messages, Text, listed, packaged_table
from geo_citymgmt._numbers import NONE, Scale, on_one_line, percent, scale_for, told, unit_label
from geo_citymgmt.cases._campaigns import Campaign
from geo_citymgmt.errors import CityDataError, did_you_mean
from geo_citymgmt.figures._tables import zone_names
from geo_citymgmt.maps._labels import status_shown
from geo_citymgmt.report._lists import case_table, registers_with_deadline
from geo_citymgmt.report._page import source_name
from geo_citymgmt.report._page_first import known_amount
from geo_citymgmt.report._page_parts import (
    COMPARED,
    against_pace,
    against_start,
    against_target,
)
from geo_citymgmt.report._release import map_approval, publisher
from geo_citymgmt.report._sheet_map import (
    Drawn,
    due_map,
    layers_to_draw,
    records_map,
    rows_of,
)
from geo_citymgmt.report._summary import Summary
from geo_citymgmt.report._words import Words
from geo_citymgmt.report.bulletin._model import Column, Table

if TYPE_CHECKING:
    from geo_citymgmt.cases._register import Register
    from geo_citymgmt.city import City

_MESSAGES = Messages("geo_citymgmt.report")
#: Cases on a sheet, and courses of figures.
_WORST, _COURSES = 10, 2
_LAYERS = 12
_FLOWS = ("opening", "found", "relapsed", "closed", "dismissed", "closing")


@dataclass(frozen=True, slots=True)
class Task:
    """A figure against its target: in words, as shares, and its status."""

    name: str
    amount: str
    told: str
    status: str
    share: float
    due: float


@dataclass(frozen=True, slots=True)
class Course:
    """A figure at the month ends of a year, and what was due; ``scale`` says how it is written."""

    name: str
    days: tuple[pd.Timestamp, ...]
    values: tuple[float, ...]
    due: tuple[float, ...]
    scale: Scale
    status: str


@dataclass(frozen=True)
class Sheet:
    """All that a sheet says, in the order in which it stands there."""

    stamp: str
    title: str
    under: str
    lead: str
    tasks: list[Task]
    drawn: Drawn
    why: Table | None
    courses: list[Course]
    cases: Table | None
    layers: Table | None
    foot: list[str]


def find_zone(city: City, zone: str) -> str:
    """Return the code of a district by its code or one of its names.

    Raises
    ------
    CityDataError
        There is none, with the names of those there are; or several are meant, with their codes.

    Examples
    --------
    >>> import geo_citymgmt as gcm
    >>> find_zone(gcm.sample_city(layers=[]), "昆山市")
    '320583'
    """
    known = {str(code): {str(code)} for code in city.zones.index}
    for lang in ("zh", "en"):
        for code, name in zone_names(city.zones, lang).items():
            known.setdefault(str(name).strip().casefold(), set()).add(str(code))
    if not known:
        raise _MESSAGES.error(CityDataError, "sheet_no_zones", zone=zone, unit=city.unit)
    wanted = str(zone).strip().casefold()
    # 昆山 is 昆山市, where no other begins so.
    longer = [codes for name, codes in known.items() if wanted and name.startswith(wanted)]
    meant = sorted(known.get(wanted) or set().union(*longer))
    if len(meant) == 1:
        return meant[0]
    if meant:
        of_each = [zone_names(city.zones, lang).astype("str") for lang in ("zh", "en")]
        zh, en = (listed(f"{names[code]} ({code})" for code in meant) for names in of_each)
        raise _MESSAGES.error(
            CityDataError, "sheet_which_zone", zone=zone, unit=city.unit, code=meant[0],
            names=Text(zh.zh, en.en),
        )  # fmt: skip
    names = [zone_names(city.zones, lang).tolist() for lang in ("zh", "en")]
    zh, en = (listed(each) for each in names)
    raise _MESSAGES.error(
        CityDataError, "sheet_no_zone", zone=zone, unit=city.unit,
        near=did_you_mean(str(zone), [*names[0], *names[1]]),
        names=Text(zh.zh, en.en),
    )  # fmt: skip


def task_rows(results: Summary, zone: str | None) -> pd.DataFrame:
    """Return what has a target and a value, the furthest behind first."""
    rows = results.headline.reset_index(drop=True)
    if zone is not None:
        rows = results.standings[results.standings["zone_code"] == zone]
        rows = rows[rows["indicator"].isin(results.headline.index)]
    rows = rows[rows["target"].notna() & rows["value"].notna()]
    return rows.sort_values("distance", kind="stable")


def stock_flows(results: Summary, zone: str | None) -> Iterator[tuple[Campaign, pd.DataFrame]]:
    """Yield each campaign whose stock is known, with its rows of the zone."""
    for campaign in results.campaigns:
        if campaign.flow is None:
            continue
        rows = campaign.flow
        here = rows["row_kind"].eq("total") if zone is None else rows["zone_code"].eq(zone)
        rows = rows[here]
        rows = rows[rows["opening"].notna() & rows["closing"].notna()]
        if rows["quantity"].eq("count").any():
            yield campaign, rows


def courses(results: Summary, rows: pd.DataFrame, zone: str | None) -> list[Course]:
    """Return the first figures of ``rows`` that moved in the year, at its month ends."""
    series, out = results.series, []
    if series.empty:
        return []
    of_zone = series["level"].eq("city") if zone is None else series["zone_code"].eq(zone)
    of_zone &= series["level"].isin(["city", "district"])
    for row in rows.itertuples():
        figure = results.figures.figures[row.indicator]
        months = series[of_zone & series["indicator"].eq(row.indicator)].dropna(subset="value")
        months = months.sort_values("as_of")
        if figure.level or len(months) < 3 or not months["value"].abs().max() > 0:
            continue
        out.append(
            Course(
                results.words.named(row), tuple(months["as_of"]),
                tuple(months["value"].astype(float)), tuple(months["expected"].astype(float)),
                results.scales[row.indicator], str(row.status),
            )
        )  # fmt: skip
        if len(out) == _COURSES:
            break
    return out


class SheetMaker:
    """Words the sheets of a report; what several of them ask is worked out once."""

    def __init__(self, results: Summary) -> None:
        self.results, self.city, self.words = results, results.city, results.words
        self.lang = results.lang
        table = packaged_table("geo_citymgmt.report", "sheet.toml")
        self.say = Words(self.lang, table, unit=self.city.unit)
        self.is_public = results.release == "public"

    def sheet(self, zone: str | None) -> Sheet:
        """Return the sheet of a district by its code; of the whole city without one."""
        say, rows = self.say, task_rows(self.results, zone)
        name = self.name_of(zone)
        tasks = [self.task(row) for row in rows.itertuples()] or self._figures(zone)
        flows = list(stock_flows(self.results, zone))
        return Sheet(
            stamp=self.results.stamp,
            title=say("title", zone=name),
            under=self._under(zone),
            lead=self._lead(name, rows, flows, zone),
            tasks=tasks,
            drawn=self._drawn(zone, rows),
            why=self._why(flows, zone),
            courses=courses(self.results, rows, zone),
            cases=None if self.is_public else self._cases(zone),
            layers=None if self.is_public or len(rows) else self._layers(zone),
            foot=self.foot(),
        )  # fmt: skip

    def map_sheet(self, zone: str | None) -> Sheet:
        """Return what a map alone says: of the city what is due, of a district its records."""
        drawn = self._drawn(zone, task_rows(self.results, zone))
        if zone is None and self.city.has_zones:
            by_due = due_map(self.results, self.say, task_rows(self.results, None), None)
            # Where nothing is due, a map of records says more.
            drawn = by_due if by_due.legend or self.is_public else drawn
        title = self.say("map_title", zone=self.name_of(zone), title=drawn.title)
        return Sheet(
            self.results.stamp,
            title,
            self._under(zone),
            "",
            [],
            drawn,
            None,
            [],
            None,
            None,
            self.foot(),
        )

    def _under(self, zone: str | None) -> str:
        key = "under" if self._day else "under_undated"
        # Of the city its name is the title.
        key = key if zone is not None else f"{key}_city"
        return self.say(key, city=self.words.named(self.city), day=self._day)

    def name_of(self, zone: str | None) -> str:
        """Return what a sheet is about."""
        return self.words.named(self.city) if zone is None else str(self.results.zone_names[zone])

    def foot(self) -> list[str]:
        """Return source, who drew it, the day, and the map's number of approval or room for it."""
        say, city = self.say, self.city
        out = [
            say("source", source=source_name(self.results)),
            say("drawn_by", name=publisher(city, self.lang) or say("blank")),
            say("date" if self._day else "date_none", day=self._day),
        ]
        out.append(say("approval", number=map_approval(city) or say("blank")))
        if city.findings["code"].eq("ZONES_PACKAGED").any():
            out.append(say("demo"))
        return out

    @property
    def _day(self) -> str:
        day = self.results.as_of
        if day is None:
            return ""
        return self.say("day", y=day.year, m=day.month, d=day.day, date=f"{day:%Y-%m-%d}")

    # -- figures

    def _amount(self, row: Any, value: Any) -> str:
        return on_one_line(self.results.scales[row.indicator].amount(value))

    def _told(self, row: Any) -> str:
        """Say how far a figure is from what is due."""
        words, figure = self.words, self.results.figures.figures[row.indicator]
        if row.status not in COMPARED:
            # Records that are not clear may make it one or the other.
            return words.name("status", status_shown(row.status, row.expected, row.target))
        if pd.notna(row.expected_share):
            return against_pace(words, row.attainment, row.expected_share).replace(
                words("share_in", share=percent(row.expected_share)), ""
            )
        if figure.level and pd.notna(row.attainment):
            return against_target(words, row)
        if figure.direction == "down" and pd.notna(row.attainment):
            return against_start(words, row)
        return words.name("status", status_shown(row.status, row.expected, row.target))

    def task(self, row: Any) -> Task:
        """Return a row of progress, with its distance to what is due, in words."""
        figure = self.results.figures.figures[row.indicator]
        key = "task_none" if figure.direction == "down" and not row.target else "task_amount"
        value = known_amount(self.words, self.results.scales[row.indicator], row)
        value, target = on_one_line(value), self._amount(row, row.target)
        share = float(row.attainment) if pd.notna(row.attainment) else float("nan")
        due = float(row.expected_share) if pd.notna(row.expected_share) else float("nan")
        return Task(
            self.words.named(row),
            self.say(key, value=value, target=target),
            self._told(row), str(row.status), share, due,
        )  # fmt: skip

    def _figures(self, zone: str | None) -> list[Task]:
        """Return the figures that have a value, for a zone to which no target is set."""
        rows = self.results.headline.reset_index(drop=True)
        if zone is not None:
            rows = self.results.table
            rows = rows[rows["level"].eq("district") & rows["zone_code"].eq(zone)]
            rows = rows[rows["row_kind"].eq("zone")]
        rows = rows[rows["value"].fillna(0).ne(0)]
        return [
            Task(self.words.named(row), self._amount(row, row.value), "", "", np.nan, np.nan)
            for row in rows.itertuples()
        ]

    def _lead(
        self, name: str, rows: pd.DataFrame, flows: list[tuple[Campaign, pd.DataFrame]],
        zone: str | None,
    ) -> str:  # fmt: skip
        say, words = self.say, self.words
        compared = rows[rows["status"].isin(COMPARED)]
        if compared.empty:
            some = len(rows) > 0 or any(
                len(rows_of(self.results, layer, zone)) for layer in layers_to_draw(self.results)
            )
            # Compared they would be if all records were known.
            unsure = int((rows["status"].eq("not_available") & rows["low"].notna()).sum())
            key = "lead_unsure" if unsure else "lead_none" if some else "lead_nothing"
            return say(key, zone=name, n=unsure)
        keys = [status_shown(r.status, r.expected, r.target) for r in compared.itertuples()]
        counts = [
            say("lead_count", status=words.name("status", key), n=n)
            for key, n in pd.Series(keys).value_counts(sort=False).items()
        ]
        first = next(compared.itertuples())
        most = ""
        if first.status in ("behind", "overdue"):
            most = say("lead_most", name=words.named(first), told=self._told(first))
        text = say(
            "lead" if self._day else "lead_undated", day=self._day, zone=name, n=len(compared),
            counts=words.listed(counts), most=most,
        )  # fmt: skip
        gap = "" if self.lang == "zh" else " "
        for campaign, table in flows[:1]:
            row = table[table["quantity"] == "count"].iloc[0]
            numbers = {k: told(row[k]) for k in _FLOWS}
            layer = self.results.layer_name(campaign.layer)
            counter = self.city.specs[campaign.layer].counter
            text += gap + say("lead_flow", layer=layer, counter=counter, **numbers)
        return text.strip()

    def _why(self, flows: list[tuple[Campaign, pd.DataFrame]], zone: str | None) -> Table | None:
        """Return opening, found, closed and closing, and what of it is overdue."""
        if not flows:
            return None
        words, say = self.words, self.say
        columns = [Column("", say("why_what"), 1.5, number=False)]
        columns += [Column("", words(f"flow_{name}"), 1) for name in (*_FLOWS, "net")]
        campaign, table = flows[0]
        late = self._late(campaign.layer, zone)
        if late is not None:
            columns.append(Column("", say("why_late"), 1))
        rows = []
        for row in table.itertuples():
            scale = scale_for(table.loc[table["quantity"] == row.quantity, [*_FLOWS]].to_numpy(),
                              row.unit, self.lang)  # fmt: skip
            head = say("cases_unit", counter=self.city.specs[campaign.layer].counter)
            if row.quantity != "count":
                head = say("area_unit", unit=scale.unit or unit_label(row.unit, self.lang))
            net = row.closing - row.opening
            cells = [scale.text(getattr(row, name)) or NONE for name in _FLOWS]
            cells.append("+" * (net > 0) + scale.text(net).replace("-", "−"))
            if late is not None:
                sums = late["overdue_remaining"].sum() if "overdue_remaining" in late else None
                cells.append(scale.text(len(late) if row.quantity == "count" else sums))
            rows.append((head, *cells))
        title = say("why", layer=self.results.layer_name(campaign.layer))
        return Table(title, tuple(columns), tuple(rows))

    def _layers(self, zone: str | None) -> Table | None:
        """Return what there is of each layer and in which states, for who has no targets."""
        say = self.say
        rows: list[tuple[str, ...]] = []
        for layer in layers_to_draw(self.results):
            here = rows_of(self.results, layer, zone)
            if not len(here):
                continue
            spec = self.city.specs[layer]
            shapes = self.city[layer].geometry.to_numpy()[here]
            unplaced = int((shapely.is_missing(shapes) | shapely.is_empty(shapes)).sum())
            counts = ""
            if spec.state_field:
                codes = spec.fields[spec.state_field].codes
                states = self.results.facts.states(layer, self.results.as_of).iloc[here]
                names = {code: self.words.label(label) for code, label in codes.items()}
                named = states.map(names).fillna(self.words("state_unknown"))
                # Before it was found there was nothing to count.
                tally = named[states.ne("").fillna(True).to_numpy()].value_counts()
                if set(tally.index) & set(names.values()):
                    counts = self.words.listed([f"{name} {n:,}" for name, n in tally.items()])
            rows.append((self.results.layer_name(layer), f"{len(here):,}", f"{unplaced:,}", counts))
        if not rows:
            return None
        heads = [("layer", 2.0, False), ("layers_records", 1.0, True),
                 ("layers_unplaced", 1.0, True), ("layers_states", 5.0, False)]  # fmt: skip
        if not any(row[-1] for row in rows):
            heads, rows = heads[:-1], [row[:-1] for row in rows]
        columns = tuple(Column("", say(key), width, number=n) for key, width, n in heads)
        return Table(say("layers"), columns, tuple(rows[:_LAYERS]))

    def _drawn(self, zone: str | None, rows: pd.DataFrame) -> Drawn:
        if self.is_public:
            return due_map(self.results, self.say, rows, zone)
        return records_map(self.results, self.say, zone)

    # -- cases

    @cached_property
    def _tables(self) -> list[tuple[Register, pd.DataFrame]]:
        day = self.results.as_of
        registers = registers_with_deadline(self.results.facts, Gate("write_sheet"))
        first = {c.layer: k for k, c in enumerate(self.results.campaigns)}
        registers.sort(key=lambda r: first.get(r.layer, len(first)))
        return [(r, case_table(r, day, self.words)) for r in registers]

    def _late(self, layer: str, zone: str | None) -> pd.DataFrame | None:
        for register, table in self._tables:
            if register.layer == layer:
                return table if zone is None else table[table["district_code"] == zone]
        return None

    def _cases(self, zone: str | None) -> Table | None:
        """Return the ten worst: of the layer of the campaign first, then of others."""
        if not self._tables:
            return None
        say, words = self.say, self.words
        rows: list[tuple[str, ...]] = []
        number, kinds = 0, []
        for register, _ in self._tables:
            table = self._late(register.layer, zone)
            assert table is not None
            number += len(table)
            kinds += [register] if len(table) else []
            unit = ""
            if register.spec.measure and register.has_size:
                unit = unit_label(register.spec.fields[register.spec.measure].unit, self.lang)
            for row in table.head(_WORST - len(rows)).to_dict("records"):
                left = row.get("overdue_remaining")
                rows.append(
                    (
                        str(len(rows) + 1), self.results.layer_name(register.layer), str(row["id"]),
                        row["overdue_marks"], _place(row, zone),
                        NONE if left is None or pd.isna(left) else f"{left:,.0f} {unit}".strip(),
                        row["status"], f"{row['deadline']:%Y-%m-%d}", f"{row['overdue_days']:,}",
                    )
                )  # fmt: skip
        if not rows:
            return Table(say("cases_title"), (), (), note=say("cases_none"))
        heads = (
            ("rank_word", 0.5, True), ("", 1.1, False), ("key", 1.7, False),
            ("overdue_marks", 1.5, False), ("overdue_place", 3.0, False), ("remaining", 1.2, True),
            ("status", 1.0, False), ("deadline", 1.2, False), ("overdue_days", 0.9, True),
        )  # fmt: skip
        columns = tuple(
            Column("", words(key) if key else say("layer"), width, number=is_number)
            for key, width, is_number in heads
        )
        key = "cases" if number > len(rows) else "cases_all"
        # Of several kinds, each with its own measure word, one that is of none.
        what, counter = say("cases_title"), "项"
        if len(kinds) == 1:
            # All of one kind: the title says it once.
            what = say("cases_of", layer=self.results.layer_name(kinds[0].layer))
            counter = kinds[0].spec.counter
            columns = columns[:1] + columns[2:]
            rows = [row[:1] + row[2:] for row in rows]
        title = say(key, n=len(rows), of=f"{number:,}", counter=counter, what=what)
        return Table(title, columns, tuple(rows))


def _place(row: dict[str, Any], zone: str | None) -> str:
    """Return where a case is, without the district that the sheet is about."""
    place, district = str(row["overdue_place"]), str(row["district"])
    return place if zone is None or place == district else place.removeprefix(district).strip()
