"""A table of square cells that tells the owner of most points without a test.

A cell that no boundary touches lies wholly in one zone or in none: its points are looked up. Only
points in the cells along boundaries are tested against the few zones that reach into the cell, by
the same exact predicate that would otherwise be asked of every point. The result is that of the
plain way; the table only saves work.

The boundaries are drawn into the table edge by edge with a slack far above rounding, so that a
cell is never taken for pure by mistake; the inside of a zone is filled along the middle of each
row of cells, between the crossings of its boundary (the even-odd rule).
"""

from __future__ import annotations

import math
from functools import cached_property

import numpy as np
import shapely

__all__ = ["CellTable"]

#: Slack in cells when edges are drawn: rounding is some 1e-10 of a cell at most.
_SLACK = 1e-6
#: Values of the table besides positions of zones: none, and counting down from it, mixed cells.
_NONE, _MIXED = -1, -2


class CellTable:
    """Cells over some zones.

    Parameters
    ----------
    polygons : ndarray of Polygon or MultiPolygon
        The zones, prepared, the lowest code first. They may overlap.
    n_cells : int
        About how many cells; more cells cost more to draw and leave fewer points to test.
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
        there = (u >= 0) & (u < columns) & (v >= 0) & (v < rows)
        if there.all():
            return self._look_up(x, y, u, v)
        out = np.full(len(x), _NONE, dtype=np.int32)
        out[there] = self._look_up(x[there], y[there], u[there], v[there])
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
        out = np.full(len(x), _NONE, dtype=np.int32)
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
        """Position of the zone a box lies wholly in, -1 for wholly outside, -2 where unknown.

        Parameters
        ----------
        bounds : ndarray of shape (n, 4)
            West, south, east, north.
        """
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
        out[known & apart] = _NONE
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
            self._table = np.full(n_cells, _NONE, dtype=np.int32)
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
    values = np.full(2 * len(first) + 1, _NONE, dtype=np.int32)
    values[1::2] = inside
    return np.repeat(values, np.diff(bounds))


def _distinct(values: np.ndarray, *, ordered: bool = False) -> np.ndarray:
    """Distinct values in order; np.unique is slower where most are alike or in order."""
    if not ordered:
        values = np.sort(values)
    return values[np.append(True, values[1:] != values[:-1])] if len(values) else values
