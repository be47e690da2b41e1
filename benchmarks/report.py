"""The whole report of the sample beside that of another checkout: processor time, and tables.

``python -m benchmarks report --against FOLDER``, of a checkout of the repository at another commit,
whose sample both report on; ``--quick`` leaves out ten times of it. Each report is written in a
process of its own, in turn, so that both meet the same machine. Processor time, user and system,
is that of ``write_report`` alone, children and threads included: a busy machine lengthens the wait,
not that. Figures that came later are in one of the workbooks alone and are told as such.
"""

from __future__ import annotations

import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import openpyxl

from benchmarks.harness import Bench

_SCALES = (1, 10)
_WRITE = """
import inspect, json, resource, sys
from pathlib import Path
import geo_citymgmt as gcm
from geo_citymgmt.report import write_report

def spent():
    kinds = resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN
    all_of_it = [resource.getrusage(kind) for kind in kinds]
    return sum(use.ru_utime + use.ru_stime for use in all_of_it)

source, out = Path(sys.argv[1]), Path(sys.argv[2])
# Before 0.2 every city was Suzhou.
takes_profile = "profile" in inspect.signature(gcm.load_city).parameters
city = gcm.load_city(source, **({"profile": "suzhou_2022"} if takes_profile else {}))
start = spent()
write_report(city, out)
print(json.dumps({"seconds": spent() - start, "package": str(Path(gcm.__file__).parents[1])}))
"""
_SAMPLE = """
import sys
from pathlib import Path
if Path("generator").is_dir():
    from generator.files import write_sample
else:
    # Before 0.2 the generator was in the package.
    from geo_citymgmt.sample import write_sample
write_sample(Path(sys.argv[2]), scale=int(sys.argv[1]))
"""


def run(bench: Bench) -> None:
    """Compare the report of this checkout with that of ``--against``."""
    if "--against" not in sys.argv[:-1]:
        bench.skip("report, sample", "another checkout", "not run: name one, --against FOLDER")
        return
    other = Path(sys.argv[sys.argv.index("--against") + 1]).resolve()
    here = Path(__file__).resolve().parents[1]
    for scale in _SCALES[:1] if bench.quick else _SCALES:
        with tempfile.TemporaryDirectory() as folder:
            _compare(bench, scale, here, other, Path(folder))


def _compare(bench: Bench, scale: int, here: Path, other: Path, folder: Path) -> None:
    mine, others = [], []
    source = folder / "sample"
    _run(other, _SAMPLE, str(scale), str(source))
    for _ in range(bench.runs):
        mine.append(_seconds(here, source, folder / "here"))
        others.append(_seconds(other, source, folder / "other"))
    ratio = statistics.median(b / a for a, b in zip(mine, others, strict=True))
    row = (
        f"report, {scale} x the sample, processor time",
        f"{statistics.median(mine):.1f} s",
        f"checkout {other.name}",
        f"{statistics.median(others):.1f} s",
        f"{ratio:.2f}",
        _same(_numbers(folder / "here"), _numbers(folder / "other")),
    )
    bench.rows.append(row)
    print("  ".join(row), flush=True)


def _run(checkout: Path, code: str, *arguments: str) -> str:
    """Run code with the package of a checkout; return what it prints."""
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env=os.environ | {"PYTHONPATH": str(checkout)},
        cwd=checkout,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout


def _seconds(checkout: Path, source: Path, out: Path) -> float:
    """Write a report with the package of a checkout; return the processor time."""
    said = json.loads(_run(checkout, _WRITE, str(source), str(out)).splitlines()[-1])
    if Path(said["package"]).resolve() != checkout:
        raise RuntimeError(f"the report was written by {said['package']}, not by {checkout}")
    return float(said["seconds"])


def _numbers(report: Path) -> dict[tuple[str, ...], float]:
    """Numbers of a report's workbook by sheet, texts of their row, and head of their column."""
    out: dict[tuple[str, ...], float] = {}
    for sheet in openpyxl.load_workbook(report / "tables.xlsx", read_only=True):
        head: tuple[str, ...] = ()
        for row in sheet.iter_rows(values_only=True):
            if not any(isinstance(cell, int | float) for cell in row):
                head = tuple(str(cell or "") for cell in row)
                continue
            # Of texts, the first two name a row: its figure or kind, and its zone.
            texts = [str(cell) for cell in row if isinstance(cell, str)][:2]
            for column, cell in zip(head, row, strict=False):
                if isinstance(cell, int | float):
                    out.setdefault((sheet.title, *texts, column), float(cell))
    return out


def _same(mine: dict[tuple[str, ...], float], others: dict[tuple[str, ...], float]) -> str:
    """Say whether the tables of two reports hold the same numbers, and if not where."""
    both = mine.keys() & others.keys()
    differ = [at for at in both if not math.isclose(mine[at], others[at], rel_tol=1e-9)]
    told = f"{len(differ)} differ, as at {min(differ)}" if differ else "equal to 1e-9"
    return (
        f"{len(both):,} numbers of both: {told}; {len(others.keys() - both):,} of the other alone"
    )
