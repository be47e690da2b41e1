"""Reading a layer with every check, against reading alone: seconds and peak memory."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyogrio

import geo_citymgmt as gcm

CRS = "EPSG:4549"
#: The high-water mark of this very program: getrusage would pass on that of the one that began it.
_PEAK = """
import geo_citymgmt as gcm, pyogrio
{call}
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""
_OURS = "layer = gcm.read_layer({path!r}, 'manholes')"
_PEER = "frame = pyogrio.read_dataframe({path!r}, use_arrow=True)"
Compare = Callable[[str, Callable[[], object], str, Callable[[], object]], tuple[object, object]]


def write_manholes(path: Path, n: int) -> None:
    """Write ``n`` manholes as a GB18030 shapefile: seven fields, three free of repetition."""
    rng = np.random.default_rng(0)
    west, south, east, north = gcm.sample_city().zones.total_bounds
    x = rng.normal((west + east) / 2, (east - west) / 5, n)
    y = rng.normal((south + north) / 2, (north - south) / 5, n)
    frame = gpd.GeoDataFrame(geometry=gpd.points_from_xy(x, y), crs=CRS)
    frame["MANHOLE_ID"] = [f"J{k:07d}" for k in range(n)]
    frame["ADDRESS"] = [f"苏州市人民路{k}号西侧人行道" for k in range(n)]
    frame["REMARK"] = [f"第{k}次巡查，井盖完好" for k in range(n)]
    frame["STATUS"] = rng.choice(["完好", "处置中", "已整治"], n)
    frame["ROAD_NAME"] = rng.choice([f"人民路{k}号" for k in range(5_000)], n)
    frame["COVER_KIND"] = rng.choice(["上水", "污水", "雨水", "电力"], n)
    days = [f"2022-{m:02d}-{d:02d}" for m in range(1, 13) for d in range(1, 29)]
    frame["FOUND_DATE"] = rng.choice(days, n)
    pyogrio.write_dataframe(frame, path, encoding="GB18030")


def reading(folder: Path, n: int, compare: Compare) -> None:
    """Time both in turn, check that they read the same, then measure each in its own process."""
    path = folder / "manholes.shp"
    write_manholes(path, n)
    layer, frame = compare(
        f"read_layer, {n:,} manholes, every check",
        lambda: gcm.read_layer(path, "manholes"),
        "pyogrio, use_arrow",
        lambda: pyogrio.read_dataframe(path, use_arrow=True),
    )
    assert isinstance(layer, gcm.Layer) and isinstance(frame, gpd.GeoDataFrame)
    assert layer.data["address"].tolist() == frame["ADDRESS"].tolist()
    assert layer.data.geometry.geom_equals_exact(frame.geometry, 0).all()
    if not Path("/proc/self/status").exists():
        return
    mine, theirs = (_peak(call.format(path=str(path))) for call in (_OURS, _PEER))
    print(
        f"{'peak memory of the same two':44s} {mine:8.0f} MB  {'pyogrio, use_arrow':28s} "
        f"{theirs:8.0f} MB  {theirs / mine:6.1f} x"
    )


def _peak(call: str) -> float:
    run = subprocess.run(
        [sys.executable, "-c", _PEAK.format(call=call)], capture_output=True, text=True, check=True
    )
    return float(run.stdout) / 1024
