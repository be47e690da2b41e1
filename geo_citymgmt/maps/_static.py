"""Maps for print: one sheet with scale bar, north arrow, legend, date and source.

The functions answer to the names and arguments of the interactive maps: `plot_zones` to `zone_map`,
`plot_layer` to `layer_map`, `plot_progress` to `progress_map`.
"""

from __future__ import annotations

import math
import re
import secrets
import textwrap
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import geopandas as gpd
import matplotlib
import numpy as np
import pandas as pd
import pyproj
import shapely
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Polygon, Rectangle
from matplotlib.patheffects import withStroke
from matplotlib.text import Text as Name

from geo_citymgmt._dates import read_day
from geo_citymgmt._gate import Gate, day_of, refuses_by_name, renamed_arguments
from geo_citymgmt._languages import Lang, Messages, packaged_words
from geo_citymgmt._markup import visible_text
from geo_citymgmt._metric import choose_metric_crs, require_metric
from geo_citymgmt._numbers import Scale, amount_text, figure_scales
from geo_citymgmt._options import display_lang
from geo_citymgmt.errors import CRSError, MapError
from geo_citymgmt.figures import progress
from geo_citymgmt.figures._tables import zone_names
from geo_citymgmt.fonts import drawable, font_families
from geo_citymgmt.maps import _classes as colouring
from geo_citymgmt.maps._classes import ROUND, MapGate, class_scale, number_classes
from geo_citymgmt.maps._features import Drawing, layer_classes
from geo_citymgmt.maps._labels import drawn_column
from geo_citymgmt.maps._overlays import geometry_kind, located, to_degrees
from geo_citymgmt.maps._zone_maps import (
    check_unique,
    indicator_rows,
    zones_to_fill,
)
from geo_citymgmt.spec import LayerSpec

if TYPE_CHECKING:
    from geo_citymgmt.city import City

_MESSAGES = Messages("geo_citymgmt.maps")


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
    transformer = pyproj.Transformer.from_crs(plane.geodetic_crs, plane, always_xy=True)
    lon, lat = transformer.transform(x, y, direction="INVERSE")
    east, north = transformer.transform(lon, lat + 0.01)
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
) -> tuple[list[Name], int]:
    """Write names on areas, the smallest first; return them and how many had no room.

    A name whose place is taken moves within its area; one without any room is left out rather
    than written over another, or over a neighbour.
    """
    frame = axes.get_window_extent()
    legend = axes.get_legend()
    taken: list[Any] = [] if legend is None else [legend.get_window_extent()]
    kept: list[Name] = []
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


def _settle(text: Name, area: shapely.Geometry, taken: list[Any], frame: Any) -> bool:
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


_SHEET_WORDS = packaged_words("geo_citymgmt.maps", "sheet")
_STYLE = {
    # Text of data is no formula.
    "text.parse_math": False,
    "axes.unicode_minus": False,
    "svg.hashsalt": "geo_citymgmt",
    "svg.fonttype": "path",
    "pdf.fonttype": 42,
    "hatch.linewidth": 0.6,
}
# Nothing of the time or the program that wrote it: the same map gives the same bytes.
_METADATA: dict[str, dict[str, Any]] = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}
_MARGIN = 0.04


class StaticMap(Figure):
    """A sheet with one map; an ordinary matplotlib figure that saves to the same bytes each time.

    ``axes[0]`` is the map, in metres.
    """

    def save(
        self,
        path: str | Path,
        *,
        dpi: int = 200,
        format: Literal["png", "svg", "pdf"] | None = None,
    ) -> None:
        """Write the sheet as PNG, SVG or PDF, whole or not at all.

        Parameters
        ----------
        path : str or Path
            Its ending tells the format, unless `format` does.
        dpi : int
            Dots per inch of a PNG.
        format : {"png", "svg", "pdf"}, optional

        Raises
        ------
        MapError
            If the format is another, or the file cannot be written.
        """
        target = Path(path)
        kind = format or target.suffix.lstrip(".").lower()
        if kind not in _METADATA:
            raise MapError(_MESSAGES("static_map_written", target=target))
        content = self._bytes(kind, dpi)
        temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
        try:
            temporary.write_bytes(content)
            temporary.replace(target)
        except OSError as error:
            raise MapError(_MESSAGES("cannot_written_close", target=target)) from error
        finally:
            temporary.unlink(missing_ok=True)

    def _bytes(self, kind: str, dpi: int) -> bytes:
        out = BytesIO()
        with style():
            self.savefig(out, format=kind, dpi=dpi, metadata=_METADATA[kind])
        return out.getvalue()

    def _repr_png_(self) -> bytes:
        return self._bytes("png", 100)


