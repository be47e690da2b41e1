"""A .shp and its .shx, walked by their own headers before anything builds geometry from them."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from geo_citymgmt._languages import Text
from geo_citymgmt.findings import Findings
from geo_citymgmt.reading._messages import phrase

HEADER = 100
_POINTS, _MULTI, _PARTS, _PATCH = (1, 11, 21), (8, 18, 28), (3, 5, 13, 15, 23, 25), (31,)
_WITH_Z = (11, 13, 15, 18, 31)
_RINGS = (5, 15, 25)
_HEAD, _KIND = struct.Struct(">ii"), struct.Struct("<i")
#: After so many records of one length it pays to look for more of them at once.
_ALIKE = 32
TYPES = frozenset((0, *_POINTS, *_MULTI, *_PARTS, *_PATCH))


@dataclass
class Chain:
    """Records as their own headers string them together, in the order of the file."""

    offset: np.ndarray
    length: np.ndarray
    number: np.ndarray
    n_lost_bytes: int


class Fault(NamedTuple):
    """What is wrong with some records: which, how bad, what it is about, in words."""

    hit: np.ndarray
    severity: str
    about: str
    detail: Text


@dataclass
class Faults:
    """What is wrong with the contents of records; masks over the records that were asked about."""

    unreadable: np.ndarray
    points: np.ndarray
    reported: list[Fault] = field(default_factory=list)


def integers(data: np.ndarray, at: np.ndarray, kind: str) -> np.ndarray:
    """Return the numbers of ``kind`` that stand at the bytes ``at``.

    Where the places are evenly spaced, as the records of a point layer are, nothing is copied
    before it is converted.
    """
    dtype = np.dtype(kind)
    plain = np.int64 if dtype.kind == "i" else np.float64
    if len(at) == 0:
        return np.empty(0, dtype=plain)
    step = int(at[1] - at[0]) if len(at) > 1 else dtype.itemsize
    if step > 0 and (len(at) < 3 or bool((np.diff(at) == step).all())):
        view = np.ndarray((len(at),), dtype, buffer=data, offset=int(at[0]), strides=(step,))
        return view.astype(plain)
    # Everything in these files stands on even bytes, and mostly on multiples of four.
    block = data[at[:, None] + np.arange(dtype.itemsize)]
    return np.ascontiguousarray(block).view(dtype)[:, 0].astype(plain)


def index_of(shx: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return offset and content length, in bytes, of each entry of a .shx."""
    body = shx[HEADER:]
    entries = body[: len(body) // 8 * 8].view(">i4").reshape(-1, 2).astype(np.int64) * 2
    return entries[:, 0], entries[:, 1]


def shape_types(shp: np.ndarray, offset: np.ndarray) -> np.ndarray:
    """Return the shape type of the records at ``offset``."""
    return integers(shp, offset + 8, "<i4")


def plain_points(shp: np.ndarray, offset: np.ndarray) -> np.ndarray | None:
    """Return x and y of the records at ``offset`` if all of them are plain finite points."""
    if not (shape_types(shp, offset) == 1).all():
        return None
    xy = np.stack([integers(shp, offset + shift, "<f8") for shift in (12, 20)], axis=1)
    return xy if np.isfinite(xy).all() else None


def chain_of(shp: np.ndarray, hints: np.ndarray | None) -> Chain:
    """Walk from record to record by the length that each header states.

    Parameters
    ----------
    shp : array of uint8
        The file.
    hints : array of int, optional
        Where an index says that records begin: whole runs are followed at once, and after a
        break the walk goes on at the next of them.
    """
    size = len(shp)
    starts = np.empty(0, dtype=np.int64)
    if hints is not None:
        # As a rule they rise already, and sorting a million numbers takes longer than all else.
        starts = hints if bool((np.diff(hints) > 0).all()) else np.unique(hints)
        starts = starts[(starts >= HEADER) & (starts + 12 <= size)]
    ends = starts + 8 + integers(shp, starts + 4, ">i4") * 2 if len(starts) else starts
    # Runs: hint k leads by its own header to hint k + 1.
    linked = np.zeros(len(starts), dtype=bool)
    if len(starts) > 1:
        linked[:-1] = ends[:-1] == starts[1:]
    sane = (ends > starts + 8) & (ends <= size)
    last_of_run, sane_starts = np.flatnonzero(~linked), starts[sane]
    search = _Search(shp)
    parts: list[np.ndarray] = []
    at, lost = HEADER, 0
    while at + 12 <= size:
        k = int(np.searchsorted(starts, at))
        if k < len(starts) and starts[k] == at and sane[k]:
            last = int(last_of_run[np.searchsorted(last_of_run, k)])
            while last > k and not sane[last]:
                last -= 1
            parts.append(starts[k : last + 1])
            at = int(ends[last])
            continue
        until = int(starts[k]) if k < len(starts) and starts[k] > at else size
        run, end = _run(shp, at, until)
        if end > at:
            parts.append(run)
            at = end
            continue
        after = int(np.searchsorted(sane_starts, at, side="right"))
        hint = int(sane_starts[after]) if after < len(sane_starts) else size
        resume = search.next_after(at, hint)
        lost += resume - at
        at = resume
    lost += max(size - at, 0)
    offset = np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)
    headers = integers(shp, offset, ">i4"), integers(shp, offset + 4, ">i4") * 2
    return Chain(offset, headers[1], headers[0], lost)


