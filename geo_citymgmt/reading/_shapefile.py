"""Shapefiles: geometry by GDAL, attributes byte by byte, both counted against each other."""

from __future__ import annotations

import glob
import hashlib
import tempfile
import warnings
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import pyogrio
import pyproj
import shapely

from geo_citymgmt._languages import Text
from geo_citymgmt.errors import SourceError
from geo_citymgmt.findings import Findings
from geo_citymgmt.reading._dbf import DbfTable, Digest, count_rows, read_dbf
from geo_citymgmt.reading._limits import check_file_size, refuse_devices
from geo_citymgmt.reading._messages import failure, phrase
from geo_citymgmt.reading._raw import Raw, from_wkb
from geo_citymgmt.reading._shp import (
    HEADER,
    Walk,
    clean_copy,
    integers,
    plain_points,
    shape_types,
    walk_shapes,
)

#: Its type in a .shp.
MULTIPATCH = 31
_STRIP, _FAN, _OUTER, _INNER, _FIRST, _RING = range(6)
#: Told of records without one, with the way out.


def footprints(shp: np.ndarray, offset: np.ndarray) -> np.ndarray:
    """Return the footprint of each record, None where it has none.

    Parameters
    ----------
    shp : array of uint8
        The file.
    offset : array of int
        Where the records begin whose lengths hold what they claim.

    Returns
    -------
    array of Polygon, MultiPolygon or None
    """
    out = np.full(len(offset), None, dtype=object)
    for k, at in enumerate(offset.tolist()):
        parts = _parts(shp, at + 8)
        if parts is not None:
            out[k] = _footprint(parts)
    return out


def _parts(shp: np.ndarray, begin: int) -> list[tuple[int, np.ndarray]] | None:
    """Return type and positions of each part; None where they do not begin and end within it."""
    n_parts, n_points = integers(shp, np.array([begin + 36, begin + 40]), "<i4").tolist()
    table = integers(shp, begin + 44 + 4 * np.arange(2 * n_parts), "<i4")
    start, kind = table[:n_parts], table[n_parts:]
    stop = np.append(start[1:], n_points)
    if not n_parts or start[0] != 0 or (stop <= start).any() or not np.isin(kind, range(6)).all():
        return None
    xy = integers(shp, begin + 44 + 8 * n_parts + 8 * np.arange(2 * n_points), "<f8")
    if not np.isfinite(xy).all():
        return None
    places = xy.reshape(-1, 2)
    return [(int(k), places[a:b]) for k, a, b in zip(kind, start, stop, strict=True)]


def _footprint(parts: list[tuple[int, np.ndarray]]) -> shapely.Geometry | None:
    faces: list[shapely.Geometry] = []
    before = -1
    for kind, places in parts:
        if len(places) < 3:
            continue
        if kind in (_STRIP, _FAN):
            faces.extend(_triangles(kind, places))
        else:
            face = _sound(shapely.polygons(shapely.linearrings(places)))
            if kind == _INNER and before in (_OUTER, _INNER):
                faces[-1] = shapely.difference(faces[-1], face)
            elif kind == _RING and before in (_FIRST, _RING):
                # Which of them are holes is not said: a ring in a ring is one.
                faces[-1] = shapely.symmetric_difference(faces[-1], face)
            else:
                faces.append(face)
        before = kind
    union = _sound(shapely.union_all(faces))
    return None if shapely.is_empty(union) else union


def _triangles(kind: int, places: np.ndarray) -> np.ndarray:
    first = places[:-2] if kind == _STRIP else np.broadcast_to(places[0], places[2:].shape)
    corners = np.stack([first, places[1:-1], places[2:], first], axis=1)
    faces = shapely.polygons(corners)
    return np.asarray(faces[shapely.area(faces) > 0])


def _sound(face: shapely.Geometry) -> shapely.Geometry:
    """Return the areas of a face; walls, which are lines from above, have none."""
    if not shapely.is_valid(face):
        face = shapely.make_valid(face)
    parts = shapely.get_parts(face)
    areas = parts[shapely.get_dimensions(parts) == 2]
    if len(areas) == 1:
        return areas[0]
    return shapely.union_all(areas) if len(areas) else shapely.Polygon()


#: A definition of a CRS has some kB.
_MOST_OF_CRS = 1 << 16
_MAGIC = b"\x00\x00\x27\x0a"
_GDAL_ERRORS = (
    pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, pyogrio.errors.FeatureError,
)  # fmt: skip


