"""How a value stands against its target and the calendar, or the plan's own curve."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from geo_citymgmt.indicators import Figure
from geo_citymgmt.indicators.targets import Curve

__all__ = ["STATUSES", "Judgement", "expected_at", "judge"]

STATUSES = (
    "met", "ahead", "on_track", "behind", "overdue", "no_target", "not_comparable", "not_available",
)  # fmt: skip
#: Attainment, what is expected by the day, and the status, each by row.
Judgement = tuple[np.ndarray, np.ndarray, np.ndarray]
#: From blame to praise.
_BY_MERIT = ("not_available", "overdue", "behind", "on_track", "ahead", "met")
_DAY = pd.Timedelta(days=1)


def judge(
    figure: Figure,
    value: np.ndarray,
    opening: np.ndarray,
    curves: Sequence[Curve | None],
    comparator: str,
    day: pd.Timestamp | None,
    start: pd.Timestamp | None,
    thresholds: tuple[float, float],
    bounds: tuple[np.ndarray, np.ndarray] | None = None,
) -> Judgement:
    """Return attainment, expected and status for the rows of one figure.

    Where the document does not let value and target divide, there is no attainment and nothing is
    expected. A figure that is to fall is measured on what there was at the start of the period.

    Parameters
    ----------
    figure : Figure
        Its direction, and whether its target is a level to keep rather than an amount to reach.
    value, opening : array
        At the date; and, for figures that are to fall, at the start of the period.
    curves : sequence of Curve or None
        What each row is held against.
    comparator : str
        ``>=``, or ``>`` where more than the target is asked for.
    day, start : Timestamp
        The date of the value and the first day of its period.
    thresholds : tuple of float
        Shares of the expected from which on a value is ahead, and on track.
    bounds : pair of arrays, optional
        Between what the values lie, where records are not known. The status is then one that holds
        whatever these records are, ``not_available`` where none does.
    """
    n = len(value)
    target = np.array([np.nan if c is None else c.target for c in curves])
    status = np.full(n, "no_target", dtype=object)
    attainment, expected = np.full(n, np.nan), np.full(n, np.nan)
    has_target = ~np.isnan(target)
    status[has_target] = "not_comparable"
    if not [r for r in figure.reasons if r != "no_target"]:
        expected = np.array(
            [
                np.nan if c is None else expected_at(figure, c, o, day, start)
                for c, o in zip(curves, opening, strict=True)
            ]
        )
        if figure.direction == "down":
            fall = opening - target
            attainment = (opening - value) / np.where(fall > 0, fall, np.nan)
            attainment[value <= target] = 1.0
        else:
            attainment = value / np.where(target > 0, target, np.nan)
        late = np.array(
            [day is not None and c is not None and day > c.deadline for c in curves], dtype=bool
        )

        def verdict(amount: np.ndarray) -> np.ndarray:
            out = _against_calendar(figure, amount, expected, thresholds)
            out[late] = "overdue"
            out[_is_met(figure, amount, target, comparator)] = "met"
            return out

        said = verdict(value)
        if bounds is not None:
            said = _common(verdict(bounds[0]), verdict(bounds[1]), said)
        status[has_target] = said[has_target]
    status[np.isnan(value)] = "not_available"
    return attainment, expected, status


def expected_at(
    figure: Figure,
    curve: Curve,
    opening: float,
    day: pd.Timestamp | None,
    start: pd.Timestamp | None,
) -> float:
    """What is expected at the end of a day: on a straight line from one milestone to the next."""
    if figure.level:
        return curve.target
    if day is None or start is None or pd.isna(curve.deadline):
        return float("nan")
    begin = 0.0 if figure.direction == "up" else opening
    # The line starts at the end of the day before the period.
    days = [_number(start - _DAY), *(_number(pd.Timestamp(d)) for d in curve.days if d == d)]
    values = [begin, *(v for d, v in zip(curve.days, curve.values, strict=True) if d == d)]
    if days[-1] <= days[0]:
        return curve.target
    return float(np.interp(_number(day), days, values))


def _number(day: pd.Timestamp) -> int:
    return day.toordinal()


def _is_met(figure: Figure, value: np.ndarray, target: np.ndarray, comparator: str) -> np.ndarray:
    if figure.direction == "down":
        return value <= target
    return value > target if comparator == ">" else value >= target


def _common(low: np.ndarray, high: np.ndarray, said: np.ndarray) -> np.ndarray:
    """What holds at both ends: the lesser praise; no blame that the other end does not share."""
    place = {name: k for k, name in enumerate(_BY_MERIT)}
    rank = np.array([[place[name] for name in end] for end in (low, high)])
    lesser = np.array(_BY_MERIT, dtype=object)[rank.min(axis=0)] if len(low) else said
    blame = place["on_track"]
    differ = (rank < blame).any(axis=0) & (rank >= blame).any(axis=0)
    return np.where(low == high, said, np.where(differ, "not_available", lesser))


def _against_calendar(
    figure: Figure, value: np.ndarray, expected: np.ndarray, thresholds: tuple[float, float]
) -> np.ndarray:
    """Compare with what is expected; without a day nothing is, and there is no blame."""
    ahead, on_track = thresholds
    if figure.direction == "down":
        choices = [value <= expected * (2 - ahead), value <= expected * (2 - on_track)]
    else:
        choices = [value >= expected * ahead, value >= expected * on_track]
    out = np.select(choices, ["ahead", "on_track"], "behind").astype(object)
    out[np.isnan(expected) | np.isnan(value)] = "not_available"
    return out
