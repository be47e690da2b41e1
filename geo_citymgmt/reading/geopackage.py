"""A GeoPackage looked at before GDAL opens it: what its schema calls, and what its views come to.

A view is a query that the file brings along: it may have no end, or make gigabytes of nothing.
"""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import numpy as np
import shapely

from geo_citymgmt.errors import SourceError
from geo_citymgmt.reading.limits import current_limits, raising
from geo_citymgmt.reading.placeholders import without_placeholders
from geo_citymgmt.reading.sniff import refused, unreadable
from geo_citymgmt.words import Text

__all__ = ["check_database", "is_logged", "only_table", "opened"]

_FUNCTIONS = re.compile(r"\b(ogr_|gdal_|load_extension|readfile|writefile|edit|eval)\w*\s*\(", re.I)
_VIRTUAL = re.compile(r"\s*CREATE\s+VIRTUAL\s+TABLE", re.I)
_INDEX = re.compile(r"USING\s+rtree", re.I)
#: A table with a column of this kind computes it when it is read.
_COMPUTED = re.compile(r"\bAS\s*\(", re.I)
#: Functions that make as much as they are told of nothing, where no record needs it.
_FROM_NOTHING = re.compile(r"\b(zeroblob|randomblob|printf|format)\s*\(", re.I)
#: No value that is computed may be longer.
_MOST_OF_VALUE = 100 << 20
#: So many steps of the database pass between two looks at the clock.
_STEPS = 100_000
#: A database no larger than this is looked through as a whole, and told without GDAL.
_SMALL = 4 << 20
#: What a GeoPackage says it is, in its head.
_APPLICATION = 0x4750_4B47
#: Tables that are about others, and extensions that change nothing of what a table holds.
_ABOUT = ("gpkg_", "rtree_", "sqlite_")
_HARMLESS = {"gpkg_rtree_index", "gpkg_crs_wkt", "gpkg_crs_wkt_1_1"}
#: Columns of gpkg_contents that differ from file to file: names, texts, dates, extent.
_CONTENTS = "SELECT table_name, data_type, srs_id FROM gpkg_contents"
_GEOMETRY = "SELECT table_name, column_name, geometry_type_name, srs_id, z, m"
#: The last of shapely's numbers of kinds that is no curve.
_LAST_KIND = 7
#: The head of a geometry of a GeoPackage, and how long its envelope is, by the bits that say so.
_HEAD, _ENVELOPES = 8, {0: 0, 1: 32, 2: 48, 3: 48, 4: 64}


def check_database(path: Path, file: Path) -> None:
    """Refuse a database that is no GeoPackage, is not all there, or computes what it should hold.

    Parameters
    ----------
    path, file : Path
        As it is called, and where it lies.

    Raises
    ------
    SourceError
        SOURCE_REFUSED where its schema reaches outside the file, or a view or computed column has
        no end; SOURCE_UNREADABLE where it is damaged.
    """
    log = Path(f"{file}-wal")
    if is_logged(file) and not log.exists():
        raise refused(path.name, *_WITHOUT_LOG)
    try:
        with opened(file) as database:
            schema = database.execute("SELECT name, type, sql FROM sqlite_master").fetchall()
            _check_schema(path, schema)
            # All of them together: each may be made of those before.
            end = time.monotonic() + current_limits().query_seconds
            for name, kind, sql in schema:
                text = sql if isinstance(sql, str) else ""
                if kind == "view" or _COMPUTED.search(text):
                    if _FROM_NOTHING.search(text):
                        raise _endless(path, str(name))
                    _check_computed(path, database, str(name), end)
    except sqlite3.Error as error:
        raise unreadable(
            path.name,
            Text(f"GeoPackage 已损坏（{error}）。", f"a damaged GeoPackage ({error})."),
            Text("请重新导出。", "Export it again."),
        ) from error


def is_logged(file: Path) -> bool:
    """Whether a database is written through a log (WAL), as its head says.

    What was written last may then stand in a ``-wal`` beside it alone.
    """
    with file.open("rb") as stream:
        return b"\x02" in stream.read(20)[18:20]


