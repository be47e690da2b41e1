"""Numbers, shares and days as the reader of a report expects them."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from geo_citymgmt._options import display_lang

__all__ = ["exact_value", "format_value", "percent", "unit_label", "value_parts"]

#: Unit of the definitions -> (Chinese, English).
_UNITS = {
    "m2": ("平方米", "m²"),
    "km2": ("平方公里", "km²"),
    "m": ("米", "m"),
    "km": ("公里", "km"),
    "persons": ("人", "residents"),
    "ratio": ("%", "%"),
    "count": ("", ""),
    "count/km": ("条/公里", "per km"),
}
#: From here on a number is told in the next larger unit.
_STEPS = {"zh": ((1e8, "亿"), (1e4, "万")), "en": ((1e6, " million"),)}
#: Plain numbers stay whole up to here, so that 6,310 stands beside 15,000 and not 1.5万.
_WHOLE_COUNTS = 1e5


def unit_label(unit: str, lang: str | None = None, counter: str = "") -> str:
    """Return the name of a unit; for plain numbers the measure word, if there is one.

    Examples
    --------
    >>> unit_label("m2"), unit_label("count", counter="处"), unit_label("km", "en")
    ('平方米', '处', 'km')
    """
    lang = display_lang(lang)
    if unit == "count":
        return counter
    names = _UNITS.get(unit, (unit, unit))
    return names[0] if lang == "zh" else names[1]


def value_parts(
    value: Any, unit: str, lang: str | None = None, counter: str = ""
) -> tuple[str, str]:
    """Return a number and its unit apart, in 万 or 亿 where a Chinese reader counts so.

    Parameters
    ----------
    value : float or missing
        In ``unit``.
    unit : str
        As the definitions name it: m2, km, count, ratio and the like.
    lang : {"zh", "en"}, default options.lang
        Of the reader.
    counter : str
        Measure word of plain numbers: 处, 个, 起.

    Returns
    -------
    tuple of str
        Both empty for a missing value.

    Examples
    --------
    >>> value_parts(3_503_000, "m2"), value_parts(0.3305, "ratio")
    (('350.3', '万平方米'), ('33.1', '%'))
    >>> value_parts(15_000, "count", counter="个"), value_parts(460_000, "count", counter="个")
    (('15,000', '个'), ('46', '万个'))
    >>> value_parts(3_503_000, "m2", "en")
    ('3.503', 'million m²')
    """
    lang = display_lang(lang)
    number = _number(value)
    if number is None:
        return "", ""
    if unit == "ratio":
        return _trimmed(number * 100.0, 1), "%"
    name = unit_label(unit, lang, counter)
    for step, word in _STEPS[lang]:
        if abs(number) >= step and not _stays_whole(number, unit):
            scaled = _trimmed(number / step, 2 if lang == "zh" else 3)
            return scaled, f"{word}{' ' if lang == 'en' and name else ''}{name}".strip()
    return _trimmed(number, 0 if unit in ("count", "persons") else 3 if unit == "km" else 1), name


def format_value(value: Any, unit: str, lang: str | None = None, counter: str = "") -> str:
    """Return a number with its unit as one text; empty for a missing value.

    See :func:`value_parts` for the parameters.

    Examples
    --------
    >>> format_value(460_000, "count", counter="个"), format_value(37.8, "km", "en")
    ('46万个', '37.8 km')
    """
    lang = display_lang(lang)
    number, name = value_parts(value, unit, lang, counter)
    gap = "" if lang == "zh" or name in ("", "%") else " "
    return f"{number}{gap}{name}"


def exact_value(value: Any, unit: str, lang: str | None = None, counter: str = "") -> str:
    """Return the number in its own unit, in full, where :func:`format_value` shortened it.

    Examples
    --------
    >>> exact_value(3_503_000, "m2"), exact_value(189, "count")
    ('3,503,000 平方米', '')
    """
    lang = display_lang(lang)
    number = _number(value)
    if number is None or unit == "ratio" or _stays_whole(number, unit):
        return ""
    if abs(number) < _STEPS[lang][-1][0]:
        return ""
    return f"{_trimmed(number, 1)} {unit_label(unit, lang, counter)}".strip()


def percent(value: Any, decimals: int = 1) -> str:
    """Return a share as a percentage of fixed decimals, so that a column of them lines up.

    Examples
    --------
    >>> percent(0.4), percent(float("nan"))
    ('40.0%', '')
    """
    number = _number(value)
    return "" if number is None else f"{number * 100:,.{decimals}f}%"


def _stays_whole(number: float, unit: str) -> bool:
    return unit == "count" and abs(number) < _WHOLE_COUNTS


def _number(value: Any) -> float | None:
    if value is None or pd.isna(value) or math.isinf(float(value)):
        return None
    return float(value)


def _trimmed(number: float, decimals: int) -> str:
    text = f"{number:,.{decimals}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
