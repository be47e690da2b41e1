"""约谈 and 督查暗访: whom an office calls in, and where it looks unannounced."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo_citymgmt._gate import Gate, names_of
from geo_citymgmt._languages import Messages, Text, listed, packaged_table
from geo_citymgmt.cases._cases import as_day, open_table
from geo_citymgmt.cases._register import Register
from geo_citymgmt.cases._stock import relapse_counts
from geo_citymgmt.errors import CityDataError, CRSError

if TYPE_CHECKING:
    from geo_citymgmt.city import City
    from geo_citymgmt.facts import CityFacts

_MESSAGES = Messages("geo_citymgmt.cases")

#: Figures a rule may use, beside the columns of ``figures=``; those in ``_WITHIN`` need
#: ``within_days``.
CALL_IN_FIGURES = {
    name: Text(*words)
    for name, words in packaged_table("geo_citymgmt.cases", "call_in.toml").items()
}
_WITHIN = ("relapses", "relapse_rate", "new_builds")
_TESTS: dict[str, Callable[[pd.Series, float], pd.Series]] = {
    "at_least": lambda value, limit: value >= limit,
    "more_than": lambda value, limit: value > limit,
    "at_most": lambda value, limit: value <= limit,
    "less_than": lambda value, limit: value < limit,
}
_COLUMNS = [
    "zone_code", "rule", "rule_zh", "rule_en", "outcome", "figure", "value", "test", "limit",
    "holds", "period_start", "as_of",
]  # fmt: skip


def call_in(
    city: City | CityFacts,
    rules: Mapping[str, Mapping[str, Any]],
    *,
    as_of: Any = None,
    layer: str = "illegal_construction",
    level: str = "street",
    figures: pd.DataFrame | None = None,
    hot_spots: gpd.GeoDataFrame | None = None,
) -> pd.DataFrame:
    """List the zones that meet a rule of the office for 约谈属地, with the figures that say so.

    The package has no rule of its own: the document names the measure, not its thresholds.

    Parameters
    ----------
    city : City or CityFacts
    rules : mapping
        Id of a rule to ``{"zh", "en", "all": [condition, …]}``, as a TOML table reads. It fires
        where all its conditions hold; alternatives are several rules. A condition names a
        ``figure`` (of ``CALL_IN_FIGURES``, or a column of ``figures``), one of ``at_least,
        more_than, at_most, less_than``, and ``within_days`` for figures of a period: the days up to
        and including ``as_of``.
    as_of, layer
        As in :func:`open_cases`.
    level : {"city", "district", "street", "community", "cell"}
        Zones to judge.
    figures : DataFrame, optional
        More figures, indexed by zone code.
    hot_spots : GeoDataFrame, optional
        Areas that are hot, in the CRS of the city, e.g. the significant cells of
        :func:`hot_spots`.

    Returns
    -------
    DataFrame
        One row a zone, rule and condition, for rules whose ``outcome`` is ``fired``, or
        ``undecided``: no condition failed but a figure is missing. ``value`` against ``limit``.

    Raises
    ------
    CityDataError
        A rule that cannot be read, a figure that is not there.
    CRSError
        The hot spots are in another CRS than the city.

    See Also
    --------
    scorecard, progress

    Examples
    --------
    An example of a rule, not one that any office has set:

    >>> import geo_citymgmt as gcm
    >>> rules = {"repeat": {"zh": "一年内反弹两次", "en": "two relapses within a year",
    ...          "all": [{"figure": "relapses", "within_days": 365, "at_least": 2}]}}
    >>> table = call_in(gcm.sample_city(), rules, level="district")
    >>> bool((table.value >= 2).all())
    True
    """
    gate = Gate("call_in")
    if not isinstance(rules, Mapping):
        raise gate.refuse(*_MESSAGES.pair("rules_not_mapping", kind=type(rules).__name__))
    wanted = [(rule, _conditions(rule, body)) for rule, body in rules.items()]
    register = Register(city, layer, gate)
    register.levels(level)
    figures = _figures_by_zone(figures, gate)
    if hot_spots is not None:
        hot_spots = gate.features(hot_spots, "hot_spots", needs_columns=True).given
    day = register.day(as_of)
    source = _Figures(register, day, level, figures, hot_spots)
    blocks = [_judge(rule, rules[rule], conditions, source) for rule, conditions in wanted]
    table = pd.concat(blocks, ignore_index=True) if blocks else pd.DataFrame(columns=_COLUMNS)
    table["as_of"] = as_day(day, table.index)
    return table[_COLUMNS]


def _figures_by_zone(figures: Any, gate: Gate) -> pd.DataFrame | None:
    """Return more figures by the code of their zone as text, or refuse them."""
    if figures is None:
        return None
    if not isinstance(figures, pd.DataFrame):
        raise gate.refuse(_MESSAGES("figures_not_dataframe", kind=type(figures).__name__))
    if not figures.index.is_unique:
        twice = figures.index[figures.index.duplicated()][0]
        raise gate.refuse(_MESSAGES("zone_twice", twice=twice))
    return figures.set_axis(figures.index.astype("str"))


class _Condition(NamedTuple):
    """What a rule asks of a figure: a test against a limit, over the last days."""

    figure: str
    test: str
    limit: float
    days: int | None


def _conditions(rule: str, body: Mapping[str, Any]) -> list[_Condition]:
    """Conditions of a rule."""
    out = []
    conditions = body.get("all") if isinstance(body, Mapping) else None
    if not isinstance(conditions, Sequence) or isinstance(conditions, str) or not conditions:
        raise _bad_rule(rule, Text("没有条件", "it has no conditions"))
    for condition in conditions:
        if not isinstance(condition, Mapping):
            raise _bad_rule(rule, _MESSAGES("no_mapping", condition=condition))
        tests = [name for name in condition if name in _TESTS]
        odd = sorted(map(str, set(condition) - set(_TESTS) - {"figure", "within_days"}))
        if odd or len(tests) != 1 or "figure" not in condition:
            raise _bad_rule(rule, _MESSAGES("not_figure_one", given=dict(condition)))
        figure, days = condition["figure"], condition.get("within_days")
        needs = figure in _WITHIN
        is_days = isinstance(days, int) and not isinstance(days, bool) and days >= 1
        if needs != (days is not None) or (needs and not is_days):
            raise _bad_rule(rule, _MESSAGES("days_of_figure", figure=figure, days=days))
        limit = condition[tests[0]]
        if isinstance(limit, bool) or not isinstance(limit, (int, float)) or limit != limit:
            cause = Text(f"阈值 {limit!r} 不是数字", f"the limit {limit!r} is not a number")
            raise _bad_rule(rule, cause)
        out.append(_Condition(figure, tests[0], float(limit), days))
    return out


def _bad_rule(rule: str, cause: Text) -> CityDataError:
    return _MESSAGES.error(CityDataError, "bad_rule", rule=rule, cause=cause)


def _judge(
    rule: str, body: Mapping[str, Any], conditions: list[_Condition], source: _Figures
) -> pd.DataFrame:
    parts = []
    for figure, test, limit, days in conditions:
        value = source.value(figure, days)
        holds = _TESTS[test](value, limit).astype("boolean").where(value.notna())
        part = pd.DataFrame({"zone_code": value.index, "value": value.array, "holds": holds.array})
        start = as_day(source.start(days), part.index)
        parts.append(part.assign(figure=figure, test=test, limit=limit, period_start=start))
    table = pd.concat(parts, keys=range(len(parts)), names=["condition", "zone"])
    table = table.sort_index(level=["zone", "condition"]).reset_index(drop=True)
    by_zone = table.groupby("zone_code", sort=False)["holds"]
    failed = (~table["holds"].fillna(True)).groupby(table["zone_code"]).transform("any")
    missing = by_zone.transform(lambda column: column.isna().any()).astype(bool)
    table["outcome"] = np.where(missing, "undecided", "fired")
    table["rule"] = rule
    table["rule_zh"], table["rule_en"] = body.get("zh", rule), body.get("en", rule)
    return table[~failed.to_numpy(dtype=bool)]


class _Figures:
    """Figures of the zones of one level on one day; each is computed once."""

    def __init__(
        self,
        register: Register,
        day: pd.Timestamp | None,
        level: str,
        given: pd.DataFrame | None,
        hot: gpd.GeoDataFrame | None,
    ) -> None:
        self.register, self.day, self.level = register, day, level
        self.given, self.hot = given, hot
        zones = register.zone_rows(level)
        self.codes = zones.loc[zones["row_kind"].isin(["zone", "total"]), "zone_code"]
        self._known: dict[tuple[str, int | None], pd.Series] = {}
        self._open: pd.DataFrame | None = None

    def start(self, days: int | None) -> pd.Timestamp:
        """First of the ``days`` days that end with the day of the figures."""
        if days is None or self.day is None:
            return pd.NaT
        return self.day - pd.Timedelta(days=days - 1)

    def value(self, figure: str, days: int | None) -> pd.Series:
        """Return the figure by zone."""
        if (figure, days) not in self._known:
            if self.given is not None and figure in self.given.columns:
                numbers = self.register.gate.numbers(self.given, figure, "figures")
                value = pd.Series(numbers, index=self.given.index).reindex(self.codes)
            elif figure == "hot_spot_share":
                value = self._hot_spot_share()
            elif figure in CALL_IN_FIGURES:
                value = self._counted(figure, days)
            else:
                raise self.register.gate.refuse(
                    *_MESSAGES.pair("rules_no_figure", figure=figure, known=listed(CALL_IN_FIGURES))
                )
            self._known[figure, days] = value.set_axis(self.codes.to_numpy())
        return self._known[figure, days]

    def _sum(self, values: pd.DataFrame) -> pd.DataFrame:
        table = self.register.sums(values, [self.level])
        table = table[table["row_kind"].isin(["zone", "total"])]
        return table.set_index("zone_code").reindex(self.codes).astype("float64", errors="ignore")

    def _counted(self, figure: str, days: int | None) -> pd.Series:
        register = self.register
        if figure in _WITHIN and self.day is None:
            # Without a date of the data there are no last days.
            return pd.Series(np.nan, index=self.codes)
        if figure in _WITHIN:
            first = self.start(days)
            if figure == "new_builds":
                register.need("stock_type")
                flows = register.flows()
                new = register.data["stock_type"].isin(["new", "in_progress"]).to_numpy()
                hit = flows[(flows["kind"] == "found") & flows["date"].between(first, self.day)]
                hit = hit[new[hit["row"].to_numpy()]]
                return self._sum(pd.DataFrame({"row": hit["row"], "n": 1}))["n"]
            sums = self._sum(relapse_counts(register, first, self.day))
            if not register.tells_relapses:
                sums["relapses"] = sums["relapsed"] = np.nan
            if figure == "relapses":
                return sums["relapses"]
            return sums["relapsed"] / sums["exposed"].where(sums["exposed"] > 0)
        sums = self._open_sums()
        if figure == "overdue_share":
            return sums["overdue"] / sums["due"].where(sums["due"] > 0)
        return sums[figure]

    def _open_sums(self) -> pd.DataFrame:
        if self._open is None:
            register = self.register
            cases = open_table(register, self.day, deadline=register.deadline)
            _, unknown, _ = register.in_stock(self.day)
            values = pd.DataFrame(
                {
                    "row": register.data.index.get_indexer(cases.index),
                    "open": 1.0,
                    "overdue": cases["overdue"].fillna(False).astype("float64").to_numpy(),
                    "due": cases["deadline"].notna().astype("float64").to_numpy(),
                    "remaining": cases["remaining"].to_numpy(),
                }
            )
            columns = ["open", "overdue", "due", "remaining"]
            doubtful = pd.DataFrame({"row": np.flatnonzero(unknown), "unknown": 1.0})
            doubtful = doubtful.assign(**dict.fromkeys(columns, 0.0))
            sums = self._sum(pd.concat([values.assign(unknown=0.0), doubtful]))
            sums[columns] = sums[columns].mask(sums["unknown"] > 0)
            self._open = sums
        return self._open

    def _hot_spot_share(self) -> pd.Series:
        if self.hot is None:
            raise self.register.gate.refuse(*_MESSAGES.pair("no_hot_spots_given"))
        level = "district" if self.level == "city" else self.level
        zones = self.register.city.zones_at(level)
        if self.hot.crs != zones.crs:
            raise _MESSAGES.error(CRSError, "hot_spots_elsewhere", hot=self.hot, zones=zones)
        union = shapely.union_all(self.hot.geometry.to_numpy())
        inside = shapely.area(shapely.intersection(zones.geometry.to_numpy(), union))
        zone_area = shapely.area(zones.geometry.to_numpy())
        if self.level == "city":
            return pd.Series([inside.sum() / zone_area.sum()])
        return pd.Series(inside / zone_area, index=zones.index.astype("str")).reindex(self.codes)


def audit_sample(
    cases: pd.DataFrame,
    *,
    n: int,
    seed: int,
    key: str,
    strata: str | Sequence[str] | None = None,
    risk: str | pd.Series | None = None,
    at_least: int = 1,
) -> pd.DataFrame:
    """Draw cases for inspection: by stratum, each with the same chance or a chance by its risk.

    The places are shared out among strata by their number of cases, or their total risk, by largest
    remainder after ``at_least`` for each. Within a stratum the draw is systematic on a random
    order, so that the chance of each case is exactly n x risk / total risk; cases whose share
    would be above one are certain to be drawn.

    Parameters
    ----------
    cases : DataFrame
        E.g. of :func:`open_cases`.
    n : int
        How many to draw; all, if there are no more.
    seed : int
        The same seed, cases and settings give the same list, in whatever order the cases come.
    key : str
        Column of ids, unique; ``parcel_id`` for illegal construction.
    strata : str or list of str, optional
        Columns that part the cases; a missing value is a stratum too.
    risk : str or Series, optional
        Positive weight of each case, a column or on the index of ``cases``. A case of no risk (0)
        is never drawn.
    at_least : int
        From each stratum, as far as it has them.

    Returns
    -------
    DataFrame
        The cases drawn, on their index in random order of visit, with ``visit`` (1, 2, …),
        ``stratum``, ``chance`` of having been drawn, and ``weight`` = 1 / chance, by which a sample
        total estimates that of all cases (Horvitz and Thompson 1952).

    Raises
    ------
    CityDataError
        No unique ids, a column that the result would overwrite, a negative or missing risk, ``n``
        below one or below what ``at_least`` needs.

    See Also
    --------
    open_cases

    Examples
    --------
    >>> import pandas as pd
    >>> cases = pd.DataFrame({"id": list("abcdefgh"), "street": list("xxxxxxyy")})
    >>> drawn = audit_sample(cases, n=4, seed=7, key="id", strata="street")
    >>> drawn.street.value_counts().to_dict()
    {'x': 3, 'y': 1}
    >>> float(drawn.weight.sum())
    8.0
    """
    gate = Gate("audit_sample")
    n, at_least = gate.whole(n, "n", least=1), gate.whole(at_least, "at_least")
    seed = gate.whole(seed, "seed")
    _check_ids(cases, key, gate)
    gate.free(cases.columns, ("visit", "stratum", "chance", "weight"), "cases")
    # The lot falls on ids, not on rows.
    order = cases[key].reset_index(drop=True).sort_values(kind="stable").index.to_numpy()
    table = cases.iloc[order]
    names = [] if strata is None else names_of(gate, strata, "strata")
    labels = _labels(table, names, gate)
    size = _risk(cases, risk, gate)[order]
    usable = np.flatnonzero(size > 0)
    labels, size = labels[usable], size[usable]
    member = np.unique(labels, return_inverse=True)[1]
    places = _places(member, size, n, at_least, gate)
    rng = np.random.default_rng(seed)
    chance, drawn = np.zeros(len(usable)), np.zeros(len(usable), dtype=bool)
    for group, count in enumerate(places):
        members = np.flatnonzero(member == group)
        chance[members] = _chances(size[members], int(count))
        drawn[members] = _systematic(chance[members], rng)
    hit = rng.permutation(np.flatnonzero(drawn))
    out = table.iloc[usable[hit]].copy()
    out.insert(0, "visit", np.arange(1, len(hit) + 1))
    out["stratum"], out["chance"] = labels[hit], chance[hit]
    out["weight"] = 1.0 / chance[hit]
    return out


def _check_ids(cases: Any, key: Any, gate: Gate) -> None:
    if not isinstance(cases, pd.DataFrame):
        raise gate.refuse(*_MESSAGES.pair("cases_not_dataframe", kind=type(cases).__name__))
    ids = gate.hashable(gate.column(cases, key, "key"), "key")
    if ids.isna().any() or ids.duplicated().any():
        bad = int(np.flatnonzero(ids.isna() | ids.duplicated())[0])
        raise gate.refuse(*_MESSAGES.pair("ids_not_unique", key=key, at=bad, value=ids.iloc[bad]))
    if len({type(value) for value in ids}) > 1:
        raise gate.refuse(*_MESSAGES.pair("ids_of_two_types", key=key))


def _labels(table: pd.DataFrame, names: list[str], gate: Gate) -> np.ndarray:
    if not names:
        return np.full(len(table), "all", dtype=object).astype("str")
    columns = [gate.column(table, name, "strata") for name in names]
    parts = [c.astype("object").where(c.notna(), "").map(str) for c in columns]
    return np.array([" / ".join(row) for row in zip(*parts, strict=True)], dtype="str")


def _risk(cases: pd.DataFrame, risk: str | pd.Series | None, gate: Gate) -> np.ndarray:
    if risk is None:
        return np.ones(len(cases))
    if isinstance(risk, pd.Series):
        if not (risk.index.is_unique or risk.index.equals(cases.index)):
            raise gate.refuse(*_MESSAGES.pair("risk_index_twice"))
        column = risk if risk.index.equals(cases.index) else risk.reindex(cases.index)
    else:
        column = gate.column(cases, risk, "risk")
    numbers = gate.values(column, "risk", "the risk", "风险值", least=0.0)
    missing = np.flatnonzero(np.isnan(numbers))
    if len(missing):
        raise gate.refuse(
            *_MESSAGES.pair("risk_missing", n=len(missing), first=cases.index[missing[0]])
        )
    return numbers


def _places(member: np.ndarray, size: np.ndarray, n: int, at_least: int, gate: Gate) -> np.ndarray:
    """How many to draw from each stratum: a floor for each, the rest by size, none above it."""
    available, total = np.bincount(member), np.bincount(member, weights=size)
    groups, n_drawn = len(available), min(n, len(member))
    places = np.minimum(available, at_least)
    if places.sum() > n_drawn:
        raise gate.refuse(*_MESSAGES.pair("cases_too_few", n=n, groups=groups, at_least=at_least))
    quota = n_drawn * total / total.sum() if groups else total
    while places.sum() < n_drawn:
        # One place at a time to the stratum that is furthest below its quota.
        lack = np.where(places < available, quota - places, -math.inf)
        places[int(np.argmax(lack))] += 1
    return places


def _chances(size: np.ndarray, n: int) -> np.ndarray:
    """Chance of each case, proportional to size, at most one, adding up to ``n``."""
    chance = np.zeros(len(size))
    certain = np.zeros(len(size), dtype=bool)
    while True:
        rest = ~certain
        left = n - certain.sum()
        chance[certain] = 1.0
        if left <= 0 or not rest.any():
            chance[rest] = 0.0
            return chance
        chance[rest] = left * size[rest] / size[rest].sum()
        above = rest & (chance >= 1.0 - 1e-12)
        if not above.any():
            return chance
        certain |= above


def _systematic(chance: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw with these chances: one random start on a random order."""
    order = rng.permutation(len(chance))
    ends = np.cumsum(chance[order])
    # Rounding would lose or add one at the end of the line.
    ends = np.round(ends, 9)
    marks = np.floor(ends - (1.0 - rng.random()))
    out = np.zeros(len(chance), dtype=bool)
    out[order] = np.diff(marks, prepend=-1.0) > 0
    return out
