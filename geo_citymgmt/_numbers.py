"""Numbers with their units, as the reader of a page, map, workbook or bulletin expects them.

A figure is written in one way wherever it stands: :func:`figure_scales` decides once how.
"""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from geo_citymgmt._languages import measure_word, packaged_table, term
from geo_citymgmt._options import display_lang

#: Words of units, each with its factor to a unit of the package, and words that count.
UNITS = packaged_table("geo_citymgmt", "units.toml")
MULTIPLES = {"百": 1e2, "千": 1e3, "万": 1e4, "亿": 1e8}
#: What stands where a number, or a day, is missing.
NONE = "–"
#: What is nearer to a whole number than this is one.
_WHOLE = 1e-9
#: From here on a number is told in the next larger unit.
_STEPS = {"zh": ((1e8, "亿"), (1e4, "万")), "en": ((1e6, "million"),)}
#: Decimals of a number in such a unit.
_DECIMALS = {"zh": 2, "en": 3}
#: What is told in larger units. Counts stay whole, for 1.18 万个 beside 42 个 would not compare;
#: lengths stay in km; and a unit that an office gives may be a larger one already (万元).
_ENLARGED = {
    "zh": frozenset({"m2", "m", "persons", "persons/day", "t", "t/day", "t/year"}),
    "en": frozenset({"m2"}),
}
_SHARES = {"ratio": 0.01, "percent": 1.0}


@dataclass(frozen=True)
class Scale:
    """One way of writing all numbers of a figure, a column or a legend.

    Attributes
    ----------
    divisor : float
        What a number is divided by before it is written.
    decimals : int
    unit : str
        What the written number is of: 万平方米.
    plain : str
        What the number itself is of: 平方米.
    lang : {"zh", "en"}
    """

    divisor: float
    decimals: int
    unit: str
    plain: str
    lang: str

    def text(self, value: Any) -> str:
        """Return the number without its unit, with as many decimals as others of its column."""
        number = _number(value)
        if number is None:
            return ""
        scaled, decimals = number / self.divisor, self.decimals
        if self.divisor > 1 and round(number) and not round(scaled, decimals):
            # What is there is not shown as nothing.
            decimals = math.ceil(-math.log10(abs(scaled)))
        text = f"{scaled:,.{decimals}f}"
        return text[1:] if text.startswith("-") and not text.strip("-0.,") else text

    def parts(self, value: Any) -> tuple[str, str]:
        """Return the number without idle zeros, and its unit; both empty for a missing value."""
        text = self.text(value)
        if not text:
            return "", ""
        # A share has its decimal always, as beside others of a column.
        if "." in text and self.unit != "%":
            text = text.rstrip("0").rstrip(".")
        return text, self.unit

    def amount(self, value: Any) -> str:
        """Return the number with its unit as one text; empty for a missing value."""
        number, unit = self.parts(value)
        gap = "" if self.lang == "zh" or unit in ("", "%") else " "
        return f"{number}{gap}{unit}"

    def exact(self, value: Any) -> str:
        """Return the number in full in its own unit, where it is written in a larger one."""
        number = _number(value)
        if not number or self.divisor <= 1:
            return ""
        text = f"{number:,.1f}".removesuffix(".0")
        return f"{text} {self.plain}".strip()


def scale_for(values: Any, unit: str | None, lang: str | None = None, counter: str = "") -> Scale:
    """Choose how to write a group of numbers: one unit, and as many decimals as they need.

    Parameters
    ----------
    values : array-like of float
        In ``unit``; missing ones have no part in it.
    unit : str or None
        As the definitions name it: m2, km, count, ratio and the like; any other is shown as it is.
    lang : {"zh", "en"}, default options.lang
        Of the reader: Chinese counts in 万 and 亿, English in millions.
    counter : str
        Measure word of plain numbers: 处, 个, 起.

    Returns
    -------
    Scale

    Examples
    --------
    >>> scale = scale_for([120_000.0, 35_000.0], "m2", "zh")
    >>> scale.text(35_000), scale.unit, scale.amount(35_000)
    ('3.50', '万平方米', '3.5万平方米')
    """
    if isinstance(values, pd.Series):
        values = values.to_numpy(dtype="float64", na_value=np.nan)
    numbers = np.asarray(values, dtype="float64")
    numbers = np.abs(numbers[np.isfinite(numbers)])
    if not numbers.size:
        return _scale(0.0, True, unit, lang, counter)
    whole = bool(np.abs(numbers - np.round(numbers)).max() <= _WHOLE)
    return _scale(float(numbers.max()), whole, unit, lang, counter)


