"""Break a source, read it, and compare with what its healthy original gave."""

from __future__ import annotations

import faulthandler
import shutil
import signal
import tempfile
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import shapely

import geo_citymgmt as gcm
from tests.torture.mutations import KINDS, mutate
from tests.torture.sources import Source, build, is_shorter

HANG_S = 30
#: How text, names and CRS were read says nothing about rows and geometries.
_OTHER = ("ENC_", "TEXT_", "FIELD_", "CRS_", "DATUM_", "PERSONAL_")
#: *Shorter* is a file that a healthy office could have sent: whole records are gone, and nothing
#: else. Where a format states no count, no reader can tell it from the one it was made of.
OUTCOMES = ("refused", "told", "same", "shorter", "lost", "crash", "hang")


@dataclass(frozen=True)
class Account:
    """What a read gave: per record the type and number of points, and what was found."""

    n_records: int
    shapes: dict[int, tuple[int, int]]
    findings: frozenset[tuple[str, int, str]]


@dataclass
class Result:
    """What one broken source led to."""

    format: str
    kind: str
    seed: int
    outcome: str
    lost: int = 0
    detail: str = ""


@dataclass
class Bench:
    """Healthy sources in a folder of their own, with what each gives."""

    folder: Path
    only: Sequence[str] = ()
    sources: list[Source] = field(default_factory=list)
    truth: list[Account] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def prepare(self) -> Bench:
        """Write and read the healthy sources; leave out formats that are not read at all."""
        for source in build(self.folder / "healthy"):
            if self.only and source.format not in self.only:
                continue
            try:
                account = read(source, source.path)
            except gcm.CityDataError as error:
                self.refused.append(f"{source.format}/{source.layer}: {error}")
                continue
            self.sources.append(source)
            self.truth.append(account)
        return self

    def run(self, seed: int) -> Result:
        """Break one source, chosen by ``seed``, and read it."""
        rng = np.random.default_rng(seed)
        formats = sorted({s.format for s in self.sources})
        chosen = formats[seed % len(formats)]
        mine = [k for k, s in enumerate(self.sources) if s.format == chosen]
        k = mine[int(rng.integers(len(mine)))]
        kind = KINDS[int(rng.integers(len(KINDS)))]
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            target = Path(folder) / "in"
            shutil.copytree(self.sources[k].path.parent, target)
            part = target / self.sources[k].parts[0].name
            healthy = part.read_bytes()
            broken = mutate(healthy, kind, rng)
            part.write_bytes(broken)
            result = self._judge(k, kind, seed, target / self.sources[k].path.name)
        if result.outcome == "lost" and is_shorter(chosen, healthy, broken):
            result.outcome = "shorter"
        return result

    def _judge(self, k: int, kind: str, seed: int, path: Path) -> Result:
        source, truth = self.sources[k], self.truth[k]
        result = Result(source.format, kind, seed, "same")
        start = time.perf_counter()
        try:
            with _limit(HANG_S):
                after = read(source, path)
        except gcm.CityDataError as error:
            result.outcome, result.detail = "refused", str(error)
            return result
        except TimeoutError:
            result.outcome, result.detail = "hang", f"{time.perf_counter() - start:.0f} s"
            return result
        except Exception as error:
            result.outcome, result.detail = "crash", f"{type(error).__name__}: {error}"
            return result
        lost = losses(truth, after)
        told = after.findings - truth.findings
        if lost:
            result.outcome, result.lost = ("told" if told else "lost"), len(lost)
            result.detail = f"{source.layer}: records {lost[:5]}"
        return result


def read(source: Source, path: Path) -> Account:
    """Read ``path`` as a layer and take down what came of it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        layer = gcm.read_layer(path, source.layer, **dict(source.options))
    row = layer.ledger.iloc[0]
    accounted = row["n_skipped"] + row["n_accepted"] + row["n_rejected"]
    if row["n_walked"] != accounted:
        raise AssertionError(f"walked {row['n_walked']}, accounted for {accounted}")
    shapes = layer.data.geometry.to_numpy()
    pairs = zip(
        shapely.get_type_id(shapes).tolist(),
        shapely.get_num_coordinates(shapes).tolist(),
        strict=True,
    )
    table = layer.findings
    about = ~table["code"].str.startswith(_OTHER)
    keys = table.loc[about, ["code", "record", "message_en"]]
    found = frozenset(
        (code, -1 if pd.isna(record) else int(record), message)
        for code, record, message in keys.itertuples(index=False)
    )
    return Account(
        int(row["n_walked"]), dict(zip(layer.record.tolist(), pairs, strict=True)), found
    )


def losses(truth: Account, after: Account) -> list[int]:
    """Return the records that are gone, or whose geometry is gone or has fewer points."""
    lost = []
    for record, (kind, points) in truth.shapes.items():
        now = after.shapes.get(record)
        if now is None or now[0] != kind or now[1] < points:
            lost.append(record)
    return lost


@contextmanager
def _limit(seconds: int) -> Iterator[None]:
    faulthandler.enable()
    if not hasattr(signal, "SIGALRM"):
        yield
        return

    def stop(*_: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
