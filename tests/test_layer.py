"""Each record is accepted or rejected with a reason; text, numbers, dates, codes come out right."""

from __future__ import annotations

import json

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

import geo_citymgmt as gcm
from tests.conftest import CRS, X0, Y0, points, squares

ZONES = squares((0, 0, 1000, 1000), (1000, 0, 2000, 1000)).rename(
    index={"A": "320505", "B": "320508"}
)
ZONES.index.name = "district_code"
ZONES["name_zh"] = ["高新区（虎丘区）", "姑苏区"]
FACILITIES = (
    "illegal_construction",
    "utility_tunnels",
    "manholes",
    "parking_points",
    "bike_stations",
)


def codes(read: gcm.Layer) -> set[str]:
    return set(read.findings["code"])


def lots(*xy, **columns) -> gpd.GeoDataFrame:
    frame = points(*xy, **columns)
    if "泊位总数" not in frame:
        frame["泊位总数"] = 10
    return frame


@pytest.mark.parametrize("key", FACILITIES)
def test_live_records_of_the_sample_are_accepted_or_rejected(city, data_folder, key):
    row = city.layer(key).ledger.iloc[0]
    dbf = (data_folder / f"{key}.dbf").read_bytes()
    in_header = int.from_bytes(dbf[4:8], "little")
    start, length = (int.from_bytes(dbf[a : a + 2], "little") for a in (8, 10))
    live = sum(dbf[start + k * length] != ord("*") for k in range(in_header))
    assert row["n_walked"] == in_header
    assert live == row["n_accepted"] + row["n_rejected"]
    assert row["n_walked"] == row["n_skipped"] + row["n_records"]


def test_known_columns_come_first_and_unknown_ones_are_kept_after_them():
    read = gcm.read_layer(lots((1, 1), 备用列=["x"], LOT_ID=["P1"]), "parking_points")
    columns = list(read.data.columns)
    assert columns.index("lot_id") < columns.index("备用列")
    assert "FIELD_UNKNOWN" in codes(read)


def test_types_in_memory_are_those_of_the_contract():
    frame = lots(
        (1, 1), (2, 2), LOT_ID=["P1", "P2"], 停车场类型=["路内", "桥下"],
        泊位总数=["1,200", "５０个"], 动态数据接入=["是", "否"],
        启用时间=["2022.6.30", "2022年6月"], 共享启用时间=["20220131", ""],
    )  # fmt: skip
    data = gcm.read_layer(frame, "parking_points").data
    assert data["lot_kind"].tolist() == ["on_street", "under_bridge"]
    assert str(data["lot_kind"].dtype) == "str"
    assert data["spaces_total"].tolist() == [1200, 50]
    assert str(data["spaces_total"].dtype) == "Int64"
    assert str(data["dynamic_connected"].dtype) == "boolean"
    assert data["opened_date"].tolist() == [pd.Timestamp(2022, 6, 30), pd.Timestamp(2022, 6, 1)]
    assert data["opened_date_precision"].fillna("").tolist() == ["", "month"]
    assert data["shared_since"].tolist()[0] == pd.Timestamp(2022, 1, 31)
    assert isinstance(data.index, pd.RangeIndex)


def test_a_list_keeps_its_codes_joined_and_has_code_finds_them():
    frame = points((1, 1), (2, 2), 病害类型=["破损、松动", "无"], 防坠落装置=["无", "防坠网"])
    data = gcm.read_layer(frame, "manholes").data
    assert data["defects"].fillna("").tolist() == ["broken;loose", ""]
    assert gcm.has_code(data["defects"], "loose").tolist() == [True, False]
    # 无 is a code where the list has it, and a null where it has not.
    assert data["anti_fall"].tolist() == ["none", "net"]


def test_an_unknown_code_is_removed_and_the_nearest_one_named():
    read = gcm.read_layer(points((1, 1), 整治状态=["已整制"]), "manholes")
    row = read.findings[read.findings["code"] == "CODE_UNKNOWN"].iloc[0]
    assert row["expected"] == "已整治"
    assert row["action"] == "value_removed"
    assert "已整制" in row["message_zh"]
    assert read.data["status"].isna().all()


