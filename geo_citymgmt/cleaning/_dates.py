"""Dates as offices write them, with how precisely they are known."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

from geo_citymgmt._dates import LOCAL_ZONE, chinese_numbers, last_day_by, moment_of_serial
from geo_citymgmt._languages import Messages, Text, listed
from geo_citymgmt.errors import SpecError
from geo_citymgmt.findings import Findings
from geo_citymgmt.reading._text import distinct_texts, is_null_text, no_text, plain, take_text
from geo_citymgmt.spec import Field, LayerSpec

_MESSAGES = Messages("geo_citymgmt.cleaning")

#: How the orders are called before people.
ORDERS = {
    "mdy": Text("月/日/年", "month, day, year"),
    "dmy": Text("日/月/年", "day, month, year"),
    "ymd": Text("年/月/日", "year, month, day"),
}
#: Years of two digits from here on are of the last century, as in POSIX.
_PIVOT = 69


@dataclass(frozen=True)
class OrderedDate:
    """Three numbers of a date, in the order they are written; the last has two or four digits."""

    first: int
    second: int
    third: int
    has_long_year: bool
    #: Whether hyphens part them, which in China stand behind a year.
    is_hyphened: bool = False

    def days(self) -> dict[str, dt.date]:
        """Return the day that each order gives that makes one.

        Examples
        --------
        >>> sorted(OrderedDate(6, 30, 2022, True).days()), len(OrderedDate(6, 5, 22, False).days())
        (['mdy'], 3)
        """
        a, b, c = self.first, self.second, self.third
        year = c if self.has_long_year else long_year(c)
        readings = {"mdy": (year, a, b), "dmy": (year, b, a)}
        if not self.has_long_year:
            readings["ymd"] = (long_year(a), b, c)
        days: dict[str, dt.date] = {}
        for order, parts in readings.items():
            try:
                days[order] = dt.date(*parts)
            except ValueError:
                continue
        return days


def long_year(year: int) -> int:
    """Return the year that two digits stand for.

    Examples
    --------
    >>> long_year(22), long_year(98)
    (2022, 1998)
    """
    return year + (2000 if year < _PIVOT else 1900)


def settle(
    dates: Sequence[OrderedDate], order: str | None = None
) -> tuple[str, list[dt.date | None]]:
    """Return the order of a column, empty where it is not settled, and the day of each date.

    Parameters
    ----------
    dates : sequence of OrderedDate
        Distinct dates of the column.
    order : {"mdy", "dmy", "ymd"}, optional
        What the office says it is: nothing is concluded then.

    Examples
    --------
    >>> us = [OrderedDate(6, 30, 2022, True), OrderedDate(1, 2, 2022, True)]
    >>> settle(us)[0], str(settle(us)[1][1])
    ('mdy', '2022-01-02')
    >>> settle(us[1:])
    ('', [None])
    """
    readings = [date.days() for date in dates]
    long, short = (
        _common([r for d, r in zip(dates, readings, strict=True) if d.has_long_year == is_long])
        for is_long in (True, False)
    )
    if order is not None:
        # A year of four digits stands behind, whatever is said of those of two.
        short, long = {order}, long if order == "ymd" else {order}
    elif short == {"dmy", "ymd"} and all(
        date.is_hyphened and not date.has_long_year for date in dates
    ):
        # Of 23-06-30 the year is in front, unless the years were then further apart than else, or
        # as far apart and later: 30-06-22 may be of 2022.
        years = {o: [days[o].year for days in readings if days] for o in short}
        front, behind = ((np.ptp(years[o]), max(years[o])) for o in ("ymd", "dmy"))
        short = {"ymd"} if front <= behind else short
    elif long:
        # 30/06/2023 says that the day is before the month; of 23-06-30 not that 23 is the day.
        short -= {"mdy", "dmy"} - long
        long = long & short if len(short) == 1 and long & short else long
    orders = [
        next(iter(kind)) if len(kind) == 1 else ""
        for kind in (long if date.has_long_year else short for date in dates)
    ]
    days = [
        days.get(order) if order else _only(list(days.values()))
        for order, days in zip(orders, readings, strict=True)
    ]
    return orders[0] if len(set(orders)) == 1 else "", days


def _common(readings: Sequence[Mapping[str, dt.date]]) -> set[str]:
    """Return the orders that each date can be in; what is a day in none is a slip of its own."""
    common = set(ORDERS)
    for days in readings:
        common = common & set(days) if days else common
    return common


def check_date_order(given: Mapping[str, str] | None, spec: LayerSpec) -> None:
    """Refuse an order that is none, or of a field that holds no dates.

    Raises
    ------
    SpecError
        The field and the orders are named.
    """
    for name, order in (given or {}).items():
        item = spec.fields.get(name)
        if item is None or item.type not in ("date", "datetime") or order not in ORDERS:
            dates = [n for n, f in spec.fields.items() if f.type in ("date", "datetime")]
            raise _MESSAGES.error(
                SpecError,
                "date_order_not",
                name=name,
                order=order,
                spec=spec,
                dates=listed(dates),
                orders=listed(ORDERS),
            )


def _only(days: Sequence[dt.date]) -> dt.date | None:
    return days[0] if len(set(days)) == 1 else None


#: What may stand behind a day: 2024-03-05-15.05.00 is how some databases part it from its time.
_REST = (
    r"(?P<rest>(?:[ t(（,星周礼上下中午正晚傍夜深凌清早]|(?<=[日号])\d|-(?=\d\d\.\d\d\.\d\d)).*)?"
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NAMED = r"(?P<name>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_WEEKDAY = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,?\s+)?"
_WITH_YEAR = r"(?P<year>\d{4}|\d{2})"
#: Forms that say which number is the year, the month and the day.
_DAYS = tuple(
    re.compile(pattern + _REST)
    for pattern in (
        r"(?P<year>\d{4})\s*[-/.年]\s*(?P<month>\d{1,2})\s*[-/.月]\s*(?P<day>\d{1,2})\s*[日号]?",
        r"(?P<year>\d{2})\s*年\s*(?P<month>\d{1,2})\s*月\s*(?P<day>\d{1,2})\s*[日号]?",
        r"(?P<year>(?:19|20)\d{2})(?P<month>\d{2})(?P<day>\d{2})",
        rf"{_WEEKDAY}(?P<day>\d{{1,2}})(?:st|nd|rd|th)?[-/ .]+{_NAMED}[-/ ,.]+{_WITH_YEAR}",
        rf"{_WEEKDAY}{_NAMED}[-/ .]+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year>\d{{4}})",
    )
)
_COMPACT = re.compile(
    r"(?P<year>(?:19|20)\d{2})(?P<month>\d{2})(?P<day>\d{2})"
    r"(?:[ t]?(?P<hour>[01]\d|2[0-3])(?:(?P<minute>[0-5]\d)(?P<second>[0-5]\d)?)?)?(?:\.0+)?"
)
_ORDERED = re.compile(r"(\d{1,2})\s*([-/.])\s*(\d{1,2})\s*\2\s*(\d{4}|\d{2})" + _REST)
_MONTH = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*月?(?:份)?")
_NAMED_MONTH = re.compile(rf"{_NAMED}[-/ ,.]+(?P<year>\d{{4}})")
_YEAR = re.compile(r"((?:19|20)\d{2})\s*年?")
_COMPACT_MONTH = re.compile(r"((?:19|20)\d{2})(0[1-9]|1[0-2])(?:\.0+)?")
#: Since 1970 in UTC: seconds have ten digits, milliseconds twelve or thirteen. What begins like a
#: year of today is a date with digits wrong, not a moment of 1976 or 2034.
_EPOCH = re.compile(r"(-?\d{13}|(?!19|20)\d{12}|1[0-8]\d{8})(?:\.0+)?")
#: How else than with colons a time of day is written, and what that is with them.
_PARTS = {"半": ":30", "一": ":15", "三": ":45"}
_SPOKEN = tuple(
    (re.compile(pattern), colons)
    for pattern, colons in (
        (r"(?<![\d.])(\d{1,2})\.(\d\d)\.(\d\d)(?!\d)", r"\1:\2:\3"),
        (r"(?<=\d)\s*[点时]\s*([半一三])刻?", lambda match: _PARTS[match[1]]),
        (r"(?<=\d)\s*[点时][整钟:]?(?!\s*[\d零〇])", ":00"),
        (r"(?<=\d)\s*[点时]\s*[零〇:]?\s*", ":"),
        (r"(?<=:\d)\s*分\s*(?=\d)|(?<=:\d\d)\s*分\s*(?=\d)", ":"),
    )
)
_CLOCK = re.compile(
    r"(?<!\d)(?P<hour>\d{1,2}):(?P<minute>\d{1,2})(?::(?P<second>\d{1,2})(?:[.,:](?P<fraction>\d+))?)?\s*"
    r"(?:[ap]\.?m\.?)?\s*(?P<zone>z|(?:utc|gmt)?\s*[+-](?:0\d|1[0-4])(?::?\d{2})?|utc|gmt)?(?![a-z\d:])"
)
#: Half of the day an hour is of.
_HALF = re.compile(
    r"(?P<am>上午|早上|早晨|清晨|清早|凌晨|早(?=\s*\d)|(?<![a-z])a\.?m\b)|(?P<noon>中午|正午)|"
    r"(?P<pm>下午|午后|(?<![a-z])p\.?m\b)|(?P<evening>傍晚|晚上|晚间|夜间|夜里|深夜|晚(?=\s*\d))"
)
#: What is meant for a time of day: a number with a colon, at a half of the day, or nothing else.
_TIMED = re.compile(
    r"\d\s*:|:\s*\d|[午上晨早间里夜晚]\s*\d|[ap]\.?m\.?\s*\d|\d\s*[ap]\.?m\b|^[\s,t]*\d{1,6}$"
)
_ISO = r"\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d:\d\d)?"
#: So many distinct texts are worth a look at all of them at once.
_MANY = 50
#: Longer texts are no dates.
_LONGEST = 500
_NAT = np.datetime64("NaT", "us")
#: A year outside these is a slip of the pen: nothing in the layers is that old or that far off.
_YEARS = range(1900, 2101)


@dataclass
class _Reading:
    """What a text says: a moment of this place, and how it was written."""

    moment: np.datetime64 = _NAT
    precision: str = ""
    is_zoned: bool = False
    has_short_year: bool = False
    #: Whether a time of day stands behind the day that cannot be read.
    has_bad_clock: bool = False
    #: Whether the moment is 24:00: the midnight after the day.
    is_end: bool = False
    #: Numbers in an order that the text does not say, and what stands behind them.
    ordered: OrderedDate | None = None
    rest: str = ""

    def as_of(self, item: Field) -> np.datetime64:
        """Return what a field takes of it: its day, or its moment if all of that was read."""
        if item.type == "date":
            return self.day()
        return _NAT if self.has_bad_clock else self.moment

    def day(self) -> np.datetime64:
        """Return the day it is of."""
        moment = self.moment - np.timedelta64(int(self.is_end), "us")
        return moment.astype("datetime64[D]").astype("datetime64[us]")


@lru_cache(maxsize=4096)
def parse_date(text: str) -> tuple[np.datetime64, str]:
    """Return the day (the first one of a month or year) and the precision.

    A moment with an offset is the day it falls on in Asia/Shanghai. A date of which the order is
    not certain by itself is none.

    Examples
    --------
    >>> parse_date("2022年6月30日")
    (np.datetime64('2022-06-30T00:00:00.000000'), 'day')
    >>> parse_date("2022.6")[1], parse_date("20220630")[1], parse_date("13月")[1]
    ('month', 'day', '')
    >>> str(parse_date("2022-06-30T16:00:00Z")[0])[:10], parse_date("06/05/2022")[1]
    ('2022-07-01', '')
    """
    reading = _read(text)
    return reading.day(), reading.precision


def parse_date_column(
    column: pd.Series,
    item: Field,
    findings: Findings,
    record: np.ndarray,
    order: str | None = None,
    *,
    is_limit: bool = False,
) -> tuple[pd.Series, pd.Series]:
    """Parse ``column``; return local midnights and, where it is not a day, the precision.

    ``order`` says which of day, month and year comes first where the texts do not; without it the
    column as a whole does, or what is not certain is told and taken out. What is a limit may be a
    time, such as 2024年6月底前, and runs to its last day.
    """
    if isinstance(column.dtype, pd.ArrowDtype):
        column = column.astype(object)
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return _of_datetimes(column, item, findings), no_text(len(column))
    codes, texts = distinct_texts(column)
    moments = np.full(len(texts) + 1, _NAT, dtype="datetime64[us]")
    precision = np.full(len(texts) + 1, None, dtype=object)
    wrong = np.zeros(len(texts) + 1, dtype=bool)
    by = np.zeros(len(texts) + 1, dtype=bool)
    readings: dict[int, _Reading] = {}
    moments[:-1] = _plain_moments(texts)
    for k in np.flatnonzero(np.isnat(moments[:-1])).tolist():
        text = texts[k]
        if is_null_text(text) or set(text) <= {"0", ".", "-", ":", " ", "/"}:
            continue
        reading = _read(text)
        if is_limit and not reading.precision and reading.ordered is None:
            reading = _read_by(text)
            by[k] = bool(reading.precision)
        readings[k] = reading
        moments[k] = reading.as_of(item)
        precision[k] = reading.precision if reading.precision not in ("day", "") else None
        wrong[k] = reading.precision == "" and reading.ordered is None
    uncertain = _settle(readings, texts, moments, wrong, item, findings, order)
    days = moments.astype("datetime64[D]").astype("datetime64[us]")
    if is_limit and (np.isnat(moments) | (days == moments)).all():
        # Limits without any other time of day run to the end of theirs: 24:00 is that end.
        for k, reading in readings.items():
            moments[k] = reading.day() if reading.is_end else moments[k]
    timeless = np.zeros(len(texts) + 1, dtype=bool)
    if item.type == "datetime":
        timeless[[k for k, reading in readings.items() if reading.has_bad_clock]] = True
    _report_writing(readings, texts, moments, item, findings)
    written = np.array([*texts, ""], dtype=object)
    for code, are in (("DATE_UNPARSED", wrong), ("TIME_UNPARSED", timeless)):
        bad = np.flatnonzero(are[codes])
        findings.add(
            code,
            records=record[bad],
            value=written[codes[bad]],
            action="value_removed",
            item=item,
        )
    due = np.flatnonzero(by[codes])
    findings.add(
        "DATE_BY",
        records=record[due],
        value=written[codes[due]],
        expected=np.datetime_as_string(moments[codes[due]], unit="D").astype(object),
        item=item,
    )
    unsure = np.flatnonzero(uncertain[codes])
    findings.add(
        "DATE_AMBIGUOUS",
        records=record[unsure],
        value=written[codes[unsure]],
        expected=item.name,
        detail=Text(*[f"[layers.{findings.layer}.date_order]"] * 2),
        action="value_removed",
        item=item,
    )
    for known in ("month", "year"):
        hit = np.flatnonzero((precision == known)[codes])
        if known == item.precision:
            continue
        findings.add(
            "DATE_PARTIAL",
            records=record[hit],
            value=written[codes[hit]],
            expected=known,
            item=item,
        )
    if item.type == "date":
        moments = moments.astype("datetime64[D]").astype("datetime64[us]")
    return pd.Series(moments[codes]), take_text(precision, codes)


def _of_datetimes(column: pd.Series, item: Field, findings: Findings) -> pd.Series:
    moments = column
    zone = getattr(column.dtype, "tz", None)
    if zone is not None:
        moments = column.dt.tz_convert(LOCAL_ZONE).dt.tz_localize(None)
        example = column.first_valid_index()
        if example is not None and str(zone) != LOCAL_ZONE:
            _report_moved(str(column[example]), moments[example], item, findings)
    if item.type == "date":
        moments = moments.dt.normalize()
    return moments.astype("datetime64[us]").reset_index(drop=True)


def _plain_moments(texts: list[str]) -> np.ndarray:
    """Moments of the texts in the usual form, all at once; NaT for all others."""
    if len(texts) < _MANY:
        return np.full(len(texts), _NAT, dtype="datetime64[us]")
    column = pd.Series(texts, dtype="str")
    usual = column.where(column.str.fullmatch(_ISO))
    moments = pd.to_datetime(usual, format="ISO8601", errors="coerce")
    # 1900-01-01 is how a spreadsheet writes nothing.
    known = moments.dt.year.between(_YEARS[0] + 1, _YEARS[-1])
    return np.asarray(moments.where(known).to_numpy(dtype="datetime64[us]"))


def _settle(
    readings: dict[int, _Reading],
    texts: list[str],
    moments: np.ndarray,
    wrong: np.ndarray,
    item: Field,
    findings: Findings,
    order: str | None,
) -> np.ndarray:
    """Put in the days of texts whose order the column tells; return which remain uncertain."""
    uncertain = np.zeros(len(moments), dtype=bool)
    ordered = {k: r for k, r in readings.items() if r.ordered is not None}
    if not ordered:
        return uncertain
    settled, days = settle([r.ordered for r in ordered.values() if r.ordered], order)
    for (k, reading), day in zip(ordered.items(), days, strict=True):
        if day is not None and day.year in _YEARS:
            reading.moment = np.datetime64(day, "us")
            _set_clock(reading, reading.rest)
            moments[k] = reading.as_of(item)
        elif day is None and not settled and reading.ordered and reading.ordered.days():
            uncertain[k] = True
        else:
            wrong[k] = True
    read = next((k for k in ordered if not np.isnat(moments[k])), None)
    if read is not None:
        how = ORDERS[settled] if settled else Text("逐个判断", "each by itself")
        findings.add(
            "DATE_STYLE",
            value=texts[read],
            expected=_day_text(moments[read]),
            detail=how,
            item=item,
        )
    return uncertain


def _report_writing(
    readings: dict[int, _Reading],
    texts: list[str],
    moments: np.ndarray,
    item: Field,
    findings: Findings,
) -> None:
    """Tell, once a column, that an offset was taken into account or a year has two digits."""
    for k, reading in readings.items():
        if reading.is_zoned and not np.isnat(moments[k]):
            _report_moved(texts[k], moments[k], item, findings)
            break
    for k, reading in readings.items():
        short = reading.has_short_year or (reading.ordered and not reading.ordered.has_long_year)
        if short and not np.isnat(moments[k]):
            findings.add(
                "DATE_SHORT_YEAR", value=texts[k], expected=_day_text(moments[k]), item=item
            )
            break


def _report_moved(text: str, moment: object, item: Field, findings: Findings) -> None:
    findings.add("MOMENT_CONVERTED", value=text, expected=_day_text(moment), item=item)


def _day_text(moment: object) -> str:
    return f"{pd.Timestamp(moment):%Y-%m-%d}"


def _read(text: str) -> _Reading:
    if len(text) > _LONGEST:
        return _Reading()
    text = chinese_numbers(plain(text).lower())
    if match := _COMPACT.fullmatch(text):
        clock = [int(match[part] or 0) for part in ("hour", "minute", "second")]
        found = _day(int(match["year"]), int(match["month"]), int(match["day"]), "day")
        found.moment = found.moment + np.timedelta64(
            3600 * clock[0] + 60 * clock[1] + clock[2], "s"
        )
        if found.precision:
            return found
    for pattern in _DAYS:
        if match := pattern.fullmatch(text):
            return _of_match(match)
    if match := _ORDERED.fullmatch(text):
        is_long = len(match[4]) == 4
        numbers = int(match[1]), int(match[3]), int(match[4])
        ordered = OrderedDate(*numbers, is_long, match[2] == "-")
        return _Reading(ordered=ordered, rest=match["rest"] or "")
    if match := _MONTH.fullmatch(text) or _COMPACT_MONTH.fullmatch(text):
        return _day(int(match[1]), int(match[2]), 1, "month")
    if match := _NAMED_MONTH.fullmatch(text):
        return _day(int(match["year"]), _MONTHS.index(match["name"]) + 1, 1, "month")
    if match := _YEAR.fullmatch(text):
        return _day(int(match[1]), 1, 1, "year")
    if moment := moment_of_serial(text):
        return _Reading(np.datetime64(moment, "us"), "day")
    if match := _EPOCH.fullmatch(text):
        unit = "s" if len(match[1]) == 10 else "ms"
        return _local(pd.Timestamp(int(match[1]), unit=unit, tz="UTC"))
    return _Reading()


def _read_by(text: str) -> _Reading:
    last = last_day_by(text)
    return _Reading() if last is None else _day(last.year, last.month, last.day, "day")


def _of_match(match: re.Match[str]) -> _Reading:
    parts = match.groupdict()
    month = parts.get("month")
    number = int(month) if month else _MONTHS.index(parts["name"]) + 1
    year = int(parts["year"])
    is_short = len(parts["year"]) == 2
    found = _day(long_year(year) if is_short else year, number, int(parts["day"]), "day")
    found.has_short_year = is_short
    if found.precision and parts["rest"]:
        _set_clock(found, parts["rest"])
    return found


def _set_clock(found: _Reading, rest: str) -> None:
    """Put in the time of day that stands behind a day, as clocks of this place show it."""
    for pattern, colons in _SPOKEN:
        rest = pattern.sub(colons, rest)
    match = _CLOCK.search(rest)
    if match is None:
        found.has_bad_clock = _TIMED.search(rest) is not None
        return
    half = _HALF.search(rest)
    minute, second = int(match["minute"]), int(match["second"] or 0)
    fraction = int(f"{match['fraction'] or '0':0<6}"[:6])
    hour = _hour(int(match["hour"]), (half.lastgroup or "") if half else "")
    found.is_end = hour == 24 and not (minute or second or fraction)
    if hour is None or minute > 59 or second > 59 or (hour > 23 and not found.is_end):
        found.has_bad_clock = True
        return
    since = 3600 * hour + 60 * minute + second
    found.moment = found.moment + np.timedelta64(1_000_000 * since + fraction, "us")
    if match["zone"]:
        moment = pd.Timestamp(found.moment).tz_localize(_offset(match["zone"]))
        found.moment, found.is_zoned = _local(moment).moment, True


def _hour(hour: int, half: str) -> int | None:
    """Return the hour of the day of one of its half; None where there is none or it is not sure."""
    if half == "am" and hour >= 12:
        return 0 if hour == 12 else None
    if half == "evening" and hour < 5:
        # 晚上 1 点 is of this night or of the one before.
        return None
    # The middle of the day begins before twelve.
    begins = {"noon": 10, "pm": 12, "evening": 13}.get(half, 0)
    return hour + 12 if hour < begins else hour


def _offset(zone: str) -> dt.timezone:
    match = re.search(r"([+-])(\d{2}):?(\d{2})?", zone)
    if match is None:
        return dt.UTC
    span = dt.timedelta(hours=int(match[2]), minutes=int(match[3] or 0))
    return dt.timezone(-span if match[1] == "-" else span)


def _local(stamp: pd.Timestamp) -> _Reading:
    local = stamp.tz_convert(LOCAL_ZONE).tz_localize(None)
    if local.year not in _YEARS:
        return _Reading()
    return _Reading(local.to_datetime64().astype("datetime64[us]"), "day", is_zoned=True)


def _day(year: int, month: int, day: int, precision: str) -> _Reading:
    if year not in _YEARS:
        return _Reading()
    try:
        return _Reading(np.datetime64(dt.date(year, month, day), "us"), precision)
    except ValueError:
        return _Reading()
