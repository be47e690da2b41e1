"""Chromium with the network off; anything a page asks for outside itself fails the test."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import pytest

from geo_citymgmt._languages import DISTRICT
from geo_citymgmt.fonts import cjk_font_path
from geo_citymgmt.spec import load_specs
from tests.maps import conftest as drawn
from tests.report import conftest as reported

DAYS = ("2022-04-30", "2022-05-31", "2022-06-30")
# The data of the maps' own tests.
figures, manholes, parcels, tunnels, zones = (
    drawn.figures, drawn.manholes, drawn.parcels, drawn.tunnels, drawn.zones
)  # fmt: skip
hostile = reported.hostile
#: For what a page does by its script and style, which are the same in each language: once.
ONE_LANGUAGE = pytest.mark.parametrize("page_file", ["zh"], indirect=True)
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@pytest.fixture(scope="session", autouse=True)
def chinese_letters(tmp_path_factory) -> Iterator[None]:
    """Let browsers find a font with Chinese letters wherever these tests run.

    Without one each letter is a box of another width, and what is laid out is not what is seen.
    """
    folder = tmp_path_factory.mktemp("fonts")
    (folder / "fonts.conf").write_text(
        '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>'
        f'<dir>{cjk_font_path().parent}</dir><cachedir>{folder / "cache"}</cachedir>'
        '<include ignore_missing="yes">/etc/fonts/fonts.conf</include></fontconfig>',
        "utf-8",
    )  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FONTCONFIG_FILE", str(folder / "fonts.conf"))
        yield


@pytest.fixture(scope="session")
def chromium(chinese_letters):
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("chrome")
    if path is None:
        pytest.skip("no chromium on the path: the maps were not tried in a browser")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, headless=True, args=ARGUMENTS)
        yield browser
        browser.close()


class Pages:
    """Pages, each used again by the next test that wants one like it; the network is off.

    A new page, or a context of its own, costs more than what most tests do in it. Nothing is kept
    in one from one file to the next: the pages of the package store nothing.
    """

    def __init__(self, chromium, blank: Path) -> None:
        self._chromium, self._blank = chromium, blank.as_uri()
        self._contexts: dict[str, object] = {}
        self._free: dict[str, list] = {}
        self._taken: dict[object, tuple[str, dict]] = {}

    def open(self, width: int = 1280, height: int = 800, *, first: str = "", heard=None, **options):
        """Take a page; ``heard`` are functions by event, ``first`` runs before what it opens."""
        key = repr(sorted(options.items()))
        if key not in self._contexts:
            self._contexts[key] = self._chromium.new_context(**{"offline": True, **options})
        free = self._free.setdefault(key, [])
        page = free.pop() if free and not first else self._contexts[key].new_page()
        # One that lies behind another is drawn when the browser finds the time.
        page.bring_to_front()
        page.set_viewport_size({"width": width, "height": height})
        if first:
            page.add_init_script(first)
        for event, told in (heard or {}).items():
            page.on(event, told)
        self._taken[page] = ("" if first else key, heard or {})
        return page

    def back(self) -> None:
        """Leave all pages that were taken; what ran before each document would run again."""
        for page, (key, heard) in self._taken.items():
            for event, told in heard.items():
                page.remove_listener(event, told)
            if key:
                page.mouse.move(-9, -9)
                page.emulate_media(media="null")
                page.goto(self._blank)
                self._free[key].append(page)
            else:
                page.close()
        self._taken.clear()


@pytest.fixture(scope="session")
def all_pages(chromium, tmp_path_factory) -> Pages:
    blank = tmp_path_factory.mktemp("blank") / "blank.html"
    blank.write_text("<!DOCTYPE html><title>-</title>", encoding="utf-8")
    return Pages(chromium, blank)


@pytest.fixture
def pages(all_pages) -> Iterator[Callable[..., object]]:
    yield all_pages.open
    all_pages.back()


@pytest.fixture(scope="module", params=["zh", "en"])
def page_file(request, sample_report) -> Path:
    """The page of the report on the sample, in a language."""
    return sample_report(request.param) / "index.html"


@pytest.fixture
def visit(pages):
    """Opens a page with the network off; ``wrong`` is what it complains of."""

    def opened(target: Path, width: int = 1280, anchor: str = "", **options):
        wrong: list[str] = []
        heard = {
            "console": lambda message: wrong.append(message.text),
            "pageerror": lambda error: wrong.append(str(error)),
        }
        page = pages(width, heard=heard, **options)
        page.wrong = wrong
        page.goto(target.as_uri() + anchor)
        return page

    return opened


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
def show(pages, tmp_path: Path):
    """Save a map, or take one that is saved; open it without a network, wait until it is drawn."""

    def opened(city_map, *, width: int = 1280, height: int = 800, first: str = "") -> Opened:
        target = city_map if isinstance(city_map, Path) else tmp_path / "地图.html"
        if target is not city_map:
            city_map.save(target)
        requests: list[str] = []
        complaints: list[str] = []

        def asked(request) -> None:
            if not request.url.startswith(("file:", "data:", "blob:")):
                requests.append(request.url)

        def said(message) -> None:
            if message.type in ("error", "warning"):
                complaints.append(message.text)

        def failed(error) -> None:
            complaints.append(str(error))

        heard = {"request": asked, "console": said, "pageerror": failed}
        page = pages(width, height, first=first, heard=heard, locale="zh-CN")
        page.goto(target.as_uri())
        page.wait_for_selector("html[data-ready=true]", timeout=30_000)
        return Opened(page, requests, complaints)

    return opened


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
