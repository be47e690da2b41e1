"""What a figure is, from table files: the package's, over them a profile's and an office's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geo_citymgmt._languages import DISTRICT, NOTHING, Messages, Text
from geo_citymgmt._numbers import factor_between
from geo_citymgmt._overlay import Layered, layered
from geo_citymgmt._values import FrozenDict
from geo_citymgmt.errors import SourceError, SpecError
from geo_citymgmt.findings import Findings
from geo_citymgmt.profiles import Profile
from geo_citymgmt.spec import Amount, LayerSpec, read_toml
from geo_citymgmt.spec._reader import FORMS, TIME_TYPES, Check, is_of_kind

if TYPE_CHECKING:
    import geopandas as gpd

_MESSAGES = Messages("geo_citymgmt.indicators")

KINDS = ("flow", "entered", "balance", "stock", "distinct", "complete")


@dataclass(frozen=True, slots=True)
class Component:
    """One thing counted: what, over which records, in which states.

    ``within_days`` narrows a flow to entries whose days are over; ``reaches`` further to records
    that were in a set of states by then. ``past`` keeps records whose date has gone by. A cohort
    is of the records whose time ``of`` lies in the period, but for those in the states ``leaves``;
    of them it counts those that meet ``condition``.
    """

    kind: str
    of: str
    dated: str | None = None
    minus: str | None = None
    times: str | None = None
    state: tuple[str, ...] = ()
    past: str | None = None
    within_days: int | None = None
    reaches: str | None = None
    where: Mapping[str, Any] = field(default_factory=dict)
    condition: Mapping[str, Any] = field(default_factory=dict)
    leaves: tuple[str, ...] = ()
    #: Of a field with codes: what one of each code counts as. Records of other codes count nowhere.
    weights: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    @property
    def in_period(self) -> bool:
        """Whether it counts what happened in a period, not what there is at a date."""
        return self.kind in ("flow", "entered", "cohort") or self.dated is not None

    @property
    def counts_records(self) -> bool:
        """Whether it is a number of records."""
        return self.kind == "cohort" or (self.kind in ("stock", "entered") and self.of == "count")

    def cannot_fall(self, spec: LayerSpec) -> bool:
        """Whether its sum only grows within a period, whatever happens to the records."""
        if self.kind == "cohort":
            return not self.condition
        if self.kind not in ("flow", "balance"):
            return self.kind == "entered"
        taken = {name for event in spec.events.values() for name in event.takes_back}
        return self.of not in taken and spec.amounts[self.of].while_in is None

    def codes(self, spec: LayerSpec, names: tuple[str, ...] | None = None) -> tuple[str, ...]:
        """Codes of the states it counts, sets of the layer written out."""
        chosen = self.state if names is None else names
        return tuple(code for name in chosen for code in spec.sets.get(name, (name,)))

    def amounts(self) -> tuple[str, ...]:
        """Amounts of the layer that it adds up or takes off."""
        own = (self.of,) if self.kind in ("flow", "balance") else ()
        return (*own, self.minus) if self.minus is not None else own

    def fields(self, spec: LayerSpec) -> tuple[str, ...]:
        """Fields of the layer without which it cannot be computed."""
        names: list[str] = [*self.where, *self.condition]
        names += [n for w in self.condition.values() for n in compared(w)]
        if (self.state or self.reaches or self.leaves) and spec.state_field:
            names.append(spec.state_field)
        if self.kind in ("distinct", "complete", "cohort") or (
            self.kind in ("stock", "entered") and self.of != "count"
        ):
            names.append(self.of)
        names += [name for name in (self.dated, self.times, self.past) if name]
        for key in self.amounts():
            amount = spec.amounts[key]
            names += [*amount.where]
            if isinstance(amount.total, str):
                names.append(amount.total)
            if amount.while_in and spec.state_field:
                names.append(spec.state_field)
            if self.kind == "flow" and amount.date:
                names.append(amount.date)
        return tuple(dict.fromkeys(names))

    def fields_to_fill(self, spec: LayerSpec) -> tuple[str, ...]:
        """Fields an empty value of which says "none": empty in all records they say nothing."""
        asked = (*self.where, *self.condition)
        names = [n for n in asked if spec.fields[n].may_be_empty]
        names += [n for n in (self.dated, self.past) if n is not None]
        if self.kind in ("distinct", "complete"):
            names.append(self.of)
        if self.kind == "cohort":
            # Where the layer says who has a time, one that nobody has is an answer.
            times = [self.of, *(n for n in self.condition if spec.fields[n].type in TIME_TYPES)]
            names += [n for n in times if n not in spec.times or not spec.times[n].due]
        for key in self.amounts():
            amount = spec.amounts[key]
            if not amount.due and amount.while_in is None:
                name = amount.total if isinstance(amount.total, str) else amount.date
                names += [name] if name is not None else []
        return tuple(dict.fromkeys(names))

    def known_only_by_events(self, spec: LayerSpec) -> Amount | None:
        """The amount it sums, where no field of a record can tell it."""
        if self.kind not in ("flow", "balance"):
            return None
        amount = spec.amounts[self.of]
        silent = amount.total is None and amount.while_in is None and amount.plan is None
        return amount if silent else None


def compared(wanted: Any) -> list[str]:
    """Fields that a condition holds a time against."""
    sides = wanted if isinstance(wanted, Mapping) else {}
    return [str(sides[side]) for side in ("by", "after") if side in sides]


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure by its terms."""

    id: str
    zh: str
    en: str
    layer: str
    unit: str
    value: Component | None = None
    numerator: Component | None = None
    denominator: Component | None = None
    period: str = "stock"
    published: str = ""
    target: str = ""
    reasons: tuple[str, ...] = ()
    direction: str = "up"
    split: str = "owner"
    note_zh: str = ""
    note_en: str = ""
    level: bool = False
    current: bool = False
    same_as: str = ""
    ahead: float | None = None
    on_track: float | None = None

    @property
    def components(self) -> tuple[Component, ...]:
        """What has to be counted for it; none for a figure the layers do not carry."""
        return tuple(c for c in (self.value, self.numerator, self.denominator) if c is not None)

    @property
    def in_period(self) -> bool:
        """Whether its value belongs to a period; else it stands at a date."""
        return self.period != "stock" and any(c.in_period for c in self.components)

    @property
    def adds_up(self) -> bool:
        """Whether zones, outside and unlocated make the city's value."""
        return self.value is not None and self.value.kind != "distinct"

    def is_part_of_whole(self, spec: LayerSpec) -> bool:
        """Whether what counts in its numerator counts in its denominator too."""
        part, whole = self.numerator, self.denominator
        return part is not None and whole is not None and is_part(part, whole, spec)

    def fields(self, spec: LayerSpec) -> tuple[str, ...]:
        """Fields of its layer without which it is not available."""
        return tuple(dict.fromkeys(f for c in self.components for f in c.fields(spec)))


