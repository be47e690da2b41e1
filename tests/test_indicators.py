"""Figures as a table file: the package's own, an office's over them, mistakes, documentation."""

from __future__ import annotations

import re
import runpy
import shutil
import tomllib

import pytest
from click.testing import CliRunner

import geo_citymgmt as gcm
from geo_citymgmt.cli import main
from geo_citymgmt.indicators import check_figures, load_figures
from geo_citymgmt.spec._reader import FORMS
from tests.conftest import DATA, ROOT

#: What schema 4.2 and rows 1 to 24 of its capabilities ask of the five layers.
ASKED = {
    "demolition target": "illegal_demolished_area",
    "remediation beside it": "illegal_remediated_area",
    "safety open area": "illegal_safety_remaining_area",
    "safety open count": "illegal_safety_remaining_count",
    "new builds": "illegal_new_found_count", "closed within N days": "illegal_new_closed_share",
    "key projects": "illegal_key_projects", "three lists": "illegal_supervision_lists",
    "list of key tasks": "illegal_key_task_open_area",
    "listed supervision": "illegal_supervised_overdue_count",
    "recurrence": "illegal_relapse_share", "permits": "illegal_permitted_count",
    "reuse": "illegal_reuse_share", "idle land": "illegal_idle_land_area",
    "found by drone": "illegal_uav_found_share", "disposal": "illegal_demolished_share",
    "work orders": "illegal_workorders_supervised", "interim": "illegal_interim_share",
    "tunnel share": "tunnel_operating_share", "tunnel risks": "tunnel_risk_items",
    "occupancy": "tunnel_occupancy", "risks per km": "tunnel_risk_items_per_km",
    "manholes": "manhole_remediated", "new technology": "manhole_new_tech_share",
    "anti-fall over requiring": "manhole_anti_fall_required_share",
    "anti-fall gap": "manhole_anti_fall_gap_count",
    "public spaces opened": "parking_public_spaces_added",
    "reductions apart": "parking_spaces_suspended", "sharing": "parking_shared_spaces_added",
    "dynamic share": "parking_dynamic_share", "key areas": "parking_key_area_spaces_added",
    "under bridges": "parking_under_bridge_spaces", "bays opened": "bike_bays_added",
    "bays removed": "bike_bays_removed", "public bikes": "bike_public_fleet",
    "shared bikes": "bike_shared_fleet", "capacity against fleet": "bike_bay_fill",
}  # fmt: skip
OWN = """
[thresholds]
on_track = 0.5
[reasons.trial]
zh = "试行"
en = "on trial"
[figures.attached_spaces]
zh = "配建泊位"
en = "Attached spaces"
layer = "parking_points"
unit = "count"
stock = "spaces_total"
state = ["open"]
where = { lot_kind = "attached" }
reasons = ["trial"]
[figures.parking_shared_spaces_added]
zh = "共享泊位（本单位）"
en = "Shared spaces, our way"
layer = "parking_points"
unit = "count"
flow = "shared_spaces"
period = "quarter"
"""
MISTAKES = {
    "an unknown entry": (
        "flaw = 'x'",
        r"figures\.toml \[figures\.own\.flaw\]: unknown entry 'flaw'",
    ),
    "no kind": ("", r"needs one of flow, entered"),
    "two kinds": ("flow = 'spaces'\nstock = 'count'", "exactly one of"),
    "an unknown layer": ("stock = 'count'\nlayer = 'benches'", "no layer 'benches'"),
    "an unknown amount": ("flow = 'seats'", "no amount 'seats'; it has spaces"),
    "an unknown field": ("stock = 'seats'", "no field 'seats'"),
    "an unknown state": ("stock = 'count'\nstate = ['shut']", "no states 'shut'"),
    "an unknown code": ("stock = 'count'\nwhere = { lot_kind = 'roof' }", "no code 'roof'"),
    "a text for a list": (
        "stock = 'count'\nstate = 'open'",
        "'state' has an unfit value 'open'; it must be a list of texts",
    ),
    "no number": ("stock = 'name'", "no number field"),
    "no date": ("stock = 'count'\npast = 'name'", "no date field"),
    "no yes or no": ("stock = 'count'\nwhere = { dynamic_connected = '是' }", "true or false"),
    "half a share": ("numerator = { stock = 'count' }", "needs 'denominator'"),
    "entered without state": ("entered = 'count'", "entered needs state"),
    "reaches without days": ("flow = 'spaces'\nreaches = 'open'", "within_days"),
    "days that are none": ("flow = 'spaces'\nwithin_days = 'ten'", "whole number"),
    "an unknown period": ("flow = 'spaces'\nperiod = 'week'", "'period' is 'week', must be one of"),
    "an unknown reason": ("flow = 'spaces'\nreasons = ['why']", "unknown reason 'why'"),
    "a wrong threshold": (
        "flow = 'spaces'\nahead = 'far'",
        "'ahead' has an unfit value 'far'; it must be a number",
    ),
    "a flag that is none": (
        "flow = 'spaces'\nlevel = 1",
        "'level' has an unfit value 1; it must be true or false",
    ),
    "same as nothing": ("flow = 'spaces'\nsame_as = 'other'", "no figure 'other'"),
}


