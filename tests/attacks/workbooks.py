"""Workbooks that claim more than they hold, in every format of workbooks."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

from tests.attacks.harness import ATTACKS

_SPACE = "http://schemas.openxmlformats.org/"
_MAIN = f"{_SPACE}spreadsheetml/2006/main"
_RELS = f"{_SPACE}officeDocument/2006/relationships"
_HEADINGS = ("编号", "经度", "纬度")


def _text_cell(place: str, text: str) -> str:
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'


_HEAD_ROWS = (
    '<row r="1">' + "".join(map(_text_cell, ("A1", "B1", "C1"), _HEADINGS)) + "</row>"
    f'<row r="2">{_text_cell("A2", "J1")}<c r="B2"><v>120.6</v></c><c r="C2"><v>31.3</v></c></row>'
)


def _xlsx(folder: Path, rows: str, *, after: str = "", strings: str = "", title: str = "") -> Path:
    path = folder / "manholes.xlsx"
    parts = {
        "_rels/.rels": _relations({"r1": ("officeDocument", "xl/workbook.xml")}),
        "xl/_rels/workbook.xml.rels": _relations({"r1": ("worksheet", "worksheets/s.xml")}),
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELS}"><sheets>'
        f'<sheet name="{title or "S"}" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/worksheets/s.xml": f'<worksheet xmlns="{_MAIN}"><sheetData>{rows}</sheetData>{after}'
        "</worksheet>",
        "xl/sharedStrings.xml": strings or f'<sst xmlns="{_MAIN}"/>',
    }
    return _packed(path, parts)


def _packed(path: Path, parts: dict[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return path


def _relations(links: dict[str, tuple[str, str]]) -> str:
    items = "".join(
        f'<Relationship Id="{key}" Type="{_RELS}/{kind}" Target="{target}"/>'
        for key, (kind, target) in links.items()
    )
    space = f"{_SPACE}package/2006/relationships"
    return f'<Relationships xmlns="{space}">{items}</Relationships>'


@ATTACKS.add("refused")
def xlsx_far_cell_in_single_quotes(folder: Path) -> Path:
    row = "<row r='1048576'><c r='XFD1048576'><v>1</v></c></row>"
    return _xlsx(folder, _HEAD_ROWS + row)


@ATTACKS.add("refused")
def xlsx_far_cell_after_tabs(folder: Path) -> Path:
    row = '<row\tr="1048576"><c\tr="XFD1048576"><v>1</v></c></row>'
    return _xlsx(folder, _HEAD_ROWS + row)


@ATTACKS.add("refused")
def xlsx_far_cell_without_row(folder: Path) -> Path:
    return _xlsx(folder, _HEAD_ROWS + '<row><c r="ZZZ9999999"><v>1</v></c></row>')


@ATTACKS.add("refused")
def xlsx_far_cell_by_reference(folder: Path) -> Path:
    return _xlsx(folder, _HEAD_ROWS + '<row><c r="&#88;FD1048576"><v>1</v></c></row>')


@ATTACKS.add("refused")
def xlsx_mostly_empty(folder: Path) -> Path:
    return _xlsx(folder, _HEAD_ROWS + '<row r="3400"><c r="XFD3400"><v>1</v></c></row>')


@ATTACKS.add("read", records=1, is_small=False)
def xlsx_stray_cell_far_below(folder: Path) -> Path:
    return _xlsx(folder, _HEAD_ROWS + '<row r="1048576"><c r="A1048576"><v> </v></c></row>')


@ATTACKS.add("read", records=1)
def xlsx_formats_to_the_end(folder: Path) -> Path:
    bare = '<row r="1048576" s="1" customFormat="1"><c r="A1048576" s="1"/>'
    return _xlsx(folder, _HEAD_ROWS + bare + '<c r="XFD1048576" s="1"></c></row>')


@ATTACKS.add("read", records=1)
def xlsx_formats_without_places(folder: Path) -> Path:
    bare = '<row r="1048576"><c s="1"/><c r="XFD1048576" s="1"></c><c s="1">\n</c></row>'
    return _xlsx(folder, _HEAD_ROWS + bare)


@ATTACKS.add("refused")
def xlsx_far_cell_behind_formats(folder: Path) -> Path:
    bare = '<c r="A1048576" s="1"/>' * 500
    return _xlsx(
        folder, f'{_HEAD_ROWS}<row r="1048576">{bare}<c r="XFD1048576" s="/"><v>1</v></c></row>'
    )


@ATTACKS.add("refused")
def xlsx_count_of_strings(folder: Path) -> Path:
    strings = f'<sst xmlns="{_MAIN}" count="1" uniqueCount="4000000000"><si><t>a</t></si></sst>'
    return _xlsx(folder, _HEAD_ROWS, strings=strings)


@ATTACKS.add("refused", is_small=False)
def xlsx_shared_text(folder: Path) -> Path:
    rows = "".join(f'<row r="{k}"><c r="D{k}" t="s"><v>0</v></c></row>' for k in range(3, 100_000))
    text = "井" * 10_000
    strings = f'<sst xmlns="{_MAIN}" count="1" uniqueCount="1"><si><t>{text}</t></si></sst>'
    return _xlsx(folder, _HEAD_ROWS + rows, strings=strings)


@ATTACKS.add("read", records=20_001, is_small=False)
def xlsx_one_long_text_among_many(folder: Path) -> Path:
    rows = "".join(
        f'<row r="{k}">{_text_cell(f"A{k}", f"K{k}")}<c r="B{k}"><v>120.6</v></c>'
        f'<c r="C{k}"><v>31.3</v></c><c r="D{k}" t="s"><v>{int(k == 9)}</v></c></row>'
        for k in range(3, 20_003)
    )
    items = f"<si><t>井</t></si><si><t>{'井' * 10_000}</t></si>"
    strings = f'<sst xmlns="{_MAIN}" count="2" uniqueCount="2">{items}</sst>'
    return _xlsx(folder, _HEAD_ROWS + rows, strings=strings)


@ATTACKS.add("refused", is_small=False)
def xlsx_dense_part(folder: Path) -> Path:
    return _xlsx(folder, _HEAD_ROWS + '<row><c r="A3"/></row>' * 3_000_000)


@ATTACKS.add("read", records=2001, is_small=False)
def xlsx_overlapping_merges(folder: Path) -> Path:
    rows = "".join(
        f'<row r="{k}">{_text_cell(f"A{k}", f"K{k}")}<c r="B{k}"><v>120.6</v></c>'
        f'<c r="C{k}"><v>31.3</v></c>{_text_cell(f"D{k}", "井")}</row>'
        for k in range(3, 2003)
    )
    merges = '<mergeCell ref="D3:D2002"/>' * 20_000
    return _xlsx(folder, _HEAD_ROWS + rows, after=f"<mergeCells>{merges}</mergeCells>")


@ATTACKS.add("read", records=1, is_small=False)
def xlsx_hidden_columns(folder: Path) -> Path:
    path = _xlsx(folder, _HEAD_ROWS)
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    columns = "".join(f'<col min="{k}" max="{k}" hidden="1"/>' for k in range(4, 16_384))
    sheet = parts["xl/worksheets/s.xml"].decode()
    parts["xl/worksheets/s.xml"] = sheet.replace(
        "<sheetData>", f"<cols>{columns}</cols><sheetData>"
    )
    return _packed(path, parts)


# Workbooks of 1997: a compound file of sectors, and in it records of two bytes each for kind and
# length.


def _record(kind: int, body: bytes) -> bytes:
    return struct.pack("<HH", kind, len(body)) + body


def _biff(
    *cells: bytes,
    size: tuple[int, int, int, int] = (0, 2, 0, 3),
    strings: int = 0,
    texts: bytes = b"",
) -> bytes:
    def begin(kind: int) -> bytes:
        return _record(0x809, struct.pack("<HHHHII", 0x600, kind, 0, 1997, 0, 0x600))

    table = _record(0xFC, struct.pack("<II", strings, strings)) if strings else texts

    def globals_at(place: int) -> bytes:
        sheet = struct.pack("<IBBBB", place, 0, 0, 1, 0) + b"S"
        code_page = _record(0x42, struct.pack("<H", 1200))
        return begin(5) + code_page + _record(0x85, sheet) + table + _record(0x0A, b"")

    place = len(globals_at(0))
    heads = b"".join(_label(0, k, text) for k, text in enumerate(_HEADINGS))
    values = _label(1, 0, "J1") + _number(1, 1, 120.6) + _number(1, 2, 31.3)
    dimensions = _record(0x200, struct.pack("<IIHHH", *size, 0))
    body = begin(16) + dimensions + heads + values + b"".join(cells) + _record(0x0A, b"")
    return globals_at(place) + body


def _label(row: int, column: int, text: str) -> bytes:
    head = struct.pack("<HHHHB", row, column, 0, len(text), 1)
    return _record(0x204, head + text.encode("utf-16-le"))


def _number(row: int, column: int, value: float) -> bytes:
    return _record(0x203, struct.pack("<HHHd", row, column, 0, value))


def _compound(stream: bytes, *, chain: Sequence[int] | None = None) -> bytes:
    """Pack one stream; ``chain`` replaces the table that says which sector follows which."""
    stream = stream.ljust(max(-(-len(stream) // 512), 8) * 512, b"\0")
    n = len(stream) // 512
    free, end, fat_mark = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
    n_fat = -(-(n + 2) // 127)
    following = [*[fat_mark] * n_fat, end, *range(n_fat + 2, n_fat + n + 1), end]
    following = following if chain is None else list(chain)
    fat = struct.pack(f"<{128 * n_fat}I", *following, *[free] * (128 * n_fat - len(following)))
    header = struct.pack(
        "<8s16xHHHHH6xIIIIIIIII109I",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 0x3E, 3, 0xFFFE, 9, 6, 0, n_fat, n_fat, 0, 4096,
        end, 0, end, 0, *range(n_fat), *[free] * (109 - n_fat),
    )  # fmt: skip

    def entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
        text = (name + "\0").encode("utf-16-le")
        return struct.pack(
            "<64sHBBIII36xIII", text, len(text), kind, 1, free, free, child, start, size, 0
        )

    folder = entry("Root Entry", 5, 1, end, 0) + entry("Workbook", 2, free, n_fat + 1, len(stream))
    return header + fat + folder.ljust(512, b"\0") + stream


def _xls(folder: Path, data: bytes) -> Path:
    path = folder / "manholes.xls"
    path.write_bytes(data)
    return path


@ATTACKS.add("read", records=1)
def xls_whole(folder: Path) -> Path:
    return _xls(folder, _compound(_biff()))


@ATTACKS.add("refused")
def xls_far_cell(folder: Path) -> Path:
    return _xls(folder, _compound(_biff(_number(65_535, 65_535, 1.0))))


@ATTACKS.add("read", records=1)
def xls_formats_to_the_end(folder: Path) -> Path:
    blank = _record(0x201, struct.pack("<HHH", 65_535, 16_383, 0))
    return _xls(folder, _compound(_biff(blank)))


@ATTACKS.add("refused")
def xls_dimensions(folder: Path) -> Path:
    return _xls(folder, _compound(_biff(size=(0, 4_000_000_000, 0, 65_535))))


@ATTACKS.add("refused")
def xls_count_of_strings(folder: Path) -> Path:
    return _xls(folder, _compound(_biff(strings=2_000_000_000)))


@ATTACKS.add("refused")
def xls_endless_chain(folder: Path) -> Path:
    n = -(-max(len(_biff()), 4096) // 512)
    chain = [0xFFFFFFFD, 0xFFFFFFFE, *range(3, n + 2), 2]
    return _xls(folder, _compound(_biff(), chain=chain))


@ATTACKS.add("refused")
def xls_endless_directory(folder: Path) -> Path:
    n = -(-max(len(_biff()), 4096) // 512)
    chain = [0xFFFFFFFD, 1, *range(3, n + 2), 0xFFFFFFFE]
    return _xls(folder, _compound(_biff(), chain=chain))


@ATTACKS.add("refused", is_small=False)
def xls_shared_text(folder: Path) -> Path:
    """A text of 24,000 characters that goes on in two more records, shared by 40,000 cells."""
    texts = _record(0xFC, struct.pack("<IIHB", 1, 1, 24_000, 0) + b"a" * 8_000)
    texts += 2 * _record(0x3C, b"\0" + b"a" * 8_000)
    cells = [_record(0xFD, struct.pack("<HHHI", k, 3, 0, 0)) for k in range(1, 40_000)]
    return _xls(folder, _compound(_biff(*cells, texts=texts)))


# Workbooks of 2007 in binary: records with kind and length in seven bits a byte.


def _part(kind: int, body: bytes = b"") -> bytes:
    number = bytes([kind]) if kind < 128 else bytes([kind & 127 | 128, kind >> 7])
    return number + _seven(len(body)) + body


def _seven(number: int) -> bytes:
    out = bytearray()
    while True:
        number, low = number >> 7, number & 127
        out.append(low | 128 if number else low)
        if not number:
            return bytes(out)


def _wide(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def _xlsb(
    folder: Path,
    *more: bytes,
    size: tuple[int, int, int, int] = (0, 1, 0, 2),
    strings: bytes = b"",
) -> Path:
    book = _part(131) + _part(143)
    book += _part(156, struct.pack("<II", 0, 1) + _wide("r1") + _wide("S"))
    book += _part(144) + _part(132)

    def row(number: int) -> bytes:
        return _part(0, struct.pack("<II", number, 0) + bytes(9))

    heads = b"".join(
        _part(6, struct.pack("<II", k, 0) + _wide(text)) for k, text in enumerate(_HEADINGS)
    )
    values = _part(6, struct.pack("<II", 0, 0) + _wide("J1"))
    values += _part(5, struct.pack("<IId", 1, 0, 120.6)) + _part(5, struct.pack("<IId", 2, 0, 31.3))
    sheet = _part(129) + _part(148, struct.pack("<IIII", *size)) + _part(145)
    sheet += row(0) + heads + row(1) + values + b"".join(more) + _part(146) + _part(130)
    parts: dict[str, str | bytes] = {
        "_rels/.rels": _relations({"r1": ("officeDocument", "xl/workbook.bin")}),
        "xl/_rels/workbook.bin.rels": _relations({"r1": ("worksheet", "worksheets/s.bin")}),
        "xl/workbook.bin": book,
        "xl/worksheets/s.bin": sheet,
    }
    if strings:
        parts["xl/sharedStrings.bin"] = strings
    return _packed(folder / "manholes.xlsb", parts)


@ATTACKS.add("read", records=1)
def xlsb_whole(folder: Path) -> Path:
    return _xlsb(folder)


@ATTACKS.add("refused")
def xlsb_far_cell(folder: Path) -> Path:
    far = _part(0, struct.pack("<II", 4_000_000_000, 0) + bytes(9))
    return _xlsb(folder, far + _part(5, struct.pack("<IId", 4_000_000_000, 0, 1.0)))


@ATTACKS.add("read", records=1)
def xlsb_formats_to_the_end(folder: Path) -> Path:
    last = _part(0, struct.pack("<II", 1_048_575, 0) + bytes(9))
    return _xlsb(folder, last + _part(1, struct.pack("<II", 16_383, 0)))


@ATTACKS.add("read", records=1)
def xlsb_dimensions(folder: Path) -> Path:
    return _xlsb(folder, size=(0, 4_000_000_000, 0, 4_000_000_000))


@ATTACKS.add("refused")
def xlsb_count_of_strings(folder: Path) -> Path:
    return _xlsb(folder, strings=_part(159, struct.pack("<II", 4_000_000_000, 4_000_000_000)))


@ATTACKS.add("refused", is_small=False)
def xlsb_shared_text(folder: Path) -> Path:
    cells = [_part(0, struct.pack("<II", k, 0) + bytes(9)) + _part(7, struct.pack("<III", 3, 0, 0))
             for k in range(2, 100_000)]  # fmt: skip
    texts = _part(159, struct.pack("<II", 1, 1)) + _part(19, b"\0" + _wide("井" * 30_000))
    return _xlsb(folder, *cells, strings=texts + _part(160))


# OpenDocument: rows and cells that say how often they are repeated.


def _ods(folder: Path, rows: str, *, head: str = "") -> Path:
    path = folder / "manholes.ods"
    return write_ods(path, [_HEADINGS, ("J1", "120.6", "31.3")], after=rows, head=head)


def write_ods(
    path: Path, rows: Iterable[Sequence[str]], *, after: str = "", head: str = ""
) -> Path:
    """Write a sheet of texts as an .ods; ``after`` and ``head`` go into its XML as they are."""
    office = "urn:oasis:names:tc:opendocument:xmlns:"
    spaces = " ".join(f'xmlns:{p}="{office}{p}:1.0"' for p in ("office", "table", "text"))
    cell = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
    written = "".join(
        f"<table:table-row>{''.join(cell.format(escape(text)) for text in row)}</table:table-row>"
        for row in rows
    )
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?>{head}<office:document-content {spaces} '
        'office:version="1.2"><office:body><office:spreadsheet><table:table table:name="S">'
        f"{written}{after}"
        "</table:table></office:spreadsheet></office:body></office:document-content>"
    )
    parts: dict[str, str | bytes] = {
        "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
        "META-INF/manifest.xml": f'<manifest xmlns="{office}manifest:1.0"/>',
        "content.xml": content,
    }
    return _packed(path, parts)


_ODS_FILLED = '<table:table-cell office:value-type="float" office:value="1"{}/>'


@ATTACKS.add("refused")
def ods_repeated_rows(folder: Path) -> Path:
    row = '<table:table-row table:number-rows-repeated="1000000000">'
    return _ods(folder, f"{row}{_ODS_FILLED.format('')}</table:table-row>")


@ATTACKS.add("refused")
def ods_repeated_columns(folder: Path) -> Path:
    cell = _ODS_FILLED.format(' table:number-columns-repeated="1000000000"')
    return _ods(folder, f"<table:table-row>{cell}</table:table-row>")


@ATTACKS.add("refused")
def ods_repeated_rows_and_columns(folder: Path) -> Path:
    row = '<table:table-row table:number-rows-repeated="1000000">'
    cell = _ODS_FILLED.format(' table:number-columns-repeated="90"')
    return _ods(folder, f"{row}{cell}</table:table-row>")


@ATTACKS.add("refused")
def ods_repeated_text(folder: Path) -> Path:
    row = '<table:table-row table:number-rows-repeated="100000">'
    cell = f'<table:table-cell office:value-type="string"><text:p>{"井" * 10_000}</text:p>'
    return _ods(folder, f"{row}{cell}</table:table-cell></table:table-row>")


@ATTACKS.add("refused")
def ods_repeated_text_of_an_attribute(folder: Path) -> Path:
    row = '<table:table-row table:number-rows-repeated="100000">'
    held = f'office:value-type="string" office:string-value="{"井" * 10_000}"'
    return _ods(folder, f"{row}<table:table-cell {held}/></table:table-row>")


@ATTACKS.add("refused")
def ods_gap_of_rows(folder: Path) -> Path:
    gap = '<table:table-row table:number-rows-repeated="1000000000"><table:table-cell/>'
    return _ods(
        folder,
        f"{gap}</table:table-row><table:table-row>{_ODS_FILLED.format('')}</table:table-row>",
    )


@ATTACKS.add("refused")
def ods_gap_of_columns(folder: Path) -> Path:
    gap = '<table:table-cell table:number-columns-repeated="1000000000"/>'
    return _ods(folder, f"<table:table-row>{gap}{_ODS_FILLED.format('')}</table:table-row>")


@ATTACKS.add("read", records=1)
def ods_empty_rows_at_the_end(folder: Path) -> Path:
    row = '<table:table-row table:number-rows-repeated="1048574">'
    cell = '<table:table-cell table:number-columns-repeated="16384"/>'
    return _ods(folder, f"{row}{cell}</table:table-row>")


@ATTACKS.add("refused")
def ods_prefix_of_its_own(folder: Path) -> Path:
    path = _ods(folder, "")
    with zipfile.ZipFile(path) as archive:
        parts: dict[str, str | bytes] = {n: archive.read(n) for n in archive.namelist()}
    row = '<table:table-row table:number-rows-repeated="1000000000">'
    row += f"{_ODS_FILLED.format('')}</table:table-row></table:table>"
    text = bytes(parts["content.xml"]).decode().replace("</table:table>", row)
    parts["content.xml"] = text.replace("table:", "t:").replace(":table=", ":t=")
    return _packed(path, parts)


# What is called .xls and is a page, or the XML of 2003.


def _page(folder: Path, rows: str) -> Path:
    heads = "".join(f"<td>{h}</td>" for h in _HEADINGS)
    path = folder / "manholes.xls"
    path.write_text(
        f"<html><meta charset='utf-8'><table><tr>{heads}</tr>"
        f"<tr><td>J1</td><td>120.6</td><td>31.3</td></tr>{rows}</table></html>",
        encoding="utf-8",
    )
    return path


@ATTACKS.add("refused", is_small=False)
def html_wide_spans(folder: Path) -> Path:
    return _page(folder, "<tr><td colspan=16384>x</td></tr>" * 20_000)


@ATTACKS.add("refused")
def html_rows_in_an_open_mark(folder: Path) -> Path:
    return _page(folder, '<a title="<tr><td>J2</td><td>120.7</td><td>31.4</td></tr>')


@ATTACKS.add("refused", is_small=False)
def html_deep_spans(folder: Path) -> Path:
    return _page(folder, "<tr><td colspan=16384 rowspan=1000000>x</td></tr>" + "<tr>" * 100_000)


@ATTACKS.add("read", records=1)
def html_open_comments(folder: Path) -> Path:
    return _after(_page(folder, ""), "<!--" * 100_000)


@ATTACKS.add("read", records=1)
def html_open_tags(folder: Path) -> Path:
    return _after(_page(folder, ""), "<a " * 100_000)


@ATTACKS.add("read", records=1)
def html_open_declarations(folder: Path) -> Path:
    return _after(_page(folder, ""), "<![" * 100_000 + "<?" * 100_000 + "</" * 100_000)


@ATTACKS.add("read", records=1)
def html_open_attributes(folder: Path) -> Path:
    return _after(_page(folder, ""), "<a " + "b='c" * 100_000)


@ATTACKS.add("read", records=1, is_small=False)
def html_deep_tables(folder: Path) -> Path:
    return _after(_page(folder, ""), "<table><tr><td>" * 100_000)


def _after(path: Path, text: str) -> Path:
    with path.open("a", encoding="utf-8") as file:
        file.write(text)
    return path


def _sheet_xml(folder: Path, rows: str, *, head: str = "", encoding: str = "utf-8") -> Path:
    table = [_HEADINGS, ("J1", "120.6", "31.3")]
    path = folder / "manholes.xls"
    return write_sheet_xml(path, table, after=rows, head=head, encoding=encoding)


def write_sheet_xml(
    path: Path,
    rows: Iterable[Sequence[str]],
    *,
    after: str = "",
    head: str = "",
    encoding: str = "utf-8",
) -> Path:
    """Write a sheet of texts in the XML of 2003; ``after`` and ``head`` go in as they are."""
    space = "urn:schemas-microsoft-com:office:spreadsheet"
    cell = '<Cell><Data ss:Type="String">{}</Data></Cell>'
    written = "".join(
        f"<Row>{''.join(cell.format(escape(text)) for text in row)}</Row>" for row in rows
    )
    path.write_text(
        f'<?xml version="1.0" encoding="{encoding}"?>{head}<Workbook xmlns="{space}" '
        f'xmlns:ss="{space}"><Worksheet ss:Name="S"><Table>{written}{after}</Table></Worksheet>'
        "</Workbook>",
        encoding=encoding,
    )
    return path


@ATTACKS.add("refused", is_small=False)
def xml_far_cells(folder: Path) -> Path:
    return _sheet_xml(folder, '<Row><Cell ss:Index="16384"/></Row>' * 20_000)


@ATTACKS.add("refused", is_small=False)
def xml_far_rows(folder: Path) -> Path:
    cell = '<Cell ss:MergeAcross="16000"><Data ss:Type="String">x</Data></Cell>'
    row = f'<Row ss:Index="{{}}">{cell}</Row>'
    return _sheet_xml(folder, "".join(row.format(k * 40) for k in range(1, 20_000)))


LAUGHS = (
    "<!DOCTYPE x [<!ENTITY a0 'laughs'>"
    + "".join(f"<!ENTITY a{k} '{f'&a{k - 1};' * 10}'>" for k in range(1, 12))
    + "]>"
)


@ATTACKS.add("refused")
def xml_entities(folder: Path) -> Path:
    return _sheet_xml(folder, "<Row><Cell><Data>&a11;</Data></Cell></Row>", head=LAUGHS)


@ATTACKS.add("refused")
def xml_entities_in_utf16(folder: Path) -> Path:
    row = "<Row><Cell><Data>&a11;</Data></Cell></Row>"
    return _sheet_xml(folder, row, head=LAUGHS, encoding="utf-16")


@ATTACKS.add("refused")
def ods_entities(folder: Path) -> Path:
    return _ods(folder, "<table:table-row>&a11;</table:table-row>", head=LAUGHS)
