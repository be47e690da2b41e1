"""Recurrence: what was closed, and came back on the same ground."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo_citymgmt._gate import Gate, labels_at
from geo_citymgmt.patterns.records import has_area, ids

__all__ = ["recurrence"]


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
