"""A grid of square cells for an office that has none."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo_citymgmt._gate import METRES, Frame, Gate
from geo_citymgmt.errors import CityDataError
from geo_citymgmt.words import Text
from geo_citymgmt.zones.ownership import OUTSIDE, ZoneIndex

__all__ = ["make_grid"]

#: More cells than this are a slip of the unit, or too many to look at.
_MOST_CELLS = 4_000_000
#: Pieces below this are rounding along the line of a zone.
_SLIVER_M2 = 1e-6


def make_grid(zones: Frame, cell_m: float, *, clip: bool = True) -> gpd.GeoDataFrame:
    """Lay square cells over zones, each cell within one zone.

    The corners of the cells are multiples of ``cell_m`` in the plane of the CRS, so that grids of
    neighbouring districts and of another year fit together, and a cell keeps its code.

    Parameters
    ----------
    zones : GeoDataFrame or GeoSeries
        Polygons indexed by code, in a metric CRS. Where they overlap the lowest code keeps the
        overlap.
    cell_m : float
        Side of a cell in metres.
    clip : bool
        Cut cells at the lines of zones: the cells of a zone are then the zone, and a square that
        two zones share is two cells. Without, cells are whole squares, each once, in the zone
        with the largest part of it; along its line a zone and its cells differ.

    Returns
    -------
    GeoDataFrame
        Indexed by ``grid_code`` (code of the zone, column and row of the cell counted from the
        origin of the CRS: ``320505-1100-6920``), with ``parent_code``, ``area_m2`` and the cell;
        ordered by zone, then from south to north and west to east.

    Warns
    -----
    ScaleWarning
        Areas or lengths in the CRS are more than 0.1 % wrong over the data; beyond 1 % a CRSError.

    Raises
    ------
    CRSError
        Areas or lengths cannot be measured in the CRS of the zones.
    CityDataError
        ``cell_m`` is not a positive number, or so small that there would be millions of cells.

    See Also
    --------
    summarise, hot_spots

    Examples
    --------
    >>> zones = gpd.GeoSeries([shapely.box(550_000, 3_460_000, 551_250, 3_460_500)],
    ...     index=["A"], crs="EPSG:4549")
    >>> make_grid(zones, 500)[["parent_code", "area_m2"]]
                parent_code   area_m2
    grid_code
    A-1100-6920           A  250000.0
    A-1101-6920           A  250000.0
    A-1102-6920           A  125000.0
    """
    gate = Gate("make_grid")
    cell_m = gate.positive(cell_m, "cell_m", METRES)
    index = ZoneIndex(gate.zones(zones, measures=("area", "length")))
    column, row = _cells(shapely.bounds(index.polygons), cell_m)
    squares = shapely.box(column * cell_m, row * cell_m, (column + 1) * cell_m, (row + 1) * cell_m)
    if clip:
        parts = index.shares(squares, pieces=True)
        assert parts.piece is not None
        kept = (parts.zone != OUTSIDE) & (shapely.area(parts.piece) > _SLIVER_M2)
        at, zone, cells = parts.feature[kept], parts.zone[kept], parts.piece[kept]
    else:
        owner = index.owner(squares)
        at = np.flatnonzero(owner != OUTSIDE)
        zone, cells = owner[at], squares[at]
    order = np.lexsort([column[at], row[at], zone])
    at, zone, cells = at[order], zone[order], cells[order]
    parent = index.codes[zone]
    names = pd.Series(parent.astype("str").to_numpy(dtype=object), dtype="str")
    code = names + "-" + pd.Series(column[at]).astype("str")
    code = code + "-" + pd.Series(row[at]).astype("str")
    return gpd.GeoDataFrame(
        {"parent_code": parent.array, "area_m2": shapely.area(cells)},
        geometry=cells,
        crs=zones.crs,
        index=pd.Index(code, name="grid_code", dtype="str"),
    )


def _cells(bounds: np.ndarray, cell_m: float) -> tuple[np.ndarray, np.ndarray]:
    """Columns and rows of the cells over the bounds of all zones, each once."""
    bounds = bounds[np.isfinite(bounds).all(axis=1)]
    if not len(bounds):
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    low = np.floor(bounds[:, :2].min(axis=0) / cell_m)
    high = np.ceil(bounds[:, 2:].max(axis=0) / cell_m)
    width, height = np.maximum(high - low, 1)
    if width * height > _MOST_CELLS:
        raise CityDataError(
            Text(
                f"make_grid：边长 {cell_m:g} 米将产生 {width * height:,.0f} 个网格，"
                f"超过 {_MOST_CELLS:,} 个。请检查 cell_m 的单位是否为米。",
                f"make_grid: cells of {cell_m:g} m would be {width * height:,.0f}; at most "
                f"{_MOST_CELLS:,}. Is cell_m in metres?",
            ),
        )
    row, column = np.divmod(np.arange(int(width * height)), int(width))
    return column + int(low[0]), row + int(low[1])
