"""A small table beside the layers, read as layers are: with an account of its rows and findings.

Events, targets, former zones, published figures and the decisions of an office all go this way. A
row that cannot be used is left out and told; a file that is no such table counts as not there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from geo_citymgmt.cleaning.text import plain_key
from geo_citymgmt.errors import CityDataError, SourceError, did_you_mean
from geo_citymgmt.findings import Findings
from geo_citymgmt.reading.raw import Raw
from geo_citymgmt.reading.source import SourceLayer, read_raw
from geo_citymgmt.reading.table_findings import tell_cells, tell_reading, texts_of
from geo_citymgmt.words import NOTHING, Text

__all__ = [
    "ACCOUNT_COLUMNS", "EVENT_COLUMNS", "REQUIRED", "TARGET_COLUMNS", "SideTable", "account_row",
    "own_columns", "own_headings", "told_as_unusable",
]  # fmt: skip

ACCOUNT_COLUMNS = (
    "table", "source", "n_walked", "n_skipped", "n_records", "n_used", "n_rejected", "state",
    "encoding", "encoding_source",
)  # fmt: skip
EVENT_COLUMNS = ("layer", "key", "event", "date", "amount", "note")
TARGET_COLUMNS = ("indicator", "zone_code", "target", "unit", "deadline", "note")
#: Columns without which a table is none of its kind.
REQUIRED = {
    "events": ("layer", "key", "event", "date"),
    "targets": ("indicator", "zone_code", "target"),
}
_HEADINGS = {
    "layer": ("图层", "类别"),
    "key": ("编号", "要素编号", "对象编号"),
    "event": ("事件", "事件类型"),
    "date": ("日期", "发生日期"),
    "amount": ("数量", "数值", "面积"),
    "note": ("备注", "说明"),
    "indicator": ("指标", "指标编号"),
    "zone_code": ("区划代码", "行政区划代码"),
    "target": ("目标", "目标值"),
    "unit": ("单位",),
    "deadline": ("完成时限", "期限"),
}


def own_headings(
    columns: Collection[str], more: Mapping[str, str] | None = None
) -> dict[str, tuple[str, ...]]:
    """Return the headings that columns of small tables go by, ``more`` of them for this city."""
    extra = {column: (word,) for column, word in (more or {}).items()}
    return {c: (*_HEADINGS.get(c, ()), *extra.get(c, ())) for c in columns}


@dataclass
class SideTable:
    """A table of a file with its own columns.

    Attributes
    ----------
    name : str
        Of the file, and of the sheet where it has several.
    frame : DataFrame
        Texts, empty where nothing is; the index is the row of the sheet, the headings' is 0.
    raw : Raw
        What was read.
    """

    name: str
    frame: pd.DataFrame
    raw: Raw
    #: Rows that are no business of this reading, such as those of layers that were not asked for.
    n_aside: int = field(default=0)

    @classmethod
    def read(
        cls,
        source: Path | SourceLayer,
        columns: Mapping[str, Sequence[str]],
        required: Iterable[str],
        findings: Findings,
    ) -> SideTable:
        """Read a table; ``columns`` are its own ones with the headings they go by.

        What was found in reading is told; a row that cannot be used is left out.

        Raises
        ------
        SourceError
            It is no table, or a required column is missing.
        """
        raw, name = read_raw(source), _name_of(source)
        tell_reading(raw, name, findings)
        given = texts_of(raw)
        found = own_columns(given.columns, columns, tuple(required), name)
        _tell_unused(given, found, name, findings)
        frame = pd.DataFrame(
            {c: given[labels[0]] if labels else "" for c, labels in found.items()},
            index=given.index,
        )
        clash = _clashes(given, found, name, findings)
        refused = np.isin(raw.record, raw.findings.records_with("rejected"))
        return cls(name, frame[~(clash | refused)], raw)

    def tell(self, hit: pd.Series, column: str, why: Text, findings: Findings) -> None:
        """Tell the cells of a column that cannot be used, as they are written."""
        tell_cells(self.frame.loc[hit, column], why, findings, file=self.name, column=column)

    def account(self, kind: str, n_used: int) -> dict[str, Any]:
        """Return the row of the account: of rows that were walked, how many are used."""
        return account_row(self.raw, self.name, kind, n_used, n_aside=self.n_aside)


def account_row(raw: Raw, name: str, kind: str, n_used: int, *, n_aside: int = 0) -> dict[str, Any]:
    """Return what became of the rows of a table: walked = used + rejected + skipped."""
    n_skipped = raw.n_skipped + n_aside
    n_records = raw.n_walked - n_skipped
    return {
        "table": kind,
        "source": name,
        "n_walked": raw.n_walked,
        "n_skipped": n_skipped,
        "n_records": n_records,
        "n_used": n_used,
        "n_rejected": n_records - n_used,
        "state": "ok",
        "encoding": raw.encoding,
        "encoding_source": raw.encoding_source,
    }


@contextmanager
def told_as_unusable(
    source: Path | SourceLayer | pd.DataFrame,
    kind: str,
    findings: Findings,
    account: list[dict[str, Any]],
) -> Iterator[None]:
    """Let a file that is no such table end nothing: it is told, and counts as not there.

    Raises
    ------
    CityDataError
        What is wrong with a frame: there is no file that a clerk could correct.
    """
    try:
        yield
    except CityDataError as error:
        if isinstance(source, pd.DataFrame):
            raise
        name = _name_of(source)
        findings.add("TABLE_UNUSABLE", value=name, about=name, detail=error.text)
        nothing = {c: 0 if c.startswith("n_") else "" for c in ACCOUNT_COLUMNS}
        account.append({**nothing, "table": kind, "source": name, "state": "unusable"})


def _name_of(source: Path | SourceLayer) -> str:
    return source.label if isinstance(source, SourceLayer) else Path(source).name


def own_columns(
    headings: Iterable[Any],
    columns: Mapping[str, Sequence[str]],
    required: Collection[str],
    name: str,
) -> dict[str, list[Any]]:
    """Return the headings of each own column: none, one, or one that is there more than once.

    Parameters
    ----------
    headings : iterable
        Of the table.
    columns : mapping of str to sequence of str
        The own columns with the headings they go by.
    required : collection of str
        Those that must be there.
    name : str
        What the table is called.

    Raises
    ------
    SourceError
        A required column is missing.
    """
    texts = [str(label) for label in headings]
    labels: dict[str, list[Any]] = {}
    for label in headings:
        base, sign, number = str(label).rpartition("_")
        # A heading that is there before is numbered in reading.
        is_again = sign and number.isdigit() and base in texts
        labels.setdefault(plain_key(base if is_again else str(label)), []).append(label)
    found = {}
    for column, words in columns.items():
        keys = [plain_key(word) for word in (column, *words)]
        found[column] = next((labels[key] for key in keys if key in labels), [])
        if not found[column] and column in required:
            near = did_you_mean(column, texts)
            shown = f"{column}（或 {'、'.join(words)}）" if words else column
            raise SourceError(
                Text(
                    f"{name}：缺少列 {shown}。",
                    f"{name}: no column {column!r}; it needs {', '.join(required)}.",
                ),
                remedy=Text(
                    f"请补上该列并写明列名。{near.zh}",
                    f"Add the column, with this heading.{near.en}",
                ),
            )
    return found


def _tell_unused(
    given: pd.DataFrame, found: Mapping[str, list[Any]], name: str, findings: Findings
) -> None:
    used = {label for labels in found.values() for label in labels}
    for label in map(str, given.columns):
        if label not in used:
            near = did_you_mean(label, [c for c, labels in found.items() if not labels])
            findings.add(
                "TABLE_COLUMN",
                value=label,
                about=f"{name} {label}",
                severity="warning" if near != NOTHING else None,
                file=name,
                detail=near,
            )


def _clashes(
    given: pd.DataFrame, found: Mapping[str, list[Any]], name: str, findings: Findings
) -> np.ndarray:
    """Return the rows in which columns of one heading differ; where they agree, one is enough."""
    clash = np.zeros(len(given), dtype=bool)
    for column, labels in found.items():
        for other in labels[1:]:
            hit = (given[labels[0]] != given[other]).to_numpy()
            if not hit.any():
                continue
            clash |= hit
            why = Text(
                "有两列同名而内容不同，这些行未用，请只保留一列",
                "two columns of this name differ, the rows were left out; keep one of them",
            )
            heading = pd.Series(labels[0], given.index[hit], dtype="str")
            tell_cells(heading, why, findings, file=name, column=column)
    return clash
