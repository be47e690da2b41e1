"""Targets by figure and zone: their units, their milestones, and whether they add up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo_citymgmt.errors import SourceError
from geo_citymgmt.findings import Findings
from geo_citymgmt.indicators import Figure, Figures
from geo_citymgmt.words import DISTRICT, Text

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = [
    "Curve",
    "TargetTable",
    "check_targets",
    "in_units",
    "sum_of_districts",
    "unit_factors",
]

#: Unit of a targets table -> unit of figures, and what one of it is in that.
_UNITS = {
    "万平方米": ("m2", 1e4), "平方米": ("m2", 1.0), "㎡": ("m2", 1.0), "m²": ("m2", 1.0),
    "公顷": ("m2", 1e4), "ha": ("m2", 1e4), "亩": ("m2", 2000 / 3), "平方公里": ("m2", 1e6),
    "km2": ("m2", 1e6), "公里": ("km", 1.0), "千米": ("km", 1.0), "米": ("km", 1e-3),
    "m": ("km", 1e-3), "%": ("ratio", 0.01), "％": ("ratio", 0.01), "万": ("count", 1e4),
    "万个": ("count", 1e4), "万辆": ("count", 1e4),
}  # fmt: skip
_COUNTERS = tuple("个处起条座辆家张项宗件")
_TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True)
class Curve:
    """What a zone is to reach by which days; the last is the target and its deadline."""

    days: np.ndarray
    values: np.ndarray

    @property
    def target(self) -> float:
        """The value to arrive at."""
        return float(self.values[-1])

    @property
    def deadline(self) -> pd.Timestamp:
        """By when; NaT where no day is given."""
        return pd.Timestamp(self.days[-1])


def in_units(targets: pd.DataFrame, figures: Figures) -> pd.DataFrame:
    """Return the targets in the units of their figures.

    Raises
    ------
    SourceError
        A unit that is not that of the figure, and cannot be turned into it.
    """
    factor, wrong = unit_factors(targets, figures)
    if wrong.any():
        first = targets[wrong].iloc[0]
        name, given = first["indicator"], first["unit"]
        wanted = figures.figures[str(name)].unit
        raise SourceError(
            Text(
                f"目标表：指标 {name} 的单位为 {wanted}，所填单位“{given}”不能换算。",
                f"targets: {name} is in {wanted}, its target in {given!r}.",
            ),
            remedy=Text("请按指标的单位填写目标值。", "Give the target in the unit of the figure."),
        )
    return targets.assign(target=targets["target"] * factor)


def unit_factors(targets: pd.DataFrame, figures: Figures) -> tuple[np.ndarray, np.ndarray]:
    """Return what one of each target's unit is in that of its figure, and where it is in none."""
    unit_of = {f.id: f.unit for f in figures.figures.values()}
    factor, wrong = np.ones(len(targets)), np.zeros(len(targets), dtype=bool)
    places = targets.reset_index(drop=True)
    for (name, unit), rows in places.groupby(["indicator", "unit"], dropna=False).groups.items():
        wanted, given = unit_of.get(str(name)), "" if pd.isna(unit) else str(unit).strip()
        if wanted is None or given in ("", wanted) or (wanted == "count" and given in _COUNTERS):
            continue
        kind, size = _UNITS.get(given, ("", 1.0))
        wrong[rows] = kind != wanted
        factor[rows] = size
    return factor, wrong


class TargetTable:
    """Targets in the units of their figures; what holds for one is looked up once.

    Raises
    ------
    SourceError
        See :func:`in_units`.
    """

    def __init__(self, targets: pd.DataFrame, figures: Figures) -> None:
        self._rows = {
            str(name): rows
            for name, rows in in_units(targets, figures).groupby("indicator", sort=False)
        }
        self._empty = targets.iloc[:0]
        self._curves: dict[str, dict[str, Curve]] = {}
        self._void: dict[str, frozenset[str]] = {}

    def curves(self, figure: Figure) -> dict[str, Curve]:
        """Return the curve of each zone that has a target for ``figure``.

        Several days for one figure and zone are milestones on the way to the last.
        """
        if figure.id not in self._curves:
            self._curves[figure.id] = self._find_curves(figure)
        return self._curves[figure.id]

    def void_zones(self, figure: Figure) -> frozenset[str]:
        """Return the zones of which a target for ``figure`` is there and cannot be used."""
        if figure.id not in self._void:
            own = self._rows_of(figure)
            codes = own.loc[own["target"].isna(), "zone_code"].astype("str")
            self._void[figure.id] = frozenset(codes)
        return self._void[figure.id]

    def _find_curves(self, figure: Figure) -> dict[str, Curve]:
        own = self._rows_of(figure)
        own = own[~own["zone_code"].isin(self.void_zones(figure))]
        own = own.drop_duplicates(["zone_code", "deadline"], keep="first")
        own = own.sort_values("deadline", kind="stable", na_position="first")
        days = own["deadline"].to_numpy(dtype="datetime64[us]")
        amounts = own["target"].to_numpy(dtype="float64")
        zones = own.groupby("zone_code", sort=False).indices
        return {str(code): Curve(days[at], amounts[at]) for code, at in zones.items()}

    def _rows_of(self, figure: Figure) -> pd.DataFrame:
        """Rows of a figure; its own come before those of the figure it repeats."""
        own = self._rows.get(figure.id, self._empty)
        if figure.same_as not in self._rows:
            return own
        other = self._rows[figure.same_as]
        return pd.concat([own, other[~other["zone_code"].isin(own["zone_code"])]])


def sum_of_districts(
    curves: dict[str, Curve], districts: Sequence[str], city: str, figure: Figure
) -> tuple[float, float, int] | None:
    """Return sum over districts, the city's target and how many districts have none.

    None where the two agree, where there is nothing to hold against each other, or where targets of
    the figure do not add up by their nature.
    """
    named = [c for c in districts if c in curves]
    if city not in curves or not named or not figure.adds_up:
        return None
    total, whole = sum(curves[c].target for c in named), curves[city].target
    without = len(districts) - len(named)
    agree = abs(total - whole) <= _TOLERANCE * max(abs(total), abs(whole), 1.0)
    # Districts without a target may bear the rest, but not less than nothing.
    return None if agree or (without and total < whole) else (total, whole, without)


def check_targets(
    targets: pd.DataFrame,
    figures: Figures,
    districts: gpd.GeoDataFrame,
    city: str,
    findings: Findings,
    unit: Text = DISTRICT,
) -> None:
    """Tell targets of districts that do not add up to the city's."""
    codes = [str(c) for c in districts.index]
    table = TargetTable(targets, figures)
    for name in targets["indicator"].unique():
        figure = figures.figures.get(str(name))
        if figure is None:
            continue
        differs = sum_of_districts(table.curves(figure), codes, city, figure)
        if differs is not None:
            total, whole, _ = differs
            findings.add(
                "TARGET_SUM",
                about=str(name),
                value=f"{total:,.10g}",
                expected=f"{whole:,.10g}",
                detail=Text(figure.zh, figure.en),
                unit=unit,
            )
