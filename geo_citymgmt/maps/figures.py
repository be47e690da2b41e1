"""Numbers, dates and units as a reader in China or abroad expects to see them."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

_UNITS = {
    "m2": ("平方米", "m²"),
    "km2": ("平方公里", "km²"),
    "ha": ("公顷", "ha"),
    "m": ("米", "m"),
    "km": ("公里", "km"),
    "mm": ("毫米", "mm"),
    "count": ("", ""),
    "persons": ("人", "people"),
    "persons/day": ("人/日", "people/day"),
    "points": ("分", "points"),
    "days": ("天", "days"),
    "t": ("吨", "t"),
    "t/day": ("吨/日", "t/day"),
    "t/year": ("吨/年", "t/year"),
    "ratio": ("%", "%"),
    "percent": ("%", "%"),
}
_BRACKET = re.compile(r"\s*[（(](?P<unit>[^（()）]*)[）)]\s*$")
_STEPS_ZH = ((1e8, "亿"), (1e4, "万"))


@dataclass(frozen=True)
class NumberScale:
    """One way of writing all numbers of a legend: a divisor, a unit, and decimals."""

    factor: float
    unit: str
    decimals: int

    def text(self, value: float) -> str:
        """Return the number without its unit."""
        return f"{value * self.factor:,.{self.decimals}f}"


def unit_name(unit: str | None, lang: str) -> str:
    """Return the name of a unit, or the text itself if it is not one of the known."""
    names = _UNITS.get(unit or "", (unit or "", unit or ""))
    return names[0] if lang == "zh" else names[1]


def number_scale(values: Any, unit: str | None, lang: str) -> NumberScale:
    """Choose how to write a group of numbers: in 万 or 亿 where they are large, with few digits.

    Parameters
    ----------
    values : array-like of float
        The numbers of one legend.
    unit : str or None
        Their unit, as layer files name it (``m2``, ``ratio``...).
    lang : {"zh", "en"}
        Chinese counts in 万 and 亿, English in thousands.

    Returns
    -------
    NumberScale

    Examples
    --------
    >>> scale = number_scale([120_000.0, 35_000.0], "m2", "zh")
    >>> scale.text(35_000), scale.unit
    ('3.5', '万平方米')
    """
    numbers = np.asarray(values, dtype="float64")
    numbers = numbers[np.isfinite(numbers)]
    largest = float(np.abs(numbers).max()) if numbers.size else 0.0
    name = unit_name(unit, lang)
    factor, prefix = (100.0, "") if unit == "ratio" else (1.0, "")
    if lang == "zh" and unit not in ("ratio", "percent"):
        for step, word in _STEPS_ZH:
            if largest >= step:
                factor, prefix = 1 / step, word
                break
    scaled = numbers * factor
    if scaled.size == 0 or np.allclose(scaled, np.round(scaled), atol=1e-9):
        decimals = 0
    else:
        top = largest * factor
        decimals = 0 if top >= 1000 else 1 if top >= 10 else 2
        if unit in ("ratio", "percent"):
            decimals = 1
    return NumberScale(factor, f"{prefix}{name}", decimals)


def number_text(value: Any, unit: str | None, lang: str) -> str:
    """Return one number with its unit, on one line; empty where there is none.

    Examples
    --------
    >>> number_text(1_234_567, "m2", "zh"), number_text(0.345, "ratio", "en")
    ('123.46万平方米', '34.5%')
    """
    if value is None or pd.isna(value):
        return ""
    number = float(value)
    if math.isinf(number):
        return ""
    scale = number_scale([number], unit, lang)
    decimals = scale.decimals
    if scale.factor < 1:
        decimals = 2
    elif decimals:
        decimals = max(decimals, 1)
    text = f"{number * scale.factor:,.{decimals}f}"
    if decimals and scale.unit != "%":
        text = text.rstrip("0").rstrip(".")
    gap = "" if lang == "zh" or scale.unit in ("", "%") else "\u00a0"
    return f"{text}{gap}{scale.unit}"


def with_unit(label: str, unit: str, lang: str) -> str:
    """Return a label with its unit behind it, in place of a unit it already ends with.

    Parameters
    ----------
    label : str
        What a figure is called; a unit in brackets at its end is the unit of the data.
    unit : str
        As a `NumberScale` names it; empty where there is none.
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
    names = {name for pair in _UNITS.values() for name in pair if name} | set(_UNITS)
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
