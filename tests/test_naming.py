"""Whose city it is, by the codes of its districts or by its folder: never by what we know best.

Codes and names: GB/T 2260 as the Ministry of Civil Affairs publishes it.
"""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import geo_citymgmt
import geo_citymgmt as gcm
from geo_citymgmt.city._recognition import (
    add_assumption,
    city_of_names,
    division_code,
    divisions,
    is_county_name,
    name_city,
)
from geo_citymgmt.findings import Findings

NAMED = {
    "Hefei": (["340102", "340121"], "340100", "合肥市", "Hefei"),
    "Chongqing, districts and counties": (["500101", "500236"], "500000", "重庆市", "Chongqing"),
    "Beijing": (["110101", "110228"], "110000", "北京市", "Beijing"),
    "Suzhou, a functional area too": (["320505", "320571"], "320500", "苏州市", "Suzhou"),
    "the other Suzhou": (["341302", "341321"], "341300", "宿州市", "Suzhou"),
    "a league": (["152501", "152502"], "152500", "锡林郭勒盟", "Xilingol League"),
    "an autonomous prefecture": (["513401", "513422"], "513400", "凉山彝族自治州", "Liangshan"),
    "a region's capital": (["650102", "650103"], "650100", "乌鲁木齐市", "Urumqi"),
    "Hong Kong": (["810001", "810002"], "810000", "香港特别行政区", "Hong Kong"),
    "streets of 仙桃, under the province": (["429004001", "429004002"], "429004", "仙桃市",
                                         "Xiantao"),
    "direct units of one": (["429004", "429005", "429006"], "420000", "湖北省", "Hubei"),
    "two prefectures": (["340102", "340202"], "340000", "安徽省", "Anhui"),
    "a prefecture and a direct unit": (["420102", "429004"], "420000", "湖北省", "Hubei"),
    "prefectures of a province": (["340100", "340200"], "340000", "安徽省", "Anhui"),
    "integers": ([610102, 610103], "610100", "西安市", "Xi'an"),
    "numpy integers": (np.array([610102, 610103]), "610100", "西安市", "Xi'an"),
    "floats, one lost": ([610102.0, float("nan"), 610103.0], "610100", "西安市", "Xi'an"),
    "floats as text": (["320508.0", "320506.0"], "320500", "苏州市", "Suzhou"),
    "a nullable column": (pd.array([440303, None], dtype="Int64"), "440300", "深圳市", "Shenzhen"),
    "streets": (["340102001", "340103002"], "340100", "合肥市", "Hefei"),
    "villages": (["340102001001", "340103002003"], "340100", "合肥市", "Hefei"),
    "spaces": ([" 34 01 02", "340103 "], "340100", "合肥市", "Hefei"),
    "full width": (["３４０１０２"], "340100", "合肥市", "Hefei"),
    "with the country's 156": (["156340102", "156340103"], "340100", "合肥市", "Hefei"),
    "an area with a code of its own": (["340102", "340103", "GX01"], "340100", "合肥市", "Hefei"),
    "Dongguan has no counties": (["441900003", "441900004"], "441900", "东莞市", "Dongguan"),
}  # fmt: skip


@pytest.mark.parametrize(("codes", "code", "zh", "en"), NAMED.values(), ids=NAMED)
def test_a_city_is_named_by_the_codes_of_its_districts(codes, code, zh, en):
    city = name_city(codes, "whatever")
    assert (city.code, *city.name, city.how) == (code, zh, en, "codes")


NOT_NAMED = {
    "boroughs of New York": ["1", "2", "3", "4", "5"],
    "floats": [1.0, 2.0],
    "letters": ["A", "B"],
    "counties of the United States": ["36061", "36047"],
    "six digits of no prefecture": ["349902", "349903"],
    "no province": ["990102"],
    "nothing": [],
    "nulls": [None, pd.NA, float("nan")],
    "provinces of a country": ["110000", "130000"],
    "cities of two provinces": ["340102", "320505"],
    "one code in three": ["340102", "X1", "X2"],
}


@pytest.mark.parametrize("codes", NOT_NAMED.values(), ids=NOT_NAMED)
def test_a_city_without_such_codes_is_called_after_its_folder(codes):
    city = name_city(codes, "z07_boroughs")
    assert (city.code, *city.name, city.how) == ("city", "z07_boroughs", "z07_boroughs", "folder")


@pytest.mark.parametrize(
    ("folder", "code", "zh"),
    [
        ("合肥市", "340100", "合肥市"),
        ("合肥", "340100", "合肥市"),
        ("吉林", "city", "吉林"),  # a province and a city of it
        ("吉林市", "220200", "吉林市"),
        ("Suzhou", "city", "Suzhou"),  # 苏州 and 宿州
        ("合肥2022", "city", "合肥2022"),
        ("", "city", "未命名城市"),
    ],
)
def test_a_folder_named_after_one_city_says_its_code_too(folder, code, zh):
    city = name_city([], folder)
    assert (city.code, city.name.zh, city.how) == (code, zh, "folder")


