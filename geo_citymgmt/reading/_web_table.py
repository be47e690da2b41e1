"""Tables that are called .xls and are none: a web page, or the XML of 2003.

Nearly every web system exports such files, and spreadsheet programs open them after a warning.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any
from xml.parsers import expat

from geo_citymgmt.reading._limits import check_file_size, current_limits, over_limit
from geo_citymgmt.reading._messages import failure
from geo_citymgmt.reading._sheet import Sheet, decode_text

_CHARSET = re.compile(rb"charset\s{0,8}=\s{0,8}[\"']?([\w-]{1,40})", re.I)
#: A mark begins, goes on to its end around what stands in quotes, and has a name.
_MARK = re.compile(r"<(?:!--|[!?/]|[A-Za-z])")
_REST = re.compile(r"[^>\"']*(?:(?:(?<!=)[\"']|(?<==)\"[^\"]*\"|(?<==)'[^']*')[^>\"']*)*(?=>)")
_TAG = re.compile(r"(/?)([A-Za-z][^\s/>]*)")
_SPAN = re.compile(r"\b(colspan|rowspan)\s{0,8}=\s{0,8}[\"']?\s{0,8}(\d{1,8})", re.I)
#: What stands in these is no text, and their marks are none.
_HIDDEN = re.compile(r"(script|style|title)\b", re.I)
_ROW_MARK = re.compile(r"<(?:tr|td|th)\b", re.I)
#: So many rows and columns a spreadsheet has; nothing is laid out beyond them.
_ROWS, _COLUMNS = 1_048_576, 16_384
#: The space of names of spreadsheets of 2003.
_SS = "urn:schemas-microsoft-com:office:spreadsheet "


def read_web_table(path: Path, *, encoding: str | None = None) -> Sheet:
    """Read the largest table of a web page.

    Raises
    ------
    SourceError
        It holds no table, or its text is in no admitted encoding.
    """
    check_file_size(path)
    with path.open("rb") as file:
        stated = _CHARSET.search(file.read(4096))
    given = encoding or _known_charset(stated)
    text, name, source, _ = decode_text(path, given)
    page = Page(text, path.name)
    if not page.tables:
        raise failure("web_no_table", path.name)
    rows, merged = max(page.tables, key=_size)
    how = "file" if stated else source
    return Sheet(rows, merged, encoding=name, encoding_source=how)


def read_sheet_xml(path: Path) -> Sheet:
    """Read the fullest sheet of a workbook in the XML of 2003.

    Raises
    ------
    SourceError
        It is damaged.
    """
    book = _Book(_Room(path.name))
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = book.begin, book.end
    parser.CharacterDataHandler = book.text
    try:
        with path.open("rb") as file:
            parser.ParseFile(file)
    except expat.ExpatError as error:
        raise failure("sheet_xml_damaged", path.name, error=error) from error
    rows, merged = max(book.sheets, key=_size, default=([], []))
    return Sheet(rows, merged, encoding="UTF-8")


#: Rows of cells, and the ranges that were merged, by first and last corner.
_Merged = list[tuple[tuple[int, int], tuple[int, int]]]
_Table = tuple[list[list[Any]], _Merged]


def _size(table: _Table) -> int:
    return sum(map(len, table[0]))


def _known_charset(stated: re.Match[bytes] | None) -> str | None:
    if stated is None:
        return None
    name = stated[1].decode("ascii").lower()
    # What calls itself GB2312 holds rarer characters too.
    return "gb18030" if name.startswith("gb") else name


def _tokens(text: str, name: str) -> Iterator[tuple[str, str]]:
    """Yield the marks of a page and the text between them, in one walk.

    A mark is what stands within its angle brackets; text comes with an empty first part.
    """
    at = 0
    while (begin := text.find("<", at)) >= 0:
        yield "", unescape(text[at:begin])
        mark = _MARK.match(text, begin)
        if mark is None:
            # No mark begins here: a sign for "less than".
            yield "", "<"
            at = begin + 1
            continue
        closing = "-->" if mark[0] == "<!--" else None
        at = text.find(closing, mark.end()) if closing else -1
        if closing is None and (closed := _REST.match(text, mark.end())) is not None:
            at = closed.end()
        if at < 0:
            _refuse_open(name, text[begin:])
            return
        inner = text[begin + 1 : at]
        at += len(closing or ">")
        if closing:
            continue
        yield inner, ""
        if (hides := _HIDDEN.match(inner)) is not None:
            end = re.compile(f"</{hides[1]}", re.I).search(text, at)
            if end is None:
                _refuse_open(name, text[at:])
                return
            at = end.start()
    yield "", unescape(text[at:])


def _refuse_open(name: str, rest: str) -> None:
    """Refuse a page of which a mark has no end, unless no rows are lost in it."""
    if name and _ROW_MARK.search(rest):
        raise failure("web_mark_open", name, mark=rest[:20])


@dataclass
class _Room:
    """How many cells of a file have been laid out, and how many of them hold anything."""

    name: str
    laid: int = 0
    filled: int = 0

    def take(self, n: int) -> int:
        """Count ``n`` more cells, and refuse a file that spreads a few over too many."""
        n = max(n, 0)
        self.laid += n
        limits = current_limits()
        for limit, size in (("empty_cells", self.laid - self.filled), ("cells", self.laid)):
            if size > getattr(limits, limit):
                raise over_limit("web_spans", self.name, limit, None)
        return n


class Page:
    """The tables of a page; of one within another each is a table of its own.

    Parameters
    ----------
    text : str
        HTML. Nothing in it is run or looked up.
    name : str
        Of the file, for the error where a mark that is never closed would take rows with it;
        without it, what follows such a mark is left out.

    Attributes
    ----------
    tables : list
        Rows of cells and what is merged, the innermost first.
    headings : set of str
        Texts of the cells that are marked as headings.
    beside : str
        The text outside of all tables.

    Raises
    ------
    SourceError
        Cells span more rows and columns than is laid out.
    """

    def __init__(self, text: str, name: str = "") -> None:
        self.tables: list[_Table] = []
        self.headings: set[str] = set()
        self._beside: list[str] = []
        self._in_heading: list[str] | None = None
        self._open: list[_Grid] = []
        self._room = _Room(name)
        for mark, data in _tokens(text, name):
            if data:
                self._take(data)
            tag = _TAG.match(mark)
            if tag is None:
                continue
            if tag[1]:
                self._end(tag[2].lower())
            else:
                self._begin(tag[2].lower(), mark)
        while self._open:
            self._end("table")
        self.beside = "".join(self._beside)

    def _take(self, data: str) -> None:
        if not self._open:
            self._beside.append(data)
            return
        self._open[-1].add(data)
        if self._in_heading is not None:
            self._in_heading.append(data)

    def _begin(self, tag: str, mark: str) -> None:
        if tag == "table":
            self._open.append(_Grid(self._room))
        if not self._open:
            self._beside.append(" ")
            return
        grid = self._open[-1]
        if tag == "tr":
            grid.next_row()
        elif tag in ("td", "th"):
            given = {name.lower(): value for name, value in _SPAN.findall(mark)}
            grid.next_cell(_count(given.get("colspan")), _count(given.get("rowspan")))
            self._in_heading = [] if tag == "th" else None
        elif tag == "br":
            grid.add(" ")

    def _end(self, tag: str) -> None:
        if tag == "table" and self._open:
            table = self._open.pop().done()
            if any(table[0]):
                self.tables.append(table)
        elif tag in ("td", "th") and self._open:
            self._open[-1].end_cell()
            if self._in_heading is not None:
                self.headings.add(" ".join("".join(self._in_heading).split()))
                self._in_heading = None


class _Grid:
    """Cells of a table where they stand, one that spans others in the first of its places."""

    def __init__(self, room: _Room) -> None:
        self._room = room
        self._rows: list[list[Any]] = []
        #: By column: up to which row a cell further up reaches into it.
        self._taken: dict[int, int] = {}
        self._cell: list[str] | None = None
        self._place = (0, 0)
        self._merged: _Merged = []

    def next_row(self) -> None:
        self.end_cell()
        if len(self._rows) == _ROWS:
            raise failure("web_table_rows", self._room.name, n=_ROWS)
        self._rows.append([])

    def next_cell(self, columns: int, rows: int) -> None:
        if not self._rows:
            self.next_row()
        self.end_cell()
        row, number = self._rows[-1], len(self._rows)
        while self._taken.get(len(row), 0) >= number and len(row) < _COLUMNS:
            row.append(None)
            self._room.take(1)
        at = len(row)
        row.extend([None] * self._room.take(min(columns, _COLUMNS - at)))
        self._room.filled += 1
        if rows > 1:
            self._taken |= dict.fromkeys(range(at, len(row)), number + rows - 1)
        self._place, self._cell = (len(self._rows) - 1, at), []
        if rows > 1 or columns > 1:
            last = min(self._place[0] + rows, _ROWS) - 1, max(at, len(row) - 1)
            self._merged.append((self._place, last))

    def add(self, text: str) -> None:
        if self._cell is not None:
            self._cell.append(text)

    def end_cell(self) -> None:
        if self._cell is None:
            return
        row, column = self._place
        text = " ".join("".join(self._cell).split())
        if column < len(self._rows[row]):
            self._rows[row][column] = text or None
        self._cell = None

    def done(self) -> _Table:
        self.end_cell()
        return self._rows, self._merged


class _Book:
    """Collects the sheets of a workbook in the XML of 2003."""

    def __init__(self, room: _Room) -> None:
        self._room = room
        self.sheets: list[_Table] = []
        self._kind: str | None = None
        self._text: list[str] = []
        self._across = 0

    def begin(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.removeprefix(_SS)
        given = {key.removeprefix(_SS): value for key, value in attributes.items()}
        if name == "Worksheet":
            self.sheets.append(([], []))
        elif name == "Row" and self.sheets:
            rows, _ = self.sheets[-1]
            start = min(_count(given.get("Index"), len(rows) + 1), _ROWS)
            rows.extend([] for _ in range(start - 1 - len(rows)))
            rows.append([])
        elif name == "Cell" and (row := self._row()) is not None:
            start = min(_count(given.get("Index"), len(row) + 1), _COLUMNS)
            row.extend([None] * self._room.take(start - 1 - len(row)))
            row.append(None)
            self._across = min(_count(given.get("MergeAcross"), 0), _COLUMNS - len(row))
            down = _count(given.get("MergeDown"), 0)
            if self._across or down:
                rows, merged = self.sheets[-1]
                top, left = len(rows) - 1, len(row) - 1
                last = min(top + down, _ROWS - 1), left + self._across
                merged.append(((top, left), last))
        elif name == "Data":
            self._kind, self._text = given.get("Type", "String"), []

    def text(self, data: str) -> None:
        if self._kind is not None:
            self._text.append(data)

    def end(self, tag: str) -> None:
        name = tag.removeprefix(_SS)
        row = self._row()
        if name == "Data" and self._kind is not None:
            if row:
                row[-1] = _value("".join(self._text), self._kind)
                self._room.filled += 1
            self._kind = None
        elif name == "Cell" and row is not None:
            row.extend([None] * self._room.take(self._across))
            self._across = 0

    def _row(self) -> list[Any] | None:
        return self.sheets[-1][0][-1] if self.sheets and self.sheets[-1][0] else None


def _value(text: str, kind: str) -> Any:
    if kind == "Number":
        try:
            return float(text)
        except ValueError:
            return text
    if kind == "DateTime":
        return text.replace("T", " ").removesuffix(" 00:00:00.000")
    return text or None


def _count(text: str | None, usual: int = 1) -> int:
    text = (text or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else usual
