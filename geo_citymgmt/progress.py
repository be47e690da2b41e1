"""Actual against target, at a date, by district and street, each figure with its terms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geo_citymgmt.city import as_date
from geo_citymgmt.errors import AsOfError, CityDataError
from geo_citymgmt.indicators import Component, Figure, load_figures, published_indicators
from geo_citymgmt.membership import LEVELS, Membership
from geo_citymgmt.pace import judge
from geo_citymgmt.tables import read_targets
from geo_citymgmt.timeline import Timeline, matches

if TYPE_CHECKING:
    from geo_citymgmt.city import City

__all__ = ["PROGRESS_COLUMNS", "progress", "progress_series"]

PROGRESS_COLUMNS = (
    "indicator", "published_id", "name_zh", "name_en", "layer", "level", "zone_code", "row_kind",
    "value", "unit", "numerator", "denominator", "target", "comparator", "deadline", "attainment",
    "expected", "status", "period_start", "as_of", "basis", "comparability", "note_zh", "note_en",
)  # fmt: skip
_DAY = pd.Timedelta(days=1)


def progress(
    city: City,
    *,
    as_of: Any,
    level: str = "district",
    targets: pd.DataFrame | None = None,
    basis: str | None = None,
) -> pd.DataFrame:
    """Compute every figure of the city at a date, beside its target where the two compare.

    State and sums at the date come from events where a record has them, else from its dates, else
    from its status if the date is not before the data's own; a plan is never counted as done.

    Parameters
    ----------
    city : City
        With its events and targets.
    as_of : date, or None for the data's own date
        The whole day is included.
    level : {"district", "city", "street"}
        How far down; the levels above are in the table too.
    targets : DataFrame, optional
        ``indicator, zone_code, target`` and, if need be, ``deadline``, in place of the city's own.
        Without either the published targets hold for the whole city in their year.
    basis : {"plan"}, optional
        Count what is planned up to a date after the data's own.

    Returns
    -------
    DataFrame
        One row a figure and zone; see ``docs`` for the columns. ``row_kind`` is total, zone,
        outside or unlocated: for figures that add up, zones, outside and unlocated make the total.
        A figure the data cannot give is there as ``not_available`` with the reason.

    Raises
    ------
    AsOfError
        The date is after the data's own, and ``basis`` is not "plan".
    CityDataError
        An unknown level or basis.

    Examples
    --------
    >>> import geo_citymgmt as gcm
    >>> city = gcm.sample_city()
    >>> table = progress(city, as_of="2022-06-30", level="city").set_index("published_id")
    >>> float(table.loc["illegal_area_remediated_h1", "value"])
    3503000.0
    >>> table.loc["illegal_area_remediated_h1", ["status", "comparability"]].tolist()
    ['not_comparable', 'measure_differs']
    """
    return _Evaluator(city, targets).at(as_of, level=level, basis=basis)


def progress_series(
    city: City,
    *,
    start: Any,
    end: Any,
    freq: str = "ME",
    level: str = "district",
    targets: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Compute :func:`progress` at each date from ``start`` to ``end``, one block after the other.

    Parameters
    ----------
    city, level, targets
        As in :func:`progress`.
    start, end : date
        Both included.
    freq : str
        Of pandas: "ME" for month ends, "W" for weeks, "D" for days.

    Returns
    -------
    DataFrame
        As :func:`progress`; the column ``as_of`` tells the blocks apart.

    Examples
    --------
    >>> import geo_citymgmt as gcm
    >>> city = gcm.sample_city()
    >>> months = progress_series(city, start="2022-05-31", end="2022-06-30", level="city")
    >>> int(months.as_of.nunique())
    2
    """
    days = pd.date_range(as_date(start), as_date(end), freq=freq)
    if days.empty:
        raise AsOfError(
            f"no date of frequency {freq!r} from {start} to {end}.",
            f"{start} 至 {end} 之间没有时点。",
        )
    evaluator = _Evaluator(city, targets)
    return pd.concat([evaluator.at(day, level=level) for day in days], ignore_index=True)


@dataclass
class _Sum:
    """What a component contributes: by record, with those about which the data cannot say."""

    row: np.ndarray
    amount: np.ndarray
    label: np.ndarray | None
    unknown: np.ndarray
    undated: int = 0
    by_events: bool = False


