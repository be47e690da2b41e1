"""Dates people ask for: one reading of each, or a refusal that names it."""

from __future__ import annotations

import datetime as dt
import inspect

import numpy as np
import pandas as pd
import pytest

import geo_citymgmt as gcm
from geo_citymgmt._dates import local_days, read_day
from tests.conftest import DATA, with_layers

UTC = dt.UTC
SPANS = [
    ("2022-06-30", "2022-06-30", "2022-06-30"),
    ("2022/6/5", "2022-06-05", "2022-06-05"),
    ("2022.6.5", "2022-06-05", "2022-06-05"),
    ("2022年6月30日", "2022-06-30", "2022-06-30"),
    ("２０２２年６月３０日", "2022-06-30", "2022-06-30"),
    ("二〇二二年十一月二十一日", "2022-11-21", "2022-11-21"),
    ("20220630", "2022-06-30", "2022-06-30"),
    (20220630, "2022-06-30", "2022-06-30"),
    ("2022-06-30 17:30", "2022-06-30", "2022-06-30"),
    ("2022-02", "2022-02-01", "2022-02-28"),
    ("2024年2月", "2024-02-01", "2024-02-29"),
    ("202206", "2022-06-01", "2022-06-30"),
    (pd.Period("2022-06"), "2022-06-01", "2022-06-30"),
    (np.datetime64("2022-06"), "2022-06-01", "2022-06-30"),
    ("2022Q2", "2022-04-01", "2022-06-30"),
    ("2022年第四季度", "2022-10-01", "2022-12-31"),
    ("2022四季度", "2022-10-01", "2022-12-31"),
    ("2022上半年", "2022-01-01", "2022-06-30"),
    (pd.Period("2022Q3"), "2022-07-01", "2022-09-30"),
    ("2022年上半年", "2022-01-01", "2022-06-30"),
    ("2022H2", "2022-07-01", "2022-12-31"),
    ("2022", "2022-01-01", "2022-12-31"),
    ("2022年", "2022-01-01", "2022-12-31"),
    (np.int64(2022), "2022-01-01", "2022-12-31"),
    ("2022年九月底", "2022-09-30", "2022-09-30"),
    ("2022年年底", "2022-12-31", "2022-12-31"),
    ("2024年2月下旬", "2024-02-21", "2024-02-29"),
    (dt.date(2022, 6, 30), "2022-06-30", "2022-06-30"),
    (dt.datetime(2022, 6, 30, 23, 59), "2022-06-30", "2022-06-30"),
    (dt.datetime(2022, 6, 30, 16, tzinfo=UTC), "2022-07-01", "2022-07-01"),
    (pd.Timestamp("2022-06-30 15:59", tz="UTC"), "2022-06-30", "2022-06-30"),
    ("2022-06-30T16:00:00Z", "2022-07-01", "2022-07-01"),
    ("2022-06-30T23:00+08:00", "2022-06-30", "2022-06-30"),
]


@pytest.mark.parametrize(("value", "first", "last"), SPANS)
def test_a_date_means_its_first_day_as_a_start_and_its_last_as_an_end(value, first, last):
    assert read_day(value, "start", function="f", first=True) == pd.Timestamp(first)
    assert read_day(value, "end", function="f") == pd.Timestamp(last)


@pytest.mark.parametrize(
    "value", ["06/05/2022", "30-06-2022", "6.5.22", "22/06/05", "06/05/2022 8:00"]
)
def test_an_order_that_can_be_read_in_two_ways_is_refused_with_the_way_to_write_it(value):
    with pytest.raises(gcm.AsOfError, match="more than one way") as caught:
        read_day(value, "as_of", function="progress")
    assert str(caught.value).startswith(f"progress: as_of is {value!r}")
    assert "2022-06-05" in caught.value.remedy
    assert caught.value.message_zh.startswith("progress：as_of 为")


@pytest.mark.parametrize(
    "value",
    [
        None, True, pd.NaT, pd.NA, np.nan, 2022.5, 7, -2022, 44742, "44742", "", "昨天", "九月底",
        "9月30日", "2022-13", "2022-02-30", "2022-06-30 25:00", "2022-06-30 or so", "20221301",
        np.datetime64("NaT", "us"), [dt.date(2022, 6, 30)], dt.date(9999, 1, 1), pd.Period("1066"),
    ],
)  # fmt: skip
def test_what_is_no_date_is_refused_by_name(value):
    with pytest.raises(gcm.AsOfError, match=r"^progress: as_of is .*which is no date") as caught:
        read_day(value, "as_of", function="progress")
    assert "2022-06-30" in caught.value.remedy_zh


# -- columns of dates

MOMENTS = pd.Series(pd.to_datetime(["2022-02-28 16:00", None, "2022-03-01 15:59"]), name="day")
IN_UTC = MOMENTS.dt.tz_localize("UTC")


