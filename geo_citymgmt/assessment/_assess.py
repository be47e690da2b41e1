"""Scores and ranks by an office's own assessment.toml, whom to call in, where to look."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geo_citymgmt._dates import read_day
from geo_citymgmt._gate import Gate, day_of
from geo_citymgmt._languages import NOTHING, Messages, Text, shared_terms
from geo_citymgmt.cases import CALL_IN_FIGURES, audit_sample, call_in, open_cases
from geo_citymgmt.errors import CityDataError
from geo_citymgmt.facts import CityFacts, facts_of
from geo_citymgmt.figures import progress, unit_progress
from geo_citymgmt.figures._actuals import month_ends
from geo_citymgmt.figures._tables import zone_groups, zone_names
from geo_citymgmt.scoring import score_parts, scorecard

if TYPE_CHECKING:
    from geo_citymgmt.city import City

_MESSAGES = Messages("geo_citymgmt.assessment")

#: Full marks of a card that only takes off.
BASE = "base"
_COLUMNS = [
    "card", "unit", "name_zh", "name_en", "group", "component", "component_zh", "component_en",
    "kind", "indicator", "value", "weight", "points", "rank", "ranked", "rank_before",
    "months_last", "reported", "as_of", "note_zh", "note_en",
]  # fmt: skip
_CALLED = [
    "unit", "name_zh", "name_en", "rule", "rule_zh", "rule_en", "outcome", "figure", "figure_zh",
    "figure_en", "value", "test", "limit", "as_of",
]  # fmt: skip


@dataclass(frozen=True)
class Card:
    """Units of one kind that are scored by the same figures.

    Attributes
    ----------
    key : str
    name : Text
    of : str
        The level of its zones, or the field that names its units (责任单位).
    unit : Text
        What such a unit is called; empty for zones.
    units : mapping of str to Text
        Names of the units.
    groups : mapping of str to Text
        Names of the groups, in order.
    components : mapping of str to Text
        Names of what counts.
    table : DataFrame
        Of :func:`geo_citymgmt.scorecard`, with ``months_last`` (so many months running at the last
        place of its group) and ``reported``.
    parts : DataFrame
        Of :func:`geo_citymgmt.score_parts`.
    indicators : mapping of str to str
    """

    key: str
    name: Text
    of: str
    unit: Text
    units: Mapping[str, Text]
    groups: Mapping[str, Text]
    components: Mapping[str, Text]
    table: pd.DataFrame
    parts: pd.DataFrame
    indicators: Mapping[str, str]

    @property
    def silent(self) -> list[str]:
        """Units that have no score for want of data."""
        return [str(unit) for unit in self.table.index[self.table["score"].isna()]]


@dataclass(frozen=True)
class Assessment:
    """The assessment of a month.

    Attributes
    ----------
    day : Timestamp or None
    full_score : float
    note : Text
        What every table of it says.
    cards : list of Card
    called : DataFrame
        Whom the rules would call in (约谈): one row a unit, rule and condition.
    sample : DataFrame or None
        Of :func:`geo_citymgmt.audit_sample` among open cases; None where none is asked for.
    layer : str
        Of the sample.
    seed : int
        With which it was drawn.
    problems : list of Text
        Rules that could not be applied, and why.
    """

    day: pd.Timestamp | None
    full_score: float
    last_months: int
    note: Text
    cards: list[Card] = field(default_factory=list)
    called: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=_CALLED))
    sample: pd.DataFrame | None = None
    layer: str = ""
    seed: int = 0
    problems: list[Text] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.cards) or not self.called.empty or self.sample is not None

    def table(self) -> pd.DataFrame:
        """Return scores and their parts as one tidy table; see :func:`assess`."""
        blocks = [_tidy(card, self.day) for card in self.cards]
        if not blocks:
            return pd.DataFrame(columns=_COLUMNS)
        return pd.concat(blocks, ignore_index=True)[_COLUMNS]


def assess(city: City | CityFacts, *, as_of: Any = None) -> pd.DataFrame:
    """Score and rank the units of a city for a month, by the assessment of its office.

    Weights, deductions, caps, ties and groups are those of ``assessment.toml`` beside the data, or
    in its profile; the package has none, for the document states none. A unit without data has no
    score and no rank (未报, 不排名).

    Parameters
    ----------
    city : City or CityFacts
        With an assessment: ``city.office["assessment"]``.
    as_of : date, optional
        The day of the figures, of a month its last; the data's own otherwise.

    Returns
    -------
    DataFrame
        One row a unit and component, then one of its ``score``: ``card, unit`` (code of the zone),
        ``name_zh, name_en, group, component`` with its names, ``kind`` (weight, bonus, penalty or
        score), ``indicator, value, weight, points`` (penalties negative; those above a ``score``
        add up to it), ``rank`` within the group (1 is best), ``ranked`` (how many have one),
        ``rank_before`` (a month earlier), ``months_last`` (months running at the last place),
        ``reported``, ``as_of, note_zh, note_en``.

    Raises
    ------
    CityDataError
        The city has no assessment.
    AsOfError
        The day is after the data's own.

    See Also
    --------
    scorecard, call_in, audit_sample

    Examples
    --------
    >>> import geo_citymgmt as gcm
    >>> city = gcm.sample_city()
    >>> table = assess(city, as_of="2022-06-30")
    >>> scores = table[table.component == "score"].set_index("name_zh")
    >>> scores.loc["常熟市", "group"], int(scores.loc["常熟市", "rank"])
    ('county', 1)
    """
    gate = Gate("assess")
    facts = facts_of(city, gate)
    made = assessment_of(facts, day_of(facts.city, as_of, gate))
    if not made.cards:
        raise gate.refuse(*_MESSAGES.pair("city_no_assessment"))
    return made.table()


def month_assessment(facts: CityFacts, month: str | None = None) -> Assessment:
    """Return the assessment of a month as YYYY-MM, of the data's own without one."""
    gate, starts = Gate("assess"), facts.city.month_starts
    if month is None or starts == 1:
        return assessment_of(facts, day_of(facts.city, month, gate))
    last = read_day(month, "month", function="assess")
    # A statistical month ends within the calendar month it is named after.
    ends = month_ends(last.replace(day=1), last, starts)
    return assessment_of(facts, day_of(facts.city, ends[-1], gate))


