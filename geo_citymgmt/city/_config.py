"""What ``city.toml`` says of a city, and which of its files is which layer."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from os import PathLike
from pathlib import Path, PurePosixPath
from typing import Any

import pandas as pd
import pyproj
from pyproj import CRS

from geo_citymgmt._dates import read_day
from geo_citymgmt._languages import DISTRICT, NOTHING, Messages, Text, listed
from geo_citymgmt._overlay import Layered, layered
from geo_citymgmt.cleaning._codes import OPEN
from geo_citymgmt.errors import (
    AsOfError,
    CityDataError,
    RepeatedSourceError,
    SourceError,
    SpecError,
    deprecated,
    did_you_mean,
)
from geo_citymgmt.findings import Findings
from geo_citymgmt.profiles import Profile, ReportingUnit, read_units
from geo_citymgmt.reading._coordinates import coordinate_aliases
from geo_citymgmt.reading._limits import refuse_addresses, refuse_devices
from geo_citymgmt.reading._raw import joined_names
from geo_citymgmt.reading._sniff import is_left_behind
from geo_citymgmt.reading._source import (
    TABLE_SUFFIXES,
    VECTOR_SUFFIXES,
    SourceLayer,
    is_geodatabase,
    is_part,
)
from geo_citymgmt.spec import LayerSpec, read_toml, zone_levels
from geo_citymgmt.spec._reader import Check, line_of

_MESSAGES = Messages("geo_citymgmt.city")

#: Files of a shapefile and other company that is no layer by itself.
COMPANY = {".shx", ".dbf", ".prj", ".cpg", ".sbn", ".sbx", ".qix", ".qpj", ".xml", ".md", ".txt",
           ".toml", ".lock", ".qmd"}  # fmt: skip


@dataclass
class LayerSource:
    """Where one layer is, and what is known about it beforehand.

    ``source`` is a path, several of them, or a frame or a layer that is in memory.
    """

    source: Any
    label: str
    sublayer: str | None = None
    crs: str | None = None
    datum: str | None = None
    x: str | None = None
    y: str | None = None
    encoding: str | None = None
    ledger: Path | None = None
    pipeline: str | None = None
    repair: tuple[str, ...] = ()
    units: Mapping[str, str] = field(default_factory=dict)
    date_order: Mapping[str, str] = field(default_factory=dict)
    #: "geometry" where area or length of what is drawn stands in for a measure that is not said.
    measure_from: str | None = None
    #: "proposed" where records without coordinates get a place by the names they carry.
    places: str | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    #: By field, an office's own words with their codes.
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    #: Whether nobody named its files: then the same data in two of them is asked about.
    is_found: bool = False
    #: Why it is not known which of its files count: the layer cannot be used before a person says.
    doubt: RepeatedSourceError | None = None

    @property
    def sources(self) -> list[Any]:
        """Each file of the layer, for it may come in parts."""
        return self.source if isinstance(self.source, list) else [self.source]

    def said(self, root: Path) -> dict[str, Any]:
        """Return what ``city.toml`` says of where it lies; nothing where it is not one file."""
        files = [Path(p) for p in self.sources if isinstance(p, (str, PathLike))]
        if len(files) != 1:
            return {}
        (file,) = files
        path = file.relative_to(root).as_posix() if file.is_relative_to(root) else str(file)
        where = ("sublayer", "crs", "datum", "pipeline", "encoding")
        stated = {name: getattr(self, name) for name in where}
        return {"path": path} | {n: text for n, text in stated.items() if isinstance(text, str)}


@dataclass(frozen=True)
class Leftover:
    """A part of the source that is read as no layer, though it is one or may be one.

    ``layers`` are those it may be, the likeliest first; with ``is_known`` it is the first of them,
    and another file was taken; with ``is_list`` it has no places, and others of the layer have.
    Empty where nothing but its geometry says that it is a layer.
    """

    item: SourceLayer
    layers: tuple[str, ...] = ()
    is_known: bool = False
    is_list: bool = False
    #: The one facility that is drawn in its geometry, which is no more than a proposal.
    drawn: str = ""


@dataclass
class CitySource:
    """What was found at a source before any layer is read."""

    root: Path
    layers: dict[str, LayerSource] = field(default_factory=dict)
    events: Path | SourceLayer | pd.DataFrame | None = None
    targets: Path | SourceLayer | pd.DataFrame | None = None
    reported: Path | SourceLayer | None = None
    figures: Path | None = None
    data_date: pd.Timestamp | None = None
    name: Text = NOTHING
    code: str = ""
    order: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    #: What else a district is called in tables, by its code or name; no page shows it.
    aliases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    #: As named by city.toml or a GeoPackage of this package; see :meth:`under`.
    profile: str | Path | None = None
    unit: Text = NOTHING
    data_source: Text = NOTHING
    notice: Text = NOTHING
    units: tuple[ReportingUnit, ...] = ()
    month_starts: int = 0
    #: Which stage of amounts counts, such as "approved"; empty for what the records say.
    amounts_by: str = ""
    metric_crs: str | None = None
    services: Path | None = None
    bulletin: Path | None = None
    assessment: Path | None = None
    crosswalk: Path | None = None
    calendar: Path | None = None
    limits: Path | None = None
    config: Path | None = None
    #: What city.toml says, as it was read.
    table: Mapping[str, Any] = field(default_factory=dict, repr=False)
    findings: Findings = field(default_factory=Findings)
    sides: list[Path] = field(default_factory=list)
    leftovers: list[Leftover] = field(default_factory=list)
    #: What city.toml says of layers without naming their file.
    hints: dict[str, LayerSource] = field(default_factory=dict)
    #: Whether its layers are frames, which no file and no folder names.
    in_memory: bool = False
    #: The file, where it is one and no folder of layers.
    file: Path | None = None
    #: Patterns of files, tables and sheets that are none of the city's layers.
    ignore: tuple[str, ...] = ()

    def take(self, key: str, source: Any, label: str, sublayer: str | None = None) -> None:
        """Let a source be a layer, with what city.toml says of the layer."""
        hint = self.hints.get(key, LayerSource(None, ""))
        self.layers[key] = replace(
            hint, source=source, label=label, sublayer=hint.sublayer or sublayer, is_found=True
        )

    def place_by(self, x: str | None, y: str | None, among: Sequence[str]) -> None:
        """Let the records of the one layer that is meant lie where these columns say.

        ``among`` are the layers that may be meant.

        Raises
        ------
        CityDataError
            Several layers are meant, or none.
        """
        if x is None and y is None:
            return
        keys = [key for key in self.layers if key in among]
        if len(keys) != 1:
            names = ", ".join(keys)
            raise _MESSAGES.error(
                CityDataError,
                "single_layer_only",
                n=len(keys),
                names=Text(names or "—", names or "none"),
            )
        self.layers[keys[0]] = replace(self.layers[keys[0]], x=x, y=y)

    def under(self, profile: Profile | None) -> None:
        """Fill what the source does not say itself from a profile, entry by entry."""
        if profile is None:
            self.unit = self.unit if self.unit.zh else DISTRICT
            self.month_starts = self.month_starts or 1
            return
        self.name = self.name if self.name.zh else profile.name
        self.code = self.code or profile.code
        self.order = self.order or profile.order
        # An empty name takes a display name away: the file's own is shown.
        names = {**profile.names, **self.names}
        self.names = {code: name for code, name in names.items() if name}
        # One name more takes none away.
        of_both = {**profile.aliases, **self.aliases}
        self.aliases = {
            code: (*profile.aliases.get(code, ()), *self.aliases.get(code, ())) for code in of_both
        }
        self.unit = self.unit if self.unit.zh else profile.unit
        self.units = self.units or profile.units
        self.month_starts = self.month_starts or profile.month_starts
        self.metric_crs = self.metric_crs or profile.metric_crs
        self.crosswalk = self.crosswalk or profile.crosswalk

    def settings(self, profile: Profile | None, found: Mapping[str, Any]) -> Layered:
        """What holds for the city besides layers, figures and tables, with where it is from.

        ``found`` is what nobody stated and the data itself says.
        """
        default = {"unit": DISTRICT._asdict(), "month_starts": 1}
        mine = {k: v for k, v in self.table.items() if k not in ("layers", "zones")}
        if "order" in self.table.get("zones", {}):
            mine["order"] = self.table["zones"]["order"]
        if "aliases" in mine:
            mine["aliases"] = {code: list(names) for code, names in self.aliases.items()}
        tables: list[tuple[str, Mapping[str, Any]]] = [("—", default), ("data", found)]
        if profile is not None:
            of_profile = {k: v for k, v in profile.table.items() if k != "schema"}
            tables.append((f"{profile.key}/profile.toml", of_profile))
        if self.config is not None:
            tables.append((self.config.name, mine))
        return layered(tables, whole=("aliases",))

    def inputs(self) -> tuple[Path, ...]:
        """Every file that was used, the parts of a shapefile included."""
        paths: set[Path] = set()
        for entry in self.layers.values():
            for source in entry.sources:
                if not isinstance(source, (str, PathLike)):
                    continue
                path = Path(source)
                if path.is_dir():
                    paths |= set(path.rglob("*"))
                    continue
                stem = path.with_suffix("")
                parts = [p for p in path.parent.glob("*") if p.with_suffix("") == stem]
                keep = COMPANY | {path.suffix.lower()}
                paths |= {p for p in parts if p.suffix.lower() in keep and p.suffix != ".lock"}
        paths |= set(self.side_files())
        return tuple(sorted(p for p in paths if p.is_file()))

    def side_files(self) -> list[Path]:
        """Files beside the layers: tables, settings and what they name."""
        sides = (getattr(self, name) for name in _SIDES)
        given = (*sides, self.config, *self.sides, *(unit.outline for unit in self.units))
        return [path for path in given if isinstance(path, Path)]


#: Files beside the layers that ``city.toml`` names.
_SIDES = ("events", "targets", "reported", "figures", "services", "bulletin", "assessment",
          "crosswalk", "calendar", "limits")  # fmt: skip


def read_config(path: Path, specs: Mapping[str, LayerSpec]) -> CitySource:
    """Read a ``city.toml``; its folder is the root of the city.

    Raises
    ------
    SpecError
        It cannot be read, or has an entry that is not known or names no file; the entry is told.
    """
    table = read_toml(path)
    found = CitySource(path.parent, config=path, table=table)
    check = Check(path.name, path, _MESSAGES)
    said = check.form("city", table)
    name_zh, name_en = said.get("name_zh", ""), said.get("name_en", "")
    found.name = Text(name_zh or name_en, name_en or name_zh)
    found.code = str(said.get("code", ""))
    _read_settings(check, path, said, found)
    stages = sorted({n for spec in specs.values() for a in spec.amounts.values() for n in a.stages})
    if found.amounts_by and found.amounts_by not in stages:
        cause = _MESSAGES("stage_unknown", known=listed(stages))
        raise check.fail("amounts_by", cause, did_you_mean(found.amounts_by, stages))
    zones, levels = said.get("zones", {}), zone_levels(specs)
    check.keys(zones, "zones", optional=[*levels, "order"])
    for entry in levels:
        named = check.value(zones, "zones", entry, "text")
        fitting = [key for key, spec in specs.items() if spec.level == entry]
        if named is not None and named not in fitting:
            names = Text("、".join(fitting), " or ".join(fitting))
            raise check.wrong(f"zones.{entry}", "other_level", named=named, fitting=names)
    order = check.value(zones, "zones", "order", "list", [])
    if any(isinstance(v, bool) or not isinstance(v, (str, int)) for v in order):
        raise check.wrong("zones.order", "no_names")
    found.order = tuple(map(str, order))
    # false takes the name of a profile away.
    names = said.get("names", {})
    for code, name in names.items():
        if name is not False and not isinstance(name, str):
            raise check.wrong(f"names.{code}", "no_name")
    found.names = {str(k): "" if v is False else v for k, v in names.items()}
    aliases = said.get("aliases", {})
    found.aliases = {str(code): check.texts(aliases, "aliases", code) for code in aliases}
    day = table.get("data_date")
    if day is not None:
        line = line_of(path.read_text(encoding="utf-8", errors="replace"), ["data_date"])
        where = _MESSAGES("line_of_day", path=path, line=line)
        try:
            found.data_date = read_day(day, "data_date", function=where)
        except AsOfError as error:
            raise SpecError(error.text) from error
    for name in _SIDES:
        if name in said:
            setattr(found, name, _existing(check, path.parent, name, said[name]))
    found.ignore = tuple(said.get("ignore", ()))
    if not all(isinstance(p, str) and p for p in found.ignore):
        raise check.wrong("ignore", "list_of_patterns")
    for key, entry in said.get("layers", {}).items():
        layer = _configured(check, path.parent, key, entry, specs)
        (found.hints if layer.source is None else found.layers)[key] = layer
    return found


def in_one_line(value: Any) -> str:
    """Write what stands behind an entry in one line of TOML.

    Examples
    --------
    >>> in_one_line({"order": ["320505", 1], "day": dt.date(2024, 6, 30)})
    '{ "order" = ["320505", 1], "day" = 2024-06-30 }'
    """
    if isinstance(value, Mapping):
        pairs = [f"{in_one_line(str(name))} = {in_one_line(one)}" for name, one in value.items()]
        return f"{{ {', '.join(pairs)} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(in_one_line, value))}]"
    return str(value) if isinstance(value, dt.date) else json.dumps(value, ensure_ascii=False)


def profile_named(config: Path) -> str | Path | None:
    """Return the profile a ``city.toml`` names: a name, or the folder beside it; None without."""
    given = Check(config.name, config).value(read_toml(config), "", "profile", "text")
    folder = config.parent / (given or "")
    return folder if given and folder.is_dir() else given


def _read_settings(check: Check, path: Path, said: Mapping[str, Any], found: CitySource) -> None:
    """Read what a profile may say too: what of it stands here counts."""
    found.profile = profile_named(path)
    unit = check.pair(said, "unit")
    # One word for it is Chinese.
    found.unit = Text(unit.zh, DISTRICT.en) if isinstance(said.get("unit"), str) else unit
    found.data_source, found.notice = (check.pair(said, name) for name in ("source", "notice"))
    found.month_starts = said.get("month_starts", 0)
    if "month_starts" in said and not 1 <= found.month_starts <= 28:
        raise check.wrong("month_starts", "no_month_start")
    found.amounts_by = said.get("amounts_by", "")
    metric_crs = said.get("metric_crs")
    found.metric_crs = None if metric_crs is None else _metric_crs(check, str(metric_crs))
    found.units = read_units(check, said.get("units", []), path.parent)


def _metric_crs(check: Check, code: str) -> str:
    """Return the CRS in which the city is measured, refused here where the line is known."""
    try:
        in_degrees = CRS.from_user_input(code).is_geographic
    except pyproj.exceptions.CRSError as error:
        raise check.wrong("metric_crs", "metric_crs_unknown", code=code) from error
    if in_degrees:
        raise check.wrong("metric_crs", "metric_crs_degrees", code=code)
    return code


def _configured(
    check: Check, folder: Path, key: str, entry: Any, specs: Mapping[str, LayerSpec]
) -> LayerSource:
    place = f"layers.{key}"
    if key not in specs:
        near = did_you_mean(key, specs)
        cause = _MESSAGES("no_such_layer", specs=listed(specs))
        raise check.fail(place, cause, Text(near.zh, near.en.strip()))
    said = check.form("city_layer", _by_new_names(check, place, entry), place)
    # Without a path the file is found as if nothing were said of it.
    source, label = _sources(check, folder, place, said) if "path" in said else (None, "")
    # Who writes "高德经度" = "经度" among the fields says the same.
    places, fields = coordinate_aliases(said.get("fields", {}), specs[key].fields)
    read = {
        "sublayer": None if isinstance(said.get("sublayer"), list) else said.get("sublayer"),
        # Left empty, a CRS is not stated.
        "crs": str(said.get("crs") or "").strip() or None,
        "datum": said.get("datum", "").strip() or None,
        "fields": fields,
        "values": _own_words(check, f"{place}.values", said.get("values", {})),
    }
    if "ledger" in said:
        read["ledger"] = _existing(check, folder, f"{place}.ledger", said["ledger"])
    said.pop("path", None)
    return LayerSource(source, label, **{**places, **said, **read})


def _by_new_names(check: Check, place: str, entry: Any) -> Any:
    """Take an entry by the name it had in 0.1.0, and say what it is called now."""
    if not isinstance(entry, Mapping) or "mend" not in entry:
        return entry
    if "repair" in entry:
        raise check.wrong(f"{place}.mend", "mend_twice")
    check.value(entry, place, "mend", "list")
    deprecated(f"{check.file} [{place}.mend]", "repair")
    return {"repair" if name == "mend" else name: value for name, value in entry.items()}


def _own_words(check: Check, place: str, given: Any) -> dict[str, dict[str, str]]:
    """Return an office's words by field; whether field and code are there is asked on reading."""
    for name, words in given.items():
        if not isinstance(words, Mapping):
            raise check.wrong(f"{place}.{name}", "tables_of_words")
        for word, code in words.items():
            if isinstance(code, (Mapping, list)):
                raise check.wrong(f"{place}.{name}.{word}", "no_code")
            if code == OPEN:
                raise check.wrong(f"{place}.{name}.{word}", "code_left_open", name=name)
    return {
        name: {str(word): str(code) for word, code in words.items()}
        for name, words in given.items()
    }


