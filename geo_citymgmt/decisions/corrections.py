"""Corrected values, put into the raw frame before anything is cleaned."""

from __future__ import annotations

import numpy as np
import pandas as pd

from geo_citymgmt.cleaning.id_text import plain_ids
from geo_citymgmt.cleaning.personal import MASK
from geo_citymgmt.cleaning.text import plain
from geo_citymgmt.findings import Findings
from geo_citymgmt.findings.keys import WHOLE
from geo_citymgmt.reading.raw import Raw
from geo_citymgmt.spec import LayerSpec

__all__ = ["apply_corrections", "corrections_of"]

_COLUMNS = ["row_label", "key", "field", "new_value", "old_value", "settled"]


def corrections_of(decisions: pd.DataFrame, layer: str) -> pd.DataFrame:
    """Return the corrections for one layer.

    ``row_label, key, field, new_value, old_value, settled``: one that has been applied before
    holds for the value it replaced (``old_value``), so that a source corrected since is left alone.
    """
    mine = decisions["layer"].eq(layer) & decisions["kind"].eq("correct")
    table = decisions[mine]
    before = table["settled"] | table["code"].eq("DECISION_APPLIED")
    return table.assign(old_value=table["value"].where(before, None))[_COLUMNS]


def apply_corrections(
    raw: Raw,
    mapping: dict[str, str],
    corrections: pd.DataFrame,
    spec: LayerSpec,
    findings: Findings,
) -> dict[str, str]:
    """Put corrected values into the raw frame, by key and place of the record; log each.

    A correction whose record is not there any more, or is not the only one, is told and left; so
    is one whose value has been changed in the source since. Of settled ones nothing is said.
    Returns the mapping with fields that a correction brought in.
    """
    if corrections.empty:
        return mapping
    fields = dict(mapping)
    labels = pd.Series(raw.labels()[raw.record], dtype="object")
    ids = pd.Series([None] * len(raw.frame), dtype="object")
    if spec.id_field in fields:
        ids = plain_ids(raw.frame[fields[spec.id_field]]).astype("object")
    # A record without an id is known by the one that was generated for it.
    ids = ids.fillna(pd.Series([f"{spec.key}#{r}" for r in raw.record], dtype="object"))
    table = corrections.assign(
        old_value=corrections.get("old_value"), settled=corrections.get("settled", False)
    )[_COLUMNS]
    for label, key, name, value, old_value, settled in table.itertuples(index=False):
        at = np.flatnonzero((ids == plain(key)).to_numpy(dtype=bool))
        if len(at) > 1 or (not len(at) and name == spec.id_field and not pd.isna(old_value)):
            # By its place: several share the id, or the id itself is what was corrected.
            at = at if len(at) else np.arange(len(labels))
            at = at[(labels.iloc[at] == label).to_numpy(dtype=bool)]
        if len(at) != 1 or name not in spec.fields:
            if not settled:
                # A decision on a whole column has no record: no value is right for all of them.
                about = key or WHOLE
                findings.add(
                    "DECISION_UNUSED", field=name, value=about, expected=value, about=about
                )
            continue
        item = spec.fields[name]
        said = {"item": item, "expected": value}
        column = fields.get(name, name)
        old = raw.frame[column].iloc[at[0]] if column in raw.frame.columns else None
        now = "" if pd.isna(old) else str(old)
        if not pd.isna(old_value) and MASK not in old_value and plain(now) != plain(old_value):
            if not settled and plain(now) != plain(value):
                findings.add("DECISION_OUTDATED", records=raw.record[at], value=now, **said)
            continue
        fields[name] = column
        if column not in raw.frame.columns:
            raw.frame[column] = pd.Series([None] * len(raw.frame), dtype="object")
        raw.frame[column] = raw.frame[column].astype("object")
        raw.frame.iloc[at[0], raw.frame.columns.get_loc(column)] = value
        findings.add("DECISION_APPLIED", records=raw.record[at], value=now, **said)
    return {name: fields[name] for name in spec.fields if name in fields}
