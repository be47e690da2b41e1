"""From the numbers of a source to positions in the metric CRS; nothing is guessed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pyproj
import shapely
from pyproj import CRS

from geo_citymgmt._datums import datum_of, in_china, is_modern, moved, way_between
from geo_citymgmt._languages import Messages, Text, listed
from geo_citymgmt._metric import looks_geographic, position_box, zone_positions
from geo_citymgmt.cleaning._datum import (
    DATUMS,
    WGS84,
    Candidate,
    Extent,
    rank_candidates,
    shift_any,
    to_wgs84,
)
from geo_citymgmt.cleaning._geometry import representative_points
from geo_citymgmt.errors import CRSError
from geo_citymgmt.findings import Findings
from geo_citymgmt.findings import refusal as findings_refusal
from geo_citymgmt.reading._coordinate_columns import publisher_of
from geo_citymgmt.reading._coordinates import stated_crs
from geo_citymgmt.reading._raw import Drawn, Raw, draw_later, draw_points

_MESSAGES = Messages("geo_citymgmt.cleaning")

_ZONE = 1_000_000.0
#: From this share of the records on it is the layer that is wrong, not some of its records.
_MOST = 0.5
#: A belt is used this far from its meridian, in metres; thrice as far it is used by nobody.
_BELT, _FAR, _POLE = 500_000.0, 1_500_000.0, 10_000_000.0
#: The degrees of a datum that is no shifted one, and what its name is in short.
_DEGREES_OF = {"wgs84": "EPSG:4326", "cgcs2000": "EPSG:4490"}
_SHORT = {"wgs84": "WGS 84", "cgcs2000": "CGCS2000"}
Box = tuple[float, float, float, float]
Move = Callable[[np.ndarray], np.ndarray]


def repair_coordinates(
    geometry: np.ndarray | None,
    x: np.ndarray,
    y: np.ndarray,
    source: CRS,
    extent: Extent | None,
    findings: Findings,
    record: np.ndarray,
    *,
    repair: Collection[str],
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
    repair : collection of {"swapped", "zone_prefix"}
        What to put right. Otherwise single records are rejected, and a layer that is wrong as a
        whole is refused.

    Returns
    -------
    geometry, x, y
        Put right; x and y are NaN for the records that were rejected.

    Raises
    ------
    CRSError
        Most records have the same slip, and it is not to be repaired.
    """
    bounds = around = extent.surroundings(source) if extent is not None else None
    if extent is None:
        bounds, around = _possible(source)
    if bounds is None or around is None:
        return geometry, x, y
    located = np.isfinite(x)
    away = np.flatnonzero(located & ~_within(x, y, around))
    if not len(away):
        return geometry, x, y
    for slip, code, hit, move, ask in _coordinate_errors(x[away], y[away], source, bounds):
        at = away[hit]
        if not len(at):
            continue
        written = [f"({a:.10g}, {b:.10g})" for a, b in zip(x[at], y[at], strict=True)]
        is_repaired = slip in repair
        if not is_repaired and len(at) >= _MOST * located.sum():
            value = f"{written[0]} × {len(at)}"
            raise refusal(findings, name, code, value=value, remedy=ask, detail=ask)
        x, y = x.copy(), y.copy()
        if is_repaired:
            if geometry is not None:
                geometry = geometry.copy()
                geometry[at] = shapely.transform(shapely.force_2d(geometry[at]), move)
            x[at], y[at] = move(np.column_stack([x[at], y[at]])).T
        else:
            x[at] = y[at] = np.nan
        findings.add(
            code,
            records=record[at],
            value=np.array(written, dtype=object),
            severity="info" if is_repaired else "error",
            action="repaired" if is_repaired else "rejected",
            detail=Text("已改正", "repaired") if is_repaired else ask,
        )
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


