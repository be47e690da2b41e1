"""Who owns each point, against spatial joins, which do less."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

import geo_citymgmt as gcm
from benchmarks.harness import CRS, Bench, points


def run(bench: Bench) -> None:
    """Districts and streets of the sample, plain cells; peers; lines and polygons; growth."""
    city = gcm.sample_city()
    n = bench.size(1_000_000)
    zones = {
        "districts": city.zones,
        "streets": city.zones_at("street"),
        "plain cells": _cells(city.zones, 100),
        "plain cells ": _cells(city.zones, 2000),
    }
    for what, some in zones.items():
        _against_sjoin(bench, f"{n:,} points,", what.strip(), some, points(n, some))
    frame = points(n, city.zones)
    inside = frame[gcm.assign_zones(frame, city.zones).notna()]
    _against_sjoin(bench, f"{len(inside):,} points, all inside,", "districts", city.zones, inside)
    half = _partly(inside, frame, city.zones, 0.44, n)
    _against_sjoin(bench, f"{n:,} points, 44 % inside,", "districts", city.zones, half)
    for peer in (_sedona, _duckdb):
        _against_database(bench, frame, city.zones, peer)
    _owners_of_footprints(bench, bench.size(100_000), city.zones)
    for what, some in (("districts", city.zones), ("plain cells", zones["plain cells "])):
        bench.growth(
            f"assign_zones, points into {len(some):,} {what}",
            partial(_prepared, city.zones, some),
            bench.size(250_000),
        )


def _prepared(city: gpd.GeoDataFrame, zones: gpd.GeoDataFrame, n: int) -> Callable[[], pd.Series]:
    frame = points(n, city)
    return lambda: gcm.assign_zones(frame, zones)


def _cells(zones: gpd.GeoDataFrame, n: int) -> gpd.GeoDataFrame:
    """Voronoi cells of random points over the city: zones of a few straight edges each."""
    rng = np.random.default_rng(1)
    west, south, east, north = zones.total_bounds
    area = shapely.box(west, south, east, north)
    seeds = shapely.multipoints(
        np.column_stack([rng.uniform(west, east, n), rng.uniform(south, north, n)])
    )
    cells = shapely.get_parts(shapely.voronoi_polygons(seeds, extend_to=area))
    frame = gpd.GeoDataFrame(
        {"zone_code": [f"{k:05d}" for k in range(n)]},
        geometry=shapely.intersection(cells, area),
        crs=CRS,
    )
    return frame.set_index("zone_code")


def _same(owner: pd.Series, label: pd.Series) -> str:
    """Hold owners against the joined labels of points that lie within one zone."""
    once = label[~label.index.duplicated(keep=False)]
    assert (owner.loc[once.index] == once.astype("str")).all()
    # What no join found is outside, or on a boundary, which is within no zone.
    assert owner.notna().sum() - label.index.nunique() <= 1e-5 * len(owner)
    return f"equal for all {len(once):,} points within one zone"


def _partly(
    inside: gpd.GeoDataFrame, around: gpd.GeoDataFrame, zones: gpd.GeoDataFrame, part: float, n: int
) -> gpd.GeoDataFrame:
    """``n`` points of which ``part`` lie inside the zones, the rest in their bounding box."""
    outside = around[gcm.assign_zones(around, zones).isna()]
    rng = np.random.default_rng(2)
    many = round(part * n)
    some = np.append(
        inside.geometry.get_coordinates().to_numpy()[rng.integers(0, len(inside), many)],
        outside.geometry.get_coordinates().to_numpy()[rng.integers(0, len(outside), n - many)],
        axis=0,
    )
    # Made anew, so that they lie in memory in their order, as points read from a file do.
    x, y = some[rng.permutation(n)].T
    return gpd.GeoDataFrame(geometry=gpd.points_from_xy(x, y), crs=zones.crs)


def _against_sjoin(
    bench: Bench, many: str, what: str, zones: gpd.GeoDataFrame, frame: gpd.GeoDataFrame
) -> None:
    column = zones.index.name or "index_right"
    bench.compare(
        f"assign_zones, {many} {len(zones):,} {what}",
        lambda: gcm.assign_zones(frame, zones),
        "geopandas.sjoin within",
        lambda: frame.sjoin(zones[["geometry"]], predicate="within"),
        lambda owner, joined: _same(owner, joined[column]),
    )


def _against_database(
    bench: Bench,
    frame: gpd.GeoDataFrame,
    zones: gpd.GeoDataFrame,
    peer: Callable[[gpd.GeoDataFrame, gpd.GeoDataFrame], tuple[str, Callable[[], Any]]],
) -> None:
    name = f"assign_zones, {len(frame):,} points, {len(zones):,} districts"
    try:
        title, query = peer(frame, zones)
    except Exception as error:
        reason = str(error).splitlines()[0].split(" at URL")[0]
        bench.skip(name, peer.__name__.strip("_"), f"not run: {reason}")
        return
    bench.compare(
        name,
        lambda: gcm.assign_zones(frame, zones),
        title,
        query,
        lambda owner, joined: _same(owner, joined.set_index("id")["code"]),
    )


_JOIN = """
    SELECT p.id AS id, z.code AS code
    FROM points p JOIN zones z ON ST_Within(p.geometry, z.geometry)
