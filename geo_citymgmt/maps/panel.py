"""What stands beside the map: the panel of indicators, and the slider over dates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from branca.element import MacroElement
from folium.template import Template

from geo_citymgmt.errors import CityDataError, MapError
from geo_citymgmt.formats import Scale, figure_scales
from geo_citymgmt.maps.elements import Zones
from geo_citymgmt.maps.figures import amount_text
from geo_citymgmt.maps.terms import status_name, status_shown, target_text, term_lines
from geo_citymgmt.maps.text import json_for_script, visible_text
from geo_citymgmt.spec import get_spec
from geo_citymgmt.terms import shared_terms
from geo_citymgmt.words import DISTRICT, Text

#: A panel is read, not searched: the figure of the map, and those that say most beside it.
MOST_FIGURES = 12
_CHOOSE = Text("选择{unit}", "Choose a {unit}")
#: The day of figures of data without a date.
_NO_DAY = ""


class Panel(MacroElement):
    """The indicators of the city and of each district, beside the map.

    Parameters
    ----------
    table : DataFrame
        Of `progress` or `progress_series`, at one level.
    figures : sequence of str
        Ids of the indicators, in order; the first is open when the page opens.
    names : mapping of str to str
        Name of each zone by its code, in order; the empty code is the whole city.
    layer : Zones or None
        The zones that are chosen by a click; None where there are none, and the panel is of the
        whole city alone.
    level : str
        Level of the zones in the table.
    lang : {"zh", "en"}
    zone_unit : Text
        What a zone is called.
    """

    _template = Template(
        """
        {% macro script(this, kwargs) %}
            gcm.panel({{ this._parent.get_name() }}, Object.assign({{ this.config() }},
                { layer: {{ this.layer.get_name() if this.layer else "null" }} }));
        {% endmacro %}
        """
    )

    def __init__(
        self,
        table: pd.DataFrame,
        figures: Sequence[str],
        names: Mapping[str, str],
        *,
        layer: Zones | None,
        level: str,
        lang: str,
        zone_unit: Text = DISTRICT,
    ) -> None:
        super().__init__()
        self._name = "Panel"
        self.layer = layer
        self.choose = _CHOOSE.format(unit=zone_unit).of(lang)
        self.dates = dates_of(table)
        self._texts: dict[str, int] = {}
        self._aimed = bool(table["target"].notna().any())
        kind = row_kind(table)
        chosen = table.loc[
            table["indicator"].isin(figures)
            & (kind.eq("zone") & table["level"].eq(level) | table["level"].eq("city"))
        ]
        # The whole city has no code on the map, whatever its own is.
        city = chosen["level"].eq("city")
        place = chosen["zone_code"].astype(str).mask(city, "")
        chosen = chosen.assign(_place=place).reset_index(drop=True)
        told_of, scales = set(chosen["indicator"]), figure_scales(table, lang)
        self.figures = [
            self._figure(chosen.loc[chosen["indicator"].eq(key)], scales[key])
            for key in figures
            if key in told_of
        ]
        told = {code for figure in self.figures for code in figure["cells"]}
        self.places = [
            {"code": code, "name": visible_text(name)}
            for code, name in names.items()
            if code in told or code == ""
        ]

    def _figure(self, rows: pd.DataFrame, scale: Scale) -> dict[str, Any]:
        """Return one indicator: its cells by place, one cell a date."""
        first, lang = rows.iloc[0], scale.lang
        days = (
            pd.to_datetime(rows["as_of"]).dt.strftime("%Y-%m-%d").astype("object").fillna(_NO_DAY)
        )
        by_place: dict[str, dict[str, Any]] = {}
        for day, row in zip(days, rows.to_dict("records"), strict=True):
            by_place.setdefault(row["_place"], {})[day] = row
        cells = {
            visible_text(place): [
                self._cell(by_day.get(day), scale) for day in self.dates or [_NO_DAY]
            ]
            for place, by_day in by_place.items()
        }
        return {
            "id": str(first["indicator"]),
            "name": visible_text(first["name_zh" if lang == "zh" else "name_en"]),
            "group": visible_text(_layer_name(first.get("layer"), lang)),
            "cells": cells,
        }

    def _cell(self, row: Mapping[Any, Any] | None, scale: Scale) -> dict[str, Any]:
        """Return a figure at a place and date: texts, and the numbers of bar and chart."""
        lang = scale.lang
        nothing = status_name("not_available", lang)
        if row is None:
            return dict.fromkeys("agentw") | {
                "v": self._text(nothing),
                "s": "not_available",
                "l": [],
            }
        status = "" if pd.isna(row["status"]) else str(row["status"])
        value, target = _number(row["value"]), _number(row["target"])
        attainment = _number(row["attainment"])
        expected = _number(row.get("expected"))
        share = None
        if attainment is not None and expected is not None and target:
            share = expected / target
        key = status_shown(status, row.get("expected", float("nan")), row["target"])
        return {
            "v": self._text(amount_text(value, scale) or nothing),
            "n": value,
            "t": None if target is None else self._text(target_text(target, scale)),
            # A line for the target only where the two may be compared.
            "g": target if attainment is not None else None,
            "a": attainment,
            "e": share,
            "s": status if status in shared_terms()["status"] else "other",
            "w": self._text(status_name(key, lang))
            if status not in ("", "no_target", "not_available")
            else None,
            "l": [
                self._text(text)
                for label, told in term_lines(row, scale)
                # Where nothing has a target, that a figure has none says nothing of it.
                if self._aimed or told != status_name("no_target", lang)
                for text in (label, told)
            ],
        }

    def _text(self, text: str) -> int:
        """Return the place of a text in the table of texts: most stand in many cells."""
        return self._texts.setdefault(visible_text(text), len(self._texts))

    def config(self) -> str:
        """Return what the page's script shows, as JSON."""
        return json_for_script(
            {
                "choose": visible_text(self.choose),
                "dates": self.dates,
                "daily": len({day[:7] for day in self.dates}) < len(self.dates),
                "places": self.places,
                "figures": self.figures,
                "texts": list(self._texts),
            }
        )


