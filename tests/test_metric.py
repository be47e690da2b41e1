"""The CRS in which things are measured: chosen for the data, tested by what is measured in it."""

from __future__ import annotations

import re
import warnings

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS, Geod

import geo_citymgmt as gcm
from geo_citymgmt._metric import (
    MAX_ERROR,
    MetricCRS,
    check_metric_crs,
    choose_metric_crs,
    in_china,
    require_metric,
    scale_errors,
    zone_positions,
)
from tests.conftest import CRS as SAMPLE_CRS
from tests.conftest import points, squares

GEOD = Geod(ellps="GRS80")
#: Ten cities from the west to the east of the country, and two elsewhere.
CITIES = {
    "Kashi": (75.99, 39.47),
    "Urumqi": (87.60, 43.80),
    "Lhasa": (91.12, 29.65),
    "Chengdu": (104.06, 30.67),
    "Chongqing": (106.55, 29.56),
    "Sanya": (109.51, 18.25),
    "Beijing": (116.40, 39.90),
    "Suzhou": (120.60, 31.30),
    "Harbin": (126.63, 45.75),
    "Shuangyashan": (131.16, 46.65),
    "Quito": (-78.50, -0.20),
    "New York": (-73.98, 40.75),
}
CHONGQING = ([105.29, 110.19], [28.16, 32.20])
QUITO = ([-78.60, -78.35], [-0.40, 0.05])


def box(lon, lat, half=0.2) -> gpd.GeoDataFrame:
    """Return one zone of about 40 km about a place, in degrees."""
    shape = shapely.box(lon - half, lat - half, lon + half, lat + half)
    shape = shapely.segmentize(shape, half / 20)
    return gpd.GeoDataFrame({"name_zh": ["区"]}, geometry=[shape], index=["A"], crs=4490)


def in_metres(frame: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, MetricCRS]:
    chosen = choose_metric_crs(*zone_positions(frame))
    return frame.to_crs(chosen.crs), chosen


@pytest.mark.parametrize(
    ("lon", "lat", "code"),
    [
        ([120.0, 121.3], [30.8, 32.0], "EPSG:4549"),
        ([103.0, 104.9], [30.1, 31.4], "EPSG:4544"),
        ([86.6, 88.9], [42.9, 44.1], "EPSG:4538"),
        ([-74.3, -73.7], [40.5, 40.9], "EPSG:32618"),
        ([151.0, 151.3], [-34.0, -33.7], "EPSG:32756"),
    ],
)
def test_the_usual_zone_of_a_city_is_chosen(lon, lat, code):
    chosen = choose_metric_crs(lon, lat)
    assert (chosen.code, chosen.crs) == (code, CRS.from_user_input(code))
    assert max(chosen.areal_error, chosen.linear_error) <= MAX_ERROR


@pytest.mark.parametrize(
    ("place", "base", "meridian"), [(CHONGQING, 4490, 107.7), (QUITO, 4326, -78.5)]
)
def test_a_city_that_no_zone_fits_gets_a_plane_of_its_own(place, base, meridian):
    usual = [4543, 4544, 4545, 4546] if base == 4490 else [32717, 32718]
    corners = [part.ravel() for part in np.meshgrid(*place)]
    assert all(max(scale_errors(code, *corners)) > MAX_ERROR for code in usual)
    chosen = choose_metric_crs(*place)
    operation = {p.name: p.value for p in chosen.crs.coordinate_operation.params}
    assert operation["Longitude of natural origin"] == meridian
    assert operation["False easting"] == 500_000
    assert chosen.crs.geodetic_crs == CRS.from_epsg(base)
    assert CRS.from_user_input(chosen.code) == chosen.crs
    # The error is shared: as far below one in the middle as above it at the edge.
    middle = scale_errors(chosen.crs, [meridian], [np.mean(place[1])])[0]
    assert middle == pytest.approx(chosen.areal_error, rel=0.05, abs=2e-6)
    assert "0.1" in chosen.how[0] and "0.1" in chosen.how[1]


