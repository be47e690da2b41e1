"""From the objects of a drawing to geometry: plain ones as they stand, the others by ezdxf.

What is curved is drawn out to vertices, none of which is more than a centimetre off; how many that
may be is bounded.
"""

from __future__ import annotations

import copy
import io
import logging
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from itertools import islice, pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geo_citymgmt.reading._cad_objects import (
    Tag,
    ascii_word,
    first_values,
    integer,
    kind_of,
    number,
)
from geo_citymgmt.reading._messages import failure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ezdxf.entities import DXFEntity, Hatch, MPolygon
    from ezdxf.math import Vec3
    from ezdxf.path import Path as CadPath

Position = tuple[float, float, float]
#: So many points a curved object may state, or be drawn out to; and all of a layer together.
MOST_POINTS, MOST_IN_LAYER = 100_000, 2_000_000
#: What a small circle has counts as little as a corner.
_FEW = 64
#: So many outlines a filling may have.
MOST_RINGS = 2_000
#: Through so many fit points a spline is laid; the equations grow with their square.
_MOST_FIT, _HIGHEST_DEGREE = 2_000, 11
#: A centimetre, in metres and in degrees, and in what part of the object at the least.
_CENTIMETRE, _IN_DEGREES = 0.01, 1e-7
_FINEST, _FINEST_SMALL = 1e-7, 1e-5
#: Into so many curves an arc is cut, and how far, in radii, one of a quarter circle is off.
_ARCS, _QUARTER_OFF = 16, 2.8e-4
_HEAD = "0\nSECTION\n2\nHEADER\n9\n$ACADVER\n1\n{}\n0\nENDSEC\n0\nSECTION\n2\nENTITIES\n"
_END = "0\nENDSEC\n0\nEOF\n"
#: Above the handles of the tables that the library adds.
_FIRST_HANDLE = 0x100000
#: Handles and looks are not handed on, nor what other programs have added.
_SPARE, _EXTENDED = (5, 6, 7, 62, 370, 390, 420, 430, 440), 1000
#: The codes of x; y is ten more.
_PLACES = frozenset((*range(10, 19), 110, 111, 112, 210, 211, 212, 213))
#: Of a 2D polyline: curve or spline laid through it, and its vertices that are not on that.
_SPLINE_FIT, _FRAME = 4, 16


def require_ezdxf(name: str) -> None:
    """Refuse a drawing where the library that reads them is missing, naming the extra.

    Raises
    ------
    SourceError
        ezdxf is not installed.
    """
    try:
        import_module("ezdxf")
    except ImportError as error:
        raise failure("cad_library_missing", name, library=error.name) from error


def objects_of(tags: Sequence[Tag]) -> list[list[Tag]]:
    """Return an object and what follows as part of it, each with its own codes.

    Examples
    --------
    >>> objects_of([(0, b"INSERT"), (8, b"a"), (0, b"ATTRIB"), (2, b"b")])
    [[(0, b'INSERT'), (8, b'a')], [(0, b'ATTRIB'), (2, b'b')]]
    """
    starts = [i for i, (code, _) in enumerate(tags) if code == 0]
    return [list(tags[a:b]) for a, b in pairwise([*starts, len(tags)])]


def plain_shape(
    word: str, parts: Sequence[Sequence[Tag]], first: dict[int, bytes], unit: float
) -> shapely.Geometry | None:
    """Return the geometry of an object that needs no library; None where it does.

    That is one of straight lines, or of one circle, in the plane of the map.

    Raises
    ------
    ValueError
        A number is none, or there are too few points.
    """
    if word == "LINE":
        return shapely.LineString(_flat([_position(first, 10), _position(first, 11)]))
    if word not in ("LWPOLYLINE", "POLYLINE", "CIRCLE", "ARC"):
        return None
    if word in ("CIRCLE", "ARC"):
        return None if _is_tilted(first) else _round(first, unit, is_arc=word == "ARC")
    is_3d = word == "POLYLINE" and bool(integer(first, 70) & 8)
    if not is_3d and _is_tilted(first):
        return None
    if word == "LWPOLYLINE":
        points = _light_points(parts[0], number(first, 38))
    else:
        height = 0.0 if is_3d else number(first, 30)
        points = _heavy_points(_on_curve(parts), None if is_3d else height)
    if points is None:
        return None
    return _outline(points, is_closed=kind_of(word, first) == "area")


