"""PostGIS, read in chunks through table objects, in one read-only view of the database.

Names of tables and columns are looked up in the catalogue as values and quoted by SQLAlchemy;
no text becomes SQL. A nullable integer stays one, and what PostgreSQL can say and Python cannot
(an infinite date) stays text for the cleaning to judge.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyproj
import shapely
import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from geo_citymgmt._languages import Text, first_few
from geo_citymgmt.errors import CityDataError, SourceError
from geo_citymgmt.findings import Findings
from geo_citymgmt.reading._messages import failure, phrase
from geo_citymgmt.reading._raw import Raw, from_wkb

CHUNK = 20_000
_WGS84 = pyproj.CRS.from_epsg(4326)
#: Degrees beyond the area where a CRS is used: a table farther off bears a wrong label.
_MARGIN = 10.0
_ARROW = {
    "int2": pa.int64(), "int4": pa.int64(), "int8": pa.int64(), "float4": pa.float64(),
    "float8": pa.float64(), "bool": pa.bool_(), "date": pa.date32(),
    "timestamp": pa.timestamp("us"), "timestamptz": pa.timestamp("us", tz="UTC"),
}  # fmt: skip
_PANDAS = {pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype(),
           pa.large_string(): pd.StringDtype(na_value=np.nan)}  # fmt: skip
_SHAPES = ("geometry", "geography")
_USUAL = ("geometry", "geom", "the_geom", "wkb_geometry", "shape")
#: Keys that tools add by themselves: a label of the row and no value of the record.
_ROW_KEYS = ("fid", "ogc_fid")
_PASSED = "********"
#: Parts of the query of an address that open the database.
_SECRET = re.compile(r"pass|secret|token|sslkey", re.I)

_CLASS = sa.table("pg_class", *map(sa.column, ("oid", "relname", "relnamespace", "relkind")))
_SPACE = sa.table("pg_namespace", *map(sa.column, ("oid", "nspname")))
_ATTRIBUTE = sa.table(
    "pg_attribute", *map(sa.column, ("attrelid", "attname", "atttypid", "attnum", "attisdropped"))
)
_TYPE = sa.table("pg_type", *map(sa.column, ("oid", "typname")))
_EXTENSION = sa.table("pg_extension", sa.column("extname"))
_SRS = sa.table("spatial_ref_sys", *map(sa.column, ("srid", "auth_name", "auth_srid", "srtext")))


@dataclass
class DatabaseTable:
    """A table or view as the catalogue knows it: its columns with the names of their types."""

    schema: str
    name: str
    kind: str
    oid: int
    columns: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}"


def read_database(engine: Engine, sublayer: str | None) -> Raw:
    """Read one table of a PostGIS database.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        Of SQLAlchemy 2 with psycopg 3: ``create_engine("postgresql+psycopg://…")``.
    sublayer : str
        ``"schema.table"``, or a table of the current schema.

    Raises
    ------
    SourceError
        The database cannot be reached or has no PostGIS, there is no such table, or its shapes
        are in several coordinate reference systems. The password is in no message.
    """
    with session(engine, "reading", read_only=True) as connection:
        if sublayer is None:
            names = first_few(_tables(connection)).en or "none"
            raise SourceError(
                phrase("which_database_table", names=names),
            )
        table = find_table(connection, sublayer)
        if table is None:
            names = first_few(_tables(connection)).en or "none"
            raise SourceError(
                phrase("no_table_database", sublayer=sublayer, names=names),
            )
        return read_table(connection, table)


@contextmanager
def session(engine: Engine, doing: str, *, read_only: bool = False) -> Iterator[Connection]:
    """Open one transaction on a database with PostGIS; an error names it without its password.

    Raises
    ------
    CityDataError
        Whatever the database refuses (a :class:`SourceError` where it was only read).
    """
    kind = SourceError if read_only else CityDataError
    where = _address(engine)
    if engine.dialect.name != "postgresql" or engine.driver != "psycopg":
        raise kind(
            phrase("only_postgis_through", where=where),
        )
    # Whatever the engine was set to: one view of the data for all statements that read; for a
    # writer that waited for another, what that one left.
    options: dict[str, Any] = {"isolation_level": "READ COMMITTED"}
    if read_only:
        options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    try:
        _forget_lost(engine)
        with engine.connect().execution_options(**options) as connection, connection.begin():
            _require_postgis(connection, where, kind)
            yield connection
    except CityDataError:
        raise
    except sa.exc.SQLAlchemyError as error:
        # No chain: a driver may quote its connection string.
        cause = _without_password(engine, error)
        if isinstance(error, sa.exc.DBAPIError) and error.connection_invalidated:
            raise _lost(where, cause, kind) from None
        failed = Text(
            f"{where}：数据库操作失败（{cause}）。", f"{where}: {doing} failed ({cause})."
        )
        raise kind(failed) from None


def find_table(connection: Connection, name: str) -> DatabaseTable | None:
    """Look ``name`` up, with every way to read its dots; None where there is no such table."""
    parts = name.split(".")
    current_schema = connection.scalar(sa.select(sa.func.current_schema())) or "public"
    tries = [(current_schema, name)]
    tries += [(".".join(parts[:k]), ".".join(parts[k:])) for k in range(1, len(parts))]
    for schema, table in tries:
        query = (
            sa.select(_CLASS.c.oid, _CLASS.c.relkind)
            .join_from(_CLASS, _SPACE, _SPACE.c.oid == _CLASS.c.relnamespace)
            .where(
                _SPACE.c.nspname == schema.strip('"'),
                _CLASS.c.relname == table.strip('"'),
                _CLASS.c.relkind.in_(["r", "v", "m", "p", "f"]),
            )
        )
        row = connection.execute(query).first()
        if row is not None:
            match = DatabaseTable(schema.strip('"'), table.strip('"'), _text(row[1]), row[0])
            match.columns = _columns(connection, match)
            return match
    return None


def read_table(connection: Connection, found: DatabaseTable) -> Raw:
    """Read ``found`` within the transaction of ``connection``."""
    findings = Findings()
    shape = _shape_column(found, findings)
    keys = _key_columns(connection, found)
    row_key = keys[0] if len(keys) == 1 and keys[0].lower() in _ROW_KEYS else None
    table = sa.table(found.name, *map(sa.column, found.columns), schema=found.schema)
    odd = _odd_dates(connection, table, found)
    names, selected, types = [], [], []
    for name, kind in found.columns.items():
        if kind in _SHAPES or kind == "bytea":
            if name != shape:
                findings.add(
                    "LAYER_IGNORED",
                    value=name,
                    about=name,
                    detail=phrase("column_of_kind", kind=kind),
                )
            continue
        as_it_is = kind in _ARROW and name not in odd
        names.append(name)
        types.append(_ARROW[kind] if as_it_is else pa.large_string())
        selected.append(_expression(table.c[name], kind, as_it_is))
    srid = _srid(connection, table, shape, found)
    if shape is not None:
        selected.append(sa.func.ST_AsBinary(table.c[shape]).label("gcm_shape"))
    query = sa.select(*selected).select_from(table)
    if keys:
        query = query.order_by(*(table.c[key] for key in keys))
    elif found.kind == "r":
        query = query.order_by(sa.literal_column("ctid"))
    stated = connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0
    chunks, shapes = _fetch(connection, query, types, shape is not None)
    n = len(shapes) if shape is not None or not types else sum(len(c) for c in chunks[0])
    if n != stated:
        findings.add("COUNT_MISMATCH", value=f"count {stated}, read {n}")
    columns = {
        name: _column(parts, kind) for name, kind, parts in zip(names, types, chunks, strict=True)
    }
    labels = None
    if keys and all(key in columns for key in keys) and n:
        texts = [columns[key].astype("str").to_numpy(dtype=object) for key in keys]
        joined = ["/".join(parts) for parts in zip(*texts, strict=True)]
        labels = np.array([f"{'/'.join(keys)} {text}" for text in joined], dtype=object)
    if row_key is not None:
        columns.pop(row_key, None)
    geometry = np.full(n, None, dtype=object)
    if shape is not None and n:
        wkb = np.array(shapes, dtype=object)
        geometry, _ = from_wkb(wkb)
        has_shape = np.array([value is not None for value in shapes])
        findings.add(
            "RECORD_UNREADABLE", records=np.flatnonzero(has_shape & shapely.is_missing(geometry))
        )
    return Raw(
        name=str(found),
        frame=pd.DataFrame(columns, index=pd.RangeIndex(n)),
        geometry=geometry,
        record=np.arange(n),
        n_walked=n,
        findings=findings,
        crs=_crs(connection, srid, geometry, findings),
        encoding="UTF-8",
        encoding_source="format",
        row_label=labels,
    )


def _require_postgis(connection: Connection, where: str, kind: type[CityDataError]) -> None:
    is_installed = connection.scalar(
        sa.select(sa.func.count()).where(_EXTENSION.c.extname == "postgis")
    )
    if not is_installed:
        raise kind(
            phrase("database_no_postgis", where=where),
        )


def _forget_lost(engine: Engine) -> None:
    """Drop what the pool still holds of a server that was restarted since."""
    try:
        with engine.connect() as connection:
            connection.execute(sa.select(1))
    except sa.exc.DBAPIError as error:
        if not error.connection_invalidated:
            raise


def _lost(where: str, cause: str, kind: type[CityDataError]) -> CityDataError:
    # Nobody can tell whether a server that died while it committed had done so.
    kept = Text("表仍完整，或为原表，或为新表", "the table is whole, the old one or the new one")
    if issubclass(kind, SourceError):
        kept = Text("未取用任何记录", "nothing of the table was taken over")
    return kind(
        phrase("connection_lost", where=where, cause=cause, kept=kept),
    )


def _address(engine: Engine) -> str:
    """Return the address of a database without what opens it, wherever that stands in it."""
    secret = {key: "hidden" for key in engine.url.query if _SECRET.search(key)}
    return engine.url.update_query_dict(secret).render_as_string(hide_password=True)


def _without_password(engine: Engine, error: Exception) -> str:
    text = str(getattr(error, "orig", None) or error).strip()
    text = text.splitlines()[0] if text else type(error).__name__
    query = engine.url.query.items()
    secrets = [engine.url.password, *(value for key, value in query if _SECRET.search(key))]
    for secret in secrets:
        for part in [secret] if isinstance(secret, str) else secret or ():
            text = text.replace(part, _PASSED) if part else text
    return text


def _tables(connection: Connection) -> list[str]:
    columns = sa.table("geometry_columns", sa.column("f_table_schema"), sa.column("f_table_name"))
    rows = connection.execute(sa.select(columns).distinct().order_by(*columns.c))
    return [f"{schema}.{name}" for schema, name in rows]


def _columns(connection: Connection, found: DatabaseTable) -> dict[str, str]:
    query = (
        sa.select(_ATTRIBUTE.c.attname, _TYPE.c.typname)
        .join_from(_ATTRIBUTE, _TYPE, _TYPE.c.oid == _ATTRIBUTE.c.atttypid)
        .where(
            _ATTRIBUTE.c.attrelid == found.oid,
            _ATTRIBUTE.c.attnum > 0,
            sa.not_(_ATTRIBUTE.c.attisdropped),
        )
        .order_by(_ATTRIBUTE.c.attnum)
    )
    return {_text(name): _text(kind) for name, kind in connection.execute(query)}


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _shape_column(found: DatabaseTable, findings: Findings) -> str | None:
    shapes = [name for name, kind in found.columns.items() if kind in _SHAPES]
    usual = [name for name in shapes if name.lower() in _USUAL]
    return next(iter(usual or shapes), None)


def _key_columns(connection: Connection, found: DatabaseTable) -> list[str]:
    if found.kind not in ("r", "p"):
        return []
    constraint = sa.inspect(connection).get_pk_constraint(found.name, schema=found.schema)
    return [str(name) for name in constraint["constrained_columns"]]


def _odd_dates(connection: Connection, table: Any, found: DatabaseTable) -> set[str]:
    """Return the columns with moments that Python cannot hold; they are read as text."""
    names = [n for n, kind in found.columns.items() if kind in ("date", "timestamp", "timestamptz")]
    if not names:
        return set()
    counts = [
        sa.func.count().filter(
            sa.or_(
                sa.not_(sa.func.isfinite(table.c[name])),
                sa.not_(sa.extract("year", table.c[name]).between(2, 9998)),
            )
        )
        for name in names
    ]
    row = connection.execute(sa.select(*counts).select_from(table)).one()
    return {name for name, n in zip(names, row, strict=True) if n}


def _expression(column: Any, kind: str, as_it_is: bool) -> Any:
    if as_it_is:
        return column
    if kind.startswith("_"):
        return sa.func.array_to_string(column, ";").label(column.name)
    return sa.cast(column, sa.Text).label(column.name)


def _srid(connection: Connection, table: Any, shape: str | None, found: DatabaseTable) -> int:
    if shape is None:
        return 0
    srid = sa.func.ST_SRID(table.c[shape])
    query = sa.select(srid, sa.func.count()).where(table.c[shape].is_not(None)).group_by(srid)
    rows = sorted((int(code), int(n)) for code, n in connection.execute(query))
    if len(rows) > 1:
        listed = first_few(f"{code}: {n}" for code, n in rows).en
        raise failure("database_mixed_crs", str(found), srids=listed)
    return rows[0][0] if rows else 0


def _fetch(
    connection: Connection, query: Any, types: list[Any], has_shape: bool
) -> tuple[list[list[pa.Array]], list[Any]]:
    chunks: list[list[pa.Array]] = [[] for _ in types]
    shapes: list[Any] = []
    options = {"stream_results": True, "max_row_buffer": CHUNK}
    with connection.execute(query, execution_options=options) as result:
        for rows in result.partitions(CHUNK):
            columns = list(zip(*rows, strict=True))
            for parts, kind, values in zip(chunks, types, columns, strict=False):
                parts.append(pa.array(values, type=kind))
            if has_shape:
                shapes += [None if value is None else bytes(value) for value in columns[-1]]
    return chunks, shapes


def _column(parts: list[pa.Array], kind: Any) -> pd.Series:
    values = pa.chunked_array(parts, type=kind)
    if kind == pa.date32():
        values = values.cast(pa.timestamp("us"))
    return values.to_pandas(types_mapper=_PANDAS.get).reset_index(drop=True)


def _believable(crs: pyproj.CRS, geometry: np.ndarray) -> bool:
    """Whether the middle of the numbers lies anywhere near where the CRS is used."""
    area, bounds = crs.area_of_use, shapely.total_bounds(geometry)
    if area is None or not np.isfinite(bounds).all():
        return True
    middle = (bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2
    back = pyproj.Transformer.from_crs(crs, crs.geodetic_crs or crs, always_xy=True)
    lon, lat = back.transform(*middle)
    wraps = area.west > area.east
    in_longitude = wraps or area.west - _MARGIN <= lon <= area.east + _MARGIN
    return bool(in_longitude and area.south - _MARGIN <= lat <= area.north + _MARGIN)


def _crs(
    connection: Connection, srid: int, geometry: np.ndarray, findings: Findings
) -> pyproj.CRS | None:
    if srid == 0:
        return None
    row = connection.execute(
        sa.select(_SRS.c.auth_name, _SRS.c.auth_srid, _SRS.c.srtext).where(_SRS.c.srid == srid)
    ).first()
    crs: pyproj.CRS | None
    try:
        if row is not None and row[0] == "EPSG" and row[1]:
            crs = pyproj.CRS.from_epsg(int(row[1]))
        else:
            crs = pyproj.CRS.from_wkt(row[2]) if row is not None and row[2] else None
    except pyproj.exceptions.CRSError:
        crs = None
    if crs is not None and _believable(crs, geometry):
        return crs
    # Tools store a CRS without a code under the nearest one, which may be of another continent.
    span = " ".join(f"{v:.6g}" for v in shapely.total_bounds(geometry))
    label = f"SRID {srid}" if crs is None else f"SRID {srid} ({crs.name})"
    findings.add("CRS_WRONG", value=span, expected=label, severity="warning", detail=Text("", ""))
    return None