def style() -> AbstractContextManager[None]:
    """Return the settings of matplotlib under which maps are drawn and written."""
    context: AbstractContextManager[None] = matplotlib.rc_context(
        {**_STYLE, "font.family": list(font_families())}
    )
    return context


def new_sheet(
    geometry: gpd.GeoSeries, size: tuple[float, float], ax: Axes | None = None
) -> tuple[Figure, Axes]:
    """Return an empty sheet whose map holds the geometry, with room for the scale bar.

    With ``ax`` these axes are made ready for it, and their figure is returned.

    Raises
    ------
    MapError
        ``ax`` is no matplotlib Axes, or one that is no plane.
    """
    if ax is not None:
        return _given_axes(geometry, ax)
    sheet = StaticMap(figsize=size)
    FigureCanvasAgg(sheet)
    axes = sheet.add_axes((0.03, 0.085, 0.73, 0.775))
    axes.set_aspect("equal", adjustable="datalim")
    x, y, width, height = _ground(geometry)
    box = axes.get_window_extent()
    ratio = box.width / box.height
    width, height = max(width, height * ratio), max(height, width / ratio)
    _frame(axes, x, y, width, height)
    return sheet, axes


def _given_axes(geometry: gpd.GeoSeries, ax: Axes) -> tuple[Figure, Axes]:
    if not isinstance(ax, Axes) or ax.name != "rectilinear":
        kind = type(ax).__name__
        raise _MESSAGES.error(MapError, "ax_not_plane", kind=kind)
    # The axes shrink to the map: their limits may be shared with others.
    ax.set_aspect("equal", adjustable="box")
    _frame(ax, *_ground(geometry))
    # Names and arrow are placed by what the axes take up in the end.
    ax.apply_aspect()
    figure = ax.get_figure(root=True)
    assert figure is not None, "axes of no figure"
    return figure, ax


def _ground(geometry: gpd.GeoSeries) -> tuple[float, float, float, float]:
    """Middle, width and height of what a map shows, with room for the scale bar below."""
    west, south, east, north = geometry.total_bounds
    width, height = max(east - west, 1.0), max(north - south, 1.0)
    south, height = south - 0.05 * height, height * 1.05
    return (west + east) / 2, (south + north) / 2, width, height


def _frame(axes: Axes, x: float, y: float, width: float, height: float) -> None:
    half = 0.5 + _MARGIN
    axes.set_xlim(x - half * width, x + half * width)
    axes.set_ylim(y - half * height, y + half * height)
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_edgecolor("#c4cad1")


def add_legend(sheet: Figure, axes: Axes, heading: str, handles: Sequence[Any]) -> None:
    """Draw the legend: in the right column of a sheet, in a corner of axes that were given."""
    if isinstance(sheet, StaticMap):
        add_column(sheet, heading, handles, top=0.855)
        return
    legend = axes.legend(
        handles=list(handles), title=plain(heading), loc="lower right", fontsize=7,
        title_fontsize=7.5, alignment="left", framealpha=0.85, edgecolor="none", borderpad=0.4,
        labelspacing=0.35, handlelength=1.5,
    )  # fmt: skip
    legend.get_title().set_color(INK)
    legend.set_zorder(10)


