"""Every format gives the same accepted records; none is lost, whatever else is wrong with it."""

from __future__ import annotations

import json
import shutil
import sqlite3
import struct
import time
import zipfile
from contextlib import closing
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import pytest
import shapely
import xlsxwriter

import geo_citymgmt as gcm
from geo_citymgmt.reading import read_raw
from geo_citymgmt.reading._source import list_layers
from tests.conftest import DATA, SHARED, points

N = 400


@pytest.fixture(scope="module")
def manholes() -> gpd.GeoDataFrame:
    return pyogrio.read_dataframe(DATA / "manholes.shp", max_features=N)


@pytest.fixture(scope="module")
def expected(manholes, tmp_path_factory) -> pd.DataFrame:
    path = tmp_path_factory.mktemp("shp") / "manholes.shp"
    pyogrio.write_dataframe(with_days(manholes), path, encoding="UTF-8")
    return accepted(gcm.read_layer(path, "manholes"))


def accepted(layer: gcm.Layer) -> gpd.GeoDataFrame:
    """The records by id, positions to the millimetre; columns no spec knows are left aside."""
    data = layer.data.set_index("manhole_id").sort_index()
    known = [c for c in data.columns if c.removesuffix("_precision") in layer.spec.fields]
    out = pd.DataFrame(data[known])
    out["x"], out["y"] = data.geometry.x.round(3), data.geometry.y.round(3)
    return out


