"""A figure is written in one way: the same number and the same unit wherever it stands."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

import geo_citymgmt as gcm
from geo_citymgmt._languages import shared_terms
from geo_citymgmt._numbers import figure_scales, format_value, scale_for, unit_label
from geo_citymgmt.facts import CityFacts
from geo_citymgmt.findings import SEVERITIES
from geo_citymgmt.maps._labels import term_lines
from geo_citymgmt.report._page import campaign_views
from geo_citymgmt.report._summary import Summary, missing_figures
from geo_citymgmt.report._words import Words
from geo_citymgmt.report.bulletin import bulletin
from geo_citymgmt.report.bulletin._content import bulletin_settings
from tests.conftest import with_layers

pytestmark = pytest.mark.xdist_group("report")

DAY = "2022-06-30"
#: How many of a unit's own are one of what is written.
SIZES = {"万": 1e4, "亿": 1e8, "million ": 1e6, "%": 0.01}
#: (figure, place) -> the number with its unit as it is read.
Told = dict[tuple[str, str], str]


def joined(number: str, unit: str) -> str:
    """A number and its unit as one text: without the zeros that line a column up, and the gap."""
    if "." in number and unit != "%":
        number = number.rstrip("0").rstrip(".")
    return f"{number}{unit}".replace("\xa0", "").replace(" ", "")


def number_of(text: str) -> tuple[float, float]:
    """The number that a text tells, and half of its last digit, in the unit of the definitions."""
    digits = re.match(r"-?[\d,]+(\.\d+)?", text)
    assert digits, text
    rest = text[digits.end() :]
    size = next((of for sign, of in SIZES.items() if rest.startswith(sign.strip())), 1.0)
    decimals = len(digits[1]) - 1 if digits[1] else 0
    return float(digits[0].replace(",", "")) * size, 0.5 * 10.0**-decimals * size


def cards_told(page: str, whole: str) -> Iterator[tuple[tuple[str, str], str]]:
    """The figures of the whole city at the head of the page."""
    shown = r'<(?:h4|dt)>([^<]*)</(?:h4|dt)>(?:(?!<h4>|<dt>).)*?<span class="number">([^<]*)</span>'
    for name, number, unit in re.findall(
        shown + r'(?:\s*<span class="unit">([^<]*)</span>)?', page, flags=re.S
    ):
        yield (name, whole), joined(number, unit)


def boards_told(page: str) -> Iterator[tuple[tuple[str, str], str]]:
    """The tables of the districts on the page."""
    board = page[page.index('<section id="scoreboard">') :]
    for table in re.findall(r"<table.*?</table>", board[: board.index("</section>")], flags=re.S):
        heads = re.findall(r'<th scope="col">([^<]*)(?:<small>([^<]*)</small>)?</th>', table)[1:]
        for place, cells in re.findall(r'<th scope="row">([^<]*)</th>(.*?)</tr>', table, re.S):
            values = re.findall(r'<span class="cell-value">([^<]*)</span>', cells)
            for (name, unit), value in zip(heads, values, strict=True):
                if value:
                    yield (name, place), joined(value, unit)


def map_told(page: str, day: str, whole: str) -> Iterator[tuple[tuple[str, str], str]]:
    """The panel beside the map."""
    start = page.index("{", page.rindex("gcm.panel("))
    panel, _ = json.JSONDecoder().raw_decode(page[start:])
    at, texts = panel["dates"].index(day), panel["texts"]
    places = {p["code"]: p["name"] if p["code"] else whole for p in panel["places"]}
    for figure in panel["figures"]:
        for code, cells in figure["cells"].items():
            if cells[at]["n"] is not None:
                text = texts[cells[at]["v"]].replace("\xa0", "").replace(" ", "")
                yield (figure["name"], places[code]), text


def bulletin_told(told: Summary, words: Words) -> Iterator[tuple[tuple[str, str], str]]:
    """The tables of the bulletin: what is cumulative, and what there is on the day."""
    say = Words(words.lang, bulletin_settings(told.city).table, unit=told.city.unit)
    named = {}
    for row in told.headline.itertuples():
        name = words.of(row.name_zh, row.name_en)
        short = say.name("head", row.Index)
        named[name if short == row.Index else short] = name
    for table in bulletin(told).tables:
        if table.columns[0].head == say("street"):
            continue
        for k, column in enumerate(table.columns):
            head, *unit = column.head.split("\n")
            if head not in named or column.group not in (say("cumulative"), say("standing")):
                continue
            for row in table.rows:
                if row[k] not in ("—", "0.0%"):
                    unit_text = unit[0].strip("（）()") if unit else ""
                    place = words("total") if row[0] == say("total") else row[0]
                    yield (named[head], place), joined(row[k].rstrip("%"), unit_text)


def rows_of(path: Path, title: str) -> list[tuple]:
    """Heading and rows of a sheet, below its title."""
    with closing(openpyxl.load_workbook(path, read_only=True)) as book:
        return list(book[title].iter_rows(min_row=3, values_only=True))


def exact(path: Path, words: Words) -> dict[tuple[str, str], float]:
    """The numbers of the workbook by figure and place."""
    heads, *rows = rows_of(path, words("sheet_districts"))
    return {
        (row[0], head): float(value)
        for row in rows
        for head, value in zip(heads[2:], row[2:], strict=True)
        if value is not None
    }


def shown_as(path: Path, words: Words) -> Iterator[tuple[tuple[str, str], str]]:
    """The texts of the workbook's overview."""
    heads, *rows = rows_of(path, words("sheet_overview"))
    name, text = heads.index(words("indicator")), heads.index(words("shown_as"))
    for row in rows:
        if row[text]:
            yield (row[name], words("total")), row[text].replace(" ", "")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_page_map_workbook_and_bulletin_tell_each_figure_of_each_district_alike(
    sample_report, summary_of, lang
):
    folder, told = sample_report(lang), summary_of(DAY, lang)
    words, whole = told.words, told.words("total")
    page = html.unescape((folder / "index.html").read_text(encoding="utf-8"))
    drawn = (folder / "map.html").read_text(encoding="utf-8")
    numbers = exact(folder / "tables.xlsx", words)
    places: dict[str, Told] = {
        "cards": dict(cards_told(page, whole)),
        "boards": dict(boards_told(page)),
        "map": dict(map_told(drawn, DAY, whole)),
        "workbook": dict(shown_as(folder / "tables.xlsx", words)),
        "bulletin": dict(bulletin_told(told, words)),
    }
    # Eleven districts and the city: 12 figures on the panel, some 50 on the page, 16 in a bulletin.
    sizes = {where: len(of) for where, of in places.items()}
    assert sizes["cards"] > 50, sizes
    assert sizes["workbook"] > 50, sizes
    assert sizes["boards"] > 400, sizes
    assert sizes["map"] > 120, sizes
    assert sizes["bulletin"] > 150, sizes
    texts = {key: {where: of[key] for where, of in places.items() if key in of} for key in numbers}
    assert {key: said for key, said in texts.items() if len(set(said.values())) > 1} == {}
    for key, said in texts.items():
        for where, text in said.items():
            value, half = number_of(text)
            assert abs(value - numbers[key]) <= half * (1 + 1e-6), (where, key, text, numbers[key])


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_why_a_figure_is_missing_is_not_what_is_noted_of_its_target(city, lang):
    name, layer = "manhole_anti_fall_share", city.layers["manholes"]
    bare = replace(layer, data=layer.data.head(50).drop(columns="anti_fall"))
    void = {"indicator": name, "zone_code": city.code, "target": float("nan"), "deadline": pd.NaT}
    targets = pd.DataFrame([void | {"unit": "ratio", "note": ""}])
    some = replace(with_layers(city, "manholes"), layers={"manholes": bare}, targets=targets)
    facts, day, words = CityFacts(some), pd.Timestamp(DAY), Words(lang)
    table = gcm.progress(facts, as_of=day, indicators=name)
    told = Summary(facts, some, day, words, table, table.iloc[:0])
    (reason, names), note = missing_figures(told)[-1], table.iloc[-1]
    assert names == [words.of(note["name_zh"], note["name_en"])]
    assert reason == words.of("缺少字段：防坠落装置", "needs the field Anti-fall device")
    # Of its target something is said last, all the same.
    assert note["note_zh"].endswith("目标表中该分区的目标不能采用，原因见问题清单")


