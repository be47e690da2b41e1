"""Metric or refuse: where area and distance may be computed, and which CRS fits the data.

A plane stretches; how much, and in which direction, depends on where the data lies. Everything
here compares the plane with the ellipsoid at the data's own positions, so that the figure that
comes out is the true error of an area or a length measured there.
"""

from __future__ import annotations

import warnings
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import geopandas as gpd
import numpy as np
import pyproj
import shapely
from pyproj import CRS
from pyproj.crs import ProjectedCRS
from pyproj.crs.coordinate_operation import (
    CoordinateOperation,
    LambertConformalConic1SPConversion,
    TransverseMercatorConversion,
)

from geo_citymgmt._datums import (
    CGCS2000,
    GRS80_AXIS,
    GRS80_FLATTENING,
    WGS84,
    crs_of_epsg,
    in_china,
)
from geo_citymgmt._languages import Messages, Text
from geo_citymgmt._values import equal_values
from geo_citymgmt.errors import CRSError, ScaleWarning, warn_caller

#: How far a scale over the data may be from one, in a CRS that is chosen.
MAX_ERROR = 1e-3
#: And in a frame that is given: between the two it is measured with a warning.
REFUSED_ERROR = 1e-2
#: Of the errors themselves: the box that is tested is not quite the box that was chosen from.
_SLACK = 1e-5

_EXTENT = Text("数据范围", "the extent of the data")
_GIVEN = Text("用户指定", "given")
_ECCENTRICITY2 = GRS80_FLATTENING * (2 - GRS80_FLATTENING)
#: Step of the differences in degrees, some 10 m: far above rounding, far below any bend.
_STEP = 1e-4
#: So many vertices tell where zones lie, so many features where a frame lies.
_VERTICES, _FEATURES, _POSITIONS = 500, 1_000, 20_000
#: A feature wider than this is a zone and counts with all it covers, not as one position of many.
_WIDE_M = 1_000.0
#: Farther than this from every zone, or from the middle of the others, a record is not of the city.
FAR_M = 100_000.0
#: So large a share at most, of so many at least, is taken for such strays; one of them always.
_FEW_FAR, _LEAST_FAR = 0.01, 5
#: A single position so many times farther from the middle than half of all is a stray.
_STRAY = 20.0
_MESSAGES = Messages("geo_citymgmt")


@dataclass(frozen=True)
class MetricCRS:
    """A CRS in which a set of data is measured, and how far from the truth that is.

    Attributes
    ----------
    crs : pyproj.CRS
        Projected, in metres.
    code : str
        What gives the same CRS again: ``EPSG:4547``, or the whole WKT of one without a code.
    areal_error, linear_error : float
        Greatest distance from one, over the data, of the areal scale and of the linear scale in
        its worst direction: 0.001 is 0.1 %. NaN where nothing is known of the data's place.
    how : Text
        What was chosen from what.
    """

    crs: CRS = field(repr=False)
    code: str
    areal_error: float
    linear_error: float
    how: Text = field(compare=False)

    def __eq__(self, other: object) -> bool:
        # By values, for errors that are not known (NaN) are the same in a copy.
        return isinstance(other, MetricCRS) and equal_values(
            (self.crs, self.code, self.areal_error, self.linear_error),
            (other.crs, other.code, other.areal_error, other.linear_error),
        )

    def __hash__(self) -> int:
        return hash(self.code)

    @property
    def name(self) -> str:
        """Short: the code, or the name of a CRS that has none."""
        return self.code if self.code.startswith("EPSG:") else str(self.crs.name)

    @property
    def brief(self) -> str:
        """As short as can be typed: the code, or the PROJ text of the same plane."""
        return self.code if self.code.startswith("EPSG:") else _proj_text(self.crs)


def _proj_text(crs: CRS) -> str:
    with warnings.catch_warnings():
        # It leaves out the name of the datum, which moves no position here.
        warnings.simplefilter("ignore", UserWarning)
        return str(crs.to_proj4())


