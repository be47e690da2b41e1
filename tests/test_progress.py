"""Figures against the document, by date, by zone; computed again by plain pandas."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest

import geo_citymgmt as gcm
from geo_citymgmt.figures import PROGRESS_COLUMNS
from geo_citymgmt.indicators import load_figures
from geo_citymgmt.profiles import load_profile
from tests.conftest import DATA

FIGURES = load_figures(profile=load_profile("suzhou_2022")).figures.values()
#: Rows of the document that the layers of an office answer; of the others it keeps no records.
#: Cases are told of January to May, and tested by themselves.
COMPUTED = {f.published for f in FIGURES if f.components and f.layer != "digital_cases"}
PUBLISHED = gcm.published_indicators().set_index("id")
OF_LAYERS = PUBLISHED[PUBLISHED.index.isin(COMPUTED)]
#: Of capacity the document states what there is, and what is to be built.
PLANNED = OF_LAYERS["kind"].eq("target") | OF_LAYERS["deadline"].notna()
ACTUAL, TARGET = OF_LAYERS[~PLANNED], OF_LAYERS[PLANNED]
#: Not to be reached by adding up what is planned: a share, and roads whose start has no day yet.
NOT_PLANNED = {
    "waste_recovery_rate_target", "waste_resource_use_rate_target",
    "kitchen_waste_separation_rate_target", "waste_export_zero_target",
    "overhead_roads_start_target_fy",
}  # fmt: skip
#: Targets to which the document gives no day: the office's targets.csv does.
UNDATED = {"landfill_zero_target", "waste_export_zero_target"}


@pytest.fixture(scope="module")
def june(june_by_street):
    return june_by_street


@pytest.fixture(scope="module")
def march(city):
    return gcm.progress(city, as_of="2022-03-31", level="city").set_index("published_id")


@pytest.fixture(scope="module")
def year_end(city):
    table = gcm.progress(city, as_of="2022-12-31", level="city", basis="plan")
    return table.set_index("published_id")


def whole(table: pd.DataFrame, published: str) -> pd.Series:
    rows = table[(table["published_id"] == published) & (table["level"] == "city")]
    assert len(rows) == 1, published
    return rows.iloc[0]


def test_the_table_has_the_columns_of_the_contract(june):
    assert list(june.columns) == list(PROGRESS_COLUMNS)


def test_the_65_figures_of_the_document_are_there():
    table = gcm.published_indicators()
    assert len(table) == 65
    assert table["id"].is_unique


@pytest.mark.parametrize("published", ACTUAL.index)
def test_each_actual_of_the_document_is_met_exactly(june, published):
    row = whole(june, published)
    assert row["value"] == pytest.approx(ACTUAL.loc[published, "value"], rel=1e-12)
    assert row["unit"] == ACTUAL.loc[published, "unit"]


@pytest.mark.parametrize("published", TARGET.index)
def test_each_target_of_the_document_stands_beside_its_figure(june, published):
    row = whole(june, published)
    assert row["target"] == TARGET.loc[published, "value"]
    deadline = TARGET.loc[published, "deadline"]
    assert row["deadline"] == (pd.Timestamp("2022-12-31") if published in UNDATED else deadline)


@pytest.mark.parametrize("published", sorted(set(TARGET.index) - NOT_PLANNED))
def test_the_plan_reaches_each_target_at_the_end_of_the_year(year_end, published):
    row = year_end.loc[published]
    value, target = row["value"], TARGET.loc[published, "value"]
    if published == "manholes_new_tech_share_target_fy":
        assert value >= target
    else:
        assert value == pytest.approx(target, rel=1e-12, abs=1e-9)
    assert row["basis"] == "plan"


# The first two roads were completed in June.
GROWING = sorted(set(ACTUAL.index) - {"supervision_lists", "overhead_roads_completed_h1"})


@pytest.mark.parametrize("published", GROWING)
def test_figures_were_smaller_at_the_end_of_march(march, june, published):
    assert 0 < march.loc[published, "value"] < whole(june, published)["value"]


def test_a_date_after_the_data_is_refused_without_a_plan(city):
    with pytest.raises(gcm.AsOfError, match=r"2022-06-30.*basis") as caught:
        gcm.progress(city, as_of="2022-07-01")
    assert "计划" in caught.value.message_zh


def test_pairs_that_do_not_divide_show_both_numbers_a_reason_and_no_attainment(june):
    for published in ("illegal_area_remediated_h1", "parking_spaces_added_h1"):
        row = whole(june, published)
        assert row["status"] == "not_comparable"
        assert pd.notna(row["value"])
        assert pd.notna(row["target"])
        assert pd.isna(row["attainment"])
        assert pd.isna(row["expected"])
        assert row["comparability"] in ("measure_differs", "scope_differs")
        assert row["note_zh"]
        assert row["note_en"]


def test_shares_carry_numerator_and_denominator(june):
    row = whole(june, "manholes_new_tech_share_target_fy")
    assert row["value"] == row["numerator"] / row["denominator"]
    assert row["denominator"] == whole(june, "manholes_remediation_target_fy")["value"]


ADDITIVE = [
    "illegal_remediated_area", "illegal_safety_demolished_area", "illegal_demolished_area",
    "illegal_safety_remaining_area", "illegal_workorders_supervised", "illegal_key_projects",
    "tunnel_operating_length", "tunnel_construction_length", "tunnel_risk_items",
    "manhole_remediated", "parking_spaces_added", "parking_public_spaces_added",
    "parking_shared_spaces_added", "parking_dynamic_spaces", "bike_bays_added",
    "bike_public_renewed",
]  # fmt: skip


@pytest.mark.parametrize("indicator", ADDITIVE)
def test_districts_streets_outside_and_unlocated_make_the_city(june, city, indicator):
    rows = june[june["indicator"] == indicator]
    total = rows.loc[rows["level"] == "city", "value"].iloc[0]
    districts = rows[rows["level"] == "district"]
    streets = rows[rows["level"] == "street"]
    assert districts["value"].sum() == pytest.approx(total, rel=1e-9)
    assert streets["value"].sum() == pytest.approx(total, rel=1e-9)
    parent = streets["zone_code"].map(city.zones_at("street")["parent_code"])
    by_district = streets.groupby(parent)["value"].sum()
    for code, value in districts.set_index("zone_code")["value"].items():
        assert by_district[code] == pytest.approx(value, rel=1e-9, abs=1e-9), code


def test_a_tunnel_across_a_district_line_is_shared_by_length(june, city):
    tunnels = city["utility_tunnels"]
    operating = tunnels["status"] == "operating"
    rows = june[(june["indicator"] == "tunnel_operating_length") & (june["level"] == "district")]
    plain = gpd.overlay(
        tunnels.loc[operating, ["tunnel_id", "length_km", "geometry"]].assign(
            whole=lambda t: t.length
        ),
        city.zones.reset_index()[["district_code", "geometry"]],
        how="intersection",
        keep_geom_type=True,
    )
    plain["km"] = plain["length_km"] * plain.length / plain["whole"]
    assert plain["tunnel_id"].duplicated().any()
    by_overlay = plain.groupby("district_code")["km"].sum()
    for code, value in rows.set_index("zone_code")["value"].items():
        assert value == pytest.approx(by_overlay.get(code, 0.0), abs=1e-6)


def test_flows_equal_what_plain_pandas_adds_up_from_the_files():
    """The same figures from the .dbf and events.csv without any code of the package."""
    lots = gpd.read_file(DATA / "parking_points.shp")
    events = pd.read_csv(DATA / "events.csv", parse_dates=["date"])
    mine = events[(events["layer"] == "parking_points")]
    half = mine["date"].between("2022-01-01", "2022-06-30")
    shared = mine[mine["event"] == "share"]
    total = lots.set_index("LOT_ID")["SP_SHARED"].fillna(0)
    rest = total.sub(shared.groupby("key")["amount"].sum(), fill_value=0)
    since = pd.to_datetime(lots.set_index("LOT_ID")["SHARE_DATE"])
    started = since.between("2022-01-01", "2022-06-30") & (
        lots.set_index("LOT_ID")["STATUS"] != "规划"
    )
    value = shared.loc[half, "amount"].sum() + rest[started.reindex(rest.index)].sum()
    assert value == 4490


def test_the_series_is_the_progress_of_each_date(city):
    series = gcm.progress_series(city, start="2022-01-31", end="2022-06-30", level="city")
    assert series["as_of"].nunique() == 6
    last = series[series["as_of"] == "2022-06-30"].reset_index(drop=True)
    pd.testing.assert_frame_equal(last, gcm.progress(city, as_of="2022-06-30", level="city"))
    remediated = series[series["indicator"] == "illegal_remediated_area"]["value"]
    assert remediated.is_monotonic_increasing


def test_own_targets_take_the_place_of_the_citys(city):
    own = pd.DataFrame(
        {"indicator": ["manhole_remediated"], "zone_code": ["320583"], "target": [100.0]}
    )
    table = gcm.progress(city, as_of="2022-06-30", targets=own)
    rows = table[table["indicator"] == "manhole_remediated"].set_index("zone_code")
    assert rows.loc["320583", "target"] == 100
    assert rows.loc["320508", "status"] == "no_target"


def test_district_targets_add_up_to_the_citys(june):
    rows = june[june["target"].notna() & june["row_kind"].isin(["zone", "total"])]
    for indicator in ("illegal_demolished_area", "manhole_remediated", "bike_shared_deployed"):
        mine = rows[rows["indicator"] == indicator]
        city = mine.loc[mine["level"] == "city", "target"].iloc[0]
        districts = mine.loc[mine["level"] == "district", "target"].sum()
        if indicator != "bike_shared_deployed":
            assert districts == city


def test_a_remaining_stock_is_measured_on_what_there_was(june):
    row = whole(june, "illegal_safety_remaining_target_oct")
    assert row["target"] == 0
    assert 0 < row["attainment"] < 1
    assert row["expected"] > 0
    assert row["status"] in ("ahead", "on_track", "behind")


def test_an_unknown_level_or_basis_is_named(city):
    with pytest.raises(gcm.CityDataError, match="level"):
        gcm.progress(city, as_of="2022-06-30", level="province")
    with pytest.raises(gcm.CityDataError, match="basis"):
        gcm.progress(city, as_of="2022-06-30", basis="hope")


def test_a_share_lies_between_nothing_and_all_and_why_there_is_none_is_said(city):
    shares = [f.id for f in city.figures.figures.values() if f.unit == "ratio"]
    table = gcm.progress(city, as_of="2022-06-30", level="street", indicators=shares)
    known = table["value"].dropna()
    assert len(known) > 500
    assert known.between(0, 1 + 1e-9).all()
    # A parcel demolished years ago was rebuilt this year: more was taken back than was done.
    row = table[table["indicator"].eq("illegal_demolished_share")].set_index("zone_code")
    assert pd.isna(row.loc["320581006", "value"])
    assert "小于零" in row.loc["320581006", "note_zh"]
    assert "taken back" in row.loc["320581006", "note_en"]
