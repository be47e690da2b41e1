"""Geometry for the screen: degrees, packed coordinates, places for names."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely

from geo_citymgmt.errors import CRSError, MapError
from geo_citymgmt.words import Text

POINT, LINE, AREA = 0, 1, 2
_KIND = {0: POINT, 1: LINE, 2: LINE, 3: AREA}
_MANY_VERTICES = 6_000


def to_degrees(frame: gpd.GeoDataFrame | gpd.GeoSeries) -> gpd.GeoSeries:
    """Return the geometry in longitude and latitude, as web maps take it.

    CGCS2000 is taken as WGS 84: they differ by centimetres, and no published transformation
    between them is better than that.

    Raises
    ------
    CRSError
        If the frame has no CRS.
    """
    geometry = frame.geometry
    if geometry.crs is None:
        raise CRSError(
            Text(
                "数据没有坐标系，无法制图；请用 set_crs 指定。",
                "The frame has no CRS, so it cannot be drawn; set it with set_crs.",
            ),
        )
    geodetic = geometry.crs.geodetic_crs
    is_cgcs = geodetic is not None and "2000" in geodetic.name and "China" in geodetic.name
    shown = geometry.to_crs("EPSG:4490" if is_cgcs else "EPSG:4326")
    bounds = shown.bounds.to_numpy()
    outside = np.isinf(bounds).any(axis=1) | (np.abs(bounds[:, 1:4:2]) > 89).any(axis=1)
    if outside.any():
        raise MapError(
            Text(
                f"{int(outside.sum())} 个图形超出坐标系 {geometry.crs.name} 的范围，"
                "坐标系可能有误。",
                f"{int(outside.sum())} geometries lie outside the area of {geometry.crs.name}; "
                "the CRS given is not the CRS of the data.",
            ),
        )
    return shown


def located(geometry: gpd.GeoSeries) -> np.ndarray:
    """Return which rows have a place on the map."""
    placed: np.ndarray = ~(geometry.isna() | geometry.is_empty).to_numpy()
    return placed


def simplified_zones(zones: gpd.GeoDataFrame) -> gpd.GeoSeries:
    """Return zones in degrees, with no more vertices than a screen shows.

    Shared borders stay shared: neighbours are simplified together.
    """
    shown = to_degrees(zones)
    vertices = int(shapely.get_num_coordinates(shown.to_numpy()).sum())
    if vertices <= _MANY_VERTICES:
        return shown
    tolerance = 0.0001 * min(4.0, vertices / _MANY_VERTICES)
    simple = shapely.coverage_simplify(shown.to_numpy(), tolerance)
    broken = shapely.is_empty(simple) | ~shapely.is_valid(simple)
    return gpd.GeoSeries(
        np.where(broken, shown.to_numpy(), simple), index=shown.index, crs=shown.crs
    )


def label_place(area: shapely.Geometry) -> tuple[float, float]:
    """Return where the name of an area stands: the middle of its widest part."""
    largest = max(shapely.get_parts(area), key=shapely.area)
    circle = shapely.maximum_inscribed_circle(largest, tolerance=0.005)
    place = shapely.get_point(circle, 0)
    return round(float(place.x), 5), round(float(place.y), 5)


def rings_of(area: shapely.Geometry) -> list[list[list[float]]]:
    """Return a polygon as lists of flat rings ``[lon, lat, lon, lat...]``, at 1 m."""
    parts = []
    for part in shapely.get_parts(area):
        rings = shapely.get_rings(part)
        parts.append([shapely.get_coordinates(r).round(5).ravel().tolist() for r in rings])
    return parts


def flatten(geometries: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return geometries as coordinates, points per part, kind per part, and parts per geometry.

    Collections are taken apart; the rings of an area are parts of it, filled by the even-odd rule.
    """
    parts, owner = shapely.get_parts(geometries, return_index=True)
    while (shapely.get_type_id(parts) > 3).any():
        parts, inner = shapely.get_parts(parts, return_index=True)
        owner = owner[inner]
    kinds = np.array([_KIND[t] for t in shapely.get_type_id(parts)], dtype=np.uint8)
    is_area = kinds == AREA
    rings, ring_of = shapely.get_rings(parts[is_area], return_index=True)
    pieces = np.concatenate([parts[~is_area], rings])
    piece_owner = np.concatenate([owner[~is_area], owner[is_area][ring_of]])
    piece_kind = np.concatenate([kinds[~is_area], np.full(len(rings), AREA, dtype=np.uint8)])
    order = np.argsort(piece_owner, kind="stable")
    pieces, piece_owner, piece_kind = pieces[order], piece_owner[order], piece_kind[order]
    sizes = shapely.get_num_coordinates(pieces)
    counts = np.bincount(piece_owner, minlength=len(geometries))
    return shapely.get_coordinates(pieces), sizes, piece_kind, counts
