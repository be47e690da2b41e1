"""What a service reaches, how much there is for how many, and how evenly it is spread."""

from geo_citymgmt.access._nearest import distance_percentiles, nearest, share_within, unserved
from geo_citymgmt.access._reach import coverage, coverage_area, coverage_gaps
from geo_citymgmt.access._supply import gini, lorenz, supply_ratio, two_step_access

__all__ = [
    "coverage",
    "coverage_area",
    "coverage_gaps",
    "distance_percentiles",
    "gini",
    "lorenz",
    "nearest",
    "share_within",
    "supply_ratio",
    "two_step_access",
    "unserved",
]
