"""Tables of an office: the header below a title, the records, and the rows that are none."""

from __future__ import annotations

import hashlib
import itertools
import operator
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from geo_citymgmt._dates import local_days
from geo_citymgmt._languages import NOTHING, Text, first_few
from geo_citymgmt._markup import restore
from geo_citymgmt.findings import Findings
from geo_citymgmt.reading._headings import (
    FOOT_BEGINS,
    PART_TOTAL,
    SEARCHED,
    TOTAL,
    TOTALS_BEGIN,
    Headings,
    find_headings,
    heading_name,
    is_blank,
    is_foot,
    is_form_line,
    is_heading_of,
    is_number_text,
    is_signature,
    is_wordy,
    kinds_below,
    names_with_units,
    sums_among,
)
from geo_citymgmt.reading._limits import check_table, local_path
from geo_citymgmt.reading._messages import failure
from geo_citymgmt.reading._raw import Raw
from geo_citymgmt.reading._sheet import Marks, Sheet, read_csv_sheet
from geo_citymgmt.reading._sniff import KINDS, sniff
from geo_citymgmt.reading._text import has_byte, legible, trimmed
from geo_citymgmt.reading._web_table import read_sheet_xml, read_web_table
from geo_citymgmt.reading._xlsx import read_workbook_sheet

#: A side table has fewer rows than this share of the first, or the first of it.
_SHORTER = 0.5
#: Share of the rows above that fill a column, or fill it with numbers.
_MOST = 0.8
_SAMPLED = 200
_ENOUGH = 50


def table_beside(headings: Sequence[str], filled: np.ndarray) -> tuple[int, bool] | None:
    """Return the column where another table begins, and whether it has the same headings.

    Parameters
    ----------
    headings : sequence of str
        Names of the columns, empty for none.
    filled : array of bool
        Which cells of each row below hold anything; as many columns as headings, or more.

    Examples
    --------
    >>> filled = np.ones((2, 5), dtype=bool)
    >>> filled[:, 2] = False
    >>> table_beside(["编号", "经度", "", "编号", "经度"], filled)
    (3, True)
    >>> table_beside(["编号", "经度", "", "名称", "备注"], filled) is None
    True
    """
    half = len(headings) // 2
    if half >= 2 and all(headings[:half]) and list(headings[:half]) == list(headings[half:]):
        return half, True
    names = [*headings, *[""] * (filled.shape[1] - len(headings))]
    blank = [not n and not filled[:, j].any() for j, n in enumerate(names)]
    begins = [j for j in range(1, len(names)) if blank[j - 1] and not blank[j]]
    for start in begins:
        first = [j for j in range(start) if not blank[j]]
        end = next((j for j in range(start, len(names)) if blank[j]), len(names))
        other_names = [n for n in names[start:end] if n]
        if len(other_names) < 2 or len([j for j in first if names[j]]) < 2:
            continue
        if 2 * sum(n in names[:start] for n in other_names) >= len(other_names):
            return start, True
        rows = [int(filled[:, c].any(axis=1).sum()) for c in (first, slice(start, end))]
        if min(rows) < _SHORTER * max(rows):
            return start, False
    return None


def first_row_below(rows: Sequence[Sequence[Any]], headings: Sequence[str]) -> int | None:
    """Return the row in which another table begins, its title included; None where none does.

    Another table begins behind a blank row with headings of its own: words where numbers stand
    above, and from there on cells in other columns, or of another kind, than the records above.

    Examples
    --------
    >>> rows = [["J1", 120.6], ["J2", 120.7], [], ["状态", "数量"], ["完好", 2]]
    >>> first_row_below(rows, ["编号", "经度"]), first_row_below(rows[:2], ["编号", "经度"])
    (3, None)
    """
    blank = [i for i, row in enumerate(rows) if all(map(is_blank, row))]
    looked_at = 0
    for at, following in itertools.pairwise([*blank, len(rows)]):
        if at < 2 or following - at < 3:
            continue
        # Up to two titles of one cell stand above its headings.
        head = next((i for i in range(at + 1, min(at + 4, len(rows))) if _n_filled(rows[i]) > 1), 0)
        if not head or head + 1 >= len(rows) or not is_wordy(rows[head]):
            continue
        looked_at += 1
        if _is_other(rows, at, head, headings):
            return at + 1
        if looked_at == _ENOUGH:
            # Blank rows are no more than a habit in this table.
            break
    return None


