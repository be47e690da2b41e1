"""The parcels of the sample, read without the package."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest

from tests.conftest import DATA
from tests.remediation.parcels import LAYER


@pytest.fixture(scope="session")
def plain():
    """The parcels as the .dbf and events.csv tell them, without any code of the package."""
    parcels = gpd.read_file(DATA / "illegal_construction.shp", ignore_geometry=True)
    parcels = parcels.set_index("PARCEL_ID")
    for name in ("FOUND_DATE", "DONE_DATE", "DEADLINE"):
        parcels[name] = pd.to_datetime(parcels[name])
    events = pd.read_csv(DATA / "events.csv", parse_dates=["date"])
    events = events[events["layer"] == LAYER]
    for event in ("relapse", "dismiss"):
        first = events[events["event"] == event].groupby("key")["date"].min()
        parcels[event] = first.reindex(parcels.index)
    stages = events[events["event"].isin(["demolish", "remediate"])]
    return parcels, stages
