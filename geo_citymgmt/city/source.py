"""Where the layers and tables of a city are, and what is known of them before any is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from geo_citymgmt.findings import Findings

__all__ = ["COMPANY", "CitySource", "LayerSource"]

#: Files of a shapefile and other company that is no layer by itself.
COMPANY = {".shx", ".dbf", ".prj", ".cpg", ".sbn", ".sbx", ".qix", ".qpj", ".xml", ".md", ".txt",
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
    pipeline: str | None = None
    mend: tuple[str, ...] = ()
    units: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)

    @property
    def sources(self) -> list[Any]:
        """Each file of the layer, for it may come in parts."""
        return self.source if isinstance(self.source, list) else [self.source]


@dataclass
class CitySource:
    """What was found at a source before any layer is read."""

    root: Path
    layers: dict[str, LayerSource] = field(default_factory=dict)
    events: Path | pd.DataFrame | None = None
    targets: Path | pd.DataFrame | None = None
    figures: Path | None = None
    data_date: pd.Timestamp | None = None
    name_zh: str = "苏州市"
    name_en: str = "Suzhou"
    code: str = "320500"
    order: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    config: Path | None = None
    findings: Findings = field(default_factory=Findings)
    sides: list[Path] = field(default_factory=list)

    def inputs(self) -> tuple[Path, ...]:
        """Every file that was used, the parts of a shapefile included."""
        paths: set[Path] = set()
        for entry in self.layers.values():
            for source in entry.sources:
                path = Path(source)
                if path.is_dir():
                    paths |= set(path.rglob("*"))
                    continue
                stem = path.with_suffix("")
                parts = [p for p in path.parent.glob("*") if p.with_suffix("") == stem]
                keep = COMPANY | {path.suffix.lower()}
                paths |= {p for p in parts if p.suffix.lower() in keep and p.suffix != ".lock"}
        paths |= {p for p in (self.events, self.targets, self.figures, self.config, *self.sides)
                  if isinstance(p, Path)}  # fmt: skip
        return tuple(sorted(p for p in paths if p.is_file()))
