"""Workbooks in which no text can become a formula or a link.

Tables of data, each cell compared with what is in the file; and sheets as an office expects them:
a title with its date, a frozen head, widths that fit, numbers as they are read.
"""

from __future__ import annotations

import io
import math
import re
import unicodedata
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pandas as pd

from geo_citymgmt._languages import Messages, Text, packaged_table
from geo_citymgmt.errors import CityDataError
from geo_citymgmt.reading._xlsx import read_workbook_sheet, tab_name
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
from geo_citymgmt.writing._files import as_wkt, check_same, refuse

_MESSAGES = Messages("geo_citymgmt.writing")

SUFFIX = ".xlsx"
MAX_ROWS, MAX_COLUMNS, MAX_CELL = 1_048_576, 16_384, 32_767
#: Excel's own calendar has a day too many before this one.
_FIRST_DAY = pd.Timestamp(1900, 3, 1)
_DAY_ZERO = pd.Timestamp(1899, 12, 30)
_FIRST_SERIAL = float((_FIRST_DAY - _DAY_ZERO).days)


def _new_workbook(content: BinaryIO) -> Any:
    """Open a workbook in which no text of the data can become a formula or a link.

    It is made in memory: a full disk would be told by an error of the writer's own, and once more,
    past every handler, when its half-written archive is dropped.
    """
    import xlsxwriter
    from xlsxwriter.utility import xl_rowcol_to_cell_fast
    from xlsxwriter.worksheet import Worksheet

    class Sheet(Worksheet):
        """A sheet without what no cell of ours needs, a third of the time of a long list.

        The address, style and type of a cell hold nothing to be escaped, and the extent of its rows
        is for comparing files.
        """

        def _write_cell(self, row: int, col: int, cell: Any) -> None:
            kind = _PLAIN_CELLS.get(type(cell).__name__)
            if kind is None or cell.format is None:
                super()._write_cell(row, col, cell)
                return
            at, style = xl_rowcol_to_cell_fast(row, col), cell.format._get_xf_index()
            self.fh.write(kind.format(at=at, style=style, value=cell[0]))

        def _calculate_spans(self) -> None:
            self.row_spans: dict[int, str] = {}

    options = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "nan_inf_to_errors": False,
        "in_memory": True,
    }
    book = xlsxwriter.Workbook(content, options)
    book.worksheet_class = Sheet
    return book


