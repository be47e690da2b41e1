"""Texts as they are compared: when two are the same, what stands for nothing, many at once.

Names, codes and districts alike go by one idea of it. First and last bytes of many texts at once
rule out most before a pattern is tried.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from functools import lru_cache
from importlib import resources
from typing import Any

import numpy as np
import pandas as pd
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
#: pyarrow before 26 takes letters apart and does not put them together again.
_COMPOSES = pc.utf8_normalize(pa.array(["A\u0300"]), "NFKC")[0].as_py() == "\u00c0"
_SURROGATE = re.compile("[\ud800-\udfff]")
#: What clerks write where there is nothing to write.
NULL_MARKERS = frozenset(
    ["", "/", "\\", "无", "n.a.", "n.a", "null", "none", "nan", "n/a", "na", "#n/a",
     "<null>", "空", "不详", "暂无", "1900-01-01", "1900/1/1", "<空>", "空值", "(null)", "[null]",
     "<na>", "nat", "<none>",
     # A dash of any kind, as long as a cell is struck out by: 破折号 is two, a keyboard's three.
     *(dash * n for dash in "-–—―─" for n in range(1, 5))]
)  # fmt: skip
#: What programs write for nothing, as they spell it.
NULL_WORDS = ("NULL", "Null", "null", "<Null>", "<NULL>", "<null>", "<空>", "(null)", "(NULL)",
              "[NULL]", "nan", "NaN", "NAN", "None", "NONE", "<NA>", "<None>", "NaT")  # fmt: skip
#: First bytes of markers (0 of an empty text), and of other forms of theirs, which are not ASCII.
_MARKERS_BEGIN = tuple(
    {0, ord("N"), *(m.encode()[0] for m in NULL_MARKERS if m)}
    | {*range(0x80, 0x100)} - {0xE5, 0xE8, 0xE9}
)
#: First bytes of ideographs, which have no other form, and second bytes of those that begin a
#: marker.
_IDEOGRAPHS = tuple(range(0xE4, 0xEA))
_SECOND = tuple({m.encode()[1] for m in NULL_MARKERS if m and m.encode()[0] in _IDEOGRAPHS})
_SPACES = re.compile(r"\s+")
#: With what nobody sees around it a marker is no longer than this.
_LONGEST_MARKER = 200
#: First and last of the characters that nobody sees: controls that are no white space, joiners,
#: marks of direction and of byte order, fillers, selectors of a form.
_UNSEEN_RANGES = (
    (0x00, 0x08), (0x0E, 0x1B), (0x7F, 0x84), (0x86, 0x9F), (0xAD, 0xAD), (0x34F, 0x34F),
    (0x61C, 0x61C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x200B, 0x200F),
    (0x202A, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF),
    (0xFFA0, 0xFFA0), (0xFFF9, 0xFFFB), (0xE0000, 0xE0FFF),
)  # fmt: skip
_UNSEEN_CLASS = f"[{''.join(f'{chr(a)}-{chr(b)}' for a, b in _UNSEEN_RANGES)}]"
_UNSEEN = re.compile(_UNSEEN_CLASS)
#: White space that is neither a single blank inside a text nor found by a search for two blanks.
_ODD_SPACES = "\t\n\v\f\r\x85\u2028\u2029\x1c\x1d\x1e\x1f"


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
    if not _COMPOSES:
        return pa.array([t if t is None else composed(t) for t in texts.to_pylist()], texts.type)
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


def _simplified() -> dict[int, str]:
    """Return the simplified character of each traditional one, for ``str.translate``."""
    text = resources.files(__package__).joinpath("traditional.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return {ord(sign): row["simplified"] for row in rows for sign in row["traditional"]}


_SIMPLIFIED = _simplified()


def plain(value: str) -> str:
    """Half-width, composed, without characters nobody sees, surrounding or doubled white space."""
    if value.isascii() and value.isprintable():
        return (value if "  " not in value else _SPACES.sub(" ", value)).strip()
    return _SPACES.sub(" ", composed(_UNSEEN.sub("", value))).strip()


def spelt_out(value: str) -> str:
    """Return a text in which the characters that nobody sees are written by their numbers.

    Examples
    --------
    >>> spelt_out("J1" + chr(0x200B))
    'J1[U+200B]'
    """
    return _UNSEEN.sub(lambda found: f"[U+{ord(found[0]):04X}]", value)


def without_unseen(texts: pa.Array) -> pa.Array:
    """Return texts without the characters that nobody sees; the same array where there are none.

    Examples
    --------
    >>> without_unseen(pa.array(["J1" + chr(0xFEFF), "J2"], pa.large_string())).to_pylist()
    ['J1', 'J2']
    """
    data = texts.buffers()[2]
    if data is None or not data.size:
        return texts
    signs = np.frombuffer(data, dtype=np.uint8)
    # Printed letters and digits, as ids nearly always are, need no pattern.
    if not ((signs < ord(" ")) | (signs > ord("~"))).any():
        return texts
    shown = pc.replace_substring_regex(texts, _UNSEEN_CLASS, "")
    return texts if shown.equals(texts) else shown


@lru_cache(maxsize=16_384)
def plain_key(value: str) -> str:
    """Like :func:`plain`, without case, spaces and joiners, simplified: for comparing names.

    The point of a number stays: ±1.0 m is not ±10 m.

    Examples
    --------
    >>> plain_key("停車場 名稱"), plain_key("Park_Name")
    ('停车场名称', 'parkname')
    """
    key = re.sub(r"[\s_\-·]|(?<!\d)\.|\.(?!\d)", "", plain(value)).casefold()
    return key if key.isascii() else key.translate(_SIMPLIFIED)


def is_null_text(value: str) -> bool:
    """Whether ``value`` is a marker for "nothing"."""
    return len(value) <= _LONGEST_MARKER and plain(value).casefold() in NULL_MARKERS


def distinct_texts(column: pd.Series) -> tuple[np.ndarray, list[str]]:
    """Return for each value its place among the distinct texts (-1 where null), and these.

    A value is looked at once however often it occurs: a column of a million status words has a
    dozen distinct ones.
    """
    if pd.api.types.is_string_dtype(column.dtype) and column.dtype != object:
        codes, uniques = pd.factorize(column, use_na_sentinel=True)
        return codes, [str(u) for u in uniques]
    try:
        codes, uniques = pd.factorize(column, use_na_sentinel=True)
    except TypeError:
        # Lists and dicts, as a GeoJSON may hold, cannot be told apart but by their text.
        codes, uniques = pd.factorize(column.map(_as_text), use_na_sentinel=True)
    texts = [_as_text(u) for u in uniques]
    # 1 and 1.0 are two values and one text; what is null after all becomes the sentinel.
    again, distinct = pd.factorize(np.array([*texts, None], dtype=object), use_na_sentinel=True)
    return again[codes], [str(u) for u in distinct]


def text_array(column: pd.Series) -> pa.Array:
    """Return ``column`` as Arrow text; a number that is whole is written without a point."""
    if isinstance(column.dtype, pd.StringDtype):
        array = pa.array(column.array, type=pa.large_string(), from_pandas=True)
        return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    codes, texts = distinct_texts(column)
    return _taken(texts, codes)


def take_text(texts: Any, codes: np.ndarray) -> pd.Series:
    """Return ``texts[codes]`` as a text column; -1, and a text that is None, are null."""
    return to_series(_taken(texts, codes))


def no_text(n: int) -> pd.Series:
    """Return a text column of ``n`` nulls."""
    return to_series(pa.nulls(n, pa.large_string()))


def to_series(array: pa.Array) -> pd.Series:
    """Wrap Arrow text as a pandas column, without a copy."""
    return pd.Series(pd.array(array.cast(pa.large_string()), dtype="str"))


def clean_text(column: pd.Series, *, fold: bool) -> pd.Series:
    """Strip a column of text and empty it of null markers; ``fold`` also makes it half-width.

    The whole column goes through Arrow: a million names that are all different cost no Python
    object each.
    """
    array = text_array(column)
    stripped = trimmed(array)
    if fold:
        out = composed_all(stripped)
        if holds(out, "  ", *_ODD_SPACES):
            out = pc.replace_substring_regex(out, r"\s+", " ")
        out = trimmed(out)
    else:
        out = stripped
    return to_series(pc.if_else(_is_marker(stripped), pa.scalar(None, out.type), out))


def _is_marker(stripped: pa.Array) -> pa.Array:
    """Whether each text is a null marker; only those as short as a marker are looked at."""
    longest = max(map(len, NULL_MARKERS))
    begun = has_byte(stripped, 0, _MARKERS_BEGIN)
    if begun.any():
        begun &= ~has_byte(stripped, 0, _IDEOGRAPHS) | has_byte(stripped, 1, _SECOND)
    # Four bytes at most are a character.
    size = pc.binary_length(stripped).fill_null(4 * longest + 1)
    at = np.flatnonzero(begun & (size.to_numpy() <= 4 * longest))
    marked = np.zeros(len(stripped), dtype=bool)
    if len(at):
        texts = stripped.take(pa.array(at))
        short = pc.less_equal(pc.utf8_length(texts), longest).to_numpy(zero_copy_only=False)
        if not short.all():
            at, texts = at[short], texts.filter(pa.array(short))
    if len(at):
        # Short texts repeat: each one is folded and looked up once.
        texts = texts.dictionary_encode()
        key = pc.utf8_lower(pc.utf8_trim_whitespace(pc.utf8_normalize(texts.dictionary, "NFKC")))
        known = pa.array(sorted(NULL_MARKERS), type=key.type)
        matches = pc.is_in(key, value_set=known).to_numpy(zero_copy_only=False)
        marked[at] = matches[texts.indices.to_numpy()]
    return pa.array(marked)


def _taken(texts: Any, codes: np.ndarray) -> pa.Array:
    lookup = pa.array(list(texts), type=pa.large_string(), from_pandas=True)
    return lookup.take(pa.array(codes, mask=np.asarray(codes) < 0))


def _as_text(value: Any) -> Any:
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, (float, np.floating)):
        if np.isnan(value):
            return None
        number = float(value)
        # As far as a float tells whole numbers apart: beyond, it is no id any more.
        return str(int(number)) if number.is_integer() and abs(number) < 2**53 else str(number)
    return str(value)
