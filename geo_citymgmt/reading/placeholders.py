"""Coordinates that stand for no place: 0 and 0, -99 and -99, and what else software writes."""

from __future__ import annotations

import numpy as np
import shapely

from geo_citymgmt.reading.raw import Raw

__all__ = ["PLACEHOLDERS", "drop_placeholders", "no_place", "without_placeholders"]

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