def _is_other(rows: Sequence[Sequence[Any]], end: int, head: int, headings: Sequence[str]) -> bool:
    row = rows[head]
    # Headings once more go on with the same table.
    same = sum(str(c).strip() in headings for c in row if not is_blank(c))
    if is_form_line(rows, head) or 2 * same > _n_filled(row):
        return False
    above = [r for r in rows[max(end - _SAMPLED, 0) : end] if _n_filled(r)]
    below = [r for r in rows[head + 1 : head + 1 + _SAMPLED] if _n_filled(r)]
    for j in range(len(headings)):
        cells = [r[j] for r in above if j < len(r) and not is_blank(r[j])]
        if len(cells) < max(2, _MOST * len(above)):
            continue
        if sum(map(is_number_text, cells)) < _MOST * len(cells):
            continue
        after = [r[j] for r in below if j < len(r) and not is_blank(r[j])]
        # A heading over numbers, or a column that every record fills and none below does.
        named = j < len(row) and not is_blank(row[j])
        if named or (len(below) >= 2 and not after):
            return True
    return False


def _n_filled(row: Sequence[Any]) -> int:
    return sum(not is_blank(c) for c in row)


_BEFORE_EXPONENT = tuple(b"eE+")
_NOTE = r"^(注|备注|说明|填表|制表|审核|填报|单位|联系|统计)"
#: In a table of fewer columns than this a row of one cell may be a record.
_NARROWEST = 3
#: So many rows at most stand below the last record to sign a list.
_SIGNED_ROWS = 5
#: Delimiters of texts whose numbers may have a decimal comma.
_BESIDE_COMMAS = (";", "\t")
_COMMA_NUMBER = r"^[+-]?\d+,\d+$"
_NO_THOUSANDS = r"^[+-]?(\d{4,},\d+|\d+,(\d{1,2}|\d{4,}))$"
_WRAPPED = r'^="[\s\S]*"$'
_SCIENTIFIC = r"^[+-]?\d(\.\d+)?[eE]\+?(1[1-9]|[2-9]\d)$"


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
    if kind not in ("workbook", "csv", *_DISGUISED):
        raise failure("not_a_table", path.name, kind=KINDS[kind] or "a folder")
    # Beside the reading: a digest leaves the interpreter to others.
    with ThreadPoolExecutor(1) as beside:
        digest = beside.submit(_digest, path)
        if kind == "workbook":
            sheet_name, sheet = read_workbook_sheet(path, sublayer=sublayer)
            label = f"{path.name}:{sheet_name}"
        elif kind == "csv":
            sheet, label = read_csv_sheet(path, encoding=encoding), path.name
        elif kind == "web table":
            sheet, label = read_web_table(path, encoding=encoding), path.name
        else:
            sheet, label = read_sheet_xml(path), path.name
        raw = table_of(sheet, name or label)
        raw.sha256, raw.path = digest.result(), path
    if kind in _DISGUISED:
        raw.findings.add("TABLE_DISGUISED", value=path.suffix, detail=_DISGUISED[kind])
    return raw


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


_DISGUISED = {
    "web table": Text("网页", "a web page"),
    "sheet xml": Text("2003 版 XML 表格", "a spreadsheet in XML of 2003"),
}


