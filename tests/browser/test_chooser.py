"""What a reader chooses on a map of figures: figure, level, date, another date; and its table."""

from __future__ import annotations

import pandas as pd
import pytest

from geo_citymgmt.maps import city_map, progress_map

from .conftest import DAYS
from .test_interaction import fills
from .test_maps import place
from .waiting import until

pytestmark = pytest.mark.browser


@pytest.fixture
def chosen(trial_city, series):
    """Two figures by district and by street, on three dates; streets have one of them."""
    trial_city.zones_by_level = {"district": trial_city.zones}
    streets = trial_city.zones.rename(index=lambda code: f"{code}001")
    streets = streets.assign(
        name_zh=["一街道", "二街道", "三镇"], name_en=["First", "Second", "Third"]
    )
    trial_city.zones_at = lambda level: {"street": streets}[level]
    rows = series[series["row_kind"].eq("zone") & series["indicator"].eq("parcels")]
    rows = rows.assign(level="street", zone_code=rows["zone_code"] + "001")
    table = pd.concat([series, rows], ignore_index=True)
    return trial_city, table


def draw(chosen, lang="zh", **options):
    city, table = chosen
    levels = ["district", "street"]
    return progress_map(city, series=table, level=levels, lang=lang, **options)


def choose(page, name: str, value: str) -> None:
    page.select_option(f".gcm-choose-{name} select", value)


def column(page, n: int) -> list[str]:
    return page.eval_on_selector_all(
        f".gcm-zones tbody tr > :nth-child({n})", "all => all.map(one => one.innerText.trim())"
    )


def middle(page, n: int) -> tuple[float, float]:
    """Where the middle of a zone is on the screen."""
    return page.evaluate(
        """n => { const map = gcm.maps[0], layer = map._gcm.chooser._layer;
        const box = map.getContainer().getBoundingClientRect();
        const at = map.latLngToContainerPoint(layer._paths[n].getBounds().getCenter());
        return [at.x + box.left, at.y + box.top]; }""",
        n,
    )


@pytest.mark.parametrize(("lang", "parcels"), [("zh", "宗数"), ("en", "Parcels")])
def test_another_figure_changes_map_legend_title_and_table(show, chosen, lang, parcels):
    opened = show(draw(chosen, lang))
    page = opened.page
    before = fills(opened)
    choose(page, "figure", "1")
    assert page.inner_text(".gcm-subject") == parcels
    assert parcels in page.inner_text(".gcm-legend h2")
    assert parcels in page.inner_text(".gcm-zones strong")
    assert fills(opened) != before
    assert column(page, 2) == ["7.0", "6.0", "5.0"]
    assert parcels in page.inner_text("[aria-live=polite]")
    opened.check()


def test_another_level_changes_the_zones_and_what_can_be_coloured(show, chosen):
    opened = show(draw(chosen))
    page = opened.page
    choose(page, "figure", "1")
    choose(page, "level", "1")
    assert "三镇" in page.inner_text(".leaflet-gcm-labels-pane")
    assert column(page, 1) == ["三镇", "二街道", "一街道"]
    opened.click(*place(chosen[0].zones, "320505"))
    assert "一街道" in page.inner_text(".leaflet-popup")
    assert "5" in page.inner_text(".leaflet-popup")
    # The panel knows districts: choosing one there brings them back.
    page.click(".gcm-panel-button button")
    page.select_option(".gcm-panel select", "320505")
    assert page.input_value(".gcm-choose-level select") == "0"
    assert "甲区" in page.inner_text(".leaflet-gcm-labels-pane")
    opened.check()


def test_a_figure_that_streets_have_not_says_so(show, chosen):
    opened = show(draw(chosen))
    choose(opened.page, "level", "1")
    assert "无数据" in opened.page.inner_text("[aria-live=polite]")
    assert set(fills(opened)) >= {"url(#gcm-hatch)"}
    opened.check()


def test_the_legend_of_a_map_without_data_says_that_alone(show, trial_city, series):
    nothing = series[series["indicator"].eq("parcels")].assign(value=None, status="not_available")
    opened = show(progress_map(trial_city, series=nothing, indicator="parcels", lang="zh"))
    legend = opened.page.inner_text(".gcm-legend")
    assert "颜色越深" not in legend and "分级" not in legend
    assert "无数据" in legend and "全市 数据不足" in legend
    opened.check()


