"""Zones: who owns a feature, how it splits, what a zone holds, and a grid for who has none."""

from geo_citymgmt.zones.assignment import assign_zones, check_zones, split_by_zone
from geo_citymgmt.zones.grid import make_grid
from geo_citymgmt.zones.summary import summarise, summarise_levels

__all__ = [
    "assign_zones", "check_zones", "make_grid", "split_by_zone", "summarise", "summarise_levels",
]  # fmt: skip
