"""What makes a city and a layer values: read-only tables, frames handed out as copies, equality.

A value is the same for all who hold it. Frames are handed out as shallow copies, which share
memory with the value and, by pandas' copy-on-write, never write to it; mappings and arrays are
read-only; and two values are equal when what they hold is.
"""

from __future__ import annotations

import gc
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

import geopandas as gpd
import numpy as np
import pandas as pd

K = TypeVar("K")
V = TypeVar("V")
C = TypeVar("C", bound=type)


class FrozenDict(Mapping[K, V], Generic[K, V]):
    """A dict nobody changes, which other than ``types.MappingProxyType`` can be pickled.

    Examples
    --------
    >>> table = FrozenDict({"a": 1})
    >>> table["a"], {**table, "b": 2}, table == {"a": 1}
    (1, {'a': 1, 'b': 2}, True)
    >>> table["a"] = 2
    Traceback (most recent call last):
    TypeError: 'FrozenDict' object does not support item assignment
    """

    __slots__ = ("_items",)

    def __init__(self, items: Mapping[K, V]) -> None:
        # An own copy: who gave it may go on changing it.
        self._items = dict(items)

    def __getitem__(self, key: K) -> V:
        return self._items[key]

    def __iter__(self) -> Iterator[K]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __contains__(self, key: object) -> bool:
        return key in self._items

    def __or__(self, other: Mapping[Any, Any]) -> dict[Any, Any]:
        return {**self, **other}

    def __ror__(self, other: Mapping[Any, Any]) -> dict[Any, Any]:
        return {**other, **self}

    def __reduce__(self) -> tuple[type, tuple[dict[K, V]]]:
        return type(self), (self._items,)

    def __repr__(self) -> str:
        return repr(self._items)


class _HeldDict(FrozenDict[K, V]):
    """A mapping of what a value holds: each item is handed out like the value's own parts."""

    __slots__ = ()

    def __init__(self, items: Mapping[K, V]) -> None:
        super().__init__({key: _kept(item) for key, item in items.items()})

    def __getitem__(self, key: K) -> V:
        item: V = _handed_out(self._items[key])
        return item

    def __eq__(self, other: object) -> bool:
        return equal_values(dict(self), other)

    __hash__ = None  # type: ignore[assignment]


def _kept(value: Any) -> Any:
    """What a value keeps of what it is given: nothing its giver could change."""
    if isinstance(value, _HeldDict):
        return value
    if isinstance(value, Mapping):
        return _HeldDict(value)
    if isinstance(value, np.ndarray):
        return _read_only(value)
    return _shallow_copy(value) if isinstance(value, pd.DataFrame) else value


def _handed_out(value: Any) -> Any:
    """What a value hands out of what it keeps: nothing by which it could be changed."""
    if isinstance(value, np.ndarray):
        # An unpickled array can be written to again.
        return _read_only(value)
    return _shallow_copy(value) if isinstance(value, pd.DataFrame) else value


def _shallow_copy(frame: pd.DataFrame) -> pd.DataFrame:
    copy = frame.copy(deep=False)
    # Subclasses whose results are plain frames.
    return copy if type(copy) is type(frame) else type(frame)(copy)


def _read_only(array: np.ndarray) -> np.ndarray:
    view = array.view()
    view.flags.writeable = False
    return view


class _Held:
    """An attribute that keeps and hands out by the rule above.

    It is kept in the object's own ``__dict__`` under the same name, so that pickle, deepcopy and
    ``dataclasses.replace`` find it where they look.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, owner: Any, kind: type | None = None) -> Any:
        if owner is None:
            return self
        try:
            return _handed_out(owner.__dict__[self.name])
        except KeyError:
            raise AttributeError(self.name) from None

    def __set__(self, owner: Any, value: Any) -> None:
        owner.__dict__[self.name] = _kept(value)


def holds(*names: str) -> Callable[[C], C]:
    """Let a frozen dataclass hand out the attributes ``names`` so that nobody can change it.

    Frames come as shallow copies; mappings and arrays are read-only, and frames in them come as
    shallow copies too.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> @holds("table")
    ... @dataclass(frozen=True)
    ... class Value:
    ...     table: pd.DataFrame
    >>> value = Value(pd.DataFrame({"a": [1, 2]}))
    >>> table = value.table
    >>> table.loc[0, "a"] = 9
    >>> table["a"].tolist(), value.table["a"].tolist()
    ([9, 2], [1, 2])
    """

    def decorate(kind: C) -> C:
        for name in names:
            setattr(kind, name, _Held(name))
        return kind

    return decorate


def equal_values(one: Any, other: Any) -> bool:
    """Whether two things hold the same, frames and arrays included, in which NaN equals NaN.

    Frames are equal in values, types, index, columns and CRS; what is in no frame, array, mapping
    or sequence by ``==``.

    Examples
    --------
    >>> frame = pd.DataFrame({"a": [1.0, None]})
    >>> equal_values({"x": frame}, {"x": frame.copy()}), equal_values(frame, frame.astype("str"))
    (True, False)
    """
    if one is other:
        return True
    if isinstance(one, (pd.DataFrame, pd.Series, pd.Index)):
        return _equal_frames(one, other)
    if isinstance(one, np.ndarray):
        return isinstance(other, np.ndarray) and _equal_arrays(one, other)
    if isinstance(one, Mapping):
        return (
            isinstance(other, Mapping)
            and one.keys() == other.keys()
            and all(equal_values(one[key], other[key]) for key in one)
        )
    if isinstance(one, (list, tuple)):
        return (
            type(one) is type(other)
            and len(one) == len(other)
            and all(map(equal_values, one, other))
        )
    if isinstance(one, float) and isinstance(other, float) and math.isnan(one):
        return math.isnan(other)
    return bool(one == other)


def _equal_frames(one: Any, other: Any) -> bool:
    if not isinstance(other, type(one)) and not isinstance(one, type(other)):
        return False
    if isinstance(one, gpd.GeoDataFrame) and (
        not isinstance(other, gpd.GeoDataFrame)
        or one.active_geometry_name != other.active_geometry_name
        or (one.active_geometry_name is not None and one.crs != other.crs)
    ):
        return False
    return bool(one.equals(other))


def _equal_arrays(one: np.ndarray, other: np.ndarray) -> bool:
    if one.dtype != other.dtype or one.shape != other.shape:
        return False
    if one.dtype == object:
        return all(map(equal_values, one.flat, other.flat))
    return np.array_equal(one, other, equal_nan=one.dtype.kind in "fc")


@contextmanager
def collection_paused() -> Iterator[None]:
    """Put off the search, which each 700 new geometries set off anew over all that is alive.

    Of 200,000 points it took a quarter of the time of reading. What was on before is on again
    afterwards, whatever happens; in several threads the last to begin leaves it to the first.

    Examples
    --------
    >>> import gc
    >>> with collection_paused():
    ...     gc.isenabled()
    False
    >>> gc.isenabled()
    True
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