def test_the_geometry_decides_the_district_and_the_report_is_kept():
    frame = lots((10, 10), (1500, 10), LOT_ID=["P1", "P2"], 所属区县=["高新区", "高新区"])
    read = gcm.read_layer(
        frame, "parking_points", zones=ZONES, aliases={"所属区县": "district_name"}
    )
    assert read.data["district_code"].tolist() == ["320505", "320508"]
    assert read.data["district_reported"].tolist() == ["320505", "320505"]
    row = read.findings[read.findings["code"] == "ZONE_DISAGREES"].iloc[0]
    assert (row["record"], row["value"], row["expected"]) == (1, "320505", "320508")


def test_a_record_without_geometry_is_unlocated_under_the_district_it_names_or_none():
    frame = lots((1, 1), (2, 2), (3, 3), LOT_ID=["P1", "P2", "P3"], 所属区县=["", "姑苏区", "月球"])
    frame.geometry = [frame.geometry[0], None, None]
    read = gcm.read_layer(frame, "parking_points", zones=ZONES)
    assert read.data["lot_id"].tolist() == ["P1", "P2", "P3"]
    assert read.data["district_code"].fillna("").tolist() == ["320505", "320508", ""]
    assert read.located.tolist() == [True, False, False]
    assert read.rejected.empty
    assert {"GEOM_NULL", "UNLOCATED", "ZONE_UNKNOWN"} <= codes(read)


def test_outside_is_accepted_and_far_away_is_refused():
    frame = lots((3000, 10), (900_000, 10), LOT_ID=["P1", "P2"])
    read = gcm.read_layer(frame, "parking_points", zones=ZONES)
    assert read.data["lot_id"].tolist() == ["P1"]
    assert read.data["district_code"].isna().all()
    assert read.rejected["codes"].tolist() == ["OUT_OF_CITY"]


def test_a_layer_that_is_not_counted_says_what_of_it_lies_outside():
    ways = [[(10, 10), (20, 20)], [(3000, 10), (10, 10)], [(3000, 10), (3100, 10)]]
    lines = [shapely.LineString([(X0 + x, Y0 + y) for x, y in way]) for way in ways]
    roads = gpd.GeoDataFrame({"road_name": list("ABC")}, geometry=lines, crs=ZONES.crs)
    read = gcm.read_layer(roads, "roads", zones=ZONES)
    about = read.findings[read.findings["code"] == "OUT_OF_CITY"]
    # What reaches into the city is the city's.
    assert (about["record"].tolist(), about["severity"].tolist()) == ([2], ["info"])
    assert "LAYER_OUTSIDE" not in codes(read)
    assert len(read.data) == 3


def test_a_layer_of_another_city_says_so_whether_it_is_counted_or_not():
    places = [shapely.Point(X0 + 900_000 + k, Y0) for k in range(5)]
    stops = gpd.GeoDataFrame(
        {"stop_id": [f"S{k}" for k in range(5)]}, geometry=places, crs=ZONES.crs
    )
    read = gcm.read_layer(stops, "transit_stops", zones=ZONES)
    (told,) = read.findings[read.findings["code"] == "LAYER_OUTSIDE"].itertuples()
    assert (told.severity, told.value) == ("error", "5")
    assert read.findings.loc[read.findings["code"].eq("OUT_OF_CITY"), "n_records"].sum() == 5
    assert "LAYER_OUTSIDE" not in codes(gcm.read_layer(stops, "transit_stops"))


def test_of_several_records_with_one_id_the_first_is_kept():
    frame = lots((1, 1), (2, 2), (3, 3), LOT_ID=["P1", " P1", "P2"])
    read = gcm.read_layer(frame, "parking_points")
    assert read.data["lot_id"].tolist() == ["P1", "P2"]
    assert read.rejected["record"].tolist() == [1]
    assert "ID_DUPLICATE" in codes(read)


def test_missing_ids_are_generated_unique_and_flagged():
    read = gcm.read_layer(lots((1, 1), (2, 2), LOT_ID=[None, "/"]), "parking_points")
    assert read.data["lot_id"].is_unique
    assert read.data["lot_id"].notna().all()
    assert (read.findings["code"] == "ID_MISSING").sum() == 2


def test_a_record_without_the_layers_measure_is_accepted_and_told():
    read = gcm.read_layer(lots((1, 1), (2, 2), 泊位总数=["若干", "5"]), "parking_points")
    assert read.data["spaces_total"].fillna(-1).tolist() == [-1, 5]
    assert read.rejected.empty
    assert {"NUMBER_UNPARSED", "VALUE_MISSING"} <= codes(read)


