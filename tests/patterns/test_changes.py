"""Two epochs of footprints: kinds by hand, areas that add up, a shift that is found."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

import geo_citymgmt as gcm
from tests.conftest import CRS, X0, Y0


def houses(*boxes: tuple[float, float, float, float], **columns: list) -> gpd.GeoDataFrame:
    """(west, south, width, depth) each."""
    shapes = [shapely.box(X0 + w, Y0 + s, X0 + w + dx, Y0 + s + dy) for w, s, dx, dy in boxes]
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=CRS)


def town(n: int = 40) -> gpd.GeoDataFrame:
    rng = np.random.default_rng(2)
    return houses(
        *((30.0 * (i % 8), 30.0 * (i // 8), *rng.uniform(8, 20, 2).tolist()) for i in range(n))
    )


def test_each_kind_by_hand():
    before = houses(
        (0, 0, 10, 10), (50, 0, 10, 10), (100, 0, 10, 10), (150, 0, 10, 10),
        parcel_id=["a", "b", "c", "d"],
    )  # fmt: skip
    after = houses(
        (0, 0, 10, 10.5), (50, 0, 10, 15), (100, 0, 10, 6), (200, 0, 10, 10),
        parcel_id=["A", "B", "C", "E"],
    )  # fmt: skip
    table = gcm.changes(before, after, min_area_m2=10)
    assert table["kind"].tolist() == ["unchanged", "enlarged", "reduced", "removed", "new"]
    assert table["before_m2"].tolist() == pytest.approx([100, 100, 100, 100, 0])
    assert table["after_m2"].tolist() == pytest.approx([105, 150, 60, 0, 100])
    assert table["added_m2"].tolist() == pytest.approx([5, 50, 0, 0, 100])
    assert table["lost_m2"].tolist() == pytest.approx([0, 0, 40, 100, 0])
    assert table["before_ids"].tolist() == ["a", "b", "c", "d", ""]
    assert table["after_ids"].tolist() == ["A", "B", "C", "", "E"]
    assert table.geometry.area.tolist() == pytest.approx([105, 150, 60, 100, 100])


def test_a_change_of_the_smallest_area_is_one():
    table = gcm.changes(houses((0, 0, 10, 10)), houses((0, 0, 10, 11)), min_area_m2=10)
    assert table["kind"].tolist() == ["enlarged"]


def test_a_site_built_anew_on_the_same_area_shows_what_was_added_and_lost():
    table = gcm.changes(houses((0, 0, 20, 10)), houses((10, 0, 20, 10)), min_area_m2=10)
    assert table["kind"].tolist() == ["unchanged"]
    assert table[["added_m2", "lost_m2"]].iloc[0].tolist() == pytest.approx([100, 100])


def test_a_house_split_in_two_and_two_joined_are_one_row_each():
    before = houses((0, 0, 20, 10), (50, 0, 10, 10), (60, 0, 10, 10))
    after = houses((0, 0, 10, 10), (10, 0, 10, 10), (50, 0, 20, 10))
    table = gcm.changes(before, after, min_area_m2=10)
    assert table["kind"].tolist() == ["unchanged", "unchanged"]
    assert table["before_ids"].tolist() == ["0", "1;2"]
    assert table["after_ids"].tolist() == ["0;1", "2"]


def test_a_long_chain_of_overlaps_is_one_row():
    before = houses(*((20.0 * i, 0, 20, 10) for i in range(50)))
    after = houses(*((20.0 * i + 10, 0, 20, 10) for i in range(50)))
    table = gcm.changes(before, after, min_area_m2=10)
    assert len(table) == 1
    assert table["before_m2"].iloc[0] == table["after_m2"].iloc[0] == pytest.approx(10_000)


def test_neighbours_that_brush_each_other_stay_apart():
    before = houses((0, 0, 10, 10), (10, 0, 10, 10))
    after = houses((0.5, 0, 10, 10), (10.5, 0, 10, 10))
    assert len(gcm.changes(before, after, min_area_m2=10)) == 2


def test_what_is_too_small_is_left_out_and_counted():
    table = gcm.changes(
        houses((0, 0, 2, 2), (50, 0, 10, 10)), houses((20, 0, 1, 3)), min_area_m2=10
    )
    assert table["kind"].tolist() == ["removed"]
    assert table.attrs["n_below_min"] == 2
    assert table.attrs["below_min_before_m2"] == pytest.approx(4)
    assert table.attrs["below_min_after_m2"] == pytest.approx(3)


def test_what_permits_explain_is_left_out_and_counted():
    before = houses((50, 0, 10, 10))
    after = houses((0, 0, 10, 10), (50, 0, 20, 10), (100, 0, 10, 10))
    permits = houses((-5, -5, 20, 20), (60, 0, 5, 10), (60, 0, 4, 10))
    table = gcm.changes(before, after, min_area_m2=10, permits=permits)
    assert table["kind"].tolist() == ["enlarged", "new"]
    assert table["permitted_m2"].tolist() == pytest.approx([50, 0])
    assert table.attrs["n_permitted"] == 1
    assert table.attrs["permitted_after_m2"] == pytest.approx(100)


def test_a_shift_is_found_reported_and_taken_off_on_request():
    before = town()
    after = before.assign(geometry=before.translate(1.25, -0.75))
    table = gcm.changes(before, after, min_area_m2=5)
    assert (table["shift_x_m"].iloc[0], table["shift_y_m"].iloc[0]) == pytest.approx((1.25, -0.75))
    assert table.attrs["shift_pairs"] == 40
    assert not table.attrs["shift_applied"]
    assert "apply_shift=True" in table.attrs["note_en"]
    assert "偏移 1.46 米" in table.attrs["note_zh"]
    assert table["added_m2"].sum() > 500
    mended = gcm.changes(before, after, min_area_m2=5, apply_shift=True)
    assert mended.attrs["shift_applied"]
    assert mended.attrs["note_en"] == ""
    assert mended["added_m2"].sum() == pytest.approx(0, abs=1e-3)
    assert (mended["kind"] == "unchanged").all()


def test_a_third_of_houses_built_over_does_not_move_the_shift():
    before = town()
    after = before.assign(geometry=before.translate(2.0, 1.0))
    shapes = after.geometry.to_numpy().copy()
    shapes[:13] = shapely.buffer(shapes[:13], 4, join_style="mitre")
    shapes[13:18] = shapely.transform(shapes[13:18], lambda xy: xy + np.array([5000, 0]))
    table = gcm.changes(before, after.set_geometry(shapes), min_area_m2=5)
    assert table.attrs["shift_x_m"] == pytest.approx(2.0, abs=1e-6)
    assert table.attrs["shift_y_m"] == pytest.approx(1.0, abs=1e-6)


def test_noise_without_a_system_is_no_shift():
    rng = np.random.default_rng(4)
    before = town()
    moved = [
        shapely.transform(shape, lambda xy, by=by: xy + by)
        for shape, by in zip(before.geometry, rng.normal(0, 0.3, (40, 2)), strict=True)
    ]
    table = gcm.changes(before, before.set_geometry(moved, crs=CRS), min_area_m2=5)
    assert np.hypot(table.attrs["shift_x_m"], table.attrs["shift_y_m"]) < 0.2
    assert table.attrs["note_en"] == ""


def test_nothing_before_makes_all_new_and_nothing_after_all_removed():
    some, none = houses((0, 0, 10, 10)), houses((0, 0, 10, 10)).iloc[:0]
    assert gcm.changes(none, some, min_area_m2=1)["kind"].tolist() == ["new"]
    assert gcm.changes(some, none, min_area_m2=1)["kind"].tolist() == ["removed"]
    assert gcm.changes(none, none, min_area_m2=1).empty


def test_points_take_no_part_and_are_counted():
    mixed = houses((0, 0, 10, 10))
    mixed.loc[1] = [shapely.Point(X0, Y0)]
    mixed.loc[2] = [None]
    table = gcm.changes(mixed, houses((0, 0, 10, 10)), min_area_m2=1)
    assert table.attrs["n_no_area"] == 2
    assert table["kind"].tolist() == ["unchanged"]


@pytest.mark.parametrize(
    ("bad", "named"),
    [({"min_area_m2": -1}, "min_area_m2"), ({"min_area_m2": 1, "overlap": 0}, "overlap")],
)
def test_limits_that_make_no_sense_are_refused(bad, named):
    with pytest.raises(gcm.CityDataError, match=f"changes: {named} is"):
        gcm.changes(houses((0, 0, 1, 1)), houses((0, 0, 1, 1)), **bad)


#: Houses of one epoch that do not overlap: at most one a plot of 20 m.
epoch = st.dictionaries(
    st.tuples(st.integers(0, 3), st.integers(0, 2)),
    st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(1, 11), st.integers(1, 11)),
    max_size=8,
)


def built(plots: dict) -> gpd.GeoDataFrame:
    return houses(*((20 * c + w, 20 * r + s, dx, dy) for (c, r), (w, s, dx, dy) in plots.items()))


def figures(table: gpd.GeoDataFrame) -> list:
    numbers = ["before_m2", "after_m2", "added_m2", "lost_m2"]
    return sorted(zip(table["kind"], *(table[n].round(6) for n in numbers), strict=True))


@given(epoch, epoch, st.integers(0, 30), st.randoms(use_true_random=False))
def test_areas_of_both_epochs_add_up_and_order_does_not_matter(old, new, smallest, random):
    before, after = built(old), built(new)
    table = gcm.changes(before, after, min_area_m2=smallest)
    told = table.attrs
    for name, frame in (("before", before), ("after", after)):
        rest = told[f"below_min_{name}_m2"] + told[f"permitted_{name}_m2"]
        assert table[f"{name}_m2"].sum() + rest == pytest.approx(frame.area.sum(), abs=1e-6)
    seed = random.randrange(2**31)
    again = gcm.changes(
        before.sample(frac=1, random_state=seed),
        after.sample(frac=1, random_state=seed),
        min_area_m2=smallest,
    )
    assert figures(again) == figures(table)
    assert again.attrs["shift_x_m"] == pytest.approx(told["shift_x_m"], abs=1e-9)


@given(epoch, epoch, st.integers(1, 30))
def test_time_turned_round_turns_the_kinds_round(old, new, smallest):
    before, after = built(old), built(new)
    there = gcm.changes(before, after, min_area_m2=smallest)["kind"]
    back = gcm.changes(after, before, min_area_m2=smallest)["kind"]
    turned = {"new": "removed", "removed": "new", "enlarged": "reduced", "reduced": "enlarged"}
    assert sorted(back.replace(turned)) == sorted(there)
