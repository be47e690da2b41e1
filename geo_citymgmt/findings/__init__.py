"""What was found in the data: the codes, their messages in Chinese and English, the table.

A finding says where (layer, record, field), what (code, value, expected), how bad (severity) and
what was done about it (action). :class:`Findings` collects them column by column; the table is
made once, at the end, when keys and places of the records are known. Nothing is put into words
before it is known whether a fault is that of single records or of the whole column: then it is one
finding, with its count and examples. Each has a key by which it is known again from check to check
(:func:`finding_keys`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pandas as pd
from pandas.api.types import pandas_dtype

from geo_citymgmt._display import findings_html, findings_text
from geo_citymgmt._languages import (
    DISTRICT,
    NOTHING,
    Text,
    in_language,
    join_texts,
    packaged_table,
    row_words,
)
from geo_citymgmt._markup import sound_text
from geo_citymgmt.errors import CityDataError

if TYPE_CHECKING:
    from geo_citymgmt.spec import Field


__all__ = [
    "CODES",
    "COLUMNS",
    "SEVERITIES",
    "FindingCode",
    "Findings",
    "FindingsTable",
    "concat_findings",
    "of_layer",
    "refusal",
]


@dataclass(frozen=True, slots=True)
class FindingCode:
    """A kind of finding with its usual severity and its messages."""

    severity: str
    zh: str
    en: str


#: Each code of ``codes.toml``.
CODES: Mapping[str, FindingCode] = {
    code: FindingCode(**entry)
    for code, entry in packaged_table("geo_citymgmt.findings", "codes.toml").items()
}

#: From how many records on, and from which share of a layer's, a fault is told once.
FEWEST, MOST = 20, 0.95
#: Stands for the record where a finding is about all of them.
WHOLE = "*"
#: What a sheet has no place for or trims, and how much of a part is kept: a key is to be read.
_UNSOUND = re.compile("[\\s\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]+")
_LONGEST = 160
_OF_ALL = r"[^:]*:[A-Z_]+:[^:]*:\*(?::|$)"
_COUNTER = re.compile(r" \(\d+\)$")

Refused = TypeVar("Refused", bound=CityDataError)
SEVERITIES = ("fatal", "error", "warning", "info")
COLUMNS = (
    "layer", "record", "row_label", "key", "field", "code", "severity", "message_zh",
    "message_en", "value", "expected", "action", "x", "y", "n_records", "finding_key",
)  # fmt: skip
_NUMBERS = {"record": "Int64", "x": "float64", "y": "float64", "n_records": "int64"}
#: Type of each column; what is no number is text.
_TYPES = {name: pandas_dtype(_NUMBERS.get(name, "str")) for name in COLUMNS}
#: How many values and how many records are named then.
_VALUES, _RECORDS = 3, 3
_COUNTED = Text("共 {n} 条，占该图层 {share}", "{n} records, {share} of the layer")
_VALUE = Text("“{value}”{n} 条", "{value!r} ({n})")
_FREQUENT = Text("最多的值：{values}", "most frequent: {values}")
_EXAMPLES, _LISTED = Text("如记录 {labels}", "e.g. records {labels}"), Text("、", ", ")


@dataclass(frozen=True)
class _Block:
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

    def shifted(self, offset: int, source: str) -> _Block:
        """Return the same of one of several sources, its records counted from ``offset``."""
        # A record is known by itself, whichever file it came in.
        if self.of_records:
            return replace(self, record=self.record + offset)
        return replace(self, about=" ".join(filter(None, (source, self.about))))

    def split(self, hit: np.ndarray, **changes: Any) -> list[_Block]:
        """Return the findings in two: those that were not ``hit``, and with ``changes`` the hit."""
        if not hit.any():
            return [self]
        parts = [self._at(~hit), replace(self._at(hit), **changes)]
        return [part for part in parts if len(part)]

    def _at(self, rows: np.ndarray) -> _Block:
        return replace(
            self, record=self.record[rows], value=self.value[rows], expected=self.expected[rows]
        )


class Findings:
    """Collects findings for one layer or source.

    Parameters
    ----------
    layer : str
        Layer key the findings belong to; empty for a source as a whole.
    """

    def __init__(self, layer: str = "") -> None:
        self.layer = layer
        self._blocks: list[_Block] = []

    def add(
        self,
        code: str,
        *,
        records: Any = None,
        item: Field | None = None,
        field: str = "",
        label: Text | None = None,
        value: Any = "",
        expected: Any = "",
        severity: str | None = None,
        action: str = "none",
        about: str = "",
        **params: Any,
    ) -> None:
        """Add one finding, or one for each of ``records``.

        Parameters
        ----------
        code : str
            A key of :data:`CODES`.
        records : array of int, optional
            Positions of the records in the source; without it the finding is about the source.
        item : Field, optional
            The field it is about: its labels stand in the messages.
        field : str
            Its name, for what is no field of the layer; ``label`` stands for it in the messages.
        value, expected : scalar or array
            An array goes with ``records``, one item each.
        severity : str, optional
            Where it differs from the usual one of the code.
        action : str
            What was done: none, repaired, rejected, assumed, value_removed.
        about : str
            What tells several of one code and field apart, on a layer or on a record: the file,
            the column, the figure, the kind of row. It is part of the key by which the finding is
            known again, so it holds no wording and no count.
        **params
            Further parts of the message; a Text gives each language its own.
        """
        n = 1 if records is None else len(records)
        if n == 0:
            return
        if item is not None:
            field, label = item.name, label or Text(item.zh, item.en)
        self._blocks.append(
            _Block(
                code=code,
                field=field,
                label=label or Text(field, field),
                severity=severity or CODES[code].severity,
                action=action,
                about=about,
                params=params,
                record=np.array([-1] if records is None else records, dtype=np.int64),
                value=_items(value, n),
                expected=_items(expected, n),
            )
        )

    def __len__(self) -> int:
        return sum(map(len, self._blocks))

    def extend(self, other: Findings, *, offset: int = 0, source: str = "") -> None:
        """Take over what ``other`` has collected.

        Its records are counted from ``offset``; ``source`` tells what is about it as a whole from
        the same about another.
        """
        self._blocks.extend(block.shifted(offset, source) for block in other._blocks)

    def records_with(self, action: str) -> np.ndarray:
        """Return the distinct records about which ``action`` was taken."""
        return _distinct_records([block for block in self._blocks if block.action == action])

    def settle(self, code: str, records: np.ndarray, *, action: str, severity: str) -> None:
        """Say what was done about ``records`` of which ``code`` has been told already."""
        blocks: list[_Block] = []
        for block in self._blocks:
            hit = np.isin(block.record, records) & (block.code == code)
            blocks.extend(block.split(hit, action=action, severity=severity))
        self._blocks = blocks

    def records_of(self, code: str) -> np.ndarray:
        """Return the distinct records of which ``code`` has been told."""
        return _distinct_records([block for block in self._blocks if block.code == code])

    def values_of(self, *codes: str) -> set[str]:
        """Return the distinct values that findings of these codes name."""
        return {str(v) for block in self._blocks if block.code in codes for v in block.value}

    def withdraw(self, codes: Collection[str], values: Collection[str]) -> None:
        """Take back what was told with these codes of these values, which turned out otherwise."""
        self._blocks = [
            block
            for block in self._blocks
            if block.code not in codes or not {str(v) for v in block.value} <= set(values)
        ]

    def values_removed(self) -> dict[str, np.ndarray]:
        """Return, for each field, the distinct records whose value could not be used."""
        lost = [b for b in self._blocks if b.action == "value_removed" and b.of_records]
        return {
            name: _distinct_records([block for block in lost if block.field == name])
            for name in dict.fromkeys(block.field for block in lost)
        }

    def codes_of(self, action: str) -> pd.Series:
        """Return, for each record about which ``action`` was taken, the codes joined by ``;``."""
        blocks = [b for b in self._blocks if b.action == action and b.of_records]
        if not blocks:
            return pd.Series(dtype="str")
        codes = np.repeat([block.code for block in blocks], [len(block) for block in blocks])
        reported = pd.DataFrame(
            {"record": np.concatenate([b.record for b in blocks]), "code": codes}
        )
        reported = reported.drop_duplicates().sort_values("record", kind="stable")
        nth = reported.groupby("record").cumcount()
        out = reported.loc[nth == 0].set_index("record")["code"].astype("object")
        for n in range(1, nth.max() + 1):
            more = reported.loc[nth == n].set_index("record")["code"].astype("object")
            out.loc[more.index] = out.loc[more.index] + ";" + more
        return out.astype("str")

    def frame(
        self,
        *,
        places: Callable[[np.ndarray], pd.DataFrame] | None = None,
        n_records: int | None = None,
        hidden: Collection[str] = (),
        mask: str = "***",
    ) -> pd.DataFrame:
        """Return the table.

        Parameters
        ----------
        places : callable, optional
            Takes positions of distinct records and returns a frame with a row for each, of what
            is known of ``row_label, key, x, y``.
        n_records : int, optional
            How many records the layer has: a fault of 95 % of them, and of at least 20, is then
            one finding of the whole layer with its count and examples, ``record`` missing.
            Without it each finding has its row.
        hidden : collection of str
            Fields whose values are not repeated as examples; ``mask`` stands for them.
        """
        if not self._blocks:
            return empty_findings()

        def labels_of(records: np.ndarray) -> Sequence[str]:
            known = None if places is None else places(records)
            return [] if known is None else list(known["row_label"])

        parts = [
            _as_one(blocks, n_records, labels_of, mask if blocks[0].field in hidden else None)
            if n_records is not None and is_whole_column
            else _each(blocks[0])
            for blocks, is_whole_column in _gathered(self._blocks, n_records)
        ]
        sizes = [len(part["record"]) for part in parts]
        # A table of its own for each step would take longer than all the steps.
        table = {
            name: np.concatenate(
                [
                    np.broadcast_to(np.asarray(part[name], dtype=object), n)
                    for part, n in zip(parts, sizes, strict=True)
                ]
            )
            for name in parts[0]
        }
        table["layer"] = np.full(sum(sizes), self.layer, dtype=object)
        _locate(table, places)
        table["finding_key"] = finding_keys(table, table["about"])
        return _typed(table)


def _gathered(
    blocks: Sequence[_Block], n_records: int | None
) -> Iterator[tuple[list[_Block], bool]]:
    """Return the blocks one by one, and together those of a fault of the whole column.

    That is where at least :data:`FEWEST` records, and :data:`MOST` of ``n_records``, have the same
    code, field, action and severity. What they are about may differ: then each is told by itself.
    """
    by_kind: dict[tuple[str, ...], list[_Block]] = {}
    for block in blocks:
        # A decision is one on a record, however many there are.
        if block.of_records and not block.code.startswith("DECISION_"):
            by_kind.setdefault(block.kind, []).append(block)
    least = np.inf if n_records is None else max(FEWEST, MOST * n_records)
    whole_columns = {
        kind
        for kind, same_kind in by_kind.items()
        if sum(map(len, same_kind)) >= least and len(_distinct_records(same_kind)) >= least
    }
    for block in blocks:
        if not block.of_records or block.kind not in whole_columns:
            yield [block], False
        elif block is by_kind[block.kind][0]:
            same_kind = sorted(by_kind[block.kind], key=lambda b: b.about)
            for _, alike in groupby(same_kind, key=lambda b: b.about):
                yield list(alike), True


def _distinct_records(blocks: Sequence[_Block]) -> np.ndarray:
    """Return the records the blocks are about, each once, in order."""
    parts = [block.record for block in blocks if block.of_records]
    if not parts:
        return np.empty(0, dtype=np.int64)
    records = np.concatenate(parts)
    # As a check goes through a column it adds them: in order, and then no look-up is needed.
    return records if (np.diff(records) > 0).all() else np.unique(records)


def _each(block: _Block) -> dict[str, Any]:
    """Return the columns of findings one by one."""
    values, expecteds = _texts(block.value), _texts(block.expected)
    messages = _messages(block, values, expecteds)
    return _columns(block, messages, block.record, values, expecteds, block.about, block.of_records)


def _as_one(
    blocks: Sequence[_Block],
    n_records: int,
    labels_of: Callable[[np.ndarray], Sequence[str]],
    mask: str | None,
) -> dict[str, Any]:
    """Return the columns of the one finding that stands for those of a whole column.

    It says what the code says of the most frequent value, then how many records there are, the
    most frequent values and where the first few are. ``mask`` stands for values that are secret.
    """
    block = max(blocks, key=len)
    record = _distinct_records(blocks)
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
    block: _Block,
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
    block: _Block, values: np.ndarray, expecteds: np.ndarray
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


def _locate(
    table: dict[str, np.ndarray], places: Callable[[np.ndarray], pd.DataFrame] | None
) -> None:
    """Put in label, key and place of the records, which are asked for once each."""
    record = table["record"].astype(np.int64)
    about_record = record >= 0
    for name, missing in (("row_label", ""), ("key", ""), ("x", np.nan), ("y", np.nan)):
        table[name] = np.full(len(record), missing, dtype=object)
    if places is not None and about_record.any():
        distinct, at = np.unique(record[about_record], return_inverse=True)
        for name, values in places(distinct).items():
            table[str(name)][about_record] = values.to_numpy(dtype=object)[at]
    table["record"][~about_record] = None


def _items(value: Any, n: int) -> np.ndarray:
    """Return one item a record, a copy of what was given: it is put into words later."""
    if isinstance(value, str) or np.isscalar(value) or value is None:
        return np.full(n, value, dtype=object)
    return np.array(value, dtype=object)


class FindingsTable(pd.DataFrame):
    """Findings as a DataFrame that shows its kinds; what is made of it is a plain DataFrame."""

    @property
    def _constructor(self) -> type[pd.DataFrame]:
        return pd.DataFrame

    def __deepcopy__(self, memo: dict[int, Any]) -> FindingsTable:
        return FindingsTable(super().__deepcopy__(memo))

    def __repr__(self) -> str:
        return findings_text(self) if self._whole() else super().__repr__()

    def _repr_html_(self) -> str:
        return findings_html(self) if self._whole() else super()._repr_html_()

    def _whole(self) -> bool:
        return set(COLUMNS) <= set(self.columns)


def empty_findings() -> pd.DataFrame:
    """Return a findings table without rows."""
    return FindingsTable(_empty(), copy=True)


# Every reading asks for several, and sixteen columns take long to make.
@cache
def _empty() -> pd.DataFrame:
    return _typed(dict.fromkeys(COLUMNS, ()))


def concat_findings(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Join findings tables in the order they come in."""
    tables = [t for t in tables if len(t)]
    if not tables:
        return empty_findings()
    table = pd.concat(tables, ignore_index=True)
    return _typed(table.assign(finding_key=unique_keys(table["finding_key"].to_numpy(object))))


