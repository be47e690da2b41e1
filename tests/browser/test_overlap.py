"""No control or label covers another, whichever panel is open, from a phone to a wall."""

from __future__ import annotations

from pathlib import Path

import pytest

from geo_citymgmt._languages import Text
from geo_citymgmt.maps import city_map, zone_map
from tests.browser.test_filters import parcels
from tests.browser.waiting import comes_to, laid_out, until

pytestmark = pytest.mark.browser

#: Widths that a page is seen at; 640 × 400 is a screen of 1280 × 800 at 200 %.
SIZES = [(320, 640), (390, 800), (640, 400), (768, 1024), (1280, 800), (1920, 1080), (2560, 1440)]
#: What stands on the map or beside it; of a panel the frame, and of its bar the parts.
PARTS = """.gcm-heading, .gcm-slider, .gcm-panel, .leaflet-control-zoom, .gcm-search, .gcm-buttons,
    .gcm-fold, .leaflet-control-layers, .gcm-panel-button, .leaflet-control-scale,
    .leaflet-control-attribution, .gcm-measured, .gcm-paper, .gcm-notice,
    .gcm-chooser, .gcm-zones, .gcm-zones-button"""
#: Pairs of parts that overlap; parts that leave the window; controls that something else lies on.
FAULTS = """parts => {
    const name = node => node.className.split(' ').slice(0, 2).join('.');
    const seen = [...document.querySelectorAll(parts)].filter(node => {
        const box = node.getBoundingClientRect();
        return box.width && box.height && node.checkVisibility({ visibilityProperty: true });
    });
    const faults = [];
    seen.forEach((node, i) => {
        const a = node.getBoundingClientRect();
        if (a.left < -1 || a.right > innerWidth + 1 || a.top < -1 || a.bottom > innerHeight + 1) {
            faults.push('leaves the window: ' + name(node));
        }
        seen.slice(i + 1).forEach(other => {
            const b = other.getBoundingClientRect();
            if (node.contains(other) || other.contains(node)) { return; }
            if (a.left < b.right - 1 && b.left < a.right - 1 &&
                a.top < b.bottom - 1 && b.top < a.bottom - 1) {
                faults.push(name(node) + ' / ' + name(other));
            }
        });
    });
    document.querySelector('.folium-map').querySelectorAll('button, input, select, summary, '
        + '.leaflet-control-zoom a').forEach(node => {
        const box = node.getBoundingClientRect();
        if (!box.width || !node.checkVisibility({ visibilityProperty: true })) { return; }
        // What is scrolled out of a list is not there to be covered.
        for (let up = node.parentElement; up; up = up.parentElement) {
            const frame = up.getBoundingClientRect();
            if (getComputedStyle(up).overflowY !== 'visible' &&
                (box.top < frame.top - 1 || box.bottom > frame.bottom + 1)) { return; }
        }
        const x = box.left + box.width / 2, y = box.top + box.height / 2;
        const top = document.elementFromPoint(x, y);
        if (!top || !(node.contains(top) || top.contains(node))) {
            faults.push('covered: ' + (node.className || node.tagName) + ' by ' + top?.className);
        }
    });
    return faults;
}"""
FOLDS = {
    "legend": ".gcm-legend",
    "filter": ".gcm-filter",
    "area": ".gcm-selection",
}
OPEN = {
    **{key: f"document.querySelector('{css}').open = true" for key, css in FOLDS.items()},
    "layers": """const box = document.querySelector('.leaflet-control-layers');
        box.dispatchEvent(new MouseEvent('mouseenter'));
        box.querySelector('.leaflet-control-layers-toggle').click();""",
    "indicators": "document.querySelector('.gcm-panel-button button').click()",
    "table": "document.querySelector('.gcm-zones-button button').click()",
    "print": "document.querySelector('.gcm-tool-print').click()",
    "measure": "document.querySelector('.gcm-tool-measure').click()",
    "search": """const input = document.querySelector('.gcm-search input');
        input.value = '1'; input.focus(); input.oninput();""",
}
SHUT = {
    "table": "document.querySelector('.gcm-zones .gcm-close').click()",
    "print": "document.querySelector('.gcm-tool-print').click()",
    "measure": "document.querySelector('.gcm-tool-measure').click()",
    "search": "document.querySelector('.gcm-search input').blur()",
    "indicators": """if (innerWidth < 1000) {
        document.querySelector('.gcm-panel .gcm-close').click(); }""",
    **dict.fromkeys(FOLDS, ""),
    "layers": """document.querySelector('.leaflet-control-layers')
        .dispatchEvent(new MouseEvent('mouseleave'));""",
}


def opens(page, name: str) -> None:
    """What is asked for is there: a search answers when the typing has stopped."""
    if name == "search":
        page.locator(".gcm-search li").first.wait_for()
    laid_out(page)


def clear(page, name: str = "") -> None:
    opens(page, name)
    comes_to(page, lambda: page.evaluate(FAULTS, PARTS), [], name)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory) -> dict:
    return {"folder": tmp_path_factory.mktemp("maps")}


