"""Sheets as offices lay them out: form lines, levels of headings, rows that are no records."""

from __future__ import annotations

import numpy as np
import openpyxl
import pandas as pd
import pytest
import shapely

import geo_citymgmt as gcm
from geo_citymgmt.reading import _sheet as sheets
from geo_citymgmt.reading._coordinates import place_records
from geo_citymgmt.reading._headings import find_headings, kinds_below
from geo_citymgmt.reading._sheet import Sheet
from geo_citymgmt.reading._table import read_table, table_of

RECORDS = [[f"J{k:03d}", "人民路", 120.6 + k / 100, 31.3] for k in range(1, 5)]
HEADINGS = ["窨井编号", "道路名称", "经度", "纬度"]


def book(path, rows, *, merged=(), errors=(), hidden=()):
    """Write ``rows`` as the only sheet of a workbook."""
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    for row in rows:
        sheet.append(row)
    for cells in merged:
        sheet.merge_cells(cells)
    for name, text in errors:
        sheet[name] = text
        sheet[name].data_type = "e"
    for number in hidden:
        sheet.row_dimensions[number].hidden = True
    workbook.save(path)
    return path


def told(raw, code):
    table = raw.findings.frame()
    return table[table["code"] == code]


@pytest.mark.parametrize(
    "line",
    [
        ["填报单位：", "姑苏区城管局", "联系人：", "某人"],
        ["填报单位：姑苏区城管局", "", "填报日期：2022年6月30日"],
        ["填报单位", "姑苏区城管局"],
        ["苏州市窨井台账"],
    ],
)
def test_what_stands_above_the_headings_is_no_heading(line):
    raw = table_of(Sheet([line, HEADINGS, *RECORDS]), "t")
    assert list(raw.frame.columns) == HEADINGS
    assert raw.frame["窨井编号"].tolist() == ["J001", "J002", "J003", "J004"]
    assert raw.labels()[0] == "第 3 行"


@pytest.mark.parametrize("rows", [[[""]], [["", " "], ["", ""]]])
def test_a_sheet_of_blank_cells_is_refused_for_its_headings(rows):
    with pytest.raises(gcm.SourceError, match="no row of headings"):
        table_of(Sheet(rows), "t")


def test_headings_that_all_end_in_a_colon_are_headings_without_it():
    raw = table_of(Sheet([[f"{name}：" for name in HEADINGS], *RECORDS]), "t")
    assert list(raw.frame.columns) == HEADINGS


@pytest.mark.parametrize(
    ("line", "unit"),
    [
        (["", "", "", "单位：万平方米"], "万平方米"),
        (["违法建设台账（单位：亩）"], "亩"),
        (["填报单位：某局", "", "计量单位：", "平方米"], "平方米"),
        (["单位：平方米、个"], "平方米、个"),
        (["Ledger (unit: km2)"], "km2"),
        (["填报单位：某局"], ""),
        (["单位：姑苏区城管局"], ""),
    ],
)
def test_a_unit_stated_once_is_handed_on_and_an_office_is_no_unit(line, unit):
    raw = table_of(Sheet([line, HEADINGS, *RECORDS]), "t")
    assert raw.stated_unit == unit
    assert len(raw.frame) == 4


def test_equal_lower_headings_bear_the_upper_one(tmp_path):
    path = book(
        tmp_path / "a.xlsx",
        [
            ["违建编号", "违建面积", "本月", None, "累计", None, "经度", "纬度"],
            [None, None, "拆除面积", "户数", "拆除面积", "户数"],
            *[[f"W{k}", 500, 10, 1, 300, 7, 120.6, 31.3] for k in range(3)],
        ],
        merged=["A1:A2", "B1:B2", "C1:D1", "E1:F1"],
    )
    raw = read_table(path)
    assert list(raw.frame.columns) == [
        *["违建编号", "违建面积", "本月/拆除面积", "本月/户数"],
        *["累计/拆除面积", "累计/户数", "经度", "纬度"],
    ]
    assert raw.frame["累计/拆除面积"].tolist() == [300, 300, 300]
    assert "本月/拆除面积" in told(raw, "TABLE_LEVELS")["value"].iloc[0]
    layer = gcm.read_layer(path, "illegal_construction", crs="EPSG:4490")
    # Which of the two it is, is not guessed.
    assert "demolished_area_m2" not in layer.data.columns
    assert layer.data["illegal_area_m2"].tolist() == [500, 500, 500]


