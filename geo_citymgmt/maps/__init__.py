"""Maps that open without a network: the only place of the package that imports folium."""

from geo_citymgmt.maps.basemaps import Basemap
from geo_citymgmt.maps.choropleth import zone_map
from geo_citymgmt.maps.citymap import CityMap
from geo_citymgmt.maps.features import layer_map
from geo_citymgmt.maps.figure_maps import coverage_map, progress_map
from geo_citymgmt.maps.offline import SUPPORTED
from geo_citymgmt.maps.overview import city_map
from geo_citymgmt.maps.text import escape_text, json_for_script, visible_text

__all__ = [
    "SUPPORTED",
    "Basemap",
    "CityMap",
    "city_map",
    "coverage_map",
    "escape_text",
    "json_for_script",
    "layer_map",
    "progress_map",
    "visible_text",
    "zone_map",
]
