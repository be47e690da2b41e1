"""Loading a city: layer after layer, with the account of those that could not be used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd

from geo_citymgmt.city.assembly import assemble, specs_of
from geo_citymgmt.city.city import City
from geo_citymgmt.city.config import profile_named
from geo_citymgmt.city.discovery import find_source, keep_within, told_by_archive
from geo_citymgmt.profiles import load_profile
from geo_citymgmt.reading.limits import ReadLimits, within_limits
from geo_citymgmt.spec import LayerSpec, get_spec

__all__ = ["load_city"]


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
        Beside the package's own: see :func:`load_specs`.
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
    with told_by_archive(Path(source)) as folder:
        city = _loaded(
            Path(source) if folder is None else folder,
            str(source),
            specs,
            layers,
            profile=profile,
            zones=zones,
            metric_crs=metric_crs,
            crs=crs,
            fallback_crs=fallback_crs,
            datum=datum,
            x=x,
            y=y,
            decisions=decisions,
            figures=figures,
        )
    if folder is None:
        return city
    packed = Path(source)
    ledger = city.ledger.assign(source=f"{packed.name}/" + city.ledger["source"])
    return replace(city, ledger=ledger, inputs=(packed,))


def _loaded(
    where: Path,
    source: str,
    specs: Mapping[str, LayerSpec] | str | Path | None,
    layers: Sequence[str] | str | None,
    *,
    profile: str | Path | None,
    zones: gpd.GeoDataFrame | str | Path | None,
    metric_crs: Any,
    crs: Any,
    fallback_crs: Any,
    datum: str | Mapping[str, str] | None,
    x: str | None,
    y: str | None,
    decisions: str | Path | None,
    figures: str | Path | None,
) -> City:
    """Load what is at ``where``, which people know as ``source``."""
    named = profile if profile is not None else _profile_of(where)
    whose = None if named is None else load_profile(named)
    known = specs_of(specs, whose)
    asked = [layers] if isinstance(layers, str) else layers
    wanted = None if asked is None else [get_spec(name, known).key for name in asked]
    found = find_source(where, known, layer=wanted[0] if wanted and len(wanted) == 1 else None)
    if where != Path(source):
        keep_within(found, where, Path(source).name)
    if whose is None and found.profile is not None:
        # A GeoPackage of this package says so itself, inside.
        whose = load_profile(found.profile)
        known = specs_of(specs, whose)
    found.under(whose)
    # Zones have outlines, and no columns of coordinates.
    found.place_by(x, y, wanted or [k for k in known if known[k].role != "zones"])
    parts = assemble(
        found,
        known,
        whose,
        source,
        wanted=wanted,
        zones=zones,
        metric_crs=metric_crs,
        crs=crs,
        fallback_crs=fallback_crs,
        datum=datum,
        decisions=decisions,
        figures=figures,
    )
    return City(**parts)


def _profile_of(where: Path) -> str | Path | None:
    """The profile that the city.toml of a source names, before anything else of it is read."""
    config = where / "city.toml" if where.is_dir() else where
    return profile_named(config) if config.suffix == ".toml" and config.is_file() else None
