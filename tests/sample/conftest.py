"""The folder of the repository, and the same city made anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from geo_citymgmt.sample import write_sample
from tests.sample.office import Office

SHIPPED = Path(__file__).parents[2] / "data" / "shapefiles"


@pytest.fixture(scope="session")
def shipped() -> Path:
    """Folder as kept in the repository."""
    return SHIPPED


@pytest.fixture(scope="session")
def rebuilt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder as the generator writes it today."""
    return write_sample(tmp_path_factory.mktemp("rebuilt"))


@pytest.fixture(scope="session")
def office(shipped: Path) -> Office:
    """Read what the kept files say."""
    return Office(shipped)
