"""Tables that are no layers: their cells as texts, and what was found in reading them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from geo_citymgmt.errors import SourceError
from geo_citymgmt.findings import Findings
from geo_citymgmt.reading.raw import Raw
from geo_citymgmt.reading.table import read_table
from geo_citymgmt.words import NOTHING, Text

__all__ = ["read_texts", "row_numbers", "sheet_rows", "tell_reading", "texts_of"]

#: So many rows are named; of more, their number says enough.
_NAMED = 10


def row_numbers(rows: Iterable[int]) -> Text:
    """Return rows of a table as a spreadsheet counts them, the first of many.

    Examples
    --------
    >>> row_numbers([0, 3])
    Text(zh='2、5', en='2, 5')
    >>> row_numbers(range(12)).en
    '2, 3, 4, 5, 6, 7, 8, 9, 10, 11, … (12)'
    """
    numbers = [str(row + 2) for row in rows]
    more = [] if len(numbers) <= _NAMED else [f"… ({len(numbers)})"]
    shown = [*numbers[:_NAMED], *more]
    return Text("、".join(shown), ", ".join(shown))


def tell_reading(raw: Raw, name: str, findings: Findings) -> None:
    """Tell what was found in reading a table that is no layer: one finding a kind and column."""
    table = raw.findings.frame()
    rows = sheet_rows(raw) - 2
    for (code, about), part in table.groupby(["code", "field"], sort=False):
        record = part["record"].dropna().astype("int64").to_numpy()
        where = NOTHING
        if len(record):
            numbers = row_numbers(rows[record].tolist())
            where = Text(f"第 {numbers.zh} 行：", f" row {numbers.en}:")
        first = part.iloc[0]
        findings.add(
            "TABLE_READ",
            value=name,
            severity=str(first["severity"]),
            about=f"{name} {code} {about}",
            where=where,
            detail=Text(first["message_zh"], first["message_en"]),
        )


def sheet_rows(raw: Raw) -> np.ndarray:
    """Row of the sheet of everything that was walked; of what has no sheet, its position."""
    if raw.row_label is None or raw.row_form == "{}":
        return np.arange(raw.n_walked) + 2
    return np.asarray(raw.row_label, dtype=np.int64)


def texts_of(raw: Raw) -> pd.DataFrame:
    """Return the cells of a table as texts, empty where nothing is.

    The index is the row of the sheet, where the row below the headings of a plain table is 0.
    """
    rows = sheet_rows(raw)[raw.record] if len(raw.record) else np.empty(0, dtype=np.int64)
    table = pd.DataFrame({c: _as_text(raw.frame[c]) for c in raw.frame.columns})
    return table.set_axis(pd.Index(rows - 2))


def read_texts(path: Path) -> pd.DataFrame:
    """Read a table as texts; see :func:`texts_of`.

    Raises
    ------
    SourceError
        It is no table, or one of its rows cannot be told apart into columns.
    """
    raw = read_table(path)
    torn = raw.findings.records_with("rejected")
    if len(torn):
        numbers = row_numbers((sheet_rows(raw)[torn] - 2).tolist())
        raise SourceError(
            Text(
                f"{path.name}：第 {numbers.zh} 行的值比表头多。",
                f"{path.name}: row {numbers.en} has more values than there are headings.",
            ),
            remedy=Text("请检查多余的分隔符和引号。", "Look for a stray separator or quote in it."),
        )
    return texts_of(raw)


def _as_text(column: pd.Series) -> pd.Series:
    """Return cells as they look in the sheet: an id 85782 is not 85782.0."""
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        is_day = (column.dropna() == column.dropna().dt.normalize()).all()
        text = column.dt.strftime("%Y-%m-%d" if is_day else "%Y-%m-%d %H:%M:%S")
    elif pd.api.types.is_float_dtype(column.dtype):
        text = column.map(lambda v: str(int(v)) if v.is_integer() else repr(v), na_action="ignore")
    else:
        text = column.astype("str").where(column.notna())
    return text.astype("object").fillna("").astype("str")
