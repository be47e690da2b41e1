"""Walk a .shp by its own headers and by its index, before anything builds geometry from it.

GDAL believes the index: what it does not point at is never read, and nothing is said. Here each
record is found twice, by the .shx and by the chain of record headers in the .shp, and looked at
for what it claims: its number, length, type, parts, points. What loses data is an error, what may
is a warning, what is only odd is an info.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geo_citymgmt.findings import Findings
from geo_citymgmt.reading.shp import (
    HEADER,
    TYPES,
    Chain,
    chain_of,
    content_faults,
    index_of,
    integers,
    shape_types,
)
from geo_citymgmt.words import Text

__all__ = ["Walk", "clean_copy", "walk_shapes"]


@dataclass
class Walk:
    """Where each record of a .shp is, by its place in the layer.

    ``offset`` is -1 where a record has no shape; ``usable`` tells which shapes can be built;
    ``intact`` that the file and its index can be read as they stand.
    """

    offset: np.ndarray
    length: np.ndarray
    usable: np.ndarray
    points: np.ndarray
    intact: bool

    def __len__(self) -> int:
        return len(self.offset)


def walk_shapes(
    shp: np.ndarray, shx: np.ndarray | None, findings: Findings, *, n_rows: int | None = None
) -> Walk:
    """Find and check all records of a shapefile.

    Parameters
    ----------
    shp, shx : array of uint8
        Bytes of the files; without an index the walk replaces it.
    findings : Findings
        Takes what is wrong.
    n_rows : int, optional
        Records of the .dbf: decides whether shapes that no index entry names belong to the layer.
    """
    _check_header(shp, findings)
    stated = None if shx is None else index_of(shx)
    chain = chain_of(shp, None if stated is None else stated[0])
    if stated is None or shx is None:
        offset, length, rebuilt = chain.offset, chain.length, True
        if not _is_numbered(chain):
            findings.add(
                "SHP_DAMAGED",
                severity="warning",
                about="numbers",
                detail=Text("记录号不连续", "record numbers are not in order"),
            )
    else:
        _check_index(shx, findings)
        offset, length, rebuilt = _reconcile(shp, stated, chain, findings, n_rows)
    if chain.n_lost_bytes:
        findings.add(
            "SHP_DAMAGED",
            severity="warning",
            value=chain.n_lost_bytes,
            about="lost bytes",
            detail=Text(
                f"有 {chain.n_lost_bytes} 字节不属于任何记录",
                f"{chain.n_lost_bytes} bytes belong to no record",
            ),
        )
    usable, points = _check_contents(shp, offset, length, findings)
    return Walk(offset, length, usable, points, not rebuilt and bool(usable.all()))


def clean_copy(shp: np.ndarray, walk: Walk) -> tuple[bytes, bytes, np.ndarray]:
    """Return a .shp and .shx that name the usable records alone, and their places in the layer."""
    at = np.flatnonzero(walk.usable)
    out = shp.copy()
    kind = int(integers(shp, np.array([32]), "<i4")[0])
    if kind not in TYPES or kind == 0:
        types = shape_types(shp, walk.offset[at])
        kind = int(types[types != 0][0]) if (types != 0).any() else 0
    out[:4] = (0x00, 0x00, 0x27, 0x0A)
    out[24:28] = _word(len(out))
    out[28:36] = np.array([1000, kind], dtype="<i4").view(np.uint8)
    index = np.zeros(HEADER + 8 * len(at), dtype=np.uint8)
    index[:HEADER] = out[:HEADER]
    index[24:28] = _word(len(index))
    entries = np.stack([walk.offset[at] // 2, walk.length[at] // 2], axis=1).astype(">i4")
    index[HEADER:] = entries.view(np.uint8).ravel()
    return out.tobytes(), index.tobytes(), at


def _word(size: int) -> np.ndarray:
    return np.array([size // 2], dtype=">i4").view(np.uint8)


def _check_header(shp: np.ndarray, findings: Findings) -> None:
    size = len(shp)
    stated = int(integers(shp, np.array([24]), ">i4")[0]) * 2
    if stated != size:
        findings.add(
            "SHP_DAMAGED",
            severity="warning",
            about="size",
            detail=Text(
                f"文件头记 {stated} 字节，实际 {size} 字节",
                f"its header says {stated} bytes, the file has {size}",
            ),
        )
    version, kind = integers(shp, np.array([28, 32]), "<i4")
    if version != 1000 or kind not in TYPES:
        findings.add(
            "SHP_DAMAGED",
            severity="warning",
            about="header",
            detail=Text(
                f"文件头版本 {version}、图形类型 {kind} 不正确",
                f"its header has version {version}, shape type {kind}",
            ),
        )


def _check_index(shx: np.ndarray, findings: Findings) -> None:
    size = len(shx)
    magic = size >= 4 and shx[:4].tobytes() == b"\x00\x00\x27\x0a"
    stated = int(integers(shx, np.array([24]), ">i4")[0]) * 2 if size >= HEADER else -1
    if magic and stated == size and (size - HEADER) % 8 == 0:
        return
    findings.add(
        "SHX_DAMAGED",
        about="size",
        detail=Text(
            f"文件头记 {stated} 字节，实际 {size} 字节",
            f"its header says {stated} bytes, the file has {size}",
        ),
    )


def _is_numbered(chain: Chain) -> bool:
    return bool((chain.number == np.arange(1, len(chain.number) + 1)).all())


def _reconcile(
    shp: np.ndarray,
    stated: tuple[np.ndarray, np.ndarray],
    chain: Chain,
    findings: Findings,
    n_rows: int | None,
) -> tuple[np.ndarray, np.ndarray, bool]:
    """Return offset and length of each record, and whether the index had to be corrected."""
    offset, length = stated
    n = len(offset)
    if (
        n == len(chain.offset)
        and np.array_equal(offset, chain.offset)
        and np.array_equal(length, chain.length)
    ):
        if not _is_numbered(chain):
            _say_numbers(np.flatnonzero(chain.number != np.arange(1, n + 1)), findings)
        return offset, length, False
    # By the .shp: which record stands at each place that the index names.
    at = np.searchsorted(chain.offset, offset)
    good = at < len(chain.offset)
    good[good] &= chain.offset[at[good]] == offset[good]
    _, first = np.unique(offset, return_index=True)
    once = np.zeros(n, dtype=bool)
    once[first] = True
    good &= once
    if n == len(chain.offset) and set(chain.number) == set(range(1, n + 1)):
        wanted = np.arange(1, n + 1)
        moved = np.flatnonzero(good)[chain.number[at[good]] != wanted[good]]
        if len(moved):
            # Each record bears its number, and rows of the .dbf are in that order.
            findings.add(
                "SHX_DAMAGED",
                records=moved,
                severity="error",
                about="order",
                detail=Text(
                    "索引指向另一条记录的图形，以 .shp 中的记录号为准，请核对",
                    "the index leads to the shape of another record; the number in the .shp is "
                    "followed, check it",
                ),
            )
            order = np.argsort(chain.number)
            return chain.offset[order], chain.length[order], True
    rebuilt = not good.all()
    out_offset, out_length = np.where(good, offset, -1), length.copy()
    out_length[good] = chain.length[at[good]]
    unequal = good & (out_length != length)
    if unequal.any():
        rebuilt = True
        findings.add(
            "SHX_DAMAGED",
            records=np.flatnonzero(unequal),
            about="length",
            detail=Text(
                "索引与记录头的长度不一致，以记录为准",
                "index and record disagree on the length of this record; the record is followed",
            ),
        )
    free = np.ones(len(chain.offset), dtype=bool)
    free[at[good]] = False
    # A record that no entry names takes the place its number tells, if nothing else stands there.
    strays = np.flatnonzero(free)
    place = chain.number[strays] - 1
    known = (place >= 0) & (place < n)
    known[known] &= ~good[place[known]]
    _, first = np.unique(place, return_index=True)
    once = np.zeros(len(strays), dtype=bool)
    once[first] = True
    known &= once
    out_offset[place[known]] = chain.offset[strays[known]]
    out_length[place[known]] = chain.length[strays[known]]
    findings.add(
        "SHX_DAMAGED",
        records=np.sort(place[known]),
        about="offset",
        detail=Text(
            "索引没有指向该记录，已从 .shp 中找回",
            "the index does not lead to this record; it was found in the .shp",
        ),
    )
    unknown = strays[~known]
    beyond = unknown[np.isin(chain.number[unknown], np.arange(n + 1, n + 1 + len(unknown)))]
    if len(beyond) and (n_rows is None or n_rows > n):
        out_offset = np.concatenate([out_offset, chain.offset[beyond]])
        out_length = np.concatenate([out_length, chain.length[beyond]])
        rebuilt = True
        findings.add(
            "SHX_DAMAGED",
            severity="error",
            records=np.arange(n, n + len(beyond)),
            about="end",
            detail=Text(
                "索引在该记录之前就结束了，已从 .shp 中找回",
                "the index ends before this record; it was found in the .shp",
            ),
        )
        unknown = unknown[~np.isin(unknown, beyond)]
    if len(unknown):
        findings.add(
            "SHP_DAMAGED",
            severity="info" if (chain.number[unknown] <= n).all() else "warning",
            value=len(unknown),
            about="not in the index",
            detail=Text(
                f"有 {len(unknown)} 条记录不在索引中（编辑后遗留）",
                f"{len(unknown)} records are in no index entry, as an editor leaves them behind",
            ),
        )
    return out_offset, out_length, rebuilt


def _say_numbers(records: np.ndarray, findings: Findings) -> None:
    findings.add(
        "SHP_DAMAGED",
        severity="info" if len(records) > 1 else "warning",
        value=len(records),
        about="numbers",
        detail=Text(
            f"有 {len(records)} 条记录的记录号与位置不符",
            f"{len(records)} records bear another number than their place",
        ),
    )


def _check_contents(
    shp: np.ndarray, offset: np.ndarray, length: np.ndarray, findings: Findings
) -> tuple[np.ndarray, np.ndarray]:
    """Return which records can be built, and how many points each has."""
    here = np.flatnonzero(offset >= 0)
    usable = np.zeros(len(offset), dtype=bool)
    points = np.zeros(len(offset), dtype=np.int64)
    findings.add("RECORD_UNREADABLE", records=np.flatnonzero(offset < 0), action="none")
    if not len(here):
        return usable, points
    stated = int(integers(shp, np.array([32]), "<i4")[0])
    faults = content_faults(shp, offset[here], length[here], stated)
    usable[here] = ~faults.unreadable
    points[here] = faults.points
    findings.add("RECORD_UNREADABLE", records=here[faults.unreadable])
    for hit, severity, about, detail in faults.reported:
        findings.add(
            "SHP_DAMAGED", records=here[hit], severity=severity, about=about, detail=detail
        )
    return usable, points
