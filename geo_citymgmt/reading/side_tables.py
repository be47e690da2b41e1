"""A second table on the same sheet: beside the first, behind a blank column, or below it.

It is told and left out. What is read is the first, as if the other were not there.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from geo_citymgmt.reading.headings import is_blank, is_form_line, is_number_text, is_wordy

__all__ = ["first_row_below", "table_beside"]

#: A side table has fewer rows than this share of the first, or the first of it.
_SHORTER = 0.5
#: Share of the rows above that fill a column, or fill it with numbers.
_MOST = 0.8
_SAMPLED = 200
_ENOUGH = 50


def table_beside(headings: Sequence[str], there: np.ndarray) -> tuple[int, bool] | None:
    """Return the column where another table begins, and whether it has the same headings.

    Parameters
    ----------
    headings : sequence of str
        Names of the columns, empty for none.
    there : array of bool
        Which cells of each row below hold anything; as many columns as headings, or more.

    Examples
    --------
    >>> there = np.ones((2, 5), dtype=bool)
    >>> there[:, 2] = False
    >>> table_beside(["编号", "经度", "", "编号", "经度"], there)
    (3, True)
    >>> table_beside(["编号", "经度", "", "名称", "备注"], there) is None
    True
    """
    half = len(headings) // 2
    if half >= 2 and all(headings[:half]) and list(headings[:half]) == list(headings[half:]):
        return half, True
    names = [*headings, *[""] * (there.shape[1] - len(headings))]
    blank = [not n and not there[:, j].any() for j, n in enumerate(names)]
    begins = [j for j in range(1, len(names)) if blank[j - 1] and not blank[j]]
    for start in begins:
        first = [j for j in range(start) if not blank[j]]
        end = next((j for j in range(start, len(names)) if blank[j]), len(names))
        own = [n for n in names[start:end] if n]
        if len(own) < 2 or len([j for j in first if names[j]]) < 2:
            continue
        if 2 * sum(n in names[:start] for n in own) >= len(own):
            return start, True
        mine, other = there[:, first].any(axis=1), there[:, start:end].any(axis=1)
        if not _is_one_table(int(mine.sum()), int(other.sum())):
            return start, False
    return None


def _is_one_table(rows: int, others: int) -> bool:
    return min(rows, others) >= _SHORTER * max(rows, others)


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
