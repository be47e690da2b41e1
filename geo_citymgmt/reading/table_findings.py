"""Tables that are no layers: their cells as texts, and what was found in reading them."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from geo_citymgmt._dates import local_days
from geo_citymgmt.findings import Findings
from geo_citymgmt.reading.raw import Raw
from geo_citymgmt.words import NOTHING, Text, first_few

__all__ = ["row_numbers", "sheet_rows", "tell_cells", "tell_reading", "texts_of"]

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
    return first_few((row + 2 for row in rows), _NAMED)


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


def tell_cells(
    cells: pd.Series,
    why: Text,
    findings: Findings,
    *,
    file: str,
    column: str,
    severity: str | None = None,
) -> None:
    """Tell cells of a table and why they are not as they should be: one finding a value.

    Parameters
    ----------
    cells : Series of str
        As written; the index is the row of the table.
    why : Text
        The cause, and what is to be written.
    findings : Findings
        Takes them as ``TABLE_VALUE``.
    file, column : str
        Where they stand.
    severity : str, optional
        Where it is no error.

    Examples
    --------
    >>> found = Findings()
    >>> cells = pd.Series(["many", "many"], index=[0, 3])
    >>> tell_cells(cells, Text("不是数值", "no number"), found, file="events.csv", column="amount")
    >>> found.frame()["message_en"].tolist()
    ["events.csv, row 2, 5: amount is 'many', no number"]
    """
    for value, rows in cells.groupby(cells, sort=False).groups.items():
        findings.add(
            "TABLE_VALUE",
            value=str(value),
            about=f"{file} {column} {value}",
            severity=severity,
            file=file,
            row=row_numbers(rows),
            column=column,
            detail=why,
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


def _as_text(column: pd.Series) -> pd.Series:
    """Return cells as they look in the sheet: an id 85782 is not 85782.0."""
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        text = pd.Series(local_days(column).astype("str"), column.index).where(column.notna())
    elif pd.api.types.is_datetime64_any_dtype(column.dtype):
        is_day = (column.dropna() == column.dropna().dt.normalize()).all()
        text = column.dt.strftime("%Y-%m-%d" if is_day else "%Y-%m-%d %H:%M:%S")
    elif pd.api.types.is_float_dtype(column.dtype):
        text = column.map(lambda v: str(int(v)) if v.is_integer() else repr(v), na_action="ignore")
    else:
        text = column.astype("str").where(column.notna())
    return text.astype("object").fillna("").astype("str")
