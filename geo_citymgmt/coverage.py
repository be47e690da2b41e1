"""How much of a zone a service reaches: area and people within a distance."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo_citymgmt.discs import covered_area, union_area
from geo_citymgmt.errors import CityDataError
from geo_citymgmt.metric import require_metric, require_same_crs
from geo_citymgmt.ownership import OUTSIDE, UNLOCATED, ZoneIndex, zone_codes

__all__ = ["ARC_SEGMENTS", "coverage", "coverage_area"]

#: Segments of a quarter circle where a buffer must stand for an arc: 0.01 % too small.
ARC_SEGMENTS = 64
_MARGINS = ("outside", "unlocated", "total")


def coverage(
    features: gpd.GeoDataFrame | gpd.GeoSeries,
    zones: gpd.GeoDataFrame | gpd.GeoSeries,
    *,
    radius_m: float,
    demand: gpd.GeoDataFrame | None = None,
    weight: str | None = None,
    margins: bool = False,
) -> pd.DataFrame:
    """Tell which part of each zone lies within ``radius_m`` of a feature.

    Straight-line distance in the plane of the CRS. For points the area is exact (closed form); for
    lines and polygons arcs are polygons of :data:`ARC_SEGMENTS` segments a quarter, which makes
    the area at most 0.01 % too small.

    Parameters
    ----------
    features : GeoDataFrame or GeoSeries
        Facilities in the CRS of ``zones``; rows without geometry reach nothing.
    zones : GeoDataFrame or GeoSeries
        Polygons indexed by code.
    radius_m : float
        Reach in metres.
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

    Raises
    ------
    CRSError
        The CRS differ, or areas cannot be measured in theirs.
    CityDataError
        The radius is not positive, or there is no such weight.

    Examples
    --------
    >>> zone = gpd.GeoSeries([shapely.box(550_000, 3_460_000, 551_000, 3_461_000)],
    ...                      index=["A"], crs="EPSG:4549")
    >>> stop = gpd.GeoSeries([shapely.Point(550_000, 3_460_000)], crs="EPSG:4549")
    >>> coverage(stop, zone, radius_m=300).round(4).loc["A"].tolist()
    [1000000.0, 70685.8347, 0.0707]
    """
    index = _checked(features, zones, radius_m, "coverage")
    reach = _Reach(features.geometry.to_numpy(), radius_m)
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
) -> gpd.GeoDataFrame:
    """Return the covered part of each zone, to be drawn.

    Parameters
    ----------
    features, zones, radius_m
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
    index = _checked(features, zones, radius_m, "coverage_area")
    reach = _Reach(features.geometry.to_numpy(), radius_m)
    codes = zone_codes(zones)
    position = pd.Series(np.arange(len(index.codes)), index=index.codes)[codes].to_numpy()
    own = index.polygons[position]
    return gpd.GeoDataFrame(
        {"covered_m2": reach.area_in(own)},
        geometry=reach.shape_in(own),
        index=codes,
        crs=zones.crs,
    )


class _Reach:
    """What lies within the radius of the features: exact for points, by buffers for the rest."""

    def __init__(self, geometry: np.ndarray, radius: float) -> None:
        kind = shapely.get_type_id(geometry)
        usable = (kind >= 0) & ~shapely.is_empty(geometry)
        self.features = geometry[usable]
        self.radius = radius
        # Lines or polygons among them make a buffered union of all.
        self.exact = bool((kind[usable] == 0).all())
        self.x, self.y = shapely.get_x(self.features), shapely.get_y(self.features)
        self._shape: shapely.Geometry | None = None

    @property
    def shape(self) -> shapely.Geometry:
        """The reached area as polygons."""
        if self._shape is None:
            discs = shapely.buffer(self.features, self.radius, quad_segs=ARC_SEGMENTS)
            self._shape = shapely.union_all(discs)
        return self._shape

    def area_in(self, polygons: np.ndarray) -> np.ndarray:
        """Reached area of each polygon."""
        if self.exact:
            return covered_area(self.x, self.y, self.radius, polygons)
        return shapely.area(self.shape_in(polygons))

    def shape_in(self, polygons: np.ndarray) -> np.ndarray:
        """Reached part of each polygon, from the features near it."""
        tree = shapely.STRtree(self.features)
        at, near = tree.query(polygons, predicate="dwithin", distance=self.radius)
        out = np.full(len(polygons), shapely.Polygon(), dtype=object)
        for k in np.unique(at):
            discs = shapely.buffer(
                self.features[near[at == k]], self.radius, quad_segs=ARC_SEGMENTS
            )
            out[k] = shapely.intersection(shapely.union_all(discs), polygons[k])
        return out

    def area(self) -> float:
        """Reached area in all."""
        if not len(self.features):
            return 0.0
        return union_area(self.x, self.y, self.radius) if self.exact else float(self.shape.area)

    def reaches(self, geometry: np.ndarray) -> np.ndarray:
        """Share of each demand feature that is reached: all or nothing for a point."""
        out = np.zeros(len(geometry))
        if not len(self.features):
            return out
        point = shapely.get_type_id(geometry) == 0
        tree = shapely.STRtree(self.features)
        at, _ = tree.query(geometry[point], predicate="dwithin", distance=self.radius)
        out[np.flatnonzero(point)[np.unique(at)]] = 1.0
        areal = np.flatnonzero(shapely.get_dimensions(geometry) == 2)
        size = shapely.area(geometry[areal])
        out[areal] = self.area_in(geometry[areal]) / np.where(size > 0, size, 1.0)
        return out


def _checked(
    features: gpd.GeoDataFrame | gpd.GeoSeries,
    zones: gpd.GeoDataFrame | gpd.GeoSeries,
    radius_m: float,
    function: str,
) -> ZoneIndex:
    require_metric(zones, function)
    require_same_crs(features, zones, function)
    if not (np.isfinite(radius_m) and radius_m > 0):
        raise CityDataError(
            f"{function}: radius_m is {radius_m}, must be a positive number of metres.",
            f"{function}：服务半径 {radius_m} 应为正数（米）。",
        )
    return ZoneIndex(zones)


def _add_demand(
    table: pd.DataFrame,
    index: ZoneIndex,
    position: np.ndarray,
    reach: _Reach,
    demand: gpd.GeoDataFrame,
    weight: str | None,
    margins: bool,
) -> None:
    if weight is not None and weight not in demand.columns:
        known = ", ".join(c for c in demand.columns if c != demand.active_geometry_name)
        raise CityDataError(f"coverage: demand has no column {weight!r}; it has {known}.")
    weights = np.ones(len(demand))
    if weight is not None:
        weights = demand[weight].astype("float64").fillna(0.0).to_numpy()
    parts = index.shares(demand.geometry.to_numpy(), pieces=True)
    assert parts.piece is not None
    amount = weights[parts.feature] * parts.share
    reached = amount * np.clip(reach.reaches(parts.piece), 0.0, 1.0)
    sums = pd.DataFrame({"demand": amount, "demand_covered": reached}).groupby(parts.zone).sum()
    rows = [*position.tolist(), *((OUTSIDE, UNLOCATED) if margins else ())]
    out = sums.reindex(rows, fill_value=0.0).to_numpy()
    if margins:
        out = np.vstack([out, sums.sum().to_numpy()])
    table["demand"], table["demand_covered"] = out[:, 0], out[:, 1]
    table["demand_coverage"] = _ratio(table["demand_covered"], table["demand"])


def _ratio(part: pd.Series, whole: pd.Series) -> pd.Series:
    return part / whole.where(whole > 0)