def scale_errors(crs: Any, lon: Any, lat: Any) -> tuple[float, float]:
    """Tell how wrong areas and lengths measured in a CRS are at some positions.

    The plane is compared with the ellipsoid, whatever figure of the earth the CRS itself rests
    on: EPSG:3857, which draws the ellipsoid as if it were a sphere, is 37 % wrong at 31° N.

    Parameters
    ----------
    crs : anything pyproj takes
        A projected CRS in metres.
    lon, lat : array-like of float
        Positions in degrees.

    Returns
    -------
    areal, linear : float
        Greatest distance from one of the areal scale (product of the axes of Tissot's ellipse)
        and of the linear scale in its worst direction (the axis farther from one). Infinite where
        the CRS has no place for one of the positions, NaN without positions.

    See Also
    --------
    choose_metric_crs : the CRS in which both are small.

    Notes
    -----
    Differences over some 20 m about each position give the Jacobian of the projection; divided by
    the radii of curvature of the ellipsoid its singular values are the axes of Tissot's ellipse
    (Snyder, Map Projections: A Working Manual, 1987, p. 20).

    Examples
    --------
    >>> areal, linear = scale_errors("EPSG:4549", [119.9, 121.4], [31.3, 31.3])
    >>> round(areal, 6), round(linear, 6)
    (0.000438, 0.000219)
    >>> [round(error, 3) for error in scale_errors("EPSG:3857", [120.6], [31.3])]
    [0.374, 0.175]
    """
    lon, lat = np.atleast_1d(np.asarray(lon, dtype=float)), np.atleast_1d(np.asarray(lat, float))
    if not len(lon):
        return float("nan"), float("nan")
    # At a pole there is no east: a little before it there is.
    lat = np.clip(lat, -89.999, 89.999)
    x, y = _from_degrees(CRS.from_user_input(crs)).transform(
        np.concatenate([lon - _STEP, lon + _STEP, lon, lon]),
        np.concatenate([lat, lat, lat - _STEP, lat + _STEP]),
    )
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        return float("inf"), float("inf")
    step = np.radians(2 * _STEP)
    phi = np.radians(lat)
    w = np.sqrt(1 - _ECCENTRICITY2 * np.sin(phi) ** 2)
    east = step * GRS80_AXIS / w * np.cos(phi)
    north = step * GRS80_AXIS * (1 - _ECCENTRICITY2) / w**3
    x_east, x_north = _slopes(x, east, north)
    y_east, y_north = _slopes(y, east, north)
    areal = np.abs(x_east * y_north - x_north * y_east)
    # Singular values of a two by two matrix in closed form.
    sums = np.hypot(x_east + y_north, y_east - x_north)
    differences = np.hypot(x_east - y_north, y_east + x_north)
    axes = np.append(sums + differences, np.abs(sums - differences)) / 2
    return float(np.abs(areal - 1).max()), float(np.abs(axes - 1).max())


