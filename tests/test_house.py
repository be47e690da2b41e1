"""Rules of the house that a machine can hold: imports, dependencies, lint, the wheel."""

from __future__ import annotations

import ast
import configparser
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "geo_citymgmt"
HEAVY = ("folium", "branca", "matplotlib", "xlsxwriter", "sqlalchemy", "dask", "rich", "jinja2",
         "ezdxf")  # fmt: skip
#: Packages that conda-forge keeps under another name.
CONDA = {
    "geopandas": "geopandas-base",
    "matplotlib": "matplotlib-base",
    "XlsxWriter": "xlsxwriter",
}


def run(*command: str, **kwargs) -> subprocess.CompletedProcess:
    return subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=ROOT, encoding="utf-8", **kwargs
    )


def setup_cfg() -> configparser.ConfigParser:
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    return config


def requirements(text: str) -> dict[str, str]:
    lines = [line.strip() for line in text.strip().splitlines()]
    pairs = [re.fullmatch(r"([A-Za-z0-9_.-]+)(?:\[[^]]*\])?(.*)", line) for line in lines if line]
    return {m[1]: m[2] for m in pairs if m}


def test_import_loads_nothing_that_draws_or_writes():
    code = f"import sys, geo_citymgmt; print([m for m in {HEAVY!r} if m in sys.modules])"
    result = run(sys.executable, "-c", code)
    assert result.stdout.strip() == "[]", result.stderr


def test_every_public_name_is_there_and_documented():
    import geo_citymgmt as gcm

    for name in gcm.__all__:
        assert getattr(gcm, name).__doc__, name
    assert set(gcm.__all__) <= set(dir(gcm))


def test_conda_names_the_packages_and_bounds_of_setup_cfg():
    config = setup_cfg()
    wanted = requirements(config["options"]["install_requires"])
    for extra in ("notebook", "bulletin", "dxf"):
        wanted |= requirements(config["options.extras_require"][extra])
    text = (ROOT / "environment.yml").read_text(encoding="utf-8")
    lines = re.findall(r"^  - (.+)$", text.split("dependencies:")[1], re.M)
    found = requirements("\n".join(lines))
    python = found.pop("python")
    assert python == config["options"]["python_requires"]
    found.pop("pip", None)
    assert found == {CONDA.get(name, name): bound for name, bound in wanted.items()}


def test_setup_cfg_holds_the_metadata_and_pyproject_only_tools():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert "[project]" not in text
    assert "[build-system]" in text


@pytest.mark.parametrize("command", [["ruff", "check", "."], ["ruff", "format", "--check", "."]])
def test_ruff_finds_nothing(command):
    result = run(sys.executable, "-m", *command)
    assert result.returncode == 0, result.stdout


def test_types_hold():
    if tuple(map(int, np.__version__.split(".")[:2])) < (2, 4):
        pytest.skip("types are held against the stubs of numpy 2.4 and later")
    result = run(sys.executable, "-m", "mypy")
    assert result.returncode == 0, result.stdout


def test_imports_run_one_way():
    linter = Path(sys.executable).with_name("lint-imports")
    result = run(str(linter))
    assert result.returncode == 0, result.stdout


def test_the_wheel_holds_every_file_of_the_package(tmp_path):
    tracked = run("git", "ls-files", "geo_citymgmt").stdout.split()
    if not tracked:
        pytest.skip("not a git checkout")
    source = tmp_path / "source"
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE", "NOTICE", *tracked):
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, source / name)
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "-o", str(tmp_path)]
    result = subprocess.run(
        [*command, str(source)], capture_output=True, text=True, check=False, encoding="utf-8"
    )
    assert result.returncode == 0, result.stdout + result.stderr
    (wheel,) = tmp_path.glob("*.whl")
    held = set(zipfile.ZipFile(wheel).namelist())
    there = {name for name in tracked if (ROOT / name).is_file()}
    assert {n for n in there if not n.endswith(".gitattributes")} <= held
    assert {name.split("/")[0].split("-")[0] for name in held} == {"geo_citymgmt"}


def test_no_module_is_longer_than_a_house_can_bear():
    # One concept a module, as long as that takes.
    long = {
        path.relative_to(ROOT).as_posix(): n
        for path in (ROOT / "geo_citymgmt").rglob("*.py")
        if (n := len(path.read_text(encoding="utf-8").splitlines())) > 900
    }
    assert not long


def test_every_process_of_a_run_has_the_same_tests(request):
    """Packed bytes hold the time of day: a test called after them has another name elsewhere."""
    names = [item.nodeid for item in request.session.items]
    assert [name for name in names if len(name) > 250 or "\\x1f\\x8b" in name] == []


def test_nothing_in_the_repository_is_bound_to_one_machine_or_left_by_a_merge():
    tracked = run("git", "ls-files").stdout.split("\n")
    if tracked == [""]:
        pytest.skip("not a git checkout")
    here = {f"{folder.as_posix()}/" for folder in (Path.home(), ROOT.parent, Path(sys.prefix))}
    words = [*map(re.escape, sorted(here)), r"/home/\w+/", "site-packages", "index-url"]
    # Where packages come from is the business of the machine's own settings.
    words.append(r"https?://[\w.-]*\b(?:registry|pypi|deb|npmjs)\b")
    words += ["^<{7} ", "^>{7} "]
    suspicious = re.compile("|".join(words), re.MULTILINE)
    texts = (".py", ".toml", ".cfg", ".md", ".yml", ".sh", ".ipynb", ".csv", ".txt", "Makefile")
    hits = [
        name
        for name in tracked
        if name.endswith(texts)
        and name != "tests/test_house.py"
        and suspicious.search((ROOT / name).read_text(encoding="utf-8", errors="replace"))
    ]
    assert hits == []


#: Names of one city, its codes, its plane and its word for a reporting unit.
ONE_CITY = re.compile(r"苏州|suzhou|3205|EPSG:4549|板块", re.IGNORECASE)


def _without_docstrings(path: Path) -> str:
    """The text of a file; of a module without the docstrings, in which a city may be an example."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        return text
    lines = text.splitlines()
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, documented) and ast.get_docstring(node, clean=False):
            said = node.body[0]
            lines[said.lineno - 1 : said.end_lineno] = [""] * (said.end_lineno - said.lineno + 1)
    return "\n".join(lines)


def test_the_core_knows_no_city():
    """Whose city it is stands in profiles/ and in the sample, nowhere else."""
    kinds = {".py", ".toml", ".j2", ".js", ".css", ".html"}
    found = []
    for path in sorted(PACKAGE.rglob("*")):
        room = path.relative_to(PACKAGE).parts[0]
        if path.suffix not in kinds or room in ("profiles", "sample") or "assets" in path.parts:
            continue
        lines = enumerate(_without_docstrings(path).splitlines(), 1)
        found += [f"{path.relative_to(PACKAGE)}:{n} {line.strip()[:80]}" for n, line in lines
                  if ONE_CITY.search(line)]  # fmt: skip
    assert not found, "\n".join(found)
