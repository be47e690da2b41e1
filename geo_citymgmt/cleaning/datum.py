"""GCJ-02 and BD-09 to WGS 84 and back, every vertex, vectorised.

The forward shift is the published approximation of the national offset; the way back is solved by
fixed-point iteration on it, which converges to far below a millimetre in a few steps.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo_citymgmt.errors import CRSError
from geo_citymgmt.words import Text

__all__ = ["DATUMS", "from_wgs84", "shift_any", "to_wgs84"]

DATUMS = ("cgcs2000", "wgs84", "gcj02", "bd09")
#: Krasovsky 1940, on which the published formula rests.
_AXIS, _ECCENTRICITY2 = 6378245.0, 0.00669342162296594323
_BD_ANGLE = np.pi * 3000.0 / 180.0
_STEPS = 12


def to_wgs84(geometry: Any, datum: str) -> Any:
    """Shift positions of ``datum`` to WGS 84.

    Parameters
    ----------
    geometry : GeoSeries, Series or array of geometries, geometry, or pair of arrays (lon, lat)
        In degrees. Heights stay as they are, what is missing or empty stays so.
    datum : {"gcj02", "bd09", "wgs84", "cgcs2000"}
        What the positions are in; the last two are returned as they are.

    Returns
    -------
    The same kind of thing on the same index, in WGS 84; arrays for lists.

    Raises
    ------
    CRSError
        The datum is unknown, or the numbers are no degrees.

    See Also
    --------
    from_wgs84 : The way back.
    suspect_datum : Tells which datum positions are likely in.

    Examples
    --------
    >>> lon, lat = to_wgs84(([120.6195], [31.2994]), "gcj02")
    >>> round(float(lon[0]), 5), round(float(lat[0]), 5)
    (120.61533, 31.30158)
    """
    return _apply(geometry, datum, _INVERSE, "to_wgs84")


def from_wgs84(geometry: Any, datum: str) -> Any:
    """Shift positions in WGS 84 to ``datum``; the inverse of :func:`to_wgs84`.

    Takes, returns and refuses what :func:`to_wgs84` does.

    See Also
    --------
    to_wgs84 : The way back.

    Examples
    --------
    >>> there = from_wgs84(([120.6], [31.3]), "bd09")
    >>> back = to_wgs84(there, "bd09")
    >>> bool(abs(back[0][0] - 120.6) < 1e-11)
    True
    """
    return _apply(geometry, datum, _FORWARD, "from_wgs84")


def _apply(geometry: Any, datum: Any, table: Any, function: str) -> Any:
    if not isinstance(datum, str) or datum not in DATUMS:
        raise CRSError(
            Text(
                f"{function}：未知的坐标基准 {datum!r}；可用：{'、'.join(DATUMS)}。",
                f"{function}: unknown datum {datum!r}; known: {', '.join(DATUMS)}.",
            ),
        )
    shift = table.get(datum)
    if isinstance(geometry, tuple):
        return _shift_pair(geometry, shift, function)
    if isinstance(geometry, gpd.GeoSeries):
        if geometry.crs is not None and not geometry.crs.is_geographic:
            raise CRSError(
                Text(
                    f"{function}：坐标应为经纬度，而数据为 {geometry.crs.to_string()}。",
                    f"{function}: positions are degrees; this series is in "
                    f"{geometry.crs.to_string()}.",
                ),
                remedy=Text('请先用 to_crs("EPSG:4326")。', 'Use to_crs("EPSG:4326") first.'),
            )
        moved = _shift_shapes(geometry.to_numpy(), shift, function, geometry.index)
        crs = geometry.crs if shift is None else geometry.crs or "EPSG:4326"
        return gpd.GeoSeries(moved, index=geometry.index, crs=crs, name=geometry.name)
    if isinstance(geometry, pd.Series):
        moved = _shift_shapes(_shapes(geometry, function), shift, function, geometry.index)
        return pd.Series(moved, index=geometry.index, name=geometry.name, dtype=object)
    if isinstance(geometry, shapely.Geometry):
        return _shift_shapes(_shapes([geometry], function), shift, function)[0]
    return _shift_shapes(_shapes(geometry, function), shift, function)


def _shapes(values: Any, function: str) -> np.ndarray:
    """Return geometries as an array, None for what is missing; refuse what is none."""
    if isinstance(values, (str, bytes, Mapping, pd.DataFrame)) or not isinstance(values, Iterable):
        raise _unknown(values, function)
    listed = list(values)
    shapes = np.full(len(listed), None, dtype=object)
    for k, value in enumerate(listed):
        if isinstance(value, shapely.Geometry):
            shapes[k] = value
        elif not (value is None or (np.ndim(value) == 0 and pd.isna(value))):
            raise _unknown(value, function, k)
    return shapes


def _unknown(value: Any, function: str, row: int | None = None) -> CRSError:
    kind = type(value).__name__
    zh, en = ("", "") if row is None else (f"第 {row} 项为", f"item {row} is ")
    return CRSError(
        Text(f"{function}：{zh} {kind}，不是图形。", f"{function}: {en}a {kind}, no geometry."),
        remedy=Text(
            "请给出 GeoSeries（frame.geometry），或一对数组 (lon, lat)。",
            "Give a GeoSeries (frame.geometry), or a pair of arrays (lon, lat).",
        ),
    )


def _shift_pair(pair: tuple[Any, ...], shift: Any, function: str) -> tuple[Any, Any]:
    if len(pair) != 2:
        raise _unknown(pair, function)
    lon, lat = (_numbers(part, function) for part in pair)
    if lon.shape != lat.shape:
        raise CRSError(
            Text(
                f"{function}：经度 {lon.size} 个，纬度 {lat.size} 个。",
                f"{function}: {lon.size} longitudes and {lat.size} latitudes.",
            )
        )
    rows = next((part.index for part in pair if isinstance(part, pd.Series)), None)
    _require_degrees(lon.ravel(), lat.ravel(), np.arange(lon.size), function, rows)
    moved = (lon, lat) if shift is None else shift(lon, lat)
    named = [
        pd.Series(values, index=part.index, name=part.name)
        if isinstance(part, pd.Series)
        else values
        for part, values in zip(pair, moved, strict=True)
    ]
    return named[0], named[1]


def _numbers(values: Any, function: str) -> np.ndarray:
    try:
        if isinstance(values, pd.Series):
            return values.to_numpy(dtype=float, na_value=np.nan)
        return np.asarray(values, dtype=float)
    except (TypeError, ValueError) as error:
        raise CRSError(
            Text(
                f"{function}：经纬度不是数值（{type(values).__name__}）。",
                f"{function}: longitude and latitude are no numbers ({type(values).__name__}).",
            ),
            remedy=Text("请先用 pd.to_numeric() 转换。", "Convert them with pd.to_numeric first."),
        ) from error


def _shift_shapes(
    shapes: np.ndarray, shift: Any, function: str, rows: pd.Index | None = None
) -> np.ndarray:
    """Shift every vertex of what lies on earth; what has heights keeps them."""
    xy, owner = shapely.get_coordinates(shapes, return_index=True)
    _require_degrees(xy[:, 0], xy[:, 1], owner, function, rows)
    return shapes if shift is None else _moved(shapes, shift)


def shift_any(shapes: np.ndarray, datum: str) -> np.ndarray:
    """Shift geometries to WGS 84, whatever their numbers are: that has been asked before."""
    with np.errstate(invalid="ignore", over="ignore"):
        return _moved(shapes, _INVERSE[datum])


def _moved(shapes: np.ndarray, shift: Any) -> np.ndarray:
    moved = shapes.copy()
    for high in (False, True):
        at = shapely.has_z(shapes) == high
        if at.any():
            xyz = shapely.get_coordinates(shapes[at], include_z=high)
            xyz[:, :2] = np.column_stack(shift(xyz[:, 0], xyz[:, 1]))
            moved[at] = shapely.set_coordinates(moved[at], xyz)
    return moved


def _require_degrees(
    lon: np.ndarray, lat: np.ndarray, owner: np.ndarray, function: str, rows: pd.Index | None
) -> None:
    """Refuse what lies off the earth, by its first row; what is missing is no number at all."""
    wrong = np.flatnonzero((np.abs(lon) > 180) | (np.abs(lat) > 90))
    if not len(wrong):
        return
    k = wrong[0]
    label = "" if rows is None else f" ({rows[owner[k]]!r})"
    swapped = abs(lon[k]) <= 90 < abs(lat[k]) <= 180
    raise CRSError(
        Text(
            f"{function}：第 {owner[k]} 行{label}的坐标 {lon[k]:g}, {lat[k]:g} 不是经纬度，"
            f"共 {len(np.unique(owner[wrong]))} 行。",
            f"{function}: row {owner[k]}{label} is {lon[k]:g}, {lat[k]:g}, which is no "
            f"longitude and latitude in degrees ({len(np.unique(owner[wrong]))} rows).",
        ),
        remedy=_SWAPPED if swapped else _NO_DEGREES,
    )


_SWAPPED = Text("经纬度可能颠倒：应为 (lon, lat)。", "They look swapped: give (lon, lat).")
_NO_DEGREES = Text(
    '投影坐标请先用 to_crs("EPSG:4326") 转换。',
    'Bring projected positions into degrees with to_crs("EPSG:4326") first.',
)


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
