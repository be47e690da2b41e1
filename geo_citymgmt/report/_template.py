"""An office's own workbook as a template: cells that name a figure, a zone and a period are filled.

What a binding may say, and in which words, stands in ``template.toml``. Every byte but that of the
cells is kept: a library that reads a workbook and writes it anew loses what it does not know, be
that a chart, a picture or a style.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from geo_citymgmt._dates import span_of_text
from geo_citymgmt._gate import Gate, day_of
from geo_citymgmt._languages import Messages, Text, first_few, measure_word, packaged_table, term
from geo_citymgmt._markup import escape_text
from geo_citymgmt._numbers import percent, scale_for
from geo_citymgmt.city._tables import CITY_WORDS, figures_by_name
from geo_citymgmt.cleaning._place import zone_keys
from geo_citymgmt.errors import AsOfError, SourceError, did_you_mean
from geo_citymgmt.facts import CityFacts, facts_of
from geo_citymgmt.figures import period_table, progress
from geo_citymgmt.figures._actuals import period_end, period_start
from geo_citymgmt.figures._tables import zone_names
from geo_citymgmt.indicators import Figure
from geo_citymgmt.indicators._definitions import unit_factors
from geo_citymgmt.reading._text import plain_key
from geo_citymgmt.reading._xlsx import check_package, read_workbook_sheet, sheet_parts
from geo_citymgmt.writing import whole_file

if TYPE_CHECKING:
    from geo_citymgmt.city import City


_BINDING = re.compile(r"[{｛]{2}(.+?)[}｝]{2}", re.DOTALL)
#: What is a share whatever the figure is.
_SHARES = ("attainment", "change_ratio", "year_change_ratio")
_MONTHS = {1: "month", 3: "quarter", 6: "half", 12: "year"}
COLUMNS = ("sheet", "cell", "binding", "indicator", "zone_code", "as_of", "period", "column",
           "unit", "value", "problem_zh", "problem_en")  # fmt: skip
_MESSAGES = Messages("geo_citymgmt.report")
#: A cell's value: a number, a text, or one of a spreadsheet's own errors, on which sums fail too.
Value = float | str
UNKNOWN, MISSING = ERRORS = ("#NAME?", "#N/A")
_CELL = re.compile(r"<((?:\w+:)?)c((?:\s+[\w:]+=\"[^\"]*\")*)\s*>(.*?)</\1c>", re.DOTALL)
_ITEM = re.compile(r"<((?:\w+:)?)si(?:/>|[\s>].*?</\1si>)", re.DOTALL)
#: Not how a text is pronounced, which is no part of it.
_WORDS = re.compile(r"<(?:\w+:)?rPh\b.*?</(?:\w+:)?rPh>|<(?:\w+:)?t(?:\s[^>]*)?>(.*?)</", re.DOTALL)
_COMPUTED = re.compile(r"<((?:\w+:)?)v>.*?</\1v>", re.DOTALL)
#: Behind which parts of a workbook the one on calculation stands.
_BEFORE = re.compile(
    r"(.*</((?:\w+:)?)(?:sheets|functionGroups|externalReferences|definedNames)>)", re.DOTALL
)


class _Problem(Exception):  # noqa: N818 - caught here, and told beside its cell
    def __init__(self, key: str, mark: str = UNKNOWN, **gaps: Any) -> None:
        self.text, self.mark = Text(*_words()["messages"][key]).format(**gaps), mark


def fill_template(
    city: City | CityFacts, template: str | Path, path: str | Path, *, as_of: Any = None,
    lang: str = "zh",
) -> pd.DataFrame:  # fmt: skip
    """Fill the cells of a workbook that name a figure, a zone and a period, and keep all others.

    A cell ``{{figure|zone|period|column|unit}}`` becomes a number with the format of the cell;
    within a longer text the number is written out. Names in Chinese or English and codes will do;
    what stands behind the figure may stand in any order or be left out, for the whole city at the
    day of the report. A month, quarter, half-year or year gives what :func:`period_table` has, a
    day what :func:`progress` has.

    Parameters
    ----------
    city : City or CityFacts
    template : str or Path
        A workbook (.xlsx). Formulas, merged cells, charts and print settings stay; formulas are
        computed when the result is opened.
    path : str or Path
        Of the filled workbook; written whole or not at all.
    as_of : date, optional
        The day of the report; that of the data without.
    lang : {"zh", "en"}
        Of numbers within a text, and of a status.

    Returns
    -------
    DataFrame
        One row a binding: where it stands, what it was taken for, its value or why there is none.
        Its cell then holds ``#NAME?`` (not understood) or ``#N/A`` (no value): sums fail, too.

    Raises
    ------
    CityDataError
        No cell is bound, it is no .xlsx, or ``path`` is the template.

    See Also
    --------
    progress, period_table

    Examples
    --------
    >>> import geo_citymgmt as gcm
    >>> gcm.fill_template(gcm.sample_city(), "月报模板.xlsx", "月报.xlsx")  # doctest: +SKIP
    """
    gate = Gate("fill_template")
    source, target = Path(template), Path(path)
    is_book = {source.suffix.lower(), target.suffix.lower()} == {".xlsx"}
    if not is_book or not source.is_file() or (target.exists() and source.samefile(target)):
        raise gate.refuse(Text(*_words()["messages"]["files"]).format(source=source, target=target))
    filler = _Filler(facts_of(city, gate), gate, as_of, lang)
    with whole_file(target) as temporary:
        fill_cells(source, temporary, filler.cell)
        if not filler.rows:
            raise gate.refuse(Text(*_words()["messages"]["nothing"]).format(source=source))
        for sheet in dict.fromkeys(row["sheet"] for row in filler.rows):
            # What cannot be read back must not take the place of what stood there.
            read_workbook_sheet(temporary, sublayer=sheet)
    return pd.DataFrame(filler.rows, columns=list(COLUMNS))


@dataclass
class _Asked:
    """What a binding asks for."""

    figure: Figure
    day: pd.Timestamp | None
    zone: str
    level: str = "city"
    period: str = ""
    column: str = "value"
    unit: str = ""


class _Filler:
    """Answers bindings from the facts of one city; each table is asked for once."""

    def __init__(self, facts: CityFacts, gate: Gate, as_of: Any, lang: str) -> None:
        self.facts, self.city, self.lang = facts, facts.city, lang
        self.day = day_of(self.city, as_of, gate)
        self.rows: list[dict[str, Any]] = []
        self._tables: dict[tuple[Any, ...], pd.DataFrame] = {}
        city = self.city
        named = figures_by_name(city.figures).items()
        self._figures = {key: city.figures.figures[name] for key, name in named}
        own = (*CITY_WORDS, city.code, city.name_zh, city.name_en)
        self._zones = {plain_key(name): [("city", city.code)] for name in own if name}
        for level, zones in city.zones_by_level.items():
            terms = {"terms": city.zone_terms} if level == "district" else {}
            for key, codes in zone_keys(zones, **terms).items():
                self._zones.setdefault(key, []).extend((level, code) for code in codes)

    def cell(self, sheet: str, cell: str, text: str) -> Value | None:
        """Return what a cell is to hold, None where nothing is bound; note what was understood."""
        value: Value | None = None
        filled = text
        for match in _BINDING.finditer(text):
            row = dict.fromkeys(COLUMNS) | {"sheet": sheet, "cell": cell, "binding": match[1]}
            self.rows.append(row)
            try:
                answer, words = self._answer(match[1], row)
            except (_Problem, AsOfError) as error:
                answer = words = error.mark if isinstance(error, _Problem) else MISSING
                row["problem_zh"], row["problem_en"] = error.text
            value = value if value in ERRORS else answer
            filled = filled.replace(match[0], words)
        alone = _BINDING.fullmatch(text.strip()) is not None
        return value if value is None or alone or value in ERRORS else filled

    def _answer(self, binding: str, row: dict[str, Any]) -> tuple[Value, str]:
        parts = [part.strip() for part in re.split(r"[|｜]", binding)]
        key = plain_key(parts[0])
        if key in map(plain_key, _words()["words"]["day"]) and self.day is not None:
            row |= {"as_of": self.day, "value": f"{self.day:%Y-%m-%d}"}
            day = Text(f"{self.day.year}年{self.day.month}月{self.day.day}日", row["value"])
            return (day.of(self.lang),) * 2
        if key not in self._figures:
            names = [n for f in self.city.figures.figures.values() for n in (f.zh, f.en, f.id)]
            having = first_few([n for n in names if key in plain_key(n)], 5)
            near = did_you_mean(parts[0], names)
            raise _Problem("figure", part=parts[0], near=near if near.zh else having)
        asked = _Asked(self._figures[key], self.day, self.city.code)
        taken: dict[str, str] = {}
        for part in filter(None, parts[1:]):
            what = self._take(part, asked)
            if what in taken:
                raise _Problem("twice", part=part, other=taken[what])
            taken[what] = part
        row |= {"indicator": asked.figure.id, "zone_code": asked.zone, "period": asked.period,
                "as_of": asked.day, "column": asked.column}  # fmt: skip
        value = self._value(asked)
        row |= {"value": value[0], "unit": asked.unit or asked.figure.unit}
        return value

    def _take(self, part: str, asked: _Asked) -> str:
        """Read one part of a binding into it; return what it says."""
        key = plain_key(part)
        if key in self._zones:
            found = dict.fromkeys(self._zones[key])
            if len(found) > 1:
                codes = "、".join(code for _, code in found)
                raise _Problem("several", part=part, n=len(found), codes=codes)
            asked.level, asked.zone = next(iter(found))
            return "zone"
        for kind in ("periods", "columns"):
            for name, words in _words()[kind].items():
                if key in map(plain_key, words):
                    setattr(asked, kind[:-1], name)
                    return kind[:-1]
        span = span_of_text(part)
        if span is not None:
            self._set_span(asked, *map(pd.Timestamp, span))
            return "period"
        one = pd.DataFrame({"indicator": [asked.figure.id], "unit": [part]})
        if unit_factors(one, self.city.figures)[1][0]:
            known = [w for kind in ("columns", "periods", "words")
                     for words in _words()[kind].values() for w in words]  # fmt: skip
            zones = self.city.zones_by_level.values()
            known += [name for level in zones for name in zone_names(level, self.lang)]
            raise _Problem("part", part=part, near=did_you_mean(part, known))
        asked.unit = part
        return "unit"

    def _set_span(self, asked: _Asked, first: pd.Timestamp, last: pd.Timestamp) -> None:
        """Ask for a day, or for the statistical period of a name, as far as the report goes."""
        months = 12 * (last.year - first.year) + last.month - first.month + 1
        if first == last:
            asked.day = last
            return
        asked.period = _MONTHS[months]
        start = period_start("month", first, self.city.month_starts)
        assert start is not None
        end = period_end(start, months)
        asked.day = end if self.day is None or not start <= self.day <= end else self.day

    def _value(self, asked: _Asked) -> tuple[Value, str]:
        """Return the value of a cell, and how it is written within a text."""
        figure = asked.figure
        found = self._row(asked, asked.period)
        if found is not None and asked.column not in found:
            part = _words()["columns"][asked.column][0]
            raise _Problem("no_period" if asked.period else "column", part=part)
        value = None if found is None else found[asked.column]
        if value is None or pd.isna(value) or value == "":
            row = self._row(asked, "") if found is None else found
            note = Text("", "") if row is None else Text(row["note_zh"], row["note_en"])
            raise _Problem("missing", MISSING, note=note)
        if asked.column in ("status", "deadline"):
            shown = term("status", value, self.lang) if isinstance(value, str) else f"{value:%F}"
            return shown, shown
        number = float(value)
        if asked.column in _SHARES:
            return number, percent(number)
        if not asked.unit:
            counter = measure_word(figure.id, self.lang)
            return number, scale_for([number], figure.unit, self.lang, counter).amount(number)
        one = pd.DataFrame({"indicator": [figure.id], "unit": [asked.unit]})
        number /= float(unit_factors(one, self.city.figures)[0][0])
        return number, f"{round(number, 2):,.10g}"

    def _row(self, asked: _Asked, period: str) -> pd.Series | None:
        key = (asked.figure.id, asked.day, asked.level, period)
        if key not in self._tables:
            given: dict[str, Any] = {"as_of": asked.day, "indicators": asked.figure.id,
                                     "level": asked.level}  # fmt: skip
            self._tables[key] = (
                period_table(self.facts, periods=period, **given)
                if period
                else progress(self.facts, **given)
            )
        table = self._tables[key]
        rows = table[table["zone_code"].eq(asked.zone) & table["row_kind"].isin(["zone", "total"])]
        return None if rows.empty else rows.iloc[0]


def _words() -> Mapping[str, Mapping[str, list[str]]]:
    return packaged_table("geo_citymgmt.report", "template.toml")


def fill_cells(path: Path, out: Path, fill: Callable[[str, str, str], Value | None]) -> None:
    """Copy a workbook, in each cell with a text what ``fill(sheet, cell, text)`` gives, if any.

    What formulas came to is left out: a program computes them when it opens the file, and what
    stood there was of the empty template.

    Raises
    ------
    SourceError
        It is no .xlsx, is damaged, or unpacks into more than memory holds.
    """
    check_package(path)
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(out, "w") as copy:
        titles = {part: title for title, part in sheet_parts(archive).items()}
        shared: list[str] = []
        if "xl/sharedStrings.xml" in archive.namelist():
            items = _ITEM.finditer(_decoded(archive.read("xl/sharedStrings.xml"), path))
            shared = ["".join(map(unescape, _WORDS.findall(item[0]))) for item in items]

        def anew(title: str, cell: re.Match[str]) -> str:
            prefix, tag, inside = cell.groups()
            if f"<{prefix}f" in inside:
                return cell[0].replace(inside, _COMPUTED.sub("", inside))
            kind = re.search(r'\st="(\w+)"', tag)
            text = "".join(map(unescape, _WORDS.findall(inside)))
            if kind and kind[1] == "s":
                text = shared[int(re.sub(r"<.*?>", "", inside))]
            place = re.search(r'\sr="(\w+)"', tag)
            value = fill(title, place[1], text) if place and text else None
            if value is None:
                return cell[0]
            form = "<{p}v>{v}</{p}v>"
            kind_now = ' t="e"' if value in ERRORS else ""
            if isinstance(value, str) and value not in ERRORS:
                form = '<{p}is><{p}t xml:space="preserve">{v}</{p}t></{p}is>'
                kind_now = ' t="inlineStr"'
            tag = re.sub(r'\st="\w+"', "", tag) + kind_now
            form = form.format(p=prefix, v=escape_text(value))
            return f"<{prefix}c{tag}>{form}</{prefix}c>"

        for info in archive.infolist():
            data = archive.read(info)
            if info.filename in titles:
                of_sheet = partial(anew, titles[info.filename])
                data = _CELL.sub(of_sheet, _decoded(data, path)).encode()
            elif info.filename == "xl/workbook.xml":
                book = _decoded(data, path).replace(' fullCalcOnLoad="0"', "")
                if "calcPr" not in book:
                    book = _BEFORE.sub(r"\1<\2calcPr/>", book, count=1)
                if ' fullCalcOnLoad="' not in book:
                    book = re.sub(r"calcPr\b", 'calcPr fullCalcOnLoad="1"', book, count=1)
                data = book.encode()
            copy.writestr(info, data)


def _decoded(data: bytes, path: Path) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _MESSAGES.error(SourceError, "no_utf8_workbook", path=path) from error
