"""The picture for a chat: who ranks where, no record, no coordinate, no unapproved map."""

from __future__ import annotations

import base64
import io
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image, ImageColor, ImageDraw

import geo_citymgmt as gcm
from geo_citymgmt.report import Summary, summary
from geo_citymgmt.report import _card as cards
from geo_citymgmt.report._drawings import STATUS_COLORS
from tests.conftest import with_layers
from tests.report.conftest import without_zones


@pytest.fixture(scope="module")
def results(city) -> Summary:
    return summary(with_layers(city, "manholes", "illegal_construction"), "2022-06-30", "zh")


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every text that is drawn on a picture."""
    out: list[str] = []
    real = ImageDraw.ImageDraw.text

    def text(self, xy, text, *args, **kwargs):
        out.append(text)
        return real(self, xy, text, *args, **kwargs)

    monkeypatch.setattr(ImageDraw.ImageDraw, "text", text)
    return out


def test_a_card_ranks_districts_within_their_groups(results, written):
    picture = Image.open(io.BytesIO(cards.ranking_card(results, "illegal_demolished_area")))
    assert picture.width == 1080 and picture.height < 2000
    rows = results.table[results.table["indicator"].eq("illegal_demolished_area")]
    rows = rows[rows["row_kind"].eq("zone") & rows["level"].eq("district")]
    share = rows.set_index("zone_code")["attainment"]
    names = results.zone_names
    urban = [code for code in share.index if code[4] in "0" or code == "320571"]
    for members in (urban, [code for code in share.index if code not in urban]):
        # All have the same pace, so that the distance to it ranks as attainment does.
        order = share[members].sort_values(ascending=False).index
        drawn = [text for text in written if text in set(names[members])]
        assert drawn == [names[code] for code in order]
    assert "内部资料" in written[0] and "市区" in written and "县级市" in written


def test_a_card_has_no_record_and_no_place(results, written):
    for figure in cards.figures_to_rank(results):
        cards.ranking_card(results, figure)
    said = "\n".join(written)
    for key in ("manholes", "illegal_construction"):
        spec, data = results.city.specs[key], results.city[key]
        assert not any(str(each) in said for each in data[spec.id_field])
    assert "审图号" not in said


def test_a_map_is_on_it_only_where_its_outlines_may_be_published(results, written):
    figure = "illegal_demolished_area"
    plain = Image.open(io.BytesIO(cards.ranking_card(results, figure)))
    settings = results.city.settings
    said = replace(settings, table={**settings.table, "map_approval": "苏S（2024）1号"})
    approved = replace(results, city=replace(results.city, settings=said))
    mapped = Image.open(io.BytesIO(cards.ranking_card(approved, figure)))
    assert mapped.height > plain.height + 600
    assert "审图号：苏S（2024）1号" in written


def test_the_report_has_a_card_a_figure_and_none_where_nobody_ranks(
    sample_report, results, tmp_path
):
    report = sample_report("zh")
    made = {path.stem: path for path in (report / "ranking").iterdir()}
    layers = {name: results.city.figures.figures[name].layer for name in made}
    ranked = {name for name in made if layers[name] in results.city}
    assert ranked == set(cards.figures_to_rank(results)) and "manhole_remediated" in made
    # The first is in the page, to be saved from there.
    page = (report / "index.html").read_text(encoding="utf-8")
    packed = [base64.b64encode(path.read_bytes()).decode("ascii") for path in made.values()]
    link = 'href="data:image/png;base64,{}" download="排名.png"'
    assert [link.format(one) in page for one in packed].count(True) == 1
    few = without_zones(with_layers(results.city, "manholes"))
    whole = gcm.write_report(few, tmp_path / "whole", as_of="2022-06-30")
    assert "ranking" not in whole and not Path(tmp_path / "whole" / "ranking").exists()


def test_what_is_drawn_flat_on_a_card_has_its_own_colour(results):
    picture = Image.open(io.BytesIO(cards.ranking_card(results, "illegal_demolished_area")))
    colors = {color: n for n, color in picture.convert("RGB").getcolors(256)}
    assert max(colors, key=colors.get) == (255, 255, 255)
    drawn = results.standings.set_index("indicator").loc["illegal_demolished_area", "status"]
    assert {ImageColor.getrgb(STATUS_COLORS[status]) for status in drawn} <= set(colors)