def test_on_a_small_screen_what_the_title_says_is_not_said_twice(show, chosen):
    page = show(draw(chosen), width=390, height=800).page
    title = page.inner_text(".gcm-subject")
    assert title not in page.inner_text(".gcm-chooser summary")
    # A date does not part at the end of a line.
    assert "2022-06-30" in page.inner_text(".gcm-chooser summary").replace("\u2060", "")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_two_dates_show_their_difference_and_both_numbers(show, chosen, lang):
    opened = show(draw(chosen, lang))
    page = opened.page
    choose(page, "figure", "1")
    choose(page, "against", "1")
    assert column(page, 2) == ["3.5", "3.0", "2.5"]
    then, now = column(page, 2), column(page, 3)
    changes = [cell.split("\n")[0] for cell in column(page, 4)]
    for a, b, change in zip(then, now, changes, strict=True):
        assert float(change) == pytest.approx(float(b) - float(a))
        assert change.startswith("+")
    few = "基数小" if lang == "zh" else "few"
    assert all(few in cell for cell in column(page, 4))
    page.locator(".gcm-zones p").wait_for()
    x, y = middle(page, 0)
    page.mouse.move(x, y)
    page.wait_for_selector(".gcm-tip")
    told = page.inner_text(".gcm-tip")
    assert "→" in told
    assert few in told
    assert DAYS[1] in page.inner_text(".gcm-legend h2").replace("\u2060", "")
    assert DAYS[1] in page.inner_text("h1").replace("\u2060", "")
    # The city's own number stands in the legend on both dates.
    note = page.inner_text(".gcm-legend section p").replace("\u2060", "").split("\n")
    assert [line.split()[0] for line in note if line.startswith("2022")] == [DAYS[1], DAYS[2]]
    numbers = [line.split()[-1].rstrip("个") for line in note if line.startswith("2022")]
    assert numbers == ["9", "18"]
    opened.check()


def test_a_fall_has_the_other_colour_and_no_change_neither(show, chosen):
    city, table = chosen
    late = table["as_of"].eq(DAYS[2]) & table["indicator"].eq("parcels")
    table.loc[late & table["zone_code"].eq("320505"), "value"] = 1.0
    early = table["as_of"].eq(DAYS[1]) & table["indicator"].eq("parcels")
    table.loc[(late | early) & table["zone_code"].eq("320506"), "value"] = 4.0
    opened = show(draw((city, table)))
    page = opened.page
    choose(page, "figure", "1")
    choose(page, "against", "1")
    told = page.evaluate("gcm.maps[0]._gcm.chooser._rows.map(row => [row.change, row.color])")
    changes = page.evaluate("gcm.maps[0]._gcm.chooser._changeColors()")
    assert told[0][0].startswith("−")
    assert told[0][1] in changes["fewer"]
    assert told[1] == ["0", page.evaluate("gcm.maps[0]._gcm.chooser._config.unchanged")]
    assert told[2][1] in changes["more"]
    labels = page.locator(".gcm-legend .gcm-key-label").all_inner_texts()
    assert any(label.startswith("增") for label in labels)
    assert any(label.startswith("减") for label in labels)
    assert "不变" in labels
    opened.check()


@pytest.mark.parametrize(
    ("lang", "short", "long"),
    [
        ("zh", "净数", "扣除反弹后的净数"),
        ("en", "net", "net of what was taken back (relapsed by rebuilding)"),
    ],
)
def test_a_flow_below_zero_says_so_in_table_tip_and_card(show, chosen, lang, short, long):
    city, table = chosen
    table = table.assign(indicator="illegal_demolished_area", layer="illegal_construction")
    table = table.loc[table["target"].notna()].assign(value=table["value"] * -1)
    opened = show(progress_map(city, series=table, column="value", panel=False, lang=lang))
    page = opened.page
    cells = [text for text in column(page, 2) if text != "–"]
    assert [cell.startswith("-") and cell.endswith(short) for cell in cells] == [True, True]
    assert page.text_content(".gcm-zones-notes").endswith(long)
    page.mouse.move(*middle(page, 0))
    page.wait_for_selector(".gcm-tip")
    assert page.inner_text(".gcm-tip").endswith("\n" + long)
    # A chosen date has rows of its own.
    page.focus(".gcm-slider input")
    page.keyboard.press("Home")
    page.mouse.click(*middle(page, 0))
    page.wait_for_selector(".gcm-card")
    assert long in page.inner_text(".gcm-card")
    opened.check()


