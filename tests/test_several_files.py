"""Everything in the folder is in the account: many files of one layer, copies, leftovers."""

from __future__ import annotations

import json
import re
import time
import tomllib
import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from click.testing import CliRunner

import geo_citymgmt as gcm
from geo_citymgmt.city._discovery import find_source
from geo_citymgmt.cli import main
from geo_citymgmt.cli._frame import report_reasons
from geo_citymgmt.cli._proposal import propose
from geo_citymgmt.reading._source import SourceLayer, heading_of
from geo_citymgmt.spec import load_specs

SPECS = load_specs()
HEAD = "窨井编号,道路名称,整治状态,经度,纬度\n"


def covers(n: int = 3, *, east: float = 0.0, ids: list[str] | None = None, **columns):
    """``n`` covers in Suzhou, 1 km apart, from ``east`` degrees on."""
    data = {
        "窨井编号": ids or [f"{k + 1:03d}" for k in range(n)],
        "整治状态": ["完好"] * n,
        **columns,
    }
    x = 120.60 + east + np.arange(n) / 100
    return gpd.GeoDataFrame(data, geometry=gpd.points_from_xy(x, [31.3] * n), crs=4490)


def rows(first: int, n: int, east: float = 0.0) -> str:
    lines = [f"J{first + k},人民路,完好,{120.6 + east + k / 100:.4f},31.3\n" for k in range(n)]
    return HEAD + "".join(lines)


def check(*arguments) -> tuple[int, dict]:
    told = CliRunner().invoke(main, ["check", *map(str, arguments), "--format", "json"])
    return told.exit_code, json.loads(told.stdout) if told.stdout else {"err": told.stderr}


def found(report: dict, code: str) -> list[dict]:
    return [f for f in report["findings"] if f["code"] == code]


def accepted(report: dict) -> dict[str, int]:
    return {row["layer"]: row["n_accepted"] for row in report["ledger"]}


# one layer of many files


def test_a_file_for_each_district_is_one_layer_with_a_row_for_each_file(tmp_path):
    for k, name in enumerate(("姑苏区", "虎丘区", "吴中区", "相城区")):
        ids = [f"{name}{i}" for i in range(3)]
        covers(ids=ids, east=k / 10).to_file(tmp_path / f"{name}窨井.shp", encoding="GBK")
    code, report = check(tmp_path)
    assert (code, accepted(report)) == (0, {"manholes": 12})
    assert [(r["source"], r["n_accepted"]) for r in report["sources"]] == [
        ("吴中区窨井.shp", 3), ("姑苏区窨井.shp", 3), ("相城区窨井.shp", 3), ("虎丘区窨井.shp", 3),
    ]  # fmt: skip
    assert not found(report, "LAYER_IGNORED")


def test_each_record_keeps_the_file_it_came_from(tmp_path):
    covers(2, ids=["A", "B"]).to_file(tmp_path / "姑苏区窨井.shp", encoding="GBK")
    covers(1, ids=["C"], east=0.1).to_file(tmp_path / "吴中区窨井.shp", encoding="GBK")
    layer = gcm.load_city(tmp_path).layer("manholes")
    assert layer.source_of.tolist() == ["吴中区窨井.shp", "姑苏区窨井.shp", "姑苏区窨井.shp"]
    assert layer.data["manhole_id"].tolist() == ["C", "A", "B"]
    counts = ["n_walked", "n_skipped", "n_records", "n_accepted", "n_rejected"]
    assert layer.sources[counts].sum().tolist() == layer.ledger[counts].iloc[0].tolist()


def test_files_of_districts_may_head_their_tables_each_in_its_own_way(tmp_path):
    covers(ids=["A", "B", "C"]).to_file(tmp_path / "姑苏区窨井.shp", encoding="GBK")
    other = covers(ids=["D", "E", "F"], east=0.1)
    other = other.rename(columns={"窨井编号": "井盖编号", "整治状态": "状态"})
    other.to_file(tmp_path / "吴中区井盖.shp", encoding="GBK")
    data = gcm.load_city(tmp_path)["manholes"]
    assert sorted(data["manhole_id"]) == list("ABCDEF")
    assert data["status"].tolist() == ["00"] * 6


def test_whole_numbers_stay_whole_where_another_file_lacks_the_column():
    one = covers(2).assign(原编号=[1001, 9007199254740993])
    other = covers(2, ids=["8", "9"], east=0.1)
    data = gcm.read_layer([one, other], "manholes").data
    assert data["原编号"].dropna().tolist() == [1001, 9007199254740993]


