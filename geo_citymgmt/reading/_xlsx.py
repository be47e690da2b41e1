"""Workbooks: looked at before a library makes room for them, their sheets, and what these mark."""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree
from xml.parsers import expat

import python_calamine

from geo_citymgmt._languages import first_few
from geo_citymgmt.errors import SourceError
from geo_citymgmt.reading._limits import (
    Extents,
    check_texts,
    current_limits,
    over_limit,
    total_length,
)
from geo_citymgmt.reading._messages import failure
from geo_citymgmt.reading._sheet import Marks, Sheet
from geo_citymgmt.reading._sniff import name_one
from geo_citymgmt.reading._xls import check_compound

#: Rows of a sheet that are looked at before it is read.
_GLANCE = 2000
_BAD_IN_TAB = re.compile(r"[\[\]:*?/\\']")
_CHUNK = 1 << 22
#: The place of a row or cell, in either quotes. A few blanks may stand in it; where there are
#: more, the XML is read by its grammar.
_PLACE = re.compile(rb"\sr\s{0,8}=\s{0,8}[\"']\s{0,8}([A-Za-z]{0,4})(\d{1,12})")
_COUNT = re.compile(rb"uniqueCount\s{0,8}=\s{0,8}[\"']\s{0,8}(\d{1,20})")
_WIDE = re.compile(rb"\br {9,}+=|= {9,}+[\"']|[\"'] {9,}+\w")
#: White space of a tag is one blank as good as another.
_BLANKS = bytes.maketrans(b"\t\n\r\f\v", b"     ")
#: Attributes of a cell of an .ods that holds something.
_HOLDS = re.compile(r"(^|[:-])(value|value-type|formula)$")
_PLACE_TEXT = re.compile(r"\s*([A-Za-z]{0,4})(\d{1,12})")
#: Rows and cells, whether or not they say where they stand.
_ROW, _CELL = (
    [begin + name + end for begin in (b"<", b":") for end in (b" ", b"/", b">")]
    for name in (b"row", b"c")
)
#: Cells and rows of a format alone. Their attributes hold no quotes or brackets, so that what is
#: passed over is nothing else to the reader of values either.
_ATTRIBUTES = rb"(?:\s[\w:.-]+=(?:\"[^\"'<>]*\"|'[^\"'<>]*'))*\s?"
_BARE_CELL = re.compile(rb"<(?:\w{1,9}:)?c" + _ATTRIBUTES + rb"(?:/>|></(?:\w{1,9}:)?c>)")
_BARE_ROW = re.compile(rb"<(?:\w{1,9}:)?row" + _ATTRIBUTES + rb"/?>")
#: Without a prefix, as nearly all programs write it, a row is found sooner.
_PLAIN_ROW = re.compile(rb"<row" + _ATTRIBUTES + rb"/?>")
_LONGEST_TAG = 1 << 18
#: What there is a claim in: a row, a cell, a count, or blanks that hide one.
_CLAIMING = (*_ROW, *_CELL, b"uniqueCount", b" " * 9)
#: The parts of an .xlsb that hold cells and texts, and their records.
_SHEETS, _STRINGS = re.compile(r"worksheets/[^/]*\.bin$", re.I), re.compile(r"strings\.bin$", re.I)
_ROW_HEAD, _CELLS, _BEGIN_STRINGS = 0, range(2, 12), 159
_SHARED_CELL, _STRING = 7, 19
#: Where texts that several cells share are kept, and where one of them begins.
_SHARED = re.compile(r"sharedstrings\.(xml|bin)$", re.I)
_ITEM = re.compile(rb"<(?:\w{1,9}:)?si[\s/>]")


class _Extent(NamedTuple):
    """What a part claims: the furthest row and column that hold anything, how many cells do, and
    how many texts it counts."""

    rows: int
    columns: int
    n_cells: int
    texts: int


