"""Where the city stands: every figure at a date with its terms, beside its target."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geo_citymgmt._gate import Gate, names_of
from geo_citymgmt._languages import NOTHING, Messages, Text, join_texts, listed, packaged_table
from geo_citymgmt.city._tables import CITY_WORDS, given_targets
from geo_citymgmt.cleaning._place import ZoneNames
from geo_citymgmt.errors import did_you_mean
from geo_citymgmt.facts import CityFacts
from geo_citymgmt.facts._evaluation import Values, Window, levels_to
from geo_citymgmt.facts._membership import JOINT, Layout
from geo_citymgmt.indicators import Figure, Figures
from geo_citymgmt.indicators._definitions import Curve, TargetTable, sum_of_districts

if TYPE_CHECKING:
    from geo_citymgmt.city import City
    from geo_citymgmt.spec import LayerSpec

_MESSAGES = Messages("geo_citymgmt.figures")

#: Attainment, what is expected by the day, and the status, each by row.
Judgement = tuple[np.ndarray, np.ndarray, np.ndarray]
#: From blame to praise.
_BY_MERIT = ("not_available", "overdue", "behind", "on_track", "ahead", "met")
_DAY = pd.Timedelta(days=1)


# A figure, its values and its targets: each comes from elsewhere.
def judge(
    figure: Figure,
    value: np.ndarray,
    opening: np.ndarray,
    milestones: Sequence[Curve | None],
    comparator: str,
    day: pd.Timestamp | None,
    start: pd.Timestamp | None,
    thresholds: tuple[float, float],
    bounds: tuple[np.ndarray, np.ndarray] | None = None,
) -> Judgement:
    """Return attainment, expected and status for the rows of one figure.

    Where the document does not let value and target divide, there is no attainment and nothing is
    expected. A figure that is to fall is measured on what there was at the start of the period,
    ``opening``. ``thresholds`` are the shares of the expected from which on a value is ahead, and
    on track. Where records are not known ``bounds`` says between what the values lie; the status is
    then one that holds whatever these records are, ``not_available`` where none does.
    """
    n = len(value)
    target = np.array([np.nan if c is None else c.target for c in milestones])
    status = np.full(n, "no_target", dtype=object)
    attainment, expected = np.full(n, np.nan), np.full(n, np.nan)
    has_target = ~np.isnan(target)
    status[has_target] = "not_comparable"
    if not [r for r in figure.reasons if r != "no_target"]:
        expected = np.array(
            [
                np.nan if c is None else expected_at(figure, c, o, day, start)
                for c, o in zip(milestones, opening, strict=True)
            ]
        )
        if figure.direction == "down":
            fall = opening - target
            attainment = (opening - value) / np.where(fall > 0, fall, np.nan)
            attainment[value <= target] = 1.0
        else:
            attainment = value / np.where(target > 0, target, np.nan)
        late = np.array(
            [day is not None and c is not None and day > c.deadline for c in milestones], dtype=bool
        )

        def verdict(amount: np.ndarray) -> np.ndarray:
            out = _against_calendar(figure, amount, expected, thresholds)
            out[late] = "overdue"
            out[_is_met(figure, amount, target, comparator)] = "met"
            return out

        verdicts = verdict(value)
        if bounds is not None:
            verdicts = _common(verdict(bounds[0]), verdict(bounds[1]), verdicts)
        status[has_target] = verdicts[has_target]
    status[np.isnan(value)] = "not_available"
    return attainment, expected, status


def expected_at(
    figure: Figure,
    milestones: Curve,
    opening: float,
    day: pd.Timestamp | None,
    start: pd.Timestamp | None,
) -> float:
    """What is expected at the end of a day: on a straight line from one milestone to the next."""
    if figure.level:
        return milestones.target
    if day is None or start is None or pd.isna(milestones.deadline):
        return float("nan")
    begin = 0.0 if figure.direction == "up" else opening
    # The line starts at the end of the day before the period.
    days = [_number(start - _DAY), *(_number(pd.Timestamp(d)) for d in milestones.days if d == d)]
    values = [
        begin,
        *(v for d, v in zip(milestones.days, milestones.values, strict=True) if d == d),
    ]
    if days[-1] <= days[0]:
        return milestones.target
    return float(np.interp(_number(day), days, values))


def _number(day: pd.Timestamp) -> int:
    return day.toordinal()


def _is_met(figure: Figure, value: np.ndarray, target: np.ndarray, comparator: str) -> np.ndarray:
    if figure.direction == "down":
        return value <= target
    return value > target if comparator == ">" else value >= target


def _common(low: np.ndarray, high: np.ndarray, verdicts: np.ndarray) -> np.ndarray:
    """What holds at both ends: the lesser praise; no blame that the other end does not share."""
    place = {name: k for k, name in enumerate(_BY_MERIT)}
    rank = np.array([[place[name] for name in end] for end in (low, high)])
    lesser = np.array(_BY_MERIT, dtype=object)[rank.min(axis=0)] if len(low) else verdicts
    blame = place["on_track"]
    differ = (rank < blame).any(axis=0) & (rank >= blame).any(axis=0)
    return np.where(low == high, verdicts, np.where(differ, "not_available", lesser))


def _against_calendar(
    figure: Figure, value: np.ndarray, expected: np.ndarray, thresholds: tuple[float, float]
) -> np.ndarray:
    """Compare with what is expected; without a day nothing is, and there is no blame."""
    ahead, on_track = thresholds
    if figure.direction == "down":
        choices = [value <= expected * (2 - ahead), value <= expected * (2 - on_track)]
    else:
        choices = [value >= expected * ahead, value >= expected * on_track]
    out = np.select(choices, ["ahead", "on_track"], "behind").astype(object)
    out[np.isnan(expected) | np.isnan(value)] = "not_available"
    return out


def month_of(day: pd.Timestamp, month_starts: int = 1) -> pd.Timestamp:
    """Return the first day of the calendar month a day's statistical month is named after.

    Examples
    --------
    >>> [month_of(pd.Timestamp(f"2022-05-{day}"), 26).month for day in (25, 26)]
    [5, 6]
    """
    named = pd.Timestamp(day.year, day.month, 1)
    later = month_starts > 1 and day.day >= month_starts
    return named + pd.DateOffset(months=1) if later else named


def _begin(month: pd.Timestamp, month_starts: int) -> pd.Timestamp:
    """First day of the statistical month that is named after a calendar month."""
    if month_starts == 1:
        return month
    return month - pd.DateOffset(months=1) + pd.Timedelta(days=month_starts - 1)


def period_start(
    period: str, day: pd.Timestamp | None, month_starts: int = 1
) -> pd.Timestamp | None:
    """Return the first day of the period a day is in; of a half-year asked for, its own.

    Examples
    --------
    >>> period_start("quarter", pd.Timestamp("2022-06-20"), 26)
    Timestamp('2022-03-26 00:00:00')
    """
    if day is None or period == "stock":
        return None
    named = month_of(day, month_starts)
    half, quarter = 6 * ((named.month - 1) // 6) + 1, 3 * ((named.month - 1) // 3) + 1
    month = {
        "year": 1, "first_half": 1, "second_half": 7, "half": half, "quarter": quarter,
        "month": named.month,
    }[period]  # fmt: skip
    return _begin(pd.Timestamp(named.year, month, 1), month_starts)


def period_end(start: pd.Timestamp, months: int) -> pd.Timestamp:
    """Return the last day of the so many months that begin on a day."""
    return start + pd.DateOffset(months=months) - _DAY


def first_half_end(day: pd.Timestamp, month_starts: int = 1) -> pd.Timestamp:
    """Return the last day of the first half of a day's year."""
    start = period_start("first_half", day, month_starts)
    assert start is not None
    return period_end(start, 6)


