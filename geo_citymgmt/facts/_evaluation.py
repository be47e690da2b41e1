"""Figures by zone at a date or in a period: what counts, over which records, where they lie.

Everything that does not hang on the date (masks, memberships, entries of amounts) is made once for
an evaluator; a figure at one more date is then a few sums over arrays.

What the data does not say is no zero. Of each record a figure needs up to three things, one after
the other: whether it is one of those asked about (``where``), in which state it was, and its day
and size. A record that one of them rules out needs no more. Where records of a zone lack a thing
and none that has come so far has it, the figure is not available there; else it is the sum of what
is known, beside the number of records it knows nothing about and the most they could add.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np
import pandas as pd

from geo_citymgmt._gate import Gate, check_city
from geo_citymgmt._languages import Text
from geo_citymgmt.facts._membership import Layout, Membership, fields_of, pairs_of
from geo_citymgmt.facts._timeline import UNKNOWN, Entries, Missing, Moments, Timeline
from geo_citymgmt.indicators import Component, Figure
from geo_citymgmt.indicators._definitions import TargetTable
from geo_citymgmt.spec import LayerSpec, levels_above, zone_levels

if TYPE_CHECKING:
    from geo_citymgmt.city import City

_T = TypeVar("_T")
WHERE, STATE, SIZE = 1, 2, 3
EPSILON = 1e-9


@dataclass
class Choice:
    """Records that count, and what of each record is known.

    ``known`` is how many of the three things a figure needs are known of the record, or settle that
    it does not count; ``lacks`` the first that is not, 0 where there is none. ``silent`` marks
    those whose state is known today and was another one on the day, which nothing tells.
    """

    counts: np.ndarray
    known: np.ndarray
    lacks: np.ndarray
    silent: np.ndarray

    def drop(self, rows: np.ndarray, thing: int) -> None:
        """Note that of ``rows`` the ``thing`` is not known."""
        self.counts = self.counts & ~rows
        self.known[rows] = thing - 1
        self.lacks[rows] = thing


@dataclass
class Part:
    """What a component contributes by record, what is known of each, and the most it could be."""

    amount: np.ndarray
    choice: Choice
    most: np.ndarray
    row: np.ndarray | None = None
    label: np.ndarray | None = None
    by_events: bool = False
    lacks: tuple[Text, ...] = ()


@lru_cache(maxsize=8)
def nothing_lacks(n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What a choice says of records that are all known; not to be changed."""
    known, lacks, silent = np.full(n, SIZE), np.zeros(n, dtype=int), np.zeros(n, dtype=bool)
    for values in (known, lacks, silent):
        values.flags.writeable = False
    return known, lacks, silent


