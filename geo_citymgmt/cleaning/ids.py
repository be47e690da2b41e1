"""Keys: every record gets one of its own; what a spreadsheet has done to them is told."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from geo_citymgmt.cleaning.id_text import is_lost_number
from geo_citymgmt.cleaning.text import no_text, text_array, to_series
from geo_citymgmt.findings import Findings
from geo_citymgmt.reading.ends import byte_at
from geo_citymgmt.spec import Field, LayerSpec
from geo_citymgmt.words import Text

__all__ = ["identify"]

#: A sheet keeps 15 digits of a number and shows the rest as zeros, or the whole as 1.23E+17.
_KEPT = 15
_SCIENTIFIC = r"^\d(\.\d+)?[eE]\+?\d{1,2}$"
_ZEROS = rf"^[1-9]\d{{{_KEPT - 1}}}0{{2,}}$"
#: Long ids end in zeros now and then; half a column of them does not.
_MANY = 0.5


def identify(
    data: pd.DataFrame,
    spec: LayerSpec,
    findings: Findings,
    record: np.ndarray,
    rejected: np.ndarray,
) -> tuple[pd.Series, np.ndarray]:
    """Return the id of each record, and which records repeat the id of an earlier one.

    An empty id is generated from layer and position. So is a damaged one that several records
    share: they were different before. Of records that share an undamaged id the first is kept.
    """
    name = spec.id_field
    ids = text_array(data[name] if name in data.columns else no_text(len(data)))
    item = spec.fields[name]
    damaged = _damaged(ids)
    fallen = damaged
    if damaged.any():
        fallen = damaged & _repeated(ids, ~rejected, keep=False)
    missing = ids.is_null().to_numpy(zero_copy_only=False) | fallen
    shown = np.asarray(ids.take(pa.array(np.flatnonzero(damaged))), dtype=object)
    if missing.any():
        made = pa.array([f"{spec.key}#{r}" for r in record[missing]], type=pa.large_string())
        ids = pc.replace_with_mask(ids, pa.array(missing), made)
    _tell_damaged(damaged, fallen, shown, ids, rejected, findings, record, item)
    told = missing & ~fallen & ~rejected
    findings.add(
        "ID_MISSING",
        records=record[told],
        expected=_texts(ids, told),
        action="assumed",
        item=item,
    )
    repeated = _repeated(ids, ~rejected, keep="first")
    if repeated.any():
        _tell_repeated(ids, repeated, rejected, findings, record, item)
    return to_series(ids), repeated


def _tell_damaged(
    damaged: np.ndarray,
    fallen: np.ndarray,
    shown: np.ndarray,
    ids: pa.Array,
    rejected: np.ndarray,
    findings: Findings,
    record: np.ndarray,
    item: Field,
) -> None:
    alive = ~rejected[damaged]
    made_anew = Text(
        "，多条记录因此相同，已另行生成",
        " and now stands for several records, which were given new ones",
    )
    for again, action, detail in (
        (False, "none", Text("", "")),
        (True, "assumed", made_anew),
    ):
        hit = alive & (fallen[damaged] == again)
        at = np.flatnonzero(damaged)[hit]
        findings.add(
            "ID_DAMAGED",
            records=record[at],
            value=shown[hit],
            expected=np.asarray(ids.take(pa.array(at)), dtype=object) if again else "",
            action=action,
            detail=detail,
            item=item,
        )


def _tell_repeated(
    ids: pa.Array,
    repeated: np.ndarray,
    rejected: np.ndarray,
    findings: Findings,
    record: np.ndarray,
    item: Field,
) -> None:
    texts = _texts(ids, repeated)
    kept = ~rejected & ~repeated
    wanted = pc.is_in(ids, value_set=pa.array(texts, type=ids.type)).to_numpy(zero_copy_only=False)
    first = pd.Series(record[kept & wanted], index=_texts(ids, kept & wanted))
    findings.add(
        "ID_DUPLICATE",
        records=record[repeated],
        value=texts,
        expected=("FID " + first.reindex(texts).astype("str")).to_numpy(dtype=object),
        action="rejected",
        item=item,
    )


def _repeated(ids: pa.Array, among: np.ndarray, *, keep: str | bool) -> np.ndarray:
    """Which ids of ``among`` occur again; one count of distinct ids settles the usual case."""
    alive = ids if among.all() else pc.if_else(pa.array(among), ids, pa.scalar(None, ids.type))
    encoded = pc.dictionary_encode(alive)
    out = np.zeros(len(ids), dtype=bool)
    if len(encoded.dictionary) < len(alive) - alive.null_count:
        codes = encoded.indices.fill_null(-1).to_numpy()
        out = pd.Series(codes).duplicated(keep=keep).to_numpy() & (codes >= 0)
    return out


def _damaged(ids: pa.Array) -> np.ndarray:
    out = is_lost_number(ids)
    # An exponent of one or two digits stands behind an E or a sign.
    if any(np.isin(byte_at(ids, place), tuple(b"eE+")).any() for place in (-2, -3)):
        scientific = pc.fill_null(pc.match_substring_regex(ids, _SCIENTIFIC), False)
        out |= scientific.to_numpy(zero_copy_only=False)
    longest = pc.max(pc.binary_length(ids)).as_py()
    if longest is not None and longest > _KEPT + 1:
        long = pc.match_substring_regex(ids, rf"^\d{{{_KEPT + 2},}}$")
        zeros = pc.fill_null(pc.match_substring_regex(ids, _ZEROS), False)
        ended = zeros.to_numpy(zero_copy_only=False)
        if ended.any() and ended.sum() >= _MANY * pc.sum(long).as_py():
            out |= ended
    return out


def _texts(ids: pa.Array, mask: np.ndarray) -> np.ndarray:
    return np.asarray(ids.take(pa.array(np.flatnonzero(mask))), dtype=object)