def _coordinate_errors(
    x: np.ndarray, y: np.ndarray, source: CRS, bounds: Box
) -> list[tuple[str, str, np.ndarray, Move, Text]]:
    swapped = _within(y, x, bounds)
    turned = _MESSAGES("correct_or_repair", kind="swapped")
    errors: list[tuple[str, str, np.ndarray, Move, Text]]
    errors = [("swapped", "COORD_SWAPPED", swapped, lambda xy: xy[:, ::-1], turned)]
    prefixed = _MESSAGES("correct_or_repair", kind="zone_prefix")
    for shift in _prefixes(source):
        hit = _within(x + shift, y, bounds) & ~swapped
        errors.append(
            ("zone_prefix", "CRS_ZONE_PREFIX", hit, partial(np.add, [shift, 0.0]), prefixed)
        )
    return errors


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


def _within(x: np.ndarray, y: np.ndarray, box: Box) -> np.ndarray:
    west, south, east, north = box
    with np.errstate(invalid="ignore"):
        return np.asarray((x >= west) & (x <= east) & (y >= south) & (y <= north))


def refusal(findings: Findings, name: str, code: str, *, remedy: Text, **params: Any) -> CRSError:
    """Return the error of :func:`geo_citymgmt.findings.refusal` about a CRS."""
    return findings_refusal(code, name, error=CRSError, remedy=remedy, findings=findings, **params)


GEOD = pyproj.Geod(ellps="GRS80")

#: Geodetic datums to which no transformation from CGCS2000 or WGS 84 is public, by name and by
#: the axis of their ellipsoid (Krasovsky 1940, IAG 1975).
_UNSHIFTED = ("Beijing", "Xian", "Xi'an", "New Beijing")
_OLD_AXES = (6_378_245.0, 6_378_140.0)
#: An inferred CRS must put so many of the records into the city, and the next so many fewer.
_ENOUGH, _CLEAR = 0.6, 0.2
#: With fewer than this about the city the stated CRS is doubted.
_LOST = 0.05


@dataclass
class Position:
    """Geometry as far as it has come, and how CRS and datum were known.

    Attributes
    ----------
    geometry : array of geometries
        In ``within``.
    within : CRS or None
        None where there is no geometry, or a pipeline has brought it into the metric CRS.
    x, y : arrays of float
        One place a record in ``within``, NaN where there is none or the record is rejected.
    """

    if TYPE_CHECKING:
        geometry: np.ndarray
    else:
        geometry: np.ndarray = Drawn()
    crs: str
    crs_source: str
    datum: str
    datum_source: str
    within: CRS | None = None
    x: np.ndarray = field(default_factory=lambda: np.empty(0))
    y: np.ndarray = field(default_factory=lambda: np.empty(0))
    #: Why the numbers of a record are none of ``within``, a finding code, "" where they are; such
    #: records have no geometry. None where there is none at all.
    off: np.ndarray | None = None
    #: As those of :class:`Raw`.
    points: tuple[np.ndarray, np.ndarray] | None = field(default=None, init=False)

    @property
    def is_metric(self) -> bool:
        """Whether a pipeline has brought it into the metric CRS, which must be given then."""
        return self.within is None and bool(self.crs)

    def places(self, *, are_zones: bool = False) -> tuple[np.ndarray, np.ndarray]:
        """Where the data lies, in degrees: zones with all they cover, else nearly all records.

        Empty where that is not known.
        """
        if self.within is None:
            return np.empty(0), np.empty(0)
        if are_zones:
            return zone_positions(
                gpd.GeoSeries(self.geometry[np.isfinite(self.x)], crs=self.within)
            )
        return position_box(self.x, self.y, self.within)


