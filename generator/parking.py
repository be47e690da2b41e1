"""Parking lots: the stock, what this half-year added, what is planned."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from generator.days import DAY, MONTHS_H1, MONTHS_H2, NAT, after, between, days_in
from generator.draw import Draw, either, share_out
from generator.footprints import places_near_towns
from generator.names import place_name
from generator.records import SHARES, events_of, in_order_of_ids, zone_ids
from generator.world import World, frame

__all__ = ["PARKING", "build_parking_points"]

Ints = NDArray[np.int64]
Objects = NDArray[np.object_]

#: Published: spaces, shared, dynamic, and the two targets. Invented: public, and the parts that
#: came by new lots and by events on older ones.
PARKING = {
    "spaces_h1": 8_600, "shared_h1": 4_490, "dynamic": 460_000, "public_year": 15_000,
    "shared_year": 5_000, "public_h1": 6_310, "by_events": 1_700, "public_by_events": 1_160,
    "share_events": 940,
}  # fmt: skip
COUNTS = {"old": 2380, "new": 66, "to_open": 84, "later": 26, "suspended": 30, "sharing": 74}
_SHARES = SHARES["parking"]
AREA_ZH = {
    "commercial": "商业广场", "old_estate": "小区", "hospital": "医院", "school": "学校",
    "transit": "换乘", "scenic": "景区", "other": "",
}  # fmt: skip
_MEAN_SPACES = {
    "attached": 330, "public_offstreet": 210, "on_street": 62, "dedicated": 150, "temporary": 90,
    "under_bridge": 80,
}  # fmt: skip


def _places(
    world: World, transit: gpd.GeoDataFrame, draw: Draw, n: int
) -> tuple[NDArray[np.float64], Objects]:
    """Put lots where cars go: centres, estates, and stations."""
    area = draw.of(n, _SHARES["key_area"])
    people = world.streets["population"].to_numpy(float)
    xy, _ = places_near_towns(world, draw, n, people, 0.0, 1.15)
    near, _ = places_near_towns(world, draw, n, people**1.15, 0.0, 0.4)
    xy = np.where((area == "commercial")[:, None], near, xy)
    rail = transit[transit["mode"] == "rail"].geometry
    stations = shapely.get_coordinates(rail.to_numpy())[draw.whole(n, 0, len(rail))]
    angle, far = draw.uniform(n, 0, 2 * np.pi), draw.uniform(n, 60, 280)
    around = stations + np.column_stack([far * np.cos(angle), far * np.sin(angle)])
    dry = shapely.contains_xy(world.land, around)
    area = either((area == "transit") & ~dry, "other", area)
    return np.where((area == "transit")[:, None], around, xy), area


def _dynamic(draw: Draw, total: Ints, able: Ints, target: int) -> Ints:
    """Choose lots whose spaces add up to ``target`` to the unit, changing the last one's size."""
    order = able[draw.order(len(able))]
    running = np.cumsum(total[order])
    cut = int(np.searchsorted(running, target))
    if cut >= len(order):
        raise ValueError("the stock of spaces is too small for the published figure")
    chosen = order[: cut + 1]
    # The surplus is taken off the largest of them, which are of the old stock.
    surplus = int(running[cut] - target)
    big = chosen[np.argsort(-total[chosen], kind="stable")][:200]
    total[big] -= share_out(total[big].astype(float), surplus)
    return np.sort(chosen)


