"""Change between two epochs of footprints: new, enlarged, reduced, removed, unchanged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo_citymgmt._gate import SQUARE_METRES, Features, Frame, Gate, areal
from geo_citymgmt._languages import NOTHING, Messages
from geo_citymgmt.patterns._conflicts import has_area, ids

_MESSAGES = Messages("geo_citymgmt.patterns")

_TURNS = 20
#: Two surveys of one roof differ by less; beyond it the building has changed.
_ALIKE = 0.8
#: Fewer pairs than this say nothing of a system.
_FEW_PAIRS = 5


@dataclass(frozen=True, slots=True)
class Shift:
    """Metres east and north from before to after, how many pairs tell, how far they differ."""

    x: float = 0.0
    y: float = 0.0
    pairs: int = 0
    spread: float = float("nan")

    def terms(self, applied: bool) -> dict[str, object]:
        """What a reader must know of it."""
        distance = float(np.hypot(self.x, self.y))
        seen = (
            not applied
            and self.pairs >= _FEW_PAIRS
            and distance > max(0.1, 3.0 * self.spread / np.sqrt(self.pairs))
        )
        moved = f"({self.x:+.2f}, {self.y:+.2f})"
        note = _MESSAGES("epochs_lie_apart", distance=distance, moved=moved, pairs=self.pairs)
        note = note if seen else NOTHING
        return {
            "shift_x_m": self.x,
            "shift_y_m": self.y,
            "shift_pairs": self.pairs,
            "shift_spread_m": self.spread,
            "shift_applied": applied,
            "note_en": note.en,
            "note_zh": note.zh,
        }


def estimate_shift(old: np.ndarray, new: np.ndarray, overlap: float) -> Shift:
    """Median way from centroid to centroid of footprints that are alike, until it settles.

    Only pairs that are each other's largest overlap and differ in area by less than a fifth take
    part: what was built or torn down does not move the median. A shift beyond the size of the
    buildings is not found.
    """
    old_xy, new_xy = _centroids(old), _centroids(new)
    old_area, new_area = shapely.area(old), shapely.area(new)
    tree = shapely.STRtree(old)
    best = Shift()
    for _ in range(_TURNS):
        back = np.array([best.x, best.y])
        moved = shapely.transform(new, lambda xy, back=back: xy - back)
        other, one = tree.query(moved, predicate="intersects")
        shared = shapely.area(shapely.intersection(old[one], moved[other]))
        larger = np.maximum(old_area[one], new_area[other])
        smaller = np.minimum(old_area[one], new_area[other])
        good = (smaller >= _ALIKE * larger) & (shared >= overlap * smaller) & (shared > 0)
        good[good] = _mutual(one[good], other[good], shared[good])
        if not good.any():
            return best
        way = new_xy[other[good]] - old_xy[one[good]]
        middle = np.median(way, axis=0)
        spread = 1.4826 * float(np.median(np.hypot(*(way - middle).T)))
        step = float(np.hypot(*(middle - back)))
        best = Shift(float(middle[0]), float(middle[1]), len(way), spread)
        if step < 1e-6:
            break
    return best


def _centroids(geometry: np.ndarray) -> np.ndarray:
    centre = shapely.centroid(geometry)
    return np.column_stack([shapely.get_x(centre), shapely.get_y(centre)])


def _mutual(one: np.ndarray, other: np.ndarray, shared: np.ndarray) -> np.ndarray:
    """Tell which pairs are the largest overlap of both sides."""
    most_one = np.zeros(one.max(initial=-1) + 1)
    most_other = np.zeros(other.max(initial=-1) + 1)
    np.maximum.at(most_one, one, shared)
    np.maximum.at(most_other, other, shared)
    return (shared == most_one[one]) & (shared == most_other[other])


def changes(
    before: Frame,
    after: Frame,
    *,
    min_area_m2: float,
    permits: Frame | None = None,
    overlap: float = 0.3,
    apply_shift: bool = False,
) -> gpd.GeoDataFrame:
    """Match the footprints of two epochs, and tell what was built and what is gone.

    Footprints belong together when they share at least ``overlap`` of the smaller one; what hangs
    together, such as a building in one epoch and its two halves in the other, is one row. Both
    epochs are estimated for a systematic shift against each other, as between two surveys.

    Parameters
    ----------
    before, after : GeoDataFrame or GeoSeries
        Polygons of the two epochs in one metric CRS. What is no polygon takes no part and is
        counted.
    min_area_m2 : float
        A change below this is none. A footprint below it that is new or removed is left out and
        counted.
    permits : GeoDataFrame or GeoSeries, optional
        Areas where building was permitted. What is new or enlarged there by less than
        ``min_area_m2`` beyond them is left out and counted.
    overlap : float
        Above 0 and up to 1.
    apply_shift : bool
        Move ``after`` back by the shift before it is compared and returned. The shift is reported
        either way.

    Returns
    -------
    GeoDataFrame
        From west to east: ``kind``, ``before_m2``, ``after_m2``, ``change_m2`` (their difference,
        by which the kind is told), ``added_m2`` and ``lost_m2`` (area that one epoch alone covers:
        both large on a site built anew), ``permitted_m2`` (of what was added), ``before_ids``,
        ``after_ids`` (joined by ;), ``shift_x_m``, ``shift_y_m``; the footprint after, of what was
        removed the one before. ``.attrs`` holds the shift with the number of pairs behind it
        (``shift_pairs``), their ``shift_spread_m`` and whether it was applied; ``n_no_area``;
        ``n_below_min``, ``below_min_before_m2``, ``below_min_after_m2``; ``n_permitted``,
        ``permitted_before_m2``, ``permitted_after_m2``; ``note_en`` and ``note_zh`` where a shift
        was seen and not applied. Areas in the rows and those left out add up to each epoch's.

    Warns
    -----
    ScaleWarning
        Areas or lengths in the CRS are more than 0.1 % wrong over the data; beyond 1 % a CRSError.

    Raises
    ------
    CRSError
        The CRS differ, or areas and lengths cannot be measured in theirs.
    CityDataError
        Limits that make no sense.

    See Also
    --------
    recurrence

    Examples
    --------
    >>> def houses(*sizes):
    ...     return gpd.GeoSeries([shapely.box(x, 3_460_000, x + w, 3_460_010) for x, w in sizes],
    ...                          crs="EPSG:4549")
    >>> table = changes(houses((550_000, 10), (550_100, 10)), houses((550_000, 15), (550_200, 10)),
    ...                 min_area_m2=20)
    >>> table[["kind", "before_m2", "after_m2", "before_ids", "after_ids"]]
           kind  before_m2  after_m2 before_ids after_ids
    0  enlarged      100.0     150.0          0         0
    1   removed      100.0       0.0          1
    2       new        0.0     100.0                    1
    """
    gate = Gate("changes")
    least = gate.number(min_area_m2, "min_area_m2", least=0, unit=SQUARE_METRES)
    overlap = gate.number(overlap, "overlap", above=0, most=1)
    earlier = gate.features(before, "before", measures=("area", "length"))
    later = gate.features(after, "after", like=earlier)
    allowed = None if permits is None else gate.features(permits, "permits", like=earlier).geometry
    old, old_ids, old_none = _footprints(earlier)
    new, new_ids, new_none = _footprints(later)
    shift = estimate_shift(old, new, overlap)
    if apply_shift:
        new = shapely.transform(new, lambda xy: xy - np.array([shift.x, shift.y]))
    one, other = match(old, new, overlap)
    group = _components(len(old) + len(new), one, other + len(old))
    n = int(group.max(initial=-1)) + 1
    was, now = _merged(old, group[: len(old)], n), _merged(new, group[len(old) :], n)
    added = shapely.difference(now, was)
    lost = shapely.difference(was, now)
    permitted = _inside(added, allowed)
    table = pd.DataFrame(
        {
            "kind": "",
            "before_m2": shapely.area(was),
            "after_m2": shapely.area(now),
            "change_m2": shapely.area(now) - shapely.area(was),
            "added_m2": shapely.area(added),
            "lost_m2": shapely.area(lost),
            "permitted_m2": permitted,
            "before_ids": _joined(old_ids, group[: len(old)], n),
            "after_ids": _joined(new_ids, group[len(old) :], n),
            "shift_x_m": shift.x,
            "shift_y_m": shift.y,
        }
    )
    table["kind"] = pd.array(_kinds(table, least), dtype="str")
    out = gpd.GeoDataFrame(
        table, geometry=np.where(table["kind"] == "removed", was, now), crs=earlier.crs
    )
    small, explained = _left_out(table, least)
    place = shapely.bounds(out.geometry.to_numpy())
    order = np.lexsort([place[:, 1], place[:, 0]])
    order = order[~(small | explained)[order]]
    counts = _count("below_min", table[small]) | _count("permitted", table[explained])
    out = out.iloc[order].reset_index(drop=True)
    out.attrs = {**shift.terms(apply_shift), "n_no_area": old_none + new_none, **counts}
    return out


def match(old: np.ndarray, new: np.ndarray, overlap: float) -> tuple[np.ndarray, np.ndarray]:
    """Positions of footprints that share at least ``overlap`` of the smaller."""
    other, one = shapely.STRtree(old).query(new, predicate="intersects")
    shared = shapely.area(shapely.intersection(old[one], new[other]))
    smaller = np.minimum(shapely.area(old)[one], shapely.area(new)[other])
    enough = shared >= overlap * smaller * (1 - 1e-9)
    return one[enough], other[enough]


def _footprints(features: Features) -> tuple[np.ndarray, np.ndarray, int]:
    """Valid polygons with an area, their ids, and how many features have none."""
    geometry = features.geometry
    crossed = np.flatnonzero(~shapely.is_valid(geometry) & features.shapes.placed)
    if len(crossed):
        geometry = geometry.copy()
        geometry[crossed] = [areal(shapely.make_valid(shape)) for shape in geometry[crossed]]
    usable = has_area(geometry)
    names = ids(features.given).to_numpy(dtype=object)
    return geometry[usable], names[usable], int((~usable).sum())


def _components(n: int, one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Number of the group each node belongs to, from zero, by the links between them."""
    lowest = np.arange(n)
    while True:
        least = np.minimum(lowest[one], lowest[other])
        after = lowest.copy()
        np.minimum.at(after, one, least)
        np.minimum.at(after, other, least)
        # What a node points to points on: chains halve with each turn.
        after = after[after]
        if (after == lowest).all():
            return np.unique(lowest, return_inverse=True)[1]
        lowest = after


