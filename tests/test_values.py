"""City and layer as values: they travel, they do not change, they can be compared."""

from __future__ import annotations

import copy
import multiprocessing
import pickle

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

import geo_citymgmt as gcm
from geo_citymgmt._metric import check_metric_crs
from geo_citymgmt._values import FrozenDict, equal_values
from geo_citymgmt.profiles import load_profile
from tests.conftest import CRS, points, squares, with_layers

COPIES = {
    "pickle": lambda value: pickle.loads(pickle.dumps(value)),
    "deepcopy": copy.deepcopy,
    "copy": copy.copy,
}
FRAMES = ("data", "rejected", "findings", "ledger")


@pytest.fixture(scope="module")
def layer() -> gcm.Layer:
    """A layer with a rejected record, one without a place, a repaired value and findings."""
    frame = points(
        (1, 1), (2, 2), (3, 3), (4, 4),
        窨井编号=["a", "b", "b", None], 状态=["待整治", "???", "已整治", "已整治"],
        联系电话=["13800000000"] * 4, 整治日期=["2022-05-01", "x", None, "2022年6月"],
    )  # fmt: skip
    frame.loc[3, "geometry"] = None
    return gcm.read_layer(frame, "manholes")


@pytest.mark.parametrize("copied", COPIES.values(), ids=COPIES)
def test_a_layer_and_what_it_holds_are_copied_as_equals(layer, copied):
    again = copied(layer)
    assert again == layer
    assert again.spec == layer.spec
    assert again.metric == layer.metric
    assert again.mapping == layer.mapping
    for name in FRAMES:
        one, other = getattr(layer, name), getattr(again, name)
        assert type(one) is type(other)
        pd.testing.assert_frame_equal(pd.DataFrame(one), pd.DataFrame(other))
    assert again.data.crs == layer.data.crs
    assert repr(again.findings) == repr(layer.findings)
    np.testing.assert_array_equal(again.record, layer.record)


@pytest.mark.parametrize("copied", COPIES.values(), ids=COPIES)
def test_a_city_is_copied_as_an_equal_that_gives_the_same_figures(city, copied):
    again = copied(city)
    assert again == city
    assert again.profile == city.profile
    assert hash(again.profile) == hash(city.profile)
    assert again.specs == city.specs
    assert again.figures == city.figures
    assert again.layers == city.layers
    assert again.zones_by_level == city.zones_by_level
    assert repr(again) == repr(city)
    one, other = (gcm.progress(with_layers(c, "manholes"), as_of=None) for c in (again, city))
    pd.testing.assert_frame_equal(one, other)


def test_a_layer_goes_to_another_process_and_back(layer):
    # The way of every system but older Linux: nothing is inherited, all is sent.
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(copy.copy, (layer,)) == layer


def test_every_layer_definition_is_copied_as_an_equal():
    for spec in gcm.load_specs().values():
        for copied in COPIES.values():
            assert copied(spec) == spec


def test_a_metric_crs_of_unknown_errors_is_copied_as_an_equal():
    metric = check_metric_crs(CRS, np.empty(0), np.empty(0), "here")
    again = COPIES["pickle"](metric)
    assert np.isnan(metric.areal_error)
    assert again == metric
    assert hash(again) == hash(metric)


CHANGES = {
    "add": lambda f: f.insert(0, "new", 1),
    "assign": lambda f: f.__setitem__(f.columns[0], None),
    "loc": lambda f: f.__setitem__("geometry" if "geometry" in f else f.columns[-1], None),
    "iat": lambda f: f.iloc.__setitem__((0, 0), f.iloc[-1, 0]),
    "delete": lambda f: f.__delitem__(f.columns[0]),
    "pop": lambda f: f.pop(f.columns[-1]),
    "index": lambda f: setattr(f, "index", f.index[::-1]),
    "index name": lambda f: setattr(f.index, "name", "other"),
    "columns": lambda f: setattr(f, "columns", [f"{c}_" for c in f.columns]),
    "sort": lambda f: f.sort_index(ascending=False, inplace=True),  # noqa: PD002
    "drop": lambda f: f.drop(columns=f.columns[0], inplace=True),  # noqa: PD002
    "attrs": lambda f: f.attrs.update(seen=True),
    "update": lambda f: f.update(pd.DataFrame({f.columns[0]: ["x"] * len(f)}, index=f.index)),
}
#: What geopandas does in place.
GEO_CHANGES = {
    "set_crs": lambda f: f.set_crs(4326, allow_override=True, inplace=True),
    "to_crs": lambda f: f.to_crs(4326, inplace=True),
    "geometry": lambda f: setattr(f, "geometry", f.geometry.buffer(1)),
    "rename": lambda f: f.rename_geometry("shape", inplace=True),
    "series crs": lambda f: f.geometry.set_crs(4326, allow_override=True, inplace=True),
    "values": lambda f: f.loc.__setitem__((f.index[0], f.geometry.name), None),
}
#: What a city hands out, each asked for anew.
CITY_FRAMES = {
    "city[key]": lambda c: c["utility_tunnels"],
    "layer.data": lambda c: c.layer("utility_tunnels").data,
    "layer.rejected": lambda c: c.layer("utility_tunnels").rejected,
    "layer.findings": lambda c: c.layer("utility_tunnels").findings,
    "layer.ledger": lambda c: c.layer("utility_tunnels").ledger,
    "values()": lambda c: next(iter(c.values())),
    "layers[key]": lambda c: c.layers["utility_tunnels"].data,
    "zones": lambda c: c.zones,
    "zones_at": lambda c: c.zones_at("street"),
    "zones_by_level": lambda c: c.zones_by_level["street"],
    "events": lambda c: c.events,
    "targets": lambda c: c.targets,
    "findings": lambda c: c.findings,
    "ledger": lambda c: c.ledger,
    "published": lambda c: c.published,
}


