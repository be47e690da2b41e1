"""The whole report of the sample beside that of another checkout: processor time, and tables.

``python -m benchmarks report --against FOLDER``, of a checkout of the repository at another commit;
``--quick`` leaves out ten times the sample. Each report is written in a process of its own, in
turn, so that both meet the same machine. Processor time, user and system, is that of
``write_report`` alone, children and threads included: a busy machine lengthens the wait, not that.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from zipfile import ZipFile

from benchmarks.harness import Bench

_SCALES = (1, 10)
_WRITE = """
import json, resource, sys
from pathlib import Path
import geo_citymgmt as gcm
from geo_citymgmt.report import write_report

def spent():
    kinds = resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN
    all_of_it = [resource.getrusage(kind) for kind in kinds]
    return sum(use.ru_utime + use.ru_stime for use in all_of_it)

city = gcm.sample_city(scale=int(sys.argv[1]))
start = spent()
write_report(city, sys.argv[2])
print(json.dumps({"seconds": spent() - start, "package": str(Path(gcm.__file__).parents[1])}))
"""
_STRINGS, _SHEETS = "xl/sharedStrings.xml", "xl/worksheets/"


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
    for _ in range(bench.runs):
        mine.append(_seconds(here, scale, folder / "here"))
        others.append(_seconds(other, scale, folder / "other"))
    ratio = statistics.median(b / a for a, b in zip(mine, others, strict=True))
    same = _tables(folder / "here") == _tables(folder / "other")
    row = (
        f"report, {scale} x the sample, processor time",
        f"{statistics.median(mine):.1f} s",
        f"checkout {other.name}",
        f"{statistics.median(others):.1f} s",
        f"{ratio:.2f}",
        "equal tables" if same else "the tables differ",
    )
    bench.rows.append(row)
    print("  ".join(row), flush=True)


def _seconds(checkout: Path, scale: int, out: Path) -> float:
    """Write a report with the package of a checkout; return the processor time."""
    done = subprocess.run(
        [sys.executable, "-c", _WRITE, str(scale), str(out)],
        env=os.environ | {"PYTHONPATH": str(checkout)},
        cwd=checkout,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    said = json.loads(done.stdout.splitlines()[-1])
    if Path(said["package"]).resolve() != checkout:
        raise RuntimeError(f"the report was written by {said['package']}, not by {checkout}")
    return float(said["seconds"])


def _tables(report: Path) -> dict[str, bytes]:
    """Texts and sheets of a report's workbook: what its tables say, whenever it was written."""
    with ZipFile(report / "tables.xlsx") as book:
        names = [n for n in book.namelist() if n == _STRINGS or n.startswith(_SHEETS)]
        return {name: book.read(name) for name in names}
