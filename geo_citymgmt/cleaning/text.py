"""One idea of when two texts are the same, used for names, codes and districts alike."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

import numpy as np
import pandas as pd

__all__ = ["NULL_MARKERS", "distinct_texts", "is_null_text", "plain", "plain_key"]

#: What clerks write where there is nothing to write.
NULL_MARKERS = frozenset(
    ["", "/", "\\", "无", "-", "--", "—", "――", "null", "none", "nan", "n/a", "na", "#n/a",
     "<null>", "空", "不详", "暂无", "1900-01-01", "1900/1/1"]
)  # fmt: skip
_SPACES = re.compile(r"\s+")


def plain(value: str) -> str:
    """Half-width, composed, without surrounding or doubled white space."""
    return _SPACES.sub(" ", unicodedata.normalize("NFKC", value)).strip()


def plain_key(value: str) -> str:
    """Like :func:`plain`, and without case, spaces and joiners: for comparing names."""
    return re.sub(r"[\s_\-·.]", "", plain(value)).casefold()


def is_null_text(value: str) -> bool:
    """Whether ``value`` is a marker for "nothing"."""
    return plain(value).casefold() in NULL_MARKERS


def distinct_texts(column: pd.Series) -> tuple[np.ndarray, list[str]]:
    """Return for each value its place among the distinct texts (-1 where null), and these.

    A value is looked at once however often it occurs: a column of a million status words has a
    dozen distinct ones.
    """
    texts = column if pd.api.types.is_string_dtype(column.dtype) else column.map(_as_text)
    codes, uniques = pd.factorize(texts, use_na_sentinel=True)
    return codes, [str(u) for u in uniques]


def _as_text(value: Any) -> Any:
    if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return None
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        return str(int(value))
    return str(value)