@pytest.fixture
def folder(tmp_path):
    for name in ("parking_points", "districts"):
        for path in DATA.glob(f"{name}.*"):
            shutil.copy(path, tmp_path)
    return tmp_path


def own_file(tmp_path, text):
    path = tmp_path / "figures.toml"
    path.write_text(text, "utf-8")
    return path


@pytest.mark.parametrize("what", ASKED)
def test_what_the_schema_asks_for_is_a_figure(what):
    assert ASKED[what] in load_figures().figures


def test_the_packages_figures_fit_the_packages_layers():
    check_figures(load_figures(), gcm.load_specs())


def test_an_offices_figures_go_all_the_way_to_the_report(folder, tmp_path):
    own_file(folder, OWN)
    city = gcm.load_city(folder)
    table = gcm.progress(city, as_of=None, indicators="attached_spaces")
    lots = city["parking_points"]
    attached = lots[(lots["lot_kind"] == "attached") & (lots["status"] == "open")]
    row = gcm.figure(table, "attached_spaces")
    assert row["value"] == attached["spaces_total"].sum()
    assert (row["comparability"], row["note_zh"]) == ("trial", "试行")
    by_district = table[(table["indicator"] == "attached_spaces") & (table["row_kind"] == "zone")]
    expected = attached.groupby("district_code")["spaces_total"].sum()
    assert by_district.set_index("zone_code")["value"].to_dict() == expected.to_dict()
    out = tmp_path / "report"
    ran = CliRunner().invoke(main, ["report", str(folder), "-o", str(out)])
    assert ran.exit_code in (0, 3), ran.output
    assert "配建泊位" in (out / "index.html").read_text("utf-8")
    assert "figures.toml" in (out / "manifest.json").read_text("utf-8")
    drawn = tmp_path / "map.html"
    ran = CliRunner().invoke(main, ["map", str(folder), "attached_spaces", "-o", str(drawn)])
    assert ran.exit_code in (0, 3), ran.output
    assert drawn.stat().st_size > 0


def test_an_offices_figure_replaces_the_packages_and_city_toml_names_the_file(folder):
    own_file(folder, OWN).rename(folder / "口径.toml")
    (folder / "city.toml").write_text('figures = "口径.toml"\ndata_date = 2022-06-30\n', "utf-8")
    city = gcm.load_city(folder)
    assert city.figures.on_track == 0.5
    assert city.figures.ahead == load_figures().ahead
    row = gcm.figure(
        gcm.progress(city, as_of=None, indicators="parking_shared_spaces_added"),
        "parking_shared_spaces_added",
    )
    assert row["name_zh"] == "共享泊位（本单位）"
    assert f"{row['period_start']:%m-%d}" == "04-01"
    assert "bike_bays_added" in city.figures.figures