def assessment_of(facts: CityFacts, day: pd.Timestamp | None) -> Assessment:
    """Return the assessment of a city on a day, with whom to call in and where to look."""
    city = facts.city
    settings = city.office["assessment"].table
    problems: list[Text] = []
    cards = []
    for key, entry in settings["card"].items():
        try:
            cards.append(_card(facts, day, key, entry, settings))
        except CityDataError as error:
            problems.append(error.text)
    sample, layer, seed = None, str(settings["audit"].get("layer", "illegal_construction")), 0
    if settings["audit"].get("n") and layer in city:
        seed = _month_seed(int(settings["audit"].get("seed", 0)), day)
        try:
            sample = _sample(facts, day, layer, settings["audit"], seed)
        except CityDataError as error:
            problems.append(error.text)
    called = [_last_ones(card, int(settings["last_months"]), day) for card in cards]
    for rule, body in settings["call_in"].items():
        if body.get("layer", "illegal_construction") in city:
            try:
                called.append(_called(facts, day, rule, body))
            except CityDataError as error:
                problems.append(error.text)
    rows = [block for block in called if len(block)]
    return Assessment(
        day,
        float(settings["full_score"]),
        int(settings["last_months"]),
        Text(*settings["note"]),
        cards,
        pd.concat(rows, ignore_index=True)[_CALLED] if rows else pd.DataFrame(columns=_CALLED),
        sample,
        layer,
        seed,
        problems,
    )


# -- scores


