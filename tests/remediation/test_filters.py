"""Filters and names that campaign functions are given: read as data is, or refused by name."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import geo_citymgmt as gcm

JUNE = "2022-06-30"
#: Each function that takes a filter, with what else it needs.
CALLS = {
    "open_cases": {"as_of": JUNE},
    "ageing": {"as_of": JUNE, "level": "city"},
    "last_open": {"as_of": JUNE},
    "interim_share": {"as_of": JUNE, "level": "city"},
    "burn_down": {"start": "2022-06", "deadline": "2022-12", "level": "city"},
    "stock_flow": {"start": "2022-06", "level": "city"},
    "relapse_rates": {"start": "2022-06", "level": "city"},
}
each_function = pytest.mark.parametrize("name", CALLS)


def call(city, name, **more):
    return getattr(gcm, name)(city, **{**CALLS[name], **more})


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ({"safety_related": "是"}, {"safety_related": True}),
        ({"safety_related": 1}, {"safety_related": True}),
        ({"safety_related": np.bool_(False)}, {"safety_related": False}),
        ({"status": 20}, {"status": "20"}),
        ({"status": "立案"}, {"status": "30"}),
        ({"status": ("20", "处置中")}, {"status": ["20", "40"]}),
        ({"status": {"not": 20}}, {"status": {"not": "20"}}),
        ({"list_type": "挂牌督办"}, {"list_type": "supervised"}),
        ({"illegal_area_m2": "350平方米"}, {"illegal_area_m2": 350}),
        ({"found_date": "2022年3月1日"}, {"found_date": pd.Timestamp("2022-03-01")}),
    ],
    ids=lambda value: str(value),
)
def test_a_value_is_read_as_the_data_is(city, written, meant):
    read, plain = (gcm.open_cases(city, as_of=JUNE, where=where) for where in (written, meant))
    pd.testing.assert_frame_equal(read, plain)


@each_function
def test_each_function_reads_its_filter_so(city, name):
    read = call(city, name, where={"safety_related": "是", "status": ["立案", 40]})
    plain = call(city, name, where={"safety_related": True, "status": ["30", "40"]})
    pd.testing.assert_frame_equal(read, plain)


def test_a_filter_in_words_chooses_what_plain_pandas_does(city):
    data = city["illegal_construction"].loc[gcm.open_cases(city, as_of=JUNE).index]
    safe = data["safety_related"].fillna(False) & data["status"].eq("30")
    lists = data["list_type"].str.contains("key_task|supervised").fillna(False)
    for where, plain in (
        ({"safety_related": "是", "status": ["立案"]}, safe),
        ({"list_type": ["重点任务", "supervised"]}, lists),
    ):
        cases = gcm.open_cases(city, as_of=JUNE, where=where)
        assert plain.any()
        assert cases.index.tolist() == data.index[plain].tolist()


@each_function
def test_a_filter_of_the_right_type_that_matches_nothing_is_an_empty_answer(city, name):
    table = call(city, name, where={"parcel_id": "none has this"})
    numbers = table.select_dtypes("number").drop(columns=["from_days", "to_days"], errors="ignore")
    days = [c for c in numbers if "days" in c]
    assert not numbers.drop(columns=days).fillna(0).to_numpy().any()


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ({"status": "99"}, r"'99' \(str\) is no value of status.* one of 10 \("),
        ({"status": True}, r"True \(bool\) is no value of status"),
        ({"status": None}, r"None \(NoneType\) is no value of status"),
        ({"status": ["20", 3.5]}, r"3.5 \(float\) is no value of status"),
        ({"status": {"not": "nothing"}}, "'nothing'"),
        ({"status": {"above": "20"}}, "the condition {'above': '20'} of status"),
        ({"safety_related": "perhaps"}, r"'perhaps' \(str\) is no value.*True or False"),
        ({"safety_related": 2}, r"2 \(int\) is no value.*True or False"),
        ({"illegal_area_m2": "large"}, r"'large' \(str\) is no value.*a number"),
        ({"illegal_area_m2": True}, r"True \(bool\) is no value"),
        ({"parcel_id": 1.5}, r"1.5 \(float\) is no value of parcel_id"),
        ({"found_date": "2022-06"}, r"'2022-06' \(str\) is no value.*a day such as"),
        ({"found_date": "06/05/2022"}, ".'found_date'. is '06/05/2022', which can be read"),
        ({"statsu": "20"}, "no field 'statsu'. Did you mean 'status'"),
        ({7: "20"}, "no field 7"),
        ("status", "is 'status', not a mapping"),
        ([("status", "20")], "not a mapping"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_value_that_the_field_cannot_have_is_refused_with_those_it_can(city, where, said):
    with pytest.raises(gcm.CityDataError, match=rf"^open_cases: where.*{said}") as caught:
        gcm.open_cases(city, as_of=JUNE, where=where)
    assert caught.value.message_zh.startswith("open_cases：where")
    assert caught.value.remedy


@each_function
def test_each_function_refuses_a_filter_by_its_name(city, name):
    with pytest.raises(gcm.CityDataError, match=rf"^{name}: where: '99' .str. is no value of"):
        call(city, name, where={"status": "99"})
    with pytest.raises(gcm.CityDataError, match=rf"^{name}: where: .* no field 'statsu'"):
        call(city, name, where={"statsu": "20"})


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        *[(n, {"stock": value}, "stock") for n in CALLS
          for value in ("opn", 7, [])],
        *[(n, {"layer": value}, "layer") for n in CALLS for value in (7, "roads")],
        *[(n, {"level": value}, "level is") for n in CALLS if n not in ("open_cases", "last_open")
          for value in ("province", None)],
        ("open_cases", {"stock": None}, "stock is None"),
        ("open_cases", {"stock": ["open", 1]}, "stock holds 1"),
        ("stock_flow", {"done": "closed?"}, "done: there is no set of states"),
        ("stock_flow", {"undated": None}, "undated is None"),
        ("relapse_rates", {"done": 3}, "done is 3"),
        ("open_cases", {"columns": ["party"]}, "columns: .* has no field 'party'"),
        ("open_cases", {"columns": 3}, "columns is 3"),
        ("open_cases", {"deadline": "status"}, "deadline is 'status'"),
        ("open_cases", {"planned": "plan"}, "planned is 'plan', must be one of"),
        ("ageing", {"classes": "30"}, "classes is '30'"),
        ("ageing", {"classes": [30, "90"]}, "classes is '90'"),
        ("ageing", {"classes": [30.5, 90]}, "classes are .* must rise"),
        ("ageing", {"classes": None}, "classes is None"),
        ("ageing", {"clock": "wall"}, "clock is 'wall'"),
        ("last_open", {"n": 0}, "n is 0"),
        ("last_open", {"n": "3"}, "n is '3'"),
        ("last_open", {"n": 2.5}, "n is 2.5"),
        ("last_open", {"n": True}, "n is True"),
        ("last_open", {"by": "size"}, "by is 'size'"),
        ("last_open", {"by": ["age"]}, "by is"),
        ("last_open", {"per_district": "yes"}, "per_district is 'yes'"),
        ("interim_share", {"field": "interim"}, "field: .*Did you mean 'interim_measure'"),
        ("interim_share", {"field": "found_date"}, "field is 'found_date'"),
        ("interim_share", {"field": None}, "field is None"),
    ],
)  # fmt: skip
def test_an_argument_that_cannot_be_used_is_refused_by_name(city, name, change, said):
    with pytest.raises(gcm.CityDataError, match=f"^{name}: {said}"):
        call(city, name, **change)


def test_a_layer_that_the_city_lacks_is_named_with_those_it_has(city):
    said = "^open_cases: layer is 'manhole', must be one of .*Did you mean 'manholes'"
    with pytest.raises(gcm.CityDataError, match=said):
        gcm.open_cases(city, layer="manhole")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"rules": ["a"]}, "rules is a list"),
        ({"rules": {"a": {"all": "open"}}}, "rule a: it has no conditions"),
        ({"rules": {"a": {"all": ["open"]}}}, "rule a: 'open' is no mapping"),
        ({"level": "province"}, "level is 'province'"),
        ({"figures": [1]}, "figures is a list"),
        ({"figures": pd.DataFrame({"x": ["many"]}, index=["320505"])}, "figures: column 'x'"),
        ({"figures": pd.DataFrame({"x": [1, 2]}, index=["a", "a"])}, "figures has zone 'a'"),
        ({"hot_spots": pd.DataFrame()}, "hot_spots is a DataFrame"),
    ],
)
def test_a_call_that_cannot_be_answered_names_its_argument(city, change, said):
    given = {
        "rules": {"a": {"all": [{"figure": "x", "at_least": 1}]}},
        "level": "district",
        **change,
    }
    with pytest.raises(gcm.CityDataError, match=f"^call_in: {said}"):
        gcm.call_in(city, **given)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"n": "5"}, "n is '5'"),
        ({"seed": 1.5}, "seed is 1.5"),
        ({"seed": None}, "seed is None"),
        ({"at_least": -1}, "at_least is -1"),
        ({"key": ["id"]}, "key is ..id"),
        ({"key": "lists"}, "key: values of column 'lists'"),
        ({"strata": 7}, "strata is 7"),
        ({"risk": "words"}, "risk: the risk is not numbers"),
        ({"risk": 7}, "risk: no column 7"),
        ({"cases": [1]}, "cases is a list"),
    ],
)
def test_a_lot_that_cannot_be_drawn_names_its_argument(change, said):
    cases = pd.DataFrame({"id": list("abc"), "words": list("xyz"), "lists": [[1], [2], [3]]})
    given = {"cases": cases, "n": 2, "seed": 1, "key": "id", **change}
    with pytest.raises(gcm.CityDataError, match=f"^audit_sample: {said}"):
        gcm.audit_sample(**given)


def test_a_lot_is_drawn_from_cases_of_any_index():
    cases = pd.DataFrame({"id": list("abcd"), "risk": [1.0, 2.0, 3.0, 4.0]})
    plain = gcm.audit_sample(cases, n=2, seed=3, key="id", risk="risk")
    doubled = gcm.audit_sample(cases.set_axis([7, 7, 7, 8]), n=2, seed=3, key="id", risk="risk")
    assert doubled["id"].tolist() == plain["id"].tolist()
    assert doubled.index.isin([7, 8]).all()