def _sources(check: Check, folder: Path, place: str, entry: Mapping[str, Any]) -> tuple[Any, str]:
    """Return what ``path`` and ``sublayer`` name: one source, or the parts of one layer."""
    given, inside = entry["path"], entry.get("sublayer")
    names = given if isinstance(given, list) else [given]
    sources = [_existing(check, folder, f"{place}.path", p) for p in names]
    if not isinstance(inside, list):
        if len(sources) == 1:
            return sources[0], sources[0].name
        inside = [inside or ""] * len(sources)
    if len(sources) == 1:
        names, sources = names * len(inside), sources * len(inside)
    if len(sources) != len(inside):
        raise check.wrong(f"{place}.sublayer", "one_sublayer_each")
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


def _existing(check: Check, folder: Path, place: str, value: Any) -> Path:
    """Return the file or folder that an entry names."""
    if not isinstance(value, str) or not value.strip():
        raise check.wrong(place, "no_path")
    if any(ord(sign) < 32 for sign in value):
        # Of C:\new\table a line break and a tab are made.
        raise check.wrong(place, "control_characters")
    # As it is copied on Windows, with its quotes.
    value = value.strip().strip('"')
    _refuse(refuse_addresses, value, check, place)
    target = Path(value)
    target = target if target.is_absolute() else folder / target
    try:
        target.stat()
    except (OSError, ValueError) as error:
        near = did_you_mean(target.name, _names_in(target.parent))
        where = _MESSAGES("paths_count_from", file=check.file)
        remedy = Text(near.zh + where.zh, f"{near.en} {where.en}".strip())
        raise check.fail(place, _MESSAGES("no_file_there", value=value), remedy) from error
    _refuse(refuse_devices, target, check, place)
    return target


