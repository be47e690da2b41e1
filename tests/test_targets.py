"""Targets that cannot be used are told on every way in, and never taken for met."""

from __future__ import annotations

import math
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import geo_citymgmt as gcm
from geo_citymgmt.city._tables import read_targets
from geo_citymgmt.cleaning._place import ZoneNames
from geo_citymgmt.cli._commands import figures_table
from geo_citymgmt.indicators import load_figures
from geo_citymgmt.spec import load_specs
from tests.conftest import DATA

NAME = "manhole_remediated"
JUNE = "2022-06-30"


def rows(*targets, **columns) -> pd.DataFrame:
    table = {"indicator": NAME, "zone_code": "320500", "target": list(targets), **columns}
    return pd.DataFrame(table)


def progress(city, targets) -> pd.Series:
    table = gcm.progress(city, as_of=JUNE, level="city", indicators=NAME, targets=targets)
    return table.iloc[0]


# -- a table given in Python


@pytest.mark.parametrize(
    ("targets", "cell"),
    [
        (rows(5000, 6000), "target of row 0, 1 is '5,000 / 6,000'"),
        (rows(6000, 5000, deadline=["2022-09", "2022-09-30"]), "'6,000 / 5,000'"),
        (rows(5000, 6000, deadline=[None, "2022-09-30"]), "some have a deadline"),
        (rows(5000, deadline="九月底"), "deadline of row 0 is '九月底': it is no date"),
        (rows(5000, deadline="09/10/2022"), "deadline of row 0 is '09/10/2022': .*more than one"),
        (rows(5000, 5000, deadline=["2022-09", True]), "deadline of row 1 is 'True'"),
        (rows(-5), "target of row 0 is '-5': it is below zero"),
        (rows(math.inf), "target of row 0 is 'inf': it is infinite"),
        (rows("-inf"), "target of row 0 is '-inf': it is infinite"),
        (rows(math.nan), "target of row 0 is '': no target"),
        (rows(None), "target of row 0 is '': no target"),
        (rows("about ten"), "target of row 0 is 'about ten': it is not a number"),
        (rows(True), "target of row 0 is 'True': it is not a number"),
        (rows(5000, unit="亩"), "unit of row 0 is '亩'"),
        (rows(5000, zone_code="330302.0"), "zone_code of row 0 is '330302.0'"),
        (rows(5000, zone_code=None), "zone_code of row 0 is ''"),
        (rows(5000, indicator="manhole_remediatd"), "Did you mean 'manhole_remediated'"),
    ],
)
def test_a_cell_that_cannot_be_used_is_refused_with_its_row(city, targets, cell):
    for call in (gcm.progress, gcm.outlook):
        with pytest.raises(gcm.CityDataError, match=f"^{call.__name__}: targets: .*{cell}") as e:
            call(city, as_of=JUNE, targets=targets)
        assert "targets 第" in e.value.message_zh
        assert e.value.remedy


@pytest.mark.parametrize("is_known", [True, False])
def test_a_figure_with_a_target_of_the_office_s_own_is_not_said_to_have_none(city, is_known):
    name, layer = "manhole_anti_fall_share", city.layers["manholes"]
    kept = layer.data if is_known else layer.data.drop(columns="anti_fall")
    some = replace(city, layers={"manholes": replace(layer, data=kept)})

    def row(targets) -> pd.Series:
        table = gcm.progress(some, as_of=JUNE, level="city", indicators=name, targets=targets)
        return table.iloc[0]

    without, own = row(None), row(rows(0.5).assign(indicator=name))
    assert (without["comparability"], own["comparability"]) == ("no_target", "comparable")
    assert "no target was set" in without["note_en"]
    assert "no target" not in own["note_en"]
    assert (own["status"] == "not_available") is not is_known


def test_a_row_is_named_by_its_label(city):
    with pytest.raises(gcm.CityDataError, match="target of row 'b' is '-1'"):
        progress(city, rows(1, -1, zone_code=["320505", "320506"]).set_axis(["a", "b"]))


@pytest.mark.parametrize(
    "code", ["320500", " 320500 ", "320500.0", "３２０５００", 320500, 320500.0]
)
def test_a_code_means_its_zone_however_a_sheet_wrote_it(city, code):
    row = progress(city, rows(1000, zone_code=code))
    assert (row["target"], row["status"]) == (1000, "met")


