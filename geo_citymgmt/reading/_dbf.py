"""Read a .dbf byte by byte: every record, every flag, and text decoded strictly.

The file is read once, in blocks of whole records, each seen as one numpy array of fixed-width
fields; the digest of the file is taken from the same bytes. Nothing is replaced in silence: bytes
that are no text in any admitted encoding are refused, or told record by record where they are a
few among many.
"""

from __future__ import annotations

import codecs
import glob
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from geo_citymgmt._languages import NOTHING, Text
from geo_citymgmt.findings import Findings
from geo_citymgmt.reading._limits import check_file_size
from geo_citymgmt.reading._messages import failure, phrase
from geo_citymgmt.reading._raw import free_name

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
        distinct: dict[bytes, None] = {}
        for block in self.blocks:
            values = block.dictionary if self.repeats else block
            if not _is_ascii(values):
                distinct.update((v, None) for v in values.to_pylist() if not v.isascii())
            if limit is not None and len(distinct) >= limit:
                break
        return list(distinct)[:limit]

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
        column = pa.concat_arrays(parts) if parts else pa.array([], type=_STRING)
        out = column, np.concatenate([*lost, np.empty(0, dtype=np.int64)])
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


_MEMO = b"M"
_BINARY_TYPES = {b"I": "<i4", b"+": ">i4", b"O": "<f8", b"B": "<f8"}
_BINARY_WIDTH = {b"I": 4, b"+": 4, b"O": 8, b"B": 8}
#: Language driver ids that say which encoding a table for Chinese is in.
_LANGUAGES = {0x4D: "GB18030", 0x7A: "GB18030", 0x4F: "big5", 0x78: "big5"}
_BLOCK_BYTES = 1 << 24
#: Faulty values among so many others are damage; more of them are another encoding.
_FEW = 0.05
_ENOUGH = 20


class Digest(Protocol):
    """Takes the bytes of a file as they are read."""

    def update(self, data: Any, /) -> None:
        """Take ``data``."""


@dataclass
class DbfTable:
    """Columns of a .dbf as text, with the flags and the decision about its encoding."""

    columns: dict[str, pd.Series]
    deleted: np.ndarray
    n_header: int
    encoding: str
    encoding_source: str
    findings: Findings = field(default_factory=Findings)


@dataclass
class _Header:
    n: int
    length: int
    record_length: int
    language: int
    names: list[bytes]
    kinds: list[bytes]
    widths: list[int]
    raw: bytes


def read_dbf(
    path: Path,
    *,
    encoding: str | None = None,
    cpg: str | None = None,
    n_shapes: int | None = None,
    digest: Digest | None = None,
    head: int | None = None,
) -> DbfTable:
    """Read all records of ``path``.

    Parameters
    ----------
    path : Path
        A dBase III or IV table.
    encoding : str, optional
        Given by the caller: nothing else is tried.
    cpg : str, optional
        Content of the .cpg beside it.
    n_shapes : int, optional
        How many shapes there are: decides whether records behind the last one that the header
        counts belong to the table.
    digest : hash, optional
        Is given every byte of the file, in order.
    head : int, optional
        Read no more than the first so many records.

    Raises
    ------
    SourceError
        The header cannot be followed, or the text is in no admitted encoding.
    """
    if head is None:
        check_file_size(path)
    size = path.stat().st_size
    findings = Findings()
    with path.open("rb") as file:
        header = _header(path, file.read(min(size, 32 + (1 << 16))), size)
        n = _count(header, size, n_shapes, findings)
        n = n if head is None else min(n, head)
    columns, flags = _scan(path, header, n, digest)
    _check_flags(flags, findings)
    deleted = flags == 0x2A
    if deleted.any():
        findings.add("RECORD_DELETED", value=int(deleted.sum()))
    # No name is bound to the list: each column is let go as soon as it is decoded.
    chosen, source, lenient = _choose_encoding(
        path,
        header,
        [c for c in columns.values() if isinstance(c, TextColumn) and c.strict],
        encoding,
        cpg,
        findings,
    )
    out: dict[str, pd.Series] = {}
    for i, name in enumerate(header.names):
        label = _label(name, chosen)
        # A name that occurs twice stays apart: the second is column "NAME_2".
        unique = free_name(label, out)
        column = columns.pop(i)
        if header.kinds[i] == _MEMO and isinstance(column, TextColumn):
            out[unique] = _no_memo(column, path, label, findings)
        elif isinstance(column, TextColumn):
            values, lost = column.decode(chosen, lenient=lenient)
            findings.add(
                "TEXT_LOST",
                records=lost,
                field=label,
                value=values.take(pa.array(lost)).to_numpy(zero_copy_only=False),
            )
            out[unique] = _series(values)
        else:
            out[unique] = pd.Series(np.concatenate(column))
    # The bytes have been let go, and Arrow keeps their room: it is needed for the shapes.
    pa.default_memory_pool().release_unused()
    return DbfTable(out, deleted, header.n, chosen, source, findings)


