"""Districts scored by an office's own weights, ranked among their like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from geo_citymgmt._gate import Gate, names_of
from geo_citymgmt._languages import Messages, Text, first_few, listed
from geo_citymgmt.errors import CityDataError
from geo_citymgmt.spec import load_specs, zone_levels

_MESSAGES = Messages("geo_citymgmt")

#: How a value becomes a share of its points: by its target, from 0 up to the cap; by the lowest and
#: the highest of the group; as it is, a share of 0 to 1.
NORMALISATIONS = ("attainment", "min_max", "share")
_GATE = Gate("scorecard")
_POINTS = Text("请写成 {名称: {分区: 分值}}。", "Write it as {name: {zone: points}}.")
MISSING = ("no_score", "reweight", "zero")
#: Comparable groups by kind of zone: 市区 (the districts with 工业园区) and 县级市.
KIND_GROUPS = {
    "urban_district": "urban_districts",
    "functional": "urban_districts",
    "county_city": "county_cities",
}
_PARTS = [
    "zone_code", "group", "component", "kind", "value", "normalisation", "normalised", "weight",
    "points",
]  # fmt: skip


def score_parts(
    progress_table: pd.DataFrame,
    *,
    weights: Mapping[str, float],
    groups: Mapping[str, str] | pd.Series | pd.DataFrame | None = None,
    bonus: Mapping[str, Any] | None = None,
    penalty: Mapping[str, Any] | None = None,
    normalise: str | Mapping[str, str] = "attainment",
    lower_is_better: Sequence[str] = (),
    cap: float | Mapping[str, float] = 1.0,
    full_score: float = 100.0,
    missing: str = "no_score",
    level: str = "district",
) -> pd.DataFrame:
    """Take a scorecard apart: what each figure was, how it was normalised, weighed and counted.

    Parameters
    ----------
    progress_table, weights, groups, bonus, penalty, normalise, lower_is_better, cap, full_score, \
