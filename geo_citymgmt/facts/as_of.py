"""The day figures are asked for: the data's own without one, and none after it."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pandas as pd

from geo_citymgmt._arguments import check_city
from geo_citymgmt._dates import read_day
from geo_citymgmt._gate import Gate
from geo_citymgmt.errors import AsOfError
from geo_citymgmt.words import Text

if TYPE_CHECKING:
    from geo_citymgmt.city import City

__all__ = ["day_of", "days_between", "days_of"]


def day_of(
    city: City,
    as_of: Any,
    gate: Gate,
    *,
    argument: str = "as_of",
    first: bool = False,
    plan: bool = False,
) -> pd.Timestamp | None:
    """Return the day of the figures, the data's own where none is given; refuse a later one.

    Parameters
    ----------
    city : City
    as_of : date, optional
        As :func:`geo_citymgmt._dates.read_day` takes it.
    gate : Gate
        Of the function that asks.
    argument : str
        What the function calls the date.
    first : bool
        Whether something begins on it.
    plan : bool
        Whether a later day may be asked for.

    Returns
    -------
    Timestamp or None
        None where neither the caller nor the data has a date.

    Raises
    ------
    AsOfError
        It is no date, or after the data's own.
    """
    check_city(gate, city)
    own = city.data_date
    if as_of is None:
        return own
    day = read_day(as_of, argument, function=gate.function, first=first)
    if own is not None and day > own and not plan:
        raise AsOfError(
            Text(
                f"{gate.function}：数据截至 {own:%Y-%m-%d}，不能回答 {argument} 的 {day:%Y-%m-%d}；"
                "请改用此前的日期（计划数：progress 的 basis=“plan”）。",
                f"{gate.function}: the data stands as of {own:%Y-%m-%d}, and {argument} "
                f"{day:%Y-%m-%d} is after it. Ask for a date up to then (progress with "
                'basis="plan" gives what is planned).',
            ),
        )
    return day


def days_of(
    city: City, start: Any, end: Any, gate: Gate
) -> tuple[pd.Timestamp, pd.Timestamp | None]:
    """Return the first and the last day of a period; the last is the data's own without one.

    Raises
    ------
    AsOfError
        One is no date or after the data's own, or the end is before the start.
    """
    first = read_day(start, "start", function=gate.function, first=True)
    last = day_of(city, end, gate, argument="end")
    day_of(city, first, gate, argument="start")
    if last is not None and last < first:
        raise AsOfError(
            Text(
                f"{gate.function}：时段止于 end 的 {last:%Y-%m-%d}，早于起始日 start 的 "
                f"{first:%Y-%m-%d}。",
                f"{gate.function}: the period ends on {last:%Y-%m-%d} (end), before it begins on "
                f"{first:%Y-%m-%d} (start).",
            ),
            remedy=Text("请改正起止日期。", "Give a start that is not after the end."),
        )
    return first, last


def days_between(
    first: pd.Timestamp, last: pd.Timestamp, freq: Any, gate: Gate
) -> pd.DatetimeIndex:
    """Return the days of a frequency from one day to another, both included.

    Raises
    ------
    CityDataError
        It is no frequency of pandas, or one of less than a day.

    Examples
    --------
    >>> june = pd.Timestamp("2022-06-30")
    >>> [str(day.date()) for day in days_between(june - pd.Timedelta(days=8), june, "W", Gate("f"))]
    ['2022-06-26']
    """
    days = None
    if isinstance(freq, (str, pd.offsets.BaseOffset)):
        # What pandas does not know, in spelling or in kind, it says in either of these.
        with suppress(ValueError, TypeError):
            days = pd.date_range(first, last, freq=freq)
    if days is None or not days.equals(days.normalize()):
        raise gate.refuse(
            Text(
                f"freq 为 {freq!r}，不是按日或更长的频率。",
                f"freq is {freq!r}, no frequency of days.",
            ),
            Text(
                "请用 pandas 的 “ME”（月末）、“W”（周）、“D”（日）等。",
                'Use one of pandas, such as "ME" (month ends), "W" or "D".',
            ),
        )
    return days
