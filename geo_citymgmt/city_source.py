"""Which file is which layer: by ``city.toml`` where there is one, else by name."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pyogrio

from geo_citymgmt.cleaning.text import plain_key
from geo_citymgmt.errors import SourceError, SpecError
from geo_citymgmt.findings import Findings
from geo_citymgmt.reading.source import VECTOR_SUFFIXES, list_sources
from geo_citymgmt.spec import LayerSpec, read_toml

__all__ = ["CitySource", "LayerSource", "find_source"]

_PARTS = ("_pt", "_ln", "_pg")
_EVENTS = ("events", "事件", "事件表")
_TARGETS = ("targets", "目标", "目标任务")
#: Files of a shapefile and other company that is no layer by itself.
_COMPANY = {".shx", ".dbf", ".prj", ".cpg", ".sbn", ".sbx", ".qix", ".qpj", ".xml", ".md", ".txt",
            ".toml", ".lock", ".qmd"}  # fmt: skip


@dataclass
class LayerSource:
    """Where one layer is, and what is known about it beforehand."""

    source: Any
    label: str
    sublayer: str | None = None
    crs: str | None = None
    datum: str | None = None
    encoding: str | None = None
    ledger: Path | None = None
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass
class CitySource:
    """What was found at a source before any layer is read."""

    root: Path
    layers: dict[str, LayerSource] = field(default_factory=dict)
    events: Path | pd.DataFrame | None = None
    targets: Path | pd.DataFrame | None = None
    data_date: pd.Timestamp | None = None
    name_zh: str = "苏州市"
    name_en: str = "Suzhou"
    code: str = "320500"
    order: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    config: Path | None = None
    findings: Findings = field(default_factory=Findings)

    def inputs(self) -> tuple[Path, ...]:
        """Every file that was used, the parts of a shapefile included."""
        paths: set[Path] = set()
        for entry in self.layers.values():
            for source in entry.source if isinstance(entry.source, list) else [entry.source]:
                path = Path(source)
                stem = path.with_suffix("")
                parts = [p for p in path.parent.glob("*") if p.with_suffix("") == stem]
                keep = _COMPANY | {path.suffix.lower()}
                paths |= {p for p in parts if p.suffix.lower() in keep and p.suffix != ".lock"}
        paths |= {p for p in (self.events, self.targets, self.config) if isinstance(p, Path)}
        return tuple(sorted(p for p in paths if p.is_file()))


def find_source(
    source: Path, specs: Mapping[str, LayerSpec], *, layer: str | None = None
) -> CitySource:
    """Look at a folder, a city.toml, a GeoPackage or one file and tell what is what.

    One file is the layer ``layer``, where that is told, else what its name says.

    Raises
    ------
    SourceError, SpecError
        There is nothing at ``source``, or its city.toml has a mistake.
    """
    if not source.exists():
        raise SourceError(f"{source}: no such file or folder.", f"{source}：没有这个文件或文件夹。")
    if source.is_dir():
        found = CitySource(source)
        config = source / "city.toml"
        if config.is_file():
            _apply_config(found, config, specs)
        _scan_folder(found, specs)
        return found
    if source.suffix.lower() == ".toml":
        found = CitySource(source.parent)
        _apply_config(found, source, specs)
        if not found.layers:
            _scan_folder(found, specs)
        return found
    if source.suffix.lower() == ".gpkg":
        return _scan_geopackage(source, specs)
    key = layer or recognise(source.stem, specs)
    if key is None:
        raise SourceError(
            f"{source.name}: which layer it is cannot be told from its name; say so, rename it "
            f"(one of {', '.join(specs)}) or write a city.toml ('geo-citymgmt init FOLDER').",
            f"{source.name}：从文件名看不出是哪个图层；请改名（如 违法建设、窨井）或写 city.toml。",
        )
    found = CitySource(source.parent)
    found.layers[key] = LayerSource(source, source.name)
    return found


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


def _scan_folder(found: CitySource, specs: Mapping[str, LayerSpec]) -> None:
    taken = {
        Path(s).resolve()
        for entry in found.layers.values()
        for s in (entry.source if isinstance(entry.source, list) else [entry.source])
    }
    groups: dict[str, list[Path]] = {}
    for path in list_sources(found.root):
        if path.resolve() in taken:
            continue
        key = recognise(path.stem, specs)
        if key is None:
            _ignored(found, path.name, "its name is that of no layer", "文件名不是已知图层")
        elif key in found.layers:
            _ignored(
                found, path.name, f"city.toml names another for {key}", f"city.toml 另有 {key}"
            )
        else:
            groups.setdefault(key, []).append(path)
    for key, paths in groups.items():
        _take_group(found, key, paths, specs)
    for path in sorted(found.root.iterdir()):
        if not path.is_file() or path.suffix.lower() in (*VECTOR_SUFFIXES, *_COMPANY):
            continue
        if path.suffix.lower() == ".csv" and path.stem.lower() in _EVENTS:
            found.events = found.events if found.events is not None else path
        elif path.suffix.lower() == ".csv" and path.stem.lower() in _TARGETS:
            found.targets = found.targets if found.targets is not None else path
        else:
            _ignored(found, path.name, "it is no layer", "不是图层文件")


def _take_group(
    found: CitySource, key: str, paths: list[Path], specs: Mapping[str, LayerSpec]
) -> None:
    parts = [p for p in paths if p.stem.lower().endswith(_PARTS)]
    chosen: Any = parts if len(parts) > 1 else None
    if chosen is None:
        # The exact name first, then the shapefile: an office's own file before a by-product.
        paths = sorted(
            paths, key=lambda p: (plain_key(p.stem) != plain_key(key), p.suffix != ".shp", p.name)
        )
        chosen = paths[0]
    used = chosen if isinstance(chosen, list) else [chosen]
    for path in paths:
        if path not in used:
            _ignored(
                found,
                path.name,
                f"{key} is read from {used[0].name}",
                f"{key} 已取自 {used[0].name}",
            )
    spec = specs[key]
    known = {plain_key(n) for n in (spec.key, spec.name_zh, *spec.names)}
    if not isinstance(chosen, list) and plain_key(chosen.stem) not in known:
        found.findings.add(
            "LAYER_RECOGNISED",
            value=chosen.name,
            expected=spec.name_zh,
            detail="a word in its name",
            detail_zh="文件名中的词",
        )
    label = " + ".join(p.name for p in used)
    found.layers[key] = LayerSource(chosen, label)


def _scan_geopackage(path: Path, specs: Mapping[str, LayerSpec]) -> CitySource:
    found = CitySource(path.parent)
    try:
        names = [str(name) for name, _ in pyogrio.list_layers(path)]
    except pyogrio.errors.DataSourceError as error:
        raise SourceError(
            f"{path.name}: cannot be read ({error}).", f"{path.name}：无法读取（{error}）。"
        ) from error
    for name in names:
        key = recognise(name, specs)
        if name in ("events", "targets"):
            setattr(found, name, pd.DataFrame(pyogrio.read_dataframe(path, layer=name)))
        elif name == "city":
            row = pyogrio.read_dataframe(path, layer=name).iloc[0]
            found.name_zh, found.name_en, found.code = row["name_zh"], row["name_en"], row["code"]
            if pd.notna(row["data_date"]):
                found.data_date = pd.Timestamp(row["data_date"])
            found.order = tuple(str(row["zone_order"]).split(";"))
        elif key is None or key in found.layers:
            _ignored(found, name, "its name is that of no layer", "名称不是已知图层")
        else:
            found.layers[key] = LayerSource(path, f"{path.name}:{name}", sublayer=name)
    return found


def _apply_config(found: CitySource, path: Path, specs: Mapping[str, LayerSpec]) -> None:
    table = read_toml(path)
    found.config = path
    known = {"name_zh", "name_en", "code", "data_date", "events", "targets", "layers", "zones",
             "names"}  # fmt: skip
    for entry in table:
        if entry not in known:
            raise _mistake(path, entry, f"unknown entry; known: {', '.join(sorted(known))}")
    found.name_zh = table.get("name_zh", found.name_zh)
    found.name_en = table.get("name_en", found.name_en)
    found.code = str(table.get("code", found.code))
    zones = table.get("zones", {})
    for entry in zones:
        if entry not in ("district", "street", "order"):
            raise _mistake(path, f"zones.{entry}", "unknown entry; known: district, street, order")
        if entry != "order" and (zones[entry] not in specs or specs[zones[entry]].level != entry):
            raise _mistake(path, f"zones.{entry}", f"{zones[entry]!r} is no layer of that level")
    found.order = tuple(map(str, zones.get("order", ())))
    found.names = {str(k): str(v) for k, v in table.get("names", {}).items()}
    date = table.get("data_date")
    if date is not None:
        if not isinstance(date, (str, dt.date)):
            raise _mistake(path, "data_date", "must be a date such as 2022-06-30")
        found.data_date = pd.Timestamp(date).as_unit("us")
    for name in ("events", "targets"):
        if name in table:
            setattr(found, name, _existing(path, name, table[name]))
    for key, entry in table.get("layers", {}).items():
        found.layers[key] = _configured(path, key, entry, specs)


def _configured(path: Path, key: str, entry: Any, specs: Mapping[str, LayerSpec]) -> LayerSource:
    place = f"layers.{key}"
    if key not in specs:
        raise _mistake(path, place, f"no such layer; known: {', '.join(specs)}")
    known = ("path", "sublayer", "crs", "datum", "encoding", "fields", "ledger")
    if not isinstance(entry, Mapping) or "path" not in entry:
        raise _mistake(path, place, 'needs path = "file"')
    for name in entry:
        if name not in known:
            raise _mistake(path, f"{place}.{name}", f"unknown entry; known: {', '.join(known)}")
    given = entry["path"]
    sources = [
        _existing(path, f"{place}.path", p) for p in (given if isinstance(given, list) else [given])
    ]
    return LayerSource(
        sources if len(sources) > 1 else sources[0],
        " + ".join(s.name for s in sources),
        sublayer=entry.get("sublayer"),
        crs=entry.get("crs"),
        datum=entry.get("datum"),
        encoding=entry.get("encoding"),
        ledger=_existing(path, f"{place}.ledger", entry["ledger"]) if "ledger" in entry else None,
        fields=dict(entry.get("fields", {})),
    )


def _existing(config: Path, place: str, value: Any) -> Path:
    if not isinstance(value, str):
        raise _mistake(config, place, "must be the path of a file")
    target = Path(value)
    target = target if target.is_absolute() else config.parent / target
    if not target.exists():
        raise _mistake(config, place, f"{value}: no such file")
    return target


def _mistake(path: Path, place: str, cause: str) -> SpecError:
    return SpecError(f"{path.name} [{place}]: {cause}.", f"{path.name} [{place}] 有误：{cause}。")


def _ignored(found: CitySource, name: str, why: str, why_zh: str) -> None:
    found.findings.add("LAYER_IGNORED", value=name, detail=why, detail_zh=why_zh)
