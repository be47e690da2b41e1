"""Area that circles cover inside a polygon, by Green's theorem: plain, slow, and not ours.

Every circle is cut where it meets another circle or a side of the polygon, every side where it
meets a circle; the middle of each piece says whether the piece is on the border.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import pairwise

import shapely


def area_covered(
    centres: Iterable[tuple[float, float]],
    radius: float,
    polygon: shapely.Geometry | None,
    at_least: int = 1,
) -> float:
    """Area of the polygon, or of the plane, that at least so many circles cover."""
    every = [tuple(map(float, c)) for c in centres]
    sides = [] if polygon is None else list(_sides(polygon))
    parts = []
    for circle in sorted(set(every)):
        same = every.count(circle)
        others = [c for c in every if c != circle]
        cuts = {0.0, math.tau}
        for other in others:
            cuts.update(_where_circles_meet(circle, other, radius))
        for a, b in sides:
            for t in _where_line_meets(a, b, circle, radius):
                if -1e-6 < t < 1 + 1e-6:
                    x, y = a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])
                    cuts.add(math.atan2(y - circle[1], x - circle[0]) % math.tau)
        angles = sorted(cuts)
        for low, high in pairwise(angles):
            middle = (low + high) / 2
            x, y = circle[0] + radius * math.cos(middle), circle[1] + radius * math.sin(middle)
            deep = sum(math.dist((x, y), other) < radius for other in others)
            if not deep < at_least <= deep + same:
                continue
            if polygon is None or shapely.intersects_xy(polygon, x, y):
                parts.append(_arc(circle, radius, low, high))
    for a, b in sides:
        cuts = {0.0, 1.0}
        for circle in set(every):
            cuts.update(t for t in _where_line_meets(a, b, circle, radius) if 0 < t < 1)
        places = sorted(cuts)
        for low, high in pairwise(places):
            t = (low + high) / 2
            spot = (a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1]))
            if sum(math.dist(spot, circle) < radius for circle in every) >= at_least:
                parts.append((high - low) * (a[0] * b[1] - a[1] * b[0]) / 2)
    return math.fsum(parts)


def _sides(polygon: shapely.Geometry) -> Iterable[tuple[tuple, tuple]]:
    for part in shapely.get_parts(polygon):
        part = shapely.orient_polygons(part)
        for ring in (part.exterior, *part.interiors):
            yield from zip(ring.coords[:-1], ring.coords[1:], strict=True)


def _where_circles_meet(circle: tuple, other: tuple, radius: float) -> list[float]:
    distance = math.dist(circle, other)
    if distance > 2 * radius * (1 + 1e-9):
        return []
    towards = math.atan2(other[1] - circle[1], other[0] - circle[0])
    width = math.acos(min(1.0, distance / (2 * radius)))
    return [(towards - width) % math.tau, (towards + width) % math.tau]


def _where_line_meets(a: tuple, b: tuple, circle: tuple, radius: float) -> list[float]:
    dx, dy = b[0] - a[0], b[1] - a[1]
    length = math.hypot(dx, dy)
    ux, uy = dx / length, dy / length
    along = (circle[0] - a[0]) * ux + (circle[1] - a[1]) * uy
    aside = (circle[0] - a[0]) * uy - (circle[1] - a[1]) * ux
    if abs(aside) > radius * (1 + 1e-9):
        return []
    if abs(aside) > radius * (1 - 1e-12):
        # Rounding decides whether it cuts: it touches.
        return [along / length]
    half = math.sqrt(radius**2 - aside**2)
    return [(along - half) / length, (along + half) / length]


def _arc(circle: tuple, radius: float, low: float, high: float) -> float:
    across = circle[0] * (math.sin(high) - math.sin(low))
    across -= circle[1] * (math.cos(high) - math.cos(low))
    return 0.5 * (radius**2 * (high - low) + radius * across)
