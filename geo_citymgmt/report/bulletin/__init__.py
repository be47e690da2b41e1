"""The bulletin (通报): what a bureau publishes each month, as .docx, PDF and a long picture."""

from geo_citymgmt.report.bulletin._content import PERIODS, bulletin, bulletin_settings, check_day
from geo_citymgmt.report.bulletin._model import Bulletin
from geo_citymgmt.report.bulletin._package import check_libraries, write_bulletin

__all__ = [
    "PERIODS",
    "Bulletin",
    "bulletin",
    "bulletin_settings",
    "check_day",
    "check_libraries",
    "write_bulletin",
]
