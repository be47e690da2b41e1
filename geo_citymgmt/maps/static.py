"""Maps for print: one sheet with scale bar, north arrow, legend, date and source.

The functions answer to the names and arguments of the interactive maps: `plot_zones` to `zone_map`,
`plot_layer` to `layer_map`, `plot_progress` to `progress_map`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from geo_citymgmt._dates import read_day
from geo_citymgmt._deprecated import renamed_arguments
from geo_citymgmt._gate import Gate, refuses_by_name
from geo_citymgmt._options import display_lang
from geo_citymgmt.errors import CRSError, MapError
from geo_citymgmt.formats import Scale, figure_scales
from geo_citymgmt.maps import classes as colouring
from geo_citymgmt.maps import static_parts as parts
from geo_citymgmt.maps.asked import MapGate
from geo_citymgmt.maps.choropleth import check_table
from geo_citymgmt.maps.citymap import Lang
from geo_citymgmt.maps.classes import class_scale, number_classes
from geo_citymgmt.maps.features import Drawing, layer_classes, zone_name
from geo_citymgmt.maps.figure_maps import indicator_rows, zones_to_fill
from geo_citymgmt.maps.figures import amount_text
from geo_citymgmt.maps.geometry import located, to_degrees
from geo_citymgmt.maps.static_sheet import StaticMap, add_legend, finish, new_sheet, style
from geo_citymgmt.metric import choose_metric_crs, require_metric
from geo_citymgmt.spec import LayerSpec
from geo_citymgmt.words import Text

if TYPE_CHECKING:
    from geo_citymgmt.city import City

__all__ = ["StaticMap", "plot_layer", "plot_progress", "plot_zones"]

_WORDS = {
    "zh": {
        "no_data": "无数据",
        "unlocated": "另有 {n} 条记录未落图",
        "unnamed": "图幅所限，{n} 个分区未注名称",
        "attainment": "完成率",
        "city": "{name}：全市 {amount}",
        "unit_gap": "（{unit}）",
    },
    "en": {
        "no_data": "No data",
        "unlocated": "{n} more records have no place",
        "unnamed": "{n} zones are not named for want of room",
        "attainment": "attainment",
        "city": "{name}: {amount} in the whole city",
        "unit_gap": " ({unit})",
    },
}


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
    return _zone_sheet(
        table, zones, column, label=label, unit=unit, scheme=scheme, k=k, title=title,
        caption=caption, as_of=as_of, source=source, notes=notes, names=names, size=size, ax=ax,
        lang=display_lang(lang),
    )  # fmt: skip


def _zone_sheet(
    table: pd.DataFrame,
    zones: gpd.GeoDataFrame,
    column: str,
    *,
    label: str | None,
    unit: str | None,
    scheme: str | Sequence[float] = "fisherjenks",
    k: int = 5,
    title: str | None,
    caption: str | None,
    as_of: Any,
    source: str | None,
    notes: Sequence[str],
    names: bool = True,
    size: tuple[float, float],
    ax: Axes | None,
    lang: Lang,
    scale: Scale | None = None,
) -> StaticMap | Figure:
    """Draw a figure by zone; ``scale`` is how it is written elsewhere."""
    gate = MapGate("plot_zones")
    zones = gate.areas(zones)
    table = gate.by_zone(table, zones)
    gate.column(table, column, "column")
    day = None if as_of is None else read_day(as_of, "as_of", function="plot_zones")
    check_table(table, [column])
    gate.classes(scheme, k)
    words, label = _WORDS[lang], str(label or column)
    if not located(zones.geometry).any():
        raise gate.refuse(
            Text("zones 没有一个有边界。", "none of the zones has a shape."),
            Text("请补上边界。", "Give their outlines."),
        )
    areas = _metric(zones[located(zones.geometry)], "plot_zones")
    figure = pd.Series(gate.numbers(table, column, "column"), index=table.index)
    placed = figure.reindex(areas.index)
    scale = scale or class_scale(placed, scheme, unit, lang)
    classes = number_classes(placed, scheme=scheme, k=k, lang=lang, scale=scale)
    sign = scale.unit if scale.unit == "%" else ""
    texts = ["" if pd.isna(v) else f"{scale.text(v)}{sign}" for v in placed]
    handles = [
        parts.swatch(text, color)
        for text, color in zip(reversed(classes.labels), reversed(classes.colors), strict=True)
    ]
    if placed.isna().any():
        handles.append(parts.swatch(words["no_data"], None))
    with style():
        sheet, axes = new_sheet(areas.geometry, size, ax)
        for i, color in enumerate(classes.colors):
            _fill(axes, areas.geometry[classes.index == i], facecolor=color, edgecolor="#ffffff")
        _fill(axes, areas.geometry[classes.index < 0], **parts.hatched())
        heading = label + (words["unit_gap"].format(unit=classes.unit) if classes.unit else "")
        add_legend(sheet, axes, heading, handles)
        lines = list(notes)
        if names:
            lines += _add_names(axes, areas, texts, lang)
        finish(sheet, axes, areas.crs, title or label, caption, day, source, lines, lang)
    return sheet


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
    day = None if as_of is None else read_day(as_of, "as_of", function="plot_layer")
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
        raise MapError(
            Text(
                f"{spec.name_zh} 没有已落图的要素；请给出 zones 以绘制空图。",
                f"no feature of {spec.key} has a place; give zones to draw the sheet without any.",
            ),
        )
    with style():
        sheet, axes = new_sheet(ground.geometry, size, ax)
        if areas is not None:
            _fill(axes, areas.geometry, facecolor="#f6f7f9", edgecolor="#8796a6")
        counts = np.bincount(classes.index, minlength=len(classes.labels))
        # The commonest is drawn first, so that the rare ones are seen.
        for i in np.argsort(-counts, kind="stable"):
            _draw(axes, shown.geometry[classes.index == i], classes.colors[i], len(shown))
        kind = _kind(shown.geometry)
        handles = [
            _key(kind, f"{text}  {count:,}", color)
            for text, color, count in zip(classes.labels, classes.colors, counts, strict=True)
        ]
        unit = words["unit_gap"].format(unit=classes.unit) if classes.unit else ""
        add_legend(sheet, axes, (heading or spec.name(lang)) + unit, handles)
        if areas is not None and names:
            lines += _add_names(axes, areas, [""] * len(areas), lang)
        finish(sheet, axes, ground.crs, title or spec.name(lang), caption, day, source, lines, lang)
    return sheet


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
        from geo_citymgmt.facts.as_of import day_of
        from geo_citymgmt.progress import progress

        table = progress(city, as_of=day_of(city, as_of, Gate("plot_progress")), level=level)
    zones = zones_to_fill(city, level)
    rows, words = indicator_rows(table, indicator, level), _WORDS[lang]
    if column is None:
        column = "attainment" if rows["attainment"].notna().any() else "value"
    unit = "ratio" if column == "attainment" else str(rows["unit"].iloc[0])
    name = str(rows["name_zh" if lang == "zh" else "name_en"].iloc[0])
    between = "·" if lang == "zh" else ": "
    notes = []
    figure = table.loc[table["indicator"].eq(indicator)]
    scale = figure_scales(figure, lang)[indicator]
    whole = figure.loc[figure["level"].eq("city"), "value"]
    if len(whole) and pd.notna(whole.iloc[0]):
        amount = amount_text(whole.iloc[0], scale)
        notes.append(words["city"].format(name=name, amount=amount))
    day = rows["as_of"].iloc[0]
    values = pd.DataFrame({column: pd.to_numeric(rows[column], errors="coerce").astype("float64")})
    return _zone_sheet(
        values,
        zones,
        column,
        label=words["attainment"].capitalize() if column == "attainment" else name,
        unit=unit,
        title=title
        or (f"{name}{between}{words['attainment']}" if column == "attainment" else name),
        caption=caption,
        as_of=None if pd.isna(day) else day,
        source=source,
        notes=notes,
        size=size,
        ax=ax,
        lang=lang,
        scale=scale if column == "value" else None,
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
    _, left_out = parts.add_names(axes, areas.geometry, list(zone_name(areas, lang)), texts)
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


def _kind(geometry: gpd.GeoSeries) -> str:
    dimension = (
        set(np.unique(shapely.get_dimensions(geometry.to_numpy()))) if len(geometry) else {0}
    )
    return "areas" if 2 in dimension else "lines" if 1 in dimension else "points"


def _key(kind: str, label: str, color: str) -> Any:
    if kind == "areas":
        return parts.swatch(label, color)
    how: dict[str, Any] = (
        {"linewidth": 2.4} if kind == "lines" else {"marker": "o", "linestyle": "", "markersize": 6}
    )
    return Line2D([], [], color=color, label=parts.plain(label), **how)
