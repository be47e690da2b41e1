"""Periods side by side, targets and their curves, what is needed and when it arrives."""

from __future__ import annotations

import math
import shutil
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

import geo_citymgmt as gcm
from geo_citymgmt.figures._progress import (
    _T80,
    DAYS_PER_MONTH,
    OUTLOOK_COLUMNS,
    PERIOD_COLUMNS,
    _months_ahead,
    crossing,
    spans,
)
from tests.conftest import DATA, ROOT

JUNE = "2022-06-30"


def day(text: str) -> pd.Timestamp:
    return pd.Timestamp(text)


# -- periods


@pytest.mark.parametrize(
    ("period", "as_of", "before", "year_ago"),
    [
        ("month", "2022-06-30", ("2022-05-01", "2022-05-31"), ("2021-06-01", "2021-06-30")),
        ("month", "2022-03-31", ("2022-02-01", "2022-02-28"), ("2021-03-01", "2021-03-31")),
        ("month", "2022-03-30", ("2022-02-01", "2022-02-28"), ("2021-03-01", "2021-03-30")),
        ("month", "2022-06-15", ("2022-05-01", "2022-05-15"), ("2021-06-01", "2021-06-15")),
        ("month", "2024-02-29", ("2024-01-01", "2024-01-31"), ("2023-02-01", "2023-02-28")),
        ("quarter", "2022-05-31", ("2022-01-01", "2022-02-28"), ("2021-04-01", "2021-05-31")),
        ("half", "2022-06-30", ("2021-07-01", "2021-12-31"), ("2021-01-01", "2021-06-30")),
        ("half", "2022-08-10", ("2022-01-01", "2022-02-10"), ("2021-07-01", "2021-08-10")),
        ("year", "2022-06-30", ("2021-01-01", "2021-06-30"), ("2021-01-01", "2021-06-30")),
    ],
)
def test_a_period_is_held_against_the_same_part_of_the_others(period, as_of, before, year_ago):
    now, earlier, last_year = spans(period, day(as_of))
    assert now[1] == day(as_of)
    assert earlier == tuple(map(day, before))
    assert last_year == tuple(map(day, year_ago))


def test_months_of_a_flow_make_the_half_year(city):
    names = ["illegal_remediated_area", "parking_spaces_added", "manhole_remediated"]
    ends = pd.date_range("2022-01-31", JUNE, freq="ME")
    months = [gcm.period_table(city, as_of=d, periods="month", indicators=names) for d in ends]
    half = gcm.period_table(city, as_of=JUNE, periods="half", indicators=names)
    total = sum(m["value"].to_numpy() for m in months)
    np.testing.assert_allclose(half["value"], total, rtol=1e-12)
    cumulative = gcm.progress(city, as_of=JUNE, level="city", indicators=names)
    np.testing.assert_allclose(half["value"], cumulative["value"], rtol=1e-12)
    for earlier, later in pairwise(months):
        np.testing.assert_allclose(later["previous"], earlier["value"], rtol=1e-12)
        np.testing.assert_allclose(later["change"], later["value"] - earlier["value"])


def test_a_stock_stands_at_the_end_of_each_period(city):
    table = gcm.period_table(city, as_of=JUNE, periods="month", indicators="illegal_open_area")
    row = table.iloc[0]
    may = gcm.progress(city, as_of="2022-05-31", level="city", indicators="illegal_open_area")
    assert row["kind"] == "date"
    assert row["previous"] == may["value"].iloc[0]
    assert row["change_ratio"] == pytest.approx(row["value"] / row["previous"] - 1)


def test_shares_differ_in_points_and_carry_their_terms(city):
    names = "manhole_new_tech_share"
    row = gcm.period_table(city, as_of=JUNE, periods="half", indicators=names).iloc[0]
    assert (row["numerator"], row["denominator"]) == (390, 1180)
    assert row["change"] == pytest.approx(row["value"] - row["previous"])
    assert math.isnan(row["change_ratio"])


