"""Basemaps: addresses, hosts, files of tiles; see tests/browser/test_basemaps.py for the page."""

from __future__ import annotations

import gzip
import json
import re
import sqlite3
import struct
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo_citymgmt.errors import MapError
from geo_citymgmt.maps import CityMap, city_map, coverage_map, layer_map, progress_map, zone_map
from geo_citymgmt.maps._basemaps import Basemap, read_tiles, tile_place
from tests.conftest import with_layers

KEY = "0123456789abcdef0123456789abcdef"
PNG = b"\x89PNG\r\n\x1a\n"


def policy(text: str) -> dict[str, list[str]]:
    content = re.search(r'Content-Security-Policy" content="([^"]*)"', text)[1]
    parts = (part.split() for part in content.split("; "))
    return {name: sources for name, *sources in parts}


def mbtiles(path: Path, tiles: dict, **metadata: str) -> Path:
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE metadata (name text, value text)")
        database.execute(
            "CREATE TABLE tiles "
            "(zoom_level integer, tile_column integer, tile_row integer, tile_data blob)"
        )
        database.executemany("INSERT INTO metadata VALUES (?, ?)", metadata.items())
        database.executemany(
            "INSERT INTO tiles VALUES (?, ?, ?, ?)", [(*k, v) for k, v in tiles.items()]
        )
        database.commit()
    return path


def varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def directory(entries: list[tuple[int, int, int, int]]) -> bytes:
    """Entries (tile, offset, size, run) as the specification of PMTiles 3 writes them."""
    tiles = [e[0] for e in entries]
    steps = [b - a for a, b in zip([0, *tiles], tiles, strict=False)]
    columns = [steps, [e[3] for e in entries], [e[2] for e in entries], [e[1] + 1 for e in entries]]
    raw = varint(len(entries)) + b"".join(varint(v) for column in columns for v in column)
    return gzip.compress(raw)


def pmtiles(path: Path, root: bytes, leaves: bytes, data: bytes) -> Path:
    at = 127 + len(root)
    head = struct.pack(
        "<7sB11QBBBBBB", b"PMTiles", 3, 127, len(root), at, 0, at, len(leaves),
        at + len(leaves), len(data), 0, 0, 0, 1, 2, 1, 2, 0, 2,
    )  # fmt: skip
    path.write_bytes(head.ljust(127, b"\0") + root + leaves + data)
    return path


def test_a_page_without_a_basemap_may_ask_nobody(page):
    assert policy(page(CityMap()))["img-src"] == ["data:", "blob:"]
    assert policy(page(CityMap(basemap="none")))["img-src"] == ["data:", "blob:"]


@pytest.mark.parametrize(
    ("basemap", "hosts"),
    [
        ("osm", ["https://tile.openstreetmap.org"]),
        ("gaode", [f"https://webrd0{n}.is.autonavi.com" for n in "1234"]),
        (f"tianditu:{KEY}", [f"https://t{n}.tianditu.gov.cn" for n in "01234567"]),
        (f"tianditu:img:{KEY}", [f"https://t{n}.tianditu.gov.cn" for n in "01234567"]),
        ("http://10.0.0.8:8080/t/{z}/{x}/{y}.png", ["http://10.0.0.8:8080"]),
    ],
)
def test_a_page_may_ask_the_hosts_of_its_basemap_for_pictures_and_nothing_else(
    page, basemap, hosts
):
    found = policy(page(CityMap(basemap=basemap)))
    assert found["img-src"] == ["data:", "blob:", *hosts]
    assert found["connect-src"] == ["'none'"]
    assert found["default-src"] == ["'none'"]


def test_tianditu_is_asked_in_either_matrix_with_its_names():
    web = Basemap.tianditu(KEY)
    assert [layer.url.split("/")[3] for layer in web.layers] == ["vec_w", "cva_w"]
    plain = Basemap.tianditu(KEY, kind="img", crs="EPSG:4490")
    assert [layer.url.split("/")[3] for layer in plain.layers] == ["img_c", "cia_c"]
    assert "TILEMATRIXSET=c" in plain.layers[0].url
    assert plain.layers[0].zoom_offset == 1
    assert len(Basemap.tianditu(KEY, labels=False).layers) == 1


@pytest.mark.parametrize("key", ["", "short", "a" * 20 + "&x=1", "密钥密钥密钥密钥密钥"])
def test_a_key_that_is_none_is_refused(key):
    with pytest.raises(MapError, match=r"Basemap\.tianditu"):
        Basemap.of(f"tianditu:{key}")


