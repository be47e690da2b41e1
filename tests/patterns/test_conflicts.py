"""Pairs that meet or stand too near, by hand and by a plain double loop."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

import geo_citymgmt as gcm
from tests.conftest import CRS, X0, Y0, points


def shapes(*geometry: shapely.Geometry | None, **columns: list) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=list(geometry), crs=CRS)


def box(west: float, south: float, east: float, north: float) -> shapely.Polygon:
    return shapely.box(X0 + west, Y0 + south, X0 + east, Y0 + north)


def test_a_bay_on_a_manhole_is_told_with_both_ids():
    bays = shapes(box(0, 0, 5, 2), box(50, 0, 55, 2), station_id=["B1", "B2"])
    holes = points((1, 1), (20, 1), manhole_id=["M1", "M2"])
    pairs = gcm.conflicts(bays, holes)
    assert pairs[["first_id", "second_id"]].values.tolist() == [["B1", "M1"]]
    assert pairs[["distance_m", "overlap_m2", "overlap_m"]].values.tolist() == [[0, 0, 0]]


def test_a_parcel_over_a_tunnel_has_the_length_beneath_it():
    parcel = shapes(box(0, 0, 30, 10), parcel_id=["P"])
    tunnel = shapes(shapely.LineString([(X0 - 10, Y0 + 5), (X0 + 90, Y0 + 5)]), tunnel_id=["T"])
    (pair,) = gcm.conflicts(parcel, tunnel).itertuples()
    assert (pair.overlap_m, pair.overlap_m2, pair.distance_m) == (30.0, 0.0, 0.0)


def test_polygons_have_the_area_they_share_and_neighbours_share_none():
    one = shapes(box(0, 0, 10, 10))
    two = shapes(box(4, 0, 20, 10), box(10, 0, 20, 10))
    assert gcm.conflicts(one, two)["overlap_m2"].tolist() == [60.0, 0.0]


def test_the_distance_itself_is_within_it():
    one, two = points((0, 0)), points((0, 5), (0, 5.01))
    assert gcm.conflicts(one, two, within_m=5)["second"].tolist() == [0]


def test_within_one_layer_each_pair_comes_once_and_none_with_itself():
    frame = points((0, 0), (1, 0), (2, 0))
    pairs = gcm.conflicts(frame, frame, within_m=1)
    assert pairs[["first", "second"]].values.tolist() == [[0, 1], [1, 2]]


def test_what_has_no_place_is_counted():
    frame = shapes(None, shapely.Point(), shapely.Point(X0, Y0))
    pairs = gcm.conflicts(frame, points((0, 0)))
    assert pairs["first"].tolist() == [2]
    assert pairs.attrs == {"same": False, "first_unlocated": 2, "second_unlocated": 0}


def test_a_layer_selected_twice_is_one_layer_and_two_layers_alike_in_place_are_two():
    def bays():
        return points((0, 0), (1, 0), (9, 9), name=["a", "b", "c"])[lambda f: f["name"] != "c"]

    once = gcm.conflicts(bays(), bays(), within_m=2)
    assert list(zip(once["first"], once["second"], strict=True)) == [(0, 1)]
    assert once.attrs["same"]
    others = bays().rename(columns={"name": "well"})
    pairs = gcm.conflicts(bays(), others, within_m=2)
    assert list(zip(pairs["first"], pairs["second"], strict=True)) == [
        (0, 0), (0, 1), (1, 0), (1, 1),
    ]  # fmt: skip
    assert not pairs.attrs["same"]


def test_a_negative_distance_is_refused_and_so_are_two_crs():
    frame = points((0, 0))
    with pytest.raises(gcm.CityDataError, match="within_m"):
        gcm.conflicts(frame, frame, within_m=-1)
    with pytest.raises(gcm.CRSError):
        gcm.conflicts(frame, frame.to_crs("EPSG:32650"))


place = st.tuples(st.integers(0, 40), st.integers(0, 40))


@given(st.lists(place, max_size=12), st.lists(place, max_size=12), st.integers(0, 15))
def test_pairs_are_those_of_a_plain_double_loop_either_way_round(some, others, within):
    one = points(*some, one=[1] * len(some))
    two = points(*others, two=[2] * len(others))
    pairs = gcm.conflicts(one, two, within_m=within)
    expected = [
        (i, j)
        for i, p in enumerate(some)
        for j, q in enumerate(others)
        if np.hypot(p[0] - q[0], p[1] - q[1]) <= within
    ]
    assert list(zip(pairs["first"], pairs["second"], strict=True)) == expected
    back = gcm.conflicts(two, one, within_m=within)
    assert set(zip(back["second"], back["first"], strict=True)) == set(expected)


def test_the_sample_tells_bays_near_manholes(city):
    pairs = gcm.conflicts(city["bike_stations"], city["manholes"], within_m=2)
    assert (pairs["distance_m"] <= 2).all()
    assert set(pairs["first_id"]) <= set(city["bike_stations"]["station_id"])
