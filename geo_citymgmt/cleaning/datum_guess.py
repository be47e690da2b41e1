"""Which datum positions are in, judged by what they should lie on. Experimental.

GCJ-02 is some 500 m from WGS 84 and BD-09 over a kilometre, both smooth over a city, so no single
file tells them apart. Beside roads or outlines in a known datum it can be told: in the right datum
more records lie on a road, within the outline, or along it.
"""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely

from geo_citymgmt._gate import Gate
from geo_citymgmt.cleaning.datum import to_wgs84
from geo_citymgmt.errors import CRSError
from geo_citymgmt.words import Text

__all__ = ["DatumGuess", "guess_text", "suspect_datum"]

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
        raise CRSError(
            Text(
                "suspect_datum：两者都需有坐标系，参照数据应为以米为单位的投影坐标。",
                "suspect_datum: both need a CRS, and that of the reference must be in metres.",
            ),
            remedy=Text(
                "请用 .to_crs() 转换参照数据。",
                "Bring the reference into a projected one with .to_crs().",
            ),
        )
    shapes = _usable(given.geometry)
    basis, spots = _spots(_usable(places.geometry), shapes, places.crs.is_geographic)
    if len(spots) < _FEWEST or not len(shapes):
        return _undecided(len(spots), basis)
    degrees = gpd.GeoSeries(shapely.points(spots), crs=places.crs).to_crs(4326)
    # What is no position on earth tells nothing of its datum.
    xy = np.abs(shapely.get_coordinates(degrees.to_numpy()))
    if not (xy <= (180, 90)).all():
        return _undecided(len(spots), basis)
    closeness = np.column_stack(
        [_closeness(to_wgs84(degrees, d).to_crs(given.crs), shapes, basis) for d in _DATUMS]
    )
    return _verdict(closeness, basis, seed)


def _spots(shapes: np.ndarray, reference: np.ndarray, degrees: bool) -> tuple[str, np.ndarray]:
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
