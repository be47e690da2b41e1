"""约谈: which areas meet an office's rule for calling in those responsible, and on what figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo_citymgmt._gate import Gate
from geo_citymgmt.errors import CityDataError, CRSError
from geo_citymgmt.remediation.cases import open_table
from geo_citymgmt.remediation.register import Register, levels_to
from geo_citymgmt.remediation.relapse import relapse_counts
from geo_citymgmt.words import Text

if TYPE_CHECKING:
    from geo_citymgmt.city import City
    from geo_citymgmt.facts import CityFacts

__all__ = ["CALL_IN_FIGURES", "call_in"]

#: Figures a rule may use, beside the columns of ``figures=``; those in ``_WITHIN`` need
#: ``within_days``.
CALL_IN_FIGURES = {
    "relapses": Text("反弹次数", "relapses in the period"),
    "relapse_rate": Text("反弹率", "records relapsed in the period / records that could"),
    "new_builds": Text(
        "新增违建处数", "parcels of stock_type new or in_progress found in the period"
    ),
    "open": Text("未办结处数", "open cases on the day"),
    "overdue": Text("超期处数", "open cases past their deadline on the day"),
    "overdue_share": Text("超期占比", "open cases past their deadline / open cases with one"),
    "remaining": Text("未治理面积（平方米）", "area still open on the day, m2"),
    "hot_spot_share": Text("热点面积占比", "part of the zone's area inside hot_spots="),
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
    level : {"city", "district", "street"}
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
    levels_to(level, gate)
    wanted = [(rule, _conditions(rule, body)) for rule, body in _rules(rules, gate).items()]
    register = Register(city, layer, gate)
    figures = _figures_by_zone(figures, gate)
    if hot_spots is not None:
        hot_spots = gate.features(hot_spots, "hot_spots", needs_columns=True).given
    day = register.day(as_of)
    source = _Figures(register, day, level, figures, hot_spots)
    blocks = [_judge(rule, rules[rule], conditions, source) for rule, conditions in wanted]
    table = pd.concat(blocks, ignore_index=True) if blocks else pd.DataFrame(columns=_COLUMNS)
    table["as_of"] = pd.Series(day, index=table.index, dtype="datetime64[us]")
    return table[_COLUMNS]


def _rules(rules: Any, gate: Gate) -> Mapping[str, Mapping[str, Any]]:
    if not isinstance(rules, Mapping):
        raise gate.refuse(
            Text(
                f"rules 是 {type(rules).__name__}，应为“规则→条件”的字典。",
                f"rules is a {type(rules).__name__}, not a mapping of rule to conditions.",
            ),
            Text("请写成 {“重复”: {“all”: […]}}。", 'Write it as {"repeat": {"all": [...]}}.'),
        )
    return rules


def _figures_by_zone(figures: Any, gate: Gate) -> pd.DataFrame | None:
    """Return more figures by the code of their zone as text, or refuse them."""
    if figures is None:
        return None
    if not isinstance(figures, pd.DataFrame):
        raise gate.refuse(
            Text(
                f"figures 是 {type(figures).__name__}，应为以分区代码为索引的 DataFrame。",
                f"figures is a {type(figures).__name__}, not a DataFrame indexed by zone code.",
            )
        )
    if not figures.index.is_unique:
        twice = figures.index[figures.index.duplicated()][0]
        raise gate.refuse(
            Text(
                f"figures 中分区 {twice!r} 有多行。", f"figures has zone {twice!r} more than once."
            )
        )
    return figures.set_axis(figures.index.astype("str"))


def _conditions(rule: str, body: Mapping[str, Any]) -> list[tuple[str, str, float, int | None]]:
    """Figure, test, limit and days of each condition of a rule."""
    out = []
    conditions = body.get("all") if isinstance(body, Mapping) else None
    if not isinstance(conditions, Sequence) or isinstance(conditions, str) or not conditions:
        raise _bad_rule(rule, Text("没有条件", "it has no conditions"))
    for condition in conditions:
        if not isinstance(condition, Mapping):
            raise _bad_rule(
                rule, Text(f"条件 {condition!r} 不是字典", f"{condition!r} is no mapping")
            )
        tests = [name for name in condition if name in _TESTS]
        odd = sorted(map(str, set(condition) - set(_TESTS) - {"figure", "within_days"}))
        if odd or len(tests) != 1 or "figure" not in condition:
            cause = Text(
                "条件 {given} 应为一个指标和一个比较", "{given} is not a figure with one test"
            )
            raise _bad_rule(rule, cause.format(given=dict(condition)))
        figure, days = condition["figure"], condition.get("within_days")
        needs = figure in _WITHIN
        whole = isinstance(days, int) and not isinstance(days, bool) and days >= 1
        if needs != (days is not None) or (needs and not whole):
            cause = Text(
                "指标 {figure} 的 within_days 为 {days!r}", "within_days of {figure} is {days!r}"
            )
            raise _bad_rule(rule, cause.format(figure=figure, days=days))
        limit = condition[tests[0]]
        if isinstance(limit, bool) or not isinstance(limit, (int, float)) or limit != limit:
            cause = Text(f"阈值 {limit!r} 不是数字", f"the limit {limit!r} is not a number")
            raise _bad_rule(rule, cause)
        out.append((figure, tests[0], float(limit), days))
    return out


def _bad_rule(rule: str, cause: Text) -> CityDataError:
    return CityDataError(
        Text(f"call_in：规则 {rule}：{cause.zh}。", f"call_in: rule {rule}: {cause.en}."),
        remedy=Text(
            "请写成 all = [{figure = “relapses”, within_days = 365, at_least = 2}]；"
            "时点指标不写 within_days。",
            'Write all = [{figure = "relapses", within_days = 365, at_least = 2}]; figures of a '
            "day take no within_days.",
        ),
    )


def _judge(
    rule: str,
    body: Mapping[str, Any],
    conditions: list[tuple[str, str, float, int | None]],
    source: _Figures,
) -> pd.DataFrame:
    parts = []
    for figure, test, limit, days in conditions:
        value = source.value(figure, days)
        holds = _TESTS[test](value, limit).astype("boolean").where(value.notna())
        part = pd.DataFrame({"value": value.to_numpy(), "holds": holds.to_numpy()})
        part["holds"] = part["holds"].astype("boolean")
        part.insert(0, "zone_code", value.index.to_numpy())
        parts.append(part.assign(figure=figure, test=test, limit=limit))
        parts[-1]["period_start"] = pd.Series(
            source.start(days), index=part.index, dtype="datetime64[us]"
        )
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
        return (
            pd.NaT if days is None or self.day is None else self.day - pd.Timedelta(days=days - 1)
        )

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
                    Text(f"rules：没有指标 {figure!r}。", f"rules: there is no figure {figure!r}."),
                    Text(
                        f"可用：{'、'.join(CALL_IN_FIGURES)}，或 figures= 中的列。",
                        f"Use one of {', '.join(CALL_IN_FIGURES)}, or a column of figures=.",
                    ),
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
            cases = open_table(register, self.day)
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
            doubtful = pd.DataFrame({"row": np.flatnonzero(unknown), "unknown": 1.0})
            blank = dict.fromkeys(("open", "overdue", "due", "remaining"), 0.0)
            values = pd.concat([values.assign(unknown=0.0), doubtful.assign(**blank)])
            sums = self._sum(values)
            columns = ["open", "overdue", "due", "remaining"]
            sums[columns] = sums[columns].mask(sums["unknown"] > 0)
            self._open = sums
        return self._open

    def _hot_spot_share(self) -> pd.Series:
        if self.hot is None:
            raise self.register.gate.refuse(
                Text(
                    "规则用到 hot_spot_share，但未提供热点区域。",
                    "a rule asks for hot_spot_share, but no hot spots were given.",
                ),
                Text("请用 hot_spots= 提供热点格网。", "Give the hot cells as hot_spots=."),
            )
        level = "district" if self.level == "city" else self.level
        zones = self.register.city.zones_at(level)
        if self.hot.crs != zones.crs:
            raise CRSError(
                Text(
                    f"热点区域坐标系为 {self.hot.crs}，分区为 {zones.crs}。",
                    f"the hot spots are in {self.hot.crs}, the zones in {zones.crs}.",
                ),
                remedy=Text(
                    "请先用 to_crs 统一坐标系。",
                    "Bring them together with hot_spots.to_crs(city.zones.crs).",
                ),
            )
        union = shapely.union_all(self.hot.geometry.to_numpy())
        inside = shapely.area(shapely.intersection(zones.geometry.to_numpy(), union))
        whole = shapely.area(zones.geometry.to_numpy())
        if self.level == "city":
            return pd.Series([inside.sum() / whole.sum()])
        return pd.Series(inside / whole, index=zones.index.astype("str")).reindex(self.codes)
