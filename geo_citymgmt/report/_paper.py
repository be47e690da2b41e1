"""One sheet of paper as a PDF, drawn in millimetres from its upper left corner."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from geo_citymgmt._markup import visible_text
from geo_citymgmt.fonts import cjk_font_path
from geo_citymgmt.report._drawings import Look
from geo_citymgmt.report.bulletin._model import broken, drawable, needed

_FACE = "CitySansSC"
MM = 72 / 25.4
#: A point of type in millimetres.
POINT = 25.4 / 72
INK, SOFT, LINE, SHADE, ACCENT = "#1a1a1a", "#5b6770", "#9aa5ae", "#eef1f4", "#8a2a1b"
#: Round scales, close enough that a map fills its box.
_SCALES = (1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.8, 2.0, 2.2, 2.5, 2.8, 3.0, 3.5, 4.0, 4.5, 5.0,
           5.5, 6.0, 6.5, 7.0, 7.5, 8.0, 8.5, 9.0, 9.5)  # fmt: skip
_HALO = 0.7
#: Forms of marks, as of maps/page/marks.js and of about the same ink: a square, a triangle, a
#: diamond, a triangle upside down. The first is a disc.
_FORMS = (
    None,
    np.array([[-0.88, -0.88], [0.88, -0.88], [0.88, 0.88], [-0.88, 0.88]]),
    np.array([[0.0, -1.2], [1.15, 0.8], [-1.15, 0.8]]),
    np.array([[0.0, -1.25], [1.25, 0.0], [0.0, 1.25], [-1.25, 0.0]]),
    np.array([[0.0, 1.2], [1.15, -0.8], [-1.15, -0.8]]),
)
#: Dashes of lines in millimetres, by the same marks.
_DASHES = ((), (1.7, 0.8), (0.5, 0.6), (1.9, 0.6, 0.5, 0.6), (0.9, 0.9))


@dataclass(frozen=True, slots=True)
class Box:
    """A part of a sheet: its upper left corner and its size, in millimetres."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Its right edge."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """Its lower edge."""
        return self.y + self.height


@dataclass(frozen=True, slots=True)
class Ground:
    """Where places of a metric CRS lie in a box of a sheet, at a scale that is true in print."""

    box: Box
    x: float
    y: float
    denominator: float

    def place(self, xy: np.ndarray) -> np.ndarray:
        """Return millimetres of the sheet for metres of the CRS."""
        per_metre = 1000 / self.denominator
        x = self.box.x + self.box.width / 2 + (xy[:, 0] - self.x) * per_metre
        y = self.box.y + self.box.height / 2 - (xy[:, 1] - self.y) * per_metre
        return np.column_stack([x, y])


def ground_for(bounds: Sequence[float], box: Box, margin: float = 3.0) -> Ground:
    """Fit what lies within ``bounds`` (metres) into a box, at the largest round scale.

    Examples
    --------
    >>> ground_for((0, 0, 30_000, 20_000), Box(0, 0, 126, 126)).denominator
    250000.0
    """
    west, south, east, north = bounds
    least = 1000 * max(
        (east - west) / (box.width - 2 * margin), (north - south) / (box.height - 2 * margin), 0.1
    )
    power = 10.0 ** math.floor(math.log10(least))
    rounds = (s * p for p in (power, 10 * power) for s in _SCALES)
    scale = next(s for s in rounds if s >= least * (1 - 1e-9))
    return Ground(box, (west + east) / 2, (south + north) / 2, float(scale))


