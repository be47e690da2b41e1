"""Libraries whose results ours must equal; they warn where we may not."""

from __future__ import annotations

import warnings
from importlib import import_module
from typing import Any

import pytest


def peer(name: str) -> Any:
    """Import a peer, or skip the test, visibly, without it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return import_module(name)
        except ImportError:
            pytest.skip(f"needs {name}, see the extra 'test'")