def test_a_heading_keeps_the_blanks_between_latin_words_alone():
    rows = [["VIOLATION  DATE", "编　 号", "面积 (m2)", "Road\nname"], ["a", "b", "c", "d"]]
    assert find_headings(rows, [], "t").names == ["VIOLATION DATE", "编号", "面积(m2)", "Road name"]


def test_lower_headings_that_differ_stand_alone_and_those_above_once_more_too():
    upper = ["编号", "位置", "位置", "备注"]
    lower = ["编号", "经度", "纬度", ""]
    found = find_headings([upper, lower, ["J1", 120.6, 31.3, ""]], [], "t")
    assert (found.names, found.first, found.distinguished) == (
        ["编号", "经度", "纬度", "备注"], 2, [],
    )  # fmt: skip


def test_a_record_of_words_is_no_lower_heading():
    rows = [["编号", "名称", ""], ["J1", "人民路", "完好"], ["J2", "干将路", ""]]
    assert find_headings(rows, [], "t").first == 1


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        (["1", "2", "3", "4"], "sequence"),
        ([1, 2, 3, 4], "sequence"),
        (["甲", "乙", 1, 2], "sequence"),
        (["A", "B", "C", "D"], "sequence"),
        (["(1)", "(2)", "(3)", "(4)"], "sequence"),
        (["字符型", "文本", "数值", "数值"], "types"),
        (["varchar(20)", "string", "double", "double"], "types"),
        (["必填", "选填", "必填", "必填"], "types"),
        (["-", "/", "°", "度"], "units"),
        (["如 J001", "道路全称", "十进制度，六位小数", "十进制度，六位小数"], ""),
        (["按编码规则", "道路全称", "如 120.600000", "如 31.300000"], "explanation"),
        (["示例", "人民路", 120.6, 31.3], "sample"),
        (["J000", "不详", 120.6, 31.3], ""),
        (["J000", "人民路", "待定", "待定"], ""),
        ([5, 6, 7, 8], ""),
    ],
)
def test_a_row_about_the_columns_is_known_from_a_record(row, kind):
    assert kinds_below([row, *RECORDS], HEADINGS) == ([kind] if kind else [])


def test_rows_about_the_columns_are_walked_and_told_and_leave_the_types_alone():
    rows = [HEADINGS, ["1", "2", "3", "4"], ["文本", "文本", "数值", "数值"], *RECORDS]
    raw = table_of(Sheet(rows), "t")
    assert (raw.n_walked, raw.n_skipped, raw.record.tolist()) == (6, 2, [2, 3, 4, 5])
    assert told(raw, "NOTE_ROW")["record"].tolist() == [0, 1]
    assert raw.frame["经度"].dtype == "float64"
    place_records(raw)
    np.testing.assert_allclose(shapely.get_x(raw.geometry), [120.61, 120.62, 120.63, 120.64])


def test_units_below_the_headings_become_part_of_them():
    rows = [["编号", "面积"], ["-", "亩"], ["W1", 2.5], ["W2", 3.0]]
    assert list(table_of(Sheet(rows), "t").frame.columns) == ["编号", "面积（亩）"]


def test_a_table_of_three_numbers_keeps_its_first_record():
    rows = [["a", "b", "c"], [1, 2, 3], [4, 5, 6], [7, 8, 9]]
    assert len(table_of(Sheet(rows), "t").frame) == 3


def test_the_same_table_beside_the_first_is_an_error_and_not_mixed_in():
    rows = [[*HEADINGS, "", *HEADINGS]]
    rows += [[*r, "", f"K{k}", "x", 120.7, 31.4] for k, r in enumerate(RECORDS)]
    raw = table_of(Sheet(rows), "t")
    assert list(raw.frame.columns) == HEADINGS
    assert raw.frame["窨井编号"].tolist() == ["J001", "J002", "J003", "J004"]
    found = told(raw, "TABLE_ASIDE").iloc[0]
    assert (found["severity"], found["value"]) == ("error", "、".join(HEADINGS))
    assert not len(told(raw, "ROW_RAGGED"))


