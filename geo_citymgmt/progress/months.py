"""Periods of figures: calendar months, or statistical ones that begin on another day.

Some offices close the month on the 25th: with ``month_starts = 26`` June runs from 26 May to 25
June, and quarters, half-years and years begin with their first such month, so that months add up
to the year.
"""

from __future__ import annotations

import pandas as pd

__all__ = ["first_half_end", "month_ends", "month_of", "period_end", "period_start"]

_DAY = pd.Timedelta(days=1)


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
    month = {
        "year": 1,
        "first_half": 1,
        "second_half": 7,
        "half": 1 if named.month < 7 else 7,
        "quarter": 3 * ((named.month - 1) // 3) + 1,
        "month": named.month,
    }[period]
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
    last = period_end(first, 1)
    while last <= end:
        ends.append(last)
        first = first + pd.DateOffset(months=1)
        last = period_end(first, 1)
    return [day for day in ends if day >= start]
