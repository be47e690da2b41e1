"""A correction round: check, decide in the workbook, check again."""

from __future__ import annotations

import openpyxl
import pandas as pd
import pytest
from click.testing import CliRunner

import geo_citymgmt as gcm
from geo_citymgmt.cli import main
from geo_citymgmt.decisions.terms import decision_of
from geo_citymgmt.reading.sheet import list_sheets
from geo_citymgmt.report import write_findings
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


def opinions(path, sheet: str = "窨井") -> dict[tuple[str, str], tuple[str, str]]:
    """What is written in 处理意见 and 说明, by id and code."""
    rows = [list(row) for row in openpyxl.load_workbook(path)[sheet].iter_rows(values_only=True)]
    top = next(k for k, row in enumerate(rows) if "处理意见" in row)
    column = {name: k for k, name in enumerate(rows[top])}
    wanted = [column[name] for name in ("编号", "问题代码", "处理意见", "说明")]
    found = [[row[c] or "" for c in wanted] for row in rows[top + 1 :]]
    return {(key, code): (said, why) for key, code, said, why in found if said or why}


ROUND = {
    ("J1", "CODE_UNKNOWN"): ("改为：已整治", "现场核实"),
    ("J2", "CODE_UNKNOWN"): ("待查", ""),
    ("J3", "DATE_ORDER"): ("属实", "原始记录如此"),
    ("manholes#3", "ID_MISSING"): ("改为 J4", ""),
}


@pytest.fixture
def filled(office, tmp_path, monkeypatch):
    """Where the program is run: a findings.xlsx with :data:`ROUND` filled in."""
    desk = tmp_path / "desk"
    desk.mkdir()
    monkeypatch.chdir(desk)
    check(office, "--format", "xlsx")
    decide(desk / "findings.xlsx", ROUND)
    return desk / "findings.xlsx"


def test_a_workbook_written_over_the_decisions_it_was_made_by_carries_them_over(office, filled):
    before = filled.read_bytes()
    _, output = check(office, "--format", "xlsx", "--decisions", filled)
    assert "处理意见沿用 4 条" in output
    assert opinions(filled) == {
        # What was corrected stands where it is said: the record has its id by now.
        ("J1", "DECISION_APPLIED"): ROUND["J1", "CODE_UNKNOWN"],
        ("J4", "DECISION_APPLIED"): ROUND["manholes#3", "ID_MISSING"],
        ("J2", "CODE_UNKNOWN"): ROUND["J2", "CODE_UNKNOWN"],
        ("J3", "DATE_ORDER"): ROUND["J3", "DATE_ORDER"],
    }
    (copy,) = filled.parent.glob("findings.2*.xlsx")
    assert copy.read_bytes() == before
    assert copy.name in output.replace("\n", "")


def test_decisions_stay_in_force_round_after_round(office, filled):
    for _ in range(3):
        check(office, "--format", "xlsx", "--decisions", filled)
    city = gcm.load_city(office, decisions=filled)
    data = city["manholes"].set_index("manhole_id")
    assert data.loc["J1", "status"] == "51"
    assert "J4" in data.index
    told = city.findings.set_index("code")
    assert told.loc["DATE_ORDER", "severity"] == "info"
    # Said once, however often it was accepted.
    assert told.loc["DATE_ORDER", "message_zh"].count("原始记录如此") == 1
    assert "DECISION_UNUSED" not in told.index
    assert len(opinions(filled)) == 4
    # A workbook that nobody has touched since leaves no copy.
    assert len(list(filled.parent.iterdir())) == 2


def test_unchanged_data_and_an_unchanged_workbook_have_nothing_new(office, tmp_path):
    events = "layer,key,event,date\nmanholes,J9,closed,2022-01-01\nlamps,J1,closed,2022-01-01\n"
    (office / "events.csv").write_text(events, encoding="utf-8")
    book = tmp_path / "findings.xlsx"
    check(office, "--format", "xlsx", "-o", book)
    city = gcm.load_city(office, decisions=book)
    assert city.findings["code"].eq("EVENT_UNMATCHED").sum() == 2
    assert set(city.since["state"]) == {"remaining"}
    _, output = check(office, "--decisions", book)
    assert "新增 0" in output and "已解决 0" in output


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_workbook_in_either_language_is_recognised(office, tmp_path, lang):
    book = tmp_path / "findings.xlsx"
    check(office, "--format", "xlsx", "-o", book, "--lang", lang)
    assert set(gcm.load_city(office, decisions=book).since["state"]) == {"remaining"}


def test_a_settled_decision_is_kept_and_holds_when_its_finding_is_back(office, filled):
    whole = {part.name: part.read_bytes() for part in office.iterdir()}
    frame = points((0, 0), MANHOLE_ID=["J7"])
    frame.to_file(office / "窨井.shp", engine="pyogrio", encoding="UTF-8")
    _, output = check(office, "--format", "xlsx", "--decisions", filled)
    assert "4 条所说的问题这次没有出现" in output
    assert opinions(filled, "已了结意见") == ROUND
    for name, content in whole.items():
        (office / name).write_bytes(content)
    check(office, "--format", "xlsx", "--decisions", filled)
    assert opinions(filled)["J3", "DATE_ORDER"] == ROUND["J3", "DATE_ORDER"]


