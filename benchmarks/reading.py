"""Reading a layer with every check, against reading alone: seconds and peak memory."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio

import geo_citymgmt as gcm
from benchmarks.harness import Bench, points
from geo_citymgmt.city._config import CitySource
from geo_citymgmt.city._discovery import find_source

_OURS = "import geo_citymgmt as gcm, pyogrio\nlayer = gcm.read_layer({path!r}, 'manholes')"
_PEER = (
    "import geo_citymgmt as gcm, pyogrio\nframe = pyogrio.read_dataframe({path!r}, use_arrow=True)"
)


def run(bench: Bench) -> None:
    """A million manholes in a GB18030 shapefile, 200,000 as a list, and folders of 500 files."""
    with tempfile.TemporaryDirectory() as folder:
        _shapefile(bench, Path(folder) / "manholes.shp")
        _list(bench, Path(folder) / "manholes.csv")
        for kind in _WRITTEN:
            _folder(bench, Path(folder) / kind, kind)


def _folder(bench: Bench, folder: Path, kind: str) -> None:
    """Recognise a folder of many short files, against what a reader of each takes to list it."""
    n = bench.size(500)
    folder.mkdir()
    for k in range(n):
        _WRITTEN[kind](manholes(20), folder / f"manholes_{k:03d}", k)
    specs = gcm.load_specs()

    def peer() -> int:
        files = [p for p in folder.iterdir() if p.suffix in _SUFFIXES]
        tables = [p for p in files if p.suffix in (".csv", ".xlsx")]
        for path in tables:
            pd.read_csv(path) if path.suffix == ".csv" else pd.read_excel(path)
        for path in set(files) - set(tables):
            pyogrio.read_info(path)
        return len(files)

    def check(found: CitySource, n_files: int) -> str:
        assert len(found.layers["manholes"].sources) == n_files == n
        return "all are manholes"

    bench.compare(
        f"recognise {n} files, {kind}",
        lambda: find_source(folder, specs),
        "pandas.read_*, pyogrio.read_info",
        peer,
        check,
    )


def _as_table(frame: gpd.GeoDataFrame) -> pd.DataFrame:
    degrees = frame.geometry.to_crs(4490)
    plain = pd.DataFrame(frame.drop(columns="geometry"))
    return plain.assign(lon=degrees.x.round(7), lat=degrees.y.round(7))


def _different(frame: gpd.GeoDataFrame, path: Path, k: int) -> None:
    renamed = frame.rename(columns={"REMARK": f"REMARK_{k}", "STATUS": f"COLUMN_{k}"})
    _as_table(renamed).to_csv(f"{path}.csv", index=False)


#: How a short file of each kind is written: the frame, its name, its number.
_WRITTEN: dict[str, Callable[[gpd.GeoDataFrame, Path, int], Any]] = {
    "csv": lambda f, p, k: _as_table(f).to_csv(f"{p}.csv", index=False),
    "csv, all headings different": _different,
    "xlsx": lambda f, p, k: _as_table(f).to_excel(f"{p}.xlsx", index=False),
    "gpkg": lambda f, p, k: f.to_file(f"{p}.gpkg"),
    "kml": lambda f, p, k: f.to_crs(4326).to_file(f"{p}.kml", driver="KML"),
    "geojson": lambda f, p, k: f.to_crs(4326).to_file(f"{p}.geojson"),
    "shp": lambda f, p, k: f.to_file(f"{p}.shp", encoding="UTF-8"),
}
_SUFFIXES = (".csv", ".xlsx", ".gpkg", ".kml", ".geojson", ".shp")


def _shapefile(bench: Bench, path: Path) -> None:
    n = bench.size(1_000_000)
    pyogrio.write_dataframe(manholes(n), path, encoding="GB18030")
    bench.compare(
        f"read_layer, {n:,} manholes, every check",
        lambda: gcm.read_layer(path, "manholes"),
        "pyogrio, use_arrow",
        lambda: pyogrio.read_dataframe(path, use_arrow=True),
        _same,
    )
    bench.memory(
        f"read_layer, {n:,} manholes, every check",
        _OURS.format(path=str(path)),
        "pyogrio, use_arrow",
        _PEER.format(path=str(path)),
    )


def _list(bench: Bench, path: Path) -> None:
    n = bench.size(200_000)
    frame = manholes(n)
    degrees = frame.geometry.to_crs(4490)
    table = pd.DataFrame(frame.drop(columns="geometry"))
    table.assign(lon=degrees.x.round(7), lat=degrees.y.round(7)).to_csv(path, index=False)

    def peer() -> gpd.GeoDataFrame:
        plain = pd.read_csv(path)
        return gpd.GeoDataFrame(
            plain, geometry=gpd.points_from_xy(plain["lon"], plain["lat"]), crs=4490
        )

    bench.compare(
        f"read_layer, a .csv of {n:,} manholes, every check",
        lambda: gcm.read_layer(path, "manholes", crs=4490),
        "pandas.read_csv and points",
        peer,
        _same_list,
    )


def manholes(n: int) -> gpd.GeoDataFrame:
    """Return ``n`` manholes: seven fields, three free of repetition."""
    frame = points(n, gcm.sample_city().zones)
    rng = np.random.default_rng(0)
    frame["MANHOLE_ID"] = [f"J{k:07d}" for k in range(n)]
    frame["ADDRESS"] = [f"苏州市人民路{k}号西侧人行道" for k in range(n)]
    frame["REMARK"] = [f"第{k}次巡查，井盖完好" for k in range(n)]
    frame["STATUS"] = rng.choice(["完好", "处置中", "已整治"], n)
    frame["ROAD_NAME"] = rng.choice([f"人民路{k}号" for k in range(5_000)], n)
    frame["COVER_KIND"] = rng.choice(["上水", "污水", "雨水", "电力"], n)
    days = [f"2022-{m:02d}-{d:02d}" for m in range(1, 13) for d in range(1, 29)]
    frame["FOUND_DATE"] = rng.choice(days, n)
    return frame


def _same_list(layer: gcm.Layer, frame: gpd.GeoDataFrame) -> str:
    assert layer.data["address"].tolist() == frame["ADDRESS"].tolist()
    placed = frame.geometry.to_crs(layer.data.crs)
    assert layer.data.geometry.geom_equals_exact(placed, 1e-6).all()
    return "same text and places"


def _same(layer: gcm.Layer, frame: gpd.GeoDataFrame) -> str:
    assert layer.data["address"].tolist() == frame["ADDRESS"].tolist()
    assert layer.data.geometry.geom_equals_exact(frame.geometry, 0).all()
    return "same text and places"
