"""Coverage by discs in closed form, held against ways of computing it that share no code."""

from __future__ import annotations

from itertools import pairwise

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

import geo_citymgmt as gcm
from geo_citymgmt.access._discs import DiscDepth, DiscUnion
from tests.circles import area_covered
from tests.conftest import CRS, X0, Y0, points, squares

WIDE = squares((-5_000, -5_000, 5_000, 5_000))


def richardson(frame: gpd.GeoDataFrame, polygon: shapely.Polygon, radius: float) -> float:
    """Area of the union of buffers inside ``polygon``, extrapolated to infinitely many segments.

    A polygon inscribed in a circle is short of it by c2/n^2 + c4/n^4 + ...: three sizes cancel two
    terms.
    """
    areas = []
    for segments in (64, 128, 256):
        union = shapely.union_all(
            shapely.buffer(frame.geometry.to_numpy(), radius, quad_segs=segments)
        )
        areas.append(shapely.area(shapely.intersection(union, polygon)))
    first = [(4 * fine - coarse) / 3 for coarse, fine in pairwise(areas)]
    return (16 * first[1] - first[0]) / 15


def covered(frame: gpd.GeoDataFrame, zones: gpd.GeoDataFrame, radius: float) -> float:
    return gcm.coverage(frame, zones, radius_m=radius)["covered_m2"].sum()


def test_one_disc_has_the_area_of_a_circle():
    assert covered(points((0, 0)), WIDE, 300) == pytest.approx(np.pi * 300**2, rel=1e-12)


def test_two_discs_share_the_lens_of_the_textbook():
    d, r = 300.0, 200.0
    lens = 2 * r**2 * np.arccos(d / (2 * r)) - d / 2 * np.sqrt(4 * r**2 - d**2)
    assert covered(points((0, 0), (d, 0)), WIDE, r) == pytest.approx(
        2 * np.pi * r**2 - lens, rel=1e-12
    )


def test_half_and_quarter_discs_at_the_edge_and_the_corner_of_a_zone():
    zone = squares((0, 0, 1000, 1000))
    assert covered(points((0, 500)), zone, 100) == pytest.approx(np.pi * 100**2 / 2, rel=1e-12)
    assert covered(points((0, 0)), zone, 100) == pytest.approx(np.pi * 100**2 / 4, rel=1e-12)


def test_a_radius_larger_than_the_city_covers_all_of_it():
    table = gcm.coverage(points((10, 20)), WIDE, radius_m=50_000)
    assert table["coverage"].iloc[0] == pytest.approx(1, rel=1e-12)


def test_coincident_points_count_once_and_a_point_outside_reaches_in():
    one = covered(points((0, 0)), WIDE, 100)
    assert covered(points((0, 0), (0, 0), (0, 0)), WIDE, 100) == pytest.approx(one, rel=1e-12)
    assert covered(points((-50, 500)), squares((0, 0, 1000, 1000)), 100) > 0


def test_collinear_points_and_a_square_grid_of_points():
    row = [(100.0 * k, 0.0) for k in range(8)]
    grid = [(100.0 * i, 100.0 * j) for i in range(6) for j in range(6)]
    for xy in (row, grid):
        frame = points(*xy)
        expected = richardson(frame, WIDE.geometry.iloc[0], 80.0)
        assert covered(frame, WIDE, 80.0) == pytest.approx(expected, rel=1e-9)


def test_a_zone_with_a_hole_and_two_parts():
    ring = shapely.box(X0, Y0, X0 + 900, Y0 + 900) - shapely.box(
        X0 + 300, Y0 + 300, X0 + 600, Y0 + 600
    )
    island = shapely.box(X0 + 1000, Y0, X0 + 1200, Y0 + 300)
    zone = gpd.GeoDataFrame(
        {"zone_code": ["A"]}, geometry=[shapely.MultiPolygon([ring, island])], crs=CRS
    ).set_index("zone_code")
    frame = points((450, 450), (320, 310), (950, 100), (899, 899), (0, 450))
    expected = richardson(frame, zone.geometry.iloc[0], 170.0)
    # Where a disc crosses an edge the error of its polygon is not smooth in the segments.
    assert covered(frame, zone, 170.0) == pytest.approx(expected, rel=1e-7)


