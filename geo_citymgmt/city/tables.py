"""The small tables beside the layers: events and targets, from .csv in either encoding."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import takewhile
from pathlib import Path

import numpy as np
import pandas as pd

from geo_citymgmt._dates import local_days
from geo_citymgmt.cleaning.dates import parse_date
from geo_citymgmt.cleaning.numbers import parse_number
from geo_citymgmt.cleaning.text import plain_key
from geo_citymgmt.errors import SourceError
from geo_citymgmt.findings import Findings
from geo_citymgmt.spec import LayerSpec
from geo_citymgmt.words import Text

__all__ = ["EVENT_COLUMNS", "TARGET_COLUMNS", "read_events", "table_columns"]

EVENT_COLUMNS = ("layer", "key", "event", "date", "amount", "note")
TARGET_COLUMNS = ("indicator", "zone_code", "target", "unit", "deadline", "note")
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


def read_events(
    source: Path | pd.DataFrame,
    specs: Mapping[str, LayerSpec],
    findings: Findings,
    *,
    only: Collection[str] | None = None,
) -> pd.DataFrame:
    """Read the events; layers and events may be named by key or in Chinese.

    A row that names an unknown layer or event, or has no date, is left out and told. Where ``only``
    some layers are asked for, what befell the others is left aside like them: no finding.
    """
    table = table_columns(source, EVENT_COLUMNS, required=("layer", "key", "event", "date"))
    layers = {plain_key(n): s.key for s in specs.values() for n in (s.key, s.name_zh, *s.names)}
    table["layer"] = table["layer"].map(lambda v: layers.get(plain_key(str(v))))
    if only:
        table = table[table["layer"].isin(only)].reset_index(drop=True)
    words = {
        (s.key, plain_key(word)): key
        for s in specs.values()
        for key, event in s.events.items()
        for word in (key, event.zh, event.en)
    }
    pairs = zip(table["layer"], table["event"], strict=True)
    table["event"] = [words.get((layer, plain_key(str(event)))) for layer, event in pairs]
    table["date"] = _dates(table["date"])
    table["amount"] = _numbers(table["amount"])
    table["key"] = table["key"].astype("str")
    for column, why in (
        ("layer", Text("图层名称无法识别", "their layer is not known")),
        ("event", Text("事件类型无法识别", "their kind of event is not known to the layer")),
        ("date", Text("没有有效日期", "they have no valid date")),
    ):
        lost = table[column].isna()
        if lost.any():
            findings.add("EVENT_UNMATCHED", value=int(lost.sum()), about=column, detail=why)
            table = table[~lost]
    table[["layer", "event"]] = table[["layer", "event"]].astype("str")
    return table.sort_values(["date", "layer", "key"], kind="stable").reset_index(drop=True)


def table_columns(
    source: Path | pd.DataFrame,
    columns: tuple[str, ...],
    required: tuple[str, ...],
    more: Mapping[str, str] | None = None,
    *,
    name: str = "table",
) -> pd.DataFrame:
    """Return the columns of a table under their own names, found by any heading they go by.

    Rows of a file have their position in it, from 0 after the headings.

    Raises
    ------
    SourceError
        It is no table, a required column is missing, or a heading is there twice; ``name`` is what
        a table that is no file is called.
    """
    name = source.name if isinstance(source, Path) else name
    raw = _read_csv(source) if isinstance(source, Path) else source.copy()
    twice = raw.columns[raw.columns.duplicated()]
    if len(twice):
        raise SourceError(
            Text(
                f"{name}：有多个名为“{twice[0]}”的列。",
                f"{name}: more than one column is named {twice[0]!r}.",
            ),
            remedy=Text("请改名或删去多余的列。", "Rename them, or leave one out."),
        )
    by_key = {plain_key(str(c)): c for c in raw.columns}
    out = {}
    for column in columns:
        words = (column, *_HEADINGS.get(column, ()), (more or {}).get(column, column))
        found = next((by_key[plain_key(w)] for w in words if plain_key(w) in by_key), None)
        if found is None and column in required:
            raise SourceError(
                Text(
                    f"{name}：缺少列 {column}（或 {'、'.join(_HEADINGS[column])}）。",
                    f"{name}: no column {column!r}; it needs {', '.join(required)}.",
                ),
                remedy=Text("请补上该列并写明列名。", "Add the column, with this heading."),
            )
        out[column] = raw[found] if found is not None else pd.Series(pd.NA, index=raw.index)
    return pd.DataFrame(out)


def _read_csv(path: Path) -> pd.DataFrame:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            before = _blank_lines(path, encoding)
            table = pd.read_csv(
                path, dtype="str", encoding=encoding, keep_default_na=False,
                skip_blank_lines=False, skiprows=before,
            ).fillna("")  # fmt: skip
            # Rows are told by their place in the file: empty ones count, and say nothing.
            table.index += before
            return table[(table != "").any(axis=1)]
        except UnicodeDecodeError:
            continue
        except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
            raise SourceError(
                Text(
                    f"{path.name}：不是有效的表格（{error}）。",
                    f"{path.name}: not a table ({error}).",
                ),
                remedy=Text(
                    "请重新存为 .csv，首行为列名。",
                    "Save it again as .csv, with one row of headings.",
                ),
            ) from error
    raise SourceError(
        Text(
            f"{path.name}：文字既不是 UTF-8 也不是 GB18030。",
            f"{path.name}: the text is neither UTF-8 nor GB18030.",
        ),
        remedy=Text("请另存为 UTF-8。", "Save it as UTF-8."),
    )


def _blank_lines(path: Path, encoding: str) -> int:
    """How many empty lines stand above the headings."""
    with path.open(encoding=encoding) as lines:
        return sum(1 for _ in takewhile(lambda line: not line.strip(), lines))


def _dates(column: pd.Series) -> pd.Series:
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return pd.Series(local_days(column).astype("datetime64[us]"), index=column.index)
    days = [parse_date(str(v))[0] if pd.notna(v) else np.datetime64("NaT", "us") for v in column]
    return pd.Series(np.array(days, dtype="datetime64[us]"), index=column.index)


def _numbers(column: pd.Series) -> pd.Series:
    if pd.api.types.is_numeric_dtype(column.dtype):
        return column.astype("float64")
    plain = pd.to_numeric(column.replace("", None), errors="coerce")
    hard = plain.isna() & column.notna() & (column != "")
    if hard.any():
        plain = plain.astype("float64")
        plain[hard] = [parse_number(str(v))[0] for v in column[hard]]
    return plain.astype("float64")
