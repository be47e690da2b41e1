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

from geo_citymgmt._gate import Gate
from geo_citymgmt._languages import Messages, Text, first_few
from geo_citymgmt.errors import CityDataError
from geo_citymgmt.writing._columns import (
    Outgoing,
    dates_as_text,
    exact_code,
    is_date,
    is_number,
    is_text,
    make_inert,
    number_texts,
    report_loss,
    strip_controls,
)

_MESSAGES = Messages("geo_citymgmt.writing")


def refuse(target: str, what: Text) -> CityDataError:
    """Say that a file does not hold what it should, and that the old one stands."""
    return _MESSAGES.error(CityDataError, "read_back_differs", target=target, what=what)


def check_same(
    target: str,
    out: Outgoing,
    table: pd.DataFrame,
    geometry: np.ndarray | None = None,
    *,
    normalised: bool = False,
) -> None:
    """Compare what was read back with what was to be written.

    Parameters
    ----------
    target : str
        For the error.
    out : Outgoing
        What was to be written, in the form the format holds.
    table : DataFrame
        The columns read back.
    geometry : array of geometries, optional
        Read back; without it only the table is compared.
    normalised : bool
        Compare shapes without regard to where a ring starts and which way it runs.

    Raises
    ------
    CityDataError
        They differ, and in what.
    """
    if len(table) != len(out):
        n, given = len(out), len(table)
        raise refuse(target, _MESSAGES("records_instead", n=n, given=given))
    missing = [str(name) for name in out.table.columns if name not in table.columns]
    if missing or len(table.columns) != len(out.table.columns):
        names = first_few(missing or table.columns.difference(out.table.columns))
        raise refuse(target, Text(f"字段：{names.zh}", f"columns: {names.en}"))
    for name in out.table.columns:
        n = _differing(out.table[name], table[name])
        if n:
            raise refuse(target, Text(f"“{name}”有 {n} 个值不同", f"{n} values of {name}"))
    if geometry is None or out.geometry is None:
        return
    wanted, read = out.geometry.to_numpy(), np.asarray(geometry, dtype=object)
    if normalised:
        wanted, read = shapely.normalize(wanted), shapely.normalize(read)
    # Heights too, and numbers that are none.
    same = shapely.equals_identical(wanted, read)
    gone = shapely.is_missing(wanted) & shapely.is_missing(read)
    void = shapely.is_empty(wanted) & shapely.is_empty(read)
    other = np.flatnonzero(~(same | gone | void))
    if len(other):
        n, first = len(other), other[0]
        what = _MESSAGES("geometries_differ", n=n, first=first)
        raise refuse(target, what)


def _differing(wanted: pd.Series, read: pd.Series) -> int:
    if is_date(wanted):
        return int((_moments(wanted) != _moments(read)).sum())
    if is_text(wanted):
        a, b = _texts(wanted), _texts(read)
        return int((a != b).sum())
    if all(pd.api.types.is_integer_dtype(values.dtype) for values in (wanted, read)):
        # As floats, neighbours beyond 2**53 would pass for one another.
        a, b = pd.array(wanted), pd.array(read)
        return int((~((a == b).fillna(False) | (a.isna() & b.isna()))).sum())
    x, y = _numbers(wanted), _numbers(read)
    return int((~((x == y) | (np.isnan(x) & np.isnan(y)))).sum())


def _moments(values: pd.Series) -> np.ndarray:
    stamps = values if is_date(values) else pd.to_datetime(values, format="ISO8601")
    if getattr(stamps.dtype, "tz", None) is not None:
        stamps = stamps.dt.tz_convert("UTC").dt.tz_localize(None)
    return stamps.to_numpy(dtype="datetime64[us]").astype(np.int64)


def _texts(values: pd.Series) -> pd.api.extensions.ExtensionArray:
    return values.astype("str").fillna("").array


