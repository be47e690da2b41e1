"""Positions from columns: found by name in every source, read in every usual writing, reported."""

from __future__ import annotations

import json

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pyogrio
import pytest
import shapely
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

import geo_citymgmt as gcm
from geo_citymgmt.cli import main
from geo_citymgmt.reading import read_raw
from geo_citymgmt.reading._coordinate_columns import (
    is_packed,
    read_coordinates,
    read_halves,
    read_name,
    read_parts,
)
from geo_citymgmt.reading._coordinates import place_records

LON, LAT = [120.61, 120.62, 120.63], [31.30, 31.31, 31.32]
EAST, NORTH = [558074.9, 559020.8, 559966.4], [3464396.5, 3465510.6, 3466624.8]
IDS = ["J001", "J002", "J003"]


def frame(**columns) -> pd.DataFrame:
    return pd.DataFrame({"窨井编号": IDS, **columns})


def read(source, **options) -> gcm.Layer:
    return gcm.read_layer(source, "manholes", **options)


def places(layer: gcm.Layer) -> list[list[float] | None]:
    degrees = layer.data.geometry.to_crs(4490)
    return [None if p is None or p != p else [round(p.x, 5), round(p.y, 5)] for p in degrees]


def found(layer: gcm.Layer, code: str) -> pd.DataFrame:
    return layer.findings[layer.findings["code"].eq(code)]


AS_IT_IS = [[a, b] for a, b in zip(LON, LAT, strict=True)]


@pytest.mark.parametrize(
    ("head", "row"),
    [
        ("编号,经度,纬度", "J1,120.6,31.3"),
        ("编号,纬度,经度", "J1,31.3,120.6"),
        ("编号,LAT,LON", "J1,31.3,120.6"),
        ("编号,Ｘ,Ｙ", "J1,120.6,31.3"),
        ("编号,X,Y", "J1,31.3,120.6"),
        ("编号,经度（°）,纬度（°）", "J1,１２０.6,31.3"),
        ("编号,经度,纬度", "J1,120°36′0″,31°18′"),
        ("编号,坐标", 'J1,"120.6,31.3"'),
        ("编号,经纬度", 'J1,"31.3, 120.6"'),
        ("编号,wkt", "J1,POINT (120.6 31.3)"),
        ("编号,geometry", "J1,SRID=4490;POINT (120.6 31.3)"),
        ("编号,geojson", 'J1,"{""type"": ""Point"", ""coordinates"": [120.6, 31.3]}"'),
        ("编号,geom", f"J1,{shapely.to_wkb(shapely.Point(120.6, 31.3), hex=True)}"),
        ("编号,location", 'J1,"{""lat"": 31.3, ""lng"": 120.6}"'),
        ("编号,窨井经度,窨井纬度", "J1,120.6,31.3"),
        ("编号,station_lng,station_lat", "J1,120.6,31.3"),
        ("编号,GPS坐标", 'J1,"E120.6 N31.3"'),
        ("编号,井位坐标", 'J1,"120.6 31.3"'),
        ("编号,经度/E,纬度/N", "J1,120.6,31.3"),
        ("编号,X（经度）,Y（纬度）", "J1,120.6,31.3"),
        ("编号,經度,緯度", "J1,120.6,31.3"),
        ("编号,JD,WD", "J1,120.6,31.3"),
        ("编号,@lon,@lat", "J1,120.6,31.3"),
    ],
)
def test_coordinates_are_found_by_name_in_either_order(tmp_path, head, row):
    path = tmp_path / "窨井.csv"
    path.write_text(f"{head}\n{row}\n", "utf-8")
    layer = read(path)
    assert places(layer) == [[120.6, 31.3]]
    assert len(found(layer, "COORD_COLUMNS")) == 1
    assert layer.ledger.crs_source[0] == ("file" if "SRID" in row else "assumed")
    assert layer.ledger.n_accepted[0] == 1


@pytest.mark.parametrize(
    ("head", "row"),
    [
        ("编号,东坐标,北坐标", "J1,550000,3461000"),
        ("编号,北坐标,东坐标", "J1,3461000,550000"),
        ("编号,X,Y", "J1,550000,3461000"),
        ("编号,X坐标,Y坐标", 'J1,"3,461,000","550,000"'),
        ("编号,横坐标,纵坐标", "J1,550000,3461000"),
        ("编号,横坐标Y,纵坐标X", "J1,550000,3461000"),
        ("编号,坐标", 'J1,"3461000 550000"'),
    ],
)
def test_x_of_a_surveyor_is_the_northing(tmp_path, head, row):
    path = tmp_path / "窨井.csv"
    path.write_text(f"{head}\n{row}\n", "utf-8")
    layer = read(path, crs="EPSG:4549", metric_crs="EPSG:4549")
    assert shapely.get_coordinates(layer.data.geometry).tolist() == [[550000, 3461000]]


