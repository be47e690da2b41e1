"""A workbook of 1997: .xls is read as the .xlsx of the same sheet is.

``golden/office_list.xls`` was made by LibreOffice Calc 7 (``--convert-to "xls:MS Excel 97"``)
from the workbook that ``list_of_the_office`` writes.
"""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
import shapely

import geo_citymgmt as gcm
from geo_citymgmt.reading import read_raw
from geo_citymgmt.reading._coordinates import place_records

GOLDEN = Path(__file__).parent / "golden" / "office_list.xls"
ROWS = [
    ["窨井编号", "经度", "纬度", "道路名称", "病害面积", "整改完成时间", "备注"],
    ["320508199001011234", 120.61, 31.31, "干将东路", 1.5, dt.date(2022, 3, 1), "=1+1 文本"],
    ["000012", 120.62, 31.32, "人民路", None, "2022年6月", None],
    ["J3", 120.63, 31.33, "十梓街", 0.25, dt.date(2022, 6, 30), "㑇"],
    ["合计", None, None, None, 1.75, None, None],
]


@pytest.fixture
def list_of_the_office(tmp_path):
    """A title over the headings, ids as text, a date, a row of totals, an empty sheet."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "窨井"
    sheet.append(["窨井台账（2022年）"])
    sheet.merge_cells("A1:G1")
    for row in ROWS:
        sheet.append(row)
    sheet["G3"].data_type = "s"
    book.create_sheet("空表")
    book.save(tmp_path / "list.xlsx")
    return tmp_path / "list.xlsx"


def test_an_xls_is_read_as_the_xlsx_of_the_same_sheet(list_of_the_office):
    old, new = read_raw(GOLDEN), read_raw(list_of_the_office)
    for raw in (old, new):
        place_records(raw)
    pd.testing.assert_frame_equal(old.frame, new.frame)
    assert shapely.equals(old.geometry, new.geometry).all()
    assert (old.n_walked, old.n_skipped) == (new.n_walked, new.n_skipped) == (4, 1)
    assert list(old.row_label) == list(new.row_label)
    codes = [sorted(raw.findings.frame()["code"]) for raw in (old, new)]
    assert codes[0] == codes[1]


@pytest.mark.parametrize("name", ["窨井.xls", "窨井.xlsx", "窨井.csv"])
def test_an_xls_is_known_by_its_content_under_any_name(tmp_path, name):
    shutil.copy(GOLDEN, tmp_path / name)
    read = gcm.read_layer(tmp_path / name, "manholes", crs="EPSG:4490")
    assert read.data["manhole_id"].tolist() == ["320508199001011234", "000012", "J3"]
    assert read.data["road_name"].tolist() == ["干将东路", "人民路", "十梓街"]
    assert read.ledger.iloc[0][["n_walked", "n_skipped", "n_accepted"]].tolist() == [4, 1, 3]
