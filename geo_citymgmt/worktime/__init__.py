"""Working time: when an office works, how long a kind of case may take, when that is over."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from pathlib import Path

import numpy as np
import pandas as pd

from geo_citymgmt._dates import local_moments
from geo_citymgmt._languages import Messages, Text, packaged_table
from geo_citymgmt._values import equal_values
from geo_citymgmt.errors import CityDataError
from geo_citymgmt.spec._reader import Check, read_toml

_MESSAGES = Messages("geo_citymgmt.worktime")

__all__ = [
    "KIND", "LIMIT_COLUMNS", "UNITS", "Clock", "Limits", "WorkCalendar", "due_times", "put_off",
    "work_calendar",
]  # fmt: skip

_SPELL = re.compile(r"(\d{2}):(\d{2})-(\d{2}):(\d{2})")
_DAYS = re.compile(r"(\d{2}-\d{2})(?:\.\.(\d{2}-\d{2}))?")
_DAY = np.timedelta64(1, "D")
#: The kind of a case, and what its limits are.
KIND = ("case_class", "major_code", "minor_code")
LIMIT_COLUMNS = (*KIND, "stage", "amount", "unit", "urgent", "note", "name_en")
#: Units of limits: of working time, or of the time that the clock shows.
UNITS = ("working_hours", "working_days", "hours", "days")
#: NaT as a number of microseconds.
_NONE = float(np.iinfo(np.int64).min)
CLOCK_UNITS = ("hours", "days")


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
        return np.where(self.knows(times), worked, np.timedelta64("NaT", "us"))

    def at(self, worked: np.ndarray) -> np.ndarray:
        """Return the first time by which so much was worked; NaT past the last known day.

        It lies at the end of a spell rather than at the beginning of the next.
        """
        total = self.since[-1] + (self.ends[-1] - self.starts[-1])
        known = worked <= total
        worked = np.where(known, worked, np.timedelta64(0, "us"))
        spell = np.maximum(np.searchsorted(self.since, worked, side="left") - 1, 0)
        moments = self.starts[spell] + (worked - self.since[spell])
        return np.where(known, moments, np.datetime64("NaT", "us"))


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
    base = packaged_table("geo_citymgmt.worktime", "calendar.toml")
    check = Check("calendar.toml" if path is None else path.name, path, _MESSAGES)
    own = check.form("calendar", {} if path is None else read_toml(path))
    years = {**base["years"], **own.get("years", {})}
    for year in years:
        if not re.fullmatch(r"\d{4}", year):
            raise check.wrong(f"years.{year}", "no_year")
    first, last = min(map(int, years)), max(map(int, years))
    if len(years) <= last - first:
        lacking = min(set(map(str, range(first, last))) - set(years))
        raise check.wrong("years", "year_lacking", year=lacking)
    days = np.arange(f"{first}-01-01", f"{last + 1}-01-01", dtype="datetime64[D]")
    # The first of January 1970 was a Thursday.
    worked = ~np.isin((days.astype(np.int64) + 3) % 7 + 1, own.get("weekend", base["weekend"]))
    for year, entry in years.items():
        place = f"years.{year}"
        said = check.form("year", entry, place)
        for name, are_worked in (("holidays", False), ("worked", True)):
            found = _days(check, said.get(name, ()), year, f"{place}.{name}")
            worked[np.isin(days, found)] = are_worked
    spells = _spells(check, own.get("hours", base["hours"]))
    starts, ends = ((days[worked][:, None] + spells[:, k]).ravel() for k in (0, 1))
    gone = np.cumsum(ends - starts)
    return WorkCalendar(
        starts, ends, gone - (ends - starts), days[0], days[-1], (spells[:, 1] - spells[:, 0]).sum()
    )


def _days(check: Check, texts: Iterable[str], year: str, place: str) -> np.ndarray:
    """Read days and runs of days of a year, such as 01-31..02-06."""
    found = [np.empty(0, "datetime64[D]")]
    for text in texts:
        match = _DAYS.fullmatch(text)
        try:
            if match is None:
                raise ValueError(text)
            start, end = (
                np.datetime64(f"{year}-{day}") for day in (match[1], match[2] or match[1])
            )
        except ValueError as error:
            raise check.wrong(place, "no_day_such", text=text) from error
        found.append(np.arange(start, end + _DAY))
    return np.concatenate(found)


def _spells(check: Check, texts: Iterable[str]) -> np.ndarray:
    """Read the hours of a working day: start and end of each spell, from midnight."""
    spells: list[list[int]] = []
    for text in texts:
        match = _SPELL.fullmatch(text)
        at = [0, 0] if match is None else [int(match[k]) * 60 + int(match[k + 1]) for k in (1, 3)]
        if not (spells[-1][1] if spells else 0) <= at[0] < at[1] <= 24 * 60:
            raise check.wrong("hours", "no_spell_such", text=text)
        spells.append(at)
    if not spells:
        raise check.wrong("hours", "no_spell")
    return np.array(spells).astype("timedelta64[m]").astype("timedelta64[us]")


@dataclass(frozen=True, eq=False)
class Limits:
    """Limits by kind of case and stage.

    Attributes
    ----------
    table : DataFrame
        Columns ``case_class``, ``major_code``, ``minor_code`` (empty for any), ``stage``,
        ``amount``, ``unit``; a later row wins over an earlier one of the same kind.
    """

    table: pd.DataFrame

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self.table.equals(other.table)

    def __hash__(self) -> int:
        return hash(len(self.table))

    def names(self) -> dict[tuple[str, ...], Text]:
        """Return what each kind is called, as ``note`` says up to its first colon, and in English.

        A kind without an English name goes by its own in both.
        """
        out: dict[tuple[str, ...], Text] = {}
        texts = self.table.reindex(columns=[*KIND, "note", "name_en"]).fillna("").astype("str")
        for *kind, note, en in texts.itertuples(index=False, name=None):
            zh, known = note.split("：")[0], out.get(tuple(kind), Text("", ""))
            if zh := zh or known.zh:
                out[tuple(kind)] = Text(zh, en or (known.en if known.en != known.zh else "") or zh)
        return out

    def over(self, table: pd.DataFrame) -> Limits:
        """Return these limits with an office's own over them."""
        return Limits(pd.concat([self.table, table], ignore_index=True))

    def of(self, kinds: pd.DataFrame, stage: str) -> pd.DataFrame:
        """Return ``amount`` and ``unit`` of each case, NA where its kind has no limit.

        The limit of a kind wins over that of its major kind, and this over that of its class.
        """
        rows = self.table[self.table["stage"] == stage]
        known = {
            tuple(key): pair
            for key, pair in zip(
                rows[list(KIND)].to_numpy(), rows[["amount", "unit"]].to_numpy(), strict=True
            )
        }
        group = np.zeros(len(kinds), dtype=np.int64)
        for name in KIND:
            # Missing is a kind of its own, -1.
            code, words = pd.factorize(kinds[name])
            group = group * (len(words) + 1) + code + 1
        first, group = np.unique(group, return_index=True, return_inverse=True)[1:]
        found = []
        rest = kinds.iloc[first].astype(object)
        for own in rest.where(rest.notna(), "").itertuples(index=False, name=None):
            wider = (tuple(own[:n]) + ("",) * (len(KIND) - n) for n in range(len(KIND), -1, -1))
            found.append(next((known[key] for key in wider if key in known), (np.nan, None)))
        table = pd.DataFrame(found, columns=["amount", "unit"]).astype({"amount": float})
        table["unit"] = pd.Categorical(table["unit"], UNITS)
        return table.iloc[group].set_axis(kinds.index)