@pytest.mark.parametrize(
    "column",
    [
        IN_UTC,
        IN_UTC.dt.tz_convert("America/New_York"),
        IN_UTC.astype(object),
        # A copy: pandas 3.1.0 writes into what it makes such a column of.
        IN_UTC.copy().astype("timestamp[us, tz=UTC][pyarrow]"),
        MOMENTS.dt.normalize()
        .where(MOMENTS.dt.day == 1, pd.Timestamp("2022-03-01"))
        .where(MOMENTS.notna()),
        pd.Series([dt.date(2022, 3, 1), None, dt.date(2022, 3, 1)], dtype="date32[pyarrow]"),
        pd.Series([dt.date(2022, 3, 1), np.nan, np.datetime64("2022-03-01")], dtype=object),
    ],
    ids=lambda column: str(column.dtype),
)
def test_days_of_a_column_are_those_of_shanghai(column):
    days = local_days(column)
    assert days.dtype == np.dtype("datetime64[D]")
    assert [str(day) for day in days] == ["2022-03-01", "NaT", "2022-03-01"]


def test_a_column_in_which_no_day_is_known_is_a_column_of_days():
    for column in (pd.Series([None, None]), pd.Series([np.nan]), pd.Series([], dtype=object)):
        assert np.isnat(local_days(column)).all()


@pytest.mark.parametrize(
    "column",
    [
        pd.Series(["2022-03-01"], index=["a"], name="found"),
        pd.Series([20220301], index=["a"], name="found"),
        pd.Series([dt.date(2022, 3, 1), "soon"], index=["b", "a"], name="found"),
        pd.Series(["2022"], index=["a"], name="found", dtype="string[pyarrow]"),
    ],
    ids=lambda column: str(column.dtype),
)
def test_a_column_that_is_no_dates_is_named_with_its_first_such_record(column):
    with pytest.raises(gcm.CityDataError, match=r"^recurrence: column 'found' .*first at 'a'") as e:
        local_days(column, function="recurrence")
    assert "pandas.to_datetime" in e.value.remedy


# -- in public functions

DATE_WORDS = {"as_of", "date", "day", "on", "at", "when", "as_at"}


def public_functions() -> list[str]:
    return [name for name in gcm.__all__ if inspect.isfunction(getattr(gcm, name))]


@pytest.mark.parametrize("name", public_functions())
def test_the_day_of_a_result_has_one_name_and_one_default(name):
    parameters = inspect.signature(getattr(gcm, name)).parameters
    assert set(parameters) & DATE_WORDS <= {"as_of"}
    if "as_of" in parameters:
        assert parameters["as_of"].default is None
        assert parameters["as_of"].kind is inspect.Parameter.KEYWORD_ONLY
    if "end" in parameters:
        assert parameters["end"].default is None


def test_many_functions_are_asked_for_a_day():
    asked = [
        n for n in public_functions() if "as_of" in inspect.signature(getattr(gcm, n)).parameters
    ]
    assert {"progress", "outlook", "open_cases", "city_map", "write_report", "plot_zones"} <= set(
        asked
    )


MANHOLES = {"level": "city", "indicators": "manhole_remediated"}


def remediated(city, **more) -> float:
    return gcm.progress(city, **MANHOLES, **more)["value"].iloc[0]


def test_a_month_is_asked_for_to_its_last_day(city):
    june = remediated(city, as_of="2022-06-30")
    assert june == 1180
    for same in ("2022-06", "2022年6月", "2022Q2", pd.Period("2022-06"), None):
        assert remediated(city, as_of=same) == june
    assert remediated(city, as_of="2022-05") == remediated(city, as_of="2022-05-31") < june


@pytest.mark.parametrize("as_of", ["06/05/2022", True, pd.NaT, "2022-06-31"])
@pytest.mark.parametrize(
    "function", ["progress", "outlook", "period_table", "ageing", "open_cases", "case_lists",
                 "last_open", "interim_share", "city_map"]
)  # fmt: skip
def test_a_day_that_is_none_is_refused_by_the_function_that_was_asked(city, function, as_of):
    with pytest.raises(gcm.AsOfError, match=f"^{function}: as_of is "):
        getattr(gcm, function)(city, as_of=as_of)


@pytest.mark.parametrize("function", ["progress_series", "stock_flow", "relapse_rates"])
def test_a_period_runs_from_the_first_day_of_its_start_to_the_last_of_its_end(city, function):
    call = getattr(gcm, function)
    city = with_layers(city, "illegal_construction")
    months = call(city, start="2022-05", end="2022-06", level="city")
    days = call(city, start="2022-05-01", end="2022-06-30", level="city")
    pd.testing.assert_frame_equal(months, days)
    pd.testing.assert_frame_equal(months, call(city, start="2022年5月", level="city"))
    with pytest.raises(gcm.AsOfError, match=f"^{function}: start is None"):
        call(city, start=None)
    with pytest.raises(gcm.AsOfError, match=f"^{function}: the period ends on 2022-04-30"):
        call(city, start="2022-05", end="2022-04")
    with pytest.raises(gcm.AsOfError, match="end 2022-12-31 is after it"):
        call(city, start="2022-05", end="2022")


