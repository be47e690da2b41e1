"""What a campaign is steered by: flow, relapses, ages, hot spots, and what is open, worst first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geo_citymgmt._gate import Gate
from geo_citymgmt.cases._cases import (
    ageing,
    burn_down,
    case_lists,
    interim_share,
    last_open,
    open_cases,
    open_table,
)
from geo_citymgmt.cases._register import USUAL_STOCK, Register, read_where
from geo_citymgmt.cases._stock import relapse_rates, stock_flow
from geo_citymgmt.cleaning._personal import mask_text
from geo_citymgmt.errors import CityDataError
from geo_citymgmt.facts import CityFacts
from geo_citymgmt.figures._actuals import period_start
from geo_citymgmt.figures._services import questions
from geo_citymgmt.patterns._hot_spots import spots_of

if TYPE_CHECKING:
    import geopandas as gpd


_LAST = 10
#: Fields that say where a record lies, from the large to the small.
_PLACES = ("community_name", "road_name", "address")
#: Field of who answers for a record.
_UNIT = "manage_org"


@dataclass(frozen=True)
class Campaign:
    """A campaign on a day; a table is None where the data cannot give it.

    Attributes
    ----------
    layer : str
    start : Timestamp
        First day of the year, from which flows are counted.
    flow : DataFrame or None
        Of :func:`geo_citymgmt.stock_flow` by district.
    relapses : DataFrame or None
        Of :func:`geo_citymgmt.relapse_rates` by district.
    ages, lists : DataFrame or None
        Of :func:`geo_citymgmt.ageing` and :func:`geo_citymgmt.case_lists` for the city.
    burn : DataFrame or None
        Of :func:`geo_citymgmt.burn_down` for the cases to be cleared, by district.
    interim : DataFrame or None
        Of :func:`geo_citymgmt.interim_share` for the city.
    last : DataFrame or None
        The largest open cases among those, of :func:`geo_citymgmt.last_open`.
    streets : DataFrame or None
        New cases and relapses by street, of :func:`geo_citymgmt.stock_flow`: ``month_found,
        month_relapsed`` since the start of the month, ``found, relapsed`` since that of the year,
        ``closing``; those with most relapses and new cases of the month first.
    hot_spots : GeoDataFrame or None
        Of :func:`geo_citymgmt.hot_spots` on the open cases, by number; on all records of a layer
        without states.
    """

    layer: str
    start: pd.Timestamp
    flow: pd.DataFrame | None = None
    relapses: pd.DataFrame | None = None
    ages: pd.DataFrame | None = None
    lists: pd.DataFrame | None = None
    burn: pd.DataFrame | None = None
    interim: pd.DataFrame | None = None
    last: pd.DataFrame | None = None
    streets: pd.DataFrame | None = None
    hot_spots: gpd.GeoDataFrame | None = None


def campaigns(facts: CityFacts, day: pd.Timestamp | None, table: pd.DataFrame) -> list[Campaign]:
    """Compute every campaign of ``services.toml`` that the city has the layer of.

    A layer of which hot spots alone are asked has these alone. Without a day there is none; the
    deadlines are those of the progress in ``table``.
    """
    if day is None:
        return []
    steered = {e["layer"]: e for e in questions(facts.city, "campaign")}
    asked = dict.fromkeys([*steered, *(e["layer"] for e in questions(facts.city, "hot_spots"))])
    return [
        _campaign(facts, day, table, steered[layer])
        if layer in steered and facts.city.specs[layer].states is not None
        else Campaign(layer, pd.Timestamp(day.year, 1, 1), hot_spots=_spots(facts, day, layer))
        for layer in asked
        if layer in facts.city
    ]


def _campaign(
    facts: CityFacts, day: pd.Timestamp, table: pd.DataFrame, entry: Mapping[str, Any]
) -> Campaign:
    layer, clear = entry["layer"], dict(entry.get("clear", {}))
    start = pd.Timestamp(day.year, 1, 1)
    rows = table[(table["level"] == "city") & (table["indicator"] == entry.get("deadline_of", ""))]
    deadline = rows["deadline"].iloc[0] if len(rows) else pd.NaT
    # Which states are still to be dealt with, and which have been, where a layer has other sets.
    sets: dict[str, Any] = {n: tuple(entry[n]) for n in ("stock", "done") if entry.get(n)}
    stock = {name: names for name, names in sets.items() if name == "stock"}
    flow = _given(lambda: stock_flow(facts, start=start, end=day, layer=layer, **sets))
    if flow is not None and flow["closing"].isna().all():
        flow = None
    burn = None
    if pd.notna(deadline) and deadline >= start:
        burn = _given(
            lambda: burn_down(
                facts, deadline=deadline, start=start, end=day, layer=layer, where=clear, **stock
            )
        )
        if burn is not None and burn["remaining_n"].isna().all():
            burn = None
    return Campaign(
        layer,
        start,
        flow,
        _given(lambda: relapse_rates(facts, start=start, end=day, layer=layer, **sets)),
        _given(lambda: ageing(facts, as_of=day, layer=layer, level="city", **stock)),
        _given(lambda: case_lists(facts, as_of=day, layer=layer, level="city")),
        burn,
        _given(lambda: interim_share(facts, as_of=day, layer=layer, level="city", where=clear)),
        _given(lambda: last_open(facts, as_of=day, n=_LAST, layer=layer, where=clear, **stock)),
        _given(lambda: _streets(facts, start, day, layer, sets)),
        _spots(facts, day, layer, **stock),
    )


def _streets(
    facts: CityFacts, start: pd.Timestamp, day: pd.Timestamp, layer: str, sets: Mapping[str, Any]
) -> pd.DataFrame:
    """Tell where cases came up and came back: this month, and since the start of the year."""
    if not len(facts.city.zones_by_level.get("street", ())):
        return pd.DataFrame()
    month = period_start("month", day, facts.city.month_starts)
    parts = []
    for first in (month, start):
        table = stock_flow(facts, start=first, end=day, layer=layer, level="street", **sets)
        table = table[table["level"].eq("street") & table["row_kind"].eq("zone")]
        parts.append(table[table["quantity"].eq("count")].set_index("zone_code"))
    out = parts[1][["found", "relapsed", "closing"]].copy()
    out[["month_found", "month_relapsed"]] = parts[0][["found", "relapsed"]]
    order = ["month_relapsed", "month_found", "relapsed", "found"]
    return out[out[order].gt(0).any(axis=1)].sort_values(order, ascending=False, kind="stable")


def _spots(
    facts: CityFacts, day: pd.Timestamp, layer: str, **stock: Any
) -> gpd.GeoDataFrame | None:
    city = facts.city
    asked = next((e for e in questions(city, "hot_spots") if e["layer"] == layer), None)
    if asked is None:
        return None
    parcels = city[layer]
    if city.specs[layer].states is not None:
        cases = _given(lambda: open_cases(facts, as_of=day, layer=layer, **stock))
        parcels = parcels.loc[[] if cases is None else cases.index]
    if parcels.geometry.isna().all():
        return None
    zoned = city.has_zones
    cells = spots_of(
        parcels[parcels.geometry.notna()],
        asked["cell_m"],
        value=None,
        zones=city.zones if zoned else None,
        permutations=asked.get("permutations", 9999),
        seed=0,
        fdr=asked.get("fdr", 0.05),
        index=facts.membership.index("district") if zoned else None,
    )
    cells.attrs["cell_m"] = asked["cell_m"]
    return cells


def hot_cells(points: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the cells that are hot, the most striking first."""
    return points[points["spot"] == "hot"].sort_values(["z", "n"], ascending=False, kind="stable")