def check_package(path: Path) -> None:
    """Refuse a workbook that unpacks, or reaches, into more than memory holds.

    Raises
    ------
    SourceError
        SOURCE_REFUSED where it is too large or claims to be, SOURCE_UNREADABLE where it is damaged.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            _check_size(path, parts)
            extents = Extents(path)
            # A sheet may have any name: which part is one, the workbook says.
            for part in parts:
                if part.filename == "content.xml":
                    _check_repeats(extents, archive, part)
                elif part.filename.lower().endswith((".xml", ".rels")):
                    _check_part(extents, part, _claims(archive, part))
                elif _SHEETS.search(part.filename) or _STRINGS.search(part.filename):
                    _check_part(extents, part, _binary_claims(archive, part))
            for part in parts:
                if _SHARED.search(part.filename):
                    _check_shared(extents, archive, part)
    except SourceError:
        raise
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, RuntimeError) as error:
        raise failure("workbook_damaged", path.name, error=error) from error


def _check_shared(extents: Extents, archive: zipfile.ZipFile, strings: zipfile.ZipInfo) -> None:
    """Hold what texts come to that a workbook keeps once and its cells name by their number."""
    sheets = [part for part in archive.infolist() if part is not strings]
    size = sum(part.file_size for part in archive.infolist())
    most = max(current_limits().column_bytes, size)
    # Looked at from afar first: nearly all workbooks are done with that.
    if extents.n_filled * strings.file_size <= most:
        return
    data = archive.read(strings)
    if strings.filename.lower().endswith(".bin"):
        lengths = [2 * int.from_bytes(body[1:5], "little")
                   for kind, body in _binary_records(data) if kind == _STRING]  # fmt: skip
        named = [
            int.from_bytes(body[8:12], "little")
            for part in sheets if _SHEETS.search(part.filename)
            for kind, body in _binary_records(archive.read(part)) if kind == _SHARED_CELL
        ]  # fmt: skip
    elif extents.n_filled * max(map(len, _ITEM.split(data))) <= most:
        return
    else:
        lengths = _item_lengths(archive, strings)
        named = [k for part in sheets if part.filename.lower().endswith(".xml")
                 for k in _shared_cells(archive, part)]  # fmt: skip
    check_texts(extents.path, total_length(lengths, named), size)


def _item_lengths(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> list[int]:
    """Return how many bytes each text of the parts of an .xlsx that are shared has."""
    lengths: list[int] = []

    def begin(tag: str, attributes: dict[str, str]) -> None:
        if tag.rpartition(":")[2] == "si":
            lengths.append(0)

    def text(data: str) -> None:
        if lengths:
            lengths[-1] += len(data.encode())

    _parse(archive, part, begin, text=text)
    return lengths


def _shared_cells(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> list[int]:
    """Return the number of the text that each cell of a sheet names."""
    named: list[int] = []
    value: list[str] | None = None
    is_shared = False

    def begin(tag: str, attributes: dict[str, str]) -> None:
        nonlocal value, is_shared
        kind = tag.rpartition(":")[2]
        if kind == "c":
            is_shared = attributes.get("t") == "s"
        value = [] if kind == "v" and is_shared else None

    def text(data: str) -> None:
        if value is not None:
            value.append(data)

    def end(tag: str) -> None:
        nonlocal value
        if value is not None:
            digits = "".join(value).strip()
            named.extend([int(digits)] if digits.isascii() and digits.isdigit() else [])
        value = None

    _parse(archive, part, begin, end, text)
    return named


def _check_size(path: Path, parts: list[zipfile.ZipInfo]) -> None:
    limits = current_limits()
    total = sum(part.file_size for part in parts)
    if total > limits.unpacked_bytes:
        raise over_limit("workbook_unpacked", path.name, "unpacked_bytes", total, total=total)
    for part in parts:
        ratio = part.file_size / max(part.compress_size, 1)
        if part.file_size > limits.ratio_from and ratio > limits.ratio:
            raise over_limit(
                "workbook_ratio", path.name, "ratio", ratio, part=part.filename, ratio=ratio
            )


def _check_part(extents: Extents, part: zipfile.ZipInfo, extent: _Extent) -> None:
    """Hold the places and counts of one part of a workbook against what can be there."""
    extents.add(extent.rows, extent.columns, extent.n_cells)
    if extent.texts > part.file_size:
        # What is counted takes more than a byte each.
        raise failure("workbook_counts", extents.path.name, part=part.filename, n=extent.texts)


def _claims(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> _Extent:
    """Return what the cells of a part that hold anything, and its counts, claim.

    Cells and rows of a format alone are as many as a spreadsheet has, and no reader lays them out.
    """
    row = column = texts = 1
    n_cells = n_placed = n_tags = 0
    for piece in _windows(archive, part):
        window = piece.translate(_BLANKS)
        is_long = len(piece) - piece.rfind(b"<") > _LONGEST_TAG
        if not is_long and not any(mark in window for mark in _CLAIMING):
            # Styles, themes and what else a workbook has beside its sheets.
            continue
        # Most sheets have no such cells, and few have so many blanks in a row.
        if b"/>" in window or b"></" in window:
            window = _BARE_CELL.sub(b"", window)
        window = (_BARE_ROW if b":row" in window else _PLAIN_ROW).sub(b"", window)
        is_wide = b" " * 9 in window and _WIDE.search(window)
        if is_wide or is_long:
            return _claims_by_grammar(archive, part)
        places = _PLACE.findall(window)
        row = max(row, *map(int, {digits for _, digits in places}), 1)
        column = max(column, *map(_column_number, {letters for letters, _ in places}), 1)
        texts = max(texts, *map(int, _COUNT.findall(window)), 1)
        n_found = sum(map(window.count, _CELL))
        n_cells += n_found
        n_tags += n_found + sum(map(window.count, _ROW))
        n_placed += len(places)
    if n_tags > n_placed:
        # Some do not say where they stand: behind the one before.
        return _claims_by_grammar(archive, part)
    return _Extent(row, column, n_cells, texts)


def _claims_by_grammar(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> _Extent:
    rows = columns = texts = 1
    n_cells = row = column = 0
    is_bare = False

    def begin(tag: str, attributes: dict[str, str]) -> None:
        nonlocal rows, columns, texts, n_cells, row, column, is_bare
        kind = tag.rpartition(":")[2]
        if kind == "row":
            place = _PLACE_TEXT.match(attributes.get("r", ""))
            row, column, is_bare = int(place[2]) if place else row + 1, 0, False
        elif kind == "c":
            place = _PLACE_TEXT.match(attributes.get("r", ""))
            column = _column_number(place[1].encode()) if place else column + 1
            row = int(place[2]) if place else row
            is_bare = True
        elif is_bare:
            # The first that stands within a cell: its value, or a formula.
            n_cells, is_bare = n_cells + 1, False
            rows, columns = max(rows, row), max(columns, column)
        elif kind == "sst":
            count = attributes.get("uniqueCount", "").strip()
            texts = max(texts, int(count) if count.isascii() and count.isdigit() else 1)

    def end(tag: str) -> None:
        nonlocal is_bare
        is_bare = is_bare and tag.rpartition(":")[2] != "c"

    _parse(archive, part, begin, end)
    return _Extent(rows, columns, n_cells, texts)


def _binary_claims(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> _Extent:
    """Return what a part of an .xlsb claims: records of a kind, a length and as many bytes."""
    rows = columns = texts = 1
    n_cells, row = 0, 1
    for kind, body in _binary_records(archive.read(part)):
        if kind == _ROW_HEAD:
            row = int.from_bytes(body[:4], "little") + 1
        elif kind in _CELLS:
            n_cells, rows = n_cells + 1, max(rows, row)
            columns = max(columns, int.from_bytes(body[:4], "little") + 1)
        elif kind == _BEGIN_STRINGS:
            texts = max(texts, int.from_bytes(body[4:8], "little"))
    return _Extent(rows, columns, n_cells, texts)


def _binary_records(data: bytes) -> Iterator[tuple[int, bytes]]:
    at, size = 0, len(data)
    while at < size:
        kind, at = _seven_bits(data, at, 2)
        length, at = _seven_bits(data, at, 4)
        yield kind, data[at : at + length]
        at += length


def _seven_bits(data: bytes, at: int, most: int) -> tuple[int, int]:
    """Return a number of seven bits a byte, as long as the eighth says so, and where it ends."""
    number = 0
    for k, byte in enumerate(data[at : at + most]):
        number |= (byte & 0x7F) << 7 * k
        if byte < 0x80:
            return number, at + k + 1
    return number, at + most


def _check_repeats(extents: Extents, archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """Hold what the cells and rows of an .ods, repeated as they say, would come to."""
    table, row = _Repeated(), _Repeated()
    size = sum(one.file_size for one in archive.infolist())
    cell_times = n_bytes = 0

    def finish() -> None:
        # What is empty at the end of a row or sheet is not laid out.
        extents.add(table.reach, table.width, table.n_filled)
        table.begin(1)

    def text(data: str) -> None:
        nonlocal n_bytes
        n_bytes += len(data.encode()) * cell_times * row.times

    def begin(tag: str, attributes: dict[str, str]) -> None:
        nonlocal cell_times, n_bytes
        kind = tag.rpartition(":")[2]
        if kind == "table":
            finish()
        elif kind == "table-row":
            row.begin(_times(attributes, "number-rows-repeated"))
        elif kind in ("table-cell", "covered-table-cell"):
            cell_times = _times(attributes, "number-columns-repeated")
            held = [value for name, value in attributes.items() if _HOLDS.search(name)]
            row.add(cell_times, is_filled=bool(held))
            n_bytes += sum(len(value.encode()) for value in held) * cell_times * row.times

    def end(tag: str) -> None:
        nonlocal cell_times
        kind = tag.rpartition(":")[2]
        if kind in ("table-cell", "covered-table-cell"):
            cell_times = 0
        if kind != "table-row":
            return
        table.n_filled += row.n_filled
        table.width = max(table.width, row.reach)
        table.add(row.times, is_filled=row.reach > 0)

    _parse(archive, part, begin, end, text)
    finish()
    check_texts(extents.path, n_bytes, size)


@dataclass
class _Repeated:
    """Cells of a row, or rows of a sheet, some of which stand for many."""

    times: int = 1
    reach: int = 0
    width: int = 0
    n_filled: int = 0
    _at: int = 0

    def begin(self, times: int) -> None:
        self.times, self.reach, self.width, self.n_filled, self._at = times, 0, 0, 0, 0

    def add(self, times: int, *, is_filled: bool) -> None:
        self._at += times
        if is_filled:
            # A cell that is repeated takes no more of the file than one.
            self.reach = self._at
            self.n_filled += 1


def _times(attributes: dict[str, str], name: str) -> int:
    # Whatever the space of names is called: the reader of values goes by the names alone.
    stated = (value.strip() for key, value in attributes.items() if key.endswith(name))
    return max((int(v) for v in stated if v.isascii() and v.isdigit()), default=1)


def _parse(
    archive: zipfile.ZipFile,
    part: zipfile.ZipInfo,
    begin: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None] | None = None,
    text: Callable[[str], None] | None = None,
) -> None:
    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = begin, end
    parser.CharacterDataHandler = text
    parser.buffer_text = True
    try:
        with archive.open(part) as file:
            parser.ParseFile(file)
    except expat.ExpatError:
        # The reader of values says what is wrong with it, or takes what stands before.
        return


def _windows(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> Iterator[bytes]:
    """Yield a part piece by piece, none of which ends within a tag."""
    if part.file_size <= _CHUNK:
        yield archive.read(part)
        return
    tail = b""
    with archive.open(part) as file:
        while chunk := file.read(_CHUNK):
            window = tail + chunk
            cut = window.rfind(b"<")
            # What is longer is no tag, or is read by its grammar.
            cut = cut if len(window) - cut <= _LONGEST_TAG else len(window)
            yield window[:cut]
            tail = window[cut:]
        yield tail


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return max(number, 1)


#: Nothing is looked for in a part without one of these.
_SIGNS = (b't="e"', b"<f", b":f>", b"hidden=", b"autoFilter")
_REFERENCE = re.compile(r"([A-Z]{1,3})(\d+)")
#: So many columns a sheet has.
_WIDEST = 16_384


def read_marks(path: Path, title: str) -> Marks:
    """Read the marks of the sheet ``title``; none where ``path`` is no .xlsx."""
    if not zipfile.is_zipfile(path):
        return Marks()
    with zipfile.ZipFile(path) as archive:
        names = set(archive.namelist())
        part = sheet_parts(archive).get(title) if "xl/workbook.xml" in names else None
        if part not in names or not _is_marked(archive, part):
            return Marks()
        with archive.open(part) as file:
            try:
                return _scan(file)
            except ElementTree.ParseError:
                # The reader of values is less strict; what it gives is read without marks.
                return Marks()


def sheet_parts(archive: zipfile.ZipFile) -> dict[str, str]:
    """Return the member that holds each sheet of an .xlsx, by the sheet's title."""
    links = {
        link.get("Id"): link.get("Target", "")
        for link in _tree(archive, "xl/_rels/workbook.xml.rels")
    }
    parts: dict[str, str] = {}
    for item in _tree(archive, "xl/workbook.xml"):
        if _plain(item.tag) == "sheet":
            key = next((v for k, v in item.attrib.items() if k.endswith("}id")), None)
            target = posixpath.normpath(posixpath.join("/xl", links.get(key, "")))
            parts.setdefault(item.get("name", ""), target.lstrip("/"))
    return parts


