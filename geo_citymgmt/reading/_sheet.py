"""Cells of a table as they stand: .csv in any admitted encoding, .xlsx, .xls.

Cells come out as text, number, date or nothing, column by column, with the row of the sheet that
each record stands in. What a cell means is decided elsewhere.
"""

from __future__ import annotations

import csv
import itertools
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from geo_citymgmt.errors import SourceError
from geo_citymgmt.reading._limits import check_text, current_limits, over_limit
from geo_citymgmt.reading._messages import failure
from geo_citymgmt.reading._text import find_bytes

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
    columns = _parsed_by_column(body, delimiter)
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


def _parsed_by_column(data: bytes, delimiter: str) -> list[pa.Array] | None:
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


_LOCK = threading.Lock()
#: The byte-order mark of UTF-8, and what stands there for bytes that were lost.
_MARK, _LOST = b"\xef\xbb\xbf", "\ufffd".encode()
_BREAK = re.compile(r"\r\n|\n|\r")
#: No more than this its counter holds on every system.
_MOST_OF_PARSER = (1 << 31) - 1


@dataclass
class Marks:
    """Marks of one worksheet; rows and columns are counted from 0."""

    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    #: Cells with a formula and no value.
    uncomputed: list[tuple[int, int]] = field(default_factory=list)
    hidden_rows: list[int] = field(default_factory=list)
    hidden_columns: list[int] = field(default_factory=list)
    is_filtered: bool = False
    #: Whether the sheet as a whole is.
    is_hidden: bool = False


@dataclass
class Sheet:
    """Rows of cells, ragged as they were; the first is row 1 of the sheet."""

    rows: list[list[Any]]
    merged: list[tuple[tuple[int, int], tuple[int, int]]] = field(default_factory=list)
    encoding: str = ""
    encoding_source: str = "format"
    #: 0-based rows with bytes that are no text, and rows whose quotes do not close.
    lost: list[int] = field(default_factory=list)
    ragged: list[int] = field(default_factory=list)
    #: A text whose last line, unlike all others, does not end in a line break.
    unfinished: bool = False
    delimiter: str = ""
    #: Bytes of zero that were taken out of a text.
    n_zeros: int = 0
    #: Of a workbook: what its cells do not say.
    marks: Marks = field(default_factory=Marks)
    #: Of a long and regular text: its columns from row ``regular_from`` on, of which ``rows`` are
    #: no more than the first ones.
    columns: list[pa.Array] | None = None
    regular_from: int = 0
    _text: str | bytes = ""

    @property
    def n_rows(self) -> int:
        """How many rows it has, headings and blank ones included."""
        if self.columns is None:
            return len(self.rows)
        return self.regular_from + len(self.columns[0])

    def body(self, first: int) -> list[list[Any]] | list[pa.Array]:
        """Return what stands from row ``first`` on: columns of a regular text, else rows.

        A row before the first one asks for all rows as such.
        """
        if self.columns is not None and first >= max(self.regular_from, 0):
            return [column.slice(first - self.regular_from) for column in self.columns]
        if self.columns is not None:
            # A row that is odd stands among the first ones.
            text = self._text if isinstance(self._text, str) else self._text.decode()
            self.rows, self.columns = _parsed(text, self.delimiter), None
        return self.rows[max(first, 0) :]


def read_csv_sheet(path: Path, *, encoding: str | None = None) -> Sheet:
    """Read all rows of a delimited text.

    Raises
    ------
    SourceError
        The text is in no admitted encoding.
    """
    check_text(path)
    if (sheet := _regular_sheet(path, encoding)) is not None:
        return sheet
    text, name, source, lost = decode_text(path, encoding)
    n_zeros = text.count("\0")
    if n_zeros:
        text = text.replace("\0", "")
    delimiter = _delimiter(text)
    unfinished = not text.endswith(("\n", "\r"))
    sheet = Sheet([], [], name, source, delimiter=delimiter, n_zeros=n_zeros)
    if not lost and name != "UTF-8":
        regular = regular_columns(text.encode(), delimiter)
        if regular is not None:
            return _with_columns(path, sheet, regular, text)
    try:
        sheet.rows = _parsed(text, delimiter)
        is_ragged = _swallowed(sheet.rows, delimiter, text)
    except csv.Error as error:
        if text.count('"') % 2 == 0:
            raise _long_cell(path, None) from error
        # A quote that does not close takes all that follows into one cell.
        is_ragged = True
    if is_ragged:
        try:
            sheet.rows, sheet.ragged = _line_by_line(text, delimiter)
        except csv.Error as error:
            raise _long_cell(path, None) from error
    sheet.lost = [i for i, r in enumerate(sheet.rows) if lost and any("\ufffd" in c for c in r)]
    sheet.unfinished = len(sheet.rows) > 1 and unfinished
    return sheet


def csv_rows(path: Path) -> list[list[str]] | None:
    """Return all rows of a delimited text without quotes, lost bytes or zeros; None for others.

    Raises
    ------
    SourceError
        The text is in no admitted encoding.
    """
    check_text(path)
    text, _, _, lost = decode_text(path, None)
    if lost or '"' in text or "\0" in text or "\ufffd" in text:
        return None
    try:
        return _parsed(text, _delimiter(text))
    except csv.Error:
        return None


