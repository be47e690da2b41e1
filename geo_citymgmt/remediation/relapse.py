"""反弹: how many of the cases that were done came back, by zone and period."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geo_citymgmt._gate import Gate
from geo_citymgmt.facts.as_of import days_of
from geo_citymgmt.remediation.cases import as_day
from geo_citymgmt.remediation.register import ZONE_KEYS, Register, levels_to

if TYPE_CHECKING:
    from geo_citymgmt.city import City
    from geo_citymgmt.facts import CityFacts

__all__ = ["relapse_counts", "relapse_rates"]


def relapse_rates(
    city: City | CityFacts,
    *,
    start: Any,
    end: Any = None,
    layer: str = "illegal_construction",
    level: str = "district",
    where: Mapping[str, Any] | None = None,
    stock: Sequence[str] = ("open", "suspended"),
    done: Sequence[str] = ("done",),
) -> pd.DataFrame:
    """Tell how many cases relapsed in a period, of those that could.

    A case relapses when it comes back into the stock after it was done. For a new parcel on the
    footprint of an earlier one see :func:`recurrence`.

    Parameters
    ----------
    city, start, end, layer, level, where, stock, done
        As in :func:`stock_flow`.

    Returns
    -------
    DataFrame
        One row a zone: ``relapses`` (times), ``relapsed`` (records, at least once), ``exposed``
        (records done when the period began or at some time in it), ``rate`` = relapsed / exposed
        (missing where none was exposed), ``repeated`` (records relapsed for the second time or
        more, ever), ``area`` that came back (m2), ``unknown`` (records of which the data does not
        say whether they are asked about, or what became of them). Where it knows of none that could
        relapse, and some are unknown, the counts are missing.

    Raises
    ------
    AsOfError
        The period ends after the data's date, or before it begins.
    CityDataError
        Unknown level, set of states or field.

    See Also
    --------
    stock_flow, recurrence

    Examples
    --------
    >>> import geo_citymgmt as gcm
    >>> table = relapse_rates(gcm.sample_city(), start="2022-01-01", level="city")
    >>> bool(table.rate.between(0, 1).all())
    True
    """
    gate = Gate("relapse_rates")
    levels = levels_to(level, gate)
    register = Register(city, layer, gate, where=where, stock=stock, done=done)
    first, last = days_of(register.city, start, end, gate)
    table = register.sums(relapse_counts(register, first, last), levels)
    counts = ["relapses", "relapsed", "exposed", "repeated"]
    table[[*counts, "unknown"]] = table[[*counts, "unknown"]].astype("int64")
    silent = (table["unknown"] > 0) & (table["exposed"] == 0)
    if silent.any():
        table[counts] = table[counts].astype("Int64").mask(silent)
        table["area"] = table["area"].mask(silent)
    table["rate"] = table["relapsed"] / table["exposed"].where(table["exposed"] > 0)
    table["start"], table["end"] = first, as_day(last, table.index)
    return table[
        [*ZONE_KEYS, "relapses", "relapsed", "exposed", "rate", "repeated", "area", "start", "end",
         "unknown"]
    ]  # fmt: skip


def relapse_counts(
    register: Register, first: pd.Timestamp, last: pd.Timestamp | None
) -> pd.DataFrame:
    """Relapses of each record in the period, and whether it could relapse."""
    n = len(register.data)
    flows = register.flows()
    end = pd.Timestamp.max if last is None else last
    back = flows[(flows["kind"] == "relapsed") & (flows["count"] > 0) & (flows["date"] <= end)]
    ever = np.bincount(back["row"], minlength=n)
    now = back[back["date"] >= first]
    times = np.bincount(now["row"], minlength=n)
    state = register.timeline.state_at(first - pd.Timedelta(days=1))
    exposed = state.isin(register.classes.done).to_numpy().copy()
    moves = register.timeline.transitions
    during = moves[moves["date"].between(first, end)]
    entered = during.loc[during["state"].isin(register.classes.done), "row"]
    exposed[entered.unique()] = True
    # What relapsed was done before, whatever its status says.
    exposed |= times > 0
    unknown = register.doubtful | (register.chosen & register.timeline.undecided & ~exposed)
    exposed &= register.chosen
    return pd.DataFrame(
        {
            "row": np.arange(n),
            "relapses": times,
            "relapsed": (times > 0).astype(int),
            "exposed": exposed.astype(int),
            "repeated": ((times > 0) & (ever > 1)).astype(int),
            "area": np.where(
                np.isnan(register.size) & (times > 0),
                np.nan,
                np.bincount(now["row"], weights=now["area"], minlength=n),
            ),
            "unknown": unknown.astype(int),
        }
    )
