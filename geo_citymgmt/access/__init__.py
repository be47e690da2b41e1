"""Supply and access: how much there is for how many, who can reach it, how evenly it is spread."""

from geo_citymgmt.access.catchment import two_step_access
from geo_citymgmt.access.inequality import gini, lorenz
from geo_citymgmt.access.supply import supply_ratio

__all__ = ["gini", "lorenz", "supply_ratio", "two_step_access"]
