"""Rates of 368,172 cases in working time against a plain pandas script."""

from __future__ import annotations

import numpy as np
import pandas as pd

import geo_citymgmt as gcm
from benchmarks.harness import Bench
from generator.cases import limits_table
from tests import plain_cases
from tests.test_cases_by_pandas import FIGURES

_DAY = "2022-05-31"


def run(bench: Bench) -> None:
    """When all cases are due, and all rates of the city and its districts."""
    city = gcm.sample_city(layers=["digital_cases"])
    cases = pd.DataFrame(city["digital_cases"].drop(columns="geometry"))
    if bench.quick:
        cases = cases.iloc[::10].reset_index(drop=True)
        part = city.layer("digital_cases").data.iloc[::10].reset_index(drop=True)
        city = city.with_layer("digital_cases", part)
    limits = limits_table().astype({"amount": float})
    found = plain_cases.limits_of(cases, limits, "handle")
    start = cases["dispatched_at"]

    def agree(ours: pd.Series, theirs: pd.Series) -> str:
        assert ours.equals(theirs.astype(ours.dtype))
        return "the same times"

    bench.compare(
        f"due times of {len(cases):,} cases in working time",
        lambda: gcm.due_times(start, found["amount"], found["unit"]),
        "plain pandas",
        lambda: plain_cases.due(start, found["amount"], found["unit"]),
        agree,
    )
    plain = plain_cases.with_limits(cases, limits)

    def same(ours: pd.DataFrame, theirs: list[pd.DataFrame]) -> str:
        table = ours.set_index(["indicator", "zone_code"])
        for expected in theirs:
            for name, figure in FIGURES.items():
                rows = table.xs(figure, level="indicator").loc[expected.index]
                for column in ("numerator", "denominator"):
                    wanted = expected[name, column].to_numpy(float)
                    assert np.array_equal(rows[column].to_numpy(float), wanted), name
        return "the same numerators and denominators"

    bench.compare(
        f"{len(FIGURES)} rates of {len(cases):,} cases, city and districts",
        lambda: gcm.progress(city, as_of=_DAY),
        "plain pandas",
        lambda: [
            plain_cases.rates(plain, "2022-01-01", _DAY).set_axis([city.code]),
            plain_cases.rates(plain, "2022-01-01", _DAY, "district_code"),
        ],
        same,
    )
