"""Layers and cities to files and databases."""

from __future__ import annotations

import logging
import os
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa

from geo_citymgmt._gate import Gate
from geo_citymgmt._words import Messages, Text
from geo_citymgmt.errors import CityDataError
from geo_citymgmt.layer import Layer
from geo_citymgmt.writing import _formats
from geo_citymgmt.writing._atomic import whole_file
from geo_citymgmt.writing._columns import (
    Outgoing,
    exact_code,
    note_blanks,
    plain_columns,
    remove_infinite,
    report_loss,
    require_distinct,
    take,
    with_labels,
)
from geo_citymgmt.writing._formats import plain_shapes
from geo_citymgmt.writing._shapefile import ENCODINGS, prepare_shapefile, write_shapefile
from geo_citymgmt.writing._workbook import prepare_sheet, sheet_title, write_sheets

if TYPE_CHECKING:
    from sqlalchemy import Engine

_MESSAGES = Messages("geo_citymgmt.writing")

SUFFIXES = (".gpkg", ".parquet", ".geojson", ".csv", ".xlsx", ".shp.zip", ".zip")
_DATABASE = "postgis"
#: How the names of a GeoPackage's own tables begin.
_RESERVED = ("gpkg", "sqlite_")
_OF_DRIVERS = (
    RuntimeError, ValueError, TypeError, OverflowError, pa.ArrowException, zipfile.BadZipFile
)  # fmt: skip
#: What brings a table into the form of a format; Parquet holds everything a layer has.
_PREPARE: dict[str, Callable[[Outgoing], None]] = {
    ".gpkg": _formats.prepare_geopackage,
    ".geojson": _formats.prepare_geojson,
    ".csv": _formats.prepare_csv,
    ".xlsx": prepare_sheet,
}
_WRITE = {
    ".parquet": _formats.write_parquet,
    ".geojson": _formats.write_geojson,
    ".csv": _formats.write_csv,
}
_LOG = logging.getLogger(__name__)


@overload
def write_layer(
    layer: Layer | gpd.GeoDataFrame,
    path: str | Path,
    *,
    include_personal: bool = False,
    include_unknown: bool = False,
    name: str | None = None,
    encoding: str = "UTF-8",
) -> Path: ...
@overload
def write_layer(
    layer: Layer | gpd.GeoDataFrame,
    path: Engine,
    *,
    include_personal: bool = False,
    include_unknown: bool = False,
    name: str | None = None,
    encoding: str = "UTF-8",
) -> str: ...
def write_layer(
    layer: Layer | gpd.GeoDataFrame,
    path: str | Path | Engine,
    *,
    include_personal: bool = False,
    include_unknown: bool = False,
    name: str | None = None,
    encoding: str = "UTF-8",
) -> Path | str:
    """Write a layer in the format of the suffix of ``path``, or into a PostGIS database.

    Parameters
    ----------
    layer : Layer or GeoDataFrame
        Its accepted records. The CRS must have an EPSG code. The index of a frame goes before its
        columns as ``geopandas.GeoDataFrame.to_file`` has it: each level that has a name or
        is no count of the rows, unless a column of that name holds the same.
    path : str, Path or sqlalchemy.Engine
        .gpkg, .parquet, .geojson (in EPSG:4326, as the format demands), .csv and .xlsx (geometry
        as WKT), .shp.zip or .zip (a shapefile, with short names and Chinese labels); or an engine
        of SQLAlchemy 2 with psycopg 3.
    include_personal : bool
        Write personal fields too; a plain frame has no spec, so that nothing is left out of it.
    include_unknown : bool
        Write the columns of the source that are no fields of the layer too, but for those that
        hold personal data.
    name : str, optional
        Of the table in a GeoPackage, the shapefile in a .zip, or ``"schema.table"`` in a
        database; the layer's key otherwise.
    encoding : {"UTF-8", "GB18030"}
        Of the text of a shapefile; the other formats have one of their own.

    Returns
    -------
    Path or str
        What was written, read back and found to hold the same records, values and positions; for
        a database, the name of the table. What the format cannot hold is logged, and listed by
        ``losses``.

    Raises
    ------
    CRSError
        The CRS has no code, so that the file would state another one.
    CityDataError
        The suffix is not known, a column holds what no format does (named with its first record),
        another writer or program holds the target, the disk is full, the database refuses, or
        what was read back differs. The old file or table stands.

    See Also
    --------
    read_layer : Reads what this writes.
    City.to_file : Writes all layers of a city into one GeoPackage.

    Examples
    --------
    >>> import tempfile, shapely
    >>> frame = gpd.GeoDataFrame({"n": [1]}, geometry=[shapely.Point(120, 31)], crs="EPSG:4490")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     len(gpd.read_file(write_layer(frame, Path(folder) / "one.gpkg")))
    1
    """
    gate = Gate("write_layer")
    _require_name(name, gate)
    if not isinstance(path, (str, os.PathLike)):
        if not hasattr(path, "dialect"):
            raise gate.refuse(*_MESSAGES.pair("no_path", kind=type(path).__name__))
        from geo_citymgmt.writing._database import write_table

        out = _taken(
            layer, gate, include_personal=include_personal, include_unknown=include_unknown
        )
        _prepared(out, _DATABASE, encoding, gate)
        table = write_table(out, path, name or out.name)
        _log(out, table)
        return table
    target = Path(path)
    suffix = _suffix(target)
    out = _taken(
        layer,
        gate,
        include_personal=include_personal,
        include_unknown=include_unknown,
        name=name or "",
    )
    out.name = out.name or _stem(target) or "layer"
    if suffix == ".gpkg" and out.name.lower().startswith(_RESERVED):
        raise gate.refuse(*_MESSAGES.pair("name_kept_back", name=out.name))
    _prepared(out, suffix, encoding, gate)
    with whole_file(target) as temporary, _named(target):
        _write(out, suffix, temporary, encoding)
    _log(out, target.name)
    return target


