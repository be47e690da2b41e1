"""Utility tunnels under main roads, in sections whose lengths add up to the published ones."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.ops import substring

from generator.days import NAT, before, days_in
from generator.draw import Draw, either, share_out
from generator.names import TUNNEL_OPERATORS
from generator.records import SHARES, events_of
from generator.world import World, frame

__all__ = ["TUNNELS_KM", "build_utility_tunnels"]

Ints = NDArray[np.int64]
#: Kilometres and sections by state; the first two are published, the others invented.
TUNNELS_KM = {"operating": 37.8, "under_construction": 24.5, "completed": 3.6, "planned": 9.2}
SECTIONS = {"operating": 19, "under_construction": 11, "completed": 2, "planned": 4}
RISK_ITEMS = (9, 7, 5)
#: Districts where tunnels were built, with weights.
WHERE = {"320508": 3, "320571": 4, "320507": 3, "320505": 2, "320506": 2, "320583": 2, "320509": 1}


def _hosts(world: World, roads: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """List main roads that can hold a tunnel, by the district of their middle, best first."""
    main = roads[(roads["road_class"] == "arterial") & (roads.length > 2800.0)]
    main = main.reset_index(drop=True)
    middle = shapely.line_interpolate_point(main.geometry.to_numpy(), 0.5, normalized=True)
    town = world.owners(*shapely.get_coordinates(middle).T)
    zone = world.streets["parent_code"].to_numpy(str)[np.maximum(town, 0)]
    dense = world.density(*shapely.get_coordinates(middle).T)
    order = np.argsort(-dense, kind="stable")
    hosts = main.assign(zone=zone).iloc[order[np.isin(zone[order], list(WHERE))]]
    return hosts.groupby("zone", sort=False).head(6).reset_index(drop=True)


def _cut(hosts: gpd.GeoDataFrame, metres: Ints, draw: Draw) -> tuple[NDArray[np.object_], Ints]:
    """Cut each section out of a road: exactly as long as it is said to be, none twice."""
    length = hosts.length.to_numpy()
    begin = np.full(len(hosts), np.nan)
    zone = hosts["zone"].to_numpy(str)
    weight = np.array([WHERE[z] for z in zone]) / pd.Series(zone).map(
        pd.Series(zone).value_counts()
    ).to_numpy(float)
    rank = hosts.groupby("zone").cumcount().to_numpy()
    shapes = np.empty(len(metres), object)
    road = np.zeros(len(metres), np.int64)
    for i in np.argsort(-metres, kind="stable"):
        left = length - 100.0 - np.where(np.isnan(begin), 100.0, begin)
        fit = np.where(left >= metres[i], weight * 0.6**rank, 0.0)
        k = int(draw.pick(1, fit)[0])
        if np.isnan(begin[k]):
            # The first section of a road is set off from its end; others follow on.
            begin[k] = 100.0 + draw.uniform(1)[0] * 0.5 * (left[k] - metres[i])
        shapes[i] = substring(hosts.geometry.iloc[k], begin[k], begin[k] + float(metres[i]))
        begin[k] += metres[i]
        road[i] = k
    return shapes, road


def build_utility_tunnels(
    world: World, roads: gpd.GeoDataFrame, scale: int, seed: int
) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """Make the layer; its events are the risk items reported in two parts."""
    draw = Draw(seed, "tunnels")
    hosts = _hosts(world, roads)
    tables, events = [], []
    for copy in range(scale):
        # Load tests repeat the network under other numbers: there are only so many main roads.
        table, reported = _one_network(draw, hosts, copy)
        tables.append(table)
        events.append(reported)
    return (
        gpd.GeoDataFrame(pd.concat(tables, ignore_index=True), crs=tables[0].crs),
        pd.concat(events, ignore_index=True),
    )


def _one_network(
    draw: Draw, hosts: gpd.GeoDataFrame, copy: int
) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    state = np.repeat(list(SECTIONS), list(SECTIONS.values())).astype(object)
    n = len(state)
    metres = np.concatenate(
        [
            share_out(np.exp(draw.normal(SECTIONS[k], 0, 0.4)), round(km * 1000), least=500)
            for k, km in TUNNELS_KM.items()
        ]
    )
    shapes, road = _cut(hosts, metres, draw)
    kind = draw.of(n, SHARES["tunnels"]["tunnel_type"])
    kind = either(metres > 2400, "trunk", kind)
    begun = ~np.isin(state, ["planned"])
    running = state == "operating"
    start, done, opened, planned = (np.full(n, NAT) for _ in range(4))
    rows = np.flatnonzero(running)
    opened[rows] = days_in(draw, len(rows), "2014-09-01", "2021-12-20")
    opened[rows[:2]] = np.array(["2022-05-18", "2022-02-25"], "datetime64[D]")
    done[rows] = before(draw, opened[rows], 60, 400)
    start[rows] = before(draw, done[rows], 500, 1300)
    rows = np.flatnonzero(state == "under_construction")
    start[rows] = days_in(draw, len(rows), "2020-03-02", "2021-12-20")
    start[rows[:2]] = np.array(["2022-04-22", "2022-03-10"], "datetime64[D]")
    planned[rows] = days_in(draw, len(rows), "2022-11-01", "2024-06-28")
    rows = np.flatnonzero(state == "completed")
    done[rows] = days_in(draw, len(rows), "2021-09-01", "2022-03-18")
    start[rows] = before(draw, done[rows], 500, 1200)
    planned[rows] = days_in(draw, len(rows), "2022-09-01", "2022-12-28")
    planned[state == "planned"] = days_in(
        draw, int((state == "planned").sum()), "2024-01-02", "2025-12-26"
    )
    who = np.where(np.isin(state, ["operating", "completed"]), road % 3, -1)
    # Each of the three companies runs a section at least.
    who[np.flatnonzero(running)[:3]] = np.arange(3)
    names = np.array(TUNNEL_OPERATORS, object)
    operator = either(who >= 0, names[np.maximum(who, 0)], None)
    items = pd.array([pd.NA] * n, "Int64")
    level = np.full(n, None, object)
    reported = np.full(n, NAT)
    days = np.array(["2022-03-18", "2022-05-12", "2022-06-16"], "datetime64[D]")
    for company, total in enumerate(RISK_ITEMS):
        rows = np.flatnonzero(running & (who == company))[:4]
        items[rows] = share_out(np.exp(draw.normal(len(rows), 0, 0.6)), total, least=1)
        reported[rows] = days[company]
        level[rows] = draw.of(len(rows), SHARES["tunnels"]["risk_level"])
    cabins = np.where(kind == "trunk", 3, np.where(kind == "cable", 1, 2))
    sets = {
        1: ("power;water_telecom", "power;telecom;water"),
        2: ("comprehensive;power", "water;telecom;power;reclaimed"),
        3: ("comprehensive;hv_power;gas", "water;telecom;power;gas"),
    }
    wide = np.array([0.0, 3.2, 7.4, 11.2])[cabins]
    fill = np.round(draw.uniform(n, 0.35, 0.92), 2)
    number = [f"GL{copy * n + i + 1:04d}" for i in range(n)]
    street = hosts["name"].to_numpy(object)[road]
    section = pd.Series(road).groupby(road).cumcount().to_numpy() + 1
    table = frame(
        {
            "tunnel_id": np.array(number, object),
            "name": np.array(
                [f"{s}综合管廊{k}段" for s, k in zip(street, section, strict=True)], object
            ),
            "road_name": street,
            "tunnel_type": kind.astype(object),
            "cabin_kinds": np.array([sets[int(c)][0] for c in cabins], object),
            "cabin_count": np.array([len(sets[int(c)][0].split(";")) for c in cabins]),
            "lines_housed": np.array([sets[int(c)][1] for c in cabins], object),
            "width_m": np.round(wide * draw.uniform(n, 0.88, 1.12), 1),
            "height_m": np.round(draw.uniform(n, 2.8, 4.2), 1),
            "build_method": draw.of(n, SHARES["tunnels"]["build_method"]),
            "length_km": metres / 1000.0,
            "status": state,
            "start_date": np.where(begun, start, NAT),
            "completed_date": done,
            "operation_date": opened,
            "planned_date": planned,
            "operator": operator,
            "occupancy_ratio": np.where(running, fill, np.nan),
            "risk_items": items,
            "risk_level": level,
            "risk_report_date": reported,
        },
        shapes,
    )
    # The first company's largest entry came in two parts; the record keeps the total.
    chief = int(np.flatnonzero((who == 0) & running)[0])
    day = np.array(["2022-05-26"], "datetime64[D]")
    events = events_of([chief], "report_risk", day, 1.0, "补充上报").drop(columns="row")
    events.insert(0, "key", number[chief])
    return table, events
