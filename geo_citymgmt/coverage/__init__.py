"""What a service reaches: area and people, the gaps, the nearest facility."""

from geo_citymgmt.coverage.gaps import coverage_gaps
from geo_citymgmt.coverage.nearest import distance_percentiles, nearest, share_within, unserved
from geo_citymgmt.coverage.shares import coverage, coverage_area

__all__ = [
    "coverage", "coverage_area", "coverage_gaps", "distance_percentiles", "nearest",
    "share_within", "unserved",
]  # fmt: skip
