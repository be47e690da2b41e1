"""A correction round: check, decide in the workbook, check again."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from click.testing import CliRunner

import geo_citymgmt as gcm
from geo_citymgmt.cli import main
from geo_citymgmt.decisions import (
    carry_over,
    compare_findings,
    decision_of,
    mark_accepted,
    read_decisions,
    recognised,
)
from geo_citymgmt.findings import CODES, FindingCode
from geo_citymgmt.reading._xlsx import list_sheets
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


@pytest.fixture(scope="module")
def first_check():
    """The workbook of a check of a folder, made once of all the folders that hold the same."""
    made: dict[str, bytes] = {}

    def book(kind: str, folder: Path, target: Path) -> Path:
        if kind not in made:
            assert check(folder, "--format", "xlsx", "-o", target)[0] == 3
            made[kind] = target.read_bytes()
        target.write_bytes(made[kind])
        return target

    return book


@pytest.fixture
def book(first_check, office, tmp_path) -> Path:
    return first_check("office", office, tmp_path / "findings.xlsx")


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


def test_a_round_of_decisions_is_applied_logged_and_compared(office, book):
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
    # A day of completion beside a status before it contradicts that as well.
    assert state["J3", "RELATION_BROKEN"] == "remaining"
    assert state.value_counts().to_dict() == {"remaining": 4, "resolved": 1}
    code, output = check(office, "--decisions", book)
    assert code == 3
    assert "新增 0" in output
    assert "已解决 1" in output


def test_a_new_fault_is_told_as_new(office, book):
    frame = points((0, 0), (10, 0), MANHOLE_ID=["J1", "J9"])
    frame["STATUS"] = ["处置中", "不知"]
    frame.to_file(office / "窨井.shp", engine="pyogrio", encoding="UTF-8")
    since = by_record(gcm.load_city(office, decisions=book))
    assert since["J9", "CODE_UNKNOWN"] == "new"
    assert since["J1", "CODE_UNKNOWN"] == "resolved"


def test_a_decision_without_its_record_is_told(office, book):
    decide(book, {("J2", "CODE_UNKNOWN"): ("改为 处置中", "")})
    frame = points((0, 0), MANHOLE_ID=["J1"])
    frame["STATUS"] = ["处置中"]
    frame.to_file(office / "窨井.shp", engine="pyogrio", encoding="UTF-8")
    city = gcm.load_city(office, decisions=book)
    assert "DECISION_UNUSED" in set(city.findings["code"])


def test_a_record_without_an_id_is_corrected_by_the_one_that_was_generated(office, book):
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
def filled(office, tmp_path, monkeypatch, first_check):
    """Where the program is run: a findings.xlsx with :data:`ROUND` filled in."""
    desk = tmp_path / "desk"
    desk.mkdir()
    monkeypatch.chdir(desk)
    book = first_check("office", office, desk / "findings.xlsx")
    decide(book, ROUND)
    return book


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


@pytest.fixture
def reworded(monkeypatch):
    """Every message in both languages says something else, with other numbers, in another order."""

    def change() -> None:
        monkeypatch.setattr("geo_citymgmt.findings.CODES", {
            code: FindingCode(known.severity, f"7 新说法 {len(code)}：{{value}}", "8 in new words")
            for code, known in CODES.items()
        })  # fmt: skip

    return change


def without_keys(path):
    """Make a workbook of this version one that 0.1.0 wrote: its last column is not there."""
    book = openpyxl.load_workbook(path)
    for sheet in book.worksheets:
        last = sheet.cell(3, sheet.max_column)
        if last.value in ("问题标识", "Finding key"):
            sheet.delete_cols(last.column)
    book.save(path)


WHOLE = {
    "DATE_ORDER": ("属实", "原始记录如此"),
    "EVENT_UNMATCHED": ("属实", "另册登记"),
    "LAYER_IGNORED": ("认可", "不是图层"),
}


def decide_all(path, answers: dict[str, tuple[str, str]]) -> int:
    """Fill in both columns of every finding of a code, on all sheets; return how many."""
    book, n = openpyxl.load_workbook(path), 0
    for sheet in book.worksheets[1:]:
        column = {cell.value: cell.column for cell in sheet[3]}
        for row in range(4, sheet.max_row + 1):
            answer = answers.get(sheet.cell(row, column["问题代码"]).value)
            if answer is not None:
                sheet.cell(row, column["处理意见"]).value = answer[0]
                sheet.cell(row, column["说明"]).value = answer[1]
                n += 1
    book.save(path)
    return n


@pytest.fixture
def office_with_events(office):
    events = "layer,key,event,date\nmanholes,J9,closed,2022-01-01\nlamps,J1,closed,2022-01-01\n"
    (office / "events.csv").write_text(events, encoding="utf-8")
    for name in ("旧图", "草图"):
        points((0, 0)).to_file(office / f"{name}.shp", engine="pyogrio")
    return office


@pytest.fixture
def book_with_events(first_check, office_with_events, tmp_path) -> Path:
    return first_check("events", office_with_events, tmp_path / "findings.xlsx")


def test_messages_may_be_reworded_and_every_decision_stays(
    office_with_events, book_with_events, reworded
):
    book = book_with_events
    decide(book, ROUND)
    n = decide_all(book, WHOLE)
    assert n >= 5
    before = gcm.load_city(office_with_events, decisions=book)
    reworded()
    city = gcm.load_city(office_with_events, decisions=book)
    told = city.findings
    assert "新说法" in told["message_zh"].iloc[0]
    accepted = told["code"].isin(list(WHOLE))
    assert accepted.sum() == n
    assert told.loc[accepted, "severity"].eq("info").all()
    assert set(city.since["state"]) <= {"remaining", "resolved"}
    assert city.since["state"].tolist() == before.since["state"].tolist()
    pd.testing.assert_frame_equal(city["manholes"], before["manholes"])
    # The workbook that is written then has them again, each beside its own.
    written_before = opinions(book, "数据源")
    _, output = check(office_with_events, "--format", "xlsx", "-o", book, "--decisions", book)
    assert "没有出现" not in output
    assert opinions(book, "数据源") == written_before
    assert opinions(book)["J3", "DATE_ORDER"] == ROUND["J3", "DATE_ORDER"]


def test_findings_of_a_layer_in_another_order_keep_each_its_own_decision(
    office_with_events, book_with_events
):
    decisions = read_decisions(book_with_events, gcm.load_specs())
    ignored = decisions["code"].eq("EVENT_UNMATCHED")
    assert ignored.sum() == 2
    now = gcm.load_city(office_with_events).findings.iloc[::-1].reset_index(drop=True)
    at = recognised(decisions, now)
    matched = at >= 0
    keys = decisions["finding_key"].to_numpy()[at[matched]]
    assert keys.tolist() == now.loc[matched, "finding_key"].tolist()
    assert set(now.loc[~matched, "severity"]) <= {"info"}


def test_a_workbook_of_0_1_0_without_keys_is_read_by_words(office_with_events, book_with_events):
    book = book_with_events
    decide(book, ROUND)
    decide_all(book, WHOLE)
    without_keys(book)
    decisions = read_decisions(book, gcm.load_specs())
    assert decisions["finding_key"].eq("").all()
    city = gcm.load_city(office_with_events, decisions=book)
    assert city.findings.loc[city.findings["code"].isin(list(WHOLE)), "severity"].eq("info").all()
    assert "J4" in set(city["manholes"]["manhole_id"])
    _, output = check(office_with_events, "--format", "xlsx", "-o", book, "--decisions", book)
    assert "没有出现" not in output
    # From here on it has keys.
    assert read_decisions(book, gcm.load_specs())["finding_key"].ne("").all()
    assert opinions(book)["J3", "DATE_ORDER"] == ROUND["J3", "DATE_ORDER"]


def test_the_key_stands_in_the_last_column_and_is_hidden(book):
    sheet = openpyxl.load_workbook(book)["窨井"]
    last = sheet.cell(3, sheet.max_column)
    assert last.value == "问题标识"
    assert sheet.column_dimensions[last.column_letter].hidden
    assert "manholes:CODE_UNKNOWN:status:J1" in [c.value for c in sheet[last.column_letter]]


def test_of_several_with_one_key_the_one_at_its_place_is_meant(office, tmp_path):
    frame = points((0, 0), (10, 0), (20, 0), (30, 0), MANHOLE_ID=["J1", "J1", "J1", "J5"])
    frame["STATUS"] = "处置中"
    frame.to_file(office / "窨井.shp", engine="pyogrio", encoding="UTF-8")
    before = gcm.load_city(office).findings
    twice = before[before["code"].eq("ID_DUPLICATE")]
    assert twice["finding_key"].str.endswith((":J1", ":J1 (2)")).all()
    one = twice.iloc[[1]].reset_index(drop=True)
    assert recognised(one, twice.reset_index(drop=True)).tolist() == [-1, 0]


@pytest.fixture
def whole(tmp_path):
    """Manholes that have all a state that is no code, of four kinds."""
    folder = tmp_path / "whole"
    folder.mkdir()
    for part in DATA.glob("districts.*"):
        (folder / part.name).write_bytes(part.read_bytes())
    frame = points(*((10 * k, 0) for k in range(40)), MANHOLE_ID=[f"J{k}" for k in range(40)])
    frame["STATUS"] = ["待定", "不知", "不知", "不知"] * 10
    frame.to_file(folder / "窨井.shp", engine="pyogrio", encoding="UTF-8")
    return folder


@pytest.fixture
def book_of_whole(first_check, whole, tmp_path) -> Path:
    return first_check("whole", whole, tmp_path / "findings.xlsx")


def test_a_fault_of_a_whole_column_is_accepted_for_the_layer(whole, book_of_whole, reworded):
    book = book_of_whole
    assert decide_all(book, {"CODE_UNKNOWN": ("属实", "旧编码")}) == 1
    reworded()
    city = gcm.load_city(whole, decisions=book)
    (row,) = city.findings[city.findings["code"].eq("CODE_UNKNOWN")].itertuples()
    assert (row.severity, row.n_records) == ("info", 40)
    assert "旧编码" in row.message_zh
    assert check(whole, "--decisions", book)[0] == 0


def test_what_was_accepted_record_by_record_is_accepted_as_one(whole):
    city = gcm.load_city(whole)
    (now,) = city.findings[city.findings["code"].eq("CODE_UNKNOWN")].index
    rows = {"layer": "manholes", "code": "CODE_UNKNOWN", "field": "status", "value": "不知",
            "message_zh": "", "message_en": "", "opinion": "属实", "remark": "旧编码",
            "finding_key": "", "kind": "accept", "new_value": "", "settled": False}  # fmt: skip
    each = pd.DataFrame([{**rows, "row_label": f"FID {k}", "key": f"J{k}"} for k in range(40)])
    assert mark_accepted(city.findings, each).loc[now, "severity"] == "info"
    carried = carry_over(each, city.findings)
    assert carried.opinion[now] == "属实" and carried.settled.empty
    since = compare_findings(each, city.findings)
    mine = since[since["code"].eq("CODE_UNKNOWN")]
    assert mine["state"].tolist() == ["remaining"]
    # Half of them are not the layer.
    assert mark_accepted(city.findings, each[:20]).loc[now, "severity"] == "error"


def test_a_fault_that_is_no_longer_that_of_the_whole_column_is_not_called_new(whole, book_of_whole):
    frame = points(*((10 * k, 0) for k in range(40)), MANHOLE_ID=[f"J{k}" for k in range(40)])
    frame["STATUS"] = ["不知"] * 10 + ["处置中"] * 30
    frame.to_file(whole / "窨井.shp", engine="pyogrio", encoding="UTF-8")
    since = gcm.load_city(whole, decisions=book_of_whole).since
    mine = since[since["code"].eq("CODE_UNKNOWN")]
    assert mine["state"].tolist() == ["remaining"] * 10


def test_a_value_for_a_whole_column_is_told_to_be_no_decision(whole, book_of_whole):
    decide_all(book_of_whole, {"CODE_UNKNOWN": ("改为：已整治", "")})
    city = gcm.load_city(whole, decisions=book_of_whole)
    assert "DECISION_UNUSED" in set(city.findings["code"])
    assert city["manholes"]["status"].isna().all()
