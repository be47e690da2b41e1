"""Geometry that cannot be measured as it is, and places that are not where they should be."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely

from geo_citymgmt import from_wgs84
from tests.dirty.case import Case
from tests.dirty.makers import (
    X,
    Y,
    degrees,
    feature,
    frame,
    geojson,
    holes,
    line,
    moved,
    records,
    renamed,
    shapefile,
    spots,
    square,
    squares,
)  # fmt: skip

HERE = [(p.x, p.y) for p in spots()]
TWO = squares("320508", "320506").assign(name_zh=["姑苏区", "吴中区"])


def parcels(*shapes, **columns):
    """Illegal construction with these footprints."""
    n = len(shapes)
    named = {"违建编号": [f"W{i + 1}" for i in range(n)], "违法建设面积": [100.0] * n, **columns}
    return lambda _: records(shapes, **named)


def _loop() -> shapely.Polygon:
    xy = shapely.get_coordinates(square())
    return shapely.Polygon(
        np.vstack([xy[:1], [[X + 20, Y + 12], [X + 20.3, Y + 8], [X + 19.7, Y + 8.5]], xy[1:]])
    )


BOW = shapely.Polygon([(X, Y), (X + 20, Y + 20), (X + 20, Y), (X, Y + 20)])
PARCEL = {"layer": "illegal_construction"}

GEOMETRY = [
    Case("no geometry, and a district", frame([*spots(3), None], 所属区县=["320508"] * 4),
         "GEOM_NULL UNLOCATED", values={"district_code": [None] * 3 + ["320508"]}),
    Case("no geometry and no district", frame([*spots(3), None]), "GEOM_NULL UNLOCATED",
         (0, 4, 0)),
    Case("empty geometry", frame([*spots(3), shapely.Point()]), "GEOM_EMPTY UNLOCATED",
         (0, 4, 0)),
    Case("a coordinate that is no number", frame([*spots(3), shapely.Point(X, np.inf)]),
         "COORD_NONFINITE UNLOCATED", (0, 4, 0)),
    Case("a line among the points", frame([*spots(3), line(50)]), "GEOM_TYPE", (0, 3, 1)),
    Case("points written as multi-points",
         frame([shapely.MultiPoint([p]) for p in spots()]), places=HERE),
    Case("several points in one record",
         frame([*spots(3), shapely.MultiPoint(spots(2))]), "GEOM_TYPE", (0, 3, 1)),
    Case("heights and measures", frame([shapely.Point(p.x, p.y, 3.2) for p in spots()]),
         "GEOM_FLATTENED", places=HERE),
    Case("two buildings in one record",
         parcels(shapely.MultiPolygon([square(), square(x=X + 50)])), "GEOM_MULTIPART",
         (0, 1, 0), **PARCEL),
    Case("repeated vertices",
         parcels(shapely.Polygon([(X, Y), (X, Y), (X + 9, Y), (X + 9, Y + 9), (X + 9, Y + 9)])),
         "GEOM_VERTICES", (0, 1, 0), **PARCEL),
    Case("a small loop on an edge", parcels(_loop()), "GEOM_REPAIRED", (0, 1, 0), **PARCEL),
    Case("a figure of eight", parcels(BOW, square()), "GEOM_UNREPAIRABLE", (0, 1, 1),
         {"parcel_id": ["W2"]}, **PARCEL),
    Case("a sliver", parcels(shapely.box(X, Y, X + 50, Y + 0.02)), "GEOM_SLIVER", (0, 1, 0),
         **PARCEL),
    Case("one footprint drawn twice", parcels(square(), shapely.reverse(square())),
         "GEOM_DUPLICATE", (0, 2, 0), **PARCEL),
    Case("a tunnel drawn as a strip",
         lambda _: records([shapely.box(X, Y, X + 1000, Y + 4)], 管廊编号=["A"], 长度=[1.0]),
         "GEOM_REDUCED", (0, 1, 0), {"length_km": [1.0]}, layer="utility_tunnels",
         not_codes="RELATION_BROKEN"),
]  # fmt: skip


def _turned(xy: np.ndarray) -> np.ndarray:
    return xy[:, ::-1]


def _shifted(datum: str):
    at = degrees(holes(), "EPSG:4326")
    lon, lat = from_wgs84((at.geometry.x.to_numpy(), at.geometry.y.to_numpy()), datum)
    return at.set_geometry(gpd.points_from_xy(lon, lat, crs=4326))


SWAPPED = moved(degrees(holes()), _turned)
PREFIXED = moved(holes(), lambda xy: xy + np.array([4e7, 0.0]))


def _one(at: int, xy: list[float]):
    """Four records in degrees, one of them at other numbers."""
    table = degrees(holes())
    shapes = table.geometry.to_numpy().copy()
    shapes[at] = shapely.Point(xy)
    return table.set_geometry(gpd.GeoSeries(shapes, crs=table.crs))


BARE = renamed(holes(), "EPSG:4528")

NUMBERS = [
    Case("longitude and latitude exchanged", lambda _: SWAPPED, "COORD_SWAPPED",
         refused=('repair = ["swapped"]', 'repair = ["swapped"]')),
    Case("longitude and latitude exchanged, mended", lambda _: SWAPPED, "COORD_SWAPPED",
         options={"repair": ["swapped"]}, places=HERE),
    Case("one record of four exchanged",
         frame([*spots(3), shapely.Point(Y, X)]), "COORD_SWAPPED", (0, 3, 1), places=HERE[:3]),
    Case("zone before x, CRS without", lambda _: PREFIXED, "CRS_ZONE_PREFIX",
         refused=('repair = ["zone_prefix"]', 'repair = ["zone_prefix"]')),
    Case("zone before x, CRS without, mended", lambda _: PREFIXED, "CRS_ZONE_PREFIX",
         options={"repair": ["zone_prefix"]}, places=HERE),
    Case("no zone before x, CRS with", lambda _: BARE, "CRS_ZONE_PREFIX",
         refused=('repair = ["zone_prefix"]', 'repair = ["zone_prefix"]')),
    Case("no zone before x, CRS with, mended", lambda _: BARE, "CRS_ZONE_PREFIX",
         options={"repair": ["zone_prefix"]}, places=HERE),
    Case("another zone than the CRS says",
         lambda _: renamed(holes(), "EPSG:4548"), "CRS_WRONG", options={"zones": TWO},
         refused=("核对坐标系", "check")),
    Case("degrees under a CRS in metres", lambda _: renamed(degrees(holes()), "EPSG:4549"),
         "CRS_WRONG", refused=("核对坐标系", "check the CRS")),
    Case("metres under a CRS in degrees", lambda _: renamed(holes(), "EPSG:4490"), "CRS_WRONG",
         refused=("核对坐标系", "check the CRS")),
    Case("no .prj", shapefile(holes(), prj=False), "CRS_MISSING", refused=("crs=", "crs=")),
    Case("no .prj, CRS given", shapefile(holes(), prj=False), options={"crs": "EPSG:4549"},
         places=HERE),
    Case("no .prj, CRS to be inferred", shapefile(holes(), prj=False), "CRS_INFERRED",
         options={"crs": "infer", "zones": TWO}, places=HERE),
    Case("Beijing 1954", lambda _: renamed(holes(), "EPSG:2437"), "CRS_BALLPARK",
         refused=("转换", "convert")),
    Case("Xian 1980", lambda _: renamed(holes(), "EPSG:2385"), "CRS_BALLPARK",
         refused=("转换", "convert")),
    Case("Beijing 1954 with a pipeline",
         lambda _: renamed(holes(), "EPSG:2437"), "CRS_PIPELINE",
         options={"pipeline": "+proj=affine +xoff=12.5 +yoff=-7.25", "metric_crs": "EPSG:4549"},
         places=[(x + 12.5, y - 7.25) for x, y in HERE]),
    Case("WGS 84 taken as CGCS2000", lambda _: degrees(holes(), "EPSG:4326"), "CRS_ASSUMED",
         places=HERE),
    Case("GCJ-02", lambda _: _shifted("gcj02"), "DATUM_CONVERTED", options={"datum": "gcj02"},
         places=HERE),
    Case("BD-09", lambda _: _shifted("bd09"), "DATUM_CONVERTED", options={"datum": "bd09"},
         places=HERE),
    Case("a datum that nobody knows", frame(), options={"datum": "mars"},
         refused=("gcj02", "gcj02")),
    Case("GeoJSON without order of axes",
         geojson([feature({"type": "Point", "coordinates": [31.299, 120.585]}, 窨井编号="A")]),
         "COORD_SWAPPED", refused=('repair = ["swapped"]', 'repair = ["swapped"]')),
    Case("one record of four exchanged, in degrees",
         lambda _: _one(3, [31.299, 120.585]), "COORD_SWAPPED", (0, 3, 1), places=HERE[:3]),
    Case("one record in metres among degrees", lambda _: _one(3, [X, Y]), "COORD_RANGE",
         (0, 4, 0), places=HERE[:3], options={"zones": TWO}),
    Case("one record at 0, 0", frame([*spots(3), shapely.Point(0, 0)]), "COORD_PLACEHOLDER",
         (0, 4, 0), places=HERE[:3], options={"zones": TWO}),
]  # fmt: skip

ZONES = {"zones": TWO}
DISTRICTS = [
    Case("a point on the line between two districts", frame([shapely.Point(X, Y)]), "",
         (0, 1, 0), {"district_code": ["320506"]}, options=ZONES),
    Case("a footprint across the line", parcels(shapely.box(X - 5, Y, X + 15, Y + 10)),
         "STRADDLES", (0, 1, 0), {"district_code": ["320506"]}, options=ZONES, **PARCEL),
    Case("reported in another district than it lies in",
         frame([shapely.Point(X + 50, Y)], 所属区县=["姑苏区"]), "ZONE_DISAGREES", (0, 1, 0),
         {"district_code": ["320506"], "district_reported": ["320508"]}, options=ZONES),
    Case("reported in a district that is none", frame(所属区县=["高教区"] * 4), "ZONE_UNKNOWN",
         values={"district_code": ["320506"] * 4}, options=ZONES),
    Case("a little outside the city", frame([*spots(3), shapely.Point(X, Y + 9_000)]),
         "OUT_OF_CITY", values={"district_code": ["320506"] * 3 + [None]}, options=ZONES),
    Case("far outside the city", frame([*spots(3), shapely.Point(X, Y + 200_000)]),
         "OUT_OF_CITY", (0, 3, 1), options=ZONES),
    Case("district by its code with six zeros",
         frame([None], 行政区划代码=["320508000000"]), "UNLOCATED", (0, 1, 0),
         {"district_code": ["320508"]}, options=ZONES),
]  # fmt: skip

POSITIONS = [*GEOMETRY, *NUMBERS, *DISTRICTS]