def _position(first: dict[int, bytes], code: int) -> Position:
    return float(first[code]), float(first[code + 10]), float(first.get(code + 20, b"0"))


def _is_tilted(first: dict[int, bytes]) -> bool:
    if not {210, 220, 230} & first.keys():
        return False
    return (number(first, 210), number(first, 220), number(first, 230, 1.0)) != (0.0, 0.0, 1.0)


def points_of(positions: Sequence[Position]) -> np.ndarray:
    """Return a point for each position, with its height where it has one.

    Examples
    --------
    >>> print(*points_of([(1, 2, 0), (1, 2, 3)]))
    POINT (1 2) POINT Z (1 2 3)
    """
    places = np.array(positions, dtype=float).reshape(-1, 3)
    points = shapely.points(places[:, :2])
    is_high = places[:, 2] != 0
    points[is_high] = shapely.points(places[is_high])
    return points


def _round(first: dict[int, bytes], unit: float, *, is_arc: bool) -> shapely.Geometry | None:
    """Return a circle as an area, an arc as a line."""
    x, y, z = _position(first, 10)
    radius = abs(float(first[40]))
    if not (0 < radius < math.inf):
        raise ValueError("no radius")
    start, end = (number(first, 50), number(first, 51)) if is_arc else (0.0, 360.0)
    span = math.radians((end - start) % 360 or 360.0)
    corners = np.array([[x - radius, y - radius, z], [x + radius, y + radius, z]])
    off = min(_distance(corners, unit), radius / 2)
    n = max(math.ceil(span / (2 * math.acos(1 - off / radius))), 8)
    turn = math.radians(start) + np.linspace(0, span, n + 1)
    around = np.column_stack([x + radius * np.cos(turn), y + radius * np.sin(turn)])
    if z:
        around = np.column_stack([around, np.full(n + 1, z)])
    return shapely.LineString(around) if is_arc else shapely.Polygon(around)


def _flat(points: Iterable[tuple[float, ...]]) -> np.ndarray:
    """Return points with their heights, where any has one."""
    known = list(points)
    array = np.array(known, dtype=float)
    return array if any(point[2] for point in known) else array[:, :2]


def _light_points(tags: Sequence[Tag], height: float) -> np.ndarray | None:
    x = [float(value) for code, value in tags if code == 10]
    y = [float(value) for code, value in tags if code == 20]
    if any(float(value) for code, value in tags if code == 42):
        return None
    if len(x) != len(y):
        raise ValueError("points without both numbers")
    return _flat(zip(x, y, [height] * len(x), strict=True))


def _on_curve(parts: Sequence[Sequence[Tag]]) -> list[Sequence[Tag]]:
    """Return a polyline without the vertices of the frame that a spline was fitted to."""
    if not integer(first_values(parts[0]), 70) & _SPLINE_FIT:
        return list(parts)
    return [parts[0], *(p for p in parts[1:] if not integer(first_values(p), 70) & _FRAME)]


def _heavy_points(parts: Sequence[Sequence[Tag]], height: float | None) -> np.ndarray | None:
    vertices = [first_values(part) for part in parts[1:] if part[0][1].upper() == b"VERTEX"]
    if any(number(vertex, 42) != 0 for vertex in vertices):
        return None
    points = [_position(vertex, 10) for vertex in vertices]
    if height is not None:
        points = [(x, y, height or z) for x, y, z in points]
    if not points:
        raise ValueError("a polyline without vertices")
    return _flat(points)


def _outline(points: np.ndarray, *, is_closed: bool) -> shapely.Geometry:
    """Return the area that closed points go around, else the line through them."""
    if is_closed and len(points) > 2:
        return shapely.Polygon(points)
    return shapely.LineString(points)


