"""What cannot be known is no zero: figures over records that do not say what a figure needs."""

from __future__ import annotations

import dataclasses

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import geo_citymgmt as gcm
from geo_citymgmt.city import City
from geo_citymgmt.report import summary
from geo_citymgmt.report._page import page_content
from geo_citymgmt.report._page_first import tasks_view
from geo_citymgmt.report._sheet import SheetMaker
from geo_citymgmt.spec import load_specs
from tests.conftest import CRS, X0, Y0, squares

ZONES = squares((0, 0, 10, 10), (10, 0, 20, 10), codes="AB")
SPECS = load_specs()
END = pd.Timestamp("2022-06-30")
TARGETS = pd.DataFrame(
    {
        "indicator": pd.Series(dtype="str"),
        "zone_code": pd.Series(dtype="str"),
        "target": pd.Series(dtype="float64"),
        "unit": pd.Series(dtype="str"),
        "deadline": pd.Series(dtype="datetime64[us]"),
        "note": pd.Series(dtype="str"),
    }
)
EVENTS = pd.DataFrame(
    {"layer": [], "key": [], "event": [], "date": [], "amount": [], "note": []}
).astype({"layer": "str", "key": "str", "event": "str", "date": "datetime64[us]",
          "amount": "float64", "note": "str"})  # fmt: skip


def city_of(key: str, zones: str = "", data_date=END, **columns) -> City:
    """A city of one layer whose records lie in the zones named letter by letter, A without."""
    n = len(next(iter(columns.values())))
    places = {"A": shapely.Point(X0 + 5, Y0 + 5), "B": shapely.Point(X0 + 15, Y0 + 5), "-": None}
    geometry = [places[z] for z in (zones or "A" * n)]
    frame = gpd.GeoDataFrame(
        {SPECS[key].id_field: [f"R{k}" for k in range(n)], **columns}, geometry=geometry, crs=CRS
    )
    layer = gcm.read_layer(frame, key, zones=ZONES, metric_crs=CRS, data_date=data_date)
    assert layer.ledger["n_rejected"].item() == 0
    return City(
        layers={key: layer},
        zones_by_level={"district": ZONES},
        events=EVENTS,
        targets=TARGETS,
        data_date=data_date,
        findings=layer.findings,
        ledger=layer.ledger,
        specs=SPECS,
        code="Z",
    )


def figure(city: City, name: str, zone: str = "Z", **asked) -> pd.Series:
    table = gcm.progress(city, as_of=None, indicators=name, **asked)
    return table[table["zone_code"] == zone].iloc[0]


def figure_on(city: City, name: str, day: str) -> pd.Series:
    return gcm.progress(city, as_of=day, indicators=name, level="city").iloc[0]


def with_events(city: City, events: pd.DataFrame) -> City:
    return dataclasses.replace(city, events=events)


def ends(row: pd.Series) -> list[float]:
    return row[["unknown", "low", "high"]].tolist()


# -- status


@pytest.mark.parametrize(
    "name", ["manhole_remediated", "manhole_relapsed_count", "manhole_open_count"]
)
def test_a_figure_of_states_is_not_available_where_no_status_can_be_read(name):
    row = figure(city_of("manholes", status=["normal", "warning"]), name)
    assert np.isnan(row["value"])
    assert row["status"] == "not_available"
    assert ends(row) == [2, 0, 2]
    assert "2 条记录的“整治状态”未知" in row["note_zh"]
    assert "2 records without a usable Status" in row["note_en"]


def test_where_some_statuses_are_read_the_rest_is_told_with_what_it_could_add():
    city = city_of("manholes", status=["已核实", "派单", "完好", "???"])
    row = figure(city, "manhole_open_count")
    assert row["value"] == 2
    assert ends(row) == [1, 2, 3]


def test_zones_are_judged_by_their_own_records():
    city = city_of("manholes", "AAB", status=["已核实", "???", "???"])
    table = gcm.progress(city, as_of=None, indicators="manhole_open_count")
    by_zone = table.set_index("zone_code")
    assert by_zone.loc[["Z", "A"], "value"].tolist() == [1, 1]
    assert np.isnan(by_zone.loc["B", "value"])
    assert by_zone["unknown"].tolist() == [2, 1, 1]


