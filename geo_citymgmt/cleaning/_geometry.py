"""Geometry fit for measuring: flat, finite, of the layer's kind, valid; each repair is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely

from geo_citymgmt._metric import far_from_rest
from geo_citymgmt.cleaning._ids import plain_ids
from geo_citymgmt.findings import Findings
from geo_citymgmt.reading._text import clean_text
from geo_citymgmt.spec import LayerSpec

_STARTS, _STEPS = 240, 240
#: A footprint this many times longer than wide is a strip.
_SLENDER = 3.0
#: Length times width must give the area back to within this share.
_FIT = 0.15


def join_parts(
    frame: pd.DataFrame,
    geometry: np.ndarray,
    mapping: Mapping[str, str],
    spec: LayerSpec,
    findings: Findings,
    record: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Join rows that are parts of one zone, its islands say: they have one code and one name.

    Rows of one code that differ in name, level, zone above or time of validity are several zones,
    and stay for the check of ids.

    Parameters
    ----------
    frame : DataFrame
        As read.
    geometry : array of geometries
        In the metric CRS, one a row.
    mapping : mapping of str to str
        Field to column of ``frame``.
    spec : LayerSpec
        Of zones.
    findings : Findings
        Takes ``ZONES_JOINED``, on each row that was joined to the first of its code.
    record : array of int
        Positions of the rows in the source.

    Returns
    -------
    geometry, kept
        The first row of each zone has all of its ground; ``kept`` is False for the others.
    """
    kept = np.ones(len(frame), dtype=bool)
    if spec.id_field not in mapping:
        return geometry, kept
    code = plain_ids(frame[mapping[spec.id_field]]).reset_index(drop=True)
    drawn = (shapely.get_dimensions(geometry) == 2) & np.isfinite(shapely.bounds(geometry)).all(1)
    if not code[drawn].dropna().duplicated().any():
        return geometry, kept
    same = [spec.label or "", spec.parent or "", "level", "valid_from", "valid_to"]
    said = pd.DataFrame(
        {
            "code": code,
            **{
                name: clean_text(frame[mapping[name]].reset_index(drop=True), fold=True)
                for name in same
                if name in mapping
            },
        }
    )
    geometry = geometry.copy()
    for value, rows in code[drawn].groupby(code[drawn]).groups.items():
        # A row that leaves its name empty contradicts none.
        if len(rows) < 2 or len(said.loc[rows].ffill().bfill().drop_duplicates()) > 1:
            continue
        at = rows.to_numpy()
        geometry[at[0]] = shapely.union_all(shapely.make_valid(geometry[at]))
        kept[at[1:]] = False
        findings.add("ZONES_JOINED", records=record[at[1:]], value=str(value), expected=len(at))
    return geometry, kept


def centre_line(polygon: shapely.Geometry) -> shapely.Geometry | None:
    """Return the centre line of a strip-like polygon, or None where it is no strip.

    Parameters
    ----------
    polygon : Polygon, or MultiPolygon of one part
        Valid, in metres.

    Examples
    --------
    >>> line = centre_line(shapely.box(0, 0, 100, 4))
    >>> round(line.length, 1), round(line.coords[0][1], 1)
    (100.0, 2.0)
    >>> centre_line(shapely.box(0, 0, 10, 10)) is None
    True
    """
    parts = shapely.get_parts(polygon)
    if len(parts) != 1 or shapely.get_num_interior_rings(parts[0]):
        return None
    ring = shapely.get_exterior_ring(parts[0])
    around, area = shapely.length(ring), shapely.area(polygon)
    root = around**2 - 16 * area
    if root <= 0:
        return None
    # Sides of the rectangle of the same area and circumference.
    long, wide = (around + np.sqrt(root)) / 4, (around - np.sqrt(root)) / 4
    if wide <= 0 or long / wide < _SLENDER:
        return None
    line = _zipped(ring, around, _best_start(ring, around))
    line = shapely.simplify(line, wide / 8)
    fits = abs(shapely.length(line) * wide - area) <= _FIT * area
    inside = shapely.covers(shapely.buffer(parts[0], wide / 4), line)
    return line if fits and inside else None


def _best_start(ring: shapely.Geometry, around: float) -> float:
    # Every vertex and every middle of an edge may be an end; a rounded end lies between them.
    corners = shapely.line_locate_point(ring, shapely.points(shapely.get_coordinates(ring)[:-1]))
    ends = np.append(corners[1:], around)
    starts = np.concatenate([np.linspace(0, around, _STARTS, endpoint=False), (corners + ends) / 2])
    offsets = np.linspace(0, around / 2, 61)
    ahead = _at(ring, around, starts[:, None] + offsets)
    back = _at(ring, around, starts[:, None] - offsets)
    apart = np.hypot(*np.moveaxis(ahead - back, -1, 0))
    return float(starts[apart.mean(axis=1).argmin()])


