"""Which file is which layer: by ``city.toml`` where there is one, else by what it shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

import pandas as pd

from geo_citymgmt.city.config import read_config
from geo_citymgmt.city.recognition import (
    Candidate,
    Preview,
    candidates,
    n_own_columns,
    recognise,
)
from geo_citymgmt.city.source import COMPANY, CitySource, Leftover
from geo_citymgmt.cleaning.text import plain_key
from geo_citymgmt.errors import SourceError, SpecError
from geo_citymgmt.profiles import known_profiles
from geo_citymgmt.reading.archive import list_members, unpacked
from geo_citymgmt.reading.sniff import local_path, refused, sniff
from geo_citymgmt.reading.source import (
    TABLE_SUFFIXES,
    VECTOR_SUFFIXES,
    SourceLayer,
    list_layers,
    list_sources,
    read_raw,
)
from geo_citymgmt.spec import LayerSpec
from geo_citymgmt.words import Text

__all__ = ["find_source", "keep_within", "recognise", "told_by_archive"]

_PARTS = ("_pt", "_ln", "_pg")
_EVENTS = ("events", "事件", "事件表")
_TARGETS = ("targets", "目标", "目标任务")
_NO_LAYER = Text("不是图层文件", "it is no layer")


def find_source(
    source: Path, specs: Mapping[str, LayerSpec], *, layer: str | None = None
) -> CitySource:
    """Look at a folder, a city.toml, an archive, a database or one file and tell what is what.

    One file is the layer ``layer`` where that is given: of several tables in it the one that fits
    best. Else names, then columns and geometry say what is what (see
    :mod:`geo_citymgmt.city.recognition`).

    Raises
    ------
    SourceError, SpecError
        There is nothing at ``source``, it is refused, or its city.toml has a mistake.
    """
    path = local_path(source)
    if path.is_dir() and path.suffix.lower() != ".gdb":
        config = path / "city.toml"
        found = read_config(config, specs) if config.is_file() else CitySource(path)
        _find_figures(found)
        _scan_folder(found, specs, layer)
        _check_asked(found, path.name, specs, layer)
        return found
    if path.suffix.lower() == ".toml":
        found = read_config(path, specs)
        _find_figures(found)
        if not found.layers:
            _scan_folder(found, specs, layer)
        _check_asked(found, path.name, specs, layer)
        return found
    found = CitySource(path.parent)
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
    if len(items) == 1 and not others:
        preview = Preview(items[0])
        key = _named(items[0], specs, preview)
        likely = candidates(preview, specs) if key is None else []
        if key is None and likely and likely[0].is_sure:
            key = likely[0].layer
            _recognised(found, items[0].label, specs[key], likely[0].why)
        if key is not None:
            found.take(key, path, path.name, items[0].sublayer)
            return found
        if not _is_side_table(items[0].names[-1]):
            raise _unknown(path.name, likely, specs)
    _take(found, items, specs)
    for name in others:
        if PurePosixPath(name).suffix.lower() not in COMPANY or name.endswith("city.toml"):
            _ignored(found, name, _NO_LAYER)
    return found


def _unknown(name: str, likely: Sequence[Candidate], specs: Mapping[str, LayerSpec]) -> SourceError:
    """Return the error for a file of which it cannot be told which layer it is."""
    cause = Text(
        f"{name}：从文件名、列名和图形看不出是哪个图层。",
        f"{name}: which layer it is cannot be told from its name, its columns or its geometry.",
    )
    if likely:
        cause = Text(
            f"{name}：看不出是哪个图层，可能是{_named_zh(likely, specs)}。",
            f"{name}: which layer it is, is not certain; it could be {_named_en(likely, specs)}.",
        )
    example = likely[0].layer if likely else "manholes"
    return SourceError(
        cause,
        remedy=Text(
            f"请改名（如 窨井）或指明图层：check 用 --layer（如 --layer {example}），Python 用 "
            f'layers=，或在 city.toml 写 [layers.{example}] 和 path = "{name}"。',
            f"Rename it (manholes) or say which it is: check takes --layer (--layer {example}), "
            f'Python layers=, or write [layers.{example}] with path = "{name}" in a city.toml; '
            f"layers: {', '.join(specs)}.",
        ),
    )


def _named_zh(likely: Sequence[Candidate], specs: Mapping[str, LayerSpec]) -> str:
    return "、".join(f"“{specs[c.layer].name_zh}”（{c.why.zh}）" for c in likely[:3])


def _named_en(likely: Sequence[Candidate], specs: Mapping[str, LayerSpec]) -> str:
    return ", ".join(f"{c.layer} ({c.why.en})" for c in likely[:3])


def _check_asked(
    found: CitySource, name: str, specs: Mapping[str, LayerSpec], asked: str | None
) -> None:
    """Say it where a layer that was asked for is not there: nothing else would."""
    for key in found.hints.keys() - found.layers.keys():
        raise SpecError(
            Text(
                f"city.toml [layers.{key}]：没有找到属于“{specs[key].name_zh}”的文件。",
                f"city.toml [layers.{key}]: no file was found to be {key}.",
            ),
            remedy=Text('请写明 path = "文件"。', 'Name it: path = "file".'),
        )
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
    """Take of one file the table that is the layer asked for, whatever it is called.

    Raises
    ------
    SourceError
        No table has a geometry of that layer, or several could be it.
    """
    spec = specs[layer]
    named = [i for i in items if _named(i, specs, Preview(i)) == layer]
    parts = [i for i in named if i.names[0].lower().endswith(_PARTS)]
    chosen = items if len(items) == 1 else parts if len(parts) > 1 else _fitting(items, spec, specs)
    if not chosen or (len(chosen) > 1 and chosen != parts):
        raise _which_table(name, chosen or items, spec, fits=bool(chosen))
    rest = [i for i in items if i not in chosen]
    _take_group(found, layer, chosen, specs, layer)
    _take(found, rest, specs, asked=layer)


def _fitting(
    items: Sequence[SourceLayer], spec: LayerSpec, specs: Mapping[str, LayerSpec]
) -> list[SourceLayer]:
    """Return those items that fit a layer best: by geometry, then by name, then by columns."""
    previews = {i.label: Preview(i) for i in items}
    there = [i for i in items if previews[i.label].kinds] or list(items)
    fitting = [i for i in there if previews[i.label].fits(spec)]
    if len(fitting) < 2:
        return fitting
    named = [i for i in fitting if _named(i, specs, previews[i.label]) == spec.key]
    # Another layer's own table is not in question while there is one that is none's.
    free = [i for i in fitting if _named(i, specs, previews[i.label]) is None]
    fitting = named or free or fitting
    counts = {i.label: n_own_columns(previews[i.label].frame, spec) for i in fitting}
    return [i for i in fitting if counts[i.label] == max(counts.values())]


def _which_table(
    name: str, items: Sequence[SourceLayer], spec: LayerSpec, *, fits: bool
) -> SourceError:
    tables = [i.names[-1] for i in items]
    if not fits:
        return SourceError(
            Text(
                f"{name}：没有可作“{spec.name_zh}”的表（图形应为 {'、'.join(spec.geometry)}）；"
                f"现有：{'、'.join(tables)}。",
                f"{name}: no table can be {spec.key}, which takes {', '.join(spec.geometry)}; it "
                f"holds {', '.join(tables)}.",
            ),
            remedy=Text("请改用含该图层的文件。", "Give the file that holds the layer."),
        )
    return SourceError(
        Text(
            f"{name}：有 {len(tables)} 个表可作“{spec.name_zh}”：{'、'.join(tables)}。",
            f"{name}: {len(tables)} tables could be {spec.key}: {', '.join(tables)}.",
        ),
        remedy=Text(
            f"请在 city.toml 的 [layers.{spec.key}] 用 sublayer 指明（Python：sublayer=）。",
            f"Name one by 'sublayer' under [layers.{spec.key}] in city.toml (Python: sublayer=).",
        ),
    )


@contextmanager
def told_by_archive(path: Path) -> Iterator[Path | None]:
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
            Text(
                f"压缩包内有多个 city.toml（{'、'.join(configs)}）。",
                f"holds several city.toml ({', '.join(configs)}).",
            ),
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
    root = folder.resolve()
    if any(not Path(source).resolve().is_relative_to(root) for source in sources):
        raise refused(
            name,
            Text(
                "包内的 city.toml 指向压缩包之外的文件。",
                "its city.toml names a file outside the archive.",
            ),
            Text(
                "请把文件一并打包，或解压后给出文件夹。",
                "Put the file into the archive, or unpack it and give the folder.",
            ),
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


def _find_figures(found: CitySource) -> None:
    """Figures of the office's own lie beside its layers, unless city.toml names another file."""
    beside = found.root / "figures.toml"
    if found.figures is None and beside.is_file():
        found.figures = beside