def test_a_status_that_could_not_be_read_is_made_up_for_by_a_closing_date_and_not_by_a_finding():
    dates = {"found_date": ["2022-01-05"] * 2, "closed_date": [None, "2022-03-01"]}
    city = city_of("manholes", status=["???", "???"], **dates)
    row = figure(city, "manhole_remediated")
    assert row["value"] == 1
    assert ends(row) == [1, 1, 2]


# -- dates


def test_closed_manholes_without_a_closing_date_are_not_zero_in_a_period():
    city = city_of("manholes", status=["销号"] * 200 + ["完好"] * 800)
    row = figure(city, "manhole_remediated")
    assert np.isnan(row["value"])
    assert ends(row) == [200, 0, 200]
    assert "销号时间" in row["note_zh"]


def test_where_some_have_their_date_the_others_are_told():
    city = city_of("manholes", status=["销号"] * 3, closed_date=["2022-02-01", "2021-02-01", None])
    row = figure(city, "manhole_remediated")
    assert row["value"] == 1
    assert ends(row) == [1, 1, 2]


def test_an_open_manhole_has_no_closing_date_and_that_is_known():
    city = city_of("manholes", status=["派单", "完好"], closed_date=[None, None])
    row = figure(city, "manhole_remediated")
    assert row["value"] == 0
    assert ends(row) == [0, 0, 0]


def test_bays_without_an_opening_date_are_unknown_unless_they_are_planned():
    city = city_of(
        "bike_stations",
        station_kind=["bay"] * 3,
        status=["operating", "operating", "planned"],
        opened_date=["2022-03-01", None, None],
    )
    row = figure(city, "bike_bays_added")
    assert row["value"] == 1
    assert ends(row) == [1, 1, 2]


def test_a_case_that_was_dealt_with_and_does_not_say_how_much_is_unknown():
    city = city_of(
        "illegal_construction",
        illegal_area_m2=[100, 200, 300],
        status=["已拆除", "已拆除", "立案"],
        disposal_method=["拆除", "拆除", "未定"],
        completed_date=["2022-02-01", "2022-02-01", None],
        remediated_area_m2=[100, None, None],
        demolished_area_m2=[100, None, None],
    )
    for name in ("illegal_remediated_area", "illegal_demolished_area"):
        row = figure(city, name)
        assert row["value"] == 100
        assert row["unknown"] == 1
        assert np.isnan(row["high"])
        assert "upper bound" in row["note_en"]


# -- kinds


def test_a_figure_of_a_kind_is_not_available_where_no_kind_can_be_read():
    city = city_of("parking_points", lot_kind=["甲类", "乙类"], spaces_total=[50, 30])
    row = figure(city, "parking_under_bridge_spaces")
    assert np.isnan(row["value"])
    assert row["status"] == "not_available"
    assert ends(row) == [2, 0, 80]
    assert "停车场类型" in row["note_zh"]


def test_a_record_without_a_kind_could_have_counted():
    city = city_of("parking_points", lot_kind=["桥下", "路内", None], spaces_total=[50, 30, 7])
    row = figure(city, "parking_under_bridge_spaces")
    assert row["value"] == 50
    assert ends(row) == [1, 50, 57]


def test_a_record_that_something_else_rules_out_is_not_unknown():
    city = city_of(
        "illegal_construction",
        illegal_area_m2=[100, 200],
        safety_related=["是", None],
        status=["立案", "不构成违建"],
    )
    row = figure(city, "illegal_safety_remaining_count")
    assert row["value"] == 1
    assert ends(row) == [0, 1, 1]


def test_an_empty_list_is_an_answer_and_an_unreadable_one_is_not():
    city = city_of(
        "illegal_construction",
        illegal_area_m2=[100, 200, 300],
        list_type=["挂牌督办", None, "什么清单"],
        status=["立案"] * 3,
    )
    row = figure(city, "illegal_supervised_open_count")
    assert row["value"] == 1
    assert ends(row) == [1, 1, 2]