@dataclass(frozen=True, slots=True)
class Figures:
    """All figures, the thresholds of their status and the words for why two do not compare."""

    figures: Mapping[str, Figure]
    reasons: Mapping[str, Text]
    ahead: float
    on_track: float
    #: Below how many records a share is told to rest on few, and from how few on no change is told
    #: in per cent; nor is one that is beyond ``most_change`` of the earlier number.
    small: float
    most_change: float
    origin: Mapping[str, str] = field(default_factory=dict)
    #: The tables they were read from, laid over one another.
    layered: Layered | None = field(default=None, repr=False)

    def rests_on_few(self, figure: Figure, denominator: np.ndarray) -> np.ndarray:
        """Which shares of a figure are of so few records that one more would move them far."""
        whole = figure.denominator
        few = (denominator > 0) & (denominator < self.small)
        return few if whole is not None and whole.counts_records else np.zeros_like(few)

    def change_ratio(self, figure: Figure, now: np.ndarray, earlier: np.ndarray) -> np.ndarray:
        """Change by the earlier number; none of a share, or where both numbers say more."""
        if figure.numerator is not None:
            return np.full(len(now), np.nan)
        few = self.small if figure.unit == "count" else 0.0
        ratio = (now - earlier) / np.where((earlier > 0) & (earlier >= few), earlier, np.nan)
        return np.where(np.abs(ratio) > self.most_change, np.nan, ratio)

    def thresholds(self, figure: Figure) -> tuple[float, float]:
        """From which share of the expected on ``figure`` is ahead, and on track."""
        ahead = self.ahead if figure.ahead is None else figure.ahead
        return ahead, self.on_track if figure.on_track is None else figure.on_track


_COMPONENT = tuple(FORMS["component"]["may"])
_PARTS = ("cohort", "condition", "numerator", "denominator")
_COUNTED = (*_COMPONENT, *_PARTS)
_PACKAGED = resources.files("geo_citymgmt") / "indicators" / "figures.toml"


