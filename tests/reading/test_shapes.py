"""Geometry of records that are odd, among others that are not."""

from __future__ import annotations

import json
import struct

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely

import geo_citymgmt as gcm
from geo_citymgmt.reading._raw import DEEPEST, from_geojson, from_wkb, from_wkt

POINT = shapely.Point(120.6, 31.3)
CURVES = ["CIRCULARSTRING (120.6 31.3, 120.61 31.31, 120.62 31.3)",
          "CURVEPOLYGON (CIRCULARSTRING (0 0, 4 0, 4 4, 0 4, 0 0))",
          "COMPOUNDCURVE (CIRCULARSTRING (0 0, 1 1, 1 0), (1 0, 0 1))"]  # fmt: skip


def nested(depth: int, kind: int = 7, order: str = "<") -> bytes:
    head = struct.pack(f"{order}BII", order == "<", kind, 1)
    return head * depth + POINT.wkb


def nested_json(depth: int) -> str:
    before, after = '{"type": "GeometryCollection", "geometries": [', "]}"
    return before * depth + json.dumps(shapely.geometry.mapping(POINT)) + after * depth


@pytest.mark.parametrize("kind", [7, 6, 5, 4, 1007, 3007, 0x8000_0007])
@pytest.mark.parametrize("order", ["<", ">"])
def test_what_is_nested_too_deeply_is_no_geometry_and_the_others_are(kind, order):
    shapes, curved = from_wkb([POINT.wkb, nested(200_000, kind, order), POINT.wkb])
    assert [shape is None for shape in shapes] == [False, True, False]
    assert not curved.any()


def test_the_nested_one_may_stand_behind_others():
    flat = struct.pack("<BII", 1, 7, 3) + POINT.wkb + shapely.box(0, 0, 1, 1).wkb
    assert from_wkb([flat + nested(200_000)])[0].tolist() == [None]
    assert from_wkb([(flat + nested(200_000)).hex()])[0].tolist() == [None]


def test_collections_as_drawings_have_them_are_geometry():
    deep = shapely.GeometryCollection([POINT])
    for _ in range(DEEPEST // 2):
        deep = shapely.GeometryCollection([deep, shapely.box(0, 0, 1, 1)])
    many = shapely.MultiPoint(np.random.default_rng(0).uniform(size=(5_000, 2)))
    for shape in (deep, many, shapely.Point(1, 2, 3)):
        assert shapely.equals(from_wkb([shape.wkb])[0][0], shape)
        assert shapely.equals(from_wkb([shapely.to_wkb(shape, include_srid=True)])[0][0], shape)
        assert (
            shapely.equals(from_wkt([shape.wkt])[0][0], from_wkb([shape.wkb])[0][0])
            or shape is many
        )


def test_wkt_and_geojson_are_bounded_too():
    text = "GEOMETRYCOLLECTION (" * 50_000 + "POINT (1 2)" + ")" * 50_000
    assert from_wkt(["POINT (1 2)", text])[0].tolist() == [shapely.Point(1, 2), None]
    found = from_geojson([nested_json(2), nested_json(400), nested_json(100_000)])[0]
    assert [shape is None for shape in found] == [False, True, True]


def test_a_curve_costs_no_other_record_its_geometry():
    shapes, curved = from_wkt(["POINT (1 2)", *CURVES, "LINESTRING (0 0, 1 1)"])
    assert curved.tolist() == [False, True, True, True, False]
    assert (shapes[[0, 4]] == [shapely.Point(1, 2), shapely.LineString([(0, 0), (1, 1)])]).all()


def test_in_a_column_of_wkt_a_curve_is_told_by_its_record(tmp_path):
    lines = ["LINESTRING(120.6 31.3,120.7 31.3)", CURVES[0], "LINESTRING(120.6 31.3,120.7 31.4)"]
    path = tmp_path / "roads.csv"
    path.write_text("编号,WKT\n" + "".join(f'{k},"{t}"\n' for k, t in enumerate(lines)), "utf-8")
    layer = gcm.read_layer(path, "roads", crs=4490)
    told = layer.findings[layer.findings["code"] == "RECORD_UNREADABLE"]
    assert told["row_label"].tolist() == ["第 3 行"]
    assert layer.data.geometry.notna().tolist().count(True) == 2


def test_in_a_parquet_a_nested_one_is_told_by_its_record(tmp_path):
    path = tmp_path / "manholes.parquet"
    frame = gpd.GeoDataFrame({"manhole_id": ["1", "2"]}, geometry=[POINT, POINT], crs=4490)
    frame.to_parquet(path)
    table = pq.read_table(path)
    deep = pa.array([POINT.wkb, nested(200_000)], pa.binary())
    at = table.schema.get_field_index("geometry")
    pq.write_table(table.set_column(at, table.schema.field(at), deep), path)
    layer = gcm.read_layer(path, "manholes")
    assert layer.findings["code"].tolist().count("RECORD_UNREADABLE") == 1
    assert int(layer.ledger["n_records"].iloc[0]) == 2
