"""Cities from what is in memory: of frames, and of another city with another layer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from geo_citymgmt._dates import read_day
from geo_citymgmt._gate import Gate
from geo_citymgmt.city.assembly import (
    accounted,
    assemble,
    latest_date,
    matched_events,
    specs_of,
)
from geo_citymgmt.city.building import take_layer
from geo_citymgmt.city.city import City
from geo_citymgmt.city.source import CitySource, LayerSource
from geo_citymgmt.errors import CRSError, did_you_mean
from geo_citymgmt.findings import Findings
from geo_citymgmt.layer import LEDGER_COLUMNS, Layer, read_layer
from geo_citymgmt.profiles import Profile, load_profile
from geo_citymgmt.spec import LayerSpec, get_spec
from geo_citymgmt.words import Text

__all__ = ["city_of_layers", "city_with_layer"]


def city_of_layers(
    layers: Mapping[str, gpd.GeoDataFrame | Layer],
    *,
    zones: gpd.GeoDataFrame | str | Path | None,
    profile: str | Path | Profile | None,
    metric_crs: Any,
    name_zh: str,
    name_en: str,
    code: str,
    data_date: Any,
    targets: pd.DataFrame | str | Path | None,
    events: pd.DataFrame | str | Path | None,
    datum: str | Mapping[str, str] | None,
    specs: Mapping[str, LayerSpec] | str | Path | None,
    figures: str | Path | None,
) -> City:
    """See :meth:`City.from_layers`."""
    gate = Gate("City.from_layers")
    whose = _profile(profile, gate)
    known = specs_of(specs, whose)
    found = CitySource(
        Path(),
        layers=_sources(layers, known, gate),
        events=_table(events, "events", gate),
        targets=_table(targets, "targets", gate),
        data_date=None
        if data_date is None
        else read_day(data_date, "data_date", function=gate.function),
        name=Text(name_zh or name_en, name_en or name_zh),
        code=str(code),
        in_memory=True,
    )
    found.under(whose)
    return City(
        **assemble(
            found,
            known,
            whose,
            gate.function,
            zones=zones,
            metric_crs=metric_crs,
            datum=datum,
            figures=figures,
        )
    )


def city_with_layer(city: City, key: str, layer: gpd.GeoDataFrame | Layer) -> City:
    """See :meth:`City.with_layer`."""
    gate = Gate("City.with_layer")
    spec = _known(key, city.specs, gate)
    if spec.role == "zones":
        anew = (
            f'City.from_layers({{**city, "{spec.key}": frame}}, profile=city.profile, '
            "name_zh=city.name_zh, code=city.code, events=city.events, targets=city.targets)"
        )
        raise gate.refuse(
            Text(
                f"{spec.key} 是分区，其他图层都按它归属，不能单独更换。",
                f"{spec.key} are zones: every other layer is placed by them, so they are not "
                "exchanged by themselves.",
            ),
            Text(
                f"请重新组成城市：{anew}。",
                f"Make the city anew: {anew}.",
            ),
        )
    _check(layer, spec, "layer", gate)
    taken = _read(city, spec, layer, gate)
    layers = {k: taken if k == spec.key else city.layers[k]
              for k in city.specs if k in city.layers or k == spec.key}  # fmt: skip
    findings = Findings()
    events = matched_events(city.events, layers, findings)
    date = city.stated_date or latest_date(layers, events)
    ledger = _ledger(city, taken, date)
    table, since = accounted(_findings(city, taken, findings, ledger["layer"]), city.decisions)
    settled = city if city.metric is not None else _settled(city, taken)
    return replace(
        settled,
        layers=layers,
        events=events,
        data_date=date,
        findings=table,
        since=since,
        ledger=ledger,
        unread={k: why for k, why in city.unread.items() if k != spec.key},
    )


def _read(city: City, spec: LayerSpec, given: gpd.GeoDataFrame | Layer, gate: Gate) -> Layer:
    zones = city.zones if city.has_zones else None
    if isinstance(given, Layer):
        return take_layer(given, None if city.metric is None else city.metric_crs, zones, gate)
    metric: Any = city.metric
    if metric is not None and zones is None:
        # No zones say where the city is: the plane is tested where the new records are.
        metric = city.metric_crs
    roads = city.layers["roads"].data if "roads" in city and spec.key != "roads" else None
    return read_layer(
        given,
        spec,
        zones=zones,
        zone_terms=city.zone_terms,
        roads=roads,
        metric_crs=metric,
        data_date=city.stated_date,
    )


def _ledger(city: City, layer: Layer, date: pd.Timestamp | None) -> pd.DataFrame:
    """The account of the city, that of the layer in the place of the one before it."""
    rows = {row["layer"].iloc[0]: row for _, row in city.ledger.groupby("layer", sort=False)}
    rows[layer.spec.key] = layer.ledger
    ledger = pd.concat(rows.values(), ignore_index=True)[list(LEDGER_COLUMNS)]
    return ledger.assign(data_date=pd.Series(date, index=ledger.index, dtype="datetime64[us]"))


def _findings(city: City, layer: Layer, more: Findings, keys: Iterable[str]) -> list[pd.DataFrame]:
    """Return the findings of the city as a whole, then of its layers."""
    kept, key = city.findings, layer.spec.key
    # What is there now is no longer missing.
    absent = kept["code"].eq("LAYER_ABSENT") & kept["expected"].eq(key)
    tables = {k: kept[kept["layer"].eq(k)] for k in keys} | {key: layer.findings}
    whole = kept[~kept["layer"].isin(list(tables)) & ~absent]
    return [whole, more.frame(), *tables.values()]


def _settled(city: City, layer: Layer) -> City:
    """The city, which had no place to measure until now, in the CRS of its first layer with one."""
    if layer.metric is None:
        return city
    crs = layer.metric.crs
    zones = {level: frame.set_crs(crs, allow_override=True)
             for level, frame in city.zones_by_level.items()}  # fmt: skip
    return replace(city, metric=layer.metric, zones_by_level=zones)


def _sources(
    layers: Mapping[str, gpd.GeoDataFrame | Layer], known: Mapping[str, LayerSpec], gate: Gate
) -> dict[str, LayerSource]:
    if not isinstance(layers, Mapping):
        raise gate.refuse(
            Text(
                f"layers 是 {type(layers).__name__}，应为图层名到数据的映射。",
                f"layers is a {type(layers).__name__}, not a mapping of layer to frame.",
            ),
            Text(
                '请写 City.from_layers({"manholes": frame})。',
                'Write City.from_layers({"manholes": frame}).',
            ),
        )
    if not layers:
        raise gate.refuse(
            Text("layers 为空，没有任何图层。", "layers is empty: there is no layer."),
            Text("请至少给出一个图层。", "Give at least one."),
        )
    out: dict[str, LayerSource] = {}
    for key, given in layers.items():
        spec = _known(key, known, gate)
        if spec.key in out:
            raise gate.refuse(
                Text(f"图层 {spec.key} 给出了两次。", f"the layer {spec.key} is given twice."),
                Text("请用 pd.concat 合并为一个。", "Join the two frames, with pd.concat([a, b])."),
            )
        _check(given, spec, f"layers[{key!r}]", gate)
        out[spec.key] = LayerSource(given, spec.key)
    return out


def _known(key: Any, specs: Mapping[str, LayerSpec], gate: Gate) -> LayerSpec:
    names = [n for s in specs.values() for n in (s.key, s.name_zh, s.name_en, *s.names)]
    if isinstance(key, str) and key in names:
        return get_spec(key, specs)
    near = did_you_mean(key, names) if isinstance(key, str) else Text("", "")
    raise gate.refuse(
        Text(
            f"没有图层 {key!r}；已知：{'、'.join(specs)}。{near.zh}",
            f"unknown layer {key!r}; known: {', '.join(specs)}.{near.en}",
        )
    )


def _check(given: Any, spec: LayerSpec, argument: str, gate: Gate) -> None:
    """Refuse what is no frame with a CRS, and a layer that is another one."""
    if isinstance(given, Layer):
        if given.spec.key != spec.key:
            raise gate.refuse(
                Text(
                    f"{argument} 是图层 {given.spec.key}，不是 {spec.key}。",
                    f"{argument} is the layer {given.spec.key}, not {spec.key}.",
                ),
                Text(
                    f"请按 {given.spec.key} 给出，或用 read_layer 按 {spec.key} 读取。",
                    f"Give it as {given.spec.key}, or read it as {spec.key} with read_layer.",
                ),
            )
        return
    frame = gate.frame(given, argument, needs_columns=True)
    if frame.crs is None and frame.geometry.notna().any():
        raise CRSError(
            Text(
                f"{gate.function}：{argument} 没有坐标系。", f"{gate.function}: {argument} has no "
                "CRS."
            ),
            remedy=Text(
                "请先写明，如 frame.set_crs('EPSG:4490')。",
                "Say which it is in, as with frame.set_crs('EPSG:4490').",
            ),
        )  # fmt: skip


def _profile(given: Any, gate: Gate) -> Profile | None:
    if given is None or isinstance(given, Profile):
        return given
    if isinstance(given, (str, Path)):
        return load_profile(given)
    raise gate.refuse(
        Text(
            f"profile 是 {type(given).__name__}，应为配置的名称或文件夹。",
            f"profile is a {type(given).__name__}, not the name or folder of a profile.",
        )
    )


def _table(given: Any, argument: str, gate: Gate) -> pd.DataFrame | Path | None:
    if given is None or isinstance(given, (pd.DataFrame, Path)):
        return given
    if isinstance(given, str):
        return Path(given)
    raise gate.refuse(
        Text(
            f"{argument} 是 {type(given).__name__}，应为 DataFrame 或 .csv 的路径。",
            f"{argument} is a {type(given).__name__}, not a DataFrame or the path of a .csv.",
        )
    )


def _day(given: Any, gate: Gate) -> pd.Timestamp | None:
    return None if given is None else read_day(given, "data_date", function=gate.function)
