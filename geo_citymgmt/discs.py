"""Area of a union of equal discs inside polygons, in closed form.

The union is split by the Voronoi cells of the centres: within the cell of a centre no other centre
is nearer, so the union there is that one disc. What is left is the area of disc and polygon, which
has a closed form: a sum over the polygon's edges of triangles and circular sectors.
"""

from __future__ import annotations

import numpy as np
import shapely

__all__ = ["covered_area", "disc_polygon_area", "union_area"]


def covered_area(x: np.ndarray, y: np.ndarray, radius: float, polygons: np.ndarray) -> np.ndarray:
    """Area of each polygon that lies within ``radius`` of any centre.

    Parameters
    ----------
    x, y : array of float
        Centres, in metres; coincident ones count once.
    radius : float
        In metres.
    polygons : array of Polygon or MultiPolygon
        In the same plane.

    Returns
    -------
    array of float
        Square metres, exact in the plane but for rounding.

    Examples
    --------
    >>> square = np.array([shapely.box(0, 0, 10, 10)])
    >>> float(covered_area(np.array([0.0]), np.array([0.0]), 2.0, square)[0] / np.pi)
    1.0
    """
    out = np.zeros(len(polygons))
    centres, cells = _cells(x, y, radius)
    if len(centres) == 0 or len(polygons) == 0:
        return out
    points = shapely.points(centres)
    polygon, point = shapely.STRtree(points).query(polygons, predicate="dwithin", distance=radius)
    # A disc that does not reach the outline needs no clipping: the cell is enough.
    near_outline = shapely.dwithin(shapely.boundary(polygons)[polygon], points[point], radius)
    piece = cells[point].copy()
    cut = np.flatnonzero(near_outline)
    west_south, east_north = centres[point[cut]] - radius, centres[point[cut]] + radius
    # The square about the disc first: the cell of a lone centre is as wide as the city.
    piece[cut] = shapely.intersection(shapely.box(*west_south.T, *east_north.T), piece[cut])
    piece[cut] = shapely.intersection(polygons[polygon[cut]], piece[cut])
    area = disc_polygon_area(centres[point], radius, piece)
    np.add.at(out, polygon, area)
    return out


def union_area(x: np.ndarray, y: np.ndarray, radius: float) -> float:
    """Area of the whole union of discs, in square metres."""
    centres, cells = _cells(x, y, radius)
    return float(disc_polygon_area(centres, radius, cells).sum()) if len(centres) else 0.0


def disc_polygon_area(centre: np.ndarray, radius: float, polygons: np.ndarray) -> np.ndarray:
    """Area of the disc about each centre inside the polygon of the same row.

    Parameters
    ----------
    centre : array of float, shape (n, 2)
    radius : float
    polygons : array of n Polygon or MultiPolygon
        Empty and missing ones have no area.
    """
    parts, owner = shapely.get_parts(polygons, return_index=True)
    keep = shapely.get_type_id(parts) == 3
    parts, owner = shapely.orient_polygons(parts[keep]), owner[keep]
    rings, part = shapely.get_rings(parts, return_index=True)
    coords, ring = shapely.get_coordinates(rings, return_index=True)
    at = owner[part[ring]]
    rel = coords - centre[at]
    same_ring = ring[1:] == ring[:-1]
    a, b, edge_owner = rel[:-1][same_ring], rel[1:][same_ring], at[1:][same_ring]
    return np.bincount(edge_owner, weights=_edge_area(a, b, radius), minlength=len(polygons))


def _edge_area(a: np.ndarray, b: np.ndarray, radius: float) -> np.ndarray:
    """Signed area of disc and triangle (centre, a, b)."""
    step = b - a
    square = np.einsum("ij,ij->i", step, step)
    half = np.einsum("ij,ij->i", a, step)
    root2 = half**2 - square * (np.einsum("ij,ij->i", a, a) - radius**2)
    crosses = (root2 > 0) & (square > 0)
    root = np.sqrt(np.where(crosses, root2, 0.0))
    length2 = np.where(square > 0, square, 1.0)
    # Where the line misses the disc, both ends fall together and the chord vanishes.
    first = np.where(crosses, np.clip((-half - root) / length2, 0.0, 1.0), 0.0)[:, None]
    last = np.where(crosses, np.clip((-half + root) / length2, 0.0, 1.0), 0.0)[:, None]
    enter, leave = a + first * step, a + last * step
    chord = _cross(enter, leave)
    arcs = _angle(a, enter) + _angle(leave, b)
    return 0.5 * (chord + radius**2 * arcs)


def _cross(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    return u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]


def _angle(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    return np.arctan2(_cross(u, v), np.einsum("ij,ij->i", u, v))


def _cells(x: np.ndarray, y: np.ndarray, radius: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the distinct centres and the Voronoi cell of each, wide enough for its disc."""
    centres = np.unique(np.column_stack([x, y]), axis=0)
    if len(centres) == 0:
        return centres, np.empty(0, dtype=object)
    origin = centres.mean(axis=0)
    local = centres - origin
    reach = np.abs(local).max() + 4 * radius + 1.0
    # Four far corners close every cell and make one, two or collinear centres an ordinary case.
    # Any place within the radius of a centre is nearer to it than to a corner.
    corners = 3 * reach * np.array([[-1, -1], [-1, 1], [1, -1], [1, 1]], dtype=float)
    seeds = shapely.multipoints(np.vstack([local, corners]))
    diagram = shapely.voronoi_polygons(seeds, ordered=True)
    cells = shapely.get_parts(diagram)[: len(centres)]
    return centres, shapely.transform(cells, lambda c: c + origin)