def test_two_halves_side_by_side_without_a_gap_are_two_tables():
    raw = table_of(Sheet([["编号", "名称", "编号", "名称"], ["J1", "a", "J3", "c"]]), "t")
    assert raw.frame.to_dict("records") == [{"编号": "J1", "名称": "a"}]
    assert told(raw, "TABLE_ASIDE")["severity"].tolist() == ["error"]


def test_a_short_legend_beside_the_table_is_left_out_with_a_warning():
    rows = [[*HEADINGS, "", "状态", "数量"], [*RECORDS[0], "", "完好", 4]]
    rows += RECORDS[1:]
    raw = table_of(Sheet(rows), "t")
    assert list(raw.frame.columns) == HEADINGS
    assert told(raw, "TABLE_ASIDE")["severity"].tolist() == ["warning"]


def test_a_blank_column_within_a_table_parts_nothing():
    rows = [["编号", "名称", "", "经度", "纬度"], *[[r[0], r[1], "", *r[2:]] for r in RECORDS]]
    raw = table_of(Sheet(rows), "t")
    assert list(raw.frame.columns) == ["编号", "名称", "经度", "纬度"]


def test_another_table_below_is_told_and_no_record():
    rows = [HEADINGS, *RECORDS, [], ["按状态汇总"], ["状态", "说明", "数量"], ["完好", "", 3],
            ["缺失", "", 1]]  # fmt: skip
    raw = table_of(Sheet(rows), "t")
    assert raw.frame["窨井编号"].tolist() == ["J001", "J002", "J003", "J004"]
    assert (raw.n_walked, raw.n_skipped) == (8, 4)
    assert told(raw, "TABLE_ASIDE")["message_zh"].str.contains("第 7 行起").all()


DATED = [*HEADINGS, "发现时间"]


def test_values_below_headings_that_differ_are_under_those_and_an_error_says_so():
    closed = [*HEADINGS, "销号时间"]
    found, done = ([[*row, day] for row in RECORDS] for day in ("2024-05-01", "2024-05-20"))
    rows = [DATED, *found, ["二、已销号"], closed, *done, DATED, *found]
    raw = table_of(Sheet(rows), "list.xlsx")
    days = raw.frame[["发现时间", "销号时间"]]
    assert days["发现时间"].dropna().index.tolist() == [0, 1, 2, 3, 8, 9, 10, 11]
    assert days["销号时间"].tolist()[3:9] == [np.nan, *["2024-05-20"] * 4, np.nan]
    (row,) = told(raw, "HEADINGS_CHANGED").itertuples()
    assert (row.severity, row.value, row.expected) == ("error", "发现时间", "销号时间")
    assert "list.xlsx 第 7 行" in row.message_zh


def test_columns_that_change_places_below_headings_again_keep_their_values():
    turned = ["窨井编号", "道路名称", "纬度", "经度", "发现时间"]
    first = [[*row, "2024-05-01"] for row in RECORDS]
    raw = table_of(Sheet([DATED, *first, turned, ["J9", "人民路", 31.4, 120.9, ""]]), "t")
    assert raw.frame.iloc[-1][["经度", "纬度"]].tolist() == ["120.9", "31.4"]
    assert raw.frame.iloc[0][["经度", "纬度"]].tolist() == ["120.61", "31.3"]
    assert len(told(raw, "HEADINGS_CHANGED")) == 2


def test_columns_of_one_name_below_headings_again_keep_their_values_apart():
    first = [[*row, "2024-05-01", "2024-05-20"] for row in RECORDS]
    again = [*HEADINGS, "时间", "时间"]
    raw = table_of(Sheet([[*DATED, "销号时间"], *first, again, *first[:1]]), "t")
    assert raw.frame.iloc[-1][["时间", "时间_2"]].tolist() == ["2024-05-01", "2024-05-20"]


