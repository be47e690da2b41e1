"""What lies within a distance of features: as an area, as a shape, as a share of demand."""

from __future__ import annotations

from functools import cached_property

import geopandas as gpd
import numpy as np
import shapely

from geo_citymgmt._gate import METRES, Features, Frame, Gate
from geo_citymgmt.coverage.depth import DiscDepth
from geo_citymgmt.coverage.discs import DiscUnion
from geo_citymgmt.zones.ownership import Located, ZoneIndex

__all__ = ["ARC_SEGMENTS", "Demand", "Reach", "checked_reach", "demand_weights"]

#: Segments of a quarter circle where a buffer must stand for an arc: chords lie at most 0.0075 %
#: of the radius inside the arc, and a disc is 0.01 % too small.
ARC_SEGMENTS = 64


class Reach:
    """What lies within the radius of enough features: exact for points, by buffers for the rest."""

    def __init__(self, geometry: np.ndarray, radius: float, at_least: int = 1) -> None:
        kind = shapely.get_type_id(geometry)
        usable = (kind >= 0) & ~shapely.is_empty(geometry)
        self.features = geometry[usable]
        self.radius, self.at_least = radius, at_least
        # Lines or polygons among them make buffers of all.
        self.exact = bool((kind[usable] == 0).all())
        self.tree = shapely.STRtree(self.features)

    @cached_property
    def _discs(self) -> DiscUnion | DiscDepth:
        x, y = shapely.get_x(self.features), shapely.get_y(self.features)
        if self.at_least == 1:
            return DiscUnion(x, y, self.radius)
        return DiscDepth(x, y, self.radius, self.at_least)

    def area_in(self, polygons: np.ndarray) -> np.ndarray:
        """Reached area of each polygon."""
        if self.exact:
            return self._discs.area_in(polygons)
        return shapely.area(self.shape_in(polygons))

    def area(self) -> float:
        """Reached area in all."""
        if not len(self.features):
            return 0.0
        return (
            self._discs.area()
            if self.exact
            else float(shapely.area(self._joined(self._buffers(slice(None)))))
        )

    def shape_in(self, polygons: np.ndarray) -> np.ndarray:
        """Reached part of each polygon, from the features near it."""
        at, near = self.tree.query(polygons, predicate="dwithin", distance=self.radius)
        order = np.argsort(at, kind="stable")
        at, near = at[order], near[order]
        out = np.full(len(polygons), shapely.Polygon(), dtype=object)
        first = np.flatnonzero(np.diff(at, prepend=-1))
        buffers = np.full(len(self.features), None, dtype=object)
        # A feature near many polygons is buffered once.
        usual = np.unique(near)
        buffers[usual] = self._buffers(usual)
        for k, some in zip(at[first], np.split(near, first[1:]), strict=False):
            out[k] = shapely.intersection(self._joined(buffers[some]), polygons[k])
        return out

    def _buffers(self, some: np.ndarray | slice) -> np.ndarray:
        return np.asarray(
            shapely.buffer(self.features[some], self.radius, quad_segs=ARC_SEGMENTS), dtype=object
        )

    def _joined(self, buffers: np.ndarray) -> shapely.Geometry:
        """What lies in enough of the buffers."""
        if self.at_least == 1:
            return shapely.union_all(buffers)
        # All outlines together part the plane; in each face the number of buffers is one.
        lines = shapely.union_all(shapely.boundary(buffers))
        faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(lines)))
        spots = shapely.point_on_surface(faces)
        face, _ = shapely.STRtree(buffers).query(spots, predicate="intersects")
        deep = np.bincount(face, minlength=len(faces)) >= self.at_least
        return shapely.union_all(faces[deep])

    def reaches(self, geometry: np.ndarray) -> np.ndarray:
        """Share of each demand feature that is reached: all or nothing for a point."""
        out = np.zeros(len(geometry))
        if not len(self.features):
            return out
        point = np.flatnonzero(shapely.get_type_id(geometry) == 0)
        at, _ = self.tree.query(geometry[point], predicate="dwithin", distance=self.radius)
        out[point] = np.bincount(at, minlength=len(point)) >= self.at_least
        areal = np.flatnonzero(shapely.get_dimensions(geometry) == 2)
        size = shapely.area(geometry[areal])
        share = self.area_in(geometry[areal]) / np.where(size > 0, size, 1.0)
        out[areal] = np.clip(share, 0.0, 1.0)
        return out


def checked_reach(
    gate: Gate,
    features: Frame,
    zones: Frame,
    radius_m: float,
    at_least: int,
    index: ZoneIndex | None = None,
) -> tuple[gpd.GeoSeries, ZoneIndex, Reach]:
    """Refuse what cannot be measured; return the zones, their index and what is reached.

    ``index`` is that of the zones, where there is one already.

    Raises
    ------
    CRSError, CityDataError
        As in :func:`geo_citymgmt.coverage`.
    """
    radius = gate.positive(radius_m, "radius_m", METRES)
    times = gate.whole(at_least, "at_least", least=1)
    given = gate.zones(zones, measures=("area", "length"))
    geometry = gate.features(features, "features", like=given).geometry
    return given, ZoneIndex(given) if index is None else index, Reach(geometry, radius, times)


class Demand:
    """Demand in the zones, and what of it is reached: asked once for the shares and the gaps."""

    def __init__(
        self, index: ZoneIndex, reach: Reach, people: Features, many: np.ndarray,
        located: Located | None = None,
    ) -> None:  # fmt: skip
        self.parts = (located or Located(index, people.geometry)).shares
        self.amount = many[self.parts.feature] * self.parts.share
        self._reach = reach

    @cached_property
    def reached(self) -> np.ndarray:
        """Share of each part that is reached."""
        assert self.parts.piece is not None
        return self._reach.reaches(self.parts.piece)


def demand_weights(gate: Gate, demand: Features, weight: str | None, argument: str) -> np.ndarray:
    """How many each row of ``demand`` stands for; missing numbers count nothing."""
    if weight is None:
        return np.ones(len(demand))
    many = gate.numbers(demand.given, weight, argument, least=0)
    return np.nan_to_num(many, nan=0.0)
