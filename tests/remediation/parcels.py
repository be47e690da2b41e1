"""Parcels made up for a test, and what plain pandas says of those of the sample."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import pandas as pd
import shapely

import geo_citymgmt as gcm

LAYER = "illegal_construction"
KUNSHAN, GUSU = "320583", "320508"


def small_city(city, rows: list[dict], events: list[tuple] = ()) -> gcm.City:
    """The zones of the sample with a few parcels; a point in their district unless told."""
    table = pd.DataFrame(rows)
    table["parcel_id"] = [f"P{k}" for k in range(len(table))]
    for name in ("found_date", "completed_date", "deadline", "planned_date"):
        if name in table.columns:
            table[name] = pd.to_datetime(table[name]).astype("datetime64[us]")
    for name in ("status", "list_type", "interim_measure", "stock_type", "disposal_method"):
        if name in table.columns:
            table[name] = table[name].astype("str")
    if "safety_related" in table.columns:
        table["safety_related"] = table["safety_related"].astype("boolean")
    if "district_code" not in table.columns:
        table["district_code"] = KUNSHAN
    inside = city.zones.geometry.representative_point()
    place = [
        inside.get(code) if isinstance(code, str) else shapely.Point(0, 0)
        for code in table["district_code"]
    ]
    table["district_code"] = table["district_code"].astype("str")
    data = gpd.GeoDataFrame(table, geometry=place, crs=city.zones.crs)
    told = pd.DataFrame(
        [(LAYER, key, event, pd.Timestamp(day), amount, "") for key, event, day, amount in events],
        columns=["layer", "key", "event", "date", "amount", "note"],
    ).astype({"date": "datetime64[us]", "amount": "float64", "key": "str", "event": "str"})
    layer = replace(city.layer(LAYER), data=data)
    return replace(city, layers={LAYER: layer}, events=told)


def whole(table: pd.DataFrame, **where) -> pd.Series:
    rows = table[table["level"] == "city"]
    for name, value in where.items():
        rows = rows[rows[name] == value]
    assert len(rows) == 1
    return rows.iloc[0]


def plain_open(parcels: pd.DataFrame, day: str) -> pd.Series:
    done = (parcels["DONE_DATE"] <= day) & ~(parcels["relapse"] <= day)
    return (parcels["FOUND_DATE"] <= day) & ~done & ~(parcels["dismiss"] <= day)


def plain_remaining(parcels: pd.DataFrame, stages: pd.DataFrame, day: str) -> pd.Series:
    by_event = stages.groupby("key")["amount"].sum().reindex(parcels.index).fillna(0)
    past = stages[stages["date"] <= day].groupby("key")["amount"].sum()
    done = past.reindex(parcels.index).fillna(0)
    rest = (parcels["REM_AREA"] - by_event).clip(lower=0)
    done += rest.where(parcels["DONE_DATE"] <= day, 0)
    done = done.mask(parcels["relapse"] <= day, 0)
    return (parcels["ILL_AREA"] - done).clip(lower=0)
