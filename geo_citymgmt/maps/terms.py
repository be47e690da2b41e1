"""The terms of a figure in words: what it counts, what it may be compared with, how it stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from geo_citymgmt.formats import Scale, percent
from geo_citymgmt.maps.figures import amount_text, number_text
from geo_citymgmt.terms import capital, shared_terms, term

_AT_TARGET = {"on_track": "near_target", "behind": "off_target"}
_WORDS = {
    "zh": {
        "value": "数值",
        "target": "目标",
        "attainment": "完成率",
        "expected": "时序进度",
        "status": "状态",
        "period": "统计期",
        "basis": "依据",
        "numerator": "分子",
        "denominator": "分母",
        "comparability": "可比性",
        "comparable": "可与目标比较",
        "city": "全市",
        "note": "说明",
        "deadline": "期限",
        "none_left": "清零",
    },
    "en": {
        "value": "Value",
        "target": "Target",
        "attainment": "Attainment",
        "expected": "Pace",
        "status": "Status",
        "period": "Period",
        "basis": "Basis",
        "numerator": "Numerator",
        "denominator": "Denominator",
        "comparability": "Comparability",
        "comparable": "Comparable with its target",
        "city": "City",
        "note": "Note",
        "deadline": "Deadline",
        "none_left": "none left",
    },
}


def status_shown(status: str, expected: float, target: float) -> str:
    """Return the key of the words for a status.

    Where the whole target is what is expected by the day, for a level to be kept or on the last
    day, there is no pace to be ahead of or behind: the target itself is meant.

    Examples
    --------
    >>> status_shown("behind", 0.3, 0.3), status_shown("behind", 750.0, 1500.0)
    ('off_target', 'behind')
    """
    same = pd.notna(expected) and pd.notna(target) and bool(np.isclose(expected, target))
    return _AT_TARGET.get(status, status) if same else status


def status_name(status: str, lang: str) -> str:
    """Return what a status is called, at the beginning of a line.

    Examples
    --------
    >>> status_name("behind", "en"), status_name("new", "zh")
    ('Behind pace', 'new')
    """
    return capital(term("status", status, lang)) if status in shared_terms()["status"] else status


def target_text(target: Any, scale: Scale) -> str:
    """Return a target with its unit; nothing to be left has a word of its own.

    Examples
    --------
    >>> from geo_citymgmt.formats import scale_for
    >>> scale = scale_for([3000], "count", "zh", "座")
    >>> target_text(0.0, scale), target_text(3000, scale)
    ('清零', '3,000座')
    """
    if pd.notna(target) and target == 0:
        return _WORDS[scale.lang]["none_left"]
    return amount_text(target, scale)


def total_name(lang: str) -> str:
    """Return what the whole city is called where it has no name."""
    return _WORDS[lang]["city"]


def total_text(row: pd.Series, scale: Scale) -> str:
    """Return the city's figure beside its target; divided only where that is allowed."""
    words, lang = _WORDS[scale.lang], scale.lang
    parts = [f"{words['city']} {amount_text(row['value'], scale)}"]
    if pd.notna(row["target"]):
        parts.append(f"{words['target']} {target_text(row['target'], scale)}")
    if pd.notna(row["attainment"]):
        parts.append(f"{words['attainment']} {percent(row['attainment'])}")
    elif pd.notna(row["target"]):
        parts.append(status_name(row["status"], lang))
    return "\n".join(parts)


def _status_text(row: pd.Series | Mapping[Any, Any], lang: str) -> str:
    status = row.get("status")
    if status is None or pd.isna(status):
        return ""
    key = status_shown(str(status), row.get("expected", np.nan), row.get("target", np.nan))
    return status_name(key, lang)


def term_lines(row: pd.Series | Mapping[Any, Any], scale: Scale) -> list[tuple[str, str]]:
    """Return a row of `progress` as lines of label and text, those that say nothing left out."""
    words, lang = _WORDS[scale.lang], scale.lang

    def day(key: str) -> str:
        value = row.get(key)
        return "" if value is None or pd.isna(value) else f"{pd.Timestamp(value):%Y-%m-%d}"

    reasons = row.get("comparability")
    reasons = "" if reasons is None or pd.isna(reasons) else str(reasons)
    note = row.get("note_zh" if lang == "zh" else "note_en")
    note = "" if note is None or pd.isna(note) else str(note)
    # The note gives the reasons in words.
    comparable = words["comparable"] if reasons == "comparable" else "" if note else reasons
    parts = row["unit"] == "ratio"  # numerator and denominator say more than a share alone
    basis = row.get("basis")
    basis = "" if basis is None or pd.isna(basis) else capital(term("basis", str(basis), lang))
    period = " – ".join(text for text in (day("period_start"), day("as_of")) if text)
    lines = [
        (words["value"], amount_text(row["value"], scale) or status_name("not_available", lang)),
        (words["numerator"], number_text(row.get("numerator"), None, lang) if parts else ""),
        (words["denominator"], number_text(row.get("denominator"), None, lang) if parts else ""),
        (words["target"], target_text(row.get("target"), scale)),
        (words["deadline"], day("deadline")),
        (words["attainment"], percent(row.get("attainment"))),
        # A level to be kept has no pace: what is expected is the target, which stands above.
        (
            words["expected"],
            amount_text(row.get("expected"), scale) if row.get("expected") != row["target"] else "",
        ),
        (words["status"], _status_text(row, lang)),
        (words["comparability"], comparable),
        (words["period"], period),
        (words["basis"], basis),
        (words["note"], note),
    ]
    return [(label, text) for label, text in lines if text]
