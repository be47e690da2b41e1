"""First contact with a folder: what ``init`` writes loads, with its ``# ?`` lines and without."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from click.testing import CliRunner

import geo_citymgmt as gcm
from geo_citymgmt._numbers import share_in_words
from geo_citymgmt.cli import main
from geo_citymgmt.cli._proposal import propose
from geo_citymgmt.spec import load_specs
from tests.conftest import points, squares

SPECS = load_specs()
#: Two districts of Hefei side by side, roughly where they are.
WEST, EAST = shapely.box(116.9, 31.7, 117.25, 32.0), shapely.box(117.25, 31.7, 117.6, 32.0)


def districts(folder: Path, file: str, **columns) -> None:
    gpd.GeoDataFrame(columns, geometry=[WEST, EAST], crs=4490).to_file(folder / file)


def texts(folder: Path) -> tuple[str, str]:
    """The proposal as it is, and with each ``# ? `` taken away."""
    text, _ = propose(folder, SPECS)
    return text, text.replace("\n# ? ", "\n")


def loaded(folder: Path, text: str) -> gcm.City:
    (folder / "city.toml").write_text(text, encoding="utf-8")
    try:
        return gcm.load_city(folder)
    finally:
        (folder / "city.toml").unlink()


def check(source: Path, *options: str) -> tuple[int, dict]:
    result = CliRunner().invoke(main, ["check", str(source), "--format", "json", *options])
    return result.exit_code, json.loads(result.stdout) if result.stdout else {"err": result.stderr}


def found(report: dict, code: str) -> list[dict]:
    return [f for f in report["findings"] if f["code"] == code]


def outlines(folder: Path, *names: str) -> None:
    """A file a district, each with its code and name."""
    known = {"瑶海区": ("340102", WEST), "长丰县": ("340121", EAST)}
    for name in names:
        code, shape = known[name]
        frame = gpd.GeoDataFrame({"区划代码": [code], "名称": [name]}, geometry=[shape], crs=4490)
        frame.to_file(folder / f"{name}.shp", encoding="GB18030")


# what is proposed


def test_files_of_one_district_each_are_the_districts_and_no_parcels(tmp_path):
    outlines(tmp_path, "瑶海区", "长丰县")
    text, _ = texts(tmp_path)
    assert tomllib.loads(text)["layers"].keys() == {"districts"}
    assert "illegal_construction" not in text
    city = gcm.load_city(tmp_path)
    assert sorted(city.zones["name_zh"]) == ["瑶海区", "长丰县"]
    assert city.code == "340100"


def test_one_outline_is_proposed_as_a_district_and_left_aside_where_districts_are(tmp_path):
    outlines(tmp_path, "瑶海区")
    text, confirmed = texts(tmp_path)
    assert "layers" not in tomllib.loads(text)
    assert tomllib.loads(confirmed)["layers"].keys() == {"districts"}
    outlines(tmp_path, "长丰县")
    districts(tmp_path, "区县.geojson", adcode=[340102, 340121], name=["瑶海区", "长丰县"])
    assert len(gcm.load_city(tmp_path).zones) == 2
    assert tomllib.loads(texts(tmp_path)[0])["layers"]["districts"]["path"] == "区县.geojson"


def test_a_parcel_that_names_its_district_and_a_whole_city_are_no_outline_of_a_district(tmp_path):
    for folder, columns in (
        ("parcel", {"违建编号": ["W1"], "违法建设面积": [9], "代码": ["340102"], "区": ["瑶海区"]}),
        ("whole", {"区划代码": ["340100"], "名称": ["合肥市"]}),
    ):
        (tmp_path / folder).mkdir()
        frame = gpd.GeoDataFrame(columns, geometry=[WEST], crs=4490)
        for k in ("a", "b"):
            frame.to_file(tmp_path / folder / f"{k}.geojson")
        assert "[layers.districts]" not in texts(tmp_path / folder)[0]


def test_a_map_of_districts_is_known_by_its_columns_whatever_its_name(tmp_path):
    districts(tmp_path, "320500.geojson", adcode=[340102, 340121], name=["瑶海区", "长丰县"],
              level=["district"] * 2)  # fmt: skip
    code, report = check(tmp_path / "320500.geojson")
    assert code == 0
    assert [(r["layer"], r["n_accepted"]) for r in report["ledger"]] == [("districts", 2)]
    plain, taken = texts(tmp_path)
    for text in (plain, taken):
        table = tomllib.loads(text)
        assert table["layers"]["districts"] == {"path": "320500.geojson", "crs": "EPSG:4490"}
        assert (table["name_zh"], table["name_en"], table["code"]) == ("合肥市", "Hefei", "340100")
        assert table["metric_crs"] == "EPSG:4548"


