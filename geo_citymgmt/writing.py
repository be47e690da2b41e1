"""Writing: whole or not at all, read back before it counts, nothing personal unless asked."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import pyogrio

from geo_citymgmt.errors import CityDataError
from geo_citymgmt.layer import Layer
from geo_citymgmt.spec import LayerSpec

if TYPE_CHECKING:
    from geo_citymgmt.city import City

__all__ = [
    "new_workbook",
    "outgoing",
    "whole_file",
    "write_city",
    "write_city_workbook",
    "write_layer",
    "write_text",
]

_SUFFIXES = (".gpkg", ".geojson", ".parquet", ".csv", ".xlsx")
_EXCEL_ROWS = 1_048_576


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a temporary name beside ``path``; what was written there takes its place at the end.

    On any error the old file stands and nothing is left over.

    Raises
    ------
    CityDataError
        The target cannot be replaced, for another program holds it open or the folder is closed.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.stem}.", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    # Some drivers refuse a file that is there already.
    temporary.unlink()
    try:
        yield temporary
        if not temporary.exists():
            raise CityDataError(
                f"{path.name}: nothing was written.", f"{path.name}：没有写出内容。"
            )
        with temporary.open("r+b") as file:
            os.fsync(file.fileno())
        try:
            temporary.replace(path)
        except PermissionError as error:
            raise CityDataError(
                f"{path}: another program holds it open; close it there and try again.",
                f"{path}：文件正被其他程序占用，请关闭后重试。",
            ) from error
    finally:
        for left in path.parent.glob(f"{temporary.name}*"):
            left.unlink(missing_ok=True)


def write_text(text: str, path: Path) -> Path:
    """Write ``text`` as UTF-8, whole or not at all."""
    with whole_file(path) as temporary:
        temporary.write_bytes(text.encode("utf-8"))
    return path


def write_layer(
    layer: Layer | gpd.GeoDataFrame,
    path: str | Path,
    *,
    include_personal: bool = False,
    name: str | None = None,
) -> Path:
    """Write a layer in the format of the suffix of ``path``.

    Parameters
    ----------
    layer : Layer or GeoDataFrame
        Its accepted records.
    path : str or Path
        .gpkg, .parquet, .geojson (in EPSG:4326, as the format demands), .csv (geometry as WKT) or
        .xlsx (attributes alone).
    include_personal : bool
        Write personal fields too; a plain frame has no spec, so that nothing is left out of it.
    name : str, optional
        Of the table in a GeoPackage; the layer's key otherwise.

    Returns
    -------
    Path
        What was written, read back and found to hold as many records.

    Raises
    ------
    CityDataError
        The suffix is not known, or the target cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> frame = gpd.GeoDataFrame({"n": [1]}, geometry=[shapely.Point(120, 31)], crs="EPSG:4490")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     len(gpd.read_file(write_layer(frame, Path(folder) / "one.gpkg")))
    1
    """
    target = Path(path)
    suffix = target.suffix.lower()
    if suffix not in _SUFFIXES:
        raise CityDataError(
            f"{target.name}: cannot write {suffix or 'a file without suffix'}; known: "
            f"{', '.join(_SUFFIXES)}.",
            f"{target.name}：不支持写出 {suffix}；可用：{'、'.join(_SUFFIXES)}。",
        )
    frame = outgoing(layer, include_personal=include_personal)
    key = name or (layer.spec.key if isinstance(layer, Layer) else target.stem)
    writers: dict[str, Callable[[Path], Any]] = {
        ".gpkg": lambda out: _write_geopackage({key: frame}, out),
        ".parquet": lambda out: frame.to_parquet(out),
        ".geojson": lambda out: pyogrio.write_dataframe(frame.to_crs(4326), out, driver="GeoJSON"),
        ".csv": lambda out: _as_wkt(frame).to_csv(out, index=False, encoding="utf-8-sig"),
        ".xlsx": lambda out: _write_sheets({key: _attributes(frame)}, out),
    }
    with whole_file(target) as temporary:
        writers[suffix](temporary)
        _check_count(temporary, suffix, key, len(frame), target)
    return target


def write_city(city: City, path: Path, *, include_personal: bool = False) -> Path:
    """Write all layers of a city with its events and targets into one GeoPackage."""
    if path.suffix.lower() != ".gpkg":
        raise CityDataError(
            f"{path.name}: a city is written as .gpkg.", f"{path.name}：应为 .gpkg。"
        )
    frames: dict[str, pd.DataFrame] = {
        key: outgoing(layer, include_personal=include_personal)
        for key, layer in city.layers.items()
    }
    frames |= {n: t for n, t in (("events", city.events), ("targets", city.targets)) if len(t)}
    frames["city"] = pd.DataFrame(
        {
            "name_zh": [city.name_zh],
            "name_en": [city.name_en],
            "code": [city.code],
            "data_date": pd.Series([city.data_date], dtype="datetime64[us]"),
            "zone_order": [";".join(city.zones.index)],
        }
    )
    with whole_file(path) as temporary:
        _write_geopackage(frames, temporary)
        for key, frame in frames.items():
            _check_count(temporary, ".gpkg", key, len(frame), path)
    return path


def write_city_workbook(city: City, path: Path, *, include_personal: bool = False) -> Path:
    """Write the attributes of all layers into one workbook, a sheet each."""
    sheets = {
        city.specs[key].name_zh[:31]: _attributes(
            outgoing(layer, include_personal=include_personal)
        )
        for key, layer in city.layers.items()
    }
    with whole_file(path) as temporary:
        _write_sheets(sheets, temporary)
    return path


def outgoing(
    layer: Layer | gpd.GeoDataFrame,
    *,
    include_personal: bool = False,
    columns: Sequence[str] = (),
) -> gpd.GeoDataFrame:
    """Records as they may leave the house: fields of the spec, without personal ones.

    ``columns`` names further ones to let out, unknown or personal.
    """
    if not isinstance(layer, Layer):
        return layer
    spec: LayerSpec = layer.spec
    keep = [
        name
        for name in layer.data.columns
        if name in columns
        or name == layer.data.active_geometry_name
        or _is_known(name, spec, include_personal)
    ]
    return layer.data[keep]


def new_workbook(path: Path) -> Any:
    """Open a workbook in which no text of the data can become a formula or a link."""
    import xlsxwriter

    options = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "nan_inf_to_errors": False,
        "in_memory": True,
    }
    return xlsxwriter.Workbook(str(path), options)


def _is_known(name: str, spec: LayerSpec, include_personal: bool) -> bool:
    item = spec.fields.get(name.removesuffix("_precision"))
    return item is not None and (include_personal or not item.personal)


def _attributes(frame: gpd.GeoDataFrame) -> pd.DataFrame:
    return pd.DataFrame(frame.drop(columns=frame.active_geometry_name))


def _as_wkt(frame: gpd.GeoDataFrame) -> pd.DataFrame:
    table = _attributes(frame)
    table["geometry"] = frame.geometry.to_wkt()
    return table


def _write_geopackage(frames: dict[str, pd.DataFrame], path: Path) -> None:
    for k, (key, frame) in enumerate(frames.items()):
        plain = _plain_types(frame)
        options: dict[str, Any] = {"layer": key, "driver": "GPKG", "append": k > 0}
        if isinstance(plain, gpd.GeoDataFrame):
            kinds = set(plain.geom_type.dropna())
            if len(kinds) > 1 or not kinds:
                options["geometry_type"] = "Unknown"
        pyogrio.write_dataframe(plain, path, **options)


def _plain_types(frame: pd.DataFrame) -> pd.DataFrame:
    """Turn what no driver takes into what it does: whole days, plain text."""
    out = frame.copy()
    for name in out.columns:
        if pd.api.types.is_datetime64_any_dtype(out[name].dtype):
            out[name] = out[name].astype("datetime64[ms]")
    return out


def _write_sheets(sheets: dict[str, pd.DataFrame], path: Path) -> None:
    book = new_workbook(path)
    head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True})
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    for title, frame in sheets.items():
        if len(frame) >= _EXCEL_ROWS:
            raise CityDataError(
                f"{title}: {len(frame)} rows do not fit a sheet; write .gpkg or .parquet.",
                f"{title}：{len(frame)} 行超出工作表上限，请写 .gpkg 或 .parquet。",
            )
        sheet = book.add_worksheet(title)
        sheet.freeze_panes(1, 0)
        for c, name in enumerate(frame.columns):
            sheet.write_string(0, c, str(name), head)
            values = frame[name]
            if pd.api.types.is_datetime64_any_dtype(values.dtype):
                for r, value in enumerate(values, start=1):
                    if pd.notna(value):
                        sheet.write_datetime(r, c, value.to_pydatetime(), day)
                sheet.set_column(c, c, 12)
                continue
            sheet.write_column(1, c, [None if pd.isna(v) else v for v in values.tolist()])
    book.close()


def _check_count(path: Path, suffix: str, key: str, n: int, target: Path) -> None:
    if suffix in (".gpkg", ".geojson"):
        layer = key if suffix == ".gpkg" else None
        found = pyogrio.read_info(path, layer=layer, force_feature_count=True)["features"]
    elif suffix == ".parquet":
        import pyarrow.parquet as pq

        found = pq.read_metadata(path).num_rows
    else:
        return
    if found != n:
        raise CityDataError(
            f"{target.name}: {n} records were to be written, {found} are there; the old stays.",
            f"{target.name}：应写 {n} 条，实际 {found} 条；保留原文件。",
        )