def test_folders_sheets_members_and_folders_of_a_kml_are_parts_of_one_layer(tmp_path):
    for name in ("姑苏区", "吴中区"):
        (tmp_path / "folders" / name).mkdir(parents=True)
    east = {"姑苏区": 0.0, "吴中区": 0.1}
    for name, at in east.items():
        covers(east=at, ids=[f"{name}{k}" for k in range(3)]).to_file(
            tmp_path / "folders" / name / "窨井.shp", encoding="GBK"
        )
    with zipfile.ZipFile(tmp_path / "数据.zip", "w") as archive:
        for path in (tmp_path / "folders").rglob("*.*"):
            archive.write(path, path.relative_to(tmp_path / "folders"))
    with pd.ExcelWriter(tmp_path / "窨井.xlsx", engine="xlsxwriter") as book:
        for k, name in enumerate(east):
            table = pd.DataFrame(
                {"窨井编号": [f"{name}1"], "经度": [120.6 + k / 10], "纬度": [31.3]}
            )
            table.to_excel(book, sheet_name=name, index=False)
        pd.DataFrame({"备用": [1]}).to_excel(book, sheet_name="说明", index=False)
    places = "".join(
        f"<Folder><name>窨井</name><Placemark><name>{k}</name><Point><coordinates>{120.6 + k / 10},"
        "31.3,0</coordinates></Point></Placemark></Folder>" for k in range(3)
    )  # fmt: skip
    (tmp_path / "窨井.kml").write_text(
        f'<kml xmlns="http://www.opengis.net/kml/2.2"><Document>{places}</Document></kml>', "utf-8"
    )
    for source, n in (("folders", 6), ("数据.zip", 6), ("窨井.xlsx", 2), ("窨井.kml", 3)):
        code, report = check(tmp_path / source, "--crs", "EPSG:4490")
        assert (source, code, accepted(report)) == (source, 0, {"manholes": n})


def test_python_takes_several_tables_as_the_refusal_says(tmp_path):
    path = tmp_path / "窨井.gpkg"
    covers(2, ids=["A", "B"]).to_file(path, layer="东")
    covers(1, ids=["C"], east=0.1).to_file(path, layer="西")
    with pytest.raises(gcm.SourceError, match=r'sublayer = \["东", "西"\]'):
        gcm.read_layer(path, "manholes")
    layer = gcm.read_layer(path, "manholes", sublayer=["东", "西"])
    assert layer.data["manhole_id"].tolist() == ["A", "B", "C"]
    assert layer.source_of.tolist() == ["窨井.gpkg:东", "窨井.gpkg:东", "窨井.gpkg:西"]


def test_a_parts_census_as_it_comes_is_one_layer(tmp_path):
    for k, (code, district) in enumerate((("320508", "姑苏区"), ("320506", "吴中区"))):
        (tmp_path / district).mkdir()
        for number, kind in (("01", "上水井盖"), ("02", "污水井盖"), ("03", "雨水井盖")):
            n = 4
            frame = gpd.GeoDataFrame(
                {
                    "ObjID": [f"{code}21{number}{i:06d}" for i in range(n)],
                    "ObjName": [kind] * n,
                    "DeptName1": ["水务局"] * n,
                    "ObjState": ["完好"] * n,
                },
                geometry=gpd.points_from_xy(120.6 + k / 10 + np.arange(n) / 100, [31.3] * n),
                crs=4490,
            ).to_crs(4549)
            # Kinds lie side by side at one crossing.
            frame.geometry = frame.translate(float(number) * 2, 0)
            frame.to_file(tmp_path / district / f"T01{number}_{kind}.shp", encoding="GBK")
    code, report = check(tmp_path)
    assert (code, accepted(report)) == (0, {"manholes": 24})
    data = gcm.load_city(tmp_path)["manholes"]
    assert data["manhole_id"].is_unique
    assert data["cover_kind"].value_counts().to_dict() == {
        "water": 8, "sewage": 8, "rain": 8,
    }  # fmt: skip


# ids


def test_ids_that_each_file_begins_anew_are_no_duplicates(tmp_path):
    covers(3).to_file(tmp_path / "姑苏区窨井.shp", encoding="GBK")
    covers(2, east=0.1).to_file(tmp_path / "吴中区窨井.shp", encoding="GBK")
    code, report = check(tmp_path)
    assert (code, accepted(report)) == (0, {"manholes": 5})
    assert not found(report, "ID_DUPLICATE")
    (told,) = found(report, "ID_QUALIFIED")
    assert told["value"] == "4"
    ids = gcm.load_city(tmp_path)["manholes"]["manhole_id"].tolist()
    # 003 is there once, and what refers to it finds it.
    assert ids == ["吴中区窨井-001", "吴中区窨井-002", "姑苏区窨井-001", "姑苏区窨井-002", "003"]


def test_the_district_stands_before_such_an_id_where_it_is_known(tmp_path, city):
    east, west = city.zones.geometry.loc[["320509", "320505"]].representative_point()
    frames = [
        gpd.GeoDataFrame({"窨井编号": ["001"]}, geometry=[place], crs=city.metric_crs)
        for place in (east, west)
    ]
    layer = gcm.read_layer(frames, "manholes", zones=city.zones)
    assert layer.data["manhole_id"].tolist() == ["320509-001", "320505-001"]


def test_one_record_in_two_files_is_a_duplicate_and_its_row_is_named(tmp_path):
    (tmp_path / "姑苏区窨井.csv").write_text(rows(1, 4), "utf-8")
    (tmp_path / "吴中区窨井.csv").write_text(rows(10, 4, 0.2) + rows(1, 1)[len(HEAD) :], "utf-8")
    code, report = check(tmp_path, "--crs", "EPSG:4490")
    assert (code, accepted(report)) == (3, {"manholes": 8})
    (told,) = found(report, "ID_DUPLICATE")
    assert (told["row_label"], told["expected"]) == ("姑苏区窨井 第 2 行", "吴中区窨井 第 6 行")


def test_a_repeated_id_of_a_table_names_its_row_and_no_fid(tmp_path):
    path = tmp_path / "窨井.csv"
    path.write_text(rows(1, 2) + rows(1, 1, 0.5)[len(HEAD) :], "utf-8")
    _, report = check(path, "--crs", "EPSG:4490")
    (told,) = found(report, "ID_DUPLICATE")
    assert (told["row_label"], told["expected"]) == ("第 4 行", "第 2 行")


