"""Open cases: ages, deadlines and lists, by hand and by plain pandas."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import geo_citymgmt as gcm
from geo_citymgmt.cases._cases import deadlines_on_record
from geo_citymgmt.spec import load_specs
from tests.remediation.parcels import (
    plain_open,
    small_city,
)


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


def test_what_is_overdue_on_record_is_open_and_past_its_day():
    """The day itself is in time; what is done or has no deadline is never late."""
    frame = pd.DataFrame(
        {
            "status": ["20", "20", "20", "60"],
            "deadline": pd.to_datetime(["2022-06-29", "2022-06-30", None, "2022-06-01"]),
        },
        index=[7, 5, 3, 1],
    )
    spec = load_specs()["illegal_construction"]
    table = deadlines_on_record(frame, spec, pd.Timestamp("2022-06-30"))
    assert table.index.tolist() == [7, 5, 3, 1]
    assert table["open"].tolist() == [True, True, True, False]
    assert table["overdue"].tolist() == [True, False, False, False]
    assert table["days_left"].fillna(999).tolist() == [-1, 0, 999, -29]
    assert deadlines_on_record(frame, spec, None) is None
    assert deadlines_on_record(frame[["status"]], spec, pd.Timestamp("2022-06-30")) is None
