"""The unit of a number, wherever an office writes it: above, in the heading, beside it."""

from __future__ import annotations

import openpyxl
import pandas as pd
import pytest

import geo_citymgmt as gcm

HEAD = ["违建编号", "区县", "经度", "纬度", "违建面积", "已拆除面积", "状态"]
ROWS = [
    ["W1", "锦江区", 104.08, 30.65, 0.15, 0.1, "已拆除"],
    ["W2", "青羊区", 104.05, 30.67, 0.2, 0.2, "已拆除"],
]


def book(path, rows, merged=()):
    workbook = openpyxl.Workbook()
    for row in rows:
        workbook.active.append(row)
    for area in merged:
        workbook.active.merge_cells(area)
    workbook.save(path)
    return path


@pytest.mark.parametrize(
    ("stated", "square_metres"),
    [
        ("单位：处、万平方米", 1e4),
        ("单位：万平方米、个", 1e4),
        ("单位：万平方米/万元", 1e4),
        ("（单位：个，万㎡）", 1e4),
        ("单位：亩。", 2000 / 3),
        ("单位：亩（保留两位小数）", 2000 / 3),
        ("单位：公顷", 1e4),
        ("单位：平方米、个", 1.0),
        # Which of the two it is in nobody says.
        ("单位：亩、公顷", 1.0),
    ],
)
def test_of_units_above_the_headings_a_column_has_the_one_that_fits(
    tmp_path, stated, square_metres
):
    path = book(tmp_path / "违法建设.xlsx", [["违法建设台账"], [stated], HEAD, *ROWS])
    data = gcm.read_layer(path, "illegal_construction", crs="EPSG:4490").data
    assert data["illegal_area_m2"].tolist() == pytest.approx(
        [0.15 * square_metres, 0.2 * square_metres]
    )


@pytest.mark.parametrize(("upper", "unit"), [("面积（亩）", 2000 / 3), ("规模（万㎡）", 1e4)])
def test_a_unit_in_an_upper_heading_is_that_of_all_below_it(tmp_path, upper, unit):
    top = [*HEAD[:4], upper, None, HEAD[6]]
    low = [None, None, None, None, *HEAD[4:6], None]
    merged = ["E1:F1", *(f"{c}1:{c}2" for c in "ABCDG")]
    path = book(tmp_path / "违法建设.xlsx", [top, low, *ROWS], merged)
    data = gcm.read_layer(path, "illegal_construction", crs="EPSG:4490").data
    assert data["illegal_area_m2"].tolist() == pytest.approx([0.15 * unit, 0.2 * unit])
    assert data["demolished_area_m2"].tolist() == pytest.approx([0.1 * unit, 0.2 * unit])


WAYS = {
    "above": ([["单位：个、万平方米"]], "{}", []),
    "heading": ([], "{}（万平方米）", []),
    "column": ([], "{}", ["单位"]),
}


@pytest.mark.parametrize("way", WAYS)
def test_targets_reported_figures_and_events_are_in_the_unit_that_is_stated(tmp_path, way):
    above, heading, more = WAYS[way]
    own = ["万㎡"] if more else []
    book(tmp_path / "违法建设.xlsx", [HEAD, *([*r[:4], 3000, None, "处置中"] for r in ROWS)])
    for name, head, row in (
        ("targets.csv", ["指标", "区县", "完成时限", "目标值"],
         ["拆除违法建设面积", "全市", "2024-12-31", "1"]),
        ("reported.csv", ["指标", "区县", "时段", "上报数"],
         ["拆除违法建设面积", "", "2024-04", "0.6"]),
        ("events.csv", ["图层", "编号", "事件", "日期", "数量"],
         ["违法建设", "W1", "拆除", "2024-04-03", "0.2"]),
    ):  # fmt: skip
        head = [*head[:-1], heading.format(head[-1]), *more]
        lines = [",".join(r) for r in (*above, head, [*row, *own])]
        (tmp_path / name).write_text("\n".join(lines) + "\n", "utf-8")
    city = gcm.load_city(tmp_path, crs="EPSG:4490")
    table = gcm.progress(city, indicators="illegal_demolished_area", as_of="2024-04-03")
    assert city.events["amount"].tolist() == [2000.0]
    assert city.reported_figures["value"].tolist() == [6000.0]
    (target,) = city.targets.itertuples()
    assert (target.target, target.unit) == (1.0, own[0] if own else "万平方米")
    row = table[table["level"].eq("city")].iloc[0]
    assert (row["value"], row["attainment"]) == (2000.0, pytest.approx(0.2))


def test_an_event_in_the_unit_of_something_else_has_no_amount_and_is_told(tmp_path):
    book(tmp_path / "违法建设.xlsx", [HEAD, *([*r[:4], 3000, None, "处置中"] for r in ROWS)])
    (tmp_path / "events.csv").write_text(
        "图层,编号,事件,日期,数量,单位\n违法建设,W1,拆除,2024-04-03,2,吨\n", "utf-8"
    )
    city = gcm.load_city(tmp_path, crs="EPSG:4490")
    assert city.events["amount"].isna().all()
    (told,) = city.findings[city.findings["code"].eq("TABLE_VALUE")]["message_zh"]
    assert "第 2 行" in told and "单位" in told


def test_an_amount_that_was_taken_back_has_its_unit_in_the_cell():
    specs = gcm.load_specs()
    lots = pd.DataFrame({"图层": ["违法建设"], "编号": ["W1"], "事件": ["反弹"]})
    events = lots.assign(日期="2024-05-01", 数量="0.05万㎡")
    from geo_citymgmt.city._tables import read_events
    from geo_citymgmt.findings import Findings

    assert read_events(events, specs, Findings())["amount"].tolist() == [500.0]