def test_a_field_that_nobody_fills_says_nothing():
    city = city_of(
        "illegal_construction",
        illegal_area_m2=[100, 200],
        list_type=[None, None],
        status=["立案", "立案"],
    )
    row = figure(city, "illegal_supervised_open_count")
    assert row["status"] == "not_available"
    assert "没有一条记录有可用的“清单类型”" in row["note_zh"]


def test_a_share_lies_between_what_the_unknown_could_make_of_it():
    city = city_of("manholes", anti_fall=["防坠网", "无", "无", None])
    row = figure(city, "manhole_anti_fall_share")
    assert row["value"] == pytest.approx(1 / 3)
    assert ends(row) == [1, pytest.approx(1 / 4), pytest.approx(2 / 4)]


# -- the measure


def test_a_lot_without_its_number_of_spaces_counts_and_the_sum_says_so():
    city = city_of("parking_points", spaces_total=[50, None, "约很多"], lot_kind=["桥下"] * 3)
    row = figure(city, "parking_spaces_total")
    assert row["value"] == 50
    assert row["unknown"] == 2
    assert np.isnan(row["high"])
    assert "停车泊位数" in row["note_zh"]


def test_a_layer_without_its_measure_is_a_layer_and_the_near_column_is_named():
    city = city_of("parking_points", 夜间停车泊位数=[50, 30])
    layer = city.layer("parking_points")
    assert len(layer.data) == 2
    found = layer.findings[layer.findings["code"] == "FIELD_MISSING"].set_index("field")
    said = found.loc["spaces_total"]
    assert said["severity"] == "warning"
    assert '"夜间停车泊位数" = "spaces_total"' in said["message_zh"]
    row = figure(city, "parking_spaces_total")
    assert row["status"] == "not_available"
    assert "停车泊位数" in row["note_zh"]


def test_a_parcel_without_its_area_is_counted_and_its_area_is_not_known():
    city = city_of("illegal_construction", illegal_area_m2=[100, None], status=["立案"] * 2,
                   remediated_area_m2=[0, 0])  # fmt: skip
    assert figure(city, "illegal_open_count")["value"] == 2
    row = figure(city, "illegal_open_area")
    assert row["value"] == 100
    assert row["unknown"] == 1
    stock = gcm.stock_flow(city, start="2022-01-01", level="city").set_index("quantity")
    assert np.isnan(stock.loc["area", "closing"])
    assert stock.loc["count", "closing"] == 2


# -- the verdict


@pytest.mark.parametrize(("unread", "status"), [(0, "behind"), (1, "behind"), (3, "not_available")])
def test_behind_is_said_only_where_the_unknown_cannot_turn_it(unread, status):
    n = 10
    city = city_of(
        "manholes",
        status=["销号"] * n + ["???"] * unread,
        closed_date=["2022-03-01"] * n + [None] * unread,
    )
    # Half of the year has passed: 12 or so are expected of 24, 11.4 are on track.
    aim = TARGETS.assign(
        indicator=pd.Series(["manhole_remediated"]), zone_code="Z", target=24.0,
        unit="count", deadline=pd.Timestamp("2022-12-31"), note="",
    )  # fmt: skip
    row = figure(city, "manhole_remediated", targets=aim)
    assert row["value"] == n
    assert row["status"] == status
    assert ("rests on them" in row["note_en"]) == (status == "not_available")


# -- no date of the data


def test_a_city_without_dates_gives_its_tables(tmp_path):
    city = city_of(
        "illegal_construction",
        data_date=None,
        illegal_area_m2=[100, 200],
        status=["立案", "已拆除"],
        safety_related=["是", "是"],
        list_type=["挂牌督办", None],
        interim_measure=["已关停", None],
        remediated_area_m2=[0, 200],
        found_date=["2022-01-01", "2022-01-01"],
    )
    table = gcm.progress(city, as_of=None).query("level == 'city'").set_index("indicator")
    assert table.loc["illegal_open_count", "value"] == 1
    assert table.loc["illegal_found_count", "status"] == "not_available"
    assert table.loc["illegal_found_count", "note_en"].endswith("the data has no date")
    assert not table["status"].isin(["behind", "overdue"]).any()
    cases = gcm.open_cases(city)
    assert cases["parcel_id"].tolist() == ["R0"]
    assert cases[["days_open", "overdue"]].isna().all(axis=None)
    ages = gcm.ageing(city, level="city").set_index("age_class")["n"]
    assert ages[ages > 0].to_dict() == {"undated": 1}
    assert gcm.case_lists(city, level="city")["n"].tolist() == [1]
    assert gcm.interim_share(city, level="city")["n"].tolist() == [1, 1, 0]
    assert gcm.last_open(city)["parcel_id"].tolist() == ["R0"]
    flows = gcm.stock_flow(city, start="2022-01-01", level="city")
    assert flows["closing"].tolist() == [1, 100]
    assert flows["end"].isna().all()
    left = gcm.burn_down(city, deadline="2022-09-30", start="2022-06-30", level="city")
    assert left["remaining_n"].tolist() == [1]
    rates = gcm.relapse_rates(city, start="2022-01-01", level="city")
    # No event tells of any.
    assert rates["relapses"].isna().all()


