"""Datums: which one a CRS rests on, and the way of positions from one to another."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import geopandas as gpd
import numpy as np
import pyproj
import shapely
from pyproj import CRS

from geo_citymgmt._languages import packaged_table

CGCS2000, WGS84 = 4490, 4326
#: GRS 1980, to which the ellipsoids of CGCS2000 and WGS 84 are equal within a tenth of a
#: millimetre.
GRS80_AXIS, GRS80_FLATTENING = 6_378_137.0, 1 / 298.257222101
#: Ellipsoids of a datum that moves with the earth's crust differ from GRS 1980 by less than this,
#: in metres and of the flattening's inverse.
_MODERN_M, _MODERN_INVERSE = 0.5, 1e-3

#: Where CGCS2000 is the datum: the land with a margin of some 50 km, and the sea around the
#: southern islands. Coarse; the outlines it was drawn around are those of docs/metric-crs.md.
_CHINA = packaged_table("geo_citymgmt", "china.toml")["parts"]


@lru_cache(maxsize=64)
def crs_of_epsg(code: int) -> CRS:
    """Return the CRS of an EPSG code."""
    return CRS.from_epsg(code)


def in_china(lon: float, lat: float) -> bool:
    """Whether a place in degrees lies in China or within some 50 km of it.

    Examples
    --------
    >>> in_china(106.5, 29.5), in_china(105.85, 21.03)
    (True, False)
    """
    return bool(shapely.intersects_xy(_china(), lon, lat))


@lru_cache(maxsize=1)
def _china() -> shapely.Geometry:
    outline = shapely.MultiPolygon([shapely.Polygon(part) for part in _CHINA])
    shapely.prepare(outline)
    return outline


#: What :func:`datum_of` calls the two datums that may be taken for one.
_EQUAL = {"wgs84", "cgcs2000"}


def datum_of(crs: CRS) -> str:
    """Return "wgs84" or "cgcs2000" where ``crs`` rests on one of these, else what it rests on.

    Examples
    --------
    >>> [datum_of(CRS(code)) for code in ("EPSG:4547", "EPSG:3857", "EPSG:4612")]
    ['cgcs2000', 'wgs84', 'jgd2000']
    """
    geodetic = crs.geodetic_crs or crs
    name = geodetic.name.lower()
    both = f"{name} {geodetic.datum.name.lower() if geodetic.datum else ''}".replace("_", " ")
    if any(word in both for word in ("wgs 84", "wgs84", "wgs 1984", "world geodetic system 1984")):
        return "wgs84"
    is_chinese = any(word in both for word in ("china", "cgcs", "国家", "中国"))
    return "cgcs2000" if is_chinese and "2000" in both else name


def is_modern(crs: CRS) -> bool:
    """Whether ``crs`` rests on the ellipsoid of today's datums, some metres from WGS 84."""
    ellipsoid = (crs.geodetic_crs or crs).ellipsoid
    return (
        ellipsoid is not None
        and abs(ellipsoid.semi_major_metre - GRS80_AXIS) < _MODERN_M
        and abs(ellipsoid.inverse_flattening - 1 / GRS80_FLATTENING) < _MODERN_INVERSE
    )


@dataclass(frozen=True)
class Way:
    """How positions come from one CRS into another.

    Attributes
    ----------
    steps : tuple of Transformer
        One after the other, x first.
    how : {"same", "equal", "known", "unknown"}
        Of one datum; of CGCS2000 and WGS 84, which differ by centimetres; by a public
        transformation; as if there were one datum, for none is public.
    """

    steps: tuple[pyproj.Transformer, ...]
    how: str

    def move(self, x: Any, y: Any) -> tuple[Any, Any]:
        """Return positions in the CRS it leads to."""
        for step in self.steps:
            x, y = step.transform(x, y)
        return x, y

    def operation(self, x: float, y: float) -> tuple[str, float]:
        """Name of what shifts a position, and its accuracy in metres; NaN where that is not said.

        A datum may have several, each for its own ground.
        """
        names, accuracy = [], [0.0]
        for step in self.steps:
            x, y = step.transform(x, y)
            try:
                used = step.get_last_used_operation()
            except pyproj.exceptions.ProjError:
                used = step
            # The description of the whole is worded otherwise in each version of PROJ.
            parts = [o.name for o in used.operations or ()] or [used.description]
            shifts = [p for p in parts if " to " in p and not p.startswith(("Ballpark", "Null"))]
            names += shifts
            accuracy += [used.accuracy if used.accuracy >= 0 else np.nan] if shifts else []
        return " + ".join(names), float(np.max(accuracy))


# The layers of a city are mostly in one CRS, and the way from there takes long to be found.
@lru_cache(maxsize=64)
def way_between(source: CRS, target: CRS) -> Way:
    """Return the way from one CRS to another that shifts between their datums.

    PROJ goes straight to CGCS2000 from nearly no other datum, and would take both for one; by way
    of WGS 84 it knows most.

    Raises
    ------
    pyproj.exceptions.ProjError
        No way leads there.

    Examples
    --------
    >>> hong_kong = way_between(CRS("EPSG:2326"), CRS("EPSG:4547"))
    >>> hong_kong.how, hong_kong.operation(835_000, 819_000)
    ('known', ('Hong Kong 1980 to WGS 84 (1)', 1.0))
    >>> way_between(CRS("EPSG:4326"), CRS("EPSG:4547")).how
    'equal'
    >>> way_between(CRS("EPSG:3828"), CRS("EPSG:4547")).how
    'unknown'
    """
    plain = pyproj.Transformer.from_crs(source, target, always_xy=True)
    if source.geodetic_crs == target.geodetic_crs and not source.is_bound:
        return Way((plain,), "same")
    if {datum_of(source), datum_of(target)} <= _EQUAL and not source.is_bound:
        return Way((plain,), "equal")
    if (direct := _shifting(source, target)) is not None:
        return Way((direct,), "known")
    there, on = _shifting(source, crs_of_epsg(WGS84)), _shifting(crs_of_epsg(WGS84), target)
    if there is None or on is None:
        return Way((plain,), "unknown")
    return Way((there, on), "known")


def _shifting(source: CRS, target: CRS) -> pyproj.Transformer | None:
    """Return a transformation that takes no two datums for one but those that are; or None."""
    equal = {datum_of(source), datum_of(target)} <= _EQUAL
    try:
        return pyproj.Transformer.from_crs(
            source, target, always_xy=True, allow_ballpark=equal and not source.is_bound
        )
    except pyproj.exceptions.ProjError:
        return None


def moved(geometry: np.ndarray, source: CRS, target: CRS) -> np.ndarray:
    """Bring geometries into another CRS, vertex by vertex; what is missing stays missing."""
    if source == target:
        return geometry
    way = way_between(source, target)
    out = np.array(geometry, dtype=object)
    has_z = shapely.has_z(out)
    for deep in (False, True):
        out[has_z == deep] = shapely.transform(
            out[has_z == deep],
            lambda at: np.column_stack([*way.move(at[:, 0], at[:, 1]), at[:, 2:]]),
            include_z=deep,
        )
    return out


def in_crs(frame: gpd.GeoDataFrame, crs: CRS) -> gpd.GeoDataFrame:
    """Return a frame in another CRS, shifted between the datums where a way is known."""
    shapes = moved(frame.geometry.to_numpy(), frame.crs, crs)
    return frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs=crs))
