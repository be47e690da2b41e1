"""Several sources as one: points, lines and polygons of a layer in three files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from geo_citymgmt.reading.file_names import short_names
from geo_citymgmt.reading.raw import Raw

__all__ = ["joined", "joined_names", "starts"]

#: More sources than this are named by the first and their number.
_NAMED = 4


def starts(raws: Sequence[Raw]) -> np.ndarray:
    """Return the position of the first record of each among those of all, and how many they are.

    Examples
    --------
    >>> nothing, none = pd.DataFrame(), np.empty(0)
    >>> starts([Raw("a", nothing, none, none, 3), Raw("b", nothing, none, none, 2)]).tolist()
    [0, 3, 5]
    """
    return np.concatenate([[0], np.cumsum([raw.n_walked for raw in raws])]).astype(np.int64)


def joined(raws: Sequence[Raw]) -> Raw:
    """Return one source that has the records of all, one after the other."""
    if len(raws) == 1:
        return raws[0]
    first = raws[0]
    names = [raw.name for raw in raws]
    short = short_names(names)
    labels = [
        f"{name} " + np.asarray(raw.labels()[: raw.n_walked], dtype=object)
        for name, raw in zip(short, raws, strict=True)
    ]
    return Raw(
        name=joined_names(names),
        frame=pd.concat(_exact([raw.frame for raw in raws]), ignore_index=True),
        geometry=np.concatenate([raw.geometry for raw in raws]),
        record=np.concatenate([r.record + o for r, o in zip(raws, starts(raws), strict=False)]),
        n_walked=sum(raw.n_walked for raw in raws),
        n_skipped=sum(raw.n_skipped for raw in raws),
        crs=first.crs,
        encoding=_each_once(raw.encoding for raw in raws),
        encoding_source=_each_once(raw.encoding_source for raw in raws),
        sha256=";".join(raw.sha256 for raw in raws),
        path=first.path,
        stated_unit=first.stated_unit if len({raw.stated_unit for raw in raws}) == 1 else "",
        row_label=np.concatenate(labels),
        parts=tuple(short),
        part=np.repeat(np.arange(len(raws)), [len(raw.record) for raw in raws]),
    )


def joined_names(names: Sequence[str]) -> str:
    """Return what several sources are called together: all of them, where they are few.

    Examples
    --------
    >>> joined_names(["a.shp", "b.shp"]), joined_names([f"{k}.shp" for k in range(12)])
    ('a.shp + b.shp', '0.shp + 1.shp + … (12)')
    """
    if len(names) <= _NAMED:
        return " + ".join(names)
    return " + ".join([*names[:2], f"… ({len(names)})"])


def _exact(frames: Sequence[pd.DataFrame]) -> list[pd.DataFrame]:
    """Whole numbers that other sources lack or hold as text stay as they are: 1001, not 1001.0."""
    dtypes: dict[str, set[Any]] = {}
    for frame in frames:
        for column, dtype in frame.dtypes.items():
            dtypes.setdefault(str(column), set()).add(dtype)
    everywhere = {c for c in dtypes if all(c in frame.columns for frame in frames)}
    mixed = {c for c, kinds in dtypes.items() if len(kinds) > 1 or c not in everywhere}
    return [
        frame.astype(
            {c: object for c in frame.columns if c in mixed and frame[c].dtype.kind in "iub"}
        )
        for frame in frames
    ]


def _each_once(values: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(value for value in values if value))
