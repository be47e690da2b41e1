"""Coordinates as people write them: decimals, degrees with minutes and seconds, both in a cell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

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
_EAST, _WEST, _NORTH, _SOUTH = "E", "W", "N", "S"
_IS_LON, _IS_LAT = ("X", _EAST, _WEST), ("Y", _NORTH, _SOUTH)
#: Groups of thousands, and a comma in place of the decimal point.
_THOUSANDS = r"^[+-]?\d{1,3}(?:[,\s]\d{3})+(?:\.\d+)?$"
_COMMA = r"^([+-]?\d{1,3}),(\d+)$"
_TWO_COMMAS = r"^\W*([+-]?\d{1,3}),(\d+)\s*[;/|\s]\s*([+-]?\d{1,3}),(\d+)\W*$"


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


_ONE = rf"^[\s'(\[]*{_angle('1')}\s*(?:M|米)?[\s)\]]*$"
_BETWEEN = r"(?:[,;/|\s]+|(?<=[EWNS°'\"])|(?=[EWNSXY]))"
_TWO = (
    rf"^[\s(\[{{]*{_angle('1')}{_BETWEEN}\s*{_angle('2')}"
    rf"(?:[,;/|\s]+(?:[HZ]|高程|海拔)?[:=\s]*-?\d+(?:\.\d+)?\s*(?:M|米)?)?[\s)\]}}]*$"
)
_PLAIN_TWO = r"^\s*[\[(]?\s*(-?\d+(?:\.\d+)?)\s*[,;\s]\s*(-?\d+(?:\.\d+)?)\s*[\])]?\s*$"


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
        Numbers or texts, on any index.
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
    numbers = pd.to_numeric(plain, errors="coerce").astype("float64").to_numpy(copy=True)
    hard = np.isnan(numbers) & plain.notna().to_numpy()
    if not hard.any():
        return numbers, False
    texts = _one_spelling(plain[hard])
    texts = _without_commas(texts, is_degrees=axis in ("lon", "lat"))
    numbers[hard] = pd.to_numeric(texts, errors="coerce").astype("float64")
    left = np.isnan(numbers) & hard
    if not left.any():
        return numbers, False
    parts = texts[texts.index.isin(np.flatnonzero(left))].str.extract(_ONE)
    values, letter, are_angles = _values(parts, "1")
    wrong = _IS_LAT if axis in ("lon", "east") else _IS_LON if axis in ("lat", "north") else ()
    values[np.isin(letter, wrong)] = np.nan
    numbers[parts.index] = values
    return numbers, bool((are_angles & np.isfinite(values)).any())


def read_halves(column: pd.Series) -> Halves:
    """Read a column of which each cell holds both coordinates, and perhaps a height.

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
    if not pd.api.types.is_string_dtype(column.dtype):
        return Halves(first, second, lat_first)
    texts = column.reset_index(drop=True).astype("str").dropna().astype(object)
    plain = texts.str.extract(_PLAIN_TWO)
    done = plain[0].notna()
    first[plain.index[done]] = plain.loc[done, 0].astype("float64")
    second[plain.index[done]] = plain.loc[done, 1].astype("float64")
    if done.all():
        return Halves(first, second, lat_first)
    hard = _one_spelling(texts[~done])
    hard = hard.str.replace(_TWO_COMMAS, r"\1.\2 \3.\4", regex=True)
    parts = hard.str.extract(_TWO)
    (one, letter_1, _), (two, letter_2, _) = (_values(parts, tag) for tag in ("1", "2"))
    is_lat = np.isin(letter_1, _IS_LAT) | np.isin(letter_2, _IS_LON)
    is_lon = np.isin(letter_1, _IS_LON) | np.isin(letter_2, _IS_LAT)
    clash = is_lat & is_lon
    one[clash] = two[clash] = np.nan
    one[np.isnan(two)] = np.nan
    first[parts.index], second[parts.index] = one, two
    lat_first[parts.index] = np.select([is_lat, is_lon], [1, 0], -1)
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


def _one_spelling(texts: pd.Series) -> pd.Series:
    """Bring signs, widths, cases and words of ``texts`` to one spelling, as objects."""
    plain = texts.astype(object).str.translate(_ALIKE).str.normalize("NFKC").str.upper()
    plain = plain.str.strip().str.replace(r"^=?\"(.*)\"$", r"\1", regex=True)
    for letter, words in _WORDS.items():
        plain = plain.str.replace(rf"(?:{words})\s*[:=]?\s*", letter, regex=True)
    return plain


def _without_commas(texts: pd.Series, *, is_degrees: bool) -> pd.Series:
    """Make plain numbers of those with commas: of a decimal where the column shows it."""
    commas = texts.str.fullmatch(_COMMA.strip("^$"))
    three = texts.str.fullmatch(r"[+-]?\d{1,3},\d{3}")
    if commas.any() and (is_degrees or (commas & ~three).any()):
        texts = texts.where(~commas, texts.str.replace(",", ".", regex=False))
    grouped = texts.str.fullmatch(_THOUSANDS.strip("^$"))
    return texts.where(~grouped, texts.str.replace(r"[,\s]", "", regex=True))


def _values(parts: pd.DataFrame, tag: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return numbers, the letter with each, and which are angles by minutes or direction."""
    number = {
        name: pd.to_numeric(parts[f"{name}{tag}"], errors="coerce").to_numpy("float64")
        for name in ("d", "m", "s", "whole")
    }
    minutes, seconds = number["m"], np.nan_to_num(number["s"])
    whole_minutes = ~(np.isfinite(number["s"]) & (minutes % 1 != 0))
    angle = number["d"] + minutes / 60 + seconds / 3600
    angle[~((minutes < 60) & (seconds < 60) & whole_minutes)] = np.nan
    values = np.where(np.isnan(number["whole"]), angle, number["whole"])
    directions = parts[f"before{tag}"].fillna(parts[f"after{tag}"])
    letter = directions.fillna(parts[f"label{tag}"]).fillna("").to_numpy(dtype=object)
    negative = (parts[f"sign{tag}"] == "-").to_numpy() ^ np.isin(letter, (_WEST, _SOUTH))
    is_angle = np.isfinite(number["d"]) | np.isin(letter, (_EAST, _WEST, _NORTH, _SOUTH))
    return np.where(negative, -values, values), letter, is_angle
