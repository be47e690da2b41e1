"""The bulletin: figures that agree with the report's, ranks within groups, the same bytes."""

from __future__ import annotations

import builtins
import hashlib
import re
import zipfile

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import geo_citymgmt as gcm
from geo_citymgmt.fonts import cjk_font_path
from geo_citymgmt.report import summary
from geo_citymgmt.report._release import without_records
from geo_citymgmt.report.bulletin import _pdf, bulletin, bulletin_settings, write_bulletin
from geo_citymgmt.report.bulletin._model import (
    Heading,
    Paragraph,
    Table,
    broken,
    column_widths,
    least_width,
)
from geo_citymgmt.report.bulletin._tables import ranks

# In one process with what else is told of the summary of the sample.
pytestmark = pytest.mark.xdist_group("report")
docx = pytest.importorskip("docx")
pytest.importorskip("reportlab")


@pytest.fixture(scope="module")
def made(told):
    return bulletin(told, stamp="内部资料")


@pytest.fixture(scope="module")
def english(summary_of):
    return bulletin(summary_of("2022-06-30", "en"))


def number(text: str) -> float:
    return 0.0 if text == "—" else float(text.replace(",", "").rstrip("%"))


def test_the_totals_are_those_of_the_published_half_year(made):
    # 苏城发〔2022〕74号: 350.3 万平方米, 1,180 manholes, 6,310 and 4,490 spaces, 5,000 bays.
    totals = [table.rows[-1] for table in made.tables[:3]]
    assert totals[0][4] == "350.30"
    assert totals[1][4] == "1,180"
    assert totals[2][3:5] == ("6,310", "4,490")
    text = {p.lead: p.text for p in reversed(made.parts) if isinstance(p, Paragraph)}
    assert "已投入运营管廊37.8公里、在建管廊24.5公里" in text["综合管廊"]
    year = text["公共自行车与共享单车"].partition("本年累计")[2]
    assert "新增共享单车停放点位5,000个" in year and "更新投放公共自行车6,000辆" in year


def test_rows_add_up_to_their_sums(made):
    assert any(table.strong for table in made.tables)
    # Scores of an assessment are no parts of a sum.
    for table in (table for table in made.tables if table.strong):
        flows = [
            c
            for c, column in enumerate(table.columns)
            if column.number and "目标" not in column.group
        ]
        plain = [row for r, row in enumerate(table.rows) if r not in table.strong]
        for c in flows:
            total, decimals = number(table.rows[-1][c]), len(table.rows[-1][c].partition(".")[2])
            rounded = bool(decimals) or bool(table.note)
            off = 0.5 * 10.0**-decimals * (len(plain) + 1) * rounded
            assert sum(number(row[c]) for row in plain) == pytest.approx(total, abs=off + 1e-9)


def test_every_table_has_a_number_and_the_date_it_runs_to(made):
    for k, table in enumerate(made.tables, 1):
        assert table.title.startswith(f"表{k} ") and table.title.endswith("（截至2022年6月30日）")
        assert all("（" in c.head for c in table.columns if c.group and "目标" not in c.group)


def test_the_districts_come_before_the_streets(made):
    annex = next(k for k, p in enumerate(made.parts) if isinstance(p, Heading) and p.annex)
    streets = [t for t in made.parts[annex:] if hasattr(t, "rows")]
    assert streets == made.tables[-10:]
    assert sum(len(t.rows) - 1 for t in streets) >= 118


def finished(city, first, last="2022-06-30"):
    return int(city["illegal_construction"]["completed_date"].between(first, last).sum())


def test_the_period_before_is_told(made, city):
    lead = next(p for p in made.parts if isinstance(p, Paragraph) and p.lead == "违法建设治理")
    june, may = finished(city, "2022-06-01"), finished(city, "2022-05-01", "2022-05-31")
    assert f"治理违法建设{june}处（环比增长{june / may - 1:.1%}" in lead.text
    assert "目标（1,500万平方米）的17.4%，低于时序进度32.2个百分点" in lead.text
    table = city["illegal_construction"]
    safety = table[table["safety_related"] & table["found_date"].notna()]
    open_now = safety[safety["completed_date"].isna()]
    left = (open_now["illegal_area_m2"] - open_now["remediated_area_m2"]).sum()
    old = (safety["found_date"] < "2022-01-01") & ~(safety["completed_date"] < "2022-01-01")
    less = 1 - left / safety.loc[old, "illegal_area_m2"].sum()
    # 181 of the 273 days to the end of September have passed.
    behind = 100 * (181 / 273 - less)
    text = f"涉安违建剩余面积目标：清零，较年初减少{less:.1%}，低于时序进度{behind:.1f}个百分点"
    assert text in lead.text
    assert "尚无项目通过验收" in lead.text


