from __future__ import annotations

import hashlib
import html
import json
import re
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest
import shapely

import geo_citymgmt as gcm
from geo_citymgmt.maps._city_map import Chooser
from geo_citymgmt.report import _folder, write_findings, write_report
from tests.conftest import thinned, with_layers, without_cases
from tests.maps.conftest import choices, colors_of
from tests.report.conftest import CRS, HOSTILE, X0, Y0, bikes, zones
from tests.report.conftest import write as write_frame

pytestmark = pytest.mark.xdist_group("report")
NAMES = {"index", "map", "tables", "city", "findings", "rejected", "manifest", "ranking"}


def words_of(page: str) -> str:
    body = re.sub(r"<(style|script)[^>]*>.*?</\1>", " ", page, flags=re.S)
    return html.unescape(re.sub(r"<[^>]+>", " ", body))


def cells(path: Path) -> dict[str, list[tuple]]:
    book = openpyxl.load_workbook(path)
    return {
        sheet.title: [tuple(c.value for c in row) for row in sheet.iter_rows()] for sheet in book
    }


@pytest.mark.parametrize(("lang", "kept"), [("zh", "500\u00a0米"), ("en", "500\u00a0m")])
def test_a_radius_keeps_its_unit_on_its_line(sample_report, lang, kept):
    page = words_of((sample_report(lang) / "index.html").read_text(encoding="utf-8"))
    assert kept in page
    assert not re.search(r"\d (米|公里|天)|(within|beyond) [\d,]+ m\b", page)


def test_every_file_of_the_contract_is_there(report):
    assert set(report) == NAMES
    assert all(path.exists() for path in report.values())
    names = {"index.html", "map.html", "tables.xlsx", "city.gpkg", "findings.xlsx", "rejected",
             "manifest.json", "ranking"}  # fmt: skip
    assert {p.name for p in report["index"].parent.iterdir()} == names
    assert [p.name for p in report["rejected"].iterdir()] == ["README.txt"]


def test_the_map_has_all_figures_by_level_and_month_in_the_colours_of_last_month(report, city):
    page = report["map"].read_text(encoding="utf-8")
    start = page.index("{", page.rindex("gcm.chooser("))
    told, _ = json.JSONDecoder().raw_decode(page[start:])
    assert [level["key"] for level in told["levels"]] == ["district", "street"]
    assert told["dates"][0] == "2022-01-31"
    assert told["dates"][-1] == "2022-06-30"
    assert len(told["figures"]) > 100
    june = colors_of(choices(told))
    keys, levels = ["illegal_demolished_area", "manhole_remediated"], ["district", "street"]
    months = gcm.progress_series(
        city, start="2022-04-30", end="2022-05-31", level="street", indicators=keys
    )
    drawn = gcm.progress_map(city, keys, series=months, level=levels)
    (asked,) = (c for c in drawn._children.values() if isinstance(c, Chooser))
    may = colors_of(choices(json.loads(asked.config())))
    # Whatever is known in May was known in June's report of May, in the same colour.
    assert len(may) > 200
    assert all(colors <= june[key] for key, colors in may.items())
    assert told["figures"][0]["group"] == "违法建设"


def test_a_layer_too_large_for_the_geopackage_is_a_file_beside_it(city, tmp_path, monkeypatch):
    alone = with_layers(city, "bike_stations", "utility_tunnels")
    stations = thinned(alone.layers["bike_stations"])
    alone = replace(alone, layers=alone.layers | {"bike_stations": stations})
    monkeypatch.setattr(_folder, "MOST_IN_GEOPACKAGE", 100)
    files = write_report(alone, tmp_path / "report")
    # Neither layer has a target to rank districts by.
    assert set(files) == {*NAMES, "bike_stations"} - {"ranking"}
    again = gcm.read_layer(files["bike_stations"], "bike_stations").data
    assert again["station_id"].tolist() == alone["bike_stations"]["station_id"].tolist()
    assert set(gcm.load_city(files["city"])) == {"utility_tunnels"}
    listed = json.loads(files["manifest"].read_text(encoding="utf-8"))["outputs"]
    assert "bike_stations.parquet" in {entry["file"] for entry in listed}
    monkeypatch.undo()
    write_report(alone, tmp_path / "report")
    assert not files["bike_stations"].exists()


