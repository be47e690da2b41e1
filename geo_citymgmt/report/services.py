"""Who is reached: coverage by the facilities people walk to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

from geo_citymgmt.coverage import coverage
from geo_citymgmt.timeline import Timeline

if TYPE_CHECKING:
    import geopandas as gpd

    from geo_citymgmt.city import City

__all__ = ["SERVICES", "Service", "ServiceCoverage", "service_coverage", "timeline_of"]

_DEMAND = "population_cells"


@dataclass(frozen=True, slots=True)
class Service:
    """A layer people walk to: how far, which of its records serve, in which states."""

    layer: str
    radius_m: float
    states: tuple[str, ...] = ()
    kinds: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


#: Parking by the 500 m outside the busiest areas; bikes by the 300 m of the usual guidance.
SERVICES = (
    Service("parking_points", 500.0, ("open",)),
    Service("bike_stations", 300.0, ("operating",), {"station_kind": ("docked", "bay")}),
)


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
    """

    service: Service
    table: pd.DataFrame
    n_counted: int
    n_unlocated: int
    state_known: bool
    kinds_known: tuple[str, ...]
    exact: bool
    demand: bool


def timeline_of(city: City, layer: str) -> Timeline:
    """Return the history of the records of a layer."""
    events = city.events
    return Timeline(
        city.specs[layer], city[layer], events[events["layer"] == layer], city.data_date
    )


def service_coverage(
    city: City, service: Service, *, as_of: pd.Timestamp | None = None
) -> ServiceCoverage | None:
    """Compute what a service reaches on a day, by district.

    Parameters
    ----------
    city : City
        With the layer; residents are counted where it has ``population_cells``.
    service : Service
        Which layer, how far, and which of its records serve.
    as_of : Timestamp, optional
        The day; the data's own otherwise.

    Returns
    -------
    ServiceCoverage or None
        None where the city has no such layer, or no facility of it that serves.

    Examples
    --------
    >>> import geo_citymgmt as gcm
    >>> reach = service_coverage(gcm.sample_city(), SERVICES[1])
    >>> reach.exact, bool(0.1 < reach.table.loc["total", "coverage"] < 0.2)
    (True, True)
    """
    if service.layer not in city:
        return None
    data: gpd.GeoDataFrame = city[service.layer]
    spec = city.specs[service.layer]
    chosen = pd.Series(True, index=data.index)
    kinds = tuple(name for name in service.kinds if name in data.columns)
    for name in kinds:
        chosen &= data[name].isin(service.kinds[name])
    state_known = spec.state_field in data.columns
    if state_known:
        codes = [code for name in service.states for code in spec.sets[name]]
        chosen &= timeline_of(city, service.layer).state_at(as_of).isin(codes).set_axis(data.index)
    facilities = data[chosen]
    located = facilities.geometry.notna()
    if not located.any():
        return None
    demand = city.get(_DEMAND)
    table = coverage(
        facilities,
        city.zones,
        radius_m=service.radius_m,
        demand=demand,
        weight=None if demand is None else "population",
        margins=True,
    )
    return ServiceCoverage(
        service,
        table,
        len(facilities),
        int((~located).sum()),
        state_known,
        kinds,
        bool((facilities.geometry[located].geom_type == "Point").all()),
        demand is not None,
    )