def _regular_sheet(path: Path, encoding: str | None) -> Sheet | None:
    """Return a regular text in UTF-8 without decoding it; None for any other."""
    raw = path.read_bytes()
    body = raw
    while body.startswith(_MARK):
        body = body[len(_MARK) :]
    if encoding is not None or b"\0" in body or find_bytes(body, _LOST):
        return None
    delimiter = _delimiter(body[:65_536].decode(errors="replace"))
    regular = regular_columns(body, delimiter)
    if regular is None:
        return None
    source = "mark" if len(body) < len(raw) else "ascii" if body.isascii() else "inferred"
    return _with_columns(path, Sheet([], [], "UTF-8", source, delimiter=delimiter), regular, body)


def _with_columns(path: Path, sheet: Sheet, regular: Regular, text: str | bytes) -> Sheet:
    longest = max(pc.max(pc.binary_length(column)).as_py() or 0 for column in regular.columns)
    if longest > current_limits().cell_bytes:
        raise _long_cell(path, longest)
    sheet.rows = _parsed(regular.head, sheet.delimiter)
    sheet.columns, sheet.regular_from, sheet._text = regular.columns, regular.first, text
    sheet.unfinished = text[-1:] not in ("\n", "\r", b"\n", b"\r")
    return sheet


def _long_cell(path: Path, size: int | None) -> SourceError:
    return over_limit("table_long_cell", path.name, "cell_bytes", size)


def decode_text(path: Path, given: str | None) -> tuple[str, str, str, bool]:
    """Return the text, its encoding, how that was known, and whether bytes were lost."""
    text, name, source, lost = _decoded(path, given)
    # A program that adds a mark to a text that has one leaves two.
    return text.lstrip("\ufeff"), name, source, lost


def _decoded(path: Path, given: str | None) -> tuple[str, str, str, bool]:
    raw = path.read_bytes()
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return raw.decode("utf-16", "replace"), "UTF-16", "mark", True
    if raw[:3] == b"\xef\xbb\xbf":
        body = raw[3:]
        try:
            return body.decode("utf-8"), "UTF-8", "mark", False
        except UnicodeDecodeError:
            return body.decode("utf-8", "replace"), "UTF-8", "mark", True
    if given is not None:
        try:
            return raw.decode(given), given, "given", False
        except (UnicodeDecodeError, LookupError) as error:
            raise failure("encoding_given", path.name, given=given) from error
    if raw.isascii():
        return raw.decode("ascii"), "UTF-8", "ascii", False
    # UTF-8 proves itself, GB18030 takes nearly anything: one damaged byte must not turn a whole
    # file into the other.
    for name in ("utf-8", "gb18030"):
        try:
            text = raw.decode(name)
        except UnicodeDecodeError:
            text = raw.decode(name, "replace")
        bad = text.count("\ufffd")
        if bad == 0 or bad * 6 <= len(text) - len(text.encode("ascii", "ignore")):
            return text, name.upper(), "inferred", bad > 0
    raise failure("text_encoding", path.name)


def _delimiter(text: str) -> str:
    lines = [line for line in text[:65_536].splitlines() if line.strip()][:50]
    # What stands in quotes parts nothing.
    plain = [re.sub(r'"[^"]*"', "", line) for line in lines]
    counts = {d: sorted(line.count(d) for line in plain) for d in ",\t;|"}
    usual = {d: counts[d][len(lines) // 2] if lines else 0 for d in counts}

    # The one that most lines have; of two that all have, the one they have most of. A comma in
    # the numbers of lines that semicolons part is not in the headings.
    def share(d: str) -> int:
        return sum(n > 0 for n in counts[d]) if usual[d] else 0

    return max(counts, key=lambda d: (share(d), usual[d]))


@contextmanager
def _long_cells() -> Iterator[None]:
    # An outline as WKT is longer than what the parser takes by default; the limit is global.
    with _LOCK:
        old = csv.field_size_limit(min(current_limits().cell_bytes, _MOST_OF_PARSER))
        try:
            yield
        finally:
            csv.field_size_limit(old)


def _parsed(text: str, delimiter: str) -> list[list[str]]:
    with _long_cells():
        return list(csv.reader(_lines(text), delimiter=delimiter))


def _lines(text: str) -> Iterator[str]:
    """Yield lines with their breaks, whichever of the three they are; a file would copy it all."""
    at = 0
    for end in _BREAK.finditer(text):
        yield text[at : end.end()]
        at = end.end()
    if at < len(text):
        yield text[at:]


def _swallowed(rows: list[list[str]], delimiter: str, text: str) -> bool:
    """Whether a quote that does not close has taken whole lines into one cell."""
    if '"' not in text:
        return False
    if text.count('"') % 2:
        return True
    widths = sorted(len(row) for row in rows[:1000])
    usual = widths[len(widths) // 2] if widths else 1
    cells = (c for c in itertools.chain.from_iterable(rows) if "\n" in c)
    return usual > 1 and any(c.count(delimiter) >= usual - 1 for c in cells)


def _line_by_line(text: str, delimiter: str) -> tuple[list[list[str]], list[int]]:
    rows: list[list[str]] = []
    ragged: list[int] = []
    for line in text.splitlines():
        if line.count('"') % 2:
            ragged.append(len(rows))
            line = line.replace('"', "")
        rows.extend(_parsed(line, delimiter) or [[]])
    return rows, ragged
