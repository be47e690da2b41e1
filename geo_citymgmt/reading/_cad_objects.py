"""Where the objects of a drawing (DXF) are, found by their first lines before anything is built.

A DXF is pairs of lines, a code and a value; an object begins with code 0 and its name. What stands
in blocks is passed over: a block is a point where it is inserted, and is never unfolded, however
deeply it holds others, or itself. One damaged object is that object's fault and no other's.
"""

from __future__ import annotations

import hashlib
import io
import mmap
import re
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

import numpy as np

from geo_citymgmt._languages import Text, packaged_table
from geo_citymgmt.reading._messages import failure

_LATIN = re.compile(rb"[\x80-\xff][^\r\n]*")
#: Lines of text by which the encoding is told.
_SAMPLED = 100_000
#: From this version on text is in UTF-8, by definition.
_UTF8_SINCE = "AC1021"
#: What is unreadable; so many characters for each such one, and so many pairs, tell an encoding.
_LOST, _FEW, _MOST = "\ufffd", 6, 0.9
_GB2312 = re.compile(rb"(?:[\xa1-\xa9\xb0-\xf7][\xa1-\xfe])+")
_ESCAPED = re.compile(
    r"\\U\+([0-9A-Fa-f]{4})|\\M\+(\d)([0-9A-Fa-f]{4})|%%([cdpCDP%])|%%(\d{3})|%%[uoUO]"
)
_SIGNS = {"c": "Ø", "d": "°", "p": "±", "%": "%"}


def cad_words() -> Mapping[str, Any]:
    """Return what objects, units and code pages of a drawing are (``cad.toml``).

    Examples
    --------
    >>> cad_words()["records"]["INSERT"], cad_words()["codepages"]["ANSI_936"]
    ('point', 'GB18030')
    """
    return packaged_table("geo_citymgmt.reading", "cad.toml")


def cad_text(value: bytes, encoding: str) -> str:
    r"""Return a text of a drawing with the characters that its escapes stand for.

    Examples
    --------
    >>> cad_text(rb"\U+96E8\U+6C34\M+5BEAE %%c700", "GB18030")
    '雨水井 Ø700'
    """
    text = value.decode(encoding, "replace")
    return _ESCAPED.sub(_unescaped, text).strip() if "\\" in text or "%%" in text else text.strip()


def _unescaped(match: re.Match[str]) -> str:
    wide, page, number, sign, place = match.groups()
    if wide:
        return chr(int(wide, 16))
    if number:
        known = cad_words()["multibyte"].get(page)
        return match[0] if known is None else bytes.fromhex(number).decode(known, "replace")
    if sign:
        return _SIGNS[sign.lower()]
    return chr(int(place)) if place else ""


def stated_encoding(version: str, codepage: str) -> str:
    """Return the encoding that a drawing states; empty where it states none that is known."""
    if version >= _UTF8_SINCE:
        return "UTF-8"
    return str(cad_words()["codepages"].get(codepage, ""))


def text_encoding(path: Path, data: Any, stated: str, given: str | None) -> tuple[str, str]:
    """Return the encoding of the text of a drawing, and how it is known."""
    texts = b"\n".join(m[0] for m, _ in zip(_LATIN.finditer(data), range(_SAMPLED), strict=False))
    if given is not None:
        if not _decodes(texts, given):
            raise failure("cad_encoding_given", path.name, given=given)
        return given, "given"
    if not texts:
        return stated or "UTF-8", "file" if stated else "ascii"
    # Many programs write the one and state the other. UTF-8 proves itself by its longer
    # characters; two bytes of 0xA1 and more each are Chinese in GB 2312 and hardly ever Latin.
    if _fits(texts, "UTF-8") and (stated in ("", "UTF-8") or _has_long(texts)):
        return "UTF-8", "file" if stated == "UTF-8" else "inferred"
    if stated in ("", "UTF-8", *_single_bytes()):
        likely = "GB18030" if _is_gb2312(texts) or stated in ("", "UTF-8") else stated
    else:
        likely = stated
    for name in (likely, "GB18030"):
        if _fits(texts, name):
            return name, "file" if name == stated else "inferred"
    known = Text(stated, stated) if stated else Text("未写明", "none")
    raise failure("cad_encoding", path.name, stated=known)


def _decodes(texts: bytes, encoding: str) -> bool:
    try:
        texts.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        return False
    return True


def _fits(texts: bytes, encoding: str) -> bool:
    """Whether all but a few characters can be read: one that was cut is no other encoding."""
    text = texts.decode(encoding, "replace")
    return text.count(_LOST) * _FEW <= len(text) - len(text.encode("ascii", "ignore"))