def _typed(table: Mapping[str, Any] | pd.DataFrame) -> pd.DataFrame:
    columns = {}
    for name, kind in _TYPES.items():
        values = np.array(table[name], dtype=object)
        if name not in _NUMBERS:
            values[pd.isna(values)] = ""
        columns[name] = pd.array(values, dtype=kind)
    return FindingsTable(columns)


def refusal(
    code: str,
    name: str,
    *,
    error: type[Refused],
    remedy: Text,
    cause: Text | None = None,
    findings: Findings | None = None,
    **params: Any,
) -> Refused:
    """Return the error that refuses a source, with its finding, to be raised.

    Parameters
    ----------
    code : str
        Of the finding.
    name : str
        Of the source: the error begins with it.
    error : type of CityDataError
        Which error.
    remedy : Text
        What to do: the end of the message, and by itself in ``.remedy`` and ``.remedy_zh``.
    cause : Text, optional
        What is wrong, a sentence: the finding then repeats the error. Without it the error says
        what the finding says of ``params``, the remedy at its end.
    findings : Findings, optional
        Takes the finding where there are others to come with it; else the error carries it.
    **params
        What :meth:`Findings.add` takes.

    Examples
    --------
    >>> from geo_citymgmt.errors import SourceError
    >>> told = refusal("SOURCE_REFUSED", "a.vrt", error=SourceError,
    ...                cause=Text("会打开其他文件。", "would open other files."),
    ...                remedy=Text("请导出图层。", "Export the layer."))
    >>> str(told), told.findings["finding_key"].tolist()
    ('a.vrt: would open other files. Export the layer.', [':SOURCE_REFUSED'])
    """
    single = Findings()
    if cause is None:
        single.add(code, **params)
        row = single.frame().iloc[0]
        refused = error(Text(f"{name}：{row['message_zh']}。", f"{name}: {row['message_en']}."))
        refused.remedy_zh, refused.remedy = remedy
    else:
        refused = error(Text(f"{name}：{cause.zh}", f"{name}: {cause.en}"), remedy=remedy)
        single.add(code, value=name, detail=refused.text, **params)
    if findings is None:
        refused.findings = single.frame()
    else:
        findings.extend(single)
    return refused


