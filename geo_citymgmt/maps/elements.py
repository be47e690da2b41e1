"""The parts of a map that are ours: zones, packed features, the legend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
from branca.element import MacroElement
from folium.map import Layer
from folium.template import Template

from geo_citymgmt.maps.geometry import label_place, rings_of, simplified_zones
from geo_citymgmt.maps.overlays import Bounds, Overlay, latlon
from geo_citymgmt.maps.text import escape_text, json_for_script, visible_text

__all__ = ["Legend", "Overlay", "Zones"]


@dataclass(frozen=True)
class Frames:
    """Colours and texts of zones at each date of a slider.

    Parameters
    ----------
    classes : DataFrame of int
        One row a zone code, one column a date; -1 where there is no data.
    texts : DataFrame of str
        Likewise.
    palette : sequence of str
        Colour of each class.
    """

    classes: pd.DataFrame
    texts: pd.DataFrame
    palette: Sequence[str]

    def of(self, code: Any) -> list[list[Any]]:
        """Return class and text of a zone at each date."""
        pairs = zip(self.classes.loc[code], self.texts.loc[code], strict=True)
        return [[int(index), visible_text(text)] for index, text in pairs]


def _spellings(zones: gpd.GeoDataFrame) -> dict[Any, tuple[Any, ...]]:
    """Return the names of each zone in both languages, missing ones among them."""
    columns = [zones[name] for name in ("name_zh", "name_en") if name in zones]
    return dict(zip(zones.index, zip(*columns, strict=True), strict=True)) if columns else {}


class Zones(Layer):
    """Areas with names: filled by class, or as outlines under other layers.

    Parameters
    ----------
    zones : GeoDataFrame
        Any CRS.
    names : Series of str
        On the index of `zones`.
    colors, values : Series of str, optional
        Fill and the text under the name; null where there is no data.
    rows : dict, optional
        For each zone code the lines of its popup, as (label, text).
    frames : Frames, optional
        Colours and texts at each date of a slider; `colors` and `values` are those of the last.
    lang : {"zh", "en"}
        Language of the words for those who do not see the map.
    """

    _template = Template(
        """
        {% macro script(this, kwargs) %}
            var {{ this.get_name() }} = gcm.zones({{ this.config() }});
        {% endmacro %}
        """
    )

    def __init__(
        self,
        zones: gpd.GeoDataFrame,
        names: pd.Series,
        *,
        colors: pd.Series | None = None,
        values: pd.Series | None = None,
        rows: dict[Any, list[tuple[str, str]]] | None = None,
        name: str | None = None,
        labels: bool = True,
        frames: Frames | None = None,
        lang: str = "zh",
    ) -> None:
        super().__init__(name=escape_text(name or ""), overlay=True, control=name is not None)
        self._name = "Zones"
        self.title = visible_text(name or "")
        self.lang = lang
        self.palette = [] if frames is None else list(frames.palette)
        shown = simplified_zones(zones)
        shown = shown[~(shown.isna() | shown.is_empty)]
        self._bounds = shown.total_bounds if len(shown) else None
        self.filled = colors is not None
        self.zones = []
        spelt = _spellings(zones)
        for code, area in shown.items():
            color = None if colors is None else colors.get(code)
            value = None if values is None else values.get(code)
            name_of = visible_text(names.get(code, code))
            other = {visible_text(name) for name in spelt.get(code, ()) if pd.notna(name)}
            self.zones.append(
                {
                    "code": visible_text(code),
                    "aliases": sorted(other - {name_of}),
                    "frames": None if frames is None else frames.of(code),
                    "name": visible_text(names.get(code, code)),
                    "parts": rings_of(area),
                    "size": float(shapely.area(area)),
                    "label": label_place(area) if labels else None,
                    "color": None if color is None or pd.isna(color) else color,
                    "hatch": self.filled and (color is None or pd.isna(color)),
                    "value": "" if value is None or pd.isna(value) else visible_text(value),
                    "rows": [
                        (visible_text(label), visible_text(text))
                        for label, text in (rows or {}).get(code, [])
                    ],
                }
            )

    def config(self) -> str:
        """Return what the page's script draws, as JSON."""
        return json_for_script(
            {
                "filled": self.filled,
                "zones": self.zones,
                "title": self.title,
                "colors": self.palette,
                "none": "无数据" if self.lang == "zh" else "No data",
            }
        )

    def _get_self_bounds(self) -> Bounds:
        return latlon(self._bounds)


class Legend(MacroElement):
    """One section of the legend; shown while its layer is.

    Parameters
    ----------
    title : str
    items : sequence of dict
        ``label``, and ``color`` or ``hatch``; ``shape`` and ``count`` where wanted.
    note : str, optional
    notes : sequence of str, optional
        The note at each date of a slider.
    layer : Zones, Features or Overlay, optional
    """

    _template = Template(
        """
        {% macro script(this, kwargs) %}
            gcm.legend({{ this._parent.get_name() }}, Object.assign({{ this.config() }},
                { layer: {{ this.layer.get_name() if this.layer else "null" }} }));
        {% endmacro %}
        """
    )

    def __init__(
        self,
        title: str,
        items: Sequence[dict[str, Any]],
        *,
        note: str = "",
        notes: Sequence[str] | None = None,
        layer: Layer | None = None,
    ) -> None:
        super().__init__()
        self._name = "Legend"
        self.title = title
        self.items = items
        self.note = note
        self.notes = notes
        self.layer = layer

    def config(self) -> str:
        """Return the section as JSON."""
        items = [{**item, "label": visible_text(item["label"])} for item in self.items]
        return json_for_script(
            {
                "title": visible_text(self.title),
                "note": visible_text(self.note),
                "notes": None if self.notes is None else [visible_text(n) for n in self.notes],
                "items": items,
            }
        )
