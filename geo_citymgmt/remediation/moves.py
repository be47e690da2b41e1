"""From dated states and amounts of records to what entered the stock and what left it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

__all__ = ["DONE", "ELSEWHERE", "KINDS", "STOCK", "Classes", "Moves", "flow_entries"]

ELSEWHERE, STOCK, DONE = 0, 1, 2
#: What can happen to the stock. ``staged`` is area alone: part of a case, which stays open.
KINDS = ("found", "relapsed", "closed", "staged", "dismissed")
_FOUND, _RELAPSED, _CLOSED, _STAGED, _DISMISSED = range(len(KINDS))
_EPSILON = 1e-6


@dataclass(frozen=True)
class Classes:
    """Which codes are in the stock, and which are done; all others are elsewhere."""

    stock: frozenset[str]
    done: frozenset[str]

    def of(self, state: pd.Series) -> np.ndarray:
        """Class of each state."""
        return np.select([state.isin(self.stock), state.isin(self.done)], [STOCK, DONE], ELSEWHERE)


class Moves(NamedTuple):
    """What happened, in order for each row: to its class, or to the amount done on it."""

    row: np.ndarray
    date: np.ndarray
    value: np.ndarray


def flow_entries(states: Moves, amounts: Moves, size: np.ndarray) -> pd.DataFrame:
    """Return what entered and left the stock: ``row, date, kind, count, area``.

    The stock of a record is 0 or 1 in number and, in area, its size less what was done on it (never
    below zero) while it is in the stock. Every change of the two is one entry, signed, so that the
    entries up to a day add up to the stock at its end.

    Parameters
    ----------
    states : Moves
        Class entered, in order of row, day and sequence within the day.
    amounts : Moves
        Amount added, or taken back.
    size : ndarray
        Of each row.
    """
    previous = _shift(states.value, states.row, ELSEWHERE)
    # On a day of several things a case is found first, then worked on, then it ends or relapses:
    # only so is what was done on its last day part of what it was closed with.
    late = ~((states.value == STOCK) & (previous != DONE))
    phase = np.where(_any_so_far(late, states.row, states.date), 2, 0)
    row = np.concatenate([states.row, amounts.row]).astype("int64")
    date = np.concatenate([states.date, amounts.date]).astype("datetime64[us]")
    phase = np.concatenate([phase, np.ones(len(amounts.row), dtype=int)])
    grown = np.concatenate([np.zeros(len(states.row)), amounts.value.astype("float64")])
    entered = np.concatenate([states.value, np.full(len(amounts.row), -1)]).astype("int64")
    order = np.lexsort((np.arange(len(row)), phase, date, row))
    row, date, grown, entered = row[order], date[order], grown[order], entered[order]

    now = _last_known(entered, row)
    before = _shift(now, row, ELSEWHERE)
    done = _running(grown, row)
    area = np.where(now == STOCK, np.clip(size[row] - done, 0.0, None), 0.0)
    change = area - _shift(area, row, 0.0)
    count = (now == STOCK).astype(int) - (before == STOCK).astype(int)
    kind = np.select(
        [count > 0, count < 0, change > 0],
        [
            np.where(before == DONE, _RELAPSED, _FOUND),
            np.where(now == DONE, _CLOSED, _DISMISSED),
            _RELAPSED,
        ],
        _STAGED,
    )
    # What is done on the day a case is closed closes it.
    ends = now[_last_of_day(row, date)] == DONE if len(row) else np.zeros(0, dtype=bool)
    kind[(kind == _STAGED) & ends] = _CLOSED
    keep = (count != 0) | (np.abs(change) > _EPSILON)
    names = np.array(KINDS, dtype=object)[kind[keep]]
    return pd.DataFrame(
        {
            "row": row[keep],
            "date": date[keep],
            "kind": pd.Series(names, dtype="str"),
            "count": count[keep],
            "area": change[keep],
        }
    )


def _starts(row: np.ndarray) -> np.ndarray:
    """Whether a new row begins here."""
    out = np.ones(len(row), dtype=bool)
    out[1:] = row[1:] != row[:-1]
    return out


def _shift(value: np.ndarray, row: np.ndarray, first: float) -> np.ndarray:
    """Value before, within each row."""
    out = np.empty_like(value)
    out[1:] = value[:-1]
    out[_starts(row)] = first
    return out


def _running(value: np.ndarray, row: np.ndarray) -> np.ndarray:
    """Cumulative sum within each row."""
    return pd.Series(value).groupby(row, sort=False).cumsum().to_numpy() if len(row) else value


def _last_known(value: np.ndarray, row: np.ndarray) -> np.ndarray:
    """Carry the last value other than -1 forward within each row; elsewhere before the first."""
    known = np.where((value >= 0) | _starts(row), np.arange(len(row)), 0)
    carried = value[np.maximum.accumulate(known)] if len(row) else value
    return np.where(carried < 0, ELSEWHERE, carried)


def _any_so_far(flag: np.ndarray, row: np.ndarray, date: np.ndarray) -> np.ndarray:
    """Whether the flag was set earlier on the same day of the same row, or is here."""
    new = _starts(row)
    new[1:] |= date[1:] != date[:-1]
    count = np.cumsum(flag)
    at_start = np.where(new, count - flag, 0)
    return count > np.maximum.accumulate(at_start) if len(row) else flag


def _last_of_day(row: np.ndarray, date: np.ndarray) -> np.ndarray:
    """Position of the last entry on the same day of the same row."""
    last = np.ones(len(row), dtype=bool)
    last[:-1] = (row[1:] != row[:-1]) | (date[1:] != date[:-1])
    at = np.where(last, np.arange(len(row)), len(row))
    return np.minimum.accumulate(at[::-1])[::-1]