@pytest.mark.parametrize(
    ("crs", "head", "row", "easting_first"),
    [
        # London and New York: the easting is the larger, and no city of China is meant.
        ("EPSG:27700", "编号,X,Y", "J1,527000,182000", (527000, 182000)),
        ("EPSG:2263", "编号,x,y", "J1,981000,205000", (981000, 205000)),
        ("EPSG:2263", "编号,坐标", 'J1,"981000,205000"', (981000, 205000)),
        # Bern as surveyors there have it: y, the easting, before x.
        ("EPSG:21781", "编号,X,Y", "J1,200000,600000", (600000, 200000)),
        # All of the world is in it: China decides.
        ("EPSG:3857", "编号,X,Y", "J1,3670000,13426000", (13426000, 3670000)),
        ("EPSG:3857", "编号,X,Y", "J1,-13600000,4550000", (-13600000, 4550000)),
        # In none of both ways: a belt before the easting that the CRS has not.
        ("EPSG:4549", "编号,X,Y", "J1,3461000,40550000", (40550000, 3461000)),
    ],
)
def test_which_of_x_and_y_is_the_easting_says_the_crs_that_was_given(
    tmp_path, crs, head, row, easting_first
):
    path = tmp_path / "窨井.csv"
    path.write_text(f"{head}\n{row}\n", "utf-8")
    raw = read_raw(path)
    place_records(raw, crs=crs)
    assert shapely.get_coordinates(raw.geometry).tolist() == [[*easting_first]]


# -- in every kind of source


def as_frame(table, folder):
    return table


def as_geoframe(table, folder):
    return gpd.GeoDataFrame(table)


def as_dbf(table, folder):
    # A name has ten bytes there.
    short = table.rename(columns={"窨井编号": "编号"})
    pyogrio.write_dataframe(short, folder / "x.dbf", driver="ESRI Shapefile", encoding="UTF-8")
    return folder / "x.dbf"


def as_geopackage(table, folder):
    pyogrio.write_dataframe(table, folder / "x.gpkg", driver="GPKG")
    return folder / "x.gpkg"


def as_parquet(table, folder):
    table.to_parquet(folder / "x.parquet")
    return folder / "x.parquet"


def as_geojson(table, folder):
    features = [
        {"type": "Feature", "geometry": None, "properties": row} for row in table.to_dict("records")
    ]
    text = json.dumps({"type": "FeatureCollection", "features": features})
    (folder / "x.geojson").write_text(text)
    return folder / "x.geojson"


def as_records(table, folder):
    (folder / "x.json").write_text("\ufeff" + table.to_json(orient="records"), "utf-8")
    return folder / "x.json"


def as_nested_records(table, folder):
    nested = {"ttl": 0, "data": {"stations": table.to_dict("records")}}
    (folder / "x.json").write_text(json.dumps(nested))
    return folder / "x.json"


def as_lines_of_json(table, folder):
    lines = [json.dumps(row) for row in table.to_dict("records")]
    (folder / "x.json").write_text("\n".join(lines))
    return folder / "x.json"


def as_workbook(table, folder):
    table.to_excel(folder / "x.xlsx", index=False)
    return folder / "x.xlsx"


def as_csv(table, folder):
    table.to_csv(folder / "x.csv", index=False)
    return folder / "x.csv"


KINDS = [as_frame, as_geoframe, as_dbf, as_geopackage, as_parquet, as_geojson, as_records,
         as_nested_records, as_lines_of_json, as_workbook, as_csv]  # fmt: skip


@pytest.mark.parametrize("write", KINDS)
def test_every_source_without_geometry_has_the_places_of_its_columns(tmp_path, write):
    layer = read(write(frame(经度=LON, 纬度=LAT, 所属区=["姑苏区"] * 3), tmp_path))
    assert places(layer) == AS_IT_IS
    assert layer.located.all()
    assert layer.data["manhole_id"].tolist() == IDS


def test_lists_of_records_beside_one_another_are_refused_by_name(tmp_path):
    path = tmp_path / "x.json"
    path.write_text(json.dumps({"stations": [{"id": 1}], "types": [{"id": 2}]}))
    with pytest.raises(gcm.SourceError, match="stations, types"):
        read(path)


