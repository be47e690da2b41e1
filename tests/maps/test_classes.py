from __future__ import annotations

import sys
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo_citymgmt._dates import date_text
from geo_citymgmt._numbers import number_text, scale_for
from geo_citymgmt.errors import MapError
from geo_citymgmt.maps._classes import (
    BELOW,
    code_classes,
    ladder,
    natural_breaks,
    number_classes,
    quantile_breaks,
    ramp,
    value_classes,
    with_rest,
)
from geo_citymgmt.spec import get_spec, load_specs


def luminance(color: str) -> float:
    red, green, blue = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("count", range(2, 10))
def test_a_ramp_darkens_from_class_to_class(count):
    steps = [luminance(color) for color in ramp(count)]
    assert all(a - b > 8 for a, b in pairwise(steps))


@settings(deadline=None)  # the first example imports mapclassify
@given(
    st.lists(st.floats(0, 1e9) | st.just(float("nan")), min_size=1, max_size=40),
    st.sampled_from(["fisherjenks", "quantiles", "equalinterval"]),
)
def test_every_number_has_one_class_and_classes_rise(values, scheme):
    series = pd.Series(values, dtype="float64")
    classes = number_classes(series, scheme=scheme)
    assert ((classes.index >= 0) == series.notna()).all()
    assert set(classes.index[classes.index >= 0]) == set(range(len(classes.labels)))
    tops = [series[classes.index == i].max() for i in range(len(classes.labels))]
    lows = [series[classes.index == i].min() for i in range(len(classes.labels))]
    assert all(top < low for top, low in zip(tops, lows[1:], strict=False))


_NUMBERS = st.lists(
    st.floats(0, 1e9) | st.integers(0, 9).map(float), min_size=2, max_size=40
).filter(lambda values: len(set(values)) > 1)


@pytest.mark.filterwarnings("ignore:Not enough unique", "ignore:Numba")
@settings(deadline=None)  # the first example imports mapclassify
@given(_NUMBERS, st.integers(2, 9))
def test_natural_breaks_and_quantiles_are_those_of_mapclassify(values, k):
    mapclassify = pytest.importorskip("mapclassify")
    numbers = np.array(values)
    k = min(k, len(set(values)))
    assert (quantile_breaks(numbers, k) == mapclassify.Quantiles(numbers, k=k).bins).all()
    assert (natural_breaks(numbers, k) == mapclassify.FisherJenks(numbers, k=k).bins).all()


def test_natural_breaks_of_many_values_are_those_of_mapclassify():
    mapclassify = pytest.importorskip("mapclassify")
    numbers = np.random.default_rng(0).lognormal(8, 2, 150).round(1)
    with pytest.warns(UserWarning, match="Numba"):
        expected = mapclassify.FisherJenks(numbers, k=7).bins
    assert natural_breaks(numbers, 7).tolist() == expected.tolist()


def test_natural_breaks_of_numbers_beyond_single_precision_part_them_all_the_same():
    small = np.array([1.0, 2.0, 9.0, 10.0])
    assert (natural_breaks(small * 1e200, 2) == np.array([2.0, 10.0]) * 1e200).all()


@pytest.mark.parametrize("scheme", ["fisherjenks", "quantiles"])
def test_the_usual_schemes_need_no_mapclassify(monkeypatch, scheme):
    monkeypatch.setitem(sys.modules, "mapclassify", None)
    assert number_classes(pd.Series([1.0, 2.0, 9.0]), scheme=scheme, k=2).labels[-1] == "9"


def test_labels_say_which_values_are_in_the_class():
    classes = number_classes(pd.Series([12_000.0, 13_000.0, 500_000.0]), k=2, unit="m2")
    assert classes.labels == ("1.20 – 1.30", "50.00")
    assert classes.unit == "万平方米"


def test_limits_given_by_hand_are_kept_even_where_no_value_lies():
    classes = number_classes(pd.Series([0.1, 0.95]), scheme=[0.3, 0.6, 0.9], unit="ratio")
    assert classes.labels == ("≤ 30", "大于 30 至 60", "大于 60 至 90", "> 90")
    assert list(classes.index) == [0, 3]


def test_a_value_on_a_limit_belongs_to_the_lower_class():
    assert list(number_classes(pd.Series([0.3]), scheme=[0.3, 0.6]).index) == [0]


@pytest.mark.parametrize("scheme", ["naturalbreakz", [3, 2], []])
def test_an_unfit_scheme_is_refused(scheme):
    with pytest.raises(MapError):
        number_classes(pd.Series([1.0, 2.0, 3.0]), scheme=scheme)


def test_no_value_at_all_makes_no_class():
    assert number_classes(pd.Series([None, np.nan])).labels == ()


def test_codes_follow_the_order_of_their_list_and_bear_its_labels():
    spec = get_spec("manholes")
    classes = code_classes(pd.Series(["60", "10", "60", None]), spec.fields["status"], spec)
    assert classes.labels == ("疑似", "已验收")
    assert list(classes.index) == [1, 0, 1, -1]


STATED = [spec for spec in load_specs().values() if spec.state_field]


@pytest.mark.parametrize("spec", STATED, ids=[spec.key for spec in STATED])
def test_each_status_has_a_colour_of_its_own_in_its_layer_s_file(spec):
    codes = spec.fields[spec.state_field].codes
    named = [spec.style["colors"][code] for code in codes]
    assert len(set(named)) == len(codes)