def month_ends(start: pd.Timestamp, end: pd.Timestamp, month_starts: int = 1) -> list[pd.Timestamp]:
    """Return the last days of all months that end from one day to another, both included."""
    first = _begin(month_of(start, month_starts), month_starts)
    ends = []
    while (last := period_end(first, 1)) <= end:
        ends.append(last)
        first = first + pd.DateOffset(months=1)
    return [day for day in ends if day >= start]


#: Of each table: its columns with their types.
COLUMNS = packaged_table("geo_citymgmt.figures", "columns.toml")
PROGRESS_COLUMNS = tuple(COLUMNS["progress"])
_NEVER = np.datetime64("NaT", "us")
Block = dict[str, Any]


def levels_of(city: City, level: str, gate: Gate) -> tuple[str, ...]:
    """Return the levels from the city down to ``level``."""
    levels = levels_to(level, city, gate)
    wanted = levels[2:]
    if not city.has_zones:
        # Streets without districts are there and are not used: what to do is told, not the total.
        read = {layer.spec.level for layer in city.layers.values()}
        levels, wanted = levels[:2], tuple(n for n in wanted if n in read and city.zones_advice.zh)
    for name in wanted:
        city.zones_at(name)
    return levels


def chosen_figures(city: City, indicators: Sequence[str] | str | None, gate: Gate) -> list[Figure]:
    """Return the figures asked for by id or published row, all of them without a choice."""
    known = city.figures.figures
    if indicators is None:
        return list(known.values())
    names = names_of(gate, indicators, "indicators")
    if not names:
        raise gate.refuse(*_MESSAGES.pair("no_indicators"))
    out: dict[str, Figure] = {}
    for name in names:
        matches = [f for f in known.values() if name in (f.id, f.published)]
        if not name or not matches:
            near = did_you_mean(name, [n for f in known.values() for n in (f.id, f.published) if n])
            raise gate.refuse(
                _MESSAGES("indicators_no_figure", name=name, known=listed(known), near=near)
            )
        out |= {f.id: f for f in matches}
    return list(out.values())