def _refuse(refuse: Callable[[Any], None], value: Any, check: Check, place: str) -> None:
    """Let a check of paths speak, and say in which entry the path stands."""
    try:
        refuse(value)
    except SourceError as error:
        cause = Text(error.message_zh.rstrip("。"), error.message.rstrip("."))
        raise check.fail(place, cause) from error


def _names_in(folder: Path) -> list[str]:
    try:
        return [path.name for path in folder.iterdir()]
    except (OSError, ValueError):
        return []


#: Deeper and more than this is no folder of a city's layers, but a disk or a home.
_DEEPEST = 6
_MOST_FILES = 50_000


@dataclass
class FolderFiles:
    """What a folder holds, each in the order of names, maps before tables.

    ``sources`` may hold layers; ``others`` are files of no known kind; ``skipped`` are left behind
    by systems and programs; ``apart`` are folders that were not entered, with the reason.
    """

    sources: list[Path] = field(default_factory=list)
    others: list[Path] = field(default_factory=list)
    skipped: list[Path] = field(default_factory=list)
    apart: list[tuple[Path, Text]] = field(default_factory=list)


def list_folder(root: Path) -> FolderFiles:
    """List the files of ``root`` and of the folders in it.

    A folder with a city.toml of its own is another city, and a report is no source: neither is
    entered.

    Raises
    ------
    SourceError
        There are too many files to be those of a city.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("姑苏区/窨井.csv", "吴中区/窨井.csv", "Thumbs.db"):
    ...         path = Path(folder) / name
    ...         path.parent.mkdir(exist_ok=True)
    ...         _ = path.write_text("")
    ...     found = list_folder(Path(folder))
    >>> [path.parent.name for path in found.sources], [path.name for path in found.skipped]
    (['吴中区', '姑苏区'], ['Thumbs.db'])
    """
    found = FolderFiles()
    for n_files, path in enumerate(_walk(root, found, 0)):
        if n_files >= _MOST_FILES:
            raise _MESSAGES.error(SourceError, "too_many_files", root=root, most=_MOST_FILES)
        suffix = path.suffix.lower()
        if path.is_dir() or suffix in (*VECTOR_SUFFIXES, *TABLE_SUFFIXES) or _is_table(path):
            found.sources.append(path)
        else:
            found.others.append(path)
    found.sources.sort(key=lambda p: (p.suffix.lower() in TABLE_SUFFIXES, _order(p, root)))
    found.others.sort(key=lambda p: _order(p, root))
    return found


