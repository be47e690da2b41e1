"""The sample city, zones small enough to compute by hand, files that are not ours."""

from __future__ import annotations

import gc
import pickle
import shutil
import time
import tomllib
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from click.testing import CliRunner
from hypothesis import settings

import geo_citymgmt as gcm
from generator import write_sample
from geo_citymgmt.city import _city
from geo_citymgmt.cli import main
from geo_citymgmt.report._summary import Summary, summary
from geo_citymgmt.report._words import Words

# The same examples in each run, so that one run can be held against another; many new ones are
# looked for by `make search`. How long an example takes says more about what else the machine does
# than about the code.
settings.register_profile("same", deadline=None, derandomize=True, max_examples=25)
settings.register_profile("search", deadline=None, max_examples=1_000)
settings.load_profile("same")


def few_examples(count: int = 12) -> settings:
    """Fewer where each takes a second or so; a search tries as many as it does of others."""
    usual = settings()
    return usual if usual.max_examples > 25 else settings(max_examples=count)


ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "data" / "shapefiles"
SHARED = ROOT.parent / "shared"
CRS = "EPSG:4549"
#: Groups of tests that take longest, each in one process.
FIRST = (
    "tests/notebooks/test_notebooks.py", "report", "report-page", "tests/test_assessment.py",
    "tests/faults/test_faults.py", "tests/browser/test_maps.py", "cases bulletin", "any frame",
    "postgis", "tests/test_cli.py", "examples", "tests/report/test_sheets.py",
    "tests/browser/test_overlap.py", "tests/browser/test_accessible.py", "tests/test_account.py",
    "tests/test_house.py", "tests/test_decisions.py", "tests/test_corpus.py",
    "tests/cleaning/test_position.py", "tests/browser/test_jupyterlab.py", "tests/test_bundle.py",
    "tests/sample/test_sample_dirty.py", "tests/sample/test_sample_cases.py",
    "tests/report/test_release.py", "tests/writing/test_round_trip.py",
    "tests/report/test_any_city.py", "tests/test_facts.py", "tests/test_in_memory.py",
    "tests/test_office_files.py", "tests/torture/test_torture.py",
    "tests/notebooks/test_docs.py",
)  # fmt: skip
#: South-west corner of made-up zones, inside the area of use of the CRS.
X0, Y0 = 550_000.0, 3_460_000.0


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Call bytes and long texts by their argument: packed bytes may hold the time of day, and then
    two processes do not agree on the tests there are."""
    named = isinstance(val, bytes) or (isinstance(val, str) and len(val) > 60)
    return argname if named else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of a file in one process, so that what they share is made once.

    What takes longest begins first, lest one process end the run alone.
    """
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(_group(item)))
    rank = {name: k for k, name in enumerate(FIRST)}
    items.sort(key=lambda item: rank.get(_group_of(item), len(rank)))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Look for no garbage while modules and tests are collected, and later not among them.

    They stay to the end. Frames and maps are of many small objects that are no garbage: these are
    looked at less often than is usual.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.set_threshold(10_000, 20, 20)
        gc.enable()


def _group(item: pytest.Item) -> str:
    file = item.path.relative_to(ROOT)
    # Examples in docstrings are of the sample, which takes seconds to read.
    return "examples" if file.parts[0] in ("geo_citymgmt", "generator") else str(file)


def _group_of(item: pytest.Item) -> str:
    marker = item.get_closest_marker("xdist_group")
    return str(marker.args[0]) if marker else ""


def without_cases() -> list[str]:
    """Layers of the sample but its 368,172 cases, which what is not about them does without."""
    said = tomllib.loads((DATA / "city.toml").read_text(encoding="utf-8"))
    return [key for key in said["layers"] if key != "digital_cases"]


