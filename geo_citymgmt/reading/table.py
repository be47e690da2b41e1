"""Tables of an office: the header below a title, the records, and the rows that are none."""

from __future__ import annotations

import hashlib
import itertools
import operator
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from geo_citymgmt.errors import SourceError
from geo_citymgmt.findings import Findings
from geo_citymgmt.reading.inert import restore
from geo_citymgmt.reading.raw import Raw
from geo_citymgmt.reading.sheet import Sheet, read_csv_sheet, read_workbook_sheet
from geo_citymgmt.reading.sniff import KINDS, local_path, sniff
from geo_citymgmt.words import Text

__all__ = ["read_table"]

_SEARCHED = 30
_TOTAL = r"(?i)^(合计|小计|总计|共计|累计|总数|total|subtotal|grandtotal|sum)[:：]?$"
_PART_TOTAL = r"(合计|小计|总计|共计)[:：]?$"
_NOTE = r"^(注|备注|说明|填表|制表|审核|填报|单位|联系|统计)"
_SCIENTIFIC = r"^[+-]?\d(\.\d+)?[eE]\+?(1[1-9]|[2-9]\d)$"
_NUMBER = re.compile(r"[+-]?[\d,]*\.?\d+%?")


def read_table(
    source: Any, *, sublayer: str | None = None, encoding: str | None = None, name: str = ""
) -> Raw:
    """Read a .csv, .xlsx or .xls as it is; positions in its columns are another step.

    Titles above the header are left out; rows of totals, notes and repeated headers are walked
    and skipped, and said. A number with more digits than a sheet keeps is removed and said.

    Parameters
    ----------
    source : path
        A delimited text or a workbook.
    sublayer : str, optional
        Name of the sheet, where a workbook holds several.
    encoding : str, optional
        Of a text; without it: its mark, then UTF-8, then GB18030.
    name : str
        What to call it in the ledger; the file's name otherwise.

    Returns
    -------
    Raw
        ``row_label`` is "第 N 行", the row of the sheet; without geometry.

    Raises
    ------
    SourceError
        It is no table, its text is in no admitted encoding, or no header was found.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "list.csv"
    ...     _ = path.write_text("窨井台账\\n编号,材质\\nJ1,铸铁\\n合计,1\\n", encoding="gb18030")
    ...     raw = read_table(path)
    >>> raw.frame.to_dict("records"), raw.labels().tolist(), raw.n_skipped
    ([{'编号': 'J1', '材质': '铸铁'}], ['第 3 行', '第 4 行'], 1)
    """
    path = local_path(source)
    kind = sniff(path)
    if kind not in ("workbook", "csv"):
        raise SourceError(
            Text(
                f"{path.name}：不是表格。",
                f"{path.name}: is {KINDS[kind] or 'a folder'}, not a table.",
            ),
            remedy=Text("请给出 .csv 或 .xlsx。", "Give a .csv or .xlsx."),
        )
    if kind == "workbook":
        sheet_name, sheet = read_workbook_sheet(path, sublayer=sublayer)
        label = f"{path.name}:{sheet_name}"
    else:
        sheet, label = read_csv_sheet(path, encoding=encoding), path.name
    raw = table_of(sheet, name or label)
    raw.sha256, raw.path = hashlib.sha256(path.read_bytes()).hexdigest(), path
    return raw


