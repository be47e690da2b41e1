"""Numbers, dates and codes as offices write them."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import geo_citymgmt as gcm
from geo_citymgmt.cleaning._codes import parse_bool_column, parse_code_column
from geo_citymgmt.cleaning._dates import parse_date, parse_date_column
from geo_citymgmt.cleaning._numbers import parse_number, parse_number_column
from geo_citymgmt.cleaning._records import number_field
from geo_citymgmt.errors import SpecError
from geo_citymgmt.findings import Findings
from geo_citymgmt.reading._text import clean_text, is_null_text, plain
from geo_citymgmt.spec import load_specs

SPECS = load_specs()


@pytest.mark.parametrize(
    ("text", "unit", "number"),
    [
        ("12", "", 12),
        ("１２．５", "", 12.5),
        ("1,234,567", "", 1_234_567),
        ("约300", "", 300),
        ("100余平方米", "m2", 100),
        ("2万多平方米", "m2", 20_000),
        ("1.5万平方米", "m2", 15_000),
        ("3亩", "m2", 2_000),
        ("2公顷", "m2", 20_000),
        ("0.5 km2", "m2", 500_000),
        ("80㎡", "m2", 80),
        ("37.8公里", "km", 37.8),
        ("1200米", "km", 1.2),
        ("46万个", "count", 460_000),
        ("1亿", "", 1e8),
        ("-3.5e2", "", -350),
        ("97.39%", "ratio", 0.9739),
    ],
)
def test_a_number_comes_out_in_the_unit_of_its_field(text, unit, number):
    assert parse_number(text, unit)[0] == pytest.approx(number)


@pytest.mark.parametrize("text", ["若干", "12个月亮", "1-2", "3亩", "--", "1,23,4x", "五"])
def test_what_is_no_number_in_that_unit_is_not_guessed(text):
    assert parse_number(text, "km")[0] is None


@pytest.mark.parametrize(
    ("text", "day", "precision"),
    [
        ("2022-06-30", "2022-06-30", "day"),
        ("2022/6/30", "2022-06-30", "day"),
        ("2022.6.30", "2022-06-30", "day"),
        ("20220630", "2022-06-30", "day"),
        ("20220630.0", "2022-06-30", "day"),
        ("2022年6月30日", "2022-06-30", "day"),
        ("２０２２年６月３０日", "2022-06-30", "day"),
        ("2022-06-30 08:15:00", "2022-06-30", "day"),
        ("2022-06-30T00:00:00", "2022-06-30", "day"),
        ("44742", "2022-06-30", "day"),
        ("2022年6月", "2022-06-01", "month"),
        ("2022.6", "2022-06-01", "month"),
        ("2022年", "2022-01-01", "year"),
        ("1998", "1998-01-01", "year"),
    ],
)
def test_a_date_is_read_with_how_precisely_it_is_known(text, day, precision):
    found, known = parse_date(text)
    assert (found, known) == (np.datetime64(day, "us"), precision)


@pytest.mark.parametrize(
    "text", ["2022-02-30", "2022年13月", "昨天", "2022-6-31", "30/6/2022", "1"]
)
def test_an_impossible_date_is_none(text):
    assert np.isnat(parse_date(text)[0])


@given(st.dates(dt.date(1950, 1, 1), dt.date(2090, 12, 31)))
def test_every_way_of_writing_a_day_gives_that_day(day):
    for pattern in ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%Y年%m月%d日"):
        assert parse_date(day.strftime(pattern))[0] == np.datetime64(day, "us")


def test_numbers_20220630_are_days_and_not_seconds_since_1970():
    item = SPECS["manholes"].fields["completed_date"]
    days, _ = parse_date_column(pd.Series([20220630, None]), item, Findings(), np.arange(2))
    assert days.tolist() == [pd.Timestamp(2022, 6, 30), pd.NaT]


def test_a_moment_with_a_zone_becomes_local_time():
    item = SPECS["bike_stations"].fields["last_reported"]
    texts = pd.Series(["2022-06-29T20:00:00Z", "2022-06-30T04:00:00+08:00", "1656532800"])
    moments, _ = parse_date_column(texts, item, Findings(), np.arange(3))
    assert moments.tolist() == [pd.Timestamp(2022, 6, 30, 4)] * 3


def moments_of(texts, item=SPECS["bike_stations"].fields["last_reported"]):
    findings = Findings()
    moments, _ = parse_date_column(pd.Series(texts), item, findings, np.arange(len(texts)))
    return moments.tolist(), findings.frame()


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        (45356.628472, "2024-03-05 15:05"),
        ("45356.7", "2024-03-05 16:48"),
        ("2024-03-05 15点05分", "2024-03-05 15:05"),
        ("2024年3月5日15时05分30秒", "2024-03-05 15:05:30"),
        ("2024年3月5日晚八点半", "2024-03-05 20:30"),
        ("2024年3月5日 下午三点一刻", "2024-03-05 15:15"),
        ("2024-3-5 十五时零五分", "2024-03-05 15:05"),
        ("2024-3-5 零点", "2024-03-05"),
        ("2024-3-5 15:5", "2024-03-05 15:05"),
        ("05-Mar-24 03.05.00 PM", "2024-03-05 15:05"),
        ("2024-03-05-15.05.00", "2024-03-05 15:05"),
        ("20240305 1505", "2024-03-05 15:05"),
        ("20240305 15:05", "2024-03-05 15:05"),
        ("2024-03-05 15:05:00:000", "2024-03-05 15:05"),
        ("2024年3月5日 晚上8:00", "2024-03-05 20:00"),
        ("2024/3/5 傍晚6:30", "2024-03-05 18:30"),
        ("2024/3/5 PM 3:05:00", "2024-03-05 15:05"),
        ("2024/3/5 3:05 p.m.", "2024-03-05 15:05"),
        ("2024-03-05 上午 12:05", "2024-03-05 00:05"),
        ("2024/3/5 下午12:05:00", "2024-03-05 12:05"),
        ("2024/3/5 中午12:30", "2024-03-05 12:30"),
        ("2024/3/5 中午1点", "2024-03-05 13:00"),
        ("2024/3/5 凌晨1:30", "2024-03-05 01:30"),
        ("2024/3/5 早8点", "2024-03-05 08:00"),
        ("2024/3/5 24:00", "2024-03-06"),
        ("2024/3/5 晚上12:00", "2024-03-06"),
        ("2024/3/5 8:00-17:00", "2024-03-05 08:00"),
        ("2024/3/5 下午", "2024-03-05"),
        ("2024-03-05 (3处)", "2024-03-05"),
    ],
)
def test_a_time_of_day_is_read_however_it_is_written(text, moment):
    moments, findings = moments_of([text])
    assert moments == [pd.Timestamp(moment)]
    assert not findings["code"].isin(["DATE_UNPARSED", "TIME_UNPARSED"]).any()


@pytest.mark.parametrize(
    "clock", ["25:00", "24:05", "15:65", "15:05 AM", "晚上1:00", "晚上12:30", "15", "下午 305"]
)
@pytest.mark.parametrize("day", ["2024-03-05", "05/03/2024"])
def test_a_time_of_day_that_cannot_be_read_is_told_and_never_midnight(day, clock):
    # The other two dates say that the day stands first.
    texts = [f"{day} {clock}", "30/06/2023", "05/03/2024 24:00"]
    moments, findings = moments_of(texts)
    assert moments[::2] == [pd.NaT, pd.Timestamp(2024, 3, 6)]
    told = findings[findings["code"] == "TIME_UNPARSED"]
    assert told[["record", "value"]].values.tolist() == [[0, texts[0]]]
    # Of a field of days the day is enough; 24:00 is its end.
    days, findings = moments_of(texts, SPECS["manholes"].fields["completed_date"])
    assert days[::2] == [pd.Timestamp(2024, 3, 5)] * 2
    assert "TIME_UNPARSED" not in set(findings["code"])


@pytest.mark.parametrize(
    ("due", "in_time"), [(["2024/3/5 24:00"] * 2, 0.5), (["2024/3/5 24:00", "2024/3/5 17:00"], 0)]
)
def test_a_limit_of_24_00_ends_with_its_day_whatever_the_others_are(due, in_time):
    closed = ["2024-03-06 08:00", "2024-03-05 18:00"]
    cases = pd.DataFrame(
        {
            "case_id": ["A", "B"], "reported_at": "2024-03-05 09:00", "due_at": due,
            "closed_at": closed, "status": "结案", "longitude": 120.6, "latitude": 31.3,
        }
    )  # fmt: skip
    layer = gcm.read_layer(cases, "digital_cases", datum="wgs84")
    figures = gcm.progress(gcm.City.from_layers({"digital_cases": layer}))
    row = figures[figures["indicator"] == "case_closed_in_time_share"].iloc[0]
    assert (row["value"], row["denominator"]) == (in_time, 2)


@pytest.mark.parametrize(
    ("text", "number"),
    [("60 个泊位", 60), ("60个", 60), ("60泊位", 60), ("1.2万个停车泊位", 12000),
     ("60个月", None), ("60个以上", None), ("60个（地下30个）", None), ("60个电桩", None)],
)  # fmt: skip
def test_what_a_field_counts_may_stand_behind_its_number(text, number):
    item = SPECS["parking_points"].fields["spaces_total"]
    numbers, bad = parse_number_column(pd.Series([text]), item, Findings(), np.arange(1))
    assert (None if bad[0] else numbers[0]) == number


def test_a_column_of_plain_numbers_needs_no_second_look():
    item = SPECS["manholes"].fields["well_depth_m"]
    numbers, bad = parse_number_column(
        pd.Series(["1.5", None, " 2 "]), item, Findings(), np.arange(3)
    )
    assert numbers.tolist()[0::2] == [1.5, 2.0]
    assert not bad.any()


def test_chinese_and_english_labels_codes_and_synonyms_are_one_code():
    item = SPECS["illegal_construction"].fields["status"]
    texts = pd.Series(["50", "已拆除", "Demolished", "拆除", "50已拆除", " 已 拆 除 "])
    assert set(parse_code_column(texts, item, Findings(), np.arange(6))) == {"50"}


def test_yes_and_no_in_all_their_forms():
    item = SPECS["parking_points"].fields["dynamic_connected"]
    findings = Findings()
    texts = pd.Series(["是", "1", "Y", "true", "√", "否", "0", "N", "FALSE", "", "也许"])
    out = parse_bool_column(texts, item, findings, np.arange(11))
    assert out.tolist() == [True] * 5 + [False] * 4 + [pd.NA, pd.NA]
    assert findings.frame()["record"].tolist() == [10]


@pytest.mark.parametrize(
    ("text", "day", "precision"),
    [
        ("20220630123000", "2022-06-30", "day"),
        ("202206", "2022-06-01", "month"),
        ("2022 - 6 - 30", "2022-06-30", "day"),
    ],
)
def test_stamps_and_months_without_separators_are_dates(text, day, precision):
    assert parse_date(text) == (np.datetime64(day, "us"), precision)


@pytest.mark.parametrize("values", [[20220630.0, np.nan], [44742.0, None], [44742, None]])
def test_numbers_in_a_sheet_are_days(values):
    item = SPECS["manholes"].fields["completed_date"]
    days, _ = parse_date_column(pd.Series(values), item, Findings(), np.arange(2))
    assert days.tolist() == [pd.Timestamp(2022, 6, 30), pd.NaT]


def test_a_year_that_cannot_be_is_no_date():
    findings = Findings()
    item = SPECS["manholes"].fields["completed_date"]
    days, _ = parse_date_column(
        pd.Series(["0202-06-30", "2922-06-30"]), item, findings, np.arange(2)
    )
    assert days.isna().all()
    assert findings.frame()["code"].tolist() == ["DATE_UNPARSED"] * 2


def test_a_code_that_a_number_column_has_worn_off_is_still_that_code():
    item = SPECS["manholes"].fields["status"]
    for column in (pd.Series([0, 51]), pd.Series([0.0, 51.0]), pd.Series(["0", "51.00"])):
        assert parse_code_column(column, item, Findings(), np.arange(2)).tolist() == ["00", "51"]


def test_an_infinite_number_is_a_finding_and_not_a_gap():
    item = SPECS["manholes"].fields["well_depth_m"]
    findings = Findings()
    numbers, bad = parse_number_column(pd.Series([1.0, np.inf]), item, findings, np.arange(2))
    assert numbers.tolist()[0] == 1.0
    assert bad.tolist() == [False, True]
    assert findings.frame()["code"].tolist() == ["NUMBER_UNPARSED"]


def test_plain_numbers_take_the_unit_that_was_told_and_written_units_keep_theirs():
    item = SPECS["illegal_construction"].fields["illegal_area_m2"]
    column = pd.Series(["1.5", "300平方米", "2亩", None])
    findings = Findings()
    numbers, _ = parse_number_column(column, item, findings, np.arange(4), unit="万平方米")
    assert numbers.tolist()[:3] == pytest.approx([15_000, 300, 4000 / 3])
    assert set(findings.frame()["code"]) == {"UNIT_CONVERTED"}
    with pytest.raises(SpecError, match="is not a unit"):
        parse_number_column(column, item, Findings(), np.arange(4), unit="吨")


def test_numbers_that_are_approximate_are_told_with_their_records():
    item = SPECS["parking_points"].fields["spaces_total"]
    column = pd.Series(["约500", "120", "200余", "近300", "1200余个", "80左右", "约多", None])
    findings = Findings()
    numbers, _ = parse_number_column(column, item, findings, np.arange(8))
    assert numbers.tolist()[:6] == [500, 120, 200, 300, 1200, 80]
    told = findings.frame().query("code == 'NUMBER_APPROXIMATE'")
    assert told["record"].tolist() == [0, 2, 3, 4, 5]
    assert told["value"].tolist() == ["约500", "200余", "近300", "1200余个", "80左右"]
    assert told["expected"].tolist() == ["500", "200", "300", "1200", "80"]


_TEXTS = st.lists(
    st.none() | st.text(alphabet="ａA1 　\t无/-—ＮnulLa号\u3000", max_size=12),
    min_size=1,
    max_size=8,
)


@given(_TEXTS, st.booleans())
def test_text_by_column_is_text_by_value(values, fold):
    want = [
        None if v is None or is_null_text(v) else (plain(v) if fold else v.strip()) for v in values
    ]
    got = clean_text(pd.Series(values, dtype="str"), fold=fold)
    assert [None if v is None or pd.isna(v) else v for v in got] == want
    again = clean_text(got, fold=fold)
    assert again.equals(got)


WHOLE = next(item for item in SPECS["manholes"].fields.values() if item.name == "programme_year")
LARGE = st.one_of(st.integers(-(2**63), 2**63 - 1), st.integers(2**53 - 3, 2**53 + 3))


@given(st.lists(st.one_of(st.none(), LARGE), min_size=1, max_size=6), st.booleans())
def test_a_whole_number_is_kept_to_the_last_digit_in_every_form(numbers, vague):
    forms = [
        pd.Series(numbers, dtype="Int64"),
        pd.Series([None if n is None else str(n) for n in numbers], dtype="str"),
        pd.Series([None if n is None else f"{n:,}" for n in numbers], dtype="str"),
    ]
    for values in forms:
        if vague and values.dtype != "Int64":
            values = pd.concat([values, pd.Series(["约3"])], ignore_index=True)
        findings = Findings()
        out = number_field(values, WHOLE, findings, np.arange(len(values)))
        assert out[: len(numbers)].astype(object).replace({pd.NA: None}).tolist() == numbers
        assert set(findings.frame()["code"]) <= {"NUMBER_APPROXIMATE"}


def test_a_whole_number_that_a_float_cannot_tell_from_its_neighbours_is_told():
    texts = ["9007199254740993.0", "9007199254740993万", "99999999999999999999", "7", "2.5"]
    for values in (pd.Series(texts, dtype="str"), pd.Series([2.0**53, 1e18, 2.0**63, 7, 2.5])):
        findings = Findings()
        out = number_field(values, WHOLE, findings, np.arange(5))
        assert out.tolist() == [pd.NA, pd.NA, pd.NA, 7, pd.NA]
        told = findings.frame().query("code == 'NUMBER_UNPARSED'")
        assert told["record"].tolist() == [0, 1, 2, 4]


def test_the_point_of_a_number_tells_two_codes_apart():
    said = {"±0.5 m": "A", "±1.0 m": "B", "±1m": "B", "1.0米": "B", "±10 m": "C", "10米": "C"}
    item = SPECS["manholes"].fields["pos_accuracy"]
    column = parse_code_column(pd.Series(list(said)), item, Findings(), np.arange(len(said)))
    assert column.tolist() == list(said.values())


def test_a_cell_that_is_struck_out_by_any_dash_is_empty():
    dashes = ["——", "———", "–", "---", "──", "－－", "N.A.", "n.a", " —— "]
    assert clean_text(pd.Series(dashes, dtype="str"), fold=False).isna().all()
    kept = ["——甲", "1-2", "-5", "NA.1"]
    assert clean_text(pd.Series(kept, dtype="str"), fold=False).tolist() == kept
