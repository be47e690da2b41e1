"""Time what the package does beside what an analyst would otherwise use; print ratios.

Each pair is run in turn, several times; the median of the ratios is what counts, for seconds do
not travel from machine to machine. Results are checked against each other in the same run.
"""

from __future__ import annotations

import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyogrio
import shapely

import geo_citymgmt as gcm
from benchmarks.reading import reading

CRS = "EPSG:4549"
RUNS = 3


def compare(
    name: str, ours: Callable[[], object], peer: str, theirs: Callable[[], object]
) -> tuple[object, object]:
    """Print seconds of both and the median ratio; return the last results."""
    mine, others, ratios = [], [], []
    first = second = None
    for _ in range(RUNS):
        start = time.perf_counter()
        first = ours()
        middle = time.perf_counter()
        second = theirs()
        end = time.perf_counter()
        mine.append(middle - start)
        others.append(end - middle)
        ratios.append(others[-1] / mine[-1])
    print(
        f"{name:44s} {statistics.median(mine):8.2f} s   {peer:28s} "
        f"{statistics.median(others):8.2f} s   {statistics.median(ratios):6.1f} x"
    )
    return first, second


def points(n: int, zones: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Points over the city, denser towards its centre."""
    rng = np.random.default_rng(0)
    west, south, east, north = zones.total_bounds
    x = rng.normal((west + east) / 2, (east - west) / 5, n)
    y = rng.normal((south + north) / 2, (north - south) / 5, n)
    return gpd.GeoDataFrame(geometry=gpd.points_from_xy(x, y), crs=CRS)


def ownership(zones: gpd.GeoDataFrame, n: int, what: str) -> None:
    """Owner of each point against a spatial join, which does less."""
    frame = points(n, zones)
    owner, joined = compare(
        f"assign_zones, {n:,} points, {what}",
        lambda: gcm.assign_zones(frame, zones),
        "geopandas.sjoin within",
        lambda: frame.sjoin(zones[["geometry"]], predicate="within"),
    )
    once = joined[~joined.index.duplicated(keep=False)]
    column = zones.index.name or "index_right"
    assert (owner.loc[once.index] == once[column].astype("str")).all()


def cover(zones: gpd.GeoDataFrame, n: int, radius: float) -> None:
    """Exact coverage against buffer, union and intersection."""
    frame = points(n, zones)

    def plain() -> np.ndarray:
        union = frame.buffer(radius).union_all()
        return zones.intersection(union).area.to_numpy()

    table, area = compare(
        f"coverage, {n:,} points, {radius:g} m, {len(zones)} zones",
        lambda: gcm.coverage(frame, zones, radius_m=radius),
        "buffer, union, intersection",
        plain,
    )
    short = float(1 - area.sum() / table["covered_m2"].sum())
    print(f"{'':44s} the peer's area is {short:.3%} too small")


def main() -> None:
    """Run all pairs."""
    print(
        f"Python {platform.python_version()}, geo_citymgmt {gcm.__version__}, "
        f"geopandas {gpd.__version__}, shapely {shapely.__version__}, "
        f"GEOS {shapely.geos_version_string}, pyogrio {pyogrio.__version__}; median of {RUNS} runs"
    )
    quick = "--quick" in sys.argv
    city = gcm.sample_city()
    n = 100_000 if quick else 1_000_000
    ownership(city.zones, n, "districts")
    ownership(city.zones_at("street"), n, "streets")
    cover(city.zones, 5_000 if quick else 50_000, 300.0)
    with tempfile.TemporaryDirectory() as folder:
        reading(Path(folder), n, compare)


if __name__ == "__main__":
    main()
