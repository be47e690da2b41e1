"""Reported figures stand beside computed ones and are never part of them."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pytest
import shapely

import geo_citymgmt as gcm
from geo_citymgmt.city._side_tables import read_reported
from geo_citymgmt.cleaning._place import ZoneNames
from geo_citymgmt.findings import Findings
from geo_citymgmt.indicators import load_figures
from tests.conftest import without_cases

CRS = "EPSG:4549"
HEAD = "figure,zone,period,value,unit,source,clause\n"


def folder(tmp_path: Path, rows: str, name: str = "reported.csv") -> Path:
    zones = gpd.GeoDataFrame(
        {"district_code": ["320505", "320506"], "name_zh": ["甲区", "乙区"]},
        geometry=[shapely.box(x, 3.46e6, x + 1e4, 3.47e6) for x in (5.5e5, 5.6e5)],
        crs=CRS,
    )
    lots = gpd.GeoDataFrame(
        {"lot_id": ["1", "2"], "spaces_total": [30, 12], "status": "open",
         "opened_date": ["2022-03-01", "2022-06-30"]},
        geometry=gpd.points_from_xy([5.55e5, 5.65e5], [3.465e6] * 2), crs=CRS,
    )  # fmt: skip
    zones.to_file(tmp_path / "districts.gpkg")
    lots.to_file(tmp_path / "parking_points.gpkg")
    (tmp_path / name).write_text(rows, encoding="utf-8")
    (tmp_path / "city.toml").write_text('code = "320500"\ndata_date = 2022-06-30\n', "utf-8")
    return tmp_path


def rows_of(city: gcm.City, as_of: str = "2022-06-30") -> gcm.City:
    table = gcm.progress(city, as_of=as_of, indicators="parking_spaces_added")
    return table[table["row_kind"] != "unlocated"].set_index("zone_code")


def test_what_is_reported_stands_beside_what_is_computed_with_their_difference(tmp_path):
    rows = [",2022-H1,0.005,万个,报表,", "320506,2022-H1,12,个,报表,"]
    text = HEAD + "".join(f"parking_spaces_added,{row}\n" for row in rows)
    found = rows_of(gcm.load_city(folder(tmp_path, text)))
    assert found.loc["320500", ["value", "reported", "difference"]].tolist() == [42, 50, -8]
    assert found.loc["320506", ["value", "reported", "difference"]].tolist() == [12, 12, 0]
    assert found.loc["320505", ["reported", "difference"]].isna().all()
    assert found.loc["320500", ["reported_period", "reported_source"]].tolist() == [
        "2022-H1", "报表",
    ]  # fmt: skip


def test_a_reported_number_that_says_its_unit_is_not_converted_once_more(tmp_path):
    cells = ["9万平方米,万平方米", "9,万平方米", "9万平方米,"]
    path = tmp_path / "reported.csv"
    lines = [f"illegal_demolished_area,,202{k},{c},," for k, c in enumerate(cells)]
    path.write_text(HEAD + "\n".join(lines) + "\n", encoding="utf-8")
    table = read_reported(path, load_figures(), ZoneNames(["320500"], {}), Findings(), [])
    assert table["value"].tolist() == [90_000] * 3


def test_the_last_report_is_shown_and_a_difference_only_of_the_same_days(tmp_path):
    text = (
        HEAD + "新增停车泊位,,2022-Q1,31,,,\n新增停车泊位,,2022-H1,50,,,\n新增停车泊位,,2021,9,,,\n"
    )
    city = gcm.load_city(folder(tmp_path, text))
    march, may = (rows_of(city, day).loc["320500"] for day in ("2022-03-31", "2022-05-31"))
    assert march[["reported", "difference"]].tolist() == [31, -1]
    assert may["reported"] == 31 and may["difference"] != may["difference"]
    # Nothing was reported of this year yet.
    assert rows_of(city, "2022-02-28")["reported"].isna().all()


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("parking_lorries,,2022,5,,,", "figure"),
        ("parking_spaces_added,999999,2022,5,,,", "zone"),
        ("parking_spaces_added,,soon,5,,,", "period"),
        ("parking_spaces_added,,2022,many,,,", "value"),
        ("parking_spaces_added,,2022,5,公里,,", "unit"),
    ],
)
def test_a_row_that_cannot_be_used_is_told_with_its_cell(tmp_path, row, column):
    city = gcm.load_city(folder(tmp_path, HEAD + row + "\n"))
    told = city.findings[city.findings["code"] == "TABLE_VALUE"]
    assert told["message_en"].str.contains(f": {column} is ").tolist() == [True]
    assert city.reported_figures.empty
    account = city.tables.set_index("table").loc["reported"]
    assert account[["n_walked", "n_used", "n_rejected"]].tolist() == [1, 0, 1]


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
        ("2024年1-6月", "2024-01-01", "2024-06-30"),
        ("2024年1—6月份", "2024-01-01", "2024-06-30"),
        ("2024年1月至6月", "2024-01-01", "2024-06-30"),
        ("2023年11月～2024年2月", "2023-11-01", "2024-02-29"),
        ("2024年一至三季度", "2024-01-01", "2024-09-30"),
        ("2024年1月1日-6月15日", "2024-01-01", "2024-06-15"),
        ("2024-01-2024-06", "2024-01-01", "2024-06-30"),
        ("2024-01-06", "2024-01-06", "2024-01-06"),
        ("2024四季度", "2024-10-01", "2024-12-31"),
    ],
)
def test_a_period_is_read_as_offices_write_it(tmp_path, period, first, last):
    city = gcm.load_city(folder(tmp_path, HEAD + f"parking_spaces_added,,{period},5,,,\n"))
    (row,) = city.reported_figures.itertuples()
    assert (str(row.period_start.date()), str(row.period_end.date())) == (first, last)


@pytest.mark.parametrize("period", ["2024-6月", "2024.1-6", "2024-06-31", "2024年6-1月", "45657"])
def test_a_period_that_may_be_another_is_not_read(tmp_path, period):
    city = gcm.load_city(folder(tmp_path, HEAD + f"parking_spaces_added,,{period},5,,,\n"))
    assert city.reported_figures.empty
    assert city.findings["code"].eq("TABLE_VALUE").sum() == 1


def test_a_reported_share_above_one_is_shown_and_told(tmp_path):
    city = gcm.load_city(folder(tmp_path, HEAD + "parking_dynamic_share,,2022-H1,488%,,,\n"))
    assert city.reported_figures["value"].tolist() == [pytest.approx(4.88)]
    assert (city.findings["code"] == "REPORTED_SHARE").sum() == 1


def test_that_a_reported_number_is_approximate_is_told(tmp_path):
    rows = "parking_spaces_added,,2022-H1,约500,,,\nparking_spaces_added,,2021-H1,400,,,\n"
    city = gcm.load_city(folder(tmp_path, HEAD + rows))
    assert city.reported_figures["value"].tolist() == [500.0, 400.0]
    (told,) = city.findings[city.findings["code"] == "REPORTED_APPROXIMATE"].itertuples()
    assert (told.value, told.expected) == ("约500", "500")
    assert "第 2 行" in told.message_zh


def test_a_table_that_is_none_counts_as_not_there(tmp_path):
    city = gcm.load_city(folder(tmp_path, "a,b\n1,2\n", "上报数.csv"))
    assert (city.findings["code"] == "TABLE_UNUSABLE").sum() == 1
    assert rows_of(city)["reported"].isna().all()


def test_a_geopackage_carries_what_was_reported(tmp_path):
    text = HEAD + "parking_spaces_added,,2022-01..05,7,,报表,第三段\n"
    city = gcm.load_city(folder(tmp_path, text))
    again = gcm.load_city(city.to_file(tmp_path / "out.gpkg"))
    assert again.reported_figures.equals(city.reported_figures)
    assert str(again.reported_figures["period_end"][0].date()) == "2022-05-31"


def test_what_a_document_only_reports_is_shown_as_reported():
    table = gcm.progress(gcm.sample_city(layers=without_cases()), level="city").set_index(
        "indicator"
    )
    row = table.loc["demolition_accidents"]
    assert row["value"] != row["value"] and row["reported"] == 0
    assert row["status"] == "not_available" and "苏城发" in row["reported_source"]
    groups = table.loc["supervision_groups"]
    assert groups["reported"] == 5 and "context" in groups["comparability"]
