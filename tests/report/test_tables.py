from __future__ import annotations

import datetime as dt
import gc
import shutil
import subprocess
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

import geo_citymgmt as gcm
from geo_citymgmt._numbers import scale_for
from geo_citymgmt.indicators import load_figures
from geo_citymgmt.profiles import load_profile
from geo_citymgmt.report import (
    by_district,
    definitions,
    exact_value,
    finding_groups,
    format_value,
    headline,
    ledger_table,
    scoreboard,
    value_parts,
    zone_groups,
)
from geo_citymgmt.report._drawings import nice_ceiling
from geo_citymgmt.report._page_parts import board
from geo_citymgmt.report._words import Words, _table
from geo_citymgmt.writing import Book, Column

pytestmark = pytest.mark.xdist_group("report")


def frame(sheet) -> pd.DataFrame:
    rows = [[c.value for c in row] for row in sheet.iter_rows(min_row=3)]
    return pd.DataFrame(rows[1:], columns=rows[0])


def test_the_workbook_has_a_sheet_for_each_topic(tables):
    assert tables.sheetnames == [
        "总览", "板块进度", "板块完成率", "街道", "月度", "推算", "环比同比", "存量变动（面积）",
        "存量变动（处数）", "涉安清零", "板块月度考核", "约谈建议", "督查抽查名单",
        "案件清单（违法建设）", "覆盖空白",
        "供给与可达", "覆盖", "违法建设", "综合管廊",
        "窨井", "停车泊位", "公共自行车与共享单车点位", "公共厕所", "架空线整理道路",
        "户外广告设施", "垃圾处置设施", "居民小区", "便民经营点位", "桥下空间", "重点治理项目",
        "“城商协作”样板道路（街区）",
        "账表核对", "处理能力余缺", "目标", "指标说明", "入库登记", "口径说明",
    ]  # fmt: skip
    assert tables.properties.created == dt.datetime(2022, 6, 30)


def test_the_open_cases_are_in_the_workbook_and_the_worst_stand_first(tables, city):
    cases = frame(tables["案件清单（违法建设）"])
    known = gcm.open_cases(city, as_of="2022-06-30")
    assert set(cases["编号"]) == set(known["parcel_id"]) and len(cases) == len(known) > 1000
    late = known.set_index("parcel_id")["days_left"].reindex(cases["编号"]).to_numpy()
    over = pd.to_numeric(cases["超期天数"]).to_numpy()
    assert all((days == -left) if left < 0 else pd.isna(days)
               for days, left in zip(over, late, strict=True) if pd.notna(left))  # fmt: skip
    # Safety-related ones under listed supervision, then safety-related ones, each by days over.
    marks = cases["重点"].fillna("")
    assert marks.iloc[0] == "涉安 挂牌督办"
    first = cases[marks == marks.iloc[0]]
    assert first.index.tolist() == list(range(len(first)))
    assert pd.to_numeric(first["超期天数"]).dropna().is_monotonic_decreasing


def test_a_list_that_is_long_prints_its_first_page_and_a_wide_table_its_first_columns(tables):
    wide, long = tables["街道"], tables["案件清单（违法建设）"]
    last = openpyxl.utils.range_boundaries(wide.print_area.split("!")[-1])
    assert 5 < last[2] < wide.max_column and last[3] == wide.max_row
    last = openpyxl.utils.range_boundaries(long.print_area.split("!")[-1])
    assert last[3] < 50 < long.max_row and last[2] <= long.max_column
    for sheet in tables:
        assert sheet.page_setup.orientation == "landscape" and sheet.page_setup.paperSize == 9
        assert sheet.print_title_rows == "$3:$3" and sheet.page_setup.fitToWidth in (None, 1)
        area = sheet.print_area
        right = sheet.max_column
        rows = sheet.max_row
        if area:
            _, _, right, rows = openpyxl.utils.range_boundaries(area.split("!")[-1])
        widths = [sheet.column_dimensions[openpyxl.utils.get_column_letter(c)].width
                  for c in range(1, right + 1)]  # fmt: skip
        # At six tenths of its size and more a page can be read.
        assert sum(widths) < 230 or right <= 3, sheet.title
        assert rows <= 253, sheet.title


def test_sheets_are_titled_dated_and_frozen(tables):
    for sheet in tables:
        assert sheet["A1"].value
        assert "截至 2022-06-30" in sheet["A2"].value
        assert sheet.freeze_panes[-1] == "4"


