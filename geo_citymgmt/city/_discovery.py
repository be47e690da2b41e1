"""Which file is which layer: by ``city.toml`` where there is one, else by what it shows."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

import pandas as pd

from geo_citymgmt._languages import NOTHING, Messages, Text, first_few, join_texts, listed
from geo_citymgmt.city._config import (
    COMPANY,
    CitySource,
    FolderFiles,
    Leftover,
    is_ignored,
    list_folder,
    read_config,
)
from geo_citymgmt.city._office import OFFICE_FILES
from geo_citymgmt.city._recognition import (
    Candidate,
    Looked,
    Preview,
    by_context,
    by_geometry,
    candidates,
    n_own_columns,
    outline_of,
    recognise,
    stated_zones,
)
from geo_citymgmt.city._tables import REQUIRED, own_columns, own_headings
from geo_citymgmt.errors import RepeatedSourceError, SourceError, SpecError
from geo_citymgmt.profiles import known_profiles
from geo_citymgmt.reading._archive import list_members, unpacked
from geo_citymgmt.reading._limits import local_path
from geo_citymgmt.reading._raw import joined_names
from geo_citymgmt.reading._sniff import recency, refused, sniff, way_out, without_versions
from geo_citymgmt.reading._source import SourceLayer, is_geodatabase, is_part, list_layers, read_raw
from geo_citymgmt.reading._text import plain_key
from geo_citymgmt.spec import LayerSpec

_MESSAGES = Messages("geo_citymgmt.city")

_EVENTS = ("events", "事件", "事件表")
_TARGETS = ("targets", "目标", "目标任务")
_REPORTED = ("reported", "上报数", "上报数据")
_NO_LAYER = Text("不是图层文件", "it is no layer")
_CONTEXT = Text("所在文件或文件夹的名称", "the name of the file or folder it is in")
_OUTLINES = Text("各文件中单个区划的图形", "the outline of one district in each file")
#: So many files are named where one finding is about several.
_SHOWN = 6


def find_source(
    source: Path, specs: Mapping[str, LayerSpec], *, layer: str | None = None
) -> CitySource:
    """Look at a folder, a city.toml, an archive, a database or one file and tell what is what.

    One file is the layer ``layer`` where that is given: of several tables in it the one that fits
    best. Else names, then columns and geometry say what is what (see
    :mod:`geo_citymgmt.city._recognition`).

    Raises
    ------
    SourceError, SpecError
        There is nothing at ``source``, it is refused, or its city.toml has a mistake.
    """
    path = local_path(source)
    if path.is_dir() and not is_geodatabase(path):
        config = path / "city.toml"
        found = read_config(config, specs) if config.is_file() else CitySource(path)
        _find_office(found)
        _scan_folder(found, specs, layer)
        _check_asked(found, path.name, specs, layer)
        return found
    if path.suffix.lower() == ".toml":
        found = read_config(path, specs)
        _find_office(found)
        if not found.layers:
            _scan_folder(found, specs, layer)
        _check_asked(found, path.name, specs, layer)
        return found
    found = CitySource(path.parent, file=path)
    try:
        items, others = list_layers(path)
    except SourceError:
        if layer is None and recognise(path.stem, specs) is None:
            raise
        # Its reader says the same again, for the ledger.
        items, others = [SourceLayer(path, None, path.name, (path.stem,))], []
    if layer is not None:
        _take_asked(found, path.name, items, layer, specs)
        return found
    if not items and not others:
        raise _unknown(path.name, [], specs)
    _take(found, items, specs)
    if (
        len(items) == 1
        and not others
        and not found.layers
        and not _is_side_table(items[0].names[-1])
    ):
        preview = Preview(items[0])
        likely = candidates(preview, specs)
        raise preview.error or _unknown(path.name, likely, specs, by_geometry(preview, specs))
    for name in others:
        if PurePosixPath(name).suffix.lower() not in COMPANY or name.endswith("city.toml"):
            _pass_over(found, name)
    return found


def _unknown(
    name: str,
    likely: Sequence[Candidate],
    specs: Mapping[str, LayerSpec],
    takers: Sequence[str] = (),
) -> SourceError:
    """Return the error for a file of which it cannot be told which layer it is."""
    cause = _MESSAGES("unknown_layer", name=name)
    if likely:
        cause = _MESSAGES("uncertain_layer", name=name, layers=_named(likely, specs))
    example = likely[0].layer if likely else (*takers, "manholes")[0]
    return SourceError(
        cause,
        remedy=_MESSAGES(
            "say_which", example=example, name=name, layers=", ".join(takers or specs)
        ),
    )


def _named(likely: Sequence[Candidate], specs: Mapping[str, LayerSpec]) -> Text:
    """Return the likeliest layers, each with what speaks for it."""
    best = [(c, specs[c.layer].name_zh) for c in likely[:3]]
    zh = "、".join(f"“{name}”（{c.why.zh}）" for c, name in best)
    return Text(zh, ", ".join(f"{c.layer} ({c.why.en})" for c, _ in best))


def _check_asked(
    found: CitySource, name: str, specs: Mapping[str, LayerSpec], asked: str | None
) -> None:
    """Say it where a layer that was asked for is not there: nothing else would."""
    for key in found.hints.keys() - found.layers.keys():
        raise _MESSAGES.error(SpecError, "hint_without_file", key=key, name=specs[key].name_zh)
    if asked is not None and asked not in found.layers:
        spec = specs[asked]
        found.findings.add(
            "LAYER_ABSENT",
            value=name,
            expected=spec.key,
            label=Text(spec.name_zh, spec.name_en),
            about=spec.key,
        )


def _take_asked(
    found: CitySource,
    name: str,
    items: list[SourceLayer],
    layer: str,
    specs: Mapping[str, LayerSpec],
) -> None:
    """Take the one table of a file that may be the layer asked for, whatever it is called."""
    spec = specs[layer]
    looked = Looked()
    pieces = [_Piece(item, Preview(item, looked)) for item in items]
    if len(pieces) == 1:
        chosen = pieces
    else:
        chosen = [p for p in pieces if _reported(p, specs) == layer] or _fitting(
            pieces, spec, specs
        )
    if not chosen or not _are_alike(chosen, layer, specs):
        raise _which_table(name, [p.item for p in chosen or pieces], spec, fits=bool(chosen))
    _take_group(found, layer, chosen, specs, layer)
    _take(found, [p.item for p in pieces if p not in chosen], specs, asked=layer)


def _are_alike(pieces: Sequence[_Piece], layer: str, specs: Mapping[str, LayerSpec]) -> bool:
    """Whether tables are parts of one: each is that layer by itself, or they have one heading."""
    if all(_reported(piece, specs) == layer for piece in pieces):
        return True
    if any(piece.item.drawn is not None for piece in pieces):
        # All that is drawn has one heading, which is none.
        return len(pieces) == 1
    return len({frozenset(map(plain_key, p.preview.frame.columns)) for p in pieces}) == 1


def _fitting(
    pieces: Sequence[_Piece], spec: LayerSpec, specs: Mapping[str, LayerSpec]
) -> list[_Piece]:
    """Return those that fit a layer best: by geometry, then by name, then by columns."""
    there = [p for p in pieces if p.preview.kinds] or list(pieces)
    fitting = [p for p in there if p.preview.fits(spec)]
    if len(fitting) < 2:
        return fitting
    # Another layer's own table is not in question while there is one that is none's.
    fitting = [p for p in fitting if _reported(p, specs) is None] or fitting
    counts = {p.item.label: n_own_columns(p.preview.frame, spec) for p in fitting}
    return [p for p in fitting if counts[p.item.label] == max(counts.values())]


def _which_table(
    name: str, items: Sequence[SourceLayer], spec: LayerSpec, *, fits: bool
) -> SourceError:
    tables = [i.names[-1] for i in items]
    if fits and any(i.drawn is not None for i in items):
        shown, entry = _on_layers(items), f'path = "{name}", sublayer = "{items[0].sublayer}"'
        return _MESSAGES.error(
            SourceError,
            "which_cad_layer",
            name=name,
            n=len(items),
            spec=spec,
            shown=shown,
            entry=entry,
        )
    if not fits:
        return _MESSAGES.error(
            SourceError,
            "no_table_fits",
            name=name,
            spec=spec,
            geometry=listed(spec.geometry),
            tables=first_few(tables),
        )
    return _MESSAGES.error(
        SourceError, "which_table", name=name, n=len(tables), spec=spec, tables=first_few(tables)
    )


@contextmanager
def reported_by_archive(path: Path) -> Iterator[Path | None]:
    """Give the folder of an archive that has a ``city.toml``, unpacked; None without one.

    Raises
    ------
    SourceError
        SOURCE_REFUSED where the archive holds several, for it is not told which of them holds.
    """
    configs = _configs_in(path)
    if not configs:
        yield None
        return
    if len(configs) > 1:
        raise refused(
            path.name,
            _MESSAGES("several_configs", configs=first_few(configs)),
            Text("请解压后指定其中一个。", "Unpack it and give the one that is meant."),
        )
    with unpacked(path) as folder:
        yield (folder / configs[0]).parent


def keep_within(found: CitySource, folder: Path, name: str) -> None:
    """Refuse a ``city.toml`` out of an archive that names files beside it on this machine.

    Raises
    ------
    SourceError
        SOURCE_REFUSED.
    """
    entries = found.layers.values()
    sources = [s for e in entries for s in e.sources]
    sources += [e.ledger for e in entries if e.ledger is not None]
    sources += found.side_files()
    if isinstance(found.profile, Path):
        sources.append(found.profile)
    root = _real(folder)
    if any(not _real(source).is_relative_to(root) for source in sources):
        raise refused(
            name,
            _MESSAGES("outside_archive"),
            _MESSAGES("pack_it"),
        )


def _configs_in(path: Path) -> list[str]:
    if path.suffix.lower() != ".zip":
        return []
    try:
        found = local_path(path)
        names = [m.name for m in list_members(found)] if sniff(found) == "zip" else []
    except SourceError:
        # What is wrong with it is told where it is read.
        return []
    return [name for name in names if PurePosixPath(name).name == "city.toml"]


def _find_office(found: CitySource) -> None:
    """Files of the office's own lie beside its layers, unless city.toml names others."""
    for name in ("figures", *OFFICE_FILES):
        beside = found.root / f"{name}.toml"
        if getattr(found, name) is None and beside.is_file():
            setattr(found, name, beside)