def test_a_city_is_not_named_by_what_this_package_knows_best(tmp_path):
    districts(tmp_path, "区县.geojson", adcode=["340102", "340121"], name=["瑶海区", "长丰县"])
    city = loaded(tmp_path, texts(tmp_path)[0])
    assert (city.code, city.name_zh) == ("340100", "合肥市")
    assert city.published.empty


def test_districts_without_code_and_crs_are_proposed_and_load(tmp_path):
    folder = tmp_path / "数据"
    folder.mkdir()
    districts(folder, "qy.shp", qh=["瑶海", "长丰"], centroid_x=[117.1, 117.4])
    (folder / "qy.prj").unlink()
    plain, taken = texts(folder)
    assert tomllib.loads(plain)["layers"]["districts"]["crs"] == "EPSG:4490"
    city = loaded(folder, plain)
    assert list(city.zones.index) == ["瑶海", "长丰"]
    # Names are no proof: the city they are of is proposed, and called so until somebody says more.
    assert '# ? name_zh = "合肥市"' in plain
    assert (city.name_zh, city.code) == ("合肥市", "340100")
    (row,) = city.findings[city.findings["code"].eq("CITY_ASSUMED")].itertuples()
    assert "按区县名称" in row.message_zh
    assert loaded(folder, taken).name_zh == "合肥市"
    assert not loaded(folder, taken).findings["code"].eq("CITY_ASSUMED").any()


def test_a_city_that_nothing_names_is_asked_for_and_not_proposed_after_its_folder(tmp_path):
    folder = tmp_path / "20240630违建数据"
    folder.mkdir()
    districts(folder, "区划.geojson", name=["甲", "乙"])
    for text in texts(folder):
        assert '# ?= name_zh = "?"' in text and '# ?= code = "?"' in text
        assert 'name_zh = "20240630' not in text
    assert loaded(folder, texts(folder)[0]).name_zh == folder.name


def test_every_question_is_prose_and_every_other_line_is_toml(tmp_path):
    districts(tmp_path, "x.geojson", t=["甲", "乙"])
    for text in texts(tmp_path):
        tomllib.loads(text)
    plain, taken = texts(tmp_path)
    assert "layers" not in tomllib.loads(plain)
    assert tomllib.loads(taken)["layers"]["districts"]["path"] == "x.geojson"
    prose = [
        li
        for li in plain.splitlines()
        if li.startswith("#") and not li.startswith(("# ? ", "# ?= "))
    ]
    assert all(" / " in line or line.startswith("# Written") or "init 生成" in line
               for line in prose)  # fmt: skip


def test_a_folder_with_a_spatial_file_of_no_known_layer_is_not_refused(tmp_path):
    frame = gpd.GeoDataFrame({"uID": [1, 2]}, geometry=[WEST, EAST], crs=4490)
    frame.to_file(tmp_path / "buildings.gpkg")
    text, questions = propose(tmp_path, SPECS)
    assert "layers" not in tomllib.loads(text)
    assert any("buildings" in q.en and "illegal_construction" in q.en for q in questions)


def test_a_folder_without_any_layer_says_what_is_there(tmp_path):
    (tmp_path / "说明.docx").write_bytes(b"x")
    with pytest.raises(gcm.CityDataError, match=r"说明\.docx"):
        propose(tmp_path, SPECS)


def test_files_of_one_layer_are_proposed_as_a_list(tmp_path):
    a = "站点编号,站点名称,经度,纬度\nA1,甲,120.62,31.31\n"
    b = "站点编号,站点名称,经度,纬度\nB1,乙,120.63,31.31\nB2,丙,120.64,31.31\n"
    (tmp_path / "公共自行车_姑苏区.csv").write_text(a, encoding="utf-8")
    (tmp_path / "公共自行车_吴中区.csv").write_text(b, encoding="utf-8")
    code, report = check(tmp_path, "--crs", "EPSG:4490")
    assert code == 0
    assert not found(report, "LAYER_IGNORED")
    for text in texts(tmp_path):
        entry = tomllib.loads(text)["layers"]["bike_stations"]
        assert entry["crs"] == "EPSG:4490"
        assert len(entry["path"]) == 2
        assert len(loaded(tmp_path, text)["bike_stations"]) == 3