# -- the campaign


def test_cases_that_may_be_asked_about_are_unknown_and_not_none():
    city = city_of(
        "illegal_construction",
        illegal_area_m2=[100, 200],
        status=["立案", "立案"],
        safety_related=["?", "不清楚"],
        found_date=["2022-01-01"] * 2,
        remediated_area_m2=[0, 0],
        interim_measure=[None, "已关停"],
    )
    left = gcm.burn_down(city, deadline="2022-09-30", start="2022-06-30", level="city").iloc[0]
    assert np.isnan(left["remaining_n"])
    assert left["unknown"] == 2
    share = gcm.interim_share(city, level="city")
    assert share["of_n"].isna().all()


def test_relapses_of_cases_whose_status_cannot_be_read_are_not_zero():
    city = city_of("illegal_construction", illegal_area_m2=[100, 200], status=["?", "!"])
    row = gcm.relapse_rates(city, start="2022-01-01", level="city").iloc[0]
    assert row["unknown"] == 2
    assert pd.isna(row["relapses"])
    assert pd.isna(row["rate"])


# -- records that contradict themselves

CLOSED_TOO_SOON = {
    "status": ["销号", "销号"],
    "found_date": ["2022-06-05", "2022-01-10"],
    "closed_date": ["2022-05-20", "2022-06-20"],
}


def test_what_was_closed_before_it_was_found_counts_alike_on_every_day():
    city = city_of("manholes", **CLOSED_TOO_SOON)
    assert "DATE_ORDER" in set(city.findings["code"])
    days = ["2022-05-19", "2022-05-31", "2022-06-05", "2022-06-19", "2022-06-30"]
    values = [figure_on(city, "manhole_remediated", day)["value"] for day in days]
    assert values == [0, 1, 1, 1, 2]


def test_an_event_before_the_day_a_record_was_found_is_not_undone_by_that_day():
    city = city_of("manholes", status=["已验收"], found_date=["2022-06-05"])
    accepted = pd.DataFrame(
        {"layer": "manholes", "key": "R0", "event": "accept", "date": pd.Timestamp("2022-05-20"),
         "amount": np.nan, "note": ""}, index=[0]
    )  # fmt: skip
    city = with_events(city, accepted)
    days = ["2022-05-31", "2022-06-10", "2022-06-30"]
    assert [figure_on(city, "manhole_remediated", d)["value"] for d in days] == [1, 1, 1]


@pytest.mark.parametrize("status", ["整治中", "挂账", "已整治"])
def test_a_closing_date_that_the_status_denies_closes_nothing_and_is_told(status):
    city = city_of(
        "manholes", status=[status], found_date=["2022-01-10"], closed_date=["2022-05-20"]
    )
    open_now = int(status != "已整治")
    for day in ("2022-05-31", "2022-06-30"):
        assert figure_on(city, "manhole_remediated", day)["value"] == 0
    assert figure_on(city, "manhole_open_count", "2022-06-30")["value"] == open_now
    told = city.findings[city.findings["code"] == "RELATION_BROKEN"]
    assert told["message_zh"].tolist() == [f"“销号时间”2022-05-20，但状态为 {status}"]


