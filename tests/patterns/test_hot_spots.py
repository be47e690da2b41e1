"""Gi* held against esda, against counting every draw there is, and against what must not matter."""

from __future__ import annotations

import warnings
from itertools import combinations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

import geo_citymgmt as gcm
from geo_citymgmt.patterns._hot_spots import benjamini_hochberg, normal_p, permutation_p
from tests.conftest import CRS, X0, Y0, points, squares
from tests.peers import peer


def raster(values: np.ndarray, cell: float = 100.0) -> gpd.GeoDataFrame:
    """One feature a cell, south row first."""
    rows, cols = np.indices(values.shape)
    xy = zip((cols.ravel() + 0.5) * cell, (rows.ravel() + 0.5) * cell, strict=True)
    return points(*xy, amount=values.ravel().astype(float).tolist())


def scores(frame: gpd.GeoDataFrame, **kwargs) -> gpd.GeoDataFrame:
    return gcm.hot_spots(frame, cell_m=100, value="amount", permutations=None, **kwargs)


@pytest.mark.parametrize("shape", [(6, 7), (3, 3), (1, 12)])
def test_statistic_and_score_equal_those_of_esda(shape):
    esda, weights = peer("esda"), peer("libpysal.weights")
    values = np.random.default_rng(5).gamma(1.0, 10.0, shape)
    cells = scores(raster(values))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        queen = weights.lat2W(*shape, rook=False)
        theirs = esda.G_Local(values.ravel(), queen, transform="B", star=True, permutations=0)
    assert cells["g_star"].to_numpy() == pytest.approx(theirs.Gs, rel=1e-12)
    # Where the neighbourhood is all there is, theirs is rounding over zero; ours is missing.
    some = cells["neighbours"].to_numpy() < values.size
    assert cells["z"].isna().to_numpy().tolist() == (~some).tolist()
    assert cells["z"].to_numpy()[some] == pytest.approx(theirs.Zs[some], rel=1e-9, abs=1e-12)
    assert cells["p"].to_numpy()[some] == pytest.approx(2 * theirs.p_norm[some], rel=1e-9)


