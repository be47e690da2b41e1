"""What a pattern calls a record, and which records have a shape it can use."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo_citymgmt.errors import CityDataError
from geo_citymgmt.spec import load_specs
from geo_citymgmt.words import Text

__all__ = ["column", "has_area", "ids"]


def ids(frame: gpd.GeoDataFrame | gpd.GeoSeries) -> pd.Series:
    """Ids of the records as text: the id column of the layer where there is one, else the index."""
    if isinstance(frame, gpd.GeoDataFrame):
        known = {spec.id_field for spec in load_specs().values() if spec.role == "facility"}
        found = [name for name in frame.columns if name in known]
        if len(found) == 1:
            return frame[found[0]].astype("str")
    return pd.Series(frame.index.astype("str"), index=frame.index, dtype="str")


def has_area(geometry: np.ndarray) -> np.ndarray:
    """Tell which geometries are polygons with an area: what can stand on another's footprint."""
    return (shapely.get_dimensions(geometry) == 2) & (shapely.area(geometry) > 0)


def column(frame: gpd.GeoDataFrame, name: str, function: str) -> pd.Series:
    """Return a column, or refuse with those there are."""
    if name in frame.columns:
        return frame[name]
    known = ", ".join(str(c) for c in frame.columns if c != frame.active_geometry_name)
    raise CityDataError(
        Text(
            f"{function}：没有字段“{name}”，现有字段：{known}。",
            f"{function}: no column {name!r}; there are {known}.",
        ),
    )
