"""``python -m tests.faults.report``: reports that are killed, meet, or run out of disk.

A city of two records says by its name which version it is. What stands in the folder is the old
report, the new one, or a page that says that it is neither.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd

import geo_citymgmt as gcm
from geo_citymgmt.errors import CityDataError
from geo_citymgmt.report import _folder as report_folder
from geo_citymgmt.report._folder import file_hash, write_report
from tests.faults.disk import namespace
from tests.faults.harness import REFUSED, ROOT, environment

DONE, BROKEN = 0, 1
Write = Callable[[int], None]


def version(k: int) -> gcm.City:
    """Return a city of two manholes that bears the version in its name."""
    manholes = gpd.GeoDataFrame(
        {"manhole_id": [f"V{k}J1", f"V{k}J2"]},
        geometry=gpd.points_from_xy([120.61, 120.62], [31.30, 31.31]),
        crs="EPSG:4490",
    )
    name = f"第{k}版市"
    return gcm.City.from_layers({"manholes": manholes}, name_zh=name, code="320500")


def actuals(folder: Path) -> str:
    """Say what stands in ``folder``: nothing, old, new, said (by the page), or what is wrong."""
    page = folder / "index.html"
    if not page.exists():
        left = [p.name for p in folder.iterdir() if not report_folder.is_aside(p)]
        return f"no page beside {left}" if left else "nothing"
    text = page.read_text(encoding="utf-8")
    if text == report_folder.unfinished_page():
        return "said"
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        return f"no manifest: {error}"
    wrong = [
        entry["file"]
        for entry in manifest["outputs"]
        if not (folder / entry["file"]).is_file()
        or file_hash(folder / entry["file"]) != entry["sha256"]
    ]
    name = manifest["city"]["name_zh"]
    if wrong or name not in text:
        return f"mixed: {wrong}"
    return {"第0版市": "old", "第1版市": "new"}.get(name, "other")


def beside(folder: Path) -> list[str]:
    """Return what is hidden in ``folder``, which a writer that ended well leaves empty of that."""
    return sorted(p.name for p in folder.iterdir() if p.name.startswith("."))


def write(city: gcm.City, folder: Path) -> int:
    """Write a report as a command does; return its exit code."""
    try:
        write_report(city, folder)
    except CityDataError:
        return REFUSED
    return DONE


def child(work: Callable[[], int]) -> int:
    """Fork a process that does ``work``; return its id."""
    pid = os.fork()
    if pid == 0:
        code = BROKEN
        try:
            code = work()
        finally:
            os._exit(code)
    return pid


def ended(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def kill_reports(folder: Path, kills: int, seed: int = 0) -> Counter:
    """Kill a report over an old one ``kills`` times at random moments, the last ones included."""
    cities, rng, counts = [version(0), version(1)], random.Random(seed), Counter()
    started = time.monotonic()
    assert write(cities[0], folder) == DONE
    took = time.monotonic() - started
    for _ in range(kills):
        pid = child(lambda: write(cities[1], folder))
        time.sleep(rng.uniform(0, took * 1.1))
        os.kill(pid, signal.SIGKILL)
        ended(pid)
        found = actuals(folder)
        counts[found] += 1
        if found != "old":
            assert write(cities[0], folder) == DONE
    assert write(cities[0], folder) == DONE
    counts["left behind"] += len(beside(folder))
    return counts


def meet(folder: Path, delays: list[float]) -> Counter:
    """Let two reports be written into one folder, the second after each of ``delays`` seconds."""
    cities, counts = [version(0), version(1)], Counter()
    for delay in delays:
        pids = [child(lambda: write(cities[0], folder))]
        time.sleep(delay)
        pids.append(child(lambda: write(cities[1], folder)))
        codes = [ended(pid) for pid in pids]
        found = actuals(folder)
        is_right = found in ("old", "new") and set(codes) <= {DONE, REFUSED} and DONE in codes
        counts[found if is_right else f"{found}, exits {codes}"] += 1
        counts["left behind"] += len(beside(folder))
    return counts


def full_disks(folder: Path, percents: list[int]) -> Counter:
    """Write over an old report with room for each per cent of what it takes; see ``disk``."""
    command = [sys.executable, "-m", "tests.faults.report", "--disk", str(folder)]
    done = subprocess.run(
        [*namespace(), *command, *map(str, percents)],
        cwd=ROOT, env=environment(), stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert done.returncode == 0, f"exit {done.returncode}"
    return Counter(json.loads(done.stdout))


def _on_small_disk(folder: Path, percents: list[int]) -> Counter:
    def mount(options: str) -> None:
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], check=True)

    def used() -> int:
        state = os.statvfs(folder)
        return (state.f_blocks - state.f_bfree) * state.f_frsize

    cities, counts = [version(0), version(1)], Counter()
    mount("size=256m")
    assert write(cities[0], folder) == DONE
    size = used()
    for percent in percents:
        mount(f"remount,size={size + size * percent // 100}")
        try:
            write_report(cities[1], folder)
            said = "written"
        except CityDataError as error:
            said = "full" if "the disk is full" in error.message else error.message
        counts[f"{actuals(folder)}, {said}"] += 1
        counts["left behind"] += len(beside(folder))
        mount("remount,size=256m")
        if actuals(folder) != "old":
            assert write(cities[0], folder) == DONE
    mount("remount,ro")
    try:
        write_report(cities[1], folder)
    except CityDataError as error:
        named = str(folder) in error.message and "no permission" in error.message
        counts[f"{actuals(folder)}, read-only" if named else error.message] += 1
    return counts


def main() -> int:
    """Print the numbers; 1 where anything was mixed or left behind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--disk", nargs="+", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.disk:
        print(json.dumps(_on_small_disk(Path(chosen.disk[0]), list(map(int, chosen.disk[1:])))))
        return 0
    runs = {
        f"{chosen.kills} kills": lambda f: kill_reports(f, chosen.kills),
        "two at once, staggered": lambda f: meet(f, [0, 0, 0.3, 1, 3]),
    }
    if namespace():
        runs["full disks, read-only"] = lambda f: full_disks(f, [0, 10, 30, 60, 90, 120, 150, 300])
    wrong = 0
    for name, run in runs.items():
        with tempfile.TemporaryDirectory() as folder:
            counts = run(Path(folder))
        print(f"report {name:24} {dict(counts)}", flush=True)
        wrong += counts["left behind"]
        right = ("old", "new", "said", "left behind", "old, full", "new, written", "old, read-only")
        wrong += sum(n for what, n in counts.items() if what not in right)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
