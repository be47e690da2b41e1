"""The terms of a figure in words: what it counts, what it may be compared with, how it stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from geo_citymgmt.maps.figures import number_text

STATUS = {
    "met": ("已完成目标", "Target met"),
    "ahead": ("高于时序进度", "Ahead of pace"),
    "on_track": ("符合时序进度", "On pace"),
    "behind": ("低于时序进度", "Behind pace"),
    "overdue": ("逾期未达目标", "Overdue"),
    "no_target": ("未设目标", "No target"),
    "not_comparable": ("口径不一致，不可比", "Not comparable"),
    "not_available": ("数据不足", "Not available"),
    "near_target": ("接近目标", "Close to target"),
    "off_target": ("未达目标", "Target not met"),
}
_AT_TARGET = {"on_track": "near_target", "behind": "off_target"}
_BASIS = {
    "events": ("事件记录", "Events"),
    "records": ("入库记录", "Records"),
    "plan": ("计划", "Plan"),
}
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


def target_text(target: Any, unit: str | None, lang: str) -> str:
    """Return a target with its unit; nothing to be left has a word of its own.

    Examples
    --------
    >>> target_text(0.0, "m2", "zh"), target_text(3000, "count", "zh")
    ('清零', '3,000')
    """
    if pd.notna(target) and target == 0:
        return _WORDS[lang]["none_left"]
    return number_text(target, unit, lang)


def total_name(lang: str) -> str:
    """Return what the whole city is called where it has no name."""
    return _WORDS[lang]["city"]


def total_text(row: pd.Series, lang: str) -> str:
    """Return the city's figure beside its target; divided only where that is allowed."""
    words, unit = _WORDS[lang], str(row["unit"])
    parts = [f"{words['city']} {number_text(row['value'], unit, lang)}"]
    if pd.notna(row["target"]):
        parts.append(f"{words['target']} {target_text(row['target'], unit, lang)}")
    if pd.notna(row["attainment"]):
        share = number_text(row["attainment"], "ratio", lang)
        parts.append(f"{words['attainment']} {share}")
    elif pd.notna(row["target"]):
        parts.append(STATUS.get(row["status"], (row["status"],) * 2)[0 if lang == "zh" else 1])
    return "\n".join(parts)


def _status_text(row: pd.Series | Mapping[Any, Any], place: int) -> str:
    status = row.get("status")
    if status is None or pd.isna(status):
        return ""
    key = status_shown(str(status), row.get("expected", np.nan), row.get("target", np.nan))
    return STATUS.get(key, (key, key))[place]


def term_lines(row: pd.Series | Mapping[Any, Any], lang: str) -> list[tuple[str, str]]:
    """Return a row of `progress` as lines of label and text, those that say nothing left out."""
    words, place = _WORDS[lang], 0 if lang == "zh" else 1
    unit = None if pd.isna(row["unit"]) else str(row["unit"])

    def number(key: str, of: str | None = unit) -> str:
        return number_text(row.get(key), of, lang)

    def day(key: str) -> str:
        value = row.get(key)
        return "" if value is None or pd.isna(value) else f"{pd.Timestamp(value):%Y-%m-%d}"

    def coded(key: str, names: dict[str, tuple[str, str]]) -> str:
        value = row.get(key)
        if value is None or pd.isna(value):
            return ""
        return names[value][place] if value in names else str(value)

    reasons = row.get("comparability")
    reasons = "" if reasons is None or pd.isna(reasons) else str(reasons)
    note = row.get("note_zh" if lang == "zh" else "note_en")
    note = "" if note is None or pd.isna(note) else str(note)
    # The note gives the reasons in words.
    comparable = words["comparable"] if reasons == "comparable" else "" if note else reasons
    parts = unit == "ratio"  # numerator and denominator say more than a share alone
    period = " – ".join(text for text in (day("period_start"), day("as_of")) if text)
    lines = [
        (words["value"], number("value") or STATUS["not_available"][place]),
        (words["numerator"], number("numerator", None) if parts else ""),
        (words["denominator"], number("denominator", None) if parts else ""),
        (words["target"], target_text(row.get("target"), unit, lang)),
        (words["deadline"], day("deadline")),
        (words["attainment"], number("attainment", "ratio")),
        # A level to be kept has no pace: what is expected is the target, which stands above.
        (words["expected"], number("expected") if row.get("expected") != row["target"] else ""),
        (words["status"], _status_text(row, place)),
        (words["comparability"], comparable),
        (words["period"], period),
        (words["basis"], coded("basis", _BASIS)),
        (words["note"], note),
    ]
    return [(label, text) for label, text in lines if text]
