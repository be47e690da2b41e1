"""Units of columns, damaged keys, personal data, fields against each other, twice read."""

from __future__ import annotations

import json

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

import geo_citymgmt as gcm
from geo_citymgmt.cleaning._personal import looks_personal, mask_text
from tests.conftest import CRS, X0, Y0, points, squares

ZONES = squares((0, 0, 3000, 3000)).rename(index={"A": "320508"})
ZONES.index.name = "district_code"


def parcels(n: int = 8, **columns) -> gpd.GeoDataFrame:
    shapes = [shapely.box(X0 + 50 * k, Y0, X0 + 50 * k + 20, Y0 + 10 + k) for k in range(n)]
    table = {"违建编号": [f"W{k}" for k in range(n)], "违建面积": [100.0] * n, **columns}
    return gpd.GeoDataFrame(table, geometry=shapes, crs=CRS)


def told(layer: gcm.Layer, code: str) -> pd.DataFrame:
    return layer.findings[layer.findings["code"] == code]


@pytest.mark.parametrize(("unit", "factor"), [("万平方米", 1e4), ("亩", 2000 / 3)])
def test_a_column_in_another_unit_is_flagged_once_and_converted_only_when_asked(unit, factor):
    source = parcels()
    source["占地面积"] = source.area / factor
    layer = gcm.read_layer(source, "illegal_construction")
    row = told(layer, "UNIT_SUSPECT").iloc[0]
    assert (row["field"], row["expected"], row["severity"]) == ("footprint_m2", unit, "warning")
    assert pd.isna(row["record"])
    assert f"{-np.log10(factor):.3f}" in row["message_en"]
    assert told(layer, "RELATION_BROKEN").empty
    assert layer.data["footprint_m2"].tolist() == pytest.approx(list(source["占地面积"]))
    for words in ({"repair": ["units"]}, {"units": {"footprint_m2": unit}}):
        repaired = gcm.read_layer(source, "illegal_construction", **words)
        assert repaired.data["footprint_m2"].tolist() == pytest.approx(list(source.area))
        assert len(told(repaired, "UNIT_CONVERTED")) == 1


def test_lengths_in_metres_under_a_heading_in_kilometres_are_flagged():
    lines = [
        shapely.LineString([(X0, Y0 + 9 * k), (X0 + 400 + 90 * k, Y0 + 9 * k)]) for k in range(6)
    ]
    source = gpd.GeoDataFrame({"长度": [line.length for line in lines]}, geometry=lines, crs=CRS)
    layer = gcm.read_layer(source, "utility_tunnels")
    assert told(layer, "UNIT_SUSPECT")["expected"].tolist() == ["米"]
    repaired = gcm.read_layer(source, "utility_tunnels", repair=["units"])
    assert repaired.data["length_km"].tolist() == pytest.approx([x.length / 1000 for x in lines])


def test_a_unit_that_the_field_has_not_is_a_mistake():
    with pytest.raises(gcm.SpecError, match="not a unit"):
        gcm.read_layer(parcels(), "illegal_construction", units={"illegal_area_m2": "公里"})
    with pytest.raises(gcm.SpecError, match="no field"):
        gcm.read_layer(parcels(), "illegal_construction", units={"colour": "m"})


def test_floor_area_is_held_against_footprint_times_floors():
    source = parcels(4, 层数=[3, 3, 1, None], 违建面积=[560.0, 5000.0, 900.0, 99_000.0])
    broken = told(gcm.read_layer(source, "illegal_construction"), "RELATION_BROKEN")
    # 200 and 220 m2: three floors bear 560 and not 5,000; 900 over one floor may be a slip in the
    # floors; 99,000 is beyond any building.
    assert broken["record"].tolist() == [1, 3]


def test_dates_are_held_against_all_that_came_before_and_a_month_means_its_last_day():
    source = points(
        (1, 1), (2, 2), 发现时间=["2022-05-01", "2022-05-10"],
        整治完成时间=["", "2022年5月"], 销号时间=["2022-04-01", "2022-06-01"],
    )  # fmt: skip
    layer = gcm.read_layer(source, "manholes")
    assert told(layer, "DATE_ORDER")[["record", "field"]].values.tolist() == [[0, "closed_date"]]


def test_ids_that_a_sheet_has_damaged_are_told_and_fallen_ones_replaced():
    ids = ["1.23E+17", "1.23E+17", "4.56E+17", "320505200001000001"]
    layer = gcm.read_layer(points(*[(k, k) for k in range(4)], 井盖编号=ids), "manholes")
    assert len(layer.data) == 4
    assert layer.data["manhole_id"].tolist()[:2] == ["manholes#0", "manholes#1"]
    assert told(layer, "ID_DAMAGED")["record"].tolist() == [2, 0, 1]
    assert told(layer, "ID_DUPLICATE").empty


