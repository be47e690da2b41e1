"""The nearest facility, against all distances and by hand."""

from __future__ import annotations

import tracemalloc

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

import geo_citymgmt as gcm
from geo_citymgmt.access._nearest import nearest_points
from tests.conftest import CRS, X0, Y0, points, squares

spot = st.tuples(st.integers(0, 40), st.integers(0, 40))


def all_distances(features: gpd.GeoDataFrame, facilities: gpd.GeoDataFrame) -> np.ndarray:
    first = features.geometry.get_coordinates().to_numpy()
    second = facilities.geometry.get_coordinates().to_numpy()
    return np.hypot(*(first[:, None] - second[None]).transpose(2, 0, 1))


@given(
    st.lists(spot, min_size=1, max_size=15),
    st.lists(spot, min_size=1, max_size=15),
    st.integers(1, 6),
    st.sampled_from([None, 0.0, 3.0, 12.5]),
)
def test_the_nearest_are_those_of_the_sorted_distances(here, there, k, max_m):
    features, facilities = points(*here), points(*there)
    found = gcm.nearest(features, facilities, k=k, max_m=max_m)
    distance = all_distances(features, facilities)
    for row in range(len(features)):
        order = np.argsort(distance[row], kind="stable")[:k]
        if max_m is not None:
            order = order[distance[row, order] <= max_m]
        mine = found.loc[[row]]
        assert mine["rank"].tolist() == list(range(1, max(len(order), 1) + 1))
        if len(order):
            assert mine["facility"].tolist() == order.tolist()
            assert mine["distance_m"].to_numpy() == pytest.approx(distance[row, order], abs=1e-9)
        else:
            assert mine["facility"].isna().all()
            assert mine["distance_m"].isna().all()


@given(
    st.lists(spot, min_size=1, max_size=15),
    st.lists(spot, min_size=1, max_size=15),
    st.integers(1, 6),
    st.sampled_from([None, 0.0, 3.0, 12.5]),
)
def test_shapes_take_another_way_to_the_same_neighbours(here, there, k, max_m):
    features, facilities = points(*here), points(*there)
    as_shapes = facilities.set_geometry(
        shapely.multipoints(facilities.geometry.to_numpy()[:, None])
    )
    one = gcm.nearest(features, facilities, k=k, max_m=max_m)
    other = gcm.nearest(features, as_shapes.set_crs(CRS, allow_override=True), k=k, max_m=max_m)
    pd.testing.assert_frame_equal(one, other)


def test_clusters_far_apart_and_features_outside_find_the_same_as_all_distances():
    rng = np.random.default_rng(2)
    there = np.vstack([rng.normal(0, 5, (300, 2)), rng.normal(30_000, 800, (40, 2)), [[9e3, 0]]])
    here = np.vstack([rng.uniform(-40_000, 70_000, (500, 2)), there[:50]])
    position, found = nearest_points(here, there, 7)
    distance = np.hypot(*(here[:, None] - there[None]).transpose(2, 0, 1))
    assert found == pytest.approx(np.sort(distance, axis=1)[:, :7])
    assert np.take_along_axis(distance, position, axis=1) == pytest.approx(found)


def test_it_equals_sjoin_nearest_on_the_sample(city):
    stops, bays = city["transit_stops"], city["bike_stations"]
    found = gcm.nearest(stops, bays)
    peer = stops[["geometry"]].sjoin_nearest(bays[["geometry"]], distance_col="m")["m"]
    peer = peer[~peer.index.duplicated()]
    assert found.index.equals(stops.index)
    assert found["distance_m"].to_numpy() == pytest.approx(peer.loc[stops.index].to_numpy())


def test_labels_of_any_kind_survive_and_missing_places_have_no_facility():
    features = points((0, 0), (5, 0))
    features.loc[1, "geometry"] = None
    features.index = pd.Index(["s", "t"])
    facilities = points((3, 4)).set_index(pd.Index(["bay"]))
    found = gcm.nearest(features, facilities)
    assert found.index.tolist() == ["s", "t"]
    assert found["facility"].tolist()[0] == "bay"
    assert found["distance_m"].tolist()[0] == 5.0
    assert found.loc["t", ["facility", "distance_m"]].isna().all()
    assert gcm.nearest(features, facilities.iloc[:0])["facility"].isna().all()


def test_lines_and_polygons_are_near_by_their_nearest_points():
    road = gpd.GeoSeries([shapely.LineString([(X0, Y0), (X0 + 100, Y0)])], crs=CRS)
    lot = gpd.GeoSeries([shapely.box(X0 + 40, Y0 + 30, X0 + 50, Y0 + 40)], crs=CRS)
    assert gcm.nearest(road, lot)["distance_m"].tolist() == [30.0]


@pytest.mark.parametrize("wrong", [{"k": 0}, {"k": 1.5}, {"max_m": -1.0}])
def test_nonsense_is_refused_by_name(wrong):
    with pytest.raises(gcm.CityDataError, match=next(iter(wrong))):
        gcm.nearest(points((0, 0)), points((0, 0)), **wrong)


