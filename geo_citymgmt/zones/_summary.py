"""What zones hold: counts, sums, weighted means and shares, by zone and by level.

Every figure is taken from one long table of *feature, zone, share*, in which each feature is one
whole; so the rows of a table and its margins add up, and so do the levels.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd

from geo_citymgmt._gate import Features, Frame, Gate
from geo_citymgmt._languages import Messages
from geo_citymgmt.zones._ownership import (
    MARGINS,
    Located,
    Parts,
    ZoneIndex,
    level_rows,
    parents_of,
    parts_of,
    parts_within,
    with_margins,
)

_MESSAGES = Messages("geo_citymgmt.zones")

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
        raise gate.refuse(_MESSAGES("no_aggregation", name=name, what=what))
    plan = Plan(*what)
    if callable(plan.function) and plan.weight is None:
        return plan
    if plan.weight is not None and plan.function != "mean":
        raise gate.refuse(_MESSAGES("weight_only_mean", name=name, plan=plan))
    gate.choice(plan.function, f"{name}: the function", KNOWN)
    if plan.function == "share_of_zone" and by is None:
        raise gate.refuse(_MESSAGES("share_zone_needs", name=name))
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
        raise gate.refuse(*_MESSAGES.pair("sum_too_large", column=column))
    return column.astype("int64")


def _orderable(column: pd.Series, function: str, gate: Gate) -> pd.Series:
    if isinstance(column.dtype, pd.CategoricalDtype) and not column.dtype.ordered:
        column = column.astype(column.dtype.categories.dtype)
    if column.dtype == object:
        kind = pd.api.types.infer_dtype(column, skipna=True)
        if kind not in (*_ORDERED, "decimal", "empty"):
            raise gate.refuse(
                _MESSAGES("values_without_order", function=function, column=column, kind=kind)
            )
    return column


def measured(features: Features, plans: Mapping[str, Plan]) -> set[str]:
    """What plans of aggregations measure by the geometry: areas, lengths."""
    names = (name for plan in plans.values() for name in (plan.column, plan.weight))
    asked = {name for name in names if isinstance(name, str)}
    return {name.split("_")[0] for name in (asked & _MEASURES) - _columns(features)}


def _columns(features: Features) -> set[Any]:
    given = features.given
    return set(given.columns) if isinstance(given, gpd.GeoDataFrame) else set()


def column_of(features: Features, name: Any, gate: Gate, argument: str = "column") -> pd.Series:
    """Return a column of the frame, or one that its geometry has."""
    if isinstance(name, str) and name in _MEASURES - _columns(features):
        geometry = gpd.GeoSeries(features.geometry, index=features.index)
        kind, unit = name.split("_")
        size = geometry.area if kind == "area" else geometry.length
        per = {"m2": 1.0, "km2": 1e6, "m": 1.0, "km": 1e3}[unit]
        return pd.Series((size / per).fillna(0.0), name=name)
    return gate.column(features.given, name, argument)


Aggregation: TypeAlias = (
    tuple[str | None, str | Callable[[pd.Series], Any]] | tuple[str | None, str, str] | pd.NamedAgg
)
#: Stands for all values of ``by`` in one row.
_ALL = "total"
#: No line of a table.
_NOWHERE = -1
_COUNT = Plan(None, "count")


def summarise(
    gdf: Frame,
    zones: Frame,
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
        "share", counts, sums, means and shares are weighted by the share; min, max, median,
        std, nunique and callables take a feature in each zone that has a part of it.
    margins : bool or "both"
        Add rows ``outside``, ``unlocated`` and ``total``, marked in a column ``row_kind``; with
        "both" also a row ``total`` over the values of ``by`` in each zone, whose kind is total.
    **aggregations : (column, function), (column, "mean", weight) or pandas.NamedAgg
        One result column each. The function is

        - sum, count (not null), nunique, min, max, median, std;
        - mean, weighted by a column if one is named: sum of value x weight / sum of weight;
        - share: the sum as a part of the sum of all features, wherever they are;
        - share_of_zone: with ``by``, the sum as a part of the sum of its zone;
        - a callable: what it makes of the values of a zone (a Series), whatever their shares.

        ``pandas.NamedAgg(column, function)`` says the same.

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

    See Also
    --------
    summarise_levels, assign_zones, split_by_zone

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
    return summary_of(Gate("summarise"), gdf, zones, by, split, margins, aggregations)


# The arguments of the public function, for the gate of another one.
def summary_of(
    gate: Gate,
    gdf: Frame,
    zones: Frame,
    by: Any,
    split: str,
    margins: bool | str,
    aggregations: Mapping[str, Any],
    *,
    argument: str = "gdf",
    located: Located | None = None,
) -> pd.DataFrame:
    """Summarise for the function of ``gate``, by whose name what is wrong is refused.

    ``located`` are the features in the zones, where somebody has found them already.
    """
    asked = _Request.of(gate, gdf, by, split, aggregations, argument)
    gate.choice(margins, "margins", (True, False, "both"))
    features = asked.features
    given = gate.zones(zones, like=features, measures=asked.measures)
    _free(asked, given.index, ("row_kind",) if margins else (), bool(margins))
    index = ZoneIndex(given) if located is None else located.index
    if split == "owner":
        feature, share = np.arange(len(features)), np.ones(len(features))
        zone = index.owner(features.shapes) if located is None else located.owner
    else:
        shares = index.shares(features.geometry) if located is None else located.shares
        feature, zone, share = shares.feature, shares.zone, shares.share
    rows = with_margins(given.index, bool(margins))
    # Positions below zero count from the end: unlocated, outside.
    ends = [len(given) + 1, len(given)] if margins else [_NOWHERE, _NOWHERE]
    line = np.append(given.index.get_indexer(index.codes), ends)[zone]
    table = _tabulate(asked, Long(feature, line, share), rows, margins)
    if margins:
        kinds = np.array(["zone"] * len(given) + list(MARGINS), dtype=object)
        kind = np.repeat(kinds, len(table) // len(rows))
        if margins == "both" and by is not None:
            kind[table.index.get_level_values(1) == _ALL] = "total"
        table.insert(0, "row_kind", pd.array(kind, dtype="str"))
    return table


def summarise_levels(
    gdf: Frame,
    levels: Mapping[str, Frame],
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

    See Also
    --------
    summarise

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
    gate = Gate("summarise_levels")
    if not isinstance(levels, Mapping) or not levels:
        raise gate.refuse(*_MESSAGES.pair("no_levels_given"))
    asked = _Request.of(gate, gdf, by, split, aggregations, "gdf")
    ones = Long(np.arange(len(gdf)), np.zeros(len(gdf), dtype=int), np.ones(len(gdf)))
    city = pd.DataFrame({"zone_code": ["total"], "row_kind": ["total"], "parent_code": [None]})
    blocks = [("city", city, ones)]
    parts: Parts | None = None
    above: list[Any] = []
    upper: gpd.GeoSeries | None = None
    name = ""
    for level, frame in levels.items():
        zones = gate.zones(
            frame, f"levels[{level!r}]", like=asked.features, measures=asked.measures
        )
        _free(asked, zones.index, ("row_kind", "parent_code"), True)
        _apart(zones.index, [*above, *([] if upper is None else upper.index)], level, gate)
        if parts is None or upper is None:
            parts = parts_of(ZoneIndex(zones), asked.features.shapes, split)
            rows = level_rows(zones.index, np.full(len(zones), "total", dtype=object), [])
            rows.loc[rows["row_kind"] != "zone", "parent_code"] = "total"
        else:
            parent = parents_of(frame, zones, name, upper, gate)
            parts = parts_within(parts, zones, parent, split)
            # What a level above could not place stays in sight at every level below.
            above += upper.index.tolist()
            rows = level_rows(zones.index, parent, above)
        line = pd.Index(rows["zone_code"], dtype=object).get_indexer(
            pd.Index(parts.label, dtype=object)
        )
        blocks.append((level, rows, Long(parts.row, line, parts.share)))
        upper, name = zones, level
    tables = []
    for level, rows, long in blocks:
        codes = pd.Index(_labels(rows["zone_code"]), name="zone_code")
        table = _tabulate(asked, long, codes, False)
        times = len(table) // len(rows)
        for at, column in enumerate(("row_kind", "parent_code")):
            table.insert(at, column, _labels(rows[column].repeat(times)))
        tables.append(pd.concat({level: table}, names=["level"]))
    return pd.concat(tables)


def _apart(codes: pd.Index, above: list[Any], level: str, gate: Gate) -> None:
    """Refuse a code of two levels: its row would be that of a zone and of what lies in none."""
    known = set(above)
    both = [code for code in codes if code in known]
    if both:
        raise gate.refuse(*_MESSAGES.pair("code_of_two_levels", level=level, both=both[0]))


def _labels(values: pd.Series) -> Any:
    """Codes and names of rows: text where all of them are, else what each of them is."""
    is_text = all(isinstance(value, str) for value in values.dropna())
    return pd.array(values.to_numpy(dtype=object), dtype="str" if is_text else object)


@dataclass(frozen=True, slots=True)
class _Request:
    """What is asked of which features, for the function of a gate."""

    gate: Gate
    features: Features
    by: Any
    split: str
    plans: Mapping[str, Plan]

    @classmethod
    def of(
        cls, gate: Gate, gdf: Frame, by: Any, split: str, aggregations: Mapping[str, Any],
        argument: str,
    ) -> _Request:  # fmt: skip
        """Refuse what cannot be asked."""
        gate.name(by, "by")
        plans = {name: plan_of(name, what, by, gate) for name, what in aggregations.items()}
        gate.choice(split, "split", ("owner", "share"))
        features = gate.features(gdf, argument, needs_columns=by is not None)
        return cls(gate, features, by, split, plans or {"count": _COUNT})

    @property
    def measures(self) -> set[str]:
        """What the geometry is asked for, areas or lengths: the CRS is tested for them."""
        return measured(self.features, self.plans)


def _free(asked: _Request, codes: pd.Index, columns: Sequence[str], margins: bool) -> None:
    """Refuse names that the result itself uses."""
    plans, by, gate = asked.plans, asked.by, asked.gate
    taken = [name for name in plans if name in columns]
    if taken:
        raise gate.refuse(*_MESSAGES.pair("column_of_result", taken=taken[0]))
    if by is not None and by == (codes.name or "zone_code"):
        raise gate.refuse(*_MESSAGES.pair("by_is_index", by=by))
    for word in MARGINS if margins else ():
        if word in codes:
            raise gate.refuse(*_MESSAGES.pair("code_is_a_row", word=word))


def _tabulate(asked: _Request, long: Long, rows: pd.Index, margins: bool | str) -> pd.DataFrame:
    """Figures of ``rows``, or of ``rows`` times the values of ``by``; the last row may be all."""
    features, by, gate = asked.features, asked.by, asked.gate
    value = np.zeros(len(long.feature), dtype=np.intp)
    values: pd.Index = pd.Index([None])
    n_values = 1
    if by is not None:
        values, of_feature = _values_of(gate.hashable(column_of(features, by, gate, "by"), "by"))
        value, n_values = of_feature[long.feature], len(values)
    every = [(long.feature, long.line, value, long.share)]
    if margins:
        every.append((long.feature, np.full(len(value), len(rows) - 1), value, long.share))
    if margins == "both" and by is not None:
        every += [(f, line, np.full(len(v), n_values), s) for f, line, v, s in every]
        values = values.astype(object).append(pd.Index([_ALL], dtype=object))
    feature, line, value, share = (np.concatenate(part) for part in zip(*every, strict=True))
    in_table = line >= 0
    cells = Long(feature[in_table], (line * len(values) + value)[in_table], share[in_table])
    result = {}
    for name, plan in asked.plans.items():
        function = plan.function
        given = values_of(features, plan, gate)
        weights = None
        if plan.weight is not None:
            weight = column_of(features, plan.weight, gate, f"{name}: weight")
            label = f"weight {plan.weight!r}", f"权重列“{plan.weight}”"
            weights = gate.values(weight, name, *label, least=0)
        lines = pd.RangeIndex(len(rows) * len(values))
        figures = aggregate(cells, given, weights, plan)
        adds_up = function in ("count", "sum", "nunique")
        # Whole numbers stay whole where a line without any is filled.
        figures = figures.reindex(lines, fill_value=0) if adds_up else figures.reindex(lines)
        if adds_up:
            figures = figures.fillna(0)
            is_whole = function != "sum" or pd.api.types.is_integer_dtype(given.dtype)
            if is_whole and (asked.split == "owner" or function == "nunique"):
                figures = figures.astype("int64")
        elif function in SHARES:
            sums = figures.fillna(0.0).to_numpy().reshape(len(rows), len(values))
            # A last column of all values is no part of its zone.
            total = sums[:, :n_values].sum(axis=1, keepdims=True)
            if function == "share":
                total = np.full_like(total, given.sum())
            figures = pd.Series((sums / np.where(total == 0, np.nan, total)).ravel())
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
        # Beside one that is missing whole numbers would become floats, which are other codes.
        whole = pd.api.types.infer_dtype(values) == "integer"
        values = values.astype("Int64" if whole else object)
        values = values.append(pd.Index([None], dtype=values.dtype))
        position[missing] = len(values) - 1
    return values, position
