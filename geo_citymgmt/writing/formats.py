"""One preparation, one writer and one read-back for each format that is a single file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyogrio
import shapely

from geo_citymgmt.words import Text
from geo_citymgmt.writing.compare import check_same, refuse
from geo_citymgmt.writing.outgoing import Outgoing, exact_code
from geo_citymgmt.writing.values import (
    dates_as_text,
    is_date,
    is_number,
    make_inert,
    number_texts,
    strip_controls,
    tell_loss,
)  # fmt: skip

__all__ = [
    "check_geopackage",
    "prepare_csv",
    "prepare_geojson",
    "prepare_geopackage",
    "prepare_parquet",
    "write_csv",
    "write_geojson",
    "write_geopackage",
    "write_parquet",
]

#: A column of such a name is taken for identifier or geometry, or ends the process (GDAL 3.12).
_NAMES_OF_GDAL = {"fid", "ogc_fid", "geom", "geometry", "wkb_geometry"}


def prepare_geopackage(out: Outgoing) -> None:
    """Whole milliseconds, no NUL in text."""
    strip_controls(out, ".gpkg", "\x00")
    for name in out.table.columns:
        values = out.table[name]
        if not is_date(values):
            continue
        values = values.astype("datetime64[us]")
        finer = (values.notna() & (values.dt.microsecond % 1000 != 0)).to_numpy()
        if finer.any():
            tell_loss(
                out, ".gpkg", Text("时间只保留到毫秒", "times are kept to the millisecond"),
                field=str(name), at=np.flatnonzero(finer),
            )  # fmt: skip
            values = values.dt.floor("ms")
        out.table[name] = values.astype("datetime64[ms]")


def write_geopackage(tables: dict[str, Outgoing], path: Path) -> None:
    """Write the prepared ``tables`` into one GeoPackage."""
    for k, (key, out) in enumerate(tables.items()):
        frame = out.frame()
        options: dict[str, Any] = {"layer": key, "driver": "GPKG", "append": k > 0}
        lower = {str(name).lower() for name in out.table.columns}
        # The format's own columns give way to the data's.
        options["layer_options"] = {
            kind: _free(usual, lower)
            for kind, usual in (("FID", "fid"), ("GEOMETRY_NAME", "geom"))
            if usual in lower
        }
        if isinstance(frame, gpd.GeoDataFrame):
            kinds = set(frame.geom_type.dropna())
            if len(kinds) > 1 or not kinds:
                # Each shape as it is: a parcel of one part does not become one of several.
                options |= {"geometry_type": "Unknown", "promote_to_multi": False}
        # By columns it takes a third of the time; GDAL then has names of its own for some.
        options["use_arrow"] = not lower & _NAMES_OF_GDAL
        pyogrio.write_dataframe(frame, path, **options)


def _free(name: str, taken: set[str]) -> str:
    while name in taken:
        name = f"gcm_{name}"
    return name


def check_geopackage(tables: dict[str, Outgoing], path: Path) -> None:
    """Read the tables back and compare each with what was to be written."""
    there = {str(name) for name, _ in pyogrio.list_layers(path)}
    for key, out in tables.items():
        if key not in there:
            raise refuse(path.name, Text(f"缺少图层 {key}", f"no table {key}"))
        frame = pyogrio.read_dataframe(path, layer=key, use_arrow=True)
        _check_frame(frame, out, path)


def prepare_parquet(out: Outgoing) -> None:
    """Parquet holds everything a layer has."""


def write_parquet(out: Outgoing, path: Path) -> None:
    """Write the prepared ``out`` as GeoParquet and compare what is read back."""
    out.frame().to_parquet(path, index=False)
    read = gpd.read_parquet if out.geometry is not None else pd.read_parquet
    _check_frame(read(path), out, path)


def prepare_geojson(out: Outgoing) -> None:
    """Positions in degrees, moments as text."""
    dates_as_text(out)
    strip_controls(out, ".geojson", "\x00")
    if out.geometry is not None and out.geometry.crs is not None:
        code = exact_code(out.geometry, out.name)
        if code != "EPSG:4326":
            tell_loss(
                out,
                ".geojson",
                Text(
                    f"按格式规定坐标为 EPSG:4326，而不是 {code}",
                    f"positions are in EPSG:4326, as the format demands, not {code}",
                ),
                severity="info",
            )
            out.geometry = out.geometry.to_crs(4326)
    if not len(out):
        tell_loss(
            out, ".geojson", Text("没有记录时不含字段", "a file without records has no fields"),
            severity="info",
        )  # fmt: skip


def write_geojson(out: Outgoing, path: Path) -> None:
    """Write the prepared ``out``, every digit kept, and compare what is read back.

    Not by GDAL, which keeps 15 digits of a number and makes objects of texts in braces.
    """
    columns = [
        pc.binary_join_element_wise(
            pa.scalar(json.dumps(str(name), ensure_ascii=False)), _tokens(out.table[name]), ": "
        )
        for name in out.table.columns
    ]
    n = len(out)
    properties = (
        pc.binary_join_element_wise(*columns, ", ")
        if columns
        else pa.array([""] * n, type=pa.string())
    )
    shapes = np.full(n, None, dtype=object) if out.geometry is None else out.geometry.to_numpy()
    drawn = pa.array(shapely.to_geojson(shapes), type=pa.string(), from_pandas=True)
    lines = pc.binary_join_element_wise(
        '{"type": "Feature", "properties": {', properties, '}, "geometry": ',
        pc.fill_null(drawn, "null"), "}", "",
    ).to_pylist()  # fmt: skip
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write('{"type": "FeatureCollection", "features": [\n')
        file.write(",\n".join(lines))
        file.write("\n]}\n")
    frame = pyogrio.read_dataframe(path, DATE_AS_STRING="YES")
    if n:
        _check_frame(frame, out, path, crs=False)
    elif len(frame):
        raise refuse(path.name, Text(f"{len(frame)} 条", f"{len(frame)} records"))


def _tokens(values: pd.Series) -> pa.Array:
    """Return each value as JSON; the distinct texts are quoted once."""
    if pd.api.types.is_bool_dtype(values.dtype):
        array = pc.cast(pa.array(values, type=pa.bool_(), from_pandas=True), pa.string())
    elif is_number(values):
        array = number_texts(values)
        if not pd.api.types.is_integer_dtype(values.dtype):
            whole = pc.invert(pc.match_substring_regex(array, "[.e]"))
            array = pc.if_else(whole, pc.binary_join_element_wise(array, ".0", ""), array)
    else:
        codes, texts = pd.factorize(values.astype("str"), use_na_sentinel=True)
        quoted = [json.dumps(str(text), ensure_ascii=False) for text in texts]
        array = pa.array([*quoted, None], type=pa.string()).take(
            pa.array(np.where(codes < 0, len(quoted), codes))
        )
    return pc.fill_null(array, "null")


def prepare_csv(out: Outgoing) -> None:
    """Everything as text, the geometry as WKT, nothing a spreadsheet would run."""
    dates_as_text(out)
    strip_controls(out, ".csv", "\x00")
    make_inert(out)
    as_wkt(out, ".csv")
    for name in out.table.columns:
        values = out.table[name]
        if pd.api.types.is_bool_dtype(values.dtype):
            values = values.map({True: "true", False: "false"})
        elif is_number(values):
            values = pd.Series(number_texts(values).to_pandas(), dtype="str")
        out.table[name] = values.astype("str")


def as_wkt(out: Outgoing, suffix: str) -> None:
    """Put the geometry into a column of text, with every digit."""
    if out.geometry is None:
        return
    code = exact_code(out.geometry, out.name)
    if code is not None:
        tell_loss(
            out,
            suffix,
            Text(
                f"不含坐标系，读回时请用 --crs 图层={code} 指明（Python：crs=）",
                f"the CRS is not carried; read it again with --crs LAYER={code} (Python: crs=)",
            ),
            severity="info",
        )
    texts = shapely.to_wkt(out.geometry.to_numpy(), rounding_precision=-1)
    name = "geometry" if "geometry" not in out.table.columns else "geometry_1"
    out.table[name] = pd.Series(texts, dtype="str")
    out.geometry = None


def write_csv(out: Outgoing, path: Path) -> None:
    """Write the prepared ``out`` as UTF-8 with a mark, which Excel needs; compare what is there."""
    # The line end that makes every line break inside a text be quoted.
    out.table.to_csv(path, index=False, encoding="utf-8-sig", lineterminator="\r\n")
    found = pd.read_csv(
        path, dtype=str, encoding="utf-8-sig", keep_default_na=False, skip_blank_lines=False
    )
    found.columns = pd.Index([str(name) for name in out.table.columns][: found.shape[1]])
    check_same(path.name, out, found)


def _says(frame: gpd.GeoDataFrame, out: Outgoing, wanted: str) -> bool:
    """Whether what was read back is in the CRS that was to be written."""
    if frame.crs is None or out.geometry is None:
        return False
    if wanted.startswith("EPSG:"):
        return exact_code(frame.geometry, "") == wanted
    # The same plane, in whatever words the format keeps it.
    return bool(frame.crs == out.geometry.crs)


def _check_frame(frame: pd.DataFrame, out: Outgoing, path: Path, *, crs: bool = True) -> None:
    shapes = None
    if isinstance(frame, gpd.GeoDataFrame):
        shapes = frame.geometry.to_numpy()
        wanted = exact_code(out.geometry, out.name) if crs else None
        if wanted is not None and not _says(frame, out, wanted):
            what = Text(f"坐标系应为 {wanted}", f"CRS {frame.crs} instead of {wanted}")
            raise refuse(path.name, what)
        frame = pd.DataFrame(frame.drop(columns=frame.active_geometry_name))
    elif out.geometry is not None:
        # A driver that finds no shape at all gives a plain table.
        shapes = np.full(len(frame), None, dtype=object)
    check_same(path.name, out, frame, shapes)
