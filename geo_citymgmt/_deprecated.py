"""What goes says so first: by a warning that names its successor and the version it goes in."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from functools import wraps
from importlib import import_module
from typing import Any, ParamSpec, TypeVar

__all__ = ["deprecated", "moved_attributes", "renamed_arguments"]

P = ParamSpec("P")
R = TypeVar("R")


def deprecated(name: str, instead: str, since: str = "0.2", removed: str = "0.3") -> None:
    """Warn that ``name`` goes, at the line that called what calls this."""
    text = f"{name} is deprecated since {since} and will be removed in {removed}: use {instead}."
    warnings.warn(text, DeprecationWarning, stacklevel=3)


def renamed_arguments(
    since: str = "0.2", removed: str = "0.3", **names: str
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let a function take keyword arguments by their old names too: ``old="new"``."""

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @wraps(function)
        def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
            for old in names.keys() & kwargs.keys():
                if names[old] in kwargs:
                    raise TypeError(f"{function.__name__}() got both {old!r} and {names[old]!r}")
                deprecated(f"{function.__name__}({old}=)", f"{names[old]}=", since, removed)
                kwargs[names[old]] = kwargs.pop(old)
            return function(*args, **kwargs)

        return wrapper

    return decorate


def moved_attributes(
    module: str, names: Mapping[str, str], since: str = "0.2", removed: str = "0.3"
) -> Callable[[str], Any]:
    """Return the ``__getattr__`` of a module for ``names`` that went: to ``room.module.name``."""

    def get(name: str) -> Any:
        if name not in names:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        deprecated(f"{module}.{name}", names[name], since, removed)
        place, _, attribute = names[name].rpartition(".")
        return getattr(import_module(place), attribute)

    return get
