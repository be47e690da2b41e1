"""Hot and cold spots: Getis and Ord's Gi* on a grid of square cells."""

from __future__ import annotations

import math
from itertools import product

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo_citymgmt._gate import METRES, Features, Frame, Gate
from geo_citymgmt._languages import Messages, Text
from geo_citymgmt.zones._ownership import ZoneIndex

_MESSAGES = Messages("geo_citymgmt.patterns")

#: Permutations drawn at a time: nine neighbours of them are 5 MB.
_CHUNK = 65_536
#: Below this many cells, ranks of random numbers draw without replacement quicker than retrying.
_FEW_CELLS = 128


def normal_p(z: np.ndarray) -> np.ndarray:
    """Two-sided p of standard normal scores; one where there is no score."""
    distinct, at = np.unique(np.abs(z), return_inverse=True)
    p = np.array([math.erfc(score / math.sqrt(2.0)) for score in distinct.tolist()])
    return np.where(np.isnan(z), 1.0, p[at])


def benjamini_hochberg(p: np.ndarray) -> np.ndarray:
    """Adjusted p: the false-discovery rate at which each would just be accepted."""
    order = np.argsort(p, kind="stable")
    ranked = p[order] * len(p) / np.arange(1, len(p) + 1)
    out = np.empty(len(p))
    out[order] = np.minimum(np.minimum.accumulate(ranked[::-1])[::-1], 1.0)
    return out


def permutation_p(
    values: np.ndarray, near: np.ndarray, n_near: np.ndarray, permutations: int, seed: int
) -> np.ndarray:
    """Two-sided p of each cell's neighbour sum when all other cells change places at random.

    A cell keeps its own value, its neighbours' are drawn without replacement from all the others;
    counted is how often their sum lies as far from its expectation as the one observed. ``near``
    is the sum over each cell's neighbours without itself, ``n_near`` how many it has.

    The draws are shared by all cells: sets of k cells out of all n, k being the number of
    neighbours. Where such a set holds the cell itself, that member gives way to one more, drawn
    with it; what results is a draw from the others. So only the sets that hold a cell cost
    anything for it, and the rest are one sorted list: n log(permutations), not n times
    permutations.
    """
    n = len(values)
    total = values.sum()
    expected = n_near * (total - values) / max(n - 1, 1)
    # Sums of the same numbers in another order differ by rounding, and must count as ties.
    slack = 1e-9 * max(np.abs(values).max(initial=0.0), 1e-300) * max(int(n_near.max()), 1)
    distance = np.abs(near - expected) - slack
    low, high = expected - distance, expected + distance
    extreme = np.zeros(n)
    rng = np.random.default_rng(seed)
    classes = [(int(k), np.flatnonzero(n_near == k)) for k in np.unique(n_near)]
    for start in range(0, permutations, _CHUNK):
        size = min(_CHUNK, permutations - start)
        drawn = _distinct(rng, n, int(n_near.max()) + 1, size)
        sums = np.cumsum(values[drawn], axis=1)
        for k, cells in classes:
            if k == 0:
                extreme[cells] += size
                continue
            sum_k = sums[:, k - 1]
            ranked = np.sort(sum_k)
            # Expectation and observation may coincide: then each draw is as far from it.
            count = np.where(
                distance[cells] <= 0,
                size,
                size
                - np.searchsorted(ranked, high[cells], side="left")
                + np.searchsorted(ranked, low[cells], side="right"),
            )
            extreme[cells] += count
            member = drawn[:, :k].ravel()
            row = np.repeat(np.arange(size), k)
            ours = n_near[member] == k
            member, row = member[ours], row[ours]
            before = sum_k[row]
            after = before - values[member] + values[drawn[row, k]]
            change = _beyond(after, member, low, high, distance).astype(float)
            change -= _beyond(before, member, low, high, distance)
            extreme += np.bincount(member, weights=change, minlength=n)
    return (extreme + 1.0) / (permutations + 1.0)


def _beyond(
    sums: np.ndarray, cell: np.ndarray, low: np.ndarray, high: np.ndarray, distance: np.ndarray
) -> np.ndarray:
    return (sums >= high[cell]) | (sums <= low[cell]) | (distance[cell] <= 0)


