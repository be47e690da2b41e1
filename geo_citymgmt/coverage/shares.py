"""How much of a zone a service reaches: area and people within a distance."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo_citymgmt._gate import Frame, Gate
from geo_citymgmt.coverage.reach import ARC_SEGMENTS, Demand, Reach, checked_reach, demand_weights
from geo_citymgmt.zones.ownership import OUTSIDE, UNLOCATED, ZoneIndex, with_margins

__all__ = [
    "ARC_SEGMENTS",
    "coverage",
    "coverage_area",
    "coverage_shapes",
    "coverage_table",
    "reach_table",
]

_MARGINS = ("outside", "unlocated", "total")


def coverage(
    features: Frame,
    zones: Frame,
    *,
    radius_m: float,
    at_least: int = 1,
    demand: gpd.GeoDataFrame | None = None,
    weight: str | None = None,
    margins: bool = False,
) -> pd.DataFrame:
    """Tell which part of each zone lies within ``radius_m`` of a feature, or of several.

    Straight-line distance in the plane of the CRS. For points the area is exact (closed form); for
    lines and polygons arcs are chords of ``ARC_SEGMENTS`` segments a quarter, at most 0.0075 %
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

    See Also
    --------
    coverage_area, coverage_map, coverage_gaps, share_within

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
    return coverage_table(
        Gate("coverage"), features, zones, radius_m, at_least, demand, weight, margins
    )


def coverage_table(
    gate: Gate,
    features: Frame,
    zones: Frame,
    radius_m: float,
    at_least: int = 1,
    demand: Frame | None = None,
    weight: str | None = None,
    margins: bool = False,
) -> pd.DataFrame:
    """Coverage for the function of ``gate``, by whose name what is wrong is refused."""
    gate.choice(margins, "margins", (True, False))
    given, index, reach = checked_reach(gate, features, zones, radius_m, at_least)
    wanted = None
    if demand is not None:
        people = gate.features(demand, "demand", like=given, needs_columns=weight is not None)
        wanted = Demand(index, reach, people, demand_weights(gate, people, weight, "weight"))
    return reach_table(given, index, reach, wanted, margins=margins)


def reach_table(
    given: gpd.GeoSeries, index: ZoneIndex, reach: Reach, demand: Demand | None, *, margins: bool
) -> pd.DataFrame:
    """Coverage of the zones ``given`` by what is reached, and of the demand in them."""
    position = index.codes.get_indexer(given.index)
    own = index.polygons[position]
    covered = reach.area_in(own)
    area = shapely.area(own)
    if margins:
        total = reach.area()
        rest = total - covered.sum()
        # Below this it is rounding, not a place that is reached.
        beyond = rest if rest > 1e-9 * total else 0.0
        area = np.append(area, [np.nan, np.nan, area.sum()])
        covered = np.append(covered, [beyond, 0.0, total])
    names = with_margins(given.index, _MARGINS if margins else ())
    table = pd.DataFrame({"area_m2": area, "covered_m2": covered}, index=names)
    table["coverage"] = _share(table["covered_m2"], table["area_m2"], len(given), margins)
    if demand is not None:
        sums = _sums(demand)
        rows = [*position.tolist(), *((OUTSIDE, UNLOCATED) if margins else ())]
        out = sums.reindex(rows, fill_value=0.0).to_numpy()
        if margins:
            out = np.vstack([out, sums.sum().to_numpy()])
        table["demand"], table["demand_covered"] = out[:, 0], out[:, 1]
        table["demand_coverage"] = _share(
            table["demand_covered"], table["demand"], len(given), margins
        )
    if margins:
        kinds = ["zone"] * len(given) + list(_MARGINS)
        table.insert(0, "row_kind", pd.array(kinds, dtype="str"))
    return table


def coverage_area(
    features: Frame,
    zones: Frame,
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
        the covered polygons (arcs of ``ARC_SEGMENTS`` segments a quarter), empty where nothing
        is covered.

    See Also
    --------
    coverage, coverage_map

    Examples
    --------
    >>> zone = gpd.GeoSeries([shapely.box(550_000, 3_460_000, 551_000, 3_461_000)],
    ...                      index=["A"], crs="EPSG:4549")
    >>> stop = gpd.GeoSeries([shapely.Point(550_500, 3_460_500)], crs="EPSG:4549")
    >>> coverage_area(stop, zone, radius_m=100).geometry["A"].geom_type
    'Polygon'
    """
    return coverage_shapes(Gate("coverage_area"), features, zones, radius_m, at_least)


def coverage_shapes(
    gate: Gate, features: Frame, zones: Frame, radius_m: float, at_least: int = 1
) -> gpd.GeoDataFrame:
    """Covered parts for the function of ``gate``."""
    given, index, reach = checked_reach(gate, features, zones, radius_m, at_least)
    own = index.polygons[index.codes.get_indexer(given.index)]
    return gpd.GeoDataFrame(
        {"covered_m2": reach.area_in(own)},
        geometry=reach.shape_in(own),
        index=with_margins(given.index, ()),
        crs=given.crs,
    )


def _sums(demand: Demand) -> pd.DataFrame:
    """Demand and what of it is reached, by position of the zone, outside and unlocated."""
    reached = demand.amount * demand.reached
    sums = pd.DataFrame({"demand": demand.amount, "demand_covered": reached})
    return sums.groupby(demand.parts.zone).sum()


def _share(part: pd.Series, whole: pd.Series, n_zones: int, margins: bool) -> pd.Series:
    """Part of each row; of the row ``total`` that of the zones alone."""
    share = part / whole.where(whole > 0)
    if margins:
        total = whole.iloc[:n_zones].sum()
        share.iloc[-1] = part.iloc[:n_zones].sum() / total if total > 0 else np.nan
    return share