@pytest.mark.parametrize(
    ("name", "code", "first"),
    [("锦江新区", "ID_DUPLICATE", "第 2 行"), ("锦江区", "ZONES_JOINED", "2")],
)
def test_a_zone_that_stands_twice_is_told_by_the_row_a_clerk_sees(tmp_path, name, code, first):
    square = '"POLYGON(({w} 30, {e} 30, {e} 30.1, {w} 30))"'
    lines = [
        f"{number},{called},{square.format(w=west, e=west + 0.1)}"
        for number, called, west in ((510104, "锦江区", 104.0), (510105, "青羊区", 104.2),
                                 (510104, name, 104.4))
    ]  # fmt: skip
    path = tmp_path / "districts.csv"
    path.write_text("\n".join(["区划代码,名称,WKT", *lines]) + "\n", "utf-8")
    layer = gcm.read_layer(path, "districts", crs=4490)
    told = layer.findings[layer.findings["code"] == code]
    assert told[["row_label", "expected"]].values.tolist() == [["第 4 行", first]]


def test_many_ids_that_begin_anew_in_each_district_of_one_file_are_no_duplicates():
    frame = covers(4, ids=["001", "002"] * 2, 所属区=["姑苏区", "姑苏区", "吴中区", "吴中区"])
    read = gcm.read_layer(frame, "manholes")
    assert read.data["manhole_id"].tolist() == [
        "姑苏区-001", "姑苏区-002", "吴中区-001", "吴中区-002",
    ]  # fmt: skip


def test_a_duplicate_within_a_district_is_one_beside_the_other_districts_too():
    frame = covers(3, ids=["1"] * 3, 所属区=["姑苏区", "姑苏区", "吴中区"])
    read = gcm.read_layer(frame, "manholes")
    assert read.data["manhole_id"].tolist() == ["姑苏区-1", "吴中区-1"]
    assert read.rejected["record"].tolist() == [1]


def test_a_few_repeated_ids_of_one_file_are_mistakes():
    ids = [f"{k:03d}" for k in range(20)]
    frame = covers(20, ids=[*ids[:19], "000"], 所属区=["姑苏区"] * 10 + ["吴中区"] * 10)
    read = gcm.read_layer(frame, "manholes")
    assert read.rejected["codes"].tolist() == ["ID_DUPLICATE"]


def test_an_event_of_an_id_that_several_districts_have_is_asked_for_in_full(tmp_path):
    covers(2).to_file(tmp_path / "姑苏区窨井.shp", encoding="GBK")
    covers(1, east=0.1).to_file(tmp_path / "吴中区窨井.shp", encoding="GBK")
    (tmp_path / "events.csv").write_text(
        "layer,key,event,date\nmanholes,001,accept,2022-06-01\nmanholes,002,accept,"
        "2022-06-01\nmanholes,姑苏区窨井-001,accept,2022-06-02\n", "utf-8",
    )  # fmt: skip
    city = gcm.load_city(tmp_path)
    assert city.events["key"].tolist() == ["002", "姑苏区窨井-001"]
    told = city.findings[city.findings["code"].eq("EVENT_UNMATCHED")]
    assert ["in full" in text for text in told["message_en"]] == [True]


# the same data twice


@pytest.mark.parametrize(
    "names",
    [
        ("窨井2021", "窨井2022"),
        ("窨井", "窨井(1)"),
        ("窨井", "窨井（2）"),
        ("窨井", "窨井 - 副本"),
        ("窨井", "窨井最终版"),
        ("姑苏区井盖202205", "姑苏区井盖202206"),
        ("manholes", "manholes_backup"),
        ("窨井", "备份/窨井"),
        ("窨井", "窨井（旧）"),
        ("窨井", "作废/窨井"),
    ],
)
def test_two_versions_of_a_file_by_name_are_not_chosen_from(tmp_path, names):
    for k, name in enumerate(names):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        covers(ids=[f"{k}{i}" for i in range(3)], east=k / 10).to_file(
            tmp_path / f"{name}.shp", encoding="GBK"
        )
    (tmp_path / "公共自行车.csv").write_text("站点编号,经度,纬度\nA,120.6,31.3\n", "utf-8")
    code, report = check(tmp_path, "--crs", "EPSG:4490")
    assert (code, accepted(report)) == (3, {"manholes": 0, "bike_stations": 1})
    (told,) = found(report, "LAYER_UNUSABLE")
    assert all(f"{name}.shp" in told["message_zh"] for name in names)
    # What init proposes answers it, and the answer holds.
    (tmp_path / "city.toml").write_text(
        propose(tmp_path, SPECS)[0].replace("\n# ? ", "\n"), "utf-8"
    )
    code, report = check(tmp_path)
    assert (code, accepted(report)) == (0, {"manholes": 3, "bike_stations": 1})


@pytest.mark.parametrize(
    "names",
    [
        ("T0101_上水井盖", "T0102_污水井盖"),
        ("窨井1", "窨井2"),
        ("2022/姑苏区窨井", "2022/吴中区窨井"),
        ("新区窨井", "老城窨井"),
        ("窨井", "停用窨井"),
    ],
)
def test_names_that_tell_kinds_and_districts_apart_are_no_versions(tmp_path, names):
    for k, name in enumerate(names):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        covers(ids=[f"{k}{i}" for i in range(3)], east=k / 10).to_file(
            tmp_path / f"{name}.shp", encoding="GBK"
        )
    code, report = check(tmp_path)
    assert (code, accepted(report)) == (0, {"manholes": 6})


