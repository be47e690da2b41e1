from __future__ import annotations

from itertools import pairwise

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely import LineString, box

from geo_citymgmt.cases._campaigns import worklists
from geo_citymgmt.errors import MapError
from geo_citymgmt.facts import CityFacts
from geo_citymgmt.maps import CityMap, layer_map
from geo_citymgmt.maps._city_map import Legend
from geo_citymgmt.maps._features import FilterControl, _due, describe
from geo_citymgmt.maps._overlays import MOST_GEOJSON, Features, Overlay, pack, simplify, z_order
from geo_citymgmt.spec import get_spec


def part(city_map, kind):
    return next(child for child in city_map._children.values() if isinstance(child, kind))


def wells(count: int) -> gpd.GeoDataFrame:
    rng = np.random.default_rng(0)
    return gpd.GeoDataFrame(
        {
            "manhole_id": [f"M{i:07d}" for i in range(count)],
            "status": rng.choice(["20", "40", "60"], count),
            "found_date": pd.Timestamp("2022-01-01")
            + pd.to_timedelta(rng.integers(0, 365, count), "D"),
            "remark": [f"第 {i % 500} 处" for i in range(count)],
        },
        geometry=gpd.points_from_xy(
            rng.uniform(550_000, 570_000, count), rng.uniform(3_460_000, 3_480_000, count)
        ),
        crs="EPSG:4549",
    )


FIELDS = ["manhole_id", "status", "found_date", "remark"]


def rows(overlay) -> list[tuple[str, ...]]:
    """Each feature's texts, as the page makes them."""
    columns = []
    for column in overlay["columns"]:
        if "prefix" in column:
            numbers = np.cumsum(overlay["section"](column["section"]))
            made = [f"{column['prefix']}{n:0{column['digits']}d}" for n in numbers]
        elif "section" in column:
            made = [column["values"][i] for i in overlay["section"](column["section"])]
        else:
            made = column["values"]
        columns.append(made)
    return list(zip(*columns, strict=True))


# which way a layer is drawn


@pytest.mark.parametrize(("count", "kind"), [(MOST_GEOJSON, Features), (MOST_GEOJSON + 1, Overlay)])
def test_up_to_ten_thousand_features_are_geojson_and_more_are_packed(count, kind):
    drawn = layer_map(wells(count), "manholes")
    layer = part(drawn, kind)
    assert sum(item["count"] for item in layer.classes) == count
    said = part(drawn, Legend).note
    assert ("聚合" in said) == (kind is Overlay)


def test_few_shapes_of_many_vertices_are_packed_too():
    line = LineString(np.column_stack([np.linspace(5e5, 6e5, 120_000), np.full(120_000, 3.47e6)]))
    frame = gpd.GeoDataFrame({"tunnel_id": ["G"]}, geometry=[line], crs="EPSG:4549")
    drawn = layer_map(frame, "utility_tunnels", lang="en")
    assert part(drawn, Overlay).tolerance_m == 0.5
    assert "by at most 0.5\u00a0m" in part(drawn, Legend).note


def test_the_script_of_a_layer_does_not_grow_with_its_features(page):
    def script(count):
        text = page(layer_map(wells(count), "manholes", filter_by=False, date_by=False))
        return len(text[text.rindex("<script>") :])

    assert script(2_000) - script(200) < 100


# what is packed


def test_packing_keeps_every_record_with_its_place(page, unpack):
    frame = wells(MOST_GEOJSON + 500)
    (overlay,) = unpack(page(layer_map(frame, "manholes", popup_fields=FIELDS, lang="en")))
    told = {row[0]: (row[2], row[3]) for row in rows(overlay)}
    assert told == {
        row.manhole_id: (f"{row.found_date:%Y-%m-%d}", row.remark) for row in frame.itertuples()
    }
    degrees = frame.to_crs("EPSG:4490").set_index("manhole_id").loc[[r[0] for r in rows(overlay)]]
    assert np.abs(overlay["x"] - degrees.geometry.x.to_numpy()).max() < 6e-7
    assert np.abs(overlay["y"] - degrees.geometry.y.to_numpy()).max() < 6e-7


def test_the_same_features_give_the_same_text():
    degrees = wells(50).to_crs(4326)
    columns = [("编号", degrees["manhole_id"])]
    texts = {pack(degrees.geometry.to_numpy(), np.zeros(50, int), columns) for _ in range(2)}
    assert len(texts) == 1