def losses(
    layer: Layer | gpd.GeoDataFrame,
    suffix: str,
    *,
    include_personal: bool = False,
    include_unknown: bool = False,
    encoding: str = "UTF-8",
) -> pd.DataFrame:
    """Say what a format cannot hold of a layer, without writing it.

    Parameters
    ----------
    layer : Layer or GeoDataFrame
    suffix : str
        As of a path, or ``"postgis"``.
    include_personal, include_unknown, encoding
        As in :func:`write_layer`.

    Returns
    -------
    DataFrame
        A findings table: FORMAT_LOSS for what is lost (warning) or changes its form (info), one
        row a record, TEXT_ACTIVE for text that was made inert. Empty where the format holds
        everything.

    Raises
    ------
    CityDataError
        The suffix is not known, the layer has no CRS that a file can state, or a column holds
        what no format does.

    See Also
    --------
    write_layer : Writes it.

    Examples
    --------
    >>> import shapely
    >>> frame = gpd.GeoDataFrame({"n": ["=1"]}, geometry=[shapely.Point(120, 31)], crs="EPSG:4490")
    >>> losses(frame, ".csv")["code"].tolist()
    ['TEXT_ACTIVE', 'FORMAT_LOSS']
    """
    gate = Gate("losses")
    chosen = suffix if suffix == _DATABASE else _suffix(Path(f"layer{suffix}"))
    out = _taken(
        layer,
        gate,
        include_personal=include_personal,
        include_unknown=include_unknown,
        name="layer",
    )
    return _prepared(out, chosen, encoding, gate).losses()


def write_city(
    layers: Mapping[str, Layer],
    tables: Mapping[str, pd.DataFrame],
    path: Path,
    *,
    include_personal: bool = False,
    include_unknown: bool = False,
) -> Path:
    """Write the layers of a city, with the tables that belong to them, into one GeoPackage."""
    if path.suffix.lower() != ".gpkg":
        raise CityDataError(_MESSAGES("city_is_gpkg", path=path))
    held = {
        key: take(layer, include_personal=include_personal, include_unknown=include_unknown)
        for key, layer in layers.items()
    }
    held |= {key: Outgoing(table, name=key) for key, table in tables.items() if len(table)}
    for out in held.values():
        _prepared(out, ".gpkg", "UTF-8", Gate("write_city"))
    with whole_file(path) as temporary, _named(path):
        _formats.write_geopackage(held, temporary)
        _formats.check_geopackage(held, temporary)
    return path


def write_city_workbook(
    layers: Mapping[str, Layer],
    path: Path,
    *,
    include_personal: bool = False,
    include_unknown: bool = False,
) -> Path:
    """Write the attributes of all layers into one workbook, a sheet each."""
    sheets = {}
    for layer in layers.values():
        out = take(layer, include_personal=include_personal, include_unknown=include_unknown)
        prepare_sheet(out, geometry=False)
        sheets[layer.spec.name_zh[:31]] = out
    with whole_file(path) as temporary, _named(path):
        write_sheets(sheets, temporary)
    return path


