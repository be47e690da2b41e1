"""All attacks, by the kind of file."""

from __future__ import annotations

from tests.attacks import databases, shapes, texts, workbooks
from tests.attacks.harness import ATTACKS

__all__ = ["ATTACKS", "databases", "shapes", "texts", "workbooks"]
