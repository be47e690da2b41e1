"""The errors this package raises on purpose, all of them under :class:`CityDataError`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "AsOfError",
    "CRSError",
    "CityDataError",
    "MapError",
    "SourceError",
    "SpecError",
]


class CityDataError(ValueError):
    """Something about the data or the request makes the result impossible.

    Parameters
    ----------
    message : str
        Cause and remedy, in English.
    message_zh : str, optional
        The same for a planner, in Chinese.
    findings : pandas.DataFrame, optional
        What was found in the source up to the point where it had to be refused.

    Examples
    --------
    >>> error = CityDataError("no zones", "没有分区")
    >>> str(error), error.message_zh
    ('no zones', '没有分区')
    """

    def __init__(
        self,
        message: str,
        message_zh: str | None = None,
        *,
        findings: pd.DataFrame | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.message_zh = message_zh or message
        self.findings = findings


class SpecError(CityDataError):
    """A layer file, a figures file or ``city.toml`` has a mistake."""


class SourceError(CityDataError):
    """A source cannot be read, or is refused, as a whole."""


class CRSError(CityDataError):
    """A coordinate reference system is missing, or unfit for measuring."""


class AsOfError(CityDataError):
    """A date was asked for about which the data says nothing."""


class MapError(CityDataError):
    """A map cannot be drawn or saved as asked."""
