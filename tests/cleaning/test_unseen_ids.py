"""Ids with characters nobody sees or could read, and ids that lost digits: told, not joined."""

from __future__ import annotations

import json

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import pytest

import geo_citymgmt as gcm
from geo_citymgmt.cleaning._ids import has_lost_digits
from geo_citymgmt.decisions import apply_corrections
from geo_citymgmt.findings import Findings
from geo_citymgmt.reading import read_raw
from geo_citymgmt.spec import get_spec

UNSEEN = ["\0", "\x01", "\u00ad", "\u200b", "\u200d", "\u202e", "\u2060", "\ufe0f", "\ufeff"]


def manholes(ids):
    places = gpd.points_from_xy([120.6 + k / 100 for k in range(len(ids))], [31.3] * len(ids))
    data = {"manhole_id": pd.Series(ids, dtype=object)}
    return gpd.GeoDataFrame(data, geometry=places, crs=4490)


def told(layer, code):
    found = layer.findings.query("code == @code")
    return list(zip(found["record"], found["value"], strict=True))


@pytest.mark.parametrize("sign", UNSEEN, ids=[f"U+{ord(s):04X}" for s in UNSEEN])
def test_a_character_that_nobody_sees_is_taken_off_and_told(sign):
    layer = gcm.read_layer(manholes(["J1", f"J{sign}2", "J3"]), "manholes")
    assert layer.data["manhole_id"].tolist() == ["J1", "J2", "J3"]
    assert told(layer, "ID_UNSEEN") == [(1, f"J[U+{ord(sign):04X}]2")]


def test_an_id_of_nothing_one_can_see_is_missing_and_two_that_look_alike_are_duplicates():
    layer = gcm.read_layer(manholes(["J1", "\u200b", "J1\ufeff"]), "manholes")
    assert layer.data["manhole_id"].tolist() == ["J1", "manholes#1"]
    assert told(layer, "ID_UNSEEN") == [(1, "[U+200B]"), (2, "J1[U+FEFF]")]
    assert told(layer, "ID_DUPLICATE") == [(2, "J1")]


@pytest.mark.parametrize("how", ["frame", "json"])
def test_lone_surrogates_are_lost_characters_and_make_no_two_ids_one(tmp_path, how):
    ids = ["J\ud800", "J\ud801", "K\udfff"]
    source = manholes(ids)
    if how == "json":
        source = tmp_path / "manholes.json"
        rows = [{"manhole_id": i, "lon": 120.6 + k / 100, "lat": 31.3} for k, i in enumerate(ids)]
        source.write_text(json.dumps(rows))
    layer = gcm.read_layer(source, "manholes", crs=4490)
    assert layer.data["manhole_id"].tolist() == ["manholes#0", "manholes#1", "K\ufffd"]
    assert [record for record, _ in told(layer, "TEXT_LOST")] == [0, 1, 2]
    assert told(layer, "ID_ILLEGIBLE") == [(0, "J\ufffd"), (1, "J\ufffd")]


@pytest.mark.parametrize(
    ("ids", "lost"),
    [
        (["1.23456789012346E+15", "J1"], [True, False]),
        # As a sheet shows numbers of 16 digits: all end in a zero.
        ([f"32050501010{k:04d}0" for k in (17, 23, 99)], [True, True, True]),
        (["3205050101000170", "3205050101000171", "3205050101000172"], [False] * 3),
        (["3205050101000170", "3205050101000180"], [False] * 2),
        (["32050501010001700", "32050501010001800"], [True, True]),
    ],
)
def test_digits_that_a_sheet_has_lost_are_known_by_the_whole_column(ids, lost):
    assert has_lost_digits(pa.array(ids, pa.large_string())).tolist() == lost


def test_a_column_of_floats_that_a_sheet_has_rounded_joins_nothing_and_is_told():
    ids = [1.23456789012346e15, 7.0, 1.23456789012347e15]
    layer = gcm.read_layer(manholes(ids).astype({"manhole_id": "float64"}), "manholes")
    shown = ["1.23456789012346E+15", "1.23456789012347E+15"]
    assert layer.data["manhole_id"].tolist() == [shown[0], "7", shown[1]]
    assert told(layer, "ID_DAMAGED") == [(0, shown[0]), (2, shown[1])]
    whole = manholes([1234567890123461.0, 1234567890123470.0]).astype({"manhole_id": "float64"})
    layer = gcm.read_layer(whole, "manholes")
    assert layer.data["manhole_id"].tolist() == ["1234567890123461", "1234567890123470"]


def city(tmp_path, ids, events):
    rows = "".join(f"{i},{120.6 + k / 100},31.3\n" for k, i in enumerate(ids))
    (tmp_path / "manholes.csv").write_text(f"manhole_id,lon,lat\n{rows}", encoding="utf-8")
    lines = "".join(f"manholes,{key},accept,2022-01-01\n" for key in events)
    (tmp_path / "events.csv").write_text(f"layer,key,event,date\n{lines}", encoding="utf-8")
    return gcm.load_city(tmp_path, crs="EPSG:4490")


def test_events_find_their_records_by_ids_cleaned_in_the_same_way(tmp_path):
    loaded = city(tmp_path, ["J1\ufeff", '"=""002"""', "'003"], ["\u200bJ1", "002", "003"])
    assert loaded["manholes"]["manhole_id"].tolist() == ["J1", "002", "003"]
    assert loaded.events["key"].tolist() == ["002", "003", "J1"]
    [message] = loaded.findings.query("code == 'TABLE_VALUE'")["message_en"]
    assert message.startswith("events.csv, row 2: key is '[U+200B]J1', characters")


def test_no_event_is_joined_by_an_id_that_has_lost_digits():
    ids = ["J1", "1.23456789012346E+15"]
    events = pd.DataFrame(
        {"layer": "manholes", "key": ids, "event": "accept", "date": ["2022-01-01", "2022-01-02"]}
    )
    made = gcm.City.from_layers({"manholes": manholes(ids)}, events=events)
    assert made["manholes"]["manhole_id"].tolist() == ids
    assert made.events["key"].tolist() == ["J1"]
    [message] = made.findings.query("code == 'EVENT_UNMATCHED'")["message_en"]
    assert "lost digits" in message


def test_no_row_of_the_office_s_list_is_joined_by_an_id_that_has_lost_digits(tmp_path):
    damaged = "1.23456789012346E+15"
    listed = pd.DataFrame({"manhole_id": ["J1\u200b", damaged], "material": ["铸铁", "复合"]})
    layer = gcm.read_layer(manholes(["J1", damaged]), "manholes", ledger=listed)
    # The row stands by itself, and neither it nor the feature keeps an id that is none.
    assert layer.data["manhole_id"].tolist() == ["J1", "manholes#1", "manholes#2"]
    assert len(told(layer, "ID_DAMAGED")) == 2


def test_a_decision_finds_its_record_by_the_id_as_it_was_cleaned():
    raw = read_raw(manholes(["J1\u200b", "J2"]))
    decided = pd.DataFrame(
        {"row_label": [""], "key": ["J1"], "field": ["road_name"], "new_value": ["人民路"]}
    )
    spec, findings = get_spec("manholes"), Findings()
    apply_corrections(raw, {"manhole_id": "manhole_id"}, decided, spec, findings)
    assert raw.frame["road_name"].tolist() == ["人民路", None]
