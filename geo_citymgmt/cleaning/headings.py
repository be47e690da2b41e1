"""What stands in a heading beside the name of the column: its unit, and marks of the form."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from importlib import resources

import numpy as np
import pandas as pd

from geo_citymgmt.cleaning.numbers import heading_factor
from geo_citymgmt.cleaning.text import distinct_texts, plain
from geo_citymgmt.findings import Findings
from geo_citymgmt.spec import Field, LayerSpec, read_toml

__all__ = ["field_units", "heading_unit", "readings", "unit_fits", "units_by_values", "with_units"]

_UNITS = read_toml(resources.files(__package__) / "units.toml")
_MARKS = frozenset(_UNITS["marks"])
#: Units that fields are in, to which words of units lead.
_TARGETS = (*_UNITS["factors"], *_UNITS["counted"])
_NUMERIC = ("int", "float")
#: From this share of the numbers on, they lie in a range.
_MOST = 0.9
_OPEN, _CLOSE = "([{<【〔《「", ")]}>】〕》」"
_ASIDE = re.compile(
    rf"^(?P<name>.*?)\s*[{re.escape(_OPEN)}](?P<aside>[^{re.escape(_OPEN + _CLOSE)}]*)"
    rf"[{re.escape(_CLOSE)}]\s*(?P<rest>[^{re.escape(_OPEN + _CLOSE)}]*)$"
)
_UNIT_WORD = re.compile(r"^(?:计量|计算)?单位\s*(?:为|是|[:=])?\s*|^unit\s*[:=]\s*|^in\s+", re.I)
#: Longer headings are read as they stand.
_LONGEST = 200
_PLAIN = re.compile(r"[+-]?[\d,]+(\.\d*)?")
#: What may part a name from the unit behind it; nothing may, before a unit that is no other word.
_PARTED = re.compile(r"^(?P<name>.+?)\s*[/,;、_\-\s]\s*(?P<unit>[^/,;、_\-\s]+)$")
_ATTACHED = re.compile(
    r"^(?P<name>.*?[^万千百亿\d])(?P<unit>[万千百亿]?(?:m2|km2|平方米|平方公里|公顷|亩))$"
)


def readings(column: str) -> list[tuple[str, str]]:
    """Return what a heading may be made of: a name, and the unit that stands beside it.

    The heading as it stands is not among them; what is no unit and no mark of the form stays part
    of the name, and there is no reading then.

    Examples
    --------
    >>> readings("违建面积（万平方米）"), readings("拆除面积 / 亩")
    ([('违建面积', '万平方米')], [('拆除面积', '亩')])
    >>> readings("状态（必填）"), readings("泊位（地下）")
    ([('状态', '')], [])
    """
    if len(column) > _LONGEST:
        return []
    return list(dict.fromkeys(_readings(column, set())))


def _readings(column: str, seen: set[str]) -> Iterator[tuple[str, str]]:
    # Two ways to read a heading that lead to one name lead to the same from there on.
    seen.add(column)
    text = plain(column)
    bare = text.strip("*＊ ")
    for pattern in (_ASIDE, _PARTED, _ATTACHED):
        match = pattern.match(bare)
        if match is None:
            continue
        parts = match.groupdict()
        said = parts.get("unit") or _UNIT_WORD.sub("", parts.get("aside") or "")
        name = f"{parts['name']}{parts.get('rest') or ''}".strip(" :,;、/_-*")
        name = re.sub(r"\s*(?:计量|计算)?单位$", "", name)
        is_mark = said.casefold() in _MARKS
        if name and (is_mark or _is_unit(said)):
            yield name, "" if is_mark else said
            # 面积（平方米）（必填）: what is left may have another aside.
            for inner, unit in () if name in seen else _readings(name, seen):
                yield inner, unit or ("" if is_mark else said)
    if bare != text and bare:
        yield bare, ""


def heading_unit(column: str, item: Field) -> str:
    """Return the unit that a heading names for a field; empty where it names none of its units.

    Examples
    --------
    >>> from geo_citymgmt.spec import load_specs
    >>> fields = load_specs()["utility_tunnels"].fields
    >>> heading_unit("长度(m)", fields["length_km"]), heading_unit("长度(㎡)", fields["length_km"])
    ('m', '')
    """
    return next((unit for _, unit in readings(column) if unit and unit_fits(unit, item)), "")


def unit_fits(unit: str, item: Field) -> bool:
    """Whether a field can be in a unit; any can where there is none."""
    return not unit or (bool(item.unit) and heading_factor(unit, item.unit) is not None)


def field_units(
    mapping: Mapping[str, str],
    spec: LayerSpec,
    findings: Findings,
    *,
    given: Mapping[str, str] | None = None,
    stated: str = "",
) -> dict[str, str]:
    """Return the unit that plain numbers of each field are in, where that is said.

    Parameters
    ----------
    mapping : mapping of str to str
        Field to source column.
    spec : LayerSpec
        The layer.
    findings : Findings
        Takes a heading whose unit is none of its field's.
    given : mapping of str to str, optional
        The caller's word, field to unit: it wins over a heading, which wins over ``stated``.
    stated : str
        The unit that stands above the headings, for the whole table.

    Examples
    --------
    >>> from geo_citymgmt.spec import load_specs
    >>> spec = load_specs()["illegal_construction"]
    >>> mapping = {"illegal_area_m2": "面积（亩）", "footprint_m2": "占地面积", "floors": "层数"}
    >>> field_units(mapping, spec, Findings(spec.key), stated="万平方米")
    {'illegal_area_m2': '亩', 'footprint_m2': '万平方米'}
    """
    out = dict(given or {})
    for name, column in mapping.items():
        item = spec.fields[name]
        if name in out or not (item.type in _NUMERIC or item.usual):
            continue
        unit = heading_unit(column, item)
        other = next((said for _, said in readings(column) if said), "")
        if unit:
            out[name] = unit
        elif other and item.unit:
            findings.add("UNIT_UNFIT", item=item, value=column, expected=item.unit, detail=other)
        elif stated and unit_fits(stated, item):
            out[name] = stated
    return out


def units_by_values(
    frame: pd.DataFrame,
    mapping: Mapping[str, str],
    spec: LayerSpec,
    units: Mapping[str, str],
) -> dict[str, str]:
    """Return ``units`` with those that the size of the numbers settles: 0.7 is no width in mm.

    Only for fields with a ``usual`` range, where the numbers lie in it in one other unit alone.

    Examples
    --------
    >>> from geo_citymgmt.spec import load_specs
    >>> frame = pd.DataFrame({"diameter": ["0.99", "0.7"]})
    >>> units_by_values(frame, {"cover_size_mm": "diameter"}, load_specs()["manholes"], {})
    {'cover_size_mm': 'm'}
    """
    out = dict(units)
    for name, column in mapping.items():
        item = spec.fields[name]
        if item.usual is None or name in out:
            continue
        numbers = pd.to_numeric(frame[column], errors="coerce").dropna().to_numpy(dtype=float)
        if len(numbers) < _MOST * frame[column].notna().sum() or not len(numbers):
            continue
        factors = {f: u for u, f in reversed(_UNITS["factors"].get(item.unit, {}).items())}
        low, high = item.usual
        fits = [
            f for f in factors if ((numbers * f >= low) & (numbers * f <= high)).mean() >= _MOST
        ]
        if len(fits) == 1 and fits[0] != 1:
            out[name] = factors[fits[0]]
    return out


def with_units(
    frame: pd.DataFrame, mapping: Mapping[str, str], spec: LayerSpec, stated: str = ""
) -> pd.DataFrame:
    """Return ``frame`` with the unit of a column written behind each of its plain numbers.

    For columns that are to stand under another name, or beside numbers in another unit.

    Examples
    --------
    >>> from geo_citymgmt.spec import load_specs
    >>> spec = load_specs()["illegal_construction"]
    >>> frame = pd.DataFrame({"违建面积（万平方米）": ["0.35", "20亩", None]})
    >>> with_units(frame, {"illegal_area_m2": "违建面积（万平方米）"}, spec).iloc[:, 0].tolist()
    ['0.35万平方米', '20亩', None]
    """
    out = frame.copy(deep=False)
    for name, unit in field_units(mapping, spec, Findings(spec.key), stated=stated).items():
        column = mapping[name]
        if heading_factor(unit, spec.fields[name].unit) == 1:
            continue
        codes, texts = distinct_texts(frame[column])
        written = [f"{t}{unit}" if _PLAIN.fullmatch(plain(t)) else t for t in texts]
        values = np.array([*written, None], dtype=object)[codes]
        out[column] = pd.Series(values, index=frame.index, dtype=object)
    return out


def _is_unit(word: str) -> bool:
    return any(heading_factor(word, target) is not None for target in _TARGETS)
