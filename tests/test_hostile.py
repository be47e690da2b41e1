"""Hostile texts in files of a report and a workbook; one escaping module; nothing personal."""

from __future__ import annotations

import ast
import html
import re
import zipfile
from pathlib import Path

import docx
import openpyxl
import pandas as pd
import pytest

import geo_citymgmt as gcm
from geo_citymgmt._markup import escape_text, visible_text
from geo_citymgmt.maps import layer_map
from geo_citymgmt.report import write_report
from geo_citymgmt.report.bulletin._model import Bulletin, Column, Heading, Paragraph, Table
from geo_citymgmt.report.bulletin._pdf import _cell, _text, write_pdf
from geo_citymgmt.report.bulletin._word import write_docx
from tests.hostile_text import STRINGS, hostile_features, hostile_zones

PACKAGE = Path(gcm.__file__).parent
PHONE, PARTY, SECRET = "13912345678", "欧阳询之", "column-nobody-named"
#: What no file system takes in a name, or no .geojson in a layer's name.
_UNFIT = re.compile(r"[\x00-\x1f\x7f/\\:*?\"<>|]")


def hostile_source(folder: Path) -> Path:
    """Write a city whose every text is hostile, and which holds personal and unknown columns."""
    folder.mkdir(parents=True)
    zones = hostile_zones().reset_index()
    zones.to_file(folder / "districts.geojson", driver="GeoJSON", engine="pyogrio")
    frame = hostile_features()[["text", "geometry"]].rename(columns={"text": "name"})
    frame = frame.assign(
        station_id=[f"{text}#{k}" for k, text in enumerate(STRINGS)],
        status=STRINGS, operator=STRINGS, phone=PHONE, contact=PARTY,
        **{STRINGS[2]: SECRET, "无人指名的列": SECRET},
    )  # fmt: skip
    frame.to_file(folder / "bike_stations.geojson", driver="GeoJSON", engine="pyogrio")
    for k in (2, 19, 26, 31):
        name = _UNFIT.sub("_", STRINGS[k])
        frame.iloc[:1].to_file(folder / f"{name}.geojson", driver="GeoJSON", engine="pyogrio")
    quoted = [re.sub(r"[\x00-\x1f\x7f]", "", s).replace("\\", "\\\\").replace('"', '\\"')
              for s in (STRINGS[0], STRINGS[19])]  # fmt: skip
    (folder / "city.toml").write_text(
        f'name_zh = "{quoted[0]}"\nname_en = "{quoted[1]}"\ndata_date = 2022-06-30\n',
        encoding="utf-8",
    )
    return folder


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> dict[str, Path]:
    source = hostile_source(tmp_path_factory.mktemp("source") / "源")
    return write_report(gcm.load_city(source), tmp_path_factory.mktemp("report"))


def every_file(files: dict[str, Path]) -> list[Path]:
    found = [p for f in files.values() for p in ([f] if f.is_file() else f.rglob("*"))]
    return [p for p in found if p.is_file()]


@pytest.mark.parametrize("text", STRINGS)
def test_escaped_text_says_what_it_said_and_holds_no_mark_of_a_language(text):
    escaped = escape_text(text)
    assert html.unescape(escaped) == visible_text(text)
    assert not set("<>\"'`${}\\\u2028\u202e\u2066\x00") & set(escaped)


@pytest.mark.parametrize("name", ["tables", "findings"])
def test_workbooks_hold_the_texts_and_no_formula_of_theirs(files, name):
    texts, formulas, links = set(), [], []
    for sheet in openpyxl.load_workbook(files[name]):
        for row in sheet.iter_rows():
            texts |= {str(cell.value) for cell in row if cell.data_type == "s"}
            formulas += [str(cell.value) for cell in row if cell.data_type == "f"]
            links += [cell for cell in row if cell.hyperlink]
    assert not [f for f in formulas if re.search(r"cmd|HYPERLINK|evil|DDE", f, re.I)]
    assert not [link for link in links if link.hyperlink.target]
    joined = "\n".join(texts)
    # Of a fault of a whole column the list of findings shows the three most frequent values.
    for text in STRINGS[:3] if name == "findings" else STRINGS[35:38]:
        assert text in joined


def test_no_page_of_a_report_holds_markup_of_the_data(files):
    for path in (p for p in every_file(files) if p.suffix == ".html"):
        page = path.read_text(encoding="utf-8")
        markup = re.sub(r"<script\b[^>]*>.*?</script>|<style>.*?</style>", "", page, flags=re.S)
        assert not re.search(r"<(img|iframe|base|math|a href=javascript)\b", markup), path.name
        assert "${" not in markup
        for mark in ("\u202e", "\u2028", "\x00", "{{ 7", "<!--<script"):
            assert mark not in page


@pytest.fixture(scope="module")
def notice() -> Bulletin:
    """A bulletin whose every part is one of the texts; a table's notes and heads too."""
    column = [Column(STRINGS[0], STRINGS[3], 1), Column("", STRINGS[29], 2, number=False)]
    rows = tuple((text, text) for text in STRINGS)
    table = Table(STRINGS[8], tuple(column), rows, frozenset({1}), note=STRINGS[31])
    parts = [part for text in STRINGS for part in (Heading(text), Paragraph(text, lead=text))]
    day = pd.Timestamp("2022-06-30")
    return Bulletin(
        STRINGS[31], STRINGS[33], day, STRINGS[0], STRINGS[2], STRINGS[10], "zh", [*parts, table]
    )


