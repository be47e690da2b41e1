"""Forks children that write; see :mod:`tests.faults.harness`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from geo_citymgmt.errors import CityDataError
from geo_citymgmt.writing import write_layer
from tests.faults.harness import REFUSED, SUFFIXES, version


def main() -> None:
    """Take orders from standard input until it ends."""
    frames = {k: version(k) for k in (0, 1)}
    # What a format loads when it is first written is loaded here, and not by each child anew.
    with TemporaryDirectory() as folder:
        for suffix in SUFFIXES:
            write_layer(frames[0].head(1), Path(folder) / f"layer{suffix}")
    print("ready", flush=True)
    for line in sys.stdin:
        order, *words = line.rstrip("\n").split("\t")
        if order == "wait":
            _, status = os.waitpid(int(words[0]), 0)
            print(os.waitstatus_to_exitcode(status), flush=True)
            continue
        target, k, limit = words[0], int(words[1]), int(words[2])
        pid = os.fork()
        if pid == 0:
            os._exit(_write(frames[k], target, limit))
        print(pid, flush=True)


def _write(frame, target: str, limit: int) -> int:
    if limit:
        import resource

        # Python ignores SIGXFSZ: a write beyond the limit fails as it does on a full disk.
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    try:
        if target.startswith("postgresql"):
            import sqlalchemy as sa

            url, _, table = target.partition("#")
            write_layer(frame, sa.create_engine(url), name=table)
        else:
            write_layer(frame, target)
    except CityDataError as error:
        if os.environ.get("SHOW_ERRORS"):
            print(error, file=sys.stderr, flush=True)
        return REFUSED
    except BaseException as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
        return 1
    return 0


if __name__ == "__main__":
    main()