def read_shapefile(path: Path, *, encoding: str | None = None) -> Raw:
    """Read one shapefile; records that lack a part are kept, and said.

    Raises
    ------
    SourceError
        The .shp cannot be used at all, or the text is in no admitted encoding.
    """
    findings = Findings()
    shx, dbf = _sibling(path, ".shx"), _sibling(path, ".dbf")
    if shx is not None:
        check_file_size(shx)
    shp = np.fromfile(path, dtype=np.uint8)
    if shp[:4].tobytes() != _MAGIC:
        raise failure("shp_other", path.name)
    if len(shp) < HEADER:
        raise failure("shp_short", path.name, size=len(shp))
    index = None if shx is None else np.fromfile(shx, dtype=np.uint8)
    if index is None:
        findings.add(
            "FILE_MISSING_PART",
            value=f"{path.stem}.shx",
            about=".shx",
            detail=phrase("shx_missing"),
        )
    n_rows = None if dbf is None else count_rows(dbf)
    walk = walk_shapes(shp, index, findings, n_rows=n_rows)
    digest = hashlib.sha256()
    try:
        table = _table(path, dbf, encoding, len(walk), digest, findings)
    except SourceError as error:
        # The shapes have been counted: they go into the account of what was refused.
        error.n_walked, error.findings = len(walk), findings.frame(n_records=len(walk))
        raise
    digest.update(shp.data)
    if index is not None:
        digest.update(index.data)
    geometry = _geometry(path, shp, walk, findings)
    del shp
    return _account(path, walk, geometry, table, digest.hexdigest(), findings)


def _account(
    path: Path,
    walk: Walk,
    geometry: np.ndarray,
    table: DbfTable | None,
    sha256: str,
    findings: Findings,
) -> Raw:
    """Put shapes and rows side by side; what has no counterpart is told record by record."""
    n_shapes = len(walk)
    n_rows = len(table.deleted) if table else n_shapes
    n = max(n_shapes, n_rows)
    live = np.ones(n, dtype=bool)
    columns: dict[str, pd.Series] = {}
    if table:
        findings.extend(table.findings)
        live[:n_rows] = ~table.deleted
        # Both ways round: what is in one part and not in the other has no counterpart.
        widowed = np.arange(min(n_shapes, n_rows), n)
        if len(widowed) or table.n_header != n_rows:
            findings.add(
                "COUNT_MISMATCH", value=f".shp {n_shapes}, .dbf {n_rows}, header {table.n_header}"
            )
        findings.add(
            "COUNT_MISMATCH",
            records=widowed[live[widowed]],
            value=f".shp {n_shapes}, .dbf {n_rows}",
            action="rejected",
        )
        columns = table.columns
        if n != n_rows:
            columns = {k: v.reindex(range(n)) for k, v in columns.items()}
    frame = pd.DataFrame(columns, index=pd.RangeIndex(n), copy=False)
    if n_shapes < n:
        geometry = np.concatenate([geometry, np.full(n - n_shapes, None, dtype=object)])
    if not live.all():
        frame, geometry = frame[live].reset_index(drop=True), geometry[live]
    return Raw(
        name=path.name,
        frame=frame,
        geometry=geometry,
        record=np.flatnonzero(live),
        n_walked=n,
        n_skipped=int((~live).sum()),
        findings=findings,
        crs=_crs(path, findings),
        encoding=table.encoding if table else "",
        encoding_source=table.encoding_source if table else "",
        sha256=sha256,
        path=path,
        missing=_missing(path),
    )


def _missing(path: Path) -> tuple[str, ...]:
    parts = (".dbf", ".shx", ".prj")
    return tuple(f"{path.stem}{part}" for part in parts if _sibling(path, part) is None)


def _sibling(path: Path, suffix: str) -> Path | None:
    for candidate in path.parent.glob(f"{glob.escape(path.stem)}.*"):
        if candidate.stem == path.stem and candidate.suffix.lower() == suffix:
            refuse_devices(candidate)
            return candidate
    return None


def _geometry(path: Path, shp: np.ndarray, walk: Walk, findings: Findings) -> np.ndarray:
    """Let GDAL build the shapes; where it has less than was walked, that is said."""
    n = len(walk)
    out = np.full(n, None, dtype=object)
    if not walk.usable.any():
        return out
    xy = plain_points(shp, walk.offset) if walk.usable.all() else None
    if xy is not None:
        # The walk has seen all there is to a point; there is nothing left to build.
        return np.asarray(shapely.points(xy))
    is_patch = walk.usable.copy()
    is_patch[is_patch] = shape_types(shp, walk.offset[is_patch]) == MULTIPATCH
    if is_patch.any():
        _take_footprints(out, shp, walk, is_patch, findings)
        if is_patch.sum() == walk.usable.sum():
            return out
    at, fids, wkb = np.arange(n), None, None
    if walk.intact:
        try:
            fids, wkb = _wkb(path, findings)
        except (*_GDAL_ERRORS, UnboundLocalError):
            # A damaged table or .prj must not cost the shapes: they are read again, alone.
            # (An unset local is how pyogrio 0.13 meets a CRS that GDAL cannot write out.)
            fids = None
    if fids is None or wkb is None:
        fids, wkb, at = _wkb_of_copy(path, shp, walk, findings)
    shapes, _ = from_wkb(wkb)
    inside = fids < len(at)
    where, built_shapes = at[fids[inside]], shapes[inside]
    flat = ~is_patch[where]
    out[where[flat]] = built_shapes[flat]
    read = np.zeros(n, dtype=bool)
    read[where] = True
    expected = walk.usable & (walk.points > 0) & ~is_patch
    findings.add(
        "RECORD_UNREADABLE", records=np.flatnonzero(expected & read & shapely.is_missing(out))
    )
    built = shapely.get_num_coordinates(out)
    findings.add(
        "SHP_DAMAGED",
        severity="warning",
        records=np.flatnonzero((built < walk.points) & (built > 0) & ~is_patch),
        about="points",
        detail=phrase("shp_fewer_points"),
    )
    return out


