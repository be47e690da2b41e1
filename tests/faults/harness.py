"""Children that write one version of a layer, and what stands in the file afterwards.

The children are forked from a process that has done all the imports, so that a kill falls into
the writing and not into the start of Python.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo_citymgmt.errors import CityDataError
from geo_citymgmt.reading import read_raw
from geo_citymgmt.reading._coordinates import place_records
from geo_citymgmt.reading._raw import Raw
from geo_citymgmt.writing import write_layer

SUFFIXES = (".gpkg", ".parquet", ".geojson", ".csv", ".xlsx", ".shp.zip")
ROOT = Path(__file__).resolve().parents[2]
REFUSED = 3
#: Records of a layer: enough for several pages of each format, and for a kill to fall between.
N = 500


@dataclass
class Tally:
    """How often a target was found old, new, or neither."""

    counts: Counter = field(default_factory=Counter)
    leftovers: int = 0

    @property
    def partial(self) -> int:
        return sum(n for what, n in self.counts.items() if what not in ("old", "new"))

    def __str__(self) -> str:
        return (
            f"old {self.counts['old']}, new {self.counts['new']}, partial {self.partial}, "
            f"left behind {self.leftovers}"
        )


def version(k: int, n: int = N) -> gpd.GeoDataFrame:
    """Return a layer that says in every record which version it is."""
    rng = np.random.default_rng(k)
    x, y = rng.uniform(540_000, 560_000, n), rng.uniform(3_450_000, 3_470_000, n)
    return gpd.GeoDataFrame(
        {
            "version": pd.array([k] * n, dtype="Int64"),
            "名称": [f"第{k}版第{i}号" for i in range(n)],
            "area": rng.uniform(1, 1000, n),
            "day": pd.Timestamp(2022, 6, 30) + pd.to_timedelta(np.arange(n), unit="D"),
        },
        geometry=shapely.buffer(shapely.points(x, y), 10.0, quad_segs=4),
        crs="EPSG:4549",
    )


def actuals(target: Path, n: int = N) -> str:
    """Say what stands in ``target``: old (version 0), new (1), or what is wrong with it."""
    try:
        raw = read_raw(target)
        place_records(raw)
    except CityDataError as error:
        return f"unreadable: {error}"
    return verdict(raw, n)


def verdict(raw: Raw, n: int = N) -> str:
    """Say which version was read, or what is wrong with it."""
    found = pd.to_numeric(raw.frame["version"].astype("str")).unique()
    shapes = not shapely.is_missing(raw.geometry).any()
    if len(raw.frame) != n or len(found) != 1 or not shapes:
        return f"{len(raw.frame)} records of versions {found.tolist()}"
    names = raw.frame["名称"]
    whole = names.iloc[0] == f"第{int(found[0])}版第0号" and names.notna().all()
    return {0: "old", 1: "new"}.get(int(found[0]), "other") if whole else "mixed"


def beside(target: Path) -> list[str]:
    """Return what lies beside the target that should not."""
    return sorted(p.name for p in target.parent.iterdir() if p != target)


def environment() -> dict[str, str]:
    """Return the environment in which a child finds the package and its tests."""
    return {**os.environ, "PYTHONPATH": str(ROOT)}


class Writers:
    """A process that forks one child for each order: write a version to a target."""

    def __enter__(self) -> Writers:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.writer"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
            env=environment(),
        )  # fmt: skip
        assert self._answer() == "ready"
        return self

    def __exit__(self, *_: object) -> None:
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()

    def _answer(self) -> str:
        return self.process.stdout.readline().strip()

    def start(self, target: Path | str, k: int, limit: int = 0) -> int:
        """Start a child; it is about to write when this returns. ``limit`` is bytes a file."""
        self.process.stdin.write(f"write\t{target}\t{k}\t{limit}\n")
        self.process.stdin.flush()
        return int(self._answer())

    def wait(self, pid: int) -> int:
        """Return the exit code of a child; negative where a signal ended it."""
        self.process.stdin.write(f"wait\t{pid}\n")
        self.process.stdin.flush()
        return int(self._answer())


def _at_work(writers: Writers | None) -> AbstractContextManager[Writers]:
    """Return the process that is given, which goes on, or one of its own."""
    return Writers() if writers is None else nullcontext(writers)


def kill_writers(
    suffix: str, folder: Path, kills: int, writers: Writers | None = None, seed: int = 0
) -> Tally:
    """Kill a writer ``kills`` times at random moments."""
    target, rng, tally = folder / f"layer{suffix}", random.Random(seed), Tally()
    with _at_work(writers) as writers:
        write_layer(version(0), target)
        old = target.read_bytes()
        started = time.monotonic()
        assert writers.wait(writers.start(target, 1)) == 0
        took = time.monotonic() - started
        for _ in range(kills):
            target.write_bytes(old)
            pid = writers.start(target, 1)
            time.sleep(rng.uniform(0, took * 1.1))
            os.kill(pid, signal.SIGKILL)
            writers.wait(pid)
            tally.counts[actuals(target)] += 1
        # The next writer clears away what the killed ones left.
        write_layer(version(1), target)
        tally.leftovers = len(beside(target))
    return tally


def limit_files(
    suffix: str, folder: Path, percents: list[int], writers: Writers | None = None
) -> Tally:
    """Let no file of a writer grow beyond each per cent of what the whole one takes."""
    target, tally = folder / f"layer{suffix}", Tally()
    with _at_work(writers) as writers:
        write_layer(version(1), target)
        size = target.stat().st_size
        write_layer(version(0), target)
        old = target.read_bytes()
        for percent in percents:
            target.write_bytes(old)
            code = writers.wait(writers.start(target, 1, max(size * percent // 100, 1)))
            found = actuals(target)
            told = {0: "new", REFUSED: "old"}.get(code, "")
            tally.counts[found if found == told else f"{found}, exit {code}"] += 1
            tally.leftovers += len(beside(target))
    return tally


def meet(suffix: str, folder: Path, times: int, writers: Writers | None = None) -> Tally:
    """Let two writers write the same target at the same time."""
    target, tally = folder / f"layer{suffix}", Tally()
    with _at_work(writers) as writers:
        for _ in range(times):
            pids = [writers.start(target, 0), writers.start(target, 1)]
            codes = [writers.wait(pid) for pid in pids]
            found = actuals(target)
            tally.counts[found if codes == [0, 0] else f"{found}, exits {codes}"] += 1
            tally.leftovers += len(beside(target))
    return tally
