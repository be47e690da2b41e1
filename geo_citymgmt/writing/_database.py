"""A layer into PostGIS: a staging table, read back, then put in place, all in one transaction."""

from __future__ import annotations

import hashlib
import secrets
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pyproj
import shapely
import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.types import UserDefinedType

from geo_citymgmt._languages import Messages, Text
from geo_citymgmt.errors import CityDataError, CRSError
from geo_citymgmt.reading._database import CHUNK, DatabaseTable, find_table, read_table, session
from geo_citymgmt.writing._columns import Outgoing, exact_code, is_date, is_number, strip_controls
from geo_citymgmt.writing._files import check_same, refuse

_MESSAGES = Messages("geo_citymgmt.writing")

SUFFIX = "postgis"
LOCK_WAIT = "10s"
#: Bytes of a name in PostgreSQL, which cuts longer ones without an error.
MAX_NAME = 63
#: Columns every table has.
_SYSTEM = {"tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"}
#: Numbers that PostGIS leaves to its users, and how long a definition may be.
_FIRST_SRID, _SRIDS, _MAX_SRTEXT = 910_000, 80_000, 2048
_KNOWN = sa.table(
    "spatial_ref_sys",
    *map(sa.column, ("srid", "auth_name", "auth_srid", "srtext", "proj4text")),
)
_KEY = "fid"


class _Shape(UserDefinedType[bytes]):
    """A column of shapes that takes well-known binary."""

    cache_ok = True

    def __init__(self, srid: int, heights: bool) -> None:
        self.srid, self.heights = srid, heights

    def get_col_spec(self, **_: Any) -> str:
        kind = "GeometryZ" if self.heights else "Geometry"
        return f"geometry({kind},{int(self.srid)})"

    def bind_expression(self, bindvalue: Any) -> Any:
        return sa.func.ST_GeomFromWKB(bindvalue, self.srid)


class _Rename(sa.schema.ExecutableDDLElement):
    """ALTER TABLE … RENAME, with both names quoted by the dialect."""

    def __init__(self, table: sa.Table, name: str) -> None:
        self.table, self.name = table, name


@compiles(_Rename)
def _compile_rename(element: _Rename, compiler: Any, **_: Any) -> str:
    old = compiler.preparer.format_table(element.table)
    return f"ALTER TABLE {old} RENAME TO {compiler.preparer.quote(element.name)}"


def prepare_table(out: Outgoing) -> None:
    """No NUL in text, names that fit."""
    strip_controls(out, SUFFIX, "\x00")
    for name in out.table.columns:
        if len(str(name).encode()) > MAX_NAME:
            raise CityDataError(_MESSAGES("name_too_long", name=name, max_name=MAX_NAME))
        if str(name) in _SYSTEM:
            raise CityDataError(_MESSAGES("name_of_system", name=str(name)))


def write_table(out: Outgoing, engine: Engine, name: str) -> str:
    """Write the prepared ``out`` as the table ``name``, ``"schema.table"`` or ``"table"``.

    The transaction ends with the new table in place or leaves the old one as it was, also when
    client or server dies in the middle. Rights granted on an old table are not taken over.

    Raises
    ------
    CityDataError
        The database refuses, another writer is at work on the table, it is a view or views hang
        on it, or what was read back differs.
    """
    code = exact_code(out.geometry, out.name)
    with session(engine, "writing") as connection:
        schema, table = _split(connection, name)
        target = f"{schema}.{table}"
        connection.execute(sa.select(sa.func.set_config("lock_timeout", LOCK_WAIT, True)))
        digest = hashlib.sha256(target.encode()).digest()
        key = int.from_bytes(digest[:8], "big", signed=True)
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(key)))
        srid = _srid(connection, code, out)
        old = find_table(connection, f"{schema}.{table}")
        if old is not None and old.kind != "r":
            raise CityDataError(_MESSAGES("view_not_table", target=target))
        staging = _create(connection, out, schema, srid)
        for rows in _rows(out, staging):
            connection.execute(sa.insert(staging), rows)
        _check(connection, out, staging, target, srid)
        if old is not None:
            sa.Table(table, sa.MetaData(), schema=schema).drop(connection)
        connection.execute(_Rename(staging, table))
        if out.geometry is not None:
            placed = sa.Table(table, sa.MetaData(), sa.Column(_shape_name(out)), schema=schema)
            label = f"gcm_{digest.hex()[:16]}_geom"
            sa.Index(label, placed.c[_shape_name(out)], postgresql_using="gist").create(connection)
    return target


def _split(connection: Connection, name: str) -> tuple[str, str]:
    schema, dot, table = name.partition(".")
    if not dot:
        schema, table = str(connection.scalar(sa.select(sa.func.current_schema()))), name
    if not table or not schema or len(table.encode()) > MAX_NAME:
        raise CityDataError(_MESSAGES("no_table_name", name=name, max_name=MAX_NAME))
    return schema, table


