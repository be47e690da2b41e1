"""What a service reaches: area and people within a distance, and where most are left out."""

from __future__ import annotations

from functools import cached_property

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from geo_citymgmt._gate import METRES, Features, Frame, Gate
from geo_citymgmt.access._discs import DiscDepth, DiscUnion
from geo_citymgmt.zones._ownership import (
    OUTSIDE,
    UNLOCATED,
    Located,
    ZoneIndex,
    mark_rows,
    with_margins,
)

#: Segments of a quarter circle where a buffer must stand for an arc: chords lie at most 0.0075 %
#: of the radius inside the arc, and a disc is 0.01 % too small.
ARC_SEGMENTS = 64


class Reach:
    """What lies within the radius of enough features: exact for points, by buffers for the rest."""

    def __init__(self, geometry: np.ndarray, radius: float, at_least: int = 1) -> None:
        kind = shapely.get_type_id(geometry)
        usable = (kind >= 0) & ~shapely.is_empty(geometry)
        self.features = geometry[usable]
        self.radius, self.at_least = radius, at_least
        # Lines or polygons among them make buffers of all.
        self.exact = bool((kind[usable] == 0).all())
        self.tree = shapely.STRtree(self.features)

    @cached_property
    def _discs(self) -> DiscUnion | DiscDepth:
        x, y = shapely.get_x(self.features), shapely.get_y(self.features)
        if self.at_least == 1:
            return DiscUnion(x, y, self.radius)
        return DiscDepth(x, y, self.radius, self.at_least)

    def area_in(self, polygons: np.ndarray) -> np.ndarray:
        """Reached area of each polygon."""
        if self.exact:
            return self._discs.area_in(polygons)
        return shapely.area(self.shape_in(polygons))

    def area(self) -> float:
        """Reached area in all."""
        if not len(self.features):
            return 0.0
        if self.exact:
            return self._discs.area()
        return float(shapely.area(self._joined(self._buffers(slice(None)))))

    def shape_in(self, polygons: np.ndarray) -> np.ndarray:
        """Reached part of each polygon, from the features near it."""
        at, near = self.tree.query(polygons, predicate="dwithin", distance=self.radius)
        order = np.argsort(at, kind="stable")
        at, near = at[order], near[order]
        out = np.full(len(polygons), shapely.Polygon(), dtype=object)
        first = np.flatnonzero(np.diff(at, prepend=-1))
        buffers = self._buffers_of(near)
        for k, some in zip(at[first], np.split(near, first[1:]), strict=False):
            out[k] = shapely.intersection(self._joined(buffers[some]), polygons[k])
        return out

    def _buffers_of(self, near: np.ndarray) -> np.ndarray:
        """Buffers at the places of their features: one near many polygons is buffered once."""
        out = np.full(len(self.features), None, dtype=object)
        some = np.unique(near)
        out[some] = self._buffers(some)
        return out

    def _buffers(self, some: np.ndarray | slice) -> np.ndarray:
        return np.asarray(
            shapely.buffer(self.features[some], self.radius, quad_segs=ARC_SEGMENTS), dtype=object
        )

    def _joined(self, buffers: np.ndarray) -> shapely.Geometry:
        """What lies in enough of the buffers."""
        if self.at_least == 1:
            return shapely.union_all(buffers)
        # All outlines together part the plane; in each face the number of buffers is one.
        lines = shapely.union_all(shapely.boundary(buffers))
        faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(lines)))
        points = shapely.point_on_surface(faces)
        face, _ = shapely.STRtree(buffers).query(points, predicate="intersects")
        deep = np.bincount(face, minlength=len(faces)) >= self.at_least
        return shapely.union_all(faces[deep])

    def reaches(self, geometry: np.ndarray) -> np.ndarray:
        """Share of each demand feature that is reached: all or nothing for a point."""
        out = np.zeros(len(geometry))
        if not len(self.features):
            return out
        point = np.flatnonzero(shapely.get_type_id(geometry) == 0)
        at, _ = self.tree.query(geometry[point], predicate="dwithin", distance=self.radius)
        out[point] = np.bincount(at, minlength=len(point)) >= self.at_least
        areal = np.flatnonzero(shapely.get_dimensions(geometry) == 2)
        size = shapely.area(geometry[areal])
        share = self.area_in(geometry[areal]) / np.where(size > 0, size, 1.0)
        out[areal] = np.clip(share, 0.0, 1.0)
        return out


