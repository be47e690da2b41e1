"""Actual against target: at a date, over periods, and how it is likely to go on."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geo_citymgmt._dates import read_day
from geo_citymgmt._gate import Gate, choices_of, day_of, days_between, days_of, names_of
from geo_citymgmt._languages import NOTHING, Messages, Text, first_few, join_texts
from geo_citymgmt.errors import AsOfError, CityDataError
from geo_citymgmt.facts import CityFacts, facts_of
from geo_citymgmt.facts._evaluation import Evaluator, Window
from geo_citymgmt.figures._actuals import (
    COLUMNS,
    Actuals,
    chosen_figures,
    figures_by,
    joined,
    levels_of,
    month_ends,
    month_of,
    notes_of_few,
    notes_of_net,
    period_end,
    period_start,
    unknown_notes,
)
from geo_citymgmt.indicators import Figure

if TYPE_CHECKING:
    from geo_citymgmt.city import City

_MESSAGES = Messages("geo_citymgmt.figures")


def progress(
    city: City | CityFacts,
    *,
    as_of: Any = None,
    level: str = "district",
    targets: pd.DataFrame | None = None,
    basis: str | None = None,
    indicators: Sequence[str] | str | None = None,
) -> pd.DataFrame:
    """Compute every figure of the city at a date, beside its target where the two compare.

    State and sums at the date come from events where a record has them, else from its dates, else
    from its status if the date is not before the data's own; a plan is never counted as done.

    Parameters
    ----------
    city : City or CityFacts
        With its events and targets.
    as_of : date, optional
        The whole day is included; a month, quarter or year is its last day. The data's own date
        without.
    level : {"district", "city", "street", "community", "cell"}
        How far down; the levels above are in the table too.
    targets : DataFrame, optional
        ``indicator, zone_code, target`` and, if need be, ``unit`` and ``deadline``, in place of the
        city's own. Several days for one figure and zone are milestones of a plan, the last the
        target; what is expected follows them. Without either table the published targets hold for
        the whole city in their year.
    basis : {"plan"}, optional
        Count what is planned up to a date after the data's own.
    indicators : str or sequence of str, optional
        These figures only, by their id or that of the published row they answer.

    Returns
    -------
    DataFrame
        One row a figure and zone; see ``docs`` for the columns. ``row_kind`` is total, zone,
        outside or unlocated: for figures that add up, zones, outside and unlocated make the total.
        A figure the data cannot give is there as ``not_available`` with the reason.

    Raises
    ------
    AsOfError
        It is no date, or after the data's own, and ``basis`` is not "plan".
    CityDataError
        An unknown level, basis or figure, or targets that cannot be read or contradict each other.

    See Also
    --------
    progress_series, outlook, period_table, progress_map, scorecard

    Examples
    --------
    >>> import geo_citymgmt as gcm
    >>> city = gcm.sample_city()
    >>> table = progress(city, as_of="2022-06-30", level="city").set_index("published_id")
    >>> float(table.loc["illegal_area_remediated_h1", "value"])
    3503000.0
    >>> table.loc["illegal_area_remediated_h1", ["status", "comparability"]].tolist()
    ['not_comparable', 'measure_differs']
    """
    gate = Gate("progress")
    plan = gate.choice(basis, "basis", (None, "plan")) == "plan"
    facts = facts_of(city, gate)
    day = day_of(facts.city, as_of, gate, plan=plan)
    actuals = Actuals(facts, gate, targets=targets, indicators=indicators)
    return actuals.table([day], level=level, plan=plan)


def unit_progress(
    city: City | CityFacts,
    *,
    by: str = "manage_org",
    as_of: Any = None,
    indicators: Sequence[str] | str | None = None,
) -> pd.DataFrame:
    """Compute :func:`progress` by responsible unit (责任单位), or by another field, not by zone.

    Parameters
    ----------
    city : City or CityFacts
    by : str
        Field with a text or a code that records carry: the unit that answers for them, their
        source; or several joined by ``/``, such as ``case_class/major_code/minor_code``, as their
        values are in ``zone_code``.
    as_of, indicators
        As in :func:`progress`.

    Returns
    -------
    DataFrame
        Columns of :func:`progress`. ``level`` is city or the field; ``row_kind`` is total, unit
        (its name or code in ``zone_code``) or unnamed, for records that name none. For figures that
        add up, units and unnamed make the total. Only figures of layers that have the field.

    Raises
    ------
    AsOfError
        It is no date, or after the data's own.
    CityDataError
        No layer of these figures has the field, or a figure is unknown.

    See Also
    --------
    progress, period_table

    Examples
    --------
    >>> import geo_citymgmt as gcm
    >>> table = unit_progress(gcm.sample_city(), by="use_type", indicators="illegal_open_count")
    >>> units = table[table["row_kind"] == "unit"]
    >>> bool(units["value"].sum() == table.loc[table["row_kind"] == "total", "value"].item())
    True
    """
    gate = Gate("unit_progress")
    facts = facts_of(city, gate)
    day = day_of(facts.city, as_of, gate)
    return Actuals(facts, gate, indicators=indicators).table_by([day], by)


def progress_series(
    city: City | CityFacts,
    *,
    start: Any,
    end: Any = None,
    freq: str = "ME",
    level: str = "district",
    targets: pd.DataFrame | None = None,
    indicators: Sequence[str] | str | None = None,
) -> pd.DataFrame:
    """Compute :func:`progress` at each date from ``start`` to ``end``, one block after the other.

    Parameters
    ----------
    city, level, targets, indicators
        As in :func:`progress`.
    start, end : date
        Both included: of a month, quarter or year its first and its last day. ``end`` is the
        data's date if not given.
    freq : str
        Of pandas: "ME" for month ends (of statistical months, where the city has them), "W" for
        weeks, "D" for days.

    Returns
    -------
    DataFrame
        As :func:`progress`; the column ``as_of`` tells the blocks apart.

    Raises
    ------
    AsOfError
        One is no date, the end is after the data's own date or before the start, or no day of the
        frequency lies between them.
    CityDataError
        An unknown frequency; else as :func:`progress`.

    See Also
    --------
    progress : The figures at one date.

    Examples
    --------
    >>> import geo_citymgmt as gcm
    >>> city = gcm.sample_city()
    >>> months = progress_series(city, start="2022-05-31", end="2022-06-30", level="city")
    >>> int(months.as_of.nunique())
    2
    """
    gate = Gate("progress_series")
    facts = facts_of(city, gate)
    city = facts.city
    first, until = days_of(city, start, end, gate)
    last = first if until is None else until
    days = days_between(first, last, freq, gate)
    if freq == "ME" and city.month_starts > 1:
        days = pd.DatetimeIndex(month_ends(first, last, city.month_starts))
    if days.empty:
        raise _MESSAGES.error(AsOfError, "no_day_of_series", first=first, last=last, freq=freq)
    actuals = Actuals(facts, gate, targets=targets, indicators=indicators)
    return actuals.table(list(days), level=level)


def figure(
    table: pd.DataFrame, indicator: str, zone: str | None = None, *, as_of: Any = None
) -> pd.Series:
    """Return one figure of a table of :func:`progress` with all its terms.

    Parameters
    ----------
    table : DataFrame
        Of :func:`progress` or :func:`progress_series`.
    indicator : str
        Id of the figure, or of the published row it answers.
    zone : str, optional
        Code of a zone, ``outside``, or the code of the city; the whole city without.
    as_of : date, optional
        Which block of a series; the last without.

    Returns
    -------
    Series
        One row of the table, under the names of its columns.

    Raises
    ------
    CityDataError
        The table has no such figure, zone or date.

    See Also
    --------
    progress

    Examples
    --------
    >>> import geo_citymgmt as gcm
    >>> june = gcm.progress(gcm.sample_city(), as_of="2022-06-30", level="city")
    >>> share = figure(june, "manhole_new_tech_share")
    >>> int(share.numerator), int(share.denominator), share.status
    (390, 1180, 'met')
    """
    gate = Gate("figure")
    _check_table(table, gate)
    for value, argument in ((indicator, "indicator"), (zone, "zone")):
        if value is not None or argument == "indicator":
            names_of(gate, [value], argument)
    rows = table[(table["indicator"] == indicator) | (table["published_id"] == indicator)]
    if rows.empty:
        known = first_few(table["indicator"].unique()).en
        raise CityDataError(_MESSAGES("figure_table_no", indicator=indicator, known=known))
    day = rows["as_of"].max() if as_of is None else read_day(as_of, "as_of", function="figure")
    rows = rows[rows["as_of"].isna() | (rows["as_of"] == day)]
    at = rows["row_kind"] == "total" if zone is None else rows["zone_code"] == zone
    if zone is not None and (at & (rows["row_kind"] != "unlocated")).any():
        at &= rows["row_kind"] != "unlocated"
    if not at.any():
        when = "—" if pd.isna(day) else f"{day:%Y-%m-%d}"
        raise CityDataError(
            _MESSAGES(
                "figure_table_no_zone",
                indicator=indicator,
                when=when,
                zone_zh=zone or "全市",
                zone=zone or "total",
            )
        )
    return rows[at].iloc[0]


def _check_table(table: Any, gate: Gate) -> None:
    """Refuse what is no table of progress."""
    if not isinstance(table, pd.DataFrame):
        kind = type(table).__name__
        raise gate.refuse(*_MESSAGES.pair("table_not_dataframe", kind=kind))
    for name in ("indicator", "published_id", "zone_code", "row_kind", "as_of"):
        gate.column(table, name, "table")


PERIOD_COLUMNS = tuple(COLUMNS["period"])
_MONTHS = {"month": 1, "quarter": 3, "half": 6, "year": 12}
Span = tuple[pd.Timestamp, pd.Timestamp]


def period_table(
    city: City | CityFacts,
    *,
    as_of: Any = None,
    periods: Sequence[str] | str = ("month", "half"),
    indicators: Sequence[str] | str | None = None,
    level: str = "city",
    by: str | None = None,
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
    level : {"city", "district", "street", "community", "cell"}
        How far down; the levels above are in the table too.
    by : str, optional
        In place of zones, by the values of this field, as in :func:`unit_progress`.

    Returns
    -------
    DataFrame
        One row a period, figure and zone, in the unit of the figure: ``kind`` (period or date),
        ``period_start``, ``period_end``, ``complete``; ``value`` with its terms; ``previous`` and
        ``year_ago`` with the days they end on; the difference to each, and the difference by the
        earlier value, where that is no tiny base (``small`` and ``most_change`` in the figures'
        thresholds). Shares differ in points, not per cent: they have no
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
    [8600.0, 10379.0, -1779.0, 10034.0]
    """
    gate = Gate("period_table")
    names = choices_of(gate, periods, "periods", _MONTHS)
    if not names:
        gate.choice(periods, "periods", _MONTHS)
    facts = facts_of(city, gate)
    city, evaluator = facts.city, facts.evaluator
    day = day_of(city, as_of, gate)
    levels = levels_of(city, level, gate) if by is None else ("city", by)
    figures = [f for f in chosen_figures(city, indicators, gate) if evaluator.problem(f) is None]
    if by is not None:
        figures = figures_by(city, figures, by, gate)
    blocks = [_block(evaluator, f, name, day, levels) for name in names for f in figures]
    if not blocks:
        return pd.DataFrame(columns=list(PERIOD_COLUMNS))
    return joined(blocks, "period")


