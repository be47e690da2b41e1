"""From the numbers of a source to positions in the metric CRS; nothing is guessed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pyproj
import shapely
from pyproj import CRS

from geo_citymgmt.cleaning.datum import DATUMS, from_wgs84, to_wgs84
from geo_citymgmt.errors import CRSError
from geo_citymgmt.findings import Findings
from geo_citymgmt.reading.raw import Raw

__all__ = ["Position", "to_metric"]

_WGS84 = CRS.from_epsg(4326)
#: Geodetic datums to which no transformation from CGCS2000 or WGS 84 is public.
_UNSHIFTED = ("Beijing", "Xian", "Xi'an", "New Beijing")
_CANDIDATES = (
    ("EPSG:4490", "经纬度 degrees"),
    ("EPSG:4549", "CGCS2000 3° 120E"),
    ("EPSG:4528", "CGCS2000 3° 40带 zone 40"),
    ("EPSG:4548", "CGCS2000 3° 117E"),
    ("EPSG:3857", "Web Mercator"),
)


@dataclass
class Position:
    """Geometry in the metric CRS, and how CRS and datum were known."""

    geometry: np.ndarray
    crs: str
    crs_source: str
    datum: str
    datum_source: str


def to_metric(
    raw: Raw, findings: Findings, *, crs: Any, datum: str | None, metric_crs: CRS
) -> Position:
    """Bring the geometry of ``raw`` into ``metric_crs``.

    Parameters
    ----------
    raw : Raw
        As read.
    findings : Findings
        Takes the decisions.
    crs : anything pyproj takes, optional
        Given by the caller; wins over what the file says.
    datum : {"cgcs2000", "wgs84", "gcj02", "bd09"}, optional
        Given by the caller.
    metric_crs : CRS
        Target.

    Raises
    ------
    CRSError
        No CRS is known, the numbers do not fit it, or the datum cannot be transformed.
    """
    if datum is not None and datum not in DATUMS:
        raise CRSError(
            f"unknown datum {datum!r}; known: {', '.join(DATUMS)}.",
            f"未知的坐标基准 {datum}；可用：{'、'.join(DATUMS)}。",
        )
    if shapely.is_missing(raw.geometry).all() or not len(raw.geometry):
        return Position(raw.geometry, "", "none", "", "none")
    bounds = _finite_bounds(raw.geometry)
    source, how = _source_crs(raw, crs, bounds)
    _check_fit(raw, source, bounds)
    geometry = raw.geometry
    if datum in ("gcj02", "bd09"):
        geometry = _transform(geometry, source, source.geodetic_crs or _WGS84)
        shifted = to_wgs84(geometry, datum)
        moved = from_wgs84(([120.6], [31.3]), datum)
        metres = np.hypot((moved[0][0] - 120.6) * 95_300, (moved[1][0] - 31.3) * 110_900)
        findings.add("DATUM_CONVERTED", value=datum.upper(), expected=f"{metres:.0f}")
        geometry, source = shifted, _WGS84
    else:
        _check_ballpark(raw, source, metric_crs)
    if source.geodetic_crs != metric_crs.geodetic_crs:
        findings.add(
            "CRS_ASSUMED",
            value=(source.geodetic_crs or source).name,
            expected=(metric_crs.geodetic_crs or metric_crs).name,
        )
    stated = CRS.from_user_input(crs).to_string() if crs is not None else _label(raw.crs)
    known_datum = datum or _datum_of(source)
    return Position(
        _transform(geometry, source, metric_crs),
        stated,
        how,
        known_datum,
        "given" if datum else how,
    )


def _source_crs(raw: Raw, crs: Any, bounds: np.ndarray) -> tuple[CRS, str]:
    if crs is not None:
        try:
            return CRS.from_user_input(crs), "given"
        except pyproj.exceptions.CRSError as error:
            raise CRSError(
                f"crs={crs!r} is not a coordinate reference system ({error}).",
                f"crs={crs!r} 不是有效的坐标系。",
            ) from error
    if raw.crs is not None:
        return raw.crs, "file"
    message = Findings()
    message.add("CRS_MISSING", value=_span(bounds), expected=_candidates(bounds))
    row = message.frame().iloc[0]
    raise CRSError(f"{raw.name}: {row['message_en']}.", f"{raw.name}：{row['message_zh']}。")


def _candidates(bounds: np.ndarray) -> str:
    """Name what the numbers could be, by where each CRS would put them; a hint, never a choice."""
    x, y = (bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2
    fits = []
    for code, note in _CANDIDATES:
        crs = CRS.from_user_input(code)
        if crs.is_geographic != _looks_geographic(bounds):
            continue
        lon, lat = pyproj.Transformer.from_crs(crs, _WGS84, always_xy=True).transform(x, y)
        if 73 < lon < 136 and 3 < lat < 54:
            fits.append(f"{code} ({note})")
    if _looks_geographic(bounds):
        fits.append("GCJ-02/BD-09: datum=")
    return ", ".join(fits) or "?"


def _check_fit(raw: Raw, source: CRS, bounds: np.ndarray) -> None:
    if source.is_geographic:
        fits = _looks_geographic(bounds)
    elif _looks_geographic(bounds):
        fits = False
    else:
        x, y = (bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2
        back = pyproj.Transformer.from_crs(source, source.geodetic_crs, always_xy=True)
        fits = bool(np.isfinite(back.transform(x, y)).all())
    if fits:
        return
    message = Findings()
    message.add("CRS_WRONG", value=_span(bounds), expected=source.to_string())
    row = message.frame().iloc[0]
    raise CRSError(f"{raw.name}: {row['message_en']}.", f"{raw.name}：{row['message_zh']}。")


def _check_ballpark(raw: Raw, source: CRS, metric_crs: CRS) -> None:
    name = (source.geodetic_crs or source).name
    if not any(word in name for word in _UNSHIFTED):
        return
    target = (metric_crs.geodetic_crs or metric_crs).name
    message = Findings()
    message.add("CRS_BALLPARK", value=name, expected=target)
    row = message.frame().iloc[0]
    raise CRSError(f"{raw.name}: {row['message_en']}.", f"{raw.name}：{row['message_zh']}。")


def _transform(geometry: np.ndarray, source: CRS, target: CRS) -> np.ndarray:
    if source == target:
        return geometry
    # geopandas transforms vertex by vertex with x first, and keeps missing geometry.
    return gpd.GeoSeries(geometry, crs=source).to_crs(target).to_numpy()


def _finite_bounds(geometry: np.ndarray) -> np.ndarray:
    coords = shapely.get_coordinates(geometry)
    coords = coords[np.isfinite(coords).all(axis=1)]
    if not len(coords):
        return np.zeros(4)
    # The middle 98 %: one point at (0, 0) must not decide what the numbers are.
    low, high = np.quantile(coords, [0.01, 0.99], axis=0)
    return np.concatenate([low, high])


def _looks_geographic(bounds: np.ndarray) -> bool:
    return bool(np.abs(bounds[[0, 2]]).max() <= 180 and np.abs(bounds[[1, 3]]).max() <= 90)


def _span(bounds: np.ndarray) -> str:
    return f"x {bounds[0]:.6g} – {bounds[2]:.6g}, y {bounds[1]:.6g} – {bounds[3]:.6g}"


def _datum_of(crs: CRS) -> str:
    name = (crs.geodetic_crs or crs).name.lower()
    if "wgs 84" in name or "wgs_1984" in name:
        return "wgs84"
    return "cgcs2000" if "2000" in name else name


def _label(crs: CRS | None) -> str:
    return "" if crs is None else str(crs.to_string())