@dataclass(frozen=True, eq=False)
class _Piece:
    """One layer of the source with what it shows."""

    item: SourceLayer
    preview: Preview


def _reported(piece: _Piece, specs: Mapping[str, LayerSpec]) -> str | None:
    """Return the layer that a source says it is, by its name or by a level of zones."""
    zones = stated_zones(piece.preview, specs)
    if zones is not None:
        return zones
    known = (recognise(name, specs, piece.preview) for name in piece.item.names)
    return next((key for key in known if key is not None), None)


def _scan_folder(
    found: CitySource, specs: Mapping[str, LayerSpec], asked: str | None = None
) -> None:
    taken, tables = _stated(found)
    files = list_folder(found.root)
    passed: list[str] = []
    items: list[SourceLayer] = []
    members: list[str] = []
    for path in files.sources:
        name = path.relative_to(found.root).as_posix()
        if _real(path) in taken:
            continue
        if is_ignored([name, path.name], found.ignore):
            passed.append(name)
            continue
        try:
            inside, others = list_layers(path)
        except SourceError as error:
            if recognise(path.stem, specs) is None and not _side_kind(path.stem):
                _ignored(found, name, error.text)
                continue
            # Its reader says the same again, as of a table that is missed.
            inside, others = [SourceLayer(path, None, path.name, (path.stem,))], []
        for item in (_in_folder(item, found.root) for item in inside):
            if is_ignored([item.label, *item.names], found.ignore):
                passed.append(item.label)
            elif not any(_is_table(item, name) for name in tables.get(_real(path), ())):
                items.append(item)
        members += [f"{name}/{m}" for m in others if PurePosixPath(m).suffix.lower() not in COMPANY]
    _take(found, items, specs, asked)
    for member in members:
        _pass_over(found, member)
    _report_files(found, files, passed, taken)


