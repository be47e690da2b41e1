"""The way of a clerk with one workbook: asked, answered with the program's own lines, read."""

from __future__ import annotations

import json
import shutil

import numpy as np
import openpyxl
import pytest
from click.testing import CliRunner

import geo_citymgmt as gcm
from geo_citymgmt.cli import main

TITLE = "某市违法建设治理情况统计表（2022年上半年）"
FORM = ["填报单位：某某区城管局", None, None, "填报时间：2022年7月4日", None, "单位：平方米"]
HEADINGS = ["序号", "图斑编号", "所在位置", "经度", "纬度", "违建面积（万平方米）", "发现日期",
            "整治状态"]  # fmt: skip
RECORDS = [
    ["1", '="0001"', "人民路1号", "104-03-36", "30-39-36", 0.12, "06/13/2022", "已核实"],
    ["2", '="0002"', "人民路2号", "104-03-40", "30-39-40", 0.05, "06/25/2022", "整治中"],
    ["3", '="0003"', "人民路3号", "104-03-50", "30-39-50", 1.2, "01/02/2022", "销号"],
    ["4", '="0004"', "人民路4号", "104-04-06", "30-40-06", 0.3, "06/30/2022", "未整治"],
]


@pytest.fixture(scope="module")
def workbook(tmp_path_factory):
    book = openpyxl.Workbook()
    sheet = book.active
    for row in ([TITLE], FORM, HEADINGS, *RECORDS, ["合计", None, None, None, None, 1.67]):
        sheet.append(row)
    for row in range(4, 8):
        # A text that reads like a formula, as an export writes it; a formula would be computed.
        sheet.cell(row, 2).data_type = "s"
    path = tmp_path_factory.mktemp("clerk") / "违建台账.xlsx"
    book.save(path)
    return path


def check(*arguments) -> tuple[int, dict]:
    told = CliRunner().invoke(main, ["check", *map(str, arguments), "--format", "json"])
    return told.exit_code, json.loads(told.stdout)


def counts(report: dict) -> tuple[int, int]:
    (row,) = (row for row in report["ledger"] if row["n_records"])
    return row["n_records"], row["n_accepted"]


def test_the_first_run_accepts_each_record_and_tells_all_it_did(workbook):
    code, report = check(workbook)
    told = {finding["code"]: finding for finding in report["findings"]}
    assert counts(report) == (4, 4)
    assert told["UNIT_CONVERTED"]["value"] == "1 万平方米"
    assert told["TOTAL_ROW"]["row_label"] == "第 8 行"
    assert told["CELLS_UNWRAPPED"]["expected"] == "图斑编号"
    assert told["DATE_STYLE"]["expected"] == "2022-06-13"
    assert told["COORD_COLUMNS"]["value"] == "经度"
    # No code of the list is called so; it is asked, and that is an error.
    assert told["CODE_UNKNOWN"]["value"] == "未整治"
    assert code == 3


def test_the_second_run_with_the_lines_proposed_has_the_right_values(workbook, tmp_path):
    shutil.copy(workbook, tmp_path)
    done = CliRunner().invoke(main, ["init", str(tmp_path)])
    assert done.exit_code == 0, done.stderr
    entries = tmp_path / "city.toml"
    text = entries.read_text(encoding="utf-8").replace("# ? ", "")
    text = text.replace('# ?= "未整治" = "?"', '"未整治" = "疑似"')
    entries.write_text(text, encoding="utf-8")
    code, report = check(tmp_path)
    assert (code, counts(report)) == (0, (4, 4))

    city = gcm.load_city(tmp_path)
    parcels = city["illegal_construction"]
    assert parcels["parcel_id"].tolist() == ["0001", "0002", "0003", "0004"]
    assert parcels["illegal_area_m2"].tolist() == [1200.0, 500.0, 12000.0, 3000.0]
    assert parcels["found_date"].dt.strftime("%Y-%m-%d").tolist() == [
        "2022-06-13", "2022-06-25", "2022-01-02", "2022-06-30",
    ]  # fmt: skip
    assert parcels["status"].tolist() == ["20", "40", "70", "10"]
    degrees = parcels.to_crs(4490).geometry
    seconds = np.array([216, 220, 230, 246]) / 3600
    np.testing.assert_allclose(degrees.x, 104 + seconds)
    np.testing.assert_allclose(degrees.y, 30.6 + seconds)
