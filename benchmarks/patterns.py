"""Hot spots against esda, the two-step catchment against access."""

from __future__ import annotations

import warnings
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

import geo_citymgmt as gcm
from benchmarks.harness import Bench, points

_DRAWS = 9_999
_REACH_M = 1_500.0


def run(bench: Bench) -> None:
    """Gi* with permutations on a grid, access from a table of distances and from places."""
    zones = gcm.sample_city().zones
    _hot_spots(bench, zones)
    _two_step(bench, zones)


def _hot_spots(bench: Bench, zones: gpd.GeoDataFrame) -> None:
    frame = points(bench.size(200_000), zones)
    cell_m = 2_000.0 if bench.quick else 500.0
    cells = gcm.hot_spots(frame, cell_m=cell_m, zones=zones, permutations=None)
    queen = _queen(cells)

    def ours() -> gpd.GeoDataFrame:
        return gcm.hot_spots(frame, cell_m=cell_m, zones=zones, permutations=_DRAWS)

    def theirs() -> Any:
        from esda import G_Local

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return G_Local(
                cells["value"].to_numpy(), queen, transform="B", star=True,
                permutations=_DRAWS, n_jobs=1, seed=0, keep_simulations=False,
            )  # fmt: skip

    def equal(table: gpd.GeoDataFrame, peer: Any) -> str:
        np.testing.assert_allclose(table["z"], peer.Zs, rtol=1e-9, atol=1e-12)
        return f"statistic equal to 1e-9; {_numba()}; ours makes the grid as well"

    bench.compare(
        f"hot spots, {len(cells):,} cells, {_DRAWS:,} permutations",
        ours,
        "esda.G_Local, weights made before",
        theirs,
        equal,
    )

    def of(n: int) -> Any:
        some = frame.iloc[: len(frame) // 4]
        side = float(np.sqrt(np.prod(np.diff(zones.total_bounds.reshape(2, 2), axis=0)) / n))
        return lambda: gcm.hot_spots(some, cell_m=side)

    bench.growth("hot spots, n cells, 9,999 permutations", of, bench.size(10_000))


def _two_step(bench: Bench, zones: gpd.GeoDataFrame) -> None:
    homes = points(bench.size(100_000), zones, seed=1)
    homes["people"] = np.random.default_rng(1).integers(1, 900, len(homes)).astype(float)
    lots = points(bench.size(10_000), zones, seed=2)
    lots["spaces"] = np.random.default_rng(2).integers(1, 500, len(lots)).astype(float)

    def table() -> pd.DataFrame:
        at, near = lots.sindex.query(homes.geometry, predicate="dwithin", distance=_REACH_M)
        far = homes.geometry.iloc[at].distance(lots.geometry.iloc[near], align=False)
        return pd.DataFrame({"origin": at, "dest": near, "cost": far.to_numpy()})

    costs = table()
    terms = {"demand_weight": "people", "supply_weight": "spaces"}

    def peer(costs: pd.DataFrame) -> pd.Series:
        from access.fca import two_stage_fca

        return two_stage_fca(
            homes[["people"]].rename_axis("geoid").reset_index(), lots[["spaces"]], costs,
            max_cost=_REACH_M, demand_name="people", supply_name="spaces",
        )  # fmt: skip

    def equal(ours: pd.Series, theirs: pd.Series) -> str:
        np.testing.assert_allclose(ours, theirs.reindex(ours.index).fillna(0.0), rtol=1e-9)
        return "equal to 1e-9"

    what = f"two-step access, {len(homes):,} x {len(lots):,}, {len(costs):,} pairs"
    bench.compare(
        f"{what}, from the table",
        lambda: gcm.two_step_access(homes, lots, costs=costs, max_cost=_REACH_M, **terms),
        "access two_stage_fca",
        lambda: peer(costs),
        equal,
    )
    bench.compare(
        f"{what}, distances included",
        lambda: gcm.two_step_access(homes, lots, radius_m=_REACH_M, **terms),
        "geopandas for the table, access",
        lambda: peer(table()),
        equal,
    )


def _queen(cells: gpd.GeoDataFrame) -> Any:
    from libpysal.weights import W

    # By row and column: from shapes it takes longer than the statistic.
    bounds = cells.bounds[["minx", "miny"]].to_numpy()
    at = np.round(bounds / (cells.bounds["maxx"] - cells.bounds["minx"]).iloc[0]).astype(int)
    place = {tuple(spot): i for i, spot in enumerate(at.tolist())}
    around = [(x, y) for x in (-1, 0, 1) for y in (-1, 0, 1) if (x, y) != (0, 0)]
    near = {
        i: [place[x + dx, y + dy] for dx, dy in around if (x + dx, y + dy) in place]
        for (x, y), i in place.items()
    }
    return W(near, silence_warnings=True)


def _numba() -> str:
    from importlib.util import find_spec

    return "esda with numba" if find_spec("numba") else "esda without numba"