def spans(period: str, day: pd.Timestamp, month_starts: int = 1) -> tuple[Span, Span, Span]:
    """Return the period up to ``day``, the same part of the one before, and of that a year ago."""
    start = period_start(period, day, month_starts)
    assert start is not None
    months = _MONTHS[period]
    is_complete = period_end(start, months) == day
    before = start - pd.DateOffset(months=months)
    year_ago = start - pd.DateOffset(years=1)
    return (
        (start, day),
        (before, _same_part(before, months, start, day, is_complete)),
        (year_ago, _same_part(year_ago, months, start, day, is_complete)),
    )


def _same_part(
    other: pd.Timestamp, months: int, start: pd.Timestamp, day: pd.Timestamp, is_complete: bool
) -> pd.Timestamp:
    """Same day of the same month of the period; its last day where that month is shorter."""
    if is_complete:
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
    for reported, (first, last), name in (
        (previous, before, Text("上期", "the period before")),
        (earlier, year_ago, Text("上年同期", "a year ago")),
    ):
        if since is not None and (first if figure.in_period else last) < since:
            reported[:] = np.nan
            notes.append(_MESSAGES("before_first_day", name=name, since=since))
    if nothing:
        value[:] = previous[:] = earlier[:] = np.nan
        notes.append(
            Text("数据没有日期", "the data has no date")
            if day is None
            else Text("没有一条记录有日期", "no record has a date")
        )
    figures, layout = evaluator.city.figures, values[0].layout
    note, unknown = join_texts(notes), unknown_notes(values[0])
    few = notes_of_few(figures, figure, values[0])
    net = notes_of_net(figure, evaluator.city.specs.get(figure.layer), values[0])
    row_notes = [
        join_texts([note, *(of.get(k, NOTHING) for of in (net, unknown, few))])
        for k in range(len(value))
    ]
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
        "change_ratio": figures.change_ratio(figure, value, previous),
        "year_ago_end": year_ago[1],
        "year_ago": earlier,
        "year_change": value - earlier,
        "year_change_ratio": figures.change_ratio(figure, value, earlier),
        "note_zh": np.array([row.zh for row in row_notes], dtype=object),
        "note_en": np.array([row.en for row in row_notes], dtype=object),
    }


