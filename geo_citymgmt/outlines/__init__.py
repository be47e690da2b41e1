"""Outlines that come with the package: ten districts, schematic streets and schematic waters.

They are for demonstration. An office puts its own outlines in their place, and a map that is
published in China needs an approved base map. ``NOTICE`` names sources and licences.
"""

from __future__ import annotations

import json
from functools import lru_cache
from importlib import resources
from io import StringIO
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

__all__ = ["OUTLINE_CRS", "packaged_districts", "packaged_land", "packaged_streets"]

OUTLINE_CRS = "EPSG:4549"


def read_table(name: str) -> pd.DataFrame:
    """Read one of the CSV tables beside this module, every column as text."""
    text = (resources.files(__package__) / name).read_text(encoding="utf-8")
    return pd.read_csv(StringIO(text), dtype=str)


@lru_cache(maxsize=1)
def _outlines() -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    text = (resources.files(__package__) / "streets.json").read_text(encoding="utf-8")
    features = json.loads(text)["features"]
    streets = read_table("streets.csv").set_index("street_code")
    codes = [item["properties"]["street_code"] for item in features]
    shapes = shapely.from_geojson([json.dumps(item["geometry"]) for item in features])
    table = streets.loc[codes].reset_index()
    frame = gpd.GeoDataFrame(
        {
            "street_code": table["street_code"],
            "name": table["name_zh"],
            "level": "street",
            "parent_code": table["district_code"],
            "population": np.array([i["properties"]["population"] for i in features], "int64"),
        },
        geometry=shapes,
        crs=OUTLINE_CRS,
    )
    # Districts are the unions of their streets, so the two levels nest to the last vertex.
    facts = read_table("districts.csv")
    unions: list[BaseGeometry] = [
        shapely.coverage_union_all(shapes[(table["district_code"] == code).to_numpy()])
        for code in facts["district_code"]
    ]
    facts["population"] = facts["population"].astype("int64")
    facts["pop_date"] = pd.to_datetime(facts["pop_date"]).astype("datetime64[ms]")
    districts = gpd.GeoDataFrame(facts, geometry=shapely.normalize(unions), crs=OUTLINE_CRS)
    return districts, frame


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
    return _outlines()[0].copy()


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
    return _outlines()[1].copy()


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
    city = shapely.union_all(_outlines()[0].geometry.to_numpy())
    parts = shapely.get_parts(shapely.difference(city, read_water()))
    return shapely.union_all(parts[shapely.area(parts) > 2e5])
