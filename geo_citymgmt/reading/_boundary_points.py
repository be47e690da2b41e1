"""Parcels as the land offices hand them on: a text of numbered points, ring by ring.

A head in brackets says the CRS (几度分带, 带号); each parcel begins with a line that ends in ``@``,
and its points follow: number, ring, northing, easting.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pyproj
import shapely

from geo_citymgmt._languages import packaged_table
from geo_citymgmt.findings import Findings
from geo_citymgmt.reading._messages import failure
from geo_citymgmt.reading._raw import Raw
from geo_citymgmt.reading._sheet import decode_text

#: What the line of a parcel says, in its order.
_FIELDS = packaged_table("geo_citymgmt.reading", "formats.toml")["boundary_points"]["fields"]
#: The CGCS2000 belts: with the number of the zone before the easting, first code and first zone.
_BELTS = {"3": (4513, 25, 45), "6": (4491, 13, 23)}
_CGCS2000 = ("2000国家大地坐标系", "CGCS2000", "国家2000")


def read_boundary_points(path: Path, *, encoding: str | None = None) -> Raw:
    """Read the parcels of a text of boundary points.

    Raises
    ------
    SourceError
        It holds no parcel, or its text is in no admitted encoding.
    """
    text, name, how, _ = decode_text(path, encoding)
    head, parcels = _split(text.splitlines())
    if not parcels:
        raise failure("boundary_points_no_parcel", path.name)
    findings = Findings()
    geometry = np.array([_polygon(points) for _, points, _ in parcels], dtype=object)
    findings.add("RECORD_UNREADABLE", records=np.flatnonzero(shapely.is_missing(geometry)))
    counts = {k: differing for k, (cells, points, _) in enumerate(parcels)
              if (differing := _other_count(cells, points))}  # fmt: skip
    findings.add(
        "PARCEL_POINTS",
        records=np.array(list(counts), dtype=np.int64),
        value=np.array(list(counts.values()), dtype=object),
    )
    findings.add("PARCEL_OPEN", records=_open_parcels([points for _, points, _ in parcels]))
    rows = [dict(zip(_FIELDS, cells, strict=False)) for cells, _, _ in parcels]
    frame = pd.DataFrame(rows, columns=[f for f in _FIELDS if any(row.get(f) for row in rows)])
    return Raw(
        name=path.name,
        frame=frame.replace("", None).astype("str"),
        geometry=geometry,
        record=np.arange(len(parcels)),
        n_walked=len(parcels),
        findings=findings,
        crs=_crs(head, geometry),
        encoding=name,
        encoding_source=how,
        row_label=np.array([line for _, _, line in parcels]),
        row_form="第 {} 行",
        stated_unit=head.get("计量单位", ""),
    )


_Parcel = tuple[list[str], list[list[str]], int]


def _split(lines: list[str]) -> tuple[dict[str, str], list[_Parcel]]:
    """Return what the head says, and each parcel: its cells, its points and its line."""
    head: dict[str, str] = {}
    parcels: list[_Parcel] = []
    for number, line in enumerate(lines, start=1):
        text = line.strip().replace("，", ",")
        if text.endswith("@"):
            parcels.append(([cell.strip() for cell in text[:-1].split(",")], [], number))
        elif parcels and text and not text.startswith("["):
            parcels[-1][1].append([cell.strip() for cell in text.split(",")])
        elif "=" in text and not parcels:
            key, _, value = text.partition("=")
            head[key.strip()] = value.strip()
    return head, parcels


def _other_count(cells: list[str], points: list[list[str]]) -> str:
    """Return both counts where a parcel states another number of points than it has."""
    stated = cells[0] if cells else ""
    rings = Counter(cell[1] for cell in points if len(cell) > 1)
    n, outer = len(points), next(iter(rings.values()), 0)
    # Some count the point that closes a ring, some the outer ring alone.
    known = (n, n - len(rings), outer, outer - 1)
    agrees = not (stated.isascii() and stated.isdigit()) or int(stated) in known
    return "" if agrees else f"{stated} / {n}"


def _open_parcels(parcels: list[list[list[str]]]) -> np.ndarray:
    """Return which parcels have a ring whose last point is not its first, where most end in it."""
    ends: list[tuple[int, bool]] = []
    for k, points in enumerate(parcels):
        rings: dict[str, list[list[str]]] = {}
        for cells in points:
            rings.setdefault(cells[1] if len(cells) > 1 else "", []).append(cells[2:4])
        ends += [(k, ring[0] == ring[-1]) for ring in rings.values()]
    is_open = [k for k, closed in ends if not closed]
    return np.unique(np.array(is_open if 2 * len(is_open) < len(ends) else [], dtype=np.int64))


def _polygon(points: list[list[str]]) -> shapely.Polygon | shapely.MultiPolygon | None:
    """Return the parcel of its points; rings that lie in another one are holes of it."""
    rings: dict[str, list[tuple[float, float]]] = {}
    for cells in points:
        try:
            _, ring, north, east = cells[:4]
            rings.setdefault(ring, []).append((float(east), float(north)))
        except ValueError:
            return None
    closed = [np.array(ring) for ring in rings.values()]
    if not closed or any(len(ring) < 3 or not np.isfinite(ring).all() for ring in closed):
        return None
    shapes = np.array([shapely.Polygon(ring) for ring in closed])
    while len(shapes) > 1:
        # The outer ring of another part adds to the parcel, one inside takes from it. Two by two:
        # one after the other would go over all of it for each.
        pairs = shapely.symmetric_difference(shapes[: len(shapes) // 2 * 2 : 2], shapes[1::2])
        shapes = np.concatenate([pairs, shapes[len(pairs) * 2 :]])
    shape = shapes[0]
    return shape if shape.geom_type in ("Polygon", "MultiPolygon") else None


def _crs(head: dict[str, str], geometry: np.ndarray) -> pyproj.CRS | None:
    """Return the CGCS2000 belt that the head names; None where it names another datum, or none."""
    belt, zone = _BELTS.get(head.get("几度分带", "")), head.get("带号", "")
    named = head.get("坐标系", "")
    if belt is None or not zone.isdigit() or not any(word in named for word in _CGCS2000):
        return None
    first, low, high = belt
    if not low <= int(zone) <= high:
        return None
    with_zone = pyproj.CRS.from_epsg(first + int(zone) - low)
    present = geometry[~shapely.is_missing(geometry)]
    if len(present) and shapely.total_bounds(present)[0] >= 1e7:
        return with_zone
    # Without the number of the zone before it: the same belt by its central meridian.
    meridian = {"3": 4534, "6": 4502}[head["几度分带"]]
    return pyproj.CRS.from_epsg(meridian + int(zone) - low)
