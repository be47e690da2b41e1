"""From an Arrow table to a plain frame: nothing rounded, nothing nested, text as text."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from geo_citymgmt.findings import Findings
from geo_citymgmt.reading.shapes import from_wkb

__all__ = ["expanded_size", "plain_array", "plain_frame", "shapes_of", "tell_unreadable"]


def plain_frame(table: pa.Table) -> pd.DataFrame:
    """Return the columns of ``table``: integers that may be missing keep all their digits."""
    # Bytes that are no text are found here, where the source can still be refused for them.
    table.validate(full=True)
    out: dict[str, pd.Series] = {}
    for i, name in enumerate(table.schema.names):
        label, k = name, 2
        while label in out:
            label, k = f"{name}_{k}", k + 1
        out[label] = _column(table.column(i))
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
    tell_unreadable(wkb, shapes, findings)
    return shapes


def tell_unreadable(wkb: Sequence[bytes | None], shapes: np.ndarray, findings: Findings) -> None:
    """Tell the records that have a geometry which could not be built."""
    had = np.array([w is not None for w in wkb], dtype=bool)
    findings.add("RECORD_UNREADABLE", records=np.flatnonzero(had & shapely.is_missing(shapes)))