def finding_keys(
    table: pd.DataFrame | Mapping[str, np.ndarray], about: Sequence[str] | np.ndarray
) -> np.ndarray:
    """Return the key of each finding: ``layer:code:field:`` and what it is about.

    That is the id of the record, and its row label where the source gives it none (``key`` is then
    the one that was generated from layer and position); for a finding of a whole layer what
    ``about`` says. Several of one record, code and field are told apart by ``about`` and, where
    that is the same too, by a number in the order of the table.

    Parameters
    ----------
    table : DataFrame, or mapping of str to array
        With ``layer, record, row_label, key, field, code``.
    about : sequence of str
        One a finding; :data:`WHOLE` for one of all records.

    Examples
    --------
    >>> table = pd.DataFrame({
    ...     "layer": "manholes", "record": pd.array([3, 7, None], dtype="Int64"),
    ...     "row_label": ["FID 3", "FID 7", ""], "key": ["MH-1", "manholes#7", ""],
    ...     "field": ["status", "status", ""],
    ...     "code": ["CODE_UNKNOWN", "CODE_UNKNOWN", "LAYER_IGNORED"]})
    >>> for key in finding_keys(table, ["", "", "旧.shp"]):
    ...     print(key)
    manholes:CODE_UNKNOWN:status:MH-1
    manholes:CODE_UNKNOWN:status:FID 7
    manholes:LAYER_IGNORED::旧.shp
    """
    columns = [np.array(table[name], dtype=object) for name in ("record", "key", "row_label")]
    for values, missing in zip(columns, (None, "", ""), strict=True):
        values[pd.isna(values)] = missing
    subject = [
        _subject(*parts) for parts in zip(table["layer"], *columns, map(_plain, about), strict=True)
    ]
    kinds = zip(table["layer"], table["code"], map(_plain, table["field"]), strict=True)
    keys = [f"{':'.join(kind)}:{who}" if who else ":".join(kind).rstrip(":")
            for kind, who in zip(kinds, subject, strict=True)]  # fmt: skip
    return unique_keys(keys)