def test_the_manifest_names_inputs_outputs_and_versions(report, city):
    table = json.loads(report["manifest"].read_text(encoding="utf-8"))
    folder = report["index"].parent
    for entry in table["outputs"]:
        content = (folder / entry["file"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == entry["sha256"]
    assert {Path(e["file"]).name for e in table["inputs"]} == {p.name for p in city.inputs}
    assert table["as_of"] == "2022-06-30"
    unused = {
        "as_of": None,
        "release": "internal",
        "grid_m": None,
        "bulletin": None,
        "sheets": False,
    }
    assert table["options"] == {**unused, "lang": "zh"}
    assert {
        "geo_citymgmt",
        "geopandas",
        "shapely",
        "pyproj",
        "GDAL",
        "GEOS",
        "PROJ",
        "python",
    } <= set(table["versions"])
    assert str(folder) not in report["manifest"].read_text(encoding="utf-8")


def test_made_twice_page_and_tables_are_the_same_to_the_byte(
    report, data_folder, tmp_path, monkeypatch
):
    # Neither is compared: a GeoPackage holds the moment at which it was written.
    monkeypatch.setattr(_folder, "_write_layers", lambda _, path: path.touch() or {})
    monkeypatch.setattr(_folder, "_write_map", lambda *args: args[-1].touch())
    again = write_report(gcm.load_city(data_folder, layers=without_cases()), tmp_path)
    for name in ("index", "tables", "findings"):
        assert again[name].read_bytes() == report[name].read_bytes(), name


def test_the_page_loads_nothing_and_runs_its_own_script_alone(report):
    page = report["index"].read_text(encoding="utf-8")
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page).group(1)
    assert "default-src 'none'" in html.unescape(policy)
    assert "unsafe" not in policy
    # Patterns of the page's own drawings are referred to by their id.
    assert re.search(r"https?://|//cdn|@import|url\((?!#)", page) is None
    # The one that `test_page_top` holds to its hash; what else stands in such elements is data.
    assert page.count("<script") == 1 + page.count('<script type="application/json">')
    assert re.search(r"\sstyle=|\son\w+=", page) is None


def test_the_chinese_page_speaks_chinese(report):
    text = words_of(report["index"].read_text(encoding="utf-8"))
    assert "{" not in text
    assert "}" not in text
    layers = {word for key in gcm.load_specs() for word in key.split("_")}
    files = "shapefiles shp csv map tables findings manifest reported"
    known = {
        *layers,
        *files.split(),
        "EPSG",
        "UTF",
        "SHP",
        "html",
        "xlsx",
        "json",
        "WGS",
        "FID",
        "suzhou",
    }
    assert set(re.findall(r"[A-Za-z]{3,}", text)) <= known


@pytest.mark.parametrize(
    "said",
    ["截至 2022-06-30", "350.3", "1,500", "不可比：口径不同", "低于时序进度10.3个百分点",
     "昆山市", "市区小计", "全市合计", "苏城发〔2022〕74号",
     "拆违重大社会矛盾", "入库登记", "只计状态为启用的设施"],
)  # fmt: skip
def test_the_page_says(report, said):
    assert said in words_of(report["index"].read_text(encoding="utf-8"))


def test_figures_that_do_not_compare_have_no_bar(report):
    page = report["index"].read_text(encoding="utf-8")
    card = re.search(r'<article class="card not_comparable">.*?</article>', page, re.S).group()
    assert 'class="bar"' not in card
    assert "350.3" in card
    assert "1,500" in card


def test_an_english_report(sample_report, city):
    report = sample_report("en")
    page = (report / "index.html").read_text(encoding="utf-8")
    # Records are as the data has them.
    text = words_of(re.sub(r'<table class="case-table">.*?</table>', "", page, flags=re.S))
    assert "City management in Suzhou: progress report" in text
    assert "Not comparable: measures differ" in text
    # Where a figure was reported is said as the office writes it.
    allowed = "苏城发〔年上半年工作总结和下半年工作计划〕号" + "板块报表（虚构）"
    # Streets have no English names.
    allowed += "".join(city.zones_at("street")["name"])
    assert set(re.findall(r"[\u4e00-\u9fff]", text)) <= set(allowed)
    assert "Overview" in openpyxl.load_workbook(report / "tables.xlsx").sheetnames


def test_a_day_after_the_data_is_refused_and_nothing_is_written(city, tmp_path):
    out = tmp_path / "report"
    with pytest.raises(gcm.AsOfError):
        write_report(city, out, as_of="2022-07-01")
    assert not out.exists()


def test_steps_are_told(two_layers, tmp_path):
    steps = []
    write_report(
        gcm.load_city(two_layers), tmp_path / "out", progress_bar=lambda *step: steps.append(step)
    )
    assert [s[0] for s in steps] == list(range(len(steps)))
    assert steps[-1][0] == steps[-1][1]


def test_a_report_that_breaks_off_leaves_the_old_one_whole(two_layers, tmp_path, monkeypatch):
    city, out = gcm.load_city(two_layers), tmp_path / "out"
    first = write_report(city, out)
    before = {p: p.read_bytes() for p in out.rglob("*") if p.is_file()}

    def broken(*_):
        raise OSError("disk full")

    monkeypatch.setattr(_folder, "_write_map", broken)
    with pytest.raises(gcm.CityDataError, match="disk full"):
        write_report(city, out)
    assert first["manifest"] in before
    assert {p: p.read_bytes() for p in out.rglob("*") if p.is_file()} == before


def test_a_file_in_the_place_of_the_folder_is_refused(two_layers, tmp_path):
    target = tmp_path / "report"
    target.write_text("mine", encoding="utf-8")
    with pytest.raises(gcm.CityDataError, match="not a folder"):
        write_report(gcm.load_city(two_layers), target)
    assert target.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_two_layers_say_what_they_can_and_what_they_cannot(two_layers, tmp_path, lang):
    city = gcm.load_city(two_layers)
    assert city.data_date is None
    files = write_report(city, tmp_path / "out", lang=lang)
    page = files["index"].read_text(encoding="utf-8")
    text = words_of(page)
    assert ("数据未注明日期" if lang == "zh" else "the data has no date") in text
    # Nobody asked for the other layers: neither the folder nor a target nor a report.
    assert ("来源中没有的图层" if lang == "zh" else "Layers the source does not have") not in text
    assert ("窨井" if lang == "zh" else "anhole") not in text
    # Sections without content are not there, not even as a heading.
    assert 'id="monthly"' not in page
    assert 'id="progress"' not in page
    assert 'id="coverage"' in page
    assert "nan" not in text.lower().split()


def test_an_unusable_layer_is_shown(two_layers, tmp_path):
    (two_layers / "manholes.geojson").write_text("{not json", encoding="utf-8")
    city = gcm.load_city(two_layers)
    files = write_report(city, tmp_path / "out")
    page = files["index"].read_text(encoding="utf-8")
    assert '<tr class="unusable">' in page
    assert "不可用" in words_of(page)


def test_text_of_the_data_is_shown_and_never_run(hostile, tmp_path):
    city = gcm.load_city(hostile)
    files = write_report(city, tmp_path / "out")
    page = files["index"].read_text(encoding="utf-8")
    assert page.count("<script") == 1
    for mark in ("<img", "<script>alert", "${", "<b>市", "\u202e"):
        assert mark not in page
    shown = words_of(page)
    assert HOSTILE[0] in shown
    assert HOSTILE[1] in shown
    for name in ("tables", "findings"):
        for sheet in openpyxl.load_workbook(files[name]):
            assert not [c for row in sheet.iter_rows() for c in row if c.data_type == "f"]
    text = [str(v) for rows in cells(files["findings"]).values() for row in rows for v in row]
    assert any("=cmd()" in t for t in text)


def test_nothing_personal_leaves(hostile, tmp_path):
    rejected = bikes(["a", "b"], phone=["13912345678"] * 2, station_id=["x", "x"])
    write_frame(rejected, hostile, "bike_stations")
    files = write_report(gcm.load_city(hostile), tmp_path / "out")
    kept = gpd.read_file(files["rejected"] / "bike_stations.gpkg")
    assert kept[["station_id", "reject_codes"]].values.tolist() == [["x", "ID_DUPLICATE"]]
    for path in [p for f in files.values() for p in ([f] if f.is_file() else f.iterdir())]:
        assert b"13912345678" not in path.read_bytes()


def test_findings_can_be_written_by_themselves(two_layers, tmp_path):
    path = write_findings(gcm.load_city(two_layers), tmp_path / "f.xlsx", lang="en")
    sheets = cells(path)
    assert next(iter(sheets)) == "Summary"
    assert "Bike stations and bays" in sheets


def test_rejects_that_are_corrected_go_away(two_layers, tmp_path):
    out = tmp_path / "out"
    write_frame(bikes(["a", "b"], station_id=["x", "x"]), two_layers, "bike_stations")
    files = write_report(gcm.load_city(two_layers), out)
    names = {p.name for p in files["rejected"].iterdir()}
    assert names == {"README.txt", "bike_stations.gpkg", "bike_stations.shp.zip"}
    write_frame(bikes(["a", "b"], station_id=["x", "y"]), two_layers, "bike_stations")
    files = write_report(gcm.load_city(two_layers), out)
    assert {p.name for p in files["rejected"].iterdir()} == {"README.txt"}


@pytest.mark.parametrize("suffix", [".gpkg", ".shp.zip"])
def test_rejects_come_back_as_they_were_read_and_can_be_read_again(
    suffix, dirty_city, dirty_report
):
    for key in ("bike_stations", "illegal_construction", "manholes"):
        refused = dirty_city.layer(key).rejected
        kept = gpd.read_file(dirty_report / "rejected" / f"{key}{suffix}")
        assert len(kept) == len(refused)
        again = gcm.read_layer(dirty_report / "rejected" / f"{key}{suffix}", key).ledger.iloc[0]
        assert again["n_walked"] == len(refused)
    raw = pd.DataFrame(json.loads(text) for text in refused["raw"])
    if suffix == ".gpkg":
        columns = [*raw.columns]
        assert kept[columns].astype("str").equals(raw.astype("str"))


def test_a_layer_of_the_office_is_summarised(two_layers, tmp_path):
    specs = tmp_path / "specs"
    specs.mkdir()
    (specs / "toilets.toml").write_text(
        'key = "public_toilets"\nrole = "facility"\nzh = "公共厕所"\nen = "Public toilets"\n'
        'names = ["公厕"]\ngeometry = ["Point"]\nid = "toilet_id"\n'
        '[fields.toilet_id]\nzh = "公厕编号"\nen = "Toilet id"\ndbf = "TOILET_ID"\ntype = "id"\n',
        encoding="utf-8",
    )
    toilets = gpd.GeoDataFrame(
        {"toilet_id": ["1", "2", "3"]},
        geometry=[shapely.Point(X0 + x, Y0 + 500) for x in (100, 200, 2500)],
        crs=CRS,
    )
    write_frame(toilets, two_layers, "公厕")
    city = gcm.load_city(two_layers, specs=specs)
    files = write_report(city, tmp_path / "out")
    assert "公共厕所" in words_of(files["index"].read_text(encoding="utf-8"))
    rows = {row[0]: row[1] for row in cells(files["tables"])["公共厕所"][3:]}
    assert rows == {"甲区": 2, "乙区": 0, "丙市": 1, "市域外": 0, "未落图": 0, "全市合计": 3}


def test_districts_outside_and_unlocated_make_the_total(tmp_path):
    folder = tmp_path / "city"
    write_frame(zones(), folder, "districts")
    lots = gpd.GeoDataFrame(
        {
            "lot_id": ["1", "2", "3", "4"],
            "spaces_total": [10, 20, 40, 80],
            "district_name": ["甲区", "乙区", "甲区", "丙市"],
            "status": ["启用"] * 4,
            "opened_date": ["2022-02-01"] * 4,
        },
        geometry=[
            shapely.Point(X0 + 500, Y0 + 500),
            shapely.Point(X0 + 1500, Y0 + 500),
            shapely.Point(X0 - 300, Y0 + 500),
            None,
        ],
        crs=CRS,
    )
    write_frame(lots, folder, "parking_points")
    (folder / "city.toml").write_text("data_date = 2022-06-30\n", encoding="utf-8")
    files = write_report(gcm.load_city(folder), tmp_path / "out")
    sheets = cells(files["tables"])
    head, *rows = sheets["区县进度"][2:]
    table = pd.DataFrame(rows, columns=head).set_index("指标")
    added = table.loc["新增停车泊位"]
    assert added[["甲区", "乙区", "丙市", "市域外", "未落图", "全市合计"]].tolist() == [
        10, 20, 0, 40, 80, 150,
    ]  # fmt: skip
    assert added["市区小计"] == 30
    assert "市域外" in words_of(files["index"].read_text(encoding="utf-8"))
