"""Working days of the sample's calendar, and draws from them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np
from numpy.typing import ArrayLike, NDArray

from generator.draw import Draw
from generator.places import read_table

__all__ = [
    "DATA_DATE", "MONTHS_H1", "MONTHS_H2", "NAT", "YEAR", "after", "before", "between", "days_in",
]  # fmt: skip

Days = NDArray[np.datetime64]
DATA_DATE = date(2022, 6, 30)
NAT = np.datetime64("NaT", "D")
#: A bare number of days is no duration to numpy.
DAY = np.timedelta64(1, "D")
#: Share of a half-year's work by month: little in February (Spring Festival) and in April and May
#: (that spring's restrictions), much before each report.
MONTHS_H1 = {1: 0.16, 2: 0.06, 3: 0.22, 4: 0.11, 5: 0.14, 6: 0.31}
MONTHS_H2 = {7: 0.13, 8: 0.15, 9: 0.22, 10: 0.13, 11: 0.17, 12: 0.20}
#: Share of the work of any other year.
YEAR = {
    1: 0.060, 2: 0.036, 3: 0.091, 4: 0.089, 5: 0.085, 6: 0.118,
    7: 0.076, 8: 0.080, 9: 0.096, 10: 0.075, 11: 0.090, 12: 0.104,
}  # fmt: skip
_HOLIDAYS = read_table("holidays.csv")["day"].to_numpy("datetime64[D]")


def working_days(first: np.datetime64, last: np.datetime64) -> Days:
    """Return the working days from ``first`` to ``last``, both included."""
    days = np.arange(first, last + DAY)
    return days[np.is_busday(days, holidays=_HOLIDAYS)]


def between(draw: Draw, first: Days, last: Days, months: Mapping[int, float] = YEAR) -> Days:
    """Draw a working day between each pair of days, by the share of each month in the work."""
    # A month to spare, so that a pair without a working day gets the next one.
    days = working_days(first.min(), last.max() + 30 * DAY)
    month, count = np.unique(days.astype("datetime64[M]"), return_counts=True)
    share = np.array([months.get(int(m.astype(int)) % 12 + 1, 0.0) for m in month]) / count
    edges = np.r_[0.0, np.cumsum(np.repeat(share, count))]
    begin, end = np.searchsorted(days, first), np.searchsorted(days, last, side="right") - 1
    low, high = edges[begin], edges[np.maximum(end + 1, begin)]
    at = np.searchsorted(edges, low + draw.uniform(len(first)) * (high - low), side="right") - 1
    return days[np.clip(at, begin, np.maximum(end, begin))]


def days_in(
    draw: Draw, size: int, first: str, last: str, months: Mapping[int, float] = YEAR
) -> Days:
    """Draw working days between two dates, by the share of each month in the work."""
    one, other = (np.full(size, text, "datetime64[D]") for text in (first, last))
    return between(draw, one, other, months) if size else one


def after(draw: Draw, start: Days, low: ArrayLike, high: ArrayLike) -> Days:
    """Return a working day about ``low`` to ``high`` days after each date, mostly the sooner."""
    return _moved(start, _durations(draw, len(start), low, high))


def before(draw: Draw, end: Days, low: ArrayLike, high: ArrayLike) -> Days:
    """Return a working day about ``low`` to ``high`` days before each date, mostly the later."""
    return _moved(end, -_durations(draw, len(end), low, high))


def _durations(draw: Draw, size: int, low: ArrayLike, high: ArrayLike) -> NDArray[np.int64]:
    """Draw working days out of a span of days: most take a third of it, few take all of it."""
    part = 1.0 / (1.0 + np.exp(0.9 - 0.85 * draw.normal(size)))
    low, high = np.asarray(low, float), np.asarray(high, float)
    taken: NDArray[np.int64] = np.floor((low + (high - low) * part) * 5 / 7 + 0.5).astype(np.int64)
    return taken


def _moved(days: Days, by: NDArray[np.int64]) -> Days:
    result = np.full(len(days), NAT)
    known = ~np.isnat(days)
    result[known] = np.busday_offset(days[known], by[known], roll="forward", holidays=_HOLIDAYS)
    return result