def test_the_same_data_twice_is_asked_about_not_read_twice(tmp_path):
    rows = "窨井编号,经度,纬度\nJ1,117.30,31.88\nJ2,117.31,31.89\n"
    (tmp_path / "窨井.csv").write_text(rows, encoding="utf-8")
    (tmp_path / "窨井(1).csv").write_text(rows, encoding="utf-8")
    plain, taken = texts(tmp_path)
    assert "layers" not in tomllib.loads(plain)
    assert tomllib.loads(taken)["layers"]["manholes"]["path"] == "窨井.csv"
    assert tomllib.loads(taken)["ignore"] == ["窨井(1).csv"]
    _, questions = propose(tmp_path, SPECS)
    assert any("same data" in q.en for q in questions)
    assert len(loaded(tmp_path, taken)["manholes"]) == 2


def test_a_list_without_positions_is_proposed_as_the_list_of_its_layer(tmp_path):
    map_ = "窨井编号,经度,纬度\nJ1,117.30,31.88\nJ2,117.31,31.89\n"
    (tmp_path / "窨井.csv").write_text(map_, encoding="utf-8")
    (tmp_path / "窨井台账.csv").write_text("窨井编号,材质\nJ1,铸铁\n", encoding="utf-8")
    plain, taken = texts(tmp_path)
    assert "ledger" not in tomllib.loads(plain)["layers"]["manholes"]
    city = loaded(tmp_path, taken)
    assert city["manholes"]["material"].fillna("").tolist() == ["cast_iron", ""]


def test_outside_china_degrees_are_those_of_wgs84(tmp_path):
    rows = "id,longitude,latitude\n1,-73.98,40.72\n2,-73.97,40.73\n"
    (tmp_path / "manholes.csv").write_text(rows, encoding="utf-8")
    table = tomllib.loads(texts(tmp_path)[0])
    assert table["layers"]["manholes"]["crs"] == "EPSG:4326"
    assert table["metric_crs"] == "EPSG:32618"


def test_a_projected_crs_that_leads_by_the_districts_is_an_entry(tmp_path):
    districts(tmp_path, "区县.geojson", adcode=["340102", "340121"], name=["瑶海区", "长丰县"])
    rows = "窨井编号,X,Y\nJ1,39530000,3520000\nJ2,39520000,3530000\n"
    (tmp_path / "窨井.csv").write_text(rows, encoding="utf-8")
    plain, _ = texts(tmp_path)
    assert tomllib.loads(plain)["layers"]["manholes"]["crs"] == "EPSG:4527"
    assert len(loaded(tmp_path, plain)["manholes"]) == 2


def test_of_two_projected_crs_the_better_is_proposed_and_the_other_named(tmp_path):
    # The belt of 117 degrees and UTM zone 50 have the same central meridian.
    districts(tmp_path, "区县.geojson", adcode=["340102", "340121"], name=["瑶海区", "长丰县"])
    rows = "窨井编号,X,Y\nJ1,530000,3520000\nJ2,520000,3530000\n"
    (tmp_path / "窨井.csv").write_text(rows, encoding="utf-8")
    plain, taken = texts(tmp_path)
    assert "crs" not in tomllib.loads(plain)["layers"]["manholes"]
    assert tomllib.loads(taken)["layers"]["manholes"]["crs"] == "EPSG:4548"
    assert "EPSG:32650" in plain
    assert len(loaded(tmp_path, taken)["manholes"]) == 2


def test_a_projected_crs_that_the_numbers_do_not_tell_is_a_question(tmp_path):
    rows = "窨井编号,X,Y\nJ1,530000,3520000\nJ2,520000,3530000\n"
    (tmp_path / "窨井.csv").write_text(rows, encoding="utf-8")
    text, questions = propose(tmp_path, SPECS)
    assert "crs" not in tomllib.loads(text)["layers"]["manholes"]
    assert any("CRS" in q.en for q in questions)


def test_a_column_like_a_needed_one_is_proposed_by_name_and_values(tmp_path):
    rows = "停车场名称,规划停车泊位数,泊位说明,经度,纬度\n甲,200,无,117.30,31.88\n"
    (tmp_path / "停车场.csv").write_text(rows, encoding="utf-8")
    plain, taken = texts(tmp_path)
    assert tomllib.loads(plain)["layers"]["parking_points"]["fields"] == {}
    fields = tomllib.loads(taken)["layers"]["parking_points"]["fields"]
    assert fields == {"规划停车泊位数": "spaces_total"}
    assert loaded(tmp_path, taken)["parking_points"]["spaces_total"].tolist() == [200]


