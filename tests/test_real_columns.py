"""Columns of public sets: right at once or in the lines that are proposed, missed, or wrong."""

from __future__ import annotations

import json

import pandas as pd
import pytest

import geo_citymgmt as gcm

pytestmark = pytest.mark.shared

#: Set and file: layer, and the fields of each column that a person would map (any is right).
EXPECTED = {
    "z01_suzhou_datav/320500.json": ("districts", {
        "adcode": "district_code", "name": "name_zh"}),
    "z03_chongqing/区县界_area.shp": ("districts", {
        "NAME": "name_zh", "ADMINCODE": "district_code"}),
    "z05_shenzhen_shp/sz.shp": ("districts", {"qh": "name_zh"}),
    "z07_boroughs/boroughs.geojson": ("districts", {
        "BoroCode": "district_code", "BoroName": "name_zh name_en"}),
    "b13_bikelife_suzhou/suzhou.json": ("bike_stations", {
        "id": "station_id", "name": "name", "address": "address"}),
    "b18_gbfs_nyc/station_information.json": ("bike_stations", {
        "station_id": "station_id", "name": "name", "capacity": "capacity"}),
    "b20_hangzhou_bd09/stations.json": ("bike_stations", {
        "stationId": "station_id", "stationName": "name"}),
    "p25_banqiao/BanqiaoPublicParkingSpaceInfo.csv": ("parking_points", {
        "ID": "lot_id", "NAME": "name", "AREA": "district_name", "ADDRESS": "address",
        "TOTALCAR": "spaces_total", "SERVICETIME": "open_hours", "PAYEX": "fee_rule",
        "TEL": "phone", "SUMMARY": "? build_form"}),
    "p26_istanbul/parking_lots.csv": ("parking_points", {
        "_id": "lot_id", "PARK_NAME": "name", "LOCATION_NAME": "address",
        "PARK_TYPE_DESC": "lot_kind", "CAPACITY_OF_PARK": "spaces_total",
        "WORKING_TIME": "open_hours", "COUNTY_NAME": "district_name"}),
    "p23_hk_carpark/carpark.geojson": ("parking_points", {
        "name_chi": "name", "address": "address", "district": "district_name",
        "type": "build_form lot_kind"}),
    "m31_mapholes/manholes.geojson": ("manholes", {
        "uniquekey": "manhole_id", "address": "address", "streetname": "road_name",
        "borough": "district_name", "status": "status", "lastupdated": "update_date"}),
    "m32_hefei/manholes.csv": ("manholes", {
        "id": "manhole_id", "address": "address", "district": "district_name",
        "status": "status", "material": "material", "depth": "well_depth_m",
        "diameter": "cover_size_mm", "contact_phone": "phone", "updated_at": "update_date",
        "device_id": "? manhole_id"}),
    "t36_chipanga/pipes.geojson": ("utility_tunnels", {"name": "name", "description": "remark"}),
    "i38_chicago_violations/Building_Violations.csv": ("illegal_construction", {
        "ID": "parcel_id", "VIOLATION DATE": "found_date",
        "VIOLATION LAST MODIFIED DATE": "update_date", "VIOLATION STATUS": "status",
        "ADDRESS": "address", "INSPECTION CATEGORY": "found_by",
        "VIOLATION INSPECTOR COMMENTS": "remark"}),
    "i41_bubenec/bubenec.gpkg": ("illegal_construction", {"uID": "parcel_id"}),
    "s44_busstop/busstop.json": ("transit_stops", {"stopname": "name", "linename": "lines"}),
}  # fmt: skip
TABLES = {"i41_bubenec/bubenec.gpkg": "buildings"}


def source(path):
    """Return a set as :func:`propose_mapping` takes it; an array of objects is a frame."""
    if path.suffix != ".json":
        return path
    held = json.loads(path.read_text("utf-8-sig"))
    if isinstance(held, dict) and "features" in held:
        return path
    return pd.DataFrame(held["data"]["stations"] if isinstance(held, dict) else held)


def plain(column):
    return "".join(column.split())


@pytest.fixture(scope="module")
def mapped(real):
    """Return every candidate of every set, and what is expected of its column."""
    rows = []
    for name, (layer, expected) in EXPECTED.items():
        table = gcm.propose_mapping(source(real / name), layer, sublayer=TABLES.get(name))
        wanted = {plain(column): fields for column, fields in expected.items()}
        for row in table.itertuples():
            fields = wanted.get(plain(row.column), "").replace("? ", "").split()
            rows.append((name, row.column, row.field, row.applied, row.field in fields))
    return pd.DataFrame(rows, columns=["set", "column", "field", "applied", "right"])


def test_no_column_is_read_or_proposed_as_a_field_that_it_is_not(mapped):
    wrong = mapped[~mapped["right"]]
    assert wrong.empty, wrong.to_string()


def test_seventeen_in_twenty_columns_are_right_at_once_or_after_the_lines_proposed(mapped):
    n = sum(not f.startswith("?") for _, e in EXPECTED.values() for f in e.values())
    right = mapped[mapped["right"]]
    assert len(right) / n >= 0.85, (len(right), n)
    assert right["applied"].mean() >= 0.85


def test_every_set_has_the_column_of_its_name_or_number(mapped):
    assert set(mapped.loc[mapped["applied"], "set"]) == set(EXPECTED)
