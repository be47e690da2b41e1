"""From raw values to the spec: names, numbers, dates, codes, geometry, place."""