#: A zone with a hole and two parts; places are on a net of 50 m, on its sides and corners too.
ODD = shapely.MultiPolygon(
    [
        shapely.box(0, 0, 900, 900) - shapely.box(300, 300, 600, 600),
        shapely.Polygon([(1000, 0), (1200, 50), (1150, 400), (1000, 300)]),
    ]
)
net = st.integers(-4, 26).map(lambda k: 50.0 * k)
anywhere = st.floats(-200, 1300, allow_subnormal=False).map(lambda v: round(v, 3))
on_a_circle = st.integers(0, 359).map(
    lambda d: (450 + 300 * np.cos(np.radians(d)), 450 + 300 * np.sin(np.radians(d)))
)
on_a_line = anywhere.map(lambda v: (v, 450.0))
places = st.one_of(
    st.lists(st.tuples(net, net), min_size=1, max_size=12),
    st.lists(st.tuples(anywhere, anywhere), min_size=1, max_size=12),
    st.lists(on_a_circle, min_size=1, max_size=12),
    st.lists(on_a_line, min_size=1, max_size=12),
)
radii = st.sampled_from([0.05, 20.0, 50.0, 100.0, 150.0, 170.3, 50 * 2**0.5, 450.0, 700.0, 3_000.0])
#: Green's theorem loses digits where circles are tiny beside the zone.
wider = radii.filter(lambda r: r > 1)


def odd_zone(dx: float = X0, dy: float = Y0, factor: float = 1.0) -> np.ndarray:
    return np.array([shapely.transform(ODD, lambda xy: xy * factor + [dx, dy])])


def exact(xy: list, radius: float, zone: np.ndarray, dx: float = X0, dy: float = Y0) -> float:
    x, y = np.array(xy, dtype=float).T
    return float(DiscUnion(x + dx, y + dy, radius).area_in(zone)[0])


@given(places, wider)
def test_any_configuration_agrees_with_arcs_by_greens_theorem(xy, radius):
    expected = area_covered(xy, radius, ODD)
    found = exact(xy, radius, odd_zone(0, 0), 0, 0)
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-9 * radius**2)


@pytest.mark.parametrize(
    ("place", "part"),
    [((450, 100), 1), ((0, 500), 1 / 2), ((900, 900), 1 / 4), ((300, 600), 3 / 4), ((450, 450), 0)],
)
def test_a_tiny_disc_is_whole_inside_and_parted_on_sides_and_corners(place, part):
    for radius in (1e-3, 0.05, 1.0):
        whole = np.pi * radius**2
        assert exact([place], radius, odd_zone(0, 0), 0, 0) == pytest.approx(part * whole, rel=1e-9)
        # Beside coordinates of a city the sides of a millimetre have nine digits.
        found = exact([place], radius, odd_zone())
        assert found == pytest.approx(part * whole, rel=1e-6)


@given(places, wider, st.integers(1, 5))
def test_reached_by_several_agrees_with_arcs_by_greens_theorem(xy, radius, at_least):
    x, y = np.array(xy, dtype=float).T
    depth = DiscDepth(x, y, radius, at_least)
    inside, whole = (area_covered(xy, radius, part, at_least) for part in (ODD, None))
    tiny = 1e-9 * radius**2
    assert depth.area_in(odd_zone(0, 0))[0] == pytest.approx(inside, rel=1e-9, abs=tiny)
    assert depth.area() == pytest.approx(whole, rel=1e-9, abs=tiny)