def test_what_came_back_on_an_unknown_day_is_not_accepted_and_open_at_once():
    city = city_of(
        "manholes", status=["返修"], found_date=["2022-01-10"], closed_date=["2022-05-20"]
    )
    assert figure_on(city, "manhole_remediated", "2022-06-30")["value"] == 0
    assert figure_on(city, "manhole_open_count", "2022-06-30")["value"] == 1
    # It was closed some day: nothing is wrong with that.
    assert "RELATION_BROKEN" not in set(city.findings["code"])


def test_a_closing_date_after_the_datas_day_denies_nothing():
    city = city_of(
        "manholes", status=["整治中"], found_date=["2022-01-10"], closed_date=["2022-07-20"]
    )
    assert "RELATION_BROKEN" not in set(city.findings["code"])


# -- what no field and no event tells


def test_without_a_deadline_nobody_knows_what_is_overdue():
    city = city_of("illegal_construction", status=["立案"], found_date=["2022-06-01"])
    ages = gcm.ageing(city, level="city").set_index("age_class")
    assert ages.loc["0-30", "n"] == 1
    assert pd.isna(ages.loc["0-30", "n_overdue"])
    assert ages.loc["31-90", "n_overdue"] == 0
    city = city_of("illegal_construction", status=["立案"], deadline=["2022-06-01"])
    assert gcm.ageing(city, level="city")["n_overdue"].sum() == 1


def test_of_lists_without_deadlines_nobody_knows_what_is_overdue():
    city = city_of("illegal_construction", status=["立案"], list_type=["挂牌督办"])
    assert gcm.case_lists(city, level="city")["n_overdue"].isna().all()


def test_the_ages_of_a_layer_go_by_the_deadline_of_its_file():
    city = city_of("manholes", status=["整治中"], planned_date=["2022-05-01"])
    assert gcm.ageing(city, layer="manholes", level="city")["n_overdue"].sum() == 1


def test_of_records_without_a_state_neither_rest_nor_delay_is_known():
    city = city_of("illegal_construction", illegal_area_m2=[100.0], remediated_area_m2=[0.0])
    ages = gcm.ageing(city, level="city").set_index("age_class")
    assert ages.loc["unknown", "n"] == 1
    assert ages.loc["unknown", ["n_overdue", "n_suspended", "remaining"]].isna().all()


def test_sums_of_what_is_left_are_not_known_where_nothing_tells_what_was_done():
    """Of one open case its whole is as good as can be said: a list does not go without."""
    columns = {"status": ["立案"], "illegal_area_m2": [100.0]}
    city = city_of("illegal_construction", **columns)
    assert np.isnan(figure(city, "illegal_open_area")["value"])
    assert gcm.ageing(city, level="city").query("n > 0")["remaining"].isna().all()
    assert gcm.open_cases(city)["remaining"].tolist() == [100]
    city = city_of("illegal_construction", **columns, remediated_area_m2=[30.0])
    assert gcm.ageing(city, level="city").query("n > 0")["remaining"].tolist() == [70]
    assert gcm.open_cases(city)["remaining"].tolist() == [70]


def test_relapses_that_no_event_tells_are_not_none():
    columns = {"status": ["立案", "销号"], "found_date": ["2022-01-10"] * 2,
               "closed_date": [None, "2022-03-01"]}  # fmt: skip
    city = city_of("illegal_construction", **columns)
    flow = gcm.stock_flow(city, start="2022-01-01", level="city").iloc[0]
    assert np.isnan(flow["relapsed"])
    assert flow[["opening", "found", "closed", "closing"]].tolist() == [0, 2, 1, 1]
    assert flow["balanced"]
    rates = gcm.relapse_rates(city, start="2022-01-01", level="city").iloc[0]
    assert rates[["relapses", "relapsed", "rate", "area"]].isna().all()
    assert rates["exposed"] == 1


def test_manholes_back_for_repair_are_not_none_without_events():
    row = figure(city_of("manholes", status=["整治中"]), "manhole_relapsed_count")
    assert np.isnan(row["value"])
    assert row["note_zh"].endswith("事件表中没有“返修”")


# -- what the page says of it


