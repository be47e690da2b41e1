"""Limits of classes, the same as mapclassify finds them, without its imports and its loops."""

from __future__ import annotations

import numpy as np

__all__ = ["natural_breaks", "quantile_breaks"]

#: From here on sums of squares of a few thousand values overflow single precision.
_MOST = 1e17


def natural_breaks(values: np.ndarray, k: int) -> np.ndarray:
    """Return the upper limits of ``k`` classes within which the values differ least.

    Fisher (1958) and Jenks (1977), in single precision as ``mapclassify.FisherJenks`` computes it,
    so that a map keeps its classes whichever of the two drew it.

    Parameters
    ----------
    values : ndarray of float
        In any order; at least ``k`` different ones.
    k : int
        Number of classes.

    Returns
    -------
    ndarray of float64
        Rising; the last is the largest value.

    Examples
    --------
    >>> natural_breaks(np.array([1.0, 2.0, 9.0, 10.0]), 2).tolist()
    [2.0, 10.0]
    """
    ordered = np.sort(values).astype("float64")
    largest = np.abs(ordered).max()
    # Squares beyond single precision are the one case that mapclassify gets wrong.
    scaled = ordered / largest if largest > _MOST else ordered
    first = _first_of_last_class(scaled.astype("float32"), k)
    limits = np.empty(k)
    limits[-1] = ordered[-1]
    n = len(ordered)
    for j in range(k, 1, -1):
        start = first[n, j]
        limits[j - 2] = ordered[start - 2]
        n = start - 1
    return limits


def _first_of_last_class(ordered: np.ndarray, k: int) -> np.ndarray:
    """Where the last of ``j`` classes begins, at best, among the first ``n`` values; from 1."""
    n_values = len(ordered)
    first = np.zeros((n_values + 1, k + 1), dtype=np.int64)
    least = np.zeros((n_values + 1, k + 1), dtype="float32")
    first[1:, 1] = first[1, 1:] = 1
    squares = ordered * ordered
    size = np.arange(1, n_values + 1, dtype="float32")
    for n in range(2, n_values + 1):
        # Spread of a last class of 1, 2, ... n values, summed from the last value down.
        total = np.cumsum(ordered[n - 1 :: -1])
        spread = np.cumsum(squares[n - 1 :: -1]) - total * total / size[:n]
        least[n, 1] = spread[-1]
        least[n, 2:] = np.inf
        for j in range(2, k + 1):
            # A last class from the second, third, ... value on, behind j - 1 classes.
            both = spread[n - 2 :: -1] + least[1:n, j - 1]
            at = int(np.argmin(both))
            first[n, j], least[n, j] = at + 2, both[at]
    return first


def quantile_breaks(values: np.ndarray, k: int) -> np.ndarray:
    """Return the upper limits of ``k`` classes of equal size; fewer where limits coincide.

    Parameters
    ----------
    values : ndarray of float
        In any order.
    k : int
        Number of classes.

    Returns
    -------
    ndarray of float64
        Rising, as ``mapclassify.Quantiles`` gives them; the last is the largest value.

    Examples
    --------
    >>> quantile_breaks(np.arange(5.0), 2).tolist()
    [2.0, 4.0]
    """
    ordered = np.sort(values).astype("float64")
    width = 100.0 / k
    percent = np.minimum(np.arange(width, 100.0 + width, width), 100.0)
    place = percent / 100.0 * (len(ordered) - 1)
    below = place.astype(np.int64)
    above = np.minimum(below + 1, len(ordered) - 1)
    # Weighted from both sides, which is not to the last digit the lower value and a part.
    between = ordered[below] * (below + 1 - place) + ordered[above] * (place - below)
    return np.unique(np.where(place == below, ordered[below], between))
