"""The same city as it would arrive: from many hands, with their habits and their mistakes.

Each layer has its own faults, so that a reader meets most of what real folders hold. What is
wrong is listed by :data:`FAULTS`; the records that are not touched stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TypedDict

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from generator.city import Sample
from generator.draw import Draw
from generator.files import in_chinese, write_layer_files, write_table, write_tables
from generator.record_faults import HEADINGS, MORE, Ints, LayerData, set_values, spoil_files
from geo_citymgmt.spec import Field, load_specs

__all__ = ["FAULTS", "write_dirty"]


class _Written(TypedDict, total=False):
    """How a file is written other than as it should be."""

    encoding: str
    prj: bool
    cpg: bool


#: What is wrong with each file.
FAULTS = {
    "违法建设": (
        "Chinese headings in GBK cut to 10 bytes, no .cpg", "dates as text in five ways",
        "areas with unit and thousands", "bow-ties and small loops", "null shapes",
        "repeated numbers", "unknown states", "points far outside", "demolished above illegal area",
        "areas that are no number", "areas in 万平方米", "footprints in 亩", "days of no calendar",
        "months without a day", "filed before found", "repeated vertices", "two buildings in one",
        "slivers", "one footprint under two numbers", "names of persons",
        "a heading that could be two fields",
    ),
    "窨井": ("GBK without .cpg", "blank states", "synonyms of codes", "repeated numbers",
             "covers in the next province", "null markers", "records marked as deleted",
             "districts that are not where the cover lies, or are none", "covers without a place",
             "numbers that a sheet has written as powers of ten", "an own column"),
    "综合管廊": ("lengths with unit, some in metres", "lengths that do not fit the line",
             "blank lengths", "heights", "two columns for the length", "no .shx"),
    "停车泊位": ("no .prj", "spaces as text with thousands or unit", "yes and no in four ways",
                 "more shared than there are", "a .cpg that is wrong", "characters that were lost",
                 "one row fewer than there are points"),
    "公共自行车": ("degrees instead of metres", "points at 0, 0", "a row of totals",
                   "longitude and latitude exchanged", "numbers below nought"),
    "events": ("GBK", "dates with dots", "an unknown event", "keys of no record"),
}  # fmt: skip


def write_dirty(root: Path, sample: Sample, seed: int) -> None:
    """Write the folder; there is no ``city.toml``, since such an office has none.

    Parameters
    ----------
    root : Path
        Folder that exists.
    sample : Sample
        The clean city.
    seed : int
        Seed of what is spoilt.
    """
    specs = load_specs()
    zones = sample.layers["districts"]
    spoil: dict[str, tuple[str, Callable[[LayerData, Draw], LayerData], _Written]] = {
        "illegal_construction": ("违法建设", _parcels, {"encoding": "GB18030", "cpg": False}),
        "manholes": ("窨井", _manholes, {"encoding": "GB18030", "cpg": False}),
        "utility_tunnels": ("综合管廊", _tunnels, {}),
        "parking_points": ("停车泊位", _parking, {"prj": False}),
        "bike_stations": ("公共自行车", _bikes, {}),
    }
    for key, table in sample.layers.items():
        if not isinstance(table, gpd.GeoDataFrame):
            write_table(root / f"{key}.csv", table, specs[key])
            continue
        layer = in_chinese(table, specs[key])
        if key not in spoil:
            write_layer_files(root / f"{key}.shp", *layer)
            continue
        name, change, options = spoil[key]
        layer = change(layer, Draw(seed, f"dirty {key}"))
        layer = MORE[key](layer, Draw(seed, f"dirtier {key}"), specs[key], zones)
        headings = HEADINGS.get(key, {})
        if key == "illegal_construction":
            headings = {**_cut_headings(layer[1]), **headings}
        write_layer_files(root / f"{name}.shp", *layer, names=headings, **options)
    spoil_files(root, Draw(seed, "dirty files"))
    events = sample.events.copy()
    draw = Draw(seed, "dirty events")
    events.loc[draw.some(len(events), 12), "key"] = "不详"
    events.loc[draw.some(len(events), 8), "event"] = "走访"
    write_tables(root, Sample(sample.layers, events, sample.targets), "gb18030")
    # Dates as they are typed: 2022.6.30.
    text = re.sub(
        rb",(20\d\d)-0?(\d+)-0?(\d+),", rb",\1.\2.\3,", (root / "events.csv").read_bytes()
    )
    (root / "events.csv").write_bytes(text.replace(b"\n", b"\r\n"))


def _cut_headings(fields: dict[str, Field]) -> dict[str, bytes]:
    # As ArcGIS cuts them: ten bytes, five characters in GBK.
    return {name: field.zh.encode("gb18030")[:10] for name, field in fields.items()}


def _as_text(days: pd.Series, draw: Draw) -> pd.Series:
    """Write dates as five clerks would."""
    ways = ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%Y年%m月%d日")
    way = draw.pick(len(days), (0.5, 0.2, 0.15, 0.1, 0.05))
    result = pd.Series([None] * len(days), index=days.index, dtype=object)
    for i, form in enumerate(ways):
        result[way == i] = days[way == i].dt.strftime(form)
    plain = (way == 2) & days.notna().to_numpy()
    # 2022.06.30 is mostly written 2022.6.30.
    result[plain] = result[plain].str.replace(".0", ".", regex=False)
    return result.where(days.notna(), None)


def _whole(values: pd.Series) -> pd.Series:
    return values.map(lambda v: "" if pd.isna(v) else f"{int(v)}").astype(object)


def _outside(table: gpd.GeoDataFrame, rows: Ints, east: float, north: float) -> None:
    shapes = table.geometry.to_numpy().copy()
    shapes[rows] = shapely.transform(shapes[rows], lambda xy: xy + np.array([east, north]))
    table.geometry = shapes


def _parcels(layer: LayerData, draw: Draw) -> LayerData:
    table, fields = layer
    n = len(table)
    for name in ("FOUND_DATE", "FILED_DATE"):
        table[name] = _as_text(table[name], draw)
    area = _whole(table["ILL_AREA"])
    way = draw.pick(n, (0.6, 0.15, 0.15, 0.1))
    for i, form in ((1, "{}平方米"), (2, "{}㎡")):
        area[way == i] = area[way == i].map(form.format)
    area[way == 3] = [f"{float(v):,.0f}" for v in area[way == 3]]
    table["ILL_AREA"] = area
    shapes = table.geometry.to_numpy().copy()
    rows = draw.some(n, 40)
    shapes[rows[:10]] = [_bow_tie(shape) for shape in shapes[rows[:10]]]
    shapes[rows[10:20]] = [_with_loop(shape) for shape in shapes[rows[10:20]]]
    shapes[rows[20:30]] = None
    table.geometry = shapes
    _outside(table, rows[30:], 90_000.0, 20_000.0)
    rows = draw.some(n, 60)
    ids = table["PARCEL_ID"].to_numpy(object)
    set_values(table, "PARCEL_ID", rows[:25], ids[rows[:25] - 1])
    set_values(table, "PARCEL_ID", rows[25:40], None)
    set_values(table, "STATUS", rows[40:], "拆了一半")
    done = np.flatnonzero(table["DEMO_AREA"] > 0)[:15]
    set_values(table, "DEMO_AREA", done, table["DEMO_AREA"].iloc[done] * 10)
    table["DEMO_AREA"] = table["DEMO_AREA"].astype(float)
    return table, fields


def _bow_tie(shape: shapely.Geometry) -> shapely.Geometry:
    xy = shapely.get_coordinates(shape)[:4]
    return shapely.Polygon(xy[[0, 2, 1, 3]])


def _with_loop(shape: shapely.Geometry) -> shapely.Geometry:
    """Cross an edge with a loop of a few decimetres, as an unsteady hand does."""
    xy = shapely.get_coordinates(shape)
    run = xy[1] - xy[0]
    off = 0.3 * np.array([-run[1], run[0]]) / np.hypot(*run)
    loop = [xy[0] + 0.6 * run, xy[0] + 0.4 * run + off, xy[0] + 0.5 * run - off]
    return shapely.Polygon(np.vstack([xy[:1], loop, xy[1:]]))


def _manholes(layer: LayerData, draw: Draw) -> LayerData:
    table, fields = layer
    n = len(table)
    rows = draw.some(n, 160)
    order = rows[draw.order(len(rows))]
    set_values(table, "STATUS", order[:30], None)
    set_values(table, "STATUS", order[30:45], "修好了")
    set_values(table, "ANTI_FALL", order[45:75], "/")
    set_values(table, "ROAD_NAME", order[75:105], "-")
    ids = table["MANHOLE_ID"].to_numpy(object)
    set_values(table, "MANHOLE_ID", order[105:130], ids[(order[105:130] + 1) % n])
    _outside(table, order[130:], -60_000.0, -45_000.0)
    table["STATUS"] = table["STATUS"].replace({"派单": "已派单", "整治中": "维修中"})
    return table, fields


def _tunnels(layer: LayerData, draw: Draw) -> LayerData:
    table, fields = layer
    n = len(table)
    km = table["LENGTH_KM"].to_numpy(float)
    way = draw.pick(n, (0.4, 0.3, 0.3))
    text = np.array([f"{v:.3f}" for v in km], object)
    text[way == 1] = [f"{v:.3f}公里" for v in km[way == 1]]
    text[way == 2] = [f"{v * 1000:.0f}米" for v in km[way == 2]]
    odd = draw.some(n, max(1, n // 15))
    text[odd] = [f"{v * 1.2:.3f}" for v in km[odd]]
    table["LENGTH_KM"] = text
    return table, fields


def _parking(layer: LayerData, draw: Draw) -> LayerData:
    table, fields = layer
    n = len(table)
    text = _whole(table["SP_TOTAL"])
    way = draw.pick(n, (0.7, 0.2, 0.1))
    text[way == 1] = text[way == 1] + "个"
    text[way == 2] = [f"{int(v):,}" for v in table["SP_TOTAL"][way == 2]]
    table["SP_TOTAL"] = text
    yes = np.array(["是", "1", "Y", "true"], object)[draw.pick(n, (0.6, 0.2, 0.1, 0.1))]
    no = np.array(["否", "0", "N", "false"], object)[draw.pick(n, (0.6, 0.2, 0.1, 0.1))]
    table["DYNAMIC"] = np.where(table["DYNAMIC"] == "是", yes, no)
    rows = draw.some(n, 12)
    table["SP_SHARED"] = table["SP_SHARED"].astype(float)
    table.loc[rows, "SP_SHARED"] = 9999.0
    return table, fields


def _bikes(layer: LayerData, draw: Draw) -> LayerData:
    table, fields = layer
    table = table.to_crs("EPSG:4490")
    rows = draw.some(len(table), 25)
    shapes = table.geometry.to_numpy().copy()
    shapes[rows] = shapely.Point(0.0, 0.0)
    table.geometry = shapes
    total = table.iloc[[0]].copy()
    for name in total.columns.drop("geometry"):
        total[name] = None
    total["STATION_ID"] = "合计"
    total["CAPACITY"] = int(table["CAPACITY"].sum())
    total["BIKES_DEP"] = int(table["BIKES_DEP"].sum())
    total.geometry = [None]
    both = {
        name: pd.concat([table[name], total[name].astype(table[name].dtype)], ignore_index=True)
        for name in table.columns.drop("geometry")
    }
    return gpd.GeoDataFrame(both, geometry=[*shapes, None], crs=table.crs), fields
