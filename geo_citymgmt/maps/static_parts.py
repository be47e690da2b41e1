"""What every printed map has beside its areas: scale bar, north arrow, names, legend."""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pyproj
import shapely
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Polygon, Rectangle
from matplotlib.patheffects import withStroke
from matplotlib.text import Text

from geo_citymgmt.fonts import drawable
from geo_citymgmt.maps.text import visible_text

INK, SOFT = "#1f2d3d", "#5b6876"
_UNITS = {"zh": ("公里", "米"), "en": ("km", "m")}
_NORTH = {"zh": "北", "en": "N"}
# Where a name may stand when its own place is taken, in widths and heights of its box.
_MOVES = sorted(
    ((right / 8, up / 4) for right in range(-8, 9) for up in range(-8, 9)),
    key=lambda move: (math.hypot(*move), move),
)
HALO = (withStroke(linewidth=2.6, foreground="#ffffff"),)


def plain(value: object) -> str:
    """Return text as a chart can draw it: no unseen characters, none without a shape."""
    return drawable(visible_text(value))


def nice_length(most: float) -> float:
    """Return the longest of 1, 2, 5, 10... metres that is not above a length.

    Examples
    --------
    >>> nice_length(34_000), nice_length(1_999)
    (20000.0, 1000.0)
    """
    step = 10.0 ** math.floor(math.log10(most))
    return float(max(factor * step for factor in (1, 2, 5) if factor * step <= most))


def add_scale_bar(axes: Axes, lang: str) -> float:
    """Draw a bar in the lower left of a map in metres; return its length in metres."""
    west, east = axes.get_xlim()
    south, north = axes.get_ylim()
    length = nice_length((east - west) * 0.22)
    kilometres, metres = _UNITS[lang]
    unit, factor = (kilometres, 1e-3) if length >= 1000 else (metres, 1.0)
    x, y = west + 0.02 * (east - west), south + 0.022 * (north - south)
    height = 0.009 * (north - south)
    for part, color in ((0, INK), (1, "#ffffff")):
        bar = Rectangle(
            (x + part * length / 2, y), length / 2, height, facecolor=color, edgecolor=INK,
            linewidth=0.8, zorder=9, gid=f"scale-{part}",
        )  # fmt: skip
        axes.add_patch(bar)
    for share in (0.0, 0.5, 1.0):
        text = f"{length * share * factor:g}" + (f" {unit}" if share == 1 else "")
        # The unit hangs over the end, so that the figure stands over its tick.
        axes.annotate(
            text, (x + share * length, y + height), xytext=(-3 if share == 1 else 0, 3),
            textcoords="offset points", ha="left" if share == 1 else "center", va="bottom",
            fontsize=8, color=INK, zorder=9, path_effects=HALO,
        )  # fmt: skip
    return length


def north_of(axes: Axes, crs: Any) -> float:
    """Return which way true north lies in the middle of a map, in degrees right of up."""
    x, y = float(np.mean(axes.get_xlim())), float(np.mean(axes.get_ylim()))
    plane = pyproj.CRS(crs)
    there = pyproj.Transformer.from_crs(plane.geodetic_crs, plane, always_xy=True)
    lon, lat = there.transform(x, y, direction="INVERSE")
    east, north = there.transform(lon, lat + 0.01)
    return math.degrees(math.atan2(east - x, north - y))


def add_north_arrow(axes: Axes, crs: Any, lang: str) -> float:
    """Draw an arrow to true north in the upper right; return its angle in degrees."""
    angle = north_of(axes, crs)
    turn = math.radians(-angle)
    shape = np.array([(0.0, 1.0), (-0.42, -0.6), (0.0, -0.25), (0.42, -0.6)])
    turned = shape @ np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]])
    box = axes.get_window_extent()
    size = 0.026 * box.height
    place = np.array([0.965, 0.915])
    scaled = place + turned * size / np.array([box.width, box.height])
    half = scaled[[0, 1, 2]]
    for points, color in ((scaled, "#ffffff"), (half, INK)):
        axes.add_patch(
            Polygon(
                points, closed=True, transform=axes.transAxes, facecolor=color, edgecolor=INK,
                linewidth=0.9, zorder=9, gid="north",
            )
        )  # fmt: skip
    axes.text(
        place[0], place[1] + 1.25 * size / box.height, _NORTH[lang], transform=axes.transAxes,
        ha="center", va="bottom", fontsize=min(10, 0.03 * box.height / axes.figure.dpi * 72),
        color=INK, zorder=9,
    )  # fmt: skip
    return angle


