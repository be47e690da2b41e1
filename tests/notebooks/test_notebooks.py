"""The notebooks: stored clean, and true from top to bottom without a network."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import pytest

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
NAMES = [
    "01_quickstart",
    "02_illegal_construction_progress",
    "03_tunnels_and_manholes",
    "04_parking_coverage",
    "05_bike_coverage",
    "06_city_scoreboard",
    "07_your_own_data",
    "08_another_city",
    "09_own_zones_plain_frames",
    "10_refining_a_map",
    "11_results_elsewhere",
    "12_city_cases",
]
WITH_CHARTS = [*NAMES[1:6], NAMES[8], NAMES[11]]


def stored(name: str) -> dict:
    return json.loads((NOTEBOOKS / f"{name}.ipynb").read_text(encoding="utf-8"))


def source(cell: dict) -> str:
    return "".join(cell["source"])


def read(name: str):
    nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed")
    return nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)


def test_the_notebooks_are_those_of_the_folder():
    assert [path.stem for path in sorted(NOTEBOOKS.glob("*.ipynb"))] == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_is_stored_without_outputs(name):
    book = stored(name)
    assert (book["nbformat"], book["nbformat_minor"] >= 5) == (4, True)
    assert book["metadata"]["kernelspec"]["name"] == "python3"
    ids = [cell["id"] for cell in book["cells"]]
    assert len(set(ids)) == len(ids)
    for cell in book["cells"]:
        assert cell["metadata"] == {}
        if cell["cell_type"] == "code":
            assert (cell["outputs"], cell["execution_count"]) == ([], None)


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_has_short_cells_and_no_functions(name):
    for cell in stored(name)["cells"]:
        if cell["cell_type"] != "code":
            continue
        lines = source(cell).splitlines()
        # The layer file of 07 is text, not code.
        assert len(lines) <= 32 or 'toml = """' in lines, source(cell)
        assert max(map(len, lines)) <= 100, source(cell)
        assert not re.search(r"^(def|class) ", source(cell), re.MULTILINE), "belongs in the package"


@pytest.mark.parametrize("name", NAMES)
def test_links_between_notebooks_lead_somewhere(name):
    text = "\n".join(source(cell) for cell in stored(name)["cells"])
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        assert target.startswith("https://") or (NOTEBOOKS / target).exists(), target


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_runs_from_top_to_bottom_without_a_network(name, kernel):
    book = kernel.run(read(name))
    assert kernel.tried() == ""
    outputs = [out for cell in book.cells for out in cell.get("outputs", [])]
    said = [
        out["text"] for out in outputs if out["output_type"] == "stream" and out["name"] == "stderr"
    ]
    assert said == [], "a notebook shows no warnings"
    pages = [out["data"]["text/html"] for out in outputs if "text/html" in out.get("data", {})]
    first = next(out for cell in book.cells for out in cell.get("outputs", []))
    shown = "".join(first.get("data", {}).values()) + first.get("text", "")
    assert "入库" not in shown, "the first output of an English notebook is English"
    maps = [html.unescape(page) for page in pages if page.startswith("<iframe srcdoc=")]
    assert maps, "each notebook shows a map"
    assert all("leaflet" in page and "gcm.setup" in page for page in maps)
    if name in WITH_CHARTS:
        assert any("image/png" in out.get("data", {}) for out in outputs)


def test_the_kernel_of_these_tests_has_no_network(kernel):
    nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed")
    code = (
        "import socket\n"
        "try:\n"
        "    socket.create_connection(('192.0.2.1', 80), timeout=2)\n"
        "except PermissionError as error:\n"
        "    print(error)"
    )
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    cell = kernel.run(book).cells[0]
    assert "the network is off" in cell.outputs[0]["text"]
    assert "192.0.2.1" in kernel.tried()
