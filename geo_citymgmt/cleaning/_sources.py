"""Several sources of one layer: joined under one set of names, or by id to the office's list."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from geo_citymgmt._languages import Messages, first_few
from geo_citymgmt.cleaning._geometry import representative_points
from geo_citymgmt.cleaning._headings import with_units
from geo_citymgmt.cleaning._ids import has_lost_characters, has_lost_digits, plain_ids
from geo_citymgmt.cleaning._names import match_columns
from geo_citymgmt.errors import RepeatedSourceError, SourceError
from geo_citymgmt.findings import Findings
from geo_citymgmt.reading._raw import Raw
from geo_citymgmt.reading._sniff import recency
from geo_citymgmt.reading._table import report_reading
from geo_citymgmt.reading._text import distinct_texts, is_null_text, plain, plain_key, text_array
from geo_citymgmt.spec import LayerSpec

_MESSAGES = Messages("geo_citymgmt.cleaning")

#: From this share of the records of the smaller on, two sources are the same data.
_MOST = 0.6
#: Places are compared in steps of so many metres.
_STEP = 0.1
#: Puts the bounds between two steps where no coordinate that people write lies.
_OFF = 0.371
#: Fewer districts are no table of districts.
_FEWEST_ROWS = 3
#: How a column of counts is headed.
_COUNTED = re.compile("(?:数|数量|总量|合计|count|number|total)$")


def align_columns(
    raws: Sequence[Raw], spec: LayerSpec, aliases: Mapping[str, str] | None = None
) -> None:
    """Give columns that are the same field of the layer the name they have in the first source.

    Offices head their tables each in its own way; joined by heading alone, a field of the second
    file would be a second column, and lost.
    """
    column_of: dict[str, str] = {}
    for raw in raws:
        mapping = match_columns(list(raw.frame.columns), spec, Findings(spec.key), aliases)
        names = {column: column_of.setdefault(name, column) for name, column in mapping.items()}
        free = {old: new for old, new in names.items() if new not in raw.frame.columns}
        if free:
            raw.frame = raw.frame.rename(columns=free)


def check_apart(
    raws: Sequence[Raw],
    geometry: Sequence[np.ndarray],
    spec: LayerSpec,
    aliases: Mapping[str, str] | None = None,
) -> None:
    """Refuse sources of which two hold the same data: which of them counts, a person says.

    Raises
    ------
    RepeatedSourceError
        Naming the two.
    """
    pair = repeated_sources(raws, geometry, spec, aliases)
    if pair is None:
        return

    # The one to keep first: the newer by its name, else with more records.
    pairs = sorted((raws[k] for k in pair), key=lambda raw: (recency(raw.name), len(raw.record)))
    other, one = (raw.name for raw in pairs)
    raise RepeatedSourceError(
        _MESSAGES("hold_mostly_same", one=one, other=other), sources=(one, other), layer=spec.key
    )


def refuse_summary(raw: Raw, spec: LayerSpec, mapping: Mapping[str, str]) -> None:
    """Refuse a table without places that says of each district how many there are, and not which.

    Its rows would count as so many records. One has a district of its own in each row, numbers of
    something, and no ids.

    Raises
    ------
    SourceError
    """
    if spec.role != "facility" or len(raw.frame) < _FEWEST_ROWS:
        return

    def texts(name: str) -> pd.Series:
        column = mapping.get(name)
        if column is None:
            return pd.Series("", raw.frame.index)
        return raw.frame[column].astype("str").fillna("").str.strip()

    districts = [texts(name) for name in ("district_name", "district_code")]
    told = [spec.id_field, "address", *spec.entered_twice]
    if not any(d.ne("").all() and d.is_unique for d in districts):
        return
    if any(texts(name).ne("").any() for name in told):
        return
    free = [c for c in raw.frame.columns if c not in mapping.values()]
    counts = [c for c in free if _COUNTED.search(plain_key(c)) and _is_count(raw.frame[c])]
    if counts:
        raise _MESSAGES.error(
            SourceError, "summary_by_district", name=raw.name, spec=spec, columns=first_few(counts)
        )


def _is_count(values: pd.Series) -> bool:
    numbers = pd.to_numeric(values, errors="coerce").dropna().to_numpy(dtype=float)
    return bool(len(numbers) and (numbers % 1 == 0).all() and (numbers > 1).any())


def repeated_sources(
    raws: Sequence[Raw],
    geometry: Sequence[np.ndarray],
    spec: LayerSpec,
    aliases: Mapping[str, str] | None = None,
) -> tuple[int, int] | None:
    """Return the two sources that share most records of the smaller; None where none do.

    A record is the same where its id and its place are, or its id and all other values that both
    sources have, if these tell records apart; without an id, where its place and these values are.
    Of zones the id is enough: an outline drawn anew is no other district.

    Parameters
    ----------
    raws : sequence of Raw
    geometry : sequence of array
        Of each, all in one metric CRS.
    spec, aliases
        Say which column is the id.
    """
    common = set.intersection(*(set(raw.frame.columns) for raw in raws))
    keys = [_keys(raw, shapes, spec, aliases) for raw, shapes in zip(raws, geometry, strict=True)]
    with_id = [key[key["id"].ne("")] for key in keys]
    same_id = _sharing([_hashed(key[["id"]]) for key in with_id])
    if spec.role == "zones":
        return next(iter(same_id), None)
    if same_id:
        placed = [key[key["x"].notna()] for key in with_id]
        same_both = _sharing([_hashed(key[["id", "x", "y"]]) for key in placed])
        if same_both:
            return same_both[0]
    # Reading every value is dear, and only where ids or places repeat can it tell anything.
    without_id = [key[key["id"].eq("") & key["x"].notna()] for key in keys]
    same_place = _sharing([_hashed(key[["x", "y"]]) for key in without_id])
    pairs = [(pair, with_id, ["id"]) for pair in same_id]
    pairs += [(pair, without_id, ["x", "y"]) for pair in same_place]
    for pair, parts, known in pairs:
        values = [_values(raws[k].frame.loc[parts[k].index], common, spec, aliases) for k in pair]
        # Where most records say the same, that two of one id do proves nothing.
        if parts is with_id and any(len(np.unique(v)) < _MOST * len(v) for v in values):
            continue
        both = [
            _hashed(parts[k][known].assign(values=v)) for k, v in zip(pair, values, strict=True)
        ]
        if _sharing(both):
            return pair
    return None


def _keys(
    raw: Raw, geometry: np.ndarray, spec: LayerSpec, aliases: Mapping[str, str] | None
) -> pd.DataFrame:
    """Return id and place of each record: empty and NaN where it has none."""
    mapping = match_columns(list(raw.frame.columns), spec, Findings(spec.key), aliases)
    ids = pd.Series("", index=raw.frame.index)
    if spec.id_field in mapping:
        column = raw.frame[mapping[spec.id_field]]
        ids = column.astype("str").str.strip().where(column.notna(), "")
    x, y = (np.floor(axis / _STEP + _OFF) for axis in representative_points(geometry))
    return pd.DataFrame({"id": ids.to_numpy(), "x": x, "y": y}, index=raw.frame.index)


def _values(
    frame: pd.DataFrame, common: set[str], spec: LayerSpec, aliases: Mapping[str, str] | None
) -> np.ndarray:
    """Return a number for what else a record says, in columns that all sources have."""
    id_column = match_columns(list(frame.columns), spec, Findings(spec.key), aliases).get(
        spec.id_field
    )
    columns = [c for c in sorted(common) if c != id_column]
    if not columns:
        return np.zeros(len(frame), dtype=np.uint64)
    return _row_hashes(frame[columns].astype("str"))


def _hashed(table: pd.DataFrame) -> np.ndarray:
    return np.unique(_row_hashes(table))


def _row_hashes(table: pd.DataFrame) -> np.ndarray:
    return pd.util.hash_pandas_object(table, index=False).to_numpy()


def _sharing(parts: Sequence[np.ndarray]) -> list[tuple[int, int]]:
    """Return the pairs that share most of the distinct records of the smaller."""
    table = pd.DataFrame(
        {
            "record": np.concatenate(parts),
            "source": np.repeat(np.arange(len(parts)), [len(part) for part in parts]),
        }
    )
    # In order, so that those who share a record stand one after the other.
    table = table.sort_values(["record", "source"], kind="stable", ignore_index=True)
    at = np.flatnonzero(table["record"].eq(table["record"].shift(-1)))
    if not len(at):
        return []
    source = table["source"].to_numpy()
    pairs, counts = np.unique(
        np.column_stack([source[at], source[at + 1]]), axis=0, return_counts=True
    )
    sizes = np.array([len(part) for part in parts])
    enough = counts >= _MOST * sizes[pairs].min(axis=1)
    return [(int(one), int(other)) for one, other in pairs[enough]]


def join_office_list(
    raw: Raw,
    mapping: Mapping[str, str],
    listed: Raw,
    spec: LayerSpec,
    findings: Findings,
    aliases: Mapping[str, str] | None = None,
) -> tuple[Raw, dict[str, str], int]:
    """Join ``listed`` to the features of ``raw`` by the layer's id.

    Parameters
    ----------
    raw, mapping
        The features as read, and the source column of each field.
    listed : Raw
        The list as read, without geometry.
    spec : LayerSpec
        Says which field is the id.
    findings : Findings
        Takes what did not match, what matched more than once, and where the sides differ.
    aliases : mapping, optional
        Column of the list to field, where it cannot be recognised.

    Returns
    -------
    Raw, dict, int
        Features first, then the rows that stand alone (their number is the third item); columns
        bear field names where a field was recognised. Its ``geometry`` is that of ``raw`` with
        None for the rows.

    Raises
    ------
    SourceError
        One of the sides has no column for the id.
    """
    report_reading(listed, listed.name, findings)
    listed = _without_ragged(listed)
    theirs = match_columns(list(listed.frame.columns), spec, findings, aliases)
    for side, columns in ((raw.name, mapping), (listed.name, theirs)):
        if spec.id_field not in columns:
            item = spec.fields[spec.id_field]
            raise _MESSAGES.error(SourceError, "no_column_list", side=side, item=item, spec=spec)
    # Under the names of fields the headings' units are lost, so they go into the cells.
    left = _by_field(with_units(raw.frame, mapping, spec, raw.stated_unit), mapping)
    right = _by_field(with_units(listed.frame, theirs, spec, listed.stated_unit), theirs)
    row_of, alone, doubled = _match(left[spec.id_field], right[spec.id_field])
    _report(raw, listed, row_of, alone, doubled, findings)
    merged = _merge(left, right, row_of, spec, findings)
    rest = np.sort(np.concatenate([alone, doubled]))
    frame = pd.concat([merged, right.iloc[rest]], ignore_index=True)
    record = raw.n_walked + np.arange(len(rest))
    many = np.isin(rest, doubled)
    findings.add(
        "LEDGER_MANY",
        records=record[many],
        value=right[spec.id_field].iloc[rest[many]].to_numpy(dtype=object),
        severity="error",
        action="rejected",
    )
    labels = np.concatenate([raw.labels()[: raw.n_walked], _labels(listed, rest)])
    joined = dataclasses.replace(
        raw,
        name=f"{raw.name} + {listed.name}",
        frame=frame,
        geometry=np.concatenate([raw.geometry, np.full(len(rest), None, dtype=object)]),
        record=np.concatenate([raw.record, record]),
        n_walked=raw.n_walked + len(rest),
        sha256=";".join(s for s in (raw.sha256, listed.sha256) if s),
        row_label=labels,
        row_form="{}",
        stated_unit="",
    )
    fields = {name: name for name in spec.fields if name in mapping or name in theirs}
    return joined, fields, len(rest)


def _without_ragged(listed: Raw) -> Raw:
    """Leave out the rows that were torn in reading, as has been told: their cells are shifted."""
    ragged = np.isin(listed.record, listed.findings.records_with("rejected"))
    if not ragged.any():
        return listed
    frame = listed.frame[~ragged].reset_index(drop=True)
    return dataclasses.replace(
        listed, frame=frame, geometry=listed.geometry[~ragged], record=listed.record[~ragged]
    )


def _by_field(frame: pd.DataFrame, mapping: Mapping[str, str]) -> pd.DataFrame:
    """Columns under their field names; a stray column that bears one of these is set aside."""
    names = {column: name for name, column in mapping.items()}
    aside = {c: f"{c}_source" for c in frame.columns if c not in names and c in mapping}
    return frame.rename(columns={**names, **aside}).reset_index(drop=True)


def _loose_keys(ids: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Return each id as it is written, and without case, spaces, width and leading zeros.

    One that has lost digits or characters may stand for another record: it is none.
    """
    written = plain_ids(ids)
    array = text_array(written)
    places, texts = distinct_texts(
        written.mask(has_lost_digits(array) | has_lost_characters(array))
    )
    exact = [None if is_null_text(t) else plain(t) for t in texts]
    loose = [None if e is None else plain_key(e).lstrip("0") or "0" for e in exact]
    return tuple(pd.Series(np.array([*k, None], dtype=object)[places]) for k in (exact, loose))


