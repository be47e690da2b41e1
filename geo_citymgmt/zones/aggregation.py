"""One figure for each line of a table, from which share of which feature counts where."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geo_citymgmt._gate import Features, Gate
from geo_citymgmt.words import Text

__all__ = [
    "FUNCTIONS",
    "KNOWN",
    "SHARES",
    "Long",
    "Plan",
    "aggregate",
    "column_of",
    "measured",
    "plan_of",
    "values_of",
]

#: Functions that take each feature as it is, whatever its share.
FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "min": lambda g: g.min(),
    "max": lambda g: g.max(),
    "median": lambda g: g.median(),
    "std": lambda g: g.std(),
    "nunique": lambda g: g.nunique(),
}
SHARES = ("share", "share_of_zone")
KNOWN = ("count", "sum", "mean", *SHARES, *FUNCTIONS)
#: Columns that the geometry has, where the frame has none of that name.
_MEASURES = {"area_m2", "area_km2", "length_m", "length_km"}
_ORDERED = ("string", "integer", "floating", "mixed-integer-float", "datetime", "date", "boolean")


@dataclass(frozen=True, slots=True)
class Long:
    """Which share of which feature counts in which line of a table."""

    feature: np.ndarray
    line: np.ndarray
    share: np.ndarray


@dataclass(frozen=True, slots=True)
class Plan:
    """One column of a result: what is computed of which column, by which weight."""

    column: Any
    function: str | Callable[[pd.Series], Any]
    weight: Any = None


def plan_of(name: str, what: Any, by: Any, gate: Gate) -> Plan:
    """Read (column, function), (column, "mean", weight) or a pandas.NamedAgg."""
    if isinstance(what, pd.NamedAgg):
        function = what.aggfunc
        # Only from pandas 3.1 on it holds arguments besides.
        args, kwargs = getattr(what, "args", ()), getattr(what, "kwargs", {})
        if callable(function) and (args or kwargs):
            function = partial(_called, function, args, kwargs)
        what = (what.column, function)
    if not isinstance(what, tuple) or len(what) not in (2, 3):
        raise gate.refuse(
            Text(
                f"{name} 应为（列名，函数）、（列名，'mean'，权重列）或 pandas.NamedAgg。",
                f"{name} is {what!r}, must be (column, function), (column, 'mean', weight) or a "
                "pandas.NamedAgg.",
            )
        )
    plan = Plan(*what)
    if callable(plan.function) and plan.weight is None:
        return plan
    if plan.weight is not None and plan.function != "mean":
        raise gate.refuse(
            Text(
                f"{name}：只有 mean 可带权重，不是 {plan.function!r}。",
                f"{name}: {plan.function!r} with a weight; only mean takes a weight.",
            )
        )
    gate.choice(plan.function, f"{name}: the function", KNOWN)
    if plan.function == "share_of_zone" and by is None:
        raise gate.refuse(
            Text(
                f"{name}：share_of_zone 需要用 by 指定分组列。",
                f"{name}: share_of_zone needs by, the column it breaks the zone down by.",
            )
        )
    return plan


def _called(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any], values: Any
) -> Any:
    return function(values, *args, **kwargs)


def aggregate(cells: Long, given: pd.Series, weights: np.ndarray | None, plan: Plan) -> pd.Series:
    """One figure for each line of ``cells``; for shares the sum, to be divided."""
    function = plan.function
    values = given.take(cells.feature).reset_index(drop=True)
    if callable(function):
        return pd.Series(values.groupby(cells.line).agg(function))
    if function in FUNCTIONS:
        return pd.Series(FUNCTIONS[function](values.groupby(cells.line)))
    share = pd.Series(cells.share)
    if function == "count":
        return share.where(values.notna(), 0.0).groupby(cells.line).sum()
    if function == "mean":
        weight = share if weights is None else share * weights[cells.feature]
        weight = weight.where(values.notna(), 0.0).fillna(0.0)
        sums = (values.fillna(0.0) * weight).groupby(cells.line).sum()
        total = weight.groupby(cells.line).sum()
        return sums / total.where(total > 0)
    if function == "sum" and values.dtype == "int64" and (cells.share == 1).all():
        # Whole numbers add up exactly beyond 2**53, where a float does not.
        return values.groupby(cells.line).sum()
    return (values * share).groupby(cells.line).sum()


def values_of(features: Features, plan: Plan, gate: Gate) -> pd.Series:
    """Values of a column on a fresh index, as numbers where the function computes with them."""
    name, function = plan.column, plan.function
    if name is None:
        return pd.Series(np.ones(len(features), dtype=np.int64))
    column = column_of(features, name, gate)
    if callable(function) or function == "count":
        return column.reset_index(drop=True)
    if function == "nunique":
        return gate.hashable(column, "nunique").reset_index(drop=True)
    if function in ("min", "max") and not pd.api.types.is_numeric_dtype(column.dtype):
        return _orderable(column, str(function), gate).reset_index(drop=True)
    if function == "sum" and _is_whole(column):
        return _summable(column, gate).reset_index(drop=True)
    kind = f"column {name!r} ({column.dtype})", f"“{name}”列（{column.dtype}）"
    return pd.Series(gate.values(column, str(function), *kind))


def _is_whole(column: pd.Series) -> bool:
    return bool(pd.api.types.is_integer_dtype(column.dtype) and not column.isna().any())


def _summable(column: pd.Series, gate: Gate) -> pd.Series:
    """Whole numbers whose sum, and every part of it, fits 64 bits."""
    if np.abs(column.to_numpy(dtype="float64")).sum() >= 2.0**63:
        raise gate.refuse(
            Text(
                f"“{column.name}”列的整数之和超出 64 位。",
                f"sum: the whole numbers of column {column.name!r} add up to more than 64 bits "
                "hold.",
            ),
            Text(
                "请先转换为浮点数：.astype(float)。",
                "Convert them to floats first, .astype(float).",
            ),
        )
    return column.astype("int64")


def _orderable(column: pd.Series, function: str, gate: Gate) -> pd.Series:
    if isinstance(column.dtype, pd.CategoricalDtype) and not column.dtype.ordered:
        column = column.astype(column.dtype.categories.dtype)
    if column.dtype == object:
        kind = pd.api.types.infer_dtype(column, skipna=True)
        if kind not in (*_ORDERED, "decimal", "empty"):
            raise gate.refuse(
                Text(
                    f"{function}：“{column.name}”列的值不能比较大小（{kind}）。",
                    f"{function}: values of column {column.name!r} have no order ({kind}).",
                )
            )
    return column


def measured(features: Features, plans: Mapping[str, Plan]) -> set[str]:
    """What plans of aggregations measure by the geometry: areas, lengths."""
    asked = {
        name for plan in plans.values() for name in (plan.column, plan.weight) if _is_text(name)
    }
    return {name.split("_")[0] for name in (asked & _MEASURES) - _columns(features)}


def _is_text(name: Any) -> bool:
    return isinstance(name, str)


def _columns(features: Features) -> set[Any]:
    given = features.given
    return set(given.columns) if isinstance(given, gpd.GeoDataFrame) else set()


def column_of(features: Features, name: Any, gate: Gate, argument: str = "column") -> pd.Series:
    """Return a column of the frame, or one that its geometry has."""
    if _is_text(name) and name in _MEASURES - _columns(features):
        geometry = gpd.GeoSeries(features.geometry, index=features.index)
        kind, unit = name.split("_")
        size = geometry.area if kind == "area" else geometry.length
        per = {"m2": 1.0, "km2": 1e6, "m": 1.0, "km": 1e3}[unit]
        return pd.Series((size / per).fillna(0.0), name=name)
    return gate.column(features.given, name, argument)
