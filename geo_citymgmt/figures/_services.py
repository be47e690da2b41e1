"""What services reach, what they hold for residents, who has one at hand: by district, on a day.

Which layers serve, how far and which of their records count is in ``services.toml``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from geo_citymgmt._gate import Gate, day_of
from geo_citymgmt._languages import NOTHING, Text
from geo_citymgmt._overlay import Layered
from geo_citymgmt.access import gini, two_step_access
from geo_citymgmt.access._nearest import share_table
from geo_citymgmt.access._reach import Demand, checked_reach, demand_weights, gaps_of, reach_table
from geo_citymgmt.access._supply import ratio_table
from geo_citymgmt.facts import CityFacts, facts_of
from geo_citymgmt.zones._ownership import Located
from geo_citymgmt.zones._summary import summary_of

if TYPE_CHECKING:
    import geopandas as gpd

    from geo_citymgmt.city import City

DEMAND = "population_cells"
_MOST_GAPS = 8


@dataclass(frozen=True, slots=True)
class Service:
    """A layer people walk to: how far, which of its records serve, in which states."""

    layer: str
    radius_m: float
    states: tuple[str, ...] = ()
    kinds: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    gap_per_km2: float = 0.0
    note: Text = NOTHING


@dataclass(frozen=True)
class Chosen:
    """The records of a layer that serve on a day, and by which of its fields they were chosen."""

    records: gpd.GeoDataFrame
    state_known: bool
    kinds_known: tuple[str, ...]

    @property
    def n_counted(self) -> int:
        """How many serve."""
        return len(self.records)

    @property
    def n_unlocated(self) -> int:
        """How many of them have no place, and reach nobody."""
        return int(self.records.geometry.isna().sum())


@dataclass(frozen=True)
class ServiceCoverage:
    """What a service reaches.

    Attributes
    ----------
    service : Service
    table : DataFrame
        As :func:`geo_citymgmt.coverage` gives it with margins.
    n_counted, n_unlocated : int
        Facilities that serve; those among them without a place.
    state_known : bool
        Whether the layer told which are open.
    kinds_known : tuple of str
        Fields by which the records were narrowed.
    exact : bool
        Whether all facilities are points, whose area is in closed form.
    demand : bool
        Whether residents were counted too.
    gaps : GeoDataFrame or None
        Where the most residents are not reached, of :func:`geo_citymgmt.coverage_gaps`; None
        without residents.
    """

    service: Service
    table: pd.DataFrame
    n_counted: int
    n_unlocated: int
    state_known: bool
    kinds_known: tuple[str, ...]
    exact: bool
    demand: bool
    gaps: gpd.GeoDataFrame | None = None


def service_settings(city: City) -> Layered:
    """Return ``services.toml`` as it holds for a city: the package's, its profile's, its own."""
    return city.office["services"]


def questions(city: City, kind: str) -> list[dict[str, Any]]:
    """Return what is asked of one kind: each entry with its ``layer``, or the places it is about.

    Entries that name what there is not are none of the city's settings: its findings tell them.
    """
    name = "places" if kind == "at_hand" else "layer"
    entries = service_settings(city).table.get(kind, {})
    return [
        {"states": (), name: key, **entry} for key, entry in entries.items() if key in city.specs
    ]


def _service(entry: Mapping[str, Any]) -> Service:
    return Service(
        entry["layer"],
        float(entry["radius_m"]),
        tuple(entry["states"]),
        {name: tuple(codes) for name, codes in entry.get("kinds", {}).items()},
        float(entry.get("gap_per_km2", 0.0)),
        Text(**entry["note"]) if "note" in entry else NOTHING,
    )


def services(city: City) -> tuple[Service, ...]:
    """Return the layers of a city whose reach the report shows.

    Examples
    --------
    >>> import geo_citymgmt as gcm
    >>> [(s.layer, s.radius_m) for s in services(gcm.sample_city())]
    [('parking_points', 500.0), ('public_toilets', 300.0), ('bike_stations', 300.0)]
    """
    return tuple(_service(entry) for entry in questions(city, "coverage"))


def service_of(city: City, layer: str, radius_m: float) -> Service:
    """Return a layer as a service at a distance: the records that count are those of the report.

    Of a layer the report does not ask about every record counts.
    """
    listed = next((s for s in services(city) if s.layer == layer), Service(layer, radius_m))
    return replace(listed, radius_m=radius_m)


def chosen_records(
    city: City | CityFacts,
    layer: str,
    *,
    states: Sequence[str] = (),
    kinds: Mapping[str, Sequence[str]] | None = None,
    as_of: Any = None,
) -> Chosen | None:
    """Return the records of a layer in given states and of given kinds on a day.

    What the layer does not tell narrows nothing. None where it has no located record left.
    """
    gate = Gate("chosen_records")
    facts = facts_of(city, gate)
    city = facts.city
    if layer not in city:
        return None
    day = None if as_of is None else day_of(city, as_of, gate)
    data: gpd.GeoDataFrame = city[layer]
    spec = city.specs[layer]
    chosen = pd.Series(True, index=data.index)
    known = tuple(name for name in kinds or {} if name in data.columns)
    for name in known:
        chosen &= data[name].isin((kinds or {})[name])
    state_known = bool(states) and spec.state_field in data.columns
    if state_known:
        codes = [code for name in states for code in spec.sets[name]]
        chosen &= facts.states(layer, day).isin(codes).set_axis(data.index)
    records = data[chosen]
    return Chosen(records, state_known, known) if records.geometry.notna().any() else None


def service_coverage(
    city: City | CityFacts, service: Service, *, as_of: Any = None
) -> ServiceCoverage | None:
    """Compute what a service reaches on a day, by district, and where it leaves people out.

    Parameters
    ----------
    city : City or CityFacts
        With the layer; residents are counted where it has ``population_cells``.
    service : Service
        Which layer, how far, and which of its records serve.
    as_of : date, optional
        The day, of a month, quarter or year its last; the data's own otherwise.

    Returns
    -------
    ServiceCoverage or None
        None where the city has no such layer, no facility of it that serves, or no districts
        whose ground could be covered.

    Examples
    --------
    >>> import geo_citymgmt as gcm
    >>> city = gcm.sample_city()
    >>> reach = service_coverage(city, services(city)[2])
    >>> reach.exact, bool(0.1 < reach.table.loc["total", "coverage"] < 0.2)
    (True, True)
    """
    gate = Gate("service_coverage")
    facts = facts_of(city, gate)
    city = facts.city
    chosen = chosen_records(
        facts, service.layer, states=service.states, kinds=service.kinds, as_of=as_of
    )
    if chosen is None or not city.has_zones:
        return None
    facilities = chosen.records
    located = facilities.geometry.notna()
    districts = facts.membership.index("district")
    zones, index, reach = checked_reach(
        gate, facilities, city.zones, service.radius_m, 1, districts
    )
    demand = gaps = None
    if DEMAND in city:
        people = gate.features(city[DEMAND], "demand", like=zones, needs_columns=True)
        many = demand_weights(gate, people, "population", "weight")
        demand = Demand(index, reach, people, many, facts.membership.located(DEMAND))
        gaps = gaps_of(
            index, reach, demand, zones.crs, n=_MOST_GAPS, min_per_km2=service.gap_per_km2
        )
    table = reach_table(zones, index, reach, demand, margins=True)
    return ServiceCoverage(
        service,
        table,
        chosen.n_counted,
        chosen.n_unlocated,
        chosen.state_known,
        chosen.kinds_known,
        bool((facilities.geometry[located].geom_type == "Point").all()),
        demand is not None,
        gaps,
    )


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
    computed = [_supply(facts, day, entry) for entry in questions(city, "supply")]
    return [each for each in computed if each is not None]


def _supply(facts: CityFacts, day: pd.Timestamp | None, entry: Mapping[str, Any]) -> Supply | None:
    city = facts.city
    layer, amount, per = entry["layer"], entry["amount"], float(entry["per"])
    chosen = _chosen(facts, day, entry)
    if chosen is None or amount not in chosen.records or chosen.records[amount].isna().all():
        return None
    facilities, residents = chosen.records, city[DEMAND]
    facilities = facilities.assign(**{amount: facilities[amount].fillna(0)})
    located = Located(facts.membership.index("district"), facilities.geometry.to_numpy())
    demand = facts.membership.located(DEMAND)
    by_header = ratio_table(
        facilities, city.zones, amount, "population", per, residents, True, located, demand
    )
    by_area = ratio_table(facilities, city.zones, amount, "area_km2", 1.0, None, True, located)
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
        Gate("summarise"), cells, city.zones, None, "share", True, sizes, located=demand
    )
    sums = sums.reindex(by_header.index)
    some = sums["people"].where(sums["people"] > 0)
    table = pd.DataFrame(
        {
            "row_kind": by_header["row_kind"],
            "amount": by_header["numerator"],
            "residents": by_header["denominator"],
            "ratio": by_header["ratio"],
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


def balances(city: City, progress: pd.DataFrame) -> list[tuple[Text, pd.DataFrame]]:
    """Return load, capacity and what is over or short by day, by zone, for each pair of figures.

    ``[balance.LOAD] capacity = CAPACITY`` of services.toml names them: an amount of the period,
    which is spread over its days, and a stock by the day.
    """
    out, known = [], city.figures.figures
    for load, entry in service_settings(city).table.get("balance", {}).items():
        names = (load, entry["capacity"])
        if not known.keys() >= set(names):
            continue
        table = progress[progress["level"].isin(["city", "district"])]
        table = table[table["row_kind"].isin(["zone", "total"])].set_index("zone_code")
        first, second = (table[table["indicator"] == name] for name in names)
        if first["value"].isna().all() or second["value"].isna().all():
            continue
        days = (first["as_of"] - first["period_start"]).dt.days + 1
        frame = pd.DataFrame({"load": first["value"] / days, "capacity": second["value"]})
        frame["balance"] = frame["capacity"] - frame["load"]
        whole = first["row_kind"].eq("total").to_numpy()
        # The whole comes last.
        rows = pd.concat([frame[~whole], frame[whole]])
        out.append((Text(entry["zh"], entry["en"]), rows))
    return out
