"""A grid of cells: aligned, each in one zone, stable, and the zones when clipped."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

import geo_citymgmt as gcm
from tests.conftest import squares

place, side = st.integers(0, 99), st.integers(1, 90)
zones = st.lists(st.tuples(place, place, side, side), min_size=1, max_size=4).map(
    lambda found: squares(*((w, s, w + a, s + b) for w, s, a, b in found))
)


@given(zones, st.sampled_from([10.0, 33.3, 50.0, 400.0]))
def test_clipped_cells_are_the_zones_and_lie_in_one_square_each(given_zones, cell_m):
    grid = gcm.make_grid(given_zones, cell_m)
    assert grid.index.is_unique
    whole = shapely.union_all(given_zones.geometry.to_numpy())
    assert grid["area_m2"].sum() == pytest.approx(whole.area, rel=1e-9)
    owner = gcm.assign_zones(grid, given_zones)
    assert owner.tolist() == grid["parent_code"].tolist()
    place = grid.index.str.split("-").str[1:].tolist()
    corner = np.array(place, dtype=float) * cell_m
    bounds = grid.bounds.to_numpy()
    assert (bounds[:, :2] >= corner - 1e-6).all()
    assert (bounds[:, 2:] <= corner + cell_m + 1e-6).all()


def test_whole_cells_are_squares_each_once_in_the_zone_with_most_of_it():
    found = squares((0, 0, 120, 100), (120, 0, 200, 100))
    grid = gcm.make_grid(found, 100, clip=False)
    assert grid["area_m2"].tolist() == [10_000, 10_000]
    assert grid["parent_code"].tolist() == ["A", "B"]
    assert grid.index.tolist() == ["A-5500-34600", "B-5501-34600"]


def test_a_cell_keeps_its_code_when_zones_are_added_or_come_in_another_order():
    few = squares((0, 0, 120, 100))
    more = squares((0, 0, 120, 100), (120, 0, 200, 100), (-300, 0, 0, 100), codes="ABC").iloc[::-1]
    alone, among = gcm.make_grid(few, 50), gcm.make_grid(more, 50)
    assert alone.geom_equals(among.geometry.reindex(alone.index)).all()


def test_a_grid_of_the_sample_city_makes_its_districts(city):
    grid = gcm.make_grid(city.zones, 2000)
    area = grid.groupby("parent_code")["area_m2"].sum()
    expected = city.zones.geometry.area
    assert area.to_numpy() == pytest.approx(expected[area.index].to_numpy(), rel=1e-9)
    table = gcm.summarise_levels(city["manholes"], {"district": city.zones, "grid": grid})
    cells = table.loc["grid"].groupby("parent_code")["count"].sum()
    districts = table.loc["district", "count"]
    assert cells.reindex(districts.index).tolist() == districts.tolist()


@pytest.mark.parametrize("cell_m", [0, -5, float("nan"), float("inf"), 0.01])
def test_a_side_that_cannot_be_meant_is_refused(cell_m):
    with pytest.raises(gcm.CityDataError, match="cell_m"):
        gcm.make_grid(squares((0, 0, 100_00, 100_00)), cell_m)


def test_degrees_are_refused():
    with pytest.raises(gcm.CRSError, match="make_grid"):
        gcm.make_grid(squares((0, 0, 100, 100)).to_crs(4326), 100)
