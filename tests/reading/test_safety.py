"""Nothing in a source makes the program run, open or fetch anything: a listener hears no call."""

from __future__ import annotations

import contextlib
import http.server
import json
import os
import sqlite3
import threading
import zipfile

import geopandas as gpd
import pytest
import shapely

import geo_citymgmt as gcm
from geo_citymgmt.decisions import read_decisions
from geo_citymgmt.reading import read_raw
from geo_citymgmt.reading._limits import local_path
from tests.conftest import points

SUFFIXES = ("vrt", "geojson", "json", "csv", "kml", "gpkg", "shp", "txt", "xlsx", "zip", "fgb",
            "parquet", "dxf", "dbf", "xml", "")  # fmt: skip


@pytest.fixture(scope="module")
def listener():
    """A server on loopback that notes each request."""
    heard: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            heard.append(self.path)
            self.send_response(404)
            self.end_headers()

        do_HEAD = do_POST = do_OPTIONS = do_GET  # noqa: N815

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}", heard
    server.shutdown()
    server.server_close()


@pytest.fixture
def silent(listener):
    """The address of the listener; at the end of the test it has heard nothing."""
    address, heard = listener
    heard.clear()
    yield address
    assert heard == []


def refused(source, code: str = "SOURCE_REFUSED", **kwargs):
    with pytest.raises(gcm.SourceError) as caught:
        gcm.read_layer(source, "manholes", **kwargs)
    assert caught.value.findings is not None
    assert code in set(caught.value.findings["code"])
    assert set(caught.value.findings["layer"]) == {"manholes"}
    return caught.value


def test_the_listener_hears(listener):
    import urllib.request

    address, heard = listener
    with pytest.raises(OSError, match="404"):
        urllib.request.urlopen(f"{address}/x")
    assert heard == ["/x"]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_vrt_is_refused_under_any_suffix(tmp_path, silent, suffix):
    text = (
        f'<OGRVRTDataSource><OGRVRTLayer name="a"><SrcDataSource>/vsicurl/{silent}/a.shp'
        "</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>"
    )
    path = tmp_path / f"窨井.{suffix}"
    for lead in ("", "\ufeff", "  \n", '<?xml version="1.0"?>\n', "<!-- <kml> -->"):
        path.write_text(lead + text, encoding="utf-8")
        with pytest.raises(gcm.SourceError):
            gcm.read_layer(path, "manholes")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_json_that_names_other_sources_is_refused_under_any_suffix(tmp_path, silent, suffix):
    path = tmp_path / f"窨井.{suffix}"
    trick = {"type": "gdal_streamed_alg",
             "command_line": f"gdal vector pipeline ! read {silent}/a.geojson"}  # fmt: skip
    whole = {"type": "FeatureCollection", "features": []}
    for text in (
        json.dumps(trick),
        json.dumps({"stac_version": "1", "links": [{"href": silent}]}),
        json.dumps({"exceededTransferLimit": True, "features": [], "url": silent}),
    ):
        path.write_text(text)
        with pytest.raises(gcm.SourceError):
            gcm.read_layer(path, "manholes")
    # Both at once: what other readers would take for the first is read as the second.
    path.write_text(json.dumps(trick)[:-1] + "," + json.dumps(whole)[1:])
    with contextlib.suppress(gcm.SourceError):
        assert read_raw(path).n_walked == 0


@pytest.mark.parametrize(
    "source",
    [
        "{0}/a.geojson", "/vsicurl/{0}/a.shp", "/vsicurl_streaming/{0}/a.shp",
        "/vsizip/a.zip/a.shp", "/vsimem/a.shp", "/vsistdin/", "WFS:{0}",
        "CSV:/etc/passwd", "GPKG:a.gpkg:x",
        "MVT:{0}",
        "PG:host=127.0.0.1 user=a password=geheim", "MySQL:a,password=geheim", "OAPIF:{0}",
        "postgresql://a:geheim@127.0.0.1/x", "host=127.0.0.1 dbname=a password=geheim",
        "<OGRVRTDataSource></OGRVRTDataSource>", '{{"type": "Feature"}}', "file:///etc/passwd",
        "\\\\server\\share\\a.shp", "//server/share/a.shp", "zip://a.zip", "s3://bucket/a.shp",
        "ES:{0}", "GEOJSON:{0}/x", "a.shp\0",
    ],
)  # fmt: skip
def test_addresses_connections_and_network_paths_are_refused(silent, source):
    error = refused(source.format(silent))
    assert "geheim" not in error.message + error.message_zh
    assert "geheim" not in error.findings.to_csv()
    with pytest.raises(gcm.CityDataError):
        gcm.load_city(source.format(silent))