def build_parking_points(
    world: World, transit: gpd.GeoDataFrame, scale: int, seed: int
) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """Make the layer and its events."""
    draw = Draw(seed, "parking")
    fig = {key: value * scale for key, value in PARKING.items()}
    many = {key: value * scale for key, value in COUNTS.items()}
    fates = np.repeat(
        ["old", "new", "to_open", "later", "suspended"],
        [many[k] for k in ("old", "new", "to_open", "later", "suspended")],
    )
    n = len(fates)
    old, new, coming, later = (
        np.flatnonzero(fates == k) for k in ("old", "new", "to_open", "later")
    )
    xy, area = _places(world, transit, draw, n)
    kind = draw.of(n, _SHARES["lot_kind"])
    fresh = np.concatenate([new, coming, later])
    kind[fresh] = draw.of(len(fresh), _SHARES["lot_kind_new"])
    mean = pd.Series(kind).map(_MEAN_SPACES)
    size = np.exp(draw.normal(n, -0.2, 0.62)) * mean.to_numpy(float)
    size = size * np.where(area == "commercial", 1.5, 1.0)
    total = np.maximum(np.round(size).astype(np.int64), 8)
    public = np.where(
        np.isin(kind, ["public_offstreet", "on_street", "temporary", "under_bridge"]), total, 0
    )
    shared = np.zeros(n, np.int64)
    # Spaces of the half-year: lots that opened, and additions to older ones.
    total[new] = share_out(size[new], fig["spaces_h1"] - fig["by_events"], least=12)
    open_share = np.isin(kind[new], ["attached", "dedicated"])
    left = fig["public_h1"] - fig["public_by_events"]
    public[new] = np.where(open_share, 0, total[new])
    gap = left - int(public[new].sum())
    some = np.flatnonzero(open_share) if gap > 0 else np.flatnonzero(~open_share)
    change = share_out(total[new][some].astype(float), abs(gap))
    public[new[some]] += np.sign(gap) * change
    total[coming] = share_out(
        size[coming], int((fig["public_year"] - fig["public_h1"]) * 1.17), least=20
    )
    public[coming] = share_out(total[coming].astype(float), fig["public_year"] - fig["public_h1"])
    some = coming[draw.some(len(coming), 30 * scale, total[coming])]
    shared[some] = share_out(total[some].astype(float), fig["shared_year"] - fig["shared_h1"])
    public[later] = np.round(total[later] * 0.8).astype(np.int64)
    # Additions to older lots, a part of them public.
    grown = old[draw.some(len(old), 46 * scale, np.where(kind[old] == "on_street", 0.3, 1.0))]
    half = len(grown) // 2
    to_public, to_own = grown[:half], grown[half:]
    more = np.zeros(n, np.int64)
    more[to_public] = share_out(draw.uniform(half, 1, 3), fig["public_by_events"], least=6)
    more[to_own] = share_out(
        draw.uniform(len(to_own), 1, 3), fig["by_events"] - fig["public_by_events"], least=5
    )
    total[grown] += 60 + more[grown]
    public[to_public] = np.minimum(public[to_public] + more[to_public], total[to_public])
    public[to_public] = np.maximum(public[to_public], more[to_public])
    # Dynamic data: the published stock, most of it connected in earlier years.
    able = np.setdiff1d(np.concatenate([old, new]), grown[total[grown] < 100])
    fixed = np.concatenate([grown, new])
    keep = total[fixed].copy()
    wired = _dynamic(draw, total, np.setdiff1d(able, fixed), fig["dynamic"])
    total[fixed] = keep
    public = np.minimum(public, total)
    # Shared: lots that began this half-year, more spaces on those that had, and the stock.
    private = old[np.isin(kind[old], ["attached", "dedicated"])]
    began = private[draw.some(len(private), many["sharing"], np.sqrt(total[private]))]
    shared[began] = _within(total[began], fig["shared_h1"] - fig["share_events"], draw)
    private = np.setdiff1d(private, began)
    had = private[draw.some(len(private), 190 * scale)]
    shared[had] = np.maximum((total[had] * draw.uniform(len(had), 0.08, 0.35)).astype(int), 3)
    richer = had[draw.some(len(had), 28 * scale, total[had])]
    extra = np.zeros(n, np.int64)
    extra[richer] = _within(total[richer] - shared[richer], fig["share_events"], draw)
    shared[richer] += extra[richer]
    return _as_layer(
        world,
        draw,
        seed,
        {
            "xy": xy,
            "area": area,
            "kind": kind,
            "fates": fates,
            "total": total,
            "public": public,
            "shared": shared,
            "more": more,
            "extra": extra,
            "wired": wired,
            "began": began,
            "had": had,
            "richer": richer,
            "to_public": to_public,
            "to_own": to_own,
        },
    )


def _within(limit: Ints, total: int, draw: Draw) -> Ints:
    """Share out ``total`` with no part above its limit."""
    part = share_out(np.sqrt(limit) * draw.uniform(len(limit), 0.6, 1.4), total)
    while (part > limit).any():
        over = int((part - np.minimum(part, limit)).sum())
        part = np.minimum(part, limit)
        room = limit - part
        part = part + np.minimum(share_out(np.maximum(room, 1e-9), over), room)
        short = total - int(part.sum())
        if short:
            part[np.argmax(limit - part)] += short
    return part


