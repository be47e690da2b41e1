from __future__ import annotations

import base64
import hashlib
import io
import re
from importlib.resources import files

import branca.colormap
import folium
import folium.plugins
import pytest
from branca.element import Element

from geo_citymgmt.errors import CityDataError, MapError
from geo_citymgmt.maps import CityMap, _offline

from .conftest import PAYLOADS

ASSETS = files("geo_citymgmt.maps") / "assets"


def entries():
    return [e for package in _offline.manifest()["packages"] for e in package["files"]]


@pytest.mark.parametrize("entry", entries(), ids=lambda e: e["file"])
def test_each_carried_file_is_the_one_the_manifest_names(entry):
    content = (ASSETS / entry["file"]).read_bytes()
    assert hashlib.sha256(content).hexdigest() == entry["sha256"]
    assert len(content) == entry["bytes"]


def test_each_carried_package_comes_with_its_licence_and_an_exact_version():
    for package in _offline.manifest()["packages"]:
        assert package["licence"]
        assert re.fullmatch(r"\d+\.\d+\.\d+", package["version"])
        assert (ASSETS / package["licence_file"]).read_text(encoding="utf-8").strip()


def test_no_carried_stylesheet_asks_for_a_file_outside_it():
    for entry in entries():
        if entry["file"].endswith(".css"):
            for target in re.findall(
                r"url\(\s*['\"]?([^'\")]+)", _offline.stylesheet(entry["file"])
            ):
                assert target.startswith(("data:", "#")), entry["file"]


def test_an_empty_map_is_small_and_carries_no_library_it_does_not_use(page):
    text = page(CityMap())
    assert len(text.encode()) <= 0.7e6
    assert "jQuery v" not in text
    assert "Font Awesome" not in text
    assert "Bootstrap" not in text


def external(text: str) -> list[str]:
    """Addresses outside the page in what is markup, not the text of a carried script."""
    markup = re.sub(r"<script\b[^>]*>.*?</script>", "", text, flags=re.S)
    markup = re.sub(r"/\*.*?\*/", "", markup, flags=re.S)
    return re.findall(r"""(?:src|href|url\()\s*=?\s*["']?((?:https?:)?//[^"')\s>]+)""", markup)


def refined() -> CityMap:
    city_map = CityMap(title="试")
    popup = folium.Popup("<b>内容</b>")
    folium.Marker([31.3, 120.6], popup=popup, tooltip="提示").add_to(city_map)
    folium.Marker([31.3, 120.7], icon=folium.Icon(color="red")).add_to(city_map)
    folium.Marker([31.3, 120.8], icon=folium.Icon(icon="car", prefix="fa")).add_to(city_map)
    cluster = folium.plugins.MarkerCluster(name="聚合").add_to(city_map)
    folium.Marker([31.4, 120.6]).add_to(cluster)
    folium.plugins.HeatMap([[31.3, 120.6, 1]]).add_to(city_map)
    folium.plugins.Fullscreen().add_to(city_map)
    folium.plugins.MousePosition().add_to(city_map)
    branca.colormap.linear.YlGnBu_09.scale(0, 1).add_to(city_map)
    folium.LayerControl().add_to(city_map)
    return city_map


def test_a_map_refined_with_folium_needs_no_address_outside_the_page(page):
    text = page(refined())
    assert external(text) == []


def test_the_policy_lets_exactly_the_scripts_of_the_page_run(page):
    text = page(refined())
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', text)
    scripts = re.search(r"script-src ([^;]*);", policy)[1].split()
    expected = {
        "'sha256-" + base64.b64encode(hashlib.sha256(code.encode()).digest()).decode() + "'"
        for attributes, code in re.findall(r"<script\b([^>]*)>(.*?)</script>", text, flags=re.S)
        if "text/plain" not in attributes
    }
    assert set(scripts) == expected
    assert policy.startswith("default-src 'none'")
    assert "connect-src 'none'" in policy
    assert text.index("Content-Security-Policy") < text.index("<script")


def linked_geojson() -> folium.GeoJson:
    layer = folium.GeoJson({"type": "FeatureCollection", "features": []})
    layer.embed, layer.embed_link = False, "https://example.com/a.geojson"
    return layer


@pytest.mark.parametrize(
    ("make", "named"),
    [
        (
            lambda: folium.TileLayer("https://tiles.example.com/{z}/{x}/{y}.png", attr="x"),
            "tiles.example.com",
        ),
        (lambda: folium.plugins.Draw(), "Draw"),
        (lambda: folium.plugins.Realtime("https://example.com/live.json"), "Realtime"),
        (
            lambda: folium.raster_layers.ImageOverlay(
                "https://example.com/a.png", [[0, 0], [1, 1]]
            ),
            "example.com/a.png",
        ),
        (linked_geojson, "example.com/a.geojson"),
        (lambda: folium.Popup('<img src="https://example.com/p.png">'), "example.com/p.png"),
        (lambda: Element('<script src="https://example.com/x.js"></script>'), "example.com/x.js"),
        (
            lambda: Element("<style>@import 'https://example.com/x.css';</style>"),
            "example.com/x.css",
        ),
    ],
)
def test_what_needs_the_network_is_named_when_the_map_is_saved(tmp_path, make, named):
    city_map = CityMap()
    child = make()
    if type(child) is Element:
        city_map.get_root().html.add_child(child)
    elif isinstance(child, folium.Popup):
        folium.Marker([31, 120], popup=child).add_to(city_map)
    else:
        city_map.add_child(child)
    with pytest.raises(MapError, match=re.escape(named)) as caught:
        city_map.save(tmp_path / "map.html")
    assert isinstance(caught.value, CityDataError)
    assert "online=True" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_library_address_is_named(tmp_path):
    city_map = CityMap()
    city_map.add_js_link("mine", "https://example.com/mine.js")
    with pytest.raises(MapError, match=r"https://example\.com/mine\.js"):
        city_map.save(tmp_path / "map.html")