def _merged(geometry: np.ndarray, group: np.ndarray, n: int) -> np.ndarray:
    """One footprint a group; most groups have one member, and need no union."""
    out = np.full(n, shapely.Polygon(), dtype=object)
    size = np.bincount(group, minlength=n)
    out[group] = geometry
    several = np.flatnonzero(size[group] > 1)
    several = several[np.argsort(group[several], kind="stable")]
    shared, start = np.unique(group[several], return_index=True)
    for which, members in zip(shared, np.split(several, start[1:]), strict=False):
        out[which] = shapely.union_all(geometry[members])
    return out


def _joined(names: np.ndarray, group: np.ndarray, n: int) -> Any:
    joined = pd.Series(names).groupby(group).agg(lambda part: ";".join(sorted(part)))
    return pd.array(joined.reindex(range(n), fill_value="").to_numpy(dtype=object), dtype="str")


def _inside(added: np.ndarray, permits: np.ndarray | None) -> np.ndarray:
    """Area of each addition that lies within a permit; where permits overlap, once."""
    out = np.zeros(len(added))
    if permits is None:
        return out
    allowed = permits[has_area(permits)]
    at, near = shapely.STRtree(allowed).query(added, predicate="intersects")
    at, position = np.unique(at, return_inverse=True)
    local = _merged(allowed[near], position, len(at))
    out[at] = shapely.area(shapely.intersection(added[at], local))
    return out


