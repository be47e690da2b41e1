"""The raw frame: what one or several sources hold, before anyone decides what it means."""

from __future__ import annotations

import json
from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyproj
import shapely

from geo_citymgmt.findings import Findings
from geo_citymgmt.reading._sniff import short_names


class Drawn:
    """Geometry that is given, or made of the numbers in ``points`` when it is first asked for.

    Records of a list lie where their columns say; between reading and the metric CRS nothing but
    the numbers is needed, and each of a million points costs.
    """

    def __get__(self, owner: Any, kind: type | None = None) -> Any:
        if owner is None:
            # To a dataclass this says that the field has no default.
            raise AttributeError("geometry")
        kept: dict[str, Any] = vars(owner)
        if kept["geometry"] is None:
            kept["geometry"] = draw_points(*owner.points)
        return kept["geometry"]

    def __set__(self, owner: Any, shapes: np.ndarray) -> None:
        vars(owner)["geometry"] = shapes
        owner.points = None


def draw_later(owner: Any, x: np.ndarray, y: np.ndarray) -> None:
    """Let the geometry of ``owner`` be the points of ``x`` and ``y``, NaN where there is none."""
    vars(owner)["geometry"] = None
    owner.points = x, y


def draw_points(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the points of ``x`` and ``y``, None where these are no numbers.

    Examples
    --------
    >>> print(*draw_points(np.array([1.0, np.nan]), np.array([2.0, np.nan])))
    POINT (1 2) None
    """
    out = np.full(len(x), None, dtype=object)
    present = np.isfinite(x)
    out[present] = shapely.points(x[present], y[present])
    return out


@dataclass
class Raw:
    """One layer of one source as it was read.

    ``frame`` and ``geometry`` have one item for each record of the source that is not flagged as
    deleted; ``record`` is its position in the source, counted from 0 with the deleted ones.
    """

    name: str
    frame: pd.DataFrame
    if TYPE_CHECKING:
        geometry: np.ndarray
    else:
        geometry: np.ndarray = Drawn()
    record: np.ndarray
    n_walked: int
    findings: Findings = field(default_factory=Findings)
    n_skipped: int = 0
    crs: pyproj.CRS | None = None
    encoding: str = ""
    encoding_source: str = ""
    sha256: str = ""
    path: Path | None = None
    #: What a clerk sees beside each record of the source, and in what words (``第 {} 行``).
    row_label: np.ndarray | None = None
    row_form: str = "{}"
    #: Files that belong to the source and are not there.
    missing: tuple[str, ...] = ()
    #: Unit that a sheet states once for all its numbers, as written: 万平方米, or 平方米、个.
    stated_unit: str = ""
    #: How ``crs`` is known: "file", or "name" where columns of coordinates are called after it.
    crs_source: str = "file"
    #: What the names of those columns say of CRS and datum: its name, the CRS of its degrees, and
    #: the datum; empty for nothing.
    reference: str = ""
    geodetic: str = ""
    datum: str = ""
    #: The columns positions were taken from (see reading.coordinates), and whether their names or
    #: the way they are written say that they are degrees.
    place_columns: tuple[str, ...] | None = None
    in_degrees: bool = False
    #: Columns that look like coordinates and were not used: what x and y would be.
    unused_places: dict[str, tuple[str, str]] = field(default_factory=dict)
    #: For each record, the cells of coordinates that cannot be read; None where there are none.
    unread_places: np.ndarray | None = None
    #: Of several sources read as one: what each is called, and which of them a record is of.
    parts: tuple[str, ...] = ()
    part: np.ndarray | None = None
    #: Where ``geometry`` is no more than points: their numbers, NaN where a record has none.
    points: tuple[np.ndarray, np.ndarray] | None = field(default=None, init=False)

    @property
    def is_nowhere(self) -> bool:
        """Whether no record has a geometry."""
        if self.points is not None:
            return not np.isfinite(self.points[0]).any()
        return bool(shapely.is_missing(self.geometry).all())

    def lie_at(self, x: np.ndarray, y: np.ndarray) -> None:
        """Let the records be points, those of which both numbers are finite."""
        present = np.isfinite(x) & np.isfinite(y)
        draw_later(self, np.where(present, x, np.nan), np.where(present, y, np.nan))

    def labels(self, records: np.ndarray | None = None) -> np.ndarray:
        """What a clerk sees beside ``records``, or beside all, by position in the source.

        Put into words when it is asked for: of a million records a few are told of.
        """
        at = np.arange(max(self.n_walked, 1)) if records is None else records
        if self.row_label is None:
            return _in_words("FID {}", at)
        return _in_words(self.row_form, self.row_label if records is None else self.row_label[at])


def _in_words(form: str, labels: np.ndarray) -> np.ndarray:
    if form == "{}":
        return np.asarray(labels, dtype=object)
    return np.array([form.format(label) for label in labels.tolist()], dtype=object)


#: Collections within collections; GEOS ends the process some thousands further down.
DEEPEST = 100
#: Bytes of the head of a collection: nothing shorter can be nested too deeply.
_HEAD = 9
_HAS_Z, _HAS_M, _HAS_SRID = 0x8000_0000, 0x4000_0000, 0x2000_0000
_POINT, _LINES, _FACES, _COLLECTION = 1, (2, 8), (3, 17), 4


def from_wkb(values: Sequence[bytes | str | None] | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Build geometry from WKB or EWKB, as bytes or in hexadecimal digits.

    Parameters
    ----------
    values : sequence of bytes, str or None
        One a record.

    Returns
    -------
    array of Geometry, array of bool
        None where there is nothing, or it cannot be built; and which are curves or surfaces that
        GEOS does not know.

    Examples
    --------
    >>> shapes, curved = from_wkb([shapely.Point(1, 2).wkb, b"x", None])
    >>> print(*shapes), curved.any()
    POINT (1 2) None None
    (None, np.False_)
    """
    return _built(shapely.from_wkb, values, _is_deep_wkb, _HEAD * DEEPEST)


def from_wkt(values: Sequence[str | None] | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Build geometry from WKT, as :func:`from_wkb` does.

    Examples
    --------
    >>> shapes, curved = from_wkt(["POINT (1 2)", "CIRCULARSTRING (0 0, 1 1, 2 0)"])
    >>> print(*shapes, curved)
    POINT (1 2) None [False  True]
    """
    return _built(shapely.from_wkt, values, _is_deep_wkt, 2 * DEEPEST)


def from_geojson(values: Sequence[str | None] | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Build geometry from texts of GeoJSON, as :func:`from_wkb` does.

    Examples
    --------
    >>> print(*from_geojson(['{"type": "Point", "coordinates": [1, 2]}', "{}"])[0])
    POINT (1 2) None
    """
    return _built(shapely.from_geojson, values, _is_deep_json, 2 * DEEPEST)


def _built(
    build: Callable[..., Any],
    values: Sequence[Any] | np.ndarray,
    is_deep: Callable[[Any], bool],
    shortest: int,
) -> tuple[np.ndarray, np.ndarray]:
    items = np.empty(len(values), dtype=object)
    items[:] = values
    for k in [k for k, v in enumerate(values) if v is not None and len(v) > shortest]:
        if is_deep(items[k]):
            items[k] = None
    curved = np.zeros(len(items), dtype=bool)
    try:
        return np.asarray(build(items, on_invalid="ignore"), dtype=object), curved
    except NotImplementedError:
        out = np.full(len(items), None, dtype=object)
        for k, item in enumerate(items):
            try:
                out[k] = build(item, on_invalid="ignore")
            except NotImplementedError:
                curved[k] = True
        return out, curved


def _is_deep_wkb(value: bytes | str) -> bool:
    """Whether collections are nested too deeply, walked without going down into them."""
    try:
        data = bytes.fromhex(value) if isinstance(value, str) else value
    except ValueError:
        return False
    left, at = [1], 0
    while left and at + 5 <= len(data):
        if left[-1] == 0:
            left.pop()
            continue
        left[-1] -= 1
        order = "little" if data[at] else "big"

        def number(where: int, order: Any = order, data: bytes = data) -> int:
            return int.from_bytes(data[where : where + 4], order)

        code = number(at + 1)
        at += 9 if code & _HAS_SRID else 5
        kind = code & 0x0FFF_FFFF
        size = 2 + bool(code & _HAS_Z) + bool(code & _HAS_M) + (0, 1, 1, 2)[kind // 1000 % 4]
        kind %= 1000
        if kind == _POINT:
            at += 8 * size
        elif kind in _LINES:
            at += 4 + 8 * size * number(at)
        elif kind in _FACES:
            n_rings, at = number(at), at + 4
            while n_rings and at < len(data):
                n_rings, at = n_rings - 1, at + 4 + 8 * size * number(at)
        elif kind >= _COLLECTION:
            left.append(number(at))
            at += 4
        if len(left) > DEEPEST:
            return True
    return False


def _is_deep_wkt(text: str) -> bool:
    signs = np.frombuffer(text.encode("utf-8", "replace"), dtype=np.uint8)
    depth = np.cumsum((signs == ord("(")).astype(np.int32) - (signs == ord(")")))
    return bool(len(depth) and depth.max() > DEEPEST)


def _is_deep_json(text: str) -> bool:
    try:
        level = [json.loads(text)]
    except (ValueError, RecursionError):
        return text.count("{") > DEEPEST
    for _ in range(DEEPEST):
        level = [
            inner
            for one in level
            if isinstance(one, dict) and isinstance(one.get("geometries"), list)
            for inner in one["geometries"]
        ]
        if not level:
            return False
    return True


def free_name(name: str, taken: Container[str]) -> str:
    """Return a name for one more column: with the next number where it is taken.

    Examples
    --------
    >>> free_name("id", ["id", "id_2"]), free_name("name", ["id"])
    ('id_3', 'name')
    """
    unique, number = name, 2
    while unique in taken:
        unique, number = f"{name}_{number}", number + 1
    return unique


def plain_frame(table: pa.Table) -> pd.DataFrame:
    """Return the columns of ``table``: integers that may be missing keep all their digits."""
    # Bytes that are no text are found here, where the source can still be refused for them.
    table.validate(full=True)
    out: dict[str, pd.Series] = {}
    for i, name in enumerate(table.schema.names):
        out[free_name(name, out)] = _column(table.column(i))
    return pd.DataFrame(out, index=pd.RangeIndex(table.num_rows))


def plain_array(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column with its values in place of what stands for them."""
    kind = column.type
    return column.cast(kind.value_type) if pa.types.is_dictionary(kind) else column


def expanded_size(array: pa.Array) -> int:
    """Return how many bytes the texts of an array come to, each as often as it stands there.

    Examples
    --------
    >>> expanded_size(pa.array(["ab", "ab", "c"]).dictionary_encode())
    5
    """
    kind = array.type
    if pa.types.is_dictionary(kind):
        lengths = pc.binary_length(array.dictionary)
        return int(pc.sum(pc.cast(lengths.take(array.indices), pa.int64())).as_py() or 0)
    if pa.types.is_struct(kind):
        return sum(expanded_size(part) for part in array.flatten())
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_map(kind):
        return expanded_size(array.values if pa.types.is_map(kind) else array.flatten())
    return int(array.nbytes)


def _column(column: pa.ChunkedArray) -> pd.Series:
    column = plain_array(column)
    kind = column.type
    if pa.types.is_integer(kind):
        if column.null_count == 0:
            return column.to_pandas()
        values = pc.fill_null(column, 0).to_numpy()
        missing = pc.is_null(column).to_numpy()
        return pd.Series(pd.arrays.IntegerArray(values.astype(np.int64), missing))
    if pa.types.is_boolean(kind):
        return column.to_pandas().astype("boolean")
    if pa.types.is_decimal(kind):
        return column.cast(pa.float64()).to_pandas()
    if pa.types.is_date(kind):
        return column.cast(pa.timestamp("ms")).to_pandas().astype("datetime64[us]")
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return column.cast(pa.large_string()).to_pandas().astype("str")
    if pa.types.is_floating(kind) or pa.types.is_timestamp(kind):
        return column.to_pandas()
    return pd.Series([_text(v) for v in column.to_pylist()], dtype="str")


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.hex()
    return json.dumps(value, ensure_ascii=False, default=str)


def shapes_of(wkb: Sequence[bytes | None], findings: Findings) -> np.ndarray:
    """Build geometry; one that cannot be built is None, and a finding."""
    shapes, _ = from_wkb(wkb)
    report_unreadable(wkb, shapes, findings)
    return shapes


def report_unreadable(wkb: Sequence[bytes | None], shapes: np.ndarray, findings: Findings) -> None:
    """Tell the records that have a geometry which could not be built."""
    had = np.array([w is not None for w in wkb], dtype=bool)
    findings.add("RECORD_UNREADABLE", records=np.flatnonzero(had & shapely.is_missing(shapes)))


#: More sources than this are named by the first and their number.
_NAMED = 4


def starts(raws: Sequence[Raw]) -> np.ndarray:
    """Return the position of the first record of each among those of all, and how many they are.

    Examples
    --------
    >>> nothing, none = pd.DataFrame(), np.empty(0)
    >>> starts([Raw("a", nothing, none, none, 3), Raw("b", nothing, none, none, 2)]).tolist()
    [0, 3, 5]
    """
    return np.concatenate([[0], np.cumsum([raw.n_walked for raw in raws])]).astype(np.int64)


def joined(raws: Sequence[Raw]) -> Raw:
    """Return one source that has the records of all, one after the other."""
    if len(raws) == 1:
        return raws[0]
    first = raws[0]
    names = [raw.name for raw in raws]
    short = short_names(names)
    labels = [
        f"{name} " + np.asarray(raw.labels()[: raw.n_walked], dtype=object)
        for name, raw in zip(short, raws, strict=True)
    ]
    return Raw(
        name=joined_names(names),
        frame=pd.concat(_exact([raw.frame for raw in raws]), ignore_index=True),
        geometry=np.concatenate([raw.geometry for raw in raws]),
        record=np.concatenate([r.record + o for r, o in zip(raws, starts(raws), strict=False)]),
        n_walked=sum(raw.n_walked for raw in raws),
        n_skipped=sum(raw.n_skipped for raw in raws),
        crs=first.crs,
        encoding=_each_once(raw.encoding for raw in raws),
        encoding_source=_each_once(raw.encoding_source for raw in raws),
        sha256=";".join(raw.sha256 for raw in raws),
        path=first.path,
        stated_unit=first.stated_unit if len({raw.stated_unit for raw in raws}) == 1 else "",
        row_label=np.concatenate(labels),
        parts=tuple(short),
        part=np.repeat(np.arange(len(raws)), [len(raw.record) for raw in raws]),
    )


def joined_names(names: Sequence[str]) -> str:
    """Return what several sources are called together: all of them, where they are few.

    Examples
    --------
    >>> joined_names(["a.shp", "b.shp"]), joined_names([f"{k}.shp" for k in range(12)])
    ('a.shp + b.shp', '0.shp + 1.shp + … (12)')
    """
    if len(names) <= _NAMED:
        return " + ".join(names)
    return " + ".join([*names[:2], f"… ({len(names)})"])


def _exact(frames: Sequence[pd.DataFrame]) -> list[pd.DataFrame]:
    """Whole numbers that other sources lack or hold as text stay as they are: 1001, not 1001.0."""
    dtypes: dict[str, set[Any]] = {}
    for frame in frames:
        for column, dtype in frame.dtypes.items():
            dtypes.setdefault(str(column), set()).add(dtype)
    everywhere = {c for c in dtypes if all(c in frame.columns for frame in frames)}
    mixed = {c for c, kinds in dtypes.items() if len(kinds) > 1 or c not in everywhere}
    return [
        frame.astype(
            {c: object for c in frame.columns if c in mixed and frame[c].dtype.kind in "iub"}
        )
        for frame in frames
    ]


def _each_once(values: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(value for value in values if value))
