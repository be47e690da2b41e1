"""Small cities that failed after public reports: what is right for each, by value."""

from __future__ import annotations

import json
import shutil
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

import geo_citymgmt as gcm
from geo_citymgmt.cli import main

CASES = Path(__file__).resolve().parents[2] / "shared" / "cases" / "cities"
pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not CASES.is_dir(), reason="../shared/cases/cities is not there"),
]


@pytest.fixture
def case(tmp_path):
    """Return a copy of a case that can be written to."""

    def copied(name: str) -> Path:
        folder = tmp_path / "city"
        folder.mkdir()
        for path in (CASES / name).iterdir():
            shutil.copyfile(path, folder / path.name)
        (folder / "README.txt").unlink()
        return folder

    return copied


def run(*arguments):
    ran = CliRunner().invoke(main, [str(a) for a in arguments])
    return ran.exit_code, ran.stdout


def account(*arguments):
    code, text = run("check", *arguments, "--format", "json")
    told = json.loads(text[text.index("{") :])
    return code, {row["layer"]: row for row in told["ledger"]}, told["findings"]


def test_a_file_of_outlines_under_any_name_is_checked_and_proposed_as_districts(case):
    folder = case("01_init_refuses")
    code, ledger, _ = account(folder / "320500.json")
    assert (code, ledger["districts"]["n_accepted"]) == (0, 2)
    assert run("init", folder)[0] == 0
    proposed = tomllib.loads((folder / "city.toml").read_text("utf-8"))
    assert proposed["layers"]["districts"]["path"] == "320500.json"
    assert (proposed["name_zh"], proposed["code"]) == ("苏州市", "320500")


def test_a_city_outside_one_belt_has_a_report_in_the_belt_of_its_own(case, tmp_path):
    folder = case("02_report_outside_belt")
    code, text = run("report", folder, "-o", tmp_path / "out", "--crs", "EPSG:4490")
    assert code == 0, text
    city = gcm.load_city(folder, fallback_crs="EPSG:4490")
    assert city.metric_crs.to_epsg() == 4548
    assert city.metric.areal_error < 1e-3
    assert city["manholes"]["district_code"].tolist() == ["340102", "340102"]
    page = (tmp_path / "out" / "index.html").read_text("utf-8")
    assert "合肥市" in page
    assert "苏州" not in page


def test_a_city_without_dates_has_a_map(case, tmp_path):
    folder = case("03_map_panel_crash")
    page = tmp_path / "city.html"
    assert run("map", folder, "city", "-o", page, "--crs", "EPSG:4490")[0] == 0
    assert "窨井" in page.read_text("utf-8")
    # That the page runs is held by tests/browser/test_any_city.py.


def test_a_city_is_named_by_the_codes_of_its_districts(case):
    folder = case("04_other_city_called_suzhou")
    assert run("init", folder)[0] == 0
    proposed = tomllib.loads((folder / "city.toml").read_text("utf-8"))
    assert (proposed["name_zh"], proposed["name_en"], proposed["code"]) == (
        "合肥市", "Hefei", "340100",
    )  # fmt: skip
    assert gcm.load_city(folder).name_zh == "合肥市"


def test_a_second_file_of_a_layer_is_read_with_the_first_and_init_names_both(case):
    folder = case("05_second_file_dropped")
    code, ledger, _ = account(folder, "--crs", "EPSG:4490")
    assert (code, ledger["bike_stations"]["n_accepted"]) == (0, 3)
    assert run("init", folder)[0] == 0
    code, ledger, _ = account(folder)
    assert (code, ledger["bike_stations"]["n_accepted"]) == (0, 3)


def test_a_single_file_is_judged_by_no_outlines(case):
    folder = case("06_single_file_other_city")
    code, ledger, findings = account(folder / "窨井.csv", "--crs", "EPSG:4490")
    assert code == 0
    assert (ledger["manholes"]["n_accepted"], ledger["manholes"]["n_rejected"]) == (2, 0)
    assert "OUT_OF_CITY" not in {f["code"] for f in findings}
    assert "ZONES_MISSING" in {f["code"] for f in findings}


def test_a_status_that_cannot_be_read_gives_no_figure(case):
    table = gcm.progress(gcm.load_city(case("07_unknown_status_is_zero")), as_of=None)
    for name in ("manhole_remediated", "manhole_relapsed_count", "manhole_open_count"):
        row = gcm.figure(table, name)
        assert row["status"] == "not_available", name
        assert row["value"] != row["value"], name
        assert "整治状态" in row["note_zh"], name


def test_the_layer_that_is_asked_for_takes_the_table_that_fits_it(case):
    folder = case("08_layer_option_ignored")
    _, ledger, _ = account(folder / "t.gpkg", "--layer", "illegal_construction")
    assert set(ledger) == {"illegal_construction"}
    assert ledger["illegal_construction"]["source"].endswith("buildings")
    assert ledger["illegal_construction"]["n_accepted"] > 0
    # Lines are never zones, whatever the table is called.
    _, ledger, _ = account(folder / "t.gpkg")
    assert "streets" not in ledger


@pytest.mark.parametrize(
    ("file", "layer", "fields"),
    [
        ("井盖.csv", "manholes", {"objcode": "manhole_id", "状态": "status"}),
        ("停车场.csv", "parking_points",
         {"停车场名称": "name", "停车场地址": "address", "总泊位数": "spaces_total"}),
        ("停车场2.csv", "parking_points",
         {"停车场名称": "name", "停车位数量": "spaces_total", "所在区": "district_name"}),
        ("公共自行车.csv", "bike_stations",
         {"编号": "station_id", "名称": "name", "桩位数量": "docks",
          "所属区域": "district_name"}),
    ],
)  # fmt: skip
def test_common_headings_are_fields(case, file, layer, fields):
    folder = case("09_common_chinese_headings")
    read = gcm.read_layer(folder / file, layer, crs="EPSG:4490")
    assert int(read.ledger["n_accepted"].iloc[0]) == 1
    column_of = {column: field for field, column in read.mapping.items()}
    assert {column: column_of.get(column) for column in fields} == fields


def test_zero_and_empty_coordinates_are_one_thing_no_place(case):
    folder = case("10_zero_zero_accepted")
    read = gcm.read_layer(folder / "公共自行车.csv", "bike_stations", crs="EPSG:4490")
    assert read.located.tolist() == [True, False, False]
    assert int(read.ledger["n_rejected"].iloc[0]) == 0
    of_records = read.findings[read.findings["record"].notna()]
    by_record = of_records.groupby("record")["code"].agg(set)
    assert {"COORD_PLACEHOLDER", "GEOM_NULL"} & by_record[1]
    assert "GEOM_NULL" in by_record[2]
    city = gcm.load_city(folder, fallback_crs="EPSG:4490")
    assert city["bike_stations"].geometry.isna().tolist() == [False, True, True]
