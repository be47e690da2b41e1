"""Open a source by what it holds, never by what it is called, and only local files."""

from __future__ import annotations

import glob
import hashlib
import json
import re
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo_citymgmt._languages import NOTHING, Text, first_few, packaged_table
from geo_citymgmt.errors import SourceError
from geo_citymgmt.findings import Findings, concat_findings, of_layer
from geo_citymgmt.reading._archive import Member, list_members, unpacked
from geo_citymgmt.reading._boundary_points import read_boundary_points
from geo_citymgmt.reading._cad import list_cad_layers, read_drawing
from geo_citymgmt.reading._dbf import read_dbf
from geo_citymgmt.reading._gdal import list_gdal_layers, only_table, read_gdal, read_geoparquet
from geo_citymgmt.reading._geojson import read_geojson
from geo_citymgmt.reading._headings import glance_at_csv, glance_at_rows
from geo_citymgmt.reading._kml import only_folder
from geo_citymgmt.reading._limits import (
    ArchiveLimits,
    allowing,
    check_file_size,
    local_path,
    within_limits,
)
from geo_citymgmt.reading._messages import failure, phrase
from geo_citymgmt.reading._raw import Raw
from geo_citymgmt.reading._shapefile import MULTIPATCH, read_shapefile
from geo_citymgmt.reading._sniff import is_left_behind, name_one, sniff
from geo_citymgmt.reading._table import read_table
from geo_citymgmt.reading._text import legible
from geo_citymgmt.reading._xlsx import list_sheets, only_sheet

VECTOR_SUFFIXES = (".shp", ".gpkg", ".gdb", ".geojson", ".json", ".geojsonl", ".geojsons",
                   ".geojsonseq", ".ndjson", ".jsonl", ".parquet", ".geoparquet", ".fgb",
                   ".kml", ".kmz", ".ovkml", ".gpx", ".gml", ".tab", ".mif", ".dxf",
                   ".zip")  # fmt: skip
