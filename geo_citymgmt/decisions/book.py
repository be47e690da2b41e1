"""The findings workbook, read again: each finding with what was written beside it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from geo_citymgmt.decisions.terms import decision_of
from geo_citymgmt.errors import SourceError
from geo_citymgmt.reading.sheet import list_sheets, read_workbook_sheet, tab_name
from geo_citymgmt.reading.sniff import refuse_devices
from geo_citymgmt.spec import LayerSpec
from geo_citymgmt.words import Text

__all__ = ["DECISION_COLUMNS", "read_decisions"]

DECISION_COLUMNS = (
    "layer", "code", "row_label", "key", "field", "value", "message_zh", "message_en", "opinion",
    "remark", "finding_key", "kind", "new_value", "settled",
)  # fmt: skip
_HEADINGS = {
    "severity": Text("级别", "Severity"),
    "layer": Text("图层", "Layer"),
    "code": Text("问题代码", "Code"),
    "message_zh": Text("问题说明（中文）", "Message (Chinese)"),
    "message_en": Text("问题说明（英文）", "Message (English)"),
    "row_label": Text("记录位置", "Record"),
    "key": Text("编号", "Id"),
    "field": Text("字段", "Field"),
    "value": Text("原值", "Value found"),
    "opinion": Text("处理意见", "Decision"),
    "remark": Text("说明", "Remark"),
    # In a hidden column; workbooks of 0.1.0 have none.
    "finding_key": Text("问题标识", "Finding key"),
}
_SUMMARY = Text("汇总", "Summary")
_SETTLED = Text("已了结意见", "Settled decisions")
#: What is about no layer.
_WHOLE = Text("数据源", "Source")
#: What only states a decision of the program is nothing to decide about, unless someone did.
_INFO = ("提示", "note", "info")


def read_decisions(path: str | Path, specs: Mapping[str, LayerSpec]) -> pd.DataFrame:
    """Read a findings workbook that an office has filled in.

    Parameters
    ----------
    path : str or Path
        The .xlsx that ``check --format xlsx`` or ``report`` wrote.
    specs : mapping of str to LayerSpec
        To know the sheets by the names of the layers and the fields by their labels. A sheet of a
        layer that is not among them is read as well, its layer is the name of the sheet.

    Returns
    -------
    DataFrame
        One row a finding of the workbook, columns :data:`DECISION_COLUMNS`: ``opinion`` and
        ``remark`` as written; ``finding_key`` by which the finding is known again, empty where
        the workbook has none; ``kind`` is accept, correct, unclear, or empty where nothing was
        decided; ``settled`` where the row is from the sheet of earlier decisions.

    Raises
    ------
    SourceError
        It is no findings workbook.
    """
    source = Path(path)
    refuse_devices(source)
    layers = {tab_name(n): s.key for s in specs.values() for n in (s.name_zh, s.name_en, s.key)}
    layers |= dict.fromkeys(_WHOLE, "")
    tables = {title: _table(source, title) for title in list_sheets(source)}
    if not any(table is not None for table in tables.values()):
        raise SourceError(
            Text(f"{source.name}：不是质检问题清单。", f"{source.name}: no sheet of findings."),
            remedy=Text(
                "请使用 check 或 report 生成的 findings.xlsx。",
                "Use the findings.xlsx of check or report.",
            ),
        )
    parts = [
        _decided(table, title, layers, specs)
        for title, table in tables.items()
        if table is not None and title not in _SUMMARY
    ]
    empty = pd.DataFrame(columns=list(DECISION_COLUMNS), dtype="str").astype({"settled": "bool"})
    # Settled ones last: a finding is known by the decision beside it first.
    parts.sort(key=lambda part: bool(part["settled"].any()))
    parts = [part for part in parts if len(part)]
    return pd.concat(parts, ignore_index=True) if parts else empty


def _table(path: Path, title: str) -> pd.DataFrame | None:
    """Return the rows of a sheet by what their headings mean; None for one that is not ours."""
    _, sheet = read_workbook_sheet(path, sublayer=title)
    heads = {word: name for name, words in _HEADINGS.items() for word in words}
    found = [
        {heads[str(cell)]: c for c, cell in enumerate(row) if str(cell) in heads}
        for row in sheet.rows[:5]
    ]
    needed = {"severity", "code"} if title in _SUMMARY else {"code", "key", "opinion"}
    first = next((k for k, places in enumerate(found) if needed <= set(places)), None)
    if first is None:
        return None
    rows = [r for r in sheet.rows[first + 1 :] if any(str(c).strip() for c in r)]
    return pd.DataFrame(
        {
            name: [_text(r[c] if c < len(r) else "") for r in rows]
            for name, c in found[first].items()
        },
        dtype="str",
    ).reindex(columns=list(_HEADINGS), fill_value="")


def _field_of(key: str) -> str:
    return (key.split(":", 3) + [""] * 3)[2]


def _text(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()


def _decided(
    table: pd.DataFrame, title: str, layers: Mapping[str, str], specs: Mapping[str, LayerSpec]
) -> pd.DataFrame:
    settled = title in _SETTLED
    said = table["opinion"].ne("") | table["remark"].ne("")
    table = table[said | (~table["severity"].isin(_INFO) & (not settled))].copy()
    names = table["layer"].map(tab_name) if settled else pd.Series(title, index=table.index)
    # The key knows the layer also where its name has changed since.
    by_key = table["finding_key"].str.replace(r":.*", "", regex=True)
    known = by_key.isin(specs).to_numpy()
    table["layer"] = (
        names.map(lambda name: layers.get(name, name)).mask(known, by_key).astype("str")
    )
    labels = {
        (key, word): item.name
        for key, spec in specs.items()
        for item in spec.fields.values()
        for word in (item.zh, item.en, item.name)
    }
    fields = [
        labels.get((layer, shown), _field_of(key) or shown)
        for layer, shown, key in zip(
            table["layer"], table["field"], table["finding_key"], strict=True
        )
    ]
    table["field"] = pd.array(fields, dtype="str")
    decided = [decision_of(text) for text in table["opinion"]]
    table["kind"] = pd.array([kind for kind, _ in decided], dtype="str")
    table["new_value"] = pd.array([value for _, value in decided], dtype="str")
    table["settled"] = settled
    return table[list(DECISION_COLUMNS)]