def _numbers(values: pd.Series) -> np.ndarray:
    if values.dtype == object:
        values = values.map({True: 1.0, False: 0.0}).where(values.isin([True, False]), values)
    return pd.to_numeric(values).astype("Float64").to_numpy(dtype=float, na_value=np.nan)


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
        finer = values.notna().to_numpy() & (values.to_numpy().astype(np.int64) % 1000 != 0)
        if finer.any():
            what = Text("时间只保留到毫秒", "times are kept to the millisecond")
            report_loss(out, ".gpkg", what, field=str(name), at=finer)
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
            kinds = np.unique(shapely.get_type_id(frame.geometry.to_numpy()))
            if (kinds >= 0).sum() != 1:
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
    existing = {str(name) for name, _ in pyogrio.list_layers(path)}
    for key, out in tables.items():
        if key not in existing:
            raise refuse(path.name, Text(f"缺少图层 {key}", f"no table {key}"))
        frame = pyogrio.read_dataframe(path, layer=key, use_arrow=True)
        _check_frame(frame, out, path)


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
            what = _MESSAGES("positions_in_degrees", code=code)
            report_loss(out, ".geojson", what, severity="info")
            out.geometry = out.geometry.to_crs(4326)
    if not len(out):
        what = Text("没有记录时不含字段", "a file without records has no fields")
        report_loss(out, ".geojson", what, severity="info")


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
            is_whole = pc.invert(pc.match_substring_regex(array, "[.e]"))
            array = pc.if_else(is_whole, pc.binary_join_element_wise(array, ".0", ""), array)
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
        what = _MESSAGES("crs_left_out", code=code)
        report_loss(out, suffix, what, severity="info")
    texts = shapely.to_wkt(out.geometry.to_numpy(), rounding_precision=-1)
    name = "geometry" if "geometry" not in out.table.columns else "geometry_1"
    out.table[name] = pd.Series(texts, dtype="str")
    out.geometry = None


def write_csv(out: Outgoing, path: Path) -> None:
    """Write the prepared ``out`` as UTF-8 with a mark, which Excel needs; compare what is there."""
    # The line end that makes every line break inside a text be quoted.
    out.table.to_csv(path, index=False, encoding="utf-8-sig", lineterminator="\r\n")
    read = pd.read_csv(
        path, dtype=str, encoding="utf-8-sig", keep_default_na=False, skip_blank_lines=False
    )
    read.columns = pd.Index([str(name) for name in out.table.columns][: read.shape[1]])
    check_same(path.name, out, read)


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


_POINT, _RING, _MULTIPOINT, _COLLECTION = 0, 2, 4, 7
#: Formats that write positions as text, whatever the numbers are.
_TEXT = (".csv", ".xlsx")
#: Formats that hold infinite positions, but take a point without numbers for an empty one.
_BINARY = (".gpkg", ".parquet", "postgis")


def plain_shapes(out: Outgoing, suffix: str, gate: Gate) -> None:
    """Bring the geometry into the form ``suffix`` holds, and note what that changes.

    Raises
    ------
    CityDataError
        A record is a collection, which a shapefile has no form for.
    """
    if out.geometry is None or not len(out):
        return
    shapes = out.geometry.to_numpy().copy()
    rings = shapely.get_type_id(shapes) == _RING
    # Well-known binary has no rings by themselves; GDAL stops the process over one.
    shapes[rings] = [shapely.LineString(ring.coords) for ring in shapes[rings]]
    report_loss(out, suffix, _MESSAGES("rings_written_lines"), at=rings, severity="info")
    if suffix not in (*_TEXT, ".parquet"):
        shapes = _without_measures(out, suffix, shapes)
    if suffix not in _TEXT:
        shapes = _without_broken(out, suffix, shapes)
    if suffix in (".geojson", ".shp.zip", ".zip"):
        shapes = _without_empty(out, suffix, shapes)
    if suffix in (".shp.zip", ".zip"):
        _refuse_collections(shapes, suffix, gate)
        shapes = _one_kind_of_points(out, suffix, shapes)
        shapes = _one_dimension(out, suffix, shapes)
    if suffix == "postgis":
        shapes = _one_dimension(out, suffix, shapes)
    out.geometry = gpd.GeoSeries(shapes, crs=out.geometry.crs)