def test_what_is_wide_and_low_gets_a_conic_and_what_is_too_large_is_refused():
    chosen = choose_metric_crs([82.1, 90.4], [27.2, 31.8])
    assert "conic" in chosen.name
    assert CRS.from_user_input(chosen.code) == chosen.crs
    with pytest.raises(gcm.CRSError, match=r"115\.50.*km by.*0\.1\d+%.*metric_crs") as caught:
        choose_metric_crs([115.5, 126.1], [47.1, 53.3])
    assert "公里" in caught.value.message_zh and "metric_crs" in caught.value.remedy_zh
    with pytest.raises(gcm.CRSError, match="no positions"):
        choose_metric_crs([np.nan], [np.nan])


@pytest.mark.parametrize(
    ("lon", "lat", "is_named"),
    [([104.0, 126.6], [30.6, 45.8], True), ([-74.0, 20.0, 121.0], [31.0, -40.0, 45.8], False)],
)
def test_the_plane_that_is_named_for_what_is_too_large_is_accepted(lon, lat, is_named):
    with pytest.raises(gcm.CRSError) as caught:
        choose_metric_crs(lon, lat)
    remedies = [caught.value.remedy_zh, caught.value.remedy]
    named = [re.search(r'metric_crs = "([^"]+)"', text) for text in remedies]
    assert [bool(n) for n in named] == [is_named] * 2
    if is_named:
        with pytest.warns(gcm.ScaleWarning):
            plane = check_metric_crs(named[0][1], lon, lat, "test")
        assert plane.crs.geodetic_crs.datum.name.startswith("World Geodetic System 1984")


def test_china_is_no_box():
    inside = [place for name, place in CITIES.items() if name not in ("Quito", "New York")]
    assert all(in_china(*place) for place in [*inside, (114.2, 22.3), (121.5, 25.0), (112.3, 16.8)])
    abroad = {
        "Hanoi": (105.85, 21.03), "Seoul": (126.98, 37.57), "Ulaanbaatar": (106.9, 47.9),
        "Kathmandu": (85.32, 27.70), "Almaty": (76.9, 43.25), "Thimphu": (89.64, 27.47),
        "Vladivostok": (131.9, 43.1), "Manila": (121.0, 14.6), "New York": (-73.98, 40.75),
    }  # fmt: skip
    assert not [name for name, place in abroad.items() if in_china(*place)]


def test_a_city_on_the_date_line_is_one_city():
    chosen = choose_metric_crs([177.2, -179.8], [-18.3, -16.1])
    assert max(chosen.areal_error, chosen.linear_error) <= MAX_ERROR


@given(
    st.floats(-180, 179),
    st.floats(-75, 75),
    st.floats(0.01, 5),
    st.floats(0.01, 4),
    st.integers(0, 9),
)
def test_a_chosen_crs_is_right_within_a_thousandth_wherever_the_data_is(
    west, south, width, height, seed
):
    rng = np.random.default_rng(seed)
    lon = np.append(west + width * rng.random(40), [west, west + width])
    lat = np.append(south + height * rng.random(40), [south, south + height])
    try:
        chosen = choose_metric_crs(lon, lat)
    except gcm.CRSError as error:
        assert "0.1 %" in str(error) and width * np.cos(np.radians(south)) > 4
        return
    areal, linear = scale_errors(chosen.crs, lon, lat)
    assert max(areal, linear) <= MAX_ERROR
    assert (chosen.areal_error, chosen.linear_error) == (areal, linear)
    assert CRS.from_user_input(chosen.code) == chosen.crs