def _distinct(rng: np.random.Generator, n: int, k: int, rows: int) -> np.ndarray:
    """Rows of ``k`` different numbers below ``n``, all ordered choices equally likely."""
    if n <= _FEW_CELLS:
        return np.argsort(rng.random((rows, n)), axis=1)[:, :k]
    out = rng.integers(0, n, (rows, k))
    wrong = np.arange(rows)
    while len(wrong):
        ranked = np.sort(out[wrong], axis=1)
        wrong = wrong[(ranked[:, 1:] == ranked[:, :-1]).any(axis=1)]
        # The whole row anew: repairing one number would favour some rows.
        out[wrong] = rng.integers(0, n, (len(wrong), k))
    return out


#: More than this is a mistaken cell size, or a feature far away.
_MAX_CELLS = 4_000_000


def hot_spots(
    gdf: Frame,
    *,
    cell_m: float,
    value: str | None = None,
    zones: Frame | None = None,
    permutations: int | None = 9999,
    seed: int = 0,
    fdr: float = 0.05,
) -> gpd.GeoDataFrame:
    """Find the cells where a value gathers more, or less, than chance would have it.

    Gi* of Getis and Ord with binary weights: the cell and the up to eight cells that touch it
    (queen contiguity). Cells without any feature count as zero.

    Parameters
    ----------
    gdf : GeoDataFrame or GeoSeries
        Features in a metric CRS. A line or polygon counts as a whole in the cell of a point on it.
    cell_m : float
        Side of a cell in metres, at least one. Edges lie on its multiples, so that cells of two
        dates agree.
    value : str, optional
        Column to sum by cell; the number of features without it. Missing values add nothing.
    zones : GeoDataFrame or GeoSeries, optional
        The study area: cells that share area with a zone take part, with the code of the zone that
        has most of them; features outside are left out and counted. Without zones all cells of
        the bounding box take part, and empty land around a city makes the city hot: give zones.
    permutations : int or None
        Random draws for p. None or 0 takes p from the normal distribution, which is too small for
        rare events.
    seed : int
        Where the draws begin; the same seed gives the same p.
    fdr : float
        False-discovery rate of Benjamini and Hochberg.

    Returns
    -------
    GeoDataFrame
        One row a cell, indexed by ``grid_code`` (its south-west corner, ``E550000N3460000``):
        ``n`` features, ``value``, ``neighbours`` (itself included), ``g_star`` (share of the whole
        within the neighbourhood), ``z`` (its standard score), ``p`` (two-sided), ``q`` (adjusted),
        ``spot`` (hot, cold, none: q at most ``fdr``), ``zone_code`` with zones, the square.
        ``.attrs`` holds ``p_floor``, the smallest p that the draws allow, ``min_cells_at_floor``,
        how many cells must reach it before any can be significant, ``outside``, ``unlocated``,
        ``missing``, ``proposed`` (left out: their place is not known but proposed),
        ``permutations``, ``seed``, ``fdr``, and ``note_en``, ``note_zh`` with what the
        reader must know, empty otherwise.

    Warns
    -----
    ScaleWarning
        Areas or lengths in the CRS are more than 0.1 % wrong over the data; beyond 1 % a CRSError.

    Raises
    ------
    CRSError
        The CRS differ, or areas and lengths cannot be measured in theirs.
    CityDataError
        No such column, a cell size or count that makes no sense.

    See Also
    --------
    make_grid, open_cases

    Notes
    -----
    z = (sum over the neighbourhood - k mean) / (s sqrt(k (n - k) / (n - 1))), with k cells in it
    and mean and s over all n cells; equal to ``esda.G_Local(star=True, transform="B")``. Getis
    and Ord (1992), Ord and Getis (1995); Benjamini and Hochberg (1995).

    Examples
    --------
    >>> where = [(550_010, 3_460_010)] * 9 + [(550_410, 3_460_410)]
    >>> bays = gpd.GeoSeries(gpd.points_from_xy(*zip(*where)), crs="EPSG:4549")
    >>> cells = hot_spots(bays, cell_m=100, permutations=None)
    >>> cells.loc[["E550000N3460000"], ["n", "neighbours", "z", "spot"]].round(4)
                     n  neighbours       z  spot
    grid_code
    E550000N3460000  9           4  2.2393  none
    """
    return spots_of(gdf, cell_m, value, zones, permutations, seed, fdr)