def copies_of(first: dict[int, bytes]) -> tuple[int, int]:
    """Return the rows and columns in which a block is inserted.

    Examples
    --------
    >>> copies_of({70: b"3", 71: b"2", 44: b"1.5", 45: b"2"}), copies_of({70: b"3"})
    ((2, 3), (1, 1))
    """
    columns = max(integer(first, 70, 1), 1) if number(first, 44) else 1
    rows = max(integer(first, 71, 1), 1) if number(first, 45) else 1
    return rows, columns


def places_of(first: dict[int, bytes]) -> list[Position]:
    """Return the positions at which a block is inserted, row by row; of a point its own."""
    if first[0].strip().upper() == b"POINT":
        return [_position(first, 10)]
    rows, columns = copies_of(first)
    x, y, z = _position(first, 10)
    is_tilted = _is_tilted(first)
    if rows == columns == 1 and not is_tilted:
        return [(x, y, z)]
    turn = math.radians(number(first, 50))
    row, column = np.mgrid[:rows, :columns].reshape(2, -1)
    dx, dy = column * number(first, 44), row * number(first, 45)
    points = np.column_stack(
        [
            x + dx * math.cos(turn) - dy * math.sin(turn),
            y + dx * math.sin(turn) + dy * math.cos(turn),
            np.full(len(dx), z),
        ]
    )
    if is_tilted:
        from ezdxf.math import OCS, Vec3

        plane = OCS((number(first, 210), number(first, 220), number(first, 230, 1.0)))
        points = np.array([plane.to_wcs(Vec3(*point)).xyz for point in points])
    return [(x, y, z) for x, y, z in points.tolist()]


@dataclass
class Curved:
    """Objects that are to be drawn by ezdxf, each with the place it has among all."""

    unit: float
    at: list[int] = field(default_factory=list)
    parts: list[Sequence[Sequence[Tag]]] = field(default_factory=list)
    #: Those that make more points than they may.
    too_large: set[int] = field(default_factory=set)
    n_points: int = 0

    def add(self, at: int, parts: Sequence[Sequence[Tag]]) -> None:
        """Add an object with what follows as part of it."""
        self.at.append(at)
        self.parts.append(parts)

    def __len__(self) -> int:
        return len(self.at)

    @property
    def is_full(self) -> bool:
        """Whether all curves of the layer together have as many points as they may."""
        return self.n_points > MOST_IN_LAYER

    def draw(self) -> dict[int, shapely.Geometry | None]:
        """Return the geometry of what was added, None for what cannot be built; begin anew."""
        shapes: dict[int, shapely.Geometry | None] = dict.fromkeys(self.at)
        sound = [k for k, parts in enumerate(self.parts) if _is_written_well(parts)]
        modern = [k for k in sound if any(code == 100 for code, _ in self.parts[k][0])]
        old = sorted(set(sound) - set(modern))
        with _silent():
            for version, chosen in (("AC1032", modern), ("AC1009", old)):
                shapes.update(self._built(version, chosen))
        self.at, self.parts = [], []
        return shapes

    def _built(
        self, version: str, chosen: Sequence[int]
    ) -> Iterator[tuple[int, shapely.Geometry | None]]:
        """Build objects together; where that fails, each half of them by itself."""
        import ezdxf

        if not chosen:
            return
        texts: list[str] = []
        handles: list[str] = []
        free = _FIRST_HANDLE
        for k in chosen:
            parts = _on_curve(self.parts[k])
            handles.append(f"{free:X}")
            texts.append(_written(parts, free))
            free += len(parts)
        try:
            document = ezdxf.read(io.StringIO(_HEAD.format(version) + "".join(texts) + _END))
        except MemoryError:
            raise
        except Exception:  # whatever a damaged object makes the library stumble over
            half = len(chosen) // 2
            if half:
                yield from self._built(version, chosen[:half])
                yield from self._built(version, chosen[half:])
            return
        for k, handle in zip(chosen, handles, strict=True):
            yield self.at[k], self._shape(k, document.entitydb.get(handle))

    def _shape(self, k: int, entity: DXFEntity | None) -> shapely.Geometry | None:
        first = first_values(self.parts[k][0])
        kind = kind_of(ascii_word(first[0]), first)
        try:
            if self.is_full:
                raise _TooManyError
            shape = _shape(entity, kind, self.unit)
        except _TooManyError:
            self.n_points += MOST_POINTS
            self.too_large.add(self.at[k])
            return None
        self.n_points += int(shapely.get_num_coordinates(shape))
        return shape

    def count(self, shape: shapely.Geometry) -> None:
        """Count the points of an object that was drawn without the library."""
        self.n_points += max(int(shapely.get_num_coordinates(shape)) - _FEW, 0)


