"""Attributes that a KML keeps in the balloon of each place: a table of names and values in HTML.

ArcGIS and 奥维 write them there and nowhere else. The HTML is read as text, nothing in it is run.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from geo_citymgmt.errors import SourceError
from geo_citymgmt.findings import Findings
from geo_citymgmt.reading.kml import parts_of
from geo_citymgmt.reading.web_table import Page

__all__ = ["pairs_of", "with_balloons"]

#: A sign that begins no tag: another comes before one that would end it.
_STRAY = re.compile(r"<(?![^<>]*>)")
#: Names longer than this are no names; so many of them, or so much text, are no balloon.
_LONGEST, _MOST, _LARGEST = 60, 1000, 1 << 20
#: So many names are named in a finding.
_SHOWN = 8


def with_balloons(frame: pd.DataFrame, findings: Findings, *, column: str) -> pd.DataFrame:
    """Return a frame in which the tables of a column of HTML are columns of their own.

    What stands beside a table stays in the column; it goes where nothing is left in it. Text that
    holds no table of names and values stays as it is. A name that is there before, and says
    something else, is numbered.

    Parameters
    ----------
    frame : DataFrame
        With ``column``, or without.
    findings : Findings
        Takes the ``KML_BALLOON``.
    column : str
        Of the HTML.

    Examples
    --------
    >>> html = "<table><tr><td>编号</td><td>J&amp;1</td></tr></table>"
    >>> with_balloons(pd.DataFrame({"d": [html]}), Findings(), column="d").to_dict("list")
    {'编号': ['J&1']}
    """
    if column not in frame.columns:
        return frame
    texts = frame[column].astype("object")
    at = np.flatnonzero(texts.map(_may_hold_table)).tolist()
    read = [(k, *pairs_of(texts.iloc[k])) for k in at]
    found = [(k, dict(pairs), rest) for k, pairs, rest in read if pairs]
    names = list(dict.fromkeys(name for _, pairs, _ in found for name in pairs))
    if not names or len(names) > _MOST:
        return frame
    out = frame.copy()
    for name in names:
        values: list[str | None] = [None] * len(frame)
        for k, pairs, _ in found:
            values[k] = pairs.get(name) or None
        column_of = pd.Series(values, index=frame.index, dtype="str")
        both = _in_one(frame[name], column_of) if name in frame.columns else None
        out[name if both is not None else _free(name, out.columns)] = (
            column_of if both is None else both
        )
    for k, _, rest in found:
        texts.iloc[k] = rest or None
    out[column] = texts.astype("str")
    if out[column].isna().all():
        out = out.drop(columns=column)
    shown = [*names[:_SHOWN], "…"] if len(names) > _SHOWN else names
    findings.add("KML_BALLOON", value=len(found), expected=", ".join(shown))
    return out


def _may_hold_table(text: Any) -> bool:
    return isinstance(text, str) and len(text) <= _LARGEST and "<table" in text.lower()


def _in_one(column: pd.Series, other: pd.Series) -> pd.Series | None:
    """Return two columns as one, as data and balloon often say the same; None where they differ."""
    said = column.astype("str").mask(column.isna() | column.eq(""))
    both = said.notna() & other.notna()
    if not said[both].eq(other[both]).all():
        return None
    return said.fillna(other) if (said.isna() & other.notna()).any() else column


def pairs_of(html: str) -> tuple[list[tuple[str, str]], str]:
    """Return the names and values in the tables of a balloon, and the text beside them.

    Tables of two columns, a name and its value a row, or a row of names above one of values. Cells
    that stand alone are titles. A name that is there twice is numbered.

    Examples
    --------
    >>> pairs_of("<b>井</b><table><tr><td>编号</td><td>1</td></tr></table>")
    ([('编号', '1')], '井')
    >>> pairs_of("<p>free text</p>")
    ([], 'free text')
    """
    try:
        page = Page(_STRAY.sub("&lt;", "".join(parts_of(html)[::2])))
    except SourceError:
        # Its cells span more than is laid out: no table of names and values.
        return [], html
    pairs: list[tuple[str, str]] = []
    beside = [" ".join(page.beside.split())]
    for rows, merged in page.tables:
        wide = {first[0] for first, last in merged if last[1] > first[1]}
        titles = [row for k, row in enumerate(rows) if k in wide or len(row) < 2]
        body = [row for k, row in enumerate(rows) if k not in wide and len(row) > 1]
        found = _of_columns(body, page.headings) or _of_rows(body)
        if found is None or len(found) > _MOST:
            titles, found = rows, []
        beside += [str(cell) for row in titles for cell in row if cell is not None]
        for name, value in found:
            pairs.append((_free(name, [known for known, _ in pairs]), value))
    return pairs, " ".join(filter(None, beside))


def _of_rows(rows: Sequence[Sequence[Any]]) -> list[tuple[str, str]] | None:
    """Return the pairs of a table with a name and a value a row, where it is one."""
    if any(len(row) != 2 or not row[0] or len(row[0]) > _LONGEST for row in rows):
        return None
    return [(str(name).rstrip("：: "), value or "") for name, value in rows]


def _of_columns(rows: Sequence[Sequence[Any]], headings: set[str]) -> list[tuple[str, str]] | None:
    """Return the pairs of a table with a row of names above a row of values, where it is one."""
    if len(rows) != 2 or len(rows[0]) != len(rows[1]) or None in rows[0]:
        return None
    names, values = rows
    # Of two by two cells only the marks of headings tell which way it goes.
    if len(names) == 2 and not set(names) <= headings:
        return None
    return [(str(name), value or "") for name, value in zip(names, values, strict=True)]


def _free(name: str, taken: Any) -> str:
    known, number, out = set(taken), 2, name
    while out in known:
        out, number = f"{name}_{number}", number + 1
    return out