def _run(shp: np.ndarray, at: int, until: int) -> tuple[np.ndarray, int]:
    """Follow the headers from ``at``; return the records before ``until``, and where they end."""
    size, view = len(shp), shp.data
    parts: list[np.ndarray] = []
    single: list[int] = []
    equal, before = 0, -1
    while at < until and at + 12 <= size:
        _, words = _HEAD.unpack_from(view, at)
        (kind,) = _KIND.unpack_from(view, at + 8)
        length = 2 * words
        if length < 4 or at + 8 + length > size or kind not in TYPES:
            break
        single.append(at)
        at += 8 + length
        equal = equal + 1 if length == before else 0
        before = length
        if equal == _ALIKE:
            # Records of one length after another, as points are: look at many that follow at
            # once, and at more of them as long as it pays.
            parts.append(np.array(single, dtype=np.int64))
            last, ahead, all_same = min(until, size - 7 - length), 64, True
            while all_same and at < last:
                stop = min(last, at + ahead * (8 + length))
                places = np.arange(at, stop, 8 + length, dtype=np.int64)
                same = integers(shp, places + 4, ">i4") * 2 == length
                same &= np.isin(integers(shp, places + 8, "<i4"), list(TYPES))
                all_same = bool(same.all())
                if not all_same:
                    places = places[: int(np.argmin(same))]
                parts.append(places)
                at += len(places) * (8 + length)
                ahead *= 8
            single, equal = [], 0
    return np.concatenate([*parts, np.array(single, dtype=np.int64)]), at


class _Search:
    """Places that read as the head of a record, found piece by piece as they are asked for.

    A file may have a break at every other record: no byte of it is looked at for more than one.
    """

    def __init__(self, shp: np.ndarray) -> None:
        self._shp = shp
        self._found = np.empty(0, dtype=np.int64)
        self._end, self._step = 0, 1 << 9

    def next_after(self, at: int, end: int) -> int:
        """Return the first such place behind ``at`` and before ``end``, else ``end``."""
        while True:
            k = int(np.searchsorted(self._found, at, side="right"))
            if k < len(self._found):
                return min(int(self._found[k]), end)
            begin = max(self._end, at + 2)
            if begin >= min(end, len(self._shp) - 12):
                return end
            self._look(begin)

    def _look(self, begin: int) -> None:
        shp, size = self._shp, len(self._shp)
        self._end = min(begin + self._step, size - 12)
        # Near first, then farther.
        self._step = min(self._step * 4, 1 << 22)
        chunk = np.arange(begin, self._end, 2, dtype=np.int64)
        self._end += (self._end - begin) % 2
        length = integers(shp, chunk + 4, ">i4") * 2
        kind = integers(shp, chunk + 8, "<i4")
        number = integers(shp, chunk, ">i4")
        fits = (length >= 20) & (chunk + 8 + length <= size) & (number > 0) & (number < 1 << 28)
        # A null shape is too easily found in zeros.
        fits &= np.isin(kind, [k for k in TYPES if k])
        places, lengths = chunk[fits], length[fits]
        self._found = places[~content_faults(shp, places, lengths, 0).unreadable]


