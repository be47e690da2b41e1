"""Which file is which layer: by ``city.toml`` where there is one, else by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

import pandas as pd

from geo_citymgmt.city.config import read_config
from geo_citymgmt.city.source import COMPANY, CitySource, LayerSource
from geo_citymgmt.cleaning.text import plain_key
from geo_citymgmt.errors import SourceError
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

    One layer in one file is the layer ``layer``, where that is told, else what its name says.

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
        _scan_folder(found, specs)
        return found
    if path.suffix.lower() == ".toml":
        found = read_config(path, specs)
        _find_figures(found)
        if not found.layers:
            _scan_folder(found, specs)
        return found
    found = CitySource(path.parent)
    key = layer or recognise(path.stem, specs)
    try:
        items, others = list_layers(path)
    except SourceError:
        if key is None:
            raise
        # Its reader says the same again, for the ledger.
        items, others = [SourceLayer(path, None, path.name, (path.stem,))], []
    if len(items) == 1 and not others:
        key = layer or _first_known(items[0], specs)
        if key is not None:
            found.layers[key] = LayerSource(path, path.name, sublayer=items[0].sublayer)
            return found
    if len(items) < 2 and not others and not _is_side_table(items[0].names[-1] if items else ""):
        raise SourceError(
            Text(
                f"{path.name}：从文件名看不出是哪个图层。",
                f"{path.name}: which layer it is cannot be told from its name.",
            ),
            remedy=Text(
                "请改名（如 违法建设、窨井），或写 city.toml；check 可用 --layer 指明，"
                "Python 用 layers=。",
                f"Rename it (one of {', '.join(specs)}) or write a city.toml "
                "('geo-citymgmt init FOLDER'); check takes --layer, Python layers=.",
            ),
        )
    _take(found, items, specs)
    for name in others:
        if PurePosixPath(name).suffix.lower() not in COMPANY or name.endswith("city.toml"):
            _ignored(found, name, _NO_LAYER)
    return found


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


def recognise(stem: str, specs: Mapping[str, LayerSpec]) -> str | None:
    """Return the layer whose key or name ``stem`` is, or contains; None where that is not clear."""
    text = plain_key(stem)
    for suffix in _PARTS:
        if stem.lower().endswith(suffix):
            text = plain_key(stem[: -len(suffix)])
    names = {
        plain_key(name): spec.key
        for spec in specs.values()
        for name in (*spec.names, spec.name_zh, spec.key)
    }
    if text in names:
        return names[text]
    inside = {name: key for name, key in names.items() if len(name) >= 2 and name in text}
    if not inside:
        return None
    longest = max(map(len, inside))
    keys = {key for name, key in inside.items() if len(name) == longest}
    return keys.pop() if len(keys) == 1 else None


def _find_figures(found: CitySource) -> None:
    """Figures of the office's own lie beside its layers, unless city.toml names another file."""
    beside = found.root / "figures.toml"
    if found.figures is None and beside.is_file():
        found.figures = beside


def _first_known(item: SourceLayer, specs: Mapping[str, LayerSpec]) -> str | None:
    return next((key for name in item.names if (key := recognise(name, specs))), None)


def _scan_folder(found: CitySource, specs: Mapping[str, LayerSpec]) -> None:
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
    _take(found, items, specs)
    known = (*VECTOR_SUFFIXES, *TABLE_SUFFIXES, *COMPANY)
    for path in sorted(found.root.iterdir()):
        if path.is_file() and path.suffix.lower() not in known and path.resolve() not in taken:
            _ignored(found, path.name, _NO_LAYER)


def _tables(folder: Path) -> list[Path]:
    both = list_sources(folder, tables=True)
    return [p for p in both if p.suffix.lower() in TABLE_SUFFIXES]


def _take(found: CitySource, items: list[SourceLayer], specs: Mapping[str, LayerSpec]) -> None:
    """Part the layers of the source by what they are; two of one kind are decided, and told."""
    groups: dict[str, list[SourceLayer]] = {}
    for item in items:
        key = _first_known(item, specs)
        if any(_is_side_table(name) for name in item.names):
            _take_side_table(found, item)
        elif key is None:
            _ignored(found, item.label, Text("名称不是已知图层", "its name is that of no layer"))
        elif key in found.layers:
            why = Text(f"city.toml 另有 {key}", f"city.toml names another for {key}")
            _ignored(found, item.label, why)
        else:
            groups.setdefault(key, []).append(item)
    for key, group in groups.items():
        _take_group(found, key, group, specs)


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
    found: CitySource, key: str, items: list[SourceLayer], specs: Mapping[str, LayerSpec]
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
    for item in ranked:
        if item not in used:
            name = used[0].label
            why = Text(f"{key} 已取自 {name}", f"{key} is read from {name}")
            _ignored(found, item.label, why)
    spec = specs[key]
    known = {plain_key(n) for n in (spec.key, spec.name_zh, *spec.names)}
    if len(used) == 1 and not any(plain_key(n) in known for n in used[0].names):
        found.findings.add(
            "LAYER_RECOGNISED",
            about=key,
            value=used[0].label,
            expected=spec.name_zh,
            detail=Text("文件名中的词", "a word in its name"),
        )
    label = " + ".join(i.label for i in used)
    if len(used) == 1:
        found.layers[key] = LayerSource(used[0].path, label, sublayer=used[0].sublayer)
    else:
        found.layers[key] = LayerSource([i if i.sublayer else i.path for i in used], label)


def _ignored(found: CitySource, name: str, why: Text) -> None:
    found.findings.add("LAYER_IGNORED", value=name, about=name, detail=why)
