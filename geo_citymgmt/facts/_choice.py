"""Which records count, what is known of each, and sums of those that are not all known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

from geo_citymgmt._words import Text

WHERE, STATE, SIZE = 1, 2, 3
EPSILON = 1e-9


@dataclass
class Choice:
    """Records that count, and what of each record is known.

    ``known`` is how many of the three things a figure needs are known of the record, or settle that
    it does not count; ``lacks`` the first that is not, 0 where there is none. ``silent`` marks
    those whose state is known today and was another one on the day, which nothing tells.
    """

    counts: np.ndarray
    known: np.ndarray
    lacks: np.ndarray
    silent: np.ndarray

    def drop(self, rows: np.ndarray, thing: int) -> None:
        """Note that of ``rows`` the ``thing`` is not known."""
        self.counts = self.counts & ~rows
        self.known[rows] = thing - 1
        self.lacks[rows] = thing


@dataclass
class Part:
    """What a component contributes by record, what is known of each, and the most it could be."""

    amount: np.ndarray
    choice: Choice
    most: np.ndarray
    row: np.ndarray | None = None
    label: np.ndarray | None = None
    by_events: bool = False
    lacks: tuple[Text, ...] = ()


@lru_cache(maxsize=8)
def nothing_lacks(n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What a choice says of records that are all known; not to be changed."""
    known, lacks, silent = np.full(n, SIZE), np.zeros(n, dtype=int), np.zeros(n, dtype=bool)
    for values in (known, lacks, silent):
        values.flags.writeable = False
    return known, lacks, silent


def divided(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    return numerator / np.where(denominator > 0, denominator, np.nan)


def bounds(
    known: Sequence[np.ndarray], most: Sequence[np.ndarray], twice: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Least and greatest value a share could have, whatever the records are that are not known.

    ``twice`` is what of the most they add to the part they then add to the whole as well.
    """
    (part, total), (more, others) = known, most
    return divided(part, total + others), divided(part + more, total + twice)


def complete(values: pd.Series, ids: pd.Series, rows: np.ndarray) -> np.ndarray:
    """Where each value lies all of whose records are in: at its record with the lowest id."""
    table = pd.DataFrame({"value": values, "id": ids.astype("str"), "inside": rows})
    table = table.assign(at=np.arange(len(table))).dropna(subset=["value"]).sort_values("id")
    groups = table.groupby("value", sort=False)
    return groups["at"].first()[groups["inside"].all()].to_numpy(dtype=int)


def labels_of(values: pd.Series, rows: np.ndarray, several: bool) -> tuple[np.ndarray, np.ndarray]:
    at = np.flatnonzero(rows & values.notna().to_numpy())
    labels = values.iloc[at].astype("str")
    if several:
        labels = labels.str.split(";").explode()
        at = labels.index.to_numpy()
    return at, labels.to_numpy(dtype=object)
