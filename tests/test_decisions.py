"""A correction round: check, decide in the workbook, check again."""

from __future__ import annotations

import openpyxl
import pandas as pd
import pytest
from click.testing import CliRunner

import geo_citymgmt as gcm
from geo_citymgmt.cli import main
from tests.conftest import DATA, points


@pytest.fixture
def office(tmp_path):
    """Manholes of which two have a state that is no code, one a date out of order, one no id."""
    folder = tmp_path / "data"
    folder.mkdir()
    for part in DATA.glob("districts.*"):
        (folder / part.name).write_bytes(part.read_bytes())
    frame = points((0, 0), (10, 0), (20, 0), (30, 0), MANHOLE_ID=["J1", "J2", "J3", None])
    frame["STATUS"] = ["已整制", "处置种", "处置中", "处置中"]
    frame["FOUND_DATE"] = ["2022-01-01", "2022-01-01", "2022-05-01", "2022-01-01"]
    frame["DONE_DATE"] = [None, None, "2022-04-01", None]
    frame.to_file(folder / "窨井.shp", engine="pyogrio", encoding="UTF-8")
    return folder


def check(*arguments):
    result = CliRunner().invoke(main, ["check", *[str(a) for a in arguments]])
    assert "Traceback" not in result.output
    return result.exit_code, result.output


def by_record(city) -> pd.Series:
    """What became of each finding about one record, by key and code."""
    state = city.since.set_index(["key", "code"])["state"]
    return state[state.index.get_level_values("key") != ""]


def decide(path, answers: dict[tuple[str, str], tuple[str, str]]):
    """Fill in 处理意见 and 说明 of the findings named by id and code."""
    book = openpyxl.load_workbook(path)
    sheet = book["窨井"]
    header = next(row for row in sheet.iter_rows() if any(c.value == "处理意见" for c in row))
    column = {cell.value: cell.column for cell in header}
    for row in range(header[0].row + 1, sheet.max_row + 1):
        key = sheet.cell(row, column["编号"]).value
        code = sheet.cell(row, column["问题代码"]).value
        if (key, code) in answers:
            opinion, remark = answers[key, code]
            sheet.cell(row, column["处理意见"]).value = opinion
            sheet.cell(row, column["说明"]).value = remark
    book.save(path)


def test_a_round_of_decisions_is_applied_logged_and_compared(office, tmp_path):
    book = tmp_path / "findings.xlsx"
    assert check(office, "--format", "xlsx", "-o", book)[0] == 3
    decide(
        book,
        {
            ("J1", "CODE_UNKNOWN"): ("改为：已整治", "现场核实"),
            ("J3", "DATE_ORDER"): ("属实", "原始记录如此"),
        },
    )
    city = gcm.load_city(office, decisions=book)
    data = city["manholes"].set_index("manhole_id")
    assert data.loc["J1", "status"] == "51"
    assert pd.isna(data.loc["J2", "status"])
    logged = city.findings[city.findings["code"] == "DECISION_APPLIED"].iloc[0]
    assert (logged["key"], logged["value"], logged["expected"]) == ("J1", "已整制", "已整治")
    order = city.findings[city.findings["code"] == "DATE_ORDER"].iloc[0]
    assert order["severity"] == "info"
    assert "原始记录如此" in order["message_zh"]
    state = by_record(city)
    assert state["J1", "CODE_UNKNOWN"] == "resolved"
    assert state["J2", "CODE_UNKNOWN"] == "remaining"
    assert state["J3", "DATE_ORDER"] == "remaining"
    assert state.value_counts().to_dict() == {"remaining": 3, "resolved": 1}
    code, output = check(office, "--decisions", book)
    assert code == 3
    assert "新增 0" in output
    assert "已解决 1" in output


def test_a_new_fault_is_told_as_new(office, tmp_path):
    book = tmp_path / "findings.xlsx"
    check(office, "--format", "xlsx", "-o", book)
    frame = points((0, 0), (10, 0), MANHOLE_ID=["J1", "J9"])
    frame["STATUS"] = ["处置中", "不知"]
    frame.to_file(office / "窨井.shp", engine="pyogrio", encoding="UTF-8")
    since = by_record(gcm.load_city(office, decisions=book))
    assert since["J9", "CODE_UNKNOWN"] == "new"
    assert since["J1", "CODE_UNKNOWN"] == "resolved"


def test_a_decision_without_its_record_is_told(office, tmp_path):
    book = tmp_path / "findings.xlsx"
    check(office, "--format", "xlsx", "-o", book)
    decide(book, {("J2", "CODE_UNKNOWN"): ("改为 处置中", "")})
    frame = points((0, 0), MANHOLE_ID=["J1"])
    frame["STATUS"] = ["处置中"]
    frame.to_file(office / "窨井.shp", engine="pyogrio", encoding="UTF-8")
    city = gcm.load_city(office, decisions=book)
    assert "DECISION_UNUSED" in set(city.findings["code"])


def test_a_record_without_an_id_is_corrected_by_the_one_that_was_generated(office, tmp_path):
    book = tmp_path / "findings.xlsx"
    check(office, "--format", "xlsx", "-o", book)
    decide(book, {("manholes#3", "ID_MISSING"): ("改为 J4", "")})
    city = gcm.load_city(office, decisions=book)
    assert "J4" in set(city["manholes"]["manhole_id"])


def test_a_workbook_of_something_else_is_refused(office, tmp_path):
    pd.DataFrame({"a": [1]}).to_excel(tmp_path / "other.xlsx", index=False)
    with pytest.raises(gcm.SourceError, match=r"findings\.xlsx"):
        gcm.load_city(office, decisions=tmp_path / "other.xlsx")
