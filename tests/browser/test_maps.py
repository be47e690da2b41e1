from __future__ import annotations

import branca.colormap
import folium
import folium.plugins
import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from folium.utilities import JsCode
from shapely import Point

from geo_citymgmt import progress
from geo_citymgmt._languages import DISTRICT
from geo_citymgmt.maps import (
    CityMap,
    city_map,
    coverage_map,
    escape_text,
    layer_map,
    progress_map,
    zone_map,
)
from geo_citymgmt.maps._overlays import to_degrees
from geo_citymgmt.spec import load_specs
from tests.browser.waiting import comes_to, laid_out, until
from tests.maps.conftest import PAYLOADS

pytestmark = pytest.mark.browser

SIZES = [(1280, 800), (390, 780)]


def place(frame, row) -> tuple[float, float]:
    shape = to_degrees(frame).loc[row]
    point = shape if isinstance(shape, Point) else shape.representative_point()
    return point.y, point.x


def popup(opened):
    opened.page.wait_for_selector(".leaflet-popup-content")
    return opened.page.inner_text(".leaflet-popup-content")


@pytest.mark.parametrize(("lang", "width", "height"), [("zh", *SIZES[0]), ("en", *SIZES[1])])
def test_a_zone_map_opens_without_a_network_and_tells_its_figures(show, zones, width, height, lang):
    table = pd.DataFrame({"n": [3.0, 5.0, None]}, index=zones.index)
    drawn = zone_map(table, zones, "n", label="处数", title="各区处数", caption="来源", lang=lang)
    opened = show(drawn, width=width, height=height)
    opened.click(*place(zones, "320506"))
    told = popup(opened)
    assert ("乙区" if lang == "zh" else "Yi") in told
    assert "5" in told
    assert opened.page.locator(".leaflet-gcm-zones-pane path").count() == 6
    assert opened.page.locator('.leaflet-gcm-zones-pane path[fill="url(#gcm-hatch)"]').count() == 1
    assert opened.page.title() == "各区处数"
    opened.check()


@pytest.mark.parametrize(("width", "height"), [*SIZES, (768, 1024)])
def test_nothing_lies_over_anything_else(show, small, figures, width, height):
    opened = show(city_map(small, table=figures), width=width, height=height)
    boxes = {
        name: opened.page.locator(selector).bounding_box()
        for name, selector in {
            "heading": ".gcm-heading",
            "tools": ".gcm-tools",
            "zoom": ".leaflet-control-zoom",
            "switch": ".leaflet-control-layers",
            "legend": ".gcm-legend",
            "scale": ".leaflet-control-scale",
        }.items()
    }
    for name, box in boxes.items():
        assert box["x"] >= 0, name
        assert box["x"] + box["width"] <= width + 1, name
        assert box["y"] + box["height"] <= height + 1, name
    names = list(boxes)
    for i, one in enumerate(names):
        for other in names[i + 1 :]:
            a, b = boxes[one], boxes[other]
            apart = (
                a["x"] + a["width"] <= b["x"] + 1
                or b["x"] + b["width"] <= a["x"] + 1
                or a["y"] + a["height"] <= b["y"] + 1
                or b["y"] + b["height"] <= a["y"] + 1
            )
            assert apart, (one, other)
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= width
    open_at_first = opened.page.evaluate("document.querySelector('.gcm-legend').open")
    assert open_at_first == (width > 640)
    opened.check()


def test_a_tall_city_is_clear_of_the_tools_on_a_tablet(show, zones):
    tall = zones.set_geometry(zones.scale(1, 6, origin=(560_000, 3_470_000)))
    table = pd.DataFrame({"n": [1, 2, 3]}, index=zones.index)
    opened = show(zone_map(table, tall, "n"), width=768, height=1024)
    drawn = opened.page.locator(".leaflet-gcm-zones-pane g").first.bounding_box()
    tools = opened.page.locator(".gcm-tools").bounding_box()
    beside = drawn["x"] >= tools["x"] + tools["width"]
    assert beside or drawn["y"] >= tools["y"] + tools["height"]
    assert (
        drawn["height"] > 0.8 * opened.page.locator(".leaflet-container").bounding_box()["height"]
    )
    opened.check()


