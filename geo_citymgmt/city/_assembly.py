"""What a city consists of, read layer after layer, with the account of what could not be used."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from geo_citymgmt._datums import in_crs
from geo_citymgmt._gate import Gate
from geo_citymgmt._languages import Messages, Text, join_texts, listed
from geo_citymgmt._metric import (
    MetricCRS,
    check_metric_crs,
    choose_metric_crs,
    is_metric,
    zone_positions,
)
from geo_citymgmt.city._config import CitySource, LayerSource, in_one_line
from geo_citymgmt.city._office import OFFICE_FILES, read_office
from geo_citymgmt.city._places import propose_places
from geo_citymgmt.city._recognition import (
    CityName,
    add_assumption,
    city_of_outline,
    district_names,
    recognise_city,
)
from geo_citymgmt.city._reporting import (
    cut_units,
    outline_of,
    part_overlaps,
    read_crosswalk,
    report_aliases,
    successors,
    valid_on,
    zone_labels,
)
from geo_citymgmt.city._side_tables import (
    assumed_day,
    city_events,
    laid_over,
    no_rows,
    nothing_reported,
    office_clock,
    read_reported,
    with_due_times,
)
from geo_citymgmt.city._tables import (
    ACCOUNT_COLUMNS,
    CITY_WORDS,
    TARGET_COLUMNS,
    account_row,
    read_published,
    read_targets,
    report_faults,
    reported_as_unusable,
)
from geo_citymgmt.cleaning._place import ZoneNames, ZoneTerms, zone_keys
from geo_citymgmt.decisions import (
    account_of_decisions,
    compare_findings,
    corrections_of,
    mark_accepted,
    read_decisions,
    report_unclear,
)
from geo_citymgmt.errors import CityDataError, CRSError, ScaleWarning
from geo_citymgmt.findings import Findings, concat_findings
from geo_citymgmt.indicators import Figures, check_figures, load_figures
from geo_citymgmt.indicators._definitions import check_targets
from geo_citymgmt.layer import LEDGER_COLUMNS, Layer, read_layer
from geo_citymgmt.profiles import Profile, load_profile
from geo_citymgmt.reading import Raw, read_raw
from geo_citymgmt.reading._text import plain_key, take_text
from geo_citymgmt.spec import LayerSpec, counted_by, levels_above, load_specs, zone_levels
from geo_citymgmt.worktime import Clock
from geo_citymgmt.zones._ownership import ZoneIndex

_MESSAGES = Messages("geo_citymgmt.city")

#: A strip narrower than twice this, between outlines that were drawn apart, is no gap.
_SLIVER_M = 10.0
#: Metres of equal area: nothing is measured in it, but what measures asks for metres.
_ANYWHERE, _WGS84 = 6933, 4326
#: As far as this beyond the records of a city without zones another layer of it may lie.
_NEAR_DEGREES = 0.1
#: Ways in which a CRS was known that is not a guess.
_STATED = ("file", "given", "name")
#: A city without zones lies where the middle 98 % of its records are.
_MIDDLE = (1.0, 99.0)


@dataclass(frozen=True)
class Given:
    """What the caller of a city says, which wins over its source and its profile."""

    zones: gpd.GeoDataFrame | str | Path | None = None
    metric_crs: Any = None
    crs: Any = None
    fallback_crs: Any = None
    datum: str | Mapping[str, str] | None = None
    decisions: str | Path | None = None
    figures: str | Path | None = None


@dataclass
class Builder:
    """Loads one layer after the other and keeps the account of those that failed."""

    found: CitySource
    specs: Mapping[str, LayerSpec]
    given: Given
    profile: Profile | None
    gate: Gate
    decided: pd.DataFrame | None = None
    crosswalk: pd.DataFrame | None = None
    clock: Clock = field(default_factory=Clock)
    metric: MetricCRS | None = None
    layers: dict[str, Layer] = field(default_factory=dict)
    zones_by_level: dict[str, gpd.GeoDataFrame] = field(default_factory=dict)
    vintage: pd.Timestamp | None = None
    #: What the outline of the whole says of the city, where it stands among the districts.
    outline: CityName | None = None
    findings: Findings = field(default_factory=Findings)
    #: One row a table beside the layers.
    account: list[dict[str, Any]] = field(default_factory=list)
    ledgers: dict[str, pd.DataFrame] = field(default_factory=dict)
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    unread: dict[str, Text] = field(default_factory=dict)
    #: Names in the outlines that the city calls otherwise, with the code.
    renamed: dict[str, str] = field(default_factory=dict)
    _registers: dict[str, Raw | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        stated = self.given.metric_crs
        self.metric_crs = self.found.metric_crs if stated is None else stated
        self.metric_how = _metric_how(self.found, self.profile, stated)

    # -- one layer

    def _register(self, key: str, entry: LayerSource) -> Raw | None:
        """Return the office's list of a layer as read, once; None without one that can be used."""
        if entry.ledger is None:
            return None
        if key not in self._registers:
            self._registers[key] = None
            with reported_as_unusable(entry.ledger, "register", self.findings, self.account):
                self._registers[key] = read_raw(entry.ledger)
        return self._registers[key]

    def account_for_registers(self) -> None:
        """Add the offices' lists that could be used to the account: one row a list."""
        for key, raw in self._registers.items():
            if raw is None:
                continue
            n_used = 0
            if key in self.layers:
                again = self.layers[key].findings["code"].eq("LEDGER_MANY").sum()
                ragged = np.isin(raw.record, raw.findings.records_with("rejected")).sum()
                n_used = len(raw.frame) - int(again + ragged)
            self.account.append(account_row(raw, raw.name, "register", n_used))

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
        try:
            layer = self._read_source(key, entry, zones)
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

    def _read_source(self, key: str, entry: LayerSource, zones: gpd.GeoDataFrame | None) -> Layer:
        roads = self.layers["roads"].data if "roads" in self.layers and key != "roads" else None
        if entry.doubt is not None:
            raise entry.doubt
        return read_layer(
            entry.source,
            self.specs[key],
            sublayer=entry.sublayer,
            encoding=entry.encoding,
            crs=_for(self.given.crs, key) or entry.crs,
            fallback_crs=self.given.fallback_crs,
            datum=_for(self.given.datum, key) or entry.datum,
            x=entry.x,
            y=entry.y,
            aliases=entry.fields,
            values=entry.values,
            ledger=self._register(key, entry),
            corrections=None if self.decided is None else corrections_of(self.decided, key),
            pipeline=entry.pipeline,
            repair=entry.repair,
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

    def _kept(self, key: str, layer: Layer) -> Layer:
        layer = with_due_times(layer, self.clock)
        self.layers[key] = layer
        self.ledgers[key] = layer.ledger
        self.tables[key] = layer.findings
        return layer

    def zone_terms(self) -> ZoneTerms:
        """What districts are called in this city, and the former ones among them."""
        named = dict(self.renamed)
        keys = zone_keys(self.zones_by_level.get("district"))
        for zone, names in self.found.aliases.items():
            codes = keys.get(plain_key(zone), [])
            named |= dict.fromkeys(names, codes[0] if len(codes) == 1 else zone)
        return ZoneTerms(self.found.unit, named | self.merged())

    def merged(self) -> dict[str, str]:
        """Former districts with the one of today that each of them became."""
        if self.crosswalk is None or "district" not in self.zones_by_level:
            return {}
        return successors(self.crosswalk, list(self.zones.index))

    # -- zones

    @property
    def zones(self) -> gpd.GeoDataFrame:
        """Districts indexed by code; none where the source has none."""
        return self.zones_by_level["district"]

    def load_zones(self, given: gpd.GeoDataFrame | Profile | None) -> None:
        """Load districts and streets; those of a profile where the source has none."""
        frame = given if isinstance(given, gpd.GeoDataFrame) else None
        profile = given if isinstance(given, Profile) else self.profile
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
                own = pd.Series(spec.level, indexed.index)
                if "level" in indexed.columns and "level" in spec.fields:
                    # One table may hold several levels: streets with what lies within them.
                    own = indexed["level"].astype("str").fillna(spec.level)
                for level, part in indexed.groupby(own, sort=False):
                    self.zones_by_level.setdefault(str(level), part)
            else:
                self.findings.add("ZONES_SHAPELESS", value=len(layer.data), about=spec.key)
        if frame is not None:
            self._settle_crs(frame)
            self.zones_by_level["district"] = in_crs(frame, self.crs)
        elif "district" not in self.zones_by_level and profile is not None:
            self._take_outlines(profile)
        self._leave_out_outline()
        self._cut_units()
        if "district" not in self.zones_by_level:
            # Streets alone say nothing about districts.
            self.findings.add("ZONES_MISSING", detail=self._zones_for_districts())
            self.zones_by_level.clear()
        known = [n for n in zone_levels(self.specs) if n in self.zones_by_level]
        zones = self.zones_by_level
        self.zones_by_level = {n: part_overlaps(zones[n], n, self.findings) for n in known}
        report_aliases(self.found, self.zones_by_level.get("district"), self.findings)
        for level in known:
            above = [n for n in levels_above(self.specs, level)[:-1] if n in known]
            if above:
                self._report_gaps(above[-1], level)

    def _zones_for_districts(self) -> Text:
        """How zones of another level stand in for districts, which a county-level city has not."""
        levels = [n for n in zone_levels(self.specs) if n in self.zones_by_level]
        spec = next((s for s in self.specs.values() if levels and s.level == levels[0]), None)
        entry = None if spec is None else self.found.layers.get(spec.key)
        if spec is None or entry is None:
            return Text("", "")
        own = next(s for s in self.specs.values() if s.level == "district")
        mapping = self.layers[spec.key].mapping
        pairs = ((spec.id_field, own.id_field), (spec.label or "", own.label or ""))
        if not (said := entry.said(self.found.root)):
            return _MESSAGES("other_as_districts", spec=spec)
        said["fields"] = {mapping[theirs]: name for theirs, name in pairs if theirs in mapping}
        return _MESSAGES("file_as_districts", spec=spec, said=in_one_line(said))

    def _leave_out_outline(self) -> None:
        """Take the outline of the city from among the districts: it would own what is theirs."""
        zones = self.zones_by_level.get("district")
        code = None if zones is None else outline_of(zones)
        # Who gives it a place among the districts wants it as one.
        if zones is None or code is None or str(code) in self.found.order:
            return
        row, self.zones_by_level["district"] = zones.loc[code], zones.drop(index=code)
        self.outline = city_of_outline(code, row.get("name_zh"), row.get("name_en"))
        filled = self.zones.geometry.union_all().intersection(row.geometry).area / row.geometry.area
        self.findings.add(
            "ZONES_OUTLINE",
            value=zone_labels(zones.loc[[code]])[0],
            expected=code,
            detail=f"{filled:.0%}",
            about=str(code),
        )

    def _report_gaps(self, above: str, level: str) -> None:
        """Tell the zones that those of the level below leave open: what lies there is in none."""
        spec = next(s for s in self.specs.values() if s.level == level)
        name = Text(spec.name_zh, spec.name_en.lower())
        below = shapely.union_all(self.zones_by_level[level].geometry.to_numpy())
        gaps = self.zones_by_level[above].geometry.difference(below)
        # Where two outlines were drawn apart there is no gap.
        for code, gap in gaps[~gaps.buffer(-_SLIVER_M).is_empty].items():
            self.findings.add(
                "ZONES_UNCOVERED", value=code, expected=level, about=f"{level} {code}",
                detail=f"{gap.area:,.0f}", parts=name,
            )  # fmt: skip

    def _take_outlines(self, profile: Profile) -> None:
        path = profile.outlines.get("districts")
        if path is None:
            return
        # Streets of the source say nothing about districts they do not tile.
        self.zones_by_level.clear()
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
                if pd.notna(drawn := frame.loc[code, "name_zh"]):
                    # Tables may say what the outlines said.
                    self.renamed[drawn] = str(code)
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

    def offer_crs(self) -> None:
        """Say of layers without a CRS which one of other layers puts them beside these."""
        without = [key for key in self.unread if self.tables[key]["code"].eq("CRS_MISSING").any()]
        if not without or (box := self._surroundings()) is None:
            return
        stated: dict[str, list[str]] = {}
        for key, layer in self.layers.items():
            code, source = layer.ledger[["crs", "crs_source"]].iloc[0]
            if source in _STATED and layer.located.any():
                stated.setdefault(str(code), []).append(key)
        for key in without:
            for code in [c for c in stated if self._lies_in(key, c, box)]:
                files = [Path(str(self.ledgers[k]["source"].iloc[0])).name for k in stated[code]]
                # Without a code it is the text of a .prj, which has a name, and quotes of its own.
                crs = CRS(code).name if '"' in code else code
                told = Findings(key)
                told.add(
                    "CRS_OFFERED",
                    value=code.replace('"', '\\"'),
                    expected=key,
                    detail=_MESSAGES("crs_of_others", crs=crs, files=listed(files)),
                )
                self.tables[key] = concat_findings([self.tables[key], told.frame()])
                text = Text(*told.frame()[["message_zh", "message_en"]].iloc[0])
                self.unread[key] = join_texts([self.unread[key], text], Text("", " "))

    def _surroundings(self) -> np.ndarray | None:
        """Return the box of the zones in degrees; without any a wide one of the records."""
        if (zones := self.zones_by_level.get("district")) is not None:
            return np.asarray(zones.to_crs(_WGS84).total_bounds)
        lon, lat = self._positions()
        if not len(lon):
            return None
        low, high = np.array([lon.min(), lat.min()]), np.array([lon.max(), lat.max()])
        size = np.maximum(high - low, _NEAR_DEGREES)
        return np.concatenate([low - size, high + size])

    def _lies_in(self, key: str, code: str, box: np.ndarray) -> bool:
        """Whether the middle of what of a layer is read in a CRS lies in a box of degrees."""
        entry = replace(self.found.layers[key], crs=code)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ScaleWarning)
                layer = self._read_source(key, entry, None)
        except CityDataError:
            return False
        # Files of the layer that are in another one lie right whatever it is.
        inside = layer.sources.loc[layer.sources["crs"].eq(code), "source"]
        read = layer.data.geometry[layer.located & layer.source_of.isin(inside)]
        places = read.representative_point().to_crs(_WGS84)
        return bool(shapely.box(*box).covers(shapely.Point(places.x.median(), places.y.median())))

    def propose_places(self) -> None:
        """Give records without coordinates a place where the office asks for it."""
        roads = self.layers["roads"].data if "roads" in self.layers else None
        for key, entry in self.found.layers.items():
            if entry.places and key in self.layers and "district" in self.zones_by_level:
                layer = propose_places(self.layers[key], self.zones_by_level, roads)
                self._kept(key, layer)

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

    def settle(self) -> None:
        """Give layers without a single place the CRS of the city: they are asked beside others."""
        for key, layer in self.layers.items():
            if layer.data.crs is None and not layer.located.any():
                self.layers[key] = replace(layer, data=layer.data.set_crs(self.crs))

    @property
    def crs(self) -> CRS:
        """The CRS of the city; one of the whole world where it has no place to be measured."""
        if self.metric is not None:
            return self.metric.crs
        return CRS.from_user_input(_ANYWHERE if self.metric_crs is None else self.metric_crs)


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
        raise _MESSAGES.error(
            CRSError,
            "layer_in_other_crs",
            gate=gate,
            key=key,
            its=_name_of(data.crs),
            crs=_name_of(crs),
        )
    if zones is None or not layer.spec.is_counted or "district_code" not in layer.data:
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
        raise gate.refuse(*_MESSAGES.pair("zones_empty"))
    if frame.crs is None:
        raise _MESSAGES.error(CRSError, "zones_without_crs", gate=gate)
    frame = _indexed_by_code(frame)
    lon, lat = zone_positions(frame)
    if len(lon) and not is_metric(frame.crs):
        frame = in_crs(frame, choose_metric_crs(lon, lat).crs)
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