def given_crs(
    raws: Sequence[Raw], findings: Findings, *, crs: Any, fallback_crs: Any, extent: Extent | None
) -> list[Any]:
    """Return which of the CRS that are given each source of a layer is in; None for its own.

    ``crs`` is said of the layer, whatever its files say. Where only some of several sources can be
    in it, or need it because they state none, the others keep what they state; those that state
    none are in ``fallback_crs``, or in degrees where their columns hold them. Where no source can
    be in it, it is wrong and stays, so that it is refused. ``fallback_crs`` is for sources that
    state none and have no columns of degrees beside a CRS in metres.

    Parameters
    ----------
    raws : sequence of Raw
        The sources of one layer, as read.
    findings : Findings
        Takes which sources ``crs`` was not put on.
    crs, fallback_crs : anything pyproj takes, or "infer", optional
        Given by the caller.
    extent : Extent, optional
        Where the city lies.

    Raises
    ------
    CRSError
        Some sources are in ``crs``, and of another nothing says what it is in.
    """
    is_needed = is_used = False
    if crs is not None and stated_crs(crs) is not None and len(raws) > 1:
        # Whether one that states none lies right in it is asked where it is used.
        is_needed = any(_is_in(crs, raw, None) for raw in raws if raw.crs is None)
        is_used = is_needed or any(_is_in(crs, raw, extent) for raw in raws)
    if crs is not None and not is_used:
        return [crs] * len(raws)
    return [
        _given_for(raw, findings, crs, fallback_crs, extent, own_first=is_needed) for raw in raws
    ]


def _is_in(crs: Any, raw: Raw, extent: Extent | None) -> bool:
    x, y = raw.points or representative_points(raw.geometry)
    return bool(np.isfinite(x).any()) and _can_be_in(crs, x, y, extent)


def _given_for(
    raw: Raw,
    findings: Findings,
    crs: Any,
    fallback_crs: Any,
    extent: Extent | None,
    *,
    own_first: bool,
) -> Any:
    last = fallback_crs if raw.crs is None else None
    if crs is None and last is None:
        return None
    x, y = raw.points or representative_points(raw.geometry)
    # With None goes what the source states: nothing that is given is put on it.
    known = [(crs, crs), (last, last)]
    known.insert(0 if own_first else 1, (raw.crs, None))
    fitting = [
        given
        for where in (extent, None)
        for code, given in known
        if code is not None and _can_be_in(code, x, y, where)
    ]
    if not fitting and raw.crs is None and raw.place_columns is not None:
        fitting = [None] if _are_degrees(raw, x, y) else []
    if crs is None:
        return fitting[0] if fitting else last
    given = CRS.from_user_input(crs)
    if not fitting:
        ranked = rank_candidates(x, y, extent)[:3]
        raise _wrong(raw.name, findings, given, x, y, ranked, _drawn(raw), is_one_of_several=True)
    if fitting[0] is not crs and raw.crs != given:
        findings.add("CRS_KEPT", value=str(crs), expected=raw.name, about=raw.name)
    return fitting[0]


def _can_be_in(crs: Any, x: np.ndarray, y: np.ndarray, extent: Extent | None) -> bool:
    """Whether numbers can be in a CRS; what is no CRS is judged where it is used."""
    known = stated_crs(crs)
    return known is None or (_leads_to(known, WGS84) and not _astray(known, x, y, extent))


