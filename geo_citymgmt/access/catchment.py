"""Who can reach how much of a supply that others want too: the two-step floating catchment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo_citymgmt._gate import METRES, Features, Gate
from geo_citymgmt.access.near import pairs_within
from geo_citymgmt.errors import CityDataError
from geo_citymgmt.words import Text

__all__ = ["two_step_access"]

#: How the weight of a pair falls with its distance or cost.
Decay: TypeAlias = str | Mapping[float, float] | Callable[[np.ndarray], np.ndarray] | None


def two_step_access(
    demand: gpd.GeoDataFrame | pd.DataFrame,
    supply: gpd.GeoDataFrame | pd.DataFrame,
    *,
    radius_m: float | None = None,
    demand_weight: str | None = None,
    supply_weight: str | None = None,
    decay: Decay = None,
    costs: pd.DataFrame | None = None,
    max_cost: float | None = None,
) -> pd.Series:
    """Tell how much supply each place of demand can reach, shared with all who reach it too.

    Two-step floating catchment (2SFCA): each supply is divided by the demand within reach of it,
    and each place of demand adds up what the supplies within its reach have for it.

    Parameters
    ----------
    demand, supply : GeoDataFrame
        Places in one metric CRS; of lines and polygons the centroid counts. With ``costs`` any
        frames whose index it names.
    radius_m : float
        Reach in metres in a straight line.
    demand_weight, supply_weight : str, optional
        Columns with people and with spaces or bikes; each row counts one without. Missing counts
        as none.
    decay : None, "gaussian", dict or callable
        Weight of a pair by its distance d. None: one within reach (2SFCA). "gaussian": from one at
        hand to zero at the edge of reach, (exp(-(d/r)**2/2) - exp(-1/2)) / (1 - exp(-1/2)). A
        dict: the weight up to each distance, as {500: 1.0, 1000: 0.68} (E2SFCA). A callable: an
        array of distances to an array of weights. Nothing beyond reach counts in any case.
    costs : DataFrame, optional
        Columns ``origin`` (label of demand), ``dest`` (label of supply), ``cost``, instead of
        straight lines: minutes on foot, metres by road.
    max_cost : float, optional
        Reach in the unit of ``costs``.

    Returns
    -------
    Series
        On the index of ``demand``: supply per unit of demand, zero where none is in reach,
        missing where the place is. Weighted by demand it adds up to the supply that anyone can
        reach; ``.attrs["unreached_supply"]`` is the rest.

    Warns
    -----
    ScaleWarning
        Distances in the CRS are more than 0.1 % wrong over the data; beyond 1 % a CRSError.

    Raises
    ------
    CRSError
        The CRS differ, or distances cannot be measured in theirs.
    CityDataError
        There is no such column, it holds negative numbers, or reach makes no sense.

    See Also
    --------
    supply_ratio, coverage, gini

    Notes
    -----
    A_i = sum_j w_ij S_j / (sum_k w_kj D_k). Luo and Wang (2003) for the two steps, Luo and Qi
    (2009) for weights by band, Dai (2010) for the Gaussian. Memory grows with the pairs in reach,
    some 40 bytes each.

    Examples
    --------
    >>> homes = gpd.GeoDataFrame({"people": [300, 100]}, crs="EPSG:4549",
    ...     geometry=gpd.points_from_xy([550_000, 550_800], [3_460_000] * 2))
    >>> lots = gpd.GeoDataFrame({"spaces": [40, 10]}, crs="EPSG:4549",
    ...     geometry=gpd.points_from_xy([550_400, 551_000], [3_460_000] * 2))
    >>> two_step_access(homes, lots, radius_m=500, demand_weight="people",
    ...                 supply_weight="spaces").tolist()
    [0.1, 0.2]
    """
    gate = Gate("two_step_access")
    if costs is None:
        reach = gate.positive(radius_m, "radius_m", METRES)
        homes = gate.features(demand, "demand", measures=("length",))
        places = gate.features(supply, "supply", like=homes)
        one, other, far, placed = _pairs_in_plane(homes, places, reach)
    else:
        reach = gate.positive(max_cost, "max_cost")
        for name, frame in (("demand", demand), ("supply", supply), ("costs", costs)):
            gate.table(frame, name)
        one, other, far, placed = _pairs_of_table(gate, demand, supply, costs, reach)
    people = _weights(gate, demand, demand_weight, "demand_weight")
    offer = _weights(gate, supply, supply_weight, "supply_weight")
    weight = _decayed(gate, far, reach, decay)
    claim = np.bincount(other, weights=weight * people[one], minlength=len(offer))
    reached = claim > 0
    share = np.where(reached, offer / np.where(reached, claim, 1.0), 0.0)
    access = np.bincount(one, weights=weight * share[other], minlength=len(people))
    access = np.where(placed, access, np.nan)
    out = pd.Series(access, index=demand.index, name="access")
    out.attrs = {"unreached_supply": float(offer[~reached].sum())}
    return out


def _pairs_in_plane(
    demand: Features, supply: Features, reach: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    here, there = _centres(demand), _centres(supply)
    placed, offered = (np.flatnonzero(~np.isnan(xy[:, 0])) for xy in (here, there))
    one, other, far = pairs_within(here[placed], there[offered], reach)
    located = np.zeros(len(here), dtype=bool)
    located[placed] = True
    return placed[one], offered[other], far, located


def _centres(features: Features) -> np.ndarray:
    if features.shapes.xy is not None:
        return features.shapes.xy
    centre = shapely.centroid(features.geometry)
    return np.column_stack([shapely.get_x(centre), shapely.get_y(centre)])


def _pairs_of_table(
    gate: Gate, demand: pd.DataFrame, supply: pd.DataFrame, costs: pd.DataFrame, reach: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    lacking = [name for name in ("origin", "dest", "cost") if name not in costs.columns]
    if lacking or not (demand.index.is_unique and supply.index.is_unique):
        raise CityDataError(
            Text(
                f"two_step_access：成本表应含 origin、dest、cost 三列（缺 {lacking}），"
                "需求与供给的索引不得重复。",
                "two_step_access: costs needs columns origin, dest and cost (lacking: "
                f"{lacking}), and "
                "demand and supply an index without repeats.",
            ),
        )
    far = gate.numbers(costs, "cost", "costs", least=0)
    near = far <= reach
    one = demand.index.get_indexer(costs["origin"][near])
    other = supply.index.get_indexer(costs["dest"][near])
    strange = int(((one < 0) | (other < 0)).sum())
    if strange:
        raise CityDataError(
            Text(
                f"two_step_access：成本表有 {strange} 行的起点或终点不在需求或供给之中。",
                f"two_step_access: {strange} rows of costs name an origin or dest that demand "
                "or supply"
                " does not have.",
            ),
        )
    pair = one * len(supply) + other
    # A table in order, as most are, shows at a glance that no pair is there twice.
    if not (np.diff(pair) > 0).all() and pd.Index(pair).has_duplicates:
        raise CityDataError(
            Text(
                "two_step_access：成本表中同一起讫点有多行，请只保留最小者。",
                "two_step_access: costs has several rows for one origin and dest; keep the least.",
            ),
        )
    return one, other, far[near], np.ones(len(demand), dtype=bool)


def _decayed(gate: Gate, far: np.ndarray, reach: float, decay: Decay) -> np.ndarray:
    if decay is None:
        return np.ones(len(far))
    if callable(decay):
        weight = np.asarray(decay(far), dtype="float64")
    elif isinstance(decay, Mapping):
        edges = {gate.number(k, "decay", least=0): v for k, v in decay.items()}
        edge = np.array(sorted(edges))
        step = np.array([gate.number(edges[e], "decay") for e in edge] + [0.0])
        weight = step[np.searchsorted(edge, far, side="left")]
    elif isinstance(decay, str) and decay == "gaussian":
        edge_weight = np.exp(-0.5)
        weight = (np.exp(-0.5 * (far / reach) ** 2) - edge_weight) / (1.0 - edge_weight)
    else:
        raise CityDataError(
            Text(
                f"two_step_access：不支持的衰减方式 {decay!r}。",
                f"two_step_access: decay is {decay!r}; it may be None, 'gaussian', a dict of "
                "distance "
                "and weight, or a function.",
            ),
        )
    if weight.shape != far.shape or not (np.isfinite(weight) & (weight >= 0)).all():
        raise CityDataError(
            Text(
                "two_step_access：衰减函数应对每个距离给出一个非负权重。",
                "two_step_access: decay must give one weight, not negative, for each distance.",
            ),
        )
    return weight


def _weights(gate: Gate, frame: pd.DataFrame, name: str | None, argument: str) -> np.ndarray:
    if name is None:
        return np.ones(len(frame))
    return np.nan_to_num(gate.numbers(frame, name, argument, least=0), nan=0.0)