def with_days(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Days as an office types them: a .dbf holds no times."""
    out = frame.copy()
    for name in out.columns:
        if pd.api.types.is_datetime64_any_dtype(out[name].dtype):
            out[name] = out[name].dt.strftime("%Y/%m/%d")
    return out


def write(frame: gpd.GeoDataFrame, path, kind: str):
    """Write ``frame`` as ``kind``; return what to read and how."""
    drivers = {
        "gpkg": "GPKG",
        "fgb": "FlatGeobuf",
        "geojson": "GeoJSON",
        "geojsonl": "GeoJSONSeq",
        # Not "KML", which in GDAL 3.11 writes each value under the name before.
        "kml": "LIBKML",
        "gdb": "OpenFileGDB",
        "shp": "ESRI Shapefile",
    }
    target = path / f"manholes.{kind}"
    if kind in drivers:
        geographic = kind in ("geojson", "geojsonl", "kml")
        out = frame.to_crs(4326) if geographic else frame
        options = {"COORDINATE_PRECISION": 12} if kind.startswith("geojson") else {}
        out = with_days(out) if kind == "shp" else out
        pyogrio.write_dataframe(out, target, driver=drivers[kind], **options)
        return target, {}
    if kind == "parquet":
        frame.to_parquet(target)
        return target, {}
    table = pd.DataFrame(with_days(frame).drop(columns="geometry"))
    if kind == "wkt.csv":
        table["WKT"] = frame.geometry.to_wkt(rounding_precision=6)
        target = path / "manholes.csv"
    else:
        table.insert(0, "北坐标", frame.geometry.y)
        table["东坐标"] = frame.geometry.x
    if target.suffix == ".csv":
        table.to_csv(target, index=False, encoding="gb18030")
    else:
        table.to_excel(target, index=False, engine="xlsxwriter")
    return target, {"crs": "EPSG:4549"}


KINDS = ("shp", "gpkg", "parquet", "geojson", "geojsonl", "fgb", "kml", "gdb", "csv", "wkt.csv",
         "xlsx")  # fmt: skip


@pytest.mark.parametrize("zipped", [False, True], ids=["plain", "zip"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_format_gives_the_records_of_the_shapefile(
    manholes, expected, tmp_path, kind, zipped
):
    inside = tmp_path / "资料" / "窨井"
    inside.mkdir(parents=True)
    source, options = write(manholes, inside, kind)
    if zipped:
        source = tmp_path / "资料.zip"
        with zipfile.ZipFile(source, "w", zipfile.ZIP_DEFLATED) as archive:
            for part in sorted(p for p in inside.rglob("*") if p.is_file()):
                archive.write(part, part.relative_to(tmp_path))
        shutil.rmtree(inside)
    layer = gcm.read_layer(source, "manholes", **options)
    row = layer.ledger.iloc[0]
    assert row["n_walked"] == row["n_accepted"] == N
    assert len(row["sha256"]) == 64
    found = accepted(layer)
    pd.testing.assert_frame_equal(found[expected.columns], expected)


def test_a_dxf_gives_its_positions_and_asks_for_the_crs(manholes, tmp_path):
    path = tmp_path / "井.dxf"
    pyogrio.write_dataframe(manholes[["geometry"]], path, driver="DXF")
    raw = read_raw(path)
    assert raw.n_walked == N
    assert raw.crs is None
    assert shapely.get_x(raw.geometry).tolist() == pytest.approx(manholes.geometry.x.tolist())
    with pytest.raises(gcm.CRSError, match="no coordinate reference system"):
        gcm.read_layer(path, "manholes")


def test_a_kmz_is_an_archive_with_a_kml(manholes, tmp_path):
    source, _ = write(manholes, tmp_path, "kml")
    with zipfile.ZipFile(tmp_path / "a.kmz", "w") as archive:
        archive.write(source, "doc.kml")
    assert read_raw(tmp_path / "a.kmz").n_walked == N


def test_the_content_decides_and_not_the_name(manholes, tmp_path):
    for kind, name in (("gpkg", "a.json"), ("parquet", "a.shp.bak"), ("fgb", "a.csv"),
                       ("geojson", "a.gpkg"), ("xlsx", "a.csv"), ("kml", "a.txt")):  # fmt: skip
        source, _ = write(manholes, tmp_path, kind)
        moved = tmp_path / name
        source.replace(moved)
        assert read_raw(moved).n_walked == N, name
        moved.unlink()


def test_a_name_that_means_an_archive_to_gdal_means_a_file(manholes, tmp_path):
    for folder in ("a!b", "x.zip", "什么?", "a#b"):
        inside = tmp_path / folder
        inside.mkdir()
        source, _ = write(manholes, tmp_path, "gpkg")
        assert read_raw(source.replace(inside / source.name)).n_walked == N


def test_several_layers_are_asked_about_and_named(manholes, tmp_path):
    path = tmp_path / "a.gpkg"
    for layer in ("井", "栓"):
        pyogrio.write_dataframe(manholes, path, layer=layer, append=layer == "栓")
    with pytest.raises(gcm.SourceError, match="井, 栓"):
        read_raw(path)
    assert read_raw(path, sublayer="栓").name == "a.gpkg:栓"
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(path, "x/a.gpkg")
    assert read_raw(tmp_path / "a.zip", sublayer="栓").n_walked == N
    assert read_raw(tmp_path / "a.zip", sublayer="x/a.gpkg:栓").n_walked == N
    found, _ = list_layers(tmp_path / "a.zip")
    assert [(f.sublayer, f.names) for f in found] == [
        ("x/a.gpkg:井", ("井",)),
        ("x/a.gpkg:栓", ("栓",)),
    ]


def test_digits_of_a_long_number_are_kept_beside_missing_ones(tmp_path):
    frame = points((1, 1), (2, 2))
    frame["n"] = pd.array([320508199001011234, None], dtype="Int64")
    for kind in ("gpkg", "fgb", "parquet", "geojson"):
        source, _ = write(frame, tmp_path, kind)
        values = read_raw(source).frame["n"]
        assert values.dropna().tolist() == [320508199001011234], kind


def triggers(database: sqlite3.Connection) -> list[str]:
    """They call functions that only GDAL brings along."""
    rows = database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
    return [name for (name,) in rows]


def spoil_a_geometry(path):
    """Turn the line of record 2 into one of a single vertex, which is none."""
    with closing(sqlite3.connect(path)) as database, database:
        for name in triggers(database):
            database.execute(f'DROP TRIGGER "{name}"')
        bad = b"GP\0\1" + struct.pack("<i", 4549) + struct.pack("<BII2d", 1, 2, 1, 0, 0)
        database.execute("UPDATE a SET geom = ? WHERE fid = 2", (bad,))
    database.close()


def test_one_bad_geometry_never_costs_a_layer(tmp_path):
    lines = [shapely.LineString([(i, 0), (i, 9)]) for i in range(3)]
    frame = gpd.GeoDataFrame({"n": [1, 2, 3]}, geometry=lines, crs=4549)
    frame.to_file(tmp_path / "a.gpkg", layer="a", SPATIAL_INDEX="NO")
    spoil_a_geometry(tmp_path / "a.gpkg")
    frame.to_parquet(tmp_path / "a.parquet")
    table = pq.read_table(tmp_path / "a.parquet")
    wkb = table.column("geometry").to_pylist()
    wkb[1] = wkb[1][:5] + struct.pack("<I", 99) + wkb[1][9:]
    at = table.schema.get_field_index("geometry")
    table = table.set_column(at, table.schema.field("geometry"), pa.array(wkb, pa.binary()))
    pq.write_table(table, tmp_path / "a.parquet")
    one = {"type": "Feature", "properties": {"n": 1},
           "geometry": {"type": "Point", "coordinates": [1, 2]}}  # fmt: skip
    two = {**one, "geometry": {"type": "LineString", "coordinates": [[0, 0]]}}
    text = json.dumps({"type": "FeatureCollection", "features": [one, two, one]})
    (tmp_path / "a.geojson").write_text(text)
    for kind in ("gpkg", "parquet", "geojson"):
        read = read_raw(tmp_path / f"a.{kind}")
        assert shapely.is_missing(read.geometry).tolist() == [False, True, False], kind
        told = read.findings.frame().query("code == 'RECORD_UNREADABLE'")
        assert told["record"].tolist() == [1], kind


def test_arcs_are_read_as_chords(tmp_path):
    frame = gpd.GeoDataFrame({"n": [1, 2]}, geometry=[shapely.box(0, 0, 1, 1)] * 2, crs=4549)
    frame.to_file(tmp_path / "a.gpkg", layer="a", SPATIAL_INDEX="NO")
    circle = struct.pack("<BII10d", 1, 8, 5, 0, 0, 1, 1, 2, 0, 1, -1, 0, 0)
    curve = b"GP\0\1" + struct.pack("<i", 4549) + struct.pack("<BII", 1, 10, 1) + circle
    with closing(sqlite3.connect(tmp_path / "a.gpkg")) as database, database:
        for name in triggers(database):
            database.execute(f'DROP TRIGGER "{name}"')
        database.execute("UPDATE a SET geom = ? WHERE fid = 2", (curve,))
    database.close()
    raw = read_raw(tmp_path / "a.gpkg")
    assert raw.geometry[1].area == pytest.approx(np.pi, rel=1e-3)


def test_geojson_keeps_order_duplicates_and_odd_features(tmp_path):
    features = [
        {"type": "Feature", "id": 7, "properties": {"a": 1, "b": {"c": [1]}}, "geometry": None},
        {"type": "Feature", "id": 7, "properties": None, "geometry": {"type": "Blob"}},
        "nonsense",
        {"type": "Feature", "id": 3, "properties": {"a": "x"}, "geometry": None},
    ]
    path = tmp_path / "a.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    raw = read_raw(path)
    assert raw.n_walked == 4
    assert raw.frame["a"].fillna("").tolist() == ["1", "", "", "x"]
    assert raw.frame["b"].tolist()[0] == '{"c": [1]}'
    assert raw.frame["id"].dropna().tolist() == [7, 7, 3]
    told = raw.findings.frame()
    assert told[["record", "code", "action"]].values.tolist() == [
        [2, "RECORD_UNREADABLE", "rejected"],
        [1, "RECORD_UNREADABLE", "none"],
    ]


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ('{"type": "FeatureCollection", "features": [', "not whole JSON"),
        ('{"type": "Topology", "objects": {}}', "not GeoJSON"),
        ('{"type": "FeatureCollection", "features": [], "features": []}', "two members"),
        ("[" * 100_000, "nested|whole"),
    ],
)
def test_json_that_is_no_geojson_is_refused(tmp_path, text, cause):
    path = tmp_path / "a.geojson"
    path.write_text(text)
    with pytest.raises(gcm.SourceError, match=cause):
        read_raw(path)


def test_rows_that_a_geopackage_counts_and_gdal_does_not_give_are_rejected(
    manholes, tmp_path, monkeypatch
):
    source, _ = write(manholes, tmp_path, "gpkg")
    real = pyogrio.read_arrow
    monkeypatch.setattr(
        "pyogrio.read_arrow", lambda *a, **k: (lambda m, t: (m, t.slice(0, N - 3)))(*real(*a, **k))
    )
    layer = gcm.read_layer(source, "manholes")
    row = layer.ledger.iloc[0]
    assert (row["n_walked"], row["n_accepted"], row["n_rejected"]) == (N, N - 3, 3)
    assert layer.rejected["codes"].str.contains("COUNT_MISMATCH").all()


@pytest.mark.parametrize(("stated", "rejected"), [(6, 2), (1 << 24, 0)])
def test_a_header_that_counts_too_many_is_told_and_believed_within_reason(
    tmp_path, stated, rejected
):
    path = tmp_path / "a.fgb"
    frame = points(*[(k, k) for k in range(4)], 井盖编号=list("abcd"))
    pyogrio.write_dataframe(frame, path, SPATIAL_INDEX="NO")
    path.write_bytes(path.read_bytes().replace(struct.pack("<Q", 4), struct.pack("<Q", stated), 1))
    layer = gcm.read_layer(path, "manholes")
    row = layer.ledger.iloc[0]
    assert (row["n_walked"], row["n_accepted"], row["n_rejected"]) == (4 + rejected, 4, rejected)
    about = layer.findings[layer.findings["code"] == "COUNT_MISMATCH"]
    assert about["value"].tolist() == [f"{stated} / 4"] * (1 + rejected)


def test_a_geopackage_with_unfinished_transactions_is_read_and_left_as_it_is(tmp_path):
    points((1, 1), n=[1]).to_file(tmp_path / "a.gpkg", layer="a")
    database = sqlite3.connect(tmp_path / "a.gpkg")
    database.execute("PRAGMA journal_mode=WAL")
    for name in triggers(database):
        database.execute(f'DROP TRIGGER "{name}"')
    database.execute("UPDATE a SET n = 5")
    database.commit()
    before = sorted(p.name for p in tmp_path.iterdir())
    assert "a.gpkg-wal" in before
    assert read_raw(tmp_path / "a.gpkg").frame["n"].tolist() == [5]
    assert sorted(p.name for p in tmp_path.iterdir()) == before
    database.close()


def test_a_dbf_alone_is_a_table_without_places(tmp_path):
    shutil.copy(DATA / "manholes.dbf", tmp_path / "a.dbf")
    raw = read_raw(tmp_path / "a.dbf", encoding="utf-8")
    assert raw.n_walked == len(raw.frame) == 12_000
    assert shapely.is_missing(raw.geometry).all()


def every_file():
    folders = [SHARED / "corpus", SHARED / "real"]
    return [p for f in folders if f.is_dir() for p in sorted(f.rglob("*")) if p.is_file()]


@pytest.mark.shared
def test_every_file_of_the_corpus_is_read_or_refused_in_time():
    files = every_file()
    if not files:
        pytest.skip("needs ../shared/corpus, which is not part of the project")
    slow, n_read = [], 0
    for path in files:
        start = time.perf_counter()
        try:
            raw = read_raw(path)
        except gcm.CityDataError as error:
            assert error.message_zh != "", path
        else:
            n_read += 1
            assert len(raw.frame) == len(raw.geometry) == len(raw.record), path
            assert raw.n_walked == raw.n_skipped + len(raw.record), path
        if time.perf_counter() - start > 20:
            slow.append(path)
    assert slow == []
    assert n_read > len(files) // 10


@pytest.mark.parametrize("suffix", [".shx", ".prj", ".cpg", ".sbn", ".sbx", ".qix", ".SHX"])
def test_a_companion_of_a_shapefile_is_refused_with_the_name_of_the_shapefile(tmp_path, suffix):
    # The indices begin with the bytes of a .shp: they must not be read as one.
    path = tmp_path / f"窨井{suffix}"
    path.write_bytes(b"\x00\x00\x27\x0a" + bytes(200))
    with pytest.raises(gcm.SourceError, match=r"窨井\.shp") as caught:
        read_raw(path)
    assert "窨井.shp" in caught.value.remedy_zh


def test_a_line_that_is_no_json_is_named(tmp_path):
    path = tmp_path / "a.geojsonl"
    path.write_text('{"type": "Feature", "properties": {}, "geometry": null}\n{"type": "Fea\n')
    with pytest.raises(gcm.SourceError, match="feature 2: not whole JSON") as caught:
        read_raw(path)
    assert "第 2 条" in caught.value.message_zh


@pytest.mark.parametrize("blank", ["", " ", "\n  "])
def test_a_member_that_stands_twice_in_a_feature_is_told_by_its_record(tmp_path, blank):
    def feature(properties: str) -> str:
        place = '{"type": "Point", "coordinates": [120.6, 31.3]}'
        return f'{{"type": "Feature", "properties": {properties}, "geometry": {place}}}'

    features = [feature(f'{{"manhole_id"{blank}: "A{k}"}}') for k in range(3)]
    features[1] = feature(f'{{"manhole_id"{blank}: "A1", "manhole_id": "B2"}}')
    path = tmp_path / "manholes.geojson"
    text = f'{{"type": "FeatureCollection", "features": [{", ".join(features)}]}}'
    path.write_text(text, encoding="utf-8")
    layer = gcm.read_layer(path, "manholes")
    told = layer.findings[layer.findings["code"] == "JSON_REPEATED"]
    assert told[["record", "value"]].values.tolist() == [[1, "manhole_id"]]
    assert layer.data["manhole_id"].tolist() == ["A0", "B2", "A2"]
    path.write_text(text.replace('"type": "Point",', '"type": "Point", "type": "Point",'), "utf-8")
    told = gcm.read_layer(path, "manholes").findings["code"].eq("JSON_REPEATED")
    assert told.sum() == 4


def many_layers(folder: Path, kind: str) -> Path:
    """A source of sixty layers that could each be the one that is meant."""
    names = [f"图层{n:02d}" for n in range(60)]
    path = folder / f"许多.{kind}"
    if kind == "gpkg":
        points = gpd.GeoDataFrame({"编号": ["a"]}, geometry=[shapely.Point(120.6, 31.3)], crs=4326)
        pyogrio.write_dataframe(points, path, layer=names[0])
        # Sixty layers written one by one take as many transactions.
        with closing(sqlite3.connect(path)) as db, db:
            for name in names[1:]:
                db.execute(f'CREATE TABLE "{name}" AS SELECT * FROM "{names[0]}"')
                db.execute(
                    "INSERT INTO gpkg_contents (table_name, data_type, identifier, srs_id) "
                    "VALUES (?, 'features', ?, 4326)", (name, name),
                )  # fmt: skip
                db.execute(
                    "INSERT INTO gpkg_geometry_columns VALUES (?, 'geom', 'POINT', 4326, 0, 0)",
                    (name,),
                )
    elif kind == "xlsx":
        with xlsxwriter.Workbook(path) as book:
            for name in names:
                sheet = book.add_worksheet(name)
                sheet.write_row(0, 0, ["编号", "经度", "纬度"])
                sheet.write_row(1, 0, ["a", 120.6, 31.3])
    elif kind == "zip":
        with zipfile.ZipFile(path, "w") as out:
            for name in names:
                out.writestr(f"{name}.csv", "编号,经度,纬度\na,120.6,31.3\n")
    else:
        lists = {name: [{"编号": "a", "经度": 120.6, "纬度": 31.3}] for name in names}
        path.write_text(json.dumps(lists), encoding="utf-8")
    return path


@pytest.mark.parametrize("kind", ["gpkg", "xlsx", "zip", "json"])
def test_of_many_layers_the_first_are_named_and_how_many_there_are(tmp_path, kind):
    with pytest.raises(gcm.CityDataError) as caught:
        gcm.read_layer(many_layers(tmp_path, kind), "manholes")
    for message in (caught.value.message, caught.value.message_zh):
        assert "图层19" in message
        assert "… (60)" in message
        assert "图层20" not in message