def content_faults(shp: np.ndarray, offset: np.ndarray, length: np.ndarray, stated: int) -> Faults:
    """Check what the records at ``offset`` claim to hold against their length.

    Parameters
    ----------
    shp : array of uint8
        The file.
    offset, length : array of int
        Bytes of the header of each record, and of its content.
    stated : int
        Shape type of the layer; 0 leaves types alone.
    """
    n, size = len(offset), len(shp)
    faults = Faults(np.zeros(n, dtype=bool), np.zeros(n, dtype=np.int64))
    bad = (offset < HEADER) | (length < 4) | (offset + 8 + length > size)
    types = np.full(n, -1, dtype=np.int64)
    types[~bad] = shape_types(shp, offset[~bad])
    bad |= ~np.isin(types, list(TYPES))
    null = types == 0
    _report(faults, null & (length > 4), "error", "null shape", phrase("shp_null_shape"))
    if stated in TYPES and stated != 0:
        _report(faults, ~bad & ~null & (types != stated), "warning", "type", phrase("shp_type"))
    needed = np.full(n, 4, dtype=np.int64)
    with_m = needed.copy()
    for group, fixed in ((_POINTS, 4), (_MULTI, 40), (_PARTS, 44), (_PATCH, 44)):
        hit = ~bad & np.isin(types, group)
        if hit.any():
            _measure(shp, offset, length, types, np.flatnonzero(hit), fixed, bad, needed, with_m,
                     faults)  # fmt: skip
    bad |= needed > length
    short = ~bad & ~null & (length != needed) & (length != with_m)
    _report(faults, short, "warning", "length", phrase("shp_length"))
    faults.unreadable = bad
    faults.points[bad] = 0
    _check_rings(shp, offset, types, np.flatnonzero(~bad & np.isin(types, _PARTS)), faults)
    points = np.flatnonzero(~bad & np.isin(types, _POINTS))
    nonfinite = np.zeros(n, dtype=bool)
    for shift in (12, 20):
        nonfinite[points] |= ~np.isfinite(integers(shp, offset[points] + shift, "<f8"))
    _report(faults, nonfinite, "warning", "coordinate",
            Text("坐标不是有效数字", "a coordinate is not a finite number"))  # fmt: skip
    readable = [fault._replace(hit=fault.hit & ~bad) for fault in faults.reported]
    faults.reported = [fault for fault in readable if fault.hit.any()]
    return faults


def _report(faults: Faults, hit: np.ndarray, severity: str, about: str, detail: Text) -> None:
    if hit.any():
        faults.reported.append(Fault(hit.copy(), severity, about, detail))


# What is asked about, and the arrays over all records that it fills.
def _measure(
    shp: np.ndarray,
    offset: np.ndarray,
    length: np.ndarray,
    types: np.ndarray,
    at: np.ndarray,
    fixed: int,
    bad: np.ndarray,
    needed: np.ndarray,
    with_m: np.ndarray,
    faults: Faults,
) -> None:
    """Fill in how many bytes the records ``at`` need, without and with measures."""
    has_z = np.isin(types[at], _WITH_Z)
    if fixed == 4:
        is_m = types[at] == 21
        needed[at] = 20 + 8 * (has_z | is_m)
        with_m[at] = np.where(has_z, 36, needed[at])
        # Some writers leave out the measure of a PointM.
        faults.points[at] = 1
        return
    is_long_enough = length[at] >= fixed
    bad[at[~is_long_enough]] = True
    at, has_z = at[is_long_enough], has_z[is_long_enough]
    begin = offset[at] + 8
    parts = np.zeros(len(at), dtype=np.int64)
    if fixed == 40:
        points = integers(shp, begin + 36, "<i4")
    else:
        parts, points = integers(shp, begin + 36, "<i4"), integers(shp, begin + 40, "<i4")
    bad[at[(parts < 0) | (points < 0)]] = True
    # Lengths are compared, never multiplied out of range: counts are below 2**31.
    words = np.where(np.isin(types[at], _PATCH), 8, 4)
    plain = fixed + words * parts + 16 * points
    plain = plain + has_z * (16 + 8 * points)
    needed[at] = plain
    with_m[at] = plain + 16 + 8 * points
    faults.points[at] = points


