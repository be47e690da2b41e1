"""The whole report of the sample beside that of another checkout: processor time, and tables.

``python -m benchmarks report --against FOLDER``, of a checkout of the repository at another commit;
``--quick`` leaves out ten times the sample. Each report is written in a process of its own, in
turn, so that both meet the same machine. Processor time, user and system, is that of
``write_report`` alone, children and threads included: a busy machine lengthens the wait, not that.
"""

from __future__ import annotations

import json
import math
import os
import re
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

scale, out = int(sys.argv[1]), Path(sys.argv[2])
if Path("generator").is_dir():
    from generator.files import write_sample
    city = gcm.load_city(write_sample(out.with_name("sample"), scale=scale))
else:
    # Before 0.2 the generator was in the package.
    city = gcm.sample_city(scale=scale)
start = spent()
write_report(city, out)
print(json.dumps({"seconds": spent() - start, "package": str(Path(gcm.__file__).parents[1])}))
"""
#: A cell of a sheet that holds a number, not the place of a text.
_NUMBER = re.compile(r'<c r="([A-Z]+[0-9]+)"(?: s="[0-9]+")?><v>([^<]+)</v>')


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


def _numbers(report: Path) -> dict[str, float]:
    """Numbers of a report's workbook by sheet and cell; words change from commit to commit."""
    out = {}
    with ZipFile(report / "tables.xlsx") as book:
        for sheet in book.namelist():
            if sheet.startswith("xl/worksheets/sheet"):
                cells = _NUMBER.findall(book.read(sheet).decode())
                out |= {f"{sheet} {cell}": float(number) for cell, number in cells}
    return out


def _same(mine: dict[str, float], others: dict[str, float]) -> str:
    """Say whether the tables of two reports hold the same numbers, and if not where."""
    if mine.keys() != others.keys():
        return f"{len(mine.keys() ^ others.keys())} cells are numbers in one of them alone"
    differ = [at for at, number in mine.items() if not math.isclose(number, others[at])]
    return f"{len(differ)} numbers differ, as at {differ[0]}" if differ else "equal to 1e-9"