def _stated(found: CitySource) -> tuple[set[Path], dict[Path, list[str]]]:
    """Return the files that city.toml names as a whole, and the tables it names of others."""
    taken = {_real(p) for p in found.side_files()}
    tables: dict[Path, list[str]] = {}
    for entry in found.layers.values():
        if entry.ledger is not None:
            taken.add(_real(entry.ledger))
        for source in entry.sources:
            inside = source.sublayer if isinstance(source, SourceLayer) else entry.sublayer
            if inside:
                tables.setdefault(_real(source), []).append(inside)
            else:
                taken.add(_real(source))
    return taken, tables


def _is_table(item: SourceLayer, name: str) -> bool:
    """Whether a table, sheet or member is what city.toml calls by this name."""
    inside = item.sublayer or ""
    member = PurePosixPath(inside.rsplit(":", 1)[0])
    return name in (inside, str(member), member.name, member.stem, *item.names)


def _in_folder(item: SourceLayer, root: Path) -> SourceLayer:
    """Call what lies in a folder of the city's by that folder too."""
    folders = item.path.relative_to(root).parent
    if not folders.name:
        return item
    label = f"{folders.as_posix()}/{item.label}"
    return replace(item, label=label, context=(*item.context, *reversed(folders.parts)))


def _why_unread(path: Path) -> Text:
    try:
        return way_out(path) or _NO_LAYER
    except SourceError:
        return _NO_LAYER


