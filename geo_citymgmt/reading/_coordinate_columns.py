"""Columns of coordinates: what their names say, how values are written, what stands for none."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Any
from unicodedata import normalize

import numpy as np
import pandas as pd
import pyarrow as pa
import shapely

from geo_citymgmt._languages import packaged_table
from geo_citymgmt.reading._raw import Raw

#: Axes that go together, those that say most first.
FAMILIES = (("lon", "lat"), ("east", "north"), ("x", "y"))
_AXES = tuple(axis for family in FAMILIES for axis in family)
_ASIDE = re.compile(r"[(（\[【{].*?[)）\]】}]")
#: No more of a heading is looked at.
_LONGEST = 200
_JOINTS = re.compile(r"[\s_\-·./:,，、'\"|@°º#*]")
_TOKENS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
#: Words of fewer Latin letters count at an end of a name alone: they stand inside of many others.
_TELLING = 5


@dataclass(frozen=True)
class Frame:
    """A reference frame that a name can say.

    Attributes
    ----------
    datum : str
        One of ``datum=`` of read_layer; empty where the CRS alone says it.
    degrees, metres : str
        CRS of numbers in degrees and in metres; empty where the name does not say it.
    """

    key: str
    label: str
    datum: str = ""
    degrees: str = ""
    metres: str = ""


@dataclass(frozen=True)
class Publisher:
    """Whose files hold another datum than their format says, and the columns that tell it."""

    label: str
    columns: tuple[str, ...]
    datum: str


@dataclass(frozen=True)
class NamedColumn:
    """A column whose name says that it holds coordinates.

    Attributes
    ----------
    axis : str
        lon, lat, east, north, x, y; or pair, pair_lon, pair_lat (both in a cell) and text.
    stem : str
        What else the name says, empty where it says nothing else.
    rank : int
        0 the axis alone, 1 with words that say nothing, 2 with words that are not known, 3 where
        the word for the axis is short for other things too.
    is_other : bool
        Its words say that it is the place of something else.
    parts : tuple of int
        Of degrees whose minutes and seconds stand in columns of their own: the positions of these.
    """

    name: str
    position: int
    axis: str
    stem: str = ""
    frame: str = ""
    rank: int = 0
    is_other: bool = False
    order: int = 0
    parts: tuple[int, ...] = ()


@dataclass(frozen=True)
class _Words:
    axes: dict[str, tuple[str, int]]
    vague: frozenset[str]
    pairs: dict[str, str]
    text: frozenset[str]
    beside: tuple[str, ...]
    others: tuple[str, ...]
    frames: tuple[tuple[str, str], ...]


def _table() -> Mapping[str, Any]:
    return packaged_table("geo_citymgmt.reading", "coordinates.toml")


@lru_cache(maxsize=1)
def frames() -> dict[str, Frame]:
    """Return the reference frames by key."""
    out = {}
    for key, entry in _table()["frames"].items():
        known = {k: v for k, v in entry.items() if k != "words"}
        out[key] = Frame(key, **known)
    return out


@lru_cache(maxsize=1)
def _words() -> _Words:
    table = _table()
    axes: dict[str, tuple[str, int]] = {}
    for axis in _AXES:
        for order, word in enumerate(table["axes"][axis]):
            axes.setdefault(word, (axis, order))
    pairs = dict.fromkeys(table["pairs"]["either"], "pair")
    pairs |= dict.fromkeys(table["pairs"]["lon_first"], "pair_lon")
    pairs |= dict.fromkeys(table["pairs"]["lat_first"], "pair_lat")
    of_frames = [(w, k) for k, entry in table["frames"].items() for w in entry["words"]]
    return _Words(
        axes,
        frozenset(table["vague"]["words"]),
        pairs,
        frozenset(table["text"]["words"]),
        tuple(sorted(table["beside"]["words"], key=len, reverse=True)),
        tuple(table["others"]["words"]),
        tuple(sorted(of_frames, key=lambda item: -len(item[0]))),
    )


def axis_of(name: str) -> str:
    """Return "x" or "y" where ``name`` is nothing but a word for that axis, else "".

    Examples
    --------
    >>> axis_of("经度"), axis_of("lat"), axis_of("name")
    ('x', 'y', '')
    """
    axis, _ = _words().axes.get(_squeezed(_ASIDE.sub("", name[:_LONGEST])), ("", 0))
    return "" if not axis else "x" if axis in ("lon", "east", "x") else "y"


def read_name(name: str, position: int = 0) -> NamedColumn | None:
    """Return what the name of a column says about coordinates; None where it says nothing.

    Examples
    --------
    >>> [(c.axis, c.frame) for c in map(read_name, ["baiduX", "高德经度", "TW97X", "经度(WGS84)"])]
    [('x', 'bd09'), ('lon', 'gcj02'), ('x', 'twd97'), ('lon', 'wgs84')]
    >>> read_name("窨井经度").stem, read_name("道路名称") is None
    ('窨井', True)
    """
    words = _words()
    name = name[:_LONGEST]
    plain = _ASIDE.sub("", unicodedata.normalize("NFKC", name))
    tokens = [token.casefold() for token in _TOKENS.findall(plain)]
    frame, key = _frame_in(_squeezed(plain), _squeezed(name), tokens)
    known = partial(NamedColumn, name, position, frame=frame)
    for aside in _ASIDE.findall(unicodedata.normalize("NFKC", name)):
        # X（经度）
        axis, order = words.axes.get(_squeezed(aside[1:-1]), ("", 0))
        if axis in ("lon", "lat") and key in words.axes:
            return known(axis, order=order)
    if not key and frame:
        return known("pair", rank=1)
    rest, rank = key, 0
    while rest:
        if rest in words.axes:
            axis, order = words.axes[rest]
            return known(axis, rank=3 if rest in words.vague else rank, order=order)
        if rest in words.pairs:
            return known(words.pairs[rest], rank=rank)
        if rest in words.text and not rank:
            return known("text")
        shorter = _without(rest, words.beside)
        if shorter == rest:
            break
        rest, rank = shorter, 1
    axis, stem, order = _within(key, tokens)
    if not axis:
        return None
    is_other = any(stem.startswith(w) or stem.endswith(w) for w in words.others)
    return known(axis, stem=stem, rank=2, is_other=is_other, order=order)


#: Files of one folder have most of their columns in common.
_cached_name = lru_cache(maxsize=1024)(read_name)


def read_names(names: Sequence[str]) -> list[NamedColumn]:
    """Return what the names of all columns say; minutes and seconds belong to their degrees.

    Examples
    --------
    >>> names = ["经度/度", "经度/分", "经度/秒", "lat_deg", "lat_min"]
    >>> [(c.name, c.axis, c.parts) for c in read_names(names)]
    [('经度/度', 'lon', (1, 2)), ('lat_deg', 'lat', (4,))]
    """
    known = {k: c for k, name in enumerate(names) if (c := _cached_name(name, k)) is not None}
    axes: dict[tuple[str, ...], dict[str, NamedColumn]] = {}
    for k, name in enumerate(names):
        base, part = _part_of_angle(name[:_LONGEST])
        of = _cached_name(base, k) if part else None
        if of is None:
            # 经度 itself ends in 度.
            part, of = "", known.get(k)
        if of is not None and of.axis in FAMILIES[0]:
            found = axes.setdefault((of.axis, of.stem, of.frame), {})
            found.setdefault(part, replace(of, name=name[:_LONGEST]))
    for found in axes.values():
        minutes = found.get("m")
        # lon_min beside lon may be the smallest there is.
        plain = found.get("") if minutes is not None and not minutes.name.isascii() else None
        degrees = found.get("d", plain)
        if degrees is None or minutes is None:
            continue
        parts = tuple(found[part].position for part in ("m", "s") if part in found)
        for position in parts:
            known.pop(position, None)
        # One number for an axis says more plainly what it is.
        known[degrees.position] = replace(degrees, parts=parts, rank=max(degrees.rank, 1))
    return [known[k] for k in sorted(known)]


def _part_of_angle(name: str) -> tuple[str, str]:
    """Part a heading from the degrees (d), minutes (m) or seconds (s) at its end."""
    if match := _SIGN_AT_END.match(name.translate(_ALIKE)):
        return name[: match.end(1)], _SIGNS[match[2]]
    match = _WORD_AT_END.match(name)
    part = _PARTS.get(match[2].casefold(), "") if match else ""
    return (match[1], part) if match and part else (name, "")


def name_pairs(columns: Sequence[NamedColumn]) -> list[tuple[NamedColumn, NamedColumn]]:
    """Pair the columns of two axes that belong together: by what else their names say.

    Examples
    --------
    >>> names = ["纬度", "gcj_lng", "经度", "gcj_lat", "编号"]
    >>> named = [c for i, n in enumerate(names) if (c := read_name(n, i)) is not None]
    >>> [(x.name, y.name) for x, y in name_pairs(named)]
    [('gcj_lng', 'gcj_lat'), ('经度', '纬度')]
    """
    pairs: list[tuple[NamedColumn, NamedColumn]] = []
    for first, second in FAMILIES:
        left, right = ([c for c in columns if c.axis == axis] for axis in (first, second))
        for key in dict.fromkeys(map(_belongs, left)):
            of_key = ([c for c in side if _belongs(c) == key] for side in (left, right))
            xs, ys = (sorted(side, key=lambda c: (c.order, c.position)) for side in of_key)
            pairs += zip(xs, ys, strict=False)
        used = {c.position for pair in pairs for c in pair}
        lone = [[c for c in side if c.position not in used] for side in (left, right)]
        # lon beside wgs84_lat, 经度E beside 纬度N: nothing else is left that they could belong to.
        if all(len(side) == 1 for side in lone):
            pairs.append((lone[0][0], lone[1][0]))
    return pairs


def _belongs(column: NamedColumn) -> tuple[str, str, bool]:
    return column.stem, column.frame, bool(column.parts)


def _squeezed(name: str) -> str:
    return _JOINTS.sub("", unicodedata.normalize("NFKC", name)).casefold()


def _frame_in(key: str, full_name: str, tokens: Iterable[str]) -> tuple[str, str]:
    """Return the reference frame a name says, and its key without the word for it."""
    for word, frame in _words().frames:
        at_end = (key != word and key.startswith(word)) or key.endswith(word)
        if word.isdigit():
            hit = at_end and key != word and not key.isascii()
        elif len(word) >= _TELLING or not word.isascii():
            hit = word in full_name
        else:
            hit = at_end or word in tokens or f"({word})" in full_name
        if hit:
            return frame, key.replace(word, "", 1)
    return "", key


def _without(text: str, words: Iterable[str]) -> str:
    for word in words:
        if text.startswith(word) and text != word:
            return text[len(word) :]
        if text.endswith(word) and text != word:
            return text[: -len(word)]
    return text


def _within(key: str, tokens: Sequence[str]) -> tuple[str, str, int]:
    """Return axis and stem of a name that holds a word for an axis among others."""
    words = _words()
    if not key.isascii():
        for word, (axis, order) in sorted(words.axes.items(), key=lambda item: -len(item[0])):
            is_letter = word in ("x", "y")
            if key.endswith(word) and (is_letter or (len(word) > 1 and not word.isascii())):
                return axis, key[: -len(word)], order
            if key.startswith(word) and len(word) > 1 and not word.isascii():
                return axis, key[len(word) :], order
        for word, axis in words.pairs.items():
            if not word.isascii() and key.endswith(word):
                return axis, key[: -len(word)], 0
        return "", "", 0
    if len(tokens) < 2:
        return "", "", 0
    for at, rest in ((tokens[-1], tokens[:-1]), (tokens[0], tokens[1:])):
        if at in words.axes and (len(at) >= 3 or at in ("x", "y")):
            axis, order = words.axes[at]
            return axis, "".join(rest), order
    if tokens[-1] in words.pairs:
        return words.pairs[tokens[-1]], "".join(tokens[:-1]), 0
    return "", "", 0


def publisher_of(columns: Iterable[Any]) -> Publisher | None:
    """Return who published a table, where its columns say so and its datum is then in doubt.

    Examples
    --------
    >>> publisher_of(["adcode", "name", "level", "acroutes"]).label
    'DataV.GeoAtlas'
    >>> publisher_of(["adcode", "name"]) is None
    True
    """
    names = {str(column) for column in columns}
    for entry in _table()["publishers"].values():
        if names.issuperset(entry["columns"]):
            return Publisher(entry["label"], tuple(entry["columns"]), entry["datum"])
    return None


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
#: So many numbers are looked at before all are.
_PROBED = 1000
#: How headings say that a column holds but a part of an angle.
_SIGNS = {"°": "d", "'": "m", "''": "s", '"': "s"}
_PARTS = {
    **dict.fromkeys(("deg", "degree", "degrees", "d"), "d"),
    **dict.fromkeys(("min", "minute", "minutes", "m"), "m"),
    **dict.fromkeys(("sec", "second", "seconds", "s"), "s"),
}
_SIGN = re.compile(r"\s*[分秒'\"′″’”]+\s*$")
_SIGN_AT_END = re.compile(r"^(.*?)[\s_\-./:|(（\[【]*([°\"]|''?)[)）\]】]*$")
_WORD_AT_END = re.compile(
    r"^(.*?)(?:[\s_\-./:|(（\[【]+|(?<=[a-z])(?=[A-Z]))([A-Za-z]+)[)）\]】]*$"
)
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(?:[,\s]\d{3})+(?:\.\d+)?")
#: Coordinates are mostly no longer than the one, and never than the other.
_USUAL, _LONGEST_DEGREES = 40, 160
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


def read_parts(columns: Sequence[pd.Series], *, axis: str) -> np.ndarray:
    """Read a coordinate whose degrees, minutes and, if there are, seconds are in columns.

    NaN where a part is no such number, or whole degrees are without their minutes. Degrees with
    decimals are the whole of it where nothing stands beside them.

    Examples
    --------
    >>> columns = [pd.Series(c) for c in ([104, 104, 104], [1, 30, None], [30.0, None, None])]
    >>> read_parts(columns, axis="lon").tolist()
    [104.025, 104.5, nan]
    """
    degrees, _ = read_coordinates(columns[0], axis=axis)
    below, is_good = np.zeros(len(degrees)), np.isfinite(degrees)
    is_whole = degrees % 1 == 0
    for column, size in zip(columns[1:], (60, 3600), strict=False):
        is_text = not pd.api.types.is_numeric_dtype(column.dtype)
        bare = column.astype("str").str.replace(_SIGN, "", regex=True) if is_text else column
        numbers, _ = read_coordinates(bare, axis="x")
        is_blank = column.isna().to_numpy()
        is_good &= is_blank | ((numbers >= 0) & (numbers < 60))
        numbers = np.where(is_blank, 0.0, numbers)
        # Nothing stands below what has decimals, and minutes stand below whole degrees.
        is_good &= np.where(is_whole, ~is_blank | (size == 3600), numbers == 0)
        is_whole &= numbers % 1 == 0
        below += numbers / size
    return np.where(is_good, np.copysign(np.abs(degrees) + below, degrees), np.nan)


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
        # A few nearly always tell already.
        for some in (values[:_PROBED], values):
            scaled = np.floor(some * 1e4 + 1e-5)
            if (scaled // 100 % 100 >= 60).any() or (scaled % 100 >= 60).any():
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
    return text if len(text) <= _LONGEST_DEGREES else ""


def _letter(match: re.Match[str]) -> str:
    return str(match.lastgroup)


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
        letters = parts[f"{name}{tag}"]
        letter = np.where(pd.isna(letters), letter, letters)
    negative = (parts[f"sign{tag}"] == "-") ^ np.isin(letter, (_WEST, _SOUTH))
    is_angle = np.isfinite(number["d"]) | np.isin(letter, (_EAST, _WEST, _NORTH, _SOUTH))
    return np.where(negative, -values, values), letter, is_angle


#: Both coordinates equal to one of these numbers are what software writes for "not known".
PLACEHOLDERS = (0, -1, -9, -99, 99, -999, 999, -9999, 9999, -99999, 99999, 999999, -999999)
#: What is read back from single precision, or from a projection of it.
_EXACT = 1e-4
#: So far around the other places, by their extent and at least, a number may be a place after all.
_AROUND, _DEGREES, _METRES = 1.0, 0.5, 50_000.0
#: The other places without their strays.
_MIDDLE = (0.01, 0.99)


def no_place(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Which pairs of numbers stand for no place.

    Both numbers are one of :data:`PLACEHOLDERS`, or one of them is 0, and the other places of the
    data lie far from there: where they lie about the point it is a place like them.

    Parameters
    ----------
    x, y : array of float
        In any CRS; NaN where there is none.

    Returns
    -------
    array of bool

    Examples
    --------
    >>> no_place(np.array([120.6, 0.0, 120.7, -99.0]), np.array([31.3, 0.0, 0.0, -99.0])).tolist()
    [False, True, True, True]
    >>> no_place(np.array([0.01, 0.0]), np.array([0.02, 0.0])).tolist()
    [False, False]
    """
    finite = np.isfinite(x) & np.isfinite(y)
    x, y = np.where(finite, x, np.nan), np.where(finite, y, np.nan)
    same = np.abs(x - y) <= _EXACT
    rounded = np.round(x)
    known = same & (np.abs(x - rounded) <= _EXACT) & np.isin(rounded, PLACEHOLDERS)
    zero_x, zero_y = (np.abs(v) <= _EXACT for v in (x, y))
    doubtful = known | zero_x | zero_y
    if not doubtful.any():
        return doubtful
    others = finite & ~doubtful
    if not others.any():
        return known
    far_x, far_y = (_far(v, v[others]) for v in (x, y))
    return np.asarray((known & (far_x | far_y)) | (zero_x & far_x) | (zero_y & far_y))


