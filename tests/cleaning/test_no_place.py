"""Coordinates that stand for no place: the record counts, unlocated, and that is said."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

import geo_citymgmt as gcm
from geo_citymgmt.reading._coordinate_columns import PLACEHOLDERS, no_place, without_placeholders

SUZHOU = [(120.60, 31.30), (120.61, 31.31), (120.62, 31.32)]
CRS = "EPSG:4549"


def read(places, crs="EPSG:4490", **more) -> gcm.Layer:
    frame = gpd.GeoDataFrame({"station_id": [f"S{k}" for k in range(len(places))]},
                             geometry=places, crs=crs)  # fmt: skip
    return gcm.read_layer(frame, "bike_stations", metric_crs=CRS, **more)


def points(*pairs) -> list:
    return [shapely.Point(*pair) for pair in (*SUZHOU, *pairs)]


@pytest.mark.parametrize("number", PLACEHOLDERS)
def test_both_coordinates_the_same_placeholder_are_no_place(number):
    layer = read(points((number, number)))
    assert layer.located.tolist() == [True, True, True, False]
    assert layer.ledger["n_rejected"].item() == 0
    about = layer.findings[layer.findings["record"] == 3]
    assert about["code"].tolist() == ["COORD_PLACEHOLDER", "UNLOCATED"]
    assert about["severity"].tolist() == ["warning", "warning"]
    assert f"({number}, {number})" in about["message_zh"].iloc[0]


@pytest.mark.parametrize(
    ("place", "code"),
    [
        ((1120.16, 30.27), "COORD_RANGE"),
        ((120.6, 91.0), "COORD_RANGE"),
        ((-181.0, 31.0), "COORD_RANGE"),
        ((120.6, 0.0), "COORD_PLACEHOLDER"),
        ((0.0, 31.3), "COORD_PLACEHOLDER"),
        ((np.inf, 31.3), "COORD_NONFINITE"),
    ],
)
def test_what_lies_nowhere_on_earth_or_on_an_axis_far_away_is_no_place(place, code):
    layer = read(points(place))
    assert layer.located.tolist() == [True, True, True, False]
    assert code in layer.findings.loc[layer.findings["record"] == 3, "code"].tolist()


def test_a_placeholder_is_one_in_a_projected_crs_too():
    metric = gpd.GeoSeries(points(), crs=4490).to_crs(CRS).tolist()
    layer = read([*metric, shapely.Point(0, 0), shapely.Point(-99, -99)], crs=CRS)
    assert layer.located.tolist() == [True] * 3 + [False] * 2


def test_most_records_without_a_place_do_not_hide_the_others():
    layer = read(points(*[(0, 0)] * 20))
    assert layer.located.sum() == 3
    assert layer.data.geometry.iloc[0].x == pytest.approx(557_000, abs=5_000)


def test_columns_of_a_table_and_wkt_are_read_alike(tmp_path):
    table = tmp_path / "公共自行车.csv"
    table.write_text(
        "站点编号,站点名称,经度,纬度\n1,甲,120.988655,31.38405\n2,乙,0.000000,0.000000\n"
        "3,丙,,\n4,丁,-99,-99\n5,戊,1120.9,31.4\n", "utf-8",
    )  # fmt: skip
    layer = gcm.read_layer(table, "bike_stations", crs="EPSG:4490", metric_crs=CRS)
    assert layer.located.tolist() == [True, False, False, False, False]
    assert layer.ledger[["n_records", "n_accepted", "n_rejected"]].values.tolist() == [[5, 5, 0]]
    codes = layer.findings.dropna(subset=["record"]).groupby("record")["code"].first().tolist()
    assert codes == ["COORD_PLACEHOLDER", "GEOM_NULL", "COORD_PLACEHOLDER", "COORD_RANGE"]
    table.write_text("站点编号,wkt\n1,POINT (120.6 31.3)\n2,POINT (0 0)\n3,POINT EMPTY\n", "utf-8")
    layer = gcm.read_layer(table, "bike_stations", crs="EPSG:4490", metric_crs=CRS)
    assert layer.located.tolist() == [True, False, False]


def test_places_about_the_meridian_and_the_equator_are_places():
    x, y = np.array([-0.19, -0.20, 0.0, -0.18]), np.array([5.60, 5.55, 5.58, 5.61])
    assert not no_place(x, y).any(), "Accra"
    assert no_place(np.append(x, 0.0), np.append(y, 0.0)).tolist() == [False] * 4 + [True]
    buoys = np.array([0.0, 0.1, -0.1, 0.05])
    assert not no_place(buoys, buoys[::-1] * 0 + buoys).any(), "about Null Island"


def test_a_shape_that_is_one_point_over_and_over_is_a_placeholder():
    ring = shapely.Polygon([(0, 0), (0, 0), (0, 0), (0, 0)])
    square = shapely.box(120.6, 31.3, 120.7, 31.4)
    places, gone = without_placeholders(np.array([square, ring], dtype=object))
    assert gone.tolist() == [False, True]
    assert places[0] is square


@given(st.floats(-179, 179), st.floats(-89, 89), st.sampled_from(PLACEHOLDERS), st.integers(1, 9))
def test_a_layer_far_from_a_placeholder_loses_no_place_and_keeps_no_placeholder(lon, lat, n, many):
    if min(abs(lon - n), abs(lat - n)) < 2 or min(abs(lon), abs(lat)) < 2:
        return
    x = np.append(lon + np.arange(4) * 0.01, [n] * many)
    y = np.append(lat + np.arange(4) * 0.01, [n] * many)
    assert no_place(x, y).tolist() == [False] * 4 + [True] * many


def test_records_without_a_place_count_in_the_total_and_in_no_zone(city):
    zones = city.zones
    inside = zones.geometry.representative_point()
    frame = gpd.GeoDataFrame(
        {"lot_id": list("abcd"), "spaces_total": [10, 20, 30, 40],
         "district_name": [None, None, "昆山市", None]},
        geometry=[inside.iloc[0], shapely.Point(0, 0), None, shapely.Point()],
        crs=zones.crs,
    )  # fmt: skip
    layer = gcm.read_layer(frame, "parking_points", zones=zones, metric_crs=zones.crs)
    assert layer.ledger["n_accepted"].item() == 4
    few = type(city)(
        **{
            **{name: getattr(city, name) for name in city.__dataclass_fields__},
            "layers": {"parking_points": layer},
        }
    )
    table = gcm.progress(few, as_of=None, indicators="parking_spaces_total")
    kinds = table.groupby("row_kind")["value"].sum()
    assert kinds.to_dict() == {"total": 100, "unlocated": 90, "zone": 10}
    apart = table[table["row_kind"] == "unlocated"].set_index("zone_code")["value"]
    assert apart.to_dict() == {"320583": 30, "unlocated": 60}
    assert pd.isna(layer.data["district_code"]).tolist() == [False, True, False, True]


def test_who_has_no_place_is_told_with_the_district_it_names_and_by_what_it_counts():
    frame = gpd.GeoDataFrame(
        {"station_id": list("ABCDEF"), "district_name": [*["甲区"] * 3, None, "乙区", None],
         "district_code": [None, None, None, None, "320505", None]},
        geometry=[*points(), None, None, None], crs="EPSG:4490",
    )  # fmt: skip
    layer = gcm.read_layer(frame, "bike_stations", metric_crs=CRS)
    told = layer.findings[layer.findings["code"] == "UNLOCATED"].set_index("record")
    assert told["action"].to_dict() == {3: "none", 4: "assumed", 5: "none"}
    assert told["value"].to_dict() == {3: "—", 4: "320505", 5: "—"}
    named = gcm.read_layer(
        frame.assign(district_name=frame["district_name"].fillna("丙区"), district_code=None),
        "bike_stations", metric_crs=CRS,
    ).findings  # fmt: skip
    assert named.loc[named["code"] == "UNLOCATED", "value"].tolist() == ["丙区", "乙区", "丙区"]