def test_a_hundred_thousand_points_of_four_columns_stay_under_four_megabytes(page):
    drawn = layer_map(wells(100_000), "manholes", popup_fields=FIELDS)
    assert len(page(drawn).encode()) <= 4e6


@given(
    st.lists(
        st.tuples(st.floats(119, 122, width=32), st.floats(30, 33, width=32)),
        min_size=1,
        max_size=60,
    ),
    st.integers(1, 17),
)
def test_points_of_one_cell_of_any_grid_stand_together(places, level):
    points = shapely.points(places)
    order = z_order(points)
    assert sorted(order) == list(range(len(points)))
    lon, lat = np.round(np.array(places)[order], 6).T
    sine = np.sin(np.radians(lat))
    side = 2.0 ** (level + 2)
    x = np.floor((lon / 360 + 0.5) * side)
    y = np.floor((0.5 - np.log((1 + sine) / (1 - sine)) / (4 * np.pi)) * side)
    cells = list(zip(x, y, strict=True))
    changes = sum(a != b for a, b in pairwise(cells))
    assert changes == len(set(cells)) - 1


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(2, 40)), min_size=1, max_size=20))
def test_simplifying_empties_no_shape_and_moves_no_line_by_more_than_its_tolerance(shapes):
    lines = np.array(
        [
            LineString([(120 + i * 1e-5, 31 + np.sin(i + start) * 1e-5) for i in range(size)])
            for start, size in shapes
        ]
    )
    simple, tolerance = simplify(lines)
    assert not shapely.is_empty(simple).any()
    assert tolerance == 0.5
    assert shapely.hausdorff_distance(lines, simple).max() <= tolerance / 111_320 + 1e-12


def test_an_area_smaller_than_the_tolerance_is_still_drawn(page, unpack):
    count = MOST_GEOJSON + 1
    x = np.arange(count) * 2.0
    frame = gpd.GeoDataFrame(
        {"parcel_id": [f"P{i}" for i in range(count)]},
        geometry=shapely.box(550_000 + x, 3_470_000, 550_000.1 + x, 3_470_000.1),
        crs="EPSG:4549",
    )
    (overlay,) = unpack(page(layer_map(frame, "illegal_construction")))
    assert overlay["count"] == count
    assert len(overlay["section"]("sizes")) == count
    assert overlay["section"]("sizes").min() >= 3


# filters


def controls(drawn) -> dict:
    return {item["label"]: item for item in part(drawn, FilterControl).filters}


def test_filters_come_from_the_layer_file_with_counts_that_add_up(zones):
    frame = wells(300).assign(district_code=["320505", "320506", None] * 100)
    drawn = layer_map(frame, "manholes", zones=zones)
    told = controls(drawn)
    assert list(told) == ["整治状态", "所属区县", "发现时间"]
    assert told["整治状态"]["kind"] == "classes"
    assert told["所属区县"]["choices"] == [("甲区", 100), ("乙区", 100), ("", 100)]
    assert sum(count for _, count in told["整治状态"]["choices"]) == 300
    assert told["发现时间"]["first"] == f"{frame['found_date'].min():%Y-%m-%d}"
    assert told["发现时间"]["last"] == f"{frame['found_date'].max():%Y-%m-%d}"


def test_choices_stand_in_the_order_of_the_code_list():
    frame = wells(300).assign(status=["60"] * 200 + ["20"] * 100)
    (found,) = [c for k, c in controls(layer_map(frame, "manholes")).items() if k == "整治状态"]
    assert [count for _, count in found["choices"]] == [100, 200]


def test_named_columns_are_filtered_and_false_leaves_the_panel_out():
    frame = wells(30)
    named = layer_map(frame, "manholes", filter_by=["remark"], date_by="found_date")
    assert list(controls(named)) == ["备注", "发现时间"]
    plain = layer_map(frame, "manholes", filter_by=False, date_by=False)
    assert not any(isinstance(c, FilterControl) for c in plain._children.values())


