"""Where the city lies, and which CRS puts a set of numbers there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import pyproj
import shapely
from pyproj import CRS

from geo_citymgmt.metric import in_china

__all__ = ["Candidate", "Extent", "looks_geographic", "rank_candidates", "spots"]

WGS84 = CRS.from_epsg(4326)
#: A candidate of which the code is a range: any of them, the numbers do not tell which.
_ANY_BELT = ("EPSG:4534–4554", "CGCS2000 3°, any central meridian", "CGCS2000 3°，中央经线不明")
_ANY_UTM = ("EPSG:32601–32660", "WGS 84 UTM, any zone", "WGS 84 UTM，带号不明")
#: Eastings of a three-degree belt, a six-degree belt and a UTM zone lie so near to the meridian's.
_HALF_3, _HALF_6 = 300_000.0, 500_000.0
#: Northings from the equator to the north of China, to the pole, and the edge of Web Mercator.
_CHINA_NORTH, _POLE, _MERCATOR = 6_200_000.0, 10_000_000.0, 20_048_967.0
#: So many of the numbers must make sense in a CRS for it to be named.
_FITTING = 0.6
_SAMPLE = 1000
#: One degree about the city, some 100 km: what lies farther is not the city's.
_AROUND = 1.0


@dataclass(frozen=True)
class Candidate:
    """A CRS the numbers could be in, with the share of records it puts into the city."""

    code: str
    note: str
    note_zh: str
    share: float
    swapped: bool = False

    def __str__(self) -> str:
        """Code and share alone: the same in every language."""
        return f"{self.code}{self._share}"

    @property
    def is_range(self) -> bool:
        """Whether it stands for several CRS that the numbers do not tell apart."""
        return "–" in self.code

    @property
    def text(self) -> str:
        """For people, in English."""
        turned = ", x and y exchanged" if self.swapped else ""
        return f"{self.code} ({self.note}{turned}){self._share}"

    @property
    def text_zh(self) -> str:
        """For people, in Chinese."""
        turned = "，横纵坐标颠倒" if self.swapped else ""
        return f"{self.code}（{self.note_zh}{turned}）{self._share}"

    @property
    def _share(self) -> str:
        return f" {self.share:.0%}" if self.share > 0 else ""


@dataclass(frozen=True)
class Extent:
    """The city in degrees: its bounds, and its outline, drawn when it is asked for."""

    box: tuple[float, float, float, float]
    draw: Callable[[], shapely.Geometry]

    @cached_property
    def outline(self) -> shapely.Geometry:
        """The city's outline in degrees, prepared."""
        shape = self.draw()
        shapely.prepare(shape)
        return shape

    def share(self, lon: np.ndarray, lat: np.ndarray) -> float:
        """Share of places in the city."""
        return float(shapely.contains_xy(self.outline, lon, lat).mean()) if len(lon) else 0.0

    def home(self, crs: CRS) -> tuple[float, float, float, float] | None:
        """Bounds of the city and its surroundings in ``crs``, None where it has none there."""
        return _home(self.box, crs)


# A city reads several layers in one CRS, each asks twice, and a transformer takes long to make.
@lru_cache(maxsize=64)
def _home(
    box: tuple[float, float, float, float], crs: CRS
) -> tuple[float, float, float, float] | None:
    west, south, east, north = box
    lon, lat = np.meshgrid(
        np.linspace(west - _AROUND, east + _AROUND, 5),
        np.linspace(south - _AROUND, north + _AROUND, 5),
    )
    if crs.is_geographic:
        x, y = lon, lat
    else:
        try:
            x, y = pyproj.Transformer.from_crs(WGS84, crs, always_xy=True).transform(lon, lat)
        except pyproj.exceptions.ProjError:
            return None
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        return None
    return float(np.min(x)), float(np.min(y)), float(np.max(x)), float(np.max(y))


