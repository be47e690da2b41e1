"""Small healthy sources, one in each format, made from the city under data/shapefiles."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import pyogrio

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "data" / "shapefiles"
#: Layer, and how many of its records are taken.
KINDS = (("manholes", 24), ("illegal_construction", 12))


@dataclass(frozen=True)
class Source:
    """One file to read as ``layer``, and the parts of it that may be broken."""

    format: str
    layer: str
    path: Path
    parts: tuple[Path, ...]
    options: tuple[tuple[str, str], ...] = ()


def build(folder: Path) -> Iterator[Source]:
    """Write the sources into ``folder``."""
    for layer, n in KINDS:
        frame = pyogrio.read_dataframe(DATA / f"{layer}.shp").iloc[:n].reset_index(drop=True)
        for column in frame.select_dtypes("datetime").columns:
            frame[column] = frame[column].dt.strftime("%Y-%m-%d")
        yield from _in_each_format(folder / layer, layer, frame)


def _in_each_format(folder: Path, layer: str, frame: gpd.GeoDataFrame) -> Iterator[Source]:
    folder.mkdir(parents=True)
    shp = folder / "shp" / f"{layer}.shp"
    shp.parent.mkdir()
    pyogrio.write_dataframe(frame, shp, encoding="GB18030")
    parts = tuple(shp.with_suffix(s) for s in (".shp", ".shx", ".dbf", ".prj", ".cpg"))
    for part in parts:
        yield Source(part.suffix[1:], layer, shp, (part,))
    archive = folder / "zip" / f"{layer}.zip"
    archive.parent.mkdir()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as out:
        for part in parts:
            out.write(part, part.name)
    yield Source("zip", layer, archive, (archive,))
    for suffix in ("gpkg", "geojson", "fgb"):
        path = folder / suffix / f"{layer}.{suffix}"
        path.parent.mkdir()
        written = frame.to_crs("EPSG:4326") if suffix == "geojson" else frame
        pyogrio.write_dataframe(written, path)
        yield Source(suffix, layer, path, (path,))
    path = folder / "parquet" / f"{layer}.parquet"
    path.parent.mkdir()
    frame.to_parquet(path)
    yield Source("parquet", layer, path, (path,))
    path = folder / "csv" / f"{layer}.csv"
    path.parent.mkdir()
    degrees = frame.geometry.to_crs("EPSG:4490")
    if (frame.geom_type == "Point").all():
        table = frame.drop(columns="geometry").assign(经度=degrees.x, 纬度=degrees.y)
    else:
        table = frame.drop(columns="geometry").assign(WKT=degrees.to_wkt())
    table.to_csv(path, index=False, encoding="utf-8-sig")
    yield Source("csv", layer, path, (path,), (("crs", "EPSG:4490"),))
