"""The ground the sample stands on: the outlines of its profile, and schematic waters.

The outlines are for demonstration. An office puts its own in their place, and a map that is
published in China needs an approved base map. ``NOTICE`` names sources and licences.
"""

from __future__ import annotations

from functools import lru_cache
from importlib import resources
from io import StringIO
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo_citymgmt.profiles import load_profile

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

__all__ = [
    "OUTLINE_CRS",
    "PROFILE",
    "packaged_districts",
    "packaged_land",
    "packaged_streets",
    "read_table",
    "read_water",
]

#: The profile of the sample city.
PROFILE = "suzhou_2022"
OUTLINE_CRS = "EPSG:4549"


def read_table(name: str) -> pd.DataFrame:
    """Read one of the CSV tables beside this module, every column as text."""
    text = (resources.files(__package__) / name).read_text(encoding="utf-8")
    return pd.read_csv(StringIO(text), dtype=str)


@lru_cache(maxsize=2)
def _outlines(layer: str) -> gpd.GeoDataFrame:
    return gpd.read_parquet(load_profile(PROFILE).outlines[layer])


def packaged_districts() -> gpd.GeoDataFrame:
    """Return the ten districts (板块) of Suzhou with names and census population.

    Returns
    -------
    geopandas.GeoDataFrame
        In EPSG:4549, one row a district in the order the bureau shows them; a coverage without
        gaps or overlaps. Outlines are simplified and for demonstration only.

    Examples
    --------
    >>> districts = packaged_districts()
    >>> len(districts), int(districts["population"].sum())
    (10, 12748262)
    """
    return _outlines("districts").copy()


def packaged_streets() -> gpd.GeoDataFrame:
    """Return 118 streets and towns (街道、镇) that tile the districts exactly.

    Names and codes are real; the outlines are schematic, drawn around a point near each town,
    since no open outlines exist. Populations are invented shares of the district's.

    Examples
    --------
    >>> streets = packaged_streets()
    >>> len(streets), streets["parent_code"].nunique()
    (118, 10)
    """
    return _outlines("streets").copy()


def read_water() -> BaseGeometry:
    """Return the larger lakes and the Yangtze, drawn by hand and schematic, less islands."""
    table = read_table("water.csv")
    rings = [
        np.array([point.split() for point in points.split(";")], float)
        for points in table["points"]
    ]
    shapes = gpd.GeoSeries([shapely.Polygon(ring) for ring in rings], crs="EPSG:4490")
    shapes = shapes.to_crs(OUTLINE_CRS)
    water = shapely.union_all(shapes[table["kind"] == "water"].to_numpy())
    islands = shapely.union_all(shapes[table["kind"] == "island"].to_numpy())
    return shapely.difference(water, islands)


@lru_cache(maxsize=1)
def packaged_land() -> BaseGeometry:
    """Return the city without its larger lakes and the Yangtze, which are schematic."""
    city = shapely.union_all(_outlines("districts").geometry.to_numpy())
    parts = shapely.get_parts(shapely.difference(city, read_water()))
    return shapely.union_all(parts[shapely.area(parts) > 2e5])
