"""Vector formats through GDAL, each looked at beforehand and counted by other means."""

from __future__ import annotations

import glob
import itertools
import json
import re
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, BinaryIO

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import pyproj
import shapely

from geo_citymgmt._languages import first_few, packaged_table
from geo_citymgmt.errors import SourceError
from geo_citymgmt.findings import Findings
from geo_citymgmt.reading._coordinate_columns import without_placeholders
from geo_citymgmt.reading._kml import (
    holds_only_links,
    prepared,
    spelt_name,
    with_balloons,
)
from geo_citymgmt.reading._limits import (
    check_rows,
    check_table,
    current_limits,
    over_limit,
    raising,
)
from geo_citymgmt.reading._messages import failure, phrase, refused, wording
from geo_citymgmt.reading._raw import (
    Raw,
    expanded_size,
    from_wkb,
    plain_array,
    plain_frame,
    report_unreadable,
    shapes_of,
)
from geo_citymgmt.reading._sheet import decode_text
from geo_citymgmt.reading._sniff import KINDS, name_one

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
_BLOB_HEAD, _ENVELOPES = 8, {0: 0, 1: 32, 2: 48, 3: 48, 4: 64}


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
        raise failure("geopackage_without_log", path.name)
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
        raise failure("geopackage_damaged", path.name, error=error) from error


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
    logs = (Path(f"{file}{suffix}") for suffix in ("-wal", "-journal"))
    if file.stat().st_size > _SMALL or is_logged(file) or any(path.exists() for path in logs):
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
        wkb.append(blob[_BLOB_HEAD + _ENVELOPES.get(blob[3] >> 1 & 7, 0) :])
    shapes = np.asarray(shapely.from_wkb(wkb, on_invalid="raise"), dtype=object)
    if not wkb or shapely.is_empty(shapes).any() or without_placeholders(shapes)[1].any():
        return None
    kinds = [int(kind) for kind in np.unique(shapely.get_type_id(shapes))]
    # Arcs come as chords by another way.
    return kinds if max(kinds) <= _LAST_KIND else None


def _check_schema(path: Path, schema: list[tuple[str, str, object]]) -> None:
    names = {name for name, _, _ in schema}
    if "gpkg_contents" not in names:
        key = next((key for key, marks in _RELATIVES.items() if marks <= names), "sqlite_other")
        raise failure(key, path.name)
    for name, _, sql in schema:
        if _reaches_out(sql if isinstance(sql, str) else ""):
            raise failure("geopackage_reaches_out", path.name, name=name)


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
    cause, remedy = wording("geopackage_endless", name=name)
    if limit:
        remedy = raising(remedy, limit, size or 10 * getattr(current_limits(), limit))
    return refused(path.name, cause, remedy)


#: Tables by which other databases of one file are known.
_RELATIVES = {
    "sqlite_spatialite": {"geometry_columns", "spatial_ref_sys"},
    "sqlite_tiles": {"tiles", "metadata"},
}

#: The driver that may open what was recognised; any other is an error of ours or a trick.
_DRIVERS = packaged_table("geo_citymgmt.reading", "formats.toml")["drivers"]
#: How a KML is to be drawn is no attribute.
_KML_STYLE = ("altitudeMode", "tessellate", "extrude", "visibility", "drawOrder", "icon", "snippet")
_KML_SPARE = ("Name", "description", "timestamp", "begin", "end")
_ODD = re.compile(r"[!?#*|]|\.(zip|tar|tgz|gz)\b", re.I)
#: Columns that come to so many times what they take are looked at: most repeat their values.
_REPEATED = 8
#: Ways to pack texts of a Parquet as differences, and how many of these are unpacked at a time.
_DIFFERENCES = {"DELTA_BYTE_ARRAY", "DELTA_LENGTH_BYTE_ARRAY"}
_AT_A_TIME = 100
#: Bytes that a feature of a FlatGeobuf takes at the least.
_LEAST = 16
#: Bytes that a value takes at the least.
_LEAST_OF_VALUE = 2
_SCHEMA = re.compile(
    r"\s[\w.-]{1,40}:(?:noNamespaceS|s)chemaLocation\s{0,8}=\s{0,8}(?:\"[^\"]*\"|'[^']*')"
)
_FOLDER = re.compile(r"<(?:[\w.-]{1,40}:)?(?:Folder|Document)(?=[\s/>])")
_XML_ENCODING = re.compile(r"(\s*<\?xml[^>]*?encoding\s{0,8}=\s{0,8}[\"'])([\w.-]+)([\"'])")
#: Where a table of MapInfo says in what its texts are, and what these names mean.
_CHARSET = re.compile(rb"charset\s{1,8}\"?([\w-]{1,40})", re.I)
_CHARSETS = {b"windowssimpchinese": "GB18030", b"windowstradchinese": "Big5", b"utf-8": "UTF-8"}
_HEAD = 4096
#: A line in WKB.
_LINE = 2
_DATETIME_TYPES = ("OFTDateTime", "OFTDate")


