"""Inspection lists: drawn by chance, repeatable, and as often as the chance says."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import geo_citymgmt as gcm


def made_up_cases(n: int) -> pd.DataFrame:
    rng = np.random.default_rng(3)
    return pd.DataFrame(
        {
            "id": [f"C{k:03}" for k in range(n)],
            "street": rng.choice(["x", "y", "z"], n, p=[0.6, 0.3, 0.1]),
            "risk": rng.integers(1, 9, n).astype(float),
        }
    )


CASES = made_up_cases(60)


@given(st.integers(3, 70), st.integers(0, 10**6), st.randoms(use_true_random=False))
def test_a_seed_gives_one_list_in_whatever_order_the_cases_come(n, seed, random):
    order = list(range(len(CASES)))
    random.shuffle(order)
    settings_ = {"n": n, "seed": seed, "key": "id", "strata": "street", "risk": "risk"}
    first = gcm.audit_sample(CASES, **settings_)
    again = gcm.audit_sample(CASES.iloc[order], **settings_)
    pd.testing.assert_frame_equal(first, again)
    assert len(first) == min(n, len(CASES))
    assert first["id"].is_unique
    assert first["chance"].between(0, 1).all()


def test_cases_are_drawn_as_often_as_their_chance_says():
    draws = pd.concat(
        gcm.audit_sample(CASES, n=12, seed=seed, key="id", strata="street", risk="risk")
        for seed in range(400)
    )
    chance = draws.groupby("id")["chance"].first()
    often = draws["id"].value_counts() / 400
    assert chance.sum() == pytest.approx(12)
    # Five standard errors of a share of 400 draws.
    assert (often - chance).abs().max() < 5 * np.sqrt(0.25 / 400)
    assert draws.groupby("id")["weight"].first().mul(chance).to_numpy() == pytest.approx(1)


def test_strata_get_places_by_size_and_none_is_left_out():
    drawn = gcm.audit_sample(CASES, n=10, seed=1, key="id", strata="street")
    size = CASES["street"].value_counts()
    places = drawn["street"].value_counts()
    assert set(places.index) == {"x", "y", "z"}
    assert (places - 10 * size / 60).abs().max() < 1
    assert drawn["weight"].sum() == pytest.approx(60)


def test_a_case_of_no_risk_is_never_drawn_and_a_huge_one_always():
    risk = pd.Series(1.0, index=CASES.index)
    risk.iloc[0], risk.iloc[1] = 0.0, 1e6
    for seed in range(50):
        drawn = gcm.audit_sample(CASES, n=5, seed=seed, key="id", risk=risk)
        assert "C000" not in set(drawn["id"])
        assert drawn.set_index("id").loc["C001", "chance"] == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"n": 0}, "n is 0"),
        ({"key": "street"}, "unique ids"),
        ({"strata": "town"}, "no column 'town'"),
        ({"risk": pd.Series(-1.0, index=CASES.index)}, "below 0"),
        ({"n": 2, "strata": "street"}, "too few"),
    ],
)
def test_a_draw_that_cannot_be_made_says_why(change, said):
    with pytest.raises(gcm.CityDataError, match=said):
        gcm.audit_sample(CASES, **{"n": 5, "seed": 1, "key": "id", **change})