@dataclass(frozen=True)
class Sheet:
    """What stands around a map, how large the sheet is, or the axes of the caller's figure."""

    title: str | None
    caption: str | None
    as_of: Any
    source: str | None
    size: tuple[float, float]
    ax: Axes | None
    lang: Lang


def finish(figure: Figure, axes: Axes, crs: Any, sheet: Sheet, notes: Sequence[str]) -> None:
    """Write what stands around the map: title, date, source, scale and north."""
    words = _SHEET_WORDS[sheet.lang]
    dated = "" if sheet.as_of is None else words["date"].format(date=f"{sheet.as_of:%Y-%m-%d}")
    under = "    ".join(text for text in (sheet.caption or "", dated) if text)
    below = [*notes, *([words["source"].format(source=sheet.source)] if sheet.source else [])]
    # geopandas names the axes after the CRS.
    axes.set_xlabel("")
    axes.set_ylabel("")
    around = _around_sheet if isinstance(figure, StaticMap) else _around_axes
    around(figure, axes, plain(sheet.title), plain(under), plain("    ".join(below)))
    add_scale_bar(axes, sheet.lang)
    add_north_arrow(axes, crs, sheet.lang)


def _around_sheet(sheet: Figure, axes: Axes, title: str, under: str, below: str) -> None:
    sheet.text(0.03, 0.945, title, fontsize=17, color=INK, va="center")
    if under:
        sheet.text(0.03, 0.89, under, fontsize=10, color=SOFT, va="center")
    if below:
        sheet.text(0.03, 0.045, below, fontsize=8.5, color=SOFT, va="center")


def _around_axes(sheet: Figure, axes: Axes, title: str, under: str, below: str) -> None:
    # These texts are as old as the axes: font and rules of a map are not yet theirs.
    how: dict[str, Any] = {"family": list(font_families()), "parse_math": False}
    axes.set_title(title, loc="left", fontsize=11, color=INK, pad=16 if under else 6, **how)
    if under:
        axes.annotate(
            under, (0, 1), xytext=(0, 4), xycoords="axes fraction", textcoords="offset points",
            fontsize=8, color=SOFT, va="bottom",
        )  # fmt: skip
    # A label of the axes: the layout of a figure leaves room for it.
    axes.set_xlabel(below, loc="left", fontsize=7, color=SOFT, **how)


_WORDS = packaged_words("geo_citymgmt.maps", "print")


@refuses_by_name
@renamed_arguments(date="as_of")
def plot_zones(
    table: pd.DataFrame,
    zones: gpd.GeoDataFrame,
    column: str,
    *,
    label: str | None = None,
    unit: str | None = None,
    scheme: str | Sequence[float] = "fisherjenks",
    k: int = 5,
    title: str | None = None,
    caption: str | None = None,
    as_of: Any = None,
    source: str | None = None,
    notes: Sequence[str] = (),
    names: bool = True,
    size: tuple[float, float] = (10.0, 7.5),
    ax: Axes | None = None,
    lang: Lang | None = None,
) -> StaticMap | Figure:
    """Draw a figure by zone as a sheet for print.

    Parameters
    ----------
    table, zones, column, label, unit, scheme, k, title, caption, lang
        As for `zone_map`. Zones in degrees are drawn in a CRS chosen for where they lie.
    as_of : date, optional
        The day the figures are of, of a month, quarter or year its last; none is shown without.
    source : str, optional
        Where they come from.
    notes : sequence of str
        Further lines under the map.
    names : bool
        Whether zones bear their names and figures.
    size : (width, height)
        Of the sheet, in inches; not heeded with ``ax``.
    ax : matplotlib Axes, optional
        Where to draw, as one map of several in a figure of the caller's; no sheet is made then.
        Title and legend stand in the axes, notes and source under them.

    Returns
    -------
    StaticMap, or with ``ax`` its Figure
        A matplotlib figure; ``axes[0]`` of a StaticMap is the map.

    Raises
    ------
    MapError
        If the column is missing, not a number, or a zone stands twice in the table; if ``ax`` is
        no Axes.
    CRSError
        If the zones have no CRS, or one in which the scale bar would be wrong.

    See Also
    --------
    zone_map, plot_progress

    Examples
    --------
    >>> import geopandas as gpd, pandas as pd
    >>> from shapely import box
    >>> zones = gpd.GeoDataFrame(
    ...     {"name_zh": ["甲", "乙"]}, geometry=[box(120, 31, 121, 32), box(121, 31, 122, 32)],
    ...     index=["1", "2"], crs="EPSG:4326")
    >>> table = pd.DataFrame({"area": [12_000.0, 50_000.0]}, index=["1", "2"])
    >>> sheet = plot_zones(table, zones, "area", label="拆除面积", unit="m2", as_of="2022-06-30")
    >>> [text.get_text() for text in sheet.texts]
    ['拆除面积', '截至 2022-06-30']
    """
    sheet = Sheet(title, caption, as_of, source, size, ax, display_lang(lang))
    return _zone_sheet(
        table, zones, column, sheet, unit=unit, label=label, scheme=scheme, k=k, notes=notes,
        names=names,
    )  # fmt: skip


