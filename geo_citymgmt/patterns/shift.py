"""By how much one epoch of footprints lies beside the other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

__all__ = ["Shift", "estimate_shift"]

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
        return {
            "shift_x_m": self.x,
            "shift_y_m": self.y,
            "shift_pairs": self.pairs,
            "shift_spread_m": self.spread,
            "shift_applied": applied,
            "note_en": (
                f"The later epoch lies {distance:.2f} m beside the earlier one, {moved} m east and "
                f"north by {self.pairs:,} pairs; apply_shift=True takes it off."
                if seen
                else ""
            ),
            "note_zh": (
                f"后期数据相对前期整体偏移 {distance:.2f} 米，东、北方向为 {moved} 米"
                f"（{self.pairs:,} 对）；可用 apply_shift=True 消除。"
                if seen
                else ""
            ),
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
