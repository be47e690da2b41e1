"""Each layer of an office by district and state, whatever the layer is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from geo_citymgmt.report.services import timeline_of
from geo_citymgmt.report.words import Words
from geo_citymgmt.zones import summarise

if TYPE_CHECKING:
    import geopandas as gpd

    from geo_citymgmt.city import City
    from geo_citymgmt.spec import LayerSpec

__all__ = ["LayerSummary", "layer_summaries", "state_label"]

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
        The same broken down: indexed by zone and state; None where the source tells no state.
    """

    spec: LayerSpec
    totals: pd.DataFrame
    by_state: pd.DataFrame | None

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
        found = set(self.by_state.index.get_level_values(1))
        codes = [*self.spec.fields[str(self.spec.state_field)].codes, NOT_YET, UNKNOWN]
        return [code for code in codes if code in found]


def layer_summaries(city: City, *, as_of: pd.Timestamp | None = None) -> list[LayerSummary]:
    """Count and measure every facility layer by district and state on a day.

    Parameters
    ----------
    city : City
        Layers an office added itself are summarised like the package's own.
    as_of : Timestamp, optional
        The day of the states; the data's own otherwise.

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
    told = [figure.layer for figure in city.figures.figures.values()]
    facilities = [
        key
        for key in dict.fromkeys([*told, *city.specs])
        if key in city and city.specs[key].role == "facility"
    ]
    return [_summary(city, key, as_of) for key in facilities]


def state_label(spec: LayerSpec, state: str, words: Words) -> str:
    """Return the name of a state in the language of ``words``."""
    if state == NOT_YET:
        return words("state_not_yet")
    code = spec.fields[str(spec.state_field)].codes.get(state)
    if code is None:
        return words("state_unknown")
    return words.of(code.zh, code.en)


def _summary(city: City, key: str, as_of: pd.Timestamp | None) -> LayerSummary:
    spec, data = city.specs[key], city[key]
    measured = spec.measure is not None and spec.measure in data.columns
    totals = _counted(data, city, spec, measured)
    by_state = None
    if spec.state_field is not None and spec.state_field in data.columns:
        state = timeline_of(city, key).state_at(as_of).to_numpy(dtype=object)
        told = pd.Series(state, index=data.index, dtype="object")
        told = told.where(told != "", NOT_YET).fillna(UNKNOWN)
        by_state = _counted(data.assign(_state=told.to_numpy()), city, spec, measured, by="_state")
    return LayerSummary(spec, totals, by_state)


def _counted(
    data: gpd.GeoDataFrame, city: City, spec: LayerSpec, measured: bool, by: str | None = None
) -> pd.DataFrame:
    """Count whole records where they belong; split what they measure, if the layer says so."""
    table = summarise(data, city.zones, by=by, margins=True, count=(spec.id_field, "count"))
    if measured:
        assert spec.measure is not None
        sums = summarise(
            data,
            city.zones,
            by=by,
            split=spec.split,
            margins=True,
            measure=(spec.measure, "sum"),
        )
        table["measure"] = sums["measure"]
    return table