@pytest.mark.parametrize("what", MISTAKES)
def test_a_mistake_is_named_by_file_figure_and_cause(folder, what):
    body, cause = MISTAKES[what]
    layer = "" if "layer =" in body else "layer = 'parking_points'\n"
    own_file(folder, f"[figures.own]\nzh = '我'\nen = 'Own'\nunit = 'count'\n{layer}{body}\n")
    with pytest.raises(gcm.SpecError, match=cause) as caught:
        gcm.load_city(folder)
    assert "figures.toml [figures.own" in str(caught.value)
    assert "figures.toml [figures.own" in caught.value.message_zh


def test_a_threshold_of_one_figure_wins_over_those_of_all(city, tmp_path):
    names = ["parking_public_spaces_added"]
    plain = gcm.progress(city, as_of="2022-06-30", level="city", indicators=names)
    assert gcm.figure(plain, names[0])["status"] == "behind"
    body = tomllib.loads((ROOT / "geo_citymgmt/indicators/figures.toml").read_text("utf-8"))
    lines = [f'{k} = "{v}"' for k, v in body["figures"][names[0]].items()]
    path = own_file(tmp_path, "\n".join([f"[figures.{names[0]}]", *lines, "on_track = 0.8"]))
    loose = gcm.load_city(DATA, layers=["parking_points"], figures=path)
    table = gcm.progress(loose, as_of="2022-06-30", level="city", indicators=names)
    row = gcm.figure(table, names[0])
    assert 0.8 <= row["value"] / row["expected"] < 0.95
    assert row["status"] == "on_track"


def test_the_example_of_the_documentation_is_computed_as_it_says(tmp_path):
    page = (ROOT / "docs" / "figures.md").read_text("utf-8")
    example = re.search(r"```toml\n(.*?)```", page, re.DOTALL).group(1)
    path = own_file(tmp_path, example)
    layers = ["parking_points", "illegal_construction"]
    city = gcm.load_city(DATA, layers=layers, figures=path)
    june = gcm.progress(city, as_of="2022-06-30", level="city")
    lots = city["parking_points"]
    lots = lots[lots["status"] == "open"]
    share = lots["spaces_charging"].sum() / lots["spaces_total"].sum()
    assert gcm.figure(june, "parking_charging_share")["value"] == pytest.approx(share, rel=1e-12)
    parcels = city["illegal_construction"]
    roof = parcels[(parcels["build_form"] == "rooftop") & parcels["completed_date"].notna()]
    done = roof["completed_date"].dt.year.eq(2022)
    settled = gcm.figure(june, "illegal_rooftop_settled")["value"]
    # Parcels that relapsed and were dealt with again may count twice.
    assert done.sum() <= settled <= done.sum() + 40
    assert city.figures.thresholds(city.figures.figures["illegal_rooftop_settled"]) == (1.1, 0.9)


def test_every_entry_of_a_table_file_is_in_the_documentation():
    page = (ROOT / "docs" / "figures.md").read_text("utf-8")
    figure, component = FORMS["figure"], FORMS["component"]
    for entry in (*figure["needs"], *figure["may"], *component["may"]):
        assert f"`{entry}`" in page, entry


def test_the_definitions_in_methods_are_those_of_the_table_file():
    script = runpy.run_path(str(ROOT / "scripts" / "figure_docs.py"))
    page = (ROOT / "docs" / "methods.md").read_text("utf-8")
    assert script["page"](page) == page, "run python scripts/figure_docs.py"


def test_the_rows_of_the_document_stand_in_the_documentation_as_they_are():
    script = runpy.run_path(str(ROOT / "scripts" / "document_docs.py"))
    page = (ROOT / "docs" / "document.md").read_text("utf-8")
    assert script["page"](page) == page, "run python scripts/document_docs.py"
    rows = script["rows"]()
    assert len(rows) == 65
    # What is neither says why.
    assert rows.loc[rows["standing"] == "neither", "why"].ne("").all()


def test_a_flow_below_zero_says_what_was_taken_back(june_by_street):
    """Streets where more was rebuilt this year than demolished, and no other row."""
    rows = june_by_street[june_by_street["indicator"].eq("illegal_demolished_area")]
    below = rows["value"].lt(0)
    assert below.any()
    assert rows["note_zh"].str.contains("扣除反弹后的净数").tolist() == below.tolist()
    assert rows["note_en"].str.contains("net of what was taken back").tolist() == below.tolist()
