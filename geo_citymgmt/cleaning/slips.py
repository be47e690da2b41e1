"""Coordinates exchanged, or with and without the zone before x: found, told, mended when asked."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial
from typing import Any

import numpy as np
import shapely
from pyproj import CRS

from geo_citymgmt.cleaning.extent import Extent
from geo_citymgmt.errors import CRSError
from geo_citymgmt.findings import Findings
from geo_citymgmt.findings import refusal as findings_refusal
from geo_citymgmt.words import Text

__all__ = ["mend_slips", "refusal"]

_ZONE = 1_000_000.0
#: From this share of the records on it is the layer that is wrong, not some of its records.
_MOST = 0.5
#: A belt is used this far from its meridian, in metres; thrice as far it is used by nobody.
_BELT, _FAR, _POLE = 500_000.0, 1_500_000.0, 10_000_000.0
Box = tuple[float, float, float, float]
Move = Callable[[np.ndarray], np.ndarray]


def mend_slips(
    geometry: np.ndarray | None,
    x: np.ndarray,
    y: np.ndarray,
    source: CRS,
    extent: Extent | None,
    findings: Findings,
    record: np.ndarray,
    *,
    mend: Collection[str],
    name: str,
) -> tuple[np.ndarray | None, np.ndarray, np.ndarray]:
    """Find records that a slip has put far from the city, and put back those asked for.

    Where it is not known where the city lies, only what the numbers themselves prove is found:
    a latitude beyond 90 degrees, an easting that no belt has.

    Parameters
    ----------
    geometry : array of geometries or None
        In ``source``; None where it is no more than the points of ``x`` and ``y``.
    x, y : arrays of float
        One place a record, NaN where there is none.
    mend : collection of {"swapped", "zone_prefix"}
        What to put right. Otherwise single records are rejected, and a layer that is wrong as a
        whole is refused.

    Returns
    -------
    geometry, x, y
        Put right; x and y are NaN for the records that were rejected.

    Raises
    ------
    CRSError
        Most records have the same slip, and it is not to be mended.
    """
    home = around = extent.home(source) if extent is not None else None
    if extent is None:
        home, around = _possible(source)
    if home is None or around is None:
        return geometry, x, y
    there = np.isfinite(x)
    away = np.flatnonzero(there & ~_within(x, y, around))
    if not len(away):
        return geometry, x, y
    for slip, code, hit, move, detail in _slips(x[away], y[away], source, home):
        at = away[hit]
        if not len(at):
            continue
        shown = np.array([f"({a:.10g}, {b:.10g})" for a, b in zip(x[at], y[at], strict=True)])
        if slip in mend:
            if geometry is not None:
                geometry = geometry.copy()
                geometry[at] = shapely.transform(shapely.force_2d(geometry[at]), move)
            moved = move(np.column_stack([x[at], y[at]]))
            x, y = x.copy(), y.copy()
            x[at], y[at] = moved[:, 0], moved[:, 1]
            findings.add(
                code,
                records=record[at],
                value=shown.astype(object),
                severity="info",
                action="repaired",
                detail=Text("已改正", "mended"),
            )
        elif len(at) >= _MOST * there.sum():
            raise refusal(
                findings,
                name,
                code,
                value=f"{shown[0]} × {len(at)}",
                remedy=detail,
                detail=detail,
            )
        else:
            findings.add(
                code,
                records=record[at],
                value=shown.astype(object),
                severity="error",
                action="rejected",
                detail=detail,
            )
            x, y = x.copy(), y.copy()
            x[at] = y[at] = np.nan
    return geometry, x, y


def _possible(source: CRS) -> tuple[Box | None, Box | None]:
    """Where positions in ``source`` lie, and beyond what they cannot; None where that is open."""
    if source.is_geographic:
        world = (-180.0, -90.0, 180.0, 90.0)
        return world, world
    operation = source.coordinate_operation
    if operation is None or operation.method_name != "Transverse Mercator":
        return None, None
    easting = float({p.name: p.value for p in operation.params}.get("False easting", 0.0))
    return _strip(easting, _BELT), _strip(easting, _FAR)


def _strip(easting: float, half: float) -> Box:
    return easting - half, 0.0, easting + half, _POLE


def _slips(
    x: np.ndarray, y: np.ndarray, source: CRS, home: Box
) -> list[tuple[str, str, np.ndarray, Move, Text]]:
    ask = Text(
        '请改正，或在 city.toml 的 [layers.图层] 写 mend = ["{slip}"] 由程序改正（Python：mend=）',
        'correct it, or have it mended by mend = ["{slip}"] under [layers.LAYER] in city.toml '
        "(Python: mend=)",
    )
    swapped = _within(y, x, home)
    found: list[tuple[str, str, np.ndarray, Move, Text]] = [
        (
            "swapped",
            "COORD_SWAPPED",
            swapped,
            _turned,
            ask.format(slip="swapped"),
        )
    ]
    for shift in _prefixes(source):
        back = _within(x + shift, y, home) & ~swapped
        found.append(
            (
                "zone_prefix",
                "CRS_ZONE_PREFIX",
                back,
                partial(_shifted, shift),
                ask.format(slip="zone_prefix"),
            )
        )
    return found


def _prefixes(source: CRS) -> list[float]:
    """What to add to x that has a prefix the CRS has not, or the reverse.

    The zone must be the CRS's own: another zone number is a wrong CRS and no slip.
    """
    if source.is_geographic or source.coordinate_operation is None:
        return []
    parameters = {p.name: p.value for p in source.coordinate_operation.params}
    easting = float(parameters.get("False easting", 0.0))
    meridian = float(parameters.get("Longitude of natural origin", 0.0))
    if easting >= _ZONE:
        return [float(easting // _ZONE * _ZONE)]
    if easting != 500_000.0 or meridian % 3:
        return []
    zones = [meridian / 3]
    if meridian % 6 == 3:
        zones.append((meridian + 3) / 6)
    return [-_ZONE * zone for zone in zones]


def _shifted(shift: float, xy: np.ndarray) -> np.ndarray:
    return np.asarray(xy + np.array([shift, 0.0]))


def _turned(xy: np.ndarray) -> np.ndarray:
    return xy[:, ::-1]


def _within(x: np.ndarray, y: np.ndarray, box: Box) -> np.ndarray:
    west, south, east, north = box
    with np.errstate(invalid="ignore"):
        return np.asarray((x >= west) & (x <= east) & (y >= south) & (y <= north))


def refusal(findings: Findings, name: str, code: str, *, remedy: Text, **params: Any) -> CRSError:
    """Return the error of :func:`geo_citymgmt.findings.refusal` about a CRS."""
    return findings_refusal(code, name, error=CRSError, remedy=remedy, findings=findings, **params)
