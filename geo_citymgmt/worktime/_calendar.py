"""The calendar of an office: its hours, its days off, and the time that is worked between."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from geo_citymgmt._values import equal_values
from geo_citymgmt._words import Messages, Text
from geo_citymgmt.spec._reader import Check
from geo_citymgmt.spec._toml import read_toml

_MESSAGES = Messages("geo_citymgmt.worktime")

_SPELL = re.compile(r"(\d{2}):(\d{2})-(\d{2}):(\d{2})")
_DAYS = re.compile(r"(\d{2}-\d{2})(?:\.\.(\d{2}-\d{2}))?")
_DAY = np.timedelta64(1, "D")


@dataclass(frozen=True, eq=False)
class WorkCalendar:
    """The spells that are worked, one after the other, and the years they are known for.

    Attributes
    ----------
    starts, ends : ndarray of datetime64[us]
        Of each spell, in order.
    since : ndarray of timedelta64[us]
        Working time before each spell.
    first, last : datetime64[D]
        The days that are known, both included.
    day : timedelta64[us]
        Working time of a working day.

    See Also
    --------
    work_calendar : The one of the package, or of an office.
    due_times : When a limit is over.

    Examples
    --------
    >>> calendar = work_calendar()
    >>> times = pd.Series(pd.to_datetime(["2022-01-28 17:00", "2022-01-29 09:00"]))
    >>> worked = calendar.worked(times)
    >>> (worked[1] - worked[0]) / pd.Timedelta("1h")
    2.0
    """

    starts: np.ndarray
    ends: np.ndarray
    since: np.ndarray
    first: np.datetime64
    last: np.datetime64
    day: np.timedelta64

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and equal_values(vars(self), vars(other))

    def __hash__(self) -> int:
        return hash((self.first, self.last, self.day))

    def knows(self, times: pd.Series) -> np.ndarray:
        """Whether each time lies in a year of the calendar."""
        moments = times.to_numpy("datetime64[us]")
        return np.asarray((moments >= self.first) & (moments < self.last + _DAY))

    def worked(self, times: pd.Series) -> np.ndarray:
        """Return the working time up to each time; NaT where it is not known."""
        moments = times.to_numpy("datetime64[us]")
        spell = np.maximum(np.searchsorted(self.starts, moments, side="right") - 1, 0)
        into = np.minimum(moments, self.ends[spell]) - self.starts[spell]
        worked = self.since[spell] + np.maximum(into, np.timedelta64(0, "us"))
        return np.where(self.knows(times), worked, np.timedelta64("NaT"))

    def at(self, worked: np.ndarray) -> np.ndarray:
        """Return the first time by which so much was worked; NaT past the last known day.

        It lies at the end of a spell rather than at the beginning of the next.
        """
        total = self.since[-1] + (self.ends[-1] - self.starts[-1])
        known = worked <= total
        worked = np.where(known, worked, np.timedelta64(0, "us"))
        spell = np.maximum(np.searchsorted(self.since, worked, side="left") - 1, 0)
        moments = self.starts[spell] + (worked - self.since[spell])
        return np.where(known, moments, np.datetime64("NaT"))


def work_calendar(path: str | Path | None = None) -> WorkCalendar:
    """Return the working time of Chinese offices, or of the one whose file is given.

    Hours are 8 to 12 and 14 to 18 on working days; days off and weekends that are worked instead
    are those of the State Council's office.

    Parameters
    ----------
    path : str or Path, optional
        A TOML file over the package's: ``hours``, ``weekend``, and ``[years.2027]`` with
        ``holidays`` and ``worked``. A year of the file counts as it stands there.

    Raises
    ------
    SpecError
        The file has a mistake, or leaves out a year between two others.

    See Also
    --------
    due_times

    Examples
    --------
    >>> calendar = work_calendar()
    >>> str(calendar.first), str(calendar.last), float(calendar.day / np.timedelta64(1, "h"))
    ('2021-01-01', '2026-12-31', 8.0)
    """
    return _packaged() if path is None else _built(Path(path))


@lru_cache(maxsize=1)
def _packaged() -> WorkCalendar:
    return _built(None)


def _built(path: Path | None) -> WorkCalendar:
    base = read_toml(resources.files(__package__) / "calendar.toml")
    check = Check("calendar.toml" if path is None else path.name, path)
    own = {} if path is None else read_toml(path)
    check.keys(own, "", optional=("hours", "weekend", "years"))
    years = {**base["years"], **check.value(own, "", "years", Mapping, {})}
    for year in years:
        if not re.fullmatch(r"\d{4}", year):
            raise check.fail(f"years.{year}", Text("应为四位年份", "must be a year of four digits"))
    first, last = min(map(int, years)), max(map(int, years))
    if len(years) <= last - first:
        lacking = min(set(map(str, range(first, last))) - set(years))
        raise check.fail(
            "years", Text(f"缺少 {lacking} 年", f"{lacking} is missing between others")
        )
    weekend = check.value(own, "", "weekend", list, base["weekend"])
    days = np.arange(f"{first}-01-01", f"{last + 1}-01-01", dtype="datetime64[D]")
    # The first of January 1970 was a Thursday.
    worked = ~np.isin((days.astype(np.int64) + 3) % 7 + 1, weekend)
    for year, entry in years.items():
        place = f"years.{year}"
        check.keys(entry, place, optional=("holidays", "worked"))
        worked[np.isin(days, _days(check, entry, place, "holidays"))] = False
        worked[np.isin(days, _days(check, entry, place, "worked"))] = True
    spells = _spells(check, own if "hours" in own else base)
    starts, ends = ((days[worked][:, None] + spells[:, k]).ravel() for k in (0, 1))
    gone = np.cumsum(ends - starts)
    return WorkCalendar(
        starts, ends, gone - (ends - starts), days[0], days[-1], (spells[:, 1] - spells[:, 0]).sum()
    )


def _days(check: Check, entry: Mapping[str, Any], place: str, name: str) -> np.ndarray:
    """Read days and runs of days of a year, such as 01-31..02-06."""
    year = place.rpartition(".")[2]
    found = []
    for text in check.texts(entry, place, name):
        match = _DAYS.fullmatch(text)
        try:
            if match is None:
                raise ValueError(text)
            start, end = (
                np.datetime64(f"{year}-{day}") for day in (match[1], match[2] or match[1])
            )
        except ValueError as error:
            cause = _MESSAGES("no_day_such", text=text)
            raise check.fail(f"{place}.{name}", cause) from error
        found.append(np.arange(start, end + _DAY))
    return np.concatenate(found) if found else np.empty(0, "datetime64[D]")


def _spells(check: Check, table: Mapping[str, Any]) -> np.ndarray:
    """Read the hours of a working day: start and end of each spell, from midnight."""
    spells: list[list[int]] = []
    for text in check.texts(table, "", "hours"):
        match = _SPELL.fullmatch(text)
        at = [0, 0] if match is None else [int(match[k]) * 60 + int(match[k + 1]) for k in (1, 3)]
        if not (spells[-1][1] if spells else 0) <= at[0] < at[1] <= 24 * 60:
            cause = _MESSAGES("no_spell_such", text=text)
            raise check.fail("hours", cause)
        spells.append(at)
    if not spells:
        raise check.fail("hours", Text("至少写一段", "at least one spell is needed"))
    return np.array(spells).astype("timedelta64[m]").astype("timedelta64[us]")