@given(places, wider)
def test_one_by_pieces_of_outlines_is_one_by_cells(xy, radius):
    x, y = np.add(xy, (X0, Y0)).T
    found = DiscDepth(x, y, radius, 1).area_in(odd_zone())[0]
    tiny = 1e-9 * radius**2
    assert found == pytest.approx(exact(xy, radius, odd_zone()), rel=1e-9, abs=tiny)


def test_the_depths_of_discs_add_up_to_all_discs():
    rng = np.random.default_rng(5)
    x, y = rng.integers(0, 12, (2, 40)) * 70.0
    sums = sum(DiscDepth(x, y, 150.0, k).area() for k in range(1, 41))
    assert sums == pytest.approx(40 * np.pi * 150**2, rel=1e-12)


@given(places, radii, st.sampled_from([1e-6, 1.0, 33.3, 1_000.0]))
def test_a_wider_radius_never_covers_less(xy, radius, more):
    some, all_ = (exact(xy, r, odd_zone()) for r in (radius, radius + more))
    assert some <= all_ + 1e-9 * max(all_, 1.0)


@given(places, radii, st.integers(-20_000, 20_000), st.integers(-20_000, 20_000))
def test_moving_all_changes_nothing(xy, radius, dx, dy):
    here, there = (
        exact(xy, radius, odd_zone(0, 0), 0, 0),
        exact(xy, radius, odd_zone(dx, dy), dx, dy),
    )
    # A place kept to a millimetre moves by the last digit of the sum.
    assert there == pytest.approx(here, rel=1e-9, abs=1e-8 * radius)


@given(places, radii, st.sampled_from([2.0, 0.125, 1000.0, 3.7]))
def test_scaling_all_scales_the_area_by_the_square(xy, radius, factor):
    larger = [(factor * x, factor * y) for x, y in xy]
    found = exact(larger, factor * radius, odd_zone(0, 0, factor), 0, 0)
    plain = exact(xy, radius, odd_zone(0, 0), 0, 0)
    assert found == pytest.approx(factor**2 * plain, rel=1e-9, abs=1e-9 * (factor * radius) ** 2)


@given(places, radii, st.randoms(use_true_random=False))
def test_the_order_and_repetition_of_points_do_not_matter(xy, radius, random):
    mixed = [*xy, xy[0]]
    random.shuffle(mixed)
    assert exact(mixed, radius, odd_zone()) == exact(xy, radius, odd_zone())


@given(places, radii)
def test_zones_and_what_is_outside_make_the_union(xy, radius):
    x, y = np.array(xy, dtype=float).T
    frame = shapely.box(-5_000, -5_000, 6_000, 6_000)
    tiles = [shapely.box(0, 0, 450, 1000), shapely.box(450, 0, 1200, 1000)]
    rest = shapely.difference(frame, shapely.union_all(tiles))
    parts = DiscUnion(x, y, radius).area_in(np.array([*tiles, rest]))
    union = DiscUnion(x, y, radius).area()
    assert parts.sum() == pytest.approx(union, rel=1e-9)


@given(st.lists(st.tuples(anywhere, anywhere), min_size=1, max_size=25), st.integers(20, 600))
def test_any_configuration_agrees_with_extrapolated_buffers(xy, radius):
    zone = squares((-2_000, -2_000, 3_000, 3_000))
    frame = points(*xy)
    expected = richardson(frame, zone.geometry.iloc[0], radius)
    # Two circles that barely touch have no smooth error in the segments.
    assert covered(frame, zone, radius) == pytest.approx(expected, rel=1e-6, abs=1e-3)


def test_cocircular_points_by_the_hundred_keep_each_its_cell():
    rng = np.random.default_rng(3)
    for _ in range(100):
        turn = rng.uniform(0, 2 * np.pi, 60)
        xy = np.column_stack([450 + 400 * np.cos(turn), 450 + 400 * np.sin(turn)])
        expected = area_covered(xy, 30.0, None)
        assert DiscUnion(*xy.T, 30.0).area() == pytest.approx(expected, rel=1e-9)


