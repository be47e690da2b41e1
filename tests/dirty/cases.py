"""The table of dirty cases: what arrives, by what is wrong with it."""

from __future__ import annotations

from tests.dirty.case import Case
from tests.dirty.files import FILES
from tests.dirty.positions import POSITIONS
from tests.dirty.sheets import SHEETS
from tests.dirty.values import VALUES

__all__ = ["CASES", "Case"]

CASES = [*FILES, *SHEETS, *VALUES, *POSITIONS]
