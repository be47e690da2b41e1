"""What zones hold: weighted means, shares, margins, and levels whose parts equal the whole."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

import geo_citymgmt as gcm
from tests.conftest import CRS, X0, Y0, points, squares
from tests.test_zones import TWO, line

PLACES = [(10, 10), (20, 20), (150, 10), (900, 900)]
DISTRICTS = squares((0, 0, 100, 100), (100, 0, 200, 100), codes="PQ")
#: The third street lies across the line of the districts; a part of P is in no street.
STREETS = squares((0, 0, 100, 50), (100, 0, 200, 60), (60, 60, 140, 100), codes=["P1", "Q1", "Q2"])
STREETS["parent_code"] = ["P", "Q", "Q"]


def test_a_weighted_mean_is_the_sum_of_products_over_the_sum_of_weights():
    frame = points(*PLACES, rate=[1.0, 4.0, 7.0, np.nan], people=[30.0, 10.0, 0.0, 5.0])
    table = gcm.summarise(frame, TWO, margins=True, rate=("rate", "mean", "people"))["rate"]
    assert table["A"] == pytest.approx((30 + 40) / 40)
    # No people, no mean; a rate that is not known counts neither above nor below.
    assert np.isnan(table["B"])
    assert np.isnan(table["outside"])
    assert table["total"] == pytest.approx(70 / 40)


def test_a_weighted_mean_by_share_weighs_each_part():
    across = gpd.GeoDataFrame(
        {"rate": [2.0, 6.0], "people": [10.0, 10.0]},
        geometry=[line((75, 5), (175, 5)), line((10, 5), (20, 5))],
        crs=CRS,
    )
    table = gcm.summarise(across, TWO, split="share", rate=("rate", "mean", "people"))["rate"]
    assert table.tolist() == pytest.approx([(2 * 2.5 + 6 * 10) / 12.5, 2.0])


def test_shares_of_the_whole_add_up_to_one_with_what_is_outside():
    frame = points(*PLACES, n=[1, 2, 5, 8])
    table = gcm.summarise(frame, TWO, margins=True, n=("n", "share"), k=(None, "share"))
    assert table["n"].tolist() == pytest.approx([3 / 16, 5 / 16, 8 / 16, 0, 1])
    assert table["k"].tolist() == pytest.approx([0.5, 0.25, 0.25, 0, 1])


def test_shares_of_a_zone_are_of_its_own_sum_with_what_has_no_code():
    frame = points(*PLACES, n=[1, 2, 5, 8], kind=["a", None, "a", "b"])
    table = gcm.summarise(frame, TWO, by="kind", n=("n", "share_of_zone"), c=("n", "count"))
    assert table.index.get_level_values(1)[:2].tolist() == ["a", "b"]
    assert table.loc["A", "n"].tolist() == pytest.approx([1 / 3, 0, 2 / 3], nan_ok=True)
    assert table["c"].sum() == 3


def test_margins_of_both_add_a_total_over_the_codes_of_each_zone():
    frame = points(*PLACES, n=[1, 2, 5, 8], kind=list("abab"))
    table = gcm.summarise(frame, TWO, by="kind", margins="both", n=("n", "sum"), m=("n", "mean"))
    assert table.loc[("A", "total"), "n"] == 3
    assert table.loc[("A", "total"), "m"] == pytest.approx(1.5)
    assert table.loc[("total", "total"), "n"] == 16
    parts = table[~table["row_kind"].eq("total")]
    assert parts["n"].sum() == 16
    share = gcm.summarise(frame, TWO, by="kind", margins="both", s=("n", "share_of_zone"))["s"]
    assert share["A"].tolist() == pytest.approx([1 / 3, 2 / 3, 1])


def test_areas_and_lengths_of_zones():
    frame = gpd.GeoDataFrame(
        geometry=[shapely.box(X0 + 50, Y0, X0 + 150, Y0 + 100), line((90, 1), (130, 1))], crs=CRS
    )
    table = gcm.summarise(
        frame, TWO, split="share", km2=("area_km2", "sum"), m2=("area_m2", "sum"), n=(None, "count")
    )
    assert table["m2"].tolist() == pytest.approx([5000, 5000])
    assert table["km2"].tolist() == pytest.approx([0.005, 0.005])
    assert table["n"].tolist() == pytest.approx([0.75, 1.25])


def test_other_functions_and_callables_are_those_of_pandas():
    frame = points((1, 1), (2, 2), (3, 3), n=[1, 9, 2])
    named = gcm.summarise(
        frame,
        TWO,
        spread=("n", "std"),
        span=("n", lambda values: values.max() - values.min()),
        mid=pd.NamedAgg("n", "median"),
        tail=pd.NamedAgg("n", lambda values: values.quantile(0.9)),
    )
    n = pd.Series([1, 9, 2])
    assert named.loc["A"].tolist() == pytest.approx([n.std(), 8, 2, n.quantile(0.9)])
    assert named.loc["B"].isna().all()


def test_whole_numbers_add_up_exactly_or_are_refused():
    large = 2**53
    frame = points((1, 1), (2, 2), n=[large, 1])
    assert gcm.summarise(frame, TWO, n=("n", "sum")).loc["A", "n"] == large + 1
    frame = points((1, 1), (2, 2), n=[2**62, 2**62])
    with pytest.raises(gcm.CityDataError, match="column 'n' add up to more than 64 bits"):
        gcm.summarise(frame, TWO, n=("n", "sum"))


def test_functions_of_pandas_by_name():
    frame = points((1, 1), (2, 2), (3, 3), n=[1, 9, 2], kind=list("aba"))
    table = gcm.summarise(
        frame, TWO, low=("n", "min"), high=("n", "max"), mid=("n", "median"), k=("kind", "nunique")
    )
    assert table.loc["A"].tolist() == [1, 9, 2, 2]
    assert table.loc["B", "k"] == 0
    assert np.isnan(table.loc["B", "low"])


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"a": ("n", "total")}, "function is 'total', must be one of 'count', 'sum'"),
        ({"a": ("n", "sum", "n")}, "only mean takes a weight"),
        ({"a": "n"}, "must be"),
        ({"a": ("kind", "sum")}, "not numbers"),
        ({"a": ("n", "mean", "kind")}, "not numbers"),
        ({"a": ("n", "mean", "minus")}, "below 0"),
        ({"a": ("n", "share_of_zone")}, "needs by"),
        ({"margins": "all"}, "margins"),
    ],
)
def test_what_cannot_be_computed_is_said_in_both_languages(asked, message):
    frame = points((1, 1), n=[1], kind=["a"], minus=[-1.0])
    with pytest.raises(gcm.CityDataError, match=message) as caught:
        gcm.summarise(frame, TWO, **asked)
    assert any("一" <= sign <= "鿿" for sign in caught.value.message_zh)


def test_a_code_that_occurs_twice_is_refused():
    zones = squares((0, 0, 100, 100), (100, 0, 200, 100), codes="AA")
    with pytest.raises(gcm.CityDataError, match="'A' occurs more than once"):
        gcm.summarise(points((1, 1)), zones)


def test_levels_show_what_a_zone_has_in_none_of_its_parts():
    frame = points((10, 10), (10, 90), (70, 80), (130, 80), (900, 900), n=[1, 2, 4, 8, 16])
    table = gcm.summarise_levels(frame, {"district": DISTRICTS, "street": STREETS}, n=("n", "sum"))
    n = table["n"]
    assert n["city"].tolist() == [31]
    assert n["district"].to_dict() == {"P": 7, "Q": 8, "outside": 16, "unlocated": 0}
    # (70, 80) is in the outline of Q2, but in district P: it is no street's of P.
    assert n["street"].to_dict() == {
        "P1": 1, "Q1": 0, "Q2": 8, "P": 6, "Q": 0, "outside": 16, "unlocated": 0,
    }  # fmt: skip
    kinds = table.loc["street", "row_kind"]
    assert kinds.tolist() == ["zone"] * 3 + ["outside"] * 3 + ["unlocated"]


def test_parents_come_from_area_where_no_column_states_them():
    streets = STREETS[["geometry"]].drop(index="Q2")
    table = gcm.summarise_levels(points((1, 1)), {"district": DISTRICTS, "street": streets})
    assert table.loc["street", "parent_code"].tolist()[:2] == ["P", "Q"]


coordinate = st.integers(-20, 220).map(float)
shape = st.one_of(
    st.tuples(coordinate, coordinate).map(lambda xy: shapely.Point(X0 + xy[0], Y0 + xy[1])),
    st.tuples(coordinate, coordinate, st.integers(1, 90)).map(
        lambda b: shapely.box(X0 + b[0], Y0 + b[1], X0 + b[0] + b[2], Y0 + b[1] + b[2])
    ),
    st.none(),
)
rows = st.lists(
    st.tuples(shape, st.integers(0, 100), st.sampled_from(["a", "b", None])), min_size=1, max_size=6
)


@given(rows, st.sampled_from(["owner", "share"]), st.booleans(), st.sampled_from([45.0, 130.0]))
def test_parts_equal_the_whole_at_every_level(found, split, coded, cell_m):
    geometry, amount, kind = zip(*found, strict=True)
    frame = gpd.GeoDataFrame(
        {"n": list(amount), "kind": pd.array(kind, dtype="str")},
        geometry=list(geometry),
        crs=CRS,
    )
    grid = gcm.make_grid(STREETS, cell_m)
    levels = {"district": DISTRICTS, "street": STREETS, "grid": grid}
    table = gcm.summarise_levels(
        frame, levels, by="kind" if coded else None, split=split, n=("n", "sum"), k=(None, "count")
    )
    figures = ["n", "k"]
    whole = table.loc["city", figures].sum()
    assert whole.tolist() == pytest.approx([sum(amount), len(found)])
    for upper, lower in (("city", "district"), ("district", "street"), ("street", "grid")):
        sums = table.loc[lower].groupby("parent_code")[figures].sum()
        above = table.loc[upper].groupby("zone_code")[figures].sum()
        pd.testing.assert_frame_equal(
            sums.reindex(above.index, fill_value=0).astype(float),
            above.astype(float),
            check_names=False,
            rtol=1e-9,
            atol=1e-7,
        )
        assert set(sums.index) <= set(above.index)


@pytest.mark.parametrize("dtype", ["Int64", object])
def test_long_numbers_stay_apart_as_codes_and_as_kinds_where_one_is_missing(dtype):
    first = 1_234_567_890_123_456_789
    zones = squares((0, 0, 50, 50), (100, 0, 150, 50)).set_axis([first, first + 2])
    frame = points((5, 5), (105, 5), (900, 900))
    frame["kind"] = pd.Series([first, first + 2, None], dtype=dtype)
    assert gcm.assign_zones(frame, zones).tolist()[:2] == [first, first + 2]
    assert gcm.split_by_zone(frame, zones)["zone_code"].nunique() == 2
    table = gcm.summarise(frame, zones.set_axis(["A", "B"]), by="kind")
    assert table.index.is_unique
    assert table.loc[("A", first), "count"] == 1
    assert table.loc[("A", first + 2), "count"] == 0
