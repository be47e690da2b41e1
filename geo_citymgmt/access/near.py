"""Pairs of points within a distance, by a grid whose cells are as wide as the distance."""

from __future__ import annotations

import numpy as np

__all__ = ["pairs_within"]


def pairs_within(
    first: np.ndarray, second: np.ndarray, distance: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return positions in both, and how far apart they are, of all pairs within ``distance``.

    Parameters
    ----------
    first, second : array of float, shape (n, 2)
        Finite coordinates in metres.
    distance : float
        In metres; a pair exactly so far apart is within it.

    Notes
    -----
    Cells of the second points are sorted by row, so that the three cells of a row around a point
    are one run. Quicker than a tree of geometries, which first has to make them.
    """
    if not len(first) or not len(second):
        none = np.empty(0, dtype="int64")
        return none, none, np.empty(0)
    # A hair wider than the distance, lest rounding put a pair two cells apart.
    side = distance * (1 + 1e-9) + 1e-6
    origin = second.min(axis=0)
    cell = np.floor((second - origin) / side).astype("int64") + 1
    width, height = (int(size) + 2 for size in cell.max(axis=0))
    key = cell[:, 1] * width + cell[:, 0]
    order = np.argsort(key, kind="stable")
    key = key[order]
    spot = np.floor((first - origin) / side) + 1
    near = np.flatnonzero(((spot >= 0) & (spot < [width, height])).all(axis=1))
    at = spot[near].astype("int64")
    found = []
    for step in (-1, 0, 1):
        row = (at[:, 1] + step) * width + at[:, 0]
        start = np.searchsorted(key, row - 1, side="left")
        n = np.searchsorted(key, row + 1, side="right") - start
        one = np.repeat(near, n)
        run = np.arange(len(one)) - np.repeat(np.cumsum(n) - n - start, n)
        other = order[run]
        way = first[one] - second[other]
        far = np.sqrt((way * way).sum(axis=1))
        within = far <= distance
        found.append((one[within], other[within], far[within]))
    one, other, far = (np.concatenate(part) for part in zip(*found, strict=True))
    return one, other, far