def _zone_sheet(
    table: pd.DataFrame,
    zones: gpd.GeoDataFrame,
    column: str,
    sheet: Sheet,
    *,
    label: str | None,
    unit: str | None,
    notes: Sequence[str],
    scheme: str | Sequence[float] = "fisherjenks",
    k: int = 5,
    names: bool = True,
    scale: Scale | None = None,
) -> StaticMap | Figure:
    """Draw a figure by zone; ``scale`` is how it is written elsewhere.

    What remains beside the sheet are the arguments of a choropleth, as in `plot_zones`.
    """
    gate = MapGate("plot_zones")
    zones = gate.areas(zones)
    table = gate.by_zone(table, zones)
    gate.column(table, column, "column")
    label, lang = str(label or column), sheet.lang
    sheet = replace(sheet, title=sheet.title or label, as_of=_day(sheet.as_of, "plot_zones"))
    check_unique(table)
    gate.classes(scheme, k)
    if not located(zones.geometry).any():
        raise gate.refuse(*_MESSAGES.pair("none_zones_shape"))
    words = _WORDS[lang]
    areas = _metric(zones[located(zones.geometry)], "plot_zones")
    values = pd.Series(gate.numbers(table, column, "column"), index=table.index)
    placed = values.reindex(areas.index)
    scale = scale or class_scale(placed, scheme, unit, lang)
    classes = number_classes(placed, scheme=scheme, k=k, unit=unit, lang=lang, scale=scale)
    sign = scale.unit if scale.unit == "%" else ""
    texts = ["" if pd.isna(v) else f"{scale.text(v)}{sign}" for v in placed]
    handles = [
        swatch(text, color)
        for text, color in zip(reversed(classes.labels), reversed(classes.colors), strict=True)
    ]
    if placed.isna().any():
        handles.append(swatch(words["no_data"], None))
    with style():
        figure, axes = new_sheet(areas.geometry, sheet.size, sheet.ax)
        for i, color in enumerate(classes.colors):
            _fill(axes, areas.geometry[classes.index == i], facecolor=color, edgecolor="#ffffff")
        _fill(axes, areas.geometry[classes.index < 0], **hatched())
        heading = label + (words["unit_gap"].format(unit=classes.unit) if classes.unit else "")
        add_legend(figure, axes, heading, handles)
        unnamed = _add_names(axes, areas, texts, lang) if names else []
        finish(figure, axes, areas.crs, sheet, [*notes, *unnamed])
    return figure


def _day(as_of: Any, function: str) -> pd.Timestamp | None:
    return None if as_of is None else read_day(as_of, "as_of", function=function)