def test_check_and_init_do_not_send_a_person_to_each_other(tmp_path):
    frame = gpd.GeoDataFrame({"uID": [1, 2]}, geometry=[WEST, EAST], crs=4490)
    frame.to_file(tmp_path / "b.geojson")
    result = CliRunner().invoke(main, ["check", str(tmp_path / "b.geojson"), "--lang", "en"])
    assert result.exit_code == 2
    assert "--layer" in result.output
    assert CliRunner().invoke(main, ["init", str(tmp_path)]).exit_code == 0


# what is not read


@pytest.mark.parametrize(
    ("name", "text", "severity"),
    [
        ("台账.csv", "窨井编号,材质\nJ1,铸铁\n", "error"),
        ("窨井台账.csv", "窨井编号,材质\nJ1,铸铁\n", "error"),
        ("点.csv", "甲,经度,纬度\nJ9,117.3,31.8\n", "error"),
        ("值班.csv", "姓名,日期\n张,2022-06-01\n", "info"),
        ("说明.txt", "x", None),
    ],
)
def test_a_file_of_a_layer_that_was_not_read_is_an_error(tmp_path, name, text, severity):
    rows = "窨井编号,经度,纬度\nJ1,117.30,31.88\n"
    (tmp_path / "窨井.csv").write_text(rows, encoding="utf-8")
    (tmp_path / name).write_text(text, encoding="utf-8")
    code, report = check(tmp_path, "--crs", "EPSG:4490")
    left = found(report, "LAYER_IGNORED")
    assert [f["severity"] for f in left] == ([] if severity is None else [severity])
    assert code == (3 if severity == "error" else 0)


# one layer asked for


@pytest.fixture
def tables(tmp_path) -> Path:
    path = tmp_path / "t.gpkg"
    parcels = gpd.GeoDataFrame({"uID": [1, 2], "违建面积": [9.0, 8.0]}, geometry=[WEST, EAST],
                               crs=4490)  # fmt: skip
    parcels.to_file(path, layer="buildings")
    line = shapely.LineString([(117.0, 31.8), (117.4, 31.8)])
    lines = gpd.GeoDataFrame({"name": ["A"]}, geometry=[line], crs=4490)
    lines.to_file(path, layer="streets")
    return path


def sources(report: dict) -> dict[str, str]:
    return {row["layer"]: row["source"] for row in report["ledger"]}


def test_the_layer_asked_for_takes_the_table_that_fits(tables):
    code, report = check(tables, "--layer", "illegal_construction")
    assert sources(report) == {"illegal_construction": "t.gpkg:buildings"}
    assert code == 0


def test_zones_may_be_asked_for_too(tables):
    _, report = check(tables, "--layer", "districts")
    assert sources(report)["districts"] == "t.gpkg:buildings"


def test_lines_called_streets_are_roads_and_no_zones(tables):
    _, report = check(tables)
    assert sources(report)["roads"] == "t.gpkg:streets"
    assert "streets" not in sources(report)


def test_a_layer_that_no_table_fits_is_refused_by_name(tables):
    result = CliRunner().invoke(main, ["check", str(tables), "--layer", "manholes", "--lang", "en"])
    assert result.exit_code == 2
    assert "manholes" in result.output
    assert "buildings" in result.output


def test_a_layer_that_is_not_in_the_folder_is_said_to_be_absent(tmp_path):
    districts(tmp_path, "区县.geojson", adcode=["340102", "340121"], name=["瑶海区", "长丰县"])
    code, report = check(tmp_path, "--layer", "manholes")
    assert code == 3
    assert len(found(report, "LAYER_ABSENT")) == 1


# headings


@pytest.mark.parametrize(
    ("layer", "columns", "fields"),
    [
        ("parking_points",
         ["序号", "停车场名称", "停车场地址", "总泊位数", "经度", "纬度", "收费标准"],
         {"source_id", "name", "address", "spaces_total", "fee_rule"}),
        ("parking_points", ["停车场名称", "地址", "停车位数量", "所在区"],
         {"name", "address", "spaces_total", "district_name"}),
        ("bike_stations", ["编号", "名称", "桩位数量", "所属区域", "状态"],
         {"station_id", "name", "docks", "district_name", "status"}),
        ("manholes", ["objcode", "objname", "状态", "权属单位"],
         {"manhole_id", "cover_kind", "status", "owner_org"}),
        ("districts", ["BoroCode", "BoroName"], {"district_code", "name_zh"}),
        ("districts", ["ADMINCODE", "NAME", "PYNAME"], {"district_code", "name_zh"}),
        ("districts", ["qh"], {"name_zh"}),
    ],
)  # fmt: skip
def test_common_headings_are_fields(layer, columns, fields):
    from geo_citymgmt.cleaning._names import match_columns
    from geo_citymgmt.findings import Findings

    assert set(match_columns(columns, SPECS[layer], Findings(layer))) == fields


