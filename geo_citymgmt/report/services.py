"""What the report asks of facilities and campaigns, as data; and who is reached."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import resources
from typing import TYPE_CHECKING, Any

import pandas as pd

from geo_citymgmt._gate import Gate
from geo_citymgmt.coverage.gaps import gaps_of
from geo_citymgmt.coverage.reach import Demand, checked_reach, demand_weights
from geo_citymgmt.coverage.shares import reach_table
from geo_citymgmt.errors import SpecError
from geo_citymgmt.facts import CityFacts, facts_of
from geo_citymgmt.facts.as_of import day_of
from geo_citymgmt.overlay import Layered
from geo_citymgmt.spec import laid_over_package
from geo_citymgmt.words import Text

if TYPE_CHECKING:
    import geopandas as gpd

    from geo_citymgmt.city import City
    from geo_citymgmt.report.words import Words
    from geo_citymgmt.spec import LayerSpec

__all__ = [
    "DEMAND",
    "Chosen",
    "Service",
    "ServiceCoverage",
    "chosen_records",
    "counted_terms",
    "questions",
    "service_coverage",
    "service_of",
    "service_settings",
    "services",
]

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
    return laid_over_package(
        resources.files("geo_citymgmt.report") / "services.toml",
        None if city.profile is None else city.profile.file("services.toml"),
        city.services_file,
        whole=("kinds", "clear"),
    )


def questions(city: City, kind: str) -> list[dict[str, Any]]:
    """Return what is asked of one kind: each entry with its ``layer``, or the places it is about.

    Raises
    ------
    SpecError
        An entry names a layer, a state or a field that there is not; it is told with its file.
    """
    given = service_settings(city)
    out = []
    for key, entry in given.table.get(kind, {}).items():
        name = "places" if kind == "at_hand" else "layer"
        if not isinstance(entry, Mapping) or key not in city.specs:
            origin = next((o for place, o in given.origin.items() if place[:2] == (kind, key)), "")
            raise SpecError(
                Text(
                    f"{origin or 'services.toml'} [{kind}.{key}] 有误：没有这个图层。",
                    f"{origin or 'services.toml'} [{kind}.{key}]: there is no such layer.",
                ),
                remedy=Text(
                    f"图层有：{'、'.join(city.specs)}。", f"Layers: {', '.join(city.specs)}."
                ),
            )
        out.append({name: key, **entry})
    return out


def _service(entry: Mapping[str, Any]) -> Service:
    return Service(
        entry["layer"],
        float(entry["radius_m"]),
        tuple(entry.get("states", ())),
        {name: tuple(codes) for name, codes in entry.get("kinds", {}).items()},
        float(entry.get("gap_per_km2", 0.0)),
    )


def services(city: City) -> tuple[Service, ...]:
    """Return the layers of a city whose reach the report shows.

    Examples
    --------
    >>> import geo_citymgmt as gcm
    >>> [(s.layer, s.radius_m) for s in services(gcm.sample_city())]
    [('parking_points', 500.0), ('bike_stations', 300.0)]
    """
    return tuple(_service(entry) for entry in questions(city, "coverage"))


def service_of(city: City, layer: str, radius_m: float) -> Service:
    """Return a layer as a service at a distance: the records that count are those of the report.

    Of a layer the report does not ask about every record counts.
    """
    own = next((s for s in services(city) if s.layer == layer), Service(layer, radius_m))
    return replace(own, radius_m=radius_m)


def counted_terms(
    found: Chosen | ServiceCoverage, service: Service, spec: LayerSpec, words: Words
) -> list[str]:
    """Say which records of a layer were counted: how many, in which states, of which kinds."""
    parts = [words("facilities_counted", n=f"{found.n_counted:,}")]
    if found.state_known:
        states = spec.fields[str(spec.state_field)].codes
        codes = [c for s in service.states for c in spec.sets[s]]
        labels = words.listed([words.of(states[c].zh, states[c].en) for c in codes])
        parts.append(words("only_states", states=labels))
    elif spec.state_field:
        parts.append(words("all_states" if service.states else "every_state"))
    for field_name in found.kinds_known:
        known = spec.fields[field_name].codes
        kinds = [words.of(known[c].zh, known[c].en) for c in service.kinds[field_name]]
        parts.append(words("only_kinds", kinds=words.listed(kinds)))
    if found.n_unlocated:
        parts.append(words("not_located", n=f"{found.n_unlocated:,}"))
    return parts


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
    >>> reach = service_coverage(city, services(city)[1])
    >>> reach.exact, bool(0.1 < reach.table.loc["total", "coverage"] < 0.2)
    (True, True)
    """
    gate = Gate("service_coverage")
    facts = facts_of(city, gate)
    city = facts.city
    found = chosen_records(
        facts, service.layer, states=service.states, kinds=service.kinds, as_of=as_of
    )
    if found is None or not city.has_zones:
        return None
    facilities = found.records
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
        found.n_counted,
        found.n_unlocated,
        found.state_known,
        found.kinds_known,
        bool((facilities.geometry[located].geom_type == "Point").all()),
        demand is not None,
        gaps,
    )
