"""Due times that records do not say: from an office's limits and calendar, and told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

import geo_citymgmt as gcm
from tests.conftest import CRS, X0, Y0

LIMITS = """类型,大类代码,小类代码,阶段,时限,单位,紧急,备注
事件,01,02,处置,4,工作时,否,暴露垃圾
事件,05,,处置,6,小时,是,突发事件
事件,01,02,结案,2,工作日,否,暴露垃圾
"""


def frame(**columns: list) -> gpd.GeoDataFrame:
    n = len(next(iter(columns.values())))
    usual = {
        "case_id": [f"A{k}" for k in range(n)],
        "case_class": ["event"] * n, "major_code": ["01"] * n, "minor_code": ["02"] * n,
        "filed_at": ["2022-01-28 16:00"] * n, "dispatched_at": ["2022-01-28 17:00"] * n,
    }  # fmt: skip
    shapes = [shapely.Point(X0 + k, Y0) for k in range(n)]
    return gpd.GeoDataFrame({**usual, **columns}, geometry=shapes, crs=CRS)


def office(tmp_path: Path, cases: gpd.GeoDataFrame, **files: str) -> gcm.City:
    cases.to_parquet(tmp_path / "cases.parquet")
    said = ['code = "320500"', "[layers.digital_cases]", 'path = "cases.parquet"']
    for name, text in files.items():
        file = f"{name}.toml" if name == "calendar" else f"{name}.csv"
        (tmp_path / file).write_text(text, encoding="utf-8")
        said.insert(1, f'{name} = "{file}"')
    (tmp_path / "city.toml").write_text("\n".join(said), encoding="utf-8")
    return gcm.load_city(tmp_path)


def told(city: gcm.City) -> dict[tuple[str, str], str]:
    rows = city.findings[city.findings["code"].str.startswith("DUE_")]
    return {(r.code, r.field): r.value for r in rows.itertuples()}


def test_what_is_due_is_computed_where_records_do_not_say_it_and_that_is_told(tmp_path):
    stated = ["2022-03-01 18:00", None, None, None]
    kinds = ["01", "01", "05", "09"]
    cases = frame(handle_due_at=stated, major_code=kinds)
    city = office(tmp_path, cases, limits=LIMITS)
    due = city["digital_cases"]["handle_due_at"].astype(str).fillna("").tolist()
    # As stated; four hours over a weekend that is worked; six by the clock; nobody knows.
    expected = ["2022-03-01 18:00:00", "2022-01-29 11:00:00", "2022-01-28 23:00:00", ""]
    assert due == expected
    assert city["digital_cases"]["due_at"].astype(str).tolist()[1] == "2022-01-30 16:00:00"
    assert told(city) == {
        ("DUE_COMPUTED", "handle_due_at"): "2", ("DUE_NO_LIMIT", "handle_due_at"): "1",
        ("DUE_COMPUTED", "due_at"): "2", ("DUE_NO_LIMIT", "due_at"): "2",
    }  # fmt: skip


def test_columns_keep_their_order_and_the_city_its_value(tmp_path):
    city = office(tmp_path, frame(handled_at=["2022-01-29 09:00"]), limits=LIMITS)
    columns = list(city["digital_cases"].columns)
    assert columns.index("dispatched_at") < columns.index("handle_due_at")
    assert columns.index("handle_due_at") < columns.index("handled_at")
    again = gcm.load_city(tmp_path)
    assert again == city
    assert replace(again, clock=gcm.City.from_layers({"digital_cases": frame(a=[1])}).clock) != city


def test_a_year_without_a_calendar_is_a_finding_until_the_office_adds_it(tmp_path):
    late = frame(dispatched_at=["2027-01-04 09:00"], filed_at=["2027-01-04 08:30"])
    city = office(tmp_path, late, limits=LIMITS)
    assert told(city)["DUE_NO_CALENDAR", "handle_due_at"] == "1"
    assert city["digital_cases"]["handle_due_at"].isna().all()
    more = '[years.2027]\nholidays = ["01-01..01-04"]\n'
    city = office(tmp_path, late, limits=LIMITS, calendar=more)
    assert city["digital_cases"]["handle_due_at"].astype(str).tolist() == ["2027-01-05 12:00:00"]


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("事件,01,02,派遣,4,工作时,否,", "stage"),
        ("事件,01,02,处置,零,工作时,否,", "amount"),
        ("事件,01,02,处置,-4,工作时,否,", "amount"),
        ("事件,01,02,处置,4,周,否,", "unit"),
        ("事件,01,02,处置,4,工作时,是,", "unit"),
        ("事情,01,02,处置,4,工作时,否,", "case_class"),
    ],
)
def test_a_row_of_limits_that_cannot_be_used_is_told_and_no_limit(tmp_path, row, column):
    head = LIMITS.splitlines()[0]
    city = office(tmp_path, frame(a=[1]), limits=f"{head}\n{row}\n事件,03,,处置,1,工作日,否,\n")
    account = city.tables.set_index("table").loc["limits"]
    assert account[["n_walked", "n_used", "n_rejected"]].tolist() == [2, 1, 1]
    cells = city.findings[city.findings["message_en"].str.contains("limits.csv")]
    assert cells["message_en"].str.contains(column).any()
    # The package's own limit of this kind stands.
    assert city["digital_cases"]["handle_due_at"].astype(str).tolist() == ["2022-01-29 11:00:00"]


def test_limits_that_are_no_table_are_told_and_those_of_the_package_count(tmp_path):
    city = office(tmp_path, frame(a=[1]), limits="没有表头\n")
    assert "TABLE_UNUSABLE" in set(city.findings["code"])
    assert city["digital_cases"]["handle_due_at"].notna().all()


def test_frames_in_memory_get_their_due_times_too():
    city = gcm.City.from_layers({"digital_cases": frame(a=[1])})
    assert city["digital_cases"]["handle_due_at"][0] == pd.Timestamp("2022-01-29 11:00")