def table_of(sheet: Sheet, name: str) -> Raw:
    """Make records of the rows of ``sheet``."""
    _check_extent(sheet, name)
    findings = Findings()
    if sheet.encoding == "GB18030" and sheet.encoding_source == "inferred":
        findings.add("ENC_INFERRED", value=sheet.encoding)
    if sheet.n_zeros:
        findings.add("TEXT_ZEROS", value=sheet.n_zeros)
    if sheet.unfinished:
        findings.add("TABLE_UNFINISHED", value=sheet.n_rows)
    headings = find_headings(sheet.rows, sheet.merged, name)
    if headings.first > 1:
        findings.add("TABLE_HEADER", value=headings.first)
    if headings.distinguished:
        findings.add("TABLE_LEVELS", value="、".join(headings.distinguished))
    _fill_merged(sheet, headings.first, findings)
    block = _block(sheet, headings, findings)
    labels = _labels(block.header, block.columns)
    frame = pd.DataFrame(
        {label: column for label, column in zip(labels, block.columns, strict=True) if label},
        index=range(len(block.is_filled)),
    )
    rows = np.flatnonzero(block.is_filled)
    frame = frame.iloc[rows].reset_index(drop=True)
    lengths, extra = block.lengths[rows], block.extra[rows]
    n_before = block.n_before
    findings.add(
        "NOTE_ROW",
        records=np.arange(n_before),
        value=[_row_text(row) for row in sheet.rows[headings.first : headings.first + n_before]],
    )
    row = headings.first + n_before + rows
    skipped, repeated = _no_records(frame, findings, n_before)
    frame = _under_own_headings(frame, repeated, row, findings, name)
    kept = np.flatnonzero(~skipped)
    frame, record = frame[~skipped].reset_index(drop=True), n_before + kept
    width = len(block.header)
    _check_shape(frame, sheet, row[kept], record, lengths[kept], extra[kept], width, findings)
    _report_marks(sheet, labels, row[kept], record, findings, name)
    frame = _plain_texts(frame, sheet, findings)
    frame = _without_damage(frame, record, findings)
    scanned = np.concatenate([headings.first + np.arange(n_before), row, block.rows_after])
    return Raw(
        name=name,
        frame=frame,
        geometry=np.full(len(frame), None, dtype=object),
        record=record,
        n_walked=len(scanned),
        n_skipped=int(skipped.sum()) + n_before + len(block.rows_after),
        findings=findings,
        encoding=sheet.encoding,
        encoding_source=sheet.encoding_source,
        row_label=scanned + 1,
        row_form="第 {} 行",
        stated_unit=headings.stated_unit,
    )


def _check_extent(sheet: Sheet, name: str) -> None:
    """Refuse a sheet that would take more room than memory has once its rows are of one length."""
    lengths = list(map(len, sheet.rows))
    width = max(lengths, default=0)
    if sheet.columns is None:
        check_table(name, len(lengths), width, sum(lengths))
    else:
        check_table(name, sheet.n_rows, width, sheet.n_rows * width)


@dataclass
class _Block:
    """The cells of the first table of a sheet, column by column."""

    header: list[str]
    columns: list[pd.Series]
    #: By row: whether it holds anything, how many cells it has, and whether some lie beyond.
    is_filled: np.ndarray
    lengths: np.ndarray
    extra: np.ndarray
    #: Rows between headings and records, and those of another table below, by their place.
    n_before: int
    rows_after: np.ndarray


