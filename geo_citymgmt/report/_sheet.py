"""One sheet of paper for a district, and a map of the city: what they say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from geo_citymgmt._gate import Gate
from geo_citymgmt._numbers import Scale, percent, scale_for, unit_label
from geo_citymgmt._words import Messages, Text, listed, packaged_table
from geo_citymgmt.cases._campaigns import Campaign
from geo_citymgmt.errors import CityDataError, did_you_mean
from geo_citymgmt.figures._tables import zone_names
from geo_citymgmt.maps import _classes as colouring
from geo_citymgmt.maps._words import on_one_line, status_shown
from geo_citymgmt.report._drawings import BELOW_COLORS, BELOW_DUE, NO_VALUE, below_due
from geo_citymgmt.report._lists import case_table, registers_with_deadline
from geo_citymgmt.report._page import source_name
from geo_citymgmt.report._page_parts import (
    COMPARED,
    against_pace,
    against_start,
    against_target,
)
from geo_citymgmt.report._release import map_approval, publisher
from geo_citymgmt.report._summary import Summary
from geo_citymgmt.report._words import Words
from geo_citymgmt.report.bulletin._model import Column, Table

if TYPE_CHECKING:
    from geo_citymgmt.cases._register import Register
    from geo_citymgmt.city import City

_MESSAGES = Messages("geo_citymgmt.report")
#: Cases on a sheet, and courses of figures.
_WORST, _COURSES = 10, 2
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
class Drawn:
    """What a map shows, in a metric CRS.

    Attributes
    ----------
    title : str
    areas : list of (geometry, fill)
        Without a fill an outline is drawn.
    inner : list of geometries
        Lines within the areas: of streets.
    bold : geometry or None
        What the sheet is about.
    marks : list of (color, geometries)
        Records, drawn one upon the other.
    legend : list of (label, color, is_area)
    names : list of (text, x, y)
    legend_title : str
    """

    title: str
    areas: Sequence[tuple[shapely.Geometry, str | None]] = field(default_factory=list)
    inner: list[shapely.Geometry] = field(default_factory=list)
    bold: shapely.Geometry | None = None
    marks: list[tuple[str, np.ndarray]] = field(default_factory=list)
    legend: list[tuple[str, str, bool]] = field(default_factory=list)
    names: list[tuple[str, float, float]] = field(default_factory=list)
    legend_title: str = ""

    @property
    def bounds(self) -> tuple[float, float, float, float] | None:
        """Extent of all that is drawn; None for nothing."""
        shapes = [shape for shape, _ in self.areas]
        shapes += [shape for _, mark in self.marks for shape in mark] if not shapes else []
        shapes = [self.bold] if self.bold is not None and not self.areas else shapes
        bounds = shapely.total_bounds(np.array(shapes, dtype=object)) if shapes else [np.nan] * 4
        west, south, east, north = (float(edge) for edge in bounds)
        return (west, south, east, north) if np.isfinite(west) else None


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
    foot: list[str]


def find_zone(city: City, zone: str) -> str:
    """Return the code of a district by its code or one of its names.

    Raises
    ------
    CityDataError
        There is none, with the names of those there are.

    Examples
    --------
    >>> import geo_citymgmt as gcm
    >>> find_zone(gcm.sample_city(layers=[]), "昆山市")
    '320583'
    """
    known: dict[str, str] = {}
    for code in city.zones.index:
        known[str(code)] = str(code)
    for lang in ("zh", "en"):
        for code, name in zone_names(city.zones, lang).items():
            known.setdefault(str(name).strip().casefold(), str(code))
    wanted = str(zone).strip().casefold()
    if wanted in known:
        return known[wanted]
    # 昆山 is 昆山市, where no other begins so.
    longer = {code for name, code in known.items() if wanted and name.startswith(wanted)}
    if len(longer) == 1:
        return longer.pop()
    names = [zone_names(city.zones, lang).tolist() for lang in ("zh", "en")]
    zh, en = (listed(each) for each in names)
    raise _MESSAGES.error(
        CityDataError, "sheet_no_zone", zone=zone, unit=city.unit,
        near=did_you_mean(str(zone), [*names[0], *names[1]]),
        names=Text(zh.zh or "—", en.en or "none"),
    )  # fmt: skip


class SheetMaker:
    """Makes the sheets of a report; what several of them ask is worked out once."""

    def __init__(self, results: Summary) -> None:
        self.results, self.city, self.words = results, results.city, results.words
        self.lang = results.lang
        table = packaged_table("geo_citymgmt.report", "sheet.toml")
        self.say = Words(self.lang, table, unit=self.city.unit)
        self.is_public = results.release == "public"
        self._classes: dict[str, Any] = {}

    def sheet(self, zone: str | None) -> Sheet:
        """Return the sheet of a district by its code; of the whole city without one."""
        say, rows = self.say, self._rows(zone)
        name = self.name_of(zone)
        tasks = [self.task(row) for row in rows.itertuples()] or self._figures(zone)
        flows = list(self._flows(zone))
        return Sheet(
            stamp=self.results.stamp,
            title=say("title", zone=name),
            under=self._under,
            lead=self._lead(name, rows, flows, zone),
            tasks=tasks,
            drawn=self._drawn(zone, rows),
            why=self._why(flows, zone),
            courses=self._courses(zone, rows),
            cases=None if self.is_public else self._cases(zone),
            foot=self.foot(),
        )  # fmt: skip

    def map_sheet(self, zone: str | None) -> Sheet:
        """Return what a map alone says: of the city what is due, of a district its records."""
        drawn = self._drawn(zone, self._rows(zone))
        if zone is None and self.city.has_zones:
            by_due = self.by_due(self._rows(None), None)
            # Where nothing is due, a map of records says more.
            drawn = by_due if by_due.legend or self.is_public else drawn
        title = self.say("map_title", zone=self.name_of(zone), title=drawn.title)
        return Sheet(
            self.results.stamp,
            title,
            self._under,
            "",
            [],
            drawn,
            None,
            [],
            None,
            self.foot(numbered=True),
        )

    @property
    def _under(self) -> str:
        key = "under" if self._day else "under_undated"
        return self.say(key, city=self.words.named(self.city), day=self._day)

    def name_of(self, zone: str | None) -> str:
        """Return what a sheet is about."""
        return self.words.named(self.city) if zone is None else str(self.results.zone_names[zone])

    def foot(self, *, numbered: bool = False) -> list[str]:
        """Return source, who drew it, the day, and in public the number of the map's approval.

        With ``numbered`` there is a place for the number in any case.
        """
        say, city = self.say, self.city
        out = [
            say("source", source=source_name(self.results)),
            say("drawn_by", name=publisher(city, self.lang) or say("blank")),
            say("date" if self._day else "date_none", day=self._day),
        ]
        number = map_approval(city)
        if number or self.is_public or numbered:
            out.append(say("approval", number=number or say("blank")))
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

    def _rows(self, zone: str | None) -> pd.DataFrame:
        """Return what has a target and a value, the furthest behind first."""
        rows = self.results.headline.reset_index(drop=True)
        if zone is not None:
            rows = self.results.standings[self.results.standings["zone_code"] == zone]
            rows = rows[rows["indicator"].isin(self.results.headline.index)]
        rows = rows[rows["target"].notna() & rows["value"].notna()]
        return rows.sort_values("distance", kind="stable")

    def _amount(self, row: Any, value: Any) -> str:
        return on_one_line(self.results.scales[row.indicator].amount(value))

    def _told(self, row: Any) -> str:
        """Say how far a figure is from what is due."""
        words, figure = self.words, self.results.figures.figures[row.indicator]
        if pd.notna(row.expected_share):
            return against_pace(words, row.attainment, row.expected_share).replace(
                words("share_in", share=percent(row.expected_share)), ""
            )
        if pd.isna(row.attainment):
            key = status_shown(row.status, row.expected, row.target)
            return words.name("status", key)
        if figure.level:
            return against_target(words, row)
        if figure.direction == "down":
            return against_start(words, row)
        return words.name("status", status_shown(row.status, row.expected, row.target))

    def task(self, row: Any) -> Task:
        """Return a row of progress, with its distance to what is due, in words."""
        figure = self.results.figures.figures[row.indicator]
        key = "task_none" if figure.direction == "down" and not row.target else "task_amount"
        value, target = self._amount(row, row.value), self._amount(row, row.target)
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
                len(self._rows_of(layer, zone)) for layer in self._layers_to_draw()
            )
            return say("lead_none" if some else "lead_nothing", zone=name)
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
            numbers = {key: f"{row[key]:,.0f}" for key in _FLOWS}
            layer = self.results.layer_name(campaign.layer)
            counter = self.city.specs[campaign.layer].counter
            text += gap + say("lead_flow", layer=layer, counter=counter, **numbers)
        return text.strip()

    def _flows(self, zone: str | None) -> Iterator[tuple[Campaign, pd.DataFrame]]:
        """Yield each campaign whose stock is known, with its rows of the zone."""
        for campaign in self.results.campaigns:
            if campaign.flow is None:
                continue
            rows = campaign.flow
            here = rows["row_kind"].eq("total") if zone is None else rows["zone_code"].eq(zone)
            rows = rows[here]
            rows = rows[rows["opening"].notna() & rows["closing"].notna()]
            if rows["quantity"].eq("count").any():
                yield campaign, rows

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
            cells = [scale.text(getattr(row, name)) for name in _FLOWS]
            cells.append("+" * (net > 0) + scale.text(net).replace("-", "−"))
            if late is not None:
                sums = late["overdue_remaining"].sum() if "overdue_remaining" in late else None
                cells.append(scale.text(len(late) if row.quantity == "count" else sums))
            rows.append((head, *cells))
        title = say("why", layer=self.results.layer_name(campaign.layer))
        return Table(title, tuple(columns), tuple(rows))

    def _courses(self, zone: str | None, rows: pd.DataFrame) -> list[Course]:
        series, out = self.results.series, []
        if series.empty:
            return []
        of_zone = series["level"].eq("city") if zone is None else series["zone_code"].eq(zone)
        of_zone &= series["level"].isin(["city", "district"])
        for row in rows.itertuples():
            figure = self.results.figures.figures[row.indicator]
            months = series[of_zone & series["indicator"].eq(row.indicator)].dropna(subset="value")
            months = months.sort_values("as_of")
            if figure.level or len(months) < 3 or not months["value"].abs().max() > 0:
                continue
            scale = self.results.scales[row.indicator]
            out.append(
                Course(
                    self.words.named(row), tuple(months["as_of"]),
                    tuple(months["value"].astype(float)), tuple(months["expected"].astype(float)),
                    scale, str(row.status),
                )
            )  # fmt: skip
            if len(out) == _COURSES:
                break
        return out

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
        number, counters = 0, set()
        for register, _ in self._tables:
            table = self._late(register.layer, zone)
            assert table is not None
            number += len(table)
            counters |= {register.spec.counter} if len(table) else set()
            unit = ""
            if register.spec.measure and register.has_size:
                unit = unit_label(register.spec.fields[register.spec.measure].unit, self.lang)
            for row in table.head(_WORST - len(rows)).to_dict("records"):
                left = row.get("overdue_remaining")
                rows.append(
                    (
                        str(len(rows) + 1), self.results.layer_name(register.layer), str(row["id"]),
                        row["overdue_marks"], _place(row, zone),
                        "–" if left is None or pd.isna(left) else f"{left:,.0f} {unit}".strip(),
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
        # Of several kinds, each with its own word, one that is of none.
        counter = counters.pop() if len(counters) == 1 else "项"
        title = say(key, n=len(rows), of=f"{number:,}", counter=counter)
        return Table(title, columns, tuple(rows))

    # -- maps

    def _drawn(self, zone: str | None, rows: pd.DataFrame) -> Drawn:
        if self.is_public:
            return self.by_due(rows, zone)
        return self.records(zone)

    def records(self, zone: str | None) -> Drawn:
        """Return the map of a zone with its records, coloured by their status."""
        shape, inner, names = self._outline(zone)
        for layer in self._layers_to_draw():
            shapes, classes = self._marks(layer)
            rows = self._rows_of(layer, zone)
            rows = rows[(classes.index[rows] >= 0) & ~shapely.is_missing(shapes[rows])]
            if not len(rows):
                continue
            counts = np.bincount(classes.index[rows], minlength=len(classes.labels))
            # The commonest is drawn first, so that the rare ones are seen.
            marks = [
                (classes.colors[k], shapes[rows[classes.index[rows] == k]])
                for k in np.argsort(-counts, kind="stable")
                if counts[k]
            ]
            legend = [
                (f"{classes.labels[k]}　{counts[k]:,}", classes.colors[k], False)
                for k in np.flatnonzero(counts)
            ]
            title = self.say("map_records", layer=self.results.layer_name(layer))
            areas = [(shape, None)] if shape is not None else []
            by_status = self.city.specs[layer].states is not None
            counter = self.city.specs[layer].counter
            head = self.say("map_records_legend", counter=counter) if by_status else ""
            return Drawn(title, areas, inner, shape, marks, legend, names, head)
        if shape is None:
            return Drawn(self.say("map_none"))
        return Drawn(self.say("map_outline"), [(shape, None)], inner, shape)

    def by_due(self, rows: pd.DataFrame, zone: str | None) -> Drawn:
        """Return the map of all zones, coloured by how far they are below what is due."""
        zones, say = self.city.zones, self.say
        if not len(zones):
            return Drawn(say("map_none"))
        shapes = zones.geometry.to_numpy()
        bold = None if zone is None else shapes[zones.index.get_loc(zone)]
        distances = pd.Series(np.nan, index=zones.index.astype("str"))
        title = say("map_zones")
        for row in rows.itertuples():
            known = self.results.standings[self.results.standings["indicator"] == row.indicator]
            known = known.set_index("zone_code")["distance"].dropna()
            if len(known):
                distances = known.reindex(distances.index)
                title = say("map_due", name=self.words.named(row))
                break
        kinds = [below_due(float(value)) for value in distances]
        fills: list[str | None] = [
            NO_VALUE if kind == "q-none" else BELOW_COLORS[int(kind[1])] for kind in kinds
        ]
        points = [shapely.get_coordinates(shapely.point_on_surface(s)) for s in shapes]
        names = [
            (str(name), float(xy[0, 0]), float(xy[0, 1]))
            for name, xy in zip(self.results.zone_names, points, strict=True)
            if len(xy)
        ]
        labels = [
            say("not_below"),
            *(f"{low}–{high}" for low, high in pairwise(BELOW_DUE)),
            say("over", low=BELOW_DUE[-1]),
        ]
        legend = [(label, color, True) for label, color in zip(labels, BELOW_COLORS, strict=True)]
        legend = [entry for k, entry in enumerate(legend) if f"d{k}" in kinds]
        if distances.isna().all():
            fills = [None] * len(fills)
        elif "q-none" in kinds:
            legend.append((say("no_value"), NO_VALUE, True))
        areas = list(zip(shapes, fills, strict=True))
        head = say("map_due_legend") if distances.notna().any() else ""
        return Drawn(title, areas, [], bold, [], legend, names, head)

    def _outline(
        self, zone: str | None
    ) -> tuple[shapely.Geometry | None, list[shapely.Geometry], list[tuple[str, float, float]]]:
        """Return the outline of what is drawn, the lines in it, and the names of its parts."""
        city = self.city
        parts, names = city.zones, self.results.zone_names
        if zone is not None:
            streets = city.zones_by_level.get("street")
            parts = city.zones.iloc[:0] if streets is None else streets
            if "parent_code" in parts:
                parts = parts[parts["parent_code"].astype("str") == zone]
            else:
                parts = parts[parts.index.astype("str").str.startswith(zone)]
            names = zone_names(parts, self.lang)
        if not city.has_zones:
            return None, [], []
        shapes = parts.geometry.to_numpy()
        own = city.zones.geometry.to_numpy()
        if zone is not None:
            shape = own[city.zones.index.astype("str").get_loc(zone)]
        else:
            shape = shapely.union_all(own)
        points = [shapely.get_coordinates(shapely.point_on_surface(s)) for s in shapes]
        labels = [
            (str(name), float(xy[0, 0]), float(xy[0, 1]))
            for name, xy in zip(names, points, strict=True)
            if len(xy)
        ]
        return shape, list(shapes), labels

    def _rows_of(self, layer: str, zone: str | None) -> np.ndarray:
        """Return which records of a layer are of a zone, by their positions."""
        at = self.results.facts.membership.table(layer, "district", "owner")
        here = at if zone is None else at[at["zone_code"].astype("str") == zone]
        return np.unique(here["row"].to_numpy(dtype=int))

    def _layers_to_draw(self) -> list[str]:
        """Return the layers a map may show: what is steered, what has deadlines, the rest."""
        city = self.city
        steered = [c.layer for c in self.results.campaigns if c.flow is not None]
        late = [key for key in city if city.specs[key].overdue]
        rest = [key for key in city if city.specs[key].role == "facility"]
        return [k for k in dict.fromkeys([*steered, *late, *rest]) if len(city[k])]

    def _marks(self, layer: str) -> tuple[np.ndarray, colouring.Classes]:
        """Return the shapes of a layer's records and their classes: by status, where it has one."""
        if layer not in self._classes:
            data, spec = self.city[layer], self.city.specs[layer]
            color = spec.style.get("color", "#0072b2")
            classes = colouring.single_class(len(data), spec.name(self.lang), color)
            if spec.states is not None and spec.state_field:
                state = self.results.facts.states(layer, self.results.as_of)
                # Before it was found a record had no status.
                known = state.mask(state == "")
                item = spec.fields[spec.state_field]
                if known.notna().any():
                    classes = colouring.code_classes(known, item, spec, lang=self.lang)
            self._classes[layer] = data.geometry.to_numpy(), classes
        shapes, classes = self._classes[layer]
        return shapes, classes


def _place(row: dict[str, Any], zone: str | None) -> str:
    """Return where a case is, without the district that the sheet is about."""
    place, district = str(row["overdue_place"]), str(row["district"])
    return place if zone is None or place == district else place.removeprefix(district)
