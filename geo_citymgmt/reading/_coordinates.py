"""Positions from columns, for the records of any source that have no geometry of their own."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import pyproj
import shapely

from geo_citymgmt._datums import in_china
from geo_citymgmt._languages import Text, listed
from geo_citymgmt.errors import did_you_mean
from geo_citymgmt.reading._coordinate_columns import (
    NamedColumn,
    axis_of,
    frames,
    is_packed,
    name_pairs,
    no_place,
    read_coordinates,
    read_halves,
    read_name,
    read_names,
    read_parts,
    without_placeholders,
)
from geo_citymgmt.reading._messages import failure, phrase
from geo_citymgmt.reading._raw import Raw, from_geojson, from_wkb, from_wkt

#: Geometry written as text.
_TEXTS = {
    "WKT": r"(?is)^\s*(?:SRID=(\d+);\s*)?((?:MULTI)?(?:POINT|LINESTRING|POLYGON)\b.*"
    r"|GEOMETRYCOLLECTION\b.*)$",
    "GeoJSON": r"(?s)^\s*\{.*\"coordinates\"\s*:.*\}\s*$",
    "WKB": r"^\s*0[01](?:[0-9A-Fa-f]{2}){20,}\s*$",
}
#: A part of a column that holds both coordinates, by which order can be said: 坐标[2].
_PART = r"^(.*)\[([12])\]$"
#: Where China lies: in degrees, and in metres from the equator and from a central meridian.
_LON, _LAT, _NORTH = (73, 136), (3, 54), (300_000, 6_000_000)
_EAST = ((100_000, 900_000), (13_000_000, 46_000_000))
#: A name is a hint: of the cells that are filled so many must be coordinates. 经度 is more.
_ENOUGH = 0.5
#: Two numbers this large under E and N are a position.
_METRES = 10_000.0
#: Two sets of coordinates agree within this: metres, or about as much in degrees.
_AGREEING_M, _AGREEING_DEGREES = 100.0, 1e-3
#: What is shown of a cell that cannot be read.
_SHOWN = 60
#: Fewer filled cells say nothing about what a column without a telling name holds.
_FEWEST = 3
_LOOKED_AT = 1000
#: A city is no wider, in degrees.
_CITY_DEGREES = 3.0
#: Of a column that holds both coordinates, after those of pairs of columns.
_BOTH = 3


@dataclass
class _Candidate:
    """Columns that could be the position of the records, and what they hold.

    ``names`` are those for x and for y, as people give them; ``geometry`` is given where the
    cells hold more than points; ``parts`` are the columns of x and of y where degrees, minutes and
    seconds have one each.
    """

    names: tuple[str, str]
    columns: tuple[int, ...]
    x: np.ndarray
    y: np.ndarray
    written: np.ndarray
    frame: str = ""
    family: int = 0
    rank: int = 0
    stem: str = ""
    is_other: bool = False
    in_degrees: bool = False
    is_decided: bool = True
    shapes: np.ndarray | None = None
    crs: pyproj.CRS | None = None
    parts: tuple[tuple[str, ...], ...] = ()

    @property
    def told(self) -> tuple[str, ...]:
        """The names of the columns as people are told them, for x and for y."""
        return tuple(", ".join(names) for names in self.parts) or self.names

    @cached_property
    def usable(self) -> np.ndarray:
        """Which records have a position in it."""
        if self.shapes is not None:
            return np.asarray(~shapely.is_missing(self.shapes))
        return np.isfinite(self.x) & np.isfinite(self.y)

    @cached_property
    def middle(self) -> tuple[float, float] | None:
        """The median of the positions; None where there is none."""
        present = self.usable & np.isfinite(self.x)
        if not present.any():
            return None
        real = present & ~no_place(
            np.where(present, self.x, np.nan), np.where(present, self.y, np.nan)
        )
        at = real if real.any() else present
        return float(np.median(self.x[at])), float(np.median(self.y[at]))

    @property
    def looks_geographic(self) -> bool:
        """Whether the numbers could be degrees."""
        return self.middle is not None and max(map(abs, self.middle)) <= 180

    @property
    def is_readable(self) -> bool:
        """Whether what is filled are coordinates: most of it, where the name says little."""
        least = 1 if self.family == 0 else max(1, _ENOUGH * self.written.sum())
        return bool(self.usable.sum() >= least)

    @property
    def is_telling(self) -> bool:
        """Whether names, with the numbers where they are vague, say that these are positions."""
        if not self.is_readable or self.is_other or not self.is_decided:
            return False
        if self.rank < 2 or self.shapes is not None:
            return True
        # 井盖X may be one, pixel_x is none.
        east, north = self.middle or (np.nan, np.nan)
        in_range = (
            self.family in (0, _BOTH) and self.rank == 2 and abs(east) <= 180 and abs(north) <= 90
        )
        in_metres = self.family == 1 and min(abs(east), abs(north)) >= _METRES
        return in_range or in_metres or _fits(east, north)

    def geometry(self) -> np.ndarray:
        """Return the positions as geometry, None where there is none."""
        if self.shapes is not None:
            return self.shapes
        out = np.full(len(self.x), None, dtype=object)
        out[self.usable] = shapely.points(self.x[self.usable], self.y[self.usable])
        return out


def coordinate_aliases(
    aliases: Mapping[str, str], fields: Mapping[str, Any]
) -> tuple[dict[str, str], dict[str, str]]:
    """Part columns that are said to be coordinates (``"高德经度" = "经度"``) from those of fields.

    Returns
    -------
    dict, dict
        "x" and "y" to their columns; and the other aliases.

    Examples
    --------
    >>> coordinate_aliases({"东": "经度", "北": "纬度", "编号": "manhole_id"}, {"manhole_id": ...})
    ({'x': '东', 'y': '北'}, {'编号': 'manhole_id'})
    """
    axes = {
        str(column): axis
        for column, name in aliases.items()
        if name not in fields and (axis := axis_of(str(name)))
    }
    rest = {column: name for column, name in aliases.items() if str(column) not in axes}
    return {axis: column for column, axis in axes.items()}, rest


def place_records(
    raw: Raw,
    *,
    x: str | None = None,
    y: str | None = None,
    crs: Any = None,
    datum: str | None = None,
) -> None:
    """Give the records of ``raw`` that have no geometry the position their columns hold.

    Which columns these are is taken from names and numbers, and reported; what looks like
    coordinates and is not used is a finding. Of several pairs the one that fits what is known of
    the CRS, is filled and is better named is taken. ``raw`` is changed in place.

    Parameters
    ----------
    raw : Raw
        As read.
    x, y : str, optional
        The columns, in place of those found: longitude or easting, latitude or northing. ``x``
        alone is a column that holds both; ``坐标[2]`` is the second number of such a column.
    crs, datum : optional
        What is said of the numbers, by which of several pairs one is chosen.

    Raises
    ------
    SourceError
        There is no such column.

    Examples
    --------
    >>> frame = pd.DataFrame({"编号": ["J1", "J2"], "经度": [120.61, None], "纬度": [31.3, None]})
    >>> raw = Raw("list", frame, np.full(2, None, dtype=object), np.arange(2), 2)
    >>> place_records(raw)
    >>> print(*raw.geometry)
    POINT (120.61 31.3) None
    """
    if x is not None or y is not None:
        _take(raw, _asked(raw, x, y), np.ones(len(raw.frame), dtype=bool))
        return
    missing = _without_place(raw)
    if not missing.any():
        return
    stated = stated_crs(raw.crs if crs is None else crs)
    candidates = [c for c in _candidates(raw.frame, stated) if (c.written & missing).any()]
    usable = [c for c in candidates if c.is_telling and (c.usable & missing).any()]
    best = _best(usable, missing, stated, datum)
    if best is None:
        by_values = [] if candidates or not missing.all() else _by_values(raw.frame)
        _report_unused(raw, candidates or by_values)
        return
    others = [c for c in usable if c is not best and not set(c.columns) & set(best.columns)]
    if missing.all():
        # A shape at 0, 0 of which the columns say nothing is told as that.
        _take(raw, best, best.written | shapely.is_missing(raw.geometry))
    elif not _fill(raw, best, missing):
        return
    for other in others:
        raw.findings.add(
            "COORD_SETS",
            value=", ".join(dict.fromkeys(other.told)),
            about=", ".join(dict.fromkeys(other.told)),
            expected=", ".join(dict.fromkeys(best.told)),
            detail=_as_entries(other),
        )


def _without_place(raw: Raw) -> np.ndarray:
    """Which records have no geometry, an empty one, or one that stands for no place."""
    missing = np.asarray(shapely.is_missing(raw.geometry) | shapely.is_empty(raw.geometry))
    if missing.all() or not read_names([str(column) for column in raw.frame.columns]):
        return missing
    return missing | without_placeholders(raw.geometry)[1]


def _candidates(frame: pd.DataFrame, crs: pyproj.CRS | None) -> list[_Candidate]:
    named = _named(frame)
    texts = [c for c in named if c.axis == "text"]
    out = [c for column in texts if (c := _from_text(frame, column)) is not None]
    out += [_from_pair(frame, first, second, crs) for first, second in name_pairs(named)]
    halves = [c for c in named if c.axis.startswith("pair")]
    out += [c for column in halves if (c := _from_halves(frame, column, crs)) is not None]
    return out


def _named(frame: pd.DataFrame) -> list[NamedColumn]:
    """Return what the names of the columns say; degrees with decimals are not in parts."""
    named = read_names([str(column) for column in frame.columns])
    return [
        replace(c, parts=()) if c.parts and _has_decimals(frame.iloc[:, c.position]) else c
        for c in named
    ]


def _has_decimals(column: pd.Series) -> bool:
    numbers, _ = read_coordinates(column, axis="x")
    numbers = numbers[np.isfinite(numbers)]
    return bool(len(numbers) and (numbers % 1 != 0).mean() > 0.5)


def _numbers(frame: pd.DataFrame, named: NamedColumn, axis: str) -> tuple[np.ndarray, bool]:
    """Return the coordinate of an axis, and whether it is in degrees by the way it is written."""
    columns = [frame.iloc[:, position] for position in (named.position, *named.parts)]
    if named.parts:
        return read_parts(columns, axis=axis), True
    return read_coordinates(columns[0], axis=axis)


def _parts(frame: pd.DataFrame, *named: NamedColumn) -> dict[str, Any]:
    """Return the columns of each axis, and their names where an axis has more than one."""
    places = [(c.position, *c.parts) for c in named]
    names = tuple(tuple(str(frame.columns[at]) for at in place) for place in places)
    return {
        "columns": tuple(dict.fromkeys(at for place in places for at in place)),
        "parts": names if any(c.parts for c in named) else (),
    }


def _from_pair(
    frame: pd.DataFrame, first: NamedColumn, second: NamedColumn, crs: pyproj.CRS | None
) -> _Candidate:
    (x, by_x), (y, by_y) = (_numbers(frame, named, named.axis) for named in (first, second))
    parts = _parts(frame, first, second)
    names = first.name, second.name
    if first.axis == "x" and _is_swapped(x, y, crs):
        # Surveyors call the northing x.
        x, y, names = y, x, names[::-1]
    return _Candidate(
        names,
        x=x,
        y=y,
        written=frame.iloc[:, list(parts["columns"])].notna().any(axis=1).to_numpy(),
        **parts,
        frame=first.frame or second.frame,
        family=("lon", "east", "x").index(first.axis),
        rank=max(first.rank, second.rank),
        stem=first.stem,
        is_other=first.is_other or second.is_other,
        in_degrees=first.axis == "lon" or by_x or by_y,
    )


def _from_halves(
    frame: pd.DataFrame, named: NamedColumn, crs: pyproj.CRS | None
) -> _Candidate | None:
    column = _texts_of(frame.iloc[:, named.position])
    if column is None:
        return None
    if (drawn := _from_text(frame, named)) is not None:
        return drawn
    head = read_halves(column.dropna().head(_LOOKED_AT))
    if not len(head.first) or np.isfinite(head.first).mean() < _ENOUGH:
        return None
    halves = read_halves(column)
    order = _order(halves.first, halves.second, halves.lat_first, named.axis, crs)
    turned = np.where(halves.lat_first < 0, order is True, halves.lat_first == 1)
    first, second = f"{named.name}[1]", f"{named.name}[2]"
    mostly = bool(turned.mean() > 0.5)
    return _Candidate(
        (second, first) if mostly else (first, second),
        (named.position,),
        np.where(turned, halves.second, halves.first),
        np.where(turned, halves.first, halves.second),
        column.notna().to_numpy(),
        frame=named.frame,
        family=_BOTH,
        rank=named.rank,
        stem=named.stem,
        is_other=named.is_other,
        in_degrees=bool((halves.lat_first >= 0).any()) or named.axis != "pair",
        is_decided=order is not None,
    )


def _texts_of(column: pd.Series) -> pd.Series | None:
    """Return cells as texts, lists and mappings of a frame as JSON; None for other kinds."""
    if column.dtype != object:
        is_text = pd.api.types.is_string_dtype(column.dtype)
        return column.astype(object).where(column.notna(), None) if is_text else None
    texts = [
        None if is_missing else _text_of(cell)
        for cell, is_missing in zip(column, column.isna().to_numpy(), strict=True)
    ]
    return pd.Series(texts, index=column.index, dtype=object)


def _text_of(cell: Any) -> str:
    if isinstance(cell, (dict, list, tuple)):
        return json.dumps(cell, ensure_ascii=False, default=str)
    return str(cell)


def _order(
    first: np.ndarray,
    second: np.ndarray,
    lat_first: np.ndarray,
    axis: str,
    crs: pyproj.CRS | None,
) -> bool | None:
    """Whether the first number is the latitude or northing; None where that stays open."""
    silent = (lat_first < 0) & np.isfinite(first) & np.isfinite(second)
    if not silent.any():
        return False
    a, b = first[silent], second[silent]
    if (turned := _is_turned(float(np.median(a)), float(np.median(b)), crs)) is not None:
        return turned
    if _is_swapped(a, b, crs):
        return True
    if _fits(float(np.median(a)), float(np.median(b))):
        return False
    if np.median(np.maximum(np.abs(a), np.abs(b))) <= 180:
        # A latitude ends at 90 degrees.
        beyond_a, beyond_b = np.median(np.abs(a)) > 90, np.median(np.abs(b)) > 90
        if beyond_a != beyond_b:
            return bool(beyond_b)
    return {"pair_lon": False, "pair_lat": True}.get(axis)


def _from_text(frame: pd.DataFrame, named: NamedColumn) -> _Candidate | None:
    """Return the geometry that cells hold as WKT, GeoJSON or the digits of WKB."""
    texts = _texts_of(frame.iloc[:, named.position])
    if texts is None:
        return None
    head = texts.dropna().head(_LOOKED_AT)
    shares = {kind: head.str.match(pattern).mean() for kind, pattern in _TEXTS.items()}
    kind = max(shares, key=lambda k: shares[k]) if len(head) else ""
    if not kind or shares[kind] <= _ENOUGH:
        return None
    srid = pd.Series(None, index=texts.index, dtype=object)
    cells = texts.to_numpy(object, na_value=None)
    if kind == "GeoJSON":
        shapes, _ = from_geojson(cells)
    elif kind == "WKB":
        shapes, _ = from_wkb(cells)
        number = shapely.get_srid(shapes)
        srid = srid.mask(number > 0, pd.Series(number, index=texts.index).astype("str"))
    else:
        parts = texts.str.extract(_TEXTS["WKT"])
        shapes, _ = from_wkt(parts[1].to_numpy(object, na_value=None))
        srid = parts[0]
    points = shapely.get_type_id(shapes) == 0
    single = shapes.copy()
    single[~points | shapely.is_empty(shapes)] = None
    return _Candidate(
        (named.name, kind),
        (named.position,),
        shapely.get_x(single),
        shapely.get_y(single),
        texts.notna().to_numpy(),
        family=-1,
        rank=named.rank,
        shapes=shapes,
        crs=_srid_of(srid, texts),
    )


def _srid_of(srid: pd.Series, column: pd.Series) -> pyproj.CRS | None:
    """Return the CRS of an EWKT where all of it states one and the same."""
    stated = srid.dropna().unique()
    if len(stated) != 1 or srid.notna().sum() != column.notna().sum():
        return None
    try:
        return pyproj.CRS.from_epsg(int(stated[0]))
    except pyproj.exceptions.CRSError:
        return None


# -- which of several


def _best(
    usable: Sequence[_Candidate],
    missing: np.ndarray,
    crs: pyproj.CRS | None,
    datum: str | None,
) -> _Candidate | None:
    """Return the candidate to take; None where there is none, or two are as good."""
    if not usable:
        return None
    filled = {id(c): int((c.usable & missing).sum()) for c in usable}
    most = max(filled.values())
    degrees = None if crs is None else crs.is_geographic

    def key(c: _Candidate) -> tuple[Any, ...]:
        known = frames()[c.frame].datum if c.frame else ""
        has_crs = c.crs is not None or bool(c.frame and frames()[c.frame].metres)
        return (
            degrees is not None and c.shapes is None and degrees != c.looks_geographic,
            # Of metres nobody could say in which CRS they are.
            degrees is None and not (c.looks_geographic or has_crs),
            filled[id(c)] < _ENOUGH * most,
            c.rank,
            bool(datum) and known != datum,
            # A pair that says its datum is known better than one that does not.
            list(frames()).index(c.frame) if c.frame else len(frames()),
            c.family,
        )

    ranked = sorted(usable, key=key)
    if len(ranked) > 1 and key(ranked[0]) == key(ranked[1]) and ranked[0].stem != ranked[1].stem:
        return None
    return ranked[0]


def stated_crs(crs: Any) -> pyproj.CRS | None:
    """Return the CRS that the numbers are said to be in; None where nothing, or no CRS, is said."""
    if crs is None or (isinstance(crs, str) and (crs == "infer" or "proj=pipeline" in crs)):
        return None
    try:
        return pyproj.CRS.from_user_input(crs)
    except pyproj.exceptions.CRSError:
        return None


# -- what is taken


def _take(raw: Raw, chosen: _Candidate, where: np.ndarray) -> None:
    """Let the records ``where`` lie as the columns say."""
    if chosen.shapes is None and where.all():
        raw.lie_at(chosen.x, chosen.y)
    else:
        raw.geometry = np.where(where, chosen.geometry(), raw.geometry)
    raw.findings.add("COORD_COLUMNS", value=chosen.told[0], expected=chosen.told[1])
    raw.place_columns = tuple(name for names in chosen.parts for name in names) or chosen.names
    raw.in_degrees = chosen.in_degrees or bool(
        chosen.frame and frames()[chosen.frame].datum in ("gcj02", "bd09")
    )
    stated = raw.crs
    if chosen.shapes is not None:
        bad = where & chosen.written & ~chosen.usable
        cells = raw.frame.iloc[np.flatnonzero(bad), chosen.columns[0]]
        texts = cells.astype("str").str.slice(0, _SHOWN)
        raw.findings.add(
            "RECORD_UNREADABLE",
            records=raw.record[bad],
            field=chosen.names[0],
            value=texts.to_numpy(dtype=object),
        )
        # Geometry as text is the geometry, and no attribute.
        raw.frame = raw.frame.drop(columns=raw.frame.columns[list(chosen.columns)])
        raw.crs = chosen.crs if chosen.crs is not None else _if_fitting(stated, chosen)
        return
    _note_unread(raw, chosen, where)
    raw.crs = _if_fitting(stated, chosen)
    if chosen.frame:
        _note_frame(raw, chosen)
    if chosen.parts:
        return
    if chosen.looks_geographic and is_packed(chosen.x[chosen.usable], chosen.y[chosen.usable]):
        raw.findings.add("COORD_PACKED", value=chosen.names[0], expected=chosen.names[1])


def _if_fitting(crs: pyproj.CRS | None, chosen: _Candidate) -> pyproj.CRS | None:
    """Return the CRS of a source for its columns too, where their numbers can be in it."""
    if crs is None or chosen.middle is None:
        return crs
    return crs if crs.is_geographic == chosen.looks_geographic else None


def _note_frame(raw: Raw, chosen: _Candidate) -> None:
    """Keep what the names say of CRS and datum."""
    frame = frames()[chosen.frame]
    raw.reference, raw.geodetic = frame.label, frame.degrees
    raw.datum = frame.datum
    code = frame.degrees if chosen.looks_geographic else frame.metres
    if code:
        raw.crs, raw.crs_source = pyproj.CRS.from_user_input(code), "name"
    elif not frame.datum or not chosen.looks_geographic:
        raw.crs = None


def _note_unread(raw: Raw, chosen: _Candidate, where: np.ndarray) -> None:
    """Keep, for each record whose cells say something that is no position, what they say."""
    bad = np.flatnonzero(where & chosen.written & ~chosen.usable)
    if not len(bad):
        return
    cells = [raw.frame.iloc[bad, c] for c in chosen.columns]
    parts = [c.astype("str").fillna("—").str.slice(0, _SHOWN).to_numpy(dtype=object) for c in cells]
    raw.unread_places = np.full(len(raw.frame), "", dtype=object)
    raw.unread_places[bad] = [", ".join(texts) for texts in zip(*parts, strict=True)]


def _fill(raw: Raw, chosen: _Candidate, missing: np.ndarray) -> bool:
    """Place the records without geometry beside those with one, where both sets agree."""
    moved = _in_crs_of(raw, chosen)
    names = ", ".join(dict.fromkeys(chosen.told))
    if moved is None:
        _report_unused(raw, [chosen])
        return False
    x, y, tolerance = moved
    both = ~missing & np.isfinite(x) & np.isfinite(y)
    bounds = shapely.bounds(raw.geometry[both])
    off_x, off_y = (
        np.maximum(np.maximum(bounds[:, k] - v[both], v[both] - bounds[:, k + 2]), 0.0)
        for k, v in enumerate((x, y))
    )
    if both.any() and np.median(np.hypot(off_x, off_y)) > tolerance:
        raw.findings.add("COORD_DIFFER", value=names, about=names, expected=int(missing.sum()))
        return False
    hit = missing & np.isfinite(x) & np.isfinite(y)
    raw.geometry = np.array(raw.geometry, dtype=object)
    raw.geometry[hit] = shapely.points(x[hit], y[hit])
    raw.findings.add("COORD_FILLED", records=raw.record[hit], value=names, action="repaired")
    _note_unread(raw, chosen, missing)
    return True


def _in_crs_of(raw: Raw, chosen: _Candidate) -> tuple[np.ndarray, np.ndarray, float] | None:
    """Return the numbers of columns in the CRS of the geometry; None where no way is known."""
    if chosen.shapes is not None or (chosen.frame and chosen.frame not in ("wgs84", "cgcs2000")):
        return None
    degrees = chosen.looks_geographic
    present = ~shapely.is_missing(raw.geometry)
    if raw.crs is None:
        drawn = shapely.bounds(raw.geometry[present])
        if degrees != bool(np.nanmedian(np.abs(drawn).max(axis=1)) <= 180):
            return None
        return chosen.x, chosen.y, _AGREEING_DEGREES if degrees else _AGREEING_M
    if raw.crs.is_geographic:
        return (chosen.x, chosen.y, _AGREEING_DEGREES) if degrees else None
    if not degrees:
        return chosen.x, chosen.y, _AGREEING_M
    operation = pyproj.Transformer.from_crs(4490, raw.crs, always_xy=True)
    x, y = operation.transform(chosen.x, chosen.y)
    return np.where(np.isfinite(x), x, np.nan), np.where(np.isfinite(y), y, np.nan), _AGREEING_M


# -- what is asked for


def _asked(raw: Raw, x: str | None, y: str | None) -> _Candidate:
    """Return what the columns hold that were named."""
    if x is None:
        raise failure("coordinates_y_alone", raw.name)
    if y is None:
        position = _position(raw, x)
        both = _from_halves(
            raw.frame, read_name(x, position) or NamedColumn(x, position, "pair"), raw.crs
        )
        if both is not None and both.is_decided:
            return both
        if both is not None:
            raise failure("coordinates_order", raw.name, column=x)
        raise failure("coordinates_no_pair", raw.name, column=x)
    numbers, written, in_degrees = [], np.zeros(len(raw.frame), dtype=bool), False
    named = []
    by_position = {c.position: c for c in _named(raw.frame)}
    for name, usual in ((x, "x"), (y, "y")):
        base, part = _part_of(raw, name)
        position = _position(raw, base)
        known = by_position.get(position) or read_name(base, position)
        known = known or NamedColumn(base, position, usual)
        is_angle = known.axis in ("lon", "lat")
        if part:
            halves = read_halves(raw.frame.iloc[:, position])
            numbers.append(halves.first if part == 1 else halves.second)
        else:
            values, by_letters = _numbers(raw.frame, known, known.axis if is_angle else usual)
            numbers.append(values)
            in_degrees |= by_letters
        in_degrees |= is_angle
        written |= raw.frame.iloc[:, position].notna().to_numpy()
        named.append(known)
    return _Candidate(
        (x, y),
        x=numbers[0],
        y=numbers[1],
        written=written,
        **_parts(raw.frame, *named),
        frame=next((k.frame for k in named if k.frame), ""),
        in_degrees=in_degrees,
    )


def _part_of(raw: Raw, name: str) -> tuple[str, int]:
    """Return the column that is named, and which number of its cells is meant; 0 for the whole."""
    part = pd.Series([name]).str.extract(_PART).iloc[0]
    if name in raw.frame.columns or part.isna().any():
        return name, 0
    return str(part[0]), int(part[1])


def _position(raw: Raw, name: str) -> int:
    columns = [str(column) for column in raw.frame.columns]
    if name in columns:
        return columns.index(name)
    near = did_you_mean(name, columns)
    raise failure(
        "no_coordinate_column", raw.name, column=name, near=near, known=listed(columns[:20])
    )


# -- what is left


def _report_unused(raw: Raw, candidates: Sequence[_Candidate]) -> None:
    """Report columns that look like coordinates and are not used, with how to use them."""
    for one in candidates:
        if not (one.usable.any() or one.rank < 2):
            continue
        # An opening in x and y of something else is no position.
        is_plain = one.rank < 2 or (one.rank == 2 and one.family in (0, _BOTH))
        vague = not (is_plain or one.is_telling)
        if vague or (one.is_other and not one.is_readable):
            continue
        names = ", ".join(dict.fromkeys(name.removesuffix("[1]") for name in one.told))
        names = names if len(one.columns) > 1 else str(raw.frame.columns[one.columns[0]])
        if names in raw.unused_places:
            continue
        if not one.usable.any() and not _like_positions(raw.frame, one):
            continue
        raw.unused_places[names] = one.names
        raw.findings.add("COORDS_UNUSED", value=names, about=names, expected=_entry(one.names),
                         detail=_as_entries(one))  # fmt: skip


def _like_positions(frame: pd.DataFrame, one: _Candidate) -> bool:
    """Whether cells that cannot be read have digits at all: 四至 (东, 北) are names of roads."""
    for position in one.columns:
        texts = frame.iloc[:, position].dropna().head(_LOOKED_AT).astype("str")
        if len(texts) and texts.str.contains(r"\d", regex=True).mean() >= _ENOUGH:
            return True
    return False


def _entry(names: tuple[str, str]) -> str:
    return f'x = "{names[0]}", y = "{names[1]}"'


def _as_entries(one: _Candidate) -> Text:
    entry = _entry(one.names)
    if one.shapes is not None:
        return Text(f'x = "{one.names[0]}"', f'x = "{one.names[0]}"')
    if one.is_decided:
        return Text(entry, entry)
    turned = _entry(one.names[::-1])
    return phrase("where_latitude_first", entry=entry, turned=turned)


def _by_values(frame: pd.DataFrame) -> list[_Candidate]:
    """Return two columns side by side whose numbers are degrees of China, whatever their names."""
    before: tuple[int, str, np.ndarray] | None = None
    for position in range(frame.shape[1]):
        values = _narrow_numbers(frame.iloc[:, position].dropna().head(_LOOKED_AT))
        axis = "" if values is None else _range_of(values)
        if values is None or not axis:
            before = None
            continue
        if before is not None and {before[1], axis} == {"lon", "lat"}:
            sides = {before[1]: (before[0], before[2]), axis: (position, values)}
            (at_x, xs), (at_y, ys) = sides["lon"], sides["lat"]
            if in_china(float(np.median(xs)), float(np.median(ys))):
                return [_unnamed(frame, at_x, at_y)]
        before = position, axis, values
    return []


def _unnamed(frame: pd.DataFrame, at_x: int, at_y: int) -> _Candidate:
    x, y = (read_coordinates(frame.iloc[:, at], axis="x")[0] for at in (at_x, at_y))
    names = str(frame.columns[at_x]), str(frame.columns[at_y])
    return _Candidate(names, (at_x, at_y), x, y, np.isfinite(x) | np.isfinite(y))


def _range_of(values: np.ndarray) -> str:
    for axis, (low, high) in (("lon", _LON), ("lat", _LAT)):
        if ((values >= low) & (values <= high)).mean() >= 0.95:
            return axis
    return ""


def _narrow_numbers(column: pd.Series) -> np.ndarray | None:
    """Return numbers that are near to one another and mostly not whole, as those of a city are."""
    if len(column) < _FEWEST or pd.api.types.is_datetime64_any_dtype(column.dtype):
        return None
    # The first tells of nearly every column that it is none.
    start = pd.to_numeric(str(column.iloc[0]), errors="coerce")
    if not _LAT[0] <= start <= _LON[1]:
        return None
    values = pd.to_numeric(column.astype("str"), errors="coerce").to_numpy("float64")
    values = values[np.isfinite(values)]
    if len(values) < 0.95 * len(column) or (values % 1 != 0).mean() < 0.5:
        return None
    low, high = np.quantile(values, [0.02, 0.98])
    return values if high - low <= _CITY_DEGREES else None


def _is_swapped(x: np.ndarray, y: np.ndarray, crs: pyproj.CRS | None) -> bool:
    """Whether the numbers fit only when the first is the northing or latitude.

    What is said of the CRS decides, where it can; without it China does.
    """
    present = np.isfinite(x) & np.isfinite(y) & ~no_place(x, y)
    if not present.any():
        return False
    a, b = float(np.median(x[present])), float(np.median(y[present]))
    turned = _is_turned(a, b, crs)
    return _fits(b, a) and not _fits(a, b) if turned is None else turned


def _is_turned(a: float, b: float, crs: pyproj.CRS | None) -> bool | None:
    """Whether the area of use of a CRS holds two metres the other way round; None for neither.

    Where it holds both, as that of the whole world does, they stay unless only that is in China.
    """
    if crs is None or not crs.is_projected or crs.area_of_use is None or crs.geodetic_crs is None:
        return None
    to_degrees = pyproj.Transformer.from_crs(crs, crs.geodetic_crs, always_xy=True)
    as_named, turned = (to_degrees.transform(*place) for place in ((a, b), (b, a)))
    fits, fits_turned = (_is_within(crs.area_of_use, *place) for place in (as_named, turned))
    if fits and fits_turned:
        return in_china(*turned) and not in_china(*as_named)
    return fits_turned if fits != fits_turned else None


def _is_within(area: Any, lon: float, lat: float) -> bool:
    """Whether a place is in an area of use, or no further from it than a city is wide."""
    south, north = area.south - _CITY_DEGREES, area.north + _CITY_DEGREES
    width = (area.east - area.west) % 360 or 360.0
    past_west = (lon - area.west + _CITY_DEGREES) % 360
    return bool(south <= lat <= north and past_west <= width + 2 * _CITY_DEGREES)


def _fits(east: float, north: float) -> bool:
    if _LON[0] <= east <= _LON[1] and _LAT[0] <= north <= _LAT[1]:
        return True
    return _NORTH[0] <= north <= _NORTH[1] and any(low <= east <= high for low, high in _EAST)