def _named(item: SourceLayer, specs: Mapping[str, LayerSpec], preview: Preview) -> str | None:
    """Return the layer that one of an item's names says, where its geometry does not disagree."""
    known = (recognise(name, specs, preview) for name in item.names)
    return next((key for key in known if key is not None), None)


def _scan_folder(
    found: CitySource, specs: Mapping[str, LayerSpec], asked: str | None = None
) -> None:
    taken = {Path(s).resolve() for entry in found.layers.values() for s in entry.sources}
    taken |= {Path(e.ledger).resolve() for e in found.layers.values() if e.ledger is not None}
    taken |= {p.resolve() for p in (found.events, found.targets) if isinstance(p, Path)}
    items: list[SourceLayer] = []
    for path in (*list_sources(found.root), *_tables(found.root)):
        if path.resolve() in taken:
            continue
        try:
            inside, others = list_layers(path)
        except SourceError as error:
            if recognise(path.stem, specs) is None:
                _ignored(found, path.name, error.text)
                continue
            inside, others = [SourceLayer(path, None, path.name, (path.stem,))], []
        items += inside
        for name in others:
            if PurePosixPath(name).suffix.lower() not in COMPANY:
                _ignored(found, f"{path.name}/{name}", _NO_LAYER)
    _take(found, items, specs, asked)
    known = (*VECTOR_SUFFIXES, *TABLE_SUFFIXES, *COMPANY)
    for path in sorted(found.root.iterdir()):
        if path.is_file() and path.suffix.lower() not in known and path.resolve() not in taken:
            _ignored(found, path.name, _NO_LAYER)


