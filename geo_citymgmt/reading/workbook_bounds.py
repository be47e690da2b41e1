"""What a workbook claims, looked at before a library makes room for it.

A file of a few kB can name a cell in the last row and column, or say that thousands of millions of
texts follow: the reader believes it, and the process ends for want of memory.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.parsers import expat

from geo_citymgmt.errors import SourceError
from geo_citymgmt.reading.sniff import refused, unreadable
from geo_citymgmt.words import Text

__all__ = ["MAX_CELLS", "MAX_UNPACKED", "SAVE_AGAIN", "check_package"]

#: More cells than this, empty ones included, are not laid out: one stray cell far to the right and
#: below makes a sheet of 17 thousand million.
MAX_CELLS = 60_000_000
MAX_UNPACKED = 2 << 30
SAVE_AGAIN = Text(
    "请用表格软件打开，核对各行后另存为 .xlsx。",
    "Open it in the spreadsheet program, save it again as .xlsx and check its rows.",
)
_CHUNK = 1 << 22
#: The place of a row or cell, in either quotes. A few blanks may stand in it; where there are
#: more, the XML is read by its grammar.
_PLACE = re.compile(rb"\sr\s{0,8}=\s{0,8}[\"']\s{0,8}([A-Za-z]{0,4})(\d{1,12})")
_COUNT = re.compile(rb"uniqueCount\s{0,8}=\s{0,8}[\"']\s{0,8}(\d{1,20})")
_WIDE = re.compile(rb"\s{9}")
_PLACE_TEXT = re.compile(r"\s*([A-Za-z]{0,4})(\d{1,12})")
#: A window of the search begins with so much of the one before.
_OVERLAP = 128


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
            if sum(part.file_size for part in parts) > MAX_UNPACKED:
                raise _too_large(path)
            # A sheet may have any name: which part is one, the workbook says.
            for part in parts:
                if part.filename == "content.xml":
                    _check_repeats(path, archive, part)
                elif part.filename.lower().endswith((".xml", ".rels")):
                    _check_part(path, archive, part)
    except SourceError:
        raise
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, RuntimeError) as error:
        raise unreadable(
            path.name,
            Text(f"工作簿已损坏（{error}）。", f"a damaged workbook ({error})."),
            SAVE_AGAIN,
        ) from error


def _check_part(path: Path, archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """Hold the places and counts of one part of an .xlsx against what can be there."""
    row, column, most = _claims(archive, part)
    if row * column > MAX_CELLS:
        raise _too_large(path)
    if most > part.file_size:
        # What is counted takes more than a byte each.
        raise unreadable(
            path.name,
            Text(
                f"{part.filename} 声称有 {most:,} 项，文件本身没有这么大。",
                f"its {part.filename} claims {most:,} items, more than it has bytes.",
            ),
            SAVE_AGAIN,
        )


def _claims(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> tuple[int, int, int]:
    """Return the furthest row and column that a part names, and the most texts it counts."""
    row = column = most = 1
    for window in _windows(archive, part):
        if _WIDE.search(window):
            return _claims_by_grammar(archive, part)
        places = _PLACE.findall(window)
        row = max(row, *(int(digits) for _, digits in places), 1)
        column = max(column, *map(_column_number, {letters for letters, _ in places}), 1)
        most = max(most, *map(int, _COUNT.findall(window)), 1)
    return row, column, most


def _claims_by_grammar(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> tuple[int, int, int]:
    row = column = most = 1

    def begin(_: str, attributes: dict[str, str]) -> None:
        nonlocal row, column, most
        if (place := _PLACE_TEXT.match(attributes.get("r", ""))) is not None:
            row, column = max(row, int(place[2])), max(column, _column_number(place[1].encode()))
        count = attributes.get("uniqueCount", "").strip()
        most = max(most, int(count) if count.isascii() and count.isdigit() else 1)

    _parse(archive, part, begin)
    return row, column, most


def _check_repeats(path: Path, archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """Hold what the cells and rows of an .ods, repeated as they say, would come to."""
    cells, in_row, repeated, filled = 0, 0, 1, False

    def number(attributes: dict[str, str], name: str) -> int:
        text = attributes.get(f"table:{name}", "1").strip()
        return int(text) if text.isascii() and text.isdigit() else 1

    def begin(tag: str, attributes: dict[str, str]) -> None:
        nonlocal in_row, repeated, filled
        if tag == "table:table-row":
            in_row, filled, repeated = 0, False, number(attributes, "number-rows-repeated")
        elif tag in ("table:table-cell", "table:covered-table-cell"):
            times = number(attributes, "number-columns-repeated")
            in_row += times
            filled = filled or any(name.startswith("office:") for name in attributes)
            if filled and in_row * repeated > MAX_CELLS:
                raise _too_large(path)

    def end(tag: str) -> None:
        nonlocal cells
        if tag == "table:table-row" and filled:
            cells += in_row * repeated
            if cells > MAX_CELLS:
                raise _too_large(path)

    _parse(archive, part, begin, end)


def _parse(
    archive: zipfile.ZipFile,
    part: zipfile.ZipInfo,
    begin: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None] | None = None,
) -> None:
    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = begin, end
    try:
        with archive.open(part) as file:
            parser.ParseFile(file)
    except expat.ExpatError:
        # The reader of values says what is wrong with it, or takes what stands before.
        return


def _windows(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> Iterator[bytes]:
    tail = b""
    with archive.open(part) as file:
        while chunk := file.read(_CHUNK):
            yield tail + chunk
            tail = chunk[-_OVERLAP:]


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return max(number, 1)


def _too_large(path: Path) -> SourceError:
    return refused(
        path.name,
        Text(
            "工作表范围过大（可能在很远处有多余单元格）。",
            "the sheet reaches too far (a stray cell far below or to the right?).",
        ),
        Text("请删除空行空列后重新保存。", "Delete the empty rows and columns and save it again."),
    )
