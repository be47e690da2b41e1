"""What the page says while all is folded: the data, sentences, figures by distance, lines."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import geo_citymgmt as gcm
from geo_citymgmt.findings import CODES, Findings
from geo_citymgmt.report import ledger_table, summary
from geo_citymgmt.report._page import page_content, render_page
from geo_citymgmt.report._page_first import completeness, errors_view, sentences, targets_view
from tests.conftest import with_layers
from tests.report.conftest import bikes, write, zones

pytestmark = pytest.mark.xdist_group("report")


def test_the_first_line_counts_layers_records_and_days(told, city):
    ledger = city.ledger
    line = completeness(told)
    assert f"{len(ledger)} 个图层有记录" in line
    assert f"读取 {ledger['n_records'].sum():,} 条，退回 {ledger['n_rejected'].sum():,} 条" in line
    assert "数据日期均为 2022-06-30" in line


def test_layers_without_records_or_dates_and_several_days_are_told(told):
    ledger = told.city.ledger.copy()
    ledger["data_date"] = pd.to_datetime(ledger["data_date"])
    ledger.loc[0, ["n_accepted", "n_records"]] = 0
    ledger.loc[1, "data_date"] = pd.NaT
    ledger.loc[2, "data_date"] = pd.Timestamp("2022-05-31")

    class City:
        unit, specs, findings = told.city.unit, told.city.specs, told.city.findings

    city = City()
    city.ledger = ledger
    line = completeness(replace(told, city=city))
    assert "1 个图层没有记录" in line
    assert "数据日期 2022-05-31 至 2022-06-30" in line
    assert "1 个图层未注明日期" in line


def test_distance_is_from_the_pace_and_of_a_level_from_its_target(told):
    rows = told.headline
    # 2.612 of 15 million m² on day 181 of 365.
    assert rows.loc["illegal_demolished_area", "distance"] == pytest.approx(2.612 / 15 - 181 / 365)
    # 390 of 1,180 manholes in a new technology, 30 % asked for.
    assert rows.loc["manhole_new_tech_share", "distance"] == pytest.approx(390 / 1180 - 0.3)
    assert pd.isna(rows.loc["illegal_remediated_area", "distance"])


def test_the_figures_with_targets_stand_by_their_distance(told):
    view = targets_view(told)
    shown = [row["distance"] for row in view["rows"] if row["distance"] != "–"]
    numbers = [float(text.replace("−", "-")) for text in shown]
    assert len(numbers) > 10
    assert numbers == sorted(numbers)
    # What does not compare is at the end, with the reason.
    last = view["rows"][-1]
    assert last["status"] == "not_comparable"
    assert last["status_name"] in ("口径不同", "范围不同", "范围待确认")
    # What is behind by no number is not among those.
    behind = [k for k, row in enumerate(view["rows"]) if row["status"] in ("behind", "overdue")]
    assert behind == list(range(len(behind)))
    aimed = told.headline[told.headline["target"].notna()]
    assert len(view["rows"]) == aimed["value"].notna().sum()
    assert "有目标而没有数据" in view["note"]


def test_the_sentences_are_of_the_furthest_behind_and_then_of_what_is_met(told):
    said = sentences(told)
    names = [row["name"] for row in targets_view(told)["rows"]]
    behind = [item["text"] for item in said if item["status"] == "behind"]
    assert [name for name, text in zip(names, behind, strict=False) if name in text] == names[:3]
    assert [item["status"] for item in said] == ["behind"] * 3 + ["met", "ahead"]
    assert behind[0].startswith(
        "涉安违建剩余处数1,410处，较年初减少11.0%，低于时序进度55.3个百分点"
    )
    assert behind[0].endswith("9月底前须月均减少470处，为6月（161处）的2.9倍。")
    assert "尚无完成，目标38个" in " ".join(behind)
    met = next(item["text"] for item in said if item["status"] == "met")
    assert "窨井新技术应用比例33.1%" in met


def test_what_is_behind_by_no_number_has_a_sentence_without_one(told):
    rows = told.headline
    rows = rows[rows["status"].eq("behind") & rows["attainment"].isna() & rows["value"].notna()]
    assert rows.index.tolist() == ["waste_exported"]
    alone = replace(told)
    alone.__dict__["headline"] = rows
    (said,) = sentences(alone)
    assert said["text"] == "生活垃圾外运量8,777吨，未达目标。"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_each_head_of_a_section_says_one_thing(told, content_of, lang):
    content = content_of(lang)
    lines = content["lines"]
    sections = {"targets", "progress", "scoreboard", "monthly", "outlook", "periods", "assessment",
                "coverage", "reported", "supply", "layers", "quality"}  # fmt: skip
    assert set(lines) == sections
    assert all(0 < len(line) < 140 and "\n" not in line for line in lines.values())
    mains = {d["key"]: d["main"]["name"] for d in content["domains"]}
    # The figure with a target that is furthest behind, else the first.
    furthest = told.headline.loc["illegal_safety_remaining_count"]
    assert mains["illegal_construction"] == furthest["name_zh" if lang == "zh" else "name_en"]
    assert len(mains) == len(content["domains"])


def test_what_is_not_the_business_of_a_city_is_not_listed(two_layers):
    def absent() -> str:
        reasons = dict(page_content(summary(gcm.load_city(two_layers)))["missing"])
        return reasons.get("来源中没有的图层，相应指标不列", "")

    assert absent() == ""
    # A target makes it the city's, and so does a reported value.
    (two_layers / "targets.csv").write_text(
        "indicator,zone_code,target,unit,deadline\nmanhole_remediated,city,3000,,2022-12-31\n",
        encoding="utf-8",
    )
    (two_layers / "reported.csv").write_text(
        "figure,zone,period,value,unit,source,clause\ncases_investigated,,2022-06,5,件,报表,\n",
        encoding="utf-8",
    )
    (two_layers / "city.toml").write_text(
        'data_date = 2022-06-30\ntargets = "targets.csv"\nreported = "reported.csv"\n',
        encoding="utf-8",
    )
    assert absent() == "窨井；执法情况月报"


def test_one_script_runs_and_it_is_the_page_s_own(sample_page):
    page = sample_page
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.S)
    # What else stands in a script element is data, which no browser runs.
    assert page.count("<script") == 1 + page.count('<script type="application/json">')
    policy = html.unescape(re.search(r'Content-Security-Policy" content="([^"]+)"', page)[1])
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}';" in policy
    assert "unsafe" not in policy
    assert len(page.encode()) < 1_500_000


def test_a_city_without_targets_has_neither_sentences_nor_their_table(tmp_path):
    write(zones(), tmp_path / "c", "districts")
    content = page_content(summary(gcm.load_city(tmp_path / "c")))
    assert content["sentences"] == []
    assert content["targets"] is None
    assert "未注明日期" in content["data"]


def test_errors_of_the_data_stand_before_the_figures_with_what_to_do(tmp_path):
    write(zones(), tmp_path / "c", "districts")
    holes = bikes([""] * 8, manhole_id=[f"M{k}" for k in range(8)], status=["normal"] * 8)
    write(holes.drop(columns="name"), tmp_path / "c", "manholes")
    results = summary(gcm.load_city(tmp_path / "c"))
    view = page_content(results)
    (row,) = view["errors"]["rows"]
    assert row["head"] == "窨井，8 条："
    assert "“normal”" in row["text"]
    assert 'values.status = { "normal" = "?" }' in row["remedy"]
    # The first line counts the same, and so does the head of the section, which is open.
    assert "错误 8 条" in view["data"] and "其中错误 8 条" in view["lines"]["quality"]
    page = render_page(results)
    order = [page.index(part) for part in ('id="errors"', 'class="data"', 'class="verdict"')]
    assert order == sorted(order)
    assert re.search(r'<section id="quality">\s*<details open', page)


def test_where_nothing_is_wrong_no_error_is_told(content_of, sample_page):
    view = content_of("zh")
    assert view["errors"] is None
    assert "错误" not in view["data"] + view["lines"]["quality"]
    assert re.search(r'<section id="quality">\s*<details>', sample_page)


def test_no_more_kinds_of_errors_stand_at_the_top_than_can_be_read(told):
    found = Findings("manholes")
    for code in list(CODES)[:7]:
        found.add(code, records=np.array([0, 1]), severity="error")
    wrong = found.frame()
    city = with_layers(told.city, "manholes")
    city = replace(city, layers={"manholes": replace(city.layers["manholes"], findings=wrong)})
    view = errors_view(replace(told, city=replace(city, findings=wrong)))
    assert (view["n"], len(view["rows"])) == ("14", 5)
    assert view["next"].startswith("另有 2 类错误。")


def test_records_without_a_place_are_told_with_what_they_measure(told):
    lots = told.city.layers["parking_points"]
    data = lots.data.set_geometry(lots.data.geometry.mask(lots.data.index < 3))
    city = with_layers(told.city, "parking_points")
    city = replace(city, layers={"parking_points": replace(lots, data=data)})
    without = f"{data['spaces_total'].iloc[:3].sum():,.0f}"
    whole = f"{data['spaces_total'].sum():,.0f}"
    view = page_content(summary(city, "2022-06-30"))
    (domain,), (card,) = view["domains"], view["layers"]
    for text in (view["data"], domain["records"], card["unlocated"]):
        assert f"未落图 3 条（停车泊位数 {without}，共 {whole}）" in text
    assert ledger_table(city).set_index("layer").loc["停车泊位", "unlocated"] == 3
    assert "未落图" not in completeness(told)


def test_what_a_small_city_has_is_open(undated, only_districts):
    # No figure at all: what the layers hold, which the first line promises, is in sight.
    page = render_page(summary(only_districts))
    assert re.search(r'<section id="layers">\s*<details open', page)
    # One layer with figures: nothing is gained by folding it.
    page = render_page(summary(undated))
    assert re.findall(r'<details class="domain"[^>]*>', page) == ['<details class="domain" open>']


def test_a_layer_of_another_city_is_an_error_and_its_row_counts_what_lies_outside(tmp_path):
    write(zones(), tmp_path / "c", "districts")
    stops = bikes([f"{k}号站" for k in range(4)], stop_id=[f"S{k}" for k in range(4)])
    stops = stops.set_geometry(stops.geometry.translate(0, 500_000))
    write(stops, tmp_path / "c", "transit_stops")
    city = gcm.load_city(tmp_path / "c")
    assert len(city["transit_stops"]) == 4
    view = page_content(summary(city))
    (error,) = view["errors"]["rows"]
    assert error["head"] == "轨交与公交站点："
    assert error["text"].startswith("全部 4 条记录都在各区县之外")
    ledger = {row["layer"]: row["apart"] for row in view["ledger"]}
    cards = {card["key"]: card["unlocated"] for card in view["layers"]}
    assert ledger["轨交与公交站点"] == cards["transit_stops"] == "市域外 4"
    assert ledger["区县"] == cards["districts"] == ""
    table = ledger_table(city).set_index("layer")
    assert table.loc["轨交与公交站点", "outside"] == 4


def test_a_day_that_nobody_stated_is_told_unless_it_was_asked_for(tmp_path):
    write(zones(), tmp_path, "districts")
    write(bikes(["A", "B"], update_date=["2024-02-01", "2024-03-05"]), tmp_path, "bike_stations")
    city = gcm.load_city(tmp_path)
    for day, told in ((None, True), ("2024-03-01", False)):
        warnings = page_content(summary(city, day, "zh"))["warnings"]
        assert any("没有写明数据日期" in each["text"] for each in warnings) is told
