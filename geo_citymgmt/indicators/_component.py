"""One thing counted for a figure, by its terms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from geo_citymgmt.spec import Amount, LayerSpec
from geo_citymgmt.spec._reader import TIME_TYPES


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