def _tree(archive: zipfile.ZipFile, name: str) -> list[ElementTree.Element]:
    try:
        data = archive.read(name)
    except KeyError:
        return []
    # An entity can grow without bounds; no program that writes workbooks declares one.
    return [] if b"<!" in data[:4096] else list(ElementTree.parse(io.BytesIO(data)).iter())


def _is_marked(archive: zipfile.ZipFile, part: str) -> bool:
    tail, is_marked = b"", False
    with archive.open(part) as file:
        while chunk := file.read(_CHUNK):
            window = tail + chunk
            if not tail and b"<!" in window[:4096]:
                return False
            is_marked = is_marked or any(sign in window for sign in _SIGNS)
            tail = chunk[-16:]
    return is_marked


def _scan(file: object) -> Marks:
    marks, hidden = Marks(), dict[int, None]()
    holder: ElementTree.Element | None = None
    for event, item in ElementTree.iterparse(file, events=("start", "end")):  # type: ignore[call-overload]
        kind = _plain(item.tag)
        if event == "start":
            holder = item if kind == "sheetData" else holder
        elif kind == "row":
            _read_row(item, marks)
            # What has been read is let go, the row itself as well.
            item.clear()
            if holder is not None:
                holder.clear()
        elif kind == "col" and _is_hidden(item):
            first, last = int(item.get("min", 1)), min(int(item.get("max", 1)), _WIDEST)
            if len(hidden) < _WIDEST:
                hidden |= dict.fromkeys(range(first - 1, last))
        elif kind == "autoFilter":
            marks.is_filtered = marks.is_filtered or len(item) > 0
    marks.hidden_columns = list(hidden)
    return marks