def test_headings_that_are_the_same_but_for_their_unit_change_nothing():
    rows = [[*HEADINGS, "面积"], ["-", "-", "-", "-", "亩"], *([*r, 2] for r in RECORDS)]
    raw = table_of(Sheet([*rows, [*HEADINGS, "面积"], [*RECORDS[0], 3]]), "t")
    assert raw.frame["面积（亩）"].notna().all()
    assert not len(told(raw, "HEADINGS_CHANGED"))


SPREAD = [*HEADINGS, "状态", "主管部门", "发现时间"]
FILLED = [[*row, "完好", "市政所", "2024-05-01"] for row in RECORDS]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (["制表人：张三", "", "审核人：李四", "", "填报日期：2023年7月3日"], "NOTE_ROW"),
        (["制表人：", "张三", "", "审核人：", "李四"], "NOTE_ROW"),
        (["", "", "负责人（签字）：", "", "联系电话：0551-1234567"], "NOTE_ROW"),
        (["第1页 共1页"], "NOTE_ROW"),
        (["一、瑶海区"], "NOTE_ROW"),
        (["（二）庐阳区"], "NOTE_ROW"),
        (["※以上数据由各区上报"], "NOTE_ROW"),
        (["", "", "", "", "2023年7月3日"], "NOTE_ROW"),
        (["", "", "", "", "合肥市城市管理局", "", ""], "NOTE_ROW"),
        (["平均值", "", "", "120.6"], "TOTAL_ROW"),
        (["", "总计：3处"], "TOTAL_ROW"),
    ],
)
def test_what_stands_below_the_records_of_an_office_is_told_and_no_record(row, code):
    row = [*row, *[""] * (len(SPREAD) - len(row))]
    raw = table_of(Sheet([SPREAD, *FILLED, row]), "t")
    assert raw.frame["窨井编号"].tolist() == ["J001", "J002", "J003", "J004"]
    assert (raw.n_walked, raw.n_skipped) == (5, 1)
    assert told(raw, code)["record"].tolist() == [4]


def test_an_office_and_a_day_sign_a_list_also_below_columns_with_empty_cells():
    records = [["J1", "", "", ""], ["J2", "人民路", "", "完好"]]
    foot = ["", "合肥市城市管理局", "2023年7月3日", ""]
    raw = table_of(Sheet([["编号", "道路", "备注", "状态"], *records, foot]), "t")
    assert raw.frame["编号"].tolist() == ["J1", "J2"]
    assert told(raw, "NOTE_ROW")["record"].tolist() == [2]


@pytest.mark.parametrize(
    "row",
    [
        ["J009", "制表人：张三"],
        ["", "一、人民路", "120.6", "31.3"],
        ["第1页", "", "120.6", "31.3"],
        ["J009"],
        ["", "", "", "", "", "", "2024-05-02"],
        ["", "", "", "", "", "养护公司"],
        ["J009", "", "", "", "", "合肥市城市管理局"],
        ["平均值路口"],
    ],
)
def test_a_row_with_an_id_or_a_position_or_a_value_like_those_above_is_a_record(row):
    row = [*row, *[""] * (len(SPREAD) - len(row))]
    raw = table_of(Sheet([SPREAD, *FILLED, row, FILLED[0]]), "t")
    assert (len(raw.frame), raw.n_skipped) == (6, 0)
    raw = table_of(Sheet([SPREAD, *FILLED, row]), "t")
    assert (len(raw.frame), raw.n_skipped) == (5, 0)


PARKED = ["停车场编号", "停车场名称", "所在区", "经度", "纬度", "泊位数"]
PARKS = [[f"P{k}", f"第{k}停车场", "锦江区", 104 + k / 100, 30.62, 100] for k in range(6)]


