"""Drawings: by CAD layer, each object accounted for, curves right, whatever is damaged or huge."""

from __future__ import annotations

import io
import math
import sys
import time
import zipfile

import ezdxf
import numpy as np
import pytest
import shapely
from ezdxf.document import Drawing

import geo_citymgmt as gcm
from geo_citymgmt.errors import SourceError
from geo_citymgmt.reading import read_raw
from geo_citymgmt.reading._source import list_layers

X, Y = 558_000.0, 3_464_000.0
SQUARE = [(X, Y), (X + 50, Y), (X + 50, Y + 30), (X, Y + 30)]


def drawing(version: str = "R2010") -> Drawing:
    return ezdxf.new(version, units=6)


def on(layer: str, **more) -> dict:
    return {"layer": layer, **more}


def with_block(doc: Drawing, name: str = "井", tags: tuple[str, ...] = ("编号",)):
    block = doc.blocks.new(name)
    block.add_circle((0, 0), 0.35)
    for tag in tags:
        block.add_attdef(tag, (0, 0))
    return block


@pytest.fixture
def save(tmp_path):
    def save(doc: Drawing, name: str = "窨井.dxf", **kwargs):
        path = tmp_path / name
        doc.saveas(path, **kwargs)
        return path

    return save


def codes(raw) -> dict[str, str]:
    table = raw.findings.frame()
    return dict(zip(table["code"], table["message_en"], strict=True))


def entities(text: str, version: str = "AC1009", head: str = "") -> bytes:
    """A drawing of what stands in ``text``, pairs parted by blanks as ``0 POINT 8 a``."""
    words = text.split()
    body = "".join(f"{a}\n{b}\n" for a, b in zip(words[::2], words[1::2], strict=True))
    return (
        f"0\nSECTION\n2\nHEADER\n9\n$ACADVER\n1\n{version}\n{head}0\nENDSEC\n"
        f"0\nSECTION\n2\nENTITIES\n{body}0\nENDSEC\n0\nEOF\n"
    ).encode()


@pytest.fixture
def write(tmp_path):
    def write(data: bytes, name: str = "窨井.dxf"):
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return write


def test_blocks_are_points_with_their_attributes_and_labels_are_no_records(save):
    doc = drawing()
    with_block(doc, tags=("编号", "道路"))
    model = doc.modelspace()
    for k, road in enumerate(("人民路", "干将路")):
        block = model.add_blockref("井", (X + k, Y, 3.5), dxfattribs=on("窨井"))
        block.add_attrib("编号", f"J{k}", (X, Y))
        block.add_attrib("道路", road, (X, Y))
    model.add_blockref("井", (X + 9, Y), dxfattribs=on("窨井"))
    model.add_text("J0", dxfattribs=on("窨井"))
    model.add_mtext("注", dxfattribs=on("窨井"))
    layer = gcm.read_layer(save(doc), "manholes", crs="EPSG:4549")
    row = layer.ledger.iloc[0]
    assert (row.n_walked, row.n_skipped, row.n_accepted, row.n_rejected) == (5, 2, 3, 0)
    assert layer.data["manhole_id"].tolist()[:2] == ["J0", "J1"]
    assert layer.data.geometry.x.tolist() == pytest.approx([X, X + 1, X + 9])
    assert layer.data["图块"].tolist() == ["井"] * 3
    told = layer.findings.set_index("code")["value"]
    assert told["CAD_LABELS"] == "2"
    assert told["GEOM_FLATTENED"] == "2"


def test_a_block_without_attributes_is_a_record_and_named_by_its_handle(save):
    doc = drawing()
    with_block(doc, tags=())
    block = doc.modelspace().add_blockref("井", (X, Y), dxfattribs=on("窨井"))
    raw = read_raw(save(doc))
    assert raw.frame.to_dict("records") == [{"图块": "井"}]
    assert raw.labels().tolist() == [f"INSERT {block.dxf.handle}"]


def test_attributes_of_one_tag_are_columns_of_their_own(save):
    doc = drawing()
    with_block(doc)
    block = doc.modelspace().add_blockref("井", (X, Y))
    for text in ("J1", "J2"):
        block.add_attrib("编号", text, (X, Y))
    assert read_raw(save(doc)).frame.to_dict("records") == [
        {"图块": "井", "编号": "J1", "编号_2": "J2"}
    ]