def test_every_code_list_yes_no_date_and_unit_of_a_layer_can_be_filtered_by():
    frame = wells(4).assign(
        cover_kind=["storm", "sewage", "storm", None],
        defects=["noise;missing", "noise", None, "tilted"],
        anti_fall=pd.array([True, False, None, True], dtype="boolean"),
        manage_org=["甲所", "乙所", "甲所", "丙所"],
        completed_date=pd.to_datetime(["2022-04-01", None, None, "2022-05-01"]),
        owner_org=["秘密"] * 4,
    )
    told = controls(layer_map(frame, "manholes"))
    spec = get_spec("manholes")
    for name in ("cover_kind", "defects", "anti_fall", "manage_org", "completed_date"):
        assert spec.fields[name].label("zh") in told, name
    assert spec.fields["owner_org"].label("zh") not in told
    several = told[spec.fields["defects"].label("zh")]
    assert several["kind"] == "lists"
    assert dict(several["choices"])[""] == 1
    assert sum(count for _, count in several["choices"]) == 5


def test_what_is_only_filtered_by_stands_once_a_feature_as_a_number(page):
    frame = wells(200).assign(manage_org=["很长的单位名称" * 20, "乙所"] * 100)
    text = page(layer_map(frame, "manholes", popup_fields=["manhole_id"]))
    # In the list of choices and in the table of texts.
    assert text.count("很长的单位名称" * 20) == 2


def test_numbers_to_be_summed_keep_a_hundredth_and_say_which_are_missing(unpack):
    points = shapely.points([[120.5, 31.5], [120.6, 31.6], [120.7, 31.7]])
    data = pack(points, np.zeros(3, int), [], measure=np.array([12.34, np.nan, 4e7]))
    (overlay,) = unpack(f'<script type="text/plain" id="data_x">{data}</script>')
    order = z_order(points)
    expected = np.array([123, -(2**31), 400_000_000])[order]
    assert overlay["steps"] == 10
    assert list(overlay["section"]("measure")) == list(expected)


def test_a_column_only_filtered_by_is_not_in_the_popup():
    frame = wells(30)
    drawn = layer_map(frame, "manholes", popup_fields=["manhole_id"], filter_by=["status"])
    assert part(drawn, Features).shown_columns == 1


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"filter_by": ["nowhere"]}, "nowhere"),
        ({"date_by": "nowhere"}, "nowhere"),
        ({"date_by": "status"}, "no dates"),
        ({"filter_by": ["manhole_id"]}, "400 different values"),
    ],
)
def test_a_column_unfit_to_filter_by_is_refused_with_the_remedy(options, named):
    with pytest.raises(MapError, match=named):
        layer_map(wells(400), "manholes", **options)


def test_a_personal_column_is_filtered_by_only_where_named(manholes):
    frame = manholes.assign(phone=["139", "138"] * 30)
    drawn = layer_map(frame, "manholes")
    assert not any("139" in str(c) for c in controls(drawn).values())


def test_the_limits_of_dates_known_by_year_are_the_days_of_the_year():
    told = describe("dates", "日期", pd.Series(["2022-03-05", "2021", "2022-04", ""]))
    assert (told["first"], told["last"], told["missing"]) == ("2021-01-01", "2022-04-30", 1)


# size


def test_an_empty_map_is_under_seven_tenths_of_a_megabyte(page):
    assert len(page(CityMap()).encode()) <= 0.7e6


def test_a_ring_is_packed_without_its_last_vertex_and_a_hole_stays(unpack):
    square = box(120, 31, 121, 32).difference(box(120.2, 31.2, 120.4, 31.4))
    data = pack(np.array([square]), np.zeros(1, int), [])
    (overlay,) = unpack(f'<script type="text/plain" id="data_x">{data}</script>')
    assert list(overlay["section"]("sizes")) == [4, 4]
    assert list(overlay["section"]("parts")) == [2]


def test_what_the_map_calls_overdue_is_what_the_list_of_cases_does(city):
    lists = {each.layer: each.table for each in worklists(CityFacts(city), city.data_date)}
    assert {"illegal_construction", "manholes"} <= set(lists)
    for key, table in lists.items():
        frame, spec = city[key], city.specs[key]
        due = _due(frame, spec, city.data_date, "en")
        assert due is not None
        (_, days), (_, over) = due
        late = frame.loc[days.ne(""), spec.id_field].astype("str")
        assert set(late) == set(table.loc[table["overdue"], "key"])
        assert set(over[days.ne("")]) <= {"Overdue", "overdue"}
