"""PostGIS on a real server: the same layer, safe names, whole transactions, quiet passwords."""

from __future__ import annotations

import datetime as dt

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import geo_citymgmt as gcm
from geo_citymgmt._metric import choose_metric_crs
from geo_citymgmt.writing import losses
from tests.conftest import CRS, X0, Y0, few_examples, points, squares, thinned
from tests.writing.test_round_trip import RECORDS, made

pytestmark = pytest.mark.xdist_group("postgis")
sa = pytest.importorskip("sqlalchemy", reason="needs the extra 'postgis'")

LAYERS = (
    "illegal_construction", "utility_tunnels", "manholes", "parking_points", "bike_stations",
    "districts", "streets", "roads", "transit_stops", "population_cells",
)  # fmt: skip


def read_database(engine, table):
    from geo_citymgmt.reading._database import read_database as read

    return read(engine, table)


def back(engine, table, layer, **kwargs) -> gcm.Layer:
    return gcm.read_layer(engine, layer, sublayer=table, **kwargs)


def run(engine, *statements):
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(sa.text(statement))


def tables(engine) -> set[str]:
    with engine.connect() as connection:
        return {
            f"{schema}.{name}"
            for schema, name in connection.execute(
                sa.text(
                    "SELECT schemaname, tablename FROM pg_tables WHERE schemaname NOT IN "
                    "('pg_catalog', 'information_schema') AND tablename <> 'spatial_ref_sys'"
                )
            )
        }