def test_wmts_is_asked_by_words_or_by_template():
    asked = Basemap.wmts(
        "http://gis.local/wmts", layer="street map", matrix_set="EPSG:4490",
        matrix="EPSG:4490:{z}", crs="EPSG:4490", zoom_offset=0, parameters={"token": "a&b"},
    )  # fmt: skip
    url = asked.layers[0].url
    assert "LAYER=street%20map" in url
    assert "TILEMATRIX=EPSG:4490:{z}&TILEROW={y}&TILECOL={x}&token=a%26b" in url
    rest = Basemap.wmts(
        "http://gis.local/{Layer}/{Style}/{TileMatrixSet}/{TileMatrix}/{TileRow}/{TileCol}.png",
        layer="vec", matrix_set="w",
    )  # fmt: skip
    assert rest.layers[0].url == "http://gis.local/vec/default/w/{z}/{y}/{x}.png"


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)//{z}{x}{y}",
        "data:image/png;base64,{z}{x}{y}",
        "file:///tiles/{z}/{x}/{y}",
        "//host/{z}/{x}/{y}",
        "https://host/{z}/{x}",
        "https://host/{z}/{x}/{y}/{q}",
        "https://host/{z}/{x}/{y}'><script>",
        'https://host/{z}/{x}/{y}"',
        "https://host;script-src *;/{z}/{x}/{y}",
        "https://host, *.evil/{z}/{x}/{y}",
        "https://user:word@host/{z}/{x}/{y}",
        "https://*/{z}/{x}/{y}",
        "https://*.example/{z}/{x}/{y}",
        "https://{z}.host/{x}/{y}",
        "https://host/{z}/{x}/{y} x",
        "https://host/{z}/{x}/{y}\n",
        "https://主机/{z}/{x}/{y}",
        "https://t{s}.host/{z}/{x}/{y}",
        "https:///{z}/{x}/{y}",
    ],
)
def test_an_address_that_is_more_than_one_of_tiles_is_refused(url):
    with pytest.raises(MapError) as caught:
        Basemap.xyz(url)
    assert "瓦片地址" in caught.value.message_zh


@given(st.text(max_size=40))
def test_no_text_in_an_address_reaches_beyond_its_source_in_the_policy(text):
    try:
        hosts = Basemap.xyz(f"https://{text}/{{z}}/{{x}}/{{y}}").hosts
    except MapError:
        return
    for host in hosts:
        assert re.fullmatch(r"https://[A-Za-z0-9.-]+(:\d+)?", host)


def test_the_attribution_is_text(page):
    text = page(CityMap(basemap=Basemap.xyz("https://h/{z}/{x}/{y}", attribution="<b onclick=x>")))
    config = json.loads(re.search(r"gcm\.basemap\(\w+, (\{.*?\})\);\n", text)[1])
    # Leaflet takes it for HTML: this shows the marks.
    assert config["attribution"] == "&#60;b onclick=x&#62;"


def test_a_map_on_gcj_02_says_so_and_any_other_does_not():
    assert "GCJ-02" in "".join(CityMap(basemap="gaode").notes)
    assert "GCJ-02" in "".join(CityMap(basemap="gaode", lang="en").notes)
    assert CityMap(basemap="osm").notes == []


def test_grids_and_datums_that_cannot_be_shown_are_refused():
    with pytest.raises(MapError, match="EPSG:4549"):
        Basemap.xyz("https://h/{z}/{x}/{y}", crs="EPSG:4549")
    with pytest.raises(MapError, match="bd09"):
        Basemap.xyz("https://h/{z}/{x}/{y}", datum="bd09")
    with pytest.raises(MapError, match="GCJ-02"):
        Basemap.xyz("https://h/{z}/{x}/{y}", datum="gcj02", crs="EPSG:4490")
    with pytest.raises(MapError, match="no basemap"):
        Basemap.of("baidu")


