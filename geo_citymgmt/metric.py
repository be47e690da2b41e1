"""Metric or refuse: where area and distance may be computed at all."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pyproj
from pyproj import CRS

from geo_citymgmt.errors import CRSError
from geo_citymgmt.words import Text

__all__ = ["DEFAULT_CRS", "MAX_AREAL_ERROR", "require_metric", "require_same_crs"]

#: CGCS2000, 3-degree Gauss-Kruger, central meridian 120 E.
DEFAULT_CRS = "EPSG:4549"
#: How far the areal scale over the data may be from one.
MAX_AREAL_ERROR = 1e-3


def require_metric(frame: gpd.GeoDataFrame | gpd.GeoSeries, function: str) -> CRS:
    """Return the CRS of ``frame``, or refuse one in which areas and distances would be wrong.

    Parameters
    ----------
    frame : GeoDataFrame or GeoSeries
        What is to be measured.
    function : str
        Who asks, for the message.

    Raises
    ------
    CRSError
        No CRS, degrees, not metres, or an areal scale over the data more than 0.1 % from one
        (EPSG:3857 is in metres and 37 % wrong over Suzhou).

    Examples
    --------
    >>> import shapely
    >>> point = gpd.GeoSeries([shapely.Point(555_695, 3_464_273)], crs="EPSG:4549")
    >>> require_metric(point, "coverage").to_epsg()
    4549
    """
    crs = frame.crs
    remedy = f'; use .to_crs("{DEFAULT_CRS}")'
    remedy_zh = f"，请先用 .to_crs(“{DEFAULT_CRS}”) 转换"
    if crs is None:
        raise CRSError(
            Text(
                f"{function}：数据没有坐标系，请先用 .set_crs() 设定。",
                f"{function}: the frame has no CRS; set the true one with .set_crs().",
            ),
        )
    if not crs.is_projected:
        raise CRSError(
            Text(
                f"{function}：{crs.to_string()} 是经纬度，不能量算{remedy_zh}。",
                f"{function}: {crs.to_string()} is in degrees, not metres{remedy}.",
            ),
        )
    if any(abs(axis.unit_conversion_factor - 1.0) > 1e-12 for axis in crs.axis_info[:2]):
        raise CRSError(
            Text(
                f"{function}：{crs.to_string()} 的单位不是米{remedy_zh}。",
                f"{function}: {crs.to_string()} is not in metres{remedy}.",
            ),
        )
    error = _areal_error(crs, frame.total_bounds)
    if error > MAX_AREAL_ERROR:
        raise CRSError(
            Text(
                f"{function}：在 {crs.to_string()} 中量算面积误差达 {error:.1%}{remedy_zh}。",
                f"{function}: areas in {crs.to_string()} are {error:.1%} wrong over this "
                f"data{remedy}.",
            ),
        )
    return crs


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
        raise CRSError(
            Text(
                f"{function}：两份数据坐标系不同（{_name(first.crs)}、{_name(second.crs)}），请先统一。",
                f"{function}: the two inputs are in {_name(first.crs)} and {_name(second.crs)}; "
                "bring "
                "both into one CRS.",
            ),
        )


def _name(crs: CRS | None) -> str:
    return "no CRS" if crs is None else str(crs.to_string())


def _areal_error(crs: CRS, bounds: np.ndarray) -> float:
    if not np.isfinite(bounds).all():
        return 0.0
    x = np.linspace(bounds[0], bounds[2], 3)
    y = np.linspace(bounds[1], bounds[3], 3)
    grid_x, grid_y = (part.ravel() for part in np.meshgrid(x, y))
    lon, lat = pyproj.Transformer.from_crs(crs, crs.geodetic_crs, always_xy=True).transform(
        grid_x, grid_y
    )
    inside = np.isfinite(lon) & np.isfinite(lat)
    if not inside.any():
        return float("inf")
    factors = pyproj.Proj(crs).get_factors(lon[inside], lat[inside], errcheck=False)
    # Mercator on a sphere claims to be conformal on it; against the ellipsoid it is not. The
    # nominal figure is what matters: areas 37 % too large.
    scale = np.asarray(factors.areal_scale, dtype=float)
    scale = scale[np.isfinite(scale)]
    return float(np.abs(scale - 1.0).max()) if len(scale) else float("inf")
