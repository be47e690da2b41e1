"""CityMap: a folium map that displays and saves as one page without the network."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import folium
import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from branca.element import Element, Figure, MacroElement
from folium.folium import _default_css, _default_js
from folium.map import Layer
from folium.template import Template
from folium.utilities import JsCode
from jinja2 import TemplateSyntaxError

from geo_citymgmt._languages import DISTRICT, NOTHING, Lang, Messages, Text, listed, shared_terms
from geo_citymgmt._markup import escape_page, escape_text, json_for_script, visible_text
from geo_citymgmt._numbers import Scale, amount_text, figure_scales
from geo_citymgmt._options import display_lang
from geo_citymgmt.errors import MapError
from geo_citymgmt.figures._tables import zone_names
from geo_citymgmt.maps import _offline
from geo_citymgmt.maps._basemaps import Basemap, BasemapElement, BasemapLike
from geo_citymgmt.maps._labels import (
    dated,
    row_kind,
    status_name,
    status_shown,
    target_text,
    term_lines,
)
from geo_citymgmt.maps._offline import check_supported, elements, offline_page, steady_names
from geo_citymgmt.maps._overlays import (
    Bounds,
    Plain,
    label_place,
    latlon,
    rings_of,
    simplified_zones,
)
from geo_citymgmt.writing import whole_file

if TYPE_CHECKING:
    from geo_citymgmt.city import City

_MESSAGES = Messages("geo_citymgmt.maps")

#: The page's own scripts, each of which builds on those before it.
PAGE_SCRIPTS = (
    "citymap.js", "zones.js", "store.js", "marks.js", "clusters.js", "overlay.js", "features.js",
    "filters.js", "search.js", "selection.js", "tools.js", "paper.js", "panel.js", "slider.js",
    "chooser.js",
)  # fmt: skip

PAGE_STYLES = ("citymap.css", "filters.css", "chooser.css")

#: Layers of a switch that lies beside a map on a page of 900 pixels.
_SHORT_LIST = 8


class _Literal(Element):
    """A part of the page whose content is taken as it stands.

    branca takes what an object rendered for a template and renders it once more. Text of the data
    would then be a program: ``{{ ... }}`` in a remark would run as Python while the map is saved.
    """

    def render(self, **kwargs: Any) -> str:
        """Return the content of the children, none of it as a template."""
        return "\n".join(
            child._template_str
            if type(child) is Element and child._template_str is not None
            else child.render(**kwargs)
            for child in self._children.values()
        )


class _Page(Figure):
    """The page around a map: header line, map, and nothing from outside."""

    def __init__(self, city_map: CityMap) -> None:
        super().__init__()
        for part in ("header", "html", "script"):
            literal = _Literal()
            literal._children = getattr(self, part)._children
            literal._parent = self
            setattr(self, part, literal)
        self.add_child(city_map)
        self.map = city_map

    def render(self, **kwargs: Any) -> str:
        """Return the whole page as HTML."""
        # folium adds children while it renders. They are taken away again, so that a map which
        # was displayed can be refined and rendered once more, in the right order.
        before = [(element, element._children.copy()) for element in elements(self)]
        try:
            if self.map.online:
                self.title = escape_text(self.map._full_title())
                return steady_names(super().render(**kwargs), self)
            check_supported(self)
            for child in list(self._children.values()):
                child.render(**kwargs)
            hosts = self.map.basemap.hosts if self.map.basemap else ()
            return offline_page(self, lang=self.map.lang, title=self.map._full_title(), hosts=hosts)
        except TemplateSyntaxError as error:
            raise MapError(
                Text(
                    "地图上的文字含有模板标记（{{ 或 {%）；"
                    "传给 folium 对象的数据文字请先经 escape_text 处理。",
                    "A text on the map reads as a template ({{ or {%); pass text of data to folium "
                    "objects through escape_text.",
                ),
            ) from error
        finally:
            for element, children in before:
                element._children = children

    def _repr_html_(self, **kwargs: Any) -> str:
        """Return an iframe that holds the page, as notebooks show it."""
        page = escape_page(self.render(**kwargs))
        height = self.height or "560px"
        return (
            f'<iframe srcdoc="{page}" style="width:{self.width};height:{height};border:0" '
            "allowfullscreen></iframe>"
        )


class CityMap(folium.Map):
    """A map that shows and saves as one self-contained page, in Chinese or English.

    Everything folium would load from the network is inside the page, and a content policy lets
    nothing else run. The map can be refined with ordinary folium; the objects that work without a
    network are listed in `geo_citymgmt.maps.SUPPORTED`, and saving names any other.

    Parameters
    ----------
    location : sequence of float, optional
        Latitude and longitude of the centre, in degrees (WGS 84). By default the map fits what is
        on it.
    title, caption : str, optional
        Heading of the page, and the line under it (source, date). Plain text.
    lang : {"zh", "en"}
        Language of the page's own words.
    tools : bool
        Whether the page has its bar of tools: search, home, measure, full screen, print, picture.
    online : bool
        True gives ordinary folium output, whose page loads its libraries from public addresses.
    zone_unit : Text
        What the map calls a zone: 区县, 板块, in Chinese and English.
    basemap : Basemap or str, optional
        Tiles under the map (see `Basemap.of`): the page may then ask their hosts, and no other,
        for pictures. None by default: no basemap is free of the network but one in a file.
    tiles, zoom_start, zoom_control, **kwargs
        As for `folium.Map`; `tiles` need ``online=True``.

    Raises
    ------
    CityDataError
        If the page's words are not there in `lang`.
    MapError
        When displayed or saved, if an object on the map needs the network; the object is named.

    See Also
    --------
    city_map, zone_map, layer_map, Basemap

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> page = Path(tempfile.mkdtemp()) / "map.html"
    >>> CityMap(title="窨井整治").save(page)
    >>> "https://cdn" in page.read_text(encoding="utf-8")
    False
    """

    _template = Template(
        """
        {% macro header(this, kwargs) %}
            <style>{{ this.page_style() }}</style>
            <style>
                #{{ this.get_name() }} {
                    position: {{this.position}};
                    width: {{this.width[0]}}{{this.width[1]}};
                    height: {{this.height[0]}}{{this.height[1]}};
                    left: {{this.left[0]}}{{this.left[1]}};
                    top: {{this.top[0]}}{{this.top[1]}};
                    {% if this.height != (100, "%") %}flex: none;{% endif %}
                }
            </style>
            <script>
                L_NO_TOUCH = {{ this.global_switches.no_touch |tojson}};
                L_DISABLE_3D = {{ this.global_switches.disable_3d|tojson }};
            </script>
            <script>{{ this.old_browser_script() }}</script>
            <script>{{ this.page_script() }}</script>
        {% endmacro %}

        {% macro html(this, kwargs) %}
            {{ this.heading() }}
            <main class="gcm-stage"><div class="gcm-view">
            <div class="folium-map" id={{ this.get_name()|tojson }} ></div>
            </div></main>
        {% endmacro %}

        {% macro script(this, kwargs) %}
            var {{ this.get_name() }} = L.map(
                {{ this.get_name()|tojson }},
                {
                    center: {{ this.location|tojson }},
                    crs: L.CRS.{{ this.crs }},
                    ...{{this.options|tojavascript}}
                }
            );
            gcm.setup({{ this.get_name() }}, {{ this.settings() }});
            {%- if this.zoom_control_position %}
            L.control.zoom( { position: {{ this.zoom_control|tojson }} } )
                .addTo({{ this.get_name() }});
            {%- endif %}
        {% endmacro %}
        """
    )

    def __init__(
        self,
        location: Sequence[float] | None = None,
        *,
        title: str | None = None,
        caption: str | None = None,
        lang: Lang | None = None,
        tools: bool = True,
        online: bool = False,
        zone_unit: Text = DISTRICT,
        basemap: BasemapLike = None,
        tiles: Any = None,
        zoom_start: int = 10,
        zoom_control: bool | str = "topleft",
        **kwargs: Any,
    ) -> None:
        self.lang = display_lang(lang)
        self.zone_unit = zone_unit
        self.basemap = Basemap.of(basemap)
        if self.basemap and self.basemap.datum == "gcj02":
            # Everything drawn is shifted by the page's own projection; see basemap.js.
            kwargs["crs"] = "GCJ02"
        super().__init__(
            location=location,
            tiles=tiles,
            zoom_start=zoom_start,
            zoom_control=zoom_control,
            **kwargs,
        )
        self.title = title
        self.caption = caption
        #: Of which city the map is: stands before the title, whatever that comes to be.
        self.place = ""
        self.online = online
        self.tools = tools
        self.notes: list[str] = []
        self._fit = location is None
        # Clusters need to know how far one can zoom where no tile layer says so.
        self.options.setdefault("max_zoom", 19)
        self.options.setdefault("min_zoom", 3)
        if tiles is None and self.basemap is None:
            # Without tiles any zoom is sharp, so the map can fill its frame.
            self.options.setdefault("zoom_snap", 0.25)
        self.layer_switch = False
        # Each map has its own lists: folium's add_js_link would change every map's.
        if online:
            self.default_js = list(_default_js)
            self.default_css = list(_default_css)
        else:
            self.default_js = [("leaflet", _offline.LEAFLET_JS)]
            self.default_css = [("leaflet_css", _offline.LEAFLET_CSS)]
        _Page(self)
        if self.basemap:
            self.add_child(BasemapElement(self.basemap))
            if note := self.basemap.note(self.lang):
                self.add_note(note)

    def add_note(self, text: str) -> CityMap:
        """Add a line of plain text under the heading, such as what the map does not show."""
        if text not in self.notes:
            self.notes.append(text)
        return self

    def of_city(self, city: City) -> CityMap:
        """Name the city before the title, and say of its data what every map of it says.

        Parameters
        ----------
        city : City
            Its ``notice`` becomes a note, its ``data_date`` the caption where there is none.

        Returns
        -------
        CityMap
            The map itself.

        Examples
        --------
        >>> import geo_citymgmt as gcm
        >>> CityMap(title="窨井整治").of_city(gcm.sample_city()).caption
        '数据截至 2022-06-30'
        """
        self.place = getattr(city, f"name_{self.lang}", "")
        day, notice = getattr(city, "data_date", None), getattr(city, "notice", NOTHING)
        if self.caption is None and day is not None:
            self.caption = dated(f"{day:%Y-%m-%d}", day, self.lang)
        if notice.zh:
            self.add_note(notice.of(self.lang))
        return self

    def _full_title(self) -> str:
        """Return the title with the city before it, unless the title names it."""
        title = self.title or ""
        return f"{self.place} · {title}" if self.place and self.place not in title else title

    def page_style(self) -> str:
        """Return the page's own stylesheet."""
        return "".join(map(_offline.own, PAGE_STYLES))

    def page_script(self) -> str:
        """Return the page's own script."""
        return "\n".join(_offline.own(name) for name in PAGE_SCRIPTS)

    def old_browser_script(self) -> str:
        """Return the script that says so where the browser cannot run the others."""
        return _offline.own("oldbrowser.js")

    def heading(self) -> str:
        """Return the heading as HTML; empty where the map has neither title nor notes."""
        lines = []
        if self.title:
            place = escape_text(self._full_title().removesuffix(self.title))
            subject = f'<span class="gcm-subject">{escape_text(self.title)}</span>'
            lines.append(f"<h1>{place}{subject}</h1>")
        if self.caption:
            lines.append(f'<p class="gcm-caption">{escape_text(self.caption)}</p>')
        lines += [f'<p class="gcm-note">{escape_text(note)}</p>' for note in self.notes]
        return f'<header class="gcm-heading">{"".join(lines)}</header>' if lines else ""

    def settings(self) -> str:
        """Return what the page's script needs to know about the map, as JSON."""
        settings: dict[str, Any] = {"lang": self.lang, "tools": self.tools}
        bounds = self.get_bounds() if self._fit else None
        if bounds and None not in [*bounds[0], *bounds[1]]:
            settings["bounds"] = bounds
        if not self.online:
            settings["icons"] = {
                "iconUrl": _offline.data_uri("leaflet/dist/images/marker-icon.png"),
                "iconRetinaUrl": _offline.data_uri("leaflet/dist/images/marker-icon-2x.png"),
                "shadowUrl": _offline.data_uri("leaflet/dist/images/marker-shadow.png"),
            }
        return json_for_script(settings)

    def render(self, **kwargs: Any) -> None:
        """Render into the page; the layer switch comes last, so it sees every layer."""
        children = self._children
        if self.layer_switch and not any(
            isinstance(child, folium.LayerControl) for child in children.values()
        ):
            control = folium.LayerControl()
            # Spread out, a long list takes the place of the map unless the page is wide.
            n_layers = sum(bool(getattr(child, "control", False)) for child in children.values())
            room = 900 if n_layers <= _SHORT_LIST else 1200
            # A table of the zones beside the map takes its part of the width.
            room += 350 * any(isinstance(child, Chooser) for child in children.values())
            control.options.update(collapsed=JsCode(f"window.innerWidth < {room}"))
            self.add_child(control, name="layer_switch")
        switches = [
            name for name, child in children.items() if isinstance(child, folium.LayerControl)
        ]
        for name in switches:
            children.move_to_end(name)
        super().render(**kwargs)

    def save(
        self, outfile: str | bytes | Path | BinaryIO, close_file: bool = True, **kwargs: Any
    ) -> None:
        """Write the page, whole or not at all.

        Parameters
        ----------
        outfile : str, Path or binary file
            Where to write. A path is replaced in one step, through a file beside it; its folder is
            made where it is not there.
        close_file : bool
            Whether to close a file that was handed in.
        **kwargs
            Handed to branca's rendering.

        Raises
        ------
        MapError
            If an object on the map needs the network; the object is named.
        CityDataError
            If the file cannot be written: another program holds it open, its folder is closed or
            cannot be made.
        """
        root = self.get_root()
        content = root.render(**kwargs).encode("utf-8")
        if isinstance(outfile, bytes):
            outfile = os.fsdecode(outfile)
        if not isinstance(outfile, str | Path):
            outfile.write(content)
            if close_file:
                outfile.close()
            return
        with whole_file(Path(outfile)) as temporary:
            temporary.write_bytes(content)


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
    lang : {"zh", "en"}
        Language of the words for those who do not see the map.
    outlines : Zones, optional
        Those under it, of the same zones.
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
        lang: str = "zh",
        outlines: Zones | None = None,
    ) -> None:
        super().__init__(name=escape_text(name or ""), overlay=True, control=name is not None)
        self._name = "Zones"
        self.title = visible_text(name or "")
        self.lang = lang
        shown = simplified_zones(zones)
        shown = shown[~(shown.isna() | shown.is_empty)]
        self._bounds = shown.total_bounds if len(shown) else None
        self.filled = colors is not None
        self.outlines = outlines
        #: Of what is drawn: a zone without a shape is not.
        self.codes = [str(code) for code in shown.index]
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

    def content(self) -> dict[str, Any]:
        """Return what the page's script draws."""
        return {
            "filled": self.filled,
            "zones": self.zones,
            "title": self.title,
            "none": "无数据" if self.lang == "zh" else "No data",
        }

    def config(self) -> str:
        """Return the same as JSON."""
        return json_for_script(self.content())

    def _get_self_bounds(self) -> Bounds:
        return latlon(self._bounds)