def figures_by(city: City, figures: Sequence[Figure], by: Any, gate: Gate) -> list[Figure]:
    """Return the figures whose records carry ``by``, each with one value of it.

    It is a field, or several joined by ``/``.
    """
    kinds = ("text", "code", "bool", "id")
    fields = {
        key: [n for n, f in city.specs[key].fields.items() if f.type in kinds and n in city[key]]
        for key in city
    }
    known = dict.fromkeys(n for f in figures for n in fields.get(f.layer, ()))
    names = by.split(JOINT) if isinstance(by, str) else [by]
    for name in names:
        gate.choice(name, "by", list(known))
    return [f for f in figures if set(names) <= set(fields.get(f.layer, ()))]


class Actuals:
    """Evaluates the figures of one city at any number of dates."""

    def __init__(
        self,
        facts: CityFacts,
        gate: Gate,
        *,
        targets: pd.DataFrame | None = None,
        indicators: Sequence[str] | str | None = None,
    ) -> None:
        city = facts.city
        self.city, self.gate = city, gate
        self.figures = chosen_figures(city, indicators, gate)
        self.evaluator, self._targets = facts.evaluator, facts.targets
        if targets is not None:
            whole = (city.code, city.name_zh, city.name_en, *CITY_WORDS)
            zones = ZoneNames(whole, city.zones_by_level, city.zone_terms)
            given = given_targets(targets, gate, city.figures, zones, city.unit)
            self._targets = TargetTable(given, city.figures)
        self._published = city.published.set_index("id")
        told = city.reported_figures.sort_values("period_end", kind="stable")
        self._reported: dict[str, list[Any]] = {}
        for row in told.itertuples(index=False):
            self._reported.setdefault(str(row.figure), []).append(row)
        self._districts = [str(code) for code in city.zones.index]
        # What does not depend on the day.
        self._sums = {figure.id: self._sum_note(figure) for figure in self.figures}
        self._stated = {
            figure.id: self._published.loc[figure.target]
            for figure in self.figures
            if figure.target in self._published.index
        }

    def table(
        self, days: Sequence[pd.Timestamp | None], *, level: str, plan: bool = False
    ) -> pd.DataFrame:
        """Return the tidy table of progress, one block a day."""
        return self._at(days, levels_of(self.city, level, self.gate), plan)

    def table_by(self, days: Sequence[pd.Timestamp | None], by: str) -> pd.DataFrame:
        """Return the same by the values of a field in place of zones."""
        self.figures = figures_by(self.city, self.figures, by, self.gate)
        return self._at(days, ("city", by), False)

    def _at(
        self, days: Sequence[pd.Timestamp | None], levels: tuple[str, ...], plan: bool
    ) -> pd.DataFrame:
        blocks = [self._block(f, day, levels, plan) for day in days for f in self.figures]
        return joined(blocks, "progress")

    # -- one figure at one day

    def _block(
        self, figure: Figure, day: pd.Timestamp | None, levels: tuple[str, ...], plan: bool
    ) -> Block:
        start, window, late = self._window(figure, day, plan)
        problem = self._problem(figure, day, late)
        notes = [] if problem is None else [problem]
        values = self._nothing() if notes else self.evaluator.values(figure, window, levels)
        milestones, comparator = self._compared_with(figure, values.layout, day)
        opening = self._opening(figure, problem is None, start, levels, len(values.value))
        attainment, expected, status = judge(
            figure,
            values.value,
            opening,
            milestones,
            comparator,
            day,
            start,
            self.city.figures.thresholds(figure),
            bounds_of(figure, values),
        )
        any_target = any(c is not None for c in milestones)
        # That a figure comes without a target is no matter where the office has set one.
        reasons = [r for r in figure.reasons if r != "no_target" or not any_target]
        return {
            **self._terms(figure, values, plan and problem is None, day),
            "comparability": ";".join(reasons) or "comparable",
            "target": np.array([np.nan if c is None else c.target for c in milestones]),
            "deadline": _deadlines(milestones),
            "comparator": comparator if any_target else "",
            "attainment": attainment,
            "expected": expected,
            "status": status,
            "unknown": values.unknown,
            "low": values.low,
            "high": values.high,
            "period_start": _day64(start),
            "as_of": _day64(day),
            **self._notes(figure, values, reasons, notes, status),
            **self._beside(figure, values, start, day),
        }

    def _problem(self, figure: Figure, day: pd.Timestamp | None, late: Text | None) -> Text | None:
        problem = self.evaluator.problem(figure) or late
        if problem is None and day is None and figure.in_period:
            return Text("数据没有日期，无法计算时段数", "the data has no date")
        return problem

    def why_not_available(self, figure: Figure, day: pd.Timestamp | None) -> Text:
        """Return why the city's figure is not available on a day, of all that is noted of it."""
        _, window, late = self._window(figure, day, False)
        problem = self._problem(figure, day, late)
        if problem is not None:
            return problem
        values = self.evaluator.values(figure, window, levels_of(self.city, "city", self.gate))
        status = np.full(len(values.value), "not_available", dtype=object)
        total = values.layout.row_kind.tolist().index("total")
        return unknown_notes(values, status).get(total, Text(figure.note_zh, figure.note_en))

    def _window(
        self, figure: Figure, day: pd.Timestamp | None, plan: bool
    ) -> tuple[pd.Timestamp | None, Window, Text | None]:
        """First day of the period, the window of its value, and why there is none yet."""
        starts = self.city.month_starts
        start = period_start(figure.period, day, starts)
        if day is None or start is None:
            return start, Window(day, start, plan), None
        if day < start:
            late = _MESSAGES("period_begins", start=start)
            return start, Window(day, start, plan), late
        last = day
        if figure.period == "first_half":
            last = min(day, first_half_end(day, starts))
        return start, Window(last, start, plan), None

    def _nothing(self) -> Values:
        """One row of the city, without a value."""
        one, none = np.array([np.nan]), np.empty(0, dtype=int)
        names = ("city", "total", self.city.code)
        level, kind, code = (np.array([name], dtype=object) for name in names)
        layout = Layout(level, kind, code, none, none, none)
        return Values(layout, one, one, one, False, one, one, one)

    def _opening(
        self,
        figure: Figure,
        available: bool,
        start: pd.Timestamp | None,
        levels: tuple[str, ...],
        n: int,
    ) -> np.ndarray:
        """Value at the end of the day before the period, for a figure that is to fall."""
        falls = figure.direction == "down" and not figure.in_period
        has_target = bool(figure.target) or bool(self._targets.curves(figure))
        if not (falls and available and start is not None and has_target):
            return np.full(n, np.nan)
        return self.evaluator.values(figure, Window(start - _DAY), levels).value

    # -- its terms

    def _terms(self, figure: Figure, values: Values, plan: bool, day: pd.Timestamp | None) -> Block:
        data_date = self.city.data_date
        ahead = plan and day is not None and (data_date is None or day > data_date)
        return {
            "indicator": figure.id,
            "published_id": figure.published,
            "name_zh": figure.zh,
            "name_en": figure.en,
            "layer": figure.layer,
            "unit": figure.unit,
            "level": values.layout.level,
            "zone_code": values.layout.zone_code,
            "row_kind": values.layout.row_kind,
            "value": values.value,
            "numerator": values.numerator,
            "denominator": values.denominator,
            "basis": "plan" if ahead else "events" if values.by_events else "records",
        }

    def _notes(
        self,
        figure: Figure,
        values: Values,
        reasons: list[str],
        more: list[Text],
        status: np.ndarray,
    ) -> Block:
        words = self.city.figures.reasons
        notes = [Text(figure.note_zh, figure.note_en), *self._stages(figure)]
        notes += [words[r] for r in reasons if r != "not_carried"]
        note = join_texts([*notes, *more])
        sums = self._sums[figure.id]
        unknown = unknown_notes(values, status)
        few = notes_of_few(self.city.figures, figure, values)
        net = notes_of_net(figure, self.city.specs.get(figure.layer), values)
        void = self._targets.void_zones(figure)
        if sums is None and not unknown and not void and not few and not net:
            return {"note_zh": note.zh, "note_en": note.en}
        city = values.layout.level == "city"
        voided = np.isin(values.layout.zone_code, list(void)) & np.isin(
            values.layout.row_kind, ["zone", "total"]
        )
        rows = []
        for k, is_city in enumerate(city):
            void_note = _MESSAGES("target_is_void") if voided[k] else NOTHING
            sum_note = sums if sums and is_city else NOTHING
            known = (net.get(k, NOTHING), unknown.get(k, NOTHING), few.get(k, NOTHING))
            rows.append(join_texts([note, *known, void_note, sum_note]))
        return {
            "note_zh": np.array([row.zh for row in rows], dtype=object),
            "note_en": np.array([row.en for row in rows], dtype=object),
        }

    def _stages(self, figure: Figure) -> list[Text]:
        """Which stage of its amounts the office lets count."""
        spec = self.city.specs.get(figure.layer)
        named = dict.fromkeys(n for c in figure.components for n in c.amounts())
        amounts = {n: spec.amounts[n] for n in named} if spec else {}
        return [
            Text(f"按{a.zh}计", f"counted by: {a.en.lower()}")
            for n, a in amounts.items()
            if a.key != n
        ]

    def _beside(
        self,
        figure: Figure,
        values: Values,
        start: pd.Timestamp | None,
        day: pd.Timestamp | None,
    ) -> Block:
        """What was last reported of the figure by the day, and how far what is computed is off.

        The two are compared only where they are of the same days.
        """
        nothing = {"reported_period": "", "reported_source": ""}
        out: Block = {"reported": np.nan, "difference": np.nan, **nothing}
        if figure.id not in self._reported:
            return out
        first = None if day is None else pd.Timestamp(day.year, 1, 1)
        last = {
            row.zone: row
            for row in self._reported[figure.id]
            if first is None or first <= row.period_end <= day
        }
        counted = np.isin(values.layout.row_kind, ["zone", "total"])
        pairs = zip(values.layout.zone_code, counted, strict=True)
        found = [last.get(code) if known else None for code, known in pairs]
        out["reported"] = np.array([np.nan if row is None else row.value for row in found], float)
        for name in nothing:
            column = name.removeprefix("reported_")
            texts = ["" if row is None else getattr(row, column) for row in found]
            out[name] = np.array(["" if pd.isna(text) else text for text in texts], dtype=object)
        same = np.array(
            [
                row is not None
                and row.period_end == day
                and (not figure.in_period or row.period_start == start)
                for row in found
            ],
            dtype=bool,
        )
        out["difference"] = np.where(same, values.value - out["reported"], np.nan)
        return out

    def _sum_note(self, figure: Figure) -> Text | None:
        milestones = self._targets.curves(figure)
        differs = sum_of_districts(milestones, self._districts, self.city.code, figure)
        if differs is None:
            return None
        total, city_target, _ = differs
        return _MESSAGES(
            "targets_do_not_add_up", unit=self.city.unit, total=total, city_target=city_target
        )

    def _compared_with(
        self, figure: Figure, layout: Layout, day: pd.Timestamp | None
    ) -> tuple[list[Curve | None], str]:
        """What each row is compared with: the targets table, else the published target."""
        none: list[Curve | None] = [None] * len(layout.zone_code)
        row = self._stated.get(figure.id)
        targets = self._targets.curves(figure)
        if targets or self._targets.void_zones(figure):
            counted = np.isin(layout.row_kind, ["zone", "total"])
            pairs = zip(layout.zone_code, counted, strict=True)
            milestones = [targets.get(code) if known else None for code, known in pairs]
            if row is not None:
                milestones = [c and _with_deadline(c, row["deadline"]) for c in milestones]
            return milestones, ">=" if row is None else row["comparator"] or ">="
        if row is None:
            return none, ""
        deadline = row["deadline"]
        if pd.isna(deadline) or (day is not None and day.year != deadline.year):
            return none, ""
        milestone = Curve(np.array([deadline], dtype="datetime64[us]"), np.array([row["value"]]))
        return [milestone if level == "city" else None for level in layout.level], row["comparator"]