def is_ignored(names: Sequence[str], patterns: Sequence[str]) -> bool:
    """Whether one of the names of a file or table fits one of the patterns, in any case.

    Examples
    --------
    >>> is_ignored(["窨井汇总.xlsx"], ["*汇总*", "*模板*"]), is_ignored(["窨井.shp"], ["*汇总*"])
    (True, False)
    """
    pairs = [(name.casefold(), pattern.casefold()) for name in names for pattern in patterns]
    return any(name == pattern or fnmatchcase(name, pattern) for name, pattern in pairs)


def _walk(folder: Path, found: FolderFiles, depth: int) -> Iterator[Path]:
    for path in folder.iterdir():
        if is_left_behind(path.name):
            found.skipped.append(path)
        elif not path.is_dir() or is_geodatabase(path):
            yield path
        elif (why := _why_apart(path, depth)) is not None:
            found.apart.append((path, why))
        else:
            yield from _walk(path, found, depth + 1)


def _why_apart(folder: Path, depth: int) -> Text | None:
    """Return why a folder is not entered; None where it is."""
    if depth >= _DEEPEST or folder.is_symlink():
        return Text("层次过深或是链接，未进入", "too deep, or a link: it was not entered")
    if (folder / "city.toml").is_file():
        return Text("有自己的 city.toml，是另一个城市", "a city of its own, by its city.toml")
    if (folder / "manifest.json").is_file() and (folder / "index.html").is_file():
        return Text("是一份报告，不是数据", "a report, no data")
    return None


def _is_table(path: Path) -> bool:
    """Whether it is a .dbf of its own, not that of a shapefile or of a table of MapInfo."""
    if path.suffix.lower() != ".dbf":
        return False
    return not is_part(path) and not any(
        path.with_suffix(suffix).exists() for suffix in (".shx", ".mdx")
    )


def _order(path: Path, root: Path) -> tuple[int, tuple[str, ...]]:
    parts = path.relative_to(root).parts
    return len(parts), parts
