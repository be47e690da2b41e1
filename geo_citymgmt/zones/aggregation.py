"""One figure for each line of a table, from which share of which feature counts where."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geo_citymgmt.errors import CityDataError
from geo_citymgmt.words import Text

__all__ = ["FUNCTIONS", "Long", "aggregate", "column_of", "measured", "values_of", "weights_of"]

#: Functions that take each feature as it is, whatever its share.
FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "min": lambda g: g.min(),
    "max": lambda g: g.max(),
    "median": lambda g: g.median(),
    "nunique": lambda g: g.nunique(),
}
#: Columns that the geometry has, where the frame has none of that name.
_MEASURES = {"area_m2", "area_km2", "length_m", "length_km"}


@dataclass(frozen=True, slots=True)
class Long:
    """Which share of which feature counts in which line of a table."""

    feature: np.ndarray
    line: np.ndarray
    share: np.ndarray


def aggregate(cells: Long, given: pd.Series, heavy: pd.Series | None, function: str) -> pd.Series:
    """One figure for each line of ``cells``; for shares the sum, to be divided."""
    values = given.take(cells.feature).reset_index(drop=True)
    share = pd.Series(cells.share)
    if function in FUNCTIONS:
        return pd.Series(FUNCTIONS[function](values.groupby(cells.line)))
    if function == "count":
        return share.where(values.notna(), 0.0).groupby(cells.line).sum()
    if function == "mean":
        weight = share if heavy is None else share * heavy.to_numpy()[cells.feature]
        weight = weight.where(values.notna(), 0.0).fillna(0.0)
        sums = (values.fillna(0.0) * weight).groupby(cells.line).sum()
        weights = weight.groupby(cells.line).sum()
        return sums / weights.where(weights > 0)
    return (values * share).groupby(cells.line).sum()


def values_of(gdf: gpd.GeoDataFrame, name: str | None, function: str) -> pd.Series:
    """Values of a column on a fresh index, as numbers where the function computes with them."""
    if not name:
        return pd.Series(np.ones(len(gdf), dtype=np.int64))
    column = column_of(gdf, name).reset_index(drop=True)
    if function in ("count", *FUNCTIONS):
        return column
    return _numbers(column, name, whole=function == "sum")


def measured(gdf: gpd.GeoDataFrame, plan: Mapping[str, Any]) -> set[str]:
    """What a plan of aggregations measures by the geometry of ``gdf``: areas, lengths."""
    asked = {name for what in plan.values() for name in (what[0], *what[2:]) if name is not None}
    return {name.split("_")[0] for name in (asked & _MEASURES) - set(gdf.columns)}


def weights_of(gdf: gpd.GeoDataFrame, name: str) -> pd.Series:
    weights = _numbers(column_of(gdf, name).reset_index(drop=True), name)
    if (weights < 0).any():
        raise CityDataError(
            Text(
                f"summarise：权重列 {name!r} 有负值，请更正或剔除。",
                f"summarise: weight {name!r} has values below zero; correct them or leave them "
                "out.",
            ),
        )
    return weights


def _numbers(column: pd.Series, name: str, *, whole: bool = False) -> pd.Series:
    if not (pd.api.types.is_numeric_dtype(column.dtype) or column.isna().all()):
        raise CityDataError(
            Text(
                f"summarise：“{name}”列不是数值（{column.dtype}），请先转换，或改用 "
                "count、nunique。",
                f"summarise: column {name!r} is {column.dtype}, not numbers; convert it first, "
                "or ask "
                "for count or nunique.",
            ),
        )
    if whole and pd.api.types.is_integer_dtype(column.dtype) and not column.isna().any():
        return column.astype("int64")
    return pd.Series(column.astype("float64"))


def column_of(gdf: gpd.GeoDataFrame, name: str) -> pd.Series:
    if name in gdf.columns:
        return gdf[name]
    measures = {
        "area_m2": lambda: gdf.geometry.area,
        "area_km2": lambda: gdf.geometry.area / 1e6,
        "length_m": lambda: gdf.geometry.length,
        "length_km": lambda: gdf.geometry.length / 1000.0,
    }
    if name in measures:
        return pd.Series(measures[name]().fillna(0.0))
    known = ", ".join(c for c in gdf.columns if c != gdf.active_geometry_name)
    raise CityDataError(
        Text(
            f"summarise：没有“{name}”列，现有：{known}。",
            f"summarise: no column {name!r}; there are {known}.",
        ),
    )
