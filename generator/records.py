"""Ids and events of a layer's records, and the shares in which values occur among them."""

from __future__ import annotations

from importlib import resources

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo_citymgmt.spec._reader import read_toml

__all__ = ["SHARES", "events_of", "in_order_of_ids", "zone_ids"]

#: Values with their shares, by layer and column.
SHARES: dict[str, dict[str, dict[str, float]]] = read_toml(
    resources.files(__package__) / "shares.toml"
)


def zone_ids(
    zones: NDArray[np.str_],
    kind: str | NDArray[np.str_],
    order: NDArray[np.int64],
    first: int,
    width: int,
) -> NDArray[np.str_]:
    """Number records in an order, from ``first`` on: zone, kind, number in ``width`` digits."""
    serial = np.empty(len(order), np.int64)
    serial[order] = np.arange(len(order)) + first
    return np.char.add(np.char.add(zones, kind), np.char.zfill(serial.astype(str), width))


def events_of(
    rows: object, event: str, day: object, amount: object = np.nan, note: str = ""
) -> pd.DataFrame:
    """Return one event for each of ``rows``."""
    return pd.DataFrame({"row": rows, "event": event, "date": day, "amount": amount, "note": note})


def in_order_of_ids(
    table: gpd.GeoDataFrame, events: pd.DataFrame, ids: NDArray[np.str_]
) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """Order a layer by its ids, and give its events the id of their row as ``key``."""
    events.insert(0, "key", ids[events["row"].to_numpy()].astype(object))
    order = np.argsort(ids, kind="stable")
    return table.iloc[order].reset_index(drop=True), events.drop(columns="row")
