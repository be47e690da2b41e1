"""How much of a zone a service reaches: area and people within a distance."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo_citymgmt.coverage.reach import ARC_SEGMENTS, Reach, checked_reach, demand_weights
from geo_citymgmt.metric import require_same_crs
from geo_citymgmt.zones.ownership import OUTSIDE, UNLOCATED, ZoneIndex, zone_codes

__all__ = ["ARC_SEGMENTS", "coverage", "coverage_area"]

_MARGINS = ("outside", "unlocated", "total")


def coverage(
    features: gpd.GeoDataFrame | gpd.GeoSeries,
    zones: gpd.GeoDataFrame | gpd.GeoSeries,
    *,
    radius_m: float,
    at_least: int = 1,
    demand: gpd.GeoDataFrame | None = None,
    weight: str | None = None,
    margins: bool = False,
) -> pd.DataFrame:
    """Tell which part of each zone lies within ``radius_m`` of a feature, or of several.

    Straight-line distance in the plane of the CRS. For points the area is exact (closed form); for
    lines and polygons arcs are chords of :data:`ARC_SEGMENTS` segments a quarter, at most 0.0075 %
    of the radius inside the arc, which makes the area at most 0.01 % too small.

    Parameters
    ----------
    features : GeoDataFrame or GeoSeries
        Facilities in the CRS of ``zones``; rows without geometry reach nothing. ``city[key]`` holds
        the records of every state, planned and removed ones too: choose those that serve.
    zones : GeoDataFrame or GeoSeries
        Polygons indexed by code.
    radius_m : float
        Reach in metres.
    at_least : int
        How many features must be that near: 2 tells where a place has a choice, or is still served
        when one closes. Coincident features count each. For points this too is exact; the work
        then grows with the pairs of features nearer than twice the radius.
    demand : GeoDataFrame, optional
        Whom to reach: points, or polygons whose weight is spread evenly over their area.
    weight : str, optional
        Column of ``demand`` that says how many; each row counts one without it.
    margins : bool
        Add rows ``outside``, ``unlocated`` and ``total``, marked in a column ``row_kind``.

    Returns
    -------
    DataFrame
        On the codes of ``zones``: ``area_m2``, ``covered_m2``, ``coverage``; with ``demand``
        also ``demand``, ``demand_covered``, ``demand_coverage``. In the row ``total`` the shares
        refer to the zones alone.

    Warns
    -----
    ScaleWarning
        Areas or distances in the CRS are more than 0.1 % wrong over the data (beyond 1 %:
        a CRSError).

    Raises
    ------
    CRSError
        The CRS differ, or areas and distances cannot be measured in theirs.
    CityDataError
        The radius is not positive, ``at_least`` no whole number, or there is no such weight.

    Examples
    --------
    >>> zone = gpd.GeoSeries([shapely.box(550_000, 3_460_000, 551_000, 3_461_000)],
    ...                      index=["A"], crs="EPSG:4549")
    >>> stop = gpd.GeoSeries([shapely.Point(550_000, 3_460_000)], crs="EPSG:4549")
    >>> coverage(stop, zone, radius_m=300).round(4).loc["A"].tolist()
    [1000000.0, 70685.8347, 0.0707]

    Of a city's layer, those that serve, and of them the kinds that are asked about:

    >>> import geo_citymgmt as gcm
    >>> city = gcm.sample_city()
    >>> bikes = city["bike_stations"].query("status == 'operating'")
    >>> parked = bikes[bikes["station_kind"].isin(["docked", "bay"])]
    >>> len(city["bike_stations"]), len(bikes), len(parked)
    (8120, 7930, 7800)
    >>> float(coverage(parked, city.zones, radius_m=300).loc["320508", "coverage"].round(3))
    0.753
    """
    index, reach = checked_reach(features, zones, radius_m, "coverage", at_least)
    codes = zone_codes(zones)
    position = pd.Series(np.arange(len(index.codes)), index=index.codes)[codes].to_numpy()
    own = index.polygons[position]
    covered = reach.area_in(own)
    table = pd.DataFrame({"area_m2": shapely.area(own), "covered_m2": covered}, index=codes)
    table["coverage"] = _ratio(table["covered_m2"], table["area_m2"])
    if margins:
        total_covered = reach.area()
        rest = total_covered - covered.sum()
        table = pd.concat(
            [
                table,
                pd.DataFrame(
                    {
                        "area_m2": [np.nan, np.nan, table["area_m2"].sum()],
                        # Below this it is rounding, not a place that is reached.
                        "covered_m2": [
                            rest if rest > 1e-9 * total_covered else 0.0,
                            0.0,
                            total_covered,
                        ],
                        "coverage": [
                            np.nan,
                            np.nan,
                            covered.sum() / max(table["area_m2"].sum(), 1e-300),
                        ],
                    },
                    index=pd.Index(_MARGINS, dtype="str"),
                ),
            ]
        )
    if demand is not None:
        require_same_crs(demand, zones, "coverage")
        _add_demand(table, index, position, reach, demand, weight, margins)
    table.index.name = codes.name
    if margins:
        kinds = ["zone"] * len(codes) + list(_MARGINS)
        table.insert(0, "row_kind", pd.array(kinds, dtype="str"))
    return table


def coverage_area(
    features: gpd.GeoDataFrame | gpd.GeoSeries,
    zones: gpd.GeoDataFrame | gpd.GeoSeries,
    *,
    radius_m: float,
    at_least: int = 1,
) -> gpd.GeoDataFrame:
    """Return the covered part of each zone, to be drawn.

    Parameters
    ----------
    features, zones, radius_m, at_least
        As in :func:`coverage`.

    Returns
    -------
    GeoDataFrame
        On the codes of ``zones``, in their order: ``covered_m2`` as :func:`coverage` gives it and
        the covered polygons (arcs of :data:`ARC_SEGMENTS` segments a quarter), empty where nothing
        is covered.

    Examples
    --------
    >>> zone = gpd.GeoSeries([shapely.box(550_000, 3_460_000, 551_000, 3_461_000)],
    ...                      index=["A"], crs="EPSG:4549")
    >>> stop = gpd.GeoSeries([shapely.Point(550_500, 3_460_500)], crs="EPSG:4549")
    >>> coverage_area(stop, zone, radius_m=100).geometry["A"].geom_type
    'Polygon'
    """
    index, reach = checked_reach(features, zones, radius_m, "coverage_area", at_least)
    codes = zone_codes(zones)
    position = pd.Series(np.arange(len(index.codes)), index=index.codes)[codes].to_numpy()
    own = index.polygons[position]
    return gpd.GeoDataFrame(
        {"covered_m2": reach.area_in(own)},
        geometry=reach.shape_in(own),
        index=codes,
        crs=zones.crs,
    )


def _add_demand(
    table: pd.DataFrame,
    index: ZoneIndex,
    position: np.ndarray,
    reach: Reach,
    demand: gpd.GeoDataFrame,
    weight: str | None,
    margins: bool,
) -> None:
    weights = demand_weights(demand, weight, "coverage")
    parts = index.shares(demand.geometry.to_numpy(), pieces=True)
    assert parts.piece is not None
    amount = weights[parts.feature] * parts.share
    reached = amount * reach.reaches(parts.piece)
    sums = pd.DataFrame({"demand": amount, "demand_covered": reached}).groupby(parts.zone).sum()
    rows = [*position.tolist(), *((OUTSIDE, UNLOCATED) if margins else ())]
    out = sums.reindex(rows, fill_value=0.0).to_numpy()
    if margins:
        out = np.vstack([out, sums.sum().to_numpy()])
    table["demand"], table["demand_covered"] = out[:, 0], out[:, 1]
    table["demand_coverage"] = _ratio(table["demand_covered"], table["demand"])


def _ratio(part: pd.Series, whole: pd.Series) -> pd.Series:
    return part / whole.where(whole > 0)