def test_digits_that_became_zeros_are_told_by_the_column():
    worn = [f"32050520000{k}100000" for k in range(4)]
    worn = [w[:15] + "000" for w in worn]
    layer = gcm.read_layer(points(*[(k, k) for k in range(4)], 井盖编号=worn), "manholes")
    assert len(told(layer, "ID_DAMAGED")) == 4
    whole = [*(f"3205052000011234{k:02d}" for k in range(11, 30)), "320505200001123000"]
    layer = gcm.read_layer(points(*[(k, k) for k in range(20)], 井盖编号=whole), "manholes")
    assert told(layer, "ID_DAMAGED").empty


def test_twins_in_place_and_key_fields_are_told():
    layer = gcm.read_layer(points((1, 1), (1, 1), (2, 2), 井盖编号=["A", "B", "C"]), "manholes")
    row = told(layer, "GEOM_DUPLICATE").iloc[0]
    assert (row["record"], row["value"], row["key"], row["x"]) == (1, "A", "B", X0 + 1)


PHONE, CARD = "13812345678", "11010519491231002X"


def test_personal_data_is_told_and_masked_unless_asked_for():
    source = parcels(
        3, 当事人=["张三", "李四", "王五"], 联系电话=[PHONE] * 3, 经办=[f"李 {PHONE}", "王", ""],
        备注=["", f"证件{CARD}", ""], 违建面积=["100", "若干", f"{PHONE}元"],
        违建编号=["W0", "W0", "W0"],
    )  # fmt: skip
    layer = gcm.read_layer(source, "illegal_construction")
    assert set(told(layer, "PERSONAL_DATA")["value"]) >= {"当事人", "联系电话", "经办", "备注"}
    assert {"party_name", "phone", "经办", "remark"} <= set(layer.personal)
    shown = " ".join(layer.rejected["raw"]) + layer.findings.to_csv()
    for secret in (PHONE, CARD, "李四", "王五"):
        assert secret not in shown
    assert json.loads(layer.rejected["raw"].iloc[0])["违建编号"] == "W0"
    # The layer itself keeps what it read; its writers mask.
    assert layer.data["phone"].tolist() == [PHONE]
    bare = gcm.read_layer(source, "illegal_construction", include_personal=True)
    assert CARD in " ".join(bare.rejected["raw"])


def test_ids_that_resemble_telephones_stay_as_they_are():
    layer = gcm.read_layer(points((1, 1), (1, 1), 井盖编号=[PHONE, PHONE]), "manholes")
    assert layer.findings["value"].isin([PHONE]).any()
    assert json.loads(layer.rejected["raw"].iloc[0]) == {"井盖编号": PHONE}


@pytest.mark.parametrize(
    ("text", "personal"),
    [
        ("+86 13812345678", True), ("138123456789", False), ("12812345678", False),
        (CARD.lower(), True), ("110105194912310021", False), ("11010519491331002X", False),
        ("120.13812345678", False), ("A13812345678", False),
    ],
)  # fmt: skip
def test_what_looks_like_a_person_is_decided_by_form_and_checksum(text, personal):
    assert looks_personal(text) is personal
    assert mask_text(mask_text(text)) == mask_text(text)


def test_columns_of_one_name_are_told_apart():
    source = points((1, 1))
    source = gpd.GeoDataFrame(
        pd.DataFrame([["A", "B", 3]], columns=["井盖编号", "井盖编号", 7]),
        geometry=source.geometry,
    )
    layer = gcm.read_layer(source, "manholes")
    assert layer.data["manhole_id"].tolist() == ["A"]
    assert layer.data[["井盖编号_2", "7"]].values.tolist() == [["B", 3]]
    assert len(told(layer, "FIELD_DUPLICATE")) == 1


