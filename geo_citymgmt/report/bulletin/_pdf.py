"""The bulletin as an A4 PDF, made without a browser or an office program."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase.pdfmetrics import registerFont, stringWidth
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import (
    BaseDocTemplate,
    CondPageBreak,
    Frame,
    Image,
    KeepTogether,
    PageBreak,
    PageTemplate,
    Spacer,
)
from reportlab.platypus import Paragraph as Flow
from reportlab.platypus import Table as Grid

from geo_citymgmt._markup import escape_text, visible_text
from geo_citymgmt.fonts import cjk_font_path
from geo_citymgmt.report.bulletin._model import (
    Bulletin,
    Heading,
    Paragraph,
    Part,
    Picture,
    Table,
    broken,
    column_widths,
    drawable,
    is_band,
    least_width,
)

_FACE = "CitySansSC"
_MM = 72 / 25.4
_CELL, _SMALLEST, _PAD = 8.5, 6.5, 3.0
#: Of a caption, heads of columns and a few rows.
_ROOM = 130
#: Of a heading and three lines.
_FEW_LINES = 90
_WIDTH = (210 - 28 - 26) * _MM
_INK, _LINE, _SHADE, _STRONG, _ACCENT = "#1a1a1a", "#8a8a8a", "#eef1f4", "#f6f7f9", "#8a2a1b"


def write_pdf(bulletin: Bulletin, path: Path, *, font: str | Path | None = None) -> None:
    """Write a bulletin as PDF; the same bulletin gives the same bytes.

    Parameters
    ----------
    bulletin : Bulletin
    path : Path
        Of the .pdf.
    font : path, optional
        TrueType font to embed; the package's Chinese font otherwise.
    """
    registerFont(TTFont(_FACE, str(font or cjk_font_path())))
    left, bottom, height = 28 * _MM, 35 * _MM, (297 - 37 - 35) * _MM
    frame = Frame(left, bottom, _WIDTH, height, leftPadding=0, rightPadding=0,
                  topPadding=0, bottomPadding=0)  # fmt: skip

    def number(canvas: Any, _: Any) -> None:
        canvas.setFont(_FACE, 11)
        canvas.drawCentredString(left + _WIDTH / 2, 24 * _MM, f"— {canvas.getPageNumber()} —")

    document = BaseDocTemplate(
        str(path), pagesize=A4, pageTemplates=[PageTemplate(frames=[frame], onPage=number)],
        title=visible_text(bulletin.title), author="", subject=visible_text(bulletin.issue),
        invariant=1,
        lang="zh-CN" if bulletin.lang == "zh" else "en-GB",
    )  # fmt: skip
    document.build(_story(bulletin))


def _story(bulletin: Bulletin) -> list[Any]:
    zh = bulletin.lang == "zh"
    out: list[Any] = []
    if bulletin.stamp:
        out.append(_text(bulletin.stamp, 12, zh, indent=False))
    out += [
        _text(bulletin.title, 22, zh, align=1, indent=False, leading=36),
        _text(bulletin.issue, 12, zh, align=1, indent=False),
        Spacer(1, 10),
    ]
    body = bulletin.body
    out += _parts(body, zh, signed=True)
    out += [
        _text(bulletin.source, 12, zh, keep=True, before=12),
        _text(bulletin.signed, 12, zh, align=2, indent=False),
    ]
    return out + _parts(bulletin.parts[len(body) :], zh)


def _parts(parts: Sequence[Part], zh: bool, *, signed: bool = False) -> list[Any]:
    out: list[Any] = []
    annex = False
    for k, part in enumerate(parts):
        annex = annex or (isinstance(part, Heading) and part.annex)
        if isinstance(part, Heading):
            # A paragraph may go over to the next page and leaves its heading a few lines; a table
            # is kept with it.
            running = k + 1 < len(parts) and isinstance(parts[k + 1], Paragraph)
            out.append(PageBreak() if part.annex else CondPageBreak(_FEW_LINES))
            head = _text(part.text, 14.5, zh, indent=False, keep=not running, leading=26, before=6)
            out.append(head)
        elif isinstance(part, Paragraph):
            # What is said of a table stands above it, and no page has day and source alone.
            keep = isinstance(parts[k + 1], Table) if k + 1 < len(parts) else signed
            out.append(_text(part.text, 12, zh, lead=part.lead, keep=keep))
        elif isinstance(part, Picture):
            high = _WIDTH * part.height / part.width
            drawn = Image(io.BytesIO(part.png), width=_WIDTH, height=high)
            under = _text(part.title, 11, zh, align=1, indent=False, leading=22, after=6)
            out.append(KeepTogether([Spacer(1, 6), drawn, under]))
        else:
            out += _table(part, zh, annex=annex)
    return out


def _text(
    text: str,
    size: float,
    zh: bool,
    *,
    align: int = 0,
    indent: bool = True,
    leading: float = 0,
    lead: str = "",
    keep: bool = False,
    before: float = 0,
    after: float = 0,
) -> Any:
    first = 2 * size if indent and zh else 0
    style = ParagraphStyle(
        "text", fontName=_FACE, fontSize=size, leading=leading or size * 1.6, textColor=_INK,
        alignment=align, firstLineIndent=first, keepWithNext=keep,
        spaceBefore=before, spaceAfter=after or (0 if zh else size * 0.4),
    )  # fmt: skip
    start = lead + ("。" if zh else ". ") if lead else ""
    lines = _broken(start + text, _WIDTH, size, first)
    # The lead is on the first line: one that is longer stands out as far as that goes.
    cut = min(len(start.rstrip()), len(lines[0])) if lead else 0
    marked = f'<font color="{_ACCENT}">{escape_text(lines[0][:cut])}</font>' if cut else ""
    lines = [marked + escape_text(lines[0][cut:]), *map(escape_text, lines[1:])]
    return Flow("<br/>".join(lines), style)


def _table(part: Table, zh: bool, *, annex: bool) -> list[Any]:
    size = cell_size(part)
    widths = _widths(part, size)
    headers = 2 if any(c.group for c in part.columns) else 1
    rows: list[list[Any]] = []
    look: list[Any] = [
        ("GRID", (0, 0), (-1, -1), 0.5, colors.HexColor(_LINE)),
        ("BACKGROUND", (0, 0), (-1, headers - 1), colors.HexColor(_SHADE)),
        ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
        ("LEFTPADDING", (0, 0), (-1, -1), _PAD),
        ("RIGHTPADDING", (0, 0), (-1, -1), _PAD),
        ("TOPPADDING", (0, 0), (-1, -1), 1.5),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
        # A sum stands under at least one of its parts.
        ("NOSPLIT", (0, -2), (-1, -1)),
    ]
    if headers == 2:
        top: list[Any] = [""] * len(part.columns)
        for text, first, span in part.groups():
            wide = sum(widths[first : first + span])
            top[first] = _cell(text or part.columns[first].head, 1, wide, size)
            look.append(("SPAN", (first, 0), (first + span - 1, 0 if text else 1)))
        rows.append(top)
    heading = zip(part.columns, widths, strict=True)
    rows.append([_cell(c.head, 1, w, size) if c.group or headers == 1 else "" for c, w in heading])
    for r, row in enumerate(part.rows):
        cells = zip(row, part.columns, widths, strict=True)
        rows.append([_cell(t, 2 if c.number else 0, w, size) for t, c, w in cells])
        if is_band(row):
            ends = (0, headers + r), (-1, headers + r)
            rows[-1][0] = _cell(row[0], 1, _WIDTH, size)
            look += [("SPAN", *ends), ("BACKGROUND", *ends, colors.HexColor(_SHADE))]
        if r in part.strong:
            ends = (0, headers + r), (-1, headers + r)
            look.append(("BACKGROUND", *ends, colors.HexColor(_STRONG)))
            look.append(("LINEABOVE", *ends, 0.9, colors.HexColor(_INK)))
    # Space that is a flowable of its own would begin a page that has nothing else.
    space = 4 if part.note else 12
    grid = Grid(rows, colWidths=widths, repeatRows=headers, style=look, spaceAfter=space)
    # In an annex of many tables a page is filled: at least a few rows stand under the caption.
    caption = _text(part.title, 11, zh, align=1, indent=False, keep=not annex, leading=22)
    room = [CondPageBreak(_ROOM)] if annex else []
    note = _text(part.note, 8.5, zh, indent=False, leading=13, after=12)
    return [*room, caption, grid, *([note] if part.note else [])]


def cell_size(part: Table) -> float:
    """Return the largest size of type at which no word of a table is parted, if there is one."""
    size = _CELL
    while size > _SMALLEST and sum(_least(part, size)) > _WIDTH:
        size -= 0.5
    return size


def _least(part: Table, size: float) -> list[float]:
    texts = (part.texts(c) for c in range(len(part.columns)))
    return [least_width(column, _measure(size)) + 2 * _PAD + 1 for column in texts]


def _widths(part: Table, size: float) -> list[float]:
    return column_widths([c.width for c in part.columns], _least(part, size), _WIDTH)


def _cell(text: str, align: int, width: float, size: float = _CELL) -> Any:
    style = ParagraphStyle(
        "cell", fontName=_FACE, fontSize=size, leading=11, textColor=_INK, alignment=align
    )
    return Flow("<br/>".join(map(escape_text, _broken(text, width - 2 * _PAD, size))), style)


def _broken(text: str, width: float, size: float, indent: float = 0) -> list[str]:
    # A hair less than there is, or reportlab would break the line once more.
    return broken(drawable(text), width - 0.5, _measure(size), indent=indent)


def _measure(size: float) -> Callable[[str], float]:
    return lambda text: float(stringWidth(text, _FACE, size))
