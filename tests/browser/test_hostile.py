"""Forty hostile texts in every place of every map and of the report: shown, and run nowhere."""

from __future__ import annotations

import re
from collections.abc import Iterable

import folium
import pandas as pd
import pytest

import geo_citymgmt as gcm
from geo_citymgmt._languages import DISTRICT
from geo_citymgmt.maps import CityMap, city_map, coverage_map, layer_map, progress_map, zone_map
from geo_citymgmt.maps._overlays import to_degrees
from geo_citymgmt.report import write_report
from geo_citymgmt.spec import load_specs
from tests.hostile_text import (
    STRINGS,
    hostile_features,
    hostile_figures,
    hostile_zones,
    shown,
)
from tests.test_hostile import hostile_source

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("hostile")]

ALL = " ¦ ".join(STRINGS)
#: Few of the forty fit a legend; each has its turn in another part of it.
PARTS = [STRINGS[k : k + 8] for k in range(0, len(STRINGS), 8)]
WATCHED = """window.dialogs = [];
for (const name of ["alert", "confirm", "prompt"]) window[name] = t => window.dialogs.push(t);"""


def texts(opened, selector: str) -> list[str]:
    """Return what every such element says, hidden ones included, white space as one."""
    found = opened.page.eval_on_selector_all(selector, "all => all.map(e => e.textContent)")
    return [re.sub(r"\s+", " ", text).strip() for text in found]


#: Each name by itself, since only those are on the page that have room beside the others.
EACH_NAME = """() => { const map = gcm.maps[0], layers = map._gcm.named.slice(), out = [];
    const all = layers.map(layer => layer._labels);
    all.flat().forEach(label => {
        layers.forEach((layer, i) => { layer._labels = all[i].filter(other => other === label); });
        map.fire("resize");
        out.push(...[...document.querySelectorAll(".gcm-label-text b")].map(e => e.textContent));
    });
    layers.forEach((layer, i) => { layer._labels = all[i]; });
    map.fire("resize");
    return out; }"""


def names(opened) -> list[str]:
    """Return the names of zones as the page writes them, white space as one."""
    return [re.sub(r"\s+", " ", text).strip() for text in opened.page.evaluate(EACH_NAME)]


def check(opened) -> None:
    # Turn the pointer on, so that handlers of it would run as well.
    opened.page.mouse.move(300, 300)
    opened.page.mouse.move(640, 400, steps=4)
    assert opened.page.evaluate("window.dialogs") == []
    assert opened.page.locator("[onerror], [onload], [onmouseover], [ontoggle]").count() == 0
    assert opened.page.locator("base, meta[http-equiv=refresh], iframe").count() == 0
    opened.check()


def open_at(opened, lat: float, lon: float) -> None:
    """Go near, and click what is there."""
    opened.page.evaluate(
        "([lat, lon]) => { gcm.maps[0].closePopup();"
        " gcm.maps[0].setView([lat, lon], 17, {animate: false}); }",
        [lat, lon],
    )
    opened.page.wait_for_selector("html[data-ready=true]", timeout=30_000)
    opened.click(lat, lon)
    opened.page.wait_for_selector(".leaflet-popup-content td", timeout=10_000)


def places(frame) -> list[tuple[float, float]]:
    return [(p.y, p.x) for p in to_degrees(frame.set_geometry(frame.representative_point()))]


def told(text: str) -> str:
    """Return what a map tells of a text: a bracket may begin a line of its own."""
    return shown(text).replace(" (", "(")


def has_all(found: Iterable[str], wanted: Iterable[str] = STRINGS) -> None:
    held = {text.replace(" (", "(") for text in found}
    assert [text for text in wanted if told(text) not in held] == []


@pytest.mark.parametrize(
    ("layer", "kind", "times"),
    [
        ("manholes", "points", 1),
        ("manholes", "points", 260),
        ("utility_tunnels", "lines", 1),
        ("illegal_construction", "areas", 1),
    ],
)
def test_a_map_of_features_shows_forty_texts_in_every_popup(show, layer, kind, times):
    frame = hostile_features(kind, times)
    drawn = layer_map(
        frame, layer, zones=hostile_zones(), color_by=False, popup_fields=list(STRINGS)
    )
    opened = show(drawn, first=WATCHED)
    has_all(names(opened))
    open_at(opened, *places(frame)[3])
    # Forty names of columns, and in each another of the forty values.
    has_all(texts(opened, ".leaflet-popup-content th"))
    has_all(texts(opened, ".leaflet-popup-content td"))
    check(opened)


def test_the_heading_of_a_map_shows_forty_texts(show):
    drawn = layer_map(hostile_features(), "manholes", color_by=False, title=ALL, caption=ALL)
    for text in STRINGS:
        drawn.add_note(text)
    opened = show(drawn, first=WATCHED)
    assert re.sub(r"\s+", " ", opened.page.title()) == shown(ALL)
    assert texts(opened, ".gcm-heading h1") == [shown(ALL)]
    assert shown(ALL) in texts(opened, ".gcm-caption")
    has_all(texts(opened, ".gcm-note"))
    check(opened)


