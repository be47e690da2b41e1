"""What the office decided about findings: exceptions it accepts, values it corrects.

The findings workbook has two columns to fill in, 处理意见 (decision) and 说明 (remark). A decision
is one of the words for "accepted", or 改为 followed by the right value. The workbook is read again,
corrections are applied to the records of the source before they are cleaned, accepted exceptions
are marked, and the next check says what is new, what remains and what is resolved. What was
written stays: with the findings that remain, and else on a sheet of settled decisions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from geo_citymgmt._languages import Messages, Text, packaged_table
from geo_citymgmt.cleaning._ids import plain_ids
from geo_citymgmt.cleaning._personal import MASK
from geo_citymgmt.errors import SourceError
from geo_citymgmt.findings import MOST, WHOLE, Findings, base_keys, concat_findings, is_of_all
from geo_citymgmt.reading._limits import refuse_devices
from geo_citymgmt.reading._raw import Raw
from geo_citymgmt.reading._text import plain, plain_key
from geo_citymgmt.reading._xlsx import rows_by_sheet, tab_name
from geo_citymgmt.spec import LayerSpec

_MESSAGES = Messages("geo_citymgmt")

#: What the workbook offers in its list, in each language; the last waits for a value.
CHOICES = {"zh": ("属实", "保留", "改为："), "en": ("accept", "keep", "set ")}

_ACCEPTED = {plain_key(w) for w in (
    "接受", "认可", "属实", "保留", "无误", "例外", "情况属实", "accept", "accepted", "ok", "keep",
)}  # fmt: skip
_CORRECTED = re.compile(
    r"(?:改为|更正为|更正|应为|改成|set|correct to)\s*[:：]?\s*([^\s:：].*)", re.IGNORECASE
)


def decision_of(text: str) -> tuple[str, str]:
    """Return kind and value of what was written: accept, correct, unclear, or nothing.

    Examples
    --------
    >>> decision_of("改为：已整治"), decision_of("属实"), decision_of("")
    (('correct', '已整治'), ('accept', ''), ('', ''))
    >>> decision_of("？"), decision_of("改为：")
    (('unclear', ''), ('unclear', ''))
    """
    text = plain(text)
    if not text:
        return "", ""
    if plain_key(text) in _ACCEPTED:
        return "accept", ""
    match = _CORRECTED.fullmatch(text)
    return ("correct", match[1].strip()) if match else ("unclear", "")


DECISION_COLUMNS = (
    "layer", "code", "row_label", "key", "field", "value", "message_zh", "message_en", "opinion",
    "remark", "finding_key", "kind", "new_value", "settled",
)  # fmt: skip
#: In a hidden column stands the finding key; workbooks of 0.1.0 have none.
_HEADINGS = packaged_table("geo_citymgmt", "decisions.toml")
_SUMMARY = Text("汇总", "Summary")
_SETTLED = Text("已了结意见", "Settled decisions")
#: What is about no layer.
_WHOLE = Text("数据源", "Source")
#: What only states a decision of the program is nothing to decide about, unless someone did.
_INFO = ("提示", "note", "info")


def read_decisions(path: str | Path, specs: Mapping[str, LayerSpec]) -> pd.DataFrame:
    """Read a findings workbook that an office has filled in.

    Parameters
    ----------
    path : str or Path
        The .xlsx that ``check --format xlsx`` or ``report`` wrote.
    specs : mapping of str to LayerSpec
        To know the sheets by the names of the layers and the fields by their labels. A sheet of a
        layer that is not among them is read as well, its layer is the name of the sheet.

    Returns
    -------
    DataFrame
        One row a finding of the workbook, columns :data:`DECISION_COLUMNS`: ``opinion`` and
        ``remark`` as written; ``finding_key`` by which the finding is known again, empty where
        the workbook has none; ``kind`` is accept, correct, unclear, or empty where nothing was
        decided; ``settled`` where the row is from the sheet of earlier decisions.

    Raises
    ------
    SourceError
        It is no findings workbook.
    """
    source = Path(path)
    refuse_devices(source)
    layers = {tab_name(n): s.key for s in specs.values() for n in (s.name_zh, s.name_en, s.key)}
    layers |= dict.fromkeys(_WHOLE, "")
    tables = {title: _table(rows, title) for title, rows in rows_by_sheet(source)}
    if not any(table is not None for table in tables.values()):
        raise _MESSAGES.error(SourceError, "no_sheet_findings", source=source)
    parts = [
        _decided(table, title, layers, specs)
        for title, table in tables.items()
        if table is not None and title not in _SUMMARY
    ]
    empty = pd.DataFrame(columns=list(DECISION_COLUMNS), dtype="str").astype({"settled": "bool"})
    # Settled ones last: a finding is known by the decision beside it first.
    parts.sort(key=lambda part: bool(part["settled"].any()))
    parts = [part for part in parts if len(part)]
    return pd.concat(parts, ignore_index=True) if parts else empty


def _table(cells: list[list[Any]], title: str) -> pd.DataFrame | None:
    """Return the rows of a sheet by what their headings mean; None for one that is not ours."""
    headers = {word: name for name, words in _HEADINGS.items() for word in words}
    found = [
        {headers[str(cell)]: c for c, cell in enumerate(row) if str(cell) in headers}
        for row in cells[:5]
    ]
    needed = {"severity", "code"} if title in _SUMMARY else {"code", "key", "opinion"}
    first = next((k for k, places in enumerate(found) if needed <= set(places)), None)
    if first is None:
        return None
    rows = [r for r in cells[first + 1 :] if any(str(c).strip() for c in r)]
    return pd.DataFrame(
        {
            name: [_text(r[c] if c < len(r) else "") for r in rows]
            for name, c in found[first].items()
        },
        dtype="str",
    ).reindex(columns=list(_HEADINGS), fill_value="")


def _field_of(key: str) -> str:
    return (key.split(":", 3) + [""] * 3)[2]


def _text(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()


def _decided(
    table: pd.DataFrame, title: str, layers: Mapping[str, str], specs: Mapping[str, LayerSpec]
) -> pd.DataFrame:
    settled = title in _SETTLED
    is_filled = table["opinion"].ne("") | table["remark"].ne("")
    table = table[is_filled | (~table["severity"].isin(_INFO) & (not settled))].copy()
    names = table["layer"].map(tab_name) if settled else pd.Series(title, index=table.index)
    # The key knows the layer also where its name has changed since.
    by_key = table["finding_key"].str.replace(r":.*", "", regex=True)
    known = by_key.isin(specs).to_numpy()
    table["layer"] = (
        names.map(lambda name: layers.get(name, name)).mask(known, by_key).astype("str")
    )
    labels = {
        (key, word): item.name
        for key, spec in specs.items()
        for item in spec.fields.values()
        for word in (item.zh, item.en, item.name)
    }
    fields = [
        labels.get((layer, label), _field_of(key) or label)
        for layer, label, key in zip(
            table["layer"], table["field"], table["finding_key"], strict=True
        )
    ]
    table["field"] = pd.array(fields, dtype="str")
    # Most rows are left open, and the others say one of a few things.
    decided = {text: decision_of(text) for text in set(table["opinion"]) if text}
    for at, column in enumerate(("kind", "new_value")):
        said = [decided.get(text, ("", ""))[at] for text in table["opinion"]]
        table[column] = pd.array(said, dtype="str")
    table["settled"] = settled
    return table[list(DECISION_COLUMNS)]


_COLUMNS = ["row_label", "key", "field", "new_value", "old_value", "settled"]


def corrections_of(decisions: pd.DataFrame, layer: str) -> pd.DataFrame:
    """Return the corrections for one layer.

    ``row_label, key, field, new_value, old_value, settled``: one that has been applied before
    holds for the value it replaced (``old_value``), so that a source corrected since is left alone.
    """
    is_correction = decisions["layer"].eq(layer) & decisions["kind"].eq("correct")
    table = decisions[is_correction]
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
        params = {"item": item, "expected": value}
        column = fields.get(name, name)
        old = raw.frame[column].iloc[at[0]] if column in raw.frame.columns else None
        now = "" if pd.isna(old) else str(old)
        if not pd.isna(old_value) and MASK not in old_value and plain(now) != plain(old_value):
            if not settled and plain(now) != plain(value):
                findings.add("DECISION_OUTDATED", records=raw.record[at], value=now, **params)
            continue
        fields[name] = column
        if column not in raw.frame.columns:
            raw.frame[column] = pd.Series([None] * len(raw.frame), dtype="object")
        raw.frame[column] = raw.frame[column].astype("object")
        raw.frame.iloc[at[0], raw.frame.columns.get_loc(column)] = value
        findings.add("DECISION_APPLIED", records=raw.record[at], value=now, **params)
    return {name: fields[name] for name in spec.fields if name in fields}


_IDENTITY = ["layer", "key", "field", "code"]
_KIND = ["layer", "field", "code"]
_APPLIED = "DECISION_APPLIED"
_TAIL = re.compile(r" \[(?:已认可|accepted)(?:: .*)?\]$", re.DOTALL)
_NUMBERS = re.compile(r"[0-9][0-9.,]*")


@dataclass(frozen=True)
class Carried:
    """What becomes of decisions in the next workbook.

    Attributes
    ----------
    opinion, remark : array of str
        Beside each finding; empty where nothing was written.
    settled : DataFrame
        What was written about findings that are not there any more; columns of the decisions.
    """

    opinion: np.ndarray
    remark: np.ndarray
    settled: pd.DataFrame

    @property
    def kept(self) -> int:
        """How many findings have something written beside them."""
        return int(((self.opinion != "") | (self.remark != "")).sum())


def recognised(before: pd.DataFrame, now: pd.DataFrame) -> np.ndarray:
    """Return, for each finding of ``now``, its position in ``before``, or -1.

    A finding is the same by its key; several of one record and field are told apart by the place
    of the record and by the value, else by their number.

    A finding without a key, from a workbook of 0.1.0, is the same by layer, id of the record, field
    and code. Several of one identity are told apart by the place of the record and by their words,
    else by their number. One of a whole layer or table has no id: it is the same by its words,
    whatever the numbers in them.

    Parameters
    ----------
    before, now : DataFrame
        With ``layer, key, field, code`` and, where there are any, ``finding_key, row_label, value,
        message_zh``.

    Examples
    --------
    >>> row = {"layer": "", "key": "", "field": "", "code": "EVENT_UNMATCHED"}
    >>> before = pd.DataFrame([{**row, "message_zh": m} for m in ("2 条没有日期", "3 条没有编号")])
    >>> now = pd.DataFrame([{**row, "message_zh": m} for m in ("4 条没有编号", "无法识别")])
    >>> recognised(before, now).tolist()
    [1, -1]
    >>> key = "manholes:CODE_UNKNOWN:status:J1"
    >>> recognised(*(pd.DataFrame([{**row, "finding_key": key, "message_zh": m}])
    ...              for m in ("as it was worded", "as it is worded"))).tolist()
    [0]
    """
    old, new = _comparable(before), _comparable(now)
    out = np.full(len(new), -1, dtype=np.int64)
    has_key = new["base"].ne("").to_numpy()
    by_key = old["base"].ne("").to_numpy() & has_key.any()
    by_words = ~by_key
    for extra in (["row_label", "value"], ["value"], ["row_label"], []):
        _pair(old, new, ["base", *extra], by_key, has_key, out)
    everything = np.ones(len(new), dtype=bool)
    records = new["key"].ne("").to_numpy() | ("message" not in new.columns)
    for extra, among in (
        (["row_label", "message"], everything), (["message"], everything), (["words"], everything),
        (["row_label"], records), ([], records),
    ):  # fmt: skip
        _pair(old, new, [*_IDENTITY, *extra], by_words, among, out)
    return out


def _pair(
    old: pd.DataFrame,
    new: pd.DataFrame,
    columns: list[str],
    free: np.ndarray,
    among: np.ndarray,
    out: np.ndarray,
) -> None:
    """Put into ``out`` which one of ``old`` has the same ``columns``; it is ``free`` no more."""
    if not set(columns) <= set(old.columns) & set(new.columns):
        return
    left, right = new.loc[(out < 0) & among, columns], old.loc[free, columns]
    pairs = _numbered(left, columns).merge(_numbered(right, columns), on=[*columns, "nth"])
    out[pairs["at_x"]] = pairs["at_y"]
    free[pairs["at_y"]] = False


def _comparable(table: pd.DataFrame) -> pd.DataFrame:
    out = table[_IDENTITY].fillna("").astype("str").reset_index(drop=True)
    for name in ("row_label", "value"):
        if name in table.columns:
            # A sheet takes off the blanks around a text.
            out[name] = table[name].fillna("").astype("str").str.strip().to_numpy()
    out["base"] = ""
    if "finding_key" in table.columns:
        out["base"] = base_keys(table["finding_key"].fillna("")).to_numpy()
    if "message_zh" in table.columns:
        codes, texts = pd.factorize(table["message_zh"].fillna("").astype("str"))
        plain = np.array([_TAIL.sub("", str(text)).strip() for text in texts], dtype=object)
        words = np.array([_NUMBERS.sub("#", text) for text in plain], dtype=object)
        out["message"], out["words"] = (pd.array(t[codes], dtype="str") for t in (plain, words))
    return out


def _numbered(table: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    return table.assign(nth=table.groupby(columns).cumcount(), at=table.index)


def _decision_of(decisions: pd.DataFrame, findings: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return where the decision on each finding is, or -1, and which decisions found theirs.

    A fault of the whole column may have been a row a record before: what was written beside all of
    them alike is written beside the one.
    """
    at = recognised(decisions, findings)
    used = np.zeros(len(decisions), dtype=bool)
    used[at[at >= 0]] = True
    for now in np.flatnonzero((at < 0) & _of_all(findings)):
        row = findings.iloc[now]
        alike = ~used & decisions["key"].ne("").to_numpy()
        for name in _KIND:
            alike &= decisions[name].eq(row[name]).to_numpy()
        reported = decisions.loc[alike, ["opinion", "remark"]].drop_duplicates()
        if len(reported) == 1 and alike.sum() >= MOST * row["n_records"]:
            at[now] = np.flatnonzero(alike)[0]
            used |= alike
    return at, used


