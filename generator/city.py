"""The whole synthetic city: layers, events, targets."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd

from generator.bikes import build_bike_stations
from generator.draw import Draw, share_out
from generator.illegal import build_illegal_construction
from generator.manholes import build_manholes
from generator.parking import build_parking_points
from generator.roads import build_roads
from generator.systems import SYSTEMS, build_systems
from generator.transit import build_transit
from generator.tunnels import build_utility_tunnels
from generator.world import World

__all__ = ["Sample", "build_sample"]

LAYERS = (
    "districts", "streets", "illegal_construction", "utility_tunnels", "manholes",
    "parking_points", "bike_stations", *SYSTEMS, "roads", "transit_stops", "population_cells",
)  # fmt: skip


@dataclass(frozen=True)
class Sample:
    """Layers and tables by key with full English columns, events and targets."""

    layers: dict[str, pd.DataFrame]
    events: pd.DataFrame
    targets: pd.DataFrame


def build_sample(scale: int = 1, seed: int = 0) -> Sample:
    """Build the city.

    Parameters
    ----------
    scale : int, default 1
        How many times the records of the five layers; their figures grow with them.
    seed : int, default 0
        Seed; the figures of the document hold for each seed, places and splits differ.
    """
    if scale < 1:
        raise ValueError(f"scale must be 1 or more, not {scale}")
    world = World(seed)
    roads = build_roads(world)
    transit = build_transit(world, roads)
    made = {
        "illegal_construction": build_illegal_construction(world, roads, scale, seed),
        "utility_tunnels": build_utility_tunnels(world, roads, scale, seed),
        "manholes": build_manholes(world, roads, scale, seed),
        "parking_points": build_parking_points(world, transit, scale, seed),
        "bike_stations": build_bike_stations(world, roads, transit, scale, seed),
    }
    layers = {key: table for key, (table, _) in made.items()}
    layers |= build_systems(world, roads, layers, scale)
    layers |= {
        "districts": world.districts,
        "streets": world.streets,
        "roads": roads,
        "transit_stops": transit,
        "population_cells": world.cells,
    }
    events = pd.concat(
        [table.assign(layer=key) for key, (_, table) in made.items()], ignore_index=True
    )
    events = events[["layer", "key", "event", "date", "amount", "note"]]
    events["date"] = pd.to_datetime(events["date"]).astype("datetime64[ms]")
    place = events["layer"].map({k: i for i, k in enumerate(LAYERS)})
    order = np.lexsort([events["event"], events["key"], events["date"], place])
    events = events.iloc[order].reset_index(drop=True)
    layers = {key: _plain_dates(layers[key]) for key in LAYERS}
    return Sample(layers, events, build_targets(world, layers, scale))


def _plain_dates(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    for name in table.columns:
        if name.endswith(("_date", "_on", "planned_start", "planned_end")) or name in (
            "deadline", "shared_since",
        ):  # fmt: skip
            table[name] = pd.to_datetime(table[name]).astype("datetime64[ms]")
    return table


def build_targets(world: World, layers: dict[str, gpd.GeoDataFrame], scale: int) -> pd.DataFrame:
    """Make the targets: the document's for the city, an invented split for the districts."""
    draw = Draw(world.seed, "targets")
    zones = world.districts["district_code"].to_numpy(str)
    shapes = world.districts.geometry.to_numpy()

    def by_zone(key: str, value: np.ndarray) -> np.ndarray:
        points = layers[key].geometry.representative_point().to_numpy()
        pairs = gpd.GeoSeries(shapes).sindex.query(points, predicate="within")
        point, zone = pairs[:, np.lexsort(pairs[::-1])]
        return np.bincount(zone, value[point], minlength=len(zones))

    parcels, lots = layers["illegal_construction"], layers["parking_points"]
    bays = layers["bike_stations"]
    planned = parcels["planned_date"].notna() & (parcels["disposal_method"] == "demolish")
    this_year = parcels["completed_date"] >= pd.Timestamp("2022-01-01")
    work = parcels["illegal_area_m2"].where(planned | this_year, 0.0).to_numpy(float)
    site = parcels.drop_duplicates("project_id").dropna(subset="project_id").index
    first = np.isin(np.arange(len(parcels)), site).astype(float)
    year = (layers["manholes"]["programme_year"] == 2022).fillna(False).to_numpy(float)
    public = lots["spaces_public"].where(lots["planned_date"] < pd.Timestamp("2023-01-01"), 0)
    shared = lots["spaces_shared"].where(lots["shared_since"] >= pd.Timestamp("2022-01-01"), 0)
    lots_weight = public.to_numpy(float) + 60.0
    rows: list[tuple[str, str, float, str, str, str]] = []
    year_end = "2022-12-31"

    def split(name: str, total: int, weight: np.ndarray, unit: str, step: int) -> None:
        blur = weight * draw.uniform(len(weight), 0.94, 1.07) if step else weight
        parts = share_out(blur, total // max(step, 1)) * max(step, 1)
        rows.append((name, "320500", total, unit, year_end, "文件"))
        rows.extend(
            (name, z, int(p), unit, year_end, "虚构分解") for z, p in zip(zones, parts, strict=True)
        )

    def same_for_all(name: str, target: float, unit: str, end: str) -> None:
        rows.append((name, "320500", target, unit, end, "文件"))
        rows.extend((name, z, target, unit, end, "虚构分解") for z in zones)

    demolition = by_zone("illegal_construction", work)
    split("illegal_demolished_area", 15_000_000 * scale, demolition, "m2", 10_000)
    same_for_all("illegal_safety_remaining_area", 0, "m2", "2022-09-30")
    projects = by_zone("illegal_construction", first)
    split("illegal_key_projects", 38 * scale, projects, "count", 0)
    split("manhole_remediated", 3000 * scale, by_zone("manholes", year), "count", 5)
    same_for_all("manhole_new_tech_share", 0.3, "ratio", year_end)
    public_spaces = by_zone("parking_points", lots_weight)
    split("parking_public_spaces_added", 15_000 * scale, public_spaces, "count", 50)
    shared_spaces = by_zone("parking_points", shared.to_numpy(float) + 1.0)
    split("parking_shared_spaces_added", 5000 * scale, shared_spaces, "count", 10)
    bikes = by_zone("bike_stations", bays["planned_bikes"].fillna(0).to_numpy(float))
    none = ("waste_landfilled", "waste_exported")
    rows.extend((name, "320500", 0, "t", year_end, "文件") for name in none)
    split("bike_shared_deployed", 38_000 * scale, bikes, "count", 100)
    return pd.DataFrame(
        rows, columns=["indicator", "zone_code", "target", "unit", "deadline", "note"]
    )