@pytest.fixture
def saved(drawn, trial_city, series, zones):
    """A city map with everything on it, and a map of one figure; each saved once."""

    def page(kind: str, lang: str) -> Path:
        if (kind, lang) not in drawn:
            target = drawn["folder"] / f"{kind}-{lang}.html"
            if kind == "city":
                trial_city["illegal_construction"] = parcels(1_200)
                made = city_map(trial_city, series=series, lang=lang)
                made.add_note(Text("示例：全部为合成数据", "Sample: all data are made up").of(lang))
            else:
                table = zones[[]].assign(area=[12_000.0, 340_000.0, 5_000.0])
                made = zone_map(table, zones, "area", label="拆除面积", unit="m2", lang=lang)
            made.save(target)
            drawn[kind, lang] = target
        return drawn[kind, lang]

    return page


WITH_LANG = [("zh", size) for size in SIZES] + [("en", (390, 800)), ("en", (1280, 800))]


@pytest.mark.parametrize(("lang", "size"), WITH_LANG, ids=lambda value: str(value))
def test_no_control_covers_another_on_the_city_map(show, saved, lang, size):
    opened = show(saved("city", lang), width=size[0], height=size[1])
    page = opened.page
    page.evaluate("() => { gcm.overlays.forEach(layer => { gcm.maps[0].addLayer(layer); }); }")
    until(page, "gcm.overlays.every(layer => layer.store)")
    clear(page)
    for name, act in OPEN.items():
        page.evaluate(f"() => {{ {act} }}")
        clear(page, name)
        if name in FOLDS:
            assert page.evaluate(f"document.querySelector('{FOLDS[name]}').open"), name
            body = page.locator(f"{FOLDS[name]} > div").bounding_box()
            assert body["height"] >= 40, name
        if size[0] < 600:
            assert page.locator(".gcm-fold[open]").count() <= 1, name
        elif size[1] >= 800:
            assert page.evaluate(WHOLE), name
        page.evaluate(f"() => {{ {SHUT[name]} }}")
        laid_out(page)
    opened.check()


def test_the_legend_folds_for_a_panel_and_comes_back(show, saved):
    page = show(saved("city", "zh"), width=1280, height=800).page
    page.evaluate("() => { gcm.overlays.forEach(layer => { gcm.maps[0].addLayer(layer); }); }")
    for _ in range(2):
        until(page, "document.querySelector('.gcm-legend').open")
        page.click(".gcm-filter > summary")
        until(page, "!document.querySelector('.gcm-legend').open")
        page.click(".gcm-filter > summary")
    # Asked for, it takes the place of the panel.
    page.click(".gcm-filter > summary")
    until(page, "!document.querySelector('.gcm-legend').open")
    page.click(".gcm-legend > summary")
    until(page, "document.querySelector('.gcm-legend').open")
    until(page, "!document.querySelector('.gcm-filter').open")


UNDER_LEGEND = """() => { const map = gcm.maps[0], key = document.querySelector('.gcm-legend');
    const origin = map.getContainer().getBoundingClientRect(), box = key.getBoundingClientRect();
    const places = [];
    map.eachLayer(layer => { if (layer.corners) { places.push(...layer.corners(map)); } });
    return places.filter(place => {
        const at = map.latLngToContainerPoint(map.unproject(place, 0));
        const x = at.x + origin.left, y = at.y + origin.top;
        return x > box.left && x < box.right && y > box.top && y < box.bottom; }).length; }"""


@pytest.mark.parametrize("kind", ["city", "figure"])
@pytest.mark.parametrize("size", [(320, 640), (390, 800)], ids=str)
def test_on_a_phone_the_legend_hides_nothing_of_the_city_and_shows_its_colours(
    show, saved, kind, size
):
    page = show(saved(kind, "en"), width=size[0], height=size[1]).page
    page.click(".gcm-legend > summary")
    until(page, "document.querySelector('.gcm-legend').open")
    comes_to(page, lambda: page.evaluate(UNDER_LEGEND), 0)
    legend = page.locator(".gcm-legend").bounding_box()
    first = page.locator(".gcm-legend li").first.bounding_box()
    assert first["y"] + first["height"] <= legend["y"] + legend["height"]
    page.click(".gcm-legend > summary")
    until(page, "!document.querySelector('.gcm-legend').open")
    page.locator(".gcm-search").wait_for()


CUT = """() => { const head = document.querySelector('.gcm-heading').getBoundingClientRect();
    const lines = [...document.querySelectorAll('.gcm-heading h1, .gcm-heading p')];
    return lines.filter(node => {
        const box = node.getBoundingClientRect();
        return node.scrollWidth > node.clientWidth + 1 || box.right > head.right
            || box.bottom > head.bottom; }).map(node => node.textContent); }"""


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_head_of_a_map_is_whole(show, saved, lang):
    page = show(saved("city", lang), width=320, height=640).page
    for width, height in ((320, 640), (390, 800), (640, 400)):
        page.set_viewport_size({"width": width, "height": height})
        laid_out(page)
        assert (width, page.evaluate(CUT)) == (width, [])


