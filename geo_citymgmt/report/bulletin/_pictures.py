"""The pictures of a bulletin: tasks against what is due, and districts on a map."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import pairwise
from typing import Any

import pandas as pd
import shapely
from PIL import Image, ImageDraw, ImageFont

from geo_citymgmt._numbers import percent
from geo_citymgmt.fonts import cjk_font_path
from geo_citymgmt.report._drawings import (
    BELOW_COLORS,
    BELOW_DUE,
    NO_VALUE,
    STATUS_COLORS,
    below_due,
    fit_zones,
)
from geo_citymgmt.report._release import map_approval
from geo_citymgmt.report._summary import Summary
from geo_citymgmt.report._words import Words
from geo_citymgmt.report.bulletin._model import Picture, drawable

#: Pixels: some 260 to the inch on a page.
_WIDTH = 1600
_INK, _SOFT, _TRACK = "#1c2126", "#5b6770", "#e3e8ec"
_ROW, _TOP, _NAME, _BAR, _SIZE = 60, 50, 560, 700, 34
_MOST = 8
_MAP = (1120, 760)


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
    keys = ("head", "not_below", "over", "none")
    yield due_map(results, figure, title, [say.name("text", f"pictures_{k}") for k in keys])


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
    image = Image.new("RGB", (_WIDTH, _TOP + _ROW * len(rows)), "#ffffff")
    pen = _Pen(image)
    pen.write(_NAME + 20 + _BAR, 8, heads[0], 28, _SOFT, align="right")
    pen.write(_WIDTH - 10, 8, heads[1], 28, _SOFT, align="right")
    for k, row in enumerate(rows.itertuples()):
        y = _TOP + k * _ROW
        color = STATUS_COLORS.get(str(row.status), _SOFT)
        pen.write(_NAME, y + 8, results.words.named(row), _SIZE, _INK, align="right", room=_NAME)
        left, top = _NAME + 20, y + 12
        full = min(max(float(row.attainment), 0.0), 1.0)
        pen.draw.rectangle((left, top, left + _BAR, top + 30), _TRACK)
        pen.draw.rectangle((left, top, left + _BAR * full, top + 30), color)
        at = left + _BAR * min(max(float(row.expected_share), 0.0), 1.0)
        pen.draw.rectangle((at - 3, top - 8, at + 3, top + 38), _INK)
        pen.write(left + _BAR + 15, y + 8, percent(row.attainment), _SIZE, _INK)
        points = f"{row.distance * 100:+.1f}".replace("-", "−")
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


def due_map(results: Summary, figure: str, title: str, labels: Sequence[str]) -> Picture:
    """Draw the districts by how far they are below what is due.

    Parameters
    ----------
    results : Summary
    figure : str
    title : str
    labels : sequence of str
        Head of the legend, then not behind, over, without a value.
    """
    head, not_below, over, none = labels
    rows = results.standings
    known = rows[rows["indicator"] == figure].set_index("zone_code")["distance"]
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
    taken: list[tuple[float, float, float]] = []
    for (x, y), code, name in zip(fitted.middles, codes, results.zone_names, strict=True):
        value = known.get(code, float("nan"))
        text = str(name) if pd.isna(value) else f"{name} {value * 100:+.1f}".replace("-", "−")
        wide = pen.width(text, 26) / 2
        if all(abs(x - u) > wide + w or abs(y - v) > 32 for u, v, w in taken):
            taken.append((x, y, wide))
            pen.write(x - wide, y - 16, text, 26, _INK, halo=True)
    y = 40.0
    pen.write(_MAP[0] + 20, y, head, 28, _INK, room=_WIDTH - _MAP[0] - 30)
    spans = [f"{a}–{b}" for a, b in pairwise(BELOW_DUE)]
    names = [not_below, *spans, over.format(low=BELOW_DUE[-1])]
    legend = [(f"d{k}", name, BELOW_COLORS[k]) for k, name in enumerate(names)]
    for kind, label, fill in [*legend, ("q-none", none, NO_VALUE)]:
        if kind in kinds:
            y += 52
            pen.draw.rectangle((_MAP[0] + 20, y, _MAP[0] + 76, y + 34), fill, "#7d8b97")
            pen.write(_MAP[0] + 92, y - 2, label, 28, _INK, room=_WIDTH - _MAP[0] - 100)
    return Picture(title, *_png(image))


def _png(image: Image.Image) -> tuple[bytes, int, int]:
    content = io.BytesIO()
    image.quantize(colors=48, dither=Image.Dither.NONE).save(content, format="PNG", optimize=True)
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
        room: float = 0, halo: bool = False,
    ) -> None:  # fmt: skip
        text = drawable(text)
        while room and size > 20 and self.width(text, size) > room:
            size -= 1
        while room and len(text) > 1 and self.width(text, size) > room:
            text = f"{text.removesuffix('…')[:-1]}…"
        x -= self.width(text, size) if align == "right" else 0
        font, edge = self._font(size), 4 if halo else 0
        self.draw.text((x, y), text, color, font, stroke_width=edge, stroke_fill="#ffffff")
