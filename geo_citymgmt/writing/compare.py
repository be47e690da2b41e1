"""Is what was read back what was to be written: columns, count, bounds, every value."""

from __future__ import annotations

import numpy as np
import pandas as pd
import shapely

from geo_citymgmt.errors import CityDataError
from geo_citymgmt.words import Text, first_few
from geo_citymgmt.writing.outgoing import Outgoing
from geo_citymgmt.writing.values import is_date, is_text

__all__ = ["check_same", "refuse"]


def refuse(target: str, what: Text) -> CityDataError:
    """Say that a file does not hold what it should, and that the old one stands."""
    return CityDataError(
        Text(
            f"{target}：写后核对不一致（{what.zh}），原文件未动。",
            f"{target}: read back, it does not hold what was written ({what.en}); the old one "
            "stands.",
        ),
        remedy=Text("请改写 .parquet，或去掉该内容。", "Write .parquet, or leave that out."),
    )


def check_same(
    target: str,
    out: Outgoing,
    table: pd.DataFrame,
    geometry: np.ndarray | None = None,
    *,
    normalised: bool = False,
) -> None:
    """Compare what was read back with what was to be written.

    Parameters
    ----------
    target : str
        For the error.
    out : Outgoing
        What was to be written, in the form the format holds.
    table : DataFrame
        The columns read back.
    geometry : array of geometries, optional
        Read back; without it only the table is compared.
    normalised : bool
        Compare shapes without regard to where a ring starts and which way it runs.

    Raises
    ------
    CityDataError
        They differ, and in what.
    """
    if len(table) != len(out):
        raise refuse(
            target,
            Text(
                f"应有 {len(out)} 条，实有 {len(table)} 条",
                f"{len(table)} records instead of {len(out)}",
            ),
        )
    missing = [str(name) for name in out.table.columns if name not in table.columns]
    if missing or len(table.columns) != len(out.table.columns):
        names = first_few(missing or table.columns.difference(out.table.columns))
        raise refuse(target, Text(f"字段：{names.zh}", f"columns: {names.en}"))
    for name in out.table.columns:
        n = _differing(out.table[name], table[name])
        if n:
            raise refuse(target, Text(f"“{name}”有 {n} 个值不同", f"{n} values of {name}"))
    if geometry is None or out.geometry is None:
        return
    wanted, found = out.geometry.to_numpy(), np.asarray(geometry, dtype=object)
    if normalised:
        wanted, found = shapely.normalize(wanted), shapely.normalize(found)
    # Heights too, and numbers that are none.
    same = shapely.equals_identical(wanted, found)
    gone = shapely.is_missing(wanted) & shapely.is_missing(found)
    void = shapely.is_empty(wanted) & shapely.is_empty(found)
    other = np.flatnonzero(~(same | gone | void))
    if len(other):
        n, first = len(other), other[0]
        raise refuse(
            target,
            Text(
                f"{n} 个图形不同，第一个为第 {first} 条记录",
                f"{n} geometries, the first of record {first}",
            ),
        )


def _differing(wanted: pd.Series, found: pd.Series) -> int:
    if is_date(wanted):
        return int((_moments(wanted) != _moments(found)).sum())
    if is_text(wanted):
        a, b = _texts(wanted), _texts(found)
        return int((a != b).sum())
    if all(pd.api.types.is_integer_dtype(values.dtype) for values in (wanted, found)):
        # As floats, neighbours beyond 2**53 would pass for one another.
        a, b = pd.array(wanted), pd.array(found)
        return int((~((a == b).fillna(False) | (a.isna() & b.isna()))).sum())
    x, y = _numbers(wanted), _numbers(found)
    return int((~((x == y) | (np.isnan(x) & np.isnan(y)))).sum())


def _moments(values: pd.Series) -> np.ndarray:
    stamps = values if is_date(values) else pd.to_datetime(values, format="ISO8601")
    if getattr(stamps.dtype, "tz", None) is not None:
        stamps = stamps.dt.tz_convert("UTC").dt.tz_localize(None)
    return stamps.to_numpy(dtype="datetime64[us]").astype(np.int64)


def _texts(values: pd.Series) -> np.ndarray:
    return values.astype("str").fillna("").to_numpy(dtype=object)


def _numbers(values: pd.Series) -> np.ndarray:
    if values.dtype == object:
        values = values.map({True: 1.0, False: 0.0}).where(values.isin([True, False]), values)
    return pd.to_numeric(values).astype("Float64").to_numpy(dtype=float, na_value=np.nan)
