"""What the definition of a figure says, as plain immutable objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from geo_citymgmt.overlay import Layered
from geo_citymgmt.spec import Amount, LayerSpec
from geo_citymgmt.words import Text

__all__ = ["KINDS", "PERIODS", "Component", "Figure", "Figures"]

KINDS = ("flow", "entered", "balance", "stock", "distinct", "complete")
PERIODS = ("year", "first_half", "second_half", "half", "quarter", "month", "stock")


@dataclass(frozen=True, slots=True)
class Component:
    """One thing counted: what, over which records, in which states.

    ``within_days`` narrows a flow to entries whose days are over; ``reaches`` further to records
    that were in a set of states by then. ``past`` keeps records whose date has gone by.
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

    @property
    def in_period(self) -> bool:
        """Whether it counts what happened in a period, not what there is at a date."""
        return self.kind in ("flow", "entered") or self.dated is not None

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
        names: list[str] = [*self.where]
        if (self.state or self.reaches) and spec.state_field:
            names.append(spec.state_field)
        if self.kind in ("distinct", "complete") or (
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
        names = [n for n in self.where if spec.fields[n].may_be_empty]
        names += [n for n in (self.dated, self.past) if n is not None]
        if self.kind in ("distinct", "complete"):
            names.append(self.of)
        for key in self.amounts():
            amount = spec.amounts[key]
            if not amount.due and amount.while_in is None:
                name = amount.total if isinstance(amount.total, str) else amount.date
                names += [name] if name is not None else []
        return tuple(dict.fromkeys(names))

    def told_only_by_events(self, spec: LayerSpec) -> Amount | None:
        """The amount it sums, where no field of a record can tell it."""
        if self.kind not in ("flow", "balance"):
            return None
        amount = spec.amounts[self.of]
        silent = amount.total is None and amount.while_in is None and amount.plan is None
        return amount if silent else None


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

    @property
    def is_part_of_whole(self) -> bool:
        """Whether what counts in its numerator counts in its denominator too."""
        part, whole = self.numerator, self.denominator
        if part is None or whole is None:
            return False
        same = (part.kind, part.of, part.within_days) == (whole.kind, whole.of, whole.within_days)
        narrower = not whole.state or (bool(part.state) and set(part.state) <= set(whole.state))
        return same and narrower and set(whole.where) <= set(part.where)

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
    origin: Mapping[str, str] = field(default_factory=dict)
    #: The tables they were read from, laid over one another.
    layered: Layered | None = field(default=None, repr=False)

    def thresholds(self, figure: Figure) -> tuple[float, float]:
        """From which share of the expected on ``figure`` is ahead, and on track."""
        ahead = self.ahead if figure.ahead is None else figure.ahead
        return ahead, self.on_track if figure.on_track is None else figure.on_track
