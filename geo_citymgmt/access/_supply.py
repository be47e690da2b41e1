"""Supply and access: how much there is for how many, who can reach it, how evenly it is spread."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo_citymgmt._gate import METRES, Features, Frame, Gate
from geo_citymgmt._languages import Messages
from geo_citymgmt.zones._ownership import Located
from geo_citymgmt.zones._summary import summary_of

_MESSAGES = Messages("geo_citymgmt.access")


def supply_ratio(
    features: Frame,
    zones: Frame,
    *,
    amount: str | None = None,
    per: str = "area_km2",
    scale: float = 1.0,
    demand: gpd.GeoDataFrame | None = None,
    margins: bool = False,
) -> pd.DataFrame:
    """Divide what a zone has by whom it is for: spaces per 1,000 residents, bays per km2.

    Parameters
    ----------
    features : GeoDataFrame
        Facilities in the CRS of ``zones``; each counts in the zone that owns it.
    zones : GeoDataFrame or GeoSeries
        Polygons indexed by code.
    amount : str, optional
        Column of ``features`` to sum, such as ``spaces_total``; the number of features without it.
    per : str
        ``area_km2``, or the column of people or vehicles: of ``demand`` where it is given, else of
        ``zones``.
    scale : float
        1000 for a figure per 1,000.
    demand : GeoDataFrame, optional
        Cells or points that carry ``per``, shared among zones by area.
    margins : bool
        Add rows ``outside``, ``unlocated`` and ``total``, marked in a column ``row_kind``.

    Returns
    -------
    DataFrame
        On the codes of ``zones``: ``numerator``, ``denominator``, ``ratio`` (scale x numerator /
        denominator; missing where the denominator is zero or unknown). In the row ``total`` the
        ratio refers to the zones alone, as in :func:`coverage`, and is missing while that of a
        zone is unknown.

    Raises
    ------
    CRSError
        The CRS differ, or areas cannot be measured in theirs.
    CityDataError
        There is no such column, or it holds negative numbers.

    See Also
    --------
    two_step_access, gini

    Examples
    --------
    >>> import shapely
    >>> zones = gpd.GeoDataFrame({"residents": [4000, 1000]}, index=["A", "B"], crs="EPSG:4549",
    ...     geometry=[shapely.box(550_000, 3_460_000, 551_000, 3_461_000),
    ...               shapely.box(551_000, 3_460_000, 552_000, 3_461_000)])
    >>> lots = gpd.GeoDataFrame({"spaces": [120, 80, 50]}, crs="EPSG:4549",
    ...     geometry=gpd.points_from_xy([550_100, 550_200, 551_500], [3_460_500] * 3))
    >>> supply_ratio(lots, zones, amount="spaces", per="residents", scale=1000)
               numerator  denominator  ratio
    zone_code
    A              200.0       4000.0   50.0
    B               50.0       1000.0   50.0
    """
    return ratio_table(features, zones, amount, per, scale, demand, margins)


# The arguments of the public function, and what has been located already.
def ratio_table(
    features: Frame,
    zones: Frame,
    amount: str | None,
    per: str,
    scale: float,
    demand: Frame | None,
    margins: bool,
    located: Located | None = None,
    demand_located: Located | None = None,
) -> pd.DataFrame:
    """Supply of the zones, with features and demand that are found in them already or not."""
    gate = Gate("supply_ratio")
    scale = gate.positive(scale, "scale")
    gate.choice(margins, "margins", (True, False))
    gate.name(per, "per")
    if amount is not None:
        gate.numbers(gate.frame(features, "features"), amount, "amount", least=0)
    numerator = {"numerator": (None, "count") if amount is None else (amount, "sum")}
    table = summary_of(
        gate, features, zones, None, "owner", margins, numerator, argument="features",
        located=located,
    )  # fmt: skip
    table["numerator"] = table["numerator"].astype("float64")
    codes = table.index[: len(zones)]
    if demand is not None:
        gate.numbers(gate.frame(demand, "demand"), per, "per", least=0)
        people = {"denominator": (per, "sum")}
        shared = summary_of(
            gate, demand, zones, None, "share", margins, people, argument="demand",
            located=demand_located,
        )  # fmt: skip
        table["denominator"] = shared["denominator"].astype("float64")
    else:
        if per == "area_km2" and not (isinstance(zones, gpd.GeoDataFrame) and per in zones):
            denominator = gate.zones(zones, measures=("area",)).area.to_numpy() / 1e6
        else:
            denominator = gate.numbers(zones, per, "per", least=0)
        table["denominator"] = np.nan
        table.loc[codes, "denominator"] = denominator
        if margins:
            table.loc["total", "denominator"] = denominator.sum()
    known = table["denominator"].where(table["denominator"] > 0)
    table["ratio"] = scale * table["numerator"] / known
    if margins:
        within = table.loc[codes, ["numerator", "denominator"]].sum(skipna=False)
        some = within["denominator"] > 0
        table.loc["total", "ratio"] = (
            scale * within["numerator"] / within["denominator"] if some else np.nan
        )
    return table


def pairs_within(
    first: np.ndarray, second: np.ndarray, distance: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return positions in both, and how far apart they are, of all pairs within ``distance``.

    Coordinates are finite; a pair exactly so far apart is within the distance.

    Cells of the second points are sorted by row, so that the three cells of a row around a point
    are one run. Quicker than a tree of geometries, which first has to make them.
    """
    if not len(first) or not len(second):
        none = np.empty(0, dtype="int64")
        return none, none, np.empty(0)
    # A hair wider than the distance, lest rounding put a pair two cells apart.
    side = distance * (1 + 1e-9) + 1e-6
    origin = second.min(axis=0)
    cell = np.floor((second - origin) / side).astype("int64") + 1
    width, height = (int(size) + 2 for size in cell.max(axis=0))
    key = cell[:, 1] * width + cell[:, 0]
    order = np.argsort(key, kind="stable")
    key = key[order]
    column_row = np.floor((first - origin) / side) + 1
    near = np.flatnonzero(((column_row >= 0) & (column_row < [width, height])).all(axis=1))
    at = column_row[near].astype("int64")
    pairs = []
    for step in (-1, 0, 1):
        row = (at[:, 1] + step) * width + at[:, 0]
        start = np.searchsorted(key, row - 1, side="left")
        n = np.searchsorted(key, row + 1, side="right") - start
        one = np.repeat(near, n)
        run = np.arange(len(one)) - np.repeat(np.cumsum(n) - n - start, n)
        other = order[run]
        way = first[one] - second[other]
        far = np.sqrt((way * way).sum(axis=1))
        within = far <= distance
        pairs.append((one[within], other[within], far[within]))
    one, other, far = (np.concatenate(part) for part in zip(*pairs, strict=True))
    return one, other, far


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
        origins = gate.features(demand, "demand", measures=("length",))
        places = gate.features(supply, "supply", like=origins)
        one, other, far, placed = _pairs_in_plane(origins, places, reach)
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
    origins, targets = _centres(demand), _centres(supply)
    placed, offered = (np.flatnonzero(~np.isnan(xy[:, 0])) for xy in (origins, targets))
    one, other, far = pairs_within(origins[placed], targets[offered], reach)
    located = np.zeros(len(origins), dtype=bool)
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
        raise gate.refuse(_MESSAGES("costs_needs_columns", lacking=lacking))
    far = gate.numbers(costs, "cost", "costs", least=0)
    near = far <= reach
    one = demand.index.get_indexer(costs["origin"][near])
    other = supply.index.get_indexer(costs["dest"][near])
    strange = int(((one < 0) | (other < 0)).sum())
    if strange:
        raise gate.refuse(_MESSAGES("costs_name_strangers", strange=strange))
    pair = one * len(supply) + other
    # A table in order, as most are, shows at a glance that no pair is there twice.
    if not (np.diff(pair) > 0).all() and pd.Index(pair).has_duplicates:
        raise gate.refuse(_MESSAGES("costs_twice"))
    return one, other, far[near], np.ones(len(demand), dtype=bool)


