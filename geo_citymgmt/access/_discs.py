"""Area of a union of equal discs inside polygons, in closed form, without an overlay.

The union is split by the Voronoi cells of the centres: within the cell of a centre no other centre
is nearer, so what is covered there, the *share* of the centre, is that one disc cut by straight
lines. The sides of the cells follow from the Delaunay triangles. Seen from its centre the share
has a closed form for any range of directions: triangles where a side cuts the disc, sectors where
none does.

A polygon then takes from the share of a centre all or nothing, according to where the centre lies,
but for the pieces of its outline that run through the share: each hides, or shows, what lies
behind it as seen from the centre. Only centres whose share an outline enters cost more than a
look-up. Where the outline ends exactly on the border of the share nothing lies behind it, so the
figure does not depend on how such a touch is rounded.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely

#: Pieces of outline looked at in one go: bounds the memory, some 1 kB each.
_CHUNK = 50_000
#: Nearer to an outline than this part of the radius, a centre has no clear side of it.
_ON_EDGE = 1e-6
#: Square of half a chord, as part of that of the radius, below which a line merely touches.
_GRAZE = 1e-12


class DiscUnion:
    """The union of the discs of one radius about points.

    Parameters
    ----------
    x, y : array of float
        Centres; coincident ones count once.
    radius : float

    Attributes
    ----------
    centres : array of float, shape (n, 2)
        Distinct ones.
    share_area : array of float, shape (n,)
        Area of what each centre covers within its Voronoi cell; they add up to the union.

    Examples
    --------
    >>> disc, square = DiscUnion(np.zeros(1), np.zeros(1), 2.0), shapely.box(0, 0, 10, 10)
    >>> float(disc.area_in(np.array([square]))[0] / np.pi)
    1.0
    """

    def __init__(self, x: np.ndarray, y: np.ndarray, radius: float) -> None:
        self.radius = float(radius)
        self.centres = _distinct(x, y)
        n = len(self.centres)
        # A whole number, so that taking it off changes no coordinate.
        self._local = self.centres - (np.round(self.centres.mean(axis=0)) if n else 0.0)
        self._sides = _sides(self._local, self.radius)
        side = self._sides
        part = _sector(side.half, side.edge_angle, side.half_angle, self.radius)
        self.share_area = np.bincount(side.left, part, n + 4)[:n]
        self.share_area += np.bincount(side.right, part, n + 4)[:n]
        #: How far the share of a centre goes: to the farthest corner of its cell, or the radius.
        far = np.zeros(n + 4)
        corner = np.hypot(side.half, side.offset)
        np.maximum.at(far, side.left, corner)
        np.maximum.at(far, side.right, corner)
        self._far = np.minimum(far[:n], self.radius)
        least = np.full(n + 4, self.radius)
        np.minimum.at(least, side.left, side.half)
        np.minimum.at(least, side.right, side.half)
        self._least = least[:n]

    def area(self) -> float:
        """Area in all."""
        return float(self.share_area.sum())

    def area_in(self, polygons: np.ndarray) -> np.ndarray:
        """Covered area of each polygon."""
        out = np.zeros(len(polygons))
        if len(self.centres) == 0 or len(polygons) == 0:
            return out
        if self.radius >= self._extent(polygons):
            # Each centre reaches all there is, and no disc need be larger than the matter.
            return np.where(shapely.is_empty(polygons), 0.0, shapely.area(polygons))
        points = shapely.points(self.centres)
        polygon, inside = shapely.STRtree(points).query(polygons, predicate="intersects")
        ends, owner = outline_segments(polygons)
        tree = shapely.STRtree(shapely.linestrings(ends))
        # A little farther than needed: what only touches adds nothing.
        centre, segment = tree.query(points, predicate="dwithin", distance=self._far * (1 + 1e-9))
        fans = _Fans(self._sides, self._local, np.unique(centre), self.radius)
        hidden, near = np.empty(len(centre)), np.empty(len(centre), dtype=bool)
        for first in range(0, len(centre), _CHUNK):
            now = slice(first, first + _CHUNK)
            start, end = (ends[segment[now], k] - self.centres[centre[now]] for k in (0, 1))
            hidden[now] = fans.behind(centre[now], start, end)
            near[now] = _distance2(start, end - start) < (_ON_EDGE * self.radius) ** 2
        out += np.bincount(polygon, self.share_area[inside], len(polygons))
        out -= np.bincount(owner[segment], hidden, len(polygons))
        if near.any():
            pair = owner[segment] * len(points) + centre
            key = np.unique(pair[near])
            taken = np.bincount(
                np.searchsorted(key, pair[np.isin(pair, key)]), hidden[np.isin(pair, key)], len(key)
            )
            had = self.share_area[key % len(points)] * np.isin(key, polygon * len(points) + inside)
            right = self._on_edge(polygons, *np.divmod(key, len(points)), had - taken)
            out += np.bincount(key // len(points), right - (had - taken), len(polygons))
        # Below this it is rounding: nothing of the polygon is reached.
        return np.where(out > 1e-15 * self.radius**2, out, 0.0)

    def _on_edge(
        self, polygons: np.ndarray, polygon: np.ndarray, at: np.ndarray, area: np.ndarray
    ) -> np.ndarray:
        """Put right what centres on the outline of a polygon cover of it.

        On which side of them the outline passes is a matter of rounding, and a whole turn, that is
        a whole share, the difference: the figure between nothing and the share is the right one.
        """
        full = np.maximum(self.share_area[at], 1e-300)
        part = area / full
        part -= np.floor(part)
        unsure = np.flatnonzero((part < 1e-9) | (part > 1 - 1e-9))
        if len(unsure):
            # The outline is a spike there: all about it is in, or out.
            turn = np.linspace(0.0, 2 * np.pi, 16, endpoint=False) + 0.1
            about = 0.5 * self._least[at[unsure], None, None] * _unit(turn)
            points = shapely.points(self.centres[at[unsure], None] + about)
            shapely.prepare(polygons)
            within = shapely.intersects(polygons[polygon[unsure], None], points).mean(axis=1)
            part[unsure] = within > 0.5
        return part * full

    def _extent(self, polygons: np.ndarray) -> float:
        """Return the diagonal of the box about all centres and polygons."""
        low = np.minimum(self.centres.min(axis=0), shapely.total_bounds(polygons)[:2])
        high = np.maximum(self.centres.max(axis=0), shapely.total_bounds(polygons)[2:])
        return float(np.hypot(*(high - low)))


@dataclass(frozen=True, slots=True)
class _Sides:
    """One half side of two cells a row: the bisector of two centres up to a corner of the cells.

    A side is seen by both its centres under the same angle, mirrored; ``left`` sees the corner to
    the left of the other centre, ``right`` to the right.
    """

    left: np.ndarray
    right: np.ndarray
    #: Half the distance of the two centres, and that of the corner from the middle; the latter is
    #: negative where the corner lies beyond the middle.
    half: np.ndarray
    offset: np.ndarray
    #: The angle of the corner from the middle, and that under which the side leaves the disc.
    half_angle: np.ndarray
    edge_angle: np.ndarray


def _sides(local: np.ndarray, radius: float) -> _Sides:
    """Half sides of all Voronoi cells, from the Delaunay triangles."""
    # Four far corners close every cell and make one, two or collinear centres an ordinary case.
    # Any place within the radius of a centre is nearer to it than to a corner.
    seeds = np.vstack([local, _corners(local, radius)])
    triangles = _triangles(seeds)
    left = triangles.ravel()
    right = np.roll(triangles, -1, axis=1).ravel()
    apex = np.roll(triangles, -2, axis=1).ravel()
    a, b = seeds[left] - seeds[apex], seeds[right] - seeds[apex]
    step = seeds[right] - seeds[left]
    half = 0.5 * np.hypot(step[:, 0], step[:, 1])
    turn = a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
    dot = np.einsum("ij,ij->i", a, b)
    # The angle at the apex is the complement of that under which the side's half is seen.
    half_angle = np.arctan2(dot, turn)
    with np.errstate(divide="ignore", over="ignore"):
        offset = np.where(turn > 0, half * (dot / turn), np.copysign(np.inf, dot))
    edge_angle = np.arccos(np.minimum(half / radius, 1.0))
    return _Sides(left, right, half, offset, half_angle, edge_angle)


def _corners(local: np.ndarray, radius: float) -> np.ndarray:
    reach = np.abs(local).max(initial=0.0) + 4 * radius + 1.0
    return 3 * reach * np.array([[-1, -1], [-1, 1], [1, -1], [1, 1]], dtype=float)


def _triangles(seeds: np.ndarray) -> np.ndarray:
    """Delaunay triangles as positions among the seeds, counter-clockwise, shape (n, 3)."""
    numbered = np.column_stack([seeds, np.arange(len(seeds))])
    triangles = shapely.delaunay_triangles(shapely.multipoints(numbered))
    coords = shapely.get_coordinates(triangles, include_z=True).reshape(-1, 4, 3)[:, :3]
    number = coords[..., 2]
    known = np.nan_to_num(number, nan=0.0).astype(np.int64).clip(0, len(seeds) - 1)
    if not np.array_equal(seeds[known], coords[..., :2]):
        # A GEOS that loses the third coordinate: look the place up.
        key = seeds[:, 0] + 1j * seeds[:, 1]
        order = np.argsort(key)
        known = order[np.searchsorted(key[order], coords[..., 0] + 1j * coords[..., 1])]
    a, b, c = (seeds[known[:, k]] for k in range(3))
    clockwise = _cross(b - a, c - a) < 0
    known[clockwise] = known[clockwise][:, ::-1]
    return known


class _Fans:
    """The half sides about some centres, side by side, to be looked up by centre."""

    def __init__(self, sides: _Sides, local: np.ndarray, wanted: np.ndarray, radius: float) -> None:
        self.radius = radius
        n = len(local)
        chosen = np.zeros(n + 4, dtype=bool)
        chosen[wanted] = True
        first, second = (np.flatnonzero(chosen[v]) for v in (sides.left, sides.right))
        row = np.concatenate([first, second])
        owner = np.concatenate([sides.left[first], sides.right[second]])
        order = np.argsort(owner, kind="stable")
        row, owner = row[order], owner[order]
        self.begin = np.searchsorted(owner, np.arange(n))
        self.count = np.searchsorted(owner, np.arange(n), side="right") - self.begin
        self.half, self.half_angle = sides.half[row], sides.half_angle[row]
        self.edge_angle = sides.edge_angle[row]
        seeds = np.vstack([local, _corners(local, radius)])
        turned = owner != sides.left[row]
        step = seeds[sides.right[row]] - seeds[sides.left[row]]
        step[turned] *= -1
        self.normal = step / (2 * self.half[:, None])
        self.direction = np.arctan2(step[:, 1], step[:, 0])
        # Counter-clockwise, a half side goes from the middle to the corner or the other way.
        self.low = np.where(turned, -self.half_angle, 0.0)
        self.high = np.where(turned, 0.0, self.half_angle)
        self.sided = ~turned

    def behind(self, centre: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
        """Area of the share of a centre behind a segment, seen from the centre.

        Positive where the segment goes counter-clockwise about the centre. Both ends are relative
        to the centre.
        """
        out = np.zeros(len(centre))
        step = end - start
        enter, leave = disc_interval(start, step, self.radius)
        pair, fan = self._expand(centre)
        # Each neighbour once.
        once = self.sided[fan]
        at, f = pair[once], fan[once]
        over = np.einsum("ij,ij->i", start[at], self.normal[f]) - self.half[f]
        slope = np.einsum("ij,ij->i", step[at], self.normal[f])
        with np.errstate(divide="ignore", invalid="ignore"):
            cut = -over / slope
        np.maximum.at(enter, at[slope < 0], cut[slope < 0])
        np.minimum.at(leave, at[slope > 0], cut[slope > 0])
        leave[at[(slope == 0) & (over > 0)]] = -1.0
        some = leave > enter
        a = start + np.where(some, enter, 0.0)[:, None] * step
        # Ends to the last digit, for the next segment begins there.
        b = np.where(
            (leave == 1.0)[:, None], end, start + np.where(some, leave, 0.0)[:, None] * step
        )
        # Seen from itself a centre lies in no direction: any will do, if it is always the same.
        for point in (a, b):
            point[(point == 0.0).all(axis=1), 0] = 1e-300
        turn = _cross(a, b)
        sweep = np.arctan2(turn, np.einsum("ij,ij->i", a, b))
        keep = some[pair]
        pair, fan = pair[keep], fan[keep]
        middle = np.arctan2(a[:, 1], a[:, 0]) + 0.5 * sweep
        middle = middle[pair] - self.direction[fan]
        middle -= 2 * np.pi * np.round(middle / (2 * np.pi))
        width = np.abs(0.5 * sweep)[pair]
        lower, upper = middle - width, middle + width
        low, high = (np.clip(v[fan], lower, upper) for v in (self.low, self.high))
        half, edge = self.half[fan], self.edge_angle[fan]
        part = _sector(half, edge, high, self.radius) - _sector(half, edge, low, self.radius)
        swept = np.bincount(pair, part, len(centre))
        out[some] = (np.sign(sweep) * swept - 0.5 * turn)[some]
        return out

    def _expand(self, centre: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        count = self.count[centre]
        pair = np.repeat(np.arange(len(centre)), count)
        within = np.arange(len(pair)) - np.repeat(np.cumsum(count) - count, count)
        return pair, self.begin[centre][pair] + within


def outline_segments(polygons: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Ends (n, 2, 2) of the sides of all rings with the inside to their left, and their polygon.

    Sides without length are left out.
    """
    parts, polygon = shapely.get_parts(polygons, return_index=True)
    rings, part = shapely.get_rings(shapely.orient_polygons(parts), return_index=True)
    coords, ring = shapely.get_coordinates(rings, return_index=True)
    same = (ring[1:] == ring[:-1]) & (coords[1:] != coords[:-1]).any(axis=1)
    ends = np.stack([coords[:-1][same], coords[1:][same]], axis=1)
    return ends, polygon[part[ring[1:][same]]]