def bounds_of(figure: Figure, values: Values) -> tuple[np.ndarray, np.ndarray] | None:
    """Between what the values lie, where records are not known; without a bound no end is."""
    if not (values.unknown > 0).any():
        return None
    known = values.unknown == 0
    high = np.where(np.isnan(values.high), np.inf, values.high)
    low = np.where(np.isnan(values.low), 0.0, values.low)
    return np.where(known, values.value, low), np.where(known, values.value, high)


def notes_of_few(figures: Figures, figure: Figure, values: Values) -> dict[int, Text]:
    """What to say, by row, of shares of few records."""
    rows = np.flatnonzero(figures.rests_on_few(figure, values.denominator))
    numbers = {int(k): f"{values.denominator[k]:,.10g}" for k in rows}
    return {k: _MESSAGES("rests_few_records", n=n) for k, n in numbers.items()}


def net_note(figure: Figure, spec: LayerSpec | None) -> Text:
    """Why a flow can be below zero: what takes back its amounts; nothing where nothing does."""
    if spec is None or figure.value is None or figure.value.kind != "flow":
        return NOTHING
    events = [e for e in spec.events.values() if figure.value.of in e.takes_back]
    names = join_texts((Text(e.zh, e.en.lower()) for e in events), Text("、", ", "))
    return _MESSAGES("net_of_taken_back", names=names) if events else NOTHING


