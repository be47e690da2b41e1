"""What a reader does: chooses a district, moves the slider, searches, measures, prints."""

from __future__ import annotations

import struct

import numpy as np
import pandas as pd
import pytest
from pyproj import Geod

from geo_citymgmt._numbers import number_text
from geo_citymgmt.maps import CityMap, city_map, layer_map, progress_map, zone_map

from .conftest import DAYS
from .test_maps import place
from .waiting import laid_out, until

pytestmark = pytest.mark.browser


def fills(opened) -> list[str]:
    return opened.page.eval_on_selector_all(
        ".leaflet-gcm-zones-pane path", "all => all.map(path => path.getAttribute('fill'))"
    )


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_click_on_a_district_goes_there_and_shows_its_indicators(show, trial_city, series, lang):
    opened = show(progress_map(trial_city, "demolished_area", series=series, lang=lang))
    page = opened.page
    assert page.locator(".gcm-panel option:checked").inner_text() in ("试点市", "Trial City")
    assert number_text(210_000, "m2", lang) in page.inner_text(".gcm-panel")
    before = page.evaluate("gcm.maps[0].getZoom()")
    opened.click(*place(trial_city.zones, "320505"))
    until(page, f"gcm.maps[0].getZoom() > {before}")
    told = page.inner_text(".gcm-panel")
    assert page.input_value(".gcm-panel select") == "320505"
    assert number_text(120_000, "m2", lang) in told
    assert number_text(300_000, "m2", lang) in told
    assert ("低于时序进度" if lang == "zh" else "Behind pace") in told
    assert page.locator(".gcm-panel .gcm-figure").count() == 2
    assert page.locator(".gcm-panel svg.gcm-chart circle").count() == 3
    width = page.eval_on_selector(".gcm-bar-fill", "e => parseFloat(e.style.width)")
    assert width == pytest.approx(40)
    assert "40.0%" in page.get_attribute(".gcm-bar", "aria-label")
    page.keyboard.press("Escape")
    assert page.input_value(".gcm-panel select") == ""
    page.keyboard.press("Escape")
    assert page.locator(".gcm-panel").is_hidden()
    opened.check()


def test_a_district_is_chosen_by_keyboard_and_home_leads_back(show, trial_city, series):
    opened = show(progress_map(trial_city, "demolished_area", series=series))
    page = opened.page
    start = page.evaluate("[gcm.maps[0].getZoom(), gcm.maps[0].getCenter().lat]")
    page.focus(".gcm-panel select")
    page.keyboard.press("ArrowDown")
    assert page.input_value(".gcm-panel select") == "320505"
    until(page, f"gcm.maps[0].getZoom() !== {start[0]}")
    laid_out(page)
    page.focus(".gcm-tool-home")
    page.keyboard.press("Enter")
    until(page, f"gcm.maps[0].getZoom() === {start[0]}")
    assert page.input_value(".gcm-panel select") == ""
    assert page.evaluate("gcm.maps[0].getCenter().lat") == pytest.approx(start[1], abs=2e-3)
    opened.check()


def test_the_slider_changes_colours_labels_legend_panel_and_date(show, trial_city, series):
    opened = show(progress_map(trial_city, "demolished_area", series=series))
    page = opened.page
    last = fills(opened)
    assert "21万平方米" in page.inner_text(".gcm-legend")
    page.focus(".gcm-slider input")
    page.keyboard.press("Home")
    first = fills(opened)
    assert first != last
    # 49.6 points less than the 10.0 % of that day.
    assert "−39.6" in page.inner_text(".leaflet-gcm-labels-pane")
    assert "5.25万平方米" in page.inner_text(".gcm-legend")
    assert "5.25万平方米" in page.inner_text(".gcm-panel")
    assert page.inner_text(".gcm-caption") == "截至 2022-04-30"
    assert page.get_attribute(".gcm-slider input", "aria-valuetext") == "2022-04-30"
    page.keyboard.press("End")
    assert fills(opened) == last
    assert page.inner_text(".gcm-caption") == "截至 2022-06-30"
    opened.check()


def test_the_slider_plays_to_its_end(show, trial_city, series):
    opened = show(progress_map(trial_city, "demolished_area", series=series))
    opened.page.click(".gcm-slider button")
    assert opened.page.inner_text(".gcm-slider output") == DAYS[0]
    until(opened.page, f"document.querySelector('.gcm-slider output').textContent === '{DAYS[-1]}'")
    assert opened.page.get_attribute(".gcm-slider button", "aria-label") == "播放"
    opened.check()