@pytest.mark.parametrize(
    ("crs", "name"),
    [
        ("EPSG:3857", "Suzhou"),
        ("EPSG:3857", "Harbin"),
        ("ESRI:102025", "Chengdu"),
        ("EPSG:4548", "Suzhou"),
        ("EPSG:32717", "Quito"),
    ],
)
def test_the_errors_are_those_of_areas_and_distances_on_the_ellipsoid(crs, name):
    lon, lat = CITIES[name]
    areal, linear = scale_errors(crs, [lon], [lat])
    ring = shapely.segmentize(shapely.box(lon - 0.002, lat - 0.002, lon + 0.002, lat + 0.002), 1e-4)
    true = abs(GEOD.geometry_area_perimeter(ring)[0])
    plane = gpd.GeoSeries([ring], crs=4490).to_crs(crs).area.iloc[0]
    assert abs(plane / true - 1) == pytest.approx(areal, rel=1e-3, abs=2e-6)
    ends = [GEOD.fwd(lon, lat, azimuth, 100)[:2] for azimuth in range(0, 360, 3)]
    spots = gpd.GeoSeries(gpd.points_from_xy(*zip(*ends, strict=True)), crs=4490).to_crs(crs)
    here = gpd.GeoSeries([shapely.Point(lon, lat)], crs=4490).to_crs(crs).iloc[0]
    worst = (spots.distance(here) / 100 - 1).abs().max()
    assert worst == pytest.approx(linear, rel=5e-3, abs=2e-6)


@pytest.mark.parametrize("name", CITIES)
def test_nearest_and_coverage_are_right_within_the_stated_error(name):
    lon, lat = CITIES[name]
    zones, chosen = in_metres(box(lon, lat))
    rng = np.random.default_rng(1)
    here = np.array([lon, lat]) + rng.uniform(-0.19, 0.19, (30, 2))
    there = np.array([lon, lat]) + rng.uniform(-0.19, 0.19, (12, 2))
    stops = gpd.GeoSeries(gpd.points_from_xy(*here.T), crs=4490).to_crs(chosen.crs)
    bays = gpd.GeoSeries(gpd.points_from_xy(*there.T), crs=4490).to_crs(chosen.crs)
    found = gcm.nearest(stops, bays)
    true = np.array([min(GEOD.inv(*a, *b)[2] for b in there) for a in here])
    # A chord of the plane is no geodesic: over 40 km that is far below the scale.
    assert np.abs(found["distance_m"] / true - 1).max() <= chosen.linear_error + 2e-6
    table = gcm.coverage(bays, zones, radius_m=500)
    whole = abs(GEOD.geometry_area_perimeter(box(lon, lat).geometry.iloc[0])[0])
    assert abs(table["area_m2"].iloc[0] / whole - 1) <= chosen.areal_error + 2e-6
    circle = [GEOD.fwd(*there[0], azimuth, 500)[:2] for azimuth in np.arange(0, 360, 0.5)]
    disc = abs(GEOD.geometry_area_perimeter(shapely.Polygon(circle))[0])
    alone = gcm.coverage(bays.iloc[:1], zones, radius_m=500)["covered_m2"].iloc[0]
    # 500 m of the plane are the radius: in truth the disc is as much larger as areas are smaller.
    assert abs(alone / disc - 1) <= 1e-4
    assert max(chosen.areal_error, chosen.linear_error) <= MAX_ERROR


def test_a_plane_of_equal_areas_is_good_for_areas_and_refused_for_distances():
    zones = box(*CITIES["Chengdu"]).to_crs("ESRI:102025")
    stops = gpd.GeoSeries(zones.centroid)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert require_metric(zones, "areas", measures=("area",)) == zones.crs
        assert len(gcm.check_zones(zones)) == 0
    for call in (
        lambda: gcm.nearest(stops, stops),
        lambda: gcm.coverage(stops, zones, radius_m=500),
        lambda: gcm.make_grid(zones, 5000),
    ):
        with pytest.raises(gcm.CRSError, match=r"distances in ESRI:102025.*7\.\d+ %.*EPSG:4544"):
            call()


@pytest.mark.parametrize("name", CITIES)
def test_web_mercator_is_refused_with_a_crs_that_fits_this_city(name):
    zones = box(*CITIES[name])
    chosen = choose_metric_crs(*zone_positions(zones))
    stops = gpd.GeoSeries(zones.to_crs(3857).centroid)
    if name == "Quito":
        # On the equator a Mercator is true to 0.7 %.
        with pytest.warns(gcm.ScaleWarning, match=r"nearest: .*EPSG:3857.*tmerc"):
            gcm.nearest(stops, stops)
        return
    with pytest.raises(gcm.CRSError, match="EPSG:3857") as caught:
        gcm.nearest(stops, stops)
    assert f'.to_crs("{chosen.brief}")' in caught.value.remedy