def _read_row(row: ElementTree.Element, marks: Marks) -> None:
    number = row.get("r", "")
    if _is_hidden(row) and number.isdigit():
        marks.hidden_rows.append(int(number) - 1)
    for cell in row:
        parts = {_plain(part.tag): part for part in cell}
        has_value = "v" in parts and bool(parts["v"].text)
        is_error = cell.get("t") == "e" and has_value
        if not is_error and ("f" not in parts or has_value or cell.get("t") == "str"):
            continue
        place = _REFERENCE.fullmatch(cell.get("r", ""))
        if place is None:
            continue
        at = int(place[2]) - 1, _column_number(place[1].encode()) - 1
        if is_error:
            marks.errors[at] = str(parts["v"].text)
        else:
            marks.uncomputed.append(at)


def _is_hidden(item: ElementTree.Element) -> bool:
    return item.get("hidden") in ("1", "true")


def _plain(tag: str) -> str:
    return tag.rsplit("}", 1)[-1]


def tab_name(text: str) -> str:
    """Return the name of a tab that Excel takes, with room for a number after it.

    Examples
    --------
    >>> tab_name("违法建设/新增"), tab_name("Shared bikes and their parking bays")
    ('违法建设 新增', 'Shared bikes and their parki')
    """
    return _BAD_IN_TAB.sub(" ", text).strip()[:28]


