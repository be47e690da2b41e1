"""Attribute tables of shapefiles, written tight and the same each time.

GDAL puts today's date in the header and 24 characters in each number; here the date is the
data's own and a column is as wide as its longest value.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["Column", "write_dbf"]

Bytes = NDArray[np.bytes_]


@dataclass(frozen=True)
class Column:
    """A column ready to write: kind C, N or D, right-sized, and its cells as bytes."""

    name: bytes
    kind: str
    width: int
    decimals: int
    cells: Bytes


def text_column(name: bytes, values: pd.Series, encoding: str = "utf-8") -> Column:
    """Make a text column; missing values become blanks."""
    codes, unique = pd.factorize(values, use_na_sentinel=True)
    words = [str(word).encode(encoding) for word in unique]
    width = min(max([len(word) for word in words], default=1) or 1, 254)
    table = np.array([*(w.ljust(width)[:width] for w in words), b" " * width], f"S{width}")
    return Column(name, "C", width, 0, table[codes])


def number_column(name: bytes, values: pd.Series, decimals: int) -> Column:
    """Make a number column with a fixed number of decimals; missing values become blanks."""
    numbers = values.astype("float64").to_numpy()
    known = ~np.isnan(numbers)
    cells = np.full(len(numbers), b"", "S24")
    if decimals == 0:
        cells[known] = np.round(numbers[known]).astype(np.int64).astype("S24")
    else:
        # Whole units of the last digit, so that a value reads back as it was rounded.
        units = np.round(np.abs(numbers[known]) * 10**decimals).astype(np.int64)
        whole = (units // 10**decimals).astype(str)
        part = np.char.zfill((units % 10**decimals).astype(str), decimals)
        sign = np.where((numbers[known] < 0) & (units > 0), "-", "")
        cells[known] = np.char.add(np.char.add(np.char.add(sign, whole), "."), part).astype("S24")
    width = int(np.char.str_len(cells).max(initial=1)) or 1
    width = max(width, decimals + 2 if decimals else 1)
    return Column(name, "N", width, decimals, np.char.rjust(cells, width).astype(f"S{width}"))


def date_column(name: bytes, values: pd.Series) -> Column:
    """Make a date column; missing values become blanks."""
    days = values.to_numpy("datetime64[D]")
    cells = np.full(len(days), b" " * 8, "S8")
    known = ~np.isnat(days)
    text = np.char.replace(days[known].astype(str), "-", "")
    cells[known] = text.astype("S8")
    return Column(name, "D", 8, 0, cells)


def write_dbf(path: Path, columns: Sequence[Column], dated: date, deleted: int = 0) -> None:
    """Write the table.

    Parameters
    ----------
    path : Path
        File to write.
    columns : sequence of Column
        At least one, all of one length.
    dated : date
        Date of the last change, for the header.
    deleted : int, default 0
        How many of the last records carry the mark of a deleted record.
    """
    count = len(columns[0].cells)
    row = 1 + sum(c.width for c in columns)
    head = 32 + 32 * len(columns) + 1
    header = struct.pack(
        "<BBBBIHH20x", 3, dated.year - 1900, dated.month, dated.day, count, head, row
    )
    for column in columns:
        header += struct.pack(
            "<11sc4xBB14x", column.name[:10], column.kind.encode(), column.width, column.decimals
        )
    body = np.full((count, row), 0x20, np.uint8)
    at = 1
    for column in columns:
        cells = np.ascontiguousarray(column.cells.astype(f"S{column.width}"))
        block = cells.view(np.uint8).reshape(count, column.width)
        # numpy fills with zero bytes where a .dbf has blanks.
        body[:, at : at + column.width] = np.where(block == 0, 0x20, block)
        at += column.width
    if deleted:
        body[-deleted:, 0] = 0x2A
    path.write_bytes(header + b"\r" + body.tobytes() + b"\x1a")
