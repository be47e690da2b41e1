"""How far it is to the nearest facility, record by record and zone by zone."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo_citymgmt._gate import METRES, Features, Frame, Gate, labels_at
from geo_citymgmt.access._reach import demand_weights
from geo_citymgmt.zones._ownership import OUTSIDE, UNLOCATED, ZoneIndex, mark_rows, with_margins

#: Points looked at in one go: bounds the memory, some 0.5 kB each.
_POINTS_AT_ONCE = 100_000


def nearest_points(
    origins: np.ndarray, targets: np.ndarray, k: int, limit: float = np.inf
) -> tuple[np.ndarray, np.ndarray]:
    """Find the ``k`` nearest of ``targets`` for each of ``origins``.

    Each point looks at its square of a net and the eight about it. Those for which these hold too
    few that are nearer than the edge of the nine look again in a net of squares twice as wide.
    There are at least ``k`` targets, and none farther than ``limit`` is looked for.

    Returns
    -------
    position, distance : array, shape (n, k)
        Positions in ``targets``, nearest first, the lowest first at equal distance; -1 and NaN
        where there is none within the limit.

    Examples
    --------
    >>> nearest_points(np.array([[0.0, 0.0]]), np.array([[9.0, 0.0], [3.0, 4.0]]), 2)[1].tolist()
    [[5.0, 9.0]]
    """
    kept = _on_one_spot(targets, k)
    targets = targets[kept]
    position = np.full((len(origins), k), -1)
    distance = np.full((len(origins), k), np.nan)
    low, high = targets.min(axis=0), targets.max(axis=0)
    span = np.maximum(high - low, 1e-3)
    # Fine enough for where the points crowd; the few elsewhere look again.
    width = float(np.sqrt(span.prod() * (1 + k) / (32 * len(targets))).clip(span.max() / 2_000))
    left = np.arange(len(origins))
    while len(left):
        net = _Net(targets, low, high, width)
        still = []
        for first in range(0, len(left), _POINTS_AT_ONCE):
            some = left[first : first + _POINTS_AT_ONCE]
            done, position[some], distance[some] = net.look(origins[some], k, limit)
            still.append(some[~done])
        left = np.concatenate(still)
        width *= 2
    return np.where(position >= 0, kept[position], -1), distance


def _on_one_spot(targets: np.ndarray, k: int) -> np.ndarray:
    """Positions of points without those that as many on the same spot come before."""
    order = np.lexsort(targets.T)
    is_new = np.r_[True, (np.diff(targets[order], axis=0) != 0).any(axis=1)]
    turn = np.arange(len(order)) - np.maximum.accumulate(np.where(is_new, np.arange(len(order)), 0))
    return np.sort(order[turn < k])


class _Net:
    """Points by the square they are in."""

    def __init__(self, points: np.ndarray, low: np.ndarray, high: np.ndarray, width: float) -> None:
        self.low, self.width = low, width
        self.size = np.floor((high - low) / width).astype(np.int64) + 1
        square = np.floor((points - low) / width).astype(np.int64)
        key = square[:, 0] * self.size[1] + square[:, 1]
        self.order = np.argsort(key, kind="stable")
        self.points = points[self.order]
        counts = np.bincount(key, minlength=int(self.size.prod()))
        self.begin = np.concatenate([[0], np.cumsum(counts)])

    def look(
        self, origins: np.ndarray, k: int, limit: float
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Whether nine squares were enough for each point, and what was found if so."""
        inside = (origins - self.low) / self.width
        square = np.floor(np.clip(inside, -2, self.size + 1)).astype(np.int64)
        # Beyond the net there is nothing, so its edge is no limit.
        below = np.where(square <= 1, np.inf, inside - square + 1)
        above = np.where(square >= self.size - 2, np.inf, square + 2 - inside)
        sure = np.minimum(below, above).min(axis=1) * self.width
        beyond = ((square < -1) | (square > self.size)).any(axis=1)
        sure = np.where(beyond, 0.0, sure)
        row, place = self._candidates(square)
        step = self.points[place] - origins[row]
        far = np.hypot(step[:, 0], step[:, 1])
        keep = far <= np.minimum(sure[row], limit)
        row, far, place = row[keep], far[keep], self.order[place[keep]]
        done = (np.bincount(row, minlength=len(origins)) >= k) | (sure >= limit) | np.isinf(sure)
        keep = done[row]
        row, far, place = row[keep], far[keep], place[keep]
        position, distance = np.full((len(origins), k), -1), np.full((len(origins), k), np.nan)
        for turn in range(k):
            if not len(row):
                break
            first = np.flatnonzero(np.diff(row, prepend=-1))
            least = np.minimum.reduceat(far, first)
            count = np.diff(np.append(first, len(row)))
            tied = np.where(far == np.repeat(least, count), place, len(self.order))
            best = np.minimum.reduceat(tied, first)
            position[row[first], turn], distance[row[first], turn] = best, least
            rest = place != np.repeat(best, count)
            row, far, place = row[rest], far[rest], place[rest]
        return done, position, distance

    def _candidates(self, square: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Pairs of a row and a place in nine squares, by row."""
        columns = square[:, :1] + np.array([-1, 0, 1])
        low = np.maximum(square[:, 1:] - 1, 0)
        high = np.minimum(square[:, 1:] + 1, self.size[1] - 1)
        exists = (columns >= 0) & (columns < self.size[0]) & (low <= high)
        base = np.where(exists, columns, 0) * self.size[1]
        begin = self.begin[np.where(exists, base + low, 0)]
        end = self.begin[np.where(exists, base + high + 1, 0)]
        count = (end - begin).ravel()
        row = np.repeat(np.repeat(np.arange(len(square)), 3), count)
        within = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
        return row, np.repeat(begin.ravel(), count) + within


#: Features looked at in one go: bounds the memory.
_CHUNK = 200_000


def nearest(
    features: Frame,
    facilities: Frame,
    *,
    k: int = 1,
    max_m: float | None = None,
) -> pd.DataFrame:
    """Find the nearest facilities of each feature, in a straight line.

    Parameters
    ----------
    features, facilities : GeoDataFrame or GeoSeries
        Of any geometry, in one metric CRS; the distance is that of their nearest points.
    k : int
        How many facilities.
    max_m : float, optional
        Farther ones, in metres, are not looked for.

    Returns
    -------
    DataFrame
        On the index of ``features``, repeated for ``k`` above one: ``facility`` (label in the
        index of ``facilities``), ``distance_m``, ``rank`` from 1. Facilities at the same distance
        come in their order. A feature without any, or without geometry, has one row whose facility
        and distance are missing.

    Warns
    -----
    ScaleWarning
        Distances in the CRS are more than 0.1 % wrong over the data; beyond 1 % a CRSError.

    Raises
    ------
    CRSError
        The CRS differ, or distances cannot be measured in theirs.
    CityDataError
        ``k`` is below one, or ``max_m`` negative.

    See Also
    --------
    share_within, distance_percentiles, unserved

    Examples
    --------
    >>> stops = gpd.GeoSeries(gpd.points_from_xy([550_000, 550_500], [3_460_000] * 2),
    ...                       index=["s1", "s2"], crs="EPSG:4549")
    >>> bays = gpd.GeoSeries(gpd.points_from_xy([550_030, 550_090], [3_460_040] * 2),
    ...                      index=["b1", "b2"], crs="EPSG:4549")
    >>> nearest(stops, bays)[["facility", "distance_m"]].round(1).values.tolist()
    [['b1', 50.0], ['b2', 411.9]]
    """
    gate = Gate("nearest")
    many = gate.whole(k, "k", least=1)
    if max_m is not None:
        max_m = gate.number(max_m, "max_m", least=0, unit=METRES, finite=False)
    origins, targets = _both(gate, features, facilities)
    return _nearest(origins, targets, k=many, max_m=max_m)


def _both(gate: Gate, features: Frame, facilities: Frame) -> tuple[Features, Features]:
    """Ask features and facilities, between which distances are measured."""
    origins = gate.features(features, "features", measures=("length",))
    return origins, gate.features(facilities, "facilities", like=origins)


def _nearest(
    features: Features, facilities: Features, *, k: int = 1, max_m: float | None = None
) -> pd.DataFrame:
    row, facility, distance = _find(features.geometry, facilities.geometry, k, max_m)
    begin = np.searchsorted(row, row)
    return pd.DataFrame(
        {
            "facility": labels_at(facilities.index, facility),
            "distance_m": distance,
            "rank": np.arange(len(row)) - begin + 1,
        },
        index=features.index[row],
    )


def distance_percentiles(
    features: Frame,
    facilities: Frame,
    zones: Frame,
    *,
    percentiles: Sequence[float] = (50, 90),
    weight: str | None = None,
    margins: bool = False,
) -> pd.DataFrame:
    """Tell within which distance of a facility given parts of the features of each zone lie.

    Parameters
    ----------
    features : GeoDataFrame
        Stops, homes, parcels; each counts in the zone that owns it.
    facilities, zones : GeoDataFrame or GeoSeries
        In the CRS of ``features``.
    percentiles : sequence of float
        From 0 to 100.
    weight : str, optional
        Column of ``features``: people rather than records.
    margins : bool
        Add rows ``outside``, ``unlocated`` and ``total``, marked in a column ``row_kind``.

    Returns
    -------
    DataFrame
        On the codes of ``zones``: ``count`` of features (or their weight) and one column a
        percentile, ``p50_m``: the smallest distance within which that part of them lies, a
        distance that occurs. Missing where there are none.

    Warns
    -----
    ScaleWarning
        Distances in the CRS are more than 0.1 % wrong over the data; beyond 1 % a CRSError.

    Raises
    ------
    CRSError
        The CRS differ, or distances cannot be measured in theirs.
    CityDataError
        A percentile outside 0 to 100, or no such weight.

    See Also
    --------
    share_within, nearest

    Examples
    --------
    >>> zone = gpd.GeoSeries([shapely.box(550_000, 3_460_000, 551_000, 3_461_000)],
    ...                      index=["A"], crs="EPSG:4549")
    >>> stops = gpd.GeoDataFrame(
    ...     geometry=gpd.points_from_xy([550_100, 550_200, 550_400], [3_460_500] * 3),
    ...     crs="EPSG:4549")
    >>> bay = gpd.GeoSeries([shapely.Point(550_000, 3_460_500)], crs="EPSG:4549")
    >>> distance_percentiles(stops, bay, zone).loc["A"].tolist()
    [3.0, 200.0, 400.0]
    """
    gate = Gate("distance_percentiles")
    percents = list(dict.fromkeys(gate.many(percentiles, "percentiles", least=0, most=100)))
    gate.choice(margins, "margins", (True, False))
    origins, targets = _both(gate, features, facilities)
    position, names, owner = _owners(gate, origins, zones, margins)
    many = demand_weights(gate, origins, weight, "weight")
    distance = _nearest(origins, targets)["distance_m"].to_numpy()
    # Who has no facility at all is farther than any distance.
    order = np.argsort(np.where(np.isnan(distance), np.inf, distance), kind="stable")
    distance, many, owner = distance[order], many[order], owner[order]
    rows = []
    for at in position:
        members = np.flatnonzero((owner == at) if at is not None else np.ones(len(owner), bool))
        running = np.cumsum(many[members])
        total = running[-1] if len(members) else 0.0
        reached = [np.nan] * len(percents)
        if total > 0:
            wanted = np.asarray(percents) / 100 * total * (1 - 1e-12)
            first = np.searchsorted(running, wanted).clip(np.argmax(running > 0), len(members) - 1)
            reached = distance[members[first]].tolist()
        rows.append([total, *reached])
    columns = ["count", *(f"p{percent:g}_m" for percent in percents)]
    return mark_rows(pd.DataFrame(rows, index=names, columns=columns), margins)


def share_within(
    features: Frame,
    facilities: Frame,
    zones: Frame,
    *,
    distances_m: Sequence[float] = (50, 100, 150),
    margins: bool = False,
) -> pd.DataFrame:
    """Tell which share of the features of each zone has a facility within each distance.

    Stops with a bicycle bay within a walk of 50, 100 and 150 m, say.

    Parameters
    ----------
    features : GeoDataFrame or GeoSeries
        Each counts in the zone that owns it; its facility may lie in another.
    facilities, zones : GeoDataFrame or GeoSeries
        In the CRS of ``features``.
    distances_m : sequence of float
        In metres; a facility at that very distance counts.
    margins : bool
        Add rows ``outside``, ``unlocated`` and ``total``, marked in a column ``row_kind``.

    Returns
    -------
    DataFrame
        On the codes of ``zones``: ``count`` of features and, for each distance, ``within_50_m``
        (how many) and ``share_50_m`` (of the count, missing where there are none).

    Warns
    -----
    ScaleWarning
        Distances in the CRS are more than 0.1 % wrong over the data; beyond 1 % a CRSError.

    Raises
    ------
    CRSError
        The CRS differ, or distances cannot be measured in theirs.

    See Also
    --------
    coverage, distance_percentiles, nearest

    Examples
    --------
    >>> zone = gpd.GeoSeries([shapely.box(550_000, 3_460_000, 551_000, 3_461_000)],
    ...                      index=["A"], crs="EPSG:4549")
    >>> stops = gpd.GeoSeries(gpd.points_from_xy([550_100, 550_200], [3_460_500] * 2),
    ...                       crs="EPSG:4549")
    >>> bay = gpd.GeoSeries([shapely.Point(550_000, 3_460_500)], crs="EPSG:4549")
    >>> share_within(stops, bay, zone, distances_m=(100,)).loc["A"].tolist()
    [2.0, 1.0, 0.5]
    """
    return share_table(features, facilities, zones, distances_m, margins)


def share_table(
    features: Frame,
    facilities: Frame,
    zones: Frame,
    distances_m: Sequence[float],
    margins: bool,
    index: ZoneIndex | None = None,
) -> pd.DataFrame:
    """Shares within distances, with the index of the zones where there is one already."""
    gate = Gate("share_within")
    metres_each = gate.many(distances_m, "distances_m", least=0, unit=METRES)
    gate.choice(margins, "margins", (True, False))
    origins, targets = _both(gate, features, facilities)
    position, names, owner = _owners(gate, origins, zones, margins, index)
    nearest_one = _nearest(origins, targets, max_m=max(metres_each, default=0))
    distance = nearest_one["distance_m"].to_numpy()
    # Outside and unlocated are -1 and -2: two more than a position counts all of them.
    rows = np.array([at for at in position if at is not None], dtype=np.int64) + 2

    def counted(chosen: np.ndarray) -> np.ndarray:
        counts = np.bincount(owner[chosen] + 2, minlength=int(rows.max(initial=0)) + 1)[rows]
        return np.append(counts, chosen.sum()) if margins else counts

    table = pd.DataFrame({"count": counted(np.ones(len(owner), dtype=bool))}, index=names)
    for metres in metres_each:
        within = counted(distance <= metres)
        table[f"within_{metres:g}_m"] = within
        table[f"share_{metres:g}_m"] = within / table["count"].where(table["count"] > 0)
    return mark_rows(table, margins)


def unserved(
    features: Frame,
    facilities: Frame,
    *,
    within_m: float,
) -> gpd.GeoDataFrame:
    """List the features that have no facility within a distance, the farthest first.

    Parameters
    ----------
    features : GeoDataFrame
    facilities : GeoDataFrame or GeoSeries
        In the CRS of ``features``.
    within_m : float
        In metres.

    Returns
    -------
    GeoDataFrame
        Those rows of ``features``, with ``distance_m`` and ``facility`` of the nearest (missing
        where there is no facility at all). Rows without geometry are left out: nobody knows.

    See Also
    --------
    nearest, coverage_gaps

    Examples
    --------
    >>> stops = gpd.GeoDataFrame({"name": ["A", "B"]}, crs="EPSG:4549",
    ...     geometry=gpd.points_from_xy([550_100, 550_200], [3_460_500] * 2))
    >>> bay = gpd.GeoSeries([shapely.Point(550_000, 3_460_500)], crs="EPSG:4549")
    >>> unserved(stops, bay, within_m=150)[["name", "distance_m"]].values.tolist()
    [['B', 200.0]]
    """
    gate = Gate("unserved")
    limit = gate.number(within_m, "within_m", least=0, unit=METRES)
    frame = gate.frame(features, "features", needs_columns=True)
    gate.free(frame.columns, ("facility", "distance_m"), "features")
    origins, targets = _both(gate, frame, facilities)
    nearest_one = _nearest(origins, targets)
    distance = nearest_one["distance_m"].to_numpy()
    far = np.flatnonzero(origins.shapes.placed & ~(distance <= limit))
    far = far[np.argsort(-np.nan_to_num(distance[far], nan=np.inf), kind="stable")]
    return frame.iloc[far].assign(
        facility=nearest_one["facility"].array.take(far), distance_m=distance[far]
    )


def _find(
    features: np.ndarray, facilities: np.ndarray, k: int, max_m: float | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows of features, facilities (-1 for none) and distances, by feature, then distance."""
    usable = ~(shapely.is_missing(facilities) | shapely.is_empty(facilities))
    place = np.flatnonzero(usable)
    tree = shapely.STRtree(facilities[place])
    somewhere = ~(shapely.is_missing(features) | shapely.is_empty(features))
    rows = np.flatnonzero(somewhere) if len(place) else np.empty(0, dtype=np.int64)
    parts = []
    points = bool((shapely.get_type_id(facilities[place]) == 0).all())
    points &= bool((shapely.get_type_id(features[rows]) == 0).all())
    for first in range(0, len(rows), _CHUNK):
        some = rows[first : first + _CHUNK]
        search = _among_points if points else _among_shapes
        at, near, distance = search(features[some], tree, min(k, len(place)), max_m)
        parts.append((some[at], place[near], distance))
    nothing = np.empty(0, dtype=np.int64)
    parts.append((nothing, nothing, np.empty(0)))
    row, facility, distance = (np.concatenate(part) for part in zip(*parts, strict=True))
    has_facility = np.zeros(len(features), dtype=bool)
    has_facility[row] = True
    alone = np.flatnonzero(~has_facility)
    row = np.concatenate([row, alone])
    order = np.argsort(row, kind="stable")
    facility = np.concatenate([facility, np.full(len(alone), -1)])
    distance = np.concatenate([distance, np.full(len(alone), np.nan)])
    return row[order], facility[order], distance[order]


def _among_points(
    features: np.ndarray, tree: shapely.STRtree, k: int, max_m: float | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The ``k`` nearest of each feature, by feature and rank, where all are points."""
    origins, targets = (shapely.get_coordinates(v) for v in (features, tree.geometries))
    position, distance = nearest_points(origins, targets, k, np.inf if max_m is None else max_m)
    at, rank = np.nonzero(position >= 0)
    return at, position[at, rank], distance[at, rank]


def _among_shapes(
    features: np.ndarray, tree: shapely.STRtree, k: int, max_m: float | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The same for any geometry, from candidates of the tree."""
    at, near, distance = _candidates(features, tree, k, max_m)
    order = np.lexsort([near, distance, at])
    at, near, distance = at[order], near[order], distance[order]
    best = np.arange(len(at)) - np.searchsorted(at, at) < k
    return at[best], near[best], distance[best]


def _candidates(
    features: np.ndarray, tree: shapely.STRtree, k: int, max_m: float | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pairs among which the ``k`` nearest of each feature are, with their distances."""
    (at, near), distance = tree.query_nearest(
        features, max_distance=max_m or None, return_distance=True
    )
    if max_m == 0:
        at, near, distance = at[distance == 0], near[distance == 0], distance[distance == 0]
    if k == 1:
        return at, near, distance
    # The nearest tells how far to look for more; twice as far where that was not enough.
    limit = np.inf if max_m is None else max_m
    radius = np.zeros(len(features))
    radius[at] = distance
    spacing = np.median(radius) + 1e-3
    radius = np.minimum(np.maximum(1.5 * np.sqrt(k) * radius, spacing), limit)
    open_ = np.unique(at)
    pairs = []
    while len(open_):
        row, place = tree.query(features[open_], predicate="dwithin", distance=radius[open_])
        many = np.bincount(row, minlength=len(open_))
        done = (many >= k) | (radius[open_] >= limit)
        keep = done[row]
        pairs.append((open_[row[keep]], place[keep]))
        open_ = open_[~done]
        radius[open_] = np.minimum(2 * radius[open_], limit)
    if pairs:
        at, near = (np.concatenate(side) for side in zip(*pairs, strict=True))
    return at, near, shapely.distance(features[at], tree.geometries[near])


def _owners(
    gate: Gate, features: Features, zones: Frame, margins: bool, index: ZoneIndex | None = None
) -> tuple[list[int | None], pd.Index, np.ndarray]:
    """Positions of the rows of a table on the zones, its labels, the owner of each feature."""
    # Whose zone a feature is in needs no scale; the distances are tested where they are measured.
    given = gate.zones(zones, like=features)
    index = ZoneIndex(given) if index is None else index
    position: list[int | None] = index.codes.get_indexer(given.index).tolist()
    if margins:
        position += [OUTSIDE, UNLOCATED, None]
    return position, with_margins(given.index, margins), index.owner(features.shapes)