HIDDEN = """places => {
    const map = gcm.maps[0], box = map.getContainer().getBoundingClientRect();
    return places.filter(([lon, lat]) => {
        const at = map.latLngToContainerPoint([lat, lon]);
        const seen = document.elementFromPoint(at.x + box.left, at.y + box.top);
        return !seen || seen.closest('.gcm-legend, .leaflet-control, .gcm-tools, .gcm-panel');
    });
}"""


@pytest.mark.parametrize(("width", "height"), [(1024, 768), (1280, 800), (1920, 1080), *SIZES[1:]])
def test_no_control_lies_on_the_city_and_the_city_fills_its_room(
    show, city, sample_page, width, height
):
    opened = show(sample_page, width=width, height=height)
    corners = to_degrees(city.zones).simplify(0.002).get_coordinates().to_numpy()
    assert opened.page.evaluate(HIDDEN, corners.tolist()) == []
    drawn = opened.page.locator(".leaflet-gcm-zones-pane g").first.bounding_box()
    room = opened.page.locator(".leaflet-container").bounding_box()
    assert max(drawn["width"] / room["width"], drawn["height"] / room["height"]) > 0.55
    opened.check()


def test_names_of_zones_do_not_run_over_one_another(show, zones):
    small = zones.set_geometry(zones.scale(0.02, 0.02, origin=(560_000, 3_470_000)))
    table = pd.DataFrame({"n": [1, 2, 3]}, index=zones.index)
    opened = show(zone_map(table, pd.concat([zones.iloc[2:], small.iloc[:2]]), "n"))
    rectangles = opened.page.evaluate(
        """[...document.querySelectorAll('.gcm-label-text')].filter(e => !e.hidden)
           .map(e => e.getBoundingClientRect()).map(r => [r.left, r.top, r.right, r.bottom])"""
    )
    assert rectangles
    for i, a in enumerate(rectangles):
        for b in rectangles[i + 1 :]:
            assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]


NAMED = """[...document.querySelectorAll('.gcm-label-text b')].map(e => e.textContent)"""


def grid_of_zones(side: int, width: float) -> gpd.GeoDataFrame:
    """Squares side by side, with names as long as a street's."""
    at = 520_000 + width * np.repeat(np.arange(side), side)
    up = 3_430_000 + width * np.tile(np.arange(side), side)
    codes = pd.Index([f"{k:06d}" for k in range(side * side)], name="zone_code")
    names = [f"第{k}网格片区" for k in range(side * side)]
    cells = shapely.box(at, up, at + width, up + width)
    return gpd.GeoDataFrame({"name_zh": names}, geometry=cells, index=codes, crs="EPSG:4549")


def test_of_many_zones_those_are_named_that_a_name_fits_in(show):
    small = grid_of_zones(14, 2_000)
    wide = small.iloc[[0]].scale(6, 6, origin=(522_000, 3_432_000))
    many = pd.concat([small.iloc[1:], small.iloc[[0]].set_geometry(wide)])
    table = pd.DataFrame({"n": np.arange(len(many), dtype=float)}, index=many.index)
    opened = show(zone_map(table, many, "n"), width=1280, height=800)
    assert opened.page.evaluate(NAMED) == ["第0网格片区"]
    opened.page.mouse.move(560, 560)
    opened.page.mouse.wheel(0, -480)
    # A turn of the wheel may be answered in several steps: the last is over when none follows.
    opened.page.wait_for_function(
        """() => { const map = gcm.maps[0], now = performance.now();
            if (map._animatingZoom || map._zoomSeen !== map.getZoom()) {
                map._zoomSeen = map.getZoom();
                map._since = now; }
            return now - map._since > 400
                && document.querySelectorAll('.gcm-label-text').length > 9; }"""
    )
    boxes = opened.page.evaluate(
        """() => { const map = gcm.maps[0], layer = map._gcm.named.find(l => l._config.filled);
            return layer._labels.filter(label => label.marker).map(label => {
                const zone = layer._paths[label.zone].getBounds();
                const a = map.latLngToContainerPoint(zone.getNorthWest());
                const b = map.latLngToContainerPoint(zone.getSouthEast());
                const box = label.marker.getElement().firstChild.getBoundingClientRect();
                const frame = map.getContainer().getBoundingClientRect();
                return [box.left - frame.left - a.x, b.x - box.right + frame.left,
                        box.top - frame.top - a.y, b.y - box.bottom + frame.top]; }); }"""
    )
    # Up to the halo, and to the turn of the plane against the screen.
    assert boxes
    assert np.min(boxes) > -6
    opened.check()


