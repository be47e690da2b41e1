"""Tables laid over one another, entry by entry, and which file each of their values is from.

What a package ships, a profile says otherwise and an office changes again: the last word counts,
for the entry it is about and for no other. ``false`` takes an entry away.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

#: Where an entry stands: the keys that lead to it.
Place = tuple[str, ...]
#: What lengthens a list, and a table that is else replaced as a whole.
_ADD, _NEW = "add", "new"


@dataclass(frozen=True)
class Layered:
    """Tables laid over one another.

    Attributes
    ----------
    table : dict
        What holds in the end.
    origin : mapping of tuple of str to str
        Name of the file each value is from, by the keys that lead to it.
    """

    table: dict[str, Any]
    origin: Mapping[Place, str] = field(default_factory=dict)

    def entries(self) -> Iterator[tuple[Place, Any, str]]:
        """Yield each value with its place and the file it is from."""
        for place, value in _leaves(self.table, ()):
            yield place, value, self.origin.get(place, "")


def layered(
    tables: Iterable[tuple[str, Mapping[str, Any]]],
    *,
    whole: Collection[str] = (),
    joined: Collection[str] = (),
) -> Layered:
    """Lay tables over one another, the first at the bottom.

    Parameters
    ----------
    tables : iterable of (str, mapping)
        Name of the file, and what it says.
    whole : iterable of str
        Keys whose table is replaced as a whole: half an old code list under a new one is neither.
    joined : iterable of str
        Keys whose lists add up: a further name takes none away.

    Examples
    --------
    >>> both = layered([("package", {"a": {"x": 1, "y": 2}, "b": 3}),
    ...                 ("office", {"a": {"y": 5}, "b": False})])
    >>> both.table
    {'a': {'x': 1, 'y': 5}}
    >>> list(both.entries())
    [(('a', 'x'), 1, 'package'), (('a', 'y'), 5, 'office')]
    """
    out: dict[str, Any] = {}
    origin: dict[Place, str] = {}
    for name, table in tables:
        out = lay_over(out, table, whole=whole, joined=joined)
        # What is added to a list stands where the list does.
        origin |= {p[:-1] if p[-1] == _ADD else p: name for p, _ in _leaves(table, ())}
    there = {place for place, _ in _leaves(out, ())}
    return Layered(out, {place: name for place, name in origin.items() if place in there})


def lay_over(
    base: Mapping[str, Any],
    over: Mapping[str, Any],
    *,
    whole: Collection[str] = (),
    joined: Collection[str] = (),
) -> dict[str, Any]:
    """Return ``base`` with the entries of ``over`` in place of its own.

    Examples
    --------
    >>> lay_over({"flag": True, "radius_m": 500}, {"flag": False, "radius_m": False})
    {'flag': False}

    A list takes one more entry with ``add``; a table that is replaced as a whole, with ``new``:

    >>> lay_over({"open": ["10"], "codes": {"a": {"zh": "甲"}}},
    ...          {"open": {"add": ["20"]}, "codes": {"new": {"b": {"zh": "乙"}}}}, whole=("codes",))
    {'open': ['10', '20'], 'codes': {'a': {'zh': '甲'}, 'b': {'zh': '乙'}}}
    """
    merged = dict(base)
    for key, value in over.items():
        old = merged.get(key)
        if value is False and not isinstance(old, bool):
            merged.pop(key, None)
            if key not in base:
                # Nothing was there to take away: it is a flag that says no.
                merged[key] = value
        elif isinstance(value, Mapping) and set(value) == {_ADD} and isinstance(value[_ADD], list):
            merged[key] = list(dict.fromkeys([*(old or []), *value[_ADD]]))
        elif key in whole and _is_more(value):
            rest = {k: v for k, v in value.items() if k != _NEW} or (old or {})
            merged[key] = {**rest, **value[_NEW]}
        elif isinstance(old, Mapping) and isinstance(value, Mapping) and key not in whole:
            merged[key] = lay_over(old, value, whole=whole, joined=joined)
        elif key in joined and isinstance(old, list) and isinstance(value, list):
            merged[key] = list(dict.fromkeys([*old, *value]))
        else:
            merged[key] = value
    return merged


def _is_more(value: Any) -> bool:
    """Tell whether a table adds to the one below; an entry that is called "new" is one itself."""
    more = value.get(_NEW) if isinstance(value, Mapping) else None
    return isinstance(more, Mapping) and all(isinstance(v, Mapping) for v in more.values())


def _leaves(table: Mapping[str, Any], place: Place) -> Iterator[tuple[Place, Any]]:
    for key, value in table.items():
        at = (*place, str(key))
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, at)
        else:
            yield at, value