@pytest.mark.parametrize(
    ("target", "unit", "meant"),
    [
        ("9万平方米", "", 90000),
        ("9万平方米", "万平方米", 90000),
        ("9", "万平方米", 90000),
        ("15亩", "", 10000),
        ("1.2公顷", "亩", 12000),
        ("20,000", "平方米", 20000),
    ],
)
def test_a_target_may_say_its_unit_and_wins_over_that_of_its_column(city, target, unit, meant):
    name = "illegal_demolished_area"
    targets = rows(target, unit=[unit]).assign(indicator=name)
    table = gcm.progress(city, as_of=JUNE, level="city", indicators=name, targets=targets)
    assert table["target"].iloc[0] == pytest.approx(meant)


def test_a_target_in_a_unit_of_another_kind_is_refused(city):
    targets = rows("9公里").assign(indicator="illegal_demolished_area")
    with pytest.raises(gcm.CityDataError, match="'9公里'"):
        progress(city, targets)


def test_the_same_target_twice_is_one(city):
    assert progress(city, rows(5000, 5000))["target"] == 5000
    in_units = rows(0.5, 5000, unit=["万个", "个"])
    assert progress(city, in_units)["target"] == 5000


@pytest.mark.parametrize(
    ("deadline", "day"),
    [("2022-09", "2022-09-30"), ("2022年三季度", "2022-09-30"), ("2022", "2022-12-31"),
     ("2022年九月底前", "2022-09-30"), (pd.Period("2022-11"), "2022-11-30"),
     (pd.Timestamp("2022-09-30 20:00", tz="UTC"), "2022-10-01"), ("", "2022-12-31"),
     (pd.NaT, "2022-12-31")],
)  # fmt: skip
def test_a_month_or_year_is_due_on_its_last_day(city, deadline, day):
    row = progress(city, rows(5000, deadline=[deadline]))
    assert row["deadline"] == pd.Timestamp(day)


@pytest.mark.parametrize("serial", ["44834", "44834.0", 44834, 44834.0])
def test_a_day_that_a_spreadsheet_made_a_number_of_is_due_on_that_day(city, serial):
    row = progress(city, rows(5000, deadline=[serial]))
    assert row["deadline"] == pd.Timestamp("2022-09-30")
    # 2022.1 may have been 2022.10, and 123456 is no day of these centuries.
    for number in (2022.1, 123456):
        with pytest.raises(gcm.CityDataError, match="deadline of row 0"):
            progress(city, rows(5000, deadline=[number]))


def test_targets_that_are_no_table_of_targets_are_refused(city):
    with pytest.raises(gcm.CityDataError, match=r"^progress: targets is a list, not a DataFrame"):
        progress(city, [5000])
    with pytest.raises(gcm.CityDataError, match=r"^progress: targets: no column 'target'"):
        progress(city, rows(5000).drop(columns="target"))
    doubled = rows(5000).set_axis(["indicator", "target", "target"], axis=1)
    with pytest.raises(gcm.CityDataError, match="more than one column is named 'target'"):
        progress(city, doubled)


# -- a file


@pytest.fixture
def folder(tmp_path):
    for path in (*DATA.glob("manholes.*"), *DATA.glob("districts.*")):
        shutil.copy(path, tmp_path)
    (tmp_path / "city.toml").write_text(
        'profile = "suzhou_2022"\ndata_date = 2022-06-30\ntargets = "targets.csv"\n'
        '[zones]\ndistrict = "districts"\n'
        '[layers.manholes]\npath = "manholes.shp"\n[layers.districts]\npath = "districts.shp"\n',
        "utf-8",
    )
    return tmp_path


def loaded(folder, *lines: str) -> gcm.City:
    head = "indicator,zone_code,target,deadline"
    (folder / "targets.csv").write_text("\n".join([head, *lines]) + "\n", "utf-8")
    return gcm.load_city(folder / "city.toml")


def told(city, code: str) -> list[str]:
    return city.findings.loc[city.findings["code"] == code, "message_en"].tolist()


@pytest.mark.parametrize(
    ("deadline", "target", "said"),
    [("九月底", "3000", "deadline is '九月底'"), ("2022-12-31", "-5", "target is '-5'"),
     ("2022-12-31", "inf", "target is 'inf'"), ("2022-12-31", "", "no target is given"),
     ("2022-12-31", "若干", "target is '若干'"), ("31/12/2022", "3000", "more than one way")],
)  # fmt: skip
def test_a_cell_of_a_file_is_a_finding_with_its_row_and_its_zone_has_no_target(
    folder, deadline, target, said
):
    city = loaded(folder, "", f"{NAME},320500,{target},{deadline}", f"{NAME},320505,1,2022-12-31")
    [message] = told(city, "TARGET_VALUE")
    assert said in message
    assert city.targets["zone_code"].tolist() == ["320500", "320505"]
    assert "row 3 " in message
    table = gcm.progress(city, indicators=NAME).set_index("zone_code")
    whole = table.loc["320500"]
    # The target published for the city does not stand in for it.
    assert np.isnan(whole["target"])
    assert whole["status"] == "no_target"
    assert "cannot be used" in whole["note_en"]
    assert "问题清单" in whole["note_zh"]
    assert table.loc["320505", "status"] == "met"
    assert "cannot be used" not in table.loc["320505", "note_en"]