def _given(made: Callable[[], pd.DataFrame]) -> pd.DataFrame | None:
    """Return a table, or None where the data lacks what it needs: the ledger says which."""
    try:
        table = made()
    except CityDataError:
        return None
    return None if table.empty else table


@dataclass(frozen=True)
class WorkList:
    """The open records of a layer whose file has ``[overdue]``.

    Attributes
    ----------
    layer : str
    marks : list of dict
        What makes a record come first, each as the fields and values of the layer's file; the
        columns ``mark_0``, ``mark_1`` … of the table say whether it holds.
    table : DataFrame
        On the index of the layer's records, the worst first: what is overdue before what is not,
        then by the marks, then by the days left. ``key, district_code, street_code, unit, place,
        status, remaining, days_since_found, deadline, days_left, overdue``, and ``lists`` where
        a mark is a list (of the field that ``attrs["lists"]`` names); personal texts are masked.
    """

    layer: str
    marks: list[dict[str, object]]
    table: pd.DataFrame


def worklists(facts: CityFacts, day: pd.Timestamp | None) -> list[WorkList]:
    """List what is open on a day, of each layer that has deadlines; the parcels come first.

    Examples
    --------
    >>> import geo_citymgmt as gcm
    >>> from geo_citymgmt.facts import CityFacts
    >>> first, *_ = worklists(CityFacts(gcm.sample_city()), pd.Timestamp(2022, 6, 30))
    >>> first.layer, first.marks
    ('illegal_construction', [{'safety_related': True}, {'list_type': 'supervised'}])
    >>> worst = first.table.iloc[0]
    >>> bool(worst["overdue"]), bool(worst["mark_0"]), bool(worst["mark_1"])
    (True, True, True)
    """
    if day is None:
        return []
    city = facts.city
    layers = [
        key
        for key, spec in city.specs.items()
        if key in city and spec.states is not None and spec.overdue.get("deadline") in city[key]
    ]
    # Those with marks are what a bureau is called to account for.
    layers.sort(key=lambda key: not city.specs[key].overdue.get("first"))
    found = [_worklist(facts, key, day) for key in layers]
    return [each for each in found if len(each.table)]


