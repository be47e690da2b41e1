"""Small sources, made on the fly: a handful of records, written the way an office writes them."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely

from generator.files import write_layer_files

CRS = "EPSG:4549"
#: A crossing in the old town, in the metric CRS and in degrees.
X, Y = 555_695.0, 3_464_273.0
LON, LAT = 120.585, 31.299
Source = Callable[[Path], Any]


def spots(n: int = 4, step: float = 100.0) -> list[shapely.Point]:
    """Points on a line eastwards."""
    return [shapely.Point(X + step * i, Y) for i in range(n)]


def square(size: float = 20.0, x: float = X, y: float = Y) -> shapely.Polygon:
    """A footprint with its south-west corner at the place."""
    return shapely.box(x, y, x + size, y + size)


def line(metres: float, x: float = X, y: float = Y) -> shapely.LineString:
    """A straight section eastwards."""
    return shapely.LineString([(x, y), (x + metres / 2, y), (x + metres, y)])


def ids(n: int = 4) -> list[str]:
    return [f"J{i + 1}" for i in range(n)]


def holes(geometry: Sequence[Any] | None = None, crs: Any = CRS, **columns: Any) -> Any:
    """Manholes J1, J2, …; a column given as ``窨井编号`` wins."""
    n = len(geometry) if geometry is not None else max([4, *map(len, columns.values())][1:] or [4])
    shapes = spots(n) if geometry is None else list(geometry)
    return gpd.GeoDataFrame({"窨井编号": ids(n), **columns}, geometry=shapes, crs=crs)


def records(geometry: Sequence[Any], crs: Any = CRS, **columns: Any) -> gpd.GeoDataFrame:
    """Records of any layer: only what is named."""
    return gpd.GeoDataFrame(columns, geometry=list(geometry), crs=crs)


def frame(*args: Any, **columns: Any) -> Source:
    """A frame in memory."""
    return lambda _: holes(*args, **columns)


def shapefile(
    table: gpd.GeoDataFrame,
    *,
    encoding: str = "UTF-8",
    cpg: str | None = None,
    prj: bool = True,
    names: Mapping[str, bytes] | None = None,
    then: Callable[[Path], None] | None = None,
) -> Source:
    """A shapefile; ``cpg`` is what the .cpg says, ``then`` spoils the written files."""

    def make(folder: Path) -> Path:
        path = folder / "窨井.shp"
        cut = {c: str(c).encode(encoding)[:10] for c in table.columns.drop("geometry")}
        write_layer_files(
            path, table, {}, encoding=encoding, names={**cut, **(names or {})}, prj=prj, cpg=False
        )
        if cpg is not None:
            path.with_suffix(".cpg").write_text(cpg, encoding="ascii")
        if then is not None:
            then(path)
        return path

    return make


def without(suffix: str) -> Callable[[Path], None]:
    return lambda path: path.with_suffix(suffix).unlink()


def cut(suffix: str, n_bytes: int) -> Callable[[Path], None]:
    """Take the last bytes off one part, as a broken copy does."""

    def spoil(path: Path) -> None:
        part = path.with_suffix(suffix)
        part.write_bytes(part.read_bytes()[:-n_bytes])

    return spoil


def put(suffix: str, at: int, data: bytes) -> Callable[[Path], None]:
    """Write ``data`` over one part."""

    def spoil(path: Path) -> None:
        part = path.with_suffix(suffix)
        whole = bytearray(part.read_bytes())
        whole[at : at + len(data)] = data
        part.write_bytes(bytes(whole))

    return spoil


def rows(path: Path) -> tuple[bytes, list[bytes]]:
    """Header and records of a .dbf."""
    data = path.with_suffix(".dbf").read_bytes()
    start, length = int.from_bytes(data[8:10], "little"), int.from_bytes(data[10:12], "little")
    n = int.from_bytes(data[4:8], "little")
    return data[:start], [data[start + length * i : start + length * (i + 1)] for i in range(n)]


def with_rows(change: Callable[[list[bytes]], list[bytes]]) -> Callable[[Path], None]:
    """Rewrite the records of a .dbf, header count included."""

    def spoil(path: Path) -> None:
        header, found = rows(path)
        found = change(found)
        header = header[:4] + len(found).to_bytes(4, "little") + header[8:]
        path.with_suffix(".dbf").write_bytes(header + b"".join(found) + b"\x1a")

    return spoil


def deleted(*which: int) -> Callable[[Path], None]:
    return with_rows(lambda found: [b"*" + r[1:] if i in which else r for i, r in enumerate(found)])


def text(name: str, content: str, encoding: str = "utf-8") -> Source:
    """A file with this text."""

    def make(folder: Path) -> Path:
        path = folder / name
        path.write_bytes(content.encode(encoding))
        return path

    return make


def table(*lines: str, encoding: str = "utf-8", name: str = "窨井.csv") -> Source:
    """A .csv of these lines."""
    return text(name, "\r\n".join(lines) + "\r\n", encoding)


def workbook(cells: Sequence[Sequence[Any]], merge: Sequence[str] = ()) -> Source:
    """An .xlsx with these cells."""

    def make(folder: Path) -> Path:
        import openpyxl

        book = openpyxl.Workbook()
        for row in cells:
            book.active.append(list(row))
        for area in merge:
            book.active.merge_cells(area)
        path = folder / "窨井.xlsx"
        book.save(path)
        return path

    return make


def geojson(features: Sequence[Mapping[str, Any]], **top: Any) -> Source:
    return text(
        "窨井.geojson",
        json.dumps({"type": "FeatureCollection", "features": list(features), **top}),
    )


def feature(geometry: Any, **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def point(lon: float = LON, lat: float = LAT) -> dict[str, Any]:
    return {"type": "Point", "coordinates": [lon, lat]}


def geopackage(*layers: tuple[str, gpd.GeoDataFrame]) -> Source:
    def make(folder: Path) -> Path:
        path = folder / "资料.gpkg"
        for name, content in layers:
            pyogrio.write_dataframe(content, path, layer=name)
        return path

    return make


def archive(*makers: Source, inside: str = "", gbk: bool = False) -> Source:
    """A .zip of what the makers write; ``gbk`` names its members as Windows does."""

    def make(folder: Path) -> Path:
        path = folder / "资料.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
            for k, maker in enumerate(makers):
                part = folder / f"part{k}"
                part.mkdir()
                maker(part)
                for file in sorted(p for p in part.iterdir() if p.is_file()):
                    name = f"{inside}{'' if len(makers) == 1 else f'{k}/'}{file.name}"
                    out.writestr(_GbkName(name) if gbk else name, file.read_bytes())
        return path

    return make


class _GbkName(zipfile.ZipInfo):
    def _encodeFilenameFlags(self) -> tuple[bytes, int]:  # noqa: N802 - zipfile asks for it
        return self.filename.encode("gbk"), self.flag_bits & ~0x800


def members(name: str, content: bytes) -> Source:
    """A .zip with one member of any name."""

    def make(folder: Path) -> Path:
        path = folder / "资料.zip"
        with zipfile.ZipFile(path, "w") as out:
            out.writestr(zipfile.ZipInfo(name), content)
        return path

    return make


def squares(*codes: str, size: float = 5_000.0) -> gpd.GeoDataFrame:
    """Zones side by side eastwards; the line between the first two runs through (X, Y)."""
    shapes = [
        shapely.box(X + size * (k - 1), Y - size, X + size * k, Y + size) for k in range(len(codes))
    ]
    names = pd.Series(codes, name="district_code")
    return gpd.GeoDataFrame({"name_zh": [f"{c}区" for c in codes]}, geometry=shapes, crs=CRS,
                            index=pd.Index(names))  # fmt: skip


def degrees(table: gpd.GeoDataFrame, crs: Any = "EPSG:4490") -> gpd.GeoDataFrame:
    return table.to_crs(crs)


def renamed(table: gpd.GeoDataFrame, crs: Any) -> gpd.GeoDataFrame:
    """The same numbers under another CRS."""
    return table.set_crs(crs, allow_override=True)


def moved(table: gpd.GeoDataFrame, change: Callable[[np.ndarray], np.ndarray]) -> gpd.GeoDataFrame:
    """Other numbers under the same CRS."""
    shapes = shapely.transform(table.geometry.to_numpy(), change)
    return gpd.GeoDataFrame(table.drop(columns="geometry"), geometry=shapes, crs=table.crs)