def table_of(sheet: Sheet, name: str) -> Raw:
    """Make records of the rows of ``sheet``."""
    findings = Findings()
    if sheet.encoding == "GB18030" and sheet.encoding_source == "inferred":
        findings.add("ENC_INFERRED", value=sheet.encoding)
    first, header = _header(sheet.rows, name)
    if first > 1:
        findings.add("TABLE_HEADER", value=first)
    if sheet.unfinished:
        findings.add("TABLE_UNFINISHED", value=len(sheet.rows))
    _fill_merged(sheet, first, findings)
    body = sheet.rows[first:]
    lengths = np.fromiter(map(len, body), dtype=np.int64, count=len(body))
    cells = _turned(body, lengths) or [()] * len(header)
    columns = [_column(values) for values in cells[: max(len(header), 0)]]
    columns += [_column([None] * len(body))] * (len(header) - len(columns))
    beyond = [_column(values) for values in cells[len(header) :]]
    there = np.column_stack([c.notna().to_numpy() for c in (*columns, *beyond)])
    rows = np.flatnonzero(there.any(axis=1))
    extra: np.ndarray = np.asarray(there[:, len(header) :].any(axis=1))
    if rows.size and extra[rows].mean() > 0.5:
        columns, beyond, extra = [*columns, *beyond], [], np.zeros(len(body), dtype=bool)
    if sheet.encoding:
        # A text file of ours marks texts that a spreadsheet would run; that mark is no text.
        columns = [restore(c) if pd.api.types.is_string_dtype(c.dtype) else c for c in columns]
    labels = _labels(header, columns)
    frame = pd.DataFrame(
        {label: column for label, column in zip(labels, columns, strict=True) if label},
        index=range(len(body)),
    )
    frame, lengths, extra = frame.iloc[rows].reset_index(drop=True), lengths[rows], extra[rows]
    skipped = _no_records(frame, findings)
    record = np.flatnonzero(~skipped)
    frame = frame[~skipped].reset_index(drop=True)
    _check_shape(frame, sheet, rows + first, record, lengths, extra, len(header), findings)
    frame = _without_damage(frame, record, findings)
    return Raw(
        name=name,
        frame=frame,
        geometry=np.full(len(frame), None, dtype=object),
        record=record,
        n_walked=len(rows),
        n_skipped=int(skipped.sum()),
        findings=findings,
        encoding=sheet.encoding,
        encoding_source=sheet.encoding_source,
        row_label=np.array([f"第 {r + first + 1} 行" for r in rows], dtype=object),
    )


def _turned(body: Sequence[Sequence[Any]], lengths: np.ndarray) -> list[Sequence[Any]]:
    """Columns of rows; rows of one length, as nearly always, are turned column by column."""
    if len(body) and (lengths == lengths[0]).all():
        return [list(map(operator.itemgetter(i), body)) for i in range(int(lengths[0]))]
    return list(itertools.zip_longest(*body))


def _header(rows: Sequence[Sequence[Any]], name: str) -> tuple[int, list[str]]:
    """Return how many rows come before the records, and the names of the columns."""
    head = rows[:_SEARCHED]
    filled = [sum(not _is_blank(c) for c in row) for row in head]
    usual = max(filled, default=0)
    for i, row in enumerate(head):
        if filled[i] < max(min(2, usual), 0.6 * usual) or not _is_wordy(row):
            continue
        names = ["" if _is_blank(c) else re.sub(r"\s+", "", str(c)) for c in row]
        below = list(rows[i + 1]) if i + 1 < len(rows) else []
        if _is_second_header(names, below):
            below += [""] * (len(names) - len(below))
            lower = ["" if _is_blank(c) else re.sub(r"\s+", "", str(c)) for c in below]
            return i + 2, [b or a for a, b in zip(names, lower, strict=False)]
        while names and not names[-1]:
            names.pop()
        return i + 1, names
    raise SourceError(
        Text(
            f"{name}：前 {_SEARCHED} 行中没有找到表头。",
            f"{name}: no row of headings was found in the first {_SEARCHED} rows.",
        ),
        remedy=Text(
            "请在数据上方用一行写明列名。",
            "Write the names of the columns into one row above the records.",
        ),
    )


def _is_blank(cell: Any) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


def _is_wordy(row: Sequence[Any]) -> bool:
    cells = [c for c in row if not _is_blank(c)]
    words = [c for c in cells if isinstance(c, str) and not _NUMBER.fullmatch(c.strip())]
    return len(words) >= 0.8 * len(cells) and len(set(map(str, cells))) > 0.5 * len(cells)


