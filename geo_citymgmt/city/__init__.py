"""A city: its layers, zones, events and targets, from a folder or a city.toml."""

from geo_citymgmt.city._city import City, load_city

__all__ = ["City", "load_city"]
