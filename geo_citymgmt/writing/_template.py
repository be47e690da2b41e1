"""Cells of a given workbook replaced and every other byte kept: charts, pictures, styles, print.

A library that reads a workbook and writes it anew loses what it does not know.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from functools import partial
from html import unescape
from pathlib import Path

from geo_citymgmt._markup import escape_text
from geo_citymgmt._words import Messages
from geo_citymgmt.errors import SourceError
from geo_citymgmt.reading._workbook import check_package, sheet_parts

_MESSAGES = Messages("geo_citymgmt.writing")

#: A cell's value: a number, a text, or one of a spreadsheet's own errors, on which sums fail too.
Value = float | str
UNKNOWN, MISSING = ERRORS = ("#NAME?", "#N/A")
_CELL = re.compile(r"<((?:\w+:)?)c((?:\s+[\w:]+=\"[^\"]*\")*)\s*>(.*?)</\1c>", re.DOTALL)
_ITEM = re.compile(r"<((?:\w+:)?)si(?:/>|[\s>].*?</\1si>)", re.DOTALL)
#: Not how a text is pronounced, which is no part of it.
_WORDS = re.compile(r"<(?:\w+:)?rPh\b.*?</(?:\w+:)?rPh>|<(?:\w+:)?t(?:\s[^>]*)?>(.*?)</", re.DOTALL)
_COMPUTED = re.compile(r"<((?:\w+:)?)v>.*?</\1v>", re.DOTALL)
#: Behind which parts of a workbook the one on calculation stands.
_BEFORE = re.compile(
    r"(.*</((?:\w+:)?)(?:sheets|functionGroups|externalReferences|definedNames)>)", re.DOTALL
)


def fill_cells(path: Path, out: Path, fill: Callable[[str, str, str], Value | None]) -> None:
    """Copy a workbook, in each cell with a text what ``fill(sheet, cell, text)`` gives, if any.

    What formulas came to is left out: a program computes them when it opens the file, and what
    stood there was of the empty template.

    Raises
    ------
    SourceError
        It is no .xlsx, is damaged, or unpacks into more than memory holds.
    """
    check_package(path)
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(out, "w") as copy:
        titles = {part: title for title, part in sheet_parts(archive).items()}
        shared: list[str] = []
        if "xl/sharedStrings.xml" in archive.namelist():
            items = _ITEM.finditer(_decoded(archive.read("xl/sharedStrings.xml"), path))
            shared = ["".join(map(unescape, _WORDS.findall(item[0]))) for item in items]

        def anew(title: str, cell: re.Match[str]) -> str:
            prefix, tag, inside = cell.groups()
            if f"<{prefix}f" in inside:
                return cell[0].replace(inside, _COMPUTED.sub("", inside))
            kind = re.search(r'\st="(\w+)"', tag)
            text = "".join(map(unescape, _WORDS.findall(inside)))
            if kind and kind[1] == "s":
                text = shared[int(re.sub(r"<.*?>", "", inside))]
            place = re.search(r'\sr="(\w+)"', tag)
            value = fill(title, place[1], text) if place and text else None
            if value is None:
                return cell[0]
            form = "<{p}v>{v}</{p}v>"
            kind_now = ' t="e"' if value in ERRORS else ""
            if isinstance(value, str) and value not in ERRORS:
                form = '<{p}is><{p}t xml:space="preserve">{v}</{p}t></{p}is>'
                kind_now = ' t="inlineStr"'
            tag = re.sub(r'\st="\w+"', "", tag) + kind_now
            form = form.format(p=prefix, v=escape_text(value))
            return f"<{prefix}c{tag}>{form}</{prefix}c>"

        for info in archive.infolist():
            data = archive.read(info)
            if info.filename in titles:
                of_sheet = partial(anew, titles[info.filename])
                data = _CELL.sub(of_sheet, _decoded(data, path)).encode()
            elif info.filename == "xl/workbook.xml":
                book = _decoded(data, path).replace(' fullCalcOnLoad="0"', "")
                if "calcPr" not in book:
                    book = _BEFORE.sub(r"\1<\2calcPr/>", book, count=1)
                if ' fullCalcOnLoad="' not in book:
                    book = re.sub(r"calcPr\b", 'calcPr fullCalcOnLoad="1"', book, count=1)
                data = book.encode()
            copy.writestr(info, data)


def _decoded(data: bytes, path: Path) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _MESSAGES.error(SourceError, "no_utf8_workbook", path=path) from error
