"""The picture for a chat: districts ranked by a figure, with what is due; no record, no place."""

from __future__ import annotations

import io
import re
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely
from PIL import Image, ImageColor, ImageDraw, ImageFont

from geo_citymgmt._numbers import NONE, in_points, on_one_line
from geo_citymgmt.figures._tables import zone_groups
from geo_citymgmt.fonts import cjk_font_path
from geo_citymgmt.report._drawings import (
    BELOW_COLORS,
    NO_VALUE,
    STATUS_COLORS,
    below_due,
    fit_zones,
)
from geo_citymgmt.report._page import source_name
from geo_citymgmt.report._release import map_approval
from geo_citymgmt.report._sheet import SheetMaker
from geo_citymgmt.report._summary import Summary
from geo_citymgmt.report.bulletin._model import broken, drawable
from geo_citymgmt.writing import whole_file
from geo_citymgmt.writing._atomic import make_folder

#: Pixels; phones show it at a third of that.
_WIDTH, _EDGE = 1080, 48
_INK, _SOFT, _TRACK, _ACCENT = "#1c2126", "#5b6770", "#e3e8ec", "#9c2a1b"
_OUTLINE, _SHADES, _AS_THEY_ARE = "#7d8b97", 8, Image.Dither.NONE
_ROW, _BAR, _NAME, _POINTS = 84, 470, 310, 150


def figures_to_rank(results: Summary) -> list[str]:
    """Return the figures that districts are compared with a target by, the furthest behind first.

    Examples
    --------
    >>> import geo_citymgmt as gcm
    >>> city = gcm.sample_city(layers=["manholes"])
    >>> figures_to_rank(gcm.report.summary(city, "2022-06-30"))
    ['manhole_remediated', 'manhole_new_tech_share']
    """
    rows = results.standings
    known = rows.loc[rows["distance"].notna(), "indicator"]
    ranked = known.value_counts()
    order = results.headline["distance"].sort_values(kind="stable").index
    return [str(name) for name in order if ranked.get(name, 0) > 1]


def ranking_card(results: Summary, figure: str) -> bytes:
    """Return the card of a figure as PNG.

    Ranks are made within groups of districts. A map of the districts is on it only where the city
    says the number under which its outlines may be published (``map_approval``).

    Parameters
    ----------
    results : Summary
    figure : str
        One of :func:`figures_to_rank`.
    """
    # As high as it can become, and then cut to what was drawn.
    card = Image.new("RGB", (_WIDTH, 3000 + _ROW * len(results.city.zones)), "#ffffff")
    height = _Card(card, SheetMaker(results)).lay(figure)
    content = io.BytesIO()
    small = card.crop((0, 0, _WIDTH, height)).quantize(palette=_palette(), dither=_AS_THEY_ARE)
    # As small as it gets would be a tenth smaller and take eight times as long.
    small.save(content, format="PNG", compress_level=6)
    return content.getvalue()


def write_cards(results: Summary, folder: Path) -> list[Path]:
    """Write a card for each figure that districts can be ranked by."""
    files, figures = [], figures_to_rank(results)
    if figures:
        make_folder(folder)
    for figure in figures:
        files.append(folder / f"{re.sub(r'[^0-9A-Za-z_-]', '_', figure)}.png")
        with whole_file(files[-1]) as path:
            path.write_bytes(ranking_card(results, figure))
    return files


@cache
def _palette() -> Image.Image:
    """Every colour of a card, and the steps from ink to the white that a letter ends in."""
    inks = (_INK, _SOFT, _ACCENT, *STATUS_COLORS.values())
    fills = ("#ffffff", _TRACK, _OUTLINE, NO_VALUE, *BELOW_COLORS)
    full = np.array([ImageColor.getrgb(ink) for ink in dict.fromkeys(inks)])
    steps = 255 + np.linspace(0, 1, _SHADES)[1:, None, None] * (full - 255)
    flat = np.array([ImageColor.getrgb(fill) for fill in dict.fromkeys(fills)])
    palette = Image.new("P", (1, 1))
    palette.putpalette(np.round([*flat, *steps.reshape(-1, 3)]).astype("uint8").tobytes())
    return palette


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(cjk_font_path()), size, layout_engine=ImageFont.Layout.BASIC)


@cache
def _lines(text: str, size: int) -> list[str]:
    # Cards of one report bear the same long lines: of its day, its rules and its source.
    return broken(text, _WIDTH - 2 * _EDGE, _font(size).getlength)