def test_a_layer_without_its_measure_is_read_and_names_the_figures_that_lack_it():
    read = gcm.read_layer(points((1, 1)), "parking_points")
    assert len(read.data) == 1
    said = read.findings[read.findings["field"] == "spaces_total"].iloc[0]
    assert (said["code"], said["severity"]) == ("FIELD_MISSING", "warning")
    assert "停车泊位总数" in said["message_zh"]


def test_the_length_of_a_tunnel_comes_from_its_line_where_it_is_missing():
    path = shapely.LineString([(X0, Y0), (X0 + 1500, Y0)])
    frame = gpd.GeoDataFrame({"管廊名称": ["一"]}, geometry=[path], crs=CRS)
    read = gcm.read_layer(frame, "utility_tunnels")
    assert read.data["length_km"].tolist() == [1.5]
    assert "VALUE_ASSUMED" in codes(read)


def test_a_length_that_contradicts_its_line_is_told():
    path = shapely.LineString([(X0, Y0), (X0 + 1500, Y0)])
    frame = gpd.GeoDataFrame({"长度": ["1500米", "2公里"]}, geometry=[path, path], crs=CRS)
    read = gcm.read_layer(frame, "utility_tunnels")
    assert read.data["length_km"].tolist() == [1.5, 2.0]
    broken = read.findings[read.findings["code"] == "RELATION_BROKEN"]
    assert broken["record"].tolist() == [1]


def test_unusable_geometry_is_rejected_by_kind():
    bowtie = shapely.Polygon([(X0, Y0), (X0 + 10, Y0 + 10), (X0 + 10, Y0), (X0, Y0 + 10)])
    spike = shapely.Polygon(
        [(X0, Y0), (X0 + 10, Y0), (X0 + 10, Y0 + 10), (X0 + 10, Y0 + 12), (X0 + 10, Y0 + 10),
         (X0, Y0 + 10)]
    )  # fmt: skip
    geometry = [
        None, shapely.Polygon(), shapely.LineString([(X0, Y0), (X0 + 1, Y0)]), bowtie, spike,
        shapely.box(X0, Y0, X0 + 5, Y0 + 5), shapely.Point(np.inf, Y0),
    ]  # fmt: skip
    frame = gpd.GeoDataFrame({"违建面积": [1.0] * 7}, geometry=geometry, crs=CRS)
    read = gcm.read_layer(frame, "illegal_construction")
    assert read.rejected.set_index("record")["codes"].to_dict() == {
        2: "GEOM_TYPE",
        3: "GEOM_UNREPAIRABLE",
    }
    # Those without a place count all the same.
    assert {"GEOM_NULL", "GEOM_EMPTY", "COORD_NONFINITE"} <= codes(read)
    assert read.located.tolist() == [False, False, True, True, False]
    assert read.ledger["n_repaired"].iloc[0] == 1
    assert read.data.geometry[read.located].is_valid.all()


def test_rejects_come_back_as_they_were_read():
    frame = lots((1, 1), (2, 2), 泊位总数=["5", "若干"], LOT_ID=["P1", "P1"])
    rejected = gcm.read_layer(frame, "parking_points").rejected
    assert json.loads(rejected["raw"].iloc[0]) == {"LOT_ID": "P1", "泊位总数": "若干"}
    assert rejected.geometry.iloc[0].equals(frame.geometry.iloc[1])


def test_a_cut_name_that_could_be_two_fields_is_asked_about():
    read = gcm.read_layer(lots((1, 1), 停车场=["东门"]), "parking_points")
    row = read.findings[read.findings["code"] == "FIELD_AMBIGUOUS"].iloc[0]
    assert row["value"] == "停车场"
    assert "停车场" in read.data.columns
    told = gcm.read_layer(
        lots((1, 1), 停车场=["东门"]), "parking_points", aliases={"停车场": "name"}
    )
    assert told.data["name"].tolist() == ["东门"]
    assert "FIELD_AMBIGUOUS" not in codes(told)


def test_dates_against_their_order_and_after_the_data_are_told():
    frame = points(
        (1, 1), 发现时间=["2022-05-01"], 整治完成时间=["2022-04-01"], 销号时间=["2022-08-01"]
    )
    read = gcm.read_layer(frame, "manholes", data_date="2022-06-30")
    assert {"DATE_ORDER", "DATE_RANGE"} <= codes(read)
    assert len(read.data) == 1


def test_only_what_touches_the_box_is_read_and_the_rest_is_counted():
    box = (X0, Y0, X0 + 10, Y0 + 10)
    row = gcm.read_layer(lots((1, 1), (50, 50)), "parking_points", bbox=box).ledger.iloc[0]
    assert (row["n_walked"], row["n_skipped"], row["n_accepted"]) == (2, 1, 1)


