"""What a report says, as plain data: rendered by the page and the workbooks, usable by itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from geo_citymgmt._gate import Gate, day_of
from geo_citymgmt._languages import Lang
from geo_citymgmt._numbers import Scale, figure_scales
from geo_citymgmt._options import display_lang
from geo_citymgmt.assessment import Assessment, assessment_of
from geo_citymgmt.cases._campaigns import Campaign, WorkList, campaigns, worklists
from geo_citymgmt.facts import CityFacts
from geo_citymgmt.figures import outlook, period_table, progress
from geo_citymgmt.figures._actuals import Actuals
from geo_citymgmt.figures._layers import LayerSummary, layer_summaries
from geo_citymgmt.figures._services import (
    AtHand,
    ServiceCoverage,
    Supply,
    at_hand,
    service_coverage,
    services,
    supplies,
)
from geo_citymgmt.figures._tables import (
    by_district,
    headline,
    month_ends,
    monthly_need,
    months_last,
    standings,
    subtotals,
    zone_groups,
    zone_names,
)
from geo_citymgmt.indicators import Figures
from geo_citymgmt.report._findings import finding_groups
from geo_citymgmt.report._release import map_approval
from geo_citymgmt.report._words import Words, layer_label

if TYPE_CHECKING:
    from geo_citymgmt.city import City

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
    courses : DataFrame
        Progress at the month ends of the year up to ``as_of``, at all levels of the table; empty
        without a date.
    services : list of ServiceCoverage
    layers : list of LayerSummary
    outlook : DataFrame
        What each target still asks for, of :func:`~geo_citymgmt.outlook`; empty without a
        date.
    periods : DataFrame
        This month and this half-year of the city beside the one before and a year ago, of
        :func:`geo_citymgmt.period_table`; empty without a date.
    months : DataFrame
        This month of city and districts likewise, of the figures that have a target.
    worklists : list of WorkList
        What is open, record by record; never part of a public release.
    campaigns : list of Campaign
        What a campaign is steered by.
    supplies : list of Supply
    at_hand : list of AtHand
    assessment : Assessment or None
        Scores, whom to call in and where to look, by the office's own rules; empty without any.
    """

    facts: CityFacts
    city: City
    as_of: pd.Timestamp | None
    words: Words
    table: pd.DataFrame
    courses: pd.DataFrame
    services: list[ServiceCoverage] = field(default_factory=list)
    layers: list[LayerSummary] = field(default_factory=list)
    outlook: pd.DataFrame = field(default_factory=pd.DataFrame)
    periods: pd.DataFrame = field(default_factory=pd.DataFrame)
    campaigns: list[Campaign] = field(default_factory=list)
    supplies: list[Supply] = field(default_factory=list)
    at_hand: list[AtHand] = field(default_factory=list)
    assessment: Assessment | None = None
    months: pd.DataFrame = field(default_factory=pd.DataFrame)
    worklists: list[WorkList] = field(default_factory=list)
    #: "internal" or "public".
    release: str = "internal"

    @property
    def stamp(self) -> str:
        """What every sheet of paper says: of its release, and of the data."""
        release = self.words(f"stamp_{self.release}")
        notice = self.city.notice.of(self.lang)
        return " · ".join(text for text in (release, notice) if text)

    @property
    def map_stamp(self) -> str:
        """Marking on what shows a map: in public with a place for the map's approval number."""
        number = map_approval(self.city) or self.words("stamp_blank")
        return self.words(f"stamp_map_{self.release}", number=number)

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

    def concerns(self, layer: str) -> bool:
        """Whether a layer is the city's business: it is there, was to be, is asked for or reported.

        Figures of no layer are those of a document, and everybody's.
        """
        return layer not in self.city.specs or layer in self._concerned

    @cached_property
    def _concerned(self) -> set[str]:
        figures, city = self.figures.figures, self.city
        named = [*city.targets["indicator"], *city.reported_figures["figure"]]
        layers = {figures[name].layer for name in named if name in figures}
        return {*city, *city.ledger["layer"], *layers}

    def layer_name(self, key: str) -> str:
        """Return the name of a layer; see :func:`layer_label`."""
        return layer_label(self.city, key, self.words)

    @cached_property
    def series(self) -> pd.DataFrame:
        """The courses of city and districts."""
        return self.courses[self.courses["level"].isin(["city", "district"])]

    @cached_property
    def headline(self) -> pd.DataFrame:
        """See :func:`headline`."""
        return headline(self.table, self.figures)

    @cached_property
    def tasks(self) -> pd.DataFrame:
        """The figures of the city with a target and a value, the furthest behind first."""
        rows = self.headline[self.headline["target"].notna() & self.headline["value"].notna()]
        # What is behind by no number stands after what is, what does not compare at the end.
        behind = rows["status"].isin(["behind", "overdue"])
        order = rows["distance"].mask(rows["distance"].isna() & behind, -1e-9)
        return rows.loc[order.sort_values(kind="stable").index]

    @cached_property
    def need(self) -> pd.DataFrame:
        """What each month must still bring; see :func:`monthly_need`."""
        if self.outlook.empty or self.months.empty:
            return pd.DataFrame(columns=["needed", "deadline", "brought", "times"])
        need = monthly_need(self.outlook, self.months, self.figures)
        # Where records that are not known decide it, nobody knows what each month must bring.
        status = self.headline["status"].reindex(need.index)
        return need[status.ne("not_available")]

    @cached_property
    def standings(self) -> pd.DataFrame:
        """The districts by what is due; see :func:`~geo_citymgmt.figures._tables.standings`."""
        return standings(self.table, self.figures)

    def standing(self, figure: str) -> pd.DataFrame:
        """Return the rows of one figure in `standings`; none of a figure that has none."""
        return self._standing.get(figure, self.standings.iloc[:0])

    @cached_property
    def _standing(self) -> dict[str, pd.DataFrame]:
        return {str(name): rows for name, rows in self.standings.groupby("indicator", sort=False)}

    @cached_property
    def last(self) -> pd.DataFrame:
        """Which district is last in its group, and since when; see :func:`months_last`."""
        series = self.table if self.series.empty else self.series
        return months_last(series, zone_groups(self.city.zones), self.figures)

    @cached_property
    def scales(self) -> dict[str, Scale]:
        """How each figure is written, wherever in the report it stands."""
        # The map has the months as well: a figure may have fallen since.
        return figure_scales(self.table if self.series.empty else self.series, self.lang)

    def by_district(self, column: str = "value") -> pd.DataFrame:
        """Return the districts by figure; see :func:`~geo_citymgmt.figures._tables.by_district`.

        Made once; not to be changed.
        """
        if column not in self._by_district:
            self._by_district[column] = by_district(self.table, column)
        return self._by_district[column]

    @cached_property
    def _by_district(self) -> dict[str, pd.DataFrame]:
        return {}

    @cached_property
    def cells(self) -> dict[str, dict[str, dict[str, Any]]]:
        """What `by_district` gives, for lists made cell by cell: by column, figure and district."""
        columns = ("value", "attainment", "status", "expected", "target")
        return {column: self.by_district(column).to_dict() for column in columns}

    @cached_property
    def subtotals(self) -> pd.DataFrame:
        """Groups of districts by figure; see :func:`~geo_citymgmt.figures._tables.subtotals`."""
        return subtotals(self.by_district, self.city)

    @cached_property
    def finding_groups(self) -> pd.DataFrame:
        """The findings by layer, kind and severity; see :func:`finding_groups`."""
        return finding_groups(self.city, self.lang)

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
    >>> told = summary(gcm.sample_city(layers=["manholes"]), "2022-06-30")
    >>> row = told.headline.loc["manhole_remediated"]
    >>> int(row["value"]), int(row["target"]), row["status"]
    (1180, 3000, 'behind')
    """
    lang = display_lang(lang)
    words = Words(lang, unit=city.unit, groups=city.office["bulletin"].table["group"])
    step = tell or (lambda _: None)
    day = day_of(city, as_of, Gate("write_report"))
    step("progress")
    level = "street" if city.has_zones and "street" in city.zones_by_level else "district"
    facts = CityFacts(city)
    table = progress(facts, as_of=day, level=level)
    step("monthly")
    courses = pd.DataFrame(columns=table.columns)
    needs = periods = months = pd.DataFrame()
    if day is not None:
        courses = month_ends(facts, day, table, level=level)
        needs = outlook(facts, as_of=day)
        periods = period_table(facts, as_of=day)
        aimed = table.loc[table["level"].eq("city") & table["target"].notna(), "indicator"]
        if len(aimed):
            months = period_table(
                facts, as_of=day, periods="month", level="district", indicators=aimed.tolist()
            )
    steered = campaigns(facts, day, table)
    step("coverage")
    reached = [service_coverage(facts, service, as_of=day) for service in services(city)]
    return Summary(
        facts,
        city,
        day,
        words,
        table,
        courses,
        [r for r in reached if r is not None],
        layer_summaries(facts, as_of=day),
        needs,
        periods,
        steered,
        supplies(facts, day),
        at_hand(facts, day),
        assessment_of(facts, day),
        months=months,
        worklists=worklists(facts, day),
    )


def missing_figures(results: Summary) -> list[tuple[str, list[str]]]:
    """Return the figures that are not available: each reason with the names it holds for."""
    words = results.words
    rows = results.headline[results.headline.index.isin(unavailable(results))]
    reasons: dict[str, list[str]] = {}
    absent = [
        words.named(spec)
        for key, spec in results.city.specs.items()
        if key not in results.city
        and results.concerns(key)
        and (results.headline["layer"] == key).any()
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