def _card(
    facts: CityFacts,
    day: pd.Timestamp | None,
    key: str,
    entry: Mapping[str, Any],
    settings: Mapping[str, Any],
) -> Card:
    city, of = facts.city, str(entry.get("of", "district"))
    parts = {
        name: {k: v for k, v in entry.get(name, {}).items() if v is not False}
        for name in ("weights", "deductions", "bonuses")
    }
    terms = {name: term for of_kind in parts.values() for name, term in of_kind.items()}
    indicators = {name: str(term.get("indicator", name)) for name, term in terms.items()}
    wanted = list(set(indicators.values()))
    unit, units = _units(facts, of, day, wanted)
    group, group_names = _groups(facts, entry, of, units)
    weights = {name: float(term.get("weight", 1)) for name, term in parts["weights"].items()}
    how: dict[str, Any] = {
        "weights": weights or {BASE: 1.0},
        "groups": group,
        "normalise": {n: t["by"] for n, t in parts["weights"].items() if "by" in t},
        "lower_is_better": [n for n, t in parts["weights"].items() if t.get("lower_is_better")],
        "cap": {n: t["cap"] for n, t in parts["weights"].items() if "cap" in t},
        "penalty": {n: _per_unit(t) for n, t in parts["deductions"].items()},
        "bonus": {n: _per_unit(t) for n, t in parts["bonuses"].items()},
        "full_score": float(settings["full_score"]),
        "missing": str(settings["missing"]),
    }
    ties = [name for name in settings["ties"] if name in terms]
    counted = {n: city.figures.figures[i].layer for n, i in indicators.items()
               if terms[n].get("empty") != "zero"}  # fmt: skip
    counted |= {} if weights else {BASE: ""}
    reported = _reported(facts, of, set(counted.values()), group.index)
    running, at_last = np.ones(len(group), dtype=bool), np.zeros(len(group), dtype=int)
    rows = card = before = None
    for month in _months(facts, day):
        here = _rows(_values(facts, of, month, wanted), indicators, counted, reported)
        scored = scorecard(here, ties=ties, **how)
        if card is None:
            rows, card = here, scored
        elif before is None:
            before = scored
        running &= _is_last(scored).to_numpy()
        at_last += running
        # One month more says how ranks moved; who is no longer last ends the count.
        if before is not None and not running.any():
            break
    assert rows is not None and card is not None
    if before is not None:
        card = scorecard(rows, ties=ties, before=before, **how)
    card["months_last"] = at_last
    card["reported"] = reported.all(axis=1).reindex(card.index).to_numpy()
    components = {} if weights else {BASE: Text("基础分", "Base")}
    for name, term in terms.items():
        figure = city.figures.figures[indicators[name]]
        zh = str(term.get("zh", figure.zh))
        components[name] = Text(zh, str(term.get("en", term.get("zh", figure.en))))
    return Card(
        key,
        Text(str(entry.get("zh", "")), str(entry.get("en", entry.get("zh", "")))),
        of,
        unit,
        units,
        group_names,
        components,
        card,
        score_parts(rows, **how),
        indicators,
    )


def _names(zones: pd.DataFrame) -> dict[str, Text]:
    pairs = zip(zone_names(zones, "zh"), zone_names(zones, "en"), strict=True)
    return {str(code): Text(*pair) for code, pair in zip(zones.index, pairs, strict=True)}


def _values(
    facts: CityFacts, of: str, day: pd.Timestamp | None, indicators: list[str]
) -> pd.DataFrame:
    """Return progress by zone of a level, or by unit: the rows of these alone."""
    if of in facts.city.zones_by_level:
        table = progress(facts, as_of=day, level=of, indicators=indicators)
        return table[(table["level"] == of) & (table["row_kind"] == "zone")]
    table = unit_progress(facts, by=of, as_of=day, indicators=indicators)
    return table[table["row_kind"] == "unit"]


def _units(
    facts: CityFacts, of: str, day: pd.Timestamp | None, indicators: list[str]
) -> tuple[Text, dict[str, Text]]:
    """Return what the units of a card are called, and the name of each."""
    city = facts.city
    if of in city.zones_by_level:
        return NOTHING, _names(city.zones_at(of))
    found = dict.fromkeys(_values(facts, of, day, indicators)["zone_code"])
    item = next(spec.fields[of] for spec in city.specs.values() if of in spec.fields)
    known = {code: Text(entry.zh, entry.en) for code, entry in item.codes.items()}
    return Text(item.zh, item.en), {unit: known.get(unit, Text(unit, unit)) for unit in found}


def _per_unit(term: Mapping[str, Any]) -> dict[str, float]:
    """Return a deduction or bonus as :func:`scorecard` takes it."""
    options = {k: float(v) for k, v in term.items() if k in ("over", "each", "at_most")}
    return {"per_unit": float(term.get("points", 1)), **options}


