"""Actual against target, at a date, by district and street, each figure with its terms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from geo_citymgmt._arguments import names_of
from geo_citymgmt._dates import read_day
from geo_citymgmt._gate import Gate
from geo_citymgmt.errors import AsOfError, CityDataError
from geo_citymgmt.facts import CityFacts, facts_of
from geo_citymgmt.facts.as_of import day_of, days_between, days_of
from geo_citymgmt.progress.months import month_ends
from geo_citymgmt.progress.standing import COLUMNS, Standing
from geo_citymgmt.words import Text, first_few

if TYPE_CHECKING:
    from geo_citymgmt.city import City

__all__ = ["PROGRESS_COLUMNS", "figure", "progress", "progress_series"]

PROGRESS_COLUMNS = COLUMNS


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
    level : {"district", "city", "street"}
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
    standing = Standing(facts, gate, targets=targets, indicators=indicators)
    return standing.table([day], level=level, plan=plan)


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
        raise AsOfError(
            Text(
                f"progress_series：{first:%Y-%m-%d} 至 {last:%Y-%m-%d} 之间没有频率 {freq!r} 的"
                "时点。",
                f"progress_series: no date of frequency {freq!r} from {first:%Y-%m-%d} to "
                f"{last:%Y-%m-%d}.",
            ),
            remedy=Text(
                "请放宽起止日期，或改用更细的频率。", "Widen the period, or use a finer freq."
            ),
        )
    standing = Standing(facts, gate, targets=targets, indicators=indicators)
    return standing.table(list(days), level=level)


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
        raise CityDataError(
            Text(
                f"figure：表中没有指标“{indicator}”。",
                f"figure: the table has no figure {indicator!r}; it has {known}.",
            ),
        )
    day = rows["as_of"].max() if as_of is None else read_day(as_of, "as_of", function="figure")
    rows = rows[rows["as_of"].isna() | (rows["as_of"] == day)]
    at = rows["row_kind"] == "total" if zone is None else rows["zone_code"] == zone
    if zone is not None and (at & (rows["row_kind"] != "unlocated")).any():
        at &= rows["row_kind"] != "unlocated"
    if not at.any():
        when = "—" if pd.isna(day) else f"{day:%Y-%m-%d}"
        raise CityDataError(
            Text(
                f"figure：表中没有指标“{indicator}”在 {when}、分区 {zone or '全市'} 的数值。",
                f"figure: the table has no {indicator} of zone {zone or 'total'} as of {when}.",
            ),
        )
    return rows[at].iloc[0]


def _check_table(table: Any, gate: Gate) -> None:
    """Refuse what is no table of progress."""
    if not isinstance(table, pd.DataFrame):
        kind = type(table).__name__
        raise gate.refuse(
            Text(f"table 是 {kind}，应为 DataFrame。", f"table is a {kind}, not a DataFrame."),
            Text("请提供 progress() 的结果。", "Give a table of progress()."),
        )
    for name in ("indicator", "published_id", "zone_code", "row_kind", "as_of"):
        gate.column(table, name, "table")