def list_gdal_layers(path: Path, kind: str) -> list[str]:
    """Return the names of the layers of ``path``.

    Raises
    ------
    SourceError
        It cannot be opened, or not by the driver for ``kind``.
    """
    with _staged(path, kind, Findings()) as (file, _):
        return _layers(path, file, kind)


def read_gdal(
    path: Path, kind: str, *, sublayer: str | None = None, head: int | None = None
) -> Raw:
    """Read one layer; a record that GDAL cannot give is kept without geometry, and said.

    With ``head`` no more than the first so many records, and they are not counted.

    Raises
    ------
    SourceError
        It cannot be read, or which layer is meant is not clear.
    """
    findings = Findings()
    with _staged(path, kind, findings) as (file, encoding):
        names = _layers(path, file, kind)
        chosen = _chosen(path, names, sublayer)
        with _guarded(path):
            stated = _stated(file, kind, chosen) if head is None else None
            _check_extent(path, file, kind, chosen, stated, findings)
            if kind in ("mapinfo", "mif"):
                meta, table, encoding = _mapinfo_table(file, chosen, head)
            else:
                meta, table = pyogrio.read_arrow(
                    str(file),
                    layer=chosen,
                    return_fids=True,
                    datetime_as_string=True,
                    max_features=head,
                )
            fids = np.asarray(table.column(0).to_numpy())
            geometry = _shapes(file, chosen, meta, table, findings)
            frame = _attributes(meta, table, kind)
            if kind == "kml":
                frame = with_balloons(frame, findings, column="description")
            crs = _crs(meta.get("crs"))
    raw = Raw(
        name=f"{path.name}:{chosen}" if len(names) > 1 or kind == "geopackage" else path.name,
        frame=frame,
        geometry=geometry,
        record=np.arange(len(frame)),
        n_walked=len(frame),
        findings=findings,
        crs=crs,
        encoding=encoding,
        encoding_source="format" if encoding == "UTF-8" else "file",
        row_label=fids,
        row_form="FID {}",
    )
    if kind == "flatgeobuf" and stated is not None:
        most = path.stat().st_size // _LEAST
        if stated > most:
            # A damaged header may count thousands of millions: no records that could be missing.
            raw.findings.add("COUNT_MISMATCH", value=f"{stated} / {raw.n_walked}")
            return raw
    return raw if stated is None else _counted(raw, stated)


def read_geoparquet(path: Path, *, head: int | None = None) -> Raw:
    """Read a GeoParquet; a Parquet without geometry is a table.

    With ``head`` no more than the first so many records.

    Raises
    ------
    SourceError
        It cannot be read.
    """
    findings = Findings()
    with _guarded(path):
        # By handle: a name is never looked up anywhere else.
        with path.open("rb") as handle:
            file = pq.ParquetFile(handle)
            stated = file.metadata.num_rows
            _check_metadata(path, file.metadata)
            if head is None:
                table = _plain_table(path, handle)
            else:
                batches = itertools.islice(file.iter_batches(batch_size=head), 1)
                table = pa.Table.from_batches(batches, schema=file.schema_arrow)
        geo = json.loads((table.schema.metadata or {}).get(b"geo", b"{}"))
        columns = geo.get("columns") or {}
        name = geo.get("primary_column")
        crs: Any = None
        geometry = np.full(table.num_rows, None, dtype=object)
        if name in columns and name in table.schema.names:
            # Absent means longitude and latitude; null means unknown.
            crs = columns[name].get("crs", "OGC:CRS84")
            if str(columns[name].get("encoding", "WKB")).upper() == "WKB":
                geometry = shapes_of(plain_array(table.column(name)).to_pylist(), findings)
            else:
                geometry = gpd.read_parquet(path).geometry.to_numpy(dtype=object, copy=True)
                geometry = geometry[: table.num_rows]
                geometry[pd.isna(geometry)] = None
        spare = [n for n in table.schema.names if n in columns or n.startswith("__index_level_")]
        frame = plain_frame(table.drop_columns(spare))
        raw = Raw(
            name=path.name,
            frame=frame,
            geometry=geometry,
            record=np.arange(len(frame)),
            n_walked=len(frame),
            findings=findings,
            crs=_crs(crs),
            encoding="UTF-8",
            encoding_source="format",
        )
    return raw if head is not None else _counted(raw, stated)