def test_a_list_of_features_is_read_as_geojson(tmp_path):
    path = tmp_path / "x.json"
    point = {"type": "Point", "coordinates": [120.61, 31.3]}
    path.write_text(json.dumps([{"type": "Feature", "geometry": point, "properties": {}}]))
    assert places(read(path)) == [[120.61, 31.3]]


@pytest.mark.parametrize(
    "cell",
    [{"lat": 31.3, "lng": 120.61}, [120.61, 31.3], (120.61, 31.3), shapely.Point(120.61, 31.3)],
)
def test_objects_in_the_cells_of_a_frame_are_read_as_what_they_hold(cell):
    table = pd.DataFrame(
        {"窨井编号": ["J1", "J2"], "location": pd.Series([cell, None], dtype=object)}
    )
    assert places(read(table)) == [[120.61, 31.3], None]


# -- which of several


def test_the_filled_pair_wins_over_the_better_named():
    table = frame(经度=[None] * 3, 纬度=[None] * 3, X坐标=NORTH, Y坐标=EAST)
    layer = read(table, crs="EPSG:4549")
    assert places(layer) == AS_IT_IS
    assert found(layer, "COORD_COLUMNS").value.tolist() == ["Y坐标"]
    assert found(layer, "COORD_SETS").empty


def test_boundaries_by_name_of_road_are_no_coordinates():
    table = frame(东=["人民路"] * 3, 北=["干将路"] * 3, X坐标=NORTH, Y坐标=EAST)
    layer = read(table, crs="EPSG:4549")
    assert places(layer) == AS_IT_IS
    assert found(read(frame(东=["人民路"] * 3, 北=["干将路"] * 3)), "COORDS_UNUSED").empty


@pytest.mark.parametrize(("crs", "taken"), [("EPSG:4549", "Y坐标"), ("EPSG:4490", "经度")])
def test_of_two_filled_pairs_the_one_that_fits_the_crs_is_taken_and_both_are_told(crs, taken):
    table = frame(经度=LON, 纬度=LAT, X坐标=NORTH, Y坐标=EAST)
    layer = read(table, crs=crs)
    assert places(layer) == AS_IT_IS
    assert found(layer, "COORD_COLUMNS").value.tolist() == [taken]
    assert len(found(layer, "COORD_SETS")) == 1


def test_pairs_of_two_ends_are_asked_about_and_named_columns_answer():
    table = frame(起点经度=LON, 起点纬度=LAT, 终点经度=LON[::-1], 终点纬度=LAT[::-1])
    layer = read(table)
    assert not layer.located.any()
    asked = found(layer, "COORDS_UNUSED")
    assert asked["expected"].tolist() == [
        'x = "起点经度", y = "起点纬度"',
        'x = "终点经度", y = "终点纬度"',
    ]
    assert set(asked["severity"]) == {"error"}
    assert places(read(table, x="终点经度", y="终点纬度")) == AS_IT_IS[::-1]


def test_numbers_of_a_picture_are_no_positions():
    layer = read(frame(pixel_x=[10.5, 20.25, 30.125], pixel_y=[1.5, 2.5, 3.5]))
    assert not layer.located.any()
    assert found(layer, "COORDS_UNUSED").empty


def test_columns_under_any_name_that_lie_in_china_are_an_error_with_its_remedy(tmp_path):
    path = tmp_path / "窨井.csv"
    frame(位置甲=[120.6123, 120.6234, 120.6345], 位置乙=[31.3012, 31.3123, 31.3234]).to_csv(
        path, index=False
    )
    asked = found(read(path), "COORDS_UNUSED")
    assert asked["value"].tolist() == ["位置甲, 位置乙"]
    ran = CliRunner().invoke(main, ["check", str(path)])
    assert ran.exit_code == 3
    named = CliRunner().invoke(main, ["check", str(path), "--x", "位置甲", "--y", "位置乙"])
    assert named.exit_code == 0, named.output


@pytest.mark.parametrize("names", [("jd", "wd"), ("E", "N"), ("pixel_x", "pixel_y")])
def test_words_short_for_other_things_need_numbers_that_are_positions(names):
    # 进度 and 温度, counts: in the range of degrees, but of no place in China.
    layer = read(frame(**dict(zip(names, ([10.5, 20.5, 99.5], [21.5, 22.5, 23.5]), strict=True))))
    assert not layer.located.any()
    assert "COORD_COLUMNS" not in set(layer.findings["code"])