def _of_all(table: pd.DataFrame) -> np.ndarray:
    """Which findings are those of a whole column."""
    if "finding_key" not in table.columns:
        return np.zeros(len(table), dtype=bool)
    return is_of_all(table["finding_key"].fillna(""))


def mark_accepted(findings: pd.DataFrame, decisions: pd.DataFrame) -> pd.DataFrame:
    """Lower findings that the office accepted to info, with its remark.

    What was rejected stays so: a decision cannot make a record usable.
    """
    if not decisions["kind"].eq("accept").any() or findings.empty:
        return findings
    at, _ = _decision_of(decisions, findings)
    accepted = np.append(decisions["kind"].eq("accept").to_numpy(), False)
    hit = accepted[at] & ~findings["action"].eq("rejected").to_numpy()
    out = findings.copy()
    remarks = decisions["remark"].fillna("").to_numpy(dtype=object)[at[hit]]
    out.loc[hit, "severity"] = "info"
    for column, word in (("message_zh", "已认可"), ("message_en", "accepted")):
        tail = [f" [{word}: {r}]" if r else f" [{word}]" for r in remarks]
        out.loc[hit, column] = out.loc[hit, column].to_numpy() + np.array(tail, dtype=object)
    return concat_findings([out])


def compare_findings(before: pd.DataFrame, now: pd.DataFrame) -> pd.DataFrame:
    """Tell which findings are new, remain or are resolved since ``before``.

    Both tables need ``layer, key, field, code``; see :func:`recognised`. What only states a
    decision of the program (info) is left out of ``now`` unless it stood in ``before``; what is
    about the decisions themselves, and what was settled before, is left out of both.

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
    old, new = (t[~t["code"].str.startswith("DECISION_")] for t in (before, now))
    at = recognised(old, new)
    known = (at >= 0) | _was_there(old, new)
    noted = new["severity"].eq("info").to_numpy() if "severity" in new.columns else ~known & known
    gone = np.ones(len(old), dtype=bool)
    gone[at[at >= 0]] = False
    gone &= ~_is_still_there(old, new)
    if "settled" in old.columns:
        gone &= ~old["settled"].to_numpy(dtype=bool)
    parts = [
        new.loc[known, _IDENTITY].assign(state="remaining"),
        new.loc[~known & ~noted, _IDENTITY].assign(state="new"),
        old.loc[gone, _IDENTITY].assign(state="resolved"),
    ]
    both = pd.concat(parts, ignore_index=True)
    both[_IDENTITY] = both[_IDENTITY].fillna("").astype("str")
    return both.sort_values([*_IDENTITY], kind="stable", ignore_index=True)


def _was_there(old: pd.DataFrame, new: pd.DataFrame) -> np.ndarray:
    """Which findings of ``new`` were there before, told of all records and not of each, or back."""
    of_all = _of_all(new)
    before = _kinds(old[~_of_all(old)]).value_counts()
    enough = MOST * new["n_records"].to_numpy() if of_all.any() else 0
    reported_each = _kinds(new).map(before).fillna(0).to_numpy() >= enough
    reported_of_all = _kinds(new).isin(_kinds(old[_of_all(old)])).to_numpy()
    return np.where(of_all, reported_each, reported_of_all)


def _is_still_there(old: pd.DataFrame, new: pd.DataFrame) -> np.ndarray:
    """Which findings of ``old`` are told of all records now and not of each, or back."""
    of_all = _kinds(new[_of_all(new)])
    kinds, each = _kinds(old), _kinds(new[~_of_all(new)])
    return np.where(_of_all(old), kinds.isin(each), kinds.isin(of_all)).astype(bool)


def _kinds(table: pd.DataFrame) -> pd.Series:
    return pd.Series(list(table[_KIND].fillna("").itertuples(index=False, name=None)), dtype=object)


def carry_over(decisions: pd.DataFrame, findings: pd.DataFrame) -> Carried:
    """Bring what was written about findings to those of now; nothing of it is lost.

    What was written about a value that has been corrected goes to the finding that says so: the
    correction is applied again as long as the source has the old value.
    """
    at, used = _decision_of(decisions, findings)
    # The id of a record may be what was corrected: here it is known by its place.
    place = ["layer", "row_label", "field"]
    left = decisions.assign(at=np.arange(len(decisions)))
    left = left[~used & left["kind"].eq("correct").to_numpy()].drop_duplicates(place)
    applied = findings.assign(now=np.arange(len(findings)))
    applied = applied[(at < 0) & applied["code"].eq(_APPLIED).to_numpy()]
    pairs = applied.merge(left, on=place)
    at[pairs["now"]] = pairs["at"]
    used[pairs["at"]] = True
    texts = [
        np.append(decisions[name].fillna("").to_numpy(dtype=object), "")[at]
        for name in ("opinion", "remark")
    ]
    rest = decisions[~used & written(decisions)]
    return Carried(texts[0], texts[1], rest.drop_duplicates(ignore_index=True))


def written(decisions: pd.DataFrame) -> np.ndarray:
    """Which rows of decisions hold anything that was written."""
    is_filled = decisions["opinion"].fillna("").ne("") | decisions["remark"].fillna("").ne("")
    return is_filled.to_numpy(dtype=bool)


def report_unclear(decided: pd.DataFrame, findings: Findings) -> None:
    """Say which decisions are not understood, one by one: each is a cell to write anew."""
    unclear = decided[decided["kind"].eq("unclear") & ~decided["settled"]]
    for row in unclear.itertuples():
        where = " ".join(filter(None, (str(row.key or row.row_label), f"“{row.opinion}”")))
        about = str(row.finding_key) or " ".join((row.layer, row.code, row.field, row.key))
        findings.add("DECISION_UNCLEAR", value=where, about=about)


def account_of_decisions(decided: pd.DataFrame, name: str) -> dict[str, Any]:
    """Return the row of the account of a findings workbook: what was decided, and what is unclear.

    Rows beside which nothing is written wait for a decision: they are skipped.
    """
    n_records = int(decided["kind"].ne("").sum())
    n_rejected = int(decided["kind"].eq("unclear").sum())
    return {
        "table": "decisions",
        "source": name,
        "n_walked": len(decided),
        "n_skipped": len(decided) - n_records,
        "n_records": n_records,
        "n_used": n_records - n_rejected,
        "n_rejected": n_rejected,
        "state": "ok",
        "encoding": "UTF-8",
        "encoding_source": "format",
    }
