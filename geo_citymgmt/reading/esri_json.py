"""The JSON of an ArcGIS service: attributes and rings, as features of GeoJSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyproj
import shapely

__all__ = ["crs_of", "features_of", "is_esri"]

_CURVES = ("curveRings", "curvePaths")


def is_esri(top: Any) -> bool:
    """Whether JSON is that of a service: features with attributes, of which GeoJSON has none."""
    if not isinstance(top, dict) or not isinstance(top.get("features"), list):
        return False
    if "geometryType" in top or "spatialReference" in top:
        return "type" not in top
    return any(isinstance(one, dict) and "attributes" in one for one in top["features"][:1])


def features_of(top: Mapping[str, Any]) -> list[Any]:
    """Return the features as GeoJSON has them; one that is a curve has a geometry of no kind.

    Examples
    --------
    >>> features_of({"features": [{"attributes": {"id": 1}, "geometry": {"x": 1, "y": 2}}]})
    [{'properties': {'id': 1}, 'geometry': {'type': 'Point', 'coordinates': [1.0, 2.0]}}]
    """
    return [
        {"properties": one.get("attributes"), "geometry": _geometry(one.get("geometry"))}
        if isinstance(one, dict)
        else one
        for one in top["features"]
    ]


def crs_of(top: Mapping[str, Any]) -> pyproj.CRS | None:
    """Return the CRS of a service; None where it states none, or one that is not known.

    Examples
    --------
    >>> crs_of({"spatialReference": {"wkid": 102100, "latestWkid": 3857}}).to_epsg()
    3857
    """
    stated = top.get("spatialReference")
    if not isinstance(stated, dict):
        return None
    for given in (stated.get("latestWkid"), stated.get("wkid"), stated.get("wkt")):
        for authority in ("EPSG", "ESRI") if isinstance(given, int) else ("",):
            try:
                return pyproj.CRS.from_user_input(f"{authority}:{given}" if authority else given)
            except (pyproj.exceptions.CRSError, TypeError):
                continue
    return None


def _geometry(item: Any) -> dict[str, Any] | None:
    if not isinstance(item, dict) or not item:
        return None
    if any(item.get(name) for name in _CURVES):
        return {"type": "Curve"}
    try:
        if "x" in item:
            x, y = item["x"], item["y"]
            there = x not in (None, "NaN") and y not in (None, "NaN")
            return {"type": "Point", "coordinates": [float(x), float(y)]} if there else None
        if "points" in item:
            return {"type": "MultiPoint", "coordinates": item["points"]}
        if "paths" in item:
            return {"type": "MultiLineString", "coordinates": item["paths"]}
        if "rings" in item:
            return _polygons(item["rings"]) if item["rings"] else None
    except (TypeError, ValueError):
        return {"type": "Unreadable"}
    return {"type": "Unreadable"}


def _polygons(rings: Sequence[Any]) -> dict[str, Any]:
    """Return polygons of rings: clockwise ones are outer, the others holes of the one around."""
    whole = [[[float(v) for v in at[:2]] for at in ring] for ring in rings]
    areas = [_signed_area(np.array(ring)) for ring in whole]
    outer = [[ring] for ring, area in zip(whole, areas, strict=True) if area <= 0]
    holes = [ring for ring, area in zip(whole, areas, strict=True) if area > 0]
    if not outer:
        # All are drawn the other way round, as some programs do.
        outer, holes = [[ring] for ring in holes], []
    shells = [shapely.Polygon(parts[0]) for parts in outer]
    for hole in holes:
        spot = shapely.Point(hole[0])
        around = next((k for k, shell in enumerate(shells) if shell.covers(spot)), None)
        if around is None:
            outer.append([hole])
        else:
            outer[around].append(hole)
    return {"type": "MultiPolygon", "coordinates": outer}


def _signed_area(ring: np.ndarray) -> float:
    x, y = ring[:, 0] - ring[0, 0], ring[:, 1] - ring[0, 1]
    return float(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1])) / 2