def test_a_clearing_is_due_on_the_last_day_of_its_month(city):
    month = gcm.burn_down(city, deadline="2022-09", start="2022-05", level="city")
    assert month["deadline"].unique().tolist() == [pd.Timestamp("2022-09-30")]
    assert month["as_of"].iloc[0] == pd.Timestamp("2022-05-01")
    with pytest.raises(gcm.AsOfError, match=r"^burn_down: deadline is '九月底', which is no date"):
        gcm.burn_down(city, deadline="九月底", start="2022-05")


@pytest.mark.parametrize("freq", ["fortnight", 7, None, "h", ""])
def test_a_frequency_that_is_none_of_days_is_refused(city, freq):
    for call, more in ((gcm.progress_series, {}), (gcm.burn_down, {"deadline": "2022-12"})):
        with pytest.raises(gcm.CityDataError, match=f"^{call.__name__}: freq is "):
            call(city, start="2022-05", level="city", freq=freq, **more)


def test_a_figure_of_a_series_is_asked_for_by_its_month(city):
    series = gcm.progress_series(city, start="2022-05", **MANHOLES)
    may = gcm.figure(series, "manhole_remediated", as_of="2022-05")
    assert may["as_of"] == pd.Timestamp("2022-05-31")
    with pytest.raises(gcm.AsOfError, match=r"^figure: as_of is '05/2022'"):
        gcm.figure(series, "manhole_remediated", as_of="05/2022")


def test_the_date_of_a_sheet_goes_by_its_old_name_with_a_warning(city):
    table = pd.DataFrame({"n": range(len(city.zones))}, index=city.zones.index)
    with pytest.warns(DeprecationWarning, match="use as_of="):
        sheet = gcm.plot_zones(table, city.zones, "n", date="2022-06", lang="en")
    assert any("2022-06-30" in text.get_text() for text in sheet.texts)


@pytest.mark.parametrize(
    ("entry", "day"), [('"2022-06"', "2022-06-30"), ("2022-05-31", "2022-05-31")]
)
def test_the_date_of_the_data_is_read_like_every_other(tmp_path, entry, day):
    path = (DATA / "manholes.shp").as_posix()
    config = tmp_path / "city.toml"
    config.write_text(f'data_date = {entry}\n[layers.manholes]\npath = "{path}"\n', "utf-8")
    assert gcm.load_city(config).data_date == pd.Timestamp(day)
    config.write_text(f'data_date = "06/05/2022"\n[layers.manholes]\npath = "{path}"\n', "utf-8")
    with pytest.raises(
        gcm.SpecError, match=r"^city\.toml, line 1 \[data_date\]: data_date is '06/05/2022'"
    ):
        gcm.load_city(config)


@pytest.mark.parametrize("wrong", [7, [], {"a": 1}, ["manhole_remediatd"], [None]], ids=repr)
@pytest.mark.parametrize("function", ["progress", "outlook", "period_table"])
def test_figures_that_are_none_are_refused_by_the_function_that_was_asked(city, function, wrong):
    with pytest.raises(gcm.CityDataError, match=f"^{function}: indicators"):
        getattr(gcm, function)(city, indicators=wrong)


@pytest.mark.parametrize(
    ("function", "change", "said"),
    [
        ("progress", {"level": "province"}, "level is 'province'"),
        ("progress", {"level": None}, "level is None"),
        ("progress", {"basis": "events"}, "basis is 'events'"),
        ("progress", {"basis": []}, "basis is"),
        ("outlook", {"months": "6"}, "months is '6'"),
        ("outlook", {"months": 6.5}, "months is 6.5"),
        ("outlook", {"months": 13}, "months is 13"),
        ("period_table", {"periods": "week"}, "periods is 'week'"),
        ("period_table", {"periods": []}, r"periods is \[\]"),
        ("period_table", {"periods": 3}, "periods is 3"),
        ("period_table", {"level": 3}, "level is 3"),
    ],
)
def test_an_argument_of_progress_that_cannot_be_used_is_refused_by_name(
    city, function, change, said
):
    with pytest.raises(gcm.CityDataError, match=f"^{function}: {said}"):
        getattr(gcm, function)(city, **change)


@pytest.mark.parametrize(
    "wrong", [None, "data/shapefiles", pd.DataFrame()], ids=lambda v: str(type(v))
)
@pytest.mark.parametrize(
    "function", ["progress", "outlook", "period_table", "open_cases", "city_map"]
)
def test_what_is_no_city_is_refused_by_name(function, wrong):
    with pytest.raises(gcm.CityDataError, match=f"^{function}: city is a "):
        getattr(gcm, function)(wrong)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"table": None}, "table is a NoneType"),
        ({"table": pd.DataFrame({"indicator": ["x"]})}, "table: no column 'published_id'"),
        ({"indicator": 7}, "indicator holds 7"),
        ({"zone": ["320505"]}, "zone holds"),
    ],
)
def test_a_figure_that_cannot_be_looked_up_names_its_argument(city, change, said):
    given = {"table": gcm.progress(city, **MANHOLES), "indicator": "manhole_remediated", **change}
    with pytest.raises(gcm.CityDataError, match=f"^figure: {said}"):
        gcm.figure(**given)