@pytest.mark.parametrize("at", [0, 1, 2])
def test_parts_of_a_total_other_periods_and_counts_below_records_are_told_and_no_records(at):
    labels = ["锦江区合计", "其中：路内", "    路外", "上年同期", "比上年增加", "较去年同期减少",
              "同比（%）", "环比增长", "锦江区3处", "共6处", "全市"]  # fmt: skip
    feet = [[*[None] * at, label, *[None] * (4 - at), 600] for label in labels]
    raw = table_of(Sheet([PARKED, *PARKS, *feet]), "t")
    assert raw.frame["停车场编号"].tolist() == [row[0] for row in PARKS]
    assert (raw.n_walked, raw.n_skipped) == (17, 11)
    assert told(raw, "TOTAL_ROW")["value"].tolist() == [label.strip() for label in labels]


def test_counts_and_changes_above_and_between_records_are_no_records():
    title, change = ["锦江区3处", *[None] * 5], [None, "同比增长", None, None, None, 5]
    raw = table_of(Sheet([PARKED, title, *PARKS[:3], change, *PARKS[3:]]), "t")
    assert (len(raw.frame), told(raw, "TOTAL_ROW")["record"].tolist()) == (6, [0, 4])


@pytest.mark.parametrize(
    "row",
    [
        ["P9", "其中：路内", "", "", "", 600],
        ["", "上年同期", "", 104.1, 30.6, ""],
        ["全市", "第9停车场", "锦江区", 104.1, 30.6, 100],
        ["", "人民路3处", "", "", "", 100],
        ["", "路外", "", "", "", 100],
        ["", "同心桥停车场", "", "", "", 100],
    ],
)
def test_a_row_like_a_sum_with_a_number_or_a_position_or_a_name_of_its_own_is_a_record(row):
    raw = table_of(Sheet([PARKED, *PARKS, row]), "t")
    assert (len(raw.frame), raw.n_skipped) == (7, 0)


def test_the_whole_city_is_a_row_of_a_table_by_district():
    rows = [["区划", "拆违", "泊位", "公厕"], *([d, 1, 2, 3] for d in ("锦江区", "青羊区"))]
    assert len(table_of(Sheet([*rows, ["全市", 9]]), "t").frame) == 3


def test_headings_repeated_below_a_title_go_on_with_the_table():
    rows = [HEADINGS, *RECORDS[:2], [], ["平江街道"], HEADINGS, *RECORDS[2:]]
    raw = table_of(Sheet(rows), "t")
    assert raw.frame["窨井编号"].tolist() == ["J001", "J002", "J003", "J004"]
    assert told(raw, "NOTE_ROW")["value"].tolist() == ["平江街道", "窨井编号"]


def test_cells_with_an_error_have_lost_their_value_and_say_so(tmp_path):
    path = book(
        tmp_path / "窨井.xlsx", [[*HEADINGS, "井深"], *[[*r, 1.5] for r in RECORDS]],
        errors=[("E2", "#N/A"), ("B3", "#REF!"), ("E4", "#DIV/0!")],
    )  # fmt: skip
    layer = gcm.read_layer(path, "manholes", crs="EPSG:4490")
    found = layer.findings[layer.findings["code"] == "CELL_ERROR"]
    assert sorted(zip(found["row_label"], found["field"], found["value"], strict=True)) == [
        ("第 2 行", "井深", "#N/A"),
        ("第 3 行", "道路名称", "#REF!"),
        ("第 4 行", "井深", "#DIV/0!"),
    ]
    assert set(found["action"]) == {"value_removed"}
    assert layer.unreadable["well_depth_m"].tolist() == [True, False, True, False]


def test_a_formula_that_was_never_computed_is_named_with_what_to_do(tmp_path):
    rows = [[*HEADINGS, "长", "宽", "面积"]]
    rows += [[*r, 2, 3, f"=E{k}*F{k}"] for k, r in enumerate(RECORDS, 2)]
    raw = read_table(book(tmp_path / "a.xlsx", rows))
    found = told(raw, "FORMULA_UNCOMPUTED")
    assert found["record"].tolist() == [0, 1, 2, 3]
    assert set(found["field"]) == {"面积"}
    assert found["message_zh"].str.contains("保存一次").all()


