"""Where things cluster, come back, change between two epochs, or stand in each other's way."""

from geo_citymgmt.patterns._changes import changes
from geo_citymgmt.patterns._conflicts import conflicts, recurrence
from geo_citymgmt.patterns._hot_spots import hot_spots

__all__ = ["changes", "conflicts", "hot_spots", "recurrence"]
