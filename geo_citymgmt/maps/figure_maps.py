"""Maps of the library's own figures: progress against targets, and coverage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geo_citymgmt.errors import MapError
from geo_citymgmt.maps.basemaps import BasemapLike
from geo_citymgmt.maps.choropleth import add_choropleth
from geo_citymgmt.maps.citymap import CityMap, Lang
from geo_citymgmt.maps.elements import Legend, Overlay
from geo_citymgmt.maps.features import Drawing, add_layer
from geo_citymgmt.maps.figures import number_text
from geo_citymgmt.maps.geometry import located, to_degrees
from geo_citymgmt.spec import LayerSpec, get_spec

if TYPE_CHECKING:
    from geo_citymgmt.city import City

_STATUS = {
    "met": ("已完成目标", "Target met"),
    "ahead": ("超前", "Ahead"),
    "on_track": ("正常推进", "On track"),
    "behind": ("滞后", "Behind"),
    "overdue": ("逾期未完成", "Overdue"),
    "no_target": ("未设目标", "No target"),
    "not_comparable": ("口径不一致，不可比", "Not comparable"),
    "not_available": ("数据不足", "Not available"),
}
_BASIS = {
    "events": ("事件记录", "Events"),
    "records": ("入库记录", "Records"),
    "plan": ("计划", "Plan"),
}
_WORDS = {
    "zh": {
        "value": "数值",
        "target": "目标",
        "attainment": "完成率",
        "expected": "应达进度",
        "status": "状态",
        "period": "统计期",
        "basis": "依据",
        "numerator": "分子",
        "denominator": "分母",
        "comparability": "可比性",
        "comparable": "可与目标比较",
        "city": "全市",
        "outside": "{name}：另有 {amount} 位于各分区之外，计入全市",
        "unlocated": "{name}：另有 {amount} 未落图，计入全市",
        "note": "说明",
        "deadline": "期限",
        "as_of": "截至 {date}",
        "coverage": "覆盖率",
        "area": "面积",
        "covered": "已覆盖面积",
        "covered_area": "覆盖范围",
        "radius": "{layer} {radius} 米覆盖率",
        "features": "设施点",
        "exact": "按直线距离 {radius} 米计",
    },
    "en": {
        "value": "Value",
        "target": "Target",
        "attainment": "Attainment",
        "expected": "Expected",
        "status": "Status",
        "period": "Period",
        "basis": "Basis",
        "numerator": "Numerator",
        "denominator": "Denominator",
        "comparability": "Comparability",
        "comparable": "Comparable with its target",
        "city": "City",
        "outside": "{name}: {amount} more lie outside the zones and count for the city",
        "unlocated": "{name}: {amount} more have no place yet and count for the city",
        "note": "Note",
        "deadline": "Deadline",
        "as_of": "As of {date}",
        "coverage": "Coverage",
        "area": "Area",
        "covered": "Area covered",
        "covered_area": "Area covered",
        "radius": "{layer}: coverage within {radius} m",
        "features": "Facilities",
        "exact": "Straight-line distance, {radius} m",
    },
}


def progress_map(
    city: City,
    indicator: str,
    *,
    as_of: Any = None,
    table: pd.DataFrame | None = None,
    column: str | None = None,
    level: str = "district",
    title: str | None = None,
    caption: str | None = None,
    lang: Lang = "zh",
    online: bool = False,
    basemap: BasemapLike = None,
) -> CityMap:
    """Fill the zones by a figure of progress; the popups say what it may be compared with.

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
    column : {"value", "attainment"}, optional
        What fills the zones; attainment where any zone may be compared with its target.
    level : {"district", "street"}
        Which zones are drawn.
    title, caption, lang, online, basemap
        See `zone_map`.

    Returns
    -------
    CityMap

    Raises
    ------
    MapError
        If the figure is not in the table; the known ones are named.
    """
    if table is None:
        from geo_citymgmt.progress import progress

        table = progress(city, as_of=city.data_date if as_of is None else as_of, level=level)
    rows = indicator_rows(table, indicator, level)
    name = str(rows["name_zh" if lang == "zh" else "name_en"].iloc[0])
    day = pd.Timestamp(rows["as_of"].iloc[0])
    dated = _WORDS[lang]["as_of"].format(date=f"{day:%Y-%m-%d}")
    city_map = CityMap(
        title=title or name, caption=caption or dated, lang=lang, online=online, basemap=basemap
    )
    zones = city.zones if level == "district" else city.zones_at(level)
    add_indicator(city_map, table, indicator, zones, level=level, column=column)
    return city_map


def indicator_rows(table: pd.DataFrame, indicator: str, level: str = "district") -> pd.DataFrame:
    """Return the rows of a figure for the zones of a level, indexed by zone code."""
    at_level = table.loc[table["level"].eq(level) & _kind(table).eq("zone")]
    chosen = at_level.loc[at_level["indicator"].eq(indicator)]
    if chosen.empty:
        known = at_level["indicator"].unique()
        raise MapError(
            f"no figure {indicator!r} at the level {level}; known: {', '.join(known)}",
            f"没有 {level} 级指标 {indicator!r}；可用：{'、'.join(known)}",
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
) -> None:
    """Add a figure of progress to a map as filled zones.

    What the whole city reached stands in the legend; what lies outside the zones, or has no place
    yet, in a note: with the zones they make the whole.
    """
    lang, words = city_map.lang, _WORDS[city_map.lang]
    rows = indicator_rows(table, indicator, level)
    if column is None:
        column = "attainment" if rows["attainment"].notna().any() else "value"
    unit = "ratio" if column == "attainment" else str(rows["unit"].iloc[0])
    name = str(rows["name_zh" if lang == "zh" else "name_en"].iloc[0])
    between = " · " if lang == "en" else "·"
    label = name if column == "value" else f"{name}{between}{words['attainment']}"
    lines = {str(code): _progress_lines(row, lang) for code, row in rows.iterrows()}
    values = pd.to_numeric(rows[column], errors="coerce").astype("float64")
    figure = table.loc[table["indicator"].eq(indicator)]
    total = figure.loc[figure["level"].eq("city")]
    note = "" if total.empty else _total_text(total.iloc[0], lang)
    add_choropleth(city_map, values, zones, label=label, unit=unit, rows=lines, note=note)
    for _, row in figure.loc[_kind(figure).isin(["outside", "unlocated"])].iterrows():
        if row["level"] in (level, "city") and pd.notna(row["value"]) and row["value"] != 0:
            amount = number_text(row["value"], str(row["unit"]), lang)
            city_map.add_note(words[row["row_kind"]].format(name=name, amount=amount))


def _kind(table: pd.DataFrame) -> pd.Series:
    """Return what each row is for; a table without the column holds zones alone."""
    return table.get("row_kind", pd.Series("zone", index=table.index))


def _total_text(row: pd.Series, lang: str) -> str:
    """Return the city's figure beside its target; divided only where that is allowed."""
    words, unit = _WORDS[lang], str(row["unit"])
    parts = [f"{words['city']} {number_text(row['value'], unit, lang)}"]
    if pd.notna(row["target"]):
        parts.append(f"{words['target']} {number_text(row['target'], unit, lang)}")
    if pd.notna(row["attainment"]):
        share = number_text(row["attainment"], "ratio", lang)
        parts.append(f"{words['attainment']} {share}")
    elif pd.notna(row["target"]):
        parts.append(_STATUS.get(row["status"], (row["status"],) * 2)[0 if lang == "zh" else 1])
    return "\n".join(parts)


