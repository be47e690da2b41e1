"""The layers of the bureau's other systems: read as offices write them, taking from no other."""

from __future__ import annotations

import tomllib
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

import geo_citymgmt as gcm
from generator.systems import SYSTEMS
from geo_citymgmt.spec import load_specs

CRS = "EPSG:4549"
ROOT = Path(__file__).resolve().parents[1]
SHAPES = {
    "Point": shapely.Point(5.55e5, 3.465e6),
    "LineString": shapely.LineString([(5.55e5, 3.465e6), (5.56e5, 3.465e6)]),
    "Polygon": shapely.box(5.55e5, 3.465e6, 5.56e5, 3.466e6),
}


@pytest.mark.parametrize("key", SYSTEMS)
def test_each_word_of_a_code_list_is_read_under_the_heading_of_its_field(key):
    spec = load_specs()[key]
    shared = tomllib.loads((ROOT / "geo_citymgmt/layers/_common.toml").read_text("utf-8"))["fields"]
    own = {name: item for name, item in spec.fields.items() if name not in shared}
    lists = {name: item for name, item in own.items() if item.type == "code"}
    for name, item in lists.items():
        words = {w: code for code, c in item.codes.items() for w in (c.zh, *c.synonyms)}
        ids = [str(k) for k in range(len(words))]
        columns = {spec.fields[spec.id_field].zh: ids, item.zh: list(words)}
        shape = SHAPES[spec.geometry[0]] if spec.geometry else None
        frame = gpd.GeoDataFrame(columns, geometry=[shape] * len(words), crs=CRS)
        read = gcm.read_layer(frame, key)
        assert read.data[name].tolist() == list(words.values()), name


@pytest.mark.parametrize("key", SYSTEMS)
def test_no_two_fields_go_by_one_heading(key):
    spec = load_specs()[key]
    words = [w for f in spec.fields.values() for w in dict.fromkeys((f.zh, f.dbf, *f.aliases))]
    assert len(words) == len(set(words))


def folder(tmp_path: Path, columns: dict[str, list[object]], shape: str) -> Path:
    frame = gpd.GeoDataFrame(columns, geometry=[SHAPES[shape]] * 2, crs=CRS)
    frame.to_file(tmp_path / "a.gpkg", layer="a")
    return tmp_path


def test_columns_that_a_later_layer_has_too_still_tell_of_tunnels(tmp_path):
    columns = {"管廊编号": ["1", "2"], "风险等级": ["一般", "低"]}
    assert {"管廊编号", "风险等级"} <= {f.zh for f in load_specs()["tunnel_risks"].fields.values()}
    assert list(gcm.load_city(folder(tmp_path, columns, "LineString"))) == ["utility_tunnels"]


def test_toilets_are_known_by_columns_of_their_own(tmp_path):
    columns = {"公厕名称": ["甲", "乙"], "厕位数": [3, 4], "名称": ["甲", "乙"]}
    city = gcm.load_city(folder(tmp_path, columns, "Point"))
    assert list(city) == ["public_toilets"]
    assert city["public_toilets"]["stalls"].tolist() == [3, 4]


def test_lines_without_words_are_proposed_as_tunnels_and_not_as_what_came_later(tmp_path):
    with pytest.raises(gcm.CityDataError) as caught:
        gcm.load_city(folder(tmp_path, {"x1": [1, 2]}, "LineString"))
    assert "utility_tunnels" in str(caught.value)
    assert "overhead_line_roads" not in str(caught.value)


def test_tables_are_known_by_their_name(tmp_path):
    rows = pd.DataFrame({"月份": ["2022-06"], "处理去向": ["焚烧"], "数量": ["1.2万吨"]})
    rows.to_csv(tmp_path / "生活垃圾清运量.csv", index=False)
    city = gcm.load_city(tmp_path)
    assert city["waste_tonnage"]["tonnes"].tolist() == [12_000.0]


def test_a_gpkg_keeps_a_table_and_its_figures(city, city_again):
    figure = "minor_violations_corrected"
    one, other = (gcm.progress(c, indicators=figure) for c in (city, city_again))
    assert one["value"].tolist() == other["value"].tolist()
    assert one.loc[one["row_kind"] == "zone", "value"].gt(0).all()


def test_compared_with_the_document_no_two_units_are_added_up(city):
    figures = city.figures.figures
    for one, other in (
        ("ads_large_removed", "ads_signs_removed"),
        ("vendor_produce_points", "vendor_stalls"),
    ):
        kinds = [figures[name].value.where["kind"] for name in (one, other)]
        wanted = [set(k) if isinstance(k, list) else {k} for k in kinds]
        assert not wanted[0] & wanted[1]