def _block(sheet: Sheet, headings: Headings, findings: Findings) -> _Block:
    """Lay out the table under the headings ``found``, without what stands beside or below it."""
    header = list(headings.names)
    kinds = kinds_below(sheet.rows[headings.first : headings.first + SEARCHED], header)
    for kind, row in zip(kinds, sheet.rows[headings.first :], strict=False):
        header = names_with_units(header, row) if kind == "units" else header
    start = headings.first + len(kinds)
    body = sheet.body(start)
    if sheet.columns is not None and _has_blank_row(body):
        # What stands behind it may be another table.
        body = sheet.body(-1)[start:]
    rows_after = np.empty(0, dtype=np.int64)
    if sheet.columns is None and (end := first_row_below(body, header)) is not None:
        after = [i for i in range(end, len(body)) if not all(map(is_blank, body[i]))]
        rows_after = start + np.array(after, dtype=np.int64)
        number = start + end + 1
        where = Text(f"第 {number} 行起", f"from row {number} on")
        findings.add("TABLE_ASIDE", about="below", value=_row_text(body[end]), detail=where)
        body = body[:end]
    columns, lengths = _laid_out(body, sheet.columns is not None, len(header))
    filled = np.column_stack([c.notna().to_numpy() for c in columns])
    if (neighbour := table_beside(header, filled)) is not None:
        cut, is_same = neighbour
        findings.add(
            "TABLE_ASIDE",
            about="beside",
            severity="error" if is_same else "warning",
            value="、".join(n for n in header[cut:] if n),
            detail=Text(f"第 {cut + 1} 列起", f"from column {cut + 1} on"),
        )
        header, columns, filled = header[:cut], columns[:cut], filled[:, :cut]
        while header and not header[-1]:
            header.pop()
        lengths = np.minimum(lengths, len(header))
    extra = np.asarray(filled[:, len(header) :].any(axis=1))
    has_any = np.asarray(filled.any(axis=1))
    if has_any.any() and extra[has_any].mean() > 0.5:
        extra = np.zeros(len(filled), dtype=bool)
    else:
        columns = columns[: len(header)]
    return _Block(header, columns, has_any, lengths, extra, len(kinds), rows_after)


def _has_blank_row(columns: Sequence[pa.Array]) -> bool:
    longest = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        longest = np.maximum(longest, pc.binary_length(column).to_numpy())
        if longest.all():
            return False
    return True


def _laid_out(
    body: Sequence[Any], is_regular: bool, width: int
) -> tuple[list[pd.Series], np.ndarray]:
    """Return the columns of ``body``, at least ``width``, and how many cells each row has."""
    if is_regular:
        columns = [_text_column(c) for c in body]
        n, lengths = len(body[0]), np.full(len(body[0]), len(body))
    else:
        n, lengths = len(body), np.fromiter(map(len, body), dtype=np.int64, count=len(body))
        columns = [_column(values) for values in _turned(body, lengths)]
    columns += [_column([None] * n)] * (width - len(columns))
    return columns, lengths


def _row_text(row: Sequence[Any]) -> str:
    return "、".join(str(c).strip() for c in row if not is_blank(c))[:60]


def _turned(body: Sequence[Sequence[Any]], lengths: np.ndarray) -> list[Sequence[Any]]:
    """Columns of rows; rows of one length, as nearly always, are turned column by column."""
    if len(body) and (lengths == lengths[0]).all():
        return [list(map(operator.itemgetter(i), body)) for i in range(int(lengths[0]))]
    return list(itertools.zip_longest(*body))


def _fill_merged(sheet: Sheet, first: int, findings: Findings) -> None:
    """Repeat a text merged down over several rows; a number merged so counts once."""
    filled = 0
    for (top, left), (bottom, right) in sheet.merged:
        if top < first or bottom == top or right != left or bottom >= len(sheet.rows):
            continue
        value = sheet.rows[top][left] if left < len(sheet.rows[top]) else ""
        if not isinstance(value, str) or is_blank(value) or is_number_text(value):
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
        safe = [v and legible(v) for v in values]
        array = pa.array(safe, type=pa.large_string())
    return _text_column(array)


def _text_column(array: pa.Array) -> pd.Series:
    texts = trimmed(array)
    empty = pc.equal(pc.binary_length(texts), 0)
    if pc.any(empty).as_py():
        texts = pc.if_else(empty, pa.scalar(None, texts.type), texts)
    return pd.Series(pd.array(texts, dtype="str"))