class Slider(MacroElement):
    """A slider over the dates of a map's zones.

    Parameters
    ----------
    dates : sequence of str
        As they are shown, the last first on the page.
    captions : sequence of str
        The line under the heading at each date; empty where it stays.
    layer : Zones
        With frames.
    """

    _template = Template(
        """
        {% macro script(this, kwargs) %}
            gcm.slider({{ this._parent.get_name() }}, Object.assign({{ this.config() }},
                { layer: {{ this.layer.get_name() }} }));
        {% endmacro %}
        """
    )

    def __init__(self, dates: Sequence[str], captions: Sequence[str], *, layer: Zones) -> None:
        super().__init__()
        self._name = "Slider"
        self.dates = list(dates)
        self.captions = list(captions)
        self.layer = layer

    def config(self) -> str:
        """Return the dates as JSON."""
        captions = [visible_text(caption) for caption in self.captions]
        return json_for_script({"dates": self.dates, "captions": captions})


def dates_of(table: pd.DataFrame) -> list[str]:
    """Return the dates of a table of progress, in order."""
    days = pd.to_datetime(table["as_of"]).dropna().drop_duplicates().sort_values()
    return list(days.dt.strftime("%Y-%m-%d"))


def row_kind(table: pd.DataFrame) -> pd.Series:
    """Return what each row is for; a table without the column holds zones alone."""
    return table.get("row_kind", pd.Series("zone", index=table.index))


def panel_figures(
    table: pd.DataFrame,
    first: str | None,
    *,
    level: str,
    chosen: Sequence[str] | None = None,
) -> list[str]:
    """Return the indicators of a panel: the map's own, those with a target, then the fullest.

    Parameters
    ----------
    table : DataFrame
        Of `progress` or `progress_series`.
    first : str or None
        The indicator the map is filled by; None for a map without.
    level : str
        Level of the zones.
    chosen : sequence of str, optional
        These, in this order, whatever they hold.

    Raises
    ------
    MapError
        If a chosen one is not in the table; the known ones are named.
    """
    known = table["indicator"].unique()
    if chosen is not None:
        missing = [key for key in chosen if key not in known]
        if missing:
            raise MapError(
                Text(
                    f"表中没有指标 {'、'.join(missing)}；可用：{'、'.join(known)}",
                    f"the table has no figure {', '.join(missing)}; it has {', '.join(known)}",
                ),
            )
        return list(dict.fromkeys(chosen))
    at_level = table.loc[table["level"].isin([level, "city"])]
    grouped = at_level.groupby("indicator", sort=False)
    rank = grouped[["attainment", "value"]].count()
    layer = grouped["layer"].first() if "layer" in table else pd.Series(index=rank.index)
    rank["own"] = np.where(
        rank.index == first, 2, layer.eq(layer.get(first)).to_numpy().astype(int)
    )
    rank["aimed"] = rank["attainment"].gt(0)
    rank = rank.loc[rank["value"].gt(0) | rank["own"].eq(2)]
    order = rank.sort_values(["own", "aimed", "value"], ascending=False, kind="stable").index
    # Half of the places are for the map's own subject, half for what else has a target.
    own = [key for key in order if rank["own"][key]]
    other = [key for key in order if not rank["own"][key]]
    other.sort(key=lambda key: not rank["aimed"][key])
    head = own[: max(MOST_FIGURES // 2, MOST_FIGURES - len(other))]
    rest = other[: MOST_FIGURES - len(head)]
    # One subject after the other, as they come.
    subjects = list(dict.fromkeys(layer.get(key) for key in rest))
    return head + sorted(rest, key=lambda key: subjects.index(layer.get(key)))


def _layer_name(key: Any, lang: str) -> str:
    if key is None or pd.isna(key) or not str(key):
        return ""
    try:
        return get_spec(str(key)).name(lang)
    except CityDataError:
        return str(key)


def _number(value: Any) -> float | None:
    if value is None or pd.isna(value) or not np.isfinite(float(value)):
        return None
    return round(float(value), 6)