def test_a_rate_has_its_unit_in_the_language_of_the_map():
    row = pd.Series(
        {"indicator": "tunnel_risk_items_per_km", "unit": "count/km", "level": "city",
         "value": 1.11, "target": float("nan"), "attainment": float("nan"), "status": "no_target",
         "expected": float("nan"), "comparability": "comparable"}
    )  # fmt: skip
    table = row.to_frame().T
    for lang, shown in (("zh", "1.11条/公里"), ("en", "1.11\xa0per\xa0km")):
        scale = figure_scales(table, lang)["tunnel_risk_items_per_km"]
        assert term_lines(row, scale)[0][1] == shown


def test_fifteen_thousand_is_one_text_wherever_it_stands():
    table = pd.DataFrame(
        {"indicator": "parking_public_spaces_added", "unit": "count", "level": "city",
         "value": [6_310.0], "target": [15_000.0]}
    )  # fmt: skip
    scale = figure_scales(table, "zh")["parking_public_spaces_added"]
    assert (scale.amount(15_000), scale.amount(6_310)) == ("15,000个", "6,310个")
    assert format_value(15_000, "count", "zh", "个") == "15,000个"
    assert (scale.text(15_000), scale.exact(15_000)) == ("15,000", "")


@pytest.mark.parametrize(("lang", "unit"), [("zh", "万平方米"), ("en", "million m²")])
def test_the_areas_of_a_campaign_are_in_the_unit_of_its_figures(summary_of, lang, unit):
    told = summary_of(DAY, lang)
    view = campaign_views(told)[0]
    area = view["flows"][0]
    assert f"{unit}）" in area["title"] or f"({unit})" in area["title"]
    assert view["clearing"]["charts"][0]["unit"] == unit
    assert any(unit in head for head in view["clearing"]["table"]["heads"])
    assert all(unit in row["cells"][-1] for row in view["ages"]["rows"])
    said = str(view) + str(told.words.names("method_notes"))
    assert "thousand" not in said
    assert told.scales["illegal_open_area"].unit == unit


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("unit", ["公顷", "万元", "工日", "t CO₂"])
def test_a_unit_that_an_office_gives_is_shown_as_given(unit, lang):
    assert unit_label(unit, lang) == unit
    # It may be a larger unit already: 12,000 万元 are not 1.2 万万元.
    gap = "" if lang == "zh" else " "
    assert format_value(12_000, unit, lang) == f"12,000{gap}{unit}"


def test_what_is_there_is_not_written_as_nothing():
    scale = scale_for([15_000_000.0, 40.0], "m2", "zh")
    assert (scale.amount(40.0), scale.text(40.0), scale.amount(0.0)) == (
        "0.004万平方米", "0.004", "0万平方米",
    )  # fmt: skip
    assert scale.exact(40.0) == "40 平方米"


def test_the_terms_of_the_report_are_those_of_every_other_place():
    for lang in ("zh", "en"):
        words = Words(lang)
        for kind in ("status", "severity", "group", "basis"):
            names = {code: text.of(lang) for code, text in shared_terms()[kind].items()}
            assert words.names(kind) == names
    assert list(shared_terms()["severity"]) == list(SEVERITIES)
