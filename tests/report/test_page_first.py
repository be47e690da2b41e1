"""The first screen of the page: tasks, their sentences by rule, the districts by what is due."""

from __future__ import annotations

import re
from dataclasses import replace
from importlib import resources

import numpy as np
import pandas as pd
import pytest

from geo_citymgmt.figures._tables import monthly_need, months_last, standings, zone_groups
from geo_citymgmt.maps._classes import ladder
from geo_citymgmt.report._drawings import STATUS_COLORS, below_classes, below_due
from geo_citymgmt.report._page import page_content
from geo_citymgmt.report._page_first import reporting, tasks_view
from geo_citymgmt.report._sheet import SheetMaker

pytestmark = pytest.mark.xdist_group("report")


@pytest.fixture(scope="module")
def view(told):
    return {task["figure"]: task for task in tasks_view(told)["tasks"]}


def test_each_figure_with_a_target_and_a_value_is_a_task_the_furthest_behind_first(told, view):
    aimed = told.headline[told.headline["target"].notna() & told.headline["value"].notna()]
    assert set(view) == set(aimed.index)
    shown = [t["distance"].replace("−", "-") for t in view.values() if t["distance"] != "–"]
    assert [float(text) for text in shown] == sorted(float(text) for text in shown)


def test_the_task_shown_first_is_the_furthest_behind_whose_districts_have_targets(view):
    (first,) = [name for name, task in view.items() if task["first"]]
    # 涉安处数 is further behind, but has targets for the whole city alone.
    assert first == "illegal_safety_remaining_area"
    assert list(view).index(first) == 1


def test_the_sentence_says_what_is_needed_and_how_many_times_the_month(view):
    # 2,574,000 m² in three months; June took 2,717,459 - 2,574,000 away.
    needed, june = 2_574_000 / 3, 143_459
    sentence = view["illegal_safety_remaining_area"]["sentence"]
    assert sentence.startswith("截至6月30日，涉安违建剩余面积257.4万平方米，较年初减少11.7%")
    said = re.search(
        r"9月底前须月均减少([\d.]+)万平方米，为6月（([\d.]+)万平方米）的([\d.]+)倍", sentence
    )
    assert float(said[1]) == pytest.approx(needed / 1e4, abs=0.01)
    assert float(said[2]) == pytest.approx(june / 1e4, abs=0.01)
    assert float(said[3]) == pytest.approx(needed / june, abs=0.05)
    assert sentence.endswith("10个板块均低于时序进度，工业园区相差最大（65.8个百分点）。")
    # Nothing came in June: no number of times.
    assert view["overhead_started"]["sentence"].endswith("年底前须月均完成13条，6月无新增。")


def test_why_says_what_other_figures_of_a_layer_there_are(told, view):
    why = view["manhole_remediated"]["why"]
    said = {step["name"]: step["value"] for step in why["steps"]}
    assert why["title"] == "为什么：窨井有关数字（年初以来）"
    known = told.headline["value"]
    assert said["发现病害窨井"] == f"{known['manhole_found_count']:,.0f}个"
    assert said["待整治窨井"] == f"{known['manhole_open_count']:,.0f}个"
    # Its own number stands above; shares and figures of a part of the records say no why.
    assert "城市道路窨井整治（已验收）" not in said and len(said) == 3
    # A campaign has the whole account.
    assert [s["sign"] for s in view["illegal_demolished_area"]["why"]["steps"]][:2] == ["", "+"]


def test_why_says_that_it_is_not_known_where_no_figure_tells(told):
    aimed = told.headline.index[told.headline["target"].notna()]
    bare = replace(told, campaigns=[], table=told.table[told.table["indicator"].isin(aimed)])
    views = {task["figure"]: task["why"] for task in tasks_view(bare)["tasks"]}
    assert {why["note"] for why in views.values()} == {"没有存量、新增等数字，原因不明。"}
    assert not any(why["steps"] for why in views.values())


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_no_sentence_says_what_a_bureau_does_not_print(summary_of, lang):
    tasks = tasks_view(summary_of("2022-06-30", lang))["tasks"]
    text = "".join(task["sentence"] for task in tasks)
    for word in ("应达", "居前", "未完成任务", "nan", "None", "{", "  ", "。。"):
        assert word not in text
    assert all(task["sentence"].endswith("。" if lang == "zh" else ".") for task in tasks)


