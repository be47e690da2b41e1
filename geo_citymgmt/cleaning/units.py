"""A column that is off by the same factor everywhere was filled in in another unit."""

from __future__ import annotations

import numpy as np
import pandas as pd
import shapely

from geo_citymgmt.findings import Findings
from geo_citymgmt.spec import Field, LayerSpec

__all__ = ["floor_area_field", "footprint", "measured_by", "suspect_units"]

_PER_UNIT = {"km": 1e3, "km2": 1e6}
#: log10 of said over measured, by unit that was meant.
_AREA = {"万平方米": -4.0, "亩": -np.log10(2000 / 3), "平方公里": -6.0}
_LENGTH = {"米": 3.0}
_LENGTH_M = {"公里": -3.0}
#: How close the median must be, and which share of the records must be about it.
_NEAR, _SPREAD, _SHARE, _FEWEST = 0.1, 0.2, 0.6, 5
#: A floor area is part of a building or several floors of it: its ratio scatters.
_NEAR_FLOORS, _SPREAD_FLOORS = 0.5, 0.75


def floor_area_field(spec: LayerSpec) -> str | None:
    """The measure that counts floors: an area that is not the geometry's, beside ``floors``."""
    item = spec.fields[spec.measure] if spec.measure else None
    if item is None or "floors" not in spec.fields:
        return None
    return item.name if item.unit == "m2" and item.geometry is None else None


def footprint(data: pd.DataFrame, geometry: np.ndarray, spec: LayerSpec) -> np.ndarray:
    """Footprint of each record in m2: its polygon's area, else the field for it, else NaN."""
    area = np.where(shapely.get_dimensions(geometry) == 2, shapely.area(geometry), np.nan)
    for name, item in spec.fields.items():
        if item.geometry == "area" and name in data.columns:
            said = data[name].astype("float64").to_numpy()
            area = np.where(np.isnan(area), said, area)
    return np.where(area > 0, area, np.nan)


def measured_by(item: Field, geometry: np.ndarray) -> np.ndarray:
    """Area or length of each geometry in the unit of ``item``, NaN where it has none."""
    dimension = shapely.get_dimensions(geometry)
    if item.geometry == "area":
        size = np.where(dimension == 2, shapely.area(geometry), np.nan)
    else:
        size = np.where(dimension == 1, shapely.length(geometry), np.nan)
    return np.asarray(size / _PER_UNIT.get(item.unit, 1.0))


def suspect_units(
    data: pd.DataFrame, geometry: np.ndarray, spec: LayerSpec, findings: Findings
) -> dict[str, str]:
    """Return the fields whose column is in another unit, with that unit, and tell them."""
    out = {}
    floors = floor_area_field(spec)
    for name, item in spec.fields.items():
        if name not in data.columns or not (item.geometry or name == floors):
            continue
        near, spread = _NEAR, _SPREAD
        if item.geometry:
            measured = measured_by(item, geometry)
            table = _AREA if item.geometry == "area" else _LENGTH
            table = _LENGTH_M if item.geometry == "length" and item.unit == "m" else table
        else:
            measured, table = footprint(data, geometry, spec), _AREA
            near, spread = _NEAR_FLOORS, _SPREAD_FLOORS
        found = _unit(data[name].astype("float64").to_numpy(), measured, table, near, spread)
        if found is None:
            continue
        unit, ratio = found
        out[name] = unit
        findings.add(
            "UNIT_SUSPECT",
            item=item,
            value=f"{ratio:.4g} (log10 {np.log10(ratio):.3f})",
            expected=unit,
        )
    return out


def _unit(
    said: np.ndarray, measured: np.ndarray, table: dict[str, float], near: float, spread: float
) -> tuple[str, float] | None:
    usable = (said > 0) & (measured > 0)
    if usable.sum() < _FEWEST:
        return None
    ratio = np.log10(said[usable] / measured[usable])
    middle = float(np.median(ratio))
    unit = min(table, key=lambda u: abs(table[u] - middle))
    about = np.abs(ratio - middle) < spread
    if abs(table[unit] - middle) > near or about.mean() < _SHARE:
        return None
    return unit, 10**middle
