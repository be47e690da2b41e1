"""What was reported of functions on frames that others made, each by its value."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import geo_citymgmt as gcm
from tests.awkward import BOW, points, zones
from tests.conftest import CRS, X0, Y0


@pytest.fixture
def stops():
    """Four stops on a meridian, of which one has a blank cell for its coordinates."""
    table = pd.DataFrame({"lon": [120.60, 120.61, None, 120.62], "lat": [31.3, 31.31, None, 31.32]})
    place = gpd.points_from_xy(table["lon"], table["lat"])
    return gpd.GeoDataFrame(table, geometry=place, crs="EPSG:4490").to_crs(CRS)


@pytest.fixture
def around(stops):
    area = stops.geometry.iloc[[0, 1, 3]].union_all().envelope.buffer(500)
    return gpd.GeoDataFrame(geometry=[area], index=pd.Index(["A"], name="zone_code"), crs=CRS)


def test_a_blank_coordinate_is_a_feature_without_a_place(stops):
    table = gcm.nearest(stops, stops.iloc[:1])
    assert table["distance_m"].round(1).tolist()[:2] == [0.0, 1461.4]
    assert table["facility"].isna().tolist() == [False, False, True, False]
    back = gcm.nearest(stops.iloc[:1], stops, k=3)
    assert back["facility"].tolist() == [0, 1, 3]
    assert gcm.unserved(stops, stops.iloc[:1], within_m=2000).index.tolist() == [3]


@pytest.mark.parametrize(
    "call",
    [
        lambda f, zone: gcm.coverage(f, zone, radius_m=100, margins=True),
        lambda f, zone: gcm.coverage(f, zone, radius_m=100, at_least=2),
        lambda f, zone: gcm.coverage(f.iloc[:1], zone, radius_m=100, demand=f),
        lambda f, zone: gcm.coverage_area(f, zone, radius_m=100)["covered_m2"],
        lambda f, zone: gcm.coverage_gaps(f.iloc[:1], zone, radius_m=100, demand=f)["demand"],
        lambda f, zone: gcm.conflicts(f, f, within_m=5000),
        lambda f, zone: gcm.share_within(f, f.iloc[:1], zone),
        lambda f, zone: gcm.distance_percentiles(f, f.iloc[:1], zone),
        lambda f, zone: gcm.two_step_access(f, f, radius_m=2000).dropna(),
        lambda f, zone: gcm.hot_spots(f, cell_m=500, permutations=9)[["n", "z", "p"]],
    ],
)
def test_a_blank_coordinate_changes_no_figure_of_the_others(call, stops, around):
    with_blank, without = call(stops, around), call(stops.drop(index=2), around)
    if isinstance(without, pd.DataFrame) and "count" in without:
        # Of all features in a zone it is none.
        assert with_blank.loc["A", "count"] == 3
    (pd.testing.assert_frame_equal if without.ndim == 2 else pd.testing.assert_series_equal)(
        with_blank, without
    )


def test_an_infinite_coordinate_is_no_place_either(stops):
    far = stops.set_geometry(
        gpd.GeoSeries([shapely.Point(np.inf, Y0), *stops.geometry.iloc[1:]], crs=CRS)
    )
    assert gcm.nearest(far, far.iloc[1:2])["facility"].isna().tolist() == [
        True, False, True, False,
    ]  # fmt: skip
    assert gcm.nearest(far.iloc[1:2], far)["facility"].tolist() == [1]


@pytest.mark.parametrize(
    ("found", "closed"),
    [
        (["2021-01-05", "2022-03-01"], ["2021-12-01", None]),
        (["2021-01-05", "2022-02-28T16:00"], ["2021-11-30T17:00", None]),
    ],
)
def test_moments_of_a_time_zone_are_days_of_asia_shanghai(found, closed):
    zone = "UTC" if "T" in found[1] else "Asia/Shanghai"
    lots = gpd.GeoDataFrame(
        {
            "parcel_id": ["old", "new"],
            "found_date": pd.to_datetime(found, format="ISO8601").tz_localize(zone),
            "closed_date": pd.to_datetime(closed, format="ISO8601").tz_localize(zone),
        },
        geometry=[shapely.box(X0, Y0, X0 + 10, Y0 + 10), shapely.box(X0 + 5, Y0, X0 + 15, Y0 + 10)],
        crs=CRS,
    )
    for frame in (lots, lots.astype({"closed_date": object})):
        pair = gcm.recurrence(frame, within_days=180)
        assert pair[["earlier_id", "later_id", "days", "overlap"]].values.tolist() == [
            ["old", "new", 90, 0.5]
        ]


def test_an_outline_that_crosses_itself_is_reported_and_answered_for_as_repaired():
    bow = zones().set_geometry(
        gpd.GeoSeries([BOW, zones().geometry["B"]], index=["A", "B"], crs=CRS)
    )
    bow.index.name = "zone_code"
    repaired = bow.set_geometry(bow.make_valid())
    report = gcm.check_zones(bow)
    assert report["code"].tolist() == ["ZONES_INVALID"]
    assert report["value"].tolist() == ["A"]
    with pytest.warns(gcm.GeometryWarning, match="'A'"):
        table = gcm.coverage(points(), bow, radius_m=100)
    pd.testing.assert_frame_equal(table, gcm.coverage(points(), repaired, radius_m=100))
    with pytest.warns(gcm.GeometryWarning, match=r"make_grid.*'A'"):
        grid = gcm.make_grid(bow, 500)
    assert grid["area_m2"].sum() == pytest.approx(repaired.area.sum())
    with pytest.warns(gcm.GeometryWarning):
        owner = gcm.assign_zones(points(), bow)
    assert owner.equals(gcm.assign_zones(points(), repaired))


@pytest.mark.parametrize(
    "call",
    [
        lambda z: gcm.summarise(points(), z),
        lambda z: gcm.coverage(points(), z, radius_m=100),
        lambda z: gcm.assign_zones(points(), z),
        gcm.check_zones,
    ],
)
def test_a_code_that_occurs_twice_is_refused_with_what_dissolves_it(call):
    twice = zones().set_axis(pd.Index(["A", "A"], name="zone_code"))
    with pytest.raises(gcm.CityDataError, match="'A' occurs more than once") as caught:
        call(twice)
    # The remedy, as it stands.
    assert "zones.dissolve(level=0)" in caught.value.remedy
    assert gcm.summarise(points(), twice.dissolve(level=0)).loc["A", "count"] == 20


def test_an_index_of_several_levels_gives_tuples_for_labels():
    index = pd.MultiIndex.from_product([range(4), range(5)], names=["sheet", "row"])
    frame = points().set_axis(index)
    plain = points()
    pairs, wanted = (gcm.conflicts(f, f, within_m=200) for f in (frame, plain))
    assert pairs["first"].tolist() == [index[k] for k in wanted["first"]]
    assert pairs["second"].tolist() == [index[k] for k in wanted["second"]]
    near = gcm.nearest(frame, frame, k=2)
    assert near["facility"].tolist() == [
        index[k] for k in gcm.nearest(plain, plain, k=2)["facility"]
    ]
    assert near.index.names == ["sheet", "row"]
    lots = frame.set_geometry(frame.buffer(9)), frame.set_geometry(frame.buffer(12))
    assert len(gcm.changes(*lots, min_area_m2=1)) == 20


WEIGHTED = {
    "coverage": lambda f: gcm.coverage(points(3), zones(), radius_m=200, demand=f, weight="w"),
    "coverage_gaps": lambda f: gcm.coverage_gaps(
        points(3), zones(), radius_m=200, demand=f, weight="w"
    ),
    "two_step_access": lambda f: gcm.two_step_access(f, f, radius_m=300, demand_weight="w"),
    "hot_spots": lambda f: gcm.hot_spots(f, cell_m=200, value="w"),
    "supply_ratio": lambda f: gcm.supply_ratio(f, zones(), amount="w"),
    "distance_percentiles": lambda f: gcm.distance_percentiles(f, points(3), zones(), weight="w"),
    "summarise": lambda f: gcm.summarise(f, zones(), w=("v", "mean", "w")),
}


BAD_WEIGHTS = {"'1,200'": "1,200", "-5": [-5.0] + [1.0] * 19, "inf": [np.inf] * 20}
#: A value that is no weight may be negative.
REFUSED = [(n, w) for n in WEIGHTED for w in BAD_WEIGHTS if (n, w) != ("hot_spots", "-5")]


@pytest.mark.parametrize(("name", "shown"), REFUSED)
def test_weights_that_are_text_negative_or_infinite_are_refused_with_the_first_record(name, shown):
    with pytest.raises(gcm.CityDataError, match=rf"{name}: .*'w'.* the first at 0: {shown}"):
        WEIGHTED[name](points().assign(w=BAD_WEIGHTS[shown]))


def test_equal_selections_of_a_layer_are_one_layer():
    def busy():
        return points()[points()["v"] > 0]

    wanted = len(gcm.conflicts(points(), points(), within_m=200))
    assert wanted == 8
    assert len(gcm.conflicts(busy(), busy(), within_m=200)) == wanted


def test_a_merge_the_wrong_way_round_is_named_with_the_right_one():
    plain = pd.DataFrame(points()).merge(points()[["v"]])
    with pytest.raises(gcm.CityDataError, match=r"summarise: gdf is a DataFrame.*gdf.merge\(df\)"):
        gcm.summarise(plain, zones())
    assert gcm.summarise(points().merge(plain[["v"]]), zones())["count"].sum() == 20


def test_columns_of_the_caller_are_never_overwritten():
    once = gcm.unserved(points(), points(3), within_m=300)
    with pytest.raises(gcm.CityDataError, match=r"'facility'.*rename"):
        gcm.unserved(once, points(2), within_m=100)
    renamed = once.rename(columns={"facility": "bay", "distance_m": "bay_m"})
    again = gcm.unserved(renamed, points(2), within_m=100)
    assert set(again.columns) >= {"bay", "bay_m", "facility", "distance_m"}
    cases = pd.DataFrame({"id": list("abcd"), "weight": [1, 2, 3, 4]})
    with pytest.raises(gcm.CityDataError, match=r"audit_sample: cases has a column 'weight'"):
        gcm.audit_sample(cases, n=2, seed=0, key="id")


def test_numbers_of_objects_and_decimals_are_numbers():
    frame = points().assign(v=[None, *range(19)]).astype({"v": object})
    assert gcm.summarise(frame, zones(), v=("v", "sum"))["v"].sum() == sum(range(19))
    nullable = points().assign(v=pd.array([None, *range(19)], dtype="Int64"))
    assert gcm.summarise(nullable, zones(), v=("v", "sum"))["v"].sum() == sum(range(19))
