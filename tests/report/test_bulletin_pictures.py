"""The bulletin's chart, its map where one may be shown, and what it says comes next."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import replace

import pytest
from PIL import Image

import geo_citymgmt as gcm
from geo_citymgmt.figures._tables import monthly_need
from geo_citymgmt.report.bulletin import bulletin
from geo_citymgmt.report.bulletin._model import Heading, Paragraph, Picture
from tests.report.conftest import without_zones

# In one process with what else is told of the summary of the sample.
pytestmark = pytest.mark.xdist_group("report")
pytest.importorskip("docx")
pytest.importorskip("reportlab")


def pictures(results) -> list[Picture]:
    return [part for part in bulletin(results).parts if isinstance(part, Picture)]


def approved(results, number: str):
    settings = results.city.settings
    said = replace(settings, table={**settings.table, "map_approval": number})
    return replace(results, city=replace(results.city, settings=said))


@pytest.fixture(scope="module")
def made(told):
    return bulletin(told)


def test_an_internal_bulletin_has_a_chart_and_a_map(made):
    chart, drawn = (part for part in made.parts if isinstance(part, Picture))
    assert chart.title == "图1　主要任务完成率与时序进度（截至2022年6月30日）"
    assert drawn.title.startswith("图2　各板块")
    for picture in (chart, drawn):
        image = Image.open(io.BytesIO(picture.png))
        assert image.size == (picture.width, picture.height)
        # Something is drawn on it: not all of it is of one colour.
        assert len(image.convert("RGB").getcolors(10_000)) > 5


def test_a_public_one_has_a_map_only_with_the_number_of_its_approval(told):
    public = replace(told, release="public")
    assert [p.title[:2] for p in pictures(public)] == ["图1"]
    numbered = pictures(approved(public, "苏S（2024）1号"))
    assert len(numbered) == 2 and "审图号：苏S（2024）1号" in numbered[1].title


def test_the_next_steps_are_those_the_figures_ask_for(made, told):
    heading = next(k for k, p in enumerate(made.parts)
                   if isinstance(p, Heading) and p.text.endswith("下一步工作"))  # fmt: skip
    steps = []
    for part in made.parts[heading + 1 :]:
        if isinstance(part, Heading):
            break
        steps.append(part)
    assert [p.lead for p in steps] == ["对标时序进度", "压降超期案件", "督促落后板块"]
    months = gcm.period_table(told.facts, as_of="2022-06-30", periods="month",
                              indicators="illegal_safety_remaining_area", level="city")  # fmt: skip
    need = monthly_need(told.outlook, months, told.figures).loc["illegal_safety_remaining_area"]
    scale = told.scales["illegal_safety_remaining_area"]
    needed, brought = scale.amount(need["needed"]), scale.amount(need["brought"])
    assert f"涉安违建剩余面积9月底前须月均减少{needed}" in steps[0].text
    assert f"为6月（{brought}）的{need['needed'] / need['brought']:.1f}倍" in steps[0].text
    # Who is last and behind: of 拆除违法建设面积 each group's lowest.
    rows = told.table[told.table["indicator"].eq("illegal_demolished_area")]
    rows = rows[rows["row_kind"].eq("zone") & rows["level"].eq("district")]
    share = rows.set_index("zone_code")["attainment"]
    county = [code for code in share.index if code.startswith("32058")]
    lowest = [share.drop(county).idxmin(), share[county].idxmin()]
    assert f"违法建设治理：{'、'.join(told.zone_names[c] for c in lowest)}" in steps[2].text


def test_where_nothing_is_due_there_is_no_picture_and_no_next_step(told):
    nothing = told.table.assign(target=float("nan"), attainment=float("nan"), expected=float("nan"),
                                status="no_target")  # fmt: skip
    bare = replace(told, table=nothing, courses=told.series.iloc[:0],
                   outlook=told.outlook.iloc[:0])  # fmt: skip
    assert pictures(bare) == []
    said = [p.lead for p in bulletin(bare).parts if isinstance(p, Paragraph)]
    assert "对标时序进度" not in said and "督促落后板块" not in said


def test_a_city_without_districts_has_a_chart_alone(told):
    whole = replace(told, city=without_zones(told.city),
                    table=told.table[told.table["level"].eq("city")])  # fmt: skip
    from geo_citymgmt.report.bulletin._pictures import figure_to_map

    assert figure_to_map(whole) is None


def test_document_page_and_picture_hold_them(made, tmp_path):
    from geo_citymgmt.report.bulletin._pdf import write_pdf
    from geo_citymgmt.report.bulletin._pictures import write_png
    from geo_citymgmt.report.bulletin._word import write_docx

    # Both stand before the annex, whose tables are written by other tests.
    made = replace(made, parts=made.body)
    write_docx(made, tmp_path / "b.docx")
    with zipfile.ZipFile(tmp_path / "b.docx") as archive:
        assert sum(name.startswith("word/media/") for name in archive.namelist()) == 2
        body = archive.read("word/document.xml").decode()
    # Who does not see a picture is told what it shows.
    assert re.findall('descr="([^"]+)"', body) == [
        p.title for p in made.parts if isinstance(p, Picture)
    ]
    write_pdf(made, tmp_path / "b.pdf")
    pdfium = pytest.importorskip("pypdfium2")
    kinds = [item.type for page in pdfium.PdfDocument(tmp_path / "b.pdf")
             for item in page.get_objects()]  # fmt: skip
    assert kinds.count(3) == 2
    # All of its texts are drawn by another test, which takes seconds.
    first = next(p for p in made.parts if isinstance(p, Paragraph))
    pictured = [p for p in made.parts if isinstance(p, Picture)]
    write_png(replace(made, parts=[first, *pictured]), tmp_path / "b.png")
    write_png(replace(made, parts=[first]), tmp_path / "plain.png")
    heights = []
    for name in ("b.png", "plain.png"):
        with Image.open(tmp_path / name) as image:
            heights.append(image.height)
    assert heights[0] > heights[1] + 800