def _subject(layer: str, record: int | None, key: str, row_label: str, about: str) -> str:
    if record is None:
        return about
    own = key if key != f"{layer}#{record}" else ""
    who = _plain(own or row_label or key or str(record))
    return f"{who}:{about}" if about else who


def _plain(text: object) -> str:
    text = str(text)
    return text if text.isalnum() else _UNSOUND.sub(" ", text).strip()[:_LONGEST]


def unique_keys(keys: Sequence[str] | np.ndarray) -> np.ndarray:
    """Return the keys with a number after each that occurred before.

    Examples
    --------
    >>> unique_keys(["a", "b", "a"]).tolist()
    ['a', 'b', 'a (2)']
    """
    out = np.array(keys, dtype=object)
    if len(set(out)) == len(out):
        return out
    series = pd.Series(out)
    again = np.flatnonzero(series.duplicated() & series.ne(""))
    numbers = series.groupby(series, sort=False).cumcount().to_numpy()[again] + 1
    out[again] = [f"{key} ({n})" for key, n in zip(out[again], numbers, strict=True)]
    return out


def base_keys(keys: pd.Series) -> pd.Series:
    """Return the keys without the number that tells several of one record and field apart.

    Examples
    --------
    >>> base_keys(pd.Series(["manholes:ID_DUPLICATE:manhole_id:J1 (2)"])).tolist()
    ['manholes:ID_DUPLICATE:manhole_id:J1']
    """
    return keys.astype("str").str.replace(_COUNTER, "", regex=True)


def is_of_all(keys: pd.Series) -> np.ndarray:
    """Return which keys are those of a fault of the whole column.

    Examples
    --------
    >>> is_of_all(pd.Series(["manholes:VALUE_MISSING:status:*", "a:ID_MISSING:id:J*"])).tolist()
    [True, False]
    """
    return keys.astype("str").str.match(_OF_ALL).to_numpy(dtype=bool)


def of_layer(table: pd.DataFrame, layer: str) -> pd.DataFrame:
    """Return findings of a source as those of ``layer``, which is part of their keys."""
    starts = table["layer"].str.len()
    rests = [k[n:] for k, n in zip(table["finding_key"], starts, strict=True)]
    keys = [f"{layer}{rest}" if rest else "" for rest in rests]
    return table.assign(layer=layer, finding_key=pd.array(keys, dtype="str"))
