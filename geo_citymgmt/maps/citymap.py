"""CityMap: a folium map that displays and saves as one page without the network."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

import folium
from branca.element import Element, Figure
from folium.folium import _default_css, _default_js
from folium.template import Template
from folium.utilities import JsCode
from jinja2 import TemplateSyntaxError

from geo_citymgmt._options import display_lang
from geo_citymgmt.errors import MapError
from geo_citymgmt.maps import vendored
from geo_citymgmt.maps.basemap_element import BasemapElement
from geo_citymgmt.maps.basemaps import Basemap, BasemapLike
from geo_citymgmt.maps.offline import check_supported, elements, offline_page, steady_names
from geo_citymgmt.maps.text import escape_page, escape_text, json_for_script
from geo_citymgmt.spec import Lang
from geo_citymgmt.words import DISTRICT, Text
from geo_citymgmt.writing import whole_file

__all__ = ["CityMap", "Lang"]

#: The page's own scripts, each of which builds on those before it.
PAGE_SCRIPTS = (
    "citymap.js",
    "zones.js",
    "store.js",
    "clusters.js",
    "overlay.js",
    "features.js",
    "filters.js",
    "search.js",
    "tools.js",
    "paper.js",
    "panel.js",
    "slider.js",
)


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
                self.title = escape_text(self.map.title or "")
                return steady_names(super().render(**kwargs), self)
            check_supported(self)
            for child in list(self._children.values()):
                child.render(**kwargs)
            hosts = self.map.basemap.hosts if self.map.basemap else ()
            return offline_page(self, lang=self.map.lang, title=self.map.title or "", hosts=hosts)
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
            self.default_js = [("leaflet", vendored.LEAFLET_JS)]
            self.default_css = [("leaflet_css", vendored.LEAFLET_CSS)]
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

    def page_style(self) -> str:
        """Return the page's own stylesheet."""
        return vendored.own("citymap.css") + vendored.own("filters.css")

    def page_script(self) -> str:
        """Return the page's own script."""
        return "\n".join(vendored.own(name) for name in PAGE_SCRIPTS)

    def old_browser_script(self) -> str:
        """Return the script that says so where the browser cannot run the others."""
        return vendored.own("oldbrowser.js")

    def heading(self) -> str:
        """Return the heading as HTML; empty where the map has neither title nor notes."""
        lines = []
        if self.title:
            lines.append(f"<h1>{escape_text(self.title)}</h1>")
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
                "iconUrl": vendored.data_uri("leaflet/dist/images/marker-icon.png"),
                "iconRetinaUrl": vendored.data_uri("leaflet/dist/images/marker-icon-2x.png"),
                "shadowUrl": vendored.data_uri("leaflet/dist/images/marker-shadow.png"),
            }
        return json_for_script(settings)

    def render(self, **kwargs: Any) -> None:
        """Render into the page; the layer switch comes last, so it sees every layer."""
        children = self._children
        if self.layer_switch and not any(
            isinstance(child, folium.LayerControl) for child in children.values()
        ):
            control = folium.LayerControl()
            control.options.update(collapsed=JsCode("window.innerWidth < 900"))
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
