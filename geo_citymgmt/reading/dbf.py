"""Read a .dbf byte by byte: every record, every flag, and text decoded strictly.

The file is mapped as one numpy array of fixed-width fields; each column's distinct values are
decoded once. Nothing is replaced: bytes that are no text in any admitted encoding are refused.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from geo_citymgmt.errors import SourceError
from geo_citymgmt.findings import Findings

__all__ = ["DbfTable", "read_dbf"]

_BINARY_TYPES = {b"I": "<i4", b"+": ">i4", b"O": "<f8", b"B": "<f8"}
#: Every superset of GBK is read as GB18030, which holds them all.
_GB_NAMES = ("936", "gbk", "gb2312", "gb18030", "54936", "euc-cn")
_BLANK = b" \x00"


@dataclass
class DbfTable:
    """Columns of a .dbf as text, with the flags and the decision about its encoding."""

    columns: dict[str, pd.Series]
    deleted: np.ndarray
    n_header: int
    encoding: str
    encoding_source: str
    findings: Findings = field(default_factory=Findings)


def read_dbf(path: Path, *, encoding: str | None = None, cpg: str | None = None) -> DbfTable:
    """Read all records of ``path``.

    Parameters
    ----------
    path : Path
        A dBase III or IV table.
    encoding : str, optional
        Given by the caller: nothing else is tried.
    cpg : str, optional
        Content of the .cpg beside it.

    Raises
    ------
    SourceError
        The header cannot be followed, or the text is in no admitted encoding.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(32)
        if len(head) < 32:
            raise SourceError(
                f"{path.name}: {size} bytes are too few for a .dbf; copy the file again.",
                f"{path.name}：文件只有 {size} 字节，不是完整的 .dbf，请重新拷贝。",
            )
        n_header = int.from_bytes(head[4:8], "little")
        header_length = int.from_bytes(head[8:10], "little")
        record_length = int.from_bytes(head[10:12], "little")
        descriptors = file.read(max(header_length - 32, 0))
    findings = Findings()
    names, kinds, widths = _fields(descriptors)
    if not names or record_length < 1 + sum(widths) or header_length > size:
        raise SourceError(
            f"{path.name}: the table of fields does not fit the record length; export it again.",
            f"{path.name}：字段表与记录长度不符，请重新导出。",
        )
    n_whole = (size - header_length) // record_length
    n = min(n_header, n_whole)
    if n_whole < n_header:
        findings.add(
            "DBF_DAMAGED",
            value=f"{n_header} / {n_whole}",
            detail=f"the header counts {n_header} records, the file holds {n_whole}",
            detail_zh=f"文件头记 {n_header} 条，实际只有 {n_whole} 条",
        )
    rows = _rows(path, header_length, record_length, widths, n)
    deleted = rows["flag"] == b"*"
    if deleted.any():
        findings.add("RECORD_DELETED", value=int(deleted.sum()))
    raw = [rows[f"c{i}"] for i in range(len(names))]
    text = [i for i, kind in enumerate(kinds) if kind not in _BINARY_TYPES]
    # Numbers and dates are ASCII; a byte above 127 in them is a fault of that value alone.
    distinct = {i: _distinct(raw[i], widths[i]) for i in text}
    samples = [*((v, w) for i in text if kinds[i] in (b"C", b"M")
                 for v, w in ((value, widths[i]) for value in distinct[i][1])),
               *((name, 11) for name in names)]  # fmt: skip
    chosen, source = _choose_encoding(path, samples, encoding, cpg, findings)
    columns: dict[str, pd.Series] = {}
    labels = [_decode(name, 10, chosen)[0].strip() for name in names]
    for i, label in enumerate(labels):
        # A name that occurs twice stays apart: the second is column "NAME_2".
        unique, k = label, 2
        while unique in columns:
            unique, k = f"{label}_{k}", k + 1
        if i in distinct:
            columns[unique] = _text_column(*distinct[i], widths[i], chosen, label, findings)
        else:
            values = np.ascontiguousarray(raw[i]).view(_BINARY_TYPES[kinds[i]])
            columns[unique] = pd.Series(values)
    return DbfTable(columns, deleted, n_header, chosen, source, findings)


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


