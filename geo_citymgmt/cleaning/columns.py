"""Every known column to its type, the unknown ones as they are."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from geo_citymgmt.cleaning.codes import parse_bool_column, parse_code_column
from geo_citymgmt.cleaning.dates import parse_date_column
from geo_citymgmt.cleaning.numbers import parse_number_column
from geo_citymgmt.cleaning.text import distinct_texts, is_null_text, plain
from geo_citymgmt.findings import Findings
from geo_citymgmt.spec import Field, LayerSpec

__all__ = ["clean_columns"]


def clean_columns(
    frame: pd.DataFrame,
    mapping: Mapping[str, str],
    spec: LayerSpec,
    findings: Findings,
    record: np.ndarray,
) -> pd.DataFrame:
    """Return the fields of ``mapping`` (field to source column), typed, on a fresh index.

    A date field that is not always known to the day is followed by ``<field>_precision``.
    """
    out: dict[str, pd.Series] = {}
    for name, column in mapping.items():
        item, values = spec.fields[name], frame[column].reset_index(drop=True)
        if item.type in ("id", "text"):
            out[name] = _text(values, fold=item.type == "id")
        elif item.type in ("int", "float"):
            numbers, _ = parse_number_column(values, item, findings, record)
            numbers = _in_range(numbers, item, findings, record)
            out[name] = (
                _integers(numbers, item, findings, record) if item.type == "int" else numbers
            )
        elif item.type == "bool":
            out[name] = parse_bool_column(values, item, findings, record)
        elif item.type in ("date", "datetime"):
            out[name], precision = parse_date_column(values, item, findings, record)
            if precision.notna().any():
                out[f"{name}_precision"] = precision
        else:
            out[name] = parse_code_column(values, item, findings, record)
    return pd.DataFrame(out, index=pd.RangeIndex(len(frame)))


def _text(column: pd.Series, *, fold: bool) -> pd.Series:
    codes, texts = distinct_texts(column)
    kept = [None if is_null_text(t) else (plain(t) if fold else t.strip()) for t in texts]
    return pd.Series(np.array([*kept, None], dtype=object)[codes], dtype="str")


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
        field=item.name,
        label_zh=item.zh,
        label_en=item.en,
        value=numbers[bad].map("{:g}".format).to_numpy(dtype=object),
        expected=f"{'' if low is None else f'{low:g}'} … {'' if high is None else f'{high:g}'}",
        action="value_removed",
    )
    return numbers.mask(bad)


def _integers(numbers: pd.Series, item: Field, findings: Findings, record: np.ndarray) -> pd.Series:
    broken = numbers.notna() & (numbers != numbers.round())
    findings.add(
        "NUMBER_UNPARSED",
        records=record[broken],
        field=item.name,
        label_zh=item.zh,
        label_en=item.en,
        value=numbers[broken].map("{:g}".format).to_numpy(dtype=object),
        action="value_removed",
    )
    return numbers.mask(broken).astype("Int64")
