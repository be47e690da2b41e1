"""A city from a folder, from city.toml, from a GeoPackage; what was not used is said."""

from __future__ import annotations

import shutil

import pandas as pd
import pytest

import geo_citymgmt as gcm
from tests.conftest import DATA, points, squares


def copy_layer(key: str, folder, name: str | None = None):
    for part in DATA.glob(f"{key}.*"):
        shutil.copy(part, folder / f"{name or key}{part.suffix}")


@pytest.fixture
def chinese_folder(tmp_path):
    copy_layer("districts", tmp_path, "区县界")
    copy_layer("manholes", tmp_path, "窨井")
    copy_layer("utility_tunnels", tmp_path, "综合管廊2022")
    return tmp_path


def test_a_city_is_a_mapping_of_its_layers(city):
    assert set(city) >= {"illegal_construction", "manholes", "districts", "streets"}
    assert len(city["manholes"]) == city.ledger.set_index("layer").loc["manholes", "n_accepted"]
    assert city.layer("manholes").spec.name_zh == "窨井"
    assert city.zones.index.name == "district_code"
    assert city.zones_at("street").index.name == "street_code"
    assert city.data_date == pd.Timestamp(2022, 6, 30)
    assert "manholes" in city._ipython_key_completions_()


def test_districts_come_in_the_bureaus_order_with_its_names(city):
    assert city.zones["name_zh"].tolist() == [
        "姑苏区", "高新区（虎丘区）", "吴中区", "相城区", "吴江区", "工业园区", "张家港市",
        "常熟市", "太仓市", "昆山市",
    ]  # fmt: skip


def test_an_unknown_layer_is_a_key_error_that_helps(city):
    with pytest.raises(KeyError, match=r"no layer 'lamps'.*manholes"):
        city["lamps"]
    with pytest.raises(gcm.CityDataError):
        city.zones_at("community")


def test_layers_are_found_by_chinese_names(chinese_folder):
    found = gcm.load_city(chinese_folder)
    assert {"districts", "manholes", "utility_tunnels"} <= set(found)
    told = found.findings[found.findings["code"] == "LAYER_RECOGNISED"]
    assert told["value"].tolist() == ["综合管廊2022.shp"]
    # The data's own date is then the last day on which something happened.
    assert found.data_date == pd.Timestamp(2022, 6, 30)


def test_what_is_not_recognised_is_named(chinese_folder):
    copy_layer("roads", chinese_folder, "未知数据")
    (chinese_folder / "台账.docx").write_bytes(b"x")
    found = gcm.load_city(chinese_folder)
    ignored = found.findings[found.findings["code"] == "LAYER_IGNORED"]["value"].tolist()
    assert ignored == ["未知数据.shp", "台账.docx"]


def test_an_unusable_layer_does_not_stop_the_rest(chinese_folder):
    (chinese_folder / "窨井.dbf").write_bytes(b"broken")
    found = gcm.load_city(chinese_folder)
    state = found.ledger.set_index("layer")["state"]
    assert state.to_dict() == {"districts": "ok", "manholes": "unusable", "utility_tunnels": "ok"}
    assert "LAYER_UNUSABLE" in set(
        found.findings.loc[found.findings["layer"] == "manholes", "code"]
    )


def test_without_districts_no_outlines_are_assumed_and_nothing_is_judged_by_its_place(tmp_path):
    copy_layer("manholes", tmp_path)
    found = gcm.load_city(tmp_path)
    assert not found.has_zones
    assert "ZONES_MISSING" in set(found.findings["code"])
    assert found["manholes"]["district_code"].isna().all()
    assert len(found["manholes"]) == 12_000
    assert found.metric.code == "EPSG:4549"


@pytest.mark.parametrize("asked", [{"profile": "suzhou_2022"}, {"zones": "suzhou_2022"}])
def test_outlines_of_a_profile_are_used_where_it_is_named_and_said(tmp_path, asked):
    copy_layer("manholes", tmp_path)
    found = gcm.load_city(tmp_path, **asked)
    assert len(found.zones) == 10
    assert "ZONES_PACKAGED" in set(found.findings["code"])
    assert found["manholes"]["district_code"].notna().all()


