"""The office's list (台账) beside the map: joined by id, every row of both accounted for.

A row of the list that has a feature becomes one with it; a row that has none stands alone, as a
record without a place; a further row for the same feature is rejected. Where both sides fill a
field, the list wins: it is what the office keeps up.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np
import pandas as pd

from geo_citymgmt.cleaning.headings import with_units
from geo_citymgmt.cleaning.id_text import has_lost_characters, has_lost_digits, plain_ids
from geo_citymgmt.cleaning.names import match_columns
from geo_citymgmt.cleaning.text import (
    distinct_texts,
    is_null_text,
    plain,
    plain_key,
    text_array,
)
from geo_citymgmt.errors import SourceError
from geo_citymgmt.findings import Findings
from geo_citymgmt.reading.raw import Raw
from geo_citymgmt.reading.table_findings import tell_reading
from geo_citymgmt.spec import LayerSpec
from geo_citymgmt.words import Text

__all__ = ["join_office_list"]


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
    tell_reading(listed, listed.name, findings)
    listed = _without_torn(listed)
    theirs = match_columns(list(listed.frame.columns), spec, findings, aliases)
    for side, columns in ((raw.name, mapping), (listed.name, theirs)):
        if spec.id_field not in columns:
            item = spec.fields[spec.id_field]
            raise SourceError(
                Text(
                    f"{side}：没有“{item.zh}”列，无法与图层对接。",
                    f"{side}: no column for {spec.id_field!r} ({item.zh}), by which list and "
                    "map are "
                    "joined.",
                ),
                remedy=Text(
                    "请在 city.toml 的 fields 中指明列名（Python：aliases=）。",
                    "Name it under 'fields' in city.toml (Python: aliases=).",
                ),
            )
    # Under the names of fields the headings' units are lost, so they go into the cells.
    left = _by_field(with_units(raw.frame, mapping, spec, raw.stated_unit), mapping)
    right = _by_field(with_units(listed.frame, theirs, spec, listed.stated_unit), theirs)
    row_of, alone, doubled = _match(left[spec.id_field], right[spec.id_field])
    _tell(raw, listed, row_of, alone, doubled, findings)
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


def _without_torn(listed: Raw) -> Raw:
    """Leave out the rows that were torn in reading, as has been told: their cells are shifted."""
    torn = np.isin(listed.record, listed.findings.records_with("rejected"))
    if not torn.any():
        return listed
    frame = listed.frame[~torn].reset_index(drop=True)
    return dataclasses.replace(
        listed, frame=frame, geometry=listed.geometry[~torn], record=listed.record[~torn]
    )


def _by_field(frame: pd.DataFrame, mapping: Mapping[str, str]) -> pd.DataFrame:
    """Columns under their field names; a stray column that bears one of these is set aside."""
    names = {column: name for name, column in mapping.items()}
    aside = {c: f"{c}_source" for c in frame.columns if c not in names and c in mapping}
    return frame.rename(columns={**names, **aside}).reset_index(drop=True)


def _keys(ids: pd.Series) -> tuple[pd.Series, pd.Series]:
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
    for mine, theirs in zip(_keys(features), _keys(rows), strict=True):
        open_feature = (row_of < 0) & mine.notna().to_numpy() & ~mine.duplicated().to_numpy()
        open_row = ~taken & theirs.notna().to_numpy() & ~theirs.duplicated().to_numpy()
        place = pd.Series(np.flatnonzero(open_row), index=theirs[open_row])
        found = place.reindex(mine[open_feature]).to_numpy(dtype=float)
        at = np.flatnonzero(open_feature)[~np.isnan(found)]
        row_of[at] = found[~np.isnan(found)].astype(int)
        taken[row_of[at]] = True
    loose = _keys(rows)[1]
    left = np.flatnonzero(~taken)
    mine = loose.iloc[left]
    again = mine.isin(set(loose[taken].dropna())) | (mine.duplicated() & mine.notna())
    return row_of, left[~again.to_numpy()], left[again.to_numpy()]


def _merge(
    left: pd.DataFrame, right: pd.DataFrame, row_of: np.ndarray, spec: LayerSpec, findings: Findings
) -> pd.DataFrame:
    out = left.copy()
    has_row = row_of >= 0
    beside = (
        right.iloc[np.where(has_row, row_of, 0)].reset_index(drop=True) if len(right) else right
    )
    for name in right.columns:
        if name == spec.id_field:
            continue
        theirs = beside[name].where(has_row) if len(right) else pd.Series(pd.NA, index=out.index)
        if name not in out.columns:
            out[name] = theirs
            continue
        said = ~_null(theirs)
        if name in spec.fields:
            differs = said & ~_null(out[name]) & (_plain(theirs) != _plain(out[name]))
            if differs.any():
                item = spec.fields[name]
                findings.add(
                    "LEDGER_WINS",
                    item=item,
                    value=int(differs.sum()),
                )
        out[name] = theirs.astype(object).where(said, out[name].astype(object))
    return out


def _null(column: pd.Series) -> np.ndarray:
    places, texts = distinct_texts(column)
    blank = np.array([is_null_text(t) for t in texts] + [True])
    return blank[places]


def _plain(column: pd.Series) -> np.ndarray:
    places, texts = distinct_texts(column)
    return np.array([plain_key(t) for t in texts] + [""], dtype=object)[places]


def _tell(
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
        detail=Text(
            f"{len(alone)} 行没有图形，{len(doubled)} 行重复",
            f"{len(alone)} rows have no feature, {len(doubled)} are further rows for one",
        ),
    )
    findings.add("LEDGER_UNMATCHED", records=raw.record[row_of < 0], severity="info")


def _labels(listed: Raw, rows: np.ndarray) -> np.ndarray:
    labels = listed.labels()[listed.record[rows]]
    return np.array([f"台账 {label}" for label in labels], dtype=object)