def list_sheets(path: Path) -> list[str]:
    """Return the names of the sheets of a workbook that hold anything."""
    return list(_full_sheets(path))


def only_sheet(path: Path) -> tuple[list[str], list[list[Any]] | None]:
    """Return the names of :func:`list_sheets`, and the rows of a single one without merged cells.

    They are no more than a glance takes in; None for a longer sheet.
    """
    sheets = _full_sheets(path)
    for name, sheet in sheets.items():
        if len(sheets) == 1 and not sheet.merged_cell_ranges and sheet.total_height <= _GLANCE:
            with _guarded(path):
                return [name], [list(row) for row in sheet.to_python(skip_empty_area=False)]
    return list(sheets), None


def rows_by_sheet(path: Path) -> Iterator[tuple[str, list[list[Any]]]]:
    """Yield each sheet that holds anything, as its name and the values of its rows."""
    for name, sheet in _full_sheets(path).items():
        with _guarded(path):
            rows = [list(row) for row in sheet.to_python(skip_empty_area=False)]
        yield name, rows


def _full_sheets(path: Path) -> dict[str, Any]:
    book = _open(path)
    sheets = {name: _sheet(path, book, name) for name in book.sheet_names}
    return {name: sheet for name, sheet in sheets.items() if sheet.start is not None}