def test_one_map_s_added_library_is_not_asked_of_the_next(page):
    CityMap().add_js_link("mine", "https://example.com/mine.js")
    page(CityMap())


def test_a_link_a_reader_may_follow_is_not_a_thing_the_page_fetches(page):
    city_map = CityMap(caption="来源：https://example.com/data")
    folium.Marker([31, 120], popup='<a href="https://example.com">网站</a>').add_to(city_map)
    assert "https://example.com" in page(city_map)


def test_online_gives_folium_s_own_libraries(page):
    text = page(CityMap(title="x", online=True))
    assert "https://cdn.jsdelivr.net/npm/leaflet@" in text
    assert "Content-Security-Policy" not in text


@pytest.mark.parametrize("payload", PAYLOADS)
def test_headings_and_notes_show_text_and_run_nothing(page, payload):
    city_map = CityMap(title=payload, caption=payload).add_note(payload)
    text = page(city_map)
    markup = re.sub(r"<script\b[^>]*>.*?</script>|<style>.*?</style>", "", text, flags=re.S)
    assert not re.search(r"<(img|svg|script)\b", markup)
    assert len(re.findall("<title>", text)) == 1


def test_text_in_a_folium_popup_cannot_end_the_page_s_script(page):
    city_map = CityMap()
    folium.Marker([31, 120], popup="</script><script>window.hacked=1</script>").add_to(city_map)
    assert "</script><script>window.hacked" not in page(city_map)


def test_saving_replaces_the_file_whole_and_leaves_nothing_beside_it(tmp_path):
    target = tmp_path / "中文 名.html"
    target.write_text("old", encoding="utf-8")
    CityMap(title="新").save(target)
    assert target.read_text(encoding="utf-8").rstrip().endswith("</html>")
    assert [path.name for path in tmp_path.iterdir()] == [target.name]


def test_a_file_that_cannot_be_replaced_is_named_and_kept(tmp_path, monkeypatch):
    target = tmp_path / "map.html"
    target.write_text("old", encoding="utf-8")

    def held(*_):
        raise PermissionError

    monkeypatch.setattr("os.replace", held)
    monkeypatch.setattr("geo_citymgmt.writing._atomic.REPLACE_WAIT_S", 0.1)
    with pytest.raises(CityDataError, match=r"map\.html.*close it there"):
        CityMap().save(target)
    assert [path.name for path in tmp_path.iterdir()] == ["map.html"]
    assert target.read_text(encoding="utf-8") == "old"


def test_a_map_can_be_written_to_an_open_file():
    buffer = io.BytesIO()
    CityMap().save(buffer, close_file=False)
    assert buffer.getvalue().startswith(b"<!DOCTYPE html>")


def test_saving_twice_gives_the_same_page(page):
    city_map = refined()
    assert page(city_map) == page(city_map)


def test_a_map_can_be_refined_after_it_was_shown(page):
    city_map = CityMap()
    folium.LayerControl().add_to(city_map)
    page(city_map)
    folium.FeatureGroup(name="后加").add_to(city_map)
    text = page(city_map)
    assert text.index("var feature_group_") < text.index("L.control.layers(")


def test_a_notebook_shows_the_same_page_in_a_frame():
    frame = CityMap(title="试")._repr_html_()
    assert frame.startswith("<iframe srcdoc=")
    assert "cdn.jsdelivr.net/npm/bootstrap" not in frame
    assert "Content-Security-Policy" in frame


def test_the_page_says_its_language(page):
    assert '<html lang="zh-CN">' in page(CityMap())
    assert '<html lang="en">' in page(CityMap(lang="en"))
    with pytest.raises(CityDataError, match="fr"):
        CityMap(lang="fr")


def test_a_map_makes_the_folder_it_is_saved_in(tmp_path):
    CityMap().save(tmp_path / "new" / "folder" / "map.html")
    assert [p.name for p in (tmp_path / "new" / "folder").iterdir()] == ["map.html"]


@pytest.mark.parametrize("text", ["{{ 7*7 }}", "{{ this.get_root() }}", "{# #}"])
def test_text_of_the_data_is_never_run_as_a_template(page, text):
    """branca renders rendered content a second time: text could run as Python at save."""
    city_map = CityMap(title=text)
    folium.GeoJson(
        {"type": "Feature", "properties": {"a": text},
         "geometry": {"type": "Point", "coordinates": [120, 31]}}
    ).add_to(city_map)  # fmt: skip
    folium.Marker([31, 120], tooltip=text).add_to(city_map)
    saved = page(city_map)
    assert f'"a": "{text}"' in saved
    assert "49" not in re.findall(r"bindTooltip\((.*?)\)", saved, flags=re.S)[0]


def test_text_that_no_template_can_hold_is_refused_with_the_remedy(tmp_path):
    city_map = CityMap()
    folium.Marker([31, 120], tooltip="{% raw %}").add_to(city_map)
    with pytest.raises(MapError, match="escape_text"):
        city_map.save(tmp_path / "map.html")