"""


def _sedona(
    frame: gpd.GeoDataFrame, zones: gpd.GeoDataFrame
) -> tuple[str, Callable[[], pd.DataFrame]]:
    """Join in SedonaDB; bringing the points into its own memory is not timed."""
    database = import_module("sedonadb").connect()
    import_module("geoarrow.pyarrow")
    tables = {
        "points": frame.assign(id=np.arange(len(frame))),
        "zones": zones[["geometry"]].assign(code=zones.index.astype("str")),
    }
    for name, table in tables.items():
        database.create_data_frame(table.reset_index(drop=True)).to_memtable().to_view(
            name, overwrite=True
        )
    return "SedonaDB ST_Within", lambda: database.sql(_JOIN).to_pandas()


def _duckdb(
    frame: gpd.GeoDataFrame, zones: gpd.GeoDataFrame
) -> tuple[str, Callable[[], pd.DataFrame]]:
    """Join in DuckDB, its spatial extension from a wheel of its own; loading is not timed."""
    import_module("duckdb_extensions").import_extension("spatial")
    database = import_module("duckdb").connect()
    database.load_extension("spatial")
    for name, table in (
        ("points", frame.assign(id=np.arange(len(frame)))),
        ("zones", zones[["geometry"]].assign(code=zones.index.astype("str"))),
    ):
        flat = pd.DataFrame(table.drop(columns="geometry")).assign(wkb=table.geometry.to_wkb())
        database.register("flat", flat)
        database.execute(
            f"CREATE TABLE {name} AS "
            "SELECT * EXCLUDE wkb, ST_GeomFromWKB(wkb) AS geometry FROM flat"
        )
    return "DuckDB spatial ST_Within", lambda: database.sql(_JOIN).df()


def _owners_of_footprints(bench: Bench, n: int, zones: gpd.GeoDataFrame) -> None:
    """Largest share of each footprint, against an overlay and a sort by area."""
    spots = points(n, zones).geometry
    frame = gpd.GeoDataFrame(geometry=spots.buffer(40, quad_segs=2).to_numpy(), crs=CRS)
    coded = zones[["geometry"]].assign(code=zones.index.astype("str"))

    def overlay() -> pd.Series:
        pieces = frame.assign(id=frame.index).overlay(coded, keep_geom_type=True)
        pieces["area"] = pieces.area
        pieces = pieces.sort_values(["id", "area", "code"], ascending=[True, False, True])
        return pieces.drop_duplicates("id").set_index("id")["code"]

    def same(owner: pd.Series, code: pd.Series) -> str:
        assert (owner.loc[code.index] == code).mean() > 0.99999
        assert owner.notna().sum() == len(code)
        return f"equal for {(owner.loc[code.index] == code).sum():,} of {len(code):,}"

    bench.compare(
        f"assign_zones, {n:,} footprints, {len(zones):,} districts",
        lambda: gcm.assign_zones(frame, zones),
        "geopandas.overlay, largest",
        overlay,
        same,
    )
