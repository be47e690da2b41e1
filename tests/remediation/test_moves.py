"""What came, went and was done in part, on random moves against a replay one by one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo_citymgmt.cases._register import DONE, ELSEWHERE, STOCK, Moves, flow_entries

CLASS = st.sampled_from([ELSEWHERE, STOCK, DONE])
MOVE = st.tuples(st.integers(0, 3), st.integers(0, 6), CLASS)
AMOUNT = st.tuples(st.integers(0, 3), st.integers(0, 6), st.integers(-60, 80))
DAY0 = np.datetime64("2022-01-01", "us")


def as_moves(told: list[tuple]) -> Moves:
    told = sorted(told, key=lambda m: m[:2])
    row, day, value = (np.array([m[k] for m in told], dtype="int64") for k in range(3))
    return Moves(row, DAY0 + day.astype("timedelta64[D]"), value)


def replay(states: list[tuple], amounts: list[tuple], day: int, size: float) -> tuple[list, list]:
    """The stock of each record at the end of a day, told one by one."""
    count, area = [], []
    for row in range(4):
        now = ELSEWHERE
        for _, when, value in sorted((m for m in states if m[0] == row), key=lambda m: m[1]):
            if when <= day:
                now = value
        done = sum(v for r, when, v in amounts if r == row and when <= day)
        count.append(int(now == STOCK))
        area.append(max(0.0, size - done) if now == STOCK else 0.0)
    return count, area


@given(st.lists(MOVE, max_size=12), st.lists(AMOUNT, max_size=8), st.integers(-1, 6))
def test_what_came_and_went_adds_up_to_the_stock_of_any_day(states, amounts, day):
    table = flow_entries(as_moves(states), as_moves(amounts), np.full(4, 100.0))
    past = table[table["date"] <= DAY0 + np.timedelta64(day, "D")]
    count, area = replay(states, amounts, day, 100.0)
    assert np.bincount(past["row"], weights=past["count"], minlength=4).tolist() == count
    assert np.bincount(past["row"], weights=past["area"], minlength=4) == pytest.approx(area)


@given(st.lists(MOVE, max_size=12), st.lists(AMOUNT, max_size=8), st.permutations(range(4)))
def test_the_flows_of_a_record_do_not_depend_on_its_place(states, amounts, place):
    size = np.array([100.0, 50.0, 20.0, 0.0])
    plain = flow_entries(as_moves(states), as_moves(amounts), size)
    moved = flow_entries(
        as_moves([(place[r], d, v) for r, d, v in states]),
        as_moves([(place[r], d, v) for r, d, v in amounts]),
        size[np.argsort(place)],
    )
    plain["row"] = np.array(place)[plain["row"].to_numpy()]
    plain = plain.sort_values("row", kind="stable", ignore_index=True)
    pd.testing.assert_frame_equal(plain, moved)


@given(st.lists(MOVE, max_size=12), st.lists(AMOUNT, max_size=8))
def test_kinds_have_their_signs(states, amounts):
    table = flow_entries(as_moves(states), as_moves(amounts), np.full(4, 100.0))
    into = table["kind"].isin(["found", "relapsed"])
    assert (table.loc[into, ["count", "area"]] >= 0).all(axis=None)
    assert (table.loc[~into, ["count", "area"]] <= 0).all(axis=None)
    assert not table.loc[table["kind"] == "staged", "count"].any()