def _require_name(name: Any, gate: Gate) -> None:
    if name is not None and not isinstance(name, str):
        raise gate.refuse(*_MESSAGES.pair("name_no_text", name=name))


def _taken(
    layer: Any, gate: Gate, *, include_personal: bool, include_unknown: bool, name: str = ""
) -> Outgoing:
    """Take what may leave of a layer, or of a frame with the labels of its index."""
    if isinstance(layer, Layer):
        return take(
            layer, include_personal=include_personal, include_unknown=include_unknown, name=name
        )
    if isinstance(layer, gpd.GeoSeries):
        raise gate.refuse(*_MESSAGES.pair("series_without_columns"))
    frame = gate.frame(layer, "layer", needs_columns=True)
    labelled, left = with_labels(frame, gate)
    out = take(labelled, name=name)
    out.unlabelled = left
    return out


def _prepared(out: Outgoing, suffix: str, encoding: str, gate: Gate) -> Outgoing:
    """Bring ``out`` into the form the format holds; the CRS must be one a file can state."""
    exact_code(out.geometry, out.name)
    if not isinstance(encoding, str) or encoding.upper() not in ENCODINGS:
        raise CityDataError(
            _MESSAGES(
                "no_such_encoding",
                encoding=encoding,
                encodings_zh="、".join(ENCODINGS),
                encodings=" or ".join(ENCODINGS),
            )
        )
    if len(out.unlabelled):
        what = _MESSAGES("index_left_out")
        report_loss(out, suffix, what, at=out.unlabelled, severity="info")
    plain_columns(out, suffix, gate)
    plain_shapes(out, suffix, gate)
    if suffix == ".gpkg":
        require_distinct(out, suffix, gate)
    elif suffix not in (".parquet", _DATABASE):
        remove_infinite(out, suffix)
        if suffix != ".geojson":
            note_blanks(out, suffix, padded=suffix not in (".csv", ".xlsx"))
    if suffix in (".shp.zip", ".zip"):
        prepare_shapefile(out, encoding.upper())
    elif suffix == _DATABASE:
        from geo_citymgmt.writing._database import prepare_table

        prepare_table(out)
    elif suffix in _PREPARE:
        _PREPARE[suffix](out)
    return out


def _write(out: Outgoing, suffix: str, path: Path, encoding: str) -> None:
    if suffix == ".gpkg":
        _formats.write_geopackage({out.name: out}, path)
        _formats.check_geopackage({out.name: out}, path)
    elif suffix in _WRITE:
        _WRITE[suffix](out, path)
    elif suffix == ".xlsx":
        write_sheets({sheet_title(out.name): out}, path)
    else:
        write_shapefile(out, path, encoding.upper())


def _suffix(target: Path) -> str:
    lower = target.name.lower()
    for suffix in (".shp.zip", *SUFFIXES):
        if lower.endswith(suffix):
            return suffix
    known = ", ".join(SUFFIXES)
    shp = lower.endswith(".shp")
    raise CityDataError(
        Text(
            f"{target.name}：不支持写出 {target.suffix}；"
            + (
                f"shapefile 由多个文件组成，请写 {target.name}.zip。" if shp else f"可用：{known}。"
            ),
            f"{target.name}: cannot write {target.suffix or 'a file without suffix'}; "
            + (
                f"a shapefile is five files, name it {target.name}.zip."
                if shp
                else f"known: {known}."
            ),
        ),
    )


def _stem(target: Path) -> str:
    return target.name[: -len(_suffix(target))]


@contextmanager
def _named(target: Path) -> Iterator[None]:
    """Give an error of a driver the name of the file and the word that the old one stands."""
    try:
        # Positions that are no numbers are read back as such.
        with np.errstate(invalid="ignore"):
            yield
    except CityDataError:
        raise
    except _OF_DRIVERS as error:
        raise CityDataError(_MESSAGES("target_not_written", target=target, error=error)) from error
    except Exception as error:
        # xlsxwriter's errors have no common parent but Exception, and are not there at import.
        if type(error).__module__.startswith("xlsxwriter"):
            raise CityDataError(
                _MESSAGES("target_not_written", target=target, error=error)
            ) from error
        raise


def _log(out: Outgoing, target: str) -> None:
    for row in out.losses().drop_duplicates(["code", "message_en"]).itertuples():
        _LOG.info("%s: %s %s", target, row.code, row.message_en)
