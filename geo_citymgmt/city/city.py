"""A city: its layers, its zones, its events and targets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
from pyproj import CRS

from geo_citymgmt._values import equal_values, holds
from geo_citymgmt.city.side_table import ACCOUNT_COLUMNS
from geo_citymgmt.cleaning.place import NO_TERMS, ZoneTerms
from geo_citymgmt.display import city_html, city_text
from geo_citymgmt.errors import CityDataError
from geo_citymgmt.findings import FindingsTable
from geo_citymgmt.indicators import Figures, load_figures
from geo_citymgmt.layer import Layer
from geo_citymgmt.metric import MetricCRS
from geo_citymgmt.overlay import Layered
from geo_citymgmt.profiles import Profile, nothing_published
from geo_citymgmt.spec import LayerSpec
from geo_citymgmt.words import DISTRICT, NOTHING, Text

__all__ = ["City"]

#: Columns of the ledger that are the layer's, whatever number of sources it has.
_OF_LAYER = ("data_date", "metric_crs", "areal_error", "linear_error")


@holds(
    "layers", "zones_by_level", "events", "targets", "findings", "ledger", "specs", "unread",
    "decisions", "since", "tables", "reported",
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
        "district" and, where there are any, "street", indexed by code.
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
    services_file, bulletin_file : Path or None
        The office's own, laid over those of profile and package.
    zone_terms : ZoneTerms
        What districts are called, and their other names.
    stated_date : Timestamp or None
        The day the source states; else ``data_date`` is the last day on which something happened.
    tables : DataFrame
        The account of the tables beside the layers (events, targets, former zones, published
        figures, decisions, an office's lists): rows walked, skipped, used and left out.
    reported : DataFrame or None
        The published figures as they were read; see ``published``.

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
    services_file: Path | None = field(default=None, repr=False)
    bulletin_file: Path | None = field(default=None, repr=False)
    zone_terms: ZoneTerms = field(default=NO_TERMS, repr=False)
    stated_date: pd.Timestamp | None = field(default=None, repr=False)
    tables: pd.DataFrame = field(
        default_factory=lambda: pd.DataFrame(columns=list(ACCOUNT_COLUMNS)), repr=False
    )
    reported: pd.DataFrame | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "findings", FindingsTable(self.findings))

    @classmethod
    def from_layers(
        cls,
        layers: Mapping[str, gpd.GeoDataFrame | Layer],
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
        datum: str | Mapping[str, str] | None = None,
        specs: Mapping[str, LayerSpec] | str | Path | None = None,
        figures: str | Path | None = None,
    ) -> City:
        """Make a city of frames in memory, on the way of :func:`geo_citymgmt.load_city`.

        Parameters
        ----------
        layers : mapping of str to GeoDataFrame or Layer
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
        from geo_citymgmt.city.in_memory import city_of_layers

        return city_of_layers(
            layers,
            zones=zones,
            profile=profile,
            metric_crs=metric_crs,
            name_zh=name_zh,
            name_en=name_en,
            code=code,
            data_date=data_date,
            targets=targets,
            events=events,
            datum=datum,
            specs=specs,
            figures=figures,
        )

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
        from geo_citymgmt.city.in_memory import city_with_layer

        return city_with_layer(self, key, layer)

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and equal_values(vars(self), vars(other))

    __hash__ = None  # type: ignore[assignment]

    def __getitem__(self, key: str) -> gpd.GeoDataFrame:
        return self.layer(key).data

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
        there = ", ".join(self.layers) or "none"
        raise _MissingLayerError(
            Text(
                f"没有图层 {key}；现有：{there}。",
                f"the city has no layer {key!r}; it has {there}.",
            ),
        )

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

    def zones_at(self, level: str) -> gpd.GeoDataFrame:
        """Zones of ``level``, "district" or "street", indexed by code.

        Raises
        ------
        CityDataError
            The city has none.
        """
        if level not in self.zones_by_level:
            raise CityDataError(
                Text(
                    f"没有“{level}”一级的分区数据。",
                    f"the city has no zones of level {level!r}; it has "
                    f"{', '.join(self.zones_by_level)}. Add a layer of streets.",
                ),
            )
        return self.zones_by_level[level]

    def to_file(
        self, path: str | Path, *, include_personal: bool = False, include_unknown: bool = False
    ) -> Path:
        """Write all layers, events and targets into one GeoPackage; see :func:`write_layer`."""
        from geo_citymgmt.writing import write_city

        return write_city(
            self, Path(path), include_personal=include_personal, include_unknown=include_unknown
        )

    def to_parquet(
        self, folder: str | Path, *, include_personal: bool = False, include_unknown: bool = False
    ) -> Path:
        """Write each layer as GeoParquet into ``folder``."""
        from geo_citymgmt.writing import write_layer

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
        from geo_citymgmt.writing import write_city_workbook

        return write_city_workbook(
            self, Path(path), include_personal=include_personal, include_unknown=include_unknown
        )


class _MissingLayerError(CityDataError, KeyError):
    """A mapping's KeyError that reads like the package's other errors."""

    def __str__(self) -> str:
        return self.message
