"""Scores: parts that add up, ranks that compare like with like, gaps that are said."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import geo_citymgmt as gcm

ZONES = list("ABCDE")
GROUPS = {"A": "urban", "B": "urban", "C": "urban", "D": "county", "E": "county"}


def table_of(**columns: list) -> pd.DataFrame:
    """A table of progress from one list of values an indicator; attainment is the value."""
    blocks = [
        pd.DataFrame(
            {
                "indicator": name,
                "zone_code": ZONES[: len(values)],
                "level": "district",
                "row_kind": "zone",
                "value": values,
                "attainment": values,
                "as_of": pd.Timestamp("2022-06-30"),
            }
        )
        for name, values in columns.items()
    ]
    return pd.concat(blocks, ignore_index=True)


# -- by hand


def test_weights_bonus_and_penalty_by_hand():
    table = table_of(a=[1.0, 0.5, 1.4], b=[0.2, 0.4, 0.0], relapses=[0.0, 3.0, 30.0])
    card = gcm.scorecard(
        table,
        weights={"a": 3, "b": 1},
        bonus={"model": {"B": 4}},
        penalty={"relapses": {"per_unit": 0.5, "at_most": 10}},
    )
    # 75 points for a, 25 for b; attainment counts up to 1.
    assert card["a"].tolist() == [75, 37.5, 75]
    assert card["b"].tolist() == [5, 10, 0]
    assert card["model"].tolist() == [0, 4, 0]
    assert card["relapses"].tolist() == [0, -1.5, -10]
    assert card["score"].tolist() == [80, 50, 65]
    assert card["rank"].tolist() == [1, 3, 2]
    assert card.index.name == "zone_code"


def test_min_max_is_within_the_group_and_turns_round_what_should_be_low():
    table = table_of(open=[10.0, 20.0, 30.0, 5.0, 5.0])
    card = gcm.scorecard(
        table, weights={"open": 1}, groups=GROUPS, normalise="min_max", lower_is_better=["open"]
    )
    assert card["score"].tolist() == [100, 50, 0, 100, 100]
    assert card["rank"].tolist() == [1, 2, 3, 1, 1]
    assert card["ranked"].tolist() == [3, 3, 3, 2, 2]
    upward = gcm.scorecard(table, weights={"open": 1}, groups=GROUPS, normalise="min_max")
    assert upward["score"].tolist() == [0, 50, 100, 100, 100]


def test_a_share_counts_as_it_is_and_the_cap_can_be_raised():
    table = table_of(a=[1.2, 0.5], s=[0.3, 1.5])
    card = gcm.scorecard(
        table, weights={"a": 1, "s": 1}, normalise={"s": "share"}, cap=1.1, full_score=10
    )
    assert card["a"].tolist() == pytest.approx([5.5, 2.5])
    assert card["s"].tolist() == pytest.approx([1.5, 5.0])
    low = gcm.scorecard(table, weights={"s": 1}, normalise="share", lower_is_better=["s"])
    assert low["score"].tolist() == pytest.approx([70, 0])


def test_equal_scores_share_the_lower_rank():
    card = gcm.scorecard(table_of(a=[0.3, 0.9, 0.9, 0.1 + 0.2]), weights={"a": 1})
    assert card["rank"].tolist() == [3, 1, 1, 3]


def test_the_parts_state_value_normalisation_and_weight():
    table = table_of(a=[0.5, 2.0])
    parts = gcm.score_parts(table, weights={"a": 2}, bonus={"gift": {"A": 1}})
    first = parts.iloc[0]
    assert first[["value", "normalisation", "normalised", "weight", "points"]].tolist() == [
        0.5, "attainment", 0.5, 100.0, 50.0
    ]  # fmt: skip
    assert parts.loc[parts["kind"] == "bonus", "points"].tolist() == [1, 0]
    assert parts.loc[1, "normalised"] == 1.0


# -- groups and earlier tables


def test_the_samples_zones_are_ranked_as_urban_districts_and_county_cities(city):
    table = gcm.progress(city, as_of="2022-06-30", indicators="manhole_remediated")
    card = gcm.scorecard(table, weights={"manhole_remediated": 1}, groups=city.zones)
    sizes = card["group"].value_counts().to_dict()
    assert sizes == {"urban_districts": 6, "county_cities": 4}
    assert sorted(card.loc[card["group"] == "county_cities", "rank"]) == [1, 2, 3, 4]
    assert list(card.index) == list(city.zones.index)
    attained = table[(table["indicator"] == "manhole_remediated") & (table["row_kind"] == "zone")]
    attained = attained.set_index("zone_code")["attainment"]
    assert card["score"].tolist() == pytest.approx((100 * attained).tolist())


def test_a_group_of_one_and_a_group_without_data_say_so():
    table = table_of(a=[0.5, 0.6, np.nan, 0.7])
    groups = {"A": "one", "B": "two", "C": "none", "D": "two"}
    card = gcm.scorecard(table, weights={"a": 1}, groups=groups)
    assert card.loc["A", "note_en"] == (
        "the only zone of its group: the rank compares it with none"
    )
    assert "仅一个分区" in card.loc["A", "note_zh"]
    assert "no zone of the group has a score" in card.loc["C", "note_en"]
    assert card.loc["B", "note_en"] == ""
    assert pd.isna(card.loc["C", "rank"])


def test_the_rank_is_compared_with_the_earlier_table():
    before = gcm.scorecard(table_of(a=[0.1, 0.2, 0.3]), weights={"a": 1})
    now = gcm.scorecard(table_of(a=[0.9, 0.2, 0.3]), weights={"a": 1}, before=before)
    assert now["rank_before"].tolist() == [3, 2, 1]
    assert now["rank_change"].tolist() == [2, -1, -1]
    assert now["score_before"].tolist() == pytest.approx([10, 20, 30])
    regrouped = gcm.scorecard(
        table_of(a=[0.9, 0.2, 0.3]), weights={"a": 1}, before=before, groups=GROUPS
    )
    assert regrouped["rank_change"].isna().all()
    new_zone = gcm.scorecard(table_of(a=[0.9, 0.2, 0.3, 0.4]), weights={"a": 1}, before=before)
    assert pd.isna(new_zone.loc["D", "rank_change"])
    with pytest.raises(gcm.CityDataError, match="earlier scorecard"):
        gcm.scorecard(table_of(a=[1.0]), weights={"a": 1}, before=table_of(a=[1.0]))


# -- what is missing


def test_a_missing_figure_is_no_score_unless_asked_for_otherwise():
    table = table_of(a=[0.5, 0.5], b=[np.nan, 1.0])
    weights = {"a": 1, "b": 3}
    none = gcm.scorecard(table, weights=weights)
    assert none["score"].isna().tolist() == [True, False]
    assert none.loc["A", "missing"] == "b"
    assert none.loc["A", "note_en"].startswith("a figure is missing: no score")
    scaled = gcm.scorecard(table, weights=weights, missing="reweight")
    assert scaled["score"].tolist() == [50, 87.5]
    assert scaled.loc["A", "a"] == 50
    zero = gcm.scorecard(table, weights=weights, missing="zero")
    assert zero["score"].tolist() == [12.5, 87.5]
    assert zero.loc["A", "b"] == 0


def test_nothing_to_go_by_is_no_score_even_when_reweighted():
    card = gcm.scorecard(table_of(a=[0.5, np.nan]), weights={"a": 1}, missing="reweight")
    assert pd.isna(card.loc["B", "score"])
    assert pd.isna(card.loc["B", "rank"])


def test_a_penalty_by_a_value_that_is_missing_leaves_no_score():
    table = table_of(a=[0.5, 0.6], relapses=[np.nan, 2.0])
    rule = {"relapses": {"per_unit": 1}}
    card = gcm.scorecard(table, weights={"a": 1}, penalty=rule)
    assert pd.isna(card.loc["A", "score"])
    assert card.loc["A", "missing"] == "relapses"
    lenient = gcm.scorecard(table, weights={"a": 1}, penalty=rule, missing="reweight")
    assert lenient["score"].tolist() == [50, 58]


def test_a_target_that_does_not_compare_gives_no_attainment_and_is_said(city):
    weights = {"manhole_remediated": 1, "illegal_remediated_area": 1}
    table = gcm.progress(city, as_of="2022-06-30", indicators=list(weights))
    card = gcm.scorecard(table, weights=weights, missing="zero")
    assert set(card["missing"]) == {"illegal_remediated_area"}


# -- refusals


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"weights": {}}, "there are no weights"),
        ({"weights": {"a": -1}}, r"weights\['a'\] is -1"),
        ({"weights": {"a": 0}}, "a positive number"),
        ({"weights": {"a": math.nan}}, r"weights\['a'\] is nan"),
        ({"weights": {"a": "much"}}, r"weights\['a'\] is 'much'"),
        ({"weights": {"c": 1}}, "no indicator c"),
        ({"bonus": {"gift": {"Z": 1}}}, "unknown Z"),
        ({"bonus": {"gift": {"A": -1}}}, r"bonus\['gift'\]\['A'\] is -1"),
        ({"penalty": {"b": {"per_unit": 1, "cap": 2}}}, "unknown cap"),
        ({"penalty": {"c": {"per_unit": 1}}}, "no indicator c"),
        ({"penalty": {"a": {"per_unit": 1}}}, "'a' is a component twice"),
        ({"normalise": "rank"}, "normalise is 'rank'"),
        ({"normalise": {"z": "share"}}, "is 'z'"),
        ({"lower_is_better": ["z"]}, "is 'z'"),
        ({"missing": "guess"}, "missing is 'guess'"),
        ({"groups": {"A": "x"}}, "no group is given for B"),
        ({"groups": pd.DataFrame(index=["A", "B"])}, "no column 'kind'"),
        ({"level": "street"}, "no zones of level street"),
        ({"cap": 0}, "cap is 0"),
    ],
)
def test_what_cannot_be_scored_says_why(change, said):
    table = table_of(a=[0.5, 0.6], b=[1.0, 2.0])
    with pytest.raises(gcm.CityDataError, match=said) as caught:
        gcm.scorecard(table, **{"weights": {"a": 1}, **change})
    assert caught.value.remedy
    assert caught.value.remedy_zh


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"progress_table": [1]}, "progress_table is a list"),
        (
            {"progress_table": table_of(a=[0.5]).assign(value="much")},
            "progress_table: column 'value'",
        ),
        ({"weights": ["a"]}, "weights is a list, not a mapping"),
        ({"weights": {"a": "1"}}, r"weights\['a'\] is '1' \(str\), not a number"),
        ({"weights": {"a": True}}, r"weights\['a'\] is True"),
        ({"weights": {"a": math.inf}}, r"weights\['a'\] is inf"),
        ({"weights": {7: 1}}, "weights holds 7"),
        ({"weights": pd.Series([1, 2], index=["a", "a"])}, "weights has 'a' more than once"),
        ({"groups": "urban"}, "groups is a str"),
        ({"groups": pd.Series(["x", "y"], index=["A", "A"])}, "groups has 'A' more than once"),
        ({"bonus": [1]}, "bonus is a list"),
        ({"bonus": {"gift": 3}}, r"bonus\['gift'\] is a int"),
        ({"bonus": {"gift": {"A": "two"}}}, r"bonus\['gift'\]\['A'\] is 'two'"),
        ({"penalty": {"b": {"per_unit": "1"}}}, r"penalty\['b'\] per_unit is '1'"),
        ({"normalise": ["share"]}, "normalise is a list"),
        ({"normalise": {"a": None}}, "normalise is None"),
        ({"lower_is_better": 7}, "lower_is_better is 7"),
        ({"cap": "1"}, "cap is '1'"),
        ({"cap": math.nan}, "cap is nan"),
        ({"full_score": 0}, "full_score is 0"),
        ({"missing": None}, "missing is None"),
        ({"level": 1}, "level is 1"),
        ({"before": {"A": 1}}, "before has no columns"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_an_argument_of_another_type_is_refused_by_name(change, said):
    given = {"progress_table": table_of(a=[0.5, 0.6], b=[1.0, 2.0]), "weights": {"a": 1}, **change}
    with pytest.raises(gcm.CityDataError, match=f"^scorecard: .*{said}") as caught:
        gcm.scorecard(**given)
    assert caught.value.message_zh.startswith("scorecard：")


def test_several_dates_or_rows_are_refused():
    table = table_of(a=[0.5, 0.6])
    later = table.assign(as_of=pd.Timestamp("2022-07-31"))
    with pytest.raises(gcm.CityDataError, match="2 dates"):
        gcm.scorecard(pd.concat([table, later]), weights={"a": 1})
    with pytest.raises(gcm.CityDataError, match="more than once for A"):
        gcm.scorecard(pd.concat([table, table]), weights={"a": 1})


# -- on anything

VALUE = st.one_of(st.just(math.nan), st.integers(-20, 30).map(lambda v: v / 10))
COLUMN = st.lists(VALUE, min_size=5, max_size=5)
WEIGHT = st.integers(1, 50)


def score_by_hand(
    columns: dict[str, list], weights: dict[str, float], how: str, missing: str
) -> dict[str, float]:
    """The score of each zone, one number after the other."""

    def share(name: str, zone: str) -> float:
        value = columns[name][ZONES.index(zone)]
        if how != "min_max" or math.isnan(value):
            return value if math.isnan(value) else min(max(value, 0.0), 1.0)
        like = [columns[name][ZONES.index(z)] for z in ZONES if GROUPS[z] == GROUPS[zone]]
        known = [v for v in like if not math.isnan(v)]
        low, high = min(known), max(known)
        return (value - low) / (high - low) if high > low else 1.0

    out = {}
    for zone in ZONES:
        shares = {name: share(name, zone) for name in weights}
        relapses = columns["c"][ZONES.index(zone)]
        if missing == "no_score" and any(map(math.isnan, [*shares.values(), relapses])):
            out[zone] = math.nan
            continue
        counted = {n: v for n, v in shares.items() if not math.isnan(v)}
        if missing == "reweight" and not counted:
            out[zone] = math.nan
            continue
        base = counted if missing == "reweight" else weights
        whole = sum(weights[n] for n in base)
        score = sum(100 * weights[n] / whole * v for n, v in counted.items())
        score += {"B": 1.5, "E": 2.0}.get(zone, 0.0)
        if not math.isnan(relapses):
            score -= min(max(0.7 * relapses, 0.0), 1.2)
        out[zone] = score
    return out


@given(
    COLUMN, COLUMN, COLUMN, WEIGHT, WEIGHT,
    st.sampled_from(["attainment", "min_max", "share"]),
    st.sampled_from(["no_score", "reweight", "zero"]),
    st.permutations(range(15)),
)  # fmt: skip
def test_parts_add_up_to_the_score_by_hand_in_whatever_order_the_rows_come(
    a, b, c, weight_a, weight_b, normalise, missing, order
):
    table = pd.DataFrame(
        {
            "indicator": np.repeat(["a", "b", "c"], 5)[order],
            "zone_code": np.tile(ZONES, 3)[order],
            "value": np.array([*a, *b, *c])[order],
        }
    )
    table["attainment"] = table["value"]
    weights = {"a": weight_a, "b": weight_b}
    card = gcm.scorecard(
        table,
        weights=weights,
        groups=GROUPS,
        bonus={"gift": {"B": 1.5, "E": 2}},
        penalty={"c": {"per_unit": 0.7, "at_most": 1.2}},
        normalise=normalise,
        missing=missing,
    ).loc[ZONES]
    score = card["score"].to_numpy()
    expected = score_by_hand({"a": a, "b": b, "c": c}, weights, normalise, missing)
    assert score == pytest.approx(list(expected.values()), nan_ok=True)
    scored = ~np.isnan(score)
    parts = np.nansum(card[["a", "b", "gift", "c"]].to_numpy(), axis=1)
    assert parts[scored] == pytest.approx(score[scored])
    rounded, group = np.round(score, 9), card["group"].to_numpy()
    better = (rounded[None, :] > rounded[:, None]) & (group[None, :] == group[:, None])
    ranks = card["rank"].to_numpy(dtype=float, na_value=np.nan)
    assert ranks == pytest.approx(np.where(scored, 1 + better.sum(axis=1), np.nan), nan_ok=True)
