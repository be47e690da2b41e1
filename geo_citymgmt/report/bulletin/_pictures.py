"""The bulletin as one long picture, and those in it: tasks against what is due, and a map."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import shapely
from PIL import Image, ImageDraw, ImageFont

from geo_citymgmt._numbers import in_points, percent
from geo_citymgmt.fonts import cjk_font_path
from geo_citymgmt.report._drawings import (
    BELOW_COLORS,
    NO_VALUE,
    STATUS_COLORS,
    below_classes,
    below_due,
    fit_zones,
    is_dark,
    leader,
    place_beside,
    place_labels,
)
from geo_citymgmt.report._release import map_approval
from geo_citymgmt.report._summary import Summary
from geo_citymgmt.report._words import Words
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
#: Pixels: some 260 to the inch on a page.
_WIDTH = 1600
_INK, _SOFT, _TRACK = "#1c2126", "#5b6770", "#e3e8ec"
_ROW, _TOP, _NAME, _BAR, _SIZE = 60, 50, 620, 640, 34
_CLOSING = 24
_MOST = 8
_MAP = (1120, 760)
#: Of the labels on the map.
_LABEL = 28


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
    pen = _Sheet(str(font or cjk_font_path()))
    # Measured once on nothing, then drawn: the height is known only after all lines are broken.
    height = pen.lay(bulletin, close, Image.new("RGB", (WIDTH, 8)))
    sheet = Image.new("RGB", (WIDTH, height), "#ffffff")
    pen.lay(bulletin, close, sheet)
    # Few colours: a palette makes the file a third, and one a chat passes on as it is.
    small = sheet.quantize(colors=64, dither=Image.Dither.NONE)
    small.save(path, format="PNG", compress_level=6)


class _Sheet:
    """A pen that goes down the page."""

    image: Image.Image
    draw: ImageDraw.ImageDraw
    y: int

    def __init__(self, face: str) -> None:
        self.font: Callable[[int], Any] = cache(
            lambda size: ImageFont.truetype(face, size, layout_engine=ImageFont.Layout.BASIC)
        )
        # What is laid twice is measured once.
        self.lines = cache(self._lines)
        self._cell_size = cache(self._find_cell_size)

    def lay(self, bulletin: Bulletin, close: str, image: Image.Image) -> int:
        self.image, self.draw, self.y = image, ImageDraw.Draw(image), _EDGE
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

    def _lines(self, text: str, size: int, width: float) -> list[str]:
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

    def _find_cell_size(self, part: Table) -> int:
        """Return the largest size at which every number and every word has its line."""
        size = _CELL
        while size > _SMALLEST and sum(self._least(part, size)) > WIDTH - 2 * _EDGE:
            size -= 1
        return size


def pictures(results: Summary, say: Words) -> Iterator[Picture]:
    """Yield the chart of the tasks and, where it may be shown, the map of the districts."""
    heads = say("pictures_share"), say("pictures_points")
    chart = task_chart(results, say("pictures_tasks"), heads)
    if chart is not None:
        yield chart
    number = map_approval(results.city)
    figure = figure_to_map(results)
    # A map without its number is not for the public.
    if figure is None or (results.release == "public" and not number):
        return
    title = say("pictures_map", name=results.words.named(results.headline.loc[figure]))
    if number:
        title = say("pictures_map_numbered", title=title, number=number)
    yield due_map(results, figure, title, say("pictures_head"))


def task_chart(results: Summary, title: str, heads: tuple[str, str]) -> Picture | None:
    """Draw the tasks of the city that have a pace, those furthest behind first.

    Parameters
    ----------
    results : Summary
    title : str
    heads : (str, str)
        Over the shares and over the points from pace.
    """
    rows = results.headline
    rows = rows[rows["expected_share"].notna() & rows["distance"].notna()]
    rows = rows.sort_values("distance", kind="stable").head(_MOST)
    if len(rows) < 2:
        return None
    image = Image.new("RGB", (_WIDTH, _TOP + _ROW * len(rows) + _CLOSING), "#ffffff")
    pen = _Pen(image)
    named = [results.words.named(row) for row in rows.itertuples()]
    # All in one size, that of the longest.
    longest = max(pen.width(name, _SIZE) for name in named)
    size = min(_SIZE, int(_SIZE * _NAME / longest))
    pen.write(_NAME + 20 + _BAR, 8, heads[0], 28, _SOFT, align="right")
    pen.write(_WIDTH - 10, 8, heads[1], 28, _SOFT, align="right")
    for k, row in enumerate(rows.itertuples()):
        y = _TOP + k * _ROW
        color = STATUS_COLORS.get(str(row.status), _SOFT)
        pen.write(
            _NAME, y + 8 + (_SIZE - size) / 2, named[k], size, _INK, align="right", room=_NAME
        )
        left, top = _NAME + 20, y + 12
        full = min(max(float(row.attainment), 0.0), 1.0)
        pen.draw.rectangle((left, top, left + _BAR, top + 30), _TRACK)
        pen.draw.rectangle((left, top, left + _BAR * full, top + 30), color)
        at = left + _BAR * min(max(float(row.expected_share), 0.0), 1.0)
        pen.draw.rectangle((at - 3, top - 8, at + 3, top + 38), _INK)
        pen.write(left + _BAR + 15, y + 8, percent(row.attainment), _SIZE, _INK)
        points = in_points(row.distance)
        pen.write(_WIDTH - 10, y + 8, points, _SIZE, color, align="right")
    return Picture(title, *_png(image))


def figure_to_map(results: Summary) -> str | None:
    """Return the figure whose districts are furthest behind, of those that several have."""
    if not results.city.has_zones:
        return None
    rows = results.standings
    known = rows.loc[rows["distance"].notna(), "indicator"].value_counts()
    order = results.headline["distance"].sort_values(kind="stable").index
    return next((str(name) for name in order if known.get(name, 0) > 1), None)


def due_map(results: Summary, figure: str, title: str, head: str) -> Picture:
    """Draw the districts by how far they are below what is due.

    Parameters
    ----------
    results : Summary
    figure : str
    title : str
    head : str
        Of the legend.
    """
    known = results.standing(figure).set_index("zone_code")["distance"]
    zones = results.city.zones
    codes = zones.index.astype("str")
    kinds = [below_due(float(known.get(code, float("nan")))) for code in codes]
    fitted = fit_zones(zones, *map(float, _MAP))
    image = Image.new("RGB", (_WIDTH, _MAP[1]), "#ffffff")
    pen = _Pen(image)
    for shape, kind in zip(fitted.shapes, kinds, strict=True):
        fill = NO_VALUE if kind == "q-none" else BELOW_COLORS[int(kind[1])]
        for part in shapely.get_parts(shape):
            if shapely.get_type_id(part) == 3:
                ring = shapely.get_coordinates(shapely.get_exterior_ring(part))
                pen.draw.polygon([tuple(xy) for xy in ring], fill, "#7d8b97", width=2)
    texts = []
    for code, name, shape in zip(codes, results.zone_names, fitted.shapes, strict=True):
        value = known.get(code, float("nan"))
        lines = [] if pd.isna(value) else [in_points(value)]
        # The name too where both have room on the ground of the district.
        both = [str(name), *lines]
        room = max(pen.width(line, _LABEL) for line in both) * len(both) * _LABEL * 1.6
        texts.append(both if shape.area > room else lines)

    def label_size(lines: list[str]) -> tuple[float, float]:
        wide = max((pen.width(line, _LABEL) for line in lines), default=0.0)
        return wide, 1.25 * _LABEL * len(lines)

    sizes = [label_size(lines) for lines in texts]
    placed = place_labels(fitted, sizes)
    for k in range(len(sizes)):
        if k not in placed and texts[k]:
            # Beside the map there is room for the name.
            texts[k] = [str(results.zone_names.iloc[k]), texts[k][-1]]
            sizes[k] = label_size(texts[k])
    beside = place_beside(fitted, sizes, placed)
    for k, at in beside.items():
        ends = leader(fitted, k, at, sizes[k])
        pen.draw.line(ends, "#ffffff", width=6)
        pen.draw.line(ends, _INK, width=2)
    for k, (x, y) in {**placed, **beside}.items():
        ink = "#ffffff" if is_dark(kinds[k]) and k in placed else _INK
        ground = NO_VALUE if kinds[k] == "q-none" else BELOW_COLORS[int(kinds[k][1])]
        ground = ground if k in placed else "#ffffff"
        top = y - sizes[k][1] / 2
        for n, line in enumerate(texts[k]):
            left = x - pen.width(line, _LABEL) / 2
            pen.write(left, top + 1.25 * _LABEL * n, line, _LABEL, ink, halo=ground)
    y = 40.0
    pen.write(_MAP[0] + 20, y, head, 28, _INK, room=_WIDTH - _MAP[0] - 30)
    none = ("q-none", results.words("class_none"))
    classes = zip([*below_classes(results.words), none], [*BELOW_COLORS, NO_VALUE], strict=True)
    for (kind, label), fill in classes:
        if kind in kinds:
            y += 52
            pen.draw.rectangle((_MAP[0] + 20, y, _MAP[0] + 76, y + 34), fill, "#7d8b97")
            pen.write(_MAP[0] + 92, y - 2, label, 28, _INK, room=_WIDTH - _MAP[0] - 100)
    return Picture(title, *_png(image))


def _png(image: Image.Image) -> tuple[bytes, int, int]:
    content = io.BytesIO()
    image.quantize(colors=48, dither=Image.Dither.NONE).save(content, format="PNG")
    return content.getvalue(), image.width, image.height


class _Pen:
    """Writes and draws on a picture."""

    def __init__(self, image: Image.Image) -> None:
        self.draw = ImageDraw.Draw(image)
        face = str(cjk_font_path())
        self._font: Callable[[int], Any] = cache(
            lambda size: ImageFont.truetype(face, size, layout_engine=ImageFont.Layout.BASIC)
        )

    def width(self, text: str, size: int) -> float:
        return float(self._font(size).getlength(drawable(text)))

    def write(
        self, x: float, y: float, text: str, size: int, color: str, *, align: str = "left",
        room: float = 0, halo: str = "",
    ) -> None:  # fmt: skip
        text = drawable(text)
        while room and size > 20 and self.width(text, size) > room:
            size -= 1
        while room and len(text) > 1 and self.width(text, size) > room:
            text = f"{text.removesuffix('…')[:-1]}…"
        x -= self.width(text, size) if align == "right" else 0
        font, edge = self._font(size), 4 if halo else 0
        self.draw.text((x, y), text, color, font, stroke_width=edge, stroke_fill=halo or None)
