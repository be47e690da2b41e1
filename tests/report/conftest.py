"""A report on the sample city, made once, and small cities made to be awkward."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import geopandas as gpd
import openpyxl
import pytest
import shapely

import geo_citymgmt as gcm
from geo_citymgmt.report import Summary, summary
from geo_citymgmt.report._page import page_content
from geo_citymgmt.report.bulletin import write_bulletin
from tests.conftest import thinned

CRS = "EPSG:4549"
X0, Y0 = 550_000.0, 3_460_000.0
HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "${alert(1)}",
    "=cmd()",
    "</style><script>alert(1)</script>",
    "{{ 7*7 }}",
    "`a`\\\"'>",
    "横\u202e竖",
]


@pytest.fixture(scope="session")
def report(sample_report: Callable[[str], Path]) -> dict[str, Path]:
    return {path.stem: path for path in sample_report("zh").iterdir()}


@pytest.fixture(scope="session")
def told(summary_of: Callable[[str, str], Summary]) -> Summary:
    return summary_of("2022-06-30", "zh")


@pytest.fixture(scope="session")
def sample_page(report: dict[str, Path]) -> str:
    """The page of the report on the sample, as it was written."""
    return report["index"].read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def content_of(summary_of: Callable[[str, str], Summary]) -> Callable[[str], dict[str, Any]]:
    """What that page shows in a language, laid out once; tests must not change it."""
    return lru_cache(lambda lang: page_content(summary_of("2022-06-30", lang)))


@pytest.fixture(scope="session")
def bulletin_files(told: Summary, made_once) -> dict[str, Path]:
    """The documents of the bulletin on the sample; tests must not write into their folder."""

    def write(out: Path) -> None:
        out.mkdir()
        write_bulletin(told, out, stamp="内部资料")

    files = sorted(made_once("bulletin", write).glob("bulletin*"))
    return {f"{path.stem}_{path.suffix[1:]}".removesuffix("_zip"): path for path in files}


@pytest.fixture(scope="session")
def tables(report: dict[str, Path]):
    return openpyxl.load_workbook(report["tables"])


def zones(names: list[str] | None = None) -> gpd.GeoDataFrame:
    """Two districts and a county-level city, side by side, 1 km each."""
    codes = ["320508", "320505", "320583"]
    boxes = [shapely.box(X0 + k * 1000, Y0, X0 + (k + 1) * 1000, Y0 + 1000) for k in range(3)]
    table = {"district_code": codes, "name_zh": names or ["甲区", "乙区", "丙市"]}
    return gpd.GeoDataFrame(table, geometry=boxes, crs=CRS)


def write(frame: gpd.GeoDataFrame, folder: Path, name: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    frame.to_file(folder / f"{name}.geojson", driver="GeoJSON", engine="pyogrio")


def bikes(names: list[str], **columns: list) -> gpd.GeoDataFrame:
    """Bike stations along the middle of the three districts, 300 m apart."""
    places = [shapely.Point(X0 + 100 + 300 * k, Y0 + 500) for k in range(len(names))]
    return gpd.GeoDataFrame({"name": names, **columns}, geometry=places, crs=CRS)


@pytest.fixture
def two_layers(tmp_path: Path) -> Path:
    """Districts and bare points: no state, no kind, no date."""
    folder = tmp_path / "two"
    write(zones(), folder, "districts")
    write(bikes([f"{k}号点" for k in range(8)]), folder, "bike_stations")
    return folder


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """Every text that a source may bring, and that a page must not run."""
    folder = tmp_path / "hostile"
    write(zones(HOSTILE[:3]), folder, "districts")
    stations = bikes(
        HOSTILE,
        station_id=[f"{text}#{k}" for k, text in enumerate(HOSTILE)],
        status=HOSTILE,
        operator=HOSTILE,
        phone=["13912345678"] * len(HOSTILE),
    )
    write(stations, folder, "bike_stations")
    (folder / "city.toml").write_text(
        'name_zh = "<b>市</b>${1}"\nname_en = "=City"\ndata_date = 2022-06-30\n', encoding="utf-8"
    )
    return folder


def without_zones(city: gcm.City) -> gcm.City:
    """The same city as it is where its source has no layer of districts."""
    return replace(city, zones_by_level={"district": city.zones.iloc[:0]})


@pytest.fixture(scope="session")
def unzoned(city: gcm.City) -> gcm.City:
    """Some of the records of the sample, without districts."""
    thin = {key: thinned(layer) for key, layer in city.layers.items()}
    return without_zones(replace(city, layers=thin))


@pytest.fixture(scope="session")
def unzoned_told(unzoned: gcm.City, worked_out) -> Summary:
    return worked_out("summary-unzoned", lambda: summary(unzoned, "2022-06-30", "zh"))


@pytest.fixture
def undated(tmp_path: Path) -> gcm.City:
    """Four manholes of two states and a place each, with no date, no district and no target."""
    folder = tmp_path / "undated"
    folder.mkdir()
    rows = ["窨井编号,道路名称,整治状态,经度,纬度"]
    for k, state in enumerate(["销号", "待整治", "待整治", "完好"]):
        rows.append(f"A{k},人民路,{state},{120.62 + k / 1000:.3f},31.31")
    (folder / "窨井.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    city = without_zones(gcm.load_city(folder, fallback_crs="EPSG:4490"))
    assert city.data_date is None
    return replace(city, name_zh="某市", name_en="Some City", code="city")


@pytest.fixture
def only_districts(tmp_path: Path) -> gcm.City:
    """Districts and nothing else."""
    folder = tmp_path / "outlines"
    write(zones(), folder, "districts")
    return replace(gcm.load_city(folder), code="city")
