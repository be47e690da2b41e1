"""Six ways through the package, by the modules each enters: ``python scripts/walks.py``.

What a newcomer has to follow to understand one thing from end to end. A module counts when one of
its functions is called on the way; what is imported and stays unused does not.
"""

from __future__ import annotations

import importlib
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import geo_citymgmt as gcm

ROOM = Path(gcm.__file__).parent
DAY = "2022-06-30"


@contextmanager
def modules_entered() -> Iterator[set[str]]:
    """Collect the modules of the package of which a function is called."""
    entered: set[str] = set()

    def note(frame: FrameType, event: str, _: Any) -> None:
        code = frame.f_code
        if event == "call" and code.co_name != "<module>" and str(ROOM) in code.co_filename:
            entered.add(Path(code.co_filename).relative_to(ROOM).as_posix())

    sys.setprofile(note)
    try:
        yield entered
    finally:
        sys.setprofile(None)


def _of_room(*modules: str, name: str) -> Callable[..., Any]:
    """Return a function of the package by its name; private modules have had other names."""
    for module in modules:
        try:
            found: Callable[..., Any] = getattr(
                importlib.import_module(f"geo_citymgmt.{module}"), name
            )
        except ModuleNotFoundError:
            continue
        return found
    raise SystemExit(f"no {name} in {modules}")


def walks(data: Path, folder: Path) -> Iterator[tuple[str, set[str]]]:
    """Go the six ways with the sample's files and name the modules of each."""
    city = gcm.load_city(data)
    board = _of_room(
        "report._workbook", "report._scoreboard", "report.scoreboard", name="scoreboard"
    )
    write = _of_room("report._findings", "report.findings_book", name="write_findings")
    read = _of_room("decisions", name="read_decisions")
    with modules_entered() as entered:
        layer = gcm.read_layer(data / "bike_stations.shp", "bike_stations")
        gcm.layer_map(layer.data, "bike_stations").save(folder / "map.html")
    yield "a record of a .shp to its popup", entered
    with modules_entered() as entered:
        board(gcm.progress(city, as_of=DAY), city)
    yield "a target to a cell of the scoreboard", entered
    book = folder / "findings.xlsx"
    with modules_entered() as entered:
        write(city, book)
        read(book, city.specs)
    yield "a finding to the workbook and back", entered
    with modules_entered() as entered:
        gcm.write_report(city, folder / "report", as_of=DAY, lang="en")
    yield "as_of and lang through the report", entered
    with modules_entered() as entered:
        gcm.progress_map(city, "manhole_remediated", as_of=DAY).save(folder / "panel.html")
    yield "a district's code to the panel of a map", entered


def main() -> None:
    """Print the number of modules of each way, and with --names which they are."""
    data = Path(__file__).resolve().parents[1] / "data" / "shapefiles"
    with tempfile.TemporaryDirectory() as folder:
        for name, entered in walks(data, Path(folder)):
            print(f"{len(entered):4d}  {name}")
            if "--names" in sys.argv:
                print("      " + " ".join(sorted(entered)))


if __name__ == "__main__":
    main()
