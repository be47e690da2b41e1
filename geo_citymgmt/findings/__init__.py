"""What was found in the data: the codes, their messages in Chinese and English, the table.

A finding says where (layer, record, field), what (code, value, expected), how bad (severity) and
what was done about it (action). :class:`Findings` collects them column by column; the table is
made once, at the end, when keys and places of the records are known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geo_citymgmt.display import findings_html, findings_text
from geo_citymgmt.findings.codes import CODES, FindingCode
from geo_citymgmt.markup import sound_text
from geo_citymgmt.words import Text, in_language

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
]

SEVERITIES = ("fatal", "error", "warning", "info")
ACTIONS = ("none", "repaired", "rejected", "assumed", "value_removed")
COLUMNS = (
    "layer", "record", "row_label", "key", "field", "code", "severity", "message_zh",
    "message_en", "value", "expected", "action", "x", "y",
)  # fmt: skip


class Findings:
    """Collects findings for one layer or source.

    Parameters
    ----------
    layer : str
        Layer key the findings belong to; empty for a source as a whole.
    """

    def __init__(self, layer: str = "") -> None:
        self.layer = layer
        self._blocks: list[pd.DataFrame] = []

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
        **params
            Further parts of the message; a Text gives each language its own.
        """
        n = 1 if records is None else len(records)
        if n == 0:
            return
        values, expecteds = _texts(value, n), _texts(expected, n)
        known = CODES[code]
        if item is not None:
            field, label = item.name, label or Text(item.zh, item.en)
        zh, en = _messages(known, label or Text(field, field), values, expecteds, params)
        self._blocks.append(
            pd.DataFrame(
                {
                    "record": np.asarray([-1] if records is None else records, dtype=np.int64),
                    "field": field,
                    "code": code,
                    "severity": severity or known.severity,
                    "message_zh": zh,
                    "message_en": en,
                    "value": values,
                    "expected": expecteds,
                    "action": action,
                }
            )
        )

    def __len__(self) -> int:
        return sum(map(len, self._blocks))

    def extend(self, other: Findings) -> None:
        """Take over what ``other`` has collected."""
        self._blocks.extend(other._blocks)

    def records_with(self, action: str) -> np.ndarray:
        """Return the distinct records about which ``action`` was taken."""
        parts = [b["record"].to_numpy()[(b["action"] == action).to_numpy()] for b in self._blocks]
        found = np.unique(np.concatenate(parts)) if parts else np.empty(0, dtype=np.int64)
        return found[found >= 0]

    def settle(self, code: str, records: np.ndarray, *, action: str, severity: str) -> None:
        """Say what was done about ``records`` of which ``code`` has been told already."""
        for block in self._blocks:
            hit = ((block["code"] == code) & block["record"].isin(records)).to_numpy()
            block.loc[hit, ["action", "severity"]] = action, severity

    def records_of(self, code: str) -> np.ndarray:
        """Return the distinct records of which ``code`` has been told."""
        parts = [b["record"].to_numpy()[(b["code"] == code).to_numpy()] for b in self._blocks]
        found = np.unique(np.concatenate(parts)) if parts else np.empty(0, dtype=np.int64)
        return found[found >= 0]

    def values_removed(self) -> dict[str, np.ndarray]:
        """Return, for each field, the distinct records whose value could not be used."""
        out: dict[str, list[np.ndarray]] = {}
        for block in self._blocks:
            lost = block[(block["action"] == "value_removed") & (block["record"] >= 0)]
            for name, records in lost.groupby("field")["record"]:
                out.setdefault(str(name), []).append(records.to_numpy())
        return {name: np.unique(np.concatenate(parts)) for name, parts in out.items()}

    def codes_of(self, action: str) -> pd.Series:
        """Return, for each record about which ``action`` was taken, the codes joined by ``;``."""
        if not self._blocks:
            return pd.Series(dtype="str")
        table = pd.concat(self._blocks, ignore_index=True)
        table = table[(table["action"] == action) & (table["record"] >= 0)]
        return table.groupby("record")["code"].agg(lambda codes: ";".join(dict.fromkeys(codes)))

    def frame(
        self,
        *,
        row_label: Sequence[str] | np.ndarray | None = None,
        key: Sequence[str] | np.ndarray | None = None,
        x: np.ndarray | None = None,
        y: np.ndarray | None = None,
    ) -> pd.DataFrame:
        """Return the table; the arrays tell label, key and place of a record by its position."""
        if not self._blocks:
            return empty_findings()
        table = pd.concat(self._blocks, ignore_index=True)
        record = table["record"].to_numpy()
        table.insert(0, "layer", self.layer)
        about_record = record >= 0
        for name, column, missing in (
            ("row_label", row_label, ""),
            ("key", key, ""),
            ("x", x, np.nan),
            ("y", y, np.nan),
        ):
            out = np.full(len(table), missing, dtype=object if missing == "" else float)
            if column is not None:
                out[about_record] = np.asarray(column)[record[about_record]]
            table[name] = out
        table["record"] = pd.array(np.where(about_record, record, 0), dtype="Int64")
        table.loc[~about_record, "record"] = pd.NA
        return _typed(table)