missing, level
        As in :func:`scorecard`.

    Returns
    -------
    DataFrame
        One row a zone and component: ``zone_code, group, component, kind`` (weight, bonus,
        penalty), ``value``, ``normalisation`` (a key of ``NORMALISATIONS``; ``given`` or
        ``per_unit`` for points), ``normalised``, ``weight`` (points of a full share), ``points``.

    Raises
    ------
    CityDataError
        As :func:`scorecard`.

    See Also
    --------
    scorecard

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"indicator": "relapses", "zone_code": ["A", "B"], "value": [1, 3]})
    >>> parts = score_parts(table, weights={"relapses": 1}, normalise="min_max",
    ...                     lower_is_better=["relapses"])
    >>> parts[["zone_code", "value", "normalised", "points"]].values.tolist()
    [['A', 1.0, 1.0, 100.0], ['B', 3.0, 0.0, 0.0]]
    """
    full_score = _GATE.positive(full_score, "full_score")
    shares = _weights(weights, full_score)
    _choose("missing", missing, MISSING)
    if not isinstance(level, str):
        _choose("level", level, ("city", *zone_levels(load_specs())))
    how = _how(normalise, shares)
    lower = names_of(_GATE, lower_is_better, "lower_is_better")
    for name in lower:
        _choose("an indicator of lower_is_better", name, tuple(shares))
    caps = dict.fromkeys(shares, cap) if not isinstance(cap, Mapping) else cap
    caps = {n: _GATE.positive(most, "cap") for n, most in caps.items()}
    for name in caps:
        _choose("an indicator of cap", name, tuple(shares))
    bonus, penalty = _mapping(bonus, "bonus", _POINTS), _mapping(penalty, "penalty", _POINTS)
    rated = {**bonus, **penalty}
    names = [*shares, *bonus, *penalty]
    doubled = [n for n in names if names.count(n) > 1]
    if doubled:
        raise refuse(*_MESSAGES.pair("component_twice", doubled=doubled[0]))
    rows = _rows(progress_table, level)
    zones = pd.Index(rows["zone_code"].unique())
    by_value = [n for n, rule in rated.items() if _per_unit(rule)]
    values, attained = _values(rows, zones, [*shares, *by_value])
    group = _groups(groups, zones)
    blocks = []
    for name, weight in shares.items():
        value = values[name]
        normalised = _normalised(
            value, attained[name], group, how[name], caps.get(name, 1.0), name in lower
        )
        blocks.append(
            _part(name, "weight", group, value).assign(
                normalisation=how[name], normalised=normalised, weight=weight
            )
        )
    parts = pd.concat(blocks).rename_axis("zone_code").reset_index()
    if missing == "reweight":
        present = parts["weight"].where(parts["normalised"].notna(), 0.0)
        present_sum = present.groupby(parts["zone_code"]).transform("sum")
        parts["weight"] = present * full_score / present_sum.where(present_sum > 0)
    parts["points"] = parts["weight"] * parts["normalised"]
    if missing == "zero":
        parts["points"] = parts["points"].fillna(0.0)
    extra = [
        _extra(name, rule, kind, zones, group, values, missing)
        for kind, rules in (("bonus", bonus), ("penalty", penalty))
        for name, rule in rules.items()
    ]
    out = pd.concat([parts, *extra], ignore_index=True)
    return out[_PARTS]


def refuse(cause: Text, remedy: Text) -> CityDataError:
    """Make the error of a scorecard that cannot be made as asked."""
    return _GATE.refuse(Text(f"{cause.zh}。", f"{cause.en}."), remedy)


def _choose(name: str, value: Any, choices: tuple[str, ...]) -> None:
    if not isinstance(value, str) or value not in choices:
        raise refuse(
            *_MESSAGES.pair("choice_unknown", name=name, value=value, choices=listed(choices))
        )


def _mapping(value: Any, argument: str, remedy: Text) -> Mapping[str, Any]:
    """Return a mapping, or a Series as one; none is empty."""
    if value is None:
        return {}
    if isinstance(value, pd.Series):
        if not value.index.is_unique:
            twice = value.index[value.index.duplicated()][0]
            raise refuse(_MESSAGES("has_twice", argument=argument, twice=twice), remedy)
        return dict(value.items())
    if not isinstance(value, Mapping):
        kind = type(value).__name__
        raise refuse(_MESSAGES("is_no_mapping", argument=argument, kind=kind), remedy)
    return value


def _weights(weights: Any, full_score: float) -> dict[str, float]:
    remedy = Text("请为计分指标给出权重。", "Give a weight for each indicator that counts.")
    given = _mapping(weights, "weights", remedy)
    if not given:
        raise refuse(Text("没有权重", "there are no weights"), remedy)
    names_of(_GATE, list(given), "weights")
    numbers = {n: _GATE.positive(w, f"weights[{n!r}]") for n, w in given.items()}
    total = sum(numbers.values())
    return {name: weight / total * full_score for name, weight in numbers.items()}


def _how(normalise: Any, shares: Mapping[str, float]) -> dict[str, str]:
    """Normalisation of each indicator."""
    if isinstance(normalise, str):
        given: Mapping[str, Any] = dict.fromkeys(shares, normalise)
    else:
        one = Text("请写成 {指标: 方法}。", "Write it as {indicator: way}.")
        given = _mapping(normalise, "normalise", one)
    for name in given:
        _choose("an indicator of normalise", name, tuple(shares))
    how = {name: given.get(name, "attainment") for name in shares}
    for way in how.values():
        _choose("normalise", way, NORMALISATIONS)
    return how


def _rows(table: pd.DataFrame, level: str) -> pd.DataFrame:
    """Rows of the zones of one level and one date."""
    if not isinstance(table, pd.DataFrame):
        kind = type(table).__name__
        raise refuse(*_MESSAGES.pair("no_progress_table", kind=kind))
    absent = [c for c in ("indicator", "zone_code", "value") if c not in table.columns]
    if absent:
        raise refuse(*_MESSAGES.pair("table_lacks_column", absent=listed(absent)))
    rows = table
    if "level" in rows.columns:
        rows = rows[rows["level"] == level]
    if "row_kind" in rows.columns:
        rows = rows[rows["row_kind"].isin(["zone", "total"])]
    if rows.empty:
        raise refuse(*_MESSAGES.pair("no_zones_of_level", level=level))
    dates = rows["as_of"].unique() if "as_of" in rows.columns else []
    if len(dates) > 1:
        raise refuse(*_MESSAGES.pair("several_dates", n=len(dates)))
    return rows


def _values(
    rows: pd.DataFrame, zones: pd.Index, names: Sequence[str]
) -> tuple[dict[str, pd.Series], dict[str, pd.Series]]:
    """Value and attainment of each zone, by indicator."""
    absent = [name for name in names if name not in set(rows["indicator"])]
    if absent:
        raise refuse(*_MESSAGES.pair("no_such_indicator", absent=first_few(absent)))
    chosen = rows[rows["indicator"].isin(names)]
    _GATE.hashable(chosen["zone_code"], "progress_table")
    twice = chosen[chosen.duplicated(["indicator", "zone_code"])]
    if len(twice):
        first = twice.iloc[0]
        raise refuse(
            *_MESSAGES.pair("figure_twice", figure=first["indicator"], zone=first["zone_code"])
        )
    value, attained = {}, {}
    for name in dict.fromkeys(names):
        of_figure = chosen[chosen["indicator"] == name].set_index("zone_code")
        value[name], attained[name] = (
            _numbers(of_figure, column).reindex(zones) for column in ("value", "attainment")
        )
    return value, attained


def _numbers(rows: pd.DataFrame, column: str) -> pd.Series:
    """One column of the table as numbers; all missing where the table lacks it."""
    if column not in rows.columns:
        return pd.Series(np.nan, index=rows.index)
    return pd.Series(_GATE.numbers(rows, column, "progress_table"), index=rows.index)


def _groups(
    groups: Mapping[str, str] | pd.Series | pd.DataFrame | None, zones: pd.Index
) -> pd.Series:
    if groups is None:
        return pd.Series("all", index=zones, dtype="str")
    if isinstance(groups, pd.DataFrame):
        if "kind" not in groups.columns:
            raise refuse(*_MESSAGES.pair("zones_without_kind"))
        groups = groups["kind"].map(lambda kind: KIND_GROUPS.get(kind, kind))
    given = _mapping(groups, "groups", Text("请写成 {分区: 组别}。", "Write it as {zone: group}."))
    of = pd.Series(given, dtype="object").reindex(zones)
    if of.isna().any():
        lost = first_few(zones[of.isna().to_numpy()])
        raise refuse(*_MESSAGES.pair("no_group_given", lost=lost))
    return of.astype("str")


def _normalised(
    value: pd.Series, attained: pd.Series, group: pd.Series, how: str, cap: float, lower: bool
) -> pd.Series:
    """Share of the full points; attainment knows by itself which way is better."""
    if how == "attainment":
        return attained.clip(0.0, cap)
    if how == "share":
        share = value.clip(0.0, 1.0)
        return 1.0 - share if lower else share
    by_group = value.groupby(group)
    lowest, highest = by_group.transform("min"), by_group.transform("max")
    span = highest - lowest
    gained = highest - value if lower else value - lowest
    return (gained / span.where(span > 0)).mask((span == 0) & value.notna(), 1.0)


def _part(name: str, kind: str, group: pd.Series, value: pd.Series) -> pd.DataFrame:
    return pd.DataFrame({"group": group, "component": name, "kind": kind, "value": value})


def _per_unit(rule: Any) -> bool:
    return isinstance(rule, Mapping) and "per_unit" in rule


def _extra(
    name: str,
    rule: Any,
    kind: str,
    zones: pd.Index,
    group: pd.Series,
    values: Mapping[str, pd.Series],
    missing: str,
) -> pd.DataFrame:
    """Bonus or penalty points of each zone."""
    rate, odd = 1.0, []
    if _per_unit(rule):
        odd = sorted(set(rule) - {"per_unit", "at_most", "over", "each"})
        given = {n: _GATE.number(rule[n], f"{kind}[{name!r}] {n}", least=0)
                 for n in ("per_unit", "at_most", "over") if n in rule}  # fmt: skip
        rate, each = (
            given["per_unit"],
            _GATE.positive(rule.get("each", 1), f"{kind}[{name!r}] each"),
        )
        value, how = values[name], "per_unit"
        beyond = (value - given.get("over", 0.0)) / each
        points = (beyond * rate).clip(lower=0.0, upper=given.get("at_most"))
        if missing != "no_score":
            points = points.fillna(0.0)
    else:
        of_zone = _mapping(rule, f"{kind}[{name!r}]", _POINTS)
        odd = sorted(map(str, set(of_zone) - set(zones)))
        numbers = {
            zone: _GATE.number(number, f"{kind}[{name!r}][{zone!r}]", least=0)
            for zone, number in of_zone.items()
        }
        points = pd.Series(numbers, dtype="float64").reindex(zones).fillna(0.0)
        value, how = points, "given"
    if odd:
        raise refuse(
            *_MESSAGES.pair(
                "unknown_in_part",
                word="加分" if kind == "bonus" else "扣分",
                name=name,
                odd=first_few(odd),
                kind=kind,
            )
        )
    sign = 1.0 if kind == "bonus" else -1.0
    table = _part(name, kind, group, value).assign(
        normalisation=how, normalised=np.nan, weight=rate, points=0.0 + sign * points
    )
    return table.rename_axis("zone_code").reset_index()


#: Differences below this are rounding and make no rank.
_DIGITS = 9


def scorecard(
    progress_table: pd.DataFrame,
    *,
    weights: Mapping[str, float],
    groups: Mapping[str, str] | pd.Series | pd.DataFrame | None = None,
    bonus: Mapping[str, Any] | None = None,
    penalty: Mapping[str, Any] | None = None,
    normalise: str | Mapping[str, str] = "attainment",
    lower_is_better: Sequence[str] = (),
    cap: float | Mapping[str, float] = 1.0,
    full_score: float = 100.0,
    missing: str = "no_score",
    level: str = "district",
    ties: Sequence[str] = (),
    before: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Score the zones by weighted figures, with bonus and penalty points, and rank them.

    The document asks for a monthly assessment and gives no weights: all of them are the user's.

    Parameters
    ----------
    progress_table : DataFrame
        Of :func:`progress` at one date: ``indicator, zone_code, value`` and, as need be, ``level,
        row_kind, attainment``.
    weights : mapping
        Indicator to weight, above zero; they are scaled to add up to ``full_score``.
    groups : mapping, Series or zones, optional
        Zone to the group within which it is ranked, or zones with a column ``kind``: districts and
        工业园区 make ``urban_districts``, 县级市 ``county_cities``. Without it all zones are one.
    bonus, penalty : mapping, optional
        Name to points: either a mapping (or Series) of zone to points, others getting none; or, for
        an indicator of the table, ``{"per_unit": points, "at_most": points}``, by its value; with
        ``over`` and ``each`` that many points for each so much above so much.
        Points are given as zero or more; those of a penalty are taken off.
    normalise : {"attainment", "min_max", "share"}, or mapping from indicator to one
        ``attainment`` is that of the table, from 0 to ``cap``. ``min_max`` is within the group;
        where all are equal each has the full share. ``share`` takes the value, from 0 to 1.
    lower_is_better : sequence of str
        Indicators turned round by ``min_max`` and ``share``.
    cap : float, or mapping from indicator to one
        Most that attainment may count.
    full_score : float
        Score without bonus and penalty when every normalised value is 1.
    missing : {"no_score", "reweight", "zero"}
        A zone that lacks a figure has no score and no rank; or its other weights are scaled up; or
        the figure earns nothing. A penalty or bonus by value that is missing counts nothing with
        the last two.
    level : str
        Level of the rows to score.
    ties : sequence of str
        Components whose points decide between equal scores, the first first.
    before : DataFrame, optional
        An earlier scorecard.

    Returns
    -------
    DataFrame
        Indexed by ``zone_code``: ``group, score, rank`` (1 is best; equal scores share the lower
        rank), ``ranked`` (how many in the group have a rank), one column a component with its
        points (penalties negative) that add up to ``score``, ``missing`` (figures, joined by ;),
        ``score_before, rank_before, rank_change`` (positive is up; none if the group is another),
        ``note_zh, note_en``. For value, normalisation and weight of each see :func:`score_parts`.

    Raises
    ------
    CityDataError
        A weight that is not above zero, an indicator that is not in the table or twice in it
        for a zone, several dates, an unknown zone, choice or group.

    See Also
    --------
    assess, score_parts, progress, call_in

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"indicator": "demolished", "zone_code": ["A", "B", "C"],
    ...                       "value": [9.0, 8.0, 8.0], "attainment": [0.9, 0.8, 0.8]})
    >>> card = scorecard(table, weights={"demolished": 1}, bonus={"model_road": {"C": 2}})
    >>> card[["score", "rank", "demolished", "model_road"]]
               score  rank  demolished  model_road
    zone_code
    A           90.0     1        90.0         0.0
    B           80.0     3        80.0         0.0
    C           82.0     2        80.0         2.0
    """
    parts = score_parts(
        progress_table, weights=weights, groups=groups, bonus=bonus, penalty=penalty,
        normalise=normalise, lower_is_better=lower_is_better, cap=cap, full_score=full_score,
        missing=missing, level=level,
    )  # fmt: skip
    names = list(dict.fromkeys(parts["component"]))
    zones = pd.Index(parts["zone_code"].unique(), name="zone_code")
    # Each component has a row for every zone, in the same order.
    by_component = parts["points"].to_numpy().reshape(len(names), len(zones))
    points = pd.DataFrame(by_component.T, index=zones, columns=names)
    weighed = parts["kind"] == "weight"
    lost = parts["normalised"].isna().where(weighed, parts["value"].isna())
    lacking = parts[lost].groupby("zone_code")["component"].agg(";".join)
    lacks = lacking.reindex(zones).fillna("").astype("str")
    card = pd.DataFrame(index=zones)
    card["group"] = parts.drop_duplicates("zone_code").set_index("zone_code")["group"]
    # Nothing to go by is no score, and not a score of zero.
    silent = parts[weighed].groupby("zone_code")["normalised"].count() == 0
    none = silent.reindex(zones) if missing != "no_score" else lacks != ""
    if missing == "zero":
        none[:] = False
    card["score"] = points.sum(axis=1).mask(none)
    for name in ties:
        _choose("ties", name, tuple(names))
    keys = card[["score"]].join(points[list(ties)]).round(_DIGITS)
    place = keys.groupby(list(keys.columns), sort=True).ngroup().astype("float64")
    by_group = place.mask(card["score"].isna()).groupby(card["group"])
    card["rank"] = by_group.rank(method="min", ascending=False).astype("Int64")
    card["ranked"] = by_group.transform("count").astype("Int64")
    card = card.join(points)
    card["missing"] = lacks
    return _annotate(_compare(card, before), missing)