#: Cells by the writer's name of their kind; a text is told by its place among all texts.
_PLAIN_CELLS = {
    "String": '<c r="{at}" s="{style}" t="s"><v>{value}</v></c>',
    "Number": '<c r="{at}" s="{style}"><v>{value:.16G}</v></c>',
    "Blank": '<c r="{at}" s="{style}"/>',
}


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
                what = _MESSAGES("odd_moments")
                report_loss(out, SUFFIX, what, field=str(name), at=odd.to_numpy(), severity="info")
                column_as_text(out, name)
        elif is_number(values):
            # A sheet keeps 15 digits; where a number has more, its column goes as text.
            texts = pd.Series(number_texts(values).to_pandas(), dtype="str")
            digits = texts.str.replace(r"e.*$|^-?[0.]*|\.", "", regex=True).str.rstrip("0")
            is_integer = pd.api.types.is_integer_dtype(values.dtype)
            long = digits.str.len().gt(15).fillna(False).to_numpy(dtype=bool)
            if is_integer and long.any():
                what = _MESSAGES("long_numbers_of_sheet")
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
    book = _new_workbook(content)
    head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True})
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
    for title, out in sheets.items():
        table = out.table
        if len(table) >= MAX_ROWS or len(table.columns) > MAX_COLUMNS:
            raise CityDataError(
                _MESSAGES(
                    "too_large_for_sheet", title=title, n=len(table), columns=len(table.columns)
                )
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


_FORMATS = packaged_table("geo_citymgmt.writing", "cell_formats.toml")
#: XML 1.0 has no place for these; a cell with one makes the file unreadable.
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_MOST_CHARACTERS = 32_000
#: Widths of columns that a page of A4 across holds at six tenths of their size, rows from which on
#: a list is too long to be printed unasked, and rows of its first page.
_PAGE_WIDTH, _LONG, _PAGE_ROWS = 215.0, 250, 32


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a sheet.

    Its heading, how its cells are shown, the width if not by content, a note on the heading,
    what its cells offer to choose from (any other text may be typed), and whether it is hidden:
    there for the program, not for people.
    """

    head: str
    kind: str = "text"
    width: float | None = None
    note: str = ""
    choices: tuple[str, ...] = ()
    hidden: bool = False


class Book:
    """A workbook under way; use as a context.

    Parameters
    ----------
    path : Path
    title : str
        Of the document.
    created : Timestamp or None
        The date of the data, so that the same report is the same file.
    note : str
        Under the title of every sheet.
    brief : bool
        Whether a table prints in pages that can be read: the first columns of a wide one, the first
        page of a long list. Whoever wants all of it clears the print area.
    """

    def __init__(
        self,
        path: Path,
        *,
        title: str,
        created: pd.Timestamp | None,
        note: str,
        brief: bool = False,
    ) -> None:
        self._path, self._content = path, io.BytesIO()
        self._book = _new_workbook(self._content)
        day = datetime(2000, 1, 1) if created is None else created.to_pydatetime()
        self._book.set_properties({"title": title, "created": day})
        self._note, self._brief = note, brief
        base = {"font_name": "Microsoft YaHei", "font_size": 10, "valign": "vcenter"}
        self._base = base
        self._title = self._book.add_format({**base, "font_size": 14, "bold": True})
        self._small = self._book.add_format({**base, "font_size": 9, "font_color": "#5b6770"})
        self._head = self._book.add_format(
            {**base, "bold": True, "text_wrap": True, "align": "center", "bg_color": "#e8eef3",
             "bottom": 1, "top": 1, "border_color": "#8fa3b3"}
        )  # fmt: skip
        self._cells: dict[tuple[str, bool, bool], Any] = {}
        self._names: set[str] = set()

    def __enter__(self) -> Book:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._book.close()
            self._path.write_bytes(self._content.getvalue())

    def sheet(
        self,
        name: str,
        columns: Sequence[Column],
        rows: Sequence[Sequence[Any]],
        *,
        title: str | None = None,
        strong: Sequence[int] = (),
        frozen: int = 1,
        filtered: bool = False,
        landscape: bool = True,
        summed: int | None = None,
        charted: tuple[str, tuple[int, int], str] | None = None,
    ) -> None:
        """Add a sheet.

        Parameters
        ----------
        name : str
            Of the tab.
        columns : sequence of Column
        rows : sequence of sequences
            Cells; a missing one stays empty. A Column's kind may be overruled by a tuple
            (value, kind).
        title : str, optional
            Above the table; the name otherwise.
        strong : sequence of int
            Rows that are totals.
        frozen : int
            Columns that stay in sight.
        filtered : bool
            Whether the head offers filters.
        summed : int, optional
            Row whose numbers are formulas, the sums of all rows above it; their values are those
            given.
        charted : tuple of str, tuple of int, str, optional
            A chart beside the table: ``column`` or ``line``, its first and last column of numbers,
            its title. The first column names the points; a row of sums is left out.
        """
        sheet = self._book.add_worksheet(self._tab(name))
        sheet.hide_gridlines(2)
        sheet.write_string(0, 0, _text(title or name), self._title)
        sheet.write_string(1, 0, _text(self._note), self._small)
        sheet.set_row(0, 24)
        top = 2
        widths = [
            column.width or _width(column, [row[c] for row in rows])
            for c, column in enumerate(columns)
        ]
        for c, (column, width) in enumerate(zip(columns, widths, strict=True)):
            sheet.write_string(top, c, _text(column.head), self._head)
            sheet.set_column(c, c, width, None, {"hidden": column.hidden})
            if column.note:
                size = {"x_scale": 2.6, "y_scale": 2.0, "font_size": 9}
                sheet.write_comment(top, c, _text(column.note), {**size, "author": ""})
            if column.choices and rows:
                _offer(sheet, (top + 1, top + len(rows)), c, column)
        sheet.set_row(top, 32)
        bold = set(strong)
        for r, row in enumerate(rows):
            for c, (column, value) in enumerate(zip(columns, row, strict=True)):
                self._write(sheet, top + 1 + r, c, column, value, r in bold)
        if summed is not None and summed > 0:
            self._sum(sheet, top + 1, summed, columns, rows[summed])
        if charted is not None and rows:
            last = top + len(rows) - (summed is not None)
            self._chart(sheet, charted, columns, (top + 1, last))
        sheet.freeze_panes(top + 1, frozen)
        if filtered and rows:
            sheet.autofilter(top, 0, top + len(rows), len(columns) - 1)
        if landscape:
            sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(top)
        sheet.set_footer("&L&8&A&R&8&P / &N")
        if self._brief:
            _print_less(sheet, widths, top, len(rows), frozen)

    def _sum(
        self, sheet: Any, top: int, row: int, columns: Sequence[Column], values: Sequence[Any]
    ) -> None:
        """Write the sums of the rows above as formulas that carry their values."""
        for c, (column, value) in enumerate(zip(columns, values, strict=True)):
            if isinstance(value, str) or value is None or pd.isna(value):
                continue
            letter = _letter(c)
            formula = f"=SUM({letter}{top + 1}:{letter}{top + row})"
            style = self._cell(column.kind, True, False)
            sheet.write_formula(top + row, c, formula, style, float(value))

    def _chart(
        self,
        sheet: Any,
        charted: tuple[str, tuple[int, int], str],
        columns: Sequence[Column],
        rows: tuple[int, int],
    ) -> None:
        kind, (first, last), title = charted
        chart = self._book.add_chart({"type": kind})
        for c in range(first, last + 1):
            chart.add_series(
                {
                    "name": [sheet.name, rows[0] - 1, c],
                    "categories": [sheet.name, rows[0], 0, rows[1], 0],
                    "values": [sheet.name, rows[0], c, rows[1], c],
                }
            )
        font = {"name": "Microsoft YaHei", "size": 9}
        chart.set_title({"name": _text(title), "name_font": {**font, "size": 11}})
        axis: dict[str, Any] = {"num_font": font}
        if columns[0].kind == "date":
            axis |= {"num_format": "yyyy-mm", "text_axis": True}
        chart.set_x_axis(axis)
        grid = {"visible": True, "line": {"color": "#dfe6eb"}}
        chart.set_y_axis(
            {"num_font": font, "num_format": "#,##0", "min": 0, "major_gridlines": grid}
        )
        chart.set_legend({"position": "bottom", "font": font})
        chart.set_size({"width": 760, "height": 340})
        sheet.insert_chart(rows[1] + 3, 0, chart)

    def _write(self, sheet: Any, r: int, c: int, column: Column, value: Any, strong: bool) -> None:
        kind = column.kind
        if isinstance(value, tuple):
            value, kind = value
        style = self._cell(kind, strong, column.width is not None and kind == "text")
        # Of a long list a cell is told by its type, sooner than by what pandas calls missing, and
        # its address is no text that must be parsed.
        if isinstance(value, str):
            if value:
                sheet._write_string(r, c, _text(value), style)
            else:
                sheet._write_blank(r, c, None, style)
        elif value is None or value is pd.NaT or value is pd.NA or value != value:
            sheet._write_blank(r, c, None, style)
        elif kind == "date":
            serial = _serial(value)
            if serial >= _FIRST_SERIAL:
                sheet._write_number(r, c, serial, style)
            else:
                sheet._write_string(r, c, f"{pd.Timestamp(value):%Y-%m-%d}", style)
        elif math.isfinite(float(value)):
            sheet._write_number(r, c, float(value), style)

    def _cell(self, kind: str, strong: bool, wrapped: bool) -> Any:
        key = (kind, strong, wrapped)
        if key not in self._cells:
            look = {**self._base, "num_format": _FORMATS[kind], "bottom": 4,
                    "border_color": "#c9d3da"}  # fmt: skip
            if strong:
                look |= {"bold": True, "bg_color": "#f4f7f9"}
            if wrapped:
                look |= {"text_wrap": True, "valign": "top"}
            self._cells[key] = self._book.add_format(look)
        return self._cells[key]

    def _tab(self, name: str) -> str:
        """Return a tab name Excel takes and no other sheet has."""
        plain = tab_name(_text(name)) or "sheet"
        tab, k = plain, 2
        while tab.lower() in self._names:
            tab, k = f"{plain} {k}", k + 1
        self._names.add(tab.lower())
        return tab


def _print_less(sheet: Any, widths: Sequence[float], top: int, rows: int, frozen: int) -> None:
    """Let a sheet print the columns that a page holds, and of a long list the first page."""
    across = int(np.searchsorted(np.cumsum(widths), _PAGE_WIDTH, side="right"))
    across = min(max(across, frozen + 1, 1), len(widths))
    if across < len(widths) or rows > _LONG:
        sheet.print_area(0, 0, top + (_PAGE_ROWS if rows > _LONG else rows), across - 1)


def _offer(sheet: Any, rows: tuple[int, int], c: int, column: Column) -> None:
    """Let the cells of a column offer words; what is none of them is answered, not forbidden."""
    rule = {
        "validate": "list",
        "source": list(column.choices),
        "error_type": "information",
        # Excel takes no more of a title and a message.
        "error_title": column.head[:32],
        "error_message": column.note[:255],
    }
    sheet.data_validation(rows[0], c, rows[1], c, rule)


def _letter(column: int) -> str:
    """Return the letters of a column counted from zero."""
    from xlsxwriter.utility import xl_col_to_name

    return str(xl_col_to_name(column))


@lru_cache(maxsize=4096)
def _serial(moment: Any) -> float:
    """Return the number by which a sheet knows a moment: days since its calendar began."""
    return float((pd.Timestamp(moment) - _DAY_ZERO) / pd.Timedelta(1, "D"))


def _text(value: str) -> str:
    if not value.isprintable():
        value = _UNWRITABLE.sub("\ufffd", value)
    return value[:_MOST_CHARACTERS]


def _width(column: Column, values: Sequence[Any]) -> float:
    """Return a width in characters of the font; a Chinese one is two."""
    longest = max((_columns(part) for part in re.split(r"[（(]", column.head)), default=0)
    if column.kind == "date":
        return max(12.0, longest + 2.0)
    for value in values[:500]:
        shown = value[0] if isinstance(value, tuple) else value
        if isinstance(shown, str):
            longest = max(longest, _columns(shown))
        elif shown is not None and not pd.isna(shown):
            longest = max(longest, len(f"{float(shown):,.1f}"))
    return float(min(max(longest + 2, 8), 48))


def _columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(ch) in "WF" else 1 for ch in text)
