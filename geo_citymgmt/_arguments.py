"""Arguments that are names or a few of them, asked once and refused by name."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from geo_citymgmt._gate import Gate
from geo_citymgmt.words import Text

__all__ = ["check_city", "choices_of", "flag_of", "names_of"]


def check_city(gate: Gate, value: Any) -> None:
    """Refuse what is no city: a frame or a path in its place is the usual slip.

    Examples
    --------
    >>> check_city(Gate("progress"), "data/shapefiles")
    Traceback (most recent call last):
    geo_citymgmt.errors.CityDataError: progress: city is a str, not a City. Load one with load_city.
    """
    # Whatever has a city's date is one: maps and reports draw from less than a whole City.
    if not hasattr(type(value), "data_date") and "data_date" not in getattr(value, "__dict__", {}):
        kind = type(value).__name__
        raise gate.refuse(
            Text(f"city 是 {kind}，不是 City。", f"city is a {kind}, not a City."),
            Text("请用 load_city 读取。", "Load one with load_city."),
        )


def names_of(gate: Gate, value: Any, argument: str) -> list[str]:
    """Return one name or several as a list of different ones, or refuse what is no text.

    Examples
    --------
    >>> names_of(Gate("progress"), "manhole_remediated", "indicators")
    ['manhole_remediated']
    >>> names_of(Gate("progress"), [7], "indicators")
    Traceback (most recent call last):
    geo_citymgmt.errors.CityDataError: progress: indicators holds 7 (int), which is no name. Give a
    name, or a list of names.
    """
    names = [value] if isinstance(value, str) else value
    if isinstance(names, (bytes, Mapping)) or not isinstance(names, Iterable):
        raise gate.refuse(
            Text(
                f"{argument} 为 {value!r}（{type(value).__name__}），应为名称。",
                f"{argument} is {value!r} ({type(value).__name__}), not a name.",
            ),
            _NAMES,
        )
    names = list(names)
    for name in names:
        if not isinstance(name, str):
            raise gate.refuse(
                Text(
                    f"{argument} 中有 {name!r}（{type(name).__name__}），不是名称。",
                    f"{argument} holds {name!r} ({type(name).__name__}), which is no name.",
                ),
                _NAMES,
            )
    return list(dict.fromkeys(names))


def choices_of(gate: Gate, value: Any, argument: str, known: Collection[str]) -> list[str]:
    """Return names that are all known, or refuse the first that is not."""
    return [gate.choice(name, argument, known) for name in names_of(gate, value, argument)]


def flag_of(gate: Gate, value: Any, argument: str) -> bool:
    """Return a yes or no, or refuse what is neither."""
    return bool(gate.choice(value, argument, (True, False)))


_NAMES = Text("请给出名称，或名称的列表。", "Give a name, or a list of names.")
