"""The raw frame: what a source holds, before anyone decides what it means."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyproj
import shapely

from geo_citymgmt.findings import Findings

__all__ = ["Drawn", "Raw", "draw_later", "draw_points"]


class Drawn:
    """Geometry that is given, or made of the numbers in ``points`` when it is first asked for.

    Records of a list lie where their columns say; between reading and the metric CRS nothing but
    the numbers is needed, and each of a million points costs.
    """

    def __get__(self, owner: Any, kind: type | None = None) -> Any:
        if owner is None:
            return self
        kept: dict[str, Any] = vars(owner)
        if kept["geometry"] is None:
            kept["geometry"] = draw_points(*owner.points)
        return kept["geometry"]

    def __set__(self, owner: Any, shapes: np.ndarray) -> None:
        vars(owner)["geometry"] = shapes
        owner.points = None


def draw_later(owner: Any, x: np.ndarray, y: np.ndarray) -> None:
    """Let the geometry of ``owner`` be the points of ``x`` and ``y``, NaN where there is none."""
    vars(owner)["geometry"] = None
    owner.points = x, y


def draw_points(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the points of ``x`` and ``y``, None where these are no numbers.

    Examples
    --------
    >>> print(*draw_points(np.array([1.0, np.nan]), np.array([2.0, np.nan])))
    POINT (1 2) None
    """
    out = np.full(len(x), None, dtype=object)
    there = np.isfinite(x)
    out[there] = shapely.points(x[there], y[there])
    return out


@dataclass
class Raw:
    """One layer of one source as it was read.

    ``frame`` and ``geometry`` have one item for each record of the source that is not flagged as
    deleted; ``record`` is its position in the source, counted from 0 with the deleted ones.
    """

    name: str
    frame: pd.DataFrame
    geometry: np.ndarray
    record: np.ndarray
    n_walked: int
    findings: Findings = field(default_factory=Findings)
    n_skipped: int = 0
    crs: pyproj.CRS | None = None
    encoding: str = ""
    encoding_source: str = ""
    sha256: str = ""
    path: Path | None = None
    #: What a clerk sees beside each record of the source, and in what words (``第 {} 行``).
    row_label: np.ndarray | None = None
    row_form: str = "{}"
    #: Files that belong to the source and are not there.
    missing: tuple[str, ...] = ()
    #: Unit that a sheet states once for all its numbers, as written: 万平方米, or 平方米、个.
    stated_unit: str = ""
    #: How ``crs`` is known: "file", or "name" where columns of coordinates are called after it.
    crs_source: str = "file"
    #: What the names of those columns say of CRS and datum: its name, the CRS of its degrees, and
    #: the datum; empty for nothing.
    reference: str = ""
    geodetic: str = ""
    datum: str = ""
    #: The columns positions were taken from (see reading.coordinates), and whether their names or
    #: the way they are written say that they are degrees.
    place_columns: tuple[str, str] | None = None
    in_degrees: bool = False
    #: Columns that look like coordinates and were not used: what x and y would be.
    unused_places: dict[str, tuple[str, str]] = field(default_factory=dict)
    #: For each record, the cells of coordinates that cannot be read; None where there are none.
    unread_places: np.ndarray | None = None
    #: Of several sources read as one: what each is called, and which of them a record is of.
    parts: tuple[str, ...] = ()
    part: np.ndarray | None = None
    #: Where ``geometry`` is no more than points: their numbers, NaN where a record has none.
    points: tuple[np.ndarray, np.ndarray] | None = field(default=None, init=False)

    @property
    def is_nowhere(self) -> bool:
        """Whether no record has a geometry."""
        if self.points is not None:
            return not np.isfinite(self.points[0]).any()
        return bool(shapely.is_missing(self.geometry).all())

    def lie_at(self, x: np.ndarray, y: np.ndarray) -> None:
        """Let the records be points, those of which both numbers are finite."""
        there = np.isfinite(x) & np.isfinite(y)
        draw_later(self, np.where(there, x, np.nan), np.where(there, y, np.nan))

    def labels(self, records: np.ndarray | None = None) -> np.ndarray:
        """What a clerk sees beside ``records``, or beside all, by position in the source.

        Put into words when it is asked for: of a million records a few are told of.
        """
        at = np.arange(max(self.n_walked, 1)) if records is None else records
        if self.row_label is None:
            return _in_words("FID {}", at)
        return _in_words(self.row_form, self.row_label if records is None else self.row_label[at])


# Beside the class: as a default it would ask for one of all fields behind it.
Raw.geometry = Drawn()  # type: ignore[assignment]


def _in_words(form: str, labels: np.ndarray) -> np.ndarray:
    if form == "{}":
        return np.asarray(labels, dtype=object)
    return np.array([form.format(label) for label in labels.tolist()], dtype=object)