@refuses_by_name
@renamed_arguments(date="as_of")
def plot_layer(
    frame: gpd.GeoDataFrame,
    layer: str | LayerSpec,
    *,
    color_by: str | Literal[False] | None = None,
    zones: gpd.GeoDataFrame | None = None,
    scheme: str | Sequence[float] = "fisherjenks",
    k: int = 5,
    title: str | None = None,
    caption: str | None = None,
    as_of: Any = None,
    source: str | None = None,
    names: bool = True,
    size: tuple[float, float] = (10.0, 7.5),
    ax: Axes | None = None,
    lang: Lang | None = None,
) -> StaticMap | Figure:
    """Draw the features of a layer as a sheet for print.

    Parameters
    ----------
    frame, layer, color_by, zones, scheme, k, title, caption, lang
        As for `layer_map`. Frames in degrees are drawn in a CRS chosen for where they lie.
    as_of, source, names, size, ax
        As for `plot_zones`.

    Returns
    -------
    StaticMap, or with ``ax`` its Figure

    Raises
    ------
    MapError
        If a named column is missing.
    CRSError
        If a frame has no CRS, or one in which the scale bar would be wrong.

    See Also
    --------
    layer_map, plot_zones
    """
    lang = display_lang(lang)
    day = _day(as_of, "plot_layer")
    gate, words = MapGate("plot_layer"), _WORDS[lang]
    frame, spec = gate.layer(frame, layer, color_by=color_by, scheme=scheme, k=k)
    zones = None if zones is None else gate.areas(zones)
    zones = None if zones is None else zones[located(zones.geometry)]
    placed = located(frame.geometry)
    shown = _metric(frame.loc[placed], "plot_layer") if placed.any() else frame.loc[placed]
    classes, heading = layer_classes(shown, spec, Drawing(color_by, None, scheme, k), lang)
    classes = colouring.with_rest(classes, lang=lang)
    lines = [words["unlocated"].format(n=f"{int((~placed).sum()):,}")] if not placed.all() else []
    areas = None if zones is None else _metric(zones, "plot_layer")
    if areas is not None and len(shown):
        shown = shown.to_crs(areas.crs)
    ground = shown if areas is None else areas
    if not len(ground):
        raise MapError(_MESSAGES("no_feature_place", spec=spec))
    with style():
        figure, axes = new_sheet(ground.geometry, size, ax)
        if areas is not None:
            _fill(axes, areas.geometry, facecolor="#f6f7f9", edgecolor="#8796a6")
        counts = np.bincount(classes.index, minlength=len(classes.labels))
        # The commonest is drawn first, so that the rare ones are seen.
        for i in np.argsort(-counts, kind="stable"):
            _draw(axes, shown.geometry[classes.index == i], classes.colors[i], len(shown))
        kind = geometry_kind(shown.geometry)
        handles = [
            _key(kind, f"{text}  {count:,}", color)
            for text, color, count in zip(classes.labels, classes.colors, counts, strict=True)
        ]
        unit = words["unit_gap"].format(unit=classes.unit) if classes.unit else ""
        add_legend(figure, axes, (heading or spec.name(lang)) + unit, handles)
        if areas is not None and names:
            lines += _add_names(axes, areas, [""] * len(areas), lang)
        sheet = Sheet(title or spec.name(lang), caption, day, source, size, ax, lang)
        finish(figure, axes, ground.crs, sheet, lines)
    return figure


