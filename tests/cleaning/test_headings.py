"""Headings with a unit: the name is known, the numbers are converted, and that is told."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest

import geo_citymgmt as gcm
from geo_citymgmt.cleaning._names import match_columns
from geo_citymgmt.findings import Findings
from geo_citymgmt.reading._raw import Raw
from geo_citymgmt.spec import load_specs

SPECS = load_specs()
N = 3


def read(layer="illegal_construction", **columns):
    aliases = columns.pop("aliases", None)
    units = columns.pop("units", None)
    frame = pd.DataFrame(columns)
    points = gpd.points_from_xy([120.61, 120.62, 120.63][: len(frame)], [31.3] * len(frame))
    frame = gpd.GeoDataFrame(frame, geometry=points, crs=4490)
    return gcm.read_layer(frame, layer, aliases=aliases, units=units)


@pytest.mark.parametrize(
    ("heading", "factor"),
    [
        ("违建面积（平方米）", 1),
        ("违建面积(㎡)", 1),
        ("违建面积 (m²)", 1),
        ("违建面积【m2】", 1),
        ("违建面积/平方米", 1),
        ("违建面积 平方米", 1),
        ("违建面积（单位：平方米）", 1),
        ("违建面积（万平方米）", 1e4),
        ("违建面积\n（万㎡）", 1e4),
        ("违建面积（亩）", 2000 / 3),
        ("违建面积：亩", 2000 / 3),
        ("违建面积/公顷", 1e4),
        ("违建面积_ha", 1e4),
        ("＊违建面积（亩）（必填）", 2000 / 3),
        ("違建面積（平方公里）", 1e6),
        ("WJMJ [ha]", 1e4),
    ],
)
def test_the_unit_of_a_heading_is_converted_and_told(heading, factor):
    layer = read(违建编号=["a", "b", "c"], **{heading: ["0.35", "1", "20 ㎡"]})
    assert layer.data["illegal_area_m2"].tolist() == pytest.approx([0.35 * factor, factor, 20])
    told = layer.findings[layer.findings["code"].eq("UNIT_CONVERTED")]
    assert told["expected"].tolist() == (["m2"] if factor != 1 else [])


def test_a_column_mapped_by_hand_is_in_the_unit_of_its_heading():
    fields = {"核定面积（万平方米）": "illegal_area_m2"}
    layer = read(编号=["a"], **{"核定面积（万平方米）": [0.35]}, aliases=fields)
    assert layer.data["illegal_area_m2"].tolist() == pytest.approx([3500])
    assert "UNIT_CONVERTED" in set(layer.findings["code"])


def test_the_unit_that_is_given_wins_over_the_heading():
    layer = read(编号=["a"], **{"违建面积（亩）": [3]}, units={"illegal_area_m2": "公顷"})
    assert layer.data["illegal_area_m2"].tolist() == pytest.approx([30_000])


def test_a_unit_that_is_none_of_the_fields_is_not_taken_for_it():
    layer = read(编号=["a"], **{"违建面积（米）": [3]})
    assert "illegal_area_m2" not in layer.data
    layer = read(
        编号=["a"], **{"违建面积（米）": [3]}, aliases={"违建面积（米）": "illegal_area_m2"}
    )
    told = layer.findings[layer.findings["code"].eq("UNIT_UNFIT")]
    assert told["field"].tolist() == ["illegal_area_m2"]
    assert layer.data["illegal_area_m2"].tolist() == [3]


def test_a_bracket_that_is_no_unit_stays_part_of_the_name():
    found = match_columns(["违建面积（已拆）"], SPECS["illegal_construction"], Findings())
    assert found == {}


@pytest.mark.parametrize(
    ("layer", "heading", "field"),
    [
        ("parking_points", "泊位数（个）", "spaces_total"),
        ("manholes", "井深(m)", "well_depth_m"),
        ("utility_tunnels", "长度（米）", "length_km"),
        ("districts", "常住人口（万人）", "population"),
    ],
)
def test_units_of_every_kind_of_field(layer, heading, field):
    assert match_columns([heading], SPECS[layer], Findings()) == {field: heading}


def test_persons_in_ten_thousands_and_metres_in_kilometres():
    frame = pd.DataFrame({"代码": ["320505"], "名称": ["虎丘区"], "常住人口（万人）": ["83.2"]})
    box = gpd.GeoSeries.from_wkt(["POLYGON((120 31,121 31,121 32,120 31))"], crs=4490)
    zones = gcm.read_layer(gpd.GeoDataFrame(frame, geometry=box), "districts", metric_crs=4549)
    assert zones.data["population"].tolist() == [832_000]


def raw(name, unit, offset=0.0, **columns):
    frame = pd.DataFrame(columns)
    n = len(frame)
    points = gpd.points_from_xy([120.6 + offset] * n, [31.3] * n)
    made = Raw(name, frame, points.to_numpy(), pd.RangeIndex(n).to_numpy(), n)
    made.crs, made.stated_unit = gpd.GeoSeries(points, crs=4490).crs, unit
    return made


@pytest.fixture
def sources(monkeypatch):
    """Let a source be the Raw that a reader made of it."""
    monkeypatch.setattr("geo_citymgmt.layer.read_raw", lambda source, **_: source)


@pytest.mark.usefixtures("sources")
def test_the_unit_above_the_headings_is_that_of_each_area_that_names_none():
    one = raw(
        "a.xlsx", "万平方米", 违建编号=["a"], 违建面积=[0.05], 层数=[2], **{"占地面积（㎡）": [80]}
    )
    layer = gcm.read_layer(one, "illegal_construction")
    row = layer.data.iloc[0]
    assert (row["illegal_area_m2"], row["floors"], row["footprint_m2"]) == (500, 2, 80)
    told = layer.findings[layer.findings["code"].eq("UNIT_CONVERTED")]
    assert told["field"].tolist() == ["illegal_area_m2"]


@pytest.mark.usefixtures("sources")
def test_files_of_one_layer_may_state_different_units():
    both = [raw("a.xlsx", "万平方米", 违建编号=["a"], 违建面积=["0.05"]),
            raw("b.xlsx", "", 0.01, 违建编号=["b"], 违建面积=["70"])]  # fmt: skip
    layer = gcm.read_layer(both, "illegal_construction")
    assert layer.data["illegal_area_m2"].tolist() == [500, 70]


def test_an_offices_list_keeps_the_unit_of_its_headings(tmp_path):
    listed = tmp_path / "台账.csv"
    listed.write_text("违建编号,违建面积（亩）\na,3\nb,\n", encoding="utf-8")
    points = gpd.points_from_xy([120.61, 120.62], [31.3, 31.3])
    frame = gpd.GeoDataFrame(
        {"违建编号": ["a", "b"], "违建面积（万平方米）": [1.0, 0.5]}, geometry=points, crs=4490
    )
    layer = gcm.read_layer(frame, "illegal_construction", ledger=listed)
    assert layer.data["illegal_area_m2"].tolist() == pytest.approx([2000, 5000])


def test_a_unit_is_said_to_be_from_where_it_stands():
    size = {"编号": ["a", "b"], "x": [120.6, 120.61], "y": [31.3, 31.31]}
    for column, says in (
        ({"diameter": [0.7, 0.99]}, ("按数值大小判断", "by their size")),
        ({"井盖尺寸（m）": [0.7, 0.99]}, ("列名写明", "by its heading")),
    ):
        layer = gcm.read_layer(pd.DataFrame(size | column), "manholes", crs=4490)
        (row,) = layer.findings[layer.findings["code"].eq("UNIT_CONVERTED")].itertuples()
        assert says[0] in row.message_zh
        assert says[1] in row.message_en
    layer = gcm.read_layer(
        pd.DataFrame(size | {"井盖尺寸": [0.7, 0.99]}), "manholes", crs=4490,
        units={"cover_size_mm": "m"},
    )  # fmt: skip
    (row,) = layer.findings[layer.findings["code"].eq("UNIT_CONVERTED")].itertuples()
    assert "按指定的单位" in row.message_zh