def _as_layer(
    world: World, draw: Draw, seed: int, lots: dict[str, Any]
) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    fates, n = lots["fates"], len(lots["fates"])
    opened, since, planned = (np.full(n, NAT) for _ in range(3))
    stock = np.isin(fates, ["old", "suspended"])
    # Most spaces are of the years when the estates were built; of late as few as this year's.
    opened[stock] = days_in(draw, int(stock.sum()), "2006-03-01", "2018-12-28")
    recent = stock & draw.yes(n, 0.095)
    opened[recent] = days_in(draw, int(recent.sum()), "2019-01-07", "2021-12-17")
    new = fates == "new"
    opened[new] = days_in(draw, int(new.sum()), "2022-01-10", "2022-06-30", MONTHS_H1)
    coming, later = fates == "to_open", fates == "later"
    planned[coming] = days_in(draw, int(coming.sum()), "2022-07-11", "2022-12-28", MONTHS_H2)
    planned[later] = days_in(draw, int(later.sum()), "2023-02-06", "2023-11-30")
    status = np.select(
        [coming, later, fates == "suspended"],
        [np.where(draw.yes(n, 0.7), "under_construction", "planned"), "planned", "suspended"],
        "open",
    ).astype(object)
    began, had, richer = lots["began"], lots["had"], lots["richer"]
    since[began] = days_in(draw, len(began), "2022-01-10", "2022-06-30", MONTHS_H1)
    since[had] = np.maximum(
        days_in(draw, len(had), "2019-05-06", "2021-12-20"), after(draw, opened[had], 5, 30)
    )
    wired = lots["wired"]
    # Most were connected in earlier years, one in nine in this half-year.
    linked = np.maximum(
        days_in(draw, len(wired), "2018-06-01", "2021-12-28"), after(draw, opened[wired], 5, 25)
    )
    late = draw.yes(len(wired), 0.11)
    linked[late] = days_in(draw, int(late.sum()), "2022-01-10", "2022-06-30", MONTHS_H1)
    town = world.owners(*lots["xy"].T)
    zones = world.streets["parent_code"].to_numpy(str)[np.maximum(town, 0)]
    order = np.lexsort([np.arange(n), zones])
    ids = zone_ids(zones, "P", order, 1, 5)
    if len(np.unique(ids)) != n:
        raise ValueError("lot ids repeat")
    places = np.char.add(
        place_name(np.arange(n) * 13 + seed + 5), np.array([AREA_ZH[a] for a in lots["area"]])
    )
    names = np.char.add(places, np.where(lots["kind"] == "on_street", "路内泊位", "停车场"))
    form = draw.of(n, _SHARES["build_form"])
    flat = np.isin(lots["kind"], ["on_street", "temporary", "under_bridge"])
    dynamic = np.zeros(n, bool)
    dynamic[wired] = True
    total = lots["total"]
    table = frame(
        {
            "lot_id": ids.astype(object),
            "name": names.astype(object),
            "lot_kind": lots["kind"],
            "build_form": either(flat, "surface", form),
            "spaces_total": total,
            "spaces_public": lots["public"],
            "spaces_shared": lots["shared"],
            "spaces_charging": np.round(total * draw.uniform(n, 0.0, 0.16)).astype(np.int64),
            "dynamic_connected": dynamic,
            "opened_date": opened,
            "shared_since": since,
            "planned_date": planned,
            "share_hours": either((lots["shared"] > 0) & ~coming, "18:00-08:00", None),
            "key_area": lots["area"],
            "operator": draw.of(n, _SHARES["operator"]),
            "status": status,
        },
        shapely.points(lots["xy"]),
    )

    def this_half_year(rows: Ints) -> NDArray[np.datetime64]:
        return days_in(draw, len(rows), "2022-01-10", "2022-06-30", MONTHS_H1)

    public, private = lots["to_public"], lots["to_own"]
    events = [
        events_of(rows, event, this_half_year(rows), lots[amount][rows], note)
        for rows, event, amount, note in (
            (public, "add_public_spaces", "more", "扩建"),
            (private, "add_spaces", "more", "改造"),
            (richer, "share", "extra", "错时共享"),
        )
    ]
    # What was added to private lots in earlier years.
    grown = np.setdiff1d(
        np.flatnonzero(
            (fates == "old") & (opened < np.datetime64("2021-09-01")) & (lots["kind"] == "attached")
        ),
        np.r_[public, private],
    )
    grown = grown[draw.some(len(grown), 110 * len(grown) // 1000)]
    begin = np.maximum(opened[grown] + 60 * DAY, np.datetime64("2019-03-01"))
    day = between(draw, begin, np.full(len(grown), "2021-12-17", "datetime64[D]"))
    more = np.floor(total[grown] * draw.uniform(len(grown), 0.05, 0.25)) + 1.0
    events.append(events_of(grown, "add_spaces", day, more, "改造"))
    events.append(events_of(wired, "connect", linked, total[wired]))
    stopped = np.flatnonzero(fates == "suspended")
    halt = np.maximum(
        days_in(draw, len(stopped), "2021-06-01", "2022-06-20"),
        after(draw, opened[stopped], 30, 90),
    )
    events.append(events_of(stopped, "suspend", halt, note="改造停用"))
    return in_order_of_ids(table, pd.concat(events, ignore_index=True), ids)