def test_a_name_is_folded_or_moved_before_it_runs_into_a_neighbour(show):
    # The second is too narrow for its name on one line, the third is not.
    shapes = [
        shapely.box(120.0, 31.0, 120.6, 31.4),
        shapely.box(120.6, 31.0, 120.72, 31.4),
        shapely.box(120.72, 31.0, 121.3, 31.4),
    ]
    names = ["甲区", "石柱土家族自治县", "经济技术开发区"]
    zones = gpd.GeoDataFrame({"name_zh": names}, geometry=shapes, index=list("123"), crs=4326)
    opened = show(zone_map(pd.DataFrame({"n": [1, 2, 3]}, index=zones.index), zones, "n"))
    assert opened.page.evaluate(NAMED) == ["甲区", "石柱土家族\n自治县", "经济技术开发区"]
    opened.check()


def test_no_name_lies_on_the_middle_of_another_zone(show):
    # Slivers beside a wide zone: the name of the first would be read as that of the next.
    at = 120 + 0.004 * np.arange(6)
    slivers = shapely.box(at, 31.0, at + 0.004, 31.5)
    zones = gpd.GeoDataFrame(
        {"name_zh": [f"第{k}狭长地带片区" for k in range(6)] + ["宽区"]},
        geometry=[*slivers, shapely.box(at[-1] + 0.004, 31.0, 121, 31.5)],
        index=[str(k) for k in range(7)],
        crs=4326,
    )
    opened = show(zone_map(pd.DataFrame({"n": range(7)}, index=zones.index), zones, "n"))
    assert "宽区" in opened.page.evaluate(NAMED)
    hidden = opened.page.evaluate(
        """() => { const map = gcm.maps[0], layer = map._gcm.named.find(l => l._config.filled);
            const top = map.getContainer().getBoundingClientRect();
            const boxes = layer._labels.filter(l => l.marker).map(l =>
                [l.id, l.marker.getElement().firstChild.getBoundingClientRect()]);
            return layer._labels.map(l => [l.id, map.latLngToContainerPoint(l.place)]).filter(
                ([id, at]) => boxes.some(([own, box]) => own !== id
                    && box.left - top.left + 1 < at.x && at.x < box.right - top.left - 1
                    && box.top - top.top + 1 < at.y && at.y < box.bottom - top.top - 1)
            ).length; }"""
    )
    assert hidden == 0
    opened.check()


def test_zones_may_go_without_names_on_them(show, zones):
    table = pd.DataFrame({"n": [1, 2, 3]}, index=zones.index)
    opened = show(zone_map(table, zones, "n", labels=False))
    assert opened.page.evaluate(NAMED) == []
    opened.check()


def test_many_zones_answer_about_as_soon_as_few(show):
    waits = []
    for side in (12, 39):
        many = grid_of_zones(side, 80_000 / side)
        table = pd.DataFrame({"n": np.arange(len(many), dtype=float)}, index=many.index)
        drawn = zone_map(table, many, "n", scheme="quantiles")
        opened = show(drawn, width=1280, height=800)
        waits.append(
            opened.page.evaluate(
                """() => { const start = performance.now();
                    gcm.maps[0].setZoom(gcm.maps[0].getZoom() + 1, { animate: false });
                    document.body.offsetWidth;
                    return (performance.now() - start) / 1000; }"""
            )
        )
    assert waits[1] < waits[0] + 2