SHAPES = st.sampled_from(
    [
        None,
        shapely.Polygon(),
        shapely.Point(X0, Y0),
        shapely.Point(np.nan, Y0),
        shapely.box(X0, Y0, X0 + 9, Y0 + 9),
        shapely.box(X0, Y0, X0 + 9, Y0 + 0.01),
        shapely.force_3d(shapely.box(X0 + 2990, Y0, X0 + 3010, Y0 + 9), 4.0),
        shapely.Polygon([(X0, Y0), (X0 + 9, Y0 + 9), (X0 + 9, Y0), (X0, Y0 + 9)]),
        shapely.Polygon(
            [(X0, Y0), (X0, Y0), (X0 + 9, Y0), (X0 + 9, Y0 + 9), (X0 + 9, Y0 + 12),
             (X0 + 9, Y0 + 9), (X0, Y0 + 9)]
        ),
        shapely.MultiPolygon([shapely.box(X0, Y0, X0 + 4, Y0 + 4),
                              shapely.box(X0 + 6, Y0, X0 + 9, Y0 + 4)]),
        shapely.GeometryCollection([shapely.box(X0, Y0, X0 + 9, Y0 + 9)]),
        shapely.box(Y0, X0, Y0 + 9, X0 + 9),
        shapely.box(4e7 + X0, Y0, 4e7 + X0 + 9, Y0 + 9),
        shapely.Point(0, 0),
    ]
)  # fmt: skip
ROWS = st.lists(
    st.tuples(
        st.sampled_from(["W1", "W2", "1.2E+17", "Ｗ１", "", None]),
        st.sampled_from(["5", "约1,200㎡", "0.3万平方米", "若干", "-3", "1e400", None]),
        st.sampled_from(["2022.6", "20220630", "44742", "2022-02-30", "/", None]),
        st.sampled_from(["已拆除", "50", "拆了", "无", None]),
        st.sampled_from(["姑苏区", "工业园区", "月球", None]),
        SHAPES,
    ),
    min_size=1,
    max_size=10,
)


def build(rows) -> gpd.GeoDataFrame:
    columns = list(zip(*rows, strict=True))
    names = ["违建编号", "违建面积", "拆除时间", "处置状态", "所属区"]
    table = {n: pd.array(list(c), dtype="str") for n, c in zip(names, columns, strict=False)}
    return gpd.GeoDataFrame(table, geometry=list(columns[-1]), crs=CRS)


@given(ROWS, st.booleans())
def test_whatever_comes_is_accounted_for_and_read_again_stays_as_it_is(rows, repair):
    words = {"zones": ZONES, "repair": ["swapped", "zone_prefix"] if repair else []}
    source = build(rows)
    try:
        once = gcm.read_layer(source, "illegal_construction", **words)
    except gcm.CRSError as error:
        assert {"COORD_SWAPPED", "CRS_ZONE_PREFIX", "CRS_WRONG"} & set(error.findings["code"])
        return
    row = once.ledger.iloc[0]
    assert row["n_accepted"] + row["n_rejected"] == row["n_records"] == len(rows)
    assert sorted([*once.record, *once.rejected["record"]]) == list(range(len(rows)))
    assert once.rejected["codes"].ne("").all()
    about = once.findings["record"].notna()
    assert once.findings.loc[about, "row_label"].ne("").all()
    assert once.findings.loc[about, "key"].ne("").all()
    again = gcm.read_layer(once.data, "illegal_construction", **words)
    assert again.ledger["n_rejected"].iloc[0] == 0
    assert not again.findings["action"].isin(["repaired", "rejected", "value_removed"]).any()
    assert list(again.data.columns) == list(once.data.columns)
    for column in once.data.columns.drop("geometry"):
        assert again.data[column].equals(once.data[column]), column
    assert shapely.equals_identical(again.data.geometry.to_numpy(), once.data.geometry.to_numpy())[
        once.located.to_numpy()
    ].all()


def cases(*times: str, **columns: list[str]) -> gcm.Layer:
    """Cases at one place, reported at these times."""
    n = len(times)
    frame = gpd.GeoDataFrame(
        {"case_id": [f"A{k}" for k in range(n)], "minor_code": ["02"] * n, "reported_at": times,
         **columns},
        geometry=[shapely.Point(X0, Y0)] * n,
        crs=CRS,
    )  # fmt: skip
    return gcm.read_layer(frame, "digital_cases", data_date="2022-06-30")


def test_cases_that_come_back_to_a_place_are_no_duplicates_but_one_entered_twice_is():
    layer = cases("2022-06-01 09:00", "2022-06-02 09:00", "2022-06-02 09:00")
    rows = layer.findings[layer.findings["code"] == "GEOM_DUPLICATE"]
    assert rows[["record", "value"]].values.tolist() == [[2, "A1"]]


def test_times_of_the_day_the_data_stands_at_are_no_later_than_it():
    layer = cases("2022-06-30 23:59", "2022-07-01 00:00")
    rows = layer.findings[layer.findings["code"] == "DATE_RANGE"]
    assert rows[["record", "value"]].values.tolist() == [[1, "2022-07-01 00:00"]]


def test_times_out_of_order_are_told_to_the_minute():
    layer = cases("2022-06-30 10:00", handled_at=["2022-06-30 09:30"])
    row = layer.findings[layer.findings["code"] == "DATE_ORDER"].iloc[0]
    assert (row["value"], row["expected"]) == ("2022-06-30 09:30", "2022-06-30 10:00")
