"""Measure what a stranger meets: ``check`` on public sets, and after the lines ``init`` proposes.

    python scripts/first_contact.py ../shared/real

Prints for each set: exit code and share of records accepted by ``check FILE``, the same for its
folder with what ``init`` proposed taken as it is, and how many columns are right, missed and wrong
(as ``tests/real_columns.toml`` has them).
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

import pandas as pd
from click.testing import CliRunner

import geo_citymgmt as gcm
from geo_citymgmt.cli import main

ROOT = Path(__file__).resolve().parents[1]
UNSURE = "# ? "


def measured(real: Path, name: str, wanted: dict[str, Any]) -> dict[str, Any]:
    """Return the row of one set."""
    layer = wanted["layer"]
    code, share = checked(real / name, layer)
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder) / "city"
        shutil.copytree((real / name).parent, here, copy_function=shutil.copyfile)
        (here / "SOURCE.txt").unlink(missing_ok=True)
        CliRunner().invoke(main, ["init", str(here)])
        config = here / "city.toml"
        again = (2, 0.0)
        if config.exists():
            config.write_text(config.read_text("utf-8").replace(UNSURE, ""), "utf-8")
            again = checked(here, layer)
    row = {"set": name.split("/")[0], "exit": code, "accepted": share}
    return {**row, "exit_2": again[0], "accepted_2": again[1], **columns(real / name, wanted)}


def checked(source: Path, layer: str) -> tuple[int, float]:
    """Return the exit code of ``check``, and the share of the layer's records it accepts."""
    arguments = ["check", str(source), "--format", "json"]
    ran = CliRunner().invoke(main, arguments)
    try:
        rows = json.loads(ran.stdout[ran.stdout.index("{") :])["ledger"]
    except ValueError:
        return ran.exit_code, 0.0
    mine = [r for r in rows if r["layer"] == layer and r["n_records"]]
    return ran.exit_code, mine[0]["n_accepted"] / mine[0]["n_records"] if mine else 0.0


def columns(source: Path, wanted: dict[str, Any]) -> dict[str, Any]:
    """Return how many columns are right (at once, or proposed), missed and wrong."""
    try:
        table = gcm.propose_mapping(source, wanted["layer"], sublayer=wanted.get("sublayer"))
    except gcm.CityDataError:
        table = pd.DataFrame(columns=["column", "field", "applied"])
    fields = {"".join(c.split()): f for c, f in wanted["fields"].items()}
    bare = table["column"].map(lambda column: "".join(column.split()))
    known = [fields.get(column, ()) for column in bare]
    is_right = pd.Series(
        [
            f in ([k] if isinstance(k, str) else k)
            for f, k in zip(table["field"], known, strict=True)
        ],
        index=table.index,
        dtype=bool,
    )
    # Of several columns that may be one text, a person is asked which: the right one is among them.
    asked = is_right.groupby(table["field"]).transform("any") & ~table["applied"].astype(bool)
    right, wrong, seen = int(is_right.sum()), int((~is_right & ~asked).sum()), set(bare)
    needed = {"".join(c.split()) for c in wanted["fields"] if c not in wanted.get("may_be", ())}
    return {"right": right, "missed": len(needed - seen), "wrong": wrong}


def report(real: Path) -> pd.DataFrame:
    """Return one row a set."""
    sets = tomllib.loads((ROOT / "tests" / "real_columns.toml").read_text("utf-8"))
    return pd.DataFrame([measured(real, name, wanted) for name, wanted in sets.items()])


if __name__ == "__main__":
    table = report(Path(sys.argv[1]))
    print(table.to_string(index=False, float_format="{:.3f}".format))
    print(table[["right", "missed", "wrong"]].sum().to_string())
