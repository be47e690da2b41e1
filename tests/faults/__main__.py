"""``python -m tests.faults``: 100 kills and 99 sizes of a full disk for each format."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.faults.disk import fill_small_disks, namespace
from tests.faults.harness import SUFFIXES, kill_writers, limit_files, meet


def main() -> int:
    """Print the numbers; 1 where anything was partial or left behind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--meetings", type=int, default=20)
    parser.add_argument("formats", nargs="*", default=SUFFIXES)
    chosen = parser.parse_args()
    wrong = 0
    full = ("99 full disks", fill_small_disks)
    if not namespace():
        print("No file system may be mounted here: the growth of each file is limited instead.")
        full = ("99 file limits", limit_files)
    for suffix in chosen.formats:
        runs = {
            f"{chosen.kills} kills": lambda s, f: kill_writers(s, f, chosen.kills),
            full[0]: lambda s, f: full[1](s, f, list(range(1, 100))),
            f"{chosen.meetings} meetings": lambda s, f: meet(s, f, chosen.meetings),
        }
        for name, run in runs.items():
            with tempfile.TemporaryDirectory() as folder:
                tally = run(suffix, Path(folder))
            wrong += tally.partial + tally.leftovers
            print(f"{suffix:10} {name:16} {tally}", flush=True)
            for what, n in tally.counts.items():
                if what not in ("old", "new"):
                    print(f"    {n} x {what}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