def test_what_does_not_compare_is_noted(made):
    notes = [p.text for p in made.parts if isinstance(p, Paragraph)]
    assert any("治理违法建设面积与目标不可比（口径不同）" in note for note in notes)


@pytest.mark.parametrize(
    ("period", "first"), [("half", "2022-01-01"), ("year", "2022-01-01"), ("month", "2022-06-01")]
)
def test_any_period_stands_beside_the_running_total(told, city, period, first):
    table = bulletin(told, period=period).tables[0]
    assert table.rows[-1][1] == f"{finished(city, first):,}"
    assert len(table.columns) == (7 if period == "year" else 9)


def test_english_has_no_chinese_but_names(english):
    tables = [part for part in english.body if isinstance(part, Table)]
    assert len(tables) == 5
    assert not any(
        "\u4e00" <= ch <= "\u9fff" for t in tables for row in t.rows for ch in "".join(row)
    )


@given(
    st.lists(st.one_of(st.none(), st.floats(0, 2)), min_size=1, max_size=9),
    st.lists(st.sampled_from("AB"), min_size=9, max_size=9),
)
def test_ranks_stay_within_groups(values, labels):
    codes = [str(k) for k in range(len(values))]
    attained = pd.Series(values, index=codes, dtype=float)
    groups = pd.Series(labels[: len(values)], index=codes)
    made = ranks(attained, groups)
    for _, members in groups.groupby(groups):
        mine, known = made[members.index], attained[members.index].dropna()
        if len(known) < 2:
            assert mine.isna().all()
        else:
            assert mine.min() == 1 and mine.notna().sum() == len(known)
            assert known[mine.idxmin()] == pytest.approx(known.max(), abs=1e-8)


@given(st.text(alphabet="治理违，。（）、350.% abc", max_size=80), st.integers(4, 30))
def test_lines_hold_all_of_the_text_and_fit(text, width):
    lines = broken(text, width, len)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(len(line) <= width for line in lines)


def test_a_city_of_points_alone_has_a_bulletin(two_layers, tmp_path):
    city = gcm.load_city(two_layers)
    assert city.data_date is None
    with pytest.raises(gcm.CityDataError, match="needs a date"):
        bulletin(summary(city))
    made = bulletin(summary(city, "2022-06-30"))
    assert made.title and isinstance(made.parts[-1], Paragraph)


def test_an_unknown_period_is_refused(told):
    with pytest.raises(gcm.CityDataError, match="no period"):
        bulletin(told, period="week")


def test_the_document_is_laid_out_as_official_ones_are(bulletin_files):
    made = docx.Document(bulletin_files["bulletin_docx"])
    section = made.sections[0]
    sides = (section.top_margin, section.bottom_margin, section.left_margin, section.right_margin)
    assert [round(s.mm) for s in sides] == [37, 35, 28, 26]
    title = next(p for p in made.paragraphs if p.text == "苏州市城市管理工作情况通报")
    assert title.runs[0].font.size.pt == 22
    assert "方正小标宋简体" in title._p.xml
    body = next(p for p in made.paragraphs if p.text.startswith("违法建设治理。"))
    assert body.paragraph_format.line_spacing.pt == 28
    assert {run.font.size.pt for run in body.runs} == {16}
    assert "仿宋_GB2312" in body._p.xml
    with zipfile.ZipFile(bulletin_files["bulletin_docx"]) as packed:
        assert 'w:altName w:val="仿宋,FangSong' in packed.read("word/fontTable.xml").decode()


def test_the_document_holds_every_cell(bulletin_files, made):
    tables = docx.Document(bulletin_files["bulletin_docx"]).tables
    assert len(tables) == len(made.tables)
    for shown, table in zip(tables[:3], made.tables, strict=False):
        cells = [tuple(cell.text for cell in row.cells) for row in shown.rows[2:]]
        assert cells == [tuple(row) for row in table.rows]