def _take_footprints(
    out: np.ndarray, shp: np.ndarray, walk: Walk, is_patch: np.ndarray, findings: Findings
) -> None:
    """Put in the footprints of multipatches, which GEOS does not know, and tell it."""
    at = np.flatnonzero(is_patch)
    out[at] = footprints(shp, walk.offset[at])
    lacking = shapely.is_missing(out[at]) & (walk.points[at] > 0)
    findings.add("SHP_FOOTPRINT", value=int((~lacking).sum()))
    findings.add("RECORD_UNREADABLE", records=at[lacking], detail=phrase("no_footprint"))


def _wkb_of_copy(
    path: Path, shp: np.ndarray, walk: Walk, findings: Findings
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    # In a folder of its own: nothing is ever written beside the source.
    with tempfile.TemporaryDirectory() as folder:
        alone = Path(folder) / "shapes.shp"
        body, index, at = clean_copy(shp, walk)
        alone.write_bytes(body)
        alone.with_suffix(".shx").write_bytes(index)
        try:
            fids, wkb = _wkb(alone, findings)
        except _GDAL_ERRORS as error:
            raise failure("shp_not_read", path.name, error=error) from error
    return fids, wkb, at


def _wkb(path: Path, findings: Findings) -> tuple[np.ndarray, np.ndarray]:
    # Latin-1 takes any byte: GDAL must not stumble over the names of fields that it does not read.
    with warnings.catch_warnings(record=True) as remarks:
        warnings.simplefilter("always")
        _, fids, wkb, _ = pyogrio.raw.read(
            str(path), columns=[], return_fids=True, encoding="ISO-8859-1"
        )
    # What GDAL mends on its own is said like all else; measures are kept by no layer.
    for text in dict.fromkeys(str(remark.message) for remark in remarks):
        if "Measured (M)" not in text:
            remark_text = text.replace(str(path), "it").strip()
            detail = Text(f"读取时的提示：{remark_text}", remark_text)
            findings.add("SHP_DAMAGED", severity="info", about=remark_text, detail=detail)
    return np.asarray(fids), wkb


def _table(
    path: Path,
    dbf: Path | None,
    encoding: str | None,
    n_shapes: int,
    digest: Digest,
    findings: Findings,
) -> DbfTable | None:
    if dbf is None:
        findings.add(
            "FILE_MISSING_PART",
            severity="error",
            value=f"{path.stem}.dbf",
            about=".dbf",
            detail=phrase("dbf_missing"),
        )
        return None
    cpg = _sibling(path, ".cpg")
    stated = _head(cpg, 100).decode("ascii", "replace").strip() if cpg else None
    return read_dbf(dbf, encoding=encoding, cpg=stated or None, n_shapes=n_shapes, digest=digest)


def _crs(path: Path, findings: Findings) -> pyproj.CRS | None:
    prj = _sibling(path, ".prj")
    if prj is None:
        return None
    crs = _crs_of(_head(prj, _MOST_OF_CRS).decode("utf-8-sig", "replace").strip())
    if crs is None:
        findings.add("FILE_MISSING_PART", value=prj.name, about=".prj", detail=phrase("prj_no_crs"))
    return crs


def _head(path: Path, size: int) -> bytes:
    """Return no more of a small file than it has reason to hold, however large it is."""
    with path.open("rb") as file:
        return file.read(size)


@lru_cache(maxsize=64)
def _crs_of(text: str) -> pyproj.CRS | None:
    """Return the CRS that a .prj defines; the layers of an office have mostly one."""
    try:
        crs = pyproj.CRS.from_user_input(text)
        # A damaged definition can be one that is well formed and leads nowhere.
        pyproj.Transformer.from_crs(crs, crs.geodetic_crs or crs)
    except pyproj.exceptions.ProjError:
        return None
    code = crs.to_epsg(min_confidence=70)
    return pyproj.CRS.from_epsg(code) if code else crs
