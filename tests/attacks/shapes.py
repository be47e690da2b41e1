"""Shapefiles, tables, FlatGeobufs and archives whose heads and lengths lie; devices."""

from __future__ import annotations

import os
import shutil
import struct
import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyogrio
import shapely

from tests.attacks.harness import ATTACKS


def _shapefile(folder: Path, n: int = 10, *, is_line: bool = False) -> Path:
    path = folder / ("roads.shp" if is_line else "manholes.shp")
    x = 120.6 + np.arange(n) / 1e5
    points = shapely.points(x, 31.3)
    shapes = shapely.linestrings(np.stack([x, x * 0 + 31.3, x + 1, x * 0 + 31], 1).reshape(n, 2, 2))
    frame = gpd.GeoDataFrame(
        {"编号": [f"J{k:06d}" for k in range(n)]}, geometry=shapes if is_line else points, crs=4490
    )
    pyogrio.write_dataframe(frame, path, encoding="UTF-8")
    return path


def _patched(path: Path, at: np.ndarray | list[int], kind: str, value: int) -> Path:
    data = bytearray(path.read_bytes())
    for place in at:
        struct.pack_into(kind, data, int(place), value)
    path.write_bytes(data)
    return path


@ATTACKS.add("SHX_DAMAGED")
def shp_permuted_index(folder: Path) -> Path:
    path = _shapefile(folder)
    index = path.with_suffix(".shx")
    data = index.read_bytes()
    index.write_bytes(data[:100] + data[108:] + data[100:108])
    return path


@ATTACKS.add("SHP_DAMAGED", is_small=False)
def shp_lengths_of_zero(folder: Path) -> Path:
    path = _shapefile(folder, 200_000)
    _patched(path, np.arange(100 + 4, path.stat().st_size, 28), ">i", 0)
    return path


@ATTACKS.add("SHP_DAMAGED", is_small=False)
def shp_lengths_of_every_other(folder: Path) -> Path:
    path = _shapefile(folder, 200_000)
    _patched(path, np.arange(100 + 4, path.stat().st_size, 56), ">i", 2**30)
    return path


@ATTACKS.add("SHP_DAMAGED", is_small=False)
def shp_lengths_without_index(folder: Path) -> Path:
    path = _shapefile(folder, 200_000)
    path.with_suffix(".shx").unlink()
    return _patched(path, np.arange(100 + 4, path.stat().st_size, 56), ">i", 2**30)


@ATTACKS.add("RECORD_UNREADABLE", layer="roads")
def shp_counts_of_points(folder: Path) -> Path:
    path = _shapefile(folder, is_line=True)
    return _patched(path, [100 + 8 + 40], "<i", 2**31 - 1)


@ATTACKS.add("RECORD_UNREADABLE", layer="roads")
def shp_counts_of_parts(folder: Path) -> Path:
    path = _shapefile(folder, is_line=True)
    return _patched(path, [100 + 8 + 36], "<i", 2**31 - 1)


@ATTACKS.add("refused")
def shp_of_zeros(folder: Path) -> Path:
    path = _shapefile(folder)
    os.truncate(path, 40 << 30)
    return path


@ATTACKS.add("DBF_DAMAGED")
def dbf_rows_that_are_not_there(folder: Path) -> Path:
    path = _shapefile(folder)
    _patched(path.with_suffix(".dbf"), [4], "<I", 2**32 - 1)
    return path


@ATTACKS.add("DBF_DAMAGED")
def dbf_alone_with_rows_that_are_not_there(folder: Path) -> Path:
    return _patched(_shapefile(folder).with_suffix(".dbf"), [4], "<I", 2**32 - 1)


@ATTACKS.add("refused")
def dbf_length_of_its_head(folder: Path) -> Path:
    return _patched(_shapefile(folder).with_suffix(".dbf"), [8], "<H", 65_535)


@ATTACKS.add("refused")
def dbf_of_zeros(folder: Path) -> Path:
    path = _shapefile(folder).with_suffix(".dbf")
    os.truncate(path, 40 << 30)
    return path


@ATTACKS.add("SHX_DAMAGED", is_small=False)
def shx_of_its_own(folder: Path) -> Path:
    path = _shapefile(folder)
    entries = np.tile(np.array([[50, 10]], dtype=">i4"), (300_000, 1))
    index = path.with_suffix(".shx")
    index.write_bytes(index.read_bytes()[:100] + entries.tobytes())
    return path


def _flat(folder: Path) -> Path:
    path = folder / "manholes.fgb"
    frame = gpd.GeoDataFrame(
        {"编号": ["J1", "J2"]}, geometry=[shapely.Point(120.6, 31.3)] * 2, crs=4490
    )
    pyogrio.write_dataframe(frame, path, layer_options={"SPATIAL_INDEX": "NO"})
    return path


