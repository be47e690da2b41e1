"""Findings: what they are known by, and when many are one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import geo_citymgmt as gcm
from geo_citymgmt._display import findings_text
from geo_citymgmt._languages import Text
from geo_citymgmt.cleaning._personal import MASK
from geo_citymgmt.cli._console import as_text
from geo_citymgmt.errors import CRSError, SourceError
from geo_citymgmt.findings import (
    CODES,
    COLUMNS,
    Findings,
    concat_findings,
    is_of_all,
    of_layer,
    refusal,
)
from geo_citymgmt.report import finding_groups
from geo_citymgmt.report._release import without_records
from tests.conftest import points

STATUS = Text("状态", "Status")


def places(records: np.ndarray) -> pd.DataFrame:
    labels = [f"FID {r}" for r in records]
    return pd.DataFrame({"row_label": labels, "key": [f"J{r}" for r in records]})


def told(*, n: int, of: int, **changes) -> pd.DataFrame:
    """The table of ``n`` unknown codes in a layer of ``of`` records."""
    found = Findings("manholes")
    values = np.array(["甲"] * (n - n // 3) + ["乙"] * (n // 3), dtype=object)
    given = {"field": "status", "label": STATUS, "value": values, "action": "value_removed"}
    found.add("CODE_UNKNOWN", records=np.arange(n), **{**given, **changes})
    return found.frame(places=places, n_records=of)


def wells(n: int, status: list[str | None], **more) -> gcm.Layer:
    frame = points(*((10.0 * k, 0.0) for k in range(n)), **more)
    frame["MANHOLE_ID"] = [f"J{k}" for k in range(n)]
    frame["STATUS"] = status
    return gcm.read_layer(frame, "manholes")


def about(layer: gcm.Layer, code: str) -> pd.DataFrame:
    return layer.findings[layer.findings["code"] == code]


def test_the_key_is_the_last_column_and_made_of_layer_code_field_and_record():
    assert COLUMNS[-1] == "finding_key"
    layer = wells(3, ["处置中", "不知", "处置中"])
    assert about(layer, "CODE_UNKNOWN")["finding_key"].tolist() == [
        "manholes:CODE_UNKNOWN:status:J1"
    ]


def test_a_record_without_an_id_is_known_by_its_row_label():
    frame = points((0, 0), (10, 0), MANHOLE_ID=["J0", None], STATUS=["处置中", "不知"])
    frame.index = ["row 2", "row 3"]
    layer = gcm.read_layer(frame, "manholes")
    keys = layer.findings.set_index("code")["finding_key"]
    assert keys["CODE_UNKNOWN"] == "manholes:CODE_UNKNOWN:status:row 3"
    assert keys["ID_MISSING"] == "manholes:ID_MISSING:manhole_id:row 3"


def test_several_of_one_key_are_numbered_in_the_order_of_the_source():
    frame = points((0, 0), (10, 0), (20, 0), MANHOLE_ID=["J1", "J1", "J1"])
    frame["STATUS"] = "处置中"
    twice = about(gcm.read_layer(frame, "manholes"), "ID_DUPLICATE")
    key = "manholes:ID_DUPLICATE:manhole_id:J1"
    assert twice["finding_key"].tolist() == [key, f"{key} (2)"]
    assert twice["record"].tolist() == [1, 2]


def test_two_rules_broken_by_one_field_of_a_record_have_keys_of_their_own():
    found = Findings("a")
    for rule in ("geometry", "floors"):
        found.add("RELATION_BROKEN", records=[0], field="area", detail=STATUS, about=rule)
    assert found.frame(places=places)["finding_key"].tolist() == [
        "a:RELATION_BROKEN:area:J0:geometry", "a:RELATION_BROKEN:area:J0:floors",
    ]  # fmt: skip


def test_keys_are_unique_in_a_city_and_no_number_tells_those_of_a_layer_apart(dirty_city):
    found = dirty_city.findings
    assert found["finding_key"].is_unique and found["finding_key"].ne("").all()
    whole = found.loc[found["record"].isna(), "finding_key"]
    assert len(whole) > 30
    assert not whole.str.contains(r" \(\d+\)$").any()


def test_a_finding_given_to_a_layer_has_the_layer_in_its_key():
    source = Findings()
    source.add("FILE_MISSING_PART", value="a.shx", about=".shx", detail=Text("", ""))
    moved = of_layer(source.frame(), "manholes")
    assert moved["finding_key"].tolist() == ["manholes:FILE_MISSING_PART::.shx"]
    both = concat_findings([moved, moved])
    assert both["finding_key"].is_unique


def test_what_is_about_one_of_several_files_names_it():
    found, part = Findings("a"), Findings()
    part.add("SHP_DAMAGED", about="size", detail=STATUS)
    part.add("RECORD_UNREADABLE", records=[1])
    found.extend(part, offset=10, source="a_pt.shp")
    table = found.frame()
    assert table["finding_key"].tolist() == ["a:SHP_DAMAGED::a_pt.shp size",
                                             "a:RECORD_UNREADABLE::11"]  # fmt: skip
    assert part.frame()["record"].dropna().tolist() == [1]


def test_a_fault_of_a_whole_column_is_one_row_with_count_share_values_and_examples():
    (row,) = told(n=96, of=100).itertuples()
    assert (row.record is pd.NA, row.n_records) == (True, 96)
    assert row.finding_key == "manholes:CODE_UNKNOWN:status:*"
    assert row.message_zh == (
        "“状态”的值“甲”不在代码表中；接近或可用的：；共 96 条，占该图层 96 %；"
        "最多的值：“甲”64 条、“乙”32 条；如记录 FID 0、FID 1、FID 2"
    )
    assert row.message_en == (
        "'Status': '甲' is not in the code list; nearest or known: ; 96 records, 96 % of the "
        "layer; most frequent: '甲' (64), '乙' (32); e.g. records FID 0, FID 1, FID 2"
    )


@pytest.mark.parametrize(("n", "of", "rows"), [(19, 19, 19), (20, 20, 1), (94, 100, 94),
                                               (95, 100, 1), (20, 22, 20)])  # fmt: skip
def test_it_takes_twenty_records_and_ninety_five_in_a_hundred(n, of, rows):
    table = told(n=n, of=of)
    assert len(table) == rows
    assert table["n_records"].sum() == n


def test_other_actions_and_severities_are_other_faults():
    found = Findings("a")
    found.add("VALUE_MISSING", records=np.arange(60), field="x")
    found.add("VALUE_MISSING", records=np.arange(60, 100), field="x", action="rejected")
    assert len(found.frame(n_records=100)) == 100


def test_two_faults_of_one_code_and_field_are_each_told():
    found = Findings("a")
    for rule in ("geometry", "floors"):
        found.add("RELATION_BROKEN", records=np.arange(50), field="x", detail=STATUS, about=rule)
    keys = found.frame(n_records=50)["finding_key"]
    assert keys.tolist() == ["a:RELATION_BROKEN:x:*:floors", "a:RELATION_BROKEN:x:*:geometry"]
    assert is_of_all(keys).all()


def test_a_share_is_rounded_down_so_that_all_means_all():
    assert "99.9 %" in told(n=9_999, of=10_000)["message_en"].iloc[0]
    assert "100 %" in told(n=10_000, of=10_000)["message_en"].iloc[0]


def test_values_changed_after_they_were_added_are_told_as_they_were():
    found, values = Findings("a"), np.array(["x", "y"], dtype=object)
    found.add("CODE_UNKNOWN", records=np.arange(2), value=values)
    values[:] = "z"
    assert found.frame()["value"].tolist() == ["x", "y"]


def test_records_of_a_whole_fault_are_rejected_and_counted_one_by_one():
    frame = points(*((10.0 * k, 0.0) for k in range(40)), STATUS=["处置中"] * 40)
    frame["MANHOLE_ID"] = "J1"
    layer = gcm.read_layer(frame, "manholes")
    (row,) = about(layer, "ID_DUPLICATE").itertuples()
    assert row.n_records == 39
    account = layer.ledger.iloc[0]
    assert (account["n_accepted"], account["n_rejected"]) == (1, 39)
    assert layer.rejected["codes"].tolist() == ["ID_DUPLICATE"] * 39
    assert layer.rejected["record"].tolist() == list(range(1, 40))


def test_a_column_of_unknown_codes_is_one_finding_and_its_values_are_gone():
    layer = wells(30, ["不知"] * 29 + ["处置中"])
    (row,) = about(layer, "CODE_UNKNOWN").itertuples()
    assert row.n_records == 29 and "“不知”29 条；如记录 0、1、2" in row.message_zh
    assert layer.data["status"].notna().sum() == 1


def test_personal_values_are_no_examples():
    frame = points(*((10.0 * k, 0.0) for k in range(30)), STATUS=["处置中"] * 30)
    frame["MANHOLE_ID"] = [f"J{k}" for k in range(30)]
    frame["PHONE"] = [f"1380000{k:04d}\ufffd" for k in range(30)]
    layer = gcm.read_layer(frame, "manholes", include_personal=True)
    for row in layer.findings[layer.findings["field"] == "phone"].itertuples():
        assert "1380000" not in row.message_zh + row.message_en
        assert row.n_records == 0 or row.value == MASK


def test_terminal_notebook_and_report_count_the_records_of_a_whole_fault():
    frame = points(*((10.0 * k, 0.0) for k in range(30)), STATUS=["不知"] * 30)
    frame["MANHOLE_ID"] = [f"J{k}" for k in range(30)]
    layer = gcm.read_layer(frame, "manholes")
    assert "CODE_UNKNOWN ×30" in as_text(layer.ledger, layer.findings, {}, "zh", width=200)
    assert "status ×30" in findings_text(layer.findings)


def test_the_groups_of_a_report_count_records(city):
    assert finding_groups(city)["count"].sum() == city.findings["n_records"].clip(lower=1).sum()


def test_a_public_release_has_no_key_with_an_id_in_it(city):
    assert without_records(city).findings["finding_key"].eq("").all()


def test_a_refusal_says_what_its_finding_says_or_its_finding_what_it_says():
    remedy = Text("请改正。", "Correct it.")
    found = Findings("a")
    error = refusal("CRS_WRONG", "a.shp", error=CRSError, remedy=remedy, findings=found,
                    value="1, 2", expected="EPSG:4549", detail=Text("", ""))  # fmt: skip
    assert isinstance(error, CRSError) and error.findings is None
    assert str(error) == f"a.shp: {found.frame()['message_en'].iloc[0]}."
    assert (error.remedy_zh, error.remedy) == remedy
    other = refusal("SOURCE_REFUSED", "a.vrt", error=SourceError, remedy=remedy,
                    cause=Text("不能打开。", "it cannot be opened."))  # fmt: skip
    assert other.message_zh == "a.vrt：不能打开。请改正。"
    assert other.findings["message_zh"].tolist() == ["拒绝打开：a.vrt：不能打开。请改正。"]


def test_every_code_can_be_told_of_a_whole_column():
    for code in CODES:
        found = Findings("a")
        found.add(
            code, records=np.arange(20), field="x", value="v", expected="e", detail=STATUS,
            row="7", column="y", file="f.csv", where=STATUS, parts=STATUS,
        )  # fmt: skip
        table = found.frame(n_records=20)
        assert len(table) == (20 if code.startswith("DECISION_") else 1)
