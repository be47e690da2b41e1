"""Column names: exact, by alias, cut by the .dbf, twice, or to be asked about."""

from __future__ import annotations

import pytest

from geo_citymgmt.cleaning._names import match_columns
from geo_citymgmt.errors import SpecError
from geo_citymgmt.findings import Findings
from geo_citymgmt.spec import load_specs

SPECS = load_specs()


def match(layer: str, *columns: str, **aliases: str) -> tuple[dict[str, str], list[str]]:
    findings = Findings()
    found = match_columns(columns, SPECS[layer], findings, aliases)
    return found, findings.frame()["code"].tolist()


@pytest.mark.parametrize("key", sorted(SPECS))
def test_every_name_alias_and_dbf_name_finds_its_own_field(key):
    spec = SPECS[key]
    for name, item in spec.fields.items():
        for text in (name, item.dbf, item.zh):
            assert name in match(key, text)[0], text


@pytest.mark.parametrize(
    ("column", "field"),
    [
        ("违建编号", "parcel_id"),
        ("WJBH", "parcel_id"),
        (" 违建 编号 ", "parcel_id"),
        ("illegal_ar", "illegal_area_m2"),
        ("remediated", "remediated_area_m2"),
        ("整改完成时", "completed_date"),
        ("存在安全隐", "safety_related"),
    ],
)
def test_names_as_they_arrive(column, field):
    assert match("illegal_construction", column)[0] == {field: column}


def test_a_cut_alias_of_two_fields_is_asked_about_and_left_alone():
    found, codes = match("illegal_construction", "违法建设")
    assert found == {}
    assert codes == ["FIELD_AMBIGUOUS"]


def test_the_callers_word_settles_it():
    found, codes = match("illegal_construction", "违法建设", 违法建设="illegal_area_m2")
    assert found == {"illegal_area_m2": "违法建设"}
    assert "FIELD_AMBIGUOUS" not in codes


def test_two_columns_for_one_field_the_better_name_wins():
    found, codes = match("manholes", "井盖编号", "manhole_id")
    assert found == {"manhole_id": "manhole_id"}
    assert "FIELD_DUPLICATE" in codes


@pytest.mark.parametrize("columns", [("建筑面积", "违建面积"), ("违建面积", "建筑面积（㎡）")])
def test_the_nearer_of_two_aliases_wins_in_whatever_order_they_stand(columns):
    found, codes = match("illegal_construction", *columns)
    assert found == {"illegal_area_m2": "违建面积"}
    assert "FIELD_DUPLICATE" in codes


def test_an_alias_to_a_field_that_is_not_there_is_a_mistake():
    with pytest.raises(SpecError, match="colour"):
        match("manholes", "颜色", 颜色="colour")


def test_a_column_can_be_left_out():
    assert match("manholes", "井盖编号", 井盖编号="")[0] == {}


@pytest.mark.parametrize(
    ("layer", "column"),
    [
        ("illegal_construction", "违法建设"),
        ("parking_points", "停车场"),
        ("parking_points", "所属区"),
    ],
)
def test_names_that_collide_when_cut_are_asked_about_and_the_answer_settles_it(layer, column):
    found, codes = match(layer, column)
    assert (found, codes) == ({}, ["FIELD_AMBIGUOUS"])
    for name in ("illegal_area_m2", "name", "key_area"):
        if name in SPECS[layer].fields:
            assert match(layer, column, **{column: name})[0] == {name: column}
            break


def test_where_nothing_of_the_layer_collides_the_whole_common_name_stands():
    assert match("manholes", "所属区")[0] == {"district_name": "所属区"}


@pytest.mark.parametrize("tail", ["\ufffd", "\ufffd\ufffd", "\udce5"])
def test_a_name_with_the_rest_of_a_cut_character_is_known(tail):
    found, codes = match("illegal_construction", "违建编" + tail)
    assert found == {"parcel_id": "违建编" + tail}
    assert codes == ["FIELD_TRUNCATED"]


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8"])
@pytest.mark.parametrize("key", sorted(SPECS))
def test_every_name_cut_to_ten_bytes_is_found_or_asked_about(key, encoding):
    spec = SPECS[key]
    for name, item in spec.fields.items():
        raw = item.zh.encode(encoding)
        cut = raw[:10].decode(encoding, "replace" if encoding == "utf-8" else "ignore")
        if len(raw) <= 10 or len(cut) < 3:
            continue
        found, codes = match(key, cut)
        assert name in found or codes == ["FIELD_AMBIGUOUS"] or found, (name, cut)
        if found and name not in found:
            # What it spells now is another field's own name in full.
            other = spec.fields[next(iter(found))]
            assert cut in (other.zh, *other.aliases), (name, cut)


def test_a_column_that_occurs_twice_is_told_and_the_first_is_used():
    found, codes = match("manholes", "井盖编号", "井盖编号_2")
    assert found == {"manhole_id": "井盖编号"}
    assert "FIELD_DUPLICATE" in codes


def test_full_width_spaces_and_case_do_not_matter():
    assert match("parking_points", "ＬＯＴ＿ＩＤ")[0] == {"lot_id": "ＬＯＴ＿ＩＤ"}
    assert match("parking_points", "parkid")[0] == {"lot_id": "parkid"}
    assert match("parking_points", "停 车 场\u3000编 号")[0] == {"lot_id": "停 车 场\u3000编 号"}