@pytest.mark.parametrize(
    ("area", "field"), [("姑苏区", "district_name"), ("医院", "key_area"), ("北片", None)]
)
def test_a_heading_of_two_fields_is_settled_by_its_values_or_asked_about(area, field):
    frame = pd.DataFrame({"泊位数": ["1"], "区域": [area]})
    layer = gcm.read_layer(
        gpd.GeoDataFrame(frame, geometry=gpd.points_from_xy([120.6], [31.3]), crs=4490),
        "parking_points",
    )
    asked = layer.findings[layer.findings["code"].eq("FIELD_AMBIGUOUS")]
    assert asked["value"].tolist() == ([] if field else ["区域"])
    assert [f for f, column in layer.mapping.items() if column == "区域"] == (
        [field] if field else []
    )


def test_the_kind_of_a_cover_is_in_its_name():
    frame = pd.DataFrame({"objname": ["污水井盖", "雨水箅子", "电力井盖"]})
    points = gpd.points_from_xy([117.3, 117.31, 117.32], [31.8] * 3)
    read = gcm.read_layer(gpd.GeoDataFrame(frame, geometry=points, crs=4490), "manholes")
    assert read.data["cover_kind"].tolist() == ["sewage", "gully", "power"]


def test_a_refusal_for_a_measure_names_the_column_that_is_like_it(tmp_path):
    path = tmp_path / "population.csv"
    path.write_text("格网编号,户籍人口数,WKT\n1,5,\"POLYGON((117 31,118 31,118 32,117 31))\"\n",
                    encoding="utf-8")  # fmt: skip
    with pytest.raises(gcm.CityDataError, match='"户籍人口数" = "population"'):
        gcm.read_layer(path, "population_cells", crs=4490)


def test_zones_without_code_or_name_say_which_columns_could_be_them():
    frame = gpd.GeoDataFrame(
        {"gid": [1, 2], "t": ["瑶海区", "长丰县"]}, geometry=[WEST, EAST], crs=4490
    )
    read = gcm.read_layer(frame, "districts")
    told = read.findings[read.findings["code"].eq("ZONE_FIELDS")].set_index("field")
    assert told.loc["district_code", "value"] == "gid"
    assert told.loc["name_zh", "value"] == "t"
    assert read.data["district_code"].tolist() == ["districts#0", "districts#1"]


def test_what_a_city_toml_says_of_dates_and_drawn_areas_is_kept_when_it_is_proposed_anew(tmp_path):
    squares = [shapely.box(x, 3_460_000, x + 10, 3_460_010) for x in (550_000, 550_100)]
    frame = gpd.GeoDataFrame(
        {"图斑编号": ["A1", "A2"], "发现日期": ["01/02/2022", "03/04/2022"]},
        geometry=squares, crs="EPSG:4549",
    )  # fmt: skip
    frame.to_file(tmp_path / "违建.gpkg")
    proposed, _ = propose(tmp_path, SPECS)
    assert 'measure_from = "geometry"' in proposed
    (tmp_path / "city.toml").write_text(
        '[layers.illegal_construction]\npath = "违建.gpkg"\nmeasure_from = "geometry"\n'
        'date_order = { found_date = "mdy" }\n',
        encoding="utf-8",
    )
    again, _ = propose(tmp_path, SPECS)
    assert '\nmeasure_from = "geometry"\n' in again
    assert '\ndate_order = { "found_date" = "mdy" }\n' in again


def test_what_a_city_toml_says_of_the_whole_is_kept_when_it_is_proposed_anew(tmp_path):
    districts(tmp_path, "区县.geojson", adcode=["340102", "340121"], name=["瑶海区", "长丰县"])
    said = """notice = "内部资料"
[names]
340102 = "瑶海"
[aliases]
"长丰县" = ["北城", "长丰片区"]
[zones]
order = ["340121", "340102"]
[publisher]
zh = "某局"
en = "A bureau"
"""
    (tmp_path / "city.toml").write_text(said, "utf-8")
    again = tomllib.loads(propose(tmp_path, SPECS)[0])
    for name, value in tomllib.loads(said).items():
        assert again[name] == value


