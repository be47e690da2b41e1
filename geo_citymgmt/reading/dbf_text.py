"""Text of a .dbf: which encoding it is in, and its values decoded strictly and in bulk.

A column of few distinct values is decoded value by value, each once; a column of ids or
addresses, which does not repeat, is decoded as one block whose values are parted by a line feed:
no multi-byte character in an admitted encoding has a line feed in it, so that a character that
is cut at the end of its value cannot run into the next one unseen.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["BLANK", "TextColumn", "admitted", "decode_value", "readable", "share_of_faults"]

BLANK = " \x00"
#: Every superset of GBK is read as GB18030, which holds them all.
_GB_NAMES = ("936", "gbk", "gb2312", "gb18030", "54936", "euc-cn")
_ADMITTED = re.compile(
    r"utf-8|gb18030|big5(hkscs)?|cp\d+|iso8859-\d+|euc_(jp|kr)|shift_jis|johab|koi8-[rtu]"
)
_STRING = pa.large_string()
_BINARY = pa.large_binary()


def admitted(name: str) -> str | None:
    """Return the codec that a .cpg or a caller means; None if no table may be read with it.

    Examples
    --------
    >>> admitted("ANSI 936"), admitted("65001"), admitted("utf-16"), admitted("hex")
    ('GB18030', 'UTF-8', None, None)
    """
    label = name.strip().lower().removeprefix("ansi").removeprefix("oem").strip(" -_")
    if any(gb in label for gb in _GB_NAMES):
        return "GB18030"
    if label in ("65001", "utf8", "utf-8", "utf_8"):
        return "UTF-8"
    label = {"88591": "iso-8859-1", "1252": "cp1252", "950": "big5"}.get(label, label)
    try:
        known = codecs.lookup(label).name
        if not _ADMITTED.fullmatch(known) or b"aZ 09".decode(known) != "aZ 09":
            return None
    except (LookupError, ValueError):
        return None
    return {"iso8859-1": "ISO-8859-1", "utf-8": "UTF-8", "gb18030": "GB18030"}.get(known, known)


def decode_value(value: bytes, width: int, encoding: str) -> tuple[str, bool]:
    """Decode strictly; a character cut by the end of a full field is dropped and reported."""
    body = value.rstrip(BLANK.encode())
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    full = len(body) >= width - 1
    out = decoder.decode(body, final=not full)
    cut = full and bool(decoder.getstate()[0])
    return out.strip(BLANK), cut


@dataclass
class TextColumn:
    """The bytes of one column, block by block, without the padding."""

    width: int
    strict: bool
    #: Numbers and dates are ASCII: a byte above 127 in them is a fault of that value alone.
    blocks: list[pa.Array] = field(default_factory=list)
    repeats: bool | None = None
    _decoded: tuple[str, bool, tuple[pa.Array, np.ndarray]] | None = None

    def add(self, packed: np.ndarray) -> None:
        """Take the values of one block of records, ``packed`` as rows of ``width`` bytes."""
        n, width = packed.shape
        offsets = np.arange(0, n * width + 1, width, dtype=np.int64) if width else np.zeros(n + 1)
        padded = pa.Array.from_buffers(
            _STRING, n, [None, pa.py_buffer(offsets.astype(np.int64)), pa.py_buffer(packed)]
        )
        # Trimmed byte by byte, before it is known to be text: no character ends in a blank.
        trim = pc.ascii_rtrim if self.strict else pc.ascii_trim
        trimmed = _as(trim(padded, characters=BLANK), _BINARY)
        if self.repeats is None:
            self.repeats = len(pc.unique(trimmed.slice(0, 8192))) < 0.5 * min(n, 8192)
        self.blocks.append(pc.dictionary_encode(trimmed) if self.repeats else trimmed)

    def high_values(self, limit: int | None = None) -> list[bytes]:
        """Distinct values with a byte above 127; of a long column those of its first block."""
        found: dict[bytes, None] = {}
        for block in self.blocks:
            values = block.dictionary if self.repeats else block
            if not _is_ascii(values):
                found.update((v, None) for v in values.to_pylist() if not v.isascii())
            if limit is not None and len(found) >= limit:
                break
        return list(found)[:limit]

    def decode(self, encoding: str, *, lenient: bool = False) -> tuple[pa.Array, np.ndarray]:
        """Return the values as text, null where blank, and where characters were lost.

        Raises
        ------
        UnicodeDecodeError
            The bytes are not in ``encoding``, unless ``lenient`` replaces what is not.
        """
        lenient = lenient or not self.strict
        if self._decoded is not None and self._decoded[:2] == (encoding, lenient):
            return self._decoded[2]
        parts: list[pa.Array] = []
        lost: list[np.ndarray] = []
        start = 0
        for block in self.blocks:
            values = block.dictionary if self.repeats else block
            texts, hit = _decode_block(values, self.width, encoding, lenient)
            if self.repeats:
                hit = np.flatnonzero(np.isin(block.indices.to_numpy(), hit)) if len(hit) else hit
                texts = texts.take(block.indices)
            parts.append(texts)
            lost.append(hit + start)
            start += len(block)
        whole = pa.concat_arrays(parts) if parts else pa.array([], type=_STRING)
        out = whole, np.concatenate([*lost, np.empty(0, dtype=np.int64)])
        self._decoded = encoding, lenient, out
        return out


def readable(samples: list[tuple[bytes, int]], encoding: str) -> bool:
    """Whether all of ``samples`` (value, width of its field) are text in ``encoding``."""
    return share_of_faults(samples, encoding, stop=True) == 0


def share_of_faults(
    samples: list[tuple[bytes, int]], encoding: str, *, stop: bool = False
) -> float:
    """Return the share of ``samples`` that are no text in ``encoding``."""
    faults = 0
    for value, width in samples:
        try:
            decode_value(value, width, encoding)
        except UnicodeDecodeError:
            faults += 1
            if stop:
                break
    return faults / max(len(samples), 1)


def _decode_block(
    values: pa.Array, width: int, encoding: str, lenient: bool
) -> tuple[pa.Array, np.ndarray]:
    none = np.empty(0, dtype=np.int64)
    if _is_ascii(values):
        return _finished(_as(values, _STRING)), none
    try:
        return _finished(_bulk(values, encoding)), none
    except UnicodeDecodeError:
        pass
    # Something is cut, broken or of several lines: that singly, the rest still in bulk.
    texts = np.full(len(values), None, dtype=object)
    lost: list[int] = []
    lengths = pc.binary_length(values).to_numpy()
    single = (lengths >= width - 1) | pc.match_substring(values, "\n").to_numpy(
        zero_copy_only=False
    )
    rest = np.flatnonzero(~single)
    try:
        texts[rest] = _bulk(values.take(pa.array(rest)), encoding).to_numpy(zero_copy_only=False)
    except UnicodeDecodeError:
        if not lenient:
            raise
        single = np.ones(len(values), dtype=bool)
    for k in np.flatnonzero(single):
        value = values[k].as_py()
        try:
            texts[k], cut = decode_value(value, width, encoding)
        except UnicodeDecodeError:
            if not lenient:
                raise
            texts[k], cut = value.decode(encoding, "replace"), True
        if cut:
            lost.append(int(k))
    return _finished(pa.array(texts, type=_STRING)), np.array(lost, dtype=np.int64)


def _bulk(values: pa.Array, encoding: str) -> pa.Array:
    n = len(values)
    if encoding == "UTF-8":
        try:
            return pc.cast(values, _STRING)
        except pa.ArrowInvalid as error:
            raise UnicodeDecodeError("utf-8", b"", 0, 0, str(error)) from None
    joined = pc.binary_join_element_wise(values, pa.scalar(b"\n", _BINARY), pa.scalar(b"", _BINARY))
    data = _bytes_of(joined)
    text = np.frombuffer(data.tobytes().decode(encoding).encode(), dtype=np.uint8)
    ends = np.flatnonzero(text == 0x0A)
    if len(ends) != n:
        raise UnicodeDecodeError(encoding, b"", 0, 0, "a line feed within a value")
    offsets = np.zeros(n + 1, dtype=np.int64)
    offsets[1:] = ends - np.arange(n)
    body = text[text != 0x0A]
    return pa.Array.from_buffers(_STRING, n, [None, pa.py_buffer(offsets), pa.py_buffer(body)])


def _finished(texts: pa.Array) -> pa.Array:
    out = pc.ascii_ltrim(texts, characters=BLANK)
    empty = pc.equal(pc.binary_length(out), 0)
    return pc.if_else(empty, pa.scalar(None, _STRING), out) if pc.any(empty).as_py() else out


def _is_ascii(values: pa.Array) -> bool:
    data = _bytes_of(values)
    return len(data) == 0 or int(data.max()) < 0x80


def _bytes_of(values: pa.Array) -> np.ndarray:
    offsets = np.frombuffer(values.buffers()[1], dtype=np.int64)
    first, last = offsets[values.offset], offsets[values.offset + len(values)]
    if values.buffers()[2] is None:
        return np.empty(0, dtype=np.uint8)
    return np.frombuffer(values.buffers()[2], dtype=np.uint8)[first:last]


def _as(values: pa.Array, kind: pa.DataType) -> pa.Array:
    """Call the same bytes text or binary; what they are is checked elsewhere."""
    return pa.Array.from_buffers(
        kind, len(values), values.buffers(), offset=values.offset, null_count=0
    )