def test_measures_that_happen_to_be_in_the_range_of_degrees_are_none():
    for columns in (
        {"宽": [100, 105, 110], "深": [31.5, 32.5, 20.5]},
        {"宽": [100.5, 120.5, 80.25], "深": [31.5, 32.5, 20.5]},
        {"宽": [100.5, 101.5, 100.25], "道路": ["甲"] * 3, "深": [31.5, 32.5, 31.25]},
    ):
        assert found(read(frame(**columns)), "COORDS_UNUSED").empty


# -- beside geometry


def drawn(**columns) -> gpd.GeoDataFrame:
    points = [shapely.Point(a, b) for a, b in zip(LON, LAT, strict=True)]
    points[1] = None
    return gpd.GeoDataFrame(frame(**columns), geometry=points, crs="EPSG:4490")


@pytest.mark.parametrize("crs", ["EPSG:4490", "EPSG:4549"])
def test_a_record_without_geometry_lies_where_its_columns_say(crs):
    layer = read(drawn(经度=LON, 纬度=LAT).to_crs(crs))
    assert places(layer) == AS_IT_IS
    assert found(layer, "COORD_FILLED")["record"].tolist() == [1]


def test_a_shape_at_zero_gives_way_to_the_columns():
    table = drawn(经度=LON, 纬度=[*LAT[:2], None])
    table["geometry"] = shapely.Point(0, 0)
    layer = read(table)
    assert places(layer) == [*AS_IT_IS[:2], None]
    assert found(layer, "COORD_UNREADABLE")["record"].tolist() == [2]


def test_columns_that_lie_elsewhere_than_the_geometry_fill_nothing():
    layer = read(drawn(经度=[v + 0.0044 for v in LON], 纬度=LAT))
    assert layer.located.tolist() == [True, False, True]
    assert len(found(layer, "COORD_DIFFER")) == 1


def test_columns_beside_whole_geometry_are_attributes():
    table = drawn(经度=[v + 1 for v in LON], 纬度=LAT)
    table.loc[1, "geometry"] = shapely.Point(LON[1], LAT[1])
    layer = read(table)
    assert places(layer) == AS_IT_IS
    assert not layer.findings["code"].str.startswith("COORD").any()


# -- CRS and datum by name


@pytest.mark.parametrize(
    ("names", "datum", "crs"),
    [
        (("高德经度", "高德纬度"), "gcj02", "EPSG:4490"),
        (("gcj02_lng", "gcj02_lat"), "gcj02", "EPSG:4490"),
        (("gcj_x", "gcj_y"), "gcj02", "EPSG:4490"),
        (("火星坐标X", "火星坐标Y"), "gcj02", "EPSG:4490"),
        (("经度(GCJ-02)", "纬度(GCJ-02)"), "gcj02", "EPSG:4490"),
        (("百度经度", "百度纬度"), "bd09", "EPSG:4490"),
        (("baiduX", "baiduY"), "bd09", "EPSG:4490"),
        (("bd09_lng", "bd09_lat"), "bd09", "EPSG:4490"),
        (("WGS84经度", "WGS84纬度"), "wgs84", "EPSG:4326"),
        (("wgs_lon", "wgs_lat"), "wgs84", "EPSG:4326"),
        (("国家2000经度", "国家2000纬度"), "cgcs2000", "EPSG:4490"),
        (("2000坐标经度", "2000坐标纬度"), "cgcs2000", "EPSG:4490"),
    ],
)
def test_a_name_that_says_the_datum_sets_it_and_is_told(names, datum, crs):
    lon, lat = gcm.from_wgs84((np.array(LON), np.array(LAT)), datum)
    layer = read(frame(**dict(zip(names, (lon, lat), strict=True))))
    row = layer.ledger.iloc[0]
    assert (row["crs"], row["crs_source"], row["datum"]) == (crs, "name", datum)
    assert places(layer) == AS_IT_IS
    assert len(found(layer, "COORD_REFERENCE")) == 1
    assert found(layer, "DEGREES_ASSUMED").empty


def test_a_given_datum_wins_over_the_name_and_the_contradiction_is_told():
    layer = read(frame(高德经度=LON, 高德纬度=LAT), datum="wgs84")
    assert places(layer) == AS_IT_IS
    assert layer.ledger.datum_source[0] == "given"
    assert found(layer, "COORD_CONTRADICTED")["severity"].tolist() == ["warning"]