def test_a_file_in_place_of_a_folder_is_told_from_one_that_is_missing(tmp_path):
    path = tmp_path / "窨井.csv"
    path.write_text("窨井编号,经度,纬度\nJ1,104.06,30.66\n", "utf-8")
    told = CliRunner().invoke(main, ["init", str(path)])
    assert told.exit_code == 2
    assert "is a file" in told.stderr
    assert str(tmp_path) in told.stderr.replace("\n", "")
    assert "no such folder" in CliRunner().invoke(main, ["init", str(tmp_path / "x")]).stderr


def test_records_are_never_proposed_to_be_left_out(tmp_path):
    squares((0, 0, 900, 900), (900, 0, 1800, 900), codes="AB").to_file(tmp_path / "区县.gpkg")
    points((10, 10), (20, 20), 甲=["x", "y"], 乙=["1", "2"]).to_file(tmp_path / "不明.gpkg")
    text, questions = propose(tmp_path, SPECS)
    assert any("不明.gpkg" in question.zh for question in questions)
    assert "\nignore = [" not in text
    lines = text.splitlines()
    at = lines.index("# ?= [layers.KEY]")
    # What the comment shows works as it is written, once the key is chosen.
    shown = "\n".join(line.removeprefix("# ?= ") for line in lines[at : at + 2])
    entries = "\n".join(lines[:at]).replace("# ? ", "") + "\n".join(lines[at + 2 :])
    (tmp_path / "city.toml").write_text(
        f"{entries}\n{shown.replace('KEY', 'transit_stops')}\n", encoding="utf-8"
    )
    city = gcm.load_city(tmp_path)
    assert len(city["transit_stops"]) == 2


def test_outlines_that_a_web_map_published_are_asked_for_their_datum(tmp_path):
    zones = squares((0, 0, 900, 900), (900, 0, 1800, 900)).to_crs(4326)
    zones["adcode"], zones["name"] = [510104, 510105], ["锦江区", "青羊区"]
    zones["level"], zones["acroutes"] = "district", "510100"
    zones.to_file(tmp_path / "510100.json", driver="GeoJSON")
    told = gcm.load_city(tmp_path).findings
    assert told[told["code"].eq("DATUM_SUSPECT")]["value"].tolist() == ["GCJ02"]
    text, _ = propose(tmp_path, SPECS)
    assert '# ? datum = "gcj02"' in text
    (tmp_path / "city.toml").write_text(text.replace("# ? ", ""), encoding="utf-8")
    told = gcm.load_city(tmp_path).findings["code"].tolist()
    assert "DATUM_SUSPECT" not in told and "DATUM_CONVERTED" in told


def test_a_later_day_in_a_column_that_is_not_used_is_told(tmp_path):
    frame = points((10, 10), (20, 20), 编号=["a", "b"], 发现时间=["2023-05-01", "2023-05-12"])
    frame["巡查日志"] = ["2023-05-30", "2023年6月1日"]
    frame.to_file(tmp_path / "窨井.gpkg")
    text, _ = propose(tmp_path, SPECS)
    assert "“巡查日志”中最晚的日期是 2023-06-01" in text
    assert "# ? data_date = 2023-05-12" in text


def test_a_word_that_is_no_code_gets_a_line_of_its_own_to_fill_in(tmp_path):
    frame = points(
        (10, 10), (20, 20), (30, 30), 编号=list("abc"), 整治状态=["停摆", "报警", "完好"]
    )
    frame.to_file(tmp_path / "窨井.gpkg")
    text, _ = propose(tmp_path, SPECS)
    place = "[layers.manholes.values.status]"
    assert f"\n{place}\n" in text
    assert '\n# ?= "停摆" = "?"\n# ?= "报警" = "?"' in text
    # What the proposal says is done to the letter.
    filled = text.replace("# ?= ", "").replace('"停摆" = "?"', '"停摆" = "00"')
    filled = filled.replace('"报警" = "?"', '"报警" = "10"').replace('data_date = "?"', "")
    (tmp_path / "city.toml").write_text(filled.replace("# ? ", ""), encoding="utf-8")
    city = gcm.load_city(tmp_path)
    assert city["manholes"]["status"].tolist() == ["00", "10", "00"]
    left_open = filled.replace('"00"', '"?"')
    (tmp_path / "city.toml").write_text(left_open, encoding="utf-8")
    with pytest.raises(gcm.CityDataError) as caught:
        gcm.load_city(tmp_path)
    line = left_open.splitlines().index('"停摆" = "?"') + 1
    for said in (caught.value.message, caught.value.message_zh):
        assert "city.toml" in said
        assert str(line) in said
        assert "status.停摆" in said
    assert "fields" in caught.value.remedy