def test_a_frame_a_little_off_warns_once_a_call_and_names_the_line_of_the_caller():
    zones, stops = squares((0, 0, 900, 900)).to_crs(4548), points((1, 1), (9, 9)).to_crs(4548)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        gcm.share_within(stops, stops, zones, distances_m=(5, 10))
        gcm.coverage(stops, zones, radius_m=5)
    told = [str(one.message) for one in caught]
    assert [message.split(":")[0] for message in told] == ["share_within", "coverage"]
    assert [re.search(r"0\.\d\d", message).group() for message in told] == ["0.13", "0.27"]
    assert all("EPSG:4549" in message for message in told)
    assert {one.filename for one in caught} == {__file__}
    assert {one.category for one in caught} == {gcm.ScaleWarning}


def test_one_stray_record_does_not_make_a_layer_unmeasurable():
    lon, lat = CITIES["Suzhou"]
    at = [(lon + 0.01 * k, lat) for k in range(20)]
    frame = gpd.GeoDataFrame(
        {"井盖编号": [f"J{k}" for k in range(21)]},
        geometry=gpd.points_from_xy(*zip(*at, (20.6, lat), strict=True)), crs=4490,
    )  # fmt: skip
    layer = gcm.read_layer(frame, "manholes")
    assert (layer.metric.code, len(layer.data)) == ("EPSG:4549", 21)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(gcm.nearest(layer.data, layer.data.iloc[:1])) == 21


@pytest.mark.parametrize("name", CITIES)
def test_a_layer_is_read_into_the_crs_of_its_city(name):
    lon, lat = CITIES[name]
    frame = gpd.GeoDataFrame(
        {"井盖编号": ["A", "B"]},
        geometry=gpd.points_from_xy([lon, lon + 0.05], [lat] * 2),
        crs=4326,
    )
    layer = gcm.read_layer(frame, "manholes")
    assert layer.data.crs == layer.metric.crs
    row = layer.ledger.iloc[0]
    assert list(layer.ledger.columns[-3:]) == ["metric_crs", "areal_error", "linear_error"]
    assert row["metric_crs"] == layer.metric.code
    assert max(row["areal_error"], row["linear_error"]) <= MAX_ERROR
    true = GEOD.inv(lon, lat, lon + 0.05, lat)[2]
    apart = layer.data.geometry.iloc[0].distance(layer.data.geometry.iloc[1])
    assert abs(apart / true - 1) <= layer.metric.linear_error + 2e-6


def test_the_zones_say_in_which_crs_a_layer_is_measured():
    frame = points((10, 10), MANHOLE_ID=["A"])
    zones = squares((0, 0, 900, 900))
    zones.index = ["320508"]
    layer = gcm.read_layer(frame, "manholes", zones=zones.to_crs(4528))
    assert (layer.metric.code, layer.data["district_code"].tolist()) == ("EPSG:4528", ["320508"])
    assert layer.metric.how[0] == "沿用分区的坐标系"
    # Zones in degrees have no CRS to measure in: it is chosen from them.
    layer = gcm.read_layer(frame, "manholes", zones=zones.to_crs(4490))
    assert (layer.metric.code, layer.data["district_code"].tolist()) == ("EPSG:4549", ["320508"])


