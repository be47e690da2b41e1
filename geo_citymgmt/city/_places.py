"""Places proposed for records that have none, by the names of streets and roads that they carry."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

import geopandas as gpd
import pandas as pd

from geo_citymgmt._languages import Text
from geo_citymgmt.cleaning._place import zone_keys
from geo_citymgmt.findings import Findings, concat_findings
from geo_citymgmt.layer import Layer
from geo_citymgmt.reading._text import plain_key
from geo_citymgmt.zones._ownership import ZoneIndex

#: The finest first: basis, field with the name, and what the basis is called.
_BASES = (
    ("community", "community_name", Text("社区", "community")),
    ("road", "road_name", Text("道路", "road")),
    ("street", "street_name", Text("街道", "street")),
)


def propose_places(
    layer: Layer, zones: Mapping[str, gpd.GeoDataFrame], roads: gpd.GeoDataFrame | None
) -> Layer:
    """Return the layer in which records without a place have one by the names they carry.

    The name stands in a field of its own, else in the address. The place is a point on what bears
    it, in the district that the record names; where several do, or none, there is no proposal.
    Column ``place_basis`` says by what, the finding PLACE_PROPOSED of how many records.
    """
    data, findings = layer.data, Findings(layer.spec.key)
    districts = ZoneIndex(zones["district"])
    proposed = pd.Series(None, index=data.index, dtype=object)
    basis = pd.Series(None, index=data.index, dtype=object)
    stated = data["district_code"] if "district_code" in data else pd.Series(None, data.index)
    for name, field, called in _BASES:
        bearers = roads if name == "road" else zones.get(name)
        rest = data.index[data.geometry.isna() & proposed.isna()]
        if bearers is None or not len(rest):
            continue
        points = _points(bearers, districts, are_roads=name == "road")
        keys = _named(data.loc[rest], field, points)
        asked = pd.DataFrame({"key": keys, "district": stated[rest]}).dropna(subset="key")
        for (key, district), rows in asked.groupby(
            ["key", "district"], dropna=False
        ).groups.items():
            places = points[key]
            if pd.notna(district):
                places = {d: p for d, p in places.items() if d == district}
            if len(places) == 1:
                proposed[rows], basis[rows] = next(iter(places.values())), name
        n = int(basis.eq(name).sum())
        if n:
            findings.add("PLACE_PROPOSED", value=n, detail=called, about=name, action="assumed")
    geometry = data.geometry.where(proposed.isna(), gpd.GeoSeries(proposed, crs=data.crs))
    owner = districts.code_of(districts.owner(geometry.to_numpy()), data.index).astype("str")
    new = data.set_geometry(geometry).assign(
        district_code=stated.astype("str").where(basis.isna(), owner),
        place_basis=basis.astype("str"),
    )
    return replace(layer, data=new, findings=concat_findings([layer.findings, findings.frame()]))


def _points(
    bearers: gpd.GeoDataFrame, districts: ZoneIndex, *, are_roads: bool
) -> dict[str, dict[str, object]]:
    """A point on what bears each name, by district; of zones none where two bear it in one."""
    found: dict[str, dict[str, object]] = {}
    owner = districts.code_of(districts.owner(bearers.geometry.to_numpy()), bearers.index)
    if are_roads:
        named = bearers.assign(key=bearers["name"].map(plain_key, na_action="ignore"), owner=owner)
        whole = named.dissolve(["key", "owner"]).representative_point()
        for (key, district), point in whole.items():
            found.setdefault(key, {})[district] = point
        return found
    points = bearers.representative_point()
    for key, codes in zone_keys(bearers).items():
        for code in codes:
            twice = found.setdefault(key, {}).get(owner[code]) is not None
            found[key][owner[code]] = None if twice else points[code]
    return {key: {d: p for d, p in at.items() if p is not None} for key, at in found.items()}


def _named(rows: gpd.GeoDataFrame, field: str, points: Mapping[str, object]) -> pd.Series:
    """The name each record carries of those known: its own field says it, else its address."""
    own = rows[field] if field in rows else pd.Series(None, index=rows.index)
    keys = own.astype("str").map(plain_key, na_action="ignore").astype("str")
    keys = keys.where(keys.isin(list(points)))
    if "address" in rows:
        known = sorted((k for k in points if len(k) > 2), key=len, reverse=True)
        text = rows["address"].astype("str").map(plain_key, na_action="ignore").astype("str")
        keys = keys.fillna(text.str.extract(f"({'|'.join(map(re.escape, known))})", expand=False))
    return keys
