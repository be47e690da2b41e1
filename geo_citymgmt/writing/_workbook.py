"""Workbooks in which no text can become a formula or a link."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pandas as pd

from geo_citymgmt._words import Text
from geo_citymgmt.errors import CityDataError
from geo_citymgmt.reading._sheet import read_workbook_sheet
from geo_citymgmt.writing._columns import (
    Outgoing,
    column_as_text,
    dates_as_text,
    is_date,
    is_number,
    is_text,
    number_texts,
    report_loss,
    strip_controls,
)
from geo_citymgmt.writing._formats import as_wkt, check_same, refuse

SUFFIX = ".xlsx"
MAX_ROWS, MAX_COLUMNS, MAX_CELL = 1_048_576, 16_384, 32_767
#: Excel's own calendar has a day too many before this one.
_FIRST_DAY = pd.Timestamp(1900, 3, 1)
_EXACT = 10**15


def new_workbook(content: BinaryIO) -> Any:
    """Open a workbook in which no text of the data can become a formula or a link.

    It is made in memory: a full disk would be told by an error of the writer's own, and once more,
    past every handler, when its half-written archive is dropped.
    """
    import xlsxwriter

    options = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "nan_inf_to_errors": False,
        "in_memory": True,
    }
    return xlsxwriter.Workbook(content, options)


def sheet_title(name: str) -> str:
    """Return a name as a sheet can bear it: no brackets, slashes and the like, 31 characters."""
    title = re.sub(r"[\[\]:*?/\\\x00-\x1f]", "_", name)[:31].strip("'")
    return "Sheet1" if not title or title.lower() == "history" else title


def prepare_sheet(out: Outgoing, *, geometry: bool = True) -> None:
    """Bring ``out`` into the form a sheet holds; without ``geometry`` only the attributes."""
    strip_controls(out, SUFFIX)
    dates_as_text(out, only_partial=True)
    for name in out.table.columns:
        values = out.table[name]
        if is_date(values):
            if getattr(values.dtype, "tz", None) is not None:
                values = values.dt.tz_convert("Asia/Shanghai").dt.tz_localize(None)
                out.table[name] = values
            odd = values.notna() & ((values < _FIRST_DAY) | (values != values.dt.floor("s")))
            if odd.any():
                what = Text(
                    "1900 年 3 月以前或不足一秒的时间使整列写成文字",
                    "moments before March 1900, or with parts of a second, make the column text",
                )
                report_loss(out, SUFFIX, what, field=str(name), at=odd.to_numpy(), severity="info")
                column_as_text(out, name)
        elif is_number(values):
            # A sheet keeps 15 digits; where a number has more, its column goes as text.
            texts = pd.Series(number_texts(values).to_pandas(), dtype="str")
            digits = texts.str.replace(r"e.*$|^-?[0.]*|\.", "", regex=True).str.rstrip("0")
            is_integer = pd.api.types.is_integer_dtype(values.dtype)
            long = digits.str.len().gt(15).fillna(False).to_numpy(dtype=bool)
            if is_integer and long.any():
                what = Text(
                    "超过 15 位的整数，整列写成文字",
                    "whole numbers of more than 15 digits make the column text",
                )
                report_loss(out, SUFFIX, what, field=str(name), at=long, severity="info")
                out.table[name] = texts
            elif not is_integer:
                _round(out, str(name))
    if geometry:
        as_wkt(out, SUFFIX)
    else:
        out.geometry = None
    for name in out.table.columns:
        if is_text(out.table[name]):
            out.table[name] = out.table[name].astype("str")
            _cut(out, str(name))


def _round(out: Outgoing, name: str) -> None:
    """Keep what the writer of sheets keeps of a number: 16 digits, where 17 tell all apart."""
    exact = out.table[name].astype("Float64").to_numpy(dtype=float, na_value=np.nan)
    kept = np.char.mod("%.16G", exact).astype(float)
    # The largest numbers of all round to infinity.
    kept[np.isinf(kept)] = np.nan
    lost = np.isfinite(exact) & (kept != exact)
    if lost.any():
        what = Text("数字只保留 16 位", "numbers keep 16 digits")
        report_loss(out, SUFFIX, what, field=name, at=lost, severity="info")
        out.table[name] = pd.Series(kept)


def _cut(out: Outgoing, name: str) -> None:
    texts = out.table[name].astype("str")
    long = texts.str.len().gt(MAX_CELL).fillna(False).to_numpy(dtype=bool)
    if not long.any():
        return
    shape = name in ("geometry", "geometry_1") and name == out.table.columns[-1]
    what = Text(f"文字截断为 {MAX_CELL} 字", f"cut to {MAX_CELL} characters")
    if shape:
        what = Text("图形超出单元格长度，未写出", "a shape longer than a cell was left out")
    report_loss(out, SUFFIX, what, field=name, at=long)
    # Half a shape is no shape.
    out.table[name] = texts.mask(long, None if shape else texts.str[:MAX_CELL])


def write_sheets(sheets: dict[str, Outgoing], path: Path) -> None:
    """Write the prepared ``sheets``, one a name, and compare each cell with what is in the file.

    Raises
    ------
    CityDataError
        A table has more rows or columns than a sheet, or the file does not hold what was written.
    """
    content = io.BytesIO()
    book = new_workbook(content)
    head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True})
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
    for title, out in sheets.items():
        table = out.table
        if len(table) >= MAX_ROWS or len(table.columns) > MAX_COLUMNS:
            raise CityDataError(
                Text(
                    f"{title}：{len(table)} 行 {len(table.columns)} 列超出工作表上限，"
                    "请写 .gpkg 或 .parquet。",
                    f"{title}: {len(table)} rows and {len(table.columns)} columns do not fit a "
                    "sheet; "
                    "write .gpkg or .parquet.",
                ),
            )
        sheet = book.add_worksheet(title)
        sheet.freeze_panes(1, 0)
        for c, name in enumerate(table.columns):
            sheet.write_string(0, c, str(name), head)
            values = table[name]
            if is_date(values):
                whole = (values.isna() | (values == values.dt.normalize())).all()
                cells = [None if pd.isna(v) else v.to_pydatetime() for v in values]
                sheet.write_column(1, c, cells)
                sheet.set_column(c, c, 12 if whole else 20, day if whole else moment)
                continue
            sheet.write_column(1, c, [None if pd.isna(v) else v for v in values.tolist()])
    book.close()
    path.write_bytes(content.getvalue())
    _check(sheets, path)


def _check(sheets: dict[str, Outgoing], path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        broken = archive.testzip()
        if broken:
            raise refuse(path.name, Text(f"成员 {broken} 损坏", f"member {broken}"))
    for title, out in sheets.items():
        names = [str(name) for name in out.table.columns]
        if not names:
            continue
        _, found = read_workbook_sheet(path, sublayer=title)
        rows = found.rows
        if rows[:1] != [names]:
            raise refuse(path.name, Text(f"{title}：表头", f"{title}: the head"))
        # Rows at the end without any value are not in the file.
        blank = [[""] * len(names)] * (len(out) + 1 - len(rows))
        records = [*rows[1:], *blank]
        cells = {
            name: _as_written([record[k] for record in records], out.table[name])
            for k, name in enumerate(out.table.columns)
        }
        check_same(f"{path.name}, {title}", out, pd.DataFrame(cells, columns=out.table.columns))


def _as_written(cells: list[Any], wanted: pd.Series) -> pd.Series:
    found = pd.Series(cells, dtype=object)
    if is_text(wanted):
        return found
    found = found.mask(found.eq(""), None)
    if not is_date(wanted):
        return found
    moments = pd.to_datetime(found, format="ISO8601", errors="coerce")
    # What is no moment must not pass for a missing one.
    return moments.mask(moments.isna() & found.notna(), pd.Timestamp(0))
