"""Working time: when an office works, how long a kind of case may take, when that is over."""

from geo_citymgmt.worktime._calendar import WorkCalendar, work_calendar
from geo_citymgmt.worktime._limits import (
    KIND,
    LIMIT_COLUMNS,
    UNITS,
    Clock,
    Limits,
    due_times,
    put_off,
)

__all__ = [
    "KIND", "LIMIT_COLUMNS", "UNITS", "Clock", "Limits", "WorkCalendar", "due_times", "put_off",
    "work_calendar",
]  # fmt: skip