def assemble(
    found: CitySource,
    specs: Mapping[str, LayerSpec],
    profile: Profile | None,
    source: str,
    given: Given,
    wanted: Sequence[str] | None = None,
) -> dict[str, Any]:
    """Read what was found; return the fields of a city. ``source`` is what people know it as.

    The way of every city, whether it comes from files or from frames.
    """
    if found.amounts_by:
        specs = counted_by(specs, found.amounts_by)
    builder = Builder(
        found, specs, given, profile, Gate(source if found.in_memory else "load_city")
    )
    findings, account = builder.findings, builder.account
    findings.extend(found.findings)
    if given.decisions is not None:
        builder.decided = read_decisions(given.decisions, specs)
        report_unclear(builder.decided, findings)
        account.append(account_of_decisions(builder.decided, Path(str(given.decisions)).name))
    zones: Any = given.zones
    if zones is not None and not isinstance(zones, (str, Path)):
        zones = check_districts(zones, builder.gate)
    builder.crosswalk = _crosswalk(found, findings, account)
    builder.clock = office_clock(found, findings, account)
    builder.load_zones(load_profile(zones) if isinstance(zones, (str, Path)) else zones)
    facilities = [k for k in specs if specs[k].role != "zones"]
    builder.load_rest([k for k in facilities if not wanted or k in wanted])
    builder.offer_crs()
    builder.propose_places()
    builder.settle()
    builder.account_for_registers()
    layers = {k: builder.layers[k] for k in specs if k in builder.layers}
    if not layers:
        raise _nothing_usable(source, builder)
    by_level = builder.zones_by_level
    by_level.setdefault("district", _no_zones(builder.crs))
    figures = load_figures(
        given.figures if given.figures is not None else found.figures, profile=profile
    )
    check_figures(figures, specs)
    events = city_events(found.events, specs, layers, findings, account, only=wanted)
    name, code = _named(found, by_level["district"], layers, builder.outline, findings)
    whole = (code, name.zh, name.en, *CITY_WORDS)
    zone_names = ZoneNames(whole, by_level, builder.zone_terms(), builder.merged())
    targets = _targets(builder, figures, zone_names)
    check_targets(targets, figures, by_level["district"], code, findings, found.unit)
    reported = None
    if profile is not None and (file := profile.published_file) is not None:
        with reported_as_unusable(file, "published", findings, account):
            reported = read_published(profile, file, findings, account)
    reported_figures = _reported_figures(builder, figures, zone_names)
    own = {name: getattr(found, name) for name in OFFICE_FILES}
    office = read_office(own, profile, specs, figures, findings)
    data_date = found.data_date or assumed_day(layers, events, findings)
    all_findings, since = accounted([findings.frame(), *builder.tables.values()], builder.decided)
    ledger = pd.concat(builder.ledgers.values(), ignore_index=True)
    ledger["data_date"] = pd.Series(data_date, index=ledger.index, dtype="datetime64[us]")
    from_data = {"name_zh": name.zh, "name_en": name.en, "code": code}
    if builder.metric is not None:
        from_data["metric_crs"] = builder.metric.code
    return {
        "layers": layers,
        "zones_by_level": by_level,
        "events": events,
        "targets": targets,
        "data_date": data_date,
        "findings": all_findings,
        "unread": builder.unread,
        "decisions": builder.decided,
        "since": since,
        "ledger": ledger,
        "specs": specs,
        "name_zh": name.zh,
        "name_en": name.en,
        "code": code,
        "source": "" if found.in_memory else source,
        "inputs": found.inputs(),
        "figures": figures,
        "profile": profile,
        "unit": found.unit,
        "metric": builder.metric,
        "vintage": builder.vintage,
        "data_source": found.data_source,
        "notice": found.notice,
        "month_starts": found.month_starts,
        "settings": found.settings(profile, from_data),
        "office": office,
        "zone_terms": builder.zone_terms(),
        "stated_date": found.data_date,
        "tables": pd.DataFrame(account, columns=list(ACCOUNT_COLUMNS)),
        "reported": reported,
        "clock": builder.clock,
        "reported_figures": reported_figures,
    }


