"""Supply for those it is meant for: spaces per 1,000 residents, per vehicle, per km2."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd

from geo_citymgmt._gate import Frame, Gate
from geo_citymgmt.zones.ownership import Located
from geo_citymgmt.zones.summary import summary_of

__all__ = ["ratio_table", "supply_ratio"]


def supply_ratio(
    features: Frame,
    zones: Frame,
    *,
    amount: str | None = None,
    per: str = "area_km2",
    scale: float = 1.0,
    demand: gpd.GeoDataFrame | None = None,
    margins: bool = False,
) -> pd.DataFrame:
    """Divide what a zone has by whom it is for: spaces per 1,000 residents, bays per km2.

    Parameters
    ----------
    features : GeoDataFrame
        Facilities in the CRS of ``zones``; each counts in the zone that owns it.
    zones : GeoDataFrame or GeoSeries
        Polygons indexed by code.
    amount : str, optional
        Column of ``features`` to sum, such as ``spaces_total``; the number of features without it.
    per : str
        ``area_km2``, or the column of people or vehicles: of ``demand`` where it is given, else of
        ``zones``.
    scale : float
        1000 for a figure per 1,000.
    demand : GeoDataFrame, optional
        Cells or points that carry ``per``, shared among zones by area.
    margins : bool
        Add rows ``outside``, ``unlocated`` and ``total``, marked in a column ``row_kind``.

    Returns
    -------
    DataFrame
        On the codes of ``zones``: ``numerator``, ``denominator``, ``ratio`` (scale x numerator /
        denominator; missing where the denominator is zero or unknown). In the row ``total`` the
        ratio refers to the zones alone, as in :func:`coverage`, and is missing while that of a
        zone is unknown.

    Raises
    ------
    CRSError
        The CRS differ, or areas cannot be measured in theirs.
    CityDataError
        There is no such column, or it holds negative numbers.

    See Also
    --------
    two_step_access, gini

    Examples
    --------
    >>> import shapely
    >>> zones = gpd.GeoDataFrame({"residents": [4000, 1000]}, index=["A", "B"], crs="EPSG:4549",
    ...     geometry=[shapely.box(550_000, 3_460_000, 551_000, 3_461_000),
    ...               shapely.box(551_000, 3_460_000, 552_000, 3_461_000)])
    >>> lots = gpd.GeoDataFrame({"spaces": [120, 80, 50]}, crs="EPSG:4549",
    ...     geometry=gpd.points_from_xy([550_100, 550_200, 551_500], [3_460_500] * 3))
    >>> supply_ratio(lots, zones, amount="spaces", per="residents", scale=1000)
               numerator  denominator  ratio
    zone_code
    A              200.0       4000.0   50.0
    B               50.0       1000.0   50.0
    """
    return ratio_table(features, zones, amount, per, scale, demand, margins)


def ratio_table(
    features: Frame,
    zones: Frame,
    amount: str | None,
    per: str,
    scale: float,
    demand: Frame | None,
    margins: bool,
    located: Located | None = None,
    demand_located: Located | None = None,
) -> pd.DataFrame:
    """Supply of the zones, with features and demand that are found in them already or not."""
    gate = Gate("supply_ratio")
    scale = gate.positive(scale, "scale")
    gate.choice(margins, "margins", (True, False))
    gate.name(per, "per")
    if amount is not None:
        gate.numbers(gate.frame(features, "features"), amount, "amount", least=0)
    numerator = {"numerator": (None, "count") if amount is None else (amount, "sum")}
    table = summary_of(
        gate, features, zones, None, "owner", margins, numerator, argument="features",
        located=located,
    )  # fmt: skip
    table["numerator"] = table["numerator"].astype("float64")
    codes = table.index[: len(zones)]
    if demand is not None:
        gate.numbers(gate.frame(demand, "demand"), per, "per", least=0)
        people = {"denominator": (per, "sum")}
        whole = summary_of(
            gate, demand, zones, None, "share", margins, people, argument="demand",
            located=demand_located,
        )  # fmt: skip
        table["denominator"] = whole["denominator"].astype("float64")
    else:
        if per == "area_km2" and not (isinstance(zones, gpd.GeoDataFrame) and per in zones):
            own = gate.zones(zones, measures=("area",)).area.to_numpy() / 1e6
        else:
            own = gate.numbers(zones, per, "per", least=0)
        table["denominator"] = np.nan
        table.loc[codes, "denominator"] = own
        if margins:
            table.loc["total", "denominator"] = own.sum()
    known = table["denominator"].where(table["denominator"] > 0)
    table["ratio"] = scale * table["numerator"] / known
    if margins:
        within = table.loc[codes, ["numerator", "denominator"]].sum(skipna=False)
        some = within["denominator"] > 0
        table.loc["total", "ratio"] = (
            scale * within["numerator"] / within["denominator"] if some else np.nan
        )
    return table
