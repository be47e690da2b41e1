"""Maps of the library's own figures: progress against targets, and coverage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geo_citymgmt._arguments import check_city
from geo_citymgmt._gate import METRES, Gate, refuses_by_name
from geo_citymgmt._options import display_lang
from geo_citymgmt.errors import MapError
from geo_citymgmt.formats import Scale, figure_scales, percent
from geo_citymgmt.maps.asked import MapGate
from geo_citymgmt.maps.basemaps import BasemapLike
from geo_citymgmt.maps.choropleth import add_choropleth
from geo_citymgmt.maps.citymap import CityMap, Lang
from geo_citymgmt.maps.elements import Legend, Overlay, Zones
from geo_citymgmt.maps.features import Drawing, add_layer
from geo_citymgmt.maps.figures import amount_text, number_text
from geo_citymgmt.maps.geometry import located, to_degrees
from geo_citymgmt.maps.overlays import MOST_GEOJSON
from geo_citymgmt.maps.panel import Panel, Slider, dates_of, panel_figures, row_kind
from geo_citymgmt.maps.terms import term_lines, total_name, total_text
from geo_citymgmt.spec import LayerSpec
from geo_citymgmt.words import DISTRICT, NOTHING, Text

if TYPE_CHECKING:
    from geo_citymgmt.city import City

_MARK_PX = 8
# A number does not part from its unit at the end of a line: U+00A0 between them.
_WORDS = {
    "zh": {
        "attainment": "完成率",
        "outside": "{name}：另有 {amount} 位于各分区之外，计入全市",
        "unlocated": "{name}：另有 {amount} 未落图，计入全市",
        "same": "各期采用同一分级",
        "as_of": "截至 {date}",
        "coverage": "覆盖率",
        "area": "面积",
        "covered": "已覆盖面积",
        "covered_area": "覆盖范围",
        "radius": "{layer} {radius}\u00a0米覆盖率",
        "features": "设施点",
        "exact": "按直线距离 {radius}\u00a0米计",
    },
    "en": {
        "attainment": "Attainment",
        "outside": "{name}: {amount} more lie outside the zones and count for the city",
        "unlocated": "{name}: {amount} more have no place yet and count for the city",
        "same": "All dates share these classes",
        "as_of": "As of {date}",
        "coverage": "Coverage",
        "area": "Area",
        "covered": "Area covered",
        "covered_area": "Area covered",
        "radius": "{layer}: coverage within {radius}\u00a0m",
        "features": "Facilities",
        "exact": "Straight-line distance, {radius}\u00a0m",
    },
}


@refuses_by_name
def progress_map(
    city: City,
    indicator: str,
    *,
    as_of: Any = None,
    table: pd.DataFrame | None = None,
    series: pd.DataFrame | None = None,
    column: str | None = None,
    level: str = "district",
    panel: bool | Sequence[str] = True,
    title: str | None = None,
    caption: str | None = None,
    lang: Lang | None = None,
    online: bool = False,
    basemap: BasemapLike = None,
) -> CityMap:
    """Fill the zones by a figure of progress, with a panel of the indicators of each zone.

    A click on a zone goes there and shows its indicators: value, target and state, the terms of
    the figure, and with `series` a chart over the dates.

    Parameters
    ----------
    city : City
        Its zones are drawn; its figures are computed unless `table` holds them.
    indicator : str
        Key of the figure, as in the column ``indicator`` of `progress`.
    as_of : date-like, optional
        The day up to which is counted, inclusive; by default the data's own date.
    table : DataFrame, optional
        What `progress` gave, to save computing it again.
    series : DataFrame, optional
        What `progress_series` gave, in place of `table`: the page gets a slider over its dates,
        which share their classes. The last date is shown first.
    column : {"value", "attainment"}, optional
        What fills the zones; attainment where any zone may be compared with its target.
    level : {"district", "street"}
        Which zones are drawn.
    panel : bool or sequence of str
        Whether the page has a panel beside the map, or the indicators in it: by default the one
        drawn, those of its layer, and others with a target. Without it a click opens a popup.
    title, caption, lang, online, basemap
        See `zone_map`.

    Returns
    -------
    CityMap

    Raises
    ------
    MapError
        If the figure is not in the table; the known ones are named.
    CityDataError
        If there are no words in `lang`.

    See Also
    --------
    progress, progress_series, plot_progress, zone_map

    Examples
    --------
    >>> import geo_citymgmt as gcm
    >>> city = gcm.sample_city()
    >>> months = gcm.progress_series(city, start="2022-05-31", end="2022-06-30")
    >>> progress_map(city, "manhole_remediated", series=months).caption
    '截至 2022-06-30'
    """
    lang = display_lang(lang)
    check_city(MapGate("progress_map"), city)
    if series is not None:
        table = series
    if table is None:
        from geo_citymgmt.facts.as_of import day_of
        from geo_citymgmt.progress import progress

        table = progress(city, as_of=day_of(city, as_of, Gate("progress_map")), level=level)
    zones = zones_to_fill(city, level)
    try:
        rows = indicator_rows(table, indicator, level)
    except MapError:
        # A table has no rows of a layer that is not there, and so could not say why.
        _require_layer(city, indicator)
        raise
    name = str(rows["name_zh" if lang == "zh" else "name_en"].iloc[0])
    captions = [_WORDS[lang]["as_of"].format(date=day) for day in dates_of(table)]
    last = captions[-1] if captions else None
    city_map = CityMap(
        title=title or name, caption=caption or last, lang=lang, online=online, basemap=basemap,
        zone_unit=city.unit,
    )  # fmt: skip
    add_notice(city_map, city)
    layer = add_indicator(city_map, table, indicator, zones, level=level, column=column)
    if panel is not False:
        add_panel(city_map, city, table, indicator, layer, level=level, panel=panel)
    if len(captions) > 1:
        shown = [] if caption else captions
        city_map.add_child(Slider(dates_of(table), shown, layer=layer), name="slider")
    return city_map


def add_panel(
    city_map: CityMap,
    city: City,
    table: pd.DataFrame,
    indicator: str | None,
    layer: Zones | None,
    *,
    level: str = "district",
    panel: bool | Sequence[str] = True,
) -> None:
    """Add the panel of indicators beside a map; a click on a zone of `layer` chooses it.

    Without zones the panel has the figures of the whole city.
    """
    lang = city_map.lang
    figures = panel_figures(
        table, indicator, level=level, chosen=None if isinstance(panel, bool) else panel
    )
    whole = getattr(city, f"name_{lang}", None) or total_name(lang)
    zones = [] if layer is None else layer.zones
    names = {"": whole} | {str(zone["code"]): str(zone["name"]) for zone in zones}
    beside = Panel(
        table, figures, names, layer=layer, level=level, lang=lang, zone_unit=city_map.zone_unit
    )
    city_map.add_child(beside, name="panel")


def zones_to_fill(city: City, level: str) -> gpd.GeoDataFrame:
    """Return the zones of a level that a figure is shown by.

    Raises
    ------
    MapError
        If the city has no districts.
    """
    if city.has_zones:
        return city.zones if level == "district" else city.zones_at(level)
    raise MapError(
        Text("来源中没有{unit}图层，指标不能分{unit}显示。",
             "the source has no layer of {unit} outlines: there is nothing to show a figure by.",
        ).format(unit=city.unit),
        remedy=Text("请补充{unit}图层；city 和各图层的地图不需要它。",
                    "Add a layer of {unit} outlines; maps of the city and of layers need none.",
        ).format(unit=city.unit),
    )  # fmt: skip


def add_notice(city_map: CityMap, city: City) -> None:
    """Say under the heading what a city has every map of it say."""
    notice = getattr(city, "notice", NOTHING)
    if notice.zh:
        city_map.add_note(notice.of(city_map.lang))


def _require_layer(city: City, indicator: str) -> None:
    """Refuse a figure of a layer that the city does not have: no table has rows of it."""
    figure = city.figures.figures.get(indicator) if hasattr(city, "figures") else None
    if figure is None or not figure.components or figure.layer in city:
        return
    spec = city.specs.get(figure.layer)
    raise MapError(
        Text(
            f"来源中没有图层“{spec.name_zh if spec else figure.layer}”，不能显示“{figure.zh}”。",
            f"the source has no layer {figure.layer}, of which {figure.en!r} is a figure.",
        ),
        remedy=Text(
            "请放入该图层，或选用已有图层的指标。",
            "Add the layer, or choose a figure of a layer that is there.",
        ),
    )


def indicator_rows(table: pd.DataFrame, indicator: str, level: str = "district") -> pd.DataFrame:
    """Return the rows of a figure for the zones of a level, indexed by zone code."""
    at_level = table.loc[table["level"].eq(level) & row_kind(table).eq("zone")]
    chosen = at_level.loc[at_level["indicator"].eq(indicator)]
    if chosen.empty:
        known = at_level["indicator"].unique()
        raise MapError(
            Text(
                f"没有 {level} 级指标 {indicator!r}；可用：{'、'.join(known)}",
                f"no figure {indicator!r} at the level {level}; known: {', '.join(known)}",
            ),
        )
    return chosen.set_index(chosen["zone_code"].astype(str))


def add_indicator(
    city_map: CityMap,
    table: pd.DataFrame,
    indicator: str,
    zones: gpd.GeoDataFrame,
    *,
    level: str = "district",
    column: str | None = None,
) -> Zones:
    """Add a figure of progress to a map as filled zones.

    What the whole city reached stands in the legend; what lies outside the zones, or has no place
    yet, in a note: with the zones they make the whole. A table of several dates makes a layer
    with a frame for each.
    """
    lang, words = city_map.lang, _WORDS[city_map.lang]
    rows = indicator_rows(table, indicator, level)
    if column is None:
        column = "attainment" if rows["attainment"].notna().any() else "value"
    unit = "ratio" if column == "attainment" else str(rows["unit"].iloc[0])
    name = str(rows["name_zh" if lang == "zh" else "name_en"].iloc[0])
    between = ": " if lang == "en" else "·"
    label = name if column == "value" else f"{name}{between}{words['attainment']}"
    figure = table.loc[table["indicator"].eq(indicator)]
    dates = dates_of(table)
    day = pd.to_datetime(figure["as_of"]).dt.strftime("%Y-%m-%d")
    blocks = [figure.loc[day.eq(date)] for date in dates] if len(dates) > 1 else [figure]
    scale = figure_scales(figure, lang)[indicator]
    totals = [_block_total(block, scale) for block in blocks]
    beside = [_beside(block, level, name, scale) for block in blocks]
    if len(blocks) > 1:
        dated = pd.to_datetime(rows["as_of"]).dt.strftime("%Y-%m-%d")
        number = pd.to_numeric(rows[column], errors="coerce").astype("float64")
        columns = [number.loc[dated.eq(date).to_numpy()] for date in dates]
        values: Any = pd.concat(columns, axis=1, keys=dates)
        rows = rows.loc[dated.eq(dates[-1]).to_numpy()]
        # What lies beside the zones changes with the date: it stands in the legend.
        notes = [
            "\n".join([total, *more, words["same"]]).strip()
            for total, more in zip(totals, beside, strict=True)
        ]
    else:
        values = pd.to_numeric(rows[column], errors="coerce").astype("float64")
        notes = None
    lines = {str(code): term_lines(row, scale) for code, row in rows.iterrows()}
    layer = add_choropleth(
        city_map, values, zones, label=label, unit=unit, rows=lines, note=totals[-1], notes=notes,
        scale=scale if column == "value" else None,
    )  # fmt: skip
    if notes is None:
        for line in beside[-1]:
            city_map.add_note(line)
    return layer


def _block_total(block: pd.DataFrame, scale: Scale) -> str:
    total = block.loc[block["level"].eq("city")]
    return "" if total.empty else total_text(total.iloc[0], scale)


def _beside(block: pd.DataFrame, level: str, name: str, scale: Scale) -> list[str]:
    """Return in words what counts for the city and for no zone."""
    rows = block.loc[
        row_kind(block).isin(["outside", "unlocated"])
        & block["level"].isin([level, "city"])
        & block["value"].notna()
        & block["value"].ne(0)
    ]
    return [
        _WORDS[scale.lang][row["row_kind"]].format(
            name=name, amount=amount_text(row["value"], scale)
        )
        for _, row in rows.iterrows()
    ]


@refuses_by_name
def coverage_map(
    features: gpd.GeoDataFrame,
    zones: gpd.GeoDataFrame,
    *,
    radius_m: float,
    layer: str | LayerSpec | None = None,
    table: pd.DataFrame | None = None,
    title: str | None = None,
    caption: str | None = None,
    zone_unit: Text = DISTRICT,
    lang: Lang | None = None,
    online: bool = False,
    basemap: BasemapLike = None,
) -> CityMap:
    """Show which part of each zone lies within a distance of a facility.

    Zones are filled by their share covered; the covered ground and the facilities lie over them.

    Parameters
    ----------
    features : GeoDataFrame
        Facilities, in a projected CRS in metres (see `coverage`). ``city[key]`` holds the records
        of every state: ``city["bike_stations"].query("status == 'operating'")`` are those that
        serve.
    zones : GeoDataFrame
        Indexed by zone code, in the same CRS.
    radius_m : float
        Distance, in metres, as the crow flies.
    layer : str or LayerSpec, optional
        What the features are: gives the title its name, and them names, popups and colours.
    table : DataFrame, optional
        What `coverage` gave, to save computing it again.
    zone_unit : Text
        What a zone is called: ``city.unit``.
    title, caption, lang, online, basemap
        See `zone_map`.

    Returns
    -------
    CityMap

    Raises
    ------
    CRSError
        If the CRS is missing or unfit for measuring.

    See Also
    --------
    coverage, coverage_area, coverage_gaps
    """
    lang = display_lang(lang)
    # Imported here: a progress map needs nothing of it.
    from geo_citymgmt.coverage.shares import coverage_shapes, coverage_table

    words, gate = _WORDS[lang], MapGate("coverage_map")
    spec = None if layer is None else gate.spec(layer)
    radius_m = gate.positive(radius_m, "radius_m", METRES)
    marks, areas = gate.drawn(features, "features"), gate.areas(zones)
    if table is None:
        table = coverage_table(gate, features, zones, radius_m)
    table = gate.by_zone(table, areas)
    name = spec.name(lang) if spec else words["features"]
    radius = f"{radius_m:,g}"
    heading = title or words["radius"].format(layer=name, radius=radius)
    city_map = CityMap(
        title=heading,
        caption=caption or words["exact"].format(radius=radius),
        lang=lang,
        online=online,
        basemap=basemap,
        zone_unit=zone_unit,
    )
    rows = {
        code: [
            (words["coverage"], percent(row["coverage"])),
            (words["covered"], number_text(row["covered_m2"] / 1e6, "km2", lang)),
            (words["area"], number_text(row["area_m2"] / 1e6, "km2", lang)),
        ]
        for code, row in table.iterrows()
    }
    add_choropleth(
        city_map, table["coverage"], areas, label=words["coverage"], unit="ratio", rows=rows
    )
    _add_ground(city_map, coverage_shapes(gate, features, zones, radius_m), radius_m)
    if spec is None:
        _add_points(city_map, marks, name)
    else:
        # Marks wider than the ground they cover would hide it: they wait to be switched on.
        west, south, east, north = zones.total_bounds
        reach_px = radius_m / max(east - west, north - south) * 700
        show = reach_px >= _MARK_PX and len(marks) <= MOST_GEOJSON
        add_layer(city_map, marks, spec, Drawing(color_by=False, show=show), zones=areas)
    city_map.layer_switch = True
    return city_map


def _add_ground(city_map: CityMap, ground: gpd.GeoDataFrame, radius_m: float) -> None:
    """Add the covered ground; arcs are drawn with no more corners than a screen shows."""
    name = _WORDS[city_map.lang]["covered_area"]
    shapes = ground.geometry.simplify(radius_m / 60)
    shapes = shapes[located(shapes)]
    color = "#e69f00"
    overlay = Overlay(
        to_degrees(shapes),
        np.zeros(len(shapes), dtype=np.int64),
        [name],
        [color],
        [],
        name=name,
        counted=False,
    )
    city_map.add_child(overlay)
    city_map.add_child(
        Legend(name, [{"label": name, "color": color, "shape": "areas"}], layer=overlay)
    )


def _add_points(city_map: CityMap, features: gpd.GeoDataFrame, name: str) -> None:
    """Add features of no known layer as plain marks."""
    shown = features.geometry[located(features.geometry)]
    color = "#8f2d00"
    overlay = Overlay(
        to_degrees(shown), np.zeros(len(shown), dtype=np.int64), [name], [color], [], name=name
    )
    city_map.add_child(overlay)
    items = [{"label": name, "color": color, "shape": overlay.kind, "count": f"{len(shown):,}"}]
    city_map.add_child(Legend(name, items, layer=overlay))