@pytest.mark.parametrize(("width", "height", "least"), [(640, 400, 0.68), (1280, 800, 0.7)])
def test_the_map_has_most_of_the_window_and_a_panel_leaves_the_tools(
    show, saved, width, height, least
):
    """640 × 400 is also 1280 × 800 at 200 %."""
    page = show(saved("city", "zh"), width=width, height=height).page
    page.evaluate("() => { gcm.maps[0].addLayer(gcm.overlays[0]); }")
    assert page.locator(".folium-map").bounding_box()["height"] >= least * height
    page.evaluate(f"() => {{ {OPEN['filter']} }}")
    until(page, "document.querySelector('.gcm-filter-body').offsetHeight >= 120")
    for css in (".leaflet-control-zoom-in", ".gcm-search", ".gcm-buttons", ".gcm-selection"):
        page.locator(css).wait_for()


@pytest.mark.parametrize("width", [900, 1280, 1600, 1920, 2560])
def test_a_list_of_layers_that_stands_open_lies_beside_the_city(show, saved, width):
    page = show(saved("city", "zh"), width=width, height=900).page
    assert page.evaluate(CLEAR)
    # Folded, it opens by hand.
    page.evaluate(f"() => {{ {OPEN['layers']} }}")
    page.locator(".leaflet-control-layers-expanded").wait_for()


#: Whether the legend is whole or folded; one longer than the map scrolls where no panel is open.
WHOLE = """() => { const legend = document.querySelector('.gcm-legend');
    const body = legend.querySelector('.gcm-legend-body');
    return !legend.open || body.scrollHeight <= body.clientHeight + 1 ||
        document.querySelectorAll('.gcm-fold[open]').length === 1; }"""
CLEAR = """() => {
    const box = document.querySelector('.leaflet-control-layers-expanded');
    if (!box) { return true; }
    const own = box.getBoundingClientRect(), map = gcm.maps[0];
    const origin = map.getContainer().getBoundingClientRect();
    let covered = false;
    map.eachLayer(layer => {
        if (!layer.corners) { return; }
        layer.corners(map).forEach(corner => {
            const at = corner.multiplyBy(2 ** map.getZoom()).subtract(map.getPixelBounds().min);
            const x = at.x + origin.left, y = at.y + origin.top;
            covered = covered || x > own.left && x < own.right && y > own.top && y < own.bottom;
        });
    });
    return !covered;
}"""


@pytest.mark.parametrize("size", SIZES, ids=lambda value: str(value))
def test_no_control_covers_another_on_the_map_of_a_figure(show, saved, size):
    opened = show(saved("zone", "zh"), width=size[0], height=size[1])
    page = opened.page
    for name in ("legend", "print", "measure", "search"):
        page.evaluate(f"() => {{ {OPEN[name]}; }}")
        clear(page, name)
        page.evaluate(f"() => {{ {SHUT[name]} }}")
        laid_out(page)
    opened.check()


def test_on_a_phone_opening_one_panel_shuts_the_others(show, saved):
    page = show(saved("city", "zh"), width=390, height=800).page
    page.evaluate("() => { gcm.overlays.forEach(layer => { gcm.maps[0].addLayer(layer); }); }")
    for css in FOLDS.values():
        page.click(f"{css} > summary")
        until(page, f"document.querySelector('{css}').open")
        until(page, "document.querySelectorAll('.gcm-fold[open]').length === 1")
    page.click(".gcm-panel-button button")
    until(page, "document.querySelectorAll('.gcm-fold[open]').length === 0")
    page.locator(".gcm-panel").wait_for()
    # Beside it the map has no room for panels; shut, they are there again.
    assert page.locator(".gcm-filter").is_hidden()
    page.click(".gcm-panel .gcm-close")
    page.locator(".gcm-filter").wait_for(state="visible")


TARGETS = """() => [...document.querySelectorAll('button, a[role=button], input, select, summary, '
    + '.gcm-search li, .gcm-filter label, .leaflet-control-layers label')].filter(node => {
    const box = node.getBoundingClientRect();
    // A box in its label is as large as its label.
    if (!box.height || !node.checkVisibility({ visibilityProperty: true })) { return false; }
    if (node.tagName === 'INPUT' && /checkbox|radio/.test(node.type)) { return false; }
    return box.height < 43.9 || box.width < 43.9;
}).map(node => node.className + ' ' + node.tagName)"""


def test_a_finger_hits_every_target(show, saved):
    page = show(saved("city", "zh"), width=390, height=800).page
    page.evaluate("() => { gcm.overlays.forEach(layer => { gcm.maps[0].addLayer(layer); }); }")
    comes_to(page, lambda: page.evaluate(TARGETS), [])
    for name, act in OPEN.items():
        page.evaluate(f"() => {{ {act}; }}")
        opens(page, name)
        comes_to(page, lambda: page.evaluate(TARGETS), [], name)
        page.evaluate(f"() => {{ {SHUT[name]} }}")
        laid_out(page)
