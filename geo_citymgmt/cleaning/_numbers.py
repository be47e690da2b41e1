"""Numbers as offices write them, with or without a unit, column by column."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from geo_citymgmt._languages import Messages
from geo_citymgmt._numbers import MULTIPLES, UNITS
from geo_citymgmt.errors import SpecError
from geo_citymgmt.findings import Findings
from geo_citymgmt.reading._text import distinct_texts, is_null_text, plain, text_array
from geo_citymgmt.spec import Field, LayerSpec

_MESSAGES = Messages("geo_citymgmt.cleaning")

#: Factor of each unit word to the unit of the field.
_FACTORS: Mapping[str, Mapping[str, float]] = UNITS["factors"]
_COUNTERS = frozenset(UNITS["counters"])
_COUNTED = frozenset(UNITS["counted"])
_SCALES = {"": 1.0, **MULTIPLES}
_PATTERN = re.compile(
    r"(?P<about>约|大约|近|≈|~)?\s*(?P<digits>[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?)\s*"
    r"(?P<scale>[百千万亿]?)(?P<over>[余多])?\s*(?P<word>.*?)(?P<so>左右|余|多)?"
)
#: Longer texts are no numbers, and patterns would go over them again and again.
_LONGEST = 200
_WHOLE = re.compile(r"[+-]?\d{1,19}")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?:\D|$))")


def parse_number(text: str, unit: str = "", names: Iterable[str] = ()) -> tuple[float | None, bool]:
    """Return the number in the unit of the field, and whether a unit or scale was converted.

    ``names`` are those of a field that counts: what is counted may stand behind the number.

    Examples
    --------
    >>> parse_number("约１.２万平方米", "m2")
    (12000.0, True)
    >>> parse_number("1,250.5")
    (1250.5, False)
    >>> parse_number("若干")
    (None, False)
    >>> spaces = ("count", ["停车泊位数"])
    >>> parse_number("60 个泊位", *spaces), parse_number("60个月", *spaces)
    ((60.0, False), (None, False))
    """
    match = _parts(text)
    if match is None:
        return None, False
    digits, scale, word = match.group("digits", "scale", "word")
    factor = _SCALES[scale]
    if unit in _COUNTED and any(_is_counted(word, name) for name in names):
        word = ""
    if word and word not in _COUNTERS:
        known = _FACTORS.get(unit, {})
        if word not in known:
            return None, False
        factor *= known[word]
    return float(digits) * factor, factor != 1


def _is_counted(word: str, name: str) -> bool:
    """Whether a word, behind one that counts, is of the name of what is counted: 个泊位."""
    thing = word[1:] if word[:1] in _COUNTERS else word
    # A single sign is of too many names: 个月.
    return len(thing) > 1 and thing in name


def _parts(text: str) -> re.Match[str] | None:
    """Return digits, scale and word of a number with a unit; None for other texts."""
    if len(text) > _LONGEST:
        return None
    return _PATTERN.fullmatch(_THOUSANDS.sub("", plain(text)).strip().lower())


def exact_integer(value: object) -> int | None:
    """Return a plain whole number of 64 bits as it stands, not by way of a float.

    Examples
    --------
    >>> exact_integer("９，007，199，254，740，993"), exact_integer(2**53 + 1)
    (9007199254740993, 9007199254740993)
    >>> exact_integer("9007199254740993万"), exact_integer(2.0**53), exact_integer(2**63)
    (None, None, None)
    """
    text = _THOUSANDS.sub("", plain(str(value))).strip()
    number = int(text) if _WHOLE.fullmatch(text) else None
    return number if number is not None and -(2**63) <= number < 2**63 else None


def unit_factor(unit: str, field_unit: str) -> float | None:
    """Factor from a unit word (万平方米, 亩, 米) to the unit of a field; None where there is none.

    Examples
    --------
    >>> unit_factor("万平方米", "m2"), unit_factor("米", "km"), unit_factor("吨", "km")
    (10000.0, 0.001, None)
    """
    number, _ = parse_number(f"1{unit}", field_unit)
    return number


def parse_number_column(
    column: pd.Series,
    item: Field,
    findings: Findings,
    record: np.ndarray,
    *,
    unit: str | None = None,
) -> tuple[pd.Series, np.ndarray]:
    """Parse ``column`` as the field ``item``; a number without a unit is in ``unit``, if given.

    Returns
    -------
    Series, array of bool
        Float64 values, and where a value was there that is no number.
    """
    scale = 1.0 if unit is None else _checked_factor(unit, item)
    values = _numeric(column)
    if values is not None:
        bad = ~np.isfinite(values) & ~np.isnan(values)
        findings.add(
            "NUMBER_UNPARSED",
            records=record[bad],
            value=values[bad].astype(str),
            action="value_removed",
            item=item,
        )
        return pd.Series(np.where(bad, np.nan, values) * scale), bad
    bad = np.zeros(len(column), dtype=bool)
    fast = _all_plain(column)
    if fast is not None:
        return fast * scale, bad
    codes, texts = distinct_texts(column)
    parsed = np.full(len(texts) + 1, np.nan)
    wrong = np.zeros(len(texts) + 1, dtype=bool)
    converted = np.zeros(len(texts) + 1, dtype=bool)
    approximate = np.zeros(len(texts) + 1, dtype=bool)
    for k, text in enumerate(texts):
        number, converted[k] = parse_number(text, item.unit, (item.zh, *item.aliases))
        if number is None or not np.isfinite(number):
            wrong[k] = not is_null_text(text) and not set(text) <= {"*"}
        else:
            parsed[k] = number if names_unit(text, item.unit) else number * scale
            approximate[k] = is_approximate(text)
    bad = wrong[codes]
    shown = np.array([*texts, ""], dtype=object)[codes[bad]]
    findings.add(
        "NUMBER_UNPARSED", records=record[bad], value=shown, action="value_removed", item=item
    )
    about = np.flatnonzero(approximate[codes])
    findings.add(
        "NUMBER_APPROXIMATE",
        records=record[about],
        value=np.array([*texts, ""], dtype=object)[codes[about]],
        expected=[f"{number:.15g}" for number in parsed[codes[about]]],
        item=item,
    )
    hit = np.flatnonzero(converted[codes])
    if len(hit):
        findings.add(
            "UNIT_CONVERTED",
            value=texts[codes[hit[0]]],
            expected=item.unit or "1",
            item=item,
            about="values",
            detail=_MESSAGES("values_with_unit", value=texts[codes[hit[0]]]),
        )
    return pd.Series(parsed[codes]), bad


def _checked_factor(unit: str, item: Field) -> float:
    factor = unit_factor(unit, item.unit)
    if factor is None:
        raise SpecError(
            _MESSAGES(
                "unit_of_another_kind",
                item=item,
                own_zh=item.unit or "无单位",
                unit=unit,
                own=item.unit or "no unit",
            )
        )
    return factor


def names_unit(text: str, unit: str) -> bool:
    """Whether a number says its own unit, which is one of a field in ``unit``.

    Examples
    --------
    >>> names_unit("9万平方米", "m2"), names_unit("9万", "m2"), names_unit("20处", "count")
    (True, False, False)
    """
    match = _parts(text)
    return match is not None and match["word"] in _FACTORS.get(unit, {})


def is_approximate(text: str) -> bool:
    """Whether a number says of itself that it is not exact.

    Examples
    --------
    >>> [is_approximate(text) for text in ("约500", "1200余", "近300个", "80左右", "500")]
    [True, True, True, True, False]
    """
    match = _parts(text)
    return match is not None and any(match.group("about", "over", "so"))


def number_in(text: str, unit: str, factor: float) -> float | None:
    """Return the number of a cell in a unit of which one is ``factor`` of ``unit``.

    A unit of its own wins over that of its column.

    Examples
    --------
    >>> number_in("9", "m2", 1e4), number_in("9万平方米", "m2", 1e4), number_in("许多", "m2", 1e4)
    (9.0, 9.0, None)
    """
    number, _ = parse_number(text, unit)
    return number / factor if number is not None and names_unit(text, unit) else number


def _numeric(column: pd.Series) -> np.ndarray | None:
    if pd.api.types.is_bool_dtype(column.dtype) or not pd.api.types.is_numeric_dtype(column.dtype):
        return None
    if isinstance(column.dtype, np.dtype):
        return column.to_numpy(dtype=float)
    return np.asarray(column.astype("Float64").to_numpy(dtype=float, na_value=np.nan))


def _all_plain(column: pd.Series) -> pd.Series | None:
    """Parse at once a column that holds nothing but plain numbers, the usual case."""
    if not isinstance(column.dtype, pd.StringDtype):
        return None
    try:
        values = pc.cast(pc.utf8_trim_whitespace(text_array(column)), pa.float64())
    except pa.ArrowInvalid:
        return None
    out = values.to_numpy(zero_copy_only=False)
    return pd.Series(out) if np.isfinite(out[~np.isnan(out)]).all() else None


_PER_UNIT = {"km": 1e3, "km2": 1e6}
#: log10 of said over measured, by unit that was meant.
_AREA = {"万平方米": -4.0, "亩": -np.log10(2000 / 3), "平方公里": -6.0}
_LENGTH = {"米": 3.0}
_LENGTH_M = {"公里": -3.0}
#: How close the median must be, and which share of the records must be about it.
_NEAR, _SPREAD, _SHARE, _FEWEST = 0.1, 0.2, 0.6, 5
#: A floor area is part of a building or several floors of it: its ratio scatters.
_NEAR_FLOORS, _SPREAD_FLOORS = 0.5, 0.75


def floor_area_field(spec: LayerSpec) -> str | None:
    """The measure that counts floors: an area that is not the geometry's, beside ``floors``."""
    item = spec.fields[spec.measure] if spec.measure else None
    if item is None or "floors" not in spec.fields:
        return None
    return item.name if item.unit == "m2" and item.geometry is None else None