def _array(column: pd.Series) -> pa.Array:
    """Return a column of text as Arrow has it."""
    array = pa.array(column.array, type=pa.large_string(), from_pandas=True)
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def _plain_texts(frame: pd.DataFrame, sheet: Sheet, findings: Findings) -> pd.DataFrame:
    """Take off what a program put around texts so that a spreadsheet leaves them alone."""
    unwrapped: list[str] = []
    example = ""
    texts = [n for n in frame.columns if isinstance(frame[n].dtype, pd.StringDtype)]
    for label in texts:
        column = frame[label]
        array = _array(column)
        wrapped = _matches_among(array, _WRAPPED, has_byte(array, 0, (ord("="),)))
        if wrapped.any():
            # ="001" is a formula whose value is the text 001.
            unwrapped.append(str(label))
            example = example or str(column[wrapped].iloc[0])
            inner = column[wrapped].str.slice(2, -1).str.replace('""', '"', regex=False)
            frame[label] = column.mask(wrapped).fillna(inner)
        elif sheet.encoding and has_byte(array, 0, (ord("'"),)).any():
            # A text file of ours marks texts that a spreadsheet would run; that mark is no text.
            frame[label] = restore(column)
    if unwrapped:
        findings.add("CELLS_UNWRAPPED", value=example, expected="、".join(unwrapped))
    if sheet.delimiter in _BESIDE_COMMAS:
        _decimal_points(frame, texts, findings)
    return frame


def _decimal_points(frame: pd.DataFrame, texts: Sequence[str], findings: Findings) -> None:
    """Write the decimal commas of a table that nothing but commas can part as points."""
    arrays = {n: pa.array(frame[n], pa.large_string(), from_pandas=True) for n in texts}
    filled = {n: frame[n].notna().to_numpy() for n in texts}
    commas = {n: _matches(a, _COMMA_NUMBER) for n, a in arrays.items()}
    integers = {n: _matches(a, r"^[+-]?\d+$") for n, a in arrays.items()}
    hit = [n for n in texts if commas[n].any() and (commas[n] | integers[n])[filled[n]].all()]
    # 1,234 alone could be a thousand; a comma before one, two or four digits could not.
    if not any(_matches(arrays[n], _NO_THOUSANDS).any() for n in hit):
        return
    for name in hit:
        frame[name] = frame[name].str.replace(",", ".", regex=False)
    findings.add("DECIMAL_COMMA", value="、".join(map(str, hit)))


def _report_marks(
    sheet: Sheet,
    labels: Sequence[str],
    row: np.ndarray,
    record: np.ndarray,
    findings: Findings,
    source: str,
) -> None:
    """Tell cells that lost their value to an error or were never computed, and what is hidden."""
    marks = sheet.marks
    if marks == Marks():
        return
    record_of = dict(zip(row.tolist(), record.tolist(), strict=True))
    for code, action, cells in (
        ("CELL_ERROR", "value_removed", marks.errors),
        ("FORMULA_UNCOMPUTED", "value_removed", dict.fromkeys(marks.uncomputed, "=")),
    ):
        for column, label in enumerate(labels):
            hit = {
                record_of[r]: text
                for (r, c), text in cells.items()
                if c == column and label and r in record_of
            }
            findings.add(
                code,
                records=np.array(list(hit), dtype=np.int64),
                field=label,
                value=np.array(list(hit.values()), dtype=object),
                action=action,
            )
    if marks.is_hidden:
        findings.add("SHEET_UNSEEN", value=source)
    rows = [r for r in marks.hidden_rows if r in record_of]
    columns = [labels[c] for c in marks.hidden_columns if c < len(labels) and labels[c]]
    if rows or columns:
        findings.add(
            "SHEET_HIDDEN",
            value=len(rows),
            expected="、".join(columns) or "-",
            detail=Text("（表上有筛选）", " (a filter is on)") if marks.is_filtered else NOTHING,
        )


def _labels(header: Sequence[str], columns: Sequence[pd.Series]) -> list[str]:
    """Name each column once; one without heading and values is left out."""
    labels: list[str] = []
    known: set[str] = set()
    nth: dict[str, int] = {}
    for i, column in enumerate(columns):
        name = header[i] if i < len(header) else ""
        if not name and not column.notna().any():
            labels.append("")
            continue
        label = base = name or f"列{i + 1}"
        while label in known:
            nth[base] = nth.get(base, 1) + 1
            label = f"{base}_{nth[base]}"
        known.add(label)
        labels.append(label)
    return labels


