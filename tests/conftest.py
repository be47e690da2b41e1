"""The sample city, zones small enough to compute by hand, files that are not ours."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import geopandas as gpd
import pytest
import shapely
from hypothesis import settings

import geo_citymgmt as gcm
from geo_citymgmt.report.summary import Summary, summary

# The same examples in each run, so that one run can be held against another; many new ones are
# looked for by `make search`. How long an example takes says more about what else the machine does
# than about the code.
settings.register_profile("same", deadline=None, derandomize=True, max_examples=40)
settings.register_profile("search", deadline=None, max_examples=1_000)
settings.load_profile("same")

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "data" / "shapefiles"
SHARED = ROOT.parent / "shared"
CRS = "EPSG:4549"
#: South-west corner of made-up zones, inside the area of use of the CRS.
X0, Y0 = 550_000.0, 3_460_000.0


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of a file in one process, so that what they share is made once."""
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(str(item.path.relative_to(ROOT))))


@pytest.fixture(scope="session")
def city() -> gcm.City:
    return gcm.load_city(DATA)


@pytest.fixture(scope="session")
def sample_report(
    city: gcm.City, tmp_path_factory: pytest.TempPathFactory, worker_id: str
) -> Callable[[str], dict[str, Path]]:
    """The report on the sample city in a language, made once for all processes of a run."""
    base = tmp_path_factory.getbasetemp()
    shared = base if worker_id == "master" else base.parent

    def made(lang: str) -> dict[str, Path]:
        folder, done = shared / f"sample-report-{lang}", shared / f"sample-report-{lang}.json"
        with _alone(shared / f"sample-report-{lang}.lock"):
            if not done.exists():
                files = gcm.write_report(city, folder, lang=lang)
                done.write_text(json.dumps({key: str(path) for key, path in files.items()}))
        return {key: Path(path) for key, path in json.loads(done.read_text()).items()}

    return made


@pytest.fixture(scope="session")
def summary_of(city: gcm.City) -> Callable[[str, str], Summary]:
    """What the report on the sample city says as of a day in a language, worked out once."""

    @lru_cache
    def made(day: str, lang: str) -> Summary:
        return summary(city, day, lang)

    return made


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Keep other processes out: only one can make a folder."""
    while True:
        try:
            lock.mkdir()
            break
        except FileExistsError:
            time.sleep(0.2)
    try:
        yield
    finally:
        lock.rmdir()


@pytest.fixture(scope="session")
def data_folder() -> Path:
    return DATA


@pytest.fixture(scope="session")
def real() -> Path:
    """Real files beside the project; a test that needs them is skipped, visibly, without them."""
    folder = SHARED / "real"
    if not folder.is_dir():
        pytest.skip("needs ../shared/real, which is not part of the project")
    return folder


def squares(
    *boxes: tuple[float, float, float, float], codes: str | None = None
) -> gpd.GeoDataFrame:
    """Zones from boxes (in metres from the corner), coded A, B, C, … unless told otherwise."""
    shapes = [shapely.box(X0 + w, Y0 + s, X0 + e, Y0 + n) for w, s, e, n in boxes]
    names = list(codes or "ABCDEFGHIJ"[: len(boxes)])
    frame = gpd.GeoDataFrame({"zone_code": names}, geometry=shapes, crs=CRS)
    return frame.set_index("zone_code")


def points(*xy: tuple[float, float], **columns: list) -> gpd.GeoDataFrame:
    """Points in metres from the corner."""
    return gpd.GeoDataFrame(
        columns, geometry=[shapely.Point(X0 + x, Y0 + y) for x, y in xy], crs=CRS
    )
