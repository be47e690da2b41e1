"""Static maps: what stands on the sheet, and that it is true."""

from __future__ import annotations

import io
import subprocess
import sys
import time

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from matplotlib.colors import to_hex
from matplotlib.text import Text
from PIL import Image
from shapely import Point

from geo_citymgmt import plot_layer, plot_progress, plot_zones
from geo_citymgmt.errors import CRSError, MapError
from geo_citymgmt.fonts import CJK_FAMILY
from geo_citymgmt.maps._classes import number_classes
from geo_citymgmt.maps._static import nice_length, north_of
from tests.maps.conftest import PAYLOADS


@pytest.fixture
def table(zones) -> pd.DataFrame:
    return pd.DataFrame({"area": [12_000.0, 500_000.0, None]}, index=zones.index)


@pytest.fixture
def sheet(table, zones):
    return plot_zones(
        table, zones, "area", label="拆除面积", unit="m2", title="各区拆除面积", as_of="2022-06-30",
        source="市城管局",
    )  # fmt: skip


def words(sheet) -> list[str]:
    return [text.get_text() for text in sheet.findobj(Text) if text.get_text()]


def names(sheet) -> list[Text]:
    return [text for text in sheet.axes[0].texts if text.get_gid() == "name"]


def test_the_sheet_bears_title_date_source_unit_names_and_figures(sheet):
    found = words(sheet)
    for text in (
        "各区拆除面积", "截至 2022-06-30", "资料来源：市城管局", "拆除面积（万平方米）", "无数据",
        "北", "甲区\n1.20", "乙区\n50.00", "丙市",
    ):  # fmt: skip
        assert text in found


def test_the_same_sheet_in_english(table, zones):
    found = words(plot_zones(table, zones, "area", unit="m2", as_of="2022-06-30", lang="en"))
    assert {"As of 2022-06-30", "No data", "N", "Jia\n12,000"} <= set(found)
    assert not any("\u4e00" <= c <= "\u9fff" for text in found for c in text)


def test_the_scale_bar_is_as_long_as_it_says(sheet):
    axes = sheet.axes[0]
    halves = [patch for patch in axes.patches if str(patch.get_gid()).startswith("scale-")]
    drawn = sum(half.get_width() for half in halves)
    assert drawn == 5_000
    assert "5 公里" in words(sheet)
    # Both directions have one scale, so the bar is true for both.
    box = axes.get_window_extent()
    west, east = axes.get_xlim()
    south, north = axes.get_ylim()
    assert box.width / (east - west) == pytest.approx(box.height / (north - south), rel=1e-6)


@pytest.mark.parametrize(("most", "length"), [(999.0, 500.0), (1000.0, 1000.0), (34e3, 20e3)])
def test_a_scale_bar_has_a_round_length(most, length):
    assert nice_length(most) == length


def test_north_is_true_north(sheet, zones):
    # Grid convergence of Gauss-Kruger at longitude 120.5, latitude 31.3: 0.5 * sin(31.3) = 0.26.
    axes = sheet.axes[0]
    place = gpd.GeoSeries([Point(120.5, 31.3)], crs=4326).to_crs(zones.crs)[0]
    axes.set_xlim(place.x - 1, place.x + 1)
    axes.set_ylim(place.y - 1, place.y + 1)
    assert north_of(axes, zones.crs) == pytest.approx(-0.26, abs=0.01)


def test_colours_are_those_of_the_interactive_map_and_no_data_is_hatched(sheet, table):
    colors = number_classes(table["area"], unit="m2").colors
    filled = {to_hex(c.get_facecolor()[0]) for c in sheet.axes[0].collections if not c.get_hatch()}
    assert filled == set(colors)
    assert [c.get_hatch() for c in sheet.axes[0].collections if c.get_hatch()] == ["//////"]


def test_names_lie_in_their_areas_and_not_over_each_other(city):
    streets = city.zones_at("street")
    values = pd.DataFrame({"n": np.arange(len(streets), dtype=float)}, index=streets.index)
    sheet = plot_zones(values, streets, "n")
    renderer = sheet.canvas.get_renderer()
    boxes = [text.get_window_extent(renderer) for text in names(sheet)]
    assert len(boxes) > 30
    for i, one in enumerate(boxes):
        assert not any(one.overlaps(other) for other in boxes[i + 1 :])
    areas = dict(zip(streets["name"], streets.geometry, strict=True))
    for text in names(sheet):
        name = text.get_text().rsplit("\n", 1)[0].replace("\n", "")
        if name in areas:
            assert shapely.intersects_xy(areas[name], *text.get_position())
    left_out = len(streets) - len(boxes)
    assert any(f"{left_out} 个分区未注名称" in text for text in words(sheet))


