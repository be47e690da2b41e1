"""The words of a decision: which mean that a finding is accepted, which give the right value."""

from __future__ import annotations

import re

from geo_citymgmt.cleaning.text import plain, plain_key

__all__ = ["CHOICES", "decision_of"]

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
