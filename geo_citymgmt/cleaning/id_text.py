"""Ids as they were written, before a program put quotes, a point or an exponent to them.

What refers to records, an event or a row of the office's list, is read by the same rule, so that
both sides of a join are cleaned alike.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from geo_citymgmt.cleaning.text import (
    clean_text,
    spelt_out,
    text_array,
    to_series,
    without_unseen,
)
from geo_citymgmt.findings import Findings
from geo_citymgmt.reading.ends import has_byte, holds
from geo_citymgmt.spec import Field

__all__ = [
    "clean_ids", "has_lost_characters", "has_lost_digits", "is_lost_number", "plain_ids",
    "tell_odd_forms", "written_ids",
]  # fmt: skip

#: ="001", "001", '001' and '001: guarded against a spreadsheet, which would make 1 of it.
#: First bytes of the quotes; those of other languages begin with that of “.
_GUARDS = (*b"=\"'`", "“".encode()[0])
_GUARDED = (
    (r"^=?[\"“”]([^\"“”]+)[\"“”]$", r"\1"),
    (r"^['‘’`]([^'‘’`]+)['‘’`]?$", r"\1"),
)
_WHOLE = r"^\d+\.0*$"
_BROKEN = r"^\d+\.\d*[1-9]\d*$"
_EXPONENT = r"^(\d)\.(\d+)[eE]\+?(\d{1,3})$"
#: From here on a float does not tell neighbouring whole numbers apart.
_EXACT = 2**53
#: A sheet keeps 15 digits of a number and shows the rest as zeros, or the whole as 1.23E+17.
_KEPT = 15
_SCIENTIFIC = r"^\d(\.\d+)?[eE]\+?\d{1,2}$"
_LONG, _ZEROS = rf"^\d{{{_KEPT + 1},}}$", rf"^[1-9]\d{{{_KEPT - 1}}}0+$"
#: Long ids end in zeros now and then; half a column of them does not. Of those with one digit
#: more than a sheet keeps all must end in a zero, and be so many; fewer where they are floats.
_MANY, _SURE, _SOME = 0.5, 3, 2
_LOST = "\ufffd"
#: So many ids, and such a share of them, make a form that the others are to have as well. Numbers
#: that are counted up, without zeros in front, reach no more than nine in ten of one length.
_ENOUGH, _USUAL = 20, 0.95
_SAMPLED = 2_000


def clean_ids(column: pd.Series, item: Field, findings: Findings, record: np.ndarray) -> pd.Series:
    """Return ids without what programs and keyboards put to them, and tell what was taken off.

    A point and zeros are taken off where no id of the column has other decimals: 1001.00000 is
    1001 then, and 1.0 beside 1.1 is 1.0. Whole numbers that a float could not hold stay as they
    are, for :func:`has_lost_digits`. Characters that nobody sees are told record by record: two
    ids that look alike were two ids for every program.

    Parameters
    ----------
    column : Series
        The cells as read.
    item : Field
        Whose ids they are.
    findings : Findings
        Takes ``ID_AS_WRITTEN`` and ``ID_UNSEEN``.
    record : array of int
        Positions of the records in the source.

    Examples
    --------
    >>> from geo_citymgmt.spec import get_spec
    >>> item = get_spec("manholes").fields["manhole_id"]
    >>> ids = pd.Series(['="001"', "'002", "1003.00000", "1.00400000000e+003"], dtype="str")
    >>> clean_ids(ids, item, Findings(), np.arange(4)).tolist()
    ['001', '002', '1003', '1004']
    """
    given = _texts(column)
    seen = without_unseen(given)
    before = text_array(clean_text(to_series(seen), fold=True))
    ids = written_ids(before)
    changed = _differ(ids, before)
    if len(changed):
        findings.add(
            "ID_AS_WRITTEN",
            value=before[int(changed[0])].as_py(),
            expected=ids[int(changed[0])].as_py(),
            item=item,
        )
    if seen is not given:
        hit = _differ(seen, given)
        shown = given.take(pa.array(hit)).to_pylist()
        findings.add(
            "ID_UNSEEN",
            records=record[hit],
            value=np.array([spelt_out(text) for text in shown], dtype=object),
            expected=np.array([v or "—" for v in ids.take(pa.array(hit)).to_pylist()], object),
            item=item,
        )
    return to_series(ids)


def plain_ids(column: pd.Series) -> pd.Series:
    """Return ids as :func:`clean_ids` has them, on their own index, and tell nothing.

    What refers to records goes by the same rule as the records.

    Examples
    --------
    >>> plain_ids(pd.Series([" J1" + chr(0x200B), "/"])).tolist()
    ['J1', nan]
    """
    seen = without_unseen(_texts(column))
    ids = written_ids(text_array(clean_text(to_series(seen), fold=True)))
    return to_series(ids).set_axis(column.index)


def _texts(column: pd.Series) -> pa.Array:
    """Return ids as text; floats that a sheet has shortened as it shows them, 1.23456789012346E+15.

    A sheet keeps 15 digits of what is typed and puts zeros for the rest, in all ids of a column.
    """
    texts = text_array(column)
    if not pd.api.types.is_float_dtype(column.dtype):
        return texts
    size = column.abs().to_numpy(dtype="float64", na_value=np.nan)
    long = (size >= 10.0**_KEPT) & (size < _EXACT)
    # One number in ten ends in a zero by itself.
    if long.sum() < _SOME or (size[long] % 10 != 0).any():
        return texts
    shown = pa.array([f"{number:.{_KEPT - 1}E}" for number in size[long]], type=texts.type)
    return pc.replace_with_mask(texts, pa.array(long), shown)


def _differ(one: pa.Array, other: pa.Array) -> np.ndarray:
    """Return where two arrays of text differ."""
    if one is other:
        return np.empty(0, dtype=np.int64)
    unlike = pc.fill_null(pc.not_equal(one, other), False)
    return np.flatnonzero(unlike.to_numpy(zero_copy_only=False))


def written_ids(ids: pa.Array) -> pa.Array:
    """Return ids without quotes, points and exponents of programs; the same array without any."""
    if has_byte(ids, 0, _GUARDS).any():
        for pattern, inner in _GUARDED:
            ids = pc.replace_substring_regex(ids, pattern, inner)
    if pc.any(pc.match_substring(ids, ".")).as_py():
        ids = _without_decimals(ids)
    return ids


def _without_decimals(ids: pa.Array) -> pa.Array:
    if not _matches(ids, _BROKEN).any():
        whole = _matches(ids, _WHOLE)
        if whole.any():
            ids = _replaced(ids, whole & ~is_lost_number(ids), r"\.0*$", "")
    exponent = np.flatnonzero(_matches(ids, _EXPONENT))
    if not len(exponent):
        return ids
    texts = ids.take(pa.array(exponent)).to_pandas()
    parts = texts.str.extract(_EXPONENT)
    places, shift = parts[1].str.len(), parts[2].astype(int)
    number = texts.astype(float)
    # All digits before the point are there, and none but zeros behind it.
    exact = ((places >= shift) & (number == number.round()) & (number < _EXACT)).to_numpy()
    if not exact.any():
        return ids
    mask = np.zeros(len(ids), dtype=bool)
    mask[exponent[exact]] = True
    plain = pa.array([f"{n:.0f}" for n in number[exact]], type=ids.type)
    return pc.replace_with_mask(ids, pa.array(mask), plain)


def is_lost_number(ids: pa.Array) -> np.ndarray:
    """Which ids are whole numbers with a point that a float was too short for.

    Examples
    --------
    >>> is_lost_number(pa.array(["3205050101000004.0", "32050501010000041.0", "1.0"])).tolist()
    [False, True, False]
    """
    hit = np.zeros(len(ids), dtype=bool)
    if pc.any(pc.match_substring(ids, ".")).as_py():
        hit = _matches(ids, r"^\d{16,}\.0*$")
    if hit.any():
        at = np.flatnonzero(hit)
        numbers = [float(v) for v in ids.take(pa.array(at)).to_pylist()]
        hit[at] = np.array(numbers) >= _EXACT
    return hit


def has_lost_digits(ids: pa.Array) -> np.ndarray:
    """Which ids a spreadsheet or a column of floats has shortened: they may stand for others too.

    Such an id is kept where a single record has it, and joined to nothing.

    Examples
    --------
    >>> has_lost_digits(pa.array(["1.23456789012346E+15", "J1"], pa.large_string())).tolist()
    [True, False]
    """
    out = is_lost_number(ids)
    # An exponent of one or two digits stands behind an E or a sign.
    if any(has_byte(ids, place, tuple(b"eE+")).any() for place in (-2, -3)):
        out |= _matches(ids, _SCIENTIFIC)
    longest = pc.max(pc.binary_length(ids)).as_py()
    if longest is not None and longest > _KEPT:
        n_digits = np.where(_matches(ids, _LONG), pc.fill_null(pc.binary_length(ids), 0), 0)
        ended = _matches(ids, _ZEROS)
        longer, one_more = n_digits > _KEPT + 1, n_digits == _KEPT + 1
        if (longer & ended).sum() >= _MANY * longer.sum():
            out |= longer & ended
        if one_more.sum() >= _SURE and ended[one_more].all():
            out |= one_more
    return out


def has_lost_characters(ids: pa.Array) -> np.ndarray:
    """Which ids hold the sign for a character that could not be read.

    Examples
    --------
    >>> has_lost_characters(pa.array(["J" + chr(0xFFFD), "J1"], pa.large_string())).tolist()
    [True, False]
    """
    if not holds(ids, _LOST):
        return np.zeros(len(ids), dtype=bool)
    return np.array(pc.fill_null(pc.match_substring(ids, _LOST), False))


def tell_odd_forms(column: pd.Series, item: Field, findings: Findings, record: np.ndarray) -> None:
    """Tell ids that are built otherwise, or longer or shorter, than nearly all of the column.

    They are not refused: an id of another form is an id. Where ids have no usual form nothing is
    told.

    Examples
    --------
    >>> from geo_citymgmt.spec import get_spec
    >>> item, found = get_spec("manholes").fields["manhole_id"], Findings()
    >>> ids = pd.Series([f"J{k:04d}" for k in range(60)] + ["J60", "0061J"], dtype="str")
    >>> tell_odd_forms(ids, item, found, np.arange(62))
    >>> found.frame()["value"].tolist()
    ['J60', '0061J']
    """
    ids = text_array(column)
    n = len(ids) - ids.null_count
    if n < _ENOUGH:
        return
    there = ids.is_valid().to_numpy(zero_copy_only=False)
    odd = there & ~_usual_build(ids, n) | there & ~_usual_length(ids, there)
    if not odd.any() or odd.sum() > (1 - _USUAL) * n:
        return
    example = ids[int(np.flatnonzero(there & ~odd)[0])].as_py()
    at = np.flatnonzero(odd)
    findings.add(
        "ID_FORM",
        records=record[at],
        value=np.asarray(ids.take(pa.array(at)), dtype=object),
        expected=example,
        item=item,
    )


def _usual_length(ids: pa.Array, there: np.ndarray) -> np.ndarray:
    length = pc.fill_null(pc.utf8_length(ids), 0).to_numpy(zero_copy_only=False)
    values, counts = np.unique(length[there], return_counts=True)
    usual = values[counts.argmax()]
    if counts.max() < _USUAL * there.sum():
        return np.ones(len(ids), dtype=bool)
    return np.asarray(length == usual)


def _usual_build(ids: pa.Array, n: int) -> np.ndarray:
    """Which ids have the runs of letters, digits and signs that nearly all have."""
    step = max(n // _SAMPLED, 1)
    sample = ids.take(pa.array(np.arange(0, len(ids), step))).drop_null()
    build = sample
    for pattern, sign in ((r"[A-Z]+", "A"), (r"[a-z]+", "a"), (r"[0-9]+", "9")):
        build = pc.replace_substring_regex(build, pattern, sign)
    builds, counts = np.unique(np.asarray(build, dtype=object).astype(str), return_counts=True)
    if counts.max() < 0.9 * len(sample):
        return np.ones(len(ids), dtype=bool)
    classes = {"A": "[A-Z]+", "a": "[a-z]+", "9": "[0-9]+"}
    signs = (classes.get(c) or _escaped(c) for c in str(builds[counts.argmax()]))
    fits = _matches(ids, f"^{''.join(signs)}$")
    return fits if fits.sum() >= _USUAL * n else np.ones(len(ids), dtype=bool)


def _escaped(character: str) -> str:
    return character if character > "\x7f" else f"\\x{ord(character):02x}"


def _replaced(ids: pa.Array, where: np.ndarray, pattern: str, by: str) -> pa.Array:
    return pc.if_else(pa.array(where), pc.replace_substring_regex(ids, pattern, by), ids)


def _matches(ids: pa.Array, pattern: str) -> np.ndarray:
    found = pc.fill_null(pc.match_substring_regex(ids, pattern), False)
    return np.array(found.to_numpy(zero_copy_only=False))
