"""The nearest of many points to many others, by a net of squares."""

from __future__ import annotations

import numpy as np

__all__ = ["nearest_points"]

#: Points looked at in one go: bounds the memory, some 0.5 kB each.
_CHUNK = 100_000


def nearest_points(
    here: np.ndarray, there: np.ndarray, k: int, limit: float = np.inf
) -> tuple[np.ndarray, np.ndarray]:
    """Find the ``k`` nearest of ``there`` for each of ``here``.

    Each point looks at its square of a net and the eight about it. Those for which these hold too
    few that are nearer than the edge of the nine look again in a net of squares twice as wide.

    Parameters
    ----------
    here, there : array of float, shape (n, 2) and (m, 2)
        In metres; ``there`` is not empty.
    k : int
        Not above ``m``.
    limit : float
        Farther ones are not looked for.

    Returns
    -------
    position, distance : array, shape (n, k)
        Positions in ``there``, nearest first, the lowest first at equal distance; -1 and NaN where
        there is none within the limit.

    Examples
    --------
    >>> here, there = np.array([[0.0, 0.0]]), np.array([[9.0, 0.0], [3.0, 4.0]])
    >>> nearest_points(here, there, 2)[1].tolist()
    [[5.0, 9.0]]
    """
    position = np.full((len(here), k), -1)
    distance = np.full((len(here), k), np.nan)
    low, high = there.min(axis=0), there.max(axis=0)
    span = np.maximum(high - low, 1e-3)
    # Fine enough for where the points crowd; the few elsewhere look again.
    width = float(np.sqrt(span.prod() * (1 + k) / (32 * len(there))).clip(span.max() / 2_000))
    left = np.arange(len(here))
    while len(left):
        net = _Net(there, low, high, width)
        still = []
        for first in range(0, len(left), _CHUNK):
            some = left[first : first + _CHUNK]
            done, position[some], distance[some] = net.look(here[some], k, limit)
            still.append(some[~done])
        left = np.concatenate(still)
        width *= 2
    return position, distance


class _Net:
    """Points by the square they are in."""

    def __init__(self, points: np.ndarray, low: np.ndarray, high: np.ndarray, width: float) -> None:
        self.low, self.width = low, width
        self.size = np.floor((high - low) / width).astype(np.int64) + 1
        square = np.floor((points - low) / width).astype(np.int64)
        key = square[:, 0] * self.size[1] + square[:, 1]
        self.order = np.argsort(key, kind="stable")
        self.points = points[self.order]
        counts = np.bincount(key, minlength=int(self.size.prod()))
        self.begin = np.concatenate([[0], np.cumsum(counts)])

    def look(
        self, here: np.ndarray, k: int, limit: float
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Whether nine squares were enough for each point, and what was found if so."""
        inside = (here - self.low) / self.width
        square = np.floor(np.clip(inside, -2, self.size + 1)).astype(np.int64)
        # Beyond the net there is nothing, so its edge is no limit.
        below = np.where(square <= 1, np.inf, inside - square + 1)
        above = np.where(square >= self.size - 2, np.inf, square + 2 - inside)
        sure = np.minimum(below, above).min(axis=1) * self.width
        beyond = ((square < -1) | (square > self.size)).any(axis=1)
        sure = np.where(beyond, 0.0, sure)
        row, place = self._candidates(square)
        step = self.points[place] - here[row]
        far = np.hypot(step[:, 0], step[:, 1])
        keep = far <= np.minimum(sure[row], limit)
        row, far, place = row[keep], far[keep], self.order[place[keep]]
        done = (np.bincount(row, minlength=len(here)) >= k) | (sure >= limit) | np.isinf(sure)
        keep = done[row]
        row, far, place = row[keep], far[keep], place[keep]
        position, distance = np.full((len(here), k), -1), np.full((len(here), k), np.nan)
        for turn in range(k):
            if not len(row):
                break
            first = np.flatnonzero(np.diff(row, prepend=-1))
            least = np.minimum.reduceat(far, first)
            count = np.diff(np.append(first, len(row)))
            tied = np.where(far == np.repeat(least, count), place, len(self.order))
            best = np.minimum.reduceat(tied, first)
            position[row[first], turn], distance[row[first], turn] = best, least
            rest = place != np.repeat(best, count)
            row, far, place = row[rest], far[rest], place[rest]
        return done, position, distance

    def _candidates(self, square: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Pairs of a row and a place in nine squares, by row."""
        columns = square[:, :1] + np.array([-1, 0, 1])
        low = np.maximum(square[:, 1:] - 1, 0)
        high = np.minimum(square[:, 1:] + 1, self.size[1] - 1)
        there = (columns >= 0) & (columns < self.size[0]) & (low <= high)
        base = np.where(there, columns, 0) * self.size[1]
        begin = self.begin[np.where(there, base + low, 0)]
        end = self.begin[np.where(there, base + high + 1, 0)]
        count = (end - begin).ravel()
        row = np.repeat(np.repeat(np.arange(len(square)), 3), count)
        within = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
        return row, np.repeat(begin.ravel(), count) + within
