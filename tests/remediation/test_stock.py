"""Stock and flow: each kind of history by hand, any records, and the sample by plain pandas."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import geo_citymgmt as gcm
from tests.conftest import few_examples
from tests.remediation.parcels import (
    GUSU,
    KUNSHAN,
    LAYER,
    plain_open,
    plain_remaining,
    small_city,
    whole,
)


@pytest.fixture
def histories(city):
    """Each kind of history once; 100 m2 each."""
    rows = [
        # 0 open before and after
        {"found_date": "2021-05-01", "status": "30"},
        # 1 found in the period
        {"found_date": "2022-02-01", "status": "20"},
        # 2 closed in the period, after a stage in it
        {"found_date": "2021-05-01", "completed_date": "2022-03-10", "status": "50"},
        # 3 found and closed on one day of the period
        {"found_date": "2022-04-04", "completed_date": "2022-04-04", "status": "50"},
        # 4 done before, relapsed in the period
        {"found_date": "2021-01-01", "completed_date": "2021-06-01", "status": "80"},
        # 5 dismissed in the period
        {"found_date": "2021-05-01", "status": "90"},
        # 6 suspended in the period: still stock
        {"found_date": "2021-05-01", "status": "95"},
        # 7 worked on in the period and still open
        {"found_date": "2021-05-01", "status": "40"},
        # 8 outside every zone
        {"found_date": "2022-02-01", "status": "20", "district_code": None},
        # 9 a suspicion is no stock
        {"status": "10"},
    ]
    for k, row in enumerate(rows):
        row.setdefault("district_code", KUNSHAN)
        row["illegal_area_m2"] = 100.0
        row["remediated_area_m2"] = {2: 100.0, 3: 100.0, 7: 40.0}.get(k, 0.0)
        row["demolished_area_m2"] = row["remediated_area_m2"]
        row["disposal_method"] = "demolish"
    events = [
        ("P2", "demolish", "2022-02-15", 30.0),
        ("P4", "demolish", "2021-06-01", 100.0),
        ("P4", "relapse", "2022-05-01", np.nan),
        ("P5", "dismiss", "2022-03-01", np.nan),
        ("P6", "suspend", "2022-03-01", np.nan),
        ("P7", "demolish", "2022-06-01", 40.0),
    ]
    return small_city(city, rows, events)


@pytest.fixture
def undated(city):
    """A case that is closed by its status alone, beside one with dates."""
    rows = [
        {"found_date": "2021-05-01", "status": "50"},
        {"found_date": "2022-02-01", "status": "20"},
    ]
    for row in rows:
        row["illegal_area_m2"] = 100.0
    return small_city(city, rows)


def test_each_kind_of_history_is_counted_as_what_it_is(histories):
    table = gcm.stock_flow(histories, start="2022-01-01", end="2022-06-30")
    count = whole(table, quantity="count")
    figures = ["opening", "found", "relapsed", "closed", "dismissed", "closing"]
    assert count[figures].tolist() == [5, 3, 1, 2, 1, 6]
    area = whole(table, quantity="area")
    # Closed: 30 + 70 of parcel 2, 100 of parcel 3, the stage of 40 of parcel 7.
    assert area[figures].tolist() == [500, 300, 100, 240, 100, 560]
    assert area["staged"] == 70
    assert table["balanced"].all()
    assert not table["undated"].any()


def test_zones_and_outside_make_the_city(histories):
    table = gcm.stock_flow(histories, start="2022-01-01", end="2022-06-30")
    count = table[(table["quantity"] == "count") & (table["level"] == "district")]
    by_zone = count.set_index("zone_code")
    assert by_zone.loc["outside", "found"] == 1
    assert by_zone.loc[KUNSHAN, "found"] == 2
    assert by_zone.loc[GUSU, "closing"] == 0
    city_row = whole(table, quantity="count")
    for name in ("opening", "found", "relapsed", "closed", "dismissed", "closing"):
        assert count[name].sum() == city_row[name]


def test_the_flows_of_two_halves_are_those_of_the_whole(histories):
    parts = [
        gcm.stock_flow(histories, start=a, end=b, level="city")
        for a, b in [("2022-01-01", "2022-03-31"), ("2022-04-01", "2022-06-30")]
    ]
    full = gcm.stock_flow(histories, start="2022-01-01", end="2022-06-30", level="city")
    for name in ("found", "relapsed", "closed", "staged", "dismissed"):
        assert (parts[0][name] + parts[1][name]).tolist() == full[name].tolist()
    assert parts[0]["closing"].tolist() == parts[1]["opening"].tolist()


def test_records_without_dates_are_counted_and_said(undated):
    table = gcm.stock_flow(undated, start="2022-01-01", level="city")
    row = whole(table, quantity="count")
    assert row["undated"] == 1
    assert np.isnan(row["opening"])
    assert not row["balanced"]
    assert row["note_en"] == "1 records without dates: break the identity"
    assert "1 条" in row["note_zh"]


def test_records_without_dates_can_be_left_out_or_refused(undated):
    left = gcm.stock_flow(undated, start="2022-01-01", level="city", undated="leave_out")
    row = whole(left, quantity="count")
    assert row[["opening", "found", "closing", "undated"]].tolist() == [0, 1, 1, 1]
    assert row["balanced"]
    with pytest.raises(gcm.CityDataError, match=r"1 records changed.*P0") as caught:
        gcm.stock_flow(undated, start="2022-01-01", undated="raise")
    assert "P0" in caught.value.message_zh


def test_a_period_that_ends_before_it_begins_or_after_the_data_is_refused(histories):
    with pytest.raises(gcm.AsOfError, match="before it begins"):
        gcm.stock_flow(histories, start="2022-06-01", end="2022-05-01")
    with pytest.raises(gcm.AsOfError, match="2022-07-01 is after it"):
        gcm.stock_flow(histories, start="2022-06-01", end="2022-07-01")


def test_a_set_of_states_that_the_layer_lacks_is_named(city):
    with pytest.raises(gcm.CityDataError, match=r"no set of states done.*operating"):
        gcm.stock_flow(city, start="2022-01-01", layer="utility_tunnels", stock=["suspended"])


def test_another_layer_with_a_life_cycle_balances_too(city):
    table = gcm.stock_flow(city, start="2022-01-01", layer="manholes", undated="leave_out")
    assert set(table["quantity"]) == {"count"}
    assert table["balanced"].all()
    row = whole(table)
    assert row["closed"] > 0
    assert row["relapsed"] == 14
    tunnels = gcm.stock_flow(
        city,
        start="2022-01-01",
        layer="utility_tunnels",
        level="city",
        stock=["under_construction"],
        done=["completed", "operating"],
    )
    assert tunnels["unit"].tolist() == ["count", "km"]
    assert tunnels["balanced"].all()


STATUS = st.sampled_from(["10", "20", "30", "40", "50", "70", "80", "90", "95", None])
DATE = st.one_of(
    st.none(), st.dates(dt.date.fromisoformat("2021-10-01"), dt.date.fromisoformat("2022-06-30"))
)
RECORD = st.tuples(STATUS, DATE, DATE, st.sampled_from([0.0, 40.0, 100.0]))
EVENT = st.tuples(
    st.integers(0, 3),
    st.sampled_from(["demolish", "relapse", "dismiss", "suspend", "resume", "close"]),
    st.dates(dt.date.fromisoformat("2021-10-01"), dt.date.fromisoformat("2022-06-30")),
)


@few_examples(6)
@given(st.lists(RECORD, min_size=4, max_size=4), st.lists(EVENT, max_size=6), st.data())
def test_any_records_balance_but_for_those_without_dates(city, records, events, data):
    rows = [
        {
            "status": status,
            "found_date": found,
            "completed_date": done,
            "illegal_area_m2": 100.0,
            "remediated_area_m2": treated,
            "district_code": code,
        }
        for (status, found, done, treated), code in zip(
            records, [KUNSHAN, KUNSHAN, GUSU, None], strict=True
        )
    ]
    told = [(f"P{k}", event, day, 30.0) for k, event, day in events]
    small = small_city(city, rows, told)
    start = data.draw(
        st.dates(dt.date.fromisoformat("2021-09-01"), dt.date.fromisoformat("2022-06-30"))
    )
    table = gcm.stock_flow(small, start=start)
    settled = table["undated"] == 0
    assert table.loc[settled, "balanced"].all()
    left = gcm.stock_flow(small, start=start, undated="leave_out")
    assert left["balanced"].all()
    for quantity in ("count", "area"):
        mine = left[left["quantity"] == quantity]
        for name in ("opening", "found", "relapsed", "closed", "dismissed", "closing", "undated"):
            districts = mine.loc[mine["level"] == "district", name].sum()
            assert districts == pytest.approx(np.nan_to_num(whole(mine)[name]))


@pytest.mark.parametrize("start", ["2022-01-01", "2022-04-01"])
def test_the_samples_stock_and_flow_is_that_of_plain_pandas(city, plain, start):
    parcels, stages = plain
    before, end = str((pd.Timestamp(start) - pd.Timedelta(days=1)).date()), "2022-06-30"
    district = city[LAYER].set_index("parcel_id")["district_code"].reindex(parcels.index)
    table = gcm.stock_flow(city, start=start, end=end)
    count = table[(table["quantity"] == "count") & (table["row_kind"] == "zone")]
    area = table[(table["quantity"] == "area") & (table["row_kind"] == "zone")]
    count, area = count.set_index("zone_code"), area.set_index("zone_code")
    inside = {day: plain_open(parcels, day) for day in (before, end)}
    for name, day in (("opening", before), ("closing", end)):
        n = inside[day].groupby(district).sum()
        m2 = plain_remaining(parcels, stages, day).where(inside[day], 0).groupby(district).sum()
        assert count[name].to_dict() == n.astype(float).to_dict()
        assert area[name].to_dict() == pytest.approx(m2.to_dict())
    for name, column in (("found", "FOUND_DATE"), ("closed", "DONE_DATE"),
                         ("relapsed", "relapse"), ("dismissed", "dismiss")):  # fmt: skip
        n = parcels[column].between(start, end).groupby(district).sum()
        assert count[name].to_dict() == n.astype(float).to_dict()
    assert table["balanced"].all()


def test_the_years_net_closing_is_the_published_area_remediated(city):
    """3.503 million m2 of the document: what was closed, less what relapses took back."""
    row = whole(
        gcm.stock_flow(city, start="2022-01-01", end="2022-06-30", level="city"), quantity="area"
    )
    assert row["closed"] - row["relapsed"] == pytest.approx(3_503_000)
