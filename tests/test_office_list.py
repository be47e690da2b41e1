"""The office's list beside the map: every row of both is in the result once."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import geo_citymgmt as gcm
from tests.conftest import points, squares

ZONES = squares((0, 0, 1000, 1000), (1000, 0, 2000, 1000)).rename(
    index={"A": "320505", "B": "320508"}
)
ZONES.index.name = "district_code"
ZONES["name_zh"] = ["高新区（虎丘区）", "姑苏区"]


def read(features, listed, **kwargs):
    return gcm.read_layer(features, "parking_points", ledger=listed, zones=ZONES, **kwargs)


def codes(layer) -> list[str]:
    return layer.findings["code"].tolist()


def test_a_row_joins_its_feature_whatever_the_width_the_case_and_the_zeros():
    features = points((1, 1), (2, 2), (3, 3), LOT_ID=["P01", "0042", "ab 7"])
    listed = pd.DataFrame({"停车场编号": ["Ｐ０１", "42", "AB7"], "泊位总数": ["10", "20", "30"]})
    out = read(features, listed)
    spaces = out.data.set_index("lot_id")["spaces_total"]
    assert spaces.to_dict() == {"P01": 10, "0042": 20, "ab 7": 30}
    assert out.ledger["n_walked"].iloc[0] == 3


def test_an_exact_id_goes_before_a_loose_one():
    features = points((1, 1), (2, 2), LOT_ID=["0123", "123"])
    listed = pd.DataFrame({"停车场编号": ["123", "0123"], "泊位总数": ["1", "2"]})
    out = read(features, listed).data.set_index("lot_id")["spaces_total"]
    assert out.to_dict() == {"0123": 2, "123": 1}


def test_the_list_wins_where_both_fill_a_field_and_that_is_said():
    features = points((1, 1), (2, 2), LOT_ID=["P1", "P2"], SP_TOTAL=[5, 6])
    listed = pd.DataFrame({"停车场编号": ["P1", "P2"], "泊位总数": ["50", ""]})
    out = read(features, listed)
    assert out.data["spaces_total"].tolist() == [50, 6]
    row = out.findings[out.findings["code"] == "LEDGER_WINS"].iloc[0]
    assert (row["field"], row["value"]) == ("spaces_total", "1")


def test_rows_without_a_feature_stay_unlocated_under_the_district_they_name():
    features = points((1, 1), LOT_ID=["P1"], SP_TOTAL=[5])
    listed = pd.DataFrame(
        {"停车场编号": ["P8", "P9"], "泊位总数": ["7", "9"], "所属区县": ["姑苏区", ""]}
    )
    out = read(features, listed)
    assert out.data["lot_id"].tolist() == ["P1", "P8", "P9"]
    assert out.data["district_code"].fillna("").tolist() == ["320505", "320508", ""]
    assert out.located.tolist() == [True, False, False]
    told = out.findings[out.findings["code"] == "UNLOCATED"]
    assert told["row_label"].tolist() == ["台账 0", "台账 1"]
    unmatched = out.findings[out.findings["code"] == "LEDGER_UNMATCHED"]
    assert unmatched["record"].tolist() == [0]


def test_a_further_row_for_one_feature_is_rejected():
    features = points((1, 1), LOT_ID=["P1"])
    listed = pd.DataFrame({"停车场编号": ["P1", "p1 "], "泊位总数": ["7", "9"]})
    out = read(features, listed)
    assert out.data["spaces_total"].tolist() == [7]
    assert out.rejected["codes"].tolist() == ["LEDGER_MANY"]


def test_a_side_without_ids_is_refused():
    with pytest.raises(gcm.SourceError, match="lot_id"):
        read(points((1, 1), SP_TOTAL=[1]), pd.DataFrame({"停车场编号": ["P1"]}))


def test_5000_rows_and_4800_features_each_end_in_the_result_once_and_figures_add_up(tmp_path):
    """Doubled, missing and badly typed ids on both sides."""
    rng = np.random.default_rng(0)
    ids = np.array([f"P{k:05d}" for k in range(5_200)], dtype=object)
    on_map = ids[:4_800].copy()
    on_map[rng.choice(4_800, 40, replace=False)] = None
    on_map[rng.choice(4_800, 30, replace=False)] = "P00007"
    xy = rng.uniform((10, 10), (2_400, 990), (4_800, 2))
    features = points(*xy.tolist(), LOT_ID=on_map.tolist())
    features["SP_TOTAL"] = 1
    written = ids[200:5_200].copy()
    typed = rng.choice(5_000, 900, replace=False)
    written[typed[:300]] = [w.lower() for w in written[typed[:300]]]
    written[typed[300:600]] = [w.replace("P", "Ｐ") for w in written[typed[300:600]]]
    written[typed[600:]] = [f" {w} " for w in written[typed[600:]]]
    written[rng.choice(5_000, 50, replace=False)] = written[0]
    written[rng.choice(5_000, 25, replace=False)] = ""
    listed = pd.DataFrame(
        {
            "停车场编号": written,
            "泊位总数": rng.integers(1, 100, 5_000).astype(str),
            "所属区县": rng.choice(["姑苏区", "高新区", "月球", ""], 5_000),
        }
    )
    path = tmp_path / "台账.csv"
    listed.to_csv(path, index=False, encoding="gb18030")
    out = read(features, path)
    row = out.ledger.iloc[0]
    matched = int(out.findings.loc[out.findings["code"] == "LEDGER_JOINED", "value"].iloc[0])
    assert row["n_walked"] == 4_800 + 5_000 - matched
    assert row["n_records"] == row["n_accepted"] + row["n_rejected"] == row["n_walked"]
    everywhere = np.concatenate([out.record, out.rejected["record"]])
    assert np.array_equal(np.sort(everywhere), np.arange(row["n_walked"]))
    assert matched > 4_000
    table = gcm.summarise(out.data, ZONES, margins=True, spaces=("spaces_total", "sum"))
    parts = table[table["row_kind"] != "total"]["spaces"].sum()
    assert parts == table.loc["total", "spaces"] == out.data["spaces_total"].sum()
    assert table.loc["unlocated", "spaces"] > 0
