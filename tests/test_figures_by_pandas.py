"""Every figure at every month end of the half-year, against plain pandas on records and events."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import geo_citymgmt as gcm
from tests.plain_figures import AT_THE_END, IDS, PlainCity

MONTHS = pd.date_range("2022-01-31", "2022-06-30", freq="ME")


@pytest.fixture(scope="module")
def plain(city):
    return PlainCity(city)


@pytest.fixture(scope="module")
def series(city):
    return gcm.progress_series(city, start=MONTHS[0], end=MONTHS[-1], level="city")


@pytest.mark.parametrize("day", MONTHS, ids=[f"{d:%m-%d}" for d in MONTHS])
def test_all_figures_with_their_terms_are_those_of_plain_pandas(series, plain, day):
    rows = series[(series["as_of"] == day) & series["layer"].isin(list(IDS))].set_index("indicator")
    told = plain.at(day)
    beside = {"demolition_social_conflicts", "demolition_lawsuits_lost", "demolition_accidents",
              "prevention_levels", "bike_shared_deployed", "illegal_reported_area",
              "illegal_approved_area", "illegal_cut_area"}  # fmt: skip
    assert set(rows.index) - set(told) == beside
    assert (rows.loc[sorted(beside), "status"] == "not_available").all()
    for name, (value, numerator, denominator) in told.items():
        row = rows.loc[name]
        assert row["value"] == pytest.approx(value, rel=1e-9, nan_ok=True), name
        if name not in AT_THE_END or day == MONTHS[-1]:
            assert row["numerator"] == pytest.approx(numerator, rel=1e-9, nan_ok=True), name
            assert row["denominator"] == pytest.approx(denominator, rel=1e-9, nan_ok=True), name


def test_most_figures_can_be_told_at_any_month_end(series):
    told = series[series["status"] != "not_available"].groupby("as_of")["indicator"].nunique()
    assert told.loc[MONTHS[-1]] >= 60
    assert told.min() >= 50


def test_one_figure_with_its_terms_is_one_call(series):
    row = gcm.figure(series, "manhole_new_tech_share", as_of="2022-06-30")
    assert (row["numerator"], row["denominator"], row["target"]) == (390, 1180, 0.3)
    assert gcm.figure(series, "manholes_new_tech_share_target_fy")["as_of"] == MONTHS[-1]
    with pytest.raises(gcm.CityDataError, match="no figure 'manholes'"):
        gcm.figure(series, "manholes")
    with pytest.raises(gcm.CityDataError, match="320583"):
        gcm.figure(series, "manhole_remediated", "320583")


def test_figures_may_be_chosen_by_their_id_or_the_published_row(city, series):
    names = ["manhole_remediated", "parking_spaces_added_h1"]
    few = gcm.progress(city, as_of="2022-06-30", level="city", indicators=names)
    assert few["indicator"].tolist() == ["manhole_remediated", "parking_spaces_added"]
    june = series[series["as_of"] == MONTHS[-1]]
    same = june[june["indicator"].isin(few["indicator"])].reset_index(drop=True)
    pd.testing.assert_frame_equal(few, same)
    with pytest.raises(gcm.CityDataError, match="no figure 'holes'"):
        gcm.progress(city, as_of="2022-06-30", indicators="holes")


def test_districts_make_the_city_for_every_figure_that_adds_up(city, june_by_street):
    table = june_by_street
    for name, rows in table.groupby("indicator"):
        if not city.figures.figures[name].adds_up or rows["value"].isna().all():
            continue
        sums = rows.groupby("level")["value"].sum()
        for level in ("district", "street"):
            assert sums[level] == pytest.approx(sums["city"], rel=1e-9, abs=1e-9), (name, level)
    # A part below zero makes no share: more was taken back in a street than was done.
    shares = table[(table["denominator"] > 0) & (table["numerator"] >= 0)]
    assert len(shares) > 1_000
    np.testing.assert_allclose(shares["value"], shares["numerator"] / shares["denominator"])
