"""Will it arrive: what is needed each month to reach a target, and when the pace gets there.

The projection takes the increments of the last whole calendar months as draws of one distribution
with mean m and standard deviation s over n months. The sum over h further months then has mean h·m
and, with the error of the mean, variance s²·(h + h²/n); with Student's t on n - 1 degrees of
freedom that is the usual prediction interval. The target is met where that interval crosses what
remains: two roots of one quadratic, so no simulation and no seed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geo_citymgmt._gate import Gate
from geo_citymgmt.facts import CityFacts, facts_of
from geo_citymgmt.facts.as_of import day_of
from geo_citymgmt.facts.evaluation import Window
from geo_citymgmt.indicators import Figure
from geo_citymgmt.progress.months import month_ends
from geo_citymgmt.progress.standing import Standing, levels_of
from geo_citymgmt.words import Text

if TYPE_CHECKING:
    from geo_citymgmt.city import City

__all__ = ["OUTLOOK_COLUMNS", "outlook"]

OUTLOOK_COLUMNS = (
    "indicator", "name_zh", "name_en", "level", "zone_code", "row_kind", "unit", "value", "target",
    "deadline", "status", "remaining", "days_left", "needed_per_day", "needed_per_month",
    "pace_per_month", "months_used", "at_deadline", "at_deadline_low", "at_deadline_high",
    "projected_date", "projected_earliest", "projected_latest", "can_project", "reason_zh",
    "reason_en",
)  # fmt: skip
DAYS_PER_MONTH = 365.25 / 12
FEWEST_MONTHS = 3
#: Student's t, upper 10 %: between it and its mirror lie 80 %. By degrees of freedom from 1.
_T80 = (3.0777, 1.8856, 1.6377, 1.5332, 1.4759, 1.4398, 1.4149, 1.3968, 1.3830, 1.3722, 1.3634)
#: Beyond this nothing is projected: no pace holds for ten years.
_FARTHEST_MONTHS = 120.0
_DAY = pd.Timedelta(days=1)


def outlook(
    city: City | CityFacts,
    *,
    as_of: Any = None,
    indicators: Sequence[str] | str | None = None,
    level: str = "city",
    months: int = 6,
    targets: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Compute what each target still asks for, and when the present pace would reach it.

    Parameters
    ----------
    city : City or CityFacts
    as_of : date, optional
        A month, quarter or year is its last day. The data's own date without.
    indicators : str or sequence of str, optional
        These figures only; all that have a target they compare with, without.
    level : {"city", "district", "street"}
        How far down; the levels above are in the table too.
    months : int
        How many whole calendar months up to ``as_of`` the pace is taken from, 3 to 12.
    targets : DataFrame, optional
        As in :func:`geo_citymgmt.progress`.

    Returns
    -------
    DataFrame
        One row a figure and zone that has a target. ``remaining`` (up to the target, or down to
        it), ``needed_per_day`` and ``needed_per_month`` (of 30.44 days) until the deadline, the
        ``pace_per_month`` it has; ``at_deadline`` and ``projected_date`` at that pace, each with
        the ends of an interval that holds it with 80 % if months go on as they did. An open end is
        missing. ``can_project`` is false with the reason where nothing can be said: without a date
        of the data, say, there is only what remains.

    Raises
    ------
    AsOfError
        The date is after the data's own.
    CityDataError
        ``months`` is out of range, or a level or figure is unknown.

    See Also
    --------
    progress, burn_down

    Notes
    -----
    Months are taken as alike and independent: a campaign before a deadline, a season or a stop for
    the harvest is not foreseen. Few months give a wide interval, and that is right.

    Examples
    --------
    >>> import geo_citymgmt as gcm
    >>> table = outlook(gcm.sample_city(), indicators="manhole_remediated")
    >>> row = table.iloc[0]
    >>> int(row.remaining), int(row.days_left), round(float(row.needed_per_month), 1)
    (1820, 184, 301.1)
    """
    gate = Gate("outlook")
    months = gate.whole(months, "months", least=FEWEST_MONTHS, most=len(_T80) + 1)
    facts = facts_of(city, gate)
    city = facts.city
    day = day_of(city, as_of, gate)
    levels = levels_of(city, level, gate)
    standing = Standing(facts, gate, targets=targets, indicators=indicators)
    table = standing.table([day], level=level)
    table = table[table["target"].notna()]
    figures = city.figures.figures
    blocks = [
        _block(standing, figures[str(name)], rows, day, levels, months)
        for name, rows in table.groupby("indicator", sort=False)
        if not figures[str(name)].same_as or len(standing.figures) == 1
    ]
    if not blocks:
        return pd.DataFrame(columns=list(OUTLOOK_COLUMNS))
    return pd.concat(blocks, ignore_index=True)


def _block(
    standing: Standing,
    figure: Figure,
    rows: pd.DataFrame,
    day: pd.Timestamp | None,
    levels: tuple[str, ...],
    months: int,
) -> pd.DataFrame:
    out = rows.reset_index(drop=True)
    sign = -1.0 if figure.direction == "down" else 1.0
    out["remaining"] = (sign * (out["target"] - out["value"])).clip(lower=0.0)
    today = pd.NaT if day is None else day
    out["days_left"] = (out["deadline"] - today).dt.days.astype("float64")
    left = out["days_left"].where(out["days_left"] > 0)
    barred = _barred(figure)
    if barred is None:
        out["needed_per_day"] = out["remaining"] / left
        out["needed_per_month"] = out["needed_per_day"] * DAYS_PER_MONTH
        steps = None if day is None else _increments(standing, figure, day, levels, months)
    else:
        out[["remaining", "needed_per_day", "needed_per_month"]] = np.nan
        steps = None
    if barred is None and day is None:
        barred = Text("数据没有日期", "the data has no date")
    keys = pd.MultiIndex.from_frame(out[["level", "row_kind", "zone_code"]])
    growth = sign * steps.loc[keys].to_numpy() if steps is not None else np.empty((len(out), 0))
    told = [
        _projected(float(value), float(remaining), mine, sign, today, float(days_left), barred)
        for value, remaining, mine, days_left in zip(
            out["value"], out["remaining"], growth, left, strict=True
        )
    ]
    return pd.concat([out, pd.DataFrame(told, index=out.index)], axis=1)[list(OUTLOOK_COLUMNS)]