@pytest.mark.parametrize(("lang", "long"), [("zh", "工业园区"), ("en", "Suzhou\nIndustrial Park")])
def test_every_district_is_named_once_with_its_value(show, city, lang, long):
    table = pd.DataFrame({"n": range(1, len(city.zones) + 1)}, index=city.zones.index)
    opened = show(zone_map(table, city.zones, "n", lang=lang), width=1280, height=800)
    named = opened.page.evaluate(
        """[...document.querySelectorAll('.gcm-label-text')].filter(e => !e.hidden)
           .map(e => [e.querySelector('b'), e.querySelector('span')])
           .map(([name, value]) => [name.textContent, value.offsetHeight > 0])"""
    )
    assert len({name for name, _ in named}) == len(named) == len(city.zones) == 10
    assert [long, True] in named
    assert all(valued for _, valued in named)
    opened.check()


@pytest.fixture(scope="module")
def sample_page(city, tmp_path_factory):
    """The page of the map of the sample, written once for every width."""
    page = tmp_path_factory.mktemp("sample") / "地图.html"
    city_map(city, table=progress(city, as_of="2022-06-30")).save(page)
    return page


@pytest.fixture
def small(zones, manholes, parcels, tunnels):
    class City(dict):
        has_zones, unit = True, DISTRICT
        data_date = pd.Timestamp("2022-06-30")
        specs = load_specs()

    made = City(illegal_construction=parcels, utility_tunnels=tunnels, manholes=manholes)
    made.zones = zones
    return made


def test_a_point_tells_its_record(show, zones, manholes):
    opened = show(layer_map(manholes, "manholes", zones=zones))
    opened.click(*place(manholes, 0))
    told = popup(opened)
    assert "A0" in told
    assert "整治中" in told
    assert "2022-03-05" in told
    assert "139" not in told
    opened.check()


def test_an_area_tells_its_record_and_its_hole_does_not(show, parcels):
    opened = show(layer_map(parcels, "illegal_construction"))
    opened.page.evaluate("gcm.maps[0].setZoom(17, {animate: false})")
    lat, lon = place(parcels.set_geometry(parcels.centroid), 0)
    opened.page.evaluate(f"gcm.maps[0].setView([{lat}, {lon}], 15, {{animate: false}})")
    opened.click(lat, lon)
    assert opened.page.locator(".leaflet-popup").count() == 0
    opened.click(*place(parcels, 0))
    assert "P1" in popup(opened)
    opened.check()


def test_a_line_tells_its_record_with_its_unit(show, tunnels):
    opened = show(layer_map(tunnels, "utility_tunnels", lang="en"))
    middle = tunnels.set_geometry(tunnels.interpolate(0.5, normalized=True))
    opened.click(*place(middle, 0))
    told = popup(opened)
    assert "一号管廊" in told
    assert "3.2\u00a0km" in told
    opened.check()


def test_records_in_one_place_can_be_leafed_through(show, manholes):
    stacked = manholes.iloc[:3].set_geometry([manholes.geometry[0]] * 3)
    opened = show(layer_map(stacked, "manholes"))
    opened.click(*place(stacked, 0))
    assert "1 / 3" in popup(opened)
    first = opened.page.inner_text(".gcm-card h2")
    opened.page.click(".gcm-pager button >> nth=1")
    assert opened.page.inner_text(".gcm-card h2") != first
    assert "2 / 3" in popup(opened)
    opened.check()


def test_layers_are_switched_on_and_off_with_their_legend(show, small, figures):
    opened = show(city_map(small, table=figures))
    boxes = opened.page.locator(".leaflet-control-layers-overlays label")
    assert boxes.count() == 4
    assert opened.page.locator("canvas.gcm-canvas").count() == 0
    boxes.filter(has_text="窨井").click()
    opened.page.wait_for_selector("html[data-ready=true]")
    assert opened.page.locator("canvas.gcm-canvas").count() == 1
    assert "整治状态" in opened.page.inner_text(".gcm-legend")
    drawn = opened.page.evaluate(
        """() => { const c = document.querySelector('canvas.gcm-canvas');
            const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
            let n = 0; for (let i = 3; i < d.length; i += 4) { n += d[i] ? 1 : 0; } return n; }"""
    )
    assert drawn > 60
    boxes.filter(has_text="窨井").click()
    assert opened.page.locator("canvas.gcm-canvas").count() == 0
    assert "整治状态" not in opened.page.inner_text(".gcm-legend")
    opened.check()


