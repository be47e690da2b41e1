"""The map asks back: filters, legend, area sums and search act on the records, and agree."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import Polygon

from geo_citymgmt.maps import city_map, layer_map
from geo_citymgmt.maps._overlays import to_degrees
from tests.browser.test_packed import LAYER, clusters, told
from tests.browser.waiting import comes_to, laid_out, until

pytestmark = pytest.mark.browser

STATES = ["20", "40", "60"]
UNITS = [f"第{i:02d}城管所" for i in range(20)]
STREETS = ["平江街道", "虎丘街道", "木渎镇", "黄埭镇", None]


def parcels(count: int) -> gpd.GeoDataFrame:
    """Cases of every kind of field, in a grid of points 100 m apart, forty a row."""
    at = np.arange(count)
    return gpd.GeoDataFrame(
        {
            "parcel_id": [f"WJ{i:05d}" for i in at],
            "status": np.array(STATES)[at % 3],
            "illegal_area_m2": np.where(at % 10 == 9, np.nan, at % 7 * 10.5 + 1),
            "safety_related": pd.array(at % 4 == 0, dtype="boolean"),
            "hazard_kind": np.array(["structure;fire", "fire", "other", None])[at % 4],
            "manage_org": np.array(UNITS)[at % 20],
            "street_name": np.array(STREETS, dtype=object)[at % 5],
            "deadline": pd.Timestamp("2022-06-30") + pd.to_timedelta(at % 60 - 30, "D"),
            "found_date": pd.Timestamp("2022-01-01") + pd.to_timedelta(at % 90, "D"),
        },
        geometry=gpd.points_from_xy(555_000 + at % 40 * 100, 3_465_000 + at // 40 * 100),
        crs="EPSG:4549",
    )


@pytest.fixture(scope="module")
def frame() -> gpd.GeoDataFrame:
    return parcels(1_200)


def shown_of(opened) -> int:
    text = told(opened)
    return int(text.replace("显示", "").split("/")[0].replace(",", ""))


def facet(page, label: str):
    """A condition of the panel, opened."""
    box = page.locator(".gcm-facet").filter(has=page.locator(f"summary > span:text-is('{label}')"))
    if box.get_attribute("open") is None:
        box.locator("summary").click()
    return box


def only(page, label: str, choice: str) -> None:
    box = facet(page, label)
    box.get_by_role("button", name="全不选").click()
    box.locator("label").filter(has_text=choice).locator("input").check()


def open_filter(page) -> None:
    if not page.evaluate("document.querySelector('.gcm-filter').open"):
        page.click(".gcm-filter > summary")


@pytest.mark.parametrize("count", [1_200, 12_000])
def test_each_kind_of_field_narrows_the_layer_and_together_they_agree(show, count):
    frame = parcels(count)
    opened = show(layer_map(frame, "illegal_construction"))
    page = opened.page
    open_filter(page)
    only(page, "涉安", "是")
    safe = frame["safety_related"].fillna(False)
    assert shown_of(opened) == int(safe.sum())
    only(page, "主管部门", UNITS[4])
    kept = safe & frame["manage_org"].eq(UNITS[4])
    assert shown_of(opened) == int(kept.sum())
    only(page, "街道（镇）", "不明")
    kept &= frame["street_name"].isna()
    assert shown_of(opened) == int(kept.sum()) > 0
    page.click(".gcm-filter-reset")
    assert shown_of(opened) == count
    only(page, "隐患类型", "消防")
    fire = frame["hazard_kind"].fillna("").str.contains("fire")
    assert shown_of(opened) == int(fire.sum())
    dates = facet(page, "整改期限").locator("input[type=date]")
    dates.nth(0).fill("2022-06-20")
    dates.nth(1).fill("2022-07-02")
    dates.nth(1).press("Tab")
    kept = fire & frame["deadline"].between("2022-06-20", "2022-07-02")
    assert shown_of(opened) == int(kept.sum()) > 0
    assert "筛选（2）" in page.inner_text(".gcm-filter > summary")
    opened.check()


def test_a_choice_says_how_many_it_has_beside_the_other_conditions(show, frame):
    opened = show(layer_map(frame, "illegal_construction"))
    page = opened.page
    open_filter(page)
    only(page, "涉安", "是")
    counts = facet(page, "处置状态").locator(".gcm-key-count").all_inner_texts()
    safe = frame.loc[frame["safety_related"].fillna(False)]
    expected = [int(safe["status"].eq(code).sum()) for code in STATES]
    assert [int(text.replace(",", "")) for text in counts] == expected
    # Its own choices are counted as if it were not set.
    own = facet(page, "涉安").locator(".gcm-key-count").all_inner_texts()
    assert sum(int(text.replace(",", "")) for text in own) == len(frame)


def test_a_list_of_many_units_is_searched(show, frame):
    opened = show(layer_map(frame, "illegal_construction"))
    page = opened.page
    open_filter(page)
    box = facet(page, "主管部门")
    comes_to(page, box.locator("label:visible").count, len(UNITS))
    box.locator("input[type=text]").fill("第1")
    comes_to(page, box.locator("label:visible").count, 10)
    box.get_by_role("button", name="全不选").click()
    comes_to(page, lambda: shown_of(opened), len(frame) // 2)
    opened.check()


@pytest.mark.parametrize("count", [1_200, 12_000])
def test_the_legend_turns_a_class_off_by_pointer_and_by_key(show, count):
    frame = parcels(count)
    opened = show(layer_map(frame, "illegal_construction"))
    page = opened.page
    entry = page.locator(".gcm-legend li button")
    assert entry.count() == 3
    entry.nth(0).click()
    assert entry.nth(0).get_attribute("aria-pressed") == "false"
    left = int(frame["status"].ne("20").sum())
    assert page.evaluate(f"{LAYER}.store.visible") == left
    if count > 10_000:
        assert sum(clusters(opened)) == left
    # Read out, though the panel of filters is shut.
    assert f"{left:,}" in page.text_content("body > .gcm-unseen[aria-live]")
    open_filter(page)
    assert not facet(page, "处置状态").locator("input").nth(0).is_checked()
    entry.nth(0).focus()
    page.keyboard.press("Enter")
    assert entry.nth(0).get_attribute("aria-pressed") == "true"
    assert page.evaluate(f"{LAYER}.store.visible") == count
    # And the legend's numbers follow the other conditions.
    only(page, "涉安", "是")
    safe = frame.loc[frame["safety_related"].fillna(False), "status"]
    numbers = page.locator(".gcm-legend .gcm-key-count").all_inner_texts()
    assert [int(n.replace(",", "")) for n in numbers] == [int(safe.eq(c).sum()) for c in STATES]
    opened.check()


# areas


def area_rows(page) -> dict[str, tuple[int, float]]:
    rows = page.locator(".gcm-sums tbody tr, .gcm-sums tfoot tr").all()
    cells = [row.locator("th, td").all_inner_texts() for row in rows]
    return {
        c[0]: (int(c[1].replace(",", "")), float(c[2].replace(",", "")))
        for c in cells
        if len(c) == 3
    }


def expected_rows(kept: pd.DataFrame) -> dict[str, tuple[int, float]]:
    names = {"20": "已核实", "40": "处置中", "60": "已验收"}
    grouped = kept.groupby("status")["illegal_area_m2"].agg(["size", "sum"])
    rows = {names[code]: (int(n), round(total, 2)) for code, n, total in grouped.itertuples()}
    return rows | {"合计": (len(kept), round(kept["illegal_area_m2"].sum(), 2))}


def pixel(page, lat: float, lon: float) -> list[float]:
    return page.evaluate(
        """async ([lat, lon]) => {
            // The city steps aside from a panel that opens, in the frame after.
            for (const _ of [1, 2]) await new Promise(requestAnimationFrame);
            const map = gcm.maps[0], at = map.latLngToContainerPoint([lat, lon]);
            const box = map.getContainer().getBoundingClientRect();
            return [at.x + box.left, at.y + box.top]; }""",
        [lat, lon],
    )


def middle_part(frame):
    """Two corners of a rectangle in the middle of the records, and which lie in it."""
    places = to_degrees(frame)
    x, y = places.x.to_numpy(), places.y.to_numpy()
    west, east = np.quantile(x, [0.3, 0.7]) + 0.0003
    south, north = np.quantile(y, [0.4, 0.8]) + 0.0003
    inside = (x > west) & (x < east) & (y > south) & (y < north)
    return (north, west), (south, east), inside


@pytest.mark.parametrize("count", [1_200, 12_000])
def test_a_rectangle_counts_and_sums_by_status_in_step_with_the_filter(show, count):
    frame = parcels(count)
    opened = show(layer_map(frame, "illegal_construction"))
    page = opened.page
    page.click(".gcm-selection > summary")
    page.get_by_role("button", name="画矩形").click()
    first, last, inside = middle_part(frame)
    a, b = pixel(page, *first), pixel(page, *last)
    page.mouse.move(*a)
    page.mouse.down()
    page.mouse.move((a[0] + b[0]) / 2, b[1], steps=3)
    page.mouse.move(*b, steps=3)
    page.mouse.up()
    page.wait_for_selector(".gcm-sums")
    rows = area_rows(page)
    # A pixel is some tens of metres: the records along the edge may be in or out.
    total = rows["合计"][0]
    assert abs(total - inside.sum()) <= 0.1 * inside.sum()
    ring = page.evaluate(
        """Object.values(gcm.maps[0]._layers)
            .filter(layer => layer.options.pane === 'gcm-measure' && layer.getLatLngs)[0]
            .getLatLngs()[0].map(place => [place.lng, place.lat])"""
    )
    kept = frame.loc[to_degrees(frame).within(Polygon(ring)).to_numpy()]
    assert rows == expected_rows(kept)
    page.locator(".gcm-legend li button").nth(1).click()
    assert area_rows(page) == expected_rows(kept.loc[kept["status"].ne("40")])
    # The map moves again under the pointer.
    assert page.evaluate("gcm.maps[0].dragging.enabled()")
    assert page.locator(".leaflet-popup").count() == 0
    opened.check()


def test_a_polygon_is_drawn_by_clicks_or_by_keys_alone(show, frame):
    opened = show(layer_map(frame, "illegal_construction"))
    page = opened.page
    page.click(".gcm-selection > summary")
    page.get_by_role("button", name="画多边形").click()
    (north, west), (south, east), _ = middle_part(frame)
    for lat, lon in ((north, west), (north, east), (south, east)):
        page.mouse.click(*pixel(page, lat, lon))
    page.get_by_role("button", name="完成").click()
    page.wait_for_selector(".gcm-sums")
    by_hand = area_rows(page)["合计"][0]
    assert 0 < by_hand < len(frame)
    page.get_by_role("button", name="清除选区").click()
    assert page.locator(".gcm-sums").count() == 0
    page.locator(".gcm-selection-ways button").nth(1).focus()
    page.keyboard.press("Enter")
    for key in ("Space", "ArrowRight", "Space", "ArrowDown", "Space"):
        page.keyboard.press(key)
        laid_out(page)
    page.keyboard.press("Enter")
    page.wait_for_selector(".gcm-sums")
    assert 0 < area_rows(page)["合计"][0] < len(frame)
    assert page.evaluate("gcm.maps[0]._gcm.measuring") is None
    opened.check()


def test_a_finger_draws_a_rectangle(chromium, tmp_path, frame):
    target = tmp_path / "图.html"
    layer_map(frame, "illegal_construction").save(target)
    context = chromium.new_context(
        offline=True, viewport={"width": 390, "height": 800}, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    page.goto(target.as_uri())
    page.wait_for_selector("html[data-ready=true]")
    page.tap(".gcm-selection > summary")
    page.get_by_role("button", name="画矩形").tap()
    assert not page.evaluate("document.querySelector('.gcm-selection').open")
    session = context.new_cdp_session(page)

    def touch(kind, *points):
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": list(points)})

    touch("touchStart", {"x": 60, "y": 340})
    for step in range(1, 6):
        touch("touchMove", {"x": 60 + 50 * step, "y": 340 + 50 * step})
    touch("touchEnd")
    page.wait_for_selector(".gcm-sums")
    assert "选区内" in page.inner_text(".gcm-selection")
    context.close()


def test_a_finger_taps_a_polygon(chromium, tmp_path, frame):
    target = tmp_path / "图.html"
    layer_map(frame, "illegal_construction").save(target)
    context = chromium.new_context(
        offline=True, viewport={"width": 390, "height": 800}, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    page.goto(target.as_uri())
    page.wait_for_selector("html[data-ready=true]")
    page.tap(".gcm-selection > summary")
    page.get_by_role("button", name="画多边形").tap()
    until(page, "!document.querySelector('.gcm-selection').open")
    for x, y in ((80, 420), (300, 420), (300, 640), (80, 640)):
        page.touchscreen.tap(x, y)
        # Sooner it would be the second tap of a gesture.
        page.wait_for_timeout(500)
    # What ends it is as large as a finger.
    end = page.locator(".gcm-measured button")
    assert min(end.bounding_box()["width"], end.bounding_box()["height"]) >= 44
    end.tap()
    page.wait_for_selector(".gcm-sums")
    assert 0 < area_rows(page)["合计"][0] < len(frame)
    context.close()


def test_what_is_on_screen_is_counted_without_a_pointer_and_follows_the_map(show, frame):
    opened = show(layer_map(frame, "illegal_construction"))
    page = opened.page
    page.focus(".gcm-selection > summary")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="当前屏幕").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".gcm-sums")
    assert area_rows(page) == expected_rows(frame)
    assert "120 条无此数值" in page.inner_text(".gcm-sums")
    page.evaluate("() => { gcm.maps[0].setZoom(gcm.maps[0].getZoom() + 2, {animate: false}); }")
    until(page, "!document.querySelector('.gcm-sums').textContent.includes('1,200')")
    opened.check()


def test_a_zone_is_chosen_from_a_list_and_holds_the_records_it_owns(show, frame, zones):
    owned = frame.assign(district_code=np.array(["320505", "320506"])[np.arange(len(frame)) % 2])
    opened = show(layer_map(owned, "illegal_construction", zones=zones))
    page = opened.page
    page.click(".gcm-selection > summary")
    page.select_option(".gcm-selection select", "乙区")
    assert area_rows(page) == expected_rows(owned.loc[owned["district_code"].eq("320506")])
    opened.check()


# search


def test_a_search_finds_any_part_of_a_number_or_a_street_and_says_how_many_more(show, frame):
    opened = show(layer_map(frame, "illegal_construction"))
    page = opened.page
    page.fill(".gcm-search input", "0100")
    page.wait_for_selector(".gcm-search li")
    assert page.locator(".gcm-search li").count() == 8 + 1
    matches = int(frame["parcel_id"].str.contains("0100").sum())
    assert f"另有 {matches - 8} 条" in page.inner_text(".gcm-search li >> nth=8")
    assert f"{matches}" in page.text_content(".gcm-search [role=status]")
    page.fill(".gcm-search input", "渎")
    until(page, "document.querySelector('.gcm-search li').textContent.includes('木渎镇')")
    page.keyboard.press("Enter")
    kept = to_degrees(frame.loc[frame["street_name"].eq("木渎镇")]).total_bounds
    west, south, east, north = page.evaluate(
        "(b => [b.getWest(), b.getSouth(), b.getEast(), b.getNorth()])(gcm.maps[0].getBounds())"
    )
    assert west < kept[0] and south < kept[1] and east > kept[2] and north > kept[3]
    opened.check()


@pytest.mark.parametrize("packed", [False, True])
def test_a_link_leads_to_the_record_of_that_number_and_no_other(visit, tmp_path, frame, packed):
    count = 12_000 if packed else 1_200
    named = parcels(count)
    # The number of one is a part of others.
    named["parcel_id"] = [f"W{i}" for i in range(count)]
    target = tmp_path / "map.html"
    layer_map(named, "illegal_construction").save(target)
    page = visit(target, anchor="#record=违法建设/W7")
    page.wait_for_selector(".gcm-card")
    assert page.inner_text(".gcm-card h2") == "W7"
    assert page.wrong == []


# popups


def test_a_popup_leads_with_status_deadline_days_over_area_and_street(show, trial_city, frame):
    trial_city["illegal_construction"] = frame
    drawn = city_map(trial_city, table=_no_table())
    opened = show(drawn)
    page = opened.page
    until(page, "gcm.overlays[0].store")
    page.evaluate("gcm.overlays[0].lead(1)")
    rows = page.locator(".gcm-card tr").all_inner_texts()
    labels = [row.split("\t")[0] for row in rows]
    assert labels[:5] == ["处置状态", "整改期限", "超期天数", "违法建设面积", "街道（镇）"]
    record = frame.loc[frame["parcel_id"].eq(page.inner_text(".gcm-card h2"))].iloc[0]
    days = (pd.Timestamp("2022-06-30") - record["deadline"]).days
    assert f"{days}\u00a0天" in rows[2]
    # Beside its feature, which stays to be seen.
    place = to_degrees(frame.loc[[record.name]]).iloc[0]
    _, y = pixel(page, place.y, place.x)
    card = page.locator(".leaflet-popup-content-wrapper").bounding_box()
    assert card["y"] + card["height"] <= y
    opened.check()


def test_what_is_overdue_can_be_chosen(show, trial_city, frame):
    trial_city["illegal_construction"] = frame
    opened = show(city_map(trial_city, table=_no_table()))
    page = opened.page
    until(page, "gcm.overlays[0].store")
    open_filter(page)
    only(page, "是否超期", "已超期")
    late = frame["status"].isin(["20", "40"]) & frame["deadline"].lt("2022-06-30")
    assert shown_of(opened) == int(late.sum()) > 0


def _no_table() -> pd.DataFrame:
    columns = ["indicator", "layer", "level", "row_kind", "zone_code", "as_of", "value", "target",
               "attainment", "expected", "status", "unit", "name_zh", "name_en"]  # fmt: skip
    return pd.DataFrame({name: pd.Series(dtype="object") for name in columns}).astype(
        {"value": "float64", "attainment": "float64", "target": "float64"}
    )
