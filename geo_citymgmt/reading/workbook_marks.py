"""What the XML of a worksheet says that its values do not: errors, formulas, what is hidden.

The reader of values gives nothing for a cell with an error and for a formula that no program has
computed yet, as for an empty one.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

__all__ = ["Marks", "read_marks"]

#: Nothing is looked for in a part without one of these.
_SIGNS = (b't="e"', b"<f", b":f>", b"hidden=", b"autoFilter")
_CELL = re.compile(r"([A-Z]{1,3})(\d+)")
_CHUNK = 1 << 22
#: So many columns a sheet has.
_WIDEST = 16_384


@dataclass
class Marks:
    """Marks of one worksheet; rows and columns are counted from 0."""

    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    #: Cells with a formula and no value.
    uncomputed: list[tuple[int, int]] = field(default_factory=list)
    hidden_rows: list[int] = field(default_factory=list)
    hidden_columns: list[int] = field(default_factory=list)
    is_filtered: bool = False


def read_marks(path: Path, title: str) -> Marks:
    """Read the marks of the sheet ``title``; none where ``path`` is no .xlsx."""
    if not zipfile.is_zipfile(path):
        return Marks()
    with zipfile.ZipFile(path) as archive:
        names = set(archive.namelist())
        part = _part(archive, title) if "xl/workbook.xml" in names else None
        if part not in names or not _is_marked(archive, part):
            return Marks()
        with archive.open(part) as file:
            try:
                return _scan(file)
            except ElementTree.ParseError:
                # The reader of values is less strict; what it gives is read without marks.
                return Marks()


def _part(archive: zipfile.ZipFile, title: str) -> str | None:
    """Return the member that holds the sheet ``title``."""
    links = {
        link.get("Id"): link.get("Target", "")
        for link in _tree(archive, "xl/_rels/workbook.xml.rels")
    }
    for item in _tree(archive, "xl/workbook.xml"):
        if _plain(item.tag) == "sheet" and item.get("name") == title:
            key = next((v for k, v in item.attrib.items() if k.endswith("}id")), None)
            target = links.get(key, "")
            return posixpath.normpath(posixpath.join("/xl", target)).lstrip("/")
    return None


def _tree(archive: zipfile.ZipFile, name: str) -> list[ElementTree.Element]:
    try:
        data = archive.read(name)
    except KeyError:
        return []
    # An entity can grow without bounds; no program that writes workbooks declares one.
    return [] if b"<!" in data[:4096] else list(ElementTree.parse(io.BytesIO(data)).iter())


def _is_marked(archive: zipfile.ZipFile, part: str) -> bool:
    tail, found = b"", False
    with archive.open(part) as file:
        while chunk := file.read(_CHUNK):
            window = tail + chunk
            if not tail and b"<!" in window[:4096]:
                return False
            found = found or any(sign in window for sign in _SIGNS)
            tail = chunk[-16:]
    return found


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
        place = _CELL.fullmatch(cell.get("r", ""))
        if place is None:
            continue
        at = int(place[2]) - 1, _column(place[1])
        if is_error:
            marks.errors[at] = str(parts["v"].text)
        else:
            marks.uncomputed.append(at)


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def _is_hidden(item: ElementTree.Element) -> bool:
    return item.get("hidden") in ("1", "true")


def _plain(tag: str) -> str:
    return tag.rsplit("}", 1)[-1]
