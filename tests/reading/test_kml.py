"""KML: names of data stay apart, tracks are lines, balloons are columns, links are told."""

from __future__ import annotations

import time

import pytest
import shapely

import geo_citymgmt as gcm
from geo_citymgmt.errors import SourceError
from geo_citymgmt.findings import Findings
from geo_citymgmt.reading import read_raw
from geo_citymgmt.reading._gdal import _check_folders
from geo_citymgmt.reading._kml import pairs_of, prepared
from geo_citymgmt.reading._limits import ReadLimits, allowing

PLACE = """<Placemark><name>{0}</name><ExtendedData>{1}</ExtendedData>
<Point><coordinates>{2},31.3,0</coordinates></Point></Placemark>"""


def kml(path):
    data = "".join(
        f'<Data name="{name}"><value>{value}</value></Data>'
        for name, value in (
            ("违建编号", "J{0}"), ("违建面积(㎡)", "5{0}"), ("拆除面积", "1{0}"), ("remark", "r")
        )
    )  # fmt: skip
    places = "".join(PLACE.format(k, data.format(k), 120.6 + k / 100) for k in (1, 2))
    head = '<?xml version="1.0" encoding="UTF-8"?><kml xmlns="http://www.opengis.net/kml/2.2">'
    path.write_text(f"{head}<Document>{places}</Document></kml>", encoding="utf-8")
    return path


def test_each_name_is_a_column_of_its_own(tmp_path):
    layer = gcm.read_layer(kml(tmp_path / "违法建设.kml"), "illegal_construction")
    names = ["parcel_id", "illegal_area_m2", "demolished_area_m2", "remark"]
    assert layer.data[names].values.tolist() == [["J1", 51, 11, "r"], ["J2", 52, 12, "r"]]


KML = """<?xml version="1.0" encoding="{0}"?><kml xmlns="http://www.opengis.net/kml/2.2"
xmlns:gx="http://www.google.com/kml/ext/2.2"><Document>{1}</Document></kml>"""
POINT = "<Point><coordinates>120.6,31.3</coordinates></Point>"


def read(path, *placemarks, encoding="UTF-8", written="UTF-8", outside=""):
    body = "".join(f"<Placemark>{one}</Placemark>" for one in placemarks) + outside
    path.write_bytes(KML.format(encoding, body).encode(written))
    return read_raw(path)


def told(raw):
    return list(raw.findings.frame()[["code", "severity"]].itertuples(index=False, name=None))


def track(*places, prefix="gx:"):
    whens = "".join(f"<when>2022-01-0{k + 1}</when>" for k in range(len(places)))
    coords = "".join(f"<{prefix}coord>{place}</{prefix}coord>" for place in places)
    return f"<{prefix}Track>{whens}{coords}</{prefix}Track>"


A, B, C = "120.6 31.3 0", "120.61 31.31 0", "120.62 31.3 0"


@pytest.mark.parametrize(
    ("geometry", "shape"),
    [
        (track(A, B, C), "LINESTRING (120.6 31.3, 120.61 31.31, 120.62 31.3)"),
        # As KML 2.3 has it.
        (track(A, B, prefix=""), "LINESTRING (120.6 31.3, 120.61 31.31)"),
        (
            f"<gx:MultiTrack>{track(A, B)}{track(B, C)}</gx:MultiTrack>",
            "MULTILINESTRING ((120.6 31.3, 120.61 31.31), (120.61 31.31, 120.62 31.3))",
        ),
    ],
)
def test_a_track_is_the_line_of_its_positions_and_is_told(tmp_path, geometry, shape):
    raw = read(tmp_path / "a.kml", geometry, POINT)
    assert [shapely.force_2d(g).wkt for g in raw.geometry] == [shape, "POINT (120.6 31.3)"]
    assert told(raw) == [("KML_TRACK", "info")]


def test_a_time_without_a_position_is_no_position_and_one_position_is_no_line(tmp_path):
    raw = read(tmp_path / "a.kml", track(A, "", B), track("", A))
    assert shapely.force_2d(raw.geometry[0]).wkt == "LINESTRING (120.6 31.3, 120.61 31.31)"
    assert raw.geometry[1] is None
    table = raw.findings.frame()
    assert "2 of their times have no position" in " ".join(table["message_en"])
    [message] = table.query("code == 'RECORD_UNREADABLE' and record == 1")["message_en"]
    assert message.endswith("save it as one (a placemark) in the program it comes from")


