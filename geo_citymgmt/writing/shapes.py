"""Geometry in the form a format holds: what it has no form for is listed or refused by record."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely

from geo_citymgmt._gate import Gate
from geo_citymgmt.words import Text
from geo_citymgmt.writing.outgoing import Outgoing
from geo_citymgmt.writing.values import tell_loss

__all__ = ["plain_shapes"]

_POINT, _RING, _MULTIPOINT, _COLLECTION = 0, 2, 4, 7
#: Formats that write positions as text, whatever the numbers are.
_TEXT = (".csv", ".xlsx")
#: Formats that hold infinite positions, but take a point without numbers for an empty one.
_BINARY = (".gpkg", ".parquet", "postgis")


def plain_shapes(out: Outgoing, suffix: str, gate: Gate) -> None:
    """Bring the geometry into the form ``suffix`` holds, and note what that changes.

    Raises
    ------
    CityDataError
        A record is a collection, which a shapefile has no form for.
    """
    if out.geometry is None or not len(out):
        return
    shapes = out.geometry.to_numpy().copy()
    rings = shapely.get_type_id(shapes) == _RING
    # Well-known binary has no rings by themselves; GDAL stops the process over one.
    shapes[rings] = [shapely.LineString(ring.coords) for ring in shapes[rings]]
    _note(out, suffix, rings, Text("闭合环写成线", "rings are written as lines"), "info")
    if suffix not in (*_TEXT, ".parquet"):
        shapes = _without_measures(out, suffix, shapes)
    if suffix not in _TEXT:
        shapes = _without_broken(out, suffix, shapes)
    if suffix in (".geojson", ".shp.zip", ".zip"):
        shapes = _without_empty(out, suffix, shapes)
    if suffix in (".shp.zip", ".zip"):
        _refuse_collections(shapes, suffix, gate)
        shapes = _one_kind_of_points(out, suffix, shapes)
        shapes = _one_dimension(out, suffix, shapes)
    if suffix == "postgis":
        shapes = _one_dimension(out, suffix, shapes)
    out.geometry = gpd.GeoSeries(shapes, crs=out.geometry.crs)


def _note(out: Outgoing, suffix: str, hit: np.ndarray, what: Text, severity: str) -> None:
    at = np.flatnonzero(hit)
    if len(at):
        tell_loss(out, suffix, what, at=at, severity=severity)


def _without_measures(out: Outgoing, suffix: str, shapes: np.ndarray) -> np.ndarray:
    measured = shapely.has_m(shapes)
    if not measured.any():
        return shapes
    what = Text("测量值（M）未写出", "measures (M) are left out")
    _note(out, suffix, measured, what, "warning")
    shapes = shapes.copy()
    high = measured & shapely.has_z(shapes)
    # force_3d would put 0 in the place of each height, too.
    heights = shapely.get_coordinates(shapes[high], include_z=True)
    shapes[measured] = shapely.force_2d(shapes[measured])
    shapes[high] = shapely.set_coordinates(shapely.force_3d(shapes[high]), heights)
    return shapes


def _without_broken(out: Outgoing, suffix: str, shapes: np.ndarray) -> np.ndarray:
    """Leave out shapes whose positions are no numbers, and heights that are none."""
    xyz, owner = shapely.get_coordinates(shapes, include_z=True, return_index=True)
    wrong = ~np.isfinite(xyz[:, :2]).all(axis=1)
    if suffix in _BINARY:
        # The binary form tells an empty point by numbers that are none.
        wrong = np.isnan(xyz[:, :2]).all(axis=1) & (shapely.get_type_id(shapes) == _POINT)[owner]
    gone = np.zeros(len(shapes), dtype=bool)
    gone[owner[wrong]] = True
    what = Text("坐标不是有限数值，图形未写出", "positions that are no numbers are left out")
    _note(out, suffix, gone, what, "warning")
    shapes = shapes.copy()
    shapes[gone] = None
    flat = np.zeros(len(shapes), dtype=bool)
    if suffix not in _BINARY:
        flat[owner[~np.isfinite(xyz[:, 2])]] = True
        flat &= ~gone & shapely.has_z(shapes)
    what = Text("高程不是有限数值，只写平面坐标", "heights that are no numbers are left out")
    _note(out, suffix, flat, what, "warning")
    shapes[flat] = shapely.force_2d(shapes[flat])
    return shapes


def _without_empty(out: Outgoing, suffix: str, shapes: np.ndarray) -> np.ndarray:
    empty = shapely.is_empty(shapes)
    if suffix == ".geojson":
        # An empty point has no coordinates to write; other empty shapes have an empty list.
        empty &= np.isin(shapely.get_type_id(shapes), (_POINT, _MULTIPOINT, _COLLECTION))
    _note(out, suffix, empty, Text("空图形写成无图形", "an empty shape is written as none"), "info")
    shapes = shapes.copy()
    shapes[empty] = None
    return shapes


def _refuse_collections(shapes: np.ndarray, suffix: str, gate: Gate) -> None:
    at = np.flatnonzero(shapely.get_type_id(shapes) >= _COLLECTION)
    if not len(at):
        return
    kind = shapes[at[0]].geom_type
    raise gate.refuse(
        Text(
            f"第 {at[0]} 条记录是 {kind}，shapefile 不能保存（共 {len(at)} 条）。",
            f"record {at[0]} is a {kind}, which a shapefile cannot hold ({len(at)} of them).",
        ),
        Text(
            "请用 frame.explode() 拆成单个图形，或写 .gpkg。",
            "Take it apart with frame.explode(), or write .gpkg.",
        ),
    )


def _one_kind_of_points(out: Outgoing, suffix: str, shapes: np.ndarray) -> np.ndarray:
    kinds = shapely.get_type_id(shapes)
    lone = kinds == _POINT
    if not (lone.any() and (kinds == _MULTIPOINT).any()):
        return shapes
    what = Text("单点与多点并存，单点写成多点", "points beside multi-points become such of one")
    _note(out, suffix, lone, what, "info")
    shapes = shapes.copy()
    shapes[lone] = [shapely.MultiPoint([point]) for point in shapes[lone]]
    return shapes


def _one_dimension(out: Outgoing, suffix: str, shapes: np.ndarray) -> np.ndarray:
    """Give a height of 0 to what has none beside what has: such a file knows one kind only."""
    high = shapely.has_z(shapes)
    flat = ~high & ~shapely.is_missing(shapes) & ~shapely.is_empty(shapes)
    if not (high.any() and flat.any()):
        return shapes
    what = Text("与带高程的图形并存，高程写成 0", "beside shapes with heights it gets 0")
    _note(out, suffix, flat, what, "warning")
    shapes = shapes.copy()
    shapes[flat] = shapely.force_3d(shapes[flat], z=0.0)
    return shapes