def _check_metadata(path: Path, metadata: pq.FileMetaData) -> None:
    """Refuse a Parquet that claims more than its bytes can hold."""
    rows, columns = metadata.num_rows, metadata.num_columns
    check_rows(path, rows)
    check_table(path.name, rows, columns, rows * columns)
    groups = [metadata.row_group(k) for k in range(metadata.num_row_groups)]
    unpacked = sum(group.total_byte_size for group in groups)
    limits = current_limits()
    ratio = unpacked / max(path.stat().st_size, 1)
    if unpacked > limits.ratio_from and ratio > limits.ratio:
        raise over_limit("parquet_ratio", path.name, "ratio", ratio, ratio=ratio)


def _plain_table(path: Path, handle: BinaryIO) -> pa.Table:
    """Read a Parquet, each text of it once until it is known what all of them come to."""
    file, most = pq.ParquetFile(handle), current_limits().column_bytes
    names, spelt = _texts_of(file.metadata)
    if spelt:
        # Each of these is told by what it differs from the one before: few at a time, lest they
        # fill the memory before they are measured.
        size, usual = 0, max(most, _REPEATED * path.stat().st_size)
        for batch in file.iter_batches(batch_size=_AT_A_TIME, columns=spelt):
            size += batch.nbytes
            if size > _REPEATED * usual:
                break
        if size > usual:
            shown = ", ".join(spelt)
            raise over_limit(
                "parquet_column", path.name, "column_bytes", size, name=shown, size=size
            )
    table = pq.ParquetFile(handle, read_dictionary=names).read()
    for name, column in zip(table.schema.names, table.columns, strict=True):
        size = sum(expanded_size(chunk) for chunk in column.chunks)
        if size > max(most, _REPEATED * column.nbytes):
            raise over_limit(
                "parquet_column", path.name, "column_bytes", size, name=name, size=size
            )
    return table


def _texts_of(metadata: pq.FileMetaData) -> tuple[list[str], list[str]]:
    """Return the paths of the columns of texts and bytes, within others too.

    First those that can be read each text once, then those packed as differences, which cannot.
    """
    schema = metadata.schema
    groups = [metadata.row_group(k) for k in range(metadata.num_row_groups)]
    texts: tuple[list[str], list[str]] = [], []
    for k in range(metadata.num_columns):
        if schema.column(k).physical_type == "BYTE_ARRAY":
            packed = {name for group in groups for name in group.column(k).encodings}
            texts[bool(packed & _DIFFERENCES)].append(schema.column(k).path)
    return texts


def _counted(raw: Raw, stated: int) -> Raw:
    """Give each record that the source counts, and the reader did not give, its own rejection."""
    missing = stated - raw.n_walked
    if missing == 0:
        return raw
    value = f"{stated} / {raw.n_walked}"
    raw.findings.add("COUNT_MISMATCH", value=value)
    if missing > 0:
        lost = np.arange(raw.n_walked, stated)
        raw.findings.add("COUNT_MISMATCH", records=lost, value=value, action="rejected")
        raw.frame = raw.frame.reindex(range(stated))
        raw.geometry = np.concatenate([raw.geometry, np.full(missing, None, dtype=object)])
        raw.record = np.arange(stated)
        if raw.row_label is not None:
            raw.row_label = np.concatenate(
                [raw.row_label.astype(object), np.full(missing, "?", dtype=object)]
            )
        raw.n_walked = stated
    return raw


