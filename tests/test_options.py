"""The language of displays: set once, heeded by what is shown, by nothing that is computed."""

from __future__ import annotations

import ast
import os
import subprocess
import sys

import pandas as pd
import pytest

import geo_citymgmt as gcm
from geo_citymgmt import report
from tests.conftest import ROOT

#: Rooms whose results are figures.
FIGURES = ("indicators", "figures", "zones", "access", "patterns", "cases", "scoring")


@pytest.fixture
def english(monkeypatch):
    monkeypatch.setattr(gcm.options, "lang", "en")


def run(code: str, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT,
        encoding="utf-8", env={**os.environ, "PYTHONUTF8": "1", **environment},
    )  # fmt: skip


def test_chinese_is_the_language_to_begin_with(city):
    assert gcm.options.lang == "zh"
    assert repr(city).startswith("<City 苏州市 (截至 2022-06-30): ")
    assert "入库" in city._repr_html_()
    assert repr(city.layer("manholes")).startswith("<Layer manholes (窨井): 入库 12,000")


def test_consoles_and_notebooks_show_the_language_that_is_set(city, english):
    layer = city.layer("manholes")
    shown = [repr(city), repr(layer), layer._repr_html_(), repr(city.findings),
             city.findings._repr_html_()]  # fmt: skip
    assert shown[0].startswith("<City Suzhou (as of 2022-06-30): ")
    assert shown[1].startswith("<Layer manholes (Manholes): 12,000 accepted, 0 rejected")
    for text in ("read 12,000", "accepted 12,000", "CRS EPSG:4549"):
        assert text in shown[2]
    for text in shown[:2]:
        assert text.isascii(), text
    html = city._repr_html_()
    for text in ("accepted", "without a place", "zones: district 10", "Bike stations"):
        assert text in html


@pytest.mark.parametrize("value", ["fr", "EN", "", None, 5, ["zh"], ("zh",), True])
def test_a_wrong_language_is_refused_by_name_and_the_old_one_stays(value):
    with pytest.raises(gcm.CityDataError, match=r"options\.lang is .*It is 'zh' or 'en'"):
        gcm.options.lang = value
    assert gcm.options.lang == "zh"
    with pytest.raises(AttributeError):
        gcm.options.language = "en"


@pytest.mark.parametrize(("value", "lang"), [("en", "en"), ("zh", "zh"), ("", "zh")])
def test_the_environment_sets_the_language(value, lang):
    done = run("import geo_citymgmt as g; print(g.options.lang)", GEO_CITYMGMT_LANG=value)
    assert done.stdout.strip() == lang
    assert done.stderr == ""


def test_a_wrong_language_in_the_environment_is_a_warning_that_names_it():
    done = run("import geo_citymgmt as g; print(g.options.lang)", GEO_CITYMGMT_LANG="fr")
    assert done.stdout.strip() == "zh"
    assert "GEO_CITYMGMT_LANG is 'fr'" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("more", "word"), [([], "Suzhou"), (["--lang", "zh"], "苏州")])
def test_commands_follow_the_environment_unless_told_otherwise(more, word):
    arguments = ["figures", *more]
    done = run(
        f"from geo_citymgmt.cli import main; main({arguments!r})", GEO_CITYMGMT_LANG="en"
    )  # fmt: skip
    title = {"Suzhou": "Figures", "苏州": "指标"}[word]
    assert done.returncode == 0, done.stderr
    assert title in done.stdout


def test_maps_and_sheets_speak_the_language_that_is_set(city, english):
    table = gcm.progress(city, as_of=None, indicators="manhole_remediated")
    sheet = gcm.plot_progress(city, "manhole_remediated", table=table)
    texts = [text.get_text() for text in sheet.texts]
    assert "As of 2022-06-30" in texts
    assert gcm.CityMap().lang == "en"
    drawn = gcm.progress_map(city, "manhole_remediated", table=table)
    assert drawn.lang == "en"
    assert drawn.title.isascii()
    values = city.zones.assign(n=1.0)
    assert gcm.zone_map(values, city.zones, "n").lang == "en"
    assert gcm.layer_map(city["utility_tunnels"], "utility_tunnels").title == "Utility tunnels"


def test_tables_of_the_report_speak_the_language_that_is_set(city, english):
    assert report.unit_label("m2") == report.unit_label("m2", "en")
    assert report.format_value(12_345, "m2") == report.format_value(12_345, "m2", "en")
    pd.testing.assert_frame_equal(report.ledger_table(city), report.ledger_table(city, "en"))
    assert report.Words().lang == "en"


def test_a_language_that_is_given_wins(city, english):
    assert gcm.CityMap(lang="zh").lang == "zh"
    sheet = gcm.plot_zones(city.zones.assign(n=1.0), city.zones, "n", label="数", lang="zh",
                           names=False)  # fmt: skip
    assert any(text.get_text() == "北" for text in sheet.axes[0].texts)


def test_no_module_of_figures_reads_the_options():
    walked = 0
    for room in FIGURES:
        package = ROOT / "geo_citymgmt"
        for path in sorted([*package.glob(f"{room}.py"), *(package / room).rglob("*.py")]):
            walked += 1
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                names = []
                if isinstance(node, ast.ImportFrom):
                    names = [node.module or "", *(alias.name for alias in node.names)]
                elif isinstance(node, ast.Import):
                    names = [alias.name for alias in node.names]
                elif isinstance(node, ast.Attribute):
                    names = [node.attr]
                asked = {n.rpartition(".")[2] for n in names} & {"_options", "options",
                                                                 "display_lang"}  # fmt: skip
                assert not asked, f"{path.name}:{node.lineno}"
    assert walked > 20


def test_figures_are_the_same_in_both_languages(city, monkeypatch):
    chinese = gcm.progress(city, as_of=None)
    owned = gcm.assign_zones(city["manholes"], city.zones)
    monkeypatch.setattr(gcm.options, "lang", "en")
    pd.testing.assert_frame_equal(gcm.progress(city, as_of=None), chinese)
    pd.testing.assert_series_equal(gcm.assign_zones(city["manholes"], city.zones), owned)


def test_dir_shows_what_is_public_and_nothing_else():
    shown = [name for name in dir(gcm) if not name.startswith("__")]
    assert shown == sorted(gcm.__all__)
    assert {"__version__", "__all__", "__doc__", "__name__"} <= set(dir(gcm))
    # Drawing does not bring more into sight.
    assert gcm.CityMap and gcm.plot_zones
    assert [name for name in dir(gcm) if not name.startswith("__")] == shown


def test_submodules_are_imported_as_before():
    code = "import geo_citymgmt.report, geo_citymgmt.maps as m; from geo_citymgmt import sample"
    assert run(code).returncode == 0
