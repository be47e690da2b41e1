"""Maps of zones: any table by class, the library's own figures, a whole city."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Real
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geo_citymgmt._gate import METRES, Gate, check_city, choices_of, day_of, refuses_by_name
from geo_citymgmt._languages import (
    DISTRICT,
    Lang,
    Messages,
    Text,
    capital,
    join_texts,
    listed,
    packaged_words,
)
from geo_citymgmt._markup import visible_text
from geo_citymgmt._numbers import Scale, amount_text, number_text, percent
from geo_citymgmt._options import display_lang
from geo_citymgmt.access._reach import coverage_shapes, coverage_table
from geo_citymgmt.errors import MapError, deprecated
from geo_citymgmt.figures import progress
from geo_citymgmt.figures._tables import zone_names
from geo_citymgmt.indicators import load_figures
from geo_citymgmt.maps._basemaps import BasemapLike
from geo_citymgmt.maps._city_map import (
    Chooser,
    CityMap,
    Legend,
    Panel,
    Zones,
    add_outlines,
    dates_of,
    panel_figures,
)
from geo_citymgmt.maps._classes import ROUND, MapGate, class_scale, number_classes
from geo_citymgmt.maps._features import Drawing, add_layer
from geo_citymgmt.maps._figure_view import FigureView
from geo_citymgmt.maps._labels import (
    dated,
    drawn_column,
    layers_named,
    row_kind,
    term_lines,
    total_name,
    with_unit,
)
from geo_citymgmt.maps._overlays import MOST_GEOJSON, Overlay, located, many, to_degrees
from geo_citymgmt.spec import LayerSpec, zone_levels

if TYPE_CHECKING:
    from geo_citymgmt.city import City

_MESSAGES = Messages("geo_citymgmt.maps")


_ZONE_WORDS = packaged_words("geo_citymgmt.maps", "zones")


@refuses_by_name
def zone_map(
    table: pd.DataFrame,
    zones: gpd.GeoDataFrame,
    column: str,
    *,
    label: str | None = None,
    unit: str | None = None,
    scheme: str | Sequence[float] = "fisherjenks",
    k: int = 5,
    labels: bool | Mapping[str, str] | None = True,
    column_labels: Mapping[str, str] | None = None,
    units: Mapping[str, str] | None = None,
    popup_columns: Sequence[str] | None = None,
    title: str | None = None,
    caption: str | None = None,
    lang: Lang | None = None,
    online: bool = False,
    basemap: BasemapLike = None,
) -> CityMap:
    """Fill zones by the class of a figure, with names, values, legend and popups.

    Parameters
    ----------
    table : DataFrame
        Indexed by zone code.
    zones : GeoDataFrame
        Indexed by zone code, with ``name_zh`` and ``name_en``; any CRS. Zones the table does not
        have, or has no value for, are hatched.
    column : str
        The figure.
    label : str, optional
        What the figure is called; `column` by default.
    unit : str, optional
        Unit of the figure: ``m2``, ``km``, ``count``, ``persons``, ``ratio`` (shown in per cent),
        or a text shown as it is.
    scheme : str or sequence of float
        How classes are made: natural breaks by default, any scheme of mapclassify, or the upper
        limits of the classes in the unit of the values.
    k : int
        How many classes at most.
    labels : bool
        Whether zones bear their names and values. Of more than 100 zones those do whose name fits
        in; others show it as the map is zoomed. A mapping is `column_labels` by its name of 0.1.
    column_labels, units : mapping, optional
        Names and units of the other columns in the popup.
    popup_columns : sequence of str, optional
        Further columns of the popup.
    title, caption : str, optional
        Heading (`label` by default) and the line under it (source, date).
    lang : {"zh", "en"}, default options.lang
        Language of the page's own words.
    online, basemap
        See `CityMap`.

    Returns
    -------
    CityMap

    Raises
    ------
    MapError
        If a column is missing, not a number, or a zone stands twice in the table.
    CRSError
        If the zones have no CRS.

    See Also
    --------
    progress_map, plot_zones, summarise

    Examples
    --------
    >>> import geopandas as gpd, pandas as pd
    >>> from shapely import box
    >>> zones = gpd.GeoDataFrame(
    ...     {"name_zh": ["甲", "乙"]}, geometry=[box(120, 31, 121, 32), box(121, 31, 122, 32)],
    ...     index=["1", "2"], crs="EPSG:4326")
    >>> table = pd.DataFrame({"area": [12_000.0, 50_000.0]}, index=["1", "2"])
    >>> zone_map(table, zones, "area", label="拆除面积", unit="m2").title
    '拆除面积'
    """
    lang = display_lang(lang)
    gate = MapGate("zone_map")
    zones = gate.areas(zones)
    table = gate.by_zone(table, zones)
    gate.column(table, column, "column")
    label = str(label or column)
    city_map = CityMap(
        title=title or label, caption=caption, lang=lang, online=online, basemap=basemap
    )
    if isinstance(labels, Mapping):
        deprecated("zone_map(labels={...})", "column_labels=")
        column_labels, labels = labels, True
    asked = [] if popup_columns is None else popup_columns
    further = [c for c in gate.columns(table, asked, "popup_columns") if c != column]
    check_unique(table)
    gate.classes(scheme, k)
    figure = pd.Series(gate.numbers(table, column, "column"), index=table.index)
    names, other_units = column_labels or {}, {column: unit, **(units or {})}
    spelt = {column: label} | {c: str(c) for c in further} | dict(names)
    scale = class_scale(figure, scheme, unit, lang)
    rows = {
        code: [
            (label, amount_text(figure[code], scale)),
            *((spelt[c], _cell(row[c], other_units.get(c), lang)) for c in further),
        ]
        for code, row in table.iterrows()
    }
    add_choropleth(
        city_map, figure, zones, label=label, unit=unit, scheme=scheme, k=k, rows=rows,
        labels=labels is not False, scale=scale,
    )  # fmt: skip
    return city_map


def add_choropleth(
    city_map: CityMap,
    values: pd.Series,
    zones: gpd.GeoDataFrame,
    *,
    label: str,
    unit: str | None = None,
    scheme: str | Sequence[float] = "fisherjenks",
    k: int = 5,
    rows: Mapping[Any, list[tuple[str, str]]] | None = None,
    note: str = "",
    labels: bool = True,
    scale: Scale | None = None,
) -> Zones:
    """Add zones filled by class to a map, with their legend, over plain outlines.

    `values` is by zone; `scale` is how the figure is written elsewhere.
    """
    lang, words = city_map.lang, _ZONE_WORDS[city_map.lang]
    values = values.set_axis(values.index.astype(str)).astype("float64")
    zones = zones.set_axis(zones.index.astype(str))
    placed = values.reindex(zones.index)
    scale = scale or class_scale(placed, scheme, unit, lang)
    classes = number_classes(placed, scheme=scheme, k=k, unit=unit, lang=lang, scale=scale)
    index = pd.Series(classes.index, zones.index)
    sign = scale.unit if scale.unit == "%" else ""
    full = {
        code: (rows or {}).get(code) or [(label, amount_text(placed[code], scale))]
        for code in zones.index
    }
    layer = _add_filled(
        city_map,
        zones,
        index.map(dict(enumerate(classes.colors))).astype("object"),
        placed.map(lambda v: "" if pd.isna(v) else f"{scale.text(v)}{sign}"),
        rows=full,
        label=label,
        labels=labels,
    )
    items: list[dict[str, Any]] = [
        {"label": text, "color": color}
        for text, color in zip(reversed(classes.labels), reversed(classes.colors), strict=True)
    ]
    if placed.isna().any():
        items.append({"label": words["no_data"], "hatch": True})
    heading = with_unit(label, classes.unit, lang)
    city_map.add_child(Legend(heading, items, note=note, layer=layer))
    if not placed.notna().any():
        city_map.add_note(words["none"])
    _note_unplaced(city_map, values.notna(), zones)
    return layer


def _add_filled(
    city_map: CityMap,
    zones: gpd.GeoDataFrame,
    colors: pd.Series,
    values: pd.Series,
    *,
    rows: Mapping[Any, list[tuple[str, str]]],
    label: str,
    labels: bool = True,
) -> Zones:
    """Add zones in their colours, with the texts under their names, over plain outlines."""
    lang = city_map.lang
    no_data = _ZONE_WORDS[lang]["no_data"]
    outlines = add_outlines(city_map, zones, labels=labels)
    layer = Zones(
        zones,
        zone_names(zones, lang),
        colors=colors,
        values=values,
        rows={code: [(a, b or no_data) for a, b in lines] for code, lines in rows.items()},
        name=label,
        labels=labels,
        lang=lang,
        outlines=outlines,
    )
    city_map.add_child(layer)
    return layer


def _note_unplaced(city_map: CityMap, known: pd.Series, zones: gpd.GeoDataFrame) -> None:
    """Name the zones that have a value and no outline."""
    drawn = zones.index[located(zones.geometry)]
    unplaced = known.index[~known.index.isin(drawn) & known.to_numpy()]
    if len(unplaced):
        codes = ", ".join(unplaced[:8]) + ("…" if len(unplaced) > 8 else "")
        city_map.add_note(
            _ZONE_WORDS[city_map.lang]["unplaced"].format(n=len(unplaced), codes=codes)
        )


def _cell(value: Any, unit: str | None, lang: str) -> str:
    if isinstance(value, str) or np.ndim(value) or isinstance(value, (dict, set)):
        return str(value)
    if value is None or pd.isna(value):
        return ""
    if isinstance(value, pd.Timestamp):
        return value.strftime("%Y-%m-%d")
    return number_text(value, unit, lang) if isinstance(value, Real) else str(value)


def check_unique(table: pd.DataFrame) -> None:
    """Raise if a zone stands twice."""
    twice = table.index[table.index.duplicated()].unique()
    if len(twice):
        raise MapError(_MESSAGES("zones_twice", twice=listed(map(str, twice[:8]))))


_MARK_PX = 8
_WORDS = packaged_words("geo_citymgmt.maps", "figures")


@refuses_by_name
def progress_map(
    city: City,
    indicator: str | Sequence[str] | None = None,
    *,
    as_of: Any = None,
    table: pd.DataFrame | None = None,
    series: pd.DataFrame | None = None,
    column: str | None = None,
    level: str | Sequence[str] = "district",
    panel: bool | Sequence[str] = True,
    title: str | None = None,
    caption: str | None = None,
    lang: Lang | None = None,
    online: bool = False,
    basemap: BasemapLike = None,
) -> CityMap:
    """Fill the zones by figures of progress, with a table and a panel of the indicators beside.

    On the page a reader chooses the figure, the level, what of the figure fills the zones and the
    date, and another date to compare with; a table of the zones follows. A click on a zone goes
    there and shows its indicators: value, target and state, the terms of the figure, and with
    `series` a chart over the dates.

    A number has the same colour whatever the date, level and map: classes hang on its unit alone.

    Parameters
    ----------
    city : City
        Its zones are drawn; its figures are computed unless `table` holds them.
    indicator : str or sequence of str, optional
        Keys of the figures to choose from, as in the column ``indicator`` of `progress`; the first
        is shown first. By default all that have a value in a zone.
    as_of : date-like, optional
        The day up to which is counted, inclusive; by default the data's own date.
    table : DataFrame, optional
        What `progress` gave, to save computing it again.
    series : DataFrame, optional
        What `progress_series` gave, in place of `table`: the page gets a slider over its dates.
        The last date is shown first.
    column : {"value", "attainment", "distance"}, optional
        What fills the zones: the value, its share of the target, or how far it is from what is
        due. By default the reader chooses; first is shown how far each zone is from what is due
        where one may be compared with its target, else the value.
    level : {"district", "street", "community", "cell"} or sequence of them
        Which zones are drawn; of several the first is shown first. A table given holds them all.
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

    All figures, by district and by street:

    >>> page = progress_map(city, level=["district", "street"])
    >>> page.title
    '拆除违法建设面积'
    """
    lang = display_lang(lang)
    check_city(MapGate("progress_map"), city)
    levels = [level] if isinstance(level, str) else list(dict.fromkeys(level))
    if series is not None:
        table = series
    if table is None:
        table = progress(
            city, as_of=day_of(city, as_of, Gate("progress_map")), level=_finest(city, levels)
        )
    zones = {at: zones_to_fill(city, at) for at in levels}
    level = levels[0]
    try:
        figures = chosen_figures(table, indicator, level)
    except MapError:
        # A table has no rows of a layer that is not there, and so could not say why.
        if isinstance(indicator, str):
            _require_layer(city, indicator)
        raise
    name = drawn_column(indicator_rows(table, figures[0], level), column, lang)[2]
    captions = [_WORDS[lang]["as_of"].format(date=day) for day in dates_of(table)]
    last = captions[-1] if captions else None
    city_map = CityMap(
        title=title or name, caption=caption or last, lang=lang, online=online, basemap=basemap,
        zone_unit=city.unit,
    )  # fmt: skip
    city_map.of_city(city)
    layer = add_figures(
        city_map, city, table, figures, zones, column=column, captions=[] if caption else captions,
        titled=title is None,
    )  # fmt: skip
    if panel is not False:
        add_panel(city_map, city, table, figures[0], layer, level=level, panel=panel)
    return city_map


def _no_figure(level: str, indicator: Any, known: Sequence[str]) -> Text:
    if not len(known):
        return _MESSAGES("no_figure_of_level_at_all", level=level, indicator=indicator)
    return _MESSAGES("no_figure_level", level=level, indicator=indicator, known=listed(known))


def _finest(city: City, levels: Sequence[str]) -> str:
    """Return the level that a table has to reach down to."""
    order = zone_levels(city.specs)
    return max(levels, key=lambda at: order.index(at) if at in order else -1)


def chosen_figures(
    table: pd.DataFrame, indicator: str | Sequence[str] | None, level: str
) -> list[str]:
    """Return the figures of a map to choose from, the one that is shown first before the others.

    Raises
    ------
    MapError
        One is not in the table; the known ones are named.
    """
    if indicator is not None:
        chosen = list(dict.fromkeys([indicator] if isinstance(indicator, str) else indicator))
        for key in chosen:
            indicator_rows(table, key, level)
        if chosen:
            return chosen
    at_level = table.loc[table["level"].eq(level) & row_kind(table).eq("zone")]
    known = list(at_level.loc[at_level["value"].notna(), "indicator"].unique())
    first = _fullest(table, level)
    if first is None:
        raise MapError(_no_figure(level, indicator, known))
    return [first, *(key for key in known if key != first)]


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
    city_name = getattr(city, f"name_{lang}", None) or total_name(lang)
    zones = [] if layer is None else layer.zones
    names = {"": city_name} | {str(zone["code"]): str(zone["name"]) for zone in zones}
    element = Panel(
        layers_named(table, getattr(city, "specs", {}), lang),
        figures,
        names,
        layer=layer,
        level=level,
        lang=lang,
        zone_unit=city_map.zone_unit,
    )
    city_map.add_child(element, name="panel")


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
        _MESSAGES("source_no_layer_outlines", unit=city.unit),
        remedy=join_texts(
            [_MESSAGES("add_layer_outlines", unit=city.unit), city.zones_advice], Text("", " ")
        ),
    )


def _require_layer(city: City, indicator: str) -> None:
    """Refuse a figure of a layer that the city does not have, and a layer that is no figure."""
    if indicator in city:
        raise _MESSAGES.error(MapError, "layer_no_figure", layer=indicator)
    figure = city.figures.figures.get(indicator) if hasattr(city, "figures") else None
    if figure is None or not figure.components or figure.layer in city:
        return
    spec = city.specs.get(figure.layer)
    raise _MESSAGES.error(
        MapError,
        "source_no_layer",
        spec_name_zh=spec.name_zh if spec else figure.layer,
        figure=figure,
    )


def indicator_rows(table: pd.DataFrame, indicator: str, level: str = "district") -> pd.DataFrame:
    """Return the rows of a figure for the zones of a level, indexed by zone code."""
    at_level = table.loc[table["level"].eq(level) & row_kind(table).eq("zone")]
    chosen = at_level.loc[at_level["indicator"].eq(indicator)]
    if chosen.empty:
        known = at_level["indicator"].unique()
        raise MapError(_no_figure(level, indicator, known))
    return chosen.set_index(chosen["zone_code"].astype(str))


def add_figures(
    city_map: CityMap,
    city: City,
    table: pd.DataFrame,
    figures: Sequence[str],
    zones: Mapping[str, gpd.GeoDataFrame],
    *,
    column: str | None = None,
    captions: Sequence[str] = (),
    titled: bool = False,
) -> Zones:
    """Add figures of progress to a map as filled zones, one of which is shown at a time.

    What the whole city reached stands in the legend, with what lies outside the zones or has no
    place yet: with the zones they make the whole. `zones` are by level, the first shown first.
    """
    lang, level = city_map.lang, next(iter(zones))
    areas = {at: frame.set_axis(frame.index.astype(str)) for at, frame in zones.items()}
    none = pd.Series(dtype="object")
    drawn = {at: Zones(a, zone_names(a, lang), colors=none, lang=lang) for at, a in areas.items()}
    dates, known = dates_of(table), getattr(city, "figures", None) or load_figures()
    codes = {at: z.codes for at, z in drawn.items()}
    specs = getattr(city, "specs", {})
    view = FigureView(layers_named(table, specs, lang), dates, codes, known, specs, lang)
    content = view.config(figures, column)
    first = indicator_rows(table, figures[0], level)
    if dates:
        last = pd.to_datetime(first["as_of"]).dt.strftime("%Y-%m-%d").eq(dates[-1])
        first = first.loc[last.to_numpy()]
    scale, painted = view.scales[figures[0]], view.painted(content, level)
    layer = _add_filled(
        city_map,
        areas[level],
        painted.colors,
        painted.values,
        rows={str(code): term_lines(row, scale) for code, row in first.iterrows()},
        label=painted.fill["label"],
    )
    note = content["texts"][content["figures"][0]["notes"][-1]]
    city_map.add_child(Legend(painted.fill["heading"], painted.items, note=note, layer=layer))
    if painted.values.eq("").all():
        city_map.add_note(_ZONE_WORDS[lang]["none"])
    _note_unplaced(city_map, first["value"].notna(), areas[level])
    assert layer.outlines is not None
    if len(figures) > 1:
        layer.layer_name = _WORDS[lang]["layer"]
    names = {s.level: s.name(lang) for s in getattr(city, "specs", {}).values() if s.level}
    names["district"] = capital(city.unit.of(lang))
    content |= {
        "dates": dates,
        "captions": list(captions),
        "titled": titled,
        "levels": [
            {
                "key": at,
                "name": visible_text(names.get(at, at)),
                "zones": None if at == level else z.content(),
            }
            for at, z in drawn.items()
        ],
    }
    chooser = Chooser(content, layer=layer, outlines=layer.outlines)
    city_map.add_child(chooser, name="chooser")
    return layer


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
        city_map, table["coverage"], areas, label=words["coverage"], unit="ratio", rows=rows,
        scheme=ROUND,
    )  # fmt: skip
    # Arcs are drawn with no more corners than a screen shows.
    ground = coverage_shapes(gate, features, zones, radius_m).geometry.simplify(radius_m / 60)
    _add_plain(city_map, ground, words["covered_area"], "#e69f00", shape="areas")
    if spec is None:
        _add_plain(city_map, marks.geometry, name, "#8f2d00")
    else:
        # Marks wider than the ground they cover would hide it: they wait to be switched on.
        west, south, east, north = zones.total_bounds
        reach_px = radius_m / max(east - west, north - south) * 700
        show = reach_px >= _MARK_PX and len(marks) <= MOST_GEOJSON
        add_layer(city_map, marks, spec, Drawing(color_by=False, show=show), zones=areas)
    city_map.layer_switch = True
    return city_map


def _add_plain(
    city_map: CityMap, geometry: gpd.GeoSeries, name: str, color: str, *, shape: str = ""
) -> None:
    """Add shapes of no known layer in one colour, counted unless the ``shape`` is told."""
    shown = geometry[located(geometry)]
    overlay = Overlay(
        to_degrees(shown),
        np.zeros(len(shown), dtype=np.int64),
        [name],
        [color],
        [],
        name=name,
        counted=not shape,
    )
    city_map.add_child(overlay)
    item = {"label": name, "color": color, "shape": shape or overlay.kind}
    item |= {} if shape else {"count": f"{len(shown):,}"}
    city_map.add_child(Legend(name, [item], layer=overlay))


_TITLE = {"zh": "城市管理设施与治理一张图", "en": "City management: facilities and remediation"}
# As the annual document takes them; a bureau's own layers follow.
_ORDER = ("illegal_construction", "utility_tunnels", "manholes", "parking_points", "bike_stations")
_NO_ZONES = Text(
    "来源中没有{unit}图层：指标为全市数；补充{unit}图层后，可分{unit}显示",
    "The source has no layer of {unit} outlines: figures are those of the whole city",
)


@refuses_by_name
def city_map(
    city: City,
    *,
    as_of: Any = None,
    indicator: str | Sequence[str] | None = None,
    level: str | Sequence[str] = "district",
    layers: Sequence[str] | None = None,
    table: pd.DataFrame | None = None,
    series: pd.DataFrame | None = None,
    panel: bool | Sequence[str] = True,
    title: str | None = None,
    caption: str | None = None,
    lang: Lang | None = None,
    online: bool = False,
    basemap: BasemapLike = None,
) -> CityMap:
    """Draw the districts, every layer the city has as a switchable overlay, and its figures.

    Parameters
    ----------
    city : City
        Layers it does not have are left out.
    as_of : date-like, optional
        The day of the figure, inclusive; by default the data's own date. The features are those
        of the data's own date whatever the day; at an earlier one the caption says so.
    indicator : str or sequence of str, optional
        The figures to choose from that fill the districts, where there are any, the first shown
        first; by default all that have a value, the one known of most districts before the others.
    level : str or sequence of str
        See `progress_map`.
    layers : sequence of str, optional
        Keys of the layers to draw; by default all facilities, and without any, what else there is.
    table : DataFrame, optional
        What `progress` gave down to the `level`, to save computing it again.
    series : DataFrame, optional
        What `progress_series` gave, in place of `table`: the page gets a slider.
    panel : bool or sequence of str
        See `progress_map`.
    title, caption : str, optional
        Heading and the line under it; by default a plain title and the date of the data.
    lang : {"zh", "en"}, default options.lang
        Language of labels, codes and the page's own words.
    online, basemap
        See `CityMap`.

    Returns
    -------
    CityMap

    See Also
    --------
    progress_map, layer_map, zone_map
    """
    lang = display_lang(lang)
    check_city(MapGate("city_map"), city)
    day = day_of(city, as_of, Gate("city_map"))
    given = caption is not None
    if caption is None and day is not None:
        caption = dated(f"{day:%Y-%m-%d}", city.data_date, lang)
    drawn = CityMap(
        title=title or _TITLE[lang], caption=caption, lang=lang, online=online, basemap=basemap,
        zone_unit=city.unit,
    )  # fmt: skip
    drawn.of_city(city)
    zones = city.zones
    levels = [level] if isinstance(level, str) else list(dict.fromkeys(level))
    if series is not None:
        table = series
    if table is None:
        table = progress(
            city, as_of=day, level=_finest(city, levels) if city.has_zones else "district"
        )
    layer: Zones | None = None
    first: str | None = None
    if not city.has_zones:
        # Nothing to fill; the panel has the figures of the whole all the same.
        drawn.add_note(_NO_ZONES.format(unit=city.unit).of(lang))
    elif indicator is None and _fullest(table, levels[0]) is None:
        layer = add_outlines(drawn, zones)
    else:
        figures = chosen_figures(table, indicator, levels[0])
        first = figures[0]
        captions = [] if given else [dated(date, city.data_date, lang) for date in dates_of(table)]
        by_level = {at: zones_to_fill(city, at) for at in levels}
        layer = add_figures(drawn, city, table, figures, by_level, captions=captions)
    specs = city.specs
    asked = list(city)
    if layers is not None:
        asked = choices_of(Gate("city_map"), layers, "layers", asked)
    drawable = [k for k in asked if specs[k].role != "zones" and not specs[k].is_table]
    facilities = [key for key in drawable if specs[key].role == "facility"]
    # Roads and stops are drawn where they are asked for, or all there is.
    chosen = drawable if layers is not None else facilities or drawable
    present = sorted(chosen, key=lambda k: _ORDER.index(k) if k in _ORDER else len(_ORDER))
    # The figure is read first; five layers at once would hide it and each other.
    drawing = Drawing(
        show=first is None,
        packed=many([city[key].geometry for key in present]) or None,
        as_of=city.data_date,
    )
    for key in present:
        add_layer(drawn, city[key], specs[key], drawing, zones=zones)
    known = table["value"].notna().any()
    if panel is not False and (first is not None or known):
        add_panel(drawn, city, table, first, layer, level=levels[0], panel=panel)
    # A switch of nothing is an empty box.
    drawn.layer_switch = bool(present) or first is not None
    return drawn


def _fullest(table: pd.DataFrame, level: str) -> str | None:
    """Return the figure with a value, or better an attainment, in most zones.

    None where no figure tells two zones apart from nothing: a map of zeros says less than the
    records themselves.
    """
    zones = table.loc[table["level"].eq(level), ["indicator", "value", "attainment"]]
    some = zones.loc[zones["value"].fillna(0).ne(0), "indicator"].unique()
    zones = zones.loc[zones["indicator"].isin(some)]
    if zones.empty:
        return None
    known = zones.groupby("indicator", sort=False)[["attainment", "value"]].count()
    return str(known.sort_values(["attainment", "value"], ascending=False, kind="stable").index[0])