def locate(
    raw: Raw,
    findings: Findings,
    *,
    crs: Any,
    datum: str | None,
    pipeline: str | None = None,
    repair: Collection[str] = (),
    extent: Extent | None = None,
    offset: int = 0,
) -> Position:
    """Find out where the numbers of ``raw`` lie: in which CRS, put right, on a known datum.

    Parameters
    ----------
    raw : Raw
        As read.
    findings : Findings
        Takes the decisions, and what a refusal rests on.
    crs : anything pyproj takes, or "infer", optional
        Given for this source (:func:`given_crs`); wins over what the file says.
    datum : {"cgcs2000", "wgs84", "gcj02", "bd09"}, optional
        Given by the caller.
    pipeline : str, optional
        A PROJ operation that takes the numbers, x first, to degrees of CGCS2000 or to the metric
        CRS.
    repair : collection of {"swapped", "zone_prefix"}
        Slips to put right; without it they are refused.
    extent : Extent, optional
        Where the city lies.
    offset : int
        Position of the first record among those of several sources.

    Raises
    ------
    CRSError
        No CRS is known, the numbers do not fit it, or the datum cannot be transformed.

    See Also
    --------
    given_crs : what comes before.
    project : the second half, once the metric CRS is known.
    """
    if datum is not None and datum not in DATUMS:
        raise _MESSAGES.error(CRSError, "unknown_datum", datum=datum, datums=listed(DATUMS))
    named = _settle_reference(raw, crs, datum, findings)
    datum = datum or named
    if isinstance(crs, str) and "proj=pipeline" in crs:
        pipeline, crs = crs, None
    if raw.is_nowhere:
        return Position(raw.geometry, "", "none", "", "none")
    if pipeline is not None:
        return _by_pipeline(raw, findings, pipeline)
    x, y = raw.points or representative_points(raw.geometry)
    source, how = _source_crs(raw, _Stated(crs, datum), x, y, extent, findings)
    if not _leads_to(source, WGS84):
        raise _wrong(raw.name, findings, source, x, y, [], _drawn(raw))
    before = x, y
    geometry: np.ndarray | None
    geometry, x, y = repair_coordinates(
        None if raw.points else raw.geometry, x, y, source, extent, findings, raw.record + offset,
        repair=repair, name=raw.name,
    )  # fmt: skip
    # Records that are rejected lie where they lay.
    points = np.where(np.isfinite(x), x, before[0]), np.where(np.isfinite(y), y, before[1])
    codes = _off_codes(raw, x, y, source)
    is_off = codes != ""
    off = codes if is_off.any() else None
    # Where that is most of them it is the CRS that is wrong.
    if off is not None and is_off.sum() <= np.isfinite(x).sum() / 2:
        if geometry is not None:
            geometry = np.array(geometry, dtype=object)
            geometry[is_off] = None
        points = np.where(is_off, np.nan, points[0]), np.where(is_off, np.nan, points[1])
        x, y = np.where(is_off, np.nan, x), np.where(is_off, np.nan, y)
    _check_fit(raw, source, x, y, extent, findings)
    publisher = publisher_of(raw.frame.columns) if datum is None else None
    if publisher is not None and source.is_geographic:
        columns = ", ".join(publisher.columns)
        findings.add(
            "DATUM_SUSPECT",
            value=publisher.datum.upper(),
            expected=f"{publisher.label}: {columns}",
            about=publisher.label,
        )
    given = how == "given" and crs is not None
    stated = CRS.from_user_input(crs).to_string() if given else source.to_string()
    by = "name" if named else "given"
    if datum in ("gcj02", "bd09"):
        degrees = source.geodetic_crs or WGS84
        geometry = draw_points(*points) if geometry is None else geometry
        geometry = _transform(geometry, source, degrees)
        x, y = _transformed(x, y, source, degrees)
        # Without the shift the numbers are on the datum that the stated CRS rests on.
        true = degrees if datum_of(degrees) in ("wgs84", "cgcs2000") else WGS84
        findings.add(
            "DATUM_CONVERTED",
            value=datum.upper(),
            expected=_shift_m(x, y, datum),
            detail=f"{_SHORT[datum_of(true)]} ({_DEGREES_OF[datum_of(true)]})",
        )
        return Position(shift_any(geometry, datum), stated, how, datum, by, true, x, y, off)
    # Without a word about it the datum is the one that the CRS rests on.
    known, known_by = (datum, by) if datum else (datum_of(source), "crs")
    shapes = np.empty(0, dtype=object) if geometry is None else geometry
    position = Position(shapes, stated, how, known, known_by, source, x, y, off)
    if geometry is None:
        draw_later(position, *points)
    return position


def project(position: Position, findings: Findings, metric_crs: CRS, name: str) -> np.ndarray:
    """Bring the geometry of ``position`` into ``metric_crs``; ``name`` is that of its source.

    Raises
    ------
    CRSError
        No transformation from its datum is known.
    """
    used = position.within
    if used is None:
        return position.geometry
    if not _leads_to(used, metric_crs):
        drawn = None if position.points else position.geometry
        raise _wrong(name, findings, used, position.x, position.y, [], drawn)
    if position.datum not in ("gcj02", "bd09"):
        _check_ballpark(name, used, metric_crs, findings)
    _report_way(position, used, metric_crs, findings)
    if position.points is not None and used != metric_crs:
        x, y = position.points
        located = np.isfinite(x)
        out = np.full(len(x), None, dtype=object)
        # What leads nowhere is a point all the same, of no finite numbers, and told as that.
        out[located] = shapely.points(*_transformed(x[located], y[located], used, metric_crs))
        return out
    return _transform(position.geometry, used, metric_crs)