def _has_long(texts: bytes) -> bool:
    """Whether UTF-8 has characters of three bytes."""
    return max(texts.decode("utf-8", "ignore"), default="") > "\u07ff"


def _is_gb2312(texts: bytes) -> bool:
    """Whether nearly all bytes beyond ASCII are pairs of GB 2312."""
    n_paired = sum(map(len, _GB2312.findall(texts)))
    n_high = len(texts) - len(texts.translate(None, bytes(range(128, 256))))
    return n_paired >= _MOST * n_high


@cache
def _single_bytes() -> frozenset[str]:
    """Return the encodings in which every byte is a character, so that nearly all text fits."""
    stated = set(cad_words()["codepages"].values())
    return frozenset(name for name in stated if name.startswith(("cp125", "cp437", "cp85", "ISO")))


Tag = tuple[int, bytes]
_BINARY = b"AutoCAD Binary DXF"
#: The two lines with which an object begins. No code has letters, so that no value can be taken
#: for one, wherever a line is missing.
_START = re.compile(
    rb"(?m)^(?:\xef\xbb\xbf)?[ \t]*0[ \t]*\r?\n[ \t]*(\d{0,3}[A-Za-z][\w$*:.\-]{0,80})[ \t]*\r?$"
)
_HIGHEST_CODE = 1071
#: What follows another object and is part of it.
_FOLLOWERS = {b"VERTEX": b"POLYLINE", b"ATTRIB": b"INSERT", b"SEQEND": b""}
#: Of an object: its layer, its name or that of its block, on paper or not, closed or not.
_LAYER, _NAME, _PAPER, _FLAGS = 8, 2, 67, 70
#: Of a block: it is another drawing, attached or laid over.
_REFERENCE = 4 | 8
#: The last drawings looked at, by their bytes: each CAD layer is looked at by itself.
_KNOWN: dict[tuple[bytes, str | None], Drawing] = {}
_KEPT = 4


@dataclass
class CadLayer:
    """A layer of a drawing: what is on it in model space, by the names of the objects."""

    name: str
    is_hidden: bool = False
    counts: Counter[str] = field(default_factory=Counter)
    #: Those that are records, by what they draw: point, line or area.
    kinds: Counter[str] = field(default_factory=Counter)
    n_on_paper: int = 0


@dataclass
class Drawing:
    """What a drawing says of itself, and where each object of its model space is."""

    encoding: str = "UTF-8"
    encoding_source: str = "format"
    #: What it states as its encoding, where that is not what its text is in.
    contradicted: str = ""
    units: int = 0
    layers: list[CadLayer] = field(default_factory=list)
    #: Blocks that are other drawings, with the file each names.
    references: dict[str, str] = field(default_factory=dict)
    #: Blocks that hold others, and how many.
    nested: dict[str, int] = field(default_factory=dict)
    #: For each object: first and last byte, and its layer.
    start: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    end: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    layer: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    #: Objects of which it cannot be told on which layer they are.
    n_damaged: int = 0
    is_finished: bool = True


@contextmanager
def bytes_of(path: Path) -> Iterator[Any]:
    """Give the text of a drawing as bytes, without reading it into memory; a binary one as text."""
    with path.open("rb") as file:
        if file.read(len(_BINARY)) == _BINARY:
            yield _as_text(path)
            return
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            yield data


def _as_text(path: Path) -> bytes:
    from ezdxf.lldxf.tagger import binary_tags_loader

    out = io.BytesIO()
    try:
        for code, value in binary_tags_loader(path.read_bytes()):
            if isinstance(value, bytes):
                continue
            text = value if isinstance(value, str) else repr(value)
            out.write(b"%d\n" % code + text.encode("utf-8", "replace") + b"\n")
    except Exception as error:  # struct, index, value errors, and those of the library
        raise failure("cad_binary_damaged", path.name) from error
    return out.getvalue()


def tags_of(data: bytes) -> list[Tag] | None:
    """Return the codes and values of an object; None where a line is missing or is no code.

    Examples
    --------
    >>> tags_of(b"  0\\nPOINT\\n  8\\nmanholes\\n")
    [(0, b'POINT'), (8, b'manholes')]
    >>> tags_of(b"  0\\nPOINT\\nmanholes\\n") is None
    True
    """
    lines = data.replace(b"\r\n", b"\n").split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    if len(lines) % 2:
        return None
    try:
        codes = list(map(int, lines[::2]))
    except ValueError:
        return None
    if min(codes) < -10 or max(codes) > _HIGHEST_CODE:
        return None
    return list(zip(codes, lines[1::2], strict=True))


def ascii_word(value: bytes) -> str:
    """Return the name of an object or variable as all are written.

    Examples
    --------
    >>> ascii_word(b" line\\r")
    'LINE'
    """
    return value.decode("ascii", "replace").strip().upper()


