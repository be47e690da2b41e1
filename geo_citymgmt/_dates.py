"""One reader of the dates people ask for, and of columns of dates: days of Asia/Shanghai.

Data writes dates as it likes, and records take them with their precision. An argument is a
question: what it means is certain, or it is refused. A month, quarter or year is a span of days;
as the end of something it means its last day, as the start its first.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
import unicodedata
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from geo_citymgmt._languages import NOTHING, Messages, Text
from geo_citymgmt.errors import AsOfError, CityDataError

_MESSAGES = Messages("geo_citymgmt")

__all__ = [
    "LOCAL_ZONE", "chinese_numbers", "day_of_serial", "is_ambiguous", "last_day_by", "last_days",
    "local_days", "local_moments", "moment_of_serial", "read_day", "span_of_text",
]  # fmt: skip

LOCAL_ZONE = "Asia/Shanghai"
#: A year outside these is a slip of the pen, as in the records.
_YEARS = range(1900, 2101)
_NUMERALS = {
    "零": "0",
    "〇": "0",
    "两": "2",
    **{word: str(n) for n, word in enumerate("一二三四五六七八九", 1)},
}

_YEAR = r"(?P<year>\d{4})"
_TIME = (
    r"(?P<time>[ t]+\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?\s*(?P<zone>z|utc|gmt|[+-]\d{2}:?\d{2})?)?"
)
_SPANS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"{_YEAR}(?P<sep>[-/.])(?P<month>\d{{1,2}})(?P=sep)(?P<day>\d{{1,2}}){_TIME}",
        rf"{_YEAR} ?年 ?(?P<month>\d{{1,2}}) ?月 ?(?P<day>\d{{1,2}}) ?[日号]?{_TIME}",
        r"(?P<year>(?:19|20)\d{2})(?P<month>\d{2})(?P<day>\d{2})",
        rf"{_YEAR}[-/.](?P<month>\d{{1,2}})",
        rf"{_YEAR} ?年 ?(?P<month>\d{{1,2}}) ?月(?:份|(?P<last>[底末]))?",
        rf"{_YEAR} ?年 ?(?P<month>\d{{1,2}}) ?月 ?(?P<third>[上中下]) ?旬",
        r"(?P<year>(?:19|20)\d{2})(?P<month>\d{2})",
        rf"{_YEAR}[- ]?q(?P<quarter>[1-4])",
        rf"q(?P<quarter>[1-4])[- ]?{_YEAR}",
        rf"{_YEAR} ?年? ?第? ?(?P<quarter>[1-4]) ?季度?(?P<last>[底末])?",
        rf"{_YEAR}[- ]?h(?P<half>[12])",
        rf"{_YEAR} ?年? ?(?P<half>[上下]) ?半年(?P<last>[底末])?",
        rf"{_YEAR} ?(?:年度?|年 ?年?(?P<last>[底末]))?",
    )
)
#: Before the end of what is named; 6月前 may be before the month begins, and is no day.
_BY = re.compile(r"(.*[日号底末旬]|\d{4}([-/.])\d{1,2}\2\d{1,2})\s*[之以]?前(?:完成)?")
#: A day of a spreadsheet that lost its format: no year, month or day is written with five digits.
_SERIAL = re.compile(r"(\d{5})(?:\.\d+)?")
#: First and last day of the thirds of a month; the last one ends with it.
_THIRDS = {"上": (1, 10), "中": (11, 20), "下": (21, 31)}
#: Day and month before the year, or a year of two digits: each can be read in more than one way.
_ORDERED = re.compile(r"\d{1,2}([-/. ])\d{1,2}\1(?:\d{4}|\d{2})(?:[ t].*)?")
#: A value is shown as it is up to this many characters, else by its type.
_SHOWN = 60
Span = tuple[dt.date, dt.date]


def span_of_text(text: str) -> Span | None:
    """Return the first and last day that a text names; None where it names none for certain.

    Examples
    --------
    >>> [str(day) for day in span_of_text("2022年二季度")]
    ['2022-04-01', '2022-06-30']
    >>> [str(day) for day in span_of_text("2022-06-30T20:00Z")]
    ['2022-07-01', '2022-07-01']
    >>> span_of_text("06/05/2022"), span_of_text("九月底"), span_of_text("2022-02-30")
    (None, None, None)
    """
    plain = chinese_numbers(
        re.sub(r"\s+", " ", unicodedata.normalize("NFKC", text)).strip().lower()
    )
    for pattern in _SPANS:
        match = pattern.fullmatch(plain)
        if match is not None:
            parts = {k: v for k, v in match.groupdict().items() if v}
            try:
                return _span(parts, plain)
            except ValueError:
                return None
    return None


def _span(parts: dict[str, str], text: str) -> Span:
    """Days of what a pattern found; ValueError where the calendar has no such day."""
    year = int(parts["year"])
    if year not in _YEARS:
        raise ValueError(year)
    if "day" in parts:
        day = dt.date(year, int(parts["month"]), int(parts["day"]))
        if "time" in parts:
            day = _local(_moment(day, parts)).date()
        return day, day
    if "half" in parts:
        months = (1, 6) if parts["half"] in ("1", "上") else (7, 12)
    elif "quarter" in parts:
        months = (3 * int(parts["quarter"]) - 2, 3 * int(parts["quarter"]))
    elif "month" in parts:
        months = (int(parts["month"]),) * 2
    else:
        months = (1, 12)
    first = dt.date(year, months[0], 1)
    last = dt.date(year, months[1], calendar.monthrange(year, months[1])[1])
    if "third" in parts:
        begin, end = _THIRDS[parts["third"]]
        first, last = first.replace(day=begin), last.replace(day=min(end, last.day))
    # 年底 and 月底 are a day, also where something begins on it.
    return (last if "last" in parts else first), last


def last_day_by(text: str) -> dt.date | None:
    """Return the last day by which something is due; None where a text names none for certain.

    Examples
    --------
    >>> [str(last_day_by(text)) for text in ("2024年6月底前", "2024年6月中旬前", "2024年二季度")]
    ['2024-06-30', '2024-06-20', '2024-06-30']
    >>> last_day_by("6月底前"), last_day_by("2024年6月前")
    (None, None)
    """
    match = _BY.fullmatch(text.strip())
    span = span_of_text(match[1] if match else text)
    return day_of_serial(text) if span is None else span[1]


def day_of_serial(text: str) -> dt.date | None:
    """Return the day that a spreadsheet keeps as a number of five digits; None for other texts.

    Examples
    --------
    >>> str(day_of_serial("45657")), str(day_of_serial("45657.0")), day_of_serial("2024")
    ('2024-12-31', '2024-12-31', None)
    """
    moment = moment_of_serial(text)
    return None if moment is None else moment.date()


def moment_of_serial(text: str) -> dt.datetime | None:
    """Return the moment, to the second, that a spreadsheet keeps as a number; None for other texts.

    Examples
    --------
    >>> str(moment_of_serial("45356.628472")), moment_of_serial("2024")
    ('2024-03-05 15:05:00', None)
    """
    if not _SERIAL.fullmatch(text.strip()):
        return None
    # Excel counts days from 1899-12-30 (its 1900 had a 29 February).
    moment = dt.datetime(1899, 12, 30) + dt.timedelta(seconds=round(86400 * float(text)))
    return moment if moment.year in _YEARS else None


def _moment(day: dt.date, parts: dict[str, str]) -> pd.Timestamp:
    clock = parts["time"].removesuffix(parts.get("zone", "")).strip(" t")
    hour, minute, second, *_ = [*clock.split(":"), "0"]
    time = dt.time(int(hour), int(minute), int(float(second)))
    stamp = pd.Timestamp(dt.datetime.combine(day, time))
    zone = parts.get("zone")
    if zone is None:
        return stamp
    return stamp.tz_localize("UTC" if zone.isalpha() else _offset(zone))


def _offset(zone: str) -> dt.timezone:
    span = dt.timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
    return dt.timezone(-span if zone[0] == "-" else span)


def chinese_numbers(text: str) -> str:
    """Chinese numbers up to 99 before 年, 月, 日, 季, 点, 时, 分 as digits; a year digit by digit.

    Examples
    --------
    >>> chinese_numbers("二〇二二年六月三十日"), chinese_numbers("星期二十点零五分")
    ('2022年6月30日', '星期二10点零5分')
    """
    text = re.sub(
        r"[零〇一二三四五六七八九]{4}(?= ?年)",
        lambda m: "".join(_NUMERALS[c] for c in m[0]),
        text,
    )
    text = re.sub(r"[一二三四五六七八九十]{1,3}(?= ?[月日号季])", lambda m: _small(m[0]), text)
    # The number behind 星期 is one of its own.
    return re.sub(
        r"(?<![期周拜])(?:[一二两三四五六七八九十]{1,3}|零)(?= ?[点时分])",
        lambda m: _small(m[0]),
        text,
    )


def _small(word: str) -> str:
    tens, sign, ones = word.rpartition("十")
    digits = (_NUMERALS.get(tens, "") or "1") if sign else ""
    return digits + (_NUMERALS.get(ones, "") or ("0" if sign else ones))


def read_day(
    value: Any, argument: str, *, function: str | Text, first: bool = False
) -> pd.Timestamp:
    """Return the day an argument means, at midnight of Asia/Shanghai, without a time zone.

    Parameters
    ----------
    value : str, date, datetime, Timestamp, Period, datetime64 or int
        A month, quarter, half-year or year is its last day; a moment of a time zone is the day it
        falls on in Asia/Shanghai.
    argument, function : str
        Whose it is: every refusal begins with them. A Text for the second where it is no function
        but a place in a file.
    first : bool
        Whether something starts on it: then a month, quarter or year is its first day.

    Raises
    ------
    AsOfError
        It is no date, or can be read in more than one way.

    Examples
    --------
    >>> read_day("2022年6月", "as_of", function="progress")
    Timestamp('2022-06-30 00:00:00')
    >>> read_day("2022Q2", "start", function="progress_series", first=True)
    Timestamp('2022-04-01 00:00:00')
    >>> read_day("06/05/2022", "as_of", function="progress")
    Traceback (most recent call last):
    geo_citymgmt.errors.AsOfError: progress: as_of is '06/05/2022', which can be read in more than
    one way. Write year, month and day in this order, such as 2022-06-05.
    """
    span = _span_of(value)
    if span is None or span[0].year not in _YEARS:
        raise _no_day(value, argument, function)
    return pd.Timestamp(span[0] if first else span[1]).as_unit("us")


def _span_of(value: Any) -> Span | None:
    """Return the days of any kind of date; None where it is none."""
    if isinstance(value, (bool, np.bool_)) or value is None:
        return None
    if isinstance(value, (int, np.integer)):
        return span_of_text(str(value))
    if isinstance(value, str):
        return span_of_text(value)
    if value is pd.NaT:
        return None
    if isinstance(value, (pd.Period, dt.date)) and value.year not in _YEARS:
        # Before anything is computed with it: pandas ends some centuries later.
        return None
    if isinstance(value, pd.Period):
        return value.start_time.date(), value.end_time.date()
    if isinstance(value, np.datetime64):
        return _span_of_numpy(value)
    if isinstance(value, dt.datetime):
        day = _local(value).date()
        return day, day
    return (value, value) if isinstance(value, dt.date) else None


def _span_of_numpy(value: np.datetime64) -> Span | None:
    if np.isnat(value):
        return None
    unit, _ = np.datetime_data(value)
    if unit in ("Y", "M"):
        return span_of_text(str(value))
    day = value.astype("datetime64[D]").item()
    return (day, day) if isinstance(day, dt.date) else None


def _local(moment: dt.datetime) -> pd.Timestamp:
    """A moment as clocks here show it; one without a time zone is of this place already."""
    stamp = pd.Timestamp(moment)
    return stamp if stamp.tz is None else stamp.tz_convert(LOCAL_ZONE).tz_localize(None)


def _no_day(value: Any, argument: str, function: str | Text) -> AsOfError:
    cause = Text("不是日期", "which is no date")
    remedy = _MESSAGES("month_quarter_year")
    if is_ambiguous(value):
        cause = Text("可有多种读法", "which can be read in more than one way")
        remedy = _MESSAGES("year_month_day")
    shown = repr(value)
    if len(shown) > _SHOWN:
        shown = type(value).__name__
    return AsOfError(
        _MESSAGES("bad_day", function=function, argument=argument, shown=shown, cause=cause),
        remedy=remedy,
    )


def is_ambiguous(value: Any) -> bool:
    """Whether a text is a date whose day, month and year can be told apart in several ways.

    Examples
    --------
    >>> is_ambiguous("06/05/2022"), is_ambiguous("2022-06-05"), is_ambiguous("soon")
    (True, False, False)
    """
    if not isinstance(value, str):
        return False
    return _ORDERED.fullmatch(unicodedata.normalize("NFKC", value).strip().lower()) is not None


def local_days(column: pd.Series, *, function: str = "") -> np.ndarray:
    """Return the days of a column of dates in Asia/Shanghai, NaT where one is missing.

    Parameters
    ----------
    column : Series
        Of datetimes with or without a time zone, of pyarrow dates or timestamps, or of objects
        that are dates.
    function : str
        With which a refusal begins.

    Returns
    -------
    ndarray of datetime64[D]
        One a row.

    Raises
    ------
    CityDataError
        The column holds something else; it is named, with the first such record.

    See Also
    --------
    local_moments : with the time of day.

    Examples
    --------
    >>> found = pd.Series(pd.to_datetime(["2022-02-28 16:00", None], utc=True), name="found_date")
    >>> local_days(found)
    array(['2022-03-01',        'NaT'], dtype='datetime64[D]')
    """
    return local_moments(column, function=function).astype("datetime64[D]")


def local_moments(column: pd.Series, *, function: str = "") -> np.ndarray:
    """Return the moments of a column of dates as clocks in Asia/Shanghai show them.

    As :func:`local_days`; a date is its midnight.

    Returns
    -------
    ndarray of datetime64[us]

    Examples
    --------
    >>> found = pd.Series(pd.to_datetime(["2022-02-28 16:00", None], utc=True))
    >>> local_moments(found)[0]
    np.datetime64('2022-03-01T00:00:00.000000')
    """
    if isinstance(column.dtype, pd.ArrowDtype):
        column = _from_arrow(column)
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        if getattr(column.dtype, "tz", None) is not None:
            column = column.dt.tz_convert(LOCAL_ZONE).dt.tz_localize(None)
        return column.to_numpy().astype("datetime64[us]")
    missing = np.asarray(pd.isna(column), dtype=bool)
    moments = np.full(len(column), np.datetime64("NaT", "us"))
    for at in np.flatnonzero(~missing):
        value = column.iloc[at]
        if not isinstance(value, (dt.date, np.datetime64)):
            raise _no_days(column, int(at), function)
        moments[at] = _local(value) if isinstance(value, dt.datetime) else value
    return moments


def last_days(days: pd.Series, precision: pd.Series | None) -> pd.Series:
    """Return the last day that each date can mean: one known to the month or year is a span.

    Parameters
    ----------
    days : Series of datetime64
        Any day of the month or year stands for it.
    precision : Series or None
        "month" or "year" where a date is known to no more; None where all are known to the day.

    Examples
    --------
    >>> days = pd.Series(pd.to_datetime(["2022-06-01", "2022-06-01"]))
    >>> last_days(days, pd.Series(["month", None])).dt.day.tolist()
    [30, 1]
    """
    if precision is None:
        return days
    for known, end in (("month", pd.offsets.MonthEnd(0)), ("year", pd.offsets.YearEnd(0))):
        hit = (precision == known).fillna(False).to_numpy(dtype=bool)
        if hit.any():
            days = days.mask(hit, days + end)
    return days


def _from_arrow(column: pd.Series) -> pd.Series:
    """Return pyarrow dates and timestamps as pandas has them, anything else as objects."""
    kind = column.dtype.pyarrow_dtype
    if not (pa.types.is_date(kind) or pa.types.is_timestamp(kind)):
        return column.astype(object)
    zone = kind.tz if pa.types.is_timestamp(kind) else None
    moments = pa.chunked_array(pa.array(column.array)).cast(pa.timestamp("us", tz=zone))
    return moments.to_pandas().set_axis(column.index).rename(column.name)


def _no_days(column: pd.Series, at: int, function: str) -> CityDataError:
    value, prefix = column.iloc[at], NOTHING
    if function:
        prefix = Text(f"{function}：", f"{function}: ")
    kind = type(value).__name__
    return _MESSAGES.error(
        CityDataError,
        "column_not_dates",
        prefix=prefix,
        column=column,
        column_index=column.index[at],
        value=value,
        kind=kind,
    )


def date_text(values: pd.Series, precision: pd.Series | None) -> pd.Series:
    """Return dates as text, only as exact as they are known.

    Parameters
    ----------
    values : Series of datetime64
        The dates.
    precision : Series of str or None
        ``day``, ``month`` or ``year`` for each; a day where it is null or not given.

    Returns
    -------
    Series of str
        On the index of `values`; empty where there is no date.
    """
    dates = pd.to_datetime(values, errors="coerce")
    midnight = (dates.dropna() == dates.dropna().dt.normalize()).all()
    text = dates.dt.strftime("%Y-%m-%d" if midnight else "%Y-%m-%d %H:%M")
    if precision is not None:
        text = text.mask(precision.eq("month").fillna(False), dates.dt.strftime("%Y-%m"))
        text = text.mask(precision.eq("year").fillna(False), dates.dt.strftime("%Y"))
    return text.astype("object").where(dates.notna(), "")
