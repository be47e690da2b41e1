"""Geometry fit for measuring: finite, of the layer's kind, valid; each repair is told."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from geo_citymgmt.findings import Findings
from geo_citymgmt.spec import LayerSpec

__all__ = ["Unusable", "clean_geometry"]

#: A repair that changes the area by more than this is no repair.
MAX_REPAIR = 0.05
_FAMILY = {0: "Point", 1: "LineString", 2: "LineString", 3: "Polygon", 4: "Point",
           5: "LineString", 6: "Polygon"}  # fmt: skip
_FAMILY_ZH = {"Point": "点", "LineString": "线", "Polygon": "面"}


@dataclass
class Unusable:
    """Why a geometry cannot be used: a finding code (empty where it can), and its particulars."""

    code: np.ndarray
    value: np.ndarray
    expected: np.ndarray


def clean_geometry(
    geometry: np.ndarray, spec: LayerSpec, findings: Findings, record: np.ndarray
) -> tuple[np.ndarray, Unusable]:
    """Check and repair ``geometry``, already in the metric CRS.

    Parameters
    ----------
    geometry : array of geometries
        None where there is none.
    spec : LayerSpec
        Tells which families of geometry the layer takes.
    findings : Findings
        Takes the repairs; what is unusable is returned, for the caller decides what becomes of it.
    record : array of int
        Position of each in the source.

    Returns
    -------
    array of geometries, Unusable
        In two dimensions, None where unusable; and there, the reason.
    """
    out = np.array(shapely.force_2d(geometry), dtype=object)
    unusable = Unusable(*(np.full(len(out), "", dtype=object) for _ in range(3)))
    reason = unusable.code
    missing = shapely.is_missing(out)
    reason[missing] = "GEOM_NULL"
    empty = ~missing & shapely.is_empty(out)
    reason[empty] = "GEOM_EMPTY"
    bad = _nonfinite(out)
    reason[bad] = "COORD_NONFINITE"
    out[reason != ""] = None
    out = _single_points(out)
    _mark_types(out, spec, unusable)
    out[reason != ""] = None
    return _repair(out, unusable, findings, record), unusable


def _nonfinite(geometry: np.ndarray) -> np.ndarray:
    coords, owner = shapely.get_coordinates(geometry, return_index=True)
    bad = np.zeros(len(geometry), dtype=bool)
    bad[owner[~np.isfinite(coords).all(axis=1)]] = True
    return bad


def _single_points(geometry: np.ndarray) -> np.ndarray:
    """Make a multi-point of one point a point: many tools write every point so."""
    multi = (shapely.get_type_id(geometry) == 4) & (shapely.get_num_geometries(geometry) == 1)
    out = geometry.copy()
    out[multi] = shapely.get_geometry(geometry[multi], 0)
    return out


def _mark_types(geometry: np.ndarray, spec: LayerSpec, unusable: Unusable) -> None:
    kinds = shapely.get_type_id(geometry)
    for kind in np.unique(kinds[kinds >= 0]):
        several_points = kind == 4
        if _FAMILY.get(int(kind)) in spec.geometry and not several_points:
            continue
        hit = kinds == kind
        unusable.code[hit] = "GEOM_TYPE"
        unusable.value[hit] = shapely.GeometryType(int(kind)).name.capitalize()
        unusable.expected[hit] = " / ".join(f"{_FAMILY_ZH[f]} {f}" for f in spec.geometry)


def _repair(
    geometry: np.ndarray, unusable: Unusable, findings: Findings, record: np.ndarray
) -> np.ndarray:
    usable = ~shapely.is_missing(geometry)
    invalid = np.flatnonzero(usable & ~shapely.is_valid(geometry))
    if len(invalid) == 0:
        return geometry
    out = geometry.copy()
    before = shapely.area(geometry[invalid])
    mended = shapely.make_valid(geometry[invalid], method="structure", keep_collapsed=False)
    after = shapely.area(mended)
    is_area = shapely.get_dimensions(geometry[invalid]) == 2
    with np.errstate(divide="ignore", invalid="ignore"):
        change = np.where(is_area, np.abs(after - before) / np.maximum(before, after), 0.0)
    # A figure-eight encloses nothing by the shoelace formula: its area cannot be compared.
    change = np.where(np.isfinite(change), change, 1.0)
    same_family = shapely.get_dimensions(mended) == shapely.get_dimensions(geometry[invalid])
    good = same_family & ~shapely.is_empty(mended) & (change <= MAX_REPAIR)
    out[invalid] = mended
    out[invalid[~good]] = None
    shown = np.array([f"{c:.2%}" for c in change], dtype=object)
    findings.add(
        "GEOM_REPAIRED", records=record[invalid[good]], value=shown[good], action="repaired"
    )
    unusable.code[invalid[~good]] = "GEOM_UNREPAIRABLE"
    unusable.value[invalid[~good]] = shown[~good]
    return out
