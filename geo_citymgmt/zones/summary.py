"""What zones hold: counts, sums, weighted means and shares, by zone and by level.

Every figure is taken from one long table of *feature, zone, share*, in which each feature is one
whole; so the rows of a table and its margins add up, and so do the levels.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geo_citymgmt.errors import CityDataError
from geo_citymgmt.words import Text
from geo_citymgmt.zones.aggregation import (
    FUNCTIONS,
    Long,
    aggregate,
    column_of,
    measured,
    values_of,
    weights_of,
)
from geo_citymgmt.zones.nesting import Parts, level_rows, parents_of, parts_of, parts_within
from geo_citymgmt.zones.ownership import zone_codes, zone_index

__all__ = ["summarise", "summarise_levels"]

Aggregation = tuple[str | None, str] | tuple[str | None, str, str]
_MARGINS = ("outside", "unlocated", "total")
#: Stands for all values of ``by`` in one row.
_ALL = "total"
#: No line of a table.
_NOWHERE = -1
_SHARES = ("share", "share_of_zone")
_KNOWN = ("count", "sum", "mean", *_SHARES, *FUNCTIONS)


def summarise(
    gdf: gpd.GeoDataFrame,
    zones: gpd.GeoDataFrame | gpd.GeoSeries,
    *,
    by: str | None = None,
    split: str = "owner",
    margins: bool | str = False,
    **aggregations: Aggregation,
) -> pd.DataFrame:
    """Count and sum the features of each zone.

    Parameters
    ----------
    gdf : GeoDataFrame
        Features in the CRS of ``zones``; rows without geometry count as unlocated.
    zones : GeoDataFrame or GeoSeries
        Polygons indexed by code.
    by : str, optional
        A column to break down by; the result is then indexed by zone and its values, with a row
        for what has none, if there is any.
    split : {"owner", "share"}
        Whether a feature counts as a whole in the zone that owns it, or by its shares. With
        "share", counts, sums, means and shares are weighted by the share; min, max, median and
        nunique take a feature in each zone that has a part of it.
    margins : bool or "both"
        Add rows ``outside``, ``unlocated`` and ``total``, marked in a column ``row_kind``; with
        "both" also a row ``total`` over the values of ``by`` in each zone, whose kind is total.
    **aggregations : (column, function) or (column, "mean", weight)
        One result column each. The function is

        - sum, count (not null), nunique, min, max, median;
        - mean, weighted by a column if one is named: sum of value x weight / sum of weight;
        - share: the sum as a part of the sum of all features, wherever they are;
        - share_of_zone: with ``by``, the sum as a part of the sum of its zone.

        The column may be ``area_m2``, ``area_km2``, ``length_km`` or ``length_m`` of the geometry
        where the frame has no such column, or None for the features themselves (count and
        shares). Without any aggregation, the number of features.

    Returns
    -------
    DataFrame
        On the codes of ``zones``, in their order, with zero sums and counts where nothing is.

    Warns
    -----
    ScaleWarning
        The area or length of the geometry is asked for and more than 0.1 % wrong in the CRS.

    Raises
    ------
    CRSError
        The CRS differ, or theirs is not in metres; or the area or length of the geometry is asked
        for and cannot be measured in it. Counts and sums of columns need no scale.
    CityDataError
        An unknown column, function, split or margins; a column that is not numeric; weights
        below zero.

    Examples
    --------
    >>> import shapely
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
    _check(by, split, margins, aggregations, "summarise")
    index = zone_index(gdf, zones, "summarise", measures=measured(gdf, aggregations))
    geometry = gdf.geometry.to_numpy()
    if split == "owner":
        feature, zone, share = np.arange(len(gdf)), index.owner(geometry), np.ones(len(gdf))
    else:
        shares = index.shares(geometry)
        feature, zone, share = shares.feature, shares.zone, shares.share
    codes = zone_codes(zones)
    kinds = np.array(["zone"] * len(codes) + list(_MARGINS if margins else ()), dtype=object)
    # Positions below zero count from the end: unlocated, outside.
    ends = [len(codes) + 1, len(codes)] if margins else [_NOWHERE, _NOWHERE]
    line = np.append(_lines(codes, index.codes), ends)[zone]
    parts = Long(feature, line, share)
    rows = pd.Index([*codes, *kinds[len(codes) :]], dtype="str", name=codes.name)
    table = _tabulate(gdf, parts, rows, by, margins, aggregations, split)
    if margins:
        kind = np.repeat(kinds, len(table) // len(rows)) if len(rows) else kinds
        if margins == "both" and by is not None:
            kind[table.index.get_level_values(1) == _ALL] = "total"
        table.insert(0, "row_kind", pd.array(kind, dtype="str"))
    return table


def summarise_levels(
    gdf: gpd.GeoDataFrame,
    levels: Mapping[str, gpd.GeoDataFrame | gpd.GeoSeries],
    *,
    by: str | None = None,
    split: str = "owner",
    **aggregations: Aggregation,
) -> pd.DataFrame:
    """Count and sum the features of each zone at several levels, the parts equal to the whole.

    Levels nest: a feature is looked for among the streets of the district that owns it (and a
    part of one, with ``split="share"``, among the streets of its own district), so that counts
    and sums of the streets of a district, and of what lies in none of them, equal the district's.

    Parameters
    ----------
    gdf : GeoDataFrame
        Features in the CRS of the zones; rows without geometry count as unlocated.
    levels : mapping of str to GeoDataFrame or GeoSeries
        Zones by the name of their level, from the coarsest to the finest, such as
        ``{"district": districts, "street": streets, "grid": make_grid(streets, 500)}``. The parent
        of a zone is in its column ``parent_code``, or ``<level>_code`` of the level above; without
        either it is the zone of that level with most of its area.
    by, split, **aggregations
        As of :func:`summarise`.

    Returns
    -------
    DataFrame
        Indexed by ``level`` and ``zone_code`` (and the values of ``by``): ``row_kind`` (zone,
        outside, unlocated, total), ``parent_code`` and one column an aggregation. The first level
        is ``city``, of one row. What a zone has in none of its parts is a row of the level below,
        with the zone's own code and the kind outside.

    Warns
    -----
    ScaleWarning
        The area or length of the geometry is asked for and more than 0.1 % wrong in the CRS.

    Raises
    ------
    CRSError
        The CRS differ, or theirs is not in metres; or the area or length of the geometry is asked
        for and cannot be measured in it. Counts and sums of columns need no scale.
    CityDataError
        As of :func:`summarise`; no levels.

    Examples
    --------
    >>> import shapely
    >>> districts = gpd.GeoSeries([shapely.box(0, 0, 20, 10)], index=["A"], crs="EPSG:4549")
    >>> districts = districts.translate(550_000, 3_460_000)
    >>> streets = gpd.GeoDataFrame(
    ...     {"parent_code": ["A"]}, index=["A1"], crs="EPSG:4549",
    ...     geometry=gpd.GeoSeries([shapely.box(0, 0, 9, 10)]).translate(550_000, 3_460_000).array)
    >>> wells = gpd.GeoDataFrame(
    ...     geometry=gpd.points_from_xy([550_001, 550_002, 550_015], [3_460_005] * 3),
    ...     crs="EPSG:4549")
    >>> summarise_levels(wells, {"district": districts, "street": streets})[
    ...     ["row_kind", "parent_code", "count"]]
                         row_kind parent_code  count
    level    zone_code
    city     total          total         NaN      3
    district A               zone       total      3
             outside      outside       total      0
             unlocated  unlocated       total      0
    street   A1              zone           A      2
             A            outside           A      1
             outside      outside     outside      0
             unlocated  unlocated   unlocated      0
    """
    _check(by, split, False, aggregations, "summarise_levels")
    if not levels:
        raise CityDataError(
            Text(
                "summarise_levels：没有给出任何分区层级。",
                "summarise_levels: no levels were given.",
            )
        )
    ones = Long(np.arange(len(gdf)), np.zeros(len(gdf), dtype=int), np.ones(len(gdf)))
    city = pd.DataFrame({"zone_code": ["total"], "row_kind": ["total"], "parent_code": [None]})
    blocks = [("city", city, ones)]
    parts: Parts | None = None
    above: list[str] = []
    upper = ""
    measures = measured(gdf, aggregations)
    for level, zones in levels.items():
        index = zone_index(gdf, zones, "summarise_levels", measures=measures)
        if parts is None:
            parts = parts_of(index, gdf.geometry.to_numpy(), split)
            rows = level_rows(zones, np.full(len(zones), "total", dtype=object), [])
            rows.loc[rows["row_kind"] != "zone", "parent_code"] = "total"
        else:
            parent = parents_of(zones, upper, levels[upper])
            parts = parts_within(parts, zones, parent, split)
            # What a level above could not place stays in sight at every level below.
            above += zone_codes(levels[upper]).tolist()
            rows = level_rows(zones, parent, above)
        line = _lines(pd.Index(rows["zone_code"]), pd.Index(parts.label))
        blocks.append((level, rows, Long(parts.row, line, parts.share)))
        upper = level
    tables = []
    for level, rows, long in blocks:
        table = _tabulate(gdf, long, pd.Index(rows["zone_code"]), by, False, aggregations, split)
        times = len(table) // len(rows)
        for at, column in enumerate(("row_kind", "parent_code")):
            words = np.repeat(rows[column].to_numpy(dtype=object), times)
            table.insert(at, column, pd.array(words, dtype="str"))
        tables.append(pd.concat({level: table}, names=["level"]))
    return pd.concat(tables)


def _check(
    by: str | None, split: str, margins: bool | str, plan: Mapping[str, Any], function: str
) -> None:
    if split not in ("owner", "share"):
        raise CityDataError(
            Text(
                f"{function}：split 为 {split!r}，应为 'owner' 或 'share'。",
                f"{function}: split is {split!r}, must be 'owner' or 'share'.",
            ),
        )
    if margins not in (True, False, "both"):
        raise CityDataError(
            Text(
                f"{function}：margins 为 {margins!r}，应为 True、False 或 'both'。",
                f"{function}: margins is {margins!r}, must be True, False or 'both'.",
            ),
        )
    for name, what in plan.items():
        if not isinstance(what, tuple) or len(what) not in (2, 3):
            raise CityDataError(
                Text(
                    f"{function}：{name} 应为（列名，函数）或（列名，'mean'，权重列）。",
                    f"{function}: {name} is {what!r}, must be (column, function) or "
                    "(column, 'mean', weight).",
                ),
            )
        if what[1] not in _KNOWN or (len(what) == 3 and what[1] != "mean"):
            asked = what[1] if len(what) == 2 else f"{what[1]} with a weight"
            raise CityDataError(
                Text(
                    f"{function}：未知的函数 {asked!r}，可用：{'、'.join(_KNOWN)}；"
                    "只有 mean 可带权重。",
                    f"{function}: unknown function {asked!r}; known: {', '.join(_KNOWN)}; only "
                    "mean "
                    "takes a weight.",
                ),
            )
        if what[1] == "share_of_zone" and by is None:
            raise CityDataError(
                Text(
                    f"{function}：share_of_zone 需要用 by 指定分组列。",
                    f"{function}: share_of_zone needs by, the column it breaks the zone down by.",
                ),
            )


def _lines(rows: pd.Index, labels: pd.Index) -> np.ndarray:
    if not rows.is_unique:
        twice = rows[rows.duplicated()][0]
        raise CityDataError(
            Text(
                f"summarise：分区代码 {twice!r} 重复，请先按代码合并分区。",
                f"summarise: zone code {twice!r} occurs more than once; dissolve the zones by "
                "code.",
            ),
        )
    return rows.get_indexer(labels)


def _tabulate(
    gdf: gpd.GeoDataFrame,
    long: Long,
    rows: pd.Index,
    by: str | None,
    margins: bool | str,
    aggregations: Mapping[str, Any],
    split: str,
) -> pd.DataFrame:
    """Figures of ``rows``, or of ``rows`` times the values of ``by``; the last row may be all."""
    value = np.zeros(len(long.feature), dtype=np.intp)
    values: pd.Index = pd.Index([None])
    n_values = 1
    if by is not None:
        values, of_feature = _values_of(column_of(gdf, by))
        value, n_values = of_feature[long.feature], len(values)
    every = [(long.feature, long.line, value, long.share)]
    if margins:
        every.append((long.feature, np.full(len(value), len(rows) - 1), value, long.share))
    if margins == "both" and by is not None:
        every += [(f, line, np.full(len(v), n_values), s) for f, line, v, s in every]
        values = values.astype(object).append(pd.Index([_ALL], dtype=object))
    feature, line, value, share = (np.concatenate(part) for part in zip(*every, strict=True))
    there = line >= 0
    cells = Long(feature[there], (line * len(values) + value)[there], share[there])
    result = {}
    for name, (column, function, *weight) in (aggregations or {"count": (None, "count")}).items():
        given = values_of(gdf, column, function)
        heavy = weights_of(gdf, weight[0]) if weight else None
        lines = pd.RangeIndex(len(rows) * len(values))
        figures = aggregate(cells, given, heavy, function).reindex(lines)
        if function in ("count", "sum", "nunique"):
            figures = figures.fillna(0)
            is_whole = function != "sum" or pd.api.types.is_integer_dtype(given.dtype)
            if is_whole and (split == "owner" or function == "nunique"):
                figures = figures.astype("int64")
        elif function in _SHARES:
            sums = figures.fillna(0.0).to_numpy().reshape(len(rows), len(values))
            # A last column of all values is no part of its zone.
            whole = sums[:, :n_values].sum(axis=1, keepdims=True)
            if function == "share":
                whole = np.full_like(whole, given.sum())
            figures = pd.Series((sums / np.where(whole == 0, np.nan, whole)).ravel())
        result[name] = figures.to_numpy()
    if by is None:
        return pd.DataFrame(result, index=rows)
    names = [rows.name, by]
    return pd.DataFrame(result, index=pd.MultiIndex.from_product([rows, values], names=names))


def _values_of(column: pd.Series) -> tuple[pd.Index, np.ndarray]:
    """Values of a column in order, none last where there is one, and the position of each."""
    values = pd.Index(sorted(column.dropna().unique(), key=str), dtype=column.dtype)
    position = values.get_indexer(pd.Index(column))
    missing = column.isna().to_numpy(dtype=bool)
    if missing.any():
        values = values.astype(object).append(pd.Index([None], dtype=object))
        position[missing] = len(values) - 1
    return values, position