def add_outlines(city_map: CityMap, zones: gpd.GeoDataFrame, *, labels: bool = True) -> Zones:
    """Add zones as outlines with their names, under what is on the map."""
    outlines = Zones(zones, zone_names(zones, city_map.lang), labels=labels)
    city_map.add_child(outlines)
    return outlines


class Legend(MacroElement):
    """One section of the legend; shown while its layer is.

    Parameters
    ----------
    title : str
    items : sequence of dict
        ``label``, and ``color`` or ``hatch``; ``shape`` and ``count`` where wanted.
    note : str, optional
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
        layer: Layer | None = None,
    ) -> None:
        super().__init__()
        self._name = "Legend"
        self.title = title
        self.items = items
        self.note = note
        self.layer = layer

    def config(self) -> str:
        """Return the section as JSON."""
        items = [{**item, "label": visible_text(item["label"])} for item in self.items]
        return json_for_script(
            {
                "title": visible_text(self.title),
                "note": visible_text(self.note),
                "items": items,
            }
        )


#: A panel is read, not searched: the figure of the map, and those that say most beside it.
MOST_FIGURES = 12
_CHOOSE = Text("选择{unit}", "Choose a {unit}")
#: The day of figures of data without a date.
_NO_DAY = ""


class Panel(Plain):
    """The indicators of the city and of each district, beside the map.

    Parameters
    ----------
    table : DataFrame
        Of `progress` or `progress_series`, at one level; ``layer`` is the layer's name.
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
        reported_of, scales = set(chosen["indicator"]), figure_scales(table, lang)
        self.figures = [
            self._figure(chosen.loc[chosen["indicator"].eq(key)], scales[key])
            for key in figures
            if key in reported_of
        ]
        reported = {code for figure in self.figures for code in figure["cells"]}
        self.places = [
            {"code": code, "name": visible_text(name)}
            for code, name in names.items()
            if code in reported or code == ""
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
            "group": visible_text(first.get("layer", "")),
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
                for label, reported in term_lines(row, scale)
                # Where nothing has a target, that a figure has none says nothing of it.
                if self._aimed or reported != status_name("no_target", lang)
                for text in (label, reported)
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


class Chooser(Plain):
    """What a reader may choose of a map of figures: which, by which zones, of which day.

    The zones that are drawn take the colours and numbers of what is chosen; a table beside the map
    has the same. Where there is no script, a table says what is shown first.

    Parameters
    ----------
    view : dict
        Of `FigureView`, with dates, captions and the zones of each level.
    layer, outlines : Zones
        What is filled, and the outlines under it.
    """

    _template = Template(
        """
        {% macro html(this, kwargs) %}
            <noscript>{{ this.first() }}</noscript>
        {% endmacro %}

        {% macro script(this, kwargs) %}
            gcm.chooser({{ this._parent.get_name() }}, Object.assign({{ this.config() }},
                { layer: {{ this.layer.get_name() }}, outlines: {{ this.outlines.get_name() }} }));
        {% endmacro %}
        """
    )

    def __init__(self, view: Mapping[str, Any], *, layer: Zones, outlines: Zones) -> None:
        super().__init__()
        self._name = "Chooser"
        self.view = view
        self.layer = layer
        self.outlines = outlines

    def first(self) -> str:
        """Return what is shown first as a table of HTML."""
        rows = "".join(
            f'<tr><th scope="row">{escape_text(zone["name"])}</th>'
            f"<td>{escape_text(zone['value'])}</td></tr>"
            for zone in self.layer.zones
        )
        return f"<table><caption>{escape_text(self.layer.title)}</caption>{rows}</table>"

    def config(self) -> str:
        """Return all that can be shown, as JSON."""
        return json_for_script(self.view)


def dates_of(table: pd.DataFrame) -> list[str]:
    """Return the dates of a table of progress, in order."""
    days = pd.to_datetime(table["as_of"]).dropna().drop_duplicates().sort_values()
    return list(days.dt.strftime("%Y-%m-%d"))


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
                _MESSAGES("table_no_figure", missing=listed(missing), known=listed(known))
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


def _number(value: Any) -> float | None:
    if value is None or pd.isna(value) or not np.isfinite(float(value)):
        return None
    return round(float(value), 6)
