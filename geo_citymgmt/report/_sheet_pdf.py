"""Sheets of paper as files, of one district or of all: where each part of them stands."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geo_citymgmt._gate import Gate, day_of
from geo_citymgmt._numbers import Scale
from geo_citymgmt._options import display_lang
from geo_citymgmt.cases._campaigns import campaigns
from geo_citymgmt.facts import CityFacts
from geo_citymgmt.figures import progress
from geo_citymgmt.figures._tables import month_ends
from geo_citymgmt.report._drawings import STATUS_COLORS, Look, is_dark, nice_ceiling
from geo_citymgmt.report._paper import (
    ACCENT,
    INK,
    LINE,
    POINT,
    SHADE,
    SOFT,
    Box,
    Ground,
    Paper,
    ground_for,
    width_of,
)
from geo_citymgmt.report._release import check_release
from geo_citymgmt.report._sheet import Course, Sheet, SheetMaker, Task, find_zone
from geo_citymgmt.report._sheet_map import Drawn
from geo_citymgmt.report._summary import Summary
from geo_citymgmt.report._words import Words
from geo_citymgmt.report.bulletin import check_libraries
from geo_citymgmt.report.bulletin._model import Table, column_widths
from geo_citymgmt.writing import whole_file

if TYPE_CHECKING:
    from geo_citymgmt.city import City


A4, A3 = (210.0, 297.0), (420.0, 297.0)
_EDGE, _TOP, _GAP = 15.0, 12.0, 4.0
_TASK, _ROW, _HEAD = 8.3, 4.7, 6.3
#: Between the texts of two cells beside one another.
_CELL_GAP = 2.4
_FOOT = 9.0
#: Shapes larger than this are drawn as they are below their marks, smaller ones by these alone.
_SEEN_MM = 1.1
#: As many tasks stand below the map, more beside it.
_FEW_TASKS = 2
#: Records that have room for larger marks.
_FEW = 300
#: Names without room that a key may tell, and the room beside a large map for its scale.
_MOST_NUMBERED, _SCALE_A3 = 28, 48.0
_KEY_STEP, _PAPER = 1.35, "#ffffff"
#: A name on a map: its lines, the middle of their upper edge, and the colour that it stands on.
_Placed = tuple[list[str], float, float, str]


def write_sheet_pdf(maker: SheetMaker, zone: str | None, path: Path) -> None:
    """Write the sheet of a district, or of the city, on one page of A4."""
    sheet, say = maker.sheet(zone), maker.say
    with Paper(path, A4, title=sheet.title, lang=maker.lang) as paper:
        y, width = _heading(paper, sheet), paper.width - 2 * _EDGE
        bottom = paper.height - _TOP - _FOOT
        tables = [t for t in (sheet.layers, sheet.why, sheet.cases) if t is not None]
        courses = 38.0 if sheet.courses else 0.0
        # The map takes what the rest leaves, and no more than is good for it.
        middle = bottom - y - sum(map(_height, tables)) - courses
        if middle > 112 and courses:
            courses += min(30.0, middle - 112)
            middle = bottom - y - sum(map(_height, tables)) - courses
        if sheet.layers is not None or len(sheet.tasks) <= _FEW_TASKS:
            # Few figures leave the breadth of the page to the map.
            half = -(-len(sheet.tasks) // 2)
            row = _TASK if any(task.told for task in sheet.tasks) else _ROW + 1
            figures = min(_HEAD + row * half, middle / 3) + _GAP if half else 0.0
            _map(paper, Box(_EDGE, y, width, middle - figures - _GAP), sheet.drawn, say)
            y += middle - figures
            across = width / 2 - 4 if len(sheet.tasks) > 1 else width
            for k, some in enumerate((sheet.tasks[:half], sheet.tasks[half:])):
                box = Box(_EDGE + k * (width / 2 + 4), y, across, figures - _GAP)
                if some:
                    _tasks(paper, box, some, say, headed=not k)
            y += figures
        else:
            middle = min(middle, 190.0)
            left = Box(_EDGE, y, 90.0, middle - _GAP)
            right = Box(left.right + 5, y, paper.width - _EDGE - left.right - 5, left.height)
            _map(paper, left, sheet.drawn, say)
            _tasks(paper, right, sheet.tasks, say)
            y += middle
        for table in tables:
            if table is sheet.cases and sheet.courses:
                _courses(paper, Box(_EDGE, y, width, courses - _GAP), sheet, say)
                y += courses
            y = _table(paper, Box(_EDGE, y, width, _height(table)), table) + _GAP
        if sheet.courses and sheet.cases is None:
            _courses(paper, Box(_EDGE, y, width, courses - _GAP), sheet, say)
        _foot(paper, sheet.foot)


def _height(table: Table) -> float:
    """Return the height of a table, with the gap below it."""
    return _HEAD + (_ROW * (1 + len(table.rows)) if table.rows else 5.0) + _GAP


def write_map_pdf(maker: SheetMaker, zone: str | None, path: Path) -> None:
    """Write a map of A3: of the city by what is due, or of a district with its records."""
    sheet, say = maker.map_sheet(zone), maker.say
    with Paper(path, A3, title=sheet.title, lang=maker.lang) as paper:
        # The stamp may be as long as the title: it has a line of its own.
        paper.text(_EDGE, _TOP, sheet.stamp, 10, color=ACCENT)
        paper.text(paper.width / 2, _TOP + 12, sheet.title, 24, align="middle", bold=True,
                   room=paper.width - 2 * _EDGE)  # fmt: skip
        paper.text(paper.width / 2, _TOP + 19, sheet.under, 11, color=SOFT, align="middle")
        box = Box(_EDGE, _TOP + 22, paper.width - 2 * _EDGE, paper.height - 2 * _TOP - 34)
        _map(paper, box, sheet.drawn, say, large=True)
        _foot(paper, sheet.foot, size=10)


def _heading(paper: Paper, sheet: Sheet) -> float:
    """Draw mark, title and what the sheet says in a sentence; return where it ends."""
    room = paper.width - 2 * _EDGE
    paper.text(_EDGE, _TOP + 2, sheet.stamp, 9, color=ACCENT, room=room)
    size = min(20.0, 20.0 * room / max(width_of(sheet.title, 20), 1.0))
    paper.text(paper.width / 2, _TOP + 11, sheet.title, size, align="middle", bold=True)
    paper.text(paper.width / 2, _TOP + 17, sheet.under, 9.5, color=SOFT, align="middle", room=room)
    paper.rule(_EDGE, _TOP + 19.5, paper.width - _EDGE, color=ACCENT, width=0.5)
    return paper.block(Box(_EDGE, _TOP + 21.5, room, 18.0), sheet.lead, 10.5) + 3


def _title(paper: Paper, box: Box, text: str, note: str = "") -> float:
    """Draw the heading of a part; return where the part begins."""
    paper.box(Box(box.x, box.y, 1.2, 4.2), fill=ACCENT)
    room = box.width - 3
    if note:
        paper.text(box.right, box.y + 3.4, note, 7.5, color=SOFT, align="right")
        room -= width_of(note, 7.5) + 3
    paper.text(box.x + 3, box.y + 3.5, text, 10, bold=True, room=room)
    return box.y + _HEAD


def _tasks(
    paper: Paper, box: Box, tasks: Sequence[Task], say: Words, *, headed: bool = True
) -> None:
    compared = not tasks or any(task.told for task in tasks)
    note = say("tasks_note") if tasks and compared else ""
    y = box.y + _HEAD
    if headed:
        _title(paper, box, say("tasks" if compared else "figures"), note)
    if not tasks:
        paper.text(box.x, y + 4, say("tasks_none"), 9, color=SOFT)
        return
    row = _TASK if compared else _ROW + 1
    most = int((box.bottom - y) / row)
    shown = tasks if len(tasks) <= most else tasks[: max(most - 1, 1)]
    step = min((box.bottom - y) / max(len(shown), 1), 1.6 * row)
    if len(shown) < len(tasks):
        step = row
    for task in shown:
        color = STATUS_COLORS.get(task.status, SOFT)
        room = box.width - width_of(task.told or task.amount, 8) - 2
        # Rather smaller than cut: it is what the row is about.
        size = 8.5 * min(max(0.99 * room / max(width_of(task.name, 8.5), 1.0), 0.75), 1.0)
        paper.text(box.x, y + 3, task.name, size, room=room)
        paper.text(box.right, y + 3, task.told, 8, color=color, align="right")
        bar = Box(box.x, y + 4.4, box.width * 0.44, 2.2)
        if not np.isnan(task.share):
            paper.box(bar, fill="#e3e8ec")
            full = min(max(task.share, 0.0), 1.0)
            paper.box(Box(bar.x, bar.y, bar.width * full, bar.height), fill=color)
            if not np.isnan(task.due):
                at = bar.x + bar.width * min(max(task.due, 0.0), 1.0)
                paper.line(np.array([[at, bar.y - 0.6], [at, bar.bottom + 0.6]]), width=0.45)
        paper.text(box.right, y + (6.5 if task.told else 3), task.amount, 8, color=SOFT,
                   align="right", room=box.width * 0.54)  # fmt: skip
        y += step
        paper.rule(box.x, y - 0.9, box.right, color="#dde3e7", width=0.15)
    if len(shown) < len(tasks):
        paper.text(box.x, y + 3, say("tasks_more", n=len(tasks) - len(shown)), 8, color=SOFT)


def _table(paper: Paper, box: Box, table: Table) -> float:
    """Draw a table of one line a row; return where it ends."""
    y = _title(paper, box, table.title)
    if not table.rows:
        paper.text(box.x + 3, y + 3, table.note, 9, color=SOFT)
        return y + 5
    longest = [
        max(table.texts(c), key=lambda t: width_of(t, 8.0)) for c in range(len(table.columns))
    ]
    room = box.width - _CELL_GAP * len(longest)
    # A little smaller is better than cut.
    size = 8.0 * min(1.0, max(0.8, room / sum(width_of(text, 8.0) for text in longest)))
    need = [width_of(text, size) + _CELL_GAP for text in longest]
    # What is long and of words gives way to numbers, which are not to be cut.
    least = [
        n if column.number else min(n, box.width * 0.1 * column.width)
        for n, column in zip(need, table.columns, strict=True)
    ]
    widths = column_widths(need, least, box.width)
    lefts = box.x + np.concatenate([[0.0], np.cumsum(widths)[:-1]])
    paper.box(Box(box.x, y, box.width, _ROW), fill=SHADE)
    for r, row in enumerate([tuple(c.head for c in table.columns), *table.rows]):
        for cell, column, x, width in zip(row, table.columns, lefts, widths, strict=True):
            at, align = (x + width - 1.2, "right") if column.number else (x + 1.2, "left")
            paper.text(
                at, y + 3.5, cell, size, align=align, room=width - _CELL_GAP + 0.2, bold=r == 0
            )
        y += _ROW
        paper.rule(box.x, y, box.right, color=LINE if r == 0 else "#dde3e7", width=0.15)
    return y


# -- courses of figures


def _courses(paper: Paper, box: Box, sheet: Sheet, say: Words) -> None:
    y = _title(paper, box, say("months"), say("months_note"))
    width = (box.width - 8) / 2 if len(sheet.courses) > 1 else box.width
    for k, course in enumerate(sheet.courses):
        _course(paper, Box(box.x + k * (width + 8), y, width, box.bottom - y), course, say)


def _course(paper: Paper, box: Box, course: Course, say: Words) -> None:
    scale: Scale = course.scale
    name = say("course", name=course.name, unit=scale.unit) if scale.unit else course.name
    paper.text(box.x, box.y + 3, name, 8.5, room=box.width)
    plot = Box(box.x + 12, box.y + 7, box.width - 26, box.height - 13)
    values, due = np.array(course.values), np.array(course.due)
    top = nice_ceiling(float(np.nanmax([*values, *due]) / scale.divisor)) * scale.divisor
    low = min(0.0, float(values.min()))
    days = np.array([day.toordinal() for day in course.days], dtype=float)
    span = max(days[-1] - days[0], 1.0)

    def at(day: np.ndarray, value: np.ndarray) -> np.ndarray:
        x = plot.x + (day - days[0]) / span * plot.width
        return np.column_stack([x, plot.bottom - (value - low) / (top - low or 1.0) * plot.height])

    for part in (0.0, 0.5, 1.0):
        level = low + part * (top - low)
        y = float(at(days[:1], np.array([level]))[0, 1])
        paper.rule(plot.x, y, plot.right, color="#dde3e7", width=0.15)
        paper.text(plot.x - 1.5, y + 1, scale.parts(level)[0], 7, color=SOFT, align="right")
    for day, x in zip(course.days, at(days, values)[:, 0], strict=True):
        label = say("month", m=day.month, month=f"{day:%b}")
        paper.text(x, plot.bottom + 4, label, 7, color=SOFT, align="middle")
    known = ~np.isnan(due)
    if known.sum() > 1:
        paper.line(at(days[known], due[known]), color=SOFT, width=0.3, mark=4)
    color = STATUS_COLORS.get(course.status, "#235f8a")
    points = at(days, values)
    paper.line(points, color=color, width=0.6)
    paper.marks(points, 0.8, Look(color))
    paper.text(plot.right + 2, points[-1, 1] + 1, scale.text(values[-1]), 8, color=color)


# -- maps


def _map(paper: Paper, box: Box, drawn: Drawn, say: Words, *, large: bool = False) -> None:
    if large:
        frame = box
    else:
        y = _title(paper, box, drawn.title)
        frame = Box(box.x, y, box.width, box.bottom - y)
    bounds = drawn.bounds
    paper.box(frame, stroke=LINE)
    if bounds is None:
        paper.text(frame.x + 3, frame.y + 6, say("map_none"), 9, color=SOFT)
        return
    size, step = (10.0, 6.0) if large else (7.0, 3.9)
    columns = _legend_columns(drawn, size, frame)
    legend = step * (1 - (-len(drawn.legend) // columns)) + 2.5 if drawn.legend else 0.0
    side = max((width_of(label, size) for label, _, _ in drawn.legend), default=0.0) + 14
    if large:
        # The scale stands there, too: what is drawn may fill all of its box.
        side = max(side, width_of(drawn.legend_title, 10), _SCALE_A3) + 6
        inner = Box(frame.x, frame.y, frame.width - side, frame.height)
        is_beside = True
    else:
        inner = Box(frame.x, frame.y, frame.width, frame.height - legend - 6)
        # Beside what is narrow there is more room for the legend than below it.
        side = max(side, width_of(drawn.legend_title, size) + 4)
        narrow = Box(frame.x, frame.y, frame.width - side, frame.height - 7)
        is_beside = bool(drawn.legend) and narrow.width > 20
        if is_beside:
            is_beside = (
                ground_for(bounds, narrow).denominator < ground_for(bounds, inner).denominator
            )
        inner = narrow if is_beside else inner
    letters = 9.5 if large else 6.5
    ground, names, key, key_columns = _fit(bounds, inner, drawn, letters, key_below=not large)
    with paper.within(Box(frame.x, frame.y, frame.width, frame.height)):
        _shapes(paper, ground, drawn, large=large)
    for lines, x, y, on in names:
        for k, line in enumerate(lines):
            base = y + letters * POINT * 1.15 * (k + 0.8)
            ink = _PAPER if is_dark(on) else INK
            paper.text(x, base, line, letters, color=ink, align="middle", halo=on)
    _north(paper, frame.right - (9 if large else 6), frame.y + (6 if large else 4), say, large)
    if large:
        low = frame.bottom - 20
        _legend_beside(paper, Box(inner.right, frame.y, side, low - frame.y), drawn, say)
        _scale_bar(paper, inner.right, frame.bottom - 11, ground, say, 10.0, _SCALE_A3 - 18)
        _key_of_names(paper, Box(inner.right, frame.y + 28, side, 0.0), key, 1, letters)
        return
    if is_beside:
        columns, height = 1, step * (1 + len(drawn.legend)) + 2.5
        at = Box(inner.right, frame.bottom - height, side - 2, height)
    else:
        height = legend
        at = Box(frame.x + 2, frame.bottom - height, frame.width - 4, height)
        if drawn.legend:
            paper.rule(frame.x, at.y, frame.right, color=LINE, width=0.15)
    _legend_small(paper, at, drawn, columns, size, step)
    below = 0.0 if is_beside else legend
    _scale_bar(paper, frame.x + 3, frame.bottom - below - 2.5, ground, say, 7.0, 22.0)
    if key:
        box = Box(inner.x + 3, ground.box.bottom, inner.width - 3, 0.0)
        _key_of_names(paper, box, key, key_columns, letters)


def _fit(
    bounds: Sequence[float], inner: Box, drawn: Drawn, size: float, *, key_below: bool
) -> tuple[Ground, list[_Placed], list[str], int]:
    """Fit what is drawn and its names into a box, if so with the key to their numbers below.

    Returns
    -------
    tuple of (Ground, names, key, columns of the key)
    """
    step, lines = size * POINT * _KEY_STEP, 0
    most = min(_MOST_NUMBERED, 2 * int(inner.height / 4 / step)) if key_below else _MOST_NUMBERED
    while True:
        height = lines * step + 2.5 if lines else 0.0
        ground = ground_for(bounds, Box(inner.x, inner.y, inner.width, inner.height - height))
        names, key = _names(ground, drawn, size, most)
        widest = max((width_of(text, size) for text in key), default=1.0)
        columns = max(1, int(inner.width / (widest + 3)))
        needed = -(-len(key) // columns) if key_below else 0
        if needed <= lines:
            return ground, names, key, columns
        lines = needed


def _key_of_names(paper: Paper, box: Box, key: Sequence[str], columns: int, size: float) -> None:
    """Write what the numbers on a map stand for, column by column."""
    step, deep = size * POINT * _KEY_STEP, -(-len(key) // columns)
    for k, text in enumerate(key):
        column, row = divmod(k, deep)
        paper.text(box.x + column * box.width / columns, box.y + step * (row + 1), text, size)


def _shapes(paper: Paper, ground: Ground, drawn: Drawn, *, large: bool) -> None:
    per_metre = 1000 / ground.denominator

    def shown(shape: shapely.Geometry) -> shapely.Geometry:
        # As coarse as paper shows.
        return shapely.transform(shapely.simplify(shape, 0.1 / per_metre), ground.place)

    for shape, fill in drawn.areas:
        paper.area(shown(shape), fill=fill or "#f6f7f9", stroke="#7d8b97", width=0.15)
    for shape in drawn.inner:
        paper.area(shown(shape), fill=None, stroke="#c3ccd3", width=0.12)
    few = sum(len(shapes) for _, shapes in drawn.marks) < _FEW
    radius = 0.9 if large or few else 0.65
    for look, shapes in drawn.marks:
        kind = shapely.get_dimensions(shapes)
        for line in shapes[kind == 1]:
            for part in shapely.get_parts(line):
                points = ground.place(shapely.get_coordinates(part))
                paper.line(points, color=look.kind, width=0.6, mark=look.mark)
        rest = shapes[kind != 1]
        sizes = np.sqrt(shapely.area(rest)) * per_metre
        for shape in rest[sizes > _SEEN_MM]:
            paper.area(shown(shape), fill=look.kind, stroke="#ffffff", width=0.05)
        # Where all are alike, an area needs no mark.
        marked = rest if len(drawn.marks) > 1 else rest[sizes <= _SEEN_MM]
        middles = shapely.get_coordinates(shapely.point_on_surface(marked))
        paper.marks(ground.place(middles), radius, look)
    if drawn.bold is not None:
        paper.area(shown(drawn.bold), fill=None, stroke=INK, width=0.5)


def _names(ground: Ground, drawn: Drawn, size: float, most: int) -> tuple[list[_Placed], list[str]]:
    """Place the names, none over another, and number those that have no room.

    Returns
    -------
    tuple of (names, list of str)
        Names as they stand, and the key to the numbers. Where more than
        ``most`` have no room, those that are left stay without a name.
    """
    height = size * POINT * 1.15
    middles = ground.place(np.array([[name.x, name.y] for name in drawn.names]).reshape(-1, 2))
    # As they are read: from above, and from the left.
    order = np.lexsort([middles[:, 0], (middles[:, 1] // (4 * height)).round()])
    numbered: set[int] = set()
    while True:
        taken: list[Box] = []
        placed, lost = [], set()
        number = {k: n for n, k in enumerate((k for k in order if k in numbered), 1)}
        for k in sorted(range(len(middles)), key=lambda k: (k not in numbered, k)):
            name, (x, y) = drawn.names[k].text, middles[k]
            # Where all has no room, what 高新区（虎丘区） has in brackets is left out, then its
            # number.
            short = re.sub(r"\s*[（(].*[）)]", "", name)
            texts = [str(number[k])] if k in number else [name, short, short.split("\n")[0]]
            for text in dict.fromkeys(filter(None, texts)):
                lines = text.split("\n")
                width = max(width_of(line, size) for line in lines)
                box = Box(x - width / 2, y - height * len(lines) / 2, width, height * len(lines))
                inside = ground.box.x < box.x and box.right < ground.box.right
                if inside and not any(_over(box, other) for other in taken):
                    taken.append(box)
                    placed.append((lines, float(x), box.y, drawn.names[k].ground))
                    break
            else:
                lost.add(k)
        if not lost - numbered or len(numbered | lost) > most:
            key = [f"{n}　{drawn.names[k].text.replace(chr(10), ' ')}" for k, n in number.items()]
            return placed, key
        numbered |= lost


def _over(one: Box, other: Box) -> bool:
    return (
        one.x < other.right + 0.5
        and other.x < one.right + 0.5
        and one.y < other.bottom + 0.3
        and other.y < one.bottom + 0.3
    )


def _legend_columns(drawn: Drawn, size: float, frame: Box) -> int:
    widest = max((width_of(label, size) for label, _, _ in drawn.legend), default=1.0) + 7
    return max(1, min(int((frame.width - 4) / widest), 4))


def _legend_small(
    paper: Paper, box: Box, drawn: Drawn, columns: int, size: float, step: float
) -> None:
    if drawn.legend:
        paper.text(box.x, box.y + 3.6, drawn.legend_title, size, bold=True, room=box.width)
    for k, (label, look, drawn_as) in enumerate(drawn.legend):
        x = box.x + (k % columns) * box.width / columns
        y = box.y + 3.6 + (1 + k // columns) * step
        _key(paper, x, y, look, drawn_as)
        paper.text(x + 4.5, y, label, size, room=box.width / columns - 5)


def _legend_beside(paper: Paper, box: Box, drawn: Drawn, say: Words) -> None:
    y = box.bottom - 8 - 6.5 * len(drawn.legend)
    if drawn.legend:
        paper.text(box.x, y - 6.5, say("legend"), 13, bold=True)
        paper.text(box.x, y, drawn.legend_title, 10, color=SOFT, room=box.width)
    for label, look, drawn_as in drawn.legend:
        y += 6.5
        _key(paper, box.x, y, look, drawn_as, 1.5)
        paper.text(box.x + 8, y, label, 10)


def _key(paper: Paper, x: float, y: float, look: Look, drawn_as: str, by: float = 1.0) -> None:
    if drawn_as == "areas":
        box = Box(x, y - 2.2 * by, 3.4 * by, 2.4 * by)
        paper.box(box, fill=look.kind, stroke="#7d8b97", width=0.1)
    elif drawn_as == "lines":
        # Long enough for all of its dashes.
        paper.line(np.array([[x, y - by], [x + 3.8 * by, y - by]]), color=look.kind, width=0.6,
                   mark=look.mark)  # fmt: skip
    else:
        paper.marks(np.array([[x + 1.7 * by, y - by]]), 0.9 * by, look)


def _north(paper: Paper, x: float, y: float, say: Words, large: bool) -> None:
    by = 1.8 if large else 1.0
    half = shapely.Polygon([(x, y), (x - 1.6 * by, y + 5 * by), (x, y + 3.8 * by)])
    other = shapely.Polygon([(x, y), (x + 1.6 * by, y + 5 * by), (x, y + 3.8 * by)])
    paper.area(half, fill=INK, stroke=INK, width=0.1)
    paper.area(other, fill="#ffffff", stroke=INK, width=0.1)
    paper.text(x, y + 8.2 * by, say("north"), 8 * by, align="middle")


def _scale_bar(
    paper: Paper, x: float, y: float, ground: Ground, say: Words, size: float, most: float
) -> None:
    """Draw the scale as a number and as a bar that is as long as it says."""
    from geo_citymgmt.maps._static import nice_length

    length = nice_length(most * ground.denominator / 1000)
    width = length * 1000 / ground.denominator
    unit, factor = ("kilometres", 1e-3) if length >= 1000 else ("metres", 1.0)
    height = size * POINT * 0.35
    paper.box(Box(x, y - height, width / 2, height), fill=INK, stroke=INK, width=0.15)
    paper.box(Box(x + width / 2, y - height, width / 2, height), fill="#ffffff", stroke=INK,
              width=0.15)  # fmt: skip
    paper.text(x, y - height - 0.8, "0", size, halo=_PAPER)
    paper.text(x + width, y - height - 0.8, f"{length * factor:g} {say(unit)}", size, halo=_PAPER)
    label = say("scale", n=f"{ground.denominator:,.0f}")
    if size > 8:
        paper.text(x, y + size * POINT * 1.3, label, size, halo=_PAPER)
    else:
        paper.text(x + width + size * 1.6, y, label, size, halo=_PAPER)


def _foot(paper: Paper, parts: Sequence[str], size: float = 8.0) -> None:
    """Write source, who drew it, day and approval in one line, or in two."""
    y = paper.height - _TOP
    paper.rule(_EDGE, y - 7.5, paper.width - _EDGE, color=LINE, width=0.2)
    lines: list[str] = [""]
    for part in parts:
        longer = f"{lines[-1]}　　{part}" if lines[-1] else part
        if lines[-1] and width_of(longer, size) > paper.width - 2 * _EDGE:
            lines.append(part)
        else:
            lines[-1] = longer
    for k, line in enumerate(lines):
        paper.text(_EDGE, y - 3.8 + k * size * POINT * 1.35, line, size, color=SOFT,
                   room=paper.width - 2 * _EDGE)  # fmt: skip


def sheet_summary(
    city: City, as_of: Any = None, lang: str | None = None, release: str = "internal"
) -> Summary:
    """Return of a report's summary what a sheet says, which is worked out in a moment."""
    lang = display_lang(lang)
    words = Words(lang, unit=city.unit, groups=city.office["bulletin"].table["group"])
    day = day_of(city, as_of, Gate("write_sheet"))
    facts = CityFacts(city)
    table = progress(facts, as_of=day)
    courses = table.iloc[:0] if day is None else month_ends(facts, day, table)
    return Summary(
        facts, city, day, words, table, courses, campaigns=campaigns(facts, day, table),
        release=release,
    )  # fmt: skip


