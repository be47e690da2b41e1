"""A KML as GDAL takes it: names of data in ASCII, tracks as it knows them; and what it passes over.

GDAL spells names of data alike where each sign that is not ASCII becomes "_": they are written in
ASCII before it reads the file, and spelt as they were afterwards. It takes a position that a track
does not have for 0, 0, and knows tracks by one prefix alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from html import unescape
from pathlib import Path
from typing import Any
from xml.parsers import expat

import numpy as np
import pandas as pd

from geo_citymgmt._languages import packaged_table
from geo_citymgmt.errors import SourceError
from geo_citymgmt.findings import Findings
from geo_citymgmt.reading._messages import phrase
from geo_citymgmt.reading._raw import free_name
from geo_citymgmt.reading._web_table import Page

_MARK = "gcmx"
_NAMED = re.compile(r"<(?:Data|SimpleData|SimpleField)\b[^<>]*?\bname\s*=\s*(?:\"[^\"]*\"|'[^']*')")
_NAME = re.compile(r"(\bname\s*=\s*)(?:\"([^\"]*)\"|'([^']*)')")
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
#: Texts that are no markup, whatever they look like.
_LITERAL = re.compile(r"<!\[CDATA\[|<!--")
_ENDS = {"<![CDATA[": "]]>", "<!--": "-->"}
_TRACK = re.compile(r"<(/?)(?:[\w.-]{1,40}:)?(Track|MultiTrack|coord)(?=[\s/>])")
_BEGUN = re.compile(r"<gx:Track(?=[\s/>])")
_NOWHERE = re.compile(r"<gx:coord\s*/>|<gx:coord>\s*</gx:coord>")
_RING = re.compile(
    r"<(/?)((?:[\w.-]{1,40}:)?)(outerBoundaryIs|innerBoundaryIs|LinearRing)(?=[\s/>])"
)
_ROOT = re.compile(r"<kml(?=[\s>])")
_PLACEMARK = re.compile(r"<(?:[\w.-]{1,40}:)?Placemark(?=[\s>])")
_LINK = re.compile(r"<(?:[\w.-]{1,40}:)?NetworkLink(?=[\s>])")
_GX = 'xmlns:gx="http://www.google.com/kml/ext/2.2"'


def prepared(text: str, findings: Findings) -> str:
    """Return a KML as GDAL takes it, and tell what it would pass over or take for something else.

    Examples
    --------
    >>> prepared('<kml><Data name="面积"/></kml>', Findings())
    '<kml><Data name="gcmxe99da2e7a7af"/></kml>'
    >>> found = Findings()
    >>> text = prepared("<kml><Track><coord/><coord>120.6 31.3 0</coord></Track></kml>", found)
    >>> text.partition(">")[2]
    '<gx:Track><gx:coord>120.6 31.3 0</gx:coord></gx:Track></kml>'
    >>> found.frame()["code"].tolist()
    ['KML_TRACK', 'KML_TRACK']
    """
    out = _outside_literals(text, lambda markup: _NAMED.sub(_as_ascii, markup))
    if _TRACK.search(out):
        out = _with_tracks(out, findings)
    if "LinearRing" in out:
        out = _with_rings_as_lines(out)
    n_links = len(_LINK.findall("".join(parts_of(text)[::2]))) if "NetworkLink" in text else 0
    if n_links:
        findings.add("KML_LINKED", value=n_links)
    return out


def holds_only_links(text: str) -> bool:
    """Whether a KML has no placemark, and says that some are to be had elsewhere.

    Examples
    --------
    >>> holds_only_links("<kml><NetworkLink><name>more</name></NetworkLink></kml>")
    True
    >>> holds_only_links("<kml><Placemark/><!-- <NetworkLink> --></kml>")
    False
    """
    if "NetworkLink" not in text:
        return False
    markup = "".join(parts_of(text)[::2])
    return _LINK.search(markup) is not None and _PLACEMARK.search(markup) is None


def spelt_name(column: str) -> str:
    """Return the name that :func:`prepared` has written in ASCII; any other as it is.

    Examples
    --------
    >>> spelt_name("gcmxe99da2e7a7af"), spelt_name("area")
    ('面积', 'area')
    """
    digits = column.removeprefix(_MARK)
    if digits == column or not re.fullmatch(r"(?:[0-9a-f]{2})+", digits):
        return column
    return bytes.fromhex(digits).decode("utf-8", "replace")


def parts_of(text: str) -> list[str]:
    """Split a text: markup and what is none take turns, markup first; each sign is seen once.

    Examples
    --------
    >>> parts_of("<a><!-- <b> --></a>")
    ['<a>', '<!-- <b> -->', '</a>']
    """
    parts, at = [], 0
    while (begin := _LITERAL.search(text, at)) is not None:
        mark = _ENDS[begin[0]]
        end = text.find(mark, begin.end())
        end = len(text) if end < 0 else end + len(mark)
        parts += [text[at : begin.start()], text[begin.start() : end]]
        at = end
    return [*parts, text[at:]]


def _outside_literals(text: str, change: Callable[[str], str]) -> str:
    parts = parts_of(text)
    parts[::2] = [change(part) for part in parts[::2]]
    return "".join(parts)


def _with_tracks(text: str, findings: Findings) -> str:
    """Write tracks under the prefix by which they are known, without positions they do not have."""
    n_tracks, n_nowhere = 0, 0

    def change(markup: str) -> str:
        nonlocal n_tracks, n_nowhere
        markup = _TRACK.sub(r"<\1gx:\2", markup)
        markup, n = _NOWHERE.subn("", markup)
        n_tracks, n_nowhere = n_tracks + len(_BEGUN.findall(markup)), n_nowhere + n
        return markup

    text = _outside_literals(text, change)
    if "xmlns:gx=" not in text:
        text = _ROOT.sub(f"<kml {_GX}", text, count=1)
    if n_tracks:
        read = phrase("kml_tracks")
        findings.add("KML_TRACK", value=n_tracks, about="tracks", detail=read)
    if n_nowhere:
        passed = phrase("kml_nowhere", n=n_nowhere)
        findings.add("KML_TRACK", value=n_tracks, about="nowhere", detail=passed)
    return text


def _with_rings_as_lines(text: str) -> str:
    """Write a ring that bounds no polygon as the closed line it is: GDAL gives no geometry."""
    is_boundary = False

    def change(mark: re.Match[str]) -> str:
        nonlocal is_boundary
        if mark[3] != "LinearRing":
            is_boundary = not mark[1]
            return mark[0]
        return mark[0] if is_boundary else f"<{mark[1]}{mark[2]}LineString"

    return _outside_literals(text, lambda markup: _RING.sub(change, markup))


def _as_ascii(element: re.Match[str]) -> str:
    return _NAME.sub(_named, element[0])


def _named(match: re.Match[str]) -> str:
    name = unescape(match[2] if match[2] is not None else match[3])
    if not name or _PLAIN.fullmatch(name):
        return match[0]
    return f'{match[1]}"{_MARK}{name.encode("utf-8").hex()}"'


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
    balloons = [(k, dict(pairs), rest) for k, pairs, rest in read if pairs]
    names = list(dict.fromkeys(name for _, pairs, _ in balloons for name in pairs))
    if not names or len(names) > _MOST:
        return frame
    out = frame.copy()
    for name in names:
        values: list[str | None] = [None] * len(frame)
        for k, pairs, _ in balloons:
            values[k] = pairs.get(name) or None
        column_of = pd.Series(values, index=frame.index, dtype="str")
        both = _in_one(frame[name], column_of) if name in frame.columns else None
        out[name if both is not None else free_name(name, out.columns)] = (
            column_of if both is None else both
        )
    for k, _, rest in balloons:
        texts.iloc[k] = rest or None
    out[column] = texts.astype("str")
    if out[column].isna().all():
        out = out.drop(columns=column)
    listed = [*names[:_SHOWN], "…"] if len(names) > _SHOWN else names
    findings.add("KML_BALLOON", value=len(balloons), expected=", ".join(listed))
    return out


def _may_hold_table(text: Any) -> bool:
    return isinstance(text, str) and len(text) <= _LARGEST and "<table" in text.lower()


def _in_one(column: pd.Series, other: pd.Series) -> pd.Series | None:
    """Return two columns as one, as data and balloon often say the same; None where they differ."""
    texts = column.astype("str").mask(column.isna() | column.eq(""))
    both = texts.notna() & other.notna()
    if not texts[both].eq(other[both]).all():
        return None
    return texts.fillna(other) if (texts.isna() & other.notna()).any() else column


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
    remarks = [" ".join(page.beside.split())]
    for rows, merged in page.tables:
        wide = {first[0] for first, last in merged if last[1] > first[1]}
        titles = [row for k, row in enumerate(rows) if k in wide or len(row) < 2]
        body = [row for k, row in enumerate(rows) if k not in wide and len(row) > 1]
        cells = _of_columns(body, page.headings) or _of_rows(body)
        if cells is None or len(cells) > _MOST:
            titles, cells = rows, []
        remarks += [str(cell) for row in titles for cell in row if cell is not None]
        for name, value in cells:
            pairs.append((free_name(name, [known for known, _ in pairs]), value))
    return pairs, " ".join(filter(None, remarks))


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


#: A file no larger than this is looked through as a whole.
_SMALL = 4 << 20
_SPACE = "http://www.opengis.net/kml/2.2"
_NUMBER = r"[+-]?\d{1,12}(?:\.\d{0,20})?"
_PLACE = rf"{_NUMBER},{_NUMBER}(?:,{_NUMBER})?"
_POINT = re.compile(rf"\s*{_PLACE}\s*")
_LINE = re.compile(rf"\s*{_PLACE}(?:\s+{_PLACE})+\s*")
_SHAPES = {"Point": _POINT, "LineString": _LINE}
#: Numbers that differ by less are taken for the same.
_NEAR = 1e-3
#: How places look and which way the map is seen says nothing of what they are.
_LOOK = {"Style", "StyleMap", "LookAt"}
#: Elements of which each may stand within which.
_WITHIN = packaged_table("geo_citymgmt.reading", "formats.toml")["kml"]
#: Elements with text whose words are no names of columns.
_TEXTS = {"name", "description", "value", "SimpleData", "displayName"}


def _is_odd(x: str, y: str) -> bool:
    """Whether a pair of numbers may stand for no place: both are the same, or one is 0."""
    return min(abs(float(x) - float(y)), abs(float(x)), abs(float(y))) < _NEAR


class _OddError(Exception):
    """The file is not as plain as that."""


def only_folder(path: Path, head: int) -> tuple[str, bytes] | None:
    """Return the name of the one layer of a KML of points or lines, and its heading.

    None where that is not certain: several folders, links, tracks, shapes of other kinds, a place
    without one, descriptions in HTML, more than ``head`` places, damage.
    """
    if path.stat().st_size > _SMALL:
        return None
    data = path.read_bytes()
    look = _Look()
    parser = expat.ParserCreate("utf-8", " ")
    parser.buffer_text = True
    parser.StartElementHandler = look.begin
    parser.EndElementHandler = look.end
    parser.CharacterDataHandler = look.text
    parser.StartDoctypeDeclHandler = look.refuse
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, _OddError):
        return None
    return look.result(head)


class _Look:
    """Goes through the elements of a KML, and keeps each way of theirs to stand and say anything.

    They are kept in the order they come in: that is the order of the columns.
    """

    def __init__(self) -> None:
        self._path: list[str] = []
        self._words: list[str] = []
        self._aside = 0
        self._seen: dict[tuple[object, ...], None] = {}
        #: Names of the document and of its folder; ids by which data name their schema.
        self._names: dict[str, str] = {}
        self._schema: str | None = None
        self._n_places = 0
        self._n_shapes = 0

    def refuse(self, *_: object) -> None:
        """Leave a file that declares what its words mean to others."""
        raise _OddError

    def begin(self, tag: str, attributes: dict[str, str]) -> None:
        """Take the beginning of an element."""
        space, _, kind = tag.partition(" ")
        if self._aside or (kind in _LOOK and space == _SPACE):
            self._aside += 1
            return
        holder = self._path[-1] if self._path else ""
        if space != _SPACE or kind not in _WITHIN.get(holder, {"kml"} if not holder else ()):
            raise _OddError
        self._path.append(kind)
        self._words.clear()
        self._take(holder, kind, attributes)

    def _take(self, holder: str, kind: str, attributes: dict[str, str]) -> None:
        mark: object = tuple(attributes)
        if kind == "Schema":
            self._once("Schema", attributes.get("id") or "")
            if attributes.get("id") != attributes.get("name"):
                raise _OddError
        elif kind == "SchemaData":
            if attributes.get("schemaUrl") != f"#{self._names.get('Schema')}":
                raise _OddError
        elif kind in ("Data", "SimpleData", "SimpleField"):
            if not attributes.get("name"):
                raise _OddError
            mark = tuple(attributes.items())
        elif kind == "Folder":
            self._once("Folder", "")
        elif kind == "Placemark":
            self._once(f"in {holder}", "", most=None)
            self._n_places, self._n_shapes = self._n_places + 1, 0
        elif kind in _SHAPES:
            self._n_shapes += 1
        self._seen.setdefault((holder, kind, mark))

    def end(self, tag: str) -> None:
        """Take the end of an element, with what it says."""
        if self._aside:
            self._aside -= 1
            return
        kind = self._path.pop()
        holder = self._path[-1] if self._path else ""
        text = "".join(self._words)
        if kind == "coordinates":
            self._check_place(holder, text)
        if kind == "Placemark" and self._n_shapes != 1:
            raise _OddError
        if kind == "name" and holder in ("Document", "Folder"):
            self._once(f"name of {holder}", text)
        elif kind in _TEXTS:
            if kind == "description" and "<" in text:
                raise _OddError
            self._seen.setdefault((holder, kind, "", bool(text.strip())))
        self._words.clear()

    def text(self, text: str) -> None:
        """Take text between two marks."""
        if not self._aside:
            self._words.append(text)

    def _check_place(self, holder: str, text: str) -> None:
        """Leave what GDAL may take otherwise, and numbers that stand for no place."""
        if not _SHAPES[holder].fullmatch(text):
            raise _OddError
        if all(_is_odd(*place.split(",")[:2]) for place in text.split()):
            raise _OddError

    def _once(self, what: str, text: str, most: int | None = 1) -> None:
        if most is not None and what in self._names:
            raise _OddError
        self._names[what] = text

    def result(self, head: int) -> tuple[str, bytes] | None:
        """Return the name of the one layer and the heading; None where it has several or none."""
        names = self._names
        holder = "Folder" if "Folder" in names else "Document"
        is_one = f"in {holder}" in names and not {"in Folder", "in Document"} <= set(names)
        name = names.get(f"name of {holder}", "")
        if not is_one or not 0 < self._n_places <= head or not name or name != name.strip():
            return None
        return name, repr(("kml", holder, list(self._seen))).encode()
