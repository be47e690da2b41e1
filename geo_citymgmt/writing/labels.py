"""The labels of a frame's index as columns, so that no file is without them."""

from __future__ import annotations

from collections.abc import Container, Hashable

import geopandas as gpd
import numpy as np
import pandas as pd

from geo_citymgmt._gate import Gate
from geo_citymgmt.words import Text

__all__ = ["with_labels"]


def with_labels(frame: gpd.GeoDataFrame, gate: Gate) -> tuple[gpd.GeoDataFrame, np.ndarray]:
    """Put each named level of the index before the columns, as :meth:`GeoDataFrame.to_file` does.

    Whole numbers without a name count the rows and are left out. Other labels without a name
    become ``index``, or ``level_0`` and so on where there are several levels. A level that is a
    column already stands once.

    Returns
    -------
    GeoDataFrame
        On a fresh index.
    array of int
        Positions of the records whose number was left out and is not their position.

    Raises
    ------
    CityDataError
        A column of the same name holds something else.
    """
    index = frame.index
    plain = frame.reset_index(drop=True)
    if index.nlevels == 1 and index.name is None and pd.api.types.is_integer_dtype(index.dtype):
        return plain, np.flatnonzero(np.asarray(index != pd.RangeIndex(len(index))))
    # From the last: each goes before those that are there.
    for k in reversed(range(index.nlevels)):
        labels = pd.Series(index.get_level_values(k))
        name = _name(index, k, plain.columns)
        if name not in plain.columns:
            plain.insert(0, name, labels)
        elif not _same(labels, plain[name]):
            raise gate.refuse(
                Text(
                    f"索引“{name}”与同名的列内容不同，写出后只能有一列。",
                    f"the index {name!r} and the column {name!r} differ, and a file has room for "
                    "one.",
                ),
                Text(
                    "请先用 frame.rename_axis() 改名，或用 frame.reset_index(drop=True) 去掉索引。",
                    'Rename the index with frame.rename_axis("..."), or drop it with '
                    "frame.reset_index(drop=True).",
                ),
            )
    return plain, np.empty(0, dtype=np.intp)


def _name(index: pd.Index, level: int, taken: Container[Hashable]) -> Hashable:
    name: Hashable = index.names[level]
    if name is not None:
        return name
    usual = "index" if index.nlevels == 1 else f"level_{level}"
    return usual if usual not in taken else _name_free(usual, taken)


def _name_free(usual: str, taken: Container[Hashable]) -> str:
    k = 1
    while f"{usual}_{k}" in taken:
        k += 1
    return f"{usual}_{k}"


def _same(labels: pd.Series, values: pd.Series) -> bool:
    """Whether they say the same, whatever the types: 1 is 1.0, a category its value."""
    one, two = labels.astype(object), values.astype(object)
    gone = labels.isna() & values.isna()
    same: pd.Series = one.eq(two) | gone
    return bool(same.fillna(False).all())
