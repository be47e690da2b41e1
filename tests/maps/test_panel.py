from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from types import SimpleNamespace

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo_citymgmt._languages import DISTRICT
from geo_citymgmt.errors import MapError
from geo_citymgmt.maps import CityMap, coverage_map, layer_map, progress_map, zone_map
from geo_citymgmt.maps._city_map import Chooser, Legend, Panel, Zones, panel_figures
from geo_citymgmt.maps._classes import BELOW_COLORS
from geo_citymgmt.maps._labels import with_unit
from geo_citymgmt.maps._overlays import Overlay
from geo_citymgmt.spec import load_specs

from .conftest import PAYLOADS, choices, colors_of


def parts(city_map, kind):
    return [child for child in city_map._children.values() if isinstance(child, kind)]


@pytest.fixture
def city(zones):
    return SimpleNamespace(
        zones=zones, has_zones=True, unit=DISTRICT, data_date=pd.Timestamp("2022-06-30"),
        name_zh="试点市", specs=load_specs(),
    )  # fmt: skip


@pytest.fixture
def series(figures):
    total = figures.iloc[[0]].assign(level="city", zone_code="320500", value=210_000.0)
    june = pd.concat([figures, total], ignore_index=True)
    june["row_kind"] = ["zone"] * 3 + ["total"]
    may = june.assign(as_of="2022-05-31", value=june["value"] / 2, attainment=june.attainment / 2)
    return pd.concat([may, june], ignore_index=True)


def config(element) -> dict:
    return json.loads(element.config())


def test_a_panel_holds_each_place_s_figure_at_each_date(city, series):
    (panel,) = parts(progress_map(city, "demolished_area", series=series), Panel)
    told = config(panel)
    assert told["dates"] == ["2022-05-31", "2022-06-30"]
    assert [place["name"] for place in told["places"]] == ["试点市", "甲区", "乙区", "丙市"]
    (figure,) = told["figures"]
    assert figure["group"] == "违法建设"
    text = [told["texts"][cell["v"]] for cell in figure["cells"]["320505"]]
    assert text == ["6万平方米", "12万平方米"]
    june = figure["cells"]["320505"][-1]
    assert june["a"] == 0.4
    assert june["e"] == pytest.approx(148_767 / 300_000)
    assert june["s"] == "behind"
    missing = figure["cells"]["320581"][-1]
    assert told["texts"][missing["v"]] == "数据不足"
    assert missing["a"] is None


def test_a_layer_of_an_office_s_own_heads_its_figures_by_its_name(city, series):
    spec = city.specs["illegal_construction"]
    city.specs["shop_signs"] = replace(spec, key="shop_signs", name_zh="店招标牌")
    (panel,) = parts(
        progress_map(city, "demolished_area", series=series.assign(layer="shop_signs")), Panel
    )
    assert {figure["group"] for figure in config(panel)["figures"]} == {"店招标牌"}


def shown(drawn) -> dict:
    return choices(config(parts(drawn, Chooser)[0]))


def test_each_date_has_its_texts_and_classes(city, series):
    drawn = progress_map(city, "demolished_area", series=series)
    told = shown(drawn)
    (figure,) = told["figures"]
    at = figure["levels"]["district"]
    assert at["attainment"] == [["20.0", "57.1", ""], ["40.0", "114.2", ""]]
    assert at["value"][0] == ["6.00", "4.00", ""]
    assert at["target"][1] == ["30.00", "7.00", ""]
    # Of 49.6 % that the calendar expects; a target that is met has a pace all the same.
    assert at["distance"][1] == ["−9.6", "+64.6", ""]
    assert [fill["column"] for fill in figure["fills"]] == ["distance", "attainment", "value"]
    by_share = figure["fills"][1]
    # The classes of 40 % and of 114.2 %, and none.
    assert by_share["levels"]["district"]["classes"][1] == "5c-"
    layer = next(zone for zone in parts(drawn, Zones) if zone.filled)
    # What is shown first is how far each is from what is due; 9.6 points is the first class below.
    assert [zone["value"] for zone in layer.zones] == ["−9.6", "+64.6", ""]
    assert [zone["color"] for zone in layer.zones] == [*BELOW_COLORS[1::-1], None]
    assert figure["notes"][0].startswith("全市 10.5万平方米")
    assert told["captions"] == ["截至 2022-05-31", "截至 2022-06-30"]