def _is_second_header(names: Sequence[str], below: Sequence[Any]) -> bool:
    """Whether the row below names the parts of headings that were merged across columns."""
    gaps = [i for i, n in enumerate(names) if not n and any(names[:i])]
    cells = [i for i, c in enumerate(below) if not _is_blank(c)]
    return (
        bool(gaps)
        and bool(set(gaps) & set(cells))
        and len(cells) <= max(2 * len(gaps), 1)
        and all(isinstance(below[i], str) and not _NUMBER.fullmatch(below[i]) for i in cells)
    )


def _fill_merged(sheet: Sheet, first: int, findings: Findings) -> None:
    """Repeat a text merged down over several rows; a number merged so counts once."""
    filled = 0
    for (top, left), (bottom, right) in sheet.merged:
        if top < first or bottom == top or right != left or bottom >= len(sheet.rows):
            continue
        value = sheet.rows[top][left] if left < len(sheet.rows[top]) else ""
        if not isinstance(value, str) or _is_blank(value) or _NUMBER.fullmatch(value.strip()):
            continue
        for row in sheet.rows[top + 1 : bottom + 1]:
            row[left] = value
        filled += 1
    if filled:
        findings.add("CELLS_MERGED", value=filled)


def _column(values: Sequence[Any]) -> pd.Series:
    """One column in the narrowest of text, number, date; blank cells are missing."""
    kinds = set(map(type, values)) - {type(None)}
    if kinds <= {str}:
        return _texts(values)
    series = pd.Series(list(values), dtype=object)
    series = series.mask(series.isin(["", None]))
    kinds = set(map(type, series.dropna())) if str in kinds else kinds
    names = {kind.__name__ for kind in kinds}
    if names <= {"float", "int"}:
        return pd.to_numeric(series).astype("float64")
    if names <= {"date", "datetime"}:
        try:
            return pd.to_datetime(series).astype("datetime64[us]")
        except (ValueError, OverflowError):
            pass
    codes, distinct = pd.factorize(series.map(_cell_text), use_na_sentinel=True)
    return _texts([None if k < 0 else distinct[k] for k in codes.tolist()])


def _cell_text(value: Any) -> Any:
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return None
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    if hasattr(value, "isoformat"):
        return value.isoformat(" ") if hasattr(value, "hour") else value.isoformat()
    return str(value)


def _texts(values: Sequence[Any]) -> pd.Series:
    try:
        array = pa.array(values, type=pa.large_string())
    except (pa.ArrowException, UnicodeEncodeError):
        # A lone surrogate, which a damaged workbook can hold, is no text.
        safe = [v and v.encode("utf-8", "replace").decode() for v in values]
        array = pa.array(safe, type=pa.large_string())
    trimmed = pc.utf8_trim_whitespace(array)
    return pc.if_else(pc.equal(trimmed, ""), None, trimmed).to_pandas().astype("str")


def _labels(header: Sequence[str], columns: Sequence[pd.Series]) -> list[str]:
    """Name each column once; one without heading and values is left out."""
    labels: list[str] = []
    for i, column in enumerate(columns):
        name = header[i] if i < len(header) else ""
        if not name and not column.notna().any():
            labels.append("")
            continue
        label = base = name or f"列{i + 1}"
        k = 2
        while label in labels:
            label, k = f"{base}_{k}", k + 1
        labels.append(label)
    return labels


