"""Zones: who owns a feature, how it splits, what a zone holds.

Every function takes frames in one metric CRS and returns frames on the input's index or the zones'
index. Figures of the zones, plus what lies outside and what has no place, equal the whole.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo_citymgmt.errors import CityDataError
from geo_citymgmt.findings import Findings
from geo_citymgmt.metric import require_metric, require_same_crs
from geo_citymgmt.ownership import OUTSIDE, UNLOCATED, ZoneIndex, zone_codes

__all__ = ["assign_zones", "check_zones", "split_by_zone", "summarise"]

#: Below this, overlaps and gaps are the rounding of coordinates kept to a millimetre.
_SLIVER_M2 = 1.0


def assign_zones(
    gdf: gpd.GeoDataFrame | gpd.GeoSeries, zones: gpd.GeoDataFrame | gpd.GeoSeries
) -> pd.Series:
    """Tell the one zone that owns each feature.

    A point belongs to the zone that covers it, on a shared boundary to the lowest code; a line or
    polygon to the zone with the largest share of it, ties to the lowest code. The result does not
    depend on the order of features or zones.

    Parameters
    ----------
    gdf : GeoDataFrame or GeoSeries
        Features in the CRS of ``zones``.
    zones : GeoDataFrame or GeoSeries
        Polygons indexed by code.

    Returns
    -------
    Series of str
        Code of the owning zone on the index of ``gdf``; missing outside all zones and without
        geometry.

    Raises
    ------
    CRSError
        The CRS differ, or areas cannot be measured in theirs.

    Examples
    --------
    >>> zones = gpd.GeoDataFrame(
    ...     {"zone_code": ["B", "A"]},
    ...     geometry=[shapely.box(1000, 0, 2000, 1000), shapely.box(0, 0, 1000, 1000)],
    ...     crs="EPSG:4549",
    ... ).set_index("zone_code").translate(550_000, 3_460_000)
    >>> points = gpd.GeoSeries(
    ...     gpd.points_from_xy([550_500, 551_000, 559_999], [3_460_500] * 3), crs="EPSG:4549"
    ... )
    >>> assign_zones(points, zones).tolist()
    ['A', 'A', nan]
    """
    index = _index(gdf, zones, "assign_zones")
    return index.code_of(index.owner(gdf.geometry.to_numpy()), gdf.index)


def split_by_zone(
    gdf: gpd.GeoDataFrame | gpd.GeoSeries, zones: gpd.GeoDataFrame | gpd.GeoSeries
) -> gpd.GeoDataFrame:
    """Cut features at zone lines; the pieces add up to the whole.

    Parameters
    ----------
    gdf : GeoDataFrame or GeoSeries
        Features in the CRS of ``zones``.
    zones : GeoDataFrame or GeoSeries
        Polygons indexed by code.

    Returns
    -------
    GeoDataFrame
        One row a piece, on the index of ``gdf`` (repeated): ``zone_code`` (missing outside all
        zones), ``share`` of the feature (sums to one), geometry of the piece.

    Raises
    ------
    CRSError
        The CRS differ, or areas cannot be measured in theirs.

    Examples
    --------
    >>> zones = gpd.GeoSeries(
    ...     [shapely.box(550_000, 0, 551_000, 10), shapely.box(551_000, 0, 552_000, 10)],
    ...     index=["A", "B"], crs="EPSG:4549").translate(0, 3_460_000)
    >>> line = gpd.GeoSeries(
    ...     [shapely.LineString([(550_500, 3_460_005), (552_500, 3_460_005)])], crs="EPSG:4549")
    >>> split_by_zone(line, zones)[["zone_code", "share"]].values.tolist()
    [[nan, 0.25], ['A', 0.25], ['B', 0.5]]
    """
    index = _index(gdf, zones, "split_by_zone")
    shares = index.shares(gdf.geometry.to_numpy(), pieces=True)
    labels = gdf.index[shares.feature]
    return gpd.GeoDataFrame(
        {
            "zone_code": index.code_of(shares.zone, labels),
            "share": pd.Series(shares.share, index=labels),
        },
        geometry=shares.piece,
        crs=gdf.crs,
        index=labels,
    )


def summarise(
    gdf: gpd.GeoDataFrame,
    zones: gpd.GeoDataFrame | gpd.GeoSeries,
    *,
    by: str | None = None,
    split: str = "owner",
    margins: bool = False,
    **aggregations: tuple[str, str],
) -> pd.DataFrame:
    """Count and sum the features of each zone.

    Parameters
    ----------
    gdf : GeoDataFrame
        Features in the CRS of ``zones``; rows without geometry count as unlocated.
    zones : GeoDataFrame or GeoSeries
        Polygons indexed by code.
    by : str, optional
        A column to break down by; the result is then indexed by zone and its values.
    split : {"owner", "share"}
        Whether a feature counts as a whole in the zone that owns it, or by its shares. With
        "share", counts and sums are weighted by the share.
    margins : bool
        Add rows ``outside``, ``unlocated`` and ``total``, marked in a column ``row_kind``.
    **aggregations : (column, function)
        One result column each. The function is sum, count (not null), nunique, mean, min, max or
        median; the column may be ``area_m2``, ``length_km`` or ``length_m`` of the geometry where
        the frame has no such column. Without any, the number of features.

    Returns
    -------
    DataFrame
        On the codes of ``zones``, in their order, with zero sums and counts where nothing is.

    Raises
    ------
    CRSError
        The CRS differ, or areas cannot be measured in theirs.
    CityDataError
        An unknown column, function or split.

    Examples
    --------
    >>> zones = gpd.GeoSeries(
    ...     [shapely.box(550_000, 0, 551_000, 10), shapely.box(551_000, 0, 552_000, 10)],
    ...     index=["A", "B"], crs="EPSG:4549").translate(0, 3_460_000)
    >>> lots = gpd.GeoDataFrame(
    ...     {"spaces": [10, 20, 40]},
    ...     geometry=gpd.points_from_xy([550_100, 550_200, 559_000], [3_460_005] * 3),
    ...     crs="EPSG:4549")
    >>> summarise(lots, zones, lots=("spaces", "count"), spaces=("spaces", "sum"), margins=True)
                row_kind  lots  spaces
    zone_code
    A               zone     2      30
    B               zone     0       0
    outside      outside     1      40
    unlocated  unlocated     0       0
    total          total     3      70
    """
    if split not in ("owner", "share"):
        raise CityDataError(f"summarise: split is {split!r}, must be 'owner' or 'share'.")
    index = _index(gdf, zones, "summarise")
    geometry = gdf.geometry.to_numpy()
    if split == "owner":
        feature, zone = np.arange(len(gdf)), index.owner(geometry)
        share = np.ones(len(gdf))
    else:
        parts = index.shares(geometry)
        feature, zone, share = parts.feature, parts.zone, parts.share
    long = pd.DataFrame({"zone": zone, "share": share, "feature": feature})
    if by is not None:
        long["by"] = _column(gdf, by, "summarise").to_numpy()[feature]
    keys = ["zone"] if by is None else ["zone", "by"]
    plan = aggregations or {"count": ("", "count")}
    values = {
        name: None if column == "" else _column(gdf, column, "summarise").to_numpy()[feature]
        for name, (column, _) in plan.items()
    }
    row_keys, names = _row_keys(index, zones, long, by, margins)
    result = {}
    for name, (_, function) in plan.items():
        grouped = _aggregate(long, keys, values[name], function, split)
        whole = _aggregate(long.assign(zone=_TOTAL), keys, values[name], function, split)
        column = pd.concat([grouped, whole]).reindex(row_keys)
        if function in ("sum", "count", "nunique"):
            column = column.fillna(0)
            if split == "owner" and (column == column.round()).all() and _is_whole(values[name]):
                column = column.astype("int64")
        result[name] = column.to_numpy()
    table = pd.DataFrame(result, index=names)
    if margins:
        zone_label = names.get_level_values(0)
        kinds = [label if label in _MARGINS else "zone" for label in zone_label]
        table.insert(0, "row_kind", pd.array(kinds, dtype="str"))
    return table


def check_zones(zones: gpd.GeoDataFrame | gpd.GeoSeries) -> pd.DataFrame:
    """Report where zones overlap and where there are gaps between them.

    Parameters
    ----------
    zones : GeoDataFrame or GeoSeries
        Polygons indexed by code, in a metric CRS.

    Returns
    -------
    DataFrame
        A findings table: ZONES_OVERLAP with both codes and the area, ZONES_GAP with the area, and
        the place of each. Empty for zones that tile; for these reconciliation is promised.

    Examples
    --------
    >>> zones = gpd.GeoSeries(
    ...     [shapely.box(550_000, 0, 551_000, 100), shapely.box(550_990, 0, 552_000, 100)],
    ...     index=["A", "B"], crs="EPSG:4549").translate(0, 3_460_000)
    >>> check_zones(zones)[["code", "value", "expected"]].values.tolist()
    [['ZONES_OVERLAP', 'A', 'B']]
    """
    require_metric(zones, "check_zones")
    codes = zone_codes(zones).to_numpy(dtype=str)
    order = np.argsort(codes, kind="stable")
    codes, polygons = codes[order], zones.geometry.to_numpy()[order]
    findings = Findings("zones")
    places: list[shapely.Point] = []
    first, second = shapely.STRtree(polygons).query(polygons, predicate="intersects")
    pair = first < second
    first, second = first[pair], second[pair]
    overlap = shapely.intersection(polygons[first], polygons[second])
    area = shapely.area(overlap)
    for k in np.flatnonzero(area > _SLIVER_M2):
        findings.add(
            "ZONES_OVERLAP",
            value=codes[first[k]],
            expected=codes[second[k]],
            detail=f"{area[k]:,.0f}",
        )
        places.append(shapely.point_on_surface(overlap[k]))
    for part in shapely.get_parts(shapely.union_all(polygons)):
        for ring in shapely.get_rings(part)[1:]:
            gap = shapely.polygons(ring)
            if shapely.area(gap) > _SLIVER_M2:
                findings.add("ZONES_GAP", value=f"{shapely.area(gap):,.0f}")
                places.append(shapely.point_on_surface(gap))
    table = findings.frame()
    table["x"] = [p.x for p in places]
    table["y"] = [p.y for p in places]
    return table


_MARGINS = ("outside", "unlocated", "total")
_TOTAL = -3
_FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "mean": lambda g: g.mean(),
    "min": lambda g: g.min(),
    "max": lambda g: g.max(),
    "median": lambda g: g.median(),
    "nunique": lambda g: g.nunique(),
}


def _index(gdf: Any, zones: Any, function: str) -> ZoneIndex:
    require_metric(zones, function)
    require_same_crs(gdf, zones, function)
    return ZoneIndex(zones)


def _column(gdf: gpd.GeoDataFrame, name: str, function: str) -> pd.Series:
    if name in gdf.columns:
        return gdf[name]
    measures = {
        "area_m2": lambda: gdf.geometry.area,
        "length_m": lambda: gdf.geometry.length,
        "length_km": lambda: gdf.geometry.length / 1000.0,
    }
    if name in measures:
        return measures[name]().fillna(0.0)
    known = ", ".join(c for c in gdf.columns if c != gdf.active_geometry_name)
    raise CityDataError(f"{function}: no column {name!r}; there are {known}.")


def _row_keys(
    index: ZoneIndex, zones: Any, long: pd.DataFrame, by: str | None, margins: bool
) -> tuple[pd.Index, pd.Index]:
    position = pd.Series(np.arange(len(index.codes)), index=index.codes)
    codes = zone_codes(zones)
    keys = [*position[codes].tolist()]
    labels = [*codes]
    if margins:
        keys += [OUTSIDE, UNLOCATED, _TOTAL]
        labels += list(_MARGINS)
    if by is None:
        return pd.Index(keys), pd.Index(labels, name=codes.name, dtype="str")
    values = sorted(long["by"].dropna().unique(), key=str)
    return (
        pd.MultiIndex.from_product([keys, values]),
        pd.MultiIndex.from_product([labels, values], names=[codes.name, by]),
    )


def _aggregate(
    long: pd.DataFrame, keys: list[str], values: Any, function: str, split: str
) -> pd.Series:
    if function == "count":
        weight = long["share"] if values is None else long["share"].where(pd.notna(values), 0.0)
        return long.assign(_v=weight).groupby(keys)["_v"].sum()
    column = long.assign(_v=pd.Series(values, index=long.index))
    if function == "sum":
        numbers = pd.to_numeric(column["_v"]).astype("float64")
        return column.assign(_v=numbers * column["share"]).groupby(keys)["_v"].sum()
    if function not in _FUNCTIONS:
        known = ", ".join(["sum", "count", *_FUNCTIONS])
        raise CityDataError(f"summarise: unknown function {function!r}; known: {known}.")
    if function == "mean" and split == "share":
        numbers = pd.to_numeric(column["_v"]).astype("float64")
        weight = column["share"].where(numbers.notna(), 0.0)
        sums = column.assign(_v=numbers * weight, _w=weight).groupby(keys)[["_v", "_w"]].sum()
        return sums["_v"] / sums["_w"].where(sums["_w"] > 0)
    return _FUNCTIONS[function](column.groupby(keys)["_v"])


def _is_whole(values: Any) -> bool:
    if values is None:
        return True
    return pd.api.types.is_integer_dtype(pd.Series(values).dtype)