def _pass_over(found: CitySource, member: str) -> None:
    """Say of a member of an archive that it is not read; one called after a table is missed."""
    kind = _side_kind(PurePosixPath(member).stem)
    if kind and getattr(found, kind) is None:
        why = _MESSAGES("unreadable_table")
        _ignored(found, member, why, severity="error")
    else:
        _ignored(found, member, _NO_LAYER)


def _real(path: str | Path) -> Path:
    """Return where a path leads; a link that comes back to itself leads to itself."""
    return Path(os.path.realpath(path))


def _report_files(
    found: CitySource, files: FolderFiles, passed: list[str], taken: set[Path]
) -> None:
    """Account for the files of the folder that nobody looked into."""
    for path in files.others:
        is_company = path.suffix.lower() in COMPANY or is_part(path) or _real(path) in taken
        if is_company:
            continue
        name = path.relative_to(found.root).as_posix()
        kind = _side_kind(path.stem)
        if is_ignored([name, path.name], found.ignore):
            passed.append(name)
        elif kind and getattr(found, kind) is None:
            # Its reader says why it cannot be read, as of a table that is missed.
            _take_side_table(found, SourceLayer(path, None, name, (path.stem,)))
        else:
            _ignored(found, name, _why_unread(path))
    for folder, why in files.apart:
        _ignored(found, f"{folder.relative_to(found.root).as_posix()}/", why)
    if files.skipped:
        first = min(path.name for path in files.skipped)
        found.findings.add("FILES_SKIPPED", value=len(files.skipped), expected=first)
    if passed:
        found.findings.add("FILES_IGNORED", value=first_few(passed, _SHOWN).en)


