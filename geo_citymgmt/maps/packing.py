"""Features as one compressed block: 100,000 points with four columns in about 1 MB of page.

Layout, before gzip and base64: the length of the header (uint32, little endian), the header
(JSON), then the sections it names. Coordinates are in steps of 1e-6 degree (0.1 m), each less the
one before, and features stand along a Z-curve, so that neighbours on the map are neighbours in the
file: differences are small, and the features of a cell of any grid are one run. A section holds
its numbers byte plane by byte plane. A column is a table of its different texts with an index into
it; ids of one make (a prefix and digits) are numbers.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import shapely

from geo_citymgmt.maps.geometry import AREA, POINT, flatten
from geo_citymgmt.maps.text import visible_text

_STEP = 1e-6
_CURVE_BITS = 24
#: What a screen can show; more vertices than these only take room.
MOST_VERTICES = 1_500_000
_TOLERANCES_M = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0)
_METRES_PER_DEGREE = 111_320.0


class _Sections:
    """The binary part, filled section by section."""

    def __init__(self) -> None:
        self.blocks: list[bytes] = []
        self.places: dict[str, tuple[int, int, int]] = {}
        self.length = 0

    def add(self, name: str, numbers: np.ndarray) -> None:
        width = numbers.dtype.itemsize
        plain = np.ascontiguousarray(numbers, dtype=numbers.dtype.newbyteorder("<"))
        block = plain.view(np.uint8).reshape(-1, width).T.tobytes()
        self.places[name] = (self.length, len(numbers), width)
        self.blocks.append(block)
        self.length += len(block)


def pack(
    geometries: np.ndarray,
    classes: np.ndarray,
    columns: Sequence[tuple[str, pd.Series]],
    *,
    title: int | None = None,
) -> str:
    """Return features as base64 text for the page's overlay script.

    Parameters
    ----------
    geometries : array of shapely geometries
        In degrees, none null or empty.
    classes : array of int
        Class of each feature, 0 to 254.
    columns : sequence of (label, Series of str)
        What the popup shows and filters go by, one text a feature; empty texts are not shown.
    title : int, optional
        The column that heads the popup.

    Returns
    -------
    str
        The same features give the same text.
    """
    order = z_order(geometries)
    geometries, classes = geometries[order], classes[order]
    coordinates, sizes, kinds, counts = _open_rings(*flatten(geometries))
    steps = np.round(coordinates / _STEP).astype(np.int64)
    sections = _Sections()
    for name, axis in (("x", 0), ("y", 1)):
        sections.add(name, np.diff(steps[:, axis], prepend=0).astype(np.int32))
    if not ((kinds == POINT).all() and (counts == 1).all()):
        for name, numbers in (("parts", counts), ("sizes", sizes)):
            small = len(numbers) == 0 or numbers.max() <= 0xFFFF
            sections.add(name, numbers.astype(np.uint16 if small else np.int32))
        sections.add("kinds", kinds)
    if len(classes) and classes.max() > 0:
        sections.add("class", classes.astype(np.uint8))
    header: dict[str, Any] = {
        "count": len(geometries),
        "title": title,
        "columns": [
            _column(sections, f"c{i}", label, values.to_numpy(dtype=object)[order])
            for i, (label, values) in enumerate(columns)
        ],
        "sections": sections.places,
    }
    head = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    block = len(head).to_bytes(4, "little") + head + b"".join(sections.blocks)
    # No time in the header of gzip: it would differ from run to run.
    return base64.b64encode(gzip.compress(block, 6, mtime=0)).decode("ascii")


def z_order(geometries: np.ndarray) -> np.ndarray:
    """Return the order of features along a Z-curve over the Mercator square.

    Parameters
    ----------
    geometries : array of shapely geometries
        In degrees.

    Returns
    -------
    array of int
        Positions; features in one place keep their order.

    Examples
    --------
    >>> import numpy as np, shapely
    >>> z_order(shapely.points([[121.0, 31.0], [120.0, 32.0], [121.0, 31.0]]))
    array([1, 0, 2])
    """
    if len(geometries) == 0:
        return np.zeros(0, dtype=np.int64)
    if (shapely.get_type_id(geometries) == 0).all():
        places = shapely.get_coordinates(geometries)
    else:
        bounds = shapely.bounds(geometries)
        places = (bounds[:, :2] + bounds[:, 2:]) / 2
    places = np.round(places / _STEP) * _STEP
    sine = np.sin(np.radians(np.clip(places[:, 1], -85.0, 85.0)))
    x = places[:, 0] / 360 + 0.5
    y = 0.5 - np.log((1 + sine) / (1 - sine)) / (4 * np.pi)
    side = 1 << _CURVE_BITS
    cells = [np.clip((axis * side).astype(np.int64), 0, side - 1) for axis in (x, y)]
    return np.argsort(_spread(cells[0]) | (_spread(cells[1]) << np.uint64(1)), kind="stable")


def _spread(numbers: np.ndarray) -> np.ndarray:
    """Return numbers with a nought between any two of their bits."""
    out = numbers.astype(np.uint64)
    for shift, mask in (
        (16, 0x0000FFFF0000FFFF),
        (8, 0x00FF00FF00FF00FF),
        (4, 0x0F0F0F0F0F0F0F0F),
        (2, 0x3333333333333333),
        (1, 0x5555555555555555),
    ):
        out = (out | (out << np.uint64(shift))) & np.uint64(mask)
    return out


def simplify(geometries: np.ndarray) -> tuple[np.ndarray, float]:
    """Return lines and areas with no more vertices than a screen shows, and the tolerance.

    Parameters
    ----------
    geometries : array of shapely geometries
        In degrees.

    Returns
    -------
    tuple of (array, float)
        The geometries, none of them empty, and the tolerance in metres: half a metre, or more
        where over `MOST_VERTICES` would remain.
    """
    simple, tolerance = geometries, 0.0
    for tolerance in _TOLERANCES_M:
        simple = shapely.simplify(geometries, tolerance / _METRES_PER_DEGREE)
        lost = shapely.is_empty(simple)
        simple = np.where(lost, geometries, simple)
        if int(shapely.get_num_coordinates(simple).sum()) <= MOST_VERTICES:
            break
    return simple, tolerance


def _open_rings(
    coordinates: np.ndarray, sizes: np.ndarray, kinds: np.ndarray, counts: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Leave out the last vertex of each ring, which is the first again."""
    last = np.cumsum(sizes)[kinds == AREA] - 1
    kept = np.ones(len(coordinates), dtype=bool)
    kept[last] = False
    return coordinates[kept], sizes - (kinds == AREA), kinds, counts


