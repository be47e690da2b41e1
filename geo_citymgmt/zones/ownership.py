"""The one-owner rule and its index: where zones meet or overlap, the lowest code owns.

Used by the checks of place while reading and by everything that counts by zone, so that both give
the same answer.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cached_property

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo_citymgmt.metric import require_metric, require_same_crs
from geo_citymgmt.zones.lookup import CellTable

__all__ = ["OUTSIDE", "UNLOCATED", "Shares", "ZoneIndex", "zone_codes", "zone_index"]

#: Positions that stand for "in no zone" and "has no place".
OUTSIDE, UNLOCATED = -1, -2
_CODE_COLUMNS = ("zone_code", "district_code", "street_code", "grid_code")
#: Cells of the look-up table for each feature, and the least and most there may be: fewer leave
#: more features to test, more take longer to draw.
_CELLS_PER_FEATURE, _FEWEST_CELLS, _MOST_CELLS = 2, 1 << 12, 1 << 22
#: Shares this close are a tie: an overlay is exact to some 1e-12 of the feature.
_TIE = 1e-9


def zone_codes(zones: gpd.GeoDataFrame | gpd.GeoSeries) -> pd.Index:
    """Codes of ``zones`` as text: its index, or its code column where the index is a mere count."""
    if isinstance(zones.index, pd.RangeIndex) and isinstance(zones, gpd.GeoDataFrame):
        for name in _CODE_COLUMNS:
            if name in zones.columns:
                return pd.Index(zones[name].astype("str"), name=name)
    return pd.Index(zones.index.astype("str"), name=zones.index.name or "zone_code")


@dataclass(frozen=True, slots=True)
class Shares:
    """Which part of which feature lies in which zone, in the order of features, then zones.

    ``zone`` holds positions among the sorted codes, :data:`OUTSIDE` or :data:`UNLOCATED`;
    ``share`` sums to one for each feature; ``piece`` is the part itself, where it was asked for.
    """

    feature: np.ndarray
    zone: np.ndarray
    share: np.ndarray
    piece: np.ndarray | None = None


class ZoneIndex:
    """Answers which zone owns a feature, and which share of it each zone has.

    Parameters
    ----------
    zones : GeoDataFrame or GeoSeries
        Polygons indexed by code, in any order. Where they overlap the lowest code keeps the
        overlap.
    """

    def __init__(self, zones: gpd.GeoDataFrame | gpd.GeoSeries) -> None:
        codes = zone_codes(zones)
        order = np.argsort(codes.to_numpy(dtype=str), kind="stable")
        self.codes = codes[order]
        self._given = zones.geometry.to_numpy()[order]
        self._cells: CellTable | None = None

    @cached_property
    def polygons(self) -> np.ndarray:
        """The zones in the order of ``codes``, each without what a lower code owns."""
        polygons = _exclusive(self._given)
        shapely.prepare(polygons)
        return polygons

    @cached_property
    def _tree(self) -> shapely.STRtree:
        return shapely.STRtree(self.polygons)

    @cached_property
    def _union(self) -> shapely.Geometry:
        return shapely.union_all(self.polygons)

    def code_of(self, positions: np.ndarray, index: pd.Index) -> pd.Series:
        """Codes at ``positions``, missing outside, as a Series on ``index``."""
        # Positions below zero count from the end.
        lookup = pd.array([*self.codes, None, None], dtype="str")
        return pd.Series(lookup.take(positions), index=index, name=self.codes.name)

    def of_points(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Position of the owning zone of each point; the lowest code on a shared boundary.

        Asked of the zones as given: what an overlay cuts out of them is rounded.
        """
        cells = self._table(len(x))
        return np.full(len(x), OUTSIDE) if cells is None else cells.owner(x, y)

    def _table(self, n: int) -> CellTable | None:
        """Return a look-up table fit for ``n`` features; none where zones have no extent."""
        if not len(self._given) or not np.isfinite(shapely.total_bounds(self._given)).all():
            return None
        fit = min(max(_CELLS_PER_FEATURE * n, _FEWEST_CELLS), _MOST_CELLS)
        if self._cells is None or 4 * self._cells.n_cells < fit:
            shapely.prepare(self._given)
            self._cells = CellTable(self._given, fit)
        return self._cells

    def owner(self, geometry: np.ndarray) -> np.ndarray:
        """Position of the owning zone of each feature: the largest share, ties to the lowest."""
        out = np.full(len(geometry), UNLOCATED)
        points, others = _points_and_others(geometry)
        if len(points) == len(geometry):
            return self._of_point_geometry(geometry)
        if len(points):
            out[points] = self._of_point_geometry(geometry[points])
        if len(others):
            out[others] = self._largest(geometry[others])
        return out

    def _of_point_geometry(self, points: np.ndarray) -> np.ndarray:
        return self.of_points(shapely.get_x(points), shapely.get_y(points))

    def _largest(self, geometry: np.ndarray) -> np.ndarray:
        parts = self._extended_shares(geometry, pieces=False)
        inside = np.flatnonzero(parts.zone != OUTSIDE)
        feature, zone, share = parts.feature[inside], parts.zone[inside], parts.share[inside]
        most = np.zeros(len(geometry))
        np.maximum.at(most, feature, share)
        tied = share >= most[feature] - _TIE
        out = np.full(len(geometry), len(self.polygons))
        np.minimum.at(out, feature[tied], zone[tied])
        out[out == len(self.polygons)] = OUTSIDE
        return out

    def shares(self, geometry: np.ndarray, *, pieces: bool = False) -> Shares:
        """Shares of all features by zone, what lies outside and what has no place included."""
        points, others = _points_and_others(geometry)
        nowhere = np.setdiff1d(np.arange(len(geometry)), np.append(points, others))
        owner = self._of_point_geometry(geometry[points])
        parts = self._extended_shares(geometry[others], pieces=pieces)
        feature = np.concatenate([nowhere, points, others[parts.feature]])
        zone = np.concatenate([np.full(len(nowhere), UNLOCATED), owner, parts.zone])
        share = np.concatenate([np.ones(len(nowhere) + len(points)), parts.share])
        order = np.lexsort([zone, feature])
        piece = None
        if pieces and parts.piece is not None:
            piece = np.concatenate([geometry[nowhere], geometry[points], parts.piece])[order]
        return Shares(feature[order], zone[order], share[order], piece)

    def _extended_shares(self, geometry: np.ndarray, *, pieces: bool) -> Shares:
        """Shares of lines and polygons; each adds up to one, the outside included."""
        whole = self._whole(geometry)
        entire = np.flatnonzero(whole != UNLOCATED)
        crossing = np.flatnonzero(whole == UNLOCATED)
        at, zone = self._meeting(geometry[crossing], shapely.intersects)
        parts = self._cut(geometry[crossing], at, zone)
        size = measure(parts)
        total = measure(geometry[crossing])
        covered = np.bincount(at, weights=size, minlength=len(crossing))
        some = size > 0
        at, zone, size, parts = at[some], zone[some], size[some], parts[some]
        # What is short of the whole may lie outside, be the rounding of the overlay, or be a line
        # that goes over itself, which an overlay gives once: only the difference tells.
        short = np.flatnonzero(covered < total * (1 - _TIE))
        rest = shapely.difference(geometry[crossing[short]], self._union)
        left = np.zeros(len(crossing))
        left[short] = measure(rest)
        beyond = left[short] > _TIE * total[short]
        outside, rest = short[beyond], rest[beyond]
        whole_size = np.maximum(covered + left, 1e-300)
        share = size / whole_size[at]
        nothing = np.flatnonzero(covered + left == 0)
        # A line without length, a polygon without area: whole where it is, or outside.
        alone = shapely.point_on_surface(geometry[crossing[nothing]])
        spot = self._of_point_geometry(alone)
        return Shares(
            np.concatenate([entire, crossing[at], crossing[outside], crossing[nothing]]),
            np.concatenate([whole[entire], zone, np.full(len(outside), OUTSIDE), spot]),
            np.concatenate(
                [np.ones(len(entire)), share, (left / whole_size)[outside], np.ones(len(nothing))]
            ),
            np.concatenate([geometry[entire], parts, rest, geometry[crossing[nothing]]])
            if pieces
            else None,
        )

    def _whole(self, geometry: np.ndarray) -> np.ndarray:
        """Position of the zone that each feature lies wholly in, UNLOCATED where it is parted."""
        cells = self._table(len(geometry))
        if cells is None:
            return np.full(len(geometry), OUTSIDE)
        whole = cells.whole(shapely.bounds(geometry)).astype(np.int64)
        unknown = np.flatnonzero(whole == UNLOCATED)
        # A line that touches the boundary may run along it, where the lowest code owns.
        thin = shapely.get_dimensions(geometry[unknown]) < 2
        for some, predicate in (
            (unknown[thin], shapely.contains_properly),
            (unknown[~thin], shapely.covers),
        ):
            feature, zone = self._meeting(geometry[some], predicate)
            # The lowest zone of each comes first.
            whole[some[feature[::-1]]] = zone[::-1]
        return whole

    def _meeting(
        self, geometry: np.ndarray, predicate: Callable[..., np.ndarray]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Pairs of feature and zone for which ``predicate(zone, feature)``, in order."""
        at, zone = self._tree.query(geometry)
        holds = predicate(self.polygons[zone], geometry[at])
        at, zone = at[holds], zone[holds]
        order = np.lexsort([zone, at])
        return at[order], zone[order]

    def _cut(self, geometry: np.ndarray, at: np.ndarray, zone: np.ndarray) -> np.ndarray:
        """Part of each feature in each of its zones; both sorted by feature, then zone."""
        whole = geometry[at]
        parts = shapely.intersection(whole, self.polygons[zone])
        # A line or a point of several on a shared boundary lies in both zones, and the lower code
        # keeps it: from the second zone on, what the ones before have is taken off first.
        nth = np.arange(len(at)) - np.searchsorted(at, at)
        rest = geometry.copy()
        lines = shapely.get_dimensions(whole) < 2
        for turn in range(1, int(nth[lines].max(initial=0)) + 1):
            now = np.flatnonzero(lines & (nth == turn))
            rest[at[now]] = shapely.difference(rest[at[now]], self.polygons[zone[now - 1]])
            parts[now] = shapely.intersection(rest[at[now]], self.polygons[zone[now]])
        return _same_dimension(parts, whole)


def zone_index(
    gdf: gpd.GeoDataFrame | gpd.GeoSeries,
    zones: gpd.GeoDataFrame | gpd.GeoSeries,
    function: str,
    *,
    measures: Collection[str] = (),
) -> ZoneIndex:
    """Index of ``zones`` for features in the same metric CRS, or a CRSError for ``function``.

    Who owns a feature, and which share of it, is the same in any plane: only what is measured
    besides needs a scale (see :func:`geo_citymgmt.metric.require_metric`).
    """
    require_metric(zones, function, measures=measures)
    require_same_crs(gdf, zones, function)
    return ZoneIndex(zones)


def _points_and_others(geometry: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where the single points are, and the other features that have a place."""
    kind = shapely.get_type_id(geometry)
    usable = (kind >= 0) & ~shapely.is_empty(geometry)
    return np.flatnonzero(usable & (kind == 0)), np.flatnonzero(usable & (kind != 0))


def measure(geometry: np.ndarray) -> np.ndarray:
    """Area of polygons, length of lines, number of points: what a share is a share of."""
    dimension = shapely.get_dimensions(geometry)
    size = np.where(dimension == 2, shapely.area(geometry), shapely.length(geometry))
    size = np.where(dimension == 0, shapely.get_num_coordinates(geometry), size)
    return np.where(np.isnan(size), 0.0, size)


def _same_dimension(parts: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Drop what merely touches: points and lines left over where two polygons meet."""
    mixed = shapely.get_type_id(parts) == 7
    if mixed.any():
        kept = [
            _only(shapely.get_parts(part), dimension)
            for part, dimension in zip(
                parts[mixed], shapely.get_dimensions(whole[mixed]), strict=True
            )
        ]
        parts = parts.copy()
        parts[mixed] = kept
    lower = shapely.get_dimensions(parts) < shapely.get_dimensions(whole)
    return np.where(lower, shapely.Point(), parts)


def _only(parts: np.ndarray, dimension: int) -> shapely.Geometry:
    return shapely.union_all(parts[shapely.get_dimensions(parts) == dimension])


def _exclusive(polygons: np.ndarray) -> np.ndarray:
    """Take from each zone what a lower code owns already; zones that only touch stay."""
    polygons = polygons.copy()
    first, second = shapely.STRtree(polygons).query(polygons, predicate="intersects")
    pair = first < second
    first, second = first[pair], second[pair]
    overlap = ~shapely.touches(polygons[first], polygons[second])
    overlap[overlap] = (
        shapely.area(shapely.intersection(polygons[first[overlap]], polygons[second[overlap]]))
        > 1e-6
    )
    for later in np.unique(second[overlap]):
        owners = polygons[first[overlap & (second == later)]]
        polygons[later] = shapely.difference(polygons[later], shapely.union_all(owners))
    return polygons