@pytest.fixture
def three_layers(save):
    doc = drawing()
    model = doc.modelspace()
    for k in range(3):
        model.add_point((X + k, Y), dxfattribs=on("雨水井"))
        model.add_point((X + k, Y + 9), dxfattribs=on("路灯"))
    model.add_line((X, Y), (X + 9, Y), dxfattribs=on("路灯"))
    model.add_text("说明", dxfattribs=on("注记"))
    return save(doc)


def test_of_several_cad_layers_one_is_asked_for_with_what_is_on_each(three_layers):
    with pytest.raises(SourceError) as caught:
        gcm.read_layer(three_layers, "manholes", crs="EPSG:4549")
    assert "（路灯：点 3、线 1；雨水井：点 3）" in caught.value.message_zh
    assert "(路灯: 3 points, 1 lines; 雨水井: 3 points)" in caught.value.message
    # The remedy, to the letter.
    named = gcm.read_layer(three_layers, "manholes", crs="EPSG:4549", sublayer="雨水井")
    assert named.ledger["n_accepted"].item() == 3
    both = gcm.read_layer(three_layers, "manholes", crs="EPSG:4549", sublayer=["雨水井", "路灯"])
    assert both.ledger["n_walked"].item() == 7
    with pytest.raises(SourceError, match="'注记' has no points"):
        read_raw(three_layers, sublayer="注记")
    with pytest.raises(SourceError, match="no CAD layer '井'"):
        read_raw(three_layers, sublayer="井")


def test_what_a_drawing_is_called_says_nothing_of_its_cad_layers(three_layers, tmp_path):
    with pytest.raises(gcm.CityDataError) as caught:
        gcm.load_city(three_layers)
    assert 'layers.manholes = { path = "窨井.dxf", sublayer = "雨水井" }' in caught.value.message
    config = tmp_path / "city.toml"
    config.write_text(
        'layers.manholes = { path = "窨井.dxf", sublayer = "雨水井", crs = "4549" }\n'
    )
    city = gcm.load_city(config)
    assert len(city["manholes"]) == 3
    config.write_text('ignore = ["窨井.dxf:*"]\n', "utf-8")
    with pytest.raises(gcm.CityDataError):
        gcm.load_city(tmp_path)


def test_cad_layers_in_a_folder_are_recognised_by_their_names(save, tmp_path):
    doc = drawing()
    model = doc.modelspace()
    model.add_point((X, Y), dxfattribs=on("窨井"))
    model.add_lwpolyline(SQUARE, close=True, dxfattribs=on("违法建设"))
    model.add_point((X, Y), dxfattribs=on("行道树"))
    save(doc, "总图.dxf")
    for source in (tmp_path, zipped(tmp_path / "总图.dxf")):
        city = gcm.load_city(source, fallback_crs="EPSG:4549")
        assert set(city) == {"manholes", "illegal_construction"}
        assert city["illegal_construction"].area.tolist() == pytest.approx([1500])
        unread = city.findings.query("code == 'LAYER_IGNORED'")
        assert "行道树" in unread["message_zh"].item()
        assert unread["severity"].item() == "info"


def zipped(path):
    target = path.with_suffix(".zip")
    with zipfile.ZipFile(target, "w") as archive:
        archive.write(path, "图/总图.dxf")
    path.unlink()
    return target


def test_a_drawing_of_one_cad_layer_needs_no_name(save):
    doc = drawing()
    doc.modelspace().add_point((X, Y), dxfattribs=on("0"))
    path = save(doc)
    ((one,), _) = list_layers(path)
    assert (one.names, one.drawn) == (("窨井", "0"), None)
    assert read_raw(path).name == "窨井.dxf"


