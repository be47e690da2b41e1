"""Zones: who owns a feature, how it splits, and a grid for an office that has none."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo_citymgmt._gate import METRES, Frame, Gate, areal
from geo_citymgmt._languages import Messages
from geo_citymgmt.findings import Findings
from geo_citymgmt.zones._ownership import OUTSIDE, ZoneIndex

_MESSAGES = Messages("geo_citymgmt.zones")

#: Below this, overlaps and gaps are the rounding of coordinates kept to a millimetre.
_SLIVER_M2 = 1.0


def assign_zones(gdf: Frame, zones: Frame) -> pd.Series:
    """Tell the one zone that owns each feature.

    A point belongs to the zone that covers it, on a shared boundary to the lowest code; a line or
    polygon to the zone with the largest share of it, ties to the lowest code. The result does not
    depend on the order of features or zones.

    Parameters
    ----------
    gdf : GeoDataFrame or GeoSeries
        Features in the CRS of ``zones``, one in metres. Nothing is measured, so its scale does
        not matter.
    zones : GeoDataFrame or GeoSeries
        Polygons indexed by code.

    Returns
    -------
    Series of str
        Code of the owning zone on the index of ``gdf``; missing outside all zones and without
        geometry.

    Raises
    ------
    CRSError
        The CRS differ, or theirs is not in metres.

    See Also
    --------
    split_by_zone, summarise, check_zones

    Examples
    --------
    >>> zones = gpd.GeoDataFrame(
    ...     {"zone_code": ["B", "A"]},
    ...     geometry=[shapely.box(1000, 0, 2000, 1000), shapely.box(0, 0, 1000, 1000)],
    ...     crs="EPSG:4549",
    ... ).set_index("zone_code").translate(550_000, 3_460_000)
    >>> points = gpd.GeoSeries(
    ...     gpd.points_from_xy([550_500, 551_000, 559_999], [3_460_500] * 3), crs="EPSG:4549"
    ... )
    >>> assign_zones(points, zones).tolist()
    ['A', 'A', nan]
    """
    gate = Gate("assign_zones")
    index = ZoneIndex(gate.zones(zones))
    features = gate.features(gdf, "gdf", like=zones)
    return index.code_of(index.owner(features.shapes), features.index)


def split_by_zone(gdf: Frame, zones: Frame) -> gpd.GeoDataFrame:
    """Cut features at zone lines; the pieces add up to the whole.

    Parameters
    ----------
    gdf : GeoDataFrame or GeoSeries
        Features in the CRS of ``zones``, one in metres. A share is a part of its own feature, so
        the scale of the CRS does not matter.
    zones : GeoDataFrame or GeoSeries
        Polygons indexed by code.

    Returns
    -------
    GeoDataFrame
        One row a piece, on the index of ``gdf`` (repeated): ``zone_code`` (missing outside all
        zones), ``share`` of the feature (sums to one), geometry of the piece.

    Raises
    ------
    CRSError
        The CRS differ, or theirs is not in metres.

    See Also
    --------
    assign_zones, summarise

    Examples
    --------
    >>> zones = gpd.GeoSeries(
    ...     [shapely.box(550_000, 0, 551_000, 10), shapely.box(551_000, 0, 552_000, 10)],
    ...     index=["A", "B"], crs="EPSG:4549").translate(0, 3_460_000)
    >>> line = gpd.GeoSeries(
    ...     [shapely.LineString([(550_500, 3_460_005), (552_500, 3_460_005)])], crs="EPSG:4549")
    >>> split_by_zone(line, zones)[["zone_code", "share"]].values.tolist()
    [[nan, 0.25], ['A', 0.25], ['B', 0.5]]
    """
    gate = Gate("split_by_zone")
    index = ZoneIndex(gate.zones(zones))
    features = gate.features(gdf, "gdf", like=zones)
    shares = index.shares(features.geometry, pieces=True)
    labels = features.index[shares.feature]
    columns = {"zone_code": index.code_of(shares.zone, labels).array, "share": shares.share}
    return gpd.GeoDataFrame(columns, geometry=shares.piece, crs=features.crs, index=labels)


def check_zones(zones: gpd.GeoDataFrame | gpd.GeoSeries) -> pd.DataFrame:
    """Report where zones overlap and where there are gaps between them.

    Parameters
    ----------
    zones : GeoDataFrame or GeoSeries
        Polygons indexed by code, in a metric CRS.

    Returns
    -------
    DataFrame
        A findings table: ZONES_INVALID with the code of a zone whose outline crosses itself (it is
        checked as repaired), ZONES_OVERLAP with both codes and the area, ZONES_GAP with the area,
        and the place of each. Empty for zones that tile; for these reconciliation is promised.

    Warns
    -----
    ScaleWarning
        Areas in the CRS are more than 0.1 % wrong over the data; beyond 1 % a CRSError.

    Raises
    ------
    CRSError
        Areas cannot be measured in the CRS of the zones.

    See Also
    --------
    assign_zones

    Examples
    --------
    >>> zones = gpd.GeoSeries(
    ...     [shapely.box(550_000, 0, 551_000, 100), shapely.box(550_990, 0, 552_000, 100)],
    ...     index=["A", "B"], crs="EPSG:4549").translate(0, 3_460_000)
    >>> check_zones(zones)[["code", "value", "expected"]].values.tolist()
    [['ZONES_OVERLAP', 'A', 'B']]
    """
    given = Gate("check_zones").zones(zones, measures=("area",), valid=False)
    findings = Findings("zones")
    places: list[shapely.Point] = []
    codes, polygons = _valid(given, findings, places)
    first, second = shapely.STRtree(polygons).query(polygons, predicate="intersects")
    pair = first < second
    first, second = first[pair], second[pair]
    overlap = shapely.intersection(polygons[first], polygons[second])
    area = shapely.area(overlap)
    for k in np.flatnonzero(area > _SLIVER_M2):
        findings.add(
            "ZONES_OVERLAP",
            about=f"{codes[first[k]]} {codes[second[k]]}",
            value=codes[first[k]],
            expected=codes[second[k]],
            detail=f"{area[k]:,.0f}",
        )
        places.append(shapely.point_on_surface(overlap[k]))
    for part in shapely.get_parts(shapely.union_all(polygons)):
        for ring in shapely.get_rings(part)[1:]:
            gap = shapely.polygons(ring)
            if shapely.area(gap) > _SLIVER_M2:
                findings.add("ZONES_GAP", value=f"{shapely.area(gap):,.0f}")
                places.append(shapely.point_on_surface(gap))
    table = findings.frame()
    table["x"] = [p.x for p in places]
    table["y"] = [p.y for p in places]
    return table


def _valid(
    zones: gpd.GeoSeries, findings: Findings, places: list[shapely.Point]
) -> tuple[np.ndarray, np.ndarray]:
    """Codes and repaired outlines, the lowest code first; reports what had to be repaired."""
    index = ZoneIndex(zones)
    codes, polygons = index.codes.to_numpy(dtype=object), index.given
    for k in np.flatnonzero(~shapely.is_valid(polygons)):
        reason = shapely.is_valid_reason(polygons[k])
        findings.add("ZONES_INVALID", about=str(codes[k]), value=codes[k], detail=reason)
        places.append(shapely.Point(shapely.get_coordinates(polygons[k])[0]))
        polygons[k] = areal(shapely.make_valid(polygons[k]))
    return codes, polygons


#: More cells than this are a slip of the unit, or too many to look at.
_MOST_CELLS = 4_000_000
#: Pieces below this are rounding along the line of a zone.
_ROUNDING_M2 = 1e-6


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
    column, row = _cells(shapely.bounds(index.polygons), cell_m, gate)
    squares = shapely.box(column * cell_m, row * cell_m, (column + 1) * cell_m, (row + 1) * cell_m)
    if clip:
        parts = index.shares(squares, pieces=True)
        assert parts.piece is not None
        kept = (parts.zone != OUTSIDE) & (shapely.area(parts.piece) > _ROUNDING_M2)
        at, zone, cells = parts.feature[kept], parts.zone[kept], parts.piece[kept]
    else:
        owner = index.owner(squares)
        at = np.flatnonzero(owner != OUTSIDE)
        zone, cells = owner[at], squares[at]
    order = np.lexsort([column[at], row[at], zone])
    at, zone, cells = at[order], zone[order], cells[order]
    parent = index.codes[zone]
    code = pd.Series(parent.astype("str").to_numpy(dtype=object), dtype="str")
    for number in (column[at], row[at]):
        code = code + "-" + pd.Series(number).astype("str")
    return gpd.GeoDataFrame(
        {"parent_code": parent.array, "area_m2": shapely.area(cells)},
        geometry=cells,
        crs=zones.crs,
        index=pd.Index(code, name="grid_code", dtype="str"),
    )


def _cells(bounds: np.ndarray, cell_m: float, gate: Gate) -> tuple[np.ndarray, np.ndarray]:
    """Columns and rows of the cells over the bounds of all zones, each once."""
    bounds = bounds[np.isfinite(bounds).all(axis=1)]
    if not len(bounds):
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    low = np.floor(bounds[:, :2].min(axis=0) / cell_m)
    high = np.ceil(bounds[:, 2:].max(axis=0) / cell_m)
    width, height = np.maximum(high - low, 1)
    if width * height > _MOST_CELLS:
        raise gate.refuse(
            _MESSAGES("too_many_cells", cell_m=cell_m, width=width * height, most_cells=_MOST_CELLS)
        )
    row, column = np.divmod(np.arange(int(width * height)), int(width))
    return column + int(low[0]), row + int(low[1])
