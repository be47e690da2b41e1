"""The open cases of a day: how old, how late, on which list, and how fast they must go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geo_citymgmt._dates import read_day
from geo_citymgmt._gate import Gate, days_between, days_of, flag_of
from geo_citymgmt._languages import Messages, Text
from geo_citymgmt.cases._register import USUAL_STOCK, ZONE_KEYS, Register
from geo_citymgmt.errors import AsOfError
from geo_citymgmt.facts._timeline import has_code

if TYPE_CHECKING:
    from geo_citymgmt.city import City
    from geo_citymgmt.facts import CityFacts
    from geo_citymgmt.spec import LayerSpec

_MESSAGES = Messages("geo_citymgmt.cases")

AGE_CLASSES = (30, 90, 180, 365, 730)


def open_cases(
    city: City | CityFacts,
    *,
    as_of: Any = None,
    layer: str = "illegal_construction",
    where: Mapping[str, Any] | None = None,
    stock: Sequence[str] = ("open", "suspended"),
    deadline: str = "deadline",
    planned: str = "planned_date",
    columns: Sequence[str] = (),
) -> pd.DataFrame:
    """List the cases that are open on a day, with their age and what is left of their time.

    Parameters
    ----------
    city : City or CityFacts
    as_of : date, optional
        The whole day is included: a case due that day is not overdue yet. A month, quarter or year
        is its last day; the data's own date without.
    layer, where, stock
        As in :func:`stock_flow`.
    deadline, planned : str
        Fields of the day by which it must be, and is planned to be, done. They are the data's own:
        how they read on an earlier day is not recorded. Where a field is absent, what needs it is
        missing.
    columns : sequence of str
        Other fields to keep.

    Returns
    -------
    DataFrame
        On the index of the layer's records: its id, ``row_kind, district_code`` (owner),
        ``status`` on the day (before the data's date the last that is dated: 处置中 reads as 立案),
        ``suspended``, ``found_on`` (first entered the stock), ``open_since``
        (last entered it, after a relapse), ``days_since_found``, ``days_open``, ``size`` and
        ``remaining`` (m2, where the layer has a measure), ``deadline``, ``days_left`` (negative
        when late), ``overdue``, ``planned_date``, ``plan_missed``.

    Raises
    ------
    AsOfError
        The day is after the data's.
    CityDataError
        Unknown set of states or field.

    See Also
    --------
    last_open, ageing, case_lists, hot_spots

    Examples
    --------
    >>> import geo_citymgmt as gcm
    >>> city = gcm.sample_city()
    >>> cases = open_cases(city, as_of="2022-06-30", where={"safety_related": True})
    >>> bool((cases.days_left[cases.overdue.fillna(False)] < 0).all())
    True
    """
    gate = Gate("open_cases")
    register = Register(city, layer, gate, where=where, stock=stock)
    columns = register.fields(columns, "columns")
    for name, argument in ((deadline, "deadline"), (planned, "planned")):
        register.date_field(name, argument)
    day = register.day(as_of)
    return open_table(register, day, deadline=deadline, planned=planned, columns=columns)


def open_table(
    register: Register,
    day: pd.Timestamp | None,
    *,
    deadline: str = "deadline",
    planned: str = "planned_date",
    columns: Sequence[str] = (),
) -> pd.DataFrame:
    """Build the table of :func:`open_cases` from a register."""
    data, spec = register.data, register.spec
    inside, _, state = register.in_stock(day)
    rows = np.flatnonzero(inside)
    flows = register.flows()
    entered = flows[flows["count"] > 0]
    today = pd.NaT if day is None else day
    if day is not None:
        entered = entered[entered["date"] <= day]
    first = entered.drop_duplicates("row").set_index("row")["date"].reindex(rows)
    last = entered.drop_duplicates("row", keep="last").set_index("row")["date"].reindex(rows)
    owner = register.members("district").iloc[rows]
    table = pd.DataFrame(
        {
            spec.id_field: data[spec.id_field].to_numpy()[rows],
            "row_kind": owner["row_kind"].to_numpy(),
            "district_code": owner["zone_code"].to_numpy(),
            "status": state.to_numpy()[rows],
        }
    )
    suspended = spec.sets.get("suspended", ())
    table["suspended"] = table["status"].isin(suspended)
    table["found_on"], table["open_since"] = first.to_numpy(), last.to_numpy()
    table["days_since_found"] = _days(today - table["found_on"])
    table["days_open"] = _days(today - table["open_since"])
    table["size"], table["remaining"] = register.size[rows], register.remaining(day)[rows]
    if not register.has_size:
        table[["size", "remaining"]] = np.nan
    due = _dates(data, deadline, rows)
    table["deadline"] = due
    table["days_left"], table["overdue"] = _time_left(table["deadline"], today)
    table["planned_date"] = _dates(data, planned, rows)
    late = (table["planned_date"] < today).astype("boolean")
    table["plan_missed"] = late.where(table["planned_date"].notna() & (day is not None))
    for name in columns:
        table[name] = data[name].iloc[rows].array
    return table.set_index(data.index[rows])


def deadlines_on_record(
    frame: pd.DataFrame, spec: LayerSpec, as_of: pd.Timestamp | None
) -> pd.DataFrame | None:
    """Tell how records stand to their deadline by the status that they have on record.

    Returns
    -------
    DataFrame or None
        On the index of `frame`: ``open`` (in the stock of the layer's file), ``days_left`` and
        ``overdue`` as in :func:`open_cases`. None without a day, a deadline or a state.
    """
    deadline, state = spec.overdue.get("deadline"), spec.state_field
    if as_of is None or deadline not in frame or state not in frame:
        return None
    stock = {c for name in spec.overdue.get("stock", USUAL_STOCK) for c in spec.sets.get(name, ())}
    is_open = frame[state].astype("str").isin(stock)
    left, late = _time_left(frame[deadline], as_of)
    return pd.DataFrame(
        {"open": is_open, "days_left": left, "overdue": late.fillna(False) & is_open}
    )


def _time_left(deadline: pd.Series, today: pd.Timestamp) -> tuple[pd.Series, pd.Series]:
    """Return the days until a deadline, negative when late, and whether it is over."""
    left = _days(deadline - today)
    return left, (left < 0).astype("boolean")


def ageing(
    city: City | CityFacts,
    *,
    as_of: Any = None,
    layer: str = "illegal_construction",
    level: str = "district",
    where: Mapping[str, Any] | None = None,
    stock: Sequence[str] = ("open", "suspended"),
    classes: Sequence[int] = AGE_CLASSES,
    clock: str = "found",
) -> pd.DataFrame:
    """Count the open cases of a day by age class and zone.

    Parameters
    ----------
    city, as_of, layer, level, where, stock
        As in :func:`stock_flow`.
    classes : sequence of int
        Rising upper bounds in days, each included: 30 makes the class of 0 to 30 days.
    clock : {"found", "open"}
        Age since the case was first found, or since it was last opened, after a relapse.

    Returns
    -------
    DataFrame
        One row a zone and class: ``age_class, from_days, to_days, n, n_suspended, n_overdue,
        remaining`` (m2). Class ``undated`` holds open cases without that date; ``unknown`` records
        of which nobody can say whether they were open, nor how late, nor what is left of them.
        ``n_overdue`` is missing, too, where no record of the layer has a deadline.

    Raises
    ------
    CityDataError
        Classes that do not rise, an unknown clock; else as :func:`open_cases`.

    See Also
    --------
    open_cases, last_open, case_lists

    Examples
    --------
    >>> import geo_citymgmt as gcm
    >>> table = ageing(gcm.sample_city(), as_of="2022-06-30", level="city", classes=[90, 365])
    >>> table.age_class.tolist()
    ['0-90', '91-365', '366+', 'undated', 'unknown']
    """
    gate = Gate("ageing")
    bounds = _rising(classes, gate)
    gate.choice(clock, "clock", ("found", "open"))
    register = Register(city, layer, gate, where=where, stock=stock)
    levels = register.levels(level)
    day = register.day(as_of)
    cases = open_table(register, day, deadline=register.deadline)
    edges = [int(b) for b in bounds]
    lower = [0, *[e + 1 for e in edges]]
    names = [f"{a}-{b}" for a, b in zip(lower, edges, strict=False)]
    names += [f"{lower[-1]}+", "undated", "unknown"]
    age = cases["days_since_found" if clock == "found" else "days_open"]
    code = np.where(age.isna(), len(edges) + 1, np.searchsorted(bounds, age.fillna(0)))
    values = pd.DataFrame(
        {
            "row": register.data.index.get_indexer(cases.index),
            "class": code,
            "n": 1,
            "n_suspended": cases["suspended"].astype(int).to_numpy(),
            "n_overdue": cases["overdue"].fillna(False).astype(int).to_numpy(),
            "remaining": cases["remaining"].to_numpy(),
        }
    )
    _, unknown, _ = register.in_stock(day)
    blank = pd.DataFrame({"row": np.flatnonzero(unknown), "class": len(edges) + 2, "n": 1})
    values = pd.concat(
        [values, blank.assign(n_suspended=0, n_overdue=0, remaining=0.0)], ignore_index=True
    )
    sums = register.sums(values, levels, by=["class"])
    zones = pd.concat([register.zone_rows(lv) for lv in levels], ignore_index=True)
    every = zones.merge(pd.DataFrame({"class": range(len(names))}), how="cross")
    table = every.merge(sums, on=[*ZONE_KEYS, "class"], how="left")
    counts = ["n", "n_suspended", "n_overdue"]
    table["remaining"] = table["remaining"].mask(table["n"].isna(), 0.0)
    table[counts] = table[counts].fillna(0).astype("int64")
    held, doubtful = table["n"] > 0, table["class"] == len(edges) + 2
    _blank(table, ["n_overdue"], held & (doubtful | (not register.says(register.deadline))))
    _blank(table, ["n_suspended", "remaining"], held & doubtful)
    if not (register.has_size and register.tells_done):
        table["remaining"] = np.nan
    table["age_class"] = np.array(names, dtype=object)[table["class"]]
    table["from_days"] = pd.array([*lower, None, None], dtype="Int64")[table["class"]]
    table["to_days"] = pd.array([*edges, None, None, None], dtype="Int64")[table["class"]]
    table["as_of"] = as_day(day, table.index)
    return table[[*ZONE_KEYS, "age_class", "from_days", "to_days", *counts, "remaining", "as_of"]]


def _blank(table: pd.DataFrame, columns: list[str], rows: pd.Series) -> None:
    """Take out of the table what is not known, whole numbers staying whole."""
    for name in columns if rows.any() else ():
        whole = table[name].dtype.kind in "iu"
        table[name] = (table[name].astype("Int64") if whole else table[name]).mask(rows)


def _rising(classes: Any, gate: Gate) -> np.ndarray:
    """Upper bounds of age classes in days, or a refusal."""
    bounds = np.array(gate.many(classes, "classes"), dtype="float64")
    if not len(bounds) or (np.diff(bounds, prepend=-1) <= 0).any() or (bounds % 1).any():
        raise gate.refuse(*_MESSAGES.pair("classes_must_rise", classes=classes))
    return bounds


def case_lists(
    city: City | CityFacts,
    *,
    as_of: Any = None,
    layer: str = "illegal_construction",
    level: str = "district",
    field: str = "list_type",
    stock: Sequence[str] = ("open", "suspended"),
) -> pd.DataFrame:
    """Summarise the cases on the office's lists: list by zone by status, and the time left.

    The three lists of the document are 重点任务, 挂牌督办 and 重点治理项目; a case on two counts
    on both. When a case came onto a list is not recorded: the lists are those of the data's date.

    Parameters
    ----------
    city, as_of, layer, level, stock
        As in :func:`stock_flow`.
    field : str
        Field that names the lists, of one code or several; ``supervision_level`` gives the same
        table by 督办级别.

    Returns
    -------
    DataFrame
        One row a list, zone and status that occurs: ``list, list_zh, list_en``, zone keys,
        ``status, status_zh, status_en, state_set`` (status NA: nobody can say), ``n, size,
        remaining`` (m2; what is open), ``n_overdue`` (missing where no record of the layer has a
        deadline), ``next_deadline`` of those not yet due, ``days_left`` to it, ``days_over`` of
        the longest overdue.

    Raises
    ------
    CityDataError
        The data has no such field; else as :func:`open_cases`.

    See Also
    --------
    open_cases, ageing

    Examples
    --------
    >>> import geo_citymgmt as gcm
    >>> table = case_lists(gcm.sample_city(), as_of="2022-06-30", level="city")
    >>> sorted(table.list_zh.unique())
    ['挂牌督办', '重点任务', '重点治理项目']
    """
    gate = Gate("case_lists")
    register = Register(city, layer, gate, stock=stock)
    levels = register.levels(level)
    register.coded_field(field)
    day = register.day(as_of)
    data, spec = register.data, register.spec
    on_list = data[field].dropna().astype("str").str.split(";").explode().str.strip()
    rows = data.index.get_indexer(on_list.index)
    inside, _, state = register.in_stock(day)
    today = pd.NaT if day is None else day
    left = _days(_at(data, register.deadline) - today).to_numpy(dtype="float64", na_value=np.nan)
    left = np.where(inside, left, np.nan)
    values = pd.DataFrame(
        {
            "row": rows,
            "list": on_list.to_numpy(),
            "status": state.to_numpy()[rows],
            "n": 1,
            "size": register.size[rows],
            "remaining": np.where(inside, register.remaining(day), 0.0)[rows],
            "n_overdue": (left < 0).astype(int)[rows],
            "left": np.where(left >= 0, left, np.nan)[rows],
            "over": np.where(left < 0, -left, np.nan)[rows],
        }
    )
    # Before it was found a case was on no list.
    values = values[values["status"] != ""]
    keys = ["list", "status"]
    added = ["row", *keys, "n", "size", "remaining", "n_overdue"]
    table = register.sums(values[added], levels, by=keys)
    extremes = []
    for lv in levels:
        keyed = values.join(register.members(lv), on="row")
        grouped = keyed.groupby([*ZONE_KEYS[1:], *keys], dropna=False, sort=False)
        extremes.append(
            grouped.agg(days_left=("left", "min"), days_over=("over", "max"))
            .reset_index()
            .assign(level=lv)
        )
    table = table.merge(pd.concat(extremes), on=[*ZONE_KEYS, *keys], how="left")
    table["next_deadline"] = today + pd.to_timedelta(table["days_left"], unit="D")
    for name in ("days_left", "days_over", "n", "n_overdue"):
        table[name] = table[name].astype("Int64")
    _blank(table, ["n_overdue"], pd.Series(not register.says(register.deadline), table.index))
    for prefix, codes in (("list", spec.fields[field].codes), ("status", _codes(register))):
        for lang in ("zh", "en"):
            labels = {c: getattr(code, lang) for c, code in codes.items()}
            table[f"{prefix}_{lang}"] = table[prefix].map(labels).fillna(table[prefix])
    table["state_set"] = table["status"].map({c: spec.set_of(c) for c in _codes(register)})
    table["as_of"] = as_day(day, table.index)
    place = {c: k for k, c in enumerate([*spec.fields[field].codes, *_codes(register)])}
    table["_list"], table["_status"] = table["list"].map(place), table["status"].map(place)
    table["_zone"] = table.groupby(ZONE_KEYS, sort=False).ngroup()
    table = table.sort_values(["_list", "_zone", "_status"], ignore_index=True)
    if not register.has_size:
        table[["size", "remaining"]] = np.nan
    if not register.tells_done:
        table["remaining"] = table["remaining"].mask(table["remaining"] > 0)
    return table[
        ["list", "list_zh", "list_en", *ZONE_KEYS, "status", "status_zh", "status_en", "state_set",
         "n", "size", "remaining", "n_overdue", "next_deadline", "days_left", "days_over", "as_of"]
    ]  # fmt: skip


def _codes(register: Register) -> Mapping[str, Any]:
    name = register.spec.state_field
    return register.spec.fields[name].codes if name else {}


def as_day(day: pd.Timestamp | None, index: pd.Index) -> pd.Series:
    """Return a column of dates that holds ``day`` throughout, NaT where there is none."""
    return pd.Series(pd.NaT if day is None else day, index=index, dtype="datetime64[us]")


def _at(data: pd.DataFrame, name: str) -> pd.Series:
    if name in data.columns:
        return data[name]
    return pd.Series(pd.NaT, index=data.index, dtype="datetime64[us]")


def _dates(data: pd.DataFrame, name: str, rows: np.ndarray) -> np.ndarray:
    return _at(data, name).iloc[rows].to_numpy()


def _days(span: pd.Series) -> pd.Series:
    """Whole days, NA where a date is missing."""
    return span.dt.days.astype("Int64")


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
    due = read_day(deadline, "deadline", function=gate.function)
    register = Register(city, layer, gate, where=SAFETY if where is None else where, stock=stock)
    levels = register.levels(level)
    first, until = days_of(register.city, start, end, gate)
    # Where the data has no date its last day is the only one that was asked for.
    last = first if until is None else until
    if due < first:
        raise _MESSAGES.error(AsOfError, "deadline_before_start", due=due, first=first)
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
    total_days = (due - first).days
    share = (left / total_days).clip(0.0, 1.0) if total_days else pd.Series(0.0, index=table.index)
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
    register = Register(city, layer, gate, where=SAFETY if where is None else where, stock=stock)
    levels = register.levels(level)
    register.coded_field(field)
    day = register.day(as_of)
    inside, unknown, _ = register.in_stock(day)
    data_date = register.city.data_date
    if data_date is not None and day < data_date:
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
