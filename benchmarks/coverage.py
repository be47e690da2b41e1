"""Exact coverage against buffer, union and intersection."""

from __future__ import annotations

import numpy as np
import pandas as pd

import geo_citymgmt as gcm
from benchmarks.harness import Bench, points


def run(bench: Bench) -> None:
    """Ten districts within 300 m of points."""
    zones = gcm.sample_city().zones
    n = bench.size(50_000)
    frame = points(n, zones)

    def plain() -> np.ndarray:
        union = frame.buffer(300.0).union_all()
        return zones.intersection(union).area.to_numpy()

    def short(table: pd.DataFrame, area: np.ndarray) -> str:
        return f"the peer's area is {1 - area.sum() / table['covered_m2'].sum():.3%} too small"

    bench.compare(
        f"coverage, {n:,} points, 300 m, {len(zones)} districts",
        lambda: gcm.coverage(frame, zones, radius_m=300.0),
        "buffer, union, intersection",
        plain,
        short,
    )