@pytest.mark.parametrize("key", LAYERS)
def test_every_layer_of_the_sample_comes_back_the_same(engine, city, tmp_path, key):
    whole = city.layer(key)
    layer = thinned(whole, step=-(-len(whole.data) // 1500))
    zones = city.zones if layer.spec.role == "facility" else None
    table = gcm.write_layer(layer, engine, name=f"public.{key}")
    assert table == f"public.{key}"
    there = back(engine, table, key, zones=zones)
    file = gcm.read_layer(gcm.write_layer(layer, tmp_path / "a.gpkg"), key, zones=zones)
    for other in (layer, file):
        # The district a first reading computes is what the source of a second one reports.
        columns = [c for c in there.data if c != "geometry" and c in other.data]
        assert set(other.data.columns) <= set(there.data.columns)
        assert other is layer or len(other.data.columns) == len(there.data.columns)
        pd.testing.assert_frame_equal(
            pd.DataFrame(there.data[columns]), pd.DataFrame(other.data[columns])
        )
        assert there.data.crs == other.data.crs
        same = there.data.geometry.geom_equals_exact(other.data.geometry, 0)
        assert (same | (there.data.geometry.isna() & other.data.geometry.isna())).all()
    columns = ["n_walked", "n_skipped", "n_records", "n_accepted", "n_rejected"]
    assert there.ledger[columns].equals(file.ledger[columns])


def test_names_are_names_and_never_statements(engine):
    run(engine, 'CREATE TABLE IF NOT EXISTS "keep" (n int)')
    name = 'public.x"; DROP TABLE keep; --'
    assert gcm.write_layer(points((1, 1), **{'a"; DROP TABLE keep; --': [1]}), engine, name=name)
    raw = read_database(engine, name)
    assert list(raw.frame.columns) == ['a"; DROP TABLE keep; --']
    assert "public.keep" in tables(engine)
    with pytest.raises(gcm.SourceError, match="no table"):
        read_database(engine, "keep; DROP TABLE keep")
    gcm.write_layer(points((1, 1), 编号=["一"]), engine, name="public.窨井")
    assert read_database(engine, "窨井").frame["编号"].tolist() == ["一"]


def test_types_of_a_foreign_table_are_kept(engine):
    run(
        engine,
        "DROP TABLE IF EXISTS foreign_types",
        "CREATE TABLE foreign_types (gid serial PRIMARY KEY, n int, big bigint, x real, ok boolean,"
        " d date, t timestamptz, p numeric(30,2), tags text[], u uuid, raw bytea,"
        " geom geometry(Point, 4549), other geometry)",
        "INSERT INTO foreign_types (n, big, x, ok, d, t, p, tags, geom) VALUES "
        "(1, 9007199254740993, 0.5, true, '2022-06-30', '2022-06-30 00:00+08', 12.50, '{a,b}',"
        f" ST_SetSRID(ST_MakePoint({X0}, {Y0}), 4549)), (NULL, NULL, NULL, NULL, NULL, NULL, NULL,"
        " NULL, NULL)",
    )
    raw = read_database(engine, "foreign_types")
    frame = raw.frame
    assert frame["n"].dtype == "Int64"
    assert frame["n"].tolist() == [1, pd.NA]
    assert frame["big"][0] == 9007199254740993
    assert frame["ok"].dtype == "boolean"
    assert frame["d"][0] == pd.Timestamp(2022, 6, 30)
    assert frame["t"][0] == pd.Timestamp("2022-06-30", tz="Asia/Shanghai")
    assert frame[["p", "tags"]].iloc[0].tolist() == ["12.50", "a;b"]
    assert frame.iloc[1].drop("gid").isna().all()
    assert raw.labels().tolist() == ["gid 1", "gid 2"]
    assert raw.crs.to_epsg() == 4549
    assert set(raw.findings.frame()["value"]) == {"raw", "other"}


def test_an_infinite_date_is_text_and_a_finding_later(engine):
    run(
        engine,
        "DROP TABLE IF EXISTS endless",
        "CREATE TABLE endless (d date, g geometry)",
        "INSERT INTO endless VALUES ('infinity', NULL), ('2022-06-30', NULL)",
    )
    assert read_database(engine, "endless").frame["d"].tolist() == ["infinity", "2022-06-30"]


def test_several_srids_in_one_table_are_refused(engine):
    run(
        engine,
        "DROP TABLE IF EXISTS mixed",
        "CREATE TABLE mixed (g geometry)",
        "INSERT INTO mixed VALUES (ST_SetSRID(ST_MakePoint(1, 2), 4549)),"
        " (ST_SetSRID(ST_MakePoint(1, 2), 4326))",
    )
    with pytest.raises(gcm.SourceError, match=r"4326: 1, 4549: 1.*ST_Transform") as caught:
        read_database(engine, "mixed")
    assert "多个坐标系" in caught.value.message_zh


def test_a_custom_crs_is_not_written_under_another_code(engine):
    custom = "+proj=tmerc +lat_0=0 +lon_0=120.6 +k=1 +x_0=500000 +ellps=GRS80 +units=m"
    frame = gpd.GeoDataFrame({"n": [1]}, geometry=[shapely.Point(500_000, 3_460_000)], crs=custom)
    with pytest.raises(gcm.CRSError, match="no EPSG code"):
        gcm.write_layer(frame, engine, name="public.custom")
    assert "public.custom" not in tables(engine)


@pytest.mark.parametrize(
    "place", [([105.29, 110.19], [28.16, 32.2]), ([-78.6, -78.35], [-0.4, 0.05])]
)
def test_the_plane_of_a_city_that_no_zone_fits_comes_back_as_itself(engine, place):
    chosen = choose_metric_crs(*place)
    spots = gpd.GeoSeries(gpd.points_from_xy(*place), crs=4490).to_crs(chosen.crs)
    frame = gpd.GeoDataFrame({"manhole_id": ["A", "B"]}, geometry=spots)
    for _ in range(2):
        gcm.write_layer(frame, engine, name="public.own_plane")
        assert read_database(engine, "public.own_plane").crs == chosen.crs
    layer = back(engine, "public.own_plane", "manholes", metric_crs=chosen)
    assert layer.data.geometry.distance(spots).max() < 1e-6
    with engine.connect() as connection:
        query = "SELECT auth_name, ST_SRID(geometry) FROM public.own_plane, spatial_ref_sys"
        rows = connection.execute(sa.text(f"{query} WHERE srid = ST_SRID(geometry)")).all()
        # PostGIS itself goes by the definition: degrees in, the same metres out.
        lon, lat = place[0][0], place[1][0]
        moved = connection.execute(
            sa.text("SELECT ST_X(p), ST_Y(p) FROM (SELECT ST_Transform(ST_SetSRID("
                    "ST_MakePoint(:x, :y), 4326), :srid) AS p) AS q"),
            {"x": lon, "y": lat, "srid": rows[0][1]},
        ).one()  # fmt: skip
    assert rows[0][0] is None and rows[0][1] != 8013
    assert tuple(moved) == pytest.approx((spots.x[0], spots.y[0]), abs=0.01)


def test_another_definition_under_the_number_is_refused_by_name(engine):
    chosen = choose_metric_crs([105.29, 110.1], [28.16, 32.2])
    spots = gpd.GeoSeries(gpd.points_from_xy([106.0], [29.0]), crs=4490).to_crs(chosen.crs)
    frame = gpd.GeoDataFrame({"manhole_id": ["A"]}, geometry=spots)
    gcm.write_layer(frame, engine, name="public.taken")
    run(
        engine,
        "UPDATE spatial_ref_sys SET srtext = 'another' WHERE srid = "
        "(SELECT ST_SRID(geometry) FROM public.taken LIMIT 1)",
    )
    with pytest.raises(gcm.CRSError, match="CGCS2000 / transverse Mercator"):
        gcm.write_layer(frame, engine, name="public.taken_again")
    assert "public.taken_again" not in tables(engine)


def test_a_table_of_another_country_is_believed(engine):
    spot = gpd.GeoSeries([shapely.Point(-73.98, 40.75)], crs=4326).to_crs(32618)
    frame = gpd.GeoDataFrame({"manhole_id": ["A"]}, geometry=spot)
    gcm.write_layer(frame, engine, name="public.elsewhere")
    assert read_database(engine, "public.elsewhere").crs.to_epsg() == 32618


def test_a_table_labelled_with_a_crs_of_another_continent_is_not_believed(engine):
    # What a tool makes of a custom CRS: the nearest code there is.
    run(
        engine,
        "DROP TABLE IF EXISTS labelled",
        "CREATE TABLE labelled (manhole_id text, g geometry)",
        f"INSERT INTO labelled VALUES ('J1', ST_SetSRID(ST_MakePoint({X0}, {Y0}), 8013))",
    )
    raw = read_database(engine, "labelled")
    assert raw.crs is None
    assert raw.findings.frame()["code"].tolist() == ["CRS_WRONG"]
    with pytest.raises(gcm.CRSError):
        back(engine, "labelled", "manholes")
    told = back(engine, "labelled", "manholes", crs=CRS)
    assert told.data["manhole_id"].tolist() == ["J1"]


def test_reading_cannot_write(engine):
    from geo_citymgmt.reading._database import session

    with (
        pytest.raises(gcm.SourceError, match="read-only"),
        session(engine, "reading", read_only=True) as connection,
    ):
        connection.execute(sa.text("CREATE TABLE slipped (n int)"))


def test_a_wrong_password_is_told_without_showing_it(server):
    wrong = "hunter2-秘密".encode().hex()
    made = sa.create_engine(server.url_of("city", wrong))
    for act in (
        lambda: read_database(made, "x"),
        lambda: gcm.write_layer(points((1, 1)), made, name="x"),
    ):
        with pytest.raises(gcm.CityDataError, match="password authentication failed") as caught:
            act()
        assert wrong not in str(caught.value) + caught.value.message_zh
        assert server.password not in str(caught.value)
        assert caught.value.__cause__ is None
    made.dispose()


def test_a_database_without_postgis_is_told_what_to_do(server):
    made = sa.create_engine(server.url_of("postgres"))
    with pytest.raises(gcm.SourceError, match="CREATE EXTENSION postgis"):
        read_database(made, "x")
    with pytest.raises(gcm.CityDataError, match="CREATE EXTENSION postgis"):
        gcm.write_layer(points((1, 1)), made, name="x")
    made.dispose()


def test_another_database_or_driver_is_refused():
    with pytest.raises(gcm.SourceError, match="psycopg 3"):
        read_database(sa.create_engine("sqlite://"), "x")


def test_no_table_named_lists_those_there_are(engine):
    gcm.write_layer(points((1, 1), n=[1]), engine, name="public.listed")
    with pytest.raises(gcm.SourceError, match=r"public\.listed"):
        read_database(engine, None)


def test_a_write_that_fails_leaves_the_old_table_and_nothing_else(engine, monkeypatch):
    gcm.write_layer(points((1, 1), n=[1]), engine, name="public.kept")
    before = tables(engine)

    def differ(*args, **kwargs):
        raise gcm.CityDataError("read back, it differs")

    monkeypatch.setattr("geo_citymgmt.writing._database.check_same", differ)
    with pytest.raises(gcm.CityDataError, match="differs"):
        gcm.write_layer(points((1, 1), n=[2]), engine, name="public.kept")
    assert read_database(engine, "kept").frame["n"].tolist() == [1]
    assert tables(engine) == before


def test_a_table_that_views_hang_on_is_refused_by_name(engine):
    gcm.write_layer(points((1, 1), n=[1]), engine, name="public.under")
    run(engine, "CREATE OR REPLACE VIEW over AS SELECT * FROM under")
    with pytest.raises(gcm.CityDataError, match="depend"):
        gcm.write_layer(points((1, 1), n=[2]), engine, name="public.under")
    with pytest.raises(gcm.CityDataError, match="is a view"):
        gcm.write_layer(points((1, 1), n=[2]), engine, name="public.over")
    assert read_database(engine, "over").frame["n"].tolist() == [1]


def test_personal_fields_stay_out_of_the_database(engine):
    read = gcm.read_layer(points((1, 1), 联系电话=["13800000000"], 编号=["J1"]), "manholes")
    gcm.write_layer(read, engine, name="public.private")
    assert "phone" not in read_database(engine, "private").frame
    gcm.write_layer(read, engine, name="public.private", include_personal=True)
    assert "phone" in read_database(engine, "private").frame


def test_a_table_of_several_chunks_keeps_order_and_nulls(engine):
    n = 45_000
    frame = gpd.GeoDataFrame(
        {"n": pd.array(np.arange(n), dtype="Int64").copy(), "t": [f"第{k}" for k in range(n)]},
        geometry=gpd.points_from_xy(X0 + np.arange(n), np.full(n, Y0)),
        crs=CRS,
    )
    frame.loc[7, ["n", "t"]] = pd.NA
    gcm.write_layer(frame, engine, name="public.chunks")
    raw = read_database(engine, "chunks")
    assert raw.n_walked == n
    assert raw.frame["n"].isna().sum() == 1
    assert raw.frame["n"].dropna().is_monotonic_increasing
    assert (shapely.get_x(raw.geometry) == X0 + np.arange(n)).all()


def test_moments_of_any_century_and_fraction_come_back(engine):
    moments = [
        dt.datetime(1, 1, 2, 0, 0, 0, 1), dt.datetime(999, 1, 1), None, dt.datetime(2022, 6, 30, 8)
    ]  # fmt: skip
    frame = points(*[(k, 0) for k in range(4)], at=pd.Series(moments, dtype="datetime64[us]"))
    gcm.write_layer(frame, engine, name="public.moments")
    raw = read_database(engine, "moments")
    assert raw.frame["at"].astype("datetime64[us]").tolist() == frame["at"].tolist()


def test_zones_go_in_and_come_out(engine):
    zones = squares((0, 0, 10, 10), (10, 0, 20, 10)).reset_index()
    gcm.write_layer(zones, engine, name="public.zones")
    raw = read_database(engine, "public.zones")
    assert raw.frame["zone_code"].tolist() == ["A", "B"]
    assert shapely.area(raw.geometry).tolist() == [100.0, 100.0]


#: What a name of a column must not become: a statement, a parameter, a format.
ODD_NAMES = ['a"b', "a%b", "a%(b)s", "a:b", "a.b", "名 称", "SELECT", "a'b", "a\\b", "ctid2"]
WORDS = st.one_of(
    st.none(),
    st.sampled_from(
        ["", "'", '"', "''; DROP TABLE keep; --", "\\N", "NULL", "甪直镇𠀀", "a\nb\tc"]
    ),
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20),
)
BIG = st.one_of(
    st.none(), st.integers(-(2**63), 2**63 - 1), st.sampled_from([2**53 + 1, -(2**53) - 1])
)
FLOATS = st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False))
MOMENTS = st.one_of(st.none(), st.datetimes(dt.datetime(1, 1, 2), dt.datetime(9998, 12, 31)))
SHAPES = st.one_of(
    st.none(),
    st.builds(shapely.Point, st.floats(-1e7, 1e7), st.floats(-1e7, 1e7)),
    st.builds(lambda x, w: shapely.box(x, 0, x + w, w), st.floats(0, 1e6), st.floats(1, 1e3)),
    st.just(shapely.from_wkt("POLYGON EMPTY")),
)
ROW = st.tuples(WORDS, BIG, FLOATS, MOMENTS, st.sampled_from([None, True, False]), SHAPES)


