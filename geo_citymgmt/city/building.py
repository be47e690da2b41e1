"""A city under construction: its CRS, its zones, one layer after the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from geo_citymgmt._gate import Gate
from geo_citymgmt.city.reporting import cut_units, successors, valid_on
from geo_citymgmt.city.side_table import account_row, told_as_unusable
from geo_citymgmt.city.source import CitySource, LayerSource
from geo_citymgmt.cleaning.place import ZoneTerms
from geo_citymgmt.cleaning.text import take_text
from geo_citymgmt.decisions import corrections_of
from geo_citymgmt.errors import CityDataError, CRSError
from geo_citymgmt.findings import Findings
from geo_citymgmt.layer import LEDGER_COLUMNS, Layer, read_layer
from geo_citymgmt.metric import (
    MetricCRS,
    check_metric_crs,
    choose_metric_crs,
    is_metric,
    zone_positions,
)
from geo_citymgmt.profiles import Profile
from geo_citymgmt.reading import Raw, read_raw
from geo_citymgmt.spec import LayerSpec
from geo_citymgmt.words import Text
from geo_citymgmt.zones.ownership import ZoneIndex

__all__ = ["Builder", "check_districts", "take_layer"]

_WGS84 = 4326
#: A city without zones lies where the middle 98 % of its records are.
_MIDDLE = (1.0, 99.0)


class Builder:
    """Loads one layer after the other and keeps the account of those that failed."""

    def __init__(
        self,
        found: CitySource,
        specs: Mapping[str, LayerSpec],
        *,
        profile: Profile | None,
        metric_crs: Any,
        metric_how: Text,
        crs: Any,
        fallback_crs: Any,
        datum: Any,
        decided: pd.DataFrame | None,
        crosswalk: pd.DataFrame | None,
        gate: Gate,
    ) -> None:
        self.found, self.specs, self.profile = found, specs, profile
        self.metric_crs, self.metric_how = metric_crs, metric_how
        self.stated_crs, self.fallback_crs = crs, fallback_crs
        self.datum, self.decided, self.crosswalk = datum, decided, crosswalk
        self.gate = gate
        self.metric: MetricCRS | None = None
        self.layers: dict[str, Layer] = {}
        self.zones_by_level: dict[str, gpd.GeoDataFrame] = {}
        self.vintage: pd.Timestamp | None = None
        self.findings = Findings()
        self.ledgers: dict[str, pd.DataFrame] = {}
        self.tables: dict[str, pd.DataFrame] = {}
        self.unread: dict[str, Text] = {}
        self._registers: dict[str, Raw | None] = {}
        self._unusable_registers: list[dict[str, Any]] = []

    # -- one layer

    def _register(self, key: str, entry: LayerSource) -> Raw | None:
        """Return the office's list of a layer as read, once; None without one that can be used."""
        if entry.ledger is None:
            return None
        if key not in self._registers:
            self._registers[key] = None
            account = self._unusable_registers
            with told_as_unusable(entry.ledger, "register", self.findings, account):
                self._registers[key] = read_raw(entry.ledger)
        return self._registers[key]

    def registers(self) -> list[dict[str, Any]]:
        """Return the account of the offices' lists: one row a list."""
        rows = list(self._unusable_registers)
        for key, raw in self._registers.items():
            if raw is None:
                continue
            n_used = 0
            if key in self.layers:
                again = self.layers[key].findings["code"].eq("LEDGER_MANY").sum()
                torn = np.isin(raw.record, raw.findings.records_with("rejected")).sum()
                n_used = len(raw.frame) - int(again + torn)
            rows.append(account_row(raw, raw.name, "register", n_used))
        return rows

    def load(self, key: str, zones: gpd.GeoDataFrame | None = None) -> Layer | None:
        """Read a layer of the source, once more if it was read before; None if it has none."""
        entry = self.found.layers.get(key)
        return None if entry is None else self._read(key, entry, zones)

    def _read(self, key: str, entry: LayerSource, zones: gpd.GeoDataFrame | None) -> Layer | None:
        for kept in (self.layers, self.unread, self.ledgers, self.tables):
            kept.pop(key, None)
        if isinstance(entry.source, Layer):
            crs = None if self.metric is None and self.metric_crs is None else self.crs
            return self._kept(key, take_layer(entry.source, crs, zones, self.gate))
        roads = self.layers["roads"].data if "roads" in self.layers and key != "roads" else None
        try:
            if entry.doubt is not None:
                raise entry.doubt
            layer = read_layer(
                entry.source,
                self.specs[key],
                sublayer=entry.sublayer,
                encoding=entry.encoding,
                crs=_for(self.stated_crs, key) or entry.crs,
                fallback_crs=self.fallback_crs,
                datum=_for(self.datum, key) or entry.datum,
                x=entry.x,
                y=entry.y,
                aliases=entry.fields,
                values=entry.values,
                ledger=self._register(key, entry),
                corrections=None if self.decided is None else corrections_of(self.decided, key),
                pipeline=entry.pipeline,
                mend=entry.mend,
                units=entry.units,
                date_order=entry.date_order,
                measure_from=entry.measure_from,
                zones=zones,
                zone_terms=self.zone_terms(),
                roads=roads,
                metric_crs=self.metric_crs,
                data_date=self.found.data_date,
                refuse_copies=entry.is_found,
            )
        except CityDataError as error:
            self.unread[key] = error.text
            row = {"layer": key, "source": entry.label, "state": "unusable"}
            counts = dict.fromkeys([c for c in LEDGER_COLUMNS if c.startswith("n_")], 0)
            # What was walked before the layer had to be refused has been refused with it.
            counts["n_walked"], counts["n_skipped"] = error.n_walked or 0, error.n_skipped
            counts["n_records"] = counts["n_rejected"] = counts["n_walked"] - counts["n_skipped"]
            self.ledgers[key] = pd.DataFrame([{**counts, **row}], columns=list(LEDGER_COLUMNS))
            self.tables[key] = (
                error.findings if error.findings is not None else _unusable(key, error)
            )
            return None
        return self._kept(key, layer)

    def _kept(self, key: str, layer: Layer) -> Layer:
        self.layers[key] = layer
        self.ledgers[key] = layer.ledger
        self.tables[key] = layer.findings
        return layer

    def zone_terms(self) -> ZoneTerms:
        """What districts are called in this city, and the former ones among them."""
        named: dict[str, str] = {}
        if self.profile is not None:
            for code, names in self.profile.aliases.items():
                named |= dict.fromkeys(names, code)
        if self.crosswalk is not None and "district" in self.zones_by_level:
            named |= successors(self.crosswalk, list(self.zones.index))
        return ZoneTerms(self.found.unit, named)

    # -- zones

    @property
    def zones(self) -> gpd.GeoDataFrame:
        """Districts indexed by code; none where the source has none."""
        return self.zones_by_level["district"]

    def load_zones(self, given: gpd.GeoDataFrame | Profile | None) -> None:
        """Load districts and streets; those of a profile where the source has none."""
        frame = given if isinstance(given, gpd.GeoDataFrame) else None
        whose = given if isinstance(given, Profile) else self.profile
        for key, spec in self.specs.items():
            if spec.role != "zones" or (spec.level == "district" and frame is not None):
                continue
            layer = None if isinstance(given, Profile) else self.load(key)
            if layer is None or not spec.level:
                continue
            self._settle_crs(layer.data)
            if self.metric is not None and layer.data.crs != self.metric.crs:
                layer = self.load(key) or layer
            indexed = self._indexed(layer)
            if len(indexed):
                self.zones_by_level[spec.level] = indexed
            else:
                self.findings.add("ZONES_SHAPELESS", value=len(layer.data), about=spec.key)
        if frame is not None:
            self._settle_crs(frame)
            self.zones_by_level["district"] = frame.to_crs(self.crs)
        elif "district" not in self.zones_by_level and whose is not None:
            self._take_outlines(whose)
        self._cut_units()
        if "district" not in self.zones_by_level:
            # Streets alone say nothing about districts.
            self.zones_by_level.pop("street", None)
            self.findings.add("ZONES_MISSING")

    def _take_outlines(self, profile: Profile) -> None:
        path = profile.outlines.get("districts")
        if path is None:
            return
        # Streets of the source say nothing about districts they do not tile.
        self.zones_by_level.pop("street", None)
        layer = read_layer(path, self.specs["districts"], metric_crs=self.metric_crs)
        self.findings.add("ZONES_PACKAGED", value=profile.key)
        self.zones_by_level["district"] = self._ordered(
            layer.data[layer.located].set_index("district_code")
        )
        self._settle_crs(self.zones)

    def _indexed(self, layer: Layer) -> gpd.GeoDataFrame:
        spec = layer.spec
        frame = layer.data[layer.located].set_index(spec.id_field)
        current = valid_on(frame, self.found.data_date)
        if current is not frame:
            self.vintage = self.found.data_date
            self.findings.add(
                "ZONES_VINTAGE",
                value=len(current),
                expected=len(frame),
                about=spec.key,
                detail=_day(self.found.data_date),
            )
        if spec.level == "district":
            return self._ordered(current)
        return current.sort_index()

    def _ordered(self, frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        for code, name in self.found.names.items():
            if code in frame.index and "name_zh" in frame.columns:
                frame.loc[code, "name_zh"] = name
        order = [c for c in self.found.order if c in frame.index]
        return frame.loc[[*order, *sorted(set(frame.index) - set(order))]]

    def _cut_units(self) -> None:
        units = self.found.units
        if not units or "district" not in self.zones_by_level:
            return
        outlines = {}
        for unit in units:
            if unit.outline is not None:
                drawn = read_layer(
                    unit.outline, self.specs["districts"], metric_crs=self.metric_crs
                ).data
                outlines[unit.code] = shapely.union_all(drawn.geometry.dropna().to_numpy())
        districts, streets = cut_units(
            self.zones, self.zones_by_level.get("street"), units, outlines, self.findings
        )
        self.zones_by_level["district"] = self._ordered(districts)
        if streets is not None:
            self.zones_by_level["street"] = streets

    # -- the CRS

    def _settle_crs(self, zones: gpd.GeoDataFrame) -> None:
        """Measure the city in the CRS that was asked for, else in one chosen from its zones."""
        if self.metric is not None or zones.crs is None or not len(zones):
            return
        lon, lat = zone_positions(zones)
        self._set_crs(lon, lat, Text("分区", "the zones"))

    def _set_crs(self, lon: np.ndarray, lat: np.ndarray, what: Text) -> None:
        if self.metric_crs is None:
            self.metric = choose_metric_crs(lon, lat, chosen_from=what)
        else:
            self.metric = check_metric_crs(
                self.metric_crs, lon, lat, self.gate.function, how=self.metric_how
            )
        self.metric_crs = self.metric

    def load_rest(self, keys: Iterable[str]) -> None:
        """Read the layers that are no zones, all in the one CRS of the city."""
        # Roads first: by them it shows where positions of the other layers are shifted.
        order = sorted(keys, key=lambda k: k != "roads")
        zones = self.zones_by_level.get("district")
        for key in order:
            self.load(key, zones)
        if self.metric is not None:
            return
        lon, lat = self._positions()
        if not len(lon):
            return
        self._set_crs(lon, lat, Text("各图层的位置", "the positions of the layers"))
        for key in order:
            layer = self.layers.get(key)
            if layer is not None and layer.data.crs != self.crs:
                self.load(key, zones)

    def _positions(self) -> tuple[np.ndarray, np.ndarray]:
        """Places of all accepted records in degrees, without the strays at either end."""
        parts = []
        for layer in self.layers.values():
            located = layer.data.geometry[layer.located]
            if len(located):
                places = located.representative_point().to_crs(_WGS84)
                parts.append(np.column_stack([places.x, places.y]))
        if not parts:
            return np.empty(0), np.empty(0)
        places = np.concatenate(parts)
        low, high = np.percentile(places, _MIDDLE, axis=0)
        inside = ((places >= low) & (places <= high)).all(axis=1)
        if not inside.any():
            # Of two or three places each may be at an end: then none of them is a stray.
            inside[:] = True
        lon, lat = places[inside].T
        return lon, lat

    @property
    def crs(self) -> CRS:
        """The CRS of the city; degrees where it has not a single place to measure."""
        if self.metric is not None:
            return self.metric.crs
        return CRS.from_user_input(_WGS84 if self.metric_crs is None else self.metric_crs)


def _unusable(key: str, error: CityDataError) -> pd.DataFrame:
    findings = Findings(key)
    findings.add("LAYER_UNUSABLE", detail=error.text)
    return findings.frame()


def take_layer(layer: Layer, crs: CRS | None, zones: gpd.GeoDataFrame | None, gate: Gate) -> Layer:
    """Return a layer that was read before as one of a city with this CRS and these zones.

    Its records lie in the districts of the city, whatever zones it was read with.

    Raises
    ------
    CRSError
        It is in another CRS.
    """
    data = layer.data
    if crs is not None and data.crs is None and not layer.located.any():
        layer = replace(layer, data=data.set_crs(crs))
    elif crs is not None and data.crs != crs:
        key = layer.spec.key
        raise CRSError(
            Text(
                f"{gate.function}：图层 {key} 的坐标系是 {_name_of(data.crs)}，城市的是 "
                f"{_name_of(crs)}。",
                f"{gate.function}: the layer {key} is in {_name_of(data.crs)}, the city in "
                f"{_name_of(crs)}.",
            ),
            remedy=Text(
                f"请给出其数据（city 会重新读取）：layer.data，或用 read_layer(..., "
                f"metric_crs={_name_of(crs)!r}) 读取。",
                f"Give its frame, layer.data, which is read anew; or read it with "
                f"read_layer(..., metric_crs={_name_of(crs)!r}).",
            ),
        )
    if zones is None or layer.spec.role != "facility" or "district_code" not in layer.data:
        return layer
    index = ZoneIndex(zones)
    data = layer.data
    code = take_text(index.codes, index.owner(data.geometry.to_numpy())).set_axis(data.index)
    code = code.where(layer.located, data["district_code"])
    if code.equals(data["district_code"]):
        return layer
    return replace(layer, data=data.assign(district_code=code))


def check_districts(zones: Any, gate: Gate) -> gpd.GeoDataFrame:
    """Return districts that passed the gate, outlines repaired, indexed by code as text.

    Raises
    ------
    CityDataError
        They are no frame, have no CRS, or are not zones: no polygons, a code missing or repeated.
    """
    frame = gate.frame(zones, "zones", needs_columns=True)
    if frame.empty:
        raise gate.refuse(
            Text("zones 为空，没有任何分区。", "zones is empty: there are no zones."),
            Text("没有分区时请省略 zones。", "Leave zones out where there are none."),
        )
    if frame.crs is None:
        raise CRSError(
            Text(f"{gate.function}：zones 没有坐标系。", f"{gate.function}: zones has no CRS."),
            remedy=Text(
                "请先写明，如 zones.set_crs('EPSG:4490')。",
                "Say which it is in, as with zones.set_crs('EPSG:4490').",
            ),
        )
    frame = _indexed_by_code(frame)
    lon, lat = zone_positions(frame)
    if len(lon) and not is_metric(frame.crs):
        frame = frame.to_crs(choose_metric_crs(lon, lat).crs)
    return frame.set_geometry(gate.zones(frame))


def _indexed_by_code(zones: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return districts indexed by code as text, which is what every column of codes holds.

    A code may stand in a column ``district_code`` in place of the index; 320508 and 320508.0 are
    the same code.
    """
    if "district_code" in zones.columns and isinstance(zones.index, pd.RangeIndex):
        zones = zones.set_index("district_code")
    codes = zones.index
    if isinstance(codes, pd.MultiIndex) or codes.isna().any():
        # The gate says so.
        return zones
    if pd.api.types.is_float_dtype(codes.dtype) and (codes % 1 == 0).all():
        codes = codes.astype("int64")
    return zones.set_axis(codes.astype("str").rename("district_code"))


def _name_of(crs: CRS | None) -> str:
    return "—" if crs is None else str(crs.to_string() if crs.to_epsg() else crs.name)


def _for(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, Mapping) else value


def _day(day: pd.Timestamp | None) -> str:
    return "—" if day is None else f"{day:%Y-%m-%d}"