@lru_cache(maxsize=16)
def _packaged(profile: Profile | None) -> Figures:
    return read_figures(_layers_below(profile))


def load_figures(path: str | Path | None = None, *, profile: Profile | None = None) -> Figures:
    """Read the definitions of the figures: the package's and, over them, those of others.

    Parameters
    ----------
    path : str or Path, optional
        A table file of an office. A figure with a new id is added; one that is known is changed in
        the entries the file names, and ``figures.ID = false`` takes it away. ``[thresholds]`` and
        ``[reasons]`` are laid over likewise.
    profile : Profile, optional
        Whose ``figures.toml`` lies between the package's and the office's.

    Returns
    -------
    Figures

    Raises
    ------
    SpecError
        With the file, the figure and the cause of the first mistake.

    Examples
    --------
    >>> figure = load_figures().figures["manhole_new_tech_share"]
    >>> figure.zh, figure.numerator.of
    ('窨井新技术应用比例', 'remediated')
    """
    if path is None:
        return _packaged(profile)
    return read_figures([*_layers_below(profile), Path(path)])


def _layers_below(profile: Profile | None) -> list[Path | resources.abc.Traversable]:
    own = None if profile is None else profile.file("figures.toml")
    return [_PACKAGED, *([] if own is None else [own])]


def read_figures(paths: Sequence[Path | resources.abc.Traversable]) -> Figures:
    """Read figure definitions from files laid over one another, the first at the bottom."""
    tables: list[tuple[str, dict[str, Any]]] = []
    for path in paths:
        table = read_toml(path)
        folder = "" if path is _PACKAGED else f"{Path(str(path)).parent.name}/"
        name = f"{folder}{path.name}"
        said = Check(path.name).form("figures", table)
        Check(path.name).form("thresholds", said.get("thresholds", {}), "thresholds")
        tables.append((name, table))
    return _built(figure_tables(tables))


def figure_tables(tables: Sequence[tuple[str, Mapping[str, Any]]]) -> Layered:
    """Lay figure files over one another: who counts anew replaces what was counted before."""
    below: Layered = Layered({}, {})
    parts: list[tuple[str, Mapping[str, Any]]] = []
    for name, table in tables:
        afresh = {
            key: dict.fromkeys(set(below.table["figures"][key]) & set(_COUNTED), False)
            for key, entry in table.get("figures", {}).items()
            if isinstance(entry, Mapping)
            and set(entry) & {*KINDS, "cohort", "numerator", "denominator"}
            and key in below.table.get("figures", {})
        }
        if afresh:
            parts.append((name, {"figures": afresh}))
        parts.append((name, table))
        below = layered(parts, whole=("where", *_PARTS))
    return below


def _built(given: Layered) -> Figures:
    table = given.table
    file_of = {place[1]: name for place, name in given.origin.items() if place[0] == "figures"}
    reasons = {}
    for key, words in table.get("reasons", {}).items():
        file = given.origin.get(("reasons", key, "zh"), "figures.toml")
        reasons[key] = Text(**Check(file).form("pair", words, f"reasons.{key}"))
    figures = {
        key: _figure(file_of.get(key, "figures.toml"), key, entry, reasons)
        for key, entry in table.get("figures", {}).items()
    }
    return Figures(
        FrozenDict(_in_order(figures, table["figures"])),
        FrozenDict(reasons),
        **table["thresholds"],
        origin=FrozenDict(file_of),
        layered=given,
    )


def _in_order(
    figures: Mapping[str, Figure], tables: Mapping[str, Mapping[str, Any]]
) -> dict[str, Figure]:
    """Figures of a layer together, in the order they were read, or behind the one they name."""
    layers = {figure.layer: None for figure in figures.values()}
    ids = [key for layer in layers for key, figure in figures.items() if figure.layer == layer]
    for key in [key for key in ids if "after" in tables[key]]:
        before = tables[key]["after"]
        if before in figures and before != key:
            ids.remove(key)
            ids.insert(ids.index(before) + 1, key)
    return {key: figures[key] for key in ids}