def _decayed(gate: Gate, far: np.ndarray, reach: float, decay: Decay) -> np.ndarray:
    if decay is None:
        return np.ones(len(far))
    if callable(decay):
        try:
            weight = np.asarray(decay(far), dtype="float64")
        except (TypeError, ValueError) as error:
            raise gate.refuse(_MESSAGES("decay_must_one")) from error
    elif isinstance(decay, Mapping) and decay:
        edges = {gate.number(k, "decay", least=0): v for k, v in decay.items()}
        edge = np.array(sorted(edges))
        step = np.array([gate.number(edges[e], "decay") for e in edge] + [0.0])
        weight = step[np.searchsorted(edge, far, side="left")]
    elif isinstance(decay, str) and decay == "gaussian":
        edge_weight = np.exp(-0.5)
        weight = (np.exp(-0.5 * (far / reach) ** 2) - edge_weight) / (1.0 - edge_weight)
    else:
        raise gate.refuse(_MESSAGES("no_such_decay", decay=decay))
    if weight.shape != far.shape or not (np.isfinite(weight) & (weight >= 0)).all():
        raise gate.refuse(_MESSAGES("decay_must_one"))
    return weight


def _weights(gate: Gate, frame: pd.DataFrame, name: str | None, argument: str) -> np.ndarray:
    if name is None:
        return np.ones(len(frame))
    return np.nan_to_num(gate.numbers(frame, name, argument, least=0), nan=0.0)


