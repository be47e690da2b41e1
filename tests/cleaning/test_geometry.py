"""Geometry: flat, finite, valid; each repair told, footprints reduced, twins found."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import example, given
from hypothesis import strategies as st

import geo_citymgmt as gcm
from geo_citymgmt.cleaning._geometry import centre_line, clean_geometry, report_coincident
from geo_citymgmt.findings import Findings
from geo_citymgmt.spec import load_specs
from tests.conftest import CRS, X0, Y0

SPECS = load_specs()


def clean(layer: str, *geometry):
    findings = Findings()
    shapes = np.array([*geometry, None], dtype=object)[:-1]
    out, unusable = clean_geometry(shapes, SPECS[layer], findings, np.arange(len(shapes)))
    return out, unusable, findings.frame()


def test_heights_and_measures_are_dropped_and_that_is_said():
    measured = shapely.from_wkt("POINT M (3 4 5)")
    out, _, told = clean("manholes", shapely.Point(1, 2, 3), measured, shapely.Point(5, 6))
    assert not shapely.has_z(out).any()
    assert not shapely.has_m(out).any()
    assert shapely.get_coordinates(out).tolist() == [[1, 2], [3, 4], [5, 6]]
    assert told[["code", "value"]].values.tolist() == [["GEOM_FLATTENED", "2"]]


def test_repeated_vertices_go_and_the_shape_stays():
    square = shapely.Polygon([(0, 0), (0, 0), (9, 0), (9, 9), (9, 9), (0, 9)])
    out, _, told = clean("illegal_construction", square)
    assert shapely.get_num_coordinates(out[0]) == 5
    assert out[0].equals(square)
    row = told.iloc[0]
    assert (row["code"], row["value"], row["severity"]) == ("GEOM_VERTICES", "2", "info")


def test_several_parts_and_slivers_are_told_and_kept():
    islands = shapely.MultiPolygon([shapely.box(0, 0, 5, 5), shapely.box(9, 9, 15, 15)])
    sliver = shapely.box(0, 0, 30, 0.05)
    out, _, told = clean("illegal_construction", islands, sliver)
    assert not shapely.is_missing(out).any()
    assert told.set_index("record")["code"].to_dict() == {0: "GEOM_MULTIPART", 1: "GEOM_SLIVER"}


def test_a_collection_of_one_part_is_that_part():
    out, _, told = clean("manholes", shapely.GeometryCollection([shapely.Point(1, 2)]))
    assert out[0].equals(shapely.Point(1, 2))
    assert told.empty


STRAIGHT = shapely.LineString([(0, 0), (500, 40)])
BENT = shapely.LineString([(0, 0), (400, 0), (400, 300), (800, 500)])


@pytest.mark.parametrize("width", [3.0, 8.0, 15.0])
@pytest.mark.parametrize(
    "line",
    [shapely.LineString([(0, 0), (500, 40)]), BENT, shapely.Point(0, 0).buffer(600).boundary],
)
def test_a_strip_gives_back_the_line_it_was_drawn_from(line, width):
    if line.is_closed:
        line = shapely.ops.substring(line, 0, 0.6, normalized=True)
    found = centre_line(line.buffer(width / 2, cap_style="flat"))
    assert found.length == pytest.approx(line.length, rel=0.03)
    assert shapely.hausdorff_distance(found, line) < width


def test_what_is_no_strip_has_no_centre_line():
    cross = shapely.union(shapely.box(-100, -2, 100, 2), shapely.box(-2, -100, 2, 100))
    ring = shapely.Point(0, 0).buffer(100).boundary.buffer(3)
    for shape in (shapely.box(0, 0, 10, 20), cross, ring, shapely.Point(0, 0).buffer(5)):
        assert centre_line(shape) is None


def test_a_footprint_of_a_tunnel_is_reduced_and_a_block_is_refused():
    strip, block = shapely.box(0, 0, 400, 5), shapely.box(0, 0, 40, 40)
    out, unusable, told = clean("utility_tunnels", strip, block)
    assert out[0].geom_type == "LineString"
    assert out[0].length == pytest.approx(400, abs=1)
    assert told["code"].tolist() == ["GEOM_REDUCED"]
    assert unusable.code.tolist() == ["", "GEOM_TYPE"]
    assert "strip" in unusable.expected[1]


def twins(*geometry, **key):
    findings = Findings()
    shapes = np.array([*geometry, None], dtype=object)[:-1]
    n = np.arange(len(shapes))
    table = pd.DataFrame(key or {"kind": ["a"] * len(shapes)})
    report_coincident(shapes, table, pd.Series(n.astype(str)), findings, n)
    return findings.frame()


def test_the_same_place_and_key_fields_make_a_twin():
    told = twins(shapely.Point(1, 2), None, shapely.Point(1, 2), shapely.Point(2, 1))
    assert told[["record", "value", "code"]].values.tolist() == [[2, "0", "GEOM_DUPLICATE"]]
    assert twins(shapely.Point(1, 2), shapely.Point(1, 2), kind=["a", "b"]).empty


def test_a_polygon_from_another_start_is_still_the_same():
    a = shapely.Polygon([(0, 0), (5, 0), (5, 5), (0, 5)])
    b = shapely.Polygon([(5, 5), (5, 0), (0, 0), (0, 5)])
    assert twins(a, b)["record"].tolist() == [1]


coordinate = st.integers(0, 6).map(float)
rings = st.lists(st.tuples(coordinate, coordinate), min_size=4, max_size=9)


@given(st.lists(rings, min_size=1, max_size=4))
@example([[(4, 0), (0, 2), (0, 3), (4, 0), (0, 2), (0, 0), (2, 5)]])  # One pass leaves it invalid.
def test_what_has_been_repaired_needs_no_second_repair(shapes):
    out, unusable, _ = clean("illegal_construction", *(shapely.Polygon(s) for s in shapes))
    assert ((unusable.code == "") == ~shapely.is_missing(out)).all()
    assert shapely.is_valid(out[~shapely.is_missing(out)]).all()
    kept = out[~shapely.is_missing(out)]
    again, lost, told = clean("illegal_construction", *kept)
    assert (lost.code == "").all()
    assert not (told["action"] == "repaired").any()
    assert shapely.equals_identical(again, kept).all()


def test_a_line_that_ends_where_it_begins_is_the_area_it_goes_around_and_told():
    ring = shapely.LineString([(X0, Y0), (X0 + 9, Y0), (X0 + 9, Y0 + 9), (X0, Y0 + 9), (X0, Y0)])
    open_line = shapely.LineString([(X0, Y0), (X0 + 9, Y0), (X0 + 9, Y0 + 9)])
    frame = gpd.GeoDataFrame({"parcel_id": ["a", "b"]}, geometry=[ring, open_line], crs=CRS)
    layer = gcm.read_layer(frame, "illegal_construction")
    assert layer.data.geometry.area.tolist() == [81.0]
    codes = layer.findings.groupby("code")["key"].agg(list)
    assert (codes["GEOM_CLOSED"], codes["GEOM_TYPE"]) == (["a"], ["b"])
