"""What residents have: supply per head, what they can reach of it, what is at hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from geo_citymgmt._gate import Gate
from geo_citymgmt.access import gini, two_step_access
from geo_citymgmt.access.supply import ratio_table
from geo_citymgmt.coverage.nearest import share_table
from geo_citymgmt.report.services import DEMAND, Chosen, chosen_records, questions
from geo_citymgmt.zones.ownership import Located
from geo_citymgmt.zones.summary import summary_of

if TYPE_CHECKING:
    from geo_citymgmt.facts import CityFacts

__all__ = ["AtHand", "Supply", "at_hand", "supplies"]


@dataclass(frozen=True)
class Supply:
    """What a layer holds for residents.

    Attributes
    ----------
    layer, amount : str
        The field that is summed.
    per, catchment_m : float
    table : DataFrame
        By district and ``total``: ``amount``, ``residents``, ``ratio`` (for ``per`` residents),
        ``per_km2``, ``access`` (mean over the residents of what they share within the catchment,
        for ``per`` of them), ``without`` (share of residents with nothing in reach).
    gini : float
        Of the amount by residents, over the districts.
    """

    layer: str
    amount: str
    per: float
    catchment_m: float
    kinds: Mapping[str, tuple[str, ...]]
    table: pd.DataFrame
    gini: float


@dataclass(frozen=True)
class AtHand:
    """Places by the distance of the nearest facility, of :func:`geo_citymgmt.share_within`."""

    places: str
    layer: str
    distances_m: tuple[float, ...]
    kinds: Mapping[str, tuple[str, ...]]
    table: pd.DataFrame


def supplies(facts: CityFacts, day: pd.Timestamp | None) -> list[Supply]:
    """Compute what each layer of ``services.toml`` holds for residents; none without residents."""
    city = facts.city
    if DEMAND not in city:
        return []
    found = [_supply(facts, day, entry) for entry in questions(city, "supply")]
    return [each for each in found if each is not None]


def _supply(facts: CityFacts, day: pd.Timestamp | None, entry: Mapping[str, Any]) -> Supply | None:
    city = facts.city
    layer, amount, per = entry["layer"], entry["amount"], float(entry["per"])
    chosen = _chosen(facts, day, entry)
    if chosen is None or amount not in chosen.records or chosen.records[amount].isna().all():
        return None
    facilities, residents = chosen.records, city[DEMAND]
    facilities = facilities.assign(**{amount: facilities[amount].fillna(0)})
    there = Located(facts.membership.index("district"), facilities.geometry.to_numpy())
    homes = facts.membership.located(DEMAND)
    by_head = ratio_table(
        facilities, city.zones, amount, "population", per, residents, True, there, homes
    )
    by_area = ratio_table(facilities, city.zones, amount, "area_km2", 1.0, None, True, there)
    access = two_step_access(
        residents, facilities, radius_m=entry["catchment_m"], demand_weight="population",
        supply_weight=amount, decay="gaussian",
    )  # fmt: skip
    people = residents["population"].fillna(0)
    cells = residents[["geometry"]].assign(
        people=people, share=people * access, without=people.where(access == 0, 0.0)
    )
    sizes = {name: (name, "sum") for name in ("people", "share", "without")}
    sums = summary_of(
        Gate("summarise"), cells, city.zones, None, "share", True, sizes, located=homes
    )
    sums = sums.reindex(by_head.index)
    some = sums["people"].where(sums["people"] > 0)
    table = pd.DataFrame(
        {
            "row_kind": by_head["row_kind"],
            "amount": by_head["numerator"],
            "residents": by_head["denominator"],
            "ratio": by_head["ratio"],
            "per_km2": by_area["ratio"],
            "access": per * sums["share"] / some,
            "without": sums["without"] / some,
        }
    )
    zones = table[table["row_kind"] == "zone"]
    uneven = float("nan")
    if zones["residents"].gt(0).all() and zones["amount"].sum() > 0:
        uneven = gini(zones["amount"], residents=zones["residents"])
    table = table[table["row_kind"].isin(["zone", "total"])]
    kinds = {name: tuple(entry["kinds"][name]) for name in chosen.kinds_known}
    return Supply(layer, amount, per, float(entry["catchment_m"]), kinds, table, uneven)


def at_hand(facts: CityFacts, day: pd.Timestamp | None) -> list[AtHand]:
    """Compute which share of places has a facility at hand, for what ``services.toml`` asks."""
    out, city = [], facts.city
    for entry in questions(city, "at_hand"):
        chosen = _chosen(facts, day, entry)
        places = city.get(entry["places"])
        if chosen is None or places is None or places.empty:
            continue
        distances = tuple(float(d) for d in entry["distances_m"])
        table = share_table(
            places, chosen.records, city.zones, entry["distances_m"], True,
            facts.membership.index("district"),
        )  # fmt: skip
        kinds = {name: tuple(entry["kinds"][name]) for name in chosen.kinds_known}
        table = table[table["row_kind"].isin(["zone", "total"])]
        out.append(AtHand(entry["places"], entry["layer"], distances, kinds, table))
    return out


def _chosen(facts: CityFacts, day: pd.Timestamp | None, entry: Mapping[str, Any]) -> Chosen | None:
    return chosen_records(
        facts, entry["layer"], states=entry["states"], kinds=entry.get("kinds"), as_of=day
    )
