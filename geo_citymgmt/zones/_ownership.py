"""The one-owner rule and its index: where zones meet or overlap, the lowest code owns.

Used by the checks of place while reading and by everything that counts by zone, so that both give
the same answer.
"""

from __future__ import annotations

import math
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo_citymgmt._gate import Frame, Gate, Shapes, labels_at
from geo_citymgmt._languages import Messages

_MESSAGES = Messages("geo_citymgmt.zones")

#: Slack in cells when edges are drawn: rounding is some 1e-10 of a cell at most.
_SLACK = 1e-6
#: Values of the table besides positions of zones: none, and counting down from it, mixed cells.
_NO_OWNER, _MIXED = -1, -2


class CellTable:
    """About ``n_cells`` cells over zones, which are prepared, the lowest code first.

    The zones may overlap. More cells cost more to draw and leave fewer points to test.
    """

    def __init__(self, polygons: np.ndarray, n_cells: int) -> None:
        self._polygons = polygons
        west, south, east, north = shapely.total_bounds(polygons)
        width, height = east - west, north - south
        cell = max(math.sqrt(width * height / n_cells), max(width, height) / n_cells, 1e-3)
        # Half a cell around, so that every boundary lies well inside the table.
        self._west, self._south = west - cell / 2, south - cell / 2
        self._per_m = 1.0 / cell
        self.shape = (math.ceil(height / cell) + 1, math.ceil(width / cell) + 1)
        self._fill()

    @property
    def n_cells(self) -> int:
        """How many cells there are."""
        return self.shape[0] * self.shape[1]

    def owner(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Position of the first zone that covers each point, or -1."""
        rows, columns = self.shape
        u, v = (x - self._west) * self._per_m, (y - self._south) * self._per_m
        inside = (u >= 0) & (u < columns) & (v >= 0) & (v < rows)
        if inside.all():
            return self._look_up(x, y, u, v)
        out = np.full(len(x), _NO_OWNER, dtype=np.int32)
        out[inside] = self._look_up(x[inside], y[inside], u[inside], v[inside])
        return out

    def _look_up(self, x: np.ndarray, y: np.ndarray, u: np.ndarray, v: np.ndarray) -> np.ndarray:
        columns = self.shape[1]
        cell = v.astype(np.int32)
        cell *= columns
        cell += u.astype(np.int32)
        out = self._table[cell]
        at = np.flatnonzero(out <= _MIXED)
        if len(at):
            out[at] = self._tested(x[at], y[at], _MIXED - out[at])
        return out

    def _tested(self, x: np.ndarray, y: np.ndarray, mixed: np.ndarray) -> np.ndarray:
        """Test points in mixed cells, one zone of the cell after the other from the lowest code."""
        out = np.full(len(x), _NO_OWNER, dtype=np.int32)
        nth, last = self._start[mixed], self._start[mixed + 1]
        left = np.arange(len(x))
        while len(left):
            zone = self._zone[nth[left]]
            hit = shapely.intersects_xy(self._polygons[zone], x[left], y[left])
            out[left[hit]] = zone[hit]
            left = left[~hit]
            nth[left] += 1
            left = left[nth[left] < last[left]]
        return out

    def whole(self, bounds: np.ndarray) -> np.ndarray:
        """Position of the zone a box lies wholly in, -1 for wholly outside, -2 where unknown."""
        rows, columns = self.shape
        with np.errstate(invalid="ignore"):
            u = np.floor((bounds[:, ::2] - self._west) * self._per_m)
            v = np.floor((bounds[:, 1::2] - self._south) * self._per_m)
            apart = (u[:, 0] >= columns) | (v[:, 0] >= rows) | (u[:, 1] < 0) | (v[:, 1] < 0)
            # The rim of the table is outside all zones: what goes beyond it is cut to it.
            u = np.clip(u, 0, columns - 1)
            v = np.clip(v, 0, rows - 1)
        known = np.isfinite(u).all(axis=1) & np.isfinite(v).all(axis=1)
        out = np.full(len(bounds), _MIXED, dtype=np.int32)
        (u0, u1), (v0, v1) = u[known].astype(int).T, v[known].astype(int).T
        total = self._mixed_before
        mixed = total[v1 + 1, u1 + 1] - total[v0, u1 + 1] - total[v1 + 1, u0] + total[v0, u0]
        # Cells side by side without a boundary between them have one owner.
        out[known] = np.where(mixed == 0, self._table.reshape(self.shape)[v0, u0], _MIXED)
        out[known & apart] = _NO_OWNER
        return out

    @cached_property
    def _mixed_before(self) -> np.ndarray:
        """Mixed cells below and left of each corner, for counts over boxes."""
        mixed = (self._table <= _MIXED).reshape(self.shape)
        sums = np.zeros((self.shape[0] + 1, self.shape[1] + 1), dtype=np.int32)
        np.cumsum(mixed, axis=0, out=sums[1:, 1:])
        np.cumsum(sums[1:, 1:], axis=1, out=sums[1:, 1:])
        return sums

    def _fill(self) -> None:
        n, n_cells = len(self._polygons), self.n_cells
        edges, zone = _edges(self._polygons)
        edges -= [self._west, self._south, self._west, self._south]
        edges *= self._per_m
        edge, row = _spread(
            np.floor(edges[:, 1] - _SLACK).astype(np.int64),
            np.floor(edges[:, 3] + _SLACK).astype(np.int64),
        )
        strip, zone = edges.T[:, edge], zone[edge]
        at, cell = _touched(strip, row, self.shape[1])
        reach = _distinct(cell * n + zone[at])
        mixed = _distinct(reach // n, ordered=True)
        first, last, inside = _runs(strip, row, zone, self.shape)
        if (first[1:] >= last[:-1]).all():
            self._table = _painted(first, last, inside, n_cells)
            below = self._table[mixed]
            reach = np.append(reach, (mixed * n + below)[below >= 0])
        else:
            # Where zones overlap the lowest is painted last, and a mixed cell keeps all of them.
            order = np.argsort(-inside, kind="stable")
            run, cell = _spread(first[order], last[order] - 1)
            inside = inside[order][run]
            self._table = np.full(n_cells, _NO_OWNER, dtype=np.int32)
            self._table[cell] = inside
            is_mixed = np.zeros(n_cells, dtype=bool)
            is_mixed[mixed] = True
            reach = np.append(reach, (cell * n + inside)[is_mixed[cell]])
        cell, self._zone = np.divmod(_distinct(reach), n)
        self._start = np.append(np.searchsorted(cell, mixed), len(cell))
        self._table[mixed] = _MIXED - np.arange(len(mixed), dtype=np.int32)


def _edges(polygons: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Edges of all rings, upwards, as x1, y1, x2, y2, and the position of their zone.

    One direction for all: an edge that two zones share is then drawn to the same cells for both.
    """
    parts, of_part = shapely.get_parts(polygons, return_index=True)
    rings, of_ring = shapely.get_rings(parts, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    start = np.flatnonzero(ring[1:] == ring[:-1])
    edges = np.hstack([xy[start], xy[start + 1]])
    down = (edges[:, 1] > edges[:, 3]) | (
        (edges[:, 1] == edges[:, 3]) & (edges[:, 0] > edges[:, 2])
    )
    edges[down] = edges[down][:, [2, 3, 0, 1]]
    return edges, of_part[of_ring[ring[start]]]


def _spread(first: np.ndarray, last: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """All whole numbers from each first to its last, with the position they come from."""
    n = last - first + 1
    source = np.repeat(np.arange(len(n)), n)
    offset = first - np.append(0, np.cumsum(n)[:-1]) if len(n) else first
    return source, np.arange(len(source)) + offset[source]


def _touched(strip: np.ndarray, row: np.ndarray, columns: int) -> tuple[np.ndarray, np.ndarray]:
    """Cells that edges touch, with the position in ``row`` they come from.

    ``strip`` holds u1, v1, u2, v2 of the edge in cells, once for each row it passes through.
    """
    u1, v1, u2, v2 = strip
    rise = np.maximum(v2 - v1, 1e-300)
    enters = u1 + np.clip((row - _SLACK - v1) / rise, 0, 1) * (u2 - u1)
    leaves = u1 + np.clip((row + 1 + _SLACK - v1) / rise, 0, 1) * (u2 - u1)
    at, column = _spread(
        np.floor(np.minimum(enters, leaves) - _SLACK).astype(np.int64),
        np.floor(np.maximum(enters, leaves) + _SLACK).astype(np.int64),
    )
    return at, row[at] * columns + column


def _runs(
    strip: np.ndarray, row: np.ndarray, zone: np.ndarray, shape: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Runs of cells, first to last (exclusive), whose middle lies in a zone, by first cell.

    Exact only for cells that no edge touches; the others are tested point by point anyway.
    """
    rows, columns = shape
    crosses = np.flatnonzero((strip[1] <= row + 0.5) & (strip[3] > row + 0.5))
    u1, v1, u2, v2 = strip[:, crosses]
    line = row[crosses]
    at = u1 + (line + 0.5 - v1) / (v2 - v1) * (u2 - u1)
    column = np.ceil(np.clip(at, np.minimum(u1, u2), np.maximum(u1, u2)) - 0.5).astype(np.int64)
    # The crossings of a zone and row, from west to east: in, out, in, out.
    key = np.sort((zone[crosses] * rows + line) * columns + column)
    owner, cell = np.divmod(key, rows * columns)
    first, last, owner = cell[::2], cell[1::2], owner[::2]
    order = np.argsort(first, kind="stable")
    order = order[last[order] > first[order]]
    return first[order], last[order], owner[order]


def _painted(first: np.ndarray, last: np.ndarray, inside: np.ndarray, n_cells: int) -> np.ndarray:
    """Cells of a table filled with runs that do not overlap, and with none between them."""
    bounds = np.concatenate([[0], np.column_stack([first, last]).ravel(), [n_cells]])
    values = np.full(2 * len(first) + 1, _NO_OWNER, dtype=np.int32)
    values[1::2] = inside
    return np.repeat(values, np.diff(bounds))


def _distinct(values: np.ndarray, *, ordered: bool = False) -> np.ndarray:
    """Distinct values in order; np.unique is slower where most are alike or in order."""
    if not ordered:
        values = np.sort(values)
    return values[np.append(True, values[1:] != values[:-1])] if len(values) else values


#: Positions that stand for "in no zone" and "has no place".
OUTSIDE, UNLOCATED = -1, -2
#: Rows of a table that are no zone, after the zones.
MARGINS = ("outside", "unlocated", "total")
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

    Zones are polygons indexed by code, in any order; the lowest code keeps an overlap.
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
        taken = labels_at(self.codes, np.maximum(positions, _NONE))
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
        shapes = _as_shapes(geometry)
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
        shapes = _as_shapes(geometry)
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
        single_zone = self._whole(geometry)
        entire = np.flatnonzero(single_zone != UNLOCATED)
        crossing = np.flatnonzero(single_zone == UNLOCATED)
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
        owner = self._of_point_geometry(alone)
        return Shares(
            np.concatenate([entire, crossing[at], crossing[outside], crossing[nothing]]),
            np.concatenate([single_zone[entire], zone, np.full(len(outside), OUTSIDE), owner]),
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
        zone_of = cells.whole(shapely.bounds(geometry)).astype(np.int64)
        unknown = np.flatnonzero(zone_of == UNLOCATED)
        # A line that touches the boundary may run along it, where the lowest code owns.
        thin = shapely.get_dimensions(geometry[unknown]) < 2
        for some, predicate in (
            (unknown[thin], shapely.contains_properly),
            (unknown[~thin], shapely.covers),
        ):
            feature, zone = self._meeting(geometry[some], predicate)
            # The lowest zone of each comes first.
            zone_of[some[feature[::-1]]] = zone[::-1]
        return zone_of

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
        features = geometry[at]
        parts = shapely.intersection(features, self.polygons[zone])
        # A line or a point of several on a shared boundary lies in both zones, and the lower code
        # keeps it: from the second zone on, what the ones before have is taken off first.
        nth = np.arange(len(at)) - np.searchsorted(at, at)
        rest = geometry.copy()
        lines = shapely.get_dimensions(features) < 2
        for turn in range(1, int(nth[lines].max(initial=0)) + 1):
            now = np.flatnonzero(lines & (nth == turn))
            rest[at[now]] = shapely.difference(rest[at[now]], self.polygons[zone[now - 1]])
            parts[now] = shapely.intersection(rest[at[now]], self.polygons[zone[now]])
        return _same_dimension(parts, features)


class Located:
    """Features in the zones of an index: owners and shares, found once however often asked for."""

    def __init__(self, index: ZoneIndex, geometry: np.ndarray | Shapes) -> None:
        self.index = index
        self._shapes = _as_shapes(geometry)

    @cached_property
    def owner(self) -> np.ndarray:
        """As of :meth:`ZoneIndex.owner`."""
        return self.index.owner(self._shapes)

    @cached_property
    def shares(self) -> Shares:
        """As of :meth:`ZoneIndex.shares`, with the pieces."""
        return self.index.shares(self._shapes, pieces=True)


def with_margins(codes: pd.Index, margins: bool) -> pd.Index:
    """Codes of zones and after them the rows that are none, under the name of the codes."""
    name = codes.name if codes.name is not None else "zone_code"
    if not margins:
        return codes.rename(name)
    dtype = codes.dtype if isinstance(codes.dtype, pd.StringDtype) else object
    return pd.Index([*codes, *MARGINS], dtype=dtype, name=name)


def mark_rows(table: pd.DataFrame, margins: bool) -> pd.DataFrame:
    """Mark in a column ``row_kind`` the rows of a table with margins, zone or the margin's name."""
    if margins:
        kinds = ["zone"] * (len(table) - len(MARGINS)) + list(MARGINS)
        table.insert(0, "row_kind", pd.array(kinds, dtype="str"))
    return table


def _lowest_first(codes: pd.Index) -> np.ndarray:
    """Order of codes: numbers by their size, all others as text."""
    if pd.api.types.is_numeric_dtype(codes.dtype):
        return np.argsort(codes.to_numpy(), kind="stable")
    return np.argsort(codes.astype("str").to_numpy(dtype=str), kind="stable")


def _as_shapes(geometry: np.ndarray | Shapes) -> Shapes:
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


def _same_dimension(parts: np.ndarray, features: np.ndarray) -> np.ndarray:
    """Drop what merely touches: points and lines left over where two polygons meet."""
    mixed = shapely.get_type_id(parts) == 7
    if mixed.any():
        wanted = shapely.get_dimensions(features[mixed])
        kept = [_only(shapely.get_parts(p), d) for p, d in zip(parts[mixed], wanted, strict=True)]
        parts = parts.copy()
        parts[mixed] = kept
    lower = shapely.get_dimensions(parts) < shapely.get_dimensions(features)
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
    shared = shapely.intersection(polygons[first[overlap]], polygons[second[overlap]])
    overlap[overlap] = shapely.area(shared) > 1e-6
    for later in np.unique(second[overlap]):
        owners = polygons[first[overlap & (second == later)]]
        polygons[later] = shapely.difference(polygons[later], shapely.union_all(owners))
    return polygons


@dataclass(frozen=True, slots=True)
class Parts:
    """Parts of features at one level; the shares of a feature add up to one.

    ``row`` is the position of the feature, ``kind`` zone, outside or unlocated, ``label`` the code
    of the zone, or of the zone above that the part lies in while in none of its own zones.
    """

    row: np.ndarray
    kind: np.ndarray
    label: np.ndarray
    share: np.ndarray
    piece: np.ndarray


def parts_of(index: ZoneIndex, geometry: np.ndarray | Shapes, split: str) -> Parts:
    """Parts of features at the first level, by ``split``: "owner" or "share"."""
    shapes = _as_shapes(geometry)
    if split == "share":
        shares = index.shares(shapes, pieces=True)
        row, zone, share, piece = shares.feature, shares.zone, shares.share, shares.piece
        assert piece is not None
    else:
        row, zone = np.arange(len(shapes)), index.owner(shapes)
        share, piece = np.ones(len(shapes)), shapes.geometry
    # Positions below zero count from the end.
    label = np.append(index.codes.to_numpy(dtype=object), ["unlocated", "outside"])[zone]
    kind = np.select([zone == UNLOCATED, zone == OUTSIDE], ["unlocated", "outside"], "zone")
    return Parts(row, kind, label, share, piece)


def parts_within(
    parts: Parts,
    zones: gpd.GeoDataFrame | gpd.GeoSeries,
    parent: np.ndarray,
    split: str,
    indexes: MutableMapping[str, ZoneIndex] | None = None,
) -> Parts:
    """Parts at the next level; what lies in none of a zone's own zones keeps its code, outside.

    ``parent`` is the code of the zone of the level above that each of ``zones`` belongs to;
    ``indexes`` keeps the index of the zones of each parent from call to call.
    """
    indexes = {} if indexes is None else indexes
    in_zone = parts.kind == "zone"
    of_part, codes = pd.factorize(parts.label[in_zone])
    order = np.argsort(of_part, kind="stable")
    groups = np.split(
        np.flatnonzero(in_zone)[order], np.searchsorted(of_part[order], np.arange(1, len(codes)))
    )
    out = [_kept(parts, np.flatnonzero(~in_zone), None)]
    for code, members in zip(codes, groups, strict=False):
        inside = zones[np.asarray(parent == code, dtype=bool)]
        if inside.empty:
            out.append(_kept(parts, members, "outside"))
            continue
        if code not in indexes:
            indexes[code] = ZoneIndex(inside)
        inner = parts_of(indexes[code], parts.piece[members], split)
        label = np.where(inner.kind == "zone", inner.label, code)
        kind = np.where(inner.kind == "zone", "zone", "outside")
        at = members[inner.row]
        out.append(Parts(parts.row[at], kind, label, parts.share[at] * inner.share, inner.piece))
    names = ("row", "kind", "label", "share", "piece")
    return Parts(*(np.concatenate([getattr(part, name) for part in out]) for name in names))


def _kept(parts: Parts, at: np.ndarray, kind: str | None) -> Parts:
    kinds = parts.kind[at] if kind is None else np.full(len(at), kind)
    return Parts(parts.row[at], kinds, parts.label[at], parts.share[at], parts.piece[at])


def parents_of(
    zones: Frame, shapes: gpd.GeoSeries, level: str, above: gpd.GeoSeries, gate: Gate
) -> np.ndarray:
    """Code of the zone of ``level`` that each zone belongs to: as stated, else by its area."""
    if isinstance(zones, gpd.GeoDataFrame):
        for name in ("parent_code", f"{level}_code"):
            if name in zones.columns:
                return _stated(zones, name, above.index, gate)
    index = ZoneIndex(above)
    owner = index.owner(shapes.to_numpy())
    return np.append(index.codes.to_numpy(dtype=object), [None, None])[owner]


def _stated(zones: gpd.GeoDataFrame, name: str, above: pd.Index, gate: Gate) -> np.ndarray:
    stated = gate.column(zones, name, "levels")
    if isinstance(stated.dtype, pd.CategoricalDtype):
        stated = stated.astype(stated.dtype.categories.dtype)
    if len(zones) and not stated.isin(above).any():
        raise gate.refuse(
            *_MESSAGES.pair(
                "no_code_above",
                name=name,
                stated=stated,
                value=stated.iloc[0],
                above=above,
                code=above[0],
                dtype=str(above.dtype),
            )
        )
    return stated.to_numpy(dtype=object, na_value=None)


def level_rows(codes: pd.Index, parent: np.ndarray, above: list[Any]) -> pd.DataFrame:
    """Rows of a level: its zones, what the zones ``above`` have in none of them, the rest."""
    rest = ["outside", "unlocated"]
    return pd.DataFrame(
        {
            "zone_code": pd.Series([*codes, *above, *rest], dtype=object),
            "row_kind": ["zone"] * len(codes) + ["outside"] * len(above) + rest,
            "parent_code": pd.Series([*parent, *above, *rest], dtype=object),
        }
    )
