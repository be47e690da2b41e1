"""Docked public-bike stations and bays for shared bikes: two fleets."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from generator.days import DAY, MONTHS_H1, MONTHS_H2, NAT, between, days_in
from generator.draw import Draw, either, share_out
from generator.records import SHARES, events_of, in_order_of_ids, zone_ids
from generator.world import World, frame

__all__ = ["BIKES", "build_bike_stations"]

Days = NDArray[np.datetime64]
Floats = NDArray[np.float64]

#: Published: bays of the half-year, bikes renewed, bikes still to deploy.
BIKES = {"bays_h1": 5_000, "renewed_h1": 6_000, "to_deploy": 38_000}
COUNTS = {
    "bay_h1": 5_000, "bay": 1_900, "bay_planned": 120, "docked": 900, "docked_aside": 30,
    "bay_removed": 40, "nonmotor_bay": 90, "no_parking": 40,
}  # fmt: skip


def _places(
    world: World, roads: gpd.GeoDataFrame, transit: gpd.GeoDataFrame, draw: Draw, n: int
) -> tuple[Floats, NDArray[np.object_]]:
    """Put bays beside stops and along the roads of towns; returns places and their names."""
    stops = transit[transit["mode"] != "rail"].reset_index(drop=True)
    entrance = (stops["mode"] == "rail_entrance").to_numpy()
    at = shapely.get_coordinates(stops.geometry.to_numpy())
    use = world.density(*at.T) ** 0.7 * np.where(entrance, 1.8, 1.0)
    stop = draw.pick(n, use)
    angle, far = draw.uniform(n, 0, 2 * np.pi), draw.uniform(n, 12, 120)
    by_stop = at[stop] + np.column_stack([far * np.cos(angle), far * np.sin(angle)])
    lines = roads[roads["road_class"] != "expressway"].reset_index(drop=True)
    shapes = lines.geometry.to_numpy()
    middle = shapely.get_coordinates(shapely.line_interpolate_point(shapes, 0.5, normalized=True))
    road = draw.pick(n, shapely.length(shapes) * np.minimum(world.density(*middle.T), 14e3))
    by_road = shapely.get_coordinates(
        shapely.line_interpolate_point(shapes[road], draw.uniform(n), normalized=True)
    )
    side = np.where(draw.yes(n, 0.5), 1.0, -1.0) * draw.uniform(n, 8.0, 13.0)
    by_road = by_road + np.column_stack([side, -side])
    near_stop = draw.yes(n, 0.46)
    xy = np.where(near_stop[:, None], by_stop, by_road)
    names = either(
        near_stop, stops["name"].to_numpy(object)[stop], lines["name"].to_numpy(object)[road]
    )
    wet = ~shapely.contains_xy(world.land, xy)
    while wet.any():
        # Moved to a road of a town, which is on land.
        pick = draw.pick(int(wet.sum()), shapely.length(shapes))
        xy[wet] = shapely.get_coordinates(
            shapely.line_interpolate_point(shapes[pick], 0.5, normalized=True)
        )
        names[wet] = lines["name"].to_numpy(object)[pick]
        wet = ~shapely.contains_xy(world.land, xy)
    return xy, names


def build_bike_stations(
    world: World, roads: gpd.GeoDataFrame, transit: gpd.GeoDataFrame, scale: int, seed: int
) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """Make the layer and its events."""
    draw = Draw(seed, "bikes")
    fates = np.repeat(list(COUNTS), np.array(list(COUNTS.values())) * scale)
    n = len(fates)
    xy, names = _places(world, roads, transit, draw, n)
    rows = {key: np.flatnonzero(fates == key) for key in COUNTS}
    kind = (
        pd.Series(fates)
        .replace(
            {"bay_h1": "bay", "bay_planned": "bay", "bay_removed": "bay", "docked_aside": "docked"}
        )
        .to_numpy(object)
    )
    docked, bay = kind == "docked", kind == "bay"
    opened, renewed, planned = (np.full(n, NAT) for _ in range(3))

    def two_days(first: str, last: str) -> tuple[Days, Days]:
        return days_in(draw, n, first, last), days_in(draw, n, first, last)

    # Marked bays became more each year, stations with docks fewer.
    opened[:] = np.maximum(*two_days("2018-03-01", "2021-12-24"))
    opened[docked] = np.minimum(*two_days("2010-09-01", "2020-12-25"))[docked]
    opened[rows["bay_h1"]] = days_in(
        draw, len(rows["bay_h1"]), "2022-01-05", "2022-06-30", MONTHS_H1
    )
    opened[rows["bay_planned"]] = NAT
    size = np.exp(draw.normal(n, 3.15, 0.4))
    capacity = np.where(docked, np.clip(size * 1.2, 15, 60), np.clip(size, 8, 90)).astype(np.int64)
    capacity[rows["no_parking"]] = 0
    deployed = np.round(capacity * draw.uniform(n, 0.45, 0.95)).astype(np.int64)
    idle = np.isin(
        fates, ["bay_planned", "bay_removed", "docked_aside", "nonmotor_bay", "no_parking"]
    )
    deployed[idle] = 0
    status = (
        pd.Series(fates)
        .map({"bay_planned": "planned", "bay_removed": "removed", "docked_aside": "suspended"})
        .fillna("operating")
        .to_numpy(object)
    )
    # Bikes still to deploy go to the bays, the newest first, and to those not yet marked.
    open_bays = np.concatenate([rows["bay_h1"], rows["bay"]])
    more = open_bays[draw.some(len(open_bays), 2400 * scale, capacity[open_bays])]
    more = np.sort(np.concatenate([more, rows["bay_planned"]]))
    to_come = np.zeros(n, np.int64)
    to_come[more] = share_out(
        capacity[more] * draw.uniform(len(more), 0.6, 1.4), BIKES["to_deploy"] * scale, least=2
    )
    planned[more] = days_in(draw, len(more), "2022-07-05", "2022-12-23", MONTHS_H2)
    chosen = rows["docked"][draw.some(len(rows["docked"]), 430 * scale)]
    share = share_out(capacity[chosen].astype(float), BIKES["renewed_h1"] * scale, least=4)
    twice = draw.yes(len(chosen), 0.25)
    first = np.where(twice, share // 2, share)
    early = days_in(draw, len(chosen), "2022-01-10", "2022-05-13", MONTHS_H1)
    last = np.where(twice, days_in(draw, len(chosen), "2022-05-16", "2022-06-29"), early)
    renewed[chosen] = last
    # Last year's renewal (invented), at other stations.
    earlier = np.setdiff1d(rows["docked"], chosen)
    earlier = earlier[draw.some(len(earlier), 370 * scale)]
    bikes = share_out(capacity[earlier].astype(float), 4_600 * scale, least=4)
    renewed[earlier] = days_in(draw, len(earlier), "2021-01-11", "2021-12-24")
    aside, removed = rows["docked_aside"], rows["bay_removed"]
    suspended_on = days_in(draw, len(aside), "2021-03-01", "2022-06-10")
    begin = np.maximum(opened[removed] + 60 * DAY, np.datetime64("2021-02-22"))
    removed_on = between(draw, begin, np.full(len(removed), "2022-06-20", "datetime64[D]"))
    events = [
        events_of(earlier, "renew", renewed[earlier], bikes.astype(float), "更新投放"),
        events_of(chosen, "renew", early, first.astype(float), "更新投放"),
        events_of(chosen[twice], "renew", last[twice], (share - first)[twice], "更新投放"),
        events_of(aside, "suspend", suspended_on, note="设备检修"),
        events_of(removed, "remove", removed_on),
    ]
    town = world.owners(*xy.T)
    zones = world.streets["parent_code"].to_numpy(str)[np.maximum(town, 0)]
    letter = np.where(docked, "G", "S")
    order = np.lexsort([np.arange(n), letter, zones])
    ids = zone_ids(zones, letter, order, 1, 5)
    owner = draw.of(n, SHARES["bikes"]["operator"])
    table = frame(
        {
            "station_id": ids.astype(object),
            "name": names,
            "station_kind": kind,
            "capacity": capacity,
            "bikes_deployed": deployed,
            "planned_bikes": pd.array(np.where(to_come > 0, to_come, 0), "Int64"),
            "fence": either(bay, draw.of(n, SHARES["bikes"]["fence"]), "none"),
            "operator": either(docked, "公共自行车公司", either(bay, owner, None)),
            "opened_date": opened,
            "renewed_date": renewed,
            "planned_date": planned,
            "status": status,
        },
        shapely.points(xy),
    )
    table.loc[to_come == 0, "planned_bikes"] = pd.NA
    return in_order_of_ids(table, pd.concat(events, ignore_index=True), ids)