def _progress_lines(row: pd.Series, lang: str) -> list[tuple[str, str]]:
    words, place = _WORDS[lang], 0 if lang == "zh" else 1
    unit = None if pd.isna(row["unit"]) else str(row["unit"])

    def number(key: str, of: str | None = unit) -> str:
        return number_text(row.get(key), of, lang)

    def day(key: str) -> str:
        value = row.get(key)
        return "" if value is None or pd.isna(value) else f"{pd.Timestamp(value):%Y-%m-%d}"

    def coded(key: str, names: dict[str, tuple[str, str]]) -> str:
        value = row.get(key)
        if value is None or pd.isna(value):
            return ""
        return names[value][place] if value in names else str(value)

    reasons = row.get("comparability")
    reasons = "" if reasons is None or pd.isna(reasons) else str(reasons)
    note = row.get("note_zh" if lang == "zh" else "note_en")
    note = "" if note is None or pd.isna(note) else str(note)
    # The note gives the reasons in words.
    comparable = words["comparable"] if reasons == "comparable" else "" if note else reasons
    parts = unit == "ratio"  # numerator and denominator say more than a share alone
    period = " – ".join(text for text in (day("period_start"), day("as_of")) if text)
    lines = [
        (words["value"], number("value") or _STATUS["not_available"][place]),
        (words["numerator"], number("numerator", None) if parts else ""),
        (words["denominator"], number("denominator", None) if parts else ""),
        (words["target"], number("target")),
        (words["deadline"], day("deadline")),
        (words["attainment"], number("attainment", "ratio")),
        (words["expected"], number("expected")),
        (words["status"], coded("status", _STATUS)),
        (words["comparability"], comparable),
        (words["period"], period),
        (words["basis"], coded("basis", _BASIS)),
        (words["note"], note),
    ]
    return [(label, text) for label, text in lines if text]