@lru_cache(maxsize=1)
def packaged_limits() -> Limits:
    """Return the few limits that sources state for cities of this kind."""
    with (resources.files("geo_citymgmt.worktime") / "limits.csv").open(encoding="utf-8") as file:
        table = pd.read_csv(file, dtype=str, keep_default_na=False)
    return Limits(table.assign(amount=table["amount"].astype(float)))


@dataclass(frozen=True)
class Clock:
    """How an office counts time: its calendar and its limits."""

    calendar: WorkCalendar = field(default_factory=work_calendar)
    limits: Limits = field(default_factory=packaged_limits)

    def limit(self, data: pd.DataFrame, stage: str) -> pd.DataFrame:
        """Return ``amount`` and ``unit`` of the limit of each record for a stage."""
        kinds = pd.DataFrame(index=data.index)
        for name in KIND:
            # Without a field for it, every record is of any kind.
            kinds[name] = data.get(name)
        return self.limits.of(kinds, stage)

    def due(self, start: pd.Series, limit: pd.DataFrame) -> pd.Series:
        """Return when each record is due; NaT where it has no limit, or no start."""
        return due_times(start, limit["amount"], limit["unit"], calendar=self.calendar)

    def put_off(
        self, due: pd.Series, stopped: pd.Series, resumed: pd.Series, limit: pd.DataFrame
    ) -> pd.Series:
        """Return what is due put off by the time a case was deferred, see :func:`put_off`."""
        return put_off(due, stopped, resumed, is_by_clock(limit["unit"]), calendar=self.calendar)


