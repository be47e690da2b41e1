"""One owner for each feature; figures of zones, outside and unlocated make the whole."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

import geo_citymgmt as gcm
from geo_citymgmt.cleaning._place import zone_keys
from tests.conftest import CRS, X0, Y0, points, squares

TWO = squares((0, 0, 100, 100), (100, 0, 200, 100))


def line(*xy):
    return shapely.LineString([(X0 + x, Y0 + y) for x, y in xy])


def test_a_point_on_a_shared_boundary_belongs_to_the_lowest_code():
    assert gcm.assign_zones(points((100, 50)), TWO).tolist() == ["A"]
    assert gcm.assign_zones(points((100, 50)), TWO.iloc[::-1]).tolist() == ["A"]


def test_a_point_outside_and_a_missing_one_have_no_owner_and_keep_the_index():
    frame = points((50, 50), (500, 50)).reindex([0, 1, 2])
    frame.index = ["x", "y", "z"]
    owner = gcm.assign_zones(frame, TWO)
    assert owner.index.tolist() == ["x", "y", "z"]
    assert owner.isna().tolist() == [False, True, True]


def test_a_line_belongs_to_the_zone_with_most_of_it_and_a_tie_to_the_lowest_code():
    lines = gpd.GeoSeries([line((90, 5), (140, 5)), line((50, 5), (150, 5))], crs=CRS)
    assert gcm.assign_zones(lines, TWO).tolist() == ["B", "A"]


def test_a_line_along_a_shared_boundary_is_counted_once():
    pieces = gcm.split_by_zone(gpd.GeoSeries([line((100, 0), (100, 100))], crs=CRS), TWO)
    assert pieces[["zone_code", "share"]].values.tolist() == [["A", 1.0]]


def test_a_line_that_goes_over_itself_is_still_one_whole():
    path = gpd.GeoSeries([line((50, 0), (150, 0), (50, 0))], crs=CRS)
    shares = gcm.split_by_zone(path, TWO).set_index("zone_code")["share"]
    assert shares.to_dict() == pytest.approx({"A": 0.5, "B": 0.5})


def test_a_polygon_that_only_touches_a_zone_has_no_piece_there():
    box = gpd.GeoSeries([shapely.box(X0 + 50, Y0 + 10, X0 + 100, Y0 + 20)], crs=CRS)
    assert gcm.split_by_zone(box, TWO)["zone_code"].tolist() == ["A"]


def test_where_zones_overlap_the_lowest_code_owns():
    overlapping = squares((50, 0, 200, 100), (0, 0, 100, 100), codes="BA")
    assert gcm.assign_zones(points((75, 50)), overlapping).tolist() == ["A"]
    whole = gpd.GeoSeries([shapely.box(X0, Y0, X0 + 200, Y0 + 100)], crs=CRS)
    shares = gcm.split_by_zone(whole, overlapping).set_index("zone_code")["share"]
    assert shares.to_dict() == pytest.approx({"A": 0.5, "B": 0.5})


def test_pieces_add_up_to_the_whole_with_what_lies_outside():
    long = gpd.GeoSeries([line((-50, 50), (250, 50))], crs=CRS)
    pieces = gcm.split_by_zone(long, TWO)
    assert pieces["share"].sum() == pytest.approx(1, abs=1e-12)
    assert pieces.geometry.length.sum() == pytest.approx(300, rel=1e-12)
    assert pieces["zone_code"].isna().sum() == 1


def test_summarise_counts_sums_and_margins():
    frame = points((10, 10), (20, 20), (150, 10), (900, 900), n=[1, 2, 4, 8], kind=list("aabb"))
    table = gcm.summarise(frame, TWO, margins=True, features=("n", "count"), total=("n", "sum"))
    assert table["total"].to_dict() == {"A": 3, "B": 4, "outside": 8, "unlocated": 0, "total": 15}
    assert table["row_kind"].tolist() == ["zone", "zone", "outside", "unlocated", "total"]
    by = gcm.summarise(frame, TWO, by="kind", features=("n", "count"))
    assert by["features"].to_dict() == {("A", "a"): 2, ("A", "b"): 0, ("B", "a"): 0, ("B", "b"): 1}


def test_summarise_by_share_splits_length_at_the_line():
    frame = gpd.GeoDataFrame({"km": [0.1]}, geometry=[line((75, 5), (175, 5))], crs=CRS)
    table = gcm.summarise(frame, TWO, split="share", km=("km", "sum"), m=("length_m", "sum"))
    assert table["km"].tolist() == pytest.approx([0.025, 0.075])
    assert table["m"].tolist() == pytest.approx([25, 75])


def test_summarise_names_what_is_wrong():
    with pytest.raises(gcm.CityDataError, match="no column 'x'"):
        gcm.summarise(points((1, 1)), TWO, a=("x", "sum"))
    with pytest.raises(gcm.CityDataError, match="split"):
        gcm.summarise(points((1, 1)), TWO, split="half")


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:2263", None])
def test_what_is_not_in_metres_is_refused_and_the_crs_that_fits_named(crs):
    if crs is None:
        zones, frame = TWO.set_crs(None, allow_override=True), points((1, 1))
    else:
        zones, frame = TWO.to_crs(4326), points((1, 1)).to_crs(4326)
        if crs == "EPSG:2263":
            zones = gpd.GeoSeries([shapely.box(980_000, 190_000, 990_000, 200_000)], crs=crs)
            frame = gpd.GeoSeries([shapely.Point(985_000, 195_000)], crs=crs)
    fit = {"EPSG:4326": "EPSG:4549", "EPSG:2263": "EPSG:32618", None: "no CRS"}[crs]
    with pytest.raises(gcm.CRSError, match=fit):
        gcm.assign_zones(frame, zones)


@pytest.mark.parametrize("crs", ["EPSG:3857", "EPSG:4548"])
def test_counting_needs_no_scale_and_measuring_does(crs):
    zones, frame = TWO.to_crs(crs), points((1, 1)).to_crs(crs)
    assert gcm.assign_zones(frame, zones).tolist() == ["A"]
    assert gcm.summarise(frame, zones)["count"].tolist() == [1, 0]
    expected = pytest.raises(gcm.CRSError, match=r"37\.\d % wrong.*EPSG:4549")
    if crs == "EPSG:4548":
        expected = pytest.warns(gcm.ScaleWarning, match=r"summarise: areas.*EPSG:4548.*EPSG:4549")
    with expected:
        gcm.summarise(frame, zones, area=("area_m2", "sum"))


def test_two_crs_are_refused_by_name():
    with pytest.raises(gcm.CRSError, match="EPSG:4528"):
        gcm.assign_zones(points((1, 1)).to_crs(4528), TWO)


def test_inputs_are_not_changed():
    frame, zones = points((10, 10), n=[1]), TWO.copy()
    before = frame.copy(), zones.copy()
    gcm.assign_zones(frame, zones)
    gcm.split_by_zone(frame, zones)
    gcm.summarise(frame, zones, margins=True, n=("n", "sum"))
    gcm.coverage(frame, zones, radius_m=10)
    pd.testing.assert_frame_equal(frame, before[0])
    pd.testing.assert_frame_equal(zones, before[1])


def test_check_zones_reports_overlap_and_gap_with_area_and_place():
    zones = squares((0, 0, 100, 300), (90, 0, 200, 100), (100, 200, 200, 300), (200, 0, 300, 300))
    found = gcm.check_zones(zones)
    assert found["code"].tolist() == ["ZONES_OVERLAP", "ZONES_GAP"]
    assert "1,000" in found["message_en"].iloc[0]
    assert found["x"].iloc[0] == pytest.approx(X0 + 95, abs=5)
    assert "10,000" in found["message_en"].iloc[1]


def test_the_sample_zones_pass(city):
    assert gcm.check_zones(city.zones).empty
    assert gcm.check_zones(city.zones_at("street")).empty


def test_points_agree_with_geopandas_where_a_point_is_inside_one_zone(city):
    frame = city["manholes"]
    joined = frame[["geometry"]].sjoin(city.zones[["geometry"]], predicate="within")
    alone = joined[~joined.index.duplicated(keep=False)]
    owner = gcm.assign_zones(frame, city.zones)
    assert len(alone) > 11_000
    assert (owner.loc[alone.index] == alone[city.zones.index.name]).all()


coordinate = st.integers(-40, 240).map(float)
cells = st.lists(st.tuples(coordinate, coordinate), min_size=1, max_size=30)
orders = st.permutations([0, 1, 2, 3])
GRID = squares((0, 0, 100, 100), (100, 0, 200, 100), (0, 100, 100, 200), (100, 100, 200, 200))


@given(cells, orders)
def test_owners_do_not_depend_on_the_order_of_rows_or_zones(xy, order):
    frame = points(*xy)
    expected = gcm.assign_zones(frame, GRID)
    shuffled = gcm.assign_zones(frame.iloc[::-1], GRID.iloc[list(order)])
    pd.testing.assert_series_equal(shuffled.sort_index(), expected)


@given(st.lists(st.tuples(coordinate, coordinate), min_size=2, max_size=6, unique=True))
def test_shares_of_any_line_add_up_to_one(xy):
    path = gpd.GeoSeries([line(*xy)], crs=CRS)
    pieces = gcm.split_by_zone(path, GRID)
    assert pieces["share"].sum() == pytest.approx(1, abs=1e-9)
    # An overlay gives a stretch that a line goes over twice only once.
    if path.is_simple.iloc[0]:
        assert pieces.geometry.length.sum() == pytest.approx(path.length.iloc[0], rel=1e-9)


@given(cells)
def test_zones_outside_and_unlocated_make_the_total(xy):
    frame = points(*xy, n=list(range(len(xy))))
    table = gcm.summarise(frame, GRID, margins=True, n=("n", "sum"), features=("n", "count"))
    parts = table[table["row_kind"] != "total"].drop(columns="row_kind").sum()
    assert parts.to_dict() == table.loc["total", ["n", "features"]].to_dict()
    assert parts["features"] == len(xy)


def test_many_zones_give_the_same_owners_as_few():
    rng = np.random.default_rng(0)
    frame = points(*rng.uniform(0, 1000, (500, 2)).round(0))
    steps = range(0, 1000, 100)
    boxes = [(x, y, x + 100, y + 100) for x in steps for y in steps]
    fine = squares(*boxes, codes=[f"{k:03d}" for k in range(100)])
    owner = gcm.assign_zones(frame, fine)
    tested = [min(c for c in fine.index if fine.geometry[c].covers(p)) for p in frame.geometry]
    assert owner.tolist() == tested


def box(west, south, width, height):
    return shapely.box(X0 + west, Y0 + south, X0 + west + width, Y0 + south + height)


side = st.integers(1, 120)
boxes = st.lists(st.builds(box, coordinate, coordinate, side, side), min_size=1, max_size=5)
paths = st.lists(st.tuples(coordinate, coordinate), min_size=2, max_size=4, unique=True).map(
    lambda xy: line(*xy)
)
things = st.lists(
    st.one_of(boxes.map(lambda b: b[0]), paths, st.builds(box, coordinate, coordinate, side, side)),
    min_size=1,
    max_size=5,
)


def plain_owners(shapes, zones):
    """Overlay each with what each zone has left from the lower codes, one by one."""
    taken, own = shapely.Polygon(), {}
    for code in sorted(zones.index):
        own[code] = zones.geometry[code].difference(taken)
        taken = taken.union(zones.geometry[code])
    out = []
    for shape in shapes:
        rest, sizes = shape, {}
        for code, zone in own.items():
            part = rest.intersection(zone)
            sizes[code] = part.area if shape.area else part.length
            if not shape.area:
                rest = rest.difference(zone)
        most = max(sizes.values())
        whole = shape.area or shape.length
        best = min(code for code, size in sizes.items() if size >= most - 1e-9 * whole)
        out.append(best if most > 1e-9 * whole else None)
    return out


@given(things, boxes, st.randoms(use_true_random=False))
def test_owners_of_lines_and_polygons_are_those_of_the_plain_way_in_any_order(
    shapes, zone_boxes, random
):
    zones = gpd.GeoDataFrame(
        {"zone_code": list("ABCDE")[: len(zone_boxes)]}, geometry=zone_boxes, crs=CRS
    ).set_index("zone_code")
    frame = gpd.GeoSeries(shapes, crs=CRS)
    owner = gcm.assign_zones(frame, zones)
    assert [None if pd.isna(o) else o for o in owner] == plain_owners(shapes, zones)
    rows = random.sample(range(len(shapes)), len(shapes))
    order = random.sample(range(len(zones)), len(zones))
    again = gcm.assign_zones(frame.iloc[rows], zones.iloc[order])
    pd.testing.assert_series_equal(again.sort_index(), owner)


@given(things, boxes)
def test_pieces_of_lines_and_polygons_make_the_whole(shapes, zone_boxes):
    zones = gpd.GeoSeries(zone_boxes, index=list("ABCDE")[: len(zone_boxes)], crs=CRS)
    pieces = gcm.split_by_zone(gpd.GeoSeries(shapes, crs=CRS), zones)
    shares = pieces.groupby(level=0)["share"].sum()
    assert shares.tolist() == pytest.approx([1.0] * len(shapes), abs=1e-9)
    area = pieces.geometry.area.groupby(level=0).sum()
    assert area.tolist() == pytest.approx(shapely.area(shapes).tolist(), rel=1e-9)


def test_a_stretch_along_a_shared_boundary_belongs_to_the_lowest_code():
    bent = gpd.GeoSeries([line((100, 0), (100, 75), (125, 75))], crs=CRS)
    pieces = gcm.split_by_zone(bent, TWO)
    assert pieces[["zone_code", "share"]].values.tolist() == [["A", 0.75], ["B", 0.25]]
    assert gcm.assign_zones(bent, TWO).tolist() == ["A"]


def test_several_points_in_one_feature_on_a_shared_boundary_are_counted_once():
    pair = shapely.MultiPoint([(X0 + 100, Y0 + 50), (X0 + 150, Y0 + 50)])
    pieces = gcm.split_by_zone(gpd.GeoSeries([pair], crs=CRS), TWO)
    assert pieces[["zone_code", "share"]].values.tolist() == [["A", 0.5], ["B", 0.5]]


def test_points_without_coordinates_and_other_features_side_by_side():
    mixed = gpd.GeoSeries(
        [shapely.Point(), None, line((10, 10), (20, 10)), shapely.Point(X0 + 150, Y0 + 1)], crs=CRS
    )
    owner = gcm.assign_zones(mixed, TWO)
    assert owner.isna().tolist() == [True, True, False, False]
    assert owner.tolist()[2:] == ["A", "B"]


@pytest.mark.parametrize(
    ("outline", "ledger"),
    [
        ("罗湖", "罗湖区"),
        ("罗湖区", "罗湖"),
        ("昆山", "昆山市"),
        ("桐庐县", "桐庐"),
        ("桐庐", "桐庐县"),
    ],
)
def test_a_district_is_known_with_and_without_its_last_character(outline, ledger):
    zones = squares((0, 0, 1, 1), (1, 0, 2, 1)).assign(name_zh=[outline, "园区"])
    keys = zone_keys(zones)
    assert keys[ledger] == ["A"]
    # A full name is that of its own zone, whatever another might be called for short.
    both = zones.assign(name_zh=[outline, ledger])
    assert zone_keys(both)[ledger] == ["B"]
