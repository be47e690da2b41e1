"""Maps of frames the package did not make: drawn, or refused by function, argument and column."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import geo_citymgmt as gcm
from geo_citymgmt.maps._classes import number_classes
from tests.conftest import CRS, X0, Y0, points, squares

N = 6


@pytest.fixture
def marks() -> gpd.GeoDataFrame:
    return points(*[(100 * k + 50, 50) for k in range(N)], v=list(range(N)))


@pytest.fixture
def zones() -> gpd.GeoDataFrame:
    return squares((0, 0, 500, 500), (500, 0, 1000, 500))


def drawn(made: gcm.CityMap) -> str:
    return made.get_root().render()


@pytest.mark.parametrize(
    "index",
    [list("aabbcc"), [1] * N, pd.CategoricalIndex(list("aabbcc")), [None] * N,
     pd.MultiIndex.from_product([[1, 2, 3], ["x", "y"]])],
)  # fmt: skip
def test_a_layer_is_drawn_whatever_its_index_is(marks, index):
    page = drawn(gcm.layer_map(marks.set_axis(index), "manholes", color_by="v"))
    assert "未落图" not in page
    gcm.plot_layer(marks.set_axis(index), "manholes", color_by="v")


@pytest.mark.parametrize("value", [[1, "甲"], {"a": "甲"}, np.array(["甲"]), {"甲"}, ("甲",)])
def test_nested_values_are_text_in_a_popup_and_refused_as_a_filter(marks, value):
    frame = marks.assign(x=pd.Series([value] * N, dtype=object))
    assert "甲" in drawn(gcm.layer_map(frame, "manholes", popup_fields=["x"]))
    drawn(gcm.layer_map(frame, "manholes", color_by="x"))
    if isinstance(value, tuple):
        return
    with pytest.raises(gcm.MapError, match=r"filter_by: values of column 'x' .* the first at 0"):
        gcm.layer_map(frame, "manholes", filter_by=["x"])


@pytest.mark.parametrize(
    "place",
    [
        None,
        shapely.Point(),
        shapely.Point(np.nan, np.nan),
        shapely.Point(X0, np.nan),
        shapely.Point(np.inf, Y0),
    ],
)
def test_what_has_no_finite_place_is_counted_beside_the_map(marks, place):
    geometry = gpd.GeoSeries([place, *marks.geometry[1:]], crs=CRS)
    page = gcm.layer_map(marks.set_geometry(geometry), "manholes")
    assert any("1" in note for note in page.notes)


@pytest.mark.parametrize(
    ("arguments", "cause"),
    [
        ({"k": "5"}, "k is '5'"), ({"k": 0}, "k is 0"), ({"k": None}, "k is None"),
        ({"scheme": None}, "scheme is None"), ({"scheme": {}}, "scheme is {}"),
        ({"scheme": ["a"]}, "scheme is 'a'"), ({"scheme": "UserDefined"}, "known: boxplot"),
        ({"color_by": "nowhere"}, "color_by: no column 'nowhere'; there are v, z, inf"),
        ({"color_by": 5}, "color_by: no column 5"), ({"color_by": "z"}, "'z' is not numbers"),
        ({"color_by": "inf"}, "'inf' has 1 values infinite, the first at 0"),
        ({"popup_fields": "nowhere"}, "popup_fields: no column 'nowhere'"),
        ({"filter_by": 5}, "filter_by: no column 5"), ({"date_by": "nowhere"}, "date_by: no col"),
    ],
)  # fmt: skip
def test_an_argument_that_is_unfit_is_named(marks, arguments, cause):
    frame = marks.assign(z=1j, inf=[np.inf, *range(1, N)])
    with pytest.raises(gcm.MapError) as caught:
        gcm.layer_map(frame, "manholes", **({"color_by": "v"} | arguments))
    assert cause in caught.value.message


@pytest.mark.parametrize("scheme", ["UserDefined", "FisherJenksSampled", "MaxP", "nope"])
@pytest.mark.parametrize("values", [[1, 2, 3, 4], [1, 1], [1, np.nan]])
def test_a_scheme_that_is_not_listed_is_refused_whatever_the_values(scheme, values):
    with pytest.raises(gcm.MapError, match="known: boxplot") as caught:
        number_classes(pd.Series(values, dtype=float), scheme=scheme)
    assert scheme.lower() not in caught.value.message.split("known:")[1]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "values",
    [[1, 2, 3, 4, 5, 1e9], [0, 0, 0, 0, 5], [1, 2], [7] * 4, [np.nan, 1], [1e-300, 1e300]],
)
def test_each_scheme_that_is_listed_makes_classes_or_says_why_not(values):
    with pytest.raises(gcm.MapError) as caught:
        number_classes(pd.Series(values, dtype=float), scheme="nope")
    for scheme in caught.value.message.split("known: ")[1].rstrip(".").split(", "):
        try:
            made = number_classes(pd.Series(values, dtype=float), scheme=scheme)
        except gcm.MapError as error:
            assert scheme in error.message
        else:
            assert ((made.index >= 0) == ~np.isnan(values)).all()


@pytest.mark.parametrize("codes", [["1", "2"], [1, 2], [1.0, 2.0], pd.CategoricalIndex([1, 2])])
@pytest.mark.parametrize("own", [["1", "2"], [1, 2]])
def test_codes_that_say_the_same_join_whatever_their_type(zones, codes, own):
    table = pd.DataFrame({"n": [1.5, 2.5]}, index=codes)
    page = drawn(gcm.zone_map(table, zones.set_axis(own), "n"))
    assert "2.5" in page
    assert "没有对应图形" not in page


def test_codes_of_which_none_is_a_zone_are_refused_and_some_are_told(zones):
    table = pd.DataFrame({"n": [1.5, 2.5]}, index=[1, 2])
    with pytest.raises(gcm.MapError, match=r"table's index \(int64, such as 1\) is one of the zon"):
        gcm.zone_map(table, zones.set_axis(["01", "02"]), "n")
    some = gcm.zone_map(table, zones.set_axis(["1", "B"]), "n")
    assert any("2" in note for note in some.notes)


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        (lambda z: z.set_geometry(z.centroid), "zone 'A' of zones is a Point, not a polygon"),
        (lambda z: z.set_axis(["A", "A"]), "zone code 'A' occurs more than once"),
        (lambda z: z.set_axis(["A", None]), "has no code"),
        (lambda z: pd.DataFrame(z), "zones is a DataFrame"),
        (lambda z: None, "zones is a NoneType"),
    ],
)
def test_zones_that_are_none_are_refused(zones, change, cause):
    table = pd.DataFrame({"n": [1.0, 2.0]}, index=zones.index)
    for draw in (gcm.zone_map, gcm.plot_zones):
        with pytest.raises(gcm.MapError, match=f"{draw.__name__}: .*{cause}"):
            draw(table, change(zones), "n")


def test_a_column_of_a_table_may_be_named_by_a_number(zones):
    table = pd.DataFrame({2022: [1.5, 2.5]}, index=zones.index)
    assert gcm.zone_map(table, zones, 2022).title == "2022"


def test_the_mapping_of_names_goes_by_its_new_name(zones):
    table = pd.DataFrame({"n": [1.5, 2.5], "m": [3, 4]}, index=zones.index)
    with pytest.warns(DeprecationWarning, match="column_labels"):
        old = drawn(gcm.zone_map(table, zones, "n", popup_columns=["m"], labels={"m": "面积"}))
    new = drawn(gcm.zone_map(table, zones, "n", popup_columns="m", column_labels={"m": "面积"}))
    assert "面积" in old
    assert "面积" in new


@pytest.mark.parametrize("city", [None, 5, {}, pd.DataFrame()])
def test_what_is_no_city_is_refused_by_its_kind(city):
    for call in (lambda: gcm.city_map(city), lambda: gcm.progress_map(city, "demolished_area")):
        with pytest.raises(gcm.MapError, match=f"city is a {type(city).__name__}"):
            call()
