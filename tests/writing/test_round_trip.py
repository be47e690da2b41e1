"""A layer written and read again is the same layer, in every format, whatever is in it."""

from __future__ import annotations

import datetime as dt

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import geo_citymgmt as gcm
from geo_citymgmt._markup import neutralise, restore
from geo_citymgmt.writing import losses
from tests.conftest import CRS, X0, Y0, few_examples, points, squares, thinned

FILES = (".gpkg", ".parquet", ".geojson", ".csv", ".xlsx", ".shp.zip")
#: Formats that do not carry the CRS: it is told on reading.
UNPLACED = (".csv", ".xlsx")
LAYERS = (
    "illegal_construction", "utility_tunnels", "manholes", "parking_points", "bike_stations",
    "districts", "streets", "roads", "transit_stops", "population_cells",
)  # fmt: skip


def again(layer: gcm.Layer, target, **kwargs) -> gcm.Layer:
    gcm.write_layer(layer, target, **kwargs)
    crs = CRS if target.suffix in UNPLACED else None
    return gcm.read_layer(target, layer.spec.key, crs=crs)


def same(there: gcm.Layer, layer: gcm.Layer, *, metres: float = 0.0) -> None:
    """Every record, every column, every type, every vertex; in the order of the ids."""
    key = layer.spec.id_field
    a = layer.data.sort_values(key, ignore_index=True)
    b = there.data.sort_values(key, ignore_index=True)
    computed = ("geometry", "district_code", "district_reported")
    columns = [c for c in a.columns if c not in computed]
    pd.testing.assert_frame_equal(pd.DataFrame(b[columns]), pd.DataFrame(a[columns]))
    assert b.crs == a.crs
    one, two = a.geometry.to_numpy(), b.geometry.to_numpy()
    if not metres:
        # A shapefile turns its rings; a position that moved by a hair may sort another way.
        one, two = shapely.normalize(one), shapely.normalize(two)
    gone = shapely.is_missing(one) & shapely.is_missing(two)
    assert (gone | shapely.equals_exact(one, two, tolerance=metres)).all()
    assert there.rejected.empty