def notes_of_net(figure: Figure, spec: LayerSpec | None, values: Values) -> dict[int, Text]:
    """What to say, by row, of flows below zero."""
    note = net_note(figure, spec)
    return {int(k): note for k in np.flatnonzero(values.value < 0)} if note.zh else {}


def unknown_notes(values: Values, status: np.ndarray | None = None) -> dict[int, Text]:
    """What to say, by row, of records that a value knows nothing about."""
    lacks = join_texts((Text(f"“{t.zh}”", t.en) for t in values.lacks), Text("、", ", "))
    out = {}
    for k in np.flatnonzero(values.unknown > 0):
        n, low, high = int(values.unknown[k]), values.low[k], values.high[k]
        span = NOTHING
        if not np.isnan(low):
            end = Text(f"至多 {_shown(high)}", f"at most {_shown(high)}")
            if np.isnan(high):
                end = Text("上限不明", "no upper bound")
            span = Text(f"，至少 {_shown(low)}，{end.zh}", f"; at least {_shown(low)}, {end.en}")
        records = "record" if n == 1 else "records"
        if np.isnan(values.value[k]):
            message = _MESSAGES("not_known_for_want", n=n, lacks=lacks, records=records)
        else:
            message = _MESSAGES("not_counted_for_want", n=n, lacks=lacks, records=records)
            if status is not None and status[k] == "not_available":
                span = _MESSAGES("status_rests_on_them", span=span)
        out[int(k)] = Text(message.zh + span.zh, message.en + span.en)
    for k in np.flatnonzero(np.isnan(values.value) & (values.numerator > values.denominator)):
        if values.denominator[k] > 0:
            part, whole = _shown(values.numerator[k]), _shown(values.denominator[k])
            out[int(k)] = _MESSAGES("part_exceeds_whole", part=part, whole=whole)
    for k in np.flatnonzero(np.isnan(values.value) & (values.numerator < 0)):
        out[int(k)] = _MESSAGES("part_below_zero", part=_shown(values.numerator[k]))
    return out


