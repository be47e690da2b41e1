"""Clearing up to a deadline: against the table of progress, by hand, and by plain pandas."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import geo_citymgmt as gcm
from tests.remediation.parcels import LAYER, plain_open, plain_remaining, small_city, whole

SAFETY_DEADLINE = "2022-09-30"


def test_what_remains_is_that_of_the_progress_table(city, plain):
    parcels, stages = plain
    months = gcm.progress_series(city, start="2022-01-31", end="2022-06-30")
    series = gcm.burn_down(
        city, deadline=SAFETY_DEADLINE, start="2022-01-31", end="2022-06-30", freq="ME"
    )
    keys = ["as_of", "level", "row_kind", "zone_code"]
    for indicator, column in (
        ("illegal_safety_remaining_area", "remaining"),
        ("illegal_safety_remaining_count", "remaining_n"),
    ):
        theirs = months[months["indicator"] == indicator]
        both = series.merge(theirs[[*keys, "value"]], on=keys, how="outer", indicator=True)
        assert (both["_merge"] == "both").all()
        assert both[column].to_numpy() == pytest.approx(both["value"].to_numpy())
    for day in series["as_of"].unique():
        mine = plain_open(parcels, day) & (parcels["SAFETY"] == "是")
        assert whole(series, as_of=day)["remaining_n"] == mine.sum()
        rest = plain_remaining(parcels, stages, day)[mine].sum()
        assert whole(series, as_of=day)["remaining"] == pytest.approx(rest)


def test_the_pace_needed_counts_the_days_up_to_the_deadline(city):
    rows = [
        {"found_date": "2021-05-01", "status": "30", "illegal_area_m2": 300.0},
        {"found_date": "2021-05-01", "status": "50", "illegal_area_m2": 100.0,
         "completed_date": "2022-06-15", "remediated_area_m2": 100.0},
    ]  # fmt: skip
    small = small_city(city, [{**row, "safety_related": True} for row in rows])
    series = gcm.burn_down(
        small, deadline="2022-07-30", start="2022-05-31", end="2022-06-30", level="city"
    )
    assert series["remaining"].tolist() == [400, 300]
    assert series["remaining_n"].tolist() == [2, 1]
    assert series["cleared"].tolist()[1] == 100
    assert series["days_left"].tolist() == [60, 30]
    assert series["needed_per_day"].tolist() == pytest.approx([400 / 60, 10])
    assert series["needed_n_per_day"].tolist() == pytest.approx([2 / 60, 1 / 30])
    assert series["straight"].tolist() == [400, 200]
    over = gcm.burn_down(small, deadline="2022-06-30", start="2022-06-30", level="city")
    assert np.isnan(over["needed_per_day"].iloc[0])
    none = gcm.burn_down(
        small, deadline="2022-06-30", start="2022-06-30", level="city",
        where={"safety_related": False},
    )  # fmt: skip
    assert none["needed_per_day"].tolist() == [0]


def test_a_deadline_before_the_series_is_refused(city):
    with pytest.raises(gcm.AsOfError, match="the deadline is on 2022-01-01"):
        gcm.burn_down(city, deadline="2022-01-01", start="2022-05-31")


def test_the_last_open_are_the_largest_oldest_or_latest_of_plain_pandas(city, plain):
    parcels, stages = plain
    day = pd.Timestamp("2022-06-30")
    mine = parcels[plain_open(parcels, day) & (parcels["SAFETY"] == "是")]
    rest = plain_remaining(parcels, stages, day)[mine.index]
    largest = gcm.last_open(city, n=15)
    assert largest["place"].tolist() == list(range(1, 16))
    assert largest["remaining"].tolist() == rest.nlargest(15).tolist()
    assert rest[largest["parcel_id"]].tolist() == largest["remaining"].tolist()
    oldest = gcm.last_open(city, n=15, by="age")
    age = (day - mine["FOUND_DATE"]).dt.days
    assert oldest["days_since_found"].tolist() == age.nlargest(15).tolist()
    latest = gcm.last_open(city, n=2, by="overdue", per_district=True)
    late = mine[mine["DEADLINE"] < day]
    district = city[LAYER].set_index("parcel_id")["district_code"].reindex(late.index)
    expected = (late["DEADLINE"] - day).dt.days.groupby(district).nsmallest(2)
    for code, group in latest.groupby("district_code"):
        assert group["days_left"].tolist() == expected[code].tolist()
        assert group["place"].tolist() == [1, 2]


def test_the_interim_share_is_that_of_the_progress_table(city):
    table = gcm.interim_share(city)
    theirs = gcm.progress(city, as_of="2022-06-30", indicators="illegal_interim_share")
    theirs = theirs.set_index("zone_code")
    mine = table[table["measure"] == "any"].set_index("zone_code")
    for ours, name in (("share", "value"), ("n", "numerator"), ("of_n", "denominator")):
        expected = theirs[name].reindex(mine.index).to_numpy()
        assert mine[ours].to_numpy() == pytest.approx(expected, nan_ok=True)
    parts = table[(table["measure"] != "any") & (table["level"] == "city")]
    assert parts["n"].sum() >= whole(table, measure="any")["n"]
    assert (table["area_share"].dropna() <= 1).all()


def test_interim_measures_are_not_traced_back(city):
    earlier = gcm.interim_share(city, as_of="2022-06-29", level="city")
    assert earlier["share"].isna().all()
