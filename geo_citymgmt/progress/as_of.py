"""The day figures are asked for: what is taken for one, and which the data can answer."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pandas as pd

from geo_citymgmt.errors import AsOfError, CityDataError, SourceError
from geo_citymgmt.words import Text

if TYPE_CHECKING:
    from geo_citymgmt.city import City

__all__ = ["as_date", "day_of"]


def as_date(value: Any) -> pd.Timestamp:
    """Return a day as a Timestamp at local midnight.

    Raises
    ------
    SourceError
        It is no date.

    Examples
    --------
    >>> as_date("2022-06-30 17:30")
    Timestamp('2022-06-30 00:00:00')
    """
    stamp = pd.NaT
    if isinstance(value, (str, dt.date, pd.Timestamp)):
        stamp = pd.to_datetime(value, errors="coerce")
    if not pd.isna(stamp):
        return pd.Timestamp(stamp).normalize()
    raise SourceError(
        Text(f"“{value}”不是日期。", f"{value!r} is not a date."),
        remedy=Text("请写成 2022-06-30。", "Write it as 2022-06-30."),
    )


def day_of(city: City, as_of: Any, basis: str | None) -> pd.Timestamp | None:
    """Return the day of the figures, the data's own where none is given; refuse a later one."""
    if basis not in (None, "plan"):
        raise CityDataError(
            Text(
                f"不支持 basis={basis}。", f'basis is {basis!r}; the only one to ask for is "plan".'
            )
        )
    own = city.data_date
    if as_of is None:
        return own
    day = as_date(as_of)
    if own is not None and day > own and basis != "plan":
        raise AsOfError(
            Text(
                f"数据截至 {own:%Y-%m-%d}，不能回答 {day:%Y-%m-%d}；请改用此前的日期"
                "（计划数：Python 的 basis=“plan”）。",
                f"the data stands as of {own:%Y-%m-%d}; {day:%Y-%m-%d} is after it. Ask for a date "
                'up to then (in Python basis="plan" gives what is planned).',
            ),
        )
    return day
