"""Basemaps in Chromium, against a server of tiles on this machine; every other host is refused."""

from __future__ import annotations

import io
import sqlite3
import threading
from contextlib import closing
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from shapely import Point

from geo_citymgmt import from_wgs84
from geo_citymgmt.maps import CityMap, layer_map, zone_map
from geo_citymgmt.maps._basemaps import Basemap
from geo_citymgmt.maps._overlays import to_degrees
from tests.browser.conftest import Opened
from tests.browser.waiting import comes_to, until

pytestmark = pytest.mark.browser

READY = "html[data-ready=true]"
DRAWN = """(tiles => tiles.length && tiles.every(tile => tile.classList.contains(
    "leaflet-tile-loaded") && getComputedStyle(tile).opacity === "1"))(
    [...document.querySelectorAll("img.leaflet-tile")])"""
GREEN = (10, 160, 60)


def picture(color: tuple[int, int, int]) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (256, 256), color).save(out, "PNG")
    return out.getvalue()


@dataclass
class TileServer:
    """Answers every address with one tile, or with the status it is told to."""

    status: int = 200
    asked: list[str] = field(default_factory=list)
    address: str = ""


@pytest.fixture
def server():
    told = TileServer()
    tile = picture(GREEN)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told.asked.append(self.path)
            self.send_response(told.status)
            self.send_header("Content-Type", "image/png")
            self.end_headers()
            if told.status == 200:
                self.wfile.write(tile)

        def log_message(self, *args) -> None:
            pass

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    told.address = f"http://127.0.0.1:{running.server_port}"
    yield told
    running.shutdown()
    running.server_close()
    thread.join()


@pytest.fixture
def visit(pages, tmp_path):
    """Open a saved map; only loopback and the hosts in `answered` are let through."""
    routed = []

    def opened(city_map, *, answered: dict[str, bytes] | None = None) -> Opened:
        target = tmp_path / "底图.html"
        city_map.save(target)
        requests: list[str] = []
        complaints: list[str] = []

        def route(route) -> None:
            parts = urlsplit(route.request.url)
            if parts.scheme in ("file", "data", "blob") or parts.hostname == "127.0.0.1":
                route.continue_()
                return
            for end, content in (answered or {}).items():
                if parts.hostname.endswith(end):
                    route.fulfill(body=content, content_type="image/png")
                    return
            route.abort()

        def asked(request) -> None:
            if not request.url.startswith(("file:", "data:", "blob:")):
                requests.append(request.url)

        def said(message) -> None:
            if message.type == "error":
                complaints.append(message.text)

        def failed(error) -> None:
            complaints.append(str(error))

        heard = {"request": asked, "console": said, "pageerror": failed}
        page = pages(1000, 760, heard=heard, offline=False)
        page.route("**/*", route)
        routed.append(page)
        page.goto(target.as_uri())
        page.wait_for_selector(READY, timeout=30_000)
        return Opened(page, requests, complaints)

    yield opened
    for page in routed:
        page.unroute_all(behavior="wait")


@pytest.fixture
def table(zones) -> pd.DataFrame:
    return pd.DataFrame({"n": [3.0, 5.0, None]}, index=zones.index)


def query(address: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(address).query))


def hosts(opened) -> set[str]:
    return {urlsplit(url).netloc for url in opened.requests}


def colour_at(opened, x: int, y: int) -> tuple[int, ...]:
    shot = Image.open(io.BytesIO(opened.page.screenshot()))
    return shot.convert("RGB").getpixel((x, y))


def test_tiles_are_fetched_from_the_named_host_alone_and_lie_under_the_zones(
    visit, server, zones, table
):
    basemap = Basemap.xyz(server.address + "/{z}/{x}/{y}.png", attribution="测绘院 <b>")
    opened = visit(zone_map(table, zones, "n", basemap=basemap))
    opened.page.wait_for_selector("img.leaflet-tile-loaded")
    # Each tile fades in.
    until(opened.page, DRAWN)
    assert hosts(opened) == {urlsplit(server.address).netloc}
    assert opened.complaints == []
    assert opened.page.locator(".gcm-basemap-notice").count() == 0
    assert "测绘院 <b>" in opened.page.inner_text(".leaflet-control-attribution")
    red, green, blue = colour_at(opened, 900, 300)
    assert green > red
    assert green > blue


