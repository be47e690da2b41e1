"""Districts scored by an office's own weights, ranked among their like."""

from geo_citymgmt.scorecard.card import scorecard
from geo_citymgmt.scorecard.parts import score_parts

__all__ = ["score_parts", "scorecard"]
