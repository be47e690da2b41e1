"""Where the layers and tables of a city are, and what is known of them before any is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from os import PathLike
from pathlib import Path
from typing import Any

import pandas as pd

from geo_citymgmt.errors import CityDataError, RepeatedSourceError
from geo_citymgmt.findings import Findings
from geo_citymgmt.overlay import Layered, layered
from geo_citymgmt.profiles import Profile, ReportingUnit
from geo_citymgmt.reading.source import SourceLayer
from geo_citymgmt.words import DISTRICT, NOTHING, Text

__all__ = ["COMPANY", "CitySource", "LayerSource", "Leftover"]

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
    mend: tuple[str, ...] = ()
    units: Mapping[str, str] = field(default_factory=dict)
    date_order: Mapping[str, str] = field(default_factory=dict)
    #: "geometry" where area or length of what is drawn stands in for a measure that is not said.
    measure_from: str | None = None
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
    figures: Path | None = None
    data_date: pd.Timestamp | None = None
    name: Text = NOTHING
    code: str = ""
    order: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    #: As named by city.toml or a GeoPackage of this package; see :meth:`under`.
    profile: str | Path | None = None
    unit: Text = NOTHING
    data_source: Text = NOTHING
    notice: Text = NOTHING
    units: tuple[ReportingUnit, ...] = ()
    month_starts: int = 0
    metric_crs: str | None = None
    services: Path | None = None
    bulletin: Path | None = None
    crosswalk: Path | None = None
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
            raise CityDataError(
                Text(
                    f"x、y（--x、--y）只用于单个图层，来源有 {len(keys)} 个（{names or '—'}）。",
                    f"x and y (--x, --y) are for a single layer, the source has {len(keys)} "
                    f"({names or 'none'}).",
                ),
                remedy=Text(
                    "请只给出该图层的文件，或在 city.toml 的 [layers.图层] 写 x、y。",
                    "Give the file of that layer alone, or x and y under [layers.LAYER] in "
                    "city.toml.",
                ),
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
        given = (
            self.events, self.targets, self.figures, self.services, self.bulletin, self.crosswalk,
            self.config, *(unit.outline for unit in self.units), *self.sides,
        )  # fmt: skip
        return [path for path in given if isinstance(path, Path)]