def _far(values: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Which values lie far from where most of the others do."""
    low, high = np.quantile(others, _MIDDLE)
    least = _DEGREES if np.median(np.abs(others)) <= 360 else _METRES
    margin = max(_AROUND * (high - low), least)
    return np.asarray((values < low - margin) | (values > high + margin))


def drop_placeholders(raw: Raw) -> np.ndarray:
    """Take the geometry that stands for no place out of ``raw``; return which records these are."""
    if raw.points is None:
        raw.geometry, gone = without_placeholders(raw.geometry)
        return gone
    x, y = raw.points
    gone = no_place(x, y)
    if gone.any():
        raw.lie_at(np.where(gone, np.nan, x), y)
    return gone


def without_placeholders(geometry: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return ``geometry`` without those that stand for no place, and which these are.

    A line or polygon all of whose vertices are one placeholder is one as well.

    Examples
    --------
    >>> places, gone = without_placeholders(shapely.points([[120.6, 31.3], [0.0, 0.0]]))
    >>> gone.tolist(), places[1] is None
    ([False, True], True)
    """
    if (shapely.get_type_id(geometry) <= 0).all():
        some = np.array(geometry, dtype=object)
        some[shapely.is_empty(some)] = None
        x, y = shapely.get_x(some), shapely.get_y(some)
        hit = no_place(x, y)
    else:
        west, south, east, north = shapely.bounds(geometry).T
        x, y = (west + east) / 2, (south + north) / 2
        hit = no_place(x, y) & (west == east) & (south == north)
    if not hit.any():
        return geometry, hit
    out = np.array(geometry, dtype=object)
    out[hit] = None
    return out, hit