def _compare(card: pd.DataFrame, before: pd.DataFrame | None) -> pd.DataFrame:
    """Add the earlier score and rank."""
    columns = ["group", "score", "rank"]
    earlier = pd.DataFrame(columns=columns) if before is None else before
    if not isinstance(earlier, pd.DataFrame) or not set(columns) <= set(earlier.columns):
        raise refuse(*_MESSAGES.pair("before_is_no_card"))
    earlier = earlier.reindex(card.index)
    card["score_before"] = earlier["score"].astype("float64")
    card["rank_before"] = earlier["rank"].astype("Int64")
    same = (earlier["group"] == card["group"]).to_numpy(dtype=bool)
    card["rank_change"] = (card["rank_before"] - card["rank"]).where(same)
    return card


def _annotate(card: pd.DataFrame, missing: str) -> pd.DataFrame:
    """Say where a rank or a score says little, and why."""
    message = {
        "no_score": Text("缺少指标，不评分", "a figure is missing: no score"),
        "reweight": _MESSAGES("figure_missing_other"),
        "zero": Text("缺少指标，该项计 0 分", "a figure is missing: it earns nothing"),
    }[missing]
    size = card.groupby("group")["group"].transform("size")
    cases = [
        (card["missing"] != "", message),
        (card["ranked"] == 0, Text("本组均无评分", "no zone of the group has a score")),
        ((size == 1) & (card["ranked"] == 1), _MESSAGES("only_zone_group")),
        ((size > 1) & (card["ranked"] == 1), _MESSAGES("only_zone_group_score")),
    ]
    for column, place, join in (("note_zh", 0, "；"), ("note_en", 1, "; ")):
        note = np.full(len(card), "", dtype=object)
        for where, why in cases:
            hit = where.fillna(False).to_numpy(dtype=bool)
            note[hit] = [join.join(filter(None, (n, why[place]))) for n in note[hit]]
        card[column] = pd.Series(note, index=card.index, dtype="str")
    return card
