"""What was found in reading a table that is no layer: said of the file, with its rows."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from geo_citymgmt.findings import Findings
from geo_citymgmt.reading.raw import Raw
from geo_citymgmt.words import NOTHING, Text

__all__ = ["row_numbers", "sheet_rows", "tell_reading"]

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
