"""What a folder or an archive holds is told apart; what is left aside is named."""

from __future__ import annotations

import shutil
import tomllib
import zipfile

import pandas as pd
import pyogrio
import pytest

import geo_citymgmt as gcm
from geo_citymgmt.city._discovery import find_source
from geo_citymgmt.city._tables import read_events
from geo_citymgmt.cli._proposal import propose
from geo_citymgmt.findings import Findings
from geo_citymgmt.reading import read_raw
from geo_citymgmt.spec import load_specs
from tests.conftest import DATA, points


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
    assert found.events.sublayer == "事件"
    assert read_raw(found.events).frame["编号"].tolist() == ["J1"]
    assert ignored(found) == ["苏州.xlsx:说明"]
    city = gcm.load_city(path, crs="EPSG:4490")
    assert city["manholes"]["manhole_id"].tolist() == ["J1"]
    assert city.inputs == (path,)


def test_events_of_a_sheet_keep_whole_numbers_as_ids(tmp_path):
    copy_layer("districts", tmp_path, "districts")
    kind = next(iter(load_specs()["manholes"].events))
    row = {"layer": "manholes", "key": 85782, "event": kind, "date": "2022-06-01"}
    table = pd.DataFrame([row])
    table.to_excel(tmp_path / "events.xlsx", index=False, engine="xlsxwriter")
    specs = load_specs()
    source = find_source(tmp_path, specs).events
    assert read_events(source, specs, Findings())["key"].tolist() == ["85782"]


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


def zipped(path, folder):
    with zipfile.ZipFile(path, "w") as archive:
        for part in sorted(p for p in folder.rglob("*") if p.is_file()):
            archive.write(part, part.relative_to(folder))
    return path


@pytest.fixture
def shifted(tmp_path):
    """A folder whose city.toml knows what its files do not say: names, CRS, columns, day."""
    folder = tmp_path / "资料" / "苏州"
    folder.mkdir(parents=True)
    copy_layer("districts", folder, "districts")
    frame = points((1, 1), (9, 9), MANHOLE_ID=["J1", "J2"], LU=["干将路", "人民路"])
    frame.to_file(folder / "abc.shp", engine="pyogrio", encoding="GBK")
    (folder / "abc.prj").unlink()
    (folder / "city.toml").write_text(
        'data_date = 2022-05-31\n[layers.manholes]\npath = "abc.shp"\ncrs = "EPSG:4549"\n'
        '[layers.manholes.fields]\nLU = "road_name"\n',
        encoding="utf-8",
    )
    return folder


def test_a_city_toml_in_an_archive_is_heeded(shifted, tmp_path):
    plain = gcm.load_city(shifted)
    path = zipped(tmp_path / "a.zip", tmp_path / "资料")
    packed = gcm.load_city(path)
    assert packed.data_date == plain.data_date == pd.Timestamp(2022, 5, 31)
    pd.testing.assert_frame_equal(packed["manholes"], plain["manholes"])
    assert packed["manholes"]["road_name"].tolist() == ["干将路", "人民路"]
    assert packed.inputs == (path,)
    assert packed.ledger["source"].tolist() == ["a.zip/districts.shp", "a.zip/abc.shp"]
    assert str(tmp_path) not in packed.findings.to_csv() + packed.ledger.to_csv()


def test_an_archive_with_two_city_toml_is_refused_by_name(shifted, tmp_path):
    shutil.copytree(shifted, shifted.parent / "昆山")
    path = zipped(tmp_path / "a.zip", tmp_path / "资料")
    with pytest.raises(gcm.SourceError, match=r"昆山/city\.toml, 苏州/city\.toml") as caught:
        gcm.load_city(path)
    assert "解压" in caught.value.remedy_zh
    assert "SOURCE_REFUSED" in set(caught.value.findings["code"])


@pytest.mark.parametrize("entry", ["path", "ledger", "events", "targets", "figures"])
def test_a_city_toml_in_an_archive_names_no_file_outside_of_it(shifted, tmp_path, entry):
    (tmp_path / "other.csv").write_text("layer,key,event,date\n")
    given = f'{entry} = "{(tmp_path / "other.csv").as_posix()}"\n'
    layer = '[layers.manholes]\npath = "abc.shp"\n'
    layer = {"path": "[layers.manholes]\n" + given, "ledger": layer + given}.get(entry, given)
    (shifted / "city.toml").write_text(layer)
    with pytest.raises(gcm.SourceError, match=r"a\.zip: .* outside the archive") as caught:
        gcm.load_city(zipped(tmp_path / "a.zip", tmp_path / "资料"))
    assert "SOURCE_REFUSED" in set(caught.value.findings["code"])
    assert str(tmp_path) not in caught.value.message + caught.value.message_zh


@pytest.mark.parametrize("kind", ["zip", "gpkg"])
def test_a_proposed_city_toml_names_each_part_within_one_file(tmp_path, manholes, kind):
    copy_layer("districts", tmp_path, "districts")
    parts = {"manholes_pt": manholes.iloc[:20], "manholes_pg": manholes.iloc[20:]}
    if kind == "gpkg":
        for name, part in parts.items():
            part.to_file(tmp_path / "all.gpkg", layer=name, engine="pyogrio")
    else:
        (tmp_path / "x").mkdir()
        for name, part in parts.items():
            part.to_parquet(tmp_path / "x" / f"{name}.parquet")
        zipped(tmp_path / "all.zip", tmp_path / "x")
        shutil.rmtree(tmp_path / "x")
    text, _ = propose(tmp_path, load_specs())
    entry = tomllib.loads(text)["layers"]["manholes"]
    assert entry["path"] == f"all.{kind}"
    assert {part.split(".")[0] for part in entry["sublayer"]} == set(parts)
    (tmp_path / "city.toml").write_text(text, encoding="utf-8")
    found = gcm.load_city(tmp_path / "city.toml")
    assert len(found["manholes"]) == 50
    assert found.findings.query("code == 'LAYER_IGNORED'").empty


def test_a_list_of_sublayers_must_fit_the_files(tmp_path):
    copy_layer("manholes", tmp_path, "a")
    copy_layer("manholes", tmp_path, "b")
    (tmp_path / "city.toml").write_text(
        '[layers.manholes]\npath = ["a.shp", "b.shp"]\nsublayer = ["x"]\n'
    )
    with pytest.raises(gcm.CityDataError, match="one name for each file"):
        gcm.load_city(tmp_path)


def test_a_table_of_a_layer_needs_no_path_where_its_file_is_found(tmp_path, manholes):
    places = manholes.get_coordinates()
    table = pd.DataFrame(manholes.drop(columns="geometry"))
    table["X"], table["Y"] = places["x"].to_numpy(), places["y"].to_numpy()
    table.to_csv(tmp_path / "窨井.csv", index=False)
    (tmp_path / "city.toml").write_text('[layers.manholes]\ncrs = "EPSG:4549"\n', encoding="utf-8")
    city = gcm.load_city(tmp_path)
    row = city.ledger.set_index("layer").loc["manholes"]
    assert row["n_accepted"] == 50
    assert "4549" in row["crs"]
    with pytest.raises(gcm.SpecError, match=r"\[layers.roads\]: no file was found.*path = "):
        (tmp_path / "city.toml").write_text('[layers.roads]\ncrs = "EPSG:4549"\n')
        gcm.load_city(tmp_path)