@ATTACKS.add("refused")
def fgb_count_of_features(folder: Path) -> Path:
    path = _flat(folder)
    data = path.read_bytes()
    head = data[8 : 8 + 4 + struct.unpack_from("<I", data, 8)[0]]
    at = 8 + head.index(struct.pack("<Q", 2))
    return _patched(path, [at], "<Q", 10**12)


@ATTACKS.add("refused")
def fgb_length_of_its_head(folder: Path) -> Path:
    return _patched(_flat(folder), [8], "<I", 2**31 - 1)


@ATTACKS.add("refused")
def fgb_length_of_a_feature(folder: Path) -> Path:
    path = _flat(folder)
    size = struct.unpack_from("<I", path.read_bytes(), 8)[0]
    return _patched(path, [12 + size], "<I", 2**31 - 1)


def _zip(folder: Path, members: dict[str, bytes]) -> Path:
    path = folder / "manholes.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


@ATTACKS.add("refused", is_small=False)
def zip_dense_member(folder: Path) -> Path:
    return _zip(folder, {"manholes.csv": b"0" * (200 << 20)})


@ATTACKS.add("refused", is_small=False)
def zip_many_members(folder: Path) -> Path:
    return _zip(folder, {f"{k}.csv": b"" for k in range(20_000)})


@ATTACKS.add("refused", is_small=False)
def zip_of_zip(folder: Path) -> Path:
    path = _zip(folder, {"a.csv": b"x"})
    for k in range(10):
        inner = folder / f"{k}.zip"
        shutil.move(path, inner)
        _zip(folder, {inner.name: inner.read_bytes()})
    return path


@ATTACKS.add("refused")
def device(folder: Path) -> Path:
    return Path("/dev/zero")


@ATTACKS.add("refused")
def pipe(folder: Path) -> Path:
    os.mkfifo(folder / "manholes.csv")
    return folder / "manholes.csv"


def _city(folder: Path) -> Path:
    (folder / "manholes.csv").write_text("manhole_id,lon,lat\n1,120.6,31.3\n")
    return folder


@ATTACKS.add("TABLE_UNUSABLE")
def device_as_events(folder: Path) -> Path:
    os.mkfifo(_city(folder) / "events.csv")
    return folder


@ATTACKS.add("TARGET_VALUE")
def word_in_targets(folder: Path) -> Path:
    (_city(folder) / "targets.csv").write_text(
        "indicator,zone_code,target\nmanhole_remediated,320500,待定\n", encoding="utf-8"
    )
    return folder


@ATTACKS.add("TABLE_READ")
def quote_in_events(folder: Path) -> Path:
    rows = [f"manholes,{k},accept,2021-01-01,," for k in range(100)]
    rows[20] += '"note'
    rows[60] += '"'
    lines = ["layer,key,event,date,amount,note", *rows]
    (_city(folder) / "events.csv").write_text("\n".join(lines) + "\n")
    return folder


@ATTACKS.add("read")
def comma_at_the_end_of_targets(folder: Path) -> Path:
    (_city(folder) / "targets.csv").write_text(
        "indicator,zone_code,target,unit,deadline,note\n"
        "manhole_remediated,320500,100,count,2022-12-31,x,\n"
    )
    return folder


@ATTACKS.add("read", records=3)
def ids_of_sixteen_digits(folder: Path) -> Path:
    path = folder / "manholes.geojson"
    points = [shapely.Point(120.6 + k / 1000, 31.3) for k in range(3)]
    ids = np.array([3205050101000004.0 + k for k in range(3)])
    gpd.GeoDataFrame({"manhole_id": ids}, geometry=points, crs=4490).to_file(path)
    return path


@ATTACKS.add("ZONES_SHAPELESS")
def districts_without_shapes(folder: Path) -> Path:
    zones = gpd.GeoDataFrame(
        {"区划代码": ["320508"], "名称": ["姑苏区"]}, geometry=[None], crs=4490
    )
    zones.to_file(folder / "districts.gpkg", layer="districts")
    return _city(folder)


def _beside_without_end(folder: Path, suffix: str) -> Path:
    path = _shapefile(folder)
    os.truncate(path.with_suffix(suffix), 50 << 30)
    return path


@ATTACKS.add("read", records=10)
def shp_endless_prj(folder: Path) -> Path:
    return _beside_without_end(folder, ".prj")


@ATTACKS.add("read", records=10)
def shp_endless_cpg(folder: Path) -> Path:
    return _beside_without_end(folder, ".cpg")


@ATTACKS.add("refused")
def shp_endless_index(folder: Path) -> Path:
    return _beside_without_end(folder, ".shx")


@ATTACKS.add("read", records=1)
def links_in_a_circle(folder: Path) -> Path:
    (folder / "again.csv").symlink_to("again.csv")
    (folder / "a").mkdir()
    (folder / "a" / "b").symlink_to(folder)
    return _city(folder)
