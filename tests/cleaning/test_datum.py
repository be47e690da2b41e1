"""GCJ-02 and BD-09: known pairs, the way there and back, every vertex."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo_citymgmt import CityDataError, CRSError, from_wgs84, has_code, to_wgs84

#: WGS 84 and GCJ-02 of three places, as given by public implementations of the offset.
KNOWN = [
    ((121.5272106, 31.1774276), (121.531541859215, 31.17530398364597)),
    ((113.912316, 22.543847), (113.9171764808363, 22.540796131694766)),
    ((116.377817, 39.911954), (116.38404722455657, 39.91334545536069)),
]


@pytest.mark.parametrize(("wgs84", "gcj02"), KNOWN)
def test_known_places_are_met(wgs84, gcj02):
    lon, lat = from_wgs84(([wgs84[0]], [wgs84[1]]), "gcj02")
    assert (lon[0], lat[0]) == pytest.approx(gcj02, abs=1e-12)


@pytest.mark.parametrize("datum", ["gcj02", "bd09"])
def test_the_way_back_is_exact_to_a_thousandth_of_a_millimetre(datum):
    rng = np.random.default_rng(1)
    lon, lat = rng.uniform(119.9, 121.4, 50_000), rng.uniform(30.7, 32.1, 50_000)
    back = to_wgs84(from_wgs84((lon, lat), datum), datum)
    off = np.hypot((back[0] - lon) * 95_300, (back[1] - lat) * 110_900)
    assert off.max() < 1e-6


def test_shifts_over_suzhou_are_those_that_were_measured():
    for datum, low, high in (("gcj02", 460, 525), ("bd09", 1_070, 1_200)):
        lon, lat = from_wgs84(([119.95, 120.6, 121.3], [31.9, 31.3, 30.8]), datum)
        off = np.hypot(
            (lon - [119.95, 120.6, 121.3]) * 95_300, (lat - [31.9, 31.3, 30.8]) * 110_900
        )
        assert ((off > low) & (off < high)).all()


def test_every_vertex_of_a_polygon_is_moved_and_missing_ones_stay_missing():
    shapes = gpd.GeoSeries([shapely.box(120, 31, 120.1, 31.1), None], crs="EPSG:4326", index=[7, 9])
    moved = from_wgs84(shapes, "gcj02")
    assert moved.index.tolist() == [7, 9]
    assert moved.isna().tolist() == [False, True]
    back = to_wgs84(moved, "gcj02")
    assert shapely.equals_exact(back.iloc[0], shapes.iloc[0], tolerance=1e-11)


def test_wgs84_and_cgcs2000_stay_as_they_are():
    assert to_wgs84(([1.0], [2.0]), "cgcs2000")[0].tolist() == [1.0]


def test_metres_and_unknown_datums_are_refused():
    with pytest.raises(CRSError, match="degrees"):
        to_wgs84(gpd.GeoSeries([shapely.Point(0, 0)], crs="EPSG:4549"), "gcj02")
    with pytest.raises(CRSError, match="xian80"):
        to_wgs84(([1.0], [2.0]), "xian80")


@pytest.mark.parametrize("shift", [to_wgs84, from_wgs84])
@pytest.mark.parametrize("datum", ["gcj02", "wgs84"])
@pytest.mark.parametrize(
    ("positions", "row"),
    [
        (([120.6, 557_000.0], [31.3, 3_464_000.0]), r"row 1 is 557000.*to_crs"),
        (([31.3], [120.6]), r"row 0 is 31.3, 120.6.*swapped"),
        (([200.0], [10.0]), "row 0 is 200, 10"),
        (([np.inf], [31.0]), "row 0 is inf"),
        (np.array([None, shapely.Point(557_000, 3_464_000)]), "row 1 is 557000"),
        (gpd.GeoSeries([shapely.Point(557_000, 3_464_000)], index=["甲"]), r"row 0 \('甲'\)"),
        (gpd.GeoSeries([shapely.Point(557_000, 3_464_000)], crs=4549), "in EPSG:4549"),
        (([1.0], [2.0, 3.0]), "1 longitudes and 2 latitudes"),
        ((["东经"], ["北纬"]), "no numbers"),
        ([1, 2], "item 0 is a int"),
        ("120,31", "a str"),
        (None, "a NoneType"),
    ],
)
def test_what_is_no_position_in_degrees_is_refused_by_its_first_row(shift, datum, positions, row):
    with pytest.raises(CRSError, match=f"{shift.__name__}: .*{row}"):
        shift(positions, datum)


@pytest.mark.parametrize("datum", [None, 5, ["gcj02"], "GCJ-02"])
def test_a_datum_that_is_none_is_refused_with_the_known_ones(datum):
    with pytest.raises(CRSError, match=r"unknown datum .*known: cgcs2000, wgs84, gcj02, bd09"):
        to_wgs84(([120.6], [31.3]), datum)


@pytest.mark.parametrize("datum", ["gcj02", "bd09", "wgs84"])
def test_heights_index_and_what_is_missing_stay_as_they_are(datum):
    index = pd.MultiIndex.from_product([["甲"], [1, 2, 3, 4]])
    shapes = [
        shapely.Point(120.6, 31.3, 7), None, shapely.Point(),
        shapely.LineString([(120, 31), (121, 32)]),
    ]  # fmt: skip
    given = gpd.GeoSeries(shapes, index=index, crs="EPSG:4326", name="place")
    back = to_wgs84(from_wgs84(given, datum), datum)
    assert back.index.equals(index)
    assert back.name == "place"
    assert shapely.has_z(back.to_numpy()).tolist() == [True, False, False, False]
    assert shapely.get_z(back.iloc[0]) == 7
    assert back.iloc[1] is None
    assert back.iloc[2].is_empty
    one, two = back.to_numpy()[[0, 3]], given.to_numpy()[[0, 3]]
    assert shapely.equals_exact(one, two, tolerance=1e-9).all()
    plain = to_wgs84(pd.Series(shapes[:2], index=["x", "y"], dtype=object), datum)
    assert plain.index.tolist() == ["x", "y"]
    lon = pd.Series([120.6, None], index=["x", "y"])
    there = to_wgs84((lon, lon - 89.3), datum)
    assert [part.index.tolist() for part in there] == [["x", "y"], ["x", "y"]]
    assert there[0].isna().tolist() == [False, True]


def test_has_code_takes_a_column_and_a_code_and_nothing_else():
    kinds = pd.Series(["a;b", None], dtype="category", index=["x", "x"])
    assert has_code(kinds, "b").tolist() == [True, False]
    assert has_code(pd.Series([10, 20]), "20").tolist() == [False, True]
    for column, code in ((["a"], "a"), (None, "a"), (kinds, None), (kinds, 1)):
        with pytest.raises(CityDataError, match=r"has_code: (column|code) (is|为)"):
            has_code(column, code)