def test_thirty_thousand_points_are_ready_within_seconds(show, zones, manholes):
    rng = np.random.default_rng(0)
    many = manholes.loc[manholes.index.repeat(500)].reset_index(drop=True)
    many["manhole_id"] = [f"M{i}" for i in range(len(many))]
    shift = rng.normal(0, 800, (2, len(many)))
    many["geometry"] = gpd.points_from_xy(many.geometry.x + shift[0], many.geometry.y + shift[1])
    opened = show(layer_map(many, "manholes", zones=zones))
    spent = opened.page.evaluate("performance.now()")
    assert spent < 15_000
    counts = opened.page.locator(".gcm-legend .gcm-key-count").all_inner_texts()
    assert sum(int(count.replace(",", "")) for count in counts) == 30_000
    opened.check()


def test_coverage_and_progress_open(show, small, zones, manholes, figures):
    show(coverage_map(manholes, zones, radius_m=800, layer="manholes")).check()
    opened = show(progress_map(small, "demolished_area", table=figures))
    opened.click(*place(zones, "320581"))
    assert "数据不足" in opened.page.inner_text(".gcm-panel .gcm-figure")
    opened.check()
    opened = show(progress_map(small, "demolished_area", table=figures, panel=False))
    opened.click(*place(zones, "320581"))
    assert "数据不足" in popup(opened)
    opened.check()


@pytest.mark.parametrize("empty", ["map", "layer", "figures"])
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_an_empty_map_opens_and_says_so(show, zones, manholes, empty, width, height):
    drawn = {
        "map": lambda: CityMap(),
        "layer": lambda: layer_map(manholes.iloc[:0], "manholes", zones=zones),
        "figures": lambda: zone_map(pd.DataFrame({"n": [np.nan] * 3}, zones.index), zones, "n"),
    }[empty]()
    opened = show(drawn, width=width, height=height)
    if empty != "map":
        assert "没有可显示" in opened.page.inner_text(".gcm-heading")
    opened.check()


def test_text_of_the_data_is_shown_and_never_run(show, zones, manholes):
    # Each is a column, a value and an id of its own; in the popup of a record all columns stand.
    names = list(PAYLOADS)
    wells = manholes.iloc[: len(names)].assign(manhole_id=names, status=names, kind=names)
    wells = wells.assign(**{name: [*names[k:], *names[:k]] for k, name in enumerate(names)})
    hostile = zones.assign(name_zh=names[: len(zones)])
    drawn = layer_map(
        wells, "manholes", zones=hostile, color_by="kind", popup_fields=["manhole_id", *names]
    )
    for payload in names:
        drawn.add_child(folium.FeatureGroup(name=escape_text(payload)))
    folium.LayerControl().add_to(drawn)
    opened = show(drawn)
    opened.click(*place(wells, 0))
    assert popup(opened).count("window.hacked=1") >= 6
    opened.check()


@pytest.mark.parametrize("payload", PAYLOADS)
def test_what_a_map_of_zones_is_given_as_text_is_shown_and_never_run(show, zones, payload):
    table = pd.DataFrame({payload: [1.0, 2.0, 3.0]}, index=zones.index)
    hostile = zones.assign(name_zh=payload)
    opened = show(zone_map(table, hostile, payload, unit=payload, title=payload, caption=payload))
    opened.click(*place(zones, "320505"))
    assert popup(opened)
    opened.check()


def test_hostile_text_in_plain_folium_objects_is_stopped_by_the_policy(show):
    drawn = CityMap([31.3, 120.6])
    folium.Marker([31.3, 120.6], popup="<img src=x onerror=window.hacked=1>").add_to(drawn)
    opened = show(drawn)
    opened.page.click(".leaflet-marker-icon")
    opened.page.wait_for_timeout(300)
    assert opened.page.evaluate("window.hacked") is None


FEATURE = {
    "type": "FeatureCollection",
    "features": [
        {"type": "Feature", "properties": {"name": "甲", "n": 4},
         "geometry": {"type": "Polygon",
                      "coordinates": [[[120.5, 31.2], [120.7, 31.2], [120.7, 31.4],
                                       [120.5, 31.2]]]}}
    ],
}  # fmt: skip
TOPOLOGY = {
    "type": "Topology",
    "arcs": [[[120.5, 31.2], [120.7, 31.2], [120.7, 31.4], [120.5, 31.2]]],
    "objects": {"a": {"type": "GeometryCollection", "geometries": [
        {"type": "Polygon", "arcs": [[0]], "properties": {"name": "甲"}}]}},
}  # fmt: skip


