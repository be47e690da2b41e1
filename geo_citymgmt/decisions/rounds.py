"""From one check to the next: which findings are known, accepted, new, resolved."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from geo_citymgmt.findings import concat_findings

__all__ = [
    "Carried", "carry_over", "compare_findings", "mark_accepted", "recognised", "written",
]  # fmt: skip

_IDENTITY = ["layer", "key", "field", "code"]
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

    A finding is the same by layer, id of the record, field and code. Several of one identity are
    told apart by the place of the record and by their words, else by their number. A finding of a
    whole layer or table has no id: it is the same by its words, whatever the numbers in them.

    Parameters
    ----------
    before, now : DataFrame
        With ``layer, key, field, code`` and, where there are any, ``row_label, message_zh``.

    Examples
    --------
    >>> row = {"layer": "", "key": "", "field": "", "code": "EVENT_UNMATCHED"}
    >>> before = pd.DataFrame([{**row, "message_zh": m} for m in ("2 条没有日期", "3 条没有编号")])
    >>> now = pd.DataFrame([{**row, "message_zh": m} for m in ("4 条没有编号", "无法识别")])
    >>> recognised(before, now).tolist()
    [1, -1]
    """
    old, new = _comparable(before), _comparable(now)
    out = np.full(len(new), -1, dtype=np.int64)
    free = np.ones(len(old), dtype=bool)
    about = new["key"].ne("").to_numpy() | ("message" not in new.columns)
    for extra, records_only in (
        (["row_label", "message"], False), (["message"], False), (["words"], False),
        (["row_label"], True), ([], True),
    ):  # fmt: skip
        if not set(extra) <= set(old.columns) & set(new.columns):
            continue
        columns = [*_IDENTITY, *extra]
        left = new.loc[(out < 0) & (about | (not records_only)), columns]
        right = old.loc[free, columns]
        pairs = _numbered(left, columns).merge(_numbered(right, columns), on=[*columns, "nth"])
        out[pairs["at_x"]] = pairs["at_y"]
        free[pairs["at_y"]] = False
    return out


def _comparable(table: pd.DataFrame) -> pd.DataFrame:
    out = table[_IDENTITY].fillna("").astype("str").reset_index(drop=True)
    if "row_label" in table.columns:
        out["row_label"] = table["row_label"].fillna("").astype("str").to_numpy()
    if "message_zh" in table.columns:
        codes, texts = pd.factorize(table["message_zh"].fillna("").astype("str"))
        plain = np.array([_TAIL.sub("", str(text)).strip() for text in texts], dtype=object)
        words = np.array([_NUMBERS.sub("#", text) for text in plain], dtype=object)
        out["message"], out["words"] = (pd.array(t[codes], dtype="str") for t in (plain, words))
    return out


def _numbered(table: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    return table.assign(nth=table.groupby(columns).cumcount(), at=table.index)


def mark_accepted(findings: pd.DataFrame, decisions: pd.DataFrame) -> pd.DataFrame:
    """Lower findings that the office accepted to info, with its remark.

    What was rejected stays so: a decision cannot make a record usable.
    """
    if not decisions["kind"].eq("accept").any() or findings.empty:
        return findings
    at = recognised(decisions, findings)
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
    known = at >= 0
    noted = new["severity"].eq("info").to_numpy() if "severity" in new.columns else ~known & known
    gone = np.ones(len(old), dtype=bool)
    gone[at[known]] = False
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


def carry_over(decisions: pd.DataFrame, findings: pd.DataFrame) -> Carried:
    """Bring what was written about findings to those of now; nothing of it is lost.

    What was written about a value that has been corrected goes to the finding that says so: the
    correction is applied again as long as the source has the old value.
    """
    at = recognised(decisions, findings)
    used = np.zeros(len(decisions), dtype=bool)
    used[at[at >= 0]] = True
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