def footprint(data: pd.DataFrame, geometry: np.ndarray, spec: LayerSpec) -> np.ndarray:
    """Footprint of each record in m2: its polygon's area, else the field for it, else NaN."""
    area = np.where(shapely.get_dimensions(geometry) == 2, shapely.area(geometry), np.nan)
    for name, item in spec.fields.items():
        if item.geometry == "area" and name in data.columns:
            stated = data[name].astype("float64").to_numpy()
            area = np.where(np.isnan(area), stated, area)
    return np.where(area > 0, area, np.nan)


def measured_by(item: Field, geometry: np.ndarray) -> np.ndarray:
    """Area or length of each geometry in the unit of ``item``, NaN where it has none."""
    dimension = shapely.get_dimensions(geometry)
    if item.geometry == "area":
        size = np.where(dimension == 2, shapely.area(geometry), np.nan)
    else:
        size = np.where(dimension == 1, shapely.length(geometry), np.nan)
    return np.asarray(size / _PER_UNIT.get(item.unit, 1.0))


def suspect_units(
    data: pd.DataFrame, geometry: np.ndarray, spec: LayerSpec, findings: Findings
) -> dict[str, str]:
    """Return the fields whose column is in another unit, with that unit, and tell them."""
    out = {}
    floors = floor_area_field(spec)
    for name, item in spec.fields.items():
        if name not in data.columns or not (item.geometry or name == floors):
            continue
        near, spread = _NEAR, _SPREAD
        if item.geometry:
            measured = measured_by(item, geometry)
            table = _AREA if item.geometry == "area" else _LENGTH
            table = _LENGTH_M if item.geometry == "length" and item.unit == "m" else table
        else:
            measured, table = footprint(data, geometry, spec), _AREA
            near, spread = _NEAR_FLOORS, _SPREAD_FLOORS
        found = _unit(data[name].astype("float64").to_numpy(), measured, table, near, spread)
        if found is None:
            continue
        unit, ratio = found
        out[name] = unit
        findings.add(
            "UNIT_SUSPECT",
            item=item,
            value=f"{ratio:.4g} (log10 {np.log10(ratio):.3f})",
            expected=unit,
        )
    return out


def _unit(
    stated: np.ndarray, measured: np.ndarray, table: dict[str, float], near: float, spread: float
) -> tuple[str, float] | None:
    usable = (stated > 0) & (measured > 0)
    if usable.sum() < _FEWEST:
        return None
    ratio = np.log10(stated[usable] / measured[usable])
    middle = float(np.median(ratio))
    unit = min(table, key=lambda u: abs(table[u] - middle))
    about = np.abs(ratio - middle) < spread
    if abs(table[unit] - middle) > near or about.mean() < _SHARE:
        return None
    return unit, 10**middle
