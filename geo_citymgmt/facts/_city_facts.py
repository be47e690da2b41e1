"""The facts of one city, each made when it is first asked for and kept."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo_citymgmt._gate import Gate, check_city
from geo_citymgmt.facts._evaluation import Evaluator, Membership
from geo_citymgmt.facts._timeline import Timeline
from geo_citymgmt.indicators._definitions import TargetTable
from geo_citymgmt.spec import levels_above, zone_levels

if TYPE_CHECKING:
    from geo_citymgmt.city import City


class CityFacts:
    """What the records of a city say, kept from one question to the next.

    Functions that take a city take its facts in its place: those that are asked of the same facts
    share timelines, memberships and evaluated figures, which are most of the work. Facts are of
    the city as it is, which is a value; a city with another layer has facts of its own.

    Parameters
    ----------
    city : City

    See Also
    --------
    geo_citymgmt.progress, geo_citymgmt.outlook, geo_citymgmt.stock_flow : Take a city or its facts.

    Examples
    --------
    >>> import geo_citymgmt as gcm
    >>> facts = CityFacts(gcm.sample_city())
    >>> june = gcm.progress(facts, as_of="2022-06-30", level="city")
    >>> may = gcm.progress(facts, as_of="2022-05-31", level="city")
    >>> bool(june["value"].sum() >= may["value"].sum())
    True
    """

    def __init__(self, city: City) -> None:
        self.city = city
        self.membership = Membership(city)
        self._timelines: dict[str, Timeline] = {}
        self._states: dict[tuple[str, pd.Timestamp | None], np.ndarray] = {}

    def __repr__(self) -> str:
        return f"CityFacts({self.city.name_en or self.city.code or 'a city'})"

    @cached_property
    def evaluator(self) -> Evaluator:
        """Evaluates figures over these facts."""
        return Evaluator(self.city, self.membership, self.timeline)

    @cached_property
    def targets(self) -> TargetTable:
        """The city's own targets, in the units of the figures."""
        return TargetTable(self.city.targets, self.city.figures)

    def timeline(self, layer: str) -> Timeline:
        """Return the history of the records of a layer."""
        if layer not in self._timelines:
            city, events = self.city, self.city.events
            self._timelines[layer] = Timeline(
                city.specs[layer],
                city[layer],
                events[events["layer"] == layer],
                city.data_date,
                city.layer(layer).unreadable,
            )
        return self._timelines[layer]

    def states(self, layer: str, day: pd.Timestamp | None) -> pd.Series:
        """Return the state of each record of a layer at the end of ``day``.

        States that count alike, such as 立案 and 处置中, need not each have a date: from the
        data's own day on the status on record tells them apart.

        Returns
        -------
        Series of object
            On a range index: a code, "" before the record was known, None where nothing says it.
        """
        key = (layer, day)
        if key not in self._states:
            timeline = self.timeline(layer)
            state, data_date = timeline.state_at(day), self.city.data_date
            field = timeline.spec.state_field
            if field in timeline.data and (day is None or data_date is None or day >= data_date):
                status = timeline.data[field].reset_index(drop=True).astype("object")
                state = state.where(status.isna(), status)
            self._states[key] = state.to_numpy(dtype=object)
        return pd.Series(self._states[key].copy())


def facts_of(city: City | CityFacts, gate: Gate) -> CityFacts:
    """Return the facts of a city, or those that were given in its place."""
    if isinstance(city, CityFacts):
        return city
    check_city(gate, city)
    return CityFacts(city)


def levels_to(level: str, city: City, gate: Gate) -> tuple[str, ...]:
    """Return the levels from the city down to ``level``, of those between what the city has."""
    gate.choice(level, "level", ("city", *zone_levels(city.specs)))
    if level == "city":
        return (level,)
    above = levels_above(city.specs, level)[:-1]
    return ("city", *(n for n in above if n in city.zones_by_level), level)