@contextmanager
def _guarded(path: Path) -> Iterator[None]:
    """Turn whatever a reader raises into one error."""
    try:
        yield
    except (SourceError, MemoryError):
        raise
    except Exception as error:  # from several native libraries, with no common ancestor
        raise failure("not_read", path.name, error=error) from error


@contextmanager
def _staged(path: Path, kind: str, findings: Findings) -> Iterator[tuple[Path, str]]:
    """Give a name that means one thing only: some mean an archive, or another driver.

    A database with unfinished transactions is copied too: reading would write beside it. With the
    name goes the encoding of a text.
    """
    suffix = KINDS[kind]
    parts = [path]
    is_wal = False
    if kind == "geopackage":
        parts += [p for s in ("-wal", "-journal") if (p := Path(f"{path}{s}")).exists()]
        is_wal = is_logged(path)
    renamed, encoding = _rewritten(path, kind, findings)
    # What is read with files beside it finds its own and no others; nor is any written there.
    has_companions = kind in ("mapinfo", "mif", "gml")
    is_plain = renamed is None and len(parts) == 1 and not is_wal and not has_companions
    if is_plain and path.suffix == suffix and not _ODD.search(str(path)):
        yield path, encoding
        return
    with tempfile.TemporaryDirectory(prefix="gcm-", ignore_cleanup_errors=True) as folder:
        target = Path(folder) / f"source{suffix}"
        for part in _companions(path, kind) if has_companions else ():
            shutil.copyfile(part, target.with_suffix(part.suffix.lower()))
        if renamed is not None:
            target.write_bytes(renamed)
        elif path.is_dir():
            shutil.copytree(path, target)
        else:
            for part in parts:
                shutil.copyfile(part, f"{target}{part.name[len(path.name) :]}")
        yield target, encoding


def _rewritten(path: Path, kind: str, findings: Findings) -> tuple[bytes | None, str]:
    """Return the text of a file as its driver takes it, None where it is read as it is."""
    if kind not in ("kml", "gpx", "gml"):
        return None, "UTF-8"
    data = path.read_bytes()
    text, encoding = _xml_text(path, data, findings)
    if kind == "kml":
        _check_folders(path, text)
        if holds_only_links(text):
            raise failure("kml_only_links", path.name)
        text = prepared(text, findings)
    elif kind == "gml":
        # Where its schema lies is an address, and nothing is looked up there.
        text = _SCHEMA.sub("", text)
    written = text.encode()
    return (None if written == data else written), encoding


def _check_folders(path: Path, text: str) -> None:
    """Refuse a KML of more folders than are looked through: each is a layer to its driver."""
    n = len(_FOLDER.findall(text))
    if n > current_limits().members:
        raise over_limit("kml_folders", path.name, "members", n, n=n)


def _xml_text(path: Path, data: bytes, findings: Findings) -> tuple[str, str]:
    """Return XML as text that says it is UTF-8, and the encoding it is in.

    Its readers know no Chinese but that of UTF-8, and what is stated is not always true: the bytes
    tell which it is.
    """
    # Whatever its mark of byte order, and in UTF-16 too.
    head = data[:400].replace(b"\0", b"").decode("latin-1").lstrip("\xef\xbb\xbf\xff\xfe")
    stated = _XML_ENCODING.match(head)
    name = stated[2].lower() if stated else "utf-8"
    if name.startswith(("utf", "gb", "x-gb", "cp936", "ascii", "us-ascii")):
        text, encoding, _, lost = decode_text(path, None)
    else:
        text, encoding, _, lost = decode_text(path, name)
    if lost and "\ufffd" in text:
        findings.add("TEXT_LOST", field="", value=path.name)
    return (_XML_ENCODING.sub(r"\1UTF-8\3", text, count=1) if stated else text), encoding


def _companions(path: Path, kind: str) -> list[Path]:
    """Return the files of one name that a table of MapInfo is made of."""
    suffixes = {"mapinfo": (".dat", ".map", ".id", ".ind", ".dbf"), "mif": (".mid",)}.get(kind, ())
    return [
        p
        for p in path.parent.glob(f"{glob.escape(path.stem)}.*")
        if p.suffix.lower() in suffixes and p.is_file()
    ]


