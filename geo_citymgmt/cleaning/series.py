"""Numbers that rise by one from row to row: a jump in them tells of rows that are not there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from geo_citymgmt.cleaning.text import plain_key, text_array
from geo_citymgmt.findings import Findings
from geo_citymgmt.spec import LayerSpec
from geo_citymgmt.words import Text

__all__ = ["tell_gaps"]

#: Headings of a column that counts the rows, as :func:`plain_key` writes them. OBJECTID and FID
#: are none: a database leaves out the numbers of what was deleted.
_SERIAL = frozenset(["序号", "顺序号", "流水号", "行号", "编号", "no", "serialno", "serialnumber"])
#: So many steps of one make a series, in which one step in twenty may be another (or a single
#: one, in a short series). Codes of grid cells that leave out what has none are beyond that.
_STEPS = 5
_OTHERS = 0.05
#: Gaps told one by one; of more, the largest stands for all.
_SHOWN = 3
#: A jump over so many numbers or more, to a number such as 201 or 1000, begins a new block; so
#: does one over more numbers than there are rows.
_BLOCK = 10
#: More digits than 64 bits hold are not counted with.
_DIGITS = 18
#: Rows looked at in three places before all are: most columns of numbers are no series.
_PROBE = 400


def tell_gaps(
    frame: pd.DataFrame,
    mapping: Mapping[str, str],
    spec: LayerSpec,
    findings: Findings,
    record: np.ndarray,
    starts: np.ndarray,
) -> None:
    """Tell where the ids, or a column that counts the rows, leave numbers out.

    A number in a text is its last digits; what stands before them must be the same. Only a column
    in which nearly every number is one more (or less) than that of the row before is a series.
    Numbers of rows that are there and were not read (deleted, totals) are not missing.

    Parameters
    ----------
    frame : DataFrame
        Records as read, in the order of the source.
    mapping : mapping of str to str
        Field of the spec to column of ``frame``.
    spec : LayerSpec
        Says which field is the id.
    findings : Findings
        Takes the ``ID_GAP``.
    record : array of int
        Position of each row in the source.
    starts : array of int
        Positions at which another source begins: a series does not run from one to the next.
    """
    source = np.searchsorted(starts, record, side="right")
    own = mapping.get(spec.id_field)
    field_of = {column: name for name, column in mapping.items()}
    for column in frame.columns:
        serial = plain_key(str(column)) in _SERIAL
        if not serial and column != own:
            continue
        name = spec.id_field if column == own else field_of.get(column, str(column))
        item = spec.fields.get(name)
        named = Text(str(column), str(column))
        is_id = item is not None and column == own
        labels: Mapping[str, Any] = {"item": item} if is_id else {"field": name, "label": named}
        _tell(frame[column], findings, record, source, labels, counts_rows=serial)


def _tell(
    column: pd.Series,
    findings: Findings,
    record: np.ndarray,
    source: np.ndarray,
    labels: Mapping[str, Any],
    *,
    counts_rows: bool,
) -> None:
    column = column.reset_index(drop=True)
    if len(column) > 3 * _PROBE and not _probed(column, record, source):
        return
    rows, number, group, place = _series(column, record, source)
    sign = _direction(number, group, place)
    if not sign:
        return
    # In a series the number less the place is the same from row to row. A single number that is
    # off (typed wrong, doubled) shifts its own row alone; rows that are gone shift all that follow.
    shift = number - sign * place
    same = (np.diff(shift) == 0) & (np.diff(group) == 0)
    settled = np.append(same, True) | np.insert(same, 0, True)
    rows, number, group, shift = rows[settled], number[settled], group[settled], shift[settled]
    missing = sign * np.diff(shift)
    high = np.maximum(number[1:], number[:-1])
    block = (missing > len(rows)) | ((missing >= _BLOCK) & (high % 100 <= 1))
    at = np.flatnonzero((missing > 0) & (np.diff(group) == 0) & ~block)
    shown = at if len(at) <= _SHOWN else at[[int(np.argmax(missing[at]))]]
    zh = en = ""
    if len(at) > len(shown):
        zh = f"，为最大一处；全表共 {len(at)} 处、缺 {missing[at].sum()} 个"
        en = f", the largest of {len(at)} gaps with {missing[at].sum()} in all"
    for k in shown:
        before, after = text_array(column.iloc[rows[[k, k + 1]]]).to_pylist()
        findings.add(
            "ID_GAP",
            records=record[rows[[k + 1]]],
            value=after,
            expected=_next(before, int(number[k]) + sign),
            detail=Text(
                f"由 {before} 跳到 {after}，中间缺 {missing[k]} 个{zh}",
                f"jumps from {before} to {after}, leaving out {missing[k]}{en}",
            ),
            **labels,
        )
    first = int(number[0])
    if counts_rows and sign > 0 and first > 1:
        findings.add(
            "ID_GAP",
            records=record[rows[[0]]],
            value=first,
            expected=1,
            detail=Text(
                f"从 {first} 开始，前面缺 {first - 1} 个",
                f"begins with {first}, leaving out {first - 1}",
            ),
            **labels,
        )


def _next(text: str, number: int) -> str:
    """Write ``number`` the way ``text`` writes its own."""
    digits = len(text) - len(text.rstrip("0123456789"))
    return text[: len(text) - digits] + str(number).zfill(digits)


def _probed(column: pd.Series, record: np.ndarray, source: np.ndarray) -> bool:
    parts = (slice(k, k + _PROBE) for k in (0, len(column) // 2, len(column) - _PROBE))
    return any(_direction(*_series(column.iloc[p], record[p], source[p])[1:]) for p in parts)


def _series(
    column: pd.Series, record: np.ndarray, source: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return rows with a number, the number, what it is counted within, and the row's place."""
    if pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype):
        values = column.to_numpy(dtype=float, na_value=np.nan)
        rows = np.flatnonzero((np.abs(values) < 2**53) & (values == np.floor(values)))
        return rows, values[rows].astype(np.int64), source[rows], record[rows]
    texts = pc.utf8_trim_whitespace(text_array(column))
    before = pc.ascii_rtrim(texts, "0123456789")
    # Both in bytes; digits are one byte each.
    digits = pc.subtract(pc.binary_length(texts), pc.binary_length(before))
    length = pc.fill_null(digits, 0).to_numpy(zero_copy_only=False)
    number = np.zeros(len(texts), dtype=np.int64)
    for k in np.unique(length):
        if 0 < k <= _DIGITS:
            at = np.flatnonzero(length == k)
            part = pc.utf8_slice_codeunits(texts.take(pa.array(at)), start=-int(k))
            number[at] = part.cast(pa.int64()).to_numpy(zero_copy_only=False)
    rows = np.flatnonzero((length > 0) & (length <= _DIGITS))
    words = pc.dictionary_encode(before.take(pa.array(rows))).indices.to_numpy(zero_copy_only=False)
    return rows, number[rows], words * (source.max(initial=0) + 1) + source[rows], record[rows]


def _direction(number: np.ndarray, group: np.ndarray, place: np.ndarray) -> int:
    """Return 1 or -1 where nearly all numbers rise or fall by one, else 0."""
    within = np.diff(group) == 0
    step = np.diff(number)
    for sign in (1, -1):
        # A row that was left out between two may have had the number between theirs.
        units = within & ((step == sign) | (step == sign * np.diff(place)))
        if units.sum() >= _STEPS and (~units & within).sum() <= max(1, _OTHERS * within.sum()):
            return sign
    return 0