def checked_reach(
    gate: Gate,
    features: Frame,
    zones: Frame,
    radius_m: float,
    at_least: int,
    index: ZoneIndex | None = None,
) -> tuple[gpd.GeoSeries, ZoneIndex, Reach]:
    """Refuse what cannot be measured; return the zones, their index and what is reached.

    ``index`` is that of the zones, where there is one already.
    """
    radius = gate.positive(radius_m, "radius_m", METRES)
    times = gate.whole(at_least, "at_least", least=1)
    given = gate.zones(zones, measures=("area", "length"))
    geometry = gate.features(features, "features", like=given).geometry
    return given, ZoneIndex(given) if index is None else index, Reach(geometry, radius, times)


class Demand:
    """Demand in the zones, and what of it is reached: asked once for the shares and the gaps."""

    def __init__(
        self, index: ZoneIndex, reach: Reach, people: Features, many: np.ndarray,
        located: Located | None = None,
    ) -> None:  # fmt: skip
        self.parts = (located or Located(index, people.geometry)).shares
        self.amount = many[self.parts.feature] * self.parts.share
        self._reach = reach

    @cached_property
    def reached(self) -> np.ndarray:
        """Share of each part that is reached."""
        assert self.parts.piece is not None
        return self._reach.reaches(self.parts.piece)


def demand_weights(gate: Gate, demand: Features, weight: str | None, argument: str) -> np.ndarray:
    """How many each row of ``demand`` stands for; missing numbers count nothing."""
    if weight is None:
        return np.ones(len(demand))
    many = gate.numbers(demand.given, weight, argument, least=0)
    return np.nan_to_num(many, nan=0.0)


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


# The arguments of the public function, for the gate of another one.
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
    polygons = index.polygons[position]
    covered = reach.area_in(polygons)
    area = shapely.area(polygons)
    if margins:
        total = reach.area()
        rest = total - covered.sum()
        # Below this it is rounding, not a place that is reached.
        beyond = rest if rest > 1e-9 * total else 0.0
        area = np.append(area, [np.nan, np.nan, area.sum()])
        covered = np.append(covered, [beyond, 0.0, total])
    names = with_margins(given.index, margins)
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
    return mark_rows(table, margins)


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
    polygons = index.polygons[index.codes.get_indexer(given.index)]
    return gpd.GeoDataFrame(
        {"covered_m2": reach.area_in(polygons)},
        geometry=reach.shape_in(polygons),
        index=with_margins(given.index, False),
        crs=given.crs,
    )


def _sums(demand: Demand) -> pd.DataFrame:
    """Demand and what of it is reached, by position of the zone, outside and unlocated."""
    reached = demand.amount * demand.reached
    sums = pd.DataFrame({"demand": demand.amount, "demand_covered": reached})
    return sums.groupby(demand.parts.zone).sum()


def _share(part: pd.Series, total: pd.Series, n_zones: int, margins: bool) -> pd.Series:
    """Part of each row; of the row ``total`` that of the zones alone."""
    share = part / total.where(total > 0)
    if margins:
        of_zones = total.iloc[:n_zones].sum()
        share.iloc[-1] = part.iloc[:n_zones].sum() / of_zones if of_zones > 0 else np.nan
    return share


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
    total = np.bincount(row, size, len(piece))[row]
    share = np.divide(size, total, out=np.zeros_like(size), where=total > 0)
    return pd.DataFrame({"shape": single, "zone": zone[row], "amount": amount[row] * share})


def _joined(lacking: pd.DataFrame, radius: float) -> pd.DataFrame:
    """Contiguous patches of each zone; tells each row of ``lacking`` which ``gap`` it is in."""
    shape, zone = lacking["shape"].to_numpy(copy=True), lacking["zone"].to_numpy()
    points = shapely.get_type_id(shape) == 0
    shape[points] = shapely.buffer(shape[points], 0.5 * radius)
    gap = np.zeros(len(lacking), dtype=np.int64)
    patches: list[np.ndarray] = []
    zones: list[np.ndarray] = []
    begin = 0
    for code in np.unique(zone):
        members = np.flatnonzero(zone == code)
        parts = shapely.get_parts(shapely.disjoint_subset_union_all(shape[members]))
        points = shapely.point_on_surface(shape[members])
        gap[members] = begin + shapely.STRtree(parts).nearest(points)
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
    points = shapely.point_on_surface(lacking["shape"].to_numpy())
    distance = shapely.distance(points, reach.features[reach.tree.nearest(points)])
    amount, gap = lacking["amount"].to_numpy(), lacking["gap"].to_numpy()
    people = np.bincount(gap, amount, n)
    return np.bincount(gap, amount * distance, n) / np.where(people > 0, people, 1.0)