@settings(few_examples(15), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(ROW, min_size=1, max_size=6),
    names=st.lists(st.sampled_from(ODD_NAMES), min_size=5, max_size=5, unique=True),
)
def test_whatever_a_frame_holds_comes_back_from_the_database(engine, rows, names):
    text, whole, number, moment, yes, shape = zip(*rows, strict=True)
    kinds = ("str", "Int64", "Float64", "datetime64[us]", "boolean")
    columns = {
        name: pd.Series(list(values), dtype=kind)
        for name, kind, values in zip(names, kinds, (text, whole, number, moment, yes), strict=True)
    }
    frame = gpd.GeoDataFrame(columns, geometry=list(shape), crs=CRS)
    gcm.write_layer(frame, engine, name="public.whatever")
    raw = read_database(engine, "whatever")
    assert list(raw.frame.columns) == names
    for name, kind in zip(names, kinds, strict=True):
        a, b = columns[name], raw.frame[name].astype(kind)
        assert (a.isna() == b.isna()).all(), name
        assert a.dropna().tolist() == b.dropna().tolist(), name
    assert shapely.to_wkb(raw.geometry).tolist() == shapely.to_wkb(np.array(shape)).tolist()


@settings(few_examples(6), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=RECORDS)
def test_whatever_a_layer_holds_comes_back_from_the_database(engine, rows):
    layer = made(rows)
    there = back(engine, gcm.write_layer(layer, engine, name="public.layer"), "manholes")
    pd.testing.assert_frame_equal(
        pd.DataFrame(there.data[layer.data.columns].drop(columns="geometry")),
        pd.DataFrame(layer.data.drop(columns="geometry")),
    )
    assert (
        shapely.to_wkb(there.data.geometry).tolist() == shapely.to_wkb(layer.data.geometry).tolist()
    )