def first_values(tags: Iterable[Tag]) -> dict[int, bytes]:
    """Return the first value of each code.

    Examples
    --------
    >>> first_values([(0, b"LINE"), (8, b"a"), (8, b"b")])
    {8: b'a', 0: b'LINE'}
    """
    return dict(reversed(list(tags)))


def kind_of(word: str, first: dict[int, bytes]) -> str:
    """Return what an object draws: point, line or area; empty for what is no record.

    Examples
    --------
    >>> kind_of("LWPOLYLINE", {70: b"1"}), kind_of("ARC", {}), kind_of("TEXT", {})
    ('area', 'line', '')
    """
    kind = str(cad_words()["records"].get(word, ""))
    flags = integer(first, _FLAGS)
    if word == "POLYLINE" and flags & 0x50:
        # A mesh, or faces in space.
        return ""
    if kind == "outline":
        is_whole = word == "ELLIPSE" and abs(number(first, 42, 6.283) - number(first, 41)) > 6.28
        return "area" if is_whole or (word != "ELLIPSE" and flags & 1) else "line"
    return kind


def integer(first: dict[int, bytes], code: int, default: int = 0) -> int:
    """Return a whole number of an object; the default where it has none."""
    try:
        return int(first[code])
    except (KeyError, ValueError):
        return default


def number(first: dict[int, bytes], code: int, default: float = 0.0) -> float:
    """Return a number of an object; the default where it has none."""
    try:
        return float(first[code])
    except (KeyError, ValueError):
        return default


def index_drawing(path: Path, encoding: str | None = None) -> Drawing:
    """Find the layers and objects of a drawing; of the last ones looked at it is known already.

    Raises
    ------
    SourceError
        It is cut off, has no objects, or its text is not in ``encoding``.
    """
    with bytes_of(path) as data:
        key = (hashlib.blake2b(data).digest(), encoding)
        known = _KNOWN.get(key)
        if known is None:
            known = _indexed(path, data, encoding)
            for old in list(_KNOWN)[: 1 - _KEPT]:
                _KNOWN.pop(old, None)
            _KNOWN[key] = known
    return known


def _indexed(path: Path, data: Any, encoding: str | None) -> Drawing:
    walk = _Walk(data)
    walk.run()
    if not walk.is_closed:
        raise failure("cad_cut_off", path.name)
    is_text = not isinstance(data, bytes)
    stated = stated_encoding(walk.version, walk.codepage) if is_text else "UTF-8"
    known, how = text_encoding(path, data, stated, encoding)
    drawing = Drawing(
        encoding=known,
        encoding_source=how,
        contradicted=stated if how == "inferred" else "",
        units=walk.units,
        is_finished=walk.is_finished,
        n_damaged=walk.n_damaged,
    )
    _name_layers(drawing, walk)
    return drawing


