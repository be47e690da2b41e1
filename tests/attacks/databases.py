"""GeoPackages and Parquets that compute, repeat or nest what they hold."""

from __future__ import annotations

import json
import sqlite3
import struct
from contextlib import closing
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from tests.attacks.harness import ATTACKS

_DEEP = struct.pack("<BII", 1, 7, 1) * 20_000 + shapely.Point(120.6, 31.3).wkb


def _package(folder: Path, n: int = 1) -> Path:
    path = folder / "manholes.gpkg"
    points = [shapely.Point(120.6 + k / 1000, 31.3) for k in range(n)]
    frame = gpd.GeoDataFrame({"manhole_id": [f"J{k}" for k in range(n)]}, geometry=points, crs=4490)
    frame.to_file(path, layer="manholes")
    return path


def _changed(path: Path, *statements: str) -> Path:
    with closing(sqlite3.connect(path)) as database, database:
        # Thousands of tables one by one would wait for the disk each.
        database.execute("PRAGMA synchronous = OFF")
        triggers = database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (name,) in triggers.fetchall():
            database.execute(f'DROP TRIGGER "{name}"')
        for statement in statements:
            database.execute(statement)
    return path


def _computed(folder: Path, query: str) -> Path:
    return _changed(
        _package(folder),
        "ALTER TABLE manholes RENAME TO m0",
        "DELETE FROM gpkg_ogr_contents",
        f"CREATE VIEW manholes AS {query}",
    )


@ATTACKS.add("refused")
def gpkg_endless_view(folder: Path) -> Path:
    count = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c)"
    return _computed(folder, f"{count} SELECT x AS fid, m0.geom, m0.manhole_id FROM c, m0")


@ATTACKS.add("refused")
def gpkg_view_of_blobs(folder: Path) -> Path:
    return _computed(folder, "SELECT fid, geom, zeroblob(900000000) AS manhole_id FROM m0")


@ATTACKS.add("refused", is_small=False)
def gpkg_view_of_products(folder: Path) -> Path:
    joined = ", ".join(f"m0 a{k}" for k in range(30))
    path = _computed(folder, f"SELECT a0.fid, a0.geom, a0.manhole_id FROM {joined}")
    return _changed(
        path, *["INSERT INTO m0 (geom, manhole_id) SELECT geom, manhole_id FROM m0"] * 6
    )


@ATTACKS.add("refused", is_small=False)
def gpkg_view_of_doublings(folder: Path) -> Path:
    path = _package(folder)
    views = ["CREATE VIEW v0 AS SELECT * FROM m0"]
    views += [f"CREATE VIEW v{k} AS SELECT * FROM v{k - 1} UNION ALL SELECT * FROM v{k - 1}"
              for k in range(1, 40)]  # fmt: skip
    return _changed(
        path, "ALTER TABLE manholes RENAME TO m0", "DELETE FROM gpkg_ogr_contents", *views,
        "CREATE VIEW manholes AS SELECT * FROM v39",
    )  # fmt: skip


@ATTACKS.add("RECORD_UNREADABLE")
def gpkg_nested_collections(folder: Path) -> Path:
    path = _package(folder, 2)
    header = b"GP\0\x01" + struct.pack("<i", 4490)
    with closing(sqlite3.connect(path)) as database, database:
        for (name,) in database.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall():
            database.execute(f'DROP TRIGGER "{name}"')
        database.execute("UPDATE manholes SET geom = ? WHERE fid = 2", (header + _DEEP,))
    return path


@ATTACKS.add("COUNT_MISMATCH")
def gpkg_count_that_disagrees(folder: Path) -> Path:
    return _changed(_package(folder, 3), "UPDATE gpkg_ogr_contents SET feature_count = 5000000")


@ATTACKS.add("refused", is_small=False)
def gpkg_many_tables(folder: Path) -> Path:
    tables = [f"CREATE TABLE t{k} (x)" for k in range(3000)]
    return _changed(_package(folder), *tables)


