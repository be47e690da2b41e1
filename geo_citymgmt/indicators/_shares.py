"""When one count is part of another: by its terms, or by what the layer's file declares."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from geo_citymgmt._words import NOTHING, Messages, Text
from geo_citymgmt.indicators._component import Component
from geo_citymgmt.spec import LayerSpec

_MESSAGES = Messages("geo_citymgmt.indicators")


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
