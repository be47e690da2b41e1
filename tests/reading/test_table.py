"""Tables as offices keep them: titles, merged cells, totals, ids, coordinates in any order."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from geo_citymgmt import SourceError
from geo_citymgmt.reading._sheet import Sheet
from geo_citymgmt.reading._table import read_table, table_of
from geo_citymgmt.reading._xlsx import list_sheets


def csv(tmp_path, text: str, encoding: str = "utf-8", name: str = "台账.csv"):
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return path


def codes(raw) -> list[str]:
    return raw.findings.frame()["code"].tolist()


def office_book(path):
    """A title over all columns, headings in two rows, a merged district, a total, a signature."""
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet("窨井")
    day = book.add_format({"num_format": "yyyy/m/d"})
    sheet.merge_range(0, 0, 0, 6, "苏州市窨井台账")
    sheet.write_row(2, 0, ["序号", "井编号", "", "", "数量", "日期", "所属区"])
    sheet.merge_range(2, 2, 2, 3, "位置")
    sheet.write_row(3, 2, ["经度", "纬度"])
    for i in range(4):
        sheet.write_row(4 + i, 0, [i + 1, f"32050819900101123{i}", f"120.6{i}", 31.3, 2])
        sheet.write_datetime(4 + i, 5, dt.datetime(2022, 6, 30), day)
    sheet.merge_range(4, 6, 7, 6, "姑苏区")
    sheet.write(8, 1, "合  计")
    sheet.write(8, 4, 8)
    sheet.write(10, 0, "填表人：某人")
    book.add_worksheet("Sheet2")
    book.close()
    return path


def test_an_office_sheet_gives_its_records_and_names_the_rows_that_are_none(tmp_path):
    raw = read_table(office_book(tmp_path / "台账.xlsx"))
    assert list(raw.frame.columns) == ["序号", "井编号", "经度", "纬度", "数量", "日期", "所属区"]
    assert raw.frame["井编号"].tolist() == [f"32050819900101123{i}" for i in range(4)]
    assert raw.frame["所属区"].tolist() == ["姑苏区"] * 4
    assert raw.frame["日期"].tolist() == [pd.Timestamp(2022, 6, 30)] * 4
    assert raw.frame["经度"].astype(float).tolist() == [120.60, 120.61, 120.62, 120.63]
    assert (raw.n_walked, raw.n_skipped, len(raw.frame)) == (6, 2, 4)
    assert raw.labels().tolist() == [f"第 {i} 行" for i in (5, 6, 7, 8, 9, 11)]
    table = raw.findings.frame().set_index("code")
    assert table.loc["TOTAL_ROW", "record"] == 4
    assert table.loc["NOTE_ROW", "record"] == 5
    assert raw.name == "台账.xlsx:窨井"


def test_several_sheets_are_asked_about(tmp_path):
    book = xlsxwriter.Workbook(str(tmp_path / "a.xlsx"))
    for name in ("窨井", "泊位"):
        book.add_worksheet(name).write_row(0, 0, ["编号", "名称"])
    book.close()
    with pytest.raises(SourceError, match="窨井, 泊位"):
        read_table(tmp_path / "a.xlsx")
    assert read_table(tmp_path / "a.xlsx", sublayer="泊位").n_walked == 0
    with pytest.raises(SourceError, match="no sheet"):
        read_table(tmp_path / "a.xlsx", sublayer="管廊")


def test_ids_of_18_digits_stay_text_and_damaged_ones_are_taken_out(tmp_path):
    path = tmp_path / "a.xlsx"
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["编号", "名称"])
    sheet.write_row(1, 0, ["320508199001011234", "文本"])
    sheet.write_row(2, 0, [320508199001011234, "数字"])
    sheet.write_row(3, 0, ["3.20508E+17", "科学记数"])
    sheet.write_row(4, 0, [85782, "短"])
    book.close()
    raw = read_table(path)
    assert raw.frame["编号"].fillna("").tolist() == ["320508199001011234", "", "", "85782"]
    damaged = raw.findings.frame().query("code == 'ID_DAMAGED'")
    assert damaged["record"].tolist() == [1, 2]
    assert set(damaged["action"]) == {"value_removed"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_text_is_read_in_every_encoding_of_the_office(tmp_path, encoding):
    raw = read_table(csv(tmp_path, "编号\t名称\nJ1\t甪直镇堽城\n", encoding))
    assert raw.frame["名称"].tolist() == ["甪直镇堽城"]


def test_one_damaged_byte_does_not_turn_the_file_into_another_encoding(tmp_path):
    path = csv(tmp_path, "编号,名称\n" + "J1,姑苏区平江路\n" * 50)
    raw = bytearray(path.read_bytes())
    raw[-6] = 0xFF
    path.write_bytes(bytes(raw))
    read = read_table(path)
    assert read.frame["名称"].tolist()[:49] == ["姑苏区平江路"] * 49
    assert read.findings.frame().query("code == 'TEXT_LOST'")["record"].tolist() == [49]


def test_rows_with_values_too_many_are_rejected_and_too_few_told(tmp_path):
    text = "编号,名称,备注\n" + "J,a,b\n" * 8 + "J1,a,b,c\nJ2,a\n"
    ragged = read_table(csv(tmp_path, text)).findings.frame().query("code == 'ROW_RAGGED'")
    assert ragged[["record", "action"]].values.tolist() == [[8, "rejected"], [9, "none"]]


def test_a_quote_that_does_not_close_swallows_no_rows(tmp_path):
    raw = read_table(csv(tmp_path, '编号,名称\nJ1,"a\nJ2,b\nJ3,c\n'))
    assert raw.frame["编号"].tolist() == ["J1", "J2", "J3"]
    assert "ROW_RAGGED" in codes(raw)


def test_a_line_break_within_quotes_is_one_record(tmp_path):
    raw = read_table(csv(tmp_path, '编号,名称\nJ1,"a\nb"\nJ2,c\n'))
    assert raw.frame["名称"].tolist() == ["a\nb", "c"]
    assert codes(raw) == []


def test_a_stray_cell_far_away_is_refused_and_not_laid_out(tmp_path):
    book = xlsxwriter.Workbook(str(tmp_path / "a.xlsx"))
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["编号", "名称"])
    sheet.write(1_048_575, 16_383, "x")
    book.close()
    with pytest.raises(SourceError, match="stray cell"):
        read_table(tmp_path / "a.xlsx")


def test_what_is_no_workbook_is_refused_as_such(tmp_path):
    path = office_book(tmp_path / "a.xlsx")
    whole = path.read_bytes()
    for cut in range(100, len(whole), 997):
        path.write_bytes(whole[:cut])
        with pytest.raises(SourceError):
            read_table(path)
    (tmp_path / "a.xls").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 600)
    with pytest.raises(SourceError, match="not a workbook"):
        read_table(tmp_path / "a.xls")


def test_a_table_without_headings_is_refused(tmp_path):
    with pytest.raises(SourceError, match="no row of headings"):
        read_table(csv(tmp_path, "1,2,3\n4,5,6\n"))


CELL = st.one_of(st.none(), st.floats(allow_nan=False), st.text(max_size=8), st.dates())


@given(st.lists(st.lists(CELL, min_size=3, max_size=3), max_size=20))
def test_each_row_that_holds_anything_is_walked_once(rows):
    raw = table_of(Sheet([["编号", "名称", "备注"], *rows]), "t")
    filled = [r for r in rows if any(c is not None and str(c).strip(_BLANK) for c in r)]
    assert raw.n_walked == len(filled) == raw.n_skipped + len(raw.frame)
    assert len(raw.labels()) == raw.n_walked
    assert len(raw.record) == len(raw.frame) == len(raw.geometry)


_BLANK = " \t\r\n\x0b\x0c\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(
    map(chr, range(0x2000, 0x200B))
)


def test_a_long_cell_is_read_and_the_parser_left_as_it_was(tmp_path):
    import csv as plain

    before = plain.field_size_limit()
    ring = ", ".join(f"{i} {i * i}" for i in range(30_000))
    raw = read_table(csv(tmp_path, f'编号,wkt\nJ1,"LINESTRING ({ring})"\n'))
    assert raw.frame["wkt"].str.count(",").tolist() == [29_999]
    assert plain.field_size_limit() == before


def test_sheets_without_content_are_not_counted(tmp_path):
    assert list_sheets(office_book(tmp_path / "a.xlsx")) == ["窨井"]
