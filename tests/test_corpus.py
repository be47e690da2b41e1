"""Files made to break readers, and real ones: a message and an exit code each, and no lost record.

They stand beside the project; without them these tests are skipped, visibly.
"""

from __future__ import annotations

import time

import pytest
from click.testing import CliRunner

import geo_citymgmt as gcm
from geo_citymgmt.cli import main
from geo_citymgmt.reading import read_raw
from tests.conftest import SHARED

pytestmark = pytest.mark.shared

#: No file of these takes a tenth of it; a hang takes all of it.
LIMIT_S = 20
FILES = sorted(
    path for name in ("corpus", "real") for path in (SHARED / name).rglob("*") if path.is_file()
)
SHAPEFILES = [path for path in FILES if path.suffix.lower() == ".shp"]


def label(path) -> str:
    return path.relative_to(SHARED).as_posix()


def some(paths):
    """Parameters for each file, or one that is skipped where there are none."""
    missing = pytest.mark.skip(reason="needs ../shared, which is not part of the project")
    if not paths:
        return [pytest.param(None, marks=missing, id="no shared files")]
    return [pytest.param(path, id=label(path)) for path in paths]


def run(*arguments) -> tuple[int, str]:
    start = time.perf_counter()
    # With --debug what is raised inside comes through, and fails the test.
    result = CliRunner().invoke(main, ["--debug", *map(str, arguments)])
    if not isinstance(result.exception, (SystemExit, type(None))):
        raise result.exception
    assert time.perf_counter() - start < LIMIT_S
    return result.exit_code, result.stdout + result.stderr


@pytest.mark.parametrize("path", some(FILES))
def test_check_ends_with_a_message_and_an_exit_code(path):
    code, said = run("check", path, "--layer", "manholes")
    assert code in (0, 2, 3)
    assert "Traceback" not in said
    assert any("\u4e00" <= c <= "\u9fff" for c in said)
    # What was refused is named, with what to do.
    assert code != 2 or (path.name in said and "请" in said)


def account(path) -> tuple[int, int, int, int]:
    """Walked, skipped, accepted and rejected; of a layer that is refused, all that was walked."""
    try:
        row = gcm.read_layer(path, "manholes").ledger.iloc[0]
    except gcm.CityDataError as error:
        assert error.n_walked is not None
        return error.n_walked, error.n_skipped, 0, error.n_walked - error.n_skipped
    return tuple(int(row[f"n_{name}"]) for name in ("walked", "skipped", "accepted", "rejected"))


@pytest.mark.parametrize("path", some(SHAPEFILES))
def test_each_record_of_a_shapefile_is_skipped_accepted_or_rejected(path):
    walked, skipped, accepted, rejected = account(path)
    assert walked == skipped + accepted + rejected
    try:
        raw = read_raw(path)
    except gcm.SourceError as error:
        assert error.n_walked == walked
    else:
        assert raw.n_walked == walked
        assert raw.n_skipped == skipped
        assert len(raw.frame) == len(raw.geometry) == walked - skipped


@pytest.mark.parametrize("command", ["report", "convert", "map"])
def test_what_cannot_be_used_writes_nothing(command, tmp_path):
    if not SHAPEFILES:
        pytest.skip("needs ../shared, which is not part of the project")
    broken = SHARED / "corpus" / "gdal_shp" / "buggypoint.shp"
    out = tmp_path / ("out.html" if command == "map" else "out")
    more = ["manholes"] if command == "map" else []
    code, said = run(command, broken, *more, "-o", out)
    assert code == 2
    assert broken.name in said
    assert not out.exists()
