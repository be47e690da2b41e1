"""What stands in each other's way, and what comes back on the same ground."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo_citymgmt._gate import METRES, Features, Frame, Gate, labels_at
from geo_citymgmt.spec import load_specs


def ids(frame: Frame) -> pd.Series:
    """Ids of the records as text: the id column of the layer where there is one, else the index."""
    if isinstance(frame, gpd.GeoDataFrame):
        columns = {name for name in frame.columns if isinstance(name, str)}
        known = [s for s in load_specs().values() if s.is_counted and s.id_field in columns]
        # A record may name one of another layer too: its own is the one it has most fields of.
        shared = [len(columns & set(spec.fields)) for spec in known]
        if known and shared.count(max(shared)) == 1:
            return frame[known[shared.index(max(shared))].id_field].astype("str")
    labels = frame.index
    if isinstance(labels, pd.MultiIndex):
        labels = labels.to_flat_index()
    return pd.Series([str(label) for label in labels], index=frame.index, dtype="str")


def has_area(geometry: np.ndarray) -> np.ndarray:
    """Tell which geometries are polygons with an area: what can stand on another's footprint."""
    return (shapely.get_dimensions(geometry) == 2) & (shapely.area(geometry) > 0)


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


def recurrence(
    parcels: gpd.GeoDataFrame,
    *,
    within_days: int,
    overlap: float = 0.3,
    found: str = "found_date",
    closed: str = "closed_date",
) -> pd.DataFrame:
    """Pair each parcel with the earlier, closed ones on whose footprint it was found.

    Parameters
    ----------
    parcels : GeoDataFrame
        Polygons in a metric CRS with the two dates. Points have no footprint, and records without
        the date they need cannot take part; ``.attrs`` says how many there are.
    within_days : int
        The later one was found at least one day and at most so many days after the earlier one was
        closed.
    overlap : float
        Smallest part of the smaller footprint that both must share, above 0 and up to 1.
    found, closed : str
        Columns of the dates; ``completed_date`` as ``closed`` counts from demolition instead.

    Returns
    -------
    DataFrame
        One row a pair, by ``later``, then ``earlier``: both as labels of the index of ``parcels``,
        their ids ``earlier_id``, ``later_id``, ``closed_date``, ``found_date``, ``days`` between,
        ``overlap_m2`` and its share of the smaller footprint ``overlap``. A parcel may come after
        several: parcels that came back are ``result["later"].nunique()``. ``.attrs`` holds
        ``no_footprint``, ``no_found_date``, ``no_closed_date``.

    Warns
    -----
    ScaleWarning
        Areas in the CRS are more than 0.1 % wrong over the data; beyond 1 % a CRSError.

    Raises
    ------
    CRSError
        Areas cannot be measured in the CRS.
    CityDataError
        No such column, not a column of dates, or limits that make no sense.

    See Also
    --------
    changes, relapse_rates

    Examples
    --------
    >>> lots = gpd.GeoDataFrame(
    ...     {"parcel_id": ["old", "new"],
    ...      "found_date": pd.to_datetime(["2021-01-05", "2022-03-01"]),
    ...      "closed_date": pd.to_datetime(["2021-12-01", None])},
    ...     geometry=[shapely.box(550_000, 3_460_000, 550_010, 3_460_010),
    ...               shapely.box(550_005, 3_460_000, 550_015, 3_460_010)], crs="EPSG:4549")
    >>> recurrence(lots, within_days=180)[["earlier_id", "later_id", "days", "overlap"]]
      earlier_id later_id  days  overlap
    0        old      new    90      0.5
    """
    gate = Gate("recurrence")
    within = gate.whole(within_days, "within_days", least=1)
    overlap = gate.number(overlap, "overlap", above=0, most=1)
    features = gate.features(parcels, "parcels", measures=("area",), needs_columns=True)
    found_on = gate.days(parcels, found, "found")
    closed_on = gate.days(parcels, closed, "closed")
    geometry = features.geometry
    footprint = has_area(geometry)
    later = np.flatnonzero(footprint & ~np.isnat(found_on))
    earlier = np.flatnonzero(footprint & ~np.isnat(closed_on))
    at_later, at_earlier = shapely.STRtree(geometry[earlier]).query(
        geometry[later], predicate="intersects"
    )
    later, earlier = later[at_later], earlier[at_earlier]
    days = (found_on[later] - closed_on[earlier]).astype("int64")
    near = (days >= 1) & (days <= within) & (later != earlier)
    later, earlier, days = later[near], earlier[near], days[near]
    shared = shapely.area(shapely.intersection(geometry[later], geometry[earlier]))
    smaller = np.minimum(shapely.area(geometry[later]), shapely.area(geometry[earlier]))
    # A millionth less is the rounding of an overlay, not another footprint.
    enough = shared >= overlap * smaller * (1 - 1e-6)
    later, earlier, days = later[enough], earlier[enough], days[enough]
    shared, smaller = shared[enough], smaller[enough]
    name = ids(parcels).to_numpy()
    pairs = pd.DataFrame(
        {
            "earlier": labels_at(parcels.index, earlier),
            "later": labels_at(parcels.index, later),
            "earlier_id": pd.array(name[earlier], dtype="str"),
            "later_id": pd.array(name[later], dtype="str"),
            "closed_date": closed_on[earlier],
            "found_date": found_on[later],
            "days": days,
            "overlap_m2": shared,
            "overlap": shared / smaller,
        }
    )
    pairs = pairs.iloc[_order(pairs, later, earlier)].reset_index(drop=True)
    pairs.attrs = {
        "no_footprint": int((~footprint).sum()),
        "no_found_date": int(np.isnat(found_on).sum()),
        "no_closed_date": int(np.isnat(closed_on).sum()),
    }
    return pairs


def _order(pairs: pd.DataFrame, later: np.ndarray, earlier: np.ndarray) -> np.ndarray:
    """Order by the labels, or by position where the labels have no order of their own."""
    try:
        return np.asarray(pairs.sort_values(["later", "earlier"]).index)
    except TypeError:
        return np.lexsort([earlier, later])