def test_a_unit_of_another_kind_costs_its_zone_the_target_and_nobody_the_city(folder):
    lines = ["indicator,zone_code,target,unit", f"{NAME},320500,3,公里", f"{NAME},320505,1,个"]
    (folder / "targets.csv").write_text("\n".join(lines) + "\n", "utf-8")
    city = gcm.load_city(folder / "city.toml")
    [message] = told(city, "TARGET_VALUE")
    assert "unit is '公里'" in message and "row 2 " in message
    status = gcm.progress(city, indicators=NAME).set_index("zone_code")["status"]
    assert (status["320500"], status["320505"]) == ("no_target", "met")


def test_two_targets_of_a_file_for_one_day_are_no_target_in_either_order(folder):
    for first, second in ((1, 9000), (9000, 1)):
        city = loaded(
            folder, f"{NAME},320500,{first},2022-12-31", f"{NAME},320500.0,{second},2022年底"
        )
        [message] = told(city, "TARGET_CONFLICT")
        assert "rows 2, 3 of the targets contradict each other" in message
        assert f"{first:,} / {second:,}" in message
        row = gcm.progress(city, level="city", indicators=NAME).iloc[0]
        assert (row["status"], row["comparator"]) == ("no_target", "")
        assert gcm.outlook(city, indicators=NAME).empty


def test_milestones_of_a_file_are_no_contradiction(folder):
    city = loaded(folder, f"{NAME},320500,2000,2022-08", f"{NAME},320500,3000,2022-12-31")
    assert not city.findings["code"].str.startswith("TARGET").any()
    assert gcm.progress(city, level="city", indicators=NAME)["target"].iloc[0] == 3000


def test_a_misspelt_figure_or_zone_of_a_file_is_told_with_its_rows_and_what_is_near(folder):
    city = loaded(
        folder, "manhole_remediatd,320500,1,", f"{NAME},330302.0,1,", "manhole_remediatd,320505,1,"
    )
    figure, zone = told(city, "TARGET_UNMATCHED")
    assert "(row 2, 4)" in figure
    assert "Did you mean 'manhole_remediated'" in figure
    assert "'330302.0' in the targets (row 3)" in zone


def test_rows_are_counted_as_in_the_file_below_empty_lines_and_above_them(folder):
    lines = ["", "indicator,zone_code,target", "", f"{NAME},320500,-1", ",,", f"{NAME},320505,-2"]
    (folder / "targets.csv").write_text("\n".join(lines), "utf-8-sig")
    told_rows = told(gcm.load_city(folder / "city.toml"), "TARGET_VALUE")
    assert [text.split(" of ")[0] for text in told_rows] == ["row 4", "row 6"]


def test_figures_are_listed_though_a_target_cannot_be_used(folder):
    loaded(folder, f"{NAME},320500,many,soon")
    table = figures_table(load_specs(), folder / "city.toml").set_index("key")
    assert not table.loc["manhole_open_count", "target"]


# -- a profile


@pytest.mark.parametrize("wrong", ["inf", "-3000", "many", ""])
def test_a_published_target_that_is_none_is_told_and_no_target(folder, wrong):
    from geo_citymgmt import profiles

    shutil.copytree(profiles.load_profile("suzhou_2022").folder, folder / "own")
    path = folder / "own" / "published.csv"
    table = pd.read_csv(path, dtype="str", keep_default_na=False)
    [at] = table.index[table["id"] == "manholes_remediation_target_fy"]
    table.loc[at, "value"] = wrong
    table.to_csv(path, index=False)
    config = (folder / "city.toml").read_text("utf-8").replace("suzhou_2022", "own")
    (folder / "city.toml").write_text(config, "utf-8")
    city = loaded(folder, f"{NAME},320505,1,")
    [message] = told(city, "TABLE_VALUE")
    assert message.startswith(f"published.csv, row {at + 2}: value is {wrong!r}, ")
    assert len(city.published) == len(table) - 1
    table = gcm.progress(city, indicators="manhole_remediated")
    # What the city's own table asks of one district holds.
    assert table["target"].dropna().tolist() == [1.0]
    with pytest.raises(gcm.SpecError, match=r"published\.csv"):
        city.profile.published()


