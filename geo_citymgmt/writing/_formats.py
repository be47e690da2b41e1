"""The formats that can be written: their suffixes, and what prepares, writes and checks each."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa

from geo_citymgmt._gate import Gate
from geo_citymgmt._languages import Messages, Text
from geo_citymgmt.errors import CityDataError
from geo_citymgmt.writing import _files
from geo_citymgmt.writing._columns import (
    Outgoing,
    exact_code,
    note_blanks,
    plain_columns,
    remove_infinite,
    report_loss,
    require_distinct,
)
from geo_citymgmt.writing._shapefile import ENCODINGS, prepare_shapefile, write_shapefile
from geo_citymgmt.writing._xlsx import prepare_sheet, sheet_title, write_sheets

_MESSAGES = Messages("geo_citymgmt.writing")

SUFFIXES = (".gpkg", ".parquet", ".geojson", ".csv", ".xlsx", ".shp.zip", ".zip")
DATABASE = "postgis"
_OF_DRIVERS = (
    RuntimeError, ValueError, TypeError, OverflowError, pa.ArrowException, zipfile.BadZipFile
)  # fmt: skip
#: What brings a table into the form of a format; Parquet holds everything a layer has.
_PREPARE: dict[str, Callable[[Outgoing], None]] = {
    ".gpkg": _files.prepare_geopackage,
    ".geojson": _files.prepare_geojson,
    ".csv": _files.prepare_csv,
    ".xlsx": prepare_sheet,
}
_WRITE = {
    ".parquet": _files.write_parquet,
    ".geojson": _files.write_geojson,
    ".csv": _files.write_csv,
}


def suffix_of(target: Path) -> str:
    """Return the suffix by which a file's format is chosen; one that is none is refused."""
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


def stem_of(target: Path) -> str:
    """Return a file's name without the suffix of its format."""
    return target.name[: -len(suffix_of(target))]


def prepare(out: Outgoing, suffix: str, encoding: str, gate: Gate) -> Outgoing:
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
    _files.plain_shapes(out, suffix, gate)
    if suffix == ".gpkg":
        require_distinct(out, suffix, gate)
    elif suffix not in (".parquet", DATABASE):
        remove_infinite(out, suffix)
        if suffix != ".geojson":
            note_blanks(out, suffix, padded=suffix not in (".csv", ".xlsx"))
    if suffix in (".shp.zip", ".zip"):
        prepare_shapefile(out, encoding.upper())
    elif suffix == DATABASE:
        from geo_citymgmt.writing._database import prepare_table

        prepare_table(out)
    elif suffix in _PREPARE:
        _PREPARE[suffix](out)
    return out


def write(out: Outgoing, suffix: str, path: Path, encoding: str) -> None:
    """Write what was prepared for a format into a file, and compare it with what is in it."""
    if suffix == ".gpkg":
        _files.write_geopackage({out.name: out}, path)
        _files.check_geopackage({out.name: out}, path)
    elif suffix in _WRITE:
        _WRITE[suffix](out, path)
    elif suffix == ".xlsx":
        write_sheets({sheet_title(out.name): out}, path)
    else:
        write_shapefile(out, path, encoding.upper())


@contextmanager
def told_by_name(target: Path) -> Iterator[None]:
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
