"""Positions from the columns of a table: longitude and latitude, easting and northing, or WKT."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyproj
import shapely

from geo_citymgmt.findings import Findings
from geo_citymgmt.reading.placeholders import no_place

__all__ = ["Located", "locate"]

_NAMES = {
    "wkt": ("wkt", "geometry", "geom", "thegeom", "shape", "图形", "几何", "空间数据"),
    "lon": ("经度", "东经", "lon", "lng", "long", "longitude", "经度坐标", "坐标经度"),
    "lat": ("纬度", "北纬", "lat", "latitude", "纬度坐标", "坐标纬度"),
    "east": ("东坐标", "东", "e", "east", "easting", "横坐标"),
    "north": ("北坐标", "北", "n", "north", "northing", "纵坐标"),
    "x": ("x", "x坐标", "坐标x", "pointx", "xcoord", "coordx", "x轴", "中心点x"),
    "y": ("y", "y坐标", "坐标y", "pointy", "ycoord", "coordy", "y轴", "中心点y"),
    "pair": ("坐标", "经纬度", "坐标位置", "位置坐标", "中心坐标", "coordinates", "lonlat",
             "lnglat", "latlon", "latlng", "xy"),
}  # fmt: skip
_PAIRS = (("lon", "lat"), ("east", "north"), ("x", "y"))
_ASIDE = re.compile(r"[(（\[【].*?[)）\]】]")
_WKT = re.compile(
    r"\s*(?:SRID=(\d+);)?\s*(?:MULTI)?(?:POINT|LINESTRING|POLYGON|GEOMETRYCOLLECTION)\b", re.I
)
_DEGREES = (
    r"^[^\d-]*(-?\d+(?:\.\d+)?)\s*[°度º]\s*"
    r"(?:(\d+(?:\.\d+)?)\s*['′‘’分]\s*)?(?:(\d+(?:\.\d+)?)\s*(?:[\"″“”秒]|''|′′)?)?\s*[NESWnesw]?$"
)
#: Where China lies: in degrees, and in metres from the equator and from a central meridian.
_LON, _LAT, _NORTH = (73, 136), (3, 54), (300_000, 6_000_000)
_EAST = ((100_000, 900_000), (13_000_000, 46_000_000))


@dataclass
class Located:
    """Geometry of each row, the CRS where it states one, and the column that was nothing else."""

    geometry: np.ndarray
    crs: pyproj.CRS | None = None
    wkt: str | None = None


def locate(frame: pd.DataFrame, findings: Findings, record: np.ndarray) -> Located:
    """Build the geometry of the rows of ``frame``; rows without position get None.

    Which of two columns is which is taken from their names; of X and Y, which surveyors and map
    makers use the other way round, from the numbers, and that is told.
    """
    roles = _roles(frame)
    nothing = np.full(len(frame), None, dtype=object)
    if "wkt" in roles:
        return _from_wkt(frame, roles["wkt"], findings, record)
    for first, second in _PAIRS:
        if first in roles and second in roles:
            names = roles[first], roles[second]
            x, y = (_numbers(frame[name], findings, record) for name in names)
            if first == "x" and _is_swapped(x, y):
                x, y, names = y, x, names[::-1]
            return _points(x, y, names, findings)
    if "pair" in roles:
        name = roles["pair"]
        x, y = _split(frame[name], findings, record)
        swapped = _is_swapped(x, y)
        x, y = (y, x) if swapped else (x, y)
        label = f"{name}[2]" if swapped else f"{name}[1]", f"{name}[1]" if swapped else f"{name}[2]"
        return _points(x, y, label, findings)
    return Located(nothing)


def _roles(frame: pd.DataFrame) -> dict[str, str]:
    by_key: dict[str, str] = {}
    for column in frame.columns:
        by_key.setdefault(_key(str(column)), column)
    roles = {
        role: next(by_key[name] for name in names if name in by_key)
        for role, names in _NAMES.items()
        if any(name in by_key for name in names)
    }
    # A name is a hint only: WKT and pairs must look the part.
    if "wkt" in roles and not _share(frame[roles["wkt"]], _WKT.pattern) > 0.5:
        del roles["wkt"]
    if "pair" in roles and not _share(frame[roles["pair"]], _PAIR) > 0.5:
        del roles["pair"]
    return roles


def _key(name: str) -> str:
    text = _ASIDE.sub("", unicodedata.normalize("NFKC", name))
    return re.sub(r"[\s_\-·./:]", "", text).casefold()


def _share(column: pd.Series, pattern: str) -> float:
    texts = column.dropna().head(1000)
    if not len(texts) or not pd.api.types.is_string_dtype(texts.dtype):
        return 0.0
    return float(texts.str.match(pattern, flags=re.I).mean())


def _from_wkt(frame: pd.DataFrame, name: str, findings: Findings, record: np.ndarray) -> Located:
    texts = frame[name]
    srid = texts.str.extract(r"^\s*SRID=(\d+);", flags=re.I)[0]
    stated = srid.dropna().unique()
    crs = None
    if len(stated) == 1 and srid.notna().sum() == texts.notna().sum():
        try:
            crs = pyproj.CRS.from_epsg(int(stated[0]))
        except pyproj.exceptions.CRSError:
            crs = None
    plain = texts.str.replace(r"^\s*SRID=\d+;", "", regex=True, flags=re.I)
    values = plain.to_numpy(dtype=object, na_value=None)
    geometry = shapely.from_wkt(values, on_invalid="ignore")
    bad = shapely.is_missing(geometry) & texts.notna().to_numpy()
    findings.add(
        "RECORD_UNREADABLE",
        records=record[bad],
        field=name,
        value=texts[bad].str.slice(0, 80).to_numpy(dtype=object),
    )
    findings.add("COORD_COLUMNS", value=name, expected="WKT")
    return Located(geometry, crs, name)


def _points(x: np.ndarray, y: np.ndarray, names: tuple[str, str], findings: Findings) -> Located:
    there = np.isfinite(x) & np.isfinite(y)
    geometry = np.full(len(x), None, dtype=object)
    geometry[there] = shapely.points(x[there], y[there])
    findings.add("COORD_COLUMNS", value=names[0], expected=names[1])
    return Located(geometry)


def _numbers(column: pd.Series, findings: Findings, record: np.ndarray) -> np.ndarray:
    if pd.api.types.is_numeric_dtype(column.dtype):
        return column.astype("float64").to_numpy()
    plain = column.astype("str")
    numbers = pd.to_numeric(plain, errors="coerce").astype("float64")
    hard = numbers.isna() & column.notna()
    if hard.any():
        texts = plain[hard].str.normalize("NFKC")
        texts = texts.str.replace(r"[,\s]", "", regex=True)
        numbers[hard] = pd.to_numeric(texts, errors="coerce").astype("float64")
        still = texts[numbers[hard].isna()]
        numbers[still.index] = _degrees(still)
        bad = (numbers.isna() & hard).to_numpy()
        findings.add(
            "NUMBER_UNPARSED",
            records=record[bad],
            field=str(column.name),
            value=column[bad].astype("str").to_numpy(dtype=object),
            severity="warning",
        )
    return numbers.to_numpy()


def _degrees(texts: pd.Series) -> pd.Series:
    parts = texts.str.extract(_DEGREES).astype("float64")
    sign = np.where(parts[0] < 0, -1.0, 1.0)
    rest = parts[1].fillna(0) / 60 + parts[2].fillna(0) / 3600
    return sign * (parts[0].abs() + rest)


_PAIR = r"^\D*?(-?\d+(?:\.\d+)?)\D{1,3}?(-?\d+(?:\.\d+)?)\D*$"


def _split(
    column: pd.Series, findings: Findings, record: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    parts = column.astype("str").str.normalize("NFKC").str.extract(_PAIR).astype("float64")
    bad = (parts[0].isna() & column.notna()).to_numpy()
    findings.add(
        "NUMBER_UNPARSED",
        records=record[bad],
        field=str(column.name),
        value=column[bad].astype("str").to_numpy(dtype=object),
        severity="warning",
    )
    return parts[0].to_numpy(), parts[1].to_numpy()


def _is_swapped(x: np.ndarray, y: np.ndarray) -> bool:
    """Whether the numbers fit China only when the first is the northing or latitude."""
    there = np.isfinite(x) & np.isfinite(y) & ~no_place(x, y)
    if not there.any():
        return False
    a, b = float(np.median(x[there])), float(np.median(y[there]))
    return _fits(b, a) and not _fits(a, b)


def _fits(east: float, north: float) -> bool:
    if _LON[0] <= east <= _LON[1] and _LAT[0] <= north <= _LAT[1]:
        return True
    return _NORTH[0] <= north <= _NORTH[1] and any(low <= east <= high for low, high in _EAST)
