"""The bulletin as .docx, laid out as official documents are (GB/T 9704—2012)."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import docx
from docx.document import Document
from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT, WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from docx.text.run import Run

from geo_citymgmt._markup import escape_text, visible_text
from geo_citymgmt.report.bulletin._model import (
    Bulletin,
    Heading,
    Paragraph,
    Part,
    Picture,
    Table,
    column_widths,
    is_band,
    least_width,
)

#: Point sizes of the Chinese grades: 二号, 三号, 四号, 小五.
_TITLE, _BODY, _PAGE, _CELL, _SMALLEST = 22, 16, 14, 9, 7
_LINE = 28
#: A table of up to so many rows is not parted between pages.
_TOGETHER = 22
#: Margins in millimetres: with them a page holds 22 lines of 28 characters.
_MARGINS = {"top_margin": 37, "bottom_margin": 35, "left_margin": 28, "right_margin": 26}
_TEXT_WIDTH = 210 - 28 - 26
#: Of a cell, left and right, of what its paragraphs do not take back.
_CELL_PAD = 3.0
#: What the standard asks for, and by what else an office without it shows the same.
_FACES = {
    "方正小标宋简体": "方正小标宋_GBK;华文中宋;STZhongsong;Noto Serif CJK SC;宋体",
    "仿宋_GB2312": "仿宋;FangSong;华文仿宋;STFangsong;Noto Serif CJK SC",
    "黑体": "SimHei;微软雅黑;Noto Sans CJK SC",
    "宋体": "SimSun;Noto Serif CJK SC",
}
_SMALL_TITLE, _TEXT, _HEAD, _SONG = _FACES
_LATIN = "Times New Roman"
#: What XML cannot hold, of what is left when all that acts unseen is spelt out.
_UNWRITABLE = re.compile("[\ufffe\uffff]")
_EPOCH = (1980, 1, 1, 0, 0, 0)


def write_docx(bulletin: Bulletin, path: Path) -> None:
    """Write a bulletin as a document of Word or WPS; the same bulletin gives the same bytes.

    Parameters
    ----------
    bulletin : Bulletin
    path : Path
        Of the .docx.
    """
    document = docx.Document()
    _page(document, bulletin)
    if bulletin.stamp:
        _line(document, bulletin.stamp, face=_HEAD, size=_BODY)
    _line(document, bulletin.title, face=_SMALL_TITLE, size=_TITLE, align="CENTER", spacing=36)
    _line(document, bulletin.issue, align="CENTER")
    _line(document, "")
    body = bulletin.body
    _parts(document, body, bulletin.lang, signed=True)
    _line(document, "").paragraph_format.keep_with_next = True
    _line(document, bulletin.source, indent=True).paragraph_format.keep_with_next = True
    _line(document, bulletin.signed, align="RIGHT")
    _parts(document, bulletin.parts[len(body) :], bulletin.lang)
    raw = io.BytesIO()
    document.save(raw)
    path.write_bytes(_same_bytes(raw.getvalue()))


def _parts(document: Document, parts: Sequence[Part], lang: str, *, signed: bool = False) -> None:
    for k, part in enumerate(parts):
        if isinstance(part, Heading):
            line = _line(document, part.text, face=_HEAD, indent=not part.annex, level=True)
            line.paragraph_format.page_break_before = part.annex
        elif isinstance(part, Paragraph):
            line = _line(document, part.text, indent=True, lead=part.lead, lang=lang)
            # What is said of a table stands above it, and no page has day and source alone.
            keep = isinstance(parts[k + 1], Table) if k + 1 < len(parts) else signed
            line.paragraph_format.keep_with_next = keep or None
        elif isinstance(part, Picture):
            _picture(document, part)
        else:
            _table(document, part)


def _picture(document: Document, part: Picture) -> None:
    """Add a picture as wide as the text, and its caption below."""
    line = document.add_paragraph()
    line.alignment = WD_ALIGN_PARAGRAPH.CENTER
    line.paragraph_format.keep_with_next = True
    shape = line.add_run().add_picture(io.BytesIO(part.png), width=Mm(_TEXT_WIDTH))
    # What a screen reader says in its place.
    shape._inline.docPr.set("descr", _clean(part.title))
    _line(document, part.title, align="CENTER", size=_PAGE)


def _page(document: Document, bulletin: Bulletin) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    for name, size in _MARGINS.items():
        setattr(section, name, Mm(size))
    section.footer_distance = Mm(28)
    document.settings.odd_and_even_pages_header_footer = True
    for footer, align in ((section.footer, "RIGHT"), (section.even_page_footer, "LEFT")):
        _page_number(footer.paragraphs[0], align)
    style: Any = document.styles["Normal"]
    style.font.name, style.font.size = _LATIN, Pt(_BODY)
    style.element.rPr.rFonts.set(qn("w:eastAsia"), _TEXT)
    style.paragraph_format.space_after = style.paragraph_format.space_before = Pt(0)
    about = document.core_properties
    about.title, about.author, about.comments = _clean(bulletin.title), "", ""
    about.last_modified_by, about.language = "", "zh-CN" if bulletin.lang == "zh" else "en"
    about.created = about.modified = bulletin.day.to_pydatetime().replace(tzinfo=None)
    for part in document.part.package.iter_parts():
        if str(part.partname) == "/word/fontTable.xml":
            part._blob = _font_table()


def _font_table() -> bytes:
    """Name what may stand for each font where it is not installed."""
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    fonts = "".join(
        f'<w:font w:name="{escape_text(name)}">'
        f'<w:altName w:val="{escape_text(others.replace(";", ","))}"/>'
        '<w:charset w:val="86"/><w:family w:val="auto"/><w:pitch w:val="variable"/></w:font>'
        for name, others in _FACES.items()
    )
    head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    return f'{head}\n<w:fonts xmlns:w="{space}">{fonts}</w:fonts>'.encode()


def _page_number(paragraph: Any, align: str) -> None:
    paragraph.alignment = getattr(WD_ALIGN_PARAGRAPH, align)
    # One character's width from the edge of the text.
    indent = paragraph.paragraph_format
    indent.left_indent = indent.right_indent = Pt(_PAGE)
    _run(paragraph, "— ", face=_SONG, size=_PAGE)
    field = _mark(paragraph._p, "w:fldSimple", "w:instr", "PAGE")
    number = _run(paragraph, "1", face=_SONG, size=_PAGE)
    field.append(number._r)
    _run(paragraph, " —", face=_SONG, size=_PAGE)


def _line(
    document: Document,
    text: str,
    *,
    face: str = _TEXT,
    size: float = _BODY,
    align: str = "JUSTIFY",
    indent: bool = False,
    spacing: float = _LINE,
    lead: str = "",
    lang: str = "zh",
    level: bool = False,
) -> Any:
    paragraph = document.add_paragraph()
    look = paragraph.paragraph_format
    paragraph.alignment = getattr(WD_ALIGN_PARAGRAPH, align)
    look.line_spacing_rule, look.line_spacing = WD_LINE_SPACING.EXACTLY, Pt(spacing)
    if indent:
        look.first_line_indent = Pt(2 * size)
    if level:
        look.keep_with_next = True
        # The heading appears in the document's outline.
        _mark(paragraph._p.get_or_add_pPr(), "w:outlineLvl", "w:val", "0")
    if lead:
        start = lead + ("。" if lang == "zh" else ". ")
        _run(paragraph, start, face="楷体_GB2312", size=size, bold=True)
    _run(paragraph, text, face=face, size=size)
    return paragraph


def _mark(parent: Any, name: str, attribute: str, value: str) -> Any:
    """Append an element that python-docx has no word for."""
    mark = OxmlElement(name)
    mark.set(qn(attribute), value)
    parent.append(mark)
    return mark


def _run(paragraph: Any, text: str, *, face: str, size: float, bold: bool = False) -> Any:
    run = paragraph.add_run(_clean(text))
    run.font.name, run.font.size, run.font.bold = _LATIN, Pt(size), bold or None
    run._r.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), face)
    return run


def _table(document: Document, part: Table) -> None:
    caption = _line(document, part.title, face=_HEAD, size=12, align="CENTER", spacing=24)
    caption.paragraph_format.keep_with_next = True
    grouped = any(c.group for c in part.columns)
    headers = 2 if grouped else 1
    table = document.add_table(rows=headers, cols=len(part.columns))
    table.style, table.alignment = "Table Grid", WD_TABLE_ALIGNMENT.CENTER
    table.autofit, size = False, _cell_size(part)
    cells = [list(row.cells) for row in table.rows]
    _widths(table, cells, part)
    if grouped:
        for text, first, span in part.groups():
            cell = cells[0][first]
            if span > 1:
                cell = cell.merge(cells[0][first + span - 1])
            elif not text:
                cell = cell.merge(cells[1][first])
            _cell(cell, text or part.columns[first].head, face=_HEAD, size=size)
    for c, column in enumerate(part.columns):
        if not grouped or column.group:
            _cell(cells[headers - 1][c], column.head, face=_HEAD, size=size)
    for row in table.rows:
        _row(row, head=True, keep=bool(part.rows))
    # Rows of one look are copies of the first of them: to lay out a cell takes milliseconds.
    looks: dict[tuple[bool, bool], Any] = {}
    for r, texts in enumerate(part.rows):
        if is_band(texts):
            row = table.add_row()
            _cell(row.cells[0].merge(row.cells[-1]), texts[0], face=_HEAD, size=size)
            _row(row, head=False, keep=True)
            continue
        look = (
            r in part.strong,
            len(part.rows) <= _TOGETHER and (bool(part.note) or r < len(part.rows) - 1),
        )
        if look in looks:
            tr = deepcopy(looks[look])
            table._tbl.append(tr)
            for tc, text in zip(tr.tc_lst, texts, strict=True):
                Run(tc.p_lst[0].r_lst[0], table).text = _clean(text)
            continue
        row = table.add_row()
        _widths(table, [list(row.cells)], part)
        for c, text in enumerate(texts):
            align = "RIGHT" if part.columns[c].number else "LEFT"
            face = _HEAD if look[0] else _SONG
            _cell(row.cells[c], text, face=face, align=align, size=size)
        _row(row, head=False, keep=look[1])
        looks[look] = row._tr
    _line(document, part.note, face=_SONG if part.note else _TEXT, size=_CELL, spacing=16)


def _least(part: Table, size: float) -> list[float]:
    """Return the least width of each column in millimetres: which font shows it is not known."""

    def measure(text: str) -> float:
        return sum(1.0 if ord(char) > 0x2000 else 0.66 for char in text) * size * 25.4 / 72

    texts = (part.texts(c) for c in range(len(part.columns)))
    return [least_width(column, measure) + _CELL_PAD for column in texts]


def _cell_size(part: Table) -> float:
    """Return the largest size of type at which no word of a table is parted, if there is one."""
    size: float = _CELL
    while size > _SMALLEST and sum(_least(part, size)) > _TEXT_WIDTH:
        size -= 0.5
    return size


def _widths(table: Any, cells: list[list[Any]], part: Table) -> None:
    least = _least(part, _cell_size(part))
    widths = column_widths([c.width for c in part.columns], least, _TEXT_WIDTH)
    for c, wide in enumerate(widths):
        width = Mm(wide)
        table.columns[c].width = width
        for row in cells:
            row[c].width = width


def _cell(cell: Any, text: str, *, face: str, align: str = "CENTER", size: float = _CELL) -> None:
    cell.vertical_alignment = WD_CELL_VERTICAL_ALIGNMENT.CENTER
    paragraph = cell.paragraphs[0]
    paragraph.alignment = getattr(WD_ALIGN_PARAGRAPH, align)
    paragraph.paragraph_format.line_spacing = Pt(13)
    paragraph.paragraph_format.left_indent = paragraph.paragraph_format.right_indent = Pt(-2)
    _run(paragraph, text, face=face, size=size)


def _row(row: Any, *, head: bool, keep: bool) -> None:
    """Repeat heads on each page, part no row, keep a short table on one page."""
    row.height = Mm(5.6)
    names = ["w:cantSplit", *(["w:tblHeader"] if head else [])]
    for name in names:
        _mark(row._tr.get_or_add_trPr(), name, "w:val", "true")
    if keep:
        for paragraph in (p for cell in row.cells for p in cell.paragraphs):
            paragraph.paragraph_format.keep_with_next = True


def _clean(text: str) -> str:
    return _UNWRITABLE.sub("\ufffd", visible_text(text))


def _same_bytes(raw: bytes) -> bytes:
    """Pack a document again with fixed dates, so that the same content is the same file."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            info = zipfile.ZipInfo(name, _EPOCH)
            info.compress_type, info.create_system = zipfile.ZIP_DEFLATED, 3
            new.writestr(info, old.read(name))
    return out.getvalue()
