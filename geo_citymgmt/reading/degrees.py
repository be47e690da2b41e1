"""Coordinates as people write them: decimals, degrees with minutes and seconds, both in a cell."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from unicodedata import normalize

import numpy as np
import pandas as pd
import pyarrow as pa

__all__ = ["Halves", "is_packed", "read_coordinates", "read_halves"]

#: Signs that look alike, before compatible forms are brought to one (which takes º for a letter).
_ALIKE = str.maketrans(
    {
        **dict.fromkeys("º˚⁰∘゜", "°"),
        **dict.fromkeys("′‘’‵`´＇", "'"),
        **dict.fromkeys("″“”〃＂", '"'),
        **dict.fromkeys("−–—‐", "-"),
        **dict.fromkeys("度", "°"),
        **dict.fromkeys("分", "'"),
        **dict.fromkeys("秒", '"'),
        **dict.fromkeys("、", ","),
    }
)
#: Words before a number, as the letters they stand for: X and Y are labels, the others directions.
_WORDS = {
    "E": r"东经",
    "W": r"西经",
    "N": r"北纬",
    "S": r"南纬",
    "X": r"[\"']?\b(?:LONGITUDE|LONG|LNG|LON)\b[\"']?|[\"']?经°?[\"']?",
    "Y": r"[\"']?\b(?:LATITUDE|LAT)\b[\"']?|[\"']?纬°?[\"']?",
}
_ANY_WORD = re.compile(
    "|".join(rf"(?P<{letter}>(?:{words})\s*[:=]?\s*)" for letter, words in _WORDS.items())
)
_EAST, _WEST, _NORTH, _SOUTH = "E", "W", "N", "S"
_IS_LON, _IS_LAT = ("X", _EAST, _WEST), ("Y", _NORTH, _SOUTH)
#: Groups of thousands, and a comma in place of the decimal point.
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(?:[,\s]\d{3})+(?:\.\d+)?")
#: Coordinates are mostly no longer than the one, and never than the other.
_USUAL, _LONGEST = 40, 160
_GAPS = re.compile(r"[,\s]")
_COMMA = re.compile(r"[+-]?\d{1,3},\d+")
_TWO_COMMAS = re.compile(r"^\W*([+-]?\d{1,3}),(\d+)\s*[;/|\s]\s*([+-]?\d{1,3}),(\d+)\W*$")


def _angle(tag: str) -> str:
    """Return the pattern of one number; a letter stands before or after it, not on both sides."""
    minutes = rf"\s*[°:\-\s]\s*(?P<m{tag}>\d{{1,2}}(?:\.\d+)?)(?![\d.])"
    seconds = rf"\s*['°:\-\s]\s*(?P<s{tag}>\d{{1,2}}(?:\.\d+)?)(?![\d.])\s*(?:\"|'')?"
    return (
        rf"(?P<label{tag}>[XY])?[:=\s]*(?P<before{tag}>[EWNS])?[:=\s]*(?P<sign{tag}>[+-])?\s*"
        rf"(?:(?P<d{tag}>\d{{1,3}})(?![\d.]){minutes}(?:{seconds}|\s*')?"
        rf"|(?P<whole{tag}>\d+(?:\.\d+)?)\s*°?)"
        rf"\s*(?(before{tag})|(?P<after{tag}>[EWNS])?)"
    )


_ONE = re.compile(rf"^[\s'(\[]*{_angle('1')}\s*(?:M|米)?[\s)\]]*$")
_BETWEEN = r"(?:[,;/|\s]+|(?<=[EWNS°'\"])|(?=[EWNSXY]))"
_TWO = re.compile(
    rf"^[\s(\[{{]*{_angle('1')}{_BETWEEN}\s*{_angle('2')}"
    rf"(?:[,;/|\s]+(?:[HZ]|高程|海拔)?[:=\s]*-?\d+(?:\.\d+)?\s*(?:M|米)?)?[\s)\]}}]*$"
)
_PLAIN_TWO = re.compile(
    r"^\s*[\[(]?\s*(?P<first>-?\d+(?:\.\d+)?)\s*[,;\s]\s*(?P<second>-?\d+(?:\.\d+)?)\s*[\])]?\s*$"
)


@dataclass
class Halves:
    """The two numbers of each cell, in the order in which they stand.

    Attributes
    ----------
    first, second : array of float
        NaN where a cell cannot be read.
    lat_first : array of int
        1 where letters or labels say that the first is the latitude, 0 where the second is, -1
        where they say nothing.
    """

    first: np.ndarray
    second: np.ndarray
    lat_first: np.ndarray


def read_coordinates(column: pd.Series, *, axis: str) -> tuple[np.ndarray, bool]:
    """Read a column of one coordinate.

    Parameters
    ----------
    column : Series
        Numbers, texts or other objects, on any index.
    axis : {"lon", "lat", "east", "north", "x", "y"}
        A direction that contradicts it (N in a longitude) makes a cell unreadable; degrees decide
        whether a comma is that of a decimal.

    Returns
    -------
    array of float, bool
        NaN where there is nothing or it cannot be read; and whether any was written in minutes, or
        with a direction, so that the numbers are degrees for certain.

    Examples
    --------
    >>> texts = pd.Series(["120.61", "120-36-36", "120°36′36″E", "E 120 36 36", "东经120度36.6分"])
    >>> numbers, are_degrees = read_coordinates(texts, axis="lon")
    >>> numbers.round(6).tolist(), are_degrees
    ([120.61, 120.61, 120.61, 120.61, 120.61], True)
    """
    if pd.api.types.is_bool_dtype(column.dtype) or pd.api.types.is_datetime64_any_dtype(
        column.dtype
    ):
        return np.full(len(column), np.nan), False
    if pd.api.types.is_numeric_dtype(column.dtype):
        return column.astype("float64").to_numpy(), False
    plain = column.reset_index(drop=True).astype("str")
    numbers = _decimals(plain)
    hard = np.flatnonzero(np.isnan(numbers) & plain.notna().to_numpy())
    if not len(hard):
        return numbers, False
    codes, distinct = pd.factorize(plain.to_numpy(dtype=object)[hard])
    texts = _without_commas(_one_spelling(distinct), is_degrees=axis in ("lon", "lat"))
    values, letter, are_angles = _values(_groups(_ONE, texts), "1")
    wrong = _IS_LAT if axis in ("lon", "east") else _IS_LON if axis in ("lat", "north") else ()
    values[np.isin(letter, wrong)] = np.nan
    numbers[hard] = values[codes]
    return numbers, bool((are_angles & np.isfinite(values)).any())


def _decimals(texts: pd.Series) -> np.ndarray:
    """Return the plain numbers among ``texts``, NaN elsewhere."""
    try:
        return np.array(pa.array(texts.array).cast(pa.float64()).to_numpy(zero_copy_only=False))
    except pa.ArrowInvalid:
        # It stops at the first that is none.
        return pd.to_numeric(texts, errors="coerce").astype("float64").to_numpy(copy=True)


def read_halves(column: pd.Series) -> Halves:
    """Read texts of which each holds both coordinates, and perhaps a height.

    Examples
    --------
    >>> cells = pd.Series(["120.61° E, 31.30° N", "经度：120.61，纬度：31.3", "(31.3, 120.61, 4)"])
    >>> halves = read_halves(cells)
    >>> halves.first.tolist(), halves.lat_first.tolist()
    ([120.61, 120.61, 31.3], [0, 0, -1])
    """
    n = len(column)
    first, second = np.full(n, np.nan), np.full(n, np.nan)
    lat_first = np.full(n, -1, dtype=np.int8)
    cells = column.to_numpy(dtype=object, na_value=None)
    at = np.flatnonzero(~pd.isna(cells))
    plain = _groups(_PLAIN_TWO, [_short(text) for text in cells[at]])
    first[at], second[at] = (plain[name].astype("float64") for name in ("first", "second"))
    at = at[np.isnan(first[at])]
    if not len(at):
        return Halves(first, second, lat_first)
    texts = [_TWO_COMMAS.sub(r"\1.\2 \3.\4", t) for t in _one_spelling(cells[at])]
    parts = _groups(_TWO, texts)
    (one, letter_1, _), (two, letter_2, _) = (_values(parts, tag) for tag in ("1", "2"))
    is_lat = np.isin(letter_1, _IS_LAT) | np.isin(letter_2, _IS_LON)
    is_lon = np.isin(letter_1, _IS_LON) | np.isin(letter_2, _IS_LAT)
    clash = is_lat & is_lon
    one[clash] = two[clash] = np.nan
    one[np.isnan(two)] = np.nan
    first[at], second[at] = one, two
    lat_first[at] = np.select([is_lat, is_lon], [1, 0], -1)
    return Halves(first, second, lat_first)


def is_packed(*columns: np.ndarray) -> bool:
    """Whether numbers may be degrees, minutes and seconds packed as D.MMSS.

    No pair of digits of the minutes or seconds reaches 60 in any of ``columns``, and seconds are
    written out. It cannot be told for certain, and less so the fewer records there are.

    Examples
    --------
    >>> is_packed(np.array([120.3636, 120.3712]), np.array([31.18, 31.1855]))
    True
    >>> is_packed(np.array([120.3636, 120.6112]), np.array([31.18, 31.1855]))
    False
    """
    exact = False
    for column in columns:
        values = np.abs(column[np.isfinite(column)])
        if not len(values):
            return False
        # Half a unit of what single precision keeps of such numbers.
        scaled = np.floor(values * 1e4 + 1e-5)
        minutes, seconds = scaled // 100 % 100, scaled % 100
        if (minutes >= 60).any() or (seconds >= 60).any():
            return False
        digits = np.abs(values * 1e3 - np.round(values * 1e3)) > 1e-5
        exact |= bool(digits.mean() >= 0.5)
    return exact


def _one_spelling(texts: Sequence[str]) -> list[str]:
    """Bring signs, widths, cases and words of ``texts`` to one spelling."""
    plain = [normalize("NFKC", _short(t).translate(_ALIKE)).upper().strip() for t in texts]
    # As some programs write texts, so that a spreadsheet leaves them alone.
    plain = [t[2:-1] if t.startswith('="') and t.endswith('"') else t for t in plain]
    if not any(map(_ANY_WORD.search, plain)):
        return plain
    return [_ANY_WORD.sub(_letter, t) for t in plain]


def _short(text: str) -> str:
    """Return a text as patterns can take it: without runs of white space, nothing of a long one."""
    if len(text) <= _USUAL:
        return text
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else ""


def _letter(found: re.Match[str]) -> str:
    return str(found.lastgroup)


def _without_commas(texts: list[str], *, is_degrees: bool) -> list[str]:
    """Make plain numbers of those with commas: of a decimal where the column shows it."""
    commas = [t for t in texts if "," in t and _COMMA.fullmatch(t)]
    if commas and (is_degrees or any(len(t) - t.index(",") != 4 for t in commas)):
        texts = [t.replace(",", ".") if _COMMA.fullmatch(t) else t for t in texts]
    return [_GAPS.sub("", t) if _THOUSANDS.fullmatch(t) else t for t in texts]


def _groups(pattern: re.Pattern[str], texts: Sequence[str]) -> dict[str, np.ndarray]:
    """Return the groups of ``pattern`` in each of ``texts``; None where it does not match."""
    nothing = (None,) * pattern.groups
    rows = [nothing if m is None else m.groups() for m in map(pattern.match, texts)]
    columns = np.array(rows, dtype=object).reshape(len(rows), pattern.groups).T
    return {name: columns[number - 1] for name, number in pattern.groupindex.items()}


def _values(parts: Mapping[str, np.ndarray], tag: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return numbers, the letter with each, and which are angles by minutes or direction."""
    number = {name: parts[f"{name}{tag}"].astype("float64") for name in ("d", "m", "s", "whole")}
    minutes, seconds = number["m"], np.nan_to_num(number["s"])
    whole_minutes = np.isnan(number["s"]) | (minutes % 1 == 0)
    angle = number["d"] + minutes / 60 + seconds / 3600
    angle[~((minutes < 60) & (seconds < 60) & whole_minutes)] = np.nan
    values = np.where(np.isnan(number["whole"]), angle, number["whole"])
    letter = np.full(len(values), "", dtype=object)
    for name in ("label", "after", "before"):
        said = parts[f"{name}{tag}"]
        letter = np.where(pd.isna(said), letter, said)
    negative = (parts[f"sign{tag}"] == "-") ^ np.isin(letter, (_WEST, _SOUTH))
    is_angle = np.isfinite(number["d"]) | np.isin(letter, (_EAST, _WEST, _NORTH, _SOUTH))
    return np.where(negative, -values, values), letter, is_angle