def _report_way(position: Position, used: CRS, metric_crs: CRS, findings: Findings) -> None:
    """Tell what lies between the datum of a source and that of the city, and what was done."""
    way = way_between(used, metric_crs)
    if way.how == "same":
        return
    code = {"equal": "CRS_ASSUMED", "known": "CRS_SHIFTED", "unknown": "CRS_UNSHIFTED"}[way.how]
    located = np.isfinite(position.x)
    detail = Text("", "")
    if way.how == "known" and located.any():
        x, y = (float(np.median(v[located])) for v in (position.x, position.y))
        operation, accuracy = way.operation(x, y)
        before = _transformed(x, y, used, used.geodetic_crs or used)
        after = _transformed(
            *_transformed(x, y, used, metric_crs), metric_crs, metric_crs.geodetic_crs or metric_crs
        )
        metres = f"{GEOD.inv(*before, *after)[2]:.0f}"
        known = f"{accuracy:g}" if np.isfinite(accuracy) else ""
        detail = Text(
            f"{operation}，移动约 {metres} 米" + (f"，精度约 {known} 米" if known else ""),
            f"{operation}, by about {metres} m" + (f", accurate to {known} m" if known else ""),
        )
    findings.add(
        code,
        value=(used.geodetic_crs or used).name,
        expected=(metric_crs.geodetic_crs or metric_crs).name,
        detail=detail,
    )


def _shift_m(lon: np.ndarray, lat: np.ndarray, datum: str) -> str:
    """How far the middle of the data moves from ``datum`` to WGS 84, in whole metres."""
    located = np.isfinite(lon)
    if not located.any():
        return "—"
    at = np.array([np.median(lon[located])]), np.array([np.median(lat[located])])
    to = to_wgs84(at, datum)
    return f"{GEOD.inv(at[0], at[1], to[0], to[1])[2][0]:.0f}"


def _off_codes(raw: Raw, x: np.ndarray, y: np.ndarray, source: CRS) -> np.ndarray:
    """Return why numbers are none of ``source``, as codes: beyond the earth, or of another kind."""
    out = np.full(len(x), "", dtype=object)
    with np.errstate(invalid="ignore"):
        if source.is_geographic:
            out[(np.abs(x) > 180) | (np.abs(y) > 90)] = "COORD_RANGE"
        elif raw.place_columns is not None:
            # In a drawing they would be a matter of the whole layer.
            out[(np.abs(x) <= 180) & (np.abs(y) <= 90)] = "COORD_DEGREES"
    return out


@dataclass(frozen=True, slots=True)
class _Stated:
    """What the caller or the names of the columns say of the numbers."""

    crs: Any
    datum: str | None


def _source_crs(
    raw: Raw,
    stated: _Stated,
    x: np.ndarray,
    y: np.ndarray,
    extent: Extent | None,
    findings: Findings,
) -> tuple[CRS, str]:
    crs = stated.crs
    if isinstance(crs, str) and crs.lower() == "infer":
        if raw.crs is not None and not _astray(raw.crs, x, y, extent):
            return raw.crs, "file"
        return _inferred(raw, x, y, extent, findings), "inferred"
    if crs is not None:
        try:
            return CRS.from_user_input(crs), "given"
        except pyproj.exceptions.CRSError as error:
            likely = [c.code for c in rank_candidates(x, y, extent) if not c.is_range][:1]
            raise CRSError(
                _MESSAGES("crs_not_coordinate", raw=raw, crs=crs, error=error),
                remedy=Text(
                    f"请给出代码，如 {likely[0]}。" if likely else "请给出 EPSG 代码。",
                    f"Give a code such as {likely[0]}." if likely else "Give an EPSG code.",
                ),
            ) from error
    if raw.crs is not None:
        return raw.crs, raw.crs_source
    if raw.place_columns is not None and _are_degrees(raw, x, y):
        return _assumed(raw, stated.datum, x, y, findings), "assumed"
    raise _missing(raw, findings, rank_candidates(x, y, extent), x, y)


