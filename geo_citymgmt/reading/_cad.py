"""Drawings (DXF), by the layers of CAD: blocks are points with attributes, labels no records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import shapely

from geo_citymgmt._languages import NOTHING, Text, join_texts
from geo_citymgmt._values import collection_paused
from geo_citymgmt.findings import Findings
from geo_citymgmt.reading._cad_objects import (
    CadLayer,
    Drawing,
    Tag,
    ascii_word,
    bytes_of,
    cad_text,
    cad_words,
    first_values,
    index_drawing,
    integer,
    kind_of,
    tags_of,
)
from geo_citymgmt.reading._cad_shapes import (
    MOST_IN_LAYER,
    MOST_POINTS,
    MOST_RINGS,
    Curved,
    Position,
    copies_of,
    is_too_large,
    objects_of,
    places_of,
    plain_shape,
    points_of,
    require_ezdxf,
)
from geo_citymgmt.reading._messages import failure, phrase
from geo_citymgmt.reading._raw import Raw

#: The column of the name of a block.
BLOCK = "图块"
#: So many copies the arrays of blocks of one layer may make, and so many attributes it may have.
MOST_COPIES, MOST_ATTRIBUTES = 100_000, 1_000
#: Curved objects that are built together.
_TOGETHER = 2_000
#: So many layers an error names.
_SHOWN = 20
#: No plane in metres has numbers beyond this.
_PLANE = 1e8
_LAYER, _HIDDEN, _APPLICATION = 8, 60, 1001
_TOO_LARGE = phrase("cad_too_large", points=MOST_POINTS, rings=MOST_RINGS, in_layer=MOST_IN_LAYER)
_KINDS = {"point": ("点", "points"), "line": ("线", "lines"), "area": ("面", "areas")}


def list_cad_layers(path: Path) -> dict[str, Text]:
    """Return the CAD layers on which a drawing has points, lines or areas in model space.

    Each with how many of which there are, in words.

    Raises
    ------
    SourceError
        It is damaged or has none, or ezdxf is not installed.
    """
    layers = _filled_layers(path, _indexed(path, None))
    return {layer.name: _on_layer(layer) for layer in layers}


def read_drawing(
    path: Path, *, sublayer: str | None = None, encoding: str | None = None, head: int | None = None
) -> Raw:
    """Read one CAD layer of a drawing.

    Parameters
    ----------
    path : Path
        A DXF, as text or binary.
    sublayer : str, optional
        The CAD layer; needed where more than one has anything to read.
    encoding : str, optional
        Of its text; else as it states, unless its bytes say otherwise.
    head : int, optional
        No more than the first so many objects.

    Returns
    -------
    Raw
        A record for each point, line, area and block of the layer in model space; a block that is
        inserted in rows and columns is one for each copy. Everything else on it is skipped. No
        CRS: a drawing has none.

    Raises
    ------
    SourceError
        It is damaged, or which CAD layer is meant is not clear, or ezdxf is not installed.
    """
    drawing = _indexed(path, encoding)
    layers = _filled_layers(path, drawing)
    layer = _chosen(path, drawing, layers, sublayer)
    at = np.flatnonzero(drawing.layer == drawing.layers.index(layer))
    with collection_paused(), bytes_of(path) as data:
        reader = _Reader(drawing, _metres(drawing.units))
        for number, k in enumerate(at.tolist()):
            reader.take(data[drawing.start[k] : drawing.end[k]], number)
            if head is not None and len(reader.record) >= head:
                break
        reader.finish()
    findings = Findings()
    raw = reader.raw(path.name if len(layers) == 1 else f"{path.name}:{layer.name}", findings)
    if head is None:
        _report(findings, drawing, layer, reader)
    _scale(raw, drawing.units)
    return raw


def _indexed(path: Path, encoding: str | None) -> Drawing:
    require_ezdxf(path.name)
    return index_drawing(path, encoding)


def _filled_layers(path: Path, drawing: Drawing) -> list[CadLayer]:
    """Return the layers that hold records; refuse a drawing in which none does."""
    filled = [layer for layer in drawing.layers if layer.kinds.total() > 0]
    if filled:
        return filled
    content = Text("没有任何对象", "nothing at all")
    if any(layer.counts for layer in drawing.layers):
        counts = sum((layer.counts for layer in drawing.layers), Counter())
        content = Text(f"只有{_named(counts).zh}", f"only {_named(counts).en}")
    elif n := sum(layer.n_on_paper for layer in drawing.layers):
        content = Text(f"{n} 个对象都在布局（图纸空间）中", f"{n} objects are all on layouts")
    raise failure("cad_empty", path.name, present=content)


def _chosen(
    path: Path, drawing: Drawing, layers: Sequence[CadLayer], sublayer: str | None
) -> CadLayer:
    if sublayer is None and len(layers) == 1:
        return layers[0]
    wanted = "" if sublayer is None else sublayer.strip().casefold()
    for layer in layers:
        if sublayer is not None and layer.name.casefold() == wanted:
            return layer
    about = NOTHING
    if sublayer is not None:
        is_there = any(layer.name.casefold() == wanted for layer in drawing.layers)
        about = (
            Text(f"“{sublayer}”上没有点、线、面；", f"{sublayer!r} has no points, lines or areas; ")
            if is_there
            else Text(f"没有 CAD 图层“{sublayer}”；", f"no CAD layer {sublayer!r}; ")
        )
    listed = _largest(layers)
    first = max(layers, key=lambda layer: layer.kinds.total()).name
    raise failure(
        "cad_which_layer", path.name, about=about, n=len(layers), layers=listed, first=first
    )


def _largest(layers: Sequence[CadLayer]) -> Text:
    """Return the largest layers with what is on them."""
    largest = sorted(layers, key=lambda layer: -layer.kinds.total())[:_SHOWN]
    texts = [(layer.name, _on_layer(layer)) for layer in largest]
    more = [Text("…", "…")] if len(layers) > _SHOWN else []
    return join_texts([*(Text(f"{n}：{t.zh}", f"{n}: {t.en}") for n, t in texts), *more])


def _on_layer(layer: CadLayer) -> Text:
    kinds = [(_KINDS[kind], n) for kind, n in layer.kinds.items() if n]
    return Text(
        "、".join(f"{zh} {n}" for (zh, _), n in kinds),
        ", ".join(f"{n} {en}" for (_, en), n in kinds),
    )


def _named(counts: Counter[str]) -> Text:
    """Return how many of what there are, as a clerk calls them."""
    words, labels = cad_words()["others"], cad_words()["labels"]["types"]
    zh: Counter[str] = Counter()
    en: Counter[str] = Counter()
    for word, n in counts.items():
        entry = {"zh": "文字", "en": "labels"} if word in labels else words.get(word, {})
        zh[entry.get("zh", word)] += n
        en[entry.get("en", word)] += n
    return Text(
        "、".join(f"{name} {n}" for name, n in zh.items()),
        ", ".join(f"{n} {name}" for name, n in en.items()),
    )


@dataclass
class _Reader:
    """Takes the objects of one layer in their order, and keeps what becomes of each."""

    drawing: Drawing
    #: How many metres one unit is.
    unit: float
    #: Handles of the areas that are drawn as outlines.
    outlines: set[bytes] = field(default_factory=set)
    shapes: list[shapely.Geometry | None] = field(default_factory=list)
    #: Which of them are points, and where these are.
    points: list[int] = field(default_factory=list)
    places: list[Position] = field(default_factory=list)
    rows: list[dict[str, str]] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    record: list[int] = field(default_factory=list)
    unreadable: list[int] = field(default_factory=list)
    #: Records beyond a limit, with what is too many of.
    beyond: dict[int, Text] = field(default_factory=dict)
    #: Fillings, by record, with the outlines they were made for.
    fillings: dict[int, set[bytes]] = field(default_factory=dict)
    left: Counter[str] = field(default_factory=Counter)
    references: Counter[str] = field(default_factory=Counter)
    n_walked: int = 0
    n_copies: int = 0
    n_hidden: int = 0
    n_repeated: int = 0
    n_spare: int = 0
    nested: Counter[str] = field(default_factory=Counter)
    extended: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.curved = Curved(self.unit)

    def take(self, data: bytes, number: int) -> None:
        """Take one object: its records, or that it is none."""
        tags = tags_of(data)
        parts = objects_of(tags or [])
        if tags is None or [code for code, _ in tags].count(_LAYER) > len(parts):
            # A line is missing, or those between two objects are.
            self._take_damaged(ascii_word(data.split(b"\n", 2)[1]), number)
            return
        first = first_values(parts[0])
        word = ascii_word(first[0])
        label = f"{word} {first.get(5, b'').decode('ascii', 'replace') or f'#{number + 1}'}"
        kind = kind_of(word, first)
        if _APPLICATION in first:
            self.extended.update(
                v.decode("ascii", "replace") for c, v in parts[0] if c == _APPLICATION
            )
        if not kind:
            self.left[word] += 1
            self.n_walked += 1
            return
        self.n_hidden += integer(first, _HIDDEN) & 1
        if kind == "area" and word not in ("HATCH", "MPOLYGON"):
            self.outlines.add(first.get(5, b""))
        if word == "INSERT":
            self._take_block(parts, first, label)
        elif word == "POINT":
            self._take_places(first, {}, label)
        else:
            self._take_shape(word, parts, first, label)

    def _take_damaged(self, word: str, number: int) -> None:
        if not kind_of(word, {}):
            self.left[word] += 1
            self.n_walked += 1
            return
        self._add(None, {}, f"{word} #{number + 1}")
        self.unreadable.append(self.record[-1])

    def _add(self, shape: shapely.Geometry | None, row: dict[str, str], label: str) -> None:
        self.shapes.append(shape)
        self.rows.append(row)
        self.labels.append(label)
        self.record.append(self.n_walked)
        self.n_walked += 1

    def _take_shape(
        self, word: str, parts: Sequence[Sequence[Tag]], first: dict[int, bytes], label: str
    ) -> None:
        self._add(None, {}, label)
        record = self.record[-1]
        if word in ("CIRCLE", "ARC") and self.curved.is_full:
            self.beyond[record] = _TOO_LARGE
            return
        try:
            self.shapes[-1] = plain_shape(word, parts, first, self.unit)
        except (ValueError, KeyError, IndexError, shapely.errors.GEOSException):
            self.unreadable.append(record)
            return
        if (shape := self.shapes[-1]) is not None:
            if word in ("CIRCLE", "ARC"):
                self.curved.count(shape)
            return
        if is_too_large(parts):
            self.beyond[record] = _TOO_LARGE
            return
        if word == "HATCH":
            sources = {value for code, value in _after_outlines(parts[0]) if code == 330}
            self.fillings[record] = sources
        self.curved.add(len(self.shapes) - 1, parts)
        if len(self.curved) >= _TOGETHER:
            self._draw()

    def _take_block(
        self, parts: Sequence[Sequence[Tag]], first: dict[int, bytes], label: str
    ) -> None:
        encoding = self.drawing.encoding
        name = cad_text(first.get(2, b""), encoding)
        if name in self.drawing.references:
            self.references[self.drawing.references[name] or name] += 1
            self.n_walked += 1
            return
        if name in self.drawing.nested:
            self.nested[name] += 1
        row = {BLOCK: name, **_attributes(parts[1:], encoding)}
        rows, columns = copies_of(first)
        # Each copy has all attributes.
        n_cells = rows * columns * len(row) if rows * columns > 1 else 0
        if n_cells and self.n_copies + n_cells > MOST_COPIES:
            self._add(None, row, label)
            self.beyond[self.record[-1]] = phrase(
                "cad_array", rows=rows, columns=columns, most=MOST_COPIES
            )
            return
        self.n_copies += n_cells
        self._take_places(first, row, label)

    def _take_places(self, first: dict[int, bytes], row: dict[str, str], label: str) -> None:
        """Take a point, or a block wherever it is inserted; they are made points all at once."""
        try:
            places = places_of(first)
        except (ValueError, KeyError):
            self._add(None, row, label)
            self.unreadable.append(self.record[-1])
            return
        for k, place in enumerate(places):
            self.points.append(len(self.shapes))
            self.places.append(place)
            self._add(None, row, label if len(places) == 1 else f"{label}/{k + 1}")

    def _draw(self) -> None:
        for at, shape in self.curved.draw().items():
            self.shapes[at] = shape
            if at in self.curved.too_large:
                self.beyond[self.record[at]] = _TOO_LARGE
            elif shape is None:
                self.unreadable.append(self.record[at])

    def finish(self) -> None:
        """Draw what is left, and leave out fillings of outlines that are records themselves."""
        if len(self.curved):
            self._draw()
        for at, point in zip(self.points, points_of(self.places), strict=True):
            self.shapes[at] = point
        unusable = {*self.unreadable, *self.beyond}
        again = {
            record
            for record, sources in self.fillings.items()
            if sources and sources <= self.outlines and record not in unusable
        }
        if not again:
            return
        keep = [k for k, record in enumerate(self.record) if record not in again]
        self.n_repeated = len(again)
        for name in ("shapes", "rows", "labels", "record"):
            values = getattr(self, name)
            setattr(self, name, [values[k] for k in keep])

    def raw(self, name: str, findings: Findings) -> Raw:
        """Return the records, with a finding for each that cannot be used."""
        n = len(self.record)
        findings.add("RECORD_UNREADABLE", records=np.array(sorted(self.unreadable), dtype=np.int64))
        causes: dict[Text, list[int]] = {}
        for record, cause in self.beyond.items():
            causes.setdefault(cause, []).append(record)
        for cause, records in causes.items():
            findings.add("CAD_LIMIT", records=np.array(records), detail=cause, action="rejected")
        geometry = np.full(n, None, dtype=object)
        geometry[:] = self.shapes
        labels = np.full(max(self.n_walked, 1), "", dtype=object)
        labels[self.record] = self.labels
        distinct = {id(row): row for row in self.rows}.values()
        columns = list(dict.fromkeys(name for row in distinct for name in row))
        self.n_spare = max(len(columns) - MOST_ATTRIBUTES, 0)
        return Raw(
            name=name,
            frame=_frame(self.rows, columns[:MOST_ATTRIBUTES]),
            geometry=geometry,
            record=np.array(self.record, dtype=np.int64),
            n_walked=self.n_walked,
            n_skipped=self.n_walked - n,
            findings=findings,
            encoding=self.drawing.encoding,
            encoding_source=self.drawing.encoding_source,
            row_label=labels,
        )


def _after_outlines(tags: Sequence[Tag]) -> list[Tag]:
    """Return what a filling says after the count of objects it was made from, its code 97."""
    starts = [i for i, (code, _) in enumerate(tags) if code == 97]
    return list(tags[starts[0] :]) if starts else []


def _attributes(parts: Sequence[Sequence[Tag]], encoding: str) -> dict[str, str]:
    """Return the attributes of a block by their tags, a repeated tag with its number."""
    row: dict[str, str] = {}
    numbers: Counter[str] = Counter()
    for part in parts:
        if part[0][1].strip().upper() != b"ATTRIB":
            continue
        first = first_values(part)
        name = tag = cad_text(first.get(2, b""), encoding) or "ATTRIB"
        while name in row or name == BLOCK:
            numbers[tag] += 1
            name = f"{tag}_{numbers[tag] + 1}"
        row[name] = cad_text(first.get(1, b""), encoding)
    return row


def _frame(rows: Sequence[dict[str, str]], columns: Sequence[str]) -> pd.DataFrame:
    values = {name: [row.get(name) or None for row in rows] for name in columns}
    return pd.DataFrame(values, index=range(len(rows)), dtype="str")


def _metres(units: int) -> float:
    """Return how many metres one unit is; 1 where nothing is stated."""
    known = {entry["number"]: float(entry["metres"]) for entry in cad_words()["units"]}
    return known.get(units, 1.0)


def _scale(raw: Raw, units: int) -> None:
    """Take numbers that are too large for metres to metres, where the drawing states its unit.

    Programs state a unit that nobody chose: millimetres over coordinates in metres are usual, and
    are left as they are.
    """
    entry = next((e for e in cad_words()["units"] if e["number"] == units), None)
    present = raw.geometry[~shapely.is_missing(raw.geometry)]
    if entry is None or not len(present):
        return
    detail = phrase("cad_units_kept")
    factor, action = float(entry["metres"]), "none"
    if factor < 1 and np.abs(shapely.total_bounds(present)).max() > _PLANE:
        raw.geometry = shapely.transform(raw.geometry, lambda xy: xy * factor)
        detail = Text("坐标已换算为米", "its coordinates were converted to metres")
        action = "assumed"
    unit = Text(str(entry["zh"]), str(entry["en"]))
    raw.findings.add("CAD_UNITS", value=units, unit=unit, detail=detail, action=action)


def _report(findings: Findings, drawing: Drawing, layer: CadLayer, reader: _Reader) -> None:
    """Tell what was left out, and what the drawing says otherwise than it is."""
    types = cad_words()["labels"]["types"]
    n_labels = sum(n for word, n in reader.left.items() if word in types)
    if n_labels:
        findings.add("CAD_LABELS", value=n_labels)
    others = Counter({word: n for word, n in reader.left.items() if word not in types})
    parts = [_named(others)] if others else []
    if reader.n_repeated:
        n = reader.n_repeated
        parts.append(Text(f"所填充的轮廓也已读入的填充 {n}", f"{n} fillings of outlines read too"))
    if reader.n_spare:
        n, most = reader.n_spare, f"{MOST_ATTRIBUTES:,}"
        parts.append(Text(f"第 {most} 列以后的属性 {n} 列", f"{n} attributes beyond {most}"))
    foreign = {
        name: n for name, n in reader.extended.items() if not name.upper().startswith("ACAD")
    }
    for name, n in foreign.items():
        parts.append(phrase("extended_data", n=n, name=name))
    if layer.n_on_paper:
        n = layer.n_on_paper
        parts.append(Text(f"布局（图纸空间）中的对象 {n}", f"{n} objects on layouts"))
    if parts:
        findings.add("CAD_LEFT", value=layer.name, detail=join_texts(parts))
    for file, n in reader.references.items():
        findings.add("CAD_REFERENCE", value=file, expected=n, about=file)
    for name in reader.nested:
        findings.add("CAD_NESTED", value=name, expected=drawing.nested[name], about=name)
    if layer.is_hidden:
        hidden = Text("整个图层已关闭或冻结", "the whole layer is off or frozen")
        findings.add("CAD_HIDDEN", value=layer.name, detail=hidden)
    elif reader.n_hidden:
        n = reader.n_hidden
        findings.add("CAD_HIDDEN", value=layer.name, detail=Text(f"{n} 个对象", f"{n} objects"))
    if drawing.n_damaged:
        findings.add("CAD_DAMAGED", value=drawing.n_damaged)
    if not drawing.is_finished:
        findings.add("CAD_UNFINISHED")
    if drawing.contradicted:
        findings.add("ENC_CONTRADICTED", value=drawing.contradicted, expected=drawing.encoding)
