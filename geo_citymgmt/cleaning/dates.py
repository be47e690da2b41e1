"""Dates as offices write them, with how precisely they are known."""

from __future__ import annotations

import datetime as dt
import re

import numpy as np
import pandas as pd

from geo_citymgmt.cleaning.text import distinct_texts, is_null_text, no_text, plain, take_text
from geo_citymgmt.findings import Findings
from geo_citymgmt.spec import Field

__all__ = ["parse_date", "parse_date_column"]

_DAY = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*[日号]?(?:[ t].*)?")
_MONTH = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*月?(?:份)?")
_YEAR = re.compile(r"((?:19|20)\d{2})\s*年?")
_COMPACT = re.compile(r"((?:19|20)\d{2})(\d{2})(\d{2})(?:\d{6})?(?:\.0+)?")
_COMPACT_MONTH = re.compile(r"((?:19|20)\d{2})(0[1-9]|1[0-2])(?:\.0+)?")
_SERIAL = re.compile(r"(\d{5})(?:\.\d+)?")
_NAT = np.datetime64("NaT", "us")
#: A year outside these is a slip of the pen: nothing in the layers is that old or that far off.
_YEARS = range(1900, 2101)


def parse_date(text: str) -> tuple[np.datetime64, str]:
    """Return the day (the first one of a month or year) and the precision.

    Examples
    --------
    >>> parse_date("2022年6月30日")
    (np.datetime64('2022-06-30T00:00:00.000000'), 'day')
    >>> parse_date("2022.6")[1], parse_date("20220630")[1], parse_date("13月")[1]
    ('month', 'day', '')
    """
    text = plain(text).lower()
    if match := _COMPACT.fullmatch(text) or _DAY.fullmatch(text):
        return _day(int(match[1]), int(match[2]), int(match[3]), "day")
    if match := _MONTH.fullmatch(text) or _COMPACT_MONTH.fullmatch(text):
        return _day(int(match[1]), int(match[2]), 1, "month")
    if match := _YEAR.fullmatch(text):
        return _day(int(match[1]), 1, 1, "year")
    if match := _SERIAL.fullmatch(text):
        # Excel counts days from 1899-12-30 (its 1900 had a 29 February).
        day = dt.date(1899, 12, 30) + dt.timedelta(days=int(match[1]))
        return _day(day.year, day.month, day.day, "day")
    return _NAT, ""


def parse_date_column(
    column: pd.Series, item: Field, findings: Findings, record: np.ndarray
) -> tuple[pd.Series, pd.Series]:
    """Parse ``column``; return local midnights and, where it is not a day, the precision."""
    if isinstance(column.dtype, pd.ArrowDtype):
        column = column.astype(object)
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        stamps = column
        if getattr(column.dtype, "tz", None) is not None:
            stamps = column.dt.tz_convert("Asia/Shanghai").dt.tz_localize(None)
        if item.type == "date":
            stamps = stamps.dt.normalize()
        return stamps.astype("datetime64[us]").reset_index(drop=True), no_text(len(column))
    codes, texts = distinct_texts(column)
    days = np.full(len(texts) + 1, _NAT, dtype="datetime64[us]")
    precision = np.full(len(texts) + 1, None, dtype=object)
    wrong = np.zeros(len(texts) + 1, dtype=bool)
    for k, text in enumerate(texts):
        if is_null_text(text) or set(text) <= {"0", ".", "-", ":", " "}:
            continue
        days[k], known = _moment(text) if item.type == "datetime" else parse_date(text)
        precision[k] = known if known not in ("day", "") else None
        wrong[k] = known == ""
    shown = np.array([*texts, ""], dtype=object)
    bad = np.flatnonzero(wrong[codes])
    findings.add(
        "DATE_UNPARSED",
        records=record[bad],
        value=shown[codes[bad]],
        action="value_removed",
        item=item,
    )
    for known in ("month", "year"):
        if not (precision == known).any():
            continue
        hit = np.flatnonzero((precision == known)[codes])
        findings.add(
            "DATE_PARTIAL", records=record[hit], value=shown[codes[hit]], expected=known, item=item
        )
    return pd.Series(days[codes]), take_text(precision, codes)


def _day(year: int, month: int, day: int, precision: str) -> tuple[np.datetime64, str]:
    if year not in _YEARS:
        return _NAT, ""
    try:
        return np.datetime64(dt.date(year, month, day), "us"), precision
    except ValueError:
        return _NAT, ""


def _moment(text: str) -> tuple[np.datetime64, str]:
    text = plain(text)
    if re.fullmatch(r"\d{10}", text):
        stamp = pd.Timestamp(int(text), unit="s", tz="UTC")
    else:
        try:
            stamp = pd.Timestamp(text)
        except ValueError:
            return parse_date(text)
    if stamp.tz is not None:
        stamp = stamp.tz_convert("Asia/Shanghai").tz_localize(None)
    return stamp.to_datetime64().astype("datetime64[us]"), "day"