def _layers(path: Path, file: Path, kind: str) -> list[str]:
    with _guarded(path):
        if kind == "geopackage":
            check_database(path, file)
        names = [str(name) for name, _ in pyogrio.list_layers(str(file))]
        if kind == "gpx":
            # It has a layer of each kind, whether or not anything is in it.
            count = partial(pyogrio.read_info, str(file), force_feature_count=True)
            names = [name for name in names if count(layer=name)["features"]]
        # Names of fields are not looked at here, in whatever encoding they are.
        known = "ISO-8859-1" if kind in ("mapinfo", "mif") else None
        driver = ""
        if names:
            driver = pyogrio.read_info(str(file), layer=names[0], encoding=known)["driver"]
    if names and driver not in _DRIVERS[kind]:
        raise failure("gdal_other_driver", path.name, driver=driver, expected=KINDS[kind])
    return names


def _check_extent(
    path: Path, file: Path, kind: str, layer: str, stated: int | None, findings: Findings
) -> None:
    """Refuse a layer of more fields and records than are laid out, or than its file can hold."""
    known = "ISO-8859-1" if kind in ("mapinfo", "mif") else None
    info = pyogrio.read_info(str(file), layer=layer, encoding=known)
    stated_features, columns = int(info["features"]), len(info["fields"])
    if kind == "geopackage" and stated is not None and 0 <= stated_features != stated:
        # Its own account of what it holds.
        findings.add(
            "COUNT_MISMATCH",
            severity="warning",
            value=f"gpkg_ogr_contents {stated_features} / {stated}",
        )
    rows = max(stated_features if stated is None else stated, 0)
    parts = path.rglob("*") if path.is_dir() else (path,)
    size = sum(p.stat().st_size for p in parts)
    # In a text each value takes some bytes; what is not there takes none.
    check_table(path.name, min(rows, size), columns, min(rows * columns, size // _LEAST_OF_VALUE))


def _chosen(path: Path, names: list[str], sublayer: str | None) -> str:
    if not names:
        raise failure("gdal_no_layer", path.name)
    if sublayer is None and len(names) == 1:
        return names[0]
    if sublayer is None:
        raise failure(
            "gdal_which_layer",
            path.name,
            remedy=name_one(names),
            n=len(names),
            names=first_few(names),
        )
    if sublayer not in names:
        raise failure("gdal_no_such_layer", path.name, sublayer=sublayer, names=first_few(names))
    return sublayer


def _stated(file: Path, kind: str, layer: str) -> int | None:
    """Count the records by other means than those that read them, where that is cheap."""
    if kind == "geopackage":
        try:
            with opened(file) as database:
                return int(database.execute(f"SELECT count(*) FROM {_quoted(layer)}").fetchone()[0])
        except sqlite3.Error:
            return None
    if kind == "mif" and (table := file.with_suffix(".mid")).exists():
        # A line for each object; what is no object any more is passed over without a word.
        n = sum(not line.isspace() for line in table.read_bytes().splitlines())
        return n or None
    if kind == "flatgeobuf":
        count = int(pyogrio.read_info(str(file))["features"])
        return count if count > 0 else None
    return None


def _shapes(
    file: Path, layer: str, meta: dict[str, Any], table: pa.Table, findings: Findings
) -> np.ndarray:
    name = meta.get("geometry_name") or "wkb_geometry"
    if name not in table.schema.names:
        return np.full(table.num_rows, None, dtype=object)
    wkb = table.column(name).to_pylist()
    shapes, curved = from_wkb(wkb)
    if curved.any():
        # Arcs come as chords by the other way.
        _, _, wkb, _ = pyogrio.raw.read(str(file), layer=layer, columns=[], return_fids=True)
        return shapes_of(wkb, findings)
    unbuilt = np.flatnonzero(shapely.is_missing(shapes)).tolist()
    single = [k for k in unbuilt if wkb[k] is not None and _is_single(wkb[k])]
    for k in single:
        wkb[k] = None
    report_unreadable(wkb, shapes, findings)
    told = phrase("line_of_one_position")
    findings.add("RECORD_UNREADABLE", records=np.array(single, dtype=np.int64), detail=told)
    return shapes


def _is_single(wkb: bytes) -> bool:
    """Whether it is a line of one position, as a track is that was ended at once."""
    order: Any = "little" if wkb[:1] == b"\x01" else "big"
    kind = int.from_bytes(wkb[1:5], order) & 0x0FFF_FFFF
    return kind % 1000 == _LINE and int.from_bytes(wkb[5:9], order) == 1


def _mapinfo_table(
    file: Path, layer: str, head: int | None
) -> tuple[dict[str, Any], pa.Table, str]:
    """Read a table of MapInfo, whose texts GDAL hands on in whatever encoding they are."""
    # Latin-1 takes any byte, and gives it back.
    meta, fids, wkb, columns = pyogrio.raw.read(
        str(file),
        layer=layer,
        return_fids=True,
        max_features=head,
        datetime_as_string=True,
        encoding="ISO-8859-1",
    )
    stated = _CHARSET.search(file.read_bytes()[:_HEAD])
    usual = _CHARSETS.get(stated[1].lower() if stated else b"", "GB18030")
    is_text = [column.dtype == object for column in columns]
    texts = [
        t
        for column, is_string in zip(columns, is_text, strict=True)
        if is_string
        for t in column
        if t
    ]
    encoding = _encoding_of(texts, usual)
    # Programs that write names of fields in one encoding write values in another.
    names = [str(name) for name in meta["fields"]]
    of_names = _encoding_of(names, usual)
    values = [
        pa.array([_recoded(t, encoding) for t in column], pa.large_string())
        if is_string
        else pa.array(column, from_pandas=True)
        for column, is_string in zip(columns, is_text, strict=True)
    ]
    named = [str(_recoded(name, of_names)) for name in names]
    table = pa.Table.from_arrays(
        [pa.array(fids), *values, pa.array(wkb, pa.large_binary())],
        names=["fid", *named, "wkb_geometry"],
    )
    return {**meta, "fields": named, "geometry_name": "wkb_geometry"}, table, encoding


def _encoding_of(texts: list[str], usual: str) -> str:
    """Return the encoding of texts that were read as Latin-1: UTF-8 proves itself."""
    try:
        "\n".join(texts).encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        return usual
    return "UTF-8"


def _recoded(text: str | None, encoding: str) -> str | None:
    return None if text is None else text.encode("latin-1").decode(encoding, "replace")


def _attributes(meta: dict[str, Any], table: pa.Table, kind: str) -> pd.DataFrame:
    geometry = meta.get("geometry_name") or "wkb_geometry"
    keep = [i for i, n in enumerate(table.schema.names) if i > 0 and n != geometry]
    frame = plain_frame(table.select(keep))
    types = dict(zip(map(str, meta["fields"]), meta["ogr_types"], strict=True))
    for name in frame.columns:
        if types.get(name) in _DATETIME_TYPES and pd.api.types.is_string_dtype(frame[name].dtype):
            frame[name] = _datetimes(frame[name], is_local=kind == "filegdb")
    if kind == "kml":
        spare = [n for n in _KML_STYLE if n in frame]
        spare += [n for n in _KML_SPARE if n in frame and frame[n].isna().all()]
        frame = frame.drop(columns=spare).rename(columns={"id": "kml_id"})
        frame = frame.rename(columns=spelt_name)
    return frame


def _datetimes(texts: pd.Series, *, is_local: bool) -> pd.Series:
    zoned = texts.str.contains(r"(?:Z|[+-]\d\d:?\d\d)$", regex=True).fillna(False)
    if is_local or not zoned.any():
        # A file geodatabase knows no zone; the mark is the reader's.
        plain = texts.str.replace(r"(?:Z|\+00:?00)$", "", regex=True)
        moments = pd.to_datetime(plain, format="ISO8601", errors="coerce")
    else:
        moments = pd.to_datetime(texts, format="ISO8601", errors="coerce", utc=True)
    if moments.notna().sum() < texts.notna().sum():
        return texts
    return moments.astype("datetime64[us, UTC]" if moments.dt.tz is not None else "datetime64[us]")


def _crs(stated: Any) -> pyproj.CRS | None:
    if stated is None:
        return None
    crs = pyproj.CRS.from_user_input(stated)
    if crs.type_name == "Engineering CRS" or crs.name.startswith("Undefined "):
        # A plane of its own, or the words of a GeoPackage for none.
        return None
    if crs.to_authority() == ("OGC", "CRS84"):
        return pyproj.CRS.from_epsg(4326)
    return crs
