"""The layer of illegal construction: register, places, attributes, events."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from generator.days import DATA_DATE, DAY, MONTHS_H1, NAT, between
from generator.draw import Draw, either, share_out
from generator.footprints import footprints, settle
from generator.parcels import FIGURES, life_of_parcels
from generator.records import SHARES, events_of, in_order_of_ids
from generator.world import World, frame

__all__ = ["build_illegal_construction"]

Objects = NDArray[np.object_]
_SHARES = SHARES["parcels"]
HAZARDS = ("fire", "structure", "production", "electric_gas", "occupancy")


def _projects(parcels: pd.DataFrame, draw: Draw) -> NDArray[np.int64]:
    """Give each parcel of a key project its number: three parcels or more a project."""
    project = np.full(len(parcels), -1, np.int64)
    rows = np.flatnonzero(parcels["group"] == "key_open")
    count = FIGURES["key_projects"] * max(1, len(rows) // 228)
    sizes = share_out(np.exp(draw.normal(count, 0, 0.5)), len(rows), least=3)
    project[rows] = np.repeat(np.arange(count), sizes)
    return project


def _use_and_form(draw: Draw, large: NDArray[np.bool_]) -> tuple[Objects, Objects, Objects]:
    def by_size(column: str) -> Objects:
        small = draw.of(len(large), _SHARES[f"{column}_small"])
        return either(large, draw.of(len(large), _SHARES[f"{column}_large"]), small)

    return by_size("use"), by_size("form"), by_size("structure")


def _hazards(draw: Draw, safety: NDArray[np.bool_], large: NDArray[np.bool_]) -> Objects:
    n = len(safety)
    first = draw.pick(n, (0.42, 0.26, 0.16, 0.11, 0.05))
    first = np.where(large & draw.yes(n, 0.3), 2, first)
    names = np.array(HAZARDS, object)
    # Fire and structure go together often; the rest stand alone, which keeps the column narrow.
    both = (first < 2) & draw.yes(n, 0.3)
    return either(safety, either(both, "structure;fire", names[first]), None)


def _supervision(
    draw: Draw, parcels: pd.DataFrame, scale: int
) -> tuple[NDArray[np.datetime64], Objects, pd.DataFrame]:
    """Choose the supervised work orders: the half-year's number exactly, and some before."""
    n = len(parcels)
    day, level = np.full(n, NAT), np.full(n, "none", object)
    group = parcels["group"].to_numpy(str)
    weight = np.sqrt(parcels["illegal_area_m2"].to_numpy(float))
    ours = np.isin(group, ["safe_done", "done", "safe_staged", "staged", "safe_open", "open"])
    count, earlier = FIGURES["supervised"] * scale, 330 * scale
    found = parcels["found_date"].to_numpy("datetime64[D]")
    done = parcels["done_date"].to_numpy("datetime64[D]")
    able = np.flatnonzero(
        ours
        & (np.isnat(done) | (done > np.datetime64("2022-03-01")))
        & (found < np.datetime64("2022-04-20"))
    )
    rows = able[draw.some(len(able), count, weight[able])]
    last = np.where(np.isnat(done[rows]), np.datetime64("2022-06-29"), done[rows])
    first = np.maximum(found[rows] + DAY, np.datetime64("2022-01-05"))
    day[rows] = between(draw, first, last, MONTHS_H1)
    begin = np.maximum(found + 20 * DAY, np.datetime64("2020-06-01"))
    end = np.where(np.isnat(done), np.datetime64("2021-12-20"), done)
    end = np.minimum(end, np.datetime64("2021-12-20"))
    before_now = np.char.startswith(group, "earlier") | np.isin(
        group, ["open", "safe_open", "suspended"]
    )
    rest = np.flatnonzero(np.isnat(day) & before_now & (end > begin + 14 * DAY))
    old = rest[draw.some(len(rest), earlier, weight[rest])]
    day[old] = between(draw, begin[old], end[old])
    both = np.concatenate([rows, old])
    level[both] = draw.of(len(both), _SHARES["supervision_level"])
    ordered = rows[draw.yes(len(rows), 0.4)]
    return day, level, events_of(ordered, "supervise", day[ordered], 1.0, "督办单")


def _lists(
    draw: Draw, parcels: pd.DataFrame, level: Objects, project: NDArray[np.int64]
) -> Objects:
    n = len(parcels)
    group = parcels["group"].to_numpy(str)
    active = ~(np.isin(group, ["suspected", "dismissed"]) | np.char.startswith(group, "earlier"))
    # Key projects have a list of their own.
    active &= project < 0
    task = active & draw.yes(n, np.where(parcels["safety_related"], 0.55, 0.09))
    high = active & np.isin(level, ["city", "province"])
    parts = []
    for row in zip(task, high, project >= 0, strict=True):
        names = ("key_task", "supervised", "key_project")
        parts.append(";".join(k for k, on in zip(names, row, strict=True) if on) or None)
    return np.array(parts, object)


