"""What a folder or an archive holds is told apart; what is left aside is named."""

from __future__ import annotations

import shutil
import zipfile

import pandas as pd
import pyogrio
import pytest

import geo_citymgmt as gcm
from geo_citymgmt.city_source import find_source
from geo_citymgmt.spec import load_specs
from tests.conftest import DATA


def copy_layer(key: str, folder, name: str):
    for part in DATA.glob(f"{key}.*"):
        shutil.copy(part, folder / f"{name}{part.suffix}")


def ignored(found) -> list[str]:
    table = found.findings.frame() if hasattr(found.findings, "frame") else found.findings
    return table.loc[table["code"] == "LAYER_IGNORED", "value"].tolist()


@pytest.fixture(scope="module")
def manholes():
    return pyogrio.read_dataframe(DATA / "manholes.shp", max_features=50)


def test_layers_come_from_every_format_of_a_folder(tmp_path, manholes):
    copy_layer("districts", tmp_path, "区县界")
    manholes.to_parquet(tmp_path / "窨井.parquet")
    tunnels = pyogrio.read_dataframe(DATA / "utility_tunnels.shp")
    pyogrio.write_dataframe(tunnels, tmp_path / "地下.gdb", driver="OpenFileGDB", layer="综合管廊")
    bikes = pyogrio.read_dataframe(DATA / "bike_stations.shp", max_features=20)
    table = pd.DataFrame(bikes.drop(columns="geometry"))
    table["X"], table["Y"] = bikes.geometry.y, bikes.geometry.x
    table.to_csv(tmp_path / "公共自行车.csv", index=False, encoding="gb18030")
    found = gcm.load_city(tmp_path, crs={"bike_stations": "EPSG:4549"})
    assert {k: len(v) for k, v in found.items()} == {
        "districts": 10, "manholes": 50, "utility_tunnels": 36, "bike_stations": 20,
    }  # fmt: skip
    assert found["bike_stations"]["district_code"].notna().all()
    assert {p.name for p in found.inputs} >= {"窨井.parquet", "公共自行车.csv", "区县界.dbf"}


def test_a_map_goes_before_a_list_of_the_same_layer(tmp_path):
    copy_layer("manholes", tmp_path, "窨井2022")
    pd.DataFrame({"编号": ["J1"], "名称": ["x"]}).to_csv(tmp_path / "窨井.csv", index=False)
    found = find_source(tmp_path, load_specs())
    assert found.layers["manholes"].label == "窨井2022.shp"
    assert ignored(found) == ["窨井.csv"]


def test_a_workbook_gives_its_sheets_as_layers_events_and_targets(tmp_path):
    path = tmp_path / "苏州.xlsx"
    with pd.ExcelWriter(path, engine="xlsxwriter") as book:
        for name, table in {
            "窨井": pd.DataFrame({"MANHOLE_ID": ["J1"], "经度": [120.6], "纬度": [31.3]}),
            "事件": pd.DataFrame({"图层": ["窨井"], "编号": ["J1"], "事件": ["不存在"],
                                  "日期": ["2022.6.1"]}),
            "说明": pd.DataFrame({"项目": ["a"], "内容": ["b"]}),
        }.items():  # fmt: skip
            table.to_excel(book, sheet_name=name, index=False)
    found = find_source(path, load_specs())
    assert found.layers["manholes"].sublayer == "窨井"
    assert found.events["编号"].tolist() == ["J1"]
    assert ignored(found) == ["苏州.xlsx:说明"]
    city = gcm.load_city(path, crs="EPSG:4490")
    assert city["manholes"]["manhole_id"].tolist() == ["J1"]
    assert city.inputs == (path,)


def test_events_of_a_sheet_keep_whole_numbers_as_ids(tmp_path):
    copy_layer("districts", tmp_path, "districts")
    table = pd.DataFrame({"layer": ["manholes"], "key": [85782], "event": ["x"], "date": ["2022"]})
    table.to_excel(tmp_path / "events.xlsx", index=False, engine="xlsxwriter")
    assert find_source(tmp_path, load_specs()).events["key"].tolist() == ["85782"]


def test_a_damaged_source_stands_in_the_ledger_and_stops_no_other(tmp_path):
    copy_layer("districts", tmp_path, "districts")
    (tmp_path / "窨井.gpkg").write_bytes(b"SQLite format 3\x00" + b"x" * 4000)
    (tmp_path / "资料.zip").write_bytes(b"PK\x03\x04" + b"x" * 400)
    (tmp_path / "窨井备份.geojson").write_text("<OGRVRTDataSource/>", encoding="utf-8")
    (tmp_path / "道路.zip").write_bytes(b"PK\x03\x04" + b"x" * 400)
    copy_layer("utility_tunnels", tmp_path, "综合管廊")
    found = gcm.load_city(tmp_path)
    state = found.ledger.set_index("layer")["state"].to_dict()
    assert state == {"districts": "ok", "manholes": "unusable", "utility_tunnels": "ok",
                     "roads": "unusable"}  # fmt: skip
    codes = found.findings.set_index("layer")["code"]
    assert {"SOURCE_UNREADABLE", "LAYER_UNUSABLE"} <= set(codes.loc["manholes"])
    assert set(ignored(found)) == {"资料.zip", "窨井备份.geojson"}


def test_parts_of_a_layer_are_joined_from_an_archive_too(tmp_path, manholes):
    path = tmp_path / "a.zip"
    (tmp_path / "x").mkdir()
    first, second = manholes.iloc[:20], manholes.iloc[20:]
    first.to_parquet(tmp_path / "x" / "manholes_pt.parquet")
    second.to_parquet(tmp_path / "x" / "manholes_pg.parquet")
    with zipfile.ZipFile(path, "w") as archive:
        for part in sorted((tmp_path / "x").iterdir()):
            archive.write(part, part.name)
    found = gcm.load_city(path)
    assert len(found["manholes"]) == 50
    assert found.ledger.set_index("layer").loc["manholes", "n_walked"] == 50
