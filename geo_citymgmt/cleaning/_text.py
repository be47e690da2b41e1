"""One idea of when two texts are the same, used for names, codes and districts alike."""

from __future__ import annotations

import csv
import re
from functools import lru_cache
from importlib import resources
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from geo_citymgmt.reading._text_ends import composed, composed_all, has_byte, holds, trimmed

#: What clerks write where there is nothing to write.
NULL_MARKERS = frozenset(
    ["", "/", "\\", "无", "-", "--", "—", "――", "null", "none", "nan", "n/a", "na", "#n/a",
     "<null>", "空", "不详", "暂无", "1900-01-01", "1900/1/1", "<空>", "空值", "(null)", "[null]",
     "<na>", "nat", "<none>"]
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

    Examples
    --------
    >>> plain_key("停車場 名稱"), plain_key("Park_Name")
    ('停车场名称', 'parkname')
    """
    key = re.sub(r"[\s_\-·.]", "", plain(value)).casefold()
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
