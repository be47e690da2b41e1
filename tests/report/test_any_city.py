"""Reports of cities that have little: no date, no district, no target, no profile."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
import shapely

import geo_citymgmt as gcm
from geo_citymgmt._languages import Text
from geo_citymgmt._numbers import share_in_words
from geo_citymgmt.report import summary, write_report, zone_groups
from geo_citymgmt.report._drawings import fit_zones, leader, place_beside, place_labels
from geo_citymgmt.report._page import method_notes, page_content, render_page
from geo_citymgmt.report._page_parts import against_pace, against_start, against_target
from geo_citymgmt.report._words import Words
from geo_citymgmt.report.bulletin import bulletin

from .conftest import CRS, X0, Y0, bikes, without_zones, write

NOTHINGS = (">nan<", ">None<", ">NaT<", "undefined", "{unit}", "{Unit}", "{units}")


def sheets(path: Path) -> dict[str, list[list[object]]]:
    book = openpyxl.load_workbook(path)
    return {s.title: [[c.value for c in row] for row in s.iter_rows()] for s in book}


def districts(n: int) -> gpd.GeoDataFrame:
    """A row of squares coded D000, D001, … without names."""
    boxes = [shapely.box(X0 + 500 * k, Y0, X0 + 500 * (k + 1), Y0 + 500) for k in range(n)]
    return gpd.GeoDataFrame(
        {"district_code": [f"D{k:03}" for k in range(n)]}, geometry=boxes, crs=CRS
    )


# -- without districts


def test_without_districts_progress_has_the_city_s_rows_and_the_same_values(city):
    unzoned = without_zones(city)
    table = gcm.progress(unzoned, as_of=None, level="district")
    assert set(table["level"]) == {"city"}
    whole = gcm.progress(city, as_of=None, level="city")
    pd.testing.assert_series_equal(table["value"], whole["value"])
    assert gcm.progress(unzoned, as_of=None, level="street").equals(table)


def test_without_districts_records_without_a_place_are_counted_apart(tmp_path):
    lots = gpd.GeoDataFrame(
        {"lot_id": ["p1", "p2"], "spaces_total": [10, 20]},
        geometry=[shapely.Point(X0 + 5, Y0 + 5), shapely.Point(X0 + 9, Y0 + 9)],
        crs=CRS,
    )
    write(districts(1), tmp_path / "c", "districts")
    write(lots, tmp_path / "c", "parking_points")
    loaded = gcm.load_city(tmp_path / "c")
    layer = loaded.layer("parking_points")
    data = layer.data.set_geometry([layer.data.geometry.iloc[0], None], crs=CRS)
    data["district_code"] = pd.array([None, None], dtype="str")
    made = without_zones(replace(loaded, layers={"parking_points": replace(layer, data=data)}))
    table = gcm.progress(made, as_of=None, indicators="parking_spaces_total")
    rows = table.set_index(["level", "row_kind"])["value"]
    assert rows.to_dict() == {("city", "total"): 30.0, ("district", "unlocated"): 20.0}


def test_without_districts_every_file_is_written_and_says_so_once(
    unzoned, unzoned_told, tmp_path, monkeypatch
):
    monkeypatch.setattr("geo_citymgmt.report._folder.summary", lambda *_, tell: unzoned_told)
    files = write_report(unzoned, tmp_path / "out", bulletin=True)
    assert files["manifest"].is_file()
    page = files["index"].read_text(encoding="utf-8")
    assert not [word for word in NOTHINGS if word in page]
    assert page.count("来源中没有板块图层") == 1
    assert 'id="scoreboard"' not in page
    assert 'id="coverage"' not in page
    assert "市域外" not in page
    written = sheets(files["tables"])
    assert not {"板块进度", "板块完成率", "街道", "覆盖"} & set(written)
    assert written["违法建设"][-1][:2] == ["全市合计", len(unzoned["illegal_construction"])]
    assert [row[0] for row in written["违法建设"][3:]] == ["已落图", "未落图", "全市合计"]


def test_without_districts_a_bulletin_is_of_the_whole(unzoned, unzoned_told):
    made = bulletin(unzoned_told)
    first = made.tables[0]
    assert first.columns[0].head == "范围"
    done = unzoned["illegal_construction"]["completed_date"].between("2022-06-01", "2022-06-30")
    assert [row[:2] for row in first.rows] == [("全市合计", f"{done.sum()}")]
    assert "全市情况" in first.title


def test_without_districts_a_figure_has_no_map_by_district(unzoned):
    with pytest.raises(gcm.CityDataError, match="no layer of district outlines"):
        gcm.progress_map(unzoned, "manhole_remediated")


# -- without a date


def test_two_places_are_enough_to_choose_a_crs(tmp_path):
    rows = ["窨井编号,整治状态,经度,纬度", "A1,销号,120.620,31.310", "A2,疑似,120.621,31.311"]
    (tmp_path / "窨井.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    city = gcm.load_city(tmp_path, fallback_crs="EPSG:4490")
    assert city.metric is not None
    assert city.zones.crs == city["manholes"].crs


def test_a_city_without_dates_has_a_report(undated, tmp_path):
    files = write_report(undated, tmp_path / "out")
    page = files["index"].read_text(encoding="utf-8")
    assert not [word for word in NOTHINGS if word in page]
    assert "数据未注明日期" in page
    # At the top what is missing is said once; the list of findings is complete in itself.
    assert page.split('id="findings"')[0].count("data_date") == 1
    # Two of the four are still to be dealt with.
    told = summary(undated)
    assert told.headline.loc["manhole_open_count", "value"] == 2
    assert "manhole_remediated" in told.headline.index[told.headline["value"].isna()]
    content = page_content(told)
    assert content["charts"] == []
    assert content["board"] is None
    assert all("“截至”" not in note for note in content["notes"])


def test_a_bulletin_without_a_date_is_refused_before_anything_is_written(undated, tmp_path):
    with pytest.raises(gcm.CityDataError, match="--as-of"):
        write_report(undated, tmp_path / "out", bulletin=True)
    assert not (tmp_path / "out").exists()


# -- without targets


def test_without_targets_nothing_is_said_of_them(undated, tmp_path):
    told = summary(undated)
    assert not told.has_targets
    files = write_report(undated, tmp_path / "out")
    page = files["index"].read_text(encoding="utf-8")
    for word in ("目标", "完成率", "时序进度", "不可比"):
        assert word not in page.split("<main", 1)[1]
    heads = sheets(files["tables"])["总览"][2]
    assert not {"目标", "要求", "期限", "完成率", "时序进度", "状态", "可比性"} & set(heads)
    assert "数值" in heads


# -- few layers, many districts


def test_districts_and_nothing_else_have_a_page_of_what_there_is(only_districts, tmp_path):
    files = write_report(only_districts, tmp_path / "out")
    page = files["index"].read_text(encoding="utf-8")
    assert "3 条记录" in page
    assert 'id="progress"' not in page
    assert "来源中没有业务图层" in page
    # No switch of nothing in the corner of the map.
    assert "L.control.layers" not in files["map"].read_text(encoding="utf-8")


def test_a_table_of_many_districts_scrolls_and_its_codes_stand_for_names(tmp_path):
    write(districts(150), tmp_path / "c", "districts")
    write(bikes([f"{k}" for k in range(150)]), tmp_path / "c", "bike_stations")
    city = gcm.load_city(tmp_path / "c")
    page = render_page(summary(city))
    assert "scroll long" in page
    assert ">D149</th>" in page
    # Codes that say nothing of a group make none.
    assert "市区" not in page
    assert set(zone_groups(city.zones)) == {"other"}


def test_groups_of_districts_are_those_of_gb_t_2260():
    codes = ["320505", "320571", "320583", "340121", "500101", "500151", "500229", "110118", "D1"]
    zones = gpd.GeoDataFrame(index=codes, geometry=[shapely.Point(0, 0)] * len(codes))
    assert zone_groups(zones).tolist() == [
        "urban", "urban", "county", "rural", "urban", "urban", "rural", "urban", "other",
    ]  # fmt: skip


def test_numbers_of_many_districts_are_not_written_over_one_another():
    side = 13
    squares = [shapely.box(x, y, x + 1, y + 1) for x in range(side) for y in range(side)]
    fitted = fit_zones(gpd.GeoSeries(squares, crs=CRS), 400, 340)
    size = (34.0, 16.0)
    placed = place_labels(fitted, [size] * len(squares))
    # No square is as wide as a number, each is as large.
    assert 0 < len(placed) < len(squares)
    half = np.array(size) / 2
    boxes = [shapely.box(*(np.array(xy) - half), *(np.array(xy) + half)) for xy in placed.values()]
    assert all(a.distance(b) > 2 for a, b in combinations(boxes, 2))


def test_a_small_district_has_its_number_first_and_a_large_one_steps_aside():
    # Within the large one, where its own number would stand.
    small = shapely.box(40, 40, 60, 60)
    zones = gpd.GeoSeries([shapely.box(0, 0, 100, 100).difference(small), small], crs=CRS)
    fitted = fit_zones(zones, 212, 212)
    sizes = [(36.0, 16.0), (36.0, 16.0)]
    placed = place_labels(fitted, sizes)
    assert all(fitted.shapes[k].contains(shapely.Point(placed[k])) for k in (0, 1))
    # What is larger than its ground is left to the list.
    assert set(place_labels(fitted, [(36.0, 16.0), (90.0, 26.0)])) == {0}


def test_a_number_without_room_stands_beside_the_map_over_nothing():
    inner = [shapely.box(x, 45, x + 8, 53) for x in (30, 62)]
    zones = gpd.GeoSeries([shapely.box(0, 0, 100, 100).difference(shapely.union_all(inner)),
                           *inner], crs=CRS)  # fmt: skip
    fitted = fit_zones(zones, 300, 212)
    sizes = [(36.0, 16.0)] * 3
    placed = place_labels(fitted, sizes)
    beside = place_beside(fitted, sizes, placed)
    assert set(placed) == {0} and set(beside) == {1, 2}
    half = np.array(sizes[0]) / 2
    boxes = [shapely.box(*(np.array(xy) - half), *(np.array(xy) + half)) for xy in beside.values()]
    ground = shapely.union_all(fitted.shapes)
    assert not any(box.intersects(ground) for box in boxes)
    assert not any(a.intersects(b) for a, b in combinations(boxes, 2))
    lines = [shapely.LineString(leader(fitted, k, xy, sizes[k])) for k, xy in beside.items()]
    assert not any(a.intersects(b) for a, b in combinations(lines, 2))
    # Lines to many would hide the map.
    squares = [shapely.box(x, 0, x + 1, 1) for x in range(30)]
    fitted = fit_zones(gpd.GeoSeries(squares, crs=CRS), 300, 212)
    assert place_beside(fitted, [(36.0, 16.0)] * 30, {}) == {}


# -- words


def test_texts_take_the_city_s_own_word_for_a_unit():
    words = Words("en", unit=Text("区", "county"))
    assert words("layers_by_district") == "Records by county"
    assert words("scoreboard") == "Counties"
    assert Words("zh", unit=Text("县（市、区）", "county"))("scoreboard") == "县（市、区）进展"
    # A unit of measure has its own gap of that name.
    assert words("field_unit", label="Area", unit="m²") == "Area (m²)"


def test_a_figure_is_above_or_below_the_pace_by_points():
    words = Words("zh")
    assert against_pace(words, 0.393, 0.496) == "低于时序进度10.3个百分点（时序进度49.6%）"
    assert against_pace(words, 0.7, 0.5) == "高于时序进度20.0个百分点（时序进度50.0%）"
    assert against_pace(Words("en"), 0.5, 0.5) == "at the pace of 50.0%"


@pytest.mark.parametrize(
    ("target", "attained", "start", "said"),
    [(0, 0.049, "2022-01-01", "较年初减少4.9%"), (0, -0.02, "2022-01-01", "较年初增加2.0%"),
     (0, 0.3, "2022-07-01", "较期初减少30.0%"), (50, 0.4, "2022-01-01", "完成应减部分的40.0%")],
)  # fmt: skip
def test_a_fall_is_told_from_the_start_of_its_period(target, attained, start, said):
    row = SimpleNamespace(target=target, attainment=attained, period_start=pd.Timestamp(start))
    assert against_start(Words("zh"), row) == said


def test_a_share_is_above_or_below_its_target_by_points():
    row = SimpleNamespace(unit="ratio", value=0.3305, target=0.3, attainment=1.1017)
    assert against_target(Words("zh"), row) == "高于目标3.1个百分点"


# -- the CRS in which things are measured


def test_the_report_and_the_manifest_say_in_what_things_are_measured(two_layers, tmp_path):
    metric = SimpleNamespace(
        code="EPSG:4549", name="EPSG:4549", areal_error=0.000284, linear_error=0.000142,
        how=Text("按数据所在经度选定", "chosen by the longitude of the data"),
    )  # fmt: skip
    city = replace(gcm.load_city(two_layers), metric=metric)
    note = method_notes(summary(city))[-1]
    assert "EPSG:4549 中量算（按数据所在经度选定）" in note
    assert "面积误差不超过 0.029%，长度误差不超过 0.015%" in note
    files = write_report(city, tmp_path / "out")
    manifest = json.loads(files["manifest"].read_text(encoding="utf-8"))
    assert manifest["metric_crs"] == "EPSG:4549"
    assert (manifest["areal_error"], manifest["linear_error"]) == (0.000284, 0.000142)


def test_an_error_is_never_rounded_down():
    assert share_in_words(0.00001) == "0.0010%"
    assert share_in_words(0.01) == "1.0%"


# -- what is hardly there


def source(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text, "utf-8-sig")
    return folder


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_ledger_with_addresses_alone_in_a_city_without_outlines_has_a_report(tmp_path, lang):
    head = "违建编号,地址,违法建设面积,处置状态,发现时间\n"
    rows = "A1,某路1号,100,处置中,2024-01-05\nA2,某路2号,200,已拆除,2024-02-05\n"
    city = gcm.load_city(source(tmp_path, 违法建设=head + rows))
    write_report(city, tmp_path / "out", lang=lang)
    assert gcm.progress(city, indicators="illegal_open_count")["value"].tolist()[0] == 1
    page = gcm.city_map(city)
    assert page.get_root().render()


def test_a_template_of_headings_alone_does_not_keep_the_others_from_a_report(tmp_path):
    toilets = "公厕编号,公厕名称,经度,纬度,状态\nT1,一号,112.4,34.6,开放\n"
    folder = source(tmp_path, 公厕=toilets, 窨井="窨井编号,经度,纬度,状态\n")
    city = gcm.load_city(folder)
    assert city.findings["code"].eq("LAYER_EMPTY").any()
    write_report(city, tmp_path / "out", sheets=False)
    assert "manholes" in city and len(city["manholes"]) == 0


def test_a_rejected_collection_is_handed_back_and_keeps_nobody_from_the_report(tmp_path):
    square = shapely.box(112.4, 34.6, 112.41, 34.61)
    shapes = [square, shapely.GeometryCollection([square, shapely.Point(112.4, 34.6)])]
    frame = gpd.GeoDataFrame({"违建编号": ["A1", "A2"]}, geometry=shapes, crs=4490)
    frame.to_file(tmp_path / "违法建设.geojson")
    city = gcm.load_city(tmp_path)
    write_report(city, tmp_path / "out")
    handed = gpd.read_file(tmp_path / "out" / "rejected" / "illegal_construction.gpkg")
    assert handed["违建编号"].tolist() == ["A2"]
    assert handed.geometry.geom_type.tolist() == ["GeometryCollection"]
