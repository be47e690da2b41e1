"""Sheets as an office expects them: title with its date, frozen head, widths that fit, numbers."""

from __future__ import annotations

import io
import math
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from geo_citymgmt.reading._sheet import tab_name
from geo_citymgmt.writing import new_workbook

_FORMATS = {
    "text": "@",
    "int": "#,##0",
    "area": "#,##0",
    "km": "#,##0.000",
    "share": "0.0%",
    "coordinate": "0.000",
    "number": "#,##0.0",
    "decimal": "#,##0.0",
    "ratio": "0.000",
    "date": "yyyy-mm-dd",
}
#: XML 1.0 has no place for these; a cell with one makes the file unreadable.
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_MOST_CHARACTERS = 32_000


def number_kind(unit: str) -> str:
    """Return how numbers of a unit are shown in a sheet."""
    return {"m2": "area", "km": "km", "ratio": "share", "count": "int", "persons": "int"}.get(
        unit, "number"
    )


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
    """

    def __init__(self, path: Path, *, title: str, created: pd.Timestamp | None, note: str) -> None:
        self._path, self._content = path, io.BytesIO()
        self._book = new_workbook(self._content)
        day = datetime(2000, 1, 1) if created is None else created.to_pydatetime()
        self._book.set_properties({"title": title, "created": day})
        self._note = note
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
        for c, column in enumerate(columns):
            sheet.write_string(top, c, _text(column.head), self._head)
            width = column.width or _width(column, [row[c] for row in rows])
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
        if value is None or pd.isna(value) or value == "":
            sheet.write_blank(r, c, None, style)
        elif kind == "date":
            sheet.write_datetime(r, c, pd.Timestamp(value).to_pydatetime(), style)
        elif isinstance(value, str):
            sheet.write_string(r, c, _text(value), style)
        elif math.isfinite(float(value)):
            sheet.write_number(r, c, float(value), style)

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


def _text(value: str) -> str:
    return _UNWRITABLE.sub("\ufffd", value)[:_MOST_CHARACTERS]


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