def test_numbers_are_numbers_in_the_formats_of_their_unit(tables):
    sheet = tables["总览"]
    head = [c.value for c in sheet[3]]
    by_name = {
        row[1].value: dict(zip(head, row, strict=True)) for row in sheet.iter_rows(min_row=4)
    }
    assert by_name["治理违法建设面积"]["数值"].value == 3_503_000
    assert by_name["治理违法建设面积"]["数值"].number_format == "#,##0"
    assert by_name["治理违法建设面积"]["折合"].value == "350.3万平方米"
    assert by_name["治理违法建设面积"]["完成率"].value is None
    assert by_name["治理违法建设面积"]["可比性"].value == "口径不同"
    assert by_name["已投入运营管廊"]["数值"].number_format == "#,##0.000"
    assert by_name["窨井新技术应用比例"]["数值"].number_format == "0.0%"
    assert by_name["拆除违法建设面积"]["期限"].value == dt.datetime(2022, 12, 31)
    assert by_name["剩余共享单车投放"]["状态"].value == "数据不足"


def test_districts_add_up_to_the_city(tables):
    table = frame(tables["板块进度"]).set_index("指标")
    figures = load_figures(profile=load_profile("suzhou_2022")).figures
    sums = [f.zh for f in figures.values() if f.adds_up and f.zh in table.index]
    assert len(sums) > 12
    zones = [c for c in table.columns if c not in ("单位", "市区小计", "县级市小计", "全市合计")]
    for name in sums:
        row = table.loc[name]
        total = pytest.approx(row["全市合计"], rel=1e-9)
        assert row[zones].sum() == total
        assert row["市区小计"] + row["县级市小计"] == total


def test_streets_add_up_to_the_city(tables):
    table = frame(tables["街道"])
    total = table[table["板块"] == "全市合计"].iloc[0]
    rest = table[table["板块"] != "全市合计"]
    assert len(rest) >= 118
    for head in ("治理违法建设面积（平方米）", "已投入运营管廊（公里）", "新增共享停车泊位（个）"):
        assert rest[head].sum() == pytest.approx(total[head], rel=1e-9)


@pytest.mark.parametrize("name", ["违法建设", "综合管廊", "窨井", "停车泊位"])
def test_layers_add_up_by_district_and_by_state(tables, name):
    table = frame(tables[name]).set_index("板块")
    total = table.loc["全市合计"]
    assert table.drop(index="全市合计").sum().to_numpy() == pytest.approx(
        total.to_numpy(), rel=1e-9
    )
    states = [k for k, head in enumerate(table.columns) if k > 1 and not head.endswith("）")]
    if name in ("窨井",):
        states = list(range(1, len(table.columns)))
    assert total.iloc[states].sum() == pytest.approx(total.iloc[0], rel=1e-9)


def test_months_grow_into_the_figure(tables, told):
    table = frame(tables["月度"])
    mine = table[(table["指标"] == "治理违法建设面积") & (table["范围"] == "全市合计")]
    assert mine["月末"].dt.month.tolist() == [1, 2, 3, 4, 5, 6]
    assert mine["本月"].sum() == pytest.approx(3_503_000)
    assert mine["累计"].iloc[-1] == pytest.approx(3_503_000)
    assert mine["累计"].is_monotonic_increasing


def test_coverage_says_its_radius_and_adds_up(tables):
    table = frame(tables["覆盖"])
    assert sorted(set(table["半径（米）"])) == [300, 500]
    for _, part in table.groupby("设施"):
        total = part[part["板块"] == "全市合计"].iloc[0]
        rest = part[part["板块"] != "全市合计"]
        for head in ("覆盖面积（平方公里）", "人口（人）", "覆盖人口（人）"):
            assert rest[head].sum() == pytest.approx(total[head], rel=1e-9)


def test_planned_bays_cover_nothing(told):
    reach = next(r for r in told.services if r.service.layer == "bike_stations")
    stations = told.city["bike_stations"]
    assert reach.n_counted < len(stations)
    assert reach.state_known


def test_every_figure_is_defined_with_its_clause(tables, told):
    table = frame(tables["指标说明"]).set_index("指标编号")
    known = load_figures(profile=load_profile("suzhou_2022")).figures
    # Those of layers that the city neither has nor was to have, with no target and nothing
    # reported, are none of its business.
    asked = {*told.city.targets["indicator"], *told.city.reported_figures["figure"]} & set(known)
    absent = set(told.city.specs) - set(told.city) - {known[name].layer for name in asked}
    assert set(table.index) == {key for key, figure in known.items() if figure.layer not in absent}
    row = table.loc["illegal_remediated_area"]
    assert row["不可比原因"] == "口径不同"
    assert "350.3万平方米" in row["文件原文"]
    assert table.loc["manhole_new_tech_share", "分母"] is not None


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_definitions_are_in_words(city, lang):
    table = definitions(city.specs, lang)
    assert not table["numerator"].eq("").any()
    for column in ("numerator", "denominator", "condition", "period"):
        assert not table[column].str.contains(r"[{}]").any()