@pytest.mark.parametrize("asked", ["昆山", "320583"])
def test_search_finds_a_district_by_name_and_by_code(show, trial_city, series, asked):
    opened = show(progress_map(trial_city, "demolished_area", series=series))
    page = opened.page
    page.fill(".gcm-search input", asked)
    page.wait_for_selector(".gcm-search li")
    assert "昆山市" in page.inner_text(".gcm-search li")
    page.keyboard.press("ArrowDown")
    assert page.locator(".gcm-search li[aria-selected=true]").count() == 1
    page.keyboard.press("Enter")
    assert page.input_value(".gcm-panel select") == "320583"
    opened.check()


def test_search_on_a_map_of_figures_opens_the_zone_s_popup(show, zones):
    table = pd.DataFrame({"n": [3.0, 5.0, None]}, index=zones.index)
    opened = show(zone_map(table, zones, "n", label="处数"))
    opened.page.fill(".gcm-search input", "yi")
    opened.page.wait_for_selector(".gcm-search li")
    opened.page.keyboard.press("Enter")
    assert "乙区" in opened.page.inner_text(".gcm-card h2")
    opened.page.fill(".gcm-search input", "不存在")
    opened.page.wait_for_selector(".gcm-search .gcm-none")
    # Letters with marks are found by those of any keyboard, and the other way round.
    fold = "texts => texts.map(gcm.foldText)"
    texts = ["Tepebaşı", "İzmir", "ŞİŞLİ", "Bubeneč", "昆山市", "Ａ１"]
    assert opened.page.evaluate(fold, texts) == [
        "tepebasi", "izmir", "sisli", "bubenec", "昆山市", "a1",
    ]  # fmt: skip
    opened.check()


def test_measures_agree_with_the_ellipsoid(show, zones):
    opened = show(zone_map(pd.DataFrame({"n": [1.0, 2, 3]}, zones.index), zones, "n"))
    geod = Geod(ellps="WGS84")
    rng = np.random.default_rng(1)
    for _ in range(20):
        lon, lat = 120.6 + rng.uniform(-0.05, 0.05, 4), 31.3 + rng.uniform(-0.05, 0.05, 4)
        points = [{"lng": x, "lat": y} for x, y in zip(lon, lat, strict=True)]
        near = [
            [120.6 + (x - 120.6) / 10, 31.3 + (y - 31.3) / 10]
            for x, y in zip(lon, lat, strict=True)
        ]
        length = opened.page.evaluate("p => gcm.distanceOf(p[0], p[1])", points)
        assert length == pytest.approx(geod.inv(lon[0], lat[0], lon[1], lat[1])[2], rel=1e-4)
        corners = [{"lng": x, "lat": y} for x, y in near[:3]]
        area = opened.page.evaluate("p => gcm.areaOf(p)", corners)
        # Over a kilometre a straight line on the map and a geodesic enclose the same.
        true = abs(geod.polygon_area_perimeter(*zip(*near[:3], strict=True))[0])
        assert area == pytest.approx(true, rel=1e-4, abs=20)


def test_measuring_by_clicks_and_keys_tells_distance_and_area(show, zones):
    opened = show(zone_map(pd.DataFrame({"n": [1.0, 2, 3]}, zones.index), zones, "n"))
    page = opened.page
    page.click(".gcm-tool-measure")
    for x, y in [(500, 300), (600, 300), (600, 420)]:
        page.mouse.click(x, y)
        laid_out(page)
    told = page.inner_text(".gcm-measured")
    assert "距离" in told
    assert "面积" in told
    assert page.locator(".leaflet-popup").count() == 0
    page.keyboard.press("Backspace")
    assert "面积" not in page.inner_text(".gcm-measured")
    page.keyboard.press("Space")
    assert "面积" in page.inner_text(".gcm-measured")
    page.keyboard.press("Escape")
    assert page.locator(".gcm-measured").count() == 0
    opened.check()