def _match(features: pd.Series, rows: pd.Series) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the row of each feature (-1 for none), rows without a feature, and further rows."""
    row_of = np.full(len(features), -1)
    taken = np.zeros(len(rows), dtype=bool)
    # As written first, so that 0123 finds 0123 where there is a 123 too; then loosely.
    for feature_keys, row_keys in zip(_loose_keys(features), _loose_keys(rows), strict=True):
        open_feature = (
            (row_of < 0) & feature_keys.notna().to_numpy() & ~feature_keys.duplicated().to_numpy()
        )
        open_row = ~taken & row_keys.notna().to_numpy() & ~row_keys.duplicated().to_numpy()
        place = pd.Series(np.flatnonzero(open_row), index=row_keys[open_row])
        matches = place.reindex(feature_keys[open_feature]).to_numpy(dtype=float)
        at = np.flatnonzero(open_feature)[~np.isnan(matches)]
        row_of[at] = matches[~np.isnan(matches)].astype(int)
        taken[row_of[at]] = True
    loose = _loose_keys(rows)[1]
    left = np.flatnonzero(~taken)
    remaining = loose.iloc[left]
    again = remaining.isin(set(loose[taken].dropna())) | (
        remaining.duplicated() & remaining.notna()
    )
    return row_of, left[~again.to_numpy()], left[again.to_numpy()]


def _merge(
    left: pd.DataFrame, right: pd.DataFrame, row_of: np.ndarray, spec: LayerSpec, findings: Findings
) -> pd.DataFrame:
    out = left.copy()
    has_row = row_of >= 0
    listed = (
        right.iloc[np.where(has_row, row_of, 0)].reset_index(drop=True) if len(right) else right
    )
    for name in right.columns:
        if name == spec.id_field:
            continue
        theirs = listed[name].where(has_row) if len(right) else pd.Series(pd.NA, index=out.index)
        if name not in out.columns:
            out[name] = theirs
            continue
        is_filled = ~_null(theirs)
        if name in spec.fields:
            differs = is_filled & ~_null(out[name]) & (_plain(theirs) != _plain(out[name]))
            if differs.any():
                findings.add("LEDGER_WINS", item=spec.fields[name], value=int(differs.sum()))
        out[name] = theirs.astype(object).where(is_filled, out[name].astype(object))
    return out


def _null(column: pd.Series) -> np.ndarray:
    places, texts = distinct_texts(column)
    blank = np.array([is_null_text(t) for t in texts] + [True])
    return blank[places]


def _plain(column: pd.Series) -> np.ndarray:
    places, texts = distinct_texts(column)
    return np.array([plain_key(t) for t in texts] + [""], dtype=object)[places]


def _report(
    raw: Raw,
    listed: Raw,
    row_of: np.ndarray,
    alone: np.ndarray,
    doubled: np.ndarray,
    findings: Findings,
) -> None:
    findings.add(
        "LEDGER_JOINED",
        value=int((row_of >= 0).sum()),
        expected=len(listed.frame),
        detail=_MESSAGES("rows_no_feature", n=len(alone), twice=len(doubled)),
    )
    findings.add("LEDGER_UNMATCHED", records=raw.record[row_of < 0], severity="info")


def _labels(listed: Raw, rows: np.ndarray) -> np.ndarray:
    labels = listed.labels()[listed.record[rows]]
    return np.array([f"台账 {label}" for label in labels], dtype=object)
