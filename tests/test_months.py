"""Calendar and statistical months."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import geo_citymgmt as gcm
from geo_citymgmt.figures._actuals import month_ends, period_end, period_start

DAYS = st.dates(
    min_value=pd.Timestamp(2000, 1, 1).date(), max_value=pd.Timestamp(2060, 1, 1).date()
)
LENGTH = {"month": 1, "quarter": 3, "half": 6, "year": 12}


@pytest.mark.parametrize(
    ("period", "day", "starts", "first"),
    [
        ("month", "2022-06-25", 26, "2022-05-26"),
        ("month", "2022-06-26", 26, "2022-06-26"),
        ("quarter", "2022-06-30", 26, "2022-06-26"),
        ("half", "2022-06-25", 26, "2021-12-26"),
        ("year", "2022-12-31", 26, "2022-12-26"),
        ("year", "2022-12-25", 26, "2021-12-26"),
        ("month", "2022-03-01", 28, "2022-02-28"),
        ("year", "2022-06-30", 1, "2022-01-01"),
        ("quarter", "2022-06-30", 1, "2022-04-01"),
    ],
)
def test_a_period_begins_with_its_first_statistical_month(period, day, starts, first):
    assert period_start(period, pd.Timestamp(day), starts) == pd.Timestamp(first)


@given(DAYS, st.integers(1, 28), st.sampled_from(sorted(LENGTH)))
def test_every_day_lies_in_its_period_and_periods_follow_one_another(day, starts, period):
    day = pd.Timestamp(day)
    start = period_start(period, day, starts)
    end = period_end(start, LENGTH[period])
    assert start <= day <= end
    assert period_start(period, end + pd.Timedelta(days=1), starts) == end + pd.Timedelta(days=1)


@given(DAYS, st.integers(1, 28))
def test_twelve_months_make_the_year(day, starts):
    year = period_start("year", pd.Timestamp(day), starts)
    ends = month_ends(year, period_end(year, 12), starts)
    assert len(ends) == 12
    assert ends[-1] == period_end(year, 12)


def test_month_ends_are_those_of_the_calendar_where_a_month_starts_on_the_first():
    first, last = pd.Timestamp("2022-01-15"), pd.Timestamp("2022-04-30")
    assert month_ends(first, last) == list(pd.date_range(first, last, freq="ME"))


def test_figures_of_a_statistical_month_hold_what_happened_in_it(tmp_path):
    (tmp_path / "窨井.csv").write_text(
        "窨井编号,整治状态,销号时间,经度,纬度\n"
        "z,销号,2022-04-20,120.59,31.30\n"
        "a,销号,2022-05-25,120.60,31.30\n"
        "b,销号,2022-05-26,120.61,31.30\n"
        "c,销号,2022-06-25,120.62,31.30\n"
        "d,销号,2022-06-26,120.63,31.30\n",
        "utf-8",
    )
    (tmp_path / "city.toml").write_text(
        'name_zh = "某市"\ncode = "test"\ndata_date = 2022-06-30\nmonth_starts = 26\n'
        '[layers.manholes]\npath = "窨井.csv"\ncrs = "EPSG:4490"\n',
        "utf-8",
    )
    city = gcm.load_city(tmp_path)
    table = gcm.period_table(
        city, as_of="2022-06-25", periods=["month", "year"], indicators="manhole_remediated",
        level="city",
    ).set_index("period")  # fmt: skip
    assert table.loc["month", "value"] == 2  # b and c
    assert table.loc["month", "previous"] == 1  # a
    assert bool(table.loc["month", "complete"])
    assert table.loc["year", "value"] == 4
    series = gcm.progress_series(city, start="2022-05-01", end="2022-06-30", level="city")
    assert sorted(series["as_of"].unique()) == [
        pd.Timestamp("2022-05-25"), pd.Timestamp("2022-06-25"),
    ]  # fmt: skip
