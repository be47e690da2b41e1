"""What the name of a column says about coordinates: which axis, whose, in which reference frame."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from importlib import resources
from typing import Any

from geo_citymgmt.spec import read_toml

__all__ = [
    "Frame",
    "NamedColumn",
    "Publisher",
    "axis_of",
    "frames",
    "name_pairs",
    "publisher_of",
    "read_name",
]

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
    """

    name: str
    position: int
    axis: str
    stem: str = ""
    frame: str = ""
    rank: int = 0
    is_other: bool = False
    order: int = 0


@dataclass(frozen=True)
class _Words:
    axes: dict[str, tuple[str, int]]
    vague: frozenset[str]
    pairs: dict[str, str]
    text: frozenset[str]
    beside: tuple[str, ...]
    others: tuple[str, ...]
    frames: tuple[tuple[str, str], ...]


@lru_cache(maxsize=1)
def _table() -> dict[str, Any]:
    return read_toml(resources.files("geo_citymgmt.reading") / "coordinates.toml")


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
        for key in dict.fromkeys((c.stem, c.frame) for c in left):
            of_key = ([c for c in side if (c.stem, c.frame) == key] for side in (left, right))
            xs, ys = (sorted(side, key=lambda c: (c.order, c.position)) for side in of_key)
            pairs += zip(xs, ys, strict=False)
        used = {c.position for pair in pairs for c in pair}
        lone = [[c for c in side if c.position not in used] for side in (left, right)]
        # lon beside wgs84_lat, 经度E beside 纬度N: nothing else is left that they could belong to.
        if all(len(side) == 1 for side in lone):
            pairs.append((lone[0][0], lone[1][0]))
    return pairs


def _squeezed(name: str) -> str:
    return _JOINTS.sub("", unicodedata.normalize("NFKC", name)).casefold()


def _frame_in(key: str, whole: str, tokens: Iterable[str]) -> tuple[str, str]:
    """Return the reference frame a name says, and its key without the word for it."""
    for word, frame in _words().frames:
        at_end = (key != word and key.startswith(word)) or key.endswith(word)
        if word.isdigit():
            hit = at_end and key != word and not key.isascii()
        elif len(word) >= _TELLING or not word.isascii():
            hit = word in whole
        else:
            hit = at_end or word in tokens or f"({word})" in whole
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
