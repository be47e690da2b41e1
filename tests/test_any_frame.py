"""Every public function answers rightly or refuses by name, whatever the frame."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import geo_citymgmt as gcm
from tests import awkward
from tests.awkward import ARGUMENTS, FEATURES, NOT_NUMBERS, OF_FEATURES, OF_ZONES, ZONES
from tests.conftest import CRS, X0, Y0

# In one process: the page is made of the outcomes that the tests before it saw.
pytestmark = pytest.mark.xdist_group("any frame")

#: What they refuse is named by the source: the frame, or the file that it becomes.
FROM_SOURCES = {"read_layer", "write_layer"}


@pytest.fixture(scope="module", autouse=True)
def drawn():
    """Draw once, so that no call is charged with the import of what draws."""
    gcm.coverage_map(awkward.points(), awkward.zones(), radius_m=100)
    awkward.OF_FEATURES["plot_layer"][0](awkward.points())


def test_every_public_function_that_takes_a_frame_is_asked():
    assert len(FEATURES) >= 25
    # The first takes a folder, the other a city; their frames are asked in tests of their own.
    others = {"load_city", "call_in"}
    assert awkward.public_functions_of_frames() - others <= {*OF_FEATURES, *OF_ZONES}


@pytest.mark.parametrize("name", FEATURES)
def test_features_are_answered_or_refused_by_name(name):
    _held(awkward.of_features(name))


@pytest.mark.parametrize("name", ZONES)
def test_zones_are_answered_or_refused_by_name(name):
    _held(awkward.of_zones(name))


@pytest.mark.parametrize("name", ARGUMENTS)
def test_arguments_that_are_no_numbers_are_answered_or_refused_by_name(name):
    function, _, argument = name.partition(" ")
    for given in NOT_NUMBERS.values():
        outcome = next(awkward.outcomes({function: [ARGUMENTS[name]]}, lambda given=given: given))
        _held([outcome])
        if outcome.refusal is not None and given is not None and function not in FROM_SOURCES:
            assert argument in outcome.refusal.message, outcome.refusal.message


def _held(outcomes):
    for outcome in outcomes:
        if outcome.foreign is not None:
            raise AssertionError(f"{outcome.function}: a foreign exception") from outcome.foreign
        assert outcome.seconds < 1, outcome.function
        if outcome.refusal is not None:
            named = outcome.refusal.message.startswith(outcome.function)
            assert named or outcome.function in FROM_SOURCES, outcome.refusal
            assert any("一" <= sign <= "鿿" for sign in outcome.refusal.message_zh)


def test_the_page_of_the_documentation_is_what_happens():
    text = awkward.page()
    assert awkward.PAGE.read_text(encoding="utf-8") == text, "run python -m tests.awkward"


CODES = {
    "a mere count": pd.RangeIndex(3),
    "whole numbers": pd.Index([320505, 320506, 320507], name="code"),
    "text": pd.Index(["C", "A", "B"], name="zone_code"),
    "categories": pd.CategoricalIndex(["C", "A", "B"], name="zone"),
    "floats": pd.Index([3.5, 1.5, 2.5]),
    "days": pd.date_range("2022-01-01", periods=3, name="day"),
}


@pytest.mark.parametrize("kind", CODES)
def test_results_joined_back_to_zones_equal_plain_geopandas(kind):
    rng = np.random.default_rng(1)
    boxes = [shapely.box(X0 + k * 700, Y0, X0 + k * 700 + 700, Y0 + 700) for k in (2, 0, 1)]
    zones = gpd.GeoDataFrame({"name": list("xyz")}, geometry=boxes, index=CODES[kind], crs=CRS)
    x, y = rng.uniform(-50, 2200, (2, 300))
    features = gpd.GeoDataFrame(
        {"v": rng.integers(1, 9, 300)}, geometry=gpd.points_from_xy(X0 + x, Y0 + y), crs=CRS
    )
    column = zones.index.name or "index_right"
    joined = features.sjoin(zones, predicate="within")
    plain = joined.groupby(column, observed=False)["v"].sum().reindex(zones.index).fillna(0)
    table = gcm.summarise(features, zones, v=("v", "sum"), n=(None, "count"))
    assert zones.join(table)["v"].tolist() == plain.tolist()
    assert zones.assign(n=table.n)["n"].tolist() == [
        (joined[column] == code).sum() for code in zones.index
    ]
    assert table.index.dtype == zones.index.dtype
    owner = gcm.assign_zones(features, zones)
    names = owner.map(zones.name)
    assert names[joined.index].tolist() == joined["name"].tolist()
    assert names.drop(joined.index).isna().all()
    reached = gcm.coverage(features, zones, radius_m=50)
    assert zones.join(reached)["area_m2"].tolist() == pytest.approx(zones.area.tolist())
    with_margins = gcm.summarise(features, zones, margins=True)
    assert zones.join(with_margins)["count"].tolist() == table["n"].tolist()


def test_parents_of_another_type_are_refused_and_not_taken_for_outside():
    districts = gpd.GeoDataFrame(
        geometry=[awkward.zones().union_all()],
        index=pd.Index([320505], name="code"),
        crs=CRS,
    )
    streets = awkward.zones().assign(parent_code="320505")
    with pytest.raises(gcm.CityDataError, match=r"parent_code.*astype"):
        gcm.summarise_levels(awkward.points(), {"district": districts, "street": streets})
    right = gcm.summarise_levels(
        awkward.points(),
        {"district": districts, "street": streets.astype({"parent_code": "int64"})},
    )
    assert right.loc[("street", "A"), "count"] + right.loc[("street", "B"), "count"] == 20


def test_each_share_of_the_total_refers_to_the_zones_alone():
    beyond = awkward.points().assign(v=1)
    moved = beyond.set_geometry(beyond.translate(5000, 0))
    demand = gpd.GeoDataFrame(pd.concat([beyond, moved], ignore_index=True), crs=CRS)
    table = gcm.coverage(
        beyond, awkward.zones(), radius_m=1, demand=demand, weight="v", margins=True
    )
    assert table.loc["outside", "demand"] == 20
    assert table.loc["total", "demand"] == 40
    assert table.loc["total", "demand_coverage"] == 1
    assert table.loc["total", "coverage"] == pytest.approx(
        table.loc[["A", "B"], "covered_m2"].sum() / 2e6
    )