def test_percentiles_by_zone_are_distances_that_occur_and_weights_count():
    zones = squares((0, -10, 100, 10), (100, -10, 200, 10), (300, 0, 400, 10))
    features = points((10, 0), (20, 0), (40, 0), (150, 0), (250, 0), people=[1.0, 1.0, 98.0, 5, 2])
    table = gcm.distance_percentiles(features, points((0, 0)), zones, margins=True)
    assert table["count"].tolist() == [3, 1, 0, 1, 0, 5]
    assert table["p50_m"].tolist()[:2] == [20.0, 150.0]
    assert table["p90_m"].tolist()[:2] == [40.0, 150.0]
    assert np.isnan(table.loc["C", "p50_m"])
    assert table.loc["total", "p50_m"] == 40.0
    heavy = gcm.distance_percentiles(features, points((0, 0)), zones, weight="people")
    assert heavy.loc["A"].tolist() == [100.0, 40.0, 40.0]


@given(st.lists(spot, min_size=1, max_size=30), st.sampled_from([0, 10, 25, 50, 75, 90, 100]))
def test_percentiles_equal_those_of_numpy(xy, percent):
    table = gcm.distance_percentiles(
        points(*xy), points((0, 0)), squares((-1, -1, 50, 50)), percentiles=[percent]
    )
    distance = np.hypot(*np.array(xy, dtype=float).T)
    expected = np.percentile(distance, percent, method="inverted_cdf")
    assert table[f"p{percent}_m"].iloc[0] == pytest.approx(expected, abs=1e-9)


def test_a_percentile_beyond_a_hundred_is_refused():
    with pytest.raises(gcm.CityDataError, match="101"):
        gcm.distance_percentiles(
            points((0, 0)), points((0, 0)), squares((0, 0, 1, 1)), percentiles=[101]
        )


def test_shares_within_count_the_very_distance_and_bays_of_other_zones():
    zones = squares((0, -10, 100, 10), (100, -10, 200, 10), (300, 0, 400, 10))
    stops = points((50, 0), (99, 0), (150, 0), (260, 0))
    bays = points((100, 0), (101, 0))
    table = gcm.share_within(stops, bays, zones, distances_m=(50, 100, 160), margins=True)
    assert table["count"].tolist() == [2, 1, 0, 1, 0, 4]
    assert table["within_50_m"].tolist() == [2, 1, 0, 0, 0, 3]
    assert table["share_50_m"].tolist()[:2] == [1.0, 1.0]
    assert np.isnan(table.loc["C", "share_50_m"])
    assert table.loc["total", "share_160_m"] == 1.0
    assert table["row_kind"].tolist() == ["zone"] * 3 + ["outside", "unlocated", "total"]


def test_shares_of_zones_and_margins_add_up_on_the_sample(city):
    table = gcm.share_within(city["transit_stops"], city["bike_stations"], city.zones, margins=True)
    counts = table.filter(regex="count|within").astype(int)
    assert counts.iloc[:-1].sum().equals(counts.loc["total"])
    assert counts.loc["total", "count"] == len(city["transit_stops"])
    left = gcm.unserved(city["transit_stops"], city["bike_stations"], within_m=150)
    assert len(left) == counts.loc["total", "count"] - counts.loc["total", "within_150_m"]


def test_the_unserved_are_listed_farthest_first_with_how_far():
    stops = points((0, 0), (50, 0), (400, 0), (200, 0), name=["a", "b", "c", "d"])
    left = gcm.unserved(stops, points((0, 0)), within_m=50)
    assert left["name"].tolist() == ["c", "d"]
    assert left["distance_m"].tolist() == [400.0, 200.0]
    assert gcm.unserved(stops, points((0, 0)).iloc[:0], within_m=50)["distance_m"].isna().all()


@pytest.mark.parametrize("k", [1, 3])
def test_where_many_lie_on_one_spot_the_first_of_them_are_found_without_looking_at_all(k):
    here, there = points(*[(0, 0)] * 3_000), points(*[(5, 0)] * 3_000, (9, 0))
    with_all = nearest_points(np.zeros((2, 2)), np.array([[5.0, 0.0]] * 3 + [[9.0, 0.0]]), 4)
    assert with_all[0].tolist() == [[0, 1, 2, 3]] * 2
    # Of nine million pairs none but a few is made: the memory of all of them would be 144 MB.
    tracemalloc.start()
    found = gcm.nearest(here, there, k=k)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found["facility"].tolist() == list(range(k)) * 3_000
    assert found["distance_m"].eq(5).all()
    assert most < 30e6


def test_a_percentile_asked_for_twice_is_one_column():
    table = gcm.distance_percentiles(
        points((1, 1)), points((2, 1)), squares((0, 0, 9, 9)), percentiles=[50, 50.0, 90]
    )
    assert list(table.columns) == ["count", "p50_m", "p90_m"]


def test_facilities_called_by_long_numbers_keep_them_where_one_has_none():
    first = 1_234_567_890_123_456_789
    facilities = points((0, 0), (50, 0)).set_axis([first, first + 2])
    found = gcm.nearest(points((0, 0), (50, 0), (500, 0)), facilities, max_m=20)["facility"]
    assert found.tolist()[:2] == [first, first + 2]
    assert found.isna().tolist() == [False, False, True]