def _groups(
    facts: CityFacts, entry: Mapping[str, Any], of: str, of_unit: Mapping[str, Text]
) -> tuple[pd.Series, dict[str, Text]]:
    """Return the group of each unit, and what the groups are called, in order."""
    city, units = facts.city, pd.Index(list(of_unit), dtype="str")
    zones = city.zones_by_level.get(of, city.zones.iloc[:0])
    names = {key: Text(*pair) for key, pair in entry.get("group_names", {}).items()}
    listed = entry.get("groups", {})
    if listed:
        codes = {name.zh: code for code, name in of_unit.items()}
        group = pd.Series("other", index=units)
        for key, members in listed.items():
            known = [codes.get(str(member), str(member)) for member in members]
            group[[code for code in known if code in group.index]] = key
        order = {key: Text(key, key) for key in listed}
    elif of not in city.zones_by_level:
        group, order = pd.Series("all", index=units), {"all": NOTHING}
    elif "parent_code" in zones.columns:
        # Streets compare within their district.
        group = pd.Series(zones["parent_code"].astype("str").to_numpy(), index=units)
        order = _names(city.zones)
    else:
        group = zone_groups(zones).set_axis(units)
        order = {}
    usual = {key: Text(*pair) for key, pair in shared_terms()["group"].items()}
    usual |= {k: Text(*pair) for k, pair in city.office["bulletin"].table["group"].items()}
    present = set(group)
    return group, {k: v for k, v in {**order, **usual, **names}.items() if k in present}


def _months(facts: CityFacts, day: pd.Timestamp | None) -> list[pd.Timestamp | None]:
    """Return the day and the month ends of a year before it, the latest first."""
    if day is None:
        return [None]
    before = day - pd.DateOffset(years=1), day - pd.Timedelta(days=1)
    return [day, *reversed(month_ends(*before, facts.city.month_starts))]


def _reported(facts: CityFacts, of: str, layers: set[str], units: pd.Index) -> pd.DataFrame:
    """Tell of which layers a unit has any record at all; where there is none, none was reported."""
    out = pd.DataFrame(index=units)
    for layer in sorted(layers & set(facts.city)):
        if of in facts.city.zones_by_level:
            named = facts.membership.table(layer, of, "owner")["zone_code"]
        else:
            named = facts.city[layer][of]
        out[layer] = units.isin(named.dropna().astype("str"))
    return out


def _rows(
    rows: pd.DataFrame,
    indicators: Mapping[str, str],
    counted: Mapping[str, str],
    reported: pd.DataFrame,
) -> pd.DataFrame:
    """Return progress by component; what a unit did not report it does not know."""
    blocks = {}
    for name, indicator in indicators.items():
        values = rows[rows["indicator"] == indicator].set_index("zone_code")
        block = values[["value", "attainment"]].reindex(reported.index)
        if counted.get(name) in reported:
            block = block.mask(~reported[counted[name]], axis=0)
        blocks[name] = block
    if BASE in counted:
        blocks[BASE] = pd.DataFrame({"value": 1.0, "attainment": 1.0}, index=reported.index)
    return pd.concat(blocks, names=["indicator", "zone_code"]).reset_index()


def _is_last(card: pd.DataFrame) -> pd.Series:
    """Tell which units are at the last place of their group: none where all share one."""
    place = card["rank"].astype("float64")
    lowest = place.groupby(card["group"]).transform("max")
    return (place == lowest) & (place > 1)


def _tidy(card: Card, day: pd.Timestamp | None) -> pd.DataFrame:
    """Return a card as one row a unit and component, the score last."""
    parts = card.parts.rename(columns={"zone_code": "unit"})
    scores = card.table.reset_index().rename(columns={"zone_code": "unit", "score": "points"})
    scores = scores.assign(component="score", kind="score", value=scores["points"], weight=np.nan)
    columns = ["unit", "group", "component", "kind", "value", "weight", "points"]
    more = ["rank", "ranked", "rank_before", "months_last", "reported", "note_zh", "note_en"]
    out = pd.concat([parts[columns], scores[[*columns, *more]]], ignore_index=True)
    place = {unit: k for k, unit in enumerate(card.table.index)}
    out = out.sort_values("unit", key=lambda units: units.map(place), kind="stable")
    names = {**card.components, "score": Text("得分", "Score")}
    for lang, at in (("zh", 0), ("en", 1)):
        out[f"name_{lang}"] = [card.units[unit][at] for unit in out["unit"]]
        out[f"component_{lang}"] = [names[name][at] for name in out["component"]]
        out[f"note_{lang}"] = out[f"note_{lang}"].fillna("").astype("str")
    out["indicator"] = [card.indicators.get(name, "") for name in out["component"]]
    out["as_of"] = pd.Series(day, index=out.index, dtype="datetime64[us]")
    return out.assign(card=card.key)


