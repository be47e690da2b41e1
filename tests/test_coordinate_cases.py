"""Tables whose positions were lost after public reports: what is right for each, by value."""

from __future__ import annotations

import json
import runpy
import shutil
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

import geo_citymgmt as gcm
from geo_citymgmt.cli import main

SHARED = Path(__file__).resolve().parents[2] / "shared"
CASES = SHARED / "cases" / "reading"
pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not CASES.is_dir(), reason="../shared/cases/reading is not there"),
]
#: Where the records of nearly all cases lie.
PLACES = [(120.61, 31.30), (120.62, 31.31), (120.63, 31.32)]


@pytest.fixture
def case(tmp_path, monkeypatch):
    """Return the folder of a case, written anew."""

    def written(name: str) -> Path:
        if "import shapefile" in (CASES / name / "make.py").read_text("utf-8"):
            pytest.importorskip("shapefile", reason="the case is written by pyshp")
        shutil.copyfile(CASES / name / "make.py", tmp_path / "make.py")
        monkeypatch.chdir(tmp_path)
        runpy.run_path(str(tmp_path / "make.py"))
        return tmp_path / "in"

    return written


def read(folder: Path, **options) -> gcm.Layer:
    (path,) = (p for p in folder.iterdir() if p.suffix != ".toml")
    return gcm.read_layer(path, "manholes", **options)


def places(layer: gcm.Layer) -> list[tuple[float, float] | None]:
    degrees = layer.data.geometry.to_crs(4490)
    return [(round(p.x, 5), round(p.y, 5)) if there else None
            for p, there in zip(degrees, layer.located, strict=True)]  # fmt: skip


def codes(layer: gcm.Layer) -> set[str]:
    return set(layer.findings["code"])


@pytest.mark.parametrize(
    ("name", "crs"),
    [
        ("sizhi_xy_district", "EPSG:4549"),
        ("dbf_table_xy", "EPSG:4490"),
        ("gj_null_geom_xy", None),
        ("empty_lonlat_full_xy", "EPSG:4549"),
        ("both_sets", "EPSG:4549"),
        ("json_records", None),
        ("csv_ewkb", "EPSG:4490"),
        ("csv_geojson_col", "EPSG:4490"),
    ],
)
def test_positions_are_those_of_the_right_columns(case, name, crs):
    layer = read(case(name), fallback_crs=crs)
    assert places(layer) == PLACES
    assert ("COORD_SETS" in codes(layer)) == (name == "both_sets")


@pytest.mark.parametrize(
    "name", ["dms_dash", "dms_space", "suffix_EN", "pair_deg", "pair_h", "pair_lab"]
)
def test_every_usual_writing_of_degrees_is_read(case, name):
    layer = read(case(name), crs="EPSG:4490")
    assert places(layer) == [(120.61, 31.3)] * 3
    assert "COORD_COLUMNS" in codes(layer)


def test_packed_degrees_are_warned_of(case):
    layer = read(case("dms_packed"), crs="EPSG:4490")
    assert "COORD_PACKED" in codes(layer)


@pytest.mark.parametrize("name", ["h_gcj", "coords_ignored_district"])
def test_a_datum_in_the_name_is_taken_back(case, name):
    layer = read(case(name), crs="EPSG:4490")
    assert layer.ledger.datum[0] == "gcj02"
    lon, lat = gcm.to_wgs84(([120.61], [31.30]), "gcj02")
    assert places(layer)[0] == pytest.approx((lon[0], lat[0]), abs=1e-5)


def test_a_frame_has_the_positions_of_the_same_table_on_disk(case):
    case("frame_xy")
    frame = pd.DataFrame(
        {"窨井编号": ["J1"], "所属区": ["姑苏区"], "经度": [120.61], "纬度": [31.3]}
    )
    assert places(gcm.read_layer(frame, "manholes", crs="EPSG:4490")) == [(120.61, 31.3)]


def test_columns_that_city_toml_maps_to_coordinates_are_those(case):
    layer = gcm.load_city(case("toml_coords")).layer("manholes")
    assert layer.located.all()
    assert layer.ledger.datum[0] == "gcj02"


def test_metres_among_degrees_are_shown(case):
    layer = read(case("mixed_rows_crs"), crs="EPSG:4490")
    told = layer.findings[layer.findings["code"].eq("COORD_RANGE")].iloc[0]
    assert (told["record"], told["value"]) == (1, "(558100.5, 3464400.2)")


def test_what_init_wrote_loads_after_the_headings_were_mended(case):
    layer = gcm.load_city(case("init_crs_empty"), fallback_crs="EPSG:4490").layer("manholes")
    assert layer.located.all()


@pytest.mark.parametrize(
    ("name", "accepted", "located"),
    [("06_single_file_other_city", 2, 2), ("10_zero_zero_accepted", 3, 1)],
)
def test_a_single_file_is_checked_without_being_told_the_crs(name, accepted, located):
    (path,) = (SHARED / "cases" / "cities" / name).glob("*.csv")
    ran = CliRunner().invoke(main, ["check", str(path), "--format", "json"])
    (row,) = json.loads(ran.stdout)["ledger"]
    assert (ran.exit_code, row["n_accepted"], row["crs_source"]) == (0, accepted, "assumed")
    (layer,) = gcm.load_city(path).layers.values()
    assert int(layer.located.sum()) == located


REAL = [
    ("b13_bikelife_suzhou/suzhou.json", "bike_stations", "EPSG:4490", "cgcs2000", 845),
    ("b18_gbfs_nyc/station_information.json", "bike_stations", "EPSG:4326", "wgs84", 300),
    ("b20_hangzhou_bd09/stations.json", "bike_stations", "EPSG:4490", "bd09", 1730),
    ("p26_istanbul/parking_lots.csv", "parking_points", "EPSG:4326", "wgs84", 704),
    ("m32_hefei/manholes.csv", "manholes", "EPSG:4490", "cgcs2000", 50),
    ("i38_chicago_violations/Building_Violations.csv", "illegal_construction", "EPSG:4326",
     "wgs84", 13),
]  # fmt: skip


@pytest.mark.parametrize(("path", "layer", "crs", "datum", "located"), REAL)
def test_a_published_table_is_placed_at_first_contact(real, path, layer, crs, datum, located):
    if not (real / path).exists():
        pytest.skip(f"../shared/real/{path} is not there")
    read_in = gcm.read_layer(real / path, layer)
    row = read_in.ledger.iloc[0]
    assert (row["crs"], row["datum"], int(read_in.located.sum())) == (crs, datum, located)


def test_a_crs_said_by_the_headings_alone_is_that_of_the_island(real):
    path = real / "p25_banqiao" / "BanqiaoPublicParkingSpaceInfo.csv"
    if not path.exists():
        pytest.skip("../shared/real/p25_banqiao is not there")
    layer = gcm.read_layer(path, "parking_points")
    assert (layer.ledger.crs[0], layer.ledger.crs_source[0]) == ("EPSG:3826", "name")
    west, south, east, north = layer.data.geometry.to_crs(4326).total_bounds
    # 板橋
    assert 121.42 < west < east < 121.50
    assert 24.97 < south < north < 25.06


def test_outlines_without_a_crs_are_still_refused(real):
    path = real / "z05_shenzhen_shp" / "sz.shp"
    if not path.exists():
        pytest.skip("../shared/real/z05_shenzhen_shp is not there")
    with pytest.raises(gcm.CRSError, match="EPSG:4490"):
        gcm.read_layer(path, "districts")