@pytest.mark.parametrize(
    ("crs", "xy", "match"),
    [
        ("EPSG:4549", (120.6, 31.3), "do not fit"),
        ("EPSG:4490", (555_695.0, 3_464_273.0), "do not fit"),
        ("EPSG:2437", (555_695.0, 3_464_273.0), "no known transformation"),
        (None, (555_695.0, 3_464_273.0), "EPSG:4534–4554"),
        (None, (40_555_695.0, 3_464_273.0), "EPSG:4528"),
    ],
)
def test_positions_that_cannot_be_trusted_are_refused(crs, xy, match):
    frame = gpd.GeoDataFrame({"n": [1]}, geometry=[shapely.Point(xy)], crs=crs)
    with pytest.raises(gcm.CRSError, match=match):
        gcm.read_layer(frame, "manholes")


def test_bd09_points_come_back_to_where_they_were():
    lon, lat = gcm.from_wgs84(([120.6], [31.3]), "bd09")
    frame = gpd.GeoDataFrame({"n": [1]}, geometry=gpd.points_from_xy(lon, lat), crs="EPSG:4326")
    read = gcm.read_layer(frame, "manholes", datum="bd09")
    back = read.data.to_crs(4326).geometry.iloc[0]
    assert (back.x, back.y) == pytest.approx((120.6, 31.3), abs=1e-9)


@pytest.mark.parametrize(
    "source",
    [
        "/vsicurl/http://example.com/a.shp",
        "http://example.com/a.shp",
        "PG:dbname=x",
        "CSV:/etc/passwd",
    ],
)
def test_addresses_and_virtual_paths_are_refused(source):
    with pytest.raises(gcm.SourceError, match="not a local file"):
        gcm.read_layer(source, "manholes")


def test_a_vrt_under_another_name_is_refused(tmp_path):
    path = tmp_path / "窨井.geojson"
    path.write_text("<OGRVRTDataSource></OGRVRTDataSource>", encoding="utf-8")
    with pytest.raises(gcm.SourceError, match="its content is none of"):
        gcm.read_layer(path, "manholes")


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["P1", "P2", "P3", "", None]),
            st.sampled_from(["5", "若干", "-3", "", "1万", None]),
            st.sampled_from(["姑苏区", "月球", None]),
            st.sampled_from([(1, 1), (1500, 5), (5000, 5), (900_000, 0), None]),
        ),
        min_size=1,
        max_size=12,
    )
)
def test_whatever_comes_each_record_ends_in_exactly_one_place(rows):
    ids, numbers, names, places = (list(column) for column in zip(*rows, strict=True))
    frame = gpd.GeoDataFrame(
        {
            "LOT_ID": pd.array(ids, dtype="str"),
            "泊位总数": pd.array(numbers, dtype="str"),
            "所属区县": pd.array(names, dtype="str"),
        },
        geometry=[None if p is None else shapely.Point(X0 + p[0], Y0 + p[1]) for p in places],
        crs=CRS,
    )
    read = gcm.read_layer(frame, "parking_points", zones=ZONES)
    row = read.ledger.iloc[0]
    assert row["n_accepted"] + row["n_rejected"] == row["n_records"] == len(rows)
    assert sorted([*read.record, *read.rejected["record"]]) == list(range(len(rows)))
    assert read.rejected["codes"].ne("").all()
    assert read.data["lot_id"].is_unique


@pytest.fixture
def gbk_manholes(tmp_path):
    """As many offices send it: GBK, no .cpg, Chinese names cut to ten bytes."""
    frame = points((10, 10), (20, 20), 窨井编号=["J1", "J2"], 整治状态=["已整治", "处置中"])
    frame["整治完成时"] = ["2022.6.1", ""]
    path = tmp_path / "窨井.shp"
    pyogrio.write_dataframe(frame, path, encoding="GBK")
    path.with_suffix(".cpg").unlink()
    return path


def test_a_gbk_dbf_without_cpg_is_read_right_and_said(gbk_manholes):
    read = gcm.read_layer(gbk_manholes, "manholes")
    assert read.data["manhole_id"].tolist() == ["J1", "J2"]
    assert read.data["status"].tolist() == ["51", "40"]
    assert read.data["completed_date"].tolist()[0] == pd.Timestamp(2022, 6, 1)
    assert {"ENC_INFERRED", "FIELD_TRUNCATED"} <= codes(read)
    assert read.ledger["encoding"].iloc[0] == "GB18030"


