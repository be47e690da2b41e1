"""Several sources as one: points, lines and polygons of a layer in three files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from geo_citymgmt.reading.raw import Raw

__all__ = ["joined", "starts"]


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
    labels = [
        f"{Path(raw.name).stem} {label}" for raw in raws for label in raw.labels()[: raw.n_walked]
    ]
    return Raw(
        name=" + ".join(raw.name for raw in raws),
        frame=pd.concat([raw.frame for raw in raws], ignore_index=True),
        geometry=np.concatenate([raw.geometry for raw in raws]),
        record=np.concatenate([r.record + o for r, o in zip(raws, starts(raws), strict=False)]),
        n_walked=sum(raw.n_walked for raw in raws),
        n_skipped=sum(raw.n_skipped for raw in raws),
        crs=first.crs,
        encoding=first.encoding,
        encoding_source=first.encoding_source,
        sha256=";".join(raw.sha256 for raw in raws),
        path=first.path,
        row_label=np.array(labels, dtype=object),
        stated_unit=first.stated_unit,
    )