def read_workbook_sheet(path: Path, *, sublayer: str | None = None) -> tuple[str, Sheet]:
    """Read one sheet of a workbook.

    Raises
    ------
    SourceError
        It cannot be read, has a password, or holds several sheets and none is named.
    """
    book = _open(path)
    names = list(book.sheet_names)
    if sublayer is None:
        full = [n for n in names if _sheet(path, book, n).start is not None]
        if len(full) != 1:
            raise failure(
                "workbook_which_sheet",
                path.name,
                remedy=name_one(full),
                n=len(full),
                names=first_few(full),
            )
        sublayer = full[0]
    elif sublayer not in names:
        raise failure(
            "workbook_no_such_sheet", path.name, sublayer=sublayer, names=first_few(names)
        )
    sheet = _sheet(path, book, sublayer)
    with _guarded(path):
        rows = sheet.to_python(skip_empty_area=False)
        merged = list(sheet.merged_cell_ranges or [])
        marks = read_marks(path, sublayer)
        shown = python_calamine.SheetVisibleEnum.Visible
        seen = {sheet.name for sheet in book.sheets_metadata if sheet.visible == shown}
        marks.is_hidden = sublayer not in seen
    return sublayer, Sheet([list(row) for row in rows], merged, marks=marks)


def _open(path: Path) -> Any:
    with path.open("rb") as file:
        is_package = file.read(2) == b"PK"
    if is_package:
        check_package(path)
    else:
        check_compound(path)
    with _guarded(path):
        # By a path the reader goes by its suffix, which an office may have changed.
        if is_package != (path.suffix.lower() == ".xls"):
            return python_calamine.CalamineWorkbook.from_path(str(path))
        with path.open("rb") as file:
            return python_calamine.CalamineWorkbook.from_filelike(file)


def _sheet(path: Path, book: Any, name: str) -> Any:
    with _guarded(path):
        return book.get_sheet_by_name(name)


@contextmanager
def _guarded(path: Path) -> Iterator[None]:
    """Turn whatever the reader raises, a panic of its own included, into one error."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException as error:
        kind = type(error).__name__
        if not isinstance(error, Exception) and kind != "PanicException":
            raise
        if kind == "PasswordError":
            raise failure("workbook_locked", path.name) from error
        raise failure("workbook_unreadable", path.name, error=error) from error