def test_a_crs_by_name_holds_for_metres_where_the_word_leaves_no_choice():
    table = frame(TWD97X=[296882.0, 296277.0, 297000.0], TWD97Y=[2767068.0, 2767002.5, 2767100.0])
    layer = read(table)
    assert (layer.ledger.crs[0], layer.ledger.crs_source[0]) == ("EPSG:3826", "name")
    lon, lat = layer.data.geometry.to_crs(4326).iloc[0].coords[0]
    # 46,882 m east of 121° E at 25° N.
    assert (lon, lat) == pytest.approx((121.4646, 25.0112), abs=1e-3)


def test_a_frame_without_public_shift_is_refused_and_not_taken_for_another():
    with pytest.raises(gcm.CRSError, match="no known transformation"):
        read(frame(西安80经度=LON, 西安80纬度=LAT))


def test_a_crs_that_was_given_wins_over_a_frame_in_the_name_and_is_told():
    table = frame(西安80坐标X=NORTH, 西安80坐标Y=EAST)
    with pytest.raises(gcm.CRSError, match="the headings say Xian 1980"):
        read(table)
    layer = read(table, crs="EPSG:4549")
    assert places(layer) == AS_IT_IS
    assert len(found(layer, "COORD_CONTRADICTED")) == 1


def test_a_latitude_under_the_heading_of_the_longitude_is_refused_and_mended_when_asked():
    table = frame(经度=LAT, 纬度=LON)
    with pytest.raises(gcm.CRSError, match="exchanged") as caught:
        read(table)
    assert 'repair = ["swapped"]' in str(caught.value)
    assert places(read(table, repair=["swapped"])) == AS_IT_IS


def test_metres_without_a_crs_are_refused_with_candidates():
    with pytest.raises(gcm.CRSError, match="EPSG:4534"):
        read(frame(X坐标=NORTH, Y坐标=EAST))


@pytest.mark.parametrize(
    ("lon", "lat", "crs"), [(LON, LAT, "EPSG:4490"), ([-73.99, -73.98, -74.0], LAT, "EPSG:4326")]
)
def test_degrees_without_a_statement_are_assumed_and_told(lon, lat, crs):
    layer = read(frame(lng=lon, lat=lat))
    assert (layer.ledger.crs[0], layer.ledger.crs_source[0]) == (crs, "assumed")
    told = found(layer, "DEGREES_ASSUMED")
    assert told["severity"].tolist() == ["warning"]
    assert ("gcj02" in told["message_en"].iloc[0]) == (crs == "EPSG:4490")


def test_small_numbers_that_no_name_calls_degrees_are_refused():
    with pytest.raises(gcm.CRSError):
        read(frame(X=[12.5, 13.5, 14.5], Y=[41.5, 42.5, 43.5]))


# -- as people write them


@pytest.mark.parametrize(
    "text",
    [
        "120.61", "120.61E", "E120.61", "120.61° E", "120°36′36″", "120-36-36", "120 36 36",
        "120:36:36", "120度36分36秒", "东经120度36分36秒", "120º36'36\"E", "120°36.6′",
        "经度：120.61", "120,61", "Lng=120.61", "１２０．６１", "120˚36’36”",
    ],
)  # fmt: skip
def test_a_coordinate_is_read_in_every_usual_writing(text):
    numbers, _ = read_coordinates(pd.Series([text]), axis="lon")
    assert numbers[0] == pytest.approx(120.61, abs=1e-9)


@pytest.mark.parametrize(
    "text", ["人民路", "120-66-00", "120°36′75″", "31.3N", "120.6.1", "1 2 3 4", "约120"]
)
def test_what_is_no_coordinate_is_not_made_one(text):
    assert np.isnan(read_coordinates(pd.Series([text]), axis="lon")[0][0])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("120.61,31.30", -1),
        ("120.61,31.30,4.2", -1),
        ("120.61 31.30 4.2", -1),
        ("[120.61, 31.3]", -1),
        ("120-36-36,31-18-00", -1),
        ("120 36 36 31 18 00", -1),
        ("120,61; 31,30", -1),
        ("120.61° E, 31.30° N", 0),
        ("E120.61N31.30", 0),
        ("经度：120.61，纬度：31.30", 0),
        ('{"lng": 120.61, "lat": 31.3}', 0),
        ("东经120°36′36″，北纬31°18′00″，高程4.2米", 0),
        ("31.30N 120.61E", 1),
        ("北纬31度18分 东经120度36分36秒", 1),
        ("lat: 31.3, lon: 120.61", 1),
    ],
)
def test_both_coordinates_of_a_cell_are_read_with_the_order_letters_say(text, said):
    halves = read_halves(pd.Series([text]))
    lon, lat = (halves.second, halves.first) if said == 1 else (halves.first, halves.second)
    assert (lon[0], lat[0]) == pytest.approx((120.61, 31.3))
    assert halves.lat_first[0] == said


