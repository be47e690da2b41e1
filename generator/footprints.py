"""Where parcels lie and what shape they have."""

from __future__ import annotations

from itertools import product

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from generator.draw import Draw
from generator.world import World

__all__ = ["footprints", "places_near_towns", "settle"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


def places_near_towns(
    world: World, draw: Draw, size: int, weight: Floats, low: float, high: float
) -> tuple[Floats, Ints]:
    """Draw points on land between ``low`` and ``high`` town radii from a centre.

    Returns
    -------
    tuple of numpy.ndarray
        Coordinates, and the town (street) each was drawn for.
    """
    xy, town = np.zeros((size, 2)), draw.pick(size, weight)
    todo = np.arange(size)
    turn = 0
    while len(todo):
        # A town keeps its share though much of its circle is water or a neighbour's; only where
        # the ring misses it altogether does another take its place.
        turn += 1
        if turn % 25 == 0:
            town[todo] = draw.pick(len(todo), weight)
        pick = town[todo]
        angle = draw.uniform(len(todo), 0, 2 * np.pi)
        far = (low + (high - low) * draw.uniform(len(todo)) ** 0.8) * world.radius[pick]
        point = world.centres[pick] + np.column_stack([far * np.cos(angle), far * np.sin(angle)])
        good = shapely.contains_xy(world.street_land[pick], point)
        xy[todo[good]] = point[good]
        todo = todo[~good]
    return xy, town


def _clusters(world: World, draw: Draw, count: int) -> tuple[Floats, Ints, Bools]:
    """Places where illegal building gathers: villages in the city, factory fringes, farmland."""
    people = world.streets["population"].to_numpy(float)
    works, farms = int(count * 0.36), int(count * 0.2)
    villages_xy, villages = places_near_towns(
        world, draw, count - works - farms, people**0.8, 0.1, 1.1
    )
    farms_xy, far = places_near_towns(world, draw, farms, people**0.4, 1.0, 3.2)
    works_xy, fringe = places_near_towns(world, draw, works, people**0.6, 0.9, 2.0)
    xy = np.vstack([villages_xy, farms_xy, works_xy])
    return xy, np.concatenate([villages, far, fringe]), np.arange(count) >= count - works


def settle(
    world: World, seed: int, large: Bools, project: Ints, scale: int, ours: Bools
) -> tuple[Floats, Ints, Floats, Floats]:
    """Give each parcel an anchor.

    Parameters
    ----------
    world : World
        The city.
    seed : int
        Seed of the city.
    large : numpy.ndarray of bool
        Parcels that belong on the industrial fringe.
    project : numpy.ndarray of int
        Number of the key project, -1 for none; parcels of one project lie together.
    scale : int
        How many times the records.
    ours : numpy.ndarray of bool
        Parcels dealt with this half-year: some districts are ahead of others.

    Returns
    -------
    tuple of numpy.ndarray
        Anchors, their towns, the spread around each anchor, and the town's bearing.
    """
    draw = Draw(seed, "parcel places")
    centres, towns, fringe = _clusters(world, draw, 1500 * scale)
    size = np.exp(draw.normal(len(centres), 0.0, 1.0))
    zone = world.streets["parent_code"].to_numpy(str)[towns]
    codes, which = np.unique(zone, return_inverse=True)
    pace = np.exp(draw.normal(len(codes), 0.0, 0.28))[which]
    n = len(large)
    chosen = np.zeros(n, np.int64)
    for flag, now in product((False, True), repeat=2):
        rows = np.flatnonzero((large == flag) & (ours == now))
        weight = np.where(fringe == flag, size, 0.12 * size) * (pace if now else 1.0)
        chosen[rows] = draw.pick(len(rows), weight)
    sites = project.max(initial=-1) + 1
    if sites > 0:
        # Key projects are spread over the city, not drawn to the largest clusters.
        order = draw.order(len(centres))
        # One in each district, the rest anywhere.
        first = np.unique(zone[order], return_index=True)[1]
        rest = np.delete(order, first)
        sites_at = np.concatenate([order[first], rest])[: int(sites)]
        sites_at = sites_at[draw.order(len(sites_at))]
        rows = np.flatnonzero(project >= 0)
        chosen[rows] = sites_at[project[rows]]
    spread = np.where(fringe[chosen], 280.0, 170.0) * draw.uniform(n, 0.6, 2.0)
    spread[project >= 0] = 70.0
    return centres[chosen], towns[chosen], spread, world.bearing[towns[chosen]]


def _outline(middle: Floats, turn: Floats, area: Floats, ratio: Floats, notch: Bools) -> Floats:
    """Corners of rectangles, or of Ls, of exactly ``area`` round ``middle``: (n, 6, 2)."""
    # An L is a rectangle of 4/3 the area less a quarter of itself.
    full = np.where(notch, area * 4.0 / 3.0, area)
    long = np.sqrt(full * ratio)
    short = full / long
    x = np.array([-0.5, 0.5, 0.5, 0.0, 0.0, -0.5])
    y = np.array([-0.5, -0.5, 0.0, 0.0, 0.5, 0.5])
    box_x = np.array([-0.5, 0.5, 0.5, 0.5, -0.5, -0.5])
    box_y = np.array([-0.5, -0.5, 0.0, 0.5, 0.5, 0.0])
    u = np.where(notch[:, None], x, box_x) * long[:, None]
    v = np.where(notch[:, None], y, box_y) * short[:, None]
    cos, sin = np.cos(turn)[:, None], np.sin(turn)[:, None]
    return np.stack([middle[:, :1] + u * cos - v * sin, middle[:, 1:] + u * sin + v * cos], axis=2)


def _polygons(corners: Floats, notch: Bools) -> NDArray[np.object_]:
    shapes = np.empty(len(corners), object)
    if notch.any():
        shapes[notch] = shapely.polygons(corners[notch])
    if (~notch).any():
        shapes[~notch] = shapely.polygons(corners[~notch][:, [0, 1, 3, 4]])
    return shapes


def footprints(
    world: World,
    seed: int,
    area: Floats,
    anchors: tuple[Floats, Ints, Floats, Floats],
    roads: gpd.GeoDataFrame | None,
    rounds: int = 60,
) -> NDArray[np.object_]:
    """Draw a footprint for each parcel, off the roads and off the others.

    Parcels that overlap are moved, farther each time, until none does or ``rounds`` are over.
    """
    draw = Draw(seed, "footprints")
    middle, town, spread, bearing = anchors
    n = len(area)
    ratio = np.exp(np.abs(draw.normal(n, 0.25, 0.35))).clip(1.0, 3.5)
    notch = draw.yes(n, 0.28) & (area > 60)
    turn = bearing + np.where(draw.yes(n, 0.5), 0.0, np.pi / 2) + draw.normal(n, 0.0, 0.07)
    place = np.zeros((n, 2))
    shapes = np.empty(n, object)
    lines = None
    if roads is not None:
        lines = shapely.STRtree(roads.geometry.to_numpy())
    todo = np.arange(n)
    for step in range(rounds):
        reach = spread[todo] * (1.0 + 0.22 * step) + 0.35 * np.sqrt(area[todo])
        place[todo] = middle[todo] + np.column_stack(
            [draw.normal(len(todo)) * reach, draw.normal(len(todo)) * reach]
        )
        shapes[todo] = _polygons(
            _outline(place[todo], turn[todo], area[todo], ratio[todo], notch[todo]), notch[todo]
        )
        bad = ~shapely.contains(world.street_land[town[todo]], shapes[todo])
        again = todo[bad]
        if lines is not None:
            hit, _ = lines.query(shapes[todo], predicate="intersects")
            again = np.union1d(again, todo[np.unique(hit)])
        # Larger parcels stay; of two that touch the smaller one moves.
        left, right = shapely.STRtree(shapes).query(shapes[todo], predicate="intersects")
        left = todo[left]
        other = left != right
        left, right = left[other], right[other]
        smaller = (area[left] < area[right]) | ((area[left] == area[right]) & (left > right))
        loser = np.where(smaller, left, right)
        todo = np.union1d(again, loser)
        if not len(todo):
            break
    else:
        # What is left lies partly on water or roads; a parcel may, but never outside its town.
        bad = ~shapely.contains(world.street_land[town[todo]], shapes[todo])
        shapes[todo[bad]] = _polygons(
            _outline(
                middle[todo[bad]],
                turn[todo[bad]],
                area[todo[bad]],
                ratio[todo[bad]],
                notch[todo[bad]],
            ),
            notch[todo[bad]],
        )
    return shapes
