"""Area within reach of at least so many of a set of points, in closed form.

The border of the places that k discs cover is made of arcs: those of each circle on which the other
discs are one short of k. Green's theorem turns arcs, and the pieces of a polygon's outline that are
deep enough, into an area. The work grows with the pairs of discs that overlap, so for k = 1 the
cells of :mod:`geo_citymgmt.coverage.discs` are the quicker way; the two share no formula.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely

from geo_citymgmt.coverage.discs import disc_interval, outline_segments

__all__ = ["DiscDepth"]

#: Circles looked at in one go: bounds the memory, about 200 bytes a pair that overlaps.
_CHUNK = 10_000
_TURN = 2 * np.pi


@dataclass(frozen=True, slots=True)
class _Arcs:
    """Arcs on the border of what is deep enough, the covered side to their left."""

    centre: np.ndarray
    start: np.ndarray
    end: np.ndarray


class DiscDepth:
    """Places that at least ``at_least`` of the discs about points cover.

    Parameters
    ----------
    x, y : array of float
        Centres, in metres; coincident ones count as often as they are there.
    radius : float
        In metres.
    at_least : int
        One or more.

    Examples
    --------
    >>> both = DiscDepth(np.array([0.0, 0.0, 9.0]), np.zeros(3), 2.0, 2)
    >>> round(both.area() / np.pi, 12)
    4.0
    """

    def __init__(self, x: np.ndarray, y: np.ndarray, radius: float, at_least: int) -> None:
        self.radius, self.at_least = float(radius), int(at_least)
        self.centres, self.times = np.unique(np.column_stack([x, y]), axis=0, return_counts=True)
        self._points = shapely.points(self.centres)
        self._tree = shapely.STRtree(self._points)

    def area(self) -> float:
        """Area in all, in square metres."""
        none = np.empty((0, 2, 2))
        origin = self.centres.mean(axis=0) if len(self.centres) else np.zeros(2)
        return float(sum(self._green(arcs, origin).sum() for arcs in self._arcs(none)))

    def area_in(self, polygons: np.ndarray) -> np.ndarray:
        """Area of each polygon that is deep enough, in square metres."""
        out = np.zeros(len(polygons))
        if len(self.centres) == 0 or len(polygons) == 0:
            return out
        ends, owner = outline_segments(polygons)
        box = shapely.bounds(polygons)
        origin = 0.5 * (box[:, :2] + box[:, 2:])
        out += np.bincount(owner, self._along(ends, origin[owner]), len(polygons))
        for arcs in self._arcs(ends):
            middle = 0.5 * (arcs.start + arcs.end)
            spots = self.centres[arcs.centre] + self.radius * _unit(middle)
            polygon, arc = shapely.STRtree(shapely.points(spots)).query(
                polygons, predicate="intersects"
            )
            chosen = _Arcs(arcs.centre[arc], arcs.start[arc], arcs.end[arc])
            out += np.bincount(polygon, self._green(chosen, origin[polygon]), len(polygons))
        # Below this it is rounding: nothing of the polygon is deep enough.
        return np.where(out > 1e-13 * self.radius**2, out, 0.0)

    def _along(self, ends: np.ndarray, origin: np.ndarray) -> np.ndarray:
        """Green's integral along the pieces of segments that are deep enough."""
        segment, centre = self._tree.query(
            shapely.linestrings(ends), predicate="dwithin", distance=self.radius
        )
        step = ends[segment, 1] - ends[segment, 0]
        enter, leave = disc_interval(ends[segment, 0] - self.centres[centre], step, self.radius)
        hit = leave > enter
        at, times = segment[hit], self.times[centre[hit]]
        row = np.concatenate([at, at])
        place = np.concatenate([enter[hit], leave[hit]])
        change = np.concatenate([times, -times])
        order = np.lexsort([place, row])
        row, place, depth = row[order], place[order], np.cumsum(change[order])
        # Each segment goes back to nothing, so the running sum needs no new start.
        deep = np.flatnonzero((depth[:-1] >= self.at_least) & (row[:-1] == row[1:]))
        at = row[deep]
        first, step = ends[at, 0] - origin[at], ends[at, 1] - ends[at, 0]
        # Along a line the integral is that of the whole line, by length.
        part = 0.5 * (first[:, 0] * step[:, 1] - first[:, 1] * step[:, 0])
        return np.bincount(at, part * (place[deep + 1] - place[deep]), len(ends))

    def _arcs(self, ends: np.ndarray) -> Iterator[_Arcs]:
        """Yield the border's arcs, cut where the segments cross them, circles by circles."""
        lines = shapely.STRtree(shapely.linestrings(ends))
        for first in range(0, len(self.centres), _CHUNK):
            some = np.arange(first, min(first + _CHUNK, len(self.centres)))
            yield self._border(some, *self._cuts(some, ends, lines))

    def _cuts(
        self, some: np.ndarray, ends: np.ndarray, lines: shapely.STRtree
    ) -> tuple[np.ndarray, np.ndarray]:
        """Where segments cross circles: the circle and the angle, rather one too many."""
        at, segment = lines.query(
            self._points[some], predicate="dwithin", distance=self.radius * (1 + 1e-9)
        )
        start = ends[segment, 0] - self.centres[some[at]]
        step = ends[segment, 1] - ends[segment, 0]
        places = disc_interval(start, step, self.radius, clip=False)
        circle, angle = [], []
        for place in places:
            on = np.flatnonzero((place > -1e-9) & (place < 1 + 1e-9))
            spot = start[on] + place[on, None] * step[on]
            circle.append(some[at[on]])
            angle.append(np.arctan2(spot[:, 1], spot[:, 0]))
        return np.concatenate(circle), np.concatenate(angle)

    def _border(self, some: np.ndarray, cut_circle: np.ndarray, cut_angle: np.ndarray) -> _Arcs:
        at, other = self._tree.query(
            self._points[some], predicate="dwithin", distance=2 * self.radius
        )
        me = some[at]
        me, other = me[me != other], other[me != other]
        step = self.centres[other] - self.centres[me]
        direction = np.arctan2(step[:, 1], step[:, 0])
        width = np.arccos(np.minimum(np.hypot(*step.T) / (2 * self.radius), 1.0))
        enter, leave = (direction - width) % _TURN, (direction + width) % _TURN
        times = self.times[other]
        # A circle begins at angle zero, under the discs whose arc goes across it.
        base = np.bincount(me, times * (enter > leave), len(self.centres)).astype(np.int64)
        edge = np.tile([0.0, _TURN], len(some))
        circle = np.concatenate([me, me, cut_circle, np.repeat(some, 2)])
        angle = np.concatenate([enter, leave, cut_angle % _TURN, edge])
        change = np.concatenate([times, -times, np.zeros(len(cut_circle) + len(edge), np.int64)])
        order = np.lexsort([angle, circle])
        circle, angle, change = circle[order], angle[order], change[order]
        depth = np.cumsum(change)
        begin = np.searchsorted(circle, some)
        before = np.where(begin > 0, depth[begin - 1], 0)
        depth += np.repeat(base[some] - before, np.diff(np.append(begin, len(circle))))
        short = self.at_least - depth[:-1]
        border = (short > 0) & (short <= self.times[circle[:-1]])
        border &= (circle[:-1] == circle[1:]) & (angle[1:] > angle[:-1])
        arc = np.flatnonzero(border)
        return _Arcs(circle[arc], angle[arc], angle[arc + 1])

    def _green(self, arcs: _Arcs, origin: np.ndarray) -> np.ndarray:
        """Green's integral along arcs, relative to ``origin``: half of x dy - y dx."""
        centre = self.centres[arcs.centre] - origin
        chord = _unit(arcs.end) - _unit(arcs.start)
        turned = centre[:, 0] * chord[:, 1] - centre[:, 1] * chord[:, 0]
        sweep = self.radius**2 * (arcs.end - arcs.start)
        return np.asarray(0.5 * (sweep + self.radius * turned))


def _unit(angle: np.ndarray) -> np.ndarray:
    return np.column_stack([np.cos(angle), np.sin(angle)])
