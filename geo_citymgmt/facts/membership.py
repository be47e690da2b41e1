"""Which record counts where, at each level: the one-owner rule applied to the layers of a city."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo_citymgmt.zones.nesting import Parts, parts_within
from geo_citymgmt.zones.ownership import OUTSIDE, UNLOCATED, Located, ZoneIndex

if TYPE_CHECKING:
    from geo_citymgmt.city import City

__all__ = ["LEVELS", "Membership"]

LEVELS = ("city", "district", "street")


class Membership:
    """Rows of a layer with the zones they count in.

    Levels nest: a street is looked for within the district that owns the record, so that the
    streets of a district, and what lies in none of them, add up to it.
    """

    def __init__(self, city: City) -> None:
        self._city = city
        self._index: dict[str, ZoneIndex] = {}
        self._tables: dict[tuple[str, str, str], pd.DataFrame] = {}
        self._located: dict[str, Located] = {}
        self._levels: dict[str, ZoneIndex] = {}

    def table(self, layer: str, level: str, split: str) -> pd.DataFrame:
        """Return ``row, row_kind, zone_code, share`` of ``layer``; shares of a row sum to one."""
        key = (layer, level, split)
        if key not in self._tables:
            self._tables[key] = self._build(layer, level, split)
        return self._tables[key]

    def located(self, layer: str) -> Located:
        """Return the records of a layer in the districts, by their shapes alone."""
        if layer not in self._located:
            geometry = self._city[layer].geometry.to_numpy()
            self._located[layer] = Located(self._districts, geometry)
        return self._located[layer]

    def _build(self, layer: str, level: str, split: str) -> pd.DataFrame:
        data = self._city[layer]
        n = len(data)
        if level == "city":
            return _frame(np.arange(n), "total", self._city.code, np.ones(n))
        if not self._city.has_zones:
            return _without_place(data)
        geometry = data.geometry.to_numpy()
        if split == "share":
            parts = self.located(layer).shares
            row, zone, share, piece = parts.feature, parts.zone, parts.share, parts.piece
        else:
            row, share, piece = np.arange(n), np.ones(n), geometry
            zone = self._owners(layer, data)
        codes = np.append(self._districts.codes.to_numpy(dtype=object), ["unlocated", "outside"])
        district = codes[zone]
        unlocated = zone == UNLOCATED
        if "district_code" in data.columns:
            # A record without a place counts, apart, under the district it names.
            named = data["district_code"].to_numpy(dtype=object)[row]
            district = np.where(unlocated & pd.notna(named), named, district)
        kind = np.select([unlocated, zone == OUTSIDE], ["unlocated", "outside"], "zone")
        if level == "district":
            return _frame(row, kind, district, share)
        assert piece is not None
        return self._streets(row, kind, district, share, piece, split)

    def index(self, level: str) -> ZoneIndex:
        """Return the index of all zones of a level, which everything that counts by them asks."""
        if level not in self._levels:
            self._levels[level] = ZoneIndex(self._city.zones_at(level))
        return self._levels[level]

    @property
    def _districts(self) -> ZoneIndex:
        return self.index("district")

    def _owners(self, layer: str, data: pd.DataFrame) -> np.ndarray:
        """Owning district of each record: as computed on reading, where it was."""
        geometry = data.geometry
        if "district_code" not in data.columns:
            return self.located(layer).owner
        position = pd.Series(np.arange(len(self._districts.codes)), index=self._districts.codes)
        owner = position.reindex(data["district_code"]).fillna(OUTSIDE).to_numpy(dtype=int)
        return np.where(geometry.isna(), UNLOCATED, owner)

    def _streets(
        self,
        row: np.ndarray,
        kind: np.ndarray,
        district: np.ndarray,
        share: np.ndarray,
        piece: np.ndarray,
        split: str,
    ) -> pd.DataFrame:
        streets = self._city.zones_at("street")
        parent = _parents(streets).to_numpy(dtype=object)
        inner = parts_within(
            Parts(row, kind, district, share, piece), streets, parent, split, self._index
        )
        # What lies in none of the district's streets counts as outside, under no district.
        missed = (inner.kind == "outside") & (inner.label != "outside")
        label = np.where(missed, "outside", inner.label)
        return _frame(inner.row, inner.kind, label, inner.share)


def _without_place(data: pd.DataFrame) -> pd.DataFrame:
    """Records without a place, under the district they name; without zones none lies outside."""
    row = np.flatnonzero(data.geometry.isna())
    district = np.full(len(row), "unlocated", dtype=object)
    if "district_code" in data.columns:
        named = data["district_code"].to_numpy(dtype=object)[row]
        district = np.where(pd.notna(named), named, district)
    return _frame(row, "unlocated", district, np.ones(len(row)))


def _parents(streets: pd.DataFrame) -> pd.Series:
    """District of each street: as stated, else the first six digits of its code."""
    from_code = pd.Series(streets.index.astype("str").str[:6], index=streets.index)
    for name in ("parent_code", "district_code"):
        if name in streets.columns:
            return streets[name].astype("str").fillna(from_code)
    return from_code


def _frame(row: np.ndarray, kind: object, zone: object, share: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(
        {"row": row, "row_kind": kind, "zone_code": zone, "share": share},
        index=pd.RangeIndex(len(row)),
    )