def _kinds(table: pd.DataFrame, min_area_m2: float) -> np.ndarray:
    change = table["change_m2"].to_numpy()
    # Equal footprints differ by rounding, even when every change counts.
    rounding = 1e-9 * (table["before_m2"] + table["after_m2"]).to_numpy()
    limit = np.maximum(min_area_m2 * (1 - 1e-9), rounding)
    return np.select(
        [
            (table["before_ids"] == "").to_numpy(),
            (table["after_ids"] == "").to_numpy(),
            change >= limit,
            change <= -limit,
        ],
        ["new", "removed", "enlarged", "reduced"],
        "unchanged",
    )


def _left_out(table: pd.DataFrame, min_area_m2: float) -> tuple[np.ndarray, np.ndarray]:
    """Rows below the smallest area, and rows that permits explain."""
    kind = table["kind"]
    size = table["change_m2"].abs()
    small = (kind.isin(["new", "removed"]) & (size < min_area_m2)).to_numpy()
    beyond = table["change_m2"] - table["permitted_m2"]
    grown = kind.isin(["new", "enlarged"]) & (table["permitted_m2"] > 0)
    explained = beyond < np.maximum(min_area_m2, 1e-6)
    return small, (grown & explained).to_numpy() & ~small


def _count(name: str, rows: pd.DataFrame) -> dict[str, float]:
    return {
        f"n_{name}": len(rows),
        f"{name}_before_m2": float(rows["before_m2"].sum()),
        f"{name}_after_m2": float(rows["after_m2"].sum()),
    }