def _column(sections: _Sections, name: str, label: str, values: np.ndarray) -> dict[str, Any]:
    column: dict[str, Any] = {"label": visible_text(label)}
    index, texts = pd.factorize(values)
    if len(texts) > len(values) / 2 and (made := _numbered(values)) is not None:
        prefix, digits, numbers = made
        sections.add(name, np.diff(numbers, prepend=0).astype(np.int32))
        return {**column, "prefix": prefix, "digits": digits, "section": name}
    column["values"] = [visible_text(text) for text in texts]
    if len(texts) < len(values):
        width = np.uint8 if len(texts) <= 0xFF else np.uint16 if len(texts) <= 0xFFFF else np.int32
        sections.add(name, index.astype(width))
        column["section"] = name
    return column


def _numbered(values: np.ndarray) -> tuple[str, int, np.ndarray] | None:
    """Return a prefix, the number of digits and the numbers, where all texts are made so."""
    texts = pd.Series(values, dtype="str")
    length = len(texts.iloc[0])
    if not texts.str.len().eq(length).all():
        return None
    tail = texts.str.extract(r"([0-9]{1,9})\Z", expand=False)
    digits = tail.str.len().min()
    if pd.isna(digits) or tail.isna().any():
        return None
    prefix = texts.iloc[0][: length - int(digits)]
    if visible_text(prefix) != prefix or not texts.str.startswith(prefix).all():
        return None
    return prefix, int(digits), tail.str[-int(digits) :].astype("int64").to_numpy()