def _take(
    found: CitySource,
    items: Sequence[SourceLayer],
    specs: Mapping[str, LayerSpec],
    asked: str | None = None,
) -> None:
    """Split the layers of the source by what they are, those of one layer together."""
    groups: dict[str, list[_Piece]] = {}
    unnamed: list[_Piece] = []
    looked = Looked()
    for item in _take_side_tables(found, items, looked):
        piece = _Piece(item, Preview(item, looked))
        key = _reported(piece, specs)
        if key is None:
            unnamed.append(piece)
        else:
            groups.setdefault(key, []).append(piece)
    if asked is not None and asked not in {*groups, *found.layers}:
        fitting = _fitting(unnamed, specs[asked], specs) if unnamed else []
        if len(fitting) == 1:
            groups[asked] = fitting
    reasons: dict[tuple[str, Text], list[str]] = {}
    outlines = [piece for piece in unnamed if _is_outline(piece, specs)]
    # Last, when it is known whether another source is the districts.
    for piece in sorted(unnamed, key=lambda p: p in outlines):
        if piece in outlines and _take_outlines(found, outlines, groups, reasons, specs):
            continue
        if piece not in groups.get(asked or "", []):
            _take_unnamed(found, piece, groups, reasons, specs, asked)
    _report_drawings(found, [p for p in unnamed if p.item.drawn is not None], groups, specs, asked)
    for (key, why), labels in reasons.items():
        _recognised(found, joined_names(labels), specs[key], why)
    for key, group in groups.items():
        if key in found.layers:
            for piece in group:
                _left_over(found, piece.item, specs[key], found.layers[key].label, asked)
        else:
            _take_group(found, key, group, specs, asked)


def _is_outline(piece: _Piece, specs: Mapping[str, LayerSpec]) -> bool:
    """Whether a source is the outline of one district, and by its columns nothing else."""
    return bool(outline_of(piece.preview)) and len(candidates(piece.preview, specs)) == 1


def _take_outlines(
    found: CitySource,
    outlines: list[_Piece],
    groups: dict[str, list[_Piece]],
    reasons: dict[tuple[str, Text], list[str]],
    specs: Mapping[str, LayerSpec],
) -> bool:
    """Take a file a district as the districts, where nothing else is; return whether they are."""
    key = candidates(outlines[0].preview, specs)[0].layer
    if groups.get(key) is outlines:
        return True
    names = {outline_of(piece.preview) for piece in outlines}
    if len(outlines) < 2 or len(names) < len(outlines) or key in {*groups, *found.layers}:
        return False
    groups[key] = outlines
    labels = [piece.item.label for piece in outlines]
    reasons[key, _OUTLINES] = labels
    return True


def _take_unnamed(
    found: CitySource,
    piece: _Piece,
    groups: dict[str, list[_Piece]],
    reasons: dict[tuple[str, Text], list[str]],
    specs: Mapping[str, LayerSpec],
    asked: str | None,
) -> None:
    """Take what its columns and geometry say for certain, else say what it could be."""
    item, preview = piece.item, piece.preview
    likely = candidates(preview, specs)
    is_sure = bool(likely) and likely[0].is_sure
    key = likely[0].layer if is_sure else by_context(preview, specs)
    if key is not None:
        if key not in found.layers:
            why = likely[0].why if is_sure else _CONTEXT
            reasons.setdefault((key, why), []).append(item.label)
        groups.setdefault(key, []).append(piece)
        return
    if likely:
        what = _MESSAGES("could_be", layers=_named(likely, specs))
        if all(c.layer in groups or c.layer in found.layers for c in likely):
            # A layer has one entry: beside one that is taken 'init' has nothing to propose.
            file, inside = _as_part(found, item)
            spec = specs[likely[0].layer]
            what = _MESSAGES("could_be_too", spec=spec, file=file, inside=inside, item=item)
    elif preview.kinds:
        takers = [specs[key] for key in by_geometry(preview, specs)]
        what = _MESSAGES(
            "only_geometry",
            names="、".join(s.name_zh for s in takers),
            item=item,
            layers=", ".join(s.key for s in takers),
        )
    elif item.suffix in COMPANY:
        # A note beside the data: a .txt is a table only where it reads like one.
        return
    else:
        unread = preview.error
        nothing = Text("名称不是已知图层", "its name is that of no layer")
        _ignored(found, item.label, nothing if unread is None else unread.text)
        return
    could = tuple(c.layer for c in likely)
    is_list = bool(could) and not preview.kinds
    found.leftovers.append(Leftover(item, could, is_list=is_list, drawn=_drawn_in(preview, specs)))
    if item.drawn is not None:
        return
    _ignored(found, item.label, what, severity="error" if asked is None else None)