def lorenz(amount: pd.Series | np.ndarray, *, residents: pd.Series | None = None) -> pd.DataFrame:
    """Return the Lorenz curve: which share of supply the worst supplied share of people has.

    Parameters
    ----------
    amount : Series
        Supply of each zone (not per head).
    residents : Series, optional
        People of each zone, in the same order; each counts one without.

    Returns
    -------
    DataFrame
        From (0, 0) to (1, 1), poorest first: ``unit`` (label of the zone; missing at the start),
        ``residents_share``, ``supply_share``, cumulative.

    Raises
    ------
    CityDataError
        Numbers are missing or negative, all are zero, or the two differ in length or index.

    See Also
    --------
    gini, supply_ratio

    Examples
    --------
    >>> lorenz(pd.Series([10.0, 30.0], index=["A", "B"]), residents=pd.Series([3, 1], ["A", "B"]))
       unit  residents_share  supply_share
    0   NaN             0.00          0.00
    1     A             0.75          0.25
    2     B             1.00          1.00
    """
    labels, supply, people = _lorenz_input(amount, residents, "lorenz")
    order = _poorest_first(supply, people)
    return pd.DataFrame(
        {
            "unit": [np.nan, *labels[order]],
            "residents_share": np.append(0.0, np.cumsum(people[order]) / people.sum()),
            "supply_share": np.append(0.0, np.cumsum(supply[order]) / supply.sum()),
        }
    )


def gini(amount: pd.Series | np.ndarray, *, residents: pd.Series | None = None) -> float:
    """Return the Gini coefficient of supply by residents: 0 all the same, 1 one has it all.

    Twice the area between the diagonal and the Lorenz curve, by trapezoids; zones count by their
    people. Without ``residents`` that of ``inequality.gini.Gini``. Differences within a zone are
    not seen: figures of streets and of districts do not compare.

    Parameters
    ----------
    amount, residents
        As in :func:`lorenz`.

    Returns
    -------
    float
        Between 0 and 1 - 1/n without ``residents``.

    Raises
    ------
    CityDataError
        As :func:`lorenz`.

    See Also
    --------
    lorenz, supply_ratio

    Notes
    -----
    G = 1 - sum (p_i - p_(i-1)) (s_i + s_(i-1)), with cumulative shares p of people and s of
    supply, poorest per head first.

    Examples
    --------
    >>> gini(pd.Series([10.0, 30.0]), residents=pd.Series([3, 1]))
    0.5
    >>> gini(pd.Series([0, 0, 0, 8]))
    0.75
    """
    _, supply, people = _lorenz_input(amount, residents, "gini")
    order = _poorest_first(supply, people)
    supply, people = supply[order] / supply.sum(), people[order] / people.sum()
    total = np.cumsum(supply)
    return max(float(1.0 - (people * (2.0 * total - supply)).sum()), 0.0)


def _poorest_first(supply: np.ndarray, people: np.ndarray) -> np.ndarray:
    # Nobody lives there: the supply of none is behind that of all.
    alone = people <= 0
    ratio = np.where(alone, np.inf, supply / np.where(alone, 1.0, people))
    return np.argsort(ratio, kind="stable")


def _lorenz_input(
    amount: pd.Series | np.ndarray, residents: pd.Series | None, function: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    gate = Gate(function)
    series = gate.series(amount, "amount")
    supply = gate.values(series, "amount", "amount", "数量", finite=False)
    people = np.ones(len(supply))
    if residents is not None:
        given = gate.series(residents, "residents")
        if len(given) != len(series) or (
            isinstance(amount, pd.Series)
            and isinstance(residents, pd.Series)
            and not given.index.equals(series.index)
        ):
            raise gate.refuse(_MESSAGES("amounts_of_other_zones"))
        people = gate.values(given, "residents", "residents", "人口", finite=False)
    for name, zh, values in (("amount", "数量", supply), ("residents", "人口", people)):
        wrong = np.flatnonzero(~(np.isfinite(values) & (values >= 0)))
        if len(wrong):
            label = series.index[wrong[0]]
            raise gate.refuse(
                _MESSAGES(
                    "values_missing_negative",
                    label=label,
                    zh=zh,
                    value=values[wrong[0]],
                    n=len(wrong),
                    name=name,
                )
            )
        if not values.sum() > 0:
            raise gate.refuse(_MESSAGES("zero_everywhere", zh=zh, name=name))
    return series.index.to_numpy(dtype=object), supply, people
