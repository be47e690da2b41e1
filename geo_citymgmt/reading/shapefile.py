"""Shapefiles: geometry by GDAL, attributes byte by byte, both counted against each other."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pyogrio
import pyproj
import shapely

from geo_citymgmt.errors import SourceError
from geo_citymgmt.findings import Findings
from geo_citymgmt.reading.dbf import DbfTable, read_dbf
from geo_citymgmt.reading.raw import Raw

__all__ = ["read_shapefile"]

_MAGIC = b"\x00\x00\x27\x0a"
_GDAL_ERRORS = (
    pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, pyogrio.errors.FeatureError,
)  # fmt: skip


def read_shapefile(path: Path, *, encoding: str | None = None) -> Raw:
    """Read one shapefile; records that lack a part are kept, and said.

    Raises
    ------
    SourceError
        The .shp or its index cannot be used at all, or the text is in no admitted encoding.
    """
    findings = Findings()
    with path.open("rb") as file:
        if file.read(4) != _MAGIC:
            raise SourceError(
                f"{path.name}: not a shapefile (its first bytes are wrong).",
                f"{path.name}：内容不是 shapefile。",
            )
    shx, dbf = _sibling(path, ".shx"), _sibling(path, ".dbf")
    if shx is None:
        raise SourceError(
            f"{path.name}: its index .shx is missing; copy all parts of the shapefile.",
            f"{path.name}：缺少索引文件 .shx，请把 shapefile 的各个文件一并拷来。",
        )
    n_shapes = _walk(path, shx, findings)
    geometry = _geometry(path, shx, n_shapes, findings)
    table = _table(path, dbf, encoding, findings)
    n_rows = len(table.deleted) if table else n_shapes
    n = max(n_shapes, n_rows)
    if table:
        findings.extend(table.findings)
        # Both ways round: what is in one part and not in the other has no counterpart.
        widowed = np.arange(min(n_shapes, n_rows), n)
        if len(widowed) or table.n_header != n_rows:
            findings.add(
                "COUNT_MISMATCH", value=f".shp {n_shapes}, .dbf {n_rows}, header {table.n_header}"
            )
        findings.add(
            "COUNT_MISMATCH",
            records=widowed,
            value=f".shp {n_shapes}, .dbf {n_rows}",
            action="rejected",
        )
    live = np.ones(n, dtype=bool)
    columns: dict[str, pd.Series] = {}
    if table:
        live[:n_rows] = ~table.deleted
        columns = {k: v.reindex(range(n)) for k, v in table.columns.items()}
    frame = pd.DataFrame(columns, index=range(n))[live].reset_index(drop=True)
    full = np.full(n, None, dtype=object)
    full[:n_shapes] = geometry
    crs = _crs(path, findings)
    return Raw(
        name=path.name,
        frame=frame,
        geometry=full[live],
        record=np.flatnonzero(live),
        n_walked=n,
        n_skipped=int((~live).sum()),
        findings=findings,
        crs=crs,
        encoding=table.encoding if table else "",
        encoding_source=table.encoding_source if table else "",
        sha256=_digest([p for p in (path, shx, dbf) if p is not None]),
        path=path,
    )


def _sibling(path: Path, suffix: str) -> Path | None:
    for candidate in path.parent.glob(f"{_escape(path.stem)}.*"):
        if candidate.stem == path.stem and candidate.suffix.lower() == suffix:
            return candidate
    return None


def _escape(stem: str) -> str:
    return "".join(f"[{c}]" if c in "[]*?" else c for c in stem)


def _walk(path: Path, shx: Path, findings: Findings) -> int:
    """Return the number of records of the index; say where it and the .shp do not agree."""
    size = path.stat().st_size
    with path.open("rb") as file:
        stated = int.from_bytes(file.read(100)[24:28], "big") * 2
    if stated != size:
        findings.add(
            "SHP_DAMAGED",
            severity="warning",
            detail=f"its header says {stated} bytes, the file has {size}",
            detail_zh=f"文件头记 {stated} 字节，实际 {size} 字节",
        )
    index = shx.read_bytes()[100:]
    entries = np.frombuffer(index[: len(index) // 8 * 8], dtype=">i4").reshape(-1, 2)
    entries = entries.astype(np.int64) * 2
    beyond = np.flatnonzero((entries[:, 0] + 8 + entries[:, 1] > size) | (entries < 0).any(axis=1))
    findings.add("RECORD_UNREADABLE", records=beyond)
    return len(entries)


def _geometry(path: Path, shx: Path, n: int, findings: Findings) -> np.ndarray:
    out = np.full(n, None, dtype=object)
    if n == 0:
        return out
    try:
        fids, wkb = _wkb(path)
    except _GDAL_ERRORS as error:
        # A damaged table must not cost the shapes: read these alone.
        with tempfile.TemporaryDirectory() as folder:
            alone = Path(folder) / "shapes.shp"
            shutil.copyfile(path, alone)
            shutil.copyfile(shx, alone.with_suffix(".shx"))
            try:
                fids, wkb = _wkb(alone)
            except _GDAL_ERRORS:
                raise SourceError(
                    f"{path.name}: cannot be read ({error}); export it again.",
                    f"{path.name}：无法读取，请重新导出（{error}）。",
                ) from error
    shapes = shapely.from_wkb(wkb, on_invalid="ignore")
    had_bytes = np.array([w is not None for w in wkb], dtype=bool)
    findings.add("RECORD_UNREADABLE", records=fids[had_bytes & shapely.is_missing(shapes)])
    inside = fids < n
    out[fids[inside]] = shapes[inside]
    return out


def _wkb(path: Path) -> tuple[np.ndarray, np.ndarray]:
    # Latin-1 takes any byte: GDAL must not stumble over the names of fields that it does not read.
    _, fids, wkb, _ = pyogrio.raw.read(
        str(path), columns=[], return_fids=True, encoding="ISO-8859-1"
    )
    return np.asarray(fids), wkb


def _table(
    path: Path, dbf: Path | None, encoding: str | None, findings: Findings
) -> DbfTable | None:
    if dbf is None:
        findings.add(
            "FILE_MISSING_PART",
            value=f"{path.stem}.dbf",
            detail="there are no attributes",
            detail_zh="没有属性表",
        )
        return None
    cpg = _sibling(path, ".cpg")
    stated = cpg.read_text("ascii", "replace").strip() if cpg else None
    return read_dbf(dbf, encoding=encoding, cpg=stated or None)


def _crs(path: Path, findings: Findings) -> pyproj.CRS | None:
    prj = _sibling(path, ".prj")
    if prj is None:
        return None
    text = prj.read_bytes().decode("utf-8-sig", "replace").strip()
    try:
        crs = pyproj.CRS.from_user_input(text)
    except pyproj.exceptions.CRSError:
        findings.add(
            "FILE_MISSING_PART",
            value=prj.name,
            detail="it holds no coordinate reference system",
            detail_zh="其中没有可识别的坐标系",
        )
        return None
    code = crs.to_epsg(min_confidence=70)
    return pyproj.CRS.from_epsg(code) if code else crs


def _digest(parts: list[Path]) -> str:
    digest = hashlib.sha256()
    for part in sorted(parts, key=lambda p: p.suffix.lower()):
        digest.update(part.read_bytes())
    return digest.hexdigest()
