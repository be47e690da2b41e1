"""Flip, cut, swap, duplicate: one fault of copying or storage in the bytes of a file."""

from __future__ import annotations

import numpy as np

KINDS = ("flip", "cut", "swap", "duplicate")


def mutate(data: bytes, kind: str, rng: np.random.Generator) -> bytes:
    """Return ``data`` with one fault of the ``kind``."""
    n = len(data)
    if n < 2:
        return data + b"\x00"
    if kind == "flip":
        out = bytearray(data)
        for _ in range(int(rng.integers(1, 5))):
            at = _place(n, rng)
            # A bit, a byte, or what an overwritten sector holds.
            out[at] = (out[at] ^ (1 << int(rng.integers(8))), int(rng.integers(256)), 0, 255)[
                int(rng.integers(4))
            ]
        return bytes(out)
    if kind == "cut":
        start, length = _place(n, rng), _length(n, rng)
        # Half of the time the end is missing, as after a broken copy.
        return data[:start] if rng.random() < 0.5 else data[:start] + data[start + length :]
    length = max(min(_length(n, rng), n // 2), 1)
    a, b = sorted((_place(n, rng), _place(n, rng)))
    if kind == "duplicate":
        return data[:b] + data[a : a + length] + data[b:]
    b = max(b, a + length)
    return data[:a] + data[b : b + length] + data[a + length : b] + data[a : a + length] + data[
        b + length :
    ]  # fmt: skip


def _place(n: int, rng: np.random.Generator) -> int:
    """Return a place; the headers at either end, small as they are, more often than not."""
    near = min(n, 256)
    drawn = rng.random()
    if drawn < 0.35:
        return int(rng.integers(near))
    if drawn < 0.45:
        return n - 1 - int(rng.integers(near))
    return int(rng.integers(n))


def _length(n: int, rng: np.random.Generator) -> int:
    # Whole words are the dangerous ones: what follows still looks aligned.
    return int(min(rng.choice([1, 2, 4, 8, 28, 32, 64, 512, int(rng.integers(1, n + 1))]), n))