def accounted(
    tables: Sequence[pd.DataFrame], decided: pd.DataFrame | None
) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """Return all findings, and where there are decisions what is new, remains or is resolved."""
    findings = concat_findings(tables)
    if decided is None:
        return findings, None
    return mark_accepted(findings, decided), compare_findings(decided, findings)


def specs_of(
    specs: Mapping[str, LayerSpec] | str | Path | None,
    profile: Profile | None,
    source: Path | None = None,
) -> Mapping[str, LayerSpec]:
    """Return the layers of a city: the package's, over them those of profile, source and caller."""
    if isinstance(specs, Mapping):
        return specs
    below = [None if profile is None else profile.layers, source and layers_beside(source)]
    return load_specs(specs, below=[folder for folder in below if folder is not None])


def layers_beside(source: Path) -> Path | None:
    """Return the folder of an office's own layer files beside its data, None without one."""
    folder = (source if source.is_dir() else source.parent) / "layers"
    is_city = source.is_dir() or source.suffix.lower() == ".toml"
    # A folder with a city.toml is one of data.
    if not is_city or (folder / "city.toml").exists():
        return None
    return folder if any(folder.glob("*.toml")) else None


def _metric_how(found: CitySource, profile: Profile | None, given: Any) -> Text:
    if given is not None:
        return Text("用户指定", "given")
    if profile is not None and found.metric_crs == profile.metric_crs:
        return Text(f"配置 {profile.key} 指定", f"given by profile {profile.key}")
    return Text("来源指定", "given by the source")


