"""Small healthy sources, one in each format, made from the city under data/shapefiles."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio

from tests.attacks.workbooks import write_ods, write_sheet_xml

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "data" / "shapefiles"
#: Layer, and how many of its records are taken.
KINDS = (("manholes", 24), ("illegal_construction", 12))
#: The files of which a table of MapInfo is made, each to be broken by itself.
_TABLES_OF_MAPINFO = {"tab": (".tab", ".dat", ".map", ".id"), "mif": (".mif", ".mid")}


#: Where a record begins, in the formats that state no count and whose records are lines: the text
#: of boundary points has a line that ends in @ before the points of each parcel.
_RECORDS = {
    "csv": re.compile(rb"^", re.MULTILINE),
    "geojsonl": re.compile(rb"^", re.MULTILINE),
    "txt": re.compile(rb"^(?=[^\n]*@\r?$)", re.MULTILINE),
}


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


def is_shorter(format: str, healthy: bytes, broken: bytes) -> bool:
    """Whether ``broken`` is ``healthy`` without some of its records, and what is left is whole."""
    if format not in _RECORDS or len(broken) >= len(healthy):
        return False
    removed = len(healthy) - len(broken)
    begins = [found.start() for found in _RECORDS[format].finditer(healthy)]
    begins = sorted({*begins, len(healthy)})
    cuts = (b for b in begins if b and b + removed in begins)
    return any(healthy[:b] + healthy[b + removed :] == broken for b in cuts)


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
    yield from _of_programs(folder, layer, frame.assign(geometry=degrees).set_crs(4490))
    yield from _of_offices(folder, layer, table)


def _of_programs(folder: Path, layer: str, frame: gpd.GeoDataFrame) -> Iterator[Source]:
    """Write what other programs for maps and services hand on."""
    in_degrees = (("crs", "EPSG:4490"),)
    for suffix, parts in _TABLES_OF_MAPINFO.items():
        path = _in_folder(folder, suffix, layer)
        written = frame.to_crs("EPSG:4326").rename(columns=lambda name: str(name)[:31])
        pyogrio.write_dataframe(written, path, driver="MapInfo File", encoding="UTF-8")
        for part in (p for p in map(path.with_suffix, parts) if p.exists()):
            yield Source(part.suffix[1:], layer, path, (part,), in_degrees)
    for suffix, driver in (("gml", "GML"), ("kml", "LIBKML"), ("geojsonl", "GeoJSONSeq")):
        path = _in_folder(folder, suffix, layer)
        pyogrio.write_dataframe(frame.to_crs("EPSG:4326"), path, driver=driver)
        yield Source(suffix, layer, path, (path,))
    path = _in_folder(folder, "esri.json", layer)
    path.write_text(json.dumps(_service(frame), ensure_ascii=False), encoding="utf-8")
    yield Source("esri", layer, path, (path,))
    if (frame.geom_type == "Point").all():
        path = _in_folder(folder, "gpx", layer)
        # By hand: pyogrio 0.12 writes a column called name into another field.
        points = "".join(
            f'<wpt lat="{point.y:.7f}" lon="{point.x:.7f}"><name>J{k}</name></wpt>'
            for k, point in enumerate(frame.geometry.to_crs("EPSG:4326"))
        )
        head = '<gpx version="1.1" creator="phone" xmlns="http://www.topografix.com/GPX/1/1">'
        path.write_text(f'<?xml version="1.0"?>{head}{points}</gpx>', encoding="utf-8")
        yield Source("gpx", layer, path, (path,))
        path = _in_folder(folder, "stations.json", layer)
        table = frame.drop(columns="geometry").assign(lon=frame.geometry.x, lat=frame.geometry.y)
        records = json.loads(table.to_json(orient="records", force_ascii=False))
        path.write_text(json.dumps({"data": {"stations": records}}), encoding="utf-8")
        yield Source("records", layer, path, (path,), in_degrees)
    else:
        path = _in_folder(folder, "txt", layer)
        path.write_text(_boundary_points(frame), encoding="gb18030")
        yield Source("txt", layer, path, (path,), (("measure_from", "geometry"),))


def _of_offices(folder: Path, layer: str, table: pd.DataFrame) -> Iterator[Source]:
    """Write the tables of spreadsheets, and what is called one."""
    in_degrees = (("crs", "EPSG:4490"),)
    rows = [list(map(str, table.columns))]
    rows += [["" if pd.isna(v) else str(v) for v in row] for row in table.itertuples(index=False)]
    path = _in_folder(folder, "xlsx", layer)
    table.to_excel(path, index=False)
    yield Source("xlsx", layer, path, (path,), in_degrees)
    path = _in_folder(folder, "ods", layer)
    write_ods(path, rows)
    yield Source("ods", layer, path, (path,), in_degrees)
    path = _in_folder(folder, "page.xls", layer)
    path.write_text(table.to_html(index=False, na_rep=""), encoding="utf-8")
    yield Source("html", layer, path, (path,), in_degrees)
    path = _in_folder(folder, "2003.xls", layer)
    write_sheet_xml(path, rows)
    yield Source("xml", layer, path, (path,), in_degrees)


def _in_folder(folder: Path, suffix: str, layer: str) -> Path:
    path = folder / suffix / f"{layer}.{suffix.rpartition('.')[2]}"
    path.parent.mkdir()
    return path


def _service(frame: gpd.GeoDataFrame) -> dict[str, Any]:
    """Return the JSON of an ArcGIS service."""
    features = []
    for values, shape in zip(
        json.loads(frame.drop(columns="geometry").to_json(orient="records", force_ascii=False)),
        frame.geometry,
        strict=True,
    ):
        if shape.geom_type == "Point":
            geometry: dict[str, Any] = {"x": shape.x, "y": shape.y}
        else:
            rings = [ring for part in getattr(shape, "geoms", [shape])
                     for ring in (part.exterior, *part.interiors)]  # fmt: skip
            geometry = {"rings": [list(map(list, ring.coords))[::-1] for ring in rings]}
        features.append({"attributes": values, "geometry": geometry})
    return {"spatialReference": {"wkid": 4490}, "features": features}


def _boundary_points(frame: gpd.GeoDataFrame) -> str:
    """Return parcels as the land offices write them: numbered points, northing before easting."""
    lines = ["[属性描述]", "坐标系=2000国家大地坐标系", "几度分带=3", "带号=40", "[地块坐标]"]
    for k, shape in enumerate(frame.to_crs("EPSG:4528").geometry):
        points = list(getattr(shape, "geoms", [shape])[0].exterior.coords)
        lines.append(f"{len(points)},1,{k},W{k},面,,,,@")
        lines += [f"J{n},1,{y:.4f},{x:.4f}" for n, (x, y, *_) in enumerate(points, start=1)]
    return "\n".join(lines) + "\n"
