"""Working time: days worked, hours of the day, when limits are over."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import geo_citymgmt as gcm
from geo_citymgmt._languages import Text
from geo_citymgmt.worktime import packaged_limits, put_off
from tests import plain_cases

CALENDAR = gcm.work_calendar()
MOMENTS = st.datetimes(pd.Timestamp("2022-01-01"), pd.Timestamp("2022-11-30")).map(
    lambda t: t.replace(second=0, microsecond=0)
)
UNITS = st.sampled_from(["working_hours", "working_days", "hours", "days"])


def series(*times: str | None) -> pd.Series:
    return pd.Series(pd.to_datetime(list(times)))


def test_days_worked_are_those_of_the_chinese_calendar():
    days = pytest.importorskip("chinese_calendar", reason="needs the package chinesecalendar")
    known = pd.Series(pd.date_range(str(CALENDAR.first), str(CALENDAR.last)))
    worked = np.diff([*CALENDAR.worked(known), CALENDAR.since[-1]]).astype(float)[:-1] > 0
    expected = [days.is_workday(day.date()) for day in known[:-1]]
    assert worked.tolist() == expected


@given(st.lists(st.tuples(MOMENTS, st.integers(1, 90), UNITS), min_size=1, max_size=8))
def test_limits_end_as_a_plain_script_has_them(cases):
    start = pd.Series([pd.Timestamp(c[0]) for c in cases])
    amount, unit = pd.Series([c[1] for c in cases]), pd.Series([c[2] for c in cases])
    # The plain script knows but one year.
    expected = plain_cases.due(start, amount, unit)
    ours = gcm.due_times(start, amount, unit)
    assert ours[expected.notna()].tolist() == expected.dropna().tolist()


@given(MOMENTS, st.integers(1, 2000))
def test_a_limit_is_over_after_as_many_minutes_as_are_worked_one_by_one(start, minutes):
    due = gcm.due_times(series(str(start)), minutes / 60)[0]
    every = pd.date_range(start, due, freq="min", inclusive="left")
    text = every.strftime("%Y-%m-%d")
    day = every.hour * 60 + every.minute
    in_hours = ((day >= 480) & (day < 720)) | ((day >= 840) & (day < 1080))
    weekday = (every.day_of_week < 5) & ~text.isin(list(plain_cases.HOLIDAYS))
    on = in_hours & (weekday | text.isin(list(plain_cases.MADE_UP)))
    assert on.sum() == minutes


@pytest.mark.parametrize(
    ("start", "amount", "unit", "due"),
    [
        ("2022-01-30 17:30", 4, "working_hours", "2022-02-07 11:30"),
        ("2022-05-06 17:00", 1, "working_days", "2022-05-07 17:00"),
        ("2022-06-30 08:00", 8, "working_hours", "2022-06-30 18:00"),
        ("2022-06-30 12:30", 1, "working_hours", "2022-06-30 15:00"),
        ("2022-06-30 20:00", 2, "hours", "2022-06-30 22:00"),
        ("2022-10-01 00:00", 3, "days", "2022-10-04 00:00"),
    ],
)
def test_limits_by_hand(start, amount, unit, due):
    assert gcm.due_times(series(start), amount, unit)[0] == pd.Timestamp(due)


def test_a_year_that_is_not_known_is_never_taken_for_one_without_holidays():
    due = gcm.due_times(series("2026-12-31 17:00", "2031-03-03 09:00", None), 4)
    assert due.isna().all()
    by_clock = gcm.due_times(series("2031-03-03 09:00"), 4, "hours")
    assert by_clock[0] == pd.Timestamp("2031-03-03 13:00")


def test_a_unit_that_there_is_not_is_refused():
    with pytest.raises(gcm.CityDataError, match="working_hours"):
        gcm.due_times(series("2022-06-30 09:00"), 4, "weeks")


def test_the_clock_stands_while_a_case_is_deferred():
    limit = series(*["2022-06-30 11:00"] * 4)
    stopped = series("2022-06-30 09:00", "2022-06-30 09:00", "2022-06-30 11:30", None)
    resumed = series("2022-07-04 16:30", None, "2022-07-04 16:30", None)
    moved = put_off(limit, stopped, resumed, np.zeros(4, bool), calendar=CALENDAR)
    # Two hours were left; who is deferred still owes nothing yet; who was late before is late.
    assert moved.astype(str).tolist()[:1] == ["2022-07-05 08:30:00"]
    assert moved.isna().tolist() == [False, True, False, False]
    assert moved[2] == moved[3] == limit[0]
    urgent = put_off(limit, stopped, resumed, np.ones(4, bool), calendar=CALENDAR)
    assert urgent[0] == pd.Timestamp("2022-07-04 18:30")


def test_an_office_says_its_own_hours_and_years(tmp_path: Path):
    file = tmp_path / "calendar.toml"
    file.write_text(
        'hours = ["09:00-17:00"]\nweekend = [7]\n[years.2027]\nholidays = ["01-01..01-03"]\n',
        encoding="utf-8",
    )
    own = gcm.work_calendar(file)
    due = gcm.due_times(series("2027-01-01 10:00", "2027-01-08 16:00"), 2, calendar=own)
    # Monday the 4th; on Saturdays they work.
    assert due.astype(str).tolist() == ["2027-01-04 11:00:00", "2027-01-09 10:00:00"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('hours = ["8-12"]', "08:00-12:00"),
        ('hours = ["08:00-12:00", "11:00-13:00"]', "11:00-13:00"),
        ("hours = []", "at least one"),
        ('[years.2022]\nholidays = ["02-30"]', "02-30"),
        ('[years.2022]\nholiday = ["02-03"]', "holidays"),
        ("[years.2029]\nholidays = []", "2027"),
        ("[years.next]\nholidays = []", "four digits"),
    ],
)
def test_a_mistake_in_a_calendar_is_told_with_what_to_write(tmp_path: Path, text, said):
    file = tmp_path / "calendar.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(gcm.SpecError, match=said):
        gcm.work_calendar(file)


def test_a_kind_has_its_own_limit_before_that_of_the_wider_kind():
    wide = pd.DataFrame(
        [("event", "", "", "handle", 3.0, "working_days"), ("", "", "", "handle", 9.0, "days"),
         ("event", "01", "02", "handle", 2.0, "hours")],
        columns=["case_class", "major_code", "minor_code", "stage", "amount", "unit"],
    )  # fmt: skip
    limits = packaged_limits().over(wide)
    kinds = pd.DataFrame(
        [("event", "01", "01"), ("event", "01", "02"), ("event", "07", None), (None, None, None),
         ("component", "01", "01")],
        columns=["case_class", "major_code", "minor_code"],
    )  # fmt: skip
    found = limits.of(kinds, "handle")
    assert found["amount"].tolist() == [7.0, 2.0, 3.0, 9.0, 9.0]
    assert found["unit"].tolist() == ["working_days", "hours", "working_days", "days", "days"]
    assert packaged_limits().of(kinds, "close")["amount"].notna().tolist() == [True, *[False] * 4]


def test_kinds_of_cases_are_named_in_chinese_and_english():
    """An office's own table may leave the English name to the package's, or have none at all."""
    row = {"case_class": "event", "stage": "handle", "amount": 1.0, "unit": "hours", "urgent": "no"}
    table = pd.DataFrame(
        [
            row | {"major_code": "01", "minor_code": "02", "note": "暴露垃圾：两类"},
            row | {"major_code": "09", "minor_code": "01", "note": "井盖缺失", "name_en": "Covers"},
            row | {"major_code": "09", "minor_code": "02", "note": "其他"},
        ]
    )
    names = packaged_limits().over(table).names()
    assert names["event", "01", "02"] == Text("暴露垃圾", "Exposed rubbish")
    assert names["event", "09", "01"] == Text("井盖缺失", "Covers")
    assert names["event", "09", "02"] == Text("其他", "其他")


@pytest.mark.parametrize("kind", ["Asia/Shanghai", "UTC", "object", "arrow"])
@pytest.mark.parametrize("unit", ["working_hours", "days"])
def test_moments_with_a_time_zone_or_of_another_type_end_as_local_ones_do(kind, unit):
    plain = series("2022-06-30 16:00", None)
    given_as = {
        "Asia/Shanghai": plain.dt.tz_localize("Asia/Shanghai"),
        "UTC": plain.dt.tz_localize("Asia/Shanghai").dt.tz_convert("UTC"),
        "object": plain.astype(object),
        "arrow": plain.dt.tz_localize("Asia/Shanghai").astype(
            "timestamp[us, tz=Asia/Shanghai][pyarrow]"
        ),
    }[kind]
    assert gcm.due_times(given_as, 4, unit).equals(gcm.due_times(plain, 4, unit))


@pytest.mark.parametrize(
    ("start", "amount", "said"),
    [
        (["2022-06-30"], 4, "a list, not a Series"),
        (pd.Series([5, 6]), 4, "is not dates"),
        (series("2022-06-30"), pd.Series([4], index=["a"]), "index of amount lacks labels"),
    ],
)
def test_what_holds_no_moments_or_fits_no_start_is_refused(start, amount, said):
    with pytest.raises(gcm.CityDataError, match=said):
        gcm.due_times(start, amount)