def _on_layers(items: Sequence[SourceLayer]) -> Text:
    """Return CAD layers with what is on each, the first of many."""
    texts = [Text(f"{i.names[0]}：{i.drawn.zh}", f"{i.names[0]}: {i.drawn.en}")
             for i in items if i.drawn is not None]  # fmt: skip
    more = [Text(f"… 共 {len(texts)} 个", f"… of {len(texts)}")] if len(texts) > _SHOWN else []
    return join_texts([*texts[:_SHOWN], *more])


def _report_drawings(
    found: CitySource,
    pieces: Sequence[_Piece],
    groups: Mapping[str, list[_Piece]],
    specs: Mapping[str, LayerSpec],
    asked: str | None,
) -> None:
    """Tell once for each drawing which of its CAD layers were not read, and how to name them."""
    taken = [piece for group in groups.values() for piece in group]
    chosen = {Path(source) for entry in found.layers.values() for source in entry.sources}
    chosen |= {piece.item.path for piece in taken}
    drawings: dict[str, list[_Piece]] = {}
    for piece in pieces:
        if piece not in taken:
            drawings.setdefault(piece.item.label.rsplit(":", 1)[0], []).append(piece)
    for drawing, left in drawings.items():
        item, preview = left[0].item, left[0].preview
        key = asked or recognise(item.path.stem, specs)
        key = key or (*by_geometry(preview, specs), "manholes")[0]
        file = item.path.relative_to(found.root).as_posix()
        entry = f'layers.{key} = {{ path = "{file}", sublayer = "{item.sublayer}" }}'
        shown = _on_layers([piece.item for piece in left])
        why = _MESSAGES("cad_layers_unread", shown=shown, entry=entry, drawing=drawing)
        # Whoever has chosen of a drawing knows that there is more on it.
        severity = None if asked is not None or item.path in chosen else "error"
        _ignored(found, drawing, why, severity=severity)


def _drawn_in(preview: Preview, specs: Mapping[str, LayerSpec]) -> str:
    """Return the one facility that is drawn in the geometry of a source; empty without one."""
    drawn = [
        key
        for key in by_geometry(preview, specs)
        if specs[key].role == "facility" and preview.kinds == {specs[key].geometry[0]}
    ]
    return drawn[0] if len(drawn) == 1 else ""


def _as_part(found: CitySource, item: SourceLayer) -> tuple[str, Text]:
    """Return the file, and what is inside it in words, by which city.toml adds it to a layer."""
    file = item.path.relative_to(found.root).as_posix()
    is_inside = file != item.label and bool(item.sublayer)
    return file, _MESSAGES("and_sublayer", item=item) if is_inside else NOTHING


def _left_over(
    found: CitySource,
    item: SourceLayer,
    spec: LayerSpec,
    used: str,
    asked: str | None,
    *,
    why: Text | None = None,
    is_list: bool = False,
) -> None:
    """Say that a file of a layer was not read, because others were."""
    file, inside = _as_part(found, item)
    why = why or _MESSAGES("left_over", spec=spec, used=used, file=file, inside=inside, item=item)
    found.leftovers.append(Leftover(item, (spec.key,), is_known=True, is_list=is_list))
    # Who asks about one layer is told of the files of that one alone.
    _ignored(found, item.label, why, severity="error" if asked in (None, spec.key) else None)


def _recognised(found: CitySource, label: str, spec: LayerSpec, why: Text) -> None:
    found.findings.add(
        "LAYER_RECOGNISED", about=spec.key, value=label, expected=spec.name_zh, detail=why,
        where=Text(spec.name_zh, spec.name_en),
    )  # fmt: skip


def _side_kind(name: str) -> str:
    """Return what a table beside the layers is by its name; empty for none."""
    kinds = {"events": _EVENTS, "targets": _TARGETS, "reported": _REPORTED}
    return next((kind for kind, names in kinds.items() if name.lower() in names), "")