def test_the_map_prints_on_one_page_and_comes_back_as_it_was(show, trial_city, series):
    opened = show(progress_map(trial_city, "demolished_area", series=series))
    page = opened.page
    view = "[gcm.maps[0].getZoom(), gcm.maps[0].getSize().x]"
    before = page.evaluate(view)
    for paper, size in [("0", (842, 595)), ("1", (595, 842)), ("2", (1191, 842))]:
        page.click(".gcm-tool-print")
        page.select_option(".gcm-paper select", paper)
        page.click(".gcm-tool-print")
        pdf = page.pdf(prefer_css_page_size=True)
        assert len(pdf) > 20_000
        assert pdf.count(b"/Type /Page\n") == 1
        box = pdf.split(b"/MediaBox [")[1].split(b"]")[0].split()
        assert [float(n) for n in box[2:]] == pytest.approx(size, abs=1.5)
        assert page.evaluate(view) == before
    assert page.locator(".gcm-foot").count() == 0
    opened.check()


def test_on_paper_stand_title_date_scale_and_legend(show, trial_city, series):
    opened = show(progress_map(trial_city, "demolished_area", series=series))
    opened.page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert "1:" in opened.page.inner_text(".gcm-foot")
    for shown in (".gcm-heading h1", ".gcm-caption", ".gcm-legend-body", ".gcm-north"):
        opened.page.locator(shown).wait_for()
    for hidden in (".gcm-tools", ".gcm-slider", ".gcm-panel"):
        assert opened.page.locator(hidden).is_hidden()
    opened.check()


@pytest.mark.parametrize("kind", ["figures", "features"])
def test_the_picture_is_a_png_with_the_map_in_it(show, zones, manholes, tmp_path, kind):
    if kind == "figures":
        table = pd.DataFrame({"n": [3.0, 5.0, None]}, index=zones.index)
        drawn = zone_map(table, zones, "n", title="各区/处数")
    else:
        drawn = layer_map(manholes, "manholes", zones=zones)
    opened = show(drawn)
    with opened.page.expect_download() as waiting:
        opened.page.click(".gcm-tool-picture")
    waiting.value.save_as(tmp_path / "map.png")
    content = (tmp_path / "map.png").read_bytes()
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", content[16:24])
    assert (width, height) == (2560, 1600)
    import matplotlib.image

    pixels = matplotlib.image.imread(tmp_path / "map.png")
    middle = pixels[400:1400:7, 600:2000:7, :3].reshape(-1, 3)
    # More than one ground colour: the zones are in it, not an empty frame.
    assert len(np.unique((middle * 16).astype(int), axis=0)) > 5
    if kind == "figures":
        assert waiting.value.suggested_filename == "各区_处数.png"
    opened.check()


def test_a_browser_that_cannot_run_the_page_is_told_so_in_two_languages(chromium, tmp_path):
    # As a script of newer syntax would be refused: the policy does not know the changed one.
    CityMap().save(tmp_path / "map.html")
    text = (tmp_path / "map.html").read_text(encoding="utf-8")
    broken = text.replace("gcm.setup = function", "gcm.setup = Function")
    assert broken != text
    (tmp_path / "old.html").write_text(broken, encoding="utf-8")
    page = chromium.new_page()
    page.goto((tmp_path / "old.html").as_uri())
    told = page.inner_text("#gcm-old")
    assert "Chrome 或 Edge 80" in told
    assert "Safari 16.4" in told
    page.goto((tmp_path / "map.html").as_uri())
    assert page.locator("#gcm-old").count() == 0
    page.close()


@pytest.mark.parametrize("width", [1280, 768, 390])
def test_panel_slider_and_tools_leave_each_other_room(show, trial_city, series, width):
    opened = show(city_map(trial_city, series=series), width=width, height=800)
    page = opened.page
    side = ".gcm-zones" if width >= 1000 else ".gcm-panel"
    if width < 1000:
        page.click(".gcm-panel-button button")
    boxes = [
        page.locator(selector).bounding_box()
        for selector in (".gcm-heading", ".gcm-chooser", ".folium-map", ".gcm-slider", side)
    ]
    for i, a in enumerate(boxes):
        assert a["width"] > 200
        assert a["height"] > 40
        for b in boxes[i + 1 :]:
            assert (
                a["x"] + a["width"] <= b["x"] + 1 or b["x"] + b["width"] <= a["x"] + 1
                or a["y"] + a["height"] <= b["y"] + 1 or b["y"] + b["height"] <= a["y"] + 1
            )  # fmt: skip
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    opened.check()