def due_times(
    start: pd.Series,
    amount: pd.Series | float,
    unit: pd.Series | str = "working_hours",
    *,
    calendar: WorkCalendar | None = None,
) -> pd.Series:
    """When limits are over that began at ``start``.

    Working time counts on working days alone; ``hours`` and ``days`` are those of the clock, for
    what is urgent. A working day is as long as its hours, so two working days that begin at ten
    end at ten. A limit that ends with the working day is over then, not the next morning.

    Parameters
    ----------
    start : Series of datetime64
        When each limit begins; local time, moments with a time zone in that of Asia/Shanghai.
    amount : Series or float
        How long it is; above zero.
    unit : Series or str, default "working_hours"
        ``working_hours``, ``working_days``, ``hours`` or ``days``.
    calendar : WorkCalendar, optional
        Of the office; the package's without one.

    Returns
    -------
    Series of datetime64[us]
        On the index of ``start``; NaT where start or limit are missing, and where working time
        reaches into a year that the calendar does not know.

    Raises
    ------
    CityDataError
        A unit is none of these, ``start`` holds something else than moments, or a Series lacks
        labels of it.

    See Also
    --------
    work_calendar

    Examples
    --------
    Before the Spring Festival, of which two days of the weekend were worked:

    >>> start = pd.Series(pd.to_datetime(["2022-01-28 17:00", "2022-01-30 17:30"]))
    >>> due_times(start, 4).astype(str).tolist()
    ['2022-01-29 11:00:00', '2022-02-07 11:30:00']
    >>> due_times(start, 4, "hours").astype(str).tolist()
    ['2022-01-28 21:00:00', '2022-01-30 21:30:00']
    """
    calendar = calendar or work_calendar()
    if not isinstance(start, pd.Series):
        raise CityDataError(_MESSAGES("start_no_series", kind=type(start).__name__))
    for name, value in (("amount", amount), ("unit", unit)):
        if isinstance(value, pd.Series) and not start.index.isin(value.index).all():
            raise CityDataError(_MESSAGES("not_of_start", name=name))
    start = pd.Series(local_moments(start, function="due_times"), index=start.index)
    amounts = pd.Series(amount, index=start.index, dtype=float)
    units = pd.Series(unit, index=start.index)
    names = [str(name) for name in units.dropna().unique()]
    if unknown := [name for name in names if name not in UNITS]:
        known = ", ".join(UNITS)
        raise CityDataError(_MESSAGES("no_such_unit", unknown=unknown[0], known=known))
    by_clock = is_by_clock(units)
    # A working day has as many minutes as are worked in one.
    day = float(calendar.day / np.timedelta64(1, "m"))
    minutes = {"working_hours": 60.0, "working_days": day, "hours": 60.0, "days": 1440.0}
    each = units.map(minutes).astype(float)
    # To the microsecond, as times are: an hour may be cut in three.
    length = np.round((amounts * each).to_numpy() * 60e6)
    length = np.where(np.isnan(length), _NONE, length).astype("timedelta64[us]")
    return _later(start, length, by_clock, calendar)


def put_off(
    limit: pd.Series,
    stopped: pd.Series,
    resumed: pd.Series,
    by_clock: np.ndarray,
    *,
    calendar: WorkCalendar,
) -> pd.Series:
    """Return limits put off by the time for which a case was deferred (缓办, 挂账).

    What was left of the limit as the clock stopped runs on from when it goes again; without that,
    nothing falls due. A case that was overdue already stays so.
    """
    hit = (stopped < limit).to_numpy()
    if not hit.any():
        return limit
    at, go, end = stopped[hit], resumed[hit], limit[hit]
    left = np.where(
        by_clock[hit],
        end.to_numpy("datetime64[us]") - at.to_numpy("datetime64[us]"),
        calendar.worked(end) - calendar.worked(at),
    )
    later = _later(go, left, by_clock[hit], calendar)
    result = limit.copy()
    # What ended with the morning's first minute had nothing left, but not before the clock goes.
    result[hit] = later.mask(later < go, go)
    return result


def is_by_clock(units: pd.Series) -> np.ndarray:
    """Whether limits in these units run day and night."""
    return units.isin(CLOCK_UNITS).to_numpy(bool)


def _later(
    start: pd.Series, length: np.ndarray, by_clock: np.ndarray, calendar: WorkCalendar
) -> pd.Series:
    moments = start.to_numpy("datetime64[us]")
    working = calendar.at(calendar.worked(start) + length)
    return pd.Series(np.where(by_clock, moments + length, working), index=start.index)