# The arguments of the public function, and the index.
def spots_of(
    gdf: Frame,
    cell_m: float,
    value: str | None,
    zones: Frame | None,
    permutations: int | None,
    seed: int,
    fdr: float,
    index: ZoneIndex | None = None,
) -> gpd.GeoDataFrame:
    """Hot spots, with the index of the zones where there is one already."""
    gate = Gate("hot_spots")
    cell_m = gate.number(cell_m, "cell_m", least=1, unit=METRES)
    draws = 0 if permutations is None else gate.whole(permutations, "permutations")
    seed = gate.whole(seed, "seed")
    fdr = gate.number(fdr, "fdr", above=0, most=1)
    placed = gate.features(gdf, "gdf", measures=("area", "length"))
    if zones is not None:
        given = gate.zones(zones, like=placed)
        index = ZoneIndex(given) if index is None else index
    if index is not None and not len(index.codes):
        raise gate.refuse(*_MESSAGES.pair("zones_empty_no"))
    features = _Features(gate, placed, value, index)
    cells = _cells(features, cell_m, index, gate)
    table = _sums(features, cells, cell_m)
    lag, k = _neighbourhood(cells, table["value"].to_numpy())
    z = _scores(table["value"].to_numpy(), lag, k)
    table["neighbours"] = k
    total = table["value"].sum()
    table["g_star"] = lag / total if total else np.nan
    table["z"] = z
    amount = table["value"].to_numpy()
    p = permutation_p(amount, lag - amount, k - 1, draws, seed) if draws else normal_p(z)
    table["p"] = np.where(np.isnan(z), 1.0, p)
    table["q"] = benjamini_hochberg(table["p"].to_numpy())
    significant = table["q"].to_numpy() <= fdr
    spot = np.where(significant & (z > 0), "hot", np.where(significant & (z < 0), "cold", "none"))
    table["spot"] = pd.array(spot, dtype="str")
    squares = shapely.box(*(cells[:, 0], cells[:, 1], cells[:, 0] + 1, cells[:, 1] + 1))
    squares = shapely.transform(squares, lambda xy: xy * cell_m)
    if index is not None:
        owner = index.owner(squares)
        table["zone_code"] = index.code_of(owner, table.index)
    out = gpd.GeoDataFrame(table, geometry=squares, crs=placed.crs)
    out.attrs = _terms(len(cells), draws, seed, fdr) | features.left_out
    if np.isnan(z).all():
        out.attrs |= {
            "note_en": "All cells have the same value or one neighbourhood: nothing stands out.",
            "note_zh": "各网格数值相同或互为邻域，无从判断冷热点。",
        }
    return out


class _Features:
    """Places and amounts of the features that count, and how many do not."""

    def __init__(
        self, gate: Gate, features: Features, value: str | None, index: ZoneIndex | None
    ) -> None:
        usable = features.shapes.placed
        n_proposed = 0
        if isinstance(features.given, gpd.GeoDataFrame) and "place_basis" in features.given:
            # Places by the name of a street would make its middle hot.
            proposed = usable & features.given["place_basis"].notna().to_numpy()
            usable, n_proposed = usable & ~proposed, int(proposed.sum())
        amount = np.ones(len(features))
        if value is not None:
            amount = gate.numbers(features.given, value, "value")
        inside = usable if index is None else usable & (index.owner(features.shapes) >= 0)
        missing = np.isnan(amount)
        self.amount = np.where(missing, 0.0, amount)[inside]
        self.left_out = {
            "outside": int((usable & ~inside).sum()),
            "unlocated": int((~features.shapes.placed).sum()),
            "missing": int((missing & inside).sum()),
            "proposed": n_proposed,
        }
        place = features.geometry[inside]
        point = shapely.get_type_id(place) == 0
        place[~point] = shapely.point_on_surface(place[~point])
        self.xy = np.column_stack([shapely.get_x(place), shapely.get_y(place)])


def _cells(features: _Features, cell_m: float, index: ZoneIndex | None, gate: Gate) -> np.ndarray:
    """Columns and rows of the cells that take part, south-west first."""
    at = np.floor(features.xy / cell_m).astype("int64")
    if index is None:
        if not len(at):
            raise gate.refuse(_MESSAGES("no_feature_place"))
        low, high = at.min(axis=0), at.max(axis=0)
    else:
        bounds = shapely.bounds(index.polygons)
        low = np.floor(np.nanmin(bounds[:, :2], axis=0) / cell_m).astype("int64")
        high = np.floor(np.nanmax(bounds[:, 2:], axis=0) / cell_m).astype("int64")
        # A parcel across the border may have its point beyond it.
        low, high = np.vstack([low, at]).min(axis=0), np.vstack([high, at]).max(axis=0)
    wide, tall = (int(size) + 1 for size in high - low)
    if wide * tall > _MAX_CELLS:
        raise gate.refuse(_MESSAGES("cells_too_many", cell_m=cell_m, wide=wide, tall=tall))
    col, row = np.meshgrid(np.arange(wide), np.arange(tall))
    cells = np.column_stack([col.ravel(), row.ravel()]) + low
    if index is not None:
        taken = _share_area(cells, cell_m, index)
        # A feature on the very edge of a zone may fall into a cell that only touches it.
        taken[(at - low) @ np.array([1, wide])] = True
        cells = cells[taken]
    return cells


