"""What a report says, as plain data: rendered by the page and the workbooks, usable by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geo_citymgmt._gate import Gate, day_of
from geo_citymgmt._numbers import Scale, figure_scales
from geo_citymgmt._options import display_lang
from geo_citymgmt._words import Lang
from geo_citymgmt.facts import CityFacts, facts_of
from geo_citymgmt.figures import outlook, period_table, progress, progress_series
from geo_citymgmt.figures._actuals import Actuals, period_start
from geo_citymgmt.figures._actuals import month_ends as last_days
from geo_citymgmt.indicators import Figures, load_figures
from geo_citymgmt.report._scoreboard import by_district, subtotals, zone_names
from geo_citymgmt.report._services import (
    AtHand,
    Campaign,
    ServiceCoverage,
    Supply,
    at_hand,
    campaigns,
    service_coverage,
    services,
    supplies,
)
from geo_citymgmt.report._words import Words, layer_label
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


def state_label(spec: LayerSpec, state: str, words: Words) -> str:
    """Return the name of a state in the language of ``words``."""
    if state == NOT_YET:
        return words("state_not_yet")
    code = spec.fields[str(spec.state_field)].codes.get(state)
    if code is None:
        return words("state_unknown")
    return words.label(code)


def _summary(facts: CityFacts, key: str, as_of: pd.Timestamp | None) -> LayerSummary:
    city = facts.city
    spec, data = city.specs[key], city[key]
    measured = spec.measure is not None and spec.measure in data.columns
    located = facts.membership.located(key)
    totals = _counted(data, city, spec, measured, located)
    by_state, merged = None, {}
    if spec.state_field is not None and spec.state_field in data.columns:
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
    dated = set(timeline.transitions["state"])
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


#: Told to who waits: how many steps are done, of how many, and what comes next.
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Summary:
    """The content of a report.

    Attributes
    ----------
    facts : CityFacts
        What the figures are of.
    city : City
    as_of : Timestamp or None
        The day of every figure; None where the data has no date and none was asked for.
    words : Words
        The language.
    table : DataFrame
        Progress of city, districts and, where there are any, streets.
    series : DataFrame
        Progress of city and districts at the month ends of the year up to ``as_of``; empty
        without a date.
    services : list of ServiceCoverage
    layers : list of LayerSummary
    outlook : DataFrame
        What each target still asks for, of :func:`~geo_citymgmt.outlook`; empty without a
        date.
    periods : DataFrame
        This month and this half-year of the city beside the one before and a year ago, of
        :func:`geo_citymgmt.period_table`; empty without a date.
    campaigns : list of Campaign
        What a campaign is steered by.
    supplies : list of Supply
    at_hand : list of AtHand
    """

    facts: CityFacts
    city: City
    as_of: pd.Timestamp | None
    words: Words
    table: pd.DataFrame
    series: pd.DataFrame
    services: list[ServiceCoverage] = field(default_factory=list)
    layers: list[LayerSummary] = field(default_factory=list)
    outlook: pd.DataFrame = field(default_factory=pd.DataFrame)
    periods: pd.DataFrame = field(default_factory=pd.DataFrame)
    campaigns: list[Campaign] = field(default_factory=list)
    supplies: list[Supply] = field(default_factory=list)
    at_hand: list[AtHand] = field(default_factory=list)
    #: "internal", "public", or empty for a report that is marked as neither.
    release: str = ""

    @property
    def stamp(self) -> str:
        """What every sheet of paper says: of its release, and of the data; empty for nothing."""
        release = self.words(f"stamp_{self.release}") if self.release else ""
        notice = self.city.notice.of(self.lang)
        return "　".join(text for text in (release, notice) if text)

    @property
    def map_stamp(self) -> str:
        """Marking on what shows a map: in public with a place for the map's approval number."""
        return self.words(f"stamp_map_{self.release}") if self.release else ""

    @property
    def lang(self) -> Lang:
        """Language of the report."""
        return self.words.lang

    @property
    def day(self) -> str:
        """The day of the figures in words."""
        if self.as_of is None:
            return self.words("no_date")
        return self.words("as_of", date=f"{self.as_of:%Y-%m-%d}")

    @cached_property
    def figures(self) -> Figures:
        """Definitions of the figures."""
        return self.city.figures

    @cached_property
    def zone_names(self) -> pd.Series:
        """Name of each district in the language of the report."""
        return zone_names(self.city.zones, self.lang)

    def layer_name(self, key: str) -> str:
        """Return the name of a layer; see :func:`layer_label`."""
        return layer_label(self.city, key, self.words)

    @cached_property
    def headline(self) -> pd.DataFrame:
        """See :func:`headline`."""
        return headline(self.table, self.figures)

    @cached_property
    def scales(self) -> dict[str, Scale]:
        """How each figure is written, wherever in the report it stands."""
        # The map has the months as well: a figure may have fallen since.
        return figure_scales(self.table if self.series.empty else self.series, self.lang)

    def by_district(self, column: str = "value") -> pd.DataFrame:
        """Return the districts by figure; see :func:`~geo_citymgmt.report._scoreboard.by_district`.

        Made once; not to be changed.
        """
        if column not in self._by_district:
            self._by_district[column] = by_district(self.table, column)
        return self._by_district[column]

    @cached_property
    def _by_district(self) -> dict[str, pd.DataFrame]:
        return {}

    @cached_property
    def subtotals(self) -> pd.DataFrame:
        """The groups of districts by figure; see :func:`.scoreboard.subtotals`."""
        return subtotals(self.by_district, self.city)

    @property
    def by_unit(self) -> str:
        """Head of the column that says where a row is; of a city without districts, the scope."""
        return self.words("district" if self.city.has_zones else "scope")

    @cached_property
    def has_targets(self) -> bool:
        """Whether any figure has a target, of the city or of a zone."""
        return bool(self.table["target"].notna().any())