def _scale(largest: float, whole: bool, unit: str | None, lang: str | None, counter: str) -> Scale:
    """Return how numbers up to ``largest`` are written, all of them whole or not."""
    lang = display_lang(lang)
    unit = "" if unit is None or pd.isna(unit) else str(unit)
    plain = unit_label(unit, lang, counter)
    if unit in _SHARES:
        return Scale(_SHARES[unit], 1, plain, plain, lang)
    if unit in _ENLARGED[lang]:
        for step, word in _STEPS[lang]:
            if largest >= step:
                name = f"{word}{plain}" if lang == "zh" else f"{word} {plain}"
                return Scale(step, _DECIMALS[lang], name, plain, lang)
    decimals = 3 if unit == "km" else 0 if largest >= 1000 else 1 if largest >= 10 else 2
    return Scale(1.0, 0 if whole else decimals, plain, plain, lang)


def figure_scales(table: pd.DataFrame, lang: str | None = None) -> dict[str, Scale]:
    """Decide how each figure is written, for all its places, days and targets alike.

    Parameters
    ----------
    table : DataFrame
        Of :func:`geo_citymgmt.progress` or :func:`geo_citymgmt.progress_series`.
    lang : {"zh", "en"}, default options.lang
        Of the reader.

    Returns
    -------
    dict of str to Scale
        By figure.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"indicator": "a", "unit": "m2", "level": ["city", "district"],
    ...                       "value": [350_000.0, 900.0], "target": float("nan")})
    >>> figure_scales(table, "zh")["a"].amount(900.0)
    '0.09万平方米'
    """
    lang = display_lang(lang)
    # Streets have no part in it: a map of districts and a page with streets are to agree.
    named = table[["indicator", "unit", "value", "target"]]
    whole = named[table["level"].isin(["city", "district"])]
    rows = named if whole.empty else whole
    numbers = rows[["value", "target"]].to_numpy(dtype="float64", na_value=np.nan)
    units = rows["unit"].to_numpy(dtype=object)
    return {
        str(name): scale_for(numbers[at].ravel(), units[at[0]], lang, measure_word(str(name), lang))
        for name, at in rows.groupby("indicator", sort=False).indices.items()
    }


def unit_label(unit: str, lang: str | None = None, counter: str = "") -> str:
    """Return the name of a unit; for plain numbers the measure word, if there is one.

    Examples
    --------
    >>> unit_label("m2"), unit_label("count", counter="处"), unit_label("km", "en")
    ('平方米', '处', 'km')
    >>> unit_label("公顷", "en")
    '公顷'
    """
    lang = display_lang(lang)
    return counter if unit == "count" else term("unit", unit, lang)


def value_parts(
    value: Any, unit: str | None, lang: str | None = None, counter: str = ""
) -> tuple[str, str]:
    """Return a number and its unit apart, in 万 or 亿 where a Chinese reader counts so.

    Parameters
    ----------
    value : float or missing
        In ``unit``.
    unit : str or None
        As the definitions name it: m2, km, count, ratio and the like; any other is shown as it is.
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
    (('15,000', '个'), ('460,000', '个'))
    >>> value_parts(3_503_000, "m2", "en")
    ('3.503', 'million m²')
    """
    return _alone(value, unit, lang, counter).parts(value)


def format_value(value: Any, unit: str | None, lang: str | None = None, counter: str = "") -> str:
    """Return a number with its unit as one text; empty for a missing value.

    See :func:`value_parts` for the parameters. A number of a figure is written in the scale of
    the figure, :func:`figure_scales`; this is for one that stands alone.

    Examples
    --------
    >>> format_value(460_000, "persons"), format_value(37.8, "km", "en")
    ('46万人', '37.8 km')
    """
    return _alone(value, unit, lang, counter).amount(value)


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


