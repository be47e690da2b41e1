"""Contrast, labels, roles and size of text, by axe-core and by what the browser computed."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from geo_citymgmt.maps import city_map, layer_map, progress_map, zone_map

from .test_interaction import city, series  # noqa: F401

pytestmark = pytest.mark.browser

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
SMALL = """[...document.querySelectorAll('body *')].filter(e =>
    [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) && e.getClientRects().length &&
    !['SCRIPT', 'STYLE'].includes(e.tagName) && parseFloat(getComputedStyle(e).fontSize) < 12)
    .map(e => e.className + ': ' + e.textContent.slice(0, 30))"""


@pytest.fixture(scope="module")
def axe() -> str:
    package = pytest.importorskip(
        "axe_playwright_python", reason="axe-core is not installed: accessibility was not checked"
    )
    return (Path(package.__file__).parent / "axe.min.js").read_text(encoding="utf-8")


def violations(page, axe: str) -> list[str]:
    page.add_script_tag(content=axe)
    found = page.evaluate(
        "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']})", RULES
    )
    return [
        f"{rule['id']}: {node['html'][:160]} {node['failureSummary'][:300]}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


@pytest.fixture
def unguarded(chromium, tmp_path):
    """Open a map with its content policy put aside, which would refuse axe-core too."""
    pages = []

    def opened(drawn, width: int):
        drawn.save(tmp_path / "map.html")
        context = chromium.new_context(
            bypass_csp=True, offline=True, viewport={"width": width, "height": 800}
        )
        pages.append(context)
        page = context.new_page()
        page.goto((tmp_path / "map.html").as_uri())
        page.wait_for_selector("html[data-ready=true]")
        return page

    yield opened
    for context in pages:
        context.close()


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("kind", ["progress", "city", "layer", "zones"])
def test_a_map_has_no_barrier(unguarded, axe, city, series, manholes, kind, width, lang):  # noqa: F811
    zones = city.zones
    drawn = {
        "progress": lambda: progress_map(city, "demolished_area", series=series, lang=lang),
        "city": lambda: city_map(city, series=series, lang=lang),
        "layer": lambda: layer_map(manholes, "manholes", zones=zones, lang=lang),
        "zones": lambda: zone_map(
            pd.DataFrame({"n": [1.0, 2.0, None]}, zones.index), zones, "n", title="n", lang=lang
        ),
    }[kind]()
    page = unguarded(drawn, width)
    if kind in ("progress", "city") and width < 1000:
        page.click(".gcm-panel-button button")
    page.eval_on_selector_all("details", "all => all.forEach(one => { one.open = true; })")
    page.fill(".gcm-search input", "区")
    page.wait_for_timeout(250)
    assert violations(page, axe) == []
    assert page.evaluate(SMALL) == []
