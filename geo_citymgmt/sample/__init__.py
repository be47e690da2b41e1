"""A synthetic Suzhou whose figures are those of the published document.

District outlines come from open data; streets are schematic; every record is made up. What the
document says, the records say: to the unit, at the date of the data, through dates and events.

Examples
--------
>>> from geo_citymgmt.sample import packaged_districts
>>> packaged_districts()["name_zh"].tolist()[:3]
['姑苏区', '高新区（虎丘区）', '吴中区']
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from geo_citymgmt.sample.places import (
    PROFILE,
    packaged_districts,
    packaged_land,
    packaged_streets,
)

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from geo_citymgmt.city import City

__all__ = [
    "packaged_districts",
    "packaged_land",
    "packaged_streets",
    "sample_city",
    "sample_events",
    "sample_layers",
    "sample_targets",
    "write_sample",
]


def sample_city(*, scale: int = 1, seed: int = 0, dirty: bool = False) -> City:
    """Return the synthetic city, written as shapefiles and read like any other.

    Without arguments it is made once and kept: a city is a value.

    Parameters
    ----------
    scale : int, default 1
        How many times the records of the five layers.
    seed : int, default 0
        Seed of places and splits; the city's figures do not depend on it.
    dirty : bool, default False
        The same city as it would arrive from many hands.

    See Also
    --------
    load_city
    """
    if (scale, seed, dirty) == (1, 0, False):
        return _usual_city()
    return _made_city(scale, seed, dirty)


@lru_cache(maxsize=1)
def _usual_city() -> City:
    return _made_city(1, 0, False)


def _made_city(scale: int, seed: int, dirty: bool) -> City:
    from geo_citymgmt.city import load_city

    with TemporaryDirectory(prefix="sample-") as folder:
        path = write_sample(folder, scale=scale, seed=seed, dirty=dirty)
        return load_city(path, profile=PROFILE)


def sample_layers(scale: int = 1, seed: int = 0) -> dict[str, gpd.GeoDataFrame]:
    """Return the layers by key, with full English column names and codes, in EPSG:4549.

    Parameters
    ----------
    scale : int, default 1
        How many times the records of the five layers; their figures grow with them.
    seed : int, default 0
        Seed of places and splits; the city's figures do not depend on it.
    """
    from geo_citymgmt.sample.city import build_sample

    return build_sample(scale, seed).layers


def sample_events(scale: int = 1, seed: int = 0) -> pd.DataFrame:
    """Return the events of the city: ``layer, key, event, date, amount, note``."""
    from geo_citymgmt.sample.city import build_sample

    return build_sample(scale, seed).events


def sample_targets(scale: int = 1, seed: int = 0) -> pd.DataFrame:
    """Return the targets: the document's, and an invented split over the districts."""
    from geo_citymgmt.sample.city import build_sample

    return build_sample(scale, seed).targets


def write_sample(folder: str | Path, *, scale: int = 1, seed: int = 0, dirty: bool = False) -> Path:
    """Write the city as a folder of shapefiles, clean or as it would arrive.

    See :func:`geo_citymgmt.sample.files.write_sample`.
    """
    from geo_citymgmt.sample.files import write_sample as write

    return write(folder, scale=scale, seed=seed, dirty=dirty)