def _zipped(ring: shapely.Geometry, around: float, start: float) -> shapely.Geometry:
    offsets = np.linspace(0, around / 2, _STEPS)
    middle = (_at(ring, around, start + offsets) + _at(ring, around, start - offsets)) / 2
    moved = np.append(True, (np.abs(np.diff(middle, axis=0)) > 1e-9).any(axis=1))
    return shapely.linestrings(middle[moved])


def _at(ring: shapely.Geometry, around: float, distance: np.ndarray) -> np.ndarray:
    xy = shapely.get_coordinates(ring)
    scanned = np.append(0.0, np.cumsum(np.hypot(*np.diff(xy, axis=0).T)))
    where = np.mod(distance, around)
    return np.stack([np.interp(where, scanned, xy[:, k]) for k in (0, 1)], axis=-1)


#: Why a record has no place: it counts all the same, as unlocated. A shape that is there and cannot
#: be used is another matter.
NO_PLACE = ("GEOM_NULL", "GEOM_EMPTY", "COORD_NONFINITE", "COORD_PLACEHOLDER", "COORD_RANGE",
            "COORD_UNREADABLE", "COORD_DEGREES")  # fmt: skip

#: A repair that changes the area by more than this is no repair.
MAX_REPAIR = 0.05
_ROUNDS = 3
_FAMILY = {0: "Point", 1: "LineString", 2: "LineString", 3: "Polygon", 4: "Point",
           5: "LineString", 6: "Polygon"}  # fmt: skip
#: A polygon narrower than this on average is what is left between two outlines, in metres.
SLIVER_M = 0.1
_FAMILY_ZH = {"Point": "点", "LineString": "线", "Polygon": "面"}


@dataclass
class Unusable:
    """Why a geometry cannot be used: a finding code (empty where it can), and its particulars."""

    code: np.ndarray
    value: np.ndarray
    expected: np.ndarray


