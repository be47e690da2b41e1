"""Every known column to its type, the unknown ones as they are."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from geo_citymgmt.cleaning.codes import parse_bool_column, parse_code_column
from geo_citymgmt.cleaning.dates import parse_date_column
from geo_citymgmt.cleaning.id_text import clean_ids, tell_odd_forms
from geo_citymgmt.cleaning.numbers import exact_integer, parse_number_column, unit_factor
from geo_citymgmt.cleaning.text import NULL_WORDS, clean_text, text_array
from geo_citymgmt.findings import Findings
from geo_citymgmt.reading.ends import has_byte, holds
from geo_citymgmt.spec import Field, LayerSpec

__all__ = ["clean_columns", "precision_column"]

_LOST = "�"
#: First bytes of the words of programs for nothing.
_NULL_BEGINS = tuple({word.encode()[0] for word in NULL_WORDS})
_PRECISIONS = ("month", "year")


def clean_columns(
    frame: pd.DataFrame,
    mapping: Mapping[str, str],
    spec: LayerSpec,
    findings: Findings,
    record: np.ndarray,
    units: Mapping[str, str] | None = None,
    values: Mapping[str, Mapping[str, str]] | None = None,
    date_order: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Return the fields of ``mapping`` (field to source column), typed, on a fresh index.

    A date field that is not always known to the day is followed by ``<field>_precision``. Plain
    numbers of a field in ``units`` are in the unit named there, dates of one in ``date_order`` are
    in the order named there; ``values`` gives, by field, an office's own words with their codes.
    """
    out: dict[str, pd.Series] = {}
    own = values or {}
    for name, column in mapping.items():
        item, cells = spec.fields[name], frame[column].reset_index(drop=True)
        _tell_null_words(cells, item, findings)
        if item.type in ("id", "text"):
            unit = (units or {}).get(name)
            if unit is not None and item.unit:
                cells = size_text(cells, item, findings, unit)
            is_id = item.type == "id"
            out[name] = (
                clean_ids(cells, item, findings, record) if is_id else clean_text(cells, fold=False)
            )
            if name == spec.id_field:
                tell_odd_forms(out[name], item, findings, record)
            _tell_lost(out[name], item, findings, record)
        elif item.type in ("int", "float"):
            out[name] = number_field(cells, item, findings, record, (units or {}).get(name))
        elif item.type == "bool":
            out[name] = parse_bool_column(cells, item, findings, record)
        elif item.type in ("date", "datetime"):
            order = (date_order or {}).get(name)
            out[name], precision = parse_date_column(cells, item, findings, record, order)
            said = precision_column(name, frame)
            if said is not None:
                # Written by this package before: the day was made up then, and still is.
                stated = clean_text(frame[said].reset_index(drop=True), fold=True)
                known = stated.isin(_PRECISIONS) & out[name].notna()
                precision = precision.where(precision.notna(), stated.where(known))
            if precision.notna().any():
                out[f"{name}_precision"] = precision
        else:
            out[name] = parse_code_column(cells, item, findings, record, own.get(name))
    return pd.DataFrame(out, index=pd.RangeIndex(len(frame)))


def number_field(
    values: pd.Series,
    item: Field,
    findings: Findings,
    record: np.ndarray,
    unit: str | None = None,
) -> pd.Series:
    """Parse one column of numbers, hold it to its range and give it its type."""
    numbers, _ = parse_number_column(values, item, findings, record, unit=unit)
    numbers = _in_range(numbers, item, findings, record)
    return _integers(numbers, values, item, findings, record) if item.type == "int" else numbers


def size_text(values: pd.Series, item: Field, findings: Findings, unit: str) -> pd.Series:
    """Write the plain numbers of a text in the unit of its field: 0.7 m is 700 in millimetres.

    What is no plain number (700×700, φ700) stays as it is.
    """
    factor = unit_factor(unit, item.unit)
    if factor is None or factor == 1:
        return values
    numbers = pd.to_numeric(values, errors="coerce") * factor
    findings.add("UNIT_CONVERTED", value=f"1 {unit}", expected=item.unit, item=item, about="column")
    written = numbers.dropna().round(6).map("{:g}".format)
    return values.astype(object).where(numbers.isna(), written.reindex(values.index))


def precision_column(name: str, frame: pd.DataFrame) -> str | None:
    """Name of the column that tells how precisely the date field ``name`` is known."""
    column = f"{name}_precision"
    return column if column in frame.columns else None


def _tell_lost(column: pd.Series, item: Field, findings: Findings, record: np.ndarray) -> None:
    texts = text_array(column)
    if not holds(texts, _LOST):
        return
    lost = pc.fill_null(pc.match_substring(texts, _LOST), False)
    hit = np.flatnonzero(lost.to_numpy(zero_copy_only=False))
    if not len(hit):
        return
    findings.add(
        "TEXT_LOST",
        records=record[hit],
        item=item,
        value=column.iloc[hit].to_numpy(dtype=object),
    )


def _tell_null_words(column: pd.Series, item: Field, findings: Findings) -> None:
    """Tell that a program has written its word for nothing as if it were text."""
    if not isinstance(column.dtype, pd.StringDtype):
        return
    texts = text_array(column)
    at = np.flatnonzero(has_byte(texts, 0, _NULL_BEGINS))
    if not len(at):
        return
    found = pc.is_in(texts.take(pa.array(at)), value_set=pa.array(NULL_WORDS, type=texts.type))
    hit = at[found.to_numpy(zero_copy_only=False)]
    if len(hit):
        findings.add("NULL_TEXT", value=texts[int(hit[0])].as_py(), expected=len(hit), item=item)


def _in_range(numbers: pd.Series, item: Field, findings: Findings, record: np.ndarray) -> pd.Series:
    low, high = item.min, item.max
    if low is None and high is None:
        return numbers
    low_, high_ = (-np.inf if low is None else low), (np.inf if high is None else high)
    bad = numbers.notna() & ~numbers.between(low_, high_)
    if not bad.any():
        return numbers
    findings.add(
        "NUMBER_RANGE",
        records=record[bad],
        item=item,
        value=numbers[bad].map("{:g}".format).to_numpy(dtype=object),
        expected=f"{'' if low is None else f'{low:g}'} … {'' if high is None else f'{high:g}'}",
        action="value_removed",
    )
    return numbers.mask(bad)


def _integers(
    numbers: pd.Series, values: pd.Series, item: Field, findings: Findings, record: np.ndarray
) -> pd.Series:
    broken = (numbers.notna() & (numbers != numbers.round())).to_numpy(dtype=bool, copy=True)
    # From 2**53 on a float no longer tells neighbouring whole numbers apart: the few that are that
    # large are taken as they stand, and told where that is no whole number in the field's unit.
    large = np.flatnonzero(numbers.notna() & (numbers.abs() >= 2**53))
    codes, distinct = pd.factorize(values.iloc[large])
    exact = pd.array([*map(exact_integer, distinct), None], dtype="Int64")[codes]
    same = (exact.astype("Float64") == numbers.iloc[large].array).fillna(False)
    broken[large[~same.to_numpy(dtype=bool)]] = True
    if broken.any():
        findings.add(
            "NUMBER_UNPARSED",
            records=record[broken],
            item=item,
            value=numbers[broken].map("{:g}".format).to_numpy(dtype=object),
            action="value_removed",
        )
    whole = numbers.mask(broken)
    whole.iloc[large] = np.nan
    whole = whole.astype("Int64")
    whole.iloc[large] = pd.array(exact).copy()
    whole[broken] = pd.NA
    return whole
