"""How evenly a supply is spread over people: Lorenz curve and Gini coefficient."""

from __future__ import annotations

import numpy as np
import pandas as pd

from geo_citymgmt._gate import Gate
from geo_citymgmt.errors import CityDataError
from geo_citymgmt.words import Text

__all__ = ["gini", "lorenz"]


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
            raise CityDataError(
                Text(
                    f"{function}：数量与人口的分区不一致，请按同一顺序给出。",
                    f"{function}: amount and residents are not of the same zones in the same "
                    "order.",
                ),
            )
        people = gate.values(given, "residents", "residents", "人口", finite=False)
    for name, zh, values in (("amount", "数量", supply), ("residents", "人口", people)):
        wrong = np.flatnonzero(~(np.isfinite(values) & (values >= 0)))
        if len(wrong):
            label = series.index[wrong[0]]
            raise CityDataError(
                Text(
                    f"{function}：“{label}”的{zh}为 {values[wrong[0]]}，共 {len(wrong)} "
                    "个缺失或为负，"
                    "请补全或剔除。",
                    f"{function}: {name} of {label!r} is {values[wrong[0]]}; {len(wrong)} "
                    "values are "
                    "missing or negative. Complete them, or leave these zones out.",
                ),
            )
        if not values.sum() > 0:
            raise CityDataError(
                Text(
                    f"{function}：{zh}全部为零，无从计算。",
                    f"{function}: {name} is zero everywhere; there is nothing to share.",
                ),
            )
    return series.index.to_numpy(dtype=object), supply, people
