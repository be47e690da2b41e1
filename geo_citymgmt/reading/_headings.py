"""Where the headings of an office sheet are, and which rows about them are no records.

Above the headings stand titles and form lines (填报单位：… 填报日期：…), one of which may state the
unit of all numbers (单位：万平方米). Headings may have an upper and a lower level. Below them may
stand rows that number the columns, name their types or units, or tell how to fill them in.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import shapely

from geo_citymgmt._dates import span_of_text
from geo_citymgmt._languages import packaged_table
from geo_citymgmt._numbers import units_in
from geo_citymgmt.errors import SourceError
from geo_citymgmt.reading._coordinate_columns import name_pairs, read_name, read_names
from geo_citymgmt.reading._messages import failure
from geo_citymgmt.reading._raw import Raw
from geo_citymgmt.reading._sheet import csv_rows
from geo_citymgmt.reading._sniff import sniff
from geo_citymgmt.reading._text import composed, has_byte

Merged = Sequence[tuple[tuple[int, int], tuple[int, int]]]
#: Kind of a row under the headings: see :func:`kinds_below`.
Kind = str

#: Rows in which headings, and what stands between them and the records, are looked for.
SEARCHED = 30
#: Rows looked at to see of what kind a column is.
_SAMPLED = 30
#: So many rows at most stand between headings and records.
_BETWEEN = 4
#: Longer texts are neither numbers nor names of types.
_LONGEST = 100
_NUMBER = re.compile(r"[+-]?[\d,]*\.?\d+%?")
#: A label and its colon, at the beginning of a cell; what follows may stand in the next cell.
_LABEL = re.compile(r"[^\d:：(（/]{1,12}[:：]")
#: A page, a part of the list or a note, alone in a row; and a label with what follows it.
_ALONE = r"第\s*\d+\s*页|共\s*\d+\s*页|※|以上|本表|[(（]?[一二三四五六七八九十]{1,3}[)）、]"
_LABELLED = r"[^\d:：]{1,16}[:：]"
#: Begins a row below or between the records that may be none.
FOOT_BEGINS = f"^({_ALONE}|{_LABELLED})"
_ASIDE, _SIGNED = re.compile(_ALONE), re.compile(_LABELLED)
#: Labels of rows that sum up records.
TOTAL = (
    r"(?i)^(合计|小计|总计|共计|累计|总数|平均[值数]?|均值|total|subtotal|grandtotal|sum)[:：]?$"
)
PART_TOTAL = r"(合计|小计|总计|共计)[:：]?$|^(合计|小计|总计|共计)[:：]?[\d,.]+[^\d]{0,6}$"
#: First bytes of the words of TOTAL, in UTF-8: none of 200,000 addresses begins with one.
TOTALS_BEGIN = tuple({word.encode()[0] for word in "合小总共累平均tTsSgG"})
#: Parts of a total, an earlier period and the change since: 其中：路内, 上年同期, 比上年增加, 环比.
_PERIOD = "(?:上年度?|去年|上月|上季度?|上期|同期)(?:同期|同月)?"
_COUNTED = r"共?计?\d+[处个座家件条宗起辆栋户项]"
_SUMMED = re.compile(
    rf"(?P<parts>其中.{{0,12}})|{_PERIOD}(?:数|值|合计)?[:：]?|[比较与]{_PERIOD}.{{0,10}}|(?:同比|环比).{{0,10}}"
    rf"|[共计]{_COUNTED}.{{0,6}}|\D{{1,8}}(?:[区县市旗镇乡村]|街道|社区|[大中]队){_COUNTED}"
    r"|(?P<all>全[市区县旗镇乡](?:合计)?[:：]?)"
)
_MAYBE_SUMMED = r"^\s*(?:其|上|去|同|比|较|与|环|共|计|全)|\d\s*[处个座家件条宗起辆栋户项]"
#: First bytes of Chinese characters in UTF-8.
_CHINESE = tuple(range(0xE4, 0xEA))
#: What of its own a record has, and no sum.
_OWN_NUMBER = re.compile(r"(?i)编号|编码|序号|(?:^|_)id$")
_OFFICE = re.compile(r"[一-鿿（）()]{2,30}(局|委员会|办公室|指挥部|大队|支队|政府|办事处)")
_UNIT = re.compile(
    r"(?<![一-鿿])(?:计量|面积|长度|数量|金额)?单位\s*[:：]\s*(.*)|\bunits?\s*[:：]\s*(.*)", re.I
)
#: What a plan and its outcome have both, under the same words.
_MEASURED = re.compile(r"(?i)时间|日期|期限|面积|数|量|date|time|area|number")
_LAST_BRACKET = re.compile(r"[(（\[【][^(（\[【]*[)）\]】]$")
_BRACKETS = re.compile(r"^[(（\[【](.*)[)）\]】]$")
_LENGTH = re.compile(r"[(（]\s*\d+(\s*[,，.]\s*\d+)?\s*[)）]$|\d+(\.\d+)?$")
_ORDINAL = re.compile(r"[(（\[【<]?(\d{1,3})[)）\]】>]?\.?|第?(\d{1,3})[列栏]|[Cc](\d{1,3})")


@dataclass
class Headings:
    """Names of the columns, how many rows come before the records, and what these rows say."""

    first: int
    names: list[str]
    #: 0-based row of the (upper) headings.
    top: int = 0
    #: Unit of all numbers, as it is written above the headings or in them.
    stated_unit: str = ""
    #: Names that had to be told apart by the heading above them.
    distinguished: list[str] = field(default_factory=list)


def _sheet_words() -> Mapping[str, Any]:
    return packaged_table("geo_citymgmt.reading", "sheets.toml")


@cache
def _words() -> dict[str, frozenset[str]]:
    words = _sheet_words().items()
    return {name: frozenset(map(_key, of)) for name, of in words if name != "series"}


@cache
def _series() -> tuple[str, ...]:
    return tuple(_sheet_words()["series"])


def _key(text: str) -> str:
    return re.sub(r"[\s*＊]", "", composed(text)).casefold()


def is_blank(cell: Any) -> bool:
    """Whether a cell holds nothing."""
    return cell is None or (isinstance(cell, str) and not cell.strip())


def is_number_text(cell: Any) -> bool:
    """Whether a cell is a number, or the text of one."""
    if isinstance(cell, bool) or is_blank(cell):
        return False
    if not isinstance(cell, str):
        return True
    return _is_number(cell)


def _is_number(text: str) -> bool:
    text = text.strip()
    return len(text) <= _LONGEST and _NUMBER.fullmatch(text) is not None


def find_headings(rows: Sequence[Sequence[Any]], merged: Merged, name: str) -> Headings:
    """Return the names of the columns of ``rows`` and where they stand.

    Titles and form lines before them are passed over. Where two levels are, the lower name stands
    for a column, unless the same one stands under several upper ones: then both do, as 本月/面积.

    Raises
    ------
    SourceError
        No row of headings is found.

    Examples
    --------
    >>> rows = [["台账", "", "单位：亩"], ["编号", "位置", ""], ["", "经度", "纬度"],
    ...         ["J1", 120.6, 31.3]]
    >>> found = find_headings(rows, [], "list.csv")
    >>> found.names, found.first, found.stated_unit
    (['编号', '经度', '纬度'], 3, '亩')
    """
    head = rows[:SEARCHED]
    filled = [sum(not is_blank(c) for c in row) for row in head]
    usual = max(filled, default=0)
    least = max(min(2, usual), 0.6 * usual)
    above: list[Sequence[Any]] = []
    for i, row in enumerate(head):
        # A single cell over a table of several columns is a title.
        if 0 < filled[i] >= min(2, usual) and not is_form_line(rows, i) and is_wordy(row):
            found = _levels(rows, i, merged)
            below = found.first == i + 1 and _is_below(rows, i, filled)
            if sum(map(bool, found.names)) >= least and not below:
                found.stated_unit = _stated_unit([*above, *rows[i : found.first]])
                return found
        above.append(row)
    raise failure("table_no_headings", name, n=SEARCHED)


def kinds_below(body: Sequence[Sequence[Any]], names: Sequence[str]) -> list[Kind]:
    """Return of what kind each row is that stands between the headings and the first record.

    ``sequence`` numbers the columns, ``types`` names their types, ``units`` their units,
    ``explanation`` tells how to fill them in and ``sample`` shows it.

    Examples
    --------
    >>> rows = [["1", "2", "3", "4"], ["字符", "字符", "数值", "数值"], ["J1", "a", 120.6, 31.3]]
    >>> kinds_below(rows, ["编号", "名称", "经度", "纬度"])
    ['sequence', 'types']
    """
    kinds: list[Kind] = []
    for i, row in enumerate(body[:_BETWEEN]):
        kind = _kind(row, body[i + 1 : i + 1 + _SAMPLED], names)
        if not kind:
            break
        kinds.append(kind)
    return kinds


def names_with_units(names: Sequence[str], row: Sequence[Any]) -> list[str]:
    """Return ``names`` with the units of a row of units in brackets.

    Examples
    --------
    >>> names_with_units(["编号", "面积"], ["-", "亩"])
    ['编号', '面积（亩）']
    """
    out = list(names)
    for i, cell in enumerate(row[: len(out)]):
        if out[i] and not is_blank(cell) and _key(str(cell)) not in _words()["no_unit"]:
            out[i] = f"{out[i]}（{_unbracketed(str(cell).strip())}）"
    return out


def _kind(row: Sequence[Any], below: Sequence[Sequence[Any]], names: Sequence[str]) -> Kind:
    cells = [(i, c) for i, c in enumerate(row) if not is_blank(c)]
    # Something has to come after it: the only row of a table is a record.
    if len(cells) < 2 or not below:
        return ""
    keys = [_key(str(c)) for _, c in cells]
    if _is_sequence([c for _, c in cells]) and (
        len(cells) >= 4 or (len(cells) == len(names) and _has_words(cells, below))
    ):
        return "sequence"
    if not all(isinstance(c, str) for _, c in cells):
        return "sample" if is_sample(cells[0][1]) else ""
    bare = [_LENGTH.sub("", k[:_LONGEST]) for k in keys]
    types = [bool({k, b} & set(_words()["types"])) for k, b in zip(keys, bare, strict=True)]
    if all(types):
        return "types"
    units = [_is_unit(str(c)) for _, c in cells]
    if any(units) and all(u or k in _words()["no_unit"] for u, k in zip(units, keys, strict=True)):
        return "units"
    if is_sample(cells[0][1]):
        return "sample"
    return "explanation" if _explains(cells, below) else ""


def is_sample(cell: Any) -> bool:
    """Whether the first cell of a row says that it only shows how to fill the table in."""
    return isinstance(cell, str) and _key(cell).rstrip(":：") in _words()["samples"]


def _is_sequence(cells: Sequence[Any]) -> bool:
    """Whether cells count 1, 2, 3, or 甲, 乙, 1, 2: each series from its beginning."""
    last: dict[str, int] = {}
    for cell in cells:
        place = _place(cell)
        if place is None or place[1] != last.get(place[0], 0) + 1:
            return False
        last[place[0]] = place[1]
    return True


def _place(cell: Any) -> tuple[str, int] | None:
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    text = unicodedata.normalize("NFC", str(cell)[:_LONGEST]).strip()
    if match := _ORDINAL.fullmatch(text):
        return "number", int(next(g for g in match.groups() if g))
    for series in _series():
        if len(text) == 1 and text.upper() in series:
            return series[0], series.index(text.upper()) + 1
    return None


def _has_words(cells: Sequence[tuple[int, Any]], below: Sequence[Sequence[Any]]) -> bool:
    """Whether in one of the columns no number stands below."""
    for i, _ in cells:
        values = [row[i] for row in below if i < len(row) and not is_blank(row[i])]
        if values and not any(map(is_number_text, values)):
            return True
    return False


def _explains(cells: Sequence[tuple[int, Any]], below: Sequence[Sequence[Any]]) -> bool:
    """Whether words stand where numbers and dates come below, and tell what these are."""
    words: list[str] = []
    for i, cell in cells:
        values = [row[i] for row in below if i < len(row) and not is_blank(row[i])]
        if len(values) >= 2 and all(not isinstance(v, str) or is_number_text(v) for v in values):
            if is_number_text(cell):
                return False
            words.append(_key(str(cell)))
    begun = any(w.startswith(tuple(_words()["explanations"])) for w in words)
    return len(words) >= 2 and (begun or len(set(words)) == len(words) > 2)


def _unbracketed(text: str) -> str:
    match = _BRACKETS.match(text.strip())
    return match[1].strip() if match else text.strip()


def _is_unit(text: str) -> bool:
    key = _key(_unbracketed(text))
    units, scales = _words()["units"], _words()["scales"]
    return key in units or any(s and key.startswith(s) and key[len(s) :] in units for s in scales)


def is_wordy(row: Sequence[Any]) -> bool:
    """Whether nearly all cells of a row are words, as of headings, most of them different."""
    cells = [c for c in row if not is_blank(c)]
    words = [c for c in cells if isinstance(c, str) and not _is_number(c)]
    # Two tables side by side have each heading twice.
    return len(words) >= 0.8 * len(cells) and len(set(map(str, cells))) >= 0.5 * len(cells)


def is_form_line(rows: Sequence[Sequence[Any]], i: int) -> bool:
    """Whether a row says label and value in turn: 填报单位：| 某局 | 联系人：| 某人."""
    cells = [str(c).strip() for c in rows[i] if not is_blank(c)]
    labelled = [c for c in cells if _LABEL.match(c)]
    if labelled and 3 * len(labelled) >= len(cells):
        return not (len(cells) > 1 and all(c.endswith((":", "：")) for c in cells))
    # Without colons: every other cell is a known label, and a wider row of words comes below.
    if len(cells) < 2 or len(cells) % 2 or not all(_key(c) in _words()["form"] for c in cells[::2]):
        return False
    below = rows[i + 1] if i + 1 < len(rows) else []
    return sum(not is_blank(c) for c in below) > len(cells) and is_wordy(below)


def is_foot(cells: Sequence[str]) -> bool:
    """Whether the cells of a row say who made a list, which page or part it is, or a note.

    Examples
    --------
    >>> is_foot(["制表人：张三", "填报日期：2023年7月3日"]), is_foot(["审核人：", "李四"])
    (True, True)
    >>> is_foot(["一、瑶海区"]), is_foot(["一、瑶海区", "5"]), is_foot(["负责人：张三", "W1"])
    (True, False, False)
    """
    if len(cells) == 1 and _ASIDE.match(_key(cells[0])):
        return True
    is_value = False
    for cell in cells:
        found = _SIGNED.match(cell)
        label = _key(found[0]) if found else ""
        if label and any(word in label for word in _words()["signed"]):
            is_value = cell.strip().endswith((":", "："))
        elif is_value:
            is_value = False
        else:
            return False
    return True


def sums_among(
    frame: pd.DataFrame, filled: np.ndarray, first: np.ndarray, total: np.ndarray
) -> dict[int, str]:
    """Return the rows that tell parts of a total, another period or a count, with their labels.

    Such a row has less in it than a record, and behind its label neither a number of its own nor
    a position.

    Parameters
    ----------
    filled : array of bool
        Which cells of `frame` hold anything.
    first : array of int
        The first such cell of each row.
    total : array of bool
        Rows that are known to be totals.

    Examples
    --------
    >>> rows = [["P1", "甲", 120.6, 9], [None, "合计", None, 9], [None, "其中：路内", None, 6]]
    >>> frame = pd.DataFrame(rows, columns=["编号", "名称", "经度", "泊位"])
    >>> filled = frame.notna().to_numpy()
    >>> sums_among(frame, filled, filled.argmax(axis=1), np.array([False, True, False]))
    {2: '其中：路内'}
    """
    count = filled.sum(axis=1)
    may_be = (count <= (filled.shape[1] + 1) // 2) & ~total
    found: dict[int, re.Match[str]] = {}
    for i in range(frame.shape[1]) if may_be.any() else ():
        column, at = frame.iloc[:, i], np.flatnonzero(may_be & (first == i))
        if len(at) and pd.api.types.is_string_dtype(column.dtype):
            texts = pa.array(column.iloc[at].array, type=pa.large_string(), from_pandas=True)
            at = at[has_byte(texts, 0, _CHINESE)]
            near = column.iloc[at].str.contains(_MAYBE_SUMMED).fillna(False).to_numpy(dtype=bool)
            for k in at[near].tolist():
                if match := _SUMMED.fullmatch(re.sub(r"\s", "", str(column.iloc[k]))):
                    found[k] = match
    if not found:
        return {}
    others = ~total
    others[list(found)] = False
    own = [
        bool(_OWN_NUMBER.search(str(name))) or read_name(str(name), k) is not None
        for k, name in enumerate(frame.columns)
    ]
    may_be &= count < (np.median(count[others]) if others.any() else 0)
    behind = np.arange(filled.shape[1]) > first[:, None]
    may_be &= ~(filled & behind & np.array(own, dtype=bool)).any(axis=1)
    sums: dict[int, str] = {}
    for k in sorted(found):
        label = str(frame.iloc[k, first[k]])
        is_below = k > 0 and (total[k - 1] or k - 1 in sums)
        if not may_be[k] or (found[k]["all"] and not is_below and _is_zone(frame, k, first[k])):
            continue
        sums[k] = label
        # The other parts of a total follow: 其中：路内, 路外.
        part = k + 1
        while found[k]["parts"] and part < len(frame) and part not in found and may_be[part]:
            if (filled[part] != filled[k]).any():
                break
            sums[part] = str(frame.iloc[part, first[part]])
            part += 1
    return sums


def _is_zone(frame: pd.DataFrame, row: int, column: int) -> bool:
    """Whether the whole city is one more row of a table by district: each has one of its own."""
    others = frame.iloc[:, column].drop(frame.index[row]).dropna().astype(str)
    return len(others) > 0 and others.is_unique and not others.str.contains(r"\d").any()


def is_signature(cell: str) -> bool:
    """Whether a cell is a day or the name of an office, as below a list.

    Examples
    --------
    >>> [is_signature(cell) for cell in ("合肥市城市管理局", "二〇二三年七月三日", "2023", "W1")]
    [True, True, False, False]
    """
    is_day = not is_number_text(cell) and span_of_text(cell) is not None
    return is_day or _OFFICE.fullmatch(cell.strip()) is not None


def _is_below(rows: Sequence[Sequence[Any]], i: int, filled: Sequence[int]) -> bool:
    """Whether the headings are in the next row: more words, over columns of numbers."""
    if i + 2 >= len(rows) or i + 1 >= len(filled) or filled[i + 1] <= filled[i]:
        return False
    if not is_wordy(rows[i + 1]) or is_form_line(rows, i + 1):
        return False
    for j, cell in enumerate(rows[i + 1]):
        values = [r[j] for r in rows[i + 2 : i + 2 + _SAMPLED] if j < len(r) and not is_blank(r[j])]
        if not is_blank(cell) and values and all(map(is_number_text, values)):
            return True
    return False


def heading_name(cell: Any) -> str:
    """Return what a cell names as the heading of a column; empty for none."""
    if is_blank(cell):
        return ""
    # Between Latin words a blank is part of the name, between characters it is none.
    text = re.sub(r"(?<=[!-~])\s+(?=[!-~])", " ", str(cell).strip())
    return re.sub(r"(?<![!-~])\s+|\s+(?![!-~])", "", text).rstrip(":：")


def is_heading_of(cell: str, label: str) -> bool:
    """Whether a cell is the heading of a column whose name has a unit, level or number put to it.

    Examples
    --------
    >>> [is_heading_of("面积", label) for label in ("面积", "面积（亩）", "本月/面积", "面积_2")]
    [True, True, True, True]
    >>> is_heading_of("销号时间", "发现时间")
    False
    """
    name = heading_name(cell)
    of_level = label.rpartition("/")[2]
    names = (label, of_level, of_level.partition("（")[0], re.sub(r"_\d+$", "", of_level))
    return not name or name in names


def _levels(rows: Sequence[Sequence[Any]], top: int, merged: Merged) -> Headings:
    """Return the headings that begin in row ``top``, with the levels below it."""
    names = [heading_name(c) for c in rows[top]]
    distinguished: list[str] = []
    at = top
    while at + 1 < len(rows) and at < top + 2:
        # A line feed of a blank row ends it; what is merged down has no cell of its own there.
        lower = [heading_name(c) for c in rows[at + 1]]
        width = max(len(names), len(lower))
        names += [""] * (width - len(names))
        groups = _groups(names, [*lower, *[""] * (width - len(lower))], at, merged)
        if not _is_lower(names, rows[at + 1], groups):
            break
        names, doubled = _combined(names, [*lower, *[""] * (width - len(lower))], groups)
        distinguished += doubled
        at += 1
    while names and not names[-1]:
        names.pop()
    return Headings(at + 1, names, top=top, distinguished=distinguished)


def _groups(names: Sequence[str], lower: Sequence[str], row: int, merged: Merged) -> list[range]:
    """Return the columns that each upper heading spans, for those that span several."""
    spans = {
        left: range(left, min(right + 1, len(names)))
        for (top, left), (bottom, right) in merged
        if top == row and right > left
    }
    groups: list[range] = []
    i = 0
    while i < len(names):
        span = spans.get(i)
        if span is None:
            end = i + 1
            while names[i] and end < len(names) and _goes_on(names, lower, i, end):
                end += 1
            span = range(i, end)
        if len(span) > 1 and names[i]:
            groups.append(span)
        i = max(span.stop, i + 1)
    return groups


def _goes_on(names: Sequence[str], lower: Sequence[str], first: int, at: int) -> bool:
    """Whether an upper heading reaches on to a column: without one, or with the same again."""
    if not lower[at] or not lower[first]:
        return False
    return not names[at] or (names[at] == names[first] and lower[at] != lower[first])


def _is_lower(names: Sequence[str], row: Sequence[Any], groups: Sequence[range]) -> bool:
    """Whether a row names the parts of the headings above it."""
    cells = {i: c for i, c in enumerate(row) if not is_blank(c)}
    if not all(isinstance(c, str) and not _is_number(c) for c in cells.values()):
        return False
    inside = {i for group in groups for i in group}
    if not any(sum(i in cells for i in group) >= 2 for group in groups):
        return False
    # Beside the parts nothing else is named, the same once more, or what is planned or done of it.
    return all(
        i in inside or not names[i] or heading_name(c) == names[i] or _qualifies(names[i])
        for i, c in cells.items()
    )


def _qualifies(upper: str) -> bool:
    """Whether an upper heading says that what stands below it is planned, or of another time."""
    return any(word in upper for word in _words()["qualifying"])


def _combined(
    names: Sequence[str], lower: Sequence[str], groups: Sequence[range]
) -> tuple[list[str], list[str]]:
    """Return one name a column, and those that the upper heading had to tell apart."""
    out = [b or a for a, b in zip(names, lower, strict=True)]
    counts = {n: out.count(n) for n in set(out) if n}
    distinguished: list[str] = []
    inside = {i for group in groups for i in group}
    if "" in out and all(i in inside for i, name in enumerate(out) if name):
        # Titles of tables side by side.
        return out, []
    alone = [
        range(i, i + 1)
        for i, (a, b) in enumerate(zip(names, lower, strict=True))
        if a and b and a != b and i not in inside
    ]
    for group in [*groups, *alone]:
        upper = names[group.start]
        # 面积（亩） is the unit of all that stands below it.
        unit = _LAST_BRACKET.search(upper)
        aside = unit[0] if unit and _is_unit(unit[0]) else ""
        repeats = any(lower[i] and counts[lower[i]] > 1 for i in group)
        for i in group:
            if lower[i] and (repeats or (_qualifies(upper) and _MEASURED.search(lower[i]))):
                out[i] = f"{upper.removesuffix(aside)}/{lower[i]}"
                distinguished.append(out[i])
            if lower[i] and not _LAST_BRACKET.search(lower[i]):
                out[i] += aside
    return out, distinguished


def _stated_unit(rows: Sequence[Sequence[Any]]) -> str:
    """Return the unit that a cell above the headings states for all numbers, as it is written.

    There may be several, of which each column has the one that fits: 单位：处、万平方米.
    """
    for row in rows:
        cells = [str(c) for c in row if not is_blank(c)]
        for cell, after in zip(cells, [*cells[1:], ""], strict=False):
            match = _UNIT.search(cell)
            if match is None:
                continue
            unit = (match[1] or match[2] or "").strip() or after.strip()
            # A closing bracket of the title, or the next item of the form line, ends it.
            unit = re.split(r"[(（)）\]】\s;；。]", _unbracketed(unit))[0]
            if any(map(_is_unit, units_in(unit))):
                return unit
    return ""


#: A text no longer than this is looked through as a whole.
_SMALL = 1 << 18
#: Fewer columns than the first do not tell a record from a total; more are counted by its reader.
_FEWEST, _MOST = 4, 256
#: A total or a note has such a word in its first cells.
_TOTAL = re.compile(r"(?i)合|小|总|共|累|注|total|sum")
_DEGREES = re.compile(r"\d{1,3}\.\d{3,12}")
_LON, _LAT = (73, 136), (3, 54)


def glance_at_csv(path: Path) -> Raw | None:
    """Return the columns and the first place of a short and plain text; None for any other."""
    try:
        if path.stat().st_size > _SMALL or sniff(path) != "csv":
            return None
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
        headings = find_headings(rows, [], name)
    except SourceError:
        return None
    names, body = headings.names, rows[1:]
    is_plain = headings.first == 1 and len(names) == len(rows[0]) == len(set(names)) and all(names)
    if not is_plain or kinds_below(body[:SEARCHED], names) or not _is_record(body[0], names):
        return None
    place = _quick_place(names, body)
    if place is None:
        return None
    geometry = np.full(1, None, dtype=object)
    if place:
        geometry[0] = shapely.Point(place)
    return Raw(name, _blank_record(tuple(names)).copy(), geometry, np.arange(1), 1)


@lru_cache(maxsize=64)
def _blank_record(names: tuple[str, ...]) -> pd.DataFrame:
    # Files of a folder often have the same headings, and a copy takes a tenth of the time.
    return pd.DataFrame(np.full((1, len(names)), None, dtype=object), columns=list(names))


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


def _quick_place(names: Sequence[str], body: Sequence[Sequence[Any]]) -> tuple[float, ...] | None:
    """Return the first place; empty where no column is called a coordinate, None for doubt."""
    known = read_names(names)
    if not known:
        return ()
    pairs = name_pairs(known)
    if len(known) != 2 or len(pairs) != 1 or any(c.parts for c in known):
        return None
    first, second = pairs[0]
    is_reported = (first.axis, second.axis) == ("lon", "lat") and max(first.rank, second.rank) < 2
    if not is_reported or first.is_other or second.is_other:
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