@pytest.mark.parametrize(
    "old", ["历史数据/窨井普查表", "老版检查井", "作废/检查井2019", "窨井样表"]
)
def test_what_is_called_out_of_date_is_not_mixed_in_before_it_is_said(tmp_path, old):
    (tmp_path / old).parent.mkdir(exist_ok=True)
    covers(2, ids=["X1", "X2"], east=0.1).to_file(tmp_path / f"{old}.gpkg")
    for k, name in enumerate(("姑苏区窨井", "吴中区窨井")):
        covers(ids=[f"{k}{i}" for i in range(3)], east=k / 10).to_file(tmp_path / f"{name}.gpkg")
    with pytest.raises(gcm.CityDataError) as refused:
        gcm.load_city(tmp_path)
    (remedy,) = re.findall(r"ignore = \[.*?\]", str(refused.value))[:1]
    assert f"{old}.gpkg" in remedy and "姑苏区" not in remedy
    (tmp_path / "city.toml").write_text(f"{remedy}\n", "utf-8")
    assert len(gcm.load_city(tmp_path)["manholes"]) == 6


def test_the_same_records_under_other_names_are_refused_and_asked_about(tmp_path):
    covers(5).to_file(tmp_path / "姑苏区窨井.shp", encoding="GBK")
    covers(5).to_crs(4549).rename(columns={"窨井编号": "井盖编号"}).to_file(
        tmp_path / "检查井成果.gpkg"
    )
    (tmp_path / "公共自行车.csv").write_text("站点编号,经度,纬度\nA,120.6,31.3\n", "utf-8")
    code, report = check(tmp_path, "--crs", "EPSG:4490")
    assert (code, accepted(report)) == (3, {"manholes": 0, "bike_stations": 1})
    (told,) = found(report, "LAYER_UNUSABLE")
    assert "姑苏区窨井.shp" in told["message_zh"]
    assert "检查井成果.gpkg" in told["message_zh"]
    plain, _ = propose(tmp_path, SPECS)
    assert "manholes" not in tomllib.loads(plain)["layers"]
    taken = tomllib.loads(plain.replace("\n# ? ", "\n"))
    assert len(taken["ignore"]) == 1


def test_points_and_outlines_of_the_same_lots_are_the_same_data():
    lots = covers(6, ids=[f"P{k}" for k in range(6)]).drop(columns="整治状态")
    lots = lots.rename(columns={"窨井编号": "停车场编号"})
    lots["停车场名称"] = [f"第{k}停车场" for k in range(6)]
    drawn = lots.to_crs(4549)
    drawn.geometry = drawn.buffer(30).translate(12, 5)
    with pytest.raises(gcm.RepeatedSourceError):
        gcm.read_layer([lots, drawn], "parking_points", refuse_copies=True)


def test_districts_drawn_twice_are_asked_about(tmp_path, city):
    outlines = city.zones.reset_index()[["district_code", "name_zh", "geometry"]]
    outlines.to_file(tmp_path / "区县界.gpkg")
    coarse = outlines.copy()
    coarse.geometry = coarse.simplify(200)
    coarse.to_file(tmp_path / "行政区划.gpkg")
    covers().to_file(tmp_path / "窨井.shp", encoding="GBK")
    code, report = check(tmp_path)
    assert (code, accepted(report)) == (3, {"districts": 0, "manholes": 3})


def test_files_that_a_person_names_are_read_though_they_are_alike(tmp_path):
    for name in ("窨井2021.csv", "窨井2022.csv"):
        (tmp_path / name).write_text(rows(int(name[2:6]), 3, int(name[5]) / 10), "utf-8")
    (tmp_path / "city.toml").write_text(
        '[layers.manholes]\npath = ["窨井2021.csv", "窨井2022.csv"]\ncrs = "EPSG:4490"\n', "utf-8"
    )
    assert len(gcm.load_city(tmp_path)["manholes"]) == 6


def test_the_same_ids_at_other_places_with_other_values_are_other_records():
    one, other = covers(3, 道路名称=["甲", "乙", "丙"]), covers(3, east=0.1, 道路名称=["丁"] * 3)
    read = gcm.read_layer([one, other], "manholes", refuse_copies=True)
    assert len(read.data) == 6


# what is passed over, and what is told


def test_patterns_of_ignore_hold_for_files_sheets_and_members(tmp_path):
    (tmp_path / "窨井.csv").write_text(rows(1, 2), "utf-8")
    (tmp_path / "窨井汇总.csv").write_text(rows(1, 2), "utf-8")
    with pd.ExcelWriter(tmp_path / "停车场.xlsx", engine="xlsxwriter") as book:
        for name in ("停车场", "停车场模板"):
            table = pd.DataFrame({"停车场名称": [name], "经度": [120.6], "纬度": [31.3]})
            table.to_excel(book, sheet_name=name, index=False)
    (tmp_path / "city.toml").write_text('ignore = ["*汇总*", "*模板*"]\n', "utf-8")
    code, report = check(tmp_path, "--crs", "EPSG:4490")
    assert (code, accepted(report)) == (0, {"manholes": 2, "parking_points": 1})
    (told,) = found(report, "FILES_IGNORED")
    assert {"窨井汇总.csv", "停车场.xlsx:停车场模板"} == set(told["value"].split(", "))