def test_what_there_is_to_choose_is_all_that_has_a_value_or_what_was_asked_for(city, series):
    other = series.assign(indicator="parcels", name_zh="宗数", unit="count", attainment=None)
    empty = series.assign(indicator="none", name_zh="无", value=None, attainment=None)
    table = pd.concat([other, empty, series])
    # First the one known best, then the others in the order of the table.
    every = shown(progress_map(city, series=table))["figures"]
    assert [figure["id"] for figure in every] == ["demolished_area", "parcels"]
    assert [fill["column"] for fill in every[1]["fills"]] == ["value"]
    asked = progress_map(city, ["parcels", "demolished_area"], series=table, column="value")
    assert [figure["id"] for figure in shown(asked)["figures"]] == ["parcels", "demolished_area"]
    assert asked.title == "宗数"
    with pytest.raises(MapError, match="nonsense"):
        progress_map(city, ["parcels", "nonsense"], series=table)


def test_a_base_is_tiny_by_the_rule_of_the_figures(city, series):
    counted = series.assign(unit="count", value=[3.0, 12, None, 15, 9, 10, 0, 19])
    told = shown(progress_map(city, "demolished_area", series=counted))
    assert told["figures"][0]["levels"]["district"]["few"] == [["1", "", ""], ["1", "", "1"]]


def test_a_number_has_one_colour_on_all_dates_levels_and_in_a_later_report(city, series):
    june = series[series["as_of"].eq("2022-06-30")]
    july = june.assign(as_of="2022-07-31", value=june["value"] * 40)
    streets = series.assign(level=series["level"].replace("district", "street"))
    city.zones_at = lambda level: city.zones
    city.name_en = "Trial"
    both = pd.concat([series, streets])
    levels = ["district", "street"]
    before = colors_of(shown(progress_map(city, "demolished_area", series=both, level=levels)))
    after = colors_of(shown(progress_map(city, "demolished_area", series=pd.concat([both, july]))))
    common = set(before) & set(after)
    assert len(common) > 5
    assert {key: before[key] for key in common} == {key: after[key] for key in common}
    assert all(len(colors) == 1 for colors in before.values())
    for (key, _, column, text), color in before.items():
        assert before[key, "district", column, text] == before[key, "street", column, text] == color


def test_a_legend_covers_all_dates_without_a_gap(city, series):
    for fill in shown(progress_map(city, "demolished_area", series=series))["figures"][0]["fills"]:
        level = fill["levels"]["district"]
        there = {int(sign, 36) for sign in "".join(level["classes"]) if sign != "-"}
        assert level["span"] == [min(there), max(there)]
        ends = [label.split(" – ") for label in fill["labels"] if " – " in label]
        assert all(a[1] == b[0] for a, b in pairwise(ends))


def test_without_a_script_a_table_says_what_is_shown_first(city, series, page):
    text = page(progress_map(city, "demolished_area", series=series))
    table = text[text.index("<noscript>") : text.index("</noscript>")]
    assert "<caption>拆除面积·与时序进度相差的百分点</caption>" in table
    assert '<th scope="row">甲区</th><td>−9.6</td>' in table


def test_a_flow_below_zero_says_what_it_is_net_of(city, series):
    """Demolished this year less what was rebuilt: of a level or a count nothing is taken back."""
    known = series.assign(indicator="illegal_demolished_area", layer="illegal_construction")
    stock = known.assign(indicator="illegal_open_area")
    figures = shown(progress_map(city, series=pd.concat([known, stock])))["figures"]
    assert {figure["id"]: figure["net"] for figure in figures} == {
        "illegal_demolished_area": "扣除反弹后的净数", "illegal_open_area": "",
    }  # fmt: skip


def test_a_caption_of_one_s_own_stays_while_the_date_changes(city, series):
    drawn = progress_map(city, "demolished_area", series=series, caption="来源：示例")
    assert shown(drawn)["captions"] == []


def test_there_is_no_panel_where_none_is_wanted(city, figures):
    drawn = progress_map(city, "demolished_area", table=figures, panel=False)
    assert not parts(drawn, Panel)
    assert shown(drawn)["dates"] == ["2022-06-30"]