def write_sheet(
    city: City, zone: str | None, path: str | Path, *, as_of: Any = None, lang: str | None = None,
    release: str = "internal", as_map: bool = False,
) -> Path:  # fmt: skip
    """Write one sheet of paper on a district: an A4 page, or a map of A3, as PDF.

    The page has a map with the district's records, its tasks against what is due, why (opening,
    found, closed, closing), months and the ten worst overdue cases. A public one has no records
    and no cases: its map shows the districts by what is due.

    Parameters
    ----------
    city : City
        With whatever layers it has.
    zone : str or None
        Code or name of a district; the whole city for None.
    path : str or Path
        Of the .pdf, which is written whole or not at all.
    as_of : date, optional
        The whole day is included; the data's own without.
    lang : {"zh", "en"}, default options.lang
    release : {"internal", "public"}
    as_map : bool
        The map alone, of A3 and with its scale: of a district its records, of the city how far
        districts are below what is due.

    Returns
    -------
    Path

    Raises
    ------
    CityDataError
        There is no such district, or the extra ``bulletin`` is not installed.
    AsOfError
        The day is after the data's own.

    See Also
    --------
    write_report, write_lists

    Examples
    --------
    >>> import tempfile
    >>> import geo_citymgmt as gcm
    >>> city = gcm.sample_city(layers=["illegal_construction"])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     made = write_sheet(city, "昆山市", f"{folder}/昆山市.pdf")
    ...     made.read_bytes()[:5]
    b'%PDF-'
    """
    check_release(release)
    check_libraries()
    code = None if zone is None else find_zone(city, zone)
    maker = SheetMaker(sheet_summary(city, as_of, lang, release))
    write = write_map_pdf if as_map else write_sheet_pdf
    with whole_file(Path(path)) as part:
        write(maker, code, part)
    return Path(path)


def write_sheets(results: Summary, folder: Path) -> list[Path]:
    """Write the sheet of every district into a folder, of the whole city where there is none."""
    check_libraries()
    maker = SheetMaker(results)
    zones: list[str | None] = [str(code) for code in results.city.zones.index]
    files: list[Path] = []
    for zone in zones or [None]:
        name = re.sub(r'[\\/:*?"<>|\x00-\x1f]', "_", maker.name_of(zone)).strip(". ") or str(zone)
        path = folder / f"{name}.pdf"
        # Names that differ in what no file name may hold are told apart by their code.
        path = folder / f"{name}_{zone}.pdf" if path in files else path
        with whole_file(path) as part:
            write_sheet_pdf(maker, zone, part)
        files.append(path)
    return files
