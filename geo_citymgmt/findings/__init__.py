"""What was found in the data: the codes, their messages in Chinese and English, the table.

A finding says where (layer, record, field), what (code, value, expected), how bad (severity) and
what was done about it (action). :class:`Findings` collects them column by column; the table is
made once, at the end, when keys and places of the records are known. A fault of a whole column is
one finding then. Each has a key by which it is known again (:mod:`geo_citymgmt.findings._codes`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pandas as pd
from pandas.api.types import pandas_dtype

from geo_citymgmt._display import findings_html, findings_text
from geo_citymgmt._words import Text
from geo_citymgmt.errors import CityDataError
from geo_citymgmt.findings._blocks import Block, as_one, distinct_records, each, gathered
from geo_citymgmt.findings._codes import CODES, FindingCode, finding_keys, of_layer, unique_keys

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

Refused = TypeVar("Refused", bound=CityDataError)
SEVERITIES = ("fatal", "error", "warning", "info")
COLUMNS = (
    "layer", "record", "row_label", "key", "field", "code", "severity", "message_zh",
    "message_en", "value", "expected", "action", "x", "y", "n_records", "finding_key",
)  # fmt: skip
_NUMBERS = {"record": "Int64", "x": "float64", "y": "float64", "n_records": "int64"}
#: Type of each column; what is no number is text.
_TYPES = {name: pandas_dtype(_NUMBERS.get(name, "str")) for name in COLUMNS}


class Findings:
    """Collects findings for one layer or source.

    Parameters
    ----------
    layer : str
        Layer key the findings belong to; empty for a source as a whole.
    """

    def __init__(self, layer: str = "") -> None:
        self.layer = layer
        self._blocks: list[Block] = []

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
            Block(
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
        return distinct_records([block for block in self._blocks if block.action == action])

    def settle(self, code: str, records: np.ndarray, *, action: str, severity: str) -> None:
        """Say what was done about ``records`` of which ``code`` has been told already."""
        blocks: list[Block] = []
        for block in self._blocks:
            hit = np.isin(block.record, records) & (block.code == code)
            blocks.extend(block.split(hit, action=action, severity=severity))
        self._blocks = blocks

    def records_of(self, code: str) -> np.ndarray:
        """Return the distinct records of which ``code`` has been told."""
        return distinct_records([block for block in self._blocks if block.code == code])

    def values_of(self, *codes: str) -> set[str]:
        """Return the distinct values that findings of these codes name."""
        return {str(v) for block in self._blocks if block.code in codes for v in block.value}

    def values_removed(self) -> dict[str, np.ndarray]:
        """Return, for each field, the distinct records whose value could not be used."""
        lost = [b for b in self._blocks if b.action == "value_removed" and b.of_records]
        return {
            name: distinct_records([block for block in lost if block.field == name])
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
            as_one(blocks, n_records, labels_of, mask if blocks[0].field in hidden else None)
            if n_records is not None and is_whole_column
            else each(blocks[0])
            for blocks, is_whole_column in gathered(self._blocks, n_records)
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
