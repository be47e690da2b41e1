"""From one check to the next: which findings are known, accepted, new, resolved."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from geo_citymgmt.findings import concat_findings
from geo_citymgmt.findings.keys import MOST, base_keys, is_of_all

__all__ = [
    "Carried", "carry_over", "compare_findings", "mark_accepted", "recognised", "written",
]  # fmt: skip

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


def _decided(decisions: pd.DataFrame, findings: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
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
        told = decisions.loc[alike, ["opinion", "remark"]].drop_duplicates()
        if len(told) == 1 and alike.sum() >= MOST * row["n_records"]:
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
    at, _ = _decided(decisions, findings)
    accepted = np.append(decisions["kind"].eq("accept").to_numpy(), False)
    hit = accepted[at] & ~findings["action"].eq("rejected").to_numpy()
    out = findings.copy()
    said = decisions["remark"].fillna("").to_numpy(dtype=object)[at[hit]]
    out.loc[hit, "severity"] = "info"
    for column, word in (("message_zh", "已认可"), ("message_en", "accepted")):
        tail = [f" [{word}: {r}]" if r else f" [{word}]" for r in said]
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
    told_each = _kinds(new).map(before).fillna(0).to_numpy() >= enough
    told_of_all = _kinds(new).isin(_kinds(old[_of_all(old)])).to_numpy()
    return np.where(of_all, told_each, told_of_all)


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
    at, used = _decided(decisions, findings)
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
    said = decisions["opinion"].fillna("").ne("") | decisions["remark"].fillna("").ne("")
    return said.to_numpy(dtype=bool)
