"""Geometry from bytes and texts that are not ours, one record at a time where one is odd.

What is nested more deeply than any drawing needs would take the whole stack of the library that
builds it, and with it the process; curves it knows by name alone and refuses all for the sake of
one. Both are that record's fault, and no other's.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import shapely

__all__ = ["DEEPEST", "from_geojson", "from_wkb", "from_wkt"]

#: Collections within collections; GEOS ends the process some thousands further down.
DEEPEST = 100
#: Bytes of the head of a collection: nothing shorter can be nested too deeply.
_HEAD = 9
_HAS_Z, _HAS_M, _HAS_SRID = 0x8000_0000, 0x4000_0000, 0x2000_0000
_POINT, _LINES, _FACES, _COLLECTION = 1, (2, 8), (3, 17), 4


def from_wkb(values: Sequence[bytes | str | None] | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Build geometry from WKB or EWKB, as bytes or in hexadecimal digits.

    Parameters
    ----------
    values : sequence of bytes, str or None
        One a record.

    Returns
    -------
    array of Geometry, array of bool
        None where there is nothing, or it cannot be built; and which are curves or surfaces that
        GEOS does not know.

    Examples
    --------
    >>> shapes, curved = from_wkb([shapely.Point(1, 2).wkb, b"x", None])
    >>> print(*shapes), curved.any()
    POINT (1 2) None None
    (None, np.False_)
    """
    return _built(shapely.from_wkb, values, _is_deep_wkb, _HEAD * DEEPEST)


def from_wkt(values: Sequence[str | None] | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Build geometry from WKT, as :func:`from_wkb` does.

    Examples
    --------
    >>> shapes, curved = from_wkt(["POINT (1 2)", "CIRCULARSTRING (0 0, 1 1, 2 0)"])
    >>> print(*shapes, curved)
    POINT (1 2) None [False  True]
    """
    return _built(shapely.from_wkt, values, _is_deep_wkt, 2 * DEEPEST)


def from_geojson(values: Sequence[str | None] | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Build geometry from texts of GeoJSON, as :func:`from_wkb` does.

    Examples
    --------
    >>> print(*from_geojson(['{"type": "Point", "coordinates": [1, 2]}', "{}"])[0])
    POINT (1 2) None
    """
    return _built(shapely.from_geojson, values, _is_deep_json, 2 * DEEPEST)


def _built(
    build: Callable[..., Any],
    values: Sequence[Any] | np.ndarray,
    is_deep: Callable[[Any], bool],
    shortest: int,
) -> tuple[np.ndarray, np.ndarray]:
    items = np.empty(len(values), dtype=object)
    items[:] = values
    for k in [k for k, v in enumerate(values) if v is not None and len(v) > shortest]:
        if is_deep(items[k]):
            items[k] = None
    curved = np.zeros(len(items), dtype=bool)
    try:
        return np.asarray(build(items, on_invalid="ignore"), dtype=object), curved
    except NotImplementedError:
        out = np.full(len(items), None, dtype=object)
        for k, item in enumerate(items):
            try:
                out[k] = build(item, on_invalid="ignore")
            except NotImplementedError:
                curved[k] = True
        return out, curved


def _is_deep_wkb(value: bytes | str) -> bool:
    """Whether collections are nested too deeply, walked without going down into them."""
    try:
        data = bytes.fromhex(value) if isinstance(value, str) else value
    except ValueError:
        return False
    left, at = [1], 0
    while left and at + 5 <= len(data):
        if left[-1] == 0:
            left.pop()
            continue
        left[-1] -= 1
        order = "little" if data[at] else "big"

        def number(where: int, order: Any = order, data: bytes = data) -> int:
            return int.from_bytes(data[where : where + 4], order)

        code = number(at + 1)
        at += 9 if code & _HAS_SRID else 5
        kind = code & 0x0FFF_FFFF
        size = 2 + bool(code & _HAS_Z) + bool(code & _HAS_M) + (0, 1, 1, 2)[kind // 1000 % 4]
        kind %= 1000
        if kind == _POINT:
            at += 8 * size
        elif kind in _LINES:
            at += 4 + 8 * size * number(at)
        elif kind in _FACES:
            n_rings, at = number(at), at + 4
            while n_rings and at < len(data):
                n_rings, at = n_rings - 1, at + 4 + 8 * size * number(at)
        elif kind >= _COLLECTION:
            left.append(number(at))
            at += 4
        if len(left) > DEEPEST:
            return True
    return False


def _is_deep_wkt(text: str) -> bool:
    signs = np.frombuffer(text.encode("utf-8", "replace"), dtype=np.uint8)
    depth = np.cumsum((signs == ord("(")).astype(np.int32) - (signs == ord(")")))
    return bool(len(depth) and depth.max() > DEEPEST)


def _is_deep_json(text: str) -> bool:
    try:
        level = [json.loads(text)]
    except (ValueError, RecursionError):
        return text.count("{") > DEEPEST
    for _ in range(DEEPEST):
        level = [
            inner
            for one in level
            if isinstance(one, dict) and isinstance(one.get("geometries"), list)
            for inner in one["geometries"]
        ]
        if not level:
            return False
    return True
