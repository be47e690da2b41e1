"""What a pattern calls a record, and which records have a shape it can use."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo_citymgmt._gate import Frame
from geo_citymgmt.spec import load_specs

__all__ = ["has_area", "ids"]


def ids(frame: Frame) -> pd.Series:
    """Ids of the records as text: the id column of the layer where there is one, else the index."""
    if isinstance(frame, gpd.GeoDataFrame):
        known = {spec.id_field for spec in load_specs().values() if spec.role == "facility"}
        found = [name for name in frame.columns if isinstance(name, str) and name in known]
        if len(found) == 1:
            return frame[found[0]].astype("str")
    labels = frame.index
    if isinstance(labels, pd.MultiIndex):
        labels = labels.to_flat_index()
    return pd.Series([str(label) for label in labels], index=frame.index, dtype="str")


def has_area(geometry: np.ndarray) -> np.ndarray:
    """Tell which geometries are polygons with an area: what can stand on another's footprint."""
    return (shapely.get_dimensions(geometry) == 2) & (shapely.area(geometry) > 0)
