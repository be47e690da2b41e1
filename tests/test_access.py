"""Supply for whom, who can reach it, how even it is: by hand and beside access and inequality."""

from __future__ import annotations

import warnings

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

import geo_citymgmt as gcm
from tests.conftest import CRS, X0, Y0, points, squares
from tests.peers import peer


def places(n: int, column: str, seed: int, side: float = 2_000.0) -> gpd.GeoDataFrame:
    rng = np.random.default_rng(seed)
    xy = zip(rng.uniform(0, side, n), rng.uniform(0, side, n), strict=True)
    return points(*xy, **{column: rng.integers(1, 90, n).astype(float).tolist()})


def cost_table(demand: gpd.GeoDataFrame, supply: gpd.GeoDataFrame) -> pd.DataFrame:
    pairs = pd.MultiIndex.from_product([demand.index, supply.index], names=["origin", "dest"])
    far = [supply.distance(place).to_numpy() for place in demand.geometry]
    return pd.DataFrame({"cost": np.concatenate(far)}, index=pairs).reset_index()


def theirs(demand, supply, costs, reach, weight_fn=None) -> np.ndarray:
    fca = peer("access.fca")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        series = fca.two_stage_fca(
            pd.DataFrame({"people": demand["people"]}).rename_axis("geoid").reset_index(),
            pd.DataFrame({"spaces": supply["spaces"]}),
            costs,
            max_cost=reach,
            demand_name="people",
            supply_name="spaces",
            weight_fn=weight_fn,
        )
    # Who reaches nothing is absent there; it has none.
    return series.reindex(demand.index).fillna(0.0).to_numpy()


DECAYS = [
    (None, None),
    ("gaussian", lambda d: (np.exp(-0.5 * (d / 400) ** 2) - np.exp(-0.5)) / (1 - np.exp(-0.5))),
    ({100: 1.0, 250: 0.68, 400: 0.22}, "steps"),
    (lambda d: np.exp(-(d**2) / (2 * 150.0**2)), "sigma"),
]


@pytest.mark.parametrize(("decay", "function"), DECAYS)
def test_two_step_access_equals_that_of_access_on_the_same_table(decay, function):
    weights = peer("access.weights")
    if function == "steps":
        function = weights.step_fn(decay)
    elif function == "sigma":
        function = weights.gaussian(150.0)
    demand, supply = places(80, "people", 1), places(25, "spaces", 2)
    costs = cost_table(demand, supply)
    expected = theirs(demand, supply, costs, 400, function)
    columns = {"demand_weight": "people", "supply_weight": "spaces", "decay": decay}
    by_plane = gcm.two_step_access(demand, supply, radius_m=400, **columns)
    by_table = gcm.two_step_access(demand, supply, costs=costs, max_cost=400, **columns)
    assert (expected > 0).sum() > 60
    assert by_plane.to_numpy() == pytest.approx(expected, rel=1e-12)
    assert by_table.to_numpy() == pytest.approx(expected, rel=1e-12)


def test_two_step_access_equals_that_of_the_access_class():
    package = peer("access")
    demand, supply = places(40, "people", 5), places(12, "spaces", 6)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = package.Access(
            demand_df=demand[["people"]].rename_axis("home").reset_index(),
            demand_index="home", demand_value="people",
            supply_df=supply[["spaces"]].rename_axis("lot").reset_index(),
            supply_index="lot", supply_value=["spaces"],
            cost_df=cost_table(demand, supply), cost_origin="origin", cost_dest="dest",
            cost_name="cost",
        )  # fmt: skip
        expected = model.two_stage_fca(max_cost=600)["2sfca_spaces"]
    ours = gcm.two_step_access(
        demand, supply, radius_m=600, demand_weight="people", supply_weight="spaces"
    )
    assert ours.to_numpy() == pytest.approx(expected.fillna(0.0).to_numpy(), rel=1e-12)


def test_two_steps_by_hand():
    # Lot P: 60 for A (100) and B (50). Lot Q: 30 for B alone.
    homes = points((0, 0), (600, 0), people=[100.0, 50.0])
    lots = points((300, 0), (900, 0), spaces=[60.0, 30.0])
    access = gcm.two_step_access(
        homes, lots, radius_m=300, demand_weight="people", supply_weight="spaces"
    )
    assert access.tolist() == pytest.approx([0.4, 1.0])


def test_supply_nobody_can_reach_and_places_without_place_are_told():
    homes = points((0, 0), (5000, 0), people=[10.0, 10.0], index_=[1, 2]).drop(columns="index_")
    homes.loc[2] = [7.0, None]
    lots = points((10, 0), (0, 9000), spaces=[5.0, 8.0])
    access = gcm.two_step_access(
        homes, lots, radius_m=100, demand_weight="people", supply_weight="spaces"
    )
    assert access.iloc[:2].tolist() == [0.5, 0.0]
    assert np.isnan(access.iloc[2])
    assert access.attrs["unreached_supply"] == 8.0


