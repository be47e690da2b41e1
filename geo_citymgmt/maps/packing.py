"""Features as one compressed block: 35,000 points with ten columns in about 1 MB of page.

Layout, before gzip and base64: the length of the header (uint32, little endian), the header
(JSON), then the sections it names. Coordinates are in steps of 1e-6 degree (0.1 m), each less the
one before. A section holds its numbers byte plane by byte plane. A column is a table of its
different texts and, unless every row has its own, an index into it.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from geo_citymgmt.maps.geometry import POINT, flatten
from geo_citymgmt.maps.text import visible_text

_STEP = 1e-6


class _Sections:
    """The binary part, filled section by section."""

    def __init__(self) -> None:
        self.blocks: list[bytes] = []
        self.places: dict[str, tuple[int, int, int]] = {}
        self.length = 0

    def add(self, name: str, numbers: np.ndarray) -> None:
        width = numbers.dtype.itemsize
        plain = np.ascontiguousarray(numbers, dtype=numbers.dtype.newbyteorder("<"))
        block = plain.view(np.uint8).reshape(-1, width).T.tobytes()
        self.places[name] = (self.length, len(numbers), width)
        self.blocks.append(block)
        self.length += len(block)


def pack(
    geometries: np.ndarray,
    classes: np.ndarray,
    columns: Sequence[tuple[str, pd.Series]],
    *,
    title: int | None = None,
) -> str:
    """Return features as base64 text for the page's overlay script.

    Parameters
    ----------
    geometries : array of shapely geometries
        In degrees, none null or empty.
    classes : array of int
        Class of each feature, 0 to 254.
    columns : sequence of (label, Series of str)
        What the popup shows, one text a feature; empty texts are not shown.
    title : int, optional
        The column that heads the popup.

    Returns
    -------
    str
    """
    coordinates, sizes, kinds, counts = flatten(geometries)
    steps = np.round(coordinates / _STEP).astype(np.int64)
    sections = _Sections()
    for name, axis in (("x", 0), ("y", 1)):
        sections.add(name, np.diff(steps[:, axis], prepend=0).astype(np.int32))
    if not ((kinds == POINT).all() and (counts == 1).all()):
        sections.add("parts", counts.astype(np.int32))
        sections.add("sizes", sizes.astype(np.int32))
        sections.add("kinds", kinds)
    if len(classes) and classes.max() > 0:
        sections.add("class", classes.astype(np.uint8))
    header: dict[str, Any] = {
        "count": len(geometries),
        "title": title,
        "columns": [
            _column(sections, f"c{i}", label, values) for i, (label, values) in enumerate(columns)
        ],
        "sections": sections.places,
    }
    head = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    block = len(head).to_bytes(4, "little") + head + b"".join(sections.blocks)
    # The same features give the same bytes: no time in the header.
    return base64.b64encode(gzip.compress(block, 6, mtime=0)).decode("ascii")


def _column(sections: _Sections, name: str, label: str, values: pd.Series) -> dict[str, Any]:
    index, texts = pd.factorize(values.to_numpy(dtype=object))
    column = {"label": visible_text(label), "values": [visible_text(text) for text in texts]}
    if len(texts) < len(values):
        width = np.uint8 if len(texts) <= 0xFF else np.uint16 if len(texts) <= 0xFFFF else np.int32
        sections.add(name, index.astype(width))
        column["section"] = name
    return column
