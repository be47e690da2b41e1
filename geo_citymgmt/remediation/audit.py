"""督查暗访: an inspection list drawn by lot, the same for the same seed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from geo_citymgmt._arguments import names_of
from geo_citymgmt._gate import Gate
from geo_citymgmt.errors import CityDataError
from geo_citymgmt.words import Text

__all__ = ["audit_sample"]


def audit_sample(
    cases: pd.DataFrame,
    *,
    n: int,
    seed: int,
    key: str,
    strata: str | Sequence[str] | None = None,
    risk: str | pd.Series | None = None,
    at_least: int = 1,
) -> pd.DataFrame:
    """Draw cases for inspection: by stratum, each with the same chance or a chance by its risk.

    The places are shared out among strata by their number of cases, or their total risk, by largest
    remainder after ``at_least`` for each. Within a stratum the draw is systematic on a random
    order, so that the chance of each case is exactly n x risk / total risk; cases whose share
    would be above one are certain to be drawn.

    Parameters
    ----------
    cases : DataFrame
        E.g. of :func:`open_cases`.
    n : int
        How many to draw; all, if there are no more.
    seed : int
        The same seed, cases and settings give the same list, in whatever order the cases come.
    key : str
        Column of ids, unique; ``parcel_id`` for illegal construction.
    strata : str or list of str, optional
        Columns that part the cases; a missing value is a stratum too.
    risk : str or Series, optional
        Positive weight of each case, a column or on the index of ``cases``. A case of no risk (0)
        is never drawn.
    at_least : int
        From each stratum, as far as it has them.

    Returns
    -------
    DataFrame
        The cases drawn, on their index in random order of visit, with ``visit`` (1, 2, …),
        ``stratum``, ``chance`` of having been drawn, and ``weight`` = 1 / chance, by which a sample
        total estimates that of all cases (Horvitz and Thompson 1952).

    Raises
    ------
    CityDataError
        No unique ids, a column that the result would overwrite, a negative or missing risk, ``n``
        below one or below what ``at_least`` needs.

    See Also
    --------
    open_cases

    Examples
    --------
    >>> import pandas as pd
    >>> cases = pd.DataFrame({"id": list("abcdefgh"), "street": list("xxxxxxyy")})
    >>> drawn = audit_sample(cases, n=4, seed=7, key="id", strata="street")
    >>> drawn.street.value_counts().to_dict()
    {'x': 3, 'y': 1}
    >>> float(drawn.weight.sum())
    8.0
    """
    gate = Gate("audit_sample")
    n, at_least = gate.whole(n, "n", least=1), gate.whole(at_least, "at_least")
    seed = gate.whole(seed, "seed")
    _check_ids(cases, key, gate)
    gate.free(cases.columns, ("visit", "stratum", "chance", "weight"), "cases")
    # The lot falls on ids, not on rows.
    order = cases[key].reset_index(drop=True).sort_values(kind="stable").index.to_numpy()
    table = cases.iloc[order]
    names = [] if strata is None else names_of(gate, strata, "strata")
    labels = _labels(table, names, gate)
    size = _risk(cases, risk, gate)[order]
    usable = np.flatnonzero(size > 0)
    labels, size = labels[usable], size[usable]
    groups, member = np.unique(labels, return_inverse=True)
    places = _places(member, size, min(n, len(usable)), at_least, len(groups), n)
    rng = np.random.default_rng(seed)
    chance, drawn = np.zeros(len(usable)), np.zeros(len(usable), dtype=bool)
    for group, count in enumerate(places):
        mine = np.flatnonzero(member == group)
        chance[mine] = _chances(size[mine], int(count))
        drawn[mine] = _systematic(chance[mine], rng)
    hit = rng.permutation(np.flatnonzero(drawn))
    out = table.iloc[usable[hit]].copy()
    out.insert(0, "visit", np.arange(1, len(hit) + 1))
    out["stratum"], out["chance"] = labels[hit], chance[hit]
    out["weight"] = 1.0 / chance[hit]
    return out


def _check_ids(cases: Any, key: Any, gate: Gate) -> None:
    if not isinstance(cases, pd.DataFrame):
        raise gate.refuse(
            Text(
                f"cases 是 {type(cases).__name__}，应为案件的 DataFrame。",
                f"cases is a {type(cases).__name__}, not a DataFrame of cases.",
            ),
            Text("请用 open_cases() 列出。", "List them with open_cases()."),
        )
    ids = gate.hashable(gate.column(cases, key, "key"), "key")
    if ids.isna().any() or ids.duplicated().any():
        bad = int(np.flatnonzero(ids.isna() | ids.duplicated())[0])
        raise gate.refuse(
            Text(
                f"key：“{key}”不是唯一编号列，第一处在第 {bad} 行：{ids.iloc[bad]!r}。",
                f"key: {key!r} is not a column of unique ids, the first at position {bad}: "
                f"{ids.iloc[bad]!r}.",
            ),
            Text("请用 key= 指定编号列。", "Name the column of ids as key=."),
        )
    if len({type(value) for value in ids}) > 1:
        raise gate.refuse(
            Text(f"key：“{key}”列既有文字又有数值。", f"key: {key!r} mixes texts and numbers."),
            Text("请先 .astype(str)。", "Convert it with .astype(str)."),
        )


def _labels(table: pd.DataFrame, names: list[str], gate: Gate) -> np.ndarray:
    if not names:
        return np.full(len(table), "all", dtype=object).astype("str")
    columns = [gate.column(table, name, "strata") for name in names]
    parts = [c.astype("object").where(c.notna(), "").map(str) for c in columns]
    out = parts[0]
    for part in parts[1:]:
        out = out + " / " + part
    return out.to_numpy(dtype=object).astype("str")


def _risk(cases: pd.DataFrame, risk: str | pd.Series | None, gate: Gate) -> np.ndarray:
    if risk is None:
        return np.ones(len(cases))
    if isinstance(risk, pd.Series):
        if not (risk.index.is_unique or risk.index.equals(cases.index)):
            raise gate.refuse(
                Text("risk 的索引有重复。", "the index of risk is not unique."),
                Text("请作为案件表的一列给出。", "Give it as a column of cases."),
            )
        column = risk if risk.index.equals(cases.index) else risk.reindex(cases.index)
    else:
        column = gate.column(cases, risk, "risk")
    numbers = gate.values(column, "risk", "the risk", "风险值", least=0.0)
    missing = np.flatnonzero(np.isnan(numbers))
    if len(missing):
        raise gate.refuse(
            Text(
                f"risk：{len(missing)} 条案件的风险值缺失，第一处为 {cases.index[missing[0]]!r}。",
                f"risk: {len(missing)} cases have a risk that is missing, the first at "
                f"{cases.index[missing[0]]!r}.",
            ),
            Text("请为每条案件给出不小于 0 的数。", "Give each case a number of zero or more."),
        )
    return numbers


def _places(
    member: np.ndarray, size: np.ndarray, n: int, at_least: int, groups: int, asked: int
) -> np.ndarray:
    """How many to draw from each stratum: a floor for each, the rest by size, none above it."""
    held = np.bincount(member, minlength=groups)
    total = np.bincount(member, weights=size, minlength=groups)
    places = np.minimum(held, at_least)
    if places.sum() > n:
        raise CityDataError(
            Text(
                f"audit_sample：抽查 {asked} 条不足以从 {groups} 个分层各抽 {at_least} 条。",
                f"audit_sample: {asked} cases are too few for {at_least} from each of {groups} "
                "strata.",
            ),
            remedy=Text(
                "请增大 n、减小 at_least 或减少分层。",
                "Raise n, lower at_least, or use fewer strata.",
            ),
        )
    quota = n * total / total.sum() if groups else total
    while places.sum() < n:
        # One place at a time to the stratum that is furthest below its quota.
        lack = np.where(places < held, quota - places, -math.inf)
        places[int(np.argmax(lack))] += 1
    return places


def _chances(size: np.ndarray, n: int) -> np.ndarray:
    """Chance of each case, proportional to size, at most one, adding up to ``n``."""
    chance = np.zeros(len(size))
    certain = np.zeros(len(size), dtype=bool)
    while True:
        rest = ~certain
        left = n - certain.sum()
        chance[certain] = 1.0
        if left <= 0 or not rest.any():
            chance[rest] = 0.0
            return chance
        chance[rest] = left * size[rest] / size[rest].sum()
        above = rest & (chance >= 1.0 - 1e-12)
        if not above.any():
            return chance
        certain |= above


def _systematic(chance: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw with these chances: one random start on a random order."""
    order = rng.permutation(len(chance))
    ends = np.cumsum(chance[order])
    # Rounding would lose or add one at the end of the line.
    ends = np.round(ends, 9)
    marks = np.floor(ends - (1.0 - rng.random()))
    out = np.zeros(len(chance), dtype=bool)
    out[order] = np.diff(marks, prepend=-1.0) > 0
    return out