def check_figures(figures: Figures, specs: Mapping[str, LayerSpec]) -> None:
    """Hold every figure against the layers: layer, fields, amounts, sets of states.

    Raises
    ------
    SpecError
        With the file, the figure and the cause of the first mistake.
    """
    for figure in figures.figures.values():
        file, place = figures.origin.get(figure.id, "figures"), f"figures.{figure.id}"
        if figure.layer not in specs:
            raise _mistake(file, place, f"no layer {figure.layer!r}; there are {', '.join(specs)}")
        spec = specs[figure.layer]
        same = figures.figures.get(figure.same_as)
        if figure.same_as and (same is None or same.same_as):
            raise _mistake(file, place, f"same_as: no figure {figure.same_as!r}")
        for component in figure.components:
            _check_component(file, place, component, spec)
        part, whole = figure.numerator, figure.denominator
        if part and whole and figure.unit == "ratio" and not is_part(part, whole, spec):
            cause, remedy = no_share(part, whole, spec)
            raise _mistake(file, place, cause, remedy)


def _check_component(file: str, place: str, part: Component, spec: LayerSpec) -> None:
    for key in part.amounts():
        if key not in spec.amounts:
            known = ", ".join(spec.amounts) or "none"
            raise _mistake(file, place, f"{spec.key} has no amount {key!r}; it has {known}")
    codes = spec.fields[spec.state_field].codes if spec.state_field else {}
    for name in (*part.state, *part.leaves, *((part.reaches,) if part.reaches else ())):
        if name not in spec.sets and name not in codes:
            known = ", ".join(spec.sets) or "none"
            raise _mistake(file, place, f"{spec.key} has no states {name!r}; its sets are {known}")
    if part.kind == "entered" and not part.state:
        raise _mistake(file, place, "entered needs state, the states that are entered")
    if part.reaches and (part.kind != "flow" or part.within_days is None):
        raise _mistake(file, place, "reaches belongs to a flow with within_days")
    for name in part.fields(spec):
        if name not in spec.fields:
            raise _mistake(file, place, f"{spec.key} has no field {name!r}")
    of_cohort = part.of if part.kind == "cohort" else None
    for name in (part.dated, part.past, of_cohort):
        if name and spec.fields[name].type not in TIME_TYPES:
            raise _mistake(file, place, f"{name} is no date field of {spec.key}")
    measured = [part.times] if part.times else []
    if part.kind in ("stock", "entered") and part.of != "count":
        measured.append(part.of)
    for name in measured:
        if spec.fields[name].type not in ("int", "float"):
            raise _mistake(file, place, f"{name} is no number field of {spec.key}")
    for name, wanted in part.where.items():
        _check_wanted(file, f"{place}.where.{name}", spec, name, wanted)
    for name, wanted in part.condition.items():
        check = _check_time if spec.fields[name].type in TIME_TYPES else _check_wanted
        check(file, f"{place}.condition.{name}", spec, name, wanted)


def _check_time(file: str, place: str, spec: LayerSpec, name: str, wanted: Any) -> None:
    """A time is there or not, or it is held against another of the record."""
    known = {"any", "by", "after", "hours"}
    if not isinstance(wanted, Mapping) or not wanted or set(wanted) - known:
        raise _mistake(
            file,
            place,
            "must be { any = true }, { any = false }, { by = TIME } or { after = TIME }",
        )
    if "any" in wanted and (len(wanted) > 1 or not isinstance(wanted["any"], bool)):
        raise _mistake(file, place, "any is true or false, and stands alone")
    if "hours" in wanted and (not is_of_kind(wanted["hours"], "number") or not compared(wanted)):
        raise _mistake(file, place, "hours is a number that goes with by or after")
    for other in compared(wanted):
        if other == name or spec.fields[other].type not in TIME_TYPES:
            raise _mistake(file, place, f"{other!r} is no other date field of {spec.key}")


def _check_wanted(file: str, place: str, spec: LayerSpec, name: str, wanted: Any) -> None:
    """A value that no record can have is a slip: the figure would be zero in silence."""
    if isinstance(wanted, Mapping):
        if not wanted or set(wanted) - {"not", "any"} or wanted.get("any", True) is not True:
            raise _mistake(file, place, "must be a value, a list, { not = … } or { any = true }")
        wanted = wanted.get("not", [])
    codes = spec.fields[name].codes
    values = wanted if isinstance(wanted, list) else [wanted]
    unknown = [v for v in values if codes and str(v) not in codes]
    if unknown:
        raise _mistake(file, place, f"no code {unknown[0]!r}; there are {', '.join(codes)}")
    if spec.fields[name].type == "bool" and not all(isinstance(v, bool) for v in values):
        raise _mistake(file, place, "must be true or false")