def test_a_correction_leaves_a_source_alone_that_was_corrected_since(office, filled):
    check(office, "--format", "xlsx", "--decisions", filled)
    frame = points((0, 0), (10, 0), MANHOLE_ID=["J1", "J2"])
    frame["STATUS"] = ["处置中", "处置中"]
    frame.to_file(office / "窨井.shp", engine="pyogrio", encoding="UTF-8")
    city = gcm.load_city(office, decisions=filled)
    assert set(city["manholes"]["status"]) == {"40"}
    assert "DECISION_OUTDATED" in set(city.findings["code"])


def test_a_check_of_one_layer_keeps_the_decisions_on_the_others(office, filled):
    check(office, "--format", "xlsx", "--decisions", filled, "--layer", "districts")
    assert opinions(filled, "已了结意见") == ROUND


def test_a_layer_that_is_not_known_this_time_keeps_its_decisions(office, filled):
    book = openpyxl.load_workbook(filled)
    book["窨井"].title = "公厕"
    for row in book["公厕"].iter_rows(min_row=4):
        row[-1].value = row[-1].value.replace("manholes:", "toilets:", 1)
    book.save(filled)
    for _ in range(2):
        check(office, "--format", "xlsx")
    assert opinions(filled, "已了结意见") == ROUND


def test_a_report_written_again_carries_over_what_was_decided(office, tmp_path):
    out = tmp_path / "out"
    arguments = ["report", str(office), "-o", str(out)]
    assert CliRunner().invoke(main, arguments).exit_code == 3
    decide(out / "findings.xlsx", ROUND)
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 3
    assert "处理意见沿用 4 条" in result.output
    assert opinions(out / "findings.xlsx") == ROUND
    (copy,) = out.glob("findings.2*.xlsx")
    assert opinions(copy) == ROUND


def test_decisions_of_another_workbook_never_cost_those_in_the_one_replaced(office, filled):
    other = filled.with_name("other.xlsx")
    check(office, "--format", "xlsx", "-o", other)
    decide(other, {("J2", "CODE_UNKNOWN"): ("改为：处置中", "")})
    # Written by the program, and with decisions in it that the other has not.
    check(office, "--format", "xlsx", "--decisions", filled)
    check(office, "--format", "xlsx", "--decisions", other)
    assert opinions(filled) == {("J2", "DECISION_APPLIED"): ("改为：处置中", "")}
    kept = [opinions(copy) for copy in filled.parent.glob("findings.2*.xlsx")]
    assert sorted(map(len, kept)) == [4, 4]


@pytest.mark.parametrize("command", ["check", "report"])
def test_a_file_that_is_no_findings_workbook_is_not_overwritten(office, tmp_path, command):
    target = tmp_path / "findings.xlsx"
    pd.DataFrame({"a": [1]}).to_excel(target, index=False)
    before = target.read_bytes()
    where = ["--format", "xlsx", "-o", target] if command == "check" else ["-o", tmp_path]
    result = CliRunner().invoke(main, [command, str(office), *map(str, where)])
    assert result.exit_code == 2
    assert "不是质检问题清单" in result.output
    assert target.read_bytes() == before
    assert not (tmp_path / "tables.xlsx").exists()


@pytest.mark.parametrize("mark", ["~$findings.xlsx", ".~lock.findings.xlsx#"])
def test_a_workbook_that_is_open_in_a_spreadsheet_program_is_left_alone(office, filled, mark):
    before = filled.read_bytes()
    filled.with_name(mark).write_bytes(b"")
    code, output = check(office, "--format", "xlsx", "--decisions", filled)
    assert code == 2
    assert "先保存并关闭" in output
    assert filled.read_bytes() == before
    assert not list(filled.parent.glob("findings.2*"))


def test_an_empty_list_of_findings_is_a_findings_workbook(tmp_path):
    book = tmp_path / "findings.xlsx"
    clean = gcm.load_city(DATA, layers=["manholes"])
    write_findings(clean, book)
    assert list_sheets(book) == ["汇总"]
    assert gcm.load_city(DATA, layers=["manholes"], decisions=book).since.empty


def test_a_decision_that_is_not_understood_is_told(office, filled):
    told = gcm.load_city(office, decisions=filled).findings.set_index("code")
    assert "J2 “待查”" in told.loc["DECISION_UNCLEAR", "message_zh"]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_workbook_offers_words_that_are_understood_and_forbids_no_other(office, tmp_path, lang):
    book = tmp_path / "findings.xlsx"
    check(office, "--format", "xlsx", "-o", book, "--lang", lang)
    sheet = openpyxl.load_workbook(book)["窨井" if lang == "zh" else "Manholes"]
    head = next(c for row in sheet.iter_rows() for c in row if c.value in ("处理意见", "Decision"))
    assert "check" in head.comment.text
    (rule,) = sheet.data_validations.dataValidation
    assert rule.errorStyle == "information"
    assert head.offset(1).coordinate in rule.sqref
    *accepted, correct = rule.formula1.strip('"').split(",")
    assert {decision_of(word)[0] for word in accepted} == {"accept"}
    assert decision_of(f"{correct}51") == ("correct", "51")
    assert decision_of(correct)[0] == "unclear"
