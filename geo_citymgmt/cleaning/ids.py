"""Keys: every record gets one of its own; what a spreadsheet has done to them is told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from geo_citymgmt.cleaning.id_text import has_lost_characters, has_lost_digits
from geo_citymgmt.cleaning.text import no_text, text_array, to_series
from geo_citymgmt.findings import Findings
from geo_citymgmt.reading.ends import are_distinct
from geo_citymgmt.spec import Field, LayerSpec
from geo_citymgmt.words import Text

__all__ = ["Numbering", "identify"]

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
    shown = _texts(ids, damaged)
    unreadable = illegible & fallen & ~rejected
    illegible_texts = _texts(ids, unreadable)
    if missing.any():
        made = pa.array([f"{spec.key}#{r}" for r in record[missing]], type=pa.large_string())
        ids = pc.replace_with_mask(ids, pa.array(missing), made)
    _tell_damaged(damaged, fallen, shown, ids, rejected, findings, record, item)
    findings.add(
        "ID_ILLEGIBLE",
        records=record[unreadable],
        value=illegible_texts,
        expected=_texts(ids, unreadable),
        action="assumed",
        item=item,
    )
    told = missing & ~fallen & ~rejected
    findings.add(
        "ID_MISSING",
        records=record[told],
        expected=_texts(ids, told),
        action="assumed",
        item=item,
    )
    repeated = _repeated(ids, ~rejected, keep="first")
    labels, as_stated = None, ids
    if repeated.any() and numbering is not None:
        known = numbering()
        ids, repeated = _qualified(ids, known, ~rejected, findings, item)
        labels = known.labels
    if repeated.any():
        _tell_repeated(as_stated, repeated, rejected, findings, record, item, labels)
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
