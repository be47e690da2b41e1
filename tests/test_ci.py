"""Workflows and noxfile.py run what setup.cfg promises."""

from __future__ import annotations

import ast
import configparser
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def promised() -> list[str]:
    """The Pythons of the classifiers."""
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    return re.findall(r"Python :: (3\.\d+)$", config["metadata"]["classifiers"], re.MULTILINE)


def jobs() -> dict[str, dict]:
    yaml = pytest.importorskip("yaml", reason="PyYAML is not installed")
    loaded = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in WORKFLOWS]
    return {name: job for workflow in loaded for name, job in workflow["jobs"].items()}


def sessions() -> set[str]:
    """The names of noxfile.py's sessions, read without nox."""
    tree = ast.parse((ROOT / "noxfile.py").read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_the_matrix_has_each_promised_python_on_three_systems():
    matrix = jobs()["tests"]["strategy"]["matrix"]
    assert matrix["python"] == promised()
    assert [name.split("-")[0] for name in matrix["os"]] == ["ubuntu", "macos", "windows"]


def test_nox_has_the_promised_pythons():
    tree = ast.parse((ROOT / "noxfile.py").read_text(encoding="utf-8"))
    (pythons,) = (
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "PYTHONS"
    )
    assert pythons == promised()


def test_every_job_runs_a_session_or_a_target_that_exists():
    targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
    ran = set()
    for name, job in jobs().items():
        commands = [step["run"] for step in job["steps"] if "run" in step]
        asked = [re.search(r"nox -s (\w+)|make ([\w-]+)", command) for command in commands]
        found = [match[1] or match[2] for match in asked if match]
        assert found, name
        assert set(found) <= sessions() | set(targets), name
        ran |= set(found)
    assert sessions() <= ran


def test_jobs_ask_for_pythons_that_are_promised_and_end_by_themselves():
    for name, job in jobs().items():
        assert job["timeout-minutes"] <= 90, name
        (python,) = (
            step["with"]["python-version"]
            for step in job["steps"]
            if step.get("uses", "").startswith("actions/setup-python@")
        )
        assert python in [*promised(), "${{ matrix.python }}"], name


def test_scripts_that_workflows_start_exist_and_no_secret_is_used():
    for path in WORKFLOWS:
        text = path.read_text(encoding="utf-8")
        assert "secrets." not in text
        for script in re.findall(r"scripts/[\w.-]+", text):
            assert (ROOT / script).is_file(), script


def test_files_are_the_same_bytes_on_each_system():
    # Sums are kept of data; git on Windows changes line ends unless it is told not to.
    lines = (ROOT / ".gitattributes").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if not line.startswith("#")] == ["* -text"]