def _is_side_table(name: str) -> bool:
    return bool(_side_kind(name)) or name.lower() == "city"


def _take_side_table(found: CitySource, item: SourceLayer) -> None:
    name = next(n for n in item.names if _is_side_table(n))
    kind = _side_kind(name)
    if not kind:
        if item.path.suffix.lower() == ".gpkg" and item.sublayer == "city":
            _take_city(found, read_raw(item).frame)
        else:
            _ignored(found, item.label, _NO_LAYER)
        return
    taken = getattr(found, kind)
    if taken is None:
        setattr(found, kind, item)
        found.sides.append(item.path)
    elif kind in found.table:
        _ignored(found, item.label, Text("city.toml 写明用另一份", "city.toml names another"))
    else:
        _ignored(found, item.label, _second_table(kind, taken, item.label), severity="error")


def _take_side_tables(
    found: CitySource, items: Sequence[SourceLayer], looked: Looked
) -> list[SourceLayer]:
    """Take what is called events, targets or reported, and return all other items.

    Of a workbook that is called so it is the sheet that has their columns.
    """
    named = [item for item in items if any(map(_is_side_table, item.names))]
    for item in named:
        _take_side_table(found, item)
    sheets: dict[tuple[Path, str], list[SourceLayer]] = {}
    for item in items:
        if item not in named and _side_kind(_stem_of(item)):
            sheets.setdefault((item.path, _stem_of(item)), []).append(item)
    for (_, stem), group in sheets.items():
        kind = _side_kind(stem)
        meant = [item for item in group if _has_columns(Preview(item, looked).frame, kind)]
        for item in group:
            if [item] == meant:
                _take_side_table(found, replace(item, names=(stem,)))
            elif len(meant) == 1 or getattr(found, kind) is not None:
                _ignored(found, item.label, _NO_LAYER)
            else:
                _ignored(found, item.label, _MESSAGES("which_sheet", kind=kind), severity="error")
    taken = [*named, *(item for group in sheets.values() for item in group)]
    return [item for item in items if item not in taken]


def _stem_of(item: SourceLayer) -> str:
    """Return what the file of a sheet is called, within its archive where it is in one."""
    member, sign, _ = (item.sublayer or "").rpartition(":")
    if item.suffix == item.path.suffix.lower():
        return item.path.stem
    return PurePosixPath(member).stem if sign else ""


def _has_columns(frame: pd.DataFrame, kind: str) -> bool:
    required = REQUIRED[kind]
    try:
        own_columns(frame.columns, own_headings(required), required, kind)
    except SourceError:
        return False
    return True


def _second_table(kind: str, taken: Any, label: str) -> Text:
    used = taken.label if isinstance(taken, SourceLayer) else Path(taken).name
    return _MESSAGES("second_table", used=used, kind=kind, label=label)


def _take_city(found: CitySource, table: pd.DataFrame) -> None:
    row = table.iloc[0]
    found.name, found.code = Text(row["name_zh"], row["name_en"]), row["code"]
    profile = row.get("profile")
    if isinstance(profile, str) and profile in known_profiles():
        found.profile = profile
    metric_crs = row.get("metric_crs")
    found.metric_crs = metric_crs if isinstance(metric_crs, str) and metric_crs else None
    said = row.reindex(["source_zh", "source_en", "notice_zh", "notice_en"]).fillna("")
    found.data_source, found.notice = Text(*said[:2]), Text(*said[2:])
    if pd.notna(row["data_date"]):
        found.data_date = pd.Timestamp(row["data_date"])
    found.order = tuple(str(row["zone_order"]).split(";"))


