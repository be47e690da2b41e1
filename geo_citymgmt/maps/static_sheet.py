"""The sheet of a printed map: how it is drawn, framed and written."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from contextlib import AbstractContextManager
from io import BytesIO
from pathlib import Path
from typing import Any, Literal

import geopandas as gpd
import matplotlib
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from geo_citymgmt.errors import MapError
from geo_citymgmt.fonts import font_families
from geo_citymgmt.maps.citymap import Lang
from geo_citymgmt.maps.static_parts import (
    INK,
    SOFT,
    add_column,
    add_north_arrow,
    add_scale_bar,
    plain,
)
from geo_citymgmt.maps.words import words_of
from geo_citymgmt.words import Text

_WORDS = words_of("sheet")
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
            raise MapError(
                Text(
                    f"{target.name}：静态地图可保存为 .png、.svg 或 .pdf",
                    f"{target.name}: a static map is written as .png, .svg or .pdf",
                ),
            )
        content = self._bytes(kind, dpi)
        temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
        try:
            temporary.write_bytes(content)
            temporary.replace(target)
        except OSError as error:
            raise MapError(
                Text(
                    f"无法写入 {target}：请在其他程序中关闭该文件，或另选文件夹",
                    f"{target} cannot be written; close it in other programs or choose another "
                    "folder",
                ),
            ) from error
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
        raise MapError(
            Text(
                f"ax 是 {kind}，不是 matplotlib 的平面坐标轴（Axes）。",
                f"ax is a {kind}, not a plane matplotlib Axes.",
            ),
            remedy=Text(
                "请给出 plt.subplots() 返回的一个坐标轴。",
                "Give one of those plt.subplots() returns.",
            ),
        )
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


def finish(
    sheet: Figure,
    axes: Axes,
    crs: Any,
    title: str,
    caption: str | None,
    date: pd.Timestamp | None,
    source: str | None,
    notes: Sequence[str],
    lang: Lang,
) -> None:
    """Write what stands around the map: title, date, source, scale and north."""
    words = _WORDS[lang]
    dated = "" if date is None else words["date"].format(date=f"{date:%Y-%m-%d}")
    under = "    ".join(text for text in (caption or "", dated) if text)
    below = [*notes, *([words["source"].format(source=source)] if source else [])]
    # geopandas names the axes after the CRS.
    axes.set_xlabel("")
    axes.set_ylabel("")
    around = _around_sheet if isinstance(sheet, StaticMap) else _around_axes
    around(sheet, axes, plain(title), plain(under), plain("    ".join(below)))
    add_scale_bar(axes, lang)
    add_north_arrow(axes, crs, lang)


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
