"""Layers and cities to files and databases."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import geopandas as gpd
import pandas as pd

from geo_citymgmt._gate import Gate
from geo_citymgmt._languages import Messages
from geo_citymgmt.errors import CityDataError
from geo_citymgmt.layer import Layer
from geo_citymgmt.writing._atomic import whole_file
from geo_citymgmt.writing._columns import (
    Outgoing,
    take,
    with_labels,
)
from geo_citymgmt.writing._files import check_geopackage, write_geopackage
from geo_citymgmt.writing._formats import (
    DATABASE,
    prepare,
    stem_of,
    suffix_of,
    told_by_name,
    write,
)
from geo_citymgmt.writing._xlsx import prepare_sheet, write_sheets

if TYPE_CHECKING:
    from sqlalchemy import Engine

_MESSAGES = Messages("geo_citymgmt.writing")

#: How the names of a GeoPackage's own tables begin.
_RESERVED = ("gpkg", "sqlite_")
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
        prepare(out, DATABASE, encoding, gate)
        table = write_table(out, path, name or out.name)
        _log(out, table)
        return table
    target = Path(path)
    suffix = suffix_of(target)
    out = _taken(
        layer,
        gate,
        include_personal=include_personal,
        include_unknown=include_unknown,
        name=name or "",
    )
    out.name = out.name or stem_of(target) or "layer"
    if suffix == ".gpkg" and out.name.lower().startswith(_RESERVED):
        raise gate.refuse(*_MESSAGES.pair("name_kept_back", name=out.name))
    prepare(out, suffix, encoding, gate)
    with whole_file(target) as temporary, told_by_name(target):
        write(out, suffix, temporary, encoding)
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
    chosen = suffix if suffix == DATABASE else suffix_of(Path(f"layer{suffix}"))
    out = _taken(
        layer,
        gate,
        include_personal=include_personal,
        include_unknown=include_unknown,
        name="layer",
    )
    return prepare(out, chosen, encoding, gate).losses()


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
        prepare(out, ".gpkg", "UTF-8", Gate("write_city"))
    with whole_file(path) as temporary, told_by_name(path):
        write_geopackage(held, temporary)
        check_geopackage(held, temporary)
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
    with whole_file(path) as temporary, told_by_name(path):
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


def _log(out: Outgoing, target: str) -> None:
    for row in out.losses().drop_duplicates(["code", "message_en"]).itertuples():
        _LOG.info("%s: %s %s", target, row.code, row.message_en)
