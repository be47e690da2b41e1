"""Road network: expressways between towns, main roads, and a grid round each centre."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from generator.draw import Draw
from generator.names import ROAD_SUFFIX, place_name
from generator.world import World, frame

__all__ = ["build_roads", "smooth"]

Floats = NDArray[np.float64]
#: Expressways as lists of the streets they pass, most of them a little outside the centre.
EXPRESSWAYS = (
    "320507100 320505400 320508017 320508023 320576054 320576052 320583100 320583400 320583104",
    "320509105 320509104 320509003 320509001 320506001 320508021 320507001 320507105 320581004"
    " 320581002 320581003 320581102",
    "320582001 320582100 320582101 320581003 320581104 320581106 320585101 320585102",
    "320509107 320509108 320509104 320509110 320583401",
    "320506110 320506003 320506009 320506004 320506100 320583106 320583108",
    "320585104 320585101 320585105 320583102 320583100 320583106 320583401",
    "320505407 320505002 320508020 320576050 320576051 320576053 320583100",
    "320582106 320582101 320582105 320581004 320581105 320583101",
)


def smooth(points: Floats, rounds: int = 3) -> Floats:
    """Cut the corners of a line, keeping its ends."""
    for _ in range(rounds):
        near = 0.75 * points[:-1] + 0.25 * points[1:]
        far = 0.25 * points[:-1] + 0.75 * points[1:]
        cut = np.empty((2 * len(near), 2))
        cut[0::2], cut[1::2] = near, far
        points = np.vstack([points[:1], cut, points[-1:]])
    return points


def _warp(xy: Floats) -> Floats:
    # Bends of a few kilometres, the same for all roads at a place, so that grids stay grids.
    x, y = xy[:, 0] / 1000.0, xy[:, 1] / 1000.0
    dx = 70.0 * np.sin(y / 0.55 + np.cos(x / 1.7)) + 45.0 * np.sin((x - y) / 0.9)
    dy = 70.0 * np.sin(x / 0.6 + np.sin(y / 1.5)) + 45.0 * np.cos((x + y) / 1.1)
    return xy + np.column_stack([dx, dy])


def _expressways(world: World) -> list[Floats]:
    row = {code: i for i, code in enumerate(world.streets["street_code"])}
    lines = []
    for number, text in enumerate(EXPRESSWAYS):
        points = world.centres[[row[code] for code in text.split()]]
        ahead = np.gradient(points, axis=0)
        ahead /= np.hypot(*ahead.T)[:, None]
        side = np.column_stack([-ahead[:, 1], ahead[:, 0]]) * (900.0 if number % 2 else -900.0)
        lines.append(smooth(points + side, 4))
    middle = world.centres[[row["320508019"], row["320508018"], row["320508024"]]].mean(axis=0)
    turn = np.linspace(0.0, 2 * np.pi, 73)
    for across, along in ((4300.0, 5200.0), (10800.0, 11500.0)):
        bend = 1 + 0.05 * np.sin(3 * turn + across) + 0.03 * np.cos(5 * turn)
        lines.append(
            middle + np.column_stack([across * np.cos(turn), along * np.sin(turn)]) * bend[:, None]
        )
    return lines


def _main_roads(world: World, draw: Draw) -> list[Floats]:
    points = world.centres
    pairs = np.column_stack(np.triu_indices(len(points), 1))
    start, end = points[pairs[:, 0]], points[pairs[:, 1]]
    middle, half = (start + end) / 2, np.hypot(*(end - start).T) / 2
    # Towns are joined where no third town lies between them.
    near = np.hypot(points[None, :, 0] - middle[:, :1], points[None, :, 1] - middle[:, 1:])
    keep = ((near < half[:, None] * 0.98).sum(axis=1) == 0) & (half < 9000.0)
    lines = []
    for a, b in zip(start[keep], end[keep], strict=True):
        steps = max(3, int(np.hypot(*(b - a)) / 1500.0))
        along = np.linspace(0.0, 1.0, steps)[:, None]
        line = a + (b - a) * along
        off = np.hypot(*(b - a)) * 0.035
        line[1:-1] += np.column_stack(
            [draw.normal(steps - 2, 0, off), draw.normal(steps - 2, 0, off)]
        )
        lines.append(smooth(line, 2))
    return lines


def _grid(world: World, street: int, gap: float, reach: float, draw: Draw) -> list[Floats]:
    centre, turn = world.centres[street], world.bearing[street]
    spin = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    count = max(1, int(reach / gap))
    lines = []
    for axis in (0, 1):
        for k in range(-count, count + 1):
            shift = k * gap + draw.uniform(1, -0.22, 0.22)[0] * gap
            if abs(shift) >= reach:
                continue
            # Each road ends where it will, farther out near the middle of town.
            arm = np.sqrt(reach**2 - shift**2) * draw.uniform(2, 0.45, 1.1)
            steps = max(3, int(arm.sum() / 350.0))
            run = np.linspace(-arm[0], arm[1], steps)
            local = np.column_stack([run, np.full(steps, shift)])
            local = local if axis == 0 else local[:, ::-1]
            lines.append(_warp(local @ spin + centre))
    return lines


def _clip(lines: list[Floats], area: shapely.Geometry, least: float) -> NDArray[np.object_]:
    shapes = shapely.intersection(np.array([shapely.LineString(x) for x in lines]), area)
    parts = shapely.get_parts(shapes)
    parts = parts[shapely.get_type_id(parts) == 1]
    return np.asarray(parts[shapely.length(parts) > least])


def build_roads(world: World) -> gpd.GeoDataFrame:
    """Draw the roads of the city.

    Returns
    -------
    geopandas.GeoDataFrame
        Columns ``road_id``, ``name``, ``road_class`` and line geometry inside the city.
    """
    draw = Draw(world.seed, "roads")
    city = shapely.buffer(shapely.union_all(world.districts.geometry.to_numpy()), -30.0)
    parts: list[tuple[str, NDArray[np.object_]]] = [
        ("expressway", _clip(_expressways(world), city, 800.0)),
        ("arterial", _clip(_main_roads(world, draw), world.land, 400.0)),
    ]
    for kind, gap, share in (("secondary", 620.0, 1.25), ("branch", 235.0, 0.6)):
        drawn = [
            _clip(
                _grid(world, i, gap * (0.85 + 0.3 * (i * 7 % 10) / 10), reach * share, draw),
                world.street_land[i],
                150.0 if kind == "branch" else 300.0,
            )
            for i, reach in enumerate(world.radius)
        ]
        parts.append((kind, np.concatenate(drawn)))
    shapes = np.concatenate([shape for _, shape in parts])
    kinds = np.concatenate([np.full(len(shape), kind, object) for kind, shape in parts])
    number = np.arange(len(shapes))
    suffix = np.array([ROAD_SUFFIX[kind] for kind in kinds])
    # Main roads are few and keep a stem of their own; later ones add a direction as real ones do.
    around = np.array(["", "东", "西", "南", "北", "中"])[(number // 1000) % 6]
    name = np.char.add(np.char.add(place_name(number), around), suffix)
    lane = (kinds == "branch") & (number % 3 == 0)
    name = np.where(lane, np.char.replace(name.astype(str), "街", "巷"), name)
    shapes = shapely.simplify(shapes, 6.0)
    return frame(
        {
            "road_id": np.char.add("RD", np.char.zfill((number + 1).astype(str), 5)).astype(object),
            "name": name.astype(object),
            "road_class": kinds,
        },
        shapes,
    )
