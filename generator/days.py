"""Working days of the sample's calendar, and draws from them."""

from __future__ import annotations

from datetime import date

import numpy as np
from numpy.typing import NDArray

from generator.draw import Draw

__all__ = ["DATA_DATE", "MONTHS_H1", "MONTHS_H2", "NAT", "after", "before", "days_in"]

Days = NDArray[np.datetime64]
DATA_DATE = date(2022, 6, 30)
NAT = np.datetime64("NaT", "D")
#: A bare number of days is no duration to numpy.
DAY = np.timedelta64(1, "D")
#: Share of a half-year's work by month: little in February (Spring Festival) and in April and May
#: (that spring's restrictions), much before each report.
MONTHS_H1 = {1: 0.16, 2: 0.06, 3: 0.22, 4: 0.11, 5: 0.14, 6: 0.31}
MONTHS_H2 = {7: 0.13, 8: 0.15, 9: 0.22, 10: 0.13, 11: 0.17, 12: 0.20}
_HOLIDAYS = np.array(
    ["2022-01-03", "2022-01-31", "2022-02-01", "2022-02-02", "2022-02-03", "2022-02-04",
     "2022-04-04", "2022-04-05", "2022-05-02", "2022-05-03", "2022-05-04", "2022-06-03",
     "2022-09-12", "2022-10-03", "2022-10-04", "2022-10-05", "2022-10-06", "2022-10-07"],
    dtype="datetime64[D]",
)  # fmt: skip


def working_days(first: str, last: str) -> Days:
    """Return the working days from ``first`` to ``last``, both included."""
    days = np.arange(np.datetime64(first), np.datetime64(last) + DAY)
    return days[np.is_busday(days, holidays=_HOLIDAYS)]


def days_in(
    draw: Draw, size: int, first: str, last: str, months: dict[int, float] | None = None
) -> Days:
    """Draw working days between two dates, by month where shares are given."""
    days = working_days(first, last)
    if months is None:
        return days[draw.whole(size, 0, len(days))]
    month = days.astype("datetime64[M]").astype(int) % 12 + 1
    share = np.array([months.get(int(m), 0.0) for m in month])
    for number in np.unique(month):
        share[month == number] /= (month == number).sum()
    return days[draw.pick(size, share)]


def after(draw: Draw, start: Days, low: int, high: int) -> Days:
    """Return a working day ``low`` to ``high`` days after each date."""
    later = start + draw.whole(len(start), low, high).astype("timedelta64[D]")
    return _busy(later, "forward")


def before(draw: Draw, end: Days, low: int, high: int) -> Days:
    """Return a working day ``low`` to ``high`` days before each date."""
    earlier = end - draw.whole(len(end), low, high).astype("timedelta64[D]")
    return _busy(earlier, "backward")


def _busy(days: Days, roll: str) -> Days:
    result = np.full(len(days), NAT)
    known = ~np.isnat(days)
    result[known] = np.busday_offset(days[known], 0, roll=roll, holidays=_HOLIDAYS)  # type: ignore[call-overload]
    return result
