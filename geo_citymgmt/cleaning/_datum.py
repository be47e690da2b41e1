"""Datum and extent: GCJ-02 and BD-09 to WGS 84 and back, and what positions should lie on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely
from pyproj import CRS

from geo_citymgmt._datums import in_china
from geo_citymgmt._gate import Gate
from geo_citymgmt._languages import Messages, listed
from geo_citymgmt._metric import looks_geographic
from geo_citymgmt.errors import CRSError

_MESSAGES = Messages("geo_citymgmt.cleaning")

DATUMS = ("cgcs2000", "wgs84", "gcj02", "bd09")
#: Krasovsky 1940, on which the published formula rests.
_AXIS, _ECCENTRICITY2 = 6378245.0, 0.00669342162296594323
_BD_ANGLE = np.pi * 3000.0 / 180.0
_STEPS = 12


def to_wgs84(geometry: Any, datum: str) -> Any:
    """Shift positions of ``datum`` to WGS 84.

    Parameters
    ----------
    geometry : GeoSeries, Series or array of geometries, geometry, or pair of arrays (lon, lat)
        In degrees. Heights stay as they are, what is missing or empty stays so.
    datum : {"gcj02", "bd09", "wgs84", "cgcs2000"}
        What the positions are in; the last two are returned as they are.

    Returns
    -------
    The same kind of thing on the same index, in WGS 84; arrays for lists.

    Raises
    ------
    CRSError
        The datum is unknown, or the numbers are no degrees.

    See Also
    --------
    from_wgs84 : The way back.
    suspect_datum : Tells which datum positions are likely in.

    Examples
    --------
    >>> lon, lat = to_wgs84(([120.6195], [31.2994]), "gcj02")
    >>> round(float(lon[0]), 5), round(float(lat[0]), 5)
    (120.61533, 31.30158)
    """
    return _apply(geometry, datum, _INVERSE, "to_wgs84")


def from_wgs84(geometry: Any, datum: str) -> Any:
    """Shift positions in WGS 84 to ``datum``; the inverse of :func:`to_wgs84`.

    Takes, returns and refuses what :func:`to_wgs84` does.

    See Also
    --------
    to_wgs84 : The way back.

    Examples
    --------
    >>> there = from_wgs84(([120.6], [31.3]), "bd09")
    >>> back = to_wgs84(there, "bd09")
    >>> bool(abs(back[0][0] - 120.6) < 1e-11)
    True
    """
    return _apply(geometry, datum, _FORWARD, "from_wgs84")


def _apply(geometry: Any, datum: Any, table: Any, function: str) -> Any:
    if not isinstance(datum, str) or datum not in DATUMS:
        raise CRSError(
            _MESSAGES("unknown_datum_known", function=function, datum=datum, datums=listed(DATUMS))
        )
    shift = table.get(datum)
    if isinstance(geometry, tuple):
        return _shift_pair(geometry, shift, function)
    if isinstance(geometry, gpd.GeoSeries):
        if geometry.crs is not None and not geometry.crs.is_geographic:
            raise _MESSAGES.error(
                CRSError,
                "positions_degrees_series",
                function=function,
                crs=geometry.crs.to_string(),
            )
        moved = _shift_shapes(geometry.to_numpy(), shift, function, geometry.index)
        crs = geometry.crs if shift is None else geometry.crs or "EPSG:4326"
        return gpd.GeoSeries(moved, index=geometry.index, crs=crs, name=geometry.name)
    if isinstance(geometry, pd.Series):
        moved = _shift_shapes(_shapes(geometry, function), shift, function, geometry.index)
        return pd.Series(moved, index=geometry.index, name=geometry.name, dtype=object)
    if isinstance(geometry, shapely.Geometry):
        return _shift_shapes(_shapes([geometry], function), shift, function)[0]
    return _shift_shapes(_shapes(geometry, function), shift, function)


def _shapes(values: Any, function: str) -> np.ndarray:
    """Return geometries as an array, None for what is missing; refuse what is none."""
    if isinstance(values, (str, bytes, Mapping, pd.DataFrame)) or not isinstance(values, Iterable):
        raise _unknown(values, function)
    listed = list(values)
    shapes = np.full(len(listed), None, dtype=object)
    for k, value in enumerate(listed):
        if isinstance(value, shapely.Geometry):
            shapes[k] = value
        elif not (value is None or (np.ndim(value) == 0 and pd.isna(value))):
            raise _unknown(value, function, k)
    return shapes


def _unknown(value: Any, function: str, row: int | None = None) -> CRSError:
    kind = type(value).__name__
    zh, en = ("", "") if row is None else (f"第 {row} 项为", f"item {row} is ")
    return _MESSAGES.error(CRSError, "no_geometry", function=function, zh=zh, kind=kind, en=en)


def _shift_pair(pair: tuple[Any, ...], shift: Any, function: str) -> tuple[Any, Any]:
    if len(pair) != 2:
        raise _unknown(pair, function)
    lon, lat = (_numbers(part, function) for part in pair)
    if lon.shape != lat.shape:
        raise CRSError(_MESSAGES("longitudes_latitudes", function=function, lon=lon, lat=lat))
    rows = next((part.index for part in pair if isinstance(part, pd.Series)), None)
    _require_degrees(lon.ravel(), lat.ravel(), np.arange(lon.size), function, rows)
    moved = (lon, lat) if shift is None else shift(lon, lat)
    named = [
        pd.Series(values, index=part.index, name=part.name)
        if isinstance(part, pd.Series)
        else values
        for part, values in zip(pair, moved, strict=True)
    ]
    return named[0], named[1]


def _numbers(values: Any, function: str) -> np.ndarray:
    try:
        if isinstance(values, pd.Series):
            return values.to_numpy(dtype=float, na_value=np.nan)
        return np.asarray(values, dtype=float)
    except (TypeError, ValueError) as error:
        raise _MESSAGES.error(
            CRSError, "longitude_latitude_no", function=function, kind=type(values).__name__
        ) from error


def _shift_shapes(
    shapes: np.ndarray, shift: Any, function: str, rows: pd.Index | None = None
) -> np.ndarray:
    """Shift every vertex of what lies on earth; what has heights keeps them."""
    xy, owner = shapely.get_coordinates(shapes, return_index=True)
    _require_degrees(xy[:, 0], xy[:, 1], owner, function, rows)
    return shapes if shift is None else _moved(shapes, shift)


def shift_any(shapes: np.ndarray, datum: str) -> np.ndarray:
    """Shift geometries to WGS 84, whatever their numbers are: that has been asked before."""
    with np.errstate(invalid="ignore", over="ignore"):
        return _moved(shapes, _INVERSE[datum])


def _moved(shapes: np.ndarray, shift: Any) -> np.ndarray:
    moved = shapes.copy()
    for high in (False, True):
        at = shapely.has_z(shapes) == high
        if at.any():
            xyz = shapely.get_coordinates(shapes[at], include_z=high)
            xyz[:, :2] = np.column_stack(shift(xyz[:, 0], xyz[:, 1]))
            moved[at] = shapely.set_coordinates(moved[at], xyz)
    return moved


def _require_degrees(
    lon: np.ndarray, lat: np.ndarray, owner: np.ndarray, function: str, rows: pd.Index | None
) -> None:
    """Refuse what lies off the earth, by its first row; what is missing is no number at all."""
    wrong = np.flatnonzero((np.abs(lon) > 180) | (np.abs(lat) > 90))
    if not len(wrong):
        return
    k = wrong[0]
    label = "" if rows is None else f" ({rows[owner[k]]!r})"
    swapped = abs(lon[k]) <= 90 < abs(lat[k]) <= 180
    raise CRSError(
        _MESSAGES(
            "row_is_no_degrees",
            function=function,
            owner=owner[k],
            label=label,
            lon=lon[k],
            lat=lat[k],
            n=len(np.unique(owner[wrong])),
        ),
        remedy=_MESSAGES("give_lon_lat" if swapped else "convert_to_degrees"),
    )


def _gcj02(lon: np.ndarray, lat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    x, y = lon - 105.0, lat - 35.0
    root = np.sqrt(np.abs(x))
    waves = 20.0 * np.sin(6.0 * np.pi * x) + 20.0 * np.sin(2.0 * np.pi * x)
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
    north += 2.0 / 3.0 * (waves + 20.0 * np.sin(np.pi * y) + 40.0 * np.sin(np.pi * y / 3.0))
    north += 2.0 / 3.0 * (160.0 * np.sin(np.pi * y / 12.0) + 320.0 * np.sin(np.pi * y / 30.0))
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root
    east += 2.0 / 3.0 * (waves + 20.0 * np.sin(np.pi * x) + 40.0 * np.sin(np.pi * x / 3.0))
    east += 2.0 / 3.0 * (150.0 * np.sin(np.pi * x / 12.0) + 300.0 * np.sin(np.pi * x / 30.0))
    phi = np.radians(lat)
    w2 = 1.0 - _ECCENTRICITY2 * np.sin(phi) ** 2
    meridian = _AXIS * (1.0 - _ECCENTRICITY2) / (w2 * np.sqrt(w2))
    parallel = _AXIS / np.sqrt(w2) * np.cos(phi)
    return lon + np.degrees(east / parallel), lat + np.degrees(north / meridian)


def _bd09_over_gcj02(lon: np.ndarray, lat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    radius = np.hypot(lon, lat) + 2e-5 * np.sin(lat * _BD_ANGLE)
    angle = np.arctan2(lat, lon) + 3e-6 * np.cos(lon * _BD_ANGLE)
    return radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006


def _bd09(lon: np.ndarray, lat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return _bd09_over_gcj02(*_gcj02(lon, lat))


def _inverse_of(forward: Any) -> Any:
    def inverse(lon: np.ndarray, lat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        guess_lon, guess_lat = lon.copy(), lat.copy()
        for _ in range(_STEPS):
            east, north = forward(guess_lon, guess_lat)
            guess_lon, guess_lat = guess_lon - (east - lon), guess_lat - (north - lat)
        return guess_lon, guess_lat

    return inverse


_FORWARD = {"gcj02": _gcj02, "bd09": _bd09}
_INVERSE = {name: _inverse_of(forward) for name, forward in _FORWARD.items()}

_DATUMS = ("wgs84", "gcj02", "bd09")
_SAMPLE = 2000
#: How far from a road's centre line its furniture stands, and how outlines of two hands differ.
_ROAD_M, _OUTLINE_M = 20.0, 120.0
_RESAMPLES = 400
#: Decided where the best datum wins so many resamples, and by so much of the records.
_SURE = 0.99
_MARGIN = {"roads": 0.1, "edges": 0.1, "outline": 0.03}
#: By chance a tenth to a third of all places lie near some road: the best must stand out from it.
_LIFT = {"roads": 1.5, "edges": 1.5, "outline": 1.0}
_FEWEST = 10
#: Polygons this large are outlines themselves: their edges are compared, not their places.
_OUTLINE_AREA = 1e6


@dataclass(frozen=True)
class DatumGuess:
    """What was found: ``datum`` is one of wgs84, gcj02, bd09, or "undecided".

    Attributes
    ----------
    datum : str
        The verdict.
    likelihood : dict of str to float
        Share of resamples of the records in which each datum does best.
    score : dict of str to float
        Mean closeness to the reference, from 0 to 1.
    n : int
        Places that were looked at.
    basis : str
        "roads", "outline" or "edges".
    """

    datum: str
    likelihood: dict[str, float]
    score: dict[str, float]
    n: int
    basis: str


def suspect_datum(
    frame: gpd.GeoDataFrame | gpd.GeoSeries,
    reference: gpd.GeoDataFrame | gpd.GeoSeries,
    *,
    seed: int = 0,
) -> DatumGuess:
    """Tell how likely the positions of ``frame`` are WGS 84, GCJ-02 or BD-09. Experimental.

    Parameters
    ----------
    frame : GeoDataFrame or GeoSeries
        Positions whose datum is in doubt, with the CRS they claim.
    reference : GeoDataFrame or GeoSeries
        Roads (lines) or outlines (polygons) in CGCS2000 or WGS 84, in a projected CRS in metres.
        Roads decide best; an outline alone leaves few points undecided.
    seed : int
        Of the resampling.

    Returns
    -------
    DatumGuess
        "undecided" where the evidence does not carry: too few places, nothing near, or no datum
        that clearly leads.

    Raises
    ------
    CRSError
        A CRS is missing, or that of the reference is not in metres.

    See Also
    --------
    to_wgs84, read_layer

    Examples
    --------
    >>> roads = gpd.GeoSeries(
    ...     [shapely.LineString([(550000 + 700 * k, 3460000), (550000 + 700 * k, 3470000)])
    ...      for k in range(9)], crs="EPSG:4549")
    >>> rng = np.random.default_rng(0)
    >>> shops = gpd.GeoSeries(shapely.points(
    ...     550000 + 700 * rng.integers(0, 9, 300), rng.uniform(3460000, 3470000, 300)),
    ...     crs="EPSG:4549")
    >>> suspect_datum(shops, roads).datum, suspect_datum(shops.iloc[:5], roads).datum
    ('wgs84', 'undecided')
    """
    gate = Gate("suspect_datum")
    places = gate.features(frame, "frame")
    given = gate.features(reference, "reference")
    seed = gate.whole(seed, "seed")
    if places.crs is None or given.crs is None or given.crs.is_geographic:
        raise _MESSAGES.error(CRSError, "suspect_datum_both")
    shapes = _usable(given.geometry)
    basis, sample = _sample_points(_usable(places.geometry), shapes, places.crs.is_geographic)
    if len(sample) < _FEWEST or not len(shapes):
        return _undecided(len(sample), basis)
    degrees = gpd.GeoSeries(shapely.points(sample), crs=places.crs).to_crs(4326)
    # What is no position on earth tells nothing of its datum.
    xy = np.abs(shapely.get_coordinates(degrees.to_numpy()))
    if not (xy <= (180, 90)).all():
        return _undecided(len(sample), basis)
    closeness = np.column_stack(
        [_closeness(to_wgs84(degrees, d).to_crs(given.crs), shapes, basis) for d in _DATUMS]
    )
    return _verdict(closeness, basis, seed)


def _sample_points(
    shapes: np.ndarray, reference: np.ndarray, degrees: bool
) -> tuple[str, np.ndarray]:
    """The places to look at, and what they should lie on."""
    lines = bool((shapely.get_dimensions(reference) == 1).any())
    scale = 111_000.0**2 if degrees else 1.0
    areas = shapely.get_dimensions(shapes) == 2
    large = bool(areas.any()) and np.median(shapely.area(shapes[areas])) * scale > _OUTLINE_AREA
    drawn = large or bool((shapely.get_dimensions(shapes) == 1).all())
    xy = shapely.get_coordinates(shapes if drawn else shapely.centroid(shapes))
    basis = "roads" if lines else "edges" if large else "outline"
    if not len(xy):
        return basis, xy
    return basis, xy[np.unique(np.linspace(0, len(xy) - 1, _SAMPLE).astype(int))]


def _closeness(moved: gpd.GeoSeries, reference: np.ndarray, basis: str) -> np.ndarray:
    points = moved.to_numpy()
    if basis == "outline":
        city = shapely.union_all(reference[shapely.get_dimensions(reference) == 2])
        shapely.prepare(city)
        return np.asarray(shapely.intersects(city, points), dtype=float)
    lines = reference
    if basis == "edges":
        lines = shapely.boundary(reference[shapely.get_dimensions(reference) == 2])
    tree = shapely.STRtree(shapely.get_parts(lines))
    pairs, distance = tree.query_nearest(points, return_distance=True, all_matches=False)
    away = np.full(len(points), np.inf)
    away[pairs[0]] = distance
    width = _ROAD_M if basis == "roads" else _OUTLINE_M
    return np.exp(-((away / width) ** 2) / 2)


def _verdict(closeness: np.ndarray, basis: str, seed: int) -> DatumGuess:
    n = len(closeness)
    rng = np.random.default_rng(seed)
    weights = rng.multinomial(n, np.full(n, 1 / n), size=_RESAMPLES)
    means = weights @ closeness / n
    # A tie counts for none: an outline that holds every place in two datums tells nothing.
    lead = means == means.max(axis=1, keepdims=True)
    wins = (lead & (lead.sum(axis=1) == 1)[:, None]).mean(axis=0)
    score = closeness.mean(axis=0)
    order = np.argsort(-score)
    best, second = score[order[0]], score[order[1]]
    clear = best - second >= _MARGIN[basis] and best >= _LIFT[basis] * second
    sure = wins[order[0]] >= _SURE and clear
    return DatumGuess(
        _DATUMS[order[0]] if sure else "undecided",
        dict(zip(_DATUMS, map(float, wins), strict=True)),
        dict(zip(_DATUMS, map(float, score), strict=True)),
        n,
        basis,
    )


def _undecided(n: int, basis: str) -> DatumGuess:
    nothing = dict.fromkeys(_DATUMS, 0.0)
    return DatumGuess("undecided", nothing, dict(nothing), n, basis)


def _usable(shapes: np.ndarray) -> np.ndarray:
    return shapes[~shapely.is_missing(shapes) & ~shapely.is_empty(shapes)]


def guess_text(guess: DatumGuess) -> str:
    """The evidence in a few words, for a message."""
    parts = [f"{name} {value:.0%}" for name, value in guess.score.items()]
    what = {"roads": "道路 on roads", "outline": "界内 within", "edges": "界线 along edges"}
    return f"{what[guess.basis]}: {', '.join(parts)}; n={guess.n}"


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
_EXTENT_SAMPLE = 1000
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

    def surroundings(self, crs: CRS) -> tuple[float, float, float, float] | None:
        """Bounds of the city and its surroundings in ``crs``, None where it has none there."""
        return _surroundings(self.box, crs)


# A city reads several layers in one CRS, each asks twice, and a transformer takes long to make.
@lru_cache(maxsize=64)
def _surroundings(
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


def rank_candidates(x: np.ndarray, y: np.ndarray, extent: Extent | None) -> list[Candidate]:
    """Rank what the numbers could be, by the share of records each puts into the city.

    Where it is not known where the city lies, or no candidate puts any there, those CRS in which
    the numbers make sense at all, unranked.
    """
    here = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    if not len(here):
        return []
    at = here[np.unique(np.linspace(0, len(here) - 1, _EXTENT_SAMPLE).astype(int))]
    x, y = x[at], y[at]
    degrees = looks_geographic(x, y)
    ranked = []
    for code, note, note_zh in _usual(extent.box) if extent is not None else ():
        crs = _crs(code)
        if extent is None or crs.is_geographic != degrees:
            continue
        back = _back(code)
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


# Every layer that states no CRS is tried in the same dozen, and a transformer takes long to make.
@lru_cache(maxsize=64)
def _back(code: str) -> pyproj.Transformer:
    return pyproj.Transformer.from_crs(_crs(code), WGS84, always_xy=True)


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
    back = _back(code)
    lon, lat = back.transform(float(np.median(x)), float(np.median(y)))
    return in_china(lon, lat)
