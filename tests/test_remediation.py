"""Steering a campaign: histories by hand, on random moves, and by plain pandas from the files."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

import geo_citymgmt as gcm
from geo_citymgmt.remediation.moves import DONE, ELSEWHERE, STOCK, Moves, flow_entries
from tests.conftest import DATA

LAYER = "illegal_construction"
KUNSHAN, GUSU = "320583", "320508"
SAFETY_DEADLINE = "2022-09-30"


def small_city(city, rows: list[dict], events: list[tuple] = ()) -> gcm.City:
    """The zones of the sample with a few parcels; a point in their district unless told."""
    table = pd.DataFrame(rows)
    table["parcel_id"] = [f"P{k}" for k in range(len(table))]
    for name in ("found_date", "completed_date", "deadline", "planned_date"):
        if name in table.columns:
            table[name] = pd.to_datetime(table[name]).astype("datetime64[us]")
    for name in ("status", "list_type", "interim_measure", "stock_type", "disposal_method"):
        if name in table.columns:
            table[name] = table[name].astype("str")
    if "safety_related" in table.columns:
        table["safety_related"] = table["safety_related"].astype("boolean")
    if "district_code" not in table.columns:
        table["district_code"] = KUNSHAN
    inside = city.zones.geometry.representative_point()
    place = [
        inside.get(code) if isinstance(code, str) else shapely.Point(0, 0)
        for code in table["district_code"]
    ]
    table["district_code"] = table["district_code"].astype("str")
    data = gpd.GeoDataFrame(table, geometry=place, crs=city.zones.crs)
    told = pd.DataFrame(
        [(LAYER, key, event, pd.Timestamp(day), amount, "") for key, event, day, amount in events],
        columns=["layer", "key", "event", "date", "amount", "note"],
    ).astype({"date": "datetime64[us]", "amount": "float64", "key": "str", "event": "str"})
    layer = replace(city.layer(LAYER), data=data)
    return replace(city, layers={LAYER: layer}, events=told)


def whole(table: pd.DataFrame, **where) -> pd.Series:
    rows = table[table["level"] == "city"]
    for name, value in where.items():
        rows = rows[rows[name] == value]
    assert len(rows) == 1
    return rows.iloc[0]


# -- stock and flow, by hand


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


# -- stock and flow, on anything

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


@settings(max_examples=1200, deadline=None)
@given(st.lists(MOVE, max_size=12), st.lists(AMOUNT, max_size=8), st.integers(-1, 6))
def test_what_came_and_went_adds_up_to_the_stock_of_any_day(states, amounts, day):
    table = flow_entries(as_moves(states), as_moves(amounts), np.full(4, 100.0))
    past = table[table["date"] <= DAY0 + np.timedelta64(day, "D")]
    count, area = replay(states, amounts, day, 100.0)
    assert np.bincount(past["row"], weights=past["count"], minlength=4).tolist() == count
    assert np.bincount(past["row"], weights=past["area"], minlength=4) == pytest.approx(area)


@settings(max_examples=1000, deadline=None)
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


@settings(max_examples=1000, deadline=None)
@given(st.lists(MOVE, max_size=12), st.lists(AMOUNT, max_size=8))
def test_kinds_have_their_signs(states, amounts):
    table = flow_entries(as_moves(states), as_moves(amounts), np.full(4, 100.0))
    into = table["kind"].isin(["found", "relapsed"])
    assert (table.loc[into, ["count", "area"]] >= 0).all(axis=None)
    assert (table.loc[~into, ["count", "area"]] <= 0).all(axis=None)
    assert not table.loc[table["kind"] == "staged", "count"].any()


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


@settings(max_examples=40, deadline=None)
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
            assert districts == pytest.approx(whole(mine)[name])


# -- the sample, by plain pandas from its files


@pytest.fixture(scope="module")
def plain():
    """The parcels as the .dbf and events.csv tell them, without any code of the package."""
    parcels = gpd.read_file(DATA / "illegal_construction.shp", ignore_geometry=True)
    parcels = parcels.set_index("PARCEL_ID")
    for name in ("FOUND_DATE", "DONE_DATE", "DEADLINE"):
        parcels[name] = pd.to_datetime(parcels[name])
    events = pd.read_csv(DATA / "events.csv", parse_dates=["date"])
    events = events[events["layer"] == LAYER]
    for event in ("relapse", "dismiss"):
        first = events[events["event"] == event].groupby("key")["date"].min()
        parcels[event] = first.reindex(parcels.index)
    stages = events[events["event"].isin(["demolish", "remediate"])]
    return parcels, stages


def plain_open(parcels: pd.DataFrame, day: str) -> pd.Series:
    done = (parcels["DONE_DATE"] <= day) & ~(parcels["relapse"] <= day)
    return (parcels["FOUND_DATE"] <= day) & ~done & ~(parcels["dismiss"] <= day)


def plain_remaining(parcels: pd.DataFrame, stages: pd.DataFrame, day: str) -> pd.Series:
    by_event = stages.groupby("key")["amount"].sum().reindex(parcels.index).fillna(0)
    past = stages[stages["date"] <= day].groupby("key")["amount"].sum()
    done = past.reindex(parcels.index).fillna(0)
    rest = (parcels["REM_AREA"] - by_event).clip(lower=0)
    done += rest.where(parcels["DONE_DATE"] <= day, 0)
    done = done.mask(parcels["relapse"] <= day, 0)
    return (parcels["ILL_AREA"] - done).clip(lower=0)


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


# -- clearing


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
    theirs = gcm.progress(city, as_of="2022-06-30")
    theirs = theirs[theirs["indicator"] == "illegal_interim_share"].set_index("zone_code")
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


# -- open cases


def test_ages_deadlines_and_relapses_of_open_cases(city):
    rows = [
        {"found_date": "2022-06-30", "status": "20", "deadline": "2022-06-30"},
        {"found_date": "2022-05-31", "status": "30", "deadline": "2022-06-29"},
        {"found_date": "2021-06-30", "completed_date": "2022-01-01", "status": "80"},
        {"found_date": "2022-06-01", "completed_date": "2022-06-20", "status": "50"},
        {"found_date": "2022-06-01", "status": "95", "deadline": "2022-07-10"},
        {"status": "30"},
    ]
    for row in rows:
        row["illegal_area_m2"] = 10.0
    small = small_city(city, rows, [("P2", "relapse", "2022-06-10", np.nan)])
    cases = gcm.open_cases(small).set_index("parcel_id")
    assert cases.index.tolist() == ["P0", "P1", "P2", "P4", "P5"]
    assert cases["days_since_found"].tolist() == [0, 30, 365, 29, pd.NA]
    assert cases["days_open"].tolist() == [0, 30, 20, 29, pd.NA]
    assert cases["days_left"].tolist() == [0, -1, pd.NA, 10, pd.NA]
    # A case due today has today; one without a deadline is neither late nor in time.
    assert cases["overdue"].tolist() == [False, True, pd.NA, False, pd.NA]
    assert cases["suspended"].tolist() == [False, False, False, True, False]
    ages = gcm.ageing(small, level="city", classes=[29, 30])
    assert ages["age_class"].tolist() == ["0-29", "30-30", "31+", "undated", "unknown"]
    assert ages["n"].tolist() == [2, 1, 1, 1, 0]
    assert ages["n_suspended"].tolist() == [1, 0, 0, 0, 0]
    assert ages["n_overdue"].tolist() == [0, 1, 0, 0, 0]
    reopened = gcm.ageing(small, level="city", classes=[29, 30], clock="open")
    assert reopened["n"].tolist() == [3, 1, 0, 1, 0]
    # Two are open today by their status alone; the day before nobody can say.
    day_before = gcm.ageing(small, level="city", as_of="2022-06-29")
    assert day_before.set_index("age_class").loc["unknown", "n"] == 2


def test_the_samples_ages_are_those_of_plain_pandas(city, plain):
    parcels, _ = plain
    day = pd.Timestamp("2022-06-30")
    mine = parcels[plain_open(parcels, day)]
    age = (day - mine["FOUND_DATE"]).dt.days
    cut = pd.cut(age, [-1, 30, 90, 180, 365, 730, np.inf]).value_counts(sort=False).tolist()
    table = gcm.ageing(city, level="street")
    assert table.loc[table["level"] == "city", "n"].tolist() == [*cut, 0, 0]
    for level in ("district", "street"):
        assert table.loc[table["level"] == level, "n"].sum() == len(mine)
    late = int((mine["DEADLINE"] < day).sum())
    assert table.loc[table["level"] == "city", "n_overdue"].sum() == late


@pytest.mark.parametrize("classes", [[], [30, 30], [90, 30], [-1]])
def test_age_classes_that_do_not_rise_are_refused(city, classes):
    with pytest.raises(gcm.CityDataError, match="rise"):
        gcm.ageing(city, classes=classes)


def test_the_lists_hold_each_case_under_its_status(city, plain):
    parcels, _ = plain
    table = gcm.case_lists(city)
    total = table[table["level"] == "city"]
    for zh in ("重点任务", "挂牌督办", "重点治理项目"):
        listed = parcels[parcels["LIST_TYPE"].fillna("").str.contains(zh)]
        mine = total[total["list_zh"] == zh].set_index("status_zh")["n"]
        assert mine.to_dict() == listed["STATUS"].value_counts().to_dict()
    districts = table[table["level"] == "district"]
    for name in ("n", "size", "remaining", "n_overdue"):
        assert districts[name].sum() == pytest.approx(total[name].sum())


def test_the_lists_tell_the_time_left(city):
    rows = [
        {"status": "30", "list_type": "key_task;supervised", "deadline": "2022-07-05"},
        {"status": "30", "list_type": "key_task", "deadline": "2022-07-30"},
        {"status": "30", "list_type": "key_task", "deadline": "2022-06-01"},
        {"status": "50", "list_type": "key_task", "deadline": "2022-05-01",
         "completed_date": "2022-06-15"},
        {"status": "30", "list_type": None},
    ]  # fmt: skip
    for row in rows:
        row |= {"found_date": "2022-01-01", "illegal_area_m2": 10.0}
    table = gcm.case_lists(small_city(city, rows), level="city")
    table = table.set_index(["list", "status"])
    assert table["n"].to_dict() == {
        ("key_task", "30"): 3, ("key_task", "50"): 1, ("supervised", "30"): 1
    }  # fmt: skip
    first = table.loc[("key_task", "30")]
    assert (first["days_left"], first["days_over"], first["n_overdue"]) == (5, 29, 1)
    assert first["next_deadline"] == pd.Timestamp("2022-07-05")
    assert table.loc[("key_task", "50"), "n_overdue"] == 0
    assert table.loc[("key_task", "50"), "remaining"] == 0


def test_a_field_the_data_lacks_is_named(city):
    with pytest.raises(gcm.CityDataError, match="needs list_type") as caught:
        gcm.case_lists(small_city(city, [{"status": "30", "illegal_area_m2": 1.0}]))
    assert "清单类型" in caught.value.message_zh


# -- relapses and rules


def test_relapses_are_held_against_those_that_could(city):
    rows = [
        {"found_date": "2021-01-01", "completed_date": "2021-06-01", "status": "80"},
        {"found_date": "2021-01-01", "completed_date": "2021-06-01", "status": "50"},
        {"found_date": "2021-01-01", "completed_date": "2022-03-01", "status": "50"},
        {"found_date": "2021-01-01", "status": "30"},
        # Relapsed before the period, and open ever since.
        {"found_date": "2021-01-01", "completed_date": "2021-02-01", "status": "80"},
    ]
    for row in rows:
        row["illegal_area_m2"] = 10.0
    events = [
        ("P0", "relapse", "2022-02-01", np.nan),
        ("P0", "close", "2022-04-01", np.nan),
        ("P0", "relapse", "2022-05-01", np.nan),
        ("P4", "relapse", "2021-03-01", np.nan),
    ]
    small = small_city(city, rows, events)
    row = whole(gcm.relapse_rates(small, start="2022-01-01"))
    assert row[["relapses", "relapsed", "exposed", "repeated"]].tolist() == [2, 1, 3, 1]
    assert row["rate"] == pytest.approx(1 / 3)
    empty = gcm.relapse_rates(small, start="2022-01-01").set_index("zone_code").loc[GUSU]
    assert np.isnan(empty["rate"])


def test_the_samples_relapse_rate_is_that_of_plain_pandas(city, plain):
    parcels, _ = plain
    table = gcm.relapse_rates(city, start="2022-01-01", end="2022-06-30", level="street")
    row = whole(table)
    assert row["relapsed"] == parcels["relapse"].between("2022-01-01", "2022-06-30").sum() == 40
    assert row["exposed"] == (parcels["DONE_DATE"] <= "2022-06-30").sum()
    for level in ("district", "street"):
        mine = table[table["level"] == level]
        assert mine[["relapsed", "exposed"]].sum().tolist() == row[["relapsed", "exposed"]].tolist()


RULE = {
    "repeat": {
        "zh": "示例：一年内反弹两次",
        "en": "example: two relapses within a year",
        "all": [{"figure": "relapses", "within_days": 365, "at_least": 2}],
    }
}


def test_a_rule_fires_where_its_figures_say_so(city):
    relapses = gcm.relapse_rates(city, start="2021-07-01", end="2022-06-30", level="street")
    zones = relapses[(relapses["row_kind"] == "zone") & (relapses["level"] == "street")]
    expected = zones[zones["relapses"] >= 2].set_index("zone_code")["relapses"]
    table = gcm.call_in(city, RULE).set_index("zone_code")
    assert table["value"].to_dict() == expected.to_dict()
    assert len(table) > 0
    assert set(table["rule_zh"]) == {"示例：一年内反弹两次"}
    assert (table["period_start"] == pd.Timestamp("2021-07-01")).all()
    assert (table["outcome"] == "fired").all()


def test_all_conditions_of_a_rule_must_hold_and_a_missing_figure_leaves_it_open(city):
    figures = pd.DataFrame({"complaints": [5.0, np.nan, 1.0]}, index=[KUNSHAN, GUSU, "320505"])
    rules = {
        "both": {
            "all": [
                {"figure": "complaints", "more_than": 3},
                {"figure": "open", "at_least": 1},
            ]
        }
    }
    table = gcm.call_in(city, rules, level="district", figures=figures)
    assert table.groupby("zone_code")["outcome"].first().to_dict() == {
        code: "fired" if code == KUNSHAN else "undecided"
        for code in city.zones.index
        if code != "320505"
    }
    assert len(table) == 2 * 9


def test_hot_spots_new_builds_and_overdue_cases_are_figures_of_rules(city, plain):
    parcels, _ = plain
    district = city[LAYER].set_index("parcel_id")["district_code"].reindex(parcels.index)
    conditions = [
        {"figure": "new_builds", "within_days": 181, "at_least": 0},
        {"figure": "overdue", "at_least": 0},
        {"figure": "hot_spot_share", "at_least": 0},
    ]
    hot = gpd.GeoDataFrame(geometry=city.zones.loc[[GUSU]].geometry.to_numpy(), crs=city.zones.crs)
    table = gcm.call_in(city, {"all": {"all": conditions}}, level="district", hot_spots=hot)
    value = table.pivot_table(index="zone_code", columns="figure", values="value")
    new = parcels["STOCK_TYPE"].isin(["新增", "在建"])
    new &= parcels["FOUND_DATE"].between("2022-01-01", "2022-06-30")
    assert value["new_builds"].to_dict() == new.groupby(district).sum().to_dict()
    late = plain_open(parcels, "2022-06-30") & (parcels["DEADLINE"] < "2022-06-30")
    assert value["overdue"].to_dict() == late.groupby(district).sum().to_dict()
    assert value.loc[GUSU, "hot_spot_share"] == pytest.approx(1)
    assert value.loc[KUNSHAN, "hot_spot_share"] == pytest.approx(0)
    with pytest.raises(gcm.CRSError, match="to_crs"):
        gcm.call_in(city, {"a": {"all": conditions}}, hot_spots=hot.to_crs(4326))
    with pytest.raises(gcm.CityDataError, match="no hot spots were given"):
        gcm.call_in(city, {"a": {"all": conditions}})


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ({"figure": "relapses", "at_least": 2}, "within_days"),
        ({"figure": "open", "at_least": 2, "within_days": 30}, "within_days"),
        ({"figure": "open"}, "one test"),
        ({"figure": "open", "at_least": 1, "at_most": 2}, "one test"),
        ({"figure": "open", "atleast": 1}, "one test"),
        ({"figure": "open", "at_least": "many"}, "not a number"),
        ({"figure": "gossip", "at_least": 1}, "no figure 'gossip'"),
    ],
)
def test_a_rule_that_cannot_be_read_says_why(city, condition, said):
    with pytest.raises(gcm.CityDataError, match=said):
        gcm.call_in(city, {"mine": {"all": [condition]}})
    with pytest.raises(gcm.CityDataError, match="no conditions"):
        gcm.call_in(city, {"mine": {}})


# -- inspection lists


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


@settings(max_examples=1000, deadline=None)
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
        ({"strata": "town"}, "no column town"),
        ({"risk": pd.Series(-1.0, index=CASES.index)}, "below zero"),
        ({"n": 2, "strata": "street"}, "too few"),
    ],
)
def test_a_draw_that_cannot_be_made_says_why(change, said):
    with pytest.raises(gcm.CityDataError, match=said):
        gcm.audit_sample(CASES, **{"n": 5, "seed": 1, "key": "id", **change})