def test_the_scoreboard_is_a_plain_table(told, city):
    board = scoreboard(told.table, city, "en", labels=False)
    assert board.loc["320583", "name"] == "Kunshan"
    assert board.loc["320583", "group"] == "county"
    assert board["row_kind"].tolist()[-1] == "total"
    zones = board[board["row_kind"] == "zone"]
    name = "illegal_demolished_area"
    assert zones[name].sum() == pytest.approx(board.loc["total", name], rel=1e-9)
    with pytest.raises(ValueError, match="no district has"):
        scoreboard(told.table, city, indicators=["nothing"])


def test_groups_come_from_the_code_where_the_kind_is_missing(city):
    told_by_kind = zone_groups(city.zones)
    assert zone_groups(city.zones.drop(columns="kind")).equals(told_by_kind)


def test_a_measure_stated_twice_is_shown_once(told):
    rows = headline(told.table, told.figures)
    assert "parking_shared_spaces_added" in rows.index
    assert "parking_shared_spaces_task" not in rows.index


def test_the_calendar_is_a_share_of_the_target(told):
    rows = told.headline
    half = 181 / 365
    assert rows.loc["illegal_demolished_area", "expected_share"] == pytest.approx(half)
    # What is to fall by September is further on.
    assert rows.loc["illegal_safety_remaining_area", "expected_share"] == pytest.approx(181 / 273)
    assert pd.isna(rows.loc["manhole_new_tech_share", "expected_share"])


def test_by_district_keeps_the_order_of_the_districts(told, city):
    wide = by_district(told.table)
    assert wide.index.tolist()[:10] == city.zones.index.tolist()


def test_the_ledger_accounts_for_every_record(city):
    ledger = ledger_table(city)
    assert (ledger.walked == ledger.skipped + ledger.accepted + ledger.rejected).all()
    assert "指定" in ledger["crs"].iloc[0]


def test_findings_are_grouped_worst_first(city):
    groups = finding_groups(city)
    assert groups["count"].sum() == len(city.findings)
    assert groups["rank"].is_monotonic_increasing


@pytest.mark.parametrize(
    ("value", "unit", "lang", "shown"),
    [
        (3_503_000, "m2", "zh", "350.3万平方米"),
        (9_500, "m2", "zh", "9,500平方米"),
        (3_503_000, "m2", "en", "3.503 million m²"),
        (15_000, "count", "zh", "15,000"),
        (460_000, "count", "zh", "460,000"),
        (460_000, "persons", "zh", "46万人"),
        (37.8, "km", "zh", "37.8公里"),
        (0.3305, "ratio", "zh", "33.1%"),
        (-0.0001, "km", "en", "0 km"),
        (float("nan"), "m2", "zh", ""),
        (None, "m2", "zh", ""),
        (2, "t/day", "zh", "2吨/日"),
        (12_000, "万元", "zh", "12,000万元"),
        (1.11, "count/km", "zh", "1.11条/公里"),
    ],
)
def test_values_read_as_they_are_said(value, unit, lang, shown):
    assert format_value(value, unit, lang) == shown


def test_the_exact_number_stands_beside_a_shortened_one():
    assert exact_value(3_503_000, "m2") == "3,503,000 平方米"
    assert exact_value(15_000, "count") == ""
    assert value_parts(189, "count", counter="起") == ("189", "起")


@pytest.mark.parametrize("value", [0.3, 1, 38, 1500, 99.5, 3_000_000])
def test_an_axis_ends_above_its_numbers(value):
    assert value <= nice_ceiling(value) <= 1.7 * value


def test_every_text_is_there_in_both_languages():
    table = _table()
    for kind, entries in table.items():
        for key, pair in entries.items():
            if kind == "unit":
                continue
            assert len(pair) == 2, key
            # Between words there is nothing in Chinese.
            assert all(pair) or key == "gap", key
    with pytest.raises(ValueError, match="lang"):
        Words("fr")


def test_stock_and_flow_add_up_by_formula(tables):
    for name in ("存量变动（面积）", "存量变动（处数）"):
        sheet = tables[name]
        head = [c.value for c in sheet[3]]
        rows = [[c.value for c in row] for row in sheet.iter_rows(min_row=4)]
        total = next(row for row in rows if row[0] == "全市合计")
        zones = pd.DataFrame(rows[: rows.index(total)], columns=head)
        assert len(zones) == 10
        last = 3 + len(zones)
        assert total[1:] == [f"=SUM({c}4:{c}{last})" for c in "BCDEFGH"]
        kept = zones["年初存量"] + zones["新发现"] + zones["反弹"] - zones["治理"] - zones["排除"]
        assert (kept == zones["期末存量"]).all()
        assert (zones["净增减"] == zones["期末存量"] - zones["年初存量"]).all()