def _rows(path: Path, offset: int, length: int, widths: list[int], n: int) -> np.ndarray:
    starts = np.concatenate([[1], 1 + np.cumsum(widths)[:-1]])
    dtype = np.dtype(
        {
            "names": ["flag", *(f"c{i}" for i in range(len(widths)))],
            "formats": ["S1", *(f"S{max(w, 1)}" for w in widths)],
            "offsets": [0, *starts.tolist()],
            "itemsize": length,
        }
    )
    if n == 0:
        return np.empty(0, dtype=dtype)
    # Read, not mapped: a map would hold the file open, which Windows does not forgive.
    with path.open("rb") as file:
        file.seek(offset)
        return np.frombuffer(file.read(n * length), dtype=dtype, count=n)


def _distinct(column: np.ndarray, width: int) -> tuple[np.ndarray, list[bytes]]:
    if len(column) == 0 or width == 0:
        return np.zeros(len(column), dtype=np.int64), [b""]
    packed = np.ascontiguousarray(column)
    array = pa.Array.from_buffers(
        pa.binary(packed.dtype.itemsize), len(packed), [None, pa.py_buffer(packed)]
    )
    encoded = pc.dictionary_encode(array)
    return encoded.indices.to_numpy(), encoded.dictionary.to_pylist()


def _decode(value: bytes, width: int, encoding: str) -> tuple[str, bool]:
    """Decode strictly; a character cut by the end of a full field is dropped and reported."""
    body = value.rstrip(_BLANK)
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    full = len(body) >= width - 1
    out = decoder.decode(body, final=not full)
    cut = full and bool(decoder.getstate()[0])
    return out.strip(" \x00"), cut


def _readable(samples: list[tuple[bytes, int]], encoding: str) -> bool:
    try:
        for value, width in samples:
            _decode(value, width, encoding)
    except UnicodeDecodeError:
        return False
    return True


def _choose_encoding(
    path: Path,
    samples: list[tuple[bytes, int]],
    given: str | None,
    cpg: str | None,
    findings: Findings,
) -> tuple[str, str]:
    high = [(v, w) for v, w in samples if not v.isascii()]
    if given is not None:
        name = _normalised(given)
        if not _readable(high, name):
            raise SourceError(
                f"{path.name}: the text is not {given}, which was given as encoding.",
                f"{path.name}：文字不是所指定的编码 {given}。",
            )
        return name, "given"
    if not high:
        return (_normalised(cpg), "cpg") if cpg else ("UTF-8", "ascii")
    stated = _normalised(cpg) if cpg else None
    # Every byte string is Latin-1, so a .cpg that says so proves nothing.
    trusted = stated is not None and stated not in ("ISO-8859-1", "cp1252")
    if trusted and stated and _readable(high, stated):
        return stated, "cpg"
    for name in ("UTF-8", "GB18030"):
        if _readable(high, name):
            if stated:
                findings.add("ENC_WRONG_CPG", value=cpg, expected=name)
            else:
                findings.add("ENC_INFERRED", value=name)
            return name, "inferred"
    if stated and _readable(high, stated):
        return stated, "cpg"
    raise SourceError(
        f"{path.name}: the text is neither UTF-8 nor GB18030; give encoding=.",
        f"{path.name}：文字既不是 UTF-8 也不是 GB18030，请用 encoding= 指明编码。",
    )


def _normalised(name: str) -> str:
    label = name.strip().lower().removeprefix("ansi").removeprefix("oem").strip(" -_")
    if any(gb in label for gb in _GB_NAMES):
        return "GB18030"
    if label in ("65001", "utf8", "utf-8", "utf_8"):
        return "UTF-8"
    label = {"88591": "iso-8859-1", "1252": "cp1252", "950": "big5"}.get(label, label)
    try:
        return {"iso8859-1": "ISO-8859-1", "utf-8": "UTF-8"}.get(
            codecs.lookup(label).name, codecs.lookup(label).name
        )
    except LookupError:
        return "UTF-8"


def _text_column(
    indices: np.ndarray,
    values: list[bytes],
    width: int,
    encoding: str,
    label: str,
    findings: Findings,
) -> pd.Series:
    decoded: list[str | None] = []
    cut: list[int] = []
    for k, value in enumerate(values):
        try:
            out, was_cut = _decode(value, width, encoding)
        except UnicodeDecodeError:
            # Only in number and date columns, which the choice of encoding did not look at.
            out, was_cut = value.decode("ascii", "replace"), True
        decoded.append(out or None)
        if was_cut:
            cut.append(k)
    if cut:
        hit = np.flatnonzero(np.isin(indices, cut))
        shown = np.array(decoded, dtype=object)[indices[hit]]
        findings.add("TEXT_LOST", records=hit, field=label, value=shown)
    lookup = pa.array(decoded, type=pa.large_string())
    return pd.Series(lookup.take(pa.array(indices)).to_pandas(), dtype="str")
