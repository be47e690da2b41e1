"""What a person may get wrong in city.toml, profile.toml and their like: told with its line."""

from __future__ import annotations

import os

import pytest

import geo_citymgmt as gcm
from geo_citymgmt.city._config import read_config
from geo_citymgmt.cli._frame import SourcePath
from geo_citymgmt.errors import CityDataError, SpecError
from geo_citymgmt.profiles import load_profile
from geo_citymgmt.spec import load_specs

SPECS = load_specs()


def refusal(tmp_path, text):
    """Return how a city.toml is refused: a text in UTF-8, or bytes."""
    file = tmp_path / "city.toml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    (tmp_path / "a.csv").write_text("编号,经度,纬度\nJ1,120.6,31.3\n", encoding="utf-8")
    with pytest.raises(CityDataError) as refused:
        read_config(file, SPECS)
    return refused.value


@pytest.mark.parametrize(
    ("text", "line", "remedy"),
    [
        ('code = "1"\n[layers.manholes]\npath = “a.csv”\n', 3, "“ 改为 \"、” 改为 \""),
        ('code ＝ "1"\n', 1, "＝ 改为 ="),
        ('ignore = ["a"，"b"]\n', 1, "， 改为 ,"),
        ("【layers.manholes】\n", 1, "【 改为 [、】 改为 ]"),
        ('\n[layers.manholes]\npath = "D:\\数据\\a.csv"\n', 3, "改为 /"),
        ('[layers.manholes]\npath = "a.csv"\n[layers.manholes]\ncrs = "4490"\n', 3, "合并"),
        ('code = "1"\ncode = "2"\n', 2, "合并"),
        ('名称 = "苏州"\n', 1, "名称加英文双引号"),
        ('code = "1\nname_zh = "a"\n', 1, "一行写一项"),
        ("[layers.manholes", 1, "一行写一项"),
    ],
)  # fmt: skip
def test_a_line_that_is_no_toml_is_shown_with_what_to_write(tmp_path, text, line, remedy):
    error = refusal(tmp_path, text)
    assert f"city.toml 第 {line} 行" in error.message_zh
    assert f"city.toml, line {line}: not valid TOML" in error.message
    assert text.splitlines()[line - 1] in error.message
    assert remedy in error.remedy_zh


def test_brackets_without_end_are_refused(tmp_path):
    assert "nested too deep" in refusal(tmp_path, "a = " + "[" * 5000).message


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ('code = "1"\nname_zh = "苏州"\n'.encode("gb18030"), "not UTF-8 (line 2"),
        ('code = "1"\n'.encode("utf-16"), "not UTF-8 (line 1"),
        ('code = "1"\n'.encode("utf-16-le"), "line 1 holds a NUL"),
        (b'code = "1"\nname_zh = "\0"\n', "line 2 holds a NUL"),
    ],
)
def test_a_text_in_another_encoding_is_refused_with_how_to_save_it(tmp_path, raw, said):
    error = refusal(tmp_path, raw)
    assert said in error.message
    assert "UTF-8" in error.remedy


def test_a_mark_before_the_text_is_no_mistake(tmp_path):
    file = tmp_path / "city.toml"
    file.write_bytes(b"\xef\xbb\xbf\xef\xbb\xbf" + b'code = "320500"\n')
    assert read_config(file, SPECS).code == "320500"


#: Values of every kind there is: whichever does not fit an entry is refused at its line.
KINDS = {
    "text": '"no such thing"', "empty": '""', "whole": "-7", "number": "1.5", "bool": "true",
    "list": "[[1]]", "table": '{ a = [1] }', "time": "12:00:00", "nan": "nan",
}  # fmt: skip
TOP = ("name_zh", "name_en", "code", "data_date", "events", "targets", "figures", "layers", "zones",
       "names", "profile", "unit", "units", "month_starts", "metric_crs", "services", "bulletin",
       "crosswalk", "calendar", "limits", "ignore", "amounts_by")  # fmt: skip
