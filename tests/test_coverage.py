"""Coverage by discs in closed form, held against ways of computing it that share no code."""

from __future__ import annotations

from itertools import pairwise

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

import geo_citymgmt as gcm
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


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(-200, 1200), st.integers(-200, 1200)), min_size=1, max_size=25),
    st.integers(20, 600),
)
def test_any_configuration_agrees_with_extrapolated_buffers(xy, radius):
    zone = squares((0, 0, 1000, 1000))
    frame = points(*xy)
    expected = richardson(frame, zone.geometry.iloc[0], radius)
    assert covered(frame, zone, radius) == pytest.approx(expected, rel=1e-6, abs=1e-3)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300)), min_size=1, max_size=20),
    st.integers(10, 200),
    st.integers(1, 100),
)
def test_coverage_grows_with_the_radius_and_with_features(xy, radius, more):
    zones = squares((0, 0, 150, 300), (150, 0, 300, 300))
    frame = points(*xy)
    some = gcm.coverage(frame.iloc[:1], zones, radius_m=radius)["covered_m2"]
    all_ = gcm.coverage(frame, zones, radius_m=radius)["covered_m2"]
    wider = gcm.coverage(frame, zones, radius_m=radius + more)["covered_m2"]
    slack = 1e-6
    assert (some <= all_ + slack).all()
    assert (all_ <= wider + slack).all()


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
