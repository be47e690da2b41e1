"""Zones within zones: a part of a feature is looked for among the parts of the zone that has it."""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geo_citymgmt._gate import Frame, Gate, Shapes
from geo_citymgmt.words import Text
from geo_citymgmt.zones.ownership import OUTSIDE, UNLOCATED, ZoneIndex

__all__ = ["Parts", "level_rows", "parents_of", "parts_of", "parts_within"]


@dataclass(frozen=True, slots=True)
class Parts:
    """Parts of features at one level; the shares of a feature add up to one.

    ``row`` is the position of the feature, ``kind`` zone, outside or unlocated, ``label`` the code
    of the zone, or of the zone above that the part lies in while in none of its own zones.
    """

    row: np.ndarray
    kind: np.ndarray
    label: np.ndarray
    share: np.ndarray
    piece: np.ndarray


def parts_of(index: ZoneIndex, geometry: np.ndarray | Shapes, split: str) -> Parts:
    """Parts of features at the first level, by ``split``: "owner" or "share"."""
    if isinstance(geometry, Shapes):
        asked, geometry = geometry, geometry.geometry
    else:
        asked = Shapes.of(geometry)
    if split == "share":
        shares = index.shares(asked, pieces=True)
        row, zone, share, piece = shares.feature, shares.zone, shares.share, shares.piece
        assert piece is not None
    else:
        row, zone = np.arange(len(geometry)), index.owner(asked)
        share, piece = np.ones(len(geometry)), geometry
    # Positions below zero count from the end.
    label = np.append(index.codes.to_numpy(dtype=object), ["unlocated", "outside"])[zone]
    kind = np.select([zone == UNLOCATED, zone == OUTSIDE], ["unlocated", "outside"], "zone")
    return Parts(row, kind, label, share, piece)


def parts_within(
    parts: Parts,
    zones: gpd.GeoDataFrame | gpd.GeoSeries,
    parent: np.ndarray,
    split: str,
    indexes: MutableMapping[str, ZoneIndex] | None = None,
) -> Parts:
    """Parts at the next level; what lies in none of a zone's own zones keeps its code, outside.

    Parameters
    ----------
    parts : Parts
        Of the level above.
    zones : GeoDataFrame or GeoSeries
        Zones of this level.
    parent : ndarray of object
        Code of the zone of the level above that each belongs to.
    split : {"owner", "share"}
        As for the level above.
    indexes : mutable mapping, optional
        Keeps the index of the zones of each parent from call to call.
    """
    indexes = {} if indexes is None else indexes
    found = parts.kind == "zone"
    of_part, codes = pd.factorize(parts.label[found])
    order = np.argsort(of_part, kind="stable")
    groups = np.split(
        np.flatnonzero(found)[order], np.searchsorted(of_part[order], np.arange(1, len(codes)))
    )
    out = [_kept(parts, np.flatnonzero(~found), None)]
    for code, mine in zip(codes, groups, strict=False):
        inside = zones[np.asarray(parent == code, dtype=bool)]
        if inside.empty:
            out.append(_kept(parts, mine, "outside"))
            continue
        if code not in indexes:
            indexes[code] = ZoneIndex(inside)
        own = parts_of(indexes[code], parts.piece[mine], split)
        label = np.where(own.kind == "zone", own.label, code)
        kind = np.where(own.kind == "zone", "zone", "outside")
        at = mine[own.row]
        out.append(Parts(parts.row[at], kind, label, parts.share[at] * own.share, own.piece))
    names = ("row", "kind", "label", "share", "piece")
    return Parts(*(np.concatenate([getattr(part, name) for part in out]) for name in names))


def _kept(parts: Parts, at: np.ndarray, kind: str | None) -> Parts:
    kinds = parts.kind[at] if kind is None else np.full(len(at), kind)
    return Parts(parts.row[at], kinds, parts.label[at], parts.share[at], parts.piece[at])


def parents_of(
    zones: Frame, shapes: gpd.GeoSeries, level: str, above: gpd.GeoSeries, gate: Gate
) -> np.ndarray:
    """Code of the zone of ``level`` that each zone belongs to: as stated, else by its area.

    Raises
    ------
    CityDataError
        What is stated names no zone of the level above: text for a number, or another year's.
    """
    if isinstance(zones, gpd.GeoDataFrame):
        for name in ("parent_code", f"{level}_code"):
            if name in zones.columns:
                return _stated(zones, name, above.index, gate)
    index = ZoneIndex(above)
    owner = index.owner(shapes.to_numpy())
    return np.append(index.codes.to_numpy(dtype=object), [None, None])[owner]


def _stated(zones: gpd.GeoDataFrame, name: str, above: pd.Index, gate: Gate) -> np.ndarray:
    stated = gate.column(zones, name, "levels")
    if isinstance(stated.dtype, pd.CategoricalDtype):
        stated = stated.astype(stated.dtype.categories.dtype)
    if len(zones) and not stated.isin(above).any():
        raise gate.refuse(
            Text(
                f"levels：“{name}”列（{stated.dtype}，如 {stated.iloc[0]!r}）没有一个是上一级的"
                f"分区代码（{above.dtype}，如 {above[0]!r}）。",
                f"levels: not one value of column {name!r} ({stated.dtype}, such as "
                f"{stated.iloc[0]!r}) is a code of the level above ({above.dtype}, such as "
                f"{above[0]!r}).",
            ),
            Text(
                f"请统一类型，如 .astype({{{name!r}: {str(above.dtype)!r}}})。",
                f"Bring both to one type, as with .astype({{{name!r}: {str(above.dtype)!r}}}).",
            ),
        )
    return stated.to_numpy(dtype=object, na_value=None)


def level_rows(codes: pd.Index, parent: np.ndarray, above: list[Any]) -> pd.DataFrame:
    """Rows of a level: its zones, what the zones ``above`` have in none of them, the rest."""
    rest = ["outside", "unlocated"]
    return pd.DataFrame(
        {
            "zone_code": pd.Series([*codes, *above, *rest], dtype=object),
            "row_kind": ["zone"] * len(codes) + ["outside"] * len(above) + rest,
            "parent_code": pd.Series([*parent, *above, *rest], dtype=object),
        }
    )