def test_districts_that_rose_are_named(told):
    table = told.table.copy()
    here = table["indicator"].eq("illegal_safety_remaining_area") & table["level"].eq("district")
    table.loc[here & table["zone_code"].isin(["320505", "320507"]), "attainment"] = -0.05
    rose = {t["figure"]: t for t in tasks_view(replace(told, table=table))["tasks"]}
    assert rose["illegal_safety_remaining_area"]["sentence"].endswith(
        "高新区（虎丘区）、相城区不降反升。"
    )


def test_the_districts_stand_by_their_distance_with_the_class_of_the_map(told, view):
    zones = view["illegal_demolished_area"]["zones"]
    rows = told.table[
        told.table["indicator"].eq("illegal_demolished_area") & told.table["level"].eq("district")
        & told.table["row_kind"].eq("zone")
    ].set_index("zone_code")  # fmt: skip
    distance = (rows["attainment"] - rows["expected"] / rows["target"]).sort_values()
    assert [row["name"] for row in zones["rows"]] == told.zone_names[distance.index].tolist()
    shown = [float(row["shown"].replace("−", "-")) for row in zones["rows"]]
    assert shown == pytest.approx((distance * 100).round(1).tolist())
    assert [row["rest"] for row in zones["rows"]] == [False] * 5 + [True] * 5
    drawn = re.findall(r'<use href="#z(\d+)" class="(\w+)"', zones["map"])
    order = {str(code): k for k, code in enumerate(told.city.zones.index)}
    expected = {order[code]: below_due(value) for code, value in distance.items()}
    assert {int(k): kind for k, kind in drawn} == expected
    # Whoever is furthest behind is darkest.
    assert expected[order[distance.index[0]]] == max(expected.values())


def test_no_legend_has_the_darkest_class_hold_its_limit(told):
    """以上 includes the number before it, but 60 points below are of the class that ends there."""
    assert below_due(-0.6) == "d4" and below_due(-0.601) == "d5"
    assert below_classes(told.words)[-2:] == [("d4", "大于 40 至 60"), ("d5", "大于 60")]


def test_the_map_on_paper_has_the_classes_of_the_page_under_the_same_names(told, view):
    maker = SheetMaker(told)
    drawn = maker.map_sheet(None).drawn
    shown = next(z for t, z in view.items() if told.headline.loc[t, "name_zh"] in drawn.title)
    page = dict(shown["zones"]["legend"]).values()
    assert {label for label, *_ in drawn.legend} <= set(page)
    # Letters are read on the colour they stand on.
    fills = {fill for _, fill in drawn.areas}
    assert {name.ground for name in drawn.names} == fills and len(fills) > 1


def test_without_targets_of_districts_they_stand_by_value_and_the_map_says_so(view):
    zones = view["illegal_safety_remaining_count"]["zones"]
    values = [float(row["shown"].replace(",", "")) for row in zones["rows"]]
    assert values == sorted(values, reverse=True)
    assert "没有分解目标" in zones["note"]
    assert "数值越大" in zones["title"]
    assert not zones["by_distance"]


def test_classes_of_values_are_the_same_on_every_day_of_the_year(told):
    legends = []
    for day in sorted(told.series["as_of"].unique())[-2:]:
        then = replace(told, table=told.series[told.series["as_of"].eq(day)])
        task = next(t for t in tasks_view(then)["tasks"]
                    if t["figure"] == "illegal_safety_remaining_count")  # fmt: skip
        legends.append(task["zones"]["legend"])
    assert legends[0] == legends[1]
    limits = [label.split("–")[-1].replace(",", "").strip("> ") for _, label in legends[0]]
    rows = told.series[told.series["indicator"].eq("illegal_safety_remaining_count")]
    values = rows.loc[rows["level"].eq("district"), "value"]
    assert float(legends[0][0][1].split("–")[0]) <= values.min()
    assert values.max() <= float(limits[-1])


def test_a_value_has_the_colour_of_the_map_s_classes(told, view):
    zones = view["illegal_safety_remaining_count"]["zones"]
    fills = dict(re.findall(r'<use href="#z(\d+)" fill="(#\w+)"', zones["map"]))
    steps = ladder("count")
    at = {row["place"]: float(row["shown"].replace(",", "")) for row in zones["rows"]}
    assert len(at) == 10
    assert {int(k): color for k, color in fills.items()} == {
        place: steps.colors[int(steps.index(value))] for place, value in at.items()
    }
    assert set(fills.values()) <= {color for color, _ in zones["legend"]}


