"""Chance of a neighbour sum under conditional permutation, and the control of false discoveries."""

from __future__ import annotations

import math

import numpy as np

__all__ = ["benjamini_hochberg", "normal_p", "permutation_p"]

#: Permutations drawn at a time: nine neighbours of them are 5 MB.
_CHUNK = 65_536
#: Below this many cells, ranks of random numbers draw without replacement quicker than retrying.
_FEW_CELLS = 128


def normal_p(z: np.ndarray) -> np.ndarray:
    """Two-sided p of standard normal scores; one where there is no score."""
    distinct, at = np.unique(np.abs(z), return_inverse=True)
    p = np.array([math.erfc(score / math.sqrt(2.0)) for score in distinct.tolist()])
    return np.where(np.isnan(z), 1.0, p[at])


def benjamini_hochberg(p: np.ndarray) -> np.ndarray:
    """Adjusted p: the false-discovery rate at which each would just be accepted."""
    order = np.argsort(p, kind="stable")
    ranked = p[order] * len(p) / np.arange(1, len(p) + 1)
    out = np.empty(len(p))
    out[order] = np.minimum(np.minimum.accumulate(ranked[::-1])[::-1], 1.0)
    return out


def permutation_p(
    values: np.ndarray, near: np.ndarray, n_near: np.ndarray, permutations: int, seed: int
) -> np.ndarray:
    """Two-sided p of each cell's neighbour sum when all other cells change places at random.

    A cell keeps its own value, its neighbours' are drawn without replacement from all the others;
    counted is how often their sum lies as far from its expectation as the one observed.

    Parameters
    ----------
    values : array of float
        Value of each cell.
    near : array of float
        Sum over each cell's neighbours, without itself.
    n_near : array of int
        How many neighbours each cell has.
    permutations, seed : int
        How many draws, and where they begin.

    Notes
    -----
    The draws are shared by all cells: sets of k cells out of all n, k being the number of
    neighbours. Where such a set holds the cell itself, that member gives way to one more, drawn
    with it; what results is a draw from the others. So only the sets that hold a cell cost
    anything for it, and the rest are one sorted list: n log(permutations), not n times
    permutations.
    """
    n = len(values)
    total = values.sum()
    expected = n_near * (total - values) / max(n - 1, 1)
    # Sums of the same numbers in another order differ by rounding, and must count as ties.
    slack = 1e-9 * max(np.abs(values).max(initial=0.0), 1e-300) * max(int(n_near.max()), 1)
    distance = np.abs(near - expected) - slack
    low, high = expected - distance, expected + distance
    extreme = np.zeros(n)
    rng = np.random.default_rng(seed)
    classes = [(int(k), np.flatnonzero(n_near == k)) for k in np.unique(n_near)]
    for start in range(0, permutations, _CHUNK):
        size = min(_CHUNK, permutations - start)
        drawn = _distinct(rng, n, int(n_near.max()) + 1, size)
        sums = np.cumsum(values[drawn], axis=1)
        for k, cells in classes:
            if k == 0:
                extreme[cells] += size
                continue
            sum_k = sums[:, k - 1]
            ranked = np.sort(sum_k)
            # Expectation and observation may coincide: then each draw is as far from it.
            count = np.where(
                distance[cells] <= 0,
                size,
                size
                - np.searchsorted(ranked, high[cells], side="left")
                + np.searchsorted(ranked, low[cells], side="right"),
            )
            extreme[cells] += count
            held = drawn[:, :k].ravel()
            row = np.repeat(np.arange(size), k)
            ours = n_near[held] == k
            held, row = held[ours], row[ours]
            before = sum_k[row]
            after = before - values[held] + values[drawn[row, k]]
            change = _beyond(after, held, low, high, distance).astype(float)
            change -= _beyond(before, held, low, high, distance)
            extreme += np.bincount(held, weights=change, minlength=n)
    return (extreme + 1.0) / (permutations + 1.0)


def _beyond(
    sums: np.ndarray, cell: np.ndarray, low: np.ndarray, high: np.ndarray, distance: np.ndarray
) -> np.ndarray:
    return (sums >= high[cell]) | (sums <= low[cell]) | (distance[cell] <= 0)


def _distinct(rng: np.random.Generator, n: int, k: int, rows: int) -> np.ndarray:
    """Rows of ``k`` different numbers below ``n``, all ordered choices equally likely."""
    if n <= _FEW_CELLS:
        return np.argsort(rng.random((rows, n)), axis=1)[:, :k]
    out = rng.integers(0, n, (rows, k))
    wrong = np.arange(rows)
    while len(wrong):
        ranked = np.sort(out[wrong], axis=1)
        wrong = wrong[(ranked[:, 1:] == ranked[:, :-1]).any(axis=1)]
        # The whole row anew: mending one number would favour some rows.
        out[wrong] = rng.integers(0, n, (len(wrong), k))
    return out