def disc_interval(
    start: np.ndarray, step: np.ndarray, radius: float, *, clip: bool = True
) -> tuple[np.ndarray, np.ndarray]:
    """Where segments enter and leave the disc about the origin, as parts of their length.

    Those that miss it, or graze it, leave before they enter. Without ``clip`` the whole line is
    meant: one that grazes enters and leaves at one place, and what misses is NaN.
    """
    square = np.einsum("ij,ij->i", step, step)
    half = np.einsum("ij,ij->i", start, step)
    # From the distance of the line, which loses no digits on a long segment.
    root2 = square * radius**2 - _cross(start, step) ** 2
    # A chord so short that rounding decides whether it is there: 1e-18 of the disc lies beyond.
    grazes = root2 <= _GRAZE * square * radius**2
    root = np.where(grazes, 0.0, np.sqrt(np.maximum(root2, 0.0)))
    enter, leave = (-half - root) / square, (-half + root) / square
    if not clip:
        missed = root2 < -1e-9 * square * radius**2
        return np.where(missed, np.nan, enter), np.where(missed, np.nan, leave)
    return (
        np.where(grazes, 0.0, np.clip(enter, 0.0, 1.0)),
        np.where(grazes, -1.0, np.clip(leave, 0.0, 1.0)),
    )


