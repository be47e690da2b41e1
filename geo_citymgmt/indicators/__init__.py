"""Figures: those a document published, and how the program computes its own."""

from __future__ import annotations

from geo_citymgmt.indicators._definitions import (
    Component,
    Figure,
    Figures,
    check_figures,
    load_figures,
)
from geo_citymgmt.profiles import published_indicators

__all__ = [
    "Component",
    "Figure",
    "Figures",
    "check_figures",
    "load_figures",
    "published_indicators",
]