def _check_rings(
    shp: np.ndarray, offset: np.ndarray, types: np.ndarray, at: np.ndarray, faults: Faults
) -> None:
    """Check that parts begin at 0, rise, end within the points, and that rings are closed."""
    if not len(at):
        return
    n = len(types)
    begin = offset[at] + 8
    counts = integers(shp, begin + 36, "<i4")
    owner = np.repeat(np.arange(len(at)), counts)
    first = np.concatenate([[0], np.cumsum(counts)[:-1]])
    nth = np.arange(len(owner)) - np.repeat(first, counts)
    start = integers(shp, begin[owner] + 44 + 4 * nth, "<i4")
    total = faults.points[at][owner]
    stop = total.copy()
    follows = np.flatnonzero(nth[1:] > 0)
    stop[follows] = start[follows + 1]
    broken = np.where(nth == 0, start != 0, False) | (stop <= start) | (start < 0) | (stop > total)
    lone = (counts == 0) & (faults.points[at] > 0)
    hit = np.zeros(n, dtype=bool)
    hit[at[owner[broken]]] = True
    hit[at[lone]] = True
    _report(faults, hit, "error", "parts", phrase("shp_parts"))
    rings = np.isin(types[at], _RINGS)[owner] & ~hit[at][owner]
    if rings.any():
        xy = begin[owner] + 44 + 4 * counts[owner]
        xy, start, stop, owner = xy[rings], start[rings], stop[rings], owner[rings]
        unlike = np.zeros(len(xy), dtype=bool)
        for shift in (0, 8):
            ends = [integers(shp, xy + 16 * k + shift, "<f8") for k in (start, stop - 1)]
            unlike |= ends[0] != ends[1]
        few = (stop - start) < 4
        open_ = np.zeros(n, dtype=bool)
        open_[at[owner[unlike | few]]] = True
        _report(faults, open_, "warning", "rings", phrase("shp_rings"))


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
            detail=phrase("shp_lost_bytes", n=chain.n_lost_bytes),
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
            detail=phrase("shp_size", stated=stated, size=size),
        )
    version, kind = integers(shp, np.array([28, 32]), "<i4")
    if version != 1000 or kind not in TYPES:
        findings.add(
            "SHP_DAMAGED",
            severity="warning",
            about="header",
            detail=phrase("shp_header", version=version, kind=kind),
        )


def _check_index(shx: np.ndarray, findings: Findings) -> None:
    size = len(shx)
    magic = size >= 4 and shx[:4].tobytes() == b"\x00\x00\x27\x0a"
    stated = int(integers(shx, np.array([24]), ">i4")[0]) * 2 if size >= HEADER else -1
    if magic and stated == size and (size - HEADER) % 8 == 0:
        return
    findings.add("SHX_DAMAGED", about="size", detail=phrase("shp_size", stated=stated, size=size))


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
                detail=phrase("shx_order"),
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
            detail=phrase("shx_length"),
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
        "SHX_DAMAGED", records=np.sort(place[known]), about="offset", detail=phrase("shx_offset")
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
            detail=phrase("shx_end"),
        )
        unknown = unknown[~np.isin(unknown, beyond)]
    if len(unknown):
        findings.add(
            "SHP_DAMAGED",
            severity="info" if (chain.number[unknown] <= n).all() else "warning",
            value=len(unknown),
            about="not in the index",
            detail=phrase("shx_unnamed", n=len(unknown)),
        )
    return out_offset, out_length, rebuilt


def _say_numbers(records: np.ndarray, findings: Findings) -> None:
    findings.add(
        "SHP_DAMAGED",
        severity="info" if len(records) > 1 else "warning",
        value=len(records),
        about="numbers",
        detail=phrase("shp_numbers", n=len(records)),
    )


def _check_contents(
    shp: np.ndarray, offset: np.ndarray, length: np.ndarray, findings: Findings
) -> tuple[np.ndarray, np.ndarray]:
    """Return which records can be built, and how many points each has."""
    present = np.flatnonzero(offset >= 0)
    usable = np.zeros(len(offset), dtype=bool)
    points = np.zeros(len(offset), dtype=np.int64)
    findings.add("RECORD_UNREADABLE", records=np.flatnonzero(offset < 0), action="none")
    if not len(present):
        return usable, points
    stated = int(integers(shp, np.array([32]), "<i4")[0])
    faults = content_faults(shp, offset[present], length[present], stated)
    usable[present] = ~faults.unreadable
    points[present] = faults.points
    findings.add("RECORD_UNREADABLE", records=present[faults.unreadable])
    for hit, severity, about, detail in faults.reported:
        findings.add(
            "SHP_DAMAGED", records=present[hit], severity=severity, about=about, detail=detail
        )
    return usable, points