def test_the_page_s_own_policy_lets_nothing_ask_any_other_host(visit, server):
    opened = visit(CityMap(basemap=Basemap.xyz(server.address + "/{z}/{x}/{y}.png")))
    for script in (
        "const i = new Image(); i.src = 'http://127.0.0.2:9/x.png'",
        f"fetch('{server.address}/data').catch(() => 0)",
    ):
        opened.page.evaluate(script)
    policy = "Content Security Policy"
    comes_to(opened.page, lambda: sum(policy in said for said in opened.complaints) >= 2, True)
    assert "/data" not in server.asked


@pytest.mark.parametrize("status", [403, 500])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_where_the_tiles_are_refused_the_map_works_and_says_so(
    visit, server, zones, table, status, lang
):
    server.status = status
    basemap = Basemap.xyz(server.address + "/{z}/{x}/{y}.png")
    opened = visit(zone_map(table, zones, "n", label="处数", basemap=basemap, lang=lang))
    told = opened.page.wait_for_selector(".gcm-basemap-notice").inner_text()
    assert ("底图未能加载" if lang == "zh" else "did not load") in told
    assert urlsplit(server.address).netloc in told
    place = to_degrees(zones).loc["320506"].centroid
    opened.click(place.y, place.x)
    assert "5" in opened.page.wait_for_selector(".leaflet-popup-content").inner_text()
    assert not [said for said in opened.complaints if "Failed to load" not in said]


def test_where_nobody_answers_the_map_works_and_says_so(visit, zones, table):
    basemap = Basemap.xyz("http://127.0.0.1:9/{z}/{x}/{y}.png")
    opened = visit(zone_map(table, zones, "n", basemap=basemap))
    opened.page.wait_for_selector(".gcm-basemap-notice")
    assert opened.page.locator(".leaflet-gcm-zones-pane path").count() == 6
    # Nothing lies under the zones: they keep their full fill.
    assert opened.page.locator(".gcm-has-basemap").count() == 0


def test_a_server_that_comes_back_takes_the_note_away(visit, server, zones, table):
    server.status = 503
    basemap = Basemap.xyz(server.address + "/{z}/{x}/{y}.png")
    opened = visit(zone_map(table, zones, "n", basemap=basemap))
    opened.page.wait_for_selector(".gcm-basemap-notice")
    server.status = 200
    opened.page.evaluate("gcm.maps[0].zoomIn(1, { animate: false })")
    opened.page.wait_for_selector("img.leaflet-tile-loaded")
    opened.page.wait_for_selector(".gcm-basemap-notice", state="detached")