def _share_area(cells: np.ndarray, cell_m: float, index: ZoneIndex) -> np.ndarray:
    corner = cells * cell_m
    squares = shapely.box(corner[:, 0], corner[:, 1], corner[:, 0] + cell_m, corner[:, 1] + cell_m)
    tree = shapely.STRtree(squares)
    out = np.zeros(len(cells), dtype=bool)
    out[tree.query(index.polygons, predicate="contains")[1]] = True
    zone, at = tree.query(index.polygons, predicate="intersects")
    zone, at = zone[~out[at]], at[~out[at]]
    shared = shapely.area(shapely.intersection(squares[at], index.polygons[zone]))
    out[at[shared > 1e-9 * cell_m**2]] = True
    return out


def _sums(features: _Features, cells: np.ndarray, cell_m: float) -> pd.DataFrame:
    at = np.floor(features.xy / cell_m).astype("int64")
    codes = [f"E{x:.0f}N{y:.0f}" for x, y in zip(*(cells * cell_m).T.tolist(), strict=True)]
    keys = pd.MultiIndex.from_arrays(cells.T)
    position = keys.get_indexer(pd.MultiIndex.from_arrays(at.T)) if len(at) else at[:, 0]
    return pd.DataFrame(
        {
            "n": np.bincount(position, minlength=len(cells)),
            "value": np.bincount(position, weights=features.amount, minlength=len(cells)),
        },
        index=pd.Index(codes, name="grid_code", dtype="str"),
    )


def _neighbourhood(cells: np.ndarray, value: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sum over the up to nine cells around each, itself included, and their number."""
    low = cells.min(axis=0)
    col, row = (cells - low).T
    shape = (int(row.max()) + 3, int(col.max()) + 3)
    sums, present = np.zeros(shape), np.zeros(shape, dtype="int64")
    sums[row + 1, col + 1], present[row + 1, col + 1] = value, 1
    lag, k = np.zeros(len(cells)), np.zeros(len(cells), dtype="int64")
    for down, right in product(range(3), repeat=2):
        lag += sums[row + down, col + right]
        k += present[row + down, col + right]
    return lag, k


def _scores(value: np.ndarray, lag: np.ndarray, k: np.ndarray) -> np.ndarray:
    """Standard scores; missing where values do not vary or all cells are neighbours."""
    n = len(value)
    mean = value.mean()
    spread = np.sqrt(((value - mean) ** 2).mean())
    scale = spread * np.sqrt(k * (n - k) / max(n - 1, 1))
    flat = scale <= 1e-12 * np.abs(value).max(initial=0.0)
    return np.where(flat, np.nan, (lag - k * mean) / np.where(flat, 1.0, scale))


def _terms(n: int, permutations: int, seed: int, fdr: float) -> dict[str, object]:
    terms: dict[str, object] = {"permutations": permutations, "seed": seed, "fdr": fdr}
    terms |= {"p_floor": 0.0, "min_cells_at_floor": 1, "note_en": "", "note_zh": ""}
    if not permutations:
        return terms
    floor = 1.0 / (permutations + 1)
    # Benjamini and Hochberg accept r cells at the floor when floor <= fdr r / n.
    at_floor = int(np.ceil(floor * n / fdr - 1e-9))
    terms |= {"p_floor": floor, "min_cells_at_floor": max(at_floor, 1)}
    if at_floor > 1:
        enough = int(np.ceil(n / fdr - 1e-9)) - 1
        verdict = Text("不足此数则全部显示为不显著", "fewer cells than that show nothing")
        if at_floor > n:
            verdict = Text("任何网格都不可能显著", "no cell can be significant")
        terms["note_en"] = (
            f"With {permutations:,} permutations p cannot fall below {floor:.2g}; among {n:,} cells"
            f" {at_floor:,} must reach it: {verdict.en}. {enough:,} permutations would let"
            " a single cell be significant."
        )
        terms["note_zh"] = (
            f"置换 {permutations:,} 次时 p 值不低于 {floor:.2g}；{n:,} 个网格中须有 {at_floor:,} 个"
            f"达到该值：{verdict.zh}。置换 {enough:,} 次时单个网格即可显著。"
        )
    return terms