def build_illegal_construction(
    world: World, roads: gpd.GeoDataFrame, scale: int, seed: int
) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """Make the layer and its events.

    Returns
    -------
    tuple
        The layer with full English column names and codes, and the events by ``key``.
    """
    parcels, events = life_of_parcels(scale, seed)
    draw = Draw(seed, "illegal attributes")
    n = len(parcels)
    area = parcels["illegal_area_m2"].to_numpy(float)
    large = draw.yes(n, np.clip((np.log(area) - 5.6) / 2.2, 0.04, 0.96))
    project = _projects(parcels, draw)
    use, form, structure = _use_and_form(draw, large)
    floors = np.where(large, draw.pick(n, (0.74, 0.19, 0.07)), draw.pick(n, (0.55, 0.3, 0.15))) + 1
    floors = np.maximum(np.where(area < 40, 1, floors), np.clip(area // 12_000 + 1, 1, 4))
    foot = area / floors
    done = parcels["done_date"].to_numpy("datetime64[D]")
    found = parcels["found_date"].to_numpy("datetime64[D]")
    anchors = settle(world, seed, large, project, scale, done >= np.datetime64("2022-01-01"))
    # A million parcels do not fit without touching; there roads and rounds would only take time.
    shapes = footprints(
        world, seed, foot, anchors, roads if scale <= 3 else None, 60 if scale <= 3 else 3
    )
    supervised, level, orders = _supervision(draw, parcels, scale)
    fresh = either(~np.isnat(done), draw.of(n, _SHARES["stock_type_new"]), "new")
    stock = either(parcels["new"], fresh, "stock")
    town = anchors[1]
    zones = world.streets["parent_code"].to_numpy(str)[town]
    # Numbers run by district in the order of finding, as a register grows.
    order = np.lexsort([np.arange(n), found, zones])
    serial = np.empty(n, np.int64)
    first = np.r_[True, zones[order][1:] != zones[order][:-1]]
    starts = np.maximum.accumulate(np.where(first, np.arange(n), 0))
    serial[order] = np.arange(n) - starts + 1
    width = 5 if scale == 1 else 7
    ids = np.char.add(np.char.add(zones, "W"), np.char.zfill(serial.astype(str), width))
    safety = parcels["safety_related"].to_numpy(bool)
    status = parcels["status"].to_numpy(object)
    relapsed = status == "80"
    filed = parcels["filed_date"].to_numpy("datetime64[D]")
    year = filed.astype("datetime64[Y]").astype(str)
    case = either(np.isnat(filed), None, np.char.add(np.char.add(year, "-"), serial.astype(str)))
    interim = either(
        safety & ~np.isin(status, ["10", "20"]) & draw.yes(n, 0.7),
        either(large | (use == "commercial"), "shut_down", "vacated"),
        None,
    )
    finished = ~np.isnat(done) & ~relapsed & (parcels["disposal_method"] == "demolish").to_numpy()
    # Land lies idle for a year or so; each year drones find more.
    with np.errstate(invalid="ignore"):
        cleared = np.maximum((np.datetime64(DATA_DATE) - done).astype(float), 0.0)
        drones = 0.12 + 0.1 * np.maximum(found.astype("datetime64[Y]").astype(int) - 49, 0)
    post = either(
        draw.yes(n, 0.15 + 0.7 * np.exp(-cleared / 300)), "idle", draw.of(n, _SHARES["post_use"])
    )
    found_by = either(draw.yes(n, drones), "uav", draw.of(n, _SHARES["found_by"]))
    names = np.array([f"ZD{i + 1:02d}" for i in range(project.max() + 1)], object)
    table = frame(
        {
            "parcel_id": ids.astype(object),
            "party_type": either(
                large,
                draw.of(n, _SHARES["party_large"]),
                draw.of(n, _SHARES["party_small"]),
            ),
            "stock_type": stock,
            "safety_related": safety,
            "hazard_kind": _hazards(draw, safety, large),
            "list_type": _lists(draw, parcels, level, project),
            "use_type": use,
            "build_form": form,
            "structure": structure,
            "floors": floors,
            "illegal_area_m2": area,
            "footprint_m2": np.round(foot, 1),
            "found_date": found,
            "found_by": found_by,
            "case_no": case,
            "filed_date": filed,
            "disposal_method": parcels["disposal_method"].to_numpy(object),
            "status": status,
            "interim_measure": interim,
            "supervision_level": level,
            "supervised_date": supervised,
            "demolished_area_m2": parcels["demolished_area_m2"].to_numpy(float),
            "remediated_area_m2": parcels["remediated_area_m2"].to_numpy(float),
            "deadline": parcels["deadline_date"].to_numpy("datetime64[D]"),
            "planned_date": parcels["planned_date"].to_numpy("datetime64[D]"),
            "completed_date": done,
            "closed_date": parcels["closed_date"].to_numpy("datetime64[D]"),
            "post_use": either(finished, post, None),
            "project_id": either(project >= 0, names[project], None),
            "rebuilt": relapsed,
            "rebuilt_count": np.where(relapsed, 1 + draw.yes(n, 0.15), 0).astype(np.int64),
        },
        shapes,
    )
    return in_order_of_ids(table, pd.concat([events, orders], ignore_index=True), ids)