def test_before_the_first_day_on_record_is_missing_and_not_zero(city):
    name = "overhead_started"
    row = gcm.period_table(city, as_of=JUNE, periods="half", indicators=name).iloc[0]
    assert row["value"] == 27
    assert math.isnan(row["previous"])
    assert math.isnan(row["year_ago"])
    assert "before the first day on record, 2022-01-10" in row["note_en"]
    assert "早于记录的最早日期" in row["note_zh"]


def test_a_period_table_has_its_columns_and_names_what_it_does_not_know(city):
    table = gcm.period_table(city, as_of=JUNE, level="district", indicators="manhole_remediated")
    assert list(table.columns) == list(PERIOD_COLUMNS)
    sums = table.groupby(["period", "level"])["value"].sum().unstack()  # noqa: PD010
    assert sums["city"].tolist() == sums["district"].tolist()
    with pytest.raises(gcm.CityDataError, match="periods is 'week'"):
        gcm.period_table(city, periods="week")
    with pytest.raises(gcm.AsOfError):
        gcm.period_table(city, as_of="2022-07-01")


# -- targets


def own(*rows: tuple, **more: list) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["indicator", "zone_code", "target", "deadline"])
    return frame.assign(**more)


def test_milestones_make_the_curve_that_is_expected(city):
    name = "parking_public_spaces_added"
    plan = own((name, "320500", 3000, "2022-03-31"), (name, "320500", 9000, "2022-06-30"),
               (name, "320500", 15000, "2022-12-31"))  # fmt: skip
    for as_of, expected in (("2022-03-31", 3000), ("2022-06-30", 9000), ("2022-05-15", 5967.033)):
        table = gcm.progress(city, as_of=as_of, level="city", targets=plan, indicators=name)
        row = table.iloc[0]
        assert row["expected"] == pytest.approx(expected, abs=0.01)
        assert (row["target"], row["deadline"]) == (15000, day("2022-12-31"))
    assert row["attainment"] == row["value"] / 15000


def test_a_target_in_another_unit_is_turned_into_the_figures(city):
    name = "illegal_demolished_area"
    given = own((name, "320500", 1500, "2022-12-31"), unit=["万平方米"])
    row = gcm.progress(city, as_of=JUNE, level="city", targets=given, indicators=name).iloc[0]
    assert row["target"] == 15_000_000
    wrong = own((name, "320500", 1500, "2022-12-31"), unit=["公里"])
    with pytest.raises(gcm.CityDataError, match=r"illegal_demolished_area is in m2") as caught:
        gcm.progress(city, as_of=JUNE, targets=wrong)
    assert "不能换算" in caught.value.message_zh


def test_district_targets_that_make_another_sum_are_told(city):
    name = "manhole_remediated"
    districts = [(name, code, 301, "2022-12-31") for code in city.zones.index]
    given = own((name, "320500", 3000, "2022-12-31"), *districts)
    table = gcm.progress(city, as_of=JUNE, targets=given, indicators=name)
    row = gcm.figure(table, name)
    assert "the districts' targets make 3,010, the city's is 3,000" in row["note_en"]
    assert "各板块目标之和为 3,010" in row["note_zh"]
    assert not table.loc[table["level"] == "district", "note_en"].str.contains("make").any()
    some = gcm.progress(city, as_of=JUNE, targets=given.iloc[:5], indicators=name)
    assert "make" not in gcm.figure(some, name)["note_en"]


def test_the_check_names_targets_without_counterpart_or_sum(tmp_path):
    for path in (*DATA.glob("manholes.*"), *DATA.glob("districts.*")):
        shutil.copy(path, tmp_path)
    lines = ["indicator,zone_code,target", "manhole_remediated,320500,3000", "holes,320500,1"]
    last = ("05", "06", "07", "08", "09", "71", "81", "82", "83", "85")
    codes = [*(f"3205{two}" for two in last), "999999"]
    lines += [f"manhole_remediated,{code},400" for code in codes]
    (tmp_path / "targets.csv").write_text("\n".join(lines), "utf-8")
    found = gcm.load_city(tmp_path).findings.set_index("code")
    told = found.loc["TARGET_UNMATCHED", "message_en"].tolist()
    assert any("'holes'" in t for t in told)
    assert any("'999999'" in t for t in told)
    assert "4,000" in found.loc["TARGET_SUM", "message_zh"]