class _TooManyError(Exception):
    """A curve makes more points than it may."""


def _is_written_well(parts: Sequence[Sequence[Tag]]) -> bool:
    """Whether all numbers are some, and all places have both: else the library reads nothing."""
    try:
        for part in parts:
            for (code, value), (after, _) in pairwise([*part, (0, b"")]):
                if 10 <= code <= 59 or 110 <= code <= 149 or 210 <= code <= 239:
                    float(value)
                elif 60 <= code <= 99 or 170 <= code <= 179 or 270 <= code <= 289:
                    int(value)
                if code in _PLACES and after != code + 10:
                    return False
    except ValueError:
        return False
    return True


def is_too_large(parts: Sequence[Sequence[Tag]]) -> bool:
    """Whether a curved object has more points, or a higher degree, than any drawing needs."""
    codes = Counter(code for part in parts for code, _ in part)
    first = first_values(parts[0])
    is_spline = first[0].strip().upper() in (b"SPLINE", b"HELIX")
    return (
        codes[10] > MOST_POINTS
        or codes[11] > (_MOST_FIT if is_spline and codes[10] == 0 else MOST_POINTS)
        or codes[92] > MOST_RINGS
        or (is_spline and integer(first, 71) > _HIGHEST_DEGREE)
    )


@contextmanager
def _silent() -> Iterator[None]:
    """Keep the library from writing to the terminal of whoever reads."""
    logger = logging.getLogger("ezdxf")
    was, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = was


def _written(parts: Sequence[Sequence[Tag]], handle: int) -> str:
    """Write an object anew under a handle of its own, without what points elsewhere."""
    lines: list[str] = []
    for part_handle, part in enumerate(parts, start=handle):
        for code, value in part:
            if code in _SPARE or code >= _EXTENDED:
                continue
            lines.append(f"{code}\n{'0' if code == 8 else value.decode('latin-1')}\n")
            if code == 0:
                lines.append(f"5\n{part_handle:X}\n")
    return "".join(lines)


def _shape(entity: DXFEntity | None, kind: str, unit: float) -> shapely.Geometry | None:
    from ezdxf.entities import Hatch, MPolygon, Spline
    from ezdxf.path import make_path

    if entity is None or not entity.is_alive:
        return None
    try:
        if isinstance(entity, (Hatch, MPolygon)):
            paths = _sides(entity, unit) if isinstance(entity, Hatch) else _moved(entity)
            rings = [_vertices(path, unit)[:, :2] for path in paths]
            return _filled([r for r in rings if len(r) > 2], int(entity.dxf.get("hatch_style", 0)))
        if isinstance(entity, Spline):
            corners = [*entity.control_points, *entity.fit_points]
            within = _distance(np.array([tuple(c) for c in corners], dtype=float), unit)
            points = _bounded(entity.flattening(within))
        else:
            points = _vertices(make_path(entity, segments=_ARCS), unit)
        return _outline(points, is_closed=kind == "area")
    except (MemoryError, _TooManyError):
        raise
    except Exception:  # of numbers that make no curve
        return None


def _moved(area: MPolygon) -> Iterator[CadPath]:
    from ezdxf.math import Vec3
    from ezdxf.path import from_hatch

    return from_hatch(area, Vec3(area.dxf.get("offset_vector", (0, 0, 0))))


