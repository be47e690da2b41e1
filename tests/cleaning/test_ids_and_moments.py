"""Ids as they were written, moments as days of this place, dates of another order."""

from __future__ import annotations

import json

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest

import geo_citymgmt as gcm
from geo_citymgmt.cleaning._dates import parse_date, parse_date_column
from geo_citymgmt.cleaning._ids import clean_ids, report_odd_forms
from geo_citymgmt.findings import Findings

SPEC = gcm.read_layer(
    gpd.GeoDataFrame({"窨井编号": ["J1"]}, geometry=gpd.points_from_xy([120.6], [31.3]), crs=4490),
    "manholes",
).spec
ID, FOUND = SPEC.fields["manhole_id"], SPEC.fields["found_date"]


def frame(**columns):
    n = len(next(iter(columns.values())))
    places = gpd.points_from_xy(120.6 + np.arange(n) / 100, np.full(n, 31.3))
    return gpd.GeoDataFrame(columns, geometry=places, crs=4490)


def codes(layer) -> set[str]:
    return set(layer.findings["code"])


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (['="001"', '="002"'], ["001", "002"]),
        (["'001", "’002"], ["001", "002"]),
        (["'001'", "“002”"], ["001", "002"]),
        (['"001"', "002"], ["001", "002"]),
        (["1001.0", "1002.0"], ["1001", "1002"]),
        (["1001.00000", "1002."], ["1001", "1002"]),
        (["1.00100000000e+003", "1.00200000000E+03"], ["1001", "1002"]),
        (["3205050101000004.0", "3205050101000005.0"], ["3205050101000004", "3205050101000005"]),
        # A section of a road, and what no program has put there.
        (["1.0", "1.1", "2.0"], ["1.0", "1.1", "2.0"]),
        (["J-1.0", "007", "O'Neill"], ["J-1.0", "007", "O'Neill"]),
        # What is left of these is another number.
        (["3.20505E+15", "32050501010000041.0"], ["3.20505E+15", "32050501010000041.0"]),
    ],
)
def test_an_id_comes_back_as_it_was_written(written, meant):
    findings = Findings()
    ids = clean_ids(pd.Series(written, dtype="str"), ID, findings, np.arange(len(written)))
    assert ids.tolist() == meant
    assert len(findings) == (written != meant)


@pytest.mark.parametrize(
    ("ids", "meant"),
    [
        ([1001.0, 1002.0, 1003.0], ["1001", "1002", "1003"]),
        ([3205050101000004.0, 3205050101000005.0], ["3205050101000004", "3205050101000005"]),
        ([3205050101000004, 3205050101000005], ["3205050101000004", "3205050101000005"]),
    ],
)
def test_ids_that_are_numbers_have_no_point(ids, meant):
    assert gcm.read_layer(frame(窨井编号=ids), "manholes").data["manhole_id"].tolist() == meant


def test_more_digits_than_a_float_holds_are_told_and_no_id_is_made_of_them():
    layer = gcm.read_layer(
        frame(窨井编号=[3.2050501010000041e16, 3.2050501010000042e16]), "manholes"
    )
    assert "ID_DAMAGED" in codes(layer)
    layer = gcm.read_layer(frame(窨井编号=["32050501010000041.0", "1.0"]), "manholes")
    damaged = layer.findings.query("code == 'ID_DAMAGED'")
    assert damaged["value"].tolist() == ["32050501010000041.0"]


def test_a_list_joins_by_the_id_that_is_meant():
    listed = pd.DataFrame({"窨井编号": ['="1001"', "1002.00000"], "道路名称": ["人民路", "干将路"]})
    layer = gcm.read_layer(frame(窨井编号=[1001.0, 1002.0]), "manholes", ledger=listed)
    assert layer.data["road_name"].tolist() == ["人民路", "干将路"]


