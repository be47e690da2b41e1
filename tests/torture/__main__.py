"""Break sources and print the numbers: ``python -m tests.torture [N] [--seed S] [--jobs J]``."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from tests.torture.harness import OUTCOMES, Bench, Result

_bench: Bench | None = None


def _start(folder: str, only: list[str]) -> None:
    global _bench
    own = tempfile.mkdtemp(dir=folder)
    _bench = Bench(Path(own), only=only).prepare()


def _run(seed: int) -> Result:
    assert _bench is not None
    return _bench.run(seed)


def main() -> int:
    """Run, print a table by format, and say whether the promise holds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("n", nargs="?", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--show", type=int, default=20, help="how many faults to name")
    parser.add_argument("--only", default="", help="formats, joined by commas")
    options = parser.parse_args()
    only = options.only.split(",") if options.only else []
    begin = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder) / "main", only=only).prepare()
        for text in bench.refused:
            print(f"not read, left out: {text}")
        seeds = range(options.seed, options.seed + options.n)
        results: list[Result] = []
        try:
            with ProcessPoolExecutor(
                options.jobs, initializer=_start, initargs=(folder, only)
            ) as pool:
                results.extend(pool.map(_run, seeds, chunksize=25))
        except BrokenProcessPool:
            at = options.seed + len(results)
            print(f"a reader died at a seed not far behind {at}")
            results.append(Result("?", "?", at, "crash", detail="the process died"))
    _report(results, time.perf_counter() - begin, options.show)
    count = Counter(r.outcome for r in results)
    return int(bool(count["crash"] or count["hang"] or count["lost"]))


def _report(results: list[Result], seconds: float, show: int) -> None:
    by_format = Counter((r.format, r.outcome) for r in results)
    names = sorted({r.format for r in results})
    print(f"{'':10s}" + "".join(f"{o:>9s}" for o in OUTCOMES))
    for name in names:
        print(f"{name:10s}" + "".join(f"{by_format[name, o]:9d}" for o in OUTCOMES))
    total = Counter(r.outcome for r in results)
    print(f"{'all':10s}" + "".join(f"{total[o]:9d}" for o in OUTCOMES))
    lost = sum(r.lost for r in results if r.outcome == "lost")
    print(
        f"{len(results)} broken sources in {seconds:.0f} s; {lost} records lost without a finding"
    )
    bad = [r for r in results if r.outcome in ("lost", "crash", "hang")]
    for r in bad[:show]:
        print(f"  {r.outcome} {r.format} {r.kind} seed {r.seed}: {r.detail[:200]}")


if __name__ == "__main__":
    sys.exit(main())