def test_statistic_equals_that_of_esda_on_cells_that_leave_gaps():
    esda, weights = peer("esda"), peer("libpysal.weights")
    zones = squares((0, 0, 500, 200), (0, 200, 150, 600), (350, 200, 500, 900))
    rng = np.random.default_rng(7)
    frame = points(*zip(rng.uniform(0, 500, 300), rng.uniform(0, 900, 300), strict=True))
    cells = gcm.hot_spots(frame, cell_m=50, zones=zones, permutations=None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        queen = weights.Queen.from_dataframe(cells, use_index=False)
        theirs = esda.G_Local(
            cells["value"].to_numpy(), queen, transform="B", star=True, permutations=0
        )
    assert cells["z"].to_numpy() == pytest.approx(theirs.Zs, rel=1e-9, abs=1e-12)


def test_draws_give_the_p_that_esda_draws_for_two_sides():
    esda, weights = peer("esda"), peer("libpysal.weights")
    values = np.random.default_rng(3).poisson(2.0, (8, 9)).astype(float)
    draws = 4999
    cells = gcm.hot_spots(raster(values), cell_m=100, value="amount", permutations=draws)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        queen = weights.lat2W(8, 9, rook=False)
        theirs = esda.G_Local(
            values.ravel(), queen, transform="B", star=True, permutations=draws, n_jobs=1, seed=1
        )
    centre = theirs.EG_sim
    # Their centre is the mean of their draws: a hair from the expectation, on which ties turn.
    slack = 4 * theirs.seG_sim / np.sqrt(draws)
    beyond = np.abs(theirs.sim - centre) >= np.abs(theirs.Gs - centre) - slack
    below = np.abs(theirs.sim - centre) >= np.abs(theirs.Gs - centre) + slack
    noise = 5 * np.sqrt(0.25 / draws)
    assert (cells["p"].to_numpy() <= beyond.mean(axis=0) + noise).all()
    assert (cells["p"].to_numpy() >= below.mean(axis=0) - noise).all()


def exact_p(values: np.ndarray, near: list[list[int]]) -> np.ndarray:
    """Share of all sets of neighbours that lie as far from their mean as the one there is."""
    out = []
    for cell, around in enumerate(near):
        others = np.delete(values, cell)
        sums = np.array([sum(draw) for draw in combinations(others, len(around))])
        mean = others.mean() * len(around)
        seen = abs(values[around].sum() - mean)
        out.append((np.abs(sums - mean) >= seen - 1e-9).mean())
    return np.array(out)


@pytest.mark.parametrize("seed", range(4))
def test_draws_converge_to_counting_all_draws_there_are(seed):
    rng = np.random.default_rng(seed)
    values = rng.poisson(1.5, 11).astype(float) if seed % 2 else rng.gamma(1.0, 3.0, 11)
    near = [
        rng.choice(np.delete(np.arange(11), i), rng.integers(0, 5), replace=False).tolist()
        for i in range(11)
    ]
    lag = np.array([values[around].sum() for around in near])
    k = np.array([len(around) for around in near])
    drawn = permutation_p(values, lag, k, 200_000, seed)
    assert drawn == pytest.approx(exact_p(values, near), abs=6e-3)


def test_draws_from_many_cells_follow_the_hypergeometric_law():
    # 300 cells of which 30 hold one; eight neighbours hold h of them: the chance is known.
    stats = peer("scipy.stats")
    values = np.zeros(300)
    values[:30] = 1.0
    held = np.array([0, 2, 3, 5])
    near, k = np.zeros(300), np.full(300, 8)
    near[100:104] = held
    p = permutation_p(values, near, k, 200_000, 0)[100:104]
    law = stats.hypergeom(299, 30, 8)
    mean = 8 * 30 / 299
    n = np.arange(9)
    expected = [law.pmf(n[np.abs(n - mean) >= abs(h - mean) - 1e-9]).sum() for h in held]
    assert p == pytest.approx(expected, abs=5e-3)


def test_chance_alone_is_called_significant_no_more_often_than_it_says():
    rng = np.random.default_rng(11)
    found = []
    for seed in range(60):
        frame = raster(rng.poisson(3.0, (12, 12)))
        cells = gcm.hot_spots(frame, cell_m=100, value="amount", permutations=999, seed=seed)
        found.append((cells["p"] <= 0.05).mean())
    assert np.mean(found) == pytest.approx(0.05, abs=0.015)


def test_a_cluster_is_hot_and_a_hole_is_cold():
    values = np.full((15, 15), 10.0)
    values[2:5, 2:5], values[9:13, 9:13] = 30.0, 0.0
    cells = gcm.hot_spots(raster(values), cell_m=100, value="amount")
    spot = cells["spot"].to_numpy().reshape(15, 15)
    assert spot[3, 3] == "hot"
    assert spot[10:12, 10:12].tolist() == [["cold", "cold"], ["cold", "cold"]]
    assert spot[3, 11] == spot[14, 0] == "none"


def test_three_cells_in_a_row_by_hand():
    # Values 0, 0, 6: mean 2, s = sqrt(8). The last two cells, k = 2: (6 - 4) / (s sqrt(2*1/2)).
    cells = scores(raster(np.array([[0, 0, 6]])))
    assert cells["neighbours"].tolist() == [2, 3, 2]
    assert cells["g_star"].tolist() == [0.0, 1.0, 1.0]
    z = cells["z"].to_numpy()
    assert z[[0, 2]] == pytest.approx([-4 / np.sqrt(8), 2 / np.sqrt(8)])
    assert np.isnan(z[1])
    assert cells["p"].iloc[1] == 1.0


def test_benjamini_hochberg_by_hand():
    p = np.array([0.01, 0.04, 0.03, 0.005])
    assert benjamini_hochberg(p) == pytest.approx([0.02, 0.04, 0.04, 0.02])


def test_normal_p_at_the_points_of_the_tables():
    assert normal_p(np.array([1.959963985, -2.575829304, 0.0])) == pytest.approx([0.05, 0.01, 1.0])


def test_few_draws_among_many_cells_are_said_to_show_nothing():
    values = np.zeros((30, 30))
    values[3:6, 3:6] = 50.0
    few = gcm.hot_spots(raster(values), cell_m=100, value="amount", permutations=9)
    assert (few["spot"] == "none").all()
    assert few["p"].min() == few.attrs["p_floor"] == 0.1
    assert few.attrs["min_cells_at_floor"] == 1800
    assert "no cell can be significant" in few.attrs["note_en"]
    assert "任何网格都不可能显著" in few.attrs["note_zh"]
    some = gcm.hot_spots(raster(values), cell_m=100, value="amount", permutations=999)
    assert some.attrs["min_cells_at_floor"] == 18
    assert "18 must reach it" in some.attrs["note_en"]
    many = gcm.hot_spots(raster(values), cell_m=100, value="amount", permutations=17_999)
    assert many.attrs["note_en"] == many.attrs["note_zh"] == ""


def test_nothing_stands_out_where_all_is_the_same():
    cells = gcm.hot_spots(raster(np.full((5, 5), 3.0)), cell_m=100, value="amount")
    assert cells["z"].isna().all()
    assert (cells["p"] == 1.0).all()
    assert "nothing stands out" in cells.attrs["note_en"]


def test_features_outside_unlocated_and_without_value_are_counted_apart():
    frame = points((50, 50), (150, 50), (5000, 50), amount=[1.0, None, 7.0])
    frame.loc[3] = [2.0, None]
    cells = scores(frame, zones=squares((0, 0, 300, 100)))
    assert cells["value"].sum() == 1.0
    assert cells["n"].sum() == 2
    told = {name: cells.attrs[name] for name in ("outside", "unlocated", "missing")}
    assert told == {"outside": 1, "unlocated": 1, "missing": 1}


def test_cells_are_those_that_share_area_with_a_zone_and_empty_ones_count():
    zones = squares((0, 0, 300, 100), (300, 0, 400, 250))
    cells = scores(points((50, 50), amount=[1.0]), zones=zones)
    assert cells.index.tolist() == [
        f"E{X0 + x:.0f}N{Y0 + y:.0f}"
        for x, y in [(0, 0), (100, 0), (200, 0), (300, 0), (300, 100), (300, 200)]
    ]
    assert cells["zone_code"].tolist() == ["A", "A", "A", "B", "B", "B"]
    assert cells.geometry.area.tolist() == [10_000.0] * 6


def test_a_feature_on_the_edge_of_the_city_is_in_a_cell():
    cells = scores(points((300, 100), amount=[4.0]), zones=squares((0, 0, 300, 100)))
    assert cells["value"].sum() == 4.0


def test_a_polygon_counts_once_in_the_cell_of_a_point_on_it():
    lot = gpd.GeoDataFrame(
        {"amount": [5.0, 1.0]},
        geometry=[shapely.box(X0 + 10, Y0 + 10, X0 + 40, Y0 + 40), shapely.Point(X0 + 950, Y0 + 5)],
        crs=CRS,
    )
    cells = scores(lot)
    assert cells.loc[f"E{X0:.0f}N{Y0:.0f}", "value"] == 5.0
    assert cells["value"].sum() == 6.0


places = st.lists(
    st.tuples(st.integers(0, 799), st.integers(0, 599), st.integers(0, 9)), min_size=1, max_size=30
)


@given(places, st.randoms(use_true_random=False))
def test_order_does_not_matter_and_nothing_is_lost(spots, random):
    frame = points(*[(x, y) for x, y, _ in spots], amount=[float(v) for *_, v in spots])
    other = frame.sample(frac=1, random_state=random.randrange(2**31))
    first = gcm.hot_spots(frame, cell_m=100, value="amount", permutations=19)
    again = gcm.hot_spots(other, cell_m=100, value="amount", permutations=19)
    assert first["n"].sum() == len(frame)
    assert first["value"].sum() == frame["amount"].sum()
    assert first.drop(columns="geometry").equals(again.drop(columns="geometry"))


@given(places, st.integers(-20, 20), st.integers(-20, 20), st.sampled_from([0.001, 3.0, 1e6]))
def test_moving_by_whole_cells_and_another_unit_change_nothing(spots, east, north, unit):
    frame = points(*[(x, y) for x, y, _ in spots], amount=[float(v) for *_, v in spots])
    moved = frame.assign(amount=frame["amount"] * unit)
    moved = moved.set_geometry(moved.translate(east * 100, north * 100))
    first = gcm.hot_spots(frame, cell_m=100, value="amount", permutations=99)
    again = gcm.hot_spots(moved, cell_m=100, value="amount", permutations=99)
    assert again["z"].to_numpy() == pytest.approx(first["z"].to_numpy(), nan_ok=True, abs=1e-9)
    assert again["p"].to_numpy() == pytest.approx(first["p"].to_numpy())


def test_the_same_seed_gives_the_same_p_and_another_one_another():
    frame = raster(np.random.default_rng(0).poisson(2.0, (10, 10)))
    one, same, other = (
        gcm.hot_spots(frame, cell_m=100, value="amount", permutations=199, seed=seed)["p"]
        for seed in (1, 1, 2)
    )
    assert one.equals(same)
    assert not one.equals(other)


@pytest.mark.parametrize(
    ("bad", "named"),
    [
        ({"cell_m": 0}, "cell_m"),
        ({"permutations": -1}, "permutations"),
        ({"fdr": 1.5}, "fdr"),
        ({"value": "areas"}, "areas"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(bad, named):
    frame = points((0, 0), amount=[1.0])
    with pytest.raises(gcm.CityDataError, match=named):
        gcm.hot_spots(frame, **({"cell_m": 100} | bad))


def test_a_far_feature_that_would_make_millions_of_cells_is_refused():
    with pytest.raises(gcm.CityDataError, match="too many"):
        gcm.hot_spots(points((0, 0), (90_000, 90_000)), cell_m=10)


def test_the_sample_has_hot_spots_of_illegal_construction(city):
    parcels = city["illegal_construction"]
    cells = gcm.hot_spots(parcels, cell_m=1000, value="illegal_area_m2", zones=city.zones)
    inside = gcm.assign_zones(parcels, city.zones).notna()
    assert cells["value"].sum() == pytest.approx(parcels.loc[inside, "illegal_area_m2"].sum())
    assert (cells["spot"] == "hot").sum() > 10
