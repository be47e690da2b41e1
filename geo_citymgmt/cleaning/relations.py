"""Fields held against each other and against the geometry, as the spec says."""

from __future__ import annotations

from itertools import pairwise

import geopandas as gpd
import numpy as np
import pandas as pd

from geo_citymgmt.findings import Findings
from geo_citymgmt.spec import LayerSpec

__all__ = ["check_relations"]

_TOLERANCE = 0.05


def check_relations(
    data: gpd.GeoDataFrame,
    spec: LayerSpec,
    findings: Findings,
    record: np.ndarray,
    data_date: pd.Timestamp | None = None,
) -> None:
    """Tell contradictions within a record; nothing is changed."""
    for name, item in spec.fields.items():
        if name not in data.columns:
            continue
        for other, sign in ((item.at_most, 1), (item.at_least, -1)):
            if other is not None and other in data.columns:
                _compare(data, spec, name, other, sign, findings, record)
        if item.geometry is not None:
            _against_geometry(data, spec, name, findings, record)
    if spec.states is not None:
        _date_order(data, spec, findings, record)
        if data_date is not None:
            _date_range(data, spec, findings, record, data_date)


def _compare(
    data: gpd.GeoDataFrame,
    spec: LayerSpec,
    name: str,
    other: str,
    sign: int,
    findings: Findings,
    record: np.ndarray,
) -> None:
    mine, theirs = (data[c].astype("float64") for c in (name, other))
    bad = (sign * (mine - theirs) > 1e-6).to_numpy()
    if not bad.any():
        return
    item, second = spec.fields[name], spec.fields[other]
    findings.add(
        "RELATION_BROKEN",
        records=record[bad],
        field=name,
        label_zh=item.zh,
        label_en=item.en,
        value=mine[bad].map("{:g}".format).to_numpy(dtype=object),
        expected=theirs[bad].map("{:g}".format).to_numpy(dtype=object),
        detail=f"{second.en} is",
        detail_zh=f"“{second.zh}”为",
    )


def _against_geometry(
    data: gpd.GeoDataFrame, spec: LayerSpec, name: str, findings: Findings, record: np.ndarray
) -> None:
    item = spec.fields[name]
    if item.geometry == "area":
        measured, dimension = data.geometry.area, "Polygon"
    else:
        measured, dimension = data.geometry.length, "Line"
    factor = {"km": 1e3, "km2": 1e6}.get(item.unit, 1.0)
    measured = measured / factor
    said = data[name].astype("float64")
    tolerance = item.tolerance or _TOLERANCE
    comparable = data.geometry.geom_type.str.contains(dimension).fillna(False).to_numpy(dtype=bool)
    off = (said - measured).abs() > tolerance * measured
    bad = comparable & off.fillna(False).to_numpy(dtype=bool)
    findings.add(
        "RELATION_BROKEN",
        records=record[bad],
        field=name,
        label_zh=item.zh,
        label_en=item.en,
        value=said[bad].map("{:g}".format).to_numpy(dtype=object),
        expected=measured[bad].map("{:.6g}".format).to_numpy(dtype=object),
        detail="the geometry measures",
        detail_zh="图形量得",
    )


def _date_order(
    data: gpd.GeoDataFrame, spec: LayerSpec, findings: Findings, record: np.ndarray
) -> None:
    assert spec.states is not None
    names = [n for n in spec.states.dates if n in data.columns]
    for earlier, later in pairwise(names):
        bad = (data[later] < data[earlier]).to_numpy(dtype=bool)
        item = spec.fields[later]
        findings.add(
            "DATE_ORDER",
            records=record[bad],
            field=later,
            label_zh=item.zh,
            label_en=item.en,
            value=data.loc[bad, later].dt.strftime("%Y-%m-%d").to_numpy(dtype=object),
            expected=data.loc[bad, earlier].dt.strftime("%Y-%m-%d").to_numpy(dtype=object),
        )


def _date_range(
    data: gpd.GeoDataFrame,
    spec: LayerSpec,
    findings: Findings,
    record: np.ndarray,
    data_date: pd.Timestamp,
) -> None:
    assert spec.states is not None
    facts = {*spec.states.dates, *(a.date for a in spec.amounts.values() if a.date)}
    for name in sorted(facts & set(data.columns)):
        bad = (data[name] > data_date).to_numpy(dtype=bool)
        item = spec.fields[name]
        findings.add(
            "DATE_RANGE",
            records=record[bad],
            field=name,
            label_zh=item.zh,
            label_en=item.en,
            value=data.loc[bad, name].dt.strftime("%Y-%m-%d").to_numpy(dtype=object),
            expected=f"{data_date:%Y-%m-%d}",
        )