def test_a_triangulation_without_a_third_coordinate_gives_the_same(monkeypatch):
    xy = np.random.default_rng(4).uniform(0, 1000, (300, 2))
    expected = DiscUnion(*xy.T, 60.0).share_area
    plain = shapely.delaunay_triangles
    monkeypatch.setattr(shapely, "delaunay_triangles", lambda seeds: shapely.force_2d(plain(seeds)))
    assert DiscUnion(*xy.T, 60.0).share_area.tolist() == expected.tolist()


def test_points_a_nanometre_apart_count_as_one():
    rng = np.random.default_rng(8)
    xy = rng.uniform(0, 1000, (200, 2))
    double = np.vstack([xy, xy + rng.normal(0, 1e-9, xy.shape)])
    zone = odd_zone(0, 0)
    once, twice = (DiscUnion(*v.T, 60.0).area_in(zone)[0] for v in (xy, double))
    assert twice == pytest.approx(once, rel=1e-9)


def test_at_least_two_is_the_lens_and_coincident_features_count_each():
    d, r = 300.0, 200.0
    lens = 2 * r**2 * np.arccos(d / (2 * r)) - d / 2 * np.sqrt(4 * r**2 - d**2)
    table = gcm.coverage(points((0, 0), (d, 0)), WIDE, radius_m=r, at_least=2, margins=True)
    assert table["covered_m2"].tolist() == pytest.approx([lens, 0, 0, lens], rel=1e-9)
    twice = gcm.coverage(points((0, 0), (0, 0)), WIDE, radius_m=r, at_least=2)
    assert twice["covered_m2"].iloc[0] == pytest.approx(np.pi * r**2, rel=1e-12)


def test_points_of_demand_need_as_many_features():
    homes = points((0, 0), (250, 0), people=[3.0, 4.0])
    stops = points((-50, 0), (50, 0), (300, 0))
    zone = squares((-1000, -1000, 1000, 1000))
    table = gcm.coverage(stops, zone, radius_m=100, at_least=2, demand=homes, weight="people")
    assert table[["demand", "demand_covered"]].iloc[0].tolist() == [7.0, 3.0]


def test_lines_reached_by_two_agree_with_points_within_the_arc_tolerance():
    near = [shapely.LineString([(X0 + x, Y0), (X0 + x, Y0 + 0.001)]) for x in (0, 150, 300)]
    lines = gpd.GeoSeries(near, crs=CRS)
    expected = gcm.coverage(points((0, 0), (150, 0), (300, 0)), WIDE, radius_m=200, at_least=2)[
        "covered_m2"
    ].iloc[0]
    found = gcm.coverage(lines, WIDE, radius_m=200, at_least=2)["covered_m2"].iloc[0]
    assert found == pytest.approx(expected, rel=2e-4)
    drawn = gcm.coverage_area(points((0, 0), (150, 0), (300, 0)), WIDE, radius_m=200, at_least=2)
    assert drawn.geometry.area.iloc[0] == pytest.approx(expected, rel=2e-4)


@pytest.mark.parametrize("at_least", [0, -1, 1.5])
def test_at_least_must_be_a_whole_number_from_one(at_least):
    with pytest.raises(gcm.CityDataError, match="at_least"):
        gcm.coverage(points((0, 0)), WIDE, radius_m=1, at_least=at_least)


@given(
    st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300)), min_size=1, max_size=20),
    st.integers(10, 200),
)
def test_coverage_grows_with_features_and_falls_with_the_number_asked_for(xy, radius):
    zones = squares((0, 0, 150, 300), (150, 0, 300, 300))
    frame = points(*xy)
    some = gcm.coverage(frame.iloc[:1], zones, radius_m=radius)["covered_m2"]
    all_ = gcm.coverage(frame, zones, radius_m=radius)["covered_m2"]
    twice = gcm.coverage(frame, zones, radius_m=radius, at_least=2)["covered_m2"]
    slack = 1e-6
    assert (some <= all_ + slack).all()
    assert (twice <= all_ + slack).all()


