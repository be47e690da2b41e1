"""A long delimited text that is regular, column by column at once.

Regular is a text whose lines have one number of fields, whose quotes stand at both ends of a field
or doubled within it, and hold no line break: any careful parser gives the same for it. Whatever
else a text is, it is for a parser that goes row by row.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.csv

from geo_citymgmt.reading.limits import current_limits

__all__ = ["Regular", "regular_columns"]

#: Lines that are handed on as they stand: enough to find headings and what stands below them.
_HEAD = 120
#: Below so many bytes it is not worth the while.
_SHORT = 100_000
_QUOTE, _FEED, _RETURN = 0x22, 0x0A, 0x0D


@dataclass
class Regular:
    """The first lines as text, and all fields from line ``first`` on as columns."""

    head: str
    first: int
    columns: list[pa.Array]


def regular_columns(data: bytes, delimiter: str) -> Regular | None:
    """Return the columns of UTF-8 ``data``, or None where it is short, not regular or no UTF-8.

    Examples
    --------
    >>> text = "编号,名称\\n" + "J1,人民路\\n" * 20_000
    >>> found = regular_columns(text.encode(), ",")
    >>> found.first, [column[1].as_py() for column in found.columns], len(found.columns[0])
    (0, ['J1', '人民路'], 20001)
    >>> regular_columns((text + "合计\\n").encode(), ",") is None
    True
    """
    ends = _line_ends(data)
    if len(data) < _SHORT or len(ends) < _HEAD:
        return None
    head = data[: ends[-1] + 1]
    counts = [line.count(delimiter.encode()) for line in head.split(b"\n")[:_HEAD]]
    first = next((i + 1 for i in range(_HEAD - 1, -1, -1) if counts[i] != counts[-1]), 0)
    if b'"' in head:
        # A delimiter in quotes counts as none; where the titles end is then not to be told so.
        first = 0
    body = data[ends[first - 1] + 1 :] if first else data
    odd = b"\r" in body or b'"' in body
    if odd and not _is_regular(np.frombuffer(body, dtype=np.uint8), ord(delimiter)):
        return None
    columns = _parsed(body, delimiter)
    return None if columns is None else Regular(head.decode(), first, columns)


def _line_ends(data: bytes) -> list[int]:
    ends: list[int] = []
    at = -1
    while len(ends) < _HEAD and (at := data.find(b"\n", at + 1)) >= 0:
        ends.append(at)
    return ends


def _is_regular(data: np.ndarray, delimiter: int) -> bool:
    """Whether each line break is a line feed, with or without a return, and quotes are plain."""
    returns = np.flatnonzero(data == _RETURN)
    if len(returns) and not (data[np.minimum(returns + 1, len(data) - 1)] == _FEED).all():
        return False
    quotes = np.flatnonzero(data == _QUOTE)
    if not len(quotes):
        return True
    if len(quotes) % 2:
        return False
    opens, closes = quotes[::2], quotes[1::2]
    # In a doubled quote the first closes and the second opens.
    before = np.where(opens > 0, data[np.maximum(opens, 1) - 1], _FEED)
    after = data[np.minimum(closes + 1, len(data) - 1)]
    fits = np.isin(before, [delimiter, _FEED, _QUOTE]) & np.isin(
        after, [delimiter, _FEED, _RETURN, _QUOTE]
    )
    if not fits.all():
        return False
    # No line break within quotes: as many lie before each opening as before its closing.
    feeds = np.flatnonzero(data == _FEED)
    return bool((np.searchsorted(feeds, opens) == np.searchsorted(feeds, closes)).all())


def _parsed(data: bytes, delimiter: str) -> list[pa.Array] | None:
    try:
        line = data[: data.find(b"\n")].decode()
        width = line.count(delimiter) + 1
        if width > current_limits().columns:
            return None
        names = [str(i) for i in range(len(next(csv.reader([line], delimiter=delimiter), [])))]
        table = pyarrow.csv.read_csv(
            pa.BufferReader(data),
            read_options=pyarrow.csv.ReadOptions(column_names=names, block_size=1 << 22),
            parse_options=pyarrow.csv.ParseOptions(delimiter=delimiter, ignore_empty_lines=False),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.large_string()),
                strings_can_be_null=False,
            ),
        )
    except (pa.ArrowInvalid, UnicodeDecodeError, csv.Error):
        return None
    return [pa.concat_arrays(column.chunks) for column in table.columns]
