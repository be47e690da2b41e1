"""Run two ways of doing one thing in turn, and keep what came of it."""

from __future__ import annotations

import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from itertools import pairwise
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

import geo_citymgmt as gcm

CRS = "EPSG:4549"
#: The high-water mark of this very program: getrusage would pass on that of the one that began it.
_PEAK = """
{call}
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""
_VERSIONS = (
    "geopandas", "shapely", "pyogrio", "pandas", "numpy", "scipy", "duckdb", "sedonadb",
    "access", "esda", "inequality",
)  # fmt: skip


@dataclass
class Bench:
    """Rows of a table of ratios; seconds do not travel from machine to machine, ratios do.

    Parameters
    ----------
    quick : bool
        A tenth of each size, to try the benchmarks themselves.
    runs : int
        How often each pair is run in turn; medians count.
    """

    quick: bool = False
    runs: int = 3
    rows: list[tuple[str, ...]] = field(default_factory=list)
    growth_rows: list[tuple[str, ...]] = field(default_factory=list)
    memory_rows: list[tuple[str, ...]] = field(default_factory=list)

    def size(self, n: int) -> int:
        """Return ``n``, or a tenth of it for a quick run."""
        return n // 10 if self.quick else n

    def compare(
        self,
        name: str,
        ours: Callable[[], Any],
        peer: str,
        theirs: Callable[[], Any],
        check: Callable[[Any, Any], str],
    ) -> tuple[Any, Any]:
        """Time both in turn; ``check`` of both results raises, or says how they compare.

        Returns
        -------
        tuple
            The last result of each.
        """
        mine, others, ratios = [], [], []
        first = second = None
        for _ in range(self.runs):
            start = time.perf_counter()
            first = ours()
            middle = time.perf_counter()
            second = theirs()
            end = time.perf_counter()
            mine.append(middle - start)
            others.append(end - middle)
            ratios.append(others[-1] / mine[-1])
        said = check(first, second)
        row = (
            name,
            f"{statistics.median(mine):.2f} s",
            peer,
            f"{statistics.median(others):.2f} s",
            f"{statistics.median(ratios):.1f}",
            said,
        )
        self.rows.append(row)
        print("  ".join((f"{row[0]:52s}", row[1], f"{row[2]:30s}", *row[3:])), flush=True)
        return first, second

    def skip(self, name: str, peer: str, why: str) -> None:
        """Keep a row for a peer that could not be run here, and why."""
        self.rows.append((name, "", peer, "", "", why))
        print(f"{name:52s}  {peer:30s}  {why}", flush=True)

    def growth(self, name: str, work: Callable[[int], Callable[[], Any]], n: int) -> None:
        """Time ``work(size)`` at n, 4n and 16n; ``work`` prepares and returns what is timed."""
        seconds = []
        for size in (n, 4 * n, 16 * n):
            call = work(size)
            taken = []
            for _ in range(self.runs):
                start = time.perf_counter()
                call()
                taken.append(time.perf_counter() - start)
            seconds.append(statistics.median(taken))
        factors = [f"{b / a:.1f}" for a, b in pairwise(seconds)]
        row = (name, f"{n:,}", *(f"{s:.2f} s" for s in seconds), *factors)
        self.growth_rows.append(row)
        print("growth  " + "  ".join(row), flush=True)

    def memory(self, name: str, ours: str, peer: str, theirs: str) -> None:
        """Measure the peak of two programs, each in a process of its own, where Linux tells."""
        if not Path("/proc/self/status").exists():
            return
        mine, others = (_peak(code) for code in (ours, theirs))
        row = (name, f"{mine:.0f} MB", peer, f"{others:.0f} MB", f"{others / mine:.2f}")
        self.memory_rows.append(row)
        print("memory  " + "  ".join(row), flush=True)

    def markdown(self) -> str:
        """Return all rows as a page."""
        parts = [
            "# Results",
            "",
            "Written by `make bench`. Each pair is run in turn on one machine; *ratio* is the time "
            f"of the peer over ours, the median of {self.runs} runs; above one ours is quicker. "
            "The last column says how the results compare, checked in the same run.",
            "",
            _machine(),
            "",
            *_table(("what", "ours", "peer", "peer's", "ratio", "results"), self.rows),
            "",
            "Growth: seconds at n, 4n and 16n, and the factor of each step (4 is linear).",
            "",
            *_table(("what", "n", "n", "4n", "16n", "step 1", "step 2"), self.growth_rows),
            "",
            "Peak memory, each in a process of its own; above one ours needs less.",
            "",
            *_table(("what", "ours", "peer", "peer's", "ratio"), self.memory_rows),
            "",
        ]
        return "\n".join(parts)


def points(n: int, zones: gpd.GeoDataFrame, seed: int = 0) -> gpd.GeoDataFrame:
    """Points over the city, denser towards its centre."""
    rng = np.random.default_rng(seed)
    west, south, east, north = zones.total_bounds
    x = rng.normal((west + east) / 2, (east - west) / 5, n)
    y = rng.normal((south + north) / 2, (north - south) / 5, n)
    return gpd.GeoDataFrame(geometry=gpd.points_from_xy(x, y), crs=CRS)


def _peak(code: str) -> float:
    run = subprocess.run(
        [sys.executable, "-c", _PEAK.format(call=code)], capture_output=True, text=True, check=True
    )
    return float(run.stdout) / 1024


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[str]:
    lines = [" | ".join(head), " | ".join("---" for _ in head)]
    return [f"| {line} |" for line in [*lines, *(" | ".join(row) for row in rows)]]


def _machine() -> str:
    found = []
    for name in _VERSIONS:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return (
        f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, "
        f"geo_citymgmt {gcm.__version__}, GEOS {shapely.geos_version_string}, {', '.join(found)}."
    )
