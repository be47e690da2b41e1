"""Numbers, dates and units on a map."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd

from geo_citymgmt.formats import Scale, format_value
from geo_citymgmt.terms import shared_terms

_BRACKET = re.compile(r"\s*[（(](?P<unit>[^（()）]*)[）)]\s*$")


def number_text(value: Any, unit: str | None, lang: str) -> str:
    """Return one number that stands alone with its unit, on one line; empty where there is none.

    Examples
    --------
    >>> number_text(1_234_567, "m2", "zh"), number_text(0.345, "ratio", "en")
    ('123.46万平方米', '34.5%')
    """
    return on_one_line(format_value(value, unit, lang))


def amount_text(value: Any, scale: Scale) -> str:
    """Return a number of a figure as the figure is written, on one line."""
    return on_one_line(scale.amount(value))


def on_one_line(text: str) -> str:
    """Return a text whose number does not part from its unit: U+00A0 between them."""
    return text.replace(" ", "\u00a0")


def with_unit(label: str, unit: str, lang: str) -> str:
    """Return a label with its unit behind it, in place of a unit it already ends with.

    Parameters
    ----------
    label : str
        What a figure is called; a unit in brackets at its end is the unit of the data.
    unit : str
        As a `Scale` names it; empty where there is none.
    lang : {"zh", "en"}
        Decides the brackets.

    Returns
    -------
    str

    Examples
    --------
    >>> with_unit("人口（人）", "万人", "zh"), with_unit("Area (ha)", "", "en")
    ('人口（万人）', 'Area (ha)')
    """
    if not unit:
        return label
    ending = _BRACKET.search(label)
    if ending and _is_unit(ending["unit"].strip(), unit):
        label = label[: ending.start()]
    label = label.rstrip()
    return f"{label}（{unit}）" if lang == "zh" else f"{label} ({unit})"


def _is_unit(text: str, unit: str) -> bool:
    units = shared_terms()["unit"]
    names = {name for pair in units.values() for name in pair if name} | set(units)
    return text == unit or text in names or text.lstrip("万亿") in names


def date_text(values: pd.Series, precision: pd.Series | None) -> pd.Series:
    """Return dates as text, only as exact as they are known.

    Parameters
    ----------
    values : Series of datetime64
        The dates.
    precision : Series of str or None
        ``day``, ``month`` or ``year`` for each; a day where it is null or not given.

    Returns
    -------
    Series of str
        On the index of `values`; empty where there is no date.
    """
    dates = pd.to_datetime(values, errors="coerce")
    midnight = (dates.dropna() == dates.dropna().dt.normalize()).all()
    text = dates.dt.strftime("%Y-%m-%d" if midnight else "%Y-%m-%d %H:%M")
    if precision is not None:
        text = text.mask(precision.eq("month").fillna(False), dates.dt.strftime("%Y-%m"))
        text = text.mask(precision.eq("year").fillna(False), dates.dt.strftime("%Y"))
    return text.astype("object").where(dates.notna(), "")
