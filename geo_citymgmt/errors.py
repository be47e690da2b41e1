"""The errors this package raises on purpose, all under :class:`CityDataError`, and its warnings."""

from __future__ import annotations

import difflib
import re
import sys
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from geo_citymgmt._languages import NOTHING, Messages, Text

if TYPE_CHECKING:
    import pandas as pd

_MESSAGES = Messages("geo_citymgmt")

__all__ = [
    "AsOfError",
    "CRSError",
    "CityDataError",
    "GeometryWarning",
    "MapError",
    "RepeatedSourceError",
    "ScaleWarning",
    "SourceError",
    "SpecError",
    "did_you_mean",
    "warn_caller",
]


class CityDataError(ValueError):
    """Something about the data or the request makes the result impossible.

    Parameters
    ----------
    message : Text or str
        The cause in both languages: a sentence that names the source, and the record where it is
        known. ``.message`` and ``.message_zh`` hold it with the remedy.
    remedy : Text, optional
        What to do about it: a sentence that ends the message, and stands by itself in
        ``.remedy`` and ``.remedy_zh``. Empty where the message says it.
    findings : pandas.DataFrame, optional
        What was found in the source up to the point where it had to be refused.
    n_walked, n_skipped : int, optional
        How many records the source has and how many of them count as none (deleted ones), where
        that was known before it was refused.

    Examples
    --------
    >>> error = CityDataError(Text("a.csv：没有分区。", "a.csv: no zones."),
    ...                       remedy=Text("请补充。", "Add some."))
    >>> str(error), error.message_zh, error.remedy
    ('a.csv: no zones. Add some.', 'a.csv：没有分区。请补充。', 'Add some.')
    """

    def __init__(
        self,
        message: Text | str,
        *,
        remedy: Text = NOTHING,
        findings: pd.DataFrame | None = None,
        n_walked: int | None = None,
        n_skipped: int = 0,
    ) -> None:
        cause = message if isinstance(message, Text) else Text(message, message)
        self.text = Text(cause.zh + remedy.zh, f"{cause.en} {remedy.en}".rstrip())
        super().__init__(self.text.en)
        self.message_zh, self.message = self.text
        self.remedy_zh, self.remedy = remedy
        self.findings = findings
        self.n_walked, self.n_skipped = n_walked, n_skipped


def did_you_mean(word: str, known: Iterable[str]) -> Text:
    """Return the question after a misspelt word; empty if none is near.

    Examples
    --------
    >>> did_you_mean("manhloes", ["manholes", "窨井", "roads"])
    Text(zh='是否指“manholes”？', en=" Did you mean 'manholes'?")
    >>> did_you_mean("lamps", ["manholes"])
    Text(zh='', en='')
    """
    plain: dict[str, str] = {}
    for name in known:
        plain.setdefault(name.casefold(), name)
    near = difflib.get_close_matches(word.strip().casefold(), plain, n=1, cutoff=0.6)
    if not near:
        return NOTHING
    return Text(f"是否指“{plain[near[0]]}”？", f" Did you mean {plain[near[0]]!r}?")


def warn_caller(message: str, category: type[Warning]) -> None:
    """Warn at the line outside the package that called it."""
    here = str(Path(__file__).parent)
    frame, level = sys._getframe(), 1
    while frame.f_back is not None and frame.f_code.co_filename.startswith(here):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)


class SpecError(CityDataError):
    """A layer file, a figures file or ``city.toml`` has a mistake."""


class SourceError(CityDataError):
    """A source cannot be read, or is refused, as a whole."""


class RepeatedSourceError(SourceError):
    """Two sources of a layer may be the same data; which of them counts is for a person to say.

    Parameters
    ----------
    message : Text
        The cause; what to do about it is added.
    sources : tuple of str
        What they are called, the one to keep first; the remedy leaves out the others.
    layer : str
        Key of the layer.

    Examples
    --------
    >>> error = RepeatedSourceError(Text("像是同一份。", "They look the same."),
    ...                             sources=("a.shp", "b.shp"), layer="manholes")
    >>> error.sources, "ignore" in error.remedy
    (('a.shp', 'b.shp'), True)
    """

    def __init__(self, message: Text, *, sources: tuple[str, ...], layer: str) -> None:
        parts = [_file_and_table(name) for name in sources]
        paths, tables = (", ".join(f'"{p}"' for p in side) for side in zip(*parts, strict=True))
        entry = Text(f"path = [{paths}]", f"path = [{paths}]")
        if any(table for _, table in parts):
            inside = f"sublayer = [{tables}]"
            entry = Text(
                f"{entry.zh} 与（另起一行）{inside}", f"{entry.en} and, on its own line, {inside}"
            )
        others = ", ".join(f'"{name}"' for name in sources[1:])
        super().__init__(
            message, remedy=_MESSAGES("which_counts", others=others, layer=layer, entry=entry)
        )
        self.sources = sources


def _file_and_table(label: str) -> tuple[str, str]:
    """Return the file that a label names and what is meant in it, as city.toml takes them."""
    at = re.search(r"(?<=\.zip)/|(?<=\.kmz)/|:", label)
    return (label[: at.start()], label[at.end() :]) if at else (label, "")


class CRSError(CityDataError):
    """A coordinate reference system is missing, or unfit for measuring."""


class ScaleWarning(UserWarning):
    """Areas or distances are measured in a CRS that is more than 0.1 % wrong over the data.

    The message names the function, the error and a CRS that fits the data. Beyond 1 % it is a
    :class:`CRSError`.
    """


class GeometryWarning(UserWarning):
    """Geometry was changed before it was used: heights left out, an invalid outline repaired."""


class AsOfError(CityDataError):
    """A date that is none, can be read in two ways, or of which the data says nothing."""


class MapError(CityDataError):
    """A map cannot be drawn or saved as asked."""


def deprecated(name: str, instead: str, since: str = "0.2", removed: str = "0.3") -> None:
    """Warn that ``name`` goes, at the line that called what calls this."""
    text = f"{name} is deprecated since {since} and will be removed in {removed}: use {instead}."
    warnings.warn(text, DeprecationWarning, stacklevel=3)
