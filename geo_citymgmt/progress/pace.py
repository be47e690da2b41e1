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
            met = value <= target
            attainment[met] = 1.0
        else:
            attainment = value / np.where(target > 0, target, np.nan)
            met = value > target if comparator == ">" else value >= target
        by_calendar = _against_calendar(figure, value, expected, thresholds)
        status[has_target] = by_calendar[has_target]
        late = [day is not None and c is not None and day > c.deadline for c in curves]
        status[has_target & np.array(late, dtype=bool)] = "overdue"
        status[has_target & met] = "met"
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


def _against_calendar(
    figure: Figure, value: np.ndarray, expected: np.ndarray, thresholds: tuple[float, float]
) -> np.ndarray:
    ahead, on_track = thresholds
    if figure.direction == "down":
        choices = [value <= expected * (2 - ahead), value <= expected * (2 - on_track)]
    else:
        choices = [value >= expected * ahead, value >= expected * on_track]
    return np.select(choices, ["ahead", "on_track"], "behind").astype(object)
