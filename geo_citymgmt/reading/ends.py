"""First and last bytes of many texts at once: they rule out most before a pattern is tried."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["byte_at", "trimmed"]

#: White space of one byte; of two and three bytes as they end, or begin.
_BLANKS = np.array([9, 10, 11, 12, 13, 28, 29, 30, 31, 32], dtype=np.uint8)
_LEADS = np.array([0xC2, 0xE1, 0xE2, 0xE3], dtype=np.uint8)


def byte_at(texts: pa.Array, place: int) -> np.ndarray:
    """Return the byte at ``place`` (negative from the end) of each UTF-8 text; 0 where none is.

    Examples
    --------
    >>> byte_at(pa.array(["ab", "", None, "c"], pa.large_string()), -1).tolist()
    [98, 0, 0, 99]
    """
    n = len(texts)
    if n == 0 or texts.buffers()[2] is None or not texts.buffers()[2].size:
        return np.zeros(n, dtype=np.uint8)
    data = np.frombuffer(texts.buffers()[2], dtype=np.uint8)
    offsets = np.frombuffer(texts.buffers()[1], dtype=np.int64)[texts.offset :][: n + 1]
    begin, end = offsets[:-1], offsets[1:]
    at = begin + place if place >= 0 else end + place
    outside = (end - begin) < (place + 1 if place >= 0 else -place)
    if texts.null_count:
        outside |= texts.is_null().to_numpy(zero_copy_only=False)
    if not outside.any():
        return data[at]
    out = data[np.where(outside, 0, at)]
    out[outside] = 0
    return out


def trimmed(texts: pa.Array) -> pa.Array:
    """Return ``texts`` without white space around them; the same array where there is none.

    Examples
    --------
    >>> trimmed(pa.array([" a", "b\\u3000", "\\u4e20"], pa.large_string())).to_pylist()
    ['a', 'b', '\u4e20']
    """
    first, last = byte_at(texts, 0), byte_at(texts, -1)
    if np.isin(first, _BLANKS).any() or np.isin(last, _BLANKS).any():
        return pc.utf8_trim_whitespace(texts)
    # U+3000 is E3 80 80, as others begin with C2, E1 80, E2 80, E2 81: words that only might be.
    odd = np.isin(first, _LEADS) & np.isin(byte_at(texts, 1), (0x80, 0x81, 0x85, 0x9A, 0xA0))
    odd |= np.isin(byte_at(texts, -3), _LEADS) & np.isin(byte_at(texts, -2), (0x80, 0x81, 0x9A))
    odd |= (byte_at(texts, -2) == 0xC2) & np.isin(last, (0x85, 0xA0))
    return pc.utf8_trim_whitespace(texts) if odd.any() else texts