@pytest.mark.parametrize("key", [spec.key for spec in STATED] + ["roads", "transit_stops"])
def test_a_code_keeps_its_colour_whichever_others_are_on_the_map(key):
    spec = get_spec(key)
    field = spec.fields[spec.state_field or spec.style["color_by"]]
    every = code_classes(pd.Series(list(field.codes)), field, spec)
    whole = dict(zip(every.labels, every.colors, strict=True))
    for code in field.codes:
        alone = code_classes(pd.Series([code, None]), field, spec)
        assert alone.colors == (whole[alone.labels[0]],)


def test_states_of_a_layer_of_one_s_own_keep_the_shades_of_their_sets():
    packaged = get_spec("manholes")
    plain = replace(packaged, style={})
    field = plain.fields["status"]
    every = code_classes(pd.Series(list(field.codes)), field, plain)
    assert len(set(every.colors)) == len(field.codes)
    last = code_classes(pd.Series(["80"]), field, plain)
    assert last.colors == (every.colors[list(field.codes).index("80")],)


def test_a_code_the_list_does_not_know_is_shown_as_it_is():
    spec = get_spec("manholes")
    classes = code_classes(pd.Series(["60", "?"]), spec.fields["status"], spec, lang="en")
    assert classes.labels[-1] == "?"


def test_records_without_a_value_get_a_class_of_their_own():
    classes = with_rest(value_classes(pd.Series(["a", None, "a"])), lang="en")
    assert classes.labels == ("Not known", "a")
    assert list(classes.index) == [1, 0, 1]


def test_many_texts_share_a_last_class_and_none_is_lost():
    values = pd.Series([f"t{i:02d}" for i in range(40)] + ["t00"])
    classes = value_classes(values)
    assert classes.labels[-1] == "其他"
    assert (classes.index >= 0).all()
    assert len(set(classes.colors)) == len(classes.colors)


@pytest.mark.parametrize(
    ("value", "unit", "zh", "en"),
    [
        (1_234_567.0, "m2", "123.46万平方米", "1.235\u00a0million\u00a0m²"),
        (999.5, "m2", "999.5平方米", "999.5\u00a0m²"),
        (0.345, "ratio", "34.5%", "34.5%"),
        (12_000, "count", "12,000", "12,000"),
        (3.2, "km", "3.2公里", "3.2\u00a0km"),
        (2.5e8, "persons", "2.5亿人", "250,000,000\u00a0people"),
        (0, "m2", "0平方米", "0\u00a0m²"),
        (None, "m2", "", ""),
        (pd.NA, "m2", "", ""),
        (7, "起", "7起", "7\u00a0起"),
    ],
)
def test_numbers_read_as_their_readers_write_them(value, unit, zh, en):
    assert (number_text(value, unit, "zh"), number_text(value, unit, "en")) == (zh, en)


def test_a_legend_writes_all_its_numbers_one_way():
    scale = scale_for([3_000.0, 250_000.0], "m2", "zh")
    assert [scale.text(v) for v in (3_000, 250_000)] == ["0.30", "25.00"]


def test_dates_are_only_as_exact_as_they_are_known():
    dates = pd.Series(pd.to_datetime(["2022-03-05", "2022-03-01", "2022-01-01", None]))
    precision = pd.Series(["day", "month", "year", None])
    assert list(date_text(dates, precision)) == ["2022-03-05", "2022-03", "2022", ""]


_UNITS = ("count", "m2", "km", "persons", "t", "ratio", "percent", "times/parcel", BELOW)


@given(st.floats(-1e7, 1e7), st.sampled_from(_UNITS))
def test_a_number_is_in_the_class_whose_limits_hold_it(value, unit):
    steps = ladder(unit)
    number = (
        round(value, 3 if unit == "ratio" else 1) if unit in ("ratio", "percent", BELOW) else value
    )
    index = int(steps.index([value])[0])
    first = 0 if unit == BELOW else 1
    assert len(steps.colors) == len(steps.limits) + 2 + first
    if number < 0 or (number == 0 and unit == BELOW):
        assert index == 0
    elif number == 0:
        assert index == 1
    else:
        ends = (0.0, *steps.limits, float("inf"))
        k = index - 1 - first
        assert ends[k] < number <= ends[k + 1]


@given(st.lists(st.floats(0, 1e7), min_size=1, max_size=20), st.floats(0, 1e7))
def test_round_classes_do_not_hang_on_what_else_there_is(values, value):
    alone = number_classes(pd.Series([value]), scheme="round", unit="m2")
    among = number_classes(pd.Series([*values, value]), scheme="round", unit="m2")
    assert among.colors[among.index[-1]] == alone.colors[0]


def test_round_classes_are_labelled_without_a_gap_in_the_unit_of_the_map():
    values = pd.Series([0.0, 12_000, 340_000, None])
    classes = number_classes(values, scheme="round", unit="m2")
    assert classes.unit == "万平方米"
    assert classes.labels[:3] == ("0", "大于 0 至 0.05", "大于 0.05 至 0.1")
    assert classes.labels[-1] == "大于 20 至 50"
    assert list(classes.index) == [0, 6, 10, -1]


def test_round_classes_of_counts_say_the_whole_numbers_they_hold():
    counts = number_classes(pd.Series([0, 2, 3, 7]), scheme="round", unit="count")
    assert counts.labels == ("0", "1–2", "3–5", "6–10")
    means = number_classes(pd.Series([0, 2.5]), scheme="round", unit="count", lang="en")
    assert means.labels == ("0", "over 0 to 2", "over 2 to 5")


def test_colours_of_round_classes_darken():
    for unit in _UNITS:
        steps = [luminance(color) for color in ladder(unit).colors[1:]]
        assert all(a > b for a, b in pairwise(steps))
