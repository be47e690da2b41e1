"""Where the most people are out of reach."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from geo_citymgmt._gate import Frame, Gate
from geo_citymgmt.coverage.reach import Demand, Reach, checked_reach, demand_weights
from geo_citymgmt.zones.ownership import ZoneIndex

__all__ = ["coverage_gaps"]

#: Smaller than this a part is what rounding leaves where arcs and sides meet.
_DUST_M2 = 1e-6


def coverage_gaps(
    features: Frame,
    zones: Frame,
    *,
    radius_m: float,
    demand: Frame,
    weight: str | None = None,
    at_least: int = 1,
    n: int | None = 20,
    min_demand: float = 0.0,
    min_per_km2: float = 0.0,
) -> gpd.GeoDataFrame:
    """List the places where the most people are farther than ``radius_m`` from a feature.

    A gap is a contiguous area within one zone that is not reached and has demand on it: the
    unreached parts of demand polygons, joined where they share a side. Points of demand stand for
    discs of half the radius, so those nearer to each other than the radius make one gap; each
    counts whole.

    Parameters
    ----------
    features, zones, radius_m, at_least
        As in :func:`geo_citymgmt.coverage`.
    demand : GeoDataFrame
        Points, or polygons whose weight is spread evenly over their area.
    weight : str, optional
        Column of ``demand`` that says how many; each row counts one without it.
    n : int, optional
        How many gaps to list at most; None for all.
    min_demand : float
        Leave out gaps with less.
    min_per_km2 : float
        Demand polygons that are thinner make no gap. Where cells cover all of the country, a
        density parts towns from the fields that join them.

    Returns
    -------
    GeoDataFrame
        On ``rank`` from 1, most demand first: ``zone_code``; ``demand`` unreached there, exact
        where the features are points; ``area_m2`` of the polygon; ``distance_m`` to the nearest
        feature, the mean over the demand (from a point on the unreached part of each demand
        polygon), missing where there is no feature; the polygon, with arcs as in
        :func:`geo_citymgmt.coverage_area`.

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
        The radius is not positive, or there is no such weight.

    See Also
    --------
    coverage, unserved

    Examples
    --------
    >>> zone = gpd.GeoSeries([shapely.box(550_000, 3_460_000, 552_000, 3_461_000)],
    ...                      index=["A"], crs="EPSG:4549")
    >>> homes = gpd.GeoDataFrame({"people": [900.0, 300.0]}, crs="EPSG:4549", geometry=[
    ...     shapely.box(550_000, 3_460_000, 550_100, 3_460_100),
    ...     shapely.box(551_000, 3_460_000, 551_100, 3_460_100)])
    >>> stop = gpd.GeoSeries([shapely.Point(550_050, 3_460_050)], crs="EPSG:4549")
    >>> gaps = coverage_gaps(stop, zone, radius_m=300, demand=homes, weight="people")
    >>> gaps[["zone_code", "demand", "area_m2", "distance_m"]].round(1).values.tolist()
    [['A', 300.0, 10000.0, 1000.0]]
    """
    gate = Gate("coverage_gaps")
    n = None if n is None else gate.whole(n, "n")
    min_demand = gate.number(min_demand, "min_demand", least=0)
    min_per_km2 = gate.number(min_per_km2, "min_per_km2", least=0)
    given, index, reach = checked_reach(gate, features, zones, radius_m, at_least)
    people = gate.features(demand, "demand", like=given, needs_columns=weight is not None)
    weights = demand_weights(gate, people, weight, "weight")
    wanted = Demand(index, reach, people, weights)
    return gaps_of(
        index, reach, wanted, given.crs, n=n, min_demand=min_demand, min_per_km2=min_per_km2
    )


def gaps_of(
    index: ZoneIndex,
    reach: Reach,
    demand: Demand,
    crs: CRS,
    *,
    n: int | None,
    min_demand: float = 0.0,
    min_per_km2: float = 0.0,
) -> gpd.GeoDataFrame:
    """Return the gaps of a demand of which it is known already what is reached."""
    lacking = _unreached(demand, reach, min_per_km2)
    gaps = _joined(lacking, reach.radius)
    gaps["distance_m"] = _mean_distance(lacking, reach, len(gaps))
    gaps["demand"] = np.bincount(lacking["gap"], lacking["amount"], len(gaps))
    order = np.lexsort([np.arange(len(gaps)), -gaps["demand"].to_numpy().round(6)])
    gaps = gaps.iloc[order]
    gaps = gaps[(gaps["demand"] > 0) & (gaps["demand"] >= min_demand)].iloc[:n]
    rank = pd.RangeIndex(1, len(gaps) + 1, name="rank")
    return gpd.GeoDataFrame(
        {
            "zone_code": index.code_of(gaps["zone"].to_numpy(dtype=np.int64), rank),
            "demand": gaps["demand"].to_numpy(),
            "area_m2": shapely.area(gaps["shape"].to_numpy()),
            "distance_m": gaps["distance_m"].to_numpy(),
        },
        geometry=gaps["shape"].to_numpy(),
        index=rank,
        crs=crs,
    )


def _unreached(demand: Demand, reach: Reach, min_per_km2: float) -> pd.DataFrame:
    """Unreached parts of the demand in zones, contiguous ones one by one, and the people there."""
    parts, amount = demand.parts, demand.amount
    assert parts.piece is not None
    dimension = shapely.get_dimensions(parts.piece)
    area = shapely.area(parts.piece)
    dense = (dimension != 2) | (amount >= min_per_km2 * 1e-6 * area)
    chosen = np.flatnonzero((parts.zone >= 0) & (amount > 0) & dense)
    piece, zone, amount = parts.piece[chosen], parts.zone[chosen], amount[chosen]
    missing = 1.0 - demand.reached[chosen]
    # Below this it is rounding, not a place that is left.
    some = np.flatnonzero(missing > 1e-9)
    piece, zone, amount = piece[some], zone[some], amount[some] * missing[some]
    partly = np.flatnonzero(missing[some] < 1.0)
    piece[partly] = shapely.difference(piece[partly], reach.shape_in(piece[partly]))
    single, row = shapely.get_parts(piece, return_index=True)
    ground = (shapely.get_dimensions(single) != 2) | (shapely.area(single) > _DUST_M2)
    single, row = single[ground], row[ground]
    size = np.where(shapely.get_dimensions(single) == 2, shapely.area(single), 1.0)
    whole = np.bincount(row, size, len(piece))[row]
    share = np.divide(size, whole, out=np.zeros_like(size), where=whole > 0)
    return pd.DataFrame({"shape": single, "zone": zone[row], "amount": amount[row] * share})


def _joined(lacking: pd.DataFrame, radius: float) -> pd.DataFrame:
    """Contiguous patches of each zone; tells each row of ``lacking`` which ``gap`` it is in."""
    shape, zone = lacking["shape"].to_numpy(), lacking["zone"].to_numpy()
    points = shapely.get_type_id(shape) == 0
    shape = np.where(points, shapely.buffer(shape, 0.5 * radius), shape)
    gap = np.zeros(len(lacking), dtype=np.int64)
    patches: list[np.ndarray] = []
    zones: list[np.ndarray] = []
    begin = 0
    for code in np.unique(zone):
        mine = np.flatnonzero(zone == code)
        parts = shapely.get_parts(shapely.union_all(shape[mine]))
        spot = shapely.point_on_surface(shape[mine])
        gap[mine] = begin + shapely.STRtree(parts).nearest(spot)
        patches.append(parts)
        zones.append(np.full(len(parts), code))
        begin += len(parts)
    lacking["gap"] = gap
    return pd.DataFrame(
        {
            "shape": np.concatenate(patches) if patches else np.empty(0, dtype=object),
            "zone": np.concatenate(zones) if zones else np.empty(0, dtype=np.int64),
        }
    )


def _mean_distance(lacking: pd.DataFrame, reach: Reach, n: int) -> np.ndarray:
    if not len(reach.features) or not len(lacking):
        return np.full(n, np.nan)
    spots = shapely.point_on_surface(lacking["shape"].to_numpy())
    distance = shapely.distance(spots, reach.features[reach.tree.nearest(spots)])
    amount, gap = lacking["amount"].to_numpy(), lacking["gap"].to_numpy()
    people = np.bincount(gap, amount, n)
    return np.bincount(gap, amount * distance, n) / np.where(people > 0, people, 1.0)