def test_supply_among_empty_homes_is_unreached_not_infinite():
    homes = points((0, 0), people=[0.0])
    access = gcm.two_step_access(homes, points((1, 0)), radius_m=10, demand_weight="people")
    assert access.tolist() == [0.0]
    assert access.attrs["unreached_supply"] == 1.0


def test_cells_count_where_their_centroid_is():
    cell = gpd.GeoDataFrame(geometry=[shapely.box(X0, Y0, X0 + 100, Y0 + 100)], crs=CRS)
    lot = points((50, 60))
    assert gcm.two_step_access(cell, lot, radius_m=10).tolist() == [1.0]
    assert gcm.two_step_access(cell, lot, radius_m=9.9).tolist() == [0.0]


spot = st.tuples(st.integers(0, 900), st.integers(0, 900), st.integers(0, 50))
kinds = st.sampled_from([None, "gaussian", {150: 1.0, 300: 0.5}])


@given(
    st.lists(spot, min_size=1, max_size=15),
    st.lists(spot, min_size=1, max_size=10),
    kinds,
    st.randoms(use_true_random=False),
)
def test_access_gives_out_all_that_is_reached_in_any_order(homes, lots, decay, random):
    demand = points(*[(x, y) for x, y, _ in homes], people=[float(n) for *_, n in homes])
    supply = points(*[(x, y) for x, y, _ in lots], spaces=[float(n) for *_, n in lots])
    terms = {
        "radius_m": 300, "demand_weight": "people", "supply_weight": "spaces", "decay": decay,
    }  # fmt: skip
    access = gcm.two_step_access(demand, supply, **terms)
    given_out = (access * demand["people"]).sum()
    assert given_out + access.attrs["unreached_supply"] == pytest.approx(supply["spaces"].sum())
    far = np.hypot(
        *(np.subtract.outer(*[[spot[axis] for spot in spots] for spots in (homes, lots)])
          for axis in (0, 1))
    )  # fmt: skip
    costs = pd.DataFrame(
        {
            "origin": np.repeat(demand.index, len(lots)),
            "dest": np.tile(supply.index, len(homes)),
            "cost": far.ravel(),
        }
    )
    by_table = gcm.two_step_access(
        demand, supply, costs=costs, max_cost=300, **{k: terms[k] for k in terms if k != "radius_m"}
    )
    assert by_table.to_numpy() == pytest.approx(access.to_numpy(), abs=1e-9)
    seed = random.randrange(2**31)
    again = gcm.two_step_access(
        demand.sample(frac=1, random_state=seed), supply.sample(frac=1, random_state=seed), **terms
    )
    assert again.reindex(access.index).to_numpy() == pytest.approx(access.to_numpy())


@pytest.mark.parametrize(
    ("terms", "named"),
    [
        ({}, "radius_m"),
        ({"radius_m": -3}, "radius_m"),
        ({"radius_m": 3, "decay": "steep"}, "decay"),
        ({"radius_m": 3, "decay": {}}, "decay"),
        ({"radius_m": 3, "decay": lambda d: "a"}, "decay"),
        ({"radius_m": 3, "decay": lambda d: -np.ones_like(d)}, "decay"),
        ({"radius_m": 3, "demand_weight": "souls"}, "souls"),
        ({"costs": pd.DataFrame({"origin": [0], "dest": [0], "cost": [1.0]})}, "max_cost"),
        ({"costs": pd.DataFrame({"origin": [0], "dest": [0]}), "max_cost": 5}, "cost"),
        (
            {"costs": pd.DataFrame({"origin": [9], "dest": [0], "cost": [1.0]}), "max_cost": 5},
            "origin",
        ),
        (
            {
                "costs": pd.DataFrame({"origin": [0, 0], "dest": 0, "cost": [1.0, 2.0]}),
                "max_cost": 5,
            },
            "several",
        ),
    ],
)
def test_reach_that_makes_no_sense_is_refused_by_name(terms, named):
    with pytest.raises(gcm.CityDataError, match=named):
        gcm.two_step_access(points((0, 0)), points((0, 1)), **terms)


ZONES = squares((0, 0, 1000, 1000), (1000, 0, 3000, 1000)).assign(
    residents=[2000, 500], vehicles=pd.array([400, None], dtype="Int64")
)
LOTS = points((100, 100), (200, 100), (1500, 100), (9000, 0), spaces=[30, 20, 10, 5])