def test_the_bound_of_error_is_written_as_in_the_report(tmp_path):
    districts(tmp_path, "区县.geojson", adcode=["340102", "340121"], name=["瑶海区", "长丰县"])
    text = texts(tmp_path)[0]
    city = loaded(tmp_path, text)
    assert f"面积误差不超过 {share_in_words(city.metric.areal_error)}" in text
    assert f"of a length {share_in_words(city.metric.linear_error)}" in text


def test_no_line_of_a_proposal_is_bare(tmp_path):
    districts(tmp_path, "区县.shp", adcode=["340102", "340121"], name=["瑶海区", "长丰县"])
    rows = "窨井编号,状态,经度,纬度\nJ1,停摆,117.30,31.88\nJ2,报警,117.31,31.89\n"
    (tmp_path / "窨井.csv").write_text(rows, encoding="gb18030")
    points((10, 10), 甲=["x"]).to_file(tmp_path / "不明.gpkg")
    text, _ = propose(tmp_path, SPECS)
    for line in text.splitlines()[2:]:
        if line.startswith(("# ? ", "# ?= ")):
            continue
        if "#" in line:
            # Whatever is said beside or above an entry is said in both languages.
            said = line.partition("#")[2]
            assert " / " in said, line
            assert any("\u4e00" <= c <= "\u9fff" for c in said.partition(" / ")[0]), line


def test_a_planned_day_is_not_proposed_for_the_day_of_the_data(tmp_path):
    rows = "违建编号,经度,纬度,拟验收时间\nW1,117.30,31.88,2024-08-15\nW2,117.31,31.88,2024-08-16\n"
    (tmp_path / "违法建设.csv").write_text(rows, encoding="utf-8")
    text, _ = propose(tmp_path, SPECS)
    assert '# ?= data_date = "?"' in text
    assert "2024-08-16" not in text


def test_when_a_file_was_written_is_no_date_of_its_data(tmp_path):
    rows = "窨井编号,经度,纬度\nJ1,117.30,31.88\n"
    (tmp_path / "窨井.csv").write_text(rows, encoding="utf-8")
    text, _ = propose(tmp_path, SPECS)
    assert '# ?= data_date = "?"' in text
    assert f"{pd.Timestamp.now():%Y-%m-%d}" not in text
    (tmp_path / "city.toml").write_text(text.replace("# ?= ", ""), encoding="utf-8")
    with pytest.raises(gcm.CityDataError, match=r"city\.toml, line \d+ \[data_date\]"):
        gcm.load_city(tmp_path)


def test_the_date_in_the_name_of_a_file_is_proposed_where_the_data_has_none(tmp_path):
    rows = "窨井编号,经度,纬度\nJ1,117.30,31.88\n"
    (tmp_path / "窨井2022年6月.csv").write_text(rows, encoding="utf-8")
    text, _ = propose(tmp_path, SPECS)
    assert "“窨井2022年6月.csv”中的日期" in text
    assert "# ? data_date = 2022-06-30" in text


def test_no_datum_is_asked_for_that_was_given(tmp_path):
    rows = "窨井编号,经度,纬度\nJ1,117.30,31.88\n"
    (tmp_path / "窨井.csv").write_text(rows, encoding="utf-8")
    text, questions = propose(tmp_path, SPECS, datum={"manholes": "gcj02"})
    assert not any("gcj02" in question.en for question in questions)
    city = loaded(tmp_path, text)
    assert not city.findings["code"].eq("DEGREES_ASSUMED").any()
    assert (
        "CGCS2000 (EPSG:4490)" in city.findings.set_index("code")["message_zh"]["DATUM_CONVERTED"]
    )


def test_what_init_is_told_of_the_whole_stands_in_the_proposal(tmp_path):
    rows = "窨井编号,经度,纬度\nJ1,117.30,31.88\n"
    (tmp_path / "窨井.csv").write_text(rows, encoding="utf-8")
    told = ["--profile", "suzhou_2022", "--metric-crs", "EPSG:4548"]
    assert CliRunner().invoke(main, ["init", str(tmp_path), *told]).exit_code == 0
    table = tomllib.loads((tmp_path / "city.toml").read_text(encoding="utf-8"))
    assert (table["profile"], table["metric_crs"]) == ("suzhou_2022", "EPSG:4548")
    done = CliRunner().invoke(main, ["init", str(tmp_path), "--force", "--profile", "nope"])
    assert done.exit_code == 2


