"""Open a source by what it holds, never by what it is called, and only local files."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely

from geo_citymgmt.errors import SourceError
from geo_citymgmt.reading.raw import Raw
from geo_citymgmt.reading.shapefile import read_shapefile

__all__ = ["VECTOR_SUFFIXES", "list_sources", "read_raw"]

VECTOR_SUFFIXES = (".shp", ".gpkg", ".geojson", ".json", ".parquet")
_VIRTUAL = ("/vsi", "pg:", "mysql:", "csv:", "mvt:", "wfs:", "http:", "https:", "ftp:", "<")


def read_raw(
    source: Any, *, sublayer: str | None = None, encoding: str | None = None, name: str = ""
) -> Raw:
    """Read one layer of ``source`` as it is.

    Parameters
    ----------
    source : path, or GeoDataFrame
        A .shp, a folder that holds one, .gpkg, .geojson, GeoParquet, or a frame.
    sublayer : str, optional
        Which layer, for a source that holds several.
    encoding : str, optional
        Of the text of a .dbf; nothing else is tried then.
    name : str
        What to call a frame in the ledger.

    Raises
    ------
    SourceError
        The source is refused or cannot be read as a whole.
    """
    if isinstance(source, pd.DataFrame):
        return _from_frame(source, name or "GeoDataFrame")
    path = _local_path(source)
    if path.is_dir():
        path = _only_shapefile(path, sublayer)
    with path.open("rb") as file:
        head = file.read(512)
    if head[:4] == b"\x00\x00\x27\x0a" or path.suffix.lower() == ".shp":
        return read_shapefile(path, encoding=encoding)
    if head[:16] == b"SQLite format 3\x00":
        return _from_gdal(path, sublayer)
    if head[:4] == b"PAR1":
        return _from_parquet(path)
    if head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{":
        return _from_geojson(path)
    raise SourceError(
        f"{path.name}: its content is none of {', '.join(VECTOR_SUFFIXES)}; convert it first.",
        f"{path.name}：内容不是支持的格式（{'、'.join(VECTOR_SUFFIXES)}），请先转换。",
    )


def list_sources(folder: Path) -> list[Path]:
    """Return the vector files of ``folder``, by name."""
    return sorted(
        (p for p in folder.iterdir() if p.is_file() and p.suffix.lower() in VECTOR_SUFFIXES),
        key=lambda p: p.name,
    )


def _local_path(source: Any) -> Path:
    text = str(source)
    if text.lower().startswith(_VIRTUAL) or "://" in text:
        raise SourceError(
            f"{text!r} is not a local file; addresses, connection strings and virtual paths are "
            "refused. Copy the file here first.",
            f"“{text}”不是本机文件；不接受网址、连接串和虚拟路径，请先把文件拷到本机。",
        )
    path = Path(source)
    if not path.exists():
        raise SourceError(f"{text}: no such file or folder.", f"{text}：没有这个文件或文件夹。")
    return path


def _only_shapefile(folder: Path, sublayer: str | None) -> Path:
    found = [p for p in list_sources(folder) if sublayer is None or p.stem == sublayer]
    if len(found) == 1:
        return found[0]
    names = ", ".join(p.name for p in found) or "none"
    raise SourceError(
        f"{folder.name}: holds {len(found)} layers ({names}); name one with sublayer=, or use "
        "load_city for the folder.",
        f"{folder.name}：含 {len(found)} 个图层（{names}），请用 sublayer= 指定，或用 load_city。",
    )


def _from_frame(frame: pd.DataFrame, name: str) -> Raw:
    if isinstance(frame, gpd.GeoDataFrame) and frame.active_geometry_name is not None:
        geometry = frame.geometry.to_numpy(dtype=object, copy=True)
        plain, crs = pd.DataFrame(frame.drop(columns=frame.active_geometry_name)), frame.crs
    else:
        geometry, plain, crs = np.full(len(frame), None, dtype=object), frame, None
    geometry[pd.isna(geometry)] = None
    index = frame.index.astype(str).to_numpy(dtype=object)
    return Raw(
        name=name,
        frame=plain.reset_index(drop=True),
        geometry=geometry,
        record=np.arange(len(frame)),
        n_walked=len(frame),
        crs=crs,
        encoding_source="in memory",
        row_label=index,
    )


def _with_digest(raw: Raw, path: Path) -> Raw:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    raw.sha256, raw.path, raw.row_label = digest.hexdigest(), path, None
    raw.encoding, raw.encoding_source = "UTF-8", "format"
    return raw


def _from_gdal(path: Path, sublayer: str | None) -> Raw:
    layers = [str(name) for name, kind in pyogrio.list_layers(path)]
    if sublayer is None and len(layers) != 1:
        raise SourceError(
            f"{path.name}: holds {len(layers)} layers ({', '.join(layers)}); use sublayer=.",
            f"{path.name}：含 {len(layers)} 个图层（{'、'.join(layers)}），请用 sublayer= 指定。",
        )
    chosen = sublayer or layers[0]
    if chosen not in layers:
        raise SourceError(
            f"{path.name}: no layer {chosen!r}; it holds {', '.join(layers)}.",
            f"{path.name}：没有图层 {chosen}；现有：{'、'.join(layers)}。",
        )
    frame = _read_frame(path, layer=chosen)
    return _with_digest(_from_frame(frame, f"{path.name}:{chosen}"), path)


def _from_geojson(path: Path) -> Raw:
    frame = _read_frame(path)
    try:
        stated = len(json.loads(path.read_bytes().decode("utf-8-sig")).get("features", []))
    except (ValueError, AttributeError) as error:
        raise SourceError(
            f"{path.name}: not whole JSON ({error}).", f"{path.name}：JSON 不完整（{error}）。"
        ) from error
    raw = _with_digest(_from_frame(frame, path.name), path)
    if stated != len(frame):
        raw.findings.add("COUNT_MISMATCH", value=f"features {stated}, read {len(frame)}")
    return raw


def _from_parquet(path: Path) -> Raw:
    try:
        frame = gpd.read_parquet(path)
    except (ValueError, OSError) as error:
        raise SourceError(
            f"{path.name}: not GeoParquet ({error}).", f"{path.name}：不是 GeoParquet（{error}）。"
        ) from error
    return _with_digest(_from_frame(frame, path.name), path)


def _read_frame(path: Path, layer: str | None = None) -> gpd.GeoDataFrame:
    try:
        frame = pyogrio.read_dataframe(path, layer=layer, on_invalid="ignore")
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as error:
        raise SourceError(
            f"{path.name}: cannot be read ({error}).", f"{path.name}：无法读取（{error}）。"
        ) from error
    except shapely.errors.GEOSException as error:  # pragma: no cover - on_invalid should prevent it
        raise SourceError(f"{path.name}: {error}", f"{path.name}：图形无法读取。") from error
    if not isinstance(frame, gpd.GeoDataFrame):
        frame = gpd.GeoDataFrame(frame, geometry=[None] * len(frame))
    return frame
