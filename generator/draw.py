"""Draws that repeat: one stream of uniform numbers a layer, and whole-number shares."""

from __future__ import annotations

import zlib
from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["Draw", "either", "share_out"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Draw:
    """Random draws for one purpose, the same for the same seed in every version of numpy.

    numpy promises stable bits, not stable distributions; so everything is made here from
    uniform numbers alone.

    Parameters
    ----------
    seed : int
        Seed of the city.
    purpose : str
        What is drawn. Each purpose has a stream of its own, so that a change in one layer does
        not change the others.

    Examples
    --------
    >>> Draw(0, "example").whole(3, 1, 7).shape
    (3,)
    """

    def __init__(self, seed: int, purpose: str) -> None:
        self._bits = np.random.Generator(np.random.PCG64([seed, zlib.crc32(purpose.encode())]))

    def uniform(self, size: int, low: float = 0.0, high: float = 1.0) -> Floats:
        """Draw numbers between ``low`` and ``high``."""
        drawn: Floats = low + (high - low) * self._bits.random(size)
        return drawn

    def normal(self, size: int, mean: float = 0.0, sd: float = 1.0) -> Floats:
        """Draw from a normal distribution."""
        far = np.sqrt(-2.0 * np.log1p(-self._bits.random(size)))
        drawn: Floats = mean + sd * far * np.cos(2.0 * np.pi * self._bits.random(size))
        return drawn

    def whole(self, size: int, low: int, high: int) -> Ints:
        """Draw whole numbers from ``low`` up to but not including ``high``."""
        drawn: Ints = low + np.floor(self._bits.random(size) * (high - low)).astype(np.int64)
        return drawn

    def yes(self, size: int, share: float | Floats) -> NDArray[np.bool_]:
        """Draw true with probability ``share``."""
        return np.asarray(self._bits.random(size) < share)

    def pick(self, size: int, weights: ArrayLike) -> Ints:
        """Draw positions with probability in proportion to ``weights``."""
        edges = np.cumsum(np.asarray(weights, float))
        position = np.searchsorted(edges, self._bits.random(size) * edges[-1], side="right")
        return np.asarray(np.minimum(position, len(edges) - 1), np.int64)

    def some(self, total: int, count: int, weights: ArrayLike | None = None) -> Ints:
        """Draw ``count`` different positions out of ``total``, in rising order."""
        keys = self._bits.random(total)
        if weights is not None:
            # The largest keys of u ** (1 / w) are a weighted draw without replacement.
            with np.errstate(divide="ignore"):
                keys = np.log(keys) / np.maximum(np.asarray(weights, float), 1e-300)
        return np.sort(np.argsort(-keys, kind="stable")[:count])

    def order(self, size: int) -> Ints:
        """Draw an order of ``size`` positions."""
        return np.argsort(self._bits.random(size), kind="stable")

    def of(self, size: int, shares: Mapping[str, float]) -> NDArray[np.object_]:
        """Draw texts, each in proportion to its share."""
        return np.array(list(shares), dtype=object)[self.pick(size, list(shares.values()))]


def either(test: ArrayLike, yes: object, no: object) -> NDArray[np.object_]:
    """Take from ``yes`` where ``test`` holds and from ``no`` elsewhere; None stays None."""
    picked: NDArray[np.object_] = np.where(
        np.asarray(test, bool), np.asarray(yes, object), np.asarray(no, object)
    )
    return picked


def share_out(weights: ArrayLike, total: int, least: ArrayLike = 0) -> Ints:
    """Split ``total`` into whole numbers in proportion to ``weights``, adding up exactly.

    Parameters
    ----------
    weights : array_like
        Non-negative weights.
    total : int
        What the parts add up to.
    least : array_like, default 0
        The least part of each.

    Examples
    --------
    >>> share_out([1, 1, 1], 10).tolist()
    [4, 3, 3]
    """
    weights = np.asarray(weights, float)
    low = np.broadcast_to(np.asarray(least, np.int64), weights.shape)
    left = int(total) - int(low.sum())
    if left < 0:
        raise ValueError(f"cannot share out {total}: the least parts add up to {low.sum()}")
    exact = weights / weights.sum() * left
    parts = np.floor(exact).astype(np.int64)
    rest = left - int(parts.sum())
    parts[np.argsort(parts - exact, kind="stable")[:rest]] += 1
    shares: Ints = low + parts
    return shares