def _figure(file: str, key: str, table: Any, reasons: Mapping[str, Text]) -> Figure:
    place = f"figures.{key}"
    if not isinstance(table, Mapping):
        raise _mistake(file, place, "must be a table")
    check = Check(file)
    own = {k: v for k, v in table.items() if k in _COMPONENT}
    said = check.form("figure", {k: v for k, v in table.items() if k not in _COMPONENT}, place)
    for reason in said.get("reasons", ()):
        if reason not in reasons:
            raise _mistake(file, place, f"unknown reason {reason!r}; known: {', '.join(reasons)}")
    parts: dict[str, Any] = {}
    if "cohort" in said or "condition" in said:
        met, whole = _cohort(file, place, table)
        if said["unit"] == "ratio":
            parts = {"numerator": met, "denominator": whole}
        else:
            parts = {"value": met}
    elif "numerator" in said or "denominator" in said:
        for name in ("numerator", "denominator"):
            if name not in said:
                raise _mistake(file, place, f"a share needs {name!r}")
            parts[name] = _component(file, f"{place}.{name}", said[name])
    elif any(kind in own for kind in KINDS):
        parts = {"value": _component(file, place, own)}
    elif "not_carried" not in said.get("reasons", ()):
        raise _mistake(file, place, f"needs one of {', '.join(KINDS)}, cohort, or a share")
    simple = {k: v for k, v in said.items() if k not in (*_PARTS, "after")}
    # What nobody set a target for says so by itself.
    untargeted = () if said.get("target") else ("no_target",)
    simple["reasons"] = said.get("reasons") or untargeted
    return Figure(id=key, **parts, **simple)


def _cohort(file: str, place: str, table: Mapping[str, Any]) -> tuple[Component, Component]:
    """Records of a cohort that meet the condition, and all of them."""
    condition = table.get("condition", {})
    if "cohort" not in table:
        raise _mistake(file, place, "cohort and condition must be tables")
    if given := [k for k in table if k in (*_COMPONENT, "numerator", "denominator")]:
        raise _mistake(file, place, f"{given[0]!r} does not go with a cohort")
    said = Check(file).form("cohort", table["cohort"], f"{place}.cohort")
    named = [said[k] for k in ("dated", "due") if k in said]
    if len(named) != 1:
        raise _mistake(file, place, "a cohort needs dated or due: the field whose time it is by")
    if table["unit"] == "ratio" and not condition:
        raise _mistake(file, place, "a share of a cohort needs condition")
    whole = Component(
        "cohort", named[0], where=said.get("where", {}), leaves=said.get("leaves", ())
    )
    return replace(whole, condition=dict(condition)), whole


def _component(file: str, place: str, table: Any) -> Component:
    check = Check(file)
    said = check.form("component", table, place)
    kinds = [k for k in KINDS if k in said]
    if len(kinds) != 1:
        raise _mistake(file, place, f"needs exactly one of {', '.join(KINDS)}")
    if said.get("within_days", 0) < 0:
        raise _mistake(file, place, "within_days must be a whole number of days")
    weights = said.setdefault("weights", {})
    if len(weights) > 1:
        raise _mistake(file, place, "weights must name one field: { field = { code = 0.5 } }")
    for name in weights:
        factors = check.value(weights, f"{place}.weights", name, "table")
        for code in factors:
            check.value(factors, f"{place}.weights.{name}", code, "number")
    said["where"] = {**said.get("where", {}), **{name: list(f) for name, f in weights.items()}}
    return Component(kinds[0], said.pop(kinds[0]), **said)


def _mistake(file: str, place: str, cause: str | Text, remedy: Text = NOTHING) -> SpecError:
    said = cause if isinstance(cause, Text) else Text(cause, cause)
    return Check(file).fail(place, said, remedy)


_TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True)
class Curve:
    """What a zone is to reach by which days; the last is the target and its deadline."""

    days: np.ndarray
    values: np.ndarray

    @property
    def target(self) -> float:
        """The value to arrive at."""
        return float(self.values[-1])

    @property
    def deadline(self) -> pd.Timestamp:
        """By when; NaT where no day is given."""
        return pd.Timestamp(self.days[-1])


