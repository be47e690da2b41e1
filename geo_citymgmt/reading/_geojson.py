"""GeoJSON, and JSON that is a list of records: as it stands, none dropped, digits kept."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyproj
import shapely

from geo_citymgmt._languages import NOTHING, Text, first_few
from geo_citymgmt.errors import SourceError
from geo_citymgmt.findings import Findings
from geo_citymgmt.reading._limits import check_table
from geo_citymgmt.reading._messages import failure
from geo_citymgmt.reading._raw import Raw, from_geojson
from geo_citymgmt.reading._sheet import decode_text
from geo_citymgmt.reading._text import legible

_CURVES = ("curveRings", "curvePaths")


def is_esri(top: Any) -> bool:
    """Whether JSON is that of a service: features with attributes, of which GeoJSON has none."""
    if not isinstance(top, dict) or not isinstance(top.get("features"), list):
        return False
    if "geometryType" in top or "spatialReference" in top:
        return "type" not in top
    return any(isinstance(one, dict) and "attributes" in one for one in top["features"][:1])


def features_of(top: Mapping[str, Any]) -> list[Any]:
    """Return the features as GeoJSON has them; one that is a curve has a geometry of no kind.

    Examples
    --------
    >>> features_of({"features": [{"attributes": {"id": 1}, "geometry": {"x": 1, "y": 2}}]})
    [{'properties': {'id': 1}, 'geometry': {'type': 'Point', 'coordinates': [1.0, 2.0]}}]
    """
    return [
        {"properties": one.get("attributes"), "geometry": _esri_geometry(one.get("geometry"))}
        if isinstance(one, dict)
        else one
        for one in top["features"]
    ]


def crs_of(top: Mapping[str, Any]) -> pyproj.CRS | None:
    """Return the CRS of a service; None where it states none, or one that is not known.

    Examples
    --------
    >>> crs_of({"spatialReference": {"wkid": 102100, "latestWkid": 3857}}).to_epsg()
    3857
    """
    stated = top.get("spatialReference")
    if not isinstance(stated, dict):
        return None
    for given in (stated.get("latestWkid"), stated.get("wkid"), stated.get("wkt")):
        for authority in ("EPSG", "ESRI") if isinstance(given, int) else ("",):
            try:
                return pyproj.CRS.from_user_input(f"{authority}:{given}" if authority else given)
            except (pyproj.exceptions.CRSError, TypeError):
                continue
    return None


def _esri_geometry(item: Any) -> dict[str, Any] | None:
    if not isinstance(item, dict) or not item:
        return None
    if any(item.get(name) for name in _CURVES):
        return {"type": "Curve"}
    try:
        if "x" in item:
            x, y = item["x"], item["y"]
            is_placed = x not in (None, "NaN") and y not in (None, "NaN")
            return {"type": "Point", "coordinates": [float(x), float(y)]} if is_placed else None
        if "points" in item:
            return {"type": "MultiPoint", "coordinates": item["points"]}
        if "paths" in item:
            return {"type": "MultiLineString", "coordinates": item["paths"]}
        if "rings" in item:
            return _polygons(item["rings"]) if item["rings"] else None
    except (TypeError, ValueError):
        return {"type": "Unreadable"}
    return {"type": "Unreadable"}


def _polygons(rings: Sequence[Any]) -> dict[str, Any]:
    """Return polygons of rings: clockwise ones are outer, the others holes of the one around."""
    outlines = [[[float(v) for v in at[:2]] for at in ring] for ring in rings]
    areas = [_signed_area(np.array(ring)) for ring in outlines]
    outer = [[ring] for ring, area in zip(outlines, areas, strict=True) if area <= 0]
    holes = [ring for ring, area in zip(outlines, areas, strict=True) if area > 0]
    if not outer:
        # All are drawn the other way round, as some programs do.
        outer, holes = [[ring] for ring in holes], []
    shells = [shapely.Polygon(parts[0]) for parts in outer]
    for hole in holes:
        vertex = shapely.Point(hole[0])
        around = next((k for k, shell in enumerate(shells) if shell.covers(vertex)), None)
        if around is None:
            outer.append([hole])
        else:
            outer[around].append(hole)
    return {"type": "MultiPolygon", "coordinates": outer}


def _signed_area(ring: np.ndarray) -> float:
    x, y = ring[:, 0] - ring[0, 0], ring[:, 1] - ring[0, 1]
    return float(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1])) / 2


_GEOMETRIES = {"Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon",
               "GeometryCollection"}  # fmt: skip
#: So many objects may lie around a list of records.
_DEEPEST = 4
#: Lists of objects that by convention say where more is to be had.
_NO_RECORDS = ("links", "paging", "pagination")
#: What stands between values of a sequence: white space, and the mark of RFC 8142.
_BETWEEN = " \t\r\n\ufeff\x1e"
_DATETIME = r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?$"


def read_geojson(path: Path, *, encoding: str | None = None) -> Raw:
    """Read a FeatureCollection, a Feature, a geometry, features line by line, or plain records.

    Records are a list of objects, at the top or the only one further in (``data.stations``); they
    have no geometry of their own.

    GDAL is not asked: it takes JSON of many kinds, some of which name other sources.

    Raises
    ------
    SourceError
        It is not whole JSON, or JSON of another kind.
    """
    findings = Findings()
    text, name, how, lost = decode_text(path, encoding)
    if lost:
        findings.add("TEXT_LOST", field="", value=path.name)
    top = _parse(path, text)
    esri = is_esri(top)
    records = None if esri else _records(path, top)
    features = features_of(top) if esri else []
    if not esri:
        features = _features(path, top) if records is None else [{"properties": r} for r in records]
    if isinstance(top, dict) and _more_to_come(top):
        limit = "exceededTransferLimit"
        findings.add("COUNT_MISMATCH", severity="warning", value=limit, about=limit)
    broken = np.array([not isinstance(f, dict) for f in features], dtype=bool)
    findings.add("RECORD_UNREADABLE", records=np.flatnonzero(broken), action="rejected")
    objects: list[dict[str, Any]] = [f if isinstance(f, dict) else {} for f in features]
    _report_repeated(objects, findings)
    _report_odd_members(objects, findings)
    return Raw(
        name=path.name,
        frame=_frame(objects, path.name),
        geometry=_geometry([f.get("geometry") for f in objects], findings),
        record=np.arange(len(objects)),
        n_walked=len(objects),
        findings=findings,
        crs=crs_of(top) if esri else _crs(path, top) if records is None else None,
        encoding=name,
        encoding_source="format" if name == "UTF-8" else how,
    )


def _parse(path: Path, text: str) -> Any:
    text = text.lstrip(_BETWEEN)
    try:
        top = json.loads(text)
        # As many members were kept as there are: nearly always, and then none was written twice.
        if text.count('":') + text.count('" :') == _n_members(top):
            return top
        return json.loads(text, object_pairs_hook=_with_repeated)
    except RecursionError as error:
        raise failure("json_nested", path.name) from error
    except ValueError as error:
        if not isinstance(error, json.JSONDecodeError) or error.msg != "Extra data":
            raise _ragged(path, error) from error
        values = _in_sequence(path, text)
        if all(isinstance(f, dict) and f.get("type") != "Feature" for f in values):
            return values
        return {"type": "FeatureCollection", "features": values}


#: From so many records on they are seen to be alike, up to so many kinds that differ.
_FEWEST_ALIKE, _FEW_KINDS = 10, 10


class _Repeated(dict[str, Any]):
    """An object in which ``names`` stand more than once; as JSON is read, the last one counts."""

    names: tuple[str, ...] = ()


def _with_repeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) == len(pairs):
        return members
    out = _Repeated(members)
    out.names = tuple(key for key, n in Counter(key for key, _ in pairs).items() if n > 1)
    if "features" in out.names:
        # The last list of records would stand for both.
        raise ValueError('two members "features"')
    return out


def _n_members(top: Any) -> int:
    """Count the members of all objects; positions, which are most of a drawing, hold none."""
    count, left = 0, [top]
    while left:
        one = left.pop()
        if isinstance(one, dict):
            count += len(one)
            left += [
                value
                for key, value in one.items()
                if (type(value) is dict or type(value) is list) and key != "coordinates"
            ]
        else:
            left += [item for item in one if type(item) is dict or type(item) is list]
    return count


def _report_repeated(features: Sequence[Mapping[str, Any]], findings: Findings) -> None:
    """Tell the records of which a member stands twice, and which one counts."""
    reported = [
        (k, name)
        for k, feature in enumerate(features)
        for one in (feature, feature.get("properties"), feature.get("geometry"))
        if isinstance(one, _Repeated)
        for name in one.names
    ]
    findings.add(
        "JSON_REPEATED",
        records=np.array([k for k, _ in reported], dtype=np.int64),
        value=np.array([name for _, name in reported], dtype=object),
    )


def _report_odd_members(features: Sequence[Mapping[str, Any]], findings: Findings) -> None:
    """Tell the records that have a member of their own where all others have the same.

    What is cut out of the middle may leave valid JSON, in which the beginning of a record goes on
    with the end of another.
    """
    names = [tuple(p) if isinstance(p := f.get("properties"), dict) else () for f in features]
    kinds = Counter(names)
    if not 1 < len(kinds) <= _FEW_KINDS or len(names) < _FEWEST_ALIKE:
        return
    usual, n_usual = kinds.most_common(1)[0]
    if n_usual < 0.9 * len(names):
        return
    odd = [(k, key) for k, row in enumerate(names) if row != usual for key in set(row) - {*usual}]
    owners = Counter(key for _, key in odd)
    reported = sorted({k: key for k, key in odd if owners[key] == 1}.items())
    findings.add(
        "JSON_MEMBER",
        records=np.array([k for k, _ in reported], dtype=np.int64),
        value=np.array([key for _, key in reported], dtype=object),
    )


def _in_sequence(path: Path, text: str) -> list[Any]:
    """Return the values of a text that holds one after the other: on lines, or behind marks."""
    decoder = json.JSONDecoder(object_pairs_hook=_with_repeated)
    values: list[Any] = []
    at, end = 0, len(text)
    while at < end:
        if text[at] in _BETWEEN:
            at += 1
            continue
        try:
            value, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            raise _ragged(path, error, record=len(values)) from error
        values.append(value)
    return values


def _ragged(path: Path, error: Exception, *, record: int | None = None) -> SourceError:
    at = NOTHING
    if record is not None:
        at = Text(f"第 {record + 1} 条：", f"feature {record + 1}: ")
    return failure("json_broken", path.name, at=at, error=error)


def _records(path: Path, top: Any) -> list[Any] | None:
    """Return the records of JSON that is no GeoJSON; None where there is no list of objects."""
    if isinstance(top, dict) and isinstance(top.get("type"), str):
        # GeoJSON, TopoJSON: what lies in it is no plain record.
        return None
    if isinstance(top, list) and any(_is_feature(item) for item in top):
        return None
    lists = dict(_lists(top, "", _DEEPEST))
    # Where there are records, a list of none is no other list of them.
    lists = {place: records for place, records in lists.items() if records} or lists
    if len(lists) > 1:
        raise failure("json_several_lists", path.name, names=first_few(lists))
    return next(iter(lists.values()), None)


def _lists(node: Any, place: str, depth: int) -> Iterator[tuple[str, list[Any]]]:
    """Yield the lists of objects within objects, with the names that lead there."""
    if isinstance(node, list):
        if all(isinstance(item, dict) for item in node):
            yield place or "[]", node
    elif isinstance(node, dict) and depth and "features" not in node:
        # Those of Esri have attributes and a geometry of their own kind.
        for name, inner in node.items():
            if str(name).strip("_").casefold() in _NO_RECORDS:
                continue
            yield from _lists(inner, f"{place}.{name}" if place else str(name), depth - 1)


def _features(path: Path, top: Any) -> list[Any]:
    kind = top.get("type") if isinstance(top, dict) else None
    if isinstance(top, list) and any(_is_feature(item) for item in top):
        return top
    if kind == "FeatureCollection" and isinstance(top.get("features"), list):
        return top["features"]
    if kind == "Feature":
        return [top]
    if kind in _GEOMETRIES:
        return [{"geometry": top}]
    raise failure("json_other", path.name, kind=kind)


def _is_feature(item: Any) -> bool:
    return isinstance(item, dict) and item.get("type") == "Feature"


def _more_to_come(top: Mapping[str, Any]) -> bool:
    inner = top.get("properties")
    return bool(
        top.get("exceededTransferLimit")
        or (isinstance(inner, dict) and inner.get("exceededTransferLimit"))
    )


def _geometry(items: Sequence[Any], findings: Findings) -> np.ndarray:
    out = np.full(len(items), None, dtype=object)
    present = np.array([g is not None for g in items], dtype=bool)
    places = [_plain_place(g) for g in items]
    plain = np.array([p is not None for p in places], dtype=bool)
    if plain.any():
        out[plain] = shapely.points(np.array([p for p in places if p is not None]))
    rest = present & ~plain
    if rest.any():
        texts = np.array(
            [json.dumps(items[i]) for i in np.flatnonzero(rest).tolist()], dtype=object
        )
        out[rest], _ = from_geojson(texts)
    findings.add("RECORD_UNREADABLE", records=np.flatnonzero(present & shapely.is_missing(out)))
    return out


def _plain_place(item: Any) -> list[float] | None:
    """The place of a point of two finite decimals, which needs no reader of geometry."""
    if not isinstance(item, dict) or item.get("type") != "Point":
        return None
    place = item.get("coordinates")
    if not isinstance(place, list) or list(map(type, place)) != [float, float]:
        return None
    return place if isfinite(place[0]) and isfinite(place[1]) else None


def _frame(features: Sequence[Mapping[str, Any]], source: str) -> pd.DataFrame:
    properties = [f.get("properties") for f in features]
    rows = [p if isinstance(p, dict) else {} for p in properties]
    names = dict.fromkeys(itertools.chain.from_iterable(rows))
    check_table(source, len(rows), len(names), sum(map(len, rows)))
    columns: dict[str, pd.Series] = {}
    for name in names:
        values = [row.get(name) for row in rows]
        for label, spelt in _by_language(name, values).items():
            unique, number = label, 2
            while unique != name and (unique in names or unique in columns):
                unique, number = f"{label}_{number}", number + 1
            columns[unique] = json_column(spelt)
    if "id" not in columns and any("id" in f for f in features):
        columns["id"] = json_column([f.get("id") for f in features])
    return pd.DataFrame(columns, index=pd.RangeIndex(len(rows)))


def _by_language(name: str, values: list[Any]) -> dict[str, list[Any]]:
    """Return a column of texts in several languages as one a language, the Chinese one in front.

    As GBFS 3 has them: ``[{"text": "站", "language": "zh"}, {"text": "Stop", "language": "en"}]``.
    """
    if not all(v is None or _is_translated(v) for v in values) or not any(values):
        return {name: values}
    by_language = [{t["language"]: t["text"] for t in v or ()} for v in values]
    known = list(dict.fromkeys(itertools.chain.from_iterable(by_language)))
    first = next((tag for tag in known if tag.casefold().startswith("zh")), known[0])
    spelt = {
        name if tag == first else f"{name}_{tag}": [texts.get(tag) for texts in by_language]
        for tag in known
    }
    # A record that lacks the language in front is called as it is in another.
    others = [next(iter(texts.values()), None) for texts in by_language]
    spelt[name] = [v or other for v, other in zip(spelt[name], others, strict=True)]
    return spelt


def _is_translated(value: Any) -> bool:
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        return False
    if any(one.keys() != {"text", "language"} for one in value):
        return False
    tags = [one["language"] for one in value]
    return all(isinstance(tag, str) for tag in tags) and len(set(tags)) == len(tags)


def json_column(values: list[Any]) -> pd.Series:
    """One column of JSON values in the narrowest type that keeps them all as they are."""
    kinds = set(map(type, values)) - {type(None)}
    if kinds == {str} or not kinds:
        return _datetimes(pd.Series(_safe(values), dtype="str"))
    if kinds == {bool}:
        return pd.Series(values, dtype="boolean")
    if kinds == {int} and all(v is None or abs(v) < 2**63 for v in values):
        return pd.Series(values, dtype="Int64")
    if kinds <= {int, float} and all(
        not isinstance(v, int) or abs(v) <= 2**53 for v in values if v is not None
    ):
        return pd.Series([np.nan if v is None else float(v) for v in values], dtype="float64")
    texts = [v if v is None or isinstance(v, str) else json.dumps(v, ensure_ascii=False)
             for v in values]  # fmt: skip
    return pd.Series(_safe(texts), dtype="str")


def _safe(texts: list[Any]) -> list[Any]:
    # A lone surrogate, which JSON can spell, is no text that anything could write again.
    try:
        "".join(t for t in texts if t is not None).encode()
    except UnicodeEncodeError:
        return [t and legible(t) for t in texts]
    return texts


def _datetimes(texts: pd.Series) -> pd.Series:
    present = texts.dropna()
    # The first tells for nearly every column, without a look at all the others.
    if present.head(1).str.match(_DATETIME).any() and present.str.match(_DATETIME).all():
        moments = pd.to_datetime(texts, format="ISO8601", errors="coerce")
        if moments.notna().sum() == len(present):
            return moments.astype("datetime64[us]")
    return texts


def _crs(path: Path, top: Any) -> pyproj.CRS | None:
    if not isinstance(top, dict) or "crs" not in top:
        return pyproj.CRS.from_epsg(4326)
    stated = top["crs"]
    name = stated.get("properties") if isinstance(stated, dict) else None
    name = name.get("name") if isinstance(name, dict) else None
    if not isinstance(name, str) or not name.lower().startswith(("urn:ogc:def:crs:", "epsg:")):
        # Unknown, or a link to elsewhere, which is not followed.
        return None
    if name.upper().endswith(("CRS84", "OGC:2:84")):
        return pyproj.CRS.from_epsg(4326)
    try:
        return pyproj.CRS.from_user_input(name)
    except pyproj.exceptions.CRSError as error:
        raise failure("json_crs", path.name, name=name) from error
