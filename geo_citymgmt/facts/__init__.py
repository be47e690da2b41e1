"""What the records of a city say, asked once: where they count, their states, what they add up to.

One way for every page: progress, cases, services and summaries ask the same :class:`CityFacts`.
"""

from geo_citymgmt.facts._evaluation import CityFacts, facts_of

__all__ = ["CityFacts", "facts_of"]
