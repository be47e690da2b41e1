"""Pages of cities without a date or districts: no complaint, and the panel says what there is."""

from __future__ import annotations

from pathlib import Path

import pytest

import geo_citymgmt as gcm

pytestmark = pytest.mark.xdist_group("any-city")

STATES = ("销号", "待整治", "待整治", "完好")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Manholes of two states, each with a place: no date, no district, no target."""
    rows = ["窨井编号,道路名称,整治状态,经度,纬度"]
    rows += [f"A{k},人民路,{s},{120.62 + k / 1000:.3f},31.31" for k, s in enumerate(STATES)]
    source = tmp_path / "source"
    source.mkdir()
    (source / "窨井.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return source


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("width", [1280, 390])
def test_a_city_without_dates_or_districts_is_drawn_with_the_figures_of_the_whole(
    folder, show, lang, width
):
    city = gcm.load_city(folder, fallback_crs="EPSG:4490")
    assert city.data_date is None
    assert not city.has_zones
    opened = show(gcm.city_map(city, lang=lang), width=width)
    opened.check()
    page = opened.page
    if width < 1000:
        page.click(".gcm-panel-button button")
    panel = page.inner_text(".gcm-panel")
    assert ("待整治窨井" if lang == "zh" else "Manholes") in panel
    assert page.locator(".gcm-panel select").is_hidden()
    assert page.locator(".gcm-panel-title").inner_text() == (
        city.name_zh if lang == "zh" else city.name_en
    )
    # Two of the four are to be dealt with, one is sound, one closed.
    assert page.locator(".gcm-legend").text_content().count("1") >= 2
    assert not [word for word in ("undefined", "NaN", "null", "None") if word in panel]


def test_a_figure_that_needs_a_date_is_told_as_not_available(folder, show):
    city = gcm.load_city(folder, fallback_crs="EPSG:4490")
    wanted = ["manhole_open_count", "manhole_remediated"]
    opened = show(gcm.city_map(city, panel=wanted))
    opened.check()
    rows = opened.page.locator(".gcm-figure summary")
    assert "数据不足" in rows.filter(has_text="城市道路窨井整治").inner_text()
    assert rows.filter(has_text="待整治窨井").locator("b").inner_text() == "2个"


def test_an_undated_city_with_districts_has_a_panel_of_each(folder, show, city):
    undated = gcm.load_city(folder, fallback_crs="EPSG:4490", zones=city.zones)
    assert undated.data_date is None
    opened = show(gcm.city_map(undated))
    opened.check()
    page = opened.page
    page.select_option(".gcm-panel select", "320508")
    assert page.locator(".gcm-figure b").first.inner_text() == "2个"
