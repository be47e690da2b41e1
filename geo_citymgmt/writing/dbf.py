"""Attribute tables of shapefiles, written tight, exact and the same each time.

GDAL puts today's date in the header, 24 characters in each number and rounds to 15 digits. Here
a column is as wide as its longest value, and a number is the shortest text that reads back as it.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.compute as pc
from numpy.typing import NDArray

from geo_citymgmt.writing.values import number_texts

__all__ = [
    "MAX_TEXT",
    "MAX_WHOLE",
    "Column",
    "date_column",
    "number_column",
    "text_column",
    "why_not",
    "write_dbf",
]

#: Bytes in a text field, and what the header can say of a record and of a file.
MAX_TEXT = 254
#: Digits, with the sign, of a whole number that other programs read to the last one.
MAX_WHOLE = 18
MAX_RECORD = 65_535
MAX_FIELDS = 255


@dataclass(frozen=True)
class Column:
    """A column ready to write: kind C, N, F or D, its width, its cells as bytes."""

    name: bytes
    kind: str
    width: int
    decimals: int
    cells: NDArray[np.bytes_]


def text_column(name: bytes, values: pd.Series, encoding: str) -> tuple[Column, np.ndarray]:
    """Make a text column; return it and where a text had to be cut, at a whole character."""
    codes, unique = pd.factorize(values, use_na_sentinel=True)
    words, cut = [], np.zeros(len(unique) + 1, dtype=bool)
    for k, word in enumerate(unique):
        raw, cut[k] = _fitting(str(word), encoding)
        words.append(raw)
    width = max([len(raw) for raw in words], default=1) or 1
    table = np.array([*words, b""], f"S{width}")
    return Column(name, "C", width, 0, table[codes]), np.flatnonzero(cut[codes])


def number_column(name: bytes, values: pd.Series) -> Column:
    """Make a number column that loses no digit; missing values are blanks."""
    texts = number_texts(values)
    # F admits an exponent, N does not.
    kind = "F" if pc.any(pc.match_substring(texts, "e")).as_py() else "N"
    parts = pc.utf8_length(pc.replace_substring_regex(texts, r"^[^.]*\.?", ""))
    # A number without decimals is taken for a whole one, which an exponent is not.
    decimals = 1 if kind == "F" else int(pc.max(parts).as_py() or 0)
    width = int(pc.max(pc.binary_length(texts)).as_py() or 1)
    filled = pc.utf8_lpad(pc.fill_null(texts, ""), width)
    cells = np.asarray(filled.to_numpy(zero_copy_only=False), dtype=f"S{width}")
    return Column(name, kind, width, min(decimals, max(width - 2, 0), 15), cells)


def date_column(name: bytes, values: pd.Series) -> Column:
    """Make a date column; missing values are blanks."""
    days = values.to_numpy("datetime64[D]")
    cells = np.full(len(days), b" " * 8, "S8")
    known = ~np.isnat(days)
    if known.any():
        cells[known] = np.char.replace(days[known].astype(str), "-", "").astype("S8")
    return Column(name, "D", 8, 0, cells)


def why_not(columns: Sequence[Column]) -> str:
    """Say why the header cannot describe these columns; empty where it can."""
    record = 1 + sum(column.width for column in columns)
    if len(columns) > MAX_FIELDS:
        return f"{len(columns)} fields, at most {MAX_FIELDS}"
    if record > MAX_RECORD:
        return f"{record} bytes a record, at most {MAX_RECORD}"
    if columns and record * len(columns[0].cells) >= 2**31:
        return "more than 2 GB"
    return ""


def write_dbf(
    path: Path, columns: Sequence[Column], dated: date, *, language: int = 0, deleted: int = 0
) -> None:
    """Write the table.

    Parameters
    ----------
    path : Path
        File to write.
    columns : sequence of Column
        At least one, all of one length.
    dated : date
        Date of the last change, for the header.
    language : int
        Language driver id; 0x4D is GBK.
    deleted : int, default 0
        How many of the last records carry the mark of a deleted record.
    """
    count = len(columns[0].cells)
    row = 1 + sum(c.width for c in columns)
    head = 32 + 32 * len(columns) + 1
    header = struct.pack(
        "<BBBBIHH17xBxx", 3, dated.year - 1900, dated.month, dated.day, count, head, row, language
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


def _fitting(word: str, encoding: str) -> tuple[bytes, bool]:
    raw = word.encode(encoding)
    if len(raw) <= MAX_TEXT:
        return raw, False
    kept = raw[:MAX_TEXT].decode(encoding, "ignore")
    return kept.rstrip().encode(encoding), True
