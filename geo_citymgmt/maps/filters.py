"""Filters in the page: which columns of a layer a reader may narrow it by, and their choices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd
from branca.element import MacroElement
from folium.map import Layer
from folium.template import Template

from geo_citymgmt.errors import MapError
from geo_citymgmt.maps.text import json_for_script, visible_text
from geo_citymgmt.spec import LayerSpec
from geo_citymgmt.words import Text

#: A list of more choices than these is no help to a reader.
MOST_CHOICES = 300
_MOST_AUTOMATIC = 40


@dataclass(frozen=True)
class Filter:
    """A column a reader may narrow a layer by: one of few values, or one of dates."""

    column: str
    kind: Literal["codes", "dates"]


def filter_columns(
    frame: pd.DataFrame,
    spec: LayerSpec,
    *,
    filter_by: Sequence[str] | Literal[False] | None = None,
    date_by: str | Literal[False] | None = None,
    color_by: str | None = None,
) -> list[Filter]:
    """Return the columns a reader may narrow the layer by.

    Parameters
    ----------
    frame : DataFrame
        The records shown.
    spec : LayerSpec
        What they are.
    filter_by : sequence of str or False, optional
        Columns of few different values. By default the district, the state, and the code field
        that decides the colour, where they tell records apart; False for none.
    date_by : str or False, optional
        A column of dates. By default the first date of the layer's popup that is filled; False for
        none.
    color_by : str, optional
        The column that decides the colour.

    Returns
    -------
    list of Filter

    Raises
    ------
    MapError
        If a named column is missing, has over 300 different values, or holds no dates.
    """
    if isinstance(filter_by, str):
        filter_by = [filter_by]
    if filter_by is None:
        wanted = [name for name in ("district_code", spec.state_field, color_by) if name]
        names = [
            name
            for name in dict.fromkeys(wanted)
            if name in frame and _is_code(frame, spec, name) and _tells(frame[name])
        ]
    else:
        names = list(dict.fromkeys(filter_by or ()))
        _check(frame, names, spec)
        for name in names:
            if (count := frame[name].nunique()) > MOST_CHOICES:
                raise MapError(
                    Text(
                        f"字段 {name} 有 {count:,} 个不同取值，筛选最多 {MOST_CHOICES} 个；"
                        "请指定代码字段，或先归并取值。",
                        f"column {name} has {count:,} different values; a filter shows at most "
                        f"{MOST_CHOICES}. Name a code column, or group the values.",
                    ),
                )
    filters = [Filter(name, "codes") for name in names]
    if date_by is None:
        date_by = next((name for name in _dates(frame, spec) if _tells(frame[name])), False)
    elif date_by:
        _check(frame, [date_by], spec)
        if not pd.api.types.is_datetime64_any_dtype(frame[date_by]):
            raise MapError(
                Text(
                    f"字段 {date_by} 不是日期，请先用 pandas.to_datetime 转换",
                    f"column {date_by} holds no dates but {frame[date_by].dtype}; convert it with "
                    "pandas.to_datetime",
                ),
            )
    return [*filters, Filter(date_by, "dates")] if date_by else filters


def describe(kind: str, label: str, texts: pd.Series, order: Sequence[str] = ()) -> dict[str, Any]:
    """Return what the page's control says about one column of texts.

    Parameters
    ----------
    kind : {"codes", "dates"}
    label : str
    texts : Series of str
        As the popup shows them; empty where there is no value.
    order : sequence of str
        The order of the choices, as far as it is known; the rest follow by number of records.

    Returns
    -------
    dict

    Examples
    --------
    >>> import pandas as pd
    >>> describe("codes", "状态", pd.Series(["开", "停", "停"]), ["开", "停"])["choices"]
    [('开', 1), ('停', 2)]
    """
    counts = texts.value_counts()
    missing = int(counts.get("", 0))
    known = counts.drop("", errors="ignore")
    described: dict[str, Any] = {"kind": kind, "label": visible_text(label), "missing": missing}
    if kind == "dates":
        days = sorted(str(text) for text in known.index)
        described["first"], described["last"] = (
            (_day(days[0], end=False), max(_day(day, end=True) for day in days))
            if days
            else ("", "")
        )
        return described
    position = {text: i for i, text in enumerate(order)}
    ranked = sorted(known.items(), key=lambda item: position.get(str(item[0]), len(position)))
    choices = [(visible_text(text), int(count)) for text, count in ranked]
    described["choices"] = choices + ([("", missing)] if missing else [])
    return described


class FilterControl(MacroElement):
    """The part of the page's filter panel that acts on one layer.

    Parameters
    ----------
    layer : Overlay or Features
    filters : sequence of dict
        As `describe` gives them, each with the number of its ``column``.
    """

    _template = Template(
        """
        {% macro script(this, kwargs) %}
            gcm.filter({{ this._parent.get_name() }}, {{ this.layer.get_name() }},
                {{ this.config() }});
        {% endmacro %}
        """
    )

    def __init__(self, layer: Layer, filters: Sequence[Mapping[str, Any]]) -> None:
        super().__init__()
        self._name = "FilterControl"
        self.layer = layer
        self.filters = list(filters)

    def config(self) -> str:
        """Return the filters as JSON."""
        return json_for_script({"filters": self.filters})


def _day(text: str, *, end: bool) -> str:
    """Return the first or last day of a date that is known by year, month or day."""
    if len(text) >= len("2022-06-30"):
        return text[:10]
    period = pd.Period(text)
    return str((period.end_time if end else period.start_time).date())


def _is_code(frame: pd.DataFrame, spec: LayerSpec, name: str) -> bool:
    field = spec.fields.get(name)
    if field is None or field.personal:
        return False
    few = name == "district_code" or field.type in ("code", "bool")
    return few and frame[name].nunique() <= _MOST_AUTOMATIC


def _dates(frame: pd.DataFrame, spec: LayerSpec) -> list[str]:
    names = spec.style.get("popup") or list(spec.fields)
    return [
        name
        for name in names
        if name in frame
        and pd.api.types.is_datetime64_any_dtype(frame[name])
        and not (name in spec.fields and spec.fields[name].personal)
    ]


def _tells(values: pd.Series) -> bool:
    """Whether a column tells records apart."""
    return len(values.unique()) > 1


def _check(frame: pd.DataFrame, names: Sequence[str], spec: LayerSpec) -> None:
    missing = [name for name in names if name not in frame]
    if missing:
        raise MapError(
            Text(
                f"{spec.name_zh} 没有可供筛选的字段 {'、'.join(map(str, missing))}",
                f"{spec.key} has no column {', '.join(map(str, missing))} to filter by; it has "
                f"{', '.join(map(str, frame.columns))}",
            ),
        )