def _shown(value: float) -> str:
    return f"{value:,.3g}" if 0 < abs(value) < 1 else f"{value:,.10g}"


def _deadlines(milestones: list[Curve | None]) -> np.ndarray:
    """By when, row by row; where a row has no target, the last day of those that have one."""
    known = [c.days[-1] for c in milestones if c is not None and pd.notna(c.deadline)]
    rest = max(known) if known else _NEVER
    return np.array([rest if c is None else c.days[-1] for c in milestones], dtype="datetime64[us]")


def _day64(day: pd.Timestamp | None) -> np.datetime64:
    return _NEVER if day is None else np.datetime64(day, "us")


def _with_deadline(milestones: Curve, deadline: pd.Timestamp) -> Curve:
    """A target without a day of its own is due when the published one is."""
    if pd.notna(milestones.deadline) or pd.isna(deadline):
        return milestones
    return Curve(np.append(milestones.days[:-1], np.datetime64(deadline, "us")), milestones.values)


def joined(blocks: Sequence[Block], kind: str) -> pd.DataFrame:
    """One table of a kind from the blocks; what is of a block is of all its rows."""
    rows = [len(block["value"]) for block in blocks]
    of_block = np.repeat(np.arange(len(blocks)), rows)
    out = {}
    for column, dtype in COLUMNS[kind].items():
        given = [block[column] for block in blocks]
        if not any(isinstance(v, np.ndarray) for v in given):
            out[column] = pd.Series(given, dtype=dtype).take(of_block).reset_index(drop=True)
            continue
        parts = [
            v if isinstance(v, np.ndarray) else np.full(n, v, dtype=object)
            for v, n in zip(given, rows, strict=True)
        ]
        out[column] = pd.Series(np.concatenate(parts), dtype=dtype)
    return pd.DataFrame(out)
