"""Working time: when an office works, how long a kind of case may take, when that is over."""

from geo_citymgmt.worktime._calendar import WorkCalendar, work_calendar
from geo_citymgmt.worktime._limits import LIMIT_COLUMNS, Limits, due_times, put_off, unit_minutes

__all__ = [
    "LIMIT_COLUMNS", "Limits", "WorkCalendar", "due_times", "put_off", "unit_minutes",
    "work_calendar",
]  # fmt: skip
