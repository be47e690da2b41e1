"""Texts that a reader would go over again and again, or hold many times over."""

from __future__ import annotations

import json
import os
from pathlib import Path

from tests.attacks.harness import ATTACKS
from tests.attacks.workbooks import LAUGHS

_HEAD = "编号,经度,纬度"
_ROW = "J1,120.6,31.3"


def _written(folder: Path, name: str, text: str, encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_text(text, encoding=encoding)
    return path


def _csv(folder: Path, text: str) -> Path:
    return _written(folder, "manholes.csv", text)


@ATTACKS.add("refused")
def csv_of_many_columns(folder: Path) -> Path:
    names = ",".join(f"c{k}" for k in range(20_000))
    return _csv(folder, f"{_HEAD},{names}\n{_ROW}{',x' * 20_000}\n")


@ATTACKS.add("refused")
def csv_of_equal_columns(folder: Path) -> Path:
    return _csv(folder, f"{_HEAD}{',列' * 100_000}\n{_ROW}{',x' * 100_000}\n")


@ATTACKS.add("refused", is_small=False)
def csv_of_commas(folder: Path) -> Path:
    return _csv(folder, f"{_HEAD}\n{_ROW}\n{',' * 10_000_000}\n")


@ATTACKS.add("read", records=2000, is_small=False)
def csv_at_the_limit_of_columns(folder: Path) -> Path:
    names = ",".join(f"c{k}" for k in range(2040))
    row = f"J{{}},120.6,31.3{',x' * 2040}\n"
    return _csv(folder, f"{_HEAD},{names}\n" + "".join(row.format(k) for k in range(2000)))


@ATTACKS.add("refused", is_small=False)
def csv_long_line(folder: Path) -> Path:
    return _csv(folder, f"{_HEAD},备注\n{_ROW},{'长' * 40_000_000}\n")


@ATTACKS.add("refused", is_small=False)
def csv_long_cell(folder: Path) -> Path:
    return _csv(folder, f'{_HEAD},备注\n{_ROW},"{"x" * 40_000_000}"\n')


@ATTACKS.add("refused", is_small=False)
def csv_long_cell_of_lines(folder: Path) -> Path:
    return _csv(folder, f'{_HEAD},备注\n{_ROW},"' + "line\n" * 40_000_000 + '"\n')


@ATTACKS.add("refused", is_small=False)
def csv_of_zeros(folder: Path) -> Path:
    path = _csv(folder, f"{_HEAD}\n{_ROW}\n")
    os.truncate(path, 1 << 30)
    return path


@ATTACKS.add("refused")
def csv_beyond_all_size(folder: Path) -> Path:
    path = _csv(folder, f"{_HEAD}\n{_ROW}\n")
    os.truncate(path, 40 << 30)
    return path


@ATTACKS.add("ROW_RAGGED", records=None, is_small=False)
def csv_of_quotes(folder: Path) -> Path:
    return _csv(folder, f"{_HEAD},备注\n" + f'{_ROW},"{"x" * 20}\n' * 50_001)


@ATTACKS.add("read", records=300, is_small=False)
def csv_of_nested_quotes(folder: Path) -> Path:
    return _csv(
        folder,
        f"{_HEAD},备注\n" + "".join(f'J{k},120.6,31.3,"{chr(34) * 10_000}"\n' for k in range(300)),
    )


def _long_cells() -> list[str]:
    """Cells over which a careless pattern goes more than once."""
    pieces = [
        "1", "0", " ", "(", "（", ")", "[", "°", "'", "''", "′", ".", ",", "-", "/", ":", "1,",
        "1,234", "1 ", " 1", "1.", "1/", "1-", "1°", "120°30'", "东经", "E", "E1", "1E", "亩", "m",
        "㎡", "a", "A", "aB", "_", "年", "1年", "2021-", "1月", "T", "+", "+1", "=", "=\"", "\t",
        "\u3000", "合计", "注", "POINT(", "((", "1 1,", "{", "[1,", "13", "1391234567 ",
        "11010119900101123 ", "市", "区", "x1", "公里", "约", "a\u0300\u0316", "\u0300\u0316",
        "亩 ", "(m)", "/m", "约1", "1至", "~1", "1~", "1万", "1×", "K1+", "D", "DN1", "Φ1",
    ]  # fmt: skip
    return [piece * (100_000 // len(piece)) + end for piece in pieces for end in ("", "!")]


_FIELDS = (
    "窨井编号", "经度", "纬度", "坐标", "管径(mm)", "井深(m)", "普查日期", "状态", "所属区", "地址",
    "联系电话", "备注", "WKT", "面积(㎡)",
)  # fmt: skip


@ATTACKS.add("read", is_small=False)
def csv_long_cells(folder: Path) -> Path:
    cells = [f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in _long_cells()]
    plain = [
        "J1",
        "120.6",
        "31.3",
        "",
        "700",
        "2.5",
        "2021-06-30",
        "正常",
        "姑苏区",
        "路",
        "",
        "",
        "",
        "",
    ]
    rows = [",".join(_FIELDS)] + [",".join(plain)] * 10
    for k, cell in enumerate(cells):
        row = list(plain)
        row[0], row[k % len(_FIELDS)] = f"K{k}", cell
        row[(k + 5) % len(_FIELDS)] = cell
        rows.append(",".join(row))
    return _csv(folder, "\n".join(rows) + "\n")


@ATTACKS.add("refused", is_small=False)
def csv_long_headings(folder: Path) -> Path:
    cells = [f'"{cell[:50_000].replace(chr(34), chr(34) * 2)}"' for cell in _long_cells()]
    rows = [",".join([_HEAD, *cells])] + [_ROW + ",x" * len(cells)] * 20
    return _csv(folder, "\n".join(rows) + "\n")


@ATTACKS.add("read", records=41)
def csv_long_coordinates(folder: Path) -> Path:
    rows = [f'K{k},"{cell.replace(chr(34), "")}"' for k, cell in enumerate(_long_cells())]
    return _csv(folder, '编号,坐标\nJ1,"120.6,31.3"\n' + "\n".join(rows[:40]) + "\n")


def _features(*properties: dict[str, object]) -> list[dict[str, object]]:
    point = {"type": "Point", "coordinates": [120.6, 31.3]}
    return [{"type": "Feature", "properties": p, "geometry": point} for p in properties]


def _json(folder: Path, text: str) -> Path:
    return _written(folder, "manholes.geojson", text)


@ATTACKS.add("refused")
def json_names_of_their_own(folder: Path) -> Path:
    features = _features(*({"编号": k, f"n{k}": 1} for k in range(20_000)))
    return _json(folder, json.dumps({"type": "FeatureCollection", "features": features}))


@ATTACKS.add("refused")
def json_deep_lists(folder: Path) -> Path:
    return _json(folder, "[" * 1_000_000 + "]" * 1_000_000)


@ATTACKS.add("refused")
def json_deep_by_line(folder: Path) -> Path:
    deep = '{"a":' * 50_000 + "1" + "}" * 50_000
    return _json(folder, f'{{"type":"Feature"}}\n{deep}\n')


@ATTACKS.add("RECORD_UNREADABLE")
def json_deep_position(folder: Path) -> Path:
    deep = "[" * 900 + "120.6, 31.3" + "]" * 900
    good = json.dumps(_features({"编号": "J1"})[0])
    shape = f'{{"type":"Polygon","coordinates":{deep}}}'
    bad = f'{{"type":"Feature","properties":{{}},"geometry":{shape}}}'
    return _json(folder, f'{{"type":"FeatureCollection","features":[{good},{bad}]}}')


@ATTACKS.add("RECORD_UNREADABLE")
def json_deep_collections(folder: Path) -> Path:
    deep = '{"type":"GeometryCollection","geometries":[' * 300
    deep += '{"type":"Point","coordinates":[120.6,31.3]}' + "]}" * 300
    good = json.dumps(_features({"编号": "J1"})[0])
    bad = f'{{"type":"Feature","properties":{{}},"geometry":{deep}}}'
    return _json(folder, f'{{"type":"FeatureCollection","features":[{good},{bad}]}}')


@ATTACKS.add("read", records=1)
def json_deep_property(folder: Path) -> Path:
    deep = "[" * 900 + "]" * 900
    good = json.dumps(_features({"编号": "J1", "x": 0})[0]).replace('"x": 0', f'"x": {deep}')
    return _json(folder, f'{{"type":"FeatureCollection","features":[{good}]}}')


@ATTACKS.add("refused")
def json_long_number(folder: Path) -> Path:
    good = json.dumps(_features({"编号": "J1", "x": 0})[0]).replace(
        '"x": 0', f'"x": {"9" * 5_000_000}'
    )
    return _json(folder, f'{{"type":"FeatureCollection","features":[{good}]}}')


@ATTACKS.add("read", records=1)
def json_long_decimal(folder: Path) -> Path:
    long = "0." + "9" * 5_000_000
    good = json.dumps(_features({"编号": "J1", "x": 0})[0]).replace('"x": 0', f'"x": {long}')
    return _json(folder, f'{{"type":"FeatureCollection","features":[{good}]}}')


@ATTACKS.add("JSON_REPEATED")
def json_repeated_members(folder: Path) -> Path:
    good = json.dumps(_features({"编号": "J1"})[0])[:-1] + ', "id": 1' * 200_000 + "}"
    return _json(folder, f'{{"type":"FeatureCollection","features":[{good}]}}')


@ATTACKS.add("refused")
def esri_names_of_their_own(folder: Path) -> Path:
    features = [
        {"attributes": {"编号": k, f"n{k}": 1}, "geometry": {"x": 120.6, "y": 31.3}}
        for k in range(20_000)
    ]
    top = {"geometryType": "esriGeometryPoint", "spatialReference": {"wkid": 4490}}
    return _json(folder, json.dumps({**top, "features": features}))


@ATTACKS.add("read", is_small=False)
def esri_many_holes(folder: Path) -> Path:
    def ring(k: int, sign: int) -> list[list[float]]:
        x, y, s = 120 + k % 100 * 0.001, 31 + k // 100 * 0.001, 0.0005
        corners = [[x, y], [x, y + s], [x + s, y + s], [x + s, y], [x, y]]
        return corners[::sign]

    rings = [ring(k, 1) for k in range(4000)] + [ring(k, -1) for k in range(4000)]
    top = {"geometryType": "esriGeometryPolygon", "spatialReference": {"wkid": 4490}}
    features = [{"attributes": {"编号": 1}, "geometry": {"rings": rings}}]
    return _json(folder, json.dumps({**top, "features": features}))


def _kml(folder: Path, marks: str, *, head: str = "", name: str = "manholes.kml") -> Path:
    return _written(
        folder,
        name,
        f'<?xml version="1.0" encoding="UTF-8"?>{head}<kml xmlns="http://www.opengis.net/kml/2.2">'
        f"<Document><Folder><name>manholes</name>{marks}</Folder></Document></kml>",
    )


def _mark(inside: str = "") -> str:
    point = "<Point><coordinates>120.6,31.3</coordinates></Point>"
    return f"<Placemark><name>J1</name>{inside}{point}</Placemark>"


@ATTACKS.add("refused")
def kml_nested_geometry(folder: Path) -> Path:
    deep = "<MultiGeometry>" * 20_000 + "<Point><coordinates>120,31</coordinates></Point>"
    deep += "</MultiGeometry>" * 20_000
    return _kml(folder, _mark() + f"<Placemark>{deep}</Placemark>")


@ATTACKS.add("refused")
def kml_nested_folders(folder: Path) -> Path:
    return _kml(folder, "<Folder>" * 20_000 + _mark() + "</Folder>" * 20_000)


@ATTACKS.add("refused")
def kml_many_folders(folder: Path) -> Path:
    return _kml(folder, "<Folder><name>a</name></Folder>" * 300_000 + _mark())


@ATTACKS.add("refused", is_small=False)
def kml_names_of_their_own(folder: Path) -> Path:
    marks = (
        _mark(f'<ExtendedData><Data name="n{k}"><value>1</value></Data></ExtendedData>')
        for k in range(5_000)
    )
    return _kml(folder, "".join(marks))


@ATTACKS.add("refused")
def kml_open_data(folder: Path) -> Path:
    return _kml(folder, _mark() + "<Data " * 200_000)


@ATTACKS.add("refused")
def kml_entities(folder: Path) -> Path:
    return _kml(folder, _mark("<description>&a11;</description>"), head=LAUGHS)


@ATTACKS.add("COORD_NONFINITE", is_small=False)
def kml_long_coordinates(folder: Path) -> Path:
    far = (
        "<Placemark><Point><coordinates>"
        + "1" * 5_000_000
        + ",31</coordinates></Point></Placemark>"
    )
    return _kml(folder, _mark() + far)


_GPX = (
    '<?xml version="1.0" encoding="{}"?>{}<gpx version="1.1" creator="x" '
    'xmlns="http://www.topografix.com/GPX/1/1">{}</gpx>'
)
_WAYPOINT = '<wpt lat="31.3" lon="120.6"><name>J1</name>{}</wpt>'


@ATTACKS.add("refused")
def gpx_entities(folder: Path) -> Path:
    text = _GPX.format("utf-8", LAUGHS, _WAYPOINT.format("<desc>&a11;</desc>"))
    return _written(folder, "manholes.gpx", text)


@ATTACKS.add("refused")
def gpx_entities_in_utf16(folder: Path) -> Path:
    text = _GPX.format("utf-16", LAUGHS, _WAYPOINT.format("<desc>&a11;</desc>"))
    return _written(folder, "manholes.gpx", text, "utf-16")


@ATTACKS.add("refused")
def gpx_names_of_their_own(folder: Path) -> Path:
    points = (_WAYPOINT.format(f"<extensions><n{k}>1</n{k}></extensions>") for k in range(5_000))
    return _written(folder, "manholes.gpx", _GPX.format("utf-8", "", "".join(points)))


@ATTACKS.add("read", records=1, is_small=False)
def gpx_nested_extensions(folder: Path) -> Path:
    deep = "<extensions>" + "<a>" * 100_000 + "</a>" * 100_000 + "</extensions>"
    return _written(folder, "manholes.gpx", _GPX.format("utf-8", "", _WAYPOINT.format(deep)))


_GML = (
    '<?xml version="1.0" encoding="{}"?>{}<f:FeatureCollection xmlns:f="http://x/f" '
    'xmlns:gml="http://www.opengis.net/gml">{}</f:FeatureCollection>'
)
_MEMBER = (
    '<gml:featureMember><f:manholes fid="m.{}"><f:id>J{}</f:id>{}<f:geom>{}</f:geom></f:manholes>'
    "</gml:featureMember>"
)
_PLACE = '<gml:Point srsName="EPSG:4490"><gml:pos>31.3 120.6</gml:pos></gml:Point>'


@ATTACKS.add("refused")
def gml_entities(folder: Path) -> Path:
    member = _MEMBER.format(1, 1, "<f:n>&a11;</f:n>", _PLACE)
    return _written(folder, "manholes.gml", _GML.format("utf-8", LAUGHS, member))


@ATTACKS.add("refused")
def gml_entities_in_utf16(folder: Path) -> Path:
    member = _MEMBER.format(1, 1, "<f:n>&a11;</f:n>", _PLACE)
    return _written(folder, "manholes.gml", _GML.format("utf-16", LAUGHS, member), "utf-16")


@ATTACKS.add("refused")
def gml_outside_entity(folder: Path) -> Path:
    outside = "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/hostname'>]>"
    member = _MEMBER.format(1, 1, "<f:n>&e;</f:n>", _PLACE)
    return _written(folder, "manholes.gml", _GML.format("utf-8", outside, member))


@ATTACKS.add("refused", is_small=False)
def gml_names_of_their_own(folder: Path) -> Path:
    members = (_MEMBER.format(k, k, f"<f:n{k}>1</f:n{k}>", _PLACE) for k in range(5_000))
    return _written(folder, "manholes.gml", _GML.format("utf-8", "", "".join(members)))


@ATTACKS.add("read")
def gml_nested_geometry(folder: Path) -> Path:
    deep = "<gml:MultiGeometry><gml:geometryMember>" * 5_000 + _PLACE
    deep += "</gml:geometryMember></gml:MultiGeometry>" * 5_000
    members = _MEMBER.format(1, 1, "", _PLACE) + _MEMBER.format(2, 2, "", deep)
    return _written(folder, "manholes.gml", _GML.format("utf-8", "", members))


@ATTACKS.add("LAYER_EMPTY")
def gml_nested_elements(folder: Path) -> Path:
    member = _MEMBER.format(1, 1, "<f:a>" * 100_000 + "</f:a>" * 100_000, _PLACE)
    return _written(folder, "manholes.gml", _GML.format("utf-8", "", member))


@ATTACKS.add("refused")
def mif_blank_lines(folder: Path) -> Path:
    return _written(folder, "manholes.mif", "Version 300\n" + "\n" * 65_000)


@ATTACKS.add("refused")
def mif_count_of_points(folder: Path) -> Path:
    (folder / "manholes.mid").write_text('"J1"\n')
    return _written(
        folder,
        "manholes.mif",
        'Version 300\nCharset "Neutral"\nDelimiter ","\nCoordSys Earth Projection 1, 0\nColumns 1\n'
        "  id Char(10)\nData\n\nPline 2000000000\n120.6 31.3\n120.7 31.4\n",
    )


@ATTACKS.add("refused")
def mif_count_of_columns(folder: Path) -> Path:
    (folder / "manholes.mid").write_text('"J1"\n')
    return _written(
        folder,
        "manholes.mif",
        'Version 300\nDelimiter ","\nColumns 2000000000\n  id Char(10)\nData\n',
    )


@ATTACKS.add("refused")
def dxf_blank_lines(folder: Path) -> Path:
    return _written(folder, "manholes.dxf", "0" + "\n" * 65_000)


@ATTACKS.add("RECORD_UNREADABLE", is_small=False)
def boundary_points_of_many_rings(folder: Path) -> Path:
    points = "".join(f"J{k},{k},{3450000 + k},{500000 + k % 7}\n" for k in range(100_000))
    return _written(
        folder,
        "manholes.txt",
        f"[属性描述]\n坐标系=2000国家大地坐标系\n[地块坐标]\n4,1,1,A,面,,,@\n{points}",
    )


@ATTACKS.add("read", is_small=False)
def boundary_points_of_good_rings(folder: Path) -> Path:
    def ring(k: int) -> str:
        x, y = 3_450_000 + k // 200 * 20, 500_000 + k % 200 * 20
        corners = [(x, y), (x, y + 10), (x + 10, y + 10), (x + 10, y), (x, y)]
        return "".join(f"J1,{k},{a},{b}\n" for a, b in corners)

    text = (
        "[属性描述]\n坐标系=2000国家大地坐标系\n几度分带=3\n带号=40\n[地块坐标]\n4,1,1,A,面,,,@\n"
    )
    return _written(folder, "manholes.txt", text + "".join(map(ring, range(20_000))))


@ATTACKS.add("RECORD_UNREADABLE")
def wkt_nested_collections(folder: Path) -> Path:
    deep = "GEOMETRYCOLLECTION(" * 20_000 + "POINT(120.6 31.3)" + ")" * 20_000
    return _written(folder, "manholes.csv", f'编号,WKT\nJ1,POINT(120.6 31.3)\nJ2,"{deep}"\n')


@ATTACKS.add("RECORD_UNREADABLE")
def wkb_nested_collections_in_a_column(folder: Path) -> Path:
    head, point = "010700000001000000", "01010000006666666666265E40CDCCCCCCCC4C3F40"
    return _written(folder, "manholes.csv", f"编号,geom\nJ1,{point}\nJ2,{head * 20_000}{point}\n")


@ATTACKS.add("RECORD_UNREADABLE", layer="roads")
def wkt_curves(folder: Path) -> Path:
    return _written(
        folder,
        "roads.csv",
        '编号,WKT\n1,"LINESTRING(120.6 31.3,120.7 31.3)"\n'
        '2,"CIRCULARSTRING(120.6 31.3,120.61 31.31,120.62 31.3)"\n'
        '3,"LINESTRING(120.6 31.3,120.7 31.4)"\n',
    )
