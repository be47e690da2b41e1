"""Workbooks of a few kB that claim more than memory holds, and honest ones that look alike."""

from __future__ import annotations

import zipfile

import openpyxl
import pytest

from geo_citymgmt.errors import SourceError
from geo_citymgmt.reading._table import read_table
from geo_citymgmt.reading._xlsx import check_package, read_marks

FAR = "XFD1048576"
HEAD = '<row r="1"><c r="A1" t="inlineStr"><is><t>编号</t></is></c></row>'


@pytest.fixture
def honest(tmp_path):
    """Save a small workbook as a spreadsheet program would."""
    book = openpyxl.Workbook()
    for row in (["编号", "经度", "纬度"], ["J1", 120.6, 31.3]):
        book.active.append(row)
    book.save(tmp_path / "honest.xlsx")
    return tmp_path / "honest.xlsx"


def with_parts(source, target, **parts: str):
    """Copy a workbook with other texts in some of its parts, named by the end of their names."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for item in old.infolist():
            key = next((k for k in parts if item.filename.endswith(f"{k}.xml")), None)
            new.writestr(item.filename, parts.pop(key) if key else old.read(item))
        for name, text in parts.items():
            new.writestr(f"xl/{name}.xml", text)
    return target


def sheet(rows: str) -> str:
    return f'<worksheet xmlns="m"><sheetData>{HEAD}{rows}</sheetData></worksheet>'


@pytest.mark.parametrize(
    "row",
    [
        f'<row r="1048576"><c r="{FAR}"><v>1</v></c></row>',
        f"<row r='1048576'><c r='{FAR}'><v>1</v></c></row>",
        f'<row\tr="1048576"><c\nr = "{FAR}"><v>1</v></c></row>',
        f'<x:row r="1048576"><x:c r="{FAR}"><x:v>1</x:v></x:c></x:row>',
        f"<row><c{' ' * 5_000}r{' ' * 5_000}='{FAR}'><v>1</v></c></row>",
        f'<row><c r="{FAR.lower()}"><v>1</v></c></row>',
        '<row r="1048576"><c r="A1048576"><v>1</v></c></row>'
        '<row r="2"><c r="XFD2"><v>1</v></c></row>',
    ],
    ids=["double", "single", "white space", "prefix", "wide", "small letters", "two corners"],
)
def test_a_cell_far_away_is_refused_however_its_place_is_written(honest, tmp_path, row):
    path = with_parts(honest, tmp_path / "far.xlsx", sheet1=sheet(row))
    with pytest.raises(SourceError, match="reaches too far"):
        check_package(path)


def test_texts_that_are_not_there_are_no_reason_to_make_room_for_them(honest, tmp_path):
    shared = '<sst count="1" uniqueCount="4000000000"><si><t>a</t></si></sst>'
    path = with_parts(honest, tmp_path / "shared.xlsx", sharedStrings=shared)
    with pytest.raises(SourceError, match=r"sharedStrings.*4,000,000,000"):
        check_package(path)


def test_one_text_in_a_million_cells_is_no_lie(honest, tmp_path):
    shared = '<sst count="1000000" uniqueCount="3"><si><t>编号</t></si></sst>'
    check_package(with_parts(honest, tmp_path / "many.xlsx", sharedStrings=shared))


def test_an_honest_workbook_is_read(honest):
    assert read_table(honest).frame.to_dict("records") == [
        {"编号": "J1", "经度": 120.6, "纬度": 31.3}
    ]


@pytest.mark.parametrize(
    ("row", "is_refused"),
    [
        ('<table:table-row table:number-rows-repeated="1048000">'
         '<table:table-cell office:value="1" table:number-columns-repeated="1024"/>'
         "</table:table-row>", True),
        ('<table:table-row table:number-rows-repeated="1048000">'
         '<table:table-cell table:number-columns-repeated="16384"/></table:table-row>', False),
        ('<table:table-row><table:table-cell office:value="1"/></table:table-row>', False),
    ],
    ids=["filled", "empty to the end", "one cell"],
)  # fmt: skip
def test_what_is_repeated_in_an_ods_is_counted_where_it_holds_something(tmp_path, row, is_refused):
    path = tmp_path / "a.ods"
    spaces = 'xmlns:table="t" xmlns:office="o"'
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", f"<office:body {spaces}>{row}</office:body>")
    if is_refused:
        with pytest.raises(SourceError, match="reaches too far"):
            check_package(path)
    else:
        check_package(path)


def test_hidden_columns_that_are_named_again_and_again_are_hidden_once(honest, tmp_path):
    column = '<col min="1" max="16384" hidden="1"/>'
    hidden = sheet("").replace("<sheetData>", f"<cols>{column * 20_000}</cols><sheetData>")
    path = with_parts(honest, tmp_path / "hidden.xlsx", sheet1=hidden)
    assert read_marks(path, "Sheet").hidden_columns == list(range(16_384))