def test_the_last_district_of_each_group_and_since_when_by_another_way(told):
    series, groups = told.series, zone_groups(told.city.zones)
    found = months_last(series, groups).set_index(["indicator", "group"])
    rows = standings(series)
    wide = rows[rows["indicator"].eq("illegal_demolished_area")].pivot_table(
        index="as_of", columns="zone_code", values="distance"
    )
    for group in ("urban", "county"):
        last = wide[[zone for zone in wide.columns if groups[zone] == group]].idxmin(axis=1)
        run = int((last[::-1] == last.iloc[-1]).cumprod().sum())
        assert found.loc[("illegal_demolished_area", group)].tolist() == [last.iloc[-1], run]


def test_two_that_are_last_together_and_a_group_of_one_have_no_last(told):
    rows = told.table[told.table["indicator"].eq("illegal_demolished_area")].copy()
    here = rows["level"].eq("district")
    groups = pd.Series("one", index=told.city.zones.index)
    assert len(months_last(rows, groups)) == 1
    rows.loc[here, ["attainment"]] = 0.1
    rows.loc[here, "expected"] = rows.loc[here, "target"] * 0.5
    assert months_last(rows, groups).empty
    alone = pd.Series(range(len(groups)), index=groups.index)
    assert months_last(rows, alone).empty


def test_a_month_that_has_not_ended_or_brought_nothing_is_no_base(told):
    need = told.need
    assert np.isnan(need.loc["overhead_started", "times"])
    months = told.months.assign(complete=False)
    assert monthly_need(told.outlook, months, told.figures)["times"].isna().all()
    # A fall is what is gone, whatever the sign of the change.
    assert need.loc["illegal_safety_remaining_count", "brought"] == 1571 - 1410


def test_this_month_stands_beside_last_month_and_last_year_for_each_district(told, view):
    part = view["illegal_demolished_area"]["months"]
    june, may = 655_735, 354_214
    assert part["rows"][0]["cells"][0] == f"{june / 1e4:.2f}"
    assert part["rows"][0]["cells"][1] == f"{may / 1e4:.2f}"
    assert part["rows"][0]["cells"][2][1] == f"+{(june / may - 1) * 100:.1f}%"
    assert len(part["rows"]) == 1 + len(told.city.zones)
    # From a base of 3 a share says nothing: both numbers stand there.
    toilets = view["toilets_urban_built"]["months"]["rows"][0]
    assert toilets["cells"][:3] == ["9", "6", "+3"]


def test_what_moved_the_stock_adds_up(view):
    steps = [s["value"] for s in view["illegal_safety_remaining_area"]["why"]["steps"]]
    opening, found, relapsed, closed, dismissed, closing = (
        int(text.replace(",", "")) for text in steps[:6]
    )
    assert opening + found + relapsed - closed - dismissed == closing


def test_without_districts_a_task_has_neither_map_nor_list(unzoned_told):
    tasks = tasks_view(unzoned_told)["tasks"]
    assert len(tasks) > 15
    assert all(task["zones"] is None for task in tasks)


def test_the_chooser_works_by_style_alone(told, sample_page, content_of):
    page = sample_page
    n = len(told.tasks)
    assert len(re.findall(r'<input type="radio"[^>]* name="task"', page)) == n
    for k in range(1, n + 1):
        assert f"#task-{k}:checked~.stage>.task-{k}{{display:block}}" in page
        assert f'<label for="task-{k}">' in page
    content = content_of("zh")
    shown = {task["chart"]["figure"] for task in content["tasks"]["tasks"] if task["chart"]}
    assert shown.isdisjoint(chart["figure"] for chart in content["charts"])


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_each_mark_is_said_where_it_stands(content_of, lang):
    content = content_of(lang)
    names = dict(content["tasks"]["marks"])
    for task in content["tasks"]["tasks"]:
        assert task["status_name"] in names[task["status"]].split(" / ")
        if task["zones"] and task["zones"]["by_distance"]:
            there = dict(task["zones"]["marks"])
            for row in task["zones"]["rows"]:
                assert row["status_name"] in there[row["status"]].split(" / ")
    board = content["board"]["aimed"]
    cells = [c for b in board["blocks"] for row in b["rows"] for c in row["cells"] if c["share"]]
    there = dict(content["board"]["marks"])
    assert cells and all(c["status_name"] in there[c["status"]] for c in cells)


