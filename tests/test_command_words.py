"""The command line speaks of its own options and of city.toml: never of functions and arguments."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

import geo_citymgmt as gcm
from geo_citymgmt._languages import Messages, Text
from geo_citymgmt.cli import main
from geo_citymgmt.cli._console import for_command_line
from geo_citymgmt.findings import CODES
from tests.test_messages import FOR_CLERKS

FUNCTIONS = "|".join(sorted(gcm.__all__))
#: What only those understand who write Python.
OF_PYTHON = re.compile(
    rf"Python|DataFrame|GeoSeries|\.[a-z_]+\(|(?<!--)(?<!\w)(as_of|grid_m|basis)\b"
    rf"|(?<![\w.-])({FUNCTIONS})(：|: |\()"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("hefei")
    rows = "窨井编号,整治状态,更新日期,经度,纬度\n1,00,2024-05-01,117.3,31.8\n"
    rows += "2,停摆,2024-05-03,117.2,31.9\n"
    (out / "窨井.csv").write_text(rows, encoding="utf-8")
    (out / "不明.csv").write_text("甲,乙\n1,2\n", encoding="utf-8")
    return out


def said(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, [*map(str, words)])
    return done.exit_code, done.stdout + done.stderr


@pytest.mark.parametrize(
    "line",
    [
        "report {f} -o {o} --as-of 2030",
        "report {f} -o {o} --as-of soon",
        "report {f} -o {o} --precision 100",
        "report {f} -o {o} --release public --precision -5",
        "map {f} city -o {o}.html --as-of 2030-01-01",
        "map {f} 窨井 -o {o}.html --as-of 2024",
        "map {f} 窨井 -o {o}.png",
        "map {f} 路灯 -o {o}.html",
        "map {f} 窨井 --radius 300 -o {o}.html",
        "map {f} 窨井 --color-by 颜色 -o {o}.html",
        "sheet {f} -o {o}.pdf --as-of 2030",
        "sheet {f} --zone 瑶海区 -o {o}.pdf",
        "fill {f}/窨井.csv {f} -o {o}.xlsx",
        "lists {f} -o {o}",
        "lists {f} -o {o} --as-of 2030",
        "assess {f}",
        "assess {f} --month 2030-01",
        "check {f}",
        "check {f} --layer 路灯",
        "check {f} --datum mars",
        "check {f} --crs EPSG:99",
        "check {f} --metric-crs EPSG:4490",
        "check {f} --metric-crs EPSG:99",
        "check {f} --profile nowhere",
        "check {f} --limit depth=1",
        "check {f} --x 东 --y 北",
        "check {f} --decisions {o}.xlsx",
        "check {f}/不明.csv",
        "convert {f} -o {o}.docx",
        "init {o}",
        "profile {o}",
        "sample",
    ],
)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_no_command_speaks_of_python(folder, tmp_path, line, lang):
    words = line.format(f=folder, o=tmp_path / "out").split()
    _, text = said(*words, "--lang", lang)
    assert text
    for path in (folder, tmp_path):
        text = text.replace(str(path), "")
    found = OF_PYTHON.search(text)
    assert found is None, text


@pytest.mark.parametrize(
    ("line", "options"),
    [
        ("report {f} -o {o} --as-of 2030", ["--as-of 2030-12-31", "2024-05-03", "data_date"]),
        ("assess {f} --month 2030-01", ["--month 2030-01-31", "2024-05-03"]),
        ("check {f} --metric-crs EPSG:4490", ["--metric-crs EPSG:4490", "EPSG:4548"]),
        ("check {f} --decisions {o}.xlsx", ["out.xlsx", "没有这个文件"]),
        ("report {f} -o {o} --precision 100", ["--precision", "--release public"]),
    ],
)
def test_what_is_refused_is_named_by_its_option(folder, tmp_path, line, options):
    code, text = said(*line.format(f=folder, o=tmp_path / "out").split())
    assert code == 2
    for option in options:
        assert option in text
    assert not (tmp_path / "out").exists()


def test_the_remedy_for_a_day_after_the_data_works(folder, tmp_path):
    (tmp_path / "窨井.csv").write_bytes((folder / "窨井.csv").read_bytes())
    (tmp_path / "city.toml").write_text("data_date = 2030-12-31\n", encoding="utf-8")
    code, text = said("map", tmp_path, "city", "-o", tmp_path / "a.html", "--as-of", "2030")
    assert code == 3, text


def test_a_crs_to_measure_in_is_refused_with_its_line(folder, tmp_path):
    (tmp_path / "窨井.csv").write_bytes((folder / "窨井.csv").read_bytes())
    for crs, why in (("EPSG:4490", "是经纬度"), ("EPSG:99", "不是有效的坐标系")):
        (tmp_path / "city.toml").write_text(f'code = "x"\nmetric_crs = "{crs}"\n', "utf-8")
        code, text = said("check", tmp_path)
        assert code == 2
        assert "city.toml 第 2 行 [metric_crs]" in text
        assert why in text


def test_whatever_a_clerk_may_read_has_its_python_in_an_aside():
    texts: list[Text] = [Text(code.zh, code.en) for code in CODES.values()]
    for room in FOR_CLERKS:
        for message in Messages(f"geo_citymgmt.{room}").table.values():
            # A pickle is a file of Python, and is called so.
            texts += () if "pickle" in message.cause.en else (message.cause, message.remedy)
    assert len(texts) > 500
    for text in texts:
        for one in text:
            assert "Python" not in for_command_line(one), one


def test_whoever_makes_something_is_told_of_a_day_that_nobody_stated(folder, tmp_path):
    _, text = said("map", folder, "city", "-o", tmp_path / "a.html")
    assert "没有写明数据日期，指标截至数据中最晚的日期 2024-05-03" in text
    _, text = said("map", folder, "city", "-o", tmp_path / "a.html", "--as-of", "2024-05-02")
    assert "没有写明数据日期" not in text