def test_the_picture_is_as_wide_as_a_phone_shows(bulletin_files):
    from PIL import Image

    with Image.open(bulletin_files["bulletin_png"]) as image:
        assert image.width == 1080 and 4000 < image.height < 20_000
    assert bulletin_files["bulletin_png"].stat().st_size < 2_000_000


def test_the_pdf_embeds_its_font(bulletin_files):
    raw = bulletin_files["bulletin_pdf"].read_bytes()
    assert raw.startswith(b"%PDF") and b"FontFile2" in raw
    assert raw.count(b"/MediaBox") >= 8


def test_paper_is_filled_and_no_heading_parts_from_its_table(bulletin_files):
    # Fifteen tables on twelve pages: two of the districts' share one, those of the annex follow on.
    assert bulletin_files["bulletin_pdf"].read_bytes().count(b"/MediaBox") <= 12
    body = docx.Document(bulletin_files["bulletin_docx"]).element.body
    before = [child.getprevious() for child in body if child.tag.endswith("}tbl")]
    assert before
    assert all(caption.findall(".//{*}keepNext") for caption in before)


def test_the_same_report_is_the_same_bytes(told, bulletin_files, tmp_path):
    again = write_bulletin(told, tmp_path, stamp="内部资料")
    for key, path in bulletin_files.items():
        assert (
            hashlib.sha256(path.read_bytes()).digest()
            == hashlib.sha256(again[key].read_bytes()).digest()
        ), key


def test_text_that_reads_as_markup_is_shown(hostile, tmp_path):
    city = gcm.load_city(hostile)
    made = write_bulletin(summary(without_records(city), "2022-06-30"), tmp_path)
    text = "\n".join(p.text for p in docx.Document(made["bulletin_docx"]).paragraphs)
    assert "<b>市</b>${1}" in text


def test_a_missing_library_is_an_error_that_names_the_extra(told, tmp_path, monkeypatch):
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name == "docx":
            raise ImportError("no docx", name="docx")
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(gcm.CityDataError, match=r"geo_citymgmt\[bulletin\]"):
        write_bulletin(told, tmp_path)
    assert not list(tmp_path.iterdir())


@given(
    columns=st.lists(st.tuples(st.floats(0.1, 100), st.floats(0, 300)), min_size=1, max_size=12),
    width=st.floats(10, 1000),
)
def test_columns_fill_the_width_and_none_is_narrower_than_its_words_while_there_is_room(
    columns, width
):
    asked, least = zip(*columns, strict=True)
    wide = column_widths(asked, least, width)
    assert sum(wide) == pytest.approx(width)
    for each, floor in zip(wide, least, strict=True):
        assert each >= min(floor, width / len(columns)) - 1e-6
        if sum(least) <= width:
            assert each >= floor - 1e-6


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_pdf_parts_no_word_and_no_number_of_a_table(made, english, lang):
    from reportlab.pdfbase.pdfmetrics import registerFont
    from reportlab.pdfbase.ttfonts import TTFont

    registerFont(TTFont(_pdf._FACE, str(cjk_font_path())))
    for table in {"zh": made, "en": english}[lang].tables:
        size = _pdf.cell_size(table)
        assert size >= 7
        widths = _pdf._widths(table, size)
        for c, width in enumerate(widths):
            least = least_width(table.texts(c), _pdf._measure(size))
            assert least <= width - 2 * _pdf._PAD, (table.title, table.columns[c].head)


@pytest.mark.parametrize("place", [0, 1])
def test_no_two_figures_stand_under_one_heading(city, place):
    heads = [pair[place] for pair in bulletin_settings(city).table["head"].values()]
    assert len(heads) > 30 and len(heads) == len(set(heads))


def test_in_english_no_name_has_its_capital_within_a_sentence(english):
    """What stands behind a comma, a semicolon or a colon is no beginning."""
    paragraphs = [part.text for part in english.parts if isinstance(part, Paragraph)]
    text = " ".join(paragraphs)
    assert "2022-06: defective manholes found 184" in text
    cities = "Taicang|Suzhou|Kunshan|Changshu|Zhangjiagang|Wu|Gusu|Huqiu|Xiangcheng"
    proper = f"{cities}|Urban districts|County"
    hits = re.findall(rf"[;,:] (?!{proper})[A-Z][a-z]+(?: [a-z]+){{2}}", text)
    assert hits == []
