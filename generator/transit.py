"""Rail lines with stations and entrances, and bus stops along the larger roads."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from generator.draw import Draw
from generator.names import place_name
from generator.roads import smooth
from generator.world import World, frame

__all__ = ["build_transit"]

Floats = NDArray[np.float64]
#: Rail lines as lists of the streets they serve; schematic.
RAIL = {
    "1号线": "320506103 320505405 320505002 320508019 320508021 320576054 320576051 320576053",
    "2号线": "320507105 320507402 320507001 320508023 320508018 320508024 320506001 320506004"
    " 320576051",
    "3号线": "320505400 320505003 320505002 320505001 320506001 320576050 320576054 320576052",
    "4号线": "320507402 320507001 320508023 320508018 320508020 320506009 320509004 320509001"
    " 320509111",
    "5号线": "320506006 320506104 320506103 320505002 320508020 320576050 320576051 320576052",
    "11号线": "320583104 320583103 320583400",
}
BUS_GAP_M = 620.0


def _rail(world: World, draw: Draw) -> tuple[Floats, list[str], list[str]]:
    row = {code: i for i, code in enumerate(world.streets["street_code"])}
    places, lines = [], []
    for line, text in RAIL.items():
        points = world.centres[[row[code] for code in text.split()]]
        points = points + np.column_stack(
            [draw.normal(len(points), 0, 250.0), draw.normal(len(points), 0, 250.0)]
        )
        track = shapely.LineString(smooth(points, 3))
        count = int(track.length / 1350.0) + 1
        stops = shapely.line_interpolate_point(track, np.linspace(200, track.length - 200, count))
        stops = stops[shapely.contains(world.land, stops)]
        places.append(shapely.get_coordinates(stops))
        lines += [line] * len(stops)
    xy = np.vstack(places)
    # Two lines that come within a short walk of each other share a station.
    keep: list[int] = []
    served: list[str] = []
    for i, point in enumerate(xy):
        near = [k for k, j in enumerate(keep) if np.hypot(*(xy[j] - point)) < 500.0]
        if near:
            if lines[i] not in served[near[0]].split(";"):
                served[near[0]] += f";{lines[i]}"
        else:
            keep.append(i)
            served.append(lines[i])
    names = np.char.add(place_name(np.arange(len(keep)) * 7 + 31), "站")
    return xy[keep], served, list(names)


def build_transit(world: World, roads: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Place rail stations with four entrances each, and bus stops on the larger roads."""
    draw = Draw(world.seed, "transit")
    stations, served, names = _rail(world, draw)
    count = len(stations)
    angle = (
        np.repeat(draw.uniform(count, 0, np.pi / 2), 4) + np.tile(np.arange(4), count) * np.pi / 2
    )
    reach = draw.uniform(4 * count, 45.0, 130.0)
    gates = np.repeat(stations, 4, axis=0) + np.column_stack(
        [reach * np.cos(angle), reach * np.sin(angle)]
    )
    large = roads[roads["road_class"].isin(["arterial", "secondary"])].reset_index(drop=True)
    length = large.length.to_numpy()
    stops = np.maximum((length / BUS_GAP_M).astype(int), 0)
    road = np.repeat(np.arange(len(large)), stops)
    order = np.arange(len(road)) - np.repeat(np.cumsum(stops) - stops, stops)
    along = (order + 0.5 + draw.uniform(len(road), -0.2, 0.2)) * np.repeat(
        length / np.maximum(stops, 1), stops
    )
    points = shapely.get_coordinates(
        shapely.line_interpolate_point(large.geometry.to_numpy()[road], along)
    )
    # Buses go where people are; stops of roads through fields are few.
    dense = world.density(*points.T)
    chosen = draw.some(len(points), min(2400, len(points)), np.minimum(dense, 9000.0))
    side = draw.uniform(len(chosen), -11.0, 11.0)
    points = points[chosen] + np.column_stack([side, -side])
    bus_names = large["name"].to_numpy(str)[road[chosen]]
    buses = draw.whole(len(chosen), 1, 420)
    second = draw.whole(len(chosen), 500, 990)
    bus_lines = [f"{a}路;{b}路" if a % 2 else f"{a}路" for a, b in zip(buses, second, strict=True)]
    letters = np.tile(np.array(["A", "B", "C", "D"]), count)
    gate_names = [f"{n}{k}口" for n, k in zip(np.repeat(names, 4), letters, strict=True)]
    boardings = np.concatenate(
        [
            draw.whole(count, 3000, 38000),
            np.zeros(4 * count, np.int64),
            np.round(np.minimum(dense[chosen], 12000.0) * draw.uniform(len(chosen), 0.01, 0.06))
            + 20,
        ]
    )
    modes = np.repeat(["rail", "rail_entrance", "bus"], [count, 4 * count, len(chosen)])
    ids = [f"{m[0].upper() if m != 'rail_entrance' else 'E'}{i:05d}" for i, m in enumerate(modes)]
    xy = np.vstack([stations, gates, points])
    # An entrance has no count of its own; its station's covers it.
    riders = np.where(modes == "rail_entrance", np.nan, boardings)
    table = frame(
        {
            "stop_id": np.array(ids, object),
            "name": np.array([*names, *gate_names, *np.char.add(bus_names, "站")], object),
            "mode": modes.astype(object),
            "lines": np.array([*served, *np.repeat(served, 4), *bus_lines], object),
            "daily_boardings": riders,
        },
        shapely.points(xy),
    )
    table["daily_boardings"] = table["daily_boardings"].astype("Int64")
    return table