def _settle_reference(raw: Raw, crs: Any, datum: str | None, findings: Findings) -> str | None:
    """Report what the names of columns say; return the datum they say where none was given."""
    if not raw.reference or raw.place_columns is None:
        return None
    given = datum or crs
    columns = ", ".join(raw.place_columns)
    if given is not None and _contradicts(raw, crs, datum):
        findings.add(
            "COORD_CONTRADICTED",
            value=columns,
            about=columns,
            expected=raw.reference,
            detail=str(given).upper() if datum else str(given),
        )
        return None
    if datum is not None:
        return None
    code = raw.crs.to_string() if raw.crs_source == "name" and raw.crs is not None else ""
    is_shifted = raw.datum in ("gcj02", "bd09")
    is_named = code and crs is None and not is_shifted
    stated = f"{raw.reference} ({code})" if is_named else raw.reference
    findings.add("COORD_REFERENCE", value=columns, about=columns, expected=stated)
    return raw.datum or None


def _contradicts(raw: Raw, crs: Any, datum: str | None) -> bool:
    """Whether what was given is another datum or CRS than the names of the columns say."""
    if datum is not None and raw.datum:
        return datum != raw.datum and not {datum, raw.datum} <= {"wgs84", "cgcs2000"}
    if crs is None or not (raw.geodetic or raw.crs_source == "name"):
        return False
    try:
        stated = CRS.from_user_input(crs)
    except pyproj.exceptions.CRSError:
        # Refused where it is used.
        return False
    if not raw.geodetic:
        return stated != raw.crs
    # 4326 and 4490 differ by centimetres, and are what people write for either.
    both = {datum_of(stated), datum_of(CRS.from_user_input(raw.geodetic))}
    return len(both) > 1 and both != {"wgs84", "cgcs2000"}


def _are_degrees(raw: Raw, x: np.ndarray, y: np.ndarray) -> bool:
    """Whether numbers from columns are degrees for certain: by their names, or lying in China."""
    located = np.isfinite(x)
    if not located.any():
        return False
    lon, lat = _upright(float(np.median(x[located])), float(np.median(y[located])))
    if abs(lon) > 180 or abs(lat) > 90 or not looks_geographic(x[located], y[located]):
        return False
    return raw.in_degrees or in_china(lon, lat)


def _upright(lon: float, lat: float) -> tuple[float, float]:
    """Return a place with its axes exchanged where it is none otherwise: that is told later."""
    return (lat, lon) if abs(lat) > 90 else (lon, lat)


def _assumed(raw: Raw, datum: str | None, x: np.ndarray, y: np.ndarray, findings: Findings) -> CRS:
    """Return the CRS of degrees of which no more than the datum is said, as ``init`` writes it."""
    if datum in _DEGREES_OF:
        return CRS.from_user_input(_DEGREES_OF[datum])
    located = np.isfinite(x)
    is_chinese = in_china(*_upright(float(np.median(x[located])), float(np.median(y[located]))))
    code = "EPSG:4490" if is_chinese else "EPSG:4326"
    ask = Text("", "")
    if is_chinese:
        # The web maps of China are shifted by half a kilometre and more.
        ask = _MESSAGES("perhaps_web_map")
    if datum is None:
        columns = ", ".join(raw.place_columns or ())
        findings.add("DEGREES_ASSUMED", value=columns, about=raw.name, expected=code, detail=ask)
    return CRS.from_user_input(code)


