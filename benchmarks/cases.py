"""Rates of 368,172 cases in working time against a plain pandas script."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

import geo_citymgmt as gcm
from benchmarks.harness import Bench
from generator.cases import limits_table
from geo_citymgmt.city._side_tables import with_due_times
from tests import plain_cases
from tests.test_cases_by_pandas import FIGURES, as_filed

_DAY, _KEY = "2022-05-31", "digital_cases"


def run(bench: Bench) -> None:
    """When all cases are due, and from there all rates of the city and its districts."""
    city = gcm.sample_city(layers=[_KEY])
    layer = city.layer(_KEY)
    data = as_filed(layer.data.iloc[:: 10 if bench.quick else 1].reset_index(drop=True))
    cases = pd.DataFrame(data.drop(columns="geometry"))
    layer = replace(layer, data=data)
    limits = limits_table().astype({"amount": float})
    found = plain_cases.limits_of(cases, limits, "handle")
    start, n = cases["dispatched_at"], f"{len(cases):,} cases"

    def agree(ours: pd.Series, theirs: pd.Series) -> str:
        assert ours.equals(theirs.astype(ours.dtype))
        return "the same times"

    bench.compare(
        f"due times of {n} in working time",
        lambda: gcm.due_times(start, found["amount"], found["unit"]),
        "plain pandas",
        lambda: plain_cases.due(start, found["amount"], found["unit"]),
        agree,
    )

    def ours() -> pd.DataFrame:
        told = replace(city, layers={_KEY: with_due_times(layer, city.clock)})
        return gcm.progress(told, as_of=_DAY, indicators=list(FIGURES.values()))

    def theirs() -> list[pd.DataFrame]:
        told = plain_cases.with_limits(cases, limits)
        whole = plain_cases.rates(told, "2022-01-01", _DAY).set_axis([city.code])
        return [whole, plain_cases.rates(told, "2022-01-01", _DAY, "district_code")]

    def same(mine: pd.DataFrame, others: list[pd.DataFrame]) -> str:
        table = mine.set_index(["indicator", "zone_code"])
        for expected in others:
            for name, figure in FIGURES.items():
                rows = table.xs(figure, level="indicator").loc[expected.index]
                for column in ("numerator", "denominator"):
                    wanted = expected[name, column].to_numpy(float)
                    assert np.array_equal(rows[column].to_numpy(float), wanted), name
        return "the same numerators and denominators"

    name = f"limits and {len(FIGURES)} rates of {n}, city and districts"
    bench.compare(name, ours, "plain pandas", theirs, same)
