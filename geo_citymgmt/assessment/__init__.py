"""The monthly assessment (月度考核): scores, ranks, whom to call in, where to look."""

from geo_citymgmt.assessment._assess import (
    Assessment,
    Card,
    assess,
    assessment_of,
    month_assessment,
)

__all__ = ["Assessment", "Card", "assess", "assessment_of", "month_assessment"]