@pytest.fixture(scope="module")
def before(city) -> gcm.City:
    return pickle.loads(pickle.dumps(city))


@pytest.mark.parametrize("name", CITY_FRAMES)
@pytest.mark.filterwarnings("ignore")  # in-place ways that pandas and geopandas advise against
def test_nothing_done_to_a_frame_that_is_handed_out_changes_the_city(city, before, name):
    given = CITY_FRAMES[name](city)
    untouched = given.copy()
    changes = CHANGES | (GEO_CHANGES if isinstance(given, gpd.GeoDataFrame) and len(given) else {})
    for what, change in changes.items():
        if len(given) or what in ("add", "columns"):
            change(CITY_FRAMES[name](city))
        now = CITY_FRAMES[name](city)
        assert equal_values(now.copy(), untouched), what
        assert now.attrs == {}
        assert now.index.name == untouched.index.name
    assert before == city


def test_a_change_of_a_copy_is_seen_in_that_copy_alone(city):
    mine, yours = city["utility_tunnels"], city["utility_tunnels"]
    mine["length_km"] = 0.0
    assert mine["length_km"].eq(0).all()
    assert "length_km" not in yours.columns or not yours["length_km"].eq(0).all()


def test_mappings_and_arrays_of_a_city_are_read_only(city):
    layer = city.layer("utility_tunnels")
    for table in (city.layers, city.specs, city.zones_by_level, city.unread, layer.mapping,
                  layer.unreadable, layer.spec.fields, city.figures.figures):  # fmt: skip
        with pytest.raises(TypeError, match="does not support item assignment"):
            table["new"] = None
    with pytest.raises(ValueError, match="read-only"):
        layer.record[0] = 7
    with pytest.raises(ValueError, match="read-only"):
        COPIES["pickle"](layer).record[0] = 7
    with pytest.raises(AttributeError):
        city.events = None


def test_what_is_given_to_a_layer_may_be_changed_by_its_giver(layer):
    data, record, mapping = layer.data.copy(), layer.record.copy(), dict(layer.mapping)
    made = gcm.Layer(
        layer.spec, data, layer.rejected, layer.findings, layer.ledger, record,
        layer.personal, mapping, layer.metric, layer.unreadable, layer.sources,
    )  # fmt: skip
    data["status"] = "gone"
    mapping.clear()
    assert made == layer


def test_layers_are_equal_by_what_they_hold(layer, city):
    same = gcm.read_layer(layer.data, "manholes")
    assert same == gcm.read_layer(layer.data, "manholes")
    assert same != gcm.read_layer(layer.data.iloc[:1], "manholes")
    assert same != gcm.read_layer(layer.data, "manholes", metric_crs="EPSG:32651")
    assert same != "manholes"
    assert city.layer("manholes") != city.layer("bike_stations")
    assert city != dict.fromkeys(city)
    for value in (layer, city):
        with pytest.raises(TypeError, match="unhashable"):
            hash(value)


def test_cities_are_equal_by_what_they_hold(city):
    from dataclasses import replace

    assert city == replace(city)
    assert city != replace(city, name_zh="别处")
    assert city != replace(city, events=city.events.iloc[1:])
    moved = city.zones.to_crs(4326)
    assert city != replace(city, zones_by_level={**city.zones_by_level, "district": moved})


def test_equality_by_content_knows_types_crs_and_missing_values():
    zones = squares((0, 0, 1, 1), (1, 0, 2, 1))
    assert equal_values(zones, zones.copy())
    assert not equal_values(zones, zones.set_crs(4550, allow_override=True))
    assert not equal_values(zones, pd.DataFrame(zones))
    assert not equal_values(zones, zones.iloc[::-1])
    numbers = np.array([1.0, np.nan])
    assert equal_values(numbers, numbers.copy())
    assert not equal_values(numbers, numbers.astype("float32"))
    assert equal_values(np.array([None, "a"]), np.array([None, "a"]))
    assert equal_values([float("nan")], [float("nan")])
    assert not equal_values([1.0], (1.0,))
    assert not equal_values({"a": 1}, {"b": 1})


def test_a_frozen_table_is_a_mapping_that_is_pickled():
    table = FrozenDict({"a": [1]})
    assert dict(table) == {"a": [1]} == table
    assert table | {"b": 2} == {"a": [1], "b": 2}
    assert {"b": 2} | table == {"b": 2, "a": [1]}
    for copied in COPIES.values():
        assert copied(table) == table
    assert copy.deepcopy(table)["a"] is not table["a"]
    with pytest.raises(TypeError):
        del table["a"]


def test_a_profile_is_copied_as_an_equal():
    profile = load_profile("suzhou_2022")
    for copied in COPIES.values():
        assert copied(profile) == profile
    pd.testing.assert_frame_equal(copy.deepcopy(profile).published(), profile.published())
