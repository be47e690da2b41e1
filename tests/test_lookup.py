"""The table of cells gives what the exact test of every point against every zone gives."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import assume, given
from hypothesis import strategies as st

from geo_citymgmt.zones._ownership import CellTable, ZoneIndex
from tests.conftest import X0, Y0, squares

spot = st.integers(0, 24)
corner = st.tuples(spot, spot)
triangle = st.tuples(corner, corner, corner).map(shapely.Polygon)
box = st.tuples(corner, st.integers(1, 9), st.integers(1, 9)).map(
    lambda b: shapely.box(*b[0], b[0][0] + b[1], b[0][1] + b[2])
)
#: A frame with a hole, and one zone of two parts.
frame = st.tuples(corner, st.integers(1, 5)).map(
    lambda b: shapely.box(*b[0], b[0][0] + 3 * b[1], b[0][1] + 3 * b[1]).difference(
        shapely.box(b[0][0] + b[1], b[0][1] + b[1], b[0][0] + 2 * b[1], b[0][1] + 2 * b[1])
    )
)
twins = st.tuples(box, box).map(lambda pair: pair[0].union(pair[1]))
zones = st.lists(st.one_of(triangle, box, frame, twins), min_size=1, max_size=6)
n_cells = st.sampled_from([1, 7, 40, 300, 5000])


def plain(polygons, x, y):
    """Ask every zone about every point, from the last to the first."""
    out = np.full(len(x), -1)
    for position in range(len(polygons) - 1, -1, -1):
        out[shapely.intersects_xy(polygons[position], x, y)] = position
    return out


def turned(polygons, angle):
    """Off the lattice, in metres of the city, as rounding is largest there."""
    around = shapely.transform(
        polygons,
        lambda xy: np.column_stack(
            [
                X0 + 37.3 * (np.cos(angle) * xy[:, 0] - np.sin(angle) * xy[:, 1]),
                Y0 + 37.3 * (np.sin(angle) * xy[:, 0] + np.cos(angle) * xy[:, 1]),
            ]
        ),
    )
    shapely.prepare(around)
    return around


@given(zones, n_cells, st.sampled_from([0.0, 0.1, 0.7]), st.integers(0, 2**32 - 1))
def test_the_table_gives_the_owners_of_the_plain_way(shapes, cells, angle, seed):
    polygons = turned(np.array(shapes, dtype=object), angle)
    assume((shapely.area(polygons) > 0).all())
    table = CellTable(polygons, cells)
    rng = np.random.default_rng(seed)
    lattice = shapely.points(rng.integers(-2, 76, (60, 2)) / 2)
    corners = np.array([shapely.Point(c) for c in shapely.get_coordinates(shapes)])
    places = turned(np.concatenate([lattice, corners, shapely.centroid(shapes)]), angle)
    x, y = shapely.get_x(places), shapely.get_y(places)
    assert table.owner(x, y).tolist() == plain(polygons, x, y).tolist()


@given(zones, n_cells, corner, st.integers(0, 12), st.integers(0, 12))
def test_a_box_said_to_lie_in_one_zone_or_in_none_does(shapes, cells, at, width, height):
    polygons = turned(np.array(shapes, dtype=object), 0.0)
    assume((shapely.area(polygons) > 0).all())
    table = CellTable(polygons, cells)
    thing = turned(np.array([shapely.box(*at, at[0] + width, at[1] + height)]), 0.0)[0]
    (whole,) = table.whole(np.array([shapely.bounds(thing)]))
    if whole >= 0:
        assert polygons[whole].covers(thing)
        assert not any(polygon.intersects(thing) for polygon in polygons[:whole])
    elif whole == -1:
        assert not any(polygon.intersects(thing) for polygon in polygons)


def test_most_boxes_inside_a_zone_are_told_without_a_test():
    polygons = squares((0, 0, 1000, 1000), (1000, 0, 2000, 1000)).geometry.to_numpy()
    table = CellTable(polygons, 10_000)
    near = [X0 + 300, Y0 + 300, X0 + 310, Y0 + 310]
    far = [X0 + 9000, Y0 + 300, X0 + 9010, Y0 + 310]
    across = [X0 + 990, Y0 + 300, X0 + 1010, Y0 + 310]
    assert table.whole(np.array([near, far, across, [np.nan] * 4])).tolist() == [0, -1, -2, -2]


@pytest.mark.parametrize("x", [np.nan, np.inf, -np.inf, 1e300, X0 - 1e-6, X0 + 200 + 1e-6])
def test_points_beyond_the_table_and_without_coordinates_are_outside(x):
    index = ZoneIndex(squares((0, 0, 100, 100), (100, 0, 200, 100)))
    assert index.of_points(np.array([x]), np.array([Y0 + 50])).tolist() == [-1]


@pytest.mark.parametrize("shape", [(1e5, 0.01), (0.01, 1e5), (1e-3, 1e-3)])
def test_long_and_tiny_zones_have_a_table(shape):
    width, height = shape
    polygons = turned(np.array([shapely.box(0, 0, width, height)]), 0.3)
    shapely.prepare(polygons)
    table = CellTable(polygons, 4096)
    assert table.n_cells < 20_000
    place = shapely.centroid(polygons[0])
    assert table.owner(np.array([place.x]), np.array([place.y])).tolist() == [0]
