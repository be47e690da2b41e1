"""A basemap as a part of the page: its script, its style, and tiles that stand in the page."""

from __future__ import annotations

from typing import Any

from branca.element import MacroElement
from folium.template import Template

from geo_citymgmt.maps import vendored
from geo_citymgmt.maps.basemaps import GEOGRAPHIC, Basemap
from geo_citymgmt.maps.text import escape_text, json_for_script, visible_text


class BasemapElement(MacroElement):
    """The tiles as a part of the page."""

    _template = Template(
        """
        {% macro header(this, kwargs) %}
            <style>{{ this.style }}</style>
            <script>{{ this.code }}</script>
        {% endmacro %}
        {% macro html(this, kwargs) %}
            {%- if this.data %}
            <script type="application/json" id="tiles_{{ this.get_name() }}">
                {{- this.data -}}
            </script>
            {%- endif %}
        {% endmacro %}
        {% macro script(this, kwargs) %}
            gcm.basemap({{ this._parent.get_name() }}, {{ this.config() }});
        {% endmacro %}
        """
    )

    def __init__(self, basemap: Basemap) -> None:
        super().__init__()
        self._name = "Basemap"
        self.basemap = basemap
        self.style = vendored.own("basemap.css")
        self.code = vendored.own("basemap.js")
        tiles = basemap.tiles
        self.data = (
            json_for_script({"index": tiles.index, "tiles": tiles.pictures}) if tiles else ""
        )

    def config(self) -> str:
        """Return what the page's script needs, as JSON."""
        given = self.basemap
        common: dict[str, Any] = {
            "minNativeZoom": given.min_zoom,
            "maxNativeZoom": given.max_zoom,
            "minZoom": 0,
            "maxZoom": 24,
            "className": "gcm-tile",
        }
        layers = [
            {
                **common,
                "url": layer.url,
                "subdomains": list(layer.subdomains),
                "tms": layer.tms,
                "zoomOffset": layer.zoom_offset,
                "geographic": given.crs in GEOGRAPHIC,
            }
            for layer in given.layers
        ]
        if given.tiles:
            layers = [{**common, "data": f"tiles_{self.get_name()}"}]
        # Leaflet takes the attribution for HTML.
        return json_for_script(
            {
                "layers": layers,
                "attribution": escape_text(given.attribution),
                "host": visible_text(given.name),
                "gcj02": given.datum == "gcj02",
            }
        )