@pytest.mark.parametrize("source", [None, 7, 1.5, object(), [], ["a", None], {"a": 1}, b"x"])
def test_what_is_no_path_is_refused_as_such(source):
    with pytest.raises(gcm.CityDataError):
        read_raw(source)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "a.csv")
    with pytest.raises(gcm.SourceError, match="device or pipe"):
        local_path(tmp_path / "a.csv")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_among_the_files_of_a_folder_is_not_waited_for(tmp_path):
    (tmp_path / "manholes.csv").write_text("编号,经度,纬度\n1,120.6,31.3\n", encoding="utf-8")
    os.mkfifo(tmp_path / "roads.csv")
    city = gcm.load_city(tmp_path, fallback_crs="EPSG:4490")
    assert len(city["manholes"]) == 1
    refused = city.findings.loc[city.findings.code == "SOURCE_REFUSED"]
    assert refused.layer.tolist() == ["roads"]
    assert "device or pipe" in refused.message_en.item()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
@pytest.mark.parametrize("part", [".shx", ".dbf", ".prj", ".cpg"])
def test_a_pipe_for_a_part_of_a_shapefile_is_not_waited_for(tmp_path, part):
    frame = gpd.GeoDataFrame({"id": ["1"]}, geometry=[shapely.Point(120.6, 31.3)], crs=4490)
    frame.to_file(tmp_path / "a.shp")
    (tmp_path / f"a{part}").unlink()
    os.mkfifo(tmp_path / f"a{part}")
    with pytest.raises(gcm.SourceError, match=f"a{part}: a device or pipe"):
        read_raw(tmp_path / "a.shp")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_for_the_decisions_of_an_office_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "findings.xlsx")
    with pytest.raises(gcm.SourceError, match="device or pipe"):
        read_decisions(tmp_path / "findings.xlsx", {})


KML = """<?xml version="1.0" encoding="UTF-8"?>{doctype}
<kml xmlns="http://www.opengis.net/kml/2.2"><Document><Placemark><name>{name}</name>
<Point><coordinates>120.6,31.3</coordinates></Point></Placemark>{more}</Document></kml>"""


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE kml [<!ENTITY x SYSTEM "{0}/x">]>',
        '<!DOCTYPE kml SYSTEM "{0}/x.dtd">',
        '<!DOCTYPE kml [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE kml [<!ENTITY a "xxxx"><!ENTITY x "&a;&a;&a;&a;">]>',
        "\n" * 70_000 + '<!doctype kml [<!ENTITY x "x">]>',
    ],
)
def test_kml_with_entities_is_refused(tmp_path, silent, doctype):
    path = tmp_path / "窨井.kml"
    path.write_text(KML.format(doctype=doctype.format(silent), name="&x;", more=""))
    refused(path)
    with zipfile.ZipFile(tmp_path / "a.kmz", "w") as archive:
        archive.write(path, "doc.kml")
    refused(tmp_path / "a.kmz")


def test_links_in_a_kml_are_not_followed(tmp_path, silent):
    path = tmp_path / "a.kml"
    more = (
        f"<NetworkLink><Link><href>{silent}/a.kml</href></Link></NetworkLink>"
        f"<Style><IconStyle><Icon><href>{silent}/a.png</href></Icon></IconStyle></Style>"
        f"<GroundOverlay><Icon><href>{silent}/b.png</href></Icon></GroundOverlay>"
    )
    path.write_text(KML.format(doctype="", name="a", more=more))
    raw = read_raw(path)
    assert raw.frame["Name"].dropna().tolist() == ["a"]


