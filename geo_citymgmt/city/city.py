"""A city: its layers, its zones, its events and targets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import geopandas as gpd
import pandas as pd
from pyproj import CRS

from geo_citymgmt._values import equal_values, holds
from geo_citymgmt.display import city_html
from geo_citymgmt.errors import CityDataError
from geo_citymgmt.findings import FindingsTable
from geo_citymgmt.indicators import Figures, load_figures
from geo_citymgmt.layer import Layer
from geo_citymgmt.metric import MetricCRS
from geo_citymgmt.overlay import Layered
from geo_citymgmt.profiles import Profile, nothing_published
from geo_citymgmt.spec import LayerSpec
from geo_citymgmt.words import DISTRICT, Text

__all__ = ["City"]


@holds(
    "layers", "zones_by_level", "events", "targets", "findings", "ledger", "specs", "unread",
    "decisions", "since",
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
        What belongs to this city and its document; see :mod:`geo_citymgmt.profiles`.
    unit : Text
        What a reporting unit of the first level is called.
    metric : MetricCRS or None
        The CRS in which it is measured, with its greatest errors; None without a single place.
    vintage : Timestamp or None
        The day whose zones count, where zones say from when to when they are valid.
    month_starts : int
        Day on which a statistical month begins; 1 for calendar months.
    settings : Layered
        Name, units, CRS and the like, each with the file it is from.
    services_file, bulletin_file : Path or None
        The office's own, laid over those of profile and package.
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
    month_starts: int = 1
    settings: Layered = field(default_factory=lambda: Layered({}), repr=False)
    services_file: Path | None = field(default=None, repr=False)
    bulletin_file: Path | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "findings", FindingsTable(self.findings))

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
        parts = ", ".join(f"{k} {len(v.data):,}" for k, v in self.layers.items())
        date = "no date" if self.data_date is None else f"as of {self.data_date:%Y-%m-%d}"
        return f"<City {self.name_zh} ({date}): {parts}>"

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
        # Read once for all cities of a profile.
        return _published(self.profile).copy(deep=False)

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

    def to_file(self, path: str | Path, *, include_personal: bool = False) -> Path:
        """Write all layers, events and targets into one GeoPackage; see :func:`write_layer`."""
        from geo_citymgmt.writing import write_city

        return write_city(self, Path(path), include_personal=include_personal)

    def to_parquet(self, folder: str | Path, *, include_personal: bool = False) -> Path:
        """Write each layer as GeoParquet into ``folder``."""
        from geo_citymgmt.writing import write_layer

        out = Path(folder)
        out.mkdir(parents=True, exist_ok=True)
        for key, layer in self.layers.items():
            write_layer(layer, out / f"{key}.parquet", include_personal=include_personal)
        return out

    def to_excel(self, path: str | Path, *, include_personal: bool = False) -> Path:
        """Write the attributes of all layers into one workbook, a sheet each."""
        from geo_citymgmt.writing import write_city_workbook

        return write_city_workbook(self, Path(path), include_personal=include_personal)


@lru_cache(maxsize=8)
def _published(profile: Profile | None) -> pd.DataFrame:
    return nothing_published() if profile is None else profile.published()


class _MissingLayerError(CityDataError, KeyError):
    """A mapping's KeyError that reads like the package's other errors."""

    def __str__(self) -> str:
        return self.message
