"""Fields held against each other and against the geometry, as the spec says."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import geopandas as gpd
import numpy as np
import pandas as pd

from geo_citymgmt.cleaning.units import floor_area_field, footprint, measured_by
from geo_citymgmt.findings import Findings
from geo_citymgmt.spec import LayerSpec
from geo_citymgmt.words import Text

__all__ = ["check_relations"]

_TOLERANCE = 0.05
#: A floor area above footprint times floors by more than this is told: eaves and balconies count.
_FLOOR_TOLERANCE = 0.25
#: With one floor or none told, only what no building has is told.
_BELIEVABLE_FLOORS = 60


def check_relations(
    data: gpd.GeoDataFrame,
    spec: LayerSpec,
    findings: Findings,
    record: np.ndarray,
    data_date: pd.Timestamp | None = None,
    doubted: Collection[str] = (),
) -> None:
    """Tell contradictions within a record; nothing is changed.

    A field in ``doubted`` is in another unit as a column, which has been told once.
    """
    floors = floor_area_field(spec)
    for name, item in spec.fields.items():
        if name not in data.columns:
            continue
        for other, sign in ((item.at_most, 1), (item.at_least, -1)):
            if other is not None and other in data.columns:
                _compare(data, spec, name, other, sign, findings, record)
        if name in doubted:
            continue
        if name == floors:
            _against_floors(data, spec, name, findings, record)
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
    second = spec.fields[other]
    words = Text(f"“{second.zh}”为", f"{second.en} is")
    _tell(findings, spec, name, record[bad], mine[bad], theirs[bad], words, other, "{:g}")


def _tell(
    findings: Findings,
    spec: LayerSpec,
    name: str,
    records: np.ndarray,
    said: Iterable[float],
    against: Iterable[float],
    words: Text,
    about: str,
    form: str = "{:.6g}",
) -> None:
    """Tell, record by record, what a field says ``against`` what ``words`` name."""
    item = spec.fields[name]
    findings.add(
        "RELATION_BROKEN",
        records=records,
        item=item,
        value=np.array([f"{v:g}" for v in said], dtype=object),
        expected=np.array([form.format(v) for v in against], dtype=object),
        detail=words,
        about=about,
    )


def _against_geometry(
    data: gpd.GeoDataFrame, spec: LayerSpec, name: str, findings: Findings, record: np.ndarray
) -> None:
    item = spec.fields[name]
    measured = pd.Series(measured_by(item, data.geometry.to_numpy()))
    said = data[name].astype("float64")
    tolerance = item.tolerance or _TOLERANCE
    with np.errstate(invalid="ignore"):
        bad = ((said - measured).abs() > tolerance * measured).to_numpy(dtype=bool)
    if bad.any():
        words = Text("图形量得", "the geometry measures")
        _tell(findings, spec, name, record[bad], said[bad], measured[bad], words, "geometry")


def _against_floors(
    data: gpd.GeoDataFrame, spec: LayerSpec, name: str, findings: Findings, record: np.ndarray
) -> None:
    said = data[name].astype("float64").to_numpy()
    base = footprint(data, data.geometry.to_numpy(), spec)
    floors = np.full(len(data), np.nan)
    if "floors" in data.columns:
        floors = data["floors"].astype("float64").to_numpy()
    several = floors >= 2
    limit = np.where(several, floors * (1 + _FLOOR_TOLERANCE), _BELIEVABLE_FLOORS) * base
    with np.errstate(invalid="ignore"):
        bad = said > limit
    for some, about, words in (
        (bad & several, "floors", Text("占地面积乘层数为", "footprint times floors gives")),
        (bad & ~several, "footprint", Text("占地面积为", "the footprint measures")),
    ):
        shown = (base * np.where(several, floors, 1.0))[some]
        _tell(findings, spec, name, record[some], said[some], shown, words, about)


def _date_order(
    data: gpd.GeoDataFrame, spec: LayerSpec, findings: Findings, record: np.ndarray
) -> None:
    assert spec.states is not None
    names = [n for n in spec.states.dates if n in data.columns]
    if len(names) < 2:
        return
    latest = data[names[0]]
    for later in names[1:]:
        # Against the latest of all before it: a missing date between two hides nothing.
        bad = (_last_day(data, later) < latest).to_numpy(dtype=bool)
        if bad.any():
            item = spec.fields[later]
            findings.add(
                "DATE_ORDER",
                records=record[bad],
                item=item,
                value=data.loc[bad, later].dt.strftime("%Y-%m-%d").to_numpy(dtype=object),
                expected=latest[bad].dt.strftime("%Y-%m-%d").to_numpy(dtype=object),
            )
        rises = data[later].notna() & ~(latest >= data[later])
        latest = latest.where(~rises, data[later])


def _last_day(data: gpd.GeoDataFrame, name: str) -> pd.Series:
    """The last day a date can mean: 2022年6月 is not before the 15th of June."""
    days = data[name]
    if f"{name}_precision" not in data.columns:
        return days
    known = data[f"{name}_precision"]
    for precision, end in (("month", pd.offsets.MonthEnd(0)), ("year", pd.offsets.YearEnd(0))):
        hit = (known == precision).fillna(False).to_numpy(dtype=bool)
        if hit.any():
            days = days.mask(hit, days + end)
    return days


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
        if not bad.any():
            continue
        item = spec.fields[name]
        findings.add(
            "DATE_RANGE",
            records=record[bad],
            item=item,
            value=data.loc[bad, name].dt.strftime("%Y-%m-%d").to_numpy(dtype=object),
            expected=f"{data_date:%Y-%m-%d}",
        )
