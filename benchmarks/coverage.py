"""Exact coverage against buffer, union and intersection; the nearest facility against its peers."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd

import geo_citymgmt as gcm
from benchmarks.harness import Bench, points

_SETUP = """
import geo_citymgmt as gcm
from benchmarks.harness import points
zones = gcm.sample_city().zones
frame = points({n}, zones)
"""
_OURS = 'gcm.coverage(frame, zones, radius_m=300.0)["covered_m2"].sum()'
_PLAIN = "zones.intersection(frame.buffer(300.0).union_all()).area.sum()"


def run(bench: Bench) -> None:
    """Ten districts within 300 m of points; the nearest of ten thousand."""
    zones = gcm.sample_city().zones
    n = bench.size(50_000)
    _against_buffers(bench, zones, n)
    bench.growth(
        "coverage at 300 m, points",
        lambda size: _coverage_of(points(size, zones), zones),
        bench.size(62_500),
    )
    setup = _SETUP.format(n=n)
    bench.memory(
        f"coverage, {n:,} points, 300 m", setup + _OURS, "buffer, union, intersection",
        setup + _PLAIN,
    )  # fmt: skip
    _memory_of_a_million(bench)
    _nearest(bench, zones)


def _against_buffers(bench: Bench, zones: gpd.GeoDataFrame, n: int) -> None:
    frame = points(n, zones)

    def plain() -> np.ndarray:
        union = frame.buffer(300.0).union_all()
        return zones.intersection(union).area.to_numpy()

    def short(table: pd.DataFrame, area: np.ndarray) -> str:
        lack = 1 - area.sum() / table["covered_m2"].sum()
        # Sixteen segments a quarter are 0.16 % of a disc short; dense unions less.
        assert 0 < lack < 2e-3
        return f"the peer's area is {lack:.3%} too small"

    bench.compare(
        f"coverage, {n:,} points, 300 m, {len(zones)} districts",
        lambda: gcm.coverage(frame, zones, radius_m=300.0),
        "buffer, union, intersection",
        plain,
        short,
    )


def _coverage_of(frame: gpd.GeoDataFrame, zones: gpd.GeoDataFrame):
    return lambda: gcm.coverage(frame, zones, radius_m=300.0)


def _memory_of_a_million(bench: Bench) -> None:
    """What coverage needs beside the points themselves."""
    n = bench.size(1_000_000)
    setup = _SETUP.format(n=n)
    bench.memory(f"coverage, {n:,} points, 300 m", setup + _OURS, "the points alone", setup)


def _nearest(bench: Bench, zones: gpd.GeoDataFrame) -> None:
    n, m = bench.size(1_000_000), bench.size(10_000)
    features, facilities = points(n, zones), points(m, zones, seed=1)

    def same(found: pd.DataFrame, joined: gpd.GeoDataFrame) -> str:
        once = joined[~joined.index.duplicated()]
        assert np.allclose(found["distance_m"], once["m"].loc[found.index], rtol=0, atol=1e-6)
        return "equal distances"

    bench.compare(
        f"nearest, {n:,} points, {m:,} facilities",
        lambda: gcm.nearest(features, facilities),
        "geopandas.sjoin_nearest",
        lambda: features.sjoin_nearest(facilities, distance_col="m"),
        same,
    )
    try:
        from scipy.spatial import cKDTree
    except ImportError:
        return

    def by_tree() -> np.ndarray:
        there = np.column_stack([facilities.geometry.x, facilities.geometry.y])
        here = np.column_stack([features.geometry.x, features.geometry.y])
        return cKDTree(there).query(here, k=3)[0]

    def same_three(found: pd.DataFrame, distance: np.ndarray) -> str:
        assert np.allclose(found["distance_m"].to_numpy().reshape(-1, 3), distance, atol=1e-6)
        return "equal distances; points only"

    bench.compare(
        f"nearest three, {n:,} points, {m:,} facilities",
        lambda: gcm.nearest(features, facilities, k=3),
        "scipy cKDTree, k=3",
        by_tree,
        same_three,
    )
