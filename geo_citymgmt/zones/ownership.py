"""The one-owner rule and its index: where zones meet or overlap, the lowest code owns.

Used by the checks of place while reading and by everything that counts by zone, so that both give
the same answer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo_citymgmt._gate import Shapes
from geo_citymgmt.zones.lookup import CellTable

__all__ = ["OUTSIDE", "UNLOCATED", "Located", "Shares", "ZoneIndex", "with_margins"]

#: Positions that stand for "in no zone" and "has no place".
OUTSIDE, UNLOCATED = -1, -2
#: Of a take: missing.
_NONE = -1
#: Cells of the look-up table for each feature, and the least and most there may be: fewer leave
#: more features to test, more take longer to draw.
_CELLS_PER_FEATURE, _FEWEST_CELLS, _MOST_CELLS = 2, 1 << 12, 1 << 22
#: Shares this close are a tie: an overlay is exact to some 1e-12 of the feature.
_TIE = 1e-9


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
        order = _lowest_first(zones.index)
        codes = zones.index[order]
        self.codes = codes if codes.name is not None else codes.rename("zone_code")
        self.given = zones.geometry.to_numpy()[order]
        self._cells: CellTable | None = None

    @cached_property
    def polygons(self) -> np.ndarray:
        """The zones in the order of ``codes``, each without what a lower code owns."""
        polygons = _exclusive(self.given)
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
        # Whole numbers become nullable ones: a float for a code would join to nothing.
        lookup = pd.array(self.codes)
        taken = lookup.take(np.maximum(positions, _NONE), allow_fill=True)
        return pd.Series(taken, index=index, name=self.codes.name)

    def of_points(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Position of the owning zone of each point; the lowest code on a shared boundary.

        Asked of the zones as given: what an overlay cuts out of them is rounded.
        """
        cells = self._table(len(x))
        return np.full(len(x), OUTSIDE) if cells is None else cells.owner(x, y)

    def _table(self, n: int) -> CellTable | None:
        """Return a look-up table fit for ``n`` features; none where zones have no extent."""
        if not len(self.given) or not np.isfinite(shapely.total_bounds(self.given)).all():
            return None
        fit = min(max(_CELLS_PER_FEATURE * n, _FEWEST_CELLS), _MOST_CELLS)
        if self._cells is None or 4 * self._cells.n_cells < fit:
            shapely.prepare(self.given)
            self._cells = CellTable(self.given, fit)
        return self._cells

    def owner(self, geometry: np.ndarray | Shapes) -> np.ndarray:
        """Position of the owning zone of each feature: the largest share, ties to the lowest."""
        shapes = _asked(geometry)
        if shapes.xy is not None:
            out = self.of_points(shapes.xy[:, 0], shapes.xy[:, 1])
            out[shapes.kind < 0] = UNLOCATED
            return out
        out = np.full(len(shapes), UNLOCATED)
        points, others = _points_and_others(shapes)
        out[points] = self._of_point_geometry(shapes.geometry[points])
        out[others] = self._largest(shapes.geometry[others])
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

    def shares(self, geometry: np.ndarray | Shapes, *, pieces: bool = False) -> Shares:
        """Shares of all features by zone, what lies outside and what has no place included."""
        shapes = _asked(geometry)
        geometry = shapes.geometry
        points, others = _points_and_others(shapes)
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


class Located:
    """Features in the zones of an index: owners and shares, found once however often asked for."""

    def __init__(self, index: ZoneIndex, geometry: np.ndarray | Shapes) -> None:
        self.index = index
        self._shapes = _asked(geometry)

    @cached_property
    def owner(self) -> np.ndarray:
        """As of :meth:`ZoneIndex.owner`."""
        return self.index.owner(self._shapes)

    @cached_property
    def shares(self) -> Shares:
        """As of :meth:`ZoneIndex.shares`, with the pieces."""
        return self.index.shares(self._shapes, pieces=True)


def with_margins(codes: pd.Index, margins: Sequence[str]) -> pd.Index:
    """Codes of zones and after them the rows that are none, under the name of the codes."""
    name = codes.name if codes.name is not None else "zone_code"
    if not margins:
        return codes.rename(name)
    dtype = codes.dtype if isinstance(codes.dtype, pd.StringDtype) else object
    return pd.Index([*codes, *margins], dtype=dtype, name=name)


def _lowest_first(codes: pd.Index) -> np.ndarray:
    """Order of codes: numbers by their size, all others as text."""
    if pd.api.types.is_numeric_dtype(codes.dtype):
        return np.argsort(codes.to_numpy(), kind="stable")
    return np.argsort(codes.astype("str").to_numpy(dtype=str), kind="stable")


def _asked(geometry: np.ndarray | Shapes) -> Shapes:
    return geometry if isinstance(geometry, Shapes) else Shapes.of(geometry)


def _points_and_others(shapes: Shapes) -> tuple[np.ndarray, np.ndarray]:
    """Where the single points are, and the other features that have a place."""
    return np.flatnonzero(shapes.kind == 0), np.flatnonzero(shapes.kind > 0)


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
