"""A small mounted file system for a writer to fill, where the system lets a user mount one.

``python -m tests.faults.disk SUFFIX,… FOLDER PERCENT…`` has mount and user namespaces of its own:
nobody else sees the file system, and it is gone when the run ends, however it ends.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from tests.faults.harness import REFUSED, ROOT, Tally, Writers, actuals, beside, environment
from tests.faults.harness import version as a_version

PAGE = 4096
_ROOMY = 1 << 28


@cache
def namespace() -> tuple[str, ...]:
    """Return the command that opens namespaces in which one may mount; empty where none does."""
    program = shutil.which("unshare")
    if program is None or shutil.which("mount") is None:
        return ()
    for flags in ("-rm", "-m"):
        trial = "mount -t tmpfs -o size=64k tmpfs /mnt"
        done = subprocess.run([program, flags, "sh", "-c", trial], capture_output=True)
        if done.returncode == 0:
            return (program, flags)
    return ()


def fill_small_disks(suffix: str, folder: Path, percents: list[int]) -> Tally:
    """Give a writer a disk with room for each per cent of what the writing takes at its peak."""
    return fill_all((suffix,), folder, percents)[suffix]


def fill_all(suffixes: Sequence[str], folder: Path, percents: list[int]) -> dict[str, Tally]:
    """Do so for several formats by one process."""
    words = [",".join(suffixes), str(folder), *map(str, percents)]
    command = [sys.executable, "-m", "tests.faults.disk", *words]
    done = subprocess.run(
        [*namespace(), *command], cwd=ROOT, env=environment(), stdout=subprocess.PIPE, text=True
    )
    assert done.returncode == 0, f"exit {done.returncode}"
    return {
        suffix: Tally(Counter(told["counts"]), told["leftovers"])
        for suffix, told in json.loads(done.stdout).items()
    }


class SmallDisk:
    """A file system in memory at ``folder``, which holds the old file and a given number of pages.

    It lives in the namespace of this process and dies with it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._mount(f"size={_ROOMY}")

    def put(self, target: Path, content: bytes, room: int) -> None:
        """Place ``content`` in ``target``, then leave ``room`` free pages beside it."""
        self._mount(f"remount,size={_ROOMY}")
        target.write_bytes(content)
        self._mount(f"remount,size={(-(-len(content) // PAGE) + room) * PAGE}")

    def _mount(self, options: str) -> None:
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", self.folder], check=True)


def _run(suffix: str, folder: Path, percents: list[int], writers: Writers) -> Tally:
    from geo_citymgmt.writing import write_layer

    disk, target, tally = SmallDisk(folder), folder / f"layer{suffix}", Tally()
    write_layer(a_version(0), target)
    old = target.read_bytes()

    def write(room: int) -> int:
        disk.put(target, old, room)
        code = writers.wait(writers.start(target, 1))
        tally.leftovers += len(beside(target))
        return code

    def outcome(room: int) -> str:
        code = write(room)
        found = actuals(target)
        told = {0: "new", REFUSED: "old"}.get(code, "")
        return found if found == told else f"{found}, exit {code}"

    short, enough = 0, 2 * (len(old) // PAGE + 8)
    while write(enough):
        short, enough = enough, 2 * enough
        assert enough * PAGE < _ROOMY, "the writer does not succeed with all the room there is"
    # No closer than it matters: of what is known to be too little is the most of the per cents.
    while enough * max(percents) // 100 > short:
        middle = (short + enough) // 2
        short, enough = (middle, enough) if write(middle) else (short, middle)
    assert outcome(enough) == "new"
    for percent in percents:
        tally.counts[outcome(enough * percent // 100)] += 1
    return tally


def _run_all(suffixes: list[str], folder: Path, percents: list[int]) -> dict[str, dict[str, Any]]:
    told = {}
    with Writers() as writers:
        # The writers came first: what is mounted meanwhile is in their namespace too.
        for number, suffix in enumerate(suffixes):
            inside = folder / str(number)
            inside.mkdir()
            tally = _run(suffix, inside, percents, writers)
            told[suffix] = {"counts": tally.counts, "leftovers": tally.leftovers}
    return told


if __name__ == "__main__":
    percents = [int(word) for word in sys.argv[3:]]
    print(json.dumps(_run_all(sys.argv[1].split(","), Path(sys.argv[2]), percents)))
