"""Figures: those a document published, and how the program computes its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

import pandas as pd

from geo_citymgmt.errors import CityDataError, SpecError
from geo_citymgmt.spec import LayerSpec, read_toml

__all__ = ["Component", "Figure", "Figures", "load_figures", "published_indicators"]

_COMPONENT = (
    "flow",
    "balance",
    "stock",
    "distinct",
    "complete",
    "dated",
    "minus",
    "state",
    "where",
)
_FIGURE = (
    "zh", "en", "layer", "unit", "period", "published", "target", "reasons", "direction", "split",
    "note_zh", "note_en", "numerator", "denominator", "level", "current", "same_as",
)  # fmt: skip
_KINDS = ("flow", "balance", "stock", "distinct", "complete")
_PERIODS = ("year", "second_half", "stock")


@dataclass(frozen=True, slots=True)
class Component:
    """One thing counted: what, over which records, in which states."""

    kind: str
    of: str
    dated: str | None = None
    minus: str | None = None
    state: tuple[str, ...] = ()
    where: Mapping[str, Any] = field(default_factory=dict)

    def fields(self, spec: LayerSpec) -> tuple[str, ...]:
        """Fields of the layer without which it cannot be computed."""
        names: list[str] = [*self.where]
        if self.state and spec.state_field:
            names.append(spec.state_field)
        if self.kind in ("distinct", "complete") or (self.kind == "stock" and self.of != "count"):
            names.append(self.of)
        if self.dated:
            names.append(self.dated)
        for key in (self.of if self.kind in ("flow", "balance") else None, self.minus):
            if key is None:
                continue
            amount = spec.amounts[key]
            names += [*amount.where]
            if isinstance(amount.total, str):
                names.append(amount.total)
            if amount.while_in and spec.state_field:
                names.append(spec.state_field)
            if self.kind == "flow" and amount.date:
                names.append(amount.date)
        return tuple(dict.fromkeys(names))


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

    @property
    def components(self) -> tuple[Component, ...]:
        """What has to be counted for it; none for a figure the layers do not carry."""
        return tuple(c for c in (self.value, self.numerator, self.denominator) if c is not None)

    def fields(self, spec: LayerSpec) -> tuple[str, ...]:
        """Fields of its layer without which it is not available."""
        return tuple(dict.fromkeys(f for c in self.components for f in c.fields(spec)))


@dataclass(frozen=True, slots=True)
class Figures:
    """All figures, the thresholds of their status and the words for why two do not compare."""

    figures: Mapping[str, Figure]
    reasons: Mapping[str, tuple[str, str]]
    ahead: float
    on_track: float


def published_indicators(name: str = "suzhou_2022") -> pd.DataFrame:
    """Return the figures a city published, each with its clause.

    Parameters
    ----------
    name : str
        Which table; "suzhou_2022" is the half-year report and plan of Suzhou's city-management
        bureau, document 苏城发〔2022〕74号.

    Returns
    -------
    DataFrame
        ``id, domain, name_zh, name_en, kind, period, value, unit, comparator, deadline,
        pairs_with, quote_zh, notes``, one row a figure.

    Raises
    ------
    CityDataError
        There is no such table.

    Examples
    --------
    >>> table = published_indicators()
    >>> len(table), float(table.set_index("id").loc["tunnel_operating_length", "value"])
    (65, 37.8)
    """
    folder = resources.files("geo_citymgmt") / "indicators"
    entry = folder / f"{name}.csv"
    if not name.isidentifier() or not entry.is_file():
        known = sorted(
            e.name.removesuffix(".csv") for e in folder.iterdir() if e.name.endswith(".csv")
        )
        raise CityDataError(f"no published figures {name!r}; there are {', '.join(known)}.")
    with entry.open("r", encoding="utf-8") as file:
        table = pd.read_csv(file, dtype="str", keep_default_na=False)
    table["value"] = pd.to_numeric(table["value"])
    table["deadline"] = pd.to_datetime(table["deadline"].replace("", None), errors="coerce")
    return table


@lru_cache(maxsize=1)
def load_figures() -> Figures:
    """Read the definitions of the figures.

    Raises
    ------
    SpecError
        With the figure and the cause of the first mistake.
    """
    return read_figures(resources.files("geo_citymgmt") / "indicators" / "figures.toml")


def read_figures(path: Path | resources.abc.Traversable) -> Figures:
    """Read figure definitions from a file."""
    table = read_toml(path)
    reasons = {k: (t["zh"], t["en"]) for k, t in table.get("reasons", {}).items()}
    figures = {
        key: _figure(path.name, key, entry, reasons)
        for key, entry in table.get("figures", {}).items()
    }
    thresholds = table.get("thresholds", {})
    return Figures(
        figures, reasons, thresholds.get("ahead", 1.05), thresholds.get("on_track", 0.95)
    )


def _figure(
    file: str, key: str, table: Mapping[str, Any], reasons: Mapping[str, tuple[str, str]]
) -> Figure:
    place = f"figures.{key}"
    for entry in table:
        if entry not in (*_FIGURE, *_COMPONENT):
            raise _mistake(file, place, f"unknown entry {entry!r}")
    for entry in ("zh", "en", "layer", "unit"):
        if entry not in table:
            raise _mistake(file, place, f"{entry!r} is missing")
    for reason in table.get("reasons", ()):
        if reason not in reasons:
            raise _mistake(file, place, f"unknown reason {reason!r}")
    if table.get("period", "stock") not in _PERIODS:
        raise _mistake(file, place, f"period must be one of {', '.join(_PERIODS)}")
    share = "numerator" in table or "denominator" in table
    parts: dict[str, Any] = {"value": None, "numerator": None, "denominator": None}
    if share:
        for name in ("numerator", "denominator"):
            if name not in table:
                raise _mistake(file, place, f"a share needs {name!r}")
            parts[name] = _component(file, f"{place}.{name}", table[name])
    elif any(kind in table for kind in _KINDS):
        parts["value"] = _component(file, place, {k: table[k] for k in _COMPONENT if k in table})
    elif "not_carried" not in table.get("reasons", ()):
        raise _mistake(file, place, f"needs one of {', '.join(_KINDS)}, or a share")
    simple: dict[str, Any] = {k: table[k] for k in _FIGURE if k in table and k not in parts}
    simple["reasons"] = tuple(table.get("reasons", ()))
    return Figure(id=key, **parts, **simple)


def _component(file: str, place: str, table: Mapping[str, Any]) -> Component:
    kinds = [k for k in _KINDS if k in table]
    if len(kinds) != 1:
        raise _mistake(file, place, f"needs exactly one of {', '.join(_KINDS)}")
    return Component(
        kind=kinds[0],
        of=table[kinds[0]],
        dated=table.get("dated"),
        minus=table.get("minus"),
        state=tuple(table.get("state", ())),
        where=dict(table.get("where", {})),
    )


def _mistake(file: str, place: str, cause: str) -> SpecError:
    return SpecError(f"{file} [{place}]: {cause}.", f"{file} [{place}] 有误：{cause}。")
