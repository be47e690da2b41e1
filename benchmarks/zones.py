"""Who owns each point, against spatial joins, which do less."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd

import geo_citymgmt as gcm
from benchmarks.harness import Bench, points


def run(bench: Bench) -> None:
    """Districts, streets."""
    city = gcm.sample_city()
    n = bench.size(1_000_000)
    for what, zones in (("districts", city.zones), ("streets", city.zones_at("street"))):
        _against_sjoin(bench, n, what, zones)


def _against_sjoin(bench: Bench, n: int, what: str, zones: gpd.GeoDataFrame) -> None:
    frame = points(n, zones)
    column = zones.index.name or "index_right"

    def same(owner: pd.Series, joined: gpd.GeoDataFrame) -> str:
        once = joined[~joined.index.duplicated(keep=False)]
        assert (owner.loc[once.index] == once[column].astype("str")).all()
        return f"equal for all {len(once):,} points within one zone"

    bench.compare(
        f"assign_zones, {n:,} points, {len(zones)} {what}",
        lambda: gcm.assign_zones(frame, zones),
        "geopandas.sjoin within",
        lambda: frame.sjoin(zones[["geometry"]], predicate="within"),
        same,
    )
