"""From table files to figures: the package's own and, over them, a profile's and an office's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

from geo_citymgmt._values import FrozenDict
from geo_citymgmt.errors import SpecError
from geo_citymgmt.indicators.model import KINDS, PERIODS, Component, Figure, Figures
from geo_citymgmt.overlay import Layered, layered
from geo_citymgmt.profiles import Profile
from geo_citymgmt.spec import LayerSpec, read_toml
from geo_citymgmt.words import Text

__all__ = ["check_figures", "figure_tables", "load_figures", "read_figures"]

_COMPONENT = (
    *KINDS, "dated", "minus", "times", "state", "past", "within_days", "reaches", "where",
)  # fmt: skip
_TEXTS = (
    "zh", "en", "layer", "unit", "period", "published", "target", "direction", "split",
    "note_zh", "note_en", "same_as", "after",
)  # fmt: skip
_FLAGS = ("level", "current")
_SHARES = ("ahead", "on_track")
_COUNTED = (*_COMPONENT, "numerator", "denominator")
_FIGURE = (*_TEXTS, *_FLAGS, *_SHARES, "reasons", "numerator", "denominator")
_TOP = ("thresholds", "reasons", "figures")
_CHOICES = {"period": PERIODS, "direction": ("up", "down"), "split": ("owner", "share")}
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
        _check_file(path.name, table)
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
            and set(entry) & {*KINDS, "numerator", "denominator"}
            and key in below.table.get("figures", {})
        }
        if afresh:
            parts.append((name, {"figures": afresh}))
        parts.append((name, table))
        below = layered(parts, whole=("where", "numerator", "denominator"))
    return below


def _check_file(name: str, table: Mapping[str, Any]) -> None:
    for entry in table:
        if entry not in _TOP:
            raise _mistake(name, entry, f"unknown entry; known: {', '.join(_TOP)}")
    for entry, value in table.get("thresholds", {}).items():
        if entry not in _SHARES or not _is_number(value):
            raise _mistake(name, f"thresholds.{entry}", "must be ahead or on_track, and a number")


def _built(given: Layered) -> Figures:
    table = given.table
    file_of = {place[1]: name for place, name in given.origin.items() if place[0] == "figures"}
    reasons = {}
    for key, words in table.get("reasons", {}).items():
        if not isinstance(words, Mapping) or not {"zh", "en"} <= set(words):
            file = given.origin.get(("reasons", key), "figures.toml")
            raise _mistake(file, f"reasons.{key}", "needs zh and en")
        reasons[key] = Text(words["zh"], words["en"])
    figures = {
        key: _figure(file_of.get(key, "figures.toml"), key, entry, reasons)
        for key, entry in table.get("figures", {}).items()
    }
    thresholds = table.get("thresholds", {})
    return Figures(
        FrozenDict(_in_order(figures, table["figures"])),
        FrozenDict(reasons),
        thresholds["ahead"],
        thresholds["on_track"],
        FrozenDict(file_of),
        given,
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
        for part in figure.components:
            _check_component(file, place, part, spec)


def _check_component(file: str, place: str, part: Component, spec: LayerSpec) -> None:
    for key in part.amounts():
        if key not in spec.amounts:
            known = ", ".join(spec.amounts) or "none"
            raise _mistake(file, place, f"{spec.key} has no amount {key!r}; it has {known}")
    codes = spec.fields[spec.state_field].codes if spec.state_field else {}
    for name in (*part.state, *((part.reaches,) if part.reaches else ())):
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
    for name in (part.dated, part.past):
        if name and spec.fields[name].type != "date":
            raise _mistake(file, place, f"{name} is no date field of {spec.key}")
    measured = [part.times] if part.times else []
    if part.kind in ("stock", "entered") and part.of != "count":
        measured.append(part.of)
    for name in measured:
        if spec.fields[name].type not in ("int", "float"):
            raise _mistake(file, place, f"{name} is no number field of {spec.key}")
    for name, wanted in part.where.items():
        _check_wanted(file, f"{place}.where.{name}", spec, name, wanted)


def _check_wanted(file: str, place: str, spec: LayerSpec, name: str, wanted: Any) -> None:
    """A value that no record can have is a slip: the figure would be zero in silence."""
    if isinstance(wanted, Mapping):
        if not wanted or set(wanted) - {"not", "any"}:
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
    _check_entries(file, place, table, reasons)
    share = "numerator" in table or "denominator" in table
    parts: dict[str, Any] = {"value": None, "numerator": None, "denominator": None}
    if share:
        for name in ("numerator", "denominator"):
            if name not in table:
                raise _mistake(file, place, f"a share needs {name!r}")
            parts[name] = _component(file, f"{place}.{name}", table[name])
    elif any(kind in table for kind in KINDS):
        parts["value"] = _component(file, place, {k: table[k] for k in _COMPONENT if k in table})
    elif "not_carried" not in table.get("reasons", ()):
        raise _mistake(file, place, f"needs one of {', '.join(KINDS)}, or a share")
    simple: dict[str, Any] = {k: table[k] for k in _FIGURE if k in table and k not in parts}
    simple.pop("after", None)
    # What nobody set a target for says so by itself.
    untargeted = () if table.get("target") else ("no_target",)
    simple["reasons"] = tuple(table.get("reasons", ())) or untargeted
    return Figure(id=key, **parts, **simple)


def _check_entries(
    file: str, place: str, table: Mapping[str, Any], reasons: Mapping[str, Text]
) -> None:
    for entry in table:
        if entry not in (*_FIGURE, *_COMPONENT):
            raise _mistake(file, place, f"unknown entry {entry!r}")
    for entry in ("zh", "en", "layer", "unit"):
        if entry not in table:
            raise _mistake(file, place, f"{entry!r} is missing")
    for entry in _TEXTS:
        if not isinstance(table.get(entry, ""), str):
            raise _mistake(file, place, f"{entry!r} must be a text")
    for entry in _FLAGS:
        if not isinstance(table.get(entry, False), bool):
            raise _mistake(file, place, f"{entry!r} must be true or false")
    for entry in _SHARES:
        if not _is_number(table.get(entry, 1)):
            raise _mistake(file, place, f"{entry!r} must be a number")
    for reason in table.get("reasons", ()):
        if reason not in reasons:
            raise _mistake(file, place, f"unknown reason {reason!r}; known: {', '.join(reasons)}")
    for entry, choices in _CHOICES.items():
        if table.get(entry, choices[0]) not in choices:
            raise _mistake(file, place, f"{entry} must be one of {', '.join(choices)}")


def _component(file: str, place: str, table: Any) -> Component:
    if not isinstance(table, Mapping):
        raise _mistake(file, place, "must be a table")
    for entry in table:
        if entry not in _COMPONENT:
            raise _mistake(file, place, f"unknown entry {entry!r}")
    kinds = [k for k in KINDS if k in table]
    if len(kinds) != 1:
        raise _mistake(file, place, f"needs exactly one of {', '.join(KINDS)}")
    days = table.get("within_days")
    if days is not None and (not isinstance(days, int) or isinstance(days, bool) or days < 0):
        raise _mistake(file, place, "within_days must be a whole number of days")
    state = table.get("state", ())
    if isinstance(state, str) or not all(isinstance(s, str) for s in state):
        raise _mistake(file, place, 'state must be a list such as ["open"]')
    return Component(
        kind=kinds[0],
        of=table[kinds[0]],
        dated=table.get("dated"),
        minus=table.get("minus"),
        times=table.get("times"),
        state=tuple(state),
        past=table.get("past"),
        within_days=days,
        reaches=table.get("reaches"),
        where=dict(table.get("where", {})),
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _mistake(file: str, place: str, cause: str) -> SpecError:
    return SpecError(Text(f"{file} [{place}] 有误：{cause}。", f"{file} [{place}]: {cause}."))