@pytest.mark.parametrize(
    ("ids", "odd"),
    [
        ([f"J{k:05d}" for k in range(60)] + ["J60", "K0006-1"], ["J60", "K0006-1"]),
        ([f"3205{k:012d}" for k in range(60)] + ["32050000000061"], ["32050000000061"]),
        # Counted up without zeros: no length is usual.
        ([str(k) for k in range(1, 120)], []),
        ([f"{k:x}" for k in range(10_000, 10_200)], []),
        ([f"W{k}" for k in range(30)] + [f"{k}W" for k in range(30)], []),
        (["J001", "J02", "x"], []),
    ],
)
def test_ids_of_another_form_than_nearly_all_are_told(ids, odd):
    findings = Findings()
    report_odd_forms(pd.Series(ids, dtype="str"), ID, findings, np.arange(len(ids)))
    table = findings.frame()
    assert table["value"].tolist() == odd
    assert set(table["severity"]) <= {"warning"}


def test_the_word_of_a_program_for_nothing_is_empty_and_told():
    layer = gcm.read_layer(
        frame(窨井编号=["J1", "J2", "J3"], 道路名称=["<空>", "NULL", "人民路"]), "manholes"
    )
    assert layer.data["road_name"].isna().tolist() == [True, True, False]
    found = layer.findings.query("code == 'NULL_TEXT'").iloc[0]
    assert (found["field"], found["value"], found["expected"]) == ("road_name", "<空>", "2")


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2022-06-30T16:00:00.000Z", "2022-07-01"),
        ("2022-06-30T15:59:59Z", "2022-06-30"),
        ("2022-06-30 20:00:00+00:00", "2022-07-01"),
        ("2022-06-30T23:30:00+08:00", "2022-06-30"),
        ("2022-06-30T20:00:00 UTC", "2022-07-01"),
        ("2022-07-01T02:00:00+0900", "2022-07-01"),
        ("2022-07-01T00:30:00+09:00", "2022-06-30"),
        ("2022-06-30T20:00:00", "2022-06-30"),
        ("1656604800000", "2022-07-01"),
        ("1656604799000", "2022-06-30"),
        ("1656604800", "2022-07-01"),
        ("202206302359", "2022-06-30"),
        ("2022063023", "2022-06-30"),
        ("20220630235959", "2022-06-30"),
        ("Thu Jun 30 2022 20:00:00 GMT+0000", "2022-07-01"),
        ("Thu, 30 Jun 2022 12:00:00 GMT", "2022-06-30"),
        ("30 June 2022", "2022-06-30"),
        ("Jun 30, 2022", "2022-06-30"),
        ("30-Jun-22", "2022-06-30"),
        ("22年6月30日", "2022-06-30"),
        ("二〇二二年六月三十日", "2022-06-30"),
        ("2022年6月30日 星期四", "2022-06-30"),
    ],
)
def test_a_moment_is_the_day_it_falls_on_here(text, day):
    assert parse_date(text) == (np.datetime64(day, "us"), "day")


@pytest.mark.parametrize(
    "text", ["06/05/2022", "01.02.22", "2022063025", "202213302359", "32 Jun 2022"]
)
def test_what_is_no_certain_day_by_itself_is_none(text):
    assert parse_date(text)[1] == ""


def column(texts, order=None, item=FOUND):
    findings = Findings("manholes")
    series = pd.Series(texts, dtype="str")
    days, _ = parse_date_column(series, item, findings, np.arange(len(texts)), order)
    return [None if pd.isna(d) else f"{d:%Y-%m-%d}" for d in days], findings.frame()


