"""Which records count in which zone, and in which rows of a figure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo_citymgmt.spec import levels_above
from geo_citymgmt.zones._ownership import (
    OUTSIDE,
    UNLOCATED,
    Located,
    Parts,
    ZoneIndex,
    parts_within,
)

if TYPE_CHECKING:
    import geopandas as gpd

    from geo_citymgmt.city import City

#: Between fields, and their values, that together say what is counted by.
JOINT = "/"


class Membership:
    """Rows of a layer with the zones they count in.

    Levels nest: a street is looked for within the district that owns the record, and a cell within
    its street, so that the parts of a zone, and what lies in none of them, add up to it.
    """

    def __init__(self, city: City) -> None:
        self._city = city
        self._index: dict[str, dict[str, ZoneIndex]] = {}
        self._parts: dict[tuple[str, str, str], Parts] = {}
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
        if fields := fields_of(level, data):
            named = data[fields].notna().all(axis=1).to_numpy(dtype=bool)
            texts = [data[name].astype("str").fillna("") for name in fields]
            name = np.where(named, texts[0].str.cat(texts[1:], sep=JOINT), "unnamed")
            return _frame(np.arange(n), np.where(named, "unit", "unnamed"), name, np.ones(n))
        is_table = self._city.specs[layer].is_table
        if not self._city.has_zones:
            # Rows of a table have no place to lack.
            return _without_place(data[:0] if is_table else data)
        if is_table:
            return self._named(data, level)
        parts = self._parts_at(layer, level, split)
        # What lies in none of a zone's parts counts as outside, under no zone.
        missed = (parts.kind == "outside") & (parts.label != "outside")
        return _frame(parts.row, parts.kind, np.where(missed, "outside", parts.label), parts.share)

    def _parts_at(self, layer: str, level: str, split: str) -> Parts:
        key = (layer, level, split)
        if key not in self._parts:
            above = [n for n in levels_above(self._city.specs, level)[:-1]
                     if n in self._city.zones_by_level]  # fmt: skip
            self._parts[key] = (
                self._within(self._parts_at(layer, above[-1], split), level, above[-1], split)
                if above
                else self._in_districts(layer, split)
            )
        return self._parts[key]

    def _in_districts(self, layer: str, split: str) -> Parts:
        data = self._city[layer]
        n, geometry = len(data), data.geometry.to_numpy()
        if split == "share":
            parts = self.located(layer).shares
            row, zone, share, piece = parts.feature, parts.zone, parts.share, parts.piece
        else:
            row, share, piece = np.arange(n), np.ones(n), geometry
            zone = self._owners(layer, data)
        codes = np.append(self._districts.codes.to_numpy(dtype=object), ["unlocated", "outside"])
        district = codes[zone]
        unlocated = zone == UNLOCATED
        district[unlocated] = _named(data, row[unlocated], district[unlocated])
        kind = np.full(len(zone), "zone", dtype=object)
        kind[unlocated], kind[zone == OUTSIDE] = "unlocated", "outside"
        assert piece is not None
        return Parts(row, kind, district, share, piece)

    def _named(self, data: pd.DataFrame, level: str) -> pd.DataFrame:
        """Rows of a table in the zones they name: the district, and a street of it."""
        row, label = np.arange(len(data)), _named(data, np.arange(len(data)), _nowhere(len(data)))
        found = np.isin(label, self._districts.codes)
        if level != "district":
            street = np.full(len(data), None, dtype=object)
            if level == "street":
                zones = self._city.zones_at(level)
                street = _named_streets(data, zones, _parents(zones, self._districts), label)
            found = pd.notna(street)
            label = np.where(found, street, label)
        return _frame(row, np.where(found, "zone", "unlocated"), label, np.ones(len(row)))

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
        named, names = pd.factorize(data["district_code"])
        owner = np.append(pd.Index(self._districts.codes).get_indexer(names), -1)[named]
        return np.where(geometry.isna(), UNLOCATED, np.where(owner < 0, OUTSIDE, owner))

    def _within(self, outer: Parts, level: str, above: str, split: str) -> Parts:
        zones = self._city.zones_at(level)
        parent = _parents(zones, self.index(above)).to_numpy(dtype=object)
        return parts_within(outer, zones, parent, split, self._index.setdefault(level, {}))


def fields_of(level: str, data: pd.DataFrame) -> list[str]:
    """Return the fields that a level names, one or several together; empty for one of zones."""
    names = level.split(JOINT)
    return names if set(names) <= set(data.columns) else []


def _without_place(data: pd.DataFrame) -> pd.DataFrame:
    """Records without a place, under the district they name; without zones none lies outside."""
    row = np.flatnonzero(data.geometry.isna())
    return _frame(row, "unlocated", _named(data, row, _nowhere(len(row))), np.ones(len(row)))


def _nowhere(n: int) -> np.ndarray:
    return np.full(n, "unlocated", dtype=object)


def _named_streets(
    data: pd.DataFrame, streets: pd.DataFrame, parent: pd.Series, district: np.ndarray
) -> np.ndarray:
    """Street of its district that each row names, by code or else by name; None where it does not.

    Streets of one name in two districts are two.
    """
    out = np.full(len(data), None, dtype=object)
    name = next((n for n in ("name_zh", "name") if n in streets.columns), None)
    for column, keys in (
        ("street_name", None if name is None else streets[name]),
        ("street_code", streets.index),
    ):
        if column not in data.columns or keys is None:
            continue
        known = pd.Series(
            streets.index.to_numpy(dtype=object), pd.MultiIndex.from_arrays([parent, keys])
        )
        known = known[~known.index.duplicated()]
        asked = pd.MultiIndex.from_arrays([district, data[column]])
        hit = known.reindex(asked).to_numpy(dtype=object)
        out = np.where(pd.notna(hit), hit, out)
    return out


def _named(data: pd.DataFrame, row: np.ndarray, otherwise: np.ndarray) -> np.ndarray:
    """District that each record names, by which one without a place counts apart."""
    if "district_code" not in data.columns:
        return otherwise
    named = data["district_code"].to_numpy(dtype=object)[row]
    return np.where(pd.notna(named), named, otherwise)


def _parents(zones: gpd.GeoDataFrame, above: ZoneIndex) -> pd.Series:
    """Zone above that each zone belongs to: as stated, else by the code that its own begins with,
    else by its place."""
    known = above.codes.astype("str")
    parent = pd.Series(None, index=zones.index, dtype=object)
    codes = zones.index.astype("str").to_series(index=zones.index)
    stated = [
        zones[c].astype("str") for c in ("parent_code", "district_code") if c in zones.columns
    ]
    lengths = sorted(set(known.str.len()), reverse=True)
    for given in (*stated, *(codes.str[:n] for n in lengths)):
        parent = parent.where(parent.notna() | ~given.isin(known), given)
    rest = parent.isna().to_numpy()
    parent[rest] = above.code_of(above.owner(zones.geometry.to_numpy()[rest]), zones.index[rest])
    return parent


def _frame(row: np.ndarray, kind: object, zone: object, share: np.ndarray) -> pd.DataFrame:
    # Objects: what stands in each row is one of few texts that are there already.
    index = pd.RangeIndex(len(row))
    texts = {
        n: pd.Series(v, index, dtype=object) for n, v in (("row_kind", kind), ("zone_code", zone))
    }
    return pd.DataFrame({"row": row, **texts, "share": share}, index=index)


@dataclass(frozen=True)
class Layout:
    """The rows of a figure, level by level, and which record counts in which of them."""

    level: np.ndarray
    row_kind: np.ndarray
    zone_code: np.ndarray
    row: np.ndarray
    slot: np.ndarray
    share: np.ndarray

    @cached_property
    def is_whole(self) -> bool:
        """Whether each record counts wholly where it counts."""
        return bool((self.share == 1).all())

    def down_to(self, levels: tuple[str, ...]) -> Layout:
        """The rows of its first levels; levels come one after the other."""
        n = int(np.isin(self.level, levels).sum())
        rows = (values[:n] for values in (self.level, self.row_kind, self.zone_code))
        inside = self.slot < n
        records = (values[inside] for values in (self.row, self.slot, self.share))
        return Layout(*rows, *records)

    def total(self, amount: np.ndarray) -> np.ndarray:
        """Sum of an amount of the records, or number of those chosen, by row of the figure."""
        if amount.dtype == bool and self.is_whole:
            return self.number(amount)
        n = len(self.zone_code)
        if self.is_whole and self._by_level is not None:
            # Most records add nothing to most figures.
            some = np.flatnonzero(amount)
            at = np.concatenate([slots[some] for slots, _ in self._by_level])
            return np.bincount(at, np.tile(amount[some], len(self._by_level)), minlength=n)
        return np.bincount(self.slot, amount[self.row] * self.share, minlength=n).astype("float64")

    def different(self, row: np.ndarray, label: np.ndarray) -> np.ndarray:
        """Number of different labels, by row of the figure."""
        by_record = pd.DataFrame({"row": row, "label": label})
        pairs = pd.DataFrame({"row": self.row, "slot": self.slot}).merge(by_record, on="row")
        once = pairs.drop_duplicates(["slot", "label"])
        return np.bincount(once["slot"], minlength=len(self.zone_code)).astype("float64")

    def number(self, records: np.ndarray) -> np.ndarray:
        """How many of the records count, wholly or in part, by row of the figure."""
        n = len(self.zone_code)
        if self._by_level is None:
            return np.bincount(self.slot[records[self.row]], minlength=n).astype("float64")
        out, some = np.zeros(n), np.flatnonzero(records)
        for slots, everywhere in self._by_level:
            if everywhere is None:
                out += np.bincount(slots[some], minlength=n)
            else:
                out[everywhere] = len(some)
        return out

    @cached_property
    def _by_level(self) -> list[tuple[np.ndarray, int | None]] | None:
        """Row of each record at each level, and the one that all are in; None where some lack."""
        n = int(self.row.max()) + 1 if len(self.row) else 0
        if not n or len(self.row) % n or (self.row.reshape(-1, n) != np.arange(n)).any():
            return None
        levels = self.slot.reshape(-1, n)
        return [(s, int(s[0]) if s.min() == s.max() else None) for s in levels]


def pairs_of(first: pd.Series, second: pd.Series) -> tuple[np.ndarray, list[tuple[str, str]]]:
    """Number of each row's pair of texts, and the pairs there are."""
    left, lefts = pd.factorize(first)
    right, rights = pd.factorize(second)
    width = max(len(rights), 1)
    pair = left * width + right
    present = np.flatnonzero(np.bincount(pair, minlength=1))
    number = np.zeros(len(lefts) * width + 1, dtype=np.intp)
    number[present] = np.arange(len(present))
    return number[pair], [(str(lefts[k // width]), str(rights[k % width])) for k in present]