AREAS = {
    "closed polyline": (lambda m: m.add_lwpolyline(SQUARE, close=True), 1500, 1e-9),
    # A half circle on each of two sides.
    "bulges": (
        lambda m: m.add_lwpolyline(
            [(X, Y, 1), (X + 50, Y, 0), (X + 50, Y + 30, 1), (X, Y + 30, 0)], format="xyb",
            close=True,
        ),
        1500 + math.pi * 25**2, 1.0,
    ),
    "old polyline": (lambda m: m.add_polyline2d(SQUARE, close=True), 1500, 1e-9),
    "3D polyline": (
        lambda m: m.add_polyline3d([(x, y, 5) for x, y in SQUARE], close=True), 1500, 1e-9,
    ),
    "circle": (lambda m: m.add_circle((X, Y), 100), math.pi * 100**2, 5.0),
    "ellipse": (
        lambda m: m.add_ellipse((X, Y), (100, 0), ratio=0.5), math.pi * 100 * 50, 4.0,
    ),
    # The ends of a solid are stored crosswise.
    "solid": (lambda m: m.add_solid([SQUARE[k] for k in (0, 1, 3, 2)]), 1500, 1e-9),
    "3D face": (lambda m: m.add_3dface(SQUARE), 1500, 1e-9),
    # Seen from below x runs the other way.
    "mirrored": (
        lambda m: m.add_circle((-X, Y), 100, dxfattribs={"extrusion": (0, 0, -1)}),
        math.pi * 100**2, 5.0,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", AREAS)
def test_closed_outlines_are_areas_of_the_right_size_and_place(save, name):
    draw, area, within = AREAS[name]
    doc = drawing()
    draw(doc.modelspace())
    raw = read_raw(save(doc))
    (shape,) = raw.geometry
    assert shape.geom_type == "Polygon"
    assert shape.area == pytest.approx(area, abs=within)
    assert shape.distance(shapely.Point(X, Y)) < 0.01
    assert raw.n_walked == 1


LINES = {
    "line": (lambda m: m.add_line((X, Y), (X + 30, Y + 40)), 50),
    "arc": (lambda m: m.add_arc((X, Y), 100, 0, 90), math.pi * 50),
    "open polyline": (lambda m: m.add_lwpolyline(SQUARE), 130),
    "bulge": (
        lambda m: m.add_lwpolyline([(X, Y, 1), (X + 50, Y, 0)], format="xyb"), math.pi * 25,
    ),
    "spline": (
        lambda m: m.add_spline(dxfattribs={"degree": 3}).set_open_uniform(
            [(X, Y), (X + 10, Y), (X + 20, Y), (X + 30, Y)]),
        30,
    ),
    "two closed points": (lambda m: m.add_lwpolyline(SQUARE[:2], close=True), 50),
}  # fmt: skip


@pytest.mark.parametrize("name", LINES)
def test_lines_have_the_length_of_what_is_drawn(save, name):
    draw, length = LINES[name]
    doc = drawing()
    draw(doc.modelspace())
    (shape,) = read_raw(save(doc)).geometry
    assert shape.geom_type == "LineString"
    assert shape.length == pytest.approx(length, abs=0.03)


def test_no_vertex_of_a_curve_is_more_than_a_centimetre_off(save):
    doc = drawing()
    for radius in (0.35, 20, 5_000):
        doc.modelspace().add_circle((X, Y), radius)
    for shape, radius in zip(read_raw(save(doc)).geometry, (0.35, 20, 5_000), strict=True):
        inner = shape.exterior.distance(shapely.Point(X, Y))
        assert radius - 0.01 <= inner <= radius
        assert len(shape.exterior.coords) < 3_000


def test_a_drawing_in_degrees_has_round_circles(save):
    doc = drawing()
    doc.modelspace().add_circle((120.6, 31.3), 0.001)
    (shape,) = read_raw(save(doc)).geometry
    assert shape.area == pytest.approx(math.pi * 1e-6, rel=0.001)


def ring(x: float, y: float, side: float) -> list[tuple[float, float]]:
    return [(x, y), (x + side, y), (x + side, y + side), (x, y + side)]


@pytest.mark.parametrize(("style", "area"), [(0, 1600 - 400 + 100), (1, 1600 - 400), (2, 1600)])
def test_a_filling_has_its_holes_and_the_islands_in_them(save, style, area):
    doc = drawing()
    hatch = doc.modelspace().add_hatch(dxfattribs={"hatch_style": style})
    for inset, side in ((0, 40), (10, 20), (15, 10)):
        hatch.paths.add_polyline_path(ring(X + inset, Y + inset, side), is_closed=True)
    raw = read_raw(save(doc))
    assert shapely.area(raw.geometry).tolist() == pytest.approx([area])


def test_a_filling_with_arcs_is_round(save):
    doc = drawing()
    path = doc.modelspace().add_hatch().paths.add_edge_path()
    path.add_arc((X, Y), 50, 0, 180)
    path.add_line((X - 50, Y), (X + 50, Y))
    (shape,) = read_raw(save(doc)).geometry
    assert shape.area == pytest.approx(math.pi * 50**2 / 2, abs=2)


def test_a_filling_of_an_outline_that_is_a_record_is_not_counted_again(save):
    doc = drawing()
    model = doc.modelspace()
    outline = model.add_lwpolyline(SQUARE, close=True)
    hatch = model.add_hatch()
    path = hatch.paths.add_polyline_path(SQUARE, is_closed=True)
    hatch.associate(path, [outline])
    raw = read_raw(save(doc))
    assert (raw.n_walked, raw.n_skipped, raw.record.tolist()) == (2, 1, [0])
    assert "1 fillings of outlines read too" in codes(raw)["CAD_LEFT"]


def test_a_filling_of_open_lines_is_the_area_and_they_are_lines(save):
    doc = drawing()
    model = doc.modelspace()
    lines = [model.add_line(a, b) for a, b in zip(SQUARE, SQUARE[1:] + SQUARE[:1], strict=True)]
    hatch = model.add_hatch()
    hatch.associate(hatch.paths.add_polyline_path(SQUARE, is_closed=True), lines)
    raw = read_raw(save(doc))
    assert sorted(shapely.area(raw.geometry)) == pytest.approx([0, 0, 0, 0, 1500])


def test_of_a_polyline_with_a_fitted_spline_its_frame_is_no_part(write):
    vertices = "".join(
        f" 0 VERTEX 8 a 10 {x} 20 {y} 70 {flag}"
        for x, y, flag in ((0, 0, 16), (5, 900, 16), (10, 0, 16), (0, 0, 8), (5, 3, 8), (10, 0, 8))
    )
    raw = read_raw(write(entities(f"0 POLYLINE 8 a 66 1 70 4{vertices} 0 SEQEND 8 a")))
    assert shapely.get_coordinates(raw.geometry).tolist() == [[0, 0], [5, 3], [10, 0]]
    assert raw.n_walked == 1


def test_each_object_that_the_library_counts_is_accepted_rejected_or_skipped(save):
    doc = drawing()
    with_block(doc)
    model = doc.modelspace()
    for draw, *_ in (*AREAS.values(), *LINES.values()):
        draw(model)
    model.add_blockref("井", (X, Y)).add_attrib("编号", "J1", (X, Y))
    model.add_polyline2d([(X, Y, 0, 0, 1), (X + 9, Y, 0, 0, 0)], format="xyseb")
    model.add_mtext("注")
    model.add_text("字")
    model.add_leader([(X, Y), (X + 1, Y)])
    model.add_point((X, Y), dxfattribs=on("其他"))
    path = save(doc)
    layer = gcm.read_layer(path, "manholes", crs="EPSG:4549", sublayer="0")
    row = layer.ledger.iloc[0]
    assert row.n_walked == len(model.query('*[layer=="0"]'))
    assert row.n_skipped == 3
    assert row.n_walked == row.n_skipped + row.n_accepted + row.n_rejected
    assert row.n_accepted == 1


def test_what_is_neither_record_nor_label_is_told_by_name(save):
    doc = drawing()
    model = doc.modelspace()
    model.add_point((X, Y))
    model.add_linear_dim(base=(X, Y), p1=(X, Y), p2=(X + 5, Y)).render()
    model.add_xline((X, Y), (1, 0))
    model.add_ray((X, Y), (1, 0))
    doc.layout("Layout1").add_point((0, 0))
    raw = read_raw(save(doc), sublayer="0")
    assert raw.n_walked - raw.n_skipped == len(raw.record) == 1
    told = codes(raw)["CAD_LEFT"]
    assert "1 dimensions" in told
    assert "2 endless lines" in told


def test_data_that_other_programs_keep_with_objects_is_told(write):
    raw = read_raw(write(entities("0 POINT 8 a 10 1 20 2 1001 SOUTH 1000 311101 1001 ACAD 1070 1")))
    assert codes(raw)["CAD_LEFT"].endswith("extended data (SOUTH) of 1 objects")


def test_what_stands_on_the_paper_is_left_out_and_told(write):
    raw = read_raw(
        write(
            entities("0 POINT 8 a 67 1 10 1 20 1 0 POINT 8 a 10 2 20 2 0 POINT 8 b 67 1 10 1 20 1")
        )
    )
    assert shapely.get_x(raw.geometry).tolist() == [2]
    assert "1 objects on layouts" in codes(raw)["CAD_LEFT"]
    with pytest.raises(SourceError, match="1 objects are all on layouts"):
        read_raw(write(entities("0 POINT 8 a 67 1 10 1 20 1")))


def test_what_a_drawing_hides_is_read_and_told(save):
    for hide in ("off", "freeze"):
        doc = drawing()
        getattr(doc.layers.add("窨井"), hide)()
        doc.modelspace().add_point((X, Y), dxfattribs=on("窨井"))
        raw = read_raw(save(doc))
        assert len(raw.record) == 1
        assert "the whole layer is off or frozen" in codes(raw)["CAD_HIDDEN"]
    doc.layers.get("窨井").thaw()
    doc.modelspace().add_point((X, Y), dxfattribs=on("窨井", invisible=1))
    assert "(1 objects)" in codes(read_raw(save(doc)))["CAD_HIDDEN"]


def test_an_external_reference_is_told_and_is_no_record(save):
    doc = drawing()
    doc.add_xref_def("道路底图.dwg", "底图")
    doc.modelspace().add_blockref("底图", (0, 0))
    doc.modelspace().add_point((X, Y))
    raw = read_raw(save(doc))
    assert (raw.n_walked, raw.n_skipped) == (2, 1)
    assert "道路底图.dwg" in codes(raw)["CAD_REFERENCE"]


@pytest.mark.parametrize(("units", "factor"), [(4, 1000), (5, 100), (6, 1), (0, 1)])
def test_numbers_beyond_any_plane_are_scaled_where_the_unit_is_stated(save, units, factor):
    doc = ezdxf.new("R2010", units=units)
    doc.modelspace().add_point((X * factor, Y * factor))
    raw = read_raw(save(doc))
    assert shapely.get_coordinates(raw.geometry).tolist() == [pytest.approx([X, Y])]
    assert ("converted to metres" in codes(raw).get("CAD_UNITS", "")) == (factor > 1)


def test_millimetres_that_are_stated_over_metres_are_told_and_nothing_is_scaled(save):
    doc = ezdxf.new("R2010", units=4)
    doc.modelspace().add_point((X, Y))
    raw = read_raw(save(doc))
    assert shapely.get_x(raw.geometry).tolist() == [X]
    assert "millimetres ($INSUNITS = 4)" in codes(raw)["CAD_UNITS"]


def test_a_curve_in_millimetres_is_as_fine_on_the_ground(save):
    doc = ezdxf.new("R2010", units=4)
    doc.modelspace().add_circle((X * 1000, Y * 1000), 20_000)
    (shape,) = read_raw(save(doc)).geometry
    assert shape.area == pytest.approx(math.pi * 400, rel=0.001)
    assert len(shape.exterior.coords) < 300


def test_a_drawing_has_no_crs_and_asks_for_it(save):
    doc = drawing()
    doc.modelspace().add_point((X, Y))
    with pytest.raises(gcm.CRSError, match="no coordinate reference system"):
        gcm.read_layer(save(doc), "manholes")


CODEPAGE = "9\n$DWGCODEPAGE\n3\n{}\n"
NAMED = "0 INSERT 8 污水井 2 井盖 66 1 10 1 20 2 0 ATTRIB 8 0 2 道路 1 中山人民路 0 SEQEND 8 0"


def test_a_mark_before_the_first_line_is_no_hindrance(write):
    data = b"\xef\xbb\xbf" + entities(NAMED, "AC1032").replace(b"\n", b"\r\n")
    assert read_raw(write(data)).frame["道路"].tolist() == ["中山人民路"]


@pytest.mark.parametrize(
    ("version", "stated", "actual", "told"),
    [
        ("AC1015", "ANSI_936", "gb18030", None), ("AC1032", "ANSI_936", "utf-8", None),
        ("AC1009", "", "gb18030", None), ("AC1009", "", "utf-8", None),
        ("AC1015", "ANSI_1252", "gb18030", "GB18030"), ("AC1015", "ANSI_936", "utf-8", "UTF-8"),
        ("AC1015", "ANSI_1252", "utf-8", "UTF-8"), ("AC1032", "ANSI_936", "gb18030", "GB18030"),
        ("AC1015", "ANSI_950", "big5", None),
    ],
)  # fmt: skip
def test_text_is_read_as_its_bytes_are_and_what_the_drawing_says_otherwise_is_told(
    write, version, stated, actual, told
):
    text = NAMED.replace("盖", "") if actual == "big5" else NAMED
    head = CODEPAGE.format(stated) if stated else ""
    path = write(entities(text, version, head).decode().encode(actual))
    ((one,), _) = list_layers(path)
    assert one.sublayer == "污水井"
    raw = read_raw(path)
    assert raw.frame["道路"].item().endswith("人民路")
    assert raw.frame["图块"].item()[0] == "井"
    expected = codes(raw).get("ENC_CONTRADICTED")
    assert (expected is None) == (told is None)
    assert told is None or f"the bytes are {told}" in expected


def test_latin_text_is_not_taken_for_chinese(write):
    head = CODEPAGE.format("ANSI_1252")
    path = write(entities("0 POINT 8 Straße 10 1 20 2", "AC1015", head).decode().encode("cp1252"))
    assert list_layers(path)[0][0].sublayer == "Straße"


def test_a_character_that_was_cut_costs_itself_alone(write):
    head = CODEPAGE.format("ANSI_936")
    data = entities(NAMED + " 0 POINT 8 污水井 10 3 20 4", "AC1015", head).decode()
    cut = data.encode("gb18030").replace("路".encode("gb18030") + b"\n", b"\xc2\n", 1)
    raw = read_raw(write(cut.replace("路\n".encode("gb18030"), b"\xc2\n")))
    assert raw.encoding == "GB18030"
    assert raw.frame["图块"].tolist()[0] == "井盖"
    assert "\ufffd" in "".join(raw.frame.columns) + "".join(raw.frame.iloc[0].astype(str))


def test_rare_characters_are_no_reason_to_read_the_others_as_latin(write):
    text = NAMED.replace("中山人民路", "堃镕桥人民路")
    path = write(entities(text, "AC1015", CODEPAGE.format("ANSI_1252")).decode().encode("gbk"))
    assert read_raw(path).frame["道路"].tolist() == ["堃镕桥人民路"]


def test_what_follows_the_end_of_a_section_is_told(write):
    data = entities("0 POINT 8 a 10 1 20 2 0 ENDSEC 0 POINT 8 a 10 1 20 2")
    assert "1 objects of the drawing are damaged" in codes(read_raw(write(data)))["CAD_DAMAGED"]


def test_an_encoding_that_is_given_holds_or_is_refused(write):
    path = write(entities(NAMED, "AC1015").decode().encode("gb18030"))
    assert read_raw(path, encoding="gb18030").encoding_source == "given"
    with pytest.raises(SourceError, match="not utf-8"):
        read_raw(path, encoding="utf-8")


def test_escaped_characters_are_read(write):
    text = r"0 INSERT 8 \U+96E8\U+6C34 2 \M+5BEAE 10 1 20 2 66 1 0 ATTRIB 2 d 1 %%c700 0 SEQEND 8 0"
    path = write(entities(text))
    assert list_layers(path)[0][0].sublayer == "雨水"
    assert read_raw(path).frame.to_dict("records") == [{"图块": "井", "d": "Ø700"}]


def test_cad_layers_that_differ_in_case_are_one(write):
    path = write(entities("0 POINT 8 WELL 10 1 20 1 0 POINT 8 well 10 2 20 2"))
    assert read_raw(path).n_walked == 2
    assert read_raw(path, sublayer="Well").n_walked == 2


@pytest.mark.parametrize("version", ["R12", "R2000", "R2018"])
def test_a_binary_drawing_is_as_its_text(tmp_path, version):
    doc = ezdxf.new(version)
    with_block(doc)
    model = doc.modelspace()
    model.add_circle((X, Y), 5)
    model.add_blockref("井", (X, Y)).add_attrib("编号", "J1", (X, Y))
    raws = []
    for fmt in ("asc", "bin"):
        doc.saveas(tmp_path / "a.dxf", fmt=fmt)
        raws.append(read_raw(tmp_path / "a.dxf"))
    assert shapely.equals_exact(raws[0].geometry, raws[1].geometry, 1e-9).all()
    assert raws[0].frame.equals(raws[1].frame)
    assert raws[0].frame["编号"].tolist() == [None, "J1"] or raws[0].frame["编号"].iloc[1] == "J1"


def whole(n: int = 6) -> bytes:
    doc = drawing("R2000")
    with_block(doc)
    model = doc.modelspace()
    for k in range(n):
        model.add_blockref("井", (X + k, Y)).add_attrib("编号", f"J{k}", (X, Y))
        model.add_circle((X, Y), 5 + k)
    out = io.StringIO()
    doc.write(out)
    return out.getvalue().encode()


def test_a_drawing_that_is_cut_off_anywhere_is_refused_or_whole(write):
    data = whole()
    end = data.rindex(b"ENDSEC", 0, data.index(b"OBJECTS"))
    for cut in np.linspace(60, len(data) - 1, 16).astype(int).tolist():
        path = write(data[:cut])
        try:
            raw = read_raw(path)
        except SourceError as error:
            assert "RECOVER" in str(error) or "Convert" in str(error), cut
            assert cut < end + 8, cut
        else:
            assert raw.n_walked == 12, cut
            assert ("CAD_UNFINISHED" in codes(raw)) == (b"EOF" not in data[:cut]), cut


def test_a_damaged_object_is_one_rejected_record_and_no_other_is_lost(write):
    lines = whole().split(b"\n")
    start = lines.index(b"ENTITIES")
    end = start + lines[start:].index(b"ENDSEC")
    for at in range(start + 1, end, 17):
        raw = read_raw(write(b"\n".join(lines[:at] + lines[at + 1 :])), head=None)
        told = codes(raw)
        bad = raw.findings.records_of("RECORD_UNREADABLE")
        n_damaged = 1 if "CAD_DAMAGED" in told else 0
        # A line that begins an object makes its lines those of the one before.
        assert raw.n_walked + n_damaged >= 11, at
        assert len(bad) + n_damaged >= 1 or raw.n_walked == 12, at
        sound = raw.geometry[~shapely.is_missing(raw.geometry)]
        assert len(sound) >= 10, at


def test_numbers_that_are_none_reject_the_record_alone(write):
    raw = read_raw(write(entities("0 POINT 8 a 10 x 20 1 0 POINT 8 a 10 1 20 2 0 POINT 8 a 20 1")))
    assert raw.findings.records_of("RECORD_UNREADABLE").tolist() == [0, 2]
    assert shapely.is_missing(raw.geometry).tolist() == [True, False, True]


def test_a_drawing_without_anything_says_what_it_has(write):
    with pytest.raises(SourceError, match="only 2 labels, 1 dimensions"):
        read_raw(write(entities("0 TEXT 8 a 0 MTEXT 8 b 0 DIMENSION 8 a")))
    with pytest.raises(SourceError, match="nothing at all"):
        read_raw(write(entities("")))


def test_a_block_in_rows_and_columns_is_a_record_for_each_copy(save):
    doc = drawing()
    with_block(doc)
    block = doc.modelspace().add_blockref("井", (X, Y), dxfattribs={"rotation": 90})
    block.grid((2, 3), (10, 5))
    raw = read_raw(save(doc))
    assert raw.n_walked == 6
    expected = [(X - 10 * row, Y + 5 * column) for row in range(2) for column in range(3)]
    assert shapely.get_coordinates(raw.geometry).tolist() == [pytest.approx(p) for p in expected]


ATTACKS = {
    "an array of a thousand millions": "0 INSERT 8 a 2 b 70 30000 71 30000 44 1 45 1 10 1 20 1",
    "attributes of one name": "0 INSERT 8 a 2 b 66 1 70 300 71 300 44 1 45 1 10 1 20 1 "
    + "0 ATTRIB 8 0 2 t 1 v " * 20_000 + "0 SEQEND 8 0",
    "many arrays": "0 INSERT 8 a 2 b 70 300 71 300 44 1 45 1 10 1 20 1 " * 500,
    "an endless circle": "0 CIRCLE 8 a 10 0 20 0 40 1e300",
    "a wide circle": "0 CIRCLE 8 a 10 0 20 0 40 1e15",
    "a bulge": "0 LWPOLYLINE 100 AcDbEntity 8 a 100 AcDbPolyline 90 2 70 0 10 0 20 0 42 1e12 "
    "10 1 20 1",
    "no number": "0 CIRCLE 8 a 10 nan 20 0 40 inf",
    "a high degree": "0 SPLINE 100 AcDbEntity 8 a 100 AcDbSpline 70 0 71 30000 72 9 73 9 "
    + "40 1 " * 9 + "10 1 20 2 30 0 " * 9,
    "fit points": "0 SPLINE 100 AcDbEntity 8 a 100 AcDbSpline 70 0 71 3 74 5000 "
    + "".join(f"11 {k} 21 {k * 7919 % 97} 31 0 " for k in range(5000)),
    "a long spline": "0 SPLINE 100 AcDbEntity 8 a 100 AcDbSpline 70 0 71 3 73 100001 "
    + "10 1 20 2 30 0 " * 100_001,
    "a wild spline": "0 SPLINE 100 AcDbEntity 8 a 100 AcDbSpline 70 0 71 3 72 2004 73 2000 "
    + "".join(f"40 {k} " for k in range(2004))
    + "".join(f"10 {k * 7919 % 100_003} 20 {k * 104_729 % 100_003} 30 0 " for k in range(2000)),
    "a spline that stands still": "0 SPLINE 100 AcDbEntity 8 a 100 AcDbSpline 70 0 71 3 72 8 73 4 "
    + "40 1e18 " * 4 + "40 1.0000000000000002e18 " * 4
    + "".join(f"10 {k} 20 {k * k} 30 0 " for k in range(4)),
    "rings in rings": "0 HATCH 100 AcDbEntity 8 a 100 AcDbHatch 10 0 20 0 30 0 70 1 71 0 91 5000 "
    + "".join(
        f"92 2 72 0 73 1 93 4 10 {-k} 20 {-k} 10 {k} 20 {-k} 10 {k} 20 {k} 10 {-k} 20 {k} 97 0 "
        for k in range(1, 5001)
    )
    + "75 0 76 1",
    "a deep filling": "0 HATCH 100 AcDbEntity 8 a 100 AcDbHatch 10 0 20 0 30 0 70 1 71 0 "
    "91 99999999 92 2 72 0 73 1 93 999999999 10 1 20 1",
}  # fmt: skip


@pytest.mark.parametrize("name", ATTACKS)
def test_what_would_take_all_time_and_memory_is_bounded_and_the_rest_is_read(write, name):
    path = write(entities(f"{ATTACKS[name]} 0 POINT 8 a 10 1 20 2", "AC1032"))
    begun = time.monotonic()
    raw = read_raw(path)
    assert time.monotonic() - begun < 10
    assert raw.n_walked <= 100_600
    assert raw.geometry[-1] == shapely.Point(1, 2)
    assert shapely.get_num_coordinates(raw.geometry).max() <= 100_000
    lost = np.flatnonzero(shapely.is_missing(raw.geometry))
    bad = {*raw.findings.records_of("RECORD_UNREADABLE"), *raw.findings.records_of("CAD_LIMIT")}
    assert set(lost) == bad


def test_a_block_that_holds_itself_is_a_point(write):
    blocks = "".join(
        f"0\nBLOCK\n8\n0\n2\n{name}\n70\n0\n10\n0\n20\n0\n0\nINSERT\n8\n0\n2\n{inner}\n10\n0\n20\n0\n"
        "0\nENDBLK\n8\n0\n"
        for name, inner in (("a", "b"), ("b", "a"), ("c", "c"))
    )
    data = entities("0 INSERT 8 井 2 a 10 1 20 2 0 INSERT 8 井 2 c 10 3 20 4").decode()
    section = f"0\nSECTION\n2\nBLOCKS\n{blocks}0\nENDSEC\n0\nSECTION\n2\nENTITIES\n"
    raw = read_raw(write(data.replace("0\nSECTION\n2\nENTITIES\n", section).encode()))
    assert shapely.get_coordinates(raw.geometry).tolist() == [[1, 2], [3, 4]]
    told = raw.findings.frame().query("code == 'CAD_NESTED'")
    assert told[["value", "expected"]].to_numpy().tolist() == [["a", "1"], ["c", "1"]]


def test_an_array_beyond_the_limit_is_rejected_with_the_limit_and_the_way_out(write):
    text = f"0 INSERT 8 a 2 b 70 30000 71 30000 44 1 45 1 10 {X} 20 {Y} 0 POINT 8 a 10 {X} 20 {Y}"
    layer = gcm.read_layer(write(entities(text)), "manholes", crs="EPSG:4549")
    assert layer.ledger["n_rejected"].item() == 1
    told = layer.findings.query("code == 'CAD_LIMIT'")["message_en"].item()
    assert "100,000" in told
    assert "EXPLODE" in told


def test_attributes_beyond_a_thousand_columns_are_told(write):
    tags = "".join(f"0 ATTRIB 8 0 2 t{k} 1 v " for k in range(1005))
    raw = read_raw(write(entities(f"0 INSERT 8 a 2 b 66 1 10 1 20 2 {tags} 0 SEQEND 8 0")))
    assert len(raw.frame.columns) == 1000
    assert "6 attributes beyond 1,000" in codes(raw)["CAD_LEFT"]


@pytest.mark.parametrize("use", [read_raw, list_layers])
def test_without_the_library_the_extra_is_named(save, monkeypatch, use):
    doc = drawing()
    doc.modelspace().add_point((X, Y))
    path = save(doc)
    monkeypatch.setitem(sys.modules, "ezdxf", None)
    with pytest.raises(SourceError) as caught:
        use(path)
    assert 'pip install "geo_citymgmt[dxf]"' in caught.value.remedy
    assert 'pip install "geo_citymgmt[dxf]"' in caught.value.remedy_zh


def test_nothing_is_written_to_the_terminal(write, capfd):
    twice = "0 CIRCLE 5 2F 8 a 10 1 20 1 40 1 " * 2
    assert read_raw(write(entities(twice))).n_walked == 2
    assert capfd.readouterr() == ("", "")
