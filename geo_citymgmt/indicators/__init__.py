"""Figures: those a document published, and how the program computes its own."""

from __future__ import annotations

from importlib import resources

import pandas as pd

from geo_citymgmt.errors import CityDataError
from geo_citymgmt.indicators.model import Component, Figure, Figures
from geo_citymgmt.indicators.reader import check_figures, load_figures

__all__ = [
    "Component",
    "Figure",
    "Figures",
    "check_figures",
    "load_figures",
    "published_indicators",
]


def published_indicators(name: str = "suzhou_2022") -> pd.DataFrame:
    """Return the figures a city published, each with its clause.

    Parameters
    ----------
    name : str
        Which table; "suzhou_2022" is the half-year report and plan of Suzhou's city-management
        bureau, document 苏城发〔2022〕74号.

    Returns
    -------
    DataFrame
        ``id, domain, name_zh, name_en, kind, period, value, unit, comparator, deadline,
        pairs_with, quote_zh, notes``, one row a figure.

    Raises
    ------
    CityDataError
        There is no such table.

    Examples
    --------
    >>> table = published_indicators()
    >>> len(table), float(table.set_index("id").loc["tunnel_operating_length", "value"])
    (65, 37.8)
    """
    folder = resources.files("geo_citymgmt") / "indicators"
    entry = folder / f"{name}.csv"
    if not name.isidentifier() or not entry.is_file():
        known = sorted(
            e.name.removesuffix(".csv") for e in folder.iterdir() if e.name.endswith(".csv")
        )
        raise CityDataError(f"no published figures {name!r}; there are {', '.join(known)}.")
    with entry.open("r", encoding="utf-8") as file:
        table = pd.read_csv(file, dtype="str", keep_default_na=False)
    table["value"] = pd.to_numeric(table["value"])
    table["deadline"] = pd.to_datetime(table["deadline"].replace("", None), errors="coerce")
    return table
