"""The open cases of a day: how old, how late, on which list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geo_citymgmt._gate import Gate
from geo_citymgmt.remediation.register import ZONE_KEYS, Register, levels_to
from geo_citymgmt.words import Text

if TYPE_CHECKING:
    from geo_citymgmt.city import City
    from geo_citymgmt.facts import CityFacts

__all__ = ["ageing", "as_day", "case_lists", "open_cases", "open_table"]

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
    held = spec.sets.get("suspended", ())
    table["suspended"] = table["status"].isin(held)
    table["found_on"], table["open_since"] = first.to_numpy(), last.to_numpy()
    table["days_since_found"] = _days(today - table["found_on"])
    table["days_open"] = _days(today - table["open_since"])
    table["size"], table["remaining"] = register.size[rows], register.remaining(day)[rows]
    if not register.has_size:
        table[["size", "remaining"]] = np.nan
    due = _dates(data, deadline, rows)
    table["deadline"] = due
    table["days_left"] = _days(table["deadline"] - today)
    table["overdue"] = (table["days_left"] < 0).astype("boolean")
    table["planned_date"] = _dates(data, planned, rows)
    late = (table["planned_date"] < today).astype("boolean")
    table["plan_missed"] = late.where(table["planned_date"].notna() & (day is not None))
    for name in columns:
        table[name] = data[name].iloc[rows].array
    return table.set_index(data.index[rows])


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
        of which nobody can say whether they were open.

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
    levels = levels_to(level, gate)
    register = Register(city, layer, gate, where=where, stock=stock)
    day = register.day(as_of)
    cases = open_table(register, day)
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
    if not register.has_size:
        table["remaining"] = np.nan
    table["age_class"] = np.array(names, dtype=object)[table["class"]]
    table["from_days"] = pd.array([*lower, None, None], dtype="Int64")[table["class"]]
    table["to_days"] = pd.array([*edges, None, None, None], dtype="Int64")[table["class"]]
    table["as_of"] = as_day(day, table.index)
    return table[[*ZONE_KEYS, "age_class", "from_days", "to_days", *counts, "remaining", "as_of"]]


def _rising(classes: Any, gate: Gate) -> np.ndarray:
    """Upper bounds of age classes in days, or a refusal."""
    bounds = np.array(gate.many(classes, "classes"), dtype="float64")
    if not len(bounds) or (np.diff(bounds, prepend=-1) <= 0).any() or (bounds % 1).any():
        raise gate.refuse(
            Text(
                f"classes 为 {classes!r}，应为递增的非负整天数。",
                f"classes are {classes!r}: whole days of zero or more must rise.",
            ),
            Text("请写成 [30, 90, 365]。", "Write them as [30, 90, 365]."),
        )
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
        remaining`` (m2; what is open), ``n_overdue``, ``next_deadline`` of those not yet due,
        ``days_left`` to it, ``days_over`` of the longest overdue.

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
    levels = levels_to(level, gate)
    register = Register(city, layer, gate, stock=stock)
    register.coded_field(field)
    day = register.day(as_of)
    data, spec = register.data, register.spec
    on_list = data[field].dropna().astype("str").str.split(";").explode().str.strip()
    rows = data.index.get_indexer(on_list.index)
    inside, _, state = register.in_stock(day)
    today = pd.NaT if day is None else day
    left = _days(_at(data, "deadline") - today).to_numpy(dtype="float64", na_value=np.nan)
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