def test_an_order_that_nothing_says_is_asked_and_never_decided_by_luck():
    table = frame(LOCATION=["(41.88, -87.77)", "(41.84, -87.70)", "(41.85, -87.71)"])
    layer = read(table)
    assert not layer.located.any()
    asked = found(layer, "COORDS_UNUSED").iloc[0]
    assert 'x = "LOCATION[2]", y = "LOCATION[1]"' in asked["message_en"]
    read_by_part = read(table, x="LOCATION[2]", y="LOCATION[1]", crs="EPSG:4326")
    assert read_by_part.data.geometry.to_crs(4326).iloc[0].coords[0] == pytest.approx(
        (-87.77, 41.88)
    )
    with pytest.raises(gcm.SourceError, match="cannot be told"):
        read(table, x="LOCATION")


def test_west_and_south_are_negative():
    halves = read_halves(pd.Series(["33°26′S, 70°40′W"]))
    assert (halves.first[0], halves.second[0]) == pytest.approx((-33.4333333, -70.6666667))


@given(st.integers(-179, 179), st.integers(0, 59), st.integers(0, 59))
def test_degrees_minutes_and_seconds_are_those_of_arithmetic(degrees, minutes, seconds):
    sign = "-" if degrees < 0 else ""
    signs = (("°", "′", "″"), ("-", "-", ""), (":", ":", ""), (" ", " ", ""))
    texts = [f"{sign}{abs(degrees)}{a}{minutes}{b}{seconds}{c}" for a, b, c in signs]
    value = abs(degrees) + minutes / 60 + seconds / 3600
    numbers, _ = read_coordinates(pd.Series(texts), axis="lon")
    np.testing.assert_allclose(numbers, -value if degrees < 0 else value, atol=1e-12)


def test_packed_degrees_are_warned_of_and_not_converted():
    table = frame(经度=["120.3636", "120.3712", "120.3748"], 纬度=["31.1800", "31.1836", "31.1912"])
    layer = read(table)
    assert len(found(layer, "COORD_PACKED")) == 1
    assert places(layer)[0] == [120.3636, 31.18]
    assert found(read(frame(经度=LON, 纬度=LAT)), "COORD_PACKED").empty


def test_the_digits_of_ordinary_degrees_soon_show_that_they_are_not_packed():
    rng = np.random.default_rng(0)
    assert not is_packed(120.5 + rng.random(50) / 5, 31.3 + rng.random(50) / 5)


# -- record by record


def test_a_record_whose_coordinates_cannot_be_read_says_so_and_costs_no_other():
    layer = read(frame(经度=["不详", "120.62", "120.63"], 纬度=["31.30", "31.31", None]))
    assert layer.located.tolist() == [False, True, False]
    told = found(layer, "COORD_UNREADABLE")
    assert told[["record", "value"]].values.tolist() == [[0, "不详, 31.30"], [2, "120.63, —"]]
    assert layer.ledger.n_accepted[0] == 3


def test_metres_among_degrees_and_degrees_among_metres_are_told_by_value():
    layer = read(frame(经度=[120.61, 558100.5, 120.63], 纬度=[31.30, 3464400.2, 31.32]))
    told = found(layer, "COORD_RANGE").iloc[0]
    assert (told["record"], told["value"]) == (1, "(558100.5, 3464400.2)")
    assert "metres among degrees" in told["message_en"]
    metres = frame(X=[EAST[0], 120.62, EAST[2]], Y=[NORTH[0], 31.31, NORTH[2]])
    layer = read(metres, crs="EPSG:4549")
    assert found(layer, "COORD_DEGREES")["record"].tolist() == [1]
    assert layer.located.tolist() == [True, False, True]


def test_one_bad_wkt_costs_no_other(tmp_path):
    path = tmp_path / "窨井.csv"
    path.write_text("编号;wkt\nJ1;POINT (1 2)\nJ2;POINT ((1 2\nJ3;POINT (3 4)\n", "utf-8")
    layer = read(path, crs="EPSG:4326", metric_crs="EPSG:32631")
    assert layer.located.tolist() == [True, True]
    assert found(layer, "RECORD_UNREADABLE")["record"].tolist() == [1]


# -- named columns