def test_tiles_of_a_geographic_grid_lie_where_they_belong(visit, server, zones, table):
    basemap = Basemap.wmts(
        server.address + "/wmts", layer="vec", matrix_set="c", crs="EPSG:4490", max_zoom=16
    )
    opened = visit(zone_map(table, zones, "n", basemap=basemap))
    opened.page.wait_for_selector("img.gcm-tile")
    zoom = opened.page.evaluate("Math.round(gcm.maps[0].getZoom())")
    # Matrix 1 has two tiles of 180 degrees, each further one twice as many in a row.
    span = 180 / 2 ** (zoom - 1)
    middle = to_degrees(zones).union_all().centroid
    column, row = int((middle.x + 180) // span), int((90 - middle.y) // span)
    middle = {"TILECOL": str(column), "TILEROW": str(row)}.items()
    comes_to(opened.page, lambda: any(middle <= query(a).items() for a in server.asked), True)
    assert {int(query(address)["TILEMATRIX"]) for address in server.asked} == {zoom}
    assert opened.complaints == []
    box = opened.page.evaluate(
        """([column, row]) => { const image = [...document.querySelectorAll("img.gcm-tile")]
            .find(i => i.src.includes("TILECOL=" + column) && i.src.includes("TILEROW=" + row));
            const frame = gcm.maps[0].getContainer().getBoundingClientRect();
            const at = image.getBoundingClientRect();
            const corner = (x, y) => { const p = gcm.maps[0].containerPointToLatLng([x, y]);
                return [p.lng, p.lat]; };
            return [...corner(at.left - frame.left, at.top - frame.top),
                    ...corner(at.right - frame.left, at.bottom - frame.top)]; }""",
        [column, row],
    )
    west, north = column * span - 180, 90 - row * span
    pixel = 360 / 256 / 2**zoom
    assert np.allclose(box, [west, north, west + span, north - span], atol=1.5 * pixel)


def test_tianditu_is_asked_by_its_key_in_both_layers(visit, zones, table):
    key = "0123456789abcdef"
    opened = visit(
        zone_map(table, zones, "n", basemap=f"tianditu:{key}"),
        answered={".tianditu.gov.cn": picture(GREEN)},
    )
    opened.page.wait_for_selector("img.leaflet-tile-loaded")
    comes_to(opened.page, lambda: {q["LAYER"] for q in map(query, opened.requests)}, {"vec", "cva"})
    assert all(host.endswith(".tianditu.gov.cn") for host in hosts(opened))
    assert {query(address)["tk"] for address in opened.requests} == {key}
    assert opened.complaints == []


def test_over_gaode_everything_is_shifted_as_the_library_shifts_and_told_unshifted(
    visit, zones, manholes
):
    drawn = layer_map(manholes, "manholes", zones=zones, basemap="gaode")
    opened = visit(drawn, answered={".autonavi.com": picture(GREEN)})
    opened.page.wait_for_selector("img.leaflet-tile-loaded")
    assert all(host.endswith(".is.autonavi.com") for host in hosts(opened))
    assert "GCJ-02" in opened.page.inner_text(".gcm-heading")
    lon, lat = np.linspace(119.9, 121.4, 12), np.linspace(30.7, 32.1, 12)
    there = np.column_stack(from_wgs84((lon, lat), "gcj02"))
    places = np.column_stack([lon, lat]).tolist()
    shifted = opened.page.evaluate("places => places.map(p => gcm.gcj02(p[0], p[1]))", places)
    assert np.allclose(shifted, there, rtol=0, atol=1e-12)
    back = opened.page.evaluate("places => places.map(p => gcm.wgs84(p[0], p[1]))", shifted)
    assert np.allclose(back, places, rtol=0, atol=1e-11)
    # The map puts a place where Gaode's tiles have it, and tells it back as it was.
    pixels = opened.page.evaluate(
        "places => places.map(p => { const q = gcm.maps[0].project([p[1], p[0]], 18);"
        " return [q.x, q.y]; })", places
    )  # fmt: skip
    mercator = gpd.GeoSeries(gpd.points_from_xy(*there.T), crs=4326).to_crs(3857)
    half, side = 20037508.342789244, 256 * 2**18
    expected = np.column_stack([mercator.x + half, half - mercator.y]) / (2 * half) * side
    assert np.allclose(pixels, expected, atol=1e-3)
    told = opened.page.evaluate(
        "places => places.map(p => { const m = gcm.maps[0];"
        " const q = m.unproject(m.project([p[1], p[0]], 18), 18); return [q.lng, q.lat]; })",
        places,
    )
    assert np.allclose(told, places, rtol=0, atol=1e-9)


@pytest.mark.parametrize("most", [10_000, 0])
def test_over_gaode_features_are_hit_where_they_are_drawn(visit, monkeypatch, most):
    # As GeoJSON, and packed.
    monkeypatch.setattr("geo_citymgmt.maps._overlays.MOST_GEOJSON", most)
    well = gpd.GeoDataFrame(
        {"manhole_id": ["A1"], "status": ["40"]}, geometry=[Point(120.62, 31.30)], crs=4326
    )
    opened = visit(
        layer_map(well, "manholes", basemap="gaode"), answered={".autonavi.com": picture(GREEN)}
    )
    opened.click(31.30, 120.62)
    assert "A1" in opened.page.wait_for_selector(".leaflet-popup-content").inner_text()


def test_tiles_of_a_file_need_no_host(visit, tmp_path, zones, table):
    path = tmp_path / "a.mbtiles"
    middle = to_degrees(zones).union_all().centroid
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE metadata (name text, value text)")
        database.execute(
            "CREATE TABLE tiles "
            "(zoom_level integer, tile_column integer, tile_row integer, tile_data blob)"
        )
        for zoom in range(9):
            count = 2**zoom
            x = int((middle.x + 180) / 360 * count)
            lat = np.radians(middle.y)
            y = int((1 - np.arcsinh(np.tan(lat)) / np.pi) / 2 * count)
            row = (zoom, x, count - 1 - y, picture(GREEN))
            database.execute("INSERT INTO tiles VALUES (?, ?, ?, ?)", row)
        database.commit()
    opened = visit(zone_map(table, zones, "n", basemap=path))
    opened.page.wait_for_selector("img.leaflet-tile-loaded")
    until(opened.page, DRAWN)
    assert opened.page.locator('img.leaflet-tile-loaded[src^="data:image/png"]').count() > 0
    assert opened.page.locator(".gcm-basemap-notice").count() == 0
    opened.check()