def test_a_word_document_holds_the_texts_as_texts(notice, tmp_path):
    write_docx(notice, tmp_path / "a.docx")
    made = docx.Document(tmp_path / "a.docx")
    shown_in = [p.text for p in made.paragraphs]
    cells = [row.cells[1].text for row in made.tables[0].rows[2:]]
    for text in map(visible_text, STRINGS):
        assert f"{text}。{text}" in shown_in and text in shown_in and text in cells
    assert made.core_properties.title == visible_text(notice.title)
    with zipfile.ZipFile(tmp_path / "a.docx") as packed:
        for name in packed.namelist():
            raw = packed.read(name).decode("utf-8", "replace")
            assert "<script" not in raw.lower() and "\u202e" not in raw, name
            assert "evil.invalid" not in raw or name == "word/document.xml"


@pytest.fixture(scope="module")
def pdf(notice, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("pdf") / "a.pdf"
    write_pdf(notice, path)
    return path


@pytest.mark.usefixtures("pdf")
@pytest.mark.parametrize("text", STRINGS)
def test_a_paragraph_of_a_pdf_says_what_the_text_said(text):
    whole = re.sub(r"\s", "", visible_text(text))
    for flow in (_text(text, 12, True), _cell(text, 0, 200.0)):
        assert re.sub(r"\s", "", flow.getPlainText(identify=1)) == whole
        assert not [frag for frag in flow.frags if getattr(frag, "link", None)]


def test_a_pdf_of_the_texts_links_nowhere_and_runs_nothing(pdf):
    raw = pdf.read_bytes()
    assert raw.startswith(b"%PDF") and raw.count(b"/MediaBox") > 2
    for word in (b"/URI", b"/JavaScript", b"/JS", b"/Launch", b"/OpenAction", b"/EmbeddedFile"):
        assert word not in raw


def test_personal_fields_and_unknown_columns_leave_in_no_file(files):
    for path in every_file(files):
        parts = [path.read_bytes()]
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as packed:
                parts += [packed.read(name) for name in packed.namelist()]
        for data in parts:
            for word in (PHONE, PARTY, SECRET):
                assert word.encode() not in data, path.name


def test_a_map_holds_personal_fields_and_unknown_columns_only_where_named(tmp_path):
    frame = hostile_features().iloc[:, [0, -1]]
    frame = frame.assign(manhole_id=[f"A{k}" for k in range(len(frame))], contact=PARTY)
    layer = gcm.read_layer(frame.assign(phone=PHONE, 无人指名的列=SECRET), "manholes")
    drawn = layer_map(layer.data, "manholes")
    held = _features_text(drawn)
    assert not [word for word in (PHONE, PARTY, SECRET) if word in held]
    named = _features_text(layer_map(layer.data, "manholes", popup_fields=["无人指名的列"]))
    assert SECRET in named


def _features_text(drawn) -> str:
    """Return the page, with what is packed in it unpacked."""
    import base64
    import gzip

    page = drawn.get_root().render()
    out = [page]
    for text in re.findall(r'<script type="text/plain"[^>]*>([^<]*)</script>', page):
        data = gzip.decompress(base64.b64decode(text))
        out.append(data.decode("utf-8", "replace"))
        out.append(data.decode("unicode_escape", "replace"))
    return "\n".join(out)


# One escaping module. What fills workbooks, GeoPackages and the text of a .docx builds no markup:
# it gives a library the text itself.

FOREIGN = {"escape", "escape_html", "quoteattr", "htmlsafe_json_dumps", "escape_silent"}


def _modules() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py") if path.name != "_markup.py")


@pytest.mark.parametrize("path", _modules(), ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_text_is_escaped_by_one_module_alone(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [a.name for a in node.names if a.name in ("html", "xml.sax.saxutils", "cgi")]
        if isinstance(node, ast.ImportFrom):
            found += [a.name for a in node.names if a.name in FOREIGN]
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr in FOREIGN and not _is_re(node.func.value):
                found.append(ast.unparse(node))
            # .replace("<", "&lt;") and its kin
            told = [a.value for a in node.args if isinstance(a, ast.Constant)]
            if node.func.attr == "replace" and told[:1] and told[0] in ("<", ">", "&", '"', "'"):
                found += [ast.unparse(node)] if "&" in str(told[1:]) else []
    assert found == []


def _is_re(value: ast.expr) -> bool:
    return isinstance(value, ast.Name) and value.id in ("re", "glob")


def test_the_pages_own_scripts_never_read_text_as_markup():
    acts = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|"
        r"createContextualFragment|DOMParser|setTimeout\(\s*[\"']"
    )
    scripts = sorted((PACKAGE / "maps" / "page").glob("*.js"))
    assert scripts
    assert {s.name: acts.findall(s.read_text(encoding="utf-8")) for s in scripts} == {
        s.name: [] for s in scripts
    }


def test_templates_switch_no_escaping_off():
    for path in PACKAGE.rglob("*.j2"):
        assert not re.search(r"\|\s*safe\b|autoescape", path.read_text(encoding="utf-8"))