@pytest.mark.parametrize("value", ['"*汇总*"', "[1]", '[""]'])
def test_ignore_is_a_list_of_patterns(tmp_path, value):
    (tmp_path / "city.toml").write_text(f"ignore = {value}\n", "utf-8")
    with pytest.raises(gcm.SpecError, match=r"ignore.*list"):
        gcm.load_city(tmp_path)


def test_what_systems_leave_behind_is_passed_over_and_said_once(tmp_path):
    covers().to_file(tmp_path / "窨井.shp", encoding="GBK")
    for part in list(tmp_path.glob("窨井.*")):
        (tmp_path / f"._{part.name}").write_bytes(b"\0\5\x16\7" + bytes(80))
    for name in ("~$窨井.xlsx", ".~lock.窨井.xlsx#", "Thumbs.db", ".DS_Store"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "__MACOSX").mkdir()
    code, report = check(tmp_path)
    assert (code, accepted(report)) == (0, {"manholes": 3})
    assert len(found(report, "FILES_SKIPPED")) == 1
    assert not found(report, "LAYER_IGNORED")


def test_a_table_of_sums_beside_its_layer_is_no_part_of_it(tmp_path):
    covers().to_file(tmp_path / "窨井.shp", encoding="GBK")
    (tmp_path / "窨井统计.csv").write_text("区,数量\n姑苏区,2\n吴中区,1\n", "utf-8")
    code, report = check(tmp_path)
    assert (code, accepted(report)) == (0, {"manholes": 3})
    assert [f["severity"] for f in found(report, "LAYER_IGNORED")] == ["info"]


def test_a_folder_that_is_another_city_or_a_report_is_not_entered(tmp_path):
    covers().to_file(tmp_path / "窨井.shp", encoding="GBK")
    for name, files in (("昆山", ["city.toml"]), ("out", ["manifest.json", "index.html"])):
        (tmp_path / name).mkdir()
        covers(1, ids=["X"], east=0.3).to_file(tmp_path / name / "窨井.shp", encoding="GBK")
        for file in files:
            (tmp_path / name / file).write_text("")
    code, report = check(tmp_path)
    assert (code, accepted(report)) == (0, {"manholes": 3})
    assert {f["value"] for f in found(report, "LAYER_IGNORED")} == {"昆山/", "out/"}


def test_a_damaged_file_of_a_layer_is_an_error_and_the_rest_is_read(tmp_path):
    covers().to_file(tmp_path / "姑苏区窨井.shp", encoding="GBK")
    (tmp_path / "吴中区窨井.gpkg").write_bytes(b"SQLite format 3\x00" + b"x" * 4000)
    code, report = check(tmp_path)
    assert (code, accepted(report)) == (3, {"manholes": 3})
    assert [(f["value"], f["severity"]) for f in found(report, "LAYER_IGNORED")] == [
        ("吴中区窨井.gpkg", "error")
    ]


def test_a_table_of_a_workbook_that_city_toml_leaves_out_is_told(tmp_path):
    with pd.ExcelWriter(tmp_path / "窨井.xlsx", engine="xlsxwriter") as book:
        for k, name in enumerate(("姑苏区", "吴中区")):
            table = pd.DataFrame(
                {"窨井编号": [name], "井深": [1], "经度": [120.6 + k / 10], "纬度": [31.3]}
            )
            table.to_excel(book, sheet_name=name, index=False)
    (tmp_path / "city.toml").write_text(
        '[layers.manholes]\npath = "窨井.xlsx"\nsublayer = "姑苏区"\ncrs = "EPSG:4490"\n', "utf-8"
    )
    code, report = check(tmp_path)
    assert (code, accepted(report)) == (3, {"manholes": 1})
    (left,) = found(report, "LAYER_IGNORED")
    assert (left["value"], left["severity"]) == ("窨井.xlsx:吴中区", "error")


# what it is


def test_a_word_in_a_name_gives_no_layer_of_another_geometry(tmp_path):
    line = gpd.GeoDataFrame(
        {"x": [1]}, geometry=gpd.GeoSeries.from_wkt(["LINESTRING (120 31, 121 31)"]), crs=4490
    )
    line.to_file(tmp_path / "窨井巡查路线.shp", encoding="GBK")
    assert "manholes" not in find_source(tmp_path, SPECS).layers


def test_a_folder_names_the_layer_of_files_called_after_districts(tmp_path):
    for k, name in enumerate(("姑苏区", "吴中区")):
        (tmp_path / "窨井").mkdir(exist_ok=True)
        frame = covers(2, ids=[f"{name}{i}" for i in range(2)], east=k / 10)
        frame = frame.rename(columns={"窨井编号": "甲", "整治状态": "乙"})
        frame.to_file(tmp_path / "窨井" / f"{name}.shp", encoding="GBK")
    code, report = check(tmp_path)
    assert (code, accepted(report)) == (0, {"manholes": 4})


def test_a_geodatabase_without_its_suffix_is_read(tmp_path):
    covers().to_file(tmp_path / "x.gdb", driver="OpenFileGDB")
    (tmp_path / "x.gdb").rename(tmp_path / "窨井")
    assert check(tmp_path / "窨井")[0] == 0
    code, report = check(tmp_path)
    assert (code, accepted(report)) == (0, {"manholes": 3})


