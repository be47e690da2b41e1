"""Frames the package did not make: each value comes back, is listed by losses, or is refused."""

from __future__ import annotations

import datetime as dt
import decimal
import errno
import json

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import geo_citymgmt as gcm
from geo_citymgmt.writing import losses
from tests.conftest import CRS, X0, Y0, few_examples, points
from tests.writing.test_round_trip import FILES

HERE = shapely.Point(X0, Y0)


def frame(values, *, shapes=None, name="x") -> gpd.GeoDataFrame:
    shapes = [HERE] * len(values) if shapes is None else shapes
    table = pd.DataFrame({name: pd.Series(values)})
    return gpd.GeoDataFrame(table, geometry=shapes, crs=CRS)


def read(target) -> pd.DataFrame:
    if target.suffix == ".csv":
        return pd.read_csv(target, keep_default_na=False, na_values=[""])
    if target.suffix == ".xlsx":
        return pd.read_excel(target, engine="openpyxl", keep_default_na=False, na_values=[""])
    return gpd.read_parquet(target) if target.suffix == ".parquet" else gpd.read_file(target)


def lost(layer, suffix, field="x") -> list[str]:
    told = losses(layer, suffix).query("code == 'FORMAT_LOSS' and field == @field")
    return told["message_en"].tolist()


# Labels

NAMES = st.sampled_from(["zone_code", "编号", "fid", "id", "code"])
TEXTS = st.text("abcxyz甲乙", min_size=1, max_size=4).filter(lambda text: text not in ("a", "nan"))
LABELS = st.one_of(
    st.lists(TEXTS, min_size=3, max_size=3),
    st.lists(st.integers(-(2**40), 2**40), min_size=3, max_size=3),
    st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=3).map(lambda v: [x + 0.5 for x in v]),
    st.lists(st.dates(dt.date(1950, 1, 1), dt.date(2050, 1, 1)), min_size=3, max_size=3).map(
        pd.DatetimeIndex
    ),
    st.lists(TEXTS, min_size=3, max_size=3).map(pd.CategoricalIndex),
)
INDEXES = st.one_of(
    st.tuples(LABELS, NAMES).map(lambda pair: pd.Index(pair[0], name=pair[1])),
    st.tuples(LABELS, LABELS).map(
        lambda pair: pd.MultiIndex.from_arrays([list(v) for v in pair], names=["sheet", "row"])
    ),
)


