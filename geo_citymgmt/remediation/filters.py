"""Which records are asked about: fields and values as people write them, or refused by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from geo_citymgmt._dates import read_day
from geo_citymgmt._gate import Gate
from geo_citymgmt.cleaning.codes import parse_bool_column, parse_code_column
from geo_citymgmt.cleaning.numbers import parse_number
from geo_citymgmt.errors import CityDataError, did_you_mean
from geo_citymgmt.findings import Findings
from geo_citymgmt.spec import Field, LayerSpec
from geo_citymgmt.words import NOTHING, Text

__all__ = ["no_field", "read_where"]

_CONDITIONS = ("not", "any")
_NUMBERS = (int, float, np.integer, np.floating)


def read_where(where: Any, gate: Gate, spec: LayerSpec, data: pd.DataFrame) -> dict[str, Any]:
    """Return a filter with each value in the type of its field.

    Parameters
    ----------
    where : mapping or None
        Field to a value, a list of values, ``{"not": value}`` or ``{"any": True}``. Values are read
        as those of records are: a code by its label, 是 as true, a number as text.
    gate : Gate
        Of the function that asks.
    spec, data
        Of the layer.

    Raises
    ------
    CityDataError
        It is no mapping, names no field of the layer or one that the data lacks, or a value is none
        of the field; the known ones are named.
    """
    if where is None:
        return {}
    if not isinstance(where, Mapping):
        raise gate.refuse(
            Text(
                f"where 为 {where!r}，应为“字段→值”的字典。",
                f"where is {where!r}, not a mapping of field to value.",
            ),
            _EXAMPLE,
        )
    out = {}
    for name, wanted in where.items():
        item = spec.fields.get(name) if isinstance(name, str) else None
        if item is None:
            raise no_field(name, "where", gate, spec, data)
        if name not in data.columns:
            raise gate.refuse(
                Text(
                    f"where：图层“{spec.name_zh}”的数据缺少字段“{item.zh}”（{name}）。",
                    f"where: {spec.key} needs {name}, which the data does not have.",
                ),
                Text(
                    "请补充该字段，或在 city.toml 中指明对应列名。",
                    "Add the field, or name its column in city.toml.",
                ),
            )
        out[name] = _condition(wanted, item, gate)
    return out


def no_field(
    name: Any, argument: str, gate: Gate, spec: LayerSpec, data: pd.DataFrame
) -> CityDataError:
    """Return the error that a layer has no such field, with the nearest and those there are."""
    near = did_you_mean(name, spec.fields) if isinstance(name, str) else NOTHING
    there = [n for n in spec.fields if n in data.columns]
    return gate.refuse(
        Text(
            f"{argument}：图层“{spec.name_zh}”没有字段 {name!r}。{near.zh}",
            f"{argument}: {spec.key} has no field {name!r}.{near.en}",
        ),
        Text(f"可用：{'、'.join(there)}。", f"Use one of {', '.join(there)}."),
    )


def _condition(wanted: Any, item: Field, gate: Gate) -> Any:
    if isinstance(wanted, Mapping):
        odd = [key for key in wanted if key not in _CONDITIONS]
        if odd or not wanted:
            raise gate.refuse(
                Text(
                    f"where：字段“{item.zh}”（{item.name}）的条件 {dict(wanted)!r} 无法识别。",
                    f"where: the condition {dict(wanted)!r} of {item.name} is not known.",
                ),
                Text(
                    "请写成 {“not”: 值} 或 {“any”: True}。",
                    'Write {"not": value} or {"any": True}.',
                ),
            )
        return {k: _value(v, item, gate) if k == "not" else v for k, v in wanted.items()}
    if isinstance(wanted, (list, tuple, set, frozenset, np.ndarray, pd.Series, pd.Index)):
        return [_value(one, item, gate) for one in wanted]
    return _value(wanted, item, gate)


def _value(value: Any, item: Field, gate: Gate) -> Any:
    """One value in the type of the field."""
    read = _READERS[item.type](value, item, gate)
    if read is None:
        known = _known(item)
        raise gate.refuse(
            Text(
                f"where：字段“{item.zh}”（{item.name}）没有取值 {value!r}"
                f"（{type(value).__name__}）。",
                f"where: {value!r} ({type(value).__name__}) is no value of {item.name}.",
            ),
            Text(f"应为{known.zh}。", f"Give {known.en}."),
        )
    return read


def _code(value: Any, item: Field, gate: Gate) -> str | None:
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (str, *_NUMBERS)):
        return None
    read = parse_code_column(pd.Series([str(value)]), item, Findings(), np.zeros(1, dtype=int))
    code = read.iloc[0]
    return None if pd.isna(code) or code not in item.codes else str(code)


def _flag(value: Any, item: Field, gate: Gate) -> bool | None:
    if isinstance(value, _NUMBERS) and value in (0, 1):
        return bool(value)
    if not isinstance(value, (str, np.bool_)):
        return None
    read = parse_bool_column(pd.Series([str(value)]), item, Findings(), np.zeros(1, dtype=int))
    return None if pd.isna(read.iloc[0]) else bool(read.iloc[0])


def _number(value: Any, item: Field, gate: Gate) -> Any:
    if isinstance(value, str):
        return parse_number(value, item.unit)[0]
    number = isinstance(value, _NUMBERS) and not isinstance(value, bool)
    return value if number and np.isfinite(value) else None


def _text(value: Any, item: Field, gate: Gate) -> str | None:
    if isinstance(value, str):
        return value
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    return str(value) if whole else None


def _day(value: Any, item: Field, gate: Gate) -> pd.Timestamp | None:
    name, asks = f"where[{item.name!r}]", gate.function
    last = read_day(value, name, function=asks)
    # A month is no day that a record could have.
    return last if last == read_day(value, name, function=asks, first=True) else None


_READERS = {
    "code": _code, "list": _code, "bool": _flag, "int": _number, "float": _number,
    "text": _text, "id": _text, "date": _day, "datetime": _day,
}  # fmt: skip


def _known(item: Field) -> Text:
    if item.codes:
        return Text(
            "、".join(f"{code}（{entry.zh}）" for code, entry in item.codes.items()) + " 之一",
            "one of " + ", ".join(f"{code} ({entry.en})" for code, entry in item.codes.items()),
        )
    return {
        "bool": Text(" True 或 False", "True or False"),
        "int": Text("数值", "a number"),
        "float": Text("数值", "a number"),
        "date": Text("一个日期，如 2022-06-30", "a day such as 2022-06-30"),
        "datetime": Text("一个日期，如 2022-06-30", "a day such as 2022-06-30"),
    }.get(item.type, Text("文字", "a text"))


_EXAMPLE = Text(
    "请写成 {“status”: “20”}。", 'Write it as {"status": "20"} or {"safety_related": True}.'
)