def _missing(
    raw: Raw, findings: Findings, ranked: list[Candidate], x: np.ndarray, y: np.ndarray
) -> CRSError:
    best = ranked[:4]
    # The shifted datums are those of maps of China.
    shifted = ["GCJ-02/BD-09 (datum)"] if any(c.code == "EPSG:4490" for c in best) else []
    none, none_zh = "they make sense in no usual CRS", "常用坐标系都不符"
    could = ", ".join([*(c.text for c in best), *shifted])
    could_zh = "、".join([*(c.text_zh for c in best), *shifted])
    # All that is missing is asked for at once: who has the .prj has the rest of it.
    also = [name for name in raw.missing if not name.endswith(".prj")]
    more = f"; missing too: {', '.join(also)}" if also else ""
    more_zh = f"；同时缺少 {'、'.join(also)}" if also else ""
    if raw.reference:
        more += f"; the headings say {raw.reference}"
        more_zh += f"；列名写的是 {raw.reference}"
    return refusal(
        findings,
        raw.name,
        "CRS_MISSING",
        value=_span(x, y, _drawn(raw)),
        expected=", ".join([*map(str, best), *shifted]),
        detail=Text(
            (f"可能是 {could_zh}" if could else none_zh) + more_zh,
            (f"this could be {could}" if could else none) + more,
        ),
        remedy=_MESSAGES("confirm_crs"),
    )


def _inferred(
    raw: Raw, x: np.ndarray, y: np.ndarray, extent: Extent | None, findings: Findings
) -> CRS:
    ranked = rank_candidates(x, y, extent)
    best = ranked[0] if ranked else None
    others = [c for c in ranked[1:] if best and c.share > best.share - _CLEAR]
    if extent is None and best is not None and len(ranked) == 1 and not best.is_range:
        expected = best.code
        reason = _MESSAGES("only_usual_crs")
    elif best is None or best.share < _ENOUGH or others:
        raise _missing(raw, findings, ranked, x, y)
    else:
        expected = share = f"{best.share:.0%}"
        reason = Text(f"{share} 的记录落在市域内", f"{share} of the records lie in the city")
    detail = Text(f"{best.note_zh}：{reason.zh}", f"{best.note}: {reason.en}")
    findings.add("CRS_INFERRED", value=best.code, expected=expected, detail=detail)
    return CRS.from_user_input(best.code)


def _astray(crs: CRS, x: np.ndarray, y: np.ndarray, extent: Extent | None) -> bool:
    """Whether ``crs`` puts hardly a record anywhere near the city."""
    located = np.isfinite(x)
    if not located.any():
        return False
    if crs.is_geographic != looks_geographic(x[located], y[located]):
        return True
    bounds = extent.surroundings(crs) if extent is not None else None
    return bounds is not None and bool(_within(x, y, bounds)[located].mean() < _LOST)


def _check_fit(
    raw: Raw, source: CRS, x: np.ndarray, y: np.ndarray, extent: Extent | None, findings: Findings
) -> None:
    located = np.isfinite(x)
    if not located.any():
        return
    fits = source.is_geographic == looks_geographic(x[located], y[located])
    if fits and source.is_geographic:
        fits = bool(np.median(np.abs(y[located])) <= 90)
    elif fits:
        back = way_between(source, source.geodetic_crs or source)
        middle = back.move(float(np.median(x[located])), float(np.median(y[located])))
        fits = bool(np.isfinite(middle).all())
    if fits and not _astray(source, x, y, extent):
        return
    ranked = rank_candidates(x, y, extent)
    if extent is not None:
        ranked = [c for c in ranked if c.share >= _ENOUGH]
    # Records of another city lie astray and are right: only a CRS that fits better is a proof.
    if fits and not ranked:
        return
    raise _wrong(raw.name, findings, source, x, y, ranked[:3], _drawn(raw))


def _wrong(
    name: str,
    findings: Findings,
    source: CRS,
    x: np.ndarray,
    y: np.ndarray,
    best: Sequence[Candidate],
    drawn: np.ndarray | None,
    *,
    is_one_of_several: bool = False,
) -> CRSError:
    label = source.to_string() if len(source.to_string()) < 40 else source.name
    could = Text(
        f"（可能是 {'、'.join(c.text_zh for c in best)}）" if best else "",
        f" (could be {', '.join(c.text for c in best)})" if best else "",
    )
    return refusal(
        findings,
        name,
        "CRS_WRONG",
        value=_span(x, y, drawn),
        expected=label,
        detail=_MESSAGES("in_another_crs", could=could, source=name)
        if is_one_of_several
        else could,
        remedy=Text("请核对坐标系", "check the CRS"),
    )


