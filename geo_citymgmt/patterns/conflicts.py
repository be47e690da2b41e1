"""Conflicts: features of one layer on, or too near to, those of another."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo_citymgmt._gate import METRES, Features, Frame, Gate, labels_at
from geo_citymgmt.patterns.records import ids

__all__ = ["conflicts"]


def conflicts(
    first: Frame,
    second: Frame,
    *,
    within_m: float = 0.0,
) -> pd.DataFrame:
    """List the pairs of features that meet, or lie within a distance: a bay on a manhole.

    Parameters
    ----------
    first, second : GeoDataFrame or GeoSeries
        Features of any kind in one metric CRS. Give the same features twice, equal in index,
        columns and geometry, for conflicts within a layer: each pair comes once then, and none
        with itself.
    within_m : float
        Largest distance in metres in the plane; 0 for features that share at least a point.
        Parcels side by side share one too; ``overlap_m2`` tells them apart.

    Returns
    -------
    DataFrame
        One row a pair, in the order of ``first``, then ``second``: ``first`` and ``second`` (labels
        of their indices), ``first_id`` and ``second_id``, ``distance_m``, ``overlap_m2`` (of two
        polygons) and ``overlap_m`` (length of a line within the other), zero where they do not
        apply. ``.attrs`` holds whether both are the ``same`` features, and how many have no place:
        ``first_unlocated``, ``second_unlocated``.

    Warns
    -----
    ScaleWarning
        Areas or distances in the CRS are more than 0.1 % wrong over the data (beyond 1 %:
        a CRSError).

    Raises
    ------
    CRSError
        The CRS differ, or distances and areas cannot be measured in theirs.
    CityDataError
        The distance is negative.

    See Also
    --------
    nearest, changes

    Examples
    --------
    >>> bay = gpd.GeoSeries([shapely.box(550_000, 3_460_000, 550_005, 3_460_002)], index=["bay"],
    ...                     crs="EPSG:4549")
    >>> holes = gpd.GeoSeries(gpd.points_from_xy([550_001, 550_006], [3_460_001] * 2),
    ...                       index=["on it", "beside"], crs="EPSG:4549")
    >>> conflicts(bay, holes, within_m=1.0)[["first", "second", "distance_m"]]
      first  second  distance_m
    0   bay   on it         0.0
    1   bay  beside         1.0
    """
    gate = Gate("conflicts")
    within = gate.number(within_m, "within_m", least=0, unit=METRES)
    left_side = gate.features(first, "first", measures=("area", "length"))
    right_side = gate.features(second, "second", like=left_side)
    ours, theirs = left_side.geometry, right_side.geometry
    if within > 0:
        one, other = shapely.STRtree(theirs).query(ours, predicate="dwithin", distance=within)
    else:
        one, other = shapely.STRtree(theirs).query(ours, predicate="intersects")
    same = _same(left_side, right_side)
    if same:
        once = one < other
        one, other = one[once], other[once]
    order = np.lexsort([other, one])
    one, other = one[order], other[order]
    left, right = ours[one], theirs[other]
    distance = shapely.distance(left, right)
    meet = np.flatnonzero(distance == 0)
    area, length = np.zeros(len(one)), np.zeros(len(one))
    dimension = np.minimum(shapely.get_dimensions(left), shapely.get_dimensions(right))
    extended = meet[dimension[meet] > 0]
    shared = shapely.intersection(left[extended], right[extended])
    area[extended] = shapely.area(shared)
    lines = dimension[extended] == 1
    length[extended[lines]] = shapely.length(shared[lines])
    first_id, second_id = ids(first).to_numpy(), ids(second).to_numpy()
    pairs = pd.DataFrame(
        {
            "first": labels_at(first.index, one),
            "second": labels_at(second.index, other),
            "first_id": pd.array(first_id[one], dtype="str"),
            "second_id": pd.array(second_id[other], dtype="str"),
            "distance_m": distance,
            "overlap_m2": area,
            "overlap_m": length,
        }
    )
    pairs.attrs = {
        "same": same,
        "first_unlocated": int((~left_side.shapes.placed).sum()),
        "second_unlocated": int((~right_side.shapes.placed).sum()),
    }
    return pairs


def _same(first: Features, second: Features) -> bool:
    """Whether two frames hold the same features: selected twice they are two objects."""
    if first.given is second.given:
        return True
    if type(first.given) is not type(second.given) or not first.index.equals(second.index):
        return False
    if isinstance(first.given, gpd.GeoDataFrame) and not _columns_equal(first.given, second.given):
        return False
    placed = first.shapes.placed
    return np.array_equal(placed, second.shapes.placed) and bool(
        shapely.equals_identical(first.geometry[placed], second.geometry[placed]).all()
    )


def _columns_equal(first: gpd.GeoDataFrame, second: gpd.GeoDataFrame) -> bool:
    rest = [frame.drop(columns=frame.active_geometry_name) for frame in (first, second)]
    return bool(rest[0].equals(rest[1]))
