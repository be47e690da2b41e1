"""What ``city.toml`` says of a city, and which of its files is which layer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import pandas as pd

from geo_citymgmt.city.source import CitySource, LayerSource
from geo_citymgmt.errors import SourceError, SpecError
from geo_citymgmt.reading.sniff import refuse_addresses
from geo_citymgmt.reading.source import SourceLayer
from geo_citymgmt.spec import LayerSpec, read_toml
from geo_citymgmt.words import Text

__all__ = ["read_config"]


def read_config(path: Path, specs: Mapping[str, LayerSpec]) -> CitySource:
    """Read a ``city.toml``; its folder is the root of the city.

    Raises
    ------
    SpecError
        It cannot be read, or has an entry that is not known or names no file; the entry is told.
    """
    table = read_toml(path)
    found = CitySource(path.parent, config=path)
    known = {"name_zh", "name_en", "code", "data_date", "events", "targets", "figures", "layers",
             "zones", "names"}  # fmt: skip
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
    for name in ("events", "targets", "figures"):
        if name in table:
            setattr(found, name, _existing(path, name, table[name]))
    for key, entry in table.get("layers", {}).items():
        found.layers[key] = _configured(path, key, entry, specs)
    return found


def _configured(path: Path, key: str, entry: Any, specs: Mapping[str, LayerSpec]) -> LayerSource:
    place = f"layers.{key}"
    if key not in specs:
        raise _mistake(path, place, f"no such layer; known: {', '.join(specs)}")
    known = (
        "path", "sublayer", "crs", "datum", "encoding", "fields", "ledger", "pipeline", "mend",
        "units",
    )  # fmt: skip
    if not isinstance(entry, Mapping) or "path" not in entry:
        raise _mistake(path, place, 'needs path = "file"')
    for name in entry:
        if name not in known:
            raise _mistake(path, f"{place}.{name}", f"unknown entry; known: {', '.join(known)}")
    source, label = _sources(path, place, entry)
    sublayer = entry.get("sublayer")
    return LayerSource(
        source,
        label,
        sublayer=None if isinstance(sublayer, list) else sublayer,
        crs=entry.get("crs"),
        datum=entry.get("datum"),
        encoding=entry.get("encoding"),
        ledger=_existing(path, f"{place}.ledger", entry["ledger"]) if "ledger" in entry else None,
        fields=dict(entry.get("fields", {})),
        pipeline=entry.get("pipeline"),
        mend=tuple(entry.get("mend", ())),
        units=dict(entry.get("units", {})),
    )


def _sources(path: Path, place: str, entry: Mapping[str, Any]) -> tuple[Any, str]:
    """Return what ``path`` and ``sublayer`` name: one source, or the parts of one layer."""
    given, inside = entry["path"], entry.get("sublayer")
    names = given if isinstance(given, list) else [given]
    sources = [_existing(path, f"{place}.path", p) for p in names]
    if not isinstance(inside, list):
        return (sources if len(sources) > 1 else sources[0]), " + ".join(s.name for s in sources)
    if len(sources) == 1:
        sources = sources * len(inside)
    if len(sources) != len(inside) or not all(isinstance(s, str) for s in inside):
        raise _mistake(path, f"{place}.sublayer", "needs one name for each file of path")
    parts = [
        SourceLayer(s, sub, f"{s.name}/{sub}" if sub else s.name, (PurePosixPath(sub).stem,))
        if sub
        else s
        for s, sub in zip(sources, inside, strict=True)
    ]
    return parts, " + ".join(p.label if isinstance(p, SourceLayer) else p.name for p in parts)


def _existing(config: Path, place: str, value: Any) -> Path:
    if not isinstance(value, str):
        raise _mistake(config, place, "must be the path of a file")
    try:
        refuse_addresses(value)
    except SourceError as error:
        raise _mistake(config, place, error.message.rstrip(".")) from error
    target = Path(value)
    target = target if target.is_absolute() else config.parent / target
    if not target.exists():
        raise _mistake(config, place, f"{value}: no such file")
    return target


def _mistake(path: Path, place: str, cause: str) -> SpecError:
    return SpecError(
        Text(f"{path.name} [{place}] 有误：{cause}。", f"{path.name} [{place}]: {cause}.")
    )