TABLE_SUFFIXES = (".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".xls", ".et", ".ods")
_ARCHIVES = (".zip", ".kmz")
#: So many records show what a source is.
HEAD = 500
#: The head of a .shp, and an empty shape of each kind it may state.
_SHP_HEADER = 100
_SHP_EMPTY = {1: shapely.Point(), 3: shapely.LineString(), 5: shapely.Polygon(),
              8: shapely.MultiPoint()}  # fmt: skip
#: How much of a long text is looked at to tell what it is.
_HEAD_BYTES = 1 << 18
_FIRST_FEATURE = re.compile(r'"features"\s{0,99}:\s{0,99}\[\s{0,99}(?=\{)')
#: How the one layer of a plain file is told without opening it by its driver.
_LOOKS = {"geopackage": only_table, "kml": only_folder}
#: Kinds that are read into memory as they are.
_READ_WHOLE = ("shapefile", "geojson", "csv", "web table", "sheet xml", "boundary points", "dbf",
               "kml", "gpx", "gml", "dxf")  # fmt: skip
#: Kinds of which one file may hold several layers.
_SEVERAL = ("geopackage", "filegdb", "kml", "gpx", "gml")
#: Suffixes of files that may hold several, within an archive.
_CONTAINERS = (".gpkg", ".gdb", ".kml", ".ovkml", ".gpx", ".gml", ".dxf", ".xlsx", ".xls", ".xlsm",
               ".et", ".ods")  # fmt: skip
#: What belongs to a file of one name: its table, index, definition.
_PARTS = packaged_table("geo_citymgmt.reading", "formats.toml")["parts"]


@dataclass(frozen=True)
class SourceLayer:
    """One layer that a source holds: what :func:`read_raw` is to be told to read it.

    ``names`` are what it may be recognised by, the best first.
    """

    path: Path
    sublayer: str | None
    label: str
    names: tuple[str, ...]
    #: The file and the folders it is in, the nearest first.
    context: tuple[str, ...] = ()
    #: What is on it, of one of several CAD layers: a drawing has whatever is on the map, and what
    #: it is called says nothing of each.
    drawn: Text | None = None
    #: What it has in common with others of its kind, where that was seen when it was listed.
    heading: bytes | None = field(default=None, compare=False, repr=False)
    #: What a glance at it showed for certain, where that was taken when it was listed.
    glance: Raw | None = field(default=None, compare=False, repr=False)

    def __fspath__(self) -> str:
        return str(self.path)

    @property
    def suffix(self) -> str:
        """Of the file that holds it, within its archive where it is in one."""
        member = PurePosixPath((self.sublayer or "").rsplit(":", 1)[0])
        is_packed = self.path.suffix.lower() in _ARCHIVES
        return (member.suffix if is_packed else self.path.suffix).lower()


def read_raw(
    source: Any,
    *,
    sublayer: str | None = None,
    encoding: str | None = None,
    name: str = "",
    limits: ArchiveLimits | None = None,
    head: int | None = None,
) -> Raw:
    """Read one layer of ``source`` as it is.

    Parameters
    ----------
    source : path, GeoDataFrame or SQLAlchemy engine
        A file or folder of a format in ``VECTOR_SUFFIXES`` or ``TABLE_SUFFIXES``, a frame, or a
        database with ``sublayer="schema.table"``.
    sublayer : str, optional
        Which layer, sheet or member, for a source that holds several; of a container in an
        archive, ``member:layer``.
    encoding : str, optional
        Of the text of a .dbf, .csv or .geojson; nothing else is tried then.
    name : str
        What to call a frame in the ledger, and the layer in the findings of an error.
    limits : ReadLimits or ArchiveLimits, optional
        How much a file, or an archive, may hold; those that hold just now otherwise.
    head : int, optional
        Read about the first so many records, to tell what the source is; where its format allows
        it, no more is looked at.

    Raises
    ------
    SourceError
        The source is refused or cannot be read as a whole; ``.findings`` says which.
    """
    if isinstance(source, pd.DataFrame):
        return _from_frame(source, name or "GeoDataFrame")
    if hasattr(source, "dialect") and hasattr(source, "connect"):
        from geo_citymgmt.reading._database import read_database

        return read_database(source, sublayer)
    if isinstance(source, SourceLayer):
        source, sublayer = source.path, sublayer or source.sublayer
    try:
        path = local_path(source)
        with allowing(limits), _collected_warnings() as reported:
            raw = _read(path, sublayer, encoding, head)
    except SourceError as error:
        error.findings = _reported(error, name)
        raise
    for text in reported:
        raw.findings.add("READ_WARNING", value=text, about=text)
    raw.sha256 = raw.sha256 or ("" if head is not None else _digest(path))
    raw.path = path
    return raw


@contextmanager
def _collected_warnings() -> Iterator[list[str]]:
    """Collect what a reader mutters: it belongs into the findings, not onto the terminal."""
    texts: list[str] = []
    with warnings.catch_warnings(record=True) as reported:
        warnings.simplefilter("always")
        yield texts
    for warning in reported:
        if issubclass(warning.category, (UserWarning, RuntimeWarning)):
            texts.append(str(warning.message)[:200])
        else:
            warnings.warn_explicit(
                warning.message, warning.category, warning.filename, warning.lineno
            )
    texts[:] = dict.fromkeys(texts)


def _reported(error: SourceError, layer: str) -> pd.DataFrame | None:
    if error.findings is None:
        return None
    about = of_layer(error.findings, layer)
    unusable = Findings(layer)
    unusable.add("LAYER_UNUSABLE", detail=Text(error.message_zh, error.message))
    return concat_findings([about, unusable.frame()])


def is_geodatabase(path: Path) -> bool:
    """Whether a folder is a file geodatabase, whatever it is called."""
    return path.suffix.lower() == ".gdb" or any(path.glob("*.gdbtable"))


def is_part(path: Path) -> bool:
    """Whether a file is part of another of the same name: the table of a .tab, the .mid of a .mif.

    Examples
    --------
    >>> is_part(Path("missing.dat"))
    False
    """
    suffix = path.suffix.lower()
    mains = [main for main, parts in _PARTS.items() if suffix in parts and suffix != main]
    # A folder may hold thousands of files: it is not listed anew for each.
    return any(path.with_suffix(spelt).exists() for main in mains for spelt in (main, main.upper()))


def list_sources(folder: Path, *, tables: bool = False) -> list[Path]:
    """Return the files of ``folder`` that may hold layers, by name; ``tables`` adds .csv and so on.

    A shapefile is its .shp, a file geodatabase its folder.
    """
    suffixes = VECTOR_SUFFIXES + (TABLE_SUFFIXES if tables else ())
    return sorted(
        (
            p
            for p in folder.iterdir()
            if not is_left_behind(p.name)
            and (is_geodatabase(p) if p.is_dir() else p.suffix.lower() in suffixes)
        ),
        key=lambda p: p.name,
    )


@within_limits
def list_layers(
    path: Path, *, limits: ArchiveLimits | None = None
) -> tuple[list[SourceLayer], list[str]]:
    """Return the layers of a file or archive, and the members of an archive that are none.

    Raises
    ------
    SourceError
        It is refused, or damaged beyond telling.
    """
    kind = sniff(path)
    if (only := _only_layer(path, kind)) is not None:
        return [only], []
    if kind != "zip":
        return [
            SourceLayer(path, s, label, names, () if path.stem in names else (path.stem,), drawn)
            for s, label, names, drawn in _inside(path, kind)
        ], []
    members = list_members(path)
    groups, others = _groups(members)
    layers: list[SourceLayer] = []
    for group in groups:
        plain = PurePosixPath(group)
        context = (*(p.name for p in plain.parents if p.name), path.stem)
        if plain.suffix.lower() not in _CONTAINERS:
            layers.append(SourceLayer(path, group, f"{path.name}/{group}", (plain.stem,), context))
            continue
        with unpacked(path, groups[group]) as folder:
            inner = folder / group
            try:
                inside = _inside(inner, sniff(inner))
            except SourceError:
                # One damaged member does not take the others with it; its reader says the same.
                label = f"{path.name}/{group}"
                layers.append(SourceLayer(path, group, label, (plain.stem,), context))
                continue
            for sub, label, names, drawn in inside:
                sublayer = group if sub is None else f"{group}:{sub}"
                title = f"{path.name}/{plain.parent / label}"
                around = context if plain.stem in names else (plain.stem, *context)
                layers.append(SourceLayer(path, sublayer, title, names, around, drawn))
    return layers, others


def _only_layer(path: Path, kind: str) -> SourceLayer | None:
    """Return the one layer of a plain file with what it shows, without reading it.

    None where a look does not tell that for certain, or the file holds several.
    """
    heading, glance = None, None
    if kind == "workbook":
        sheets, rows = only_sheet(path)
        if len(sheets) != 1:
            return None
        name, glance = sheets[0], glance_at_rows(path.name, rows) if rows else None
    elif kind in _LOOKS and (look := _LOOKS[kind](path, HEAD)) is not None:
        name, heading = look
    else:
        return None
    names = (path.stem, name)
    return SourceLayer(path, name, path.name, names, heading=heading, glance=glance)


def glance_at(item: SourceLayer) -> Raw | None:
    """Return the columns and the first place of a plain table; None where it has to be read."""
    if item.glance is None and item.sublayer is None and item.path.suffix.lower() == ".csv":
        return glance_at_csv(item.path)
    return item.glance


def _inside(path: Path, kind: str) -> list[tuple[str | None, str, tuple[str, ...], Text | None]]:
    """Return what is in a file: sublayer, label, names, and of a drawing what is on each."""
    on_layers: dict[str, Text] = {}
    if kind in _SEVERAL:
        names = list_gdal_layers(path, kind)
    elif kind == "workbook":
        names = list_sheets(path)
    elif kind == "dxf":
        on_layers = list_cad_layers(path)
        names = list(on_layers)
    else:
        return [(None, path.name, (path.stem,), None)]
    if len(names) == 1:
        return [(names[0], path.name, (path.stem, names[0]), None)]
    return [(n, f"{path.name}:{n}", (n,), on_layers.get(n)) for n in names]


def _read(
    path: Path,
    sublayer: str | None,
    encoding: str | None,
    head: int | None = None,
) -> Raw:
    kind = sniff(path)
    if kind in _READ_WHOLE and head is None:
        check_file_size(path)
    if kind == "folder":
        chosen, rest = _one_of(path, sublayer)
        return _read(chosen, rest, encoding, head)
    if kind == "zip":
        return _from_archive(path, sublayer, encoding, head)
    if kind == "shapefile":
        return read_shapefile(path, encoding=encoding) if head is None else _table_of(path, head)
    if kind == "parquet":
        return read_geoparquet(path, head=head)
    if kind == "csv" and head is not None and path.stat().st_size > _HEAD_BYTES:
        with _beginning(path) as file:
            return read_table(file, encoding=encoding)
    if kind == "geojson":
        return read_geojson(path, encoding=encoding)
    if kind in ("csv", "workbook", "web table", "sheet xml"):
        return read_table(path, sublayer=sublayer, encoding=encoding)
    if kind == "boundary points":
        return read_boundary_points(path, encoding=encoding)
    if kind == "dxf":
        return read_drawing(path, sublayer=sublayer, encoding=encoding, head=head)
    if kind == "dbf":
        return _from_dbf(path, encoding, head)
    return read_gdal(path, kind, sublayer=sublayer, head=head)


def _table_of(path: Path, head: int) -> Raw:
    """Return the first records of the table of a shapefile, with empty shapes of its kind."""
    # Without a table it has one record or none.
    frame = pd.DataFrame(index=range(int(path.stat().st_size > _SHP_HEADER)))
    for table in path.parent.glob(f"{glob.escape(path.stem)}.[dD][bB][fF]"):
        frame = _from_dbf(table, None, head).frame
    n = len(frame)
    return Raw(path.name, frame, np.full(n, shape_of(path), dtype=object), np.arange(n), n)


def heading_of(item: SourceLayer) -> bytes | None:
    """Return what files of one kind have in common: the first line of a text, the fields of a .dbf,
    the members of the first feature of a GeoJSON; of others what was seen when they were listed.

    None where that does not tell what is below: a title, no records, another format.
    """
    path, suffix = item.path, item.path.suffix.lower()
    if item.heading is not None:
        return item.heading
    if not path.is_file():
        return None
    if suffix in (".csv", ".tsv"):
        with path.open("rb") as file:
            first, second = file.readline(_HEAD_BYTES), file.readline(_HEAD_BYTES)
        cells = [cell for cell in re.split(rb"[,;\t|]", first) if cell.strip()]
        return first.strip() if len(cells) > 1 and second.strip() else None
    if suffix in (".geojson", ".json"):
        return _first_feature(path)
    table = path.with_suffix(".dbf")
    if suffix != ".shp" or not table.is_file():
        return None
    with table.open("rb") as file:
        start = file.read(32)
        fields = file.read(max(int.from_bytes(start[8:10], "little") - 32, 0))
    return repr(shape_of(path)).encode() + fields if start[4:8] != b"\0\0\0\0" else None


def _first_feature(path: Path) -> bytes | None:
    """Return the members of the first feature, and the kind of its geometry; None where it has
    none, or its beginning does not hold it whole."""
    with path.open("rb") as file:
        text = file.read(_HEAD_BYTES).decode(errors="replace")
    at = _FIRST_FEATURE.search(text)
    if at is None:
        return None
    try:
        feature, _ = json.JSONDecoder().raw_decode(text, at.end())
    except (ValueError, RecursionError):
        return None
    shape, names = feature.get("geometry"), feature.get("properties")
    if not isinstance(shape, dict) or not isinstance(names, dict):
        return None
    return repr((str(shape.get("type")), *names)).encode()


def shape_of(path: Path) -> shapely.Geometry | None:
    """Return an empty shape of the kind that the head of a .shp states; None where it is none."""
    with path.open("rb") as file:
        start = file.read(_SHP_HEADER)
    code = int.from_bytes(start[32:36], "little")
    if code == MULTIPATCH:
        return shapely.Polygon()
    # With a Z or an M it is 10 or 20 more.
    return _SHP_EMPTY.get(code % 10) if len(start) == _SHP_HEADER and code < 30 else None


@contextmanager
def _beginning(path: Path) -> Iterator[Path]:
    """Give a file that holds the first whole lines of a text."""
    with path.open("rb") as file:
        lines = file.read(_HEAD_BYTES)
    with tempfile.TemporaryDirectory(prefix="gcm-", ignore_cleanup_errors=True) as folder:
        short = Path(folder) / path.name
        short.write_bytes(lines[: lines.rfind(b"\n") + 1] or lines)
        yield short


def _one_of(folder: Path, sublayer: str | None) -> tuple[Path, str | None]:
    """Choose the one source of a folder, maps before tables."""
    files = list_sources(folder) or list_sources(folder, tables=True)
    matches, rest = _named([p.name for p in files], sublayer)
    if len(matches) == 1:
        return folder / matches[0], rest
    raise _which(folder, matches, [p.name for p in files], sublayer)


def _which(
    path: Path, matches: Sequence[str], names: Sequence[str], sublayer: str | None
) -> SourceError:
    """Return the error for a source of which it is not told which layer is meant."""
    if not names:
        return failure("folder_no_layer", path.name)
    which = NOTHING
    if sublayer is not None:
        which = phrase("several_of_name", sublayer=sublayer, n=len(matches))
    return failure(
        "source_which_layer",
        path.name,
        remedy=name_one(matches or names),
        n=len(names),
        names=first_few(names),
        which=which,
    )


def _named(names: Sequence[str], sublayer: str | None) -> tuple[list[str], str | None]:
    """Return those of ``names`` that ``sublayer`` means, and what it says about their inside."""
    if sublayer is None:
        return list(names), None
    for wanted, rest in ((sublayer, None), tuple(sublayer.rsplit(":", 1))):
        for spell in (str, lambda n: PurePosixPath(n).name, lambda n: PurePosixPath(n).stem):
            if matches := [n for n in names if spell(n) == wanted]:
                return matches, rest
        if ":" not in sublayer:
            break
    # Of a single container it is the inside that is meant.
    return (list(names), sublayer) if len(names) == 1 else ([], None)


def _groups(members: Sequence[Member]) -> tuple[dict[str, list[str]], list[str]]:
    """Part the members of an archive into sources, each with its files, and the rest."""
    groups: dict[str, list[str]] = {}
    taken: set[str] = set()
    suffixes = {*VECTOR_SUFFIXES, *TABLE_SUFFIXES} - {*_ARCHIVES, ".gdb"}
    for member in members:
        inside = next((p for p in member.path.parents if p.suffix.lower() == ".gdb"), None)
        if inside is not None:
            groups.setdefault(str(inside), []).append(member.name)
            taken.add(member.name)
    for member in members:
        if member.name in taken or member.path.suffix.lower() not in suffixes:
            continue
        parts = [member.name]
        if (companions := _PARTS.get(member.path.suffix.lower())) is not None:
            base = member.path.with_suffix("")
            parts = [m.name for m in members if _base(m, companions) == base]
        groups[member.name] = parts
        taken.update(parts)
    return dict(sorted(groups.items())), [m.name for m in members if m.name not in taken]


def _base(member: Member, parts: Sequence[str]) -> PurePosixPath:
    path = member.path
    # 名称.shp.xml goes with 名称.shp.
    path = path.with_suffix("") if path.name.lower().endswith(".shp.xml") else path
    return path.with_suffix("") if path.suffix.lower() in parts else path


def _from_archive(
    path: Path,
    sublayer: str | None,
    encoding: str | None,
    head: int | None = None,
) -> Raw:
    groups, others = _groups(list_members(path))
    nested = [n for n in others if n.lower().endswith(_ARCHIVES)]
    if not groups and nested:
        raise failure("archive_in_archive", path.name, names=first_few(nested))
    matches, rest = _named(list(groups), sublayer)
    if len(matches) != 1:
        raise _which(path, matches, list(groups), sublayer)
    with unpacked(path, groups[matches[0]]) as folder:
        raw = _read(folder / matches[0], rest, encoding, head)
    raw.name, raw.sha256 = f"{path.name}/{raw.name}", ""
    for name in nested:
        raw.findings.add("LAYER_IGNORED", value=name, about=name, detail=phrase("archive_inside"))
    return raw


def _from_dbf(path: Path, encoding: str | None, head: int | None = None) -> Raw:
    """A table alone: records without geometry."""
    table = read_dbf(path, encoding=encoding, head=head)
    live = ~table.deleted
    frame = pd.DataFrame(table.columns, index=range(len(live)))[live].reset_index(drop=True)
    return Raw(
        name=path.name,
        frame=frame,
        geometry=np.full(len(frame), None, dtype=object),
        record=np.flatnonzero(live),
        n_walked=len(live),
        n_skipped=int((~live).sum()),
        findings=table.findings,
        encoding=table.encoding,
        encoding_source=table.encoding_source,
    )


def _from_frame(frame: pd.DataFrame, name: str) -> Raw:
    if isinstance(frame, gpd.GeoDataFrame) and frame.active_geometry_name is not None:
        geometry = frame.geometry.to_numpy(dtype=object, copy=True)
        plain, crs = pd.DataFrame(frame.drop(columns=frame.active_geometry_name)), frame.crs
    else:
        geometry, plain, crs = np.full(len(frame), None, dtype=object), frame, None
    geometry[pd.isna(geometry)] = None
    labels = ["" if label is None or label != label else str(label) for label in frame.index]
    return Raw(
        name=name,
        frame=_legible(plain.reset_index(drop=True)),
        geometry=geometry,
        record=np.arange(len(frame)),
        n_walked=len(frame),
        crs=crs,
        encoding_source="in memory",
        row_label=np.array(labels, dtype=object),
    )


def _legible(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame whose texts can be written: objects may hold lone surrogates."""
    repaired = {}
    for place, dtype in enumerate(frame.dtypes):
        if not pd.api.types.is_object_dtype(dtype):
            continue
        column = frame.iloc[:, place]
        try:
            "".join(value for value in column if isinstance(value, str)).encode()
        except UnicodeEncodeError:
            repaired[place] = column.map(lambda v: legible(v) if isinstance(v, str) else v)
    if repaired:
        frame = frame.copy()
        for place, column in repaired.items():
            frame.isetitem(place, column)
    return frame


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
    for file in files:
        with file.open("rb") as stream:
            while chunk := stream.read(1 << 20):
                digest.update(chunk)
    return digest.hexdigest()
