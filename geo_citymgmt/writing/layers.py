"""Layers and cities to files and databases."""

from __future__ import annotations

import logging
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, overload

import geopandas as gpd
import pandas as pd
import pyarrow as pa

from geo_citymgmt.errors import CityDataError
from geo_citymgmt.layer import Layer
from geo_citymgmt.words import Text
from geo_citymgmt.writing import formats
from geo_citymgmt.writing.atomic import whole_file
from geo_citymgmt.writing.outgoing import Outgoing, exact_code, take
from geo_citymgmt.writing.shapefile import ENCODINGS, prepare_shapefile, write_shapefile
from geo_citymgmt.writing.workbook import prepare_sheet, write_sheets

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from geo_citymgmt.city import City

__all__ = ["losses", "write_city", "write_city_workbook", "write_layer"]

SUFFIXES = (".gpkg", ".parquet", ".geojson", ".csv", ".xlsx", ".shp.zip", ".zip")
_DATABASE = "postgis"
_OF_DRIVERS = (
    RuntimeError, ValueError, TypeError, OverflowError, pa.ArrowException, zipfile.BadZipFile
)  # fmt: skip
_LOG = logging.getLogger(__name__)


@overload
def write_layer(
    layer: Layer | gpd.GeoDataFrame,
    path: str | Path,
    *,
    include_personal: bool = False,
    name: str | None = None,
    encoding: str = "UTF-8",
) -> Path: ...
@overload
def write_layer(
    layer: Layer | gpd.GeoDataFrame,
    path: Engine,
    *,
    include_personal: bool = False,
    name: str | None = None,
    encoding: str = "UTF-8",
) -> str: ...
def write_layer(
    layer: Layer | gpd.GeoDataFrame,
    path: str | Path | Engine,
    *,
    include_personal: bool = False,
    name: str | None = None,
    encoding: str = "UTF-8",
) -> Path | str:
    """Write a layer in the format of the suffix of ``path``, or into a PostGIS database.

    Parameters
    ----------
    layer : Layer or GeoDataFrame
        Its accepted records. The CRS must have an EPSG code.
    path : str, Path or sqlalchemy.Engine
        .gpkg, .parquet, .geojson (in EPSG:4326, as the format demands), .csv and .xlsx (geometry
        as WKT), .shp.zip or .zip (a shapefile, with short names and Chinese labels); or an engine
        of SQLAlchemy 2 with psycopg 3.
    include_personal : bool
        Write personal fields too; a plain frame has no spec, so that nothing is left out of it.
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
        :func:`losses`.

    Raises
    ------
    CRSError
        The CRS has no code, so that the file would state another one.
    CityDataError
        The suffix is not known, another writer or program holds the target, the disk is full, the
        database refuses, or what was read back differs. The old file or table stands.

    Examples
    --------
    >>> import tempfile, shapely
    >>> frame = gpd.GeoDataFrame({"n": [1]}, geometry=[shapely.Point(120, 31)], crs="EPSG:4490")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     len(gpd.read_file(write_layer(frame, Path(folder) / "one.gpkg")))
    1
    """
    if not isinstance(path, (str, Path)):
        from geo_citymgmt.writing.database import write_table

        out = _prepared(take(layer, include_personal=include_personal), _DATABASE, encoding)
        table = write_table(out, path, name or out.name)
        _log(out, table)
        return table
    target = Path(path)
    suffix = _suffix(target)
    out = take(layer, include_personal=include_personal, name=name or "")
    out.name = out.name or _stem(target)
    _prepared(out, suffix, encoding)
    with whole_file(target) as temporary, _named(target):
        _write(out, suffix, temporary, encoding)
    _log(out, target.name)
    return target


def losses(
    layer: Layer | gpd.GeoDataFrame,
    suffix: str,
    *,
    include_personal: bool = False,
    encoding: str = "UTF-8",
) -> pd.DataFrame:
    """Say what a format cannot hold of a layer, without writing it.

    Parameters
    ----------
    layer : Layer or GeoDataFrame
    suffix : str
        As of a path, or ``"postgis"``.
    include_personal, encoding
        As in :func:`write_layer`.

    Returns
    -------
    DataFrame
        A findings table: FORMAT_LOSS for what is lost or changes its form, TEXT_ACTIVE for text
        that was made inert. Empty where the format holds everything.

    Raises
    ------
    CityDataError
        The suffix is not known, or the layer has no CRS that a file can state.

    Examples
    --------
    >>> import shapely
    >>> frame = gpd.GeoDataFrame({"n": ["=1"]}, geometry=[shapely.Point(120, 31)], crs="EPSG:4490")
    >>> losses(frame, ".csv")["code"].tolist()
    ['TEXT_ACTIVE', 'FORMAT_LOSS']
    """
    chosen = suffix if suffix == _DATABASE else _suffix(Path(f"layer{suffix}"))
    out = take(layer, include_personal=include_personal, name="layer")
    return _prepared(out, chosen, encoding).losses()