def test_no_district_of_the_map_is_without_its_number(told, view, content_of):
    task = view["illegal_safety_remaining_area"]
    assert {f'data-of="{k}"' for k in range(len(told.city.zones))} <= set(
        re.findall(r'data-of="\d+"', task["zones"]["map"])
    )
    assert task["zones"]["map"].count('class="leader"') == 1
    spots = content_of("zh")["campaigns"][0]["spots"]["map"]
    named = re.findall(r'<text class="name"[^>]*>([^<]+)<', spots)
    assert sorted(named) == sorted(told.zone_names)


def test_who_is_to_report_has_a_target_or_a_reported_figure(told):
    def said(key, reported):
        layers = []
        for layer in told.layers:
            totals = layer.totals.copy()
            if layer.spec.key == key:
                totals.loc["320508", "count"] = 0
            layers.append(replace(layer, totals=totals))
        figures = told.city.reported_figures
        row = figures.iloc[:1].assign(figure="bike_bays_added", zone="320508")
        figures = pd.concat([figures, row]) if reported else figures
        return reporting(
            replace(told, layers=layers, city=replace(told.city, reported_figures=figures))
        )

    assert said("", False).startswith("应报（有任务或上报数）的 10 个板块都有记录；")
    # Parcels have targets by district, stations have none: those are due once a figure is told.
    parcels = "应报（有任务或上报数）而没有违法建设记录：姑苏区"
    assert parcels in said("illegal_construction", False)
    assert "都有记录" in said("bike_stations", False)
    assert "记录：姑苏区" in said("bike_stations", True)


@pytest.mark.parametrize("status", STATUS_COLORS)
def test_how_a_task_stands_has_one_colour_on_page_map_and_paper(status):
    page = (resources.files("geo_citymgmt.report") / "page.css").read_text(encoding="utf-8")
    shown = resources.files("geo_citymgmt.maps") / "page" / "citymap.css"
    of_map, color = shown.read_text(encoding="utf-8"), STATUS_COLORS[status]
    assert f"--{status}: {color};" in page
    assert f".gcm-fill-{status} {{ background: {color}; }}" in of_map
    assert re.search(rf"\.gcm-status-{status} {{[^}}]* color: {color}; }}", of_map)


def test_a_map_in_one_colour_says_so_and_what_tells_its_districts_apart(told, view):
    name = "illegal_safety_remaining_area"
    assert view[name]["zones"]["flat"] == ""
    table = told.standings.copy()
    held = table["indicator"].eq(name) & table["distance"].notna()
    n = int(held.sum())

    def drawn(distance):
        flat = replace(told)
        flat.__dict__["standings"] = table.assign(distance=table["distance"].mask(held))
        flat.__dict__["standings"].loc[held, "distance"] = distance
        return next(t["zones"] for t in tasks_view(flat)["tasks"] if t["figure"] == name)

    zones = drawn(np.linspace(-0.72, -0.61, n))
    assert set(re.findall(r'class="(d\d)"', zones["map"])) == {"d5"}
    assert zones["flat"].startswith(f"{n}个板块都在同一档（−72.0 至 −61.0 个百分点）")
    assert drawn(-0.5)["flat"] == f"{n}个板块相同（−50.0 个百分点），图上只有一种颜色。"


def test_where_there_is_one_date_nothing_is_compared(told, content_of):
    alone = {"previous": np.nan, "year_ago": np.nan}
    day = pd.Timestamp("2022-06-30")
    one = replace(
        told,
        months=told.months.assign(**alone),
        periods=told.periods.assign(**alone),
        courses=told.courses[told.courses["as_of"].eq(day)],
    )
    content = page_content(one)
    assert content["periods"] == [] and content["charts"] == []
    assert all(t["months"] is None and t["chart"] is None for t in content["tasks"]["tasks"])
    before = content_of("zh")
    assert before["periods"] and any(t["months"] for t in before["tasks"]["tasks"])
