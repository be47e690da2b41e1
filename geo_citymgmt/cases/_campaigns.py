"""What a campaign is steered by: flow, relapses, ages, lists, what is left, hot spots."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from geo_citymgmt.cases._cases import (
    ageing,
    burn_down,
    case_lists,
    interim_share,
    last_open,
    open_cases,
)
from geo_citymgmt.cases._stock import relapse_rates, stock_flow
from geo_citymgmt.errors import CityDataError
from geo_citymgmt.facts import CityFacts
from geo_citymgmt.figures._actuals import period_start
from geo_citymgmt.figures._services import questions
from geo_citymgmt.patterns._hot_spots import spots_of

if TYPE_CHECKING:
    import geopandas as gpd

_LAST = 10


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