class _Walk:
    """One pass over a drawing: its head, its tables, and the objects of model space."""

    def __init__(self, data: Any) -> None:
        self.data = data
        self.version, self.codepage, self.units = "", "", 0
        self.start, self.end, self.layer = array("q"), array("q"), array("q")
        #: Layers by their names as bytes, in the order in which they are met.
        self.layers: dict[bytes, CadLayer] = {}
        self.hidden: set[bytes] = set()
        self.references: dict[bytes, bytes] = {}
        self.nested: Counter[bytes] = Counter()
        self._holder = b""
        self.n_damaged = 0
        self.is_finished = self.is_closed = False
        self.numbers: dict[bytes, int] = {}
        self._section = b""
        self._main = b""
        self._damaged: list[tuple[int, int, bytes]] = []

    def run(self) -> None:
        starts = ((m.start(), m[1].upper()) for m in _START.finditer(self.data))
        has_entities = False
        for (start, word), (end, _) in pairwise(chain(starts, [(len(self.data), b"")])):
            if word == b"EOF":
                self.is_finished = True
                break
            if word == b"SECTION":
                self._open(self.data[start:end])
                has_entities |= self._section == b"ENTITIES"
            elif word == b"ENDSEC":
                self.is_closed |= self._section == b"ENTITIES"
                self._section = b""
            elif self._section == b"ENTITIES":
                self._object(start, end, word)
            elif not self._section:
                # Something ends the section before its time.
                self.n_damaged += 1
            elif self._section == b"TABLES" and word == b"LAYER":
                self._layer(self.data[start:end])
            elif self._section == b"BLOCKS" and word == b"BLOCK":
                self._block(self.data[start:end])
            elif self._section == b"BLOCKS" and word == b"INSERT":
                self.nested[self._holder] += 1
        self._place_damaged()
        # A drawing that ends as it should may have no objects, or none in a section of theirs.
        self.is_closed |= self.is_finished and not has_entities

    def _open(self, data: bytes) -> None:
        tags = _readable(data)
        self.n_damaged += tags_of(data) is None
        first = first_values(tags)
        self._section, self._main = first.get(_NAME, b"").strip().upper(), b""
        if self._section == b"HEADER":
            variables = {name: value for (code, name), (_, value) in pairwise(tags) if code == 9}
            self.version = ascii_word(variables.get(b"$ACADVER", b""))
            self.codepage = ascii_word(variables.get(b"$DWGCODEPAGE", b""))
            self.units = integer({0: variables.get(b"$INSUNITS", b"0")}, 0)

    def _layer(self, data: bytes) -> None:
        first = first_values(tags_of(data) or [])
        is_frozen = integer(first, _FLAGS) & 1
        if is_frozen or integer(first, 62) < 0:
            self.hidden.add(first.get(_NAME, b"").strip())

    def _block(self, data: bytes) -> None:
        first = first_values(tags_of(data) or [])
        self._holder = first.get(_NAME, b"")
        if integer(first, _FLAGS) & _REFERENCE:
            self.references[self._holder] = first.get(1, b"")

    def _object(self, start: int, end: int, word: bytes) -> None:
        owner = _FOLLOWERS.get(word)
        if owner is not None and self._main and owner in (b"", self._main):
            self.end[-1] = end
            return
        tags = tags_of(self.data[start:end])
        self._main = b""
        if tags is None:
            self._damaged.append((start, end, word))
            return
        first = first_values(tags)
        key = first.get(_LAYER, b"0").strip()
        layer = self.layers.setdefault(key, CadLayer(""))
        if integer(first, _PAPER) == 1:
            layer.n_on_paper += 1
            return
        is_reference = word == b"INSERT" and first.get(_NAME, b"") in self.references
        self._count(layer, word, first, is_record=not is_reference)
        self._main = word if word in (b"POLYLINE", b"INSERT") else b""
        self._place(start, end, key)

    def _count(
        self, layer: CadLayer, word: bytes, first: dict[int, bytes], *, is_record: bool = True
    ) -> None:
        name = word.decode("ascii", "replace")
        layer.counts[name] += 1
        if kind := kind_of(name, first):
            layer.kinds[kind] += is_record

    def _place(self, start: int, end: int, key: bytes) -> None:
        self.start.append(start)
        self.end.append(end)
        self.layer.append(self.numbers.setdefault(key, len(self.numbers)))

    def _place_damaged(self) -> None:
        """Count damaged objects to a layer where they name one on which others are, too."""
        for start, end, word in self._damaged:
            first = first_values(_readable(self.data[start:end]))
            key = first.get(_LAYER, b"").strip()
            if key in self.numbers:
                self._count(self.layers[key], word, first)
                self._place(start, end, key)
            else:
                self.n_damaged += 1


def _readable(data: bytes) -> list[Tag]:
    """Return what stands before the damage in an object."""
    lines = data.split(b"\n")
    tags: list[Tag] = []
    for code, value in zip(lines[::2], lines[1::2], strict=False):
        if not code.strip().isdigit():
            break
        tags.append((int(code), value.rstrip(b"\r")))
    return tags


def _name_layers(drawing: Drawing, walk: _Walk) -> None:
    """Put names to layers in the drawing's encoding; upper and lower case are one to CAD."""
    hidden = {cad_text(name, drawing.encoding).casefold() for name in walk.hidden}
    merged: dict[str, int] = {}
    number_of = np.full(len(walk.numbers), -1, dtype=np.int64)
    for key, layer in walk.layers.items():
        name = cad_text(key, drawing.encoding)
        at = merged.setdefault(name.casefold(), len(drawing.layers))
        if at == len(drawing.layers):
            layer.name, layer.is_hidden = name, name.casefold() in hidden
            drawing.layers.append(layer)
        else:
            drawing.layers[at].counts += layer.counts
            drawing.layers[at].kinds += layer.kinds
            drawing.layers[at].n_on_paper += layer.n_on_paper
        if key in walk.numbers:
            number_of[walk.numbers[key]] = at
    drawing.references = {
        cad_text(name, drawing.encoding): cad_text(file, drawing.encoding)
        for name, file in walk.references.items()
    }
    drawing.nested = {cad_text(n, drawing.encoding): count for n, count in walk.nested.items()}
    start = np.frombuffer(walk.start, dtype=np.int64)
    order = np.argsort(start, kind="stable")
    drawing.start, drawing.end = start[order], np.frombuffer(walk.end, dtype=np.int64)[order]
    drawing.layer = number_of[np.frombuffer(walk.layer, dtype=np.int64)[order]]