def add_names(
    axes: Axes, areas: gpd.GeoSeries, names: Sequence[str], values: Sequence[str]
) -> tuple[list[Text], int]:
    """Write names on areas, the smallest first; return them and how many had no room.

    A name whose place is taken moves within its area; one without any room is left out rather
    than written over another, or over a neighbour.
    """
    frame = axes.get_window_extent()
    legend = axes.get_legend()
    taken: list[Any] = [] if legend is None else [legend.get_window_extent()]
    kept: list[Text] = []
    left_out = 0
    shapes = areas.to_numpy()
    for i in np.argsort(shapely.area(shapes), kind="stable"):
        if shapely.is_empty(shapes[i]):
            continue
        largest = max(shapely.get_parts(shapes[i]), key=shapely.area)
        tolerance = math.sqrt(shapely.area(largest)) / 100
        place = shapely.get_point(shapely.maximum_inscribed_circle(largest, tolerance=tolerance), 0)
        name = _folded(plain(names[i]))
        value = plain(values[i])
        text = axes.text(
            place.x, place.y, f"{name}\n{value}" if value else name, ha="center", va="center",
            fontsize=8.5, linespacing=1.15, color=INK, zorder=8, path_effects=HALO, gid="name",
        )  # fmt: skip
        if _settle(text, largest, taken, frame):
            kept.append(text)
        else:
            text.remove()
            left_out += 1
    return kept, left_out


def _settle(text: Text, area: shapely.Geometry, taken: list[Any], frame: Any) -> bool:
    """Move a name to the first place in its area that is free; return whether there is one."""
    transform = text.get_transform()
    start = transform.transform(text.get_position())
    box = text.get_window_extent()
    for right, up in _MOVES:
        moved = np.array([right * box.width, up * box.height])
        x, y = transform.inverted().transform(start + moved)
        shifted = box.translated(*moved)
        inside = (
            shifted.x0 >= frame.x0
            and shifted.x1 <= frame.x1
            and shifted.y0 >= frame.y0
            and shifted.y1 <= frame.y1
        )
        if not inside or not shapely.intersects_xy(area, x, y):
            continue
        if not any(shifted.overlaps(other) for other in taken):
            text.set_position((x, y))
            # Halos of two names do not touch.
            taken.append(shifted.padded(1.5))
            return True
    return False


def _folded(name: str) -> str:
    """Return a long name on lines: a second name in brackets, or words of Latin letters."""
    if re.search(r"[（(]", name):
        return re.sub(r"\s*(?=[（(])", "\n", name, count=1)
    return "\n".join(textwrap.wrap(name, 14, break_long_words=False)) if " " in name else name


def add_column(figure: Figure, heading: str, handles: Sequence[Any], *, top: float) -> Any:
    """Draw one section of the legend in the right column; return it."""
    legend = figure.legend(
        handles=list(handles), title=plain(heading), loc="upper left", bbox_to_anchor=(0.775, top),
        frameon=False, fontsize=9, title_fontsize=9.5, alignment="left", labelspacing=0.55,
        handlelength=1.9, handleheight=1.1, borderpad=0, borderaxespad=0,
    )  # fmt: skip
    legend.get_title().set_color(INK)
    return legend


def swatch(label: str, color: str | None) -> Patch:
    """Return the key of an area: its colour, or the hatch of no data."""
    if color is None:
        return Patch(label=plain(label), **hatched())
    return Patch(label=plain(label), facecolor=color, edgecolor="#ffffff", linewidth=0.5)


def hatched() -> dict[str, Any]:
    """Return how an area without data is drawn: told from any colour, in print too."""
    return {
        "facecolor": "#f4f5f7", "edgecolor": "#9aa5b1", "hatch": "//////", "linewidth": 0.5,
    }  # fmt: skip