@pytest.fixture(scope="module")
def unsure() -> City:
    """Of four manholes of B nobody knows when they were closed; its target of six rests on them."""
    closed = ["2022-03-01", "2022-03-02", "2022-05-03", "2022-05-03"]
    city = city_of(
        "manholes",
        "AAABBBBBBB",
        status=["销号"] * 8 + ["整治中"] * 2,
        found_date=["2022-01-05"] * 10,
        closed_date=[*closed, *[None] * 6],
    )
    aims = pd.DataFrame({"zone_code": ["Z", "A", "B"], "target": [10.0, 4.0, 6.0]})
    return dataclasses.replace(
        city,
        targets=aims.assign(
            indicator="manhole_remediated",
            unit="count",
            deadline=pd.Timestamp("2022-12-31"),
            note="",
        )[list(TARGETS)],
    )


def test_where_records_leave_a_status_open_the_sentence_says_at_least_and_at_most(unsure):
    (task,) = tasks_view(summary(unsure, lang="zh"))["tasks"]
    assert task["status"] == "not_available"
    assert task["sentence"] == (
        "截至6月30日，城市道路窨井整治（已验收）至少4个，至多8个，目标10个，4条记录情况不明，"
        "是否达到要求尚不能判断。1个区县数据不足，未作判断。"
    )
    assert task["need"] is None
    assert task["against"] == ["至少4个，至多8个"]


def test_a_district_that_cannot_be_judged_has_no_colour_of_one_that_can(unsure):
    (task,) = tasks_view(summary(unsure, lang="en"))["tasks"]
    rows = {row["name"]: row for row in task["zones"]["rows"]}
    assert rows["A"]["shown"] == "+25.4"
    assert (rows["B"]["shown"], rows["B"]["status"]) == ("–", "not_available")
    assert (rows["A"]["amount"], rows["B"]["amount"]) == ("3 of 4", "1 to 5 of 6")
    assert task["zones"]["legend"][-1] == ("q-none", "no data, or too little to judge")
    assert task["zones"]["map"].count("q-none") == 1


def test_what_is_sure_is_said_with_what_it_could_be(unsure):
    aims = unsure.targets[unsure.targets["zone_code"].eq("Z")].assign(target=100.0)
    (task,) = tasks_view(summary(dataclasses.replace(unsure, targets=aims), lang="zh"))["tasks"]
    assert task["status"] == "behind"
    assert "整治（已验收）4个（至少4个，至多8个），完成目标100个的4.0%" in task["sentence"]


def test_the_page_has_a_dash_for_what_nothing_tells():
    city = city_of(
        "illegal_construction",
        status=["立案", "销号"],
        found_date=["2022-06-10"] * 2,
        closed_date=[None, "2022-06-20"],
    )
    (campaign,) = page_content(summary(city, lang="en"))["campaigns"]
    (flow,) = campaign["flows"]
    flow = dict(zip(flow["heads"], flow["rows"][-1]["cells"], strict=False))
    assert flow["Relapsed"] == "–"
    ages = dict(zip(campaign["ages"]["heads"], campaign["ages"]["rows"][0]["cells"], strict=False))
    assert (ages["Open cases"], ages["Overdue"]) == ("1", "–")


def test_records_that_may_be_open_are_none_of_the_open_cases_by_age():
    city = city_of(
        "illegal_construction", status=["立案", "立案", "?"], found_date=["2022-06-10"] * 3
    )
    told = summary(city, lang="zh")
    assert told.headline.loc["illegal_open_count", "value"] == 2
    (campaign,) = page_content(told)["campaigns"]
    ages = campaign["ages"]
    assert [row["cells"][:2] for row in ages["rows"]] == [["2", "100.0%"], ["1", "–"]]
    assert ages["note"] == "另有1处状态不明，是否待治理不能判断，不计入占比。"


def test_a_sound_manhole_is_none_that_was_found_defective():
    city = city_of("manholes", status=["完好", "整治中"], found_date=["2022-01-10", "2022-02-10"])
    assert figure_on(city, "manhole_found_count", "2022-06-30")["value"] == 1
    told = city.findings[city.findings["code"] == "RELATION_BROKEN"]
    assert told["message_en"].tolist() == ["'Found date' is 2022-01-10, but the status is Sound"]