def exact_value(value: Any, unit: str | None, lang: str | None = None, counter: str = "") -> str:
    """Return the number in its own unit, in full, where :func:`format_value` shortened it.

    Examples
    --------
    >>> exact_value(3_503_000, "m2"), exact_value(189, "count")
    ('3,503,000 平方米', '')
    """
    return _alone(value, unit, lang, counter).exact(value)


def percent(value: Any, decimals: int = 1) -> str:
    """Return a share as a percentage of fixed decimals, so that a column of them lines up.

    Examples
    --------
    >>> percent(0.4), percent(float("nan"))
    ('40.0%', '')
    """
    number = _number(value)
    return "" if number is None else f"{number * 100:,.{decimals}f}%"


def told(value: Any, form: str = ",.0f") -> str:
    """Return a number or a day in a format, a dash where it is missing.

    Examples
    --------
    >>> told(1234.5), told(None), told(pd.Timestamp(2022, 6, 30), "%Y-%m-%d")
    ('1,234', '–', '2022-06-30')
    """
    return NONE if value is None or pd.isna(value) else format(value, form)


def in_points(share: float) -> str:
    """Return a difference of shares in points with its sign, a dash where it is missing.

    Examples
    --------
    >>> in_points(-0.344), in_points(0.02), in_points(float("nan"))
    ('−34.4', '+2.0', '–')
    """
    return told(share * 100, "+.1f").replace("-", "−")


def _alone(value: Any, unit: str | None, lang: str | None, counter: str) -> Scale:
    number = _number(value) or 0.0
    return _scale(abs(number), abs(number - round(number)) <= _WHOLE, unit, lang, counter)


def _number(value: Any) -> float | None:
    # Most numbers are floats, and of these a hundred thousand are written on a map.
    if not isinstance(value, float):
        if value is None or pd.isna(value):
            return None
        value = float(value)
    return float(value) if math.isfinite(value) else None


def factor_between(unit: str, target: str) -> float | None:
    """Return what one of a unit, as an office writes it, is in one of the package's.

    None where it is no unit of that thing: what only scales or counts says nothing of what is
    measured, for it may be another thing's.

    Examples
    --------
    >>> [factor_between(unit, "m2") for unit in ("㎡", "万平方米", "百万㎡", "万元", "处", "米")]
    [1.0, 10000.0, 1000000.0, None, None, None]
    >>> factor_between("万辆", "count"), factor_between("万吨/年", "t/year")
    (10000.0, 10000.0)
    """
    word = unicodedata.normalize("NFKC", unit).strip().lower()
    if not word:
        return None
    scale = 1.0
    while word[:1] in MULTIPLES:
        scale, word = scale * MULTIPLES[word[0]], word[1:].strip()
    known = UNITS["factors"].get(target, {})
    if word in known:
        return float(scale * known[word])
    is_counted = target in UNITS["counted"] and (not word or word in UNITS["counters"])
    return scale if is_counted else None


def fitting_unit(stated: str, target: str) -> str:
    """Return the one of several units, such as 处、万平方米, that a number can be in; else empty.

    Examples
    --------
    >>> fitting_unit("处、万平方米", "m2"), fitting_unit("亩/公顷", "m2"), fitting_unit("元", "m2")
    ('万平方米', '', '')
    """
    # 吨/日 is one.
    if factor_between(stated, target) is not None:
        return stated.strip()
    factors = {factor_between(unit, target): unit for unit in units_in(stated)}
    factors.pop(None, None)
    return next(iter(factors.values())) if len(factors) == 1 else ""


def units_in(stated: str) -> list[str]:
    """Return the units that one statement names, such as 处、万平方米.

    Examples
    --------
    >>> units_in("处、万平方米"), units_in("亩")
    (['处', '万平方米'], ['亩'])
    """
    return [unit.strip() for unit in re.split(r"[,，、/和及]", stated) if unit.strip()]


def share_in_words(error: float) -> str:
    """Return a small relative error as a percentage that is never rounded down to nothing.

    Examples
    --------
    >>> share_in_words(0.000284), share_in_words(0.0012), share_in_words(0.0)
    ('0.029%', '0.12%', '0%')
    """
    if not error > 0:
        return "0%"
    decimals = max(0, 1 - math.floor(math.log10(error * 100)))
    least = 10.0**-decimals
    return f"{math.ceil(round(error * 100 / least, 6)) * least:.{decimals}f}%"