def test_zones_and_outside_make_the_whole_union():
    zones = squares((0, 0, 500, 1000), (500, 0, 1000, 1000))
    frame = points((0, 500), (480, 500), (520, 400), (1500, 0))
    table = gcm.coverage(frame, zones, radius_m=200, margins=True)
    parts = table[table["row_kind"].isin(["zone", "outside", "unlocated"])]["covered_m2"].sum()
    assert parts == pytest.approx(table.loc["total", "covered_m2"], rel=1e-12)


def test_demand_is_reached_by_area_share_or_as_points():
    zones = squares((0, 0, 1000, 1000))
    cell = gpd.GeoDataFrame(
        {"people": [1000.0]}, geometry=[shapely.box(X0, Y0, X0 + 200, Y0 + 200)], crs=CRS
    )
    table = gcm.coverage(points((0, 0)), zones, radius_m=100, demand=cell, weight="people")
    assert table["demand_covered"].iloc[0] == pytest.approx(1000 * np.pi / 16, rel=1e-12)
    homes = points((50, 0), (150, 0), people=[3.0, 4.0])
    table = gcm.coverage(points((0, 0)), zones, radius_m=100, demand=homes, weight="people")
    assert table[["demand", "demand_covered"]].iloc[0].tolist() == [7.0, 3.0]


def test_demand_of_zones_and_outside_make_the_total():
    zones = squares((0, 0, 500, 1000))
    homes = points((50, 0), (700, 0), people=[3.0, 4.0])
    table = gcm.coverage(
        points((0, 0)), zones, radius_m=100, demand=homes, weight="people", margins=True
    )
    assert table["demand"].tolist() == [3.0, 4.0, 0.0, 7.0]


def test_lines_are_covered_through_buffers_of_stated_tolerance():
    road = gpd.GeoSeries([shapely.LineString([(X0, Y0), (X0 + 1000, Y0)])], crs=CRS)
    exact = 1000 * 200 + np.pi * 100**2
    assert covered(road, WIDE, 100) == pytest.approx(exact, rel=1e-4)
    assert covered(road, WIDE, 100) < exact


def test_nothing_is_covered_by_nothing():
    none = points((0, 0)).iloc[:0]
    table = gcm.coverage(none, WIDE, radius_m=100, margins=True)
    assert table["covered_m2"].tolist() == [0.0, 0.0, 0.0, 0.0]
    assert gcm.coverage_area(none, WIDE, radius_m=100).geometry.is_empty.all()


@pytest.mark.parametrize("radius", [0, -5, float("nan"), float("inf")])
def test_a_radius_that_is_none_is_refused(radius):
    with pytest.raises(gcm.CityDataError, match="radius_m"):
        gcm.coverage(points((0, 0)), WIDE, radius_m=radius)


def test_the_drawn_area_is_the_figure_within_its_arc_tolerance(city):
    bikes = city["bike_stations"]
    table = gcm.coverage(bikes, city.zones, radius_m=300)
    drawn = gcm.coverage_area(bikes, city.zones, radius_m=300)
    assert drawn["covered_m2"].to_numpy() == pytest.approx(table["covered_m2"].to_numpy())
    assert drawn.geometry.area.to_numpy() == pytest.approx(table["covered_m2"].to_numpy(), rel=2e-4)


def test_people_of_the_sample_add_up_to_the_census(city):
    table = gcm.coverage(
        city["bike_stations"],
        city.zones,
        radius_m=300,
        demand=city["population_cells"],
        weight="population",
        margins=True,
    )
    assert table.loc["total", "demand"] == pytest.approx(12_748_262)
    assert table.loc[city.zones.index, "demand"].to_numpy() == pytest.approx(
        city.zones["population"].to_numpy(dtype=float), rel=1e-6
    )