def _check_ballpark(name: str, source: CRS, metric_crs: CRS, findings: Findings) -> None:
    if source.is_bound:
        # Parameters of the shift came with the CRS: it is the caller's word.
        return
    geodetic = source.geodetic_crs or source
    ellipsoid = geodetic.ellipsoid
    old = ellipsoid is not None and ellipsoid.semi_major_metre in _OLD_AXES
    is_unknown = way_between(source, metric_crs).how == "unknown"
    is_apart = is_unknown and not (is_modern(source) and is_modern(metric_crs))
    if not (old or is_apart or any(word in geodetic.name for word in _UNSHIFTED)):
        return
    target = (metric_crs.geodetic_crs or metric_crs).name
    raise refusal(
        findings,
        name,
        "CRS_BALLPARK",
        value=geodetic.name,
        expected=target,
        remedy=_MESSAGES("convert_first"),
    )


def _by_pipeline(raw: Raw, findings: Findings, pipeline: str) -> Position:
    try:
        operation = pyproj.Transformer.from_pipeline(pipeline)
    except pyproj.exceptions.ProjError as error:
        raise _MESSAGES.error(
            CRSError, "pipeline_not_proj", raw=raw, pipeline=pipeline, error=error
        ) from error

    def move(xy: np.ndarray) -> np.ndarray:
        return np.column_stack(operation.transform(xy[:, 0], xy[:, 1]))

    geometry = shapely.transform(shapely.force_2d(raw.geometry), move)
    x, y = representative_points(geometry)
    located = np.isfinite(x)
    if not located.any():
        raise _MESSAGES.error(CRSError, "pipeline_takes_coordinates", raw=raw)
    findings.add("CRS_PIPELINE", value=pipeline)
    degrees = looks_geographic(x[located], y[located])
    within = CRS.from_epsg(4490) if degrees else None
    return Position(geometry, pipeline, "given", "cgcs2000", "given", within, x, y)


# One for each pair: a transformer takes long to make.
@lru_cache(maxsize=64)
def _leads_to(source: CRS, target: CRS) -> bool:
    """Whether any way leads there: a damaged ellipsoid is that of another celestial body."""
    try:
        way_between(source, target)
    except pyproj.exceptions.ProjError:
        return False
    return True


def _transform(geometry: np.ndarray, source: CRS, target: CRS) -> np.ndarray:
    if source == target:
        return geometry
    kinds = shapely.get_type_id(geometry)
    if (kinds <= 0).all() and not shapely.has_z(geometry).any():
        located = kinds == 0
        x, y = shapely.get_coordinates(geometry).T
        if len(x) == located.sum():
            out = np.full(len(geometry), None, dtype=object)
            out[located] = shapely.points(*_transformed(x, y, source, target))
            return out
    return moved(geometry, source, target)


def _transformed(x: Any, y: Any, source: CRS, target: CRS) -> tuple[Any, Any]:
    if source == target:
        return x, y
    return way_between(source, target).move(x, y)


def _drawn(raw: Raw) -> np.ndarray | None:
    """Return the shapes of a source; None where it has no more than points."""
    return None if raw.points else raw.geometry


def _span(x: np.ndarray, y: np.ndarray, drawn: np.ndarray | None) -> str:
    """Extent of a source in its own numbers: of all that is drawn, not of one place a record."""
    located = np.isfinite(x)
    if not located.any():
        return "—"
    west, south, east, north = (
        (x[located].min(), y[located].min(), x[located].max(), y[located].max())
        if drawn is None
        else shapely.total_bounds(drawn[located])
    )
    return f"x {west:.6g} – {east:.6g}, y {south:.6g} – {north:.6g}"