def _without_measures(out: Outgoing, suffix: str, shapes: np.ndarray) -> np.ndarray:
    measured = shapely.has_m(shapes)
    if not measured.any():
        return shapes
    what = Text("测量值（M）未写出", "measures (M) are left out")
    report_loss(out, suffix, what, at=measured)
    shapes = shapes.copy()
    high = measured & shapely.has_z(shapes)
    # force_3d would put 0 in the place of each height, too.
    heights = shapely.get_coordinates(shapes[high], include_z=True)
    shapes[measured] = shapely.force_2d(shapes[measured])
    shapes[high] = shapely.set_coordinates(shapely.force_3d(shapes[high]), heights)
    return shapes


def _without_broken(out: Outgoing, suffix: str, shapes: np.ndarray) -> np.ndarray:
    """Leave out shapes whose positions are no numbers, and heights that are none."""
    xyz, owner = shapely.get_coordinates(shapes, include_z=True, return_index=True)
    wrong = ~np.isfinite(xyz[:, :2]).all(axis=1)
    if suffix in _BINARY:
        # The binary form tells an empty point by numbers that are none.
        wrong = np.isnan(xyz[:, :2]).all(axis=1) & (shapely.get_type_id(shapes) == _POINT)[owner]
    gone = np.zeros(len(shapes), dtype=bool)
    gone[owner[wrong]] = True
    what = Text("坐标不是有限数值，图形未写出", "positions that are no numbers are left out")
    report_loss(out, suffix, what, at=gone)
    shapes = shapes.copy()
    shapes[gone] = None
    flat = np.zeros(len(shapes), dtype=bool)
    if suffix not in _BINARY:
        flat[owner[~np.isfinite(xyz[:, 2])]] = True
        flat &= ~gone & shapely.has_z(shapes)
    what = Text("高程不是有限数值，只写平面坐标", "heights that are no numbers are left out")
    report_loss(out, suffix, what, at=flat)
    shapes[flat] = shapely.force_2d(shapes[flat])
    return shapes


def _without_empty(out: Outgoing, suffix: str, shapes: np.ndarray) -> np.ndarray:
    empty = shapely.is_empty(shapes)
    if suffix == ".geojson":
        # An empty point has no coordinates to write; other empty shapes have an empty list.
        empty &= np.isin(shapely.get_type_id(shapes), (_POINT, _MULTIPOINT, _COLLECTION))
    report_loss(
        out,
        suffix,
        Text("空图形写成无图形", "an empty shape is written as none"),
        at=empty,
        severity="info",
    )
    shapes = shapes.copy()
    shapes[empty] = None
    return shapes


def _refuse_collections(shapes: np.ndarray, suffix: str, gate: Gate) -> None:
    at = np.flatnonzero(shapely.get_type_id(shapes) >= _COLLECTION)
    if not len(at):
        return
    kind = shapes[at[0]].geom_type
    raise gate.refuse(*_MESSAGES.pair("shape_not_held", at=at[0], kind=kind, n=len(at)))


def _one_kind_of_points(out: Outgoing, suffix: str, shapes: np.ndarray) -> np.ndarray:
    kinds = shapely.get_type_id(shapes)
    lone = kinds == _POINT
    if not (lone.any() and (kinds == _MULTIPOINT).any()):
        return shapes
    what = Text("单点与多点并存，单点写成多点", "points beside multi-points become such of one")
    report_loss(out, suffix, what, at=lone, severity="info")
    shapes = shapes.copy()
    shapes[lone] = [shapely.MultiPoint([point]) for point in shapes[lone]]
    return shapes


def _one_dimension(out: Outgoing, suffix: str, shapes: np.ndarray) -> np.ndarray:
    """Give a height of 0 to what has none beside what has: such a file knows one kind only."""
    high = shapely.has_z(shapes)
    flat = ~high & ~shapely.is_missing(shapes) & ~shapely.is_empty(shapes)
    if not (high.any() and flat.any()):
        return shapes
    what = Text("与带高程的图形并存，高程写成 0", "beside shapes with heights it gets 0")
    report_loss(out, suffix, what, at=flat)
    shapes = shapes.copy()
    shapes[flat] = shapely.force_3d(shapes[flat], z=0.0)
    return shapes
