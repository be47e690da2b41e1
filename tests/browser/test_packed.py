"""Many features: packed and clustered, few as GeoJSON; both filtered in the page."""

from __future__ import annotations

import folium
import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import box

from geo_citymgmt.maps import CityMap, layer_map
from geo_citymgmt.maps._overlays import to_degrees
from tests.browser.waiting import laid_out, until

pytestmark = pytest.mark.browser

COUNT = 30_000
STATES = ["20", "40", "60"]


def wells(count: int) -> gpd.GeoDataFrame:
    rng = np.random.default_rng(1)
    days = pd.Timestamp("2022-01-01") + pd.to_timedelta(rng.integers(0, 365, count), "D")
    return gpd.GeoDataFrame(
        {
            "manhole_id": [f"W{i:06d}" for i in range(count)],
            "status": np.array(STATES)[np.arange(count) % 3],
            "found_date": days,
            "diameter_mm": np.arange(count) % 7 * 100 + 100,
            "remark": [f"第{i % 977}处，需复查" for i in range(count)],
        },
        geometry=gpd.points_from_xy(
            rng.normal(560_000, 4_000, count), rng.normal(3_470_000, 4_000, count)
        ),
        crs="EPSG:4549",
    )


FIELDS = ["manhole_id", "status", "found_date", "diameter_mm", "remark"]


@pytest.fixture(scope="module")
def many() -> gpd.GeoDataFrame:
    return wells(COUNT)


def told(opened) -> str:
    return opened.page.text_content(".gcm-filter-count")


LAYER = "(() => { let f; gcm.maps[0].eachLayer(l => { if (l.store) f = l; }); return f; })()"


def clusters(opened) -> list[int]:
    return opened.page.evaluate(
        f"(() => {{ const c = {LAYER}._clusters(); return c ? Array.from(c.size) : null; }})()"
    )


def popup(opened) -> str:
    opened.page.wait_for_selector(".leaflet-popup-content")
    return opened.page.inner_text(".leaflet-popup-content")


def near(opened, frame, row: int, zoom: int = 19) -> None:
    place = to_degrees(frame).iloc[row].representative_point()
    opened.page.evaluate(
        "([lat, lon, zoom]) => { gcm.maps[0].setView([lat, lon], zoom, {animate: false}); }",
        [place.y, place.x, zoom],
    )
    opened.click(place.y, place.x)


def test_every_point_is_in_exactly_one_cluster_at_every_zoom(show, many):
    opened = show(layer_map(many, "manholes", popup_fields=FIELDS))
    for zoom in (8, 10.5, 12, 14, 15.75):
        opened.page.evaluate(f"gcm.maps[0].setZoom({zoom}, {{animate: false}})")
        assert sum(clusters(opened)) == COUNT
    opened.page.evaluate("gcm.maps[0].setZoom(16, {animate: false})")
    assert clusters(opened) is None
    assert "聚合" in opened.page.inner_text(".gcm-legend")
    opened.check()


SEEN = f"""shift => {{
    const map = gcm.maps[0], layer = {LAYER}, size = map.getSize();
    map.panBy([shift, 0], {{animate: false}});
    const own = layer._clusters(), frame = layer._frame(), inside = [];
    for (let i = 0; i < own.count; i += 1) {{
        const at = map.latLngToContainerPoint(gcm.placeOf(own.x[i], own.y[i]));
        const across = at.x + shift, shares = own.shares.subarray(i * 3, i * 3 + 3);
        if (across > 450 && across < size.x - 50 && at.y > 100 && at.y < size.y - 100) {{
            inside.push([own.x[i], own.y[i], own.size[i], ...shares]);
        }}
    }}
    return inside.map(String).sort();
}}"""


def test_where_cells_are_many_the_view_does_not_decide_what_is_one_cluster(show):
    """Only those about the view are made; what lies in two views is the same in both."""
    rng = np.random.default_rng(5)
    frame = wells(COUNT)
    places = rng.uniform((530_000, 3_440_000), (600_000, 3_500_000), (COUNT, 2))
    frame = frame.set_geometry(gpd.points_from_xy(places[:, 0], places[:, 1]), crs=frame.crs)
    opened = show(layer_map(frame, "manholes", popup_fields=FIELDS))
    opened.page.evaluate("gcm.maps[0].setZoom(14.5, {animate: false})")
    for _ in range(2):
        before = opened.page.evaluate(SEEN, 0)
        assert opened.page.evaluate(SEEN, 400) == before != []
        assert sum(clusters(opened)) < COUNT
        # Once more without a class.
        opened.page.evaluate("gcm.maps[0].panBy([-400, 0], {animate: false})")
        opened.page.locator(".gcm-legend li button").first.click()
    opened.check()


def test_a_click_on_a_cluster_comes_nearer_and_on_a_point_tells_its_record(show, many):
    opened = show(layer_map(many, "manholes", popup_fields=FIELDS))
    before = opened.page.evaluate("gcm.maps[0].getZoom()")
    lat, lon = opened.page.evaluate(
        f"""(() => {{ const c = {LAYER}._clusters();
            const k = c.size.indexOf(Math.max(...c.size));
            const p = gcm.placeOf(c.x[k], c.y[k]); return [p.lat, p.lng]; }})()"""
    )
    opened.click(lat, lon)
    until(opened.page, f"gcm.maps[0].getZoom() > {before} + 1")
    assert opened.page.locator(".leaflet-popup").count() == 0
    laid_out(opened.page)
    near(opened, many, 17)
    text = popup(opened)
    row = many.iloc[17]
    assert "W000017" in text
    assert f"{row['found_date']:%Y-%m-%d}" in text
    assert "400" in text
    assert "第17处，需复查" in text
    opened.check()


