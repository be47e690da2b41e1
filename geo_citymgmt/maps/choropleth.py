"""Maps of figures: a table indexed by zone as areas filled by class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geo_citymgmt._deprecated import deprecated
from geo_citymgmt._gate import refuses_by_name
from geo_citymgmt._options import display_lang
from geo_citymgmt.errors import MapError
from geo_citymgmt.formats import Scale
from geo_citymgmt.maps.asked import MapGate
from geo_citymgmt.maps.basemaps import BasemapLike
from geo_citymgmt.maps.citymap import CityMap, Lang
from geo_citymgmt.maps.classes import class_scale, number_classes
from geo_citymgmt.maps.elements import Frames, Legend, Zones
from geo_citymgmt.maps.features import add_outlines, zone_name
from geo_citymgmt.maps.figures import amount_text, number_text, with_unit
from geo_citymgmt.maps.geometry import located
from geo_citymgmt.words import Text

_WORDS = {
    "zh": {
        "no_data": "无数据",
        "unplaced": "表中 {n} 个分区代码没有对应图形：{codes}",
        "none": "没有可显示的数据",
    },
    "en": {
        "no_data": "No data",
        "unplaced": "{n} zone codes of the table have no area: {codes}",
        "none": "No data to show",
    },
}


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
    check_table(table, [column, *further])
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
    values: pd.Series | pd.DataFrame,
    zones: gpd.GeoDataFrame,
    *,
    label: str,
    unit: str | None = None,
    scheme: str | Sequence[float] = "fisherjenks",
    k: int = 5,
    rows: Mapping[Any, list[tuple[str, str]]] | None = None,
    note: str = "",
    notes: Sequence[str] | None = None,
    labels: bool = True,
    scale: Scale | None = None,
) -> Zones:
    """Add zones filled by class to a map, with their legend, over plain outlines.

    `values` is a Series by zone, or a frame with a column for each date of a slider: all dates
    share their classes, and the last is shown first. `scale` is how the figure is written
    elsewhere.
    """
    lang, words = city_map.lang, _WORDS[city_map.lang]
    table = values.to_frame() if isinstance(values, pd.Series) else values
    table = table.set_axis(table.index.astype(str)).astype("float64")
    zones = zones.set_axis(zones.index.astype(str))
    dated = table.reindex(zones.index)
    placed = dated.iloc[:, -1]
    pooled = pd.Series(dated.to_numpy().ravel())
    scale = scale or class_scale(pooled, scheme, unit, lang)
    classes = number_classes(pooled, scheme=scheme, k=k, lang=lang, scale=scale)
    index = pd.DataFrame(np.reshape(classes.index, dated.shape), zones.index, dated.columns)
    sign = scale.unit if scale.unit == "%" else ""
    written = dated.map(lambda v: "" if pd.isna(v) else f"{scale.text(v)}{sign}")
    frames = None if isinstance(values, pd.Series) else Frames(index, written, classes.colors)
    colors = index.iloc[:, -1].map(dict(enumerate(classes.colors))).astype("object")
    texts = written.iloc[:, -1]
    full = {
        code: (rows or {}).get(code) or [(label, amount_text(placed[code], scale))]
        for code in zones.index
    }
    no_data = words["no_data"]
    filled = {code: [(a, b or no_data) for a, b in lines] for code, lines in full.items()}
    add_outlines(city_map, zones, labels=labels)
    layer = Zones(
        zones,
        zone_name(zones, lang),
        colors=colors,
        values=texts,
        rows=filled,
        name=label,
        frames=frames,
        labels=labels,
        lang=lang,
    )
    city_map.add_child(layer)
    items: list[dict[str, Any]] = [
        {"label": text, "color": color}
        for text, color in zip(reversed(classes.labels), reversed(classes.colors), strict=True)
    ]
    if dated.isna().to_numpy().any():
        items.append({"label": no_data, "hatch": True})
    heading = with_unit(label, classes.unit, lang)
    city_map.add_child(Legend(heading, items, note=note, notes=notes, layer=layer))
    if not dated.notna().to_numpy().any():
        city_map.add_note(words["none"])
    there = zones.index[located(zones.geometry)]
    lost = table.index[~table.index.isin(there) & table.notna().any(axis=1).to_numpy()]
    if len(lost):
        codes = ", ".join(map(str, lost[:8])) + ("…" if len(lost) > 8 else "")
        city_map.add_note(words["unplaced"].format(n=len(lost), codes=codes))
    return layer


def _cell(value: Any, unit: str | None, lang: str) -> str:
    if isinstance(value, str) or np.ndim(value) or isinstance(value, (dict, set)):
        return str(value)
    if value is None or pd.isna(value):
        return ""
    if isinstance(value, pd.Timestamp):
        return value.strftime("%Y-%m-%d")
    return number_text(value, unit, lang) if isinstance(value, Real) else str(value)


def check_table(table: pd.DataFrame, columns: Sequence[str]) -> None:
    """Raise if a column is not there, or a zone stands twice."""
    missing = [c for c in columns if c not in table]
    if missing:
        raise MapError(
            Text(
                f"表中没有列 {'、'.join(missing)}",
                f"the table has no column {', '.join(missing)}; it has "
                f"{', '.join(map(str, table.columns))}",
            ),
        )
    twice = table.index[table.index.duplicated()].unique()
    if len(twice):
        raise MapError(
            Text(
                f"表中分区重复：{'、'.join(map(str, twice[:8]))}",
                f"zones stand more than once in the table: {', '.join(map(str, twice[:8]))}",
            ),
        )
