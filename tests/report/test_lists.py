"""What is overdue: one list a responsible unit, the worst first, nothing personal."""

from __future__ import annotations

from functools import partial

import docx
import geopandas as gpd
import openpyxl
import pandas as pd
import pytest
import shapely
from click.testing import CliRunner

import geo_citymgmt as gcm
from geo_citymgmt.cli import main
from geo_citymgmt.errors import CityDataError
from tests.conftest import CRS, DATA, X0, Y0

pytestmark = pytest.mark.xdist_group("report")


@pytest.fixture(scope="module")
def small() -> gcm.City:
    """Seven parcels of two units: five overdue on 30 June, one due that day, one done."""
    rows = pd.DataFrame(
        [
            ("W1", "甲局", "否", None, "2022-01-01", "20", "人民路1号"),
            ("W2", "甲局", "是", None, "2022-06-29", "20", "人民路2号"),
            ("W3", "甲局", "是", "挂牌督办", "2022-06-28", "20", "联系 13812345678"),
            ("W4", "甲局", "否", "挂牌督办", "2022-06-01", "30", None),
            ("W5", "乙/局", "否", None, "2022-06-30", "20", "观前街"),
            ("W6", "甲局", "是", None, "2021-01-01", "70", "已销号"),
            ("W7", None, "否", None, "2022-06-20", "20", "无单位"),
        ],
        columns=["违建编号", "责任单位", "涉安", "清单类型", "整改期限", "处置状态", "地址"],
    ).assign(当事人="张三", 违建面积=100.0, 发现时间="2020-06-01", 销号时间=None)
    rows.loc[5, "销号时间"] = "2022-05-01"
    points = gpd.points_from_xy([X0 + 10 * k for k in range(7)], [Y0 + 5] * 7)
    zones = gpd.GeoDataFrame(
        {"name_zh": ["东区"]}, index=pd.Index(["320501"], name="district_code"),
        geometry=[shapely.box(X0 - 500, Y0 - 500, X0 + 500, Y0 + 500)], crs=CRS,
    )  # fmt: skip
    frame = gpd.GeoDataFrame(rows, geometry=points, crs=CRS)
    return gcm.City.from_layers(
        {"illegal_construction": frame}, zones=zones, data_date="2022-06-30", name_zh="某市"
    )


@pytest.fixture(scope="module")
def by_district(city, tmp_path_factory):
    """The lists of the sample, one a district."""
    return gcm.write_lists(
        city, tmp_path_factory.mktemp("lists"), as_of="2022-06-30", by="district"
    )


def read(path) -> list[tuple]:
    return list(openpyxl.load_workbook(path).active.iter_rows(min_row=3, values_only=True))


def test_the_worst_come_first_and_what_is_due_today_is_not_overdue(small, tmp_path):
    files = gcm.write_lists(small, tmp_path)
    names = [p.name for p in files]
    assert names[:2] == ["甲局_超期清单_2022-06-30.xlsx", "甲局_超期清单_2022-06-30.docx"]
    # 乙/局 has nothing overdue; a record of no unit has a list of its own.
    assert {n.split("_")[0] for n in names} == {"甲局", "未填责任单位"}
    head, *rows = read(files[0])
    assert head == (
        "序号",
        "违建编号",
        "重点",
        "位置",
        "剩余（平方米）",
        "状态",
        "期限",
        "超期天数",
    )
    assert [(r[0], r[1], r[2], r[7]) for r in rows] == [
        (1, "W3", "涉安 挂牌督办", 2), (2, "W2", "涉安", 1),
        (3, "W4", "挂牌督办", 29), (4, "W1", None, 180),
    ]  # fmt: skip
    assert rows[1][3] == "东区人民路2号" and rows[1][4] == 100


def test_a_unit_answers_for_cases_it_has_not_handled_and_not_for_those_put_off(tmp_path):
    said = ["已派遣", "已处置", "已核查", "缓办", "挂账", "结案", "已立案"]
    limit = [f"2022-06-2{k} 12:00" for k in range(7)]
    cases = pd.DataFrame({"案件编号": [f"C{k}" for k in range(7)], "处置截止时间": limit})
    cases = cases.assign(责任单位="甲局", 状态=said, 上报时间="2022-06-01 08:00")
    places = gpd.points_from_xy([X0 + 10 * k for k in range(7)], [Y0 + 5] * 7)
    city = gcm.City.from_layers(
        {"digital_cases": gpd.GeoDataFrame(cases, geometry=places, crs=CRS)},
        data_date="2022-06-30", name_zh="某市",
    )  # fmt: skip
    book, _ = gcm.write_lists(city, tmp_path)
    assert [row[1] for row in read(book)[1:]] == ["C0", "C6"]


