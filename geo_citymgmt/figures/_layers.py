"""What the layers of a city hold: counts and measures by district and state, on a day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from geo_citymgmt._gate import Gate, day_of
from geo_citymgmt.facts import CityFacts, facts_of
from geo_citymgmt.zones._ownership import Located
from geo_citymgmt.zones._summary import summary_of

if TYPE_CHECKING:
    import geopandas as gpd

    from geo_citymgmt.city import City
    from geo_citymgmt.facts._timeline import Timeline
    from geo_citymgmt.spec import LayerSpec

NOT_YET, UNKNOWN = "not_yet", "unknown"


@dataclass(frozen=True)
class LayerSummary:
    """What a layer holds.

    Attributes
    ----------
    spec : LayerSpec
    totals : DataFrame
        On the zones and the rows ``outside``, ``unlocated`` and ``total``: ``row_kind``,
        ``count`` and, where the layer has a measure, ``measure``.
    by_state : DataFrame or None
        The same broken down: indexed by zone and state; None where the source tells no state. At
        the date of the data a state is the one on record, as on a map; earlier it is told by dates.
    merged : dict of str to list of str
        On an earlier day: states no date or event leads to, with those of the same kind that their
        records are counted in.
    """

    spec: LayerSpec
    totals: pd.DataFrame
    by_state: pd.DataFrame | None
    merged: Mapping[str, list[str]] = field(default_factory=dict)

    @property
    def measure_label(self) -> tuple[str, str, str] | None:
        """Chinese and English name and unit of the measure."""
        if self.spec.measure is None:
            return None
        item = self.spec.fields[self.spec.measure]
        return item.zh, item.en, item.unit

    @property
    def states(self) -> list[str]:
        """States that occur, in the order of the layer's life cycle."""
        if self.by_state is None:
            return []
        present = set(self.by_state.index.get_level_values(1))
        codes = [*self.spec.fields[str(self.spec.state_field)].codes, NOT_YET, UNKNOWN]
        return [code for code in codes if code in present]


def layer_summaries(city: City | CityFacts, *, as_of: Any = None) -> list[LayerSummary]:
    """Count and measure every facility layer by district and state on a day.

    Parameters
    ----------
    city : City or CityFacts
        Layers an office added itself are summarised like the package's own.
    as_of : date, optional
        The day of the states, of a month, quarter or year its last; the data's own otherwise.

    Returns
    -------
    list of LayerSummary
        In the order of the figures, then those without any. Zones, outside and unlocated make
        the total.

    Examples
    --------
    >>> import geo_citymgmt as gcm
    >>> tunnels = layer_summaries(gcm.sample_city())[1]
    >>> by_state = tunnels.by_state.xs("total")
    >>> round(float(by_state.loc["operating", "measure"]), 6)
    37.8
    """
    gate = Gate("layer_summaries")
    facts = facts_of(city, gate)
    city = facts.city
    results = [figure.layer for figure in city.figures.figures.values()]
    facilities = [
        key
        for key in dict.fromkeys([*results, *city.specs])
        if key in city and city.specs[key].role == "facility"
    ]
    day = None if as_of is None else day_of(city, as_of, gate)
    return [_summary(facts, key, day) for key in facilities]


def _summary(facts: CityFacts, key: str, as_of: pd.Timestamp | None) -> LayerSummary:
    city = facts.city
    spec, data = city.specs[key], city[key]
    measured = spec.measure is not None and spec.measure in data.columns
    located = facts.membership.located(key)
    totals = _counted(data, city, spec, measured, located)
    by_state, merged = None, {}
    if spec.state_field is not None and spec.state_field in data.columns and len(data):
        results = facts.states(key, as_of)
        if as_of is not None and city.data_date is not None and as_of < city.data_date:
            merged = _merged(facts.timeline(key), data[spec.state_field])
        results = results.where(results != "", NOT_YET).fillna(UNKNOWN)
        known = data.assign(_state=results.to_numpy())
        by_state = _counted(known, city, spec, measured, located, by="_state")
    return LayerSummary(spec, totals, by_state, merged)


def _merged(timeline: Timeline, recorded: pd.Series) -> dict[str, list[str]]:
    """States on record that no date leads to, each with those of its kind that one leads to."""
    states = timeline.spec.states
    assert states is not None
    dated = set(timeline.transitions["state"].unique())
    codes = list(timeline.spec.fields[states.field].codes)
    undated = [c for c in codes if c not in dated and c not in states.first]
    on_record = set(recorded.dropna().unique())
    like = {
        code: [c for c in codes if c in dated and states.sets_of(c) == states.sets_of(code)]
        for code in undated
        if code in on_record and states.sets_of(code)
    }
    return {code: others for code, others in like.items() if others}


def _counted(
    data: gpd.GeoDataFrame,
    city: City,
    spec: LayerSpec,
    measured: bool,
    located: Located,
    by: str | None = None,
) -> pd.DataFrame:
    """Count whole records where they belong; split what they measure, if the layer says so."""
    gate = Gate("layer_summaries")
    counts = {"count": (spec.id_field, "count")}
    if measured:
        counts["known"] = (str(spec.measure), "count")
    table = summary_of(gate, data, city.zones, by, "owner", True, counts, located=located)
    if measured:
        size = {"measure": (str(spec.measure), "sum")}
        sums = summary_of(gate, data, city.zones, by, spec.split, True, size, located=located)
        # Where records are there and none says how large it is, the sum is not zero.
        silent = (table.pop("known") == 0) & (table["count"] > 0)
        table["measure"] = sums["measure"].mask(silent)
    if not city.has_zones:
        # Without zones nothing lies outside of them.
        table = table[table["row_kind"] != "outside"]
    return table
