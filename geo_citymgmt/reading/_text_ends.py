"""First and last bytes of many texts at once: they rule out most before a pattern is tried."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

#: White space of one byte; of two and three bytes as they begin, and end.
_BLANKS = (9, 10, 11, 12, 13, 28, 29, 30, 31, 32)
_LEADS = (0xC2, 0xE1, 0xE2, 0xE3)
_TAILS = (*range(0x80, 0x8B), 0x9F, 0xA0, 0xA8, 0xA9, 0xAF)
#: Texts with more bytes are not told apart by numbers made of them.
_LONGEST_KEY = 64
#: So many bytes are sooner sought in all that texts hold than one looked at in each text.
_FEW = 8
#: The first so many bytes of eight.
_FIRST_BYTES = np.array([(1 << 8 * k) - 1 for k in range(9)], dtype=np.uint64)
#: Shorter texts are put in order in no time; no letter of a longer one has so many marks.
_LONG, _MOST_MARKS = 1000, 64
#: Bytes of texts that have one form only: ASCII, and U+4000 to U+9FFF, ideographs nearly all.
_SETTLED = bytes([*range(0xC0), *range(0xE4, 0xEA)])
_SURROGATE = re.compile("[\ud800-\udfff]")


def composed(text: str) -> str:
    """Return a text half-width and composed (NFKC).

    One that heaps marks on one letter, which takes the square of their number to put in order,
    is none and stays as it is.

    Examples
    --------
    >>> composed("Ａe" + chr(0x301)), len(composed("a" + chr(0x301) * 10_000))
    ('Aé', 10001)
    """
    return text if _is_heaped(text) else unicodedata.normalize("NFKC", text)


def composed_all(texts: pa.Array) -> pa.Array:
    """Return texts as :func:`composed` does, all at once."""
    if not _memory(texts).translate(None, _SETTLED):
        return texts
    long = pc.fill_null(pc.greater(pc.binary_length(texts), _LONG), False)
    if pc.any(long).as_py():
        heaped = [
            bool(k) and _is_heaped(t)
            for k, t in zip(long.to_pylist(), texts.to_pylist(), strict=True)
        ]
        if any(heaped):
            mask = pa.array(heaped)
            plain = pc.if_else(mask, pa.scalar("", texts.type), texts)
            return pc.if_else(mask, texts, pc.utf8_normalize(plain, "NFKC"))
    return pc.utf8_normalize(texts, "NFKC")


def _is_heaped(text: str) -> bool:
    if len(text) <= _LONG or text.isascii():
        return False
    marks = "".join(sign for sign in set(text) if unicodedata.combining(sign))
    return bool(marks) and re.search(f"[{re.escape(marks)}]{{{_MOST_MARKS}}}", text) is not None


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


def has_byte(texts: pa.Array, place: int, among: tuple[int, ...]) -> np.ndarray:
    """Whether the byte at ``place`` of each text is one of ``among``.

    Examples
    --------
    >>> has_byte(pa.array(["ab", "", "c"], pa.large_string()), 0, (97, 98)).tolist()
    [True, False, False]
    """
    if len(among) <= _FEW and 0 not in among:
        memory = _memory(texts)
        if not any(byte in memory for byte in among):
            return np.zeros(len(texts), dtype=bool)
    return _lookup(among)[byte_at(texts, place)]


def _memory(texts: pa.Array) -> bytes:
    """Return what ``texts`` hold, one behind the other: bytes are searched faster than any view."""
    data = texts.buffers()[2]
    if len(texts) == 0 or data is None:
        return b""
    offsets = np.frombuffer(texts.buffers()[1], dtype=np.int64)
    begin, end = offsets[texts.offset], offsets[texts.offset + len(texts)]
    return bytes(memoryview(data)[begin:end])


@lru_cache(maxsize=64)
def _lookup(among: tuple[int, ...]) -> np.ndarray:
    out = np.zeros(256, dtype=bool)
    out[list(among)] = True
    return out


def holds(texts: pa.Array, *parts: str) -> bool:
    """Whether any of ``texts`` may hold one of ``parts``: what stands in the memory they share.

    Examples
    --------
    >>> holds(pa.array(["路口", "c"], pa.large_string()), "甲", "口")
    True
    """
    memory = _memory(texts)
    return any(find_bytes(memory, part.encode()) for part in parts)


def find_bytes(data: bytes, part: bytes) -> bool:
    """Whether ``part`` stands in ``data``.

    Most texts lack its first byte, which is soon seen; pairs of bytes are compared all at once,
    for a character that is nearly never there.

    Examples
    --------
    >>> find_bytes("甲乙丙".encode(), "乙".encode()), find_bytes(b"", "丁".encode())
    (True, False)
    """
    if len(part) == 1 or part[0] not in data:
        return part[0] in data
    pair = np.frombuffer(part[-2:], dtype=np.uint16)[0]
    sizes = [(start, max(len(data) - start, 0) // 2) for start in (0, 1)]
    pairs = (np.frombuffer(data, np.uint16, size, start) for start, size in sizes if size)
    return any((some == pair).any() for some in pairs) and part in data


def are_distinct(texts: pa.Array) -> bool:
    """Whether ``texts`` are all different for certain; False where they are not, or too long.

    Ids nearly always are: numbers that are made of their bytes all differ then.

    Examples
    --------
    >>> are_distinct(pa.array(["a", "b", None, None], pa.large_string()))
    True
    >>> are_distinct(pa.array(["a", "b", "a"], pa.large_string()))
    False
    """
    texts = texts.drop_null()
    n = len(texts)
    longest = pc.max(pc.binary_length(texts)).as_py() if n > 1 else 0
    if n <= 1 or not 0 < longest <= _LONGEST_KEY:
        return n <= 1
    offsets = np.frombuffer(texts.buffers()[1], dtype=np.int64)[texts.offset :][: n + 1]
    begin, length = offsets[:-1] - offsets[0], np.diff(offsets)
    # Eight bytes can be taken from behind the last text too.
    data = bytes(texts.buffers()[2][offsets[0] : offsets[-1]]) + bytes(_LONGEST_KEY + 8)
    words = np.ndarray((len(data) - 7,), dtype="<u8", buffer=data, strides=(1,))
    key = length.astype(np.uint64)
    for k in range(0, longest, 8):
        word = words[begin + k] & _FIRST_BYTES[np.clip(length - k, 0, 8)]
        key = (key ^ word) * np.uint64(0x9E3779B97F4A7C15)
        key ^= key >> np.uint64(29)
    key.sort()
    return bool((key[1:] != key[:-1]).all())


def legible(text: str) -> str:
    """Return ``text`` with the sign for a lost character in place of each lone surrogate.

    Examples
    --------
    >>> legible("J" + chr(0xD800)) == "J" + chr(0xFFFD)
    True
    """
    return _SURROGATE.sub("\ufffd", text)


def trimmed(texts: pa.Array) -> pa.Array:
    """Return ``texts`` without white space around them; the same array where there is none.

    Examples
    --------
    >>> trimmed(pa.array([" a", "b\\u3000", "\\u4e20"], pa.large_string())).to_pylist()
    ['a', 'b', '\u4e20']
    """
    memory = _memory(texts)
    has_blank = bool(memory) and np.frombuffer(memory, dtype=np.uint8).min() <= max(_BLANKS)
    # White space of more than one byte begins with one of few.
    if not has_blank and not any(lead in memory for lead in _LEADS):
        return texts
    first, last = byte_at(texts, 0), byte_at(texts, -1)
    blank, lead = _lookup(_BLANKS), _lookup(_LEADS)
    if blank[first].any() or blank[last].any():
        return pc.utf8_trim_whitespace(texts)
    # U+3000 is E3 80 80, as others begin with C2, E1 80, E2 80, E2 81: words that only might be.
    odd = False
    if lead[first].any():
        odd |= (lead[first] & has_byte(texts, 1, (0x80, 0x81, 0x85, 0x9A, 0xA0))).any()
    if (ended := _lookup(_TAILS)[last]).any():
        odd |= (ended & has_byte(texts, -3, _LEADS) & has_byte(texts, -2, (0x80, 0x81, 0x9A))).any()
        odd |= (has_byte(texts, -2, (0xC2,)) & _lookup((0x85, 0xA0))[last]).any()
    return pc.utf8_trim_whitespace(texts) if odd else texts