def test_each_proposal_can_be_taken_by_itself(tmp_path):
    rows = (
        "窨井编号,现况,整治状态,井位地址描述,经度,纬度\nJ1,整治完毕,整治完毕,甲路1号,117.30,31.88\n"
    )
    rows += "J2,停摆,停摆,甲路2号,117.31,31.89\n"
    (tmp_path / "窨井.csv").write_text(rows, encoding="utf-8")
    lines = texts(tmp_path)[0].splitlines()
    proposals = [k for k, line in enumerate(lines) if line.startswith("# ? ")]
    assert proposals
    for taken in proposals:
        text = "\n".join(
            ln.removeprefix("# ? ") if k == taken else ln for k, ln in enumerate(lines)
        )
        assert len(loaded(tmp_path, text)["manholes"]) == 2
    text = "\n".join(lines).replace('# ?= "停摆" = "?"', '"停摆" = "00"')
    city = loaded(tmp_path, text)
    assert city["manholes"]["status"].fillna("").tolist()[1] == "00"


def test_what_a_check_adds_to_a_table_of_words_can_be_added(tmp_path):
    rows = "窨井编号,整治状态,经度,纬度\nJ1,停摆,117.30,31.88\n"
    (tmp_path / "窨井.csv").write_text(rows, encoding="utf-8")
    text = texts(tmp_path)[0]
    told = loaded(tmp_path, text).findings
    (row,) = told[told["code"].eq("CODE_OWN_WORDS")].itertuples()
    # The proposal has the table already: its lines are to go there.
    assert "[layers.manholes.values.status]" in row.message_zh
    assert row.expected == '"停摆" = "?"'
    city = loaded(tmp_path, text + row.expected.replace("?", "00") + "\n")
    assert city["manholes"]["status"].tolist() == ["00"]


def wells(folder: Path, file: str, **options) -> None:
    """Two points with no more than a number of a well."""
    places = gpd.points_from_xy([117.0, 117.3], [31.8, 31.9])
    ids = [f"{file}{options.get('layer')}{n}" for n in range(2)]
    gpd.GeoDataFrame({"井号": ids}, geometry=places, crs=4490).to_file(folder / file, **options)


def test_what_may_be_one_layer_in_several_tables_is_proposed_whole(tmp_path):
    districts(tmp_path, "区.geojson", 名称=["瑶海区", "长丰县"])
    for table in ("雨水井", "污水井"):
        wells(tmp_path, "库.gpkg", layer=table)
    _, report = check(tmp_path)
    assert len(found(report, "LAYER_IGNORED")) == 2
    unsure, sure = texts(tmp_path)
    assert "库.gpkg:雨水井" in unsure and "未使用" not in unsure
    assert set(tomllib.loads(sure)["layers"]["manholes"]["sublayer"]) == {"污水井", "雨水井"}
    assert len(loaded(tmp_path, sure)["manholes"]) == 4


def test_of_versions_of_what_may_be_one_layer_one_is_proposed(tmp_path):
    districts(tmp_path, "区.geojson", 名称=["瑶海区", "长丰县"])
    for year in (2023, 2024):
        wells(tmp_path, f"排水_{year}.geojson")
    _, sure = texts(tmp_path)
    assert tomllib.loads(sure)["layers"]["manholes"]["path"] == "排水_2024.geojson"
    assert len(loaded(tmp_path, sure)["manholes"]) == 2


def test_what_may_be_a_layer_that_is_taken_says_what_to_add_to_it(tmp_path):
    districts(tmp_path, "区.geojson", 名称=["瑶海区", "长丰县"])
    wells(tmp_path, "窨井.geojson")
    for table in ("雨水井", "污水井"):
        wells(tmp_path, "库.gpkg", layer=table)
    _, report = check(tmp_path)
    messages = [finding["message_en"] for finding in found(report, "LAYER_IGNORED")]
    assert len(messages) == 2 and not [m for m in messages if "init" in m]
    assert any('add "库.gpkg" to path and "雨水井" to sublayer' in m for m in messages)
    entry = """name_zh = "合肥市"
        [layers.districts]
        path = "区.geojson"
        [layers.manholes]
        path = ["窨井.geojson", "库.gpkg", "库.gpkg"]
        sublayer = ["", "雨水井", "污水井"]"""
    assert len(loaded(tmp_path, entry)["manholes"]) == 6