def clean_geometry(
    geometry: np.ndarray,
    spec: LayerSpec,
    findings: Findings,
    record: np.ndarray,
    reason: np.ndarray | None = None,
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
    reason : array of str, optional
        Why a geometry is missing, where that is known: a finding code.

    Returns
    -------
    array of geometries, Unusable
        In two dimensions, None where unusable; and there, the reason.
    """
    out = _flat(geometry, findings)
    unusable = Unusable(*(np.full(len(out), "", dtype=object) for _ in range(3)))
    kinds = shapely.get_type_id(out)
    missing, are_points = kinds < 0, bool((kinds <= 0).all())
    unusable.code[missing] = "GEOM_NULL"
    if reason is not None:
        known = missing & (reason != "")
        unusable.code[known] = reason[known]
    empty = ~missing & shapely.is_empty(out)
    unusable.code[empty] = "GEOM_EMPTY"
    bad = _nonfinite(out, are_points=are_points and not empty.any())
    unusable.code[bad] = "COORD_NONFINITE"
    out[missing | empty | bad] = None
    if are_points and "Point" in spec.geometry:
        return out, unusable
    out = _single_parts(out)
    if "Polygon" in spec.geometry and "LineString" not in spec.geometry:
        out = _areas_of_rings(out, findings, record)
    _mark_types(out, spec, unusable)
    if (~shapely.is_missing(out) & (shapely.get_dimensions(out) > 0)).any():
        out = _repair(out, unusable, findings, record)
        out = _without_repeats(out, findings, record)
        out = _reduced(out, spec, unusable, findings, record)
        _report_parts(out, spec, findings, record)
        _report_slivers(out, spec, findings, record)
    return out, unusable


def report_far(geometry: np.ndarray, findings: Findings, record: np.ndarray) -> None:
    """Report the few records that lie far from all others, where no outline says what is outside.

    ``geometry`` is metric. Where many do, the layer is of more than a city.
    """
    placed = np.flatnonzero(~(shapely.is_missing(geometry) | shapely.is_empty(geometry)))
    middles = shapely.get_coordinates(shapely.centroid(geometry[placed]))
    far = far_from_rest(middles)
    if far.any():
        distance = np.hypot(*(middles[far] - np.median(middles, axis=0)).T)
        away = np.array([f"{metres / 1000:,.0f}" for metres in distance], dtype=object)
        findings.add("FAR_FROM_REST", records=record[placed[far]], value=away)


def report_coincident(
    geometry: np.ndarray,
    key: pd.DataFrame,
    labels: pd.Series,
    findings: Findings,
    record: np.ndarray,
) -> None:
    """Tell records whose geometry and key fields are those of an earlier record.

    ``key`` holds the key fields, row by row; records without geometry are left out.
    """
    twins = np.flatnonzero(_seen_before(geometry))
    if not len(twins):
        return
    shape = shapely.to_wkb(shapely.normalize(geometry[twins]))
    table = key.iloc[twins].reset_index(drop=True).astype("str").fillna("")
    group = table.assign(_shape=shape).groupby([*table.columns, "_shape"], sort=False).ngroup()
    # Groups are numbered as they come, so the first of each is where its number is new.
    first = twins[np.unique(group, return_index=True)[1][group]]
    later = first != twins
    findings.add(
        "GEOM_DUPLICATE",
        records=record[twins[later]],
        value=labels.iloc[first[later]].to_numpy(dtype=object),
    )


def _seen_before(geometry: np.ndarray) -> np.ndarray:
    """Which records may share their geometry with another: by a hash of bounds and size."""
    present = ~shapely.is_missing(geometry)
    out = np.zeros(len(geometry), dtype=bool)
    some = geometry[present]
    if (shapely.get_type_id(some) == 0).all():
        parts = [shapely.get_x(some), shapely.get_y(some)]
    else:
        parts = [*shapely.bounds(some).T, shapely.area(some), shapely.length(some)]
    digest = np.zeros(len(some), dtype=np.uint64)
    for part in parts:
        # The same ring from another start measures the same up to rounding.
        bits = np.ascontiguousarray(np.round(part, 6)).view(np.uint64)
        digest = (digest ^ bits) * np.uint64(0x9E3779B97F4A7C15)
        digest ^= digest >> np.uint64(29)
    out[present] = pd.Series(digest).duplicated(keep=False).to_numpy()
    return out


def _flat(geometry: np.ndarray, findings: Findings) -> np.ndarray:
    out = np.array(geometry, dtype=object)
    deep = np.flatnonzero(shapely.has_z(out) | shapely.has_m(out))
    if len(deep):
        out[deep] = shapely.force_2d(out[deep])
        findings.add("GEOM_FLATTENED", value=len(deep))
    return out


def _nonfinite(geometry: np.ndarray, *, are_points: bool) -> np.ndarray:
    if are_points:
        finite = np.isfinite(shapely.get_x(geometry)) & np.isfinite(shapely.get_y(geometry))
        return np.asarray(~finite & ~shapely.is_missing(geometry))
    coords, owner = shapely.get_coordinates(geometry, return_index=True)
    wrong = ~np.isfinite(coords).all(axis=1)
    bad = np.zeros(len(geometry), dtype=bool)
    bad[owner[wrong]] = True
    return bad


def _single_parts(geometry: np.ndarray) -> np.ndarray:
    """Take a multi-point or a collection of one part as that part: many tools write them so."""
    kinds = shapely.get_type_id(geometry)
    alone = ((kinds == 4) | (kinds == 7)) & (shapely.get_num_geometries(geometry) == 1)
    if not alone.any():
        return geometry
    out = geometry.copy()
    out[alone] = shapely.get_geometry(geometry[alone], 0)
    return out


def _areas_of_rings(geometry: np.ndarray, findings: Findings, record: np.ndarray) -> np.ndarray:
    """Take lines that end where they begin as the areas they go around, as drawings have them."""
    ring = (shapely.get_type_id(geometry) == 1) & shapely.is_closed(geometry)
    ring &= shapely.get_num_coordinates(geometry) > 3
    if not ring.any():
        return geometry
    out = geometry.copy()
    out[ring] = [shapely.Polygon(line.coords) for line in out[ring]]
    findings.add("GEOM_CLOSED", records=record[ring], action="repaired")
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
        geometry[hit] = None


def _without_repeats(geometry: np.ndarray, findings: Findings, record: np.ndarray) -> np.ndarray:
    """Take out vertices that repeat the one before; ``geometry`` is valid, so nothing collapses."""
    extended = np.flatnonzero(shapely.get_dimensions(geometry) > 0)
    thin = shapely.remove_repeated_points(geometry[extended])
    gone = shapely.get_num_coordinates(geometry[extended]) - shapely.get_num_coordinates(thin)
    hit = (gone > 0) & ~shapely.is_empty(thin)
    out = geometry.copy()
    out[extended[hit]] = thin[hit]
    findings.add("GEOM_VERTICES", records=record[extended[hit]], value=gone[hit], action="repaired")
    return out


def _repair(
    geometry: np.ndarray, unusable: Unusable, findings: Findings, record: np.ndarray
) -> np.ndarray:
    usable = ~shapely.is_missing(geometry)
    invalid = np.flatnonzero(usable & ~shapely.is_valid(geometry))
    if len(invalid) == 0:
        return geometry
    out = geometry.copy()
    before = shapely.area(geometry[invalid])
    repaired = _made_valid(geometry[invalid])
    after = shapely.area(repaired)
    is_area = shapely.get_dimensions(geometry[invalid]) == 2
    with np.errstate(divide="ignore", invalid="ignore"):
        change = np.where(is_area, np.abs(after - before) / np.maximum(before, after), 0.0)
    # A figure-eight encloses nothing by the shoelace formula: its area cannot be compared.
    change = np.where(np.isfinite(change), change, 1.0)
    same_family = shapely.get_dimensions(repaired) == shapely.get_dimensions(geometry[invalid])
    is_single = shapely.get_type_id(repaired) != 7
    good = same_family & is_single & ~shapely.is_empty(repaired) & (change <= MAX_REPAIR)
    good &= shapely.is_valid(repaired)
    out[invalid] = repaired
    out[invalid[~good]] = None
    changes = np.array([f"{c:.2%}" for c in change], dtype=object)
    findings.add(
        "GEOM_REPAIRED", records=record[invalid[good]], value=changes[good], action="repaired"
    )
    unusable.code[invalid[~good]] = "GEOM_UNREPAIRABLE"
    unusable.value[invalid[~good]] = changes[~good]
    return out


def _made_valid(geometry: np.ndarray) -> np.ndarray:
    """Return the valid form; a new vertex rounded off its edge asks for another go."""
    out = geometry
    for _ in range(_ROUNDS):
        out = shapely.make_valid(out, method="structure", keep_collapsed=False)
        if shapely.is_valid(out).all():
            break
    return out


def _reduced(
    geometry: np.ndarray,
    spec: LayerSpec,
    unusable: Unusable,
    findings: Findings,
    record: np.ndarray,
) -> np.ndarray:
    """Reduce footprints to centre lines where the layer is measured by its length."""
    measure = spec.fields[spec.measure] if spec.measure else None
    if measure is None or measure.geometry != "length":
        return geometry
    areas = np.flatnonzero(shapely.get_dimensions(geometry) == 2)
    if not len(areas):
        return geometry
    out = geometry.copy()
    lines = np.array([centre_line(polygon) for polygon in geometry[areas]], dtype=object)
    out[areas] = lines
    reduced = ~shapely.is_missing(lines)
    width = shapely.area(geometry[areas[reduced]]) / shapely.length(lines[reduced])
    widths = np.array([f"{w:.1f} m" for w in width], dtype=object)
    findings.add("GEOM_REDUCED", records=record[areas[reduced]], value=widths, action="repaired")
    failed = areas[~reduced]
    unusable.code[failed] = "GEOM_TYPE"
    unusable.value[failed] = "Polygon"
    unusable.expected[failed] = "线 LineString，或狭长面 or a narrow strip (length > 3 × width)"
    return out


def _report_parts(
    geometry: np.ndarray, spec: LayerSpec, findings: Findings, record: np.ndarray
) -> None:
    if spec.role != "facility":
        return
    parts = shapely.get_num_geometries(geometry)
    several = parts > 1
    findings.add("GEOM_MULTIPART", records=record[several], value=parts[several])


def _report_slivers(
    geometry: np.ndarray, spec: LayerSpec, findings: Findings, record: np.ndarray
) -> None:
    if "Polygon" not in spec.geometry:
        return
    area = np.flatnonzero(shapely.get_dimensions(geometry) == 2)
    width = 2 * shapely.area(geometry[area]) / shapely.length(geometry[area])
    thin = width < SLIVER_M
    widths = np.array([f"{w:.3f}" for w in width[thin]], dtype=object)
    findings.add("GEOM_SLIVER", records=record[area[thin]], value=widths)


def representative_points(geometry: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """One place a record: the point itself, or the middle of its bounds; NaN where there is none.

    ``geometry`` may hold anything, as it was read.
    """
    kinds = shapely.get_type_id(geometry)
    empty = shapely.is_empty(geometry)
    if empty.any():
        # An empty point has no x to ask for.
        geometry = geometry.copy()
        geometry[empty] = None
    if (kinds <= 0).all():
        x, y = shapely.get_x(geometry), shapely.get_y(geometry)
    else:
        west, south, east, north = shapely.bounds(geometry).T
        x, y = (west + east) / 2, (south + north) / 2
    lost = ~(np.isfinite(x) & np.isfinite(y))
    return np.where(lost, np.nan, x), np.where(lost, np.nan, y)
