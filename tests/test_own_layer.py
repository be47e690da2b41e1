"""A layer of an office's own goes the whole way by the files of docs/own-layer, without Python."""

from __future__ import annotations

import shutil
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

import geo_citymgmt as gcm
from geo_citymgmt.cases._campaigns import hot_cells
from geo_citymgmt.report import summary
from geo_citymgmt.report.bulletin import bulletin

FILES = Path(__file__).parents[1] / "docs" / "own-layer"


def hydrants(city: gcm.City) -> gpd.GeoDataFrame:
    """Make hydrants as an office lists them: Chinese headings and words, along the roads."""
    rng = np.random.default_rng(4)
    roads = city["roads"].geometry
    along = roads.sample(3000, replace=True, weights=roads.length, random_state=5)
    places = along.interpolate(rng.random(len(along)), normalized=True)
    n = len(places)
    state = rng.choice(["完好", "故障待修", "维修中", "已修复"], n, p=[0.88, 0.04, 0.02, 0.06])
    # A main has burst: around the first of them most are out of order.
    near = places.distance(places.iloc[0]).to_numpy() < 4000
    state[near] = rng.choice(["完好", "故障待修"], near.sum(), p=[0.3, 0.7])
    found = pd.Timestamp("2022-01-01") + pd.to_timedelta(rng.integers(0, 150, n), unit="D")
    broken = state != "完好"
    day = pd.Series(found).dt.strftime("%Y-%m-%d")
    later = pd.Series(found + pd.Timedelta(days=30)).dt.strftime("%Y-%m-%d")
    return gpd.GeoDataFrame(
        {
            "消防栓编号": [f"XF{k:05d}" for k in range(n)],
            "消防栓类型": rng.choice(["地上", "地下"], n),
            "消防栓状态": state,
            "故障发现时间": day.where(broken, None),
            "修复期限": later.where(broken, None),
            "修复时间": later.where(state == "已修复", None),
        },
        geometry=places.to_numpy(),
        crs=roads.crs,
    )


@pytest.fixture(scope="module")
def office(data_folder, tmp_path_factory) -> Path:
    """The folder of an office: its zones and people, its hydrants, and the files of the docs."""
    out = tmp_path_factory.mktemp("office")
    for path in data_folder.iterdir():
        if path.stem in ("districts", "streets", "population_cells"):
            shutil.copy(path, out / path.name)
    hydrants(gcm.load_city(data_folder, layers=["roads"])).to_file(out / "消防栓.geojson")
    shutil.copytree(FILES, out, dirs_exist_ok=True)
    (out / "city.toml").write_text(
        'data_date = 2022-06-30\nname_zh = "某市"\nname_en = "Some City"\n', encoding="utf-8"
    )
    return out


@pytest.fixture(scope="module")
def city(office) -> gcm.City:
    return gcm.load_city(office)


@pytest.fixture(scope="module")
def results(city):
    return summary(city)


@pytest.fixture(scope="module")
def report(city, results, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("report")
    with pytest.MonkeyPatch.context() as patch:
        # What it says is worked out already.
        patch.setattr("geo_citymgmt.report._folder.summary", lambda *_, **__: results)
        gcm.write_report(city, out / "report", bulletin=True)
    return out / "report"


def test_the_files_are_understood_as_they_are(city):
    assert len(city["hydrants"]) == 3000
    assert not city.findings["code"].isin(["SETTING_UNUSED", "FIELD_UNKNOWN"]).any()


def test_figures_and_cases_are_those_of_a_count_by_hand(office, city):
    given = gpd.read_file(office / "消防栓.geojson")
    state = given["消防栓状态"]
    june = gcm.progress(city, level="city").set_index("indicator")["value"]
    assert june["hydrant_open_count"] == state.isin(["故障待修", "维修中"]).sum()
    assert june["hydrant_repaired"] == state.eq("已修复").sum()
    assert june["hydrant_usable_share"] == pytest.approx(state.isin(["完好", "已修复"]).mean())
    flow = gcm.stock_flow(city, start="2022-01-01", layer="hydrants", level="city").iloc[0]
    assert flow["closing"] == june["hydrant_open_count"]
    assert flow["found"] == state.ne("完好").sum()
    ages = gcm.ageing(city, layer="hydrants", level="city")
    assert ages["n"].sum() == june["hydrant_open_count"]
    late = gcm.open_cases(city, layer="hydrants")["overdue"].sum()
    due = pd.to_datetime(given["修复期限"])
    assert late == (state.isin(["故障待修", "维修中"]) & (due < "2022-06-30")).sum()


def test_coverage_and_hot_spots_are_of_those_in_order_and_of_those_broken(city, results):
    (reach,) = (r for r in results.services if r.service.layer == "hydrants")
    assert reach.n_counted == 3000 - results.headline.loc["hydrant_open_count", "value"]
    (campaign,) = results.campaigns
    hot = hot_cells(campaign.hot_spots)
    first = city["hydrants"].geometry.iloc[0]
    assert len(hot) and (hot.distance(first) < 6000).all()


def test_page_map_workbook_and_bulletin_show_it_and_no_other_system(report):
    page = (report / "index.html").read_text(encoding="utf-8")
    for part in ("campaign", "assessment", "coverage", "layers"):
        assert f'id="{part}"' in page
    assert "消防栓 150" in page and "消防栓维护考核" in page and "消防栓：存量" in page
    drawn = (report / "map.html").read_text(encoding="utf-8")
    assert "消防栓" in drawn and "hydrant_id" in drawn
    with pd.ExcelFile(report / "tables.xlsx", engine="calamine") as book:
        assert {"消防栓", "消防栓维护考核", "督查抽查名单"} <= set(book.sheet_names)
        overview = pd.read_excel(book, header=2)
        defined = pd.read_excel(book, sheet_name="指标说明", header=2)
    assert set(overview["领域"]) == {"消防栓"}
    assert set(defined["图层"]) == {"消防栓"}
    assert len(list(report.glob("bulletin.*"))) == 4


def test_the_bulletin_has_its_section_first_and_the_assessment(results):
    made = bulletin(results)
    titles = [table.title for table in made.tables]
    assert titles[0].startswith("表1  消防栓维护分")
    assert any("消防栓维护考核" in title for title in titles)


def test_the_assessment_is_the_offices(city):
    table = gcm.assess(city)
    assert set(table["indicator"]) - {""} == {"hydrant_open_count", "hydrant_repaired"}
    scores = table[table["component"] == "score"]
    assert scores["rank"].notna().all() and scores["rank_before"].notna().all()


def test_the_page_of_the_docs_shows_the_files_that_are_tried_here():
    text = (FILES.parent / "own-layer.md").read_text(encoding="utf-8")
    shown = [p.relative_to(FILES).as_posix() for p in FILES.rglob("*.toml")]
    assert len(shown) == 5
    assert all(f"own-layer/{name}" in text for name in shown)