def _fast(m):
    folium.plugins.FastMarkerCluster([[31.3, 120.6], [31.31, 120.61]]).add_to(m)


def _clusters(m):
    cluster = folium.plugins.MarkerCluster(name="聚合").add_to(m)
    group = folium.plugins.FeatureGroupSubGroup(cluster, "子组").add_to(m)
    folium.Marker([31.3, 120.6], popup="a").add_to(group)
    folium.plugins.GroupedLayerControl({"组": [group]}).add_to(m)


def _geojson(m):
    folium.GeoJson(
        FEATURE,
        name="面",
        tooltip=folium.GeoJsonTooltip(["name"]),
        popup=folium.GeoJsonPopup(["name", "n"]),
        highlight_function=lambda _: {"weight": 3},
        style_function=lambda _: {"color": "#333333"},
    ).add_to(m)


def _search(m):
    layer = folium.GeoJson(FEATURE, name="面").add_to(m)
    folium.plugins.Search(layer, search_label="name", geom_type="Polygon").add_to(m)


def _choropleth(m):
    folium.Choropleth(
        FEATURE, data={"甲": 4, "乙": 7}, key_on="feature.properties.name", bins=[0, 2, 4, 8]
    ).add_to(m)


def _lines(m):
    line = folium.PolyLine([[31.2, 120.5], [31.4, 120.7]]).add_to(m)
    folium.plugins.PolyLineTextPath(line, "管廊").add_to(m)
    folium.plugins.PolyLineOffset([[31.2, 120.5], [31.4, 120.7]], offset=5).add_to(m)
    folium.ColorLine([[31.2, 120.5], [31.4, 120.7]], [1], colormap=["b", "r"]).add_to(m)


def _shapes(m):
    folium.Circle([31.3, 120.6], 300, tooltip="圆").add_to(m)
    folium.CircleMarker([31.3, 120.6], popup="点").add_to(m)
    folium.Rectangle([[31.2, 120.5], [31.3, 120.6]]).add_to(m)
    folium.Polygon([[31.2, 120.5], [31.3, 120.6], [31.2, 120.7]]).add_to(m)


def _icons(m):
    folium.Marker([31.3, 120.6], icon=folium.Icon(icon="car", prefix="fa", angle=30)).add_to(m)
    folium.Marker([31.3, 120.6], icon=folium.Icon(color="red")).add_to(m)
    folium.Marker([31.3, 120.6], icon=folium.DivIcon(html="<b>甲</b>")).add_to(m)
    folium.Marker([31.3, 120.6]).add_to(m)


def _tree(m):
    group = folium.FeatureGroup(name="组").add_to(m)
    folium.plugins.TreeLayerControl({"label": "图层", "children": [
        {"label": "组", "layer": group}]}).add_to(m)  # fmt: skip


def _controls(m):
    folium.plugins.Fullscreen().add_to(m)
    folium.plugins.MousePosition().add_to(m)
    folium.LatLngPopup().add_to(m)
    folium.ClickForMarker("甲").add_to(m)
    folium.ClickForLatLng().add_to(m)
    folium.FitOverlays().add_to(m)
    folium.features.Control("Zoom", position="bottomright").add_to(m)
    m.on(click=JsCode("function (event) { window.clicked = true; }"))
    folium.map.CustomPane("over").add_to(m)
    m.fit_bounds([[31.2, 120.5], [31.4, 120.7]])
    folium.LayerControl().add_to(m)


def _explore(m):
    frame = gpd.GeoDataFrame({"n": [1.0, 2.0]}, geometry=[Point(120.6, 31.3), Point(120.7, 31.3)])
    frame.set_crs("EPSG:4326").explore(column="n", m=m)