# -- as an office writes them: figures and zones by name


def named(folder, lines: list[list[object]], heads: list[str]) -> gcm.City:
    pd.DataFrame(lines, columns=heads).to_excel(folder / "目标.xlsx", index=False)
    text = (folder / "city.toml").read_text("utf-8").replace("targets.csv", "目标.xlsx")
    (folder / "city.toml").write_text(text, "utf-8")
    return gcm.load_city(folder / "city.toml")


def test_an_office_names_figures_and_districts_in_its_targets_by_their_names(folder):
    title = load_figures().figures[NAME].zh
    heads = ["任务名称", "板块", "年度目标", "单位", "完成期限"]
    day = "2022年12月31日"
    lines = [
        [title, "姑苏", "210", "个", day],
        [title, "虎丘区", 260, "个", day],
        [title.replace("（", " ("), "昆山市", 425, "个", day],
        ["Urban-road manholes remediated and accepted", "Taicang", 180, "个", day],
        [title, "全市", 3000, "个", day],
    ]
    city = named(folder, lines[:2] + lines[3:], heads)
    assert not city.findings["code"].str.startswith("TARGET_U").any()
    targets = city.targets.set_index("zone_code")["target"].to_dict()
    assert targets == {"320508": 210, "320505": 260, "320585": 180, "320500": 3000}
    assert set(city.targets["indicator"]) == {NAME}


def test_targets_and_reported_figures_know_a_district_by_the_name_city_toml_gives_it(folder):
    lines = [[NAME, "新区", 260], [NAME, "虎丘区", 260], [NAME, "浦东新区", 2]]
    (folder / "reported.csv").write_text(f"figure,区县,period,value\n{NAME},新区,2022-06,9\n")
    config = (folder / "city.toml").read_text("utf-8")
    more = 'reported = "reported.csv"\n[names]\n320505 = "新区"\n[zones]\n'
    (folder / "city.toml").write_text(config.replace("[zones]\n", more), "utf-8")
    city = named(folder, lines, ["指标", "区县", "目标值"])
    # What the outlines say is known besides.
    assert city.targets["zone_code"].tolist()[:2] == ["320505", "320505"]
    assert "'浦东新区'" in told(city, "TARGET_UNMATCHED")[0]
    assert city.reported_figures["zone"].tolist()[-1] == "320505"


def test_only_of_a_name_that_several_have_it_is_said_that_they_have_it():
    names = pd.DataFrame({"name_zh": ["同名镇"] * 2}, index=["1", "2"])
    zones = ZoneNames(("320500", "苏州市"), {"street": names})
    targets = pd.DataFrame({"indicator": NAME, "zone_code": ["同名镇", "天涯镇"], "target": 5})
    _, faults = read_targets(targets, load_figures(), zones)
    causes = {fault.value: fault.cause.en for fault in faults}
    assert causes["同名镇"].startswith("several zones are called so (1, 2)")
    assert causes["天涯镇"].startswith("there is no such zone")


def test_a_city_is_known_without_its_ending_unless_a_zone_is_called_so():
    zones = pd.DataFrame({"name_zh": ["芙蓉区", "长沙县"]}, index=["430102", "430121"])
    own = ZoneNames(("430100", "长沙市", "Changsha"), {"district": zones.iloc[:1]})
    assert (own.code("长沙"), own.code("长沙市")) == ("430100", "430100")
    both = ZoneNames(("430100", "长沙市", "Changsha"), {"district": zones})
    assert both.find("长沙") == ["430121", "430100"] and both.code("长沙市") == "430100"


def test_a_name_that_two_zones_have_means_neither(city):
    streets = city.zones_by_level["street"]
    twice = streets.assign(name=["同名镇", "同名镇", *streets["name"].iloc[2:]])
    names = ZoneNames(("320500", "苏州市"), {"street": twice, "district": city.zones})
    assert names.find("同名镇") == streets.index[:2].astype("str").tolist()
    assert (names.code("同名镇"), names.code("昆山"), names.code("320583.0")) == (
        "同名镇", "320583", "320583",
    )  # fmt: skip
    other = replace(city, zones_by_level={**city.zones_by_level, "street": twice})
    with pytest.raises(gcm.CityDataError, match=r"several zones are called so \(3205"):
        progress(other, rows(5000, zone_code="同名镇"))