@pytest.mark.parametrize(
    ("texts", "days"),
    [
        (["06/30/2022", "01/02/2022"], ["2022-06-30", "2022-01-02"]),
        (["30/06/2022", "01/02/2022"], ["2022-06-30", "2022-02-01"]),
        (["30.6.2022", "1.2.2022"], ["2022-06-30", "2022-02-01"]),
        (["10/26/22 14:05", "01/02/22"], ["2022-10-26", "2022-01-02"]),
        (["12/31/98", "1/2/98"], ["1998-12-31", "1998-01-02"]),
        (["06/30/2022 11:30:00 PM", "2022-07-01"], ["2022-06-30", "2022-07-01"]),
        # Each of two orders is ruled out by another date of the column.
        (["22.6.30", "22.13.22", "13.6.22", "6.30.22"], [None, None, None, "2022-06-30"]),
        (["06/06/2022", "05/05/2022"], ["2022-06-06", "2022-05-05"]),
        (["13/14/2022", "06/30/2022", "01/02/2022"], [None, "2022-06-30", "2022-01-02"]),
    ],
)
def test_a_column_settles_the_order_of_its_dates(texts, days):
    found, table = column(texts)
    assert found == days
    assert "DATE_STYLE" in set(table["code"])


def test_a_year_of_four_digits_behind_does_not_say_that_one_of_two_is_not_in_front():
    texts = ["30/06/2023", "23-06-30", "23-13-07"]
    found, table = column(texts)
    assert found == ["2023-06-30", None, None]
    assert table.query("code == 'DATE_AMBIGUOUS'")["value"].tolist()[0] == "23-06-30"
    # What the finding says to write reads both.
    assert column(texts[:2], "ymd")[0] == ["2023-06-30", "2023-06-30"]
    # Of 07/13/23 the month is before the day, and so it is of the others.
    assert column(["06/07/2023", "07/13/23"])[0] == ["2023-06-07", "2023-07-13"]


@pytest.mark.parametrize(
    ("texts", "days"),
    [
        (["23-06-30"], ["2023-06-30"]),
        (["23-06-05", "24-01-15", "2022-07-01"], ["2023-06-05", "2024-01-15", "2022-07-01"]),
        # The years are those behind, or may be; and what is parted otherwise says nothing.
        (["30-06-22", "15-07-22"], [None, None]),
        (["30-06-22"], [None]),
        (["05-06-07"], [None]),
        (["23/06/30"], [None]),
    ],
)
def test_a_date_with_hyphens_that_cannot_begin_with_its_month_begins_with_its_year(texts, days):
    found, table = column(texts)
    assert found == days
    assert set(table["code"]) == (
        {"DATE_STYLE", "DATE_SHORT_YEAR"} if days[0] else {"DATE_AMBIGUOUS"}
    )


def test_a_deadline_by_the_end_of_what_it_names_is_its_last_day_and_told():
    words = ["2024年6月底前", "2024年6月中旬", "2024年年底前", "2024.6.30前"]
    words += ["6月底", "2024年6月前"]
    columns = {"发现时间": words, "计划完成时间": words}
    layer = gcm.read_layer(frame(窨井编号=list("123456"), **columns), "manholes")
    days = layer.data["planned_date"].astype("str").tolist()
    assert days[:4] == ["2024-06-30", "2024-06-20", "2024-12-31", "2024-06-30"]
    # Of which year, or before which end of the month, is not said; nor what day it was found on.
    assert layer.data["planned_date"].isna().tolist()[4:] == [True, True]
    assert "found_date" not in layer.data or layer.data["found_date"].isna().all()
    told = layer.findings.query("code == 'DATE_BY'")
    assert list(zip(told["record"], told["expected"], strict=True)) == list(enumerate(days[:4]))
    unread = layer.findings.query("code == 'DATE_UNPARSED' and field == 'planned_date'")
    assert unread["record"].tolist() == [4, 5]


def test_what_stands_where_an_id_is_still_to_be_given_is_none():
    ids = ["J1", "待编", "待编", "无编号", "（待定）", "待赋码", "未来路-1"]
    layer = gcm.read_layer(frame(窨井编号=ids), "manholes")
    made = [f"manholes#{k}" for k in range(1, 6)]
    assert layer.data["manhole_id"].tolist() == ["J1", *made, "未来路-1"]
    assert layer.findings.query("code == 'ID_MISSING'")["expected"].tolist() == made


