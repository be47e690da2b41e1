"""Actual against target: at a date, over periods, and how it is likely to go on."""

from geo_citymgmt.progress.outlook import OUTLOOK_COLUMNS, outlook
from geo_citymgmt.progress.periods import PERIOD_COLUMNS, period_table
from geo_citymgmt.progress.table import PROGRESS_COLUMNS, figure, progress, progress_series

__all__ = [
    "OUTLOOK_COLUMNS", "PERIOD_COLUMNS", "PROGRESS_COLUMNS", "figure", "outlook", "period_table",
    "progress", "progress_series",
]  # fmt: skip
