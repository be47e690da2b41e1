"""Manholes along the roads, and this year's programme of repairs."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from generator.days import DATA_DATE, MONTHS_H1, MONTHS_H2, NAT, after, before, days_in
from generator.draw import Draw, either
from generator.records import SHARES, events_of, in_order_of_ids, zone_ids
from generator.world import World, frame
from geo_citymgmt.spec import load_specs

__all__ = ["MANHOLES", "build_manholes"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Days = NDArray[np.datetime64]
Objects = NDArray[np.object_]

#: Records of the sample: the inventory, this year's programme, and what of it was accepted in the
#: half-year (invented), with the new technology among each.
MANHOLES = {
    "inventory": 12_000, "programme": 3_000, "accepted": 1_180, "new_tech": 960,
    "new_tech_accepted": 390, "rectified": 120, "relapsed": 14,
}  # fmt: skip
#: The programmes of earlier years (invented): how many, how many of them failed within that
#: year or the next, and the share of new technology.
EARLIER = {2020: (880, 9, 0.12), 2021: (1_860, 0, 0.23)}
_SHARES = SHARES["manholes"]
#: A cover of a kind that the national list does not have.
_NO_PART = "0199"


def _places(world: World, roads: gpd.GeoDataFrame, draw: Draw, n: int) -> dict[str, Any]:
    """Put manholes along roads, more where people are and where a road is bad."""
    lines = roads.geometry.to_numpy()
    length = shapely.length(lines)
    middle = shapely.get_coordinates(shapely.line_interpolate_point(lines, 0.5, normalized=True))
    dense = np.minimum(world.density(*middle.T), 14_000.0)
    kind = (
        roads["road_class"]
        .map({"expressway": 0.1, "arterial": 0.9, "secondary": 1.0, "branch": 0.75})
        .to_numpy(float)
    )
    worn = np.exp(draw.normal(len(roads), 0.0, 0.9))
    road = draw.pick(n, length * kind * dense**0.75)
    # Covers stand at the spacing of wells, not anywhere on a road.
    along = np.round(draw.uniform(n) * length[road] / 15.0) * 15.0
    along = np.clip(along + draw.normal(n, 0.0, 1.5), 1.0, np.maximum(length[road] - 1.0, 1.0))
    point = shapely.get_coordinates(shapely.line_interpolate_point(lines[road], along))
    ahead = shapely.get_coordinates(
        shapely.line_interpolate_point(lines[road], np.minimum(along + 2.0, length[road]))
    )
    run = ahead - point
    norm = np.hypot(*run.T)
    run = np.where(norm[:, None] > 0.01, run / np.maximum(norm, 0.01)[:, None], [1.0, 0.0])
    site = draw.of(n, _SHARES["site_type"])
    small = (roads["road_class"] == "branch").to_numpy()[road]
    site = either(small & draw.yes(n, 0.3), "lane", site)
    off = (
        pd.Series(site)
        .map({"carriageway": 3.5, "nonmotor": 8.0, "footway": 11.5, "green": 14.0, "lane": 2.0})
        .to_numpy(float)
    )
    off = off * np.where(draw.yes(n, 0.5), 1.0, -1.0) + draw.normal(n, 0.0, 0.6)
    xy = point + np.column_stack([-run[:, 1], run[:, 0]]) * off[:, None]
    return {
        "xy": xy,
        "site": site,
        "worn": worn[road],
        "road_name": roads["name"].to_numpy(object)[road],
        "road_class": roads["road_class"].to_numpy(object)[road],
    }


def _programme(
    draw: Draw, places: dict[str, Any], scale: int
) -> tuple[dict[str, Any], pd.DataFrame]:
    """Give each manhole its fate; returns the columns and the events."""
    n = len(places["site"])
    size = {key: value * scale for key, value in MANHOLES.items()}
    status = np.full(n, "00", object)
    year = np.zeros(n, np.int64)
    dates: dict[str, Days] = {k: np.full(n, NAT) for k in ("found", "done", "closed", "planned")}
    events = []
    # Repairs are ordered road by road, so bad roads hold most of the programme.
    street_side = np.isin(places["site"], ["carriageway", "nonmotor"])
    weight = places["worn"].astype(float) ** 1.6 * np.where(street_side, 1.0, 0.15)
    weight = weight * np.where(places["road_class"] == "branch", 0.5, 1.0)
    ours = draw.some(n, size["programme"], weight)
    year[ours] = 2022
    first = ours[draw.some(len(ours), size["accepted"])]
    rest = np.setdiff1d(ours, first)

    def verified(rows: Ints, accepted: Days) -> None:
        dates["done"][rows] = before(draw, accepted, 2, 25)
        dates["found"][rows] = before(draw, dates["done"][rows], 12, 260)
        closed = after(draw, accepted, 3, 45)
        closed[(closed > np.datetime64(DATA_DATE)) | ~draw.yes(len(rows), 0.8)] = NAT
        dates["closed"][rows] = closed
        status[rows] = np.where(np.isnat(closed), "60", "70")
        events.append(events_of(rows, "accept", accepted))

    # Acceptance follows the works: what was repaired before the year is not of the year.
    verified(first, days_in(draw, len(first), "2022-01-24", "2022-06-30", MONTHS_H1))
    dates["planned"][rest] = days_in(draw, len(rest), "2022-07-04", "2022-12-23", MONTHS_H2)
    dates["found"][rest] = days_in(draw, len(rest), "2021-06-01", "2022-06-10")
    status[rest] = draw.of(len(rest), _SHARES["status_to_do"])
    rectified = rest[draw.some(len(rest), size["rectified"])]
    dates["done"][rectified] = days_in(draw, len(rectified), "2022-06-13", "2022-06-30")
    dates["planned"][rectified] = days_in(draw, len(rectified), "2022-07-04", "2022-07-29")
    status[rectified] = "51"
    left = np.setdiff1d(rest, rectified)
    again = left[draw.some(len(left), size["relapsed"])]
    taken = days_in(draw, len(again), "2022-02-14", "2022-04-20")
    dates["done"][again] = before(draw, taken, 2, 12)
    dates["found"][again] = before(draw, dates["done"][again], 30, 120)
    events.append(events_of(again, "accept", taken))
    events.append(events_of(again, "relapse", after(draw, taken, 30, 65)))
    status[again] = "80"
    # Earlier programmes, each verified within its year.
    free = np.setdiff1d(np.arange(n), ours)
    for of, (count, failed, _) in EARLIER.items():
        old = free[draw.some(len(free), count * scale, weight[free])]
        year[old] = of
        accepted = days_in(draw, len(old), f"{of}-02-24", f"{of}-12-18")
        verified(old, accepted)
        bad = draw.some(len(old), failed * scale)
        events.append(events_of(old[bad], "relapse", after(draw, accepted[bad], 60, 330)))
        dates["closed"][old[bad]], status[old[bad]] = NAT, "80"
        free = np.setdiff1d(free, old)
    others = free[draw.some(len(free), 640 * scale, weight[free])]
    cut = np.array([300, 420, 540]) * scale
    new, suspect, aside, dismissed = np.split(others[draw.order(len(others))], cut)
    dates["found"][new] = days_in(draw, len(new), "2022-04-01", "2022-06-29")
    status[new], status[suspect] = "20", "10"
    dates["found"][aside] = days_in(draw, len(aside), "2020-09-01", "2022-03-31")
    events.append(events_of(aside, "suspend", after(draw, dates["found"][aside], 10, 60)))
    status[aside], status[dismissed] = "95", "90"
    tech = _new_technology(draw, year, first, size)
    columns = {"status": status, "year": year, "tech": tech, "aside": aside, **dates}
    return columns, pd.concat(events, ignore_index=True)


def _new_technology(draw: Draw, year: Ints, first: Ints, size: dict[str, int]) -> Objects:
    tech = np.full(len(year), "none", object)
    ours = np.flatnonzero(year == 2022)
    share = np.select([year == of for of in EARLIER], [part for *_, part in EARLIER.values()], 0.05)
    some = np.setdiff1d(np.flatnonzero(draw.yes(len(year), share)), ours)
    rest = np.setdiff1d(ours, first)
    for rows, count in (
        (first, size["new_tech_accepted"]),
        (rest, size["new_tech"] - size["new_tech_accepted"]),
    ):
        some = np.concatenate([some, rows[draw.some(len(rows), count)]])
    tech[some] = draw.of(len(some), _SHARES["new_tech"])
    return tech


def build_manholes(
    world: World, roads: gpd.GeoDataFrame, scale: int, seed: int
) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """Make the layer and its events."""
    draw = Draw(seed, "manholes")
    n = MANHOLES["inventory"] * scale
    places = _places(world, roads, draw, n)
    programme, events = _programme(draw, places, scale)
    status = programme["status"]
    kind = draw.of(n, _SHARES["cover_kind"])
    kind[programme["aside"]] = np.where(
        draw.yes(len(programme["aside"]), 0.7), "unknown", kind[programme["aside"]]
    )
    sick = ~np.isin(status, ["00", "90", "10"])
    first, second = draw.of(n, _SHARES["defects"]), draw.of(n, _SHARES["defects"])
    # Only the kinds with short names come in pairs, which keeps the column narrow.
    brief = [np.isin(one, ["noise", "sunken", "loose", "broken"]) for one in (first, second)]
    two = draw.yes(n, 0.5) & (first != second) & brief[0] & brief[1]
    defects = either(two, first + ";" + second, first)
    defects = either(sick, defects, None)
    lacking = np.array(["no_anti_fall" in (d or "") for d in defects])
    fall = draw.of(n, _SHARES["anti_fall"])
    deep = np.isin(kind, ["sewage", "rain"])
    fall = either(deep & (fall == "none") & draw.yes(n, 0.55), "net", fall)
    fall = either(np.isin(status, ["60", "70"]), either(fall == "none", "net", fall), fall)
    fall = either(lacking & ~np.isin(status, ["51", "60", "70"]), "none", fall)
    on_road = places["site"] == "carriageway"
    load = either(on_road, "D400", either(places["site"] == "lane", "C250", "B125"))
    load = either(on_road & draw.yes(n, 0.06), "C250", load)
    material = either(draw.yes(n, 0.72), "ductile", draw.of(n, _SHARES["material_not_ductile"]))
    town = world.owners(*places["xy"].T)
    zones = world.streets["parent_code"].to_numpy(str)[np.maximum(town, 0)]
    order = np.lexsort([places["road_name"].astype(str), zones])
    codes = load_specs()["manholes"].fields["cover_kind"].codes
    part = np.array([codes[k].part or _NO_PART for k in kind])
    ids = zone_ids(zones, part, order, 0, 6)
    table = frame(
        {
            "manhole_id": ids.astype(object),
            "cover_kind": kind,
            "material": material,
            "load_class": load.astype(object),
            "site_type": places["site"],
            "road_name": places["road_name"],
            "road_class": places["road_class"],
            "defects": defects,
            "found_date": programme["found"],
            "status": status,
            "programme_year": programme["year"],
            "new_tech": programme["tech"],
            "anti_fall": fall,
            "completed_date": programme["done"],
            "closed_date": programme["closed"],
            "planned_date": programme["planned"],
        },
        shapely.points(places["xy"]),
    )
    table["programme_year"] = pd.array(
        np.where(programme["year"] == 0, -1, programme["year"]), "Int64"
    )
    table.loc[programme["year"] == 0, "programme_year"] = pd.NA
    return in_order_of_ids(table, events, ids)
