"""Where people live: land, town centres and population cells of the synthetic city."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from generator.draw import Draw, share_out
from generator.places import (
    OUTLINE_CRS,
    packaged_districts,
    packaged_land,
    packaged_streets,
    read_table,
)

__all__ = ["World", "frame", "round_mm"]

Floats = NDArray[np.float64]
CELL_M = 1000.0


def round_mm(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """Round coordinates to whole millimetres, so that a file written twice is the same."""
    return np.asarray(shapely.transform(shapes, lambda xy: np.round(xy, 3)))


def frame(columns: dict[str, object], shapes: NDArray[np.object_]) -> gpd.GeoDataFrame:
    """Return a layer with geometry in whole millimetres."""
    return gpd.GeoDataFrame(columns, geometry=round_mm(shapes), crs=OUTLINE_CRS)


@dataclass
class World:
    """Everything that layers share: outlines, land, centres, cells.

    Parameters
    ----------
    seed : int
        Seed of the city.
    """

    seed: int = 0

    @cached_property
    def districts(self) -> gpd.GeoDataFrame:
        """The ten districts."""
        return packaged_districts()

    @cached_property
    def streets(self) -> gpd.GeoDataFrame:
        """The 118 streets and towns."""
        return packaged_streets()

    @cached_property
    def land(self) -> shapely.Geometry:
        """City without its larger waters, a little inside the outline, prepared."""
        land = shapely.buffer(packaged_land(), -60.0)
        shapely.prepare(land)
        return land

    @cached_property
    def street_land(self) -> NDArray[np.object_]:
        """Land of each street."""
        shapes = shapely.intersection(self.streets.geometry.to_numpy(), self.land)
        shapely.prepare(shapes)
        return np.asarray(shapes)

    @cached_property
    def centres(self) -> Floats:
        """Town centres, one a street: x, y."""
        table = read_table("streets.csv").set_index("street_code").loc[self.streets["street_code"]]
        points = gpd.GeoSeries(
            gpd.points_from_xy(table["seed_lon"].astype(float), table["seed_lat"].astype(float)),
            crs="EPSG:4490",
        ).to_crs(OUTLINE_CRS)
        away = ~shapely.contains(self.street_land, points.to_numpy())
        inner = shapely.point_on_surface(self.street_land)
        xy: Floats = shapely.get_coordinates(np.where(away, inner, points.to_numpy()))
        return xy

    @cached_property
    def radius(self) -> Floats:
        """How far the dense part of each town reaches, in metres."""
        people = self.streets["population"].to_numpy(float)
        reach: Floats = np.clip(700.0 + 6.2 * np.sqrt(people), 800.0, 3400.0)
        return reach

    @cached_property
    def bearing(self) -> Floats:
        """Direction of each town's street grid."""
        # Neighbours share the run of rivers and main roads, so the direction drifts slowly.
        x, y = self.centres.T / 1000.0
        drift = 0.30 * np.sin(x / 9.0) + 0.25 * np.cos(y / 11.0) + 0.12 * np.sin((x + y) / 4.0)
        return np.asarray(drift)

    def density(self, x: Floats, y: Floats) -> Floats:
        """Residents a square kilometre, up to a factor, at points."""
        people = self.streets["population"].to_numpy(float)
        total = np.full(len(x), 120.0)
        for (cx, cy), count, reach in zip(self.centres, people, self.radius, strict=True):
            far = np.hypot(x - cx, y - cy) / (0.75 * reach)
            total += count / (0.75 * reach / 1000.0) ** 2 / 6.3 * np.exp(-far)
        return total

    @cached_property
    def cells(self) -> gpd.GeoDataFrame:
        """Population cells of 1 km, cut at district lines; each district's add up exactly."""
        left, low, right, top = self.districts.total_bounds
        xs = np.arange(np.floor(left / CELL_M), np.ceil(right / CELL_M)) * CELL_M
        ys = np.arange(np.floor(low / CELL_M), np.ceil(top / CELL_M)) * CELL_M
        gx, gy = (a.ravel() for a in np.meshgrid(xs, ys, indexing="ij"))
        squares = shapely.box(gx, gy, gx + CELL_M, gy + CELL_M)
        zones = self.districts.geometry.to_numpy()
        zone, cell = shapely.STRtree(squares).query(zones, predicate="intersects")
        pieces = shapely.intersection(squares[cell], zones[zone])
        land_area = shapely.area(shapely.intersection(pieces, packaged_land()))
        # A piece that is all water, or a scrap of a cell on a district line, holds nobody.
        keep = (land_area > 4e4) & np.isin(shapely.get_type_id(pieces), (3, 6))
        pieces, zone, cell, land_area = pieces[keep], zone[keep], cell[keep], land_area[keep]
        middle = shapely.get_coordinates(shapely.centroid(pieces))
        draw = Draw(self.seed, "cells")
        uneven = np.exp(draw.normal(len(pieces), 0.0, 0.45))
        weight = self.density(*middle.T) * land_area / 1e6 * uneven
        people = np.zeros(len(pieces), np.int64)
        for i, total in enumerate(self.districts["population"]):
            people[zone == i] = share_out(weight[zone == i], int(total))
        codes = self.districts["district_code"].to_numpy(str)[zone]
        names = [
            f"{code}{int(x / CELL_M) - 400:03d}{int(y / CELL_M) - 3300:03d}"
            for code, x, y in zip(codes, gx[cell], gy[cell], strict=True)
        ]
        rows = np.flatnonzero(people > 0)
        rows = rows[np.argsort(np.array(names)[rows], kind="stable")]
        return frame(
            {"cell_id": np.array(names, object)[rows], "population": people[rows].astype(float)},
            pieces[rows],
        )

    def owners(self, x: Floats, y: Floats) -> NDArray[np.int64]:
        """Position of the street that each point lies in, -1 outside the city."""
        points = shapely.points(x, y)
        point, street = shapely.STRtree(self.streets.geometry.to_numpy()).query(
            points, predicate="within"
        )
        result = np.full(len(x), -1, np.int64)
        result[point] = street
        return result
