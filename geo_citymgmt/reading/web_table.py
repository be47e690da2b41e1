"""Tables that are called .xls and are none: a web page, or the XML of 2003.

Nearly every web system exports such files, and spreadsheet programs open them after a warning.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.parsers import expat

from geo_citymgmt.reading.sheet import Sheet, decode_text
from geo_citymgmt.reading.sniff import unreadable
from geo_citymgmt.words import Text

__all__ = ["Page", "read_sheet_xml", "read_web_table"]

_CHARSET = re.compile(rb"charset\s{0,8}=\s{0,8}[\"']?([\w-]{1,40})", re.I)
#: So many rows and columns a spreadsheet has; nothing is laid out beyond them.
_ROWS, _COLUMNS = 1_048_576, 16_384
_SAVE = Text(
    "请用表格软件打开后另存为 .xlsx。", "Open it in a spreadsheet program and save it as .xlsx."
)
#: The space of names of spreadsheets of 2003.
_SS = "urn:schemas-microsoft-com:office:spreadsheet "


def read_web_table(path: Path, *, encoding: str | None = None) -> Sheet:
    """Read the largest table of a web page.

    Raises
    ------
    SourceError
        It holds no table, or its text is in no admitted encoding.
    """
    stated = _CHARSET.search(path.read_bytes()[:4096])
    given = encoding or _known_charset(stated)
    text, name, source, _ = decode_text(path, given)
    page = Page()
    page.feed(text)
    page.close()
    if not page.tables:
        raise unreadable(
            path.name,
            Text("是网页，其中没有表格。", "a web page without a table."),
            _SAVE,
        )
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
    book = _Book()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = book.begin, book.end
    parser.CharacterDataHandler = book.text
    try:
        with path.open("rb") as file:
            parser.ParseFile(file)
    except expat.ExpatError as error:
        raise unreadable(
            path.name,
            Text(f"表格 XML 已损坏（{error}）。", f"damaged XML of a spreadsheet ({error})."),
            _SAVE,
        ) from error
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


#: What is written between these is no text of the page.
_HIDDEN = ("script", "style", "title")


class Page(HTMLParser):
    """Collects the tables of a page; of one within another each is a table of its own.

    Attributes
    ----------
    tables : list
        Rows of cells and what is merged, the innermost first.
    headings : set of str
        Texts of the cells that are marked as headings.
    """

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[_Table] = []
        self.headings: set[str] = set()
        self._beside: list[str] = []
        self._in_heading: list[str] | None = None
        self._open: list[_Grid] = []
        self._hidden = 0

    @property
    def beside(self) -> str:
        """The text outside of all tables."""
        return "".join(self._beside)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _HIDDEN:
            self._hidden += 1
        if tag == "table":
            self._open.append(_Grid())
        if not self._open:
            self._beside.append(" ")
            return
        grid = self._open[-1]
        if tag == "tr":
            grid.next_row()
        elif tag in ("td", "th"):
            given = dict(attrs)
            grid.next_cell(_count(given.get("colspan")), _count(given.get("rowspan")))
            self._in_heading = [] if tag == "th" else None
        elif tag == "br":
            grid.add(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in _HIDDEN and self._hidden:
            self._hidden -= 1
        if tag == "table" and self._open:
            table = self._open.pop().done()
            if any(table[0]):
                self.tables.append(table)
        elif tag in ("td", "th") and self._open:
            self._open[-1].end_cell()
            if self._in_heading is not None:
                self.headings.add(" ".join("".join(self._in_heading).split()))
                self._in_heading = None

    def handle_data(self, data: str) -> None:
        if self._hidden:
            return
        if not self._open:
            self._beside.append(data)
            return
        self._open[-1].add(data)
        if self._in_heading is not None:
            self._in_heading.append(data)

    def close(self) -> None:
        super().close()
        while self._open:
            self.handle_endtag("table")


class _Grid:
    """Cells of a table where they stand, one that spans others in the first of its places."""

    def __init__(self) -> None:
        self._rows: list[list[Any]] = []
        self._taken: dict[int, int] = {}
        self._cell: list[str] | None = None
        self._place = (0, 0)
        self._merged: _Merged = []

    def next_row(self) -> None:
        self.end_cell()
        if len(self._rows) < _ROWS:
            self._rows.append([])
        self._taken = {c: left - 1 for c, left in self._taken.items() if left > 1}

    def next_cell(self, columns: int, rows: int) -> None:
        if not self._rows:
            self.next_row()
        self.end_cell()
        row = self._rows[-1]
        while len(row) in self._taken and len(row) < _COLUMNS:
            row.append(None)
        at = len(row)
        row.extend([None] * min(columns, _COLUMNS - at))
        if rows > 1:
            self._taken |= dict.fromkeys(range(at, len(row)), rows)
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

    def __init__(self) -> None:
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
            row.extend([None] * (start - 1 - len(row)))
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
            self._kind = None
        elif name == "Cell" and row is not None:
            row.extend([None] * self._across)
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
