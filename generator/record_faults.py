"""Further faults of the dirty city, each in records that are sound otherwise."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from generator.draw import Draw
from geo_citymgmt.spec import Field, LayerSpec
from geo_citymgmt.zones._ownership import ZoneIndex

__all__ = ["HEADINGS", "MORE", "Ints", "LayerData", "set_values", "spoil_files"]

Ints = NDArray[np.int64]
LayerData = tuple[gpd.GeoDataFrame, dict[str, Field]]
More = Callable[[LayerData, Draw, LayerSpec, gpd.GeoDataFrame], LayerData]

#: Columns that no layer file names so, by the name in memory.
HEADINGS: Mapping[str, Mapping[str, bytes]] = {
    "illegal_construction": {"CUT": "违法建设".encode("gb18030")},
    "manholes": {"OWN_NO": "自编号".encode("gb18030")},
    "utility_tunnels": {"LENGTH_2": "里程".encode()},
}
DELETED = 15
_M2_PER_MU = 2000 / 3


def _sound(table: gpd.GeoDataFrame, key: str, draw: Draw, count: int) -> Ints:
    """Draw records that have a geometry and a number of their own, in any order."""
    shapes = table.geometry.to_numpy()
    good = shapely.is_valid(shapes) & ~table[key].duplicated(keep=False).to_numpy()
    free = np.flatnonzero(good & table[key].notna().to_numpy())
    rows = free[draw.some(len(free), count)]
    return rows[draw.order(count)]


def set_values(table: gpd.GeoDataFrame, name: str, rows: Ints, values: object) -> None:
    """Set values of a column, which may then be of any type."""
    column = table[name].astype(object)
    column.iloc[rows] = values
    table[name] = column


def _parcels(layer: LayerData, draw: Draw, spec: LayerSpec, zones: gpd.GeoDataFrame) -> LayerData:
    table, fields = layer
    square_metres = table["FOOT_AREA"].to_numpy(float) * table["FLOORS"].to_numpy(float)
    five = np.split(_sound(table, "PARCEL_ID", draw, 50), 10)
    set_values(table, "ILL_AREA", five[0], "若干")
    set_values(
        table, "ILL_AREA", five[1], [f"{v / 1e4:.4f}万平方米" for v in square_metres[five[1]]]
    )
    set_values(table, "FOUND_DATE", five[2], "2022-02-30")
    set_values(table, "FOUND_DATE", five[3], "2019年5月")
    set_values(table, "FOUND_DATE", five[4], "2021-5-6")
    set_values(table, "FILED_DATE", five[4], "2001-5-6")
    shapes = table.geometry.to_numpy().copy()
    shapes[five[5]] = [_stuttered(shape) for shape in shapes[five[5]]]
    shapes[five[6]] = [_doubled(shape) for shape in shapes[five[6]]]
    shapes[five[7]] = [_sliver(shape) for shape in shapes[five[7]]]
    shapes[five[8]] = shapes[five[9]]
    for name in ("ILL_AREA", "STATUS"):
        set_values(table, name, five[8], table[name].to_numpy(object)[five[9]])
    table.geometry = shapes
    # The whole column in 亩, and nothing that says so.
    table["FOOT_AREA"] = [f"{v / _M2_PER_MU:.4f}" for v in table["FOOT_AREA"]]
    table["PARTY_NAME"] = np.array(["某某", "某公司"], object)[draw.pick(len(table), (3, 1))]
    table["CUT"] = None
    return table, {**fields, "PARTY_NAME": spec.fields["party_name"]}


def _stuttered(shape: shapely.Geometry) -> shapely.Geometry:
    xy = shapely.get_coordinates(shape)
    return shapely.Polygon(np.repeat(xy, 2, axis=0))


def _doubled(shape: shapely.Geometry) -> shapely.Geometry:
    annex = shapely.transform(shape, lambda xy: xy + np.array([150.0, 0.0]))
    return shapely.MultiPolygon([shape, annex])


def _sliver(shape: shapely.Geometry) -> shapely.Geometry:
    x, y = shapely.get_coordinates(shape)[0]
    return shapely.box(x, y, x + 20.0, y + 0.05)


def _manholes(layer: LayerData, draw: Draw, spec: LayerSpec, zones: gpd.GeoDataFrame) -> LayerData:
    table, fields = layer
    rows = _sound(table, "MANHOLE_ID", draw, 36)
    zones = zones.set_index("district_code")
    index = ZoneIndex(zones)
    owner = index.owner(table.geometry.to_numpy())
    names = np.array([*zones.loc[index.codes, "name_zh"], None], object)
    table["DIST_NAME"] = names[np.where(owner < 0, len(names) - 1, owner)]
    set_values(table, "DIST_NAME", rows[:20], names[(owner[rows[:20]] + 1) % (len(names) - 1)])
    set_values(table, "DIST_NAME", rows[20:25], "高教区")
    shapes = table.geometry.to_numpy().copy()
    shapes[rows[25:30]] = None
    table.geometry = shapes
    set_values(table, "MANHOLE_ID", rows[30:], "3.20505E+15")
    table["OWN_NO"] = [f"{i % 97:02d}" for i in range(len(table))]
    return table, {**fields, "DIST_NAME": spec.fields["district_name"]}


def _tunnels(layer: LayerData, draw: Draw, spec: LayerSpec, zones: gpd.GeoDataFrame) -> LayerData:
    table, fields = layer
    rows = _sound(table, "TUNNEL_ID", draw, 2)
    table["LENGTH_2"] = table["LENGTH_KM"]
    set_values(table, "LENGTH_KM", rows, None)
    table.geometry = shapely.force_3d(table.geometry.to_numpy(), 3.2)
    return table, fields


def _parking(layer: LayerData, draw: Draw, spec: LayerSpec, zones: gpd.GeoDataFrame) -> LayerData:
    table, fields = layer
    rows = _sound(table, "LOT_ID", draw, 5)
    set_values(table, "NAME", rows, ["\ufffd" + str(name)[1:] for name in table["NAME"].iloc[rows]])
    return table, fields


def _bikes(layer: LayerData, draw: Draw, spec: LayerSpec, zones: gpd.GeoDataFrame) -> LayerData:
    table, fields = layer
    away = shapely.get_x(table.geometry.to_numpy()) == 0.0
    sound = _sound(table, "STATION_ID", draw, 60)
    rows = sound[~away[sound]][:15]
    shapes = table.geometry.to_numpy().copy()
    shapes[rows[:10]] = shapely.transform(shapes[rows[:10]], lambda xy: xy[:, ::-1])
    table.geometry = shapes
    column = table["CAPACITY"].copy()
    column.iloc[rows[10:]] = -1
    table["CAPACITY"] = column
    return table, fields


MORE: Mapping[str, More] = {
    "illegal_construction": _parcels,
    "manholes": _manholes,
    "utility_tunnels": _tunnels,
    "parking_points": _parking,
    "bike_stations": _bikes,
}


def spoil_files(root: Path, draw: Draw) -> None:
    """Do to the written files what copying and editing does to them."""
    table = bytearray((root / "窨井.dbf").read_bytes())
    count, start, width = (
        int.from_bytes(table[a:b], "little") for a, b in ((4, 8), (8, 10), (10, 12))
    )
    for row in draw.some(count, DELETED):
        table[start + width * int(row)] = ord("*")
    (root / "窨井.dbf").write_bytes(bytes(table))
    table = bytearray((root / "停车泊位.dbf").read_bytes())
    count, width = (int.from_bytes(table[a:b], "little") for a, b in ((4, 8), (10, 12)))
    table[4:8] = (count - 1).to_bytes(4, "little")
    (root / "停车泊位.dbf").write_bytes(bytes(table[: -1 - width]) + b"\x1a")
    (root / "停车泊位.cpg").write_text("GBK", encoding="ascii")
    (root / "综合管廊.shx").unlink()
