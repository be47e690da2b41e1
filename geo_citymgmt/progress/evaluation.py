"""Figures by zone at a date or in a period: what counts, over which records, where they lie.

Everything that does not hang on the date (masks, memberships, entries of amounts) is made once for
an evaluator; a figure at one more date is then a few sums over arrays.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo_citymgmt.indicators import Component, Figure
from geo_citymgmt.progress.membership import Membership
from geo_citymgmt.progress.timeline import Entries, Timeline, matches
from geo_citymgmt.words import Text

if TYPE_CHECKING:
    from geo_citymgmt.city import City

__all__ = ["Evaluator", "Layout", "Values", "Window"]


@dataclass(frozen=True, slots=True)
class Window:
    """From the first day to the last, both whole; without a first day everything before counts."""

    day: pd.Timestamp | None
    start: pd.Timestamp | None = None
    plan: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """The rows of a figure, level by level, and which record counts in which of them."""

    level: np.ndarray
    row_kind: np.ndarray
    zone_code: np.ndarray
    row: np.ndarray
    slot: np.ndarray
    share: np.ndarray

    def total(self, amount: np.ndarray) -> np.ndarray:
        """Sum of an amount of the records, by row of the figure."""
        return np.bincount(
            self.slot, amount[self.row] * self.share, minlength=len(self.zone_code)
        ).astype("float64")

    def different(self, row: np.ndarray, label: np.ndarray) -> np.ndarray:
        """Number of different labels, by row of the figure."""
        by_record = pd.DataFrame({"row": row, "label": label})
        pairs = pd.DataFrame({"row": self.row, "slot": self.slot}).merge(by_record, on="row")
        once = pairs.drop_duplicates(["slot", "label"])
        return np.bincount(once["slot"], minlength=len(self.zone_code)).astype("float64")

    def touched(self, records: np.ndarray) -> np.ndarray:
        """Rows of the figure in which any of the records counts."""
        return np.bincount(self.slot[records[self.row]], minlength=len(self.zone_code)) > 0


@dataclass(frozen=True, slots=True)
class Values:
    """Values of a figure on the rows of its layout."""

    layout: Layout
    value: np.ndarray
    numerator: np.ndarray
    denominator: np.ndarray
    by_events: bool
    undated: int


@dataclass
class _Part:
    """What a component contributes: by record, with those about which the data cannot say."""

    row: np.ndarray
    amount: np.ndarray
    label: np.ndarray | None = None
    unknown: np.ndarray | None = None
    undated: int = 0
    by_events: bool = False


class Evaluator:
    """Evaluates figures on one city, at any number of dates."""

    def __init__(self, city: City) -> None:
        self.city = city
        self._membership = Membership(city)
        self._timelines: dict[str, Timeline] = {}
        self._layouts: dict[tuple[str, str, tuple[str, ...]], Layout] = {}
        self._masks: dict[tuple[str, str], np.ndarray] = {}
        self._states: dict[tuple[str, pd.Timestamp | None, bool], tuple[np.ndarray, ...]] = {}
        self._problems: dict[str, Text | None] = {}

    # -- made once

    def timeline(self, layer: str) -> Timeline:
        """History of the records of a layer."""
        if layer not in self._timelines:
            events = self.city.events
            self._timelines[layer] = Timeline(
                self.city.specs[layer],
                self.city[layer],
                events[events["layer"] == layer],
                self.city.data_date,
            )
        return self._timelines[layer]

    def layout(self, figure: Figure, levels: tuple[str, ...]) -> Layout:
        """Rows of a figure at some levels."""
        key = (figure.layer, figure.split, levels)
        if key not in self._layouts:
            self._layouts[key] = self._lay_out(*key)
        return self._layouts[key]

    def _lay_out(self, layer: str, split: str, levels: tuple[str, ...]) -> Layout:
        zones: list[tuple[str, str, str]] = []
        parts = []
        for level in levels:
            members = self._membership.table(layer, level, split)
            names = pd.MultiIndex.from_arrays([members["row_kind"], members["zone_code"]])
            if level == "city":
                mine = [("total", self.city.code)]
            else:
                mine = [("zone", str(code)) for code in self.city.zones_at(level).index]
                beside = names[members["row_kind"] != "zone"].unique()
                mine += sorted((str(kind), str(code)) for kind, code in beside)
            # With names there may be no row at all: of a city without districts.
            rows = pd.MultiIndex.from_tuples(mine, names=names.names)
            slot = rows.get_indexer(names) + len(zones)
            zones += [(level, *pair) for pair in mine]
            parts.append((members["row"].to_numpy(), slot, members["share"].to_numpy()))
        row, slot, share = (np.concatenate(column) for column in zip(*parts, strict=True))
        level_, kind, code = np.array(zones, dtype=object).T
        return Layout(level_, kind, code, row, slot, share)

    def chosen(self, layer: str, part: Component) -> np.ndarray:
        """Records a component is about, whatever their state."""
        key = (layer, repr(sorted(part.where.items(), key=str)))
        if key not in self._masks:
            timeline = self.timeline(layer)
            self._masks[key] = matches(timeline.data, timeline.spec, part.where)
        return self._masks[key]

    def _in_states(
        self, layer: str, part: Component, window: Window
    ) -> tuple[np.ndarray, np.ndarray]:
        """Records in the states of the component, and those about which the data cannot say."""
        spec = self.city.specs[layer]
        assert spec.state_field is not None
        known = list(spec.fields[spec.state_field].codes)
        key = (layer, window.day, window.plan)
        if key not in self._states:
            state = self.timeline(layer).state_at(window.day, plan=window.plan)
            self._states[key] = (pd.Index(known).get_indexer(state), state.isna().to_numpy())
        at, unknown = self._states[key]
        wanted = np.isin(known, part.codes(spec))
        # A record that was not known yet is at -1, beyond every code.
        return np.append(wanted, False)[at], unknown

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
        spec, data = city.specs[figure.layer], city[figure.layer]
        happened = city.events.loc[city.events["layer"] == figure.layer, "event"].unique()
        adding = {amount for event in happened for amount in spec.events[event].adds}
        told = {c.of for c in figure.components if c.kind == "flow"} & adding
        missing = [
            name
            for c in figure.components
            for name in c.fields(spec)
            if name not in data.columns and not (c.of in told and name not in c.where)
        ]
        if missing:
            names = list(dict.fromkeys(missing))
            labels = "、".join(spec.fields[n].zh for n in names)
            return Text(f"缺少字段：{labels}", f"needs {', '.join(names)}")
        for part in figure.components:
            amount = part.told_only_by_events(spec)
            if amount is not None and amount.key not in adding:
                return Text(f"事件表中没有“{amount.zh}”", f"no events tell of {amount.en.lower()}")
        return None

    def recorded_since(self, figure: Figure) -> pd.Timestamp | None:
        """First day of which the layer says anything that the figure counts; None without any."""
        first = []
        timeline = self.timeline(figure.layer)
        for part in figure.components:
            if part.kind in ("flow", "balance"):
                days = timeline.arrays(part.of).date
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
        layout = self.layout(figure, levels)
        parts = [self._part(figure, c, window) for c in figure.components]
        sums = [self._by_zone(layout, part) for part in parts]
        numerator = denominator = np.full(len(layout.zone_code), np.nan)
        value = sums[0]
        if len(sums) == 2:
            numerator, denominator = sums
            whole = np.where(denominator > 0, denominator, np.nan)
            value = numerator / whole
        return Values(
            layout,
            value,
            numerator,
            denominator,
            any(p.by_events for p in parts),
            sum(p.undated for p in parts),
        )

    def _by_zone(self, layout: Layout, part: _Part) -> np.ndarray:
        if part.label is not None:
            out = layout.different(part.row, part.label)
        else:
            out = layout.total(part.amount)
        if part.unknown is not None and part.unknown.any():
            out[layout.touched(part.unknown)] = np.nan
        return out

    def _part(self, figure: Figure, part: Component, window: Window) -> _Part:
        timeline = self.timeline(figure.layer)
        chosen = self.chosen(figure.layer, part)
        if part.past is not None:
            date = timeline.data[part.past]
            gone = date.notna() if window.day is None else date < window.day
            chosen = chosen & gone.to_numpy(dtype=bool)
        if figure.current and self._before(window):
            # Nothing says since when the record is as it is.
            none = np.empty(0, dtype=int)
            return _Part(none, np.zeros(len(chosen)), unknown=chosen)
        if part.kind == "flow":
            return self._flow(figure.layer, part, chosen, window)
        if part.kind == "entered":
            codes = part.codes(timeline.spec)
            entries = timeline.entered(codes, plan=window.plan)
            return self._in_period(timeline, part, chosen, window, entries)
        return self._standing(figure.layer, part, chosen, window)

    def _before(self, window: Window) -> bool:
        own = self.city.data_date
        return window.day is not None and own is not None and window.day < own

    def _flow(self, layer: str, part: Component, chosen: np.ndarray, window: Window) -> _Part:
        timeline = self.timeline(layer)
        entries = timeline.arrays(part.of, plan=window.plan)
        unknown = None
        if part.state:
            inside, doubtful = self._in_states(layer, part, window)
            chosen, unknown = chosen & inside, chosen & doubtful
        if part.within_days is not None and window.day is not None:
            days = np.timedelta64(part.within_days, "D")
            settled = np.asarray(entries.date + days <= np.datetime64(window.day))
            if part.reaches:
                settled &= self._reached(timeline, part, entries)
            keep = settled | np.isnat(entries.date)
            entries = Entries(
                entries.row[keep], entries.date[keep], entries.amount[keep], entries.by_event[keep]
            )
        out = self._in_period(timeline, part, chosen, window, entries)
        out.unknown = unknown
        return out

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
        chosen: np.ndarray,
        window: Window,
        entries: Entries,
    ) -> _Part:
        n = len(chosen)
        mine = chosen[entries.row]
        undated = np.isnat(entries.date)
        hit = mine & (~undated if window.day is None else entries.date <= np.datetime64(window.day))
        if window.start is not None:
            hit &= entries.date >= np.datetime64(window.start)
        elif not self._before(window):
            hit |= mine & undated
        size = entries.amount
        if part.kind == "entered" and part.of != "count":
            size = size * self._measured(timeline, part.of)[entries.row]
        amount = np.bincount(entries.row[hit], size[hit], minlength=n)
        left_out = int((mine & undated).sum()) if window.start is not None else 0
        return _Part(
            entries.row[hit], amount, undated=left_out, by_events=bool(entries.by_event[hit].any())
        )

    def _standing(self, layer: str, part: Component, chosen: np.ndarray, window: Window) -> _Part:
        timeline = self.timeline(layer)
        data, n = timeline.data, len(chosen)
        rows, unknown, by_events = chosen, np.zeros(n, dtype=bool), False
        if part.state:
            inside, doubtful = self._in_states(layer, part, window)
            rows, unknown = chosen & inside, chosen & doubtful
            by_events = bool((timeline.transitions["basis"] == "events").any())
        elif part.dated:
            dates = data[part.dated]
            within = dates.notna() if window.day is None else dates <= window.day
            if window.start is not None:
                within &= dates >= window.start
            rows = chosen & within.to_numpy(dtype=bool)
        elif part.kind != "balance" and self._before(window):
            # Nothing says since when the record is as it is.
            unknown, rows = chosen, np.zeros(n, dtype=bool)
        if part.kind == "distinct":
            at, labels = _labels(data[part.of], rows, timeline.spec.fields[part.of].type == "list")
            return _Part(at, np.zeros(n), labels, unknown, by_events=by_events)
        if part.kind == "complete":
            values = data[part.of].where(chosen)
            at = _complete(values, data[timeline.spec.id_field], rows)
            amount = np.bincount(at, minlength=n).astype("float64")
            named = values.notna().to_numpy()
            return _Part(at, amount, None, unknown & named, by_events=by_events)
        if part.kind == "balance":
            entries = timeline.arrays(part.of, plan=window.plan)
            by_events = bool(entries.by_event.any())
            size = timeline.done_by(part.of, window.day, plan=window.plan)
            if self._before(window):
                undated = np.bincount(entries.row[np.isnat(entries.date)], minlength=n) > 0
                unknown = unknown | (chosen & undated)
        else:
            size = np.ones(n) if part.of == "count" else self._measured(timeline, part.of)
            if part.times is not None:
                size = size * self._measured(timeline, part.times)
            if part.minus is not None:
                done = timeline.done_by(part.minus, window.day, plan=window.plan)
                size = np.clip(size - done, 0.0, None)
        at = np.flatnonzero(rows)
        return _Part(at, np.where(rows, size, 0.0), None, unknown, by_events=by_events)

    def _measured(self, timeline: Timeline, name: str) -> np.ndarray:
        return timeline.data[name].astype("float64").fillna(0.0).to_numpy()


def _complete(values: pd.Series, ids: pd.Series, rows: np.ndarray) -> np.ndarray:
    """Where each value lies all of whose records are in: at its record with the lowest id."""
    table = pd.DataFrame({"value": values, "id": ids.astype("str"), "inside": rows})
    table = table.assign(at=np.arange(len(table))).dropna(subset=["value"]).sort_values("id")
    groups = table.groupby("value", sort=False)
    return groups["at"].first()[groups["inside"].all()].to_numpy(dtype=int)


def _labels(values: pd.Series, rows: np.ndarray, several: bool) -> tuple[np.ndarray, np.ndarray]:
    at = np.flatnonzero(rows & values.notna().to_numpy())
    labels = values.iloc[at].astype("str")
    if several:
        labels = labels.str.split(";").explode()
        at = labels.index.to_numpy()
    return at, labels.to_numpy(dtype=object)
