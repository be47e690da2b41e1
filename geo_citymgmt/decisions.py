"""What the office decided about findings: exceptions it accepts, values it corrects.

The findings workbook has two columns to fill in, 处理意见 (decision) and 说明 (remark). A decision
is one of the words for "accepted", or 改为 followed by the right value. The workbook is read again,
corrections are applied to the records of the source before they are cleaned, accepted exceptions
are marked, and the next check says what is new, what remains and what is resolved.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from geo_citymgmt.cleaning.text import plain, plain_key
from geo_citymgmt.errors import SourceError
from geo_citymgmt.findings import Findings, concat_findings
from geo_citymgmt.reading.raw import Raw
from geo_citymgmt.reading.sheet import list_sheets, read_workbook_sheet
from geo_citymgmt.spec import LayerSpec

__all__ = [
    "DECISION_COLUMNS",
    "apply_corrections",
    "compare_findings",
    "corrections_of",
    "mark_accepted",
    "read_decisions",
]

DECISION_COLUMNS = (
    "layer", "code", "row_label", "key", "field", "value", "kind", "new_value", "remark",
)  # fmt: skip
_HEADINGS = {
    "severity": ("级别", "Severity"),
    "code": ("问题代码", "Code"),
    "row_label": ("记录位置", "Record"),
    "key": ("编号", "Id"),
    "field": ("字段", "Field"),
    "value": ("原值", "Value found"),
    "opinion": ("处理意见", "Decision"),
    "remark": ("说明", "Remark"),
}
#: What only states a decision of the program is nothing to decide about.
_INFO = ("提示", "note", "info")
_ACCEPTED = {plain_key(w) for w in (
    "接受", "认可", "属实", "保留", "无误", "例外", "情况属实", "accept", "accepted", "ok", "keep",
)}  # fmt: skip
_CORRECTED = re.compile(
    r"(?:改为|更正为|更正|应为|改成|set|correct to)\s*[:：]?\s*(.+)", re.IGNORECASE
)
_IDENTITY = ["layer", "key", "field", "code"]


def read_decisions(path: str | Path, specs: Mapping[str, LayerSpec]) -> pd.DataFrame:
    """Read a findings workbook that an office has filled in.

    Parameters
    ----------
    path : str or Path
        The .xlsx that ``check --format xlsx`` or ``report`` wrote.
    specs : mapping of str to LayerSpec
        To know the sheets by the names of the layers and the fields by their labels.

    Returns
    -------
    DataFrame
        One row a finding of the workbook: ``layer, code, row_label, key, field, value, kind,
        new_value, remark``; ``kind`` is accept, correct, unclear, or empty where nothing was
        decided.

    Raises
    ------
    SourceError
        It is no findings workbook.
    """
    source = Path(path)
    names = {n: s.key for s in specs.values() for n in (s.name_zh, s.name_en, s.key)}
    names = {**names, **{n[:31]: key for n, key in names.items()}}
    parts = [
        _sheet(source, title, specs[names[title]])
        for title in list_sheets(source)
        if title in names
    ]
    parts = [part for part in parts if part is not None]
    if not parts:
        raise SourceError(
            f"{source.name}: no sheet of findings.",
            f"{source.name}：不是质检问题清单。",
            remedy="Use the findings.xlsx of check or report.",
            remedy_zh="请使用 check 或 report 生成的 findings.xlsx。",
        )
    return pd.concat(parts, ignore_index=True)


def _sheet(path: Path, title: str, spec: LayerSpec) -> pd.DataFrame | None:
    _, sheet = read_workbook_sheet(path, sublayer=title)
    heads = {word: name for name, words in _HEADINGS.items() for word in words}
    found = [
        {heads[str(cell)]: c for c, cell in enumerate(row) if str(cell) in heads}
        for row in sheet.rows[:5]
    ]
    first = next((k for k, p in enumerate(found) if {"code", "key", "opinion"} <= set(p)), None)
    if first is None:
        return None
    places = found[first]
    rows = [r for r in sheet.rows[first + 1 :] if any(str(c).strip() for c in r)]
    table = pd.DataFrame(
        {name: [_text(r[c] if c < len(r) else "") for r in rows] for name, c in places.items()},
        dtype="str",
    ).reindex(columns=list(_HEADINGS), fill_value="")
    labels = {n: f.name for f in spec.fields.values() for n in (f.zh, f.en, f.name)}
    table = table[~table["severity"].isin(_INFO)]
    table["field"] = table["field"].map(lambda v: labels.get(v, v)).astype("str")
    decided = [_decision(text) for text in table["opinion"]]
    table["kind"] = pd.array([kind for kind, _ in decided], dtype="str")
    table["new_value"] = pd.array([value for _, value in decided], dtype="str")
    table.insert(0, "layer", spec.key)
    return table[list(DECISION_COLUMNS)]


def _text(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()


def _decision(text: str) -> tuple[str, str]:
    """Kind and value of what was written.

    >>> _decision("改为：已整治"), _decision("属实"), _decision(""), _decision("？")
    (('correct', '已整治'), ('accept', ''), ('', ''), ('unclear', ''))
    """
    text = plain(text)
    if not text:
        return "", ""
    if plain_key(text) in _ACCEPTED:
        return "accept", ""
    match = _CORRECTED.fullmatch(text)
    return ("correct", match[1].strip()) if match else ("unclear", "")


def corrections_of(decisions: pd.DataFrame, layer: str) -> pd.DataFrame:
    """Return the corrections for one layer: ``row_label, key, field, new_value``."""
    mine = decisions["layer"].eq(layer) & decisions["kind"].eq("correct")
    return decisions.loc[mine, ["row_label", "key", "field", "new_value"]]


def apply_corrections(
    raw: Raw,
    mapping: dict[str, str],
    corrections: pd.DataFrame,
    spec: LayerSpec,
    findings: Findings,
) -> dict[str, str]:
    """Put corrected values into the raw frame, by key and place of the record; log each.

    A correction whose record is not there any more, or is not the only one, is told and left.
    Returns the mapping with fields that a correction brought in.
    """
    if corrections.empty:
        return mapping
    fields = dict(mapping)
    labels = pd.Series(raw.labels()[raw.record], dtype="object")
    ids = pd.Series([None] * len(raw.frame), dtype="object")
    if spec.id_field in fields:
        ids = raw.frame[fields[spec.id_field]].map(lambda v: None if pd.isna(v) else plain(str(v)))
    # A record without an id is known by the one that was generated for it.
    ids = ids.fillna(pd.Series([f"{spec.key}#{r}" for r in raw.record], dtype="object"))
    for label, key, name, value in corrections.itertuples(index=False):
        at = np.flatnonzero((ids == plain(key)).to_numpy(dtype=bool))
        if len(at) > 1:
            at = at[(labels.iloc[at] == label).to_numpy(dtype=bool)]
        if len(at) != 1 or name not in spec.fields:
            findings.add("DECISION_UNUSED", field=name, value=key, expected=value)
            continue
        column = fields.setdefault(name, name)
        if column not in raw.frame.columns:
            raw.frame[column] = pd.Series([None] * len(raw.frame), dtype="object")
        old = raw.frame[column].iloc[at[0]]
        raw.frame[column] = raw.frame[column].astype("object")
        raw.frame.iloc[at[0], raw.frame.columns.get_loc(column)] = value
        item = spec.fields[name]
        findings.add(
            "DECISION_APPLIED",
            records=raw.record[at],
            field=name,
            label_zh=item.zh,
            label_en=item.en,
            value="" if pd.isna(old) else str(old),
            expected=value,
        )
    return {name: fields[name] for name in spec.fields if name in fields}


def mark_accepted(findings: pd.DataFrame, decisions: pd.DataFrame) -> pd.DataFrame:
    """Lower findings that the office accepted to info, with its remark.

    What was rejected stays so: a decision cannot make a record usable.
    """
    accepted = decisions[decisions["kind"].eq("accept")]
    if accepted.empty or findings.empty:
        return findings
    remarks = accepted.drop_duplicates(_IDENTITY).set_index(_IDENTITY)["remark"]
    keys = pd.MultiIndex.from_frame(findings[_IDENTITY])
    hit = keys.isin(remarks.index) & ~findings["action"].eq("rejected").to_numpy()
    out = findings.copy()
    said = remarks.reindex(keys[hit]).fillna("").to_numpy()
    out.loc[hit, "severity"] = "info"
    for column, word in (("message_zh", "已认可"), ("message_en", "accepted")):
        tail = [f" [{word}: {r}]" if r else f" [{word}]" for r in said]
        out.loc[hit, column] = out.loc[hit, column].to_numpy() + np.array(tail, dtype=object)
    return concat_findings([out])


def compare_findings(before: pd.DataFrame, now: pd.DataFrame) -> pd.DataFrame:
    """Tell which findings are new, remain or are resolved since ``before``.

    Both tables need ``layer, key, field, code``; several of one kind on one record are told apart
    by their number. What only states a decision of the program (info) is left out of ``now``
    unless it stood in ``before``.

    Returns
    -------
    DataFrame
        ``layer, key, field, code, state`` with state new, remaining or resolved.

    Examples
    --------
    >>> row = {"layer": "manholes", "key": "J1", "field": "status", "code": "CODE_UNKNOWN"}
    >>> before = pd.DataFrame([row, {**row, "key": "J2"}])
    >>> now = pd.DataFrame([{**row, "key": "J2"}, {**row, "key": "J3"}])
    >>> compare_findings(before, now)[["key", "state"]].values.tolist()
    [['J1', 'resolved'], ['J2', 'remaining'], ['J3', 'new']]
    """
    old, new = (_numbered(table) for table in (before, now))
    both = old.merge(new, on=[*_IDENTITY, "nth"], how="outer", indicator=True)
    states = {"left_only": "resolved", "right_only": "new", "both": "remaining"}
    both["state"] = both["_merge"].astype("str").map(states)
    return both[[*_IDENTITY, "state"]].sort_values([*_IDENTITY], kind="stable", ignore_index=True)


def _numbered(table: pd.DataFrame) -> pd.DataFrame:
    out = table[_IDENTITY].fillna("").astype("str")
    return out.assign(nth=out.groupby(_IDENTITY).cumcount())
