"""A city: its layers, zones, events and targets, from a folder or a city.toml."""

from geo_citymgmt.city.city import City
from geo_citymgmt.city.loading import load_city

__all__ = ["City", "load_city"]