def _tables(folder: Path) -> list[Path]:
    both = list_sources(folder, tables=True)
    return [p for p in both if p.suffix.lower() in TABLE_SUFFIXES]


def _take(
    found: CitySource,
    items: list[SourceLayer],
    specs: Mapping[str, LayerSpec],
    asked: str | None = None,
) -> None:
    """Split the layers of the source by what they are; two of one kind are decided, and said."""
    groups: dict[str, list[SourceLayer]] = {}
    unnamed: list[tuple[SourceLayer, Preview]] = []
    for item in items:
        if any(_is_side_table(name) for name in item.names):
            _take_side_table(found, item)
            continue
        preview = Preview(item)
        key = _named(item, specs, preview)
        if key is None:
            unnamed.append((item, preview))
        elif key in found.layers:
            _left_over(found, item, specs[key], found.layers[key].label, asked)
        else:
            groups.setdefault(key, []).append(item)
    free = [item for item, _ in unnamed]
    if asked is not None and asked not in {*groups, *found.layers}:
        fitting = _fitting(free, specs[asked], specs) if free else []
        if len(fitting) == 1:
            groups[asked] = fitting
    for item, preview in unnamed:
        if item not in groups.get(asked or "", []):
            _take_unnamed(found, item, preview, groups, specs, asked)
    for key, group in groups.items():
        _take_group(found, key, group, specs, asked)


def _take_unnamed(
    found: CitySource,
    item: SourceLayer,
    preview: Preview,
    groups: dict[str, list[SourceLayer]],
    specs: Mapping[str, LayerSpec],
    asked: str | None,
) -> None:
    """Take an item as what its columns and geometry say for certain, else say what it could be."""
    likely = candidates(preview, specs)
    if likely and likely[0].is_sure:
        best = likely[0]
        if best.layer in found.layers:
            _left_over(found, item, specs[best.layer], found.layers[best.layer].label, asked)
        else:
            _recognised(found, item.label, specs[best.layer], best.why)
            groups.setdefault(best.layer, []).append(item)
        return
    if likely:
        what = Text(
            f"可能是{_named_zh(likely, specs)}；请在 city.toml 写明（geo-citymgmt init "
            "会写出建议）",
            f"it could be {_named_en(likely, specs)}; say so in city.toml ('geo-citymgmt init' "
            "proposes it)",
        )
    elif preview.kinds:
        takers = [s for s in specs.values() if preview.kinds & set(s.geometry)]
        what = Text(
            "有图形，但从名称和列名看不出是哪个图层；如属于"
            f"{'、'.join(s.name_zh for s in takers)}之一，请在 city.toml 写明",
            "it has geometry, but neither name nor columns say which layer it is; if it is one of "
            f"{', '.join(s.key for s in takers)}, say so in city.toml",
        )
    else:
        _ignored(found, item.label, Text("名称不是已知图层", "its name is that of no layer"))
        return
    found.leftovers.append(Leftover(item, tuple(c.layer for c in likely)))
    _ignored(found, item.label, what, severity="error" if asked is None else None)