def _no_records(
    frame: pd.DataFrame, findings: Findings, offset: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Tell the rows that are no records: totals, notes, headings once more.

    The first row is record ``offset``. Return them, and which of them are headings.
    """
    n = len(frame)
    filled = frame.notna().to_numpy()
    first = filled.argmax(axis=1) if frame.shape[1] else np.zeros(n, dtype=int)
    count = filled.sum(axis=1)
    total, note = np.zeros(n, dtype=bool), np.zeros(n, dtype=bool)
    same = np.zeros(n, dtype=np.int64)
    words = np.full(n, "", dtype=object)
    for i, label in enumerate(frame.columns):
        column = frame[label]
        if not pd.api.types.is_string_dtype(column.dtype):
            continue
        texts = _array(column)
        if pc.index(texts, pa.scalar(str(label), texts.type)).as_py() >= 0:
            same += (column == label).fillna(False).to_numpy(dtype=bool)
        # Such a word stands in the first filled cell of its row, or in the one after that.
        near = np.flatnonzero((first >= i - 1) & filled[:, i])
        if not near.size:
            continue
        # A heading such as 姑苏区小计 is a total where the rest of the row names nothing.
        few = (first == i) & (count <= (frame.shape[1] + 1) // 2)
        begun = has_byte(texts, 0, TOTALS_BEGIN)
        at = near[few[near] | begun[near]]
        if not at.size:
            continue
        closed = pc.replace_substring_regex(texts.take(pa.array(at)), r"\s", "")
        is_total = _spread(_matches(closed, TOTAL), at, n)
        hit = is_total | (_spread(_matches(closed, PART_TOTAL), at, n) & few)
        words[hit & ~total] = column[hit & ~total]
        total |= hit
        if frame.shape[1] >= _NARROWEST:
            hit = _spread(_matches(closed, _NOTE), at, n) & (first == i) & (count == 1)
            words[hit] = column[hit].str.slice(0, 60)
            note |= hit
    for k, label in sums_among(frame, filled, first, total).items():
        total[k], words[k] = True, label
    repeated = (same >= 2) & (same >= 0.6 * frame.shape[1])
    # A title stands above headings that are repeated, and nothing else in its row.
    titled = np.append(repeated[1:], False) & (count == 1) & (frame.shape[1] > 2)
    for k in np.flatnonzero((repeated | titled) & ~total).tolist():
        words[k] = str(frame.iloc[k, first[k]])[:60]
    for k in _feet(frame, filled, first).tolist():
        note[k], words[k] = True, str(frame.iloc[k, first[k]])[:60]
    note = (note | repeated | titled) & ~total
    findings.add("TOTAL_ROW", records=offset + np.flatnonzero(total), value=words[total])
    findings.add("NOTE_ROW", records=offset + np.flatnonzero(note), value=words[note])
    return total | note, repeated & ~total


def _under_own_headings(
    frame: pd.DataFrame, repeated: np.ndarray, row: np.ndarray, findings: Findings, source: str
) -> pd.DataFrame:
    """Put what stands below headings that are not all the first once more under those, and say so.

    ``row`` is the row of the sheet of each row.
    """
    out = frame
    for at, end in itertools.pairwise([*np.flatnonzero(repeated).tolist(), len(frame)]):
        names = {
            label: heading_name(cell)
            for label, cell in frame.iloc[at].dropna().items()
            if isinstance(cell, str) and not is_heading_of(cell, str(label))
        }
        below = np.zeros(len(frame), dtype=bool)
        below[at + 1 : end] = True
        out = out.assign(**{label: out[label].mask(below) for label in names})
        # A column of that name has values of its own there, unless it is headed otherwise too.
        taken = {*frame.columns} - names.keys()
        for label, name in names.items():
            numbered = (f"{name}_{k}" if k > 1 else name for k in itertools.count(1))
            target = next(one for one in numbered if one not in taken)
            taken.add(target)
            values = frame[label].where(below)
            out[target] = out[target].where(~below, values) if target in out else values
            findings.add(
                "HEADINGS_CHANGED",
                about=f"{row[at]} {label}",
                value=label,
                expected=target,
                detail=Text(f"{source} 第 {row[at] + 1} 行", f"{source}, row {row[at] + 1}"),
            )
    return out


def _feet(frame: pd.DataFrame, filled: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Return the rows that say who made the list and when, which page or part it is, or a note.

    All cells of such a row do, and most are empty: what has an id or a position is a record.
    """
    n, width = filled.shape
    count = filled.sum(axis=1)
    if width < _NARROWEST:
        return np.empty(0, dtype=np.int64)
    may_be = np.zeros(n, dtype=bool)
    few = count <= (width + 1) // 2
    for i, label in enumerate(frame.columns):
        if pd.api.types.is_string_dtype(frame[label].dtype):
            may_be |= _matches_among(_array(frame[label]), FOOT_BEGINS, few & (first == i))
    at = np.flatnonzero(may_be)
    cells = zip(frame.iloc[at].astype(object).to_numpy(), filled[at], strict=True)
    is_one = [is_foot([str(cell) for cell in row[has]]) for row, has in cells]
    feet = set(at[np.array(is_one, dtype=bool)].tolist())
    # The office and the day below the last record, in columns that hold neither.
    last = int(np.flatnonzero(count > 2).max(initial=-1))
    for k in range(last + 1, min(n, last + 1 + _SIGNED_ROWS)) if last >= 0 else ():
        row = frame.iloc[k].dropna().astype(str)
        above = frame[row.index].iloc[: last + 1].tail(_SAMPLED).to_numpy(dtype=object).ravel()
        has_like = any(is_signature(str(cell)) for cell in above[pd.notna(above)])
        if not has_like and all(map(is_signature, row)):
            feet.add(k)
    return np.array(sorted(feet), dtype=np.int64)


def _matches(texts: Any, pattern: str) -> np.ndarray:
    hits = pc.fill_null(pc.match_substring_regex(texts, pattern), False)
    return np.asarray(hits.to_numpy(zero_copy_only=False), dtype=bool)


def _matches_among(texts: pa.Array, pattern: str, among: np.ndarray) -> np.ndarray:
    """Which of ``texts`` fit a pattern, tried on those alone that may."""
    at = np.flatnonzero(among)
    if not at.size:
        return np.zeros(len(texts), dtype=bool)
    return _spread(_matches(texts.take(pa.array(at)), pattern), at, len(texts))


def _spread(hit: np.ndarray, where: np.ndarray, n: int) -> np.ndarray:
    out = np.zeros(n, dtype=bool)
    out[where] = hit
    return out


# All that is known of each row, and where what is wrong with it goes.
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
    longer, shorter = extra, lengths < width
    if len(record) and shorter.mean() > 0.5:
        shorter = np.zeros(len(record), dtype=bool)
    ragged = np.isin(row, sheet.ragged)
    for hit, severity, action in (
        (longer, "error", "rejected"),
        ((shorter | ragged) & ~longer, "warning", "none"),
    ):
        findings.add(
            "ROW_RAGGED",
            records=record[hit],
            value=lengths[hit],
            expected=width,
            severity=severity,
            action=action,
        )
    lost = np.isin(row, sheet.lost)
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
            # A sheet keeps 15 digits of what is typed, and puts zeros for the rest: in all of them.
            long = (size >= 1e15) & (size < 2**53)
            hit = (size >= 2**53).to_numpy(dtype=bool, copy=True)
            if (size[long] % 10 == 0).all():
                hit |= long.to_numpy(dtype=bool)
        elif pd.api.types.is_string_dtype(column.dtype):
            array = _array(column)
            # Its exponent has two digits, behind an E or a sign.
            hit = _matches_among(array, _SCIENTIFIC, has_byte(array, -3, _BEFORE_EXPONENT))
        else:
            continue
        if hit.any():
            texts = column[hit].map(lambda v: v if isinstance(v, str) else f"{v:.0f}")
            findings.add(
                "ID_DAMAGED",
                records=record[hit],
                field=str(label),
                value=texts.to_numpy(dtype=object),
                detail=Text("", ""),
                action="value_removed",
            )
            frame[label] = column.mask(hit)
    return frame


#: So many rows are named; of more, their number says enough.
_NAMED = 10


def row_numbers(rows: Iterable[int]) -> Text:
    """Return rows of a table as a spreadsheet counts them, the first of many.

    Examples
    --------
    >>> row_numbers([0, 3])
    Text(zh='2、5', en='2, 5')
    >>> row_numbers(range(12)).en
    '2, 3, 4, 5, 6, 7, 8, 9, 10, 11, … (12)'
    """
    return first_few((row + 2 for row in rows), _NAMED)


def report_reading(raw: Raw, name: str, findings: Findings) -> None:
    """Tell what was found in reading a table that is no layer: one finding a kind and column."""
    table = raw.findings.frame()
    rows = sheet_rows(raw) - 2
    for (code, about), part in table.groupby(["code", "field"], sort=False):
        record = part["record"].dropna().astype("int64").to_numpy()
        where = NOTHING
        if len(record):
            numbers = row_numbers(rows[record].tolist())
            where = Text(f"第 {numbers.zh} 行：", f" row {numbers.en}:")
        first = part.iloc[0]
        findings.add(
            "TABLE_READ",
            value=name,
            severity=str(first["severity"]),
            about=f"{name} {code} {about}",
            where=where,
            detail=Text(first["message_zh"], first["message_en"]),
        )


def report_cells(
    cells: pd.Series,
    why: Text,
    findings: Findings,
    *,
    file: str,
    column: str,
    severity: str | None = None,
) -> None:
    """Tell cells of a table and why they are not as they should be: one finding a value.

    Parameters
    ----------
    cells : Series of str
        As written; the index is the row of the table.
    why : Text
        The cause, and what is to be written.
    findings : Findings
        Takes them as ``TABLE_VALUE``.
    file, column : str
        Where they stand.
    severity : str, optional
        Where it is no error.

    Examples
    --------
    >>> found = Findings()
    >>> cells = pd.Series(["many", "many"], index=[0, 3])
    >>> why = Text("不是数值", "no number")
    >>> report_cells(cells, why, found, file="events.csv", column="amount")
    >>> found.frame()["message_en"].tolist()
    ["events.csv, row 2, 5: amount is 'many', no number"]
    """
    for value, rows in cells.groupby(cells, sort=False).groups.items():
        findings.add(
            "TABLE_VALUE",
            value=str(value),
            about=f"{file} {column} {value}",
            severity=severity,
            file=file,
            row=row_numbers(rows),
            column=column,
            detail=why,
        )


def sheet_rows(raw: Raw) -> np.ndarray:
    """Row of the sheet of everything that was walked; of what has no sheet, its position."""
    if raw.row_label is None or raw.row_form == "{}":
        return np.arange(raw.n_walked) + 2
    return np.asarray(raw.row_label, dtype=np.int64)


def texts_of(raw: Raw) -> pd.DataFrame:
    """Return the cells of a table as texts, empty where nothing is.

    The index is the row of the sheet, where the row below the headings of a plain table is 0.
    """
    rows = sheet_rows(raw)[raw.record] if len(raw.record) else np.empty(0, dtype=np.int64)
    table = pd.DataFrame({c: _as_text(raw.frame[c]) for c in raw.frame.columns})
    return table.set_axis(pd.Index(rows - 2))


def _as_text(column: pd.Series) -> pd.Series:
    """Return cells as they look in the sheet: an id 85782 is not 85782.0."""
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        text = pd.Series(local_days(column).astype("str"), column.index).where(column.notna())
    elif pd.api.types.is_datetime64_any_dtype(column.dtype):
        is_day = (column.dropna() == column.dropna().dt.normalize()).all()
        text = column.dt.strftime("%Y-%m-%d" if is_day else "%Y-%m-%d %H:%M:%S")
    elif pd.api.types.is_float_dtype(column.dtype):
        text = column.map(lambda v: str(int(v)) if v.is_integer() else repr(v), na_action="ignore")
    else:
        text = column.astype("str").where(column.notna())
    return text.astype("object").fillna("").astype("str")
