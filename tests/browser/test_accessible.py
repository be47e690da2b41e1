"""Contrast, labels, roles and size of text, by axe-core and by what the browser computed."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from geo_citymgmt.maps import city_map, layer_map, progress_map, zone_map
from tests.browser.waiting import laid_out

pytestmark = pytest.mark.browser

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
#: Texts drawn smaller than 12 px; those of a drawing as large as it is scaled on the page.
SMALL = """[...document.querySelectorAll('body *')].filter(e =>
    [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) && e.getClientRects().length &&
    !['SCRIPT', 'STYLE'].includes(e.tagName) &&
    parseFloat(getComputedStyle(e).fontSize) * (e.ownerSVGElement ? e.getScreenCTM().d : 1) < 11.99)
    .map(e => e.getAttribute('class') + ': ' + e.textContent.slice(0, 30))"""
UNREACHED = """[...document.querySelectorAll('body *')].filter(e =>
    e.scrollWidth > e.clientWidth + 1 && e.tabIndex < 0 &&
    ['auto', 'scroll'].includes(getComputedStyle(e).overflowX)).map(e => e.className)"""
#: Classes of the small maps on which the number has a contrast of less than 4.5.
FAINT_ON_MAPS = """(() => {
    const light = colour => colour.match(/\\d+/g).slice(0, 3).map(c => c / 255)
        .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
        .reduce((sum, c, k) => sum + c * [0.2126, 0.7152, 0.0722][k], 0);
    const found = new Map();
    for (const map of document.querySelectorAll('svg.zones:not(.spots)')) {
        map.querySelectorAll('text').forEach(text => {
            if (text.classList.contains('beside')) {
                const page = getComputedStyle(document.body).backgroundColor;
                return found.set('beside', [page, getComputedStyle(text).fill].map(light));
            }
            const zone = map.querySelector(`use[data-zone="${text.dataset.of}"]`);
            const fill = getComputedStyle(zone).fill;
            // A pattern is as dark as its ground.
            const ground = /url/.test(fill) ? 'pattern .' + zone.classList[0] : null;
            found.set(zone.classList[0], [
                ground ? getComputedStyle(document.querySelector(ground)).fill : fill,
                getComputedStyle(text).fill].map(light));
        });
    }
    if (!found.size) return ['no number on any map'];
    return [...found].filter(([, [a, b]]) =>
        (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) < 4.5).map(([name]) => name);
})()"""


#: Rows whose elements all have the same classes are drawn alike; two of each kind are looked at.
THINNED = """for (const table of document.querySelectorAll('table')) {
    const seen = new Map();
    for (const row of table.querySelectorAll('tbody tr')) {
        const kind = [row, ...row.querySelectorAll('*')]
            .map(e => e.tagName + '.' + e.getAttribute('class')).join();
        seen.set(kind, (seen.get(kind) || 0) + 1);
        if (seen.get(kind) > 2) row.remove();
    }
}"""


@pytest.fixture(scope="module")
def axe() -> str:
    package = pytest.importorskip(
        "axe_playwright_python", reason="axe-core is not installed: accessibility was not checked"
    )
    return (Path(package.__file__).parent / "axe.min.js").read_text(encoding="utf-8")


def violations(page, axe: str, rules: list[str] = RULES) -> list[str]:
    page.add_script_tag(content=axe)
    found = page.evaluate(
        "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']})", rules
    )
    return [
        f"{rule['id']}: {node['html'][:160]} {node['failureSummary'][:300]}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


@pytest.fixture
def unguarded(pages, tmp_path):
    """Open a map or a file with its content policy put aside, which would refuse axe-core too."""

    def opened(shown, width: int):
        page = pages(width, bypass_csp=True)
        if isinstance(shown, Path):
            page.goto(shown.as_uri())
        else:
            shown.save(tmp_path / "map.html")
            page.goto((tmp_path / "map.html").as_uri())
            page.wait_for_selector("html[data-ready=true]")
        return page

    return opened


#: Each language once, and each width: a rule is broken by a control, not by the two together.
WAYS = [("zh", 390), ("en", 1280)]


@pytest.mark.parametrize(("lang", "width"), WAYS)
@pytest.mark.parametrize("kind", ["progress", "city", "layer", "zones"])
def test_a_map_has_no_barrier(unguarded, axe, trial_city, series, manholes, kind, width, lang):
    zones = trial_city.zones
    drawn = {
        "progress": lambda: progress_map(trial_city, "demolished_area", series=series, lang=lang),
        "city": lambda: city_map(trial_city, series=series, lang=lang),
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
    page.locator(".gcm-search li").first.wait_for()
    laid_out(page)
    assert violations(page, axe) == []
    assert page.evaluate(SMALL) == []


@pytest.mark.parametrize(("lang", "width"), WAYS)
def test_the_page_of_a_report_has_no_barrier(unguarded, axe, sample_report, lang, width):
    page = unguarded(sample_report(lang) / "index.html", width)
    page.eval_on_selector_all("details", "all => all.forEach(one => { one.open = true; })")
    assert page.evaluate(SMALL) == []
    names = page.eval_on_selector_all(
        "[role=region]", "all => all.map(one => one.getAttribute('aria-label').trim())"
    )
    assert len(names) > 10
    assert "" not in names
    # What can be scrolled can be reached with the keyboard.
    assert page.evaluate(UNREACHED) == []
    # Numbers on the small maps, whose ground axe-core does not compute.
    assert page.evaluate(FAINT_ON_MAPS) == []
    assert page.locator("tbody tr").count() > 300
    page.evaluate(THINNED)
    assert page.locator("tbody tr").count() > 100
    # Order of headings, distinct landmarks and heads of tables are among the best practices.
    assert violations(page, axe, [*RULES, "best-practice"]) == []
