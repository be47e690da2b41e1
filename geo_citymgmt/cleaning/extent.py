"""Where the city lies, and which CRS puts a set of numbers there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import pyproj
import shapely
from pyproj import CRS

__all__ = ["Candidate", "Extent", "looks_geographic", "rank_candidates", "spots"]

WGS84 = CRS.from_epsg(4326)
#: What Chinese offices use, the usual ones first; a tie goes to the earlier. Code, en, zh.
_CANDIDATES = (
    ("EPSG:4490", "degrees", "经纬度"),
    ("EPSG:4549", "CGCS2000 3° 120E", "CGCS2000 3° 120E"),
    ("EPSG:4528", "CGCS2000 3° zone 40", "CGCS2000 3° 40带"),
    ("EPSG:4548", "CGCS2000 3° 117E", "CGCS2000 3° 117E"),
    ("EPSG:4527", "CGCS2000 3° zone 39", "CGCS2000 3° 39带"),
    ("EPSG:4550", "CGCS2000 3° 123E", "CGCS2000 3° 123E"),
    ("EPSG:4529", "CGCS2000 3° zone 41", "CGCS2000 3° 41带"),
    ("EPSG:4498", "CGCS2000 6° zone 20", "CGCS2000 6° 20带"),
    ("EPSG:4499", "CGCS2000 6° zone 21", "CGCS2000 6° 21带"),
    ("EPSG:32650", "WGS 84 UTM 50N", "WGS 84 UTM 50N"),
    ("EPSG:32651", "WGS 84 UTM 51N", "WGS 84 UTM 51N"),
    ("EPSG:3857", "Web Mercator", "网络墨卡托"),
)
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

    Where no candidate puts any there, those that put them into China at all, unranked.
    """
    here = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    if not len(here):
        return []
    at = here[np.unique(np.linspace(0, len(here) - 1, _SAMPLE).astype(int))]
    x, y = x[at], y[at]
    degrees = looks_geographic(x, y)
    ranked, possible = [], []
    for code, note, note_zh in _CANDIDATES:
        crs = CRS.from_user_input(code)
        if crs.is_geographic != degrees:
            continue
        back = pyproj.Transformer.from_crs(crs, WGS84, always_xy=True)
        for swapped in (False, True):
            lon, lat = back.transform(*((y, x) if swapped else (x, y)))
            share = extent.share(lon, lat) if extent is not None else 0.0
            if share > 0:
                ranked.append(Candidate(code, note, note_zh, share, swapped))
            with np.errstate(invalid="ignore"):
                inside = ((lon > 73) & (lon < 136) & (lat > 3) & (lat < 54)).mean()
            if inside > 0.5 and not swapped:
                possible.append(Candidate(code, note, note_zh, 0.0))
    order = sorted(ranked, key=lambda c: (-round(c.share, 3), c.swapped))
    return order or possible
