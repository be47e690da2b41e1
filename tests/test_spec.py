"""Layers are data: the packaged files, an office's own, and mistakes in either."""

from __future__ import annotations

from pathlib import Path

import pytest

from geo_citymgmt.errors import SpecError
from geo_citymgmt.indicators import load_figures
from geo_citymgmt.profiles import load_profile
from geo_citymgmt.spec import get_spec, load_specs
from geo_citymgmt.spec._reader import ROLES

FIVE = {"illegal_construction", "utility_tunnels", "manholes", "parking_points", "bike_stations"}
MINIMAL = """
key = "benches"
role = "facility"
zh = "座椅"
en = "Benches"
geometry = ["Point"]
id = "bench_id"
[fields.bench_id]
zh = "座椅编号"
en = "Bench no."
dbf = "BENCH_ID"
type = "id"
"""


def _folder(tmp_path: Path, text: str, name: str = "benches.toml") -> Path:
    (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_packaged_layers_are_the_five_and_more_the_zones_and_the_context():
    specs = load_specs()
    by_role = {role: {k for k, s in specs.items() if s.role == role} for role in ROLES}
    assert by_role["facility"] >= FIVE | {"digital_cases"}
    # The five speak for themselves; what came later takes nothing from them in recognition.
    assert {k for k in by_role["facility"] if not specs[k].yields} <= FIVE | {"digital_cases"}
    assert by_role["table"] == {
        "enforcement", "tunnel_inspections", "tunnel_risks", "waste_tonnage",
    }  # fmt: skip
    zones = {"districts", "streets", "communities", "grid_cells"}
    assert {k for k, s in specs.items() if s.role == "zones"} == zones
    assert {k for k, s in specs.items() if s.role == "context"} == {
        "roads", "transit_stops", "population_cells",
    }  # fmt: skip


@pytest.mark.parametrize("key", sorted(load_specs()))
def test_every_field_has_both_labels_and_a_dbf_name_of_its_own(key):
    spec = load_specs()[key]
    assert all(f.zh and f.en and 1 <= len(f.dbf) <= 10 for f in spec.fields.values())
    assert len({f.dbf for f in spec.fields.values()}) == len(spec.fields)


@pytest.mark.parametrize("key", sorted(load_specs()))
def test_no_word_of_a_code_list_stands_for_two_codes(key):
    for field in load_specs()[key].fields.values():
        words = [w for c in field.codes.values() for w in (c.zh, *c.synonyms)]
        assert len(words) == len(set(words)), field.name


@pytest.mark.parametrize("key", sorted(k for k, s in load_specs().items() if s.states))
def test_every_state_is_in_a_set_and_every_set_holds_known_states(key):
    spec = load_specs()[key]
    codes = set(spec.fields[spec.state_field].codes)
    in_sets = {code for members in spec.sets.values() for code in members}
    assert in_sets == codes


@pytest.mark.parametrize("profile", [None, "suzhou_2022"])
def test_fields_name_the_figures_that_need_them_as_the_figures_do(profile):
    whose = None if profile is None else load_profile(profile)
    specs = load_specs(below=None if whose is None else whose.layers)
    needs: dict[tuple[str, str], set[str]] = {}
    for figure in load_figures(profile=whose).figures.values():
        for name in figure.fields(specs[figure.layer]):
            needs.setdefault((figure.layer, name), set()).add(figure.id)
    stated = {
        (key, name): set(field.figures)
        for key, spec in specs.items()
        for name, field in spec.fields.items()
        if field.figures
    }
    assert stated == needs


def test_amendments_are_in_the_files():
    specs = load_specs()
    assert specs["illegal_construction"].sets["done"] == ("50", "51", "52", "53", "60", "70")
    assert specs["manholes"].sets["sound"] == ("00",)
    assert {"loose", "overaged"} <= set(specs["manholes"].fields["defects"].codes)
    assert "更新时间" not in specs["bike_stations"].fields["renewed_date"].aliases
    for key in FIVE:
        assert specs[key].fields["phone"].personal
        assert specs[key].fields["id_number"].personal
    assert specs["illegal_construction"].fields["party_name"].personal
    for key in FIVE:
        assert "planned_date" in specs[key].fields


def test_an_offices_folder_adds_a_layer_with_the_common_fields(tmp_path):
    specs = load_specs(_folder(tmp_path, MINIMAL))
    assert set(specs) - set(load_specs()) == {"benches"}
    assert specs["benches"].fields["address"].zh == "地址"


def test_an_offices_file_overrides_one_label_and_keeps_the_rest(tmp_path):
    text = 'key = "manholes"\n[fields.road_name]\nzh = "路名"\n'
    specs = load_specs(_folder(tmp_path, text, "own.toml"))
    assert specs["manholes"].fields["road_name"].zh == "路名"
    assert specs["manholes"].fields["road_name"].dbf == "ROAD_NAME"
    assert load_specs()["manholes"].fields["road_name"].zh == "道路名称"


@pytest.mark.parametrize(
    ("change", "place", "cause"),
    [
        (("type = ", 'type = "colour" #'), "fields.bench_id", "type"),
        (('dbf = "BENCH_ID"', 'dbf = "BENCH_IDENTITY"'), "fields.bench_id", "BENCH_IDENTITY"),
        (('en = "Bench no."', ""), "fields.bench_id", "'en' is missing"),
        (('id = "bench_id"', 'id = "seat_id"'), "", "seat_id"),
        (('geometry = ["Point"]', 'geometry = ["Dot"]'), "", "Dot"),
        (('zh = "座椅编号"', 'zh = "座椅编号"\ncolour = 1'), "fields.bench_id", "colour"),
        (('role = "facility"', 'role = "thing"'), "", "role"),
        (('key = "benches"', "key = "), "", "TOML"),
        (('key = "benches"', ""), "", "key"),
    ],
)
def test_a_mistake_names_file_field_and_cause(tmp_path, change, place, cause):
    with pytest.raises(SpecError) as caught:
        load_specs(_folder(tmp_path, MINIMAL.replace(*change, 1)))
    assert "benches.toml" in str(caught.value)
    assert place in str(caught.value)
    assert cause in str(caught.value)
    assert "benches.toml" in caught.value.message_zh


def test_a_set_with_an_unknown_state_is_a_mistake(tmp_path):
    text = 'key = "manholes"\n[state.sets]\nopen = ["21"]\n'
    with pytest.raises(SpecError, match=r"own\.toml \[state\.sets\.open\].*21"):
        load_specs(_folder(tmp_path, text, "own.toml"))


def test_one_more_code_state_and_set_entry_repeats_no_list(tmp_path):
    text = """
key = "manholes"
[fields.status.codes.new]
55 = { zh = "待复查", en = "to be checked again" }
[state.sets]
open.add = ["55"]
[state.dates]
planned_date = "55"
"""
    before, spec = load_specs()["manholes"], load_specs(_folder(tmp_path, text))["manholes"]
    assert spec.sets["open"] == (*before.sets["open"], "55")
    assert list(spec.fields["status"].codes) == [*before.fields["status"].codes, "55"]
    assert spec.states.dates["planned_date"][2] == "55"
    assert spec.sets["done"] == before.sets["done"]


def test_a_code_that_is_called_new_is_a_code_and_a_list_that_repeats_none_replaces(tmp_path):
    text = """
key = "illegal_construction"
[fields.stock_type.codes]
new = { zh = "新建", en = "new build" }
"""
    spec = load_specs(_folder(tmp_path, text))["illegal_construction"]
    assert {c: code.zh for c, code in spec.fields["stock_type"].codes.items()} == {"new": "新建"}


def test_an_unknown_layer_is_named_with_those_that_are_known():
    with pytest.raises(SpecError, match=r"unknown layer 'lamps'.*manholes"):
        get_spec("lamps")
    assert get_spec("窨井").key == "manholes"


@pytest.mark.parametrize(("slip", "meant"), [("manhloes", "manholes"), ("违建建设", "违法建设")])
def test_a_misspelt_layer_is_answered_with_the_one_that_is_meant(slip, meant):
    with pytest.raises(SpecError, match=f"Did you mean '{meant}'") as caught:
        get_spec(slip)
    assert f"是否指“{meant}”" in caught.value.message_zh
