"""What was closed and came back on its ground, computed by hand and by plain loops."""

from __future__ import annotations

from datetime import date, timedelta

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

import geo_citymgmt as gcm
from tests.conftest import CRS, X0, Y0


def lots(*rows: tuple, index: list | None = None) -> gpd.GeoDataFrame:
    """(west, east, found, closed) each, 10 m deep."""
    return gpd.GeoDataFrame(
        {
            "parcel_id": [f"P{i}" for i in range(len(rows))],
            "found_date": pd.to_datetime([row[2] for row in rows]),
            "closed_date": pd.to_datetime([row[3] for row in rows]),
        },
        geometry=[shapely.box(X0 + row[0], Y0, X0 + row[1], Y0 + 10) for row in rows],
        crs=CRS,
        index=index,
    )


def test_a_parcel_found_on_a_closed_one_is_its_recurrence():
    frame = lots((0, 10, "2021-01-01", "2021-06-01"), (5, 15, "2021-07-01", None), index=[7, 3])
    (pair,) = gcm.recurrence(frame, within_days=365).itertuples()
    assert (pair.earlier, pair.later, pair.earlier_id, pair.later_id) == (7, 3, "P0", "P1")
    assert (pair.days, pair.overlap_m2, pair.overlap) == (30, 50.0, 0.5)


@pytest.mark.parametrize(
    ("found", "days", "expected"),
    [
        ("2021-06-01", 10, 0),  # the day of closing is no recurrence
        ("2021-06-02", 10, 1),
        ("2021-06-11", 10, 1),  # the last day counts
        ("2021-06-12", 10, 0),
        ("2021-05-31", 10, 0),  # found before the other was closed
    ],
)
def test_days_are_counted_from_the_day_after_closing_to_the_last_day(found, days, expected):
    frame = lots((0, 10, "2021-01-01", "2021-06-01"), (0, 10, found, None))
    assert len(gcm.recurrence(frame, within_days=days)) == expected


@pytest.mark.parametrize(("west", "expected"), [(7.0, 1), (7.1, 0)])
def test_overlap_is_measured_on_the_smaller_footprint(west, expected):
    # 30 % of a 10 m lot; the other is 40 m wide.
    frame = lots((0, 10, "2021-01-01", "2021-06-01"), (west, west + 40, "2021-07-01", None))
    assert len(gcm.recurrence(frame, within_days=90, overlap=0.3)) == expected


def test_a_parcel_may_come_back_twice_and_each_pair_is_told():
    frame = lots(
        (0, 10, "2020-01-01", "2020-06-01"),
        (0, 10, "2020-09-01", "2021-06-01"),
        (0, 10, "2021-09-01", None),
    )
    pairs = gcm.recurrence(frame, within_days=3650)
    assert pairs[["earlier_id", "later_id"]].values.tolist() == [
        ["P0", "P1"],
        ["P0", "P2"],
        ["P1", "P2"],
    ]


def test_what_cannot_take_part_is_counted():
    frame = lots((0, 10, "2021-01-01", "2021-06-01"), (0, 10, None, None))
    frame.loc[2] = ["P2", pd.Timestamp("2021-07-01"), pd.NaT, shapely.Point(X0 + 5, Y0 + 5)]
    frame.loc[3] = ["P3", pd.Timestamp("2021-07-01"), pd.NaT, None]
    pairs = gcm.recurrence(frame, within_days=90)
    assert pairs.empty
    assert pairs.attrs == {"no_footprint": 2, "no_found_date": 1, "no_closed_date": 3}


def test_dates_that_are_text_and_columns_that_are_not_there_are_refused():
    frame = lots((0, 10, "2021-01-01", "2021-06-01"))
    with pytest.raises(gcm.CityDataError, match="dates"):
        gcm.recurrence(frame.assign(closed_date="2021-06-01"), within_days=9)
    with pytest.raises(gcm.CityDataError, match="ended_on"):
        gcm.recurrence(frame, within_days=9, closed="ended_on")
    with pytest.raises(gcm.CityDataError, match="within_days"):
        gcm.recurrence(frame, within_days=0)


days = st.one_of(st.none(), st.integers(0, 60))
rows = st.lists(st.tuples(st.integers(0, 30), st.integers(1, 15), days, days), max_size=12)


@given(rows, st.integers(1, 60), st.randoms(use_true_random=False))
def test_pairs_are_those_of_a_plain_double_loop_in_any_order(spec, within, random):
    def day(n):
        return None if n is None else (date(2021, 1, 1) + timedelta(n)).isoformat()

    frame = lots(*[(west, west + wide, day(f), day(c)) for west, wide, f, c in spec])
    expected = set()
    for i, (west, wide, _, closed) in enumerate(spec):
        for j, (other, width, found, _) in enumerate(spec):
            shared = min(west + wide, other + width) - max(west, other)
            if None in (closed, found) or i == j:
                continue
            if 1 <= found - closed <= within and shared >= 0.3 * min(wide, width):
                expected.add((i, j))
    order = list(range(len(spec)))
    random.shuffle(order)
    shuffled = frame.iloc[order]
    for table in (frame, shuffled):
        pairs = gcm.recurrence(table, within_days=within)
        assert set(zip(pairs["earlier"], pairs["later"], strict=True)) == expected
        assert len(pairs) == len(expected)


def test_parcels_of_the_sample_that_come_back_are_found_and_no_others(city):
    parcels = city["illegal_construction"]
    closed = parcels[parcels["closed_date"].notna()].iloc[::50]
    back = closed.assign(
        parcel_id="again-" + closed["parcel_id"],
        found_date=closed["closed_date"] + pd.Timedelta(days=30),
        closed_date=pd.NaT,
    )
    known = gcm.recurrence(parcels, within_days=90)
    pairs = gcm.recurrence(pd.concat([parcels, back], ignore_index=True), within_days=90)
    assert len(closed) > 20
    assert len(pairs) >= len(known) + len(closed)
    new = pairs[pairs["days"].eq(30) & pairs["later_id"].eq("again-" + pairs["earlier_id"])]
    assert set(new["earlier_id"]) == set(closed["parcel_id"])
    assert new["overlap"].to_numpy() == pytest.approx(1.0)
