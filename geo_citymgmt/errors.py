"""The errors this package raises on purpose, all of them under :class:`CityDataError`."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "AsOfError",
    "CRSError",
    "CityDataError",
    "MapError",
    "ScaleWarning",
    "SourceError",
    "SpecError",
    "did_you_mean",
]


class CityDataError(ValueError):
    """Something about the data or the request makes the result impossible.

    Parameters
    ----------
    message : str
        The cause, in English: a sentence that names the source, and the record where it is known.
    message_zh : str, optional
        The same for a planner, in Chinese.
    remedy, remedy_zh : str, optional
        What to do about it: a sentence that ends the message, and stands by itself in
        ``.remedy`` and ``.remedy_zh``. Empty where the message says it.
    findings : pandas.DataFrame, optional
        What was found in the source up to the point where it had to be refused.
    n_walked, n_skipped : int, optional
        How many records the source has and how many of them count as none (deleted ones), where
        that was known before it was refused.

    Examples
    --------
    >>> error = CityDataError("a.csv: no zones.", "a.csv：没有分区。", remedy="Add some.",
    ...                       remedy_zh="请补充。")
    >>> str(error), error.message_zh, error.remedy
    ('a.csv: no zones. Add some.', 'a.csv：没有分区。请补充。', 'Add some.')
    """

    def __init__(
        self,
        message: str,
        message_zh: str | None = None,
        *,
        remedy: str = "",
        remedy_zh: str = "",
        findings: pd.DataFrame | None = None,
        n_walked: int | None = None,
        n_skipped: int = 0,
    ) -> None:
        self.message = f"{message} {remedy}".rstrip()
        super().__init__(self.message)
        self.message_zh = (message_zh or message) + remedy_zh
        self.remedy, self.remedy_zh = remedy, remedy_zh
        self.findings = findings
        self.n_walked, self.n_skipped = n_walked, n_skipped


def did_you_mean(word: str, known: Iterable[str]) -> tuple[str, str]:
    """Return the question after a misspelt word, in English and Chinese; empty if none is near.

    Examples
    --------
    >>> did_you_mean("manhloes", ["manholes", "窨井", "roads"])
    (" Did you mean 'manholes'?", '是否指“manholes”？')
    >>> did_you_mean("lamps", ["manholes"])
    ('', '')
    """
    plain: dict[str, str] = {}
    for name in known:
        plain.setdefault(name.casefold(), name)
    near = difflib.get_close_matches(word.strip().casefold(), plain, n=1, cutoff=0.6)
    if not near:
        return "", ""
    return f" Did you mean {plain[near[0]]!r}?", f"是否指“{plain[near[0]]}”？"


class SpecError(CityDataError):
    """A layer file, a figures file or ``city.toml`` has a mistake."""


class SourceError(CityDataError):
    """A source cannot be read, or is refused, as a whole."""


class CRSError(CityDataError):
    """A coordinate reference system is missing, or unfit for measuring."""


class ScaleWarning(UserWarning):
    """Areas or distances are measured in a CRS that is more than 0.1 % wrong over the data.

    The message names the function, the error and a CRS that fits the data. Beyond 1 % it is a
    :class:`CRSError`.
    """


class AsOfError(CityDataError):
    """A date was asked for about which the data says nothing."""


class MapError(CityDataError):
    """A map cannot be drawn or saved as asked."""