class FindingsTable(pd.DataFrame):
    """Findings as a DataFrame that shows its kinds; what is made of it is a plain DataFrame."""

    @property
    def _constructor(self) -> type[pd.DataFrame]:
        return pd.DataFrame

    def __repr__(self) -> str:
        return findings_text(self) if self._whole() else super().__repr__()

    def _repr_html_(self) -> str:
        return findings_html(self) if self._whole() else super()._repr_html_()

    def _whole(self) -> bool:
        return set(COLUMNS) <= set(self.columns)


def empty_findings() -> pd.DataFrame:
    """Return a findings table without rows."""
    return _typed(pd.DataFrame({name: pd.Series(dtype="object") for name in COLUMNS}))


def concat_findings(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Join findings tables, worst first within the order they come in."""
    tables = [t for t in tables if len(t)]
    if not tables:
        return empty_findings()
    return _typed(pd.concat(tables, ignore_index=True))


def _typed(table: pd.DataFrame) -> pd.DataFrame:
    table = table[list(COLUMNS)].copy()
    for name in COLUMNS:
        if name == "record":
            table[name] = table[name].astype("Int64")
        elif name in ("x", "y"):
            table[name] = table[name].astype("float64")
        else:
            table[name] = table[name].fillna("").astype("str")
    return FindingsTable(table)


def _texts(value: Any, n: int) -> np.ndarray:
    if isinstance(value, str) or np.isscalar(value) or value is None:
        return np.full(n, "" if value is None else sound_text(str(value)), dtype=object)
    out = np.asarray(value, dtype=object)
    return np.array(["" if _is_null(v) else sound_text(str(v)) for v in out], dtype=object)


def _is_null(value: Any) -> bool:
    return (
        value is None
        or value is pd.NA
        or value is pd.NaT
        or (isinstance(value, float) and np.isnan(value))
    )


def _messages(
    known: FindingCode,
    label: Text,
    values: np.ndarray,
    expecteds: np.ndarray,
    params: Mapping[str, Any],
) -> tuple[np.ndarray, np.ndarray]:
    # Formatted once for each distinct pair: a whole column can be flagged.
    both = pd.MultiIndex.from_arrays([values, expecteds])
    codes, distinct = pd.factorize(both)
    both_languages = []
    for place, template in enumerate((known.zh, known.en)):
        parts = {k: _sound(in_language(v, place)) for k, v in params.items()}
        both_languages.append(
            np.array(
                [
                    template.format(field=label[place], value=v, expected=e, **parts)
                    for v, e in distinct
                ],
                dtype=object,
            )[codes]
        )
    zh, en = both_languages
    return zh, en


def _sound(value: Any) -> Any:
    return sound_text(value) if isinstance(value, str) else value
