"""Where things cluster, come back, change between two epochs, or stand in each other's way."""

from geo_citymgmt.patterns.changes import changes
from geo_citymgmt.patterns.conflicts import conflicts
from geo_citymgmt.patterns.hot_spots import hot_spots
from geo_citymgmt.patterns.recurrence import recurrence

__all__ = ["changes", "conflicts", "hot_spots", "recurrence"]
