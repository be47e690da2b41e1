"""A narrow footprint to its centre line: the two long sides are zipped together.

From the middle of one short end the ring is walked both ways at once; the points half-way between
the two walkers are the centre line. The right start is where the walkers stay closest together.
"""

from __future__ import annotations

import numpy as np
import shapely

__all__ = ["centre_line"]

_STARTS, _STEPS = 240, 240
#: A footprint this many times longer than wide is a strip.
_SLENDER = 3.0
#: Length times width must give the area back to within this share.
_FIT = 0.15


def centre_line(polygon: shapely.Geometry) -> shapely.Geometry | None:
    """Return the centre line of a strip-like polygon, or None where it is no strip.

    Parameters
    ----------
    polygon : Polygon, or MultiPolygon of one part
        Valid, in metres.

    Examples
    --------
    >>> line = centre_line(shapely.box(0, 0, 100, 4))
    >>> round(line.length, 1), round(line.coords[0][1], 1)
    (100.0, 2.0)
    >>> centre_line(shapely.box(0, 0, 10, 10)) is None
    True
    """
    parts = shapely.get_parts(polygon)
    if len(parts) != 1 or shapely.get_num_interior_rings(parts[0]):
        return None
    ring = shapely.get_exterior_ring(parts[0])
    around, area = shapely.length(ring), shapely.area(polygon)
    root = around**2 - 16 * area
    if root <= 0:
        return None
    # Sides of the rectangle of the same area and circumference.
    long, wide = (around + np.sqrt(root)) / 4, (around - np.sqrt(root)) / 4
    if wide <= 0 or long / wide < _SLENDER:
        return None
    line = _zipped(ring, around, _best_start(ring, around))
    line = shapely.simplify(line, wide / 8)
    fits = abs(shapely.length(line) * wide - area) <= _FIT * area
    inside = shapely.covers(shapely.buffer(parts[0], wide / 4), line)
    return line if fits and inside else None


def _best_start(ring: shapely.Geometry, around: float) -> float:
    # Every vertex and every middle of an edge may be an end; a rounded end lies between them.
    corners = shapely.line_locate_point(ring, shapely.points(shapely.get_coordinates(ring)[:-1]))
    ends = np.append(corners[1:], around)
    starts = np.concatenate([np.linspace(0, around, _STARTS, endpoint=False), (corners + ends) / 2])
    offsets = np.linspace(0, around / 2, 61)
    there = _at(ring, around, starts[:, None] + offsets)
    back = _at(ring, around, starts[:, None] - offsets)
    apart = np.hypot(*np.moveaxis(there - back, -1, 0))
    return float(starts[apart.mean(axis=1).argmin()])


def _zipped(ring: shapely.Geometry, around: float, start: float) -> shapely.Geometry:
    offsets = np.linspace(0, around / 2, _STEPS)
    middle = (_at(ring, around, start + offsets) + _at(ring, around, start - offsets)) / 2
    moved = np.append(True, (np.abs(np.diff(middle, axis=0)) > 1e-9).any(axis=1))
    return shapely.linestrings(middle[moved])


def _at(ring: shapely.Geometry, around: float, distance: np.ndarray) -> np.ndarray:
    xy = shapely.get_coordinates(ring)
    walked = np.append(0.0, np.cumsum(np.hypot(*np.diff(xy, axis=0).T)))
    where = np.mod(distance, around)
    return np.stack([np.interp(where, walked, xy[:, k]) for k in (0, 1)], axis=-1)