def write_city(city: City, path: Path, *, include_personal: bool = False) -> Path:
    """Write all layers of a city with its events and targets into one GeoPackage."""
    if path.suffix.lower() != ".gpkg":
        raise CityDataError(
            Text(f"{path.name}：应为 .gpkg。", f"{path.name}: a city is written as .gpkg.")
        )
    tables = {
        key: take(layer, include_personal=include_personal) for key, layer in city.layers.items()
    }
    for key, table in (("events", city.events), ("targets", city.targets)):
        if len(table):
            tables[key] = Outgoing(table, name=key)
    about = pd.DataFrame(
        {
            "name_zh": [city.name_zh],
            "name_en": [city.name_en],
            "code": [city.code],
            "data_date": pd.Series([city.data_date], dtype="datetime64[us]"),
            "zone_order": [";".join(city.zones.index)],
            "profile": [city.profile.key if city.profile is not None else ""],
            "metric_crs": [city.metric_crs.to_string()],
        }
    )
    tables["city"] = Outgoing(about, name="city")
    for out in tables.values():
        _prepared(out, ".gpkg", "UTF-8")
    with whole_file(path) as temporary, _named(path):
        formats.write_geopackage(tables, temporary)
        formats.check_geopackage(tables, temporary)
    return path


def write_city_workbook(city: City, path: Path, *, include_personal: bool = False) -> Path:
    """Write the attributes of all layers into one workbook, a sheet each."""
    sheets = {}
    for key, layer in city.layers.items():
        out = take(layer, include_personal=include_personal)
        prepare_sheet(out, geometry=False)
        sheets[city.specs[key].name_zh[:31]] = out
    with whole_file(path) as temporary, _named(path):
        write_sheets(sheets, temporary)
    return path


def _prepared(out: Outgoing, suffix: str, encoding: str) -> Outgoing:
    """Bring ``out`` into the form the format holds; the CRS must be one a file can state."""
    exact_code(out.geometry, out.name)
    if encoding.upper() not in ENCODINGS:
        raise CityDataError(
            Text(
                f"不支持编码 {encoding}，可用：{'、'.join(ENCODINGS)}。",
                f"encoding {encoding!r}: text is written as {' or '.join(ENCODINGS)}.",
            ),
        )
    if suffix in (".shp.zip", ".zip"):
        prepare_shapefile(out, encoding.upper())
    elif suffix == ".gpkg":
        formats.prepare_geopackage(out)
    elif suffix == ".parquet":
        formats.prepare_parquet(out)
    elif suffix == ".geojson":
        formats.prepare_geojson(out)
    elif suffix == ".csv":
        formats.prepare_csv(out)
    elif suffix == ".xlsx":
        prepare_sheet(out)
    else:
        from geo_citymgmt.writing.database import prepare_table

        prepare_table(out)
    return out


def _write(out: Outgoing, suffix: str, path: Path, encoding: str) -> None:
    if suffix == ".gpkg":
        formats.write_geopackage({out.name: out}, path)
        formats.check_geopackage({out.name: out}, path)
    elif suffix == ".parquet":
        formats.write_parquet(out, path)
    elif suffix == ".geojson":
        formats.write_geojson(out, path)
    elif suffix == ".csv":
        formats.write_csv(out, path)
    elif suffix == ".xlsx":
        write_sheets({out.name[:31]: out}, path)
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
        yield
    except CityDataError:
        raise
    except _OF_DRIVERS as error:
        raise CityDataError(
            Text(
                f"{target}：无法写出（{error}），原文件未动。",
                f"{target}: cannot be written ({error}); the old file stands.",
            ),
        ) from error
    except Exception as error:
        # xlsxwriter's errors have no common parent but Exception, and are not there at import.
        if type(error).__module__.startswith("xlsxwriter"):
            raise CityDataError(
                Text(
                    f"{target}：无法写出（{error}），原文件未动。",
                    f"{target}: cannot be written ({error}); the old file stands.",
                ),
            ) from error
        raise


def _log(out: Outgoing, target: str) -> None:
    for row in out.losses().drop_duplicates(["code", "message_en"]).itertuples():
        _LOG.info("%s: %s %s", target, row.code, row.message_en)
