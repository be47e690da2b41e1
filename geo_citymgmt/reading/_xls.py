"""Workbooks of 1997 (.xls), looked at before a library makes room for them."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from geo_citymgmt.errors import SourceError
from geo_citymgmt.reading._limits import (
    Extents,
    check_file_size,
    check_texts,
    current_limits,
    total_length,
)
from geo_citymgmt.reading._messages import failure

#: Numbers of sectors from here on are marks: the end of a chain, a free sector.
_LAST = 0xFFFFFFFA
_ENTRY = 128
_STREAMS = ("workbook", "book")
_DIMENSIONS, _XLS_STRINGS, _MORE, _SHEET, _EOF = 0x200, 0xFC, 0x3C, 0x85, 0x0A
_XLS_SHARED_CELL = 0xFD
#: Records of one cell, and of several of a row, which begin with the row and the first column.
#: Those of a format alone (0x201, 0xBE) are not laid out.
_XLS_CELLS = (0x06, 0x203, 0x204, 0x205, 0x27E, 0xFD, 0xD6, 0x02, 0x03, 0x04, 0x05)
_RUNS = (0xBD,)


def check_compound(path: Path) -> None:
    """Refuse a workbook of 1997 that goes round in a circle, or reaches into more than memory.

    Raises
    ------
    SourceError
        SOURCE_REFUSED where it is too large or claims to be, SOURCE_UNREADABLE where it is damaged.
    """
    check_file_size(path)
    try:
        for stream in _workbooks(path.read_bytes()):
            _check_records(path, stream)
    except (struct.error, IndexError, ValueError, UnicodeDecodeError) as error:
        if isinstance(error, SourceError):
            raise
        raise failure("workbook_unreadable", path.name, error=error) from error


def _workbooks(data: bytes) -> list[bytes]:
    """Return the streams that hold a workbook, after a look at the chain of each stream."""
    (power, small_power) = struct.unpack_from("<HH", data, 30)
    if power not in (9, 12) or small_power != 6:
        raise ValueError(f"sectors of 2^{power} and 2^{small_power} bytes")
    size = 1 << power
    first_directory, cutoff, first_small, _, first_list, n_list = struct.unpack_from(
        "<I4xIIIII", data, 48
    )
    # So many sectors there are, the last of them perhaps cut short.
    n_most = -(-len(data) // size)
    sectors = list(struct.unpack_from("<109I", data, 76))
    for _ in range(min(n_list, n_most)):
        if first_list >= _LAST:
            break
        more = struct.unpack_from(f"<{size // 4}I", data, (first_list + 1) * size)
        sectors += more[:-1]
        first_list = more[-1]
    parts = [
        np.frombuffer(data, "<u4", size // 4, (s + 1) * size) for s in sectors[:n_most] if s < _LAST
    ]
    table = np.concatenate(parts) if parts else np.empty(0, dtype="<u4")

    def chain(first: int, following: np.ndarray) -> list[int]:
        chained: list[int] = []
        while first < _LAST and len(chained) <= len(following):
            chained.append(first)
            first = int(following[first])
        if len(chained) > len(following):
            raise ValueError("a chain of sectors that comes back to itself")
        return chained

    def content(first: int) -> bytes:
        return b"".join(data[(s + 1) * size : (s + 2) * size] for s in chain(first, table))

    directory = content(first_directory)
    small = table[:0]
    if first_small < _LAST:
        small = np.frombuffer(content(first_small), "<u4")
    entries = [directory[k : k + _ENTRY] for k in range(0, len(directory) - _ENTRY + 1, _ENTRY)]
    container = b""
    books: list[bytes] = []
    for entry in entries:
        length, kind = struct.unpack_from("<HB", entry, 64)
        start, n = struct.unpack_from("<II", entry, 116)
        if kind == 5:
            container = content(start) if start < _LAST else b""
            continue
        if kind != 2:
            continue
        if n < cutoff:
            pieces = [container[64 * s : 64 * (s + 1)] for s in chain(start, small)]
            stream = b"".join(pieces)[:n]
        else:
            stream = content(start)[:n]
        name = entry[: max(length - 2, 0)].decode("utf-16-le", "replace").casefold()
        if name in _STREAMS:
            books.append(stream)
    return books


def _check_records(path: Path, stream: bytes) -> None:
    """Hold the places of cells, and what is stated of them, against what can be there."""
    extents, seen = Extents(path), {0}
    waiting = [0]
    strings: list[bytes] = []
    named: list[int] = []
    before = 0
    while waiting:
        rows, columns, n_cells = 1, 1, 0
        for kind, body in _records(stream, waiting.pop()):
            length = len(body)
            if kind == _XLS_STRINGS or (kind == _MORE and before == _XLS_STRINGS):
                strings.append(body)
            elif kind == _XLS_SHARED_CELL and length >= 10:
                named.append(struct.unpack_from("<I", body, 6)[0])
            before = before if kind == _MORE else kind
            if (kind in _XLS_CELLS or kind in _RUNS) and length >= 6:
                row, column = struct.unpack_from("<HH", body)
                last = struct.unpack_from("<H", body, length - 2)[0] if kind in _RUNS else column
                n_cells += max(last - column, 0) + 1
                rows, columns = max(rows, row + 1), max(columns, column + 1, last + 1)
            elif kind == _XLS_STRINGS and length >= 8:
                n = struct.unpack_from("<I", body, 4)[0]
                if n > len(stream):
                    raise failure("workbook_text_count", path.name, n=n)
            elif kind == _DIMENSIONS and length >= 12:
                # Room is made for all of it, whatever follows, sheet by sheet.
                first, end, left, right = struct.unpack_from("<IIHH", body)
                Extents(path).add(max(end - first, 0), max(right - left, 0), 0)
            elif kind == _SHEET and length >= 4:
                # Where a sheet begins is stated, not where its neighbour ends.
                place = struct.unpack_from("<I", body)[0]
                waiting += [] if place in seen else [place]
                seen.add(place)
        extents.add(rows, columns, n_cells)
    if len(named) * len(stream) > current_limits().column_bytes:
        check_texts(path, total_length(_text_lengths(strings), named), len(stream))


def _text_lengths(pieces: list[bytes]) -> list[int]:
    """Return how many bytes each of the texts has that cells share.

    Their record goes on in others, between texts or within one, and what is left of a text then
    begins with a byte that says again how wide its characters are.
    """
    lengths: list[int] = []
    at, k = 8, 0
    while k < len(pieces):
        piece = pieces[k]
        if at + 3 > len(piece):
            at, k = max(at - len(piece), 0), k + 1
            continue
        n, flags = struct.unpack_from("<HB", piece, at)
        at += 3
        extra = 0
        if flags & 8:
            extra += 4 * struct.unpack_from("<H", piece, at)[0]
            at += 2
        if flags & 4:
            extra += struct.unpack_from("<I", piece, at)[0]
            at += 4
        lengths.append(2 * n)
        width = 1 + (flags & 1)
        while at + n * width > len(piece) and k + 1 < len(pieces):
            n -= max(len(piece) - at, 0) // width
            k, at = k + 1, 1
            piece = pieces[k]
            width = 1 + (piece[0] & 1) if piece else width
        at += n * width + extra
    return lengths


def _records(stream: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    """Yield the records from a place to the end of what begins there."""
    while at + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, at)
        yield kind, stream[at + 4 : at + 4 + length]
        at += 4 + length
        if kind == _EOF:
            return