def _no_zones(crs: CRS) -> gpd.GeoDataFrame:
    index = pd.Index([], name="district_code", dtype="str")
    return gpd.GeoDataFrame(
        {"name_zh": pd.Series([], dtype="str", index=index)}, geometry=[], crs=crs
    ).set_index(index)


def _named(
    found: CitySource,
    zones: gpd.GeoDataFrame,
    layers: Mapping[str, Layer],
    outline: CityName | None,
    findings: Findings,
) -> tuple[Text, str]:
    """Whose city it is: as stated, by its outline, by codes or names of districts, its folder."""
    if found.name.zh and found.code:
        return found.name, found.code
    folder = found.root.resolve().name if found.root.name in ("", ".") else found.root.name
    if found.in_memory:
        folder = ""
    elif found.file is not None:
        # A single file is called by its own name: the folder it happens to lie in says nothing.
        folder = found.file.stem
    frames = [layer.data for layer in layers.values()]
    known = outline or recognise_city(zones.index, district_names(zones, frames), folder)
    if found.in_memory and known.how == "folder" and not found.name.zh:
        findings.add("CITY_UNNAMED", value=known.name.zh, expected=known.code, action="assumed")
    elif not found.name.zh and (known.how == "names" or found.file is None):
        add_assumption(known, findings, found.table)
    return (found.name if found.name.zh else known.name), found.code or known.code