@pytest.mark.parametrize("suffix", FILES)
@settings(few_examples(6), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(index=INDEXES)
def test_every_named_level_of_an_index_comes_back_as_a_column(tmp_path, suffix, index):
    given_frame = frame([1, 2, 3]).set_index(index)
    found = read(gcm.write_layer(given_frame, tmp_path / f"a{suffix}"))
    assert list(found.columns) == [*index.names, "x", "geometry"]
    for name in index.names:
        wanted = index.get_level_values(name)
        there = pd.Series(found[name])
        if isinstance(wanted, pd.DatetimeIndex):
            assert (pd.to_datetime(there) == wanted).all()
        elif pd.api.types.is_float_dtype(wanted.dtype):
            assert np.allclose(there, wanted, rtol=1e-14, atol=0)
        else:
            assert there.astype(str).tolist() == [str(label) for label in wanted]
    assert given_frame.index.equals(index)


@pytest.mark.parametrize("suffix", FILES)
def test_zones_keep_their_code_and_lose_nothing(tmp_path, city, suffix):
    gcm.write_layer(city.zones.head(2), tmp_path / f"a{suffix}")
    code = "DIST_CODE" if suffix == ".shp.zip" else "district_code"
    found = read(tmp_path / f"a{suffix}")
    assert str(found.iloc[0, 0]) == city.zones.index[0]
    assert found.columns[0].lower().startswith(code.lower()[:4])


@pytest.mark.parametrize("suffix", [*FILES, "postgis"])
def test_an_index_that_only_counts_is_not_written_and_listed_where_it_does_not(suffix):
    assert not losses(frame([1, 2]), suffix)["message_en"].str.contains("index").any()
    some = frame([1, 2, 3, 4]).iloc[[0, 3]]
    told = losses(some, suffix)
    told = told[told["message_en"].str.contains("numbers of the index")]
    assert told[["record", "severity"]].values.tolist() == [[1, "info"]]


def test_labels_without_a_name_are_called_index_or_by_their_level(tmp_path):
    two = frame([1, 2])
    target = tmp_path / "a.gpkg"
    gcm.write_layer(two.set_axis(["a", "b"]), target)
    assert gpd.read_file(target)["index"].tolist() == ["a", "b"]
    gcm.write_layer(two.set_axis(["a", "b"]).rename(columns={"x": "index"}), target)
    assert gpd.read_file(target)[["index_1", "index"]].values.tolist() == [["a", 1], ["b", 2]]
    levels = pd.MultiIndex.from_tuples([("a", 1), ("b", 2)])
    gcm.write_layer(two.set_axis(levels), target)
    assert gpd.read_file(target)["level_1"].tolist() == [1, 2]


def test_a_level_that_is_a_column_already_is_written_once_and_another_is_refused(tmp_path):
    two = frame([1, 2])
    for index in ([1, 2], [1.0, 2.0], pd.Categorical([1, 2])):
        gcm.write_layer(two.set_axis(pd.Index(index, name="x")), tmp_path / "a.gpkg")
        assert gpd.read_file(tmp_path / "a.gpkg").columns.tolist() == ["x", "geometry"]
    other = two.set_axis(pd.Index([1, 3], name="x"))
    with pytest.raises(gcm.CityDataError, match=r"index 'x' and the column 'x'.*rename_axis"):
        gcm.write_layer(other, tmp_path / "b.gpkg")
    gcm.write_layer(other.rename_axis("y"), tmp_path / "b.gpkg")
    assert gpd.read_file(tmp_path / "b.gpkg")["y"].tolist() == [1, 3]


# Values

HELD = {
    "categories": (pd.Categorical(["a", None, "b"]), ["a", None, "b"]),
    "whole numbers among objects": (pd.Series([1, None, 3], dtype=object), [1, None, 3]),
    "yes and no among objects": (pd.Series([True, None, False], dtype=object), [True, None, False]),
    "arrow's numbers": (pd.array([1, None, 3], dtype="int64[pyarrow]"), [1, None, 3]),
    "small whole numbers": (np.array([1, 2, 255], dtype="uint8"), [1, 2, 255]),
    "decimals": ([decimal.Decimal("1.10"), None, decimal.Decimal("2")], [1.1, None, 2]),
    "sparse numbers": (pd.arrays.SparseArray([0, 0, 1.5]), [0, 0, 1.5]),
    "half numbers": (np.array([0.5, 1, 2], dtype="float16"), [0.5, 1, 2]),
    "nothing": ([None, None, None], [None, None, None]),
}


@pytest.mark.parametrize("suffix", FILES)
@pytest.mark.parametrize("kind", HELD)
def test_a_column_of_another_kind_comes_back_with_its_values(tmp_path, kind, suffix):
    values, wanted = HELD[kind]
    found = read(gcm.write_layer(frame(values), tmp_path / f"a{suffix}"))["x"]
    if suffix == ".shp.zip" and kind.startswith("yes"):
        wanted = ["是", None, "否"]
    assert [None if pd.isna(v) else v for v in found] == wanted
    assert lost(frame(values), suffix) == []


CHANGED = {
    "lists": ([[1, "甲"], None, []], ['[1, "甲"]', None, "[]"], "JSON"),
    "dicts": ([{"a": 1.5}, None, {"b": dt.date(2022, 6, 30)}],
              ['{"a": 1.5}', None, '{"b": "2022-06-30"}'], "JSON"),
    "arrays": ([np.array([1, 2]), None, None], ["[1, 2]", None, None], "JSON"),
    "durations": (pd.to_timedelta([90, None, 1], unit="min"),
                  ["0 days 01:30:00", None, "0 days 00:01:00"], "durations"),
    "periods": (pd.period_range("2022-01", periods=3, freq="M"),
                ["2022-01", "2022-02", "2022-03"], "periods"),
    "intervals": (pd.interval_range(0, 3), ["(0, 1]", "(1, 2]", "(2, 3]"], "intervals"),
    "times of day": ([dt.time(8, 30), None, dt.time(9)], ["08:30:00", None, "09:00:00"], "times"),
    "mixed": (pd.Series(["约3", 4, None], dtype=object), ["约3", "4", None], "mixed"),
    "beyond 64 bits": (pd.Series([10**30, None, 1], dtype=object), ["1" + "0" * 30, None, "1"],
                       "64 bits"),
    "unsigned": (np.array([2**64 - 1, 1, 2], dtype="uint64"), [str(2**64 - 1), "1", "2"],
                 "64 bits"),
    "long decimals": ([decimal.Decimal("0.1234567890123456789"), None, None],
                      ["0.1234567890123456789", None, None], "decimals"),
}  # fmt: skip


@pytest.mark.parametrize("suffix", [".gpkg", ".parquet", ".geojson", ".shp.zip"])
@pytest.mark.parametrize("kind", CHANGED)
def test_what_has_a_text_goes_as_text_and_is_listed_with_its_records(tmp_path, kind, suffix):
    values, wanted, word = CHANGED[kind]
    path = gcm.write_layer(frame(values), tmp_path / f"a{suffix}")
    if suffix == ".geojson":
        # Of such a column GDAL makes times, or nothing before 3.12.
        features = json.loads(path.read_text(encoding="utf-8"))["features"]
        found = [feature["properties"]["x"] for feature in features]
    else:
        found = read(path)["x"]
    assert [None if pd.isna(v) else str(v) for v in found] == wanted
    told = losses(frame(values), suffix).query("field == 'x'")
    told = told[told["message_en"].str.contains(word)]
    assert told["record"].tolist() == [k for k, text in enumerate(wanted) if text is not None]
    assert set(told["severity"]) == {"info"}


class Thing:
    """An object no format knows."""


REFUSED = {
    "objects": ([None, Thing()], "record 1: a value of type Thing"),
    "sets": ([None, {1}], "record 1: a value of type set"),
    "lists of objects": ([None, [Thing()]], "record 1: a value of type list"),
    "bytes": ([None, b"x"], "record 1: a value of type bytes"),
    "complex": (np.array([1j, 2]), "record 0: a complex number"),
    "half a character": (pd.Series(["a", "\ud800"], dtype=object), "record 1: half a character"),
    "year 12850": (np.array(["2022", "12850"], dtype="datetime64[s]"), "record 1: a year outside"),
    "some zoned": (pd.Series([pd.Timestamp(2022, 1, 1), pd.Timestamp("2022", tz="UTC")],
                             dtype=object), "record 1: a time zone"),
    "a second geometry": (gpd.GeoSeries([HERE, HERE], crs=4326), "record 0: a second geometry"),
    "geometries among objects": (pd.Series([None, HERE], dtype=object), "record 1: a second geom"),
}  # fmt: skip


@pytest.mark.parametrize("suffix", [*FILES, "postgis"])
@pytest.mark.parametrize("kind", REFUSED)
def test_what_no_format_holds_is_refused_by_column_and_record(tmp_path, kind, suffix):
    values, cause = REFUSED[kind]
    given_frame = frame(values, name="字段")
    with pytest.raises(gcm.CityDataError, match=f"losses: column '字段', {cause}") as caught:
        losses(given_frame, suffix)
    assert "第" in caught.value.message_zh
    assert caught.value.remedy
    if suffix in FILES:
        with pytest.raises(gcm.CityDataError, match="write_layer: column '字段'"):
            gcm.write_layer(given_frame, tmp_path / f"a{suffix}")
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", FILES)
def test_infinity_is_held_or_left_out_and_listed(tmp_path, suffix):
    given_frame = frame([np.inf, 1.5, -np.inf])
    found = read(gcm.write_layer(given_frame, tmp_path / f"a{suffix}"))["x"].tolist()
    if suffix in (".gpkg", ".parquet"):
        assert found == [np.inf, 1.5, -np.inf]
        assert lost(given_frame, suffix) == []
        return
    assert np.isnan(found[0])
    assert found[1] == 1.5
    told = losses(given_frame, suffix).query("severity == 'warning'")
    assert told[["field", "record"]].values.tolist() == [["x", 0], ["x", 2]]
    assert ".gpkg" in told["message_en"].iloc[0]


@pytest.mark.parametrize("suffix", FILES)
def test_moments_with_a_time_zone_are_those_of_shanghai(tmp_path, suffix):
    moments = pd.to_datetime(["2022-06-30 20:00", None], utc=True)
    found = pd.to_datetime(read(gcm.write_layer(frame(moments), tmp_path / f"a{suffix}"))["x"])
    if suffix == ".parquet":
        assert found[0] == moments[0]
        assert lost(frame(moments), suffix) == []
    else:
        assert found[0] == pd.Timestamp("2022-07-01 04:00")
        assert "Asia/Shanghai" in lost(frame(moments), suffix)[0]
    assert pd.isna(found[1])


@pytest.mark.parametrize("suffix", FILES)
@pytest.mark.parametrize(
    "values",
    [[1e22, 123456789.123456789, 1 / 3], [5e-324, 1e300, -0.0], [2**53 + 1, 0, 2**62 + 1]],
)
def test_other_programs_read_the_numbers_that_were_written(tmp_path, suffix, values):
    found = read(gcm.write_layer(frame(values), tmp_path / f"a{suffix}"))["x"]
    if suffix == ".xlsx" and isinstance(values[1], float):
        assert np.allclose(found, values, rtol=1e-15, atol=0)
    else:
        assert [type(v)(f) for v, f in zip(values, found, strict=True)] == values


def test_the_largest_number_of_a_sheet_is_left_out_and_listed(tmp_path):
    given_frame = frame([1.7976931348623157e308, 1.0])
    assert pd.isna(read(gcm.write_layer(given_frame, tmp_path / "a.xlsx"))["x"][0])
    assert "16 digits" in lost(given_frame, ".xlsx")[0]


@pytest.mark.parametrize(("suffix", "word"), [(".csv", "empty"), (".shp.zip", "blanks")])
def test_text_that_comes_back_shorter_is_listed(suffix, word):
    told = losses(frame(["", " a ", None]), suffix).query("field == 'x'")
    assert told["message_en"].str.contains(word).any()
    assert 2 not in told["record"].tolist()


# Names


@pytest.mark.parametrize("suffix", FILES)
@pytest.mark.parametrize("name", [("a", "b"), None, "", " ", 1.5, "a\0b", "a\x07"])
def test_a_name_that_is_no_text_is_refused_by_name(tmp_path, suffix, name):
    given_frame = frame([1])
    given_frame.columns = pd.Index([name, "geometry"], tupleize_cols=False, dtype=object)
    with pytest.raises(gcm.CityDataError, match=r"name of column .* no text"):
        gcm.write_layer(given_frame.set_geometry("geometry"), tmp_path / f"a{suffix}")


@pytest.mark.parametrize("suffix", FILES)
def test_a_year_as_the_name_of_a_column_becomes_text_and_is_listed(tmp_path, suffix):
    years = frame([7]).rename(columns={"x": 2022})
    found = read(gcm.write_layer(years, tmp_path / f"a{suffix}"))
    assert found["2022"].tolist() == [7]
    assert "a number" in lost(years, suffix, "2022")[0]


def test_names_a_format_takes_for_one_are_refused_or_listed(tmp_path):
    both = frame([1]).assign(X=2)
    with pytest.raises(gcm.CityDataError, match=r"'x' and 'X' differ in case only, which \.gpkg"):
        gcm.write_layer(both, tmp_path / "a.gpkg")
    for suffix in (".parquet", ".geojson", ".csv", ".xlsx"):
        found = read(gcm.write_layer(both, tmp_path / f"a{suffix}"))
        assert found[["x", "X"]].values.tolist() == [[1, 2]]
    assert "cut to X_2" in lost(both, ".shp.zip", "X")[0]
    twice = gpd.GeoDataFrame(pd.DataFrame([[1, 2]], columns=["v", "v"]), geometry=[HERE], crs=CRS)
    with pytest.raises(gcm.CityDataError, match="more than one column is called 'v'"):
        gcm.write_layer(twice, tmp_path / "b.csv")


@pytest.mark.parametrize("suffix", FILES)
def test_a_column_called_as_the_shape_is_renamed_and_listed(tmp_path, suffix):
    named = frame(["a"], name="geometry_1").rename_geometry("shape").assign(geometry=[5])
    found = read(gcm.write_layer(named, tmp_path / f"a{suffix}"))
    column = "geometry_2" if suffix != ".shp.zip" else "geometry_3"
    assert 5 in found.drop(columns="geometry").iloc[0].tolist()
    if suffix != ".shp.zip":
        assert found[column].tolist() == [5]
    assert "geometry_2" in lost(named, suffix, "geometry")[0]


# Shapes

SHAPES = {
    "none": [None, HERE],
    "rings": [shapely.LinearRing([(X0, Y0), (X0 + 1, Y0), (X0, Y0 + 1)])],
    "empty": [HERE, shapely.Point()],
    "without numbers": [HERE, shapely.Point(np.nan, np.nan)],
    "half without": [HERE, shapely.Point(X0, np.nan)],
    "infinite": [HERE, shapely.Point(np.inf, Y0)],
    "heights": [shapely.Point(X0, Y0, 5)],
    "some heights": [HERE, shapely.Point(X0, Y0, 5)],
    "no height": [HERE, shapely.Point(X0, Y0, np.nan)],
    "points and multi-points": [HERE, shapely.MultiPoint([HERE, HERE])],
    "collections": [HERE, shapely.GeometryCollection([HERE])],
}


@pytest.mark.filterwarnings("ignore:invalid value encountered:RuntimeWarning")
@pytest.mark.parametrize("suffix", FILES)
@pytest.mark.parametrize("kind", SHAPES)
def test_each_shape_comes_back_or_is_listed_or_refused(tmp_path, kind, suffix):
    shapes = SHAPES[kind]
    given_frame = frame(list(range(len(shapes))), shapes=shapes)
    if kind == "collections" and suffix == ".shp.zip":
        with pytest.raises(gcm.CityDataError, match=r"record 1 is a GeometryCollection.*explode"):
            gcm.write_layer(given_frame, tmp_path / f"a{suffix}")
        return
    found = read(gcm.write_layer(given_frame, tmp_path / f"a{suffix}"))["geometry"].to_numpy()
    if suffix in (".csv", ".xlsx"):
        found = shapely.from_wkt(np.where(pd.isna(found), None, found))
    elif suffix == ".geojson":
        found = gpd.GeoSeries(found, crs=4326).to_crs(CRS).to_numpy()
    wanted = np.array(shapes, dtype=object)
    same = shapely.equals_exact(wanted, found, tolerance=1e-6) & (
        shapely.has_z(wanted) == shapely.has_z(found)
    )
    same |= shapely.equals_identical(wanted, found)
    same |= shapely.is_missing(wanted) & shapely.is_missing(found)
    same |= shapely.is_empty(wanted) & shapely.is_empty(found)
    told = losses(given_frame, suffix)
    told = told[told["record"].notna()]
    assert set(np.flatnonzero(~same)) == set(told["record"])


def test_measures_are_left_out_and_heights_beside_them_kept(tmp_path):
    both = shapely.from_wkt([f"POINT ZM ({X0} {Y0} 3 7)", f"POINT M ({X0} {Y0} 7)"])
    given_frame = frame([1, 2], shapes=both)
    found = gpd.read_file(gcm.write_layer(given_frame, tmp_path / "a.gpkg")).geometry
    assert shapely.get_z(found.iloc[0]) == 3
    assert not found.iloc[1].has_z
    told = losses(given_frame, ".gpkg")
    assert told["record"].tolist() == [0, 1]
    assert "(M)" in told["message_en"].iloc[0]


# Frames


@pytest.mark.parametrize("suffix", FILES)
@pytest.mark.parametrize("columns", [["x", "when"], []])
def test_a_frame_without_records_is_written_with_its_headings(tmp_path, suffix, columns):
    given_frame = frame([1]).assign(when=pd.Timestamp(2022, 1, 1)).head(0)[[*columns, "geometry"]]
    found = read(gcm.write_layer(given_frame, tmp_path / f"a{suffix}"))
    assert len(found) == 0
    if suffix != ".geojson":
        assert [c for c in found.columns if c not in ("geometry", "FID")] == columns


@pytest.mark.parametrize(
    ("layer", "what"),
    [
        (pd.DataFrame({"a": [1]}), "is a DataFrame, not a GeoDataFrame"),
        (gpd.GeoDataFrame({"a": [1]}), "without a geometry column"),
        (gpd.GeoSeries([HERE], crs=CRS), r"is a GeoSeries.*to_frame"),
        (None, "is a NoneType"),
        ("a.gpkg", "is a str.*read_layer"),
    ],
)
def test_what_is_no_frame_is_refused_by_its_kind(tmp_path, layer, what):
    for call in (
        lambda: gcm.write_layer(layer, tmp_path / "a.gpkg"),
        lambda: losses(layer, ".csv"),
    ):
        with pytest.raises(gcm.CityDataError, match=f": layer .*{what}"):
            call()


@pytest.mark.parametrize("path", [None, 5, b"a.gpkg"])
def test_what_is_no_path_is_refused_by_its_kind(path):
    with pytest.raises(gcm.CityDataError, match=f"write_layer: path is a {type(path).__name__}"):
        gcm.write_layer(frame([1]), path)


@pytest.mark.parametrize("name", ["a\0b.gpkg", "x" * 300 + ".gpkg"])
def test_what_no_file_can_be_called_is_refused(tmp_path, name):
    with pytest.raises(gcm.CityDataError, match="is no name of a file"):
        gcm.write_layer(frame([1]), tmp_path / name)


@pytest.mark.parametrize("name", ["a[1]", "'q'", "history", "a/b:c", "'" * 40])
def test_a_sheet_is_named_as_far_as_a_sheet_can_be(tmp_path, name):
    target = gcm.write_layer(frame([1]), tmp_path / "a.xlsx", name=name)
    assert read(target)["x"].tolist() == [1]


def test_a_driver_that_ends_without_a_word_is_told_from_a_full_disk(tmp_path, monkeypatch):
    monkeypatch.setattr("geo_citymgmt.writing._files._differing", lambda *_: 1)
    with pytest.raises(gcm.CityDataError, match="read back") as caught:
        gcm.write_layer(points((1, 1), n=[1]), tmp_path / "a.gpkg")
    assert "disk" not in caught.value.message
    monkeypatch.setattr(
        "geo_citymgmt.writing._atomic.shutil.disk_usage",
        lambda _: type("Usage", (), {"free": 0, "errno": errno.ENOSPC}),
    )
    with pytest.raises(gcm.CityDataError, match="disk is full"):
        gcm.write_layer(points((1, 1), n=[1]), tmp_path / "a.gpkg")
