"""How long a case of a kind may take, and when that is over."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources

import numpy as np
import pandas as pd

from geo_citymgmt._words import Messages
from geo_citymgmt.errors import CityDataError
from geo_citymgmt.worktime._calendar import WorkCalendar, work_calendar

_MESSAGES = Messages("geo_citymgmt.worktime")

#: The kind of a case, and what its limits are.
KIND = ("case_class", "major_code", "minor_code")
LIMIT_COLUMNS = (*KIND, "stage", "amount", "unit", "urgent", "note")
#: Units of limits: of working time, or of the time that the clock shows.
UNITS = ("working_hours", "working_days", "hours", "days")
#: NaT as a number of microseconds.
_NONE = float(np.iinfo(np.int64).min)
CLOCK_UNITS = ("hours", "days")


def _minutes(unit: str, calendar: WorkCalendar) -> float:
    """Return the minutes of a unit; a working day has as many as are worked in one."""
    if unit == "working_days":
        return float(calendar.day / np.timedelta64(1, "m"))
    return 1440.0 if unit == "days" else 60.0


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

    def names(self) -> dict[tuple[str, ...], str]:
        """Return what each kind is called, as ``note`` says up to its first colon."""
        keys = self.table[list(KIND)].itertuples(index=False, name=None)
        notes = self.table["note"].fillna("").astype("str").str.split("：").str[0]
        return {key: note for key, note in zip(keys, notes, strict=True) if note}

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
    with (resources.files(__package__) / "limits.csv").open(encoding="utf-8") as file:
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
        When each limit begins; local time.
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
        A unit is none of these.

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
    amounts = pd.Series(amount, index=start.index, dtype=float)
    units = pd.Series(unit, index=start.index)
    names = [str(name) for name in units.dropna().unique()]
    if unknown := [name for name in names if name not in UNITS]:
        known = ", ".join(UNITS)
        raise CityDataError(_MESSAGES("no_such_unit", unknown=unknown[0], known=known))
    by_clock = is_by_clock(units)
    each = units.map({name: _minutes(name, calendar) for name in names}).astype(float)
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
