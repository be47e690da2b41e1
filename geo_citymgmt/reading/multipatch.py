"""Buildings in three dimensions, as a shapefile keeps them: what they cover on the ground.

A multipatch is a heap of faces: strips and fans of triangles, and rings. Its footprint is the union
of what the faces cover when one looks down; walls cover nothing.
"""

from __future__ import annotations

import numpy as np
import shapely

from geo_citymgmt.reading.shp import integers
from geo_citymgmt.words import Text

__all__ = ["MULTIPATCH", "NO_FOOTPRINT", "footprints"]

#: Its type in a .shp.
MULTIPATCH = 31
_STRIP, _FAN, _OUTER, _INNER, _FIRST, _RING = range(6)
#: Told of records without one, with the way out.
NO_FOOTPRINT = Text(
    "：三维多面体（multipatch）没有可用的平面轮廓；请在 ArcGIS 用“多面体轮廓”（Multipatch "
    "Footprint）转成面后导出",
    ": a multipatch without a footprint that could be built; make polygons of it in ArcGIS by "
    "Multipatch Footprint and export these",
)


def footprints(shp: np.ndarray, offset: np.ndarray) -> np.ndarray:
    """Return the footprint of each record, None where it has none.

    Parameters
    ----------
    shp : array of uint8
        The file.
    offset : array of int
        Where the records begin whose lengths hold what they claim.

    Returns
    -------
    array of Polygon, MultiPolygon or None
    """
    out = np.full(len(offset), None, dtype=object)
    for k, at in enumerate(offset.tolist()):
        parts = _parts(shp, at + 8)
        if parts is not None:
            out[k] = _footprint(parts)
    return out


def _parts(shp: np.ndarray, begin: int) -> list[tuple[int, np.ndarray]] | None:
    """Return type and positions of each part; None where they do not begin and end within it."""
    n_parts, n_points = integers(shp, np.array([begin + 36, begin + 40]), "<i4").tolist()
    table = integers(shp, begin + 44 + 4 * np.arange(2 * n_parts), "<i4")
    start, kind = table[:n_parts], table[n_parts:]
    stop = np.append(start[1:], n_points)
    if not n_parts or start[0] != 0 or (stop <= start).any() or not np.isin(kind, range(6)).all():
        return None
    xy = integers(shp, begin + 44 + 8 * n_parts + 8 * np.arange(2 * n_points), "<f8")
    if not np.isfinite(xy).all():
        return None
    places = xy.reshape(-1, 2)
    return [(int(k), places[a:b]) for k, a, b in zip(kind, start, stop, strict=True)]


def _footprint(parts: list[tuple[int, np.ndarray]]) -> shapely.Geometry | None:
    faces: list[shapely.Geometry] = []
    before = -1
    for kind, places in parts:
        if len(places) < 3:
            continue
        if kind in (_STRIP, _FAN):
            faces.extend(_triangles(kind, places))
        else:
            face = _sound(shapely.polygons(shapely.linearrings(places)))
            if kind == _INNER and before in (_OUTER, _INNER):
                faces[-1] = shapely.difference(faces[-1], face)
            elif kind == _RING and before in (_FIRST, _RING):
                # Which of them are holes is not said: a ring in a ring is one.
                faces[-1] = shapely.symmetric_difference(faces[-1], face)
            else:
                faces.append(face)
        before = kind
    union = _sound(shapely.union_all(faces))
    return None if shapely.is_empty(union) else union


def _triangles(kind: int, places: np.ndarray) -> np.ndarray:
    first = places[:-2] if kind == _STRIP else np.broadcast_to(places[0], places[2:].shape)
    corners = np.stack([first, places[1:-1], places[2:], first], axis=1)
    faces = shapely.polygons(corners)
    return np.asarray(faces[shapely.area(faces) > 0])


def _sound(face: shapely.Geometry) -> shapely.Geometry:
    """Return the areas of a face; walls, which are lines from above, have none."""
    if not shapely.is_valid(face):
        face = shapely.make_valid(face)
    parts = shapely.get_parts(face)
    areas = parts[shapely.get_dimensions(parts) == 2]
    if len(areas) == 1:
        return areas[0]
    return shapely.union_all(areas) if len(areas) else shapely.Polygon()