def summary(
    city: City,
    as_of: Any = None,
    lang: str | None = None,
    *,
    tell: Callable[[str], None] | None = None,
) -> Summary:
    """Compute everything a report says.

    Parameters
    ----------
    city : City
        With whatever layers it has; what they cannot give is told, not guessed.
    as_of : date, optional
        The day of every figure; the data's own otherwise.
    lang : {"zh", "en"}, default options.lang
        Of the words.
    tell : callable, optional
        Called with the name of each step before it begins.

    Returns
    -------
    Summary

    Raises
    ------
    AsOfError
        The day is after the data's own.

    Examples
    --------
    >>> import geo_citymgmt as gcm
    >>> told = summary(gcm.sample_city(), "2022-06-30")
    >>> row = told.headline.loc["manhole_remediated"]
    >>> int(row["value"]), int(row["target"]), row["status"]
    (1180, 3000, 'behind')
    """
    lang = display_lang(lang)
    words = Words(lang, unit=city.unit)
    step = tell or (lambda _: None)
    day = day_of(city, as_of, Gate("write_report"))
    step("progress")
    level = "street" if city.has_zones and "street" in city.zones_by_level else "district"
    facts = CityFacts(city)
    table = progress(facts, as_of=day, level=level)
    step("monthly")
    series = pd.DataFrame(columns=table.columns)
    needs = periods = pd.DataFrame()
    if day is not None:
        series = month_ends(facts, day)
        needs = outlook(facts, as_of=day)
        periods = period_table(facts, as_of=day)
    steered = campaigns(facts, day, table)
    step("coverage")
    reached = [service_coverage(facts, service, as_of=day) for service in services(city)]
    return Summary(
        facts,
        city,
        day,
        words,
        table,
        series,
        [r for r in reached if r is not None],
        layer_summaries(facts, as_of=day),
        needs,
        periods,
        steered,
        supplies(facts, day),
        at_hand(facts, day),
    )


