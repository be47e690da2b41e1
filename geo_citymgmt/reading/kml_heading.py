"""What a small and plain KML holds, told by its grammar alone; GDAL says it of all others.

GDAL takes tens of milliseconds for a file of a few places: a folder of five hundred would be waited
for. Files of one heading have the same columns and kinds of geometry.
"""

from __future__ import annotations

import re
from pathlib import Path
from xml.parsers import expat

__all__ = ["only_folder"]

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
_WITHIN = {
    "kml": {"Document"},
    "Document": {"name", "open", "visibility", "Schema", "Folder", "Placemark"},
    "Folder": {"name", "open", "visibility", "Placemark"},
    "Schema": {"SimpleField"},
    "Placemark": {"name", "description", "styleUrl", "ExtendedData", "Point", "LineString"},
    "ExtendedData": {"Data", "SchemaData"},
    "SchemaData": {"SimpleData"},
    "Data": {"value", "displayName"},
    "Point": {"coordinates"},
    "LineString": {"coordinates"},
}
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
            self._same_schema(attributes.get("schemaUrl", ""))
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
        said = "".join(self._words)
        if kind == "coordinates":
            self._check_place(holder, said)
        if kind == "Placemark" and self._n_shapes != 1:
            raise _OddError
        if kind == "name" and holder in ("Document", "Folder"):
            self._once(f"name of {holder}", said)
        elif kind in _TEXTS:
            if kind == "description" and "<" in said:
                raise _OddError
            self._seen.setdefault((holder, kind, "", bool(said.strip())))
        self._words.clear()

    def text(self, said: str) -> None:
        """Take text between two marks."""
        if not self._aside:
            self._words.append(said)

    def _check_place(self, holder: str, said: str) -> None:
        """Leave what GDAL may take otherwise, and numbers that stand for no place."""
        if not _SHAPES[holder].fullmatch(said):
            raise _OddError
        if all(_is_odd(*place.split(",")[:2]) for place in said.split()):
            raise _OddError

    def _once(self, what: str, said: str, most: int | None = 1) -> None:
        if most is not None and what in self._names:
            raise _OddError
        self._names[what] = said

    def _same_schema(self, said: str) -> None:
        if said != f"#{self._names.get('Schema')}":
            raise _OddError

    def result(self, head: int) -> tuple[str, bytes] | None:
        """Return the name of the one layer and the heading; None where it has several or none."""
        names = self._names
        holder = "Folder" if "Folder" in names else "Document"
        is_one = f"in {holder}" in names and not {"in Folder", "in Document"} <= set(names)
        name = names.get(f"name of {holder}", "")
        if not is_one or not 0 < self._n_places <= head or not name or name != name.strip():
            return None
        return name, repr(("kml", holder, list(self._seen))).encode()