def test_the_samples_targets_raise_nothing(city):
    assert not city.findings["code"].isin(["TARGET_SUM", "TARGET_UNMATCHED"]).any()


# -- outlook


def test_what_is_needed_is_what_remains_by_the_days_left(city):
    table = gcm.outlook(city, as_of=JUNE)
    assert list(table.columns) == list(OUTLOOK_COLUMNS)
    row = table.set_index("indicator").loc["manhole_remediated"]
    assert (row["remaining"], row["days_left"]) == (3000 - 1180, 184)
    assert row["needed_per_day"] == pytest.approx(1820 / 184)
    # From July to December in whole manholes, 303 of which a month would be two short.
    assert row["needed_per_month"] == 304 == math.ceil(1820 / 6)
    assert row["months_used"] == 6
    assert row["pace_per_month"] == pytest.approx(1180 / 6)


def test_what_a_month_must_bring_makes_what_remains_by_the_deadline(city):
    table = gcm.outlook(city, as_of=JUNE).dropna(subset=["needed_per_month"])
    table = table[table["remaining"].gt(0) & table["days_left"].gt(0)]
    assert len(table) > 10
    months = table["deadline"].dt.month - 6 + 12 * (table["deadline"].dt.year - 2022)
    assert (table["needed_per_month"] * months >= table["remaining"] - 1e-6).all()
    areas = table["unit"].ne("count")
    assert np.allclose((table["needed_per_month"] * months)[areas], table["remaining"][areas])


@pytest.mark.parametrize(
    ("day", "deadline", "starts", "months"),
    [
        ("2022-06-30", "2022-09-30", 1, 3.0),
        ("2022-06-20", "2022-09-15", 1, 10 / 30 + 2 + 15 / 30),
        ("2022-02-28", "2022-03-31", 1, 1.0),
        ("2022-06-25", "2022-12-25", 26, 6.0),
        ("2022-12-31", "2023-01-10", 1, 10 / 31),
    ],
)
def test_months_to_a_deadline_are_those_of_the_calendar(day, deadline, starts, months):
    ahead = _months_ahead(pd.Timestamp(day), pd.Series([pd.Timestamp(deadline)]), starts)
    assert ahead.iloc[0] == pytest.approx(months)


def test_the_projection_is_the_mean_and_t_interval_of_the_months(city):
    stats = pytest.importorskip("scipy.stats")
    name = "manhole_remediated"
    ends = pd.date_range("2022-01-31", JUNE, freq="ME")
    x = np.array([
        gcm.period_table(city, as_of=d, periods="month", indicators=name)["value"].iloc[0]
        for d in ends
    ])  # fmt: skip
    row = gcm.outlook(city, as_of=JUNE, indicators=name).iloc[0]
    h = 184 / DAYS_PER_MONTH
    margin = stats.t.ppf(0.9, 5) * x.std(ddof=1) * math.sqrt(h + h * h / 6)
    assert row["at_deadline"] == pytest.approx(1180 + h * x.mean())
    assert row["at_deadline_low"] == pytest.approx(1180 + h * x.mean() - margin, rel=1e-4)
    assert row["at_deadline_high"] == pytest.approx(1180 + h * x.mean() + margin, rel=1e-4)
    months = 1820 / x.mean()
    expected = day(JUNE) + pd.Timedelta(days=math.ceil(months * DAYS_PER_MONTH))
    assert row["projected_date"] == expected
    assert row["projected_earliest"] < row["projected_date"] < row["projected_latest"]


def test_the_quantiles_are_students():
    stats = pytest.importorskip("scipy.stats")
    np.testing.assert_allclose(_T80, stats.t.ppf(0.9, range(1, len(_T80) + 1)), atol=1e-4)


@pytest.mark.parametrize("n", [3, 6, 12])
@pytest.mark.parametrize("width", [0.0, 20.0, 150.0, 400.0])
def test_the_bounds_meet_what_remains_at_the_roots(n, width):
    remaining, mean = 1000.0, 100.0
    first, last = crossing(remaining, mean, width, n)

    def bound(h, sign):
        return h * mean + sign * width * math.sqrt(h + h * h / n)

    assert bound(first, 1) == pytest.approx(remaining)
    assert first <= remaining / mean
    if math.isfinite(last):
        assert bound(last, -1) == pytest.approx(remaining)
        assert last >= remaining / mean
    else:
        assert all(bound(h, -1) < remaining for h in np.linspace(0.1, 1e5, 1000))