OF_LAYER = ("path", "sublayer", "crs", "datum", "x", "y", "encoding", "fields", "ledger",
            "pipeline", "repair", "units", "values", "date_order", "measure_from")  # fmt: skip
FITS = {
    "text": {"name_zh", "name_en", "code", "unit", "metric_crs", "profile", "sublayer", "crs",
             "datum", "x", "y", "encoding", "pipeline"},
    "empty": {"name_zh", "name_en", "code", "unit", "metric_crs", "profile", "sublayer", "crs",
              "datum", "x", "y", "encoding", "pipeline", "amounts_by"},
    "whole": {"code", "metric_crs", "crs"},
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_a_value_of_a_wrong_kind_is_refused_at_its_line(tmp_path, kind):
    for section, entries in (("", TOP), ("[layers.manholes]", OF_LAYER)):
        for entry in entries:
            if entry in FITS.get(kind, ()):
                continue
            error = refusal(tmp_path, f"# first\n{section}\n{entry} = {KINDS[kind]}\n")
            assert isinstance(error, SpecError)
            assert error.message.startswith("city.toml, line 3 ["), (entry, error.message)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ('nam_zh = "苏州"\n', "name_zh"),
        ('[layers.manhole]\npath = "a.csv"\n', "manholes"),
        ('[layers.manholes]\npaht = "a.csv"\n', "path"),
        ('[layers.manholes]\npath = "b.csv"\n', "a.csv"),
        ('[zones]\ndistricts = "districts"\n', "district"),
    ],
)
def test_a_misspelt_entry_is_answered_with_the_one_that_may_be_meant(tmp_path, text, meant):
    error = refusal(tmp_path, text)
    assert f"Did you mean {meant!r}?" in error.remedy
    assert f"是否指“{meant}”？" in error.remedy_zh


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ('"D:\\new\\table.csv"', "taken for a line break"),
        ('"a\\u0000.csv"', "taken for a line break"),
        ('"/dev/zero"', "a device or pipe"),
        (f'"{"a" * 5000}"', "no such file"),
        ('"https://example.org/a.csv"', "not a local file"),
    ],
)
def test_a_path_that_is_none_is_refused_before_it_is_opened(tmp_path, path, said):
    for text in (f"[layers.manholes]\npath = {path}\n", f"\nevents = {path}\n"):
        error = refusal(tmp_path, text)
        assert said in error.message
        assert "line 2" in error.message


def test_a_path_is_taken_without_the_quotes_it_was_copied_with(tmp_path):
    (tmp_path / "a.csv").write_text("编号,经度,纬度\nJ1,120.6,31.3\n", encoding="utf-8")
    file = tmp_path / "city.toml"
    file.write_text("[layers.manholes]\npath = '\"a.csv\"'\n", encoding="utf-8")
    assert read_config(file, SPECS).layers["manholes"].source == tmp_path / "a.csv"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes by name")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "city.toml")
    with pytest.raises(SpecError, match="is no file"):
        read_config(tmp_path / "city.toml", SPECS)


def test_profiles_and_layer_files_tell_their_mistakes_alike(tmp_path):
    (tmp_path / "profile.toml").write_text("schema = 1\nmonth_starts = true\n", encoding="utf-8")
    with pytest.raises(SpecError, match=r"profile\.toml, line 2 \[month_starts\]"):
        load_profile(tmp_path)
    (tmp_path / "own.toml").write_text("key = “trees”\n", encoding="utf-8")
    with pytest.raises(SpecError, match=r"own\.toml, line 1: not valid TOML"):
        gcm.load_specs(tmp_path)


@pytest.mark.parametrize("form", ['"{}"', "“{}”", "'{}'", ' "{}" '])
def test_a_source_may_be_pasted_with_its_quotes(tmp_path, form):
    path = tmp_path / "窨井.csv"
    assert SourcePath().convert(form.format(path), None, None) == path
    quoted = tmp_path / '"a"'
    quoted.write_text("")
    assert SourcePath().convert(str(quoted), None, None) == quoted
