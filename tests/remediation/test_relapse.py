"""Relapses, held against the parcels that could relapse."""

from __future__ import annotations

import numpy as np
import pytest

import geo_citymgmt as gcm
from tests.remediation.parcels import (
    GUSU,
    small_city,
    whole,
)


def test_relapses_are_held_against_those_that_could(city):
    rows = [
        {"found_date": "2021-01-01", "completed_date": "2021-06-01", "status": "80"},
        {"found_date": "2021-01-01", "completed_date": "2021-06-01", "status": "50"},
        {"found_date": "2021-01-01", "completed_date": "2022-03-01", "status": "50"},
        {"found_date": "2021-01-01", "status": "30"},
        # Relapsed before the period, and open ever since.
        {"found_date": "2021-01-01", "completed_date": "2021-02-01", "status": "80"},
    ]
    for row in rows:
        row["illegal_area_m2"] = 10.0
    events = [
        ("P0", "relapse", "2022-02-01", np.nan),
        ("P0", "close", "2022-04-01", np.nan),
        ("P0", "relapse", "2022-05-01", np.nan),
        ("P4", "relapse", "2021-03-01", np.nan),
    ]
    small = small_city(city, rows, events)
    row = whole(gcm.relapse_rates(small, start="2022-01-01"))
    assert row[["relapses", "relapsed", "exposed", "repeated"]].tolist() == [2, 1, 3, 1]
    assert row["rate"] == pytest.approx(1 / 3)
    empty = gcm.relapse_rates(small, start="2022-01-01").set_index("zone_code").loc[GUSU]
    assert np.isnan(empty["rate"])


def test_the_samples_relapse_rate_is_that_of_plain_pandas(city, plain):
    parcels, _ = plain
    table = gcm.relapse_rates(city, start="2022-01-01", end="2022-06-30", level="street")
    row = whole(table)
    assert row["relapsed"] == parcels["relapse"].between("2022-01-01", "2022-06-30").sum() == 40
    # Who came back before the half-year and was not done again cannot come back in it.
    gone = parcels["relapse"] < "2022-01-01"
    assert row["exposed"] == ((parcels["DONE_DATE"] <= "2022-06-30") & ~gone).sum()
    assert gone.sum() > 10
    for level in ("district", "street"):
        mine = table[table["level"] == level]
        assert mine[["relapsed", "exposed"]].sum().tolist() == row[["relapsed", "exposed"]].tolist()
