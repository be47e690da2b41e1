"""Formats that offices and the web send, and what is told of those that are not read."""

from __future__ import annotations

import json
import zipfile

import geopandas as gpd
import pyogrio
import pytest
import shapely
from click.testing import CliRunner

import geo_citymgmt as gcm
from geo_citymgmt.cli import main
from geo_citymgmt.errors import SourceError
from geo_citymgmt.reading import read_raw
from geo_citymgmt.reading._sniff import KINDS, sniff
from geo_citymgmt.reading._source import TABLE_SUFFIXES, VECTOR_SUFFIXES, list_layers
from tests.conftest import ROOT

POINTS = [(120.61, 31.30), (120.62, 31.31)]
GPX = """<?xml version="1.0" encoding="{encoding}"?>
<gpx version="1.1" creator="phone" xmlns="http://www.topografix.com/GPX/1/1">
<wpt lat="31.30" lon="120.61"><name>人民路</name></wpt>
<wpt lat="31.31" lon="120.62"><name>干将路</name></wpt></gpx>"""
GML = """<?xml version="1.0" encoding="UTF-8"?>
<wfs:FeatureCollection xmlns:wfs="http://www.opengis.net/wfs" xmlns:gml="http://www.opengis.net/gml"
 xmlns:g="http://g" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
 xsi:schemaLocation="http://g http://127.0.0.1:9/never.xsd">
<gml:featureMember><g:manhole><g:id>J1</g:id><g:geom><gml:Point srsName="EPSG:4549">
<gml:coordinates>558000,3464000</gml:coordinates></gml:Point></g:geom></g:manhole></gml:featureMember>
</wfs:FeatureCollection>"""
MIF = """Version 300
Charset "WindowsSimpChinese"
Delimiter ","
CoordSys Earth Projection 1, 104
Columns 2
  编号 Char(20)
  道路 Char(20)
Data

Point 120.61 31.3
Point 120.62 31.31
"""
JDX = """[属性描述]
坐标系=2000国家大地坐标系
几度分带=3
计量单位=米
带号=40
[地块坐标]
5,0.1,1,地块一,面,,,,@
J1,1,3463900,40558100
J2,1,3463900,40558200
J3,1,3464000,40558200
J4,1,3464000,40558100
J1,1,3463900,40558100
J5,2,3463940,40558140
J6,2,3463940,40558160
J7,2,3463960,40558160
J8,2,3463960,40558140
J5,2,3463940,40558140
3,0.1,2,地块二,面,,,,@
J1,1,3465000,40558100
J2,1,3465000,坏
J3,1,3465100,40558200
"""
HTML = """<html><head><meta charset="gb2312"></head><body><table><tr><td>菜单</td></tr></table>
<table><tr><th rowspan="2">编号</th><th rowspan="2">道路</th><th colspan="2">位置</th></tr>
<tr><th>经度</th><th>纬度</th></tr>
<tr><td>J1</td><td rowspan="2">人民路</td><td>120.61</td><td>31.30</td></tr>
<tr><td>J2</td><td>120.62</td><td>31.31</td></tr>
<tr><td>J3<br></td><td>干将<b>路</b></td><td>120.63</td><td>31.32</td></tr></table></body></html>"""
XML = """<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>
<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"
 xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet ss:Name="a"><Table>
<Row><Cell><Data ss:Type="String">编号</Data></Cell><Cell><Data ss:Type="String">经度</Data></Cell>
<Cell ss:Index="4"><Data ss:Type="String">纬度</Data></Cell></Row>
<Row ss:Index="3"><Cell><Data ss:Type="String">J1</Data></Cell>
<Cell><Data ss:Type="Number">120.61</Data></Cell>
<Cell ss:Index="4"><Data ss:Type="Number">31.3</Data></Cell></Row></Table></Worksheet></Workbook>"""


def places(raw) -> list[tuple[float, float]]:
    return [(round(p.x, 6), round(p.y, 6)) for p in raw.geometry]


@pytest.mark.parametrize("encoding", ["UTF-8", "GBK"])
def test_waypoints_of_a_gpx_are_points(tmp_path, encoding):
    path = tmp_path / "窨井.gpx"
    path.write_bytes(GPX.format(encoding=encoding).encode(encoding))
    raw = read_raw(path)
    assert raw.frame["name"].tolist() == ["人民路", "干将路"]
    assert places(raw) == POINTS
    assert raw.crs.to_epsg() == 4326
    # Of its five layers one holds anything.
    assert [one.sublayer for one in list_layers(path)[0]] == ["waypoints"]


