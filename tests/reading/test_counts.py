"""Records that a file says it has, in one of its parts or by a count, and has not."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import shapely

import geo_citymgmt as gcm
from geo_citymgmt.reading import read_raw
from geo_citymgmt.reading._shp import chain_of

_HEAD = "[属性描述]\n坐标系=2000国家大地坐标系\n几度分带=3\n带号=40\n[地块坐标]\n"
_RING = ((3463900, 40558100), (3463900, 40558200), (3464000, 40558200), (3463900, 40558100))


@pytest.fixture
def points():
    places = [shapely.Point(120.6 + k / 100, 31.3) for k in range(5)]
    return gpd.GeoDataFrame({"编号": [f"J{k}" for k in range(5)]}, geometry=places, crs=4326)


def test_an_object_that_a_mif_has_lost_is_a_record_without_counterpart(tmp_path, points):
    path = tmp_path / "manholes.mif"
    named = points.rename(columns={"编号": "manhole_id"})
    pyogrio.write_dataframe(named, path, driver="MapInfo File")
    whole = read_raw(path)
    assert (whole.n_walked, len(whole.findings.frame())) == (5, 0)
    path.write_bytes(path.read_bytes().replace(b"Point", b"Poknt", 1))
    read = gcm.read_layer(path, "manholes", crs=4490)
    assert read.ledger[["n_walked", "n_accepted"]].iloc[0].tolist() == [5, 4]
    assert "COUNT_MISMATCH" in set(read.findings.code)


def test_a_geopackage_whose_own_count_is_another_is_told_and_read_whole(tmp_path, points):
    path = tmp_path / "manholes.gpkg"
    points.to_file(path)
    assert len(read_raw(path).findings.frame()) == 0
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE gpkg_ogr_contents SET feature_count = 7")
    raw = read_raw(path)
    told = raw.findings.frame()
    assert told[["code", "severity", "value"]].values.tolist() == [
        ["COUNT_MISMATCH", "warning", "gpkg_ogr_contents 7 / 5"]
    ]
    assert raw.n_walked == len(raw.frame) == 5


@pytest.mark.parametrize(
    ("stated", "is_told"),
    [("4", False), ("3", False), ("", False), ("7", True), ("2", True)],
    ids=["all", "without the closing one", "none", "more", "fewer"],
)
def test_a_parcel_with_another_number_of_points_than_it_states_is_told(tmp_path, stated, is_told):
    rows = [f"J{k},1,{north},{east}" for k, (north, east) in enumerate(_RING, start=1)]
    path = tmp_path / "a.txt"
    path.write_text(_HEAD + f"{stated},1,1,甲,面,,,,@\n" + "\n".join(rows), encoding="utf-8")
    raw = read_raw(path)
    told = raw.findings.frame()
    assert told["code"].tolist() == ["PARCEL_POINTS"] * is_told
    assert told["value"].tolist() == [f"{stated} / 4"] * is_told
    assert raw.geometry[0].area == pytest.approx(5000)


def test_rings_of_a_parcel_are_put_together_two_by_two_as_one_by_one(tmp_path):
    rings = [(k * 100, side) for k in range(5) for side in (40, 20)]
    lines = []
    for number, (at, side) in enumerate(rings, start=1):
        x, y = 40558100 + at, 3463900
        for north, east in ((0, 0), (side, 0), (side, side), (0, side), (0, 0)):
            lines.append(f"J1,{number},{y + north},{x + east}")
    path = tmp_path / "a.txt"
    path.write_text(_HEAD + ",1,1,甲,面,,,,@\n" + "\n".join(lines), encoding="utf-8")
    shape = read_raw(path).geometry[0]
    # Five squares of 40 m, each with a corner of 20 m taken out.
    assert shape.area == pytest.approx(5 * (40**2 - 20**2))
    assert len(shape.geoms) == 5


def test_records_behind_many_breaks_are_found_each_once(tmp_path, points):
    path = tmp_path / "manholes.shp"
    many = gpd.GeoDataFrame(geometry=shapely.points(np.arange(2000) / 1000 + 120, 31.3), crs=4490)
    pyogrio.write_dataframe(many, path)
    shp = np.fromfile(path, dtype=np.uint8)
    heads = 100 + 28 * np.arange(2000)
    # The length of every other record leads nowhere.
    for at in heads[1::2].tolist():
        shp[at + 4 : at + 8] = (0x40, 0, 0, 0)
    assert chain_of(shp, None).offset.tolist() == heads[::2].tolist()
    assert chain_of(shp, heads).offset.tolist() == heads[::2].tolist()


def _parcels(path, *rings):
    lines = [
        line
        for name, ring in enumerate(rings)
        for line in (f",1,{name},甲{name},面,,,,@", *(f"J{k},1,{n},{e}" for k, (n, e) in ring))
    ]
    path.write_text(_HEAD + "\n".join(lines), encoding="utf-8")
    return read_raw(path).findings.frame()


def test_a_parcel_whose_last_point_is_cut_short_is_told_where_others_are_closed(tmp_path):
    closed = list(enumerate([(f"{n}.0410", f"{e}.5270") for n, e in _RING], start=1))
    cut = [*closed[:-1], (4, ("3463900.0410", "40558100.52"))]
    told = _parcels(tmp_path / "a.txt", closed, closed, cut)
    assert told[["code", "record"]].to_numpy().tolist() == [["PARCEL_OPEN", 2]]


def test_parcels_that_never_repeat_their_first_point_are_whole(tmp_path):
    bare = list(enumerate(_RING[:-1], start=1))
    assert _parcels(tmp_path / "a.txt", bare, bare, bare).empty


def _features(path, properties):
    features = [
        {"type": "Feature", "properties": row,
         "geometry": {"type": "Point", "coordinates": [120.6 + k / 1000, 31.3]}}
        for k, row in enumerate(properties)
    ]  # fmt: skip
    text = json.dumps({"type": "FeatureCollection", "features": features})
    path.write_text(text, encoding="utf-8")
    return text


def test_what_is_left_of_two_records_of_a_geojson_is_told(tmp_path):
    path = tmp_path / "manholes.geojson"
    rows = [{"BM": f"J{k}", "DONE_DATE": None, "NOTE": "a"} for k in range(20)]
    text = _features(path, rows)
    assert read_raw(path).findings.frame().empty
    begin = text.index('_DATE": null', text.index('"J7"'))
    end = text.index('": "a"', text.index('"J9"'))
    path.write_text(text[:begin] + text[end:], encoding="utf-8")
    raw = read_raw(path)
    told = raw.findings.frame()
    assert len(raw.frame) == 18
    assert told[["code", "record", "value"]].to_numpy().tolist() == [["JSON_MEMBER", 7, "DONE"]]


def test_records_that_leave_out_what_they_do_not_know_are_not_told(tmp_path):
    path = tmp_path / "manholes.geojson"
    _features(path, [{"BM": f"J{k}"} | ({"NOTE": "a"} if k in (3, 8) else {}) for k in range(40)])
    assert read_raw(path).findings.frame().empty
