"""What a case says: what is wrong, what has to be found, what has to come out right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.dirty.makers import Source


@dataclass(frozen=True)
class Case:
    """One dirty source and how it must be read.

    Attributes
    ----------
    name : str
        What is wrong, in a few words: the id of the test.
    make : callable
        Writes the source into a folder and returns what to read.
    codes : str
        Finding codes it must raise, by spaces.
    counts : tuple of int
        Records skipped, accepted, rejected.
    values : mapping
        Field to the values that must come out, in order, as Python objects (None where empty).
    places : sequence of (x, y), optional
        Positions of the accepted records in the metric CRS, to ``within_m``.
    refused : (str, str), optional
        A word of the remedy, or else of the cause, in the Chinese and in the English message.
    not_codes : str
        Codes that would be wrong here.
    broken : str
        Where the program still gets it wrong, and how to mend it: the test is expected to fail.
    """

    name: str
    make: Source
    codes: str = ""
    counts: tuple[int, int, int] = (0, 4, 0)
    values: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    places: Sequence[tuple[float, float]] | None = None
    within_m: float = 0.01
    refused: tuple[str, str] | None = None
    not_codes: str = ""
    layer: str = "manholes"
    options: Mapping[str, Any] = field(default_factory=dict)
    broken: str = ""