def _distance2(start: np.ndarray, step: np.ndarray) -> np.ndarray:
    """Square of the distance of segments from the origin."""
    along = -np.einsum("ij,ij->i", start, step) / np.einsum("ij,ij->i", step, step)
    foot = start + np.clip(along, 0.0, 1.0)[:, None] * step
    return np.einsum("ij,ij->i", foot, foot)


def _sector(half: np.ndarray, edge: np.ndarray, angle: np.ndarray, radius: float) -> np.ndarray:
    """Signed area between the middle of a side and a direction: a triangle, then a sector."""
    inner = np.clip(angle, -edge, edge)
    return 0.5 * (half**2 * np.tan(inner) + radius**2 * (angle - inner))


def _cross(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    return u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]


def _distinct(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    order = np.lexsort([y, x])
    centres = np.column_stack([x, y])[order]
    new = np.ones(len(centres), dtype=bool)
    new[1:] = (centres[1:] != centres[:-1]).any(axis=1)
    return centres[new]


#: Circles looked at in one go: bounds the memory, about 200 bytes a pair that overlaps.
_CIRCLES_AT_ONCE = 10_000
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
            points = self.centres[arcs.centre] + self.radius * _unit(middle)
            polygon, arc = shapely.STRtree(shapely.points(points)).query(
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
        for first in range(0, len(self.centres), _CIRCLES_AT_ONCE):
            some = np.arange(first, min(first + _CIRCLES_AT_ONCE, len(self.centres)))
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
            point = start[on] + place[on, None] * step[on]
            circle.append(some[at[on]])
            angle.append(np.arctan2(point[:, 1], point[:, 0]))
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
