"""The suite on each Python and with the oldest and newest dependencies: ``nox -s tests-3.12``.

`make test` is the newcomer's way and needs no nox; this is for a release and for CI. ``nox -l``
lists the sessions. After ``--`` come arguments of pytest.
"""

from __future__ import annotations

import sys
from pathlib import Path

import nox

PYTHONS = ["3.11", "3.12", "3.13"]
EXTRAS = "-e.[test,notebook]"
# What the tests of one file set up is set up once: they stay in one process, in their order.
PYTEST = ["pytest", "-n", "2", "--dist", "loadgroup", "--no-loadscope-reorder", "--doctest-modules"]

nox.options.sessions = ["lint", "tests", "docs"]
nox.options.reuse_existing_virtualenvs = True


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """All tests, on each Python of the classifiers."""
    session.install(EXTRAS)
    session.run(*PYTEST, *session.posargs)


@nox.session(python=PYTHONS[0])
def floors(session: nox.Session) -> None:
    """All tests with the oldest versions that setup.cfg allows."""
    listed = session.run("python", "scripts/floors.py", silent=True)
    pins = Path(session.create_tmp()) / "floors.txt"
    pins.write_text(str(listed), encoding="utf-8")
    session.install("-r", str(pins))
    session.install("-c", str(pins), EXTRAS)
    session.run(*PYTEST, *session.posargs)


@nox.session(python=PYTHONS[-1])
def prereleases(session: nox.Session) -> None:
    """All tests with the newest versions of what figures rest on, pre-releases included."""
    session.install(EXTRAS)
    newest = ["geopandas", "shapely", "pyproj", "pyogrio", "pandas", "numpy", "pyarrow"]
    session.install("--pre", "--upgrade", *newest)
    # A warning of what will change is to be read here, and must not hide what fails already.
    session.run(*PYTEST, "-W", "default", *session.posargs)


@nox.session(python=PYTHONS[0])
def docs(session: nox.Session) -> None:
    """The documentation, notebooks executed, warnings as errors; needs no network."""
    session.install("-e.[docs,notebook]")
    build = ["-c", "docs", "-E", "-W", "--keep-going", "--quiet"]
    session.run("python", "-m", "sphinx", *build, ".", "build/docs")


@nox.session(python=PYTHONS[1])
def bundle(session: nox.Session) -> None:
    """The small bundle for this system: made, installed, and a folder dropped on it."""
    session.install("packaging")
    windows = sys.platform == "win32"
    platform = "win_amd64" if windows else "linux_x86_64"
    out = Path(session.create_tmp()).resolve() / "bundle"
    make = ["--platform", platform, "--python", PYTHONS[1], "--only", "small", "--out", str(out)]
    session.run("python", "scripts/bundle.py", *make)
    small, target = out.with_name("bundle-small"), out.with_name("installed")
    install, start = ("install.bat", "运行.bat") if windows else ("install.sh", "run.sh")
    shell = ["cmd", "/c"] if windows else ["sh"]
    session.run(*shell, str(small / install), str(target), external=True)
    # 3: done, with records rejected.
    source = str(small / "data" / "shapefiles")
    session.run(*shell, str(target / start), source, external=True, success_codes=[0, 3])
    if not (small / "data" / "shapefiles_报告" / "index.html").is_file():
        session.error("no report was written")


@nox.session(python=PYTHONS[0])
def lint(session: nox.Session) -> None:
    """ruff, ruff format, mypy and import-linter."""
    session.install(EXTRAS)
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("mypy")
    session.run("lint-imports")
