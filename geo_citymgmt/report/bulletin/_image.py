"""The bulletin as one long picture, wide as a phone shows it."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from geo_citymgmt.fonts import cjk_font_path
from geo_citymgmt.report.bulletin._model import (
    Bulletin,
    Column,
    Heading,
    Paragraph,
    Picture,
    Table,
    broken,
    column_widths,
    drawable,
    is_band,
    least_width,
)

#: Pixels; phones show it at a third of that, so that no text is smaller than 10 points.
WIDTH = 1080
_EDGE = 48
_INK, _SOFT, _LINE, _SHADE, _STRONG, _ACCENT = (
    "#1c2126", "#5b6770", "#c4cdd4", "#e8eef3", "#f3f6f8", "#9c2a1b",
)  # fmt: skip
_TITLE, _HEADING, _TEXT, _CELL = 58, 44, 36, 30
#: Below this no phone shows it legibly; a longer word is parted.
_SMALLEST = 20


def write_png(
    bulletin: Bulletin, path: Path, *, close: str = "", font: str | Path | None = None
) -> None:
    """Write a bulletin as one PNG, 1080 pixels wide and as long as it takes.

    The annex is left out: a table of each street is for paper.

    Parameters
    ----------
    bulletin : Bulletin
    path : Path
        Of the .png.
    close : str
        Last line, such as where the annex is.
    font : path, optional
        TrueType font; the package's Chinese font otherwise.
    """
    face = str(font or cjk_font_path())
    # Measured once on nothing, then drawn: the height is known only after all lines are broken.
    blank = Image.new("RGB", (WIDTH, 8))
    height = _Sheet(blank, face).lay(bulletin, close)
    sheet = Image.new("RGB", (WIDTH, height), "#ffffff")
    _Sheet(sheet, face).lay(bulletin, close)
    # Few colours: a palette makes the file a third, and one a chat passes on as it is.
    small = sheet.quantize(colors=64, dither=Image.Dither.NONE)
    small.save(path, format="PNG", optimize=True)


class _Sheet:
    """A pen that goes down the page."""

    def __init__(self, image: Image.Image, face: str) -> None:
        self.image, self.draw, self.y = image, ImageDraw.Draw(image), _EDGE
        self.font: Callable[[int], Any] = cache(
            lambda size: ImageFont.truetype(face, size, layout_engine=ImageFont.Layout.BASIC)
        )

    def lay(self, bulletin: Bulletin, close: str) -> int:
        if bulletin.stamp:
            self.text(bulletin.stamp, _CELL, color=_ACCENT)
        self.y += 12
        self.text(bulletin.title, _TITLE, centred=True, color=_ACCENT)
        self.text(bulletin.issue, _CELL, centred=True, color=_SOFT)
        self.draw.line((_EDGE, self.y + 12, WIDTH - _EDGE, self.y + 12), _ACCENT, 3)
        self.y += 36
        for part in bulletin.parts:
            if isinstance(part, Heading):
                if part.annex:
                    break
                self.y += 28
                self.text(part.text, _HEADING, color=_ACCENT)
                self.y += 6
            elif isinstance(part, Paragraph):
                if part.lead:
                    self.text(part.lead, _TEXT, color=_ACCENT)
                self.text(part.text, _TEXT)
                self.y += 14
            elif isinstance(part, Picture):
                self.picture(part)
            else:
                self.table(part)
        self.y += 20
        for line in (close, bulletin.source, bulletin.signed):
            if line:
                self.text(line, _CELL, color=_SOFT)
        return self.y + _EDGE

    def text(self, text: str, size: int, *, centred: bool = False, color: str = _INK) -> None:
        font = self.font(size)
        for line in self.lines(text, size, WIDTH - 2 * _EDGE):
            x = (WIDTH - font.getlength(line)) / 2 if centred else _EDGE
            self.draw.text((x, self.y), line, font=font, fill=color)
            self.y += round(size * 1.5)

    def picture(self, part: Picture) -> None:
        self.y += 12
        wide = WIDTH - 2 * _EDGE
        high = round(wide * part.height / part.width)
        drawn = Image.open(io.BytesIO(part.png)).convert("RGB")
        self.image.paste(drawn.resize((wide, high), Image.Resampling.LANCZOS), (_EDGE, self.y))
        self.y += high + 4
        self.text(part.title, _CELL, centred=True)
        self.y += 14

    def lines(self, text: str, size: int, width: float) -> list[str]:
        return broken(drawable(text), width, self.font(size).getlength)

    def table(self, part: Table) -> None:
        self.y += 8
        self.text(part.title, _CELL, centred=True)
        self.y += 4
        size = self._cell_size(part)
        widths = self._widths(part, size)
        lefts = [_EDGE + sum(widths[:c]) for c in range(len(widths))]
        grouped = any(c.group for c in part.columns)
        top = self.y
        headers = [
            self.lines(c.head, size, w - 10) for c, w in zip(part.columns, widths, strict=True)
        ]
        spans = part.groups() if grouped else []
        names = [self.lines(t, size, sum(widths[f : f + n]) - 8) for t, f, n in spans]
        step = round(size * 1.3)
        first = max((len(n) for n in names), default=0) * step + 14 if grouped else 0
        second = max(
            len(h) for c, h in zip(part.columns, headers, strict=True) if c.group or not grouped
        )
        bottom = top + first + second * step + 16
        self.draw.rectangle((_EDGE, top, WIDTH - _EDGE, bottom), _SHADE)
        for (text, at, span), name in zip(spans, names, strict=True):
            if text:
                wide = sum(widths[at : at + span])
                self._block(name, lefts[at], top, wide, first, size)
                self.draw.line((lefts[at], top + first, lefts[at] + wide, top + first), _LINE, 2)
        for c, column in enumerate(part.columns):
            start = top + first if column.group else top
            self._block(headers[c], lefts[c], start, widths[c], bottom - start, size)
        self.y = bottom
        for r, row in enumerate(part.rows):
            self._row(row, part.columns, lefts, widths, size, strong=r in part.strong)
        starts = {at for _, at, _ in spans} or set(range(len(lefts)))
        for c, x in enumerate(lefts):
            self.draw.line((x, top if c in starts else top + first, x, self.y), _LINE, 2)
        self.draw.rectangle((_EDGE, top, WIDTH - _EDGE, self.y), outline=_SOFT, width=2)
        if part.note:
            self.y += 8
            self.text(part.note, 28, color=_SOFT)
        self.y += 28

    def _row(
        self,
        row: tuple[str, ...],
        columns: tuple[Column, ...],
        lefts: list[int],
        widths: list[int],
        size: int,
        *,
        strong: bool,
    ) -> None:
        font = self.font(size)
        cells = [
            [text] if c.number and k else self.lines(text, size, w - 14)
            for k, (text, c, w) in enumerate(zip(row, columns, widths, strict=True))
        ]
        most = max(map(len, cells))
        height = max(round(size * 1.75), most * round(size * 1.25) + 16)
        if strong or is_band(row):
            self.draw.rectangle((_EDGE, self.y, WIDTH - _EDGE, self.y + height), _STRONG)
        self.draw.line((_EDGE, self.y, WIDTH - _EDGE, self.y), _LINE, 2)
        color = _ACCENT if strong else _INK
        step = round(size * 1.25)
        for c, lines in enumerate(cells):
            top = self.y + (height - len(lines) * step) / 2
            for k, line in enumerate(lines):
                right = lefts[c] + widths[c] - 8 - font.getlength(line)
                x = right if columns[c].number and c else lefts[c] + 8
                self.draw.text((x, top + k * step), line, font=font, fill=color)
        self.y += height

    def _block(
        self, lines: list[str], x: float, y: float, width: float, height: float, size: int
    ) -> None:
        font, step = self.font(size), round(size * 1.3)
        y += (height - len(lines) * step) / 2
        for line in lines:
            self.draw.text((x + (width - font.getlength(line)) / 2, y), line, font=font, fill=_INK)
            y += step

    def _widths(self, part: Table, size: int) -> list[int]:
        """Share the width by what the columns hold, no column narrower than its words."""
        font = self.font(_CELL)
        need = [
            max(font.getlength(row[c]) for row in part.rows) + 20
            if column.number
            else 90 * column.width
            for c, column in enumerate(part.columns)
        ]
        wide = column_widths([max(n, 84) for n in need], self._least(part, size), WIDTH - 2 * _EDGE)
        out = [int(width) for width in wide]
        out[0] += WIDTH - 2 * _EDGE - sum(out)
        return out

    def _least(self, part: Table, size: int) -> list[float]:
        measure = self.font(size).getlength
        least = [
            max(least_width(part.texts(c), measure), 2 * size) for c in range(len(part.columns))
        ]
        # Names up to 县级市小计 stay whole; longer ones fold.
        least[0] = max([least[0], *(min(measure(row[0]), 5 * size) for row in part.rows)])
        return [each + 16 for each in least]

    def _cell_size(self, part: Table) -> int:
        """Return the largest size at which every number and every word has its line."""
        size = _CELL
        while size > _SMALLEST and sum(self._least(part, size)) > WIDTH - 2 * _EDGE:
            size -= 1
        return size
