"""Where people are out of reach."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

import geo_citymgmt as gcm
from tests.conftest import CRS, X0, Y0, points, squares


def cells(*boxes: tuple[float, float], people: list[float], side: float = 100.0):
    shapes = [shapely.box(X0 + w, Y0 + s, X0 + w + side, Y0 + s + side) for w, s in boxes]
    return gpd.GeoDataFrame({"people": people}, geometry=shapes, crs=CRS)


ZONES = squares((0, 0, 1000, 1000), (1000, 0, 2000, 1000))


def gaps(stops, demand, **kwargs) -> gpd.GeoDataFrame:
    kwargs = {"radius_m": 50.0, "weight": "people", **kwargs}
    return gcm.coverage_gaps(stops, kwargs.pop("zones", ZONES), demand=demand, **kwargs)


def test_cells_that_share_a_side_are_one_gap_and_zones_part_it():
    demand = cells((800, 0), (900, 0), (1000, 0), (200, 500), people=[1.0, 2.0, 4.0, 8.0])
    table = gaps(points((5_000, 5_000)), demand)
    assert table["demand"].tolist() == [8.0, 4.0, 3.0]
    assert table["zone_code"].tolist() == ["A", "B", "A"]
    assert table["area_m2"].tolist() == pytest.approx([1e4, 1e4, 2e4])
    assert table.index.tolist() == [1, 2, 3]
    assert table.index.name == "rank"


def test_what_is_reached_is_cut_out_and_its_people_are_counted_exactly():
    demand = cells((100, 100), people=[1000.0])
    table = gaps(points((150, 150)), demand)
    left = 100.0**2 - np.pi * 50**2
    assert table["demand"].sum() == pytest.approx(1000 * left / 1e4, rel=1e-9)
    # The disc touches the four sides: chords of the drawn one leave a thread between corners.
    assert table["area_m2"].sum() == pytest.approx(left, rel=1e-3)


def test_the_distance_is_the_mean_over_the_people():
    demand = cells((100, 100), (200, 100), people=[3.0, 1.0])
    table = gaps(points((150, 450)), demand)
    middle = np.hypot(100, 300)
    assert table["distance_m"].tolist() == [pytest.approx((3 * 300 + middle) / 4)]


def test_without_features_all_is_a_gap_and_how_far_is_unknown():
    table = gaps(points((0, 0)).iloc[:0], cells((0, 0), people=[5.0]))
    assert table["demand"].tolist() == [5.0]
    assert table["distance_m"].isna().all()


def test_nothing_unreached_is_an_empty_table():
    table = gaps(points((50, 50)), cells((0, 0), people=[5.0]), radius_m=500.0)
    assert len(table) == 0
    assert table.crs == CRS
    assert list(table) == ["zone_code", "demand", "area_m2", "distance_m", "geometry"]


def test_limits_of_number_demand_and_density_are_kept():
    demand = cells((0, 0), (300, 0), (600, 0), people=[1.0, 5.0, 9.0])
    far = points((5_000, 5_000))
    assert gaps(far, demand, n=1)["demand"].tolist() == [9.0]
    assert gaps(far, demand, min_demand=5)["demand"].tolist() == [9.0, 5.0]
    assert gaps(far, demand, min_per_km2=600)["demand"].tolist() == [9.0]


def test_points_nearer_than_the_radius_are_one_gap_and_count_whole():
    homes = points((100, 100), (140, 100), (400, 100), people=[1.0, 2.0, 4.0])
    table = gaps(points((5_000, 5_000)), homes)
    assert table["demand"].tolist() == [4.0, 3.0]


def test_places_with_one_of_two_features_are_gaps_for_two():
    stops = points((150, 150), (160, 150), (550, 150))
    demand = cells((145, 145), (545, 145), people=[1.0, 2.0], side=10)
    assert gaps(stops, demand)["demand"].tolist() == []
    assert gaps(stops, demand, at_least=2)["demand"].tolist() == [2.0]


@given(
    st.lists(st.tuples(st.integers(-1, 21), st.integers(-1, 11)), min_size=1, max_size=8),
    st.sets(st.tuples(st.integers(0, 20), st.integers(0, 9)), min_size=1, max_size=8),
    st.sampled_from([30.0, 50.0, 120.0, 300.0]),
)
def test_gaps_hold_all_the_unreached_demand_of_the_zones(stops, where, radius):
    demand = cells(*[(100 * i, 100 * j) for i, j in where], people=[7.0] * len(where))
    frame = points(*[(100 * i, 100 * j) for i, j in stops])
    table = gaps(frame, demand, radius_m=radius, n=None)
    covered = gcm.coverage(frame, ZONES, radius_m=radius, demand=demand, weight="people")
    missing = (covered["demand"] - covered["demand_covered"]).sum()
    assert table["demand"].sum() == pytest.approx(missing, rel=1e-9, abs=1e-6)
    assert table["demand"].round(6).is_monotonic_decreasing


@given(
    st.lists(st.tuples(st.integers(-50, 950), st.integers(-50, 950)), min_size=1, max_size=12),
    st.sampled_from(["points", "lines"]),
    st.sampled_from([1, 2]),
)
def test_the_shape_of_a_gap_is_its_cell_without_all_that_is_reached(stops, kind, at_least):
    demand = cells((0, 0), people=[5.0], side=900.0)
    frame = points(*stops)
    if kind == "lines":
        begin = shapely.get_coordinates(frame.geometry)
        lines = shapely.linestrings(np.stack([begin, begin + np.array([60.0, 30.0])], axis=1))
        frame = gpd.GeoSeries(lines, crs=CRS)
    table = gaps(frame, demand, radius_m=200.0, n=None, at_least=at_least)
    near = shapely.buffer(np.asarray(frame.geometry), 200.0, quad_segs=64)
    reached = shapely.union_all(near)
    if at_least == 2:
        pairs = [near[i].intersection(near[k]) for i in range(len(near)) for k in range(i)]
        reached = shapely.union_all(pairs)
    rest = demand.geometry.iloc[0].difference(reached)
    assert table.geometry.union_all().symmetric_difference(rest).area < 1e-4


def test_gaps_of_the_sample_hold_its_unreached_residents(city):
    kwargs = {"radius_m": 300, "demand": city["population_cells"], "weight": "population"}
    # The old town and a district beside it: a twentieth of the cells.
    zones = city.zones.loc[["320508", "320571"]]
    table = gcm.coverage_gaps(city["bike_stations"], zones, n=None, **kwargs)
    covered = gcm.coverage(city["bike_stations"], zones, **kwargs)
    missing = covered["demand"] - covered["demand_covered"]
    found = table.groupby("zone_code")["demand"].sum()
    assert found.loc[missing.index].to_numpy() == pytest.approx(missing.to_numpy(), rel=1e-6)
    towns = gcm.coverage_gaps(city["bike_stations"], zones, min_per_km2=5_000, **kwargs)
    assert len(towns) == 20
    assert towns["area_m2"].max() < table["area_m2"].max()
