"""Times of records: which lie in a period, and which came by their limit, as far as is known."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from geo_citymgmt._words import Text
from geo_citymgmt.facts._timeline import Timeline
from geo_citymgmt.spec import Moment
from geo_citymgmt.spec._reader import TIME_TYPES
from geo_citymgmt.worktime import Clock

#: Which records fulfil something, and which may: the data does not say.
Answer = tuple[np.ndarray, np.ndarray]

_UNIT = "datetime64[us]"
_NONE = np.datetime64("NaT", "us")
_DAY = np.timedelta64(1, "D")
#: A limit whose clock stands still has not come, whatever the day.
NOT_IN_SIGHT = np.datetime64("9999-12-31", "us")


class Moments:
    """The times of one layer's records; each limit where extensions and deferrals have moved it.

    A time is read to the minute and a limit counts whole: what came in its last minute was in time.
    A limit without a time of day lasts until the end of its day.
    """

    def __init__(self, timeline: Timeline, clock: Clock) -> None:
        self._timeline, self._clock = timeline, clock
        self._times: dict[str, np.ndarray] = {}
        self._limits: dict[str, np.ndarray] = {}
        self._lost: dict[str, np.ndarray] = {}
        self._within: dict[tuple[str, pd.Timestamp | None, pd.Timestamp | None], np.ndarray] = {}
        self._met: dict[tuple[str, str, pd.Timestamp | None], Answer] = {}

    def within(self, name: str, start: pd.Timestamp | None, day: pd.Timestamp | None) -> Answer:
        """Records whose time or limit lies from ``start`` to the end of ``day``."""
        key = (name, start, day)
        if key not in self._within:
            limit = self.limit(name)
            inside = _by(limit, day)
            if start is not None:
                inside &= limit >= np.datetime64(start, "us")
            self._within[key] = inside
        return self._within[key], self.lost(name)

    def meet(self, condition: Mapping[str, Any], day: pd.Timestamp | None) -> Answer:
        """Records that fulfil all of ``condition`` by the end of ``day``."""
        key = ("", repr(condition), day)
        if key in self._met:
            return self._met[key]
        n = len(self._timeline.data)
        yes, out = np.ones(n, dtype=bool), np.zeros(n, dtype=bool)
        for name, wanted in condition.items():
            hit, maybe = self._meets(name, wanted, day)
            yes &= hit
            out |= ~hit & ~maybe
        self._met[key] = yes, ~yes & ~out
        return self._met[key]

    def lacking(
        self, condition: Mapping[str, Any], day: pd.Timestamp | None, rows: np.ndarray
    ) -> tuple[Text, ...]:
        """Labels of what ``rows`` lack to be held against a condition."""
        names = []
        for name, wanted in condition.items():
            doubtful = self._meets(name, wanted, day)[1] & rows
            compared = [] if not isinstance(wanted, Mapping) else others(wanted)
            named = [n for n in (name, *compared) if (doubtful & self._empty(n)).any()]
            names += named or ([name] if doubtful.any() else [])
        fields = self._timeline.spec.fields
        return tuple(Text(fields[n].zh, fields[n].en) for n in dict.fromkeys(names))

    def _empty(self, name: str) -> np.ndarray:
        if name in self._timeline.spec.times:
            return self.lost(name)
        return np.asarray(self._timeline.data[name].isna().to_numpy(dtype=bool))

    def time(self, name: str) -> np.ndarray:
        """Times of a field as they stand, NaT where there is none; not to be changed."""
        if name not in self._times:
            times = self._timeline.data[name].to_numpy(dtype=_UNIT)
            times = times.astype("datetime64[m]").astype(_UNIT)
            times.flags.writeable = False
            self._times[name] = times
        return self._times[name]

    def limit(self, name: str) -> np.ndarray:
        """The same, moved by what moves it, to the end of the day where it is a day."""
        if name not in self._limits:
            rule = self._timeline.spec.times.get(name, Moment())
            fields = {n: self._end(n) for n in rule.fields if n in self._timeline.data}
            limit = self._end(name)
            if rule.moved_to in fields:
                limit = np.fmax(limit, fields[rule.moved_to])
            if rule.stopped_from in fields:
                limit = self._put_off(limit, rule)
            limit.flags.writeable = False
            self._limits[name] = limit
        return self._limits[name]

    def _put_off(self, limit: np.ndarray, rule: Moment) -> np.ndarray:
        """Put limits off by as long as their clock stood still.

        It is that of the record's kind, in working time or day and night; of what is no limit of a
        kind it runs day and night. A stop after the limit changes nothing; one without an end
        leaves none in sight.
        """
        data = self._timeline.data
        stops = np.flatnonzero(self.time(str(rule.stopped_from)) < limit)
        begin = self.time(str(rule.stopped_from))[stops]
        end = np.full(len(stops), _NONE)
        if rule.stopped_to in data:
            end = self.time(str(rule.stopped_to))[stops]
        later = limit[stops] + (end - begin)
        if rule.stage is not None:
            kinds = self._clock.limit(data.iloc[stops], rule.stage).reset_index(drop=True)
            due, stopped, resumed = map(pd.Series, (limit[stops], begin, end))
            later = self._clock.put_off(due, stopped, resumed, kinds).to_numpy()
        limit = limit.copy()
        limit[stops] = np.where(np.isnat(end), NOT_IN_SIGHT, later)
        return limit

    def lost(self, name: str) -> np.ndarray:
        """Records that have the time, or may have a limit, of which the data does not tell it."""
        if name not in self._lost:
            timeline = self._timeline
            rule = timeline.spec.times.get(name, Moment())
            silent, at = timeline.unreadable(name), np.isnat(self.time(name))
            out = silent & at
            if rule.due and at.any():
                out |= at & self._is_in(rule.due)
            if rule.stopped_in:
                begin = rule.stopped_from
                known = begin in timeline.data and ~np.isnat(self.time(str(begin)))
                out |= ~at & self._is_in(rule.stopped_in) & ~known
            self._lost[name] = out
        return self._lost[name]

    def _is_in(self, codes: Collection[str]) -> np.ndarray:
        """Records whose state on record is one of these."""
        at, states = self._states
        return np.append(pd.Index(states).isin(codes), False)[at]

    @cached_property
    def _states(self) -> tuple[np.ndarray, pd.Index]:
        data, field = self._timeline.data, self._timeline.spec.state_field
        if field not in data:
            return np.full(len(data), -1), pd.Index([], dtype=object)
        return pd.factorize(data[field])

    def _end(self, name: str) -> np.ndarray:
        """Times as limits: one that is a day, as all of its column are, ends with it."""
        times = self.time(name)
        if not self._is_limit(name):
            return times
        known = times[~np.isnat(times)]
        is_day = (known.astype("datetime64[D]") == known).all()
        return times + (_DAY - np.timedelta64(1, "m")) if is_day else times.copy()

    def _is_limit(self, name: str) -> bool:
        rules = self._timeline.spec.times
        moved = {rule.moved_to for rule in rules.values()}
        return name in moved or bool(rules.get(name, Moment()).fields)

    def _meets(self, name: str, wanted: Any, day: pd.Timestamp | None) -> Answer:
        key = (name, repr(wanted), day)
        if key not in self._met:
            is_time = self._timeline.spec.fields[name].type in TIME_TYPES
            self._met[key] = (
                self._came(name, wanted, day) if is_time else self._timeline.choice({name: wanted})
            )
        return self._met[key]

    def _came(self, name: str, wanted: Mapping[str, Any], day: pd.Timestamp | None) -> Answer:
        """Records whose time came as ``wanted``, of those that it had come for by the day."""
        time, lost = self.time(name), self.lost(name)
        came = _by(time, day)
        if wanted.get("any") is False:
            return ~came & ~lost, lost
        yes, unclear = came, lost
        for side in ("by", "after"):
            if side in wanted:
                other = wanted[side]
                limit = self.limit(other) + np.timedelta64(round(60 * wanted.get("hours", 0)), "m")
                yes = yes & (time <= limit if side == "by" else time > limit)
                unclear = unclear | (came & (np.isnat(limit) | self.lost(other)))
        return yes & ~unclear, unclear


def others(wanted: Mapping[str, Any]) -> list[str]:
    """Fields that a time is held against."""
    return [wanted[side] for side in ("by", "after") if side in wanted]


def _by(time: np.ndarray, day: pd.Timestamp | None) -> np.ndarray:
    """Which times lie before the end of a day; all there are without a day."""
    if day is None:
        return ~np.isnat(time) & (time < NOT_IN_SIGHT)
    return np.asarray(time < np.datetime64(day, "us") + _DAY)