def _slopes(
    values: np.ndarray, east: np.ndarray, north: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    west, other, south, far = np.split(np.asarray(values), 4)
    return (other - west) / east, (far - south) / north


def choose_metric_crs(lon: Any, lat: Any, *, chosen_from: Text = _EXTENT) -> MetricCRS:
    """Choose the CRS in which areas and lengths over some positions are right within 0.1 %.

    In China the CGCS2000 three-degree belt whose central meridian is nearest to the middle of the
    data, elsewhere the UTM zone on WGS 84; where that does not hold 0.1 %, its neighbour; where
    none does, a transverse Mercator about the data's own middle whose scale factor shares the
    error between middle and edge.

    Parameters
    ----------
    lon, lat : array-like of float
        Where the data lies, in degrees of CGCS2000 or WGS 84: vertices of its zones
        (:func:`zone_positions`), or the box that holds nearly all positions
        (:func:`position_box`).
    chosen_from : Text
        What the positions are, for ``how``.

    Returns
    -------
    MetricCRS

    Raises
    ------
    CRSError
        There are no positions, or no plane holds 0.1 % over them; the message names the extent,
        the error that was reached, and what can be done.

    See Also
    --------
    scale_errors : what is tested.
    check_metric_crs : the same test of a CRS that is given.

    Examples
    --------
    >>> choose_metric_crs([120.0, 121.3], [30.8, 32.0]).code
    'EPSG:4549'
    >>> choose_metric_crs([-74.3, -73.7], [40.5, 40.9]).code
    'EPSG:32618'
    >>> own = choose_metric_crs([105.3, 110.2], [28.2, 32.2])
    >>> own.name, own.areal_error < 1e-3
    ('CGCS2000 / transverse Mercator 107.7E k0=0.999657', True)
    """
    lon, lat = _usable(lon, lat)
    if not len(lon):
        raise _MESSAGES.error(CRSError, "no_positions")
    middle = float(lon.min() + lon.max()) / 2, float(lat.min() + lat.max()) / 2
    chinese = in_china(*middle) or in_china(float(np.median(lon)), float(np.median(lat)))
    usual = _belts(middle[0]) if chinese else _utm_zones(*middle)
    best = float("inf")
    for epsg, zh, en in usual:
        crs = crs_of_epsg(epsg)
        areal, linear = scale_errors(crs, lon, lat)
        best = min(best, max(areal, linear))
        if max(areal, linear) <= MAX_ERROR:
            how = Text(f"按{chosen_from.zh}选定的{zh}", f"{en}, chosen from {chosen_from.en}")
            return MetricCRS(crs, f"EPSG:{epsg}", areal, linear, how)
    for crs, zh, en in _own_planes(lon, lat, chinese):
        areal, linear = scale_errors(crs, lon, lat)
        best = min(best, max(areal, linear))
        if max(areal, linear) <= MAX_ERROR:
            how = _MESSAGES("own_plane", chosen_from=chosen_from, zh=zh, en=en)
            return MetricCRS(crs, crs.to_wkt(), areal, linear, how)
    raise _too_large(lon, lat, best)


def check_metric_crs(
    crs: Any,
    lon: Any,
    lat: Any,
    function: str,
    *,
    how: Text = _GIVEN,
) -> MetricCRS:
    """Test a CRS that is given for measuring: refuse or warn as for a frame that is in it.

    Parameters
    ----------
    crs : anything pyproj takes
        What is given; a :class:`MetricCRS` has been tested and is returned as it is.
    lon, lat : array-like of float
        Where the data lies, in degrees; empty where that is not known.
    function : str
        Who asks, for the message.
    how : Text
        Where the CRS is from.

    Returns
    -------
    MetricCRS

    Warns
    -----
    ScaleWarning
        A scale over the data is more than 0.1 % from one.

    Raises
    ------
    CRSError
        It is no CRS, in degrees, not in metres, or a scale is more than 1 % from one.

    See Also
    --------
    require_metric : the same for a frame.

    Examples
    --------
    >>> check_metric_crs("EPSG:4549", [120.6], [31.3], "read_layer").how
    Text(zh='用户指定', en='given')
    """
    if isinstance(crs, MetricCRS):
        return crs
    lon, lat = _usable(lon, lat)
    try:
        stated = CRS.from_user_input(crs)
    except pyproj.exceptions.CRSError as error:
        raise CRSError(
            _MESSAGES("no_crs_code", function=function, crs=crs, error=error),
            remedy=_remedy(lon, lat),
        ) from error
    _require_metres(stated, lon, lat, function)
    areal, linear = scale_errors(stated, lon, lat)
    _judge(stated, lon, lat, _used(stated, lon, lat, ("area", "length")), function)
    return MetricCRS(stated, _code(stated), areal, linear, how)


def require_metric(
    frame: gpd.GeoDataFrame | gpd.GeoSeries,
    function: str,
    *,
    measures: Collection[str] = ("area",),
) -> CRS:
    """Return the CRS of ``frame``, or refuse one in which what is measured would be wrong.

    Parameters
    ----------
    frame : GeoDataFrame or GeoSeries
        What is to be measured.
    function : str
        Who asks, for the message.
    measures : collection of {"area", "length"}
        What is measured: areas need the areal scale, distances and lengths the linear scale in
        its worst direction. Empty where features are only counted: any CRS in metres will do.

    Returns
    -------
    pyproj.CRS

    Warns
    -----
    ScaleWarning
        A scale that is used is more than 0.1 % from one over the data; once a call.

    Raises
    ------
    CRSError
        No CRS, degrees, not metres, or a scale more than 1 % from one: EPSG:3857 is in metres and
        37 % wrong at 31° N; an equal-area plane may be wrong in distances by 7 %.

    See Also
    --------
    scale_errors : the errors themselves.
    choose_metric_crs : the CRS that the message names.

    Examples
    --------
    >>> point = gpd.GeoSeries([shapely.Point(555_695, 3_464_273)], crs="EPSG:4549")
    >>> require_metric(point, "coverage").to_epsg()
    4549
    >>> require_metric(point.to_crs("EPSG:3857"), "nearest", measures=("length",))
    Traceback (most recent call last):
    geo_citymgmt.errors.CRSError: nearest: distances in EPSG:3857 are up to 17.5 % wrong over this
    data. Bring it into one that fits it, .to_crs("EPSG:4549").
    """
    crs = frame.crs
    if crs is None:
        raise _MESSAGES.error(CRSError, "frame_without_crs", function=function)
    if not is_metric(crs):
        _require_metres(crs, *_frame_positions(frame), function)
    if not measures:
        return crs
    # The corners and the middle of the bounds settle nearly all frames, and cost least; what they
    # cannot settle, the places that are really there do.
    if not _used(crs, *_bounds_in_degrees(frame), measures):
        return crs
    lon, lat = _frame_positions(frame)
    _judge(crs, lon, lat, _used(crs, lon, lat, measures), function)
    return crs


def _used(
    crs: CRS, lon: np.ndarray, lat: np.ndarray, measures: Collection[str]
) -> dict[str, float]:
    """Errors of what is measured, where they are beyond 0.1 %."""
    errors = dict(zip(("area", "length"), scale_errors(crs, lon, lat), strict=True))
    return {what: errors[what] for what in measures if errors[what] > MAX_ERROR + _SLACK}


def require_same_crs(
    first: gpd.GeoDataFrame | gpd.GeoSeries, second: gpd.GeoDataFrame | gpd.GeoSeries, function: str
) -> None:
    """Refuse two frames in different CRS.

    Raises
    ------
    CRSError
        Naming both.
    """
    if first.crs != second.crs:
        raise _MESSAGES.error(
            CRSError, "two_crs", function=function, first=_name(first.crs), second=_name(second.crs)
        )


def zone_positions(
    zones: gpd.GeoDataFrame | gpd.GeoSeries,
) -> tuple[np.ndarray, np.ndarray]:
    """Return where zones lie, in degrees: their vertices, thinned evenly.

    Those of the convex hull are all among them: at the edge of the data the error is greatest.
    Empty for zones without a CRS or without vertices.

    Examples
    --------
    >>> zones = gpd.GeoSeries([shapely.box(120.0, 30.8, 121.3, 32.0)], crs="EPSG:4490")
    >>> lon, lat = zone_positions(zones)
    >>> float(lon.min()), float(lat.max())
    (120.0, 32.0)
    """
    xy = shapely.get_coordinates(zones.geometry.to_numpy())
    xy = xy[np.isfinite(xy).all(axis=1)]
    if zones.crs is None or not len(xy):
        return np.empty(0), np.empty(0)
    at = np.linspace(0, len(xy) - 1, min(_VERTICES, len(xy))).astype(int)
    hull = shapely.get_coordinates(shapely.convex_hull(shapely.multipoints(xy)))
    return _degrees(zones.crs, *np.vstack([xy[np.unique(at)], hull]).T)


def position_box(x: Any, y: Any, crs: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return the box that holds nearly all positions, as a grid of places in degrees.

    From the 1st to the 99th percentile; of fewer than a hundred positions a single one that lies
    far from all others is left out at each side. One mistyped record must not decide in which
    plane a city is measured.

    Parameters
    ----------
    x, y : array-like of float
        Positions in ``crs``; not finite where there is none, and no place at (0, 0).
    crs : anything pyproj takes

    Returns
    -------
    lon, lat : arrays of float
        Empty without positions.

    Examples
    --------
    >>> lon, lat = position_box([120.1] * 10 + [120.9] * 10 + [20.6], [31.0] * 21, "EPSG:4490")
    >>> float(lon.min()), float(lon.max())
    (120.1, 120.9)
    """
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    step = max(1, len(x) // _POSITIONS)
    x, y = x[::step], y[::step]
    known = CRS.from_user_input(crs)
    there = np.isfinite(x) & np.isfinite(y) & ~((x == 0) & (y == 0))
    if known.is_geographic:
        there &= (np.abs(x) <= 360) & (np.abs(y) <= 90)
    x, y = x[there], y[there]
    if not len(x):
        return np.empty(0), np.empty(0)
    (west, east), (south, north) = _most(x), _most(y)
    return _grid_in_degrees(known, west, south, east, north)


def _belts(lon: float) -> Iterator[tuple[int, str, str]]:
    """CGCS2000 three-degree belts without zone number, the nearest to a longitude first."""
    zone = int(np.clip(np.floor(lon / 3 + 0.5), 25, 45))
    for number in _nearest_first(zone, lon / 3, 25, 45):
        zh = f"CGCS2000 3 度带（中央经线 {3 * number}°E）"
        yield 4534 + number - 25, zh, f"the CGCS2000 three-degree belt of {3 * number}°E"


def _utm_zones(lon: float, lat: float) -> Iterator[tuple[int, str, str]]:
    """UTM zones on WGS 84, the data's own first; none where UTM ends."""
    if not -80 <= lat <= 84:
        return
    zone = int(np.floor((lon + 180) / 6)) % 60 + 1
    base, side = (32600, "N") if lat >= 0 else (32700, "S")
    exact = (lon + 183) / 6 % 60
    for number in (zone, zone % 60 + 1 if exact > zone else (zone - 2) % 60 + 1):
        yield base + number, f"UTM {number}{side} 带（WGS 84）", f"UTM zone {number}{side} (WGS 84)"


def _nearest_first(zone: int, exact: float, low: int, high: int) -> list[int]:
    other = zone + 1 if exact > zone else zone - 1
    return [zone, other] if low <= other <= high else [zone]


def _own_planes(lon: np.ndarray, lat: np.ndarray, chinese: bool) -> Iterator[tuple[CRS, str, str]]:
    """Planes about the middle of the data, the error shared between middle and edge.

    Transverse Mercator, which may be as long from north to south as it likes; and for what is wide
    and low a conformal conic, which may be long from east to west.
    """
    # The scale grows with the square of the distance from the meridian, which shrinks with the
    # cosine of the latitude: the meridian that halves the widest part, to a tenth of a degree.
    meridians = np.arange(np.floor(lon.min() * 10), np.ceil(lon.max() * 10) + 1) / 10
    away = np.abs((lon[:, None] - meridians) * np.cos(np.radians(lat))[:, None]).max(axis=0)
    meridian = (round(float(meridians[away.argmin()]), 1) + 180) % 360 - 180
    parallel = round(float(lat.min() + lat.max()) / 2, 1)
    for origin, zh, en in (
        ((meridian, None), "横轴墨卡托投影", "a transverse Mercator"),
        ((meridian, parallel), "等角圆锥投影", "a conformal conic"),
    ):
        # In the middle the scale is one, the least there is; half the excess at the edge goes
        # there.
        excess = scale_errors(_plane(*origin, 1.0, chinese), lon, lat)[0]
        factor = round(float(np.sqrt(2 / (2 + excess))), 6) if np.isfinite(excess) else 1.0
        yield _plane(*origin, factor, chinese), zh, en


@lru_cache(maxsize=64)
def _plane(meridian: float, parallel: float | None, factor: float, chinese: bool) -> CRS:
    """A transverse Mercator about ``meridian``, or a conic about ``parallel``, written in full."""
    meridian = round(meridian, 1)
    where = f"{abs(meridian):g}{'W' if meridian < 0 else 'E'}"
    base = "CGCS2000" if chinese else "WGS 84"
    operation: CoordinateOperation
    if parallel is None:
        label = f"{base} / transverse Mercator {where} k0={factor:g}"
        operation = TransverseMercatorConversion(
            longitude_natural_origin=meridian,
            false_easting=500_000,
            scale_factor_natural_origin=factor,
        )
    else:
        side = "S" if parallel < 0 else "N"
        label = f"{base} / conformal conic {abs(parallel):g}{side} {where} k0={factor:g}"
        operation = LambertConformalConic1SPConversion(
            latitude_natural_origin=parallel,
            longitude_natural_origin=meridian,
            false_easting=1_000_000,
            false_northing=1_000_000,
            scale_factor_natural_origin=factor,
        )
    return ProjectedCRS(
        operation, name=label, geodetic_crs=crs_of_epsg(CGCS2000 if chinese else WGS84)
    )


def _too_large(lon: np.ndarray, lat: np.ndarray, error: float) -> CRSError:
    span = f"{lon.min():.2f}–{lon.max():.2f}°, {lat.min():.2f}–{lat.max():.2f}°"
    size = _width_km(lon, lat)
    cause = _MESSAGES("data_too_large", span=span, size=size, error=error)
    # On WGS 84 a plane is told in one line that keeps its datum.
    planes = [crs for crs, _, _ in _own_planes(lon, lat, chinese=False)]
    errors = [max(scale_errors(crs, lon, lat)) for crs in planes]
    if not min(errors) <= REFUSED_ERROR:
        return CRSError(cause, remedy=_MESSAGES("part_data"))
    plane = _proj_text(planes[int(np.argmin(errors))])
    return CRSError(cause, remedy=_MESSAGES("part_data_or_plane", plane=plane))


def _width_km(lon: np.ndarray, lat: np.ndarray) -> tuple[float, float]:
    geod = pyproj.Geod(ellps="GRS80")
    middle = float(lat.min() + lat.max()) / 2
    wide = geod.inv(float(lon.min()), middle, float(lon.max()), middle)[2]
    high = geod.inv(float(lon.min()), float(lat.min()), float(lon.min()), float(lat.max()))[2]
    return wide / 1000, high / 1000


def _usable(lon: Any, lat: Any) -> tuple[np.ndarray, np.ndarray]:
    """Positions that are positions, on one side of the date line."""
    lon, lat = np.atleast_1d(np.asarray(lon, dtype=float)), np.atleast_1d(np.asarray(lat, float))
    there = np.isfinite(lon) & np.isfinite(lat) & (np.abs(lat) <= 90) & (np.abs(lon) <= 360)
    lon, lat = lon[there], lat[there]
    if len(lon) and lon.max() - lon.min() > 180:
        lon = np.where(lon < 0, lon + 360, lon)
    return lon, lat


def _most(values: np.ndarray) -> tuple[float, float]:
    """First and 99th percentile, both values that occur; lone strays left out of a few."""
    n = len(values)
    first, last = (n - 1) // 100, n - 1 - (n - 1) // 100
    if n > 100:
        ordered = np.partition(values, (first, last))
        return float(ordered[first]), float(ordered[last])
    ordered = np.sort(values)
    median = float(np.median(ordered))
    # Degrees or metres: the spread of the others says what is far.
    limit = _STRAY * max(float(np.median(np.abs(ordered - median))), 1e-6 * abs(median))
    if n > 2 and median - ordered[0] > limit:
        first += 1
    if n > 2 and ordered[-1] - median > limit:
        last -= 1
    return float(ordered[first]), float(ordered[last])


def _bounds_in_degrees(
    frame: gpd.GeoDataFrame | gpd.GeoSeries,
) -> tuple[np.ndarray, np.ndarray]:
    bounds = frame.total_bounds
    if not np.isfinite(bounds).all():
        return np.empty(0), np.empty(0)
    return _grid_in_degrees(frame.crs, *bounds)


def _frame_positions(
    frame: gpd.GeoDataFrame | gpd.GeoSeries,
) -> tuple[np.ndarray, np.ndarray]:
    """Where a frame lies: its zones by their vertices, points and parcels by the box of most."""
    geometry = frame.geometry.to_numpy()
    bounds = shapely.bounds(geometry)
    there = np.isfinite(bounds).all(axis=1)
    if frame.crs is None or not there.any():
        return np.empty(0), np.empty(0)
    geometry, bounds = geometry[there], bounds[there]
    size = np.maximum(bounds[:, 2] - bounds[:, 0], bounds[:, 3] - bounds[:, 1])
    metre = 1 / 111_000 if frame.crs.is_geographic else 1.0
    wide = np.flatnonzero(size > _WIDE_M * metre)
    wide = wide[:: max(1, len(wide) // _FEATURES)]
    lon, lat = zone_positions(gpd.GeoSeries(geometry[wide], crs=frame.crs))
    small = bounds[size <= _WIDE_M * metre]
    boxed = position_box(
        (small[:, 0] + small[:, 2]) / 2, (small[:, 1] + small[:, 3]) / 2, frame.crs
    )
    return np.append(lon, boxed[0]), np.append(lat, boxed[1])


def _grid_in_degrees(
    crs: CRS, west: float, south: float, east: float, north: float
) -> tuple[np.ndarray, np.ndarray]:
    x, y = np.meshgrid(np.linspace(west, east, 3), np.linspace(south, north, 3))
    return _degrees(crs, x.ravel(), y.ravel())


def _degrees(crs: CRS, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if crs.is_geographic:
        return x, y
    lon, lat = _to_degrees(crs).transform(x, y)
    return np.asarray(lon), np.asarray(lat)


# A city asks for the same few over and over, and a transformer takes long to make.
@lru_cache(maxsize=64)
def _from_degrees(crs: CRS) -> pyproj.Transformer:
    return pyproj.Transformer.from_crs(crs.geodetic_crs or WGS84, crs, always_xy=True)


@lru_cache(maxsize=64)
def _to_degrees(crs: CRS) -> pyproj.Transformer:
    return pyproj.Transformer.from_crs(crs, crs.geodetic_crs or WGS84, always_xy=True)


def looks_geographic(x: np.ndarray, y: np.ndarray) -> bool:
    """Whether the middle of the numbers could be degrees, in either order."""
    if not len(x):
        return False
    # What most records are: a few strays among them are told one by one.
    return bool(np.median(np.maximum(np.abs(x), np.abs(y))) <= 180)


def is_metric(crs: CRS) -> bool:
    """Whether a CRS is projected and in metres; how true it is over some data is another thing."""
    return bool(crs.is_projected) and all(
        abs(axis.unit_conversion_factor - 1.0) < 1e-12 for axis in crs.axis_info[:2]
    )


def _require_metres(crs: CRS, lon: np.ndarray, lat: np.ndarray, function: str) -> None:
    if is_metric(crs):
        return
    key = "crs_not_in_metres" if crs.is_projected else "crs_in_degrees"
    cause = _MESSAGES(key, function=function, crs=_short(crs))
    raise CRSError(cause, remedy=_remedy(*_usable(lon, lat)))


def _judge(
    crs: CRS, lon: np.ndarray, lat: np.ndarray, errors: dict[str, float], function: str
) -> None:
    """Warn of a scale beyond 0.1 %, refuse one beyond 1 %; the larger error speaks."""
    if not errors:
        return
    what, error = max(errors.items(), key=lambda item: item[1])
    remedy = _remedy(*_usable(lon, lat))
    size = f"{100 * error:.3g}" if np.isfinite(error) else "∞"
    key = "area_wrong" if what == "area" else "length_wrong"
    cause = _MESSAGES(key, function=function, crs=_short(crs), size=size)
    if error > REFUSED_ERROR:
        raise CRSError(cause, remedy=remedy)
    warn_caller(f"{cause.en} {remedy.en}", ScaleWarning)


def _remedy(lon: np.ndarray, lat: np.ndarray) -> Text:
    """What to do: the CRS that fits these positions, by name."""
    try:
        fit = choose_metric_crs(lon, lat)
    except CRSError as error:
        if not len(lon):
            return _MESSAGES("bring_into_metres")
        return Text(error.message_zh, error.message[0].upper() + error.message[1:])
    return _MESSAGES("bring_into_fitting", fit=fit)


def _code(crs: CRS) -> str:
    authority = crs.to_authority(min_confidence=100)
    return str(crs.to_wkt()) if authority is None else ":".join(authority)


# PROJ searches its whole data base, half a second for a CRS that has no code.
@lru_cache(maxsize=64)
def _short(crs: CRS) -> str:
    text = str(crs.to_string())
    return text if len(text) < 40 else str(crs.name)


def _name(crs: CRS | None) -> str:
    return "no CRS" if crs is None else _short(crs)


def far_from_rest(places: np.ndarray) -> np.ndarray:
    """Tell which few of many places, in metres, lie far from all others.

    None does where many do: what they are of is then more than a city.

    Parameters
    ----------
    places : array of float, shape (n, 2)

    Returns
    -------
    array of bool, shape (n,)

    Examples
    --------
    >>> far_from_rest(np.array([[0.0, 0.0], [9e3, 0.0], [0.0, 9e3], [1.0, 5.0], [2e5, 0.0]]))
    array([False, False, False, False,  True])
    """
    if len(places) < _LEAST_FAR:
        return np.zeros(len(places), dtype=bool)
    distance = np.hypot(*(places - np.median(places, axis=0)).T)
    far: np.ndarray = distance > FAR_M
    return far & (far.sum() <= max(1, _FEW_FAR * len(far)))
