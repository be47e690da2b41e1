"""What ``city.toml`` says of a city, and which of its files is which layer."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from geo_citymgmt._dates import read_day
from geo_citymgmt.city.source import CitySource, LayerSource
from geo_citymgmt.errors import AsOfError, SourceError, SpecError
from geo_citymgmt.profiles import read_units
from geo_citymgmt.reading.coordinates import coordinate_aliases
from geo_citymgmt.reading.several import joined_names
from geo_citymgmt.reading.sniff import refuse_addresses
from geo_citymgmt.reading.source import SourceLayer
from geo_citymgmt.spec import LayerSpec, read_toml
from geo_citymgmt.spec.reader import Check
from geo_citymgmt.words import DISTRICT, Text

__all__ = ["profile_named", "read_config"]

_KNOWN = {"name_zh", "name_en", "code", "data_date", "events", "targets", "figures", "layers",
          "zones", "names", "profile", "unit", "units", "month_starts", "metric_crs", "services",
          "bulletin", "crosswalk", "ignore"}  # fmt: skip


def read_config(path: Path, specs: Mapping[str, LayerSpec]) -> CitySource:
    """Read a ``city.toml``; its folder is the root of the city.

    Raises
    ------
    SpecError
        It cannot be read, or has an entry that is not known or names no file; the entry is told.
    """
    table = read_toml(path)
    found = CitySource(path.parent, config=path, table=table)
    for entry in table:
        if entry not in _KNOWN:
            raise _mistake(path, entry, f"unknown entry; known: {', '.join(sorted(_KNOWN))}")
    name_zh, name_en = str(table.get("name_zh", "")), str(table.get("name_en", ""))
    found.name = Text(name_zh or name_en, name_en or name_zh)
    found.code = str(table.get("code", ""))
    _read_settings(path, table, found)
    zones = table.get("zones", {})
    for entry in zones:
        if entry not in ("district", "street", "order"):
            raise _mistake(path, f"zones.{entry}", "unknown entry; known: district, street, order")
        if entry != "order" and (zones[entry] not in specs or specs[zones[entry]].level != entry):
            raise _mistake(path, f"zones.{entry}", f"{zones[entry]!r} is no layer of that level")
    found.order = tuple(map(str, zones.get("order", ())))
    # false takes the name of a profile away.
    names = table.get("names", {}).items()
    found.names = {str(k): "" if v is False else str(v) for k, v in names}
    date = table.get("data_date")
    if date is not None:
        try:
            found.data_date = read_day(date, "data_date", function=path.name)
        except AsOfError as error:
            raise SpecError(error.text) from error
    for name in ("events", "targets", "figures", "services", "bulletin", "crosswalk"):
        if name in table:
            setattr(found, name, _existing(path, name, table[name]))
    ignore = table.get("ignore", [])
    if not isinstance(ignore, list) or not all(isinstance(p, str) and p for p in ignore):
        raise _mistake(path, "ignore", 'must be a list of patterns, such as ["*汇总*"]')
    found.ignore = tuple(ignore)
    for key, entry in table.get("layers", {}).items():
        layer = _configured(path, key, entry, specs)
        (found.hints if layer.source is None else found.layers)[key] = layer
    return found


def profile_named(config: Path) -> str | Path | None:
    """Return the profile a ``city.toml`` names: a name, or the folder beside it; None without."""
    given = read_toml(config).get("profile")
    if given is None:
        return None
    if not isinstance(given, str):
        raise _mistake(config, "profile", "must be the name of a profile, or a folder")
    folder = config.parent / given
    return folder if folder.is_dir() else given


def _read_settings(path: Path, table: Mapping[str, Any], found: CitySource) -> None:
    """Read what a profile may say too: what of it stands here counts."""
    check = Check(path.name)
    found.profile = profile_named(path)
    unit = table.get("unit")
    if isinstance(unit, str):
        found.unit = Text(unit, DISTRICT.en)
    elif unit is not None:
        check.keys(unit, "unit", required=("zh", "en"))
        found.unit = Text(str(unit["zh"]), str(unit["en"]))
    starts = check.value(table, "", "month_starts", int, 0)
    if "month_starts" in table and not 1 <= starts <= 28:
        raise _mistake(path, "month_starts", "must be a day of the month, 1 to 28")
    found.month_starts = starts
    metric_crs = table.get("metric_crs")
    if metric_crs is not None and not isinstance(metric_crs, (str, int)):
        raise _mistake(path, "metric_crs", 'must be a code such as "EPSG:4548"')
    found.metric_crs = None if metric_crs is None else str(metric_crs)
    found.units = read_units(check, table.get("units", []), path.parent)


def _configured(path: Path, key: str, entry: Any, specs: Mapping[str, LayerSpec]) -> LayerSource:
    place = f"layers.{key}"
    if key not in specs:
        raise _mistake(path, place, f"no such layer; known: {', '.join(specs)}")
    known = (
        "path", "sublayer", "crs", "datum", "x", "y", "encoding", "fields", "ledger", "pipeline",
        "mend", "units", "values", "date_order",
        "measure_from",
    )  # fmt: skip
    if not isinstance(entry, Mapping):
        raise _mistake(path, place, 'must be a table, such as path = "file"')
    for name in entry:
        if name not in known:
            raise _mistake(path, f"{place}.{name}", f"unknown entry; known: {', '.join(known)}")
    # Without a path the file is found as if nothing were said of it.
    source, label = _sources(path, place, entry) if "path" in entry else (None, "")
    sublayer = entry.get("sublayer")
    for axis in ("x", "y"):
        if not isinstance(entry.get(axis, ""), str):
            raise _mistake(path, f"{place}.{axis}", "must be the name of a column")
    if entry.get("measure_from") not in (None, "geometry"):
        raise _mistake(path, f"{place}.measure_from", 'must be "geometry"')
    # Who writes "高德经度" = "经度" among the fields says the same.
    places, fields = coordinate_aliases(entry.get("fields", {}), specs[key].fields)
    return LayerSource(
        source,
        label,
        sublayer=None if isinstance(sublayer, list) else sublayer,
        # Left empty, a CRS is not stated.
        crs=str(entry.get("crs") or "").strip() or None,
        datum=str(entry.get("datum") or "").strip() or None,
        x=entry.get("x", places.get("x")),
        y=entry.get("y", places.get("y")),
        encoding=entry.get("encoding"),
        ledger=_existing(path, f"{place}.ledger", entry["ledger"]) if "ledger" in entry else None,
        fields=fields,
        pipeline=entry.get("pipeline"),
        mend=tuple(entry.get("mend", ())),
        units=dict(entry.get("units", {})),
        date_order=dict(entry.get("date_order", {})),
        measure_from=entry.get("measure_from"),
        values=_own_words(path, f"{place}.values", entry.get("values", {})),
    )


def _own_words(path: Path, place: str, given: Any) -> dict[str, dict[str, str]]:
    """Return an office's words by field; whether field and code are there is asked on reading."""
    are_tables = isinstance(given, Mapping) and all(isinstance(w, Mapping) for w in given.values())
    if not are_tables:
        raise _mistake(path, place, 'must be tables such as status = { "own word" = "code" }')
    return {
        name: {str(word): str(code) for word, code in words.items()}
        for name, words in given.items()
    }