@pytest.mark.parametrize(
    ("codes", "folder", "code"),
    [
        (["340100"], "x", "city"),
        (["city", "1"], "x", "city2"),
        (["340100", "city"], "x", "city2"),
        (["500000"], "x", "city"),
    ],
)
def test_the_code_of_the_whole_is_none_of_its_districts(codes, folder, code):
    city = name_city(codes, folder)
    assert city.code == code
    assert city.code not in codes


def test_only_a_name_after_the_folder_is_an_assumption():
    findings = Findings()
    add_assumption(name_city(["340102"], "x"), findings)
    assert len(findings) == 0
    add_assumption(name_city([], "我的城市"), findings)
    row = findings.frame().iloc[0]
    assert (row["code"], row["severity"], row["action"]) == ("CITY_ASSUMED", "warning", "assumed")
    assert "我的城市" in row["message_zh"]
    assert "我的城市" in row["message_en"]


def test_names_of_districts_propose_a_city():
    shenzhen = ["罗湖", "福田", "盐田", "宝安", "光明", "坪山", "龙华", "南山", "大鹏", "龙岗"]
    assert city_of_names(shenzhen).code == "440300"
    assert city_of_names(["Bronx", "Queens"]) is None
    assert city_of_names(["鼓楼区", "西湖区"]) is None
    assert city_of_names([]) is None


def test_what_has_the_form_of_a_code_is_one_only_in_a_province():
    assert division_code("012345") == ""
    assert division_code("3401") == ""
    assert division_code(34010) == ""
    assert not is_county_name(None)


def test_the_table_has_each_division_once_with_both_names():
    table = divisions()
    assert len([c for c in table if c.endswith("0000")]) == 34
    # 333 prefecture-level units on the mainland (293 cities, 7 prefectures, 30 autonomous
    # prefectures, 3 leagues), 2022.
    assert len([c for c in table if c.endswith("00") and not c.endswith("0000")]) == 333
    assert all(n.zh and n.en and n.en.isascii() for n in table.values())
    assert max(Counter(n.zh for n in table.values()).values()) == 1
    for name in ("prefectures.csv", "counties.csv"):
        path = Path(geo_citymgmt.__file__).parent / "city" / name
        lines = path.read_text(encoding="utf-8").splitlines()
        assert "NOTICE" in lines[1]
        codes = [row[0] for row in csv.reader(lines) if row[0].isdigit()]
        assert len(codes) == len(set(codes))


def test_what_was_stated_of_a_city_is_not_asked_for_again():
    findings = Findings()
    add_assumption(name_city([], "我的城市"), findings, {"code": "x"})
    row = findings.frame().iloc[0]
    assert "请在 city.toml 写明 name_zh、name_en" in row["message_zh"]
    assert "code in" not in row["message_en"]


def test_records_that_name_their_districts_name_the_city(tmp_path):
    rows = "窨井编号,所属区县,经度,纬度\n1,瑶海区,117.3,31.8\n2,庐阳区,117.2,31.9\n"
    (tmp_path / "窨井.csv").write_text(rows, encoding="utf-8")
    city = gcm.load_city(tmp_path, datum="wgs84")
    assert (city.name_zh, city.code) == ("合肥市", "340100")
    assert city.findings["code"].eq("CITY_ASSUMED").any()


def test_a_date_that_nobody_stated_is_said_to_be_that_of_the_last_record(tmp_path):
    rows = "窨井编号,更新日期,经度,纬度\n1,2024-05-01,117.3,31.8\n2,2024-05-03,117.2,31.9\n"
    (tmp_path / "窨井.csv").write_text(rows, encoding="utf-8")
    city = gcm.load_city(tmp_path, datum="wgs84")
    (row,) = city.findings[city.findings["code"].eq("DATE_ASSUMED")].itertuples()
    assert row.value == f"{city.data_date:%Y-%m-%d}" == "2024-05-03"
    assert "“窨井”的“更新日期”" in row.message_zh
    (tmp_path / "city.toml").write_text("data_date = 2024-05-31\n", encoding="utf-8")
    city = gcm.load_city(tmp_path, datum="wgs84")
    assert not city.findings["code"].isin(["DATE_ASSUMED", "DATE_UNSTATED"]).any()


@pytest.mark.parametrize(
    ("dates", "day"),
    [
        (["2024年5月", "2024年6月"], "2024-06-30"),
        (["2024-05-03", "2024年6月"], "2024-06-30"),
        # A day of that month is known: of no later one is it said that anything happened.
        (["2024-06-03", "2024年6月"], "2024-06-03"),
        (["2023年", "2024年"], "2024-12-31"),
    ],
)
def test_a_last_month_makes_its_last_day_the_date_of_the_data(tmp_path, dates, day):
    rows = "".join(f"{k},{date},117.3,31.8{k}\n" for k, date in enumerate(dates))
    (tmp_path / "窨井.csv").write_text(f"窨井编号,更新日期,经度,纬度\n{rows}", encoding="utf-8")
    assert gcm.load_city(tmp_path, datum="wgs84").data_date == pd.Timestamp(day)


def test_data_without_any_date_says_so(tmp_path):
    (tmp_path / "窨井.csv").write_text("窨井编号,经度,纬度\n1,117.3,31.8\n", encoding="utf-8")
    city = gcm.load_city(tmp_path, datum="wgs84")
    assert city.data_date is None
    assert city.findings["code"].eq("DATE_UNSTATED").any()