def test_a_single_file_is_called_by_its_own_name(tmp_path):
    covers().to_file(tmp_path / "窨井.shp", encoding="GBK")
    city = gcm.load_city(tmp_path / "窨井.shp")
    assert city.name_zh == "窨井"
    assert not city.findings["code"].eq("CITY_ASSUMED").any()


@pytest.mark.parametrize("kind", ["csv", "shp", "geojson"])
def test_five_hundred_files_are_recognised_without_being_read(tmp_path, kind, monkeypatch):
    for k in range(500):
        path = tmp_path / f"f{k:03d}.{kind}"
        if kind == "csv":
            path.write_text(rows(k * 100, 50, k / 1e4), "utf-8")
        elif k == 0 and kind == "geojson":
            covers(20).to_crs(4326).to_file(path)
        elif k == 0:
            covers(20).to_file(path, encoding="GBK")
        else:
            for part in tmp_path.glob("f000.*"):
                path.with_suffix(part.suffix).write_bytes(part.read_bytes())
    n_read = []
    from geo_citymgmt.city import _recognition

    monkeypatch.setattr(
        _recognition, "read_raw", lambda *a, read=_recognition.read_raw, **k: (n_read.append(1),
                                                                            read(*a, **k))[1]
    )  # fmt: skip
    began = time.process_time()
    layers = find_source(tmp_path, SPECS).layers
    took = time.process_time() - began
    assert len(layers["manholes"].sources) == 500
    assert len(n_read) == 1
    assert took < 2


def test_questions_stand_out_in_a_proposal_and_the_day_has_its_line(tmp_path):
    (tmp_path / "窨井.csv").write_text(rows(1, 2), "utf-8")
    text, questions = propose(tmp_path, SPECS)
    asked = [line for line in text.splitlines() if line.startswith("# ?? ")]
    assert len(asked) == len(questions) >= 2
    assert sum("坐标系" in line for line in asked) == 1
    assert '\n# ?= data_date = "?"' in text


def test_one_missing_crs_is_told_once_in_each_place(tmp_path):
    covers().to_crs(4549).to_file(tmp_path / "窨井.shp", encoding="GBK")
    (tmp_path / "窨井.prj").unlink()
    (tmp_path / "公共自行车.geojson").write_text(
        gpd.GeoDataFrame({"站点编号": ["A"]}, geometry=covers(1).to_crs(4326).geometry).to_json(),
        "utf-8",
    )
    told = CliRunner().invoke(main, ["check", str(tmp_path)])
    assert told.exit_code == 3
    assert told.stdout.replace("\n", "").count("没有坐标系（缺 .prj）") == 2
    assert "没有坐标系" not in told.stderr
    assert Path(tmp_path / "窨井.shp").name in told.stderr


def test_features_of_other_members_or_shapes_are_looked_at_for_themselves(tmp_path):
    places = covers(3).to_crs(4326)
    for name, frame in {
        "a": places,
        "b": places.set_geometry(shapely.buffer(places.geometry.array, 1e-4)),
        "c": places.rename(columns={places.columns[0]: "别的"}),
        "d": places,
    }.items():
        frame.to_file(tmp_path / f"{name}.geojson")

    def heading(name):
        path = tmp_path / f"{name}.geojson"
        return heading_of(SourceLayer(path, None, path.name, (path.stem,)))

    headings = [heading(name) for name in "abcd"]
    assert headings[0] == headings[3]
    assert len(set(headings)) == 3
    (tmp_path / "e.geojson").write_text('{"type": "FeatureCollection", "features": []}', "utf-8")
    assert heading("e") is None


def test_of_two_tables_of_the_same_records_the_smaller_is_proposed_to_be_left_out(tmp_path):
    covers(4, ids=list("ABCD")).to_file(tmp_path / "甲.gpkg")
    covers(1, ids=["A"]).to_file(tmp_path / "乙.gpkg")
    for names in (("甲", "乙"), ("乙", "甲")):
        files = [tmp_path / f"{name}.gpkg" for name in names]
        with pytest.raises(gcm.RepeatedSourceError) as refused:
            gcm.read_layer(files, "manholes", refuse_copies=True)
        assert refused.value.sources == ("甲.gpkg:甲", "乙.gpkg:乙")
        assert 'ignore = ["乙.gpkg:乙"]' in str(refused.value)


@pytest.mark.parametrize(
    "names",
    [
        ("井202206", "井202112"),
        ("井2022年6月v2", "井2022年6月"),
        ("井最新", "井"),
        ("井", "井(1)"),
        ("井", "井（旧）"),
        ("井第3版", "井第2版"),
        ("井", "井_备份2024年"),
        ("井", "井2021年"),
    ],
)
def test_of_two_versions_the_newer_by_its_name_is_proposed_to_be_kept(tmp_path, names):
    for name in names:
        covers(4, ids=list("ABCD")).to_file(tmp_path / f"{name}.gpkg")
    files = [tmp_path / f"{name}.gpkg" for name in sorted(names)]
    with pytest.raises(gcm.RepeatedSourceError) as refused:
        gcm.read_layer(files, "manholes", refuse_copies=True)
    assert [source.split(".")[0] for source in refused.value.sources] == list(names)