def _srid(connection: Connection, code: str | None, out: Outgoing) -> int:
    """Return the database's number of the CRS; one without a code gets a number of its own."""
    if code is None or out.geometry is None:
        return 0
    if code.startswith("EPSG:"):
        srid = int(code.removeprefix("EPSG:"))
        row = connection.execute(sa.select(_KNOWN).where(_KNOWN.c.srid == srid)).first()
        if row is None or (row.auth_name, row.auth_srid) != ("EPSG", srid):
            raise CityDataError(_MESSAGES("srid_unknown", srid=srid))
        return srid
    return _own_srid(connection, out.geometry.crs, out.name)


def _own_srid(connection: Connection, crs: pyproj.CRS, name: str) -> int:
    """Find or add the definition of a CRS without a code, under a number free for users."""
    text = crs.to_wkt("WKT1_GDAL")
    if len(text) > _MAX_SRTEXT or pyproj.CRS.from_wkt(text) != crs:
        raise _MESSAGES.error(CRSError, "crs_not_held", name=name, crs=crs)
    digest = int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")
    srid = _FIRST_SRID + digest % _SRIDS
    row = connection.execute(sa.select(_KNOWN).where(_KNOWN.c.srid == srid)).first()
    if row is not None:
        if row.srtext == text:
            return srid
        raise _MESSAGES.error(CRSError, "srid_taken", name=name, srid=srid, crs=crs)
    with warnings.catch_warnings():
        # The text beside it is for old servers only; it leaves out the name of the datum.
        warnings.simplefilter("ignore", UserWarning)
        proj = crs.to_proj4()
    connection.execute(sa.insert(_KNOWN).values(srid=srid, srtext=text, proj4text=proj))
    return srid


def _names(out: Outgoing) -> tuple[str, str]:
    """Return names for key and shape that no column of the data has."""
    taken = {str(name) for name in out.table.columns}
    key = _KEY if _KEY not in taken else f"gcm_{_KEY}"
    shape = "geometry" if "geometry" not in taken else "gcm_geometry"
    return key, shape


def _shape_name(out: Outgoing) -> str:
    return _names(out)[1]


def _create(connection: Connection, out: Outgoing, schema: str, srid: int) -> sa.Table:
    key, shape = _names(out)
    columns: list[sa.Column[Any]] = [
        sa.Column(key, sa.BigInteger, primary_key=True, autoincrement=False)
    ]
    columns += [sa.Column(str(n), _type(out, str(n), out.table[n])) for n in out.table.columns]
    if out.geometry is not None:
        heights = bool(out.geometry.has_z.any())
        columns.append(sa.Column(shape, _Shape(srid, heights)))
    staging = sa.Table(f"gcm_{secrets.token_hex(8)}", sa.MetaData(), *columns, schema=schema)
    staging.create(connection)
    return staging


def _type(out: Outgoing, name: str, values: pd.Series) -> Any:
    if is_date(values):
        item = out.spec.fields.get(name) if out.spec else None
        days = bool((values.isna() | (values == values.dt.normalize())).all())
        return sa.Date if days and item is not None and item.type == "date" else sa.DateTime
    if pd.api.types.is_bool_dtype(values.dtype):
        return sa.Boolean
    if is_number(values):
        return sa.BigInteger if pd.api.types.is_integer_dtype(values.dtype) else sa.Double
    return sa.Text


def _rows(out: Outgoing, staging: sa.Table) -> Iterator[list[dict[str, Any]]]:
    names = [column.name for column in staging.columns]
    for start in range(0, len(out), CHUNK):
        part = slice(start, start + CHUNK)
        block = out.table.iloc[part]
        columns: list[Any] = [range(start + 1, start + 1 + len(block))]
        columns += [_cells(block[name]) for name in block.columns]
        if out.geometry is not None:
            columns.append(shapely.to_wkb(out.geometry.iloc[part].to_numpy()).tolist())
        yield [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def _cells(values: pd.Series) -> list[Any]:
    if is_date(values):
        cells = np.asarray(values.dt.to_pydatetime(), dtype=object)
    elif is_number(values) or pd.api.types.is_bool_dtype(values.dtype):
        cells = values.to_numpy(dtype=object)
    else:
        cells = values.astype("str").to_numpy(dtype=object)
    out: list[Any] = np.where(values.isna(), np.array(None), cells).tolist()
    return out


def _check(
    connection: Connection, out: Outgoing, staging: sa.Table, target: str, srid: int
) -> None:
    found = find_table(connection, f"{staging.schema}.{staging.name}")
    assert isinstance(found, DatabaseTable)
    raw = read_table(connection, found)
    key = staging.columns[0].name
    table = raw.frame.drop(columns=key, errors="ignore")
    if srid >= _FIRST_SRID and out.geometry is not None and raw.crs != out.geometry.crs:
        raise refuse(target, Text(f"坐标系 {raw.crs}", f"CRS {raw.crs}"))
    check_same(target, out, table, raw.geometry if out.geometry is not None else None)