def test_a_column_that_is_not_there_is_refused_with_the_nearest():
    with pytest.raises(gcm.SourceError, match="Did you mean '高德经度'"):
        read(frame(高德经度=LON, 高德纬度=LAT), x="高德径度", y="高德纬度")
    with pytest.raises(gcm.SourceError, match="x is not"):
        read(frame(高德经度=LON, 高德纬度=LAT), y="高德纬度")


def test_named_columns_win_over_geometry():
    table = drawn(甲=LON, 乙=LAT)
    table["geometry"] = shapely.Point(100, 20)
    assert places(read(table, x="甲", y="乙")) == AS_IT_IS


@pytest.mark.parametrize(
    "lines",
    [
        'x = "甲"\ny = "乙"',
        '[layers.manholes.fields]\n"甲" = "经度"\n"乙" = "纬度"',
    ],
)
def test_city_toml_names_the_columns(tmp_path, lines):
    frame(甲=LON, 乙=LAT).to_csv(tmp_path / "a.csv", index=False)
    (tmp_path / "city.toml").write_text(f'[layers.manholes]\npath = "a.csv"\n{lines}\n', "utf-8")
    assert places(gcm.load_city(tmp_path).layer("manholes")) == AS_IT_IS


def test_x_and_y_are_refused_by_name_where_several_layers_are_meant(tmp_path):
    frame(甲=LON, 乙=LAT).to_csv(tmp_path / "窨井.csv", index=False)
    pd.DataFrame({"站点编号": IDS, "经度": LON, "纬度": LAT}).to_csv(
        tmp_path / "公共自行车.csv", index=False
    )
    with pytest.raises(gcm.CityDataError, match=r"(?=.*manholes)(?=.*bike_stations)"):
        gcm.load_city(tmp_path, x="甲", y="乙")
    ran = CliRunner().invoke(
        main, ["check", str(tmp_path), "--layer", "manholes", "--x", "甲", "--y", "乙"]
    )
    assert ran.exit_code == 0, ran.output


def test_init_proposes_unused_columns_as_lines_that_work(tmp_path):
    table = frame(起点经度=LON, 起点纬度=LAT)
    table.to_csv(tmp_path / "窨井.csv", index=False)
    assert CliRunner().invoke(main, ["init", str(tmp_path)]).exit_code == 0
    proposed = (tmp_path / "city.toml").read_text("utf-8")
    assert '# ? x = "起点经度"' in proposed
    (tmp_path / "city.toml").write_text(proposed.replace("# ? ", ""), "utf-8")
    assert places(gcm.load_city(tmp_path).layer("manholes")) == AS_IT_IS


def test_what_init_writes_of_named_columns_survives_other_headings(tmp_path):
    path = tmp_path / "窨井.csv"
    frame(高德经度=LON, 高德纬度=LAT).to_csv(path, index=False)
    assert CliRunner().invoke(main, ["init", str(tmp_path)]).exit_code == 0
    assert 'datum = "gcj02"' in (tmp_path / "city.toml").read_text("utf-8")
    path.write_text(path.read_text("utf-8").replace("高德", ""), "utf-8")
    lon, lat = gcm.to_wgs84((np.array(LON), np.array(LAT)), "gcj02")
    moved = places(gcm.load_city(tmp_path).layer("manholes"))
    np.testing.assert_allclose(moved, np.column_stack([lon, lat]), atol=1e-5)


@pytest.mark.parametrize("crs", ["", "   "])
def test_an_empty_crs_in_city_toml_states_none(tmp_path, crs):
    frame(经度=LON, 纬度=LAT).to_csv(tmp_path / "a.csv", index=False)
    text = f'[layers.manholes]\npath = "a.csv"\ncrs = "{crs}"\n'
    (tmp_path / "city.toml").write_text(text, "utf-8")
    assert places(gcm.load_city(tmp_path).layer("manholes")) == AS_IT_IS


@pytest.mark.parametrize(
    "name", ["道路名称", "longest", "latest", "Shape_Length", "index", "坐标系"]
)
def test_other_names_say_nothing_of_coordinates(name):
    assert read_name(name) is None


#: 120°36′36″ and 31°18′0″, and so on: as AS_IT_IS, in columns of degrees, minutes and seconds.
IN_PARTS = [[120] * 3, [36, 37, 37], [36, 12, 48], [31] * 3, [18] * 3, [0, 36, 72 - 12.5]]
PARTED = [[120.61, 31.3], [120.62, 31.31], [120.63, 31.31653]]


def parted(*names: str, columns=IN_PARTS) -> pd.DataFrame:
    return frame(**dict(zip(names, columns, strict=True)))