def copy_without_cases(folder: Path) -> Path:
    """Copy the sample but its cases to ``folder``, for commands and code that read all there is."""
    shutil.copytree(DATA, folder, ignore=shutil.ignore_patterns("*.parquet"))
    place = folder / "city.toml"
    said = place.read_text(encoding="utf-8")
    place.write_text(said[: said.index("[layers.digital_cases]")], encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def city(worked_out) -> gcm.City:
    return worked_out("city", lambda: gcm.load_city(DATA, layers=without_cases()))


@pytest.fixture(scope="session")
def cases_city(worked_out) -> gcm.City:
    """The cases of the sample and its zones."""
    return worked_out("cases-city", lambda: gcm.load_city(DATA, layers=["digital_cases"]))


@pytest.fixture
def sample_kept(city: gcm.City, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands on the sample that say nothing of how it is read take the one that is loaded."""
    real = _city.load_city

    def kept(source: Path, **options: object) -> gcm.City:
        plain = Path(source) == DATA and not any(options.values())
        return city if plain else real(source, **options)

    monkeypatch.setattr("geo_citymgmt.city.load_city", kept)


@pytest.fixture(scope="session")
def made_once(
    tmp_path_factory: pytest.TempPathFactory, worker_id: str
) -> Callable[[str, Callable[[Path], object]], Path]:
    """Makes a folder that all processes of a run share; they must not write into it."""
    base = tmp_path_factory.getbasetemp()
    shared = base if worker_id == "master" else base.parent

    def folder(name: str, make: Callable[[Path], object]) -> Path:
        out, done = shared / f"once-{name}", shared / f"once-{name}.done"
        with _alone(shared / f"once-{name}.lock"):
            if not done.exists():
                make(out)
                done.touch()
        return out

    return folder


@pytest.fixture(scope="session")
def worked_out(made_once) -> Callable[[str, Callable[[], object]], object]:
    """What takes seconds to read or to work out, done by one process of a run for all."""

    def value(name: str, make: Callable[[], object]) -> object:
        file = made_once(f"{name}.pickle", lambda out: out.write_bytes(pickle.dumps(make())))
        return pickle.loads(file.read_bytes())

    return value


@pytest.fixture(scope="session")
def june_by_street(city: gcm.City, worked_out) -> pd.DataFrame:
    """All figures of the sample at the end of June; tests must not change it."""
    return worked_out("june", lambda: gcm.progress(city, as_of="2022-06-30", level="street"))


@pytest.fixture(scope="session")
def sample_report(city: gcm.City, made_once, summary_of) -> Callable[[str], Path]:
    """The folder of the report on the sample city in a language.

    What it says is worked out once for all languages, and for the tests that read it; a report
    that works it out itself is the same: `test_made_twice_page_and_tables_are_the_same_to_the_byte`
    holds it.
    """

    def write(out: Path, lang: str) -> None:
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(
                "geo_citymgmt.report._folder.summary",
                lambda _, day, lang, tell=None: summary_of(f"{day:%Y-%m-%d}", lang),
            )
            gcm.write_report(city, out, lang=lang)

    return lambda lang: made_once(f"report-{lang}", lambda out: write(out, lang))


@pytest.fixture(scope="session")
def rebuilt(made_once) -> Path:
    """The sample as the generator writes it today."""
    return made_once("rebuilt", write_sample)


@pytest.fixture(scope="session")
def some_city(city: gcm.City) -> gcm.City:
    """The sample with some of the records of each layer, and all of its zones and tables."""
    whole = {key for key in city if city.specs[key].role in ("zones", "table")}
    thin = {k: layer if k in whole else thinned(layer) for k, layer in city.layers.items()}
    return replace(city, layers=thin)


@pytest.fixture(scope="session")
def city_again(some_city: gcm.City, made_once) -> gcm.City:
    """That city as it is read from the GeoPackage it was written to."""
    return gcm.load_city(made_once("city.gpkg", some_city.to_file))


@pytest.fixture(scope="session")
def dirty_folder(made_once) -> Path:
    """The sample as it arrives: a layer without .prj, deleted rows, rejects."""
    return made_once("dirty", lambda out: write_sample(out, scale=1, seed=0, dirty=True))


@pytest.fixture(scope="session")
def dirty_city(dirty_folder: Path, worked_out) -> gcm.City:
    return worked_out("dirty-city", lambda: gcm.load_city(dirty_folder, profile="suzhou_2022"))


@pytest.fixture(scope="session")
def dirty_report(dirty_folder: Path, dirty_city: gcm.City, made_once) -> Path:
    """The folder of the report on it, and in ``said.txt`` what the command said."""

    def report(out: Path) -> None:
        command = ["report", str(dirty_folder), "-o", str(out), "--profile", "suzhou_2022"]
        with pytest.MonkeyPatch.context() as patched:
            # Read so already, for the tests that compare the two.
            patched.setattr("geo_citymgmt.city.load_city", lambda *_, **__: dirty_city)
            result = CliRunner().invoke(main, command)
        assert result.exit_code == 3
        (out / "said.txt").write_text(result.stdout, encoding="utf-8")

    return made_once("report-dirty", report)


@pytest.fixture(scope="session")
def summary_of(city: gcm.City, worked_out) -> Callable[[str, str], Summary]:
    """What the report on the sample city says as of a day in a language, worked out once."""

    @lru_cache
    def computed(day: str) -> Summary:
        return worked_out(f"summary-{day}", lambda: summary(city, day, "zh"))

    @lru_cache
    def made(day: str, lang: str) -> Summary:
        # What is computed has no language: `test_a_summary_differs_by_its_words_alone` holds it.
        return replace(computed(day), words=Words(lang, unit=city.unit))

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


def with_layers(city: gcm.City, *keys: str) -> gcm.City:
    """The city with these layers alone, and its districts: what is told of them takes less."""
    layers = {key: city.layers[key] for key in keys}
    return replace(city, layers=layers, zones_by_level={"district": city.zones})


def thinned(layer: gcm.Layer, step: int = 20) -> gcm.Layer:
    """Every so many of the records of a layer, which hold what there is of kinds and columns."""
    return replace(layer, data=layer.data.iloc[::step].reset_index(drop=True))


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