# -- whom to call in, and where to look


def _last_ones(card: Card, months: int, day: pd.Timestamp | None) -> pd.DataFrame:
    """Return the units that have been at the last place for so many months."""
    hit = card.table[card.table["months_last"] >= months]
    return pd.DataFrame(
        {
            "unit": hit.index,
            "name_zh": [card.units[unit].zh for unit in hit.index],
            "name_en": [card.units[unit].en for unit in hit.index],
            "rule": "last",
            "rule_zh": f"{card.name.zh or '考核'}连续{months}个月末位",
            "rule_en": f"last of its group for {months} months",
            "outcome": "fired",
            "figure": "months_last",
            "figure_zh": "连续末位月数",
            "figure_en": "months at the last place",
            "value": hit["months_last"].astype("float64"),
            "test": "at_least",
            "limit": float(months),
            "as_of": pd.Series(day, index=hit.index, dtype="datetime64[us]"),
        }
    ).reset_index(drop=True)


def _called(
    facts: CityFacts, day: pd.Timestamp | None, rule: str, body: Mapping[str, Any]
) -> pd.DataFrame:
    """Return the units that a rule of the office would call in."""
    city, level = facts.city, str(body.get("level", "district"))
    figures = city.figures.figures
    asked = [str(c.get("figure")) for c in body.get("all", []) if isinstance(c, Mapping)]
    own = [name for name in asked if name in figures and name not in CALL_IN_FIGURES]
    given = None
    if own:
        table = progress(facts, as_of=day, level=level, indicators=own)
        table = table[(table["level"] == level) & (table["row_kind"] == "zone")]
        given = table.pivot_table(index="zone_code", columns="indicator", values="value")
    layer = str(body.get("layer", "illegal_construction"))
    out = call_in(facts, {rule: body}, as_of=day, layer=layer, level=level, figures=given)
    names = _names(city.zones_at(level))
    out = out[out["zone_code"].isin(list(names))]
    label = {**CALL_IN_FIGURES, **{n: Text(figures[n].zh, figures[n].en) for n in own}}
    for lang, at in (("zh", 0), ("en", 1)):
        out[f"name_{lang}"] = [names[code][at] for code in out["zone_code"]]
        out[f"figure_{lang}"] = [label[name][at] for name in out["figure"]]
    return out.rename(columns={"zone_code": "unit"})


def _month_seed(seed: int, day: pd.Timestamp | None) -> int:
    """Return the seed of a month: another list each month, and the same one again for the same."""
    return seed if day is None else seed * 1_000_000 + day.year * 100 + day.month


def _sample(
    facts: CityFacts, day: pd.Timestamp | None, layer: str, rule: Mapping[str, Any], seed: int
) -> pd.DataFrame:
    spec = facts.city.specs[layer]
    strata = list(rule.get("strata", ["district_code"]))
    made = {"district_code", "status", "suspended", "overdue"}
    risk = rule.get("risk") or None
    more = [name for name in (*strata, risk) if name and name not in made and name in spec.fields]
    wanted = [n for n in ("address", "street_name", "manage_org") if n in facts.city[layer]]
    cases = open_cases(
        facts, as_of=day, layer=layer, where=rule.get("where") or None,
        columns=list(dict.fromkeys([*more, *wanted])),
    )  # fmt: skip
    return audit_sample(
        cases, n=int(rule["n"]), seed=seed, key=spec.id_field, strata=strata, risk=risk,
        at_least=int(rule.get("at_least", 1)),
    )  # fmt: skip
