"""Columns that hold amounts."""

from __future__ import annotations

import numpy as np
import pandas as pd

from geo_citymgmt.errors import CityDataError
from geo_citymgmt.words import Text

__all__ = ["numbers"]


def numbers(frame: pd.DataFrame, name: str, function: str) -> np.ndarray:
    """Return a column as numbers, or refuse what cannot be an amount."""
    if not isinstance(frame, pd.DataFrame) or name not in frame.columns:
        known = ", ".join(str(c) for c in frame.columns) if hasattr(frame, "columns") else "none"
        raise CityDataError(
            Text(
                f"{function}：没有字段“{name}”，现有字段：{known}。",
                f"{function}: no column {name!r}; there are {known}.",
            ),
        )
    values = pd.to_numeric(frame[name]).astype("float64").to_numpy()
    if (values < 0).any() or np.isinf(values).any():
        raise CityDataError(
            Text(
                f"{function}：字段“{name}”含负数或无穷大，请先修正。",
                f"{function}: {name!r} has negative or infinite numbers; mend them first.",
            ),
        )
    return values
