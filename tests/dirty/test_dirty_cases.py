"""Each dirty source raises its codes, and what can be saved comes out right."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely

import geo_citymgmt as gcm
from geo_citymgmt.findings import CODES
from tests.dirty.case import Case
from tests.dirty.cases import CASES

_CHINESE = re.compile("[\u4e00-\u9fff]")


def _params(*, refused: bool) -> list[Any]:
    return [
        pytest.param(
            case,
            id=case.name,
            marks=[pytest.mark.xfail(strict=True, reason=case.broken)] if case.broken else [],
        )
        for case in CASES
        if (case.refused is not None) == refused
    ]


def source_and_options(case: Case, folder: Path) -> tuple[Any, dict[str, Any]]:
    """Make the source; an option that is a maker is made beside it."""
    options = {}
    for name, value in case.options.items():
        made = callable(value) and name in ("ledger", "corrections")
        if made:
            (folder / name).mkdir()
        options[name] = value(folder / name) if made else value
    return case.make(folder), options


@pytest.mark.parametrize("case", _params(refused=False))
def test_what_is_wrong_is_told_and_the_rest_comes_out_right(case: Case, tmp_path: Path) -> None:
    source, options = source_and_options(case, tmp_path)
    layer = gcm.read_layer(source, case.layer, **options)
    row = layer.ledger.iloc[0]
    found = set(layer.findings["code"])
    assert set(case.codes.split()) <= found, found
    assert not set(case.not_codes.split()) & found
    counts = tuple(int(row[n]) for n in ("n_skipped", "n_accepted", "n_rejected"))
    assert counts == case.counts
    assert row["n_walked"] == sum(counts)
    assert len(layer.data) == row["n_accepted"] and len(layer.rejected) == row["n_rejected"]
    for name, expected in case.values.items():
        assert plain(layer.data[name]) == list(expected), name
    if case.places is not None:
        there = np.array(
            [(p.x, p.y) for p in shapely.centroid(layer.data.geometry[layer.located].to_numpy())]
        )
        assert np.abs(there - np.array(case.places)).max() <= case.within_m
    # Every rejection has its reason, as a code on the record and as a finding with its label.
    assert (layer.rejected["codes"] != "").all()
    told = layer.findings[layer.findings["action"] == "rejected"]
    assert set(layer.rejected["record"]) <= set(told["record"])
    assert (told["row_label"] != "").all()


@pytest.mark.parametrize("case", _params(refused=True))
def test_what_cannot_be_used_is_refused_and_says_so(case: Case, tmp_path: Path) -> None:
    source, options = source_and_options(case, tmp_path)
    with pytest.raises(gcm.CityDataError) as caught:
        gcm.read_layer(source, case.layer, **options)
    error = caught.value
    zh, en = case.refused or ("", "")
    assert zh in error.message_zh, error.message_zh
    assert en in error.message, error.message
    assert_says_what_to_do(error)
    # What was seen until then goes with the error, the last of it fatal.
    codes = set() if error.findings is None else set(error.findings["code"])
    assert set(case.codes.split()) <= codes, codes
    if error.findings is not None:
        assert (error.findings["severity"] == "fatal").any()


def assert_says_what_to_do(error: gcm.CityDataError) -> None:
    """Both languages end with the remedy, each in its own."""
    assert error.remedy
    assert error.message.rstrip(".").endswith(error.remedy.rstrip("."))
    # Names of the data stand in quotes, as they are.
    assert not _CHINESE.search(re.sub(r'"[^"]*"', "", error.remedy))
    assert error.message_zh.rstrip("。").endswith(error.remedy_zh.rstrip("。"))
    assert _CHINESE.search(error.remedy_zh)
    assert _CHINESE.search(error.message_zh.removesuffix(error.remedy_zh))


def test_there_are_sixty_cases_and_each_has_a_name_of_its_own() -> None:
    assert len(CASES) >= 60
    assert not [name for name, n in Counter(case.name for case in CASES).items() if n > 1]


def test_cases_name_codes_that_exist() -> None:
    named = {code for case in CASES for code in (*case.codes.split(), *case.not_codes.split())}
    assert named <= set(CODES)


def plain(column: pd.Series) -> list[Any]:
    """Values as Python objects, dates as text, None where nothing is."""
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return [None if pd.isna(v) else f"{v:%Y-%m-%d}" for v in column]
    values = [None if pd.isna(v) else v for v in column]
    return [round(v, 6) if isinstance(v, float) else v for v in values]
