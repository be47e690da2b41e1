"""The rows of a figure, and which record counts in which of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

#: Between fields, and their values, that together say what is counted by.
JOINT = "/"


@dataclass(frozen=True)
class Layout:
    """The rows of a figure, level by level, and which record counts in which of them."""

    level: np.ndarray
    row_kind: np.ndarray
    zone_code: np.ndarray
    row: np.ndarray
    slot: np.ndarray
    share: np.ndarray

    @cached_property
    def is_whole(self) -> bool:
        """Whether each record counts wholly where it counts."""
        return bool((self.share == 1).all())

    def down_to(self, levels: tuple[str, ...]) -> Layout:
        """The rows of its first levels; levels come one after the other."""
        n = int(np.isin(self.level, levels).sum())
        rows = (values[:n] for values in (self.level, self.row_kind, self.zone_code))
        inside = self.slot < n
        records = (values[inside] for values in (self.row, self.slot, self.share))
        return Layout(*rows, *records)

    def total(self, amount: np.ndarray) -> np.ndarray:
        """Sum of an amount of the records, or number of those chosen, by row of the figure."""
        if amount.dtype == bool and self.is_whole:
            return self.number(amount)
        return np.bincount(
            self.slot, amount[self.row] * self.share, minlength=len(self.zone_code)
        ).astype("float64")

    def different(self, row: np.ndarray, label: np.ndarray) -> np.ndarray:
        """Number of different labels, by row of the figure."""
        by_record = pd.DataFrame({"row": row, "label": label})
        pairs = pd.DataFrame({"row": self.row, "slot": self.slot}).merge(by_record, on="row")
        once = pairs.drop_duplicates(["slot", "label"])
        return np.bincount(once["slot"], minlength=len(self.zone_code)).astype("float64")

    def number(self, records: np.ndarray) -> np.ndarray:
        """How many of the records count, wholly or in part, by row of the figure."""
        n = len(self.zone_code)
        if self._by_level is None:
            return np.bincount(self.slot[records[self.row]], minlength=n).astype("float64")
        out = np.zeros(n)
        for slots, everywhere in self._by_level:
            if everywhere is None:
                out += np.bincount(slots[records], minlength=n)
            else:
                out[everywhere] = np.count_nonzero(records)
        return out

    @cached_property
    def _by_level(self) -> list[tuple[np.ndarray, int | None]] | None:
        """Row of each record at each level, and the one that all are in; None where some lack."""
        n = int(self.row.max()) + 1 if len(self.row) else 0
        if not n or len(self.row) % n or (self.row.reshape(-1, n) != np.arange(n)).any():
            return None
        levels = self.slot.reshape(-1, n)
        return [(s, int(s[0]) if s.min() == s.max() else None) for s in levels]


def pairs_of(first: pd.Series, second: pd.Series) -> tuple[np.ndarray, list[tuple[str, str]]]:
    """Number of each row's pair of texts, and the pairs there are."""
    left, lefts = pd.factorize(first)
    right, rights = pd.factorize(second)
    width = max(len(rights), 1)
    pair = left * width + right
    present = np.flatnonzero(np.bincount(pair, minlength=1))
    number = np.zeros(len(lefts) * width + 1, dtype=np.intp)
    number[present] = np.arange(len(present))
    return number[pair], [(str(lefts[k // width]), str(rights[k % width])) for k in present]
