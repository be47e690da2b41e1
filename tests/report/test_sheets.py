"""Sheets of paper: one page, the figures of the report, nothing that must not leave the house."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import combinations, product
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from click.testing import CliRunner

import geo_citymgmt as gcm
from geo_citymgmt._options import display_lang
from geo_citymgmt.cli import main
from geo_citymgmt.report import Summary, write_sheet
from geo_citymgmt.report._words import Words
from tests.report.conftest import CRS, X0, Y0, bikes, without_zones, write, zones

pdfium = pytest.importorskip("pypdfium2")
pytest.importorskip("reportlab")

from geo_citymgmt.report._drawings import Look, state_looks  # noqa: E402
from geo_citymgmt.report._drawings import _path as outline_path  # noqa: E402
from geo_citymgmt.report._paper import MM, Box, Paper, cut, ground_for, width_of  # noqa: E402
from geo_citymgmt.report._sheet import SheetMaker, task_rows  # noqa: E402
from geo_citymgmt.report._sheet_map import REST  # noqa: E402
from geo_citymgmt.report._sheet_pdf import (  # noqa: E402
    sheet_summary,
    write_sheet_pdf,
    write_sheets,
)


def pages(path: Path) -> list[str]:
    """The texts of the pages of a PDF."""
    return [page.get_textpage().get_text_bounded() for page in pdfium.PdfDocument(path)]


def only_page(path: Path) -> str:
    (text,) = pages(path)
    return text.replace("\r\n", "\n")


@pytest.fixture(scope="module")
def maker(told) -> SheetMaker:
    return SheetMaker(told)


@pytest.fixture(scope="module")
def worked(city) -> Summary:
    """What a sheet on the sample says, worked out once."""
    return sheet_summary(city, None, "zh")


@pytest.fixture
def sheet_kept(sample_kept, worked, monkeypatch) -> None:
    """Commands on the sample take what is worked out, in the language they are asked for."""

    def kept(city, as_of, lang, release):
        groups = city.office["bulletin"].table["group"]
        words = Words(display_lang(lang), unit=city.unit, groups=groups)
        return replace(worked, words=words, release=release)

    monkeypatch.setattr("geo_citymgmt.report._sheet_pdf.sheet_summary", kept)


# Each language once and each release: what may leave the house has no language.
@pytest.mark.parametrize(("release", "lang"), [("internal", "zh"), ("public", "en")])
def test_every_district_has_one_page_of_a4(summary_of, tmp_path, lang, release):
    results = replace(summary_of("2022-06-30", lang), release=release)
    files = write_sheets(results, tmp_path)
    assert len(files) == len(results.city.zones) == 10
    for path, name in zip(files, results.zone_names, strict=True):
        document = pdfium.PdfDocument(path)
        assert len(document) == 1
        assert document[0].get_size() == pytest.approx((595.3, 841.9), abs=0.1)
        text = only_page(path)
        assert name in text and "{" not in text
        ids = re.findall(r"3205\d\dW\d{5}", text)
        assert len(ids) == (10 if release == "internal" else 0)


def test_a_sheet_says_the_figures_of_the_report(maker, told):
    sheet = maker.sheet("320583")
    rows = told.table[told.table["zone_code"].eq("320583") & told.table["target"].notna()]
    # What the document states twice is there once.
    rows = rows[rows["indicator"].isin(told.headline.index) & rows["value"].notna()]
    assert {task.name for task in sheet.tasks} == set(rows["name_zh"])
    assert sheet.tasks[0].told == "低于时序进度61.4个百分点"
    flow = told.campaigns[0].flow
    row = flow[flow["zone_code"].eq("320583") & flow["quantity"].eq("count")].iloc[0]
    shown = [int(cell.replace(",", "")) for cell in sheet.why.rows[0][1:7]]
    names = ("opening", "found", "relapsed", "closed", "dismissed", "closing")
    assert shown == [int(row[name]) for name in names]
    assert shown[0] + shown[1] + shown[2] - shown[3] - shown[4] == shown[5]


def test_the_worst_cases_are_marked_first_and_then_longest_overdue(maker, told):
    rows = maker.sheet(None).cases.rows
    assert len(rows) == 10
    marked = [row for row in rows if "涉安" in row[2] and "挂牌" in row[2]]
    assert rows[: len(marked)] == tuple(marked)
    days = [int(row[-1]) for row in marked]
    assert days == sorted(days, reverse=True)
    late = gcm.open_cases(told.city, as_of="2022-06-30").query("overdue == True")
    assert f"共{len(late):,}处" in maker.sheet(None).cases.title


def test_all_records_of_a_district_are_on_its_map(maker, told):
    drawn = maker.sheet("320583").drawn
    city = told.city
    inside = city["illegal_construction"].geometry.representative_point()
    inside = inside.within(city.zones.geometry["320583"])
    assert sum(len(shapes) for _, shapes in drawn.marks) == inside.sum() > 1000
    numbers = [int(label.split("　")[1].replace(",", "")) for label, _, _ in drawn.legend]
    assert sum(numbers) == inside.sum()
    # What is open has the colours of its statuses, and is the stock that the text names.
    *stock, rest = numbers
    closing = maker.sheet("320583").why.rows[0][6]
    assert sum(stock) == int(closing.replace(",", "")) and closing in drawn.legend_title
    assert f"期末存量{closing}处" in maker.sheet("320583").lead
    looks = state_looks(city.specs["illegal_construction"])
    open_states = ("20", "30", "40", "80", "95")
    assert [look for _, look, _ in drawn.legend] == [*(looks[s] for s in open_states), REST]
    assert drawn.marks[0][0] == REST and len(drawn.marks[0][1]) == rest


def test_names_of_tasks_are_whole_in_the_longer_language(summary_of, tmp_path):
    maker = SheetMaker(summary_of("2022-06-30", "en"))
    write_sheet_pdf(maker, "320508", tmp_path / "zone.pdf")
    text = only_page(tmp_path / "zone.pdf")
    names = [task.name for task in maker.sheet("320508").tasks]
    assert len(names) == 7 and [name for name in names if name not in text] == []


def test_of_a_task_whose_status_is_not_certain_a_sheet_states_no_distance(maker, told):
    row = next(task_rows(told, "320583").itertuples())
    assert "61.4个百分点" in maker.task(row).told
    assert maker.task(row._replace(status="not_available")).told == "数据不足"


def test_one_task_alone_and_one_course_have_the_breadth_of_the_page(told, tmp_path):
    some = SheetMaker(replace(told, table=told.table.query("indicator == 'manhole_remediated'")))
    sheet = some.sheet("320583")
    path = tmp_path / "one.pdf"
    write_sheet_pdf(some, "320583", path)
    assert len(sheet.tasks) <= 2
    page = pdfium.PdfDocument(path)[0].get_textpage()
    searched = page.search(sheet.tasks[-1].amount)
    at, n = searched.get_next()
    right = max(page.get_charbox(k)[2] for k in range(at, at + n))
    assert right / MM > 190


def test_in_grey_print_each_status_of_a_sheet_has_a_mark_of_its_own(tmp_path):
    """Drawn in one grey, no two marks are the same picture, nor two lines the same dashes."""
    path = tmp_path / "marks.pdf"
    looks = [Look("#777777", mark) for mark in range(15)]
    with Paper(path, (20.0 * len(looks), 30.0), title="", lang="en") as paper:
        for k, look in enumerate(looks):
            paper.marks(np.array([[20.0 * k + 10, 10.0]]), 0.65, look)
        for k in range(5):
            paper.line(np.array([[20.0 * k + 6, 20], [20.0 * k + 14, 20]]), mark=k)
    drawn = pdfium.PdfDocument(path)[0].render(scale=600 / 72).to_numpy()[:, :, 0]
    step = drawn.shape[1] // len(looks)
    tiles = [drawn[:, k * step : (k + 1) * step].astype(int) for k in range(len(looks))]
    half = drawn.shape[0] // 2
    for one, other in combinations([tile[:half] for tile in tiles], 2):
        # Of a mark of some 1,000 dots of a printer, a part that is seen.
        assert (abs(one - other) > 60).sum() > 60
    lines = [tile[half:] for tile in tiles[:5]]
    assert all((abs(one - other) > 60).sum() > 60 for one, other in combinations(lines, 2))


def test_the_map_of_a_narrow_district_has_its_legend_beside_it_and_is_larger(maker, tmp_path):
    path = tmp_path / "zone.pdf"
    write_sheet_pdf(maker, "320583", path)
    (scale,) = re.findall(r"1:([\d,]+)", only_page(path))
    # With the legend below it was 1,000,000.
    assert int(scale.replace(",", "")) <= 700_000


def test_a_public_map_is_of_districts_and_leaves_room_for_its_number(told, city):
    sheet = SheetMaker(replace(told, release="public")).sheet("320583")
    assert sheet.drawn.marks == [] and sheet.cases is None
    assert len(sheet.drawn.areas) == len(city.zones)
    assert "审图号：________________" in sheet.foot
    said = {"map_approval": "苏S1号", "publisher": {"zh": "甲局", "en": "Office A"}}
    settings = replace(city.settings, table={**city.settings.table, **said})
    named = replace(told, city=replace(city, settings=settings), release="public")
    assert {"审图号：苏S1号", "制图单位：甲局"} <= set(SheetMaker(named).foot())
    assert "审图号：苏S1号" in named.map_stamp


@pytest.mark.parametrize("source", ["two_layers", "hostile", "undated", "only_districts", "empty"])
def test_any_city_has_its_sheet(request, tmp_path, monkeypatch, source):
    if source == "empty":
        # A district in which nothing lies, beside one in which all does.
        write(zones(), tmp_path / "in", "districts")
        write(bikes(["甲站"], opened_date=["2022-06-01"]), tmp_path / "in", "bike_stations")
        city = gcm.load_city(tmp_path / "in")
    else:
        made = request.getfixturevalue(source)
        city = made if isinstance(made, gcm.City) else gcm.load_city(made)
    worked = sheet_summary(city)
    monkeypatch.setattr(
        "geo_citymgmt.report._sheet_pdf.sheet_summary",
        lambda *asked: replace(worked, release=asked[-1]),
    )
    for release, as_map in product(["internal", "public"], [False, True]):
        for k, zone in enumerate([None, *city.zones.index]):
            path = write_sheet(city, zone, tmp_path / f"{k}.pdf", release=release, as_map=as_map)
            assert only_page(path).strip(), (release, as_map, zone)
        if source == "empty" and not as_map:
            assert "没有记录" in only_page(tmp_path / "3.pdf")


def test_a_district_is_found_by_code_and_names_and_none_is_told_with_those_there_are(city):
    from geo_citymgmt.report._sheet import find_zone

    for name in ("320583", "昆山市", "昆山", "Kunshan", " kunshan "):
        assert find_zone(city, name) == "320583"
    with pytest.raises(gcm.CityDataError) as caught:
        find_zone(city, "昆山县")
    assert "姑苏区、" in caught.value.text.zh and "是否指“昆山市”" in caught.value.text.zh
    assert "Kunshan" in caught.value.text.en
    # 苏州 begins none of them, 张 one.
    assert find_zone(city, "张") == "320582"
    with pytest.raises(gcm.CityDataError, match="no outlines of any district"):
        find_zone(without_zones(city), "昆山市")


def test_the_same_sheet_is_the_same_file(maker, tmp_path):
    from geo_citymgmt.report._sheet_pdf import write_map_pdf, write_sheet_pdf

    for draw in (write_sheet_pdf, write_map_pdf):
        for name in ("a", "b"):
            draw(maker, "320507", tmp_path / name)
        assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_map_of_a3_has_what_a_map_must_have_and_a_scale_that_is_true(maker, tmp_path):
    from geo_citymgmt.report._sheet_pdf import write_map_pdf

    write_map_pdf(maker, "320583", tmp_path / "map.pdf")
    assert pdfium.PdfDocument(tmp_path / "map.pdf")[0].get_size() == pytest.approx(
        (420 * MM, 297 * MM), abs=0.1
    )
    text = only_page(tmp_path / "map.pdf")
    for said in (
        "昆山市违法建设存量分布图",
        "图例",
        "北",
        "公里",
        "日期：2022年6月30日",
        "制图单位：",
        "审图号：",
    ):
        assert said in text
    denominator = int(re.search(r"1:([\d,]+)", text)[1].replace(",", ""))
    west, south, east, north = maker.sheet("320583").drawn.bounds
    ground = ground_for((west, south, east, north), Box(10, 20, 200, 200))
    ends = ground.place(np.array([[west, south], [west + 10_000, south]]))
    assert ends[1, 0] - ends[0, 0] == pytest.approx(10_000 * 1000 / ground.denominator)
    # The district is as high on the sheet as the scale says, and no higher than the sheet.
    assert (north - south) * 1000 / denominator < 297
    assert (north - south) * 1000 / denominator > 150


def test_lines_end_where_there_is_no_more_room():
    assert cut("娄葑街道", 20, 9) == "娄葑街道"
    assert cut("苏州工业园区娄葑街道", 20, 9).endswith("…")
    assert width_of(cut("苏州工业园区娄葑街道", 20, 9), 9) <= 20


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_without_districts_a_map_shows_all_records_and_a_district_is_refused_with_the_reason(
    undated, tmp_path, lang
):
    text = only_page(write_sheet(undated, None, tmp_path / "map.pdf", as_map=True, lang=lang))
    assert ("窨井" if lang == "zh" else "Manholes") in text
    assert "Scale 1:" in text or "比例尺" in text
    public = write_sheet(
        undated, None, tmp_path / "p.pdf", as_map=True, lang=lang, release="public"
    )
    assert ("没有可绘制的界线" if lang == "zh" else "Nothing to draw") in only_page(public)
    with pytest.raises(gcm.CityDataError, match="no outlines of any district: no sheet of '甲区'"):
        write_sheet(undated, "甲区", tmp_path / "a.pdf")


def test_records_without_a_place_leave_the_outline(tmp_path):
    write(zones(), tmp_path / "in", "districts")
    frame = gpd.GeoDataFrame(
        {"manhole_id": ["A"], "status": ["10"]}, geometry=[shapely.Point(X0 + 1, Y0 + 1)], crs=CRS
    )
    write(frame, tmp_path / "in", "manholes")
    city = gcm.load_city(tmp_path / "in")
    text = only_page(write_sheet(city, "丙市", tmp_path / "c.pdf"))
    assert "没有可上图的记录" in text
    assert "窨井分布图" in only_page(write_sheet(city, "甲区", tmp_path / "a.pdf"))


def test_the_command_writes_a_sheet_or_says_which_districts_there_are(
    sheet_kept, data_folder, tmp_path
):
    out = tmp_path / "昆山.pdf"
    said = CliRunner().invoke(main, ["sheet", str(data_folder), "--zone", "昆山市", "-o", str(out)])
    assert said.exit_code == 0, said.output
    assert "昆山市" in only_page(out)
    for more, code in ((["--map"], 0), (["--zone", "昆明市"], 2)):
        command = ["sheet", str(data_folder), "-o", str(tmp_path / "b.pdf"), *more]
        said = CliRunner().invoke(main, command)
        assert said.exit_code == code, said.output
    assert "姑苏区" in said.output
    said = CliRunner().invoke(main, ["sheet", str(data_folder), "-o", str(tmp_path / "b.png")])
    assert said.exit_code == 2 and ".pdf" in said.output


def test_without_a_file_a_sheet_is_named_after_its_district(
    sheet_kept, data_folder, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    said = CliRunner().invoke(main, ["sheet", str(data_folder), "--zone", "昆山市"])
    assert said.exit_code == 0 and said.output.splitlines()[0] == "昆山市.pdf", said.output
    assert "昆山市" in only_page(tmp_path / "昆山市.pdf")
    CliRunner().invoke(main, ["sheet", str(data_folder), "--map", "--lang", "en"])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["Suzhou_map.pdf", "昆山市.pdf"]


def test_a_city_says_in_its_file_who_draws_and_under_which_number(tmp_path):
    write(zones(), tmp_path / "in", "districts")
    said = 'map_approval = "苏S（2024）1号"\npublisher = { zh = "甲局", en = "Office A" }\n'
    (tmp_path / "in" / "city.toml").write_text(said, encoding="utf-8")
    city = gcm.load_city(tmp_path / "in")
    text = only_page(write_sheet(city, "甲区", tmp_path / "a.pdf", release="public"))
    assert "制图单位：甲局" in text and "审图号：苏S（2024）1号" in text
    text = only_page(write_sheet(city, "甲区", tmp_path / "b.pdf", lang="en"))
    assert "Office A" in text


def _scattered(n: int) -> gpd.GeoDataFrame:
    """Districts in a row, the first two small, the last an island beside a mainland."""
    widths = np.where(np.arange(n) < n - 2, 300.0, 9_000.0)
    left = np.concatenate([[0.0], np.cumsum(widths)[:-1]])
    shapes = shapely.box(X0 + left, Y0, X0 + left + widths, Y0 + 8_000.0)
    far = shapely.box(X0 + left[-1] + 12_000, Y0 + 2_000, X0 + left[-1] + 16_000, Y0 + 6_000)
    shapes[-1] = shapely.union_all([shapes[-1], far])
    names = [f"长名字的第{k + 1}区" for k in range(n)]
    codes = [f"3205{k:02d}" for k in range(n)]
    frame = {"district_code": codes, "name_zh": names}
    return gpd.GeoDataFrame(frame, geometry=list(shapes), crs=CRS)


@pytest.mark.parametrize("as_map", [False, True])
def test_every_district_is_named_on_the_map_or_by_a_number_in_its_key(tmp_path, as_map):
    districts = _scattered(12)
    write(districts, tmp_path / "src", "districts")
    city = gcm.load_city(tmp_path / "src")
    text = only_page(write_sheet(city, None, tmp_path / "a.pdf", as_map=as_map, lang="zh"))
    for name in districts["name_zh"]:
        assert text.count(name) == 1
    assert re.search(r"^1　长名字的第\d+区", text, re.M)


def test_a_district_of_several_parts_is_drawn(tmp_path):
    write(_scattered(3), tmp_path / "src", "districts")
    path = write_sheet(gcm.load_city(tmp_path / "src"), None, tmp_path / "a.pdf", as_map=True)
    pixels = np.asarray(pdfium.PdfDocument(path)[0].render(scale=2).to_pil().convert("L"))
    # The ground of the map, between the white of the paper and the ink.
    assert ((pixels > 240) & (pixels < 250)).mean() > 0.05


def test_without_targets_the_page_tells_of_the_layers_and_is_full(tmp_path):
    write(zones(), tmp_path / "src", "districts")
    write(bikes(list("ABCDEFGHI")), tmp_path / "src", "bike_stations")
    path = write_sheet(gcm.load_city(tmp_path / "src"), None, tmp_path / "a.pdf", lang="zh")
    assert "各图层情况" in only_page(path) and "审图号：" in only_page(path)
    pixels = np.asarray(pdfium.PdfDocument(path)[0].render(scale=1).to_pil().convert("L"))
    rows = np.flatnonzero((pixels < 200).any(axis=1))
    assert np.diff(rows).max() < 0.12 * len(pixels)


def test_the_outline_of_several_parts_has_a_ring_for_each():
    parts = shapely.MultiPolygon([shapely.box(0, 0, 1, 1), shapely.box(2, 0, 3, 1)])
    assert outline_path(parts).count("M") == 2


def test_a_sheet_tells_of_every_record_whatever_its_status_or_its_layer(tmp_path):
    """What is of no known status is counted, and of stops alone there is a map, too."""
    holes = bikes([""] * 5, manhole_id=[f"M{k}" for k in range(5)],
                  status=["完好", "完好", "?", "没有这种", "完好"])  # fmt: skip
    write(holes.drop(columns="name"), tmp_path / "a", "manholes")
    maker = SheetMaker(sheet_summary(gcm.load_city(tmp_path / "a"), lang="zh"))
    assert maker.sheet(None).layers.rows == (("窨井", "5", "0", "完好 3、状态不明 2"),)
    write(bikes(["东站", "西站"]), tmp_path / "b", "公交站点")
    maker = SheetMaker(sheet_summary(gcm.load_city(tmp_path / "b"), lang="en"))
    drawn = maker.map_sheet(None).drawn
    assert drawn.title == "Transit stops"
    assert [len(shapes) for _, shapes in drawn.marks] == [2]


def test_only_a_map_of_statuses_says_by_status_and_its_legend_adds_up(tmp_path):
    places = bikes([f"{k}号点" for k in range(3)])
    places.geometry = [*places.geometry[:2], None]
    write(places, tmp_path / "c", "bike_stations")
    maker = SheetMaker(sheet_summary(gcm.load_city(tmp_path / "c"), lang="en"))
    drawn = maker.map_sheet(None).drawn
    assert "status" not in drawn.title
    assert drawn.legend_title == "3 records (1 without a place)"
    assert maker.sheet(None).under == "The data has no date"