def in_units(targets: pd.DataFrame, figures: Figures) -> pd.DataFrame:
    """Return the targets in the units of their figures.

    Raises
    ------
    SourceError
        A unit that is not that of the figure, and cannot be turned into it. Of a row whose target
        is missing nobody asks: why it is has been told.
    """
    factor, wrong = unit_factors(targets, figures)
    wrong &= targets["target"].notna().to_numpy()
    if wrong.any():
        first = targets[wrong].iloc[0]
        name, given = first["indicator"], first["unit"]
        wanted = figures.figures[str(name)].unit
        raise _MESSAGES.error(
            SourceError, "target_in_other_unit", name=name, wanted=wanted, given=given
        )
    return targets.assign(target=targets["target"] * factor)


def unit_factors(targets: pd.DataFrame, figures: Figures) -> tuple[np.ndarray, np.ndarray]:
    """Return what one of each target's unit is in that of its figure, and where it is in none."""
    unit_of = {f.id: f.unit for f in figures.figures.values()}
    factor, wrong = np.ones(len(targets)), np.zeros(len(targets), dtype=bool)
    places = targets.reset_index(drop=True)
    for (name, unit), rows in places.groupby(["indicator", "unit"], dropna=False).groups.items():
        wanted, given = unit_of.get(str(name)), "" if pd.isna(unit) else str(unit).strip()
        if wanted is None or given in ("", wanted):
            continue
        size = factor_between(given, wanted)
        wrong[rows] = size is None
        factor[rows] = 1.0 if size is None else size
    return factor, wrong


class TargetTable:
    """Targets in the units of their figures; what holds for one is looked up once.

    Raises
    ------
    SourceError
        See :func:`in_units`.
    """

    def __init__(self, targets: pd.DataFrame, figures: Figures) -> None:
        self._rows = {
            str(name): rows
            for name, rows in in_units(targets, figures).groupby("indicator", sort=False)
        }
        self._empty = targets.iloc[:0]
        self._curves: dict[str, dict[str, Curve]] = {}
        self._void: dict[str, frozenset[str]] = {}

    def curves(self, figure: Figure) -> dict[str, Curve]:
        """Return the curve of each zone that has a target for ``figure``.

        Several days for one figure and zone are milestones on the way to the last.
        """
        if figure.id not in self._curves:
            self._curves[figure.id] = self._find_curves(figure)
        return self._curves[figure.id]

    def void_zones(self, figure: Figure) -> frozenset[str]:
        """Return the zones of which a target for ``figure`` is there and cannot be used."""
        if figure.id not in self._void:
            own = self._rows_of(figure)
            codes = own.loc[own["target"].isna(), "zone_code"].astype("str")
            self._void[figure.id] = frozenset(codes)
        return self._void[figure.id]

    def _find_curves(self, figure: Figure) -> dict[str, Curve]:
        own = self._rows_of(figure)
        if own.empty:
            return {}
        own = own[~own["zone_code"].isin(self.void_zones(figure))]
        own = own.drop_duplicates(["zone_code", "deadline"], keep="first")
        own = own.sort_values("deadline", kind="stable", na_position="first")
        days = own["deadline"].to_numpy(dtype="datetime64[us]")
        amounts = own["target"].to_numpy(dtype="float64")
        zones = own.groupby("zone_code", sort=False).indices
        return {str(code): Curve(days[at], amounts[at]) for code, at in zones.items()}

    def _rows_of(self, figure: Figure) -> pd.DataFrame:
        """Rows of a figure; its own come before those of the figure it repeats."""
        own = self._rows.get(figure.id, self._empty)
        if figure.same_as not in self._rows:
            return own
        other = self._rows[figure.same_as]
        return pd.concat([own, other[~other["zone_code"].isin(own["zone_code"])]])


def sum_of_districts(
    curves: dict[str, Curve], districts: Sequence[str], city: str, figure: Figure
) -> tuple[float, float, int] | None:
    """Return sum over districts, the city's target and how many districts have none.

    None where the two agree, where there is nothing to hold against each other, or where targets of
    the figure do not add up by their nature.
    """
    named = [c for c in districts if c in curves]
    if city not in curves or not named or not figure.adds_up:
        return None
    total, whole = sum(curves[c].target for c in named), curves[city].target
    without = len(districts) - len(named)
    agree = abs(total - whole) <= _TOLERANCE * max(abs(total), abs(whole), 1.0)
    # Districts without a target may bear the rest, but not less than nothing.
    return None if agree or (without and total < whole) else (total, whole, without)


