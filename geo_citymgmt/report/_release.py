"""What of a city may leave the house: whole, marked internal, or cut down for the public."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo_citymgmt._gate import Gate
from geo_citymgmt._languages import Messages, listed
from geo_citymgmt.cleaning._personal import mask_text
from geo_citymgmt.errors import CityDataError
from geo_citymgmt.findings import CODES
from geo_citymgmt.layer import Layer

if TYPE_CHECKING:
    from geo_citymgmt.city import City
    from geo_citymgmt.spec import LayerSpec

_MESSAGES = Messages("geo_citymgmt.report")


RELEASES = ("internal", "public")
#: What is found of all the data, and stated of every figure: the day they are of.
_OF_NO_RECORD = ("DATE_ASSUMED",)
_LEAST_GRID_M = 1.0


def check_release(release: str, grid_m: float | None = None) -> None:
    """Raise if there is no such release, or no such precision.

    Raises
    ------
    CityDataError
        Naming what there is.
    """
    if not (isinstance(release, str) and release in RELEASES):
        raise CityDataError(_MESSAGES("no_release", release=release, releases=listed(RELEASES)))
    if grid_m is None:
        return
    Gate("write_report").number(grid_m, "grid_m", finite=False)
    if not np.isfinite(grid_m) or grid_m < _LEAST_GRID_M:
        raise CityDataError(
            _MESSAGES("precision_none_public", grid_m=grid_m, least_grid_m=_LEAST_GRID_M)
        )


def map_approval(city: City) -> str:
    """Return the number (审图号) under which the outlines of the city may be published, if any."""
    return str(city.settings.table.get("map_approval", "")).strip()


def publisher(city: City, lang: str) -> str:
    """Return who draws the maps of the city (制图单位), as its file says; empty for nobody."""
    said = city.settings.table.get("publisher", "")
    return str(said.get(lang, "") or said.get("zh", "") if isinstance(said, Mapping) else said)


def public_city(city: City, *, grid_m: float | None = None) -> City:
    """Return what of a city may be published: its zones, and no record with a place.

    With ``grid_m`` an office decides otherwise: layers and fields whose file says
    ``release = "public"``, facilities as points at the middle of their cell, roads and stops in
    their shape. Personal data, columns no file knows, events, rejected records and the values in
    findings are never there; numbers of persons within other texts are masked.

    Parameters
    ----------
    city : City
    grid_m : float, optional
        Size of a cell in metres, from 1 up; no records without.

    Returns
    -------
    City
        Figures computed from it are wrong: compute them from the whole city first.

    Raises
    ------
    CityDataError
        A cell smaller than a metre.

    Examples
    --------
    >>> import geo_citymgmt as gcm
    >>> city = gcm.sample_city(layers=["manholes", "parking_points"])
    >>> sorted(public_city(city)), sorted(public_city(city, grid_m=100))
    (['districts', 'streets'], ['districts', 'parking_points', 'streets'])
    >>> point = public_city(city, grid_m=100)["parking_points"].geometry.iloc[0]
    >>> point.x % 100, point.y % 100
    (50.0, 50.0)
    """
    check_release("public", grid_m)
    layers = {
        key: _public_layer(layer, grid_m)
        for key, layer in city.layers.items()
        if layer.spec.release == "public" and (layer.spec.role == "zones" or grid_m is not None)
    }
    spec_of = {s.level: s for s in reversed([*city.specs.values()]) if s.role == "zones"}
    zones = {
        level: _masked(frame, spec_of[level], set())
        if level in spec_of
        else frame[[frame.active_geometry_name]]
        for level, frame in city.zones_by_level.items()
    }
    targets = city.targets.assign(note="") if "note" in city.targets else city.targets
    return replace(
        without_records(city),
        layers=layers,
        zones_by_level=zones,
        events=city.events.iloc[:0],
        targets=targets,
    )


def without_records(city: City) -> City:
    """Return a city whose findings say what was found, and nothing of the records it was in.

    Examples
    --------
    >>> import geo_citymgmt as gcm
    >>> bool(without_records(gcm.sample_city()).findings["value"].eq("").all())
    True
    """
    findings = city.findings.copy()
    for column in ("value", "expected", "key", "row_label", "finding_key"):
        if column in findings:
            findings[column] = pd.array([""] * len(findings), dtype="str")
    for column in ("x", "y"):
        if column in findings:
            findings[column] = np.nan
    of_records = ~findings["code"].isin(_OF_NO_RECORD)
    for column, lang in (("message_zh", "zh"), ("message_en", "en")):
        # The message of a code without its values: those are of the record.
        texts = {code: _plain(str(code), lang) for code in findings["code"].unique()}
        plain = pd.array(findings["code"].map(texts).to_numpy(dtype=object), dtype="str")
        findings[column] = findings[column].mask(of_records, plain)
    known = {name for spec in city.specs.values() for name in spec.fields}
    findings["field"] = findings["field"].where(findings["field"].isin(known), "")
    return replace(city, findings=findings, since=None)


class _Gaps(defaultdict[str, str]):
    """Dots for whatever a message asks for."""

    def __missing__(self, key: str) -> str:
        return "…"


@cache
def _plain(code: str, lang: str) -> str:
    known = CODES.get(code)
    if known is None:
        return code
    template = known.zh if lang == "zh" else known.en
    return template.replace("!r}", "}").format_map(_Gaps())


def _public_layer(layer: Layer, grid_m: float | None) -> Layer:
    spec = layer.spec
    secret = set(layer.personal)
    data = _masked(layer.data, spec, secret)
    if spec.role == "facility" and grid_m is not None:
        data = data.set_geometry(_coarse(data.geometry, grid_m))
    keep = set(data.columns)
    return replace(
        layer,
        data=data,
        rejected=layer.rejected.iloc[:0],
        findings=layer.findings.iloc[:0],
        personal=(),
        mapping={field: column for field, column in layer.mapping.items() if field in keep},
    )


def _masked(frame: gpd.GeoDataFrame, spec: LayerSpec, secret: set[str]) -> gpd.GeoDataFrame:
    """Keep public fields, and mask numbers of persons in their texts."""
    public = {name for name, item in spec.fields.items() if item.is_public}
    keep = [
        name
        for name in frame.columns
        if name == frame.active_geometry_name
        or (name not in secret and str(name).removesuffix("_precision") in public)
    ]
    out = frame[keep].copy()
    for name in keep:
        values = out[name]
        if name == frame.active_geometry_name or not (
            pd.api.types.is_string_dtype(values.dtype) or values.dtype == object
        ):
            continue
        codes, texts = pd.factorize(values)
        masked = [mask_text(t) if isinstance(t, str) else t for t in texts]
        if any(a != b for a, b in zip(masked, texts, strict=True)):
            shown = np.array([*masked, None], dtype=object)[codes]
            out[name] = pd.array(shown, dtype=values.dtype)
    return out


def _coarse(geometry: gpd.GeoSeries, grid_m: float) -> gpd.GeoSeries:
    """Return the middle of the cell in which each record's centre lies; none stays none."""
    centre = shapely.centroid(geometry.to_numpy())
    xy = (np.floor(shapely.get_coordinates(centre) / grid_m) + 0.5) * grid_m
    out = np.full(len(geometry), None, dtype=object)
    is_located = ~(shapely.is_missing(centre) | shapely.is_empty(centre))
    out[is_located] = shapely.points(xy)
    return gpd.GeoSeries(out, index=geometry.index, crs=geometry.crs)