def test_every_district_has_its_name_and_figure(city):
    for lang, column in (("zh", "name_zh"), ("en", "name_en")):
        values = pd.DataFrame({"n": np.arange(10.0)}, index=city.zones.index)
        sheet = plot_zones(values, city.zones, "n", lang=lang)
        told = {text.get_text().rsplit("\n", 1)[0] for text in names(sheet)}
        flat = {name.replace("\n", "").replace(" ", "") for name in told}
        assert flat == {name.replace(" ", "") for name in city.zones[column]}


@pytest.mark.parametrize("kind", ["png", "svg", "pdf"])
def test_the_same_map_gives_the_same_bytes(table, zones, tmp_path, kind):
    written = []
    for i in range(2):
        path = tmp_path / f"{i}.{kind}"
        plot_zones(table, zones, "area", title="甪直镇", as_of="2022-06-30").save(path, dpi=60)
        written.append(path.read_bytes())
        # Times in files count in seconds.
        time.sleep(1.1)
    assert written[0] == written[1]
    starts = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}
    assert written[0].startswith(starts[kind])
    assert list(tmp_path.glob(".*")) == []


def test_a_pdf_carries_the_chinese_font(table, zones, tmp_path):
    plot_zones(table, zones, "area").save(tmp_path / "a.pdf")
    assert CJK_FAMILY.replace(" ", "").encode() in (tmp_path / "a.pdf").read_bytes()


def test_a_png_is_as_large_as_asked(sheet, tmp_path):
    sheet.save(tmp_path / "a.png", dpi=100)
    with Image.open(tmp_path / "a.png") as image:
        assert image.size == (1000, 750)
    assert Image.open(io.BytesIO(sheet._repr_png_())).size == (1000, 750)


@pytest.mark.parametrize("name", ["a.gif", "a"])
def test_another_format_is_refused(sheet, tmp_path, name):
    with pytest.raises(MapError, match="png"):
        sheet.save(tmp_path / name)


def test_text_of_data_is_drawn_as_it_stands(table, zones):
    hostile = [*PAYLOADS, "$x^2$ $\\frac{", "𠮷家浜", "%s {0}"]
    for text in hostile:
        zones["name_zh"] = [text, "乙", "丙"]
        sheet = plot_zones(table, zones, "area", title=text, label=text, source=text)
        sheet.canvas.draw()  # a glyph that is missing warns, and a warning fails
        assert sheet.texts[0].get_text().strip() != ""
    assert any("$x^2$" in w for w in words(plot_zones(table, zones, "area", title="$x^2$")))


def test_zones_in_degrees_are_drawn_in_metres_and_no_crs_is_refused(table, zones):
    sheet = plot_zones(table, zones.to_crs(4326), "area")
    assert sheet.axes[0].get_xlim()[0] > 500_000
    # The same ground as where they are given in metres.
    in_metres = plot_zones(table, zones, "area").axes[0]
    assert sheet.axes[0].get_xlim() == pytest.approx(in_metres.get_xlim())
    assert sheet.axes[0].get_ylim() == pytest.approx(in_metres.get_ylim())
    assert plot_zones(table, zones.to_crs(3857), "area").axes[0].get_xlim()[0] < 600_000
    with pytest.raises(CRSError):
        plot_zones(table, zones.set_crs(None, allow_override=True), "area")


@pytest.mark.parametrize("layer", ["manholes", "parcels", "tunnels"])
def test_each_kind_of_layer_is_drawn_with_a_count_for_each_class(request, zones, layer):
    key = {"parcels": "illegal_construction", "tunnels": "utility_tunnels"}.get(layer, layer)
    frame = request.getfixturevalue(layer)
    sheet = plot_layer(frame, key, zones=zones, as_of="2022-06-30")
    labels = [text.get_text() for text in sheet.legends[0].get_texts()]
    placed = int((~frame.geometry.isna()).sum())
    assert sum(int(label.split("  ")[-1].replace(",", "")) for label in labels) == placed
    if placed < len(frame):
        assert any("1 条记录未落图" in text for text in words(sheet))
    assert len(names(sheet)) == 3


def test_a_layer_without_a_place_needs_zones(manholes, zones):
    nowhere = manholes.set_geometry([None] * len(manholes), crs=manholes.crs)
    with pytest.raises(MapError, match="zones"):
        plot_layer(nowhere, "manholes")
    assert any("60 条" in text for text in words(plot_layer(nowhere, "manholes", zones=zones)))