def test_links_to_elsewhere_are_an_error_and_a_file_of_them_alone_is_refused(tmp_path):
    link = "<NetworkLink><Link><href>http://127.0.0.1:9/a.kml</href></Link></NetworkLink>"
    raw = read(tmp_path / "a.kml", POINT, outside=link)
    assert (len(raw.frame), told(raw)) == (1, [("KML_LINKED", "error")])
    for form in ("{}", "<Folder>{}</Folder>"):
        with pytest.raises(SourceError, match="save the places as"):
            read(tmp_path / "a.kml", outside=form.format(link))
    assert told(read(tmp_path / "a.kml", POINT, outside=f"<!-- {link} -->")) == []


@pytest.mark.parametrize("stated", ["UTF-8", "GBK", "GB2312", "gb18030"])
@pytest.mark.parametrize("written", ["utf-8", "gb18030"])
def test_the_bytes_say_in_what_a_kml_is_written(tmp_path, stated, written):
    names = [f"<name>人民路{k}号井</name>{POINT}" for k in range(3)]
    raw = read(tmp_path / "a.kml", *names, encoding=stated, written=written)
    assert raw.frame["Name"].tolist() == [f"人民路{k}号井" for k in range(3)]
    assert raw.encoding == written.upper()
    assert told(raw) == []


def balloon(html):
    return f"<description><![CDATA[{html}]]></description>{POINT}"


ARCGIS = """<html xmlns:fo="http://www.w3.org/1999/XSL/Format"><head><title>x</title>
<script>alert(1)</script></head><body><table><tr><td>窨井</td></tr><tr><td>
<table><tr><td>窨井编号</td><td>J{0}</td></tr><tr><td>备注</td><td>a&lt;b &amp; c<br/>d</td></tr>
<tr><td>空</td><td></td></tr></table></td></tr></table></body></html>"""


def test_the_table_in_the_balloon_of_arcgis_is_columns_and_nothing_is_run(tmp_path):
    raw = read(tmp_path / "a.kml", *(balloon(ARCGIS.format(k)) for k in (1, 2)), POINT)
    assert raw.frame["窨井编号"].tolist()[:2] == ["J1", "J2"]
    assert raw.frame["空"].isna().all()
    assert raw.frame["备注"].tolist()[:2] == ["a<b & c d"] * 2
    assert raw.frame[["窨井编号", "备注", "空"]].isna().to_numpy().tolist()[2] == [True] * 3
    assert raw.frame["description"].tolist()[:2] == ["窨井", "窨井"]
    assert "alert" not in raw.frame.to_csv()


@pytest.mark.parametrize(
    ("html", "columns"),
    [
        # A row of names above a row of values.
        ("<table><tr><th>编号</th><th>路</th></tr><tr><td>J1</td><td>a</td></tr></table>",
         {"编号": "J1", "路": "a"}),
        ("<table><tr><td>编号</td><td>路</td><td>宽</td></tr><tr><td>J1</td><td>a</td><td>2</td>"
         "</tr></table>", {"编号": "J1", "路": "a", "宽": "2"}),
        ("<table><tr><th colspan=2>窨井</th></tr><tr><td>编号：</td><td>J1</td></tr></table>",
         {"编号": "J1", "description": "窨井"}),
        ("见图<table><tr><td>编号</td><td>J1</td></tr><tr><td>编号</td><td>J2</td></tr></table>",
         {"编号": "J1", "编号_2": "J2", "description": "见图"}),
        ("<table><tr><td>Name</td><td>J1</td></tr></table>", {"Name_2": "J1"}),
        # No names and values: it stays as it is.
        ("<p>自由文字</p>", {"description": "<p>自由文字</p>"}),
        ("<table><tr><td>一</td><td>二</td><td>三</td></tr></table>", None),
    ],
)  # fmt: skip
def test_what_stands_in_a_balloon_is_columns_where_it_is_names_and_values(tmp_path, html, columns):
    raw = read(tmp_path / "a.kml", f"<name>n</name>{balloon(html)}")
    found = raw.frame.drop(columns=["kml_id", "Name"]).loc[0].to_dict()
    assert found == ({"description": html} if columns is None else columns)