def test_hidden_rows_are_read_and_counted(tmp_path):
    raw = read_table(book(tmp_path / "a.xlsx", [HEADINGS, *RECORDS], hidden=[3, 5, 9]))
    assert len(raw.frame) == 4
    assert told(raw, "SHEET_HIDDEN")["value"].tolist() == ["2"]


def test_a_hidden_sheet_is_read_and_told_and_left_out_where_the_office_says_so(tmp_path):
    workbook = openpyxl.Workbook()
    for title, first in (("窨井", 1), ("西区窨井", 11)):
        sheet = workbook.create_sheet(title)
        for row in [HEADINGS, *([f"J{first + k}", *r[1:]] for k, r in enumerate(RECORDS))]:
            sheet.append(row)
    workbook["西区窨井"].sheet_state = "hidden"
    workbook.remove(workbook.worksheets[0])
    workbook.save(tmp_path / "窨井.xlsx")
    city = gcm.load_city(tmp_path, datum="wgs84")
    (row,) = city.findings[city.findings["code"] == "SHEET_UNSEEN"].itertuples()
    assert (len(city["manholes"]), row.severity) == (8, "warning")
    assert row.value == "窨井.xlsx:西区窨井"
    said = '[layers.manholes]\npath = "窨井.xlsx"\nsublayer = "窨井"\ndatum = "wgs84"\n'
    (tmp_path / "city.toml").write_text(said, encoding="utf-8")
    city = gcm.load_city(tmp_path)
    assert len(city["manholes"]) == 4
    assert "SHEET_UNSEEN" not in set(city.findings["code"])


def test_nothing_is_said_of_a_workbook_without_marks(tmp_path):
    raw = read_table(book(tmp_path / "a.xlsx", [HEADINGS, *RECORDS]))
    assert raw.findings.frame().empty


def csv(tmp_path, data: bytes):
    path = tmp_path / "窨井.csv"
    path.write_bytes(data)
    return path


def test_texts_guarded_against_a_spreadsheet_are_what_is_meant(tmp_path):
    raw = read_table(csv(tmp_path, '编号,日期\n="001","=""2022-06-30"""\n002,\n'.encode()))
    assert raw.frame.fillna("").values.tolist() == [["001", "2022-06-30"], ["002", ""]]
    assert told(raw, "CELLS_UNWRAPPED")["expected"].tolist() == ["编号、日期"]


@pytest.mark.parametrize("n_marks", [0, 1, 2, 3])
def test_marks_of_the_byte_order_are_no_part_of_the_first_heading(tmp_path, n_marks):
    raw = read_table(csv(tmp_path, b"\xef\xbb\xbf" * n_marks + "编号,名称\nJ1,a\n".encode()))
    assert list(raw.frame.columns) == ["编号", "名称"]


def test_zeros_in_a_text_are_taken_out_and_told(tmp_path):
    data = "编号,名称\nJ1,a\nJ2,b\n".encode("gb18030").replace(b"J2", b"J2\x00\x00")
    path = csv(tmp_path, data + b"x,y\n" * 20)
    raw = read_table(path)
    assert raw.frame["编号"].tolist()[:2] == ["J1", "J2"]
    assert told(raw, "TEXT_ZEROS")["value"].tolist() == ["2"]


def test_semicolons_part_the_cells_where_commas_are_in_the_numbers(tmp_path):
    data = "编号;经度;纬度;户数\nJ1;120,61;31,30;1\nJ2;120,62;31,315;2\n"
    raw = read_table(csv(tmp_path, data.encode()))
    place_records(raw)
    np.testing.assert_allclose(
        shapely.get_coordinates(raw.geometry), [[120.61, 31.30], [120.62, 31.315]]
    )
    assert told(raw, "DECIMAL_COMMA")["value"].tolist() == ["经度、纬度"]


def test_groups_of_three_are_no_decimals_where_nothing_says_so(tmp_path):
    raw = read_table(csv(tmp_path, "编号;户数\nJ1;1,234\nJ2;5,678\n".encode()))
    assert raw.frame["户数"].tolist() == ["1,234", "5,678"]
    assert not len(told(raw, "DECIMAL_COMMA"))