def test_the_document_says_the_same_as_the_workbook(small, tmp_path):
    files = gcm.write_lists(small, tmp_path)
    table = docx.Document(files[1]).tables[0]
    texts = [[cell.text for cell in row.cells] for row in table.rows]
    rows = read(files[0])
    assert [r[1] for r in texts] == [r[1] for r in rows]
    assert [r[7] for r in texts[1:]] == [str(r[7]) for r in rows[1:]]
    assert "内部资料" in docx.Document(files[1]).paragraphs[0].text


def test_nothing_personal_is_in_any_of_them(small, tmp_path):
    for path in gcm.write_lists(small, tmp_path):
        if path.suffix == ".xlsx":
            text = str(read(path))
        else:
            text = " ".join(c.text for row in docx.Document(path).tables[0].rows for c in row.cells)
        assert "张三" not in text and "13812345678" not in text


def test_units_whose_names_no_file_may_bear_have_a_list_each(small, tmp_path):
    frame = small["illegal_construction"].copy()
    frame["manage_org"] = ["甲/局", "甲:局", "甲局", "甲局", "", "甲局", "甲局"]
    files = gcm.write_lists(small.with_layer("illegal_construction", frame), tmp_path)
    assert len(set(files)) == len(files) == 6
    assert all(path.is_file() for path in files)


def test_without_the_field_the_remedy_is_named_and_districts_will_do(city, by_district, tmp_path):
    with pytest.raises(CityDataError, match="by district"):
        gcm.write_lists(city, tmp_path / "a", as_of="2022-06-30")
    cases = gcm.open_cases(city, as_of="2022-06-30")
    manholes = gcm.open_cases(city, layer="manholes", as_of="2022-06-30", deadline="planned_date")
    n = sum(int(table["overdue"].fillna(False).sum()) for table in (cases, manholes))
    listed = sum(
        sheet.max_row - 3 for path in by_district[::2] for sheet in openpyxl.load_workbook(path)
    )
    assert listed == n > 1000


def test_without_a_deadline_the_fields_that_are_one_are_named_and_adding_one_makes_lists(tmp_path):
    rows = ["窨井编号,整治状态,经度,纬度,整改期限", "A1,待整治,120.62,31.31,2024-01-31"]
    for folder, end in (("without", -1), ("with", None)):
        (tmp_path / folder).mkdir()
        text = "\n".join(",".join(row.split(",")[:end]) for row in rows)
        (tmp_path / folder / "窨井.csv").write_text(text + "\n", encoding="utf-8")
    read = partial(gcm.load_city, fallback_crs="EPSG:4490")
    with pytest.raises(CityDataError, match=r"Planned completion \(Manholes\)") as told:
        gcm.write_lists(read(tmp_path / "without"), tmp_path / "a", by="district")
    assert "by district" not in str(told.value)
    files = gcm.write_lists(
        read(tmp_path / "with"), tmp_path / "b", by="district", as_of="2024-02-02"
    )
    assert len(files) == 2


def test_a_city_without_zones_has_lists_too(small, tmp_path):
    frame = small["illegal_construction"].drop(columns=["district_code", "address"])
    bare = gcm.City.from_layers({"illegal_construction": frame}, data_date="2022-06-30")
    assert len(gcm.write_lists(bare, tmp_path / "a")) == 4
    assert len(gcm.write_lists(bare, tmp_path / "b", by="district")) == 2


def test_the_street_is_said_where_there_are_streets(by_district):
    places = [row[3] for row in read(by_district[0])[1:]]
    assert all(place.startswith("昆山市") for place in places)
    assert any(place.endswith(("镇", "街道")) for place in places)


@pytest.mark.usefixtures("sample_kept")
def test_the_command_names_its_files(tmp_path):
    arguments = ["lists", str(DATA), "-o", str(tmp_path), "--as-of", "2022-06-30", "--by"]
    result = CliRunner().invoke(main, [*arguments, "district"])
    assert result.exit_code == 0, result.output
    assert len(result.stdout.splitlines()) == len(list(tmp_path.iterdir())) == 20
    assert CliRunner().invoke(main, [*arguments, "manage_org"]).exit_code == 2
