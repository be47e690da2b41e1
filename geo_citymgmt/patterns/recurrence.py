"""Recurrence: what was closed, and came back on the same ground."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo_citymgmt.errors import CityDataError
from geo_citymgmt.metric import require_metric
from geo_citymgmt.patterns.records import column, has_area, ids
from geo_citymgmt.words import Text

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
    require_metric(parcels, "recurrence", measures=("area",))
    if within_days < 1 or not 0 < overlap <= 1:
        raise CityDataError(
            Text(
                f"recurrence：天数 {within_days} 应不小于 1，重叠比例 {overlap} 应在 0 与 1 之间。",
                f"recurrence: within_days is {within_days} and overlap {overlap}; they must be "
                "at least"
                " 1, and above 0 and at most 1.",
            ),
        )
    found_on = _dates(parcels, found)
    closed_on = _dates(parcels, closed)
    geometry = parcels.geometry.to_numpy()
    footprint = has_area(geometry)
    later = np.flatnonzero(footprint & ~np.isnat(found_on))
    earlier = np.flatnonzero(footprint & ~np.isnat(closed_on))
    at_later, at_earlier = shapely.STRtree(geometry[earlier]).query(
        geometry[later], predicate="intersects"
    )
    later, earlier = later[at_later], earlier[at_earlier]
    days = (found_on[later] - closed_on[earlier]).astype("int64")
    near = (days >= 1) & (days <= within_days) & (later != earlier)
    later, earlier, days = later[near], earlier[near], days[near]
    shared = shapely.area(shapely.intersection(geometry[later], geometry[earlier]))
    smaller = np.minimum(shapely.area(geometry[later]), shapely.area(geometry[earlier]))
    # A millionth less is the rounding of an overlay, not another footprint.
    enough = shared >= overlap * smaller * (1 - 1e-6)
    later, earlier, days = later[enough], earlier[enough], days[enough]
    shared, smaller = shared[enough], smaller[enough]
    label, name = parcels.index, ids(parcels).to_numpy()
    pairs = pd.DataFrame(
        {
            "earlier": label[earlier],
            "later": label[later],
            "earlier_id": pd.array(name[earlier], dtype="str"),
            "later_id": pd.array(name[later], dtype="str"),
            "closed_date": closed_on[earlier],
            "found_date": found_on[later],
            "days": days,
            "overlap_m2": shared,
            "overlap": shared / smaller,
        }
    )
    pairs = pairs.sort_values(["later", "earlier"], ignore_index=True)
    pairs.attrs = {
        "no_footprint": int((~footprint).sum()),
        "no_found_date": int(np.isnat(found_on).sum()),
        "no_closed_date": int(np.isnat(closed_on).sum()),
    }
    return pairs


def _dates(parcels: gpd.GeoDataFrame, name: str) -> np.ndarray:
    dates = column(parcels, name, "recurrence")
    if dates.isna().all():
        return np.full(len(parcels), np.datetime64("NaT", "D"))
    if not pd.api.types.is_datetime64_any_dtype(dates):
        raise CityDataError(
            Text(
                f"recurrence：字段“{name}”不是日期型，请用 read_layer 读取或先转换为日期。",
                f"recurrence: {name!r} is not a column of dates; read the file with read_layer, or"
                " convert it with pandas.to_datetime.",
            ),
        )
    return dates.to_numpy().astype("datetime64[D]")