def divided(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    return numerator / np.where(denominator > 0, denominator, np.nan)


def bounds(
    known: Sequence[np.ndarray], most: Sequence[np.ndarray], twice: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Least and greatest value a share could have, whatever the records are that are not known.

    ``twice`` is what of the most they add to the part they then add to the whole as well.
    """
    (part, total), (more, others) = known, most
    return divided(part, total + others), divided(part + more, total + twice)


def complete(values: pd.Series, ids: pd.Series, rows: np.ndarray) -> np.ndarray:
    """Where each value lies all of whose records are in: at its record with the lowest id."""
    table = pd.DataFrame({"value": values, "id": ids.astype("str"), "inside": rows})
    table = table.assign(at=np.arange(len(table))).dropna(subset=["value"]).sort_values("id")
    groups = table.groupby("value", sort=False)
    return groups["at"].first()[groups["inside"].all()].to_numpy(dtype=int)


def labels_of(values: pd.Series, rows: np.ndarray, several: bool) -> tuple[np.ndarray, np.ndarray]:
    at = np.flatnonzero(rows & values.notna().to_numpy())
    labels = values.iloc[at].astype("str")
    if several:
        labels = labels.str.split(";").explode()
        at = labels.index.to_numpy()
    return at, labels.to_numpy(dtype=object)


@dataclass(frozen=True, slots=True)
class Window:
    """From the first day to the last, both whole; without a first day everything before counts."""

    day: pd.Timestamp | None
    start: pd.Timestamp | None = None
    plan: bool = False


@dataclass(frozen=True, slots=True)
class Values:
    """Values of a figure on the rows of its layout."""

    layout: Layout
    value: np.ndarray
    numerator: np.ndarray
    denominator: np.ndarray
    by_events: bool
    #: How many records the value knows nothing about, and between what it lies with them.
    unknown: np.ndarray
    low: np.ndarray
    high: np.ndarray
    #: What these records lack.
    lacks: tuple[Text, ...] = ()

    def at(self, layout: Layout) -> Values:
        """Return the same at fewer levels: rows come level by level, the city's first."""
        n = len(layout.level)
        names = ("value", "numerator", "denominator", "unknown", "low", "high")
        rows = {name: getattr(self, name)[:n] for name in names}
        for values in rows.values():
            # They are handed out again.
            values.flags.writeable = False
        return replace(self, layout=layout, **rows)


class Evaluator:
    """Evaluates figures on the facts of one city, at any number of dates."""

    def __init__(
        self, city: City, membership: Membership, timeline: Callable[[str], Timeline]
    ) -> None:
        self.city, self._membership, self.timeline = city, membership, timeline
        self._values: dict[tuple[str, Window, str], Values] = {}
        self._layouts: dict[tuple[str, str, tuple[str, ...]], Layout] = {}
        self._masks: dict[tuple[str, str], tuple[np.ndarray, np.ndarray]] = {}
        self._states: dict[tuple[str, pd.Timestamp | None, bool], tuple[np.ndarray, ...]] = {}
        self._problems: dict[str, Text | None] = {}
        told = city.events[["layer", "event"]].drop_duplicates()
        #: Kinds of events that are told of each layer.
        self._events = told.groupby("layer")["event"].agg(list).to_dict()
        self._blank: dict[tuple[str, str], bool] = {}
        self._moments: dict[str, Moments] = {}

    # -- made once

    def moments(self, layer: str) -> Moments:
        """Times and limits of the records of a layer."""
        if layer not in self._moments:
            self._moments[layer] = Moments(self.timeline(layer), self.city.clock)
        return self._moments[layer]

    def layout(self, figure: Figure, levels: tuple[str, ...]) -> Layout:
        """Rows of a figure at some levels."""
        key = (figure.layer, figure.split, levels)
        if key not in self._layouts:
            deeper = (
                layout
                for (layer, split, more), layout in self._layouts.items()
                if (layer, split) == key[:2] and more[: len(levels)] == levels
            )
            known = next(deeper, None)
            self._layouts[key] = self._lay_out(*key) if known is None else known.down_to(levels)
        return self._layouts[key]

    def _lay_out(self, layer: str, split: str, levels: tuple[str, ...]) -> Layout:
        zones: list[tuple[str, str, str]] = []
        parts = []
        for level in levels:
            members = self._membership.table(layer, level, split)
            at, present = pairs_of(members["row_kind"], members["zone_code"])
            if level == "city":
                level_zones = [("total", self.city.code)]
            elif fields_of(level, self.timeline(layer).data):
                level_zones = sorted(present, key=lambda pair: (pair[0] != "unit", pair))
            else:
                level_zones = [("zone", str(code)) for code in self.city.zones_at(level).index]
                level_zones += sorted(pair for pair in present if pair[0] != "zone")
            place = {pair: k for k, pair in enumerate(level_zones, len(zones))}
            slot = np.array([place[pair] for pair in present], dtype=np.intp)[at]
            zones += [(level, *pair) for pair in level_zones]
            parts.append((members["row"].to_numpy(), slot, members["share"].to_numpy()))
        row, slot, share = (np.concatenate(column) for column in zip(*parts, strict=True))
        level_, kind, code = np.array(zones, dtype=object).T
        return Layout(level_, kind, code, row, slot, share)

    def chosen(self, layer: str, part: Component) -> tuple[np.ndarray, np.ndarray]:
        """Records a component is about, whatever their state, and those it may be about."""
        key = (layer, repr(sorted(part.where.items(), key=str)))
        if key not in self._masks:
            self._masks[key] = self.timeline(layer).choice(part.where)
        return self._masks[key]

    def _in_states(
        self, layer: str, part: Component, window: Window
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Records in the states of the component, those about which the data cannot say, and those
        among them that have a state today.
        """
        spec = self.city.specs[layer]
        assert spec.state_field is not None
        timeline = self.timeline(layer)
        key = (layer, window.day, window.plan)
        if key not in self._states:
            place = timeline.place_at(window.day, plan=window.plan)
            unknown = place == UNKNOWN
            data = timeline.data
            today = spec.state_field in data and data[spec.state_field].notna().to_numpy()
            self._states[key] = (place, unknown, unknown & today)
        place, unknown, silent = self._states[key]
        wanted = np.isin(timeline.states, part.codes(spec, part.leaves or None))
        return wanted[place], unknown, silent

    def problem(self, figure: Figure) -> Text | None:
        """Why the figure is not available, or None."""
        if figure.id not in self._problems:
            self._problems[figure.id] = self._find_problem(figure)
        return self._problems[figure.id]

    def _find_problem(self, figure: Figure) -> Text | None:
        city = self.city
        if not figure.components:
            return city.figures.reasons[figure.reasons[0]]
        if figure.layer not in city:
            spec = city.specs.get(figure.layer)
            label = spec.name_zh if spec else figure.layer
            return Text(f"没有图层“{label}”", f"there is no layer {figure.layer}")
        spec, data = city.specs[figure.layer], self.timeline(figure.layer).data
        happened = self._events.get(figure.layer, ())
        adding = {amount for event in happened for amount in spec.events[event].adds}
        reported = {c.of for c in figure.components if c.kind == "flow"} & adding
        missing = [
            name
            for c in figure.components
            for name in c.fields(spec)
            if name not in data.columns and not (c.of in reported and name not in c.where)
        ]
        if missing:
            names = _names_of_fields(missing, spec)
            one = "field" if len(set(missing)) == 1 else "fields"
            return Text(f"缺少字段：{names.zh}", f"needs the {one} {names.en}")
        empty = [
            n
            for part in figure.components
            for n in part.fields_to_fill(spec)
            if len(data)
            and n not in missing
            and self._says_nothing(figure.layer, n)
            and not (part.of in reported and n not in part.where)
        ]
        if empty:
            names = _names_of_fields(empty, spec)
            return Text(f"没有一条记录有可用的“{names.zh}”", f"no record has a usable {names.en}")
        for part in figure.components:
            amount = part.known_only_by_events(spec)
            if amount is not None and amount.key not in adding:
                return Text(f"事件表中没有“{amount.zh}”", f"no events tell of {amount.en.lower()}")
            entering = self._entered_only_by(figure.layer, part)
            if entering and not set(entering) & set(happened):
                event = spec.events[entering[0]]
                return Text(f"事件表中没有“{event.zh}”", f"no events tell of {event.en.lower()}")
        return None

    def _entered_only_by(self, layer: str, part: Component) -> list[str]:
        """Events without which nobody knows of entries into the states of a part."""
        spec, data = self.city.specs[layer], self.timeline(layer).data
        if part.kind != "entered" or spec.states is None:
            return []
        codes, status = part.codes(spec), data[spec.states.field]
        dated = [{default, *table.values()} for _, table, default in spec.states.dates.values()]
        if set(codes) & set().union(*dated) or (status.isna() | status.isin(codes)).any():
            return []
        return [key for key, event in spec.events.items() if event.enters in codes]

    def _says_nothing(self, layer: str, name: str) -> bool:
        if (layer, name) not in self._blank:
            self._blank[layer, name] = bool(self.timeline(layer).data[name].isna().all())
        return self._blank[layer, name]

    def recorded_since(self, figure: Figure) -> pd.Timestamp | None:
        """First day of which the layer says anything that the figure counts; None without any."""
        first = []
        timeline = self.timeline(figure.layer)
        for part in figure.components:
            if part.kind in ("flow", "balance"):
                days = timeline.arrays(part.of).date
            elif part.kind == "cohort":
                days = self.moments(figure.layer).time(part.of)
            elif part.kind == "entered" or part.state:
                days = timeline.transitions["date"].to_numpy()
            elif part.dated is not None:
                days = timeline.data[part.dated].to_numpy()
            else:
                continue
            known = days[~np.isnat(days)]
            if not len(known):
                return None
            first.append(pd.Timestamp(known.min()))
        return max(first) if first else None

    # -- at a date

    def values(self, figure: Figure, window: Window, levels: tuple[str, ...]) -> Values:
        """Evaluate a figure that has no problem."""
        # What is counted by a field is not counted by zones.
        fields = self.timeline(figure.layer).data
        by = levels[1] if levels[1:] and fields_of(levels[1], fields) else ""
        key, layout = (figure.id, window, by), self.layout(figure, levels)
        if key not in self._values or len(self._values[key].value) < len(layout.level):
            self._values[key] = self._evaluated(figure, window, layout)
        return self._values[key].at(layout)

    def _evaluated(self, figure: Figure, window: Window, layout: Layout) -> Values:
        parts = [self._part(figure, c, window) for c in figure.components]
        known, most, missing = zip(*(self._by_zone(layout, p) for p in parts), strict=True)
        sums = [np.where(m, np.nan, k) for k, m in zip(known, missing, strict=True)]
        numerator = denominator = np.full(len(layout.zone_code), np.nan)
        value, low, high = sums[0], known[0], known[0] + most[0]
        if len(sums) == 2:
            numerator, denominator = sums
            value = divided(numerator, denominator)
            if figure.unit == "ratio":
                # Records that contradict each other make no share, nor does a part below zero.
                value[(value > 1 + EPSILON) | (value < -EPSILON)] = np.nan
            low, high = bounds(known, most, self._counts_twice(figure, layout, parts))
        unknown = np.zeros(len(layout.zone_code))
        if any(p.choice.lacks.any() for p in parts):
            unknown = layout.number(np.any([p.choice.lacks > 0 for p in parts], axis=0))
        return Values(
            layout,
            value,
            numerator,
            denominator,
            any(p.by_events for p in parts),
            unknown,
            low,
            high,
            tuple(dict.fromkeys(text for p in parts for text in p.lacks)),
        )

    def _by_zone(self, layout: Layout, part: Part) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """What is known to count, the most that could be added, and where nothing is known."""
        if part.row is not None and part.label is not None:
            out = layout.different(part.row, part.label)
        else:
            out = layout.total(part.amount)
        missing = np.zeros(len(out), dtype=bool)
        choice = part.choice
        if not choice.lacks.any():
            return out, np.zeros(len(out)), missing
        for thing in (WHERE, STATE, SIZE):
            lacking = layout.number(choice.lacks == thing)
            missing |= (lacking > 0) & (layout.number(choice.known >= thing) == 0)
        # What a zone held on an earlier day is not counted around records that were in it then.
        missing |= layout.number(choice.silent) > 0
        most = layout.total(np.where(choice.lacks > 0, part.most, 0.0))
        return out, most, missing

    def _counts_twice(self, figure: Figure, layout: Layout, parts: Sequence[Part]) -> np.ndarray:
        """The most that what is not known adds to the whole if all of it counts in the part."""
        part, whole = parts
        if not part.choice.lacks.any() or not figure.is_part_of_whole(
            self.city.specs[figure.layer]
        ):
            return np.zeros(len(layout.zone_code))
        both = (part.choice.lacks > 0) & (whole.choice.lacks > 0)
        return layout.total(np.where(both, part.most, 0.0))

    def _choose(self, layer: str, part: Component, window: Window) -> Choice:
        """Which records a component counts on a day, as far as where and state decide it."""
        timeline = self.timeline(layer)
        yes, maybe = self.chosen(layer, part)
        if part.past is not None:
            date = timeline.data[part.past]
            gone = date.notna() if window.day is None else date < window.day
            passed, unreadable = gone.to_numpy(dtype=bool), timeline.unreadable(part.past)
            maybe = (yes & unreadable & ~passed) | (maybe & (passed | unreadable))
            yes = yes & passed
        n = len(yes)
        no = np.zeros(n, dtype=bool)
        choice = Choice(yes, np.where(yes, SIZE, WHERE), np.zeros(n, dtype=int), no)
        inside, doubtful = np.ones(n, dtype=bool), np.zeros(n, dtype=bool)
        # What enters a state in a period need not be in it at its end.
        if part.state and part.kind != "entered":
            inside, doubtful, silent = self._in_states(layer, part, window)
            choice.counts, choice.silent = yes & inside, yes & silent
            choice.known[yes & ~inside] = STATE
        choice.drop(yes & doubtful, STATE)
        choice.drop(maybe & (inside | doubtful), WHERE)
        return choice

    def _part(self, figure: Figure, part: Component, window: Window) -> Part:
        timeline = self.timeline(figure.layer)
        if part.kind == "cohort":
            return self._cohort(timeline, part, window)
        choice = self._choose(figure.layer, part, window)
        if figure.current and self._before(window):
            return self._not_then(choice)
        if part.kind == "flow":
            out = self._flow(timeline, part, choice, window)
        elif part.kind == "entered":
            codes = part.codes(timeline.spec)
            entries = timeline.entered(codes, plan=window.plan)
            out = self._in_period(timeline, part, choice, window, entries)
        else:
            out = self._actuals(timeline, part, choice, window)
        for name, factors in part.weights.items():
            weight = timeline.data[name].map(factors).fillna(0.0).to_numpy(dtype="float64")
            out.amount, out.most = out.amount * weight, out.most * weight
        if choice.lacks.any():
            out.lacks = (*self._lacks(timeline, part, choice), *out.lacks)
        return out

    def _not_then(self, choice: Choice) -> Part:
        """Nothing says since when the records are as they are."""
        choice.drop(choice.counts, SIZE)
        n = len(choice.counts)
        then = Text("当时的情况", "state on that day")
        return Part(np.zeros(n), choice, np.full(n, np.nan), lacks=(then,))

    def _lacks(self, timeline: Timeline, part: Component, choice: Choice) -> tuple[Text, ...]:
        """Names of the fields that the records of a part lack to be chosen, or to have a state."""
        data, fields = timeline.data, timeline.spec.fields
        unclear = choice.lacks == WHERE
        names = [
            name
            for name in part.where
            if (data[name].isna().to_numpy() | timeline.unreadable(name))[unclear].any()
        ]
        if part.past is not None and timeline.unreadable(part.past)[unclear].any():
            names.append(part.past)
        if timeline.spec.state_field and (choice.lacks == STATE).any():
            names.append(timeline.spec.state_field)
        return tuple(Text(fields[n].zh, fields[n].en) for n in dict.fromkeys(names))

    def _before(self, window: Window) -> bool:
        data_date = self.city.data_date
        return window.day is not None and data_date is not None and window.day < data_date

    def _cohort(self, timeline: Timeline, part: Component, window: Window) -> Part:
        """Records whose time lies in the window, and of these those that meet the condition."""
        layer, day = timeline.spec.key, window.day
        moments = self.moments(layer)
        yes, maybe = self.chosen(layer, part)
        inside, lost = moments.within(part.of, window.start, day)
        if part.leaves:
            left, unclear, _ = self._in_states(layer, part, window)
            inside, lost = inside & ~left, lost | (inside & unclear)
        meets, may_meet = moments.meet(part.condition, day)
        n = len(yes)
        if not (maybe.any() or lost.any() or may_meet.any()):
            counts = yes & inside & meets
            sure = Choice(counts, *nothing_lacks(n))
            return Part(counts, sure, np.zeros(0))
        choice = Choice(yes & inside & ~lost, np.full(n, SIZE), np.zeros(n, int), np.zeros(n, bool))
        lacks: list[Text] = []
        # What a record lacks is nothing to it where something else rules it out.
        out = ~(inside | lost)
        choice.known[~yes], choice.known[yes & out] = WHERE, STATE
        rows = maybe & ~out & (meets | may_meet)
        if rows.any():
            choice.drop(rows, WHERE)
            lacks += self._lacks(timeline, part, choice)
        rows = yes & lost & (meets | may_meet)
        if rows.any():
            choice.drop(rows, SIZE)
            lacks.append(_label(timeline, part.of))
        rows = choice.counts & may_meet
        if rows.any():
            choice.drop(rows, SIZE)
            lacks += moments.lacking(part.condition, day, rows)
        choice.counts = choice.counts & meets
        return Part(choice.counts, choice, np.ones(n), lacks=tuple(lacks))

    def _flow(self, timeline: Timeline, part: Component, choice: Choice, window: Window) -> Part:
        entries = timeline.arrays(part.of, plan=window.plan)
        if part.within_days is not None and window.day is not None:
            days = np.timedelta64(part.within_days, "D")
            settled = np.asarray(entries.date + days <= np.datetime64(window.day))
            if part.reaches:
                settled &= self._reached(timeline, part, entries)
            keep = settled | np.isnat(entries.date)
            entries = entries.only(keep)
        return self._in_period(timeline, part, choice, window, entries)

    def _reached(self, timeline: Timeline, part: Component, entries: Entries) -> np.ndarray:
        """Which entries were followed, within the days, by the state that is asked for."""
        assert part.reaches is not None
        moves = timeline.entered(part.codes(timeline.spec, (part.reaches,)))
        pairs = pd.DataFrame(
            {"row": entries.row, "date": entries.date, "at": np.arange(len(entries.row))}
        ).merge(pd.DataFrame({"row": moves.row, "then": moves.date}), on="row")
        limit = pd.Timedelta(days=part.within_days or 0)
        hit = (pairs["then"] >= pairs["date"]) & (pairs["then"] <= pairs["date"] + limit)
        out = np.zeros(len(entries.row), dtype=bool)
        out[pairs.loc[hit, "at"]] = True
        return out

    def _in_period(
        self,
        timeline: Timeline,
        part: Component,
        choice: Choice,
        window: Window,
        entries: Entries,
    ) -> Part:
        n, counts = len(choice.counts), choice.counts
        hit, late = self._when(entries, window)
        by_state = self._follows_state(timeline, part)
        unsure = np.zeros(len(hit), dtype=bool)
        if not by_state:
            # What an event tells was there, whatever the status is.
            unsure = hit & ~entries.by_event & timeline.in_doubt(part.of)[entries.row]
        hit = hit & ~unsure
        size = entries.amount
        if part.kind == "entered" and part.of != "count":
            size = size * timeline.measured(part.of)[entries.row]
        inside = np.bincount(entries.row[hit], size[hit], minlength=n)
        undated = np.bincount(entries.row[late], size[late], minlength=n)
        doubtful = np.bincount(entries.row[unsure], size[unsure], minlength=n)
        unsized, moved, dated = np.isnan(inside), np.zeros(n, dtype=bool), np.zeros(n, dtype=bool)
        moved[entries.row[hit | late | unsure]] = True
        dated[entries.row[~(np.isnat(entries.date) | unsure) | hit]] = True
        more = self._unreported(timeline, part, entries)
        # A record that did nothing need not be known any better.
        unclear = choice.lacks > 0
        idle = unclear & ~(moved | more.sure | more.maybe)
        choice.lacks[idle], choice.known[idle] = 0, STATE
        choice.known[counts & ~dated] = STATE
        sizeless = more.sure | (undated != 0) | unsized
        for rows, thing in (
            (counts & more.maybe, STATE if by_state else SIZE),
            (counts & sizeless, SIZE),
            (counts & (doubtful != 0), STATE),
        ):
            choice.lacks[rows] = thing
            choice.known[rows & ~(dated & ~unsized)] = thing - 1
        most = undated + doubtful + np.where(more.sure | more.maybe, more.most, 0.0)
        most = np.where(unclear, np.maximum(inside + most, 0.0), np.where(unsized, np.nan, most))
        lacks = []
        if (counts & (undated != 0)).any():
            lacks.append(self._day_label(timeline, part))
        if (counts & unsized).any():
            lacks.append(_label(timeline, part.of))
        if not by_state and (counts & (more.sure | more.maybe)).any():
            lacks.append(self._amount_label(timeline, part.of))
        counted = hit & counts[entries.row]
        return Part(
            np.where(counts & ~unsized, inside, 0.0),
            choice,
            most,
            by_events=bool(entries.by_event[counted].any()),
            lacks=tuple(lacks),
        )

    def _when(self, entries: Entries, window: Window) -> tuple[np.ndarray, np.ndarray]:
        """Which entries lie in the window, and of which nobody knows whether they do."""
        undated = np.isnat(entries.date)
        hit = ~undated if window.day is None else entries.date <= np.datetime64(window.day)
        if window.start is not None:
            hit = hit & (entries.date >= np.datetime64(window.start))
        elif not self._before(window):
            hit = hit | undated
        return hit, undated & ~hit

    def _unreported(self, timeline: Timeline, part: Component, entries: Entries) -> Missing:
        """Records that have, or may have, more than their entries tell."""
        if not self._follows_state(timeline, part):
            return timeline.missing(part.of)
        n = len(timeline.data)
        undecided = timeline.undecided.copy()
        undecided[entries.row] = False
        counts_records = part.kind != "entered" or part.of == "count"
        most = np.ones(n) if counts_records else timeline.measured(part.of)
        return Missing(np.zeros(n, dtype=bool), undecided, most)

    def _follows_state(self, timeline: Timeline, part: Component) -> bool:
        """Whether it counts entries into states, not the growth of an amount."""
        return part.kind == "entered" or timeline.spec.amounts[part.of].while_in is not None

    def _day_label(self, timeline: Timeline, part: Component) -> Text:
        """What the day is called that the undated entries of a part lack."""
        spec = timeline.spec
        codes = part.codes(spec)
        if part.kind != "entered":
            amount = spec.amounts[part.of]
            if amount.date is not None:
                return _label(timeline, amount.date)
            codes = spec.sets.get(amount.while_in or "", ())
        for name, (_, table, default) in (spec.states.dates if spec.states else {}).items():
            if {default, *table.values()} & set(codes):
                return _label(timeline, name)
        return Text("日期", "date")

    def _amount_label(self, timeline: Timeline, key: str) -> Text:
        amount = timeline.spec.amounts[key]
        return _label(timeline, str(amount.total if isinstance(amount.total, str) else amount.date))

    def _actuals(self, timeline: Timeline, part: Component, choice: Choice, window: Window) -> Part:
        data, n = timeline.data, len(choice.counts)
        if part.kind == "balance":
            entries = timeline.arrays(part.of, plan=window.plan)
            out = self._in_period(
                timeline, part, choice, Window(window.day, plan=window.plan), entries
            )
            out.by_events = bool(entries.by_event.any())
            return out
        by_events, lacks = False, []
        if part.state:
            by_events = timeline.reported_by_events
        elif part.dated:
            if self._not_in(timeline, part.dated, choice, window):
                lacks.append(_label(timeline, part.dated))
        elif self._before(window):
            return self._not_then(choice)
        most = np.ones(n)
        if part.kind == "distinct":
            item = timeline.spec.fields[part.of]
            silent = timeline.unreadable(part.of)
            if not item.may_be_empty:
                silent = silent | data[part.of].isna().to_numpy(dtype=bool)
            at, labels = labels_of(data[part.of], choice.counts, item.type == "list")
            if (choice.counts & silent).any():
                choice.drop(choice.counts & silent, SIZE)
                lacks.append(_label(timeline, part.of))
            nothing = np.zeros(n)
            return Part(nothing, choice, most, at, labels, by_events, tuple(lacks))
        if part.kind == "complete":
            yes, _ = self.chosen(timeline.spec.key, part)
            values = data[part.of].where(yes)
            at = complete(values, data[timeline.spec.id_field], choice.counts)
            unnamed = (choice.lacks > 0) & data[part.of].isna().to_numpy(dtype=bool)
            choice.lacks[unnamed], choice.known[unnamed] = 0, STATE
            amount = np.bincount(at, minlength=n).astype("float64")
            return Part(amount, choice, most, by_events=by_events)
        size = self._sizes(timeline, part, window)
        unsized = choice.counts & np.isnan(size)
        if unsized.any():
            choice.drop(unsized, SIZE)
            lacks.append(_label(timeline, part.of))
        if part.minus is not None:
            unread = choice.counts & timeline.missing(part.minus).sure
            if unread.any():
                choice.drop(unread, SIZE)
                lacks.append(self._amount_label(timeline, part.minus))
        amount = np.where(choice.counts, size, 0.0)
        return Part(amount, choice, size, by_events=by_events, lacks=tuple(lacks))

    def _not_in(self, timeline: Timeline, name: str, choice: Choice, window: Window) -> bool:
        """Leave out what has no date in the window; tell whether some dates could not be read."""
        dates = timeline.data[name].dt.normalize()
        within = dates.notna() if window.day is None else dates <= window.day
        if window.start is not None:
            within &= dates >= window.start
        inside, unreadable = within.to_numpy(dtype=bool), timeline.unreadable(name)
        out = ~inside & ~unreadable
        choice.counts = choice.counts & ~out
        choice.lacks[out], choice.known[out] = 0, np.minimum(choice.known[out], STATE)
        lost = choice.counts & unreadable & ~inside
        choice.drop(lost, SIZE)
        return bool(lost.any())

    def _sizes(self, timeline: Timeline, part: Component, window: Window) -> np.ndarray:
        """What each record adds to a stock, NaN where its measure is not known."""
        n = len(timeline.data)
        size = np.ones(n) if part.of == "count" else timeline.measured(part.of)
        if part.times is not None:
            size = size * timeline.measured(part.times)
        if part.minus is not None:
            done = timeline.done_by(part.minus, window.day, plan=window.plan)
            size = np.clip(size - done, 0.0, None)
        return size


def _names_of_fields(fields: Sequence[str], spec: LayerSpec) -> Text:
    """Fields, each once, by their labels."""
    items = [spec.fields[n] for n in dict.fromkeys(fields)]
    return Text("、".join(f.zh for f in items), ", ".join(f.en for f in items))


def _label(timeline: Timeline, name: str) -> Text:
    item = timeline.spec.fields[name]
    return Text(item.zh, item.en)


class CityFacts:
    """What the records of a city say, kept from one question to the next.

    Functions that take a city take its facts in its place: those that are asked of the same facts
    share timelines, memberships and evaluated figures, which are most of the work. Facts are of
    the city as it is, which is a value; a city with another layer has facts of its own.

    Parameters
    ----------
    city : City

    See Also
    --------
    geo_citymgmt.progress, geo_citymgmt.outlook, geo_citymgmt.stock_flow : Take a city or its facts.

    Examples
    --------
    >>> import geo_citymgmt as gcm
    >>> facts = CityFacts(gcm.sample_city())
    >>> june = gcm.progress(facts, as_of="2022-06-30", level="city")
    >>> may = gcm.progress(facts, as_of="2022-05-31", level="city")
    >>> bool(june["value"].sum() >= may["value"].sum())
    True
    """

    def __init__(self, city: City) -> None:
        self.city = city
        self.membership = Membership(city)
        self._timelines: dict[str, Timeline] = {}
        self._states: dict[tuple[str, pd.Timestamp | None], np.ndarray] = {}
        self._kept: dict[Hashable, Any] = {}

    def __repr__(self) -> str:
        return f"CityFacts({self.city.name_en or self.city.code or 'a city'})"

    @cached_property
    def evaluator(self) -> Evaluator:
        """Evaluates figures over these facts."""
        return Evaluator(self.city, self.membership, self.timeline)

    @cached_property
    def targets(self) -> TargetTable:
        """The city's own targets, in the units of the figures."""
        return TargetTable(self.city.targets, self.city.figures)

    def timeline(self, layer: str) -> Timeline:
        """Return the history of the records of a layer."""
        if layer not in self._timelines:
            city, events = self.city, self.city.events
            self._timelines[layer] = Timeline(
                city.specs[layer],
                city[layer],
                events[events["layer"] == layer],
                city.data_date,
                city.layer(layer).unreadable,
            )
        return self._timelines[layer]

    def once(self, key: Hashable, make: Callable[[], _T]) -> _T:
        """Return what ``make`` gives, which is asked the first time only; not to be changed."""
        if key not in self._kept:
            self._kept[key] = make()
        return cast("_T", self._kept[key])

    def states(self, layer: str, day: pd.Timestamp | None) -> pd.Series:
        """Return the state of each record of a layer at the end of ``day``.

        States that count alike, such as 立案 and 处置中, need not each have a date: from the
        data's own day on the status on record tells them apart.

        Returns
        -------
        Series of object
            On a range index: a code, "" before the record was known, None where nothing says it.
        """
        key = (layer, day)
        if key not in self._states:
            timeline = self.timeline(layer)
            state, data_date = timeline.state_at(day), self.city.data_date
            field = timeline.spec.state_field
            if field in timeline.data and (day is None or data_date is None or day >= data_date):
                status = timeline.data[field].reset_index(drop=True).astype("object")
                state = state.where(status.isna(), status)
            self._states[key] = state.to_numpy(dtype=object)
        return pd.Series(self._states[key].copy(), dtype=object)


def facts_of(city: City | CityFacts, gate: Gate) -> CityFacts:
    """Return the facts of a city, or those that were given in its place."""
    if isinstance(city, CityFacts):
        return city
    check_city(gate, city)
    return CityFacts(city)


def levels_to(level: str, city: City, gate: Gate) -> tuple[str, ...]:
    """Return the levels from the city down to ``level``, of those between what the city has."""
    gate.choice(level, "level", ("city", *zone_levels(city.specs)))
    if level == "city":
        return (level,)
    above = levels_above(city.specs, level)[:-1]
    return ("city", *(n for n in above if n in city.zones_by_level), level)
