"""An office's services, bulletin and layers: files beside its data, told where they are unknown."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import geo_citymgmt as gcm
from geo_citymgmt.city import _office
from geo_citymgmt.city._office import packaged_office
from geo_citymgmt.findings import Findings
from geo_citymgmt.indicators import load_figures
from geo_citymgmt.report import services, summary
from geo_citymgmt.report.bulletin import bulletin
from geo_citymgmt.report.bulletin._model import Table
from geo_citymgmt.spec import read_toml
from tests.conftest import DATA, thinned


@pytest.fixture(scope="module")
def folder(city, tmp_path_factory) -> Path:
    """A small office: its districts and some of its bikes, found by their names."""
    out = tmp_path_factory.mktemp("office")
    for path in DATA.glob("districts.*"):
        shutil.copy(path, out / path.name)
    gcm.write_layer(thinned(city.layer("bike_stations")), out / "bike_stations.gpkg")
    (out / "city.toml").write_text('data_date = 2022-06-30\nprofile = "suzhou_2022"\n')
    return out


@pytest.fixture
def office(folder, tmp_path):
    """Load the office with files of its own."""

    def load(**files: str) -> gcm.City:
        here = tmp_path / "office"
        shutil.copytree(folder, here)
        for name, text in files.items():
            (here / f"{name}.toml").write_text(text, encoding="utf-8")
        return gcm.load_city(here)

    return load


def _told(city: gcm.City) -> dict[str, str]:
    rows = city.findings[city.findings["code"] == "SETTING_UNUSED"]
    return {str(row.value): str(row.message_en) for row in rows.itertuples()}


def test_what_a_file_says_holds_and_the_rest_is_the_packages(office):
    city = office(services="[coverage.bike_stations]\nradius_m = 200\n")
    (bikes,) = (s for s in services(city) if s.layer == "bike_stations")
    assert (bikes.radius_m, bikes.states, bikes.gap_per_km2) == (200.0, ("operating",), 5000.0)
    assert not _told(city)
    assert any(path.name == "services.toml" for path in city.inputs)


@pytest.mark.parametrize(
    ("text", "place", "cause"),
    [
        ("[covrage.bike_stations]\nradius_m = 1", "services.toml:1 [covrage]", "'coverage'"),
        ("[coverage.lamps]\nradius_m = 1", "services.toml:1 [coverage.lamps]", "no layer 'lamps'"),
        ("[coverage.roads]\nstates = []", "services.toml:1 [coverage.roads]", "lacks radius_m"),
        ("\n[coverage.bike_stations]\nradius = 1",
         "services.toml:3 [coverage.bike_stations.radius]", "'radius_m'"),
        ('[coverage.bike_stations]\nradius_m = "far"',
         "services.toml:2 [coverage.bike_stations.radius_m]", "must be a number"),
        ('[coverage.bike_stations]\nstates = ["opn"]',
         "services.toml:2 [coverage.bike_stations.states]", "no set of states"),
        ('[coverage.bike_stations]\nkinds.station_kind = ["dok"]',
         "services.toml:2 [coverage.bike_stations.kinds.station_kind]", "'dock"),
        ('[supply.bike_stations]\namount = "bikes"',
         "services.toml:2 [supply.bike_stations.amount]", "no field"),
        ('[campaign.bike_stations]\ndeadline_of = "bike_bay_added"',
         "services.toml:2 [campaign.bike_stations.deadline_of]", "'bike_bays_added'"),
    ],
)  # fmt: skip
def test_an_unknown_entry_of_services_is_told_with_its_line(office, text, place, cause):
    city = office(services=text)
    assert cause in _told(city)[place]
    if "campaign" not in text:
        assert city.office["services"].table == packaged_office()["services"].table


@pytest.mark.parametrize(
    ("text", "place", "cause"),
    [
        ('[text]\ntitel = ["a", "b"]', "bulletin.toml:2 [text.titel]", "'title'"),
        ('[text]\ntitle = ["{citi}", "b"]', "bulletin.toml:2 [text.title]", "{citi}"),
        ('[text]\ntitle = ["{city", "b"]', "bulletin.toml:2 [text.title]", "braces"),
        ('[text]\ntitle = "通报"', "bulletin.toml:2 [text.title]", "English"),
        ('[group]\nurbn = ["城区", "b"]', "bulletin.toml:2 [group.urbn]", "'urban'"),
        ('[phrase]\nbike_bays_added = ["{n}", "{n}"]',
         "bulletin.toml:2 [phrase.bike_bays_added]", "{n}"),
        ('[section.bikes]\nflows.add = ["bike_bay_added"]',
         "bulletin.toml:2 [section.bikes.flows]", "'bike_bays_added'"),
        ('[layout]\nparts = ["overviw"]', "bulletin.toml:2 [layout.parts]", "'overview'"),
    ],
)  # fmt: skip
def test_an_unknown_entry_of_the_bulletin_is_told_and_the_packages_holds(
    office, text, place, cause
):
    city = office(bulletin=text)
    assert cause in _told(city)[place]
    made = bulletin(summary(city))
    assert made.title == "苏州市城市管理工作情况通报"


def test_a_file_that_is_no_toml_ends_nothing(office):
    city = office(services="[coverage.bike_stations]\nradius_m == 3")
    assert "services.toml" in _told(city)
    assert "bike_stations" in city


def test_sections_sentences_groups_order_and_tables_are_the_offices(office):
    city = office(
        bulletin="""