def test_what_data_and_balloon_both_say_is_one_column(tmp_path):
    def both(data, html):
        extended = f'<ExtendedData><Data name="编号"><value>{data}</value></Data></ExtendedData>'
        table = f"<table><tr><td>编号</td><td>{html}</td></tr></table>"
        return f"{extended}<description><![CDATA[{table}]]></description>{POINT}"

    raw = read(tmp_path / "a.kml", both("J1", "J1"), both("", "J2"))
    assert raw.frame.drop(columns=["kml_id", "Name"], errors="ignore").to_dict("list") == {
        "编号": ["J1", "J2"]
    }
    raw = read(tmp_path / "a.kml", both("J1", "K1"))
    assert raw.frame[["编号", "编号_2"]].values.tolist() == [["J1", "K1"]]


def test_a_layer_is_made_of_balloons(tmp_path):
    path = tmp_path / "窨井.kml"
    read(path, *(balloon(ARCGIS.format(k)) for k in (1, 2)))
    assert gcm.read_layer(path, "manholes").data["manhole_id"].tolist() == ["J1", "J2"]


@pytest.mark.parametrize(
    "text",
    ["<![CDATA[" * 50_000, "<!--" * 50_000, "<Data " * 50_000, '<Data name="' * 50_000,
     "<gx:coord> " * 50_000, "<NetworkLink" * 50_000],
    ids=["cdata", "comments", "data", "names", "coords", "links"],
)  # fmt: skip
def test_a_text_that_opens_all_and_closes_nothing_is_looked_through_once(text):
    begun = time.perf_counter()
    prepared(f"<kml>{text}", Findings())
    assert time.perf_counter() - begun < 5


@pytest.mark.parametrize("mark", ["<a ", '<a b="', '<a b=">', "<!--", "<!", "<table>", "</s"])
def test_a_balloon_that_opens_all_and_closes_nothing_is_looked_through_once(mark):
    begun = time.perf_counter()
    assert pairs_of(f"<table>{mark * 10_000}")[0] == []
    assert time.perf_counter() - begun < 5


def test_balloons_with_a_name_of_their_own_each_stay_as_they_are(tmp_path):
    places = [balloon(f"<table><tr><td>n{k}</td><td>v</td></tr></table>") for k in range(1001)]
    frame = read(tmp_path / "a.kml", *places).frame
    assert "description" in frame.columns
    assert "n1" not in frame.columns


RING = """<LinearRing><coordinates>120.60,31.30 120.61,31.30 120.61,31.31 120.60,31.30
</coordinates></LinearRing>"""
RINGS = """<?xml version="1.0" encoding="{0}"?><kml xmlns="http://www.opengis.net/kml/2.2">
<Document><Placemark><name>井一</name>{1}</Placemark><Placemark><name>井二</name><Polygon>
<outerBoundaryIs>{1}</outerBoundaryIs></Polygon></Placemark></Document></kml>"""


def test_a_ring_alone_is_a_closed_line_and_the_ring_of_a_polygon_stays(tmp_path):
    path = tmp_path / "a.kml"
    path.write_text(RINGS.format("UTF-8", RING), encoding="utf-8")
    shapes = read_raw(path).geometry
    assert [shape.geom_type for shape in shapes] == ["LineString", "Polygon"]
    assert shapely.get_coordinates(shapes[0])[:2].tolist() == [[120.6, 31.3], [120.61, 31.3]]


@pytest.mark.parametrize(
    ("mark", "codec"), [(b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")]
)
def test_utf16_in_either_order_is_read_as_what_it_is(tmp_path, mark, codec):
    path = tmp_path / "a.kml"
    path.write_bytes(mark + RINGS.format("UTF-16", RING).encode(codec))
    raw = read_raw(path)
    assert (raw.encoding, raw.frame["Name"].tolist()) == ("UTF-16", ["井一", "井二"])


def test_what_opens_other_sources_is_found_in_utf16_too(tmp_path):
    path = tmp_path / "a.kml"
    text = RINGS.format("UTF-16", RING).replace("<Document>", "<Document><OGRVRTDataSource/>")
    path.write_bytes(text.encode("utf-16"))
    with pytest.raises(SourceError, match="OGRVRT"):
        read_raw(path)


def test_more_folders_than_are_looked_through_are_refused_and_the_limit_can_be_raised(tmp_path):
    path = tmp_path / "a.kml"
    body = RINGS.format("UTF-8", RING).replace("<Document>", "<Document>" + "<Folder/>" * 5)
    path.write_text(body, encoding="utf-8")
    with pytest.raises(SourceError, match="--limit members=6"):
        read_raw(path, limits=ReadLimits(members=5))
    with allowing(ReadLimits(members=6)):
        _check_folders(path, body)