@contextmanager
def opened(file: Path) -> Iterator[sqlite3.Connection]:
    """Open a database to read it; nothing is written beside it, not even a lock."""
    # Unless it was copied there is no other that writes.
    mode = "ro" if Path(f"{file}-wal").exists() else "ro&immutable=1"
    database = sqlite3.connect(f"{file.as_uri()}?mode={mode}", uri=True)
    try:
        yield database
    finally:
        database.close()


def only_table(file: Path, head: int) -> tuple[str, bytes] | None:
    """Return the one layer of a small and plain GeoPackage, and its heading.

    Files of one heading have the same columns, CRS and kinds of geometry among their first ``head``
    records. None where that is not certain: a view, several tables, a log, no records, a record
    without place; GDAL then says what it is.
    """
    beside = (Path(f"{file}{suffix}") for suffix in ("-wal", "-journal"))
    if file.stat().st_size > _SMALL or is_logged(file) or any(path.exists() for path in beside):
        return None
    try:
        with opened(file) as database:
            database.text_factory = bytes
            return _plain_layer(file, database, head)
    except (sqlite3.Error, SourceError, UnicodeDecodeError, shapely.errors.ShapelyError):
        # What is wrong with it is told where it is read.
        return None


def _plain_layer(file: Path, database: sqlite3.Connection, head: int) -> tuple[str, bytes] | None:
    def rows(query: str) -> list[tuple[object, ...]]:
        return [tuple(v.decode() if isinstance(v, bytes) else v for v in row)
                for row in database.execute(query)]  # fmt: skip

    schema = rows("SELECT name, type, sql FROM sqlite_master")
    _check_schema(file, [(str(name), str(kind), sql) for name, kind, sql in schema])
    tables = [n for n, kind, _ in schema if kind == "table" and not str(n).startswith(_ABOUT)]
    odd = [n for n, kind, sql in schema
           if kind == "view" or (kind == "table" and _COMPUTED.search(str(sql)))]  # fmt: skip
    if len(tables) != 1 or odd or rows("PRAGMA application_id") != [(_APPLICATION,)]:
        return None
    name = str(tables[0])
    contents, geometry = rows(_CONTENTS), rows(f"{_GEOMETRY} FROM gpkg_geometry_columns")
    extensions = set()
    if any(n == "gpkg_extensions" for n, _, _ in schema):
        extensions = {row[0] for row in rows("SELECT extension_name FROM gpkg_extensions")}
    is_plain = [row[:2] for row in contents] == [(name, "features")] and extensions <= _HARMLESS
    if not is_plain or [row[0] for row in geometry] != [name] or contents[0][2] != geometry[0][3]:
        return None
    columns = rows(f"PRAGMA table_xinfo({_quoted(name)})")
    kinds = _kinds(database, name, str(geometry[0][1]), head)
    if kinds is None or rows("PRAGMA quick_check(1)") != [("ok",)]:
        return None
    crs = rows(f"SELECT * FROM gpkg_spatial_ref_sys WHERE srs_id = {int(str(geometry[0][3]))}")
    return name, repr(("geopackage", columns, geometry[0][1:], crs, kinds)).encode()


def _kinds(database: sqlite3.Connection, name: str, column: str, head: int) -> list[int] | None:
    """Return the kinds of the first geometries; None where one is missing, odd or no place."""
    query = f"SELECT {_quoted(column)} FROM {_quoted(name)} LIMIT {head}"
    wkb = []
    for (blob,) in database.execute(query):
        if not isinstance(blob, bytes) or blob[:3] != b"GP\0":
            return None
        wkb.append(blob[_HEAD + _ENVELOPES.get(blob[3] >> 1 & 7, 0) :])
    shapes = np.asarray(shapely.from_wkb(wkb, on_invalid="raise"), dtype=object)
    if not wkb or shapely.is_empty(shapes).any() or without_placeholders(shapes)[1].any():
        return None
    kinds = [int(kind) for kind in np.unique(shapely.get_type_id(shapes))]
    # Arcs come as chords by another way.
    return kinds if max(kinds) <= _LAST_KIND else None


def _check_schema(path: Path, schema: list[tuple[str, str, object]]) -> None:
    names = {name for name, _, _ in schema}
    if "gpkg_contents" not in names:
        known = next((kind for marks, *kind in _RELATIVES if marks <= names), _NO_GEOPACKAGE)
        raise refused(path.name, *known)
    for name, _, sql in schema:
        if _reaches_out(sql if isinstance(sql, str) else ""):
            raise refused(
                path.name,
                Text(
                    f"其中的表“{name}”调用了可访问外部资源的函数，不予打开。",
                    f"its table {name!r} is computed by functions that may reach outside the file.",
                ),
                _EXPORT_ALONE,
            )


