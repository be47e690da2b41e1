"""Geospatial analysis of violations and facilities for city-management bureaus."""