def test_spaces_per_thousand_residents_by_hand_with_margins():
    table = gcm.supply_ratio(
        LOTS, ZONES, amount="spaces", per="residents", scale=1000, margins=True
    )
    assert table["numerator"].tolist() == [50.0, 10.0, 5.0, 0.0, 65.0]
    assert table["denominator"].tolist()[:2] == [2000.0, 500.0]
    assert table.loc["total", "denominator"] == 2500.0
    # What lies outside is for nobody counted here: 60 / 2,500.
    assert table["ratio"].dropna().tolist() == pytest.approx([25.0, 20.0, 24.0])
    assert table["row_kind"].tolist() == ["zone", "zone", "outside", "unlocated", "total"]


def test_points_per_square_kilometre():
    table = gcm.supply_ratio(LOTS, ZONES)
    assert table["ratio"].tolist() == pytest.approx([2.0, 0.5])


def test_a_denominator_that_is_unknown_makes_no_ratio_there_nor_in_total():
    table = gcm.supply_ratio(LOTS, ZONES, amount="spaces", per="vehicles", margins=True)
    assert table["ratio"].iloc[0] == pytest.approx(0.125)
    assert table["ratio"].iloc[1:].isna().all()


def test_residents_of_cells_are_shared_by_area():
    cells = gpd.GeoDataFrame(
        {"population": [1000.0]}, geometry=[shapely.box(X0 + 750, Y0, X0 + 1750, Y0 + 10)], crs=CRS
    )
    table = gcm.supply_ratio(LOTS, ZONES, amount="spaces", per="population", demand=cells)
    assert table["denominator"].tolist() == pytest.approx([250.0, 750.0])
    assert table["ratio"].tolist() == pytest.approx([50 / 250, 10 / 750])


def test_the_sample_counts_all_spaces_and_all_residents(city):
    table = gcm.supply_ratio(
        city["parking_points"],
        city.zones,
        amount="spaces_total",
        per="population",
        scale=1000,
        demand=city["population_cells"],
        margins=True,
    )
    lots = city["parking_points"]["spaces_total"].sum()
    assert table.loc["total", "numerator"] == pytest.approx(float(lots))
    assert table.loc["total", "denominator"] == pytest.approx(12_748_262)


def test_a_column_that_is_not_there_is_refused():
    with pytest.raises(gcm.CityDataError, match="souls"):
        gcm.supply_ratio(LOTS, ZONES, per="souls")
    with pytest.raises(gcm.CityDataError, match="berths"):
        gcm.supply_ratio(LOTS, ZONES, amount="berths")


amounts = st.lists(st.integers(0, 1000), min_size=1, max_size=40).filter(any)


@given(amounts, st.randoms(use_true_random=False))
def test_gini_equals_that_of_inequality_in_any_order_and_unit(values, random):
    theirs = peer("inequality.gini").Gini(np.array(values, dtype=float)).g
    ours = gcm.gini(pd.Series(values))
    assert ours == pytest.approx(theirs, abs=1e-12)
    random.shuffle(values)
    assert gcm.gini(pd.Series(values) * 0.037) == pytest.approx(ours, abs=1e-12)


@given(st.lists(st.tuples(st.integers(0, 99), st.integers(1, 6)), min_size=1, max_size=12))
def test_residents_weigh_as_if_each_stood_alone(zones):
    amount = pd.Series([n * a for a, n in zones], dtype=float)
    people = pd.Series([n for _, n in zones])
    if not amount.any():
        return
    alone = pd.Series(np.repeat(amount / people, people).to_numpy())
    assert gcm.gini(amount, residents=people) == pytest.approx(gcm.gini(alone), abs=1e-12)


def test_the_lorenz_curve_bounds_the_area_of_gini():
    amount, people = pd.Series([5.0, 20.0, 0.0, 4.0]), pd.Series([10, 5, 3, 0])
    curve = gcm.lorenz(amount, residents=people)
    assert curve.iloc[0][["residents_share", "supply_share"]].tolist() == [0, 0]
    assert curve.iloc[-1][["residents_share", "supply_share"]].tolist() == pytest.approx([1, 1])
    assert curve["unit"].tolist()[1:] == [2, 0, 1, 3]
    slope = curve["supply_share"].diff() / curve["residents_share"].diff().replace(0, np.nan)
    assert slope.dropna().is_monotonic_increasing
    area = np.trapezoid(curve["supply_share"], curve["residents_share"])
    assert gcm.gini(amount, residents=people) == pytest.approx(1 - 2 * area)


@pytest.mark.parametrize(
    ("amount", "residents"),
    [
        ([1.0, None], None),
        ([1.0, -1.0], None),
        ([0.0, 0.0], None),
        ([1.0, 2.0], [1.0]),
        ([1.0, 2.0], [1.0, None]),
    ],
)
def test_what_cannot_be_shared_is_refused(amount, residents):
    given_residents = None if residents is None else pd.Series(residents)
    for function in (gcm.gini, gcm.lorenz):
        with pytest.raises(gcm.CityDataError, match=function.__name__):
            function(pd.Series(amount), residents=given_residents)