def test_the_outlook_asks_for_what_remains(tables):
    table = frame(tables["推算"]).set_index("指标")
    row = table.loc["城市道路窨井整治（已验收）"]
    assert (row["剩余"], row["剩余天数"]) == (1820, 184)
    assert row["每日需完成"] == pytest.approx(1820 / 184)
    assert row["最早"] < row["推算达标日期"] < row["最迟"]
    # What does not compare is not projected, and says so.
    assert pd.isna(table.loc["治理违法建设面积", "剩余"])
    assert table.loc["治理违法建设面积", "不能推算"] == "完成数与目标不可比"


def test_periods_differ_by_what_they_say(tables):
    table = frame(tables["环比同比"]).dropna(subset=["数值", "上期", "环比增减"])
    assert len(table) > 20
    assert (table["数值"] - table["上期"]).tolist() == pytest.approx(table["环比增减"].tolist())


def test_supply_is_what_the_layer_holds(tables, told):
    table = frame(tables["供给与可达"])
    whole = table[table["板块"] == "全市合计"]
    lots = told.city["parking_points"]
    spaces = lots.loc[lots["status"] == "open", "spaces_total"].sum()
    assert whole["数值"].iloc[0] == spaces
    assert whole["每 1,000 人拥有"].iloc[0] == pytest.approx(1000 * spaces / 12748262, rel=1e-6)
    assert whole["基尼系数"].between(0, 1).all()


def test_gaps_are_listed_most_people_first(told):
    for reach in told.services:
        missed = reach.table.loc["total", "demand"] - reach.table.loc["total", "demand_covered"]
        assert reach.gaps["demand"].is_monotonic_decreasing
        assert 0 < reach.gaps["demand"].sum() < missed


def test_libreoffice_opens_the_workbook_and_finds_the_same_numbers(report, tables, tmp_path):
    soffice = shutil.which("soffice")
    if soffice is None:
        pytest.skip("LibreOffice is not installed")
    profile = (tmp_path / "profile").as_uri()
    made = subprocess.run(
        [soffice, f"-env:UserInstallation={profile}", "--headless", "--convert-to",
         "xlsx:Calc MS Excel 2007 XML", "--outdir", str(tmp_path), str(report["tables"])],
        check=True, capture_output=True, timeout=300,
    )  # fmt: skip
    assert b"Error" not in made.stderr
    again = openpyxl.load_workbook(tmp_path / "tables.xlsx", data_only=True)
    cached = openpyxl.load_workbook(report["tables"], data_only=True)
    assert again.sheetnames == cached.sheetnames
    compared = 0
    for sheet in tables:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type == "f":
                    compared += 1
                    kept = cached[sheet.title][cell.coordinate].value
                    assert again[sheet.title][cell.coordinate].value == pytest.approx(kept)
    assert compared == 14


@pytest.mark.parametrize(
    ("unit", "value", "shown"),
    [("count/km", 6 / 9.44, "0.64"), ("count", 1180.0, "1,180"), ("km", 37.8, "37.800"),
     ("ratio", 0.331, "33.1"), ("m2", 2_612_000.0, "261.20")],
)  # fmt: skip
def test_a_column_of_the_districts_keeps_the_decimals_its_unit_needs(unit, value, shown):
    assert scale_for([value], unit, "zh").text(value) == shown


def test_the_districts_tell_risks_per_km_as_their_card_does(told):
    texts = str(board(told)["plain"])
    assert "每公里风险条数" in texts
    value = told.headline.loc["tunnel_risk_items_per_km", "value"]
    assert 0 < value < 1
    assert f"'{value:.2f}'" in texts


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_is_one_error_and_not_another_when_the_workbook_is_dropped(monkeypatch):
    # An archive that cannot be ended says so once more when it is collected, past every handler.
    past = []
    monkeypatch.setattr("sys.unraisablehook", past.append)
    book = Book(Path("/dev/full"), title="a", created=None, note="")
    with pytest.raises(OSError, match="No space"), book:
        book.sheet("a", [Column("b")], [["c"]])
    del book
    gc.collect()
    assert past == []


def test_a_day_is_a_date_in_the_sheet_and_one_before_its_calendar_a_text(tmp_path):
    days = [pd.Timestamp("1899-12-31"), dt.date(1900, 2, 28), pd.Timestamp("1900-03-01"),
            np.datetime64("2022-06-30"), dt.datetime(2022, 6, 30, 12), pd.NaT, None]  # fmt: skip
    path = tmp_path / "days.xlsx"
    with Book(path, title="days", created=None, note="") as book:
        book.sheet("days", [Column("day", "date")], [[day] for day in days])
    cells = [row[0].value for row in openpyxl.load_workbook(path)["days"].iter_rows(min_row=4)]
    assert cells == [
        "1899-12-31", "1900-02-28", dt.datetime(1900, 3, 1), dt.datetime(2022, 6, 30),
        dt.datetime(2022, 6, 30, 12), None, None,
    ]  # fmt: skip