def _sides(hatch: Hatch, unit: float) -> Iterator[CadPath]:
    """Yield the outlines of a filling, their arcs cut as finely as those of other objects."""
    from ezdxf.entities import PolylinePath
    from ezdxf.path import Path as CadPath
    from ezdxf.path import add_2d_polyline, from_hatch_boundary_path

    plane, height = hatch.ocs(), hatch.dxf.elevation.z
    for side in hatch.paths:
        if isinstance(side, PolylinePath):
            path = CadPath()
            add_2d_polyline(path, side.vertices, close=True, ocs=plane, elevation=height,
                            segments=_ARCS)  # fmt: skip
        else:
            side.edges = [piece for edge in side.edges for piece in _pieces(edge, unit)]
            path = from_hatch_boundary_path(side, plane, height)
        yield from path.sub_paths() if path.has_sub_paths else [path]


def _pieces(edge: Any, unit: float) -> list[Any]:
    """Cut a large arc: drawn as one curve a quarter, it would be farther off than it may be."""
    from ezdxf.entities import ArcEdge

    if not isinstance(edge, ArcEdge) or abs(edge.radius) * _QUARTER_OFF * unit < _CENTIMETRE / 2:
        return [edge]
    span = (edge.end_angle - edge.start_angle) % 360 or 360.0
    ends = edge.start_angle + np.linspace(0, span, _ARCS + 1)
    pieces = []
    for start, end in zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True):
        piece = copy.copy(edge)
        piece.start_angle, piece.end_angle = start, end
        pieces.append(piece)
    return pieces if edge.ccw else pieces[::-1]


def _vertices(path: CadPath, unit: float) -> np.ndarray:
    corners = np.array([v.xyz for v in path.control_vertices()], dtype=float)
    return _bounded(path.flattening(_distance(corners, unit), 2))


def _bounded(points: Iterable[Vec3]) -> np.ndarray:
    known = [point.xyz for point in islice(points, MOST_POINTS + 1)]
    if len(known) > MOST_POINTS:
        raise _TooManyError
    return _flat(known)


def _distance(corners: np.ndarray, unit: float) -> float:
    """Return how far a vertex may be off, in units of the drawing: a centimetre on the ground."""
    if not len(corners) or not np.isfinite(corners).all():
        raise ValueError("no finite points")
    size = float(np.ptp(corners, axis=0).max())
    x, y = np.abs(corners[:, 0]).max(), np.abs(corners[:, 1]).max()
    distance = max(_CENTIMETRE / unit, _FINEST * size)
    if x <= 180 and y <= 90:
        # It may be in degrees; where it is not, finer does no harm.
        distance = min(distance, max(_IN_DEGREES, _FINEST_SMALL * size))
    if distance <= 0:
        raise ValueError("no extent")
    return distance


def _filled(rings: Sequence[np.ndarray], style: int) -> shapely.Geometry | None:
    """Return what is filled: the rings in others are holes, those in a hole are islands.

    By the style of a filling (1) what lies in its holes is not filled, or (2) nothing is a hole.
    """
    if not rings:
        return None
    areas = np.array([shapely.Polygon(ring) for ring in rings])
    size = shapely.area(areas)
    inner, outer = shapely.STRtree(areas).query(shapely.point_on_surface(areas), "within")
    is_inside = size[outer] > size[inner]
    inner, outer = inner[is_inside], outer[is_inside]
    depth = np.bincount(inner, minlength=len(areas))
    is_next = depth[outer] == depth[inner] - 1
    shell_of = dict(zip(inner[is_next].tolist(), outer[is_next].tolist(), strict=True))
    deepest = {1: 1, 2: 0}.get(style, len(areas))
    holes: dict[int, list[np.ndarray]] = {k: [] for k in np.flatnonzero(depth % 2 == 0).tolist()}
    for k in np.flatnonzero((depth % 2 == 1) & (depth <= deepest)).tolist():
        holes[shell_of[k]].append(rings[k])
    filled = [shapely.Polygon(rings[k], holes[k]) for k in holes if depth[k] <= deepest]
    return filled[0] if len(filled) == 1 else shapely.MultiPolygon(filled)