@refuses_by_name
def plot_progress(
    city: City,
    indicator: str,
    *,
    as_of: Any = None,
    table: pd.DataFrame | None = None,
    column: Literal["value", "attainment"] | None = None,
    level: str = "district",
    title: str | None = None,
    caption: str | None = None,
    source: str | None = None,
    size: tuple[float, float] = (10.0, 7.5),
    ax: Axes | None = None,
    lang: Lang | None = None,
) -> StaticMap | Figure:
    """Draw a figure of progress by zone as a sheet for print.

    Parameters
    ----------
    city, indicator, as_of, table, column, level, title, caption, lang
        As for `progress_map`.
    source, size, ax
        As for `plot_zones`.

    Returns
    -------
    StaticMap, or with ``ax`` its Figure

    Raises
    ------
    MapError
        If the figure is not in the table; the known ones are named.

    See Also
    --------
    progress_map, plot_zones
    """
    lang = display_lang(lang)
    if table is None:
        table = progress(city, as_of=day_of(city, as_of, Gate("plot_progress")), level=level)
    zones = zones_to_fill(city, level)
    rows, words = indicator_rows(table, indicator, level), _WORDS[lang]
    filled, unit, name = drawn_column(rows, column, lang)
    notes = []
    figure = table.loc[table["indicator"].eq(indicator)]
    scale = figure_scales(figure, lang)[indicator]
    total = figure.loc[figure["level"].eq("city"), "value"]
    if len(total) and pd.notna(total.iloc[0]):
        amount = amount_text(total.iloc[0], scale)
        notes.append(words["city"].format(name=name, amount=amount))
    day = rows["as_of"].iloc[0]
    values = pd.DataFrame({filled: pd.to_numeric(rows[filled], errors="coerce").astype("float64")})
    label, heading = name, name
    if filled == "attainment":
        label = words["attainment"].capitalize()
        heading = f"{name}{'·' if lang == 'zh' else ': '}{words['attainment']}"
    return _zone_sheet(
        values,
        zones,
        filled,
        Sheet(title or heading, caption, None if pd.isna(day) else day, source, size, ax, lang),
        unit=unit,
        label=label,
        notes=notes,
        scheme=ROUND,
        scale=scale if filled == "value" else None,
    )


def _metric(frame: gpd.GeoDataFrame, function: str) -> gpd.GeoDataFrame:
    """Return a frame in metres, in which a scale bar is true."""
    if frame.crs is not None and frame.crs.is_projected:
        try:
            require_metric(frame, function)
        except CRSError:
            # Web Mercator and the like: drawn anew where the data itself lies.
            pass
        else:
            return frame
    if frame.crs is not None and len(frame):
        west, south, east, north = to_degrees(frame).total_bounds
        lon, lat = [west, east, west, east], [south, south, north, north]
        frame = frame.to_crs(choose_metric_crs(lon, lat).crs)
    require_metric(frame, function)
    return frame


def _add_names(axes: Axes, areas: gpd.GeoDataFrame, texts: Sequence[str], lang: Lang) -> list[str]:
    """Write the zones' names and figures; return the note on those for which there is no room."""
    _, left_out = add_names(axes, areas.geometry, list(zone_names(areas, lang)), texts)
    return [_WORDS[lang]["unnamed"].format(n=left_out)] if left_out else []


def _fill(axes: Axes, geometry: gpd.GeoSeries, **how: Any) -> None:
    if len(geometry):
        geometry.plot(ax=axes, aspect=None, **{"linewidth": 0.8, **how})


def _draw(axes: Axes, geometry: gpd.GeoSeries, color: str, count: int) -> None:
    """Draw features of one class; small areas keep an edge that shows where they are."""
    if not len(geometry):
        return
    dimension = shapely.get_dimensions(geometry.to_numpy())
    # Marks shrink where there are many, from 4 mm² to a third.
    mark = float(np.clip(30 - 6 * np.log10(max(count, 1)), 3, 24))
    for level, how in (
        (2, {"facecolor": color, "edgecolor": color, "linewidth": 1.4}),
        (1, {"color": color, "linewidth": 1.6}),
        (0, {"color": color, "markersize": mark, "linewidth": 0.3, "edgecolor": "#ffffff"}),
    ):
        some = geometry[dimension == level]
        if len(some):
            some.plot(ax=axes, aspect=None, zorder=3 + (2 - level), **how)


def _key(kind: str, label: str, color: str) -> Any:
    if kind == "areas":
        return swatch(label, color)
    how: dict[str, Any] = (
        {"linewidth": 2.4} if kind == "lines" else {"marker": "o", "linestyle": "", "markersize": 6}
    )
    return Line2D([], [], color=color, label=plain(label), **how)