def check_targets(
    targets: pd.DataFrame,
    figures: Figures,
    districts: gpd.GeoDataFrame,
    city: str,
    findings: Findings,
    unit: Text = DISTRICT,
) -> None:
    """Tell targets of districts that do not add up to the city's."""
    codes = [str(c) for c in districts.index]
    table = TargetTable(targets, figures)
    for name in targets["indicator"].unique():
        figure = figures.figures.get(str(name))
        if figure is None:
            continue
        differs = sum_of_districts(table.curves(figure), codes, city, figure)
        if differs is not None:
            total, whole, _ = differs
            findings.add(
                "TARGET_SUM",
                about=str(name),
                value=f"{total:,.10g}",
                expected=f"{whole:,.10g}",
                detail=Text(figure.zh, figure.en),
                unit=unit,
            )


def is_part(part: Component, whole: Component, spec: LayerSpec) -> bool:
    """Whether everything that ``part`` counts is counted by ``whole``, whatever the records say."""
    alike = ("kind", "within_days", "dated", "leaves")
    if any(getattr(part, name) != getattr(whole, name) for name in alike):
        return False
    factors = [factor for codes in part.weights.values() for factor in codes.values()]
    if whole.weights or any(not 0 <= factor <= 1 for factor in factors):
        return False
    if whole.condition and part.condition != whole.condition:
        return False
    if whole.of not in _wholes(part, spec) or not _at_most_times(part, whole, spec):
        return False
    if whole.state and not (part.state and set(part.codes(spec)) <= set(whole.codes(spec))):
        return False
    narrows = [(part.past, whole.past), (part.reaches, whole.reaches), (part.minus, whole.minus)]
    if any(wanted is not None and own != wanted for own, wanted in narrows):
        return False
    return all(_implies(part.where.get(name), wanted) for name, wanted in whole.where.items())


def _wholes(part: Component, spec: LayerSpec) -> list[str]:
    """What is counted, and all that the layer declares it to be part of."""
    names = [part.of]
    while names[-1] not in names[:-1]:
        amount, item = spec.amounts.get(names[-1]), spec.fields.get(names[-1])
        of_amount = part.kind in ("flow", "balance") and amount is not None
        above = amount.part_of if of_amount and amount else item.at_most if item else None
        if above is None:
            break
        names.append(above)
    return names


def _at_most_times(part: Component, whole: Component, spec: LayerSpec) -> bool:
    """Whether nothing makes a record larger in the part than it is in the whole."""
    if part.times == whole.times or part.times is None:
        return part.times == whole.times
    item = spec.fields[part.times]
    return whole.times is None and item.max is not None and item.max <= 1 and (item.min or 0) >= 0


def _implies(own: Any, wanted: Any) -> bool:
    """Whether a record that fulfils ``own`` of a field fulfils ``wanted`` of it."""
    if own is None or own == wanted:
        return own is not None
    if isinstance(wanted, Mapping):
        if "not" not in wanted:
            return True
        return not isinstance(own, Mapping) and wanted["not"] not in _values(own)
    return not isinstance(own, Mapping) and set(_values(own)) <= set(_values(wanted))


def _values(wanted: Any) -> Iterable[Any]:
    return wanted if isinstance(wanted, list) else [wanted]


def no_share(part: Component, whole: Component, spec: LayerSpec) -> tuple[Text, Text]:
    """Return why a share cannot be written so, and how to write it."""
    cause = _MESSAGES("unit_ratio_numerator")
    begun, done = _day_of(whole, spec), _day_of(part, spec)
    share = NOTHING
    if begun and done and begun != done:
        written = f'cohort = {{ dated = "{begun}" }}, condition = {{ {done} = {{ any = true }} }}'
        share = _MESSAGES("write_cohort", written=written)
    other = _MESSAGES("say_part_of")
    return cause, Text(share.zh + other.zh, share.en + other.en)


def _day_of(part: Component, spec: LayerSpec) -> str | None:
    """Field with the day on which a record comes to be counted."""
    if part.kind in ("flow", "balance"):
        return spec.amounts[part.of].date
    if part.kind == "cohort":
        return part.of
    dates = spec.states.dates.items() if spec.states and part.state else ()
    codes = set(part.codes(spec))
    entered = [n for n, (_, table, default) in dates if {default, *table.values()} & codes]
    return part.dated or (entered[-1] if entered else None)
