"""A given template: cells that name a figure, a zone and a period are filled, all else stays."""

from __future__ import annotations

import shutil
import subprocess
import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
import python_calamine
from click.testing import CliRunner
from openpyxl.chart import BarChart, Reference
from openpyxl.styles import Font

import geo_citymgmt as gcm
from geo_citymgmt.cli import main
from geo_citymgmt.errors import CityDataError
from tests.conftest import DATA

pytestmark = pytest.mark.xdist_group("report")

DAY = "2022-06-30"
AREA = "治理违法建设面积"


def template(path: Path, **cells: str) -> Path:
    """A workbook of an office: these cells, a merged title, a sum, a chart, print settings."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "月报 & 附表"
    sheet.merge_cells("A1:D1")
    sheet["A1"].font = Font(bold=True, size=16)
    sheet.column_dimensions["A"].width = 33
    sheet.page_setup.orientation, sheet.print_title_rows = "landscape", "1:2"
    sheet["B9"] = "=SUM(B3:B8)"
    for place, text in cells.items():
        sheet[place] = text
        sheet[place].number_format = "#,##0.00"
    chart = BarChart()
    chart.add_data(Reference(sheet, min_col=2, min_row=3, max_row=5))
    sheet.add_chart(chart, "F2")
    book.save(path)
    return path


def filled(city: gcm.City, folder: Path, **cells: str):
    table = gcm.fill_template(
        city, template(folder / "模板.xlsx", **cells), folder / "月报.xlsx", as_of=DAY
    )
    return table.set_index("cell"), openpyxl.load_workbook(folder / "月报.xlsx").active


def test_numbers_are_those_of_progress_and_of_the_table_by_period(city, june_by_street, tmp_path):
    table, sheet = filled(
        city, tmp_path,
        B3=f"{{{{{AREA}|姑苏区}}}}", B4=f"｛｛{AREA}｜吴中｜2022年6月｝｝",
        B5="{{illegal_area_remediated_h1|total}}", B6=f"{{{{{AREA}|横塘街道|万平方米}}}}",
        B7=f"{{{{本季度|{AREA}}}}}", C3=f"{{{{{AREA}|本月|环比}}}}",
        C4="{{城市道路窨井整治（已验收）|目标}}", C5="{{窨井新技术应用比例|%}}",
        C6="{{城市道路窨井整治（已验收）|状态}}",
    )  # fmt: skip
    by_zone = june_by_street.set_index(["indicator", "zone_code"])
    month = gcm.period_table(city, as_of=DAY, periods="month", level="district")
    month = month.set_index(["indicator", "zone_code"])
    key = "illegal_remediated_area"
    assert sheet["B3"].value == by_zone.loc[(key, "320508"), "value"]
    assert sheet["B4"].value == month.loc[(key, "320506"), "value"]
    assert sheet["B5"].value == 3_503_000 == by_zone.loc[(key, city.code), "value"]
    assert sheet["B6"].value == by_zone.loc[(key, "320505001"), "value"] / 10_000
    assert sheet["C3"].value == pytest.approx(month.loc[(key, city.code), "change_ratio"])
    assert sheet["C4"].value == 3_000
    assert sheet["C5"].value == pytest.approx(100 * 390 / 1180)
    assert sheet["C6"].value == "低于时序进度"
    # The figure stands first; what stands first here is none.
    assert sheet["B7"].value == "#NAME?" and "本季度" in table.loc["B7", "problem_zh"]
    assert table["problem_zh"].notna().sum() == 1


def test_formulas_merges_styles_and_print_settings_stay(city, tmp_path):
    _, sheet = filled(
        city, tmp_path, A1=f"截至{{{{截至}}}}，全市治理{{{{{AREA}}}}}", B3=f"{{{{{AREA}}}}}"
    )
    assert sheet["A1"].value == "截至2022年6月30日，全市治理350.3万平方米"
    assert sheet["B9"].value == "=SUM(B3:B8)"
    assert [str(r) for r in sheet.merged_cells.ranges] == ["A1:D1"]
    assert sheet["A1"].font.bold and sheet["B3"].number_format == "#,##0.00"
    assert sheet.column_dimensions["A"].width == 33
    assert (sheet.page_setup.orientation, sheet.print_title_rows) == ("landscape", "$1:$2")
    with (
        zipfile.ZipFile(tmp_path / "模板.xlsx") as before,
        zipfile.ZipFile(tmp_path / "月报.xlsx") as after,
    ):
        changed = {n for n in before.namelist() if before.read(n) != after.read(n)}
        assert before.namelist() == after.namelist()
    # Charts, styles and pictures are the same bytes.
    assert changed <= {"xl/worksheets/sheet1.xml", "xl/workbook.xml"}
    assert b"fullCalcOnLoad" in zipfile.ZipFile(tmp_path / "月报.xlsx").read("xl/workbook.xml")


def test_what_a_formula_came_to_in_the_template_is_not_shown_as_computed(city, tmp_path):
    path = template(tmp_path / "a.xlsx", B3=f"{{{{{AREA}}}}}")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(tmp_path / "b.xlsx", "w") as new:
        for name in old.namelist():
            data = old.read(name).replace(b"</f><v />", b"</f><v>77</v>")
            new.writestr(name, data.replace(b"</f><v></v>", b"</f><v>77</v>"))
    assert openpyxl.load_workbook(tmp_path / "b.xlsx", data_only=True).active["B9"].value == 77
    gcm.fill_template(city, tmp_path / "b.xlsx", tmp_path / "c.xlsx", as_of=DAY)
    assert openpyxl.load_workbook(tmp_path / "c.xlsx", data_only=True).active["B9"].value is None


@pytest.mark.parametrize(
    ("binding", "mark", "near"),
    [
        (f"{AREA}|姑苏去", "#NAME?", "姑苏区"),
        ("治理违法建设面机|姑苏区", "#NAME?", AREA),
        ("窨井整治", "#NAME?", "城市道路窨井整治（已验收）"),
        (f"{AREA}|环比", "#NAME?", "时段"),
        (f"{AREA}|本月|目标", "#NAME?", "时段"),
        (f"{AREA}|姑苏区|吴中区", "#NAME?", "吴中区"),
        (f"{AREA}|公里", "#NAME?", "单位"),
        (f"{AREA}|2023年", "#N/A", "2022-06-30"),
        ("拆违安全事故", "#N/A", "图层不记录此项"),
    ],
)
def test_what_cannot_be_answered_is_an_error_told_with_near_names(
    city, tmp_path, binding, mark, near
):
    table, sheet = filled(city, tmp_path, B3=f"{{{{{binding}}}}}", B4=f"{{{{{AREA}}}}}")
    assert sheet["B3"].value == mark and sheet["B3"].data_type == "e"
    assert near in table.loc["B3", "problem_zh"]
    assert table.loc["B3", "problem_en"]
    assert sheet["B4"].value == 3_503_000


def test_a_name_of_two_streets_is_asked_about(city, tmp_path):
    streets = city.zones_at("street")
    streets["name"] = streets["name"].where(streets.index != "320585103", "横塘街道")
    levels = {**city.zones_by_level, "street": streets}
    twin = gcm.City(**{**vars(city), "zones_by_level": levels})
    table, sheet = filled(
        twin, tmp_path, B3=f"{{{{{AREA}|横塘街道}}}}", B4=f"{{{{{AREA}|320585103}}}}"
    )
    assert sheet["B3"].value == "#NAME?"
    assert "320505001、320585103" in table.loc["B3", "problem_zh"]
    assert pd.isna(table.loc["B4", "problem_zh"])


def test_a_statistical_month_is_that_of_the_city(city, tmp_path):
    shifted = gcm.City(**{**vars(city), "month_starts": 26})
    _, sheet = filled(shifted, tmp_path, B3=f"{{{{{AREA}|2022年5月}}}}")
    month = gcm.period_table(shifted, as_of="2022-05-25", periods="month")
    area = month.set_index("indicator").loc["illegal_remediated_area"]
    assert str(area["period_start"].date()) == "2022-04-26"
    assert sheet["B3"].value == area["value"]


def test_what_is_no_template_is_refused_and_nothing_is_written(city, tmp_path):
    plain = template(tmp_path / "a.xlsx", B3="没有绑定")
    for source, out in ((plain, "b.xlsx"), (plain, "a.xlsx"), (tmp_path / "no.xlsx", "b.xlsx"),
                        (plain, "b.csv")):  # fmt: skip
        with pytest.raises(CityDataError):
            gcm.fill_template(city, source, tmp_path / out)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.xlsx"]


@pytest.mark.usefixtures("sample_kept")
def test_the_command_tells_sheet_and_cell_and_ends_with_3(tmp_path):
    path = template(tmp_path / "a.xlsx", B3=f"{{{{{AREA}|姑苏去}}}}", B4=f"{{{{{AREA}}}}}")
    out = tmp_path / "b.xlsx"
    result = CliRunner().invoke(main, ["fill", str(path), str(DATA), "-o", str(out)])
    assert result.exit_code == 3
    assert "月报 & 附表!B3" in result.stderr and "姑苏区" in result.stderr
    assert "1/2" in result.stdout
    whole = template(tmp_path / "c.xlsx", B4=f"{{{{{AREA}}}}}")
    assert CliRunner().invoke(main, ["fill", str(whole), str(DATA), "-o", str(out)]).exit_code == 0


def test_other_programs_open_what_was_filled(city, tmp_path):
    filled(
        city, tmp_path, B3=f"{{{{{AREA}|姑苏区|2022年6月}}}}", B4=f"{{{{{AREA}|吴中区|2022年6月}}}}"
    )
    path = tmp_path / "月报.xlsx"
    cells = python_calamine.load_workbook(path).get_sheet_by_index(0).to_python()
    numbers = [cell for row in cells for cell in row if isinstance(cell, float)]
    month = gcm.period_table(city, as_of=DAY, periods="month", level="district")
    month = month[month["indicator"] == "illegal_remediated_area"].set_index("zone_code")["value"]
    wanted = month[["320508", "320506"]].tolist()
    assert numbers == wanted
    office = shutil.which("soffice")
    if office is None:
        pytest.skip("LibreOffice is not installed")
    home = f"-env:UserInstallation={(tmp_path / 'home').as_uri()}"
    command = [
        office,
        home,
        "--headless",
        "--convert-to",
        "csv",
        "--outdir",
        str(tmp_path),
        str(path),
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    # The sum is computed by the program that opens it.
    assert f"{sum(wanted):.0f}" in (tmp_path / "月报.csv").read_text(errors="replace")