def coverage_map(
    features: gpd.GeoDataFrame,
    zones: gpd.GeoDataFrame,
    *,
    radius_m: float,
    layer: str | LayerSpec | None = None,
    table: pd.DataFrame | None = None,
    title: str | None = None,
    caption: str | None = None,
    lang: Lang = "zh",
    online: bool = False,
    basemap: BasemapLike = None,
) -> CityMap:
    """Show which part of each zone lies within a distance of a facility.

    Zones are filled by their share covered; the covered ground and the facilities lie over them.

    Parameters
    ----------
    features : GeoDataFrame
        Facilities, in a projected CRS in metres (see `coverage`).
    zones : GeoDataFrame
        Indexed by zone code, in the same CRS.
    radius_m : float
        Distance, in metres, as the crow flies.
    layer : str or LayerSpec, optional
        What the features are: gives them names, popups and colours.
    table : DataFrame, optional
        What `coverage` gave, to save computing it again.
    title, caption, lang, online, basemap
        See `zone_map`.

    Returns
    -------
    CityMap

    Raises
    ------
    CRSError
        If the CRS is missing or unfit for measuring.
    """
    # Imported here: a progress map needs nothing of it.
    from geo_citymgmt.coverage import coverage, coverage_area

    words = _WORDS[lang]
    spec = None if layer is None else get_spec(layer)
    if table is None:
        table = coverage(features, zones, radius_m=radius_m)
    name = spec.name(lang) if spec else words["features"]
    radius = f"{radius_m:,g}"
    heading = title or words["radius"].format(layer=name, radius=radius)
    city_map = CityMap(
        title=heading,
        caption=caption or words["exact"].format(radius=radius),
        lang=lang,
        online=online,
        basemap=basemap,
    )
    table = table.set_axis(table.index.astype(str))
    rows = {
        code: [
            (words["coverage"], number_text(row["coverage"], "ratio", lang)),
            (words["covered"], number_text(row["covered_m2"] / 1e6, "km2", lang)),
            (words["area"], number_text(row["area_m2"] / 1e6, "km2", lang)),
        ]
        for code, row in table.iterrows()
    }
    add_choropleth(
        city_map, table["coverage"], zones, label=words["coverage"], unit="ratio", rows=rows
    )
    _add_ground(city_map, coverage_area(features, zones, radius_m=radius_m), radius_m)
    if spec is None:
        _add_points(city_map, features, name)
    else:
        add_layer(city_map, features, spec, Drawing(color_by=False), zones=zones)
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