def _no_records(frame: pd.DataFrame, findings: Findings) -> np.ndarray:
    """Tell the rows that are no records: totals, notes, headings once more."""
    n = len(frame)
    there = frame.notna().to_numpy()
    first = there.argmax(axis=1) if frame.shape[1] else np.zeros(n, dtype=int)
    count = there.sum(axis=1)
    total, note = np.zeros(n, dtype=bool), np.zeros(n, dtype=bool)
    same = np.zeros(n, dtype=np.int64)
    shown = np.full(n, "", dtype=object)
    for i, label in enumerate(frame.columns):
        column = frame[label]
        if not pd.api.types.is_string_dtype(column.dtype):
            continue
        same += (column == label).fillna(False).to_numpy(dtype=bool)
        # Such a word stands in the first filled cell of its row, or in the one after that.
        near = np.flatnonzero((first >= i - 1) & there[:, i])
        if not near.size:
            continue
        texts = pa.array(column.iloc[near], type=pa.large_string(), from_pandas=True)
        closed = pc.replace_substring_regex(texts, r"\s", "")
        whole = _spread(_matches(closed, _TOTAL), near, n)
        # A heading such as 姑苏区小计 is a total where the rest of the row names nothing.
        part = _spread(_matches(closed, _PART_TOTAL), near, n) & (first == i)
        part &= count <= (frame.shape[1] + 1) // 2
        hit = whole | part
        shown[hit & ~total] = column[hit & ~total]
        total |= hit
        if frame.shape[1] >= 3:
            hit = _spread(_matches(closed, _NOTE), near, n) & (first == i) & (count == 1)
            shown[hit] = column[hit].str.slice(0, 60)
            note |= hit
    repeated = (same >= 2) & (same >= 0.6 * frame.shape[1])
    note = (note | repeated) & ~total
    findings.add("TOTAL_ROW", records=np.flatnonzero(total), value=shown[total])
    findings.add("NOTE_ROW", records=np.flatnonzero(note), value=shown[note])
    return total | note


def _matches(texts: Any, pattern: str) -> np.ndarray:
    found = pc.fill_null(pc.match_substring_regex(texts, pattern), False)
    return np.asarray(found.to_numpy(zero_copy_only=False), dtype=bool)


def _spread(hit: np.ndarray, where: np.ndarray, n: int) -> np.ndarray:
    out = np.zeros(n, dtype=bool)
    out[where] = hit
    return out


def _check_shape(
    frame: pd.DataFrame,
    sheet: Sheet,
    row: np.ndarray,
    record: np.ndarray,
    lengths: np.ndarray,
    extra: np.ndarray,
    width: int,
    findings: Findings,
) -> None:
    """Rows with more or fewer values than there are headings have shifted, or were cut."""
    longer, shorter = extra[record], lengths[record] < width
    if len(record) and shorter.mean() > 0.5:
        shorter = np.zeros(len(record), dtype=bool)
    torn = np.isin(row[record], sheet.torn)
    for hit, severity, action in (
        (longer, "error", "rejected"),
        ((shorter | torn) & ~longer, "warning", "none"),
    ):
        findings.add(
            "ROW_RAGGED",
            records=record[hit],
            value=lengths[record[hit]],
            expected=width,
            severity=severity,
            action=action,
        )
    lost = np.isin(row[record], sheet.lost)
    for label in frame.columns if lost.any() else ():
        if not pd.api.types.is_string_dtype(frame[label].dtype):
            continue
        hit = lost & frame[label].str.contains("\ufffd", regex=False).fillna(False).to_numpy(bool)
        findings.add(
            "TEXT_LOST",
            records=record[hit],
            field=str(label),
            value=frame.loc[hit, label].to_numpy(dtype=object),
        )


def _without_damage(frame: pd.DataFrame, record: np.ndarray, findings: Findings) -> pd.DataFrame:
    """Take out numbers with more digits than a sheet keeps: what is left of them is another id."""
    for label in frame.columns:
        column = frame[label]
        if pd.api.types.is_float_dtype(column.dtype):
            size = column.abs()
            # A sheet keeps 15 digits of what is typed, and puts zeros for the rest.
            hit = ((size >= 2**53) | ((size >= 1e15) & (size % 10 == 0))).to_numpy(dtype=bool)
        elif pd.api.types.is_string_dtype(column.dtype):
            hit = _matches(pa.array(column, pa.large_string(), from_pandas=True), _SCIENTIFIC)
        else:
            continue
        if hit.any():
            shown = column[hit].map(lambda v: v if isinstance(v, str) else f"{v:.0f}")
            findings.add(
                "ID_DAMAGED",
                records=record[hit],
                field=str(label),
                value=shown.to_numpy(dtype=object),
                detail=Text("", ""),
                action="value_removed",
            )
            frame[label] = column.mask(hit)
    return frame