def test_a_folder_without_layers_is_refused(tmp_path):
    with pytest.raises(gcm.CityDataError, match="no layer could be used"):
        gcm.load_city(tmp_path)
    with pytest.raises(gcm.SourceError, match="no such file"):
        gcm.load_city(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('[layers.lamps]\npath = "x.shp"\n', "layers.lamps"),
        ('[layers.manholes]\npath = "none.shp"\n', "layers.manholes.path"),
        ('[layers.manholes]\npath = "窨井.shp"\ncolour = 1\n', "layers.manholes.colour"),
        ('colour = "red"\n', "colour"),
        ("data_date = 7\n", "data_date"),
        ("name_zh = \n", "TOML"),
    ],
)
def test_a_mistake_in_city_toml_names_file_and_place(chinese_folder, text, place):
    (chinese_folder / "city.toml").write_text(text, encoding="utf-8")
    with pytest.raises(gcm.SpecError, match=r"city\.toml") as caught:
        gcm.load_city(chinese_folder)
    assert place in str(caught.value)


def test_points_lines_and_polygons_of_one_layer_are_joined(tmp_path):
    copy_layer("districts", tmp_path)
    lots = points((1, 1), SP_TOTAL=[5], LOT_ID=["P1"])
    areas = squares((0, 0, 10, 10)).reset_index(drop=True)
    areas["SP_TOTAL"], areas["LOT_ID"] = [7], ["P2"]
    lots.to_file(tmp_path / "parking_points_pt.shp", engine="pyogrio")
    areas.to_file(tmp_path / "parking_points_pg.shp", engine="pyogrio")
    found = gcm.load_city(tmp_path)
    assert sorted(found["parking_points"]["lot_id"]) == ["P1", "P2"]
    row = found.ledger.set_index("layer").loc["parking_points"]
    assert row["n_walked"] == row["n_accepted"] == 2


def test_a_city_written_and_read_again_gives_the_same_figures(some_city, city_again):
    city, again = some_city, city_again
    assert again.data_date == city.data_date
    assert again.zones.index.tolist() == city.zones.index.tolist()
    pd.testing.assert_frame_equal(gcm.progress(again, as_of=None), gcm.progress(city, as_of=None))


def test_personal_fields_stay_in_the_house_unless_asked(tmp_path):
    frame = points((1, 1), 联系电话=["13800000000"], 备用=["x"], MANHOLE_ID=["J1"])
    read = gcm.read_layer(frame, "manholes")
    assert "phone" in read.data.columns
    out = gcm.write_layer(read, tmp_path / "a.csv")
    assert "13800000000" not in out.read_text(encoding="utf-8-sig")
    named = gcm.write_layer(read, tmp_path / "b.csv", include_personal=True)
    assert "13800000000" in named.read_text(encoding="utf-8-sig")


@pytest.mark.parametrize("suffix", [".gpkg", ".parquet", ".geojson", ".csv", ".xlsx"])
def test_every_format_is_written_whole_and_leaves_nothing_beside_it(city, tmp_path, suffix):
    target = tmp_path / f"tunnels{suffix}"
    gcm.write_layer(city.layer("utility_tunnels"), target)
    assert [p.name for p in tmp_path.iterdir()] == [target.name]


def test_a_failed_write_keeps_the_old_file(tmp_path, monkeypatch, city):
    target = tmp_path / "tunnels.gpkg"
    target.write_bytes(b"old")

    def fail(*args, **kwargs):
        raise OSError("disk full")

    monkeypatch.setattr("pyogrio.write_dataframe", fail)
    with pytest.raises(gcm.CityDataError, match="disk full"):
        gcm.write_layer(city.layer("utility_tunnels"), target)
    assert target.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == [target.name]