def test_a_wrong_cpg_is_noticed(gbk_manholes):
    gbk_manholes.with_suffix(".cpg").write_text("UTF-8")
    read = gcm.read_layer(gbk_manholes, "manholes")
    assert read.data["status"].tolist() == ["51", "40"]
    assert "ENC_WRONG_CPG" in codes(read)


def test_a_wrong_encoding_given_is_refused(gbk_manholes):
    with pytest.raises(gcm.SourceError, match="given as encoding"):
        gcm.read_layer(gbk_manholes, "manholes", encoding="utf-8")


def test_deleted_records_are_counted_and_left_out(gbk_manholes):
    dbf = gbk_manholes.with_suffix(".dbf")
    raw = bytearray(dbf.read_bytes())
    raw[int.from_bytes(raw[8:10], "little")] = ord("*")
    dbf.write_bytes(raw)
    read = gcm.read_layer(gbk_manholes, "manholes")
    row = read.ledger.iloc[0]
    assert (row["n_walked"], row["n_skipped"], row["n_accepted"]) == (2, 1, 1)
    assert read.data["manhole_id"].tolist() == ["J2"]
    assert read.data.geometry.iloc[0].x == pytest.approx(X0 + 20)


def test_a_dbf_shorter_than_its_shp_rejects_what_has_no_attributes(gbk_manholes):
    dbf = gbk_manholes.with_suffix(".dbf")
    raw = dbf.read_bytes()
    start, length = (int.from_bytes(raw[a : a + 2], "little") for a in (8, 10))
    dbf.write_bytes(raw[: start + length])
    read = gcm.read_layer(gbk_manholes, "manholes")
    row = read.ledger.iloc[0]
    assert (row["n_walked"], row["n_accepted"], row["n_rejected"]) == (2, 1, 1)
    assert {"COUNT_MISMATCH", "DBF_DAMAGED"} <= codes(read)


def test_a_shapefile_without_its_index_is_read_by_a_walk_and_that_is_said(gbk_manholes):
    whole = gcm.read_layer(gbk_manholes, "manholes")
    gbk_manholes.with_suffix(".shx").unlink()
    read = gcm.read_layer(gbk_manholes, "manholes")
    assert read.data.geometry.geom_equals(whole.data.geometry).all()
    assert "FILE_MISSING_PART" in codes(read)
    assert not gbk_manholes.with_suffix(".shx").exists()


def test_a_shape_that_cannot_be_built_is_rejected_as_that_and_not_as_missing(tmp_path):
    good = {"type": "Point", "coordinates": [120.6, 31.3]}
    shapes = [good, {"type": "Blob"}, None, {"type": "Blob"}]
    features = [
        {"type": "Feature", "geometry": shape, "properties": {"编号": f"J{i}", "所属区县": where}}
        for i, (shape, where) in enumerate(zip(shapes, ["", "", "", "320508"], strict=True))
    ]
    path = tmp_path / "窨井.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    read = gcm.read_layer(path, "manholes")
    assert read.rejected[["record", "codes"]].values.tolist() == [[1, "RECORD_UNREADABLE"]]
    told = read.findings.query("code in ['RECORD_UNREADABLE', 'GEOM_NULL', 'UNLOCATED']")
    assert sorted(told[["record", "code", "action", "severity"]].values.tolist()) == [
        [1, "RECORD_UNREADABLE", "rejected", "error"],
        [2, "GEOM_NULL", "none", "warning"],
        [2, "UNLOCATED", "none", "warning"],
        [3, "RECORD_UNREADABLE", "none", "warning"],
        [3, "UNLOCATED", "assumed", "warning"],
    ]


def test_an_error_carries_what_was_found_in_all_sources_before_it(tmp_path):
    points((1, 1), (2, 2), MANHOLE_ID=["A", "B"]).to_file(tmp_path / "a.shp", engine="pyogrio")
    (tmp_path / "a.shx").unlink()
    (tmp_path / "b.geojson").write_text("<OGRVRTDataSource/>")
    with pytest.raises(gcm.SourceError) as caught:
        gcm.read_layer([tmp_path / "a.shp", tmp_path / "b.geojson"], "manholes")
    error = caught.value
    assert error.findings["code"].tolist() == [
        "FILE_MISSING_PART", "SOURCE_REFUSED", "LAYER_UNUSABLE",
    ]  # fmt: skip
    assert set(error.findings["layer"]) == {"manholes"}
    assert (error.n_walked, error.n_skipped) == (2, 0)


