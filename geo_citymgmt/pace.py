"""How a value stands against its target and the calendar."""

from __future__ import annotations

import numpy as np
import pandas as pd

from geo_citymgmt.indicators import Figure, Figures

__all__ = ["STATUSES", "judge"]

STATUSES = (
    "met", "ahead", "on_track", "behind", "overdue", "no_target", "not_comparable", "not_available",
)  # fmt: skip


def judge(
    figure: Figure,
    table: pd.DataFrame,
    opening: pd.Series,
    day: pd.Timestamp | None,
    start: pd.Timestamp | None,
    figures: Figures,
) -> pd.DataFrame:
    """Return ``attainment, expected, status`` for the rows of one figure.

    Where the document does not let value and target divide, there is no attainment and nothing is
    expected. A figure that is to fall is measured on what there was at the start of the period.

    Parameters
    ----------
    figure : Figure
        Its direction, and whether its target is a level to keep rather than an amount to reach.
    table : DataFrame
        With ``value, target, comparator, deadline``.
    opening : Series
        Value at the start of the period, for figures that are to fall.
    day, start : Timestamp
        The date of the value and the first day of its period.
    figures : Figures
        For the thresholds.
    """
    value, target = table["value"].astype("float64"), table["target"].astype("float64")
    deadline = table["deadline"].iloc[0] if len(table) else pd.NaT
    gone = _elapsed(day, start, deadline)
    attainment = pd.Series(np.nan, index=table.index)
    expected = pd.Series(np.nan, index=table.index)
    met = pd.Series(False, index=table.index)
    comparable = not [r for r in figure.reasons if r != "no_target"]
    if comparable:
        if figure.direction == "down":
            fall = opening - target
            attainment = ((opening - value) / fall.where(fall > 0)).where(value.notna())
            attainment = attainment.mask((value <= target) & value.notna(), 1.0)
            expected = opening - fall * gone
            met = value <= target
        else:
            attainment = value / target.where(target > 0)
            expected = target if figure.level else target * gone
            strict = table["comparator"] == ">"
            met = (value > target).where(strict, value >= target)
    status = np.full(len(table), "no_target", dtype=object)
    has_target = target.notna().to_numpy()
    status[has_target] = "not_comparable"
    if comparable:
        status[has_target] = _against_calendar(figure, value, expected, figures)[has_target]
        late = day is not None and pd.notna(deadline) and day > deadline
        if late:
            status[has_target] = "overdue"
        status[has_target & met.fillna(False).to_numpy(dtype=bool)] = "met"
    status[value.isna().to_numpy()] = "not_available"
    return pd.DataFrame(
        {"attainment": attainment, "expected": expected, "status": status}, index=table.index
    )


def _elapsed(day: pd.Timestamp | None, start: pd.Timestamp | None, deadline: pd.Timestamp) -> float:
    """Share of the days from start to deadline that are over, both days included."""
    if day is None or start is None or pd.isna(deadline):
        return float("nan")
    days = (deadline - start).days + 1
    return float(np.clip(((day - start).days + 1) / days, 0.0, 1.0)) if days > 0 else 1.0


def _against_calendar(
    figure: Figure, value: pd.Series, expected: pd.Series, figures: Figures
) -> np.ndarray:
    v, e = value.to_numpy(), expected.to_numpy()
    if figure.direction == "down":
        choices = [v <= e * (2 - figures.ahead), v <= e * (2 - figures.on_track)]
    else:
        choices = [v >= e * figures.ahead, v >= e * figures.on_track]
    return np.select(choices, ["ahead", "on_track"], "behind")
