"""The rates of digital-city cases again, by plain pandas from the records alone.

Nothing of the package is used: hours and days off are written out, limits come as a table. It was
written before the package computed any of it.

A limit runs from dispatch (to handle) or from filing (to close), in working time, and for urgent
kinds by the clock. Where a record states its limit, that counts; an extension moves it; while a
case is deferred the clock stands. A limit that ends with the working day ends at that minute, not
the next morning.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

#: Minutes of the day, 8-12 and 14-18.
HOURS = ((480, 720), (840, 1080))
A_DAY = sum(end - start for start, end in HOURS)
#: Days off other than weekends, and weekends worked (notice of the State Council's office, 2022).
HOLIDAYS = {
    "2022-01-01", "2022-01-02", "2022-01-03", "2022-01-31", "2022-02-01", "2022-02-02",
    "2022-02-03", "2022-02-04", "2022-02-05", "2022-02-06", "2022-04-03", "2022-04-04",
    "2022-04-05", "2022-04-30", "2022-05-01", "2022-05-02", "2022-05-03", "2022-05-04",
    "2022-06-03", "2022-06-04", "2022-06-05", "2022-09-10", "2022-09-11", "2022-09-12",
    "2022-10-01", "2022-10-02", "2022-10-03", "2022-10-04", "2022-10-05", "2022-10-06",
    "2022-10-07",
}  # fmt: skip
MADE_UP = {
    "2022-01-29", "2022-01-30", "2022-04-02", "2022-04-24", "2022-05-07", "2022-10-08",
    "2022-10-09",
}  # fmt: skip
FIRST, LAST = "2022-01-01", "2022-12-31"
MINUTE = np.timedelta64(1, "m")
MINUTES = {"working_hours": 60, "working_days": A_DAY, "hours": 60, "days": 1440}


def _workdays() -> tuple[np.ndarray, np.ndarray]:
    """All days of the year, and whether each is worked."""
    days = pd.date_range(FIRST, LAST)
    text = days.strftime("%Y-%m-%d")
    worked = (days.day_of_week < 5) & ~text.isin(list(HOLIDAYS)) | text.isin(list(MADE_UP))
    return days.to_numpy("datetime64[D]"), np.asarray(worked)


DAYS, WORKED = _workdays()
BEFORE = np.concatenate([[0], np.cumsum(WORKED)])
WORKED_DAYS = DAYS[WORKED]


def worked_minutes(times: pd.Series) -> np.ndarray:
    """Working minutes from the first day of the calendar to each time; NaN for none."""
    known = times.notna().to_numpy()
    moment = times.to_numpy("datetime64[m]")[known]
    day = moment.astype("datetime64[D]")
    row = (day - DAYS[0]).astype(int)
    minute = (moment - day).astype(int)
    today = sum(np.clip(minute, start, end) - start for start, end in HOURS)
    result = np.full(len(times), np.nan)
    result[known] = BEFORE[row] * A_DAY + np.where(WORKED[row], today, 0)
    return result


def at_worked(minutes: np.ndarray) -> pd.Series:
    """The first time by which so many working minutes have gone by."""
    result = np.full(len(minutes), np.datetime64("NaT", "m"))
    # A limit past the calendar's end is not known.
    known = ~np.isnan(minutes) & (minutes <= len(WORKED_DAYS) * A_DAY)
    left = minutes[known].astype(int)
    row = np.maximum(left - 1, 0) // A_DAY
    rest = left - row * A_DAY
    morning = HOURS[0][1] - HOURS[0][0]
    minute = np.where(rest <= morning, HOURS[0][0] + rest, HOURS[1][0] + rest - morning)
    result[known] = WORKED_DAYS[row] + minute * MINUTE
    return pd.Series(result.astype("datetime64[us]"))


def due(start: pd.Series, amount: pd.Series, unit: pd.Series) -> pd.Series:
    """Start and limit, in working time or by the clock."""
    minutes = amount * unit.map(MINUTES)
    by_clock = start + pd.to_timedelta(minutes, unit="min")
    working = at_worked(worked_minutes(start) + minutes.to_numpy(float))
    return by_clock.where(unit.isin(["hours", "days"]), working.set_axis(start.index))


def limits_of(cases: pd.DataFrame, limits: pd.DataFrame, stage: str) -> pd.DataFrame:
    """Amount and unit of each case's limit; the kind's own before the one of all kinds."""
    table = limits[limits["stage"] == stage]
    keys = ["case_class", "major_code", "minor_code"]
    own = table.dropna(subset=keys).set_index(keys)[["amount", "unit"]]
    at = pd.MultiIndex.from_frame(cases[keys])
    found = own.reindex(at).set_axis(cases.index)
    rest = table[table[keys].isna().all(axis=1)]
    if len(rest):
        found = found.fillna({"amount": rest["amount"].iloc[0], "unit": rest["unit"].iloc[0]})
    return found


def moved(cases: pd.DataFrame, limit: pd.Series, by_clock: pd.Series) -> pd.Series:
    """The limit as extended, and put off by the time a case was deferred."""
    later = cases["extended_to"] > limit
    limit = limit.mask(later, cases["extended_to"])
    stop, go = cases["deferred_from"], cases["deferred_to"]
    stops = stop < limit
    working = worked_minutes(go) + worked_minutes(limit) - worked_minutes(stop)
    put_off = at_worked(working).set_axis(cases.index)
    put_off = put_off.mask(put_off < go, go)
    put_off = put_off.mask(by_clock, go + (limit - stop))
    # Without an end the clock stands still: nothing falls due.
    return limit.mask(stops, put_off)


def with_limits(cases: pd.DataFrame, limits: pd.DataFrame) -> pd.DataFrame:
    """The cases with ``handle_limit`` and ``close_limit`` beside what the records state."""
    cases = cases.copy()
    for stage, stated, start in (
        ("handle", "handle_due_at", "dispatched_at"),
        ("close", "due_at", "filed_at"),
    ):
        found = limits_of(cases, limits, stage)
        limit = cases[stated].fillna(due(cases[start], found["amount"], found["unit"]))
        by_clock = found["unit"].isin(["hours", "days"])
        cases[f"{stage}_limit"] = moved(cases, limit, by_clock)
    return cases


def within_hours(time: pd.Series, since: pd.Series, hours: int) -> pd.Series:
    """Whether something came so soon after something else."""
    return time <= since + pd.Timedelta(hours, "h")


def rates(cases: pd.DataFrame, first: str, last: str, by: str | None = None) -> pd.DataFrame:
    """Numerator and denominator of each rate, for those of a period, as of its last day.

    Parameters
    ----------
    cases : DataFrame
        What :func:`with_limits` returns.
    first, last : str
        Days, both included. What happened after the last is not known.
    by : str, optional
        Column whose values are told apart.
    """
    start, end = pd.Timestamp(first), pd.Timestamp(last) + pd.Timedelta(1, "D")

    def within(name: str) -> pd.Series:
        return (cases[name] >= start) & (cases[name] < end)

    def happened(name: str) -> pd.Series:
        return cases[name] < end

    handled, closed = happened("handled_at"), happened("closed_at")
    in_time = handled & (cases["handled_at"] <= cases["handle_limit"])
    closed_in_time = closed & (cases["closed_at"] <= cases["close_limit"])
    valid = cases["status"] != "invalid"
    to_handle, to_close = within("handle_limit") & valid, within("close_limit") & valid
    reported = within("reported_at")
    visited = cases["satisfaction"].notna() & (cases["satisfaction"] != "none")
    terms = {
        "handled": (to_handle, handled),
        "handled_in_time": (to_handle, in_time),
        "overdue_open": (to_handle, ~handled),
        "closed": (to_close, closed),
        "closed_in_time": (to_close, closed_in_time),
        "closed_late": (to_close, closed & ~closed_in_time),
        "reworked": (to_close, cases["rework_count"] > 0),
        "extended": (to_handle, cases["extended_count"] > 0),
        "valid": (reported, valid),
        "filed_in_time": (
            within("filed_at"),
            within_hours(cases["filed_at"], cases["reported_at"], 2),
        ),
        "checked_in_time": (
            within("handled_at"),
            happened("verified_at") & within_hours(cases["verified_at"], cases["handled_at"], 24),
        ),
        "dispatched_right": (within("dispatched_at"), cases["dispatched_right"].eq(True)),
        "closed_of_reported": (reported & valid, closed),
        "satisfied": (reported & visited, cases["satisfaction"] == "satisfied"),
    }
    columns = {}
    for name, (cohort, meets) in terms.items():
        columns[name, "denominator"] = cohort
        columns[name, "numerator"] = cohort & meets.fillna(False)
    counts = pd.DataFrame(columns)
    if by is None:
        table = counts.sum().to_frame("all").T
    else:
        table = counts.groupby(cases[by].to_numpy(), dropna=False).sum()
    for name in terms:
        below = table[name, "denominator"]
        table[name, "rate"] = table[name, "numerator"] / below.where(below > 0)
    return table.sort_index(axis=1)