def test_a_sheet_says_between_what_lies_and_that_it_was_not_judged(unsure):
    maker = SheetMaker(summary(unsure, lang="en"))
    sheet = maker.sheet("B")
    assert [task.amount.replace("\xa0", " ") for task in sheet.tasks] == ["1 to 5 of 6"]
    assert sheet.lead == "B: too little data to judge its tasks (1)."


@pytest.mark.parametrize(
    ("layer", "name", "stated", "columns"),
    [
        ("public_toilets", "toilets_open_count", "开放", {"completed_date": ["2015-06-01"] * 2}),
        ("bike_stations", "bike_public_fleet", "运营",
         {"opened_date": ["2019-06-01"] * 2, "station_kind": ["docked"] * 2,
          "bikes_deployed": [1, 1]}),
    ],
)  # fmt: skip
def test_a_status_that_cannot_be_read_is_not_what_an_opening_date_leads_to(
    layer, name, stated, columns
):
    city = city_of(layer, status=[stated, "挪作他用"], **columns)
    assert city.findings["code"].eq("CODE_UNKNOWN").any()
    row = figure(city, name)
    assert (row["unknown"], row["low"], row["high"]) == (1, 1, 2)


@pytest.mark.parametrize("name", ["parking_spaces_total", "parking_spaces_added"])
def test_spaces_of_a_lot_whose_status_cannot_be_read_may_be_planned_and_are_no_firm_sum(name):
    lots = {"spaces_total": [80, 100], "opened_date": ["2022-05-01"] * 2}
    row = figure(city_of("parking_points", status=["天晓得"] * 2, **lots), name)
    assert row["status"] == "not_available"
    assert ends(row) == [2, 0, 180]
    assert "2 条记录的“状态”未知，至少 0，至多 180" in row["note_zh"]
    row = figure(city_of("parking_points", status=["启用", "天晓得"], **lots), name)
    assert (row["value"], *ends(row)) == (80, 1, 80, 180)
    # An empty status does not speak against the number on record.
    row = figure(city_of("parking_points", status=["启用", None], **lots), name)
    assert (row["value"], *ends(row)) == (180, 0, 180, 180)


def test_spaces_that_an_event_tells_are_there_whatever_the_status_of_the_lot():
    city = city_of(
        "parking_points", status=["天晓得"], spaces_total=[80], opened_date=["2022-05-01"]
    )
    told = pd.DataFrame(
        {"layer": "parking_points", "key": ["R0"], "event": "add_spaces",
         "date": pd.Timestamp("2022-05-01"), "amount": 30.0, "note": ""}
    )  # fmt: skip
    row = figure(with_events(city, told), "parking_spaces_total")
    assert (row["value"], *ends(row)) == (30, 1, 30, 80)


def test_a_case_with_a_closing_date_is_closed_whatever_its_status_was_meant_to_say():
    city = city_of(
        "manholes", status=["算了吧"], found_date=["2022-03-01"], closed_date=["2022-05-01"]
    )
    assert figure(city, "manhole_open_count")["unknown"] == 0


def demolitions(amounts: list[float]) -> City:
    """Five parcels that were settled, of which no total says how much, and events of some."""
    city = city_of(
        "illegal_construction",
        status=["已拆除"] * 5,
        completed_date=["2022-05-01"] * 5,
        area=[1000.0] * 5,
    )
    events = pd.DataFrame(
        {"layer": "illegal_construction", "key": [f"R{k}" for k in range(len(amounts))],
         "event": "demolish", "date": pd.Timestamp("2022-05-01"), "amount": amounts, "note": ""}
    )  # fmt: skip
    return with_events(city, events)


def test_events_of_some_records_do_not_say_that_the_others_did_nothing():
    row = figure(demolitions([300.0]), "illegal_remediated_area")
    assert (row["unknown"], row["low"]) == (4, 300.0)
    assert np.isnan(row["high"])
    row = figure(demolitions([300.0] * 5), "illegal_remediated_area")
    assert (row["value"], row["unknown"], row["high"]) == (1500.0, 0, 1500.0)


def test_an_event_that_does_not_say_how_much_is_not_one_of_nothing():
    row = figure(demolitions([300.0, 300.0, 300.0, 300.0, np.nan]), "illegal_remediated_area")
    assert (row["unknown"], row["low"]) == (1, 1200.0)
