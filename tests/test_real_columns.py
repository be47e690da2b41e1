"""Columns of public sets: right at once or in the lines that are proposed, missed, or wrong."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pandas as pd
import pytest

import geo_citymgmt as gcm

pytestmark = pytest.mark.shared

SETS = tomllib.loads(Path(__file__).with_name("real_columns.toml").read_text("utf-8"))


def source(path):
    """Return a set as :func:`propose_mapping` takes it; an array of objects is a frame."""
    if path.suffix != ".json":
        return path
    held = json.loads(path.read_text("utf-8-sig"))
    if isinstance(held, dict) and "features" in held:
        return path
    return pd.DataFrame(held["data"]["stations"] if isinstance(held, dict) else held)


def plain(column):
    return "".join(column.split())


@pytest.fixture(scope="module")
def mapped(real):
    """Return every candidate of every set, and whether it is what a person would map."""
    rows = []
    for name, wanted in SETS.items():
        table = gcm.propose_mapping(
            source(real / name), wanted["layer"], sublayer=wanted.get("sublayer")
        )
        fields = {plain(column): right for column, right in wanted["fields"].items()}
        for row in table.itertuples():
            right = fields.get(plain(row.column), ())
            is_right = row.field in ([right] if isinstance(right, str) else right)
            rows.append((name, row.column, row.field, row.applied, is_right))
    return pd.DataFrame(rows, columns=["set", "column", "field", "applied", "right"])


def test_no_column_is_read_or_proposed_as_a_field_that_it_is_not(mapped):
    # Of several columns that may be one text, a person is asked which: the right one is among them.
    asked = mapped[~mapped["applied"]].groupby(["set", "field"])["right"].transform("any")
    wrong = mapped[~mapped["right"] & ~asked.reindex(mapped.index, fill_value=False).astype(bool)]
    assert wrong.empty, wrong.to_string()


def test_seventeen_in_twenty_columns_are_right_at_once_or_after_the_lines_proposed(mapped):
    n = sum(len(s["fields"]) - len(s.get("may_be", ())) for s in SETS.values())
    right = mapped[mapped["right"]]
    assert len(right) / n >= 0.85, (len(right), n)
    assert right["applied"].mean() >= 0.85


def test_every_set_has_the_column_of_its_name_or_number(mapped):
    assert set(mapped.loc[mapped["applied"], "set"]) == set(SETS)
