"""This month, this half-year: figures of a period beside the one before and that of a year ago."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geo_citymgmt._arguments import choices_of
from geo_citymgmt._gate import Gate
from geo_citymgmt.facts import CityFacts, facts_of
from geo_citymgmt.facts.as_of import day_of
from geo_citymgmt.facts.evaluation import Evaluator, Window
from geo_citymgmt.indicators import Figure
from geo_citymgmt.progress.months import period_end, period_start
from geo_citymgmt.progress.standing import chosen_figures, levels_of, unknown_notes
from geo_citymgmt.words import NOTHING, Text, join_texts

if TYPE_CHECKING:
    from geo_citymgmt.city import City

__all__ = ["PERIOD_COLUMNS", "period_table"]

PERIOD_COLUMNS = (
    "indicator", "name_zh", "name_en", "layer", "unit", "level", "zone_code", "row_kind", "kind",
    "period", "period_start", "period_end", "complete", "value", "numerator", "denominator",
    "previous_end", "previous", "change", "change_ratio", "year_ago_end", "year_ago",
    "year_change", "year_change_ratio", "note_zh", "note_en",
)  # fmt: skip
_MONTHS = {"month": 1, "quarter": 3, "half": 6, "year": 12}
Span = tuple[pd.Timestamp, pd.Timestamp]


def period_table(
    city: City | CityFacts,
    *,
    as_of: Any = None,
    periods: Sequence[str] | str = ("month", "half"),
    indicators: Sequence[str] | str | None = None,
    level: str = "city",
) -> pd.DataFrame:
    """Compute what happened in a period, beside the period before (环比) and a year ago (同比).

    A figure that counts in a period is counted from the first day of the period to ``as_of``; one
    that stands at a date is taken at ``as_of`` and at the ends of the other two. A period that has
    not ended is held against as many days of the others, to the same day of the month. What lies
    before the layer's first recorded day is missing, not zero.

    Parameters
    ----------
    city : City or CityFacts
    as_of : date, optional
        Last day that counts, of a month, quarter or year its last; the data's own date without.
    periods : str or sequence of {"month", "quarter", "half", "year"}
        Each gives a block of rows. ``half`` is January to June or July to December.
    indicators : str or sequence of str, optional
        These figures only, by their id or that of the published row they answer.
    level : {"city", "district", "street"}
        How far down; the levels above are in the table too.

    Returns
    -------
    DataFrame
        One row a period, figure and zone, in the unit of the figure: ``kind`` (period or date),
        ``period_start``, ``period_end``, ``complete``; ``value`` with its terms; ``previous`` and
        ``year_ago`` with the days they end on; the difference to each, and the difference by the
        earlier value, where that is above zero. Shares differ in points, not per cent: they have no
        ``change_ratio``. Figures the city's data cannot give are left out. Where the data has no
        date there is no period, and only what stands has a value.

    Raises
    ------
    AsOfError
        The date is after the data's own.
    CityDataError
        An unknown period, level or figure.

    See Also
    --------
    progress, progress_series

    Examples
    --------
    >>> import geo_citymgmt as gcm
    >>> table = period_table(gcm.sample_city(), as_of="2022-06-30", periods="half",
    ...                      indicators="parking_spaces_added_h1")
    >>> table[["value", "previous", "change", "year_ago"]].iloc[0].tolist()
    [8600.0, 16771.0, -8171.0, 24142.0]
    """
    gate = Gate("period_table")
    names = choices_of(gate, periods, "periods", _MONTHS)
    if not names:
        gate.choice(periods, "periods", _MONTHS)
    facts = facts_of(city, gate)
    city, evaluator = facts.city, facts.evaluator
    day = day_of(city, as_of, gate)
    levels = levels_of(city, level, gate)
    figures = [f for f in chosen_figures(city, indicators, gate) if evaluator.problem(f) is None]
    blocks = [_block(evaluator, f, name, day, levels) for name in names for f in figures]
    if not blocks:
        return pd.DataFrame(columns=list(PERIOD_COLUMNS))
    return _joined(blocks)


def spans(period: str, day: pd.Timestamp, month_starts: int = 1) -> tuple[Span, Span, Span]:
    """Return the period up to ``day``, the same part of the one before, and of that a year ago."""
    start = period_start(period, day, month_starts)
    assert start is not None
    months = _MONTHS[period]
    whole = period_end(start, months) == day
    before = start - pd.DateOffset(months=months)
    year_ago = start - pd.DateOffset(years=1)
    return (
        (start, day),
        (before, _same_part(before, months, start, day, whole)),
        (year_ago, _same_part(year_ago, months, start, day, whole)),
    )


def _same_part(
    other: pd.Timestamp, months: int, start: pd.Timestamp, day: pd.Timestamp, whole: bool
) -> pd.Timestamp:
    """Same day of the same month of the period; its last day where that month is shorter."""
    if whole:
        return period_end(other, months)
    # Whole months of the period that are over, then days of the one the day is in.
    over = sum(start + pd.DateOffset(months=k) <= day for k in range(1, months + 1))
    first = other + pd.DateOffset(months=over)
    return min(first + (day - (start + pd.DateOffset(months=over))), period_end(first, 1))


def _block(
    evaluator: Evaluator,
    figure: Figure,
    period: str,
    day: pd.Timestamp | None,
    levels: tuple[str, ...],
) -> dict[str, Any]:
    nowhere: Span = (pd.NaT, pd.NaT)
    months = evaluator.city.month_starts
    now, before, year_ago = (nowhere,) * 3 if day is None else spans(period, day, months)
    since = evaluator.recorded_since(figure)
    nothing = figure.in_period and (since is None or day is None)
    windows = [
        Window(None if day is None else last, first if figure.in_period and day else None)
        for first, last in (now, before, year_ago)
    ]
    values = [evaluator.values(figure, window, levels) for window in windows]
    value, previous, earlier = (v.value.copy() for v in values)
    if day is None:
        since = None
        previous[:] = earlier[:] = np.nan
    for then in values[1:]:
        # Where less is known of the earlier day, the difference would be one of knowledge.
        less = then.unknown > values[0].unknown
        (previous if then is values[1] else earlier)[less] = np.nan
    notes = []
    for told, (first, last), name in (
        (previous, before, Text("上期", "the period before")),
        (earlier, year_ago, Text("上年同期", "a year ago")),
    ):
        if since is not None and (first if figure.in_period else last) < since:
            told[:] = np.nan
            notes.append(
                Text(
                    f"{name.zh}早于记录的最早日期（{since:%Y-%m-%d}）",
                    f"{name.en}: before the first day on record, {since:%Y-%m-%d}",
                )
            )
    if nothing:
        value[:] = previous[:] = earlier[:] = np.nan
        notes.append(
            Text("数据没有日期", "the data has no date")
            if day is None
            else Text("没有一条记录有日期", "no record has a date")
        )
    share = figure.numerator is not None
    layout = values[0].layout
    note, unknown = join_texts(notes), unknown_notes(values[0])
    said = [join_texts([note, unknown.get(k, NOTHING)]) for k in range(len(value))]
    return {
        "indicator": figure.id,
        "name_zh": figure.zh,
        "name_en": figure.en,
        "layer": figure.layer,
        "unit": figure.unit,
        "level": layout.level,
        "zone_code": layout.zone_code,
        "row_kind": layout.row_kind,
        "kind": "period" if figure.in_period else "date",
        "period": period,
        "period_start": now[0],
        "period_end": now[1],
        "complete": day is not None and period_end(now[0], _MONTHS[period]) == day,
        "value": value,
        "numerator": values[0].numerator,
        "denominator": values[0].denominator,
        "previous_end": before[1],
        "previous": previous,
        "change": value - previous,
        "change_ratio": _ratio(value, previous, share),
        "year_ago_end": year_ago[1],
        "year_ago": earlier,
        "year_change": value - earlier,
        "year_change_ratio": _ratio(value, earlier, share),
        "note_zh": np.array([row.zh for row in said], dtype=object),
        "note_en": np.array([row.en for row in said], dtype=object),
    }


def _joined(blocks: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """One table from the blocks, each column made once; what is of a block is of all its rows."""
    n_rows = np.array([len(block["value"]) for block in blocks])
    table = {}
    for name in PERIOD_COLUMNS:
        values = [block[name] for block in blocks]
        if isinstance(values[0], np.ndarray):
            table[name] = pd.Series(np.concatenate(values))
        else:
            table[name] = pd.Series(values).repeat(n_rows).reset_index(drop=True)
    for name in ("level", "zone_code", "row_kind", "note_zh", "note_en"):
        table[name] = table[name].astype("str")
    for name in ("period_start", "period_end", "previous_end", "year_ago_end"):
        table[name] = table[name].astype("datetime64[us]")
    return pd.DataFrame(table)


def _ratio(value: np.ndarray, earlier: np.ndarray, share: bool) -> np.ndarray:
    if share:
        return np.full(len(value), np.nan)
    return (value - earlier) / np.where(earlier > 0, earlier, np.nan)