def test_eighty_of_a_hundred_futures_lie_within_the_interval():
    """The share of simulated cities whose next months stay within the bounds is the one stated."""
    rng = np.random.default_rng(7)
    n, h, inside, runs = 6, 6, 0, 4000
    for past, future in zip(rng.normal(100, 30, (runs, n)), rng.normal(100, 30, (runs, h)),
                            strict=True):  # fmt: skip
        margin = _T80[n - 2] * past.std(ddof=1) * math.sqrt(h + h * h / n)
        inside += abs(future.sum() - h * past.mean()) <= margin
    assert inside / runs == pytest.approx(0.8, abs=0.02)


REASONS = {
    "illegal_remediated_area": "do not compare", "manhole_new_tech_share": "share or level",
    "illegal_key_projects": "no growth", "bike_shared_deployed": "cannot give",
}  # fmt: skip


@pytest.mark.parametrize("indicator", REASONS)
def test_what_cannot_be_projected_says_why(city, indicator):
    row = gcm.outlook(city, as_of=JUNE, indicators=indicator).iloc[0]
    assert not row["can_project"]
    assert REASONS[indicator] in row["reason_en"]
    assert row["reason_zh"]
    assert pd.isna(row["projected_date"])


def test_too_few_months_and_a_target_that_is_met_are_reasons(city):
    name = "overhead_started"
    aim = own((name, "320500", 90, "2022-12-31"))
    early = gcm.outlook(city, as_of=JUNE, indicators=name, targets=aim)
    assert early.iloc[0]["months_used"] == 5
    small = own(("manhole_remediated", "320500", 1000, "2022-12-31"))
    met = gcm.outlook(city, as_of=JUNE, indicators="manhole_remediated", targets=small).iloc[0]
    assert (met["remaining"], met["reason_en"]) == (0, "the target is met")
    few = gcm.outlook(city, as_of="2022-03-15", indicators=name, targets=aim)
    assert "whole months on record" in few.iloc[0]["reason_en"]
    with pytest.raises(gcm.CityDataError, match="months is 2"):
        gcm.outlook(city, months=2)


def test_data_without_a_date_have_no_periods_and_no_outlook_and_say_so(city):
    dateless = replace(city, data_date=None)
    aim = own(("manhole_remediated", "320500", 3000, "2022-12-31"))
    ahead = gcm.outlook(dateless, indicators="manhole_remediated", targets=aim).iloc[0]
    assert not ahead["can_project"]
    assert (ahead["reason_zh"], ahead["reason_en"]) == ("数据没有日期", "the data has no date")
    names = ["manhole_remediated", "manhole_open_count"]
    table = gcm.period_table(dateless, periods="month", indicators=names).set_index("indicator")
    assert np.isnan(table.loc["manhole_remediated", "value"])
    assert table.loc["manhole_remediated", "note_en"].endswith("the data has no date")
    # What stands is on record, whatever the day.
    assert table.loc["manhole_open_count", "value"] == 2129
    assert table[["previous", "year_ago"]].isna().all(axis=None)


def test_a_stock_that_is_to_fall_is_measured_downwards(city):
    row = gcm.outlook(city, as_of=JUNE, indicators="illegal_safety_remaining_count").iloc[0]
    assert row["remaining"] == row["value"] == 1410
    assert row["days_left"] == 92
    assert row["pace_per_month"] > 0
    assert row["at_deadline_low"] < row["at_deadline"] < row["at_deadline_high"]
    assert row["at_deadline"] < row["value"]


@pytest.mark.parametrize("columns", [PERIOD_COLUMNS, OUTLOOK_COLUMNS])
def test_each_column_is_explained(columns):
    page = (ROOT / "docs" / "columns.md").read_text("utf-8")
    for column in columns:
        assert f"`{column}`" in page