def test_sixteen_digits_that_a_float_holds_are_kept_and_those_a_sheet_cut_are_told(tmp_path):
    exact = [3205050101000004 + k for k in range(3)]
    path = book(tmp_path / "a.xlsx", [["编号", "名称"], *[[i, "x"] for i in exact]])
    assert read_table(path).frame["编号"].tolist() == exact
    cut = [3205050101000010, 3205050101000020]
    path = book(tmp_path / "b.xlsx", [["编号", "名称"], *[[i, "x"] for i in cut]])
    raw = read_table(path)
    assert raw.frame["编号"].isna().all()
    assert len(told(raw, "ID_DAMAGED")) == 2


ROWS = [f'J{k:05d},"人民路 ""北"", {k}",{120 + k / 1e5}, x {k % 3},{"" if k % 7 else "注"}'
        for k in range(4_000)]  # fmt: skip
PLAIN = "编号,名称,经度,材质,备注"


@pytest.mark.parametrize(
    ("text", "is_regular"),
    [
        ("\n".join([PLAIN, *ROWS]) + "\n", True),
        ("\r\n".join([PLAIN, *ROWS]) + "\r\n", True),
        ("\n".join([PLAIN, *ROWS]), True),
        ("\ufeff" + "\n".join([PLAIN, *ROWS]) + "\n", True),
        ("\n".join([PLAIN, "1,2,3,4,5", *ROWS, "合计,,5,,"]) + "\n", True),
        ("台账\n" + "\n".join([PLAIN, *[r.replace('"', "") for r in ROWS]]), True),
        ("\n".join([PLAIN, *ROWS, "x,y"]) + "\n", False),
        ("\n".join([PLAIN, *ROWS, 'x,"y\nz",,,']) + "\n", False),
        ("\n".join([PLAIN, *ROWS, 'x,y"z,,,']) + "\n", False),
        ("\n".join([PLAIN, *ROWS, 'x,"y"z,,,']) + "\n", False),
        ("\n".join([PLAIN, *ROWS, "", "x,y,,,"]) + "\n", True),
        ("\n".join([PLAIN, *ROWS, ",,,,", "状态,数,,,", "完好,2,,,", "缺失,1,,,"]) + "\n", True),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_regular_text_is_read_as_the_careful_reader_reads_it(
    tmp_path, monkeypatch, text, is_regular, encoding
):
    path = csv(tmp_path, text.encode(encoding))
    assert (sheets.read_csv_sheet(path).columns is not None) == is_regular or encoding != "utf-8"
    fast = read_table(path)
    monkeypatch.setattr(sheets, "regular_columns", lambda data, delimiter: None)
    slow = read_table(path)
    pd.testing.assert_frame_equal(fast.frame, slow.frame)
    pd.testing.assert_frame_equal(fast.findings.frame(), slow.findings.frame())
    assert fast.labels().tolist() == slow.labels().tolist()
    assert (fast.n_walked, fast.n_skipped) == (slow.n_walked, slow.n_skipped)
    assert (fast.encoding, fast.encoding_source) == (slow.encoding, slow.encoding_source)


def test_what_is_planned_above_is_not_done_below(tmp_path):
    top = ["窨井编号", "整治情况", None, "计划", "实际", None]
    low = [None, "整治状态", "发现时间", "完成时间", "完成时间", "备注"]
    rows = [["J1", "待整治", "2024-01-02", "2024-12-30", None, None]] * 3
    raw = read_table(
        book(tmp_path / "a.xlsx", [top, low, *rows], merged=["A1:A2", "B1:C1", "E1:F1"])
    )
    names = ["窨井编号", "整治状态", "发现时间", "计划/完成时间", "实际/完成时间"]
    assert list(raw.frame.columns)[:5] == names
    group = ["窨井编号", "整治计划", None]
    below = [None, "完成时间", "责任单位"]
    rows = [["J1", "2024-12-30", "市政"]] * 3
    raw = read_table(book(tmp_path / "b.xlsx", [group, below, *rows], merged=["A1:A2", "B1:C1"]))
    assert list(raw.frame.columns) == ["窨井编号", "整治计划/完成时间", "责任单位"]