class Paper:
    """A sheet under way; use as a context: the file is there when it is whole.

    Parameters
    ----------
    path : Path
    size : (float, float)
        Width and height in millimetres.
    title, lang : str
        Of the document.
    """

    def __init__(self, path: Path, size: tuple[float, float], *, title: str, lang: str) -> None:
        with needed():
            from reportlab.pdfgen.canvas import Canvas
        _registered()
        self.width, self.height = size
        self.lang = lang
        pagesize = (self.width * MM, self.height * MM)
        spoken = "zh-CN" if lang == "zh" else "en-GB"
        self._canvas = Canvas(str(path), pagesize=pagesize, invariant=1, lang=spoken)
        self._canvas.setTitle(visible_text(title))

    def __enter__(self) -> Paper:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._canvas.showPage()
            self._canvas.save()

    # -- text

    def text(
        self, x: float, y: float, text: str, size: float, *, color: str = INK, align: str = "left",
        room: float = math.inf, bold: bool = False, halo: str = "",
    ) -> None:  # fmt: skip
        """Write one line on the base line ``y``; what is wider than ``room`` ends in dots.

        ``halo`` is the colour of the ground that is seen around the letters.
        """
        text = cut(text, room, size)
        x -= {"left": 0.0, "middle": 0.5, "right": 1.0}[align] * width_of(text, size)
        pen = self._canvas
        pen.setFont(_FACE, size)
        modes = [(2, halo, 2 * _HALO / POINT)] if halo else []
        # The font has one weight: a heavier one has an outline.
        modes.append((2, color, size / 32) if bold else (0, color, 0.0))
        for mode, shade, line in modes:
            pen.setFillColor(_color(shade))
            pen.setStrokeColor(_color(shade))
            pen.setLineWidth(line)
            pen.drawString(x * MM, self._up(y), text, mode=mode)

    def block(
        self, box: Box, text: str, size: float, *, color: str = INK, leading: float = 1.5,
    ) -> float:  # fmt: skip
        """Write a paragraph from the top of a box and return where it ends.

        Type that would not fit is made smaller, down to three quarters; then it ends in dots.
        """
        for tried in (size, 0.92 * size, 0.84 * size, 0.75 * size):
            lines = broken(drawable(text), box.width - 0.2, partial(width_of, size=tried))
            step = tried * leading * POINT
            if len(lines) * step <= box.height:
                break
        most = max(1, int(box.height / step + 1e-9))
        if len(lines) > most:
            rest = "".join(lines[most - 1 :])
            lines = [*lines[: most - 1], cut(rest, box.width, tried)]
        for k, line in enumerate(lines):
            self.text(box.x, box.y + (k + 0.78) * step, line, tried, color=color)
        return box.y + len(lines) * step

    # -- lines and areas

    def line(
        self, points: np.ndarray, *, color: str = INK, width: float = 0.2, mark: int = 0
    ) -> None:
        """Draw a line through points, in dashes where it has a mark."""
        pen = self._canvas
        pen.setStrokeColor(_color(color))
        pen.setLineWidth(width * MM)
        pen.setDash([part * MM for part in _DASHES[max(mark, 0) % len(_DASHES)]])
        path = pen.beginPath()
        self._trace(path, points)
        pen.drawPath(path)
        pen.setDash(())

    def rule(self, x: float, y: float, right: float, **look: Any) -> None:
        """Draw a line to the right."""
        self.line(np.array([[x, y], [right, y]]), **look)

    def area(
        self, shape: shapely.Geometry, *, fill: str | None, stroke: str | None, width: float = 0.2
    ) -> None:
        """Draw a polygon or several, whose coordinates are millimetres of the sheet."""
        if shape.is_empty:
            return
        pen = self._canvas
        path = pen.beginPath()
        # Of several polygons together it returns none.
        for ring in shapely.get_rings(shapely.get_parts(shape)):
            self._trace(path, shapely.get_coordinates(ring))
            path.close()
        if fill:
            pen.setFillColor(_color(fill))
        if stroke:
            pen.setStrokeColor(_color(stroke))
            pen.setLineWidth(width * MM)
        pen.setLineJoin(1)
        pen.drawPath(path, stroke=int(stroke is not None), fill=int(fill is not None), fillMode=0)

    def box(
        self, box: Box, *, fill: str | None = None, stroke: str | None = None, width: float = 0.2
    ) -> None:
        """Draw a rectangle."""
        shape = shapely.box(box.x, box.y, box.right, box.bottom)
        self.area(shape, fill=fill, stroke=stroke, width=width)

    def marks(self, xy: np.ndarray, radius: float, look: Look) -> None:
        """Draw the mark of a look at each place, with a light edge that tells neighbours apart.

        Marks have five forms, and on them nothing, a dot or a bar, so that a grey print tells what
        the colours do.
        """
        pen, mark = self._canvas, max(look.mark, 0)
        form, detail = _FORMS[mark % len(_FORMS)], mark // len(_FORMS) % 3
        pen.setFillColor(_color(look.kind))
        pen.setStrokeColor(_color("#ffffff"))
        pen.setLineWidth(0.08 * MM)
        for x, y in xy:
            if form is None:
                pen.circle(x * MM, self._up(y), radius * MM, stroke=1, fill=1)
                continue
            path = pen.beginPath()
            self._trace(path, form * radius + (x, y))
            path.close()
            pen.drawPath(path, stroke=1, fill=1)
        pen.setFillColor(_color("#ffffff"))
        for x, y in xy if detail else ():
            if detail == 1:
                pen.circle(x * MM, self._up(y), 0.4 * radius * MM, stroke=0, fill=1)
            else:
                wide, high = 1.1 * radius * MM, 0.36 * radius * MM
                pen.rect(x * MM - wide / 2, self._up(y) - high / 2, wide, high, stroke=0, fill=1)

    def within(self, box: Box) -> _Clip:
        """Draw within a box alone; use as a context."""
        path = self._canvas.beginPath()
        path.rect(box.x * MM, self._up(box.bottom), box.width * MM, box.height * MM)
        return _Clip(self._canvas, path)

    def _up(self, y: float) -> float:
        return (self.height - y) * MM

    def _trace(self, path: Any, points: np.ndarray) -> None:
        for k, (x, y) in enumerate(points):
            (path.lineTo if k else path.moveTo)(x * MM, self._up(y))


class _Clip:
    """What is drawn while it is entered ends at a path."""

    def __init__(self, pen: Any, path: Any) -> None:
        self._pen, self._path = pen, path

    def __enter__(self) -> None:
        self._pen.saveState()
        self._pen.clipPath(self._path, stroke=0, fill=0)

    def __exit__(self, *_: object) -> None:
        self._pen.restoreState()


def _color(code: str) -> Any:
    from reportlab.lib.colors import HexColor

    return HexColor(code)


@cache
def _registered() -> None:
    from reportlab.pdfbase.pdfmetrics import registerFont
    from reportlab.pdfbase.ttfonts import TTFont

    registerFont(TTFont(_FACE, str(cjk_font_path())))


def width_of(text: str, size: float) -> float:
    """Return the width of a line in millimetres."""
    from reportlab.pdfbase.pdfmetrics import stringWidth

    _registered()
    return float(stringWidth(drawable(text), _FACE, size)) / MM


def cut(text: str, room: float, size: float) -> str:
    """Return a line as far as there is room for it, with dots for the rest.

    Examples
    --------
    >>> cut("苏州工业园区娄葑街道", 20, 9), cut("娄葑街道", 20, 9)
    ('苏州工业园…', '娄葑街道')
    """
    text = drawable(text).replace("\n", " ")
    if width_of(text, size) <= room:
        return text
    while text and width_of(f"{text}…", size) > room:
        text = text[:-1]
    return f"{text.rstrip()}…"
