"""The folder of the repository, and what its files say."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator import write_sample
from tests.sample.office import Office

SHIPPED = Path(__file__).parents[2] / "data" / "shapefiles"


@pytest.fixture(scope="session")
def shipped() -> Path:
    """Folder as kept in the repository."""
    return SHIPPED


@pytest.fixture(scope="session")
def office(shipped: Path) -> Office:
    """Read what the kept files say."""
    return Office(shipped)


@pytest.fixture(scope="session")
def seventh(made_once) -> Path:
    """Folder of a city of another seed."""
    return made_once("seed-7", lambda out: write_sample(out, seed=7))