def test_an_unknown_suffix_is_refused_by_name(city, tmp_path):
    with pytest.raises(gcm.CityDataError, match=r"\.gpkg"):
        gcm.write_layer(city.layer("utility_tunnels"), tmp_path / "a.doc")


def test_events_without_a_record_are_told(tmp_path):
    copy_layer("districts", tmp_path)
    copy_layer("manholes", tmp_path)
    (tmp_path / "events.csv").write_text(
        "图层,编号,事件,日期\n窨井,没有,验收,2022-05-01\n窨井,J,放飞,2022-05-01\n",
        encoding="gb18030",
    )
    found = gcm.load_city(tmp_path)
    told = found.findings[found.findings["code"] == "EVENT_UNMATCHED"]
    assert len(told) == 2
    assert found.events.empty


def account(ledger: pd.DataFrame, key: str) -> list[int]:
    names = ("n_walked", "n_skipped", "n_accepted", "n_rejected")
    return ledger.set_index("layer").loc[key, list(names)].astype(int).tolist()


def test_events_of_layers_not_asked_for_are_no_finding(city):
    alone = gcm.load_city(DATA, layers=["manholes"])
    assert "EVENT_UNMATCHED" not in set(alone.findings["code"])
    own = city.events[city.events["layer"] == "manholes"].reset_index(drop=True)
    pd.testing.assert_frame_equal(alone.events, own)


def test_layers_are_asked_for_by_key_or_name_and_a_misspelt_one_is_refused():
    assert "manholes" in gcm.load_city(DATA, layers=["窨井"])
    with pytest.raises(gcm.SpecError, match="Did you mean 'manholes'"):
        gcm.load_city(DATA, layers=["manhloes"])


def test_records_of_an_unusable_layer_are_walked_and_rejected_in_the_ledger(chinese_folder):
    for part in chinese_folder.glob("窨井.prj"):
        part.unlink()
    city = gcm.load_city(chinese_folder)
    states = city.ledger.set_index("layer")["state"]
    assert (states["manholes"], states["utility_tunnels"]) == ("unusable", "ok")
    assert account(city.ledger, "manholes") == [12_000, 0, 0, 12_000]
    walked, skipped, accepted, rejected = (
        city.ledger[name].astype(int)
        for name in ("n_walked", "n_skipped", "n_accepted", "n_rejected")
    )
    assert (walked == skipped + accepted + rejected).all()


def test_deleted_records_of_an_unusable_layer_are_skipped_in_the_ledger(chinese_folder):
    table = chinese_folder / "窨井.dbf"
    raw = bytearray(table.read_bytes())
    raw[int.from_bytes(raw[8:10], "little")] = ord("*")
    table.write_bytes(raw)
    (chinese_folder / "窨井.prj").unlink()
    ledger = gcm.load_city(chinese_folder).ledger
    assert account(ledger, "manholes") == [12_000, 1, 0, 11_999]


def test_text_in_no_known_encoding_is_refused_with_its_records_counted(tmp_path):
    points(*[(k, k) for k in range(4)], NAME=["\xe9t\xe9"] * 4).to_file(
        tmp_path / "窨井.shp", engine="pyogrio", encoding="CP1252"
    )
    (tmp_path / "窨井.cpg").write_text("UTF-8")
    copy_layer("districts", tmp_path)
    copy_layer("utility_tunnels", tmp_path)
    city = gcm.load_city(tmp_path)
    assert account(city.ledger, "manholes") == [4, 0, 0, 4]


def test_where_no_layer_is_recognised_the_files_there_are_named(tmp_path):
    points((1, 1)).to_file(tmp_path / "abc.shp", engine="pyogrio")
    with pytest.raises(gcm.CityDataError, match=r"abc\.shp") as caught:
        gcm.load_city(tmp_path)
    assert "abc.shp" in caught.value.message_zh
    assert "city.toml" in caught.value.remedy
    assert "命名" in caught.value.remedy_zh