def test_an_error_of_the_list_carries_what_was_found_in_the_map(tmp_path):
    points((1, 1), MANHOLE_ID=["A"]).to_file(tmp_path / "a.shp", engine="pyogrio")
    (tmp_path / "a.shx").unlink()
    (tmp_path / "list.csv").write_bytes(b"")
    with pytest.raises(gcm.SourceError) as caught:
        gcm.read_layer(tmp_path / "a.shp", "manholes", ledger=tmp_path / "list.csv")
    codes_told = caught.value.findings["code"].tolist()
    assert codes_told[0] == "FILE_MISSING_PART"
    assert codes_told[-1] == "LAYER_UNUSABLE"
    assert caught.value.n_walked == 1


def test_rows_of_several_parts_are_labelled_right_where_one_part_is_empty():
    first, second = points(), points((1, 1), (1, 1), MANHOLE_ID=["A", "A"])
    read = gcm.read_layer([first.assign(MANHOLE_ID=[]), second], "manholes")
    assert read.rejected["row_label"].str.endswith(" 1").all()
    assert read.rejected["record"].tolist() == [1]


def test_rejects_keep_every_column_of_the_source_and_the_layer_knows_which_is_which():
    frame = points((1, 1), (2, 2), 井号=["A", "A"], 备用列=["x", "y"], 我的路=["甲", "乙"])
    read = gcm.read_layer(frame, "manholes", aliases={"井号": "manhole_id", "我的路": "road_name"})
    assert json.loads(read.rejected["raw"].iloc[0]) == {
        "井号": "A", "备用列": "y", "我的路": "乙",
    }  # fmt: skip
    assert read.mapping["road_name"] == "我的路"


def parcels_drawn() -> gpd.GeoDataFrame:
    squares = [shapely.box(x, 3_460_000, x + side, 3_460_000 + side)
               for x, side in ((550_000, 10), (550_100, 20))]  # fmt: skip
    return gpd.GeoDataFrame({"图斑编号": ["A1", "A2"]}, geometry=squares, crs="EPSG:4549")


def test_the_drawn_area_stands_in_for_one_that_is_not_said_only_where_it_is_asked_for():
    frame = parcels_drawn()
    assert "illegal_area_m2" not in gcm.read_layer(frame, "illegal_construction").data
    read = gcm.read_layer(frame, "illegal_construction", measure_from="geometry")
    assert read.data["illegal_area_m2"].round(6).tolist() == [100.0, 400.0]
    assert read.findings["code"].eq("VALUE_ASSUMED").sum() == 2
    said = gcm.read_layer(
        frame.assign(违建面积=[None, 350.0]), "illegal_construction", measure_from="geometry"
    )
    assert said.data["illegal_area_m2"].round(6).tolist() == [100.0, 350.0]
    assert said.findings["code"].eq("VALUE_ASSUMED").sum() == 1


@pytest.mark.parametrize(
    ("layer", "given", "said"),
    [("illegal_construction", "area", '"geometry" alone'),
     ("parking_points", "geometry", "no area or length")],
)  # fmt: skip
def test_a_measure_that_is_not_drawn_is_refused(layer, given, said):
    with pytest.raises(gcm.CityDataError, match=said):
        gcm.read_layer(parcels_drawn(), layer, measure_from=given)


def test_a_record_far_from_all_others_is_told_where_no_outline_does_and_stays(tmp_path):
    near = [shapely.Point(120.1 + k / 1000, 30.2) for k in range(30)]
    frame = gpd.GeoDataFrame(
        {"编号": range(31)}, geometry=[*near, shapely.Point(120.1, 28.1)], crs=4490
    )
    read = gcm.read_layer(frame, "bike_stations")
    (told,) = read.findings.query("code == 'FAR_FROM_REST'").itertuples()
    assert (told.record, told.value) == (30, "233") and len(read.data) == 31
    # Where many are far apart, the layer is of more than a city.
    spread = frame.assign(geometry=[shapely.Point(110 + k, 30) for k in range(31)])
    assert "FAR_FROM_REST" not in codes(gcm.read_layer(spread, "bike_stations"))
    drawn = gcm.layer_map(read.data, "bike_stations", lang="en")
    south, north = (corner[0] for corner in drawn.get_bounds())
    assert (south, north) == pytest.approx((30.2, 30.2))
    assert "1 more records lie far from the others" in drawn.get_root().render()
