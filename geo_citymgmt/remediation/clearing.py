"""清零: what remains until a deadline, how fast it must go, and which cases are the last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geo_citymgmt._arguments import flag_of
from geo_citymgmt._dates import read_day
from geo_citymgmt._gate import Gate
from geo_citymgmt.cleaning.codes import has_code
from geo_citymgmt.errors import AsOfError
from geo_citymgmt.facts.as_of import days_between, days_of
from geo_citymgmt.remediation.cases import as_day, open_table
from geo_citymgmt.remediation.register import ZONE_KEYS, Register, levels_to
from geo_citymgmt.words import Text

if TYPE_CHECKING:
    from geo_citymgmt.city import City
    from geo_citymgmt.facts import CityFacts

__all__ = ["burn_down", "interim_share", "last_open"]

#: 涉安违建, the cases the document wants cleared; any other choice is as good.
SAFETY = {"safety_related": True}


def burn_down(
    city: City | CityFacts,
    *,
    deadline: Any,
    start: Any,
    end: Any = None,
    freq: str = "ME",
    layer: str = "illegal_construction",
    level: str = "district",
    where: Mapping[str, Any] | None = None,
    stock: Sequence[str] = ("open", "suspended"),
) -> pd.DataFrame:
    """Follow what remains to be cleared, from ``start`` on, and the pace that the rest needs.

    Parameters
    ----------
    city : City or CityFacts
    deadline : date
        Last day on which it should be zero, of a month, quarter or year its last. That of 涉安清零
        is in ``published_indicators()`` (``illegal_safety_remaining_target_oct``).
    start, end : date
        First and last date, of a month, quarter or year its first and its last day; ``end`` is the
        data's date if not given, and ``start`` where the data has none. Both are in the series.
    freq : str
        Of pandas, for the dates between: "ME", "W", "D".
    layer, level, stock
        As in :func:`stock_flow`.
    where : mapping, optional
        Which cases; 涉安 (``{"safety_related": True}``) if not given.

    Returns
    -------
    DataFrame
        One row a date and zone: ``remaining_n``, ``remaining`` (the measure, m2), ``cleared_n`` and
        ``cleared`` net since the date before (negative when more came in than went), ``days_left``
        after the date, the deadline included; ``needed_n_per_day`` and ``needed_per_day`` to be
        at zero by then (NA once the time is up and something remains), ``straight``: the rest on
        a straight line from the first date to zero at the deadline, an aid for the eye. Missing
        where the data cannot say (``unknown`` records).

    Raises
    ------
    AsOfError
        ``end`` is after the data's date, or before ``start``; the deadline is before ``start``.
    CityDataError
        Unknown level, set of states or field.

    See Also
    --------
    last_open, interim_share, stock_flow

    Examples
    --------
    >>> import geo_citymgmt as gcm
    >>> series = burn_down(gcm.sample_city(), deadline="2022-09-30", start="2022-05-31",
    ...                    level="city")
    >>> series.days_left.tolist()
    [122, 92]
    """
    gate = Gate("burn_down")
    levels = levels_to(level, gate)
    due = read_day(deadline, "deadline", function=gate.function)
    register = Register(city, layer, gate, where=SAFETY if where is None else where, stock=stock)
    first, until = days_of(register.city, start, end, gate)
    # Where the data has no date its last day is the only one that was asked for.
    last = first if until is None else until
    if due < first:
        raise AsOfError(
            Text(
                f"burn_down：期限 deadline 为 {due:%Y-%m-%d}，早于起始日 {first:%Y-%m-%d}。",
                f"burn_down: the deadline is on {due:%Y-%m-%d}, before it begins on "
                f"{first:%Y-%m-%d}.",
            ),
            remedy=Text("请选择更早的起始日期。", "Choose an earlier start."),
        )
    days = pd.DatetimeIndex([first, *days_between(first, last, freq, gate), last]).unique()
    table = pd.concat([_remaining(register, day, levels) for day in days], ignore_index=True)
    by_zone = table.groupby(ZONE_KEYS, sort=False)
    for name in ("remaining_n", "remaining"):
        table[name.replace("remaining", "cleared")] = 0.0 - by_zone[name].diff()
    table["deadline"] = due
    left = (due - table["as_of"]).dt.days
    table["days_left"] = left
    for name, rate in (("remaining_n", "needed_n_per_day"), ("remaining", "needed_per_day")):
        rest = table[name]
        table[rate] = (rest / left.where(left > 0)).mask(rest == 0, 0.0)
    whole = (due - first).days
    share = (left / whole).clip(0.0, 1.0) if whole else pd.Series(0.0, index=table.index)
    table["straight"] = by_zone["remaining"].transform("first") * share
    if not register.has_size:
        table[["remaining", "cleared", "needed_per_day", "straight"]] = np.nan
    return table[
        ["as_of", *ZONE_KEYS, "remaining_n", "remaining", "cleared_n", "cleared", "deadline",
         "days_left", "needed_n_per_day", "needed_per_day", "straight", "unknown"]
    ]  # fmt: skip


def _remaining(register: Register, day: pd.Timestamp, levels: tuple[str, ...]) -> pd.DataFrame:
    inside, unknown, _ = register.in_stock(day)
    values = pd.DataFrame(
        {
            "row": np.arange(len(inside)),
            "remaining_n": inside.astype("float64"),
            "remaining": np.where(inside, register.remaining(day), 0.0),
            "unknown": unknown.astype("int64"),
        }
    )
    table = register.sums(values, levels)
    doubtful = table["unknown"] > 0
    table[["remaining_n", "remaining"]] = table[["remaining_n", "remaining"]].mask(doubtful)
    table["unknown"] = table["unknown"].astype("int64")
    table["as_of"] = day
    return table


def last_open(
    city: City | CityFacts,
    *,
    as_of: Any = None,
    n: int = 20,
    by: str = "remaining",
    per_district: bool = False,
    layer: str = "illegal_construction",
    where: Mapping[str, Any] | None = None,
    stock: Sequence[str] = ("open", "suspended"),
    columns: Sequence[str] = (),
) -> pd.DataFrame:
    """List the open cases that hold a clearing back: the largest, oldest or latest ones, by id.

    Parameters
    ----------
    city, as_of, layer, stock, columns
        As in :func:`open_cases`.
    n : int
        How many, or how many in each district with ``per_district``.
    by : {"remaining", "age", "overdue"}
        Largest rest first, longest since found first, longest past its deadline first. Ties are in
        order of id.
    where : mapping, optional
        Which cases; 涉安 if not given.

    Returns
    -------
    DataFrame
        Rows of :func:`open_cases` in that order, with ``place`` (1 is the first).

    Raises
    ------
    CityDataError
        Unknown order, or ``n`` below one; else as :func:`open_cases`.

    See Also
    --------
    open_cases, burn_down

    Examples
    --------
    >>> import geo_citymgmt as gcm
    >>> worst = last_open(gcm.sample_city(), n=3)
    >>> worst.remaining.is_monotonic_decreasing
    True
    """
    orders = {"remaining": "remaining", "age": "days_since_found", "overdue": "days_left"}
    gate = Gate("last_open")
    gate.choice(by, "by", orders)
    n = gate.whole(n, "n", least=1)
    per_district = flag_of(gate, per_district, "per_district")
    register = Register(city, layer, gate, where=SAFETY if where is None else where, stock=stock)
    columns = register.fields(columns, "columns")
    cases = open_table(register, register.day(as_of), columns=columns)
    if by == "overdue":
        cases = cases[cases["overdue"].fillna(False).to_numpy(dtype=bool)]
    cases = cases[cases[orders[by]].notna().to_numpy()]
    key = register.spec.id_field
    cases = cases.sort_values([orders[by], key], ascending=[by == "overdue", True], kind="stable")
    if per_district:
        zones = register.city.zones
        position = pd.Series(range(len(zones)), index=zones.index.astype("str"))
        at = cases["district_code"].map(position).fillna(len(position)).to_numpy()
        cases = cases.iloc[np.argsort(at, kind="stable")]
        place = cases.groupby(["row_kind", "district_code"], sort=False).cumcount() + 1
    else:
        place = pd.Series(np.arange(1, len(cases) + 1), index=cases.index)
    cases.insert(0, "place", place)
    return cases[cases["place"] <= n]


def interim_share(
    city: City | CityFacts,
    *,
    as_of: Any = None,
    layer: str = "illegal_construction",
    level: str = "district",
    where: Mapping[str, Any] | None = None,
    stock: Sequence[str] = ("open", "suspended"),
    field: str = "interim_measure",
) -> pd.DataFrame:
    """Tell which part of the open cases has been made safe for the time being: 先关停、先撤离.

    Parameters
    ----------
    city, layer, level, stock
        As in :func:`stock_flow`.
    as_of : date, optional
        Of a month, quarter or year its last day; the data's own date without. Measures
        taken are not dated: before the data's date the share is missing.
    where : mapping, optional
        Which cases; 涉安 if not given.
    field : str
        Field of the measures.

    Returns
    -------
    DataFrame
        One row a zone and measure, ``any`` of them first: ``n`` of ``of_n`` and their ``share``,
        ``area`` of ``of_area`` (what remains, m2) and ``area_share``. A case with two measures
        counts in both, and once in ``any``. A share of nothing is missing.

    Raises
    ------
    CityDataError
        The data has no such field; else as :func:`open_cases`.

    See Also
    --------
    burn_down, open_cases

    Examples
    --------
    >>> import geo_citymgmt as gcm
    >>> table = interim_share(gcm.sample_city(), level="city").set_index("measure")
    >>> table.index.tolist()
    ['any', 'shut_down', 'vacated']
    >>> bool((table.n / table.of_n == table.share).all())
    True
    """
    gate = Gate("interim_share")
    levels = levels_to(level, gate)
    register = Register(city, layer, gate, where=SAFETY if where is None else where, stock=stock)
    register.coded_field(field)
    day = register.day(as_of)
    inside, unknown, _ = register.in_stock(day)
    own = register.city.data_date
    if own is not None and day < own:
        unknown = inside | unknown
    measures, rest = register.data[field], register.remaining(day)
    # A column that nobody fills, or a value that cannot be read, is no "none was taken".
    unread = register.timeline.unreadable(field) | bool(measures.isna().all())
    unknown = unknown | (inside & unread)
    codes = register.spec.fields[field].codes
    known = {code: Text(entry.zh, entry.en) for code, entry in codes.items()}
    labels = {"any": Text("任一措施", "Any measure"), **known}
    blocks = []
    for measure, (zh, en) in labels.items():
        taken = measures.notna() if measure == "any" else has_code(measures, measure)
        hit = inside & taken.fillna(False).to_numpy(dtype=bool)
        values = pd.DataFrame(
            {
                "row": np.arange(len(hit)),
                "n": hit.astype("float64"),
                "of_n": inside.astype("float64"),
                "area": np.where(hit, rest, 0.0),
                "of_area": np.where(inside, rest, 0.0),
                "unknown": unknown.astype(int),
            }
        )
        blocks.append(
            register.sums(values, levels).assign(measure=measure, measure_zh=zh, measure_en=en)
        )
    table = pd.concat(blocks, ignore_index=True)
    counted = ["n", "of_n", "area", "of_area"]
    table[counted] = table[counted].mask(table["unknown"] > 0)
    table["share"] = table["n"] / table["of_n"].where(table["of_n"] > 0)
    table["area_share"] = table["area"] / table["of_area"].where(table["of_area"] > 0)
    table["as_of"] = as_day(day, table.index)
    return table[
        [*ZONE_KEYS, "measure", "measure_zh", "measure_en", "n", "of_n", "share", "area", "of_area",
         "area_share", "as_of"]
    ]  # fmt: skip