def test_an_order_that_nothing_settles_is_asked_for_and_not_guessed():
    found, table = column(["01/02/2022", "03/04/2022", "05/05/2022"])
    assert found == [None, None, "2022-05-05"]
    asked = table.query("code == 'DATE_AMBIGUOUS'")
    assert (asked["value"].tolist(), set(asked["severity"])) == (
        ["01/02/2022", "03/04/2022"],
        {"error"},
    )
    assert asked["message_zh"].str.contains(r"\[layers.manholes.date_order\] 写 found_date").all()
    assert column(["01/02/2022"], "mdy")[0] == ["2022-01-02"]
    assert column(["01/02/2022"], "dmy")[0] == ["2022-02-01"]
    assert column(["01/02/03"], "ymd")[0] == ["2001-02-03"]


def test_two_orders_in_one_column_settle_nothing_for_the_others():
    found, table = column(["06/30/2022", "30/06/2022", "01/02/2022"])
    assert found == ["2022-06-30", "2022-06-30", None]
    assert table.query("code == 'DATE_AMBIGUOUS'")["value"].tolist() == ["01/02/2022"]


def test_years_of_two_digits_are_told():
    _, table = column(["06/30/22"])
    found = table.query("code == 'DATE_SHORT_YEAR'").iloc[0]
    assert (found["value"], found["expected"]) == ("06/30/22", "2022-06-30")


def test_a_long_column_is_read_as_a_short_one():
    days = pd.date_range("2001-01-01", periods=900).strftime("%Y-%m-%d").tolist()
    texts = [*days, "2022年6月30日", "2022-02-30", "1900-01-01", "2022-06-30 08:00:00"]
    found, table = column(texts)
    assert found == [*days, "2022-06-30", None, None, "2022-06-30"]
    assert table["value"].tolist() == ["2022-02-30"]


def test_a_limit_that_is_a_month_or_year_runs_to_its_last_day_and_what_happened_does_not():
    words = ["2024年6月", "2024年", "2024-06-10"]
    columns = {"发现时间": words, "计划完成时间": words}
    data = gcm.read_layer(frame(窨井编号=["1", "2", "3"], **columns), "manholes").data
    days = data[["found_date", "planned_date"]].astype("str").to_numpy().T.tolist()
    assert days == [
        ["2024-06-01", "2024-01-01", "2024-06-10"],
        ["2024-06-30", "2024-12-31", "2024-06-10"],
    ]
    assert data["planned_date_precision"].tolist()[:2] == ["month", "year"]
    # Written and read again it is the same.
    again = gcm.read_layer(data, "manholes").data
    assert again["planned_date"].tolist() == data["planned_date"].tolist()


@pytest.mark.parametrize("key", sorted(gcm.load_specs()))
def test_each_date_by_which_something_must_be_is_a_limit(key):
    spec = gcm.load_specs()[key]
    words = ("期限", "时限", "计划", "延期至", "下次", "截止", "有效期", "质保")
    dates = {n for n, item in spec.fields.items() if item.type.startswith("date")}
    named = {n for n in dates if any(word in spec.fields[n].zh for word in words)}
    assert named - {n for n in named if "起" in spec.fields[n].zh} <= spec.limits


def test_an_order_in_the_settings_reaches_the_column():
    dates = ["01/02/2022", "03/04/2022"]
    layer = gcm.read_layer(
        frame(窨井编号=["J1", "J2"], 发现时间=dates), "manholes", date_order={"found_date": "mdy"}
    )
    assert layer.data["found_date"].dt.strftime("%m-%d").tolist() == ["01-02", "03-04"]
    with pytest.raises(gcm.CityDataError, match="found_date"):
        gcm.read_layer(frame(窨井编号=["J1"]), "manholes", date_order={"status": "mdy"})
    with pytest.raises(gcm.CityDataError, match="ymd"):
        gcm.read_layer(frame(窨井编号=["J1"]), "manholes", date_order={"found_date": "us"})


