"""Records and features of JSON in every arrangement that services and tools write."""

from __future__ import annotations

import json

import pytest

import geo_citymgmt as gcm
from geo_citymgmt.errors import SourceError
from geo_citymgmt.reading import read_raw

FEATURES = [
    {"type": "Feature", "properties": {"编号": f"J{k}"},
     "geometry": {"type": "Point", "coordinates": [120.6 + k / 10, 31.3]}}
    for k in range(3)
]  # fmt: skip
STATIONS = [
    {
        "station_id": f"s{k}",
        "name": f"站{k}",
        "lat": 31.3,
        "lon": 120.6 + k / 10,
        "capacity": 20 + k,
    }
    for k in range(3)
]
HEAD = {"last_updated": 1_600_000_000, "ttl": 0, "version": "2.3"}


def dumped(value, indent=None):
    return json.dumps(value, ensure_ascii=False, indent=indent)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.geojsonl", "\n".join(map(dumped, FEATURES))),
        ("a.ndjson", "\ufeff" + "\n\n".join(map(dumped, FEATURES)) + "\n"),
        ("a.geojsons", "".join(f"\x1e{dumped(f)}\n" for f in FEATURES)),
        ("a.geojsonseq", "".join(f"\x1e{dumped(f, 1)}\n" for f in FEATURES)),
        ("a.json", "".join(f"\x1e{dumped(f)}\n" for f in FEATURES)),
        ("a.jsonl", "".join(map(dumped, FEATURES))),
    ],
)
def test_features_one_after_the_other_are_read_however_they_are_parted(tmp_path, name, text):
    (tmp_path / name).write_text(text, "utf-8")
    raw = read_raw(tmp_path / name)
    assert raw.frame["编号"].tolist() == ["J0", "J1", "J2"]
    assert [p.x for p in raw.geometry] == pytest.approx([120.6, 120.7, 120.8])
    assert raw.crs.to_epsg() == 4326


def test_a_sequence_that_is_torn_names_its_feature_and_a_repeated_member_is_told(tmp_path):
    path = tmp_path / "a.geojsons"
    path.write_text(f"\x1e{dumped(FEATURES[0])}\n\x1e" + '{"type": "Fea', "utf-8")
    with pytest.raises(SourceError, match="feature 2"):
        read_raw(path)
    twice = dumped(FEATURES[0]).replace('{"编号"', '{"编号": "X", "编号"')
    path.write_text(f"{twice}\n{dumped(FEATURES[1])}\n", "utf-8")
    found = read_raw(path).findings.frame()
    assert found[["code", "record"]].values.tolist() == [["JSON_REPEATED", 0]]


@pytest.mark.parametrize(
    "top", [{**HEAD, "data": {"stations": STATIONS}}, {"stations": STATIONS}, STATIONS],
    ids=["wrapped", "bare", "list"],
)  # fmt: skip
def test_station_information_is_a_layer_alone_and_in_a_folder(tmp_path, top):
    path = tmp_path / "station_information.json"
    path.write_text(dumped(top), "utf-8")
    layer = gcm.read_layer(path, "bike_stations")
    assert layer.data[["station_id", "name", "capacity"]].values.tolist()[0] == ["s0", "站0", 20]
    assert len(gcm.load_city(tmp_path)["bike_stations"]) == 3


def test_names_in_several_languages_are_a_column_each_the_chinese_one_in_front(tmp_path):
    def spelt(*pairs):
        return [{"text": text, "language": tag} for text, tag in pairs]

    names = [spelt(("Stop", "en"), ("站", "zh-Hans")), spelt(("Only", "en")), None]
    stations = [{**s, "name": name} for s, name in zip(STATIONS, names, strict=True)]
    stations[0]["name_en"] = "of another"
    path = tmp_path / "station_information.json"
    path.write_text(dumped({**HEAD, "data": {"stations": stations}}), "utf-8")
    frame = read_raw(path).frame
    assert frame["name"].tolist()[:2] == ["站", "Only"]
    assert frame["name"].isna().tolist() == [False, False, True]
    assert frame["name_en_2"].tolist()[:2] == ["Stop", "Only"]
    assert frame["name_en"].tolist()[0] == "of another"


def test_a_list_without_records_has_none_and_two_lists_are_asked_about(tmp_path):
    path = tmp_path / "station_information.json"
    path.write_text(dumped({**HEAD, "data": {"stations": []}}), "utf-8")
    assert read_raw(path).n_walked == 0
    path.write_text(dumped({"data": {"stations": STATIONS}, "extra": []}), "utf-8")
    assert read_raw(path).n_walked == 3
    path.write_text(dumped({"data": {"stations": STATIONS}, "extra": [{"a": 1}]}), "utf-8")
    with pytest.raises(SourceError, match="several lists"):
        read_raw(path)