def test_what_is_to_be_written_for_several_tables_is_toml():
    both = ("a.gpkg:六月", "b.zip/五月.shp")
    remedy = str(gcm.RepeatedSourceError("alike", sources=both, layer="manholes"))
    lines = [remedy[remedy.index(f"{k} = ") :].split("]")[0] + "]" for k in ("path", "sublayer")]
    said = tomllib.loads("\n".join(lines))
    assert said == {"path": ["a.gpkg", "b.zip"], "sublayer": ["六月", "五月.shp"]}


def test_of_what_was_refused_before_it_was_read_no_number_of_records_is_said(tmp_path, capsys):
    for name in ("窨井", "窨井_备份"):
        covers(ids=[f"{name}{k}" for k in range(3)]).to_file(
            tmp_path / f"{name}.shp", encoding="GBK"
        )
    (tmp_path / "公共自行车.csv").write_text("站点编号,经度,纬度\nA,120.6,31.3\n", "utf-8")
    report_reasons(gcm.load_city(tmp_path, crs="EPSG:4490"), "zh")
    told = capsys.readouterr().err
    assert "无法使用，其记录均未入库" in told
    assert "0 条记录" not in told


# sums by district are no records


SUMS = pd.DataFrame(
    {
        "区县": ["锦江区", "青羊区", "金牛区", "武侯区"],
        "违建处数": [30, 12, 7, 1],
        "违建面积（㎡）": [1200.5, 800.0, 90.0, 15.0],
    }
)


def test_sums_by_district_are_not_read_as_records(tmp_path):
    with pytest.raises(gcm.SourceError, match="违建处数") as refused:
        gcm.read_layer(SUMS, "illegal_construction")
    assert "ignore" in refused.value.remedy
    SUMS.to_csv(tmp_path / "违法建设.csv", index=False)
    covers(3).to_file(tmp_path / "窨井.gpkg")
    assert list(gcm.load_city(tmp_path)) == ["manholes"]
    # The remedy holds.
    (tmp_path / "city.toml").write_text('ignore = ["违法建设.csv"]\n', "utf-8")
    code, report = check(tmp_path)
    assert (code, accepted(report)) == (0, {"manholes": 3})


@pytest.mark.parametrize(
    "change",
    [
        {"违建编号": list("ABCD")},
        {"区县": ["锦江区", "锦江区", "金牛区", "武侯区"]},
        {"地址": ["某路1号", "某路2号", "某路3号", "某路4号"]},
        {"违建处数": ["甲", "乙", "丙", "丁"]},
        {"违建处数": [1, 1, 1, 1]},
    ],
)
def test_records_of_one_district_each_are_read(change):
    layer = gcm.read_layer(SUMS.assign(**change), "illegal_construction")
    assert len(layer.data) == 4


# files of one layer in degrees and in metres


def in_two_kinds(folder: Path, suffix: str) -> Path:
    """Two districts; the table of one in columns of degrees, of the other in eastings."""
    boxes = [shapely.box(120.5, 31.2, 120.65, 31.4), shapely.box(120.65, 31.2, 120.8, 31.4)]
    zones = {"区划代码": ["320508", "320506"], "区县名称": ["姑苏区", "吴中区"]}
    gpd.GeoDataFrame(zones, geometry=boxes, crs=4490).to_file(folder / "区县.geojson")
    (folder / "窨井").mkdir()
    degrees = covers(3, ids=["A1", "A2", "A3"])
    metres = covers(3, ids=["B1", "B2", "B3"], east=0.1).to_crs(4549)
    for name, frame, columns in (
        ("姑苏区", degrees, ("经度", "纬度")),
        ("吴中区", metres, ("X", "Y")),
    ):
        table = pd.DataFrame(frame.drop(columns="geometry"))
        table[list(columns)] = frame.get_coordinates().to_numpy()
        path = folder / "窨井" / f"{name}.{suffix}"
        table.to_excel(path, index=False) if suffix == "xlsx" else table.to_csv(path, index=False)
    return folder


def longitudes(layer: gcm.Layer) -> list[float]:
    return sorted(layer.data.geometry.to_crs(4490).x.round(4))


BOTH = [120.60, 120.61, 120.62, 120.70, 120.71, 120.72]


@pytest.mark.parametrize("suffix", ["xlsx", "csv"])
def test_a_crs_that_is_given_leaves_the_file_in_degrees_as_it_is(tmp_path, suffix):
    folder = in_two_kinds(tmp_path, suffix)
    _, report = check(folder)
    assert accepted(report)["manholes"] == 0
    assert "EPSG:4549" in found(report, "CRS_MISSING")[0]["message_zh"]
    for given in ("manholes=EPSG:4549", "EPSG:4549"):
        _, report = check(folder, "--crs", given)
        assert accepted(report)["manholes"] == 6
        assert len(found(report, "DEGREES_ASSUMED")) == 1
        kept = [f["expected"] for f in found(report, "CRS_KEPT")]
        assert kept == ([f"窨井/姑苏区.{suffix}"] if "=" in given else [])
    (folder / "city.toml").write_text('[layers.manholes]\ncrs = "EPSG:4549"\n', "utf-8")
    layer = gcm.load_city(folder)["manholes"]
    assert sorted(layer.geometry.to_crs(4490).x.round(4)) == BOTH
    paths = sorted((folder / "窨井").iterdir())
    read = gcm.read_layer(paths, "manholes", crs="EPSG:4549")
    assert longitudes(read) == BOTH
    assert set(zip(read.sources["crs"], read.sources["crs_source"], strict=True)) == {
        ("EPSG:4490", "assumed"), ("EPSG:4549", "given"),
    }  # fmt: skip


