"""Actual against target: at a date, over periods, and how it is likely to go on."""

from geo_citymgmt.figures._actuals import PROGRESS_COLUMNS
from geo_citymgmt.figures._progress import (
    OUTLOOK_COLUMNS,
    PERIOD_COLUMNS,
    figure,
    outlook,
    period_table,
    progress,
    progress_series,
    unit_progress,
)

__all__ = [
    "OUTLOOK_COLUMNS", "PERIOD_COLUMNS", "PROGRESS_COLUMNS", "figure", "outlook", "period_table",
    "progress", "progress_series", "unit_progress",
]  # fmt: skip
