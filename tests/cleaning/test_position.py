"""Place: exchanged axes, zone prefixes, wrong zones, missing CRS, old datums, shifted positions."""

from __future__ import annotations

import re
from functools import lru_cache

import geopandas as gpd
import numpy as np
import pytest
import shapely
from pyproj import CRS, Geod

import geo_citymgmt as gcm
from generator.places import packaged_districts
from geo_citymgmt.cleaning._datum import suspect_datum
from tests.conftest import points

E0, N0 = 555_695.0, 3_464_273.0
LON, LAT = 120.585, 31.299


def frame(xy, crs) -> gpd.GeoDataFrame:
    n = len(xy)
    shapes = [shapely.Point(p) for p in xy]
    return gpd.GeoDataFrame({"井盖编号": [f"J{k}" for k in range(n)]}, geometry=shapes, crs=crs)


def around(x: float, y: float, n: int = 20, step: float = 100.0) -> list[tuple[float, float]]:
    return [(x + step * (k % 5), y + step * (k // 5)) for k in range(n)]


@lru_cache(maxsize=1)
def districts() -> gpd.GeoDataFrame:
    return packaged_districts().set_index("district_code")


def read(xy, stated, **kwargs) -> gcm.Layer:
    """Read manholes in a city whose districts are known."""
    return gcm.read_layer(frame(xy, stated), "manholes", **{"zones": districts(), **kwargs})


def read_alone(xy, stated, **kwargs) -> gcm.Layer:
    """Read them without any districts."""
    return read(xy, stated, zones=None, **kwargs)


def middle(layer: gcm.Layer) -> tuple[float, float]:
    return layer.data.geometry.x.iloc[0], layer.data.geometry.y.iloc[0]


@pytest.mark.parametrize(
    ("crs", "xy", "code", "slip"),
    [
        ("EPSG:4490", (LAT, LON), "COORD_SWAPPED", "swapped"),
        ("EPSG:4549", (N0, E0), "COORD_SWAPPED", "swapped"),
        ("EPSG:4528", (N0, 40e6 + E0), "COORD_SWAPPED", "swapped"),
        ("EPSG:4549", (40e6 + E0, N0), "CRS_ZONE_PREFIX", "zone_prefix"),
        ("EPSG:4528", (E0, N0), "CRS_ZONE_PREFIX", "zone_prefix"),
    ],
)
def test_a_layer_with_a_slip_is_refused_and_mended_when_asked(crs, xy, code, slip):
    places = around(*xy, step=1e-4 if crs == "EPSG:4490" else 100)
    with pytest.raises(gcm.CRSError, match=slip) as caught:
        read(places, crs)
    assert code in set(caught.value.findings["code"])
    repaired = read(places, crs, repair=[slip])
    assert middle(repaired) == pytest.approx((E0, N0), abs=50)
    told = repaired.findings[repaired.findings["code"] == code]
    # All of them: one finding, of twenty records.
    assert (told["n_records"].tolist(), set(told["severity"])) == ([20], {"info"})
    assert repaired.ledger["n_repaired"].iloc[0] == 20


def test_single_records_with_a_slip_are_rejected_singly_with_what_to_do():
    places = [*around(E0, N0), (N0, E0), (40e6 + E0, N0)]
    layer = read(places, "EPSG:4549")
    assert layer.rejected["codes"].tolist() == ["COORD_SWAPPED", "CRS_ZONE_PREFIX"]
    row = layer.findings[layer.findings["code"] == "COORD_SWAPPED"].iloc[0]
    assert (row["record"], row["row_label"], row["severity"]) == (20, "20", "error")
    assert "repair" in row["message_zh"]
    assert len(read(places, "EPSG:4549", repair=["swapped", "zone_prefix"]).data) == 22


@pytest.mark.parametrize("wrong", ["EPSG:4548", "EPSG:4550", "EPSG:4509", "EPSG:32650"])
def test_a_wrong_zone_is_refused_and_the_right_one_named(wrong):
    with pytest.raises(gcm.CRSError, match=r"EPSG:4549 .* 100%") as caught:
        read(around(E0, N0), wrong)
    assert "CRS_WRONG" in set(caught.value.findings["code"])
    inferred = read(around(E0, N0), wrong, crs="infer")
    assert middle(inferred) == pytest.approx((E0, N0))


@pytest.mark.parametrize(
    ("xy", "code"),
    [
        ((LON, LAT), "EPSG:4490"),
        ((E0, N0), "EPSG:4549"),
        ((40e6 + E0, N0), "EPSG:4528"),
        ((13_423_000.0, 3_670_000.0), "EPSG:3857"),
    ],
)
def test_a_missing_crs_is_inferred_only_on_request(xy, code):
    places = around(*xy, step=1e-4 if xy[0] < 180 else 100)
    with pytest.raises(gcm.CRSError, match=rf"{code} .*100%"):
        read(places, None)
    layer = read(places, None, crs="infer")
    row = layer.ledger.iloc[0]
    assert (row["crs"], row["crs_source"]) == (code, "inferred")
    told = layer.findings[layer.findings["code"] == "CRS_INFERRED"].iloc[0]
    assert "100%" in told["message_zh"]


def test_two_projections_that_both_fit_are_not_chosen_between():
    # The same numbers near 123° E in Gauss-Kruger and in UTM differ by a kilometre, not by a city.
    there = gpd.GeoSeries([shapely.Point(LON, LAT)], crs=4490).to_crs(4550)
    places = around(there.x.iloc[0], there.y.iloc[0])
    with pytest.raises(gcm.CRSError, match=r"EPSG:4550.*EPSG:32651"):
        read(places, None, crs="infer")


def test_numbers_of_another_city_are_left_alone():
    shanghai = gpd.GeoSeries([shapely.Point(121.8, 29.5)], crs=4490).to_crs(4549)
    layer = read_alone(around(shanghai.x.iloc[0], shanghai.y.iloc[0]), "EPSG:4549")
    assert len(layer.data) == 20


@pytest.mark.parametrize("crs", ["EPSG:2437", "EPSG:2385"])
def test_old_datums_are_refused_unless_the_operation_is_given(crs):
    with pytest.raises(gcm.CRSError, match="no known transformation") as caught:
        read([(E0, N0)], crs)
    assert "CRS_BALLPARK" in set(caught.value.findings["code"])
    pipeline = "+proj=pipeline +step +proj=affine +xoff=50 +yoff=-30"
    for words in ({"pipeline": pipeline}, {"crs": pipeline}):
        layer = read([(E0, N0)], crs, **words)
        assert middle(layer) == pytest.approx((E0 + 50, N0 - 30))
        assert "CRS_PIPELINE" in set(layer.findings["code"])


def test_a_pipeline_may_end_in_degrees_and_a_bad_one_is_named():
    pipeline = (
        "+proj=pipeline +step +inv +proj=tmerc +lon_0=120 +x_0=500000 +ellps=krass "
        "+step +proj=unitconvert +xy_in=rad +xy_out=deg"
    )
    x, y = middle(read([(E0, N0)], "EPSG:2437", pipeline=pipeline))
    assert abs(x - E0) < 100
    assert abs(y - N0) < 100
    with pytest.raises(gcm.CRSError, match="not a PROJ operation"):
        read([(E0, N0)], "EPSG:2437", pipeline="+proj=nonsense")


def test_a_shift_that_comes_with_the_crs_is_the_callers_word():
    crs = "+proj=tmerc +lon_0=120 +x_0=500000 +ellps=krass +towgs84=10,20,30 +units=m"
    assert len(read([(E0, N0)], None, crs=crs).data) == 1


def test_words_that_mend_nothing_are_mistakes():
    for odd in ("swapped", ["swap"]):
        with pytest.raises(gcm.SpecError, match="repair"):
            read([(E0, N0)], "EPSG:4549", repair=odd)


@pytest.fixture(scope="module")
def road_furniture(city):
    """Places within a few metres of roads, as manholes are."""
    roads = city["roads"]
    rng = np.random.default_rng(3)
    lines = shapely.get_parts(roads.geometry.to_numpy())
    chosen = rng.choice(lines, 400)
    spots = shapely.line_interpolate_point(chosen, rng.uniform(0, 1, 400), normalized=True)
    return gpd.GeoSeries(spots, crs=roads.crs)


@pytest.mark.parametrize("datum", ["wgs84", "gcj02", "bd09"])
def test_roads_tell_the_datum_and_few_points_leave_it_undecided(city, road_furniture, datum):
    shifted = gcm.from_wgs84(road_furniture.to_crs(4326), datum)
    guess = suspect_datum(shifted, city["roads"])
    assert (guess.datum, guess.basis) == (datum, "roads")
    assert guess.likelihood[datum] >= 0.99
    assert suspect_datum(shifted.iloc[:8], city["roads"]).datum == "undecided"


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("datum", ["wgs84", "gcj02", "bd09"])
def test_the_outline_alone_is_never_wrong(datum, seed):
    districts = packaged_districts()
    rng = np.random.default_rng(seed)
    west, south, east, north = districts.total_bounds
    spots = shapely.points(rng.uniform(west, east, 400), rng.uniform(south, north, 400))
    inside = spots[shapely.intersects(shapely.union_all(districts.geometry.to_numpy()), spots)]
    shifted = gcm.from_wgs84(gpd.GeoSeries(inside[:60], crs=districts.crs).to_crs(4326), datum)
    assert suspect_datum(shifted, districts).datum in ("undecided", datum)


def test_shifted_points_are_told_when_roads_are_there_and_not_moved(city, road_furniture):
    shifted = gcm.from_wgs84(road_furniture.to_crs(4326), "gcj02")
    source = gpd.GeoDataFrame({"井盖编号": range(len(shifted))}, geometry=shifted)
    layer = gcm.read_layer(source, "manholes", roads=city["roads"])
    told = layer.findings[layer.findings["code"] == "DATUM_SUSPECT"].iloc[0]
    assert (told["value"], told["severity"]) == ("GCJ02", "warning")
    told_so = gcm.read_layer(source, "manholes", roads=city["roads"], datum="gcj02")
    assert "DATUM_SUSPECT" not in set(told_so.findings["code"])


@pytest.mark.shared
def test_real_outlines_in_gcj02_are_recognised_as_such(real):
    path = real / "suzhou_districts_gcj02" / "苏州市.shp"
    source = gpd.read_file(path, encoding="UTF-8").set_crs(4490, allow_override=True)
    guess = suspect_datum(source, packaged_districts())
    assert (guess.datum, guess.basis) == ("gcj02", "edges")


def test_metres_are_asked_for_by_name():
    with pytest.raises(gcm.CRSError, match="reference"):
        suspect_datum(frame([(LON, LAT)], 4490), packaged_districts().to_crs(4490))


CHINESE = re.compile("[\u4e00-\u9fff]")


@pytest.mark.parametrize("crs", [None, "infer", "EPSG:4548", "EPSG:4490"])
def test_what_the_numbers_could_be_is_told_in_one_language_at_a_time(crs):
    frame = points((1, 1), (2, 2), MANHOLE_ID=["A", "B"]).set_crs(None, allow_override=True)
    if crs == "infer":
        found = gcm.read_layer(frame, "manholes", crs=crs, zones=districts()).findings
        row = found[found["code"] == "CRS_INFERRED"].iloc[0]
    else:
        with pytest.raises(gcm.CRSError) as caught:
            gcm.read_layer(frame, "manholes", crs=crs, zones=districts())
        found = caught.value.findings
        row = found[found["code"].isin(["CRS_MISSING", "CRS_WRONG"])].iloc[0]
        assert not CHINESE.search(caught.value.message)
    assert "EPSG:4549" in row["message_en"]
    assert not CHINESE.search(row["message_en"] + row["value"] + row["expected"])
    assert "EPSG:4549" in row["message_zh"]
    assert not re.search("could|records|degrees|zone", row["message_zh"])


def test_numbers_outside_china_are_not_called_shifted():
    frame = gpd.GeoDataFrame({"MANHOLE_ID": ["A"]}, geometry=[shapely.Point(-120.0, 38.0)])
    with pytest.raises(gcm.CRSError, match="EPSG:4326") as caught:
        gcm.read_layer(frame, "manholes")
    assert "GCJ" not in caught.value.message
    nowhere = gpd.GeoDataFrame({"MANHOLE_ID": ["A"]}, geometry=[shapely.Point(3e7, 9e7)])
    with pytest.raises(gcm.CRSError, match="no usual CRS") as caught:
        gcm.read_layer(nowhere, "manholes")
    assert "常用坐标系都不符" in caught.value.message_zh


#: A place in each of three cities: degrees, its belt, its number, its central meridian.
CITIES = [
    ("Kashi", 75.99, 39.47, 25, 75),
    ("Urumqi", 87.60, 43.80, 29, 87),
    ("Chengdu", 104.06, 30.67, 35, 105),
    ("Shuangyashan", 131.16, 46.65, 44, 132),
]


def _zones_about(lon, lat) -> gpd.GeoDataFrame:
    box = shapely.box(lon - 0.3, lat - 0.3, lon + 0.3, lat + 0.3)
    return gpd.GeoDataFrame({"name_zh": ["区"]}, geometry=[box], index=["999901"], crs=4490)


@pytest.mark.parametrize(("name", "lon", "lat", "belt", "meridian"), CITIES)
def test_candidates_and_slips_follow_the_longitude_of_the_zones(name, lon, lat, belt, meridian):
    zones = _zones_about(lon, lat)
    plain, prefixed = f"EPSG:{4534 + belt - 25}", f"EPSG:{4513 + belt - 25}"
    there = gpd.GeoSeries([shapely.Point(lon, lat)], crs=4490).to_crs(plain)
    x, y = there.x.iloc[0], there.y.iloc[0]
    for shift, code in ((0.0, plain), (1e6 * belt, prefixed)):
        with pytest.raises(gcm.CRSError, match=rf"{code} .*100%"):
            read(around(x + shift, y), None, zones=zones)
        layer = read(around(x + shift, y), code, zones=zones)
        assert layer.metric.code == plain
        assert middle(layer) == pytest.approx((x, y), abs=0.01)
    with pytest.raises(gcm.CRSError, match="zone_prefix"):
        read(around(x + 1e6 * belt, y), plain, zones=zones)
    with pytest.raises(gcm.CRSError, match="swapped"):
        read(around(y, x), plain, zones=zones)
    repaired = read(around(lat, lon, step=1e-4), "EPSG:4490", zones=zones, repair=["swapped"])
    assert middle(repaired) == pytest.approx((x, y), abs=50)
    assert read(around(x + 1e6 * belt, y), None, zones=zones, crs="infer").ledger["crs"][0] == (
        prefixed
    )


@pytest.mark.parametrize(("name", "lon", "lat", "belt", "meridian"), CITIES)
def test_without_zones_only_what_the_numbers_prove_is_found(name, lon, lat, belt, meridian):
    plain, prefixed = f"EPSG:{4534 + belt - 25}", f"EPSG:{4513 + belt - 25}"
    there = gpd.GeoSeries([shapely.Point(lon, lat)], crs=4490).to_crs(plain)
    x, y = there.x.iloc[0], there.y.iloc[0]
    layer = read_alone(around(lon, lat, step=1e-4), "EPSG:4490")
    assert (layer.metric.code, len(layer.data)) == (plain, 20)
    with pytest.raises(gcm.CRSError, match="zone_prefix"):
        read_alone(around(x + 1e6 * belt, y), plain)
    # A zone number tells the belt, bare eastings do not.
    assert read_alone(around(x + 1e6 * belt, y), None, crs="infer").ledger["crs"][0] == prefixed
    with pytest.raises(gcm.CRSError, match="EPSG:4534–4554"):
        read_alone(around(x, y), None, crs="infer")
    turned = around(lat, lon, step=1e-4)
    if lon > 90:
        with pytest.raises(gcm.CRSError, match="swapped"):
            read_alone(turned, "EPSG:4490")
        one = read_alone([*around(lon, lat, step=1e-4), (lat, lon)], "EPSG:4490")
        assert one.rejected["codes"].tolist() == ["COORD_SWAPPED"]
        assert one.metric.code == plain
    else:
        assert len(read_alone(turned, "EPSG:4490").data) == 20


def test_the_way_from_gcj02_is_told_for_the_data_and_not_for_another_city():
    for lon, lat in ((120.6, 31.3), (87.6, 43.8)):
        shifted = gcm.from_wgs84(([lon], [lat]), "gcj02")
        layer = read_alone([(shifted[0][0], shifted[1][0])], "EPSG:4326", datum="gcj02")
        told = layer.findings[layer.findings["code"] == "DATUM_CONVERTED"].iloc[0]
        metres = Geod(ellps="GRS80").inv(lon, lat, shifted[0][0], shifted[1][0])[2]
        assert told["expected"] == f"{metres:.0f}"


def test_a_pipeline_into_metres_needs_to_be_told_which():
    pipeline = "+proj=pipeline +step +proj=affine +xoff=50 +yoff=-30"
    with pytest.raises(gcm.CRSError, match="metric_crs"):
        read_alone([(E0, N0)], "EPSG:2437", pipeline=pipeline)
    layer = read_alone([(E0, N0)], "EPSG:2437", pipeline=pipeline, metric_crs="EPSG:4549")
    assert middle(layer) == pytest.approx((E0 + 50, N0 - 30))


def test_a_mistyped_crs_is_answered_with_one_that_fits():
    with pytest.raises(gcm.CRSError, match="such as EPSG:4490"):
        read_alone(around(LON, LAT, step=1e-4), None, crs="EPSG:nonsense")
    with pytest.raises(gcm.CRSError, match="Give an EPSG code"):
        read_alone(around(E0, N0), None, crs="EPSG:nonsense")


def test_a_crs_of_another_world_is_refused_and_not_stumbled_over():
    moon = "+proj=tmerc +lon_0=120 +x_0=500000 +R=1737400 +units=m +no_defs"
    for stated, words in ((moon, {}), (moon, {"crs": "infer"}), ("EPSG:4549", {"crs": moon})):
        with pytest.raises(gcm.CRSError, match="do not fit") as caught:
            read(around(E0, N0), stated, **words)
        assert "CRS_WRONG" in set(caught.value.findings["code"])


#: Eastings and northings of places in the CRS that is stated, with true degrees of WGS 84: by the
#: published parameters (EPSG 1825, 8437) of the transformation to WGS 84, by pyproj directly.
SHIFTED = {
    "Hong Kong 1980": ("EPSG:2326", (835_000.0, 819_000.0), 304),
    "Macao 1920": ("EPSG:8433", (20_000.0, 20_000.0), 336),
}


@pytest.mark.parametrize(("code", "place", "metres"), SHIFTED.values(), ids=SHIFTED)
@pytest.mark.parametrize("shape", [shapely.Point, lambda p: shapely.Point(p).buffer(30)])
def test_a_known_transformation_leads_to_the_plane_of_cgcs2000_and_its_size_is_told(
    code, place, metres, shape
):
    stated = gpd.GeoDataFrame({"编号": ["J1"]}, geometry=[shape(place)], crs=code)
    layer_of = "manholes" if stated.geom_type.iloc[0] == "Point" else "under_bridge_spaces"
    layer = gcm.read_layer(stated.rename(columns={"编号": "井盖编号"}), layer_of)
    assert layer.metric.code == "EPSG:4547"
    true = stated.geometry.to_crs(4326).representative_point().iloc[0]
    lands = layer.data.geometry.to_crs(4326).representative_point().iloc[0]
    assert Geod(ellps="WGS84").inv(true.x, true.y, lands.x, lands.y)[2] < 0.01
    told = layer.findings.set_index("code").loc["CRS_SHIFTED"]
    size = int(re.search(r"移动约 (\d+) 米", told["message_zh"])[1])
    assert size == pytest.approx(metres, abs=5)
    assert "CRS_ASSUMED" not in set(layer.findings["code"])


@pytest.mark.parametrize("code", ["EPSG:3828", "EPSG:3366"], ids=["TWD67", "Hong Kong 1963"])
def test_a_datum_without_a_public_transformation_is_refused_not_taken_for_another(code):
    place = (250_000.0, 2_700_000.0) if code == "EPSG:3828" else (835_000.0, 819_000.0)
    with pytest.raises(gcm.CRSError, match="tens or hundreds of metres"):
        gcm.read_layer(frame([place], code), "manholes")


def test_a_datum_that_is_not_named_on_todays_ellipsoid_is_read_with_a_warning_of_no_size():
    layer = read_alone([(E0 - 55_000, N0)], "+proj=tmerc +lon_0=120 +x_0=500000 +ellps=GRS80")
    told = layer.findings.set_index("code").loc["CRS_UNSHIFTED"]
    assert told["severity"] == "warning" and "大小不明" in told["message_zh"]


def test_zones_that_are_given_in_another_datum_are_shifted_too():
    box = shapely.box(830_000, 815_000, 840_000, 825_000)
    zones = gpd.GeoDataFrame({"name_zh": ["中西区"]}, index=["810001"], geometry=[box], crs=2326)
    corners = shapely.points(shapely.get_coordinates(box.buffer(-50)))
    there = gpd.GeoSeries(corners[:4], crs=2326).to_crs(4326)
    holes = frame(list(zip(there.x, there.y, strict=True)), "EPSG:4326")
    city = gcm.City.from_layers({"manholes": holes}, zones=zones)
    # Taken for CGCS2000 the zones would lie 300 m off, and manholes at their edge outside.
    assert city.layers["manholes"].data["district_code"].tolist() == ["810001"] * 4


def test_the_extent_that_a_refusal_tells_is_that_of_all_that_is_drawn():
    shapes = [shapely.box(543_000, 3_314_000, 561_000, 3_325_000),
              shapely.box(561_000, 3_314_000, 578_000, 3_326_000)]  # fmt: skip
    zones = gpd.GeoDataFrame({"XZQDM": ["330602", "330603"]}, geometry=shapes)
    with pytest.raises(gcm.CRSError, match=r"x 543000 – 578000, y 3.314e[+]06 – 3.326e[+]06"):
        gcm.read_layer(zones, "districts")


def test_a_layer_without_a_crs_is_offered_the_one_of_the_others_where_its_numbers_fit(tmp_path):
    near, far = (268_000.0, 5_774_000.0), (268_000.0, 4_000_000.0)
    frame([near, near], "EPSG:7855").to_file(tmp_path / "窨井.gpkg")
    stops = {"停车场": near, "公厕": far}
    for name, (x, y) in stops.items():
        text = f"编号,东坐标,北坐标\n1,{x + 500},{y}\n2,{x},{y + 500}\n"
        (tmp_path / f"{name}.csv").write_text(text, "utf-8")
    (tmp_path / "city.toml").write_text(
        "".join(
            f'[layers.{key}]\npath = "{name}.csv"\nx = "东坐标"\ny = "北坐标"\n'
            for key, name in (("parking_points", "停车场"), ("public_toilets", "公厕"))
        ),
        "utf-8",
    )
    city = gcm.load_city(tmp_path)
    told = city.findings[city.findings["code"] == "CRS_OFFERED"]
    assert told["layer"].tolist() == ["parking_points"]
    text = told["message_zh"].iloc[0]
    assert '--crs "parking_points=EPSG:7855"' in text and "窨井.gpkg" in text
    assert "EPSG:7855" in city.unread["parking_points"].zh
    given = gcm.load_city(tmp_path, crs={"parking_points": "EPSG:7855"})
    assert len(given["parking_points"]) == 2


def test_a_crs_that_only_a_text_states_is_offered_where_it_puts_a_layer_into_the_zones(tmp_path):
    known = CRS(4549).to_wkt("WKT1_ESRI")
    local = known.replace("120.0", "119.5").replace(known.split('"')[1], "local")
    place = gpd.GeoSeries(gpd.points_from_xy([119.51, 119.52], [32.4, 32.41]), crs=4490)
    box = gpd.GeoDataFrame(
        {"code": ["321002"], "name": ["广陵区"]}, geometry=[shapely.box(119.3, 32.2, 119.8, 32.6)],
        crs=4490,
    )  # fmt: skip
    box.to_file(tmp_path / "区划.gpkg")
    for name, crs in (("公厕", local), ("停车场", local), ("窨井", "EPSG:4549")):
        there = gpd.GeoDataFrame({"编号": ["1", "2"]}, geometry=place.to_crs(crs))
        there.to_file(tmp_path / f"{name}.shp", engine="pyogrio")
        if name != "公厕":
            (tmp_path / f"{name}.prj").unlink()
    city = gcm.load_city(tmp_path)
    # In the local CRS the manholes would lie 47 km off, beside the zones.
    (told,) = city.findings[city.findings["code"] == "CRS_OFFERED"].itertuples()
    assert told.layer == "parking_points"
    written = re.search(r"写 (crs = .*)$", told.message_zh)
    path = '[layers.parking_points]\npath = "停车场.shp"\n'
    (tmp_path / "city.toml").write_text(path + written[1], "utf-8")
    assert len(gcm.load_city(tmp_path)["parking_points"]) == 2
