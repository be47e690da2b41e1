"""Keys: every record gets one of its own; what a spreadsheet has done to them is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from geo_citymgmt._languages import Messages, Text
from geo_citymgmt.findings import Findings
from geo_citymgmt.reading._text import (
    are_distinct,
    clean_text,
    has_byte,
    holds,
    no_text,
    plain_key,
    spelt_out,
    text_array,
    to_series,
    trimmed,
    without_unseen,
)
from geo_citymgmt.spec import Field, LayerSpec

_MESSAGES = Messages("geo_citymgmt.cleaning")

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
#: What stands where an id is still to be given: 待编, 无编号, 暂缺; and how it begins.
_NOT_GIVEN = r"^\(?(待[定编补填赋]|[暂尚]?[无未][编赋号]|暂[无缺定])[码号充录制]{0,2}\)?$"
_NOT_GIVEN_BEGIN = tuple({word.encode()[0] for word in "(待暂尚无未"})
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
    given = _unshortened(column)
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
    seen = without_unseen(_unshortened(column))
    ids = written_ids(text_array(clean_text(to_series(seen), fold=True)))
    return to_series(ids).set_axis(column.index)


def _unshortened(column: pd.Series) -> pa.Array:
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
    """Return ids without quotes, points and exponents of programs; the same array without any.

    Examples
    --------
    >>> written_ids(pa.array(["'001", "待编", "未来路1"], pa.large_string())).to_pylist()
    ['001', None, '未来路1']
    """
    if (begun := has_byte(ids, 0, _NOT_GIVEN_BEGIN)).any():
        hit = np.flatnonzero(begun)
        hit = hit[_matches(ids.take(pa.array(hit)), _NOT_GIVEN)]
        given = np.ones(len(ids), dtype=bool)
        given[hit] = False
        ids = pc.if_else(pa.array(given), ids, pa.scalar(None, ids.type)) if len(hit) else ids
    if has_byte(ids, 0, _GUARDS).any():
        for pattern, inner in _GUARDED:
            ids = pc.replace_substring_regex(ids, pattern, inner)
    if pc.any(pc.match_substring(ids, ".")).as_py():
        ids = _without_decimals(ids)
    return ids


def _without_decimals(ids: pa.Array) -> pa.Array:
    if not _matches(ids, _BROKEN).any():
        is_whole = _matches(ids, _WHOLE)
        if is_whole.any():
            ids = _replaced(ids, is_whole & ~is_lost_number(ids), r"\.0*$", "")
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


def report_odd_forms(
    column: pd.Series, item: Field, findings: Findings, record: np.ndarray
) -> None:
    """Tell ids that are built otherwise, or longer or shorter, than nearly all of the column.

    They are not refused: an id of another form is an id. Where ids have no usual form nothing is
    told.

    Examples
    --------
    >>> from geo_citymgmt.spec import get_spec
    >>> item, found = get_spec("manholes").fields["manhole_id"], Findings()
    >>> ids = pd.Series([f"J{k:04d}" for k in range(60)] + ["J60", "0061J"], dtype="str")
    >>> report_odd_forms(ids, item, found, np.arange(62))
    >>> found.frame()["value"].tolist()
    ['J60', '0061J']
    """
    ids = text_array(column)
    n = len(ids) - ids.null_count
    if n < _ENOUGH:
        return
    present = ids.is_valid().to_numpy(zero_copy_only=False)
    odd = present & ~_usual_build(ids, n) | present & ~_usual_length(ids, present)
    if not odd.any() or odd.sum() > (1 - _USUAL) * n:
        return
    example = ids[int(np.flatnonzero(present & ~odd)[0])].as_py()
    at = np.flatnonzero(odd)
    findings.add(
        "ID_FORM",
        records=record[at],
        value=np.asarray(ids.take(pa.array(at)), dtype=object),
        expected=example,
        item=item,
    )


def _usual_length(ids: pa.Array, present: np.ndarray) -> np.ndarray:
    length = pc.fill_null(pc.utf8_length(ids), 0).to_numpy(zero_copy_only=False)
    values, counts = np.unique(length[present], return_counts=True)
    usual = values[counts.argmax()]
    if counts.max() < _USUAL * present.sum():
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
    matches = pc.fill_null(pc.match_substring_regex(ids, pattern), False)
    return np.array(matches.to_numpy(zero_copy_only=False))


#: From this share of a layer's records on, ids that occur twice in one file begin anew somewhere.
_RESTARTED = 0.2


def identify(
    data: pd.DataFrame,
    spec: LayerSpec,
    findings: Findings,
    record: np.ndarray,
    rejected: np.ndarray,
    numbering: Callable[[], Numbering] | None = None,
) -> tuple[pd.Series, np.ndarray]:
    """Return the id of each record, and which records repeat the id of an earlier one.

    An empty id is generated from layer and position. So is a damaged one that several records
    share: they were different before. Of records that share an undamaged id the first is kept,
    unless ``numbering``, which is asked only then, shows that files or districts number their
    records each by themselves: the key is district and id.
    """
    name = spec.id_field
    ids = text_array(data[name] if name in data.columns else no_text(len(data)))
    item = spec.fields[name]
    damaged, illegible = has_lost_digits(ids), has_lost_characters(ids)
    fallen = damaged | illegible
    if fallen.any():
        fallen = fallen & _repeated(ids, ~rejected, keep=False)
    missing = ids.is_null().to_numpy(zero_copy_only=False) | fallen
    damaged_texts = _texts(ids, damaged)
    unreadable = illegible & fallen & ~rejected
    illegible_texts = _texts(ids, unreadable)
    if missing.any():
        made = pa.array([f"{spec.key}#{r}" for r in record[missing]], type=pa.large_string())
        ids = pc.replace_with_mask(ids, pa.array(missing), made)
    _report_damaged(damaged, fallen, damaged_texts, ids, rejected, findings, record, item)
    findings.add(
        "ID_ILLEGIBLE", records=record[unreadable], value=illegible_texts,
        expected=_texts(ids, unreadable), action="assumed", item=item,
    )  # fmt: skip
    reported = missing & ~fallen & ~rejected
    made_ids = _texts(ids, reported)
    findings.add(
        "ID_MISSING", records=record[reported], expected=made_ids, action="assumed", item=item
    )
    repeated = _repeated(ids, ~rejected, keep="first")
    labels, as_stated = None, ids
    if repeated.any() and numbering is not None:
        known = numbering()
        ids, repeated = _qualified(ids, known, ~rejected, findings, item)
        labels = known.labels
    if repeated.any():
        _report_repeated(as_stated, repeated, rejected, findings, record, item, labels)
    return to_series(ids), repeated


@dataclass(frozen=True)
class Numbering:
    """What shows whether an id that occurs twice means one record: one item a record.

    Attributes
    ----------
    source : array of int
        The file, table or sheet it is from.
    sources : sequence of str
        What these are called.
    district : Series of str
        What the source says, code or name; null where it says nothing.
    owner : Series of str
        The code of its district, by place or as stated; null where it is not known.
    place : array of shape (n, 2)
        Where it lies; NaN where it has no place.
    labels : array of str
        What a clerk sees beside each record of the source, by position in the source.
    """

    source: np.ndarray
    sources: Sequence[str]
    district: pd.Series
    owner: pd.Series
    place: np.ndarray
    labels: np.ndarray


def _qualified(
    ids: pa.Array, numbering: Numbering, alive: np.ndarray, findings: Findings, item: Field
) -> tuple[pa.Array, np.ndarray]:
    """Put the district, else the file, before ids that several of them use; return what repeats.

    Two records of one id are the same one where they are of one file and one district, or lie at
    one place.
    """
    at = np.flatnonzero(_repeated(ids, alive, keep=False))
    table = pd.DataFrame(
        {
            "id": np.asarray(ids.take(pa.array(at)), dtype=object),
            "source": numbering.source[at],
            "district": numbering.district.iloc[at].to_numpy(dtype=object),
            "owner": numbering.owner.iloc[at].to_numpy(dtype=object),
            "x": numbering.place[at, 0],
            "y": numbering.place[at, 1],
        }
    )
    within = table.duplicated(["id", "source"], keep=False)
    unsaid = table["district"].isna().groupby([table["id"], table["source"]]).transform("any")
    few = within.sum() < _RESTARTED * alive.sum()
    # A few numbers that occur twice in one file are mistakes of its clerk; many begin anew.
    table["district"] = table["district"].where(~(unsaid | (within & few)), "")
    again = table.duplicated(["id", "source", "district"])
    again |= table["x"].notna() & table.duplicated(["id", "x", "y"])
    repeated = np.zeros(len(ids), dtype=bool)
    repeated[at[again]] = True
    kept = table[~again]
    kept = kept[kept.duplicated("id", keep=False)]
    if kept.empty:
        return ids, repeated
    by_district = kept["owner"].notna().all() and not kept.duplicated(["id", "owner"]).any()
    names = kept["owner"]
    if not by_district:
        names = pd.Series(np.array(numbering.sources, dtype=object)[kept["source"]], kept.index)
        more = kept.duplicated(["id", "source"], keep=False)
        both = (names + "-" + kept["district"].astype("str")).str.strip("-")
        names = names.where(~more, both)
    changed = names.astype("str") + "-" + kept["id"].astype("str")
    out = np.asarray(ids, dtype=object)
    out[at[kept.index]] = changed.to_numpy(dtype=object)
    detail = Text("分区", "its district") if by_district else Text("来源", "its source")
    findings.add(
        "ID_QUALIFIED",
        value=len(kept),
        expected=f"{kept['id'].iloc[0]} → {changed.iloc[0]}",
        action="assumed",
        detail=detail,
        item=item,
    )
    ids = pa.array(out, type=ids.type)
    return ids, repeated | (_repeated(ids, alive & ~repeated, keep="first"))


def _report_damaged(
    damaged: np.ndarray,
    fallen: np.ndarray,
    texts: np.ndarray,
    ids: pa.Array,
    rejected: np.ndarray,
    findings: Findings,
    record: np.ndarray,
    item: Field,
) -> None:
    alive = ~rejected[damaged]
    made_anew = _MESSAGES("made_anew")
    for again, action, detail in (
        (False, "none", Text("", "")),
        (True, "assumed", made_anew),
    ):
        hit = alive & (fallen[damaged] == again)
        at = np.flatnonzero(damaged)[hit]
        findings.add(
            "ID_DAMAGED",
            records=record[at],
            value=texts[hit],
            expected=np.asarray(ids.take(pa.array(at)), dtype=object) if again else "",
            action=action,
            detail=detail,
            item=item,
        )


def _report_repeated(
    ids: pa.Array,
    repeated: np.ndarray,
    rejected: np.ndarray,
    findings: Findings,
    record: np.ndarray,
    item: Field,
    labels: np.ndarray | None = None,
) -> None:
    texts = _texts(ids, repeated)
    kept = ~rejected & ~repeated
    wanted = pc.is_in(ids, value_set=pa.array(texts, type=ids.type)).to_numpy(zero_copy_only=False)
    first = pd.Series(record[kept & wanted], index=_texts(ids, kept & wanted))
    # Several are kept where districts number their records each by themselves.
    first = first[~first.index.duplicated()]
    findings.add(
        "ID_DUPLICATE",
        records=record[repeated],
        value=texts,
        expected=_labelled(first.reindex(texts), labels),
        action="rejected",
        item=item,
    )


def _labelled(records: pd.Series, labels: np.ndarray | None) -> np.ndarray:
    """What a clerk sees beside each record: the row of a sheet, the FID of a map."""
    if labels is None:
        return ("FID " + records.astype("str")).to_numpy(dtype=object)
    return np.asarray(labels, dtype=object)[records.to_numpy(dtype=np.int64)]


def _repeated(ids: pa.Array, among: np.ndarray, *, keep: str | bool) -> np.ndarray:
    """Which ids of ``among`` occur again; that none does, the usual case, is settled first."""
    alive = ids if among.all() else pc.if_else(pa.array(among), ids, pa.scalar(None, ids.type))
    if are_distinct(alive):
        return np.zeros(len(ids), dtype=bool)
    encoded = pc.dictionary_encode(alive)
    out = np.zeros(len(ids), dtype=bool)
    if len(encoded.dictionary) < len(alive) - alive.null_count:
        codes = encoded.indices.fill_null(-1).to_numpy()
        out = pd.Series(codes).duplicated(keep=keep).to_numpy() & (codes >= 0)
    return out


def _texts(ids: pa.Array, mask: np.ndarray) -> np.ndarray:
    return np.asarray(ids.take(pa.array(np.flatnonzero(mask))), dtype=object)


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


def report_gaps(
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
    id_column = mapping.get(spec.id_field)
    field_of = {column: name for name, column in mapping.items()}
    for column in frame.columns:
        serial = plain_key(str(column)) in _SERIAL
        if not serial and column != id_column:
            continue
        name = spec.id_field if column == id_column else field_of.get(column, str(column))
        item = spec.fields.get(name)
        named = Text(str(column), str(column))
        is_id = item is not None and column == id_column
        labels: Mapping[str, Any] = {"item": item} if is_id else {"field": name, "label": named}
        _report(frame[column], findings, record, source, labels, counts_rows=serial)


def _report(
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
            detail=_MESSAGES(
                "jumps_leaving_out", before=before, after=after, missing=missing[k], zh=zh, en=en
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
            detail=_MESSAGES("begins_leaving_out", first=first, missing=first - 1),
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
    texts = trimmed(text_array(column))
    before = pc.ascii_rtrim(texts, "0123456789")
    # Both in bytes; digits are one byte each.
    digits = pc.subtract(pc.binary_length(texts), pc.binary_length(before))
    length = pc.fill_null(digits, 0).to_numpy(zero_copy_only=False)
    number = np.zeros(len(texts), dtype=np.int64)
    for k in np.unique(length):
        if 0 < k <= _DIGITS:
            at = np.flatnonzero(length == k)
            some = texts if len(at) == len(texts) else texts.take(pa.array(at))
            part = pc.utf8_slice_codeunits(some, start=-int(k))
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