@pytest.mark.parametrize("count", [600, COUNT])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_filter_by_code_changes_the_count_and_what_a_click_finds(show, many, count, lang):
    frame = many.iloc[:count]
    opened = show(layer_map(frame, "manholes", popup_fields=FIELDS, lang=lang))
    page = opened.page
    assert f"{count:,}" in told(opened)
    page.click(".gcm-filter summary")
    page.locator(".gcm-filter-choices input").nth(0).uncheck()
    left = count - count // 3
    expected = f"显示 {left:,} / 共 {count:,}" if lang == "zh" else f"{left:,} of {count:,} shown"
    assert told(opened) == expected
    if count == COUNT:
        assert sum(clusters(opened)) == left
    near(opened, frame, 0)
    laid_out(page)
    shown = page.locator(".leaflet-popup").count()
    assert shown == 0 or "W000000" not in popup(opened)
    page.click(".gcm-filter-reset")
    assert f"{count:,}" in told(opened)
    near(opened, frame, 0)
    assert "W000000" in popup(opened)
    opened.check()


@pytest.mark.parametrize("count", [600, COUNT])
def test_a_range_of_dates_keeps_the_records_of_those_days(show, many, count):
    frame = many.iloc[:count]
    opened = show(layer_map(frame, "manholes", popup_fields=FIELDS, date_by="found_date"))
    opened.page.click(".gcm-filter summary")
    first, last = opened.page.locator(".gcm-filter input[type=date]").all()
    first.fill("2022-03-01")
    last.fill("2022-03-31")
    last.press("Tab")
    left = int(frame["found_date"].between("2022-03-01", "2022-03-31").sum())
    assert told(opened) == f"显示 {left:,} / 共 {count:,}"
    opened.check()


def test_a_date_known_by_month_or_year_stays_where_any_of_its_days_is_in_the_range(show):
    frame = wells(4)
    frame["found_date"] = pd.to_datetime(["2022-03-05", "2022-03-01", "2022-01-01", None])
    frame["found_date_precision"] = ["day", "month", "year", None]
    opened = show(layer_map(frame, "manholes", popup_fields=FIELDS, date_by="found_date"))
    opened.page.click(".gcm-filter summary")
    first, last = opened.page.locator(".gcm-filter input[type=date]").all()
    first.fill("2022-03-20")
    last.fill("2022-03-25")
    last.press("Tab")
    assert told(opened) == "显示 2 / 共 4"
    assert "无日期的 1 条" in opened.page.inner_text(".gcm-filter")
    opened.check()


def test_the_filter_is_worked_by_the_keyboard_and_named_for_a_screen_reader(show, many):
    opened = show(layer_map(many.iloc[:90], "manholes", popup_fields=FIELDS))
    page = opened.page
    page.focus(".gcm-filter summary")
    page.keyboard.press("Enter")
    page.locator(".gcm-filter-choices input").nth(1).focus()
    page.keyboard.press("Space")
    assert told(opened) == "显示 60 / 共 90"
    for name in ("自", "至"):
        assert page.get_by_label(name, exact=True).count() == 1
    assert page.get_by_role("group", name="整治状态").count() == 1
    page.keyboard.press("Escape")
    assert not page.evaluate("document.querySelector('.gcm-filter').open")
    opened.check()


def test_few_features_are_leaflet_layers_that_folium_refines(show, many):
    frame = many.iloc[:40]
    drawn = layer_map(frame, "manholes", popup_fields=FIELDS)
    layer = next(c for c in drawn._children.values() if isinstance(c, folium.GeoJson))
    folium.GeoJsonPopup(["remark"], labels=False).add_to(layer)
    folium.GeoJsonTooltip(["manhole_id"], labels=False).add_to(layer)
    opened = show(drawn)
    assert opened.page.evaluate(f"{LAYER}.getLayers().length") == 40
    near(opened, frame, 3)
    assert popup(opened).strip() == "第3处，需复查"
    assert "W000003" in opened.page.inner_text(".leaflet-tooltip")
    opened.check()


def test_footprints_are_packed_simplified_and_answer_a_click(show):
    rng = np.random.default_rng(2)
    x, y = rng.uniform(555_000, 565_000, 12_000), rng.uniform(3_465_000, 3_475_000, 12_000)
    frame = gpd.GeoDataFrame(
        {"parcel_id": [f"P{i:05d}" for i in range(12_000)], "status": "40"},
        geometry=[box(a, b, a + 20, b + 15) for a, b in zip(x, y, strict=True)],
        crs="EPSG:4549",
    )
    opened = show(layer_map(frame, "illegal_construction"))
    assert "简化" in opened.page.inner_text(".gcm-legend")
    assert opened.page.evaluate(f"{LAYER}.store.count") == 12_000
    near(opened, frame, 7)
    assert "P00007" in popup(opened)
    opened.check()


def test_an_empty_map_asks_for_nothing(show):
    show(CityMap()).check()


def test_what_a_filter_hides_is_not_drawn(show, many):
    opened = show(layer_map(many.iloc[:600], "manholes", popup_fields=FIELDS))
    inked = """() => { const c = document.querySelector('canvas.gcm-canvas');
        const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
        let n = 0; for (let i = 3; i < d.length; i += 4) { n += d[i] ? 1 : 0; } return n; }"""
    before = opened.page.evaluate(inked)
    assert before > 600
    opened.page.click(".gcm-filter summary")
    opened.page.locator(".gcm-filter-choices input").nth(0).uncheck()
    until(opened.page, f"(n => {0.4 * before} < n && n < {0.9 * before})(({inked})())")
    opened.page.get_by_role("button", name="全不选").first.click()
    until(opened.page, f"({inked})() === 0")
    # Reading the canvas back is slow, which Chromium remarks upon.
    assert opened.requests == []