def test_tiles_of_an_mbtiles_file_stand_in_the_page_each_picture_once(tmp_path, page):
    sea = PNG + b"sea"
    path = mbtiles(
        tmp_path / "底图.mbtiles",
        {(0, 0, 0): PNG + b"world", (1, 0, 0): sea, (1, 1, 1): sea, (1, 1, 0): PNG + b"land"},
        attribution='<a href="https://x">测绘院</a>',
    )
    basemap = Basemap.file(path)
    # Rows of MBTiles count from the south.
    assert set(basemap.tiles.index) == {"0/0/0", "1/0/1", "1/1/0", "1/1/1"}
    assert basemap.tiles.index["1/0/1"] == basemap.tiles.index["1/1/0"]
    assert len(basemap.tiles.pictures) == 3
    assert (basemap.min_zoom, basemap.max_zoom) == (0, 1)
    assert basemap.attribution == "测绘院"
    assert basemap.hosts == ()
    assert policy(page(CityMap(basemap=path)))["img-src"] == ["data:", "blob:"]
    assert set(Basemap.file(path, max_zoom=0).tiles.index) == {"0/0/0"}
    suzhou = Basemap.file(path, bounds=(119.9, 30.7, 121.4, 32.1))
    assert set(suzhou.tiles.index) == {"0/0/0", "1/1/0"}


def test_more_tiles_than_a_page_can_carry_are_refused_with_the_way_out(tmp_path):
    path = mbtiles(tmp_path / "a.mbtiles", {(0, 0, 0): PNG + b"x" * 2**20})
    with pytest.raises(MapError, match=r"max_zoom=.*max_mb="):
        Basemap.file(path, max_mb=0.5)


@pytest.mark.parametrize("content", [b"", b"PMTiles\x03", b"SQLite format 3\x00rest", b"text"])
def test_a_file_that_is_none_of_tiles_is_named(tmp_path, content):
    path = tmp_path / "坏.mbtiles"
    path.write_bytes(content)
    with pytest.raises(MapError, match=r"坏\.mbtiles"):
        Basemap.file(path)


def test_vector_tiles_are_refused(tmp_path):
    path = mbtiles(tmp_path / "v.mbtiles", {(0, 0, 0): gzip.compress(b"pbf")})
    with pytest.raises(MapError, match="vector"):
        Basemap.file(path)


def test_tiles_of_a_pmtiles_file_are_found_through_its_leaves_and_runs(tmp_path):
    first, second = PNG + b"one", PNG + b"second"
    # Tile 0 in the root; tiles 1 to 4 (zoom 1) in a leaf, the first three one picture.
    leaf = directory([(1, 0, len(first), 3), (4, len(first), len(second), 1)])
    root = directory([(0, 0, len(first), 1), (1, 0, len(leaf), 0)])
    path = pmtiles(tmp_path / "a.pmtiles", root, leaf, first + second)
    tiles = read_tiles(path, max_bytes=1000)
    assert tiles.index == {"0/0/0": 0, "1/0/0": 0, "1/0/1": 0, "1/1/1": 0, "1/1/0": 1}
    assert read_tiles(path, max_bytes=1000, max_zoom=0).index == {"0/0/0": 0}


def test_a_run_without_end_is_refused(tmp_path):
    root = directory([(0, 0, 11, 2**50)])
    path = pmtiles(tmp_path / "a.pmtiles", root, b"", PNG + b"one")
    with pytest.raises(MapError, match="more than"):
        read_tiles(path, max_bytes=1000)


@given(st.integers(0, 4**9))
def test_each_tile_number_has_one_place_next_to_the_one_before(number):
    zoom, x, y = tile_place(number)
    assert 0 <= x < 2**zoom
    assert 0 <= y < 2**zoom
    before = tile_place(number - 1) if number else None
    # A Hilbert curve steps to a neighbour; each zoom begins anew.
    if before and before[0] == zoom:
        assert abs(before[1] - x) + abs(before[2] - y) == 1


def test_the_specification_s_own_numbers_of_tiles():
    # PMTiles 3, "Tile ID": z, x, y and number.
    known = {(0, 0, 0): 0, (1, 0, 0): 1, (1, 0, 1): 2, (1, 1, 1): 3, (1, 1, 0): 4, (2, 0, 0): 5,
             (12, 3423, 1763): 19078479}  # fmt: skip
    assert {place: tile_place(n) for place, n in known.items()} == {p: p for p in known}


def test_a_basemap_goes_under_every_kind_of_map_as_an_argument(zones, manholes, city):
    table = pd.DataFrame({"n": [1.0, 2.0, 3.0]}, index=zones.index)
    progress = {"as_of": "2022-06-30", "basemap": "osm"}
    few = with_layers(city, "manholes")
    drawn = [
        zone_map(table, zones, "n", basemap="osm"),
        layer_map(manholes, "manholes", basemap="osm"),
        coverage_map(manholes, zones, radius_m=500, basemap="osm"),
        progress_map(few, "manhole_remediated", **progress),
        city_map(few, **progress),
    ]
    assert {made.basemap.name for made in drawn} == {"OpenStreetMap"}
