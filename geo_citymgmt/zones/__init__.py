"""Zones: who owns a feature, how it splits, what a zone holds, and a grid for who has none."""

from geo_citymgmt.zones._assignment import assign_zones, check_zones, make_grid, split_by_zone
from geo_citymgmt.zones._summary import summarise, summarise_levels

__all__ = [
    "assign_zones", "check_zones", "make_grid", "split_by_zone", "summarise", "summarise_levels",
]  # fmt: skip