class _Evaluator:
    """Evaluates figures on one city; timelines and memberships are made once."""

    def __init__(self, city: City, targets: pd.DataFrame | None) -> None:
        self.city = city
        self.figures = load_figures()
        self.membership = Membership(city)
        self.published = published_indicators().set_index("id")
        self.targets = read_targets(targets) if targets is not None else city.targets
        self._timelines: dict[str, Timeline] = {}

    def timeline(self, layer: str) -> Timeline:
        if layer not in self._timelines:
            events = self.city.events
            self._timelines[layer] = Timeline(
                self.city.specs[layer],
                self.city[layer],
                events[events["layer"] == layer],
                self.city.data_date,
            )
        return self._timelines[layer]

    def at(self, as_of: Any, *, level: str = "district", basis: str | None = None) -> pd.DataFrame:
        day = self._day(as_of, basis)
        if level not in LEVELS:
            raise CityDataError(
                f"level is {level!r}, must be one of {', '.join(LEVELS)}.", f"没有“{level}”这一级。"
            )
        levels = LEVELS[: LEVELS.index(level) + 1]
        if level == "street":
            self.city.zones_at("street")
        plan = basis == "plan"
        blocks = [
            self._figure(figure, day, levels, plan) for figure in self.figures.figures.values()
        ]
        table = pd.concat(blocks, ignore_index=True)
        table["as_of"] = pd.Series(day, index=table.index, dtype="datetime64[us]")
        return table[list(PROGRESS_COLUMNS)]

    def _day(self, as_of: Any, basis: str | None) -> pd.Timestamp | None:
        if basis not in (None, "plan"):
            raise CityDataError(
                f'basis is {basis!r}; the only one to ask for is "plan".', f"不支持 basis={basis}。"
            )
        own = self.city.data_date
        if as_of is None:
            return own
        day = as_date(as_of)
        if own is not None and day > own and basis != "plan":
            raise AsOfError(
                f"the data stands as of {own:%Y-%m-%d}; {day:%Y-%m-%d} is after it. Ask for a date "
                'up to then, or for the plan with basis="plan".',
                f"数据截至 {own:%Y-%m-%d}，不能回答 {day:%Y-%m-%d}；计划数请用 basis=“plan”。",
            )
        return day

    # -- one figure

    def _figure(
        self, figure: Figure, day: pd.Timestamp | None, levels: tuple[str, ...], plan: bool
    ) -> pd.DataFrame:
        start, late = _period(figure, day)
        problem = self._problem(figure) or late
        if problem is None and day is None and any(c.kind == "flow" for c in figure.components):
            problem = ("the data has no date", "数据没有日期，无法计算时段数")
        if problem is not None:
            rows = pd.DataFrame(
                {"level": ["city"], "zone_code": [self.city.code], "row_kind": ["total"]}
            )
            for column in ("value", "numerator", "denominator"):
                rows[column] = np.nan
            return self._terms(figure, rows, day, start, "records", problem, None)
        sums = [self._sum(c, figure, day, start, plan) for c in figure.components]
        opening = None
        if figure.direction == "down" and figure.target and start is not None:
            opening_sum = self._sum(figure.components[0], figure, start - _DAY, None, False)
            opening = pd.concat(
                [self._by_zone(figure, opening_sum, lv) for lv in levels], ignore_index=True
            )
        by_level = []
        for lv in levels:
            parts = [self._by_zone(figure, s, lv) for s in sums]
            table = parts[0]
            if len(parts) == 2:
                keys = ["level", "row_kind", "zone_code"]
                table = parts[0].merge(parts[1], on=keys, how="outer", suffixes=("", "_of"))
                table = table.rename(columns={"value": "numerator", "value_of": "denominator"})
                whole = table["denominator"].where(table["denominator"] > 0)
                table["value"] = table["numerator"] / whole
                # A merge sorts by code; the city has an order of its own.
                table = parts[0][keys].merge(table, on=keys, how="left")
            else:
                table = table.assign(numerator=np.nan, denominator=np.nan)
            by_level.append(table)
        rows = pd.concat(by_level, ignore_index=True)
        undated = sum(s.undated for s in sums)
        note = None
        if undated:
            note = (
                f"{undated} without a date, not in the period",
                f"{undated} 条没有日期，未计入时段",
            )
        ahead = (
            plan and day is not None and (self.city.data_date is None or day > self.city.data_date)
        )
        how = "plan" if ahead else "events" if any(s.by_events for s in sums) else "records"
        return self._terms(figure, rows, day, start, how, None, opening, note)

    def _problem(self, figure: Figure) -> tuple[str, str] | None:
        """Why the figure is not available, or None."""
        if not figure.components:
            reason = figure.reasons[0]
            zh, en = self.figures.reasons[reason]
            return en, zh
        if figure.layer not in self.city:
            spec = self.city.specs.get(figure.layer)
            label = spec.name_zh if spec else figure.layer
            return f"there is no layer {figure.layer}", f"没有图层“{label}”"
        spec, data = self.city.specs[figure.layer], self.city[figure.layer]
        adding = {
            amount
            for event in self.city.events.loc[
                self.city.events["layer"] == figure.layer, "event"
            ].unique()
            for amount in spec.events[event].adds
        }
        told = {c.of for c in figure.components if c.kind == "flow"} & adding
        missing = [
            name
            for c in figure.components
            for name in c.fields(spec)
            if name not in data.columns and not (c.of in told and name not in c.where)
        ]
        # An amount that only events tell needs events of its kind.
        silent = [
            c.of
            for c in figure.components
            if c.kind == "flow"
            and spec.amounts[c.of].total is None
            and spec.amounts[c.of].while_in is None
            and c.of not in adding
            and spec.amounts[c.of].plan is None
        ]
        if missing:
            names = list(dict.fromkeys(missing))
            labels = "、".join(spec.fields[n].zh for n in names)
            return f"needs {', '.join(names)}", f"缺少字段：{labels}"
        if silent:
            amount = spec.amounts[silent[0]]
            return f"no events tell of {amount.en.lower()}", f"事件表中没有“{amount.zh}”"
        return None

    def _sum(
        self,
        part: Component,
        figure: Figure,
        day: pd.Timestamp | None,
        start: pd.Timestamp | None,
        plan: bool,
    ) -> _Sum:
        timeline = self.timeline(figure.layer)
        data, spec = timeline.data, timeline.spec
        chosen = matches(data, spec, part.where)
        unknown = np.zeros(len(data), dtype=bool)
        if part.kind == "flow":
            entries = timeline.entries(part.of, plan=plan)
            entries = entries[chosen[entries["row"].to_numpy()]]
            undated = int(entries["date"].isna().sum())
            hit = entries[(entries["date"] <= day) & (entries["date"] >= start)]
            by_events = bool((hit["basis"] == "events").any())
            return _Sum(
                hit["row"].to_numpy(), hit["amount"].to_numpy(), None, unknown, undated, by_events
            )
        own = self.city.data_date
        before = day is not None and own is not None and day < own
        rows = chosen
        by_events = False
        if figure.current and before:
            unknown = chosen.copy()
        elif part.state:
            state = timeline.state_at(day, plan=plan)
            codes = [c for name in part.state for c in spec.sets[name]]
            unknown = chosen & state.isna().to_numpy()
            rows = chosen & state.isin(codes).to_numpy()
            by_events = bool((timeline.transitions["basis"] == "events").any())
        elif part.dated:
            dates = data[part.dated]
            in_period = dates <= day if day is not None else dates.notna()
            if start is not None:
                in_period &= dates >= start
            rows = chosen & in_period.to_numpy(dtype=bool)
        elif part.kind != "balance" and before:
            # Nothing says since when the record is as it is.
            unknown = chosen.copy()
            rows = np.zeros(len(data), dtype=bool)
        if part.kind == "balance":
            entries = timeline.entries(part.of, plan=plan)
            by_events = bool((entries["basis"] == "events").any())
            amount = timeline.done_by(part.of, day, plan=plan)
            return _Sum(np.flatnonzero(rows), amount[rows], None, unknown, 0, by_events)
        if part.kind == "complete":
            return self._complete(timeline, part, chosen, rows, unknown, by_events)
        if part.kind == "distinct":
            at = np.flatnonzero(rows & data[part.of].notna().to_numpy())
            labels = data[part.of].iloc[at].astype("str")
            if spec.fields[part.of].type == "list":
                exploded = labels.str.split(";").explode()
                at, labels = exploded.index.to_numpy(), exploded
            return _Sum(at, np.ones(len(at)), labels.to_numpy(dtype=object), unknown, 0, by_events)
        size = np.ones(len(data))
        if part.of != "count":
            size = data[part.of].astype("float64").fillna(0.0).to_numpy()
        if part.minus is not None:
            size = np.clip(size - timeline.done_by(part.minus, day, plan=plan), 0.0, None)
        at = np.flatnonzero(rows)
        return _Sum(at, size[at], None, unknown, 0, by_events)

    def _complete(
        self,
        timeline: Timeline,
        part: Component,
        chosen: np.ndarray,
        rows: np.ndarray,
        unknown: np.ndarray,
        by_events: bool,
    ) -> _Sum:
        """One for each value all of whose records are in the state, where its first record lies."""
        values = timeline.data[part.of]
        named = chosen & values.notna().to_numpy()
        all_in = pd.Series(rows[named]).groupby(values[named].to_numpy()).all()
        first = pd.Series(np.flatnonzero(named)).groupby(values[named].to_numpy()).first()
        at = first[all_in].to_numpy(dtype=int)
        return _Sum(at, np.ones(len(at)), None, unknown & named, 0, by_events)

    def _by_zone(self, figure: Figure, part: _Sum, level: str) -> pd.DataFrame:
        members = self.membership.table(figure.layer, level, figure.split)
        keys = ["row_kind", "zone_code"]
        entries = pd.DataFrame({"row": part.row, "amount": part.amount})
        if part.label is not None:
            entries["label"] = part.label
            joined = members.merge(entries, on="row")
            sums = joined.groupby(keys)["label"].nunique().astype("float64")
        else:
            joined = members.merge(entries, on="row")
            sums = (joined["amount"] * joined["share"]).groupby([joined[k] for k in keys]).sum()
        doubtful = members[part.unknown[members["row"].to_numpy()]]
        blank = doubtful.groupby(keys).size()
        everything = self._all_zones(level, members)
        value = sums.reindex(everything, fill_value=0.0)
        value[everything.isin(blank.index)] = np.nan
        table = value.rename("value").reset_index()
        table["level"] = level
        return table

    def _all_zones(self, level: str, members: pd.DataFrame) -> pd.MultiIndex:
        names = ["row_kind", "zone_code"]
        if level == "city":
            return pd.MultiIndex.from_tuples([("total", self.city.code)], names=names)
        zones = [("zone", str(code)) for code in self.city.zones_at(level).index]
        beside = members.loc[members["row_kind"] != "zone", names].drop_duplicates()
        rest = sorted(beside.itertuples(index=False, name=None))
        return pd.MultiIndex.from_tuples([*zones, *rest], names=names)

    # -- its terms

    def _terms(
        self,
        figure: Figure,
        rows: pd.DataFrame,
        day: pd.Timestamp | None,
        start: pd.Timestamp | None,
        how: str,
        problem: tuple[str, str] | None,
        opening: pd.DataFrame | None,
        note: tuple[str, str] | None = None,
    ) -> pd.DataFrame:
        table = rows.copy()
        table["indicator"], table["published_id"] = figure.id, figure.published
        table["name_zh"], table["name_en"] = figure.zh, figure.en
        table["layer"], table["unit"] = figure.layer, figure.unit
        target, deadline, comparator = self._target(figure, table, day)
        table["target"], table["comparator"] = target, comparator
        table["deadline"] = pd.Series(deadline, index=table.index, dtype="datetime64[us]")
        table["period_start"] = pd.Series(
            start if figure.period != "stock" else pd.NaT, index=table.index, dtype="datetime64[us]"
        )
        table["basis"] = how
        table["comparability"] = ";".join(figure.reasons) or "comparable"
        opened = pd.Series(np.nan, index=table.index)
        if opening is not None:
            keys = ["level", "row_kind", "zone_code"]
            opened = table[keys].merge(opening, on=keys, how="left")["value"].set_axis(table.index)
        judged = judge(figure, table, opened, day, start, self.figures)
        for column in ("attainment", "expected", "status"):
            table[column] = judged[column]
        notes = [(figure.note_en, figure.note_zh)]
        notes += [
            (self.figures.reasons[r][1], self.figures.reasons[r][0])
            for r in figure.reasons
            if r != "not_carried"
        ]
        notes += [p for p in (problem, note) if p is not None]
        table["note_en"] = "; ".join(en for en, _ in notes if en)
        table["note_zh"] = "；".join(zh for _, zh in notes if zh)
        return table

    def _target(
        self, figure: Figure, table: pd.DataFrame, day: pd.Timestamp | None
    ) -> tuple[np.ndarray, pd.Timestamp, str]:
        out = np.full(len(table), np.nan)
        deadline, comparator = pd.NaT, ""
        known = figure.target if figure.target in self.published.index else ""
        if known:
            row = self.published.loc[known]
            deadline, comparator = row["deadline"], row["comparator"]
        own = self.targets[self.targets["indicator"].isin([figure.id, figure.same_as or figure.id])]
        if len(own):
            by_zone = own.drop_duplicates("zone_code").set_index("zone_code")
            counted = table["row_kind"].isin(["zone", "total"])
            found = by_zone["target"].reindex(table["zone_code"]).to_numpy()
            out = np.where(counted, found, np.nan)
            stated = by_zone["deadline"].dropna()
            deadline = stated.max() if len(stated) else deadline
            return out, deadline, comparator or ">="
        in_year = day is not None and pd.notna(deadline) and day.year == deadline.year
        if known and self.city.code == "320500" and (in_year or day is None):
            out[(table["level"] == "city").to_numpy()] = self.published.loc[known, "value"]
            return out, deadline, comparator
        return out, pd.NaT, ""


def _period(
    figure: Figure, day: pd.Timestamp | None
) -> tuple[pd.Timestamp | None, tuple[str, str] | None]:
    """First day of the figure's period, and the reason if that has not begun."""
    if day is None or figure.period == "stock":
        return None, None
    if figure.period == "year":
        return pd.Timestamp(day.year, 1, 1), None
    start = pd.Timestamp(day.year, 7, 1)
    if day < start:
        return start, (
            f"the period begins on {start:%Y-%m-%d}",
            f"时段自 {start:%Y-%m-%d} 起，尚未开始",
        )
    return start, None