@pytest.mark.parametrize("suffix", FILES)
@pytest.mark.parametrize("key", LAYERS)
def test_every_layer_of_the_sample_comes_back_the_same(city, tmp_path, key, suffix):
    # Some hundred records of each, or all: every kind and column is among them.
    whole = city.layer(key)
    layer = thinned(whole, step=-(-len(whole.data) // 400))
    same(again(layer, tmp_path / f"{key}{suffix}"), layer, metres=1e-6 if "json" in suffix else 0)


@pytest.mark.parametrize("suffix", FILES)
def test_write_read_write_is_a_fixed_point_with_all_that_was_computed(tmp_path, suffix):
    zones = squares((0, 0, 10, 10), (10, 0, 20, 10))
    frame = points(
        (1, 1), (11, 1), (12, 1), (13, 1),
        窨井编号=["J1", "J2", "J3", "J4"],
        # The second is reported where it does not lie, the third nowhere, the fourth unknown.
        所属区=["A", "A", None, "没有的区"],
        发现时间=["2022年6月", "2022-06-15", "2021年", None],
        # The least whole number itself is what GDAL 3.11 takes for one that is too small.
        整治年度=[str(2**53 + 1), "2022", None, str(1 - 2**63)],
    )  # fmt: skip
    first = gcm.read_layer(frame, "manholes", zones=zones)
    assert first.data["district_code"].tolist() == ["A", "B", "B", "B"]
    assert first.data["district_reported"].iloc[1] == "A"
    assert first.data["found_date_precision"].iloc[[0, 2]].tolist() == ["month", "year"]
    assert first.data["programme_year"].tolist() == [2**53 + 1, 2022, pd.NA, 1 - 2**63]
    layer = first
    for k in range(2):
        target = tmp_path / f"{k}{suffix}"
        gcm.write_layer(layer, target)
        crs = CRS if suffix in UNPLACED else None
        layer = gcm.read_layer(target, "manholes", crs=crs, zones=zones)
        pd.testing.assert_frame_equal(
            pd.DataFrame(layer.data.drop(columns="geometry")),
            pd.DataFrame(first.data.drop(columns="geometry")),
        )
        apart = shapely.distance(layer.data.geometry.to_numpy(), first.data.geometry.to_numpy())
        assert apart.max() <= (1e-6 if suffix == ".geojson" else 0)
        # What contradicts itself does so again: a record in another district than reported.
        told = layer.findings.query("code == 'ZONE_DISAGREES'")
        assert told["record"].tolist() == [1]


TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Co", "Cn")), max_size=30
)
TRICKY = st.sampled_from(
    ["=1+1", "'=1", "@x", "+86", "-5℃", '{"a": 1}', "[1, 2]", "2022-06-30", "1e5", "007",
     "true", 'say "hi", 你好', "a\nb", "甪直镇𠀀", "<b>${x}`</b>", "_x0041_", "320505199001011234",
     "x" * 60]
)  # fmt: skip
DAYS = st.one_of(
    st.none(),
    st.dates(dt.date(1950, 1, 1), dt.date(2022, 6, 30)).map(str),
    st.sampled_from(["2022年6月", "2021年"]),
)
RECORDS = st.lists(
    st.fixed_dictionaries(
        {
            "路名": st.one_of(st.none(), TEXT, TRICKY),
            "地址": st.one_of(st.none(), TRICKY, TEXT),
            "井深": st.one_of(st.none(), st.floats(-1e9, 1e9), st.floats(0, 1e-6)),
            "整治年度": st.one_of(st.none(), st.integers(0, 2**63 - 1)),
            "整治状态": st.sampled_from([None, "完好", "已整治", "挂账"]),
            "病害类型": st.sampled_from([None, "破损", "破损;移位", "沉陷、高差"]),
            "发现时间": DAYS,
            "x": st.floats(0, 1000),
        }
    ),
    min_size=1,
    max_size=8,
)


def made(rows: list[dict]) -> gcm.Layer:
    columns = {name: [row[name] for row in rows] for name in rows[0] if name not in ("x", "路名")}
    frame = points(*[(row["x"], k) for k, row in enumerate(rows)], **columns)
    frame["道路名称"] = [row["路名"] for row in rows]
    frame["窨井编号"] = [f"J{k:03d}" for k in range(len(rows))]
    return gcm.read_layer(frame, "manholes")


@pytest.mark.parametrize("suffix", FILES)
@settings(few_examples(5), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=RECORDS)
def test_whatever_a_layer_holds_comes_back(tmp_path, suffix, rows):
    layer = made(rows)
    there = again(layer, tmp_path / f"a{suffix}")
    one, two = layer.data, there.data
    assert two["manhole_id"].tolist() == one["manhole_id"].tolist()
    for name in one.columns.drop(["geometry", "district_code"], errors="ignore"):
        if name.endswith("_precision") and name not in two:
            assert one[name].isna().all()
            continue
        a, b = one[name], two[name] if name in two else pd.Series([None] * len(two))
        if b.isna().all() and a.isna().all():
            continue
        assert (a.isna() == b.isna()).all(), name
        if suffix == ".xlsx" and name == "well_depth_m":
            assert np.allclose(a.dropna(), b.dropna(), rtol=1e-15, atol=0)
            continue
        assert (a.dropna() == b.dropna()).all(), (name, a.tolist(), b.tolist())
    apart = shapely.distance(one.geometry.to_numpy(), two.geometry.to_numpy())
    assert np.nanmax(apart) <= (1e-6 if suffix == ".geojson" else 0)


@given(st.lists(st.one_of(st.none(), TEXT, TRICKY, st.text("'=+-@\t\rx", max_size=5))))
def test_text_made_inert_comes_back_to_the_letter(texts):
    values = pd.Series(texts, dtype="str")
    assert restore(neutralise(values)).equals(values)
    assert not neutralise(values).str.match("[=+\\-@\t\r]", na=False).any()


def test_a_live_cell_is_inert_in_csv_and_told():
    layer = made([{"路名": "=cmd|' /C calc'!A0", "地址": None, "井深": -1.5, "整治年度": None,
                   "整治状态": None, "病害类型": None, "发现时间": None, "x": 0.0}])  # fmt: skip
    told = losses(layer, ".csv")
    row = told[told["code"] == "TEXT_ACTIVE"].iloc[0]
    assert (row["field"], row["key"], row["severity"]) == ("road_name", "J000", "info")
    assert "单引号" in row["message_zh"]


@pytest.mark.parametrize("encoding", ["UTF-8", "GB18030"])
def test_a_shapefile_has_short_names_chinese_labels_and_the_encoding_asked_for(tmp_path, encoding):
    import zipfile

    layer = made([{"路名": "干将东路", "地址": "甪直", "井深": 1.25, "整治年度": 2022,
                   "整治状态": "已整治", "病害类型": "破损;移位", "发现时间": "2022年6月",
                   "x": 0.0}])  # fmt: skip
    target = gcm.write_layer(layer, tmp_path / "窨井.shp.zip", encoding=encoding)
    with zipfile.ZipFile(target) as archive:
        names = archive.namelist()
        table = archive.read("manholes.dbf")
        cpg = archive.read("manholes.cpg")
    assert sorted(names) == [f"manholes.{s}" for s in ("cpg", "dbf", "prj", "shp", "shx")]
    assert "干将东路".encode(encoding) in table
    assert "破损;移位".encode(encoding) in table
    assert b"ROAD_NAME" in table
    assert cpg == (b"UTF-8" if encoding == "UTF-8" else b"936")
    same(gcm.read_layer(target, "manholes"), layer)


def test_what_a_format_cannot_hold_is_listed_with_its_record(tmp_path):
    long = "路" * 200
    frame = points((1, 1), (2, 2), 窨井编号=["J1", "J2"], 道路名称=["短", long])
    layer = gcm.read_layer(frame, "manholes")
    told = losses(layer, ".shp.zip")
    assert told[["code", "field", "key", "severity"]].values.tolist() == [
        ["FORMAT_LOSS", "road_name", "J2", "warning"]
    ]
    assert "254" in told["message_zh"].iloc[0]
    there = again(layer, tmp_path / "a.shp.zip")
    assert there.data["road_name"].tolist() == ["短", "路" * 84]
    for suffix in (".gpkg", ".parquet", "postgis"):
        assert losses(layer, suffix).empty
    assert "--crs LAYER=EPSG:4549" in losses(layer, ".xlsx")["message_en"].iloc[0]


def test_mixed_geometry_goes_into_a_file_a_family(tmp_path):
    import zipfile

    shapes = [shapely.box(X0, Y0, X0 + 9, Y0 + 9), shapely.Point(X0, Y0), None]
    frame = gpd.GeoDataFrame({"n": [1, 2, 3]}, geometry=shapes, crs=CRS)
    target = gcm.write_layer(frame, tmp_path / "混合.zip")
    with zipfile.ZipFile(target) as archive:
        shp = sorted(n for n in archive.namelist() if n.endswith(".shp"))
    assert shp == ["混合_pg.shp", "混合_pt.shp"]


@pytest.mark.parametrize("suffix", FILES)
def test_a_crs_without_a_code_is_refused_with_a_remedy(tmp_path, suffix):
    custom = "+proj=tmerc +lat_0=0 +lon_0=120.6 +k=1 +x_0=500000 +ellps=GRS80 +units=m"
    frame = gpd.GeoDataFrame({"n": [1]}, geometry=[shapely.Point(500_000, 3_460_000)], crs=custom)
    with pytest.raises(gcm.CRSError, match="to_crs") as caught:
        gcm.write_layer(frame, tmp_path / f"a{suffix}")
    assert "EPSG" in caught.value.message_zh
    assert list(tmp_path.iterdir()) == []


def test_a_bare_shp_is_refused_with_the_name_to_give(tmp_path):
    with pytest.raises(gcm.CityDataError, match=r"name it a\.shp\.zip"):
        gcm.write_layer(points((1, 1)), tmp_path / "a.shp")


def test_columns_named_like_those_of_the_format_survive(tmp_path):
    frame = points((1, 1), (2, 2), fid=[7, 7], geom=["a", "b"], Geometry=["c", "d"])
    gcm.write_layer(frame, tmp_path / "a.gpkg")
    there = gpd.read_file(tmp_path / "a.gpkg")
    assert there[["fid", "geom"]].values.tolist() == [[7, "a"], [7, "b"]]


def test_a_workbook_keeps_long_numbers_and_leaves_out_shapes_too_long_for_a_cell(tmp_path):
    ring = shapely.Point(X0, Y0).buffer(1000, quad_segs=2000)
    frame = gpd.GeoDataFrame(
        {"n": [320505199001011234, 2]}, geometry=[ring, ring.centroid], crs=CRS
    )
    told = losses(frame, ".xlsx")
    assert told[told["severity"] == "warning"]["record"].tolist() == [0]
    import openpyxl

    sheet = openpyxl.load_workbook(gcm.write_layer(frame, tmp_path / "a.xlsx")).active
    assert sheet["A2"].value == "320505199001011234"
    assert sheet["B2"].value is None
