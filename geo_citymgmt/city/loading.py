"""Loading a city: layer after layer, with the account of those that could not be used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from geo_citymgmt.city.city import City
from geo_citymgmt.city.discovery import find_source, keep_within, told_by_archive
from geo_citymgmt.city.source import CitySource
from geo_citymgmt.city.tables import EVENT_COLUMNS, TARGET_COLUMNS, read_events, read_targets
from geo_citymgmt.decisions import (
    compare_findings,
    corrections_of,
    mark_accepted,
    read_decisions,
)
from geo_citymgmt.errors import CityDataError
from geo_citymgmt.findings import Findings, concat_findings
from geo_citymgmt.indicators import check_figures, load_figures
from geo_citymgmt.indicators.targets import check_targets
from geo_citymgmt.layer import LEDGER_COLUMNS, Layer, read_layer
from geo_citymgmt.metric import DEFAULT_CRS
from geo_citymgmt.spec import LayerSpec, get_spec, load_specs
from geo_citymgmt.words import Text, join_texts

__all__ = ["load_city"]


def load_city(
    source: str | Path,
    *,
    layers: Sequence[str] | None = None,
    zones: gpd.GeoDataFrame | None = None,
    metric_crs: Any = DEFAULT_CRS,
    specs: Mapping[str, LayerSpec] | str | Path | None = None,
    crs: Any = None,
    fallback_crs: Any = None,
    datum: str | Mapping[str, str] | None = None,
    decisions: str | Path | None = None,
    figures: str | Path | None = None,
) -> City:
    """Load a city from a folder, a ``city.toml``, an archive or a GeoPackage.

    Layers are found by ``city.toml``, else by file name: the key of the layer, or one of its
    Chinese names (违法建设.shp, 综合管廊.shp, 窨井.shp). What is not recognised is told. A layer
    that cannot be used does not stop the rest: it stands in the ledger as "unusable".

    Parameters
    ----------
    source : str or Path
        Folder, ``city.toml``, .gpkg or .zip; a ``city.toml`` in the .zip is heeded.
    layers : sequence of str, optional
        Load these only, by key or name; zones are always loaded. With one, a ``source`` that is one
        file is taken as that layer, whatever its name.
    zones : GeoDataFrame, optional
        Districts indexed by code, in place of those of the source.
    metric_crs : anything pyproj takes
        CRS of everything, in metres.
    specs : mapping, or folder of layer files, optional
        Beside the package's own: see :func:`load_specs`.
    crs, datum : optional
        For all layers, or a mapping from layer key; wins over ``city.toml`` and, as in
        :func:`read_layer`, over the .prj.
    fallback_crs : anything pyproj takes, or "infer", optional
        For layers whose CRS neither ``crs``, ``city.toml`` nor a .prj states.
    decisions : str or Path, optional
        A findings workbook the office has filled in: its corrections are applied and logged, its
        accepted exceptions marked, and ``city.since`` tells what is new, remains or is resolved.
    figures : path, optional
        A table file of the office's own figures, laid over the package's; else ``figures.toml`` of
        the source, where there is one.

    Returns
    -------
    City

    Raises
    ------
    CityDataError
        Nothing usable was found; the findings say why. Or a layer is asked for that is not known.

    Examples
    --------
    >>> city = load_city("data/shapefiles")                               # doctest: +SKIP
    >>> city["manholes"].district_code.value_counts()                     # doctest: +SKIP
    """
    known = specs if isinstance(specs, Mapping) else load_specs(specs)
    if layers is not None:
        asked = [layers] if isinstance(layers, str) else layers
        layers = [get_spec(name, known).key for name in asked]
    with told_by_archive(Path(source)) as folder:
        city = _loaded(
            Path(source) if folder is None else folder,
            str(source),
            known,
            layers,
            zones=zones,
            metric_crs=metric_crs,
            crs=crs,
            fallback_crs=fallback_crs,
            datum=datum,
            decisions=decisions,
            figures=figures,
        )
    if folder is None:
        return city
    packed = Path(source)
    city.ledger["source"] = f"{packed.name}/" + city.ledger["source"]
    return replace(city, inputs=(packed,))


def _loaded(
    where: Path,
    source: str,
    known: Mapping[str, LayerSpec],
    layers: Sequence[str] | None,
    *,
    zones: gpd.GeoDataFrame | None,
    metric_crs: Any,
    crs: Any,
    fallback_crs: Any,
    datum: str | Mapping[str, str] | None,
    decisions: str | Path | None,
    figures: str | Path | None,
) -> City:
    """Load what is at ``where``, which people know as ``source``."""
    only = layers[0] if layers and len(layers) == 1 else None
    found = find_source(where, known, layer=only)
    if where != Path(source):
        keep_within(found, where, Path(source).name)
    findings = Findings()
    findings.extend(found.findings)
    decided = None if decisions is None else read_decisions(decisions, known)
    _tell_unclear(decided, findings)
    builder = _Builder(found, known, metric_crs, crs, fallback_crs, datum, decided)
    builder.load_zones(zones, findings)
    wanted = [k for k in known if known[k].role != "zones" and (not layers or k in layers)]
    # Roads first: by them it shows where positions of the other layers are shifted.
    for key in sorted(wanted, key=lambda k: k != "roads"):
        builder.load(key, builder.zones_by_level["district"])
    builder.layers = {k: builder.layers[k] for k in known if k in builder.layers}
    if not builder.layers:
        raise _nothing_usable(source, builder, findings)
    own_figures = load_figures(figures if figures is not None else found.figures)
    check_figures(own_figures, known)
    events, targets = _side_tables(found, known, builder.layers, layers, findings)
    by_level = builder.zones_by_level
    zone_codes = [str(code) for zones_ in by_level.values() for code in zones_.index]
    check_targets(targets, own_figures, by_level["district"], zone_codes, found.code, findings)
    data_date = found.data_date or _latest(builder.layers, events)
    all_findings = concat_findings([findings.frame(), *builder.tables])
    since = None
    if decided is not None:
        since = compare_findings(decided, all_findings)
        all_findings = mark_accepted(all_findings, decided)
    ledger = pd.concat(builder.ledgers, ignore_index=True)
    ledger["data_date"] = pd.Series(data_date, index=ledger.index, dtype="datetime64[us]")
    return City(
        layers=builder.layers,
        zones_by_level=builder.zones_by_level,
        events=events,
        targets=targets,
        data_date=data_date,
        findings=all_findings,
        unread=builder.unread,
        decisions=decided,
        since=since,
        ledger=ledger,
        specs=known,
        name_zh=found.name_zh,
        name_en=found.name_en,
        code=found.code,
        source=source,
        inputs=found.inputs(),
        figures=own_figures,
    )


def _tell_unclear(decided: pd.DataFrame | None, findings: Findings) -> None:
    """Say which decisions are not understood, one by one: each is a cell to write anew."""
    if decided is None:
        return
    unclear = decided[decided["kind"].eq("unclear") & ~decided["settled"]]
    for row in unclear.itertuples():
        where = " ".join(filter(None, (str(row.key or row.row_label), f"“{row.opinion}”")))
        about = str(row.finding_key) or " ".join((row.layer, row.code, row.field, row.key))
        findings.add("DECISION_UNCLEAR", value=where, about=about)


def _nothing_usable(source: Any, builder: _Builder, findings: Findings) -> CityDataError:
    tables = concat_findings([findings.frame(), *builder.tables])
    cause = Text(f"{source}：没有可用的图层。", f"{source}: no layer could be used.")
    if builder.unread:
        causes = [cause, *builder.unread.values()]
        return CityDataError(join_texts(causes, Text("", " ")), findings=tables)
    left = tables[tables["code"] == "LAYER_IGNORED"]
    if len(left):
        ignored = Text("；".join(left["message_zh"]) + "。", "; ".join(left["message_en"]) + ".")
        cause = join_texts([cause, ignored], Text("", " "))
    return CityDataError(
        cause,
        remedy=Text(
            "请按图层命名文件（如 窨井.shp、停车场.csv），或写 city.toml。",
            "Name the files after layers (窨井.shp, manholes.csv), or write a city.toml.",
        ),
        findings=tables,
    )


class _Builder:
    """Loads one layer after the other and keeps the account of those that failed."""

    def __init__(
        self,
        found: CitySource,
        specs: Mapping[str, LayerSpec],
        metric_crs: Any,
        crs: Any,
        fallback_crs: Any,
        datum: Any,
        decided: pd.DataFrame | None,
    ) -> None:
        self.found, self.specs, self.metric_crs = found, specs, metric_crs
        self.crs, self.fallback_crs = crs, fallback_crs
        self.datum, self.decided = datum, decided
        self.layers: dict[str, Layer] = {}
        self.zones_by_level: dict[str, gpd.GeoDataFrame] = {}
        self.ledgers: list[pd.DataFrame] = []
        self.tables: list[pd.DataFrame] = []
        self.unread: dict[str, Text] = {}

    def load(self, key: str, zones: gpd.GeoDataFrame | None) -> Layer | None:
        entry = self.found.layers.get(key)
        if entry is None:
            return None
        try:
            layer = read_layer(
                entry.source,
                self.specs[key],
                sublayer=entry.sublayer,
                encoding=entry.encoding,
                crs=_for(self.crs, key) or entry.crs,
                fallback_crs=self.fallback_crs,
                datum=_for(self.datum, key) or entry.datum,
                aliases=entry.fields,
                ledger=entry.ledger,
                corrections=None if self.decided is None else corrections_of(self.decided, key),
                pipeline=entry.pipeline,
                mend=entry.mend,
                units=entry.units,
                zones=zones,
                roads=self.layers["roads"].data if "roads" in self.layers else None,
                metric_crs=self.metric_crs,
                data_date=self.found.data_date,
            )
        except CityDataError as error:
            self.unread[key] = error.text
            row = {"layer": key, "source": entry.label, "state": "unusable"}
            counts = dict.fromkeys([c for c in LEDGER_COLUMNS if c.startswith("n_")], 0)
            # What was walked before the layer had to be refused has been refused with it.
            counts["n_walked"], counts["n_skipped"] = error.n_walked or 0, error.n_skipped
            counts["n_records"] = counts["n_rejected"] = counts["n_walked"] - counts["n_skipped"]
            self.ledgers.append(pd.DataFrame([{**counts, **row}], columns=list(LEDGER_COLUMNS)))
            if error.findings is not None:
                self.tables.append(error.findings)
            return None
        self.layers[key] = layer
        self.ledgers.append(layer.ledger)
        self.tables.append(layer.findings)
        return layer

    def load_zones(self, given: gpd.GeoDataFrame | None, findings: Findings) -> None:
        for key, spec in self.specs.items():
            if spec.role != "zones" or (spec.level == "district" and given is not None):
                continue
            layer = self.load(key, None)
            if layer is not None and spec.level:
                self.zones_by_level[spec.level] = self._indexed(layer)
        if given is not None:
            self.zones_by_level["district"] = given.to_crs(self.metric_crs)
        elif "district" not in self.zones_by_level:
            # Streets of the source say nothing about packaged districts they do not tile.
            from geo_citymgmt.outlines import packaged_districts

            findings.add("ZONES_PACKAGED")
            frame = packaged_districts().to_crs(self.metric_crs)
            self.zones_by_level["district"] = frame.set_index("district_code", drop=True)
            self.zones_by_level.pop("street", None)

    def _indexed(self, layer: Layer) -> gpd.GeoDataFrame:
        spec = layer.spec
        frame = layer.data[layer.located].set_index(spec.id_field)
        if spec.level == "district":
            for code, name in self.found.names.items():
                if code in frame.index and "name_zh" in frame.columns:
                    frame.loc[code, "name_zh"] = name
            order = [c for c in self.found.order if c in frame.index]
            rest = sorted(set(frame.index) - set(order))
            return frame.loc[[*order, *rest]]
        return frame.sort_index()


def _for(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, Mapping) else value


def _side_tables(
    found: CitySource,
    specs: Mapping[str, LayerSpec],
    layers: Mapping[str, Layer],
    asked: Sequence[str] | None,
    findings: Findings,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    events = pd.DataFrame({c: pd.Series(dtype="str") for c in EVENT_COLUMNS})
    events = events.astype({"date": "datetime64[us]", "amount": "float64"})
    targets = pd.DataFrame({c: pd.Series(dtype="str") for c in TARGET_COLUMNS})
    targets = targets.astype({"deadline": "datetime64[us]", "target": "float64"})
    if found.events is not None:
        events = read_events(found.events, specs, findings, only=asked)
        events = _matched(events, layers, findings)
    if found.targets is not None:
        targets = read_targets(found.targets)
    return events, targets


def _matched(events: pd.DataFrame, layers: Mapping[str, Layer], findings: Findings) -> pd.DataFrame:
    known = pd.MultiIndex.from_tuples(
        [(k, i) for k, la in layers.items() for i in la.data[la.spec.id_field]],
        names=["layer", "key"],
    )
    pairs = pd.MultiIndex.from_frame(events[["layer", "key"]])
    lost = ~pairs.isin(known)
    if lost.any():
        findings.add(
            "EVENT_UNMATCHED",
            value=int(lost.sum()),
            about="key",
            detail=Text("没有对应编号的入库记录", "no accepted record has their id"),
        )
    return events[~lost].reset_index(drop=True)


def _latest(layers: Mapping[str, Layer], events: pd.DataFrame) -> pd.Timestamp | None:
    """The last day on which the data says something happened."""
    latest = [events["date"].max()] if len(events) else []
    for layer in layers.values():
        states = layer.spec.states
        facts = {*(states.dates if states else ()), "update_date", "survey_date"}
        facts |= {a.date for a in layer.spec.amounts.values() if a.date}
        latest += [layer.data[n].max() for n in facts if n in layer.data.columns]
    stamps = [pd.Timestamp(s) for s in latest if pd.notna(s)]
    return max(stamps) if stamps else None