OUTLOOK_COLUMNS = tuple(COLUMNS["outlook"])
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
    level : {"city", "district", "street", "community", "cell"}
        How far down; the levels above are in the table too.
    months : int
        How many whole calendar months up to ``as_of`` the pace is taken from, 3 to 12.
    targets : DataFrame, optional
        As in :func:`geo_citymgmt.progress`.

    Returns
    -------
    DataFrame
        One row a figure and zone that has a target. ``remaining`` (up to the target, or down to
        it), ``needed_per_day`` and ``needed_per_month`` until the deadline (of the months that are
        left by the calendar; of things that are counted, whole ones), the
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
    A sum that cannot fall is not projected below what it is. Months are taken as alike and
    independent: a campaign before a deadline, a season or a stop for the harvest is not foreseen.
    Few months give a wide interval, and that is right.

    Examples
    --------
    >>> import geo_citymgmt as gcm
    >>> table = outlook(gcm.sample_city(), indicators="manhole_remediated")
    >>> row = table.iloc[0]
    >>> int(row.remaining), int(row.days_left), round(float(row.needed_per_month), 1)
    (1820, 184, 304.0)
    """
    gate = Gate("outlook")
    months = gate.whole(months, "months", least=FEWEST_MONTHS, most=len(_T80) + 1)
    facts = facts_of(city, gate)
    city = facts.city
    day = day_of(city, as_of, gate)
    levels = levels_of(city, level, gate)
    actuals = Actuals(facts, gate, targets=targets, indicators=indicators)
    table = actuals.table([day], level=level)
    known = city.figures.figures
    # What is another figure by another name is projected once.
    several = len(actuals.figures) > 1
    again = {n for n in table["indicator"].unique() if several and known[n].same_as}
    rows = table["target"].notna() & ~table["indicator"].isin(again)
    out = table[rows].reset_index(drop=True)
    if out.empty:
        return pd.DataFrame(columns=list(OUTLOOK_COLUMNS))
    # Where each row stands among those of its figure.
    place = table.groupby("indicator", sort=False).cumcount()[rows].to_numpy()
    figure = {name: known[name] for name in out["indicator"].unique()}
    undated = Text("数据没有日期", "the data has no date") if day is None else None
    barred = {n: _barred(f) or undated for n, f in figure.items()}
    sign = np.where(out["indicator"].map(lambda n: figure[n].direction) == "down", -1.0, 1.0)
    _add_need(out, day, sign, figure, city.month_starts)
    growth = np.full((len(out), months), np.nan)
    for name, at in out.groupby("indicator", sort=False).indices.items():
        steps = None if barred[name] else _increments(actuals, figure[name], day, levels, months)
        if steps is not None:
            growth[at, : steps.shape[1]] = sign[at, None] * steps[place[at]]
    numbers = out[["value", "remaining", "days_left"]].to_numpy().tolist()
    reasons = out["indicator"].map(barred)
    projected = pd.DataFrame(
        [
            _projected(value, remaining, steps, side, day, days_left, reason)
            for (value, remaining, days_left), steps, side, reason in zip(
                numbers, growth, sign, reasons, strict=True
            )
        ]
    )
    lasting = {n for n, f in figure.items() if f.value and f.value.cannot_fall(city.specs[f.layer])}
    floor = out["value"].where(out["indicator"].isin(lasting), -np.inf)
    for name in ("at_deadline", "at_deadline_low", "at_deadline_high"):
        projected[name] = projected[name].clip(lower=floor)
    return pd.concat([out, projected], axis=1)[list(OUTLOOK_COLUMNS)]


def _add_need(
    out: pd.DataFrame,
    day: pd.Timestamp | None,
    sign: np.ndarray,
    figure: Mapping[str, Figure],
    month_starts: int,
) -> None:
    """Add what remains, and what each day and month must bring where the two compare."""
    free = out["indicator"].map(lambda n: _barred(figure[n]) is None).astype(bool)
    today = pd.NaT if day is None else day
    out["days_left"] = (out["deadline"] - today).dt.days.astype("float64")
    left = out["days_left"].where(out["days_left"] > 0)
    out["remaining"] = (sign * (out["target"] - out["value"])).clip(lower=0.0).where(free)
    out["needed_per_day"] = out["remaining"] / left
    ahead = _months_ahead(today, out["deadline"].where(left.notna()), month_starts)
    # What is left fits into the last month, however short it is.
    needed = out["remaining"] / ahead.clip(lower=1.0)
    counted = out["unit"].eq("count")
    out["needed_per_month"] = needed.where(~counted, np.ceil(needed - 1e-9))


def _months_ahead(day: Any, deadlines: pd.Series, month_starts: int) -> pd.Series:
    """Count the months from the end of a day to that of each deadline, of begun ones their part."""

    def since_no_year(date: pd.Timestamp) -> float:
        first = period_start("month", date, month_starts)
        assert first is not None
        named = month_of(date, month_starts)
        length = (period_end(first, 1) - first).days + 1
        return 12.0 * named.year + named.month + ((date - first).days + 1) / length

    known = {date: since_no_year(date) for date in deadlines.dropna().unique()}
    ends = deadlines.map(known).astype("float64")
    return ends - since_no_year(day) if known and not pd.isna(day) else ends * np.nan


def _barred(figure: Figure) -> Text | None:
    """Why nothing of this figure is projected, whatever its values."""
    reasons = [r for r in figure.reasons if r != "no_target"]
    if reasons:
        return Text("完成数与目标不可比", "value and target do not compare")
    if figure.level or figure.numerator is not None:
        return _MESSAGES("share_is_kept")
    return None


def _increments(
    actuals: Actuals, figure: Figure, day: pd.Timestamp, levels: tuple[str, ...], months: int
) -> np.ndarray | None:
    """Growth in the last whole months, a column each, by row; None where it is unknown."""
    evaluator = actuals.evaluator
    if evaluator.problem(figure) is not None:
        return None
    long_ago = day - pd.DateOffset(months=months + 2)
    ends = month_ends(long_ago, day, actuals.city.month_starts)[-months - 1 :]
    if figure.in_period:
        since = evaluator.recorded_since(figure)
        windows = [Window(end, before + _DAY) for before, end in pairwise(ends)]
        told = [w for w in windows if since is not None and w.start >= since]
        growth = [evaluator.values(figure, window, levels).value for window in told]
    else:
        at = [evaluator.values(figure, Window(end), levels) for end in ends]
        # Where one of the two days is known less of, the difference is no growth.
        growth = [
            np.where(u.unknown == v.unknown, v.value - u.value, np.nan) for u, v in pairwise(at)
        ]
    return np.column_stack(growth) if growth else None


def _projected(
    value: float,
    remaining: float,
    steps: np.ndarray,
    sign: float,
    day: pd.Timestamp | None,
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
        reason = _MESSAGES("too_few_months", n=n, fewest_months=FEWEST_MONTHS)
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