def test_labels_heights_infinity_and_foreign_kinds_come_back_or_are_listed(engine):
    """What a frame of others holds: the same rules as for files (tests/writing)."""
    shapes = [shapely.Point(X0, Y0, 5), shapely.Point(X0, Y0), shapely.Point(np.nan, np.nan)]
    frame = gpd.GeoDataFrame(
        {
            "x": [np.inf, 1.5, -np.inf],
            "nested": [{"a": 1}, None, [1]],
            "kind": pd.Categorical(["a", None, "b"]),
            "ctid": [1, 2, 3],
        },
        geometry=shapes,
        crs=CRS,
        index=pd.Index(["A", "B", "C"], name="zone_code"),
    )
    with pytest.raises(gcm.CityDataError, match=r"'ctid'.*PostgreSQL"):
        gcm.write_layer(frame, engine, name="public.foreign")
    frame = frame.drop(columns="ctid")
    gcm.write_layer(frame, engine, name="public.foreign")
    raw = read_database(engine, "foreign")
    assert raw.frame["zone_code"].tolist() == ["A", "B", "C"]
    assert raw.frame["x"].tolist() == [np.inf, 1.5, -np.inf]
    assert raw.frame["nested"].fillna("").tolist() == ['{"a": 1}', "", "[1]"]
    assert raw.frame["kind"].fillna("").tolist() == ["a", "", "b"]
    assert shapely.get_z(raw.geometry).tolist()[:2] == [5.0, 0.0]
    assert raw.geometry[2] is None
    told = losses(frame, "postgis").query("severity == 'warning'")
    assert sorted(told["record"]) == [1, 2]