class _Card:
    """A pen that goes down the card."""

    def __init__(self, image: Image.Image, maker: SheetMaker) -> None:
        self.draw, self.y, self.results = ImageDraw.Draw(image), _EDGE, maker.results
        self.words, self.maker, self.say = maker.words, maker, maker.say

    def lay(self, figure: str) -> int:
        results, say = self.results, self.say
        row = results.headline.loc[figure]
        self.text(results.stamp, 28, color=_ACCENT)
        self.y += 10
        self.text(say("card_title", name=self.words.of(row["name_zh"], row["name_en"])), 52)
        self.text(say("card_under", city=self.words.named(results.city), day=results.day), 28,
                  color=_SOFT)  # fmt: skip
        self.y += 8
        told = self.maker.task(next(results.headline.loc[[figure]].itertuples()))
        self.text(say("card_city", amount=told.amount, told=told.told), 30,
                  color=STATUS_COLORS.get(told.status, _INK))  # fmt: skip
        self.y += 14
        self._groups(figure)
        self.y += 10
        self.text(say("card_note"), 26, color=_SOFT)
        self._map(figure)
        self.text(say("source", source=source_name(results)), 26, color=_SOFT)
        return self.y + _EDGE

    def _groups(self, figure: str) -> None:
        results, words = self.results, self.words
        rows = results.standing(figure)
        groups = zone_groups(results.city.zones).astype("object")
        groups.index = groups.index.astype("str")
        several = len(set(groups)) > 1
        of_group = dict(list(rows.groupby(rows["zone_code"].map(groups))))
        told = {row.Index: row for row in rows.itertuples()}
        for group in dict.fromkeys([*words.names("group"), *groups]):
            if group not in of_group:
                continue
            own = of_group[group]
            self._line(self.say("card_points"), _WIDTH - _EDGE, 24, _SOFT, align="right")
            self.text(words.name("group", str(group)) if several else " ", 32, color=_ACCENT)
            ranked = own[own["distance"].notna()].iloc[::-1]
            place = ranked["distance"].round(6).rank(ascending=False, method="min").astype(int)
            for at, rank in place.items():
                self._row(str(rank), told[at])
            for at in own.index[own["distance"].isna()]:
                self._row(NONE, told[at])
            self.y += 12

    def _row(self, rank: str, row: Any) -> None:
        task = self.maker.task(row)
        color = STATUS_COLORS.get(task.status, _SOFT)
        name = str(self.results.zone_names.get(row.zone_code, row.zone_code))
        self._line(rank, _EDGE, 32, _SOFT)
        self._line(name, _EDGE + 50, 32, _INK, room=_NAME)
        left, top = _EDGE + 50 + _NAME, self.y + 8
        if pd.notna(task.share):
            full = min(max(task.share, 0.0), 1.0)
            self.draw.rectangle((left, top, left + _BAR, top + 26), _TRACK)
            self.draw.rectangle((left, top, left + _BAR * full, top + 26), color)
        if pd.notna(task.due):
            at = left + _BAR * min(max(task.due, 0.0), 1.0)
            self.draw.rectangle((at - 3, top - 8, at + 3, top + 34), _INK)
        self._line(in_points(row.distance), _WIDTH - _EDGE, 36, color, align="right")
        self.y += 40
        self._line(on_one_line(task.amount), left, 24, _SOFT, room=_BAR + _POINTS)
        self.y += _ROW - 40

    def _map(self, figure: str) -> None:
        """Draw the districts by what is due, where their outlines may be published."""
        number = map_approval(self.results.city)
        if not number:
            return
        zones = self.results.city.zones
        known = self.results.standing(figure).set_index("zone_code")["distance"]
        fitted = fit_zones(zones, _WIDTH - 2.0 * _EDGE, 640.0)
        for shape, code in zip(fitted.shapes, zones.index.astype("str"), strict=True):
            kind = below_due(float(known.get(code, np.nan)))
            fill = NO_VALUE if kind == "q-none" else BELOW_COLORS[int(kind[1])]
            for part in shapely.get_parts(shape):
                ring = shapely.get_coordinates(part.exterior) + np.array([_EDGE, self.y])
                self.draw.polygon([tuple(xy) for xy in ring], fill, _OUTLINE)
        self.y += 650
        self.text(self.say("card_map"), 26, color=_SOFT)
        self.text(self.say("approval", number=number), 26, color=_SOFT)

    def text(self, text: str, size: int, *, color: str = _INK) -> None:
        for line in _lines(drawable(text), size):
            self.draw.text((_EDGE, self.y), line, font=_font(size), fill=color)
            self.y += round(size * 1.45)

    def _line(
        self, text: str, x: float, size: int, color: str, *, align: str = "left", room: float = 0
    ) -> None:
        text = drawable(text)
        while room and size > 20 and _font(size).getlength(text) > room:
            size -= 1
        font = _font(size)
        while room and len(text) > 1 and font.getlength(text) > room:
            text = f"{text.removesuffix('…')[:-1]}…"
        x -= font.getlength(text) if align == "right" else 0
        self.draw.text((x, self.y), text, font=font, fill=color)
