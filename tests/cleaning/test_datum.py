"""GCJ-02 and BD-09: known pairs, the way there and back, every vertex."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely

from geo_citymgmt import CRSError, from_wgs84, to_wgs84

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