def _succeeded(
    targets: pd.DataFrame, merged: Mapping[str, str], findings: Findings
) -> pd.DataFrame:
    """Bring targets of zones that merged to the zone they merged into, where it has none."""
    if not merged or targets.empty:
        return targets
    old = targets["zone_code"].isin(merged)
    for code in targets.loc[old, "zone_code"].unique():
        detail = Text("目标表", "targets")
        findings.add(
            "ZONES_SUCCEEDED", value=code, about=str(code), expected=merged[code], detail=detail
        )
    moved = targets.assign(zone_code=targets["zone_code"].replace(merged))
    keys = ["indicator", "zone_code", "deadline"]
    # Targets of several zones that became one add up.
    sums = moved.groupby(keys, dropna=False, sort=False)["target"].transform(
        lambda column: column.sum(skipna=False)
    )
    rest = moved.assign(target=sums).drop_duplicates(keys)
    return rest.reset_index(drop=True)


def _crosswalk(
    found: CitySource, findings: Findings, account: list[dict[str, Any]]
) -> pd.DataFrame | None:
    """Former zones with those of today; None where no file says them, or it cannot be used."""
    if found.crosswalk is None:
        return None
    with reported_as_unusable(found.crosswalk, "crosswalk", findings, account):
        return read_crosswalk(found.crosswalk, findings, account)
    return None