def count_rows(path: Path) -> int:
    """Return how many records the header of a .dbf counts; 0 where there is none."""
    with path.open("rb") as file:
        return int.from_bytes(file.read(8)[4:8], "little")


def _header(path: Path, head: bytes, size: int) -> _Header:
    if len(head) < 32:
        raise failure("dbf_short", path.name, size=size)
    length = int.from_bytes(head[8:10], "little")
    record_length = int.from_bytes(head[10:12], "little")
    names, kinds, widths = _fields(head[32:length])
    fits = bool(names) and record_length >= 1 + sum(widths) and length <= size
    if fits and record_length > 1 + sum(widths):
        # Room behind the last field is odd; an unknown field there would be a lost column.
        fits = head[32 + 32 * len(names) : 33 + 32 * len(names)] in (b"\r", b"\x00")
    if not fits or any(
        w != _BINARY_WIDTH[k] for k, w in zip(kinds, widths, strict=True) if k in _BINARY_WIDTH
    ):
        raise failure("dbf_fields", path.name)
    n = int.from_bytes(head[4:8], "little")
    return _Header(n, length, record_length, head[29], names, kinds, widths, head[:length])


def _fields(descriptors: bytes) -> tuple[list[bytes], list[bytes], list[int]]:
    names, kinds, widths = [], [], []
    for at in range(0, len(descriptors) - 31, 32):
        item = descriptors[at : at + 32]
        if item[0] in (0x0D, 0x00):
            break
        names.append(item[:11].split(b"\x00", 1)[0])
        kinds.append(item[11:12])
        # Clipper keeps the high byte of a long text's width where decimals would be.
        widths.append(item[16] + (item[17] << 8 if item[11:12] == b"C" else 0))
    return names, kinds, widths


def _count(header: _Header, size: int, n_shapes: int | None, findings: Findings) -> int:
    """Return how many records to read; say where header, file and shapes do not agree."""
    n_whole, rest = divmod(size - header.length, header.record_length)
    if n_whole < header.n:
        findings.add(
            "DBF_DAMAGED",
            value=f"{header.n} / {n_whole}",
            about="count",
            detail=phrase("dbf_fewer", stated=header.n, n=n_whole),
        )
        return n_whole
    surplus = n_whole - header.n
    if surplus and n_shapes != header.n:
        findings.add(
            "DBF_DAMAGED",
            value=f"{header.n} / {n_whole}",
            about="count",
            detail=phrase("dbf_more", stated=header.n, n=n_whole),
        )
        return n_whole
    if surplus or rest > 1:
        spare = surplus * header.record_length + rest
        findings.add(
            "DBF_DAMAGED",
            severity="warning" if surplus else "info",
            value=spare,
            about="lost bytes",
            detail=phrase("dbf_spare", spare=spare),
        )
    return header.n


def _scan(
    path: Path, header: _Header, n: int, digest: Digest | None
) -> tuple[dict[int, TextColumn | list[np.ndarray]], np.ndarray]:
    starts = np.concatenate([[1], 1 + np.cumsum(header.widths)])
    columns: dict[int, TextColumn | list[np.ndarray]] = {}
    for i, (kind, width) in enumerate(zip(header.kinds, header.widths, strict=True)):
        if kind in _BINARY_TYPES:
            columns[i] = [np.empty(0, dtype=_BINARY_TYPES[kind])]
        else:
            columns[i] = TextColumn(width, strict=kind == b"C")
    flags = np.zeros(n, dtype=np.uint8)
    at = 0
    for block in _blocks(path, header, n, digest):
        flags[at : at + len(block)] = block[:, 0]
        at += len(block)
        for i, column in columns.items():
            packed = np.ascontiguousarray(block[:, starts[i] : starts[i + 1]])
            if isinstance(column, TextColumn):
                column.add(packed)
            else:
                column.append(packed.view(_BINARY_TYPES[header.kinds[i]])[:, 0])
    return columns, flags