def test_progress_stands_on_the_sheet_with_the_city_s_figure(city):
    sheet = plot_progress(city, "manhole_remediated", as_of="2022-06-30")
    found = words(sheet)
    assert "完成率（%）" in found
    assert "截至 2022-06-30" in found
    assert any("全市" in text for text in found)
    assert len(names(sheet)) == 10


def test_drawing_is_loaded_when_first_used():
    code = "import sys, geo_citymgmt.maps; assert not [m for m in sys.modules if m == 'matplotlib']"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_inputs_are_not_changed(table, zones):
    before, frame = table.copy(), zones.copy()
    plot_zones(table, zones, "area")
    pd.testing.assert_frame_equal(table, before)
    assert zones.equals(frame)


@pytest.fixture
def pyplot():
    import matplotlib.pyplot as plt

    before = plt.get_backend()
    plt.switch_backend("agg")
    yield plt
    plt.close("all")
    plt.switch_backend(before)


def drawn(what: str, table, zones, **how):
    if what == "zones":
        return plot_zones(
            table, zones, "area", label="拆除面积", unit="m2", source="市城管局", **how
        )
    points = gpd.GeoDataFrame(
        {"status": ["20", "70"]}, geometry=zones.representative_point().array[:2], crs=zones.crs
    )
    return plot_layer(points, "manholes", zones=zones, source="市城管局", **how)


@pytest.mark.parametrize("what", ["zones", "layer"])
def test_a_map_is_drawn_into_given_axes_and_opens_no_figure(what, table, zones, pyplot):
    figure, (left, right) = pyplot.subplots(1, 2)
    before = pyplot.get_fignums()
    assert drawn(what, table, zones, ax=right) is figure
    assert pyplot.get_fignums() == before
    assert figure.axes == [left, right]
    assert not left.has_data()
    assert right.has_data()
    assert {text.get_gid() for text in right.texts} >= {"name"}
    assert right.get_title(loc="left") in ("拆除面积", "窨井")
    assert right.get_xlabel() == "资料来源：市城管局"
    assert right.get_legend().get_texts()
    assert [text.get_text() for text in figure.texts] == []


@pytest.mark.parametrize("layout", [None, "constrained", "tight"])
def test_maps_in_given_axes_are_written_with_every_layout(layout, table, zones, pyplot, recwarn):
    figure, row = pyplot.subplots(1, 2, layout=layout, sharex=True, sharey=True)
    for axes in row:
        drawn("zones", table, zones, ax=axes, as_of="2022-06-30")
    for kind in ("png", "pdf", "svg"):
        figure.savefig(io.BytesIO(), format=kind)
    # Every text finds its glyphs.
    assert [str(warning.message) for warning in recwarn] == []


def test_maps_in_axes_leave_the_settings_of_matplotlib_as_they_were(table, zones, pyplot):
    import matplotlib

    before = dict(matplotlib.rcParams)
    _, axes = pyplot.subplots()
    drawn("zones", table, zones, ax=axes)
    assert dict(matplotlib.rcParams) == before


def test_text_of_data_is_no_formula_in_given_axes(zones, pyplot):
    figure, axes = pyplot.subplots()
    table = pd.DataFrame({"area": [1.0, 2.0, 3.0]}, index=zones.index)
    plot_zones(table, zones, "area", title="$x^$ $", caption="$y^$ $", source="$z_$ $", ax=axes)
    figure.savefig(io.BytesIO())
    assert axes.get_title(loc="left") == "$x^$ $"


def test_names_keep_clear_of_the_legend_in_given_axes(table, zones, pyplot):
    _, axes = pyplot.subplots(figsize=(3, 3))
    drawn("zones", table, zones, ax=axes)
    legend = axes.get_legend().get_window_extent()
    for text in axes.texts:
        if text.get_gid() == "name":
            assert not legend.overlaps(text.get_window_extent())


def test_what_is_no_plane_axes_is_refused_by_name(table, zones, pyplot):
    figure, _ = pyplot.subplots()
    polar = pyplot.figure().add_subplot(projection="polar")
    for given in (figure, "left", [1], polar):
        with pytest.raises(MapError, match=f"ax is a {type(given).__name__}, not a plane"):
            drawn("zones", table, zones, ax=given)


def test_progress_is_drawn_into_given_axes(city, pyplot):
    figure, axes = pyplot.subplots()
    assert plot_progress(city, "manhole_remediated", ax=axes) is figure
    assert axes.get_title(loc="left").startswith("城市道路窨井整治")
    assert len([text for text in axes.texts if text.get_gid() == "name"]) > 5