@pytest.mark.parametrize("part", range(len(PARTS)))
def test_a_legend_shows_texts_of_the_data(show, part):
    frame = hostile_features().query("text in @PARTS[@part]").reset_index(drop=True)
    column = PARTS[part][0]
    frame[column] = frame["text"]
    drawn = layer_map(frame, "manholes", color_by=column, popup_fields=["text"], lang="en")
    opened = show(drawn, first=WATCHED)
    legend = " ".join(texts(opened, ".gcm-legend"))
    for text in PARTS[part]:
        assert shown(text) in legend
    check(opened)


def test_maps_of_figures_show_forty_texts(show):
    zones, figures = hostile_zones(), hostile_figures()
    table = pd.DataFrame({ALL: range(len(zones))}, index=zones.index)
    opened = show(zone_map(table, zones, ALL, unit=STRINGS[2], title=ALL), first=WATCHED)
    has_all(names(opened))
    assert shown(ALL) in " ".join(texts(opened, ".gcm-legend"))
    check(opened)

    class City(dict):
        has_zones, unit = True, DISTRICT
        data_date = pd.Timestamp("2022-06-30")
        specs = load_specs()

    city = City()
    city.zones = zones
    drawn = progress_map(city, "demolished_area", table=figures)
    opened = show(drawn, first=WATCHED)
    assert shown(" ".join(STRINGS)) in " ".join(texts(opened, "body"))
    has_all(names(opened))
    check(opened)


def test_the_maps_of_coverage_and_of_the_city_show_forty_texts(show):
    zones = hostile_zones()
    frame = hostile_features().rename(columns={"text": "name"})

    class City(dict):
        has_zones, unit = True, DISTRICT
        data_date = pd.Timestamp("2022-06-30")
        specs = load_specs()

    city = City(bike_stations=frame, manholes=frame.assign(status=STRINGS, manhole_id=STRINGS))
    city.zones = zones
    for drawn in (
        coverage_map(frame, zones, radius_m=300, layer="bike_stations", title=ALL),
        city_map(city, table=hostile_figures(), title=ALL, caption=ALL),
    ):
        opened = show(drawn, first=WATCHED)
        has_all(names(opened))
        assert texts(opened, ".gcm-heading h1") == [shown(ALL)]
        check(opened)


def test_the_frame_in_a_notebook_runs_nothing(chromium, tmp_path):
    drawn = layer_map(hostile_features(), "manholes", popup_fields=list(STRINGS), title=ALL)
    layer = gcm.read_layer(hostile_features().assign(status=STRINGS), "manholes")
    page_of_a_notebook = tmp_path / "n.html"
    page_of_a_notebook.write_text(
        "<!doctype html><meta charset=utf-8>"
        + drawn._repr_html_()
        + layer._repr_html_()
        + layer.findings._repr_html_(),
        encoding="utf-8",
    )
    context = chromium.new_context(offline=True)
    try:
        page = context.new_page()
        wrong: list[str] = []
        page.on("dialog", lambda dialog: (wrong.append(dialog.message), dialog.dismiss()))
        page.on("console", lambda m: wrong.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto(page_of_a_notebook.as_uri())
        frame = page.wait_for_selector("iframe").content_frame()
        frame.wait_for_selector("html[data-ready=true]", state="attached", timeout=30_000)
        assert re.sub(r"\s+", " ", frame.text_content("h1")) == shown(ALL)
        assert page.evaluate("window.hacked") is None
        assert frame.evaluate("window.hacked") is None
        assert wrong == []
    finally:
        context.close()


def test_pages_of_a_report_show_forty_texts(chromium, tmp_path):
    out = tmp_path / "out"
    write_report(gcm.load_city(hostile_source(tmp_path / "源")), out)
    pages = sorted(out.rglob("*.html"))
    assert {"index.html", "map.html"} <= {page.name for page in pages}
    for file in pages:
        context = chromium.new_context(offline=True)
        page = context.new_page()
        wrong: list[str] = []
        page.on("dialog", lambda dialog, w=wrong: (w.append(dialog.message), dialog.dismiss()))
        page.on("console", lambda m, w=wrong: w.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error, w=wrong: w.append(str(error)))
        page.on("request", lambda r, w=wrong: None if r.url.startswith(("file:", "data:", "blob:"))
                else w.append(r.url))  # fmt: skip
        page.goto(file.as_uri())
        page.wait_for_timeout(500)
        text = re.sub(r"\s+", " ", page.text_content("body")).replace(" (", "(")
        # A GeoJSON file holds a text up to its first null character.
        missing = [s for s in STRINGS if told(s.partition("\x00")[0]) not in text]
        assert missing == [], file.name
        assert page.evaluate("window.hacked") is None
        assert wrong == []
        context.close()


def test_the_watch_would_see_what_runs(show):
    # Otherwise the tests above could not fail.
    drawn = CityMap([31.3, 120.6], online=True, tiles=None)
    drawn.default_js, drawn.default_css = [], []
    bad = "<img src=data:, onerror='alert(1);window.hacked=1'>"
    ready = "<script>document.documentElement.dataset.ready = 'true'</script>"
    for part in (bad, ready):
        drawn.get_root().html.add_child(folium.Element(part))
    opened = show(drawn, first=WATCHED)
    opened.page.wait_for_function("window.hacked === 1", timeout=10_000)
    with pytest.raises(AssertionError):
        check(opened)