REFINEMENTS = {
    "markers and icons": _icons,
    "shapes": _shapes,
    "lines": _lines,
    "GeoJson": _geojson,
    "TopoJson": lambda m: folium.TopoJson(TOPOLOGY, "objects.a").add_to(m),
    "Choropleth": _choropleth,
    "colormap": lambda m: branca.colormap.linear.YlGnBu_09.scale(0, 1).add_to(m),
    "clusters": _clusters,
    "FastMarkerCluster": _fast,
    "HeatMap": lambda m: folium.plugins.HeatMap([[31.3, 120.6, 1]]).add_to(m),
    "Search": _search,
    "tree": _tree,
    "controls": _controls,
    "explore": _explore,
    "ImageOverlay": lambda m: folium.raster_layers.ImageOverlay(
        np.zeros((2, 2, 3)), [[31.2, 120.5], [31.4, 120.7]]
    ).add_to(m),
}


@pytest.mark.parametrize("few", range(4))
def test_ordinary_folium_works_offline_on_a_city_map(show, few):
    drawn = CityMap([31.3, 120.6])
    # Every fourth of them on one page: a page takes longer than what is on it.
    for refine in [*REFINEMENTS.values()][few::4]:
        refine(drawn)
    opened = show(drawn)
    laid_out(opened.page)
    opened.check()


def test_a_notebook_s_frame_shows_the_map(pages, zones, manholes, tmp_path):
    frame = layer_map(manholes, "manholes", zones=zones)._repr_html_()
    target = tmp_path / "notebook.html"
    target.write_text(f"<!DOCTYPE html><body>{frame}</body>", encoding="utf-8")
    complaints: list[str] = []
    heard = {
        "console": lambda m: complaints.append(m.text) if m.type == "error" else None,
        "pageerror": lambda e: complaints.append(str(e)),
    }
    page = pages(heard=heard)
    page.goto(target.as_uri())
    inner = page.frame_locator("iframe")
    inner.locator("canvas.gcm-canvas").wait_for()
    assert "窨井" in inner.locator("h1").inner_text()
    assert complaints == []


def test_the_first_screen_of_a_city_is_its_figure_and_its_layers_wait(show, small, figures):
    opened = show(city_map(small, table=figures))
    assert opened.page.locator(".leaflet-control-layers-overlays input:checked").count() == 1
    assert "拆除面积" in opened.page.inner_text(".gcm-legend")
    assert opened.page.locator(".leaflet-control-zoom-in").get_attribute("title") == "放大"


def test_pages_that_shrink_and_grow_stay_drawn(show, zones, manholes):
    opened = show(layer_map(manholes, "manholes", zones=zones))
    for width in (390, 1280):
        opened.page.set_viewport_size({"width": width, "height": 700})
        canvas = opened.page.locator("canvas.gcm-canvas")
        comes_to(opened.page, lambda c=canvas, w=width: c.bounding_box()["width"] >= w, True)
    zoomed = opened.page.evaluate("gcm.maps[0].getZoom()")
    opened.page.locator(".leaflet-control-zoom-in").click()
    until(opened.page, f"gcm.maps[0].getZoom() > {zoomed}")
    laid_out(opened.page)
    opened.click(*place(manholes, 5))
    opened.check()


def test_a_browser_that_cannot_unpack_the_features_says_so(show, zones, manholes):
    many = manholes.loc[manholes.index.repeat(200)].reset_index(drop=True)
    drawn = layer_map(many, "manholes", zones=zones)
    opened = show(drawn, first="delete window.DecompressionStream")
    assert "浏览器版本过旧" in opened.page.inner_text(".gcm-notice")
    opened.check()
    few = show(layer_map(manholes, "manholes"), first="delete window.DecompressionStream")
    few.click(*place(manholes, 0))
    assert "A0" in popup(few)
    few.check()


def test_a_map_keeps_the_size_it_was_given(show, zones):
    table = pd.DataFrame({"n": [1, 2, 3]}, index=zones.index)
    opened = show(zone_map(table, zones, "n"))
    assert opened.page.locator(".folium-map").bounding_box()["height"] > 700
    opened = show(CityMap([31.3, 120.6], width=600, height=400))
    box = opened.page.locator(".folium-map").bounding_box()
    assert (box["width"], box["height"]) == (600, 400)