@ATTACKS.add("refused", is_small=False)
def gpkg_many_columns(folder: Path) -> Path:
    columns = [f"ALTER TABLE manholes ADD COLUMN c{k} TEXT" for k in range(1900)]
    path = _changed(_package(folder, 1), *columns)
    with closing(sqlite3.connect(path)) as database, database:
        (geom,) = database.execute("SELECT geom FROM manholes").fetchone()
        rows = ((geom, f"K{k}") for k in range(60_000))
        database.executemany("INSERT INTO manholes (geom, manhole_id) VALUES (?, ?)", rows)
    return path


def _geo(table: pa.Table) -> pa.Table:
    columns = {"geometry": {"encoding": "WKB", "geometry_types": []}}
    geo = {"version": "1.0.0", "primary_column": "geometry", "columns": columns}
    return table.replace_schema_metadata({"geo": json.dumps(geo)})


def _parquet(folder: Path, table: pa.Table, **options: object) -> Path:
    path = folder / "manholes.parquet"
    pq.write_table(table, path, **options)
    return path


@ATTACKS.add("RECORD_UNREADABLE")
def parquet_nested_collections(folder: Path) -> Path:
    shapes = pa.array([shapely.Point(120.6, 31.3).wkb, _DEEP], pa.binary())
    return _parquet(folder, _geo(pa.table({"manhole_id": ["1", "2"], "geometry": shapes})))


@ATTACKS.add("refused", is_small=False)
def parquet_of_nothing(folder: Path) -> Path:
    return _parquet(folder, pa.table({"manhole_id": pa.nulls(50_000_000, pa.int64())}))


@ATTACKS.add("refused", is_small=False)
def parquet_of_one_number(folder: Path) -> Path:
    return _parquet(folder, pa.table({"manhole_id": np.zeros(20_000_000, dtype=np.int64)}))


def _repeated(value: object, n: int) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(n, np.int32)), pa.array([value]))


@ATTACKS.add("refused")
def parquet_of_one_text(folder: Path) -> Path:
    return _parquet(folder, pa.table({"manhole_id": _repeated("x" * 900_000, 100_000)}))


@ATTACKS.add("refused", is_small=False)
def parquet_of_small_differences(folder: Path) -> Path:
    texts = pa.array(["x" * 400_000 + str(k) for k in range(2_000)])
    packing = {"manhole_id": "DELTA_BYTE_ARRAY"}
    table = pa.table({"manhole_id": texts})
    return _parquet(folder, table, use_dictionary=False, column_encoding=packing)


@ATTACKS.add("refused")
def parquet_of_one_shape(folder: Path) -> Path:
    line = shapely.LineString(np.arange(100_000).reshape(-1, 2)).wkb
    table = pa.table({"manhole_id": _repeated("1", 50_000), "geometry": _repeated(line, 50_000)})
    return _parquet(folder, _geo(table))


@ATTACKS.add("refused", is_small=False)
def parquet_of_one_text_in_lists(folder: Path) -> Path:
    inner = _repeated("x" * 900_000, 100_000)
    lists = pa.ListArray.from_arrays(np.arange(0, 100_001, 10, dtype=np.int32), inner)
    plain = lists.cast(pa.list_(pa.dictionary(pa.int32(), pa.string())))
    return _parquet(folder, pa.table({"manhole_id": np.arange(10_000), "x": plain}))


@ATTACKS.add("refused", is_small=False)
def parquet_of_zeros(folder: Path) -> Path:
    value = "0" * 20_000_000
    table = pa.table({"manhole_id": [f"{k}{value}" for k in range(20)]})
    return _parquet(folder, table, compression="zstd", use_dictionary=False)


@ATTACKS.add("refused", is_small=False)
def parquet_of_many_columns(folder: Path) -> Path:
    return _parquet(folder, pa.table({f"c{k}": [1] for k in range(20_000)}))


@ATTACKS.add("refused")
def parquet_of_deep_types(folder: Path) -> Path:
    kind = pa.int64()
    for _ in range(300):
        kind = pa.struct([("x", kind)])
    return _parquet(folder, pa.table({"manhole_id": ["1"], "deep": pa.nulls(1, kind)}))