# All databases of one program have the same triggers.
@lru_cache(maxsize=512)
def _reaches_out(sql: str) -> bool:
    """Whether a table, view or trigger may call what lies outside the file."""
    is_virtual = _VIRTUAL.match(sql) is not None and _INDEX.search(sql) is None
    return is_virtual or _FUNCTIONS.search(sql) is not None


def _check_computed(path: Path, database: sqlite3.Connection, name: str, end: float) -> None:
    """Count what a view comes to, as long as that takes no longer than a glance."""
    quoted = _quoted(name)
    columns = [row[1] for row in database.execute(f"PRAGMA table_xinfo({quoted})")]
    sizes = " + ".join(f"total(length({_quoted(column)}))" for column in columns) or "0"
    database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MOST_OF_VALUE)
    database.set_progress_handler(lambda: int(time.monotonic() > end), _STEPS)
    try:
        (size,) = database.execute(f"SELECT {sizes} FROM {quoted}").fetchone()
    except (sqlite3.OperationalError, sqlite3.DataError) as error:
        if isinstance(error, sqlite3.OperationalError) and "interrupted" not in str(error):
            raise
        is_slow = "interrupted" in str(error)
        raise _endless(path, name, "query_seconds" if is_slow else "") from error
    finally:
        database.set_progress_handler(None, 0)
    if size > current_limits().query_bytes:
        raise _endless(path, name, "query_bytes", size)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _endless(path: Path, name: str, limit: str = "", size: float | None = None) -> SourceError:
    """Return the error for a query; where a limit may be raised, to ``size`` or well beyond it."""
    remedy = _EXPORT_ALONE
    if limit:
        remedy = raising(remedy, limit, size or 10 * getattr(current_limits(), limit))
    return refused(
        path.name,
        Text(
            f"图层“{name}”是由查询得出的，其结果没有尽头或过大。",
            f"its layer {name!r} is made by a query that has no end, or comes to too much.",
        ),
        remedy,
    )


_WITHOUT_LOG = (
    Text(
        "处于 WAL 模式，旁边没有 -wal 文件：最后写入的内容可能在其中，不予读取。",
        "it is written through a log (WAL), and the file -wal is not beside it: what was written "
        "last may be in there, so it is not read.",
    ),
    Text(
        "请把同名的 .gpkg-wal 一并拷来，放在同一文件夹；没有的，请在原电脑用 QGIS 打开，"
        "图层右键“导出—要素另存为”新的 GeoPackage，用新文件。",
        "Copy the file of the same name that ends in .gpkg-wal too, into the same folder; where "
        "there is none, open it in QGIS, save each layer as a new GeoPackage (Export, Save "
        "Features As), and give the new file.",
    ),
)
_TO_GEOPACKAGE = Text(
    "请在 QGIS 中打开，图层右键“导出—要素另存为”GeoPackage。",
    "Open it in QGIS and save each layer as a GeoPackage (Export, Save Features As).",
)
_NO_GEOPACKAGE = (
    Text("是 SQLite 数据库，不是 GeoPackage。", "a SQLite database, but no GeoPackage."),
    _TO_GEOPACKAGE,
)
#: Tables by which other databases of one file are known, with what they are and the way out.
_RELATIVES = (
    (
        {"geometry_columns", "spatial_ref_sys"},
        Text(
            "是 SpatiaLite 数据库，不是 GeoPackage。", "a SpatiaLite database, but no GeoPackage."
        ),
        _TO_GEOPACKAGE,
    ),
    (
        {"tiles", "metadata"},
        Text("是 MBTiles 地图切片，没有要素。", "map tiles (MBTiles), which hold no features."),
        Text(
            "请向其来源索取图层（.shp、.gpkg 等）。",
            "Ask whoever made it for the layer, as .shp or .gpkg.",
        ),
    ),
)
_EXPORT_ALONE = Text(
    "请将图层单独导出到新的 GeoPackage。", "Export the layer alone into a new GeoPackage."
)