def month_ends(facts: CityFacts, day: pd.Timestamp) -> pd.DataFrame:
    """Return progress at each month end of the year of ``day`` before it, and at ``day`` itself."""
    city = facts.city
    start = period_start("year", day, city.month_starts)
    parts = [progress(facts, as_of=day)]
    before = day - pd.Timedelta(days=1)
    assert start is not None
    if last_days(start, before, city.month_starts):
        parts.insert(0, progress_series(facts, start=start, end=before))
    return pd.concat(parts, ignore_index=True)


def headline(table: pd.DataFrame, figures: Figures | None = None) -> pd.DataFrame:
    """Return the figures of the whole city, one row each.

    Parameters
    ----------
    table : DataFrame
        Of :func:`geo_citymgmt.progress`.
    figures : Figures, optional
        Of a city with figures of its own; the package's without.

    Returns
    -------
    DataFrame
        Indexed by figure, in the order of the definitions: the columns of
        :func:`geo_citymgmt.progress` and ``expected_share``, the attainment that the calendar
        expects (missing where attainment does not grow with time). A measure the document states
        twice is there once.
    """
    known = (figures or load_figures()).figures
    rows = table[table["level"] == "city"].set_index("indicator", drop=False)
    repeated = [i for i in rows.index if i in known and known[i].same_as in rows.index]
    rows = rows.drop(index=repeated)
    share = []
    for row in rows.itertuples():
        figure = known.get(str(row.Index))
        level = figure is not None and figure.level
        down = figure is not None and figure.direction == "down"
        share.append(_expected_share(row, level, down))
    return rows.assign(expected_share=share)


def missing_figures(results: Summary) -> list[tuple[str, list[str]]]:
    """Return the figures that are not available: each reason with the names it holds for."""
    words = results.words
    rows = results.headline[results.headline.index.isin(unavailable(results))]
    reasons: dict[str, list[str]] = {}
    absent = [
        words.named(spec)
        for key, spec in results.city.specs.items()
        if key not in results.city and (results.headline["layer"] == key).any()
    ]
    if absent:
        reasons[words("absent_layers")] = absent
    actuals = Actuals(results.facts, Gate("write_report"))
    for row in rows.itertuples():
        why = actuals.why_not_available(results.figures.figures[str(row.Index)], results.as_of)
        reasons.setdefault(words.of(*why), []).append(words.named(row))
    return list(reasons.items())


def unavailable(results: Summary) -> list[str]:
    """Return the figures that the layers of the city should give and do not.

    What is of a layer the city does not have is no gap of its data, and what no layer records is
    one only beside a document that states it.
    """
    figures, published = results.figures.figures, not results.city.published.empty
    rows = results.headline[results.headline["status"] == "not_available"]
    return [
        name
        for name, layer in rows["layer"].items()
        if (layer in results.city or layer not in results.city.specs)
        and (published or figures[name].components)
    ]


def plain_note(row: Any, words: Words, figures: Figures) -> str:
    """Return the note of a figure without the reasons that are shown on their own."""
    note = words.of(row.note_zh, row.note_en)
    reasons = {text for pair in figures.reasons.values() for text in pair}
    parts = note.split("；" if words.lang == "zh" else "; ")
    return words.joined([p for p in parts if p not in reasons])


def reasons_of(row: Any, words: Words, figures: Figures) -> list[str]:
    """Return why value and target do not divide, in words."""
    codes = [c for c in str(row.comparability).split(";") if c in figures.reasons]
    return [words.of(*figures.reasons[c]) for c in codes]


def _expected_share(row: Any, level: bool, down: bool) -> float:
    if level or pd.isna(row.expected) or pd.isna(row.attainment):
        return float("nan")
    if not down:
        return float(row.expected / row.target) if row.target > 0 else float("nan")
    if row.attainment >= 1:
        return float("nan")
    # What there was at the start follows from how much of the fall is done.
    opening = (row.value - row.attainment * row.target) / (1 - row.attainment)
    fall = opening - row.target
    return float(np.clip((opening - row.expected) / fall, 0.0, 1.0)) if fall > 0 else float("nan")