def _texts(source):
    # What writes JSON takes no stamps.
    return source.assign(
        发现时间=source["发现时间"].map(lambda v: v if isinstance(v, int) else str(v))
    )


MOMENT = "2022-06-30T16:00:00Z"


def moments(kind):
    if kind == "text":
        return frame(窨井编号=["J1", "J2"], 发现时间=[MOMENT] * 2)
    if kind == "epoch":
        return frame(窨井编号=["J1", "J2"], 发现时间=[1656604800000] * 2)
    return frame(窨井编号=["J1", "J2"], 发现时间=pd.to_datetime([MOMENT] * 2))


@pytest.mark.parametrize("kind", ["text", "epoch", "zoned"])
@pytest.mark.parametrize("suffix", ["frame", ".geojson", ".gpkg", ".parquet", ".csv"])
def test_a_moment_is_one_day_in_every_format(tmp_path, kind, suffix):
    source = moments(kind)
    path = tmp_path / f"窨井{suffix}"
    if suffix == ".geojson":
        path.write_text(_texts(source).to_json(), encoding="utf-8")
    elif suffix == ".gpkg":
        source.to_file(path)
    elif suffix == ".parquet":
        source.to_parquet(path)
    elif suffix == ".csv":
        table = pd.DataFrame(source.drop(columns="geometry"))
        table.assign(经度=source.geometry.x, 纬度=source.geometry.y).to_csv(path, index=False)
    layer = gcm.read_layer(source if suffix == "frame" else path, "manholes",
                           fallback_crs="EPSG:4490")  # fmt: skip
    assert layer.data["found_date"].tolist() == [pd.Timestamp(2022, 7, 1)] * 2
    told = layer.findings.query("code == 'MOMENT_CONVERTED'")
    assert told["expected"].tolist() == ["2022-07-01"]


def test_a_naive_moment_stays_where_it_is(tmp_path):
    path = tmp_path / "窨井.geojson"
    source = frame(窨井编号=["J1"], 发现时间=["2022-06-30T20:00:00"])
    path.write_text(json.dumps(json.loads(source.to_json())), encoding="utf-8")
    layer = gcm.read_layer(path, "manholes")
    assert layer.data["found_date"].tolist() == [pd.Timestamp(2022, 6, 30)]
    assert "MOMENT_CONVERTED" not in codes(layer)


def test_the_workbook_of_a_clerk_is_read_right_in_ids_dates_and_headings(tmp_path):
    """A title, a form line with the unit, guarded ids, American dates, a total."""
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    for row in [
        ["姑苏区违法建设台账"],
        ["填报单位：", "姑苏区城管局", "填报日期：", "2022年6月30日", "", "单位：亩"],
        ["违建编号", "违建面积", "发现时间", "经度", "纬度", "备注"],
        ['="0001"', 1.5, "06/30/2022", 120.61, 31.3, "x"],
        ['="0002"', 3.0, "01/02/2022", 120.62, 31.3, "y"],
        ["合 计", 4.5],
    ]:
        sheet.append(row)
    for cell in (sheet["A4"], sheet["A5"]):
        cell.data_type = "s"
    workbook.save(tmp_path / "违法建设.xlsx")
    layer = gcm.read_layer(tmp_path / "违法建设.xlsx", "illegal_construction", crs="EPSG:4490")
    assert layer.data["parcel_id"].tolist() == ["0001", "0002"]
    assert layer.data["found_date"].dt.strftime("%Y-%m-%d").tolist() == ["2022-06-30", "2022-01-02"]
    assert layer.ledger["n_skipped"].tolist() == [1]
    assert {"TABLE_HEADER", "CELLS_UNWRAPPED", "DATE_STYLE", "TOTAL_ROW"} <= codes(layer)
