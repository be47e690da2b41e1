"""Chromium with the network off; anything a page asks for outside itself fails the test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import pytest

from geo_citymgmt._words import DISTRICT
from geo_citymgmt.spec import load_specs
from tests.maps import conftest as drawn
from tests.report import conftest as reported

DAYS = ("2022-04-30", "2022-05-31", "2022-06-30")
# The data of the maps' own tests.
figures, manholes, parcels, tunnels, zones = (
    drawn.figures, drawn.manholes, drawn.parcels, drawn.tunnels, drawn.zones
)  # fmt: skip
hostile = reported.hostile
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@pytest.fixture(scope="session")
def chromium():
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("chrome")
    if path is None:
        pytest.skip("no chromium on the path: the maps were not tried in a browser")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, headless=True, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module", params=["zh", "en"])
def page_file(request, sample_report) -> Path:
    """The page of the report on the sample, in a language."""
    return sample_report(request.param) / "index.html"


@pytest.fixture
def visit(chromium):
    """Opens a page with the network off; ``wrong`` is what it complains of."""
    contexts = []

    def opened(target: Path, width: int = 1280, anchor: str = "", **options):
        viewport = {"width": width, "height": 800}
        context = chromium.new_context(offline=True, viewport=viewport, **options)
        contexts.append(context)
        page = context.new_page()
        page.wrong = []
        page.on("console", lambda message: page.wrong.append(message.text))
        page.on("pageerror", lambda error: page.wrong.append(str(error)))
        page.goto(target.as_uri() + anchor)
        return page

    yield opened
    for context in contexts:
        context.close()


@dataclass
class Opened:
    """A page, and what went wrong in it."""

    page: object
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def check(self) -> None:
        assert self.requests == []
        assert self.complaints == []
        assert self.page.evaluate("window.hacked") is None

    def click(self, lat: float, lon: float) -> None:
        """Click a place on the map, as a reader does."""
        x, y = self.page.evaluate(
            """([lat, lon]) => { const map = gcm.maps[0];
                const at = map.latLngToContainerPoint([lat, lon]);
                const box = map.getContainer().getBoundingClientRect();
                return [at.x + box.left, at.y + box.top]; }""",
            [lat, lon],
        )
        self.page.mouse.click(x, y)


@pytest.fixture
def show(chromium, tmp_path: Path) -> Iterator:
    """Save a map, or take one that is saved; open it without a network, wait until it is drawn."""
    contexts = []

    def opened(city_map, *, width: int = 1280, height: int = 800, first: str = "") -> Opened:
        target = city_map if isinstance(city_map, Path) else tmp_path / "地图.html"
        if target is not city_map:
            city_map.save(target)
        context = chromium.new_context(
            offline=True, viewport={"width": width, "height": height}, locale="zh-CN"
        )
        contexts.append(context)
        result = Opened(context.new_page())
        page = result.page

        def asked(request) -> None:
            if not request.url.startswith(("file:", "data:", "blob:")):
                result.requests.append(request.url)

        def said(message) -> None:
            if message.type in ("error", "warning"):
                result.complaints.append(message.text)

        page.on("request", asked)
        page.on("console", said)
        page.on("pageerror", lambda error: result.complaints.append(str(error)))
        if first:
            page.add_init_script(first)
        page.goto(target.as_uri())
        page.wait_for_selector("html[data-ready=true]", timeout=30_000)
        return result

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture
def trial_city(zones, manholes, parcels, tunnels):
    """Three zones and three layers of a city that no folder holds."""

    class City(dict):
        data_date = pd.Timestamp("2022-06-30")
        specs = load_specs()
        name_zh = "试点市"
        name_en = "Trial City"
        has_zones = True
        unit = DISTRICT

    made = City(illegal_construction=parcels, utility_tunnels=tunnels, manholes=manholes)
    made.zones = zones.rename(index={"320581": "320583"}).assign(name_zh=["甲区", "乙区", "昆山市"])
    return made


@pytest.fixture
def series(figures):
    """The figures at three dates, the city's among them; a second figure without a target."""
    figures["zone_code"] = figures["zone_code"].replace("320581", "320583")
    figures["row_kind"] = "zone"
    total = figures.iloc[[0]].assign(
        level="city", row_kind="total", zone_code="320500", value=210_000.0, target=500_000.0,
        attainment=0.42,
    )  # fmt: skip
    june = pd.concat([figures, total], ignore_index=True)
    other = june.assign(
        indicator="parcels", name_zh="宗数", name_en="Parcels", unit="count", value=[5.0, 6, 7, 18],
        target=None, attainment=None, expected=None, status="no_target",
    )  # fmt: skip
    june = pd.concat([june, other], ignore_index=True)
    blocks = [
        june.assign(as_of=day, value=june["value"] * part, attainment=june["attainment"] * part)
        for day, part in zip(DAYS, (0.25, 0.5, 1.0), strict=True)
    ]
    return pd.concat(blocks, ignore_index=True)