def spots(geometry: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """One place a record: the point itself, or the middle of its bounds; NaN where there is none.

    ``geometry`` may hold anything, as it was read.
    """
    kinds = shapely.get_type_id(geometry)
    empty = shapely.is_empty(geometry)
    if empty.any():
        # An empty point has no x to ask for.
        geometry = geometry.copy()
        geometry[empty] = None
    if (kinds <= 0).all():
        x, y = shapely.get_x(geometry), shapely.get_y(geometry)
    else:
        west, south, east, north = shapely.bounds(geometry).T
        x, y = (west + east) / 2, (south + north) / 2
    lost = ~(np.isfinite(x) & np.isfinite(y))
    return np.where(lost, np.nan, x), np.where(lost, np.nan, y)


def looks_geographic(x: np.ndarray, y: np.ndarray) -> bool:
    """Whether the middle of the numbers could be degrees, in either order."""
    if not len(x):
        return False
    # What most records are: a few strays among them are told one by one.
    return bool(np.median(np.maximum(np.abs(x), np.abs(y))) <= 180)


def rank_candidates(x: np.ndarray, y: np.ndarray, extent: Extent | None) -> list[Candidate]:
    """Rank what the numbers could be, by the share of records each puts into the city.

    Where it is not known where the city lies, or no candidate puts any there, those CRS in which
    the numbers make sense at all, unranked.
    """
    here = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    if not len(here):
        return []
    at = here[np.unique(np.linspace(0, len(here) - 1, _SAMPLE).astype(int))]
    x, y = x[at], y[at]
    degrees = looks_geographic(x, y)
    ranked = []
    for code, note, note_zh in _usual(extent.box) if extent is not None else ():
        crs = _crs(code)
        if extent is None or crs.is_geographic != degrees:
            continue
        back = pyproj.Transformer.from_crs(crs, WGS84, always_xy=True)
        for swapped in (False, True):
            lon, lat = back.transform(*((y, x) if swapped else (x, y)))
            share = extent.share(lon, lat)
            if share > 0:
                ranked.append(Candidate(code, note, note_zh, share, swapped))
    if ranked:
        return sorted(ranked, key=lambda c: (-round(c.share, 3), c.swapped))
    return list(_fitting_degrees(x, y) if degrees else _fitting_metres(x, y))


def _usual(box: tuple[float, float, float, float]) -> Iterator[tuple[str, str, str]]:
    """What an office near ``box`` uses, the usual ones first; a tie goes to the earlier.

    A six-degree belt without zone number is no candidate of its own: with the same central
    meridian it is the same plane as the three-degree one.
    """
    lon, lat = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    chinese = in_china(lon, lat)
    yield ("EPSG:4490" if chinese else "EPSG:4326"), "degrees", "经纬度"
    if chinese:
        for belt in _near(lon / 3, 1.5, 25, 45):
            yield f"EPSG:{4509 + belt}", *_same(f"CGCS2000 3° {3 * belt}E")
            yield f"EPSG:{4488 + belt}", f"CGCS2000 3° zone {belt}", f"CGCS2000 3° {belt}带"
        for belt in _near((lon + 3) / 6, 1.0, 13, 23):
            yield f"EPSG:{4478 + belt}", f"CGCS2000 6° zone {belt}", f"CGCS2000 6° {belt}带"
    base, side = (32600, "N") if lat >= 0 else (32700, "S")
    for zone in _near((lon + 183) / 6, 1.0, 1, 60):
        yield f"EPSG:{base + zone}", *_same(f"WGS 84 UTM {zone}{side}")
    yield "EPSG:3857", "Web Mercator", "网络墨卡托"


def _near(exact: float, within: float, low: int, high: int) -> list[int]:
    """Whole numbers of belts about ``exact``, the nearest first."""
    about = np.arange(max(low, int(np.ceil(exact - within))), min(high, int(exact + within)) + 1)
    return [int(k) for k in about[np.argsort(np.abs(about - exact), kind="stable")]]


def _same(note: str) -> tuple[str, str]:
    return note, note


@lru_cache(maxsize=64)
def _crs(code: str) -> CRS:
    return CRS.from_user_input(code)


def _fitting_degrees(x: np.ndarray, y: np.ndarray) -> Iterator[Candidate]:
    for swapped in (False, True):
        lon, lat = (y, x) if swapped else (x, y)
        if ((np.abs(lon) <= 180) & (np.abs(lat) <= 90)).mean() < _FITTING:
            continue
        chinese = in_china(float(np.median(lon)), float(np.median(lat)))
        if chinese or not swapped:
            code = "EPSG:4490" if chinese else "EPSG:4326"
            yield Candidate(code, "degrees", "经纬度", 0.0, swapped)
            return


def _fitting_metres(x: np.ndarray, y: np.ndarray) -> Iterator[Candidate]:
    """CRS in which the numbers make sense: a zone number before x tells the belt."""
    middle = float(np.median(x))
    # Of numbers near the end of all floats the median has no value.
    belt = int(middle // 1e6) if abs(middle) < 1e12 else 0
    easting = x - 1e6 * belt
    northern = (y >= 0) & (y <= _CHINA_NORTH)
    if 25 <= belt <= 45 and (northern & _about(easting, _HALF_3)).mean() >= _FITTING:
        note, note_zh = f"CGCS2000 3° zone {belt}", f"CGCS2000 3° {belt}带"
        yield Candidate(f"EPSG:{4488 + belt}", note, note_zh, 0.0)
    if 13 <= belt <= 23 and (northern & _about(easting, _HALF_6)).mean() >= _FITTING:
        code = f"EPSG:{4478 + belt}"
        if _in_china_by(code, x, y):
            yield Candidate(code, f"CGCS2000 6° zone {belt}", f"CGCS2000 6° {belt}带", 0.0)
    near = _about(x, _HALF_6)
    if (northern & near).mean() >= _FITTING:
        yield Candidate(*_ANY_BELT, 0.0)
    if ((y >= 0) & (y <= _POLE) & near).mean() >= _FITTING:
        yield Candidate(*_ANY_UTM, 0.0)
    elif ((np.abs(x) <= _MERCATOR) & (np.abs(y) <= _MERCATOR)).mean() >= _FITTING:
        yield Candidate("EPSG:3857", "Web Mercator", "网络墨卡托", 0.0)


def _about(easting: np.ndarray, half: float) -> np.ndarray:
    return np.abs(easting - 500_000.0) <= half


def _in_china_by(code: str, x: np.ndarray, y: np.ndarray) -> bool:
    back = pyproj.Transformer.from_crs(_crs(code), WGS84, always_xy=True)
    lon, lat = back.transform(float(np.median(x)), float(np.median(y)))
    return in_china(lon, lat)
