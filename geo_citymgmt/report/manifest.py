"""``manifest.json``: from which files, by which versions, with which options a report was made."""

from __future__ import annotations

import hashlib
import json
import math
import platform
from collections.abc import Iterable, Mapping
from importlib import resources
from os.path import commonpath
from pathlib import Path
from typing import Any

import geopandas
import numpy
import pandas
import pyogrio
import pyproj
import shapely

from geo_citymgmt.report.summary import Summary
from geo_citymgmt.writing import write_text

__all__ = ["file_hash", "write_manifest"]


def write_manifest(
    told: Summary, outputs: Mapping[str, Path], out: Path, path: Path, options: Mapping[str, Any]
) -> None:
    """Write the manifest of a report.

    Parameters
    ----------
    told : Summary
    outputs : mapping of str to Path
        What was written; folders stand for the files in them.
    out : Path
        Folder of the report: outputs are named from there, inputs from their own.
    path : Path
        Of the manifest.
    options : mapping
        What was asked for.
    """
    files = sorted(f for target in outputs.values() for f in _files(target))
    city = told.city
    table = {
        "report": "geo_citymgmt",
        "options": dict(options),
        "city": {"code": city.code, "name_zh": city.name_zh, "name_en": city.name_en},
        **_measured_in(told),
        "as_of": None if told.as_of is None else f"{told.as_of:%Y-%m-%d}",
        "versions": versions(),
        "definitions": {
            "figures.toml": _package_hash("indicators", "figures.toml"),
            "layers": _folder_hash("layers"),
        },
        "inputs": _described(city.inputs, _common(city.inputs)),
        "outputs": _described(files, out),
    }
    write_text(json.dumps(table, ensure_ascii=False, indent=2) + "\n", path)


def _measured_in(told: Summary) -> dict[str, Any]:
    """Return the CRS of all measuring and its greatest relative errors; null where unknown."""
    metric = told.city.metric
    if metric is None:
        return dict.fromkeys(("metric_crs", "areal_error", "linear_error"))
    errors = {"areal_error": metric.areal_error, "linear_error": metric.linear_error}
    # JSON has no word for what is not a number.
    known = {name: error if math.isfinite(error) else None for name, error in errors.items()}
    return {"metric_crs": metric.code, **known}


def versions() -> dict[str, str]:
    """Return the versions on which the figures depend."""
    from geo_citymgmt import __version__

    return {
        "geo_citymgmt": __version__,
        "python": platform.python_version(),
        "geopandas": geopandas.__version__,
        "pandas": pandas.__version__,
        "numpy": numpy.__version__,
        "shapely": shapely.__version__,
        "GEOS": shapely.geos_version_string,
        "pyproj": pyproj.__version__,
        "PROJ": pyproj.proj_version_str,
        "pyogrio": pyogrio.__version__,
        "GDAL": pyogrio.__gdal_version_string__,
    }


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _described(paths: Iterable[Path], root: Path | None) -> list[dict[str, Any]]:
    return [
        {
            # Where the folder lies is this machine's business.
            "file": path.relative_to(root).as_posix() if root else path.name,
            "bytes": path.stat().st_size,
            "sha256": file_hash(path),
        }
        for path in paths
        if path.is_file()
    ]


def _common(paths: Iterable[Path]) -> Path | None:
    parents = {path.parent for path in paths}
    try:
        return Path(commonpath(parents)) if parents else None
    except ValueError:
        # On two drives of one machine.
        return None


def _files(target: Path) -> list[Path]:
    return [p for p in target.iterdir() if p.is_file()] if target.is_dir() else [target]


def _package_hash(folder: str, name: str) -> str:
    entry = resources.files("geo_citymgmt") / folder / name
    return hashlib.sha256(entry.read_bytes()).hexdigest()


def _folder_hash(folder: str) -> str:
    digest = hashlib.sha256()
    entries = (resources.files("geo_citymgmt") / folder).iterdir()
    for entry in sorted(entries, key=lambda e: e.name):
        if entry.name.endswith(".toml"):
            digest.update(entry.name.encode() + b"\0" + entry.read_bytes())
    return digest.hexdigest()
