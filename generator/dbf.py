"""Columns of the sample's attribute tables: a fixed number of decimals, texts cut by the byte.

An office's own files look so; what the package writes keeps every digit and whole characters.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from geo_citymgmt.writing._shapefile import Column

__all__ = ["number_column", "text_column"]


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
        units_part = (units // 10**decimals).astype(str)
        part = np.char.zfill((units % 10**decimals).astype(str), decimals)
        sign = np.where((numbers[known] < 0) & (units > 0), "-", "")
        cells[known] = np.char.add(np.char.add(np.char.add(sign, units_part), "."), part).astype(
            "S24"
        )
    width = int(np.char.str_len(cells).max(initial=1)) or 1
    width = max(width, decimals + 2 if decimals else 1)
    return Column(name, "N", width, decimals, np.char.rjust(cells, width).astype(f"S{width}"))
