"""The command line: what it prints, its exit codes, never a traceback."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from click.testing import CliRunner

import geo_citymgmt as gcm
from geo_citymgmt.cli import main
from geo_citymgmt.cli._map import find_subject
from tests.conftest import DATA, points, with_layers

SIXTH = """
key = "public_toilets"
role = "facility"
zh = "公共厕所"
en = "Public toilets"
names = ["公厕", "公共厕所"]
geometry = ["Point"]
id = "toilet_id"
split = "owner"
[state]
field = "status"
first = ["planned"]
[state.sets]
planned = ["planned", "under_construction"]
open = ["open"]
closed = ["closed"]
[state.dates]
completed_date = "open"
[amounts.built]
zh = "新改建数"
en = "Built or rebuilt"
total = 1
date = "completed_date"
[fields.toilet_id]
zh = "公厕编号"
en = "Toilet no."
dbf = "TOILET_ID"
type = "id"
[fields.name]
zh = "公厕名称"
en = "Name"
dbf = "NAME"
type = "text"
[fields.area_type]
zh = "城市/农村"
en = "Urban or rural"
dbf = "AREA_TYPE"
type = "code"
[fields.area_type.codes]
urban = { zh = "城市公厕", en = "Urban" }
rural = { zh = "农村公厕", en = "Rural", synonyms = ["农村厕所"] }
[fields.stalls]
zh = "厕位数"
en = "Stalls"
dbf = "STALLS"
type = "int"
unit = "count"
[fields.completed_date]
zh = "完成时间"
en = "Completed"
dbf = "DONE_DATE"
type = "date"
[fields.status]
zh = "状态"
en = "Status"
dbf = "STATUS"
type = "code"
[fields.status.codes]
planned = { zh = "计划", en = "Planned" }
under_construction = { zh = "在建", en = "Under construction" }
open = { zh = "开放", en = "Open" }
closed = { zh = "关闭", en = "Closed" }
[style]
color = "#01665e"
color_by = "area_type"
popup = ["toilet_id", "name", "area_type", "stalls", "status"]
"""


#: Of these the reading of the sample is not what is asked: it is loaded once.
loaded = pytest.mark.usefixtures("sample_kept")


def run(*arguments) -> tuple[int, str, str]:
    result = CliRunner().invoke(main, [str(a) for a in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert "Traceback" not in result.output
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture(scope="module")
def drawn(city, tmp_path_factory) -> Callable[..., str]:
    """The page that ``map`` writes of a subject of the sample, once for all who look at it."""
    folder = tmp_path_factory.mktemp("drawn")

    @cache
    def page(*what: str) -> str:
        out = folder / "map.html"
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("geo_citymgmt.city.load_city", lambda *_, **__: city)
            assert run("map", DATA, *what, "-o", out) == (0, f"{out}\n", "")
        return out.read_text(encoding="utf-8")

    return page


@pytest.fixture
def few_layers(city, monkeypatch):
    """Commands on the sample take two of its layers, and all its zones."""
    few = with_layers(city, "manholes", "illegal_construction")
    few = replace(few, zones_by_level=city.zones_by_level)
    monkeypatch.setattr("geo_citymgmt.city.load_city", lambda *_, **__: few)


@pytest.fixture
def dirty(tmp_path):
    """Two manholes of which one is nowhere."""
    frame = points((1, 1), (900_000, 2), MANHOLE_ID=["J1", "J2"])
    frame.to_file(tmp_path / "窨井.shp", engine="pyogrio")
    return tmp_path


@pytest.fixture
def with_toilets(tmp_path, city):
    """A folder with a layer that the package does not know, and the file that describes it."""
    source, layers = tmp_path / "data", tmp_path / "layers"
    source.mkdir()
    layers.mkdir()
    (layers / "toilets.toml").write_text(SIXTH, encoding="utf-8")
    for part in DATA.glob("districts.*"):
        shutil.copy(part, source / part.name)
    centres = city.zones.representative_point()
    frame = points((0, 0)).iloc[:0]
    frame = frame.reindex(range(10)).set_geometry(centres.to_numpy(), crs="EPSG:4549")
    frame["TOILET_ID"] = [f"T{k}" for k in range(10)]
    frame["AREA_TYPE"] = ["城市公厕", "农村厕所"] * 5
    frame["STATUS"], frame["STALLS"] = "开放", range(10)
    frame.to_file(source / "公厕.shp", engine="pyogrio", encoding="UTF-8")
    return source, layers


@loaded
def test_check_of_the_sample_finds_no_error_and_counts_every_record():
    code, out, _ = run("check", DATA, "--format", "json")
    found = json.loads(out)
    assert code == 0
    ledger = {row["layer"]: row for row in found["ledger"]}
    assert ledger["manholes"]["n_accepted"] == 12_000
    assert not [f for f in found["findings"] if f["severity"] in ("fatal", "error")]


def test_check_says_in_chinese_what_to_correct_and_exits_3(dirty):
    code, out, _ = run("check", dirty, "--profile", "suzhou_2022")
    assert code == 3
    assert "退回" in out
    assert "OUT_OF_CITY" in out
    assert "FID 1" in out


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize(
    "command",
    [
        ["check"],
        ["check", "--format", "json"],
        ["check", "--format", "xlsx", "-o", "found.xlsx"],
        ["check", "-o", "found.txt"],
        ["convert", "-o", "out.gpkg"],
        ["map", "manholes", "-o", "map.html"],
        ["report", "-o", "report"],
    ],
    ids=" ".join,
)
def test_whatever_ends_with_3_says_on_standard_error_which_file_and_why(
    dirty, tmp_path, monkeypatch, command, lang
):
    monkeypatch.chdir(tmp_path)
    name, *rest = command
    arguments = [name, dirty, *rest, "--profile", "suzhou_2022", "--lang", lang]
    code, out, err = run(*arguments)
    assert code == 3
    wanted = {
        "zh": ("窨井（窨井.shp）：退回 1 条记录", "OUT_OF_CITY ×1"),
        "en": ("Manholes (窨井.shp): 1 record rejected", "OUT_OF_CITY ×1"),
    }
    for text in wanted[lang]:
        assert text in err
    if "json" in command:
        assert json.loads(out)["ledger"]


def test_a_command_that_ends_with_0_gives_no_reason():
    code, _, err = run("check", DATA, "--layer", "manholes")
    assert (code, err) == (0, "")


@pytest.mark.parametrize("command", [["check"], ["convert", "-o", "out.gpkg"]], ids=" ".join)
def test_a_target_that_cannot_be_used_ends_with_3_and_says_so(tmp_path, command):
    for path in (*DATA.glob("manholes.*"), *DATA.glob("districts.*")):
        shutil.copy(path, tmp_path)
    rows = ["indicator,zone_code,target,deadline", "manhole_remediated,320500,3000,九月底"]
    (tmp_path / "targets.csv").write_text("\n".join(rows), "utf-8")
    name, *rest = command
    rest = [tmp_path / r if r.endswith("gpkg") else r for r in rest]
    code, _, err = run(name, tmp_path, *rest, "--profile", "suzhou_2022")
    assert code == 3
    assert "第 2 行的 deadline 为“九月底”" in err


def test_a_layer_that_cannot_be_used_is_named_on_standard_error_once(dirty, tmp_path):
    shutil.copy(DATA / "districts.shp", tmp_path / "bike_stations.shp")
    for command in (["check"], ["convert", "-o", tmp_path / "out.gpkg"]):
        code, _, err = run(command[0], dirty, *command[1:], "--profile", "suzhou_2022")
        assert code == 3
        assert "bike_stations.shp）：无法使用" in err
        lines = [line for line in err.splitlines() if "bike_stations.shp" in line]
        assert len(lines) == len(set(lines))


def test_check_of_one_file_takes_the_layer_by_its_chinese_name(dirty, tmp_path):
    moved = tmp_path / "anything.shp"
    for part in dirty.glob("窨井.*"):
        shutil.copy(part, moved.with_suffix(part.suffix))
    code, out, _ = run(
        "check", moved, "--layer", "窨井", "--lang", "en", "--profile", "suzhou_2022"
    )
    assert code == 3
    assert "Manholes" in out


@loaded
@pytest.mark.parametrize(
    "arguments",
    [
        ["check", "nowhere"],
        ["report", "nowhere", "-o", "out"],
        ["map", DATA, "lamps", "-o", "x.html"],
        ["check", DATA, "--layers", "nowhere"],
        ["check", DATA, "--layer", "lamps"],
        ["report", DATA, "-o", "out", "--as-of", "2023-01-01"],
        ["report", DATA, "-o", "out", "--as-of", "soon"],
        ["convert", DATA, "-o", "x.csv"],
        ["init", "nowhere"],
    ],
)
def test_what_cannot_be_done_exits_2_with_a_sentence_in_both_languages(
    arguments, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    code, out, err = run(*arguments)
    assert code == 2
    assert out == ""
    assert any("\u4e00" <= c <= "\u9fff" for c in err)


def test_an_error_inside_is_no_traceback(monkeypatch):
    def broken(*args, **kwargs):
        raise RuntimeError("boom")

    monkeypatch.setattr("geo_citymgmt.city.load_city", broken)
    code, _, err = run("check", DATA)
    assert code == 2
    assert "boom" in err


@pytest.mark.usefixtures("few_layers")
def test_convert_writes_a_geopackage_that_loads(tmp_path):
    code, _, _ = run("convert", DATA, "-o", tmp_path / "city.gpkg")
    assert code == 0
    again = gcm.load_city(tmp_path / "city.gpkg", layers=["manholes"])
    assert len(again["manholes"]) == 12_000


def test_convert_names_what_it_leaves_behind_and_writes_it_when_asked(tmp_path):
    frame = points((10, 10), (20, 20), 编号=["a", "b"], 设备型号=["x", "y"], 联系电话=["1", "2"])
    frame.to_file(tmp_path / "窨井.gpkg")
    out = tmp_path / "out.gpkg"
    code, _, said = run("convert", tmp_path / "窨井.gpkg", "-o", out)
    assert code == 0
    assert "1 列未写出（不是图层的字段）：设备型号；如要写出请加 --all-columns" in said
    assert "设备型号" not in gpd.read_file(out, layer="manholes")
    code, _, said = run("convert", tmp_path / "窨井.gpkg", "-o", out, "--all-columns")
    assert code == 0 and "设备型号" not in said
    written = gpd.read_file(out, layer="manholes")
    assert written["设备型号"].tolist() == ["x", "y"]
    assert not [column for column in written if "电话" in column or "phone" in column]


def test_init_does_not_replace_a_city_toml_unasked(dirty):
    assert run("init", dirty)[0] == 0
    code, _, err = run("init", dirty)
    assert code == 2
    assert "--force" in err


@pytest.mark.parametrize("option", [[], ["-o"]])
def test_sample_writes_what_the_repository_holds(tmp_path, option):
    code, out, err = run("sample", *option, tmp_path / "city")
    assert (code, out.strip(), err) == (0, str(tmp_path / "city"), "")
    written = {p.name: p.read_bytes() for p in (tmp_path / "city").iterdir()}
    kept = {p.name: p.read_bytes() for p in DATA.iterdir()}
    assert written == kept


@pytest.mark.parametrize("where", [[], ["a", "-o", "b"]])
def test_sample_asks_for_one_folder(where):
    code, _, err = run("sample", *where, "--lang", "en")
    assert code == 2
    assert err.startswith("sample takes one folder to write to. Write sample -o OUT.")


def test_a_sixth_layer_is_loaded_checked_summarised_and_mapped(with_toilets, tmp_path):
    source, layers = with_toilets
    code, out, _ = run("check", source, "--layers", layers)
    assert code == 0
    assert "公共厕所" in out
    page = tmp_path / "toilets.html"
    assert run("map", source, "公厕", "-o", page, "--layers", layers)[0] == 0
    assert "城市公厕" in page.read_text(encoding="utf-8")
    found = gcm.load_city(source, specs=layers)
    table = gcm.summarise(found["public_toilets"], found.zones, stalls=("stalls", "sum"))
    assert table["stalls"].sum() == 45
    report = tmp_path / "report"
    assert run("report", source, "-o", report, "--layers", layers)[0] == 0
    assert "公共厕所" in (report / "index.html").read_text(encoding="utf-8")


@loaded
def test_map_draws_coverage_within_a_radius(tmp_path):
    page = tmp_path / "map.html"
    assert run("map", DATA, "停车", "-o", page, "--radius", "500")[0] == 0
    assert page.stat().st_size > 100_000


@pytest.fixture
def two_crs(tmp_path):
    """A layer whose .prj says degrees, and one that says nothing, in metres of EPSG:4549."""
    folder = tmp_path / "two"
    folder.mkdir()
    stated = points((1, 1), STATION_ID=["B1"]).to_crs(4490)
    stated.to_file(folder / "bike_stations.shp", engine="pyogrio")
    silent = points((2, 2), MANHOLE_ID=["J1"])
    silent.to_file(folder / "manholes.shp", engine="pyogrio")
    (folder / "manholes.prj").unlink()
    return folder


def crs_known(source, *options) -> dict[str, tuple[str, str]]:
    _, out, _ = run("check", source, "--format", "json", *options)
    return {row["layer"]: (row["state"], row["crs_source"]) for row in json.loads(out)["ledger"]}


def test_a_bare_crs_is_for_layers_that_state_none(two_crs):
    assert crs_known(two_crs)["manholes"][0] == "unusable"
    known = crs_known(two_crs, "--crs", "EPSG:4549")
    assert known["manholes"] == ("ok", "given")
    assert known["bike_stations"] == ("ok", "file")


def test_a_crs_for_a_layer_holds_whatever_its_file_says_beside_a_bare_one(two_crs):
    both = ("--crs", "EPSG:4549", "--crs", "bike_stations=EPSG:4490")
    known = crs_known(two_crs, *both)
    assert known["bike_stations"] == ("ok", "given")
    assert known["manholes"] == ("ok", "given")
    wrong = crs_known(two_crs, "--crs", "EPSG:4549", "--crs", "bike_stations=EPSG:4549")
    assert wrong["bike_stations"][0] == "unusable"


def test_a_proposed_city_toml_keeps_the_crs_a_file_states(two_crs):
    assert run("init", two_crs, "--crs", "EPSG:4549")[0] == 0
    text = (two_crs / "city.toml").read_text(encoding="utf-8")
    assert 'crs = "EPSG:4490"  # 文件写明' in text
    assert 'crs = "EPSG:4549"  # 由使用者指定' in text


def test_a_crs_that_is_none_is_refused_though_no_layer_needs_it():
    code, _, err = run("check", DATA, "--crs", "EPSG:1")
    assert code == 2
    assert "不是有效的坐标系" in err


@loaded
@pytest.mark.parametrize(
    ("what", "option"),
    [
        ("manholes", ("--as-of", "2022-03-31")),
        ("manholes", ("--level", "street")),
        ("bike_stations", ("--radius", "300", "--color-by", "status")),
        ("manhole_remediated", ("--radius", "300")),
        ("manhole_remediated", ("--color-by", "status")),
        ("city", ("--radius", "300")),
        ("city", ("--color-by", "status")),
        ("停车", ("--level", "street")),
        ("停车", ("--figure", "manhole_remediated")),
    ],
)
def test_an_option_that_does_nothing_for_what_is_drawn_is_refused(tmp_path, what, option):
    page = tmp_path / "m.html"
    code, _, err = run("map", DATA, what, "-o", page, *option)
    assert code == 2
    assert not page.exists()
    assert f"{option[-2]} 不能用于" in err
    assert f"{option[-2]} does nothing for" in err
    assert "it is for" in err


def heading(page: Path | str) -> str:
    text = page if isinstance(page, str) else page.read_text(encoding="utf-8")
    return re.search(r"<header.*?</header>", text, re.S)[0]


@pytest.mark.usefixtures("few_layers")
@pytest.mark.parametrize(
    ("what", "first"), [("illegal_demolished_area", True), ("city", False)], ids=["figure", "city"]
)
def test_a_page_has_the_figures_and_levels_that_are_asked_for(tmp_path, what, first):
    page = tmp_path / "m.html"
    asked = ("--figure", "城市道路窨井整治（已验收）", "--figure", "illegal_open_count",
             "--level", "street", "--level", "district")  # fmt: skip
    assert run("map", DATA, what, "-o", page, *asked)[0] == 0
    text = page.read_text(encoding="utf-8")
    content = json.loads(
        re.search(r"gcm\.chooser\(.*?Object\.assign\((\{.*?\}),\s*\{ layer", text, re.S)[1]
    )
    further = ["manhole_remediated", "illegal_open_count"]
    assert [f["id"] for f in content["figures"]] == [what] * first + further
    assert [level["key"] for level in content["levels"]] == ["street", "district"]


@loaded
def test_a_layer_is_no_further_figure(tmp_path):
    page = tmp_path / "m.html"
    code, _, err = run("map", DATA, "illegal_open_count", "-o", page, "--figure", "manholes")
    assert code == 2
    assert "'manholes' is not a figure" in err
    assert not page.exists()


@pytest.mark.usefixtures("few_layers")
def test_the_city_at_an_earlier_date_says_that_its_features_are_of_a_later_one(tmp_path):
    page = tmp_path / "m.html"
    assert run("map", DATA, "city", "-o", page, "--as-of", "2022-03-31")[0] == 0
    assert "指标截至 2022-03-31；设施与案件为 2022-06-30 的登记状况" in heading(page)


def test_a_radius_reaches_from_the_records_the_report_counts(drawn, summary_of):
    page = drawn("bike_stations", "--radius", "300")
    told = heading(page)
    assert "公共自行车与共享单车点位 300\N{NO-BREAK SPACE}米覆盖率" in told
    assert "计入设施 7,800 处；只计状态为运营的设施" in told
    reported = summary_of("2022-06-30", "zh").services
    (found,) = (s for s in reported if s.service.layer == "bike_stations")
    gusu = found.table.loc["320508", "coverage"]
    assert f"{gusu:.1%}" == "75.3%"
    assert "75.3%" in page


@loaded
def test_what_serves_is_chosen_by_its_state_on_the_day(tmp_path):
    page = tmp_path / "m.html"
    asked = ("bike_stations", "-o", page, "--radius", "300", "--as-of", "2022-01-31")
    assert run("map", DATA, *asked)[0] == 0
    told = heading(page)
    assert "截至 2022-01-31" in told
    assert "7,800" not in told
    assert "2022-06-30 的登记状况" in told


@loaded
def test_of_a_layer_the_report_does_not_ask_about_every_record_counts_and_that_is_said(tmp_path):
    page = tmp_path / "m.html"
    assert run("map", DATA, "utility_tunnels", "-o", page, "--radius", "300")[0] == 0
    assert "各种状态的记录均计入" in heading(page)


@pytest.mark.usefixtures("few_layers")
def test_a_figure_is_mapped_by_street_and_by_either_of_its_names(tmp_path, city):
    name = city.figures.figures["manhole_remediated"]
    page = tmp_path / "m.html"
    asked = (name.zh, "--level", "street", "--as-of", "2022-05-31")
    assert run("map", DATA, *asked, "-o", page)[0] == 0
    assert name.zh in heading(page)
    assert "截至 2022-05-31" in heading(page)
    street = city.zones_at("street")["name"].iloc[0]
    assert street in page.read_text(encoding="utf-8")
    by_names = [find_subject(what, city) for what in (name.zh, name.en.upper())]
    assert {(found.kind, found.key) for found in by_names} == {("figure", "manhole_remediated")}


@loaded
@pytest.mark.parametrize(
    ("slip", "meant"),
    [
        ("manhloes", "manholes"),
        ("manhole_remedated", "manhole_remediated"),
        ("ctiy", "city"),
        ("拆除违法建筑面积", "拆除违法建设面积"),
    ],
)
def test_a_misspelt_subject_of_a_map_is_answered_with_the_one_that_is_meant(tmp_path, slip, meant):
    code, _, err = run("map", DATA, slip, "-o", tmp_path / "m.html")
    assert code == 2
    assert f"是否指“{meant}”" in err
    assert f"Did you mean '{meant}'" in err
    assert "geo-citymgmt figures" in err


@loaded
def test_a_map_is_not_written_under_the_name_of_a_picture(tmp_path):
    code, _, err = run("map", DATA, "city", "-o", tmp_path / "m6.png")
    assert code == 2
    assert ".html" in err
    assert not any(tmp_path.iterdir())


@loaded
@pytest.mark.parametrize(
    "command",
    [
        ("map", DATA, "utility_tunnels", "-o", "m.html"),
        ("check", DATA, "-o", "out.txt"),
        ("convert", DATA, "-o", "city.xlsx"),
        ("convert", DATA, "-o", "layers"),
        ("report", DATA, "-o", "report"),
    ],
)
def test_a_closed_folder_is_named_and_not_a_hidden_file_in_it(tmp_path, monkeypatch, command):
    monkeypatch.chdir(tmp_path)
    real = os.open

    def denied(path, flags, *args, **kwargs):
        if flags & os.O_CREAT and Path(path).absolute().is_relative_to(tmp_path):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, flags, *args, **kwargs)

    monkeypatch.setattr(os, "open", denied)
    code, _, err = run(*command)
    assert code == 2
    assert "没有写入权限，请另选文件夹" in err
    assert "no permission to write in this folder. Choose another folder." in err
    assert ".lock" not in err


def test_figures_lists_each_with_its_names_layer_unit_and_target(tmp_path, city):
    code, out, _ = run("figures", "--format", "json", "--profile", "suzhou_2022")
    rows = {row["key"]: row for row in json.loads(out)}
    assert code == 0
    assert list(rows) == list(city.figures.figures)
    assert rows["illegal_remediated_area"] == {
        "key": "illegal_remediated_area",
        "name_zh": "治理违法建设面积",
        "name_en": "Illegal construction remediated",
        "layer": "illegal_construction",
        "unit": "m2",
        "target": True,
    }
    assert not rows["illegal_safety_demolished_area"]["target"]
    text = run("figures", "--lang", "en", "--profile", "suzhou_2022")[1]
    assert all(key in text for key in rows)
    assert (
        run("figures", "--format", "csv", "-o", tmp_path / "f.csv", "--profile", "suzhou_2022")[0]
        == 0
    )
    table = pd.read_csv(tmp_path / "f.csv", encoding="utf-8-sig")
    assert table["key"].tolist() == list(rows)


def test_figures_of_a_source_has_the_offices_own_and_its_targets(tmp_path):
    (tmp_path / "figures.toml").write_text(
        '[figures.own_count]\nzh = "窨井总数"\nen = "All manholes"\nlayer = "manholes"\n'
        'unit = "count"\nstock = "count"\n',
        encoding="utf-8",
    )
    shutil.copy(DATA / "utility_tunnels.shp", tmp_path / "utility_tunnels.shp")
    (tmp_path / "targets.csv").write_text(
        "indicator,zone_code,target\nown_count,320500,5\n", encoding="utf-8"
    )
    rows = {r["key"]: r for r in json.loads(run("figures", tmp_path, "--format", "json")[1])}
    assert rows["own_count"]["name_zh"] == "窨井总数"
    assert rows["own_count"]["target"]
    assert run("figures", "nowhere")[0] == 2


def test_a_report_of_a_file_that_is_no_known_layer_is_told_no_option_it_has_not(tmp_path):
    points((1, 1), n=[1]).to_file(tmp_path / "a.shp", engine="pyogrio")
    code, _, err = run("report", tmp_path / "a.shp", "-o", tmp_path / "out")
    assert code == 2
    assert "请改名" in err
    assert "check 用 --layer" in err
    assert "check takes --layer" in err


@pytest.mark.parametrize(
    ("typed", "zh", "en"),
    [
        (["report", DATA], "缺少选项 -o / --out（输出文件夹）。", "Missing option '-o' / '--out'."),
        (["check"], "缺少 SOURCE。", "Missing argument 'SOURCE'."),
        (["check", DATA, "--langg"], "没有选项 --langg；是否要用 --lang？", "No such option"),
        (["check", DATA, "--lang", "fr"], "--lang 的取值不对。", "Invalid value for '--lang'"),
        (["--lang"], "没有选项 --lang", "No such option"),
        (["chek"], "命令写法不对。", "No such command 'chek'."),
    ],
    ids=lambda typed: " ".join(map(str, typed)) if isinstance(typed, list) else "",
)
def test_a_command_line_that_is_wrong_is_told_in_both_languages(typed, zh, en):
    code, out, err = run(*typed)
    assert (code, out) == (2, "")
    # What else it might have been, and its marks, are click's and not the same in each version.
    assert re.search(f"{re.escape(zh)}.*\n{re.escape(en)}", err)


def test_without_a_command_the_commands_are_listed():
    assert "Commands:" in "".join(map(str, run()))


@pytest.mark.parametrize(
    "what", [["窨井"], ["city"], ["manhole_remediated"], ["bike_stations", "--radius", "300"]]
)
def test_a_map_says_its_date_that_it_is_internal_and_what_the_city_has_maps_say(drawn, what):
    page = drawn(*what)
    assert len(page) > 100_000
    for said in ("截至 2022-06-30", "内部资料　注意保管", "全部记录均为合成数据"):
        assert said in page
    if what == ["city"]:
        assert "数据截至 2022-06-30" in heading(page)


def test_a_figure_that_no_layer_gives_is_refused_with_what_to_look_at(tmp_path):
    shutil.copytree(DATA, tmp_path / "in", ignore=lambda _, names: {
        name for name in names if not name.startswith("districts")
    })  # fmt: skip
    code, _, err = run("map", tmp_path / "in", "manhole_remediated", "-o", tmp_path / "m.html")
    assert code == 2
    assert "没有能给出" in err
    assert "recognised with check" in err
    assert not (tmp_path / "m.html").exists()
