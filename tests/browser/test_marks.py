"""A status is told apart where colour fails, and has one colour wherever it is drawn."""

from __future__ import annotations

import matplotlib.colors
import pytest

from geo_citymgmt.maps import city_map, layer_map
from geo_citymgmt.maps._static import plot_layer
from geo_citymgmt.spec import load_specs
from tests.browser.test_filters import parcels
from tests.browser.waiting import laid_out

pytestmark = pytest.mark.browser

STATED = [spec for spec in load_specs().values() if spec.state_field]
#: The marks of a layer's states, all of one colour, as pictures.
PICTURES = """([marks, shape]) => marks.map(mark =>
    gcm.markedKey({ mark: mark, shape: shape, color: "#777777" }).toDataURL())"""


@pytest.mark.parametrize("shape", ["points", "areas"])
def test_no_two_states_of_a_layer_have_one_mark(show, shape):
    page = show(layer_map(parcels(30), "illegal_construction")).page
    most = max(len(spec.fields[spec.state_field].codes) for spec in STATED)
    # And what is not known has none.
    pictures = page.evaluate(PICTURES, [[-1, *range(1, most)], shape])
    assert len(set(pictures)) == most
    assert page.evaluate(PICTURES, [[0, 1, 2, 3, 4], "lines"]) != [None] * 5


DRAWN = """() => { const c = document.querySelector('canvas.gcm-canvas');
    return c.toDataURL(); }"""


@pytest.mark.parametrize("count", [300, 12_000])
def test_marks_take_the_place_of_colours_where_those_are_forced_and_on_paper(
    pages, tmp_path, count
):
    target = tmp_path / "map.html"
    layer_map(parcels(count), "illegal_construction").save(target)
    drawn = {}
    for forced in ("none", "active"):
        page = pages(forced_colors=forced)
        page.goto(target.as_uri())
        page.wait_for_selector("html[data-ready=true]")
        page.evaluate("() => { gcm.maps[0].setZoom(17, {animate: false}); }")
        laid_out(page)
        marks = page.locator(".gcm-legend .gcm-key-mark")
        assert marks.count() == 3
        assert marks.first.is_visible() == (forced == "active")
        drawn[forced] = page.evaluate(DRAWN)
        if forced == "none":
            page.emulate_media(media="print")
            page.evaluate("() => { window.dispatchEvent(new Event('beforeprint')); }")
            marks.first.wait_for()
            page.evaluate("() => { window.dispatchEvent(new Event('afterprint')); }")
    assert drawn["none"] != drawn["active"]


def of_map(drawn) -> dict[str, str]:
    (layer,) = [child for child in drawn._children.values() if hasattr(child, "classes")]
    return {item["label"]: item["color"] for item in layer.classes}


def test_a_status_has_one_colour_in_every_file_and_in_every_month(trial_city, figures):
    frame = parcels(60)
    last_month = frame.loc[frame["status"].ne("20")].reset_index(drop=True)
    spec = load_specs()["illegal_construction"]
    expected = {
        label.zh: spec.style["colors"][code]
        for code, label in spec.fields["status"].codes.items()
        if code in ("20", "40", "60")
    }
    assert of_map(layer_map(frame, spec)) == expected
    del expected["已核实"]
    assert of_map(layer_map(last_month, spec)) == expected
    trial_city["illegal_construction"] = last_month
    drawn = city_map(trial_city, layers=["illegal_construction"], table=figures)
    assert of_map(drawn) == expected
    keys = plot_layer(last_month, spec).legends[0]
    colors = {
        text.get_text().split("  ")[0]: matplotlib.colors.to_hex(_face(handle))
        for text, handle in zip(keys.get_texts(), keys.legend_handles, strict=True)
    }
    assert colors == expected


def _face(handle):
    return (
        handle.get_markerfacecolor()
        if hasattr(handle, "get_markerfacecolor")
        else handle.get_facecolor()
    )
