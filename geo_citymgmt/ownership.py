"""The one-owner rule and its index: where zones meet or overlap, the lowest code owns.

Used by the checks of place while reading and by everything that counts by zone, so that both give
the same answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

__all__ = ["OUTSIDE", "UNLOCATED", "Shares", "ZoneIndex", "zone_codes"]

#: Positions that stand for "in no zone" and "has no place".
OUTSIDE, UNLOCATED = -1, -2
_CODE_COLUMNS = ("zone_code", "district_code", "street_code", "grid_code")
#: Above this many zones a tree is asked instead of each zone in turn.
_FEW_ZONES = 48
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
        self.polygons = _exclusive(zones.geometry.to_numpy()[order])
        shapely.prepare(self.polygons)
        self._tree = shapely.STRtree(self.polygons)

    def code_of(self, positions: np.ndarray, index: pd.Index) -> pd.Series:
        """Codes at ``positions``, missing outside, as a Series on ``index``."""
        lookup = np.append(self.codes.to_numpy(dtype=object), [None, None])
        return pd.Series(lookup[positions], index=index, dtype="str", name=self.codes.name)

    def of_points(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Position of the owning zone of each point; the lowest code on a shared boundary."""
        if len(self.polygons) > _FEW_ZONES:
            return self._of_points_by_tree(x, y)
        owner = np.full(len(x), OUTSIDE)
        bounds = shapely.bounds(self.polygons)
        for position, polygon in enumerate(self.polygons):
            west, south, east, north = bounds[position]
            near = (x >= west) & (x <= east) & (y >= south) & (y <= north) & (owner == OUTSIDE)
            near = np.flatnonzero(near)
            owner[near[shapely.intersects_xy(polygon, x[near], y[near])]] = position
        return owner

    def _of_points_by_tree(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        owner = np.full(len(x), len(self.polygons))
        feature, zone = self._tree.query(shapely.points(x, y), predicate="intersects")
        np.minimum.at(owner, feature, zone)
        return np.where(owner == len(self.polygons), OUTSIDE, owner)

    def owner(self, geometry: np.ndarray) -> np.ndarray:
        """Position of the owning zone of each feature: the largest share, ties to the lowest."""
        out = np.full(len(geometry), UNLOCATED)
        kind = shapely.get_type_id(geometry)
        usable = (kind >= 0) & ~shapely.is_empty(geometry)
        points = np.flatnonzero(usable & (kind == 0))
        out[points] = self.of_points(
            shapely.get_x(geometry[points]), shapely.get_y(geometry[points])
        )
        others = np.flatnonzero(usable & (kind != 0))
        if len(others):
            out[others] = self._largest(geometry[others])
        return out

    def _largest(self, geometry: np.ndarray) -> np.ndarray:
        parts = self._extended_shares(geometry, pieces=False)
        inside = parts.zone != OUTSIDE
        table = pd.DataFrame(
            {
                "feature": parts.feature[inside],
                "zone": parts.zone[inside],
                "rank": np.round(parts.share[inside] / _TIE),
            }
        ).sort_values(["feature", "rank", "zone"], ascending=[True, False, True])
        first = table.drop_duplicates("feature")
        out = np.full(len(geometry), OUTSIDE)
        out[first["feature"].to_numpy()] = first["zone"].to_numpy()
        return out

    def shares(self, geometry: np.ndarray, *, pieces: bool = False) -> Shares:
        """Shares of all features by zone, what lies outside and what has no place included."""
        kind = shapely.get_type_id(geometry)
        usable = (kind >= 0) & ~shapely.is_empty(geometry)
        nowhere = np.flatnonzero(~usable)
        points = np.flatnonzero(usable & (kind == 0))
        others = np.flatnonzero(usable & (kind != 0))
        owner = self.of_points(shapely.get_x(geometry[points]), shapely.get_y(geometry[points]))
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
        n = len(geometry)
        within_feature, within_zone = self._tree.query(geometry, predicate="covered_by")
        whole = np.full(n, len(self.polygons))
        np.minimum.at(whole, within_feature, within_zone)
        entire = np.flatnonzero(whole < len(self.polygons))
        crossing = np.flatnonzero(whole == len(self.polygons))
        at, zone = self._tree.query(geometry[crossing], predicate="intersects")
        order = np.lexsort([zone, at])
        at, zone = at[order], zone[order]
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
        spot = self.of_points(shapely.get_x(alone), shapely.get_y(alone))
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

    def _cut(self, geometry: np.ndarray, at: np.ndarray, zone: np.ndarray) -> np.ndarray:
        """Part of each feature in each of its zones; both sorted by feature, then zone."""
        whole = geometry[at]
        parts = shapely.intersection(whole, self.polygons[zone])
        # A line along a shared boundary lies in both zones, and the lower code keeps it: from
        # the second zone of a line on, what the ones before have is taken off first.
        nth = np.arange(len(at)) - np.searchsorted(at, at)
        rest = geometry.copy()
        lines = shapely.get_dimensions(whole) == 1
        for turn in range(1, int(nth[lines].max(initial=0)) + 1):
            now = np.flatnonzero(lines & (nth == turn))
            rest[at[now]] = shapely.difference(rest[at[now]], self.polygons[zone[now - 1]])
            parts[now] = shapely.intersection(rest[at[now]], self.polygons[zone[now]])
        return _same_dimension(parts, whole)

    @cached_property
    def _union(self) -> shapely.Geometry:
        return shapely.union_all(self.polygons)


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
