"""The documentation says what the program does."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import geopandas as gpd
import pytest

import geo_citymgmt as gcm
from geo_citymgmt.figures import PROGRESS_COLUMNS
from geo_citymgmt.findings import COLUMNS
from geo_citymgmt.indicators import load_figures
from geo_citymgmt.layer import LEDGER_COLUMNS
from geo_citymgmt.profiles import load_profile
from tests.conftest import DATA

ROOT = Path(__file__).parents[2]
READMES = ("README.md", "README.zh-CN.md")
PAGES = [
    ROOT / name
    for name in (*READMES, "CHANGELOG.md", "CONTRIBUTING.md", "data/shapefiles/README.md")
] + sorted((ROOT / "docs").rglob("*.md"))
#: A page and its Chinese counterpart, which say the same.
PAIRS = [
    READMES,
    *(
        (f"docs/{name}.md", f"docs/zh/{name}.md")
        for name in ("getting-started", "your-own-city", "command-line", "what-compares")
    ),
]
STARTS = (*READMES, *PAIRS[1])


def text(path: Path | str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_links_lead_to_files_of_the_project(page):
    for target in re.findall(r"\]\(([^)#]+)\)", text(page)):
        assert target.startswith("https://") or (page.parent / target).exists(), target


@pytest.mark.parametrize("name", READMES)
def test_a_readme_is_one_screen_and_a_little(name):
    assert len(text(name).splitlines()) <= 120


@pytest.fixture
def sample_loaded(city, tmp_path, monkeypatch):
    """Code that is shown reads the sample from the folder it names, which is loaded already."""

    def kept(source: str = "data/shapefiles") -> gcm.City:
        assert (ROOT / source).samefile(DATA)
        return city

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(gcm, "load_city", kept)
    monkeypatch.setattr(gcm, "sample_city", kept)


@pytest.mark.usefixtures("sample_loaded")
def test_the_five_lines_of_the_readme_run_and_are_the_same_everywhere(tmp_path):
    every = [blocks(text(name), "python")[0] for name in (*STARTS, "docs/index.md")]
    for code in every:
        assert len([line for line in code.splitlines() if line.strip()]) <= 5
    # They differ in their comments and in the language of the map.
    assert len({ast.dump(ast.parse(code.replace(', lang="en"', ""))) for code in every}) == 1
    exec(compile(every[0], "README.md", "exec"), {})
    assert (tmp_path / "manholes.html").stat().st_size > 100_000


@pytest.mark.usefixtures("sample_loaded")
def test_the_recipe_for_a_month_by_street_gives_what_was_done_in_it(tmp_path):
    made: dict = {}
    for code in blocks(text("docs/map-pages.md"), "python"):
        exec(compile(code, "map-pages.md", "exec"), made)
    assert (tmp_path / "build" / "figures.html").stat().st_size > 100_000
    events = made["city"].events
    may = events[events["date"].between("2022-05-01", "2022-05-31")]
    counts = may.loc[may["layer"] == "manholes", "event"].value_counts()
    assert made["may"]["may"].sum() == counts["accept"] - counts.get("relapse", 0)
    assert (tmp_path / "build" / "may.html").stat().st_size > 100_000


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair[0])
def test_a_page_in_both_languages_has_the_same_parts(pair):
    english, chinese = (text(name) for name in pair)
    for pattern in (r"^## ", r"^- ", r"^!\[", r"^\|", r"^```"):
        count = [len(re.findall(pattern, page, re.MULTILINE)) for page in (english, chinese)]
        assert count[0] == count[1], pattern
    assert blocks(english, "bat") == blocks(chinese, "bat")
    numbers = [set(re.findall(r"\d{1,3}(?:,\d{3})+", page)) for page in (english, chinese)]
    # Areas of the document are in m² in one and in 万平方米 in the other.
    assert numbers[0] - {"3,503,000", "15,000,000"} == numbers[1] - {"1,500"}


@pytest.fixture(scope="module")
def arrived(dirty_folder):
    crs = {"parking_points": "EPSG:4549"}
    # Those of the table of facilities.
    layers = ["illegal_construction", "manholes", "parking_points", "bike_stations"]
    layers += ["utility_tunnels"]
    return gcm.load_city(dirty_folder, profile="suzhou_2022", crs=crs, layers=layers)


@pytest.mark.parametrize("name", PAIRS[2])
def test_the_ledger_in_the_documentation_is_that_of_the_city_as_it_arrives(name, arrived):
    city = arrived
    shown = {
        cells[1]: [int(cell.replace(",", "")) for cell in cells[2:6]]
        for cells in (
            [cell.strip() for cell in line.strip("|").split("|")]
            for line in text(name).splitlines()
            if ".shp |" in line
        )
    }
    columns = ["n_records", "n_accepted", "n_rejected", "n_repaired"]
    facilities = city.ledger[city.ledger["source"].isin(shown)].set_index("source")
    assert shown == facilities[columns].T.to_dict("list")


def test_each_figure_has_its_paragraph_in_methods():
    page = text("docs/methods.md")
    figures = load_figures(profile=load_profile("suzhou_2022")).figures
    assert re.findall(r"^### `(\w+)`", page, re.MULTILINE) == list(figures)
    for figure in figures.values():
        assert f"**{figure.zh}** · {figure.en}\n" in page
        assert figure.note_en in page
        assert figure.note_zh in page
        assert not figure.target or f"- Target: `{figure.target}`" in page


@pytest.mark.parametrize("columns", [PROGRESS_COLUMNS, COLUMNS, LEDGER_COLUMNS])
def test_each_column_is_explained(columns):
    page = text("docs/columns.md")
    for column in columns:
        assert f"`{column}`" in page


def test_the_layer_of_the_documentation_is_read_counted_and_mapped(city):
    specs = gcm.load_specs(ROOT / "docs" / "own-layer" / "layers")
    spec = specs["hydrants"]
    frame = gpd.GeoDataFrame(
        {
            "消火栓编号": ["A", "B", "C"],
            "消防栓类型": ["地上", "地下", "地上"],
            "出水压力": ["0.2", "0.14", "0.3"],
            "消防栓状态": ["正常", "维修中", "已修复"],
            "修复时间": ["", "", "2022-03-01"],
        },
        geometry=city["transit_stops"].geometry.iloc[:3].to_list(),
        crs=city["transit_stops"].crs,
    )
    read = gcm.read_layer(frame, spec, zones=city.zones)
    assert read.data["hydrant_kind"].tolist() == ["ground", "under", "ground"]
    assert read.data["status"].tolist() == ["00", "30", "70"]
    table = gcm.summarise(read.data, city.zones, most=("pressure_mpa", "max"), margins=True)
    assert table.loc["total", "most"] == 0.3
    assert gcm.layer_map(read.data, spec, zones=city.zones).title == "消防栓"


def test_toml_of_the_documentation_is_toml(tmp_path):
    for page in ("docs/city-toml.md", "docs/layers.md"):
        for block in blocks(text(page), "toml"):
            tomllib.loads(block)
    (alias,) = blocks(text("docs/layers.md"), "toml")
    (tmp_path / "manholes.toml").write_text(alias, encoding="utf-8")
    spec = gcm.load_specs(tmp_path)["manholes"]
    assert "所在路段" in spec.fields["road_name"].aliases
