"""A city: its layers, its zones, its events and targets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
from pyproj import CRS

from geo_citymgmt._dates import read_day
from geo_citymgmt._display import city_html, city_text
from geo_citymgmt._gate import Gate
from geo_citymgmt._languages import DISTRICT, NOTHING, Messages, Text, listed
from geo_citymgmt._metric import MetricCRS
from geo_citymgmt._overlay import Layered
from geo_citymgmt._values import equal_values, holds
from geo_citymgmt.city._assembly import (
    Given,
    accounted,
    assemble,
    layers_beside,
    specs_of,
    take_layer,
)
from geo_citymgmt.city._config import CitySource, LayerSource, profile_named
from geo_citymgmt.city._discovery import find_source, keep_within, reported_by_archive
from geo_citymgmt.city._office import packaged_office
from geo_citymgmt.city._places import propose_places
from geo_citymgmt.city._side_tables import (
    REPORTED_COLUMNS,
    latest_date,
    matched_events,
    nothing_reported,
)
from geo_citymgmt.city._tables import ACCOUNT_COLUMNS
from geo_citymgmt.cleaning._place import NO_TERMS, ZoneTerms
from geo_citymgmt.errors import CityDataError, CRSError, did_you_mean
from geo_citymgmt.findings import Findings, FindingsTable
from geo_citymgmt.indicators import Figures, load_figures
from geo_citymgmt.layer import LEDGER_COLUMNS, Layer, read_layer
from geo_citymgmt.profiles import Profile, load_profile, nothing_published
from geo_citymgmt.reading._limits import ReadLimits, within_limits
from geo_citymgmt.spec import LayerSpec, get_spec
from geo_citymgmt.worktime import Clock
from geo_citymgmt.writing import write_city, write_city_workbook, write_layer

_MESSAGES = Messages("geo_citymgmt.city")

#: Columns of the ledger that are the layer's, whatever number of sources it has.
_OF_LAYER = ("data_date", "metric_crs", "areal_error", "linear_error")


@holds(
    "layers", "zones_by_level", "events", "targets", "findings", "ledger", "specs", "unread",
    "decisions", "since", "tables", "reported", "reported_figures",
)  # fmt: skip
@dataclass(frozen=True, eq=False)
class City(Mapping[str, gpd.GeoDataFrame]):
    """Named layers with the zones they are counted by.

    A mapping from layer key to the accepted records of the layer; see also :meth:`layer`.

    A value: it can be pickled (so given to other processes) and copied, and nothing done to what
    it hands out changes it. ``city[key]``, ``city.zones`` and all other frames come as shallow
    copies, to which columns may be added, assigned and sorted; mappings are read-only.
    :meth:`with_layer` gives a city with another layer. Two cities are equal when all they hold is
    (values, types, index and CRS of the frames, and where they are from); they have no hash. What
    Python cannot guard is what lies inside a copy: an array written to
    (``city["manholes"].geometry.array[0] = ...``) or a list changed in its cell is shared. Take
    ``copy.deepcopy(city)`` before that.

    Attributes
    ----------
    name_zh, name_en, code : str
        Of the city; its code stands for the whole in tables.
    layers : dict of str to Layer
        Everything that could be read.
    zones_by_level : dict of str to GeoDataFrame
        "district" and, where there are any, "street", "community", "cell", indexed by code.
    events, targets : DataFrame
        Empty where there are none.
    data_date : Timestamp or None
        The day as of which the data stands.
    findings, ledger : DataFrame
        Of all layers, the unusable ones included.
    specs : dict of str to LayerSpec
        What the layers are.
    figures : Figures
        What is computed from them: the package's figures and those of the office.
    decisions : DataFrame or None
        The decisions it was loaded with.
    unread : mapping of str to Text
        Why each layer that could not be used was refused and what to do, in Chinese and English.
    since : DataFrame or None
        Which findings are new, remain or are resolved since then.
    profile : Profile or None
        What belongs to this city and its document; see ``geo_citymgmt.profiles``.
    unit : Text
        What a reporting unit of the first level is called.
    metric : MetricCRS or None
        The CRS in which it is measured, with its greatest errors; None without a single place.
    vintage : Timestamp or None
        The day whose zones count, where zones say from when to when they are valid.
    data_source, notice : Text
        Who reports the data, and what every page and map of it must say; empty for nothing.
    month_starts : int
        Day on which a statistical month begins; 1 for calendar months.
    settings : Layered
        Name, units, CRS and the like, each with the file it is from.
    office : mapping of str to Layered
        ``services``, ``bulletin`` and ``assessment``: the package's files with those of profile and
        office laid over them.
    zone_terms : ZoneTerms
        What districts are called, and their other names.
    stated_date : Timestamp or None
        The day the source states; else ``data_date`` is the last day on which something happened.
    tables : DataFrame
        The account of the tables beside the layers (events, targets, former zones, published
        figures, decisions, an office's lists): rows walked, skipped, used and left out.
    reported : DataFrame or None
        The published figures as they were read; see ``published``.
    clock : Clock
        The office's calendar and limits, by which due times are told.
    reported_figures : DataFrame
        What was reported of figures, by the office or in its profile; beside what is computed.

    See Also
    --------
    geo_citymgmt.load_city : a city from files.
    City.from_layers : a city from frames in memory.
    """

    layers: Mapping[str, Layer]
    zones_by_level: Mapping[str, gpd.GeoDataFrame]
    events: pd.DataFrame
    targets: pd.DataFrame
    data_date: pd.Timestamp | None
    findings: pd.DataFrame
    ledger: pd.DataFrame
    specs: Mapping[str, LayerSpec]
    name_zh: str = ""
    name_en: str = ""
    code: str = ""
    source: str = ""
    inputs: tuple[Path, ...] = field(default=(), repr=False)
    figures: Figures = field(default_factory=load_figures, repr=False)
    unread: Mapping[str, Text] = field(default_factory=dict, repr=False)
    decisions: pd.DataFrame | None = field(default=None, repr=False)
    since: pd.DataFrame | None = field(default=None, repr=False)
    profile: Profile | None = field(default=None, repr=False)
    unit: Text = DISTRICT
    metric: MetricCRS | None = field(default=None, repr=False)
    vintage: pd.Timestamp | None = None
    data_source: Text = NOTHING
    notice: Text = NOTHING
    month_starts: int = 1
    settings: Layered = field(default_factory=lambda: Layered({}), repr=False)
    office: Mapping[str, Layered] = field(default_factory=packaged_office, repr=False)
    zone_terms: ZoneTerms = field(default=NO_TERMS, repr=False)
    stated_date: pd.Timestamp | None = field(default=None, repr=False)
    tables: pd.DataFrame = field(
        default_factory=lambda: pd.DataFrame(columns=list(ACCOUNT_COLUMNS)), repr=False
    )
    reported: pd.DataFrame | None = field(default=None, repr=False)
    clock: Clock = field(default_factory=Clock, repr=False)
    reported_figures: pd.DataFrame = field(default_factory=nothing_reported, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "findings", FindingsTable(self.findings))

    @classmethod
    def from_layers(
        cls,
        layers: Mapping[str, pd.DataFrame | Layer],
        *,
        zones: gpd.GeoDataFrame | str | Path | None = None,
        profile: str | Path | Profile | None = None,
        metric_crs: Any = None,
        name_zh: str = "",
        name_en: str = "",
        code: str = "",
        data_date: Any = None,
        targets: pd.DataFrame | str | Path | None = None,
        events: pd.DataFrame | str | Path | None = None,
        reported: str | Path | None = None,
        datum: str | Mapping[str, str] | None = None,
        specs: Mapping[str, LayerSpec] | str | Path | None = None,
        figures: str | Path | None = None,
    ) -> City:
        """Make a city of frames in memory, on the way of :func:`geo_citymgmt.load_city`.

        Parameters
        ----------
        layers : mapping of str to GeoDataFrame or Layer; of tables, to DataFrame
            By key or name of the layer. A frame is read as :func:`geo_citymgmt.read_layer` reads
            it; one that cannot be used stands in the ledger as "unusable". A Layer is taken as it
            is, its records placed in the districts of this city.
        zones : GeoDataFrame, str or Path, optional
            Districts indexed by code (or with a column ``district_code``), in any CRS; or the
            profile whose outlines are to be used. Without them the layer "districts" is taken, and
            without that one figures are of the whole.
        profile, metric_crs, datum, specs, figures
            As for :func:`geo_citymgmt.load_city`.
        name_zh, name_en, code : str
            Whose city it is; else the profile says it, else the codes of its districts.
        data_date : date-like, optional
            The day as of which the data stands; else the last on which something happened.
        targets, events : DataFrame or path of a .csv, optional
            Tables of the form of ``targets.csv`` and ``events.csv``.
        reported : path of a .csv, optional
            What was reported, of the form of ``reported.csv``.

        Returns
        -------
        City

        Raises
        ------
        CityDataError
            A layer is not known or given twice, what is given is no frame, zones are not zones, or
            nothing could be used. Among them CRSError: a frame has no CRS, a Layer is in another
            one than the city.

        See Also
        --------
        geo_citymgmt.load_city : the same from files.
        City.with_layer : a city with another layer.

        Examples
        --------
        >>> frame = gpd.GeoDataFrame(
        ...     {"站点名称": ["一号", "二号"], "容量": [20, 30]},
        ...     geometry=gpd.points_from_xy([120.6, 120.7], [31.3, 31.4]), crs="EPSG:4490")
        >>> city = City.from_layers({"bike_stations": frame}, name_zh="某市", name_en="Some City")
        >>> city["bike_stations"]["capacity"].tolist(), city.metric.code
        ([20, 30], 'EPSG:4549')
        """

        gate = Gate("City.from_layers")
        named = _profile(profile, gate)
        known = specs_of(specs, named)
        found = CitySource(
            Path(),
            layers=_sources(layers, known, gate),
            events=_table(events, "events", gate),
            targets=_table(targets, "targets", gate),
            reported=None if reported is None else Path(reported),
            data_date=_day(data_date, gate),
            name=Text(name_zh or name_en, name_en or name_zh),
            code=str(code),
            in_memory=True,
        )
        found.under(named)
        given = Given(zones=zones, metric_crs=metric_crs, datum=datum, figures=figures)
        return cls(**assemble(found, known, named, gate.function, given))

    def with_layer(self, key: str, layer: gpd.GeoDataFrame | Layer) -> City:
        """Return the city in which the layer ``key`` is this one; the city itself stays.

        Figures, findings and ledger of what comes back are those with the new layer; events of
        records that it has not are left out, which is a finding.

        Parameters
        ----------
        key : str
            Key or name of the layer, which the city need not have yet. Zones are not exchanged.
        layer : GeoDataFrame or Layer
            A frame is read by :func:`geo_citymgmt.read_layer` with zones, CRS and date of this
            city. A Layer is taken as it is, its records placed in the districts of this city.

        Returns
        -------
        City

        Raises
        ------
        CityDataError
            The layer is not known, is one of zones, or is no frame; the frame cannot be read at
            all. Among them CRSError: it has no CRS, or a Layer is in another one than the city.

        See Also
        --------
        City.from_layers : a city of several frames.

        Examples
        --------
        >>> frame = gpd.GeoDataFrame(
        ...     {"站点名称": ["一号", "二号"], "容量": [20, 30]},
        ...     geometry=gpd.points_from_xy([120.6, 120.7], [31.3, 31.4]), crs="EPSG:4490")
        >>> city = City.from_layers({"bike_stations": frame}, name_zh="某市", name_en="Some City")
        >>> less = city.with_layer("bike_stations", city["bike_stations"].iloc[:1])
        >>> len(less["bike_stations"]), len(city["bike_stations"])
        (1, 2)
        """

        return city_with_layer(self, key, layer)

    def with_proposed_places(self, key: str) -> City:
        """Return the city in which records of a layer that have no place have one proposed.

        By the community, road or street they name, in a field of its own or in the address, within
        the district they name: a point on it. ``place_basis`` says by what; where several bear the
        name there is no proposal. They count in the zones of that place, and in no hot spot. The
        same as ``places = "proposed"`` of the layer in ``city.toml``.

        See Also
        --------
        City.with_layer
        """
        roads = self.get("roads")
        layer = propose_places(self.layer(key), self.zones_by_level, roads)
        return self.with_layer(key, layer)

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and equal_values(vars(self), vars(other))

    __hash__ = None  # type: ignore[assignment]

    def __getitem__(self, key: str) -> gpd.GeoDataFrame:
        return self.layer(key).data

    def __contains__(self, key: object) -> bool:
        # A Mapping would hand out a copy of the layer to find that it is there.
        return key in self.layers

    def __iter__(self) -> Iterator[str]:
        return iter(self.layers)

    def __len__(self) -> int:
        return len(self.layers)

    def _ipython_key_completions_(self) -> list[str]:
        return list(self.layers)

    def __repr__(self) -> str:
        return city_text(self)

    def _repr_html_(self) -> str:
        return city_html(self)

    def layer(self, key: str) -> Layer:
        """Return the layer ``key`` with its rejects, findings and ledger.

        Raises
        ------
        CityDataError
            There is no such layer, or it could not be used.
        """
        if key in self.layers:
            return self.layers[key]
        present = ", ".join(self.layers) or "none"
        raise _MissingLayerError(_MESSAGES("layer_missing", key=key, present=present))

    @property
    def sources(self) -> pd.DataFrame:
        """The account of each file, table and sheet that was read: ``ledger`` in its parts.

        A layer that cannot be used has one row, as in ``ledger``.

        Examples
        --------
        >>> import geo_citymgmt as gcm
        >>> city = gcm.sample_city()
        >>> bool(city.sources["n_accepted"].sum() == city.ledger["n_accepted"].sum())
        True
        """
        parts = []
        for _, row in self.ledger.iterrows():
            layer = self.layers.get(row["layer"])
            if layer is not None and len(layer.sources):
                parts.append(layer.sources)
            else:
                parts.append(row.to_frame().T)
        columns = [c for c in self.ledger.columns if c not in _OF_LAYER]
        if not parts:
            return self.ledger[columns]
        table = pd.concat([part.reindex(columns=columns) for part in parts], ignore_index=True)
        counts = [c for c in columns if c.startswith("n_")]
        return table.astype(dict.fromkeys(counts, "int64"))

    @property
    def zones(self) -> gpd.GeoDataFrame:
        """Districts, indexed by ``district_code``; no rows where the source has none."""
        return self.zones_by_level["district"]

    @property
    def has_zones(self) -> bool:
        """Whether there are districts to count by; else figures are of the whole."""
        return len(self.zones) > 0

    @property
    def metric_crs(self) -> CRS:
        """The CRS of every frame, in which areas and distances are measured."""
        return self.zones.crs

    @property
    def published(self) -> pd.DataFrame:
        """Figures published for this city, by its profile; no rows without one."""
        known = nothing_published() if self.reported is None else self.reported
        return known.copy(deep=False)

    @property
    def zones_advice(self) -> Text:
        """What was found to do about districts that are missing; empty where there are some."""
        told = self.findings
        # A city that somebody made may have a table of findings without columns.
        told = told[told["code"].eq("ZONES_MISSING")] if len(told) else told
        return Text(*told[["message_zh", "message_en"]].iloc[0]) if len(told) else Text("", "")

    def zones_at(self, level: str) -> gpd.GeoDataFrame:
        """Zones of ``level``, such as "district" or "street", indexed by code.

        Raises
        ------
        CityDataError
            The city has none.
        """
        if level not in self.zones_by_level:
            levels = listed(self.zones_by_level)
            cause = _MESSAGES("no_zones_of_level", level=level, levels=levels)
            raise CityDataError(cause, remedy=self.zones_advice)
        return self.zones_by_level[level]

    def to_file(
        self, path: str | Path, *, include_personal: bool = False, include_unknown: bool = False
    ) -> Path:
        """Write all layers, events and targets into one GeoPackage; see :func:`write_layer`."""
        about = pd.DataFrame(
            {
                "name_zh": [self.name_zh],
                "name_en": [self.name_en],
                "code": [self.code],
                "data_date": pd.Series([self.data_date], dtype="datetime64[us]"),
                "zone_order": [";".join(self.zones.index)],
                "profile": [self.profile.key if self.profile is not None else ""],
                "metric_crs": [self.metric_crs.to_string()],
                "source_zh": [self.data_source.zh],
                "source_en": [self.data_source.en],
                "notice_zh": [self.notice.zh],
                "notice_en": [self.notice.en],
            }
        )
        beside = {"events": self.events, "targets": self.targets, "city": about}
        if len(self.reported_figures):
            beside["reported"] = self.reported_figures[list(REPORTED_COLUMNS)]
        return write_city(
            self.layers,
            beside,
            Path(path),
            include_personal=include_personal,
            include_unknown=include_unknown,
        )

    def to_parquet(
        self, folder: str | Path, *, include_personal: bool = False, include_unknown: bool = False
    ) -> Path:
        """Write each layer as GeoParquet into ``folder``."""
        out = Path(folder)
        out.mkdir(parents=True, exist_ok=True)
        for key, layer in self.layers.items():
            write_layer(
                layer,
                out / f"{key}.parquet",
                include_personal=include_personal,
                include_unknown=include_unknown,
            )
        return out

    def to_excel(
        self, path: str | Path, *, include_personal: bool = False, include_unknown: bool = False
    ) -> Path:
        """Write the attributes of all layers into one workbook, a sheet each."""
        return write_city_workbook(
            self.layers,
            Path(path),
            include_personal=include_personal,
            include_unknown=include_unknown,
        )


class _MissingLayerError(CityDataError, KeyError):
    """A mapping's KeyError that reads like the package's other errors."""

    def __str__(self) -> str:
        return self.message


def city_with_layer(city: City, key: str, layer: gpd.GeoDataFrame | Layer) -> City:
    """See :meth:`City.with_layer`."""
    gate = Gate("City.with_layer")
    spec = _known(key, city.specs, gate)
    if spec.role == "zones":
        anew = (
            f'City.from_layers({{**city, "{spec.key}": frame}}, profile=city.profile, '
            "name_zh=city.name_zh, code=city.code, events=city.events, targets=city.targets)"
        )
        raise gate.refuse(*_MESSAGES.pair("zones_not_exchanged", spec=spec, anew=anew))
    layer = _taken(layer, spec, "layer", gate)
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
    layers: Mapping[str, pd.DataFrame | Layer], known: Mapping[str, LayerSpec], gate: Gate
) -> dict[str, LayerSource]:
    if not isinstance(layers, Mapping):
        raise gate.refuse(*_MESSAGES.pair("layers_no_mapping", kind=type(layers).__name__))
    if not layers:
        raise gate.refuse(*_MESSAGES.pair("no_layers"))
    out: dict[str, LayerSource] = {}
    for key, given in layers.items():
        spec = _known(key, known, gate)
        if spec.key in out:
            raise gate.refuse(*_MESSAGES.pair("layer_twice", spec=spec))
        out[spec.key] = LayerSource(_taken(given, spec, f"layers[{key!r}]", gate), spec.key)
    return out


def _known(key: Any, specs: Mapping[str, LayerSpec], gate: Gate) -> LayerSpec:
    names = [n for s in specs.values() for n in (s.key, s.name_zh, s.name_en, *s.names)]
    if isinstance(key, str) and key in names:
        return get_spec(key, specs)
    near = did_you_mean(key, names) if isinstance(key, str) else Text("", "")
    raise gate.refuse(*_MESSAGES.pair("layer_unknown", key=key, specs=listed(specs), near=near))


def _taken(given: Any, spec: LayerSpec, argument: str, gate: Gate) -> gpd.GeoDataFrame | Layer:
    """Return a layer or a frame with a CRS, or of a table any frame, or refuse it."""
    if isinstance(given, Layer):
        if given.spec.key != spec.key:
            raise gate.refuse(
                *_MESSAGES.pair("is_another_layer", argument=argument, given=given, spec=spec)
            )
        return given
    if spec.role == "table" and type(given) is pd.DataFrame:
        return gpd.GeoDataFrame(given)
    frame = gate.frame(given, argument, needs_columns=True)
    if frame.crs is None and frame.geometry.notna().any():
        raise _MESSAGES.error(CRSError, "without_crs", gate=gate, argument=argument)  # fmt: skip
    return frame


def _profile(given: Any, gate: Gate) -> Profile | None:
    if given is None or isinstance(given, Profile):
        return given
    if isinstance(given, (str, Path)):
        return load_profile(given)
    raise gate.refuse(*_MESSAGES.pair("no_profile", kind=type(given).__name__))


def _table(given: Any, argument: str, gate: Gate) -> pd.DataFrame | Path | None:
    if given is None or isinstance(given, (pd.DataFrame, Path)):
        return given
    if isinstance(given, str):
        return Path(given)
    raise gate.refuse(*_MESSAGES.pair("no_table", argument=argument, kind=type(given).__name__))


def _day(given: Any, gate: Gate) -> pd.Timestamp | None:
    return None if given is None else read_day(given, "data_date", function=gate.function)


@within_limits
def load_city(
    source: str | Path,
    *,
    layers: Sequence[str] | None = None,
    profile: str | Path | None = None,
    zones: gpd.GeoDataFrame | str | Path | None = None,
    metric_crs: Any = None,
    specs: Mapping[str, LayerSpec] | str | Path | None = None,
    crs: Any = None,
    fallback_crs: Any = None,
    datum: str | Mapping[str, str] | None = None,
    x: str | None = None,
    y: str | None = None,
    decisions: str | Path | None = None,
    figures: str | Path | None = None,
    limits: ReadLimits | None = None,
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
    profile : str or Path, optional
        What belongs to the city and its document (names, order and word of its reporting units,
        published figures, targets): the name of one that comes with the package, or an office's
        own folder; wins over ``city.toml``. Without one the city is named by ``city.toml``, else
        by the codes of its districts, else after its folder, which is a finding.
    zones : GeoDataFrame, str or Path, optional
        Districts indexed by code, in place of those of the source; or the profile whose
        demonstration outlines are to be used. Data without districts is judged by no outlines:
        the checks of place are off, and figures are of the whole.
    metric_crs : anything pyproj takes, optional
        CRS of everything, in metres. Without it, and without an entry in ``city.toml`` or the
        profile, it is chosen from the zones, else from where the records lie; ``city.metric``
        says which and how far from the truth it measures.
    specs : mapping, or folder of layer files, optional
        Beside the package's own, and those in a folder ``layers`` of the source: see
        :func:`load_specs`.
    crs, datum : optional
        For all layers, or a mapping from layer key; wins over ``city.toml`` and, as in
        :func:`read_layer`, over the .prj.
    fallback_crs : anything pyproj takes, or "infer", optional
        For layers whose CRS neither ``crs``, ``city.toml`` nor a .prj states.
    x, y : str, optional
        The columns of the coordinates, as in :func:`read_layer`, where a single layer is read.
    decisions : str or Path, optional
        A findings workbook the office has filled in: its corrections are applied and logged, its
        accepted exceptions marked, and ``city.since`` tells what is new, remains or is resolved.
    figures : path, optional
        A table file of the office's own figures, laid over the package's; else ``figures.toml`` of
        the source, where there is one.
    limits : ReadLimits, optional
        How much a file may hold before it is refused, as in :func:`read_layer`.

    Returns
    -------
    City

    Raises
    ------
    CityDataError
        Nothing usable was found; the findings say why. A layer is asked for that is not known.
        There is no such profile. No CRS measures the whole city, or the one given does not.

    See Also
    --------
    read_layer : one layer by itself.

    Examples
    --------
    >>> city = load_city("data/shapefiles")                               # doctest: +SKIP
    >>> city["manholes"].district_code.value_counts()                     # doctest: +SKIP
    """
    given = Given(zones, metric_crs, crs, fallback_crs, datum, decisions, figures)
    with reported_by_archive(Path(source)) as folder:
        where = Path(source) if folder is None else folder
        stated = _profile_of(where) if profile is None else profile
        named = None if stated is None else load_profile(stated)
        known = specs_of(specs, named, where)
        asked = [layers] if isinstance(layers, str) else layers
        wanted = None if asked is None else [get_spec(name, known).key for name in asked]
        found = find_source(where, known, layer=wanted[0] if wanted and len(wanted) == 1 else None)
        if folder is not None:
            keep_within(found, where, Path(source).name)
        if named is None and found.profile is not None:
            # A GeoPackage of this package says so itself, inside.
            named = load_profile(found.profile)
            known = specs_of(specs, named, where)
        found.under(named)
        own = layers_beside(where)
        found.sides += [] if own is None else sorted(own.glob("*.toml"))
        # Zones have outlines, and no columns of coordinates.
        found.place_by(x, y, wanted or [k for k in known if known[k].role != "zones"])
        city = City(**assemble(found, known, named, str(source), given, wanted))
    if folder is None:
        return city
    packed = Path(source)
    ledger = city.ledger.assign(source=f"{packed.name}/" + city.ledger["source"])
    return replace(city, ledger=ledger, inputs=(packed,))


def _profile_of(where: Path) -> str | Path | None:
    """The profile that the city.toml of a source names, before anything else of it is read."""
    config = where / "city.toml" if where.is_dir() else where
    return profile_named(config) if config.suffix == ".toml" and config.is_file() else None
