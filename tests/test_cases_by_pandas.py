"""Rates of all 368,172 cases against a plain script: by district, unit, source and kind."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import geo_citymgmt as gcm
from tests import plain_cases
from tests.conftest import DATA

#: Names of the rates in the plain script, and the figures that are the same.
FIGURES = {
    "handled": "case_handled_share",
    "handled_in_time": "case_handled_in_time_share",
    "overdue_open": "case_overdue_open_share",
    "closed": "case_due_closed_share",
    "closed_in_time": "case_closed_in_time_share",
    "closed_late": "case_closed_late_share",
    "reworked": "case_rework_share",
    "extended": "case_extended_share",
    "valid": "case_valid_share",
    "filed_in_time": "case_filed_in_time_share",
    "checked_in_time": "case_verified_in_time_share",
    "dispatched_right": "case_dispatched_right_share",
    "closed_of_reported": "case_closed_share",
    "satisfied": "case_satisfied_share",
}


def as_filed(cases: pd.DataFrame) -> pd.DataFrame:
    """Cases as the file has them, which states the limits of two sources alone."""
    computed = ~cases["source"].isin(["hotline_12345", "police_110"])
    none = pd.Series(pd.NaT, cases.index, dtype="datetime64[us]")
    return cases.assign(**{n: cases[n].mask(computed, none) for n in ("handle_due_at", "due_at")})


@pytest.fixture(scope="module")
def plain(cases_city: gcm.City) -> pd.DataFrame:
    """The cases with the limits the plain script finds."""
    cases = as_filed(pd.DataFrame(cases_city["digital_cases"].drop(columns="geometry")))
    limits = pd.read_csv(DATA / "limits.csv", dtype={"major_code": str, "minor_code": str})
    return plain_cases.with_limits(cases, limits)


def test_due_times_are_those_of_the_plain_script(cases_city: gcm.City, plain: pd.DataFrame):
    ours = cases_city["digital_cases"]
    moved = plain[["extended_to", "deferred_from"]].notna().any(axis=1)
    for stated, limit in (("handle_due_at", "handle_limit"), ("due_at", "close_limit")):
        assert (ours[stated] == plain[limit])[~moved].all()


def same(ours: pd.DataFrame, expected: pd.DataFrame) -> None:
    """Numerators and denominators of all rates, to the unit; ``ours`` by zone or unit."""
    for name, figure in FIGURES.items():
        found = ours.xs(figure, level="indicator")
        for column in ("numerator", "denominator"):
            counts = found[column].reindex(expected.index).fillna(0)
            wanted = expected[name, column]
            assert np.array_equal(counts.to_numpy(float), wanted.to_numpy(float)), (name, column)


@pytest.mark.parametrize("day", ["2022-05-31", "2022-03-10"])
def test_rates_by_district_are_those_of_the_plain_script(
    cases_city: gcm.City, plain: pd.DataFrame, day: str
):
    table = gcm.progress(cases_city, as_of=day, indicators=list(FIGURES.values()))
    ours = table[table["level"] == "district"].set_index(["indicator", "zone_code"])
    expected = plain_cases.rates(plain, "2022-01-01", day, "district_code")
    assert len(expected) == 10
    same(ours, expected)


@pytest.mark.parametrize("by", ["manage_org", "source", "minor_code", "case_class"])
def test_rates_by_unit_source_and_kind_are_those_of_the_plain_script(
    cases_city: gcm.City, plain: pd.DataFrame, by: str
):
    figures = list(FIGURES.values())
    table = gcm.unit_progress(cases_city, by=by, as_of="2022-05-31", indicators=figures)
    ours = table[table["row_kind"] == "unit"].set_index(["indicator", "zone_code"])
    expected = plain_cases.rates(plain, "2022-01-01", "2022-05-31", by)
    assert len(expected) == plain[by].nunique()
    same(ours, expected)


def test_figures_of_the_document_are_met_to_the_unit(cases_city: gcm.City):
    published = gcm.published_indicators().set_index("id")["value"]
    for day in ("2022-05-31", "2022-06-30"):
        table = gcm.progress(cases_city, as_of=day, level="city")
        table = table[table["published_id"].isin(published.index)].set_index("published_id")
        found = table["value"].dropna()
        for name in (
            "digital_cases_total", "digital_cases_closure_rate", "hotline_12345_cases",
            "hotline_12345_closure_rate", "hotline_12345_satisfaction_rate", "police_110_cases",
            "police_110_closed", "police_110_closure_rate",
        ):  # fmt: skip
            digits = 4 if published[name] < 1 else 0
            assert round(found[name], digits) == published[name], name