def _nothing_usable(source: Any, builder: Builder) -> CityDataError:
    tables = concat_findings([builder.findings.frame(), *builder.tables.values()])
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
        remedy=_MESSAGES("name_files"),
        findings=tables,
    )


def _targets(builder: Builder, figures: Figures, zones: ZoneNames) -> pd.DataFrame:
    """Targets of the zones of today; what cannot be used is told, and no target."""
    targets = no_rows(TARGET_COLUMNS).astype({"deadline": "datetime64[us]", "target": "float64"})
    found, findings, account = builder.found, builder.findings, builder.account
    if found.targets is None:
        return targets
    with reported_as_unusable(found.targets, "targets", findings, account):
        targets, faults = read_targets(
            found.targets,
            figures,
            zones,
            found.unit,
            findings=findings,
            account=account,
        )
        report_faults(faults, findings, found.unit)
    return _succeeded(targets, builder.merged(), findings)


def _reported_figures(builder: Builder, figures: Figures, zones: ZoneNames) -> pd.DataFrame:
    """What was reported, by the profile and over it by the office."""
    found, profile, out = builder.found, builder.profile, nothing_reported()
    theirs = None if profile is None else profile.file("reported.csv")
    if theirs is not None and profile is not None:
        # Nobody here wrote what comes with the package.
        ours = profile.is_packaged
        findings, account = (Findings(), []) if ours else (builder.findings, builder.account)
        with reported_as_unusable(theirs, "reported", findings, account):
            out = read_reported(theirs, figures, zones, findings, account, found.unit)
    if found.reported is not None:
        findings, account = builder.findings, builder.account
        with reported_as_unusable(found.reported, "reported", findings, account):
            own = read_reported(found.reported, figures, zones, findings, account, found.unit)
            out = laid_over(out, own)
    return out