def test_a_panel_takes_the_indicators_it_is_given_and_refuses_unknown_ones(city, series):
    both = pd.concat([series, series.assign(indicator="parcels", name_zh="宗数")])
    drawn = progress_map(city, "demolished_area", series=both, panel=["parcels"])
    assert [figure["id"] for figure in config(parts(drawn, Panel)[0])["figures"]] == ["parcels"]
    with pytest.raises(MapError, match="nonsense"):
        progress_map(city, "demolished_area", series=both, panel=["nonsense"])


def test_a_panel_begins_with_its_own_figure_and_stays_short(figures):
    many = [figures.assign(indicator=f"other_{i}", layer="manholes") for i in range(30)]
    table = pd.concat([*many, figures], ignore_index=True)
    chosen = panel_figures(table, "demolished_area", level="district")
    assert chosen[0] == "demolished_area"
    assert len(chosen) == len(set(chosen)) == 12


@pytest.mark.parametrize("payload", PAYLOADS)
def test_text_of_the_data_stays_text_in_the_panel(city, series, page, payload):
    city.name_zh = payload
    hostile = series.assign(name_zh=payload, note_zh=payload)
    text = page(progress_map(city, "demolished_area", series=hostile))
    own = text[text.rindex("<script>") :]
    for mark in ("<img", "<svg", "</textarea", "\u2028", "\u202e", "<!--<"):
        assert mark not in own


@pytest.mark.parametrize("kind", ["figures", "features", "progress"])
def test_a_map_made_twice_is_the_same_to_the_byte(page, city, series, zones, manholes, kind):
    def made() -> str:
        if kind == "figures":
            table = pd.DataFrame({"n": [1.0, 2.0, None]}, index=zones.index)
            return page(zone_map(table, zones, "n"))
        if kind == "features":
            return page(layer_map(manholes, "manholes", zones=zones))
        return page(progress_map(city, "demolished_area", series=series))

    assert made() == made()


def test_a_map_shown_before_it_is_saved_is_the_same_to_the_byte(page, zones):
    drawn = CityMap(title="一")
    drawn._repr_html_()
    assert page(drawn) == page(CityMap(title="一"))


def test_a_hash_in_the_data_is_not_taken_for_a_name(page, zones):
    digest = "0123456789abcdef" * 2
    table = pd.DataFrame({"n": [1.0, 2.0, 3.0]}, index=zones.index)
    assert digest in page(zone_map(table, zones.assign(name_zh=digest), "n"))


@pytest.mark.parametrize(
    ("label", "shown"),
    [
        ("人口", "人口（万人）"),
        ("人口（人）", "人口（万人）"),
        ("人口（万人）", "人口（万人）"),
        ("人口(人)", "人口（万人）"),
        ("整治（已验收）", "整治（已验收）（万人）"),
    ],
)
def test_a_legend_names_its_unit_once(zones, label, shown):
    table = pd.DataFrame({"n": [12_000.0, 50_000.0, 90_000.0]}, index=zones.index)
    (legend,) = parts(zone_map(table, zones, "n", label=label, unit="persons"), Legend)
    assert legend.title == shown


@given(st.text(max_size=20), st.sampled_from(["万平方米", "km", "%", "人"]))
def test_naming_the_unit_again_changes_nothing(label, unit):
    once = with_unit(label, unit, "zh")
    assert with_unit(once, unit, "zh") == once


def test_streets_are_named_by_what_they_have_else_by_their_code(zones):
    streets = zones.rename(columns={"name_zh": "name"}).drop(columns="name_en")
    streets["name"] = ["甲街道", None, " "]
    table = pd.DataFrame({"n": [1.0, 2.0, 3.0]}, index=zones.index)
    for lang in ("zh", "en"):
        drawn = zone_map(table, streets, "n", lang=lang)
        layer = next(zone for zone in parts(drawn, Zones) if zone.filled)
        assert [zone["name"] for zone in layer.zones] == ["甲街道", "320506", "320581"]


def test_marks_wider_than_the_ground_they_cover_wait_to_be_switched_on(zones, manholes):
    def facilities(radius_m: float):
        drawn = coverage_map(manholes, zones, radius_m=radius_m, layer="manholes")
        return [c for c in drawn._children.values() if hasattr(c, "classes") and c.show]

    assert len(facilities(100)) == 1
    assert len(facilities(2000)) == 2
    assert any(isinstance(layer, Overlay) for layer in facilities(100))
