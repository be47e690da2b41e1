"""Findings as they are added, and how they are put into words: one by one, or as one of all.

Nothing is formatted before it is known whether a fault is that of single records or of the whole
column: then it is said once, with its count and examples.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

import numpy as np
import pandas as pd

from geo_citymgmt._markup import sound_text
from geo_citymgmt._words import DISTRICT, NOTHING, Text, in_language, join_texts, row_words
from geo_citymgmt.findings._codes import CODES, FEWEST, MOST, WHOLE

#: How many values and how many records are named then.
_VALUES, _RECORDS = 3, 3
_COUNTED = Text("共 {n} 条，占该图层 {share}", "{n} records, {share} of the layer")
_VALUE = Text("“{value}”{n} 条", "{value!r} ({n})")
_FREQUENT = Text("最多的值：{values}", "most frequent: {values}")
_EXAMPLES, _LISTED = Text("如记录 {labels}", "e.g. records {labels}"), Text("、", ", ")


@dataclass(frozen=True)
class Block:
    """Findings of one kind: the same in all but record, value and what was expected.

    Attributes
    ----------
    about : str
        What they are about beside record and field.
    params : mapping
        What the message needs beside field, value and expected.
    record : array of int
        Positions in the source; -1 for the source itself.
    value, expected : array of object
        One a record, as they were given.
    """

    code: str
    field: str
    label: Text
    severity: str
    action: str
    about: str
    params: Mapping[str, Any]
    record: np.ndarray
    value: np.ndarray
    expected: np.ndarray

    @property
    def kind(self) -> tuple[str, ...]:
        """By what a fault of a whole column is counted."""
        return self.code, self.field, self.action, self.severity

    @property
    def of_records(self) -> bool:
        """Whether they are about records; else it is one about the source."""
        return bool(self.record[0] >= 0)

    def __len__(self) -> int:
        return len(self.record)

    def shifted(self, offset: int, source: str) -> Block:
        """Return the same of one of several sources, its records counted from ``offset``."""
        # A record is known by itself, whichever file it came in.
        if self.of_records:
            return replace(self, record=self.record + offset)
        return replace(self, about=" ".join(filter(None, (source, self.about))))

    def split(self, hit: np.ndarray, **changes: Any) -> list[Block]:
        """Return the findings in two: those that were not ``hit``, and with ``changes`` the hit."""
        if not hit.any():
            return [self]
        parts = [self._at(~hit), replace(self._at(hit), **changes)]
        return [part for part in parts if len(part)]

    def _at(self, rows: np.ndarray) -> Block:
        return replace(
            self, record=self.record[rows], value=self.value[rows], expected=self.expected[rows]
        )


def gathered(blocks: Sequence[Block], n_records: int | None) -> Iterator[tuple[list[Block], bool]]:
    """Return the blocks one by one, and together those of a fault of the whole column.

    That is where at least :data:`FEWEST` records, and :data:`MOST` of ``n_records``, have the same
    code, field, action and severity. What they are about may differ: then each is told by itself.
    """
    by_kind: dict[tuple[str, ...], list[Block]] = {}
    for block in blocks:
        # A decision is one on a record, however many there are.
        if block.of_records and not block.code.startswith("DECISION_"):
            by_kind.setdefault(block.kind, []).append(block)
    least = np.inf if n_records is None else max(FEWEST, MOST * n_records)
    whole_columns = {
        kind
        for kind, same_kind in by_kind.items()
        if sum(map(len, same_kind)) >= least and len(distinct_records(same_kind)) >= least
    }
    for block in blocks:
        if not block.of_records or block.kind not in whole_columns:
            yield [block], False
        elif block is by_kind[block.kind][0]:
            same_kind = sorted(by_kind[block.kind], key=lambda b: b.about)
            for _, alike in groupby(same_kind, key=lambda b: b.about):
                yield list(alike), True


def distinct_records(blocks: Sequence[Block]) -> np.ndarray:
    """Return the records the blocks are about, each once, in order."""
    parts = [block.record for block in blocks if block.of_records]
    if not parts:
        return np.empty(0, dtype=np.int64)
    records = np.concatenate(parts)
    # As a check goes through a column it adds them: in order, and then no look-up is needed.
    return records if (np.diff(records) > 0).all() else np.unique(records)


def each(block: Block) -> dict[str, Any]:
    """Return the columns of findings one by one."""
    values, expecteds = _texts(block.value), _texts(block.expected)
    messages = _messages(block, values, expecteds)
    return _columns(block, messages, block.record, values, expecteds, block.about, block.of_records)


def as_one(
    blocks: Sequence[Block],
    n_records: int,
    labels_of: Callable[[np.ndarray], Sequence[str]],
    mask: str | None,
) -> dict[str, Any]:
    """Return the columns of the one finding that stands for those of a whole column.

    It says what the code says of the most frequent value, then how many records there are, the
    most frequent values and where the first few are. ``mask`` stands for values that are secret.
    """
    block = max(blocks, key=len)
    record = distinct_records(blocks)
    value = np.concatenate([b.value for b in blocks])
    expected = np.concatenate([b.expected for b in blocks])
    first, counts = _most_frequent(value)
    if mask is not None and len(first):
        first, counts = first[:1], [len(value)]
        value, expected = (np.full(len(value), text, dtype=object) for text in (mask, ""))
    at = first[:1] if len(first) else [0]
    shown, wanted = _texts(value[at]), _texts(expected[at])
    zh, en = _messages(block, shown, wanted)
    # Rounded down: all but a few are not all.
    share = f"{len(record) * 1000 // n_records / 10:g} %"
    more = join_texts(
        [
            _COUNTED.format(n=f"{len(record):,}", share=share),
            _listed(_texts(value[first]), counts),
            _examples([label for label in labels_of(record[:_RECORDS]) if label]),
        ]
    )
    messages = Text(f"{zh[0]}；{more.zh}", f"{en[0]}; {more.en}")
    about = f"{WHOLE}:{block.about}" if block.about else WHOLE
    return _columns(block, messages, np.array([-1]), shown, wanted, about, len(record))


def _listed(values: np.ndarray, counts: Sequence[int]) -> Text:
    pairs = zip(values, counts, strict=True)
    listed = join_texts((_VALUE.format(value=v, n=f"{n:,}") for v, n in pairs), _LISTED)
    return _FREQUENT.format(values=listed) if listed.zh else NOTHING


def _examples(labels: Sequence[str]) -> Text:
    if not labels:
        return NOTHING
    zh, en = (t.join(labels) for t in _LISTED)
    return _EXAMPLES.format(labels=Text(zh, row_words(en, "en")))


def _most_frequent(values: np.ndarray) -> tuple[np.ndarray, list[int]]:
    """Return where the most frequent values stand first, and how often each occurs."""
    try:
        codes, distinct = pd.factorize(values)
    except TypeError:
        codes, distinct = pd.factorize(_texts(values))
    counts = np.bincount(codes + 1, minlength=len(distinct) + 1)[1:]
    filled = np.flatnonzero([str(value) != "" for value in distinct])
    most = filled[np.argsort(-counts[filled], kind="stable")[:_VALUES]]
    first = np.array([np.argmax(codes == code) for code in most], dtype=np.int64)
    return first, [int(n) for n in counts[most]]


def _columns(
    block: Block,
    messages: Sequence[Any],
    record: np.ndarray,
    value: np.ndarray,
    expected: np.ndarray,
    about: str,
    n_records: int,
) -> dict[str, Any]:
    zh, en = messages
    return {
        "record": record, "field": block.field, "code": block.code, "severity": block.severity,
        "message_zh": zh, "message_en": en, "value": value, "expected": expected,
        "action": block.action, "n_records": n_records, "about": about,
    }  # fmt: skip


def _messages(
    block: Block, values: np.ndarray, expecteds: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    # Formatted once for each distinct pair: many records can have the same.
    place_of: dict[tuple[str, str], int] = {}
    codes = [
        place_of.setdefault(pair, len(place_of)) for pair in zip(values, expecteds, strict=True)
    ]
    known = CODES[block.code]
    params = {"unit": DISTRICT, "detail": "", **block.params}
    both = []
    # What the codes of a list are called in English, whose Chinese names the office corrects by.
    english = params.pop("english", {})
    for place, template in enumerate((known.zh, known.en)):
        parts = {k: _sound(in_language(v, place)) for k, v in params.items()}
        label = block.label[place]
        pairs = [(v, _called(e, english) if place else e) for v, e in place_of]
        texts = [template.format(field=label, value=v, expected=e, **parts) for v, e in pairs]
        if place:
            texts = [row_words(text, "en") for text in texts]
        both.append(np.array(texts, dtype=object)[codes])
    zh, en = both
    return zh, en


def _called(expected: str, english: Mapping[str, str]) -> str:
    return " / ".join(english.get(word, word) for word in expected.split(" / "))


def _texts(values: np.ndarray) -> np.ndarray:
    return np.array(["" if _is_null(v) else sound_text(str(v)) for v in values], dtype=object)


def _is_null(value: Any) -> bool:
    return (
        value is None
        or value is pd.NA
        or value is pd.NaT
        or (isinstance(value, float) and np.isnan(value))
    )


def _sound(value: Any) -> Any:
    return sound_text(value) if isinstance(value, str) else value