@pytest.mark.parametrize(
    "names",
    [
        "经度度 经度分 经度秒 纬度度 纬度分 纬度秒",
        "经度/度 经度/分 经度/秒 纬度/度 纬度/分 纬度/秒",
        "经度（度） 经度（分） 经度（秒） 纬度（度） 纬度（分） 纬度（秒）",
        "经度(°) 经度(′) 经度(″) 纬度(°) 纬度(′) 纬度(″)",
        "东经度 东经分 东经秒 北纬度 北纬分 北纬秒",
        "经度 经度分 经度秒 纬度 纬度分 纬度秒",
        "窨井经度_度 窨井经度_分 窨井经度_秒 窨井纬度_度 窨井纬度_分 窨井纬度_秒",
        "LON_DEG LON_MIN LON_SEC LAT_DEG LAT_MIN LAT_SEC",
        "lonDegrees lonMinutes lonSeconds latDegrees latMinutes latSeconds",
        "lon_d lon_m lon_s lat_d lat_m lat_s",
    ],
    ids=lambda names: names.split()[0],
)
def test_degrees_minutes_and_seconds_in_columns_of_their_own_are_one_place(names):
    layer = read(parted(*names.split()))
    assert places(layer) == PARTED
    told = found(layer, "COORD_COLUMNS").iloc[0]
    assert [told.value, told.expected] == [
        ", ".join(names.split()[:3]), ", ".join(names.split()[3:])
    ]  # fmt: skip
    assert found(layer, "COORD_SETS").empty and found(layer, "FIELD_UNKNOWN").empty
    assert layer.data[names.split()[1]].tolist() == IN_PARTS[1]


def test_two_columns_of_degrees_and_minutes_are_one_place():
    minutes = [[120] * 3, [36.6, 37.2, 37.8], [31] * 3, ["18′", "18.6′", "19.2分"]]
    names = ["经度度", "经度分", "纬度度", "纬度分"]
    assert places(read(parted(*names, columns=minutes))) == AS_IT_IS


def test_parts_under_a_merged_heading_are_one_place(tmp_path):
    rows = [["编号", "经度", None, None, "纬度", None, None],
            [None, "度", "分", "秒", "度", "分", "秒"],
            *([i, *parts] for i, *parts in zip(IDS, *IN_PARTS, strict=True))]  # fmt: skip
    workbook = openpyxl.Workbook()
    for row in rows:
        workbook.active.append(row)
    for cells in ("A1:A2", "B1:D1", "E1:G1"):
        workbook.active.merge_cells(cells)
    workbook.save(tmp_path / "窨井.xlsx")
    assert places(read(tmp_path / "窨井.xlsx")) == PARTED


@pytest.mark.parametrize(
    ("column", "value"), [(1, 61), (1, None), (1, "?"), (2, 60), (1, 36.5), (0, 120.5), (2, -1)]
)
def test_parts_that_make_no_angle_are_told_and_no_place(column, value):
    columns = [list(one) for one in IN_PARTS]
    columns[column][0] = value
    names = ["经度度", "经度分", "经度秒", "纬度度", "纬度分", "纬度秒"]
    layer = read(parted(*names, columns=columns))
    assert places(layer) == [None, *PARTED[1:]]
    assert found(layer, "COORD_UNREADABLE")["record"].tolist() == [0]


def test_degrees_west_and_south_grow_away_from_zero():
    parts = [pd.Series([-70, -33]), pd.Series([30, 15])]
    np.testing.assert_allclose(read_parts(parts, axis="lon"), [-70.5, -33.25])


def test_decimal_degrees_beside_parts_are_the_place_and_the_remedy_takes_the_parts():
    names = ["经度度", "经度分", "经度秒", "纬度度", "纬度分", "纬度秒"]
    both = parted(*names).assign(纬度=LAT)
    both.insert(0, "经度", LON)
    layer = read(both)
    assert places(layer) == AS_IT_IS
    assert 'x = "经度度", y = "纬度度"' in found(layer, "COORD_SETS").iloc[0].message_zh
    assert places(read(both, x="经度度", y="纬度度")) == PARTED


def test_the_smallest_and_largest_longitude_are_no_minutes():
    whole = {"lon": [120, 121, 122], "lat": [31, 32, 33]}
    ends = {"lon_min": [1, 2, 3], "lat_min": [1, 2, 3], "lon_max": [5, 6, 7], "lat_max": [5, 6, 7]}
    assert places(read(frame(**whole, **ends)))[0] == [120, 31]
