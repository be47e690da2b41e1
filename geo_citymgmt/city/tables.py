"""The small tables beside the layers: events and targets, from files and from frames."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from geo_citymgmt._dates import local_days
from geo_citymgmt.city.side_table import (
    EVENT_COLUMNS,
    REQUIRED,
    SideTable,
    own_columns,
    own_headings,
)
from geo_citymgmt.cleaning.dates import parse_date
from geo_citymgmt.cleaning.id_text import plain_ids
from geo_citymgmt.cleaning.numbers import parse_number
from geo_citymgmt.cleaning.text import (
    is_null_text,
    plain_key,
    spelt_out,
    text_array,
    to_series,
)
from geo_citymgmt.errors import SourceError
from geo_citymgmt.findings import Findings
from geo_citymgmt.reading.source import SourceLayer
from geo_citymgmt.reading.table_findings import row_numbers, tell_cells
from geo_citymgmt.spec import LayerSpec
from geo_citymgmt.words import Text

__all__ = ["at_rows", "read_events", "table_columns"]


def read_events(
    source: Path | SourceLayer | pd.DataFrame,
    specs: Mapping[str, LayerSpec],
    findings: Findings,
    *,
    only: Collection[str] | None = None,
    account: list[dict[str, Any]] | None = None,
) -> pd.DataFrame:
    """Read the events; layers and events may be named by key or in Chinese.

    A row that names an unknown layer or event, or has no date, is left out and told. Where ``only``
    some layers are asked for, what befell the others is left aside like them: no finding. A row of
    ``account`` says how many rows of a file are used. The index is the row of the table, from 0.

    Raises
    ------
    SourceError
        It is no table, or a required column is missing.
    """
    required = REQUIRED["events"]
    side = None
    if isinstance(source, pd.DataFrame):
        table = table_columns(source, EVENT_COLUMNS, required=required)
        table.index = pd.RangeIndex(len(table))
    else:
        side = SideTable.read(source, own_headings(EVENT_COLUMNS), required, findings)
        table = side.frame
    name = "" if side is None else side.name
    layers = {plain_key(n): s.key for s in specs.values() for n in (s.key, s.name_zh, *s.names)}
    table = table.assign(layer=table["layer"].map(lambda v: layers.get(plain_key(str(v)))))
    if only:
        asked = table["layer"].isin(only)
        if side is not None:
            side.n_aside = int((~asked).sum())
        table = table[asked].copy()
    words = {
        (s.key, plain_key(word)): key
        for s in specs.values()
        for key, event in s.events.items()
        for word in (key, event.zh, event.en)
    }
    pairs = zip(table["layer"], table["event"], strict=True)
    table["event"] = [words.get((layer, plain_key(str(event)))) for layer, event in pairs]
    table["date"] = _dates(table["date"])
    table["amount"] = _amounts(table["amount"], name, findings)
    table["key"] = _keys(table, name, findings)
    for column, why in (
        ("layer", Text("图层名称无法识别", "their layer is not known")),
        ("event", Text("事件类型无法识别", "their kind of event is not known to the layer")),
        ("date", Text("没有有效日期", "they have no valid date")),
    ):
        lost = table[column].isna()
        if lost.any():
            detail = why if side is None else at_rows(why, name, table.index[lost])
            findings.add("EVENT_UNMATCHED", value=int(lost.sum()), about=column, detail=detail)
            table = table[~lost]
    table[["layer", "event"]] = table[["layer", "event"]].astype("str")
    if side is not None and account is not None:
        account.append(side.account("events", len(table)))
    return table.sort_values(["date", "layer", "key"], kind="stable")


def at_rows(why: Text, name: str, rows: Iterable[int]) -> Text:
    """Return a cause with the file and the rows it is about."""
    numbers = row_numbers(rows)
    return Text(f"{why.zh}（{name} 第 {numbers.zh} 行）", f"{why.en} ({name}, row {numbers.en})")


def table_columns(
    table: pd.DataFrame,
    columns: tuple[str, ...],
    required: tuple[str, ...],
    more: Mapping[str, str] | None = None,
    *,
    name: str = "table",
) -> pd.DataFrame:
    """Return the columns of a frame under their own names, found by any heading they go by.

    Raises
    ------
    SourceError
        A required column is missing, or a heading is there twice; ``name`` is what the table is
        called.
    """
    twice = table.columns[table.columns.duplicated()]
    if len(twice):
        raise SourceError(
            Text(
                f"{name}：有多个名为“{twice[0]}”的列。",
                f"{name}: more than one column is named {twice[0]!r}.",
            ),
            remedy=Text("请改名或删去多余的列。", "Rename them, or leave one out."),
        )
    found = own_columns(table.columns, own_headings(columns, more), required, name)
    nothing = pd.Series(pd.NA, index=table.index)
    return pd.DataFrame({c: table[labels[0]] if labels else nothing for c, labels in found.items()})


def _keys(table: pd.DataFrame, name: str, findings: Findings) -> pd.Series:
    """Return the ids of records as the layers have them, each layer by itself."""
    given = to_series(text_array(table["key"])).set_axis(table.index)
    keys = given.copy()
    for rows in table.groupby("layer").indices.values():
        keys.iloc[rows] = plain_ids(given.iloc[rows])
    spelt = given.map(spelt_out, na_action="ignore")
    why = Text(
        "其中看不见的字符已去除，请在来源中删去",
        "characters that nobody sees were taken off, delete them in the source",
    )
    unseen = spelt[(spelt != given) & given.notna()]
    tell_cells(unseen, why, findings, file=name or "events", column="key", severity="warning")
    return keys.fillna("").astype("str")


def _dates(column: pd.Series) -> pd.Series:
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return pd.Series(local_days(column).astype("datetime64[us]"), index=column.index)
    days = [parse_date(str(v))[0] if pd.notna(v) else np.datetime64("NaT", "us") for v in column]
    return pd.Series(np.array(days, dtype="datetime64[us]"), index=column.index)


def _amounts(column: pd.Series, name: str, findings: Findings) -> pd.Series:
    """Return numbers; a cell that is none is told, and its event has no amount."""
    if pd.api.types.is_numeric_dtype(column.dtype):
        return column.astype("float64")
    given = column.astype("object")
    said = given.notna() & ~given.map(lambda v: is_null_text(str(v)))
    amounts = pd.to_numeric(given.where(said), errors="coerce").astype("float64")
    hard = said & ~np.isfinite(amounts)
    read = [parse_number(str(v))[0] for v in given[hard]]
    amounts[hard] = np.array(read, dtype="float64")
    unread = said & ~np.isfinite(amounts)
    why = Text("不是数值，该事件没有数量", "it is no number, the event has no amount")
    shown = given[unread].astype("str")
    tell_cells(shown, why, findings, file=name or "events", column="amount")
    return amounts.where(~unread)