def test_a_metric_crs_that_is_given_is_tested_against_the_data():
    frame = points((10, 10), (500, 500), MANHOLE_ID=["A", "B"])
    for crs, match in (
        ("EPSG:4490", "degrees.*EPSG:4549"),
        ("EPSG:3857", r"37\.\d %.*EPSG:4549"),
        ("EPSG:2263", "EPSG:4549"),
        ("nonsense", "not a coordinate reference system.*EPSG:4549"),
    ):
        with pytest.raises(gcm.CRSError, match=match):
            gcm.read_layer(frame, "manholes", metric_crs=crs)
    with pytest.warns(gcm.ScaleWarning, match="read_layer: .*EPSG:4548.*EPSG:4549"):
        layer = gcm.read_layer(frame, "manholes", metric_crs="EPSG:4548")
    assert (layer.metric.code, layer.metric.how) == ("EPSG:4548", ("用户指定", "given"))
    assert layer.ledger["areal_error"].iloc[0] > MAX_ERROR
    # One that has been tested for the whole city is not tested anew for each of its layers.
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        again = gcm.read_layer(frame, "manholes", metric_crs=layer.metric)
    assert again.metric is layer.metric


def test_zones_are_measured_with_all_they_cover_and_not_by_their_middles():
    # By their middles the belt of 108° E would do; the edge is 260 km from its meridian.
    shapes = [shapely.box(105.3, 28.2, 107.0, 32.0), shapely.box(105.3, 28.2, 110.2, 29.5)]
    frame = gpd.GeoDataFrame(
        {"区划代码": ["500101", "500102"], "区划名称": ["甲区", "乙区"]}, geometry=shapes, crs=4490
    )
    layer = gcm.read_layer(frame, "districts")
    assert layer.metric.name.startswith("CGCS2000 / transverse Mercator 107.")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert require_metric(layer.data, "coverage", measures=("area", "length"))


def test_records_without_any_place_have_no_crs():
    frame = gpd.GeoDataFrame({"井盖编号": ["A"], "所属板块": ["姑苏区"]}, geometry=[None], crs=4490)
    layer = gcm.read_layer(frame, "manholes")
    assert layer.metric is None and layer.data.crs is None
    assert layer.ledger["metric_crs"].iloc[0] is None or layer.ledger["metric_crs"].isna().all()


@pytest.mark.parametrize("suffix", [".gpkg", ".parquet", ".shp.zip", ".geojson", ".csv"])
@pytest.mark.parametrize("place", [CHONGQING, QUITO, ([82.1, 90.4], [27.2, 31.8])])
def test_a_plane_of_its_own_comes_back_from_a_file(tmp_path, place, suffix):
    chosen = choose_metric_crs(*place)
    spots = gpd.GeoSeries(gpd.points_from_xy(*place), crs=4490).to_crs(chosen.crs)
    frame = gpd.GeoDataFrame({"manhole_id": ["A", "B"]}, geometry=spots)
    path = gcm.write_layer(frame, tmp_path / f"a{suffix}")
    stated = chosen.code if suffix == ".csv" else None
    layer = gcm.read_layer(path, "manholes", metric_crs=chosen, crs=stated)
    far = layer.data.geometry.distance(spots).max()
    assert far < (1e-6 if suffix != ".geojson" else 1e-3)
    if suffix in (".gpkg", ".parquet"):
        read = gpd.read_parquet if suffix == ".parquet" else gpd.read_file
        assert read(path).crs == chosen.crs


def test_the_message_of_degrees_names_what_fits_and_nowhere_names_none():
    zones = box(*CITIES["Urumqi"])
    with pytest.raises(gcm.CRSError, match=r'degrees.*\.to_crs\("EPSG:4538"\)'):
        gcm.assign_zones(zones, zones)
    empty = gpd.GeoSeries([None], crs=4490)
    with pytest.raises(gcm.CRSError, match=r"projected CRS in metres with \.to_crs\(\)"):
        require_metric(empty, "nearest")
    with pytest.raises(gcm.CRSError, match=r"set_crs"):
        require_metric(gpd.GeoSeries([shapely.Point(1, 2)]), "nearest")


def test_the_sample_is_measured_where_it_always_was(city):
    chosen = choose_metric_crs(*zone_positions(city.zones))
    assert (chosen.code, city.zones.crs) == (SAMPLE_CRS, chosen.crs)
    tested = check_metric_crs(SAMPLE_CRS, *zone_positions(city.zones), "test")
    assert tested == chosen
