"""GCJ-02 and BD-09 to WGS 84 and back, every vertex, vectorised.

The forward shift is the published approximation of the national offset; the way back is solved by
fixed-point iteration on it, which converges to far below a millimetre in a few steps.
"""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from geo_citymgmt.errors import CRSError
from geo_citymgmt.words import Text

__all__ = ["DATUMS", "from_wgs84", "to_wgs84"]

DATUMS = ("cgcs2000", "wgs84", "gcj02", "bd09")
#: Krasovsky 1940, on which the published formula rests.
_AXIS, _ECCENTRICITY2 = 6378245.0, 0.00669342162296594323
_BD_ANGLE = np.pi * 3000.0 / 180.0
_STEPS = 12


def to_wgs84(geometry: Any, datum: str) -> Any:
    """Shift positions of ``datum`` to WGS 84.

    Parameters
    ----------
    geometry : GeoSeries, array of geometries, or pair of arrays (lon, lat)
        In degrees.
    datum : {"gcj02", "bd09", "wgs84", "cgcs2000"}
        What the positions are in; the last two are returned as they are.

    Returns
    -------
    The same kind of thing, in WGS 84.

    Raises
    ------
    CRSError
        The datum is unknown, or the numbers are no degrees.

    Examples
    --------
    >>> lon, lat = to_wgs84(([120.6195], [31.2994]), "gcj02")
    >>> round(float(lon[0]), 5), round(float(lat[0]), 5)
    (120.61533, 31.30158)
    """
    return _apply(geometry, datum, _INVERSE)


def from_wgs84(geometry: Any, datum: str) -> Any:
    """Shift positions in WGS 84 to ``datum``; the inverse of :func:`to_wgs84`.

    Examples
    --------
    >>> there = from_wgs84(([120.6], [31.3]), "bd09")
    >>> back = to_wgs84(there, "bd09")
    >>> bool(abs(back[0][0] - 120.6) < 1e-11)
    True
    """
    return _apply(geometry, datum, _FORWARD)


def _apply(geometry: Any, datum: str, table: Any) -> Any:
    if datum not in DATUMS:
        raise CRSError(
            Text(
                f"未知的坐标基准 {datum}；可用：{'、'.join(DATUMS)}。",
                f"unknown datum {datum!r}; known: {', '.join(DATUMS)}.",
            ),
        )
    shift = table.get(datum)
    if isinstance(geometry, tuple):
        lon, lat = (np.asarray(part, dtype=float) for part in geometry)
        return (lon, lat) if shift is None else shift(lon, lat)
    if shift is None:
        return geometry
    if isinstance(geometry, gpd.GeoSeries):
        if geometry.crs is not None and not geometry.crs.is_geographic:
            raise CRSError(
                Text(
                    f"{datum} 坐标应为经纬度。",
                    f"{datum} positions are degrees; this series is in {geometry.crs.to_string()}.",
                ),
            )
        moved = _apply(geometry.to_numpy(), datum, table)
        return gpd.GeoSeries(moved, index=geometry.index, crs=geometry.crs or "EPSG:4326")

    def move(xy: np.ndarray) -> np.ndarray:
        return np.column_stack(shift(xy[:, 0], xy[:, 1]))

    return shapely.transform(geometry, move)


def _gcj02(lon: np.ndarray, lat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    x, y = lon - 105.0, lat - 35.0
    root = np.sqrt(np.abs(x))
    waves = 20.0 * np.sin(6.0 * np.pi * x) + 20.0 * np.sin(2.0 * np.pi * x)
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
    north += 2.0 / 3.0 * (waves + 20.0 * np.sin(np.pi * y) + 40.0 * np.sin(np.pi * y / 3.0))
    north += 2.0 / 3.0 * (160.0 * np.sin(np.pi * y / 12.0) + 320.0 * np.sin(np.pi * y / 30.0))
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root
    east += 2.0 / 3.0 * (waves + 20.0 * np.sin(np.pi * x) + 40.0 * np.sin(np.pi * x / 3.0))
    east += 2.0 / 3.0 * (150.0 * np.sin(np.pi * x / 12.0) + 300.0 * np.sin(np.pi * x / 30.0))
    phi = np.radians(lat)
    w2 = 1.0 - _ECCENTRICITY2 * np.sin(phi) ** 2
    meridian = _AXIS * (1.0 - _ECCENTRICITY2) / (w2 * np.sqrt(w2))
    parallel = _AXIS / np.sqrt(w2) * np.cos(phi)
    return lon + np.degrees(east / parallel), lat + np.degrees(north / meridian)


def _bd09_over_gcj02(lon: np.ndarray, lat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    radius = np.hypot(lon, lat) + 2e-5 * np.sin(lat * _BD_ANGLE)
    angle = np.arctan2(lat, lon) + 3e-6 * np.cos(lon * _BD_ANGLE)
    return radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006


def _bd09(lon: np.ndarray, lat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return _bd09_over_gcj02(*_gcj02(lon, lat))


def _inverse_of(forward: Any) -> Any:
    def inverse(lon: np.ndarray, lat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        guess_lon, guess_lat = lon.copy(), lat.copy()
        for _ in range(_STEPS):
            east, north = forward(guess_lon, guess_lat)
            guess_lon, guess_lat = guess_lon - (east - lon), guess_lat - (north - lat)
        return guess_lon, guess_lat

    return inverse


_FORWARD = {"gcj02": _gcj02, "bd09": _bd09}
_INVERSE = {name: _inverse_of(forward) for name, forward in _FORWARD.items()}
