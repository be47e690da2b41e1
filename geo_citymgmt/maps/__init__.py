"""Maps that open without a network: the only place of the package that imports folium."""

from geo_citymgmt._markup import escape_text, json_for_script, visible_text
from geo_citymgmt.maps._basemaps import Basemap
from geo_citymgmt.maps._city_map import CityMap
from geo_citymgmt.maps._features import layer_map
from geo_citymgmt.maps._offline import SUPPORTED
from geo_citymgmt.maps._zone_maps import city_map, coverage_map, progress_map, zone_map

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
