"""Columns as a format can hold them; what it cannot hold becomes a finding, never a surprise."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from geo_citymgmt.reading.inert import is_active, neutralise
from geo_citymgmt.spec import Field
from geo_citymgmt.words import Text
from geo_citymgmt.writing.outgoing import Outgoing

__all__ = [
    "dates_as_text",
    "is_date",
    "is_number",
    "is_text",
    "make_inert",
    "number_texts",
    "strip_controls",
    "tell_loss",
]

_CONTROLS = "[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]"
_DAY_US, _SECOND_US = 86_400_000_000, 1_000_000


def is_date(values: pd.Series) -> bool:
    """Whether the column holds moments."""
    return bool(pd.api.types.is_datetime64_any_dtype(values.dtype))


def is_number(values: pd.Series) -> bool:
    """Whether the column holds numbers, yes/no not among them."""
    kind = values.dtype
    return bool(pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_bool_dtype(kind))


def is_text(values: pd.Series) -> bool:
    """Whether the column holds text, or whatever else is written as text."""
    return not (is_date(values) or is_number(values) or pd.api.types.is_bool_dtype(values.dtype))


def tell_loss(
    out: Outgoing,
    suffix: str,
    detail: Text,
    *,
    field: str = "",
    at: np.ndarray | None = None,
    severity: str = "warning",
) -> None:
    """Note what ``suffix`` cannot hold: of the layer, of a field, or of the records at ``at``."""
    item = out.spec.fields.get(field) if out.spec else None
    out.findings.add(
        "FORMAT_LOSS",
        records=None if at is None else out.record[at],
        field=field,
        label=Text(f"“{item.zh if item else field}”", f"{item.en if item else field}: ")
        if field
        else Text("", ""),
        value=suffix,
        detail=detail,
        severity=severity,
        action="value_removed" if severity == "warning" else "none",
    )


def strip_controls(out: Outgoing, suffix: str, pattern: str = _CONTROLS) -> None:
    """Take out characters the format has no place for."""
    for name in out.table.columns:
        values = out.table[name]
        if not is_text(values):
            continue
        texts = values.astype("str")
        hit = texts.str.contains(pattern, regex=True, na=False).to_numpy(dtype=bool)
        if hit.any():
            out.table[name] = texts.str.replace(pattern, "", regex=True)
            tell_loss(
                out, suffix, Text("控制字符已去除", "control characters were taken out"),
                field=str(name), at=np.flatnonzero(hit),
            )  # fmt: skip


def make_inert(out: Outgoing) -> None:
    """Put an apostrophe before what a spreadsheet would run; reading takes it off again."""
    for name in out.table.columns:
        values = out.table[name]
        if not is_text(values):
            continue
        hit = np.flatnonzero(is_active(values).to_numpy())
        if len(hit):
            item = out.spec.fields.get(str(name)) if out.spec else None
            out.findings.add(
                "TEXT_ACTIVE",
                records=out.record[hit],
                item=item,
                field=str(name),
                value=values.iloc[hit].to_numpy(dtype=object),
                action="repaired",
            )
            out.table[name] = neutralise(values)
    names = pd.Series([str(name) for name in out.table.columns], dtype="str")
    out.table.columns = pd.Index(neutralise(names).tolist())


def dates_as_text(out: Outgoing, *, only_partial: bool = False) -> None:
    """Write moments as ISO text; one known to the month or year is as long as it is known.

    The companion column of the precision is then not needed. ``only_partial`` leaves columns of
    whole days and moments as they are.
    """
    for name in [name for name in out.table.columns if is_date(out.table[name])]:
        values = out.table[name]
        companion = f"{name}_precision"
        partial = companion in out.table.columns and out.table[companion].notna().any()
        if partial or not only_partial:
            precision = out.table.get(companion, pd.Series([None] * len(out), dtype="str"))
            item = out.spec.fields.get(str(name)) if out.spec else None
            out.table[name] = _date_texts(values, precision, item)
        out.table = out.table.drop(columns=companion, errors="ignore")


def number_texts(values: pd.Series) -> pa.Array:
    """Return the shortest texts that read back as the same numbers, null where there is none."""
    if pd.api.types.is_integer_dtype(values.dtype):
        unsigned = pd.api.types.is_unsigned_integer_dtype(values.dtype)
        whole = values.astype("UInt64" if unsigned else "Int64")
        return pc.cast(pa.array(whole, from_pandas=True), pa.string())
    floats = values.astype("Float64").to_numpy(dtype=float, na_value=np.nan)
    array = pa.array(floats, mask=~np.isfinite(floats))
    return pc.cast(array, pa.string())


def _date_texts(values: pd.Series, precision: pd.Series, item: Field | None) -> pd.Series:
    stamps = values
    if getattr(stamps.dtype, "tz", None) is not None:
        stamps = stamps.dt.tz_convert("Asia/Shanghai").dt.tz_localize(None)
    stamps = stamps.astype("datetime64[us]")
    codes, distinct = pd.factorize(stamps, use_na_sentinel=True)
    moments = pd.DatetimeIndex(distinct)
    whole_days = bool((moments == moments.normalize()).all())
    with_time = not whole_days or (item is not None and item.type == "datetime")
    form = "%Y-%m-%d %H:%M:%S" if with_time else "%Y-%m-%d"
    texts = moments.strftime(form).to_numpy(dtype=object)
    fraction = moments.microsecond.to_numpy()
    for k in np.flatnonzero(fraction):
        texts[k] += f".{fraction[k]:06d}"
    full = np.array([*texts, None], dtype=object)[codes]
    # In a field of moments a bare 2022-06 would read as its first day: only words say a month.
    words = {"month": "%Y年%m月", "year": "%Y年"} if with_time else {"month": "%Y-%m", "year": "%Y"}
    for known, pattern in words.items():
        hit = precision.eq(known).fillna(False).to_numpy(dtype=bool)
        short = np.array([*moments.strftime(pattern), None], dtype=object)[codes]
        full = np.where(hit, short, full)
    return pd.Series(full, dtype="str")