@pytest.mark.parametrize(("lang", "asked", "kind"), [("zh", "二街", "街道"), ("en", "sec", "")])
def test_a_search_finds_a_street_though_districts_are_shown(show, chosen, lang, asked, kind):
    opened = show(draw(chosen, lang))
    page = opened.page
    before = page.evaluate("gcm.maps[0].getZoom()")
    page.fill(".gcm-search input", asked)
    page.wait_for_selector(".gcm-search li[role=option]")
    found = page.inner_text(".gcm-search li")
    assert found.startswith({"zh": "二街道", "en": "Second"}[lang])
    page.keyboard.press("Enter")
    until(page, f"gcm.maps[0].getZoom() > {before}")
    assert page.input_value(".gcm-choose-level select") == "1"
    assert page.inner_text(".gcm-card h2") == {"zh": "二街道", "en": "Second"}[lang]
    opened.check()


def test_the_table_sorts_by_any_head_and_says_so(show, chosen):
    opened = show(draw(chosen))
    page = opened.page
    # The furthest behind first; who has no number is last whichever way.
    assert column(page, 1) == ["甲区", "乙区", "昆山市"]
    heads = page.locator(".gcm-zones thead button")
    for n in range(heads.count()):
        ways = []
        for _ in range(2):
            heads.nth(n).click()
            ways.append(page.get_attribute(f".gcm-zones thead th:nth-child({n + 1})", "aria-sort"))
            if n:
                assert column(page, 1)[-1] == "昆山市"
        assert sorted(ways) == ["ascending", "descending"]
    assert page.locator(".gcm-zones th[aria-sort=none]").count() == heads.count() - 1
    page.focus(".gcm-zones thead th:nth-child(2) button")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.dataset.key") == "value"
    opened.check()


def test_a_row_lights_its_zone_and_a_zone_its_row(show, chosen):
    opened = show(draw(chosen))
    page = opened.page
    lit = "gcm.maps[0]._gcm.chooser._layer._lit"
    page.hover(".gcm-zones tbody tr:nth-child(2) td")
    assert page.evaluate(lit) == 1
    page.focus(".gcm-zones tbody tr:nth-child(1) button")
    assert page.evaluate(lit) == 0
    assert page.locator(".gcm-zones tr.gcm-lit").inner_text().startswith("甲区")
    x, y = middle(page, 2)
    page.mouse.move(x, y)
    until(page, f"{lit} === 2")
    assert page.locator(".gcm-zones tr.gcm-lit").inner_text().startswith("昆山市")
    opened.check()


def test_the_date_changes_the_table_and_the_colours_are_those_of_the_numbers(show, chosen):
    opened = show(draw(chosen))
    page = opened.page
    choose(page, "figure", "1")
    page.focus(".gcm-slider input")
    seen: dict[str, set[str]] = {}
    for key in ("Home", "ArrowRight", "End"):
        page.keyboard.press(key)
        for text, color in page.evaluate(
            "gcm.maps[0]._gcm.chooser._rows.map(row => [row.shown, row.color])"
        ):
            seen.setdefault(text, set()).add(color)
    assert all(len(colors) == 1 for colors in seen.values())
    assert len(seen) > 4
    opened.check()


@pytest.mark.parametrize("width", [320, 390, 768])
def test_on_a_small_screen_the_table_is_a_panel_of_its_own(show, chosen, width):
    opened = show(draw(chosen), width=width, height=800)
    page = opened.page
    assert page.locator(".gcm-zones").is_hidden()
    page.click(".gcm-panel-button button")
    page.evaluate("gcm.maps[0]._gcm.chooser._button.click()")
    page.locator(".gcm-zones").wait_for()
    assert page.locator(".gcm-panel").is_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator(".folium-map").bounding_box()["height"] > 150
    if width < 640:
        page.evaluate("document.querySelector('.gcm-legend').open = true")
        page.wait_for_selector(".gcm-zones", state="hidden")
        page.evaluate("gcm.maps[0]._gcm.chooser._button.click()")
        assert page.get_attribute(".gcm-legend", "open") is None
        page.click(".gcm-chooser summary")
        page.wait_for_selector(".gcm-zones", state="hidden")
    for selector in (".gcm-chooser select", ".gcm-slider button", ".gcm-slider input"):
        for box in page.eval_on_selector_all(
            selector, "all => all.map(one => one.getBoundingClientRect().height)"
        ):
            assert box >= 44
    opened.check()


def test_the_map_of_the_city_has_them_all_beside_its_layers(show, chosen):
    city, table = chosen
    opened = show(city_map(city, series=table, level=["district", "street"]))
    page = opened.page
    choose(page, "figure", "1")
    assert page.inner_text("h1") == "试点市 · 城市管理设施与治理一张图"
    assert "宗数" in page.inner_text(".gcm-legend h2")
    assert "分区指标" in page.inner_text(".leaflet-control-layers-list")
    opened.check()