def _sources(path: Path, place: str, entry: Mapping[str, Any]) -> tuple[Any, str]:
    """Return what ``path`` and ``sublayer`` name: one source, or the parts of one layer."""
    given, inside = entry["path"], entry.get("sublayer")
    names = given if isinstance(given, list) else [given]
    sources = [_existing(path, f"{place}.path", p) for p in names]
    if not isinstance(inside, list):
        if len(sources) == 1:
            return sources[0], sources[0].name
        inside = [inside or ""] * len(sources)
    if len(sources) == 1:
        names, sources = names * len(inside), sources * len(inside)
    if len(sources) != len(inside) or not all(isinstance(s, str) for s in inside):
        raise _mistake(path, f"{place}.sublayer", "needs one name for each file of path")
    parts = [
        _part(source, str(name), sub)
        for source, name, sub in zip(sources, names, inside, strict=True)
    ]
    return parts, joined_names([part.label for part in parts])


def _part(source: Path, name: str, sublayer: str) -> SourceLayer:
    """Return one of several sources, called as city.toml does."""
    if not sublayer:
        return SourceLayer(source, None, name, (source.stem,))
    sign = "/" if source.suffix.lower() in (".zip", ".kmz") else ":"
    return SourceLayer(source, sublayer, f"{name}{sign}{sublayer}", (PurePosixPath(sublayer).stem,))


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