def _worklist(facts: CityFacts, layer: str, day: pd.Timestamp) -> WorkList:
    spec = facts.city.specs[layer]
    stock = tuple(spec.overdue.get("stock", USUAL_STOCK))
    register = Register(facts, layer, Gate("write_report"), stock=stock)
    cases = open_table(register, day, deadline=spec.overdue["deadline"])
    rows = register.data.index.get_indexer(cases.index)
    data = register.data.iloc[rows]
    table = pd.DataFrame(
        {
            "key": cases[spec.id_field].astype("str"),
            "district_code": cases["district_code"].where(cases["row_kind"] == "zone"),
            "street_code": _street(register, rows, cases.index),
            "unit": _texts(data, (_UNIT,)),
            "place": _texts(data, _PLACES),
            "status": cases["status"],
            "remaining": cases["remaining"],
            "days_since_found": cases["days_since_found"],
            "deadline": cases["deadline"],
            "days_left": cases["days_left"],
            "overdue": cases["overdue"].fillna(False).astype(bool),
        }
    )
    marks = [dict(w) for w in spec.overdue.get("first", ()) if set(w) <= set(register.data)]
    for k, where in enumerate(marks):
        chosen = read_where(where, register.gate, spec, register.data)
        table[f"mark_{k}"] = register.timeline.choice(chosen)[0][rows]
    on_lists = [name for where in marks for name, value in where.items() if value is not True]
    if on_lists:
        table["lists"] = data[on_lists[0]]
        table.attrs["lists"] = on_lists[0]
    order = ["overdue", *(f"mark_{k}" for k in range(len(marks))), "days_left", "key"]
    ascending = [False] * (1 + len(marks)) + [True, True]
    return WorkList(layer, marks, table.sort_values(order, ascending=ascending, kind="stable"))


def _street(register: Register, rows: np.ndarray, index: pd.Index) -> pd.Series:
    if not len(register.city.zones_by_level.get("street", ())):
        return pd.Series(pd.NA, index=index, dtype="str")
    owner = register.members("street").iloc[rows]
    return owner["zone_code"].where(owner["row_kind"] == "zone").set_axis(index)


def _texts(data: pd.DataFrame, fields: tuple[str, ...]) -> pd.Series:
    """Join what the fields say of where a record is, or who has it, without personal data."""
    out = pd.Series("", index=data.index, dtype="object")
    for name in fields:
        if name in data:
            texts = data[name].astype("object").where(data[name].notna(), "")
            out = out + texts.map(lambda text: mask_text(str(text)))
    return out


def holders(worklist: WorkList, by: str) -> pd.DataFrame:
    """Count what is open and overdue by who has it.

    Parameters
    ----------
    worklist : WorkList
    by : {"unit", "district_code", "street_code"}

    Returns
    -------
    DataFrame
        One row each, most overdue first: ``n, n_overdue``, of the overdue those with each mark
        (``mark_0`` …), and ``longest`` (days). What names none is not there.

    Examples
    --------
    >>> table = pd.DataFrame({"unit": ["甲", "乙", "乙", ""], "overdue": [True, True, False, True],
    ...                       "mark_0": [False, True, True, True], "days_left": [-3, -9, 5, -1]})
    >>> holders(WorkList("parcels", [{}], table), "unit").loc["乙"].tolist()
    [2, 1, 1, 9]
    """
    table = worklist.table
    table = table[table[by].notna() & table[by].ne("")]
    late = table["overdue"]
    columns = {"n": pd.Series(1, table.index), "n_overdue": late.astype(int)}
    for k in range(len(worklist.marks)):
        columns[f"mark_{k}"] = (late & table[f"mark_{k}"]).astype(int)
    out = pd.DataFrame(columns).groupby(table[by]).sum()
    longest = -table["days_left"].where(late).groupby(table[by]).min()
    out["longest"] = longest.fillna(0).astype(int)
    order = ["n_overdue", *(f"mark_{k}" for k in range(len(worklist.marks))), "n"]
    return out.sort_values(order, ascending=False, kind="stable")