[text]
title = ["{city}月报", "Month in {city}"]
[group]
urban = ["主城区", "Core"]
[name]
wheels = ["慢行", "Wheels"]
[section.wheels]
flows = ["bike_bays_added"]
[section.bikes]
table = false
stocks.add = ["bike_public_fleet"]
[layout]
sections = ["wheels"]
parts = ["tables", "overview"]
"""
    )
    assert not _told(city)
    results = summary(city)
    made = bulletin(results)
    assert made.title == "苏州市月报"
    assert [part.text for part in made.parts if hasattr(part, "annex")] == [
        "一、分板块情况表",
        "二、总体情况",
    ]
    (table,) = (part for part in made.parts if isinstance(part, Table))
    assert "慢行分板块情况" in table.title
    assert "主城区小计" in [row[0] for row in table.rows]
    assert results.words.name("group", "urban") == "主城区"
    lead = next(p.text for p in made.parts if getattr(p, "lead", "") == "公共自行车与共享单车")
    assert results.headline.loc["bike_public_fleet", "name_zh"] in lead


def test_a_profile_of_the_office_says_the_same_and_the_office_over_it(office, tmp_path):
    whose = tmp_path / "ours"
    whose.mkdir()
    (whose / "profile.toml").write_text('schema = 1\nname_zh = "某市"\nname_en = "Some City"\n')
    (whose / "services.toml").write_text(
        "[coverage.bike_stations]\nradius_m = 250\nkinds = false\nradius = 3\n"
    )
    city = office(services="[coverage.bike_stations]\ngap_per_km2 = 100\n")
    again = gcm.load_city(city.inputs[0].parent, profile=whose)
    (bikes,) = (s for s in services(again) if s.layer == "bike_stations")
    assert (bikes.radius_m, bikes.kinds, bikes.gap_per_km2) == (250.0, {}, 100.0)
    assert list(_told(again)) == ["services.toml:4 [coverage.bike_stations.radius]"]


def test_layer_files_beside_the_data_are_found_by_themselves(folder, tmp_path):
    here = tmp_path / "office"
    shutil.copytree(folder, here)
    (here / "layers").mkdir()
    (here / "layers" / "bikes.toml").write_text(
        'key = "bike_stations"\nzh = "骑行点"\n', encoding="utf-8"
    )
    city = gcm.load_city(here)
    assert city.specs["bike_stations"].name_zh == "骑行点"
    assert any(path.name == "bikes.toml" for path in city.inputs)
    assert gcm.load_city(folder).specs["bike_stations"].name_zh != "骑行点"


def test_the_packages_own_files_say_what_an_office_may_say():
    specs, figures, findings = gcm.load_specs(), load_figures(), Findings()
    places = read_toml(Path(_office.__file__).with_name("office.toml"))
    for name, path in _office._PACKAGED.items():
        table = read_toml(path)
        file = _office._File(path, table, table, specs, figures, findings)
        file.checked(table, _office._tree(places[name]), ())
    assert findings.frame()["message_en"].tolist() == []