def _left_over(
    found: CitySource, item: SourceLayer, spec: LayerSpec, used: str, asked: str | None
) -> None:
    """Say that a file of a layer was not read, because another was."""
    files = ", ".join(f'"{name}"' for name in (*used.split(" + "), item.label))
    why = Text(
        f"“{spec.name_zh}”已取自 {used}；如应一并读入，请在 city.toml 的 [layers.{spec.key}] "
        f"写 path = [{files}]（geo-citymgmt init 会写出）",
        f"{spec.key} is read from {used}; if both belong to it, write path = [{files}] under "
        f"[layers.{spec.key}] in city.toml ('geo-citymgmt init' writes it)",
    )
    found.leftovers.append(Leftover(item, (spec.key,), is_known=True))
    # Who asks about one layer is told of the files of that one alone.
    _ignored(found, item.label, why, severity="error" if asked in (None, spec.key) else None)


def _recognised(found: CitySource, label: str, spec: LayerSpec, why: Text) -> None:
    found.findings.add(
        "LAYER_RECOGNISED", about=spec.key, value=label, expected=spec.name_zh, detail=why
    )


def _is_side_table(name: str) -> bool:
    return name.lower() in (*_EVENTS, *_TARGETS, "city")


def _take_side_table(found: CitySource, item: SourceLayer) -> None:
    name = next(n.lower() for n in item.names if _is_side_table(n))
    if name == "city":
        if item.path.suffix.lower() == ".gpkg" and item.sublayer == "city":
            _take_city(found, read_raw(item).frame)
        else:
            _ignored(found, item.label, _NO_LAYER)
        return
    kind = "events" if name in _EVENTS else "targets"
    if getattr(found, kind) is not None:
        _ignored(found, item.label, Text("已有同类表格", f"there are other {kind}"))
    elif item.sublayer is None and item.path.suffix.lower() == ".csv":
        setattr(found, kind, item.path)
    else:
        setattr(found, kind, _as_texts(read_raw(item).frame))
        found.sides.append(item.path)


def _take_city(found: CitySource, table: pd.DataFrame) -> None:
    row = table.iloc[0]
    found.name, found.code = Text(row["name_zh"], row["name_en"]), row["code"]
    profile = row.get("profile")
    if isinstance(profile, str) and profile in known_profiles():
        found.profile = profile
    metric_crs = row.get("metric_crs")
    found.metric_crs = metric_crs if isinstance(metric_crs, str) and metric_crs else None
    if pd.notna(row["data_date"]):
        found.data_date = pd.Timestamp(row["data_date"])
    found.order = tuple(str(row["zone_order"]).split(";"))


def _as_texts(table: pd.DataFrame) -> pd.DataFrame:
    """Whole numbers of a sheet as they look in it: an id 85782 is not 85782.0."""
    out = table.copy()
    for name, column in table.items():
        if pd.api.types.is_float_dtype(column.dtype) and (column.dropna() % 1 == 0).all():
            out[name] = column.astype("Int64").astype("str").where(column.notna())
    return out


def _take_group(
    found: CitySource,
    key: str,
    items: list[SourceLayer],
    specs: Mapping[str, LayerSpec],
    asked: str | None = None,
) -> None:
    parts = [i for i in items if i.names[0].lower().endswith(_PARTS)]
    # A map before a list, the exact name first, then the shapefile: an office's own file before
    # a by-product.
    ranked = sorted(
        items,
        key=lambda i: (
            i.suffix in TABLE_SUFFIXES,
            plain_key(i.names[0]) != plain_key(key),
            i.suffix != ".shp",
            i.label,
        ),
    )
    used = parts if len(parts) > 1 else ranked[:1]
    spec = specs[key]
    for item in ranked:
        if item not in used:
            _left_over(found, item, spec, used[0].label, asked)
    known = {plain_key(n) for n in (spec.key, spec.name_zh, *spec.names)}
    names = used[0].names
    by_word = any(recognise(n, {key: spec}) for n in names)
    if len(used) == 1 and by_word and not any(plain_key(n) in known for n in names):
        _recognised(found, used[0].label, spec, Text("文件名中的词", "a word in its name"))
    label = " + ".join(i.label for i in used)
    if len(used) == 1:
        found.take(key, used[0].path, label, used[0].sublayer)
    else:
        found.take(key, [i if i.sublayer else i.path for i in used], label)


def _ignored(found: CitySource, name: str, why: Text, severity: str | None = None) -> None:
    found.findings.add("LAYER_IGNORED", value=name, detail=why, severity=severity)
