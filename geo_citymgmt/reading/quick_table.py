"""What a plain table shows at a glance: its columns, and whether its rows are places.

A table that is read with every check takes ten milliseconds however short it is: a folder of five
hundred would be waited for. What a glance does not tell for certain is read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely

from geo_citymgmt.errors import SourceError
from geo_citymgmt.reading.coordinate_names import name_pairs, read_name
from geo_citymgmt.reading.headings import SEARCHED, find_headings, is_blank, kinds_below
from geo_citymgmt.reading.raw import Raw
from geo_citymgmt.reading.sheet import csv_rows
from geo_citymgmt.reading.sniff import sniff

__all__ = ["glance_at_csv", "glance_at_rows"]

#: A text no longer than this is looked through as a whole.
_SMALL = 1 << 18
#: Fewer columns than the first do not tell a record from a total; more are counted by its reader.
_FEWEST, _MOST = 4, 256
#: A total or a note has such a word in its first cells.
_TOTAL = re.compile(r"(?i)合|小|总|共|累|注|total|sum")
_DEGREES = re.compile(r"\d{1,3}\.\d{3,12}")
#: Files of one folder have most of their columns in common.
_read_name = lru_cache(maxsize=1024)(read_name)
_LON, _LAT = (73, 136), (3, 54)


def glance_at_csv(path: Path) -> Raw | None:
    """Return the columns and the first place of a short and plain text; None for any other."""
    if path.stat().st_size > _SMALL or sniff(path) != "csv":
        return None
    try:
        rows = csv_rows(path)
    except SourceError:
        # What is wrong with it is told where it is read.
        return None
    return None if rows is None else glance_at_rows(path.name, rows)


def glance_at_rows(name: str, rows: Sequence[Sequence[Any]]) -> Raw | None:
    """Return the columns and the first place of a plain table, as its reader would give them.

    Parameters
    ----------
    name : str
        What it is called.
    rows : sequence of sequence
        All of its cells.

    Returns
    -------
    Raw or None
        One record, the first. None where that is not certain: a title above the headings, rows
        under them that are no records, blank rows, a first record with blank cells, several
        columns of coordinates or other than degrees within China.

    Examples
    --------
    >>> head = ["编号", "材质", "经度", "纬度"]
    >>> raw = glance_at_rows("list.csv", [head, ["J1", "铸铁", "120.612", "31.301"]])
    >>> print(list(raw.frame.columns), *raw.geometry)
    ['编号', '材质', '经度', '纬度'] POINT (120.612 31.301)
    >>> glance_at_rows("list.csv", [["窨井台账"], head]) is None
    True
    """
    if not _are_plain(rows):
        return None
    try:
        found = find_headings(rows, [], name)
    except SourceError:
        return None
    names, body = found.names, rows[1:]
    is_plain = found.first == 1 and len(names) == len(rows[0]) == len(set(names)) and all(names)
    if not is_plain or kinds_below(body[:SEARCHED], names) or not _is_record(body[0], names):
        return None
    place = _place(names, body)
    if place is None:
        return None
    geometry = np.full(1, None, dtype=object)
    if place:
        geometry[0] = shapely.Point(place)
    frame = pd.DataFrame(np.full((1, len(names)), None, dtype=object), columns=names)
    return Raw(name, frame, geometry, np.arange(1), 1)


def _are_plain(rows: Sequence[Sequence[Any]]) -> bool:
    """Whether rows are headings and records of one width, none of them blank."""
    width = len(rows[0]) if len(rows) > 1 else 0
    return (
        _FEWEST <= width <= _MOST
        and all(isinstance(cell, str) and not is_blank(cell) for cell in rows[0])
        and all(len(row) == width and not all(map(is_blank, row)) for row in rows)
    )


def _is_record(row: Sequence[Any], names: Sequence[str]) -> bool:
    """Whether a row is a record for certain: all of it is filled, with no word for a total."""
    cells = [str(cell).strip() for cell in row]
    return all(cells) and not any(map(_TOTAL.search, cells[:2])) and not set(cells) & set(names)


def _place(names: Sequence[str], body: Sequence[Sequence[Any]]) -> tuple[float, ...] | None:
    """Return the first place; empty where no column is called a coordinate, None for doubt."""
    known = [c for k, name in enumerate(names) if (c := _read_name(name, k)) is not None]
    if not known:
        return ()
    pairs = name_pairs(known)
    if len(known) != 2 or len(pairs) != 1:
        return None
    first, second = pairs[0]
    is_told = (first.axis, second.axis) == ("lon", "lat") and max(first.rank, second.rank) < 2
    if not is_told or first.is_other or second.is_other:
        return None
    columns = [[row[c.position] for row in body] for c in (first, second)]
    if not all(map(_within, columns, (_LON, _LAT))):
        return None
    return float(columns[0][0]), float(columns[1][0])


def _within(cells: Sequence[Any], span: tuple[int, int]) -> bool:
    """Whether all cells are degrees within a span."""
    return all(
        (isinstance(cell, float) or (isinstance(cell, str) and _DEGREES.fullmatch(cell)))
        and span[0] <= float(cell) <= span[1]
        for cell in cells
    )