def _take_group(
    found: CitySource,
    key: str,
    pieces: Sequence[_Piece],
    specs: Mapping[str, LayerSpec],
    asked: str | None = None,
) -> None:
    """Take all that is one layer: a file a district, a street or a kind, sheets, tables, members.

    What has no place or another geometry than the rest is told. Where two may be versions of one
    file nothing is guessed: the layer waits for a person.
    """
    spec = specs[key]
    used = _usable(found, list(pieces), spec, asked)
    known = {plain_key(n) for n in (spec.key, spec.name_zh, *spec.names)}
    # The exact name first, then the shapefile: an office's own file before a by-product.
    used.sort(key=lambda p: (plain_key(p.item.names[0]) not in known, p.item.suffix != ".shp"))
    items = [piece.item for piece in used]
    words = [i.label for i in items
             if any(recognise(n, {key: spec}) for n in i.names)
             and not any(plain_key(n) in known for n in i.names)]  # fmt: skip
    if words:
        _recognised(found, joined_names(words), spec, Text("文件名中的词", "a word in its name"))
    label = joined_names([item.label for item in items])
    if len(items) == 1:
        found.take(key, items[0].path, label, items[0].sublayer)
        return
    found.take(key, items, label)
    doubt = versions_among(items, spec)
    if doubt is not None:
        found.layers[key] = replace(found.layers[key], doubt=doubt)


def _usable(
    found: CitySource, pieces: list[_Piece], spec: LayerSpec, asked: str | None
) -> list[_Piece]:
    """Return those that hold records of the layer; of the others it is said what they are."""
    if len(pieces) == 1:
        return pieces
    sound = [p for p in pieces if p.preview.is_readable]
    # One that is damaged does not stop the others; where all are, the first says so as the layer.
    for piece in pieces[0 if sound else 1 :]:
        if (error := piece.preview.error) is not None:
            _left_over(found, piece.item, spec, "", asked, why=error.text)
    pieces = sound or pieces[:1]
    placed = [p for p in pieces if p.preview.kinds & set(spec.geometry)]
    if not placed:
        full = [p for p in pieces if not p.preview.is_empty]
        return full or pieces[:1]
    used = []
    first = placed[0].item.label
    for piece in pieces:
        item, preview = piece.item, piece.preview
        if piece in placed:
            used.append(piece)
        elif preview.is_empty:
            _ignored(found, item.label, Text("没有记录", "it has no records"))
        elif preview.kinds:
            why = _MESSAGES("other_geometry", spec=spec, geometry=listed(spec.geometry), item=item)
            _left_over(found, item, spec, first, asked, why=why)
        elif n_own_columns(preview.frame, spec):
            why = _MESSAGES("is_list", spec=spec, item=item)
            _left_over(found, item, spec, first, asked, why=why, is_list=True)
        else:
            why = _MESSAGES("neither_places_nor_columns")
            _ignored(found, item.label, why)
    return used


def versions_among(items: Sequence[SourceLayer], spec: LayerSpec) -> RepeatedSourceError | None:
    """Return the doubt about files whose names say that they may be versions of one another.

    They differ by a year, a count or a word for versions; or some have a word for what is out of
    date beside others that have none, whatever else they are called.
    """
    words = sorted({plain_key(n) for n in (spec.key, spec.name_zh, *spec.names)}, key=len)[::-1]
    alike: dict[str, list[tuple[str, bool]]] = {}
    for item in items:
        name, is_marked = without_versions("/".join((*item.context[::-1], item.names[0])))
        for word in words:
            name = name.replace(word, "")
        alike.setdefault(name, []).append((item.label, is_marked))
    for same in alike.values():
        if len(same) > 1 and any(is_marked for _, is_marked in same):
            # The one to keep first.
            labels = tuple(sorted((label for label, _ in same), key=recency, reverse=True))
            return RepeatedSourceError(
                _MESSAGES("versions", labels=first_few(labels), spec=spec),
                sources=labels,
                layer=spec.key,
            )
    ranked = sorted((item.label for item in items), key=recency, reverse=True)
    older = [label for label in ranked if not recency(label)[0]]
    if older and len(older) < len(ranked):
        return RepeatedSourceError(
            _MESSAGES("out_of_date", older=first_few(older), spec=spec),
            sources=(ranked[0], *older),
            layer=spec.key,
        )
    return None


def _ignored(found: CitySource, name: str, why: Text, severity: str | None = None) -> None:
    found.findings.add("LAYER_IGNORED", value=name, detail=why, severity=severity)