def test_a_gml_of_a_service_is_read_without_its_schema_and_nothing_is_written_beside_it(tmp_path):
    path = tmp_path / "窨井.gml"
    path.write_text(GML, "utf-8")
    raw = read_raw(path)
    assert raw.frame["id"].tolist() == ["J1"]
    assert raw.crs.to_epsg() == 4549
    assert [p.name for p in tmp_path.iterdir()] == ["窨井.gml"]


def test_a_mif_in_gbk_gives_names_and_values_in_chinese(tmp_path):
    path = tmp_path / "窨井.MIF"
    path.write_bytes(MIF.encode("gb18030"))
    path.with_suffix(".MID").write_bytes('"J1","人民路"\n"J2","干将路"\n'.encode("gb18030"))
    raw = read_raw(path)
    assert raw.frame.to_dict("list") == {"编号": ["J1", "J2"], "道路": ["人民路", "干将路"]}
    assert places(raw) == POINTS


@pytest.fixture
def tab(tmp_path):
    frame = gpd.GeoDataFrame(
        {"MANHOLE_ID": ["J1", "J2"]},
        geometry=gpd.points_from_xy(*zip(*POINTS, strict=True)),
        crs=4326,
    )
    path = tmp_path / "tab" / "manholes.tab"
    path.parent.mkdir()
    pyogrio.write_dataframe(frame, path, driver="MapInfo File")
    return path


def test_a_tab_is_read_alone_in_a_folder_and_in_an_archive(tab, tmp_path):
    assert places(read_raw(tab)) == POINTS
    city = gcm.load_city(tab.parent)
    assert len(city["manholes"]) == 2
    assert not city.findings["code"].isin(["LAYER_IGNORED", "LAYER_UNUSABLE"]).any()
    packed = tmp_path / "manholes.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for part in tab.parent.iterdir():
            archive.write(part, part.name)
    assert places(read_raw(packed)) == POINTS


@pytest.mark.parametrize(
    "definition",
    [
        'create view v as Select * from other\nopen table "../other" Hide',
        'Definition Table\n  Type NATIVE Charset "Neutral"\n  File "C:/other/x.dat"',
        'Definition Table\n  Type LINKED Charset "Neutral"',
        'Definition Table\n  Type NATIVE\nbegin_metadata\n"\\IsSeamless" = "TRUE"\nend_metadata',
    ],
    ids=["view", "elsewhere", "linked", "seamless"],
)
def test_a_tab_that_opens_others_is_refused(tmp_path, definition):
    path = tmp_path / "a.tab"
    path.write_text(f"!table\n!version 300\n{definition}\n", "utf-8")
    with pytest.raises(SourceError, match="opens others"):
        read_raw(path)


def test_the_json_of_an_arcgis_service_is_read_by_its_rings(tmp_path):
    outer, hole = [[0, 0], [0, 9], [9, 9], [9, 0], [0, 0]], [[3, 3], [6, 3], [6, 6], [3, 6], [3, 3]]
    other = [[20, 0], [20, 5], [25, 5], [25, 0], [20, 0]]
    shapes = [
        {"rings": [outer, hole, other]},
        {"curveRings": [[[0, 0], {"c": [[3, 3], [1, 4]]}]]},
        None,
    ]
    top = {
        "geometryType": "esriGeometryPolygon",
        "spatialReference": {"wkid": 4549, "latestWkid": 4549},
        "features": [{"attributes": {"编号": k}, "geometry": g} for k, g in enumerate(shapes)],
    }
    path = tmp_path / "违法建设.json"
    path.write_text(json.dumps(top), "utf-8")
    raw = read_raw(path)
    assert raw.geometry[0].area == 81 - 9 + 25
    assert raw.geometry[1:].tolist() == [None, None]
    assert raw.findings.records_with("none").tolist() == [1]
    assert (raw.crs.to_epsg(), raw.frame["编号"].tolist()) == (4549, [0, 1, 2])
    top |= {
        "spatialReference": {"wkid": 102100},
        "features": [{"attributes": {}, "geometry": {"x": 1, "y": 2}}],
    }
    path.write_text(json.dumps(top), "utf-8")
    raw = read_raw(path)
    assert (raw.geometry[0], raw.crs.to_authority()) == (shapely.Point(1, 2), ("ESRI", "102100"))


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8", "utf-8-sig"])
def test_boundary_points_are_parcels_in_the_belt_their_head_names(tmp_path, encoding):
    path = tmp_path / "违法建设.txt"
    path.write_text(JDX, encoding)
    raw = read_raw(path)
    assert raw.geometry[0].area == 100 * 100 - 20 * 20
    assert (raw.geometry[1], raw.n_walked) == (None, 2)
    assert raw.frame["地块名称"].tolist() == ["地块一", "地块二"]
    assert (raw.crs.to_epsg(), raw.labels().tolist()) == (4528, ["第 7 行", "第 18 行"])
    path.write_text(JDX.replace(",40558", ",558"), encoding)
    assert read_raw(path).crs.to_epsg() == 4549
    path.write_text(JDX.replace("2000国家大地坐标系", "80国家大地坐标系"), encoding)
    assert read_raw(path).crs is None