def _barred(figure: Figure) -> Text | None:
    """Why nothing of this figure is projected, whatever its values."""
    reasons = [r for r in figure.reasons if r != "no_target"]
    if reasons:
        return Text("完成数与目标不可比", "value and target do not compare")
    if figure.level or figure.numerator is not None:
        return Text(
            "比例或水平类指标不逐月累加", "a share or level is kept, not added up month by month"
        )
    return None


def _increments(
    standing: Standing, figure: Figure, day: pd.Timestamp, levels: tuple[str, ...], months: int
) -> pd.DataFrame | None:
    """Growth in each of the last whole months, by row of the figure; None where it is unknown."""
    evaluator = standing.evaluator
    if evaluator.problem(figure) is not None:
        return None
    long_ago = day - pd.DateOffset(months=months + 2)
    ends = month_ends(long_ago, day, standing.city.month_starts)[-months - 1 :]
    out = {}
    if figure.in_period:
        since = evaluator.recorded_since(figure)
        for before, end in pairwise(ends):
            first = before + _DAY
            if since is not None and first >= since:
                out[end] = evaluator.values(figure, Window(end, first), levels)
        growth = {end: v.value for end, v in out.items()}
    else:
        at = [evaluator.values(figure, Window(end), levels) for end in ends]
        out = dict(zip(ends, at, strict=True))
        steps = zip(ends[1:], pairwise(at), strict=True)
        # Where one of the two days is known less of, the difference is no growth.
        growth = {
            end: np.where(u.unknown == v.unknown, v.value - u.value, np.nan)
            for end, (u, v) in steps
        }
    if not out:
        return None
    layout = next(iter(out.values())).layout
    index = pd.MultiIndex.from_arrays([layout.level, layout.row_kind, layout.zone_code])
    return pd.DataFrame(growth, index=index)


def _projected(
    value: float,
    remaining: float,
    steps: np.ndarray,
    sign: float,
    day: pd.Timestamp,
    days_left: float,
    barred: Text | None,
) -> dict[str, Any]:
    out: dict[str, Any] = dict.fromkeys(
        ("pace_per_month", "at_deadline", "at_deadline_low", "at_deadline_high"), np.nan
    )
    dates = ("projected_date", "projected_earliest", "projected_latest")
    out |= dict.fromkeys(dates, pd.NaT)
    known = steps[~np.isnan(steps)]
    n = len(known)
    out["months_used"] = n
    reason = barred
    if reason is None and np.isnan(value):
        reason = Text("数据不能给出该数值", "the data cannot give the value")
    elif reason is None and remaining == 0:
        reason = Text("目标已完成", "the target is met")
    elif reason is None and n < FEWEST_MONTHS:
        reason = Text(
            f"仅有 {n} 个完整月份的记录，至少需要 {FEWEST_MONTHS} 个",
            f"{n} whole months on record, {FEWEST_MONTHS} are needed",
        )
    if reason is None:
        mean, width = float(known.mean()), _T80[n - 2] * float(known.std(ddof=1))
        out["pace_per_month"] = mean
        if days_left > 0:
            ahead = days_left / DAYS_PER_MONTH
            margin = width * math.sqrt(ahead + ahead * ahead / n)
            middle = value + sign * mean * ahead
            out["at_deadline"] = middle
            out["at_deadline_low"], out["at_deadline_high"] = middle - margin, middle + margin
        if mean <= 0:
            reason = Text(f"近 {n} 个月没有进展", f"no growth over the last {n} months")
        elif remaining / mean > _FARTHEST_MONTHS:
            reason = Text("按目前进度需十年以上", "more than ten years at this pace")
        else:
            reached = (remaining / mean, *crossing(remaining, mean, width, n))
            out |= {name: _after(day, months) for name, months in zip(dates, reached, strict=True)}
    out["can_project"] = reason is None
    out["reason_zh"], out["reason_en"] = reason or ("", "")
    return out


def crossing(remaining: float, mean: float, width: float, n: int) -> tuple[float, float]:
    """Months until the upper and the lower end of the interval reach what remains.

    The roots h of ``(remaining - h·mean)² = width²·(h + h²/n)``; infinite where the lower end never
    gets there.
    """
    a = mean * mean - width * width / n
    b = 2.0 * remaining * mean + width * width
    c = remaining * remaining
    root = math.sqrt(max(b * b - 4.0 * a * c, 0.0))
    # The smaller root in the form that stays exact where a is near zero.
    earliest = 2.0 * c / (b + root)
    return earliest, (b + root) / (2.0 * a) if a > 0 else math.inf


def _after(day: pd.Timestamp, months: float) -> pd.Timestamp:
    if months > _FARTHEST_MONTHS:
        return pd.NaT
    return day + pd.Timedelta(days=math.ceil(months * DAYS_PER_MONTH))
