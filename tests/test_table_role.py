"""Tables: rows without a place count in the zone whose code or name they carry."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

import geo_citymgmt as gcm
from geo_citymgmt.indicators import load_figures

CRS = "EPSG:4549"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    boxes = [shapely.box(5.5e5 + k * 1e4, 3.46e6, 5.6e5 + k * 1e4, 3.47e6) for k in (0, 1)]
    zones = {"district_code": ["320505", "320506"], "name_zh": ["甲区", "乙区"]}
    gpd.GeoDataFrame(zones, geometry=boxes, crs=CRS).to_file(tmp_path / "districts.gpkg")
    streets = gpd.GeoDataFrame(
        {
            "street_code": ["320505001", "320505002", "320506001"],
            "parent_code": ["320505", "320505", "320506"],
            "name_zh": ["东街道", "西街道", "东街道"],
        },
        geometry=[
            shapely.box(5.5e5, 3.46e6, 5.55e5, 3.47e6),
            shapely.box(5.55e5, 3.46e6, 5.6e5, 3.47e6),
            boxes[1],
        ],
        crs=CRS,
    )
    streets.to_file(tmp_path / "streets.gpkg")
    (tmp_path / "执法案件.csv").write_text(
        "编号,月份,执法方式,起数,所属区,街道,责任单位\n"
        "1,2022-05,教育纠处,7,甲区,东街道,一中队\n"
        "2,2022年6月,查处案件,5,甲区,,一中队\n"
        "3,2022-06,教育纠处,11,320506,东街道,二中队\n"
        "4,2022-06,教育纠处,2,,,\n"
        "5,2022-06,教育纠处,3,丙区,,\n",
        encoding="utf-8",
    )
    (tmp_path / "city.toml").write_text('code = "320500"\ndata_date = 2022-06-30\n', "utf-8")
    return tmp_path


def values(city: gcm.City, figure: str, level: str = "district") -> dict[str, float]:
    table = gcm.progress(city, indicators=figure, level=level)
    table = table[table["level"] == level]
    return {f"{r.row_kind} {r.zone_code}": r.value for r in table.itertuples()}


def test_rows_count_in_the_district_they_name_and_make_the_total(folder):
    city = gcm.load_city(folder)
    assert values(city, "minor_violations_corrected") == {
        "zone 320505": 7, "zone 320506": 11, "unlocated unlocated": 5,
    }  # fmt: skip
    assert values(city, "cases_investigated") == {
        "zone 320505": 5, "zone 320506": 0, "unlocated unlocated": 0,
    }  # fmt: skip
    assert values(city, "minor_violations_corrected", "city") == {"total 320500": 23}


def test_rows_count_in_the_street_of_their_district_and_else_under_the_district(folder):
    found = values(gcm.load_city(folder), "minor_violations_corrected", "street")
    assert found["zone 320505001"] == 7 and found["zone 320506001"] == 11
    assert found["zone 320505002"] == 0
    investigated = values(gcm.load_city(folder), "cases_investigated", "street")
    assert investigated["unlocated 320505"] == 5


def test_only_rows_that_name_no_zone_are_told_as_without_a_place(folder):
    city = gcm.load_city(folder)
    told = city.findings[city.findings["layer"] == "enforcement"].groupby("code").size()
    assert told["UNLOCATED"] == 2 and told["ZONE_UNKNOWN"] == 1
    assert not {"GEOM_NULL", "LAYER_UNUSABLE"} & set(told.index)
    assert city["enforcement"]["manage_org"].dropna().tolist() == ["一中队", "一中队", "二中队"]
    ledger = city.ledger.set_index("layer").loc["enforcement"]
    assert ledger[["n_walked", "n_accepted", "n_rejected"]].tolist() == [5, 5, 0]


def test_a_required_value_that_is_not_there_is_told(tmp_path):
    table = pd.DataFrame(
        {"风险编号": ["1", "2"], "运营企业": ["甲公司", None], "桩号": [None, "120"]}
    )
    layer = gcm.read_layer(table, "tunnel_risks")
    told = layer.findings[layer.findings["code"] == "VALUE_MISSING"]
    # The chainage may be left open.
    assert told["field"].tolist() == ["operator"]
    assert len(layer.data) == 2


def test_the_report_of_a_city_with_a_table_has_its_figures(folder, tmp_path):
    gcm.write_report(gcm.load_city(folder), tmp_path / "report")
    page = (tmp_path / "report" / "index.html").read_text("utf-8")
    assert "教育纠处轻微违法行为" in page


def test_what_one_of_a_code_counts_as_is_data(tmp_path):
    (tmp_path / "figures.toml").write_text(
        "[figures.waste_recovery_rate]\ndenominator = { flow = 'tonnes' }\n"
        "[figures.waste_recovery_rate.numerator]\nflow = 'tonnes'\n"
        "weights = { stream = { recyclable = 0.5 } }\n",
        encoding="utf-8",
    )
    table = pd.DataFrame(
        {"row_id": ["1", "2", "3"], "month": ["2022-05", "2022-06", "2022-06"],
         "stream": ["可回收物", "焚烧", "厨余垃圾处理"], "tonnes": [40.0, 50.0, 10.0]}
    )  # fmt: skip
    layers = {"waste_tonnage": gpd.GeoDataFrame(table, geometry=[None] * 3, crs=CRS)}
    rate = {}
    for name, figures in (("package", None), ("office", tmp_path / "figures.toml")):
        city = gcm.City.from_layers(layers, figures=figures, data_date="2022-06-30")
        rows = gcm.progress(city, indicators="waste_recovery_rate", level="city")
        rate[name] = rows["value"].iloc[0]
    # 40 + 10 of 100; and half of 40 of 100.
    assert rate == {"package": pytest.approx(0.5), "office": pytest.approx(0.2)}
    weights = load_figures().figures["waste_resource_use_rate"].numerator.weights
    assert all(0 < factor <= 1 for factors in weights.values() for factor in factors.values())