def test_an_xls_that_is_a_web_page_gives_its_largest_table(tmp_path):
    path = tmp_path / "窨井.xls"
    path.write_bytes(HTML.encode("gb18030"))
    raw = read_raw(path)
    assert raw.frame.to_dict("list") == {
        "编号": ["J1", "J2", "J3"],
        "道路": ["人民路", "人民路", "干将路"],
        "经度": ["120.61", "120.62", "120.63"],
        "纬度": ["31.30", "31.31", "31.32"],
    }
    assert "TABLE_DISGUISED" in set(raw.findings.frame()["code"])


def test_an_xls_in_the_xml_of_2003_keeps_the_places_of_its_cells(tmp_path):
    path = tmp_path / "窨井.xls"
    path.write_text(XML, "utf-8")
    raw = read_raw(path)
    assert raw.frame[["编号", "经度", "纬度"]].values.tolist() == [["J1", 120.61, 31.3]]
    assert raw.labels()[raw.record].tolist() == ["第 3 行"]


def test_an_xls_that_is_text_is_a_table(tmp_path):
    path = tmp_path / "窨井.xls"
    path.write_bytes("编号\t经度\t纬度\nJ1\t120.61\t31.3\n".encode("gb18030"))
    assert read_raw(path).frame.to_dict("records") == [
        {"编号": "J1", "经度": "120.61", "纬度": "31.3"}
    ]


@pytest.mark.parametrize(
    ("start", "told"),
    [
        (b"AC1032\0\0\0", "DXF"), (b"Rar!\x1a\x07\x01\0", "Unpack"),
        (b"7z\xbc\xaf\x27\x1c\0", "Unpack"), (b"\0\1\0\0Standard Jet DB\0", "gpkg"),
        (b"\0\1\0\0Standard ACE DB\0", "gpkg"),
        (b"WMAP`D2\0", "MapGIS"), (b"HeadBegin\nVersion", "VCT"),
        (b"\x80\x04\x95\0\0", "to_parquet"), (b"%PDF-1.7\n", "PDF"),
    ],
)  # fmt: skip
def test_what_is_not_read_is_told_with_the_way_out_alone_and_in_a_folder(tmp_path, start, told):
    path = tmp_path / "窨井.dat"
    path.write_bytes(start + bytes(200))
    with pytest.raises(SourceError, match=told):
        read_raw(path)
    said = CliRunner().invoke(main, ["check", str(path), "--lang", "en"])
    assert said.exit_code == 2
    assert told in said.stderr
    (tmp_path / "停车泊位.csv").write_text("泊位编号,经度,纬度\nP1,120.61,31.3\n", "utf-8")
    unread = gcm.load_city(tmp_path).findings.query("code == 'LAYER_IGNORED'")
    assert told in unread["message_en"].item()


def test_a_list_that_begins_with_the_letters_of_a_drawing_is_a_list(tmp_path):
    path = tmp_path / "窨井.csv"
    path.write_text("AC1032,经度,纬度\nJ1,120.61,31.3\n", "utf-8")
    assert sniff(path) == "csv"


def test_each_kind_has_a_suffix_by_which_a_folder_is_searched():
    known = {*VECTOR_SUFFIXES, *TABLE_SUFFIXES, ".dbf", ""}
    for suffixes in KINDS.values():
        assert set(suffixes.split("/")) <= known, suffixes


def test_the_documentation_names_each_suffix_that_is_read():
    text = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
    reading = text[text.index("## For reading") : text.index("## For writing")]
    for suffix in (*VECTOR_SUFFIXES, *TABLE_SUFFIXES):
        assert f"`{suffix}`" in reading, suffix


@pytest.mark.parametrize("packing", ["DELTA_BYTE_ARRAY", "DELTA_LENGTH_BYTE_ARRAY", "PLAIN"])
def test_texts_of_a_parquet_are_read_however_they_are_packed(tmp_path, packing):
    path = tmp_path / "manholes.parquet"
    ids = [f"2022010{k}" for k in range(5)]
    frame = gpd.GeoDataFrame(
        {"窨井编号": ids}, geometry=[shapely.Point(120.6, 31.3)] * 5, crs="EPSG:4490"
    )
    packed = {"窨井编号": packing, "geometry": packing}
    frame.to_parquet(path, use_dictionary=False, column_encoding=packed)
    assert read_raw(path).frame["窨井编号"].tolist() == ids
    assert shapely.get_x(read_raw(path).geometry).tolist() == [120.6] * 5