@pytest.mark.parametrize("mark", ["<OGRVRTDataSource>", "<WFS_Capabilities", "<gpx"])
def test_a_kml_that_another_driver_would_take_is_refused(tmp_path, silent, mark):
    path = tmp_path / "a.kml"
    path.write_text(KML.format(doctype="", name="a", more=f"<!-- {mark} {silent} -->"))
    refused(path)


def test_a_dxf_that_holds_a_vrt_is_refused(tmp_path, silent):
    path = tmp_path / "a.dxf"
    text = f"999\n<OGRVRTDataSource><SrcDataSource>{silent}</SrcDataSource>\n0\nSECTION\n0\nEOF\n"
    path.write_text(text)
    refused(path)


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE VIEW v AS SELECT 1 AS fid, ogr_geocode('{0}') AS a",
        "CREATE TABLE v (fid INTEGER PRIMARY KEY, b TEXT AS (ogr_geocode('{0}')))",
        "CREATE VIEW v AS SELECT 1 AS fid, gdal_get_pixel_value('{0}', 1, 'georef', 1, 1) AS a",
        "CREATE VIRTUAL TABLE v USING fts5(a)",
    ],
)
def test_a_geopackage_that_computes_by_outside_functions_is_refused(tmp_path, silent, sql):
    path = tmp_path / "窨井.gpkg"
    points((1, 1), MANHOLE_ID=["J1"]).to_file(path, layer="a")
    database = sqlite3.connect(path)
    database.execute("PRAGMA trusted_schema=ON")
    database.create_function("ogr_geocode", -1, str, deterministic=True)
    database.execute(sql.format(silent))
    database.commit()
    database.close()
    refused(path, sublayer="a")


def test_a_database_that_is_no_geopackage_is_refused(tmp_path):
    database = sqlite3.connect(tmp_path / "窨井.gpkg")
    database.execute("CREATE TABLE a (x)")
    database.commit()
    database.close()
    refused(tmp_path / "窨井.gpkg")


def test_a_geojson_crs_that_is_a_link_is_not_followed(tmp_path, silent):
    path = tmp_path / "a.geojson"
    link = {"type": "link", "properties": {"href": f"{silent}/crs", "type": "proj4"}}
    for crs in (link, {"type": "name", "properties": {"name": f"{silent}/crs"}}, None, 7):
        path.write_text(json.dumps({"type": "FeatureCollection", "features": [], "crs": crs}))
        assert read_raw(path).crs is None


def test_sql_and_formulas_in_the_data_stay_text(tmp_path, silent):
    words = ["'; DROP TABLE a; --", f'=WEBSERVICE("{silent}")', "@SUM(1)", "<script>1</script>"]
    frame = points(*[(i, i) for i in range(4)], ROAD_NAME=words)
    frame["MANHOLE_ID"] = words
    frame.to_file(tmp_path / "a.gpkg", layer="a'; DROP TABLE a; --")
    read = gcm.read_layer(tmp_path / "a.gpkg", "manholes")
    assert read.data["road_name"].tolist() == words
    lines = "编号,经度,纬度,道路名称\n" + "".join(
        f'J{i},120.6,31.3,"{w.replace(chr(34), chr(34) * 2)}"\n' for i, w in enumerate(words)
    )
    (tmp_path / "a.csv").write_text(lines, encoding="utf-8")
    assert read_raw(tmp_path / "a.csv").frame["道路名称"].tolist() == words


def test_a_city_toml_opens_no_address(tmp_path, silent):
    for path in (f"{silent}/a.shp", f"/vsicurl/{silent}/a.shp", "//server/share/a.shp"):
        (tmp_path / "city.toml").write_text(f'[layers.manholes]\npath = "{path}"\n')
        with pytest.raises(gcm.CityDataError):
            gcm.load_city(tmp_path)