def test_degrees_that_are_given_are_not_put_on_metres_and_the_file_is_named(tmp_path):
    folder = in_two_kinds(tmp_path, "xlsx")
    _, report = check(folder, "--crs", "manholes=EPSG:4490")
    assert accepted(report)["manholes"] == 0
    (wrong,) = found(report, "CRS_WRONG")
    assert "窨井/吴中区.xlsx" in wrong["message_zh"] and "EPSG:4549" in wrong["message_zh"]
    # What it asks for is enough.
    _, report = check(folder, "--crs", "manholes=EPSG:4490", "--crs", "EPSG:4549")
    assert accepted(report)["manholes"] == 6


def test_init_proposes_the_crs_of_the_metres_and_with_it_every_record_is_read(tmp_path):
    folder = in_two_kinds(tmp_path, "xlsx")
    text, questions = propose(folder, SPECS)
    assert not any("do not fit" in question.en for question in questions)
    (folder / "city.toml").write_text(text.replace("\n# ? ", "\n"), "utf-8")
    said = tomllib.loads((folder / "city.toml").read_text("utf-8"))["layers"]["manholes"]
    assert said["crs"] == "EPSG:4549"
    assert accepted(check(folder)[1])["manholes"] == 6
    (folder / "city.toml").unlink()
    for given in ({"crs": {"manholes": "EPSG:4549"}}, {"fallback_crs": "EPSG:4549"}):
        text, _ = propose(folder, SPECS, **given)
        assert tomllib.loads(text)["layers"]["manholes"]["crs"] == "EPSG:4549"


def test_a_crs_is_offered_for_the_file_in_metres_and_not_by_those_in_degrees(tmp_path):
    folder = in_two_kinds(tmp_path, "csv")
    with (folder / "窨井" / "姑苏区.csv").open("a", encoding="utf-8") as file:
        file.writelines(f"A{k},完好,120.6{k},31.3\n" for k in range(4, 9))
    for code, offered in (("EPSG:4548", 0), ("EPSG:4549", 1)):
        gpd.GeoDataFrame(
            {"公厕编号": ["1"]}, geometry=gpd.points_from_xy([120.6], [31.3]), crs=4490
        ).to_crs(code).to_file(folder / "公厕.gpkg")
        assert len(found(check(folder)[1], "CRS_OFFERED")) == offered


def test_a_layer_all_in_degrees_is_refused_with_a_crs_in_metres_said_of_it(tmp_path):
    table = pd.DataFrame({"窨井编号": ["A1"], "经度": [120.6], "纬度": [31.3]})
    table.to_csv(tmp_path / "a.csv", index=False)
    table.assign(窨井编号="A2", 经度=120.61).to_csv(tmp_path / "b.csv", index=False)
    paths = [tmp_path / "a.csv", tmp_path / "b.csv"]
    for source in (paths, paths[0]):
        with pytest.raises(gcm.CRSError, match="do not fit EPSG:4549"):
            gcm.read_layer(source, "manholes", crs="EPSG:4549")
    # Of layers that state none, which these do by their columns.
    assert longitudes(gcm.read_layer(paths, "manholes", fallback_crs="EPSG:4549")) == [
        120.6,
        120.61,
    ]


def test_a_crs_for_files_that_state_none_is_not_put_on_those_that_state_another(tmp_path):
    covers(2, ids=["A1", "A2"]).to_file(tmp_path / "a.geojson")
    covers(2, ids=["B1", "B2"], east=0.1).to_crs(4548).to_file(tmp_path / "b.gpkg")
    there = covers(2, ids=["C1", "C2"], east=0.2).to_crs(4549)
    table = pd.DataFrame(there.drop(columns="geometry"))
    table[["X", "Y"]] = there.get_coordinates().to_numpy()
    table.to_csv(tmp_path / "c.csv", index=False)
    paths = [tmp_path / name for name in ("a.geojson", "b.gpkg", "c.csv")]
    layer = gcm.read_layer(paths, "manholes", crs="EPSG:4549")
    assert longitudes(layer) == [120.60, 120.61, 120.70, 120.71, 120.80, 120.81]
    assert layer.findings["code"].eq("CRS_KEPT").sum() == 2
    # Of a layer of which each file states one it is said against the file.
    assert gcm.read_layer(paths[1], "manholes", crs="EPSG:4549").ledger["crs_source"][0] == "given"


def test_a_shapefile_in_degrees_without_prj_beside_metres_takes_a_second_crs(tmp_path):
    covers(2, ids=["A1", "A2"]).to_file(tmp_path / "a.shp", encoding="GBK")
    (tmp_path / "a.prj").unlink()
    there = covers(2, ids=["B1", "B2"], east=0.1).to_crs(4549)
    there.to_file(tmp_path / "b.shp", encoding="GBK")
    (tmp_path / "b.prj").unlink()
    paths = [tmp_path / "a.shp", tmp_path / "b.shp"]
    with pytest.raises(gcm.CRSError, match=r"a\.shp.*fallback_crs") as caught:
        gcm.read_layer(paths, "manholes", crs="EPSG:4549")
    assert "a.shp" in caught.value.findings.set_index("code")["message_zh"]["CRS_WRONG"]
    layer = gcm.read_layer(paths, "manholes", crs="EPSG:4549", fallback_crs="EPSG:4490")
    assert longitudes(layer) == [120.60, 120.61, 120.70, 120.71]