def _blocks(path: Path, header: _Header, n: int, digest: Digest | None) -> Iterator[np.ndarray]:
    """Yield the records, block by block, as rows of bytes.

    Read, not mapped: a map would hold the file open, which Windows does not forgive.
    """
    length = header.record_length
    step = max(_BLOCK_BYTES // length, 1)
    # The digest is taken beside the work on the columns: it needs a processor and no Python.
    with path.open("rb") as file, ThreadPoolExecutor(1) as executor:
        pending = [executor.submit(_digested, digest, file.read(header.length))]
        for start in range(0, n, step):
            data = file.read(min(step, n - start) * length)
            pending.pop().result()
            pending.append(executor.submit(_digested, digest, data))
            yield np.frombuffer(data, dtype=np.uint8).reshape(-1, length)
        while digest is not None and (data := file.read(_BLOCK_BYTES)):
            pending.append(executor.submit(_digested, digest, data))
            pending.pop(0).result()
        pending.pop().result()


def _digested(digest: Digest | None, data: bytes) -> None:
    if digest is not None:
        digest.update(data)


def _check_flags(flags: np.ndarray, findings: Findings) -> None:
    """Say where a record does not begin with a flag: it may not be where it seems."""
    odd = np.flatnonzero((flags != 0x20) & (flags != 0x2A))
    if not len(odd):
        return
    if len(odd) == len(flags) and not flags.any():
        findings.add("DBF_DAMAGED", severity="info", about="flags", detail=phrase("dbf_no_flags"))
        return
    findings.add(
        "DBF_DAMAGED", records=odd, about="flags", severity="warning", detail=phrase("dbf_flags")
    )


def _choose_encoding(
    path: Path,
    header: _Header,
    columns: list[TextColumn],
    given: str | None,
    cpg: str | None,
    findings: Findings,
) -> tuple[str, str, bool]:
    """Return the encoding, how it was known, and whether a few values are not in it."""
    names = [(name, 11) for name in header.names if not name.isascii()]

    def fits(encoding: str) -> bool:
        return readable(names, encoding) and all(_fits(c, encoding) for c in columns)

    if given is not None:
        known = admitted(given)
        if known is None or not fits(known):
            raise failure("encoding_given", path.name, given=given)
        return known, "given", False
    sample = [(v, c.width) for c in columns for v in c.high_values(limit=500)]
    stated = admitted(cpg) if cpg else _LANGUAGES.get(header.language)
    how = "cpg" if cpg else "ldid"
    if not sample and not names:
        return (stated, how, False) if stated else ("UTF-8", "ascii", False)
    # Every byte string is Latin-1, so a .cpg that says so proves nothing.
    weak = stated is None or stated in ("ISO-8859-1", "cp1252")
    order = ["UTF-8", "GB18030"] if weak else list(dict.fromkeys([str(stated), "UTF-8", "GB18030"]))
    if stated == "GB18030" and _is_chinese_utf8(sample):
        # Bytes that are Chinese in strict UTF-8 throughout are no GB18030, whatever is stated.
        order = ["UTF-8", "GB18030"]
    chosen, lenient = None, False
    for name in order:
        if fits(name):
            chosen = name
            break
        is_nearly = len(sample) >= _ENOUGH and share_of_faults(sample, name) <= _FEW
        if is_nearly and readable(names, name):
            chosen, lenient = name, True
            break
    if chosen is None and stated is not None and weak and fits(stated):
        return stated, how, False
    if chosen is None:
        raise failure("dbf_encoding", path.name)
    if chosen == stated:
        return chosen, how, lenient
    if cpg:
        findings.add("ENC_WRONG_CPG", value=cpg, expected=chosen)
    else:
        findings.add("ENC_INFERRED", value=chosen)
    return chosen, "inferred", lenient


def _fits(column: TextColumn, encoding: str) -> bool:
    try:
        column.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _is_chinese_utf8(sample: list[tuple[bytes, int]]) -> bool:
    if not sample or not readable(sample, "UTF-8"):
        return False
    text = "".join(decode_value(value, width, "UTF-8")[0] for value, width in sample)
    high = [c for c in text if c > "\x7f"]
    return bool(high) and all("\u3000" <= c <= "\u9fff" or c >= "\uff00" for c in high)


def _label(name: bytes, encoding: str) -> str:
    try:
        return decode_value(name, 10, encoding)[0].strip()
    except UnicodeDecodeError:
        return name.decode(encoding, "replace").strip()


def _no_memo(column: TextColumn, path: Path, label: str, findings: Findings) -> pd.Series:
    """Tell a memo field: the table holds no more of it than where its text is in another file."""
    blocks, _ = column.decode("latin-1", lenient=True)
    n = len(blocks) - blocks.null_count
    if n:
        siblings = {
            p.suffix.lower(): p.name for p in path.parent.glob(f"{glob.escape(path.stem)}.*")
        }
        memo = siblings.get(".dbt") or siblings.get(".fpt")
        findings.add(
            "MEMO_UNREAD",
            field=label,
            value=memo or f"{path.stem}.dbt / .fpt",
            expected=n,
            detail=NOTHING if memo else Text("，该文件不在", ", which is missing"),
        )
    return _series(pa.nulls(len(blocks), pa.large_string()))


def _series(values: pa.Array) -> pd.Series:
    kept = pd.arrays.ArrowStringArray(
        pa.chunked_array([values]), dtype=pd.StringDtype(storage="pyarrow", na_value=np.nan)
    )
    return pd.Series(kept)
