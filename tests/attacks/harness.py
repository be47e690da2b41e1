"""Build an attack and read it, each in a child of its own that may be killed, and measure it."""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import geo_citymgmt as gcm
from geo_citymgmt.errors import CityDataError
from geo_citymgmt.reading._limits import ReadLimits, allowing

#: What no attack may take: of a processor, and of memory.
MOST_SECONDS, MOST_MB = 20.0, 1000
#: When a child is ended that does not end, and where its address space does.
PATIENCE_S = 60
_ADDRESS_SPACE = 8 << 30
#: macOS counts bytes where Linux counts kB.
_UNIT = 1 << 20 if sys.platform == "darwin" else 1 << 10


@dataclass(frozen=True)
class Attack:
    """A source to be built in a folder, and what is to come of reading it.

    ``outcome`` is "refused", "read" (as many records are accepted as ``records`` says), or the
    code of a finding that must tell it.
    """

    name: str
    build: Callable[[Path], Any]
    outcome: str
    layer: str = "manholes"
    records: int | None = None
    #: Whether it is built and read in no time, so that the tests can try it.
    is_small: bool = True


@dataclass
class Result:
    """What came of an attack."""

    name: str
    outcome: str
    seconds: float
    mb: float
    detail: str = ""

    @property
    def is_over(self) -> bool:
        """Whether it took more than it may, or did not end by itself."""
        return self.outcome in ("killed", "crash", "hang") or (
            self.seconds > MOST_SECONDS or self.mb > MOST_MB
        )


@dataclass
class Register:
    """Attacks by name, as the modules of builders put them in."""

    attacks: dict[str, Attack] = field(default_factory=dict)

    def add(self, outcome: str, **more: Any) -> Callable[[Callable[[Path], Any]], Any]:
        """Decorate a builder: its name is that of the attack."""

        def put(build: Callable[[Path], Any]) -> Callable[[Path], Any]:
            name = build.__name__.strip("_")
            self.attacks[name] = Attack(name, build, outcome, **more)
            return build

        return put


ATTACKS = Register()


def run(attack: Attack, folder: Path | None = None) -> Result:
    """Build and read an attack."""
    with tempfile.TemporaryDirectory(dir=folder) as made:
        place = Path(made)
        status, _, _, text = _child(lambda: str(attack.build(place) or ""))
        if status != 0:
            raise RuntimeError(f"{attack.name} could not be built: {text}")
        source = Path(text)
        status, seconds, mb, text = _child(lambda: json.dumps(_read(attack, source)))
    if status < 0:
        how = "hang" if -status == signal.SIGALRM else "killed"
        return Result(attack.name, how, seconds, mb, signal.Signals(-status).name)
    if status > 0:
        return Result(attack.name, "crash", seconds, mb, text)
    outcome, detail = json.loads(text)
    return Result(attack.name, outcome, seconds, mb, detail)


def run_together(attacks: Sequence[Attack], folder: Path) -> list[Result]:
    """Build and read attacks in one child; where it ends before its time, in one each."""

    def work() -> str:
        out = []
        for attack in attacks:
            place = folder / attack.name
            place.mkdir()
            source = Path(str(attack.build(place)))
            start = time.process_time()
            with allowing(ReadLimits(query_seconds=0.5)):
                outcome, _ = _read(attack, source)
            out.append([attack.name, outcome, time.process_time() - start])
        return json.dumps(out)

    status, _, mb, text = _child(work)
    if status == 0:
        return [Result(name, outcome, seconds, mb) for name, outcome, seconds in json.loads(text)]
    return [run(attack) for attack in attacks]


def _read(attack: Attack, source: Path) -> tuple[str, str]:
    """Return what came of it: the outcome that was to come, or another in words."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            if source.is_dir():
                city = gcm.load_city(source, fallback_crs="EPSG:4490")
                findings = city.findings
                n = int(city.ledger["n_accepted"].fillna(0).sum())
            else:
                layer = gcm.read_layer(source, attack.layer, fallback_crs="EPSG:4490")
                findings, n = layer.findings, int(layer.ledger["n_accepted"].iloc[0])
        except CityDataError as error:
            return "refused", str(error)
    codes = sorted(set(findings["code"]))
    if attack.outcome in codes:
        return attack.outcome, f"{n} records"
    if attack.outcome == "read" and attack.records in (None, n):
        return "read", f"{n} records"
    return f"{n} records", ", ".join(codes)


def _child(work: Callable[[], str]) -> tuple[int, float, float, str]:
    """Do it in a fork: exit code or signal, seconds of processor, MB it took, and what it says."""
    read_end, write_end = os.pipe()
    # A fork begins with all that its parent holds, which other tests may have made much.
    held = int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
    pid = os.fork()
    if pid == 0:
        os.close(read_end)
        code = 1
        try:
            resource.setrlimit(resource.RLIMIT_AS, (_ADDRESS_SPACE, _ADDRESS_SPACE))
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.alarm(PATIENCE_S)
            said = work()
            code = 0
        except BaseException as error:
            said = f"{type(error).__name__}: {error}"
        os.write(write_end, said.encode()[:60_000])
        os._exit(code)
    os.close(write_end)
    with os.fdopen(read_end, "rb") as pipe:
        said = pipe.read().decode(errors="replace")
    _, status, used = os.wait4(pid, 0)
    return (
        os.waitstatus_to_exitcode(status),
        used.ru_utime + used.ru_stime,
        max(0, used.ru_maxrss * _UNIT - held) / (1 << 20),
        said,
    )
